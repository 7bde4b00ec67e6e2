"""Count the voxels of each label of a label image, and drop small ones."""

import numba as nb
import numpy as np

from helpers._kernels.inputs import frozen
from helpers._kernels.threads import EXACT, blocks, parallel

PIECE = 1 << 20  # voxels of one piece of work


def label_sizes(labels: np.ndarray) -> np.ndarray:
    """Count the voxels of each label of a C-contiguous int32 image: (highest label + 1,) int64."""
    flat = frozen(labels.reshape(-1))
    sizes = np.zeros(int(labels.max(initial=0)) + 1, np.int64)
    _count(flat, sizes)
    return sizes


def keep_large(labels: np.ndarray, minimum_size: int) -> np.ndarray:
    """Return a copy of a C-contiguous int32 image without the labels of fewer voxels."""
    wanted = label_sizes(labels) >= minimum_size
    kept = np.zeros(labels.shape, np.int32)
    parallel(lambda piece: _copy(frozen(labels.reshape(-1)), wanted, kept.reshape(-1), *piece), blocks(labels.size, PIECE))
    return kept


@nb.njit(**EXACT)
def _count(labels, sizes):
    begin = 0  # of a stretch of equal labels
    for i in range(1, labels.size + 1):
        if i == labels.size or labels[i] != labels[begin]:
            sizes[labels[begin]] += i - begin
            begin = i


@nb.njit(**EXACT)
def _copy(labels, wanted, kept, first, stop):
    for i in range(first, stop):
        if labels[i] != 0 and wanted[labels[i]]:
            kept[i] = labels[i]
