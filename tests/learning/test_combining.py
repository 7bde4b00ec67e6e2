"""Votes are counted as a person would count them."""

import numpy as np
import pytest

from helpers.learning.combining import agreement, majority, mean_probability

RANDOM = np.random.default_rng(0)
MAPS = [RANDOM.random((3, 5, 7), np.float32) for _ in range(4)]
MASKS = [each > 0.5 for each in MAPS]


def test_mean_counts_each_map_by_its_weight():
    assert np.allclose(mean_probability(MAPS), np.mean(MAPS, axis=0), atol=1e-6)
    assert np.allclose(mean_probability(MAPS, [2, 0, 0, 6]), 0.25 * MAPS[0] + 0.75 * MAPS[3], atol=1e-6)
    before = [each.copy() for each in MAPS]
    mean_probability(MAPS)
    assert all((a == b).all() for a, b in zip(MAPS, before))


@pytest.mark.parametrize("count", [1, 2, 3, 4])
@pytest.mark.parametrize("at_least", [0, 1, 2])
def test_majority_is_counted_voxel_by_voxel(count, at_least):
    if at_least > count:
        with pytest.raises(ValueError, match="at most 1, got 2"):
            majority(MASKS[:count], at_least)
        return
    votes = np.sum(MASKS[:count], axis=0)
    wanted = votes > count / 2 if at_least == 0 else votes >= at_least
    assert (majority(MASKS[:count], at_least) == wanted).all()
    assert np.allclose(agreement(MASKS[:count]), votes / count)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: mean_probability([]), "at least one array, got none"),
        (lambda: majority(np.zeros((2, 3, 3), bool)), "got an array"),
        (lambda: mean_probability([MAPS[0], MAPS[1][:2]]), "must have the same shape"),
        (lambda: mean_probability([MAPS[0] * 255]), "divide 8-bit maps by 255"),
        (lambda: mean_probability([MAPS[0] * np.nan]), "NaN"),
        (lambda: mean_probability(MAPS, [1, 2]), "4 numbers, one a map"),
        (lambda: mean_probability(MAPS, [0, 0, 0, 0]), "must not all be 0"),
        (lambda: mean_probability(MAPS, [1, -1, 1, 1]), "at least 0"),
        (lambda: majority([MAPS[0]]), "compare it with a cutoff first"),
        (lambda: agreement([MASKS[0], MASKS[1][:, :2]]), "must have the same shape"),
    ],
)
def test_what_cannot_vote_is_said(call, words):
    with pytest.raises((TypeError, ValueError), match=words):
        call()
