import numpy as np
import pytest
from random_labels import CASES, random_pair

from helpers import metrics

NAN = pytest.approx(np.nan, nan_ok=True)
PAIRS = [random_pair(*case) for case in (CASES[0], CASES[8], (21, (30, 44), 12))]


def masks(labels):
    return [labels == label for label in np.unique(labels) if label]


def iou_table(truth, found):
    return np.array([[(a & b).sum() / (a | b).sum() for b in masks(found)] for a in masks(truth)])


@pytest.mark.parametrize("pair", PAIRS)
def test_as_their_definitions_say(pair):
    """Each score once more, object by object on whole masks."""
    truth, found = pair
    iou = iou_table(truth, found)
    true, other = masks(truth), masks(found)
    scores = metrics.instance_scores(truth, found)
    assert scores.mean_best_iou == pytest.approx(iou.max(0).mean())
    assert scores.miou_cell == pytest.approx(iou.max(1).mean())
    assert scores.seg == pytest.approx(
        np.mean([sum((a & b).sum() / (a | b).sum() for b in other if 2 * (a & b).sum() > a.sum()) for a in true])
    )
    matched = metrics.matched_pairs(truth, found)
    dice = [
        2 * ((truth == row.truth) & (found == row.found)).sum() / ((truth == row.truth).sum() + (found == row.found).sum())
        for row in matched.itertuples()
    ]
    assert scores.object_dice == pytest.approx(np.mean(dice))
    assert (scores.dice, scores.iou) == pytest.approx(metrics.overlap(*(labels > 0 for labels in pair))[:2])
    assert (scores.truth_objects, scores.found_objects, scores.count_difference) == (len(true), len(other), len(other) - len(true))
    assert scores.area_ratio == pytest.approx((found > 0).sum() / (truth > 0).sum())
    assert scores.median_area_ratio == pytest.approx(
        np.median([(found == row.found).sum() / (truth == row.truth).sum() for row in matched.itertuples()])
    )


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("reuse", [False, True])
def test_aji_object_by_object(pair, reuse):
    true, other = masks(pair[0]), masks(pair[1])
    both = either = 0
    used = set()
    for a in true:
        iou = [0 if j in used and not reuse else (a & b).sum() / (a | b).sum() for j, b in enumerate(other)]
        best = int(np.argmax(iou))
        if iou[best] == 0:
            either += a.sum()
            continue
        used.add(best)
        both, either = both + (a & other[best]).sum(), either + (a | other[best]).sum()
    either += sum(b.sum() for j, b in enumerate(other) if j not in used)
    assert metrics.aji(*pair, reuse=reuse) == pytest.approx(both / either)


@pytest.mark.parametrize("pair", PAIRS)
def test_object_dice_by_size_object_by_object(pair):
    means = []
    for first, second in (pair, pair[::-1]):
        weights, values = [], []
        for a in masks(first):
            shared = [(a & b).sum() for b in masks(second)]
            best = masks(second)[int(np.argmax(shared))]
            weights.append(a.sum())
            values.append(2 * max(shared) / (a.sum() + best.sum()) if max(shared) else 0)
        means.append(np.average(values, weights=weights))
    assert metrics.object_dice_by_size(*pair) == pytest.approx(np.mean(means))


def test_patches_as_sums_over_cut_out_squares():
    truth, found = PAIRS[2]
    iou, scores = iou_table(truth, found), []
    for place, cell in enumerate(masks(truth)):
        other = masks(found)[iou[place].argmax()] if iou[place].any() else np.zeros_like(cell)
        y, x = (int(round(index.mean())) for index in np.nonzero(cell))
        a, b = (np.pad(mask, 20)[y + 10 : y + 30, x + 10 : x + 30] for mask in (cell, other))
        scores.append(np.mean([(first & second).sum() / ((first | second).sum() + 0.01) for first, second in ((a, b), (~a, ~b))]))
    assert metrics.miou_fg_bg(truth, found, 20) == pytest.approx(np.mean(scores))
    assert metrics.miou_fg_bg(truth, found, 20) > metrics.miou_cell(truth, found)


def test_partners_by_marker():
    """The object found from a cell's own marker may not be the one that fits best."""
    truth, found = np.array([[1, 1, 1, 1, 2, 2]]), np.array([[8, 9, 9, 9, 9, 9]])
    assert metrics.miou_cell(truth, found) == pytest.approx((3 / 6 + 2 / 5) / 2)
    assert metrics.miou_cell(truth, found, partners={1: 8, 2: 9}) == pytest.approx((1 / 4 + 2 / 5) / 2)
    assert metrics.miou_cell(truth, found, partners={2: 8}) == 0
    by_marker = metrics.miou_fg_bg(truth, found, (1, 20), partners={1: 8}, offset=0)
    assert by_marker == pytest.approx((np.mean([1 / 4, 16 / 19]) + np.mean([0, 18 / 20])) / 2)


def test_a_ball_shrunk_by_one_pixel():
    """The worked warning: the same error of a pixel costs a small object far more; (r - 1)^2 / r^2."""
    place = np.arange(-70, 71)
    distance = np.hypot(*np.meshgrid(place, place))
    for radius, iou in ((60, 0.967), (4, 0.563)):
        truth, found = ((distance <= size).astype(int) for size in (radius, radius - 1))
        assert metrics.miou_cell(truth, found) == pytest.approx(iou, abs=0.04)


def test_nothing_there():
    empty, one = np.zeros((4, 5), int), np.eye(4, 5, dtype=int)
    both = metrics.instance_scores(empty, empty)
    assert both[:3] == (0, 0, 0)
    assert all(np.isnan(both[3:]))
    missed = metrics.instance_scores(one, empty)
    assert missed == (1, 0, -1, 1, 0, 0, NAN, 0, 0, 0, 0, NAN, 0, NAN)
    extra = metrics.instance_scores(empty, one)
    assert extra == (0, 1, 1, NAN, 0, 0, NAN, 0, NAN, 0, NAN, 0, NAN, NAN)
    assert np.isnan(metrics.miou_fg_bg(empty, one))
    assert metrics.miou_fg_bg(one, empty, 10, offset=0) == pytest.approx(0.96 / 2)
    perfect = metrics.instance_scores(one, one)
    assert perfect == (1, 1, 0, 0, *[1] * 10)


@pytest.mark.parametrize(("patch", "error"), [(0, ValueError), ((3, 4, 5), ValueError), (2.5, TypeError)])
def test_bad_patch(patch, error):
    with pytest.raises(error, match="patch"):
        metrics.miou_fg_bg(np.ones((4, 5), int), np.ones((4, 5), int), patch)
