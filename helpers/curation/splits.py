"""Split objects along a line or from seeds, and paint with superpixels; changes as in `helpers.curation.changes`."""

from collections.abc import Sequence
from numbers import Integral

import numpy as np
from scipy import ndimage

from helpers.curation.changes import Change, box_around, check, extent, ids_of, new_number, object_number, within
from helpers.curation.regions import Region

CUT = 0.75  # half the width of a cut in pixels: wide enough that no two parts touch across it, not even at a corner


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
    check(labels)
    (label,) = ids_of([label])
    box = box_around(labels, (label,))
    before = labels[box].copy()
    own = before == label
    cut = own & within([Region("brush", points, CUT, planes)], box, labels.shape)
    corners = np.ones((3, 3, 3), bool)
    pieces, count = ndimage.label(own & ~cut, corners)
    # A piece that the line does not touch was apart before, or is none of its business.
    touched = np.unique(pieces[ndimage.binary_dilation(cut, corners)])
    sizes = {int(piece): int(np.count_nonzero(pieces == piece)) for piece in touched if piece}
    if len(sizes) < 2:
        why = "it does not cross it" if not cut.any() else "the object holds together around it"
        raise ValueError(f"the line does not part object {label}, {why}: draw from outside to outside, on all planes that the object has")
    parts = sorted(sizes, key=lambda piece: (-sizes[piece], piece))
    first = new_number(labels, new, len(parts) - 1)
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

    check(labels)
    (label,) = ids_of([label])
    box = box_around(labels, (label,))
    before = labels[box].copy()
    own = before == label
    places = _seed_places(labels, label, points)
    first = new_number(labels, new, len(places) - 1)
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
    check(labels)
    if areas.shape != labels.shape[1:]:
        raise ValueError(f"areas must have the shape of a plane, {labels.shape[1:]}, got {areas.shape}")
    if not isinstance(plane, Integral) or not 0 <= plane < len(labels):
        raise ValueError(f"plane must be between 0 and {len(labels) - 1}, got {plane!r}")
    label = object_number(label, lowest=0)
    places = [tuple(round(part) for part in point) for point in points]
    inside = [place for place in places if all(0 <= index < length for index, length in zip(place, areas.shape))]
    chosen = np.isin(areas, [areas[place] for place in inside])
    box = (slice(plane, plane + 1), *extent(chosen))
    before = labels[box].copy()
    free = chosen[box[1:]][None] & (over or label == 0 or before == 0)
    after = np.where(free, label, before).astype(labels.dtype)
    if np.array_equal(before, after):
        raise ValueError("nothing was painted: no point lies in the image, or all of it is painted already")
    return Change(box, before, after, (label,) if label else ())


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
