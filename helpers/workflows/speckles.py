"""Foci of many sizes in nuclei: speckles, telomeres, sites of transcription and replication."""

import numpy as np

from helpers import classic
from helpers.workflows.knobs import (
    ClipHigh,
    ClipLow,
    ContrastHigh,
    ContrastLow,
    CoreCutoff,
    CoreMinimum,
    FaintCutoff,
    FaintSigma,
    FilamentCutoffs,
    FilamentSigmas,
    MinimumPixels,
    MinimumVoxels,
    NucleusMinimum,
    SpotCutoffs,
    SpotSigmas,
)


def speckles(
    raw: np.ndarray,
    *,
    contrast_low: ContrastLow,
    contrast_high: ContrastHigh,
    filament_sigmas: FilamentSigmas,
    filament_cutoffs: FilamentCutoffs,
    spot_sigmas: SpotSigmas,
    spot_cutoffs: SpotCutoffs,
    faint_sigma: FaintSigma,
    faint_cutoff: FaintCutoff,
    core_cutoff: CoreCutoff,
    core_minimum: CoreMinimum,
    minimum_size: MinimumVoxels,
    minimum_pixels: MinimumPixels,
) -> np.ndarray:
    """Segment speckles of many sizes: faint spots, bright spots, large bodies and the threads between them.

    The faint spots leave out cores, which are large where the response is above ``core_cutoff``: of a large object only the dim rim
    comes from them. The bright spots and the threads add the cores again; **where their cutoffs are too high, large objects come out
    hollow**.

    Parameters
    ----------
    raw : (Z, Y, X) ndarray of int or float
        Camera counts of one channel; at least 3 planes of 3 x 3 pixels.
    contrast_low, contrast_high, filament_sigmas, filament_cutoffs, spot_sigmas, spot_cutoffs, faint_sigma, faint_cutoff, core_cutoff, core_minimum, minimum_size, minimum_pixels
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
    threads = classic.filaments_3d(smooth, sigmas=filament_sigmas, cutoffs=filament_cutoffs)
    medium = classic.spots_3d(smooth, sigmas=[faint_sigma], cutoffs=[core_cutoff])
    cores = classic.remove_small(medium, minimum_size=core_minimum)
    faint = classic.spots_3d(smooth, sigmas=[faint_sigma], cutoffs=[faint_cutoff])
    spots = classic.spots_3d(smooth, sigmas=spot_sigmas, cutoffs=spot_cutoffs)
    del smooth
    large = classic.remove_small((cores ^ faint) | spots | threads, minimum_size=minimum_size)
    large_in_plane = classic.remove_small_by_plane(large, minimum_size=minimum_pixels)
    mask = classic.remove_small(large_in_plane, minimum_size=minimum_size)
    return mask


def speckles_without_columns(
    raw: np.ndarray,
    *,
    contrast_low: ContrastLow,
    contrast_high: ContrastHigh,
    filament_sigmas: FilamentSigmas,
    filament_cutoffs: FilamentCutoffs,
    spot_sigmas: SpotSigmas,
    spot_cutoffs: SpotCutoffs,
    faint_sigma: FaintSigma,
    faint_cutoff: FaintCutoff,
    core_cutoff: CoreCutoff,
    core_minimum: CoreMinimum,
    minimum_size: MinimumVoxels,
    minimum_pixels: MinimumPixels,
) -> np.ndarray:
    """Segment small speckles such as telomeres, and clear the columns of hot pixels.

    As `speckles`. The faint spots leave out cores, which are large where the response is above ``core_cutoff``: of a large object only
    the dim rim comes from them. The bright spots and the threads add the cores again; **where their cutoffs are too high, large objects
    come out hollow**.

    Pixels that are foreground in all planes but two, or more, are cleared as hot pixels; **a structure that runs through the whole
    stack vanishes too**.

    Parameters
    ----------
    raw : (Z, Y, X) ndarray of int or float
        Camera counts of one channel; at least 5 planes of 3 x 3 pixels.
    contrast_low, contrast_high, filament_sigmas, filament_cutoffs, spot_sigmas, spot_cutoffs, faint_sigma, faint_cutoff, core_cutoff, core_minimum, minimum_size, minimum_pixels
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
    smooth = classic.edge_preserving(normalized)
    del normalized
    threads = classic.filaments_3d(smooth, sigmas=filament_sigmas, cutoffs=filament_cutoffs)
    medium = classic.spots_3d(smooth, sigmas=[faint_sigma], cutoffs=[core_cutoff])
    cores = classic.remove_small(medium, minimum_size=core_minimum)
    faint = classic.spots_3d(smooth, sigmas=[faint_sigma], cutoffs=[faint_cutoff])
    spots = classic.spots_3d(smooth, sigmas=spot_sigmas, cutoffs=spot_cutoffs)
    del smooth
    large = classic.remove_small((cores ^ faint) | spots | threads, minimum_size=minimum_size)
    large_in_plane = classic.remove_small_by_plane(large, minimum_size=minimum_pixels)
    foci = classic.remove_small(large_in_plane, minimum_size=minimum_size)
    mask = classic.remove_columns(foci)
    return mask


def speckles_in_nuclei(
    raw: np.ndarray,
    *,
    contrast_low: ContrastLow,
    contrast_high: ContrastHigh,
    clip_low: ClipLow,
    clip_high: ClipHigh,
    filament_sigmas: FilamentSigmas,
    filament_cutoffs: FilamentCutoffs,
    spot_sigmas: SpotSigmas,
    spot_cutoffs: SpotCutoffs,
    faint_sigma: FaintSigma,
    faint_cutoff: FaintCutoff,
    core_cutoff: CoreCutoff,
    core_minimum: CoreMinimum,
    minimum_size: MinimumVoxels,
    minimum_pixels: MinimumPixels,
) -> np.ndarray:
    """Segment speckles of many sizes inside nuclei that glow themselves.

    As `speckles`, and only what lies in the brighter part of the image by Otsu's cutoff counts: the nuclei. **In an image without
    nuclei that part is noise.** The faint spots leave out cores, which are large where the response is above ``core_cutoff``: of a
    large object only the dim rim comes from them. The bright spots and the threads add the cores again; **where their cutoffs are too
    high, large objects come out hollow**.

    The intensities are cut once more after normalizing, without being scaled: that is how the published program behaves, where the
    second normalization changes the first one's result, and spots are measured in those units.

    Pixels that are foreground in all planes but two, or more, are cleared as hot pixels; **a structure that runs through the whole
    stack vanishes too**.

    Parameters
    ----------
    raw : (Z, Y, X) ndarray of int or float
        Camera counts of one channel; at least 5 planes of 3 x 3 pixels.
    contrast_low, contrast_high, clip_low, clip_high, filament_sigmas, filament_cutoffs, spot_sigmas, spot_cutoffs, faint_sigma, faint_cutoff, core_cutoff, core_minimum, minimum_size, minimum_pixels
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
    clipped = classic.clip_contrast(normalized, low=clip_low, high=clip_high)
    del normalized
    smooth = classic.edge_preserving(clipped)
    del clipped
    nuclei = classic.otsu_mask(smooth)
    threads = classic.filaments_3d(smooth, sigmas=filament_sigmas, cutoffs=filament_cutoffs)
    medium = classic.spots_3d(smooth, sigmas=[faint_sigma], cutoffs=[core_cutoff])
    cores = classic.remove_small(medium, minimum_size=core_minimum)
    faint = classic.spots_3d(smooth, sigmas=[faint_sigma], cutoffs=[faint_cutoff])
    spots = classic.spots_3d(smooth, sigmas=spot_sigmas, cutoffs=spot_cutoffs)
    del smooth
    large = classic.remove_small(((cores ^ faint) | spots | threads) & nuclei, minimum_size=minimum_size)
    large_in_plane = classic.remove_small_by_plane(large, minimum_size=minimum_pixels)
    foci = classic.remove_small(large_in_plane, minimum_size=minimum_size)
    mask = classic.remove_columns(foci)
    return mask


def spots_in_nuclei(
    raw: np.ndarray,
    *,
    contrast_low: ContrastLow,
    contrast_high: ContrastHigh,
    clip_low: ClipLow,
    clip_high: ClipHigh,
    nucleus_minimum: NucleusMinimum,
    spot_sigmas: SpotSigmas,
    spot_cutoffs: SpotCutoffs,
    minimum_size: MinimumVoxels,
    minimum_pixels: MinimumPixels,
) -> np.ndarray:
    """Segment bright spots inside nuclei that glow themselves.

    Only what lies in the brighter part of the image by Otsu's cutoff counts: the nuclei. **In an image without nuclei that part is
    noise.**

    The intensities are cut once more after normalizing, without being scaled: that is how the published program behaves, where the
    second normalization changes the first one's result, and spots are measured in those units.

    Pixels that are foreground in all planes but two, or more, are cleared as hot pixels; **a structure that runs through the whole
    stack vanishes too**.

    Parameters
    ----------
    raw : (Z, Y, X) ndarray of int or float
        Camera counts of one channel; at least 5 planes.
    contrast_low, contrast_high, clip_low, clip_high, nucleus_minimum, spot_sigmas, spot_cutoffs, minimum_size, minimum_pixels
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
    clipped = classic.clip_contrast(normalized, low=clip_low, high=clip_high)
    del normalized
    smooth = classic.edge_preserving(clipped)
    del clipped
    bright = classic.otsu_mask(smooth)
    nuclei = classic.remove_small(bright, minimum_size=nucleus_minimum)
    spots = classic.spots_3d(smooth, sigmas=spot_sigmas, cutoffs=spot_cutoffs)
    del smooth
    large = classic.remove_small(spots & nuclei, minimum_size=minimum_size)
    large_in_plane = classic.remove_small_by_plane(large, minimum_size=minimum_pixels)
    foci = classic.remove_small(large_in_plane, minimum_size=minimum_size)
    mask = classic.remove_columns(foci)
    return mask


def spots_in_nuclei_filled(
    raw: np.ndarray,
    *,
    contrast_low: ContrastLow,
    contrast_high: ContrastHigh,
    clip_low: ClipLow,
    clip_high: ClipHigh,
    nucleus_minimum: NucleusMinimum,
    spot_sigmas: SpotSigmas,
    spot_cutoffs: SpotCutoffs,
    minimum_size: MinimumVoxels,
    minimum_pixels: MinimumPixels,
) -> np.ndarray:
    """Segment bright spots and larger clusters inside nuclei that glow themselves, and fill their holes.

    As `spots_in_nuclei`, for clusters that come out hollow: holes are filled in 3D, whatever their size, where they are closed on all
    sides.

    The intensities are cut once more after normalizing, without being scaled: that is how the published program behaves, where the
    second normalization changes the first one's result, and spots are measured in those units.

    Pixels that are foreground in all planes but two, or more, are cleared as hot pixels; **a structure that runs through the whole
    stack vanishes too**.

    Parameters
    ----------
    raw : (Z, Y, X) ndarray of int or float
        Camera counts of one channel; at least 5 planes.
    contrast_low, contrast_high, clip_low, clip_high, nucleus_minimum, spot_sigmas, spot_cutoffs, minimum_size, minimum_pixels
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
    clipped = classic.clip_contrast(normalized, low=clip_low, high=clip_high)
    del normalized
    smooth = classic.edge_preserving(clipped)
    del clipped
    bright = classic.otsu_mask(smooth)
    nuclei = classic.remove_small(bright, minimum_size=nucleus_minimum)
    spots = classic.spots_3d(smooth, sigmas=spot_sigmas, cutoffs=spot_cutoffs)
    del smooth
    large = classic.remove_small(spots & nuclei, minimum_size=minimum_size)
    large_in_plane = classic.remove_small_by_plane(large, minimum_size=minimum_pixels)
    hollow = classic.remove_small(large_in_plane, minimum_size=minimum_size)
    filled = classic.fill_holes(hollow)
    mask = classic.remove_columns(filled)
    return mask
