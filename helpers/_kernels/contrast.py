"""Mean and deviation of an image, and its intensities brought to 0 to 1, in one pass each and without a copy of the image.

The mean is sum(v) / n. The deviation comes from sums of squares, which lose digits when the values are large and alike; so the values are
counted from a pivot p: variance = sum((v - p)^2) / n - (sum(v - p) / n)^2. Integers of up to 16 bits are summed exactly whatever the
pivot: a chunk's sums stay below 2^53 and are exact in double precision, and the chunks are added as whole numbers [1]_. Other types take
two passes, the second with the mean as pivot.

.. [1] Chan, T. F., Golub, G. H. and LeVeque, R. J. (1983) Algorithms for computing the sample variance. The American Statistician
   37(3):242-247. :DOI:`10.1080/00031305.1983.10483115`
"""

from fractions import Fraction

import numpy as np
from numba import njit

from helpers._kernels.threads import FAST, blocks, parallel

CHUNK = 2**18  # values; squares of 16 bits then sum to less than 2^50
ORDERED = FAST | {"fastmath": {"reassoc", "nsz", "contract", "arcp"}}  # sums in any order, but infinite bounds must work


def mean_and_deviation(raw: np.ndarray, lower: float = -np.inf, upper: float = np.inf) -> tuple[float, float]:
    """Return the mean and the population standard deviation of the values v with lower < v < upper; (nan, nan) if there are none."""
    count, mean, variance = moments(raw, lower, upper)
    return (float(mean), max(float(variance), 0.0) ** 0.5) if count else (np.nan, np.nan)


def moments(raw: np.ndarray, lower: float = -np.inf, upper: float = np.inf) -> tuple[int, Fraction, Fraction]:
    """Return how many values v have lower < v < upper, their mean and their variance; as fractions, so that several images can be added."""
    values = raw.ravel()
    exact = raw.dtype.kind in "iu" and raw.dtype.itemsize <= 2
    count, total, squares = _sums(values, 0.0, lower, upper)
    if count == 0:
        return 0, Fraction(0), Fraction(0)
    mean = total / count
    if not exact:
        count, total, squares = _sums(values, float(mean), lower, upper)
    return count, mean, squares / count - (total / count) ** 2


def highest_up_to(raw: np.ndarray, ceiling: float) -> float:
    """Return the highest value that is not above ``ceiling``; -inf if there is none."""
    values = raw.ravel()
    return max(parallel(lambda chunk: _highest_up_to(values[slice(*chunk)], float(ceiling)), blocks(values.size, CHUNK)))


def rescale(raw: np.ndarray, low: float, high: float, ceiling: float = np.inf) -> np.ndarray:
    """Return (v - low) / (high - low) as float32, cut to 0 to 1; values above ``ceiling`` become 0."""
    values, out = raw.ravel(), np.empty(raw.shape, np.float32)
    flat = out.ravel()

    def work(chunk: tuple[int, int]) -> None:
        part = slice(*chunk)
        _rescale(values[part], float(low), 1 / (float(high) - float(low)), float(ceiling), flat[part])

    parallel(work, blocks(values.size, CHUNK))
    return out


def _sums(values: np.ndarray, pivot: float, lower: float, upper: float) -> tuple[int, Fraction, Fraction]:
    """Return how many values lie within the bounds, the sum of their differences from the pivot, and of the squared differences."""
    parts = parallel(lambda chunk: _chunk_sums(values[slice(*chunk)], pivot, float(lower), float(upper)), blocks(values.size, CHUNK))
    counts, totals, squares = zip(*parts)
    return sum(counts), sum(map(Fraction, totals)), sum(map(Fraction, squares))


@njit(**ORDERED)
def _chunk_sums(values, pivot, lower, upper):
    count, total, squares = 0, 0.0, 0.0
    for i in range(values.size):
        value = np.float64(values[i])
        inside = lower < value < upper
        difference = value - pivot if inside else 0.0
        count += inside
        total += difference
        squares += difference * difference
    return count, total, squares


@njit(**ORDERED)
def _highest_up_to(values, ceiling):
    highest = -np.inf
    for i in range(values.size):
        value = np.float64(values[i])
        highest = max(highest, value if value <= ceiling else -np.inf)
    return highest


@njit(**ORDERED)
def _rescale(values, low, factor, ceiling, out):
    for i in range(values.size):
        value = np.float64(values[i])
        scaled = min(max((value - low) * factor, 0.0), 1.0)
        out[i] = np.float32(scaled if value <= ceiling else 0.0)
