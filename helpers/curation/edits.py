"""The edits of a correction: which there are, how they are kept in a history, and how they stand in a file."""

import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from helpers.curation import changes, splits
from helpers.curation.changes import Change
from helpers.curation.files import replace_file
from helpers.curation.regions import Region

KINDS = ("labels", "seeds", "scribbles")
EDITS: Mapping[str, Callable[..., Change]] = {
    "add": changes.add, "paint": changes.paint, "delete": changes.delete, "join": changes.join, "redraw": changes.redraw,
    "split_by_line": splits.split_by_line, "split_by_seeds": splits.split_by_seeds, "paint_superpixels": splits.paint_superpixels,
}  # fmt: skip
"""What can be done, by the name it has in journals."""
NUMBERS_NEW = ("add", "split_by_line", "split_by_seeds")
SCRIBBLES = ("paint", "paint_superpixels")
VERSION = 1  # of files of edits and of journals


class Step(NamedTuple):
    """A change as the history keeps it: the voxels that differ, counted within the box, by their distance from one another, and their labels before.

    Both are runs of the same numbers mostly, which compress to a hundredth.
    """

    box: changes.Box
    places: bytes
    before: bytes

    @classmethod
    def of(cls, change: Change) -> "Step":
        """Return what takes a change back."""
        places = np.flatnonzero(change.before != change.after)
        kept = (np.diff(places, prepend=0).astype(np.int32), change.before.ravel()[places].astype(np.int32))
        return cls(change.box, *(zlib.compress(part.tobytes(), 1) for part in kept))

    def take_back(self, labels: np.ndarray) -> None:
        """Give the voxels of the change the labels that they had; ``labels``, (Z, Y, X) of int32, is changed."""
        places, before = (np.frombuffer(zlib.decompress(part), np.int32) for part in (self.places, self.before))
        part = labels[self.box].copy()
        part.ravel()[np.cumsum(places, dtype=np.int64)] = before
        labels[self.box] = part


def write_edits(path: str | Path, edits: Sequence[Mapping[str, Any]], kind: str = "labels") -> Path:
    """Write edits as JSON, one a line, as `correct` and `read_edits` read them.

    Raises
    ------
    TypeError
        If an edit holds what JSON does not know.
    OSError
        If the file cannot be written.
    """
    lines = ",\n  ".join(json.dumps(plain_edit(edit)) for edit in edits)
    replace_file(Path(path), f'{{"edits_version": {VERSION}, "kind": "{kind}", "edits": [\n  {lines}\n]}}\n'.encode())
    return Path(path)


def read_edits(path: str | Path) -> list[dict[str, Any]]:
    """Read edits that `write_edits` wrote.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no such file, or one of a later version.
    """
    path = Path(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        version, edits = content["edits_version"], [dict(edit) for edit in content["edits"]]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path.name} holds no edits ({type(error).__name__}: {error}): give the _edits.json file of a correction"
        ) from None
    if version > VERSION:
        raise ValueError(f"{path.name} holds edits of version {version}, this package knows {VERSION}: install a newer one")
    return edits


def checked_kind(kind: str, labels: np.ndarray) -> str:
    """Return ``kind``; raise unless it is one, and the labels can be of it."""
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")
    if not isinstance(labels, np.ndarray) or labels.dtype.kind not in "iu":
        raise TypeError(
            f"labels must be whole numbers, got {getattr(labels, 'dtype', type(labels).__name__)}: make labels of a mask with classic.components"
        )
    if labels.ndim not in (2, 3) or 0 in labels.shape:
        raise ValueError(f"labels must be (Z, Y, X) or (Y, X), got {labels.shape}")
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high > np.iinfo(np.int32).max // 2:
        raise ValueError(f"labels must lie between 0 and {np.iinfo(np.int32).max // 2}, got {low} to {high}")
    if kind == "scribbles" and high > 2:
        raise ValueError(f"scribbles are 0, 1 and 2, got numbers up to {high}")
    return kind


def plain_edit(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments as a journal holds them, and as they come back from it."""

    def plain(value: Any) -> Any:
        if isinstance(value, Region):
            return asdict(value)
        if isinstance(value, (np.generic, np.ndarray)):
            return value.tolist()
        raise TypeError(f"an edit holds numbers, texts, lists and regions, got {type(value).__name__}")

    return json.loads(json.dumps(arguments, default=plain))
