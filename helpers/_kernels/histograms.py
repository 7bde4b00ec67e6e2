"""Histograms of float intensities in equal bins, of a whole image and of each object of a mask.

Bin ``i`` holds the values with ``edges[i] <= value < edges[i + 1]``; the last bin also holds its upper edge (as `numpy.histogram`).
The bin is guessed by one multiplication and corrected against the edges, so that rounding never puts a value into the wrong bin.
Objects come as runs (see `runs`), sorted by object: each voxel of the mask is visited twice, whatever the number of objects.
"""

import numba as nb
import numpy as np

from .inputs import frozen
from .runs import Runs
from .threads import EXACT, blocks, parallel

BLOCK = 256  # values whose bins are guessed together, which the compiler does several at a time
PIECE = 1 << 20  # values of one piece of work


def histogram(image: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Count the values of a C-contiguous float32 image between float32 ``edges``: (bins,) int64."""
    values, edges = frozen(image.reshape(-1)), frozen(edges)
    scale = _scale(edges[0], edges[-1], edges.size - 1)
    pieces = blocks(values.size, PIECE)
    counts = np.zeros((len(pieces), edges.size - 1), np.int64)
    parallel(lambda i: _add(values[slice(*pieces[i])], scale, edges, counts[i]), range(len(pieces)))
    return counts.sum(0)


def values_between(image: np.ndarray, low: float, high: float, count: int) -> np.ndarray:
    """Collect the ``count`` values of a C-contiguous float32 image with ``low <= value < high``."""
    found = np.empty(count, np.float32)
    _collect(frozen(image.reshape(-1)), np.float32(low), np.float32(high), found)
    return found


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
        low, high = np.full(stop - first, np.inf, np.float32), np.full(stop - first, -np.inf, np.float32)
        _extremes(self.rows, self.row, self.start, self.stop, self.order, self.first[first : stop + 1], low, high)
        return low, high

    def histograms(self, first: int, stop: int, edges: np.ndarray) -> np.ndarray:
        """Histograms of the objects ``first`` to ``stop`` between ``edges`` (objects, bins + 1): (objects, bins) int64."""
        counts = np.zeros((stop - first, edges.shape[1] - 1), np.int64)
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
def _add(values, scale, edges, counts):
    bins = counts.size
    guesses = np.empty(min(BLOCK, values.size), np.int32)
    for begin in range(0, values.size, BLOCK):
        end = min(begin + BLOCK, values.size)
        for i in range(begin, end):
            guesses[i - begin] = np.int32(min(max((values[i] - edges[0]) * scale, np.float32(0)), np.float32(bins - 1)))
        for i in range(begin, end):
            bin_ = guesses[i - begin]
            while bin_ > 0 and values[i] < edges[bin_]:
                bin_ -= 1
            while bin_ < bins - 1 and values[i] >= edges[bin_ + 1]:
                bin_ += 1
            counts[bin_] += 1


@nb.njit(**EXACT)
def _collect(values, low, high, found):
    count = 0
    for value in values:
        if low <= value < high:
            found[count] = value
            count += 1


@nb.njit(**EXACT)
def _extremes(rows, row, start, stop, order, first, low, high):
    for i in range(low.size):
        smallest, largest = low[i], high[i]
        for run in order[first[i] : first[i + 1]]:
            for value in rows[row[run], start[run] : stop[run]]:
                smallest = min(smallest, value)
                largest = max(largest, value)
        low[i], high[i] = smallest, largest


@nb.njit(**EXACT)
def _histograms(rows, row, start, stop, order, first, scale, edges, counts):
    for i in range(scale.size):
        for run in order[first[i] : first[i + 1]]:
            _add(rows[row[run], start[run] : stop[run]], scale[i], edges[i], counts[i])


@nb.njit(**EXACT)
def _mark_above(rows, row, start, stop, order, first, cutoffs, marks):
    for i in range(cutoffs.size):
        for run in order[first[i] : first[i + 1]]:
            for x in range(start[run], stop[run]):
                if rows[row[run], x] > cutoffs[i]:
                    marks[row[run], x] = 1
