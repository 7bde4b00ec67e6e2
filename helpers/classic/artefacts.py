"""Take out of a mask what the microscope put in: columns of hot pixels, nearly empty planes above and below."""

import numpy as np

from helpers import _checks
from helpers._kernels.dilation import dilate


def prune_planes(mask: np.ndarray, minimum_pixels: int) -> np.ndarray:
    """Clear the planes beyond those around the fullest one, for structures that lie in a few planes, such as focal adhesions.

    From the plane with most foreground the planes are followed down, and up, to the first with fewer than ``minimum_pixels``; that one
    is kept, what lies beyond is cleared. The search stops short of the first and the last plane. **The last plane is always cleared**,
    as in the published program; the first one stays if the search down finds no such plane.

    Parameters
    ----------
    mask : (Z, Y, X) ndarray of bool
        True is structure; at least 3 planes.
    minimum_pixels : int
        A plane with fewer foreground pixels ends the structure.

    Returns
    -------
    mask : (Z, Y, X) ndarray of bool
        A new mask.

    Raises
    ------
    TypeError
        If ``mask`` is not a mask, or ``minimum_pixels`` not a whole number.
    ValueError
        If ``mask`` is not (Z, Y, X) with at least 3 planes, or ``minimum_pixels`` is negative.

    References
    ----------
    .. [1] Chen, J. et al. (2018) bioRxiv 491035, workflow for paxillin. :DOI:`10.1101/491035`
    """
    mask = _planes(mask, 3)
    _checks.number(minimum_pixels, "minimum_pixels", low=0, integer=True)
    planes = len(mask)
    pixels = np.count_nonzero(mask, axis=(1, 2))
    fullest = int(np.argmax(pixels))
    first = next((z for z in range(fullest - 1, 0, -1) if pixels[z] < minimum_pixels), 0)
    last = next((z for z in range(fullest + 1, planes - 1) if pixels[z] < minimum_pixels), planes - 2)
    result = np.zeros_like(mask)
    result[first : last + 1] = mask[first : last + 1]
    return result


def remove_columns(mask: np.ndarray, missing_planes: int = 2, radius: int = 2) -> np.ndarray:
    """Clear the pixels, and what is within ``radius`` of them, that are foreground in nearly every plane: hot pixels of the camera.

    Parameters
    ----------
    mask : (Z, Y, X) ndarray of bool
        True is structure; more than twice as many planes as ``missing_planes``: of fewer, a structure fills most by chance.
    missing_planes : int
        A column is a hot pixel if it is foreground in all planes but so many, or more.
    radius : int
        How far around a hot pixel the mask is cleared, in pixels.

    Returns
    -------
    mask : (Z, Y, X) ndarray of bool
        A new mask.

    Raises
    ------
    TypeError
        If ``mask`` is not a mask, or a number not a whole number.
    ValueError
        If ``mask`` is not (Z, Y, X) with more than twice as many planes as ``missing_planes``, or a number is negative.

    References
    ----------
    .. [1] Chen, J. et al. (2018) bioRxiv 491035, workflow for TERF2. :DOI:`10.1101/491035`
    """
    _checks.number(missing_planes, "missing_planes", low=0, integer=True)
    _checks.number(radius, "radius", low=0, integer=True)
    mask = _planes(mask, 2 * missing_planes + 1)
    hot = np.count_nonzero(mask, axis=0) >= len(mask) - missing_planes
    return mask & ~dilate(hot[None], int(radius))


def _planes(mask: np.ndarray, needed: int) -> np.ndarray:
    mask = _checks.mask(mask)
    if len(mask) < needed:
        raise ValueError(f"mask has {len(mask)} plane(s), this step compares planes and needs at least {needed}: give a whole stack")
    return mask
