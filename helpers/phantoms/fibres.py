"""Fibres that are thinner than light can show, as a microscope shows them, with the truth known from their course.

The width of the truth follows the rule of `helpers.phantoms.structures`: wider than the fibre by what the microscope adds, drawn as geometry
around the centre line.
"""

import numpy as np

from helpers.images import Stack
from helpers.phantoms import cells, microscope, placing
from helpers.phantoms.structures import VOXEL_SIZE, Phantom, _bodies, _cytosol, _start

MICROTUBULE_REACH = (0.435, 0.162, 0.162)  # um around the centre line that are truth: 1.5 voxels each way
CENTROSOME = 0.35  # um, radius of the cloud in which microtubules begin


def microtubules(seed: int = 0, shape: tuple[int, int, int] = (32, 256, 256)) -> Phantom:
    """Make a field of cells with labelled microtubules (as alpha-tubulin).

    Long, gently bent fibres: half of them begin at the centrosome beside the nucleus and spread like a star, the others lie free. They bend
    along the membrane and around the nucleus. Tubulin that is in no microtubule fills the cells, more in some cells than in others. A microtubule
    is 0.025 um wide, and seen as wide as the blur; the truth is 0.32 um wide in the plane and 0.87 um high along z (1.5 voxels each way from the
    centre line), where most of its light arrives.

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
    >>> stack, truth = microtubules(seed=1, shape=(12, 96, 96))
    >>> stack.raw.shape, stack.raw.dtype, truth.dtype
    ((12, 96, 96), dtype('uint16'), dtype('bool'))
    """
    rng, extent = _start(seed, shape)
    field = cells.grow(rng, extent, spacing=12.5)
    lines, owner = _asters(rng, field, extent)
    truth = placing.near(lines[::2], np.ones((len(lines[::2]), 1)) * MICROTUBULE_REACH, shape, VOXEL_SIZE)
    brightness = rng.uniform(0.65, 1.35, len(field.centres))
    dye = microscope.place(lines, brightness[owner], shape, VOXEL_SIZE)
    haze = 0.28 * _cytosol(field, brightness, _bodies(field, shape))
    raw = microscope.image(dye, VOXEL_SIZE, rng, haze=haze, photons=900, bleaching=0.3)
    return Phantom(Stack(raw, VOXEL_SIZE, f"microtubules_{seed}", "helpers.phantoms.microtubules"), truth)


def _asters(rng: np.random.Generator, field: cells.Cells, extent: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Return points, 0.06 um apart, on microtubules that begin at centrosomes or anywhere, and the cell of each."""
    angle = rng.uniform(0, 2 * np.pi, len(field.centres))
    beside = 1.12 * field.radii[:, 1:].max(axis=1) + 0.5
    centrosomes = field.centres + np.column_stack([0.25 * field.radii[:, 0], beside * np.sin(angle), beside * np.cos(angle)])
    owner = np.repeat(placing.inside(field, extent, 7.0), 22)
    starts = centrosomes[owner] + CENTROSOME * placing.directions(rng, len(owner))
    free, free_owner = placing.scatter(rng, field, extent, per_cell=20, depth=0.3)
    starts, owner = np.concatenate([starts, free]), np.concatenate([owner, free_owner])
    paths = placing.wander(rng, field, starts, owner, length=11.0, straightness=18.0)
    return paths.reshape(-1, 3), np.repeat(owner, paths.shape[1])
