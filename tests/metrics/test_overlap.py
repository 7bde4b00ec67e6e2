import math

import numpy as np
import pytest

from helpers.metrics import overlap


def test_equals_counting_voxel_by_voxel():
    generator = np.random.default_rng(0)
    for density in (0.05, 0.5, 0.95):
        truth, found = generator.random((2, 3, 7, 11)) < density
        pairs = list(zip(truth.ravel().tolist(), found.ravel().tolist(), strict=True))
        both, missed, extra = (pairs.count(pair) for pair in ((True, True), (True, False), (False, True)))
        assert overlap(truth, found).iou == pytest.approx(both / (both + missed + extra))
        assert overlap(truth, found).dice == pytest.approx(2 * both / (2 * both + missed + extra))
        assert overlap(truth, found).recall == pytest.approx(both / (both + missed))
        assert overlap(truth, found).precision == pytest.approx(both / (both + extra))


def test_known_shift():
    """A cube of 4 voxels' edge, moved by one: three quarters are shared."""
    truth, found = np.zeros((2, 6, 6, 6), bool)
    truth[1:5, 1:5, 1:5] = found[1:5, 1:5, 2:6] = True
    assert overlap(truth, found) == pytest.approx((0.75, 0.6, 0.75, 0.75))


def test_nothing_by_nothing_is_not_a_number():
    empty, full = np.zeros((2, 3, 4), bool), np.ones((2, 3, 4), bool)
    assert all(math.isnan(score) for score in overlap(empty, empty))
    assert overlap(full, empty)[:2] == (0, 0)
    assert math.isnan(overlap(full, empty).precision)
    assert math.isnan(overlap(empty, full).recall)
    assert overlap(full, full) == (1, 1, 1, 1)


def test_needs_masks_of_one_shape():
    with pytest.raises(ValueError, match="same shape"):
        overlap(np.zeros((2, 3, 4), bool), np.zeros((2, 3, 5), bool))
    with pytest.raises(TypeError, match="must be bool"):
        overlap(np.zeros((2, 3, 4)), np.zeros((2, 3, 4), bool))
