"""Enhance round spots in smoothed intensities: a response image, or the mask of what responds more than a cutoff.

The mask functions give the same as ``response > cutoff``, joined over several scales, in less memory: no response is held as a whole.
"""

from collections.abc import Sequence

import numpy as np

from helpers import _checks
from helpers._kernels import spots


def spot_response_3d(smooth: np.ndarray, sigma: float) -> np.ndarray:
    """Enhance round bright spots: minus the Laplacian of a Gaussian, times ``sigma`` squared.

    Unlike the filament response it is in units of the intensities, and the same in a crop as in the whole.

    Parameters
    ----------
    smooth : (Z, Y, X) ndarray of float
        Smoothed intensities, at least 3 planes.
    sigma : float
        Radius of the spots divided by the square root of 3, in voxels.

    Returns
    -------
    response : (Z, Y, X) ndarray of float32
        Highest in the centre of bright spots, negative around them and in dark ones.

    Raises
    ------
    TypeError
        If ``smooth`` is not an array of numbers, or ``sigma`` is not a number.
    ValueError
        If ``smooth`` is not (Z, Y, X), has fewer than 3 planes or holds NaN, or ``sigma`` is not positive.

    References
    ----------
    .. [1] Lindeberg, T. (1998) Int. J. Computer Vision 30(2):79-116. :DOI:`10.1023/A:1008045108935`

    Examples
    --------
    >>> point = np.zeros((9, 9, 9))
    >>> point[4, 4, 4] = 1
    >>> round(float(spot_response_3d(point, sigma=1)[4, 4, 4]), 3)
    0.19
    """
    return spots.spot_response(_stack(smooth, planes=3), _checks.number(sigma, "sigma", above=0), by_plane=False)


def spot_response_by_plane(smooth: np.ndarray, sigma: float) -> np.ndarray:
    """Enhance round bright spots in each plane by itself: where planes lie far apart, or for a spotted look in general.

    Parameters
    ----------
    smooth : (Z, Y, X) ndarray of float
        Smoothed intensities.
    sigma : float
        Radius of the spots divided by the square root of 2, in pixels.

    Returns
    -------
    response : (Z, Y, X) ndarray of float32
        Highest in the centre of bright spots, negative around them and in dark ones.

    Raises
    ------
    TypeError
        If ``smooth`` is not an array of numbers, or ``sigma`` is not a number.
    ValueError
        If ``smooth`` is not (Z, Y, X) or holds NaN, or ``sigma`` is not positive.

    References
    ----------
    .. [1] Lindeberg, T. (1998) Int. J. Computer Vision 30(2):79-116. :DOI:`10.1023/A:1008045108935`
    """
    return spots.spot_response(_stack(smooth), _checks.number(sigma, "sigma", above=0), by_plane=True)


def spots_3d(smooth: np.ndarray, sigmas: Sequence[float], cutoffs: Sequence[float]) -> np.ndarray:
    """Find round bright spots: where `spot_response_3d` is above its cutoff at one scale at least.

    Parameters
    ----------
    smooth : (Z, Y, X) ndarray of float
        Smoothed intensities, at least 3 planes.
    sigmas : sequence of float
        Scales, in voxels: radius of the spots divided by the square root of 3.
    cutoffs : sequence of float
        One for each scale, in units of the intensities. Lower keeps fainter spots.

    Returns
    -------
    mask : (Z, Y, X) ndarray of bool

    Raises
    ------
    TypeError
        If ``smooth`` is not an array of numbers, or ``sigmas`` or ``cutoffs`` is not a list of numbers.
    ValueError
        If ``smooth`` is not (Z, Y, X), has fewer than 3 planes or holds NaN; if the lists differ in length or are empty, or a sigma is not
        positive.

    References
    ----------
    .. [1] Lindeberg, T. (1998) Int. J. Computer Vision 30(2):79-116. :DOI:`10.1023/A:1008045108935`
    """
    scales = _checks.pairs(sigmas, cutoffs)
    return _spots(_stack(smooth, planes=3), scales, by_plane=False)


def spots_by_plane(smooth: np.ndarray, sigmas: Sequence[float], cutoffs: Sequence[float]) -> np.ndarray:
    """Find round bright spots plane by plane: where `spot_response_by_plane` is above its cutoff at one scale at least.

    Parameters
    ----------
    smooth : (Z, Y, X) ndarray of float
        Smoothed intensities.
    sigmas : sequence of float
        Scales, in pixels: radius of the spots divided by the square root of 2.
    cutoffs : sequence of float
        One for each scale, in units of the intensities. Lower keeps fainter spots.

    Returns
    -------
    mask : (Z, Y, X) ndarray of bool

    Raises
    ------
    TypeError
        If ``smooth`` is not an array of numbers, or ``sigmas`` or ``cutoffs`` is not a list of numbers.
    ValueError
        If ``smooth`` is not (Z, Y, X) or holds NaN; if the lists differ in length or are empty, or a sigma is not positive.

    References
    ----------
    .. [1] Lindeberg, T. (1998) Int. J. Computer Vision 30(2):79-116. :DOI:`10.1023/A:1008045108935`
    """
    scales = _checks.pairs(sigmas, cutoffs)
    return _spots(_stack(smooth), scales, by_plane=True)


def _stack(smooth: np.ndarray, planes: int = 1, size: int = 1) -> np.ndarray:
    """Check a stack and return it as the kernels want it. They are compiled for writeable arrays alone, so a read-only one is copied."""
    return np.require(_checks.image(smooth, "smooth", planes=planes, size=size), np.float32, "CAWE")


def _spots(smooth: np.ndarray, scales: list[tuple[float, float]], by_plane: bool) -> np.ndarray:
    mask = np.zeros(smooth.shape, bool)
    for sigma, cutoff in scales:
        spots.mark_spots(mask, smooth, sigma, cutoff, by_plane)
    return mask
