"""A CSV file that a panel writes one decision at a time: what it holds is read again before each step, and each step can be undone."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from helpers.curation.files import Lock, replace_file
from helpers.curation.sheets import Sheet, read_sheet

Key = tuple[str, ...]


class Ledger:
    """Rows found by the cells of some columns; the last row counts where several have the same.

    Parameters
    ----------
    path : Path
    columns : sequence of str
        Of a new file.
    keys : sequence of str
        Columns by which a row is found; the file must have them.
    word : str
        Column of the decision; the file must have it.
    mine : sequence of str
        Columns that a decision fills, and that undoing empties; ``when`` among them.
    separator : str
        Of a new file.
    take_over : bool
        As `helpers.curation.files.Lock`.
    complete : callable, optional
        Adds rows that must be there; says whether it did.

    Raises
    ------
    InUseError, ValueError, OSError
        If another program has the file open, it is no such table, or it cannot be written.
    """

    def __init__(
        self, path: Path, columns: Sequence[str], keys: Sequence[str], word: str, mine: Sequence[str], *,
        separator: str = ",", take_over: bool = False, complete: Callable[[Sheet], bool] = lambda sheet: False,
    ) -> None:  # fmt: skip
        if separator not in (",", ";"):
            raise ValueError(f"separator must be ',' or ';', got {separator!r}")
        self.path, self.keys, self.word, self.mine, self.complete = path, tuple(keys), word, tuple(mine), complete
        self._history: list[tuple[Key, list[str] | None, list[str]]] = []
        self._last = Sheet(list(columns), separator=separator)
        self._lock = Lock(path, take_over)
        try:
            sheet = self.read(completed=False)
            if complete(sheet) or not path.exists():
                self._write(sheet)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give the file free for others."""
        self._lock.release()

    def read(self, completed: bool = True) -> Sheet:
        """Return what the file holds now; if somebody has taken it away, what it held last."""
        if self.path.exists():
            self._last = read_sheet(self.path, (*self.keys[:1], self.word))
            if completed:
                self.complete(self._last)
        last = self._last
        return replace(last, header=list(last.header), rows=[list(row) for row in last.rows], lines=list(last.lines))

    def put(self, entries: Iterable[tuple[Key, Mapping[str, Any]]]) -> None:
        """Fill cells of rows, all in one step of writing; rows that are not there are made."""
        sheet, steps = self.read(), []
        rows = sheet.keyed(self.keys)
        for key, cells in entries:
            row = rows.get(key)
            before = None if row is None else list(row)
            if row is None:
                sheet.add(dict(zip(self.keys, key)))
                row = rows[key] = sheet.rows[-1]
            for column, cell in cells.items():
                sheet.put(row, column, cell)
            steps.append((key, before, list(row)))
        self._write(sheet)
        self._history += steps

    def undo(self) -> Key | None:
        """Take the last step back and return the key of its row; None if there is none.

        What the row held before comes back. After a restart only the file is known: the row with the latest time is then emptied. A row that
        was changed by hand since stays as it is, and the step before it is taken back.
        """
        sheet = self.read()
        rows = sheet.keyed(self.keys)
        for place in range(len(self._history) - 1, -1, -1):
            key, before, after = self._history[place]
            if key in rows and _same(rows[key], after):
                if before is None:
                    sheet.drop(rows[key])
                else:
                    rows[key][:] = before
                self._write(sheet)
                del self._history[place:]
                return key
        if self._history:  # all of it was changed by hand
            self._history.clear()
            return None
        dated = {key: sheet.get(row, "when") for key, row in rows.items() if sheet.get(row, self.word) and sheet.get(row, "when")}
        if not dated:
            return None
        latest = max(dated, key=lambda key: dated[key])
        for column in self.mine:
            sheet.put(rows[latest], column, "")
        self._write(sheet)
        return latest

    def lost(self) -> list[Key]:
        """Return the rows of this sitting whose decision is no longer in the file: an older version was saved over it."""
        sheet = self.read()
        rows = sheet.keyed(self.keys)
        made = {key: after for key, _, after in self._history}
        return [key for key, after in made.items() if sheet.get(after, self.word) and not (key in rows and sheet.get(rows[key], self.word))]

    def restore(self) -> list[Key]:
        """Put back what `lost` returns."""
        gone = self.lost()
        sheet = self._last
        made = {key: {column: sheet.get(after, column) for column in self.mine} for key, _, after in self._history}
        if gone:
            self.put((key, made[key]) for key in gone)
        return gone

    def _write(self, sheet: Sheet) -> None:
        self._lock.check()
        replace_file(self.path, sheet.content())
        self._last = sheet


def _same(row: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two rows say the same; empty cells at their end do not matter."""
    length = max(len(row), len(other))
    return [*row, *[""] * (length - len(row))] == [*other, *[""] * (length - len(other))]
