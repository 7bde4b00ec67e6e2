"""Cut a stack into tiles that give what one pass over the whole stack gives, as large as the memory allows.

A network that pools three times by 2 gives the same values for an image moved by 8 pixels, and other values for one moved by 4. So all
tiles lie on multiples of `Architecture.grid`; and since the convolutions are not padded, a tile with its halo has nothing to blend.
"""

from collections.abc import Iterator, Sequence
from math import ceil, prod

import numpy as np

from helpers.learning.architecture import Architecture, Size, three

OVERHEAD = 1.5  # measured peak over counted values, weights apart, was 1.1 to 1.4 (widths 4 to 32, zoom ratios 1 to 3)


def tile_on_grid(architecture: Architecture, shape: Sequence[int], tile: Sequence[int]) -> Size:
    """Return the largest tile on the grid that is not larger than ``tile``, and at least one step of the grid.

    >>> tile_on_grid(Architecture(), (64, 256, 256), (16, 52, 300))
    (16, 48, 256)
    """
    steps = architecture.grid
    wanted = [min(n, ceil(whole / step) * step) for n, whole, step in zip(three(tile, "tile"), shape, steps)]
    return tuple(max(n // step, 1) * step for n, step in zip(wanted, steps))


def largest_tile(architecture: Architecture, shape: Sequence[int], bytes_allowed: int, bytes_per_value: int = 4, held: int = 0) -> Size:
    """Return the tile of least work whose pass stays within the memory allowed.

    Parameters
    ----------
    architecture : Architecture
    shape : (z, y, x)
        Of the whole stack.
    bytes_allowed : int
    bytes_per_value : int
        4 for float32, 2 for bfloat16.
    held : int
        Bytes of what is allowed that the network takes, whatever the tile.

    Returns
    -------
    tile : (z, y, x)
        Output size of a tile, multiples of the grid; the whole stack if that fits.

    Raises
    ------
    MemoryError
        If not even the smallest tile fits.
    """
    best, least = None, float("inf")
    choices = [_choices(n, step) for n, step in zip(shape, architecture.grid)]
    for z in choices[0]:
        for y in choices[1]:
            for x in choices[2]:  # the first that fits is the largest: smaller ones are more work
                cost = architecture.cost(architecture.input_size((z, y, x)))
                if held + cost.values * bytes_per_value * OVERHEAD > bytes_allowed:
                    continue
                work = cost.flops * prod(ceil(n / size) for n, size in zip(shape, (z, y, x)))
                if work < least:
                    best, least = (z, y, x), work
                break
    if best is None:
        cost = architecture.cost(architecture.input_size([each[-1] for each in choices]))
        smallest = held + cost.values * bytes_per_value * OVERHEAD
        raise MemoryError(
            f"the smallest tile of this network takes {smallest / 1e9:.2g} GB, allowed are {bytes_allowed / 1e9:.2g}: raise memory_limit, "
            "or train a narrower network"
        )
    return best


def tiles(shape: Sequence[int], tile: Sequence[int]) -> Iterator[tuple[slice, slice, slice]]:
    """Yield the part of the output that each tile fills; every voxel is in one of them."""
    for z in range(0, shape[0], tile[0]):
        for y in range(0, shape[1], tile[1]):
            for x in range(0, shape[2], tile[2]):
                yield tuple(slice(start, min(start + size, n)) for start, size, n in zip((z, y, x), tile, shape))


def with_halo(image: np.ndarray, architecture: Architecture, part: Sequence[slice]) -> np.ndarray:
    """Return the input that a network needs for a part of its output, mirrored where it reaches beyond the image.

    Parameters
    ----------
    image : (C, Z, Y, X) ndarray
    architecture : Architecture
    part : three slices
        Of the output, with starts on the grid.

    Returns
    -------
    ndarray
        (C, z, y, x), a copy.
    """
    size = architecture.input_size([each.stop - each.start for each in part])
    starts = [each.start - halo for each, halo in zip(part, architecture.halo)]
    return mirrored(image, starts, size)


def mirrored(image: np.ndarray, starts: Sequence[int], size: Sequence[int]) -> np.ndarray:
    """Return a box of an image, which goes on beyond its borders as in a mirror, again and again.

    >>> mirrored(np.arange(3).reshape(1, 1, 1, 3), (0, 0, -4), (1, 1, 10))[0, 0, 0].tolist()
    [2, 2, 1, 0, 0, 1, 2, 2, 1, 0]
    """
    copied = False
    for axis, (start, length) in enumerate(zip(starts, size), 1):
        whole = image.shape[axis]
        if start >= 0 and start + length <= whole:
            image = image[(slice(None),) * axis + (slice(start, start + length),)]
        else:
            index = np.arange(start, start + length) % (2 * whole)
            image, copied = image.take(np.where(index < whole, index, 2 * whole - 1 - index), axis), True
    return np.ascontiguousarray(image) if copied else np.array(image)


def _choices(whole: int, step: int) -> list[int]:
    """Return the tile sizes that split an axis evenly, the largest first."""
    sizes = {ceil(ceil(whole / count) / step) * step for count in range(1, ceil(whole / step) + 1)}
    return sorted(sizes, reverse=True)
