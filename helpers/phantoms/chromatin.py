"""Grains in nuclei: chromatin and what binds to it, as a microscope shows them, with the truth known from their places.

The width of the truth follows the rule of `helpers.phantoms.structures`: wider than the grain by what the microscope adds.
"""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from helpers.images import Stack
from helpers.phantoms import cells, microscope, placing
from helpers.phantoms.nucleoli import bodies_in_nuclei
from helpers.phantoms.structures import VOXEL_SIZE, Phantom, colony, start

GRAIN_RADII = (0.11, 0.2)  # um, of the one to three balls of a grain
GRAIN_GAP = 0.66  # um, at least, between the places of two grains, in the plane
GRAIN_STEP = 0.22  # um, from ball to ball
GRAIN_REACH = (0.37, 0.08, 0.08)  # um around each ball that are truth
FOCUS_RADII = (0.08, 0.14)  # um
FOCUS_GAP = 0.65  # um, in the plane
FOCUS_REACH = (0.4, 0.09, 0.09)  # um around each focus that are truth
STRETCH = (0.6, 1, 1)  # gaps are this much longer along z, where the microscope blurs more
SMOOTH = 0.6  # um, over which the diffuse part varies
FADE = 4.0  # voxels inside the nucleus over which the diffuse part rises


class Nuclei(NamedTuple):
    """The cells of a field, which of them are near it, and centres, radii (um) and cells of their nucleoli."""

    field: cells.Cells
    near: np.ndarray
    nucleoli: np.ndarray
    radii: np.ndarray
    hosts: np.ndarray


def chromatin(seed: int = 0, shape: tuple[int, int, int] = (32, 256, 256)) -> Phantom:
    """Make a field of interphase cells with stained chromatin (as histone H2B).

    Dense chromatin forms grains, irregular clumps of one to three balls 0.2 to 0.4 um across. They crowd at the rim of the nucleus and around
    the nucleoli, which are dark. Open chromatin, between them, is half as bright and varies over 0.6 um. Cells differ in brightness. The truth is
    the grains, and around them 0.08 um in the plane and 0.37 um along z: a workflow that works plane by plane cannot tell a grain from its
    blurred image above and below. Open chromatin is not part of it.

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
    >>> stack, truth = chromatin(shape=(12, 64, 64))
    >>> stack.raw.shape, truth.dtype
    ((12, 64, 64), dtype('bool'))
    """
    rng, extent = start(seed, shape)
    nuclei = _nuclei(rng, extent)
    brightness = placing.mosaic(rng, nuclei.field, extent, levels=(0.75, 0.9, 1.1, 1.35))
    places, owner = _grains(rng, nuclei, gap=GRAIN_GAP)
    more = np.concatenate([np.flatnonzero(rng.random(len(places)) < part) for part in (0.7, 0.35)])
    beside = places[more] + GRAIN_STEP * placing.directions(rng, len(more), flatness=0.4)
    centres, owner = np.concatenate([places, beside]), np.concatenate([owner, owner[more]])
    radii = rng.uniform(*GRAIN_RADII, len(centres))
    truth = placing.near(centres, radii[:, None] + GRAIN_REACH, shape, VOXEL_SIZE)
    dye = _filled(rng, centres, radii, brightness[owner] * radii**3, shape)
    haze = 0.5 * _diffuse(rng, nuclei, brightness, shape)
    raw = microscope.image(dye, VOXEL_SIZE, rng, haze=haze, photons=500, percentile=99.7, bleaching=0.25)
    return Phantom(Stack(raw, VOXEL_SIZE, f"chromatin_{seed}", "helpers.phantoms.chromatin"), truth)


def cohesin(seed: int = 0, shape: tuple[int, int, int] = (32, 256, 256)) -> Phantom:
    """Make a field of interphase cells with stained cohesin (as SMC1A).

    Fine round foci, 0.16 to 0.28 um across, where cohesin clusters on chromatin, none in nucleoli. Unbound cohesin fills the nuclei, in some nearly
    three times as much as in others. The truth is the foci, and around them 0.09 um in the plane and 0.4 um along z, nearly twice the blur:
    a workflow that works plane by plane cannot tell a focus from its blurred image above and below.

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
    >>> cohesin(shape=(8, 64, 64)).stack.name
    'cohesin_0'
    """
    rng, extent = start(seed, shape)
    nuclei = _nuclei(rng, extent)
    brightness = placing.mosaic(rng, nuclei.field, extent, levels=(0.8, 0.95, 1.05, 1.2))
    centres, owner = _grains(rng, nuclei, gap=FOCUS_GAP)
    radii = rng.uniform(*FOCUS_RADII, len(centres))
    truth = placing.near(centres, radii[:, None] + FOCUS_REACH, shape, VOXEL_SIZE)
    dye = _filled(rng, centres, radii, brightness[owner] * rng.uniform(0.7, 1.3, len(owner)), shape)
    unbound = placing.mosaic(rng, nuclei.field, extent, levels=(0.6, 0.9, 1.2, 1.6))
    haze = 0.3 * _diffuse(rng, nuclei, unbound, shape)
    raw = microscope.image(dye, VOXEL_SIZE, rng, haze=haze, photons=500, percentile=99.7, bleaching=0.25)
    return Phantom(Stack(raw, VOXEL_SIZE, f"cohesin_{seed}", "helpers.phantoms.cohesin"), truth)


def _nuclei(rng: np.random.Generator, extent: tuple[float, float, float]) -> Nuclei:
    """Return the nuclei of a field, with 1 to 3 nucleoli each."""
    field = colony(rng, extent)
    return Nuclei(field, placing.inside(field, extent, 5.5), *bodies_in_nuclei(rng, field, extent, number=(1, 3), radii=(0.7, 1.3)))


def _grains(rng: np.random.Generator, nuclei: Nuclei, *, gap: float) -> tuple[np.ndarray, np.ndarray]:
    """Return (N, 3) places, in um, at least ``gap`` apart, and the cell of each; those near the rim and nucleoli are placed first, and crowd there."""
    from scipy.spatial import cKDTree

    places, owner = [np.empty((0, 3))], [np.empty(0, int)]
    for cell in nuclei.near:
        radii = nuclei.field.radii[cell]
        points = nuclei.field.centres[cell] + rng.uniform(-1.1, 1.1, (5000, 3)) * (radii[0], *[radii[1:].max()] * 2)
        depth = -nuclei.field.nuclear_level(points, cell) * radii.mean()
        own = nuclei.hosts == cell
        for centre, size in zip(nuclei.nucleoli[own], nuclei.radii[own]):
            depth = np.minimum(depth, np.linalg.norm(points - centre, axis=1) - size)
        order = np.argsort(rng.random(len(points)) - 0.6 * (depth < 0.6))
        points = points[order][depth[order] > 0.18]
        kept = np.ones(len(points), bool)
        for one, other in sorted(cKDTree(points * STRETCH).query_pairs(gap)):
            if kept[one]:
                kept[other] = False
        places.append(points[kept])
        owner.append(np.full(np.count_nonzero(kept), cell))
    return np.concatenate(places), np.concatenate(owner)


def _filled(
    rng: np.random.Generator, centres: np.ndarray, radii: np.ndarray, amount: np.ndarray, shape: tuple[int, int, int]
) -> np.ndarray:
    """Return dye that fills balls evenly."""
    within = np.repeat(radii, 40)[:, None] * np.cbrt(rng.random((40 * len(radii), 1)))
    points = np.repeat(centres, 40, axis=0) + within * placing.directions(rng, 40 * len(radii))
    return microscope.place(points, np.repeat(amount, 40), shape, VOXEL_SIZE)


def _diffuse(rng: np.random.Generator, nuclei: Nuclei, brightness: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """Return dye spread in the nuclei, uneven, faint in the nucleoli and towards the rim: about 1 in a cell of mean brightness."""
    dye = np.zeros(shape, np.float32)
    for cell, box, distance in cells.nuclear_distances(nuclei.field, shape, VOXEL_SIZE):
        dye[box] += brightness[cell] * np.clip(-distance / FADE, 0, 1)
    dye[placing.near(nuclei.nucleoli, nuclei.radii[:, None] * np.ones(3), shape, VOXEL_SIZE)] *= np.float32(0.2)
    waves = ndimage.gaussian_filter(rng.standard_normal(shape, dtype=np.float32), np.divide(SMOOTH, VOXEL_SIZE), truncate=2.5)
    return dye * np.exp(0.3 * np.clip(waves / max(waves.std(), 1e-6), -3, 3))
