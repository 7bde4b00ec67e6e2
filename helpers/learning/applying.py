"""Apply a model to a stack, at the voxel size that it was trained at; choose its cutoff."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from helpers import _checks, classic, images
from helpers.images import Stack
from helpers.learning.checkpoints import Model
from helpers.learning.inference import probability
from helpers.learning.normalization import normalize
from helpers.learning.targets import Example
from helpers.learning.validation import best_cutoff, cutoff_table

if TYPE_CHECKING:
    import pandas as pd


class Applied(NamedTuple):
    """What a model found."""

    probability: np.ndarray
    """(Z, Y, X) of float32, 0 to 1, as the network gave it."""
    mask: np.ndarray
    """(Z, Y, X) of bool; of a stack that was resampled, cut where the network worked, and then brought back."""
    notes: tuple[str, ...]
    """What looked odd, in sentences."""
    worked_at: tuple[float, float, float]
    """Voxel size that the network saw, (z, y, x) in um."""


def apply(
    model: Model,
    stacks: Stack | Sequence[Stack],
    *,
    cutoff: float | None = None,
    minimum_size: int | None = None,
    resample: bool = True,
    known: Sequence[classic.Intensities] = (),
    flips: bool = False,
    tile: Sequence[int] | None = None,
    memory_limit: float | None = None,
    precision: str = "float32",
    device: str = "auto",
    progress: Callable[[int, int], None] | None = None,
) -> Applied:
    """Segment a stack with a model.

    Where its voxels differ by more than a tenth from those that the model was trained on, the stack is resampled to these, and what was
    found brought back onto its own grid (`helpers.images.working_voxel_size`).

    Parameters
    ----------
    model : Model
    stacks : Stack, or one for each channel of the network
    cutoff : float, optional
        Probability from which on a voxel counts as structure; by default the model's own.
    minimum_size : int, optional
        Smaller objects are left out, in voxels that the network saw; by default the model's own.
    resample : bool
        False: the network takes the voxels as they are.
    known : sequence of Intensities, optional
        One a channel: normalize by these, not by those of the stack, as `classic.intensities_of` does; for time points, and crops.
    flips, tile, memory_limit, precision, device, progress
        See `inference.probability`.

    Returns
    -------
    Applied

    Raises
    ------
    TypeError, ValueError, MemoryError
        As `normalize` and `inference.probability`; or if a channel is missing, or channels differ in shape.
    """
    stacks = [stacks] if isinstance(stacks, Stack) else list(stacks)
    cutoff = model.cutoff if cutoff is None else _checks.number(cutoff, "cutoff", low=0, high=1)
    minimum_size = model.minimum_size if minimum_size is None else _checks.number(minimum_size, "minimum_size", low=0, integer=True)
    _check_channels(model, stacks)
    own, notes = stacks[0].voxel_size, list(stacks[0].notes)
    size = worked_at(model, stacks[0]) if resample else own
    normalized = np.stack(
        [_normalized(_at(each, size), model, *rest) for each, *rest in zip(stacks, *([known] if known else []), strict=True)]
    )
    found = probability(
        model.network, normalized, tile=tile, memory_limit=memory_limit, precision=precision, flips=flips, device=device, progress=progress
    )
    del normalized
    mask = found >= cutoff
    if minimum_size > 1 and mask.any():
        mask = classic.remove_small(mask, minimum_size)
    if size != own:
        notes.append(images.resampling_sentence(stacks[0].raw.shape, own, size).replace("parameters were", "model was"))
        mask, found = (onto(each, size, own, stacks[0].raw.shape) for onto, each in ((images.mask_onto, mask), (images.map_onto, found)))
    elif model.voxel_size:
        notes += filter(None, [_other_voxels(model, stacks[0], resample)])
    return Applied(found, mask, tuple(notes), size)


def worked_at(model: Model, stack: Stack) -> tuple[float, float, float]:
    """Return the voxel size at which a model sees a stack: its own, unless it is far from that of the model."""
    if model.voxel_size is None:
        return stack.voxel_size
    return images.working_voxel_size(stack.raw.shape, stack.voxel_size, model.voxel_size)


class Choice(NamedTuple):
    """A cutoff chosen on curated truth."""

    cutoff: float
    table: "pd.DataFrame"
    """The scores at every cutoff, as `cutoff_table` gives them."""


def choose_cutoff(model: Model, examples: Sequence[Example], metric: str = "iou", **how: object) -> Choice:
    """Find the cutoff at which a model agrees best with curated truth.

    Take images that the model was not trained on. ``dataclasses.replace(model, cutoff=...)`` is the model with another cutoff.

    Parameters
    ----------
    model : Model
    examples : list of Example
        Normalized as the model wants it.
    metric : str
        See `validation.best_cutoff`.
    **how
        Further arguments of `inference.probability`.

    Returns
    -------
    Choice

    Raises
    ------
    TypeError, ValueError, MemoryError
        As `inference.probability`; or if there is no image, or no such metric.
    """
    if not examples:
        raise ValueError("there is no image to choose the cutoff on: give at least one with its truth")
    found = (probability(model.network, each.normalized, **how) for each in examples)
    table = cutoff_table(found, [each.truth for each in examples], [each.cost for each in examples])
    return Choice(best_cutoff(table, metric), table)


def _check_channels(model: Model, stacks: Sequence[Stack]) -> None:
    wanted = model.architecture.channels
    if len(stacks) != wanted:
        raise ValueError(
            f"model {model.name!r} takes {wanted} channel(s), got {len(stacks)}: give one stack for each, in the order of training"
        )
    for each in stacks[1:]:
        _checks.same_shape(stacks[0].raw, each.raw, "the channels")


def _normalized(stack: Stack, model: Model, known: classic.Intensities | None = None) -> np.ndarray:
    if known is None:
        return normalize(stack.raw, model.normalization)
    with classic.intensities_of(known):
        return normalize(stack.raw, model.normalization)


def _at(stack: Stack, size: tuple[float, float, float]) -> Stack:
    return stack if size == stack.voxel_size else replace(stack, raw=images.resample(stack.raw, stack.voxel_size, size), voxel_size=size)


def _other_voxels(model: Model, stack: Stack, resample: bool) -> str:
    """Return a sentence if the network saw other voxels than in training all the same; else nothing."""
    if absurd := images.absurd_voxel_size(stack.raw.shape, stack.voxel_size, model.voxel_size):
        return absurd
    if resample or worked_at(model, stack) == stack.voxel_size:
        return ""
    theirs, ours = (" x ".join(f"{size:g}" for size in sizes) for sizes in (model.voxel_size, stack.voxel_size))
    return f"the model was trained on voxels of {theirs} um, this stack has {ours} um and was not resampled: the result can be poor"
