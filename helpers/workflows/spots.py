"""Structures that look like separate spots: vesicles, peroxisomes, centrioles, plaques."""

import numpy as np

from helpers import classic
from helpers.workflows.knobs import ContrastHigh, ContrastLow, MinimumVoxels, PeakDistance, SmoothingSigma, SpotCutoffs, SpotSigmas


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

    Parameters
    ----------
    raw : (Z, Y, X) ndarray of int or float
        Camera counts of one channel; at least 3 planes.
    contrast_low, contrast_high, smoothing_sigma, spot_sigmas, spot_cutoffs, minimum_size, peak_distance
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
    smooth = classic.gaussian_by_plane(normalized, sigma=smoothing_sigma)
    bright = classic.spots_3d(smooth, sigmas=spot_sigmas, cutoffs=spot_cutoffs)
    spots = classic.remove_small(bright, minimum_size=minimum_size)
    seeds = classic.local_maxima(normalized, spots, min_distance=peak_distance)
    parted = classic.split_touching(spots, seeds)
    labels = classic.remove_small_labels(parted, minimum_size=minimum_size)
    mask = labels > 0
    return mask
