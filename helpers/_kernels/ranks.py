"""Replace intensities by integer levels in the same order.

Equal intensities get equal levels. Whole numbers that span no more values than there are voxels, or 16 bits, are counted from the lowest.
The levels of others are dense: 0 for the lowest intensity, 1 for the next one that occurs. Up to a million equal steps lie between the
lowest and the highest. Where each holds one value at most, as in an image from a camera, the steps that were met are the distinct values in
order; else all are sorted once. A table says how many distinct values lie below each step, so that the rank of a voxel is a look into the
table and a short binary search. Comparisons are made between the intensities themselves: nothing is quantized.
"""

from collections.abc import Callable

import numba as nb
import numpy as np

from helpers._kernels.inputs import frozen
from helpers._kernels.threads import EXACT, blocks, parallel

MOST_STEPS = 1 << 20
PLANES = 4  # of one piece of work


def ranks(image: np.ndarray) -> tuple[Callable[[slice], np.ndarray], int]:
    """Return a call that ranks some planes of a finite C-contiguous image, int32 levels of their shape, and how many levels there are."""
    low, high = image.min(), image.max()
    if image.dtype.kind in "iu" and int(high) - int(low) < max(image.size, 2**16):
        return lambda planes: _above(low, image[planes]), int(high) - int(low) + 1
    low, high = float(low), float(high)
    steps = min(image.size, MOST_STEPS)
    scale = (steps - 1) / (high - low) if high > low else 0.0
    value, met = np.empty(steps, image.dtype), np.zeros(steps, bool)
    if _meet(frozen(image.reshape(-1)), low, scale, value, met):
        distinct = value[met]
    else:
        distinct = np.sort(image.reshape(-1))
        distinct = distinct[: _drop_repeats(distinct)].copy()  # the rest is let go
    distinct = frozen(distinct)
    below = np.zeros(steps + 1, np.int32)
    _count_below(distinct, low, scale, below)

    def of_planes(planes: slice) -> np.ndarray:
        values = frozen(image[planes])
        levels = np.empty(values.shape, np.int32)
        _rank(values.reshape(-1), distinct, low, scale, below, levels.reshape(-1))
        return levels

    return of_planes, distinct.size


def ranked(image: np.ndarray) -> np.ndarray:
    """Return the levels of a whole image: int32, of its shape."""
    of_planes, _ = ranks(image)
    levels = np.empty(image.shape, np.int32)

    def fill(piece: tuple[int, int]) -> None:
        levels[slice(*piece)] = of_planes(slice(*piece))

    parallel(fill, blocks(len(image), PLANES))
    return levels


def _above(low: np.integer, values: np.ndarray) -> np.ndarray:
    if low == 0 and values.dtype == np.int32:
        return values
    return np.subtract(values, low, dtype=np.int64 if values.dtype.kind == "i" else np.uint64).astype(np.int32)


@nb.njit(**EXACT)
def _meet(values, low, scale, value, met):
    """Note the value in each step; return False if two differ in one."""
    for i in range(values.size):
        step = int((values[i] - low) * scale)
        if not met[step]:
            met[step] = True
            value[step] = values[i]
        elif value[step] != values[i]:
            return False
    return True


@nb.njit(**EXACT)
def _drop_repeats(ordered):
    """Move the distinct values to the front; return how many."""
    count = 1
    for i in range(ordered.size):
        if ordered[i] != ordered[count - 1]:
            ordered[count] = ordered[i]
            count += 1
    return count


@nb.njit(**EXACT)
def _count_below(distinct, low, scale, below):
    for i in range(distinct.size):
        below[int((distinct[i] - low) * scale) + 1] += 1
    for i in range(1, below.size):
        below[i] += below[i - 1]


@nb.njit(**EXACT)
def _rank(values, distinct, low, scale, below, levels):
    for i in range(values.size):
        step = int((values[i] - low) * scale)
        first, stop = below[step], below[step + 1]
        while stop - first > 1:
            middle = (first + stop) // 2
            if distinct[middle] <= values[i]:
                first = middle
            else:
                stop = middle
        levels[i] = first
