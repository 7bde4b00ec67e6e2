"""Where structures lie in the cells: random points, bodies and winding tubes in the cytoplasm, and the voxels around them.

All positions are (z, y, x) in um.
"""

import numpy as np

from helpers.phantoms.cells import Cells


def inside(field: Cells, extent: tuple[float, float, float], margin: float) -> np.ndarray:
    """Return the indices of the cells whose centre lies in the imaged field, or at most ``margin`` um outside."""
    ground = field.centres[:, 1:]
    return np.flatnonzero(np.all((ground > -margin) & (ground < np.array(extent[1:]) + margin), axis=1))


def mosaic(rng: np.random.Generator, field: Cells, extent: tuple[float, float, float], *, levels: tuple[float, ...]) -> np.ndarray:
    """Return a brightness for each cell: of as many neighbours as there are ``levels``, from the middle outwards, each has another level."""
    outwards = np.linalg.norm(field.centres[:, 1:] - np.array(extent[1:]) / 2, axis=1).argsort()
    brightness = np.empty(len(outwards))
    for start in range(0, len(outwards), len(levels)):
        group = outwards[start : start + len(levels)]
        brightness[group] = rng.permutation(levels)[: len(group)] * rng.uniform(0.9, 1.1, len(group))
    return brightness


def directions(rng: np.random.Generator, count: int, flatness: float = 1.0) -> np.ndarray:
    """Return (count, 3) random unit vectors; a ``flatness`` below 1 prefers the plane."""
    vectors = rng.standard_normal((count, 3)) * (flatness, 1, 1)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1), 1e-9)[:, None]


def scatter(
    rng: np.random.Generator, field: Cells, extent: tuple[float, float, float], *, per_cell: int, depth: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return random points in the cytoplasm at least ``depth`` um from its borders, and the cell of each, for all cells near the field."""
    near = inside(field, extent, 4.0)
    owner = np.repeat(near, 8 * per_cell)
    reach = np.column_stack([np.full(len(owner), 0.0), rng.uniform(-6, 6, (len(owner), 2))])
    points = field.centres[owner] + reach
    points[:, 0] = rng.uniform(field.floor, field.roof, len(owner))
    kept = np.flatnonzero((field.depth(points, owner) > min(depth, 0.2 * (field.roof - field.floor))) & (field.owner(points) == owner))
    _, first, rank = np.unique(owner[kept], return_index=True, return_inverse=True)
    kept = kept[np.arange(len(kept)) - first[rank] < per_cell]
    return points[kept], owner[kept]


def bodies_apart(rng: np.random.Generator, field: Cells, extent: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Return centres of round bodies and the cell of each: three in ten get a neighbour that touches; none lie inside one another."""
    from scipy.spatial import cKDTree

    centres, owner = scatter(rng, field, extent, per_cell=50, depth=0.4)
    paired = rng.random(len(centres)) < 0.3
    beside = centres[paired] + rng.uniform(0.42, 0.5, (paired.sum(), 1)) * directions(rng, paired.sum(), flatness=0.4)
    centres, owner = np.concatenate([centres, beside]), np.concatenate([owner, owner[paired]])
    alone = np.ones(len(centres), bool)
    # Two that stack up along z would make one very bright spot, and every other one faint beside it.
    overlapping = cKDTree(centres * (0.6, 1, 1)).query_pairs(0.4, output_type="ndarray")
    alone[overlapping.max(axis=1, initial=0)] = False
    return centres[alone], owner[alone]


def tubes(rng: np.random.Generator, field: Cells, extent: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Return points, 0.06 um apart, on the centre lines of branching tubes, and the cell of each."""
    starts, owner = scatter(rng, field, extent, per_cell=14, depth=0.35)
    stems = wander(rng, field, starts, owner, length=7.0)
    forked = np.flatnonzero(rng.random(len(stems)) < 0.5)
    forks = stems[forked, rng.integers(0, stems.shape[1], len(forked))]
    branches = wander(rng, field, forks, owner[forked], length=2.5)
    points = [paths.reshape(-1, 3) for paths in (stems, branches)]
    owners = [np.repeat(cell, paths.shape[1]) for cell, paths in ((owner, stems), (owner[forked], branches))]
    return np.concatenate(points), np.concatenate(owners)


def wander(
    rng: np.random.Generator,
    field: Cells,
    starts: np.ndarray,
    owner: np.ndarray,
    *,
    length: float,
    step: float = 0.12,
    straightness: float = 4.0,
) -> np.ndarray:
    """Let all tubes grow at once: each step turns a little, and turns away from the membrane and the nucleus when it comes near.

    Returns (N, M, 3) points half a ``step`` apart. ``straightness`` is the length, in um, after which a tube has forgotten its direction.
    """
    place, heading = starts, directions(rng, len(starts))
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


def _slope(field: Cells, points: np.ndarray, owner: np.ndarray, step: float = 0.05) -> np.ndarray:
    """Return the unit direction in which the cytoplasm becomes deeper."""
    slope = np.stack([field.depth(points + step * axis, owner) - field.depth(points - step * axis, owner) for axis in np.eye(3)], axis=1)
    return slope / np.maximum(np.linalg.norm(slope, axis=1), 1e-9)[:, None]


def near(points: np.ndarray, reach: np.ndarray, shape: tuple[int, int, int], voxel_size: tuple[float, float, float]) -> np.ndarray:
    """Return a mask of the voxels in ellipsoids of half axes ``reach`` around ``points``, both (N, 3) in um."""
    position, reach = points / np.array(voxel_size), np.asarray(reach) / np.array(voxel_size)
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
