"""Cases: whole workflows on synthetic fields of view, against chains of scikit-image and scipy used plainly."""

import numpy as np

from benchmarks.cases_masks import plain_remove_small
from benchmarks.cases_responses import (
    overlap,
    plain_auto_contrast,
    plain_curvature,
    plain_filaments_by_plane,
    plain_gaussian,
    plain_response,
)
from benchmarks.harness import Case


def phantom(name):
    """Return a maker of the raw stack of a phantom."""

    def make(shape):
        from helpers import phantoms

        return (getattr(phantoms, name)(seed=50, shape=shape).stack.raw,)

    return make


def workflow(name):
    def call(raw):
        from helpers.workflows import WORKFLOWS

        return WORKFLOWS[name](raw)

    return call


def plain_tomm20(raw):
    smooth = plain_gaussian(plain_auto_contrast(raw.astype(np.float32), 3.5, 15))
    return plain_remove_small(plain_filaments_by_plane(smooth, 1.5, 0.16))


def plain_slc25a17(raw):
    from scipy import ndimage
    from skimage.feature import peak_local_max
    from skimage.measure import label
    from skimage.morphology import ball, dilation, remove_small_objects
    from skimage.segmentation import watershed

    normalized = plain_auto_contrast(raw.astype(np.float32), 2, 36)
    smooth = plain_gaussian(normalized, (0, 1, 1))
    spots = remove_small_objects(-ndimage.gaussian_laplace(smooth, 1) > 0.045, max_size=2)
    maxima = np.zeros(raw.shape, bool)
    maxima[tuple(peak_local_max(normalized, min_distance=2, labels=label(spots)).T)] = True
    seeds = label(dilation(maxima, ball(1)))
    return watershed(-ndimage.distance_transform_edt(spots), seeds, mask=spots, watershed_line=True) > 0


def plain_lmnb1_interphase(raw):
    from skimage.filters import threshold_otsu
    from skimage.measure import label, regionprops
    from skimage.morphology import remove_small_holes, remove_small_objects
    from skimage.segmentation import find_boundaries, watershed

    raw = np.where(raw > 4000, raw.min(), raw)
    normalized = ((raw - raw.min()) / (raw.max() - raw.min())).astype(np.float32)
    smooth = plain_gaussian(normalized)
    profile = (smooth > threshold_otsu(smooth)).sum(axis=(1, 2))
    middle = int(threshold_otsu(hist=(profile, np.arange(len(profile)))))
    rims = np.any([plain_response(*plain_curvature(smooth[middle], sigma)) > 0.01 for sigma in (1, 2, 3)], axis=0)
    inside = remove_small_objects(remove_small_holes(rims, max_size=40000) & ~rims, max_size=399)
    seeds = np.zeros(raw.shape, np.int32)
    seeds[0] = 1
    for region in regionprops(label(inside)):
        seeds[middle, *np.rint(region.centroid).astype(int)] = region.label + 1
    return find_boundaries(watershed(normalized, seeds, watershed_line=True) > 1)


CASES = [
    Case("tomm20", phantom("mitochondria"), workflow("tomm20"), plain_tomm20, overlap, "scipy, scikit-image", 5, 1),
    Case("slc25a17", phantom("peroxisomes"), workflow("slc25a17"), plain_slc25a17, overlap, "scipy, scikit-image", 5, 1),
    Case(
        "lmnb1_interphase", phantom("nuclear_lamina"), workflow("lmnb1_interphase"), plain_lmnb1_interphase, overlap, "scikit-image", 5, 1
    ),
]
