"""Nuclei in 3D, and a segmentation whose surfaces are wrong by known distances: what surface distances are tried on.

Each object has one error or none, so that every score of it can be foretold.
"""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import ndimage

from helpers import _checks, images
from helpers.images import Stack
from helpers.phantoms.structures import nuclei

if TYPE_CHECKING:
    import pandas as pd

KINDS = ("too large", "too small", "one plane up", "spur", "right")
SPUR = 0.25  # um, radius of a spur


class OutlinePair(NamedTuple):
    """A stack, its truth, and a segmentation with known errors of its surfaces."""

    stack: Stack
    truth: np.ndarray
    """(Z, Y, X) int32 labels."""
    found: np.ndarray
    """(Z, Y, X) int32 labels: each object has the number that it has in truth."""
    errors: "pd.DataFrame"
    """One row an object: ``truth`` (label), ``error`` (its kind), ``distance_um`` (how far the surface was moved)."""


def outline_pair(seed: int = 0, shape: tuple[int, int, int] = (26, 300, 300), distance: float = 0.33, spur: float = 2.0) -> OutlinePair:
    """Make nuclei and a segmentation in which some are too large, too small, too high by a plane, or have a spur.

    Parameters
    ----------
    seed : int
        Which field.
    shape : tuple of int
        Voxels, (Z, Y, X); a voxel is 0.29 x 0.108 x 0.108 um.
    distance : float
        By how many um nuclei are too large and too small, in all directions.
    spur : float
        Length of a spur in um, in the plane: as where a filament of dirt sticks to a nucleus.

    Returns
    -------
    pair : OutlinePair

    Raises
    ------
    TypeError, ValueError
        If the seed, the shape or a length makes no sense.

    Examples
    --------
    >>> pair = outline_pair(shape=(20, 160, 160))
    >>> pair.truth.shape == pair.found.shape, pair.errors.columns.tolist()
    (True, ['truth', 'error', 'distance_um'])
    """
    import pandas as pd

    _checks.number(distance, "distance", above=0)
    _checks.number(spur, "spur", above=0)
    stack, truth = nuclei(seed, shape)
    found = np.zeros_like(truth)
    rows = []
    wanted = {"too large": distance, "too small": distance, "one plane up": stack.voxel_size[0], "spur": spur, "right": 0.0}
    whole = [label for label in np.unique(truth[truth > 0]).tolist() if not _cut(truth == label)]
    reach = [int(max(distance, spur) / size) + 2 for size in stack.voxel_size]
    for label, box in enumerate(ndimage.find_objects(truth), start=1):
        if box is None:
            continue
        box = tuple(slice(max(0, part.start - more), part.stop + more) for part, more in zip(box, reach))
        kind = KINDS[whole.index(label) % len(KINDS)] if label in whole else "right"
        changed = _changed(truth[box] == label, kind, stack.voxel_size, distance, spur)
        found[box][changed & (found[box] == 0) & ((truth[box] == 0) | (truth[box] == label))] = label
        rows.append((label, kind, wanted[kind]))
    return OutlinePair(stack, truth, found, pd.DataFrame(rows, columns=["truth", "error", "distance_um"]))


def write_outline_folders(folder: str | Path, count: int = 2) -> Path:
    """Write stacks of nuclei, their truth, a segmentation whose surfaces are wrong by known distances, and the list of what was done.

    Parameters
    ----------
    folder : path
        Made if it is missing. Gets the folders ``images``, ``truth`` and ``found``, and ``errors.csv``: ``image, truth, error, distance_um``.
    count : int
        Number of stacks.

    Returns
    -------
    folder : Path

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    import pandas as pd

    folder = Path(folder).expanduser()
    errors = []
    with images.together(folder) as temporary:
        for seed in range(count):
            pair = outline_pair(seed)
            for place, array in (("images", pair.stack.raw), ("truth", pair.truth), ("found", pair.found)):
                images.write(temporary / place / f"{pair.stack.name}.ome.tif", array, pair.stack.voxel_size)
            errors.append(pair.errors.assign(image=pair.stack.name)[["image", *pair.errors.columns]])
        pd.concat(errors).to_csv(temporary / "errors.csv", index=False)
    return folder


def _cut(nucleus: np.ndarray) -> bool:
    """Say whether the border of the field cuts a nucleus: its surface is not seen whole."""
    return bool(nucleus[:, [0, -1]].any() or nucleus[:, :, [0, -1]].any())


def _changed(nucleus: np.ndarray, kind: str, voxel_size: tuple[float, float, float], distance: float, spur: float) -> np.ndarray:
    """Return a nucleus with an error of one kind."""
    if kind == "too large":
        return ndimage.distance_transform_edt(~nucleus, sampling=voxel_size) <= distance
    if kind == "too small":
        return ndimage.distance_transform_edt(nucleus, sampling=voxel_size) > distance
    if kind == "one plane up":
        moved = np.zeros_like(nucleus)
        moved[1:] = nucleus[:-1]
        return moved
    if kind == "spur":
        return nucleus | _spur(nucleus, voxel_size, spur)
    return nucleus


def _spur(nucleus: np.ndarray, voxel_size: tuple[float, float, float], length: float) -> np.ndarray:
    """Return a thin rod that leaves the nucleus where it is widest, along x, towards the side with more room in the box."""
    places = np.argwhere(nucleus)
    z, y = (int(round(value)) for value in places[:, :2].mean(axis=0))
    line = places[(places[:, 0] == z) & (places[:, 1] == y), 2]
    right = nucleus.shape[2] - line.max() > line.min()
    start, steps = (line.max() if right else line.min()), int(round(length / voxel_size[2]))
    axis = np.zeros_like(nucleus)
    end = start + steps if right else start - steps
    low, high = max(0, min(start, end)), min(nucleus.shape[2] - 1, max(start, end))
    axis[z, y, low : high + 1] = True
    # A cylinder, cut off flat at its end: no voxel lies further out than the length says.
    near = ndimage.distance_transform_edt(~axis, sampling=voxel_size) <= SPUR
    near[:, :, :low] = near[:, :, high + 1 :] = False
    return near
