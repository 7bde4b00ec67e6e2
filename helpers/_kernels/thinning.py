"""Thin thick parts of a mask plane by plane and never cut them: remove voxels of the surface that are far from the medial axis.

The medial axis of a plane is found by removing its pixels one at a time: those closest to the background first (by the exact Euclidean
distance), of equally close ones those with most neighbours first, of equals the first in a scan, so the result is reproducible. A pixel
stays if its removal would change the number of 8-connected parts of its 3 x 3 neighbourhood, or if it has one neighbour or none (an end).

Sources: Blum, H. (1967) A transformation for extracting new descriptors of shape (medial axis); ``medial_axis`` of scikit-image, van der
Walt, S. et al. (2014) PeerJ 2:e453 (priority and rule); Meijster, A., Roerdink, J. & Hesselink, W. (2000) Mathematical Morphology and its
Applications, 331-340 (distances); Chen, J. et al. (2018) bioRxiv 491035 (thinning that spares what is near the axis).
"""

from functools import cache

import numba as nb
import numpy as np

from helpers._kernels.dilation import dilate
from helpers._kernels.inputs import frozen
from helpers._kernels.threads import EXACT, parallel

PARTS = 4  # planes are dealt out to so many pieces of work


def thin(mask: np.ndarray, minimum_thickness: float, depth: int) -> np.ndarray:
    """Remove from a C-contiguous bool mask the voxels within ``depth`` of the outside and more than ``minimum_thickness`` off the axis."""
    surface = mask & dilate(~mask, depth)
    result = mask.copy()
    limit = minimum_thickness + 1e-5
    reach = int(limit)
    near = [(dy, dx) for dy in range(-reach, reach + 1) for dx in range(-reach, reach + 1) if dy * dy + dx * dx <= limit * limit]
    near.sort(key=lambda offset: offset[0] ** 2 + offset[1] ** 2)  # the closest first: most searches end there
    arguments = [frozen(array) for array in (mask.view(np.uint8), surface.view(np.uint8), np.array(near), *_rules())]
    parallel(lambda part: _thin(*arguments, result.view(np.uint8), part), range(PARTS))
    return result


@cache
def _rules() -> tuple[np.ndarray, np.ndarray]:
    """For each of the 512 neighbourhoods of 3 x 3 pixels: whether its centre stays, and how many of its pixels are set."""
    from scipy import ndimage

    stays, pixels = np.zeros(512, np.uint8), np.zeros(512, np.int32)
    corners_touch = np.ones((3, 3))
    for pattern in range(512):
        square = np.array([pattern >> bit & 1 for bit in range(9)]).reshape(3, 3)
        pixels[pattern] = square.sum()
        parts = ndimage.label(square, corners_touch)[1]
        centre, square[1, 1] = square[1, 1], 0
        stays[pattern] = centre and (ndimage.label(square, corners_touch)[1] != parts or pixels[pattern] < 3)
    return stays, pixels


# Loops are spelled out below: each expression on a whole array would take numba half a second more to compile.


@nb.njit(**EXACT)
def _thin(mask, surface, near, stays, pixels, result, part):
    planes, height, width = mask.shape
    axis = np.zeros((height + 2, width + 2), np.uint16)  # with a border of background
    distance = np.empty((height, width), np.int32)
    for z in range(part, planes, PARTS):
        count = np.int64(0)  # a plain 0 has a type of its own, for which what is called below would be compiled too
        for y in range(height):
            for x in range(width):
                axis[y + 1, x + 1] = mask[z, y, x]
                if mask[z, y, x]:
                    count += 1
        if count == 0:
            continue
        _squared_distance(mask[z], distance, count == height * width)
        order = _order(axis, distance, pixels, count)
        for i in range(count):
            y, x = order[i] // width + 1, order[i] % width + 1
            axis[y, x] = stays[_pattern(axis, y, x)]
        for y in range(height):
            for x in range(width):
                if surface[z, y, x] and not _has_axis(axis, near, y, x):
                    result[z, y, x] = 0


@nb.njit(**EXACT)
def _pattern(axis, y, x):
    """Read a 3 x 3 neighbourhood as a number, row after row."""
    above = axis[y - 1, x - 1] | axis[y - 1, x] << 1 | axis[y - 1, x + 1] << 2
    beside = axis[y, x - 1] << 3 | axis[y, x] << 4 | axis[y, x + 1] << 5
    below = axis[y + 1, x - 1] << 6 | axis[y + 1, x] << 7 | axis[y + 1, x + 1] << 8
    return above | beside | below


@nb.njit(**EXACT)
def _order(axis, distance, pixels, count):
    """List the foreground pixels by distance, then fullest neighbourhood first, then as a scan meets them (a counting sort)."""
    height, width = distance.shape
    found = np.empty(count, np.int32)
    keys = np.empty(count, np.int32)
    i = highest = 0
    for y in range(height):
        for x in range(width):
            if axis[y + 1, x + 1]:
                found[i] = y * width + x
                keys[i] = distance[y, x] * 10 + 9 - pixels[_pattern(axis, y + 1, x + 1)]
                highest = max(highest, keys[i])
                i += 1
    place = np.zeros(highest + 2, np.int32)
    for i in range(count):
        place[keys[i] + 1] += 1
    for key in range(1, place.size):
        place[key] += place[key - 1]
    ordered = np.empty(count, np.int32)
    for i in range(count):
        ordered[place[keys[i]]] = found[i]
        place[keys[i]] += 1
    return ordered


@nb.njit(**EXACT)
def _has_axis(axis, near, y, x):
    height, width = axis.shape
    for i in range(len(near)):
        row, column = y + 1 + near[i, 0], x + 1 + near[i, 1]
        if 0 <= row < height and 0 <= column < width and axis[row, column]:
            return True
    return False


@nb.njit(**EXACT)
def _squared_distance(mask, distance, full):
    """Write the squared distance of each pixel to the nearest background pixel: along columns first, then the lowest parabola of a row.

    In a plane that is ``full`` of foreground all pixels are equally far.
    """
    height, width = mask.shape
    far = 1 if full else height + width
    for x in range(width):
        distance[0, x] = far if mask[0, x] else 0
    for y in range(1, height):
        for x in range(width):
            distance[y, x] = min(distance[y - 1, x] + 1, far) if mask[y, x] else 0
    for y in range(height - 2, -1, -1):
        for x in range(width):
            distance[y, x] = min(distance[y, x], distance[y + 1, x] + 1)
    apex = np.empty(width, np.int64)  # column of each parabola of the lower envelope
    begin = np.empty(width, np.int64)  # first column where it is the lowest
    column = np.empty(width, np.int64)
    for y in range(height):
        farthest = 0
        for x in range(width):
            farthest = max(farthest, distance[y, x])
            column[x] = np.int64(distance[y, x]) * distance[y, x]
        if farthest == 0:
            continue
        last = 0
        apex[0] = begin[0] = 0
        for x in range(1, width):
            while last >= 0 and _height(apex[last], column, begin[last]) > _height(x, column, begin[last]):
                last -= 1
            if last < 0:
                last = 0
                apex[0], begin[0] = x, 0
            else:
                left = apex[last]
                crossing = 1 + (x * x - left * left + column[x] - column[left]) // (2 * (x - left))
                if crossing < width:
                    last += 1
                    apex[last], begin[last] = x, crossing
        for x in range(width - 1, -1, -1):
            distance[y, x] = _height(apex[last], column, x)
            if x == begin[last]:
                last -= 1


@nb.njit(**EXACT)
def _height(apex, column, x):
    """Height at ``x`` of the parabola of a column."""
    return (x - apex) * (x - apex) + column[apex]
