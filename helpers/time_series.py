"""All time points of a file in one call, normalized alike: masks, tables and a plot; stopped, it goes on where it was.

>>> import tempfile
>>> from helpers import phantoms, time_series
>>> folder = tempfile.mkdtemp()
>>> file = phantoms.write_movie(f"{folder}/movie.ome.tif", phantoms.peroxisomes_over_time(shape=(2, 8, 64, 64)))
>>> result = time_series.run("slc25a17", file, f"{folder}/results", tell=None)
>>> list(result.table.columns)
['time', 'time_s', 'objects', 'volume_um3', 'fraction', 'mean_intensity', 'raw_mean']
"""

import difflib
import io
import json
import os
import re
import shutil
import time as clock
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from helpers import classic, figures, images, measure
from helpers.images import Stack
from helpers.workflows import WORKFLOWS, Workflow, check_values

if TYPE_CHECKING:
    import pandas as pd

OUTPUTS: Mapping[str, str] = {
    "mask": "mask.ome.tif", "picture": "overlay.png", "plot": "times.png", "times": "times.csv", "objects": "objects.csv", "record": "record.json",
}  # fmt: skip
"""What `run` leaves in its output folder, after ``<stem>_<id>_``."""

SHOWN = 6  # time points in the picture
LINES_TOLD = 20  # of progress
FADED = 0.2  # change of the light above the darkest voxel, from first to last, that is told


class Result(NamedTuple):
    """What became of a time series.

    Attributes
    ----------
    table : pandas.DataFrame
        One row for each time point: ``time`` (index in the file), ``time_s`` (seconds since the first of the file; NaN where it does not say),
        ``objects``, ``volume_um3`` (``area_um2`` for one plane), ``fraction`` (of the voxels), ``mean_intensity`` (of what was found) and
        ``raw_mean`` (of the whole image, in camera counts: bleaching shows here).
    objects : pandas.DataFrame
        One row for each object, as `helpers.measure.objects` makes them, with ``time`` and ``time_s`` in front.
    files : dict of str to Path
        What was written.
    warnings : list of str
        What to look at, in sentences.
    """

    table: "pd.DataFrame"
    objects: "pd.DataFrame"
    files: dict[str, Path]
    warnings: list[str]


@dataclass(frozen=True)
class _Job:
    """What was asked for, checked."""

    workflow: Workflow
    values: dict[str, Any]
    path: Path
    channel: int | str | None
    scene: int | str
    times: list[int]
    voxel_size: list[float]
    fixed: bool
    known: classic.Intensities | None
    interval: float | None
    folder: Path

    @property
    def stem(self) -> str:
        return f"{images.safe_name(self.path)}_{self.workflow.id}"

    @property
    def partial(self) -> Path:
        """The hidden folder of what is done."""
        return self.folder / f".{self.stem}_times"

    def stacks(self, times: Sequence[int]) -> Iterator[Stack]:
        return images.read_times(self.path, self.channel, self.scene, times, self.voxel_size)

    def key(self) -> dict[str, Any]:
        """What a finished time point hangs on; the other time points, too, where all are normalized alike."""
        return {
            "input": images.checksum(self.path),
            "channel": self.channel or 0,
            "scene": self.scene,
            "voxel_size": list(self.voxel_size),
            "workflow": self.workflow.id,
            "values": {name: list(value) if isinstance(value, (tuple, np.ndarray)) else value for name, value in self.values.items()},
            "normalized_with": (self.known._asdict() if self.known else self.times) if self.fixed else None,
            "versions": images.versions(),
        }


def run(
    workflow_id: str,
    path: str | Path,
    output_folder: str | Path,
    *,
    channel: int | str | None = None,
    scene: int | str = 0,
    times: Sequence[int] = (),
    voxel_size: Sequence[float] = (),
    fixed: bool = True,
    known: classic.Intensities | None = None,
    tell: Callable[[str], Any] | None = print,
    **values: Any,
) -> Result:
    """Segment the time points of a file with one workflow, and save masks, tables, pictures and the record.

    Two time points are in memory at most, whatever the length. What is done is kept in a hidden folder inside ``output_folder``: stopped by an error or by hand, the
    same call goes on with what is missing. The results appear all at once at the end, and the hidden folder goes.

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
    fixed : bool
        Normalize by the intensities of all these time points together (see `helpers.classic.intensities_of`): for light that stays the same,
        while the structure comes and goes. False: each time point by its own, for dyes that bleach while the structure stays.
    known : Intensities, optional
        Normalize by these in place of those of the time points, for example by those of an untreated series.
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
    """
    job = _checked(workflow_id, path, output_folder, channel, scene, times, voxel_size, fixed, known, values)
    first = _without_pixels(next(job.stacks(job.times[:1])))
    images.refuse_another_input(job.folder / f"{job.stem}_{OUTPUTS['record']}", first, _choices(job))
    started = clock.monotonic()
    done = _begin(job)
    try:
        together = _known(job, tell)
        missing = [time for time in job.times if time not in done]
        if len(missing) < len(job.times) and tell:
            tell(f"{len(job.times) - len(missing)} of {len(job.times)} time points were done before")
        stacks = job.stacks(missing)
        for count, time in enumerate(missing, start=1):
            _keep(job, time, _measured(job, time, next(stacks), together))
            if tell and (count % max(1, len(missing) // LINES_TOLD) == 0 or count == len(missing)):
                tell(f"time {time} ({count} of {len(missing)}), {clock.monotonic() - started:.0f} s")
        result = _save(job, first, together, clock.monotonic() - started)
    except BaseException:
        if job.partial.exists() and not list(job.partial.glob("time_*.npz")):
            shutil.rmtree(job.partial, ignore_errors=True)
        raise
    shutil.rmtree(job.partial, ignore_errors=True)
    return result


def _checked(
    workflow_id: str, path: str | Path, output_folder: str | Path, channel: int | str | None, scene: int | str, times: Sequence[int],
    voxel_size: Sequence[float], fixed: bool, known: classic.Intensities | None, values: Mapping[str, Any],
) -> _Job:  # fmt: skip
    """Refuse what cannot be done before anything is read or written."""
    if workflow_id not in WORKFLOWS:
        close = difflib.get_close_matches(str(workflow_id), WORKFLOWS, n=1, cutoff=0.4)
        raise ValueError(
            f"there is no workflow {workflow_id!r}: {f'did you mean {close[0]!r}' if close else 'give an id of the lookup table'}"
        )
    if not isinstance(fixed, (bool, np.bool_)):
        raise TypeError(f"fixed must be True or False, got {fixed!r}")
    workflow = WORKFLOWS[workflow_id]
    values = {**workflow.published, **values}
    check_values(workflow.function, values)
    wanted = images.checked_times(times)
    axis = images.time_axis(path, channel, scene)
    if wanted and wanted[-1] >= axis.count:
        raise images.ImageFileError(
            f"{Path(path).name} has {axis.count} time point(s), 0 to {axis.count - 1}: there is no time={wanted[-1]}"
        )
    folder = Path(output_folder).expanduser().absolute()
    path = Path(path).expanduser().absolute()
    all_times = wanted or list(range(axis.count))
    return _Job(workflow, values, path, channel, scene, all_times, list(voxel_size), bool(fixed), known, axis.interval, folder)


def _without_pixels(stack: Stack) -> Stack:
    """Return the stack with one value everywhere, which takes no memory: what remains are shape, type and name."""
    return replace(stack, raw=np.broadcast_to(stack.raw[0, 0, 0], stack.raw.shape))


def _choices(job: _Job) -> dict[str, Any]:
    return {"channel": job.channel, "scene": job.scene, "time": job.times}


def _begin(job: _Job) -> set[int]:
    """Make the hidden folder, and return the time points in it that were made from the same input with the same values."""
    key = json.dumps(job.key(), sort_keys=True, default=str)
    note = job.partial / "key.json"
    try:
        if note.exists() and note.read_text(encoding="utf-8") == key:
            return {int(file.stem.split("_")[1]) for file in job.partial.glob("time_*.npz")}
        shutil.rmtree(job.partial, ignore_errors=True)
        job.partial.mkdir(parents=True, exist_ok=True)
        note.write_text(key, encoding="utf-8")
    except OSError as error:
        raise images.said_plainly(error, job.folder) from error
    return set()


def _known(job: _Job, tell: Callable[[str], Any] | None) -> classic.Intensities | None:
    """Return the intensities of all time points together; None where each is normalized by its own."""
    if not job.fixed or job.known is not None:
        return job.known if job.fixed else None
    file = job.partial / "intensities.npz"
    if file.exists():
        with np.load(file) as kept:
            return classic.Intensities(
                *(kept[name] if name in ("values", "counts") else kept[name].item() for name in classic.Intensities._fields)
            )
    if tell:
        tell(f"reading the intensities of {len(job.times)} time point(s)")
    known = classic.intensities(stack.raw for stack in job.stacks(job.times))
    _write(job, file, known._asdict())
    return known


def segment(workflow: Workflow, stack: Stack, values: Mapping[str, Any], known: classic.Intensities | None) -> np.ndarray:
    """Segment one time point, normalized by ``known`` where that is given; an image of one value everywhere holds nothing."""
    if stack.raw.min() == stack.raw.max():
        return np.zeros(stack.raw.shape, bool)
    with classic.intensities_of(known):
        return workflow(stack.raw, **values)


def _measured(job: _Job, time: int, stack: Stack, known: classic.Intensities | None) -> dict[str, Any]:
    """Return what is kept of one time point: its mask, its rows of both tables, what looked odd."""
    try:
        mask = segment(job.workflow, stack, job.values, known)
    except (TypeError, ValueError, MemoryError) as error:
        raise type(error)(f"time {time}: {error}") from error
    objects = measure.objects(mask, stack, filled=job.workflow.is_shell)
    quality = measure.quality(mask, stack, tuned_voxel_size=job.workflow.tuned_voxel_size)
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


def _keep(job: _Job, time: int, content: Mapping[str, Any]) -> None:
    _write(job, job.partial / f"time_{time:06d}.npz", content)


def _write(job: _Job, file: Path, content: Mapping[str, Any]) -> None:
    """Write a file of the hidden folder, whole or not at all."""
    part = file.with_suffix(f".{os.getpid()}.part")
    try:
        data = io.BytesIO()
        np.savez_compressed(data, **content)
        part.write_bytes(data.getbuffer())
        os.replace(part, file)
    except OSError as error:
        raise images.said_plainly(error, job.folder) from error
    finally:
        part.unlink(missing_ok=True)


class _Kept(Sequence):
    """The masks of all time points, one read at a time."""

    def __init__(self, job: _Job) -> None:
        self.job = job

    def __len__(self) -> int:
        return len(self.job.times)

    def __getitem__(self, index: int) -> np.ndarray:
        with np.load(self.job.partial / f"time_{self.job.times[index]:06d}.npz") as kept:
            shape = tuple(kept["shape"].tolist())
            return np.unpackbits(kept["mask"], count=int(np.prod(shape))).reshape(shape).astype(bool)

    def about(self, index: int) -> dict[str, Any]:
        with np.load(self.job.partial / f"time_{self.job.times[index]:06d}.npz") as kept:
            return json.loads(kept["about"].item())


def _save(job: _Job, first: Stack, known: classic.Intensities | None, duration: float) -> Result:
    """Put the time points together and write all files, or none."""
    import pandas as pd

    masks = _Kept(job)
    parts = [masks.about(index) for index in range(len(masks))]
    table = pd.DataFrame([part["row"] for part in parts])
    objects = pd.DataFrame({name: [value for part in parts for value in part["objects"][name]] for name in parts[0]["objects"]})
    warnings = [*_grouped(job.times, [part["warnings"] for part in parts]), *_fading(table, known)]
    names = {what: f"{job.stem}_{ending}" for what, ending in OUTPUTS.items()}
    with images.together(job.folder) as temporary:
        images.write_times(temporary / names["mask"], masks, first.voxel_size, interval=job.interval)
        figures.save(_sheet(job, masks, table, first.voxel_size), temporary / names["picture"])
        figures.save(figures.through_time(table, title=job.stem), temporary / names["plot"])
        table.to_csv(temporary / names["times"], index=False)
        objects.to_csv(temporary / names["objects"], index=False)
        record = images.record(
            stack=first, workflow=job.workflow.id, parameters=job.values, **_choices(job), duration=duration,
            outputs=[temporary / names[what] for what in OUTPUTS if what != "record"],
            quality={"foreground_fraction": table["fraction"].mean(), "objects": int(table["objects"].sum()), "warnings": warnings},
        )  # fmt: skip
        record |= {"shape": [len(table), *first.raw.shape], "interval_s": job.interval, "fixed_normalization": job.fixed}
        record |= {"intensities": {name: getattr(known, name) for name in known._fields[:5]} if known else None}
        images.write_record(temporary / names["record"], record)
    return Result(table, objects, {what: job.folder / name for what, name in names.items()}, warnings)


def _sheet(job: _Job, masks: _Kept, table: "pd.DataFrame", voxel_size: tuple[float, float, float]) -> figures.Picture:
    """Show a few time points, the brightest value along z, with what was found."""
    shown = np.unique(np.linspace(0, len(masks) - 1, min(SHOWN, len(masks))).round().astype(int)).tolist()
    stacks = job.stacks([job.times[index] for index in shown])
    raw, found = zip(*((stack.raw.max(axis=0), masks[index].max(axis=0)) for index, stack in zip(shown, stacks)))
    captions = [caption(table.iloc[index]) for index in shown]
    return figures.time_sheet(Stack(np.stack(raw), voxel_size, job.stem), np.stack(found), captions, title=f"{job.stem}, brightest along z")


def caption(row: "pd.Series") -> str:
    """Name a time point by its number, its time and its objects."""
    when = f", {row['time_s']:g} s" if row["time_s"] == row["time_s"] else ""
    return f"time {int(row['time'])}{when}: {int(row['objects'])} objects"


def _grouped(times: Sequence[int], warnings: Sequence[Sequence[str]]) -> list[str]:
    """Return each kind of warning once, with how often it came: sentences that differ in their numbers alone are of one kind."""
    kinds: dict[str, list[tuple[int, str]]] = {}
    for time, sentences in zip(times, warnings):
        for sentence in sentences:
            kinds.setdefault(re.sub(r"[\d.,]+", "#", sentence), []).append((time, sentence))
    return [f"At {len(found)} of {len(times)} time points, first at {found[0][0]}: {found[0][1]}" for found in kinds.values()]


def _fading(table: "pd.DataFrame", known: classic.Intensities | None) -> list[str]:
    """Say when the light changes from the first to the last time point: one normalization for all then misleads."""
    if known is None or len(table) < 2:
        return []
    first, last = table["raw_mean"].iloc[[0, -1]] - known.lowest
    change = last / first - 1 if first > 0 else 0.0
    if abs(change) <= FADED:
        return []
    return [
        f"The whole image is {abs(change):.0%} {'darker' if change < 0 else 'brighter'} at the last time point than at the first. If that is "
        f"bleaching or the lamp, what {'fades is found smaller' if change < 0 else 'brightens is found larger'} with one normalization for all: "
        "compare with each time point normalized by its own."
    ]
