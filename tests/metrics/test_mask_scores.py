import numpy as np
import pytest

from helpers import metrics


def filaments(shape=(60, 80), thickness=2):
    """Return two crossing lines of this half thickness."""
    mask = np.zeros(shape, bool)
    rows, columns = np.indices(shape)
    mask |= abs(rows - 20) <= thickness
    mask |= abs(columns - 40) <= thickness
    return mask


def test_thickness_costs_dice_and_not_cldice():
    thick, thin = filaments(thickness=3), filaments(thickness=0)
    assert metrics.overlap(thick, thin).dice < 0.3
    assert metrics.cldice(thick, thin).cldice > 0.95


def test_a_gap_costs_what_it_is_long():
    truth = np.zeros((21, 101), bool)
    truth[8:13, :] = True
    found = truth.copy()
    found[:, 40:60] = False
    result = metrics.cldice(truth, found)
    assert result.precision == 1
    assert result.recall == pytest.approx(0.8, abs=0.03)
    assert result.cldice == pytest.approx(2 * result.recall / (1 + result.recall))
    assert metrics.cldice(found, truth)[1:] == pytest.approx((result.recall, 1))


def test_a_false_branch_costs_precision():
    truth = np.zeros((60, 80), bool)
    truth[18:23, :] = True
    found = truth.copy()
    found[:, 38:43] = True
    result = metrics.cldice(truth, found)
    assert result.recall == 1
    assert result.precision == pytest.approx(80 / (80 + 55), abs=0.05)


def test_a_stack_of_one_plane_is_the_plane_and_a_tube_has_a_centre_line():
    truth, found = filaments(), np.roll(filaments(), 2, axis=0)
    assert metrics.cldice(truth[None], found[None]) == metrics.cldice(truth, found)
    assert metrics.mask_scores(truth[None], found[None]) == metrics.mask_scores(truth, found)
    tube = np.zeros((15, 15, 60), bool)
    tube[5:10, 5:10, :] = True
    line = np.zeros_like(tube)
    line[7, 7, 2:-2] = True
    assert metrics.cldice(tube, line).cldice > 0.9


def test_mask_scores_are_those_of_the_single_functions():
    truth, found, size = filaments(), np.roll(filaments(thickness=1), 1, axis=1), (0.2, 0.1)
    scores = metrics.mask_scores(truth, found, voxel_size=size)
    assert scores[:4] == metrics.overlap(truth, found)
    assert scores.cldice == metrics.cldice(truth, found).cldice
    assert scores[5:8] == metrics.surface_distances(truth, found, voxel_size=size)
    assert scores.boundary_f == metrics.boundary_f(truth, found, 0.2, voxel_size=size).f
    assert metrics.mask_scores(truth, found, boundary_distance=0).boundary_f == metrics.boundary_f(truth, found, 0).f
    assert metrics.mask_scores(truth, truth) == (1, 1, 1, 1, 1, 0, 0, 0, 1)


def test_nothing_there():
    empty, one = np.zeros((9, 9), bool), np.eye(9, dtype=bool)
    nan = pytest.approx(np.nan, nan_ok=True)
    assert metrics.cldice(empty, empty) == (nan, nan, nan)
    assert metrics.cldice(one, empty) == (0, nan, 0)
    assert metrics.cldice(empty, one) == (0, 0, nan)
    assert metrics.mask_scores(empty, empty) == (nan,) * 9
    assert metrics.mask_scores(one, empty) == (0, 0, nan, 0, 0, nan, nan, nan, 0)


def test_needs_masks_of_one_shape():
    mask = np.ones((4, 5), bool)
    for function in (metrics.cldice, metrics.mask_scores, metrics.overlap):
        with pytest.raises(ValueError, match="same shape"):
            function(mask, mask[:, :3])
        with pytest.raises(TypeError, match="must be bool"):
            function(mask, mask * 0.5)
        with pytest.raises(ValueError, match=r"must be \(Z, Y, X\)"):
            function(mask[None], mask)


def test_masks_of_many_images():
    generator = np.random.default_rng(8)
    truths = {name: generator.random((3, 12, 14)) < 0.4 for name in "ab"}
    found = {method: {name: truth ^ (generator.random(truth.shape) < 0.1) for name, truth in truths.items()} for method in ("x", "y")}
    table = metrics.evaluate_masks(truths, found)
    assert list(zip(table["method"], table["image"])) == [("x", "a"), ("x", "b"), ("y", "a"), ("y", "b")]
    for row in table.itertuples():
        pair = truths[row.image], found[row.method][row.image]
        assert (row.dice, row.iou, row.precision, row.recall) == metrics.overlap(*pair)
        assert (row.cldice, row.line_precision, row.line_recall) == metrics.cldice(*pair)
    assert metrics.evaluate_masks(truths, found, filaments=False).columns.tolist() == [
        "method",
        "image",
        "dice",
        "iou",
        "precision",
        "recall",
    ]
    with pytest.raises(ValueError, match="y has no mask for image 'b'"):
        metrics.evaluate_masks(truths, {"y": {"a": truths["a"]}})
    with pytest.raises(ValueError, match="y, a: truth and found must have the same shape"):
        metrics.evaluate_masks({"a": truths["a"]}, {"y": {"a": truths["a"][:2]}})
