"""Structures that look like closed shells: the nuclear lamina."""

import numpy as np

from helpers import classic
from helpers.workflows.knobs import (
    Ceiling,
    FilamentCutoffs,
    FilamentSigmas,
    HoleMaximum,
    HoleMinimum,
    SeedMinimum,
    SeedRadius,
    SmoothingSigma,
)


def shell_from_one_plane(
    raw: np.ndarray,
    *,
    ceiling: Ceiling,
    smoothing_sigma: SmoothingSigma,
    filament_sigmas: FilamentSigmas,
    filament_cutoffs: FilamentCutoffs,
    hole_minimum: HoleMinimum,
    hole_maximum: HoleMaximum,
    seed_minimum: SeedMinimum,
    seed_radius: SeedRadius,
) -> np.ndarray:
    """Segment closed shells: find the bodies in the one plane where their rims are clear, let a watershed close them in 3D.

    The first plane of the stack is taken for background: it must lie outside the bodies.

    Parameters
    ----------
    raw : (Z, Y, X) ndarray of int or float
        Camera counts of one channel; at least 3 planes.
    ceiling, smoothing_sigma, filament_sigmas, filament_cutoffs, hole_minimum, hole_maximum, seed_minimum, seed_radius
        See `helpers.workflows.knobs`; published values in `helpers.workflows.WORKFLOWS`.

    Returns
    -------
    mask : (Z, Y, X) ndarray of bool
        True = shell, one voxel to either side of the border of the bodies; empty where no body was found.

    Raises
    ------
    TypeError, ValueError
        If raw is not a finite, varied (Z, Y, X) stack of 3 planes or more, or a parameter makes no sense.

    References
    ----------
    .. [1] Chen, J. et al. (2018) The Allen Cell and Structure Segmenter. bioRxiv 491035. :DOI:`10.1101/491035`
    """
    normalized = classic.min_max(raw, ceiling=ceiling)
    smooth = classic.gaussian(normalized, sigma=smoothing_sigma)
    middle = classic.middle_plane(smooth)
    rims = classic.filaments_in_plane(smooth[middle], sigmas=filament_sigmas, cutoffs=filament_cutoffs)
    filled = classic.fill_holes_in_plane(rims, minimum=hole_minimum, maximum=hole_maximum)
    del smooth
    seeds = classic.seeds_in_plane(filled ^ rims, middle, raw.shape, minimum_size=seed_minimum, radius=seed_radius)
    bodies = classic.flood(normalized, seeds, line=True) > 1
    mask = classic.shell(bodies)
    return mask
