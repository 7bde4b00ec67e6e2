"""Structures of one known width, filled with dye: made to ask where a method puts their boundary.

Other than in `helpers.phantoms.structures`, the truth is the structure itself, without what the blur adds to it.
"""

import numpy as np

from helpers import _checks
from helpers.images import Stack
from helpers.phantoms import cells, microscope, placing
from helpers.phantoms.structures import VOXEL_SIZE, Phantom, cytosol, nuclear_bodies, start

MATRIX_WIDTH = 0.26  # um, of the matrix of mitochondria in electron microscopy of human stem cells


def tubules_of_width(seed: int = 0, shape: tuple[int, int, int] = (24, 192, 192), *, width: float = MATRIX_WIDTH) -> Phantom:
    """Make cells with winding, branching tubules of one width, filled with dye (as a marker of the mitochondrial matrix).

    Parameters
    ----------
    seed : int
        Which field.
    shape : tuple of int
        Voxels, (Z, Y, X); a voxel is 0.29 x 0.108 x 0.108 um. Fewer than 4 planes are a section through the middle of the cells.
    width : float
        Diameter of the tubules, in um.

    Returns
    -------
    phantom : Phantom
        ``stack`` (uint16) and ``truth`` (bool): the voxels whose centre lies in a tubule.

    Raises
    ------
    TypeError, ValueError
        If ``seed`` is not a whole number from 0, ``shape`` not three whole numbers from 1, or ``width`` not within 0.05 and 2.

    Examples
    --------
    >>> tubules_of_width(shape=(8, 64, 64), width=0.4).stack.name
    'tubules_400nm_0'
    """
    rng, extent = start(seed, shape)
    radius = _checks.number(width, "width", low=0.05, high=2) / 2
    field = cells.grow(rng, extent, spacing=10.5)
    lines, owner = placing.tubes(rng, field, extent)
    brightness = rng.uniform(0.75, 1.25, len(field.centres))
    points = np.repeat(lines, 8, axis=0)
    points += radius * np.cbrt(rng.random((len(points), 1))) * placing.directions(rng, len(points))
    truth = placing.near(lines, np.full((len(lines), 3), radius), shape, VOXEL_SIZE)
    return _imaged(rng, field, shape, points, np.repeat(brightness[owner], 8), brightness, truth, f"tubules_{1000 * width:.0f}nm_{seed}")


def bodies_of_width(seed: int = 0, shape: tuple[int, int, int] = (24, 192, 192), *, width: float = 0.5) -> Phantom:
    """Make cells with round bodies of one width, filled with dye (as a marker of the matrix of peroxisomes).

    Parameters
    ----------
    seed, shape
        As for `tubules_of_width`.
    width : float
        Diameter of the bodies, in um.

    Returns
    -------
    phantom : Phantom
        ``stack`` (uint16) and ``truth`` (bool): the voxels whose centre lies in a body.

    Raises
    ------
    TypeError, ValueError
        As `tubules_of_width`.

    Examples
    --------
    >>> bodies_of_width(shape=(8, 64, 64)).stack.name
    'bodies_500nm_0'
    """
    rng, extent = start(seed, shape)
    radius = _checks.number(width, "width", low=0.05, high=2) / 2
    field = cells.grow(rng, extent, spacing=10.5)
    centres, owner = placing.scatter(rng, field, extent, per_cell=25, depth=0.4)
    brightness = rng.uniform(0.75, 1.25, len(field.centres))
    points = np.repeat(centres, 200, axis=0)
    points += radius * np.cbrt(rng.random((len(points), 1))) * placing.directions(rng, len(points))
    truth = placing.near(centres, np.full((len(centres), 3), radius), shape, VOXEL_SIZE)
    return _imaged(rng, field, shape, points, np.repeat(brightness[owner], 200), brightness, truth, f"bodies_{1000 * width:.0f}nm_{seed}")


def _imaged(
    rng: np.random.Generator, field: cells.Cells, shape: tuple[int, int, int], points: np.ndarray, amounts: np.ndarray, brightness: np.ndarray,
    truth: np.ndarray, name: str,
) -> Phantom:  # fmt: skip
    """Return what a microscope shows of dye at points, in cells that glow a little."""
    dye = microscope.place(points, amounts, shape, VOXEL_SIZE)
    haze = 0.15 * cytosol(field, brightness, nuclear_bodies(field, shape))
    raw = microscope.image(dye, VOXEL_SIZE, rng, haze=haze, photons=300, bleaching=0.3)
    return Phantom(Stack(raw, VOXEL_SIZE, name, "helpers.phantoms.widths"), truth)
