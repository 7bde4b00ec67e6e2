"""Matching against brute force, against figures of published programs, and at the edges where these go wrong."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from random_labels import CASES, checksum, random_pair

from helpers import metrics

FROZEN = json.loads((Path(__file__).parent / "peers.json").read_text())
COUNTS = ["tp", "fp", "fn"]


@pytest.fixture(scope="module")
def pairs():
    return [random_pair(*case) for case in CASES]


def brute_force(truth, found, threshold, strict):
    """Try every way to pair objects; return the number of pairs and the sum of IoU of the best."""
    ids = [[label for label in np.unique(labels) if label] for labels in (truth, found)]
    iou = {(a, b): ((truth == a) & (found == b)).sum() / ((truth == a) | (found == b)).sum() for a in ids[0] for b in ids[1]}
    edges = [pair for pair, value in iou.items() if value > threshold / 1000 or (value == threshold / 1000 and not strict)]
    best = (0, 0.0)
    for size in range(1, len(edges) + 1):
        for chosen in itertools.combinations(edges, size):
            if all(len({pair[side] for pair in chosen}) == size for side in (0, 1)):
                best = max(best, (size, sum(iou[pair] for pair in chosen)))
    return best


@pytest.mark.parametrize("seed", range(40))
def test_as_brute_force_also_where_objects_compete(seed):
    """Few voxels and low thresholds, so that one object reaches the threshold with several others."""
    generator = np.random.default_rng(seed)
    truth, found = np.repeat(generator.integers(0, 3, 8), 2), np.repeat(generator.integers(0, 4, 8), 2)
    found[::5] = 0
    for threshold, strict in ((125, False), (250, False), (250, True), (500, False), (500, True)):
        size, total = brute_force(truth, found, threshold, strict)
        row = metrics.match(truth, found, [threshold], strict=strict).iloc[0]
        assert row["tp"] == size
        assert np.nan_to_num(row["sq"]) * size == pytest.approx(total)


def test_most_pairs_win_over_the_best_pair():
    """Found 1 lies on both true objects; taking its better partner would leave true object 1 and found 2 alone."""
    truth, found = np.array([[1, 1, 1, 2, 2, 2, 2, 2]]), np.array([[1, 1, 1, 1, 1, 2, 2, 2]])
    pairs = metrics.matched_pairs(truth, found, 200)
    assert list(zip(pairs["truth"], pairs["found"])) == [(1, 1), (2, 2)]
    truth, found = np.array([[1, 2, 2, 2, 2, 2]]), np.array([[1, 1, 1, 1, 2, 0]])
    assert len(metrics.matched_pairs(truth, found, 100)) == 2  # the pair (2, 1), IoU 0.5, would leave 1 without a partner


@pytest.mark.parametrize("index", range(len(CASES)))
def test_as_stardist_and_cellpose(pairs, index):
    frozen = FROZEN["cases"][index]
    truth, found = pairs[index]
    assert [checksum(truth), checksum(found)] == frozen["checksums"], "random_labels makes other images than those that were frozen"
    table = metrics.match(truth, found, [round(1000 * threshold) for threshold in FROZEN["thresholds"]], undefined=0.0)
    for peer in ("stardist", "cellpose"):
        assert table[COUNTS].to_numpy().T.tolist() == [frozen[peer][name] for name in COUNTS]
    for ours, theirs in (("precision", "precision"), ("recall", "recall"), ("f1", "f1"), ("ap", "accuracy")):
        np.testing.assert_allclose(table[ours], frozen["stardist"][theirs], rtol=0, atol=1e-12)
    for ours, theirs in (("pq", "panoptic_quality"), ("sq", "mean_matched_score")):
        np.testing.assert_allclose(table[ours], frozen["stardist"][theirs], rtol=0, atol=1e-6)  # stardist's IoU is float32
    np.testing.assert_allclose(table["sq"] * table["recall"], frozen["stardist"]["mean_true_score"], rtol=0, atol=1e-6)
    assert table["ap"].astype(np.float32).tolist() == frozen["cellpose"]["ap"]  # float32 as well


@pytest.mark.parametrize("average", ["micro", "macro"])
def test_many_images_as_stardist(pairs, average):
    import pandas as pd

    thresholds = [round(1000 * threshold) for threshold in FROZEN["thresholds"]]
    summary = metrics.summarize(pd.concat([metrics.match(*pair, thresholds, undefined=0.0) for pair in pairs]))
    rows, frozen = summary[summary["average"] == average], FROZEN["stardist_dataset"][average]
    assert rows[COUNTS].to_numpy().T.tolist() == [frozen[name] for name in COUNTS]
    for ours, theirs in (("precision", "precision"), ("recall", "recall"), ("f1", "f1"), ("ap", "accuracy")):
        np.testing.assert_allclose(rows[ours], frozen[theirs], rtol=0, atol=1e-12)
    np.testing.assert_allclose(rows["pq"], frozen["panoptic_quality"], rtol=0, atol=1e-6)


def test_empty_images():
    empty, two = np.zeros((6, 7), int), np.zeros((6, 7), int)
    two[1:3, 1:3], two[4:6, 4:6] = 1, 2

    def scores(truth, found, **keywords):
        row = metrics.match(truth, found, [500], **keywords).iloc[0]
        return row[COUNTS].tolist(), row["precision":"sq"].tolist()

    nan = pytest.approx(np.nan, nan_ok=True)
    assert scores(empty, two) == ([0, 2, 0], [0, nan, 0, 0, 0, nan])
    assert scores(two, empty) == ([0, 0, 2], [nan, 0, 0, 0, 0, nan])
    assert scores(empty, empty) == ([0, 0, 0], [nan] * 6)
    assert scores(empty, empty, empty_score=1.0) == ([0, 0, 0], [1] * 6)
    assert scores(empty, two, empty_score=1.0) == ([0, 2, 0], [0, nan, 0, 0, 0, nan])
    assert scores(empty, empty, undefined=0.0) == ([0, 0, 0], [0] * 6)


def exactly(tenths):
    """Return a true object of 10 voxels and one found with an IoU of ``tenths`` tenths."""
    truth = np.zeros((2, 11), int)
    truth[0, :10] = 1
    found = np.where(np.arange(11) < tenths, truth, 0)
    return truth, found


def test_an_exact_iou_reaches_its_threshold_and_does_not_exceed_it():
    """0.7 is not a binary fraction: numpy.arange(0.5, 1, 0.05)[4] is 0.7000000000000002, and float32 of 0.7 is below 0.7."""
    for tenths in range(1, 11):
        assert metrics.match(*exactly(tenths), [100 * tenths])["tp"].item() == 1
        assert metrics.match(*exactly(tenths), [100 * tenths], strict=True)["tp"].item() == 0
        if tenths < 10:
            assert metrics.match(*exactly(tenths), [100 * tenths + 1])["tp"].item() == 0


def test_presets():
    """What each program makes of the cases at which they part."""
    empty, two = np.zeros((4, 9), int), np.zeros((4, 9), int)
    two[:2, :2], two[3, 5:] = 1, 2
    halves = np.array([[1, 1, 1, 1, 0]]), np.array([[1, 1, 2, 2, 0]])
    expected = {  # f1 of two empty images, tp of an IoU of exactly 0.5, tp and fp of two halves, thresholds
        "stardist": (0, 1, (1, 1), 10),
        "cellpose": (np.nan, 1, (1, 1), 3),
        "caicedo": (0, 0, (0, 2), 9),
        "dsb": (0, 0, (0, 2), 10),
    }
    for name, (f1, tp, of_halves, thresholds) in expected.items():
        preset = metrics.PRESETS[name]
        assert metrics.match(empty, empty, **preset)["f1"].iloc[0] == pytest.approx(f1, nan_ok=True), name
        assert metrics.match(*exactly(5), **preset)["tp"].iloc[0] == tp, name
        assert tuple(metrics.match(*halves, **preset)[["tp", "fp"]].iloc[0]) == of_halves, name
        assert metrics.match(empty, two, **preset)["fp"].iloc[0] == 2
        assert len(metrics.match(two, two, **preset)) == thresholds
    zaki = metrics.match(*exactly(7), **metrics.PRESETS["zaki"])
    assert (zaki["threshold"].tolist(), zaki["tp"].tolist()) == ([700, 900], [0, 0])


@pytest.mark.parametrize("labels", [[1, 50], [7, 70000], [2**31, 2**40], [3, 2**62]])
def test_labels_may_have_gaps_and_be_of_any_size(labels):
    """cellpose 3 counts the gaps as objects, the program of Caicedo et al. halves F1."""
    truth = np.zeros((5, 8), np.int64)
    truth[1:3, 1:3], truth[3:, 5:] = labels
    table = metrics.match(truth, truth)
    assert (table[COUNTS] == [2, 0, 0]).all(axis=None)
    assert metrics.contingency(truth, truth).truth_labels.tolist() == labels
    assert metrics.matched_pairs(truth, truth)["found"].tolist() == labels


def test_more_than_65535_objects():
    truth = np.arange(300 * 300).reshape(300, 300)
    row = metrics.match(truth, np.where(truth % 3 == 0, 0, truth), [500]).iloc[0]
    assert row[COUNTS].tolist() == [60000, 0, 29999]


def test_objects_that_fill_the_frame():
    """Programs that take the first label for background lose them."""
    one = np.ones((4, 6), int)
    two = one.copy()
    two[:, 3:] = 2
    assert metrics.match(one, one)["tp"].tolist() == [1] * 10
    assert metrics.match(two, two)["tp"].tolist() == [2] * 10
    assert metrics.match(one, one)["f1"].tolist() == [1] * 10


def test_where_truth_is_not_known():
    truth, found, ignore = np.zeros((3, 12), int), np.zeros((3, 12), int), np.zeros((3, 12), bool)
    truth[0, :4], truth[1, :4] = 1, 2
    found[0, :3], found[1, :8], found[2, :4], found[2, 6:] = 1, 2, 3, 4
    ignore[1, 4:], ignore[2, 1:4], ignore[2, 9:] = True, True, True
    row = metrics.match(truth, found, [750], ignore=ignore).iloc[0]
    # 2 fits once what is ignored is gone; 3 lies mostly there, and is no false positive; 4 by exactly one half, and is
    assert row[COUNTS].tolist() == [2, 1, 0]
    counts = metrics.contingency(truth, found, ignore=ignore)
    assert counts.found_labels[counts.excused].tolist() == [3]
    statuses = metrics.object_table(truth, found, ignore=ignore).set_index(["side", "label"])["status"]
    assert statuses["found"].to_dict() == {1: "matched", 2: "matched", 3: "ignored", 4: "extra"}
    assert metrics.match(truth, found, [750]).iloc[0][COUNTS].tolist() == [1, 3, 1]
    kinds = metrics.error_kinds(truth, found, ignore=ignore).set_index(["kind", "rule"])["count"]
    assert (kinds["missed", "iou"], kinds["extra", "iou"]) == (0, 1)
    assert metrics.errors_by_size(truth, found, ignore=ignore)["extra"].tolist() == [1, 0, 0, 0]
    assert metrics.instance_scores(truth, found, ignore=ignore).truth_objects == 2


def test_criteria():
    truth, found = np.array([[1, 1, 1, 1, 2, 2, 2, 2]]), np.array([[1, 1, 1, 1, 1, 1, 1, 1]])
    assert metrics.match(truth, found, [900], criterion="iot")["tp"].item() == 1  # both are covered, one can be matched
    assert metrics.match(truth, found, [501], criterion="iop")["tp"].item() == 0
    assert metrics.match(found, truth, [900], criterion="iop")["tp"].item() == 1
    with pytest.raises(ValueError, match="criterion must be one of iou, iot, iop"):
        metrics.match(truth, found, criterion="dice")


GOOD = np.ones((4, 5), int)
BAD_IMAGES = {
    "bool": (GOOD > 0, TypeError, "is a mask .*helpers.classic.components"),
    "fraction": (GOOD * 0.5, ValueError, "fraction"),
    "nan": (np.where(GOOD, np.nan, 0), ValueError, "holds 20 NaN"),
    "negative": (-GOOD, ValueError, "negative labels, down to -1"),
    "shape": (np.ones((4, 6), int), ValueError, "same shape"),
    "axes": (GOOD[None], ValueError, "same shape"),
    "empty": (np.ones((0, 5), int), ValueError, "no voxels"),
    "list": (GOOD.tolist(), TypeError, "numpy array"),
    "text": (np.full((4, 5), "a"), TypeError, "whole numbers"),
    "beyond": (np.full((4, 5), 2**64 - 1, np.uint64), ValueError, "highest possible"),
}


@pytest.mark.parametrize("kind", BAD_IMAGES)
@pytest.mark.parametrize(
    "function", ["match", "error_kinds", "object_table", "seg", "object_surface_distances", "miou_fg_bg", "instance_scores"]
)
def test_bad_images_get_one_sentence(kind, function):
    bad, error, words = BAD_IMAGES[kind]
    for pair, name in (((GOOD, bad), "found"), ((bad, GOOD), "truth")):
        with pytest.raises(error, match=words) as caught:
            getattr(metrics, function)(*pair)
        assert name in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("thresholds", "error", "words"),
    [([0.5], TypeError, "write 500"), ([0], ValueError, "at least 1"), ([1001], ValueError, "at most 1000"), ([], ValueError, "at least one"), (["a"], TypeError, "whole number"), ([True], TypeError, "whole number")],
)  # fmt: skip
def test_bad_thresholds(thresholds, error, words):
    with pytest.raises(error, match=words):
        metrics.match(GOOD, GOOD, thresholds)


def test_whole_floats_one_threshold_and_a_counted_table_are_taken():
    assert metrics.match(GOOD.astype(float), GOOD, 700)["tp"].tolist() == [1]
    counts = metrics.contingency(GOOD, GOOD)
    assert metrics.match(counts).equals(metrics.match(GOOD, GOOD))
    with pytest.raises(TypeError, match="not both"):
        metrics.match(counts, GOOD)
