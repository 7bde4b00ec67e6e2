"""Dilation of a mask by a ball, row by row.

A voxel is set where a foreground voxel lies within ``radius``: dz^2 + dy^2 + dx^2 <= radius^2, in voxels. For each row offset (dz, dy)
the ball reaches ``floor(sqrt(radius^2 - dz^2 - dy^2))`` columns to either side, so a row of the result is the OR of shifted rows of the
mask, which the compiler does many voxels at a time. Nothing outside the image is foreground.

Source: Serra, J. (1982) Image Analysis and Mathematical Morphology, Academic Press.
"""

from math import isqrt

import numba as nb
import numpy as np

from helpers._kernels.inputs import frozen
from helpers._kernels.threads import EXACT, blocks, parallel


def dilate(mask: np.ndarray, radius: int) -> np.ndarray:
    """Dilate a C-contiguous bool (Z, Y, X) mask by a ball of ``radius`` voxels."""
    result = np.empty(mask.shape, np.uint8)
    reach = np.array(
        [
            (dz, dy, isqrt(rest))
            for dz in range(-radius, radius + 1)
            for dy in range(-radius, radius + 1)
            if (rest := radius**2 - dz**2 - dy**2) >= 0
        ]
    )
    voxels = frozen(mask.view(np.uint8))
    parallel(lambda planes: _dilate(voxels, reach, result, *planes), blocks(len(mask), 4))
    return result.view(bool)


@nb.njit(**EXACT)
def _dilate(mask, reach, result, first_plane, stop_plane):
    planes, height, width = mask.shape
    joined = np.empty(width, np.uint8)
    for z in range(first_plane, stop_plane):
        for y in range(height):
            for x in range(width):
                joined[x] = 0
            for i in range(len(reach)):
                dz, dy, columns = reach[i, 0], reach[i, 1], reach[i, 2]
                if 0 <= z + dz < planes and 0 <= y + dy < height:
                    row = mask[z + dz, y + dy]
                    _join(joined, row, width)
                    for dx in range(1, min(columns, width - 1) + 1):
                        _join(joined[dx:], row, width - dx)
                        _join(joined, row[dx:], width - dx)
            for x in range(width):
                result[z, y, x] = joined[x]


@nb.njit(**EXACT)
def _join(row, other, width):
    for x in range(width):
        row[x] |= other[x]
