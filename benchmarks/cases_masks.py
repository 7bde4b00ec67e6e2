"""Cases: thresholds, masks and labels, against scikit-image and scipy used plainly."""

import numpy as np

from benchmarks.cases_responses import overlap
from benchmarks.harness import Case


def field(shape, sigma, seed):
    """Return a smooth random field of unit variance."""
    from scipy import ndimage

    values = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal(shape, dtype=np.float32), sigma, mode="wrap")
    return values / values.std()


def tubes(shape):
    """Return a mask of crossing tubes with ragged borders and specks."""
    close = field(shape, 8, 0) ** 2 + field(shape, 8, 1) ** 2 + 0.01 * field(shape, 1, 2)
    return (close < 0.03,)


def nucleoli_image(shape):
    """Return smooth cells of different brightness with brighter bodies inside."""
    cells = np.clip(field(shape, (6, 16, 16), 3) - 0.8, 0, 0.4) * (1.5 + np.tanh(field(shape, (20, 60, 60), 4)))
    return (cells * (1 + np.clip(field(shape, 3, 5), 0, None)) + 0.02 * field(shape, 1, 6)).astype(np.float32)


def image(shape):
    return (nucleoli_image(shape),)


def image_with_few_objects(shape):
    smooth = nucleoli_image(shape)
    return smooth, plain_rough(smooth, 700, 0)


def image_with_many_objects(shape):
    smooth = nucleoli_image(shape)
    return smooth, plain_rough(smooth + 0.1 * field(shape, 2, 7), 30, 0)


def compartments(shape):
    """Return a mask of thick bodies."""
    return (nucleoli_image(shape) > 0.3,)


def spots(shape):
    """Return an image of spots and a mask of them; many touch."""
    spotted = field(shape, 1.5, 8)
    return spotted, spotted > 1.9


def spots_with_seeds(shape):
    from helpers import classic

    spotted, mask = spots(shape)
    return mask, classic.local_maxima(spotted, mask)


def membrane(shape, seed=9):
    """Return an image with 65536 grey values, bright where cells meet, a seed per cell in the middle plane, and one for all of plane 0."""
    generator = np.random.default_rng(seed)
    planes, height, width = shape
    wall = np.exp(-((field(shape, 10, seed) / 0.15) ** 2)) + 0.05 * field(shape, 1, seed + 1)
    wall = np.round((wall - wall.min()) / (wall.max() - wall.min()) * 65535).astype(np.float32)
    seeds = np.zeros(shape, np.int32)
    seeds[0] = 1
    count = height * width // 8000 + 2
    seeds[planes // 2, generator.integers(0, height, count), generator.integers(0, width, count)] = np.arange(count) + 2
    return wall, seeds


def small_membrane(shape):
    return membrane(tuple(size // 2 for size in shape))


def labelled_spots(shape):
    return (spots_labels(shape),)


def spots_labels(shape):
    from helpers import classic

    return classic.components(spots(shape)[1])


def classic(name, *parameters, **keywords):
    """Return a function that imports `helpers.classic` when it is called, so that the peer's process does not."""

    def call(*arguments):
        import helpers.classic

        return getattr(helpers.classic, name)(*arguments, *parameters, **keywords)

    return call


def library(module, name, *parameters, **keywords):
    """Return a function that imports a peer when it is called."""

    def call(*arguments):
        import importlib

        return getattr(importlib.import_module(module), name)(*arguments, *parameters, **keywords)

    return call


def plain_remove_small(mask):
    """Keep objects of 10 voxels, which is what scikit-image 0.26 calls removing up to 9."""
    from skimage.morphology import remove_small_objects

    return remove_small_objects(mask, max_size=9)


def plain_remove_small_by_plane(mask):
    return np.stack([plain_remove_small(plane) for plane in mask])


def plain_fill_holes_by_plane(mask, maximum=100):
    from skimage.measure import label

    filled = mask.copy()
    for z, plane in enumerate(mask):
        holes = label(~plane, connectivity=1)
        sizes = np.bincount(holes.ravel())
        fill = sizes <= maximum
        fill[0] = False
        filled[z] |= fill[holes]
    return filled


def plain_rough(smooth, minimum_size=700, radius=2):
    from skimage.filters import threshold_triangle
    from skimage.morphology import ball, dilation, remove_small_objects

    objects = remove_small_objects(smooth > (threshold_triangle(smooth) + np.median(smooth)) / 2, max_size=minimum_size - 1)
    return dilation(objects, ball(radius)) if radius else objects


def plain_otsu_in_objects(smooth, objects, adjust=0.98):
    """Take each object in its bounding box (the published program searches the whole stack for each)."""
    from scipy import ndimage
    from skimage.filters import threshold_otsu
    from skimage.measure import label

    labels = label(objects, connectivity=1)
    mask = np.zeros(objects.shape, bool)
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        inside = labels[box] == number
        mask[box] |= inside & (smooth[box] > threshold_otsu(smooth[box][inside]) * adjust)
    return mask


def plain_thin(mask, minimum_thickness=1.6):
    from scipy import ndimage
    from skimage.morphology import ball, erosion, medial_axis

    surface = mask & ~erosion(mask, ball(1))
    far = [ndimage.distance_transform_edt(~medial_axis(plane)) > minimum_thickness for plane in mask]
    return mask & ~(surface & far)


def plain_local_maxima(spotted, mask):
    from skimage.feature import peak_local_max
    from skimage.measure import label
    from skimage.morphology import ball, dilation

    peaks = np.zeros(mask.shape, bool)
    peaks[tuple(peak_local_max(spotted, labels=label(mask), min_distance=2).T)] = True
    return label(dilation(peaks, ball(1)))


def plain_split_touching(mask, seeds):
    from scipy import ndimage
    from skimage.segmentation import watershed

    return watershed(-ndimage.distance_transform_edt(mask), seeds, mask=mask, watershed_line=True)


def plain_seeds_and_split(spotted, mask):
    return plain_split_touching(mask, plain_local_maxima(spotted, mask))


def seeds_and_split(spotted, mask):
    from helpers import classic

    return classic.split_touching(mask, classic.local_maxima(spotted, mask))


def plain_remove_small_labels(labels):
    sizes = np.bincount(labels.ravel())
    return np.where(sizes[labels] >= 8, labels, 0)


def same(ours, peer):
    return f"{np.count_nonzero(ours != peer)} voxels differ"


def same_objects(ours, peer):
    return f"{overlap(ours > 0, peer > 0)}; {len(np.unique(ours))} and {len(np.unique(peer))} labels"


def same_number(ours, peer):
    return f"{float(ours):.6g} and {float(peer):.6g}"


IMAGE, PLAIN = "scikit-image", "scipy"
CASES = [
    Case("remove_small", tubes, classic("remove_small", 10), plain_remove_small, same, IMAGE),
    Case("remove_small_by_plane", tubes, classic("remove_small_by_plane", 10), plain_remove_small_by_plane, same, IMAGE),
    Case("fill_holes_by_plane", tubes, classic("fill_holes_by_plane", 0, 100), plain_fill_holes_by_plane, same, IMAGE),
    Case("fill_holes", tubes, classic("fill_holes"), library("scipy.ndimage", "binary_fill_holes"), same, PLAIN, peer_runs=1),
    Case("components", tubes, classic("components"), library("skimage.measure", "label"), same, IMAGE),
    Case("shell", compartments, classic("shell"), library("skimage.segmentation", "find_boundaries"), same, IMAGE),
    Case("thin", compartments, classic("thin", 1.6), plain_thin, same_objects, IMAGE),
    Case("otsu", image, classic("otsu"), library("skimage.filters", "threshold_otsu"), same_number, IMAGE),
    Case("triangle", image, classic("triangle"), library("skimage.filters", "threshold_triangle"), same_number, IMAGE),
    Case("median", image, classic("median"), library("numpy", "median"), same_number, "numpy"),
    Case("rough_objects", image, classic("rough_objects", "average", minimum_size=700, dilate=2), plain_rough, same, IMAGE),
    Case("otsu_in_objects, few", image_with_few_objects, classic("otsu_in_objects"), plain_otsu_in_objects, same, IMAGE),
    Case("otsu_in_objects, many", image_with_many_objects, classic("otsu_in_objects"), plain_otsu_in_objects, same, IMAGE),
    Case("local_maxima", spots, classic("local_maxima"), plain_local_maxima, same, IMAGE, peer_runs=1),
    Case("split_touching", spots_with_seeds, classic("split_touching"), plain_split_touching, same_objects, IMAGE, peer_runs=1),
    Case("seeds and split", spots, seeds_and_split, plain_seeds_and_split, same_objects, IMAGE, peer_runs=1),
    Case("remove_small_labels", labelled_spots, classic("remove_small_labels", 8), plain_remove_small_labels, same, "numpy"),
    Case("flood, no line", membrane, classic("flood", False), library("skimage.segmentation", "watershed"), same, IMAGE, 2, 1),
    Case("flood, line", membrane, classic("flood"), runs=2),
    Case(
        "flood, line, an eighth",
        small_membrane,
        classic("flood"),
        library("skimage.segmentation", "watershed", watershed_line=True),
        same,
        IMAGE,
        2,
        1,
    ),
]
