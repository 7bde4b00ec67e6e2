"""Junctions between cells, as a microscope shows them, with the truth known from their geometry.

The width of the truth follows the rule of `helpers.phantoms.structures`: wider than the junction by what the microscope adds.
"""

import numpy as np
from scipy import ndimage

from helpers.images import Stack
from helpers.phantoms import cells, microscope, placing
from helpers.phantoms.structures import VOXEL_SIZE, Phantom, cytosol, nuclear_bodies, start

BELT_REACH = (0.493, 0.184, 0.184)  # um around the belt that are truth: 1.7 voxels each way
PLAQUE_REACH = (0.45, 0.2, 0.2)  # um around the plaques of adherens junctions that are truth
FINE = 0.027  # um, of the grid on which the borders between cells are traced


def tight_junctions(seed: int = 0, shape: tuple[int, int, int] = (32, 256, 256)) -> Phantom:
    """Make an epithelial sheet with labelled tight junctions (as ZO-1).

    A closed belt, thinner than light can show, runs around each cell near its top and rises and falls by about half a um. It is stained unevenly:
    some stretches are twice as bright as others. Protein that is in no junction fills the cells. The truth is 0.37 um wide in the plane and
    1 um high along z (1.7 voxels each way from the belt): where most of its light arrives.

    Parameters
    ----------
    seed : int
        Which field.
    shape : tuple of int
        Voxels, (Z, Y, X); a voxel is 0.29 x 0.108 x 0.108 um. Fewer than 4 planes are a section through the middle of the cells, below the belt.

    Returns
    -------
    phantom : Phantom
        ``stack`` (uint16) and ``truth`` (bool).

    Raises
    ------
    TypeError, ValueError
        If ``seed`` is not a whole number from 0, or ``shape`` not three whole numbers from 1.

    Examples
    --------
    >>> stack, truth = tight_junctions(seed=1, shape=(16, 96, 96))
    >>> stack.raw.shape, stack.raw.dtype, truth.dtype
    ((16, 96, 96), dtype('uint16'), dtype('bool'))
    """
    rng, extent = start(seed, shape)
    field = cells.grow(rng, extent, spacing=8.5, nuclear_radius=3.2)
    belt, amount = _belts(rng, field, shape)
    truth = placing.near(belt[::4], np.ones((len(belt[::4]), 1)) * BELT_REACH, shape, VOXEL_SIZE)
    dye = microscope.place(belt, amount, shape, VOXEL_SIZE)
    brightness = rng.uniform(0.5, 1.5, len(field.centres))
    haze = 0.3 * cytosol(field, brightness, nuclear_bodies(field, shape))
    raw = microscope.image(dye, VOXEL_SIZE, rng, haze=haze, photons=350, bleaching=0.3)
    return Phantom(Stack(raw, VOXEL_SIZE, f"tight_junctions_{seed}", "helpers.phantoms.tight_junctions"), truth)


def adherens_junctions(seed: int = 0, shape: tuple[int, int, int] = (32, 256, 256)) -> Phantom:
    """Make an epithelial sheet with labelled adherens junctions (as beta-catenin).

    Thin plaques, 0.3 to 2 um long along the border and often higher than long, patch the walls between neighbouring cells at all heights; they
    differ in brightness. Protein that is in no plaque fills the cells, more in some than in others. The truth is the plaques, and around
    them 0.2 um in the plane and 0.45 um along z: where most of their light arrives. A workflow that works plane by plane cannot tell a plaque from
    its blur above and below.

    Parameters
    ----------
    seed : int
        Which field.
    shape : tuple of int
        Voxels, (Z, Y, X); a voxel is 0.29 x 0.108 x 0.108 um. Fewer than 4 planes are a section through the middle of the cells.

    Returns
    -------
    phantom : Phantom
        ``stack`` (uint16) and ``truth`` (bool).

    Raises
    ------
    TypeError, ValueError
        If ``seed`` is not a whole number from 0, or ``shape`` not three whole numbers from 1.

    Examples
    --------
    >>> stack, truth = adherens_junctions(seed=1, shape=(16, 96, 96))
    >>> stack.raw.shape, stack.raw.dtype, truth.dtype
    ((16, 96, 96), dtype('uint16'), dtype('bool'))
    """
    rng, extent = start(seed, shape)
    field = cells.grow(rng, extent, spacing=9.5, nuclear_radius=3.4)
    plaques, amount = _plaques(rng, field, shape)
    truth = placing.near(plaques[::3], np.ones((len(plaques[::3]), 1)) * PLAQUE_REACH, shape, VOXEL_SIZE)
    dye = microscope.place(plaques, amount, shape, VOXEL_SIZE)
    brightness = placing.mosaic(rng, field, extent, levels=(0.5, 0.8, 1.2, 1.6))
    haze = 0.13 * cytosol(field, brightness, nuclear_bodies(field, shape))
    raw = microscope.image(dye, VOXEL_SIZE, rng, haze=haze, photons=700, bleaching=0.3)
    return Phantom(Stack(raw, VOXEL_SIZE, f"adherens_junctions_{seed}", "helpers.phantoms.adherens_junctions"), truth)


def _plaques(rng: np.random.Generator, field: cells.Cells, shape: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return points on the plaques in the walls between cells, and how much dye each carries.

    A plaque is where a smooth random field is high: its hills are 0.45 um wide in the plane and 0.75 um high.
    """
    step = VOXEL_SIZE[1] / 2
    fine = tuple(round(length * size / step) for length, size in zip(shape[1:], VOXEL_SIZE[1:]))
    _, wall = cells.ground(field, fine, (step, step))
    border = np.argwhere(wall < step) * step
    low, high = field.floor + 0.6, field.roof_over(0) - 0.4
    levels = np.arange(low, high, 0.1)
    levels = levels[(levels > -1) & (levels < shape[0] * VOXEL_SIZE[0] + 1)]
    points = np.column_stack([np.repeat(levels, len(border)), np.tile(border, (len(levels), 1))])
    hill = _hills(rng, points, (0.75, 0.45, 0.45))
    patch = hill > 0.8
    return points[patch], np.exp(0.2 * _hills(rng, points[patch], (1.5, 1.0, 1.0)))


def _hills(rng: np.random.Generator, points: np.ndarray, width: tuple[float, float, float]) -> np.ndarray:
    """Return the height, at points in um, of a smooth random field of mean about 0 and standard deviation about 1; ``width`` in um."""
    position = points / np.array(width)
    lowest = np.floor(position.min(axis=0, initial=0)).astype(int) - 2
    size = np.ceil(position.max(axis=0, initial=0)).astype(int) + 3 - lowest
    knots = ndimage.gaussian_filter(rng.standard_normal(size), 0.7)
    return ndimage.map_coordinates(knots / knots.std(), (position - lowest).T, order=1)


def _belts(rng: np.random.Generator, field: cells.Cells, shape: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return points on the belts around all cells, and how much dye each carries."""
    step = VOXEL_SIZE[1] / round(VOXEL_SIZE[1] / FINE)
    fine = tuple(round(length * size / step) for length, size in zip(shape[1:], VOXEL_SIZE[1:]))
    _, wall = cells.ground(field, fine, (step, step))
    border = np.nonzero(wall < step)
    height = field.roof_over(0) - 0.12 * (field.roof - field.floor) + 0.06 * (field.roof - field.floor) * _waves(rng, fine, 2.0 / step)
    points = np.column_stack([height[border], border[0] * step, border[1] * step])
    return points, np.exp(0.25 * _waves(rng, fine, 0.5 / step)[border])


def _waves(rng: np.random.Generator, shape: tuple[int, int], sigma: float) -> np.ndarray:
    """Return a smooth random surface of mean about 0 and standard deviation 1, whose hills are about 2 ``sigma`` pixels apart."""
    coarse = tuple(int(np.ceil(length / sigma)) + 5 for length in shape)
    knots = ndimage.gaussian_filter(rng.standard_normal(coarse), 1.0) * 2 * np.sqrt(np.pi)
    y, x = np.meshgrid(*[2 + np.arange(length) / sigma for length in shape], indexing="ij", sparse=True)
    return ndimage.map_coordinates(knots, np.broadcast_arrays(y, x), order=1)
