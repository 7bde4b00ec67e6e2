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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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

NORMALIZE = ("together", "levelled", "each")
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
    series : dict
        The input, as `helpers.images.read_times` takes it.
    """

    table: "pd.DataFrame"
    objects: "pd.DataFrame"
    files: dict[str, Path]
    warnings: list[str]
    series: dict[str, Any]

    def film(self, *, most: int = 60, times_per_second: float = 2) -> figures.Movie:
        """Go through the time points, the brightest value along z, raw and with the result outlined.

        Parameters
        ----------
        most : int
            Time points shown, evenly spaced.
        times_per_second : float
            0.5 to 50.

        Returns
        -------
        film : Movie
            Shows itself as the last expression of a cell; its ``save`` writes a GIF.
        """
        shown = _spread(len(self.table), most)
        times = [self.series["times"][index] for index in shown]
        raw = [stack.raw.max(axis=0) for stack in images.read_times(**self.series | {"times": times})]
        found = [stack.raw.max(axis=0) > 0 for stack in images.read_times(self.files["mask"], times=shown)]
        voxel_size = next(images.read_times(self.files["mask"], times=[0])).voxel_size
        stack = Stack(np.stack(raw), voxel_size, self.files["mask"].name.removesuffix("_mask.ome.tif"), str(self.series["path"]))
        captions = [_caption(self.table.iloc[index]) for index in shown]
        return figures.movie(stack, np.stack(found), planes_per_second=times_per_second, captions=captions)


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
    normalize: str
    known: classic.Intensities | None
    at_tuned_size: bool
    name: str
    interval: float | None
    folder: Path

    @property
    def stem(self) -> str:
        return f"{images.safe_name(self.path)}_{self.name}"

    @property
    def partial(self) -> Path:
        """The hidden folder of what is done."""
        return self.folder / f".{self.stem}_times"

    @property
    def series(self) -> dict[str, Any]:
        return {"path": self.path, "channel": self.channel, "scene": self.scene, "times": self.times, "voxel_size": self.voxel_size}

    def stacks(self, times: Sequence[int]) -> Iterator[Stack]:
        return images.read_times(**self.series | {"times": times})

    def key(self) -> dict[str, Any]:
        """What a finished time point hangs on; the other time points, too, where all are normalized alike."""
        return {
            "input": images.checksum(self.path),
            "channel": self.channel or 0,
            "scene": self.scene,
            "voxel_size": list(self.voxel_size),
            "workflow": self.workflow.id,
            "values": {name: list(value) if isinstance(value, (tuple, np.ndarray)) else value for name, value in self.values.items()},
            "normalize": self.normalize,
            "at_tuned_size": self.at_tuned_size,
            "known": self.known and self.known._asdict(),
            "of": None if self.normalize == "each" else self.times,
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
    normalize: str = "together",
    known: classic.Intensities | None = None,
    at_tuned_size: bool = True,
    name: str = "",
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
    job = _checked(workflow_id, path, output_folder, channel, scene, times, voxel_size, normalize, known, at_tuned_size, name, values)
    first = _without_pixels(next(job.stacks(job.times[:1])))
    images.refuse_another_input(job.folder / f"{job.stem}_{OUTPUTS['record']}", first, _choices(job))
    started = clock.monotonic()
    done = _begin(job)
    try:
        light = _light(job)
        together = _known(job, light, tell)
        missing = [time for time in job.times if time not in done]
        if tell and (size := _worked_at(job, first)) != first.voxel_size:
            tell(images.resampling_sentence(first.raw.shape, first.voxel_size, size))
        if len(missing) < len(job.times) and tell:
            tell(f"{len(job.times) - len(missing)} of {len(job.times)} time points were done before")
        stacks = job.stacks(missing)
        for count, time in enumerate(missing, start=1):
            _keep(job, time, _measured(job, time, next(stacks), light, together))
            if tell and (count % max(1, len(missing) // LINES_TOLD) == 0 or count == len(missing)):
                tell(f"time {time} ({count} of {len(missing)}), {clock.monotonic() - started:.0f} s")
        result = _save(job, first, together, clock.monotonic() - started)
    except BaseException:
        if job.partial.exists() and not list(job.partial.glob("time_*.npz")):
            shutil.rmtree(job.partial, ignore_errors=True)
        raise
    shutil.rmtree(job.partial, ignore_errors=True)
    return result


def against_truth(tables: "Mapping[str, pd.DataFrame]", truth: "pd.DataFrame") -> "pd.DataFrame":
    """Say how far counts and volumes over time are from the truth.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        ``table`` of results of one series, by name.
    truth : pandas.DataFrame
        Columns ``time``, ``objects`` and ``volume_um3``; the time points of all tables among them.

    Returns
    -------
    table : pandas.DataFrame
        A row for each name: ``objects_wrong`` (too many or too few, summed over the time points), ``true_objects`` (summed), and the volume
        found over the true one, at the first time point, at the last, and the ``drift``, the largest over the smallest.
    """
    import pandas as pd

    rows = []
    for name, table in tables.items():
        true = truth.set_index("time").loc[table["time"]].reset_index()
        ratio = table["volume_um3"] / true["volume_um3"]
        wrong = int((table["objects"] - true["objects"]).abs().sum())
        rows.append((name, wrong, int(true["objects"].sum()), ratio.iloc[0], ratio.iloc[-1], ratio.max() / ratio.min()))
    return pd.DataFrame(rows, columns=["normalize", "objects_wrong", "true_objects", "volume_ratio_first", "volume_ratio_last", "drift"])


def _checked(
    workflow_id: str, path: str | Path, output_folder: str | Path, channel: int | str | None, scene: int | str, times: Sequence[int],
    voxel_size: Sequence[float], normalize: str, known: classic.Intensities | None, at_tuned_size: bool, name: str, values: Mapping[str, Any],
) -> _Job:  # fmt: skip
    """Refuse what cannot be done before anything is read or written."""
    if workflow_id not in WORKFLOWS:
        close = difflib.get_close_matches(str(workflow_id), WORKFLOWS, n=1, cutoff=0.4)
        raise ValueError(
            f"there is no workflow {workflow_id!r}: {f'did you mean {close[0]!r}' if close else 'give an id of the lookup table'}"
        )
    if normalize not in NORMALIZE:
        raise ValueError(f"normalize must be one of {', '.join(NORMALIZE)}, got {normalize!r}")
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
    how = {"normalize": normalize, "known": known, "at_tuned_size": bool(at_tuned_size), "name": name or workflow_id}
    return _Job(workflow, values, path, channel, scene, all_times, list(voxel_size), **how, interval=axis.interval, folder=folder)


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


class Light(NamedTuple):
    """How bright time points are: the lowest value of all, and by what the distance from it is multiplied at each."""

    dark: float
    factors: dict[int, float]

    def level(self, raw: np.ndarray, time: int) -> np.ndarray:
        """Return a time point as it would be in the light of the brightest."""
        if time not in self.factors:
            return raw
        dark = np.float32(self.dark)
        return (raw.astype(np.float32) - dark) * np.float32(self.factors[time]) + dark


STEADY = Light(0.0, {})


def light(stacks: Iterable[tuple[int, Stack]]) -> Light:
    """Measure how bright time points are; one that is nearly dark (a closed shutter) is left as it is."""
    lowest, means = np.inf, {}
    for time, stack in stacks:
        lowest, means[time] = min(lowest, float(stack.raw.min())), float(stack.raw.mean(dtype=float))
    brightest = max(means.values()) - lowest
    return Light(lowest, {time: brightest / (mean - lowest) for time, mean in means.items() if mean - lowest > 0.01 * brightest})


def _light(job: _Job) -> Light:
    """Return the light of all time points where they are to be levelled; measured once."""
    if job.normalize != "levelled":
        return STEADY
    file = job.partial / "light.npz"
    if not file.exists():
        measured = light(zip(job.times, job.stacks(job.times)))
        _write(job, file, {"dark": measured.dark, "times": list(measured.factors), "factors": list(measured.factors.values())})
    with np.load(file) as kept:
        return Light(kept["dark"].item(), dict(zip(kept["times"].tolist(), kept["factors"].tolist())))


def _known(job: _Job, light: Light, tell: Callable[[str], Any] | None) -> classic.Intensities | None:
    """Return the intensities of all time points together; None where each is normalized by its own."""
    if job.normalize == "each" or job.known is not None:
        return None if job.normalize == "each" else job.known
    file = job.partial / "intensities.npz"
    if not file.exists():
        if tell:
            tell(f"reading the intensities of {len(job.times)} time point(s)")
        stacks = job.stacks(job.times)
        _write(job, file, classic.intensities(light.level(next(stacks).raw, time) for time in job.times)._asdict())
    with np.load(file) as kept:
        return classic.Intensities(*(kept[name] if kept[name].ndim else kept[name].item() for name in classic.Intensities._fields))


def segment(
    workflow: Workflow, stack: Stack, values: Mapping[str, Any], known: classic.Intensities | None, at_tuned_size: bool = True
) -> np.ndarray:
    """Segment one time point, normalized by ``known`` where that is given; an image of one value everywhere holds nothing."""
    if stack.raw.min() == stack.raw.max():
        return np.zeros(stack.raw.shape, bool)
    with classic.intensities_of(known):
        return workflow(stack.raw, voxel_size=stack.voxel_size if at_tuned_size else None, **values)


def _measured(job: _Job, time: int, stack: Stack, light: Light, known: classic.Intensities | None) -> dict[str, Any]:
    """Return what is kept of one time point: its mask, its rows of both tables, what looked odd."""
    try:
        mask = segment(job.workflow, replace(stack, raw=light.level(stack.raw, time)), job.values, known, job.at_tuned_size)
    except (TypeError, ValueError, MemoryError) as error:
        raise type(error)(f"time {time}: {error}") from error
    objects = measure.objects(mask, stack, filled=job.workflow.is_shell)
    worked_at = _worked_at(job, stack)
    quality = measure.quality(mask, stack, tuned_voxel_size=job.workflow.tuned_voxel_size, worked_at=worked_at)
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


def _worked_at(job: _Job, stack: Stack) -> tuple[float, float, float]:
    """Return the voxel size that the steps see."""
    own, tuned = stack.voxel_size, job.workflow.tuned_voxel_size
    return images.working_voxel_size(stack.raw.shape, own, tuned) if job.at_tuned_size else own


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
    warnings = [*_grouped(job.times, [part["warnings"] for part in parts]), *_fading(table, job, known)]
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
        record |= {"shape": [len(table), *first.raw.shape], "interval_s": job.interval, "normalize": job.normalize}
        record["segmented_at_um"] = list(_worked_at(job, first))
        record |= {"intensities": {name: getattr(known, name) for name in known._fields[:5]} if known else None}
        images.write_record(temporary / names["record"], record)
    return Result(table, objects, {what: job.folder / name for what, name in names.items()}, warnings, job.series)


def _sheet(job: _Job, masks: _Kept, table: "pd.DataFrame", voxel_size: tuple[float, float, float]) -> figures.Picture:
    """Show a few time points, the brightest value along z, with what was found."""
    shown = _spread(len(masks), SHOWN)
    stacks = job.stacks([job.times[index] for index in shown])
    raw, found = zip(*((stack.raw.max(axis=0), masks[index].max(axis=0)) for index, stack in zip(shown, stacks)))
    captions = [_caption(table.iloc[index]) for index in shown]
    return figures.time_sheet(Stack(np.stack(raw), voxel_size, job.stem), np.stack(found), captions, title=f"{job.stem}, brightest along z")


def _spread(length: int, most: int) -> list[int]:
    """Return at most so many indices, evenly spaced from the first to the last."""
    return np.unique(np.linspace(0, length - 1, min(most, length)).round().astype(int)).tolist()


def _caption(row: "pd.Series") -> str:
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


def _fading(table: "pd.DataFrame", job: _Job, known: classic.Intensities | None) -> list[str]:
    """Say when the light changes from the first to the last time point: one normalization for all then misleads."""
    if job.normalize != "together" or len(table) < 2:
        return []
    first, last = table["raw_mean"].iloc[[0, -1]] - known.lowest
    change = last / first - 1 if first > 0 else 0.0
    if abs(change) <= FADED:
        return []
    return [
        f"The whole image is {abs(change):.0%} {'darker' if change < 0 else 'brighter'} at the last time point than at the first. If that is "
        f"bleaching or the lamp, what {'fades is found smaller' if change < 0 else 'brightens is found larger'} with one normalization for all: "
        "compare with normalize = 'levelled' (08_time_series)."
    ]
