"""The file of decisions: one row an image in a CSV that people may edit, read so that nothing in it is lost."""

import math
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from helpers.curation.queues import Item
from helpers.curation.sheets import Sheet, in_lines, read_sheet

if TYPE_CHECKING:
    import pandas as pd

DECISIONS = ("accept", "reject", "later")
COLUMNS = ("image", "decision", "comment", "seconds", "who", "when", "excluded", "found", "raw")
MINE = COLUMNS[1:7]  # what a decision writes


class Decision(NamedTuple):
    """What a person decided on one image."""

    image: str
    decision: str
    """accept, reject or later; empty takes a decision back."""
    comment: str = ""
    seconds: float = math.nan
    """How long it took, hands on."""
    who: str = ""
    when: str = ""
    """Time of the decision, as in 2026-03-31T14:05:09+00:00; the present if empty."""
    excluded: str = ""
    """File of the mask of a bad region, seen from the folder of the CSV file."""


class Sorted(NamedTuple):
    """A file of decisions as a table, with what looked odd in it, in sentences."""

    table: "pd.DataFrame"
    notes: list[str]


def read_decisions(csv_path: str | Path) -> Sorted:
    """Read a file of decisions, made by `Sorting` or by hand.

    Parameters
    ----------
    csv_path : str or Path
        Needs the columns ``image`` and ``decision``, in any order and with any others; ``,`` or ``;`` or tabs; as Excel saves it.

    Returns
    -------
    sorted : Sorted
        ``table`` has one row an image, the last if it stands more than once: ``image, decision, comment, seconds, who, when, excluded, found,
        raw`` and any other columns. ``decision`` is empty where none of accept, reject, later is given; paths are absolute.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such file, or it is no such table.
    """
    path = checked_csv(csv_path)
    sheet = read_sheet(path, ("image", "decision"))
    return Sorted(table_of(sheet, path.parent), odd_rows(sheet, path.name))


def accepted(csv_path: str | Path) -> list[Path]:
    """Return the files of the accepted results, in the order of the CSV file.

    Parameters
    ----------
    csv_path : str or Path
        As `read_decisions`, with a column ``found``: paths, seen from the folder of the CSV file.

    Returns
    -------
    paths : list of Path

    Raises
    ------
    FileNotFoundError
        If there is no such CSV file, or an accepted result is not where it says.
    ValueError
        If it is no such table, or an accepted row names no file.
    """
    table = read_decisions(csv_path).table
    chosen = table[table["decision"] == "accept"]
    nameless = chosen.loc[chosen["found"] == "", "image"].tolist()
    if nameless:
        raise ValueError(f"{Path(csv_path).name} accepts {nameless[0]} and names no file for it: fill in the column found")
    paths = [Path(path) for path in chosen["found"]]
    missing = [path for path in paths if not path.exists()]
    if missing:
        raise FileNotFoundError(
            f"{len(missing)} accepted result(s) are not where {Path(csv_path).name} says, the first is {missing[0]}: move the file of decisions with the results"
        )
    return paths


def cells_of(decision: Decision) -> dict[str, str]:
    """Return what a decision writes into its row; one that takes an earlier back empties it."""
    if not decision.decision:
        return dict.fromkeys(MINE, "")
    return {column: cell for column, cell in decision._asdict().items() if column in MINE} | {
        "seconds": written(decision.seconds),
        "when": decision.when or now(),
    }


def written(seconds: float) -> str:
    """Return seconds as a file holds them; nothing for NaN."""
    return "" if math.isnan(seconds) else f"{seconds:.1f}"


def now() -> str:
    """Return the present time, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def complete(sheet: Sheet, items: Sequence[Item], folder: Path) -> bool:
    """Add a row for each image that has none; say whether there were any."""
    known = rows_of(sheet)
    new = [item for item in items if item.image not in known]
    for item in new:
        sheet.add({"image": item.image, "found": relative_to(item.found, folder), "raw": relative_to(item.raw or "", folder)})
    return bool(new)


def rows_of(sheet: Sheet) -> dict[str, list[str]]:
    """Return the row of each image; the last where there are several."""
    return {image: row for (image,), row in sheet.keyed(("image",)).items()}


def word_of(sheet: Sheet, row: list[str]) -> str:
    """Return accept, reject or later; empty where none of them is given."""
    word = sheet.get(row, "decision").lower()
    return word if word in DECISIONS else ""


def odd_rows(sheet: Sheet, name: str) -> list[str]:
    """Say which rows cannot be understood, or count only in part."""
    rows = rows_of(sheet)
    unknown, nameless, again = [], [], []
    for line, row in zip(sheet.lines, sheet.rows):
        image = sheet.get(row, "image")
        if not image:
            nameless.append(line)
        elif rows[image] is not row:
            again.append(line)
        elif sheet.get(row, "decision") and not word_of(sheet, row):
            unknown.append(line)
    words = ", ".join(DECISIONS)
    return [
        f"{name}, {in_lines(lines)}: {what}"
        for lines, what in (
            (unknown, f"the decision is none of {words}; it is kept, and the image counts as undecided."),
            (nameless, "no image is named; the row is kept and does not count."),
            (again, "the image stands again further down; the last row counts, all are kept."),
        )
        if lines
    ]


def table_of(sheet: Sheet, folder: Path) -> "pd.DataFrame":
    """Return the table that `read_decisions` describes."""
    import pandas as pd

    rows = rows_of(sheet)
    columns = {column: [sheet.get(row, column) for row in rows.values()] for column in COLUMNS}
    columns["decision"] = [word_of(sheet, row) for row in rows.values()]
    columns["seconds"] = [number_of(text, math.nan) for text in columns["seconds"]]
    for column in ("excluded", "found", "raw"):
        columns[column] = [str(_absolute(text, folder)) if text else "" for text in columns[column]]
    others = [name for name in sheet.header if name.strip() and name.strip().lower() not in COLUMNS]
    columns |= {name: [sheet.get(row, name.strip().lower()) for row in rows.values()] for name in others}
    return pd.DataFrame(columns)


def number_of(text: str, otherwise: float) -> float:
    """Return a number written with a point or a comma; ``otherwise`` where there is none."""
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return otherwise
    return value if math.isfinite(value) else otherwise


def checked_csv(path: str | Path) -> Path:
    """Return the full path of a CSV file; raise a sentence if it cannot be one."""
    if not str(path).strip():
        raise ValueError("no file for the decisions is named: give a path that ends in .csv")
    path = Path(os.path.realpath(Path(path).expanduser()))  # one file has one lock, whatever link leads to it
    if path.suffix.lower() != ".csv":
        raise ValueError(f"{path.name} must end in .csv: decisions are kept as a table that Excel opens")
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder: give the path of a CSV file, for example {path.with_suffix('') / 'sorted.csv'}")
    return path


def relative_to(path: Path | str, folder: Path) -> str:
    """Return a path as seen from the folder if it lies within it, so that both can be moved together; else in full."""
    if not str(path):
        return ""
    path = Path(os.path.abspath(path))
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)


def _absolute(text: str, folder: Path) -> Path:
    return Path(os.path.abspath(folder / text))
