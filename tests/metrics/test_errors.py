import numpy as np
import pytest
from random_labels import CASES, random_pair

from helpers import metrics


def brute_force(truth, found):
    """Return for each rule which objects are split and which merge others, object by object."""
    ids = [[label for label in np.unique(labels) if label] for labels in (truth, found)]
    table = {(a, b): (np.sum((truth == a) & (found == b)), np.sum(truth == a), np.sum(found == b)) for a in ids[0] for b in ids[1]}
    split, merging = {}, {}
    for rule, piece, under in (
        ("iou", lambda both, a, b: 10 * both >= a + b - both, lambda both, a, b: 10 * both >= a + b - both),
        ("coverage", lambda both, a, b: 2 * both > b, lambda both, a, b: 2 * both > a),
    ):
        split[rule] = {i for i in ids[0] if sum(piece(*table[i, j]) for j in ids[1]) >= 2}
        merging[rule] = {j for j in ids[1] if sum(under(*table[i, j]) for i in ids[0]) >= 2}
    return split, merging


@pytest.mark.parametrize("case", [CASES[0], CASES[7], (20, (40, 50), 25)])
def test_as_brute_force(case):
    truth, found = random_pair(*case)
    split, merging = brute_force(truth, found)
    table = metrics.error_kinds(truth, found).set_index(["kind", "rule"])
    for rule in ("iou", "coverage"):
        assert table.loc[("split", rule), "count"] == len(split[rule])
        assert table.loc[("merged", rule), "count"] == len(merging[rule])
    assert split["iou"] or split["coverage"]
    assert merging["iou"] or merging["coverage"]
    n, m = truth.max(), found.max()
    matched = metrics.match(truth, found, [700])["tp"].item()
    assert table["count"][:2].tolist() == [n - matched, m - matched]
    assert (table["per_truth"] == table["count"] / n).all()
    assert (table["per_found"] == table["count"] / m).all()


def test_a_small_piece_is_seen_by_coverage_only():
    """20 voxels beside 500: the IoU is 0.04."""
    truth, found = np.zeros((2, 26, 26), int)
    truth[:20], found[:20] = 1, 1
    found[18:20] = 0
    found[19, :20] = 2
    assert metrics.contingency(truth, found).iou.min() < 0.05
    kinds = metrics.error_kinds(truth, found).set_index(["kind", "rule"])["count"]
    assert (kinds["split", "iou"], kinds["split", "coverage"]) == (0, 1)
    kinds = metrics.error_kinds(found, truth).set_index(["kind", "rule"])["count"]
    assert (kinds["merged", "iou"], kinds["merged", "coverage"]) == (0, 1)
    status = metrics.object_table(truth, found).set_index(["side", "label"])["status"]
    assert (status["truth", 1], status["found", 2]) == ("matched", "fragment")
    status = metrics.object_table(found, truth).set_index(["side", "label"])["status"]
    assert (status["truth", 2], status["found", 1]) == ("merged", "matched")


def test_half_of_an_object_does_not_cover():
    """By the coverage rule more than half of the piece must lie on the object: 2 of 4 voxels do not count, 3 of 5 do."""
    truth = np.zeros((3, 60), int)
    truth[0] = 1
    for outside, pieces in ((2, 1), (1, 2)):
        found = np.zeros_like(truth)
        found[0, :50] = 1
        found[0, 57:59], found[1, 57 : 57 + outside] = 2, 2
        kinds = metrics.error_kinds(truth, found).set_index(["kind", "rule"])["count"]
        assert (kinds["split", "coverage"], kinds["split", "iou"]) == (pieces - 1, 0)
        assert metrics.error_kinds(found, truth).set_index(["kind", "rule"])["count"]["merged", "coverage"] == pieces - 1


def test_an_object_both_split_and_merged_is_called_split():
    """Object 1 is cut in the middle, and its second half is joined with object 2."""
    truth, found = np.array([[1, 1, 1, 1, 2, 2, 2, 2]]), np.array([[5, 5, 6, 6, 6, 6, 6, 0]])
    table = metrics.object_table(truth, found, threshold=900, overlap_threshold=200).set_index(["side", "label"])
    assert table["status"].to_dict() == {("truth", 1): "split", ("truth", 2): "merged", ("found", 5): "fragment", ("found", 6): "merging"}


def test_strict_as_caicedo():
    """Pieces with an IoU of exactly 0.1."""
    truth, found = np.ones((1, 20), int), np.array([[1, 1, 2, 2, *[0] * 16]])
    split = [
        metrics.error_kinds(truth, found, strict=strict).set_index(["kind", "rule"])["count"]["split", "iou"] for strict in (False, True)
    ]
    assert split == [1, 0]


@pytest.mark.parametrize(
    ("size", "name"), [(1, "tiny"), (250, "tiny"), (251, "small"), (625, "small"), (900, "normal"), (901, "large"), (20000, "large")]
)
def test_classes_of_size_include_their_upper_bound_and_have_no_end(size, name):
    """The published program loses objects of more than 10000 pixels."""
    truth = np.zeros(25000, int).reshape(1, -1)
    truth[0, :size] = 3
    table = metrics.errors_by_size(truth, np.zeros_like(truth)).set_index("size_class")
    assert table["missed"].to_dict() == {other: int(other == name) for other in metrics.errors.SIZE_NAMES}
    assert table["missed_fraction"].dropna().to_dict() == {name: 1}
    extra = metrics.errors_by_size(np.zeros_like(truth), truth).set_index("size_class")
    assert extra["extra"].to_dict() == table["missed"].to_dict()


def test_physical_sizes():
    truth = np.zeros((2, 10, 10), int)
    truth[:, :2, :2], truth[0, 5:, 5:] = 1, 2
    table = metrics.object_table(truth, truth, voxel_volume=0.5, size_edges=[5], size_names=["under 5 um3", "over"])
    assert table["size"].tolist() == [4, 12.5] * 2
    assert table["size_class"].tolist() == ["under 5 um3", "over"] * 2
    by_size = metrics.errors_by_size(truth, truth, voxel_volume=0.5, size_edges=[5], size_names=["under 5 um3", "over"])
    assert by_size["truth_objects"].tolist() == [1, 1]


def test_sums_of_classes_are_the_counts():
    truth, found = random_pair(*CASES[13])
    sizes = metrics.errors_by_size(truth, found, size_edges=[20, 50], size_names=["a", "b", "c"])
    row = metrics.match(truth, found, [700]).iloc[0]
    assert (sizes["missed"].sum(), sizes["extra"].sum()) == (row["fn"], row["fp"])
    status = metrics.object_table(truth, found)
    counted = status.groupby("side")["status"].apply(lambda part: (part == "matched").sum())
    assert counted.to_dict() == {"truth": row["tp"], "found": row["tp"]}


def test_nothing_there():
    empty, one = np.zeros((4, 5), int), np.eye(4, 5, dtype=int)
    assert metrics.object_table(empty, empty).empty
    table = metrics.error_kinds(empty, one)
    assert table["count"].tolist() == [0, 1, 0, 0, 0, 0]
    assert table["per_truth"].isna().all()
    assert metrics.object_table(one, empty)[["status", "partner", "iou", "partners"]].to_numpy().tolist() == [["missed", 0, 0, 0]]


@pytest.mark.parametrize(
    ("edges", "names", "words"),
    [([2, 1], "abc", "must ascend"), ([1, 1], "abc", "must ascend"), ([1, 2], "ab", "one more"), ([-1], "ab", "greater than 0")],
)
def test_bad_classes(edges, names, words):
    with pytest.raises(ValueError, match=words):
        metrics.size_classes(np.array([1]), edges, names)
