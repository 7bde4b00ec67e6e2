"""Put the time points together: tables, pictures, files, and what to look at."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from helpers import classic, figures, images
from helpers.images import Stack
from helpers.time_series.job import Job
from helpers.time_series.parts import Kept

if TYPE_CHECKING:
    import pandas as pd

OUTPUTS: Mapping[str, str] = {
    "mask": "mask.ome.tif", "picture": "overlay.png", "plot": "times.png", "times": "times.csv", "objects": "objects.csv", "record": "record.json",
}  # fmt: skip
"""What `run` leaves in its output folder, after ``<stem>_<id>_``."""

SHOWN = 6  # time points in the picture
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

    def film(self, *, plane: int | None = None, most: int = 60, times_per_second: float = 2) -> figures.Movie:
        """Go through the time points, raw and with the result outlined.

        Parameters
        ----------
        plane : int, optional
            Show this plane; the brightest value along z if it is not given.
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
        raw = [_flat(stack.raw, plane) for stack in images.read_times(**self.series | {"times": times})]
        found = [_flat(stack.raw, plane) > 0 for stack in images.read_times(self.files["mask"], times=shown)]
        voxel_size = next(images.read_times(self.files["mask"], times=[0])).voxel_size
        stack = Stack(np.stack(raw), voxel_size, self.files["mask"].name.removesuffix("_mask.ome.tif"), str(self.series["path"]))
        captions = [_caption(self.table.iloc[index]) for index in shown]
        return figures.movie(stack, np.stack(found), planes_per_second=times_per_second, captions=captions)


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


def save(job: Job, first: Stack, known: classic.Intensities | None, duration: float) -> Result:
    """Put the time points together and write all files, or none."""
    import pandas as pd

    masks = Kept(job)
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
            stack=first, workflow=job.workflow.id, parameters=job.values, **job.choices, duration=duration,
            outputs=[temporary / names[what] for what in OUTPUTS if what != "record"],
            quality={"foreground_fraction": table["fraction"].mean(), "objects": int(table["objects"].sum()), "warnings": warnings},
        )  # fmt: skip
        record |= {"shape": [len(table), *first.raw.shape], "interval_s": job.interval, "normalize": job.normalize}
        record["segmented_at_um"] = list(job.worked_at(first))
        record |= {"intensities": {name: getattr(known, name) for name in known._fields[:5]} if known else None}
        images.write_record(temporary / names["record"], record)
    return Result(table, objects, {what: job.folder / name for what, name in names.items()}, warnings, job.series)


def _sheet(job: Job, masks: Kept, table: "pd.DataFrame", voxel_size: tuple[float, float, float]) -> figures.Picture:
    """Show a few time points with what was found: the brightest value along z; of shells the plane where they enclose most, as rings."""
    shown = _spread(len(masks), SHOWN)
    plane = job.workflow.plane_of_rings(masks[len(masks) // 2])
    stacks = job.stacks([job.times[index] for index in shown])
    raw, found = zip(*((_flat(stack.raw, plane), _flat(masks[index], plane)) for index, stack in zip(shown, stacks)))
    captions = [_caption(table.iloc[index]) for index in shown]
    title = f"{job.stem}, {'brightest along z' if plane is None else f'plane {plane}'}"
    return figures.time_sheet(Stack(np.stack(raw), voxel_size, job.stem), np.stack(found), captions, title=title)


def _flat(array: np.ndarray, plane: int | None) -> np.ndarray:
    """Return one plane, or the largest value along z."""
    return array.max(axis=0) if plane is None else array[plane]


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


def _fading(table: "pd.DataFrame", job: Job, known: classic.Intensities | None) -> list[str]:
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
