"""Scores of a whole label image in one number each, as the literature has them; they weigh errors differently.

Sources: Maska, M. et al. (2014) Bioinformatics 30(11):1609-1617 (SEG of the Cell Tracking Challenge); Kumar, N. et al. (2017) IEEE Trans.
Med. Imaging 36(7):1550-1560 (AJI); Sirinukunwattana, K. et al. (2017) Med. Image Anal. 35:489-502 (object Dice weighted by size);
Caicedo, J. C. et al. (2019) Cytometry A 95(9):952-965 (mean best IoU of the objects found, called Jaccard there).
"""

from typing import NamedTuple

import numpy as np

from helpers.metrics.bias import area_bias, count_error
from helpers.metrics.contingency import Contingency, best_pair, contingency
from helpers.metrics.matching import matched_pairs
from helpers.metrics.miou import miou_cell
from helpers.metrics.overlap import Overlap, overlap_of_counts

NAN = float("nan")


class InstanceScores(NamedTuple):
    """The scores of one image; see the function of each name."""

    truth_objects: int
    found_objects: int
    count_difference: int
    count_error: float
    dice: float
    iou: float
    object_dice: float
    object_dice_by_size: float
    seg: float
    aji: float
    miou_cell: float
    mean_best_iou: float
    area_ratio: float
    median_area_ratio: float


def instance_scores(
    truth: np.ndarray | Contingency, found: np.ndarray | None = None, *, ignore: np.ndarray | None = None
) -> InstanceScores:
    """Compute every score of this module, and `miou_cell`: one row for one image.

    Parameters
    ----------
    truth, found : ndarray of int
        Label images of one shape, in 2D or 3D; or a `Contingency` in place of both.
    ignore : ndarray of bool, optional
        Where truth is not known, see `helpers.metrics.contingency`.

    Returns
    -------
    InstanceScores

    Raises
    ------
    TypeError, ValueError
        As `helpers.metrics.match`.
    """
    counts = contingency(truth, found, ignore=ignore)
    whole, number, size = foreground(counts), count_error(counts), area_bias(counts)
    return InstanceScores(
        truth_objects=counts.truth_labels.size,
        found_objects=counts.found_labels.size,
        count_difference=number.difference,
        count_error=number.relative,
        dice=whole.dice,
        iou=whole.iou,
        object_dice=object_dice(counts),
        object_dice_by_size=object_dice_by_size(counts),
        seg=seg(counts),
        aji=aji(counts),
        miou_cell=miou_cell(counts),
        mean_best_iou=mean_best_iou(counts),
        area_ratio=size.total_ratio,
        median_area_ratio=size.median_ratio,
    )


def foreground(truth: np.ndarray | Contingency, found: np.ndarray | None = None) -> Overlap:
    """Compare the voxels of all objects together, as masks.

    Parameters
    ----------
    truth, found : ndarray of int
        Label images of one shape, in 2D or 3D; or a `Contingency` in place of both.

    Returns
    -------
    Overlap
        Dice, IoU, precision and recall of voxels.

    Raises
    ------
    TypeError, ValueError
        As `helpers.metrics.match`.
    """
    counts = contingency(truth, found)
    return overlap_of_counts(int(counts.shared.sum()), int(counts.truth_sizes.sum()), int(counts.found_sizes.sum()))


def object_dice(truth: np.ndarray | Contingency, found: np.ndarray | None = None, threshold: int = 500) -> float:
    """Return the mean Dice of the matched pairs. It says nothing about objects missed or extra.

    Parameters
    ----------
    truth, found : ndarray of int
        Label images of one shape, in 2D or 3D; or a `Contingency` in place of both.
    threshold : int
        IoU per thousand from which two objects are a pair.

    Returns
    -------
    dice : float
        From 0 to 1; NaN if nothing matches.

    Raises
    ------
    TypeError, ValueError
        As `helpers.metrics.match`.
    """
    iou = matched_pairs(truth, found, threshold)["iou"].to_numpy()
    return float(np.mean(2 * iou / (1 + iou))) if iou.size else NAN


def object_dice_by_size(truth: np.ndarray | Contingency, found: np.ndarray | None = None) -> float:
    """Return the Dice of each object with the one that it shares most voxels with, weighted by size, averaged over both directions.

    An object that touches none counts as 0.

    Parameters
    ----------
    truth, found : ndarray of int
        Label images of one shape, in 2D or 3D; or a `Contingency` in place of both.

    Returns
    -------
    dice : float
        From 0 to 1; NaN if both images are empty, 0 if one is.

    Raises
    ------
    TypeError, ValueError
        As `helpers.metrics.match`.
    """
    counts = contingency(truth, found)
    dice = 2 * counts.shared / (counts.truth_sizes[counts.pair_truth] + counts.found_sizes[counts.pair_found])
    means = []
    for places, sizes in ((counts.pair_truth, counts.truth_sizes), (counts.pair_found, counts.found_sizes)):
        best = np.append(dice, 0.0)[best_pair(places, counts.shared, sizes.size)]
        means.append(float(np.average(best, weights=sizes)) if sizes.size else 0.0)
    return sum(means) / 2 if counts.truth_sizes.size or counts.found_sizes.size else NAN


def seg(truth: np.ndarray | Contingency, found: np.ndarray | None = None) -> float:
    """Return SEG of the Cell Tracking Challenge.

    Each true object scores its IoU with the object found that covers more than half of it, 0 if none does; SEG is the mean over the true
    objects. Extra objects cost nothing.

    Parameters
    ----------
    truth, found : ndarray of int
        Label images of one shape, in 2D or 3D; or a `Contingency` in place of both.

    Returns
    -------
    seg : float
        From 0 to 1; NaN if there are no true objects.

    Raises
    ------
    TypeError, ValueError
        As `helpers.metrics.match`.
    """
    counts = contingency(truth, found)
    covering = 2 * counts.shared > counts.truth_sizes[counts.pair_truth]
    return float(counts.iou[covering].sum() / counts.truth_sizes.size) if counts.truth_sizes.size else NAN


def aji(truth: np.ndarray | Contingency, found: np.ndarray | None = None, *, reuse: bool = False) -> float:
    """Return the aggregated Jaccard index.

    Each true object, in the order of the labels, takes the free object found with the highest IoU; AJI is the sum of the intersections over
    the sum of the unions, to which true objects without a partner and objects found that nobody took add their size.

    Parameters
    ----------
    truth, found : ndarray of int
        Label images of one shape, in 2D or 3D; or a `Contingency` in place of both.
    reuse : bool
        An object found may be taken again, as in the original definition.

    Returns
    -------
    aji : float
        From 0 to 1; NaN if both images are empty.

    Raises
    ------
    TypeError, ValueError
        As `helpers.metrics.match`.
    """
    counts = contingency(truth, found)
    taken = _best_of_all(counts) if reuse else _best_free(counts)
    used_truth, used_found = np.zeros(counts.truth_sizes.size, bool), np.zeros(counts.found_sizes.size, bool)
    used_truth[counts.pair_truth[taken]] = used_found[counts.pair_found[taken]] = True
    union = int(counts.union[taken].sum() + counts.truth_sizes[~used_truth].sum() + counts.found_sizes[~used_found].sum())
    return int(counts.shared[taken].sum()) / union if union else NAN


def mean_best_iou(truth: np.ndarray | Contingency, found: np.ndarray | None = None) -> float:
    """Return the mean over the objects found of the highest IoU with a true one (the Jaccard of Caicedo et al.).

    Missed objects cost nothing. The twin over the true objects is `miou_cell`.

    Parameters
    ----------
    truth, found : ndarray of int
        Label images of one shape, in 2D or 3D; or a `Contingency` in place of both.

    Returns
    -------
    iou : float
        From 0 to 1; NaN if nothing is found.

    Raises
    ------
    TypeError, ValueError
        As `helpers.metrics.match`.
    """
    counts = contingency(truth, found)
    best = best_pair(counts.pair_found, counts.iou, counts.found_sizes.size)
    return float(np.append(counts.iou, 0.0)[best].mean()) if best.size else NAN


def _best_of_all(counts: Contingency) -> np.ndarray:
    best = best_pair(counts.pair_truth, counts.iou, counts.truth_sizes.size)
    return best[best >= 0]


def _best_free(counts: Contingency) -> np.ndarray:
    """Return the pairs taken when each true object in turn takes the best object found that is still free."""
    taken: list[int] = []
    free = np.ones(counts.found_sizes.size, bool)
    order = np.lexsort((-counts.iou, counts.pair_truth))
    last = -1
    for pair, true, other in zip(order.tolist(), counts.pair_truth[order].tolist(), counts.pair_found[order].tolist()):
        if true != last and free[other]:
            free[other] = False
            last = true
            taken.append(pair)
    return np.array(taken, np.int64)
