"""Nuclear pores, as a microscope shows them: puncta on the surface of nuclei, with the truth known from their places.

The width of the truth follows the rule of `helpers.phantoms.structures`: wider than the pore by what the microscope adds.
"""

import numpy as np

from helpers.images import Stack
from helpers.phantoms import cells, microscope, placing
from helpers.phantoms.structures import VOXEL_SIZE, Phantom, colony, cytosol, nuclear_bodies, start

PORE_RADIUS = 0.06  # um
PORE_GAP = 0.5  # um, at least, between two
PORE_REACH = (0.42, 0.2, 0.2)  # um around the centre of a pore that are truth


def nuclear_pores(seed: int = 0, shape: tuple[int, int, int] = (32, 256, 256)) -> Phantom:
    """Make a field of cells with stained nuclear pores (as Nup153).

    Puncta far smaller than the microscope resolves lie all over the surface of each nucleus, at least 0.5 um apart. Real pores lie closer:
    a punctum stands for those that light cannot tell apart. Protein on its way to the nucleus fills the cytoplasm, in some cells five
    times as much as in others. The truth is an ellipsoid around each centre, 0.4 um wide in the plane and 0.84 um high: nearly two
    standard deviations of the blur each way, which holds most of what is seen of a point.

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
    >>> nuclear_pores(shape=(8, 64, 64)).stack.voxel_size
    (0.29, 0.108, 0.108)
    """
    rng, extent = start(seed, shape)
    field = colony(rng, extent)
    brightness = placing.mosaic(rng, field, extent, levels=(0.75, 0.9, 1.1, 1.3))
    centres, owner = _apart_on_nuclei(rng, field, extent)
    truth = placing.near(centres, np.ones((len(centres), 1)) * PORE_REACH, shape, VOXEL_SIZE)
    amount = brightness[owner] * rng.uniform(0.7, 1.3, len(owner))
    around = np.repeat(centres, 20, axis=0) + PORE_RADIUS * placing.directions(rng, 20 * len(centres))
    dye = microscope.place(around, np.repeat(amount, 20), shape, VOXEL_SIZE)
    loose = placing.mosaic(rng, field, extent, levels=(0.4, 0.8, 1.2, 2.0))
    haze = 0.14 * cytosol(field, loose, nuclear_bodies(field, shape))
    raw = microscope.image(dye, VOXEL_SIZE, rng, haze=haze, photons=500, percentile=99.7, bleaching=0.3)
    return Phantom(Stack(raw, VOXEL_SIZE, f"nuclear_pores_{seed}", "helpers.phantoms.nuclear_pores"), truth)


def _apart_on_nuclei(rng: np.random.Generator, field: cells.Cells, extent: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Return (N, 3) places, in um, spread evenly over the surfaces of the nuclei near the field, PORE_GAP apart, and the cell of each."""
    from scipy.spatial import cKDTree

    places, owner = [np.empty((0, 3))], [np.empty(0, int)]
    for cell in placing.inside(field, extent, 5.5):
        points, area = field.nuclear_surface(cell, placing.directions(rng, 3000))
        points = points[rng.random(len(points)) < area / area.max()]
        kept = np.ones(len(points), bool)
        for one, other in sorted(cKDTree(points).query_pairs(PORE_GAP)):
            if kept[one]:
                kept[other] = False
        places.append(points[kept])
        owner.append(np.full(np.count_nonzero(kept), cell))
    return np.concatenate(places), np.concatenate(owner)
