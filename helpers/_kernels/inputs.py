"""Prepare arrays for kernels, so that each kernel is compiled once."""

import numpy as np


def frozen(array: np.ndarray) -> np.ndarray:
    """Return a read-only view.

    numba compiles a loop anew for read-only arrays; kernels that only read an array always get it read-only, whatever the caller has.
    """
    view = array.view()
    view.flags.writeable = False
    return view
