"""Masks: size filters, holes, thinning, planes, columns and borders, against scipy and scikit-image on odd masks."""

import numpy as np
import pytest
from scipy import ndimage
from skimage.morphology import ball, disk, medial_axis
from skimage.segmentation import find_boundaries

from helpers import classic

FACES_3D = ndimage.generate_binary_structure(3, 1)
FACES_2D = ndimage.generate_binary_structure(2, 1)
SHAPES = [(1, 1, 1), (1, 1, 9), (1, 7, 1), (5, 1, 1), (1, 6, 8), (4, 1, 11), (3, 5, 1), (2, 3, 64), (9, 7, 5), (6, 13, 17), (17, 9, 33)]


def masks():
    """Yield masks of odd shapes: random ones of all densities, empty, full, checkerboards, and blobs."""
    generator = np.random.default_rng(0)
    for shape in SHAPES:
        for density in (0.05, 0.3, 0.6, 0.95):
            yield generator.random(shape) < density
        yield np.zeros(shape, bool)
        yield np.ones(shape, bool)
        yield np.indices(shape).sum(0) % 2 == 0
        yield ndimage.gaussian_filter(generator.random(shape), 1.5) > 0.5


def sizes_in_place(mask, structure):
    """Return, for each True voxel, the size of its component; 0 elsewhere."""
    labels, _ = ndimage.label(mask, structure)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return sizes[labels]


def by_plane(function, mask):
    return np.stack([function(plane) for plane in mask])


@pytest.mark.parametrize("mask", list(masks()), ids=lambda mask: "x".join(map(str, mask.shape)))
def test_size_filters_and_holes_are_those_of_scipy(mask):
    before = mask.copy()
    sizes = sizes_in_place(mask, FACES_3D)
    pixels = by_plane(lambda plane: sizes_in_place(plane, FACES_2D), mask)
    holes = by_plane(lambda plane: sizes_in_place(~plane, FACES_2D), mask)
    for minimum in (0, 1, 3, 8):
        np.testing.assert_array_equal(classic.remove_small(mask, minimum), mask & (sizes >= minimum))
        np.testing.assert_array_equal(classic.remove_small(mask, minimum, 12), mask & (sizes >= minimum) & (sizes <= 12))
        np.testing.assert_array_equal(classic.remove_small_by_plane(mask, minimum), mask & (pixels >= minimum))
        np.testing.assert_array_equal(classic.remove_small_by_plane(mask, minimum, 9), mask & (pixels >= minimum) & (pixels <= 9))
        filled = mask | (~mask & (holes >= minimum) & (holes <= 12))
        if mask[0].size > 12:
            np.testing.assert_array_equal(classic.fill_holes_by_plane(mask, minimum, 12), filled)
        np.testing.assert_array_equal(classic.fill_holes_in_plane(mask[0], minimum, 12), filled[0])
    np.testing.assert_array_equal(classic.fill_holes(mask), ndimage.binary_fill_holes(mask))
    np.testing.assert_array_equal(mask, before)


def test_many_planes_are_joined_across_all_cuts():
    """A mask of more planes than one piece of work holds, connected along z only."""
    mask = np.zeros((41, 3, 5), bool)
    mask[:, 1, 2] = True
    mask[20, 1, 2] = False
    kept = classic.remove_small(mask, 20)
    assert kept.sum() == 40
    assert not classic.remove_small(mask, 21).any()
    assert not classic.remove_small_by_plane(mask, 2).any()


def test_objects_of_exactly_the_minimum_and_maximum_stay():
    mask = np.zeros((3, 4, 12), bool)
    mask[1, 1, [0, 2, 3, 5, 6, 7, 9]] = True
    mask[:, 1, 9] = mask[1, 2, 9] = True  # 4 voxels, not in one plane
    assert classic.remove_small(mask, 3).sum() == 3 + 4
    assert classic.remove_small(mask, 4).sum() == 4
    assert classic.remove_small(mask, 1, 2).sum() == 1 + 2
    assert classic.remove_small_by_plane(mask, 2).sum() == 2 + 3 + 2


def test_holes_touching_the_border_count_and_limits_are_inclusive():
    plane = np.ones((5, 9), bool)
    plane[0, :2] = False  # 2 pixels in the corner
    plane[2, 4:7] = False  # 3 pixels inside
    assert classic.fill_holes_in_plane(plane, 2, 2).sum() == plane.sum() + 2
    assert classic.fill_holes_in_plane(plane, 3, 3).sum() == plane.sum() + 3
    assert classic.fill_holes_in_plane(plane, 0, 3).all()
    assert not classic.fill_holes(plane[None])[0, 0, 0]


def test_layout_and_kind_of_the_mask_do_not_matter():
    mask = np.random.default_rng(1).random((7, 8, 9)) < 0.4
    expected = classic.remove_small(mask, 4)
    frozen = mask.copy()
    frozen.flags.writeable = False
    padded = np.zeros((14, 8, 18), bool)
    padded[::2, :, ::2] = mask
    for same in (frozen, padded[::2, :, ::2], np.asfortranarray(mask), mask.astype(np.uint8) * 255):
        np.testing.assert_array_equal(classic.remove_small(same, 4), expected)
    for function in (lambda m: classic.fill_holes_by_plane(m, 0, 3), classic.fill_holes, lambda m: classic.thin(m, 1), classic.shell):
        np.testing.assert_array_equal(function(frozen), function(mask))
    result = classic.remove_small(frozen, 0)
    assert result.flags.writeable
    assert not np.shares_memory(result, frozen)


@pytest.mark.parametrize("mask", list(masks()), ids=lambda mask: "x".join(map(str, mask.shape)))
def test_shell_is_the_thick_boundary_of_scikit_image(mask):
    np.testing.assert_array_equal(classic.shell(mask), find_boundaries(mask, connectivity=1, mode="thick"))


def test_shell_of_a_cuboid_is_two_voxels_thick():
    mask = np.zeros((12, 12, 12), bool)
    mask[3:9, 3:9, 3:9] = True
    assert (classic.shell(mask) & mask).sum() == 6**3 - 4**3
    assert (classic.shell(mask) & ~mask).sum() == 6 * 6**2


@pytest.mark.parametrize("mask", list(masks()), ids=lambda mask: "x".join(map(str, mask.shape)))
def test_thin_takes_only_from_the_surface_and_cuts_nothing(mask):
    thinned = classic.thin(mask, 1.0)
    surface = mask & ~ndimage.binary_erosion(mask, FACES_3D, border_value=1)
    assert not (thinned & ~mask).any()
    assert not (mask & ~thinned & ~surface).any()
    for before, after in zip(mask, thinned):
        if before.all():
            continue
        corners = np.ones((3, 3))
        labels, count = ndimage.label(before, corners)
        assert set(np.unique(labels[after])) - {0} == set(range(1, count + 1)), "every part of a plane is still there"
    np.testing.assert_array_equal(classic.thin(mask, 1.0), thinned)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_thin_reduces_a_thick_bar_by_its_depth_and_keeps_a_thin_one(depth):
    mask = np.zeros((15, 60, 60), bool)
    mask[:, 5:20, 5:55] = True  # 15 wide
    mask[:, 40:43, 5:55] = True  # 3 wide
    thinned = classic.thin(mask, 2.0, depth)
    assert thinned[7, 5:20, 30].sum() == 15 - 2 * depth
    assert thinned[7, 40:43, 30].sum() == 3
    assert classic.thin(mask, 100, depth).sum() == mask.sum()


def test_thinning_again_and_again_ends_at_the_wanted_width():
    mask = np.zeros((3, 40, 80), bool)
    mask[:, 10:31, 5:75] = True
    for _ in range(12):
        mask = classic.thin(mask, 2.0)
    assert mask[1, :, 40].sum() == 5  # the axis and two pixels on either side
    np.testing.assert_array_equal(classic.thin(mask, 2.0), mask)


def test_thin_agrees_with_the_medial_axis_of_scikit_image():
    """scikit-image breaks ties at random, so voxels may differ, but few."""
    generator = np.random.default_rng(2)
    mask = ndimage.gaussian_filter(generator.random((6, 90, 110)), (1, 4, 4)) > 0.5
    far = np.stack([ndimage.distance_transform_edt(~medial_axis(plane, rng=0)) > 1.6 + 1e-5 for plane in mask])
    expected = mask & ~(far & ~ndimage.binary_erosion(mask, ball(1), border_value=1))
    found = classic.thin(mask, 1.6)
    assert 2 * (found & expected).sum() / (found.sum() + expected.sum()) > 0.99
    assert found.sum() < 0.95 * mask.sum()


def test_prune_planes_keeps_the_planes_around_the_fullest_one():
    mask = np.zeros((12, 10, 10), bool)
    for z, pixels in enumerate([50, 50, 3, 50, 50, 80, 50, 50, 50, 3, 50, 50]):
        mask[z].flat[:pixels] = True
    kept = classic.prune_planes(mask, 10)
    np.testing.assert_array_equal(np.flatnonzero(kept.any((1, 2))), range(2, 10))
    np.testing.assert_array_equal(kept[2:10], mask[2:10])
    assert classic.prune_planes(mask, 3)[:-1].sum() == mask[:-1].sum()
    assert not classic.prune_planes(mask, 0)[-1].any()


def test_prune_planes_counts_large_planes_rightly():
    """A full plane of more than 65535 pixels is the fullest one."""
    mask = np.zeros((7, 260, 260), bool)
    mask[3] = True
    mask[4, :100] = True
    assert classic.prune_planes(mask, 100).sum() == mask.sum()


def test_remove_columns_clears_hot_pixels_and_their_surroundings():
    generator = np.random.default_rng(3)
    mask = generator.random((9, 20, 21)) < 0.2
    mask[2:, 8, 9] = True  # missing in two planes
    mask[:2, 8, 9] = False
    mask[3:, 15, 3] = True  # in three
    mask[:3, 15, 3] = False
    hot = mask.sum(0) >= 7
    assert hot[8, 9]
    assert not hot[15, 3]
    np.testing.assert_array_equal(classic.remove_columns(mask), mask & ~ndimage.binary_dilation(hot, disk(2)))
    np.testing.assert_array_equal(classic.remove_columns(mask, 3, 0), mask & (mask.sum(0) < 6))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: classic.remove_small(m[0], 3), r"mask must be \(Z, Y, X\), got \(5, 6\)"),
        (lambda m: classic.remove_small(m.astype(float), 3), "mask must be bool"),
        (lambda m: classic.remove_small(m, 2.5), "minimum_size must be a whole number, got 2.5"),
        (lambda m: classic.remove_small(m, -1), "minimum_size must be at least 0"),
        (lambda m: classic.remove_small_by_plane(m, 5, 4), "maximum_size must be at least minimum_size, got 4 and 5"),
        (lambda m: classic.fill_holes_by_plane(m, 5, 4), "maximum must be at least minimum"),
        (lambda m: classic.fill_holes_by_plane(m, 0, 30), "mask is 5 x 6 = 30 pixels.* give a larger crop"),
        (lambda m: classic.fill_holes_in_plane(m, 0, 4), r"plane_mask must be \(Y, X\)"),
        (lambda m: classic.thin(m, -1), "minimum_thickness must be at least 0"),
        (lambda m: classic.thin(m, 1, 0), "depth must be at least 1"),
        (lambda m: classic.prune_planes(m[:2], 5), "mask has 2 plane.* needs at least 3"),
        (lambda m: classic.remove_columns(m), "mask has 4 plane.* needs at least 5"),
        (lambda m: classic.shell(list(m)), "mask must be a numpy array"),
    ],
)
def test_errors_say_what_came_and_what_was_wanted(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call(np.ones((4, 5, 6), bool))


def test_empty_arrays_come_back_empty():
    mask = np.zeros((0, 4, 5), bool)
    for function in (
        lambda m: classic.remove_small(m, 1),
        lambda m: classic.fill_holes_by_plane(m, 0, 1),
        classic.fill_holes,
        classic.shell,
    ):
        assert function(mask).shape == mask.shape
