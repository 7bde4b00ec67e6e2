"""The Golgi apparatus in a field of cells, with the truth known from its geometry.

The width of the truth follows the rule of `helpers.phantoms.structures`: wider than the structure by what the microscope adds.
"""

import numpy as np

from helpers.images import Stack
from helpers.phantoms import cells, microscope, placing
from helpers.phantoms.structures import VOXEL_SIZE, Phantom, cytosol, nuclear_bodies, start

RIBBONS = 6  # in one cell
RIBBON_LENGTH = 5.0  # um
RIBBON_WIDTHS = (0.4, 0.9)  # um
RIBBON_THICKNESS = 0.3  # um: a stack of cisternae
RIBBON_REACH = (0.51, 0.22, 0.22)  # um around the middle of a ribbon that are truth
HOLES = 5  # in one ribbon
HOLE_RADII = (0.2, 0.35)  # um
FULLEST = 0.8  # dye in a voxel: ribbons press against one another and do not lie inside one another
PUNCTA = 26  # in one cell; those that would lie in the nucleus or outside of the cell are left out
PUNCTUM_RADII = (0.1, 0.16)  # um
PUNCTUM_REACH = (0.4, 0.16, 0.16)  # um around each punctum that are truth
FINE = 0.06  # um, between points on a ribbon


def golgi_apparatus(seed: int = 0, shape: tuple[int, int, int] = (32, 256, 256)) -> Phantom:
    """Make a field of cells with a labelled Golgi apparatus (as sialyltransferase 1).

    Beside each nucleus lie winding ribbons, 0.3 um thick, 0.4 to 0.9 um wide and up to 5 um long, with holes of 0.4 to 0.7 um. They cross and
    press against one another. Vesicles of 0.2 to 0.3 um are strewn around them. Cells differ in brightness and hold some dissolved dye. The
    truth is the ribbon, and around it 0.07 um in the plane and 0.36 um along z, which is 0.44 um and 1 um from side to side; and the
    vesicles, and around them 0.16 um in the plane and 0.4 um along z: what the blur adds to what one sees. Holes smaller than that are
    closed in the truth as they are in the image.

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
    >>> stack, truth = golgi_apparatus(seed=1, shape=(12, 96, 96))
    >>> stack.raw.shape, stack.raw.dtype, truth.dtype
    ((12, 96, 96), dtype('uint16'), dtype('bool'))
    """
    rng, extent = start(seed, shape)
    field = cells.grow(rng, extent, spacing=12.0)
    brightness = placing.mosaic(rng, field, extent, levels=(0.55, 0.9, 1.35, 2.1))
    centres, hosts = _beside_nuclei(rng, field, extent)
    middle, owner = _ribbons(rng, field, centres, hosts)
    places, radii, near_host = _puncta(rng, field, centres, hosts)
    truth = placing.near(middle[::2], np.ones((len(middle[::2]), 1)) * RIBBON_REACH, shape, VOXEL_SIZE)
    truth |= placing.near(places, radii[:, None] + PUNCTUM_REACH, shape, VOXEL_SIZE)
    filling = np.repeat(middle, 4, axis=0)
    filling += RIBBON_THICKNESS / 2 * placing.directions(rng, len(filling))
    dye = np.minimum(microscope.place(filling, np.full(len(filling), 0.25), shape, VOXEL_SIZE), FULLEST)
    cell, _ = cells.ground(field, shape[1:], VOXEL_SIZE[1:])
    dye *= brightness[cell].astype(np.float32)
    membrane = np.repeat(places, 40, axis=0) + np.repeat(radii, 40)[:, None] * placing.directions(rng, 40 * len(radii))
    dye += microscope.place(membrane, np.repeat(0.4 * brightness[near_host], 40), shape, VOXEL_SIZE)
    haze = 0.06 * cytosol(field, brightness, nuclear_bodies(field, shape))
    raw = microscope.image(dye, VOXEL_SIZE, rng, haze=haze, photons=400, bleaching=0.3)
    return Phantom(Stack(raw, VOXEL_SIZE, f"golgi_apparatus_{seed}", "helpers.phantoms.golgi_apparatus"), truth)


def _beside_nuclei(rng: np.random.Generator, field: cells.Cells, extent: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Return one place, in um, beside each nucleus near the field, and its cell."""
    near = placing.inside(field, extent, 6.0)
    angle = rng.uniform(0, 2 * np.pi, len(near))
    beside = field.radii[near, 1:].max(axis=1) + 0.7
    rise = rng.uniform(-0.1, 0.6, len(near)) * field.radii[near, 0]
    return field.centres[near] + np.column_stack([rise, beside * np.sin(angle), beside * np.cos(angle)]), near


def _ribbons(rng: np.random.Generator, field: cells.Cells, centres: np.ndarray, hosts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return points, 0.06 um apart, on the middle surfaces of winding, perforated ribbons, and the cell of each."""
    owner = np.repeat(hosts, RIBBONS)
    away = 1.8 * np.cbrt(rng.random((len(owner), 1))) * placing.directions(rng, len(owner), flatness=0.6)
    paths = placing.wander(rng, field, np.repeat(centres, RIBBONS, axis=0) + away, owner, length=RIBBON_LENGTH, straightness=5.0)
    heading = _unit(np.gradient(paths, axis=1))
    across = placing.directions(rng, len(owner))[:, None]
    across = _unit(across - (across * heading).sum(axis=2, keepdims=True) * heading)
    half = 0.5 * rng.uniform(*RIBBON_WIDTHS, len(owner))
    sideways = half[:, None, None] * np.linspace(-1, 1, round(max(RIBBON_WIDTHS) / FINE))
    points = (paths[:, :, None] + sideways[..., None] * across[:, :, None]).reshape(len(owner), -1, 3)
    holes = points[np.arange(len(owner))[:, None], rng.integers(0, points.shape[1], (len(owner), HOLES))]
    sizes = rng.uniform(*HOLE_RADII, holes.shape[:2])
    whole = (np.linalg.norm(points[:, :, None] - holes[:, None], axis=-1) > sizes[:, None]).all(axis=2)
    owner = np.repeat(owner, points.shape[1])[whole.ravel()]
    points = points[whole]
    within = field.depth(points, owner) > 0.15
    return points[within], owner[within]


def _puncta(
    rng: np.random.Generator, field: cells.Cells, centres: np.ndarray, hosts: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return centres and radii, in um, of vesicles around the ribbons, and the cell of each."""
    owner = np.repeat(hosts, PUNCTA)
    places = np.repeat(centres, PUNCTA, axis=0) + rng.normal(0, (1.0, 2.2, 2.2), (len(owner), 3))
    kept = (field.depth(places, owner) > 0.3) & (field.owner(places) == owner)
    return places[kept], rng.uniform(*PUNCTUM_RADII, np.count_nonzero(kept)), owner[kept]


def _unit(vectors: np.ndarray) -> np.ndarray:
    """Return vectors along the last axis, brought to length 1."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
