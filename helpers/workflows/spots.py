"""Structures that look like spots: vesicles, plaques, pores, foci, junctions made of puncta."""

import numpy as np

from helpers import classic
from helpers.workflows.knobs import (
    Ceiling,
    ContrastHigh,
    ContrastLow,
    FilledMaximum,
    MinimumVoxels,
    SmoothingSigma,
    SpotCutoffs,
    SpotSigmas,
    SpotSigmasByPlane,
)


def spots_3d(
    raw: np.ndarray,
    *,
    contrast_low: ContrastLow,
    contrast_high: ContrastHigh,
    smoothing_sigma: SmoothingSigma,
    spot_sigmas: SpotSigmas,
    spot_cutoffs: SpotCutoffs,
    minimum_size: MinimumVoxels,
) -> np.ndarray:
    """Segment round, well separated spots.

    Cutoffs are in units of the normalized intensity, so they depend on the contrast chosen first. Spots that touch stay joined (see
    `spots_split`).

    Parameters
    ----------
    raw : (Z, Y, X) ndarray of int or float
        Camera counts of one channel; at least 3 planes.
    contrast_low, contrast_high, smoothing_sigma, spot_sigmas, spot_cutoffs, minimum_size
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
    del normalized
    spots = classic.spots_3d(smooth, sigmas=spot_sigmas, cutoffs=spot_cutoffs)
    mask = classic.remove_small(spots, minimum_size=minimum_size)
    return mask


def spots_3d_edge_preserving(
    raw: np.ndarray,
    *,
    contrast_low: ContrastLow,
    contrast_high: ContrastHigh,
    spot_sigmas: SpotSigmas,
    spot_cutoffs: SpotCutoffs,
    minimum_size: MinimumVoxels,
) -> np.ndarray:
    """Segment crowded spots, and keep neighbours apart by smoothing that stops at edges.

    For puncta side by side on a surface, such as nuclear pores. The result is the puncta, not the surface that they cover.

    Parameters
    ----------
    raw : (Z, Y, X) ndarray of int or float
        Camera counts of one channel; at least 3 planes.
    contrast_low, contrast_high, spot_sigmas, spot_cutoffs, minimum_size
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
    smooth = classic.edge_preserving(normalized)
    del normalized
    spots = classic.spots_3d(smooth, sigmas=spot_sigmas, cutoffs=spot_cutoffs)
    mask = classic.remove_small(spots, minimum_size=minimum_size)
    return mask


def spots_3d_filled(
    raw: np.ndarray,
    *,
    ceiling: Ceiling,
    smoothing_sigma: SmoothingSigma,
    spot_sigmas: SpotSigmas,
    spot_cutoffs: SpotCutoffs,
    hole_maximum: FilledMaximum,
    minimum_size: MinimumVoxels,
) -> np.ndarray:
    """Segment spots, and small rings as filled discs.

    For vesicles of which large ones show as rings. **Voxels brighter than the ceiling become black**: set it above the structure. Holes
    are filled within each plane; background that is cut off at the border of the image counts as a hole too.

    Parameters
    ----------
    raw : (Z, Y, X) ndarray of int or float
        Camera counts of one channel; at least 3 planes.
    ceiling, smoothing_sigma, spot_sigmas, spot_cutoffs, hole_maximum, minimum_size
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
    normalized = classic.min_max(raw, ceiling=ceiling)
    smooth = classic.gaussian_by_plane(normalized, sigma=smoothing_sigma)
    del normalized
    spots = classic.spots_3d(smooth, sigmas=spot_sigmas, cutoffs=spot_cutoffs)
    filled = classic.fill_holes_by_plane(spots, minimum=0, maximum=hole_maximum)
    mask = classic.remove_small(filled, minimum_size=minimum_size)
    return mask


def spots_by_plane(
    raw: np.ndarray,
    *,
    contrast_low: ContrastLow,
    contrast_high: ContrastHigh,
    smoothing_sigma: SmoothingSigma,
    spot_sigmas: SpotSigmasByPlane,
    spot_cutoffs: SpotCutoffs,
    minimum_size: MinimumVoxels,
) -> np.ndarray:
    """Segment what looks spotted within each plane, though it may be longer along z.

    For plaques along cell borders, such as adherens junctions. A single plane works too; round spots come out stretched along z.

    Parameters
    ----------
    raw : (Z, Y, X) ndarray of int or float
        Camera counts of one channel; one plane works too.
    contrast_low, contrast_high, smoothing_sigma, spot_sigmas, spot_cutoffs, minimum_size
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
    spots = classic.spots_by_plane(smooth, sigmas=spot_sigmas, cutoffs=spot_cutoffs)
    mask = classic.remove_small(spots, minimum_size=minimum_size)
    return mask


def spots_by_plane_edge_preserving(
    raw: np.ndarray,
    *,
    contrast_low: ContrastLow,
    contrast_high: ContrastHigh,
    spot_sigmas: SpotSigmasByPlane,
    spot_cutoffs: SpotCutoffs,
    minimum_size: MinimumVoxels,
) -> np.ndarray:
    """Segment crowded spots within each plane, and keep neighbours apart.

    For the grain of chromatin and what binds to it; two scales cover grains of different size. Any texture of the right size is found,
    noise too: look at a region outside of the nuclei. A single plane works too.

    Parameters
    ----------
    raw : (Z, Y, X) ndarray of int or float
        Camera counts of one channel; one plane works too.
    contrast_low, contrast_high, spot_sigmas, spot_cutoffs, minimum_size
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
    smooth = classic.edge_preserving(normalized)
    del normalized
    spots = classic.spots_by_plane(smooth, sigmas=spot_sigmas, cutoffs=spot_cutoffs)
    mask = classic.remove_small(spots, minimum_size=minimum_size)
    return mask
