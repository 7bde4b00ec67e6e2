"""Scores of many images: every image by itself, pooled, averaged, and beside what a second annotator reaches.

Two ways to make one number of many images answer two questions. *Micro* pools the counts of all images and makes the scores from the sums:
every object weighs the same. *Macro* makes the scores of each image and averages them: every image weighs the same, so that one with
three nuclei weighs as much as one with three hundred.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from helpers.metrics.contingency import contingency
from helpers.metrics.errors import error_kinds, object_table
from helpers.metrics.instances import instance_scores
from helpers.metrics.matching import RATIOS, THRESHOLDS, match, ratios

if TYPE_CHECKING:
    import pandas as pd

SECOND_ANNOTATOR = "second annotator"
SUMS = ("tp", "fp", "fn")


class Evaluation(NamedTuple):
    """Four tables of many images; each begins with ``method, image`` and, where groups were given, ``group``."""

    matching: "pd.DataFrame"
    """One row for each method, image and threshold, as `helpers.metrics.match`."""
    scores: "pd.DataFrame"
    """One row for each method and image, as `helpers.metrics.instance_scores`."""
    errors: "pd.DataFrame"
    """One row for each method, image and kind of error, as `helpers.metrics.error_kinds`."""
    objects: "pd.DataFrame"
    """One row for each method, image and object, as `helpers.metrics.object_table`."""


def evaluate(
    truths: Mapping[str, np.ndarray],
    found: Mapping[str, Mapping[str, np.ndarray]],
    *,
    second_truths: Mapping[str, np.ndarray] | None = None,
    groups: Mapping[str, str] | None = None,
    thresholds: Sequence[int] = THRESHOLDS,
    object_threshold: int = 700,
    voxel_volume: float = 1.0,
    **conventions: Any,
) -> Evaluation:
    """Compare the label images of several methods with truth, image by image.

    Parameters
    ----------
    truths : mapping of str to ndarray of int
        The true label image of each image. A mapping that reads a file when it is asked keeps memory small.
    found : mapping of str to mapping
        For each method its label images, by the same names of images. Every method must have all images.
    second_truths : mapping of str to ndarray of int, optional
        The truth of a second annotator, for some images or all. It is scored like a method, as "second annotator": the ceiling, beyond which a
        method agrees with the first annotator rather than with the biology.
    groups : mapping of str to str, optional
        The group of each image, for example its cell line.
    thresholds : sequence of int
        IoU per thousand.
    object_threshold : int
        IoU per thousand from which an object counts as found in ``errors`` and ``objects``.
    voxel_volume : float
        What one voxel measures, for the sizes in ``objects``.
    **conventions
        Passed to `helpers.metrics.match`: ``criterion, strict, undefined, empty_score``.

    Returns
    -------
    Evaluation

    Raises
    ------
    TypeError, ValueError
        As `helpers.metrics.match`, with the method and the image in front; or if an image or a group is missing.

    Examples
    --------
    >>> truth = np.array([[1, 1, 0, 2, 2, 2]])
    >>> result = evaluate({"a": truth}, {"perfect": {"a": truth}, "half": {"a": np.where(truth == 1, 1, 0)}}, thresholds=[500])
    >>> result.matching[["method", "image", "threshold", "tp", "fn", "f1"]]
        method image  threshold  tp  fn        f1
    0  perfect     a        500   2   0  1.000000
    1     half     a        500   1   1  0.666667
    """
    import pandas as pd

    methods = dict(found)
    if second_truths is not None:
        if SECOND_ANNOTATOR in methods:
            raise ValueError(f"a method is called {SECOND_ANNOTATOR!r}, which is the name of the ceiling: rename it")
        methods[SECOND_ANNOTATOR] = second_truths
    _check_names(truths, found, second_truths, groups)
    tables: dict[str, list[pd.DataFrame]] = {name: [] for name in Evaluation._fields}
    for image in truths:
        truth = truths[image]
        for method, images in methods.items():
            if image not in images:
                continue
            try:
                counts = contingency(truth, images[image])
            except (TypeError, ValueError) as error:
                raise type(error)(f"{method}, {image}: {error}") from error
            parts = (
                match(counts, thresholds=thresholds, **conventions),
                pd.DataFrame([instance_scores(counts)._asdict()]),
                error_kinds(counts, threshold=object_threshold),
                object_table(counts, threshold=object_threshold, voxel_volume=voxel_volume),
            )
            leading = {"method": method, "image": image} | ({} if groups is None else {"group": groups[image]})
            for name, part in zip(tables, parts):
                tables[name].append(part.assign(**leading)[[*leading, *part.columns]])
    order = {method: place for place, method in enumerate(methods)}
    return Evaluation(*(_joined(parts, order) for parts in tables.values()))


def summarize(matching: "pd.DataFrame", by: str | Iterable[str] = ()) -> "pd.DataFrame":
    """Make one row of many images, for each group and threshold: pooled (micro) and averaged (macro).

    Parameters
    ----------
    matching : pandas.DataFrame
        Tables of `helpers.metrics.match`, one below the other, one row for each image and threshold; for example ``matching`` of `evaluate`.
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
    >>> few, many = np.array([[1, 0, 2]]), np.arange(1, 9)[None]
    >>> table = pd.concat([match(few, np.where(few == 1, 1, 0), [500]), match(many, many, [500])])
    >>> summarize(table)[["average", "images", "tp", "fn", "recall"]]
      average  images  tp  fn  recall
    0   micro       2   9   1    0.90
    1   macro       2   9   1    0.75
    """
    import pandas as pd

    by = [by] if isinstance(by, str) else list(by)
    missing = [name for name in (*by, "threshold", *SUMS, *RATIOS) if name not in matching.columns]
    if missing:
        raise ValueError(f"the table has no column {', '.join(missing)}: give tables of helpers.metrics.match, joined")
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
    by = [by] if isinstance(by, str) else list(by)
    keys = by + (["average"] if "average" in summary.columns else [])
    missing = [name for name in (*keys, *RATIOS) if name not in summary.columns]
    if missing:
        raise ValueError(f"the table has no column {', '.join(missing)}: give what helpers.metrics.summarize returns")
    scores = summary[list(RATIOS)].add_prefix("mean_")
    if not keys:
        return scores.mean().to_frame().T
    return scores.groupby([summary[key] for key in keys], sort=False, dropna=False).mean().reset_index()


def _joined(parts: "list[pd.DataFrame]", order: Mapping[str, int]) -> "pd.DataFrame":
    """Return one table, methods in the order in which they were given."""
    import pandas as pd

    if not parts:
        return pd.DataFrame()
    table = pd.concat(parts, ignore_index=True)
    return table.sort_values("method", key=lambda names: names.map(order), kind="stable", ignore_index=True)


def _check_names(
    truths: Mapping[str, np.ndarray],
    found: Mapping[str, Mapping[str, np.ndarray]],
    second_truths: Mapping[str, np.ndarray] | None,
    groups: Mapping[str, str] | None,
) -> None:
    """Raise unless every method has all images and nothing else, and every image a group."""
    if not truths:
        raise ValueError("there is no true label image: give at least one")
    for method, images in found.items():
        missing, unknown = sorted(set(truths) - set(images)), sorted(set(images) - set(truths))
        if missing:
            raise ValueError(
                f"{method} has no label image for {', '.join(missing)}: an image without objects needs an empty one, or it would not count"
            )
        if unknown:
            raise ValueError(f"{method} has label images without truth, {', '.join(unknown)}: leave them out")
    unknown = sorted(set(second_truths or {}) - set(truths))
    if unknown:
        raise ValueError(f"the second annotator has label images without truth, {', '.join(unknown)}: leave them out")
    ungrouped = sorted(set(truths) - set(groups)) if groups is not None else []
    if ungrouped:
        raise ValueError(f"groups has no entry for {', '.join(ungrouped)}")
