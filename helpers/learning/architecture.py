"""What a network looks like, and what follows from it: which sizes fit, what a pass costs. Numbers only; `networks` builds it.

The convolutions are not padded, so a network gives fewer voxels than it takes, and each of them depends on real neighbours alone.

Source: Chen, J. et al. (2018) The Allen Cell and Structure Segmenter. bioRxiv 491035. :DOI:`10.1101/491035`
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from math import prod
from typing import Any, NamedTuple

from helpers import _checks

NORMS = ("batch", "batch affine", "instance", "group", "none")
EATEN = 4  # voxels that a block of two 3 x 3 x 3 convolutions takes off an axis
Size = tuple[int, int, int]


class Cost(NamedTuple):
    """What one pass through the main output costs."""

    flops: int
    """Multiplications and additions."""
    values: int
    """Numbers held at the worst moment, in addition to the weights."""


@dataclass(frozen=True)
class Architecture:
    """A network, said in plain values.

    Parameters
    ----------
    zoom : int
        1: Net_basic. 2 and more: Net_zoom, which sees the image this many times smaller in y and x: about the diameter of an object in
        pixels / 150.
    width : int
        Channels of the very first convolution. The published networks have 32; weights and time grow with its square.
    depth : int
        Levels, at least 2; the published networks have 4. A level more sees twice as far, and needs larger patches.
    pooling : (z, y, x), each 1 or 2
        How much smaller each level is. The published networks keep z, which has few and thick planes; (2, 2, 2) is for cubic voxels.
    norm : str
        "batch" (without scale and shift, as published), "batch affine", "instance", "group" or "none". With "instance" and "group" the
        result at a voxel depends on the whole tile, so it changes with the size of the tiles.
    classes : int
        Numbers that each head gives for a voxel: 2 are background and foreground.
    channels : int
        Of the input.
    auxiliary : bool
        Whether there are further heads on the deeper levels, which help training and are left out afterwards.

    Raises
    ------
    TypeError, ValueError
        If a value makes no sense.

    Examples
    --------
    >>> Architecture().output_size((44, 140, 140))
    (16, 52, 52)
    >>> Architecture(zoom=3).output_size((44, 140, 140))
    Traceback (most recent call last):
    ...
    ValueError: an input of 44x140x140 voxels does not fit this network: the next size that does is 44x276x276, which gives 12x8x8
    """

    zoom: int = 1
    width: int = 32
    depth: int = 4
    pooling: Size = (1, 2, 2)
    norm: str = "batch"
    classes: int = 2
    channels: int = 1
    auxiliary: bool = True

    def __post_init__(self) -> None:
        for name, low, high in (("zoom", 1, 16), ("width", 1, 512), ("depth", 2, 8), ("classes", 2, 255), ("channels", 1, 64)):
            object.__setattr__(self, name, int(_checks.number(getattr(self, name), name, low=low, high=high, integer=True)))
        object.__setattr__(self, "pooling", three(self.pooling, "pooling"))
        if not set(self.pooling) <= {1, 2}:
            raise ValueError(f"pooling must be 1 or 2 for each of z, y and x, got {list(self.pooling)}: [1, 2, 2] is the published one")
        if self.norm not in NORMS:
            raise ValueError(f"norm must be one of {', '.join(map(repr, NORMS))}, got {self.norm!r}")
        if not isinstance(self.auxiliary, bool):
            raise TypeError(f"auxiliary must be True or False, got {self.auxiliary!r}")

    @property
    def name(self) -> str:
        """How the paper calls it."""
        return "Net_basic" if self.zoom == 1 else "Net_zoom"

    @property
    def zooms(self) -> Size:
        """How many times smaller the network sees each axis."""
        return (1, self.zoom, self.zoom)

    @property
    def grid(self) -> Size:
        """Distances at which the network repeats itself: tiles whose offset is a multiple of it give what one pass gives."""
        return tuple(zoom * pool ** (self.depth - 1) for zoom, pool in zip(self.zooms, self.pooling))

    @property
    def margin(self) -> Size:
        """Voxels that the output is smaller than the input, on each axis."""
        last = EATEN if self.zoom > 1 else 0  # the block at full size
        return tuple(zoom * self.lost(pool, 0) + last for zoom, pool in zip(self.zooms, self.pooling))

    @property
    def halo(self) -> Size:
        """Voxels around the output that the network needs, on each side."""
        return tuple(margin // 2 for margin in self.margin)

    @property
    def exact(self) -> bool:
        """Whether the result at a voxel depends on the voxels in reach alone, so that tiles and one pass agree."""
        return self.norm in ("batch", "batch affine", "none")

    @property
    def heads(self) -> int:
        """Outputs that training sees: the main one, and up to two auxiliary ones."""
        return 1 + (min(2, self.depth - 2) if self.auxiliary else 0)

    def lost(self, pool: int, level: int) -> int:
        """Return how many voxels of an axis are lost between a level going down and the same level coming up."""
        return EATEN if level == self.depth - 1 else 2 * EATEN + pool * self.lost(pool, level + 1)

    def output_size(self, size: Sequence[int]) -> Size:
        """Return the output size of an input size.

        Raises
        ------
        ValueError
            If the input does not fit; the sentence names the next size that does.
        """
        size = three(size, "size")
        fitting = self.next_size(size)
        if fitting != size:
            raise ValueError(
                f"an input of {_text(size)} voxels does not fit this network: the next size that does is {_text(fitting)}, "
                f"which gives {_text(self.output_size(fitting))}"
            )
        return self._output(size)

    def next_size(self, size: Sequence[int]) -> Size:
        """Return the smallest input size, at least ``size`` on each axis, that the network can take."""
        return tuple(self._next(axis, n) for axis, n in enumerate(three(size, "size")))

    def input_size(self, output: Sequence[int]) -> Size:
        """Return the smallest input size whose output is at least ``output`` on each axis.

        >>> Architecture().input_size((16, 50, 52))
        (44, 140, 140)
        """
        wanted = (n + margin for n, margin in zip(three(output, "output"), self.margin))
        # Rows that are left over when the image is made smaller would be lost.
        return self.next_size([-(-n // zoom) * zoom for n, zoom in zip(wanted, self.zooms)])

    def cost(self, size: Sequence[int]) -> Cost:
        """Return what one pass over an input of this size costs, auxiliary heads left out."""
        self.output_size(size)
        steps = list(self.steps_of_a_pass(size))
        whole = 2 * prod(size) * self.channels  # the input is held throughout, as it is and with channels last
        return Cost(sum(work for *_, work in steps), whole + max(held + taken + made for held, taken, made, _ in steps))

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values, for a file."""
        return {**asdict(self), "pooling": list(self.pooling)}

    def channels_at(self, level: int) -> int:
        """Return how many channels a level hands on."""
        return 2 * self.width * 2**level

    def _output(self, size: Size) -> Size:
        return tuple(n // zoom * zoom - margin for n, zoom, margin in zip(size, self.zooms, self.margin))

    def _next(self, axis: int, n: int) -> int:
        zoom, pool = self.zooms[axis], self.pooling[axis]
        step = pool ** (self.depth - 1)
        remainder = sum(EATEN * pool**level for level in range(self.depth - 1)) % step
        inner = max(n // zoom, 1)
        while inner % step != remainder or zoom * inner - self.margin[axis] < 1:
            inner += 1
        return n if inner == n // zoom else zoom * inner

    def steps_of_a_pass(self, size: Sequence[int]) -> Iterator[tuple[int, int, int, int]]:
        """Yield (numbers held for later, read, written, operations) of each step of a pass."""
        skips: list[int] = []
        now, channels = tuple(size), self.channels
        if self.zoom > 1:
            now = tuple(n // zoom for n, zoom in zip(now, self.zooms))
            yield 0, prod(size) * channels, prod(now) * channels, 0
        for level in range(self.depth):
            wide = self.channels_at(level)
            if level:
                smaller = tuple(n // pool for n, pool in zip(now, self.pooling))
                kept = prod(n - pool * self.lost(pool, level) for n, pool in zip(now, self.pooling)) * channels
                yield sum(skips), prod(now) * channels + kept, prod(smaller) * channels, 0
                skips.append(kept)
                now = smaller
            now, steps = _block(now, channels, wide // 2, wide, sum(skips))
            yield from steps
            channels = wide
        for level in range(self.depth - 2, -1, -1):
            wide = self.channels_at(level)
            larger = tuple(n * pool for n, pool in zip(now, self.pooling))
            yield sum(skips), prod(now) * channels, prod(larger) * channels, 2 * prod(larger) * channels**2
            yield sum(skips), prod(larger) * channels, prod(larger) * (channels + wide), 0
            skips.pop()
            now, steps = _block(larger, channels + wide, wide, wide, sum(skips))
            yield from steps
            channels = wide
        if self.zoom > 1:
            larger = tuple(n * zoom for n, zoom in zip(now, self.zooms))
            yield 0, prod(now) * channels, prod(larger) * channels, 2 * prod(larger) * channels**2
            now, steps = _block(larger, channels, channels, channels, 0)
            yield from steps
        yield 0, prod(now) * channels, 2 * prod(now) * self.classes, 2 * prod(now) * channels * self.classes


def three(values: Sequence[int], name: str) -> Size:
    """Return three whole numbers as a tuple; raise a sentence otherwise.

    Raises
    ------
    TypeError, ValueError
        If it is not a list of three whole numbers above 0.
    """
    try:
        values = tuple(values)
    except TypeError:
        raise TypeError(f"{name} must be [z, y, x], got {values!r}") from None
    if len(values) != 3:
        raise ValueError(f"{name} must be [z, y, x], got {list(values)}")
    return tuple(int(_checks.number(value, name, low=1, integer=True)) for value in values)


def _block(size: Size, taken: int, middle: int, given: int, held: int) -> tuple[Size, list[tuple[int, int, int, int]]]:
    """Return the size after two convolutions, and their two steps."""
    first, second = (tuple(n - eaten for n in size) for eaten in (2, 4))
    return second, [
        (held, prod(size) * taken, prod(first) * middle, 2 * 27 * prod(first) * taken * middle),
        (held + prod(size) * taken, prod(first) * middle, prod(second) * given, 2 * 27 * prod(second) * middle * given),
    ]


def _text(size: Sequence[int]) -> str:
    return "x".join(map(str, size))
