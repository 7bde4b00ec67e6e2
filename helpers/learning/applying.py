"""Apply a model: from a stack to a mask, from a file to files."""

from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from helpers import _checks, classic, images
from helpers.images import Stack
from helpers.learning.checkpoints import Model, read_model
from helpers.learning.inference import probability
from helpers.learning.normalization import normalize
from helpers.learning.targets import Example
from helpers.learning.training import SAME_SIZE
from helpers.learning.validation import best_cutoff, cutoff_table

if TYPE_CHECKING:
    import pandas as pd


class Applied(NamedTuple):
    """What a model found."""

    probability: np.ndarray
    """(Z, Y, X) of float32, 0 to 1, as the network gave it."""
    mask: np.ndarray
    """(Z, Y, X) of bool."""
    notes: tuple[str, ...]
    """What looked odd, in sentences."""


def apply(
    model: Model,
    stacks: Stack | Sequence[Stack],
    *,
    cutoff: float | None = None,
    minimum_size: int | None = None,
    flips: bool = False,
    tile: Sequence[int] | None = None,
    memory_limit: float | None = None,
    precision: str = "float32",
    device: str = "auto",
    progress: Callable[[int, int], None] | None = None,
) -> Applied:
    """Segment a stack with a model.

    Parameters
    ----------
    model : Model
    stacks : Stack, or one for each channel of the network
    cutoff : float, optional
        Probability from which on a voxel counts as structure; by default the model's own.
    minimum_size : int, optional
        Smaller objects are left out, in voxels; by default the model's own.
    flips, tile, memory_limit, precision, device, progress
        See `inference.probability`.

    Returns
    -------
    Applied

    Raises
    ------
    TypeError, ValueError, MemoryError
        As `normalize` and `inference.probability`.
    """
    stacks = [stacks] if isinstance(stacks, Stack) else list(stacks)
    cutoff = model.cutoff if cutoff is None else _checks.number(cutoff, "cutoff", low=0, high=1)
    minimum_size = model.minimum_size if minimum_size is None else _checks.number(minimum_size, "minimum_size", low=0, integer=True)
    for each in stacks[1:]:
        _checks.same_shape(stacks[0].raw, each.raw, "the channels")
    normalized = np.stack([normalize(each.raw, model.normalization) for each in stacks])
    found = probability(
        model.network, normalized, tile=tile, memory_limit=memory_limit, precision=precision, flips=flips, device=device, progress=progress
    )
    mask = found >= cutoff
    if minimum_size > 1 and mask.any():
        mask = classic.remove_small(mask, minimum_size)
    return Applied(found, mask, _notes(model, stacks[0]))


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


def apply_to_file(
    model_path: str | Path,
    input_path: str | Path,
    output_folder: str | Path,
    *,
    channels: Sequence[int | str] = ("",),
    scene: int | str = 0,
    time: int = 0,
    voxel_size: Sequence[float] = (),
    cutoff: float | None = None,
    minimum_size: int | None = None,
    map_type: str = "float",
    **how: object,
) -> list[Path]:
    """Segment one image file with a model file; write the probability map, the mask and the record.

    Parameters
    ----------
    model_path : str or Path
        As `checkpoints.write_model` wrote it.
    input_path, scene, time, voxel_size
        As `images.read`.
    output_folder : str or Path
        Takes ``<stem>_<model>_probability.ome.tif``, ``_mask.ome.tif`` (0 and 255) and ``_record.json``.
    channels : sequence of int or str
        One for each channel of the network; "" is the only one.
    cutoff, minimum_size
        See `apply`.
    map_type : str
        "float", or "8-bit": 0 to 255 for 0 to 1, a quarter of the size.
    **how
        Further arguments of `apply`.

    Returns
    -------
    paths : list of Path
        Map, mask, record.

    Raises
    ------
    FileNotFoundError, TypeError, ValueError, MemoryError, OSError
        If the model or the image cannot be read or used, or the results cannot be written: nothing is written then.
    """
    if map_type not in ("float", "8-bit"):
        raise ValueError(f"map_type must be 'float' or '8-bit', got {map_type!r}")
    begun = monotonic()
    model = read_model(model_path)
    stacks = [images.read(input_path, channel, scene, time, voxel_size) for channel in channels]
    found = apply(model, stacks, cutoff=cutoff, minimum_size=minimum_size, **how)
    stack, size = stacks[0], stacks[0].voxel_size
    stem = f"{stack.name}_{model.name}"
    kept = found.probability if map_type == "float" else np.rint(found.probability * 255).astype(np.uint8)
    parameters = {
        "model": Path(model_path).name,
        "model_sha256": images.checksum(Path(model_path).expanduser()),
        "normalization": model.normalization,
        "cutoff": model.cutoff if cutoff is None else cutoff,
        "minimum_size": model.minimum_size if minimum_size is None else minimum_size,
        "map_type": map_type,
        **{name: value for name, value in how.items() if not callable(value)},
    }
    with images.together(output_folder) as folder:
        paths = [
            images.write(folder / f"{stem}_probability.ome.tif", kept, size),
            images.write(folder / f"{stem}_mask.ome.tif", found.mask, size),
        ]
        quality = {"foreground_fraction": float(found.mask.mean()), "notes": list(found.notes)}
        record = images.record(
            stack=stack, workflow=f"apply {model.name}", parameters=parameters, channel=channels[0], scene=scene, time=time,
            outputs=paths, quality=quality, duration=monotonic() - begun,
        )  # fmt: skip
        paths.append(images.write_record(folder / f"{stem}_record.json", record))
    return [Path(output_folder).expanduser() / path.name for path in paths]


def _notes(model: Model, stack: Stack) -> tuple[str, ...]:
    notes = list(stack.notes)
    if model.voxel_size and any(max(a / b, b / a) > SAME_SIZE for a, b in zip(model.voxel_size, stack.voxel_size)):
        theirs, ours = (" x ".join(f"{size:g}" for size in sizes) for sizes in (model.voxel_size, stack.voxel_size))
        notes.append(f"the model was trained on voxels of {theirs} um, this stack has {ours} um: resample it, or train on such stacks")
    return tuple(notes)
