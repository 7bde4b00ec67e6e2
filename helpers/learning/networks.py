"""Net_basic and Net_zoom: U-nets for stacks, whose convolutions are not padded and whose pooling keeps z.

Source: Chen, J. et al. (2018) The Allen Cell and Structure Segmenter. bioRxiv 491035. :DOI:`10.1101/491035`
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from helpers.learning.architecture import Architecture

GROUPS = 8  # of group normalization, fewer where a layer has fewer channels


def net_basic(**options: Any) -> "Network":
    """Build Net_basic, for structures a few voxels thick.

    Parameters
    ----------
    **options
        Of `Architecture`: width, depth, pooling, norm, classes, channels, auxiliary.

    Returns
    -------
    network : Network
        With random weights: call `torch.manual_seed` first to have the same ones again.

    Examples
    --------
    >>> sum(weights.numel() for weights in net_basic().parameters())
    17729902
    """
    return Network(Architecture(zoom=1, **options))


def net_zoom(zoom_ratio: int = 3, **options: Any) -> "Network":
    """Build Net_zoom, for objects of more than about 100 pixels: it sees the image ``zoom_ratio`` times smaller in y and x.

    Parameters
    ----------
    zoom_ratio : int
        About the diameter of an object in pixels / 150, at least 2.
    **options
        Of `Architecture`.

    Returns
    -------
    network : Network
        With random weights.

    Raises
    ------
    ValueError
        If ``zoom_ratio`` is 1: that is `net_basic`.
    """
    if zoom_ratio == 1:
        raise ValueError("zoom_ratio must be at least 2, got 1: without zoom take net_basic")
    return Network(Architecture(zoom=zoom_ratio, **options))


class Network(nn.Module):
    """A U-net of the given architecture, with random weights.

    ``network(x)`` takes (N, channels, Z, Y, X) of a size that fits (`Architecture.next_size`) and gives the logits of the main head;
    ``network.heads(x)`` gives those of all heads, the main one first. Logits are (N, classes, Z, Y, X); ``softmax(dim=1)`` makes them
    probabilities.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        wide = [architecture.channels_at(level) for level in range(architecture.depth)]
        taken = [architecture.channels, *wide]
        pooling, norm = architecture.pooling, architecture.norm
        self.encoders = nn.ModuleList(Block(taken[level], wide[level] // 2, wide[level], norm) for level in range(architecture.depth))
        self.ups = nn.ModuleList(nn.ConvTranspose3d(below, below, pooling, pooling) for below in wide[1:])
        self.decoders = nn.ModuleList(Block(below + here, here, here, norm) for here, below in zip(wide, wide[1:]))
        if architecture.zoom > 1:
            self.zoom_up = nn.ConvTranspose3d(wide[0], wide[0], architecture.zooms, architecture.zooms)
            self.zoom_block = Block(wide[0], wide[0], wide[0], norm)
        self.main = nn.Conv3d(wide[0], architecture.classes, 1)
        self.auxiliary = nn.ModuleList(Auxiliary(wide[level], architecture, level) for level in range(1, architecture.heads))
        self.apply(_initialize)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits of the main head."""
        return self._pass(x)[0]

    def heads(self, x: Tensor) -> list[Tensor]:
        """Return the logits of all heads, of one size, the main one first."""
        logits, levels = self._pass(x)
        return [logits, *(head(levels[level], logits.shape[2:]) for level, head in enumerate(self.auxiliary, 1))]

    def _pass(self, x: Tensor) -> tuple[Tensor, dict[int, Tensor]]:
        """Return the logits of the main head, and what the levels gave that auxiliary heads take."""
        self.architecture.output_size(x.shape[2:])
        if self.architecture.zoom > 1:
            x = nn.functional.max_pool3d(x, self.architecture.zooms)
        skips = []
        for level, encoder in enumerate(self.encoders):
            if level:
                skips.append(self._skip(x, level))
                x = nn.functional.max_pool3d(x, self.architecture.pooling)
            x = encoder(x)
        levels = {}
        for level in range(self.architecture.depth - 2, -1, -1):
            x = self.ups[level](x)
            x = torch.cat([x, skips.pop()], dim=1)
            x = self.decoders[level](x)
            if 1 <= level <= len(self.auxiliary):
                levels[level] = x
        if self.architecture.zoom > 1:
            x = self.zoom_block(self.zoom_up(x))
        return self.main(x), levels

    def _skip(self, x: Tensor, level: int) -> Tensor:
        """Return the part of a level that meets what comes up from the level below it."""
        x = crop(x, [n - pool * self.architecture.lost(pool, level) for n, pool in zip(x.shape[2:], self.architecture.pooling)])
        # A copy lets go of the rest of the level, which only a training still needs.
        return x if torch.is_grad_enabled() else x.clone()


class Block(nn.Sequential):
    """Twice: a 3 x 3 x 3 convolution without padding, a normalization, a rectifier."""

    def __init__(self, taken: int, middle: int, given: int, norm: str) -> None:
        super().__init__(
            nn.Conv3d(taken, middle, 3), _norm(norm, middle), nn.ReLU(inplace=True),
            nn.Conv3d(middle, given, 3), _norm(norm, given), nn.ReLU(inplace=True),
        )  # fmt: skip


class Auxiliary(nn.Module):
    """A head on a deeper level: up to full size in one step, a 3 x 3 x 3 and a 1 x 1 x 1 convolution, cropped to the main output."""

    def __init__(self, taken: int, architecture: Architecture, level: int) -> None:
        super().__init__()
        stride = tuple(zoom * pool**level for zoom, pool in zip(architecture.zooms, architecture.pooling))
        # Windows of Net_basic overlap by half, those of Net_zoom lie side by side.
        kernel = stride if architecture.zoom > 1 else tuple(2 * step if step > 1 else 1 for step in stride)
        self.up = nn.ConvTranspose3d(taken, architecture.classes, kernel, stride)
        self.smooth = nn.Conv3d(architecture.classes, architecture.classes, 3)
        self.last = nn.Conv3d(architecture.classes, architecture.classes, 1)

    def forward(self, x: Tensor, size: Sequence[int]) -> Tensor:
        """Return logits of the given (Z, Y, X) size."""
        return crop(self.last(self.smooth(self.up(x))), size)


def crop(x: Tensor, size: Sequence[int]) -> Tensor:
    """Return the middle of (N, C, Z, Y, X), of the given (Z, Y, X) size; not copied."""
    for axis, wanted in enumerate(size, 2):
        x = x.narrow(axis, (x.shape[axis] - wanted) // 2, wanted)
    return x


def _norm(kind: str, channels: int) -> nn.Module:
    if kind == "none":
        return nn.Identity()
    if kind == "group":
        return nn.GroupNorm(max(count for count in range(1, GROUPS + 1) if channels % count == 0), channels)
    if kind == "instance":
        return nn.InstanceNorm3d(channels, affine=True)
    return nn.BatchNorm3d(channels, affine=kind == "batch affine")


def _initialize(module: nn.Module) -> None:
    """Kaiming-normal weights and no offset for convolutions; transposed ones keep the default."""
    if isinstance(module, nn.Conv3d):
        nn.init.kaiming_normal_(module.weight)
        nn.init.zeros_(module.bias)
