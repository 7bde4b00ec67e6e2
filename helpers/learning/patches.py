"""Draw patches from training images: where there is something to learn, never where nothing counts.

Which patches a step sees follows from the seed and the number of the step alone, so that a training goes on exactly where it stopped.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from helpers.learning.architecture import Architecture, Size
from helpers.learning.augment import Move, brightened, moved, random_move, size_before
from helpers.learning.targets import Example
from helpers.learning.tiles import mirrored

TRIES = 50
LEAST_COUNTED = 1000  # voxels of a patch that must count, as published; or this part of a small one:
LEAST_PART = 0.05
REMEMBERED = 100_000  # places of foreground that are kept for each image


class Batch(NamedTuple):
    """What one step of training sees."""

    normalized: np.ndarray
    """(N, channels, z, y, x) of float32, input size."""
    truth: np.ndarray
    """(N, z, y, x) of int64, output size."""
    cost: np.ndarray
    """(N, z, y, x) of float32, output size."""


class Sampler:
    """Draws patches.

    Parameters
    ----------
    examples : list of Example
    architecture : Architecture
    patch : (z, y, x)
        Input size.
    batch : int
        Patches in a step.
    foreground_share : float
        Part of the patches that are placed on foreground, 0 to 1; the rest lie anywhere.
    rotation, flips, flip_z, brightness
        See `helpers.learning.augment`.
    seed : int

    Raises
    ------
    ValueError
        If the patch does not fit the network, or an image is smaller than its output, or has channels or classes that the network has not.
    """

    def __init__(
        self,
        examples: Sequence[Example],
        architecture: Architecture,
        patch: Sequence[int],
        *,
        batch: int = 1,
        foreground_share: float = 0.5,
        rotation: str = "quarter",
        flips: bool = True,
        flip_z: bool = False,
        brightness: float = 0.0,
        seed: int = 0,
    ) -> None:
        self.examples, self.architecture = list(examples), architecture
        self.size: Size = tuple(patch)
        self.output = architecture.output_size(patch)
        self.count, self.foreground_share, self.brightness, self.seed = batch, foreground_share, brightness, seed
        self._move = {"rotation": rotation, "flips": flips, "flip_z": flip_z}
        for each in self.examples:
            check_kind(each, architecture)
            check_size(each, architecture, self.output, rotation)
        self._places = [_places(each, np.random.default_rng([seed, number])) for number, each in enumerate(self.examples)]

    def batch(self, step: int) -> Batch:
        """Return the patches of one step: always the same for the same seed and number."""
        random = np.random.default_rng([self.seed, 1, step])
        drawn = [self._draw(random) for _ in range(self.count)]
        return Batch(*(np.stack(arrays) for arrays in zip(*drawn)))

    def _draw(self, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        index = int(random.integers(len(self.examples)))
        each, places = self.examples[index], self._places[index]
        move = random_move(random, **self._move)
        box = size_before(self.output, move)
        needed = min(LEAST_COUNTED, LEAST_PART * np.prod(box))
        for attempt in range(TRIES + 1):
            on_foreground = attempt == TRIES or random.random() < self.foreground_share
            start = _start(each.truth.shape, box, places, random, on_foreground)
            if np.count_nonzero(_inside(each.cost, start, box)) >= needed:
                break
        return self._cut(each, start, box, move, random)

    def _cut(
        self, each: Example, start: Sequence[int], box: Size, move: Move, random: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return image, truth and cost of one place, moved; beyond the border the image is mirrored, and nothing counts."""
        larger = size_before(self.size, move)
        begin = [first - (wide - narrow) // 2 for first, wide, narrow in zip(start, larger, box)]
        normalized = moved(mirrored(each.normalized, begin, larger), self.size, move, order=1)
        truth = moved(mirrored(each.truth[None], start, box)[0], self.output, move)
        cost = np.zeros(box, np.float32)
        there = tuple(slice(max(-first, 0), min(n - first, length)) for first, length, n in zip(start, box, each.cost.shape))
        cost[there] = _inside(each.cost, start, box)
        return brightened(normalized, random, self.brightness), truth.astype(np.int64), moved(cost, self.output, move)


def check_kind(each: Example, architecture: Architecture) -> None:
    """Raise a sentence if an image has another number of channels than the network takes, or more classes than it gives.

    Raises
    ------
    ValueError
    """
    if len(each.normalized) != architecture.channels:
        raise ValueError(f"{each.name} has {len(each.normalized)} channel(s), and the network takes {architecture.channels}: set channels")
    if each.truth.max() >= architecture.classes:
        raise ValueError(
            f"{each.name} has class {each.truth.max()}, and the network gives {architecture.classes} with background: set classes"
        )


def check_size(each: Example, architecture: Architecture, output: Sequence[int], rotation: str = "none") -> None:
    """Raise a sentence if an image is smaller than the output of a patch; it names a patch that fits.

    Raises
    ------
    ValueError
    """
    shape = each.truth.shape
    turned = (shape[0], min(shape[1:]), min(shape[1:])) if rotation == "quarter" and output[1] != output[2] else shape
    if any(wanted > n for wanted, n in zip(output, turned)):
        fitting = largest_patch(architecture, [shape], architecture.input_size(output))
        advice = f"set patch to {list(fitting)}" if fitting else "give a larger image, or a network of less depth or zoom"
        raise ValueError(
            f"{each.name} is {'x'.join(map(str, shape))} voxels, smaller than the {'x'.join(map(str, output))} that a patch gives: {advice}"
        )


def largest_patch(architecture: Architecture, shapes: Sequence[Sequence[int]], wanted: Sequence[int]) -> Size | None:
    """Return the largest patch, at most ``wanted``, whose output fits into every image; None if there is none.

    >>> largest_patch(Architecture(), [(64, 300, 300), (10, 50, 300)], (44, 140, 140))
    (38, 132, 132)
    """
    smallest = [min(shape[axis] for shape in shapes) for axis in range(3)]
    smallest[1] = smallest[2] = min(smallest[1:])  # square, so that it can be turned
    found = []
    for axis, (n, most) in enumerate(zip(smallest, wanted)):
        fitting = [size for size in range(1, most + 1) if _fits(architecture, axis, size, n)]
        if not fitting:
            return None
        found.append(fitting[-1])
    return tuple(found)


def _fits(architecture: Architecture, axis: int, size: int, n: int) -> bool:
    sizes = list(architecture.next_size((1, 1, 1)))
    sizes[axis] = size
    return architecture.next_size(sizes) == tuple(sizes) and architecture.output_size(sizes)[axis] <= n


def _places(each: Example, random: np.random.Generator) -> np.ndarray:
    """Return (n, 3) places of foreground that counts, some of them if there are many."""
    flat = np.flatnonzero((each.truth > 0) & (each.cost > 0))
    if len(flat) > REMEMBERED:
        flat = random.choice(flat, REMEMBERED, replace=False)
    return np.stack(np.unravel_index(flat, each.truth.shape), axis=1)


def _start(shape: Size, box: Size, places: np.ndarray, random: np.random.Generator, on_foreground: bool) -> list[int]:
    """Return where a box begins: within the image, or about its middle on an axis where the box is larger."""
    last = [n - length for n, length in zip(shape, box)]
    if on_foreground:
        place = places[random.integers(len(places))]
        wanted = [int(at) - int(random.integers(length)) for at, length in zip(place, box)]
    else:
        wanted = [int(random.integers(max(end, 0) + 1)) for end in last]
    return [min(max(at, 0), end) if end >= 0 else end // 2 for at, end in zip(wanted, last)]


def _inside(cost: np.ndarray, start: Sequence[int], box: Size) -> np.ndarray:
    return cost[tuple(slice(max(first, 0), max(first + length, 0)) for first, length in zip(start, box))]
