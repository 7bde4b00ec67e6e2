"""Bring intensities to 0 to 1, and smooth them: the first two steps of every workflow."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from helpers import _checks
from helpers._kernels import contrast, convolution, diffusion
from helpers.classic import pooled
from helpers.classic.pooled import Intensities, OfArray

STEP = 0.5  # suggested contrast parameters are multiples of this


class Contrast(NamedTuple):
    """How far below and above the mean `auto_contrast` cuts intensities, in standard deviations."""

    low: float
    high: float


def auto_contrast(raw: np.ndarray, low: float, high: float) -> np.ndarray:
    """Cut intensities at some standard deviations from their mean, and scale them to 0 to 1.

    Takes what lies between mean - ``low`` * deviation and mean + ``high`` * deviation, and no more than the image holds. For structures whose
    brightness varies from image to image: find ``low`` and ``high`` on some typical images (`suggest_contrast`), then keep them for all.
    Crops and time points are to be treated like the whole that they belong to: see `intensities_of`.

    Parameters
    ----------
    raw : (Z, Y, X) ndarray of int or float
        Intensities, in camera counts.
    low, high : float
        Standard deviations below and above the mean, at least 0. A smaller ``high`` lets faint structures show, and saturates bright ones.

    Returns
    -------
    normalized : (Z, Y, X) ndarray of float32
        Between 0 and 1.

    Raises
    ------
    TypeError
        If ``raw`` is not an array of numbers, or ``low`` or ``high`` is not a number.
    ValueError
        If ``raw`` is not (Z, Y, X), holds NaN or has one value only; if ``low`` or ``high`` is negative, or both are 0.

    References
    ----------
    .. [1] Chen, J. et al. (2018) The Allen Cell and Structure Segmenter. bioRxiv 491035. :DOI:`10.1101/491035`

    Examples
    --------
    >>> raw = np.array([[[100, 110, 120, 1000]]])
    >>> auto_contrast(raw, low=1, high=0.5).round(2)
    array([[[0.  , 0.02, 0.05, 1.  ]]], dtype=float32)
    """
    raw = pooled.prepared(raw)
    lowest, highest = _around_mean(pooled.in_force(raw), low, high)
    return pooled.remember(contrast.rescale(raw, lowest, highest), lowest, highest)


def clip_contrast(normalized: np.ndarray, low: float, high: float) -> np.ndarray:
    """Cut intensities at some standard deviations from their mean, as `auto_contrast` does, and leave their scale as it is.

    For steps whose cutoffs are in units of the intensities, such as `spots_3d`: they mean the same as without the cut. Inside
    `intensities_of` an image that `auto_contrast` made there is cut like the whole; any other by its own mean and deviation.

    Parameters
    ----------
    normalized : (Z, Y, X) ndarray of float
        Intensities.
    low, high : float
        Standard deviations below and above the mean, at least 0.

    Returns
    -------
    clipped : (Z, Y, X) ndarray of float32

    Raises
    ------
    TypeError
        If ``normalized`` is not an array of numbers, or ``low`` or ``high`` is not a number.
    ValueError
        If ``normalized`` is not (Z, Y, X), holds NaN or has one value only; if ``low`` or ``high`` is negative, or both are 0.

    References
    ----------
    .. [1] Chen, J. et al. (2018) bioRxiv 491035, workflow for POLR2A. :DOI:`10.1101/491035`

    Examples
    --------
    >>> clip_contrast(np.array([[[0.1, 0.2, 0.3, 1.0]]]), low=1, high=0.5).round(2)
    array([[[0.1 , 0.2 , 0.3 , 0.58]]], dtype=float32)
    """
    image = pooled.prepared(normalized, "normalized")
    lowest, highest = _around_mean(pooled.in_force_after(normalized, image), low, high, "normalized")
    return np.clip(_checks.float32(image), np.float32(lowest), np.float32(highest))


def auto_contrast_within(raw: np.ndarray, low: float, high: float, lower: float, upper: float) -> np.ndarray:
    """Cut intensities at some standard deviations beyond two given intensities, and scale them to 0 to 1.

    Takes what lies between ``lower`` - ``low`` * deviation and ``upper`` + ``high`` * deviation, and no more than the image holds. The
    deviation is that of the intensities between ``lower`` and ``upper`` alone, so that dead cells and debris do not count.

    Parameters
    ----------
    raw : (Z, Y, X) ndarray of int or float
        Intensities, in camera counts.
    low, high : float
        Standard deviations below ``lower`` and above ``upper``, at least 0.
    lower, upper : float
        The range of intensities to be trusted, in camera counts.

    Returns
    -------
    normalized : (Z, Y, X) ndarray of float32
        Between 0 and 1.

    Raises
    ------
    TypeError
        If ``raw`` is not an array of numbers, or a parameter is not a number.
    ValueError
        If ``raw`` is not (Z, Y, X), holds NaN or has one value only; if ``low`` or ``high`` is negative, or no intensity lies between
        ``lower`` and ``upper``.

    References
    ----------
    .. [1] Chen, J. et al. (2018) The Allen Cell and Structure Segmenter. bioRxiv 491035. :DOI:`10.1101/491035`
    """
    raw = pooled.prepared(raw)
    known = _varied(pooled.in_force(raw))
    _checks.number(low, "low", low=0)
    _checks.number(high, "high", low=0)
    _checks.number(lower, "lower")
    _checks.number(upper, "upper")
    _, deviation = known.mean_and_deviation(lower, upper)
    if np.isnan(deviation):
        raise ValueError(
            f"no intensity lies between lower = {lower:g} and upper = {upper:g}, raw is {known.lowest:g} to {known.highest:g}: "
            "change lower or upper"
        )
    limits = _ordered(max(lower - low * deviation, known.lowest), min(upper + high * deviation, known.highest))
    return contrast.rescale(raw, *limits)


def min_max(raw: np.ndarray, ceiling: float | None = None) -> np.ndarray:
    """Scale intensities to 0 to 1, the lowest to the highest.

    Voxels brighter than ``ceiling`` become 0, background: set it above the structure and below the dead cells and debris that are far brighter.

    Parameters
    ----------
    raw : (Z, Y, X) ndarray of int or float
        Intensities, in camera counts.
    ceiling : float, optional
        Brightest intensity that is kept, in camera counts; by default all are.

    Returns
    -------
    normalized : (Z, Y, X) ndarray of float32
        Between 0 and 1.

    Raises
    ------
    TypeError
        If ``raw`` is not an array of numbers, or ``ceiling`` is not a number.
    ValueError
        If ``raw`` is not (Z, Y, X), holds NaN or has one value only, or no intensity but the lowest is left under ``ceiling``.

    References
    ----------
    .. [1] Chen, J. et al. (2018) The Allen Cell and Structure Segmenter. bioRxiv 491035. :DOI:`10.1101/491035`

    Examples
    --------
    >>> min_max(np.array([[[100, 200, 300, 9000]]]), ceiling=4000)
    array([[[0. , 0.5, 1. , 0. ]]], dtype=float32)
    """
    raw = pooled.prepared(raw)
    known = _varied(pooled.in_force(raw))
    if ceiling is None or _checks.number(ceiling, "ceiling") >= known.highest:
        return contrast.rescale(raw, known.lowest, known.highest)
    highest_kept = known.highest_up_to(ceiling)
    if highest_kept <= known.lowest:
        raise ValueError(
            f"ceiling = {ceiling:g} leaves one value only, raw is {known.lowest:g} to {known.highest:g}: raise ceiling above the structure"
        )
    return contrast.rescale(raw, known.lowest, highest_kept, ceiling)


def suggest_contrast(raws: np.ndarray | Iterable[np.ndarray]) -> Contrast:
    """Suggest the parameters of `auto_contrast` for one or several typical images.

    ``high`` is the smallest multiple of 0.5 that cuts at most one voxel in ten thousand; ``low`` is the largest multiple of 0.5 that does not
    reach below the lowest intensity. Of several images the median of each is taken. This is a start: look at the result and adjust.

    Parameters
    ----------
    raws : (Z, Y, X) ndarray, or iterable of them
        Intensities, in camera counts. Images are asked for one at a time; a generator that reads files holds one in memory.

    Returns
    -------
    contrast : Contrast
        ``low`` and ``high``, in standard deviations.

    Raises
    ------
    TypeError
        If an image is not an array of numbers.
    ValueError
        If there is no image, or one is not (Z, Y, X), holds NaN or has one value only.

    Examples
    --------
    >>> suggest_contrast(np.arange(1000).reshape(10, 10, 10))
    Contrast(low=1.5, high=2.0)
    """
    images = [raws] if isinstance(raws, np.ndarray) else raws
    suggestions = [_suggest(raw) for raw in images]
    if not suggestions:
        raise ValueError("raws holds no image: give one stack or a list of stacks")
    low, high = np.median(suggestions, axis=0)
    return Contrast(float(low), float(high))


def gaussian(normalized: np.ndarray, sigma: float) -> np.ndarray:
    """Smooth with a Gaussian of the same width along z, y and x.

    Structures closer than about ``sigma`` merge. The Gaussian is cut at 3 ``sigma``; beyond a border the outermost value goes on.

    Parameters
    ----------
    normalized : (Z, Y, X) ndarray of float
        Intensities.
    sigma : float
        Standard deviation of the Gaussian, in voxels.

    Returns
    -------
    smooth : (Z, Y, X) ndarray of float32

    Raises
    ------
    TypeError
        If ``normalized`` is not an array of numbers, or ``sigma`` is not a number.
    ValueError
        If ``normalized`` is not (Z, Y, X) or holds NaN, or ``sigma`` is not positive.

    References
    ----------
    .. [1] Getreuer, P. (2013) Image Processing On Line 3:286-310. :DOI:`10.5201/ipol.2013.87`

    Examples
    --------
    >>> point = np.zeros((7, 7, 7))
    >>> point[3, 3, 3] = 1
    >>> round(float(gaussian(point, sigma=1).max()), 4)
    0.0635
    """
    weights = convolution.gaussian_weights(_checks.number(sigma, "sigma", above=0), truncate=3)
    return convolution.smooth(_float32(normalized), weights, weights)


def gaussian_by_plane(normalized: np.ndarray, sigma: float) -> np.ndarray:
    """Smooth each plane by itself with a Gaussian: where the structure moves between planes, or planes lie far apart.

    Parameters
    ----------
    normalized : (Z, Y, X) ndarray of float
        Intensities.
    sigma : float
        Standard deviation of the Gaussian, in pixels.

    Returns
    -------
    smooth : (Z, Y, X) ndarray of float32

    Raises
    ------
    TypeError
        If ``normalized`` is not an array of numbers, or ``sigma`` is not a number.
    ValueError
        If ``normalized`` is not (Z, Y, X) or holds NaN, or ``sigma`` is not positive.

    References
    ----------
    .. [1] Getreuer, P. (2013) Image Processing On Line 3:286-310. :DOI:`10.5201/ipol.2013.87`
    """
    weights = convolution.gaussian_weights(_checks.number(sigma, "sigma", above=0), truncate=3)
    return convolution.smooth(_float32(normalized), np.ones(1, np.float32), weights)


def edge_preserving(normalized: np.ndarray, iterations: int = 10, conductance: float = 1.2, time_step: float = 0.0625) -> np.ndarray:
    """Smooth within structures and not across their edges, by gradient anisotropic diffusion.

    For filaments that run side by side and must stay apart. How much of an edge stops the flow is relative to the mean gradient of the
    whole image, so the result in a crop differs a little from that in the whole.

    Parameters
    ----------
    normalized : (Z, Y, X) ndarray of float
        Intensities.
    iterations : int
        Steps; more smooth more. The time grows with it.
    conductance : float
        Edges steeper than about this many times the root mean square gradient stay. Lower keeps more edges.
    time_step : float
        Length of a step, at most 1/6; longer steps are unstable.

    Returns
    -------
    smooth : (Z, Y, X) ndarray of float32

    Raises
    ------
    TypeError
        If ``normalized`` is not an array of numbers, a parameter is not a number, or ``iterations`` is not a whole one.
    ValueError
        If ``normalized`` is not (Z, Y, X) or holds NaN, ``iterations`` is less than 1, ``conductance`` is not positive, or ``time_step``
        is not between 0 and 1/6.

    References
    ----------
    .. [1] Perona, P. and Malik, J. (1990) IEEE Trans. Pattern Anal. Mach. Intell. 12(7):629-639. :DOI:`10.1109/34.56205`
    """
    _checks.number(iterations, "iterations", low=1, integer=True)
    _checks.number(conductance, "conductance", above=0)
    _checks.number(time_step, "time_step", above=0, high=1 / 6)
    return diffusion.diffuse(_float32(normalized), int(iterations), float(conductance), float(time_step))


def _float32(normalized: np.ndarray) -> np.ndarray:
    """Check an image and return it as the kernels want it. They are compiled for writeable arrays alone, so a read-only one is copied."""
    return np.require(_checks.image(normalized, "normalized"), np.float32, "CAWE")


def _varied(known: Intensities | OfArray, name: str = "raw") -> Intensities | OfArray:
    """Return what is known of an image; raise if it is one value everywhere."""
    _checks.varied(np.array([known.lowest, known.highest]), name)
    return known


def _around_mean(known: Intensities | OfArray, low: float, high: float, name: str = "raw") -> tuple[float, float]:
    """Return the limits that lie so many standard deviations from the mean, within what the image holds."""
    _varied(known, name)
    _checks.number(low, "low", low=0)
    _checks.number(high, "high", low=0)
    mean, deviation = known.mean_and_deviation()
    return _ordered(max(mean - low * deviation, known.lowest), min(mean + high * deviation, known.highest))


def _ordered(low: float, high: float) -> tuple[float, float]:
    if not low < high:
        raise ValueError(f"no intensities are left between {low:g} and {high:g}: give a larger low or high")
    return low, high


def _suggest(raw: np.ndarray) -> Contrast:
    known = _varied(OfArray(pooled.prepared(raw)))
    mean, deviation = known.mean_and_deviation()
    nearly_highest = float(np.percentile(known.raw, 99.99))
    low = np.floor((mean - known.lowest) / deviation / STEP) * STEP
    high = np.ceil((nearly_highest - mean) / deviation / STEP) * STEP
    return Contrast(float(low), float(high))
