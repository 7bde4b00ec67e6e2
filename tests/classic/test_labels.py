"""Labels, seeds and watersheds, against scikit-image voxel for voxel."""

import heapq

import numpy as np
import pytest
from chains import auto_contrast, gaussian, min_max, reference_input, reference_mask, ridges, spots_3d
from scipy import ndimage
from skimage.feature import peak_local_max
from skimage.measure import label, regionprops
from skimage.morphology import ball, remove_small_objects
from skimage.segmentation import watershed

from helpers import classic
from helpers.classic.labels import intensity_levels

SHAPES = [(1, 1, 1), (1, 1, 9), (1, 7, 1), (5, 1, 1), (1, 6, 8), (4, 1, 11), (3, 5, 1), (9, 7, 5), (6, 13, 17), (17, 9, 8)]


def random_seeds(generator, shape, count):
    seeds = np.zeros(shape, int)
    places = generator.choice(seeds.size, min(count, seeds.size), replace=False)
    seeds.flat[places] = np.arange(len(places)) + 1
    return seeds


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_components_are_numbered_as_in_scikit_image(shape):
    generator = np.random.default_rng(0)
    for density in (0, 0.05, 0.3, 0.6, 1):
        mask = generator.random(shape) < density
        np.testing.assert_array_equal(classic.components(mask), label(mask, connectivity=3))
        np.testing.assert_array_equal(classic.components(mask, 6), label(mask, connectivity=1))
    assert classic.components(mask).dtype == np.int32


def flooded_images(generator, shape):
    """Yield images without two equal voxels, of all kinds of numbers."""
    yield generator.permutation(np.prod(shape)).reshape(shape).astype(np.uint16)
    yield generator.permutation(np.prod(shape)).reshape(shape).astype(np.int64) - 50
    yield (generator.permutation(np.prod(shape)).reshape(shape) ** 3 - 1e6).astype(np.float32)
    yield ndimage.gaussian_filter(generator.random(shape), 1)
    yield np.exp(20 * ndimage.gaussian_filter(generator.random(shape), 1)).astype(np.float32)


@pytest.mark.parametrize("many", [2**16, 1], ids=["lists", "buckets"])
@pytest.mark.parametrize("line", [True, False])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_flood_is_the_watershed_of_scikit_image(shape, line, many, monkeypatch):
    monkeypatch.setattr("helpers._kernels.watershed.MANY", many)
    monkeypatch.setattr("helpers._kernels.watershed.BUCKETS", 11 if many > 1 else 1)
    generator = np.random.default_rng(1)
    for image in flooded_images(generator, shape):
        touching = (generator.random(shape) < 0.4) * generator.integers(1, 4, shape)
        touching.flat[0] = 1
        bottom = random_seeds(generator, shape, 4) + 1
        bottom[bottom == 1] = 0
        bottom[0] = 1
        for seeds in (random_seeds(generator, shape, 1), random_seeds(generator, shape, 5), touching, bottom):
            before = image.copy()
            np.testing.assert_array_equal(classic.flood(image, seeds, line), watershed(image, seeds, watershed_line=line))
            np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize("line", [True, False])
@pytest.mark.parametrize("levels", [None, 65535])
def test_flood_of_a_smooth_volume_is_that_of_scikit_image(levels, line):
    generator = np.random.default_rng(2)
    image = ndimage.gaussian_filter(generator.random((25, 60, 71)), 3)
    image = ((image - image.min()) / (image.max() - image.min())).astype(np.float32)
    if levels:
        image = np.round(image * levels).astype(np.uint16)
    seeds = random_seeds(generator, image.shape, 9)
    np.testing.assert_array_equal(classic.flood(image, seeds, line), watershed(image, seeds, watershed_line=line))


def test_intensities_of_all_kinds_are_flooded_in_their_order():
    """Only the order counts: of small and large, negative and far apart numbers."""
    generator = np.random.default_rng(6)
    steps = generator.integers(0, 40, (7, 16, 18))
    seeds = random_seeds(generator, steps.shape, 5)
    expected = classic.flood(steps, seeds)
    assert len(np.unique(expected)) > 3
    for image in (
        steps.astype(np.uint8),
        (steps * 6 - 120).astype(np.int8),
        (steps + 65_000).astype(np.uint16),
        (steps - 2**31).astype(np.int32),
        steps * 50_000_000 - 10**9,
        steps.astype(np.uint64) + np.uint64(2**63),
        steps - 1e-3,
        (steps * 0.25).astype(np.float16),
    ):
        np.testing.assert_array_equal(classic.flood(image, seeds), expected)
        levels = intensity_levels(image)
        assert levels.dtype == np.int32
        np.testing.assert_array_equal(np.unique(levels, return_inverse=True)[1].reshape(levels.shape), steps)
        np.testing.assert_array_equal(classic.flood(levels, seeds), expected)


# Levels and labels are flooded as numbers of 16 bits, where there are few enough of both together, or of 32, or 64.
@pytest.mark.parametrize("highest", [2**15 - 9, 2**15 - 8, 2**31 - 9, 2**31 - 8, 2**31 - 1])
def test_flood_takes_labels_of_any_size(highest):
    generator = np.random.default_rng(5)
    image = generator.integers(0, 9, (6, 15, 17))
    seeds = random_seeds(generator, image.shape, 6)
    named = np.concatenate([[0], highest - np.arange(seeds.max())])  # other names for the same seeds
    np.testing.assert_array_equal(classic.flood(image, named[seeds]), named[classic.flood(image, seeds)])


@pytest.mark.parametrize("brightest", [2**15 - 4, 2**15 - 3, 2**16 - 1])
def test_flood_takes_as_many_levels_as_a_camera_has(brightest):
    generator = np.random.default_rng(7)
    image = generator.integers(0, 9, (6, 15, 17))
    image[3, 7, 8:] += brightest - 8  # the last to be flooded
    image[0, 0, 0], image[3, 7, 8] = 0, brightest
    seeds = random_seeds(generator, image.shape, 3)
    assert (image.min(), image.max(), seeds.max()) == (0, brightest, 3)
    np.testing.assert_array_equal(classic.flood(image, seeds), watershed(image, seeds, watershed_line=True))


def test_flood_of_plateaus_shares_them_between_the_seeds():
    """Equal voxels are flooded in the order in which they are reached: each seed gets what is closer to it."""
    labels = classic.flood(
        np.zeros((1, 3, 21)), np.eye(1, 63, 0, dtype=int).reshape(1, 3, 21) + 2 * np.eye(1, 63, 20, dtype=int).reshape(1, 3, 21), False
    )
    assert (labels[..., :10] == 1).all()
    assert (labels[..., 11:] == 2).all()


def test_flood_closes_a_shell_with_a_gap():
    """Two regions with a bright wall that has a faint spot: the floods meet on the wall, also there."""
    image = np.random.default_rng(3).random((9, 20, 30)).astype(np.float32) * 0.1
    image[:, :, 15] = 1
    image[4, 10, 15] = 0.3
    seeds = np.zeros(image.shape, int)
    seeds[4, 10, 3], seeds[4, 10, 25] = 1, 2
    labels = classic.flood(image, seeds)
    assert (labels[:, :, 15] == 0).all()
    assert (labels[:, :, :15] == 1).all()
    assert (labels[:, :, 16:] == 2).all()


def test_flood_takes_read_only_and_strided_arrays():
    generator = np.random.default_rng(4)
    image = generator.random((5, 8, 9)).astype(np.float32)
    seeds = random_seeds(generator, image.shape, 4)
    expected = classic.flood(image, seeds)
    for array in (image, seeds):
        array.flags.writeable = False
    np.testing.assert_array_equal(classic.flood(image, seeds), expected)
    np.testing.assert_array_equal(classic.flood(np.asfortranarray(image), np.repeat(seeds, 2, 0)[::2].astype(np.uint8)), expected)
    assert classic.flood(image, seeds).dtype == np.int32


@pytest.mark.parametrize("distance", [1, 2, 3])
def test_local_maxima_are_those_of_scikit_image(distance):
    generator = np.random.default_rng(5)
    for trial in range(60):
        shape = tuple(generator.integers(2 * distance + 1, 16, 3))
        image = generator.random(shape, dtype=np.float32)
        if trial % 3:  # plateaus, flat objects
            image = np.round(image * (5 - 2 * (trial % 3))).astype(np.float32)
        mask = generator.random(shape) < generator.choice([0.02, 0.05, 0.1, 0.3, 0.7, 1.0])
        if trial % 4 == 0:
            mask = ndimage.binary_opening(ndimage.gaussian_filter(generator.random(shape), 1) > 0.5)
        peaks = np.zeros(shape, bool)
        if mask.any():
            peaks[tuple(peak_local_max(image, labels=label(mask), min_distance=distance).T)] = True
        expected = label(ndimage.binary_dilation(peaks, ball(1)))
        np.testing.assert_array_equal(classic.local_maxima(image, mask, distance), expected)


def test_local_maxima_finds_one_seed_for_each_spot():
    z, y, x = np.indices((11, 30, 30))
    image = sum(np.exp(-((z - 5) ** 2 + (y - 15) ** 2 + (x - centre) ** 2) / 8) for centre in (10, 17)).astype(np.float32)
    mask = image > 0.3
    assert classic.components(mask).max() == 1
    seeds = classic.local_maxima(image, mask)
    assert seeds.max() == 2
    assert seeds.dtype == np.int32
    assert seeds[5, 15, 10] == 1
    assert seeds[5, 15, 17] == 2
    labels = classic.split_touching(mask, seeds)
    assert set(np.unique(labels)) == {0, 1, 2}
    assert classic.components(labels > 0, 6).max() == 2
    assert (mask & (labels == 0)).sum() < 0.1 * mask.sum()


@pytest.mark.parametrize("seed", range(6))
def test_split_touching_without_touching_floods_is_the_watershed_of_scikit_image(seed):
    """Where only one seed is in each object there is no line, and no tie matters."""
    generator = np.random.default_rng(seed)
    mask = ndimage.gaussian_filter(generator.random((9, 25, 31)), 1.2) > 0.51
    seeds = np.zeros(mask.shape, np.int32)
    for index, region in enumerate(regionprops(label(mask, connectivity=1))):
        if index % 4:
            seeds[tuple(region.coords[len(region.coords) // 2])] = index + 1
    depth = ndimage.distance_transform_edt(mask)
    np.testing.assert_array_equal(classic.split_touching(mask, seeds), watershed(-depth, seeds, mask=mask, watershed_line=True))


def plain_flood(levels, seeds, mask, line, beyond):
    """Watershed with a heap of (level, time of entry, voxel, label); seeds enter in the order of a scan."""
    labels, blocked, entered = seeds * mask, ~mask, (seeds * mask) > 0
    heap = [(levels[voxel], time, voxel, labels[voxel]) for time, voxel in enumerate(zip(*map(list, labels.nonzero())))]
    heapq.heapify(heap)
    time = len(heap)
    while heap:
        _, _, voxel, flooding = heapq.heappop(heap)
        around = [tuple(np.add(voxel, step)) for step in [(-1, 0, 0), (0, -1, 0), (0, 0, -1), (0, 0, 1), (0, 1, 0), (1, 0, 0)]]
        around = [near for near in around if all(0 <= i < n for i, n in zip(near, labels.shape))]
        if line and any(labels[near] not in (0, flooding) and not blocked[near] for near in around):
            blocked[voxel] = True
            if not beyond:
                continue
        else:
            labels[voxel] = flooding
        for near in around:
            if not entered[near] and not blocked[near]:
                entered[near] = True
                heapq.heappush(heap, (levels[near], time, near, flooding))
                time += 1
    return labels


@pytest.mark.parametrize("seed", range(6))
def test_watersheds_with_ties_are_those_of_a_plain_heap(seed):
    generator = np.random.default_rng(seed)
    shape = tuple(generator.integers(5, 14, 3))
    mask = ndimage.gaussian_filter(generator.random(shape), 1) > 0.48
    seeds = classic.local_maxima(generator.random(shape), mask) if seed % 2 else random_seeds(generator, shape, 9)
    depth = ndimage.distance_transform_edt(mask)
    np.testing.assert_array_equal(classic.split_touching(mask, seeds), plain_flood(-depth, seeds, mask, True, False))
    image = np.round(ndimage.gaussian_filter(generator.random(shape), 1) * 30)
    seeds[0] = 1
    for line in (True, False):
        everywhere = np.ones(shape, bool)
        np.testing.assert_array_equal(classic.flood(image, seeds, line), plain_flood(image, seeds, everywhere, line, True))


def test_split_touching_of_spots_is_nearly_that_of_scikit_image():
    """Floods go on beyond the line there, and seeds of equal depth are taken in no particular order: a few voxels differ."""
    generator = np.random.default_rng(0)
    image = ndimage.gaussian_filter(generator.random((16, 90, 100)), 1.5)
    mask = image > np.quantile(image, 0.95)
    seeds = classic.local_maxima(image, mask)
    expected = watershed(-ndimage.distance_transform_edt(mask), seeds * mask, mask=mask, watershed_line=True)
    found = classic.split_touching(mask, seeds)
    assert ((expected == 0) & mask & (seeds.max() > 50)).any()
    assert (found != expected).sum() < 0.03 * mask.sum()


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_split_touching_of_empty_and_full_masks(shape):
    seeds = np.zeros(shape, int)
    seeds.flat[0] = 7
    assert not classic.split_touching(np.zeros(shape, bool), seeds).any()
    assert (classic.split_touching(np.ones(shape, bool), seeds) == 7).all()
    assert not classic.split_touching(np.ones(shape, bool), 0 * seeds).any()


def test_seeds_in_plane_lie_at_the_centroids():
    generator = np.random.default_rng(6)
    plane = ndimage.gaussian_filter(generator.random((50, 60)), 2) > 0.51
    large = remove_small_objects(plane, max_size=19, connectivity=1)
    expected = np.zeros((7, 50, 60), int)
    expected[0] = 1
    for number, region in enumerate(regionprops(label(large, connectivity=2)), start=2):
        y, x = np.round(region.centroid).astype(int)
        expected[3, y, x] = number
    seeds = classic.seeds_in_plane(plane, 3, (7, 50, 60), 20)
    np.testing.assert_array_equal(seeds, expected)
    assert seeds.max() > 3
    assert seeds.dtype == np.int32
    assert set(np.unique(classic.seeds_in_plane(plane, 3, (7, 50, 60), 10**6))) == {0, 1}


@pytest.mark.parametrize("radius", [1, 2.5, 6, 100])
def test_seeds_of_a_radius_are_discs_inside_their_objects(radius):
    plane = ndimage.gaussian_filter(np.random.default_rng(6).random((50, 60)), 2) > 0.51
    expected = classic.seeds_in_plane(plane, 3, (7, 50, 60), 20)
    objects = label(remove_small_objects(plane, max_size=19, connectivity=1), connectivity=2)
    rows, columns = np.indices(plane.shape)
    for number, (y, x) in enumerate((np.argwhere(expected[3] == seed)[0] for seed in range(2, expected.max() + 1)), start=1):
        expected[3][(objects == number) & ((rows - y) ** 2 + (columns - x) ** 2 <= radius**2)] = number + 1
    seeds = classic.seeds_in_plane(plane, 3, (7, 50, 60), 20, radius)
    np.testing.assert_array_equal(seeds, expected)
    assert (seeds > 1).sum() > 2 * seeds.max()


def test_a_disc_holds_an_object_whose_middle_voxel_is_bright():
    """Noise: the one voxel of the seed is brighter than the gap in the wall, through which the background comes first."""
    image = np.full((9, 31, 31), 10)
    image[2:7, 8:23, 8:23], image[3:6, 9:22, 9:22] = 100, 20  # a box with walls
    image[2, 15, 15], image[4, 15, 15] = 50, 80  # the gap, the middle
    body = image[4] == 20
    body[15, 15] = True
    found = [(classic.flood(image, classic.seeds_in_plane(body, 4, image.shape, 1, radius)) > 1).sum() for radius in (0, 2)]
    assert found[0] < 2
    assert found[1] == (image[3:6, 9:22, 9:22] > 0).sum()


def test_remove_small_labels_counts_all_parts_of_a_label():
    labels = np.array([[[1, 1, 0, 2, 0, 1, 3, 3]]])
    np.testing.assert_array_equal(classic.remove_small_labels(labels, 2), [[[1, 1, 0, 0, 0, 1, 3, 3]]])
    np.testing.assert_array_equal(classic.remove_small_labels(labels, 3), [[[1, 1, 0, 0, 0, 1, 0, 0]]])
    generator = np.random.default_rng(7)
    labels = generator.integers(0, 60, (5, 9, 11)) * (generator.random((5, 9, 11)) < 0.4)
    sizes = np.bincount(labels.ravel())
    np.testing.assert_array_equal(classic.remove_small_labels(labels, 4), np.where(sizes[labels] >= 4, labels, 0))
    assert not classic.remove_small_labels(0 * labels, 4).any()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda i: classic.components(i > 0.5, 18), "connectivity must be 26 .* or 6"),
        (lambda i: classic.components(i), "mask must be bool"),
        (lambda i: classic.local_maxima(i[:4], i[:4] > 0.5), "image has 4 plane.* needs at least 5"),
        (lambda i: classic.local_maxima(i, i[1:] > 0.5), "image and mask must have the same shape"),
        (lambda i: classic.local_maxima(i, i > 0.5, 0), "min_distance must be at least 1"),
        (lambda i: classic.split_touching(i > 0.5, i), "seeds must be an integer array"),
        (lambda i: classic.split_touching(i > 0.5, np.ones((3, 3, 3), int)), "mask and seeds must have the same shape"),
        (lambda i: classic.flood(i, np.zeros(i.shape, int)), "seeds has no seed"),
        (lambda i: classic.flood(i, -np.ones(i.shape, int)), "seeds must be between 0"),
        (lambda i: classic.flood(np.where(i > 0.9, np.inf, i), np.ones(i.shape, int)), "NaN or infinite"),
        (lambda i: classic.seeds_in_plane(i[0] > 0.5, 6, i.shape, 1), "plane_index must be .*at most 5"),
        (lambda i: classic.seeds_in_plane(i[0] > 0.5, 1, i.shape, 1, -1), "radius must be at least 0"),
        (lambda i: classic.seeds_in_plane(i[0] > 0.5, 1, (6, 9, 9), 1), r"shape must be \(Z, Y, X\) with Y and X of plane_mask \(7, 8\)"),
        (lambda i: classic.remove_small_labels(i, 3), "labels must be an integer array"),
        (lambda i: classic.remove_small_labels(np.ones((2, 2), int), 3), r"labels must be \(Z, Y, X\)"),
    ],
)
def test_errors_say_what_came_and_what_was_wanted(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call(np.random.default_rng(8).random((6, 7, 8)))


@pytest.mark.real_data
def test_peroxisomes_are_those_of_the_published_program(shared):
    normalized = auto_contrast(reference_input(shared, "spots"), 2, 36)
    mask = classic.remove_small(spots_3d(gaussian(normalized, (0, 1, 1)), 1) > 0.045, 3)
    labels = classic.split_touching(mask, classic.local_maxima(normalized, mask, 2))
    np.testing.assert_array_equal(classic.remove_small_labels(labels, 3) > 0, reference_mask(shared, "slc25a17"))


@pytest.mark.real_data
def test_rna_polymerase_blobs_are_those_of_the_published_program(shared):
    normalized = min_max(reference_input(shared, "spots_dim"), 1000)
    mask = classic.remove_small(spots_3d(gaussian(normalized, (0, 1, 1)), 1) > 0.03, 4)
    labels = classic.split_touching(mask, classic.local_maxima(normalized, mask, 2))
    found = classic.remove_columns(classic.remove_small_labels(labels, 4) > 0)
    np.testing.assert_array_equal(found, reference_mask(shared, "polr2a_blob"))


@pytest.mark.real_data
def test_nuclear_lamina_is_that_of_the_published_program(shared):
    normalized = min_max(reference_input(shared, "shell"), 4000)
    smooth = gaussian(normalized, 1)
    middle = classic.middle_plane(smooth)
    lamina = np.any([ridges(smooth[middle], sigma) > 0.01 for sigma in (1, 2, 3)], axis=0)
    nuclei = classic.fill_holes_in_plane(lamina, 400, 40000) ^ lamina
    seeds = classic.seeds_in_plane(nuclei, middle, smooth.shape, 400)
    found = classic.shell(classic.flood(normalized, seeds, line=True) > 1)
    np.testing.assert_array_equal(found, reference_mask(shared, "lmnb1_interphase"))
