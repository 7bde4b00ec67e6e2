"""Corrections of label images: each returns the small box that changes, before and after, and changes nothing itself.

A label image is (Z, Y, X) of int, 0 is background. Regions are drawn as in `helpers.curation.regions`; splits and deletions work on whole objects.
"""

from collections.abc import Sequence
from numbers import Integral
from typing import NamedTuple

import numpy as np

from helpers.curation.regions import Region, box_of, region_mask

Box = tuple[slice, slice, slice]


class Change(NamedTuple):
    """What a correction changes: the labels of a box, before and after."""

    box: Box
    before: np.ndarray
    after: np.ndarray
    ids: tuple[int, ...]
    """The objects that it is about: first those that keep or get their number, then those that vanish."""


def apply(labels: np.ndarray, change: Change, *, back: bool = False) -> np.ndarray:
    """Return labels with a change made, or taken back.

    Parameters
    ----------
    labels : (Z, Y, X) ndarray of int
    change : Change
        Made for these labels.
    back : bool
        Take it back.

    Returns
    -------
    labels : (Z, Y, X) ndarray of int

    Examples
    --------
    >>> labels = np.array([[[1, 1, 0, 2]]])
    >>> change = delete(labels, [1])
    >>> apply(labels, change).tolist(), apply(apply(labels, change), change, back=True).tolist()
    ([[[0, 0, 0, 2]]], [[[1, 1, 0, 2]]])
    """
    changed = labels.copy()
    changed[change.box] = change.before if back else change.after
    return changed


def paint(labels: np.ndarray, regions: Sequence[Region], label: int, *, over: bool = False) -> Change:
    """Give a number to what was drawn: a new object, more of an object, a seed or a scribble; 0 rubs out.

    Parameters
    ----------
    labels : (Z, Y, X) ndarray of int
    regions : sequence of Region
    label : int
    over : bool
        Also where other objects are. Rubbing out always is.

    Returns
    -------
    change : Change

    Raises
    ------
    TypeError, ValueError
        If ``labels`` or ``label`` makes no sense, or nothing would change.
    """
    check(labels)
    label = object_number(label, lowest=0)
    box, drawn = _drawn(labels, regions)
    before = labels[box]
    free = drawn if over or label == 0 else drawn & (before == 0)
    change = Change(box, before.copy(), np.where(free, label, before).astype(labels.dtype), (label,) if label else ())
    if np.array_equal(change.before, change.after):
        where = "lies outside the image" if not drawn.any() else "is background already" if label == 0 else "belongs to objects already"
        raise ValueError(f"nothing was painted: what was drawn {where}")
    return change


def add(labels: np.ndarray, regions: Sequence[Region], new: int | None = None, *, over: bool = False) -> Change:
    """Make a new object of what was drawn.

    Parameters
    ----------
    labels : (Z, Y, X) ndarray of int
    regions : sequence of Region
    new : int, optional
        Its number; one more than the highest if left out.
    over : bool
        Also where other objects are.

    Returns
    -------
    change : Change

    Raises
    ------
    TypeError, ValueError
        As `paint`; or if the number is taken.
    """
    return paint(labels, regions, new_number(labels, new), over=over)


def delete(labels: np.ndarray, ids: Sequence[int]) -> Change:
    """Remove objects.

    Raises
    ------
    TypeError, ValueError
        If there are no such objects.
    """
    check(labels)
    ids = ids_of(ids)
    return _replace(labels, ids, 0)


def join(labels: np.ndarray, ids: Sequence[int]) -> Change:
    """Make one object of several; it keeps the first number.

    Raises
    ------
    TypeError, ValueError
        If there are no such objects, or fewer than two.
    """
    check(labels)
    ids = ids_of(ids)
    if len(ids) < 2:
        raise ValueError(f"two objects or more are wanted to make one of them, got {len(ids)}")
    return _replace(labels, ids, ids[0])


def redraw(labels: np.ndarray, label: int, regions: Sequence[Region], *, over: bool = False) -> Change:
    """Replace an object by what was drawn, on the planes it was drawn on; its other planes stay.

    Parameters
    ----------
    labels : (Z, Y, X) ndarray of int
    label : int
    regions : sequence of Region
    over : bool
        Also where other objects are.

    Returns
    -------
    change : Change

    Raises
    ------
    TypeError, ValueError
        If there is no such object, or nothing is drawn within the image.
    """
    check(labels)
    (label,) = ids_of([label])
    old = box_around(labels, (label,))
    box, drawn = _drawn(labels, regions)
    if not drawn.any():
        raise ValueError("nothing was drawn within the image: draw the object anew, or delete it")
    whole = tuple(slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(old, box))
    before = labels[whole].copy()
    inside = np.zeros(before.shape, bool)
    inside[tuple(slice(b.start - w.start, b.stop - w.start) for b, w in zip(box, whole))] = drawn
    planes = inside.any(axis=(1, 2), keepdims=True)
    after = np.where((before == label) & planes, 0, before)
    after[inside if over else inside & (after == 0)] = label
    return Change(whole, before, after.astype(labels.dtype), (label,))


def _drawn(labels: np.ndarray, regions: Sequence[Region]) -> tuple[Box, np.ndarray]:
    """Return the box that regions can reach, and which of its voxels they cover."""
    if not regions:
        raise ValueError("nothing was drawn: give at least one region")
    box = box_of(regions, labels.shape)
    return box, within(regions, box, labels.shape)


def within(regions: Sequence[Region], box: Box, shape: tuple[int, ...]) -> np.ndarray:
    """Return which voxels of a box regions cover, without drawing the rest of the image."""
    planes, rows, columns = box
    shifted = []
    for region in regions:
        first, last = region.planes or (0, shape[0] - 1)
        first, last = max(first, planes.start), min(last, planes.stop - 1)
        if first <= last:
            points = [(y - rows.start, x - columns.start) for y, x in region.points]
            shifted.append(Region(region.kind, points, region.radius, (first - planes.start, last - planes.start), region.value))
    return region_mask(shifted, [side.stop - side.start for side in box])


def _replace(labels: np.ndarray, ids: tuple[int, ...], number: int) -> Change:
    box = box_around(labels, ids)
    before = labels[box].copy()
    after = before.copy()
    for old in ids:
        after[before == old] = number
    return Change(box, before, after, ids)


def box_around(labels: np.ndarray, ids: tuple[int, ...]) -> Box:
    """Return the smallest box around objects; raise if one is not there."""
    boxes = []
    for number in ids:
        boxes.append(extent(labels == number))
        if boxes[-1][0].stop == 0:
            raise ValueError(f"there is no object {number} in these labels: click on an object")
    return tuple(slice(min(side.start for side in sides), max(side.stop for side in sides)) for sides in zip(*boxes))


def extent(inside: np.ndarray) -> tuple[slice, ...]:
    """Return the smallest box around what is True; of length 0 where nothing is."""
    sides = []
    for axis in range(inside.ndim):  # each axis within what the axes before have left
        part = inside[tuple(sides)]
        there = np.flatnonzero(part.any(axis=tuple(other for other in range(inside.ndim) if other != axis)))
        sides.append(slice(int(there[0]), int(there[-1]) + 1) if there.size else slice(0, 0))
    return tuple(sides)


def ids_of(ids: Sequence[int]) -> tuple[int, ...]:
    """Return numbers of objects, each once; raise if there is none, or one is no such number."""
    if isinstance(ids, Integral):
        ids = [ids]
    if not len(ids):
        raise ValueError("no object is named: click on one")
    return tuple(dict.fromkeys(object_number(number, lowest=1) for number in ids))


def object_number(value: int, lowest: int) -> int:
    """Return a number of an object; raise if it is none."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Integral) or value < lowest:
        raise ValueError(f"the number of an object is a whole number of at least {lowest}, got {value!r}")
    return int(value)


def new_number(labels: np.ndarray, new: int | None, count: int = 1) -> int:
    """Return the first of new numbers; raise if one of them is taken."""
    highest = int(labels.max(initial=0))
    if new is None or object_number(new, lowest=1) > highest:
        return highest + 1 if new is None else int(new)
    taken = labels[(labels >= new) & (labels < new + count)]
    if taken.size:
        raise ValueError(f"there is an object {taken[0]} already: take another number")
    return int(new)


def check(labels: np.ndarray) -> None:
    """Raise unless it is (Z, Y, X) of whole numbers."""
    if not isinstance(labels, np.ndarray) or labels.dtype.kind not in "iu":
        raise TypeError(
            f"labels must be whole numbers, got {getattr(labels, 'dtype', type(labels).__name__)}: make labels of a mask with classic.components"
        )
    if labels.ndim != 3:
        raise ValueError(f"labels must be (Z, Y, X), got {labels.shape}: a single plane is labels[None]")
