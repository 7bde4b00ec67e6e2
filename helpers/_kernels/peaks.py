"""Local maxima of an image within each object.

A voxel is a peak of its object if no voxel of the same object within ``distance`` (in each of x, y, z) is brighter, it is brighter than
the darkest voxel of the image, and it lies at least ``distance`` voxels away from the border of the image. Of peaks of equal height
closer than ``distance`` the first in a scan counts. An object in which every voxel would be a peak is flat and has none, save for its
exposed voxels: those that are not covered by any cross of a voxel and its six neighbours that fits into the object (so a spot of one or
two voxels still has its peak).

These are the rules of ``peak_local_max`` of scikit-image, van der Walt, S. et al. (2014) PeerJ 2:e453.
"""

import numba as nb
import numpy as np

from helpers._kernels.inputs import frozen
from helpers._kernels.runs import Runs, paint
from helpers._kernels.threads import EXACT, blocks, parallel

HIGHEST, KEPT = 1, 2  # marks: no voxel of the object within reach is brighter; a peak


def peaks(image: np.ndarray, runs: Runs, distance: int) -> np.ndarray:
    """Mark the peaks of a C-contiguous float32 image in the objects whose 26-connected ``runs`` are given: bool, shape of the image."""
    count = runs.sizes.size
    objects = np.zeros(runs.shape, np.int32)
    paint(objects, runs, np.arange(1, count + 1, dtype=np.int32))
    image, objects = frozen(image), frozen(objects)

    marks = np.zeros(runs.shape, np.uint8)
    pieces = blocks(runs.shape[0], 4)
    found = np.zeros((len(pieces), 2, count), np.int64)  # voxels and maxima of each object
    parallel(
        lambda i: _mark_highest(image, objects, runs.first, runs.start, runs.stop, runs.component, distance, *pieces[i], marks, found[i]),
        range(len(pieces)),
    )
    voxels, highest = found.sum(0)
    places = np.stack(np.unravel_index(np.flatnonzero(marks.view(bool)), marks.shape), axis=1)
    _choose(image, objects, image.min(), voxels == highest, distance, places, marks)
    return marks == KEPT


@nb.njit(**EXACT)
def _is_highest(image, objects, z, y, x, distance):
    planes, height, width = image.shape
    for i in range(max(z - distance, distance), min(z + distance + 1, planes - distance)):
        for j in range(max(y - distance, distance), min(y + distance + 1, height - distance)):
            for k in range(max(x - distance, distance), min(x + distance + 1, width - distance)):
                if image[i, j, k] > image[z, y, x] and objects[i, j, k] == objects[z, y, x]:
                    return False
    return True


@nb.njit(**EXACT)
def _mark_highest(image, objects, first, start, stop, component, distance, first_plane, stop_plane, marks, found):
    planes, height, width = image.shape
    for z in range(max(first_plane, distance), min(stop_plane, planes - distance)):
        for y in range(distance, height - distance):
            for run in range(first[z * height + y], first[z * height + y + 1]):
                for x in range(max(start[run], distance), min(stop[run], width - distance)):
                    found[0, component[run]] += 1
                    if _is_highest(image, objects, z, y, x, distance):
                        marks[z, y, x] = HIGHEST
                        found[1, component[run]] += 1


@nb.njit(**EXACT)
def _is_core(objects, z, y, x, label, distance):
    """Whether the voxel and its six neighbours are part of the object, away from the border of the image."""
    planes, height, width = objects.shape
    if not (distance < z < planes - distance - 1 and distance < y < height - distance - 1 and distance < x < width - distance - 1):
        return False
    same = objects[z, y, x] == label and objects[z - 1, y, x] == label and objects[z + 1, y, x] == label
    same = same and objects[z, y - 1, x] == label and objects[z, y + 1, x] == label
    return same and objects[z, y, x - 1] == label and objects[z, y, x + 1] == label


@nb.njit(**EXACT)
def _is_exposed(objects, z, y, x, distance):
    label = objects[z, y, x]
    near = _is_core(objects, z, y, x, label, distance)
    for d in (-1, 1):
        near = near or _is_core(objects, z + d, y, x, label, distance)
        near = near or _is_core(objects, z, y + d, x, label, distance)
        near = near or _is_core(objects, z, y, x + d, label, distance)
    return not near


@nb.njit(**EXACT)
def _is_taken(objects, marks, z, y, x, distance):
    """Whether a peak of the same object has been kept closer than ``distance``."""
    planes, height, width = objects.shape
    for i in range(max(z - distance + 1, 0), min(z + distance, planes)):
        for j in range(max(y - distance + 1, 0), min(y + distance, height)):
            for k in range(max(x - distance + 1, 0), min(x + distance, width)):
                if marks[i, j, k] == KEPT and objects[i, j, k] == objects[z, y, x]:
                    return True
    return False


@nb.njit(**EXACT)
def _choose(image, objects, lowest, flat, distance, found, marks):
    """Keep of the highest voxels, in the order of a scan, those that are peaks and near no peak kept before."""
    for i in range(len(found)):
        z, y, x = found[i, 0], found[i, 1], found[i, 2]
        if not image[z, y, x] > lowest:
            continue
        if flat[objects[z, y, x] - 1] and not _is_exposed(objects, z, y, x, distance):
            continue
        if not _is_taken(objects, marks, z, y, x, distance):
            marks[z, y, x] = KEPT
