"""Make one number of many images.

Two ways to do so answer two questions. *Micro* pools the counts of all images and makes the scores from the sums: every object weighs the
same. *Macro* makes the scores of each image and averages them: every image weighs the same, so that one with three nuclei weighs as much
as one with three hundred.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from helpers.metrics.matching import RATIOS, ratios

if TYPE_CHECKING:
    import pandas as pd

SUMS = ("tp", "fp", "fn")


def summarize(matching: "pd.DataFrame", by: str | Iterable[str] = ()) -> "pd.DataFrame":
    """Make one row of many images, for each group and threshold: pooled (micro) and averaged (macro).

    Parameters
    ----------
    matching : pandas.DataFrame
        Tables of `helpers.metrics.match`, one below the other, one row for each image and threshold; for example ``matching`` of `helpers.metrics.evaluate`.
    by : str or sequence of str
        Columns that tell groups apart: ``["method", "group"]``.

    Returns
    -------
    table : pandas.DataFrame
        The columns of ``by``, ``threshold, average`` ("micro" or "macro"), ``images``, the sums ``tp, fp, fn``, the scores of
        `helpers.metrics.match`, and how many images had to be left out of each macro average because the score is 0 / 0 there:
        ``n_undefined`` (f1, ap and pq: neither truth nor anything found), ``n_undefined_precision``, ``n_undefined_recall``, ``n_undefined_sq``.
        A macro score without any image left is NaN.

    Raises
    ------
    ValueError
        If a column is missing.

    Examples
    --------
    >>> import pandas as pd
    >>> from helpers.metrics import match
    >>> few, many = np.array([[1, 0, 2]]), np.arange(1, 9)[None]
    >>> table = pd.concat([match(few, np.where(few == 1, 1, 0), [500]), match(many, many, [500])])
    >>> summarize(table)[["average", "images", "tp", "fn", "recall"]]
      average  images  tp  fn  recall
    0   micro       2   9   1    0.90
    1   macro       2   9   1    0.75
    """
    import pandas as pd

    by = _columns(matching, by, ("threshold", *SUMS, *RATIOS), "tables of helpers.metrics.match, joined")
    rows = []
    for key, images in matching.groupby([*by, "threshold"], sort=False, dropna=False):
        group = dict(zip([*by, "threshold"], key))
        counts = {name: int(images[name].sum()) for name in SUMS}
        total = float((images["sq"].fillna(0) * images["tp"]).sum())  # the sum of IoU over matched pairs
        micro = {name: float(score) for name, score in ratios(*map(np.asarray, counts.values()), np.asarray(total)).items()}
        macro = {name: float(images[name].mean()) for name in RATIOS}
        undefined = {
            "n_undefined" if name == "f1" else f"n_undefined_{name}": int(images[name].isna().sum())
            for name in ("f1", "precision", "recall", "sq")
        }
        for average, scores in (("micro", micro), ("macro", macro)):
            rows.append(group | {"average": average, "images": len(images)} | counts | scores | undefined)
    return pd.DataFrame(rows)


def mean_over_thresholds(summary: "pd.DataFrame", by: str | Iterable[str] = ()) -> "pd.DataFrame":
    """Average the scores over the thresholds: mean F1, mean AP and so on.

    Parameters
    ----------
    summary : pandas.DataFrame
        What `summarize` gives; or a table of `helpers.metrics.match`, of one image.
    by : str or sequence of str
        The columns that tell groups apart; "micro" and "macro" are kept apart in any case.

    Returns
    -------
    table : pandas.DataFrame
        The columns of ``by``, ``average`` if there is one, and ``mean_precision, mean_recall, mean_f1, mean_ap, mean_pq, mean_sq``; thresholds at
        which a score is 0 / 0 are left out of its mean.

    Raises
    ------
    ValueError
        If a column is missing.
    """
    keys = _columns(summary, by, RATIOS, "what helpers.metrics.summarize returns")
    keys += ["average"] if "average" in summary.columns else []
    scores = summary[list(RATIOS)].add_prefix("mean_")
    if not keys:
        return scores.mean().to_frame().T
    return scores.groupby([summary[key] for key in keys], sort=False, dropna=False).mean().reset_index()


def spread_over_images(
    matching: "pd.DataFrame", score: str = "f1", by: str | Iterable[str] = (), *, quantiles: tuple[float, float] = (0.25, 0.75)
) -> "pd.DataFrame":
    """Return the mean of a score over images and the band that holds most of them, for each group and threshold.

    Parameters
    ----------
    matching : pandas.DataFrame
        As for `summarize`.
    score : str
        One of the scores of `helpers.metrics.match`.
    by : str or sequence of str
        Columns that tell groups apart.
    quantiles : tuple of float
        Lower and upper end of the band; 0.25 and 0.75 hold half of the images.

    Returns
    -------
    table : pandas.DataFrame
        The columns of ``by``, ``threshold, mean, low, median, high, images``; images for which the score is 0 / 0 are left out.

    Raises
    ------
    ValueError
        If a column is missing, or the quantiles are not in order within 0 to 1.
    """
    keys = [*_columns(matching, by, ("threshold", score), "tables of helpers.metrics.match, joined"), "threshold"]
    low, high = quantiles
    if not 0 <= low <= high <= 1:
        raise ValueError(f"quantiles must be two numbers in order, from 0 to 1, got {quantiles}")
    values = matching.groupby(keys, sort=False, dropna=False)[score]
    parts = {
        "mean": values.mean(),
        "low": values.quantile(low),
        "median": values.median(),
        "high": values.quantile(high),
        "images": values.count(),
    }
    return values.mean().to_frame("mean").assign(**parts).reset_index()


def pool_errors(errors: "pd.DataFrame", by: str | Iterable[str] = ()) -> "pd.DataFrame":
    """Add up the kinds of errors of many images, for each group.

    Parameters
    ----------
    errors : pandas.DataFrame
        Tables of `helpers.metrics.error_kinds`, one below the other; for example ``errors`` of `helpers.metrics.evaluate`.
    by : str or sequence of str
        Columns that tell groups apart.

    Returns
    -------
    table : pandas.DataFrame
        The columns of ``by``, and those of `helpers.metrics.error_kinds`.

    Raises
    ------
    ValueError
        If a column is missing.
    """
    sums = ["count", "truth_objects", "found_objects"]
    keys = [*_columns(errors, by, ("kind", "rule", *sums), "tables of helpers.metrics.error_kinds, joined"), "kind", "rule"]
    table = errors.groupby(keys, sort=False, dropna=False)[sums].sum().reset_index()
    return table.assign(per_truth=_part(table, "count", "truth_objects"), per_found=_part(table, "count", "found_objects"))


def pool_sizes(sizes: "pd.DataFrame", by: str | Iterable[str] = ()) -> "pd.DataFrame":
    """Add up the objects missed and extra of many images, for each group and class of size.

    Parameters
    ----------
    sizes : pandas.DataFrame
        Tables of `helpers.metrics.errors_by_size`, one below the other; for example ``sizes`` of `helpers.metrics.evaluate`.
    by : str or sequence of str
        Columns that tell groups apart.

    Returns
    -------
    table : pandas.DataFrame
        The columns of ``by``, and those of `helpers.metrics.errors_by_size`.

    Raises
    ------
    ValueError
        If a column is missing.
    """
    sums = ["truth_objects", "missed", "found_objects", "extra"]
    keys = [*_columns(sizes, by, ("size_class", *sums), "tables of helpers.metrics.errors_by_size, joined"), "size_class"]
    table = sizes.groupby(keys, sort=False, dropna=False)[sums].sum().reset_index()
    table.insert(len(keys) + 2, "missed_fraction", _part(table, "missed", "truth_objects"))
    return table.assign(extra_fraction=_part(table, "extra", "found_objects"))


def _part(table: "pd.DataFrame", count: str, objects: str) -> np.ndarray:
    """Return one column as a part of another, NaN where that is 0."""
    whole = table[objects].to_numpy(np.float64)
    return np.divide(table[count].to_numpy(np.float64), whole, out=np.full(whole.size, np.nan), where=whole > 0)


def _columns(table: "pd.DataFrame", by: str | Iterable[str], wanted: Iterable[str], kind: str) -> list[str]:
    """Return ``by`` as a list; raise unless the table has these columns and the wanted ones."""
    by = [by] if isinstance(by, str) else list(by)
    missing = [name for name in (*by, *wanted) if name not in table.columns]
    if missing:
        raise ValueError(f"the table has no column {', '.join(missing)}: give {kind}")
    return by
