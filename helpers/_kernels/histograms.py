"""Histograms of float intensities in equal bins, of a whole image and of each object of a mask.

Bin ``i`` holds the values with ``edges[i] <= value < edges[i + 1]``; the last bin also holds its upper edge (as `numpy.histogram`).
The bin is guessed by one multiplication and corrected against the edges, so that rounding never puts a value into the wrong bin.
Objects come as runs (see `runs`), sorted by object: each voxel of the mask is visited twice, whatever the number of objects.
"""

import numba as nb
import numpy as np

from helpers._kernels.inputs import frozen
from helpers._kernels.runs import Runs
from helpers._kernels.threads import EXACT, FAST, blocks, parallel

BLOCK = 256  # values whose bins are guessed together, which the compiler does several at a time
HIGHEST = np.finfo(np.float32).max
PIECE = 1 << 20  # values of one piece of work


def histogram(image: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Count the values of a C-contiguous float32 image between float32 ``edges``: (bins,) int64."""
    values, edges = frozen(image.reshape(-1)), frozen(edges)
    scale = _scale(edges[0], edges[-1], edges.size - 1)
    pieces = blocks(values.size, PIECE)
    counts = np.empty((len(pieces), edges.size - 1), np.int64)
    parallel(lambda i: _count(values[slice(*pieces[i])], scale, edges, counts[i]), range(len(pieces)))
    return counts.sum(0)


def values_between(image: np.ndarray, low: float, high: float, count: int) -> np.ndarray:
    """Collect the ``count`` values of a C-contiguous float32 image with ``low <= value < high``."""
    found = np.empty(count + 1, np.float32)  # one more: each value is written, and the next one over it unless it counts
    _collect(frozen(image.reshape(-1)), np.float32(low), np.float32(high), found)
    return found[:count]


class Objects:
    """The voxels of each object of a mask in a C-contiguous float32 image, object after object."""

    def __init__(self, image: np.ndarray, runs: Runs) -> None:
        planes, height, width = runs.shape
        self.rows = frozen(image.reshape(planes * height, width))
        self.row = np.repeat(np.arange(len(self.rows), dtype=np.int32), np.diff(runs.first))
        self.start, self.stop = runs.start, runs.stop
        self.order = np.argsort(runs.component, kind="stable")
        self.first = np.zeros(runs.sizes.size + 1, np.int64)
        np.cumsum(np.bincount(runs.component, minlength=runs.sizes.size), out=self.first[1:])

    def extremes(self, first: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
        """Lowest and highest intensity of the objects ``first`` to ``stop``."""
        low, high = np.full((2, stop - first), [[HIGHEST], [-HIGHEST]], np.float32)
        _extremes(self.rows, self.row, self.start, self.stop, self.order, self.first[first : stop + 1], low, high)
        return low, high

    def histograms(self, first: int, stop: int, edges: np.ndarray) -> np.ndarray:
        """Histograms of the objects ``first`` to ``stop`` between ``edges`` (objects, bins + 1): (objects, bins) int64."""
        counts = np.empty((stop - first, edges.shape[1] - 1), np.int64)
        edges = np.ascontiguousarray(edges)
        scale = _scale(edges[:, 0], edges[:, -1], counts.shape[1])
        _histograms(self.rows, self.row, self.start, self.stop, self.order, self.first[first : stop + 1], scale, frozen(edges), counts)
        return counts

    def mark_above(self, first: int, stop: int, cutoffs: np.ndarray, mask: np.ndarray) -> None:
        """Set the voxels of a uint8 mask where the objects ``first`` to ``stop`` are brighter than their cutoff."""
        marks = mask.reshape(self.rows.shape)
        _mark_above(self.rows, self.row, self.start, self.stop, self.order, self.first[first : stop + 1], cutoffs, marks)


def _scale(low: np.ndarray, high: np.ndarray, bins: int) -> np.ndarray:
    """Bins per intensity; 0 where all values are equal, which puts them into the first bin."""
    width = np.float64(high) - np.float64(low)
    return np.float32(np.divide(bins, width, out=np.zeros_like(width), where=width > 0))


@nb.njit(**EXACT)
def _add(values, scale, edges, guesses, counts):
    """Add values to four histograms in turn: equal neighbours, as in the background, need not wait for each other."""
    last = edges.size - 2
    lowest = edges[0]
    for begin in range(0, values.size, BLOCK):
        block = values[begin : begin + BLOCK]
        for i in range(block.size):
            guesses[i] = np.int32(min(max((block[i] - lowest) * scale, np.float32(0)), np.float32(last)))
        for i in range(block.size):
            found = guesses[i]
            while found > 0 and block[i] < edges[found]:
                found -= 1
            while found < last and block[i] >= edges[found + 1]:
                found += 1
            counts[i & 3, found] += 1


@nb.njit(**EXACT)
def _count(values, scale, edges, counts):
    several = np.zeros((4, counts.size), np.int64)
    _add(values, scale, edges, np.empty(BLOCK, np.int32), several)
    for i in range(counts.size):
        counts[i] = several[0, i] + several[1, i] + several[2, i] + several[3, i]


@nb.njit(**EXACT)
def _collect(values, low, high, found):
    count = 0
    for i in range(values.size):
        found[count] = values[i]
        count += (low <= values[i]) & (values[i] < high)


@nb.njit(**FAST)
def _extremes(rows, row, start, stop, order, first, low, high):
    for i in range(low.size):
        smallest, largest = low[i], high[i]
        for j in range(first[i], first[i + 1]):
            run = order[j]
            values = rows[row[run], start[run] : stop[run]]
            for x in range(values.size):
                smallest = min(smallest, values[x])
                largest = max(largest, values[x])
        low[i], high[i] = smallest, largest


@nb.njit(**EXACT)
def _histograms(rows, row, start, stop, order, first, scale, edges, counts):
    bins = counts.shape[1]
    guesses = np.empty(BLOCK, np.int32)
    several = np.empty((4, bins), np.int64)
    for i in range(len(counts)):
        for k in range(bins):
            several[0, k] = several[1, k] = several[2, k] = several[3, k] = 0
        for j in range(first[i], first[i + 1]):
            run = order[j]
            _add(rows[row[run], start[run] : stop[run]], scale[i], edges[i], guesses, several)
        for k in range(bins):
            counts[i, k] = several[0, k] + several[1, k] + several[2, k] + several[3, k]


@nb.njit(**EXACT)
def _mark_above(rows, row, start, stop, order, first, cutoffs, marks):
    for i in range(cutoffs.size):
        for j in range(first[i], first[i + 1]):
            run = order[j]
            values, marked = rows[row[run]], marks[row[run]]
            for x in range(start[run], stop[run]):
                marked[x] = values[x] > cutoffs[i]
