"""Measures against geometry and against scikit-image; warnings where something is wrong, and only there."""

import time

import numpy as np
import pytest
from scipy import ndimage
from skimage.measure import find_contours, marching_cubes, mesh_surface_area

from helpers import measure
from helpers.images import Stack

CUBIC, FLAT = (0.1, 0.1, 0.1), (0.29, 0.108, 0.108)


def stack_of(mask, voxel_size=FLAT, raw=None):
    return Stack(np.arange(mask.size, dtype=np.uint32).reshape(mask.shape) if raw is None else raw, voxel_size, "test")


def ellipsoid(radii, voxel_size):
    grid = [np.arange(-np.ceil(r / s) - 2, np.ceil(r / s) + 3) * s / r for r, s in zip(radii, voxel_size)]
    z, y, x = np.meshgrid(*grid, indexing="ij")
    return z**2 + y**2 + x**2 <= 1


def mesh_area(mask, voxel_size):
    vertices, faces, *_ = marching_cubes(np.pad(mask, 1).astype(float), 0.5, spacing=voxel_size)
    return mesh_surface_area(vertices, faces)


@pytest.mark.parametrize(("voxel_size", "excess"), [(CUBIC, 0.09), (FLAT, 0.15)], ids=["cubic", "flat"])
def test_ball(voxel_size, excess):
    mask = ellipsoid((2.5, 2.5, 2.5), voxel_size)
    row = measure.objects(mask, stack_of(mask, voxel_size)).iloc[0]
    assert row.volume_um3 == pytest.approx(4 / 3 * np.pi * 2.5**3, rel=0.01)
    assert row.surface_um2 == pytest.approx((1 + excess) * 4 * np.pi * 2.5**2, rel=0.02)
    assert row.sphericity == pytest.approx(1 / (1 + excess), rel=0.02)
    middle = [(n - 1) / 2 * s for n, s in zip(mask.shape, voxel_size)]
    np.testing.assert_allclose([row.centroid_z_um, row.centroid_y_um, row.centroid_x_um], middle)


def test_sphericity_tells_a_ball_from_a_rod():
    ball, rod = ellipsoid((1.5, 1.5, 1.5), CUBIC), ellipsoid((5, 0.8, 0.8), CUBIC)
    values = [measure.objects(mask, stack_of(mask, CUBIC)).sphericity[0] for mask in (ball, rod)]
    assert values[0] > values[1] + 0.2


def test_ellipsoid_volume_and_axes_are_not_mixed_up():
    mask = ellipsoid((1.0, 2.0, 3.0), FLAT)
    assert measure.objects(mask, stack_of(mask)).volume_um3[0] == pytest.approx(4 / 3 * np.pi * 6, rel=0.02)


def test_box_is_measured_exactly_but_for_its_bevelled_edges():
    mask = np.zeros((30, 40, 50), bool)
    mask[5:25, 5:35, 5:45] = True
    row = measure.objects(mask, stack_of(mask, CUBIC)).iloc[0]
    assert row.volume_um3 == pytest.approx(2 * 3 * 4)
    assert row.surface_um2 == pytest.approx(2 * (2 * 3 + 3 * 4 + 2 * 4), rel=0.03)
    assert row.voxels == 24_000


@pytest.mark.parametrize("seed", range(4))
def test_surface_is_that_of_the_marching_cubes_mesh(seed):
    rng = np.random.default_rng(seed)
    mask = rng.random((6, 7, 8)) < (0.15, 0.4, 0.6, 0.9)[seed]
    labels = mask.astype(np.int32)
    size = tuple(rng.uniform(0.1, 0.5, 3))
    assert measure.objects(labels, stack_of(mask, size)).surface_um2[0] == pytest.approx(mesh_area(mask, size), rel=1e-5)


@pytest.mark.parametrize(("shape", "least"), [((9, 9, 9), 32), ((1, 9, 9), 12)], ids=["sphericity", "circularity"])
def test_objects_too_small_for_a_roundness_have_none(shape, least):
    """Those that have one lie below 1.05, whatever the place of a small ball in the grid."""
    generator = np.random.default_rng(0)
    grid, found = np.indices(shape), []
    for radius in np.linspace(0.8, 3, 150):
        centre = [length // 2 + (generator.random() - 0.5) * (length > 1) for length in shape]
        mask = sum((axis - at) ** 2 for axis, at in zip(grid, centre)) <= radius**2
        row = measure.objects(mask, stack_of(mask, (1, 1, 1))).iloc[0]
        roundness = row["circularity" if shape[0] == 1 else "sphericity"]
        assert np.isnan(roundness) == (row.voxels < least)
        found.append(roundness)
    assert 0.9 < np.nanmax(found) < 1.05
    assert row.voxels > least


def test_labels_keep_their_numbers_and_order_and_touching_objects_stay_apart():
    labels = np.zeros((4, 6, 9), np.uint16)
    labels[1:3, 1:3, 1:4] = 7
    labels[1:3, 1:3, 4:8] = 2
    labels[3, 5, 8] = 40
    stack = stack_of(labels)
    table = measure.objects(labels, stack)
    assert table.label.tolist() == [2, 7, 40]
    assert table.voxels.tolist() == [16, 12, 1]
    np.testing.assert_allclose(table.total_intensity, ndimage.sum_labels(stack.raw.astype(float), labels, [2, 7, 40]))
    np.testing.assert_allclose(table.mean_intensity, ndimage.mean(stack.raw, labels, [2, 7, 40]))
    centres = np.array(ndimage.center_of_mass(labels > 0, labels, [2, 7, 40])) * FLAT
    np.testing.assert_allclose(table[["centroid_z_um", "centroid_y_um", "centroid_x_um"]], centres)
    for label, area in zip(table.label, table.surface_um2):
        assert area == pytest.approx(mesh_area(labels == label, FLAT), rel=1e-5)


def test_connectivity_of_a_mask():
    mask = np.zeros((3, 4, 4), bool)
    mask[0, 0, 0] = mask[1, 1, 1] = mask[2, 2, 2] = True
    assert len(measure.objects(mask, stack_of(mask))) == 1
    assert len(measure.objects(mask, stack_of(mask), connectivity=6)) == 3
    plane = np.eye(5, dtype=bool)[None]
    assert len(measure.objects(plane, stack_of(plane))) == 1
    assert len(measure.objects(plane, stack_of(plane), connectivity=6)) == 5


@pytest.mark.parametrize(
    ("voxel", "cut"), [((2, 2, 2), False), ((0, 2, 2), True), ((4, 2, 2), True), ((2, 0, 2), True), ((2, 4, 2), True), ((2, 2, 4), True)]
)
def test_touching_the_border(voxel, cut):
    mask = np.zeros((5, 5, 5), bool)
    mask[voxel] = True
    table = measure.objects(mask, stack_of(mask))
    assert table.touches_border.tolist() == [cut]
    assert measure.quality(mask, stack_of(mask)).objects_at_border == cut


@pytest.mark.parametrize("kind", [bool, np.int32])
def test_shell_is_measured_as_the_body_it_encloses(kind):
    body = np.pad(ellipsoid((2, 2, 2), FLAT), 2)
    shell = (body & ~ndimage.binary_erosion(body)).astype(kind)
    stack = stack_of(body)
    np.testing.assert_allclose(measure.objects(shell, stack, filled=True).astype(float), measure.objects(body, stack).astype(float))
    assert measure.objects(shell, stack).volume_um3[0] < 0.5 * measure.objects(body, stack).volume_um3[0]


def test_shell_cut_by_the_border_stays_a_shell():
    body = np.pad(ellipsoid((2, 2, 2), FLAT), 2)
    shell = body & ~ndimage.binary_erosion(body)
    half = np.ascontiguousarray(shell[:, : shell.shape[1] // 2])
    table = measure.objects(half, stack_of(half), filled=True)
    assert table.touches_border.all()
    assert table.voxels.sum() == half.sum()


def test_one_plane():
    mask = ellipsoid((0.1, 2.0, 2.0), (0.2, 0.05, 0.05))
    plane = mask[len(mask) // 2][None]
    table = measure.objects(plane, stack_of(plane, (0.2, 0.05, 0.05)))
    assert tuple(table.columns) == measure.PLANE_COLUMNS
    assert table.area_um2[0] == pytest.approx(np.pi * 4, rel=0.01)
    outline = sum(
        np.linalg.norm(np.diff(line * 0.05, axis=0), axis=1).sum() for line in find_contours(np.pad(plane[0], 1).astype(float), 0.5)
    )
    assert table.perimeter_um[0] == pytest.approx(outline, rel=1e-5)
    assert table.circularity[0] == pytest.approx(4 * np.pi * table.area_um2[0] / outline**2)
    assert not table.touches_border.any()
    ring = plane & ~ndimage.binary_erosion(plane[0], iterations=3)[None]
    assert measure.objects(ring, stack_of(ring), filled=True).voxels[0] == plane.sum()


@pytest.mark.parametrize("shape", [(3, 4, 5), (1, 4, 5)], ids=str)
@pytest.mark.parametrize("kind", [bool, np.uint16])
def test_nothing_gives_an_empty_table_of_the_same_columns_and_types(shape, kind):
    mask = np.zeros(shape, kind)
    empty = measure.objects(mask, stack_of(mask))
    mask[0, 1, 1] = 1
    one = measure.objects(mask, stack_of(mask))
    assert len(empty) == 0
    assert len(one) == 1
    assert empty.dtypes.equals(one.dtypes)


def test_thousands_of_objects_in_seconds_and_input_untouched():
    rng = np.random.default_rng(0)
    labels = np.zeros((24, 300, 300), np.int32)
    centres = np.stack(np.meshgrid(np.arange(3, 21, 6), np.arange(5, 295, 10), np.arange(5, 295, 10), indexing="ij"), -1).reshape(-1, 3)
    for label, (z, y, x) in enumerate(centres, start=1):
        labels[z - 1 : z + 2, y - 2 : y + 3, x - 2 : x + 3] = label
    stack = stack_of(labels, raw=rng.integers(0, 4000, labels.shape).astype(np.uint16))
    before = labels.copy()
    start = time.process_time()
    table = measure.objects(labels, stack)
    assert time.process_time() - start < 3
    assert len(table) == len(centres) > 2000
    assert (table.voxels == 75).all()
    np.testing.assert_array_equal(labels, before)


@pytest.mark.parametrize(
    ("mask", "error", "says"),
    [
        (np.zeros((3, 4, 4)), TypeError, "integer"),
        (np.zeros((4, 4), bool), ValueError, "Z, Y, X"),
        (np.zeros((3, 4, 5), bool), ValueError, "same shape"),
        (-np.ones((3, 4, 4), int), ValueError, "between 0"),
    ],
)
def test_wrong_masks_are_refused_in_a_sentence(mask, error, says):
    stack = Stack(np.zeros((3, 4, 4), np.uint16), FLAT, "test")
    for function in (measure.objects, measure.quality):
        with pytest.raises(error, match=says):
            function(mask, stack)
    with pytest.raises(ValueError, match="connectivity"):
        measure.objects(np.zeros((3, 4, 4), bool), stack, connectivity=8)


def good(shape=(8, 60, 60)):
    """Return a mask and a stack that nothing is wrong with."""
    raw = np.random.default_rng(0).integers(100, 900, shape).astype(np.uint16)
    mask = np.zeros(shape, bool)
    mask[2:4, 10:20, 10:20] = mask[4:6, 30:40, 30:44] = True
    return mask, Stack(raw, FLAT, "good")


def test_nothing_wrong_no_warning():
    mask, stack = good()
    found = measure.quality(mask, stack, tuned_voxel_size=FLAT)
    assert found == (mask.mean(), 0.0, 2, 0, [])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda mask: np.zeros_like(mask), "Nothing"),
        (lambda mask: np.ones_like(mask), "100% of the stack"),
        (lambda mask: np.arange(mask.size).reshape(mask.shape) == 12_000, "Nearly nothing"),
    ],
)
def test_amounts_that_cannot_be_right(change, says):
    mask, stack = good()
    warnings = measure.quality(change(mask), stack).warnings
    assert len(warnings) == 1
    assert says in warnings[0]


@pytest.mark.parametrize(("dtype", "end"), [(np.uint8, 255), (np.uint16, 65535), (np.uint16, 4095)])
def test_saturation_is_seen_at_the_end_of_the_type_and_of_the_camera(dtype, end):
    mask, stack = good()
    raw = np.random.default_rng(1).integers(0, end, mask.shape).astype(dtype)
    raw[mask] = end
    found = measure.quality(mask, Stack(raw, FLAT, "saturated"))
    assert found.saturated_fraction == pytest.approx(mask.mean(), rel=0.02)
    assert "end of the camera's range" in found.warnings[0]
    assert "100% of those found" in found.warnings[0]


def test_few_bright_voxels_are_no_saturation():
    mask, stack = good()
    raw = stack.raw.copy()
    raw[3, 12, 12:17] = 60_000
    assert measure.quality(mask, Stack(raw, FLAT, "hot")).saturated_fraction == 0


def test_objects_at_the_border_are_counted_once_each():
    mask = np.zeros((6, 40, 40), bool)
    mask[0, 0, 0:3] = mask[5, 10:12, 39] = mask[2:4, 20, 20] = True
    found = measure.quality(mask, Stack(np.arange(mask.size, dtype=np.uint32).reshape(mask.shape), FLAT, "cut"))
    assert (found.objects, found.objects_at_border) == (3, 2)
    assert "2 of 3 objects" in found.warnings[0]
    plane = mask[2:3]
    assert measure.quality(plane, Stack(np.arange(plane.size, dtype=np.uint32).reshape(plane.shape), FLAT, "one")).objects_at_border == 0


@pytest.mark.parametrize(
    ("voxel_size", "says"),
    [
        (FLAT, []),
        ((0.29, 0.15, 0.15), []),
        ((0.29, 0.216, 0.216), ["A pixel is 0.216 um, the parameters were made for 0.108 um: run the workflow with voxel_size"]),
        ((0.29, 0.054, 0.054), ["A pixel is 0.054 um"]),
        ((0.87, 0.108, 0.108), ["Planes are 0.87 um apart"]),
        ((1.0, 0.05, 0.05), ["Planes are 1 um apart", "A pixel is 0.05 um"]),
        ((290, 108, 108), ["the unit is probably wrong"]),
        ((290, 0.108, 0.108), ["the unit is probably wrong"]),
    ],
)
def test_voxel_size_far_from_the_tuned_one(voxel_size, says):
    mask, stack = good()
    warnings = measure.quality(mask, Stack(stack.raw, voxel_size, "size"), tuned_voxel_size=FLAT).warnings
    assert len(warnings) == len(says)
    for warning, part in zip(warnings, says):
        assert part in warning


@pytest.mark.parametrize(
    ("voxel_size", "says"),
    [
        ((0.58, 0.216, 0.216), []),
        ((0.87, 0.25, 0.25), ["Planes are 0.87 um apart", "no resampling brings it back"]),
        ((0.1, 0.03, 0.03), []),
    ],
)
def test_voxel_size_that_was_resampled_is_no_concern_up_to_double(voxel_size, says):
    mask, stack = good()
    warnings = measure.quality(mask, Stack(stack.raw, voxel_size, "size"), tuned_voxel_size=FLAT, worked_at=FLAT).warnings
    assert [part for part, warning in zip(says, warnings, strict=True) if part not in warning] == []
