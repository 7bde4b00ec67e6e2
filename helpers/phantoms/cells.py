"""A field of packed cells as geometry: where each cell and its nucleus lie, in um, before anything is drawn.

The cells stand side by side on a floor like an epithelial colony: in the plane each takes the ground that is nearest to its centre
(a Voronoi tile), upwards it ends in a low dome. The nucleus is an ellipsoid with shallow dents, flatter along the optical axis.
All positions are (z, y, x) in um, with voxel (0, 0, 0) at the origin.
"""

from dataclasses import dataclass

import numpy as np

HEIGHT = 8.0  # um, of a cell in a section
THINNEST = 1.0  # um; lower fields are sections


@dataclass(frozen=True)
class Cells:
    """A field of cells.

    Attributes
    ----------
    centres : (N, 3) ndarray of float
        Centres of the nuclei, (z, y, x) in um. Cells outside the imaged field are kept: their neighbours lean on them.
    radii : (N, 3) ndarray of float
        Half axes of the nuclei, in um.
    angles : (N,) ndarray of float
        Rotation of the nuclei about the optical axis, in radians.
    dents : (N, K, 5) ndarray of float
        Waves on the surface of a nucleus: three frequencies, a phase, and an amplitude as a fraction of the radius.
    floor, roof : float
        Lowest and highest z of the cell bodies, in um.
    """

    centres: np.ndarray
    radii: np.ndarray
    angles: np.ndarray
    dents: np.ndarray
    floor: float
    roof: float

    def nuclear_level(self, points: np.ndarray, cell: int | np.ndarray) -> np.ndarray:
        """Return, for (..., 3) points in um, a level that is below 0 in the nucleus, 0 on its surface, and about 1 a radius outside."""
        kind = points.dtype
        unit = _turn(points - self.centres[cell].astype(kind), self.angles[cell].astype(kind)) / self.radii[cell].astype(kind)
        distance = np.sqrt(np.einsum("...i,...i->...", unit, unit))
        return distance - self._bulge(unit / np.maximum(distance, 1e-6)[..., None], cell)

    def nuclear_surface(self, cell: int, directions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the surface points, in um, of one nucleus in (M, 3) unit directions, and the area in um^2 that each stands for.

        The directions must be spread evenly over the sphere; the areas neglect the dents.
        """
        radii = self.radii[cell]
        points = directions * radii * self._bulge(directions, cell)[:, None]
        area = 4 * np.pi / len(directions) * radii.prod() * np.linalg.norm(directions / radii, axis=1)
        return _turn(points, -self.angles[cell]) + self.centres[cell], area

    def _bulge(self, directions: np.ndarray, cell: int | np.ndarray) -> np.ndarray:
        """Return the relative radius of a nucleus in the given directions: 1 without dents."""
        dents = self.dents[cell].astype(directions.dtype)
        phases = np.einsum("...i,...ki->...k", directions, dents[..., :3]) + dents[..., 3]
        return 1 + (np.cos(phases) * dents[..., 4]).sum(axis=-1)

    def owner(self, points: np.ndarray) -> np.ndarray:
        """Return the index of the cell on whose ground each of the (..., 3) points lies."""
        ground = self.centres[:, 1:]
        return np.argmin(np.einsum("...ni->...n", (points[..., None, 1:] - ground) ** 2), axis=-1)

    def depth(self, points: np.ndarray, cell: np.ndarray) -> np.ndarray:
        """Return how deep, in um, (M, 3) points lie inside the cytoplasm of their cells: negative in the nucleus and outside the cell."""
        ground = self.centres[:, 1:]
        own = ground[cell]
        to_own = ((points[:, 1:] - own) ** 2).sum(axis=1)
        to_all = ((points[:, None, 1:] - ground) ** 2).sum(axis=2)
        apart = np.linalg.norm(ground[None] - own[:, None], axis=2)
        apart[np.arange(len(cell)), cell] = np.inf
        side = (to_all - to_own[:, None]) / (2 * apart + 1e-9)
        side[np.arange(len(cell)), cell] = np.inf
        wall = side.min(axis=1)
        top = self.roof_over(wall) - points[:, 0]
        shell = self.nuclear_level(points, cell) * self.radii[cell].mean(axis=1)
        return np.minimum.reduce([wall, top, points[:, 0] - self.floor, shell])

    def roof_over(self, wall: np.ndarray) -> np.ndarray:
        """Return the height, in um, of a cell's dome at a distance ``wall``, in um, from the border to its neighbour."""
        return self.floor + (self.roof - self.floor) * (1 - 0.25 * np.exp(-np.maximum(wall, 0) / 1.5))


def grow(rng: np.random.Generator, extent: tuple[float, float, float], *, spacing: float, nuclear_radius: float = 4.0) -> Cells:
    """Place packed cells over a field and beyond its border.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where chance comes from.
    extent : tuple of float
        Size of the imaged field, (z, y, x) in um. Cells become flatter where there is little room along z; a field lower than 1 um is a
        section through the middle of cells of full height.
    spacing : float
        Mean distance between neighbours, in um.
    nuclear_radius : float
        Mean radius of the nuclei in the plane, in um.
    """
    height, *plane = extent
    if height < THINNEST:
        floor, roof = (height - HEIGHT) / 2, (height + HEIGHT) / 2
    else:
        floor, roof = 0.09 * min(height, 10.0), 0.94 * min(height, 10.0)
    centres = _jittered_lattice(rng, np.array(plane), spacing)
    count = len(centres)
    half_height = 0.66 * (roof - floor) / 2
    radii = np.column_stack([np.full(count, half_height), *[np.full(count, nuclear_radius)] * 2]) * rng.normal(
        1, (0.04, 0.07, 0.07), (count, 3)
    ).clip(0.86, 1.12)
    middle = floor + 0.47 * (roof - floor) + rng.normal(0, 0.02, count) * (roof - floor)
    frequency = rng.normal(0, 2.2, (count, 4, 3))
    dents = np.concatenate([frequency, rng.uniform(0, 2 * np.pi, (count, 4, 1)), rng.normal(0, 0.016, (count, 4, 1))], axis=2)
    return Cells(np.column_stack([middle, centres]), radii, rng.uniform(0, np.pi, count), dents, floor, roof)


def ground(cells: Cells, shape: tuple[int, int], pixel_size: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Return two (Y, X) images: which cell, from 0, stands on each pixel (int), and how far, in um, the border to the next cell is.

    The borders are wavy, by about half a um, where the geometry of `Cells.depth` has them straight.
    """
    from scipy.spatial import cKDTree

    y, x = np.meshgrid(*[np.arange(n) * size for n, size in zip(shape, pixel_size)], indexing="ij")
    waves = cells.dents[0, :, 3]
    y, x = (
        y + 0.4 * np.sin(0.9 * x + waves[0]) + 0.15 * np.sin(2.3 * x + waves[1]),
        x + 0.4 * np.sin(0.8 * y + waves[2]) + 0.15 * np.sin(2.1 * y + waves[3]),
    )
    distance, nearest = cKDTree(cells.centres[:, 1:]).query(np.stack([y, x], axis=-1), k=2)
    own, next_one = cells.centres[nearest[..., 0], 1:], cells.centres[nearest[..., 1], 1:]
    wall = (distance[..., 1] ** 2 - distance[..., 0] ** 2) / (2 * np.linalg.norm(own - next_one, axis=-1))
    return nearest[..., 0], wall


def nuclear_distances(cells: Cells, shape: tuple[int, int, int], voxel_size: tuple[float, float, float]):
    """Yield, for each nucleus in the field, its index, the box of voxels around it, and the signed distance to its surface in voxels.

    The distance is measured along the surface normal in units of voxels, whatever their shape: -0.5 is half a voxel inside.
    """
    size = np.array(voxel_size)
    for cell, (centre, radii) in enumerate(zip(cells.centres, cells.radii)):
        reach = np.array([radii[0], *[radii[1:].max()] * 2]) * 1.15
        low = np.maximum(np.floor((centre - reach) / size).astype(int) - 2, 0)
        high = np.minimum(np.ceil((centre + reach) / size).astype(int) + 3, shape)
        if np.any(high <= low):
            continue
        box = tuple(slice(a, b) for a, b in zip(low, high))
        points = np.stack(np.meshgrid(*[np.arange(a, b) * s for a, b, s in zip(low, high, size)], indexing="ij"), axis=-1)
        level = cells.nuclear_level(points.astype(np.float32), cell)
        slopes = [np.gradient(level, axis=axis) for axis in range(3) if level.shape[axis] > 1]
        yield cell, box, level / np.maximum(np.sqrt(sum(slope**2 for slope in slopes)), 1e-6)


def _turn(points: np.ndarray, angle: float | np.ndarray) -> np.ndarray:
    """Rotate (..., 3) points about the z axis."""
    cosine, sine = np.cos(angle), np.sin(angle)
    z, y, x = points[..., 0], points[..., 1], points[..., 2]
    return np.stack([z, cosine * y - sine * x, sine * y + cosine * x], axis=-1)


def _jittered_lattice(rng: np.random.Generator, plane: np.ndarray, spacing: float) -> np.ndarray:
    """Return (N, 2) positions: a turned hexagonal lattice over the field and 1.5 cells beyond, each position moved a little."""
    reach = int(np.ceil(np.linalg.norm(plane) / spacing)) + 2
    rows, columns = np.meshgrid(np.arange(-reach, reach + 1), np.arange(-reach, reach + 1), indexing="ij")
    lattice = np.stack([rows * np.sqrt(0.75), columns + 0.5 * (rows % 2)], axis=-1).reshape(-1, 2) * spacing
    angle = rng.uniform(0, np.pi / 3)
    turned = lattice @ np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = turned + plane / 2 + rng.uniform(-0.3, 0.3, 2) * spacing + rng.uniform(-0.11, 0.11, turned.shape) * spacing
    near = np.all((moved > -1.5 * spacing) & (moved < plane + 1.5 * spacing), axis=1)
    return moved[near]
