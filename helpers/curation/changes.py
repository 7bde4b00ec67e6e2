"""Corrections of label images: each returns the small box that changes, before and after, and changes nothing itself.

A label image is (Z, Y, X) of int, 0 is background. Regions are drawn as in `helpers.curation.regions`; splits and deletions work on whole objects.
"""

from collections.abc import Sequence
from numbers import Integral
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from helpers.curation.regions import Region, box_of, region_mask

Box = tuple[slice, slice, slice]
CUT = 0.75  # half the width of a cut in pixels: wide enough that no two parts touch across it, not even at a corner


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
    _check(labels)
    label = _number(label, lowest=0)
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
    return paint(labels, regions, _new(labels, new), over=over)


def delete(labels: np.ndarray, ids: Sequence[int]) -> Change:
    """Remove objects.

    Raises
    ------
    TypeError, ValueError
        If there are no such objects.
    """
    _check(labels)
    ids = _ids(ids)
    return _replace(labels, ids, 0)


def join(labels: np.ndarray, ids: Sequence[int]) -> Change:
    """Make one object of several; it keeps the first number.

    Raises
    ------
    TypeError, ValueError
        If there are no such objects, or fewer than two.
    """
    _check(labels)
    ids = _ids(ids)
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
    _check(labels)
    (label,) = _ids([label])
    old = _box(labels, (label,))
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


def split_by_line(
    labels: np.ndarray,
    label: int,
    points: Sequence[tuple[float, float]],
    planes: "int | tuple[int, int] | None" = None,
    new: int | None = None,
) -> Change:
    """Cut an object along a line; the largest part keeps the number, each other gets a new one.

    The voxels below the line go to the nearest part. The line must lead from outside to outside; in a stack it cuts like a curtain
    through the planes given, and an object that holds together on other planes does not come apart.

    Parameters
    ----------
    labels : (Z, Y, X) ndarray of int
    label : int
    points : sequence of (y, x)
        Of the line, in pixels.
    planes : int, (first, last) or None
        None: all.
    new : int, optional
        The first new number; one more than the highest if left out.

    Returns
    -------
    change : Change
        ``ids`` are those of the parts.

    Raises
    ------
    TypeError, ValueError
        If there is no such object, or the line does not part it.
    """
    _check(labels)
    (label,) = _ids([label])
    box = _box(labels, (label,))
    before = labels[box].copy()
    own = before == label
    cut = own & _within([Region("brush", points, CUT, planes)], box, labels.shape)
    corners = np.ones((3, 3, 3), bool)
    pieces, count = ndimage.label(own & ~cut, corners)
    # A piece that the line does not touch was apart before, or is none of its business.
    touched = np.unique(pieces[ndimage.binary_dilation(cut, corners)])
    sizes = {int(piece): int(np.count_nonzero(pieces == piece)) for piece in touched if piece}
    if len(sizes) < 2:
        why = "it does not cross it" if not cut.any() else "the object holds together around it"
        raise ValueError(f"the line does not part object {label}, {why}: draw from outside to outside, on all planes that the object has")
    parts = sorted(sizes, key=lambda piece: (-sizes[piece], piece))
    first = _new(labels, new, len(parts) - 1)
    numbers = [label, *range(first, first + len(parts) - 1)]
    renamed = np.full(count + 1, label)
    renamed[parts] = numbers
    nearest = ndimage.distance_transform_edt(~np.isin(pieces, parts), return_distances=False, return_indices=True)
    return Change(
        box, before, np.where(own, renamed[np.where(cut, pieces[tuple(nearest)], pieces)], before).astype(labels.dtype), tuple(numbers)
    )


def split_by_seeds(
    labels: np.ndarray,
    label: int,
    points: Sequence[tuple[float, float, float]],
    voxel_size: Sequence[float] = (1, 1, 1),
    new: int | None = None,
) -> Change:
    """Split an object from one seed in each part: a watershed on the distance from the object's edge.

    Parameters
    ----------
    labels : (Z, Y, X) ndarray of int
    label : int
    points : sequence of (z, y, x)
        One seed in each part, in voxels, at least two. The part of the first keeps the number.
    voxel_size : sequence of float
        (z, y, x) in um: distances are those in the cell.
    new : int, optional
        The first new number; one more than the highest if left out.

    Returns
    -------
    change : Change
        ``ids`` are those of the parts, in the order of the seeds.

    Raises
    ------
    TypeError, ValueError
        If there is no such object, there are fewer than two seeds, one lies outside the object, or two lie in one voxel.

    References
    ----------
    .. [1] Beucher, S. & Meyer, F. (1993) The morphological approach to segmentation: the watershed transformation. In: Mathematical
       Morphology in Image Processing, 433-481.
    """
    from skimage.segmentation import watershed

    _check(labels)
    (label,) = _ids([label])
    box = _box(labels, (label,))
    before = labels[box].copy()
    own = before == label
    places = _seed_places(labels, label, points)
    first = _new(labels, new, len(places) - 1)
    numbers = [label, *range(first, first + len(places) - 1)]
    markers = np.zeros(own.shape, np.int32)
    for number, place in enumerate(places, start=1):
        markers[tuple(index - side.start for index, side in zip(place, box))] = number
    flat = own.shape[0] == 1 and labels.shape[0] == 1
    padded = np.pad(own, ((0 if flat else 1,) * 2, (1, 1), (1, 1)))
    depth = ndimage.distance_transform_edt(padded, sampling=tuple(voxel_size))
    depth = depth[(slice(None) if flat else slice(1, -1), slice(1, -1), slice(1, -1))]
    parts = watershed(-depth, markers, mask=own, connectivity=np.ones((3, 3, 3)))
    # Pieces that no seed lies in stay with the first.
    return Change(box, before, np.where(own, np.array([label, *numbers])[parts], before).astype(labels.dtype), tuple(numbers))


def superpixels(plane: np.ndarray, size: float = 100, compactness: float = 0.1) -> np.ndarray:
    """Divide a plane into small areas of like intensity, whose outlines follow those in the image.

    Parameters
    ----------
    plane : (Y, X) ndarray of int or float
        Intensities.
    size : float
        Pixels of an area, about.
    compactness : float
        Higher makes the areas rounder, lower lets them follow the image; 0.1 suits most.

    Returns
    -------
    areas : (Y, X) ndarray of int
        Numbered from 1; every pixel belongs to one.

    Raises
    ------
    ValueError
        If ``plane`` is not a plane, or a number makes no sense.

    References
    ----------
    .. [1] Achanta, R. et al. (2012) SLIC superpixels compared to state-of-the-art superpixel methods. IEEE Trans. Pattern Anal. Mach.
       Intell. 34(11):2274-2282. :DOI:`10.1109/TPAMI.2012.120`
    """
    from skimage.segmentation import slic

    if plane.ndim != 2:
        raise ValueError(f"plane must be (Y, X), got {plane.shape}: choose one plane")
    if not (size >= 4 and compactness > 0):
        raise ValueError(f"areas of at least 4 pixels and a compactness above 0 are wanted, got {size} and {compactness}")
    low, high = np.percentile(plane, [1, 99.8])
    normalized = np.clip((plane - low) / (high - low or 1), 0, 1).astype(np.float32)
    return slic(normalized, n_segments=max(1, round(plane.size / size)), compactness=compactness, channel_axis=None, start_label=1)


def paint_superpixels(
    labels: np.ndarray, areas: np.ndarray, plane: int, points: Sequence[tuple[float, float]], label: int, *, over: bool = False
) -> Change:
    """Give a number to the superpixels that points lie in.

    Parameters
    ----------
    labels : (Z, Y, X) ndarray of int
    areas : (Y, X) ndarray of int
        As `superpixels` returns them for this plane.
    plane : int
    points : sequence of (y, x)
        In pixels.
    label : int
        0 rubs out.
    over : bool
        Also where other objects are. Rubbing out always is.

    Returns
    -------
    change : Change

    Raises
    ------
    TypeError, ValueError
        As `paint`; or if the areas are not those of a plane of these labels.
    """
    _check(labels)
    if areas.shape != labels.shape[1:]:
        raise ValueError(f"areas must have the shape of a plane, {labels.shape[1:]}, got {areas.shape}")
    if not isinstance(plane, Integral) or not 0 <= plane < len(labels):
        raise ValueError(f"plane must be between 0 and {len(labels) - 1}, got {plane!r}")
    label = _number(label, lowest=0)
    places = [tuple(round(part) for part in point) for point in points]
    inside = [place for place in places if all(0 <= index < length for index, length in zip(place, areas.shape))]
    chosen = np.isin(areas, [areas[place] for place in inside])
    box = (slice(plane, plane + 1), *_extent(chosen))
    before = labels[box].copy()
    free = chosen[box[1:]][None] & (over or label == 0 or before == 0)
    after = np.where(free, label, before).astype(labels.dtype)
    if np.array_equal(before, after):
        raise ValueError("nothing was painted: no point lies in the image, or all of it is painted already")
    return Change(box, before, after, (label,) if label else ())


def _drawn(labels: np.ndarray, regions: Sequence[Region]) -> tuple[Box, np.ndarray]:
    """Return the box that regions can reach, and which of its voxels they cover."""
    if not regions:
        raise ValueError("nothing was drawn: give at least one region")
    box = box_of(regions, labels.shape)
    return box, _within(regions, box, labels.shape)


def _within(regions: Sequence[Region], box: Box, shape: tuple[int, ...]) -> np.ndarray:
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
    box = _box(labels, ids)
    before = labels[box].copy()
    after = before.copy()
    for old in ids:
        after[before == old] = number
    return Change(box, before, after, ids)


def _box(labels: np.ndarray, ids: tuple[int, ...]) -> Box:
    """Return the smallest box around objects; raise if one is not there."""
    boxes = []
    for number in ids:
        boxes.append(_extent(labels == number))
        if boxes[-1][0].stop == 0:
            raise ValueError(f"there is no object {number} in these labels: click on an object")
    return tuple(slice(min(side.start for side in sides), max(side.stop for side in sides)) for sides in zip(*boxes))


def _extent(inside: np.ndarray) -> tuple[slice, ...]:
    """Return the smallest box around what is True; of length 0 where nothing is."""
    sides = []
    for axis in range(inside.ndim):  # each axis within what the axes before have left
        part = inside[tuple(sides)]
        there = np.flatnonzero(part.any(axis=tuple(other for other in range(inside.ndim) if other != axis)))
        sides.append(slice(int(there[0]), int(there[-1]) + 1) if there.size else slice(0, 0))
    return tuple(sides)


def _seed_places(labels: np.ndarray, label: int, points: Sequence[Sequence[float]]) -> list[tuple[int, ...]]:
    places = [tuple(round(part) for part in point) for point in points]
    if len(places) < 2 or any(len(place) != 3 for place in places):
        raise ValueError(f"two seeds or more are wanted, each (z, y, x) in voxels, got {str(points)[:80]}")
    for place in places:
        inside = all(0 <= index < length for index, length in zip(place, labels.shape))
        if not inside or labels[place] != label:
            raise ValueError(f"the seed {place} does not lie in object {label}: click into the object")
    if len(set(places)) < len(places):
        raise ValueError("two seeds lie in one voxel: set them further apart")
    return places


def _ids(ids: Sequence[int]) -> tuple[int, ...]:
    if isinstance(ids, Integral):
        ids = [ids]
    if not len(ids):
        raise ValueError("no object is named: click on one")
    return tuple(dict.fromkeys(_number(number, lowest=1) for number in ids))


def _number(value: int, lowest: int) -> int:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Integral) or value < lowest:
        raise ValueError(f"the number of an object is a whole number of at least {lowest}, got {value!r}")
    return int(value)


def _new(labels: np.ndarray, new: int | None, count: int = 1) -> int:
    """Return the first of new numbers; raise if one of them is taken."""
    highest = int(labels.max(initial=0))
    if new is None or _number(new, lowest=1) > highest:
        return highest + 1 if new is None else int(new)
    taken = labels[(labels >= new) & (labels < new + count)]
    if taken.size:
        raise ValueError(f"there is an object {taken[0]} already: take another number")
    return int(new)


def _check(labels: np.ndarray) -> None:
    if not isinstance(labels, np.ndarray) or labels.dtype.kind not in "iu":
        raise TypeError(
            f"labels must be whole numbers, got {getattr(labels, 'dtype', type(labels).__name__)}: make labels of a mask with classic.components"
        )
    if labels.ndim != 3:
        raise ValueError(f"labels must be (Z, Y, X), got {labels.shape}: a single plane is labels[None]")
