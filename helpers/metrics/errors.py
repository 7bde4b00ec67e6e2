"""In which way a segmentation is wrong: objects missed, extra, split and merged, counted and listed one by one.

An object is split if two or more objects found lie on it, and objects are merged if one object found lies on two or more. Two rules say
what "lies on" means. By the IoU rule the two overlap by an IoU of at least 0.1, which overlooks a small piece: 20 voxels beside 500 have an
IoU of 0.04 only. By the coverage rule more than half of the smaller partner lies on the other, whatever its size.

Sources: Caicedo, J. C. et al. (2019) Cytometry A 95(9):952-965 and Zaki, G. et al. (2020) Cytometry A 97(12):1248-1264 (IoU rule, size
classes).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from helpers import _checks
from helpers.metrics.contingency import Contingency, best_pair, contingency
from helpers.metrics.matching import checked_thresholds, pair_up, reaches

if TYPE_CHECKING:
    import pandas as pd

SIZE_EDGES = (250, 625, 900)
SIZE_NAMES = ("tiny", "small", "normal", "large")
OBJECT_COLUMNS = ("side", "label", "size", "size_class", "status", "partner", "iou", "partners")


class _Links(NamedTuple):
    """The pairs that count for one rule: as pieces of a true object, and as true objects under one object found. (pairs,) bool each."""

    pieces: np.ndarray
    merged: np.ndarray


def error_kinds(
    truth: np.ndarray | Contingency,
    found: np.ndarray | None = None,
    *,
    threshold: int = 700,
    overlap_threshold: int = 100,
    strict: bool = False,
    ignore: np.ndarray | None = None,
) -> "pd.DataFrame":
    """Count the objects missed, extra, split and merged.

    The kinds overlap: an object cut into halves is split, and missed as well, because neither half reaches the threshold.

    Parameters
    ----------
    truth, found : ndarray of int
        Label images of one shape, in 2D or 3D; or a `Contingency` in place of both.
    threshold : int
        IoU per thousand from which an object counts as found.
    overlap_threshold : int
        IoU per thousand from which an object found counts as a piece, and a true object as merged.
    strict : bool
        Both thresholds must be exceeded, not only reached (Caicedo et al.).
    ignore : ndarray of bool, optional
        Where truth is not known, see `helpers.metrics.contingency`.

    Returns
    -------
    table : pandas.DataFrame
        Rows missed, extra, split and merged by IoU, split and merged by coverage. ``kind, rule, count``: for split the number of true
        objects that are split, for merged the number of objects found that merge others; ``truth_objects, found_objects``; ``per_truth,
        per_found``: the count as a part of these (NaN where there are none).

    Raises
    ------
    TypeError, ValueError
        As `helpers.metrics.match`.

    Examples
    --------
    >>> truth = np.array([[1, 1, 1, 1, 0, 2, 2, 3, 3, 0]])
    >>> found = np.array([[1, 1, 2, 2, 0, 3, 3, 3, 3, 0]])
    >>> error_kinds(truth, found)[["kind", "rule", "count"]]
         kind      rule  count
    0  missed       iou      3
    1   extra       iou      3
    2   split       iou      1
    3  merged       iou      1
    4   split  coverage      1
    5  merged  coverage      1
    """
    import pandas as pd

    counts = contingency(truth, found, ignore=ignore)
    true_matched, found_matched = _matched(counts, threshold, strict)
    extra = ~found_matched & ~counts.excused
    rows = [("missed", "iou", np.count_nonzero(~true_matched)), ("extra", "iou", np.count_nonzero(extra))]
    for rule, links in _rules(counts, overlap_threshold, strict).items():
        split, merging = _several(counts, links)
        rows += [("split", rule, np.count_nonzero(split)), ("merged", rule, np.count_nonzero(merging))]
    table = pd.DataFrame(rows, columns=["kind", "rule", "count"]).astype({"count": np.int64})
    for side, objects in (("truth", counts.truth_labels.size), ("found", counts.found_labels.size)):
        table[f"{side}_objects"] = objects
        table[f"per_{side}"] = table["count"] / objects if objects else float("nan")
    return table[["kind", "rule", "count", "truth_objects", "found_objects", "per_truth", "per_found"]]


def object_table(
    truth: np.ndarray | Contingency,
    found: np.ndarray | None = None,
    *,
    threshold: int = 700,
    overlap_threshold: int = 100,
    strict: bool = False,
    size_edges: Sequence[float] = SIZE_EDGES,
    size_names: Sequence[str] = SIZE_NAMES,
    voxel_volume: float = 1.0,
    ignore: np.ndarray | None = None,
) -> "pd.DataFrame":
    """List every object of truth and every object found, with its best partner and what became of it.

    Parameters
    ----------
    truth, found : ndarray of int
        Label images of one shape, in 2D or 3D; or a `Contingency` in place of both.
    threshold, overlap_threshold, strict, ignore
        As in `error_kinds`; split and merged by either rule.
    size_edges : sequence of float
        Upper bounds of all classes of size but the last; a bound belongs to the class below it.
    size_names : sequence of str
        Names of the classes, one more than bounds.
    voxel_volume : float
        What one voxel measures: 1 gives sizes and bounds in voxels, the product of the voxel size gives them in um^2 or um^3.

    Returns
    -------
    table : pandas.DataFrame
        ``side`` ("truth" or "found"), ``label``, ``size``, ``size_class``, ``status``, ``partner`` (label on the other side with the highest
        IoU, 0 if none), ``iou`` with it, ``partners`` (the number of pieces of a true object, of true objects under an object found).
        Status in truth: matched, else split, else merged (one of the objects under a merging one), else missed. Status in found:
        matched, else merging, else fragment (a piece of a split object), else extra, or ignored where truth is not known.

    Raises
    ------
    TypeError, ValueError
        As `helpers.metrics.match`; or if the bounds do not ascend or do not fit the names.
    """
    import pandas as pd

    counts = contingency(truth, found, ignore=ignore)
    rules = _rules(counts, overlap_threshold, strict)
    pieces, others = (np.logical_or.reduce(links) for links in zip(*rules.values()))
    true_status, found_status = _statuses(counts, rules, _matched(counts, threshold, strict))
    true_side = (counts.truth_labels, counts.truth_sizes, counts.pair_truth, counts.found_labels[counts.pair_found])
    found_side = (counts.found_labels, counts.found_sizes, counts.pair_found, counts.truth_labels[counts.pair_truth])
    sides = []
    for side, (labels, sizes, own, other), status, links in (
        ("truth", true_side, true_status, pieces),
        ("found", found_side, found_status, others),
    ):
        best = best_pair(own, counts.iou, labels.size)
        partner, iou = (np.append(values, 0)[best] for values in (other, counts.iou))  # place -1, no partner, is the 0 at the end
        names = size_classes(sizes * voxel_volume, size_edges, size_names)
        number = np.bincount(own[links], minlength=labels.size)
        columns = (side, labels, sizes * voxel_volume, names, status, partner, iou, number)
        sides.append(pd.DataFrame(dict(zip(OBJECT_COLUMNS, columns))))
    return pd.concat(sides, ignore_index=True)


def errors_by_size(
    truth: np.ndarray | Contingency,
    found: np.ndarray | None = None,
    *,
    threshold: int = 700,
    strict: bool = False,
    size_edges: Sequence[float] = SIZE_EDGES,
    size_names: Sequence[str] = SIZE_NAMES,
    voxel_volume: float = 1.0,
    ignore: np.ndarray | None = None,
) -> "pd.DataFrame":
    """Count the objects missed by their true size, and the extra ones by the size found.

    Parameters
    ----------
    truth, found : ndarray of int
        Label images of one shape, in 2D or 3D; or a `Contingency` in place of both.
    threshold, strict, size_edges, size_names, voxel_volume, ignore
        As in `object_table`. The bounds are those of Caicedo et al. for nuclei at 20x, in pixels; the largest class has no upper bound here.

    Returns
    -------
    table : pandas.DataFrame
        One row a class of size: ``size_class, truth_objects, missed, missed_fraction, found_objects, extra, extra_fraction``; the fraction
        of an empty class is NaN.

    Raises
    ------
    TypeError, ValueError
        As `object_table`.
    """
    import pandas as pd

    counts = contingency(truth, found, ignore=ignore)
    true_matched, found_matched = _matched(counts, threshold, strict)
    table = pd.DataFrame({"size_class": list(size_names)})
    for side, sizes, kind, wrong in (
        ("truth", counts.truth_sizes, "missed", ~true_matched),
        ("found", counts.found_sizes, "extra", ~found_matched & ~counts.excused),
    ):
        names = size_classes(sizes * voxel_volume, size_edges, size_names)
        objects, errors = (np.array([np.count_nonzero(part == name) for name in size_names]) for part in (names, names[wrong]))
        table[f"{side}_objects"], table[kind] = objects, errors
        table[f"{kind}_fraction"] = np.divide(errors, objects, out=np.full(objects.size, np.nan), where=objects > 0)
    return table


def size_classes(sizes: np.ndarray, edges: Sequence[float] = SIZE_EDGES, names: Sequence[str] = SIZE_NAMES) -> np.ndarray:
    """Return the class of each size.

    Parameters
    ----------
    sizes : (objects,) ndarray
        Sizes of objects.
    edges : sequence of float
        Upper bounds of all classes but the last; a bound belongs to the class below it.
    names : sequence of str
        Names of the classes, one more than bounds.

    Returns
    -------
    classes : (objects,) ndarray of str

    Raises
    ------
    ValueError
        If the bounds do not ascend or do not fit the names.

    Examples
    --------
    >>> size_classes(np.array([250, 251, 20000])).tolist()
    ['tiny', 'small', 'large']
    """
    edges = [_checks.number(edge, "size_edges", above=0) for edge in edges]
    if sorted(set(edges)) != edges:
        raise ValueError(f"size_edges must ascend, got {edges}")
    if len(names) != len(edges) + 1:
        raise ValueError(f"size_names must be one more than size_edges: got {len(names)} names and {len(edges)} bounds")
    return np.array(names, dtype=object)[np.searchsorted(edges, sizes, side="left")]


def _matched(counts: Contingency, threshold: int, strict: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return which true objects, and which objects found, have a partner at the threshold."""
    (threshold,) = checked_thresholds(threshold)
    pairs = pair_up(counts, threshold, strict=strict)
    truth, found = np.zeros(counts.truth_labels.size, bool), np.zeros(counts.found_labels.size, bool)
    truth[counts.pair_truth[pairs]] = found[counts.pair_found[pairs]] = True
    return truth, found


def _rules(counts: Contingency, overlap_threshold: int, strict: bool) -> dict[str, _Links]:
    """Return which pairs count by each rule."""
    (overlap_threshold,) = checked_thresholds(overlap_threshold, "overlap_threshold")
    by_iou = reaches(counts, overlap_threshold, strict=strict)
    inside_truth = 2 * counts.shared > counts.found_sizes[counts.pair_found]
    inside_found = 2 * counts.shared > counts.truth_sizes[counts.pair_truth]
    return {"iou": _Links(by_iou, by_iou), "coverage": _Links(inside_truth, inside_found)}


def _statuses(counts: Contingency, rules: dict[str, _Links], matched: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return what became of each true object and of each object found, by any of the rules."""
    pieces, others = (np.logical_or.reduce(links) for links in zip(*rules.values()))
    split, merging = (np.logical_or.reduce(objects) for objects in zip(*(_several(counts, links) for links in rules.values())))
    under, fragment = np.zeros(split.size, bool), np.zeros(merging.size, bool)
    under[counts.pair_truth[others & merging[counts.pair_found]]] = True
    fragment[counts.pair_found[pieces & split[counts.pair_truth]]] = True
    return (
        np.select([matched[0], split, under], ["matched", "split", "merged"], "missed"),
        np.select([matched[1], merging, fragment, counts.excused], ["matched", "merging", "fragment", "ignored"], "extra"),
    )


def _several(counts: Contingency, links: _Links) -> tuple[np.ndarray, np.ndarray]:
    """Return which true objects have several pieces, and which objects found have several true ones under them."""
    split = np.bincount(counts.pair_truth[links.pieces], minlength=counts.truth_labels.size) >= 2
    merging = np.bincount(counts.pair_found[links.merged], minlength=counts.found_labels.size) >= 2
    return split, merging
