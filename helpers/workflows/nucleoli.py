"""Bright bodies inside cells of different brightness: nucleoli. Each cell gets a cutoff of its own."""

import numpy as np

from helpers import classic
from helpers.workflows.knobs import (
    ContrastHighWide,
    ContrastLow,
    DarkCutoffs,
    DarkSigmas,
    MinimumOtsuRatio,
    MinimumVoxels,
    ObjectGrowth,
    ObjectMinimum,
    OtsuFactor,
    SmoothingSigma,
    SpotCutoffs,
    SpotSigmas,
    SpotSigmasByPlane,
)


def bodies_and_spots_by_plane(
    raw: np.ndarray,
    *,
    contrast_low: ContrastLow,
    contrast_high: ContrastHighWide,
    smoothing_sigma: SmoothingSigma,
    object_minimum: ObjectMinimum,
    otsu_factor: OtsuFactor,
    minimum_otsu_ratio: MinimumOtsuRatio,
    spot_sigmas: SpotSigmasByPlane,
    spot_cutoffs: SpotCutoffs,
    minimum_size: MinimumVoxels,
) -> np.ndarray:
    """Segment bright bodies in cells of different brightness, with the fine spots beside them.

    A low cutoff finds the cells, Otsu's cutoff within each finds its bodies; fine spots, found plane by plane, add what is too dim for
    it. **Spots are taken wherever they are**, outside of the cells too. A single plane works too, with smaller values for
    ``object_minimum``.

    Parameters
    ----------
    raw : (Z, Y, X) ndarray of int or float
        Camera counts of one channel; one plane works too.
    contrast_low, contrast_high, smoothing_sigma, object_minimum, otsu_factor, minimum_otsu_ratio, spot_sigmas, spot_cutoffs, minimum_size
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
    smooth = classic.gaussian(normalized, sigma=smoothing_sigma)
    del normalized
    objects = classic.rough_objects(smooth, method="average", minimum_size=object_minimum)
    bodies = classic.otsu_in_objects(smooth, objects, adjust=otsu_factor, minimum_otsu_ratio=minimum_otsu_ratio)
    bright = classic.spots_by_plane(smooth, sigmas=spot_sigmas, cutoffs=spot_cutoffs)
    spots = classic.remove_small(bright, minimum_size=minimum_size)
    mask = classic.remove_small(bodies | spots, minimum_size=minimum_size)
    return mask


def bodies_and_spots_3d(
    raw: np.ndarray,
    *,
    contrast_low: ContrastLow,
    contrast_high: ContrastHighWide,
    smoothing_sigma: SmoothingSigma,
    object_minimum: ObjectMinimum,
    otsu_factor: OtsuFactor,
    spot_sigmas: SpotSigmas,
    spot_cutoffs: SpotCutoffs,
    minimum_size: MinimumVoxels,
) -> np.ndarray:
    """Segment bright bodies in cells of different brightness, with the round spots beside them.

    As `bodies_and_spots_by_plane`, with spots that are round in 3D: for nucleoli that a drug broke into droplets. Spots are dropped by
    size only after they were joined with the bodies.

    Parameters
    ----------
    raw : (Z, Y, X) ndarray of int or float
        Camera counts of one channel; at least 3 planes.
    contrast_low, contrast_high, smoothing_sigma, object_minimum, otsu_factor, spot_sigmas, spot_cutoffs, minimum_size
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
    objects = classic.rough_objects(smooth, method="average", minimum_size=object_minimum)
    bodies = classic.otsu_in_objects(smooth, objects, adjust=otsu_factor)
    spots = classic.spots_3d(smooth, sigmas=spot_sigmas, cutoffs=spot_cutoffs)
    mask = classic.remove_small(bodies | spots, minimum_size=minimum_size)
    return mask


def bodies_with_bright_spots(
    raw: np.ndarray,
    *,
    contrast_low: ContrastLow,
    contrast_high: ContrastHighWide,
    smoothing_sigma: SmoothingSigma,
    object_minimum: ObjectMinimum,
    object_growth: ObjectGrowth,
    otsu_factor: OtsuFactor,
    minimum_otsu_ratio: MinimumOtsuRatio,
    bright_sigmas: SpotSigmasByPlane,
    bright_cutoffs: SpotCutoffs,
    minimum_size: MinimumVoxels,
) -> np.ndarray:
    """Segment bright bodies in cells of different brightness, with the spots inside those cells.

    Unlike in `bodies_and_spots_by_plane`, spots count only within the cells, grown a little. Cells whose own cutoff is far below that
    of the whole stack are taken for background, but **spots in them still count**. A single plane works too, with smaller values for
    ``object_minimum``.

    Parameters
    ----------
    raw : (Z, Y, X) ndarray of int or float
        Camera counts of one channel; one plane works too.
    contrast_low, contrast_high, smoothing_sigma, object_minimum, object_growth, otsu_factor, minimum_otsu_ratio, bright_sigmas, bright_cutoffs, minimum_size
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
    smooth = classic.gaussian(normalized, sigma=smoothing_sigma)
    del normalized
    objects = classic.rough_objects(smooth, method="average", minimum_size=object_minimum, dilate=object_growth)
    bodies = classic.otsu_in_objects(smooth, objects, adjust=otsu_factor, minimum_otsu_ratio=minimum_otsu_ratio)
    bright = classic.spots_by_plane(smooth, sigmas=bright_sigmas, cutoffs=bright_cutoffs)
    mask = classic.remove_small(bodies | (bright & objects), minimum_size=minimum_size)
    return mask


def bodies_with_dark_gaps(
    raw: np.ndarray,
    *,
    contrast_low: ContrastLow,
    contrast_high: ContrastHighWide,
    smoothing_sigma: SmoothingSigma,
    object_minimum: ObjectMinimum,
    object_growth: ObjectGrowth,
    otsu_factor: OtsuFactor,
    minimum_otsu_ratio: MinimumOtsuRatio,
    bright_sigmas: SpotSigmasByPlane,
    bright_cutoffs: SpotCutoffs,
    dark_sigmas: DarkSigmas,
    dark_cutoffs: DarkCutoffs,
    minimum_size: MinimumVoxels,
) -> np.ndarray:
    """Segment bright bodies in cells of different brightness, and carve the dark gaps out of them.

    For nucleoli whose granular part surrounds darker centres. Bright spots count within the cells; dark spots, found in the inverted
    image, are cut out **of bright spots as well**, so that a lower dark cutoff may eat at the rim of a body. Cells whose own cutoff is
    far below that of the whole stack are taken for background, but spots in them still count. A single plane works too, with smaller
    values for ``object_minimum``.

    Parameters
    ----------
    raw : (Z, Y, X) ndarray of int or float
        Camera counts of one channel; one plane works too.
    contrast_low, contrast_high, smoothing_sigma, object_minimum, object_growth, otsu_factor, minimum_otsu_ratio, bright_sigmas, bright_cutoffs, dark_sigmas, dark_cutoffs, minimum_size
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
    smooth = classic.gaussian(normalized, sigma=smoothing_sigma)
    del normalized
    objects = classic.rough_objects(smooth, method="average", minimum_size=object_minimum, dilate=object_growth)
    bodies = classic.otsu_in_objects(smooth, objects, adjust=otsu_factor, minimum_otsu_ratio=minimum_otsu_ratio)
    bright = classic.spots_by_plane(smooth, sigmas=bright_sigmas, cutoffs=bright_cutoffs)
    dark = classic.spots_by_plane(1 - smooth, sigmas=dark_sigmas, cutoffs=dark_cutoffs)
    del smooth
    mask = classic.remove_small((bodies | (bright & objects)) & ~dark, minimum_size=minimum_size)
    return mask
