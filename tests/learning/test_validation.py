"""What is held back is never trained on; scores at every cutoff are those of plain counting."""

import numpy as np
import pytest
from small import examples, tubes

from helpers.learning.targets import example
from helpers.learning.validation import best_cutoff, cutoff_table, hold_out
from helpers.metrics import overlap


def test_images_are_held_back_by_seed_or_by_name():
    made = examples(5)
    split = hold_out(made, 0.4, seed=1)
    assert (len(split.training), len(split.validation)) == (3, 2)
    assert not {each.name for each in split.training} & {each.name for each in split.validation}
    assert [each.name for each in hold_out(made, 0.4, seed=1).validation] == [each.name for each in split.validation]
    assert [each.name for each in hold_out(made, names=["tube_3"]).validation] == ["tube_3"]
    assert hold_out(made, 0).validation == []
    with pytest.raises(ValueError, match="no training image 'x'"):
        hold_out(made, names=["x"])
    with pytest.raises(ValueError, match="none is left"):
        hold_out(made[:2], names=["tube_0", "tube_1"])
    with pytest.raises(ValueError, match="there is no training image"):
        hold_out([])


@pytest.mark.parametrize("shape", [(6, 40, 44), (6, 60, 44)])
def test_of_one_image_an_end_is_held_back(shape):
    (whole,) = examples(1, shape=shape)
    split = hold_out([whole], 0.25)
    (first,), (last,) = split
    axis = 2 if shape[2] > shape[1] else 1
    assert last.truth.shape[axis] == round(0.25 * shape[axis])
    np.testing.assert_array_equal(np.concatenate([first.truth, last.truth], axis), whole.truth)
    np.testing.assert_array_equal(np.concatenate([first.normalized, last.normalized], axis + 1), whole.normalized)
    assert not np.shares_memory(first.normalized[..., -1:], last.normalized)


def test_one_image_with_nothing_at_its_end():
    raw, truth = tubes()
    truth[..., 22:] = False
    with pytest.raises(ValueError, match=r"\(last part\) has no foreground, and there is one image only: give a second"):
        hold_out([example("tube", raw, truth)])


def test_scores_at_cutoffs_are_plain_counts():
    random = np.random.default_rng(0)
    truths = [random.random((2, 9, 9)) < 0.4 for _ in range(2)]
    maps = [np.clip(0.5 * truth + 0.6 * random.random(truth.shape), 0, 1).astype(np.float32) for truth in truths]
    costs = [None, (random.random((2, 9, 9)) < 0.7).astype(np.float32)]
    table = cutoff_table(maps, truths, costs).set_index("cutoff")
    counted = [np.ones(truths[0].shape, bool), costs[1] > 0]
    for cutoff in (0.05, 0.5, 0.95):
        found = [each >= np.float32(cutoff) for each in maps]
        pooled = overlap(*(np.concatenate([a[c] for a, c in zip(arrays, counted)])[None, None] for arrays in (truths, found)))
        row = table.loc[cutoff]
        np.testing.assert_allclose(row[["iou", "dice", "precision", "recall"]], [pooled.iou, pooled.dice, pooled.precision, pooled.recall])
        each = [overlap(truth[c][None, None], mask[c][None, None]).iou for truth, mask, c in zip(truths, found, counted)]
        assert row["mean_iou"] == pytest.approx(np.mean(each))


def test_best_cutoff_is_the_middle_of_the_best():
    truth = np.zeros((1, 4, 4), bool)
    truth[0, 1:3] = True
    table = cutoff_table([np.where(truth, 0.72, 0.21)], [truth], [None])
    assert best_cutoff(table) == 0.5
    assert table["iou"][table["cutoff"].between(0.25, 0.7)].eq(1).all()
    with pytest.raises(ValueError, match="metric must be one of iou, dice"):
        best_cutoff(table, "accuracy")
