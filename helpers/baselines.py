"""The plain thresholds against which a workflow has to show its worth: all 22 of them tried on one image, and scored.

As in the comparison of the published workflows, they see the brightest values of a plane and its two neighbours, scaled to 256 levels. Whatever
they are compared with, the truth or the result of a workflow, is projected in the same way.

>>> import numpy as np
>>> truth = np.zeros((24, 24), bool)
>>> truth[8:16, 8:16] = True
>>> image = 100 + 50 * truth.astype(float)
>>> tried = try_thresholds(classic.eight_bit(image), radii=[8])
>>> len(tried), tried[8].name, tried[8].cutoff
(22, 'Otsu', 0.0)
>>> best(score_thresholds(tried, truth), "global").dice
1.0
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from helpers import _checks, classic, metrics

if TYPE_CHECKING:
    import pandas as pd

RADII = (8, 16, 32, 64)
NONE_FOUND, NOTHING, EVERYTHING = "no threshold found", "nothing is foreground", "everything is foreground"


class Threshold(NamedTuple):
    """One plain threshold tried on one image.

    Attributes
    ----------
    kind : str
        "global": one cutoff for the image; "local": one for each pixel.
    method : str
        A name of `classic.GLOBAL_THRESHOLDS` or `classic.LOCAL_THRESHOLDS`.
    radius : int
        Of the disc around each pixel; 0 for a global one.
    cutoff : float
        Level from 0 to 255; NaN for a local one, and where a global one finds none.
    mask : (Y, X) ndarray of bool
        What is brighter.
    """

    kind: str
    method: str
    radius: int
    cutoff: float
    mask: np.ndarray

    @property
    def name(self) -> str:
        """The method, with the radius if it is local."""
        return f"local {self.method}, radius {self.radius}" if self.kind == "local" else self.method


def near_plane(array: np.ndarray, plane: int) -> np.ndarray:
    """Return the highest values of a plane and its two neighbours; at the ends of the stack, of its one neighbour.

    Parameters
    ----------
    array : (Z, Y, X) ndarray
        Intensities, or a mask: there the result is where one of the planes has structure.
    plane : int
        From 0.

    Returns
    -------
    projected : (Y, X) ndarray

    Raises
    ------
    TypeError
        If ``array`` is not an array, or ``plane`` not a whole number.
    ValueError
        If ``array`` is not (Z, Y, X), or ``plane`` is not in it.

    Examples
    --------
    >>> near_plane(np.arange(4).reshape(4, 1, 1), 1).item()
    2
    """
    if not isinstance(array, np.ndarray):
        raise TypeError(f"array must be a numpy array, got {type(array).__name__}")
    if array.ndim != 3:
        raise ValueError(f"array must be (Z, Y, X), got {array.shape}")
    _checks.number(plane, "plane", low=0, high=len(array) - 1, integer=True)
    return array[max(plane - 1, 0) : plane + 2].max(axis=0)


def try_thresholds(levels: np.ndarray, radii: Sequence[int] = RADII) -> list[Threshold]:
    """Apply all 14 global thresholds, and all 8 local ones at each radius.

    Parameters
    ----------
    levels : (Y, X) ndarray of uint8
        An 8-bit image, as `classic.eight_bit` returns it.
    radii : sequence of int
        Of the discs of the local ones, in pixels.

    Returns
    -------
    tried : list of Threshold
        Global ones first. One that finds no cutoff has an empty mask; nothing here stops at an image that suits a method badly.

    Raises
    ------
    TypeError, ValueError
        If ``levels`` is not an 8-bit image of one plane, or a radius not a positive whole number.
    """
    _checks.plane(levels, "levels")
    cutoffs = classic.global_cutoffs(levels)
    tried = [Threshold("global", method, 0, cutoff, levels > cutoff) for method, cutoff in cutoffs.items()]
    for radius in radii:
        masks = classic.local_masks(levels, radius)
        tried += [Threshold("local", method, radius, float("nan"), mask) for method, mask in masks.items()]
    return tried


def score_thresholds(tried: Sequence[Threshold], reference: np.ndarray) -> "pd.DataFrame":
    """Score each threshold against a mask.

    Parameters
    ----------
    tried : sequence of Threshold
        As `try_thresholds` returns them.
    reference : (Y, X) ndarray of bool
        The truth, projected in the same way as the image; or, where there is none, the result of a workflow.

    Returns
    -------
    table : pandas.DataFrame
        One row a threshold, in their order: ``kind, method, radius, cutoff, foreground`` (part of the image), ``dice, precision, recall, note``.
        Scores are NaN where no threshold was found, and where they would be 0 / 0.

    Raises
    ------
    TypeError, ValueError
        If ``reference`` is not a mask of the shape of the image.
    """
    import pandas as pd

    rows = []
    for each in tried:
        row = {"kind": each.kind, "method": each.method, "radius": each.radius, "cutoff": each.cutoff, "foreground": each.mask.mean()}
        score = metrics.overlap(reference, each.mask)
        note = _note(each)
        scores = {name: float("nan") if note == NONE_FOUND else getattr(score, name) for name in ("dice", "precision", "recall")}
        rows.append({**row, **scores, "note": note})
    return pd.DataFrame(rows)


def best(table: "pd.DataFrame", kind: str = "") -> Any:
    """Return the row of the highest Dice.

    Parameters
    ----------
    table : pandas.DataFrame
        Of `score_thresholds`.
    kind : str
        "global" or "local"; empty: both.

    Returns
    -------
    row : namedtuple
        With the columns of the table, and ``Index``, which is the place of the threshold in the list it was made of.

    Raises
    ------
    ValueError
        If there is no score at all: the reference is empty and nothing was found, or no threshold of this kind was tried.
    """
    rows = table[(table["kind"] == kind) | (not kind)]
    if not rows["dice"].notna().any():
        raise ValueError(f"no {kind or 'plain'} threshold has a score: the mask to compare with is empty, or none was tried")
    return next(rows.loc[[rows["dice"].idxmax()]].itertuples())


def _note(tried: Threshold) -> str:
    """Say what a mask is that is not worth a look."""
    if tried.kind == "global" and np.isnan(tried.cutoff):
        return NONE_FOUND
    return NOTHING if not tried.mask.any() else EVERYTHING if tried.mask.all() else ""
