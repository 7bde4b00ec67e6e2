"""Match the objects of truth with those found, and count: found, missed, extra.

An object counts as found if one object of the result covers it well enough: their intersection over union (IoU) reaches a threshold. At
a low threshold an outline may be wrong, at a high one it must be right. Thresholds are whole numbers per thousand and comparisons are
made in whole numbers, so that an IoU of exactly 0.7 reaches 700.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from helpers import _checks
from helpers.metrics.contingency import Contingency, contingency

if TYPE_CHECKING:
    import pandas as pd

THRESHOLDS = tuple(range(500, 1000, 50))
CRITERIA = ("iou", "iot", "iop")
COLUMNS = ("threshold", "tp", "fp", "fn", "precision", "recall", "f1", "ap", "pq", "sq")
RATIOS = COLUMNS[4:]

PRESETS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "stardist": MappingProxyType({"thresholds": THRESHOLDS, "undefined": 0.0}),
        "cellpose": MappingProxyType({"thresholds": (500, 750, 900)}),
        "caicedo": MappingProxyType({"thresholds": tuple(range(500, 950, 50)), "strict": True, "undefined": 0.0}),
        "dsb": MappingProxyType({"thresholds": THRESHOLDS, "strict": True, "undefined": 0.0}),
        "zaki": MappingProxyType({"thresholds": (700, 900), "strict": True}),
    }
)
"""The conventions of published evaluations as keywords of `match`: ``match(truth, found, **PRESETS["caicedo"])``.

Over many images, stardist and Zaki et al. pool the counts ("micro" of `helpers.metrics.summarize`), the others average over images ("macro").
Caicedo et al. crop 30 pixels off each border first (`helpers.metrics.prepare`).
"""


def match(
    truth: np.ndarray | Contingency,
    found: np.ndarray | None = None,
    thresholds: Sequence[int] | int = THRESHOLDS,
    *,
    criterion: str = "iou",
    strict: bool = False,
    undefined: float = float("nan"),
    empty_score: float | None = None,
    ignore: np.ndarray | None = None,
) -> "pd.DataFrame":
    """Count the objects found, missed and extra at each threshold, and the scores made of these counts.

    Each object is matched with one other at most: as many pairs as possible, and among equally many those with the highest sum of IoU.
    Above a threshold of 500 no object can reach it with two others.

    Parameters
    ----------
    truth, found : ndarray of int
        Label images of one shape, in 2D or 3D; or a `Contingency` in place of both.
    thresholds : sequence of int
        IoU per thousand: 500 is an IoU of 0.5.
    criterion : {"iou", "iot", "iop"}
        What must reach the threshold: the shared voxels as a part of the union, of the true object, or of the object found.
    strict : bool
        The threshold must be exceeded, not only reached.
    undefined : float
        Score that is 0 / 0: the recall of nothing, for example.
    empty_score : float, optional
        Every score where there are objects neither in truth nor in found; 1.0 calls that perfect. By default ``undefined``.
    ignore : ndarray of bool, optional
        Where truth is not known, see `contingency`.

    Returns
    -------
    table : pandas.DataFrame
        One row a threshold: ``threshold, tp, fp, fn`` (true positives, false positives, false negatives), ``precision`` tp / (tp + fp),
        ``recall`` tp / (tp + fn), ``f1`` 2 tp / (2 tp + fp + fn), ``ap`` tp / (tp + fp + fn) (average precision of the Data Science Bowl),
        ``sq`` segmentation quality: mean IoU of the matched pairs (stardist's mean matched score; its mean true score is recall times sq),
        ``pq`` panoptic quality: f1 times sq.

    Raises
    ------
    TypeError
        If an image is a mask (bool), or does not hold whole numbers; if a threshold is not a whole number.
    ValueError
        If the shapes differ, a label is negative, NaN or has a fraction, a threshold is not within 1 to 1000, or the criterion is unknown.

    References
    ----------
    .. [1] Caicedo, J. C. et al. (2019) Cytometry A 95(9):952-965. :DOI:`10.1002/cyto.a.23863`
    .. [2] Kirillov, A. et al. (2019) Panoptic segmentation. CVPR 2019. :arXiv:`1801.00868`

    Examples
    --------
    >>> truth = np.array([[1, 1, 1, 1, 0, 2, 2, 0, 3]])
    >>> found = np.array([[1, 1, 1, 0, 0, 2, 2, 0, 0]])
    >>> match(truth, found, (500, 800))[["threshold", "tp", "fp", "fn", "f1"]]
       threshold  tp  fp  fn   f1
    0        500   2   0   1  0.8
    1        800   1   1   2  0.4
    """
    import pandas as pd

    counts = contingency(truth, found, ignore=ignore)
    thresholds = checked_thresholds(thresholds)
    tp, fp, total = (np.zeros(len(thresholds), kind) for kind in (np.int64, np.int64, np.float64))
    iou = counts.iou
    for row, threshold in enumerate(thresholds):
        pairs = pair_up(counts, threshold, criterion=criterion, strict=strict)
        unmatched = ~counts.excused
        unmatched[counts.pair_found[pairs]] = False
        tp[row], fp[row], total[row] = pairs.size, np.count_nonzero(unmatched), iou[pairs].sum()
    fn = counts.truth_labels.size - tp
    scores = ratios(tp, fp, fn, total, undefined)
    if empty_score is not None and not counts.truth_labels.size and not counts.found_labels.size:
        scores = {name: np.full(tp.size, float(empty_score)) for name in scores}
    return pd.DataFrame({"threshold": thresholds, "tp": tp, "fp": fp, "fn": fn, **scores}, columns=list(COLUMNS))


def matched_pairs(
    truth: np.ndarray | Contingency, found: np.ndarray | None = None, threshold: int = 500, *, criterion: str = "iou", strict: bool = False
) -> "pd.DataFrame":
    """List the pairs of objects that `match` counts as true positives.

    Parameters
    ----------
    truth, found : ndarray of int
        Label images of one shape, in 2D or 3D; or a `Contingency` in place of both.
    threshold : int
        IoU per thousand.
    criterion, strict
        As in `match`.

    Returns
    -------
    table : pandas.DataFrame
        One row a pair, in the order of truth: ``truth, found`` (labels), ``truth_voxels, found_voxels, shared_voxels, iou``.

    Raises
    ------
    TypeError, ValueError
        As `match`.
    """
    import pandas as pd

    counts = contingency(truth, found)
    (threshold,) = checked_thresholds(threshold)
    pairs = pair_up(counts, threshold, criterion=criterion, strict=strict)
    true, other = counts.pair_truth[pairs], counts.pair_found[pairs]
    return pd.DataFrame(
        {
            "truth": counts.truth_labels[true],
            "found": counts.found_labels[other],
            "truth_voxels": counts.truth_sizes[true],
            "found_voxels": counts.found_sizes[other],
            "shared_voxels": counts.shared[pairs],
            "iou": counts.iou[pairs],
        }
    )


def pair_up(counts: Contingency, threshold: int, *, criterion: str = "iou", strict: bool = False) -> np.ndarray:
    """Return which pairs of a `Contingency` are matched, (matches,) int64 in ascending order."""
    edges = np.flatnonzero(reaches(counts, threshold, criterion=criterion, strict=strict))
    true, other = counts.pair_truth[edges], counts.pair_found[edges]
    if not _repeats(true) and not _repeats(other):
        return edges
    return _assign(counts, edges)


def reaches(counts: Contingency, threshold: int, *, criterion: str = "iou", strict: bool = False) -> np.ndarray:
    """Return whether each pair of a `Contingency` reaches (``strict``: exceeds) the threshold, compared in whole numbers: (pairs,) bool."""
    if criterion not in CRITERIA:
        raise ValueError(f"criterion must be one of {', '.join(CRITERIA)}, got {criterion!r}")
    if criterion == "iou":
        whole = counts.union
    else:
        whole = counts.truth_sizes[counts.pair_truth] if criterion == "iot" else counts.found_sizes[counts.pair_found]
    shared, wanted = 1000 * counts.shared, threshold * whole
    return shared > wanted if strict else shared >= wanted


def ratios(tp: np.ndarray, fp: np.ndarray, fn: np.ndarray, total: np.ndarray, undefined: float = float("nan")) -> dict[str, np.ndarray]:
    """Return the scores made of counts and of the sum of IoU over matched pairs; 0 / 0 is ``undefined``."""
    parts = {
        "precision": (tp, tp + fp),
        "recall": (tp, tp + fn),
        "f1": (2 * tp, 2 * tp + fp + fn),
        "ap": (tp, tp + fp + fn),
        "pq": (2 * total, 2 * tp + fp + fn),
        "sq": (total, tp),
    }
    return {
        name: np.divide(part, whole, out=np.full(np.shape(whole), float(undefined)), where=np.asarray(whole) > 0)
        for name, (part, whole) in parts.items()
    }


def checked_thresholds(thresholds: Sequence[int] | int, name: str = "threshold") -> list[int]:
    """Return the thresholds as a list; raise unless they are whole numbers from 1 to 1000, at least one."""
    listed = list(thresholds) if isinstance(thresholds, (Sequence, np.ndarray)) and not isinstance(thresholds, str) else [thresholds]
    if not listed:
        raise ValueError(f"give at least one {name}, for example 500 for an IoU of 0.5")
    for value in listed:
        if isinstance(value, (float, np.floating)):
            raise TypeError(f"a {name} is a whole number per thousand, got {value}: write {round(1000 * value)} for an IoU of {value}")
        _checks.number(value, name, low=1, high=1000, integer=True)
    return [int(value) for value in listed]


def _repeats(places: np.ndarray) -> bool:
    return places.size > 0 and int(np.bincount(places).max()) > 1


def _assign(counts: Contingency, edges: np.ndarray) -> np.ndarray:
    """Choose among pairs that compete for objects: the most pairs, then the highest sum of IoU, in each connected group by itself."""
    from scipy.optimize import linear_sum_assignment
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    true, other, iou = counts.pair_truth[edges], counts.pair_found[edges], counts.iou[edges]
    objects = counts.truth_labels.size + counts.found_labels.size
    graph = coo_array((np.ones(edges.size), (true, counts.truth_labels.size + other)), shape=(objects, objects))
    group = connected_components(graph, directed=False)[1][true]
    order = np.argsort(group, kind="stable")
    chosen = []
    for members in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        rows, row = np.unique(true[members], return_inverse=True)
        columns, column = np.unique(other[members], return_inverse=True)
        score = np.zeros((rows.size, columns.size))
        score[row, column] = iou[members] + min(score.shape)  # one more pair outweighs any sum of IoU
        taken = np.zeros(score.shape, bool)
        taken[linear_sum_assignment(score, maximize=True)] = True
        chosen.append(edges[members[taken[row, column]]])
    return np.sort(np.concatenate(chosen))
