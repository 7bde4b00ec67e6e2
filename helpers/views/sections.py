"""The plane and the two side views of a panel, drawn anew many times a second."""

from typing import NamedTuple

import numpy as np

from helpers.figures import pixels

SIDE = 150  # screen pixels, at most, that the depth of a stack takes
FINE = 512  # pixels, about, of a drawn plane
FRAME = (90, 200, 255)


class Sections(NamedTuple):
    """Three views through one voxel, (H, W, 3) uint8 each."""

    plane: np.ndarray
    below: np.ndarray
    right: np.ndarray


def sections(
    raw: np.ndarray,
    mask: np.ndarray | None,
    position: tuple[int, int, int],
    voxel_size: tuple[float, float, float],
    limits: tuple[float, float],
    box: tuple[slice, slice, slice] | None = None,
) -> Sections:
    """Draw the plane, the row (below) and the column (right) through a voxel.

    Parameters
    ----------
    raw : (Z, Y, X) ndarray
        Intensities.
    mask : (Z, Y, X) ndarray of bool or int, optional
        Outlined in orange; labels are coloured.
    position : tuple of int
        The voxel, (z, y, x).
    voxel_size : tuple of float
        (z, y, x) in um.
    limits : tuple of float
        Intensities shown as black and white.
    box : tuple of slice, optional
        A part of the stack that gets a frame: where a preview was computed.

    Returns
    -------
    sections : Sections
        Pixels of small images are repeated; depth is stretched to its length in um, up to `SIDE` screen pixels.
    """
    z, y, x = position
    step_z, step_y, step_x = voxel_size
    factor = max(1, FINE // max(raw.shape[1:]))  # so that an outline is thinner than a pixel of a small image
    deep = max(1, min(factor * SIDE, round(factor * len(raw) * step_z / step_x)))
    high, wide = (factor * length for length in raw.shape[1:])
    slices = [(raw[z], (high, wide)), (raw[:, y], (deep, wide)), (raw[:, :, x].T, (high, deep))]
    masks = [None] * 3 if mask is None else [mask[z], mask[:, y], mask[:, :, x].T]
    shown = [
        _drawn(_stretched(part, size), None if found is None else _stretched(found, size), limits)
        for (part, size), found in zip(slices, masks)
    ]
    if box is not None:
        _frame(shown[0], *(slice(factor * part.start, factor * part.stop) for part in box[1:]))
    return Sections(*shown)


def _drawn(image: np.ndarray, found: np.ndarray | None, limits: tuple[float, float]) -> np.ndarray:
    shown = pixels.grey(image.astype(np.float32), limits)
    if found is None:
        return shown
    if found.dtype == bool:
        shown[pixels.boundary(found)] = pixels.ORANGE
        return shown
    inside = found > 0
    return pixels.paint(shown, inside, pixels.object_colours(found)[inside], 0.5)


def _stretched(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Repeat rows and columns to fill a size."""
    for axis, length in enumerate(size):
        if length != image.shape[axis]:
            image = np.take(image, np.arange(length) * image.shape[axis] // length, axis=axis)
    return image


def _frame(shown: np.ndarray, rows: slice, columns: slice) -> None:
    top, bottom, left, right = rows.start, rows.stop - 1, columns.start, columns.stop - 1
    shown[[top, bottom], left : right + 1] = FRAME
    shown[top : bottom + 1, [left, right]] = FRAME
