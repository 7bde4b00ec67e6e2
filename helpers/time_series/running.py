"""Segment time points one after another."""

import json
import shutil
import time as clock
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from helpers import classic, images, measure
from helpers.images import Stack
from helpers.time_series.brightness import Light
from helpers.time_series.job import Job, checked
from helpers.time_series.parts import begin, keep, kept_intensities, kept_light
from helpers.time_series.results import OUTPUTS, Result, save
from helpers.workflows import Workflow

LINES_TOLD = 20  # of progress


def run(
    workflow_id: str,
    path: str | Path,
    output_folder: str | Path,
    *,
    channel: int | str | None = None,
    scene: int | str = 0,
    times: Sequence[int] = (),
    voxel_size: Sequence[float] = (),
    normalize: str = "together",
    known: classic.Intensities | None = None,
    at_tuned_size: bool = True,
    name: str = "",
    tell: Callable[[str], Any] | None = print,
    **values: Any,
) -> Result:
    """Segment the time points of a file with one workflow, and save masks, tables, pictures and the record.

    Two time points are in memory at most, whatever the length. What is done is kept in a hidden folder inside ``output_folder``: stopped by an
    error or by hand, the same call goes on with what is missing. The results appear all at once at the end, and the hidden folder goes.

    Parameters
    ----------
    workflow_id : str
        A row of the lookup table.
    path : str or Path
        An image file, as for `helpers.images.read`.
    output_folder : str or Path
        Made if it is missing. Takes ``<stem>_<id>_mask.ome.tif`` (0 and 255, TZYX), ``_times.csv`` (a row a time point), ``_objects.csv`` (a row an
        object), ``_times.png``, ``_overlay.png`` and ``_record.json``.
    channel, scene, voxel_size
        As for `helpers.images.read`.
    times : sequence of int
        Which time points, in rising order; all if empty.
    normalize : {"together", "levelled", "each"}
        "together": by the intensities of all these time points, see `helpers.classic.intensities_of`; for steady light. "levelled": the same,
        after each time point was brought to the light of the brightest, for dyes that bleach and lamps that drift [1]_: its distance from the
        darkest voxel of all is multiplied, so that the means agree. "each": each by its own intensities; what is found then changes with
        what else is in the image.
    known : Intensities, optional
        Normalize by these in place of those of the time points, for example by those of an untreated series.
    at_tuned_size : bool
        Resample each time point to the voxel size that the values were made for, where its own is far from it, as a call of the workflow with
        ``voxel_size`` does. False: the values are in voxels, whatever the size of these.
    name : str, optional
        In place of the workflow's id in the names of files.
    tell : callable, optional
        Called with a line of progress now and then; None is silent.
    **values
        Parameters of the workflow that differ from the published ones.

    Returns
    -------
    result : Result
        ``table``, ``objects``, ``files`` and ``warnings``.

    Raises
    ------
    FileExistsError
        If the folder holds results of another file, channel, scene or other time points under the same names.
    FileNotFoundError, ImportError, MemoryError
        As for `helpers.images.read`.
    OSError
        If the folder cannot be written, or the disk is full. What was done is kept where it can be.
    TypeError, ValueError
        One sentence: no such workflow, parameter, channel or time point; a time point cannot be segmented (it says which).

    References
    ----------
    .. [1] Miura, K. (2020) Bleach correction ImageJ plugin for compensating the photobleaching of time-lapse sequences (the simple ratio
       method). F1000Research 9:1494. :DOI:`10.12688/f1000research.27171.1`
    """
    job = checked(workflow_id, path, output_folder, channel, scene, times, voxel_size, normalize, known, at_tuned_size, name, values)
    first = without_pixels(next(job.stacks(job.times[:1])))
    images.refuse_another_input(job.folder / f"{job.stem}_{OUTPUTS['record']}", first, job.choices)
    started = clock.monotonic()
    done = begin(job)
    try:
        light = kept_light(job)
        together = kept_intensities(job, light, tell)
        missing = [time for time in job.times if time not in done]
        if tell and (size := job.worked_at(first)) != first.voxel_size:
            tell(images.resampling_sentence(first.raw.shape, first.voxel_size, size))
        if len(missing) < len(job.times) and tell:
            tell(f"{len(job.times) - len(missing)} of {len(job.times)} time points were done before")
        stacks = job.stacks(missing)
        for count, time in enumerate(missing, start=1):
            keep(job, time, measured(job, time, next(stacks), light, together))
            if tell and (count % max(1, len(missing) // LINES_TOLD) == 0 or count == len(missing)):
                tell(f"time {time} ({count} of {len(missing)}), {clock.monotonic() - started:.0f} s")
        result = save(job, first, together, clock.monotonic() - started)
    except BaseException:
        if job.partial.exists() and not list(job.partial.glob("time_*.npz")):
            shutil.rmtree(job.partial, ignore_errors=True)
        raise
    shutil.rmtree(job.partial, ignore_errors=True)
    return result


def segment(
    workflow: Workflow, stack: Stack, values: Mapping[str, Any], known: classic.Intensities | None, at_tuned_size: bool = True
) -> np.ndarray:
    """Segment one time point.

    Parameters
    ----------
    workflow : Workflow
        A row of the lookup table.
    stack : Stack
        The time point.
    values : mapping
        Parameters of the workflow.
    known : Intensities or None
        What it is normalized by; None: its own intensities.
    at_tuned_size : bool
        As for `run`.

    Returns
    -------
    mask : (Z, Y, X) ndarray of bool
        Empty for an image of one value everywhere, as behind a closed shutter.

    Raises
    ------
    TypeError, ValueError
        One sentence: the image or a value cannot be used.
    """
    if stack.raw.min() == stack.raw.max():
        return np.zeros(stack.raw.shape, bool)
    with classic.intensities_of(known):
        return workflow(stack.raw, voxel_size=stack.voxel_size if at_tuned_size else None, **values)


def measured(job: Job, time: int, stack: Stack, light: Light, known: classic.Intensities | None) -> dict[str, Any]:
    """Return what is kept of one time point: its mask, its rows of both tables, what looked odd."""
    try:
        mask = segment(job.workflow, replace(stack, raw=light.level(stack.raw, time)), job.values, known, job.at_tuned_size)
    except (TypeError, ValueError, MemoryError) as error:
        raise type(error)(f"time {time}: {error}") from error
    objects = measure.objects(mask, stack, filled=job.workflow.is_shell)
    quality = measure.quality(mask, stack, tuned_voxel_size=job.workflow.tuned_voxel_size, worked_at=job.worked_at(stack))
    seconds = time * job.interval if job.interval else float("nan")
    objects.insert(0, "time", time)
    objects.insert(1, "time_s", seconds)
    size = "area_um2" if "area_um2" in objects else "volume_um3"
    row = {
        "time": time,
        "time_s": seconds,
        "objects": len(objects),
        size: float(objects[size].sum()),
        "fraction": float(mask.mean()),
        "mean_intensity": float(stack.raw[mask].mean(dtype=float)) if mask.any() else float("nan"),
        "raw_mean": float(stack.raw.mean(dtype=float)),
    }
    about = {"row": row, "objects": objects.to_dict("list"), "warnings": [*quality.warnings, *stack.notes]}
    return {"mask": np.packbits(mask), "shape": np.array(mask.shape), "about": json.dumps(about)}


def without_pixels(stack: Stack) -> Stack:
    """Return the stack with one value everywhere, which takes no memory: what remains are shape, type and name."""
    return replace(stack, raw=np.broadcast_to(stack.raw[0, 0, 0], stack.raw.shape))
