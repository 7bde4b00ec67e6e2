"""Squared distance of each foreground voxel to the nearest background voxel, exact, in voxels; nothing lies outside the image.

Along x the distance follows from the ends of each run of foreground. Along y, then along z, a voxel takes the smallest of its
neighbours' squared distances so far plus the squared way to them. The way grows from 0 and ends where it alone is longer than the
smallest sum, so the work is that of the foreground times its depth: little for the small objects that are split by it.

Source: Saito, T. & Toriwaki, J. (1994) Pattern Recognition 27(11):1551-1565.
"""

import numba as nb
import numpy as np

from helpers._kernels.runs import Located
from helpers._kernels.threads import EXACT, blocks, parallel

ENDLESS = 1 << 30  # no background on this line


def squared_depths(shape: tuple[int, int, int], runs: Located) -> np.ndarray:
    """Return int32 squared distances of a (Z, Y, X) mask whose runs are given: 0 in the background, `ENDLESS` where there is none."""
    planes, height, width = shape
    depths, along_y = np.zeros(shape, np.int32), np.zeros(shape, np.int32)
    flat, flat_y = depths.reshape(-1), along_y.reshape(-1)
    parallel(lambda rows: _along_x(flat, *runs, width, *rows), blocks(planes * height, 1024))
    parallel(lambda pieces: _across(flat, flat_y, *runs, height, 1, height, width, *pieces), blocks(planes, 8))
    parallel(lambda pieces: _across(flat_y, flat, *runs, planes, height, 1, width, *pieces), blocks(height, 8))
    return depths


@nb.njit(**EXACT)
def _along_x(depths, first, start, stop, width, first_row, stop_row):
    for row in range(first_row, stop_row):
        for run in range(first[row], first[row + 1]):
            for x in range(start[run], stop[run]):
                before = x - start[run] + 1 if start[run] > 0 else ENDLESS
                behind = stop[run] - x if stop[run] < width else ENDLESS
                nearest = min(before, behind)
                depths[row * width + x] = nearest * nearest if nearest < ENDLESS else ENDLESS


@nb.njit(**EXACT)
def _across(before, after, first, start, stop, length, step, apart, width, first_section, stop_section):
    """Shorten the distances by the way along one axis, whose rows lie ``step`` rows apart, in sections that begin ``apart`` rows apart."""
    for section in range(first_section, stop_section):
        for i in range(length):
            row = section * apart + i * step
            for run in range(first[row], first[row + 1]):
                for voxel in range(row * width + start[run], row * width + stop[run]):
                    nearest = before[voxel]
                    way = 1
                    while way * way < nearest and (way <= i or way < length - i):
                        if way <= i:
                            nearest = min(nearest, before[voxel - way * step * width] + way * way)
                        if way < length - i:
                            nearest = min(nearest, before[voxel + way * step * width] + way * way)
                        way += 1
                    after[voxel] = nearest
