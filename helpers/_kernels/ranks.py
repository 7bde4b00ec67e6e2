"""Replace intensities by integer levels in the same order.

Equal intensities get equal levels, and levels are dense: 0 for the lowest intensity, 1 for the next one that occurs. The distinct values
are sorted once. A table says how many of them lie below each of up to a million equal intensity steps, so that the rank of a voxel is a look
into the table and a short binary search. Comparisons are made between the intensities themselves: nothing is quantized.
"""

import numba as nb
import numpy as np

from helpers._kernels.inputs import frozen
from helpers._kernels.threads import EXACT, blocks, parallel

MOST_STEPS = 1 << 20
PIECE = 1 << 20  # values of one piece of work


def ranks(image: np.ndarray) -> tuple[np.ndarray, int]:
    """Rank a finite C-contiguous image: int32 levels of its shape, and how many there are."""
    values = frozen(image.reshape(-1))
    distinct = np.sort(values)
    distinct = frozen(distinct[: _drop_repeats(distinct)].copy())  # the rest is let go
    low, high = float(distinct[0]), float(distinct[-1])
    steps = min(values.size, MOST_STEPS)
    scale = (steps - 1) / (high - low) if high > low else 0.0
    below = np.zeros(steps + 1, np.int32)
    _count_below(distinct, low, scale, below)
    levels = np.empty(image.shape, np.int32)
    flat = levels.reshape(-1)
    parallel(lambda piece: _rank(values[slice(*piece)], distinct, low, scale, below, flat[slice(*piece)]), blocks(values.size, PIECE))
    return levels, distinct.size


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
