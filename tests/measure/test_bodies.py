"""Bodies of masks: shells closed and open, bodies that touch, threads, and masks that hold nothing."""

import numpy as np
import pytest

from helpers import classic, measure, metrics

SIZE = (0.58, 0.27, 0.27)
GRID = np.indices((30, 70, 90)) * np.reshape(SIZE, (3, 1, 1, 1))


def ball(centre, radii):
    return (((GRID - np.reshape(centre, (3, 1, 1, 1))) / np.reshape(radii, (3, 1, 1, 1))) ** 2).sum(0) < 1


ONE, OTHER = ball((8, 9, 6), (3, 4, 4)), ball((8, 9, 17), (3, 4, 4))


def test_a_closed_shell_becomes_the_body_that_it_was_drawn_round():
    found = measure.bodies(classic.shell(ONE | OTHER), SIZE, outer_layer=True)
    assert found.max() == 2
    np.testing.assert_array_equal(found > 0, ONE | OTHER)


def test_a_shell_open_above_and_below_is_a_body_all_the_same():
    shell = classic.shell(ONE)
    planes = np.flatnonzero(ONE.any(axis=(1, 2)))
    shell[: planes[0] + 2] = shell[planes[-1] - 1 :] = False
    found = measure.bodies(shell, SIZE, outer_layer=True)
    assert metrics.matched_pairs(ONE.astype(int), found)["iou"].iloc[0] > 0.5


def test_bodies_that_touch_are_parted_and_long_ones_are_not():
    near = ball((8, 9, 8), (3, 4, 4)) | ball((8, 9, 15), (3, 4, 4))
    assert measure.bodies(near, SIZE).max() == 2
    assert measure.bodies(near, SIZE, apart=0).max() == 1
    assert measure.bodies(ball((8, 9, 12), (3, 4, 7)), SIZE).max() == 1


def test_gaps_are_closed_threads_and_specks_left_out():
    slit = ONE.copy()
    slit[:, :, 22] = False
    assert measure.bodies(slit, SIZE, gap=0.4, apart=0).max() == 1
    thread = np.zeros(ONE.shape, bool)
    thread[14, 33:35, :] = True
    speck = ball((8, 15, 20), (1, 0.8, 0.8))
    found = measure.bodies(ONE | thread | speck, SIZE)
    assert found.max() == 1
    assert metrics.matched_pairs(ONE.astype(int), found)["iou"].iloc[0] > 0.97


def test_background_shut_in_by_a_wall_is_no_body():
    wall = np.zeros(ONE.shape, bool)
    wall[10:16, 5:60, 5], wall[10:16, 5:60, 80], wall[10:16, 5, 5:80], wall[10:16, 60, 5:80] = True, True, True, True
    assert measure.bodies(wall, SIZE).max() == 0  # 55 x 75 pixels are more than the largest hole


def test_nothing_and_nonsense():
    assert measure.bodies(np.zeros((5, 9, 9), bool), SIZE).max() == 0
    assert measure.bodies(np.zeros((5, 9, 9), bool), SIZE, gap=0.5).max() == 0
    with pytest.raises(TypeError, match="mask"):
        measure.bodies(ONE.astype(float), SIZE)
    with pytest.raises(ValueError, match="gap"):
        measure.bodies(ONE, SIZE, gap=-1)
    with pytest.raises(ValueError, match="voxel_size"):
        measure.bodies(ONE, (0, 1, 1))


def test_labels_are_numbered_without_gaps_and_the_mask_is_left_as_it_is():
    mask = ONE | OTHER | ball((8, 16, 11), (1, 1, 1))
    before = mask.copy()
    found = measure.bodies(mask, SIZE)
    assert np.unique(found).tolist() == [0, 1, 2]
    np.testing.assert_array_equal(mask, before)
