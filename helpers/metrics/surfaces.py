"""How far the outlines of truth and found are apart, in um or in voxels.

The boundary of an object is made of its voxels that share a face (in one plane an edge) with a voxel outside it; the border of the image
counts as outside. Distances run between centres of voxels, so that the boundaries of two masks that differ by one layer are one voxel
apart. Axes of length 1 are left out: a stack of one plane gives what the plane gives.

Sources: Huttenlocher, D. P. et al. (1993) IEEE Trans. Pattern Anal. Mach. Intell. 15(9):850-863 (Hausdorff distance); Yeghiazaryan, V. &
Voiculescu, I. (2018) J. Med. Imaging 5(1):015006 (average distances); Csurka, G. et al. (2013) BMVC 2013 (boundary F).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from helpers import _checks
from helpers.metrics.contingency import contingency, label_image, numbered
from helpers.metrics.matching import checked_thresholds, pair_up

if TYPE_CHECKING:
    import pandas as pd

TOLERANCE = 1 + 1e-5  # distances may be float32: a distance equal to the limit must count as within it
SMALL = 1 << 14  # voxels up to which scipy measures distances sooner than edt, which takes about a millisecond to start


class SurfaceDistances(NamedTuple):
    """Distances between two boundaries, in the unit of the voxel size; NaN where there is no boundary to measure from."""

    hausdorff: float
    """The largest distance from a boundary voxel of either mask to the other boundary."""
    hausdorff95: float
    """The 95th percentile in place of the largest, in each direction; the larger of the two."""
    assd: float
    """Average symmetric surface distance: mean over the boundary voxels of both."""


class BoundaryF(NamedTuple):
    """Agreement of two boundaries within a distance, each 0 to 1; NaN where it is 0 / 0."""

    precision: float
    recall: float
    f: float


def boundary(mask_or_labels: np.ndarray) -> np.ndarray:
    """Return the boundary voxels of a mask or of every object of a label image.

    Parameters
    ----------
    mask_or_labels : ndarray of bool or int
        0 or False is background.

    Returns
    -------
    boundary : ndarray of bool
        Voxels of an object that share a face with a voxel of another object, of the background or outside the image.

    Raises
    ------
    TypeError, ValueError
        If it is neither a mask nor labels.

    Examples
    --------
    >>> boundary(np.ones((3, 4), bool)).astype(int)
    array([[1, 1, 1, 1],
           [1, 0, 0, 1],
           [1, 1, 1, 1]])
    """
    labels = _mask_or_labels(mask_or_labels, "mask_or_labels")
    inside = labels != 0
    for axis in range(labels.ndim):
        if labels.shape[axis] == 1:
            continue
        lines, image = np.moveaxis(inside, axis, 0), np.moveaxis(labels, axis, 0)
        same = image[1:] == image[:-1]
        lines[[0, -1]] = False
        lines[1:] &= same
        lines[:-1] &= same
    return (labels != 0) & ~inside


def surface_distances(truth: np.ndarray, found: np.ndarray, *, voxel_size: Sequence[float] | None = None) -> SurfaceDistances:
    """Measure how far the boundaries of two masks are apart.

    A mask without a voxel has no boundary: every distance is NaN then, not a large number that would stand for "far".

    Parameters
    ----------
    truth, found : ndarray of bool or int
        Masks of one shape, in 2D or 3D; or label images, whose objects then all have a boundary of their own.
    voxel_size : sequence of float, optional
        Size of a voxel along each axis, in um; by default 1: distances in voxels.

    Returns
    -------
    SurfaceDistances

    Raises
    ------
    TypeError, ValueError
        If they are not masks or label images of one shape, or the voxel size does not fit.

    Examples
    --------
    >>> truth, found = np.zeros((2, 20, 20), bool)
    >>> truth[2:12, 2:12] = found[2:12, 2:10] = True
    >>> surface_distances(truth, found, voxel_size=(0.5, 0.25)).hausdorff
    0.5
    """
    truth, found = _two(truth, found)
    there, back = _directed(boundary(truth), boundary(found), checked_voxel_size(voxel_size, truth.ndim))
    return _summary(there, back)


def boundary_distances(of: np.ndarray, to: np.ndarray, *, voxel_size: Sequence[float] | None = None) -> np.ndarray:
    """Return where the boundary of one mask is how far from that of another: what `surface_distances` puts into three numbers.

    Parameters
    ----------
    of, to : ndarray of bool or int
        Masks or label images of one shape, in 2D or 3D.
    voxel_size : sequence of float, optional
        Size of a voxel along each axis, in um; by default 1: distances in voxels.

    Returns
    -------
    distances : ndarray of float32
        On the boundary voxels of ``of``, the distance to the nearest boundary voxel of ``to``; NaN elsewhere, and everywhere if ``to`` has none.

    Raises
    ------
    TypeError, ValueError
        As `surface_distances`.

    Examples
    --------
    >>> of, to = np.zeros((2, 1, 6), bool)
    >>> of[0, 1:3], to[0, 1:5] = True, True
    >>> boundary_distances(of, to, voxel_size=(0.5, 0.5))[0, 1:4].tolist()
    [0.0, 0.5, nan]
    """
    of, to = _mask_or_labels(of, "of"), _mask_or_labels(to, "to")
    _checks.same_shape(of, to, "of and to")
    voxel_size = checked_voxel_size(voxel_size, of.ndim)
    own, other = boundary(of), boundary(to)
    distances = np.full(of.shape, np.nan, np.float32)
    if own.any() and other.any():
        distances[own] = _distance(other, voxel_size)[own]
    return distances


def boundary_f(truth: np.ndarray, found: np.ndarray, distance: float, *, voxel_size: Sequence[float] | None = None) -> BoundaryF:
    """Measure which part of the boundaries lies within a distance of each other.

    Parameters
    ----------
    truth, found : ndarray of bool or int
        Masks or label images of one shape, in 2D or 3D.
    distance : float
        Largest distance that still counts as agreement, in um (in voxels without ``voxel_size``).
    voxel_size : sequence of float, optional
        Size of a voxel along each axis, in um.

    Returns
    -------
    BoundaryF
        ``precision``: part of the boundary found that is near the true one; ``recall``: part of the true boundary that is near the one
        found; ``f``: their harmonic mean.

    Raises
    ------
    TypeError, ValueError
        If they are not masks or label images of one shape, the distance is negative, or the voxel size does not fit.
    """
    truth, found = _two(truth, found)
    _checks.number(distance, "distance", low=0)
    voxel_size = checked_voxel_size(voxel_size, truth.ndim)
    true_boundary, found_boundary = boundary(truth), boundary(found)
    if not true_boundary.any() or not found_boundary.any():
        recall = 0.0 if true_boundary.any() else float("nan")
        precision = 0.0 if found_boundary.any() else float("nan")
        return BoundaryF(precision, recall, 0.0 if recall == 0 or precision == 0 else float("nan"))
    there, back = _directed(true_boundary, found_boundary, voxel_size)
    recall, precision = (float(np.mean(distances <= distance * TOLERANCE)) for distances in (there, back))
    both = precision + recall
    return BoundaryF(precision, recall, 2 * precision * recall / both if both else 0.0)


def object_surface_distances(
    truth: np.ndarray, found: np.ndarray, threshold: int = 500, *, voxel_size: Sequence[float] | None = None
) -> "pd.DataFrame":
    """Measure the distances between the boundaries of each matched pair of objects.

    Objects without a partner have no distance: look at the number of rows beside the mean or the median over them.

    Parameters
    ----------
    truth, found : ndarray of int
        Label images of one shape, in 2D or 3D.
    threshold : int
        IoU per thousand from which two objects are a pair, see `helpers.metrics.match`.
    voxel_size : sequence of float, optional
        Size of a voxel along each axis, in um; by default 1: distances in voxels.

    Returns
    -------
    table : pandas.DataFrame
        One row a pair: ``truth, found`` (labels), ``iou, hausdorff, hausdorff95, assd``.

    Raises
    ------
    TypeError, ValueError
        As `helpers.metrics.match`; or if the voxel size does not fit.
    """
    import pandas as pd
    from scipy import ndimage

    counts = contingency(truth, found)
    size = checked_voxel_size(voxel_size, truth.ndim)
    (threshold,) = checked_thresholds(threshold)
    pairs = pair_up(counts, threshold)
    true_numbers, found_numbers = numbered(truth, counts.truth_labels), numbered(found, counts.found_labels)
    true_boxes, found_boxes = ndimage.find_objects(true_numbers), ndimage.find_objects(found_numbers)
    rows = []
    for pair in pairs:
        true, other = counts.pair_truth[pair], counts.pair_found[pair]
        box = tuple(
            slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(true_boxes[true], found_boxes[other])
        )  # an object does not reach beyond its box, so that the border of the box is as good as the border of the image
        first, second = (boundary(np.pad(image[box] == place + 1, _margin(truth.shape)))
                         for image, place in ((true_numbers, true), (found_numbers, other)))  # fmt: skip
        distances = _summary(*_directed(first, second, size))
        rows.append((counts.truth_labels[true], counts.found_labels[other], counts.iou[pair], *distances))
    table = pd.DataFrame(rows, columns=["truth", "found", "iou", *SurfaceDistances._fields])
    return table.astype({"truth": np.int64, "found": np.int64} | dict.fromkeys(table.columns[2:], np.float64))


def checked_voxel_size(voxel_size: Sequence[float] | None, axes: int) -> tuple[float, ...]:
    """Return the size of a voxel along each axis, 1 by default; raise unless there is a positive number for each."""
    if voxel_size is None:
        return (1.0,) * axes
    if isinstance(voxel_size, str) or not isinstance(voxel_size, (Sequence, np.ndarray)):
        raise TypeError(f"voxel_size must be a list of {axes} lengths in um, got {voxel_size!r}")
    if len(voxel_size) != axes:
        names = "(Z, Y, X)" if axes == 3 else "(Y, X)"
        raise ValueError(f"voxel_size must hold one length for each axis of the image, {names}: wanted {axes}, got {len(voxel_size)}")
    return tuple(float(_checks.number(length, "voxel_size", above=0)) for length in voxel_size)


def _directed(truth: np.ndarray, found: np.ndarray, voxel_size: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return the distance of each voxel of the first boundary to the second, and of each voxel of the second to the first."""
    if not truth.any() or not found.any():
        return np.empty(0), np.empty(0)
    box = tuple(slice(int(places.min()), int(places.max()) + 1) for places in np.nonzero(truth | found))
    truth, found = truth[box], found[box]
    return _distance(found, voxel_size)[truth].astype(np.float64), _distance(truth, voxel_size)[found].astype(np.float64)


def _distance(boundary: np.ndarray, voxel_size: tuple[float, ...]) -> np.ndarray:
    """Return the distance of each voxel to the boundary."""
    if boundary.size <= SMALL:
        from scipy import ndimage

        return ndimage.distance_transform_edt(~boundary, sampling=voxel_size)
    import edt

    return edt.edt(np.ascontiguousarray(~boundary), anisotropy=voxel_size, black_border=False)


def _summary(there: np.ndarray, back: np.ndarray) -> SurfaceDistances:
    if not there.size or not back.size:
        return SurfaceDistances(float("nan"), float("nan"), float("nan"))
    return SurfaceDistances(
        hausdorff=float(max(there.max(), back.max())),
        hausdorff95=float(max(np.percentile(there, 95), np.percentile(back, 95))),
        assd=float((there.sum() + back.sum()) / (there.size + back.size)),
    )


def _margin(shape: tuple[int, ...]) -> list[tuple[int, int]]:
    """Return a margin of one voxel along each axis that is longer than 1."""
    return [(int(length > 1),) * 2 for length in shape]


def _two(truth: np.ndarray, found: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    truth, found = _mask_or_labels(truth, "truth"), _mask_or_labels(found, "found")
    _checks.same_shape(truth, found, "truth and found")
    return truth, found


def _mask_or_labels(array: np.ndarray, name: str) -> np.ndarray:
    """Return a mask or labels of 2 or 3 axes; raise otherwise."""
    if not (isinstance(array, np.ndarray) and array.dtype == bool):
        array = label_image(array, name)
    if array.ndim not in (2, 3):
        raise ValueError(f"{name} must be (Y, X) or (Z, Y, X), got {array.shape}")
    return array
