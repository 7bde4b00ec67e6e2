"""Bring two label images into the form in which they are to be compared: crop, split what is not connected, drop specks."""

from typing import NamedTuple

import numpy as np

from helpers import _checks
from helpers.metrics.contingency import label_image, numbered, object_sizes


class Prepared(NamedTuple):
    """Truth and found, ready to be compared."""

    truth: np.ndarray
    found: np.ndarray


def prepare(
    truth: np.ndarray,
    found: np.ndarray,
    *,
    border_margin: int = 0,
    relabel_components: str | None = None,
    minimum_truth_size: int = 0,
    minimum_found_size: int = 0,
) -> Prepared:
    """Crop the border, number disconnected parts by themselves, drop small objects; in this order, nothing by default.

    Parameters
    ----------
    truth, found : ndarray of int
        Label images of one shape, in 2D or 3D.
    border_margin : int
        Pixels taken off each side of each plane (Caicedo et al.: 30); planes of a stack stay.
    relabel_components : {"faces", "corners"}, optional
        Give each connected part of an object a number of its own; voxels are connected that share a face, or at least a corner. The parts
        are numbered anew from 1.
    minimum_truth_size, minimum_found_size : int
        Objects of fewer voxels become background.

    Returns
    -------
    Prepared

    Raises
    ------
    TypeError, ValueError
        As `helpers.metrics.match`; or if the margin leaves nothing, or an option is unknown.

    Examples
    --------
    >>> truth = np.array([[1, 1, 0, 1, 0, 2]])
    >>> prepare(truth, truth, relabel_components="faces", minimum_found_size=2).found
    array([[1, 1, 0, 0, 0, 0]])
    """
    truth, found = label_image(truth, "truth"), label_image(found, "found")
    _checks.same_shape(truth, found, "truth and found")
    _checks.number(border_margin, "border_margin", low=0, integer=True)
    if relabel_components not in (None, "faces", "corners"):
        raise ValueError(f'relabel_components must be "faces", "corners" or None, got {relabel_components!r}')
    if border_margin:
        inner = (..., *(slice(border_margin, max(length - border_margin, 0)) for length in truth.shape[-2:]))
        if truth[inner].size == 0:
            raise ValueError(f"border_margin {border_margin} leaves nothing of {truth.shape}: it must be less than half of each side")
        truth, found = truth[inner], found[inner]
    images = []
    for labels, smallest, name in ((truth, minimum_truth_size, "minimum_truth_size"), (found, minimum_found_size, "minimum_found_size")):
        _checks.number(smallest, name, low=0, integer=True)
        if relabel_components:
            labels = _parts(labels, relabel_components)
        images.append(_without_small(labels, smallest))
    return Prepared(*images)


def _parts(labels: np.ndarray, relabel_components: str) -> np.ndarray:
    from skimage.measure import label

    numbers = numbered(labels, object_sizes(labels)[0])  # scikit-image does not take labels of any size and type
    return label(numbers, connectivity=1 if relabel_components == "faces" else labels.ndim)


def _without_small(labels: np.ndarray, smallest: int) -> np.ndarray:
    if smallest <= 1:
        return labels.copy()
    names, sizes = object_sizes(labels)
    kept = np.append(0, np.where(sizes < smallest, 0, names)).astype(labels.dtype)
    return kept[numbered(labels, names)]
