"""From what people decided to a training set: sorted, merged, or all results, written in the published convention, and counted in minutes.

Each function adds one iteration to a training folder: ``X.ome.tif`` (the image, raw), ``X_GT.ome.tif``, ``X_CM.ome.tif`` for each image X, and
``iterations.json``, which says for each iteration which truth came from where, made by which model, and how long people took.

Source: Chen, J. et al. (2018) The Allen Cell and Structure Segmenter. bioRxiv 491035. :DOI:`10.1101/491035`
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from helpers import _checks, curation, images
from helpers.images import Stack
from helpers.images.record import circumstances
from helpers.learning.targets import write_example

if TYPE_CHECKING:
    import pandas as pd

ITERATIONS = "iterations.json"
VERSION = 1


class Curated(NamedTuple):
    """What was handed over."""

    table: "pd.DataFrame"
    """One row an image: ``name``, ``foreground`` and ``excluded`` (parts of the image), and ``found`` (the result that became its truth)."""
    looked_at: int
    """Results that a person judged, those left out included."""
    minutes: float
    """Of a person's time, hands on, those left out included; as far as it was recorded."""
    folder: Path
    """Where the training set is."""


class _One(NamedTuple):
    """One image on its way into the training set."""

    name: str
    stack: Stack
    result: np.ndarray
    excluded: np.ndarray | None
    cost: np.ndarray | None
    found: Path


def from_sorting(
    csv_path: str | Path, folder: str | Path, *, iteration: int = 1, model: str | Path = "", read_raw: Mapping[str, Any] | None = None
) -> Curated:
    """Make a training set of the results that were accepted; what was drawn as bad counts nothing.

    Parameters
    ----------
    csv_path : str or Path
        A file of decisions, as `helpers.curation.sort` and the panel leave it, with the columns ``image, decision, found, raw`` and if you
        like ``excluded`` and ``seconds``.
    folder : str or Path
        The training folder; made if it is missing. An image that is there already is replaced.
    iteration : int
        Which round, from 1. A round of this number that was recorded before is replaced.
    model : str or Path
        What made the results: the file of a model, or the id of a workflow; for the record.
    read_raw : mapping, optional
        ``channel, scene, time, voxel_size`` as `helpers.images.read` takes them.

    Returns
    -------
    curated : Curated

    Raises
    ------
    FileNotFoundError
        If the CSV file, or a file that an accepted row names, is not there.
    ValueError
        If nothing is accepted, a row names no image, shapes differ, a result holds nothing, or all of one is excluded. Nothing is written.
    OSError
        If the folder cannot be written.
    """
    table = curation.read_decisions(csv_path).table
    found = curation.accepted(csv_path)
    chosen = table[table["decision"] == "accept"]
    if chosen.empty:
        judged = int((table["decision"] != "").sum())
        raise ValueError(
            f"{Path(csv_path).name} accepts none of its {len(table)} results ({judged} are decided): accept some, or tune the workflow first"
        )
    ready = (_sorted_one(row, path, read_raw or {}) for row, path in zip(chosen.to_dict("records"), found))
    seconds = float(np.nansum(table["seconds"]))
    looked_at = int(table["decision"].isin(["accept", "reject"]).sum())
    return _hand_over(ready, folder, "sorted", iteration, model, str(csv_path), looked_at, seconds)


def from_merging(merged_folder: str | Path, folder: str | Path, *, iteration: int = 1, model: str | Path = "") -> Curated:
    """Make a training set of merged results, with the excluded regions and cost maps that were saved beside them.

    Parameters
    ----------
    merged_folder : str or Path
        What `helpers.curation.save_merged` and the panel saved. The images must be where the records say.
    folder, iteration, model
        As `from_sorting`.

    Returns
    -------
    curated : Curated

    Raises
    ------
    FileNotFoundError
        If there is no such folder, or an image is no longer where its record says.
    ValueError
        If nothing was merged, a shape differs, a result holds nothing, or all of one is excluded. Nothing is written.
    OSError
        If the folder cannot be written.
    """
    waiting = _all_ready(curation.queue(merged_folder), merged_folder)
    records = [images.read_record(item.record) if item.record else {} for item in waiting]
    strange = [item.image for item, record in zip(waiting, records) if record.get("workflow") != "merged"]
    if strange:
        raise ValueError(f"{merged_folder} holds {strange[0]}, which was not merged: give the folder of merged results alone")
    seconds = sum(float(record["parameters"].get("hands_on_s") or 0) for record in records)
    ready = (_merged_one(item) for item in waiting)
    return _hand_over(ready, folder, "merged", iteration, model, str(merged_folder), len(waiting), seconds)


def take_all(
    found_folder: str | Path,
    folder: str | Path,
    *,
    raw_folder: str | Path = "",
    excluded_folder: str | Path = "",
    iteration: int = 1,
    model: str | Path = "",
    read_raw: Mapping[str, Any] | None = None,
) -> Curated:
    """Make a training set of every result in a folder, unseen.

    Parameters
    ----------
    found_folder, raw_folder, read_raw
        Results and images, as `helpers.curation.queue` takes them.
    excluded_folder : str or Path
        Masks or regions of what counts nothing, by the name of the image; empty: none.
    folder, iteration, model
        As `from_sorting`.

    Returns
    -------
    curated : Curated

    Raises
    ------
    FileNotFoundError
        If a folder, or the partner of a result, is not there.
    ValueError
        If shapes differ, a result holds nothing, or all of one is excluded. Nothing is written.
    OSError
        If the folder cannot be written.
    """
    waiting = _all_ready(curation.queue(found_folder, raw_folder, read_raw=read_raw), found_folder)
    bad = curation.by_image(excluded_folder)
    ready = (_any_one(item, bad) for item in waiting)
    return _hand_over(ready, folder, "all taken", iteration, model, str(found_folder), 0, 0.0)


def read_iterations(folder: str | Path) -> "pd.DataFrame":
    """Read which rounds a training folder has seen.

    Parameters
    ----------
    folder : str or Path

    Returns
    -------
    table : pandas.DataFrame
        One row a hand-over: ``iteration, how, model, source, images, looked_at, minutes, finished``.

    Raises
    ------
    FileNotFoundError
        If nothing was handed over into this folder.
    ValueError
        If the file is no such record, or one of a later version.
    """
    import pandas as pd

    rows = _read(Path(folder).expanduser() / ITERATIONS)["iterations"]
    columns = ["iteration", "how", "model", "source", "images", "looked_at", "minutes", "finished"]
    return pd.DataFrame([{**row, "images": len(row["images"])} for row in rows], columns=columns)


def truth_of(result: np.ndarray) -> np.ndarray:
    """Return the mask to learn from: of labels, objects that touch are kept apart by a line of background, a voxel of each.

    Parameters
    ----------
    result : (Z, Y, X) ndarray of bool or int
        A mask, or labels.

    Returns
    -------
    truth : (Z, Y, X) ndarray of bool

    Examples
    --------
    >>> truth_of(np.array([[[1, 1, 2, 2, 0]]])).astype(int).tolist()
    [[[1, 0, 0, 1, 0]]]
    """
    truth = result > 0
    if result.dtype == bool:
        return truth
    for axis in range(result.ndim):
        one, other = (tuple(side if each == axis else slice(None) for each in range(result.ndim)) for side in (slice(1, None), slice(-1)))
        touching = (result[one] != result[other]) & (result[one] > 0) & (result[other] > 0)
        truth[one] &= ~touching
        truth[other] &= ~touching
    return truth


def _sorted_one(row: Mapping[str, Any], found: Path, read_raw: Mapping[str, Any]) -> _One:
    if not row["raw"]:
        raise ValueError(f"{row['image']} is accepted and no image is named for it: fill in the column raw")
    if not Path(row["raw"]).exists():
        raise FileNotFoundError(
            f"{row['image']} is accepted, and its image is not at {row['raw']}: move it back, or correct the column raw"
        )
    item = curation.Item(row["image"], found, raw=Path(row["raw"]), choice=read_raw)
    stack = item.stack()
    excluded = curation.read_where(row["excluded"], stack.raw.shape) if row["excluded"] else None
    return _put_together(item, stack, excluded)


def _merged_one(item: curation.Item) -> _One:
    stack = item.stack()
    paths = {what: item.found.parent / f"{item.image}_{what}.ome.tif" for what in ("excluded", "cost")}
    excluded = curation.read_where(paths["excluded"], stack.raw.shape) if paths["excluded"].exists() else None
    one = _put_together(item, stack, excluded)
    return one._replace(cost=images.read(paths["cost"], voxel_size=stack.voxel_size).raw) if paths["cost"].exists() else one


def _any_one(item: curation.Item, bad: Mapping[str, Path]) -> _One:
    stack = item.stack()
    path = bad.get(item.image) or bad.get(stack.name)
    return _put_together(item, stack, curation.read_where(path, stack.raw.shape) if path else None)


def _put_together(item: curation.Item, stack: Stack, excluded: "np.ndarray | Sequence[curation.Region] | None") -> _One:
    result = item.result()
    if result.shape != stack.raw.shape:
        shapes = ["x".join(map(str, shape)) for shape in (result.shape, stack.raw.shape)]
        raise ValueError(f"{item.image}: the result has {shapes[0]} voxels, the image {shapes[1]}: they do not belong together")
    left_out = None if excluded is None else curation.as_mask(excluded, stack.raw.shape)
    return _One(stack.name, stack, result, left_out, None, item.found)


def _all_ready(waiting: curation.Queue, folder: str | Path) -> list[curation.Item]:
    """Return all items of a queue; raise if one cannot be used, because all are wanted."""
    if waiting.skipped:
        name, why = next(iter(waiting.skipped.items()))
        raise ValueError(f"{len(waiting.skipped)} result(s) in {folder} cannot be used, the first, {name}: {why}; mend it or take it away")
    lost = [item for item in waiting.items if item.raw is None]
    if lost:
        raise FileNotFoundError(f"{lost[0].image} in {folder} has no image: its record names none that is there; give the folder of images")
    return list(waiting.items)


def _hand_over(
    ready: Iterable[_One], folder: str | Path, how: str, iteration: int, model: str | Path, source: str, looked_at: int, seconds: float
) -> Curated:
    """Write all images and the record of the round, or nothing."""
    import pandas as pd

    _checks.number(iteration, "iteration", low=1, integer=True)
    folder = Path(folder).expanduser()
    path = folder / ITERATIONS
    before = _read(path)["iterations"] if path.exists() else []
    rows = []
    with images.together(folder) as temporary:
        for one in ready:
            if one.name in {row["name"] for row in rows}:
                raise ValueError(f"two results belong to the image {one.name}: keep one of them")
            truth = truth_of(one.result)
            write_example(temporary, one.name, one.stack.raw, truth, one.excluded, one.stack.voxel_size, cost=one.cost)
            left_out = 0.0 if one.excluded is None else float(one.excluded.mean())
            rows.append({"name": one.name, "foreground": float(truth.mean()), "excluded": left_out, "found": str(one.found)})
        minutes = 0.0 if math.isnan(seconds) else seconds / 60
        this = {
            "iteration": int(iteration), "how": how, "model": str(model), "source": source, "looked_at": looked_at,
            "minutes": round(minutes, 2), "images": rows, **circumstances(),
        }  # fmt: skip
        others = [each for each in before if (each["iteration"], each["how"]) != (iteration, how)]
        rounds = sorted([*others, this], key=lambda each: each["iteration"])
        images.write_record(temporary / ITERATIONS, {"iterations_version": VERSION, "iterations": rounds})
    return Curated(pd.DataFrame(rows), looked_at, minutes, folder)


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise FileNotFoundError(f"there is no {path.name} in {path.parent}: nothing was handed over into this folder")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        version = content["iterations_version"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path.name} is no record of iterations: move it away, or choose another training folder") from error
    if version > VERSION:
        raise ValueError(f"{path.name} is of version {version}, this package knows {VERSION}: install a newer one")
    return content
