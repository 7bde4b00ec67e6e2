"""Score whole results by eye, each scorer in a file of their own, blind to the others; and say how far they agree."""

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
        self.items: list[Item] = sorted(queue.items, key=lambda item: item.image)
        random.Random(hashlib.sha256(who.encode()).digest()).shuffle(self.items)
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


def field_scores(table: "pd.DataFrame") -> "pd.DataFrame":
    """Return one score a field and scorer: the score of the field, or else that of its cells together.

    A field is fine when all of its scored cells are; it is wrong when one of them is; otherwise unsure.

    Parameters
    ----------
    table : pandas.DataFrame
        Of `read_scores`.

    Returns
    -------
    fields : pandas.DataFrame
        ``who, image, score``.

    References
    ----------
    .. [1] Chen, J. et al. (2018) The Allen Cell and Structure Segmenter. bioRxiv 491035. :DOI:`10.1101/491035`
    """
    import pandas as pd

    rows = []
    for (who, image), group in table.groupby(["who", "image"], sort=False):
        whole = group.loc[group["object"] == "", "score"].tolist()
        cells = set(group["score"])
        rows.append((who, image, whole[-1] if whole else next(word for word in ("wrong", "unsure", "fine") if word in cells)))
    return pd.DataFrame(rows, columns=["who", "image", "score"])


def percentages(table: "pd.DataFrame") -> "pd.DataFrame":
    """Count the scores of each scorer, of fields and of cells.

    Parameters
    ----------
    table : pandas.DataFrame
        Of `read_scores`.

    Returns
    -------
    shares : pandas.DataFrame
        ``who, level`` (field or cell), ``scored``, the numbers ``fine, wrong, unsure``, and ``fine_percent``, that of fine among all scored, unsure
        ones included.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"who": "AB", "image": ["a", "a", "b"], "object": ["1", "2", "1"], "score": ["fine", "wrong", "fine"]})
    >>> percentages(table)[["level", "scored", "fine", "fine_percent"]].values.tolist()
    [['field', 2, 1, 50.0], ['cell', 3, 2, 66.66...]]
    """
    import pandas as pd

    rows = []
    for level, scored in (("field", field_scores(table)), ("cell", table[table["object"] != ""])):
        for who, words in scored.groupby("who", sort=False)["score"]:
            counts = [int((words == word).sum()) for word in SCORES]
            rows.append((who, level, len(words), *counts, 100 * counts[0] / len(words)))
    return pd.DataFrame(rows, columns=["who", "level", "scored", *SCORES, "fine_percent"])


class Agreement(NamedTuple):
    """How far scorers agree beyond chance: 1 always, 0 as often as chance; NaN where all gave one score to everything."""

    kappa: float
    observed: float
    """How often they agree."""
    expected: float
    """How often they would by chance."""
    items: int
    """What all of them scored."""
    scorers: int


def cohen_kappa(first: Sequence[str], second: Sequence[str]) -> Agreement:
    """Compare two scorers, item by item. Every score is a category of its own, and all disagreements count alike.

    Parameters
    ----------
    first, second : sequence of str
        Scores of the same items in the same order.

    Returns
    -------
    agreement : Agreement

    Raises
    ------
    ValueError
        If they are not of one length, or empty.

    References
    ----------
    .. [1] Cohen, J. (1960) A coefficient of agreement for nominal scales. Educ. Psychol. Meas. 20(1):37-46. :DOI:`10.1177/001316446002000104`

    Examples
    --------
    >>> round(cohen_kappa(["fine", "fine", "wrong", "wrong"], ["fine", "wrong", "wrong", "wrong"]).kappa, 3)
    0.5
    """
    first, second = list(first), list(second)
    if len(first) != len(second) or not first:
        raise ValueError(f"two lists of scores of the same items are wanted, got {len(first)} and {len(second)}")
    count = len(first)
    observed = sum(one == other for one, other in zip(first, second)) / count
    expected = sum(first.count(word) * second.count(word) for word in set(first)) / count**2
    return _agreement(observed, expected, count, 2)


def fleiss_kappa(scores: Sequence[Sequence[str]]) -> Agreement:
    """Compare three scorers or more. Every score is a category of its own, and all disagreements count alike.

    With two scorers it is Scott's pi, not Cohen's kappa: chance is taken from the scores of all together.

    Parameters
    ----------
    scores : sequence of sequence of str
        For each item the scores of all scorers, the same number each.

    Returns
    -------
    agreement : Agreement

    Raises
    ------
    ValueError
        If there are no items, fewer than two scorers, or a score is missing.

    References
    ----------
    .. [1] Fleiss, J. L. (1971) Measuring nominal scale agreement among many raters. Psychol. Bull. 76(5):378-382. :DOI:`10.1037/h0031619`

    Examples
    --------
    >>> fleiss_kappa([["fine"] * 3, ["wrong"] * 3]).kappa
    1.0
    """
    scores = [list(row) for row in scores]
    raters = {len(row) for row in scores}
    if len(raters) != 1 or min(raters) < 2:
        raise ValueError(f"for each item the scores of the same two scorers or more are wanted, got {sorted(raters) or 'no items'}")
    (count,) = raters
    words = {word for row in scores for word in row}
    observed = sum(sum(row.count(word) ** 2 for word in words) - count for row in scores) / (len(scores) * count * (count - 1))
    shares = [sum(row.count(word) for row in scores) / (len(scores) * count) for word in words]
    return _agreement(observed, sum(share**2 for share in shares), len(scores), count)


def agreement(table: "pd.DataFrame", level: str = "cell") -> "pd.DataFrame":
    """Compare all scorers of a table, on what all of a row's scorers have scored.

    Parameters
    ----------
    table : pandas.DataFrame
        Of `read_scores`.
    level : {"cell", "field"}

    Returns
    -------
    agreement : pandas.DataFrame
        ``scorers, measure, kappa, observed, expected, items``: a row for each pair of scorers (Cohen's kappa), and with three scorers or more one
        for all of them (Fleiss' kappa).

    Raises
    ------
    ValueError
        If there are fewer than two scorers, or they have scored nothing in common.
    """
    import itertools

    import pandas as pd

    if level not in ("cell", "field"):
        raise ValueError(f"level must be 'cell' or 'field', got {level!r}")
    scored = field_scores(table).assign(object="") if level == "field" else table[table["object"] != ""]
    given = {who: {(row.image, row.object): row.score for row in group.itertuples()} for who, group in scored.groupby("who", sort=False)}
    if len(given) < 2:
        raise ValueError(f"two scorers or more are wanted to see whether they agree on each {level}, got {len(given)}")
    groups = [*itertools.combinations(given, 2), *([tuple(given)] if len(given) > 2 else [])]
    rows = []
    for names in groups:
        common = sorted(set.intersection(*(set(given[name]) for name in names)))
        if not common:
            raise ValueError(f"{' and '.join(names)} have scored no {level} in common: let them score the same images")
        lists = [[given[name][key] for key in common] for name in names]
        found = cohen_kappa(*lists) if len(names) == 2 else fleiss_kappa(list(zip(*lists)))
        measure = "Cohen's kappa" if len(names) == 2 else "Fleiss' kappa"
        rows.append((", ".join(names), measure, found.kappa, found.observed, found.expected, found.items))
    return pd.DataFrame(rows, columns=["scorers", "measure", "kappa", "observed", "expected", "items"])


def _agreement(observed: float, expected: float, items: int, scorers: int) -> Agreement:
    certain = math.isclose(expected, 1)
    return Agreement(math.nan if certain else (observed - expected) / (1 - expected), observed, expected, items, scorers)


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
