"""Sheets that are open and folded: the nuclear lamina of dividing cells, with the truth known from its geometry.

The width of the truth follows the rule of `helpers.phantoms.structures`: wider than the sheet by what the microscope adds.
"""

import numpy as np

from helpers.images import Stack
from helpers.phantoms import cells, microscope, placing
from helpers.phantoms.structures import VOXEL_SIZE, Phantom, start

SHEET_REACH = (0.52, 0.165, 0.165)  # um around the sheet that are truth: 1.8 voxels along z, 1.5 in the plane
STEEP = 0.7  # largest component along z of the normal of a sheet where it is truth: it stands at 45 degrees or steeper
FOLDS = 7  # waves on a body, each by about 9 % of its radius
POINTS = 24_000  # on each body, before it is torn
EARLY, LATE = (
    (1.45, 0.9, 0.9),
    (1.1, 0.5, 0.5),
)  # half axes (Z, Y, X) of one body, and of each of two, relative to the nucleus in interphase
DEBRIS_RADIUS = 0.7  # um
DEBRIS = 64.0  # times the dye in a um^2 of lamina


def mitotic_lamina(seed: int = 0, shape: tuple[int, int, int] = (32, 256, 256)) -> Phantom:
    """Make a field of dividing cells with a stained nuclear lamina (lamin B1).

    In about six cells of ten one folded envelope is torn open; the others hold two small ones, of daughters whose envelope is not closed yet.
    Lamin B1 that is in no sheet fills the rounded cells, which differ in brightness, and one piece of debris, several times brighter than
    any lamina, lies on top. The truth is 0.33 um wide in the plane, 1.5 pixels each way from the sheet, and reaches 0.52 um further along z,
    about twice the blur. **Where a sheet lies flatter than 45 degrees it is not part of the truth**: a plane shows a faint patch there, not
    a curve. The debris is not part of it either.

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
    >>> stack, truth = mitotic_lamina(shape=(16, 96, 96))
    >>> bool(truth[0].any())
    False
    """
    rng, extent = start(seed, shape)
    field = cells.grow(rng, extent, spacing=12.0)
    brightness = placing.mosaic(rng, field, extent, levels=(0.4, 0.8, 1.2, 2.0))
    dye, truth = np.zeros(shape, np.float32), np.zeros(shape, bool)
    for cell in placing.inside(field, extent, 6.0):
        for centre, radii in _bodies(rng, field, cell):
            points, area, slant = torn_sheet(rng, field, centre, radii)
            dye += microscope.place(points, brightness[cell] * area, shape, VOXEL_SIZE)
            upright = points[slant < STEEP][::2]
            truth |= placing.near(upright, np.ones((len(upright), 1)) * SHEET_REACH, shape, VOXEL_SIZE)
    dye += _debris(rng, field, extent, shape)
    haze = 0.09 * _dissolved(field, placing.mosaic(rng, field, extent, levels=(0.3, 0.8, 1.2, 1.7)), shape)
    raw = microscope.image(dye, VOXEL_SIZE, rng, haze=haze, photons=2400, bleaching=0.25, gain=1.1)
    return Phantom(Stack(raw, VOXEL_SIZE, f"mitotic_lamina_{seed}", "helpers.phantoms.mitotic_lamina"), truth)


def _bodies(rng: np.random.Generator, field: cells.Cells, cell: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return centre and half axes, in um, of the one or two envelopes in a cell: taller than in interphase, because dividing cells round up."""
    centre, radii = field.centres[cell], field.radii[cell]
    if rng.random() < 0.6:
        return [(centre, radii * EARLY)]
    angle = rng.uniform(0, np.pi)
    across = 0.62 * radii[1] * np.array([0, np.sin(angle), np.cos(angle)])
    return [(centre + side * across, radii * LATE) for side in (-1, 1)]


def torn_sheet(
    rng: np.random.Generator, field: cells.Cells, centre: np.ndarray, radii: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return points (N, 3) on a folded surface with holes, in um, the area that each stands for, and the |z| component of the normal there.

    A third to half of the surface is torn away, in patches, and most of all at the top and the bottom.
    """
    frequency = rng.normal(0, (1.5, 3.0, 3.0), (FOLDS, 3))
    phase, height = rng.uniform(0, 2 * np.pi, FOLDS), rng.normal(0, 0.09, FOLDS)

    def place(unit: np.ndarray) -> np.ndarray:
        return unit * radii * (1 + np.cos(unit @ frequency.T + phase) @ height)[:, None]

    directions, step = placing.directions(rng, POINTS), 1e-3
    first = np.cross(directions, placing.directions(rng, POINTS))
    first /= np.linalg.norm(first, axis=1)[:, None]
    points = place(directions)
    sides = [place((directions + step * side) / np.sqrt(1 + step**2)) - points for side in (first, np.cross(directions, first))]
    normals = np.cross(*sides) / step**2
    area = np.linalg.norm(normals, axis=1)
    tear = np.cos(directions @ rng.normal(0, 2.2, (3, 6)) + rng.uniform(0, 2 * np.pi, 6)).sum(axis=1) - 7 * directions[:, 0] ** 4
    level = points[:, 0] + centre[0]
    kept = (tear > np.quantile(tear, rng.uniform(0.3, 0.55))) & (level > field.floor) & (level < field.roof)
    return points[kept] + centre, 4 * np.pi / POINTS * area[kept], np.abs(normals[kept, 0]) / area[kept]


def _debris(rng: np.random.Generator, field: cells.Cells, extent: tuple[float, float, float], shape: tuple[int, int, int]) -> np.ndarray:
    """Return the dye of one bright ball on top of the cells."""
    centre = np.array([field.roof - 0.5, *(rng.uniform(0.15, 0.85, 2) * extent[1:])])
    points = centre + DEBRIS_RADIUS * np.cbrt(rng.random((4000, 1))) * placing.directions(rng, 4000)
    return microscope.place(points, np.full(4000, DEBRIS / 4000), shape, VOXEL_SIZE)


def _dissolved(field: cells.Cells, brightness: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """Return dye that fills cells which have rounded up: about 1 in the middle of a cell of mean brightness, fading towards its border."""
    cell, wall = cells.ground(field, shape[1:], VOXEL_SIZE[1:])
    height = (np.arange(shape[0]) * VOXEL_SIZE[0] - field.floor) / (field.roof - field.floor)
    thick = np.clip(4 * height * (1 - height), 0, 1)[:, None, None]
    return (thick * brightness[cell] * wall**2 / (wall**2 + 4)).astype(np.float32)
