"""Enhance filaments in smoothed intensities: a response image, or the mask of what responds more than a cutoff.

The mask functions give the same as ``response > cutoff``, joined over several scales, in less memory: no response is held as a whole.
"""

from collections.abc import Callable, Sequence

import numpy as np

from helpers import _checks
from helpers._kernels import filaments
from helpers._kernels.threads import parallel


def filament_response_2d(plane: np.ndarray, sigma: float) -> np.ndarray:
    """Enhance bright curvilinear structures in one plane.

    The response depends only on how strong a ridge is relative to the strongest ridge *in the same plane*: one bright speck lowers the
    response everywhere else.

    Parameters
    ----------
    plane : (Y, X) ndarray of float
        Smoothed intensities, at least 3 x 3 pixels.
    sigma : float
        About a third of the filament width, in pixels: 1 suits 3 to 4 pixels.

    Returns
    -------
    response : (Y, X) ndarray of float32
        Between 0 (background) and 1 (at least half the strongest ridge).

    Raises
    ------
    TypeError
        If ``plane`` is not an array of numbers, or ``sigma`` is not a number.
    ValueError
        If ``plane`` is not (Y, X), is smaller than 3 x 3 pixels or holds NaN, or ``sigma`` is not positive.

    References
    ----------
    .. [1] Jerman, T. et al. (2016) IEEE Trans. Med. Imaging 35(9):2107-2118. :DOI:`10.1109/TMI.2016.2550102`

    Examples
    --------
    >>> plane = np.zeros((9, 9))
    >>> plane[4] = 1
    >>> filament_response_2d(plane, sigma=1)[:6, 2].round(1)
    array([0. , 0. , 0. , 0.9, 1. , 0.9], dtype=float32)
    """
    curvature = filaments.line_curvature(_plane(plane), _checks.number(sigma, "sigma", above=0))
    _to_response(curvature, curvature.min())
    return curvature


def filament_response_3d(smooth: np.ndarray, sigma: float) -> np.ndarray:
    """Enhance bright tubes.

    Sheets do not respond. The response depends only on how strong a ridge is relative to the strongest one *in the whole stack*: one bright
    speck lowers the response everywhere else, and a crop responds otherwise than the whole.

    Parameters
    ----------
    smooth : (Z, Y, X) ndarray of float
        Smoothed intensities, at least 3 voxels along each axis.
    sigma : float
        About a third of the filament width, in voxels.

    Returns
    -------
    response : (Z, Y, X) ndarray of float32
        Between 0 (background) and 1 (at least half the strongest ridge).

    Raises
    ------
    TypeError
        If ``smooth`` is not an array of numbers, or ``sigma`` is not a number.
    ValueError
        If ``smooth`` is not (Z, Y, X), has fewer than 3 voxels along an axis or holds NaN, or ``sigma`` is not positive.

    References
    ----------
    .. [1] Jerman, T. et al. (2016) IEEE Trans. Med. Imaging 35(9):2107-2118. :DOI:`10.1109/TMI.2016.2550102`
    """
    smooth = _stack(smooth, planes=3, size=3)
    response = np.empty_like(smooth)
    strongest = filaments.tube_curvature(smooth, _checks.number(sigma, "sigma", above=0), response)
    parallel(lambda plane: _to_response(plane, strongest), response)
    return response


def filament_response_by_plane(smooth: np.ndarray, sigma: float) -> np.ndarray:
    """Enhance curvilinear structures in each plane of a stack, with the brightest projection as a common reference.

    Each plane is filtered side by side with the maximum projection of the stack, so that the strongest ridge to which responses are
    relative is hardly weaker in an empty plane than in a full one. The last 3 columns are 0: there the two touch.

    Parameters
    ----------
    smooth : (Z, Y, X) ndarray of float
        Smoothed intensities, at least 3 x 3 pixels in a plane.
    sigma : float
        About a third of the filament width, in pixels.

    Returns
    -------
    response : (Z, Y, X) ndarray of float32
        Between 0 (background) and 1 (at least half the strongest ridge).

    Raises
    ------
    TypeError
        If ``smooth`` is not an array of numbers, or ``sigma`` is not a number.
    ValueError
        If ``smooth`` is not (Z, Y, X), has fewer than 3 x 3 pixels in a plane or holds NaN, or ``sigma`` is not positive.

    References
    ----------
    .. [1] Jerman, T. et al. (2016) IEEE Trans. Med. Imaging 35(9):2107-2118. :DOI:`10.1109/TMI.2016.2550102`
    .. [2] Chen, J. et al. (2018) The Allen Cell and Structure Segmenter. bioRxiv 491035. :DOI:`10.1101/491035`
    """
    smooth = _stack(smooth, size=3)
    response = np.empty_like(smooth)

    def keep(z: int, curvature: np.ndarray, strongest: np.float32) -> None:
        _to_response(curvature, strongest)
        response[z] = curvature

    _each_plane(smooth, _checks.number(sigma, "sigma", above=0), keep)
    return response


def filaments_3d(smooth: np.ndarray, sigmas: Sequence[float], cutoffs: Sequence[float]) -> np.ndarray:
    """Find bright tubes: where `filament_response_3d` is above its cutoff at one scale at least.

    Parameters
    ----------
    smooth : (Z, Y, X) ndarray of float
        Smoothed intensities, at least 3 voxels along each axis.
    sigmas : sequence of float
        Scales, in voxels: about a third of the filament width.
    cutoffs : sequence of float
        One for each scale, 0 to 1. Lower keeps fainter filaments.

    Returns
    -------
    mask : (Z, Y, X) ndarray of bool

    Raises
    ------
    TypeError
        If ``smooth`` is not an array of numbers, or ``sigmas`` or ``cutoffs`` is not a list of numbers.
    ValueError
        If ``smooth`` is not (Z, Y, X), has fewer than 3 voxels along an axis or holds NaN; if the lists differ in length or are empty, a
        sigma is not positive, or a cutoff is not between 0 and 1.

    References
    ----------
    .. [1] Jerman, T. et al. (2016) IEEE Trans. Med. Imaging 35(9):2107-2118. :DOI:`10.1109/TMI.2016.2550102`
    """
    scales = _scales(sigmas, cutoffs)
    smooth = _stack(smooth, planes=3, size=3)
    curvature, mask = np.empty_like(smooth), np.zeros(smooth.shape, bool)
    for sigma, cutoff in scales:
        strongest = filaments.tube_curvature(smooth, sigma, curvature)
        parallel(lambda planes, m=strongest, c=cutoff: _mark(*planes, m, c), zip(mask, curvature))
    return mask


def filaments_by_plane(smooth: np.ndarray, sigmas: Sequence[float], cutoffs: Sequence[float]) -> np.ndarray:
    """Find curvilinear structures plane by plane: where `filament_response_by_plane` is above its cutoff at one scale at least.

    Parameters
    ----------
    smooth : (Z, Y, X) ndarray of float
        Smoothed intensities, at least 3 x 3 pixels in a plane.
    sigmas : sequence of float
        Scales, in pixels: about a third of the filament width.
    cutoffs : sequence of float
        One for each scale, 0 to 1. Lower keeps fainter filaments.

    Returns
    -------
    mask : (Z, Y, X) ndarray of bool
        The last 3 columns are background.

    Raises
    ------
    TypeError
        If ``smooth`` is not an array of numbers, or ``sigmas`` or ``cutoffs`` is not a list of numbers.
    ValueError
        If ``smooth`` is not (Z, Y, X), has fewer than 3 x 3 pixels in a plane or holds NaN; if the lists differ in length or are empty, a
        sigma is not positive, or a cutoff is not between 0 and 1.

    References
    ----------
    .. [1] Jerman, T. et al. (2016) IEEE Trans. Med. Imaging 35(9):2107-2118. :DOI:`10.1109/TMI.2016.2550102`
    """
    scales = _scales(sigmas, cutoffs)
    smooth = _stack(smooth, size=3)
    mask = np.zeros(smooth.shape, bool)
    for sigma, cutoff in scales:
        _each_plane(smooth, sigma, lambda z, curvature, strongest, c=cutoff: _mark(mask[z], curvature, strongest, c))
    return mask


def filaments_in_plane(plane: np.ndarray, sigmas: Sequence[float], cutoffs: Sequence[float]) -> np.ndarray:
    """Find curvilinear structures in one plane: where `filament_response_2d` is above its cutoff at one scale at least.

    Parameters
    ----------
    plane : (Y, X) ndarray of float
        Smoothed intensities, at least 3 x 3 pixels.
    sigmas : sequence of float
        Scales, in pixels: about a third of the filament width.
    cutoffs : sequence of float
        One for each scale, 0 to 1. Lower keeps fainter filaments.

    Returns
    -------
    mask : (Y, X) ndarray of bool

    Raises
    ------
    TypeError
        If ``plane`` is not an array of numbers, or ``sigmas`` or ``cutoffs`` is not a list of numbers.
    ValueError
        If ``plane`` is not (Y, X), is smaller than 3 x 3 pixels or holds NaN; if the lists differ in length or are empty, a sigma is not
        positive, or a cutoff is not between 0 and 1.

    References
    ----------
    .. [1] Jerman, T. et al. (2016) IEEE Trans. Med. Imaging 35(9):2107-2118. :DOI:`10.1109/TMI.2016.2550102`
    """
    scales = _scales(sigmas, cutoffs)
    plane = _plane(plane)
    mask = np.zeros(plane.shape, bool)
    for sigma, cutoff in scales:
        curvature = filaments.line_curvature(plane, sigma)
        _mark(mask, curvature, curvature.min(), cutoff)
    return mask


def _stack(smooth: np.ndarray, planes: int = 1, size: int = 1) -> np.ndarray:
    """Check a stack and return it as the kernels want it. They are compiled for writeable arrays alone, so a read-only one is copied."""
    return np.require(_checks.image(smooth, "smooth", planes=planes, size=size), np.float32, "CAWE")


def _plane(plane: np.ndarray) -> np.ndarray:
    return np.require(_checks.plane(plane, size=3), np.float32, "CAWE")


def _scales(sigmas: Sequence[float], cutoffs: Sequence[float]) -> list[tuple[float, float]]:
    scales = _checks.pairs(sigmas, cutoffs)
    for _, cutoff in scales:
        _checks.number(cutoff, "cutoffs", low=0, high=1)
    return scales


def _to_response(curvature: np.ndarray, strongest: np.float32) -> None:
    """Turn curvatures into responses, in place."""
    if strongest < 0:
        curvature /= strongest
        curvature[:] = np.where(curvature > 0.5, 1, filaments.response(curvature))


def _mark(mask: np.ndarray, curvature: np.ndarray, strongest: np.float32, cutoff: float) -> None:
    """Set ``mask`` where the response is above ``cutoff``."""
    if strongest < 0:
        mask |= curvature < filaments.level(cutoff) * strongest


def _each_plane(smooth: np.ndarray, sigma: float, take: Callable[[int, np.ndarray, np.float32], None]) -> None:
    """Call ``take(z, curvature, strongest)`` for each plane, filtered side by side with the maximum projection.

    Of the projection only a strip beside the plane depends on the plane, as far as the filter reaches across the seam. It is filtered with
    each plane, and another strip with it that keeps the outer border away; the rest of the projection is filtered once.
    """
    width, reach = smooth.shape[2], filaments.reach(sigma)
    projection = smooth.max(axis=0)
    if width > 2 * reach:
        strip, beside = projection[:, : 2 * reach], reach
        strongest_elsewhere = filaments.line_curvature(projection, sigma)[:, reach:].min()
    else:
        strip, beside, strongest_elsewhere = projection, width, np.float32(0)

    def work(z: int) -> None:
        curvature = filaments.line_curvature(np.concatenate([smooth[z], strip], axis=1), sigma)[:, : width + beside]
        strongest = min(curvature.min(), strongest_elsewhere)
        curvature[:, width - 3 :] = 0
        take(z, curvature[:, :width], strongest)

    parallel(work, range(len(smooth)))
