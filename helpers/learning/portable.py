"""A trained network for other programs: a U-net that takes and gives images of one size, and needs nothing but PyTorch.

The convolutions inside are not padded. The image goes on beyond its borders as in a mirror, so that the output is as large as the input.
Sizes in pooled axes must be multiples of the grid, and so must the distances of tiles; neighbouring tiles must overlap by twice the halo.

Source: Chen, J. et al. (2018) The Allen Cell and Structure Segmenter. bioRxiv 491035. doi 10.1101/491035
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

EATEN = 4  # voxels that a block takes off an axis


class Portable(nn.Module):
    """Net_basic (``zoom`` 1) or Net_zoom, from (N, channels, Z, Y, X) to probabilities (N, classes, Z, Y, X)."""

    def __init__(
        self, zoom: int = 1, width: int = 32, depth: int = 4, pooling: Sequence[int] = (1, 2, 2), norm: str = "batch", classes: int = 2, channels: int = 1
    ) -> None:  # fmt: skip
        super().__init__()
        self.pooling, self.zooms = tuple(pooling), (1, zoom, zoom)
        wide = [2 * width * 2**level for level in range(depth)]
        taken = [channels, *wide]
        self.encoders = nn.ModuleList(block(taken[level], wide[level] // 2, wide[level], norm) for level in range(depth))
        self.ups = nn.ModuleList(nn.ConvTranspose3d(below, below, self.pooling, self.pooling) for below in wide[1:])
        self.decoders = nn.ModuleList(block(below + here, here, here, norm) for here, below in zip(wide, wide[1:]))
        if zoom > 1:
            self.zoom_up = nn.ConvTranspose3d(wide[0], wide[0], self.zooms, self.zooms)
            self.zoom_block = block(wide[0], wide[0], wide[0], norm)
        self.main = nn.Conv3d(wide[0], classes, 1)
        self.cut = [[pool * lost(pool, level, depth) // 2 for pool in self.pooling] for level in range(1, depth)]
        self.before, self.after = zip(
            *(margins(pool, each, depth, EATEN if zoom > 1 else 0) for pool, each in zip(self.pooling, self.zooms))
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the probabilities of an image."""
        z_size, y_size, x_size = x.shape[2], x.shape[3], x.shape[4]
        for axis, (before, after) in enumerate(zip(self.before, self.after), 2):
            x = mirrored(x, axis, before, after)
        if self.zooms[1] > 1:
            x = nn.functional.max_pool3d(x, self.zooms)
        skips = []
        for level, encoder in enumerate(self.encoders):
            if level:
                z, y, w = self.cut[level - 1]
                skips.append(x[:, :, z:-z, y:-y, w:-w])
                x = nn.functional.max_pool3d(x, self.pooling)
            x = encoder(x)
        for up, decoder in zip(reversed(self.ups), reversed(self.decoders)):
            x = decoder(torch.cat([up(x), skips.pop()], dim=1))
        if self.zooms[1] > 1:
            x = self.zoom_block(self.zoom_up(x))
        return self.main(x)[:, :, :z_size, :y_size, :x_size].softmax(1)


def block(taken: int, middle: int, given: int, norm: str) -> nn.Sequential:
    """Return twice: a 3 x 3 x 3 convolution without padding, a normalization, a rectifier."""
    return nn.Sequential(
        nn.Conv3d(taken, middle, 3), normalization(norm, middle), nn.ReLU(),
        nn.Conv3d(middle, given, 3), normalization(norm, given), nn.ReLU(),
    )  # fmt: skip


def normalization(kind: str, channels: int) -> nn.Module:
    """Return the layer of a name."""
    if kind == "none":
        return nn.Identity()
    if kind == "group":
        return nn.GroupNorm(max(count for count in range(1, 9) if channels % count == 0), channels)
    if kind == "instance":
        return nn.InstanceNorm3d(channels, affine=True)
    return nn.BatchNorm3d(channels, affine=kind == "batch affine")


def lost(pool: int, level: int, depth: int) -> int:
    """Return how many voxels of an axis are lost between a level going down and the same level coming up."""
    return EATEN if level == depth - 1 else 2 * EATEN + pool * lost(pool, level + 1, depth)


def margins(pool: int, zoom: int, depth: int, last: int) -> tuple[int, int]:
    """Return how many voxels an axis needs before and after an image whose size is a multiple of the grid."""
    grid = zoom * pool ** (depth - 1)
    margin = zoom * lost(pool, 0, depth) + last
    more = next(more for more in range(2 * grid + zoom) if fits(2 * grid + margin + more, pool, zoom, depth))
    return margin // 2, margin - margin // 2 + more


def fits(size: int, pool: int, zoom: int, depth: int) -> bool:
    """Return whether an axis of this size can be pooled without remainder."""
    if size % zoom:
        return False
    size //= zoom
    for _ in range(depth - 1):
        size -= EATEN
        if size % pool:
            return False
        size //= pool
    return True


def mirrored(x: Tensor, axis: int, before: int, after: int) -> Tensor:
    """Return an image that goes on beyond its borders as in a mirror, again and again."""
    n = x.shape[axis]
    index = torch.arange(-before, n + after, device=x.device) % (2 * n)
    return x.index_select(axis, torch.where(index < n, index, 2 * n - 1 - index))
