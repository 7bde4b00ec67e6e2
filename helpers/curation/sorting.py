"""Accept or reject results one by one; every decision is in a CSV file when it is made, which people and notebooks may read and edit."""

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from helpers import images
from helpers.curation.decisions import (
    COLUMNS,
    DECISIONS,
    MINE,
    Decision,
    Sorted,
    cells_of,
    checked_csv,
    complete,
    number_of,
    odd_rows,
    read_decisions,
    relative_to,
    rows_of,
    table_of,
    word_of,
)  # fmt: skip
from helpers.curation.ledgers import Ledger
from helpers.curation.queues import ANY_SIZE, Item, Queue
from helpers.curation.regions import Region, region_mask, write_regions
from helpers.curation.sheets import in_lines

if TYPE_CHECKING:
    import pandas as pd


class Progress(NamedTuple):
    """How many images of a queue have which decision, and the seconds spent on them."""

    accept: int
    reject: int
    later: int
    undecided: int
    skipped: int
    seconds: float

    def __str__(self) -> str:
        """Say it in one line."""
        done, left = self.accept + self.reject, self.later + self.undecided
        return f"{done} of {done + left} done: {self.accept} accepted, {self.reject} rejected, {self.later} for later; {self.skipped} cannot be shown"


class Sorting:
    """Sort a queue of results; stop at any time, go on another day.

    There is one row an image in the CSV file. It is read again before each step, so that edits made by hand in between hold: columns, rows
    and words that are not known here are kept as they are. Each step writes the whole file anew beside the old one and then takes its place: whatever
    ends the program, at most the last step is lost.

    Parameters
    ----------
    csv_path : str or Path
        Made if it is missing, with one row for each image.
    queue : Queue
    who : str
        Who decides, by name or initials.
    separator : {",", ";"}
        Of a new file; a file that is there keeps its own. Excel opens ``;`` by double click where numbers have a decimal comma.
    take_over : bool
        Open the file even if another notebook has it open.

    Raises
    ------
    InUseError
        If the file is open in another tab, notebook or program.
    ValueError
        If the file is there and is no such table; it is left as it is.
    OSError
        If the folder cannot be written, or the disk is full.

    Examples
    --------
    >>> import tempfile
    >>> waiting = Queue([Item("a", Path("a.tif")), Item("b", Path("b.tif"))], {})
    >>> with Sorting(Path(tempfile.mkdtemp()) / "sorted.csv", waiting, who="AB") as sorting:
    ...     _ = sorting.decide("accept", seconds=2)
    ...     sorting.current().image, sorting.undo(), sorting.current().image
    ('b', 'a', 'a')
    """

    def __init__(self, csv_path: str | Path, queue: Queue, *, who: str = "", separator: str = ",", take_over: bool = False) -> None:
        self.path = checked_csv(csv_path)
        self.queue = queue
        self.who = who
        self.skipped = dict(queue.skipped)
        self._turns: dict[str, int] = {}  # who waits longest has the lowest; what was put off goes back, what was undone comes first
        self._ledger = Ledger(
            self.path, COLUMNS, ("image",), "decision", MINE, separator=separator, take_over=take_over,
            complete=lambda sheet: complete(sheet, queue.items, self.path.parent),
        )  # fmt: skip

    def __enter__(self) -> "Sorting":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the file free for others; everything is saved already."""
        self._ledger.close()

    def current(self) -> Item | None:
        """Return the image that waits: the first undecided one, or else the first of those put off; None when all is done."""
        decided = self._decided()
        for wanted in ("", "later"):
            waiting = [item for item in self.queue.items if decided.get(item.image, "") == wanted and item.image not in self.skipped]
            if waiting:
                return min(waiting, key=lambda item: self._turns.get(item.image, 0))
        return None

    def decide(
        self,
        decision: str,
        image: str = "",
        *,
        comment: str = "",
        seconds: float = math.nan,
        excluded: "str | Path | Sequence[Region]" = "",
    ) -> Item | None:
        """Put down a decision and return the image that waits next.

        Parameters
        ----------
        decision : {"accept", "reject", "later", ""}
            Empty takes an earlier one back. One put off with "later" comes again after all others, and again as long as it is put off.
        image : str
            Name of any image of the queue; that which waits if empty.
        comment : str
        seconds : float
            How long it took.
        excluded : str, Path or sequence of Region
            A bad region: a file with its mask, or what was drawn. That is saved beside the CSV file, as regions and as a mask.

        Returns
        -------
        item : Item or None

        Raises
        ------
        InUseError
            If another program has taken the file over; the decision is not put down.
        ValueError
            If there is no such decision or image, or the file has become unreadable.
        OSError
            If it cannot be written; the file holds all earlier decisions, and this one can be made again.
        """
        waiting = self.current()
        if not image and waiting is None:
            raise ValueError("no image waits: all have a decision; name an image to decide on it again")
        name = image or waiting.image
        if not isinstance(excluded, (str, Path)):
            excluded = self._save_excluded(name, list(excluded)) if excluded else ""
        row = Decision(
            name, decision, comment, seconds, self.who, excluded=str(Path(excluded).expanduser().absolute()) if str(excluded) else ""
        )
        self.put([row])
        self._turns[row.image] = max(self._turns.values(), default=0) + 1
        return self.current()

    def put(self, decisions: Iterable[Decision]) -> None:
        """Put down several decisions in one step of writing; each can be undone by itself.

        Raises
        ------
        InUseError, ValueError, OSError
            As `decide`; then none is put down.
        """
        known = {item.image for item in self.queue.items}
        entries = []
        for decision in decisions:
            if decision.decision not in (*DECISIONS, ""):
                raise ValueError(f"a decision is one of {', '.join(DECISIONS)}, got {decision.decision!r}")
            if decision.image not in known:
                raise ValueError(f"there is no image {decision.image!r} in this queue: give one of its {len(known)} names")
            excluded = relative_to(self.path.parent / decision.excluded, self.path.parent) if decision.excluded else ""
            entries.append(((decision.image,), cells_of(decision._replace(excluded=excluded))))
        self._ledger.put(entries)

    def undo(self) -> str | None:
        """Take the last decision back and return the name of its image; None if there is none.

        What an image had before comes back. After a restart only the file is known: the decision with the latest time is then emptied. A row
        that was changed by hand since stays as it is, and the decision before it is taken back.

        Raises
        ------
        InUseError, ValueError, OSError
            As `decide`.
        """
        key = self._ledger.undo()
        if key is None:
            return None
        self._turns[key[0]] = min(self._turns.values(), default=0) - 1
        return key[0]

    def restore(self) -> list[str]:
        """Put back decisions of this sitting that another program has saved an older version over; return the names of their images.

        Raises
        ------
        InUseError, ValueError, OSError
            As `decide`.
        """
        return [image for (image,) in self._ledger.restore()]

    def skip(self, image: str, reason: str) -> Item | None:
        """Pass over an image that turned out unreadable in this sitting; return the image that waits next."""
        self.skipped[image] = reason
        return self.current()

    def progress(self) -> Progress:
        """Count."""
        sheet = self._ledger.read()
        rows = rows_of(sheet)
        words = [word_of(sheet, rows[item.image]) for item in self.queue.items if item.image not in self.skipped]
        seconds = sum(number_of(sheet.get(rows[item.image], "seconds"), 0.0) for item in self.queue.items)
        return Progress(*(words.count(word) for word in (*DECISIONS, "")), len(self.skipped), seconds)

    def table(self) -> "pd.DataFrame":
        """Return the decisions as a table; see `read_decisions`."""
        return table_of(self._ledger.read(), self.path.parent)

    def notes(self) -> list[str]:
        """Say which rows of the file are odd, and which images cannot be shown; one sentence each."""
        sheet = self._ledger.read()
        known = {item.image for item in self.queue.items} | set(self.skipped)
        strange = [line for line, row in zip(sheet.lines, sheet.rows) if sheet.get(row, "image") and sheet.get(row, "image") not in known]
        notes = odd_rows(sheet, self.path.name)
        if gone := self._ledger.lost():
            notes.append(
                f"{self.path.name} no longer has {len(gone)} decision(s) of this sitting, on {', '.join(key[0] for key in gone[:5])}: another "
                "program has saved an older version over it; restore() puts them back."
            )
        if strange:
            notes.append(f"{self.path.name} has rows of images that are not in this queue ({in_lines(strange)}): they are kept.")
        return notes + [f"{image} cannot be shown: {reason}" for image, reason in self.skipped.items()]

    def _save_excluded(self, image: str, regions: list[Region]) -> Path:
        item = next((item for item in self.queue.items if item.image == image), None)
        if item is None:
            raise ValueError(f"there is no image {image!r} in this queue: give one of its {len(self.queue.items)} names")
        stack = item.stack()
        shape, voxel_size = (stack.raw.shape, stack.voxel_size) if stack else (item.result().shape, ANY_SIZE)
        folder = self.path.parent / f"{self.path.stem}_excluded"
        mask = region_mask(regions, shape)
        with images.together(folder) as temporary:
            write_regions(temporary / f"{image}_regions.json", regions, shape)
            images.write(temporary / f"{image}_excluded.ome.tif", mask, voxel_size)
        return folder / f"{image}_excluded.ome.tif"

    def _decided(self) -> dict[str, str]:
        sheet = self._ledger.read()
        return {image: word_of(sheet, row) for image, row in rows_of(sheet).items()}


def sort(
    queue: Queue, csv_path: str | Path, decisions: "str | Path | pd.DataFrame | Mapping[str, str] | Sequence[Decision]", *, who: str = ""
) -> Sorted:
    """Apply recorded decisions to a queue: what a person does in the panel, without one.

    Parameters
    ----------
    queue : Queue
    csv_path : str or Path
        As `Sorting`.
    decisions : path, table, mapping or sequence of Decision
        A CSV file or table with the columns ``image, decision`` and any of ``comment, seconds, who, when, excluded``; or a mapping of image to
        decision. Rows without a decision, or of images that are not in the queue, are passed over and named in the notes.
    who : str
        Who decided, where ``decisions`` does not say.

    Returns
    -------
    sorted : Sorted
        The table of `read_decisions`. The same decisions, with their times, give the same file.

    Raises
    ------
    InUseError, ValueError, OSError
        As `Sorting` and `Sorting.decide`.

    Examples
    --------
    >>> import tempfile
    >>> waiting = Queue([Item("a", Path("a.tif")), Item("b", Path("b.tif"))], {})
    >>> done = sort(waiting, Path(tempfile.mkdtemp()) / "sorted.csv", {"b": "accept", "c": "reject"})
    >>> done.table[["image", "decision"]].values.tolist(), done.notes
    ([['a', ''], ['b', 'accept']], ['1 decision(s) are of images that are not in this queue and were passed over: c.'])
    """
    given, notes = _decisions(decisions)
    known = {item.image for item in queue.items}
    strangers = [decision.image for decision in given if decision.image not in known]
    if strangers:
        notes.append(
            f"{len(strangers)} decision(s) are of images that are not in this queue and were passed over: {', '.join(strangers[:5])}."
        )
    with Sorting(csv_path, queue, who=who) as sorting:
        sorting.put(decision._replace(who=decision.who or who) for decision in given if decision.image in known)
        return Sorted(sorting.table(), [*notes, *sorting.notes()])


def _decisions(given: "str | Path | pd.DataFrame | Mapping[str, str] | Sequence[Decision]") -> tuple[list[Decision], list[str]]:
    notes: list[str] = []
    if isinstance(given, (str, Path)):
        given, notes = read_decisions(given)
    if isinstance(given, Mapping):
        return [Decision(image, decision) for image, decision in given.items()], notes
    if hasattr(given, "to_dict"):
        fields = [name for name in Decision._fields if name in given.columns]
        rows = given[fields].fillna({name: "" for name in fields if name != "seconds"}).to_dict("records")
        return [Decision(**row) for row in rows if row["decision"]], notes
    return list(given), notes
