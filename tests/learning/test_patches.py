"""Patches lie where they should, and image, truth and cost stay together however they are turned."""

import numpy as np
import pytest
from small import TINY, examples

from helpers.learning.architecture import Architecture
from helpers.learning.augment import Move, brightened, moved, random_move, size_before
from helpers.learning.patches import Sampler, largest_patch
from helpers.learning.targets import Example, example


def places(shape=(7, 50, 60)):
    """An image whose intensities say where each voxel lies."""
    return np.arange(np.prod(shape), dtype=np.float32).reshape(shape)


def located(shape=(7, 50, 60), cost=None):
    image = places(shape)
    truth = np.zeros(shape, np.uint8)
    truth[3, 20:24, 30:36] = 1
    return Example("located", image[None], truth, np.ones(shape, np.float32) if cost is None else cost)


@pytest.mark.parametrize("patch", [(15, 36, 36), (14, 30, 42)])
def test_truth_and_cost_stay_on_their_image(patch):
    each = located()
    each.cost[:] = places() % 5
    sampler = Sampler([each], TINY, patch, flips=True, flip_z=True)
    halo = TINY.halo
    turned = set()
    for step in range(60):
        batch = sampler.batch(step)
        middle = tuple(slice(n, -n) for n in halo)
        at = batch.normalized[0, 0][middle].astype(int)
        assert batch.truth[0].shape == at.shape == TINY.output_size(patch)
        np.testing.assert_array_equal(batch.truth[0], each.truth.ravel()[at])
        np.testing.assert_array_equal(batch.cost[0], each.cost.ravel()[at])
        turned.add((int(np.sign(at[0, 0, 1] - at[0, 0, 0])) * abs(at[0, 0, 1] - at[0, 0, 0]), int(np.sign(at[1, 0, 0] - at[0, 0, 0]))))
    assert turned == {(sign * step, z) for sign in (1, -1) for step in (1, 60) for z in (1, -1)}


def test_the_surroundings_are_the_real_ones():
    """Around a patch that was not moved, the network sees what lies there, and a mirror beyond the border."""
    each = located()
    sampler = Sampler([each], TINY, (14, 30, 30), rotation="none", flips=False)
    for step in range(5):
        found = sampler.batch(step).normalized[0, 0]
        z, y, x = np.unravel_index(int(found[tuple(TINY.halo)]), each.truth.shape)
        pads = [(20, 20)] * 3
        padded = np.pad(each.normalized[0], pads, mode="symmetric")
        start = [at + 20 - halo for at, halo in zip((z, y, x), TINY.halo)]
        np.testing.assert_array_equal(found, padded[tuple(slice(a, a + n) for a, n in zip(start, found.shape))])


def test_foreground_is_found_and_what_is_excluded_is_not_drawn():
    cost = np.zeros((7, 50, 60), np.float32)
    cost[:, 15:30, 25:45] = 1
    each = located(cost=cost)
    on = Sampler([each], TINY, (14, 30, 30), foreground_share=1)
    assert all(on.batch(step).truth.any() for step in range(20))
    anywhere = Sampler([each], TINY, (14, 30, 30), foreground_share=0)
    counted = [np.count_nonzero(anywhere.batch(step).cost) for step in range(20)]
    assert min(counted) >= 0.05 * np.prod(anywhere.output)


def test_a_step_always_sees_the_same_patches():
    first, second = (Sampler(examples(), TINY, (16, 36, 36), batch=2, brightness=0.2, seed=4) for _ in range(2))
    first.batch(0)
    for one, other in zip(first.batch(7), second.batch(7)):
        np.testing.assert_array_equal(one, other)
    assert not np.array_equal(first.batch(8).normalized, second.batch(7).normalized)
    assert not np.array_equal(Sampler(examples(), TINY, (16, 36, 36), seed=5).batch(7).normalized[0], first.batch(7).normalized[0])


def test_free_rotation_keeps_the_middle_and_counts_nothing_outside():
    shape = (5, 41, 41)
    y, x = np.mgrid[:41, :41] - 20
    disc = np.broadcast_to(np.hypot(y, x), shape)
    each = example("disc", (disc / 20).astype(np.float32), disc < 8)
    move = Move(degrees=33)
    box = size_before((5, 21, 21), move)
    assert all((wide - 21) % 2 == 0 for wide in box[1:])
    sampler = Sampler([each], TINY, (13, 50, 50), rotation="free", foreground_share=0)
    outside = 0
    for step in range(8):
        batch = sampler.batch(step)
        inside = batch.normalized[0, 0][tuple(slice(n, -n) for n in TINY.halo)]
        counted = batch.cost[0] > 0
        agree = (inside < 0.4) == (batch.truth[0] > 0)
        assert agree[counted].mean() > 0.97
        outside += np.count_nonzero(~counted)
    assert outside > 0


def test_quarter_turns_are_exact_and_sizes_fit():
    box = places((2, 6, 4))
    assert moved(box, (2, 4, 6), Move(quarters=1)).shape == (2, 4, 6)
    np.testing.assert_array_equal(moved(box, (2, 6, 4), Move(flip_z=True, flip_x=True)), box[::-1, :, ::-1])
    assert {random_move(np.random.default_rng(seed), "none", flips=False) for seed in range(9)} == {Move()}


def test_brightness_changes_intensities_only_so_much():
    patch = np.full((1, 4, 9, 9), 0.5, np.float32)
    random = np.random.default_rng(0)
    found = np.array([brightened(patch, random, 0.1).mean() for _ in range(60)])
    assert 0.03 < np.abs(found - 0.5).max() < 0.13
    assert brightened(patch, random, 0) is patch


def test_images_smaller_than_a_patch_name_one_that_fits():
    small = [example("small", np.random.default_rng(0).random((3, 12, 90), np.float32), np.ones((3, 12, 90), bool))]
    with pytest.raises(
        ValueError, match=r"small is 3x12x90 voxels, smaller than the 4x24x24 that a patch gives: set patch to \[15, 28, 28\]"
    ):
        Sampler(small, TINY, (16, 40, 40))
    fitting = largest_patch(TINY, [(3, 12, 90)], (16, 40, 40))
    Sampler(small, TINY, fitting).batch(0)
    with pytest.raises(ValueError, match="larger image, or a network of less depth"):
        Sampler(small, Architecture(width=2, zoom=8), (33, 800, 800))
