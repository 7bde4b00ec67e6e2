"""Networks of membranes that fill the cytoplasm, as a microscope shows them, with the truth known from their geometry.

The width of the truth follows the rule of `helpers.phantoms.structures`: wider than the membrane by what the microscope adds.
"""

import numpy as np

from helpers.images import Stack
from helpers.phantoms import cells, microscope, placing
from helpers.phantoms.structures import VOXEL_SIZE, Phantom, cytosol, nuclear_bodies, start

TUBULE_REACH = (0.52, 0.146, 0.146)  # um around the centre line that are truth: 1.8 voxels along z, 1.35 in the plane
SHEET_REACH = (0.29, 0.146, 0.146)  # um around sheets and the nuclear envelope that are truth: 1 voxel along z, 1.35 in the plane
STEEP = 0.7  # largest component along z of the normal of the nuclear envelope where it is truth: it stands at 45 degrees or steeper
FULLEST = 1.0  # dye in a voxel: membranes press against one another and do not lie inside one another


def endoplasmic_reticulum(seed: int = 0, shape: tuple[int, int, int] = (32, 256, 256)) -> Phantom:
    """Make a field of cells with a labelled endoplasmic reticulum (as Sec61 beta).

    A bright envelope around each nucleus, winding tubules in all directions, and upright sheets 0.6 to 2 um high, which each plane cuts along
    a curve. Fluorophores that are not resolved fill the cytoplasm. The truth is 0.29 um wide in the plane, and along z what the blur makes of a
    thin line: 1 um for tubules, 0.6 um more than their height for sheets. **The top and bottom of the nuclear envelope are not part of the truth**:
    where it lies flatter than 45 degrees, a plane shows a faint disc, not a curve.

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
    >>> stack, truth = endoplasmic_reticulum(seed=1, shape=(12, 96, 96))
    >>> stack.raw.shape, stack.raw.dtype, truth.dtype
    ((12, 96, 96), dtype('uint16'), dtype('bool'))
    """
    rng, extent = start(seed, shape)
    field = cells.grow(rng, extent, spacing=11.5)
    brightness = rng.uniform(0.85, 1.15, len(field.centres))
    dye, truth = np.zeros(shape, np.float32), np.zeros(shape, bool)
    for (points, owner), amount, reach in (
        (_tubules(rng, field, extent), 1.0, TUBULE_REACH),
        (_sheets(rng, field, extent), 0.6, SHEET_REACH),
    ):
        dye += microscope.place(points, amount * brightness[owner], shape, VOXEL_SIZE)
        truth |= placing.near(points, np.ones((len(points), 1)) * reach, shape, VOXEL_SIZE)
    dye = np.minimum(dye, FULLEST)
    directions = _even_directions(20_000)
    for cell in placing.inside(field, extent, 5.5):
        points, area = field.nuclear_surface(cell, directions)
        dye += microscope.place(points, 44 * brightness[cell] * area, shape, VOXEL_SIZE)
        normal = (points - field.centres[cell]) / field.radii[cell] ** 2
        upright = points[np.abs(normal[:, 0]) < STEEP * np.linalg.norm(normal, axis=1)][::3]
        truth |= placing.near(upright, np.ones((len(upright), 1)) * SHEET_REACH, shape, VOXEL_SIZE)
    haze = 0.38 * cytosol(field, brightness, nuclear_bodies(field, shape))
    raw = microscope.image(dye, VOXEL_SIZE, rng, haze=haze, photons=1200, bleaching=0.3)
    return Phantom(Stack(raw, VOXEL_SIZE, f"endoplasmic_reticulum_{seed}", "helpers.phantoms.endoplasmic_reticulum"), truth)


def _tubules(rng: np.random.Generator, field: cells.Cells, extent: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Return points, 0.06 um apart, on winding tubules, and the cell of each."""
    starts, owner = placing.scatter(rng, field, extent, per_cell=60, depth=0.2)
    paths = placing.wander(rng, field, starts, owner, length=2.5, straightness=5.0)
    return paths.reshape(-1, 3), np.repeat(owner, paths.shape[1])


def _sheets(rng: np.random.Generator, field: cells.Cells, extent: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Return points on upright sheets, 0.12 um apart in the plane and 9 over each height, and the cell of each."""
    starts, owner = placing.scatter(rng, field, extent, per_cell=16, depth=0.2)
    paths = placing.wander(rng, field, starts, owner, length=5.0)[:, ::2]
    middle = paths[:, :1, 0]
    paths[..., 0] = middle + 0.15 * (paths[..., 0] - middle)
    rise = rng.uniform(0.3, 1.0, len(paths))[:, None, None] * np.linspace(-1, 1, 9)
    points = np.repeat(paths[:, :, None], 9, axis=2)
    points[..., 0] += rise
    owner = np.repeat(owner, points.shape[1] * 9)
    points = points.reshape(-1, 3)
    within = field.depth(points, owner) > 0.1
    return points[within], owner[within]


def _even_directions(count: int) -> np.ndarray:
    """Return (count, 3) unit vectors on a spiral from pole to pole, equally dense everywhere: random ones would give the envelope a grain."""
    height = 1 - (2 * np.arange(count) + 1) / count
    turn = np.pi * (3 - np.sqrt(5)) * np.arange(count)
    flat = np.sqrt(1 - height**2)
    return np.column_stack([height, flat * np.sin(turn), flat * np.cos(turn)])
