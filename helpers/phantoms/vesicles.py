"""Vesicles in the cytoplasm of a field of cells, with the truth known from their geometry.

As in `structures`, the truth is drawn from the same centres and radii as the dye, and is wider than the structure by a stated amount.
"""

import numpy as np

from helpers.images import Stack
from helpers.phantoms import cells, microscope, placing
from helpers.phantoms.structures import VOXEL_SIZE, Phantom, cytosol, nuclear_bodies, start

LYSOSOME_RADII = (0.2, 0.35, 0.9)  # um: half of them between the first two, half between the last two
LYSOSOME_GAP = 0.15  # um, at least, between two
LYSOSOME_REACH = (0.4, 0.135, 0.135)  # um around the membrane that are truth
ENDOSOME_RADII = (0.1, 0.25, 0.6)  # um: four in five between the first two, the rest, most of them rings, between the last two
ENDOSOME_REACH = (0.25, 0.15, 0.15)  # um around the membrane that are truth


def lysosomes(seed: int = 0, shape: tuple[int, int, int] = (32, 256, 256)) -> Phantom:
    """Make a field of cells with stained lysosomes (membrane, as LAMP-1).

    Round bodies 0.4 to 1.8 um across, of which the microscope shows the small ones as spots and the large ones as rings. Cells differ in
    brightness and hold some dissolved dye. The truth is the filled body, and around it 0.135 um in the plane and 0.4 um along z: about what the
    blur adds to what one sees, and twice that along z, where a workflow that works plane by plane cannot tell the body from its blur.

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
    >>> stack, truth = lysosomes(shape=(12, 64, 64))
    >>> stack.raw.shape, stack.raw.dtype
    ((12, 64, 64), dtype('uint16'))
    """
    rng, extent = start(seed, shape)
    field = cells.grow(rng, extent, spacing=10.5)
    brightness = placing.mosaic(rng, field, extent, levels=(0.5, 0.8, 1.2, 1.8))
    centres, radii, owner = _round_bodies(rng, field, extent, LYSOSOME_RADII, per_cell=42, small=0.5)
    truth = placing.near(centres, radii[:, None] + LYSOSOME_REACH, shape, VOXEL_SIZE)
    amount = brightness[owner] * rng.uniform(0.8, 1.2, len(owner)) * radii**2
    membrane = np.repeat(centres, 400, axis=0) + np.repeat(radii, 400)[:, None] * placing.directions(rng, 400 * len(centres))
    dye = microscope.place(membrane, np.repeat(amount, 400), shape, VOXEL_SIZE)
    haze = 0.09 * cytosol(field, brightness, nuclear_bodies(field, shape))
    raw = microscope.image(dye, VOXEL_SIZE, rng, haze=haze, photons=300, bleaching=0.3)
    return Phantom(Stack(raw, VOXEL_SIZE, f"lysosomes_{seed}", "helpers.phantoms.lysosomes"), truth)


def early_endosomes(seed: int = 0, shape: tuple[int, int, int] = (32, 256, 256)) -> Phantom:
    """Make a field of cells with stained early endosomes (membrane, as Rab5a), in little light.

    Round bodies, of which four in five are 0.2 to 0.5 um across and show as spots; the others, up to 1.2 um across, show as small rings. Rab5a that
    is on no endosome fills the cells, more in some than in others. The truth is the filled body, and around it 0.15 um in the
    plane and 0.25 um along z: what the blur adds, about.

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
    >>> stack, truth = early_endosomes(shape=(12, 64, 64))
    >>> stack.raw.shape, stack.raw.dtype
    ((12, 64, 64), dtype('uint16'))
    """
    rng, extent = start(seed, shape)
    field = cells.grow(rng, extent, spacing=10.5)
    brightness = placing.mosaic(rng, field, extent, levels=(0.5, 0.8, 1.2, 1.6))
    centres, radii, owner = _round_bodies(rng, field, extent, ENDOSOME_RADII, per_cell=60, small=0.8)
    truth = placing.near(centres, radii[:, None] + ENDOSOME_REACH, shape, VOXEL_SIZE)
    amount = rng.uniform(0.8, 1.2, len(owner)) * np.maximum(radii, 0.2) ** 2
    membrane = np.repeat(centres, 200, axis=0) + np.repeat(radii, 200)[:, None] * placing.directions(rng, 200 * len(centres))
    dye = microscope.place(membrane, np.repeat(amount, 200), shape, VOXEL_SIZE)
    haze = 0.25 * cytosol(field, brightness, nuclear_bodies(field, shape))
    raw = microscope.image(dye, VOXEL_SIZE, rng, haze=haze, photons=150, bleaching=0.3)
    return Phantom(Stack(raw, VOXEL_SIZE, f"early_endosomes_{seed}", "helpers.phantoms.early_endosomes"), truth)


def _round_bodies(
    rng: np.random.Generator,
    field: cells.Cells,
    extent: tuple[float, float, float],
    limits: tuple[float, float, float],
    *,
    per_cell: int,
    small: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return centres (N, 3) and radii (N,), in um, of bodies in the cytoplasm that do not touch, and the cell of each.

    A fraction ``small`` of them has a radius between the first two ``limits``, the others between the last two.
    """
    from scipy.spatial import cKDTree

    centres, owner = placing.scatter(rng, field, extent, per_cell=per_cell, depth=0.45)
    low, middle, high = limits
    radii = np.where(rng.random(len(centres)) < small, rng.uniform(low, middle, len(centres)), rng.uniform(middle, high, len(centres)))
    fits = field.depth(centres, owner) > radii + 0.1
    centres, radii, owner = centres[fits], radii[fits], owner[fits]
    kept = np.ones(len(centres), bool)
    pairs = cKDTree(centres).query_pairs(2 * high + LYSOSOME_GAP)
    for one, other in sorted(pairs):
        apart = np.linalg.norm(centres[one] - centres[other])
        if kept[one] and kept[other] and apart < radii[one] + radii[other] + LYSOSOME_GAP:
            kept[other] = False
    return centres[kept], radii[kept], owner[kept]
