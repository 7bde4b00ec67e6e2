"""Spots that stand alone, in pairs or in groups, with the truth known from their geometry.

As in `structures`, the truth is drawn from the same centres and radii as the dye, and is wider than the structure by a stated amount.
"""

import numpy as np

from helpers.images import Stack
from helpers.phantoms import cells, microscope, placing
from helpers.phantoms.structures import VOXEL_SIZE, Phantom, cytosol, nuclear_bodies, start

CENTRIOLE_RADIUS = 0.2  # um
CENTRIOLE_APART = (0.5, 0.9)  # um, from one to the other of a pair
CENTRIOLE_REACH = (0.25, 0.11, 0.11)  # um around each that are truth
PLAQUE_RADII = (0.15, 0.25)  # um
PLAQUE_GAP = 0.9  # um, at least, from the centre of one to that of another
PLAQUE_REACH = (0.2, 0.15, 0.15)  # um around each that are truth
DESMOSOME_RADII = (0.12, 0.22)  # um
DESMOSOME_APART = 0.68  # um, at most, from one to the other of a touching pair
DESMOSOME_REACH = (0.25, 0.16, 0.16)  # um around each that are truth
DEBRIS_RADIUS = 0.3  # um, of a grain: eight make a lump


def centrioles(seed: int = 0, shape: tuple[int, int, int] = (32, 256, 256)) -> Phantom:
    """Make a field of cells with stained centrioles (as centrin-2).

    Each cell has one pair of small bodies beside its nucleus, 0.4 um across and 0.5 to 0.9 um apart; dissolved dye makes the cells glow in
    different brightness. The truth is the bodies, and around them one pixel in the plane and 0.25 um along z: what the blur adds, about.

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
    >>> stack, truth = centrioles()
    >>> bool(truth.mean() < 0.001)
    True
    """
    rng, extent = start(seed, shape)
    field = cells.grow(rng, extent, spacing=9.5)
    brightness = placing.mosaic(rng, field, extent, levels=(0.7, 0.9, 1.1, 1.4))
    middles, owner = _beside_nuclei(rng, field, extent)
    across = 0.5 * rng.uniform(*CENTRIOLE_APART, (len(middles), 1)) * placing.directions(rng, len(middles), flatness=0.4)
    centres, owner = np.concatenate([middles - across, middles + across]), np.tile(owner, 2)
    truth = placing.near(centres, np.ones((len(centres), 1)) * np.add(CENTRIOLE_REACH, CENTRIOLE_RADIUS), shape, VOXEL_SIZE)
    within = CENTRIOLE_RADIUS * np.cbrt(rng.random((60 * len(centres), 1)))
    filling = np.repeat(centres, 60, axis=0) + within * placing.directions(rng, 60 * len(centres))
    amount = brightness[owner] * rng.uniform(0.8, 1.2, len(owner))
    dye = microscope.place(filling, np.repeat(amount, 60), shape, VOXEL_SIZE)
    haze = 0.2 * cytosol(field, brightness, nuclear_bodies(field, shape))
    # Rarer than one voxel in a thousand: 99.97 % of the stack is darker than what the brightness refers to
    raw = microscope.image(dye, VOXEL_SIZE, rng, haze=haze, photons=330, percentile=99.97, bleaching=0.2, background=30, offset=300)
    return Phantom(Stack(raw, VOXEL_SIZE, f"centrioles_{seed}", "helpers.phantoms.centrioles"), truth)


def gap_junctions(seed: int = 0, shape: tuple[int, int, int] = (32, 256, 256)) -> Phantom:
    """Make a field of cells with stained gap junctions (as connexin-43).

    Small plaques, 0.3 to 0.5 um across, lie at least 0.9 um apart where two cells meet; dissolved dye makes the cells glow in different
    brightness. The truth is the plaques, and around them one pixel and a half in the plane and 0.2 um along z: what the blur adds, about.

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
    >>> gap_junctions(shape=(8, 64, 64)).stack.name
    'gap_junctions_0'
    """
    rng, extent = start(seed, shape)
    field = cells.grow(rng, extent, spacing=10.5)
    brightness = placing.mosaic(rng, field, extent, levels=(0.6, 0.9, 1.1, 1.5))
    centres = _on_borders(rng, field, shape)
    radii = rng.uniform(*PLAQUE_RADII, len(centres))
    truth = placing.near(centres, radii[:, None] + PLAQUE_REACH, shape, VOXEL_SIZE)
    amount = rng.uniform(0.7, 1.3, len(centres)) * radii**2
    surface = np.repeat(centres, 60, axis=0) + np.repeat(radii, 60)[:, None] * placing.directions(rng, 60 * len(centres))
    dye = microscope.place(surface, np.repeat(amount, 60), shape, VOXEL_SIZE)
    haze = 0.15 * cytosol(field, brightness, nuclear_bodies(field, shape))
    raw = microscope.image(dye, VOXEL_SIZE, rng, haze=haze, photons=400, bleaching=0.3)
    return Phantom(Stack(raw, VOXEL_SIZE, f"gap_junctions_{seed}", "helpers.phantoms.gap_junctions"), truth)


def desmosomes(seed: int = 0, shape: tuple[int, int, int] = (32, 256, 256)) -> Phantom:
    """Make an epithelial sheet with stained desmosomes (as desmoplakin), and bright debris on top of it.

    Small bodies, 0.24 to 0.44 um across, lie where two cells meet; six in ten have a neighbour on the same border, so near that the blur joins
    the two. Some are five times as bright as others, and dissolved dye makes the cells glow in different brightness. On the cells lie
    two lumps of debris, about 1 um across and far brighter than any desmosome; they are not in the truth. The truth is the bodies, and around
    them one pixel and a half in the plane and 0.25 um along z: what the blur adds, about.

    Parameters
    ----------
    seed : int
        Which field.
    shape : tuple of int
        Voxels, (Z, Y, X); a voxel is 0.29 x 0.108 x 0.108 um. Fewer than 4 planes are a section through the middle of the cells, below the
        debris.

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
    >>> stack, truth = desmosomes()
    >>> bool((stack.raw > 8000).any())  # debris
    True
    """
    rng, extent = start(seed, shape)
    field = cells.grow(rng, extent, spacing=9.0, nuclear_radius=3.4)
    brightness = placing.mosaic(rng, field, extent, levels=(0.4, 0.8, 1.2, 1.6))
    centres = _in_pairs(rng, field, shape)
    radii = rng.uniform(*DESMOSOME_RADII, len(centres))
    truth = placing.near(centres, radii[:, None] + DESMOSOME_REACH, shape, VOXEL_SIZE)
    amount = rng.uniform(0.4, 1.2, len(centres)) * radii
    debris = _debris(rng, field, extent)
    centres, radii = np.concatenate([centres, debris]), np.concatenate([radii, np.full(len(debris), DEBRIS_RADIUS)])
    amount = np.concatenate([amount, np.full(len(debris), 0.6)])
    within = np.repeat(radii, 80)[:, None] * np.cbrt(rng.random((80 * len(centres), 1)))
    filling = np.repeat(centres, 80, axis=0) + within * placing.directions(rng, 80 * len(centres))
    dye = microscope.place(filling, np.repeat(amount, 80), shape, VOXEL_SIZE)
    haze = 0.12 * cytosol(field, brightness, nuclear_bodies(field, shape))
    raw = microscope.image(dye, VOXEL_SIZE, rng, haze=haze, photons=1200, bleaching=0.3)
    return Phantom(Stack(raw, VOXEL_SIZE, f"desmosomes_{seed}", "helpers.phantoms.desmosomes"), truth)


def _in_pairs(rng: np.random.Generator, field: cells.Cells, shape: tuple[int, int, int]) -> np.ndarray:
    """Return (N, 3) places, in um, where two cells meet: six in ten have a neighbour on the same border, half a um away or a little more."""
    from scipy.spatial import cKDTree

    places = _on_borders(rng, field, shape)
    _, wall = cells.ground(field, shape[1:], VOXEL_SIZE[1:])
    border = np.argwhere(wall < 0.06) * VOXEL_SIZE[1:]
    paired = places[rng.random(len(places)) < 0.6]
    along = cKDTree(border).query_ball_point(paired[:, 1:], DESMOSOME_APART) if len(paired) else []
    farthest = [border[near][np.linalg.norm(border[near] - place[1:], axis=1).argmax()] for near, place in zip(along, paired) if near]
    beside = np.column_stack([paired[:, 0] + rng.uniform(-0.15, 0.15, len(paired)), np.reshape(farthest, (-1, 2))])
    return np.concatenate([places, beside])


def _debris(rng: np.random.Generator, field: cells.Cells, extent: tuple[float, float, float]) -> np.ndarray:
    """Return (16, 3) centres of grains, in um, in two lumps just below the roof of the cells."""
    lumps = np.column_stack([np.full(2, field.roof - 0.8), rng.uniform(0.1, 0.9, (2, 2)) * extent[1:]])
    return np.repeat(lumps, 8, axis=0) + rng.uniform(0, 0.5, (16, 1)) * placing.directions(rng, 16)


def _on_borders(rng: np.random.Generator, field: cells.Cells, shape: tuple[int, int, int]) -> np.ndarray:
    """Return (N, 3) places, in um, where two cells meet, at least PLAQUE_GAP apart."""
    from scipy.spatial import cKDTree

    _, wall = cells.ground(field, shape[1:], VOXEL_SIZE[1:])
    border = np.argwhere(wall < 0.06)
    chosen = border[rng.random(len(border)) < 0.25]
    height = field.roof - field.floor
    level = rng.uniform(field.floor + 0.15 * height, field.roof - 0.2 * height, len(chosen))
    places = np.column_stack([level, (chosen + rng.uniform(-0.5, 0.5, chosen.shape)) * VOXEL_SIZE[1:]])
    kept = np.ones(len(places), bool)
    for one, other in sorted(cKDTree(places).query_pairs(PLAQUE_GAP)) if len(places) else ():
        if kept[one]:
            kept[other] = False
    return places[kept]


def _beside_nuclei(rng: np.random.Generator, field: cells.Cells, extent: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Return one place in the cytoplasm of each cell, in um, near its nucleus, and the cell."""
    places, owner = placing.scatter(rng, field, extent, per_cell=6, depth=0.55)
    nearest = np.argsort(field.nuclear_level(places, owner))
    _, first = np.unique(owner[nearest], return_index=True)
    return places[nearest[first]], owner[nearest[first]]
