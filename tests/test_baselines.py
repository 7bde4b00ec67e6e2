"""All 22 plain thresholds on one image: what is tried, how it is scored, which is best."""

import numpy as np
import pytest

from helpers import baselines, classic


@pytest.fixture(scope="module")
def field():
    """Return an 8-bit image of bright squares and their truth."""
    truth = np.zeros((45, 51), bool)
    truth[5:15, 5:15] = truth[25:33, 30:40] = True
    raw = np.random.default_rng(0).poisson(np.where(truth, 90, 20))
    return classic.eight_bit(raw), truth


def test_all_22_at_all_radii_are_tried_once(field):
    tried = baselines.try_thresholds(field[0])
    assert len(tried) == 14 + 8 * 4 == len({each.name for each in tried})
    assert {each.radius for each in tried if each.kind == "local"} == {8, 16, 32, 64}
    assert len({each.method for each in tried if each.kind == "global"}) == 14
    assert len({each.method for each in tried if each.kind == "local"}) == 8


def test_scores_are_those_of_the_masks(field):
    levels, truth = field
    tried = baselines.try_thresholds(levels, radii=[8])
    table = baselines.score_thresholds(tried, truth)
    for each, row in zip(tried, table.itertuples(), strict=True):
        if each.kind == "global":
            assert np.array_equal(each.mask, levels > each.cutoff)
        both = np.logical_and(each.mask, truth).sum()
        assert row.foreground == pytest.approx(each.mask.mean())
        assert row.dice == pytest.approx(2 * both / (each.mask.sum() + truth.sum()))
        assert row.recall == pytest.approx(both / truth.sum())


def test_best_of_a_kind_and_of_all(field):
    levels, truth = field
    tried = baselines.try_thresholds(levels, radii=[8, 16])
    table = baselines.score_thresholds(tried, truth)
    first, second, overall = (baselines.best(table, kind) for kind in ("global", "local", ""))
    assert first.dice == table[table["kind"] == "global"]["dice"].max() > 0.95
    assert second.dice == table[table["kind"] == "local"]["dice"].max()
    assert overall.dice == max(first.dice, second.dice)
    assert tried[second.Index].kind == "local"
    assert tried[second.Index].radius == second.radius


@pytest.mark.parametrize("level", [0, 255])
def test_constant_image_gives_a_table_without_thresholds(level):
    truth = np.eye(9, dtype=bool)
    table = baselines.score_thresholds(baselines.try_thresholds(np.full((9, 9), level, np.uint8), radii=[8]), truth)
    none = table[table["kind"] == "global"]
    assert (none["note"] == "no threshold found").all()
    assert none["dice"].isna().all()
    assert set(table[table["kind"] == "local"]["note"]) <= {"nothing is foreground", "everything is foreground"}
    with pytest.raises(ValueError, match="no global threshold was found: is this plane constant"):
        baselines.best(table, "global")


def test_projection_takes_a_plane_and_its_neighbours():
    stack = np.zeros((5, 2, 2), int)
    stack[np.arange(5), 0, 0] = [5, 1, 2, 3, 9]
    assert [baselines.near_plane(stack, plane)[0, 0] for plane in range(5)] == [5, 5, 3, 9, 9]
    assert np.array_equal(baselines.near_plane(stack > 4, 3), [[True, False], [False, False]])
    assert baselines.near_plane(stack[:1], 0)[0, 0] == 5


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: baselines.near_plane(np.zeros((3, 4, 4)), 3), "plane must be .*at most 2, got 3"),
        (lambda: baselines.near_plane(np.zeros((3, 4, 4)), -1), "plane must be .*at least 0"),
        (lambda: baselines.near_plane(np.zeros((4, 4)), 0), r"array must be \(Z, Y, X\)"),
        (lambda: baselines.try_thresholds(np.zeros((3, 4, 4), np.uint8)), r"levels must be \(Y, X\)"),
        (lambda: baselines.try_thresholds(np.zeros((4, 4))), "8-bit"),
        (lambda: baselines.try_thresholds(np.zeros((4, 4), np.uint8), radii=[0]), "radius must be at least 1"),
    ],
)
def test_refuses_in_one_sentence(call, sentence):
    with pytest.raises((TypeError, ValueError), match=sentence):
        call()


def test_truth_must_be_drawn_in_three_planes_that_follow_each_other():
    drawn = np.zeros((6, 4, 4), bool)
    drawn[[1, 2, 4, 5], 1, 1] = True
    assert np.flatnonzero(baselines.with_neighbours(drawn).any(axis=(1, 2))).tolist() == [5]  # the last plane has one neighbour
    with pytest.raises(ValueError, match="structure in 2 of 6 planes, but nowhere in three"):
        baselines.with_neighbours(np.where(np.arange(6)[:, None, None] < 3, drawn, False))
    assert baselines.with_neighbours(drawn[:0:-5]).any()


def test_empty_reference_is_refused(field):
    with pytest.raises(ValueError, match="is empty in this plane and its neighbours: choose another plane"):
        baselines.score_thresholds(baselines.try_thresholds(field[0], radii=[8]), np.zeros_like(field[1]))


def test_other_planes_get_a_cutoff_of_their_own(field):
    """A bright plane, one half as bright, an empty one: Otsu is right in the first two, and finds grain in the last."""
    truth = np.zeros((12, *field[1].shape), bool)
    truth[[1, 5]] = field[1]
    rng = np.random.default_rng(1)
    raw = rng.poisson(20, truth.shape) + np.where(truth, 400, 0)
    raw[4:7] //= 2
    otsu = baselines.try_thresholds(field[0], radii=[])[8]
    table = baselines.in_other_planes(raw, np.zeros_like(truth), truth, [otsu], count=12)
    assert table["plane"].tolist() == list(range(12))
    assert (table["Otsu"][[0, 1, 2, 4, 5, 6]] == 1).all()
    assert (table["Otsu"][[3, 8, 9, 10, 11]] == 0).all()
    assert (table["workflow"][[0, 1, 2]] == 0).all()
    assert table["workflow"][[3, 8, 11]].isna().all()


def test_answer_counts_the_thresholds_that_are_better(field):
    levels, truth = field
    table = baselines.score_thresholds(baselines.try_thresholds(levels, radii=[8]), truth)
    middle = table["dice"].median() + 0.001
    first, _ = baselines.answer(table, middle)
    assert first.startswith(f"{(table['dice'] > middle).sum()} of 22 thresholds come nearer to the truth than the workflow")
    assert baselines.answer(table, 1.0)[0].startswith("No threshold comes nearer")
    assert "circular" in baselines.answer(table, 1.0, circular=True)[0]
