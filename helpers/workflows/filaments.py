"""Structures that look like curves: tubules, fibres, sheets cut by the plane."""

import numpy as np

from helpers import classic
from helpers.workflows.knobs import ContrastHigh, ContrastLow, FilamentCutoffs, FilamentSigmas, MinimumVoxels, SmoothingSigma


def filaments_by_plane(
    raw: np.ndarray,
    *,
    contrast_low: ContrastLow,
    contrast_high: ContrastHigh,
    smoothing_sigma: SmoothingSigma,
    filament_sigmas: FilamentSigmas,
    filament_cutoffs: FilamentCutoffs,
    minimum_size: MinimumVoxels,
) -> np.ndarray:
    """Segment tubules that look like curves within each plane.

    A single plane works too.

    Parameters
    ----------
    raw : (Z, Y, X) ndarray of int or float
        Camera counts of one channel; at least 3 x 3 pixels.
    contrast_low, contrast_high, smoothing_sigma, filament_sigmas, filament_cutoffs, minimum_size
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
    tubules = classic.filaments_by_plane(smooth, sigmas=filament_sigmas, cutoffs=filament_cutoffs)
    mask = classic.remove_small(tubules, minimum_size=minimum_size)
    return mask
