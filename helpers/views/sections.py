"""The plane and the two side views of a panel, drawn anew many times a second."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from helpers.figures import pixels

SIDE = 150  # screen pixels, at most, that the depth of a stack takes
FINE = 512  # pixels, about, of a drawn plane
FRAME = (90, 200, 255)

Box = tuple[slice, slice, slice]


class Layer(NamedTuple):
    """Something found, to be shown over the intensities: a mask by its outline in one colour, labels each in a colour of its own."""

    found: np.ndarray
    colour: tuple[int, int, int] = pixels.ORANGE
    strength: float = 0.5
    """How much of the colour covers the inside of labels, 0 to 1; their outlines stay."""
    by_object: bool = True
    """Whether labels have colours of their own; else each is outlined in the one colour."""


class Place(NamedTuple):
    """Where to cut, and how to show it.

    Attributes
    ----------
    position : tuple of int
        The voxel, (z, y, x).
    voxel_size : tuple of float
        (z, y, x) in um.
    limits : tuple of float
        Intensities shown as black and white.
    """

    position: tuple[int, int, int]
    voxel_size: tuple[float, float, float]
    limits: tuple[float, float]


def plane_view(raw: np.ndarray, layers: Sequence[Layer], place: Place, box: Box | None = None) -> np.ndarray:
    """Draw the plane through a voxel.

    Parameters
    ----------
    raw : (Z, Y, X) ndarray
        Intensities.
    layers : sequence of Layer
        What was found.
    place : Place
    box : tuple of slice, optional
        A part of the stack that gets a frame: where a preview was computed.

    Returns
    -------
    image : (H, W, 3) ndarray of uint8
        Pixels of small images are repeated.
    """
    factor, (high, wide) = _fine(raw.shape)
    image = _cut(raw, layers, lambda array: array[place.position[0]], (high, wide), place.limits)
    if box is not None:
        _frame(image, *(slice(factor * part.start, factor * part.stop) for part in box[1:]))
    return image


def side_views(raw: np.ndarray, layers: Sequence[Layer], place: Place) -> tuple[np.ndarray, np.ndarray]:
    """Draw the row and the column through a voxel: what stands below and to the right of the plane.

    Parameters
    ----------
    raw, layers, place
        As for `plane_view`.

    Returns
    -------
    below, right : (H, W, 3) ndarray of uint8
        Depth is stretched to its length in um, up to `SIDE` screen pixels.
    """
    factor, (high, wide) = _fine(raw.shape)
    _, y, x = place.position
    deep = max(1, min(factor * SIDE, round(factor * len(raw) * place.voxel_size[0] / place.voxel_size[2])))
    below = _cut(raw, layers, lambda array: array[:, y], (deep, wide), place.limits)
    return below, _cut(raw, layers, lambda array: array[:, :, x].T, (high, deep), place.limits)


def overview(raw: np.ndarray, layers: Sequence[Layer], planes: Sequence[int], limits: tuple[float, float], width: int = 900) -> np.ndarray:
    """Draw some planes and the brightest value along z side by side, each once plain (above) and once with what was found (below).

    Parameters
    ----------
    raw, layers, limits
        As for `sections`.
    planes : sequence of int
    width : int
        Pixels of the whole, about.

    Returns
    -------
    image : (H, W, 3) ndarray of uint8
    """
    cuts = [lambda array, z=z: array[z] for z in planes] + [lambda array: array.max(axis=0)]
    across = width // len(cuts) - 4
    size = (max(1, round(across * raw.shape[1] / raw.shape[2])), across)
    columns = []
    for cut in cuts:
        plain = pixels.grey(_stretched(cut(raw), size).astype(np.float32), limits)
        marked = plain
        for layer in layers:
            marked = _over(marked, _stretched(cut(layer.found), size), layer)
        columns.append(np.pad(np.concatenate([plain, marked]), ((0, 0), (2, 2), (0, 0)), constant_values=255))
    return np.concatenate(columns, axis=1)


def _fine(shape: tuple[int, ...]) -> tuple[int, tuple[int, int]]:
    """Return how often pixels are repeated, so that an outline is thinner than a pixel of a small image, and the size that comes out."""
    factor = max(1, FINE // max(shape[1:]))
    return factor, (factor * shape[1], factor * shape[2])


def _cut(raw: np.ndarray, layers: Sequence[Layer], cut: Callable, size: tuple[int, int], limits: tuple[float, float]) -> np.ndarray:
    image = pixels.grey(_stretched(cut(raw), size).astype(np.float32), limits)
    for layer in layers:
        image = _over(image, _stretched(cut(layer.found), size), layer)
    return image


def _over(image: np.ndarray, found: np.ndarray, layer: Layer) -> np.ndarray:
    if found.dtype == bool:
        return pixels.outlined(image, found, layer.colour)
    inside = found > 0
    edge = inside & (
        (found != np.roll(found, 1, 0))
        | (found != np.roll(found, 1, 1))
        | (found != np.roll(found, -1, 0))
        | (found != np.roll(found, -1, 1))
    )
    if not layer.by_object:
        return pixels.paint(image, edge, layer.colour)
    colours = pixels.object_colours(found)
    return pixels.paint(pixels.paint(image, inside, colours[inside], layer.strength), edge, colours[edge])


def _stretched(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Repeat or leave out rows and columns to fill a size."""
    for axis, length in enumerate(size):
        if length != image.shape[axis]:
            image = np.take(image, np.arange(length) * image.shape[axis] // length, axis=axis)
    return image


def _frame(shown: np.ndarray, rows: slice, columns: slice) -> None:
    top, bottom, left, right = rows.start, rows.stop - 1, columns.start, columns.stop - 1
    shown[[top, bottom], left : right + 1] = FRAME
    shown[top : bottom + 1, [left, right]] = FRAME
