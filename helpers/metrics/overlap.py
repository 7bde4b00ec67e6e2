"""Scores of a mask as a whole, voxel by voxel."""

from typing import NamedTuple

import numpy as np

from helpers import _checks


class Overlap(NamedTuple):
    """Agreement of two masks, each score 0 to 1; NaN where it is 0 / 0."""

    dice: float
    iou: float
    precision: float
    recall: float


def overlap(truth: np.ndarray, found: np.ndarray) -> Overlap:
    """Compare a found mask with the true one.

    ``precision`` is the part of what was found that is true, ``recall`` the part of the truth that was found; ``dice`` is their
    harmonic mean. A score whose denominator is 0 is NaN: two empty masks have no overlap to speak of.

    Parameters
    ----------
    truth, found : (Z, Y, X) or (Y, X) ndarray of bool
        Masks of one shape.

    Returns
    -------
    Overlap

    Raises
    ------
    TypeError, ValueError
        If they are not masks of one shape.

    References
    ----------
    .. [1] Dice, L. R. (1945) Measures of the amount of ecologic association between species. Ecology 26(3):297-302.

    Examples
    --------
    >>> truth = np.zeros((1, 4, 4), bool); truth[0, :2] = True
    >>> found = np.zeros((1, 4, 4), bool); found[0, 1:3] = True
    >>> overlap(truth, found)
    Overlap(dice=0.5, iou=0.3333333333333333, precision=0.5, recall=0.5)
    """
    truth, found = two_masks(truth, found)
    both, true, positive = (int(np.count_nonzero(part)) for part in (truth & found, truth, found))
    return overlap_of_counts(both, true, positive)


def overlap_of_counts(both: int, true: int, positive: int) -> Overlap:
    """Return the scores made of the number of voxels in both masks, in the true one and in the one found."""
    return Overlap(
        dice=_ratio(2 * both, true + positive),
        iou=_ratio(both, true + positive - both),
        precision=_ratio(both, positive),
        recall=_ratio(both, true),
    )


def two_masks(truth: np.ndarray, found: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return both as bool; raise unless they are masks of one shape with 2 or 3 axes."""
    plane = getattr(truth, "ndim", 3) == 2 and getattr(found, "ndim", 3) == 2
    truth, found = (_checks.mask(array, name, ndim=2 if plane else 3) for array, name in ((truth, "truth"), (found, "found")))
    _checks.same_shape(truth, found, "truth and found")
    return truth, found


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
