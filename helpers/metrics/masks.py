"""Scores of a mask that look further than its voxels: is it connected like the truth, are its outlines where they should be.

Source: Shit, S. et al. (2021) clDice - a novel topology-preserving loss function for tubular structure segmentation. CVPR 2021.
:arXiv:`2003.07311`
"""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from helpers.metrics.overlap import Overlap, overlap, two_masks
from helpers.metrics.surfaces import SurfaceDistances, boundary_f, surface_distances

if TYPE_CHECKING:
    import pandas as pd


LONG = 8  # voxels: a piece that is as long on one side is no blob, and has a centre line


class CenterlineDice(NamedTuple):
    """Agreement of two masks of filaments along their centre lines, each 0 to 1; NaN where it is 0 / 0."""

    cldice: float
    precision: float
    """The part of the centre line found that lies in the true mask."""
    recall: float
    """The part of the true centre line that lies in the mask found."""


class MaskScores(NamedTuple):
    """Every score of a mask, in one row. Distances in the unit of the voxel size; see `overlap`, `cldice`, `surface_distances`, `boundary_f`."""

    dice: float
    iou: float
    precision: float
    recall: float
    cldice: float
    hausdorff: float
    hausdorff95: float
    assd: float
    boundary_f: float


def cldice(truth: np.ndarray, found: np.ndarray) -> CenterlineDice:
    """Compare filaments by their centre lines: a gap costs as much as it is long, however thin the filament is.

    Thickness does not matter as long as each centre line lies in the other mask; look at `surface_distances` for that. A centre line
    is one voxel wide and that of a small blob depends on its voxels: the score is meant for filaments.

    Parameters
    ----------
    truth, found : (Z, Y, X) or (Y, X) ndarray of bool
        Masks of one shape.

    Returns
    -------
    CenterlineDice

    Raises
    ------
    TypeError, ValueError
        If they are not masks of one shape.

    Examples
    --------
    >>> truth, found = np.zeros((2, 9, 40), bool)
    >>> truth[3:6, 5:35] = True
    >>> found[4, 5:35] = True
    >>> round(cldice(truth, found).cldice, 2), round(overlap(truth, found).dice, 2)
    (0.98, 0.5)
    """
    truth, found = two_masks(truth, found)
    precision, recall = _part_inside(centre_line(found), truth), _part_inside(centre_line(truth), found)
    defined = [score for score in (precision, recall) if not np.isnan(score)]
    if len(defined) < 2:
        return CenterlineDice(0.0 if defined else float("nan"), precision, recall)
    return CenterlineDice(2 * precision * recall / (precision + recall) if precision + recall else 0.0, precision, recall)


def mask_scores(
    truth: np.ndarray, found: np.ndarray, *, voxel_size: Sequence[float] | None = None, boundary_distance: float | None = None
) -> MaskScores:
    """Compute every score of a mask.

    Parameters
    ----------
    truth, found : (Z, Y, X) or (Y, X) ndarray of bool
        Masks of one shape.
    voxel_size : sequence of float, optional
        Size of a voxel along each axis, in um; by default 1: distances in voxels.
    boundary_distance : float, optional
        Distance within which boundaries agree, in the same unit; by default the longest edge of a voxel.

    Returns
    -------
    MaskScores

    Raises
    ------
    TypeError, ValueError
        If they are not masks of one shape, or the voxel size or the distance does not fit.
    """
    truth, found = two_masks(truth, found)
    distances: SurfaceDistances = surface_distances(truth, found, voxel_size=voxel_size)
    limit = boundary_distance if boundary_distance is not None else float(max(voxel_size)) if voxel_size is not None else 1.0
    whole: Overlap = overlap(truth, found)
    return MaskScores(*whole, cldice(truth, found).cldice, *distances, boundary_f(truth, found, limit, voxel_size=voxel_size).f)


def evaluate_masks(
    truths: Mapping[str, np.ndarray], found: Mapping[str, Mapping[str, np.ndarray]], *, filaments: bool = True
) -> "pd.DataFrame":
    """Compare the masks of several methods with truth, image by image.

    Parameters
    ----------
    truths : mapping of str to ndarray of bool
        The true mask of each image. A mapping that reads a file when it is asked keeps memory small.
    found : mapping of str to mapping
        For each method its masks, by the same names of images.
    filaments : bool
        Also compare centre lines, see `cldice`.

    Returns
    -------
    table : pandas.DataFrame
        One row for each method and image: ``method, image, dice, iou, precision, recall`` and, for filaments, ``cldice, line_precision,
        line_recall``.

    Raises
    ------
    TypeError, ValueError
        As `overlap`, with the method and the image in front; or if a method has no mask for an image.

    Examples
    --------
    >>> truth = np.zeros((3, 8), bool)
    >>> truth[1, 1:7] = True
    >>> evaluate_masks({"a": truth}, {"half": {"a": truth & (np.arange(8) < 4)}}, filaments=False)[["method", "image", "recall"]]
      method image  recall
    0   half     a     0.5
    """
    import pandas as pd

    rows = []
    for method, masks in found.items():
        for image in truths:
            if image not in masks:
                raise ValueError(f"{method} has no mask for image {image!r}: every method must have all images")
            truth, mask = truths[image], masks[image]
            try:
                scores = overlap(truth, mask)._asdict()
            except (TypeError, ValueError) as error:
                raise type(error)(f"{method}, {image}: {error}") from None
            if filaments:
                lines = cldice(truth, mask)
                scores |= {"cldice": lines.cldice, "line_precision": lines.precision, "line_recall": lines.recall}
            rows.append({"method": method, "image": image, **scores})
    return pd.DataFrame(rows)


def centre_line(mask: np.ndarray) -> np.ndarray:
    """Return the skeleton of a mask by thinning, one voxel wide; a mask of a single plane is thinned as a plane.

    scikit-image's thinning in 3D loses straight pieces that are an even number of voxels wide altogether. Those are thinned again, a voxel wider
    on one side of one axis or of several, until something of them is left.

    Parameters
    ----------
    mask : (Z, Y, X) or (Y, X) ndarray of bool

    Returns
    -------
    line : ndarray of bool
        Of the same shape, within the mask.

    References
    ----------
    .. [1] Lee, T.-C., Kashyap, R. L. & Chu, C.-N. (1994) Building skeleton models via 3-D medial surface/axis thinning algorithms. CVGIP: Graphical
       Models and Image Processing 56(6):462-478. :DOI:`10.1006/cgip.1994.1042`

    Examples
    --------
    >>> bar = np.zeros((7, 7, 30), bool)
    >>> bar[3, 2:6, 4:26] = True
    >>> bool(centre_line(bar).any())
    True
    """
    from scipy import ndimage
    from skimage.morphology import skeletonize

    if not mask.any():
        return mask
    if mask.ndim == 3 and len(mask) == 1:
        return centre_line(mask[0])[None]
    line = skeletonize(mask).astype(bool)
    if mask.ndim == 2:
        return line
    labels = ndimage.label(mask, np.ones((3, 3, 3)))[0]
    kept = np.bincount(labels[line], minlength=labels.max() + 1)
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        if not kept[number] and max(part.stop - part.start for part in box) >= LONG:
            line[box] |= _thinned_wider(labels[box] == number)
    return line


def _thinned_wider(piece: np.ndarray) -> np.ndarray:
    """Return the skeleton of a piece after it was made a voxel wider on one side of as few axes as it takes."""
    from skimage.morphology import skeletonize

    padded = np.pad(piece, 2)
    for axes in sorted(product((0, 1), repeat=piece.ndim), key=sum)[1:]:
        wider = padded
        for axis in np.flatnonzero(axes):
            wider = wider | np.roll(wider, 1, axis)
        line = (skeletonize(wider).astype(bool) & padded)[(slice(2, -2),) * piece.ndim]
        if np.count_nonzero(line) > 1:
            return line
    return np.zeros_like(piece)


def _part_inside(line: np.ndarray, mask: np.ndarray) -> float:
    voxels = np.count_nonzero(line)
    return float(np.count_nonzero(line & mask) / voxels) if voxels else float("nan")
