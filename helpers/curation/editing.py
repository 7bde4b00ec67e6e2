"""Correct label images step by step, with undo, redo and a journal that can be played again."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np

from helpers import images
from helpers.curation import splits
from helpers.curation.changes import Change
from helpers.curation.decisions import checked_csv
from helpers.curation.edits import EDITS, NUMBERS_NEW, SCRIBBLES, VERSION, Step, checked_kind, plain_edit, read_edits, write_edits
from helpers.curation.journals import Journal
from helpers.curation.ledgers import Ledger
from helpers.curation.regions import Region
from helpers.images import Stack

WORK = ("image", "kind", "edits", "seconds", "who", "when", "file")
KEYS = ("image", "kind", "who")


class Correction:
    """Correct a label image, one edit at a time.

    Every edit is one line in a journal when it is made. Opened again on the same labels, the journal is played and the work goes on where it
    was. A line that a crash has left half written is passed over.

    Parameters
    ----------
    labels : (Z, Y, X) or (Y, X) ndarray of int
        Not changed.
    stack : Stack, optional
        The image: for its voxel size, and for superpixels.
    kind : {"labels", "seeds", "scribbles"}
        Scribbles have two classes, 1 and 2, are painted over one another, and know no objects.
    journal : str or Path, optional
        A file that ends in ``.jsonl``.
    take_over : bool
        Open the journal even if another notebook has it open.

    Raises
    ------
    InUseError
        If the journal is open in another tab, notebook or program.
    TypeError
        If ``labels`` are no whole numbers.
    ValueError
        If the shape is not that of the stack, or the journal belongs to other labels.
    OSError
        If the folder cannot be written.

    Examples
    --------
    >>> correction = Correction(np.array([[[1, 1, 0, 2]]]))
    >>> correction.do("join", ids=[2, 1])
    (2, 1)
    >>> correction.labels.tolist(), correction.undo(), correction.labels.tolist()
    ([[[2, 2, 0, 2]]], 'join', [[[1, 1, 0, 2]]])
    """

    def __init__(
        self, labels: np.ndarray, stack: Stack | None = None, *, kind: str = "labels", journal: str | Path = "", take_over: bool = False
    ) -> None:
        self.kind = checked_kind(kind, labels)
        labels = labels[None] if labels.ndim == 2 else labels
        if stack is not None and stack.raw.shape != labels.shape:
            raise ValueError(f"labels have {labels.shape} voxels (Z, Y, X), the image {stack.raw.shape}: they do not belong together")
        self.stack = stack
        self._labels = np.array(labels, dtype=np.int32, order="C")
        self.edits: list[dict[str, Any]] = []
        self._steps: list[Step] = []
        self._undone: list[dict[str, Any]] = []
        self._highest = int(self._labels.max(initial=0))
        self.notes: list[str] = []
        self._spent = 0.0
        self._areas: tuple = ()
        start = {"journal_version": VERSION, "kind": kind, "shape": list(labels.shape)}
        self._journal = Journal(journal, start | {"labels_sha256": _identity(self._labels)}, take_over=take_over) if str(journal) else None
        for line, edit in self._journal.steps() if self._journal else []:
            self._replay(edit, line)

    def __enter__(self) -> "Correction":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the journal free for others; everything is saved already."""
        if self._journal:
            self._journal.close()

    @property
    def labels(self) -> np.ndarray:
        """The labels as they are now, (Z, Y, X) of int32; a view that cannot be written."""
        view = self._labels.view()
        view.flags.writeable = False
        return view

    @property
    def seconds(self) -> float:
        """Hands-on seconds of all edits, undone ones included."""
        return self._spent

    def do(self, name: str, *, seconds: float = 0.0, **arguments: Any) -> tuple[int, ...]:
        """Make one edit.

        Parameters
        ----------
        name : str
            One of `EDITS`.
        seconds : float
            How long it took, hands on.
        **arguments
            As the function of that name in `helpers.curation.changes` takes them after the labels. Regions may be given as mappings; superpixels
            by ``size`` and ``compactness``. New objects get numbers that were never used before, unless ``new`` says otherwise.

        Returns
        -------
        ids : tuple of int
            The objects that it made or changed.

        Raises
        ------
        InUseError
            If another program has taken the journal over.
        TypeError, ValueError
            If there is no such edit, or it cannot be made; nothing is changed.
        OSError
            If the journal cannot be written; nothing is changed.
        """
        if name not in EDITS or (self.kind == "scribbles" and name not in SCRIBBLES):
            raise ValueError(
                f"an edit of {self.kind} is one of {', '.join(SCRIBBLES if self.kind == 'scribbles' else EDITS)}, got {name!r}"
            )
        if not (isinstance(seconds, (int, float)) and math.isfinite(seconds) and seconds >= 0):
            raise ValueError(f"seconds must be a number of at least 0, got {seconds!r}")
        if name in NUMBERS_NEW and arguments.get("new") is None:
            arguments["new"] = self._highest + 1
        if self.kind == "scribbles":
            if arguments.get("label") not in (0, 1, 2):
                raise ValueError(f"a scribble is 1, 2, or 0 to rub out, got {arguments.get('label')!r}")
            arguments["over"] = True
        edit = {"do": name, **plain_edit(arguments), "seconds": float(seconds), "when": datetime.now(UTC).isoformat(timespec="seconds")}
        change = self._change(edit)
        self._write(edit)
        self._make(edit, change)
        self._undone = []
        return change.ids

    def replay(self, edits: Sequence[Mapping[str, Any]]) -> None:
        """Make recorded edits, as `read_edits` returns them.

        Raises
        ------
        InUseError, TypeError, ValueError, OSError
            As `do`; the sentence counts the edits from 1. Those before it are made.
        """
        for number, edit in enumerate(edits, start=1):
            arguments = {key: value for key, value in edit.items() if key not in ("do", "when")}
            try:
                self.do(edit.get("do", ""), **arguments)
            except (TypeError, ValueError) as error:
                raise type(error)(f"edit {number}: {error}") from None

    def undo(self) -> str | None:
        """Take the last edit back and return its name; None if there is none.

        Raises
        ------
        InUseError, OSError
            As `do`.
        """
        if not self.edits:
            return None
        self._write({"do": "undo"})
        self._take_back()
        return self._undone[-1]["do"]

    def redo(self) -> str | None:
        """Make again what was taken back last and return its name; None if there is nothing.

        Raises
        ------
        InUseError, OSError
            As `do`.
        """
        if not self._undone:
            return None
        self._write({"do": "redo"})
        self._make_again()
        return self.edits[-1]["do"]

    def areas(self, plane: int, size: float = 100, compactness: float = 0.1) -> np.ndarray:
        """Return the superpixels of a plane of the image; see `superpixels`. Those asked for last are kept.

        Raises
        ------
        ValueError
            If there is no stack, or no such plane.
        """
        if self.stack is None:
            raise ValueError("superpixels follow the image: make the Correction with a stack")
        if not isinstance(plane, Integral) or not 0 <= plane < len(self.stack.raw):
            raise ValueError(f"plane must be between 0 and {len(self.stack.raw) - 1}, got {plane!r}")
        if self._areas[:1] != ((plane, size, compactness),):
            self._areas = ((plane, size, compactness), splits.superpixels(self.stack.raw[plane], size, compactness))
        return self._areas[1]

    def save(
        self, folder: str | Path, name: str = "", *, who: str = "", csv_path: str | Path = "", choice: Mapping[str, Any] | None = None
    ) -> dict[str, Path]:
        """Save the corrected labels, the edits and a record, all or none; put the time spent into a CSV file.

        Parameters
        ----------
        folder : str or Path
        name : str
            What the files are called; ``<name of the image>_corrected`` if empty.
        who : str
            Who did it.
        csv_path : str or Path, optional
            One row an image and person is put there: ``image, kind, edits, seconds, who, when, file``.
        choice : mapping, optional
            ``channel, scene, time`` of the image in its file, for the record.

        Returns
        -------
        paths : dict of str to Path
            ``labels``, ``edits`` and ``record``.

        Raises
        ------
        ValueError
            If there is no stack, whose name, voxel size and source are needed, or ``csv_path`` does not end in ``.csv``.
        OSError
            If the folder cannot be written. What was there before is left as it was.
        """
        if self.stack is None:
            raise ValueError("the image is needed to save labels with their voxel size: make the Correction with a stack")
        log = checked_csv(csv_path) if str(csv_path) else None
        stem = name or f"{self.stack.name}_corrected"
        names = {"labels": f"{stem}_{self.kind}.ome.tif", "edits": f"{stem}_edits.json", "record": f"{stem}_record.json"}
        parameters = {"kind": self.kind, "edits": len(self.edits), "hands_on_s": round(self.seconds, 1), "who": who}
        with images.together(folder) as temporary:
            images.write(temporary / names["labels"], self._labels, self.stack.voxel_size)
            write_edits(temporary / names["edits"], self.edits, self.kind)
            outputs = [temporary / names["labels"], temporary / names["edits"]]
            record = images.record(stack=self.stack, workflow="corrected", parameters=parameters, outputs=outputs, **(choice or {}))
            images.write_record(temporary / names["record"], record)
        paths = {what: Path(folder) / file for what, file in names.items()}
        if log:
            cells = {"image": self.stack.name, "kind": self.kind, "edits": len(self.edits), "seconds": round(self.seconds, 1), "who": who}
            _log(log, cells | {"when": record["finished"], "file": paths["labels"].absolute()})
        return paths

    def _change(self, edit: Mapping[str, Any]) -> Change:
        arguments = {key: value for key, value in edit.items() if key not in ("do", "seconds", "when")}
        if "regions" in arguments:
            arguments["regions"] = [Region(**region) for region in arguments["regions"]]
        if edit["do"] == "split_by_seeds" and self.stack is not None:
            arguments.setdefault("voxel_size", self.stack.voxel_size)
        if edit["do"] == "paint_superpixels":
            arguments["areas"] = self.areas(arguments.get("plane"), arguments.pop("size", 100), arguments.pop("compactness", 0.1))
        try:
            return EDITS[edit["do"]](self._labels, **arguments)
        except TypeError as error:
            raise TypeError(f"{edit['do']} cannot be done with {', '.join(arguments) or 'nothing'}: {error}") from None

    def _make(self, edit: dict[str, Any], change: Change) -> None:
        self._steps.append(Step.of(change))
        self._labels[change.box] = change.after
        self._highest = max((self._highest, *change.ids))
        self.edits.append(edit)
        self._spent += edit["seconds"]

    def _take_back(self) -> None:
        self._steps.pop().take_back(self._labels)
        self._undone.append(self.edits.pop())

    def _make_again(self) -> None:
        edit = self._undone.pop()
        spent = self._spent
        self._make(edit, self._change(edit))
        self._spent = spent

    def _write(self, step: Mapping[str, Any]) -> None:
        if self._journal:
            self._journal.write(step)

    def _replay(self, edit: dict[str, Any], line: int) -> None:
        try:
            if edit["do"] == "undo":
                self._take_back()
            elif edit["do"] == "redo":
                self._make_again()
            else:
                self._make(edit, self._change(edit))
                self._undone = []
        except (KeyError, IndexError, TypeError, ValueError) as error:
            self.notes.append(f"Line {line} of the journal was passed over, it cannot be read or done ({type(error).__name__}: {error}).")


def correct(
    labels: np.ndarray, edits: "Sequence[Mapping[str, Any]] | str | Path", stack: Stack | None = None, *, kind: str = "labels"
) -> np.ndarray:
    """Apply recorded edits to labels: what a person does in the editor, without one.

    Parameters
    ----------
    labels : (Z, Y, X) or (Y, X) ndarray of int
    edits : sequence of mapping, or path
        Each ``{"do": name, ...}`` with the arguments of `Correction.do`; or the ``_edits.json`` file of `Correction.save`.
    stack : Stack, optional
        The image, where edits need it.
    kind : {"labels", "seeds", "scribbles"}

    Returns
    -------
    labels : (Z, Y, X) ndarray of int32

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    TypeError, ValueError
        If it is no such file, or an edit cannot be made; the sentence counts the edits from 1.

    Examples
    --------
    >>> correct(np.array([[[1, 1, 0, 2]]]), [{"do": "delete", "ids": [1]}]).tolist()
    [[[0, 0, 0, 2]]]
    """
    if isinstance(edits, (str, Path)):
        edits = read_edits(edits)
    correction = Correction(labels, stack, kind=kind)
    correction.replay(edits)
    return correction.labels.copy()


def _log(path: Path, cells: Mapping[str, Any]) -> None:
    """Put a row into the CSV of work done, in place of the row of the same image, kind and person."""
    ledger = Ledger(path, WORK, KEYS, "seconds", WORK[2:])
    try:
        ledger.put([(tuple(str(cells[column]) for column in KEYS), {column: cells[column] for column in WORK if column not in KEYS})])
    finally:
        ledger.close()


def _identity(labels: np.ndarray) -> str:
    return hashlib.sha256(labels.tobytes()).hexdigest()
