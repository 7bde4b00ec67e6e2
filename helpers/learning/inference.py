"""Apply a network to a stack of any size.

The result does not depend on the tiles (see `tiles`), beyond the border the image goes on as in a mirror, and the memory taken is
bounded: one tile at a time, beside the image and the result.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from itertools import product

import numpy as np
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from helpers import _checks
from helpers.learning.convolutions import LEAST_CHANNELS, Widened, Winograd
from helpers.learning.devices import GB, available_memory, chosen_device, chosen_type, out_of_memory_means
from helpers.learning.networks import Block, Network
from helpers.learning.tiles import largest_tile, tile_on_grid, tiles, with_halo

SHARE = 0.5  # of the free memory is taken if no limit is given
ENOUGH = 6 * GB  # larger tiles than this allows save next to nothing
LOWER = "give a smaller memory_limit or tile, or take precision 'bfloat16'"


def probability(
    network: Network,
    normalized: np.ndarray,
    *,
    output: int | None = 1,
    tile: Sequence[int] | None = None,
    memory_limit: float | None = None,
    precision: str = "float32",
    flips: bool = False,
    device: str = "auto",
    progress: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """Compute how likely each voxel belongs to the structure.

    The values are those of the network, 0 to 1: they are never stretched to the range of an image, so a cutoff means the same in all images.

    Parameters
    ----------
    network : Network
        Not changed.
    normalized : (Z, Y, X) or (channels, Z, Y, X) ndarray of float
        As in training.
    output : int, optional
        Which class: 1 is the foreground. None: all of them.
    tile : (z, y, x), optional
        Largest part of the result to compute in one piece, in voxels; by default the largest that the memory allows. For a network with
        normalization "instance" or "group" the result depends on it.
    memory_limit : float, optional
        In GB, for one tile; by default half of what is free, at most 6.
    precision : str
        "float32", "bfloat16", or "fastest": bfloat16 where the processor has it. It changes about the third digit.
    flips : bool
        Take the mean of the image and its mirror images along x, y and z: four times the work.
    device : str
        "auto", "cpu" or "cuda".
    progress : callable, optional
        Called as progress(tiles done, all tiles).

    Returns
    -------
    probability : (Z, Y, X) ndarray of float32
        (classes, Z, Y, X) if ``output`` is None.

    Raises
    ------
    TypeError
        If ``normalized`` is not an array of numbers.
    ValueError
        If its shape does not fit, it holds NaN, or the device or the precision is not there.
    MemoryError
        If the memory is not enough for the smallest tile.
    """
    image = checked_channels(normalized, network.architecture.channels)
    chosen = chosen_device(device)
    kind = chosen_type(precision, chosen)
    classes = _classes(output, network.architecture.classes)
    if memory_limit is not None:
        _checks.number(memory_limit, "memory_limit", above=0)
    shape = image.shape[1:]
    with out_of_memory_means(LOWER):
        ready = prepared(network, chosen, kind)
    if tile is None:
        allowed = min(SHARE * available_memory(chosen), ENOUGH) if memory_limit is None else memory_limit * GB
        tile = largest_tile(network.architecture, shape, int(allowed), kind.itemsize, _bytes_of(ready))
    parts = list(tiles(shape, tile_on_grid(network.architecture, shape, tile)))
    turns = [(), (3,), (2,), (1,)] if flips else [()]
    result = np.zeros((len(classes), *shape), np.float32)
    with torch.inference_mode(), out_of_memory_means(LOWER):
        for done, (axes, part) in enumerate(product(turns, parts), 1):
            inputs = torch.from_numpy(with_halo(np.flip(image, axes), network.architecture, part)[None])
            values = ready(inputs.to(chosen, kind, memory_format=torch.channels_last_3d)).float().softmax(1)[0, classes]
            _add(np.flip(result, axes), part, values.cpu().numpy() / len(turns))
            if progress is not None:
                progress(done, len(turns) * len(parts))
    return result if output is None else result[0]


def prepared(network: Network, device: torch.device, kind: torch.dtype) -> Network:
    """Return a copy of a network for use only: without auxiliary heads, its normalization made part of the convolutions.

    In float32 on a processor, these are exchanged for faster ones, see `convolutions`.
    """
    auxiliary, network.auxiliary = network.auxiliary, nn.ModuleList()
    try:
        ready = deepcopy(network).eval()
    finally:
        network.auxiliary = auxiliary
    for block in (module for module in ready.modules() if isinstance(module, Block)):
        for index in (0, 3):
            if isinstance(block[index + 1], nn.BatchNorm3d):
                block[index] = fuse_conv_bn_eval(block[index], block[index + 1])
                block[index + 1] = nn.Identity()
    ready.requires_grad_(False).to(device, kind, memory_format=torch.channels_last_3d)
    return _for_a_processor(ready) if device.type == "cpu" and kind == torch.float32 else ready


def checked_channels(normalized: np.ndarray, channels: int) -> np.ndarray:
    """Return an image as (channels, Z, Y, X) of float32; raise a sentence if it has another number of channels, or NaN.

    Raises
    ------
    TypeError, ValueError
    """
    several = isinstance(normalized, np.ndarray) and normalized.ndim == 4
    image = normalized if several else _checks.image(normalized, "normalized")[None]
    for each in image:
        _checks.image(each, "normalized")
    if len(image) != channels:
        raise ValueError(f"normalized has {len(image)} channel(s), and the network was made for {channels}: give (channels, Z, Y, X)")
    return image.astype(np.float32, copy=False)


def _for_a_processor(ready: Network) -> Network:
    """Exchange the convolutions of a network for faster ones: the same values, but for rounding."""
    ready.encoders[0][0] = Widened(ready.encoders[0][0])
    for block in (module for module in ready.modules() if isinstance(module, Block)):
        for index in (0, 3):
            if isinstance(block[index], nn.Conv3d) and block[index].in_channels >= LEAST_CHANNELS:
                block[index] = Winograd(block[index])
    return ready


def _bytes_of(ready: Network) -> int:
    """Return what a network takes, whatever the tile."""
    weights = sum(each.nbytes for each in (*ready.parameters(), *ready.buffers()))
    return weights + max((module.scratch for module in ready.modules() if isinstance(module, Winograd)), default=0)


def _classes(output: int | None, classes: int) -> list[int]:
    if output is None:
        return list(range(classes))
    return [int(_checks.number(output, "output", low=0, high=classes - 1, integer=True))]


def _add(result: np.ndarray, part: Sequence[slice], values: np.ndarray) -> None:
    inside = result[(slice(None), *part)]
    inside += values[(slice(None), *(slice(n) for n in inside.shape[1:]))]
