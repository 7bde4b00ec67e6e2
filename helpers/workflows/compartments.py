"""Compartments that are part body, part line: filled rings, ribbons with puncta."""

import numpy as np

from helpers import classic
from helpers.workflows.knobs import (
    ContrastHigh,
    ContrastLow,
    FilamentCutoffs,
    FilamentSigmas,
    FilledMaximum,
    MinimumThickness,
    MinimumVoxels,
    ObjectGrowth,
    ObjectMinimum,
    OtsuFactor,
    SmoothingSigma,
    SpotCutoffs,
    SpotSigmas,
    SpotSigmasByPlane,
)


def rings_filled_by_plane(
    raw: np.ndarray,
    *,
    contrast_low: ContrastLow,
    contrast_high: ContrastHigh,
    smoothing_sigma: SmoothingSigma,
    spot_sigmas: SpotSigmasByPlane,
    spot_cutoffs: SpotCutoffs,
    filament_sigmas: FilamentSigmas,
    filament_cutoffs: FilamentCutoffs,
    hole_maximum: FilledMaximum,
    minimum_size: MinimumVoxels,
) -> np.ndarray:
    """Segment vesicles of any size as filled bodies, whether they show as spots or as rings.

    For lysosomes, whose membrane is stained and whose lumen belongs to the answer. Spots of several scales and rings are joined plane
    by plane, then holes are filled. **Any part of the background up to that size counts as a hole**: gaps between crowded vesicles too,
    and corners cut off at the border of the image. A single plane works too.

    Parameters
    ----------
    raw : (Z, Y, X) ndarray of int or float
        Camera counts of one channel; at least 3 x 3 pixels.
    contrast_low, contrast_high, smoothing_sigma, spot_sigmas, spot_cutoffs, filament_sigmas, filament_cutoffs, hole_maximum, minimum_size
        See `helpers.workflows.knobs`; published values in `helpers.workflows.WORKFLOWS`.

    Returns
    -------
    mask : (Z, Y, X) ndarray of bool
        True = structure.

    Raises
    ------
    TypeError, ValueError
        If raw is not a finite, varied (Z, Y, X) image, or a parameter makes no sense.

    References
    ----------
    .. [1] Chen, J. et al. (2018) The Allen Cell and Structure Segmenter. bioRxiv 491035. :DOI:`10.1101/491035`
    """
    normalized = classic.auto_contrast(raw, low=contrast_low, high=contrast_high)
    smooth = classic.gaussian_by_plane(normalized, sigma=smoothing_sigma)
    del normalized
    spots = classic.spots_by_plane(smooth, sigmas=spot_sigmas, cutoffs=spot_cutoffs)
    rings = classic.filaments_by_plane(smooth, sigmas=filament_sigmas, cutoffs=filament_cutoffs)
    filled = classic.fill_holes_by_plane(spots | rings, minimum=0, maximum=hole_maximum)
    mask = classic.remove_small(filled, minimum_size=minimum_size)
    return mask


def ribbons_thinned_and_spots_3d(
    raw: np.ndarray,
    *,
    contrast_low: ContrastLow,
    contrast_high: ContrastHigh,
    smoothing_sigma: SmoothingSigma,
    object_minimum: ObjectMinimum,
    object_growth: ObjectGrowth,
    otsu_factor: OtsuFactor,
    minimum_thickness: MinimumThickness,
    spot_sigmas: SpotSigmas,
    spot_cutoffs: SpotCutoffs,
    minimum_size: MinimumVoxels,
) -> np.ndarray:
    """Segment ribbons that vary in brightness from cell to cell, thinned, with the puncta around them.

    For the Golgi apparatus. A low cutoff finds the rough objects, Otsu's cutoff within each finds the ribbon, which comes out too fat
    and is thinned without being cut; puncta are added **after** the thinning and are not thinned. Ties in the medial axis are broken in
    the order of a scan; the published program breaks them at random, so a few voxels in a thousand differ from run to run there.

    Parameters
    ----------
    raw : (Z, Y, X) ndarray of int or float
        Camera counts of one channel; at least 3 planes.
    contrast_low, contrast_high, smoothing_sigma, object_minimum, object_growth, otsu_factor, minimum_thickness, spot_sigmas, spot_cutoffs, minimum_size
        See `helpers.workflows.knobs`; published values in `helpers.workflows.WORKFLOWS`.

    Returns
    -------
    mask : (Z, Y, X) ndarray of bool
        True = structure.

    Raises
    ------
    TypeError, ValueError
        If raw is not a finite, varied (Z, Y, X) stack of 3 planes or more, or a parameter makes no sense.

    References
    ----------
    .. [1] Chen, J. et al. (2018) The Allen Cell and Structure Segmenter. bioRxiv 491035. :DOI:`10.1101/491035`
    """
    normalized = classic.auto_contrast(raw, low=contrast_low, high=contrast_high)
    smooth = classic.gaussian(normalized, sigma=smoothing_sigma)
    del normalized
    objects = classic.rough_objects(smooth, method="triangle", minimum_size=object_minimum, dilate=object_growth)
    bodies = classic.otsu_in_objects(smooth, objects, adjust=otsu_factor)
    ribbons = classic.thin(bodies, minimum_thickness=minimum_thickness)
    puncta = classic.spots_3d(smooth, sigmas=spot_sigmas, cutoffs=spot_cutoffs)
    mask = classic.remove_small(ribbons | puncta, minimum_size=minimum_size)
    return mask
