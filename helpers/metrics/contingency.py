"""Which objects of two label images overlap, and by how many voxels: counted once, and the base of every score of objects.

Functions of this package that compare label images take ``truth, found``, or in place of both the `Contingency` that `contingency` counted
from them; several scores of one pair of images then share one pass over the voxels.
"""

from typing import NamedTuple

import numpy as np

from helpers import _checks
from helpers._kernels.contingency import count_pairs

WIDEST = np.iinfo(np.int32).max


class Contingency(NamedTuple):
    """The objects of two label images, and the pairs of them that share voxels. Numbers of voxels throughout.

    Objects are in ascending order of their labels; pairs in ascending order of truth, then found, and refer to objects by their place in
    that order. Background is not an object.
    """

    truth_labels: np.ndarray
    """(n,) int64: the labels that occur in truth, as they are there."""
    found_labels: np.ndarray
    """(m,) int64: the labels that occur in found."""
    truth_sizes: np.ndarray
    """(n,) int64"""
    found_sizes: np.ndarray
    """(m,) int64"""
    pair_truth: np.ndarray
    """(pairs,) int64: place in ``truth_labels``."""
    pair_found: np.ndarray
    """(pairs,) int64: place in ``found_labels``."""
    shared: np.ndarray
    """(pairs,) int64: voxels that belong to both."""
    excused: np.ndarray
    """(m,) bool: more than half of the object lies where truth is to be ignored; never counted as a false positive."""

    @property
    def union(self) -> np.ndarray:
        """(pairs,) int64: voxels that belong to either."""
        return self.truth_sizes[self.pair_truth] + self.found_sizes[self.pair_found] - self.shared

    @property
    def iou(self) -> np.ndarray:
        """(pairs,) float64: intersection over union."""
        return self.shared / self.union


def contingency(truth: np.ndarray | Contingency, found: np.ndarray | None = None, *, ignore: np.ndarray | None = None) -> Contingency:
    """Count how many voxels each object of truth shares with each object found.

    Parameters
    ----------
    truth, found : ndarray of int
        Label images of one shape, in 2D or 3D; 0 is background, an object is every voxel of one number. Numbers may have gaps and be of
        any size. A mask saved as 0 and 255 is one object, label 255. A `Contingency` in place of both is returned as it is.
    ignore : ndarray of bool, optional
        Where truth is not known: these voxels are taken out of both images. An object found with more than half of its voxels there
        is no false positive.

    Returns
    -------
    Contingency

    Raises
    ------
    TypeError
        If an image is a mask (bool), or does not hold whole numbers.
    ValueError
        If the shapes differ, or a label is negative, NaN or has a fraction.

    Examples
    --------
    >>> truth = np.array([[1, 1, 1, 0, 5, 5]])
    >>> found = np.array([[0, 2, 2, 2, 2, 0]])
    >>> counts = contingency(truth, found)
    >>> counts.truth_labels, counts.found_labels, counts.shared
    (array([1, 5]), array([2]), array([2, 1]))
    >>> counts.iou
    array([0.4, 0.2])
    """
    if isinstance(truth, Contingency):
        if found is not None or ignore is not None:
            raise TypeError(
                "give truth and found, or the Contingency counted from them, not both: after a Contingency all else goes by name"
            )
        return truth
    truth, found = label_image(truth, "truth"), label_image(found, "found")
    _checks.same_shape(truth, found, "truth and found")
    whole = None
    if ignore is not None:
        ignore = _checks.mask(ignore, "ignore", ndim=truth.ndim)
        _checks.same_shape(truth, ignore, "truth and ignore")
        whole = _count(found, ignore.view(np.uint8))
        truth, found = np.where(ignore, 0, truth), np.where(ignore, 0, found)
    true_pair, found_pair, shared = _count(truth, found)
    truth_labels, truth_sizes, pair_truth = _objects(true_pair, shared)
    found_labels, found_sizes, pair_found = _objects(found_pair, shared)
    both = (true_pair > 0) & (found_pair > 0)
    excused = np.zeros(found_labels.size, bool)
    if whole is not None:
        labels, inside, counts = whole
        all_labels, sizes, place = _objects(labels, counts)
        hidden = np.bincount(place[labels > 0], counts[labels > 0] * inside[labels > 0], all_labels.size)
        excused = np.isin(found_labels, all_labels[2 * hidden > sizes])
    return Contingency(truth_labels, found_labels, truth_sizes, found_sizes, pair_truth[both], pair_found[both], shared[both], excused)


def label_image(array: np.ndarray, name: str) -> np.ndarray:
    """Return ``array`` if it is a label image of any number of axes, floats of whole numbers as int64; raise a sentence otherwise."""
    if not isinstance(array, np.ndarray):
        raise TypeError(f"{name} must be a numpy array of labels, got {type(array).__name__}: read the file first (helpers.images.read)")
    if array.dtype == bool:
        raise TypeError(
            f"{name} is a mask (bool), this score needs labels, one number per object: make them with helpers.classic.components({name})"
        )
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must hold whole numbers (0 = background), got dtype {array.dtype}")
    if array.size == 0:
        raise ValueError(f"{name} has no voxels, got shape {array.shape}: check the file, or the crop")
    if array.dtype.kind == "f":
        if not np.isfinite(array).all():
            count = int(array.size - np.count_nonzero(np.isfinite(array)))
            raise ValueError(
                f"{name} holds {count} NaN or infinite value(s), labels are whole numbers: give the label image, not intensities"
            )
        if (array != np.trunc(array)).any():
            raise ValueError(
                f"{name} holds numbers with a fraction (dtype {array.dtype}), labels are whole numbers: threshold it and label the objects "
                "with helpers.classic.components"
            )
        array = array.astype(np.int64)
    if array.dtype.kind == "i" and array.min() < 0:
        raise ValueError(f"{name} holds negative labels, down to {array.min()}: set what is not an object to 0")
    if array.dtype == np.uint64 and array.max() > np.iinfo(np.int64).max:
        raise ValueError(f"{name} holds labels up to {array.max()}, the highest possible is {np.iinfo(np.int64).max}: number them anew")
    return array


def best_pair(places: np.ndarray, score: np.ndarray, objects: int) -> np.ndarray:
    """Return for each object which pair has its highest score, the first among equals, -1 for none: (objects,) int64.

    ``places`` says which object each pair belongs to: ``pair_truth`` or ``pair_found``.
    """
    order = np.lexsort((-score, places))
    first = order[np.flatnonzero(np.diff(places[order], prepend=-1))]
    best = np.full(objects, -1, np.int64)
    best[places[first]] = first
    return best


def object_sizes(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the labels that occur, in ascending order, and the voxels of each: (n,) int64 both."""
    names, _, counts = _count(labels, labels)
    return names[names > 0], counts[names > 0]


def numbered(labels: np.ndarray, names: np.ndarray) -> np.ndarray:
    """Return int32 labels in which the object ``names[i]`` has the number i + 1; ``names`` are all labels that occur, in ascending order."""
    labels = label_image(labels, "labels")
    places = np.arange(names.size + 1, dtype=np.int32)
    if names.size and names[-1] > labels.size:
        return places[np.searchsorted(np.concatenate([[0], names]), labels)]
    table = np.zeros(int(names[-1]) + 1 if names.size else 1, np.int32)
    table[names] = places[1:]
    return table[labels]


def _count(truth: np.ndarray, found: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the pairs of labels that occur, background included, and their voxels."""
    truth, true_names = _narrow(truth)
    found, found_names = _narrow(found)
    true_pair, found_pair, shared = count_pairs(truth, found)
    return (
        true_pair if true_names is None else true_names[true_pair],
        found_pair if found_names is None else found_names[found_pair],
        shared,
    )


def _narrow(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Return C-contiguous labels that fit into int32; where they had to be numbered anew, also the old numbers."""
    if labels.dtype.itemsize >= 4 and labels.dtype != np.int32 and labels.max() > WIDEST:
        names, labels = np.unique(labels, return_inverse=True)
        return np.ascontiguousarray(labels), names.astype(np.int64)
    return np.ascontiguousarray(labels), None


def _objects(labels: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the labels above 0 in ascending order, the sum of the counts of each, and for each entry its place (-1 for background)."""
    names, place = np.unique(labels, return_inverse=True)
    sizes = np.zeros(names.size, np.int64)
    np.add.at(sizes, place, counts)
    background = int(names[0] == 0)
    return names[background:], sizes[background:], place - background
