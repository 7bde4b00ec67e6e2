import tracemalloc

import numpy as np
import pytest
from scipy import ndimage

from helpers.classic import (
    filament_response_2d,
    filament_response_3d,
    filament_response_by_plane,
    filaments_3d,
    filaments_by_plane,
    filaments_in_plane,
    spot_response_3d,
    spot_response_by_plane,
    spots_3d,
    spots_by_plane,
)
from helpers.classic.intensity import auto_contrast, edge_preserving, gaussian, min_max

STACKS = [(3, 3, 3), (3, 4, 40), (7, 50, 23), (40, 5, 3), (5, 33, 66)]
PLANES = [(1, 3, 3), (2, 17, 5), (3, 40, 7), (4, 35, 64), (2, 66, 31)]


def noise(shape: tuple, seed: int = 0) -> np.ndarray:
    return ndimage.gaussian_filter(np.random.default_rng(seed).random(shape), 0.7).astype(np.float32)


def jerman(image: np.ndarray, sigma: float) -> np.ndarray:
    """Return the response in 2D or 3D with tau = 1, from the published formula, in double precision."""
    smooth = ndimage.gaussian_filter(image.astype(float), sigma, mode="nearest", truncate=3)
    hessian = np.array([np.gradient(first) for first in np.gradient(smooth)]) * sigma**2
    eigenvalues = np.linalg.eigvalsh(np.moveaxis(hessian, (0, 1), (-2, -1)))
    eigenvalues = np.take_along_axis(eigenvalues, np.argsort(np.abs(eigenvalues), axis=-1), axis=-1)
    # Bright on dark: the formula is for positive eigenvalues of the inverted image. In 2D there is one eigenvalue for both parts.
    second, third = -eigenvalues[..., -2 if image.ndim == 3 else -1], -eigenvalues[..., -1]
    rho = np.where(third > 0, third.max(), 0)
    with np.errstate(all="ignore"):
        response = second**2 * (rho - second) * (3 / (second + rho)) ** 3
    response = np.where(second >= rho / 2, 1, response)
    return np.where((second > 0) & (rho > 0), response, 0)


def jerman_by_plane(stack: np.ndarray, sigma: float) -> np.ndarray:
    projection = stack.max(axis=0)
    response = np.array([jerman(np.hstack([plane, projection]), sigma)[:, : stack.shape[2]] for plane in stack])
    response[:, :, -3:] = 0
    return response


@pytest.mark.parametrize("shape", STACKS)
@pytest.mark.parametrize("sigma", [0.4, 1, 1.5, 3])
def test_filament_response_3d_is_the_published_formula(shape, sigma):
    image = noise(shape)
    response = filament_response_3d(image, sigma)
    assert response.dtype == np.float32
    np.testing.assert_allclose(response, jerman(image, sigma), atol=3e-4)


@pytest.mark.parametrize("shape", PLANES)
@pytest.mark.parametrize("sigma", [0.4, 1, 1.5, 3])
def test_filament_response_2d_is_the_published_formula(shape, sigma):
    plane = noise(shape)[0]
    np.testing.assert_allclose(filament_response_2d(plane, sigma), jerman(plane, sigma), atol=3e-4)


@pytest.mark.parametrize("shape", PLANES)
@pytest.mark.parametrize("sigma", [0.4, 1, 1.5, 3])
def test_filament_response_by_plane_is_that_of_plane_and_projection_side_by_side(shape, sigma):
    image = noise(shape)
    np.testing.assert_allclose(filament_response_by_plane(image, sigma), jerman_by_plane(image, sigma), atol=3e-4)


def test_the_strongest_ridge_counts_wherever_it_is():
    """In the plane, far off in the projection, or at the seam where the two touch: planes and projection with one bright speck each."""
    for column in (2, 20, 58):
        image = 0.1 * noise((3, 30, 60))
        image[1, 15, column] = 5
        np.testing.assert_allclose(filament_response_by_plane(image, 1), jerman_by_plane(image, 1), atol=3e-4)


def test_a_tube_responds_and_a_sheet_and_the_background_do_not():
    z, y, x = np.indices((21, 32, 32))
    tube = np.exp(-((z - 10) ** 2 + (y - 16) ** 2) / 8)
    sheet = np.exp(-((y - 16) ** 2) / 8)
    assert filament_response_3d(tube, 2)[10, 16].min() > 0.99
    assert filament_response_3d(tube, 2)[10, 2].max() < 1e-3
    assert filament_response_3d(sheet, 2)[10, 16].max() < 1e-3
    assert filament_response_by_plane(sheet, 2)[:, 16, :-3].min() > 0.99


def test_dark_lines_and_constant_images_do_not_respond():
    dark = np.ones((5, 20, 20))
    dark[2, 10] = 0
    assert filament_response_3d(dark, 1)[2, 10].max() == 0
    assert filament_response_2d(dark[2], 1)[10].max() == 0
    constant = np.full((4, 37, 45), 0.3)
    for response in (filament_response_3d, filament_response_by_plane):
        assert response(constant, 1.5).max() == 0
    for response in (spot_response_3d, spot_response_by_plane):  # the weights, cut at 4 sigma, do not quite sum to 0
        assert np.abs(response(constant, 1.5)).max() < 1e-3
    for find in (filaments_3d, filaments_by_plane, spots_3d, spots_by_plane):
        assert not find(np.zeros((4, 9, 12)), [1, 2], [0.01, 0.01]).any()


@pytest.mark.parametrize("scale", [1e-8, 1e8])
def test_the_filament_response_does_not_depend_on_the_unit_of_the_intensities(scale):
    image = noise((6, 20, 25))
    np.testing.assert_allclose(filament_response_3d(image * np.float32(scale), 1), filament_response_3d(image, 1), atol=1e-3)
    np.testing.assert_allclose(filament_response_by_plane(image * np.float32(scale), 1), filament_response_by_plane(image, 1), atol=1e-3)


@pytest.mark.parametrize("shape", [(3, 1, 1), (3, 3, 3), (4, 7, 1), (3, 4, 40), (7, 50, 23), (40, 5, 3)])
@pytest.mark.parametrize("sigma", [0.1, 0.5, 1, 2.5])
def test_spot_response_3d_is_that_of_scipy(shape, sigma):
    image = noise(shape)
    expected = -(sigma**2) * ndimage.gaussian_laplace(image.astype(float), sigma)
    np.testing.assert_allclose(spot_response_3d(image, sigma), expected, atol=3e-6)


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 6, 9), (2, 17, 5), (5, 1, 4), (3, 50, 23)])
@pytest.mark.parametrize("sigma", [0.5, 1, 2.5])
def test_spot_response_by_plane_is_that_of_scipy(shape, sigma):
    image = noise(shape)
    expected = [-(sigma**2) * ndimage.gaussian_laplace(plane.astype(float), sigma) for plane in image]
    np.testing.assert_allclose(spot_response_by_plane(image, sigma), expected, atol=3e-6)


@pytest.mark.parametrize(
    ("find", "respond"),
    [
        (filaments_3d, filament_response_3d),
        (filaments_by_plane, filament_response_by_plane),
        (spots_3d, spot_response_3d),
        (spots_by_plane, spot_response_by_plane),
    ],
)
def test_masks_are_responses_above_the_cutoff_joined_over_scales(find, respond):
    image = noise((6, 40, 37))
    cutoffs = [0.02, 0.03] if "spot" in find.__name__ else [0.05, 0.3]
    single = [respond(image, sigma) > cutoff for sigma, cutoff in zip([1, 2], cutoffs)]
    joined = find(image, [1, 2], cutoffs)
    assert joined.dtype == bool
    assert min((single[0] & ~single[1]).sum(), (single[1] & ~single[0]).sum()) > 20
    assert (joined != (single[0] | single[1])).sum() <= 1


def test_filaments_in_plane_are_the_response_of_one_plane_alone():
    plane = noise((1, 40, 37))[0]
    expected = (filament_response_2d(plane, 1) > 0.2) | (filament_response_2d(plane, 2) > 0.1)
    found = filaments_in_plane(plane, [1, 2], [0.2, 0.1])
    assert found.any()
    assert (found != expected).sum() <= 1


@pytest.mark.parametrize("find", [filaments_3d, filaments_by_plane])
def test_cutoffs_0_and_1_keep_every_ridge_and_none(find):
    image = noise((5, 20, 30))
    response = {filaments_3d: filament_response_3d, filaments_by_plane: filament_response_by_plane}[find](image, 1)
    np.testing.assert_array_equal(find(image, [1], [0]), response > 0)
    assert not find(image, [1], [1]).any()


@pytest.mark.parametrize("respond", [filament_response_3d, spot_response_3d])
@pytest.mark.parametrize("axes", [(2, 1, 0), (0, 2, 1), (1, 0, 2)])
def test_3d_responses_do_not_prefer_an_axis_or_a_direction(respond, axes):
    image = noise((6, 19, 35))
    np.testing.assert_allclose(respond(image.transpose(axes), 1), respond(image, 1).transpose(axes), atol=3e-4)
    for axis in range(3):
        np.testing.assert_allclose(respond(np.flip(image, axis), 1), np.flip(respond(image, 1), axis), atol=3e-4)


FUNCTIONS = [
    lambda x: filament_response_3d(x, 1),
    lambda x: filament_response_by_plane(x, 1),
    lambda x: filaments_3d(x, [1], [0.1]),
    lambda x: filaments_by_plane(x, [1], [0.1]),
    lambda x: spot_response_3d(x, 1),
    lambda x: spot_response_by_plane(x, 1),
    lambda x: spots_3d(x, [1], [0.1]),
    lambda x: spots_by_plane(x, [1], [0.1]),
]


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("dtype", ["u1", "i2", "f2", "f8", ">f4"])
def test_layout_and_permission_do_not_matter_and_the_input_stays(function, dtype):
    image = np.random.default_rng(0).integers(0, 100, (4, 13, 12)).astype(dtype)
    kept = image.copy()
    expected = function(image)
    np.testing.assert_array_equal(image, kept)
    np.testing.assert_array_equal(function(image.astype("f4")), expected)
    spread = np.zeros((8, 13, 24), dtype)[::2, :, ::2]
    spread[:] = image
    locked = np.asfortranarray(image, np.float32)
    locked.flags.writeable = False
    frozen = image.astype("f4")
    frozen.flags.writeable = False
    for same in (spread, locked, frozen):
        np.testing.assert_array_equal(function(same), expected)
    assert not np.shares_memory(expected, image)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x: filaments_3d(x[:2], [1], [0.1]), ValueError, "smooth has 2 plane.*needs at least 3"),
        (lambda x: filament_response_3d(x[:, :2], 1), ValueError, "needs at least 3 x 3 pixels"),
        (lambda x: spots_3d(x[:2], [1], [0.1]), ValueError, "smooth has 2 plane.*needs at least 3"),
        (lambda x: filaments_by_plane(x[:, :, :2], [1], [0.1]), ValueError, "needs at least 3 x 3 pixels"),
        (lambda x: filaments_in_plane(x, [1], [0.1]), ValueError, r"plane must be \(Y, X\)"),
        (lambda x: filament_response_2d(x[0, :2], 1), ValueError, "needs at least 3 x 3 pixels"),
        (lambda x: filaments_3d(x, [1, 2], [0.1]), ValueError, "same length"),
        (lambda x: filaments_3d(x, 1, 0.1), TypeError, "must be a list of numbers"),
        (lambda x: filaments_by_plane(x, [1], [1.5]), ValueError, "cutoffs must be at least 0 and at most 1, got 1.5"),
        (lambda x: spots_by_plane(x, [0], [0.1]), ValueError, "sigmas must be greater than 0"),
        (lambda x: spot_response_3d(x, "1"), TypeError, "sigma must be a number"),
        (lambda x: filaments_3d(np.full_like(x, np.nan), [1], [0.1]), ValueError, "NaN"),
    ],
)
def test_what_makes_no_sense_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call(noise((4, 8, 9)))


def large_enough(mask: np.ndarray, size: int) -> np.ndarray:
    labels, _ = ndimage.label(mask)
    keep = np.bincount(labels.ravel()) >= size
    keep[0] = False
    return keep[labels]


REFERENCE = {
    "tjp1": ("junction", lambda raw: filaments_3d(gaussian(auto_contrast(raw, 3, 17), 1), [1.5], [0.2]), 15),
    "tomm20": ("tubule", lambda raw: filaments_by_plane(gaussian(auto_contrast(raw, 3.5, 15), 1), [1.5], [0.16]), 10),
    "tuba1b": ("filament", lambda raw: filaments_3d(edge_preserving(auto_contrast(raw, 1.5, 8)), [1], [0.01]), 20),
    "actb": ("filament", lambda raw: filaments_3d(edge_preserving(auto_contrast(raw, 3, 15)), [2, 1], [0.1, 0.04]), 15),
    "lmnb1_mitotic": ("shell", lambda raw: filaments_by_plane(gaussian(min_max(raw, 4000), 1), [0.5], [0.01]), 5),
}


@pytest.mark.real_data
@pytest.mark.parametrize("workflow", REFERENCE)
def test_published_masks_are_reproduced_to_the_voxel(shared, workflow):
    import tifffile

    name, segment, size = REFERENCE[workflow]
    found = large_enough(segment(tifffile.imread(shared / "reference" / "inputs" / f"{name}.tif")), size)
    expected = tifffile.imread(shared / "reference" / "masks" / f"{workflow}.tif") > 0
    assert (found != expected).sum() == 0


@pytest.mark.parametrize(
    ("function", "times_the_input"),
    [
        (lambda x: gaussian(x, 1), 1.1),
        (edge_preserving, 2.1),
        (lambda x: filaments_3d(x, [1, 2], [0.1, 0.1]), 1.5),
        (lambda x: filaments_by_plane(x, [1, 2], [0.1, 0.1]), 0.7),
        (lambda x: spots_3d(x, [1, 2], [0.1, 0.1]), 0.4),
        (lambda x: spots_by_plane(x, [1, 2], [0.1, 0.1]), 0.4),
    ],
)
def test_memory_beyond_the_input_stays_small(function, times_the_input):
    image = noise((64, 96, 96))
    function(image[:3])
    tracemalloc.start()
    function(image)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < times_the_input * image.nbytes
