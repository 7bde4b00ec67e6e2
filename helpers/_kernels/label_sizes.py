"""Count the voxels of each label of a label image."""

import numba as nb
import numpy as np

from helpers._kernels.inputs import frozen
from helpers._kernels.threads import EXACT


def label_sizes(labels: np.ndarray) -> np.ndarray:
    """Count the voxels of each label of a C-contiguous int32 image: (highest label + 1,) int64."""
    flat = frozen(labels.reshape(-1))
    sizes = np.zeros(int(labels.max()) + 1, np.int64)
    _count(flat, sizes)
    return sizes


@nb.njit(**EXACT)
def _count(labels, sizes):
    for i in range(labels.size):
        sizes[labels[i]] += 1
