"""Nucleoli in the nuclei of a field of cells, with the truth known from their geometry.

As in `structures`, the truth is drawn from the same centres and radii as the dye, and is wider than the structure by a stated amount.
"""

import numpy as np

from helpers.images import Stack
from helpers.phantoms import cells, microscope, placing
from helpers.phantoms.structures import CARDIOMYOCYTES, VOXEL_SIZE, Phantom, colony, start

LUMPS = {"FBL": 12, "UBTF": 4}  # in one nucleolus
LUMP_RADII = {"FBL": (0.2, 0.3), "UBTF": (0.25, 0.4)}  # um
LUMP_REACH = {"FBL": (0.45, 0.05, 0.05), "UBTF": (0.3, 0.0, 0.0)}  # um around each lump that are truth
CLUSTERS = {"FBL": (3, 6), "UBTF": (2, 4)}  # nucleoli in one nucleus
LOBES = 5  # in one nucleolus
LOBE_RADII = (0.4, 0.75)  # of the radius of the nucleolus
BODY_REACH = (0.35, 0.0, 0.0)  # um around each lobe that are truth
COMPACT_REACH = (0.25, 0.0, 0.0)  # um around each lobe that are truth, where there are no gaps
GAPS = 6  # in one nucleolus; some lie partly outside
GAP_RADII = (0.22, 0.36)  # um


def fibrillar_nucleoli(seed: int = 0, shape: tuple[int, int, int] = (32, 256, 256), *, protein: str = "FBL") -> Phantom:
    """Make a field of cells with the dense fibrillar component of nucleoli stained (as fibrillarin), or the fibrillar centres (as UBTF).

    Each nucleus holds 3 to 6 nucleoli, each of them a cluster of lumps 0.4 to 0.6 um across, strung along a winding path. Cells differ in
    brightness; very little dye is in the nucleoplasm. The truth is the lumps, and around them half a pixel in the plane and 0.45 um along z,
    twice the blur: a workflow that works plane by plane cannot tell a lump from its blurred image above and below.

    With UBTF there are 2 to 4 nucleoli, each with 4 rounder spots, 0.5 to 0.8 um across. Dim and bright cells stand side by side. Larger spots
    are told from their blur more easily: the truth is as wide as they are in the plane, and 0.3 um higher at top and bottom.

    Parameters
    ----------
    seed : int
        Which field.
    shape : tuple of int
        Voxels, (Z, Y, X); a voxel is 0.29 x 0.108 x 0.108 um. Fewer than 4 planes are a section through the middle of the cells.
    protein : {"FBL", "UBTF"}
        What is stained, by its gene.

    Returns
    -------
    phantom : Phantom
        ``stack`` (uint16) and ``truth`` (bool).

    Raises
    ------
    TypeError, ValueError
        If ``seed`` is not a whole number from 0, ``shape`` not three whole numbers from 1, or ``protein`` neither of the two.

    Examples
    --------
    >>> stack, truth = fibrillar_nucleoli(shape=(16, 96, 96))
    >>> stack.raw.shape, truth.dtype
    ((16, 96, 96), dtype('bool'))
    """
    rng, extent = start(seed, shape)
    if protein not in LUMPS:
        raise ValueError(f"protein must be one of {', '.join(LUMPS)}, got {protein!r}")
    field = colony(rng, extent)
    if protein == "UBTF":
        brightness = placing.mosaic(rng, field, extent, levels=(0.5, 0.8, 1.2, 1.8))
    else:
        brightness = rng.lognormal(0, 0.35, len(field.centres)).clip(0.4, 2.5)
    places, sizes, hosts = bodies_in_nuclei(rng, field, extent, number=CLUSTERS[protein], radii=(0.7, 1.3))
    centres = _winding_clusters(rng, places, sizes, LUMPS[protein])
    owner = np.tile(hosts, LUMPS[protein])
    radii = rng.uniform(*LUMP_RADII[protein], len(centres))
    truth = placing.near(centres, radii[:, None] + LUMP_REACH[protein], shape, VOXEL_SIZE)
    amount = brightness[owner] * radii**3 * rng.uniform(0.9, 1.1, len(owner))
    within = np.repeat(radii, 80)[:, None] * np.cbrt(rng.random((80 * len(radii), 1)))
    filling = np.repeat(centres, 80, axis=0) + within * placing.directions(rng, 80 * len(radii))
    dye = microscope.place(filling, np.repeat(amount, 80), shape, VOXEL_SIZE)
    raw = microscope.image(dye, VOXEL_SIZE, rng, haze=0.006 * nucleoplasm(field, brightness, shape), photons=400, bleaching=0.3)
    name, made_by = ("fibrillar_nucleoli", "") if protein == "FBL" else (f"fibrillar_nucleoli_{protein}", f"(protein={protein!r})")
    return Phantom(Stack(raw, VOXEL_SIZE, f"{name}_{seed}", f"helpers.phantoms.fibrillar_nucleoli{made_by}"), truth)


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


def cardiac_nucleoli(seed: int = 0, shape: tuple[int, int, int] = (32, 256, 256)) -> Phantom:
    """Make a field of cardiomyocytes with the granular component of nucleoli stained (as nucleophosmin).

    Each nucleus holds one to four compact nucleoli, 1.8 to 3.4 um across, rounded and lobed, without gaps that show. A little dye is in the
    nucleoplasm. Dim and bright cells stand side by side. The truth is the lobes: as wide as they are in the plane, and 0.25 um higher at
    top and bottom, which is what the blur adds there.

    Parameters
    ----------
    seed : int
        Which field.
    shape : tuple of int
        Voxels, (Z, Y, X); a voxel is 0.29 x 0.128 x 0.128 um. Fewer than 4 planes are a section through the middle of the cells.

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
    >>> cardiac_nucleoli(shape=(8, 64, 64)).stack.voxel_size
    (0.29, 0.128, 0.128)
    """
    rng, extent = start(seed, shape, CARDIOMYOCYTES)
    field = cells.grow(rng, extent, spacing=13.0, nuclear_radius=4.2)
    brightness = placing.mosaic(rng, field, extent, levels=(0.52, 0.8, 1.2, 1.9))
    places, sizes, hosts = bodies_in_nuclei(rng, field, extent, number=(1, 4), radii=(0.9, 1.7))
    radii = sizes[:, None] * rng.uniform(*LOBE_RADII, (len(sizes), LOBES))
    lobes = places[:, None] + (sizes[:, None] - radii)[..., None] * _flat(rng, radii.shape)
    truth = placing.near(lobes.reshape(-1, 3), radii.reshape(-1, 1) + COMPACT_REACH, shape, CARDIOMYOCYTES)
    points, share = _fill(rng, lobes, radii, np.empty((len(sizes), 0, 3)), np.empty((len(sizes), 0)))
    amount = (brightness[hosts][:, None, None] * share).ravel()
    dye = microscope.place(points.reshape(-1, 3), amount, shape, CARDIOMYOCYTES)
    haze = 0.015 * nucleoplasm(field, brightness, shape, CARDIOMYOCYTES)
    raw = microscope.image(dye, CARDIOMYOCYTES, rng, haze=haze, photons=400, bleaching=0.3)
    return Phantom(Stack(raw, CARDIOMYOCYTES, f"cardiac_nucleoli_{seed}", "helpers.phantoms.cardiac_nucleoli"), truth)


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


def _winding_clusters(rng: np.random.Generator, places: np.ndarray, sizes: np.ndarray, lumps: int) -> np.ndarray:
    """Return (lumps x N, 3) centres of lumps: from each of N places a path that is turned back where it leaves the nucleolus."""
    end, path = places, []
    for _ in range(lumps):
        end = end + 0.5 * placing.directions(rng, len(places), flatness=0.6)
        outside = np.linalg.norm((end - places) * (1.3, 1, 1), axis=1) > sizes - 0.25
        end[outside] = places[outside] + 0.55 * (end[outside] - places[outside])
        path.append(end)
    return np.concatenate(path)


def nucleoplasm(
    field: cells.Cells, brightness: np.ndarray, shape: tuple[int, int, int], voxel_size: tuple[float, float, float] = VOXEL_SIZE
) -> np.ndarray:
    """Return dye that is dissolved in the nuclei: 1 in a cell of mean brightness."""
    dye = np.zeros(shape, np.float32)
    for cell, box, distance in cells.nuclear_distances(field, shape, voxel_size):
        dye[box][distance < 0] = brightness[cell]
    return dye
