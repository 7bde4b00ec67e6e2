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


def with_neighbours(truth: np.ndarray) -> np.ndarray:
    """Keep the planes of a truth drawn in few planes that can be projected: those whose neighbours have been drawn, too.

    Parameters
    ----------
    truth : (Z, Y, X) ndarray of bool
        Planes without structure count as not drawn.

    Returns
    -------
    kept : (Z, Y, X) ndarray of bool

    Raises
    ------
    TypeError
        If ``truth`` is not a mask.
    ValueError
        If it is not (Z, Y, X), or no plane is left.

    Examples
    --------
    >>> drawn = np.array([0, 1, 1, 1, 1, 0, 1], bool).reshape(7, 1, 1)
    >>> with_neighbours(drawn).ravel().astype(int).tolist()
    [0, 0, 1, 1, 0, 0, 0]
    """
    drawn = _checks.mask(truth, "truth").any(axis=(1, 2))
    known = np.array([drawn[max(plane - 1, 0) : plane + 2].all() for plane in range(len(drawn))])
    if not known.any():
        raise ValueError(
            f"the truth has structure in {drawn.sum()} of {len(drawn)} planes, but nowhere in three that follow each other: draw it there"
        )
    return truth & known[:, None, None]


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
        If ``reference`` is not a mask of the shape of the image, or is empty.
    """
    import pandas as pd

    if not _checks.mask(reference, "the mask to compare with", ndim=2).any():
        raise ValueError("the mask to compare with is empty in this plane and its neighbours: choose another plane, or look at the mask")
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
        If there is no score at all: no threshold of this kind was tried, or none was found.
    """
    rows = table[(table["kind"] == kind) | (not kind)]
    if not rows["dice"].notna().any():
        raise ValueError(f"no {kind or 'plain'} threshold was found: is this plane constant?")
    return next(rows.loc[[rows["dice"].idxmax()]].itertuples())


def finalists(table: "pd.DataFrame") -> "pd.DataFrame":
    """Return the rows of the best global threshold, of the best local one, and of Otsu, which everybody asks for.

    Parameters
    ----------
    table : pandas.DataFrame
        Of `score_thresholds`.

    Returns
    -------
    table : pandas.DataFrame
        Two or three of its rows, with their index: the place of the threshold in the list it was made of.

    Raises
    ------
    ValueError
        As `best` does.
    """
    otsu = table[(table["kind"] == "global") & (table["method"] == "Otsu")].index
    return table.loc[list(dict.fromkeys([best(table, "global").Index, best(table, "local").Index, *otsu]))]


def best_radii(table: "pd.DataFrame") -> "pd.DataFrame":
    """Return one row for each of the 22 methods: local ones at the radius of their highest Dice.

    Parameters
    ----------
    table : pandas.DataFrame
        Of `score_thresholds`.

    Returns
    -------
    table : pandas.DataFrame
        Some of its rows, with their index: the place of the threshold in the list it was made of.
    """
    chosen = table.assign(dice=table["dice"].fillna(-1)).groupby(["kind", "method"], sort=False)["dice"].idxmax()
    return table.loc[chosen]


def in_other_planes(
    raw: np.ndarray, found: np.ndarray, reference: np.ndarray, chosen: Sequence[Threshold], count: int = 7, *, complete: bool = True
) -> "pd.DataFrame":
    """Apply thresholds that were chosen in one plane to others of the same stack: is it luck, or does it last?

    Parameters
    ----------
    raw : (Z, Y, X) ndarray of int or float
        Intensities.
    found : (Z, Y, X) ndarray of bool
        The result of the workflow.
    reference : (Z, Y, X) ndarray of bool
        The truth; or ``found`` once more, where it is not known.
    chosen : sequence of Threshold
        Which ones.
    count : int
        How many planes at most, evenly spaced; each with its two neighbours.
    complete : bool
        False: planes in which ``reference`` is empty are not known, and left out with their neighbours.

    Returns
    -------
    table : pandas.DataFrame
        One row a plane: ``plane``, ``reference`` (part of the image that is structure), ``workflow`` and the name of each threshold with their
        Dice; NaN where neither has any structure, 0 where something is found and nothing is there.

    Raises
    ------
    TypeError, ValueError
        If the arrays have not one shape, or the masks are not masks; if no plane is known.
    """
    import pandas as pd

    _checks.image(raw)
    found, reference = _checks.mask(found, "found"), _checks.mask(reference, "reference")
    for mask in (found, reference):
        _checks.same_shape(raw, mask, "raw and the masks")
    planes = np.arange(len(raw)) if complete else np.flatnonzero(with_neighbours(reference).any(axis=(1, 2)))
    rows = []
    for plane in planes[np.unique(np.linspace(0, len(planes) - 1, min(count, len(planes))).round().astype(int))].tolist():
        levels, is_found, wanted = classic.eight_bit(near_plane(raw, plane)), near_plane(found, plane), near_plane(reference, plane)
        masks = {"workflow": is_found, **{each.name: _again(levels, each) for each in chosen}}
        dice = {name: metrics.overlap(wanted, mask).dice for name, mask in masks.items()}
        rows.append({"plane": plane, "reference": wanted.mean(), **dice})
    return pd.DataFrame(rows, columns=["plane", "reference", "workflow", *(each.name for each in chosen)])


def answer(table: "pd.DataFrame", workflow: float, *, circular: bool = False) -> list[str]:
    """Say in sentences what the scores mean for the question why a plain threshold would not do.

    Parameters
    ----------
    table : pandas.DataFrame
        Of `score_thresholds`.
    workflow : float
        Dice of the workflow with the truth; not used where ``circular``.
    circular : bool
        The table holds the likeness to the workflow's own result, because the truth is not known.

    Returns
    -------
    sentences : list of str

    Raises
    ------
    ValueError
        If no threshold has a score.
    """
    first, dice = best(table), table["dice"].fillna(0)
    name = _name(first)
    spread = f"half of the {len(table)} thresholds are below {dice.median():.2f}"
    otsu = dice[(table["kind"] == "global") & (table["method"] == "Otsu")].iloc[0]
    if circular:
        return [
            f"No truth is given: these are likenesses to the workflow's own result, which is circular, and say nothing of who is right. "
            f"The threshold most like it is {name} (Dice {first.dice:.2f}); Otsu {otsu:.2f}; {spread}.",
            "Where they differ, the pictures must decide; or draw the truth of three planes, and give it as truth_path.",
        ]
    nearer = int((dice > workflow).sum())
    how_many = f"{nearer} of {len(table)} thresholds" if nearer else "No threshold"
    standing = f"{how_many} {'come' if nearer > 1 else 'comes'} nearer to the truth than the workflow"
    return [
        f"{standing} (Dice {workflow:.2f}). The best is {name} ({first.dice:.2f}); Otsu {otsu:.2f}; {spread}.",
        "Which one is best was seen with the truth in hand; the next image may need another one.",
    ]


def _again(levels: np.ndarray, tried: Threshold) -> np.ndarray:
    """Apply the same method to another image; a global one finds a cutoff of its own there."""
    if tried.kind == "global":
        return levels > classic.global_cutoffs(levels)[tried.method]
    return classic.local_masks(levels, tried.radius)[tried.method]


def _name(row: Any) -> str:
    return Threshold(row.kind, row.method, row.radius, row.cutoff, np.empty(0)).name


def _note(tried: Threshold) -> str:
    """Say what a mask is that is not worth a look."""
    if tried.kind == "global" and np.isnan(tried.cutoff):
        return NONE_FOUND
    return NOTHING if not tried.mask.any() else EVERYTHING if tried.mask.all() else ""
