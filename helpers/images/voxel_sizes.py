"""At which voxel size a stack is worked on whose own is not the one that the parameters were made for."""

from collections.abc import Sequence

import numpy as np

from helpers.images.resample import resampled_shape
from helpers.images.stack import checked_voxel_size

__all__ = ["absurd_voxel_size", "resampling_sentence", "working_voxel_size"]

CLOSE = 1.1  # times larger or smaller: parameters serve unchanged, and resampling would only blur
ABSURD = 30  # times larger or smaller: another unit, not another microscope
LEAST_PLANES = 3  # that 3D steps need
LARGE = 8  # times as many voxels: worth a word before it starts


def working_voxel_size(shape: tuple[int, int, int], voxel_size: Sequence[float], tuned: Sequence[float]) -> tuple[float, float, float]:
    """Return the voxel size at which a stack should be segmented: ``tuned`` where its own is far from it, else its own.

    Pixels and the distance between planes are judged apart. A single plane has no distance to the next one; a stack that would have fewer
    than 3 planes left keeps its own. A voxel size that makes no sense (`absurd_voxel_size`) is left alone.

    Parameters
    ----------
    shape : tuple of int
        (Z, Y, X) of the stack.
    voxel_size, tuned : sequence of float
        Of the stack, and the one that the parameters were made for, (z, y, x) in um.

    Returns
    -------
    voxel_size : tuple of float
        (z, y, x) in um.

    Raises
    ------
    TypeError, ValueError
        If a voxel size is not three positive numbers.

    Examples
    --------
    >>> working_voxel_size((20, 512, 512), (0.3, 0.2, 0.2), (0.29, 0.108, 0.108))
    (0.3, 0.108, 0.108)
    """
    own, tuned = checked_voxel_size(voxel_size), checked_voxel_size(tuned, "tuned")
    if absurd_voxel_size(shape, own, tuned):
        return own
    far = [not 1 / CLOSE <= a / b <= CLOSE for a, b in zip(own, tuned)]
    pixel = tuned[1:] if any(far[1:]) else own[1:]
    left = resampled_shape(shape, own, tuned)[0]
    planes = tuned[0] if far[0] and shape[0] > 1 and (left >= LEAST_PLANES or left >= shape[0]) else own[0]
    return planes, *pixel


def absurd_voxel_size(shape: tuple[int, int, int], voxel_size: Sequence[float], tuned: Sequence[float]) -> str:
    """Return a sentence if no microscope for cells has such voxels, most likely because the unit is wrong; else nothing.

    Examples
    --------
    >>> absurd_voxel_size((20, 512, 512), (290, 108, 108), (0.29, 0.108, 0.108))
    'A voxel of 290 x 108 x 108 um is not what a microscope for cells gives: the unit is probably wrong; give voxel_size in um.'
    """
    own = checked_voxel_size(voxel_size)
    factors = np.divide(own, tuned)[0 if shape[0] > 1 else 1 :]
    if all(1 / ABSURD <= factor <= ABSURD for factor in factors):
        return ""
    return f"A voxel of {_um(own)} is not what a microscope for cells gives: the unit is probably wrong; give voxel_size in um."


def resampling_sentence(shape: tuple[int, int, int], voxel_size: Sequence[float], wanted: Sequence[float]) -> str:
    """Say what will be done to an image, and where it makes many voxels of few what that costs.

    Examples
    --------
    >>> print(resampling_sentence((32, 256, 256), (0.29, 0.2, 0.2), (0.29, 0.108, 0.108)))
    The image is resampled from 0.29 x 0.2 x 0.2 um to 0.29 x 0.108 x 0.108 um a voxel, the size that the parameters were made for.
    """
    new = resampled_shape(shape, voxel_size, wanted)
    times = np.prod(new, dtype=float) / np.prod(shape, dtype=float)
    cost = f"; {times:.0f} times as many voxels take as many times longer, and about {16 * np.prod(new) / 2**20:.0f} MiB of memory"
    return (
        f"The image is resampled from {_um(voxel_size)} to {_um(wanted)} a voxel, the size that the parameters were made for"
        f"{cost if times >= LARGE else ''}."
    )


def _um(voxel_size: Sequence[float]) -> str:
    return " x ".join(f"{size:.3g}" for size in voxel_size) + " um"
