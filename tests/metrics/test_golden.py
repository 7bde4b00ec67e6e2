"""One pair of images whose every score was worked out by hand and by brute force; the same in 2D, as a stack of one plane, and with other labels."""

import numpy as np
import pytest

from helpers import metrics


@pytest.fixture(params=["plane", "stack of one plane", "other labels"])
def pair(request, golden):
    if request.param == "stack of one plane":
        return golden[0][None], golden[1][None]
    if request.param == "other labels":
        labels = np.array([0, 3, 7, 8, 70000, 70001, 2**40])
        return labels[golden[0]], labels[golden[1]]
    return golden


@pytest.mark.parametrize(
    ("threshold", "strict", "tp", "f1", "ap", "pq", "sq"),
    [
        (500, False, 4, 0.666667, 0.5, 0.466667, 0.7),
        (500, True, 2, 0.333333, 0.2, 0.3, 0.9),
        (550, False, 2, 0.333333, 0.2, 0.3, 0.9),
        (800, False, 2, 0.333333, 0.2, 0.3, 0.9),
        (800, True, 1, 1 / 6, 1 / 11, 1 / 6, 1),
        (850, False, 1, 0.166667, 1 / 11, 0.166667, 1),
    ],
)
def test_matching(pair, threshold, strict, tp, f1, ap, pq, sq):
    row = metrics.match(*pair, [threshold], strict=strict).iloc[0]
    assert row[["threshold", "tp", "fp", "fn"]].tolist() == [threshold, tp, 6 - tp, 6 - tp]
    assert row[["precision", "recall", "f1", "ap", "pq", "sq"]].tolist() == pytest.approx([tp / 6, tp / 6, f1, ap, pq, sq], abs=1e-6)


def test_sums_over_matched_pairs(pair):
    pairs = metrics.matched_pairs(*pair, 500)
    assert len(pairs) == 4
    assert pairs["iou"].sum() / 6 == pytest.approx(0.466667, abs=1e-6)  # mean true score
    assert pairs["iou"].mean() == pytest.approx(0.7)  # mean matched score


def test_error_kinds(pair):
    table = metrics.error_kinds(*pair).set_index(["kind", "rule"])["count"]
    assert table.to_dict() == {
        ("missed", "iou"): 4, ("extra", "iou"): 4, ("split", "iou"): 1, ("merged", "iou"): 1, ("split", "coverage"): 1, ("merged", "coverage"): 1,
    }  # fmt: skip
    table = metrics.object_table(*pair)
    true, other = (table[table["side"] == side] for side in ("truth", "found"))
    assert true["status"].tolist() == ["matched", "matched", "split", "merged", "merged", "missed"]
    assert other["status"].tolist() == ["matched", "matched", "fragment", "fragment", "merging", "extra"]
    assert true["iou"].tolist() == [1, 0.8, 0.5, 0.5, 0.5, 0]
    assert true["partners"].tolist() == [1, 1, 2, 1, 1, 0]
    assert other["partners"].tolist() == [1, 1, 1, 1, 2, 0]
    assert (true["partner"] != 0).tolist() == [True] * 5 + [False]


def test_missed_at_700_are_all_tiny(pair):
    pairs = metrics.matched_pairs(*pair, 700)
    table = metrics.object_table(*pair)
    missed = table[(table["side"] == "truth") & ~table["label"].isin(pairs["truth"])]
    assert sorted(missed["size"]) == [9, 50, 50, 100]
    sizes = metrics.errors_by_size(*pair).set_index("size_class")
    assert sizes.loc["tiny", ["truth_objects", "missed", "found_objects", "extra"]].tolist() == [6, 4, 6, 4]
    assert sizes.loc["tiny", "missed_fraction"] == pytest.approx(4 / 6)
    assert sizes.loc[["small", "normal", "large"], ["missed_fraction", "extra_fraction"]].isna().all(axis=None)


def test_scores_of_the_whole_image(pair):
    scores = metrics.instance_scores(*pair)
    assert scores.seg == pytest.approx((1 + 0.8 + 0 + 0.5 + 0.5 + 0) / 6)
    assert scores.mean_best_iou == pytest.approx(0.55)
    assert (scores.dice, scores.iou) == pytest.approx((0.944099, 0.894118), abs=1e-6)
    assert scores.aji == pytest.approx(0.533333, abs=1e-6)
    assert metrics.aji(*pair, reuse=True) == pytest.approx(0.573913, abs=1e-6)
    assert scores.object_dice == pytest.approx(np.mean([1, 1.6 / 1.8, 1 / 1.5, 1 / 1.5]))
    assert scores.miou_cell == pytest.approx((1 + 0.8 + 0.5 + 0.5 + 0.5 + 0) / 6)
    assert scores.count_difference == 0


def test_surfaces_of_pairs(golden):
    table = metrics.object_surface_distances(*golden).set_index("truth")
    assert len(table) == 4
    assert table.loc[2, ["hausdorff", "hausdorff95", "assd"]].tolist() == pytest.approx([2, 2, 0.529412], abs=1e-6)
    anisotropic = metrics.object_surface_distances(*golden, voxel_size=(2, 1)).set_index("truth")
    assert anisotropic.loc[2, "assd"] == pytest.approx(0.558824, abs=1e-6)
    merged = table.loc[table["found"] == 5].iloc[0]
    assert merged[["hausdorff", "assd"]].tolist() == pytest.approx([5, 1.451613], abs=1e-6)
    stack = metrics.object_surface_distances(golden[0][None], golden[1][None], voxel_size=(7, 2, 1))
    assert stack.equals(anisotropic.reset_index())
    labels = np.array([0, 3, 7, 8, 70000, 70001, 2**40])
    renamed = metrics.object_surface_distances(labels[golden[0]], labels[golden[1]])
    assert (renamed[["truth", "found"]] == labels[table.reset_index()[["truth", "found"]]]).all(axis=None)
    assert renamed["assd"].tolist() == table["assd"].tolist()


def test_boundaries_of_pair_2(golden):
    truth, found = golden[0] == 2, golden[1] == 2
    assert (np.count_nonzero(metrics.boundary(truth)), np.count_nonzero(metrics.boundary(found))) == (36, 32)
    assert metrics.surface_distances(truth, found).assd == pytest.approx(0.529412, abs=1e-6)


def test_miou_of_the_patch_is_the_easier_one(golden):
    truth, found = (np.where(labels == 2, 2, 0) for labels in golden)
    assert metrics.miou_fg_bg(truth, found, 64) == pytest.approx(0.897469, abs=1e-6)
    assert metrics.miou_fg_bg(truth[None], found[None], 64) == pytest.approx(0.897469, abs=1e-6)
    assert metrics.miou_cell(truth, found) == pytest.approx(0.8)


def test_z_prime():
    groups = [0.30, 0.32, 0.28, 0.31], [0.10, 0.12, 0.09, 0.11]
    assert metrics.z_prime_factor(*groups) == pytest.approx(0.605511, abs=1e-6)
    assert metrics.z_prime_factor(*groups, ddof=1) == pytest.approx(0.544483, abs=1e-6)
