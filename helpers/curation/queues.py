"""Which images wait for a person: results with the images they were made from, in order of name or worst first."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from helpers import images
from helpers.images import ImageFileError, LabelFolder, Stack, safe_name
from helpers.measure import quality
from helpers.metrics import overlap

ORDERS = ("name", "warnings", "disagreement")
ANY_SIZE = (1.0, 1.0, 1.0)  # of a result, whose file need not say its voxel size
BACKGROUND_AND_MASK = 255  # the foreground of a mask, as most programs save it


@dataclass(frozen=True)
class Item:
    """One result that waits, and where what belongs to it lies. Pixels are read when they are asked for."""

    image: str
    """What the result is called in tables: the stem of its file, without ``_mask``."""
    found: Path
    stem: str = ""
    """Name of the image that the result was made from, where a record says so."""
    raw: Path | None = None
    other: Path | None = None
    """A second result for the same image."""
    record: Path | None = None
    choice: Mapping[str, Any] = field(default_factory=dict)
    """Channel, scene, time and voxel size that `helpers.images.read` needs for ``raw``."""
    why: tuple[str, ...] = ()
    """Sentences: what speaks against the result."""
    badness: float = 0.0
    """What the queue was ordered by: the number of warnings, or 1 - Dice between two results."""

    def stack(self) -> Stack | None:
        """Read the image; None where none is known.

        Raises
        ------
        OSError, ValueError
            One sentence, as `helpers.images.read`.
        """
        return images.read(self.raw, **self.choice) if self.raw else None

    def result(self, other: bool = False) -> np.ndarray:
        """Read the result, or the second one, as (Z, Y, X): bool if it is a mask of 0 and one number, else labels.

        Raises
        ------
        OSError, ValueError
            One sentence, as `helpers.images.read`; or there is no second result.
        """
        path = self.other if other else self.found
        if path is None:
            raise ValueError(f"{self.image} has no second result: give the queue a second folder")
        array = images.read(path, voxel_size=ANY_SIZE).raw
        if not ((array != 0) & (array != BACKGROUND_AND_MASK)).any() or array.dtype == bool:
            return array > 0
        return images.read_labels(path).reshape(array.shape)


class Queue(NamedTuple):
    """Images in the order in which they wait, and those that cannot be shown, each with a sentence why."""

    items: list[Item]
    skipped: dict[str, str]


def queue(
    found_folder: str | Path,
    raw_folder: str | Path = "",
    other_folder: str | Path = "",
    *,
    order: str = "name",
    read_raw: Mapping[str, Any] | None = None,
) -> Queue:
    """Find the results in a folder, and the image of each.

    Results that notebooks of this collection left are known by their ``_record.json``, which says from which image they were made. In other
    folders every image file is a result, mask or labels. A result and an image, or a second result, belong together if their names up to the
    suffix are the same, or if one goes on where the other ends, with ``_`` or ``-``: ``cell_1_mask.tif`` belongs to ``cell_1.tif``.

    Parameters
    ----------
    found_folder : str or Path
        The results.
    raw_folder : str or Path, optional
        The images; by default as the records say.
    other_folder : str or Path, optional
        A second result for each image.
    order : {"name", "warnings", "disagreement"}
        ``warnings``: most signs of failure first, from the record, or else from `helpers.measure.quality`, which reads every image;
        ``disagreement``: the two results that have least in common first, by 1 - Dice. Equal ones by name.
    read_raw : mapping, optional
        ``channel, scene, time, voxel_size`` as `helpers.images.read` takes them, for images whose record does not say.

    Returns
    -------
    queue : Queue
        Files that cannot be read, have no partner or another shape than their partner are in ``skipped``.

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    ImageFileError
        If it holds no result, or none that can be shown.
    ValueError
        If ``order`` is not known, or there is no second folder to disagree with.
    """
    if order not in ORDERS:
        raise ValueError(f"order must be one of {', '.join(ORDERS)}, got {order!r}")
    if order == "disagreement" and not str(other_folder).strip():
        raise ValueError("order 'disagreement' compares two results: give other_folder, or order by 'name' or 'warnings'")
    items = _from_records(Path(found_folder).expanduser()) or [Item(_name(path), path) for path in _files(found_folder).values()]
    if str(raw_folder).strip():
        items = _partnered(items, _files(raw_folder), "raw", "image")
    if str(other_folder).strip():
        recorded = _from_records(Path(other_folder).expanduser())
        others = {name: item.found for item in recorded for name in (item.stem, item.image)} or _files(other_folder)
        items = _partnered(items, others, "other", "second result")
    ready, skipped = [], {}
    for item in items:
        try:
            ready.append(_checked(item, order, dict(read_raw or {})))
        except (OSError, ValueError, ImportError, MemoryError) as error:
            skipped[item.image] = str(error).splitlines()[0] if str(error) else type(error).__name__
    if not ready:
        name, why = next(iter(skipped.items()))
        raise ImageFileError(f"{found_folder} holds {len(skipped)} result(s), and none can be shown; the first, {name}: {why}")
    return Queue(sorted(ready, key=lambda item: (-item.badness, item.image)), skipped)


def _from_records(folder: Path) -> list[Item]:
    """Return the results that records in a folder speak of."""
    items = []
    for path in sorted(folder.glob("*_record.json")) if folder.is_dir() else []:
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            record = images.read_record(path)
            name = next(output["name"] for output in record.get("outputs", []) if output["name"].lower().endswith((".tif", ".tiff")))
            source = record["input"].get("path")
            choice = {key: record[key] for key in ("channel", "scene", "time")} | {"voxel_size": record["voxel_size_um"]}
            warnings = tuple((record.get("quality") or {}).get("warnings", ()))
            raw = Path(source) if source and Path(source).exists() else None
            items.append(
                Item(_name(name), folder / name, safe_name(record["input"]["name"]), raw, record=path, choice=choice, why=warnings)
            )
    return items


def _files(folder: str | Path) -> dict[str, Path]:
    labels = LabelFolder(folder)
    return {name: labels.path(name) for name in labels}


def _name(path: str | Path) -> str:
    stem = safe_name(path)
    return next((stem.removesuffix(ending) for ending in ("_mask", "_labels") if stem.endswith(ending) and stem != ending), stem)


def _partnered(items: list[Item], paths: Mapping[str, Path], what: str, words: str) -> list[Item]:
    """Give each item its file; an item without one keeps a path that does not exist, so that it is skipped with a sentence."""
    names = {_name(name): path for name, path in paths.items()}
    return [replace(item, **{what: _partner(item, names) or Path(f"there is no {words} of this name")}) for item in items]


def _partner(item: Item, names: Mapping[str, Path]) -> Path | None:
    for name in (item.image, item.stem):
        if name in names:
            return names[name]
    shorter = [name for name in names if item.image.startswith((f"{name}_", f"{name}-"))]
    longer = [name for name in names if name.startswith((f"{item.image}_", f"{item.image}-"))]
    if shorter:
        return names[max(shorter, key=len)]
    return names[longer[0]] if len(longer) == 1 else None  # of several, none is the one


def _checked(item: Item, order: str, read_raw: dict[str, Any]) -> Item:
    """Look whether an item's files can be read and have one shape, without reading all pixels; put down what it is ordered by."""
    shape = _shape(item.found, {})
    if item.raw:
        item = replace(item, choice={**read_raw, **item.choice})
        _same_shape(shape, _shape(item.raw, item.choice, pixels_only=False), f"the result {item.found.name}", f"the image {item.raw.name}")
    if item.other:
        _same_shape(shape, _shape(item.other, {}), f"the result {item.found.name}", f"the second result {item.other.name}")
    if order == "disagreement":
        dice = overlap(item.result() > 0, item.result(other=True) > 0).dice
        unlike = 0.0 if np.isnan(dice) else 1 - dice  # two empty results agree
        return replace(item, badness=unlike, why=(*item.why, f"Dice of the two results: {1 - unlike:.2f}"))
    if order == "warnings":
        if item.record is None and item.raw:
            item = replace(item, why=tuple(quality(item.result(), item.stack()).warnings))
        return replace(item, badness=float(len(item.why)))
    return item


def _shape(path: Path, choice: Mapping[str, Any], *, pixels_only: bool = True) -> tuple[int, ...]:
    """Return (Z, Y, X) of a file; raise if it would not be read: no such scene, and of an image several channels or no voxel size."""
    if str(path).startswith("there is no "):
        raise FileNotFoundError(str(path))
    scenes = images.contents(path)
    scene = choice.get("scene", 0)
    rows = scenes[(scenes["name"] == scene) if isinstance(scene, str) else (scenes["scene"] == scene)]
    if rows.empty:
        raise ImageFileError(f"{path.name} has no scene {scene!r}")
    row = rows.iloc[0]
    if row[["Z", "Y", "X"]].isna().any():
        raise ImageFileError(f"{path.name} does not say which of its axes are planes, rows and columns: save it as OME-TIFF")
    if not pixels_only and choice.get("channel") in (None, "") and len(row["channels"]) > 1:
        raise ImageFileError(f"{path.name} holds the channels {', '.join(row['channels'])}: name the one to be shown")
    needed = (row["voxel_size_um"] or (None,) * 3)[1 if row["Z"] == 1 else 0 :]
    if not pixels_only and not len(choice.get("voxel_size", ())) and None in needed:
        raise ImageFileError(f"{path.name} does not say its voxel size: give it, [z, y, x] in um")
    return tuple(int(row[axis]) for axis in "ZYX")


def _same_shape(first: tuple[int, ...], second: tuple[int, ...], one: str, two: str) -> None:
    if first != second:
        shapes = ["x".join(map(str, shape)) for shape in (first, second)]
        raise ValueError(f"{one} has {shapes[0]} voxels, {two} {shapes[1]}: they do not belong together")
