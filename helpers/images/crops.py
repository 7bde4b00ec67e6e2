"""A part of a stack, by its corners."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from helpers.images.stack import Stack


def box(shape: Sequence[int], corners: Sequence[int]) -> tuple[slice, slice, slice]:
    """Return the slices of a box given by its corners.

    Parameters
    ----------
    shape : (int, int, int)
        Of the image, (Z, Y, X).
    corners : sequence of six int
        ``[z0, z1, y0, y1, x0, x1]`` in voxels, from 0; the second of each pair is the first that is left out. Empty: all of it.

    Returns
    -------
    slices : tuple of slice

    Raises
    ------
    TypeError
        If ``corners`` is not a list of whole numbers.
    ValueError
        If it has not six of them, the box is empty, or it is not in the image.

    Examples
    --------
    >>> box((32, 256, 256), [4, 12, 0, 100, 50, 150])
    (slice(4, 12, None), slice(0, 100, None), slice(50, 150, None))
    """
    if isinstance(corners, str) or not isinstance(corners, (Sequence, np.ndarray)):
        raise TypeError(f"the crop must be a list [z0, z1, y0, y1, x0, x1] in voxels, or empty for the whole image, got {corners!r}")
    if len(corners) == 0:
        corners = [number for length in shape for number in (0, length)]
    if len(corners) != 6:
        raise ValueError(f"the crop must be six numbers [z0, z1, y0, y1, x0, x1], got {list(corners)}")
    if any(isinstance(number, bool) or not isinstance(number, (int, np.integer)) for number in corners):
        raise TypeError(f"the crop must be whole numbers of voxels, got {list(corners)}")
    for axis, length, first, last in zip("zyx", shape, corners[::2], corners[1::2]):
        if not 0 <= first < last <= length:
            raise ValueError(
                f"the crop must lie in the image: {axis} from {first} to {last} does not, it has 0 to {length}; change the crop"
            )
    return tuple(slice(int(first), int(last)) for first, last in zip(corners[::2], corners[1::2]))


def crop(stack: Stack, corners: Sequence[int]) -> Stack:
    """Return a part of a stack; a view, nothing is copied. The name says where it lies.

    Parameters
    ----------
    stack : Stack
    corners : sequence of six int
        As for `box`; empty: the stack itself.

    Returns
    -------
    stack : Stack

    Raises
    ------
    TypeError, ValueError
        As for `box`.

    Examples
    --------
    >>> stack = Stack(np.zeros((8, 64, 64)), (0.3, 0.1, 0.1), "cell")
    >>> part = crop(stack, [2, 6, 0, 32, 16, 64])
    >>> part.raw.shape, part.name
    ((4, 32, 48), 'cell_z2-6_y0-32_x16-64')
    """
    slices = box(stack.raw.shape, corners)
    if len(corners) == 0:
        return stack
    where = "_".join(f"{axis}{part.start}-{part.stop}" for axis, part in zip("zyx", slices))
    return replace(stack, raw=stack.raw[slices], name=f"{stack.name}_{where}")
