"""Score whole results by eye, each scorer in a file of their own, blind to the others."""

import hashlib
import math
import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from helpers.curation.decisions import checked_csv, now, number_of, written
from helpers.curation.ledgers import Ledger
from helpers.curation.queues import Item, Queue
from helpers.curation.sheets import Sheet, in_lines, read_sheet

if TYPE_CHECKING:
    import pandas as pd

SCORES = ("fine", "wrong", "unsure")
COLUMNS = ("image", "object", "score", "comment", "seconds", "who", "when")


class Score(NamedTuple):
    """What one person thinks of one field of view, or of one cell in it."""

    image: str
    object: int | str = ""
    """Number of the cell in the label image; empty: the field as a whole."""
    score: str = ""
    """fine, wrong or unsure; empty takes a score back."""
    comment: str = ""
    seconds: float = math.nan
    who: str = ""
    when: str = ""


class Scores(NamedTuple):
    """Scores as a table, with what looked odd in the files, in sentences."""

    table: "pd.DataFrame"
    notes: list[str]


class Scoring:
    """Score a queue of results; stop at any time, go on another day.

    The file is kept as `Sorting` keeps its own. Fields come in an order of their own for each scorer, the same each time, so that neither the
    order of the files nor what another said gives a hint.

    Parameters
    ----------
    csv_path : str or Path
        A file of this scorer alone.
    queue : Queue
    who : str
        Who scores, by name or initials.
    separator : {",", ";"}
        Of a new file.
    take_over : bool
        Open the file even if another notebook has it open.

    Raises
    ------
    InUseError
        If the file is open in another tab, notebook or program.
    ValueError
        If ``who`` is empty, the file holds the scores of another person, or is no such table; it is left as it is.
    OSError
        If the folder cannot be written, or the disk is full.

    Examples
    --------
    >>> import tempfile
    >>> waiting = Queue([Item("a", Path("a.tif"))], {})
    >>> with Scoring(Path(tempfile.mkdtemp()) / "scores_AB.csv", waiting, who="AB") as scoring:
    ...     _ = scoring.score("fine", object=1)
    ...     _ = scoring.score("wrong", object=2)
    ...     scoring.of("a"), scoring.undo(), scoring.of("a")
    ({'1': 'fine', '2': 'wrong'}, ('a', '2'), {'1': 'fine'})
    """

    def __init__(self, csv_path: str | Path, queue: Queue, *, who: str, separator: str = ",", take_over: bool = False) -> None:
        if not who.strip():
            raise ValueError("who is empty: give a name or initials, by which scorers are told apart")
        self.path = checked_csv(csv_path)
        if self.path.exists():
            _refuse_others(read_sheet(self.path, ("image", "score")), who, self.path.name)
        self.who = who
        self.queue = queue
        self.items = scoring_order(queue, who)
        self._ledger = Ledger(self.path, COLUMNS, ("image", "object"), "score", COLUMNS[2:], separator=separator, take_over=take_over)

    def __enter__(self) -> "Scoring":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the file free for others; everything is saved already."""
        self._ledger.close()

    def current(self) -> Item | None:
        """Return the field that waits: the first that has no score as a whole; None when all have one."""
        scored = {row.image for row in _rows(self._ledger.read()) if row.object == ""}
        return next((item for item in self.items if item.image not in scored), None)

    def of(self, image: str) -> dict[str, str]:
        """Return the scores of one image, by cell; that of the field under an empty name."""
        return {row.object: row.score for row in _rows(self._ledger.read()) if row.image == image}

    def score(self, score: str, image: str = "", object: int | str = "", *, comment: str = "", seconds: float = math.nan) -> Item | None:
        """Put down a score and return the field that waits next.

        Parameters
        ----------
        score : {"fine", "wrong", "unsure", ""}
            Empty takes an earlier one back.
        image : str
            Name of any image of the queue; that which waits if empty.
        object : int or str
            Number of the cell; empty: the field as a whole.
        comment : str
        seconds : float
            How long it took.

        Returns
        -------
        item : Item or None

        Raises
        ------
        InUseError, ValueError, OSError
            As `Sorting.decide`.
        """
        waiting = self.current()
        if not image and waiting is None:
            raise ValueError("no field waits: all have a score; name an image to score it again")
        self.put([Score(image or waiting.image, object, score, comment, seconds, self.who)])
        return self.current()

    def put(self, scores: Iterable[Score]) -> None:
        """Put down several scores in one step of writing; each can be undone by itself.

        Raises
        ------
        InUseError, ValueError, OSError
            As `Sorting.decide`; then none is put down.
        """
        known = {item.image for item in self.items}
        entries = []
        for score in scores:
            if score.score not in (*SCORES, ""):
                raise ValueError(f"a score is one of {', '.join(SCORES)}, got {score.score!r}")
            if score.image not in known:
                raise ValueError(f"there is no image {score.image!r} in this queue: give one of its {len(known)} names")
            cells = score._asdict() | {"seconds": written(score.seconds), "when": score.when or now(), "who": self.who}
            kept = {column: cells[column] if score.score else "" for column in COLUMNS[2:]}
            entries.append(((score.image, _object(score.object)), kept))
        self._ledger.put(entries)

    def undo(self) -> tuple[str, str] | None:
        """Take the last score back and return its image and cell; None if there is none. See `Sorting.undo`.

        Raises
        ------
        InUseError, ValueError, OSError
            As `Sorting.decide`.
        """
        key = self._ledger.undo()
        return key and (key[0], key[1])


def scoring_order(queue: Queue, who: str) -> list[Item]:
    """Return the results in the order in which a scorer sees them: another for each scorer, the same each time."""
    items = sorted(queue.items, key=lambda item: item.image)
    random.Random(hashlib.sha256(who.encode()).digest()).shuffle(items)
    return items


def score(queue: Queue, csv_path: str | Path, scores: "str | Path | Iterable[Score]", *, who: str) -> Scores:
    """Apply recorded scores to a queue: what a person does in the panel, without one.

    Parameters
    ----------
    queue : Queue
    csv_path : str or Path
    scores : path or iterable of Score
        A CSV file of scores, or the scores.
    who : str

    Returns
    -------
    scores : Scores
        As `read_scores`. The same scores, with their times, give the same file.

    Raises
    ------
    InUseError, ValueError, OSError
        As `Scoring` and `Scoring.put`.
    """
    if isinstance(scores, (str, Path)):
        scores = _rows(read_sheet(checked_csv(scores), ("image", "score")))
    with Scoring(csv_path, queue, who=who) as scoring:
        scoring.put(scores)
    return read_scores([csv_path])


def read_scores(paths: Sequence[str | Path]) -> Scores:
    """Read the files of one or several scorers.

    Parameters
    ----------
    paths : sequence of path
        One CSV file a scorer, with the columns ``image, score`` and any of ``object, comment, seconds, who, when``. Where ``who`` is empty, the
        scorer is called by the name of the file.

    Returns
    -------
    scores : Scores
        ``table`` has one row a score: ``who, image, object, score, comment, seconds``; rows without one of fine, wrong, unsure are left out and
        named in ``notes``.

    Raises
    ------
    FileNotFoundError, ValueError
        If a file is missing or no such table, or two files are of one person.
    """
    import pandas as pd

    rows, notes, owners = [], [], {}
    for path in map(checked_csv, paths):
        sheet = read_sheet(path, ("image", "score"))
        names = {sheet.get(row, "who") for row in sheet.rows} - {""}
        if len(names) > 1:
            raise ValueError(f"{path.name} holds scores of {', '.join(sorted(names))}: keep one file a scorer")
        who = names.pop() if names else path.stem
        if who in owners:
            raise ValueError(f"{owners[who]} and {path.name} are both of {who}: give one file a scorer")
        owners[who] = path.name
        odd = [
            line for line, row in zip(sheet.lines, sheet.rows) if sheet.get(row, "score") and sheet.get(row, "score").lower() not in SCORES
        ]
        if odd:
            notes.append(f"{path.name}, {in_lines(odd)}: the score is none of {', '.join(SCORES)}; it does not count.")
        rows += [(who, row.image, row.object, row.score, row.comment, row.seconds) for row in _rows(sheet)]
    return Scores(pd.DataFrame(rows, columns=["who", "image", "object", "score", "comment", "seconds"]), notes)


def _rows(sheet: Sheet) -> list[Score]:
    """Return the scores that count: the last of each image and cell."""
    found = []
    for (image, label), row in sheet.keyed(("image", "object")).items():
        word = sheet.get(row, "score").lower()
        if word in SCORES:
            seconds = number_of(sheet.get(row, "seconds"), math.nan)
            found.append(Score(image, label, word, sheet.get(row, "comment"), seconds, sheet.get(row, "who"), sheet.get(row, "when")))
    return found


def _refuse_others(sheet: Sheet, who: str, name: str) -> None:
    others = sorted({sheet.get(row, "who") for row in sheet.rows} - {"", who})
    if others:
        raise ValueError(f"{name} holds the scores of {others[0]}: scorers do not see one another's, give {who} a file of their own")


def _object(label: int | str) -> str:
    return str(label).strip()
