"""Scores of a whole label image in one number each, as the literature has them; they weigh errors differently.

Sources: Maska, M. et al. (2014) Bioinformatics 30(11):1609-1617 (SEG of the Cell Tracking Challenge); Kumar, N. et al. (2017) IEEE Trans.
Med. Imaging 36(7):1550-1560 (AJI); Sirinukunwattana, K. et al. (2017) Med. Image Anal. 35:489-502 (object Dice weighted by size);
Din, N. U. & Yu, J. (2021) bioRxiv, cellcutter (mIOU of cells and of patches); Caicedo, J. C. et al. (2019) Cytometry A 95(9):952-965
(mean best IoU of the objects found, called Jaccard there).
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from helpers import _checks
from helpers.metrics.contingency import Contingency, best_pair, contingency, numbered
from helpers.metrics.matching import matched_pairs
from helpers.metrics.overlap import Overlap, overlap_of_counts

NAN = float("nan")


class CountError(NamedTuple):
    """Objects found minus true objects, and the same as a part of the true ones (NaN where there are none)."""

    difference: int
    relative: float


class AreaBias(NamedTuple):
    """How much larger objects are found than they are: 1 is right; NaN where there is nothing to compare."""

    total_ratio: float
    """All voxels found over all true ones."""
    median_ratio: float
    """Median over matched pairs of the size found over the true size."""


class InstanceScores(NamedTuple):
    """The scores of this module for one image; see the function of each name."""

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
    """Compute every score of this module that needs no position: one row for one image.

    Parameters
    ----------
    truth, found : ndarray of int
        Label images of one shape, in 2D or 3D; or a `Contingency` in place of both, here and in every function below.
    ignore : ndarray of bool, optional
        Where truth is not known, see `helpers.metrics.contingency`.

    Returns
    -------
    InstanceScores

    Raises
    ------
    TypeError, ValueError
        As `helpers.metrics.match`; so do all functions below.
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
    """Compare the voxels of all objects together, as masks: Dice, IoU, precision and recall of voxels."""
    counts = contingency(truth, found)
    return overlap_of_counts(int(counts.shared.sum()), int(counts.truth_sizes.sum()), int(counts.found_sizes.sum()))


def object_dice(truth: np.ndarray | Contingency, found: np.ndarray | None = None, threshold: int = 500) -> float:
    """Return the mean Dice of the matched pairs; NaN if nothing matches. It says nothing about objects missed or extra."""
    iou = matched_pairs(truth, found, threshold)["iou"].to_numpy()
    return float(np.mean(2 * iou / (1 + iou))) if iou.size else NAN


def object_dice_by_size(truth: np.ndarray | Contingency, found: np.ndarray | None = None) -> float:
    """Return the Dice of each object with the one that it shares most voxels with, weighted by size, averaged over both directions.

    An object that touches none counts as 0. NaN if both images are empty, 0 if one is.
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
    objects. Extra objects cost nothing. NaN if there are no true objects.
    """
    counts = contingency(truth, found)
    covering = 2 * counts.shared > counts.truth_sizes[counts.pair_truth]
    return float(counts.iou[covering].sum() / counts.truth_sizes.size) if counts.truth_sizes.size else NAN


def aji(truth: np.ndarray | Contingency, found: np.ndarray | None = None, *, reuse: bool = False) -> float:
    """Return the aggregated Jaccard index.

    Each true object, in the order of the labels, takes the free object found with the highest IoU; AJI is the sum of the intersections over
    the sum of the unions, to which true objects without a partner and objects found that nobody took add their size. With ``reuse`` an
    object found may be taken again, as in the original definition. NaN if both images are empty.
    """
    counts = contingency(truth, found)
    taken = _best_of_all(counts) if reuse else _best_free(counts)
    used_truth, used_found = np.zeros(counts.truth_sizes.size, bool), np.zeros(counts.found_sizes.size, bool)
    used_truth[counts.pair_truth[taken]] = used_found[counts.pair_found[taken]] = True
    union = int(counts.union[taken].sum() + counts.truth_sizes[~used_truth].sum() + counts.found_sizes[~used_found].sum())
    return int(counts.shared[taken].sum()) / union if union else NAN


def mean_best_iou(truth: np.ndarray | Contingency, found: np.ndarray | None = None) -> float:
    """Return the mean over the objects found of the highest IoU with a true one (the Jaccard of Caicedo et al.); NaN if nothing is found.

    Missed objects cost nothing. The twin over the true objects is `miou_cell`.
    """
    counts = contingency(truth, found)
    best = best_pair(counts.pair_found, counts.iou, counts.found_sizes.size)
    return float(np.append(counts.iou, 0.0)[best].mean()) if best.size else NAN


def miou_cell(truth: np.ndarray | Contingency, found: np.ndarray | None = None, *, partners: Mapping[int, int] | None = None) -> float:
    """Return the mean over the true cells of the IoU with the object found for each.

    Parameters
    ----------
    truth, found : ndarray of int
        Label images of one shape; or a `Contingency` in place of both.
    partners : mapping of int to int, optional
        For each true label the label found from its marker; a cell that is not in it scores 0. By default the one with the highest IoU.

    Returns
    -------
    miou : float
        NaN if there are no true cells. Extra objects cost nothing.
    """
    counts = contingency(truth, found)
    chosen = _partner_pairs(counts, partners)
    return float(np.append(counts.iou, 0.0)[chosen].mean()) if chosen.size else NAN


def miou_fg_bg(
    truth: np.ndarray,
    found: np.ndarray,
    patch: int | Sequence[int] = 64,
    *,
    partners: Mapping[int, int] | None = None,
    offset: float = 0.01,
) -> float:
    """Return the mIOU of patches: in a patch around each true cell, the mean of the IoU of the cell and that of everything else.

    The easier one of the two mIOU: most of a patch is background, which always agrees. A cell of 900 pixels with an IoU of 0.65 scores
    0.77 in a patch of 64 x 64.

    Parameters
    ----------
    truth, found : ndarray of int
        Label images of one shape, in 2D or 3D.
    patch : int or sequence of int
        Edge of the patch in voxels, along each axis that is longer than 1; what lies outside the image counts as background.
    partners : mapping of int to int, optional
        As in `miou_cell`.
    offset : float
        Added to each union, as in the published program.

    Returns
    -------
    miou : float
        NaN if there are no true cells.

    Raises
    ------
    TypeError, ValueError
        As `helpers.metrics.match`; or if ``patch`` does not fit.
    """
    from scipy import ndimage

    counts = contingency(truth, found)
    edges = _patch_edges(patch, truth.shape)
    true_numbers, found_numbers = numbered(truth, counts.truth_labels), numbered(found, counts.found_labels)
    chosen = np.append(counts.pair_found, -1)[_partner_pairs(counts, partners)]
    centres = ndimage.center_of_mass(true_numbers > 0, true_numbers, np.arange(1, chosen.size + 1)) if chosen.size else []
    scores = []
    for place, centre in enumerate(centres):
        starts = [int(round(middle)) - edge // 2 for middle, edge in zip(centre, edges)]
        box = tuple(slice(max(start, 0), start + edge) for start, edge in zip(starts, edges))
        cell, other = true_numbers[box] == place + 1, found_numbers[box] == chosen[place] + 1
        other &= chosen[place] >= 0
        both, either, whole = np.count_nonzero(cell & other), np.count_nonzero(cell | other), int(np.prod(edges))
        scores.append((both / (either + offset) + (whole - either) / (whole - both + offset)) / 2)
    return float(np.mean(scores)) if scores else NAN


def count_error(truth: np.ndarray | Contingency, found: np.ndarray | None = None) -> CountError:
    """Compare the number of objects, whatever their position."""
    counts = contingency(truth, found)
    true, number = counts.truth_labels.size, counts.found_labels.size
    return CountError(number - true, abs(number - true) / true if true else NAN)


def area_bias(truth: np.ndarray | Contingency, found: np.ndarray | None = None, threshold: int = 500) -> AreaBias:
    """Compare sizes: of everything, and of the objects matched at ``threshold`` (IoU per thousand)."""
    counts = contingency(truth, found)
    pairs = matched_pairs(counts, threshold=threshold)
    total = int(counts.truth_sizes.sum())
    return AreaBias(
        total_ratio=int(counts.found_sizes.sum()) / total if total else NAN,
        median_ratio=float((pairs["found_voxels"] / pairs["truth_voxels"]).median()) if len(pairs) else NAN,
    )


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


def _partner_pairs(counts: Contingency, partners: Mapping[int, int] | None) -> np.ndarray:
    """Return for each true object the pair with its partner, -1 for none."""
    if partners is None:
        return best_pair(counts.pair_truth, counts.iou, counts.truth_sizes.size)
    names = zip(counts.truth_labels[counts.pair_truth].tolist(), counts.found_labels[counts.pair_found].tolist())
    pairs = {name: pair for pair, name in enumerate(names)}
    return np.array([pairs.get((label, partners.get(label, 0)), -1) for label in counts.truth_labels.tolist()], np.int64)


def _patch_edges(patch: int | Sequence[int], shape: tuple[int, ...]) -> list[int]:
    if isinstance(patch, (Sequence, np.ndarray)):
        if len(patch) != len(shape):
            raise ValueError(f"patch must be one number, or one for each axis: wanted {len(shape)}, got {len(patch)}")
        return [int(_checks.number(edge, "patch", low=1, integer=True)) for edge in patch]
    return [1 if length == 1 else int(_checks.number(patch, "patch", low=1, integer=True)) for length in shape]
