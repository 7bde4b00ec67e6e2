"""Fibres that are thinner than light can show, as a microscope shows them, with the truth known from their course.

The width of the truth follows the rule of `helpers.phantoms.structures`: wider than the fibre by what the microscope adds, drawn as geometry
around the centre line.
"""

import numpy as np

from helpers.images import Stack
from helpers.phantoms import cells, microscope, placing
from helpers.phantoms.structures import VOXEL_SIZE, Phantom, cytosol, nuclear_bodies, start

MICROTUBULE_REACH = (0.435, 0.162, 0.162)  # um around the centre line that are truth: 1.5 voxels each way
STRAND_REACH = (0.51, 0.173, 0.173)  # um around the centre line of a fine strand of actin: 1.75 voxels along z, 1.6 in the plane
BUNDLE_REACH = (0.64, 0.216, 0.216)  # um around the centre line of a stress fibre: 2.2 voxels along z, 2 in the plane
BUNDLE_RADIUS = 0.12  # um
BANDS = 0.9  # um, from one bright band of a stress fibre to the next
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
    rng, extent = start(seed, shape)
    field = cells.grow(rng, extent, spacing=12.5)
    lines, owner = _asters(rng, field, extent)
    truth = placing.near(lines[::2], np.ones((len(lines[::2]), 1)) * MICROTUBULE_REACH, shape, VOXEL_SIZE)
    brightness = rng.uniform(0.65, 1.35, len(field.centres))
    dye = microscope.place(lines, brightness[owner], shape, VOXEL_SIZE)
    haze = 0.28 * cytosol(field, brightness, nuclear_bodies(field, shape))
    raw = microscope.image(dye, VOXEL_SIZE, rng, haze=haze, photons=900, bleaching=0.3)
    return Phantom(Stack(raw, VOXEL_SIZE, f"microtubules_{seed}", "helpers.phantoms.microtubules"), truth)


def actin(seed: int = 0, shape: tuple[int, int, int] = (32, 256, 256)) -> Phantom:
    """Make a field of cells with labelled actin filaments and bundles (as beta-actin).

    Stress fibres, 0.24 um thick and up to 12 um long, lie side by side at the bottom of each cell; fine strands, two thirds as bright, lie between
    them and all through the cell. Actin that is in no filament fills the cells, more in some than in others. The truth is 0.35 um wide in the
    plane and 1 um high around a strand, 0.43 um wide and 1.3 um high around a stress fibre: where most of its light arrives.

    Parameters
    ----------
    seed : int
        Which field.
    shape : tuple of int
        Voxels, (Z, Y, X); a voxel is 0.29 x 0.108 x 0.108 um. Fewer than 4 planes are a section through the middle of the cells, above the
        stress fibres.

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
    >>> stack, truth = actin(seed=1, shape=(12, 96, 96))
    >>> stack.raw.shape, stack.raw.dtype, truth.dtype
    ((12, 96, 96), dtype('uint16'), dtype('bool'))
    """
    rng, extent = start(seed, shape)
    field = cells.grow(rng, extent, spacing=12.5)
    brightness = rng.uniform(0.85, 1.15, len(field.centres))
    heading = rng.uniform(0, np.pi, len(field.centres))
    basal, basal_owner, basal_amount = _straight(rng, field, extent, heading, per_cell=16, heights=(0.2, 1.6), spread=0.5, length=8.0)
    starts, owner = placing.scatter(rng, field, extent, per_cell=28, depth=0.2)
    paths = placing.wander(rng, field, starts, owner, length=4.0, straightness=12.0)
    strands = np.concatenate([basal, paths.reshape(-1, 3)])
    strand_amount = np.concatenate([basal_amount * brightness[basal_owner], np.repeat(brightness[owner], paths.shape[1])])
    bundles, bundle_owner, bundle_amount = _straight(rng, field, extent, heading, per_cell=5, heights=(0.35, 0.9), spread=0.12, length=12.0)
    truth = np.zeros(shape, bool)
    for points, reach in ((strands, STRAND_REACH), (bundles, BUNDLE_REACH)):
        truth |= placing.near(points[::2], np.ones((len(points[::2]), 1)) * reach, shape, VOXEL_SIZE)
    around = np.repeat(bundles, 8, axis=0)
    around += BUNDLE_RADIUS * placing.directions(rng, len(around))
    dye = microscope.place(strands, strand_amount, shape, VOXEL_SIZE)
    dye += microscope.place(around, np.repeat(0.2 * bundle_amount * brightness[bundle_owner], 8), shape, VOXEL_SIZE)
    haze = 0.32 * cytosol(field, brightness, nuclear_bodies(field, shape))
    raw = microscope.image(dye, VOXEL_SIZE, rng, haze=haze, photons=900, bleaching=0.3)
    return Phantom(Stack(raw, VOXEL_SIZE, f"actin_{seed}", "helpers.phantoms.actin"), truth)


def actin_bundles(seed: int = 0, shape: tuple[int, int, int] = (32, 256, 256)) -> Phantom:
    """Make a field of cells with labelled actin bundles (as alpha-actinin-1 or non-muscle myosin IIB).

    Stress fibres at the bottom of each cell, and thinner bundles above them, all stained in a period of 0.9 um: bright bands, and half as bright
    between. Neighbouring fibres of a cell have their bands side by side. Protein that is in no bundle fills the cells. The truth follows the
    bundles through bright and dark; it is as wide as in `actin`.

    Parameters
    ----------
    seed : int
        Which field.
    shape : tuple of int
        Voxels, (Z, Y, X); a voxel is 0.29 x 0.108 x 0.108 um. Fewer than 4 planes are a section through the middle of the cells, above the
        stress fibres.

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
    >>> stack, truth = actin_bundles(seed=1, shape=(12, 96, 96))
    >>> stack.raw.shape, stack.raw.dtype, truth.dtype
    ((12, 96, 96), dtype('uint16'), dtype('bool'))
    """
    rng, extent = start(seed, shape)
    field = cells.grow(rng, extent, spacing=12.5)
    brightness = rng.uniform(0.8, 1.2, len(field.centres))
    heading = rng.uniform(0, np.pi, len(field.centres))
    dye, truth = np.zeros(shape, np.float32), np.zeros(shape, bool)
    for reach, radius, per_cell, heights in ((STRAND_REACH, 0.04, 12, (0.2, 2.2)), (BUNDLE_REACH, BUNDLE_RADIUS, 5, (0.35, 0.9))):
        points, owner, amount = _straight(rng, field, extent, heading, per_cell=per_cell, heights=heights, spread=0.3, length=10.0)
        truth |= placing.near(points[::2], np.ones((len(points[::2]), 1)) * reach, shape, VOXEL_SIZE)
        along = points[:, 1] * np.sin(heading[owner]) + points[:, 2] * np.cos(heading[owner])
        amount = amount * brightness[owner] * (0.75 + 0.25 * np.cos(2 * np.pi * along / BANDS)) * (1 + 8 * (radius - 0.04))
        around = np.repeat(points, 8, axis=0)
        around += radius * placing.directions(rng, len(around))
        dye += microscope.place(around, np.repeat(amount, 8), shape, VOXEL_SIZE)
    haze = 0.35 * cytosol(field, brightness, nuclear_bodies(field, shape))
    raw = microscope.image(dye, VOXEL_SIZE, rng, haze=haze, photons=900, bleaching=0.3)
    return Phantom(Stack(raw, VOXEL_SIZE, f"actin_bundles_{seed}", "helpers.phantoms.actin_bundles"), truth)


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


def _straight(
    rng: np.random.Generator,
    field: cells.Cells,
    extent: tuple[float, float, float],
    heading: np.ndarray,
    *,
    per_cell: int,
    heights: tuple[float, float],
    spread: float,
    length: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return points, at most 0.06 um apart, on slightly bent fibres low in the cells, and cell and amount of dye of each.

    Fibres lie between two ``heights`` above the floor, within about ``spread`` radians of the ``heading`` of their cell, and end at its membrane
    or after half to all of ``length``, in um.
    """
    owner = np.repeat(placing.inside(field, extent, 7.0), per_cell)
    count = len(owner)
    middle = field.centres[owner] + np.column_stack([np.zeros(count), rng.uniform(-6, 6, (count, 2))])
    middle[:, 0] = field.floor + rng.uniform(*heights, count)
    angle = heading[owner] + rng.normal(0, spread, count)
    share = rng.uniform(0.5, 1, (count, 1))
    along = np.column_stack([rng.normal(0, 0.02, count), np.sin(angle), np.cos(angle)]) * share * length
    across = np.column_stack([np.zeros(count), np.cos(angle), -np.sin(angle)]) * rng.normal(0, 0.35, (count, 1))
    step = np.linspace(-0.5, 0.5, round(length / 0.06))[:, None]
    points = (middle[:, None] + along[:, None] * step + across[:, None] * (1 - 4 * step**2)).reshape(-1, 3)
    owner, amount = np.repeat(owner, len(step)), np.repeat(share, len(step))
    within = (field.depth(points, owner) > 0.05) & (field.owner(points) == owner)
    return points[within], owner[within], amount[within]
