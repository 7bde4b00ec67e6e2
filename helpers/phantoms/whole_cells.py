"""A field in which everything is known per cell: the outlines of cells and nuclei, and how many bodies each cell holds.

The geometry is that of `helpers.phantoms.cells`, the bodies look like those of `helpers.phantoms.peroxisomes`.
"""

from typing import NamedTuple

import numpy as np

from helpers.images import Stack
from helpers.phantoms import cells, microscope, placing
from helpers.phantoms.structures import SPOT_RADII, SPOT_REACH, VOXEL_SIZE, cytosol, nuclear_bodies, start

APART = 1.3  # um, at least, from the centre of one body to that of another: the blur does not join them
WALL = 0.9  # um, at least, from the centre of a body to the border of its cell
COUNTS = (3, 13)  # bodies in a cell: from 3 to 12


class CellPhantom(NamedTuple):
    """A synthetic stack with its cells.

    Attributes
    ----------
    stack : Stack
        Raw intensities (uint16), voxel size and name.
    truth : (Z, Y, X) ndarray of bool
        True where the structure is.
    cells, nuclei : (Z, Y, X) ndarray of int32
        Labels, 0 is background. The numbers of a cell and of its nucleus are not the same.
    counts : (N + 1,) ndarray of int
        How many bodies each cell holds, by its number; 0 for background.
    """

    stack: Stack
    truth: np.ndarray
    cells: np.ndarray
    nuclei: np.ndarray
    counts: np.ndarray


def peroxisomes_in_cells(seed: int = 0, shape: tuple[int, int, int] = (32, 256, 256)) -> CellPhantom:
    """Make a field of packed cells, each with a known number of stained peroxisomes.

    Every cell holds 3 to 12 round bodies, 0.36 to 0.5 um across, as far as there is room for them in the field: at least 1.3 um apart, and none on
    the border of two cells. The truth is the body and 0.135 um around it. Cells have wavy sides and a low dome; the border of the field cuts many.

    Parameters
    ----------
    seed : int
        Which field.
    shape : tuple of int
        Voxels, (Z, Y, X); a voxel is 0.29 x 0.108 x 0.108 um. Fewer than 4 planes are a section through the middle of the cells.

    Returns
    -------
    phantom : CellPhantom

    Raises
    ------
    TypeError, ValueError
        If ``seed`` is not a whole number from 0, or ``shape`` not three whole numbers from 1.

    Examples
    --------
    >>> from helpers.classic import components
    >>> phantom = peroxisomes_in_cells(shape=(16, 160, 160))
    >>> bool(phantom.counts.sum() == components(phantom.truth).max())
    True
    """
    rng, extent = start(seed, shape)
    field = cells.grow(rng, extent, spacing=10.5)
    cell_labels, names = _bodies_of_cells(field, shape)
    centres, owner = _well_apart(rng, field, extent, shape)
    radii = rng.uniform(*SPOT_RADII, len(centres))
    truth = placing.near(centres, (radii[:, None] + SPOT_REACH) * np.ones(3), shape, VOXEL_SIZE)
    brightness = rng.uniform(0.75, 1.25, len(field.centres))
    amount = brightness[owner] * rng.uniform(0.9, 1.1, len(owner)) * radii
    membrane = np.repeat(centres, 60, axis=0) + np.repeat(radii, 60)[:, None] * placing.directions(rng, 60 * len(centres))
    dye = microscope.place(membrane, np.repeat(amount, 60), shape, VOXEL_SIZE)
    nuclei = nuclear_bodies(field, shape)
    raw = microscope.image(
        dye, VOXEL_SIZE, rng, haze=0.25 * cytosol(field, brightness, nuclei), photons=400, bleaching=0.3, percentile=99.95
    )
    counts = np.bincount(names[owner], minlength=int(cell_labels.max()) + 1)
    stack = Stack(raw, VOXEL_SIZE, f"peroxisomes_in_cells_{seed}", "helpers.phantoms.peroxisomes_in_cells")
    return CellPhantom(stack, truth, cell_labels, nuclei, counts)


def _bodies_of_cells(field: cells.Cells, shape: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return int32 labels of the cells, numbered from 1 without gaps, and the number of each cell of the field (0: not seen)."""
    cell, wall = cells.ground(field, shape[1:], VOXEL_SIZE[1:])
    seen = np.unique(cell)
    names = np.zeros(len(field.centres), np.int32)
    names[seen] = np.arange(1, seen.size + 1)
    height = np.arange(shape[0])[:, None, None] * VOXEL_SIZE[0]
    within = (height > field.floor) & (height < field.roof_over(wall))
    return np.where(within, names[cell], 0).astype(np.int32), names


def _well_apart(
    rng: np.random.Generator, field: cells.Cells, extent: tuple[float, float, float], shape: tuple[int, int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Return centres of bodies that lie wholly in the field and in their cell, and the cell of each."""
    from scipy.spatial import cKDTree

    centres, owner = placing.scatter(rng, field, extent, per_cell=60, depth=0.5)
    margin = max(SPOT_RADII) + SPOT_REACH + max(VOXEL_SIZE[1:])
    inside = np.all((centres[:, 1:] > margin) & (centres[:, 1:] < np.array(extent[1:]) - margin), axis=1)
    centres, owner = centres[inside], owner[inside]
    cell, wall = cells.ground(field, shape[1:], VOXEL_SIZE[1:])
    pixel = tuple(np.rint(centres[:, 1:] / VOXEL_SIZE[1:]).astype(int).T)
    deep = (wall[pixel] > WALL) & (cell[pixel] == owner)
    centres, owner = centres[deep], owner[deep]
    kept = np.ones(len(centres), bool)
    for one, other in sorted(cKDTree(centres).query_pairs(APART)) if len(centres) else ():
        if kept[one]:
            kept[other] = False
    centres, owner = centres[kept], owner[kept]
    wanted = rng.integers(*COUNTS, len(field.centres))
    rank = np.array([np.count_nonzero(owner[:place] == of) for place, of in enumerate(owner)], int)
    few = rank < wanted[owner]
    return centres[few], owner[few]
