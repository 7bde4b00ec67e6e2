"""CSV files that people open in Excel, edit by hand and save again; whatever they hold is kept."""

import contextlib
import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

SEPARATORS = (",", ";", "\t")
FORMULA = ("=", "+", "-", "@")  # a cell that begins so is computed by Excel, and its text lost


@dataclass
class Sheet:
    """The rows of a CSV file as texts, with what is needed to write it back as it was."""

    header: list[str]
    rows: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    """Line of the file on which each row ends."""
    separator: str = ","
    encoding: str = "utf-8-sig"
    """With a byte order mark, without which Excel shows wrong letters."""
    prelude: str = ""
    """The line ``sep=;`` that Excel understands, if there is one."""
    newline: str = "\n"

    def get(self, row: list[str], column: str) -> str:
        """Return a cell without blanks around it; empty where the row is too short or there is no such column."""
        place = self._place(column)
        cell = row[place].strip() if place is not None and place < len(row) else ""
        return cell[1:] if column == "comment" and cell[:1] == "'" and cell[1:2] in FORMULA else cell

    def put(self, row: list[str], column: str, cell: str) -> None:
        """Write a cell; a comment is put into one line, and gets an apostrophe before it where Excel would compute it."""
        place = self._place(column)
        if place is None:
            place = len(self.header)
            self.header.append(column)
        row += [""] * (place + 1 - len(row))
        cell = " ".join(str(cell).split()) if column == "comment" else str(cell)
        if self.separator == ";" and column == "seconds":  # as Excel shows it in countries with a decimal comma
            cell = cell.replace(".", ",")
        row[place] = f"'{cell}" if column == "comment" and cell.startswith(FORMULA) else cell

    def add(self, cells: dict[str, str]) -> None:
        """Add a row."""
        row: list[str] = []
        for column, cell in cells.items():
            self.put(row, column, cell)
        self.rows.append(row)
        self.lines.append(self.lines[-1] + 1 if self.lines else 2 + bool(self.prelude))

    def drop(self, row: list[str]) -> None:
        """Take a row away."""
        place = next(place for place, other in enumerate(self.rows) if other is row)
        del self.rows[place], self.lines[place]

    def keyed(self, columns: Sequence[str]) -> dict[tuple[str, ...], list[str]]:
        """Return each row by its cells in some columns, of which the first must be filled; the last where several have the same."""
        keys = [tuple(self.get(row, column) for column in columns) for row in self.rows]
        return {key: row for key, row in zip(keys, self.rows) if key[0]}

    def content(self) -> bytes:
        """Return the bytes of the file."""
        text = io.StringIO()
        text.write(self.prelude)
        writer = csv.writer(text, delimiter=self.separator, lineterminator=self.newline)
        writer.writerow(self.header)
        writer.writerows([*row, *[""] * (len(self.header) - len(row))] for row in self.rows)
        try:
            return text.getvalue().encode(self.encoding)
        except UnicodeEncodeError:  # a letter that the file's old encoding does not have
            return text.getvalue().encode("utf-8-sig")

    def _place(self, column: str) -> int | None:
        return next((place for place, name in enumerate(self.header) if name.strip().lower() == column), None)


def read_sheet(path: Path, needed: Sequence[str]) -> Sheet:
    """Read a CSV file as Excel and other programs leave it: ``,`` or ``;`` or tabs, UTF-8 with or without mark, UTF-16 or Windows letters.

    Parameters
    ----------
    path : Path
    needed : sequence of str
        Columns that must be there.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If a needed column is missing, or the file is no table; it is left as it is.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no file {path.absolute()}: check its path") from None
    text, encoding = _decoded(content)
    prelude = text[: len(text) - len(text.split("\n", 1)[-1])] if text.lower().startswith("sep=") and "\n" in text else ""
    body = text[len(prelude) :]
    first = body.split("\n", 1)[0]
    separator = max(SEPARATORS, key=first.count)
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=separator, strict=True)
    rows, lines = [], []
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append(row)
                lines.append(reader.line_num + bool(prelude))
    except csv.Error as error:
        raise ValueError(
            f"{path.name} cannot be read from line {lines[-1] + 1 if lines else 1} on ({error}): a quotation mark is not closed, or this is no CSV "
            "file; mend it in a text editor; nothing was changed"
        ) from None
    sheet = Sheet(rows[0] if rows else [], rows[1:], lines[1:], separator, encoding, prelude, "\r\n" if "\r\n" in body else "\n")
    missing = [column for column in needed if sheet._place(column) is None]
    if missing:
        raise ValueError(
            f"{path.name} has no column {' and no column '.join(missing)} in its first line ({first.strip()[:60]!r}): "
            f"the first line must name the columns {', '.join(needed)}; nothing was changed"
        )
    return sheet


def in_lines(numbers: Sequence[int]) -> str:
    """Say where something stands.

    >>> in_lines([4]), in_lines([4, 9])
    ('line 4', 'lines 4, 9')
    """
    shown = ", ".join(map(str, numbers[:10])) + (f" and {len(numbers) - 10} more" if len(numbers) > 10 else "")
    return f"line{'s' * (len(numbers) > 1)} {shown}"


def _decoded(content: bytes) -> tuple[str, str]:
    """Return the text and its encoding: by its mark, else UTF-8, else what Excel's plain "CSV" has on Western Windows, else any byte a letter."""
    marks = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
    marked = [encoding for mark, encoding in marks.items() if content.startswith(mark)]
    for encoding in (*marked, "utf-8", "cp1252"):
        with contextlib.suppress(UnicodeDecodeError):
            return content.decode(encoding), encoding
    return content.decode("latin-1"), "latin-1"
