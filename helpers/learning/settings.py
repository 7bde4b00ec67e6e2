"""How a training goes: all its numbers in one place, and two sets of them that work."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import torch

from helpers import _checks
from helpers.learning.architecture import Architecture, Size, three
from helpers.learning.augment import ROTATIONS
from helpers.learning.devices import PRECISIONS, available_memory
from helpers.learning.losses import MEANS
from helpers.learning.patches import largest_patch
from helpers.learning.targets import Example

SCHEDULES = ("cosine", "constant")
KEPT = 2.5  # times what a pass writes is held for the way back; measured 0.8 to 2.0 on a processor
SHARE = 0.6  # of the free memory
PARTS = (1, 0.6, 0.3, 0)  # of the patch that is wanted, above the least that fits
NARROWEST = 8


@dataclass(frozen=True)
class Settings:
    """What a training is told.

    Parameters
    ----------
    architecture : Architecture
    patch : (z, y, x)
        Input size of a patch, in voxels; one that fits the network.
    batch : int
        Patches in a step.
    steps : int
        Each sees one batch.
    learning_rate : float
    schedule : str
        "cosine": the rate rises over ``warm_up`` steps and then falls to 0 along a cosine. "constant", as published.
    warm_up : int
        Steps.
    weight_decay : float
    foreground_weight : float
        By how much more foreground counts than background.
    head_weights : list of float
        How much the main head and the auxiliary ones count.
    mean_over : str
        "voxels" or "weights", see `losses.weighted_cross_entropy`.
    precision : str
        "float32", "bfloat16" or "fastest".
    foreground_share : float
        Part of the patches that are placed on foreground.
    rotation : str
        "quarter", "free" or "none".
    flips, flip_z : bool
        Mirror patches along x; along z.
    brightness : float
        How much brightness, contrast and noise change, see `augment.brightened`.
    validate_every, save_every : int
        Steps.
    patience : int
        Stop when so many validations in a row brought nothing better; 0 never stops.
    seed : int

    Raises
    ------
    TypeError, ValueError
        If a value makes no sense, or the patch does not fit the network.
    """

    architecture: Architecture = field(default_factory=Architecture)
    patch: Size = (44, 140, 140)
    batch: int = 8
    steps: int = 8000
    learning_rate: float = 1e-5
    schedule: str = "constant"
    warm_up: int = 0
    weight_decay: float = 0.005
    foreground_weight: float = 1.0
    head_weights: tuple[float, ...] = (1.0, 1.0, 1.0)
    mean_over: str = "voxels"
    precision: str = "fastest"
    foreground_share: float = 0.0
    rotation: str = "free"
    flips: bool = True
    flip_z: bool = False
    brightness: float = 0.0
    validate_every: int = 500
    save_every: int = 100
    patience: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        whole = {"batch": 1, "steps": 1, "warm_up": 0, "validate_every": 1, "save_every": 1, "patience": 0, "seed": 0}
        for name, low in whole.items():
            _checks.number(getattr(self, name), name, low=low, integer=True)
        _checks.number(self.learning_rate, "learning_rate", above=0, high=1)
        for name in ("weight_decay", "foreground_weight", "brightness"):
            _checks.number(getattr(self, name), name, low=0)
        _checks.number(self.foreground_share, "foreground_share", low=0, high=1)
        known = {"schedule": SCHEDULES, "mean_over": MEANS, "rotation": ROTATIONS, "precision": PRECISIONS}
        for name, texts in known.items():
            if getattr(self, name) not in texts:
                raise ValueError(f"{name} must be one of {', '.join(map(repr, texts))}, got {getattr(self, name)!r}")
        object.__setattr__(self, "patch", three(self.patch, "patch"))
        object.__setattr__(self, "head_weights", tuple(float(weight) for weight in self.head_weights))
        if len(self.head_weights) < self.architecture.heads:
            raise ValueError(f"head_weights must hold {self.architecture.heads} numbers, one a head, got {list(self.head_weights)}")
        self.architecture.output_size(self.patch)

    @property
    def output(self) -> Size:
        """What a patch gives, in voxels."""
        return self.architecture.output_size(self.patch)

    def rate(self, step: int) -> float:
        """Return the learning rate of a step."""
        if step < self.warm_up:
            return self.learning_rate * (step + 1) / self.warm_up
        if self.schedule == "constant":
            return self.learning_rate
        return self.learning_rate * 0.5 * (1 + math.cos(math.pi * (step - self.warm_up) / max(self.steps - self.warm_up, 1)))

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values, for a file."""
        return {
            **asdict(self),
            "architecture": self.architecture.as_dict(),
            "patch": list(self.patch),
            "head_weights": list(self.head_weights),
        }


PRESETS = {
    "published": Settings(),
    "two cores": Settings(
        architecture=Architecture(width=8),
        patch=(40, 140, 140),
        batch=1,
        steps=200,
        learning_rate=6e-3,
        schedule="cosine",
        warm_up=10,
        weight_decay=0.0,
        foreground_weight=2.0,
        mean_over="weights",
        foreground_share=0.5,
        rotation="quarter",
        brightness=0.1,
        validate_every=50,
        save_every=20,
    ),
}
"""The paper's settings, for days on a GPU; and narrow and fast ones, for minutes on two cores."""


def suggest_settings(
    examples: Sequence[Example], device: torch.device, preset: str = "", memory_limit: float | None = None, **changes: Any
) -> Settings:
    """Return settings for the images and the computer at hand.

    The patch becomes no larger than the smallest image allows. Where the memory is too small, first the batch, then the patch, then the
    width becomes smaller. Without a preset named, the width follows the cores at hand, see `width_for`.

    Parameters
    ----------
    examples : list of Example
    device : torch.device
    preset : str
        "published" or "two cores"; by default the second where there is no GPU.
    memory_limit : float, optional
        In GB; by default 0.6 of what is free.
    **changes
        Any of `Settings`; they are taken as they are given, except a patch that is larger than the images.

    Returns
    -------
    Settings

    Raises
    ------
    ValueError
        If there is no such preset, or the images are too small for any patch.
    MemoryError
        If not even a batch of the least patch fits into the memory, or the patch and width that were given do not.
    """
    name = preset or ("published" if device.type == "cuda" else "two cores")
    if name not in PRESETS:
        raise ValueError(f"preset must be one of {', '.join(map(repr, PRESETS))}, got {name!r}")
    settings = PRESETS[name]
    if not preset and device.type == "cpu":
        settings = replace(settings, architecture=replace(settings.architecture, width=width_for(torch.get_num_threads())))
    architecture = replace(changes.get("architecture", settings.architecture), channels=examples[0].normalized.shape[0])
    allowed = SHARE * available_memory(device) if memory_limit is None else memory_limit * 1e9
    shapes = [each.truth.shape for each in examples]
    wanted = changes.get("patch", settings.patch)
    for tried in _smaller_and_smaller(architecture, wanted, may_shrink="patch" not in changes, may_narrow="architecture" not in changes):
        patch = largest_patch(tried[0], shapes, tried[0].next_size(tried[1]))
        if patch is None:
            raise ValueError(_too_small(tried[0], shapes))
        found = replace(settings, **{**changes, "architecture": tried[0], "patch": patch})
        batch = int(allowed // bytes_of_a_patch(found))
        if batch >= 1:
            return found if "batch" in changes else replace(found, batch=min(found.batch, batch))
    raise MemoryError(
        f"one patch of {'x'.join(map(str, found.patch))} takes {bytes_of_a_patch(found) / 1e9:.2g} GB in training, free are "
        f"{allowed / 1e9:.2g}: lower patch or width"
    )


def width_for(cores: int) -> int:
    """Return how wide a network trains in minutes: time grows with the square of the width.

    >>> [width_for(cores) for cores in (1, 2, 4, 8, 16, 32)]
    [8, 8, 8, 16, 16, 32]
    """
    return next(width for least, width in ((32, 32), (8, 16), (0, 8)) if cores >= least)


def _smaller_and_smaller(
    architecture: Architecture, wanted: Sequence[int], *, may_shrink: bool, may_narrow: bool
) -> Iterator[tuple[Architecture, Size]]:
    """Yield the network and patch that are wanted, then smaller patches, then narrower networks."""
    widths = [architecture.width]
    while may_narrow and widths[-1] > NARROWEST:
        widths.append(max(widths[-1] // 2, NARROWEST))
    least = architecture.next_size((1, 1, 1))
    for width in widths:
        for part in PARTS if may_shrink else (1,):
            yield replace(architecture, width=width), tuple(low + int(part * max(n - low, 0)) for low, n in zip(least, wanted))


def _too_small(architecture: Architecture, shapes: Sequence[Sequence[int]]) -> str:
    shape = min(shapes, key=lambda shape: min(shape[1:]))
    least = architecture.output_size(architecture.next_size((1, 1, 1)))
    return (
        f"an image of {'x'.join(map(str, shape))} voxels is smaller than the least that a patch gives, {'x'.join(map(str, least))}: "
        "leave it out, or take a network of less depth or zoom"
    )


def bytes_of_a_patch(settings: Settings) -> int:
    """Return about how many bytes the training holds for each patch of a batch."""
    written = sum(made for _, _, made, _ in settings.architecture.steps_of_a_pass(settings.patch))
    return int(KEPT * 4 * written)
