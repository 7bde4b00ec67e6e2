"""Squared distance of each foreground voxel to the nearest background voxel, exact, in voxels; nothing lies outside the image.

Along x the distance follows from the ends of each run of foreground. Along y, then along z, a voxel takes the smallest of its
neighbours' squared distances so far plus the squared way to them. The way grows from 0 and ends where it alone is longer than the
smallest sum, so the work is that of the foreground times its depth: little for the small objects that are split by it.

Source: Saito, T. & Toriwaki, J. (1994) Pattern Recognition 27(11):1551-1565.
"""

import numba as nb
import numpy as np

from helpers._kernels.inputs import frozen
from helpers._kernels.threads import EXACT, blocks, parallel

ENDLESS = 1 << 30  # no background on this line


def squared_depths(mask: np.ndarray) -> np.ndarray:
    """Return int32 squared distances of a C-contiguous bool (Z, Y, X) mask: 0 in the background, `ENDLESS` where there is none."""
    planes, height, width = mask.shape
    depths = np.empty(mask.shape, np.int32)
    flat = depths.reshape(-1)
    voxels = frozen(mask.view(np.uint8)).reshape(-1)
    parallel(lambda rows: _along_x(voxels, flat, width, *rows), blocks(planes * height, 1024))
    area = height * width
    parallel(lambda pieces: _across(flat, area, height, width, width, *pieces), blocks(planes, 8))
    parallel(lambda pieces: _across(flat, width, planes, area, width, *pieces), blocks(height, 8))
    return depths


@nb.njit(**EXACT)
def _along_x(mask, depths, width, first, stop):
    for begin in range(first * width, stop * width, width):
        x = 0
        while x < width:
            start = x
            while x < width and mask[begin + x]:
                x += 1
            for k in range(start, x):
                before = k - start + 1 if start > 0 else ENDLESS
                behind = x - k if x < width else ENDLESS
                nearest = min(before, behind)
                depths[begin + k] = nearest * nearest if nearest < ENDLESS else ENDLESS
            if x < width:
                depths[begin + x] = 0
                x += 1


@nb.njit(**EXACT)
def _across(depths, apart, length, step, width, first, stop):
    """Shorten the distances by the way along one axis, whose voxels lie ``step`` apart, in the sections ``first`` to ``stop``."""
    before = np.empty((length, width), np.int32)
    for section in range(first, stop):
        begin = section * apart
        for i in range(length):
            before[i] = depths[begin + i * step : begin + i * step + width]
        for i in range(length):
            for x in range(width):
                nearest = before[i, x]
                way = 1
                while way * way < nearest and (way <= i or way < length - i):
                    if way <= i:
                        nearest = min(nearest, before[i - way, x] + way * way)
                    if way < length - i:
                        nearest = min(nearest, before[i + way, x] + way * way)
                    way += 1
                depths[begin + i * step + x] = nearest
