"""How many results are fine, and how far scorers agree beyond chance."""

import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from helpers.curation.scoring import SCORES

if TYPE_CHECKING:
    import pandas as pd


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
