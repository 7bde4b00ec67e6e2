"""Each kernel is compiled for one kind of array only, whatever the layout, the kind or the permissions of what the caller has."""

import numpy as np
from numba.core.registry import CPUDispatcher

from helpers import classic
from helpers._kernels import dilation, histograms, label_sizes, peaks, runs, thinning, watershed


def test_arrays_of_all_kinds_share_the_compiled_code():
    generator = np.random.default_rng(0)
    image = generator.random((9, 11, 13), dtype=np.float32)
    mask = image > 0.5
    seeds = classic.components(image > 0.95)
    for array in (image, mask, seeds):
        array.flags.writeable = False
    for kind in (lambda array: array, np.copy, np.asfortranarray, lambda array: np.repeat(array, 2, 2)[..., ::2]):
        classic.remove_small(kind(mask), 2)
        classic.remove_small_by_plane(kind(mask), 2)
        classic.fill_holes(kind(mask))
        classic.thin(kind(mask), 1)
        classic.components(kind(mask), 6)
        classic.otsu_in_objects(kind(image), classic.rough_objects(kind(image), "average", minimum_size=1, dilate=1))
        classic.otsu_in_objects(kind(image), np.ones(image.shape, bool))
        classic.split_touching(kind(mask), classic.local_maxima(kind(image), kind(mask), 1))
        classic.flood(kind(image), kind(seeds))
        classic.remove_small_labels(kind(seeds), 2)
    for module in (dilation, histograms, label_sizes, peaks, thinning, watershed):
        for name, kernel in vars(module).items():
            if isinstance(kernel, CPUDispatcher) and kernel.py_func.__module__ == module.__name__ and not name.startswith("_add"):
                kinds = 2 if module is watershed else 1  # its cells are narrow or wide
                assert len(kernel.signatures) <= kinds, (name, kernel.signatures)
    assert len(runs._paint.signatures) == 2  # masks and labels
    for kernel in (runs._count, runs._locate, runs._join, runs._number):
        assert len(kernel.signatures) == 1
