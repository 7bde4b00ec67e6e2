"""Masks of filaments that are wrong in a known way, and discs of several sizes: what overlap scores are tried on."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from helpers import _checks, images
from helpers.images import Stack
from helpers.phantoms.structures import mitochondria

SHAPE = (12, 160, 160)
GAPS = 0.12  # part of the mask that is lost to gaps
GAP_RADIUS = (1.2, 3.5, 3.5)  # voxels
CROSS = ndimage.generate_binary_structure(3, 1)


class MaskPair(NamedTuple):
    """A stack, its true mask, and three masks that are wrong in a known way."""

    stack: Stack
    truth: np.ndarray
    """(Z, Y, X) bool."""
    found: dict[str, np.ndarray]
    """``thin``: one layer of voxels is missing all around; ``thick``: there is one too many; ``gaps``: every filament is right, but broken."""


def mask_pair(seed: int = 0, shape: tuple[int, int, int] = SHAPE) -> MaskPair:
    """Make mitochondria, their true mask, and masks that are too thin, too thick, or have gaps.

    Parameters
    ----------
    seed : int
        Which field.
    shape : tuple of int
        Voxels, (Z, Y, X).

    Returns
    -------
    pair : MaskPair

    Raises
    ------
    TypeError, ValueError
        As `mitochondria`.

    Examples
    --------
    >>> pair = mask_pair(shape=(8, 64, 64))
    >>> [name for name, mask in pair.found.items() if not (mask & ~pair.truth).any()]
    ['thin', 'gaps']
    """
    stack, truth = mitochondria(seed, shape)
    thin, thick = ndimage.binary_erosion(truth, CROSS, border_value=1), ndimage.binary_dilation(truth, CROSS)
    return MaskPair(stack, truth, {"thin": thin, "thick": thick, "gaps": truth & ~_balls(truth, np.random.default_rng(seed))})


def discs(diameters: Sequence[int] = (6, 12, 24, 48, 96), margin: int = 8) -> np.ndarray:
    """Return discs of several sizes side by side.

    Parameters
    ----------
    diameters : sequence of int
        In pixels.
    margin : int
        Pixels between them and around them.

    Returns
    -------
    labels : (1, Y, X) ndarray of int32
        1 is the first disc.

    Raises
    ------
    TypeError, ValueError
        If a diameter is not a whole number from 1, or the margin is negative.

    Examples
    --------
    >>> np.bincount(discs((3, 10)).ravel())[1:].tolist()
    [9, 80]
    """
    _checks.number(margin, "margin", low=0, integer=True)
    for diameter in diameters:
        _checks.number(diameter, "diameters", low=1, integer=True)
    high, wide = max(diameters) + 2 * margin, sum(diameters) + margin * (len(diameters) + 1)
    labels = np.zeros((1, high, wide), np.int32)
    y, x = np.mgrid[:high, :wide]
    left = margin
    for label, diameter in enumerate(diameters, start=1):
        centre = high / 2 - 0.5 + (diameter % 2 - high % 2) / 2, left + (diameter - 1) / 2
        labels[0][np.hypot(y - centre[0], x - centre[1]) <= diameter / 2] = label
        left += diameter + margin
    return labels


def write_mask_folders(folder: str | Path, count: int = 3) -> Path:
    """Write images of mitochondria, their true masks, and masks that are wrong in a known way.

    Parameters
    ----------
    folder : path
        Made if it is missing. Gets the folders ``images``, ``truth`` and ``found/thin``, ``found/thick``, ``found/gaps``.
    count : int
        Number of images.

    Returns
    -------
    folder : Path

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    folder = Path(folder).expanduser()
    with images.together(folder) as temporary:
        for seed in range(count):
            pair = mask_pair(seed)
            found = {f"found/{name}": mask for name, mask in pair.found.items()}
            for place, array in {"images": pair.stack.raw, "truth": pair.truth, **found}.items():
                images.write(temporary / place / f"{pair.stack.name}.ome.tif", array, pair.stack.voxel_size)
    return folder


def _balls(truth: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return ball-like gaps around chance voxels of the mask, as many as take away the wanted part of it."""
    places = rng.permutation(np.argwhere(truth))
    gone = np.zeros_like(truth)
    grid = np.indices(truth.shape)
    for place in places:
        if np.count_nonzero(gone & truth) >= GAPS * len(places):
            break
        box = tuple(slice(max(0, at - 4), at + 5) for at in place)
        offsets = (grid[(slice(None), *box)] - place[:, None, None, None]) / np.array(GAP_RADIUS)[:, None, None, None]
        gone[box] |= (offsets**2).sum(axis=0) <= 1
    return gone
