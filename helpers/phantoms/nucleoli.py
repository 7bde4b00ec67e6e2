"""Nucleoli in the nuclei of a field of cells, with the truth known from their geometry.

As in `structures`, the truth is drawn from the same centres and radii as the dye, and is wider than the structure by a stated amount.
"""

import numpy as np

from helpers.images import Stack
from helpers.phantoms import cells, microscope, placing
from helpers.phantoms.structures import VOXEL_SIZE, Phantom, colony, start

LUMPS = 12  # in one nucleolus
LUMP_RADII = (0.2, 0.3)  # um
LUMP_REACH = (0.45, 0.05, 0.05)  # um around each lump that are truth
LOBES = 5  # in one nucleolus
LOBE_RADII = (0.4, 0.75)  # of the radius of the nucleolus
BODY_REACH = (0.35, 0.0, 0.0)  # um around each lobe that are truth
DROPLET_RADII = (0.2, 0.35)  # um
DROPLET_GAP = 0.2  # um, at least, between two
BALL_REACH = (0.35, 0.027, 0.027)  # um around each ball or droplet that are truth
GAPS = 6  # in one nucleolus; some lie partly outside
GAP_RADII = (0.22, 0.36)  # um


def fibrillar_nucleoli(seed: int = 0, shape: tuple[int, int, int] = (32, 256, 256)) -> Phantom:
    """Make a field of cells with the dense fibrillar component of nucleoli stained (as fibrillarin).

    Each nucleus holds 3 to 6 nucleoli, each of them a cluster of lumps 0.4 to 0.6 um across, strung along a winding path. Cells differ in
    brightness; very little dye is in the nucleoplasm. The truth is the lumps, and around them half a pixel in the plane and 0.45 um along z,
    twice the blur: a workflow that works plane by plane cannot tell a lump from its blurred image above and below.

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
    >>> stack, truth = fibrillar_nucleoli(shape=(16, 96, 96))
    >>> stack.raw.shape, truth.dtype
    ((16, 96, 96), dtype('bool'))
    """
    rng, extent = start(seed, shape)
    field = colony(rng, extent)
    brightness = rng.lognormal(0, 0.35, len(field.centres)).clip(0.4, 2.5)
    places, sizes, hosts = bodies_in_nuclei(rng, field, extent, number=(3, 6), radii=(0.7, 1.3))
    centres = _winding_clusters(rng, places, sizes)
    owner = np.tile(hosts, LUMPS)
    radii = rng.uniform(*LUMP_RADII, len(centres))
    truth = placing.near(centres, radii[:, None] + LUMP_REACH, shape, VOXEL_SIZE)
    amount = brightness[owner] * radii**3 * rng.uniform(0.9, 1.1, len(owner))
    within = np.repeat(radii, 80)[:, None] * np.cbrt(rng.random((80 * len(radii), 1)))
    filling = np.repeat(centres, 80, axis=0) + within * placing.directions(rng, 80 * len(radii))
    dye = microscope.place(filling, np.repeat(amount, 80), shape, VOXEL_SIZE)
    raw = microscope.image(dye, VOXEL_SIZE, rng, haze=0.006 * nucleoplasm(field, brightness, shape), photons=400, bleaching=0.3)
    return Phantom(Stack(raw, VOXEL_SIZE, f"fibrillar_nucleoli_{seed}", "helpers.phantoms.fibrillar_nucleoli"), truth)


def granular_nucleoli(seed: int = 0, shape: tuple[int, int, int] = (32, 256, 256)) -> Phantom:
    """Make a field of cells with the granular component of nucleoli stained (as nucleophosmin).

    Each nucleus holds 2 to 4 nucleoli 2 to 3.6 um across, rounded and lobed, with dark gaps of 0.44 to 0.72 um in them, some at the rim, where
    other components sit. Dim and bright cells stand side by side. The truth is the lobes without the gaps: as wide as they are in the
    plane, and 0.35 um higher at top and bottom, which is what the blur adds there.

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
    >>> granular_nucleoli(shape=(8, 64, 64)).stack.voxel_size
    (0.29, 0.108, 0.108)
    """
    rng, extent = start(seed, shape)
    field = colony(rng, extent)
    brightness = placing.mosaic(rng, field, extent, levels=(0.4, 0.8, 1.2, 2.0))
    places, sizes, hosts = bodies_in_nuclei(rng, field, extent, number=(2, 4), radii=(1.0, 1.8))
    radii = sizes[:, None] * rng.uniform(*LOBE_RADII, (len(sizes), LOBES))
    lobes = places[:, None] + (sizes[:, None] - radii)[..., None] * _flat(rng, radii.shape)
    gap_radii = rng.uniform(*GAP_RADII, (len(sizes), GAPS))
    gaps = places[:, None] + 0.75 * sizes[:, None, None] * np.cbrt(rng.random((*gap_radii.shape, 1))) * _flat(rng, gap_radii.shape)
    body = placing.near(lobes.reshape(-1, 3), radii.reshape(-1, 1) + BODY_REACH, shape, VOXEL_SIZE)
    truth = body & ~placing.near(gaps.reshape(-1, 3), gap_radii.reshape(-1, 1) * np.ones(3), shape, VOXEL_SIZE)
    points, share = _fill(rng, lobes, radii, gaps, gap_radii)
    dye = microscope.place(points.reshape(-1, 3), (brightness[hosts][:, None, None] * share).ravel(), shape, VOXEL_SIZE)
    raw = microscope.image(dye, VOXEL_SIZE, rng, haze=0.02 * nucleoplasm(field, brightness, shape), photons=400, bleaching=0.3)
    return Phantom(Stack(raw, VOXEL_SIZE, f"granular_nucleoli_{seed}", "helpers.phantoms.granular_nucleoli"), truth)


def treated_nucleoli(seed: int = 0, shape: tuple[int, int, int] = (32, 256, 256)) -> Phantom:
    """Make a field of drug-treated cells with the granular component of nucleoli stained (as nucleophosmin).

    In about half of the nuclei the nucleoli have rounded up into compact balls 1.1 to 2.1 um across; in the others each has fallen apart into
    a cloud of droplets 0.4 to 0.7 um across. Dim and bright cells stand side by side, with very little dye in the nucleoplasm. The truth is
    the balls and droplets, and around them a quarter of a pixel in the plane and 0.35 um along z, which is what the blur adds there.

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
    >>> treated_nucleoli(shape=(8, 64, 64)).stack.name
    'treated_nucleoli_0'
    """
    rng, extent = start(seed, shape)
    field = colony(rng, extent)
    brightness = placing.mosaic(rng, field, extent, levels=(0.45, 0.8, 1.2, 2.0))
    scattered = placing.mosaic(rng, field, extent, levels=(0.0, 1.0)) > 0.5
    places, sizes, hosts = bodies_in_nuclei(rng, field, extent, number=(3, 5), radii=(0.55, 1.05))
    centres, radii, owner = _scatter(rng, places, sizes, hosts, scattered[hosts])
    truth = placing.near(centres, radii[:, None] + BALL_REACH, shape, VOXEL_SIZE)
    body = np.repeat(np.arange(len(radii)), np.ceil(2500 * radii**3).astype(int))
    within = radii[body, None] * np.cbrt(rng.random((len(body), 1)))
    dye = microscope.place(centres[body] + within * placing.directions(rng, len(body)), brightness[owner[body]], shape, VOXEL_SIZE)
    raw = microscope.image(dye, VOXEL_SIZE, rng, haze=0.008 * nucleoplasm(field, brightness, shape), photons=400, bleaching=0.3)
    return Phantom(Stack(raw, VOXEL_SIZE, f"treated_nucleoli_{seed}", "helpers.phantoms.treated_nucleoli"), truth)


def _scatter(
    rng: np.random.Generator, places: np.ndarray, sizes: np.ndarray, hosts: np.ndarray, scattered: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return centres (N, 3) and radii (N,), in um, and the cell of each nucleolus that is whole, and of the droplets of each that is ``scattered``."""
    centres, radii, owner = [places[~scattered]], [sizes[~scattered]], [hosts[~scattered]]
    for place, size, host in zip(places[scattered], sizes[scattered], hosts[scattered]):
        chance = place + 1.3 * size * np.cbrt(rng.random((60, 1))) * placing.directions(rng, 60, flatness=0.7)
        small = rng.uniform(*DROPLET_RADII, 60)
        kept: list[int] = []
        for one in range(60):
            # Those that stack up along z must lie farther apart, because the microscope blurs more there
            apart = np.linalg.norm((chance[kept] - chance[one]) * (0.7, 1, 1), axis=1)
            if (apart > small[kept] + small[one] + DROPLET_GAP).all():
                kept.append(one)
        centres.append(chance[kept])
        radii.append(small[kept])
        owner.append(np.full(len(kept), host))
    return np.concatenate(centres), np.concatenate(radii), np.concatenate(owner)


def _flat(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Return directions, (*shape, 3), shortened along z: nucleoli are a little flatter than long."""
    return placing.directions(rng, int(np.prod(shape))).reshape(*shape, 3) * (0.7, 1, 1)


def _fill(
    rng: np.random.Generator, lobes: np.ndarray, radii: np.ndarray, gaps: np.ndarray, gap_radii: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return points (N, LOBES, M, 3) in the lobes of N nucleoli and the volume that each stands for: 0 in gaps, shared where lobes overlap."""
    count = 900
    distance = radii[..., None] * np.cbrt(rng.random((*radii.shape, count)))
    points = lobes[:, :, None] + distance[..., None] * placing.directions(rng, distance.size).reshape(*distance.shape, 3)

    def holding(centres: np.ndarray, sizes: np.ndarray) -> np.ndarray:
        apart = np.linalg.norm(points[:, :, :, None] - centres[:, None, None], axis=-1)
        return np.count_nonzero(apart <= sizes[:, None, None], axis=-1)

    return points, radii[..., None] ** 3 * (holding(gaps, gap_radii) == 0) / np.maximum(holding(lobes, radii), 1)


def bodies_in_nuclei(
    rng: np.random.Generator, field: cells.Cells, extent: tuple[float, float, float], *, number: tuple[int, int], radii: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return centres (N, 3) and radii (N,), in um, of bodies that do not touch in the nuclei near the field, and the cell of each."""
    centres, found, owner = [], [], []
    for cell in placing.inside(field, extent, 5.5):
        chance = np.cbrt(rng.random((60, 1))) * placing.directions(rng, 60)
        first, count = len(centres), rng.integers(number[0], number[1] + 1)
        for centre, radius in zip(field.centres[cell] + 0.68 * field.radii[cell] * chance, rng.uniform(*radii, 60)):
            clear = all(np.linalg.norm(centre - other) > radius + size + 0.4 for other, size in zip(centres[first:], found[first:]))
            if clear and len(centres) < first + count:
                centres.append(centre)
                found.append(radius)
                owner.append(cell)
    return np.reshape(centres, (-1, 3)), np.array(found), np.array(owner, int)


def _winding_clusters(rng: np.random.Generator, places: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return (LUMPS x N, 3) centres of lumps: from each of N places a path that is turned back where it leaves the nucleolus."""
    end, path = places, []
    for _ in range(LUMPS):
        end = end + 0.5 * placing.directions(rng, len(places), flatness=0.6)
        outside = np.linalg.norm((end - places) * (1.3, 1, 1), axis=1) > sizes - 0.25
        end[outside] = places[outside] + 0.55 * (end[outside] - places[outside])
        path.append(end)
    return np.concatenate(path)


def nucleoplasm(field: cells.Cells, brightness: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """Return dye that is dissolved in the nuclei: 1 in a cell of mean brightness."""
    dye = np.zeros(shape, np.float32)
    for cell, box, distance in cells.nuclear_distances(field, shape, VOXEL_SIZE):
        dye[box][distance < 0] = brightness[cell]
    return dye
