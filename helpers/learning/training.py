"""Train a network on curated truth. A training that was stopped, by whatever, goes on exactly where its last checkpoint was written.

In its folder: ``<name>.pt``, the best model so far; ``<name>_training.pt``, all that is needed to go on; ``<name>_record.json`` at the end.
"""

import math
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from helpers import images
from helpers.images.record import circumstances
from helpers.learning.checkpoints import Model, read_model, write_model
from helpers.learning.devices import chosen_device, chosen_type, out_of_memory_means
from helpers.learning.inference import probability
from helpers.learning.losses import loss_of_heads
from helpers.learning.networks import Network
from helpers.learning.normalization import DEFAULT, checked_recipe
from helpers.learning.patches import Batch, Sampler
from helpers.learning.settings import Settings
from helpers.learning.state import Run, State, begun_state, layout, resumed_state, save_state
from helpers.learning.targets import Example
from helpers.learning.validation import best_cutoff, cutoff_table

if TYPE_CHECKING:
    import pandas as pd

SAME_SIZE = 1.1  # voxel sizes that differ by less count as the same
LEFT_OVER = 3600  # seconds after which nothing is still being written
LOWER = "lower batch, then patch, then width"


class Progress(NamedTuple):
    """What a training tells after every step."""

    step: int
    steps: int
    loss: float
    score: float
    """IoU on the images held back at the best cutoff, at the last validation; NaN before the first."""
    best: float
    seconds: float
    history: list[dict[str, float]]
    """One row a step, as in `Trained.history`; not to be changed."""


class Trained(NamedTuple):
    """The result of a training."""

    model: Model
    history: "pd.DataFrame"
    """One row a step: ``step, loss, rate, score``; the score is NaN where there was no validation."""
    path: Path


def train(
    training: Sequence[Example],
    validation: Sequence[Example],
    folder: str | Path,
    settings: Settings,
    *,
    name: str = "model",
    normalization: Sequence[Sequence] = DEFAULT,
    device: str = "auto",
    start: Model | None = None,
    resume: bool = True,
    progress: Callable[[Progress], None] | None = None,
    notes: dict[str, Any] | None = None,
) -> Trained:
    """Train a network, and keep the model that does best on the images held back.

    Parameters
    ----------
    training, validation : list of Example
        As `validation.hold_out` gives them. Without images to hold back the last weights are kept.
    folder : str or Path
        Takes the model, the state of the training and the record; made if it is missing.
    settings : Settings
        See `suggest_settings`.
    name : str
        What the files are called after.
    normalization : recipe
        By which the examples were normalized: kept with the model.
    device : str
        "auto", "cpu" or "cuda".
    start : Model, optional
        Go on from its weights, not from random ones.
    resume : bool
        Go on where a training of these settings and images in this folder was stopped. Only ``steps``, ``patience`` and ``save_every`` may
        have changed; with the schedule "cosine" the rate then follows the new number of steps. False begins anew.
    progress : callable, optional
        Called with a `Progress` after every step.
    notes : mapping of plain values, optional
        Kept with the model: which iteration, how many minutes of a person's time, from which truth.

    Returns
    -------
    Trained

    Raises
    ------
    ValueError
        If there is nothing to train on, an image is too small, the images have different voxel sizes, the folder holds a training of other
        settings or images, the device is not there, or the loss is no longer a number.
    MemoryError
        If the memory is not enough; the sentence says what to lower.
    OSError
        If the folder cannot be written, or the disk is full: earlier files stay as they were.
    """
    if not training:
        raise ValueError("there is no image to train on: give at least one")
    _check_voxel_sizes([*training, *validation])
    chosen = chosen_device(device)
    sampler = _sampler(training, settings)
    _clear_away(Path(folder).expanduser())
    run = Run(Path(folder).expanduser(), images.safe_name(name), settings, list(training), list(validation), checked_recipe(normalization))
    state = resumed_state(run, chosen) if resume and run.state_path.exists() else begun_state(settings, chosen, start)
    about = {"started_from": start.name if start else None, **(notes or {})}
    with out_of_memory_means(LOWER):
        _loop(run, state, sampler, chosen, progress, about)
    _finish(run, state, chosen, about)
    return Trained(read_model(run.model_path), _table(state.history), run.model_path)


def _loop(
    run: Run, state: State, sampler: Sampler, device: torch.device, progress: Callable[[Progress], None] | None, about: dict[str, Any]
) -> None:
    """Take steps until the end, or until nothing gets better."""
    settings = run.settings
    begun, before = time.monotonic(), state.seconds
    while state.step < settings.steps and not (settings.patience and state.waited >= settings.patience):
        rate = settings.rate(state.step)
        loss = _update(state, sampler.batch(state.step), settings, rate, device)
        state.step += 1
        last = state.step == settings.steps
        row = {"step": state.step, "loss": loss, "rate": rate, "score": math.nan}
        state.history.append(row)
        if run.validation and (last or state.step % settings.validate_every == 0):
            row["score"] = _validated(run, state, device, about)
        state.seconds = before + time.monotonic() - begun
        if last or state.step % settings.save_every == 0:
            save_state(run, state)
        if progress is not None:
            scores = [each["score"] for each in state.history if not math.isnan(each["score"])]
            best = state.best if scores else math.nan
            progress(Progress(state.step, settings.steps, loss, scores[-1] if scores else math.nan, best, state.seconds, state.history))


def _update(state: State, batch: Batch, settings: Settings, rate: float, device: torch.device) -> float:
    """Take one step; return the loss before it."""
    state.network.train()
    for group in state.optimizer.param_groups:
        group["lr"] = rate
    normalized, truth, cost = (torch.from_numpy(array).to(device) for array in batch)
    kind = chosen_type(settings.precision, device)
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=kind == torch.bfloat16):
        heads = state.network.heads(normalized.contiguous(memory_format=layout(device)))
    loss = loss_of_heads(
        heads, truth, cost,
        head_weights=settings.head_weights, foreground_weight=settings.foreground_weight, mean_over=settings.mean_over,
    )  # fmt: skip
    value = float(loss.detach())
    if not math.isfinite(value):
        raise ValueError(f"the loss is {value} at step {state.step + 1}: lower learning_rate, and begin anew with resume=False")
    state.optimizer.zero_grad(set_to_none=True)
    loss.backward()
    state.optimizer.step()
    return value


def _validated(run: Run, state: State, device: torch.device, about: dict[str, Any]) -> float:
    """Score the network on the images held back; keep it if it is the best so far."""
    table = _scores(state.network, run, device)
    cutoff = best_cutoff(table)
    score = float(np.nan_to_num(table["iou"].max()))
    if score > state.best:
        state.best, state.waited = score, 0
        _save_model(run, state, cutoff, table, about)
    else:
        state.waited += 1
    return score


def _scores(network: Network, run: Run, device: torch.device) -> "pd.DataFrame":
    found = (probability(network, each.normalized, device=str(device)) for each in run.validation)
    return cutoff_table(found, [each.truth for each in run.validation], [each.cost for each in run.validation])


def _save_model(run: Run, state: State, cutoff: float, table: "pd.DataFrame | None", about: dict[str, Any]) -> None:
    size = run.training[0].voxel_size
    chosen = None if table is None else table[table["cutoff"] == cutoff].iloc[0].to_dict()
    plain = None if chosen is None else {key: None if math.isnan(value) else float(value) for key, value in chosen.items()}
    said = {
        "data": {
            "training": [each.name for each in run.training],
            "validation": [each.name for each in run.validation],
            "sha256": run.data,
        },
        "scores": plain,
        "step": state.step,
        "settings": run.settings.as_dict(),
        **about,
    }
    write_model(run.model_path, Model(state.network, run.normalization, size, cutoff, name=run.name, about=said))


def _finish(run: Run, state: State, device: torch.device, about: dict[str, Any]) -> None:
    """Where nothing was held back keep the last weights; write the record beside the model."""
    if not run.validation or not run.model_path.exists():
        _save_model(run, state, 0.5, None, about)
    model = read_model(run.model_path)
    record = {
        "record_version": 1,
        "workflow": "train a network",
        "model": run.model_path.name,
        "sha256": images.checksum(run.model_path),
        "shapes": {each.name: list(each.truth.shape) for each in [*run.training, *run.validation]},
        "normalization": run.normalization,
        "cutoff": model.cutoff,
        "seed": run.settings.seed,
        "device": str(device),
        "steps_done": state.step,
        "duration_s": round(state.seconds, 1),
        **model.about,
        **circumstances(),
    }
    images.write_record(run.record_path, {**record, "versions": {**record["versions"], "torch": torch.__version__}})


def _check_voxel_sizes(examples: Sequence[Example]) -> None:
    """Raise unless all known voxel sizes are about the same: a network learns sizes in voxels."""
    known = [each for each in examples if each.voxel_size]
    for each in known[1:]:
        if any(max(a / b, b / a) > SAME_SIZE for a, b in zip(each.voxel_size, known[0].voxel_size)):
            sizes = (" x ".join(f"{size:g}" for size in one.voxel_size) for one in (known[0], each))
            raise ValueError(
                f"{known[0].name} and {each.name} have voxels of {' and '.join(sizes)} um: a network learns sizes in voxels; resample them to one"
            )


def _clear_away(folder: Path) -> None:
    """Remove what a training that was killed while it wrote has left half-written."""
    for path in folder.glob(".writing-*"):
        if time.time() - path.stat().st_mtime > LEFT_OVER:
            shutil.rmtree(path, ignore_errors=True)


def _sampler(training: Sequence[Example], settings: Settings) -> Sampler:
    names = ("batch", "foreground_share", "rotation", "flips", "flip_z", "brightness", "seed")
    return Sampler(training, settings.architecture, settings.patch, **{name: getattr(settings, name) for name in names})


def _table(history: list[dict[str, float]]) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(history, columns=["step", "loss", "rate", "score"])
