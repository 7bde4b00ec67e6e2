"""Turn, mirror and brighten patches at random: one truth teaches as many.

Image, truth and cost map are always moved together, about one centre.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

ROTATIONS = ("quarter", "free", "none")


class Move(NamedTuple):
    """How a patch is turned and mirrored."""

    quarters: int = 0
    """Quarter turns in the plane."""
    degrees: float = 0.0
    """A further turn by any angle, in degrees."""
    flip_x: bool = False
    flip_z: bool = False


def random_move(random: np.random.Generator, rotation: str = "quarter", flips: bool = True, flip_z: bool = False) -> Move:
    """Draw a move.

    Parameters
    ----------
    random : numpy.random.Generator
    rotation : str
        "quarter": turns by 90 degrees, which leave intensities as they are. "free": any angle, interpolated. "none".
    flips : bool
        Mirror every second patch along x.
    flip_z : bool
        Mirror every second patch along z: where up and down look alike.

    Returns
    -------
    Move
    """
    return Move(
        quarters=int(random.integers(4)) if rotation == "quarter" else 0,
        degrees=float(random.uniform(0, 360)) if rotation == "free" else 0.0,
        flip_x=bool(flips and random.random() < 0.5),
        flip_z=bool(flip_z and random.random() < 0.5),
    )


def size_before(size: Sequence[int], move: Move) -> tuple[int, int, int]:
    """Return the size of the box that holds a patch of ``size`` before it is moved.

    >>> size_before((4, 10, 20), Move(quarters=1))
    (4, 20, 10)
    """
    z, y, x = size
    if move.degrees:
        side = int(np.ceil(np.hypot(y, x))) + 2
        return z, side + (side - y) % 2, side + (side - x) % 2  # an even margin, so that the centre stays
    return (z, x, y) if move.quarters % 2 else (z, y, x)


def moved(box: np.ndarray, size: Sequence[int], move: Move, order: int = 0) -> np.ndarray:
    """Return a patch of ``size`` out of a box of `size_before`, turned and mirrored.

    Parameters
    ----------
    box : (..., Z, Y, X) ndarray
    size : (z, y, x)
    move : Move
    order : int
        How a free turn interpolates: 1 for intensities, 0 for truths and cost maps.

    Returns
    -------
    patch : (..., z, y, x) ndarray
    """
    from scipy import ndimage

    if move.degrees:
        box = ndimage.rotate(box, move.degrees, axes=(-2, -1), reshape=False, order=order, mode="mirror")
        top, left = ((n - wanted) // 2 for n, wanted in zip(box.shape[-2:], size[1:]))
        box = box[..., top : top + size[1], left : left + size[2]]
    box = np.rot90(box, move.quarters, axes=(-2, -1))
    box = box[..., ::-1] if move.flip_x else box
    return np.ascontiguousarray(box[..., ::-1, :, :] if move.flip_z else box)


def brightened(patch: np.ndarray, random: np.random.Generator, amount: float) -> np.ndarray:
    """Change brightness, contrast and noise of a patch at random.

    Parameters
    ----------
    patch : (channels, Z, Y, X) ndarray of float32
        About 0 to 1.
    random : numpy.random.Generator
    amount : float
        0: nothing. 0.1: up to 10 % more or less contrast, up to 0.05 brighter or darker, noise of up to 0.02.

    Returns
    -------
    patch : ndarray of float32
    """
    if not amount:
        return patch
    contrast, shift, noise = random.uniform([1 - amount, -amount / 2, 0], [1 + amount, amount / 2, amount / 5])
    return (patch * contrast + shift + noise * random.standard_normal(patch.shape, np.float32)).astype(np.float32)
