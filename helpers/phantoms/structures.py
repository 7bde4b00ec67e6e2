"""Structures in the cells of a field, as a microscope shows them, with the truth known from their geometry.

Fluorophores are placed as points on the structure (`microscope.place`), so that nothing is lost to the voxel grid; the truth is drawn from
the same curves, centres and surfaces, never from the image.

How wide is the truth? Wider than the structure itself, by what the microscope adds: the published parameters are made for what one sees, and a
person outlines what one sees. The width is stated for each structure. It is drawn as geometry around the centre line, centre or surface.

Every function takes a seed: the same seed gives the same stack, another seed another field of cells.
"""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from helpers import _checks
from helpers.images import Stack
from helpers.phantoms import cells, microscope

VOXEL_SIZE = (0.29, 0.108, 0.108)
"""Voxel size of all phantoms, (z, y, x) in um: the one that the published parameters were tuned at."""

TUBE_RADIUS = 0.15  # um, where the dye sits
TUBE_REACH = (0.61, 0.227, 0.227)  # um around the centre line that are truth: 2.1 voxels each way
SPOT_RADII = (0.18, 0.25)  # um
SPOT_REACH = 0.135  # um around the body that are truth


class Phantom(NamedTuple):
    """A synthetic stack and its truth.

    Attributes
    ----------
    stack : Stack
        Raw intensities (uint16), voxel size and name.
    truth : (Z, Y, X) ndarray
        True (or a label from 1) where the structure is.
    """

    stack: Stack
    truth: np.ndarray


def mitochondria(seed: int = 0, shape: tuple[int, int, int] = (32, 256, 256)) -> Phantom:
    """Make a field of cells with stained mitochondria (outer membrane, as TOM20).

    Winding, branching tubes 0.3 um wide fill the cytoplasm. The truth is 0.45 um wide in the plane and 1.2 um high along z (2.1 voxels
    each way from the centre line): what stands out plane by plane, which is how the published workflow looks at it. A filter that works plane by
    plane cannot tell how high a tube is; against the bare tube, no cutoff would score well.

    Parameters
    ----------
    seed : int
        Which field.
    shape : tuple of int
        Voxels, (Z, Y, X); a voxel is 0.29 x 0.108 x 0.108 um.

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
    >>> stack, truth = mitochondria(seed=1, shape=(12, 96, 96))
    >>> stack.raw.shape, stack.raw.dtype, truth.dtype
    ((12, 96, 96), dtype('uint16'), dtype('bool'))
    """
    rng, extent = _start(seed, shape)
    field = cells.grow(rng, extent, spacing=10.5)
    lines, owner = _tubes(rng, field, extent)
    truth = _near(lines, np.ones((len(lines), 1)) * TUBE_REACH, shape)
    brightness = rng.uniform(0.6, 1.4, len(field.centres))
    around = np.repeat(lines, 6, axis=0)
    around += TUBE_RADIUS * _directions(rng, len(around))
    dye = microscope.place(around, np.repeat(brightness[owner], 6), shape, VOXEL_SIZE)
    haze = 0.15 * _cytosol(field, brightness, shape)
    raw = microscope.image(dye, VOXEL_SIZE, rng, haze=haze, photons=220, bleaching=0.35)
    return Phantom(Stack(raw, VOXEL_SIZE, f"mitochondria_{seed}", "helpers.phantoms.mitochondria"), truth)


def peroxisomes(seed: int = 0, shape: tuple[int, int, int] = (32, 256, 256)) -> Phantom:
    """Make a field of cells with stained peroxisomes (membrane, as PMP34).

    Small round bodies, 0.36 to 0.5 um across, lie singly and in touching pairs. The truth is the body and 0.135 um around it, in all directions:
    about half of what the blur in the plane adds to its width.

    Parameters
    ----------
    seed : int
        Which field.
    shape : tuple of int
        Voxels, (Z, Y, X); a voxel is 0.29 x 0.108 x 0.108 um.

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
    >>> peroxisomes(shape=(8, 64, 64)).stack.voxel_size
    (0.29, 0.108, 0.108)
    """
    rng, extent = _start(seed, shape)
    field = cells.grow(rng, extent, spacing=10.5)
    centres, owner = _bodies_apart(rng, field, extent)
    radii = rng.uniform(*SPOT_RADII, len(centres))
    truth = _near(centres, (radii[:, None] + SPOT_REACH) * np.ones(3), shape)
    brightness = rng.uniform(0.65, 1.35, len(field.centres))
    amount = brightness[owner] * rng.lognormal(0, 0.1, len(owner)) * radii
    membrane = np.repeat(centres, 60, axis=0) + np.repeat(radii, 60)[:, None] * _directions(rng, 60 * len(centres))
    dye = microscope.place(membrane, np.repeat(amount, 60), shape, VOXEL_SIZE)
    haze = 0.22 * _cytosol(field, brightness, shape)
    raw = microscope.image(dye, VOXEL_SIZE, rng, haze=haze, photons=400, bleaching=0.3)
    return Phantom(Stack(raw, VOXEL_SIZE, f"peroxisomes_{seed}", "helpers.phantoms.peroxisomes"), truth)


def nuclear_lamina(seed: int = 0, shape: tuple[int, int, int] = (32, 288, 288)) -> Phantom:
    """Make a field of interphase cells with a stained nuclear lamina (lamin B1).

    Thin closed shells: bright where they run along the optical axis, faint at top and bottom. The first plane lies below the cells.
    The truth is two voxels thick, as in the published result: the voxels on either side of the border of what the lamina encloses, where
    "enclosed" are voxels that lie at least half a voxel inside its middle surface. `nuclei` with the same seed gives the filled nuclei.

    Parameters
    ----------
    seed : int
        Which field.
    shape : tuple of int
        Voxels, (Z, Y, X); a voxel is 0.29 x 0.108 x 0.108 um.

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
    >>> stack, truth = nuclear_lamina(shape=(16, 128, 128))
    >>> bool(truth[0].any())
    False
    """
    rng, extent = _start(seed, shape)
    field = _colony(rng, extent)
    bodies = _bodies(field, shape) > 0
    cross = ndimage.generate_binary_structure(3, 1)
    truth = ndimage.binary_dilation(bodies, cross) & ~ndimage.binary_erosion(bodies, cross, border_value=1)
    brightness = rng.lognormal(0, 0.3, len(field.centres))
    dye = np.zeros(shape, np.float32)
    for cell in _inside(field, extent, 5.5):
        points, area = field.nuclear_surface(cell, _directions(rng, 60_000))
        dye += microscope.place(points, brightness[cell] * area, shape, VOXEL_SIZE)
    haze = 0.03 * _cytosol(field, brightness, shape)
    raw = microscope.image(dye, VOXEL_SIZE, rng, haze=haze, photons=700, bleaching=0.25, background=15)
    return Phantom(Stack(raw, VOXEL_SIZE, f"nuclear_lamina_{seed}", "helpers.phantoms.nuclear_lamina"), truth)


def nuclei(seed: int = 0, shape: tuple[int, int, int] = (32, 288, 288)) -> Phantom:
    """Make the same cells as `nuclear_lamina`, with stained DNA.

    Chromatin is denser in some places than in others, and the nuclei differ in brightness. The truth is a label for each filled nucleus, as
    enclosed by the lamina of the same seed.

    Parameters
    ----------
    seed : int
        Which field.
    shape : tuple of int
        Voxels, (Z, Y, X); a voxel is 0.29 x 0.108 x 0.108 um.

    Returns
    -------
    phantom : Phantom
        ``stack`` (uint16) and ``truth`` (int32, 0 is background).

    Raises
    ------
    TypeError, ValueError
        If ``seed`` is not a whole number from 0, or ``shape`` not three whole numbers from 1.

    Examples
    --------
    >>> int(nuclei(shape=(16, 128, 128)).truth.max()) >= 1
    True
    """
    rng, extent = _start(seed, shape)
    field = _colony(rng, extent)
    labels = _bodies(field, shape)
    brightness = np.r_[0, rng.lognormal(0, 0.3, len(field.centres))].astype(np.float32)
    texture = ndimage.gaussian_filter(rng.standard_normal(shape, dtype=np.float32), np.divide(0.3, VOXEL_SIZE))
    dye = brightness[labels] * np.exp(0.25 * texture / max(texture.std(), 1e-6))
    raw = microscope.image(dye, VOXEL_SIZE, rng, photons=250, bleaching=0.25, background=15)
    return Phantom(Stack(raw, VOXEL_SIZE, f"nuclei_{seed}", "helpers.phantoms.nuclei"), labels)


def _start(seed: int, shape: tuple[int, int, int]) -> tuple[np.random.Generator, tuple[float, float, float]]:
    """Check the arguments; return the generator and the size of the field, (z, y, x) in um."""
    _checks.number(seed, "seed", low=0, integer=True)
    if len(shape) != 3:
        raise ValueError(f"shape must be three numbers (Z, Y, X), got {tuple(shape)}")
    for length in shape:
        _checks.number(length, "shape", low=1, integer=True)
    return np.random.default_rng(seed), tuple(length * size for length, size in zip(shape, VOXEL_SIZE))


def _colony(rng: np.random.Generator, extent: tuple[float, float, float]) -> cells.Cells:
    return cells.grow(rng, extent, spacing=12.5)


def _bodies(field: cells.Cells, shape: tuple[int, int, int]) -> np.ndarray:
    """Return int32 labels of the voxels that lie at least half a voxel inside the surface of a nucleus."""
    labels = np.zeros(shape, np.int32)
    for number, (_, box, distance) in enumerate(cells.nuclear_distances(field, shape, VOXEL_SIZE), start=1):
        labels[box][distance < -0.5] = number
    return labels


def _inside(field: cells.Cells, extent: tuple[float, float, float], margin: float) -> np.ndarray:
    """Return the indices of the cells whose centre lies in the imaged field, or at most ``margin`` um outside."""
    ground = field.centres[:, 1:]
    return np.flatnonzero(np.all((ground > -margin) & (ground < np.array(extent[1:]) + margin), axis=1))


def _directions(rng: np.random.Generator, count: int, flatness: float = 1.0) -> np.ndarray:
    """Return (count, 3) random unit vectors; a ``flatness`` below 1 prefers the plane."""
    vectors = rng.standard_normal((count, 3)) * (flatness, 1, 1)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1), 1e-9)[:, None]


def _scatter(
    rng: np.random.Generator, field: cells.Cells, extent: tuple[float, float, float], *, per_cell: int, depth: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return random points in the cytoplasm at least ``depth`` um from its borders, and the cell of each, for all cells near the field."""
    near = _inside(field, extent, 4.0)
    owner = np.repeat(near, 8 * per_cell)
    reach = np.column_stack([np.full(len(owner), 0.0), rng.uniform(-6, 6, (len(owner), 2))])
    points = field.centres[owner] + reach
    points[:, 0] = rng.uniform(field.floor, field.roof, len(owner))
    kept = np.flatnonzero((field.depth(points, owner) > min(depth, 0.2 * (field.roof - field.floor))) & (field.owner(points) == owner))
    _, first, rank = np.unique(owner[kept], return_index=True, return_inverse=True)
    kept = kept[np.arange(len(kept)) - first[rank] < per_cell]
    return points[kept], owner[kept]


def _bodies_apart(rng: np.random.Generator, field: cells.Cells, extent: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Return centres of round bodies and the cell of each: three in ten have a neighbour that touches; none lie inside one another."""
    from scipy.spatial import cKDTree

    centres, owner = _scatter(rng, field, extent, per_cell=50, depth=0.4)
    paired = rng.random(len(centres)) < 0.3
    beside = centres[paired] + rng.uniform(0.42, 0.5, (paired.sum(), 1)) * _directions(rng, paired.sum(), flatness=0.4)
    centres, owner = np.concatenate([centres, beside]), np.concatenate([owner, owner[paired]])
    alone = np.ones(len(centres), bool)
    alone[cKDTree(centres).query_pairs(0.4, output_type="ndarray").max(axis=1, initial=0)] = False
    return centres[alone], owner[alone]


def _tubes(rng: np.random.Generator, field: cells.Cells, extent: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Return points, 0.06 um apart, on the centre lines of branching tubes, and the cell of each."""
    starts, owner = _scatter(rng, field, extent, per_cell=14, depth=0.35)
    stems = _wander(rng, field, starts, owner, length=7.0)
    forked = np.flatnonzero(rng.random(len(stems)) < 0.5)
    forks = stems[forked, rng.integers(0, stems.shape[1], len(forked))]
    branches = _wander(rng, field, forks, owner[forked], length=2.5)
    points = [paths.reshape(-1, 3) for paths in (stems, branches)]
    owners = [np.repeat(cell, paths.shape[1]) for cell, paths in ((owner, stems), (owner[forked], branches))]
    return np.concatenate(points), np.concatenate(owners)


def _wander(
    rng: np.random.Generator, field: cells.Cells, starts: np.ndarray, owner: np.ndarray, *, length: float, step: float = 0.12, straightness: float = 2.0
) -> np.ndarray:
    """Let all tubes grow at once: each step turns a little, and turns away from the membrane and the nucleus when it comes near.

    Returns (N, M, 3) points half a ``step`` apart. ``straightness`` is the length, in um, after which a tube has forgotten its direction.
    """
    place, heading = starts, _directions(rng, len(starts))
    path = [place]
    for _ in range(round(length / step)):
        heading = heading + np.sqrt(2 * step / straightness) * rng.standard_normal(heading.shape)
        heading /= np.maximum(np.linalg.norm(heading, axis=1), 1e-9)[:, None]
        close = np.flatnonzero(field.depth(place + step * heading, owner) < 0.35)
        if len(close):
            inwards = _slope(field, place[close], owner[close])
            against = np.minimum((heading[close] * inwards).sum(axis=1), 0)
            heading[close] += (0.15 - against)[:, None] * inwards
            heading[close] /= np.maximum(np.linalg.norm(heading[close], axis=1), 1e-9)[:, None]
        place = place + step * heading
        path += [place - step / 2 * heading, place]
    return np.stack(path, axis=1)


def _slope(field: cells.Cells, points: np.ndarray, owner: np.ndarray, step: float = 0.05) -> np.ndarray:
    """Return the unit direction in which the cytoplasm becomes deeper."""
    slope = np.stack([field.depth(points + step * axis, owner) - field.depth(points - step * axis, owner) for axis in np.eye(3)], axis=1)
    return slope / np.maximum(np.linalg.norm(slope, axis=1), 1e-9)[:, None]


def _near(points: np.ndarray, reach: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """Return a mask of the voxels in ellipsoids of half axes ``reach`` around ``points``, both (N, 3) in um."""
    position, reach = points / np.array(VOXEL_SIZE), np.asarray(reach) / np.array(VOXEL_SIZE)
    limit = np.array(shape)
    radius = np.ceil(reach.max(axis=0, initial=0)).astype(int)
    seen = np.all((position > -radius) & (position < limit + radius), axis=1)
    position, reach = position[seen], reach[seen]
    nearest = np.rint(position).astype(np.int64)
    mask = np.zeros(shape, bool)
    for offset in np.ndindex(*(2 * radius + 1)):
        voxel = nearest + (np.array(offset) - radius)
        hit = ((((voxel - position) / reach) ** 2).sum(axis=1) <= 1) & np.all((voxel >= 0) & (voxel < limit), axis=1)
        mask[tuple(voxel[hit].T)] = True
    return mask


def _cytosol(field: cells.Cells, brightness: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """Return dye that is dissolved in the cytoplasm, with dark nuclei: 1 in a cell of mean brightness."""
    ground = cells.ground_labels(field, shape[1:], VOXEL_SIZE[1:])
    height = np.arange(shape[0]) * VOXEL_SIZE[0]
    layer = ((height > field.floor) & (height < field.roof)).astype(np.float32)
    dye = layer[:, None, None] * brightness.astype(np.float32)[ground - 1]
    for _, box, distance in cells.nuclear_distances(field, shape, VOXEL_SIZE):
        dye[box][distance < 0] *= np.float32(0.15)
    return dye
