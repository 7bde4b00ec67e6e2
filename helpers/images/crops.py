"""A part of a stack, by its corners or around its middle."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from helpers import _checks
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


def crop_around(stack: Stack, size: Sequence[int] = (32, 256, 256), centre: Sequence[int] = ()) -> Stack:
    """Return a part of a stack by its size and its middle.

    Parameters
    ----------
    stack : Stack
    size : sequence of 3 int
        Planes, rows and columns; what the stack does not have is left out, and the notes say so.
    centre : sequence of 3 int, optional
        The voxel in its middle, (z, y, x); the middle of the stack if left out. Near a border the part is moved inwards.

    Returns
    -------
    part : Stack
        Its intensities are a view of those of the stack.

    Raises
    ------
    TypeError, ValueError
        If a size is not positive, or the centre is not in the stack.

    Examples
    --------
    >>> stack = Stack(np.zeros((4, 50, 60), np.uint8), (0.3, 0.1, 0.1), "a")
    >>> part = crop_around(stack, (8, 20, 20), centre=(0, 0, 59))
    >>> part.raw.shape, part.notes
    ((4, 20, 20), ('The crop of 8 x 20 x 20 voxels was cut to 4 x 20 x 20: the image has 4 x 50 x 60.',))
    """
    shape = stack.raw.shape
    middle = [length // 2 for length in shape] if len(centre) == 0 else list(centre)
    if len(size) != 3 or len(middle) != 3:
        raise ValueError(f"size and centre of a crop have three numbers, (z, y, x), got {list(size)} and {list(centre)}")
    for name, length, at in zip(("planes", "rows", "columns"), shape, middle):
        _checks.number(at, f"the centre of the crop in {name}", low=0, high=length - 1, integer=True)
    kept = [min(int(_checks.number(wanted, "a size of the crop", low=1, integer=True)), length) for wanted, length in zip(size, shape)]
    starts = [min(max(at - part // 2, 0), length - part) for at, part, length in zip(middle, kept, shape)]
    part = stack.raw[tuple(slice(start, start + length) for start, length in zip(starts, kept))]
    notes = stack.notes
    if kept != list(size):
        asked, got, has = (" x ".join(map(str, numbers)) for numbers in (size, kept, shape))
        notes = (*notes, f"The crop of {asked} voxels was cut to {got}: the image has {has}.")
    return Stack(part, stack.voxel_size, stack.name, stack.source, notes)
