"""Spots that touch and are parted: a watershed leaves a gap one voxel wide between them."""

import numpy as np

from helpers import classic
from helpers.workflows.knobs import (
    AboveTrusted,
    BelowTrusted,
    Ceiling,
    ContrastHigh,
    ContrastLow,
    MinimumVoxels,
    PeakDistance,
    SeedCeiling,
    SmoothingSigma,
    SpotCutoffs,
    SpotSigmas,
    TrustedHigh,
    TrustedLow,
)


def spots_split(
    raw: np.ndarray,
    *,
    contrast_low: ContrastLow,
    contrast_high: ContrastHigh,
    smoothing_sigma: SmoothingSigma,
    spot_sigmas: SpotSigmas,
    spot_cutoffs: SpotCutoffs,
    minimum_size: MinimumVoxels,
    peak_distance: PeakDistance,
) -> np.ndarray:
    """Segment round spots, and part those that touch by a gap one voxel wide.

    **Objects that lie wholly within ``peak_distance`` voxels of the border of the stack are lost**: no seed is looked for there. The
    size filter at the end counts whole labels.

    Parameters
    ----------
    raw : (Z, Y, X) ndarray of int or float
        Camera counts of one channel; at least 5 planes of 5 x 5 pixels.
    contrast_low, contrast_high, smoothing_sigma, spot_sigmas, spot_cutoffs, minimum_size, peak_distance
        See `helpers.workflows.knobs`; published values in `helpers.workflows.WORKFLOWS`.

    Returns
    -------
    mask : (Z, Y, X) ndarray of bool
        True = structure.

    Raises
    ------
    TypeError, ValueError
        If raw is not a finite, varied (Z, Y, X) stack of 5 planes or more, or a parameter makes no sense.

    References
    ----------
    .. [1] Chen, J. et al. (2018) The Allen Cell and Structure Segmenter. bioRxiv 491035. :DOI:`10.1101/491035`
    """
    normalized = classic.auto_contrast(raw, low=contrast_low, high=contrast_high)
    smooth = classic.gaussian_by_plane(normalized, sigma=smoothing_sigma)
    bright = classic.spots_3d(smooth, sigmas=spot_sigmas, cutoffs=spot_cutoffs)
    del smooth
    spots = classic.remove_small(bright, minimum_size=minimum_size)
    seeds = classic.local_maxima(normalized, spots, min_distance=peak_distance)
    del normalized
    parted = classic.split_touching(spots, seeds)
    del seeds
    labels = classic.remove_small_labels(parted, minimum_size=minimum_size)
    mask = labels > 0
    return mask


def spots_split_below_ceiling(
    raw: np.ndarray,
    *,
    ceiling: Ceiling,
    smoothing_sigma: SmoothingSigma,
    spot_sigmas: SpotSigmas,
    spot_cutoffs: SpotCutoffs,
    minimum_size: MinimumVoxels,
    peak_distance: PeakDistance,
) -> np.ndarray:
    """Segment round spots beside debris that is far brighter, and part those that touch.

    **Voxels brighter than the ceiling become black**: set it above the structure. Spots that lie wholly within ``peak_distance`` voxels
    of the border of the stack are lost, as in `spots_split`.

    Parameters
    ----------
    raw : (Z, Y, X) ndarray of int or float
        Camera counts of one channel; at least 5 planes of 5 x 5 pixels.
    ceiling, smoothing_sigma, spot_sigmas, spot_cutoffs, minimum_size, peak_distance
        See `helpers.workflows.knobs`; published values in `helpers.workflows.WORKFLOWS`.

    Returns
    -------
    mask : (Z, Y, X) ndarray of bool
        True = structure.

    Raises
    ------
    TypeError, ValueError
        If raw is not a finite, varied (Z, Y, X) stack of 5 planes or more, or a parameter makes no sense.

    References
    ----------
    .. [1] Chen, J. et al. (2018) The Allen Cell and Structure Segmenter. bioRxiv 491035. :DOI:`10.1101/491035`
    """
    normalized = classic.min_max(raw, ceiling=ceiling)
    smooth = classic.gaussian_by_plane(normalized, sigma=smoothing_sigma)
    bright = classic.spots_3d(smooth, sigmas=spot_sigmas, cutoffs=spot_cutoffs)
    del smooth
    spots = classic.remove_small(bright, minimum_size=minimum_size)
    seeds = classic.local_maxima(normalized, spots, min_distance=peak_distance)
    del normalized
    parted = classic.split_touching(spots, seeds)
    del seeds
    labels = classic.remove_small_labels(parted, minimum_size=minimum_size)
    mask = labels > 0
    return mask


def spots_split_in_range(
    raw: np.ndarray,
    *,
    contrast_low: BelowTrusted,
    contrast_high: AboveTrusted,
    trusted_low: TrustedLow,
    trusted_high: TrustedHigh,
    smoothing_sigma: SmoothingSigma,
    spot_sigmas: SpotSigmas,
    spot_cutoffs: SpotCutoffs,
    minimum_size: MinimumVoxels,
    seed_ceiling: SeedCeiling,
    peak_distance: PeakDistance,
) -> np.ndarray:
    """Segment few, very bright spots such as centrioles, and part those that touch.

    The contrast is taken from the spread of typical intensities alone, so that few bright spots do not change it. Seeds are looked for
    in another normalization of the same image, where voxels above ``seed_ceiling`` are black. Both depend on camera counts: **another
    camera or exposure needs other values**.

    Spots that lie wholly within ``peak_distance`` voxels of the border of the stack are lost, as in `spots_split`.

    Parameters
    ----------
    raw : (Z, Y, X) ndarray of int or float
        Camera counts of one channel; at least 5 planes of 5 x 5 pixels.
    contrast_low, contrast_high, trusted_low, trusted_high, smoothing_sigma, spot_sigmas, spot_cutoffs, minimum_size, seed_ceiling, peak_distance
        See `helpers.workflows.knobs`; published values in `helpers.workflows.WORKFLOWS`.

    Returns
    -------
    mask : (Z, Y, X) ndarray of bool
        True = structure.

    Raises
    ------
    TypeError, ValueError
        If raw is not a finite, varied (Z, Y, X) stack of 5 planes or more, or a parameter makes no sense.

    References
    ----------
    .. [1] Chen, J. et al. (2018) The Allen Cell and Structure Segmenter. bioRxiv 491035. :DOI:`10.1101/491035`
    """
    normalized = classic.auto_contrast_within(raw, low=contrast_low, high=contrast_high, lower=trusted_low, upper=trusted_high)
    normalized_for_seeds = classic.min_max(raw, ceiling=seed_ceiling)
    smooth = classic.gaussian_by_plane(normalized, sigma=smoothing_sigma)
    del normalized
    bright = classic.spots_3d(smooth, sigmas=spot_sigmas, cutoffs=spot_cutoffs)
    del smooth
    spots = classic.remove_small(bright, minimum_size=minimum_size)
    seeds = classic.local_maxima(normalized_for_seeds, spots, min_distance=peak_distance)
    del normalized_for_seeds
    parted = classic.split_touching(spots, seeds)
    del seeds
    labels = classic.remove_small_labels(parted, minimum_size=minimum_size)
    mask = labels > 0
    return mask


def spots_split_without_columns(
    raw: np.ndarray,
    *,
    ceiling: Ceiling,
    smoothing_sigma: SmoothingSigma,
    spot_sigmas: SpotSigmas,
    spot_cutoffs: SpotCutoffs,
    minimum_size: MinimumVoxels,
    peak_distance: PeakDistance,
) -> np.ndarray:
    """Segment blobs, part those that touch, and clear the columns of hot pixels.

    A pixel that is foreground in all planes but two, or more, is taken for a defect of the camera; it is cleared with what lies within
    2 pixels. **A structure that runs through the whole stack vanishes too**: leave some planes above and below the cells. Voxels
    brighter than the ceiling become black.

    Parameters
    ----------
    raw : (Z, Y, X) ndarray of int or float
        Camera counts of one channel; at least 5 planes of 5 x 5 pixels.
    ceiling, smoothing_sigma, spot_sigmas, spot_cutoffs, minimum_size, peak_distance
        See `helpers.workflows.knobs`; published values in `helpers.workflows.WORKFLOWS`.

    Returns
    -------
    mask : (Z, Y, X) ndarray of bool
        True = structure.

    Raises
    ------
    TypeError, ValueError
        If raw is not a finite, varied (Z, Y, X) stack of 5 planes or more, or a parameter makes no sense.

    References
    ----------
    .. [1] Chen, J. et al. (2018) The Allen Cell and Structure Segmenter. bioRxiv 491035. :DOI:`10.1101/491035`
    """
    normalized = classic.min_max(raw, ceiling=ceiling)
    smooth = classic.gaussian_by_plane(normalized, sigma=smoothing_sigma)
    bright = classic.spots_3d(smooth, sigmas=spot_sigmas, cutoffs=spot_cutoffs)
    del smooth
    spots = classic.remove_small(bright, minimum_size=minimum_size)
    seeds = classic.local_maxima(normalized, spots, min_distance=peak_distance)
    del normalized
    parted = classic.split_touching(spots, seeds)
    del seeds
    labels = classic.remove_small_labels(parted, minimum_size=minimum_size)
    mask = classic.remove_columns(labels > 0)
    return mask
