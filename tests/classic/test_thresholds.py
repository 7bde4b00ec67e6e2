"""Cutoffs: against scikit-image, numpy and a plain loop over objects."""

import numpy as np
import pytest
from chains import auto_contrast, gaussian, reference_input, reference_mask, spots_3d, spots_by_plane
from scipy import ndimage
from skimage.filters import threshold_otsu, threshold_triangle
from skimage.morphology import ball

from helpers import classic


def images():
    generator = np.random.default_rng(0)
    for shape in [(1, 1, 2), (1, 1, 301), (1, 17, 19), (5, 1, 40), (7, 13, 1), (9, 31, 33)]:
        uniform = generator.random(shape, dtype=np.float32)
        yield uniform
        yield np.exp(4 * uniform)
        yield -(uniform**5)
        yield np.round(uniform * 20)
        yield uniform / 100 + 100
        yield np.full(shape, 3.25, np.float32)
    big = np.zeros((4, 600, 700), np.float32)  # several pieces of work
    big[:, 100:300] = generator.random((4, 200, 700))
    yield big


@pytest.mark.parametrize("image", list(images()), ids=lambda image: "x".join(map(str, image.shape)))
@pytest.mark.filterwarnings("ignore:.*RGB", "ignore:.*color image")
def test_cutoffs_are_exactly_those_of_scikit_image_and_numpy(image):
    assert classic.otsu(image) == threshold_otsu(image)
    assert classic.triangle(image) == threshold_triangle(image)
    assert classic.median(image) == np.median(image.astype(float))


def test_cutoffs_do_not_depend_on_layout_and_leave_the_image_alone():
    image = np.random.default_rng(1).gamma(2, 100, (6, 20, 30)).astype(np.float32)
    frozen = image.copy()
    frozen.flags.writeable = False
    for function in (classic.otsu, classic.triangle, classic.median):
        expected = function(image)
        assert function(frozen) == function(np.asfortranarray(image)) == function(np.repeat(image, 2, 2)[..., ::2]) == expected
    assert isinstance(classic.otsu(frozen), float)
    np.testing.assert_array_equal(image, frozen)


def test_integers_and_doubles_are_taken_as_float32():
    image = np.random.default_rng(2).integers(0, 4000, (5, 20, 30)).astype(np.uint16)
    for function in (classic.otsu, classic.triangle, classic.median):
        assert function(image) == function(image.astype(np.float32)) == function(image.astype(float))


def test_otsu_separates_two_populations():
    generator = np.random.default_rng(3)
    image = generator.normal(10, 1, (4, 50, 50))
    image[:, :20] += 20
    assert 12 < classic.otsu(image) < 28
    mask = classic.otsu_mask(image, 1.2)
    assert mask[:, :20].all()
    assert not mask[:, 20:].any()
    assert classic.otsu_mask(image, 2.4).sum() < mask.sum() <= classic.otsu_mask(image, 0.5).sum()
    np.testing.assert_array_equal(classic.otsu_mask(image, 0.7), image.astype(np.float32) > np.float32(0.7 * classic.otsu(image)))
    assert not classic.otsu_mask(np.ones((2, 3, 4))).any()


def published_middle(image):
    """Two Otsu splits, the second of the profile along z, in double loops over the definition."""
    profile = [np.count_nonzero(plane > threshold_otsu(image)) + 1e-5 for plane in image]
    position = [z / (len(image) - 1) for z in range(len(image))]
    best = []
    for cut in range(1, len(image)):
        weights = sum(profile[:cut]), sum(profile[cut:])
        means = [np.dot(profile[part], position[part]) / weight for part, weight in zip((slice(cut), slice(cut, None)), weights)]
        best.append(weights[0] * weights[1] * (means[0] - means[1]) ** 2)
    return round(position[int(np.argmax(best))] * len(image))


@pytest.mark.parametrize("seed", range(12))
def test_middle_plane_is_that_of_the_definition(seed):
    generator = np.random.default_rng(seed)
    planes = int(generator.integers(3, 40))
    image = generator.random((planes, 20, 25), dtype=np.float32) * generator.random((planes, 1, 1), dtype=np.float32) ** 2
    assert classic.middle_plane(image) == published_middle(image)


def test_middle_plane_lies_between_bottom_and_top():
    cells = np.zeros((30, 20, 20))
    cells[5:7, 2:18, 2:18] = cells[21:23, 2:18, 2:18] = 1
    cells[5:23, 2, 2:18] = 1
    assert 12 <= classic.middle_plane(cells) <= 15


def test_middle_plane_of_equal_planes_is_in_the_stack_and_of_a_constant_stack_is_an_error():
    equal = np.broadcast_to(np.arange(20.0).reshape(1, 4, 5), (9, 4, 5))
    assert 3 <= classic.middle_plane(equal) <= 5
    with pytest.raises(ValueError, match="smooth has the value 1 everywhere"):
        classic.middle_plane(np.ones((9, 4, 5)))
    with pytest.raises(ValueError, match="smooth has 2 plane"):
        classic.middle_plane(np.zeros((2, 4, 5)))


def cells(seed, shape=(12, 60, 70)):
    """Blobs of different brightness on a background, with finer structure inside."""
    generator = np.random.default_rng(seed)
    rough = ndimage.gaussian_filter(generator.standard_normal(shape), 4)
    bright = ndimage.gaussian_filter(generator.standard_normal(shape), 1.5)
    dim = np.linspace(0.3, 1, shape[2])
    return (dim * (np.clip(rough / rough.std(), 0, None) + 0.2 * bright / bright.std() * (rough > 0))).astype(np.float32)


def plain_otsu_in_objects(smooth, objects, adjust, ratio):
    labels, count = ndimage.label(objects)
    mask = np.zeros(smooth.shape, bool)
    for label in range(1, count + 1):
        inside = labels == label
        otsu = threshold_otsu(smooth[inside])
        if not ratio or otsu > ratio * threshold_otsu(smooth):
            mask |= inside & (smooth > np.float32(float(otsu) * adjust))
    return mask


@pytest.mark.parametrize(("adjust", "ratio"), [(0.98, 0), (1.0, 0.333), (1.2, 0), (1.0, 1.0)])
@pytest.mark.parametrize("seed", range(3))
def test_otsu_in_objects_is_a_loop_over_objects(seed, adjust, ratio):
    smooth = cells(seed)
    for objects in (smooth > 0.3, smooth > 0.8, np.ones(smooth.shape, bool), np.zeros(smooth.shape, bool)):
        expected = plain_otsu_in_objects(smooth, objects, adjust, ratio)
        np.testing.assert_array_equal(classic.otsu_in_objects(smooth, objects, adjust, ratio), expected)


def test_otsu_in_many_objects_of_a_voxel_or_two():
    generator = np.random.default_rng(4)
    smooth = generator.random((3, 41, 43), dtype=np.float32) + 0.5
    objects = generator.random(smooth.shape) < 0.2
    np.testing.assert_array_equal(classic.otsu_in_objects(smooth, objects, 0.98), plain_otsu_in_objects(smooth, objects, 0.98, 0))


@pytest.mark.parametrize("method", ["triangle", "median", "average"])
@pytest.mark.parametrize("radius", [0, 1, 2, 3])
def test_rough_objects_are_thresholded_filtered_and_grown(method, radius):
    smooth = cells(5)
    cutoffs = {"triangle": float(threshold_triangle(smooth)), "median": float(np.median(smooth))}
    cutoffs["average"] = (cutoffs["triangle"] + cutoffs["median"]) / 2
    labels, _ = ndimage.label(smooth > np.float32(cutoffs[method]))
    sizes = np.bincount(labels.ravel())
    expected = (labels > 0) & (sizes[labels] >= 60)
    if radius:
        expected = ndimage.binary_dilation(expected, ball(radius))
    found = classic.rough_objects(smooth, method, minimum_size=60, dilate=radius)
    np.testing.assert_array_equal(found, expected)
    assert found.any()


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 1, 5), (1, 9, 2), (6, 1, 1), (3, 4, 70)])
def test_objects_grow_in_stacks_of_any_shape(shape):
    smooth = np.random.default_rng(6).random(shape, dtype=np.float32)
    smooth[0, 0, 0] = 2
    expected = ndimage.binary_dilation(smooth > np.float32(np.median(smooth)), ball(3))
    np.testing.assert_array_equal(classic.rough_objects(smooth, "median", minimum_size=0, dilate=3), expected)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda i: classic.otsu(i[0]), r"image must be \(Z, Y, X\)"),
        (lambda i: classic.triangle(i > 0), "image is a mask"),
        (lambda i: classic.median(np.where(i > 0.9, np.nan, i)), "NaN or infinite"),
        (lambda i: classic.otsu_mask(i, 0), "factor must be greater than 0"),
        (lambda i: classic.rough_objects(i, "otsu", minimum_size=3), "method must be one of triangle, median, average, got 'otsu'"),
        (lambda i: classic.rough_objects(i, minimum_size=-3), "minimum_size must be at least 0"),
        (lambda i: classic.rough_objects(i, minimum_size=3, dilate=1.5), "dilate must be a whole number"),
        (lambda i: classic.otsu_in_objects(i, i[:2] > 0.5), "smooth and objects must have the same shape"),
        (lambda i: classic.otsu_in_objects(i, i), "objects must be bool"),
        (lambda i: classic.otsu_in_objects(i, i > 0.5, -1), "adjust must be greater than 0"),
        (lambda i: classic.otsu_in_objects(i, i > 0.5, 1, -1), "minimum_otsu_ratio must be at least 0"),
    ],
)
def test_errors_say_what_came_and_what_was_wanted(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call(np.random.default_rng(7).random((4, 5, 6)))


@pytest.mark.real_data
def test_fibrillarin_is_that_of_the_published_program(shared):
    smooth = gaussian(auto_contrast(reference_input(shared, "nucleoli"), 0.5, 18), 1)
    rough = classic.rough_objects(smooth, "average", minimum_size=700)
    mask = classic.otsu_in_objects(smooth, rough, 1.0) | classic.remove_small(spots_by_plane(smooth, 1) > 0.01, 5)
    np.testing.assert_array_equal(classic.remove_small(mask, 5), reference_mask(shared, "fbl"))


@pytest.mark.real_data
def test_nucleophosmin_is_that_of_the_published_program(shared):
    smooth = gaussian(auto_contrast(reference_input(shared, "nucleoli"), 0.5, 15), 1)
    rough = classic.rough_objects(smooth, "average", minimum_size=700, dilate=2)
    mask = classic.otsu_in_objects(smooth, rough, 0.98, 0.333) | (rough & (spots_by_plane(smooth, 2) > 0.025))
    dark = (spots_by_plane(1 - smooth, 2) > 0.025) | (spots_by_plane(1 - smooth, 1) > 0.025)
    np.testing.assert_array_equal(classic.remove_small(mask & ~dark, 5), reference_mask(shared, "npm1"))


@pytest.mark.real_data
def test_golgi_is_that_of_the_published_program_up_to_its_random_ties(shared):
    smooth = gaussian(auto_contrast(reference_input(shared, "golgi"), 9, 19), 1)
    rough = classic.rough_objects(smooth, "triangle", minimum_size=1200, dilate=2)
    mask = classic.thin(classic.otsu_in_objects(smooth, rough, 0.98), 1.6) | (spots_3d(smooth, 1.6) > 0.02)
    found, truth = classic.remove_small(mask, 10), reference_mask(shared, "st6gal1")
    assert 2 * (found & truth).sum() / (found.sum() + truth.sum()) >= 0.999
