"""Adhesions of cells to the cover glass, as a microscope shows them, with the truth known from their geometry.

The width of the truth follows the rule of `helpers.phantoms.structures`: wider than the adhesion by what the microscope adds.
"""

import numpy as np

from helpers.images import Stack
from helpers.phantoms import cells, microscope, placing
from helpers.phantoms.structures import VOXEL_SIZE, Phantom, cytosol, nuclear_bodies, start

LENGTHS = (0.7, 3.5)  # um, from end to end
HALF_WIDTH = 0.12  # um, in the middle; an adhesion tapers towards its ends
GAP = 0.7  # um, at least, from the centre line of one to that of another
REACH = (0.4, 0.08, 0.08)  # um around the adhesion that are truth


def focal_adhesions(seed: int = 0, shape: tuple[int, int, int] = (32, 256, 256)) -> Phantom:
    """Make a field of cells with labelled focal adhesions (as paxillin).

    Flat streaks, 0.7 to 3.5 um long and 0.24 um wide, stick to the floor under each cell, most of them near its border. Those of one cell point
    along its pull, give or take, and outwards; all lie within a fifth of a um of the floor. Paxillin that is in no adhesion fills the cells,
    more in some than in others, and in many cells one short aggregate of it lies higher up: that is no adhesion. The truth is the streak, and
    around it 0.08 um in the plane and 0.4 um along z: a streak is thinner than light can show, and what one sees of its height is blur.

    Parameters
    ----------
    seed : int
        Which field.
    shape : tuple of int
        Voxels, (Z, Y, X); a voxel is 0.29 x 0.108 x 0.108 um. Fewer than 4 planes are a section through the middle of the cells, above all
        adhesions.

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
    >>> stack, truth = focal_adhesions(seed=1, shape=(16, 96, 96))
    >>> bool(truth[8:].any())
    False
    """
    rng, extent = start(seed, shape)
    field = cells.grow(rng, extent, spacing=12.5)
    points, half_width, amount = _streaks(rng, field, extent)
    truth = placing.near(points, half_width[:, None] * (0, 1, 1) + REACH, shape, VOXEL_SIZE)
    threads = _aggregates(rng, field, extent)
    points, half_width = np.concatenate([points, threads]), np.concatenate([half_width, np.full(len(threads), 0.5 * HALF_WIDTH)])
    amount = np.concatenate([amount, np.full(len(threads), 0.15)])
    filling, within = np.repeat(points, 6, axis=0), np.repeat(half_width, 6)
    filling[:, 1:] += (within * np.sqrt(rng.random(len(within))))[:, None] * placing.directions(rng, len(within), flatness=0)[:, 1:]
    brightness = placing.mosaic(rng, field, extent, levels=(0.4, 0.8, 1.2, 1.8))
    dye = microscope.place(filling, np.repeat(amount, 6), shape, VOXEL_SIZE)
    haze = 0.25 * cytosol(field, brightness, nuclear_bodies(field, shape))
    raw = microscope.image(dye, VOXEL_SIZE, rng, haze=haze, photons=500, percentile=99.8, bleaching=0.2)
    return Phantom(Stack(raw, VOXEL_SIZE, f"focal_adhesions_{seed}", "helpers.phantoms.focal_adhesions"), truth)


def _streaks(rng: np.random.Generator, field: cells.Cells, extent: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return points on the centre lines of adhesions, the half width there in um, and the amount of dye that each point stands for."""
    owner = np.repeat(placing.inside(field, extent, 7.0), 40)
    angle, pull = rng.uniform(0, 2 * np.pi, len(owner)), rng.uniform(0, np.pi, len(field.centres))[owner]
    outwards = np.sqrt(rng.uniform(0.2, 1, len(owner)))[:, None] * 5.8
    radial, axis = np.column_stack([np.sin(angle), np.cos(angle)]), np.column_stack([np.sin(pull), np.cos(pull)])
    axis *= np.where((radial * axis).sum(axis=1) < 0, -1, 1)[:, None]
    heading = 0.5 * radial + axis + rng.normal(0, 0.15, radial.shape)
    heading /= np.linalg.norm(heading, axis=1)[:, None]
    length = LENGTHS[0] + (LENGTHS[1] - LENGTHS[0]) * rng.random(len(owner)) ** 2
    step = np.linspace(-0.5, 0.5, 120)
    paths = (field.centres[owner, 1:] + outwards * radial)[:, None] + heading[:, None] * length[:, None, None] * step[:, None]
    height = np.repeat(field.floor + rng.uniform(0, 0.2, len(owner)), len(step)).reshape(len(owner), len(step), 1)
    paths = np.concatenate([height, paths], axis=2)
    kept = _apart(paths, np.all(field.owner(paths[:, ::20]) == owner[:, None], axis=1))
    half_width = np.tile(HALF_WIDTH * np.sqrt(np.maximum(1 - np.abs(2 * step) ** 3, 0.05)), len(kept))
    amount = np.repeat(rng.uniform(0.8, 1.2, len(kept)) * length[kept], len(step)) * half_width
    return paths[kept].reshape(-1, 3), half_width, amount


def _aggregates(rng: np.random.Generator, field: cells.Cells, extent: tuple[float, float, float]) -> np.ndarray:
    """Return points, in um, on one short thread in each cell, at least 2 um above the floor."""
    middle, _ = placing.scatter(rng, field, extent, per_cell=1, depth=0.5)
    middle = middle[middle[:, 0] > field.floor + 2]
    along = placing.directions(rng, len(middle), flatness=0)
    return (middle[:, None] + along[:, None] * np.linspace(-0.4, 0.4, 60)[:, None]).reshape(-1, 3)


def _apart(paths: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return indices of those of the ``wanted`` (N, M, 3) paths that come no nearer to one another than GAP."""
    from scipy.spatial import cKDTree

    wanted = np.flatnonzero(wanted)
    coarse = paths[wanted, ::6].reshape(-1, 3)
    number = np.repeat(np.arange(len(wanted)), len(paths[0, ::6]))
    pairs = np.sort(number[cKDTree(coarse).query_pairs(GAP, output_type="ndarray")], axis=1) if len(wanted) else np.zeros((0, 2), int)
    kept = np.ones(len(wanted), bool)
    for one, other in np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0):
        if kept[one]:
            kept[other] = False
    return wanted[kept]
