"""The intensities of one or several images, counted once: so that crops and time points are normalized like the whole."""

import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from helpers import _checks
from helpers._kernels import contrast

MOST = 2**20  # different values that are kept apart; 16 MB
BITS = 16  # of the mantissa, where there are more


class Intensities(NamedTuple):
    """What `auto_contrast`, `auto_contrast_within` and `min_max` have to know of all voxels. Made by `intensities`.

    Attributes
    ----------
    count : int
        Voxels.
    mean, deviation : float
        Mean and population standard deviation, in camera counts.
    lowest, highest : float
        In camera counts.
    values, counts : (N,) ndarray of float and of int
        Which intensities there are, in rising order, and how many voxels have each. More than a million different ones (only float images
        have them) are rounded to 4 digits or more; the numbers above are not.
    """

    count: int
    mean: float
    deviation: float
    lowest: float
    highest: float
    values: np.ndarray
    counts: np.ndarray

    def __repr__(self) -> str:
        """Say it in one line, without the million values."""
        return f"Intensities({self.count} voxels, {self.lowest:g} to {self.highest:g}, {self.mean:.6g} ± {self.deviation:.6g})"

    def mean_and_deviation(self, lower: float = -np.inf, upper: float = np.inf) -> tuple[float, float]:
        """Return both for the intensities v with lower < v < upper; (nan, nan) if there are none."""
        if lower == -np.inf and upper == np.inf:
            return self.mean, self.deviation
        inside = (self.values > lower) & (self.values < upper)
        return _moments(self.values[inside], self.counts[inside])

    def highest_up_to(self, ceiling: float) -> float:
        """Return the highest intensity that is not above ``ceiling``; -inf if there is none."""
        return float(self.values[self.values <= ceiling].max(initial=-np.inf))

    def rescaled(self, low: float, high: float) -> "Intensities":
        """Return the intensities as they are after `auto_contrast` with these limits."""
        values = contrast.rescale(self.values, low, high).astype(float)
        mean, deviation = _moments(values, self.counts)
        return Intensities(self.count, mean, deviation, float(values[0]), float(values[-1]), values, self.counts)


class OfArray:
    """The same numbers of one image, each computed when it is asked for."""

    def __init__(self, raw: np.ndarray) -> None:
        self.raw = raw
        self.lowest, self.highest = float(raw.min()), float(raw.max())

    def mean_and_deviation(self, lower: float = -np.inf, upper: float = np.inf) -> tuple[float, float]:
        return contrast.mean_and_deviation(self.raw, lower, upper)

    def highest_up_to(self, ceiling: float) -> float:
        return contrast.highest_up_to(self.raw, ceiling)


class _Fixed:
    """What is in force inside `intensities_of`: the intensities, and which image they were last brought to 0 to 1 for, between which limits."""

    def __init__(self, known: Intensities) -> None:
        self.known = known
        self.image: weakref.ref | None = None
        self.limits = (0.0, 1.0)


_FIXED: ContextVar[_Fixed | None] = ContextVar("fixed_intensities", default=None)


def intensities(raws: np.ndarray | Iterable[np.ndarray]) -> Intensities:
    """Count the intensities of one or several stacks, as if they were one.

    Parameters
    ----------
    raws : (Z, Y, X) ndarray, or iterable of them
        Camera counts. Stacks are asked for one at a time; a generator that reads files holds one in memory.

    Returns
    -------
    known : Intensities
        For `intensities_of`. Of integers it is exact.

    Raises
    ------
    TypeError
        If a stack is not an array of numbers.
    ValueError
        If there is no stack, one is not (Z, Y, X) or holds NaN, or all of them together have one value only.

    References
    ----------
    .. [1] Chan, T. F., Golub, G. H. and LeVeque, R. J. (1983) Algorithms for computing the sample variance. The American Statistician
       37(3):242-247. :DOI:`10.1080/00031305.1983.10483115`

    Examples
    --------
    >>> first, second = np.array([[[1, 2, 3]]]), np.array([[[10, 20, 30]]])
    >>> intensities([first, second])
    Intensities(6 voxels, 1 to 30, 11 ± 10.7083)
    """
    count, total, squares = 0, Fraction(0), Fraction(0)
    lowest, highest = np.inf, -np.inf
    values, counts = np.empty(0), np.empty(0, np.int64)
    for raw in [raws] if isinstance(raws, np.ndarray) else raws:
        raw = prepared(raw)
        size, mean, variance = contrast.moments(raw)
        count, total, squares = count + size, total + mean * size, squares + (variance + mean**2) * size
        lowest, highest = min(lowest, float(raw.min())), max(highest, float(raw.max()))
        values, counts = _fewer(*_merged((values, counts), _histogram(raw)))
    if not count:
        raise ValueError("raws holds no image: give one stack or a list of stacks")
    _checks.varied(np.array([lowest, highest]))
    deviation = max(float(squares / count - (total / count) ** 2), 0.0) ** 0.5
    return Intensities(count, float(total / count), deviation, lowest, highest, values, counts)


@contextmanager
def intensities_of(known: Intensities) -> Iterator[Intensities]:
    """Normalize by given intensities, not by those of the image at hand: crops like the whole, all time points alike.

    Inside, `auto_contrast`, `auto_contrast_within` and `min_max` take mean, deviation, lowest and highest value from ``known``. What lies
    beyond its lowest or highest value becomes 0 or 1. `clip_contrast` does so, too, for an image that `auto_contrast` has just made. Other
    steps that look at the whole image still look at the one at hand: the thresholds of `rough_objects` and `otsu_mask`, `middle_plane`, the
    strongest ridge of a filament response, and the mean gradient of `edge_preserving`. Near the cut, a crop also lacks its surroundings.

    It holds for the code in the block alone: not for other threads, and, ended by an error or not, no longer than the block. Blocks may
    be nested; the innermost counts.

    Parameters
    ----------
    known : Intensities
        From `intensities`.

    Yields
    ------
    known : Intensities

    Raises
    ------
    TypeError
        If ``known`` is not what `intensities` returned.

    Examples
    --------
    >>> from helpers.classic import min_max
    >>> raw = np.array([[[0, 50, 100]]])
    >>> with intensities_of(intensities(raw)):
    ...     crop = min_max(raw[:, :, :2])
    >>> crop
    array([[[0. , 0.5]]], dtype=float32)
    """
    if not isinstance(known, Intensities):
        raise TypeError(f"known must be what intensities(raws) returned, got {type(known).__name__}")
    token = _FIXED.set(_Fixed(known))
    try:
        yield known
    finally:
        _FIXED.reset(token)


def in_force(raw: np.ndarray) -> Intensities | OfArray:
    """Return the fixed intensities, or those of ``raw`` where none are fixed."""
    fixed = _FIXED.get()
    return fixed.known if fixed else OfArray(raw)


def in_force_after(normalized: np.ndarray, prepared_copy: np.ndarray) -> Intensities | OfArray:
    """Return what the fixed intensities became in ``normalized``; those of the image where none are fixed or it was not made from them."""
    fixed = _FIXED.get()
    made_here = fixed is not None and fixed.image is not None and fixed.image() is normalized
    return fixed.known.rescaled(*fixed.limits) if made_here else OfArray(prepared_copy)


def remember(normalized: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return ``normalized``, after noting for `in_force_after` between which limits it was made."""
    fixed = _FIXED.get()
    if fixed is not None:
        fixed.image, fixed.limits = weakref.ref(normalized), (low, high)
    return normalized


def prepared(raw: np.ndarray, name: str = "raw") -> np.ndarray:
    """Check an image and return it as the kernels want it, in its own type."""
    _checks.image(raw, name)
    kind = {"f2": np.float32, "f16": np.float64}.get(raw.dtype.str[1:], raw.dtype.newbyteorder("="))
    return np.require(raw, kind, "CAWE")


def _histogram(raw: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the different values of an image, rising, and how often each stands there."""
    if raw.dtype.kind not in "iu" or raw.dtype.itemsize > 2:
        values, counts = np.unique(raw, return_counts=True)
        return values.astype(float), counts
    lowest, highest = int(raw.min()), int(raw.max())
    counts = np.zeros(highest - lowest + 1, np.int64)
    for plane in raw:  # bincount makes a copy in 8 bytes
        counts += np.bincount(plane.ravel().astype(np.int64) - lowest, minlength=counts.size)
    (found,) = counts.nonzero()
    return (found + lowest).astype(float), counts[found]


def _merged(*histograms: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    values, place = np.unique(np.concatenate([values for values, _ in histograms]), return_inverse=True)
    counts = np.bincount(place, weights=np.concatenate([counts for _, counts in histograms]), minlength=values.size)
    return values, counts.astype(np.int64)


def _fewer(values: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Round the values to fewer binary digits until there are few enough."""
    bits = BITS
    while values.size > MOST:
        mantissa, exponent = np.frexp(values)
        values, counts = _merged((np.ldexp(np.round(mantissa * 2**bits) / 2**bits, exponent), counts))
        bits -= 2
    return values, counts


def _moments(values: np.ndarray, counts: np.ndarray) -> tuple[float, float]:
    """Return mean and deviation of a histogram; of whole numbers they are exact."""
    number = int(counts.sum())
    if not number:
        return np.nan, np.nan
    if (values == np.round(values)).all():
        whole, times = np.array([int(value) for value in values], object), counts.astype(object)  # integers of Python do not overflow
        mean = Fraction(int((whole * times).sum()), number)
        return float(mean), max(float(Fraction(int((whole * whole * times).sum()), number) - mean**2), 0.0) ** 0.5
    mean = float((values * counts).sum() / number)
    return mean, float((((values - mean) ** 2 * counts).sum() / number) ** 0.5)
