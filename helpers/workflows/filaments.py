"""Structures that look like curves: tubules, fibres, sheets cut by the plane."""

import numpy as np

from helpers import classic
from helpers.workflows.knobs import (
    Ceiling,
    ContrastHigh,
    ContrastLow,
    FilamentCutoffs,
    FilamentSigmas,
    MinimumPixels,
    MinimumVoxels,
    PlaneMinimum,
    SmoothingSigma,
)


def filaments_3d(
    raw: np.ndarray,
    *,
    contrast_low: ContrastLow,
    contrast_high: ContrastHigh,
    smoothing_sigma: SmoothingSigma,
    filament_sigmas: FilamentSigmas,
    filament_cutoffs: FilamentCutoffs,
    minimum_size: MinimumVoxels,
) -> np.ndarray:
    """Segment filaments that run in any direction.

    For lines that do not lie in one plane and do not crowd, such as tight junctions around cells: the Gaussian calms noise best, and
    merges filaments that lie closer than its sigma. Sheets are missed. Responses are relative to the strongest ridge of the whole
    stack: one very bright object hides faint filaments everywhere.

    Parameters
    ----------
    raw : (Z, Y, X) ndarray of int or float
        Camera counts of one channel; at least 3 planes of 3 x 3 pixels.
    contrast_low, contrast_high, smoothing_sigma, filament_sigmas, filament_cutoffs, minimum_size
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
    filaments = classic.filaments_3d(smooth, sigmas=filament_sigmas, cutoffs=filament_cutoffs)
    mask = classic.remove_small(filaments, minimum_size=minimum_size)
    return mask


def filaments_3d_edge_preserving(
    raw: np.ndarray,
    *,
    contrast_low: ContrastLow,
    contrast_high: ContrastHigh,
    filament_sigmas: FilamentSigmas,
    filament_cutoffs: FilamentCutoffs,
    minimum_size: MinimumVoxels,
) -> np.ndarray:
    """Segment filaments that run in any direction, and keep neighbours apart.

    For bundles and meshes: actin, microtubules, the stripes of sarcomeres. The smoothing stops at edges, so that two filaments side by
    side stay two; it has no knob. Give two scales where thick bundles and fine filaments occur together.

    Responses are relative to the strongest ridge of the whole stack: one very bright object hides faint filaments everywhere, and a
    crop is segmented a little differently from the whole.

    Parameters
    ----------
    raw : (Z, Y, X) ndarray of int or float
        Camera counts of one channel; at least 3 planes of 3 x 3 pixels.
    contrast_low, contrast_high, filament_sigmas, filament_cutoffs, minimum_size
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
    filaments = classic.filaments_3d(smooth, sigmas=filament_sigmas, cutoffs=filament_cutoffs)
    mask = classic.remove_small(filaments, minimum_size=minimum_size)
    return mask


def filaments_3d_in_few_planes(
    raw: np.ndarray,
    *,
    contrast_low: ContrastLow,
    contrast_high: ContrastHigh,
    filament_sigmas: FilamentSigmas,
    filament_cutoffs: FilamentCutoffs,
    minimum_pixels: MinimumPixels,
    minimum_size: MinimumVoxels,
    plane_minimum: PlaneMinimum,
) -> np.ndarray:
    """Segment short filaments that lie in a few planes only, such as focal adhesions on the cover glass.

    From the fullest plane the planes are followed up and down, to the first with too little in it; what lies beyond is cleared. **The
    last plane is always cleared**, as in the published program. Specks are dropped twice: first within each plane, then in 3D.

    Parameters
    ----------
    raw : (Z, Y, X) ndarray of int or float
        Camera counts of one channel; at least 3 planes of 3 x 3 pixels.
    contrast_low, contrast_high, filament_sigmas, filament_cutoffs, minimum_pixels, minimum_size, plane_minimum
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
    filaments = classic.filaments_3d(smooth, sigmas=filament_sigmas, cutoffs=filament_cutoffs)
    large_in_plane = classic.remove_small_by_plane(filaments, minimum_size=minimum_pixels)
    large = classic.remove_small(large_in_plane, minimum_size=minimum_size)
    mask = classic.prune_planes(large, minimum_pixels=plane_minimum)
    return mask


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

    A single plane works too. The last 3 columns of the image are always background.

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
    del normalized
    tubules = classic.filaments_by_plane(smooth, sigmas=filament_sigmas, cutoffs=filament_cutoffs)
    mask = classic.remove_small(tubules, minimum_size=minimum_size)
    return mask


def filaments_by_plane_edge_preserving(
    raw: np.ndarray,
    *,
    contrast_low: ContrastLow,
    contrast_high: ContrastHigh,
    filament_sigmas: FilamentSigmas,
    filament_cutoffs: FilamentCutoffs,
    minimum_size: MinimumVoxels,
    minimum_pixels: MinimumPixels,
) -> np.ndarray:
    """Segment dense tubules and sheets that look like curves within each plane, and keep neighbours apart.

    For networks such as the endoplasmic reticulum, whose sheets are curves where the plane cuts them. Specks are dropped in 3D, then
    within each plane, then in 3D again: what the second pass cuts off from its object is small itself. A single plane works too. The
    last 3 columns of the image are always background.

    Parameters
    ----------
    raw : (Z, Y, X) ndarray of int or float
        Camera counts of one channel; at least 3 x 3 pixels.
    contrast_low, contrast_high, filament_sigmas, filament_cutoffs, minimum_size, minimum_pixels
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
    network = classic.filaments_by_plane(smooth, sigmas=filament_sigmas, cutoffs=filament_cutoffs)
    large = classic.remove_small(network, minimum_size=minimum_size)
    large_in_plane = classic.remove_small_by_plane(large, minimum_size=minimum_pixels)
    mask = classic.remove_small(large_in_plane, minimum_size=minimum_size)
    return mask


def filaments_by_plane_below_ceiling(
    raw: np.ndarray,
    *,
    ceiling: Ceiling,
    smoothing_sigma: SmoothingSigma,
    filament_sigmas: FilamentSigmas,
    filament_cutoffs: FilamentCutoffs,
    minimum_size: MinimumVoxels,
) -> np.ndarray:
    """Segment sheets and threads that look like curves within each plane, beside debris that is far brighter.

    For the lamina of dividing cells, which is open and folded. **Voxels brighter than the ceiling become black**: set it above the
    structure. A published cutoff of 0.01 finds nearly every ridge, noise in empty planes too. A single plane works too. The last 3
    columns of the image are always background.

    Parameters
    ----------
    raw : (Z, Y, X) ndarray of int or float
        Camera counts of one channel; at least 3 x 3 pixels.
    ceiling, smoothing_sigma, filament_sigmas, filament_cutoffs, minimum_size
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
    normalized = classic.min_max(raw, ceiling=ceiling)
    smooth = classic.gaussian(normalized, sigma=smoothing_sigma)
    del normalized
    filaments = classic.filaments_by_plane(smooth, sigmas=filament_sigmas, cutoffs=filament_cutoffs)
    mask = classic.remove_small(filaments, minimum_size=minimum_size)
    return mask
