"""Foci in nuclei, of many sizes, with the truth known from their geometry.

As in `structures`, the truth is drawn from the same centres and radii as the dye, and is wider than the structure by a stated amount.
"""

from typing import NamedTuple

import numpy as np

from helpers.images import Stack
from helpers.phantoms import cells, microscope, placing
from helpers.phantoms.nucleoli import bodies_in_nuclei, nucleoplasm
from helpers.phantoms.structures import VOXEL_SIZE, Phantom, colony, start

SPECKLE_RADII = (0.18, 0.36)  # um, of the lumps that a speckle consists of
LUMP_REACH = (0.2, 0.03, 0.03)  # um around each lump that are truth
TELOMERE_RADII = (0.14, 0.22)  # um
TELOMERE_REACH = (0.25, 0.1, 0.1)  # um around each that are truth
HOT_PIXELS = 8  # in a field of view, single or groups


class Nuclei(NamedTuple):
    """The nuclei of a field, and the nucleoli in them, which foci leave free."""

    field: cells.Cells
    extent: tuple[float, float, float]
    nucleoli: np.ndarray  # (M, 3) centres, um
    radii: np.ndarray  # (M,) um


def nuclear_speckles(seed: int = 0, shape: tuple[int, int, int] = (32, 256, 256)) -> Phantom:
    """Make a field of cells with stained nuclear speckles (as SON).

    Each nucleus holds up to 28 speckles, each of them 1 to 5 round lumps 0.36 to 0.72 um across that run together; none lie in nucleoli.
    Cells differ in brightness by a factor of five, and their nuclei glow. The truth is the lumps, and around them 0.03 um in the plane and
    0.2 um along z: what the blur adds, about.

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
    >>> nuclear_speckles(shape=(8, 64, 64)).stack.name
    'nuclear_speckles_0'
    """
    rng, extent = start(seed, shape)
    nuclei = grow_nuclei(rng, extent)
    brightness = placing.mosaic(rng, nuclei.field, extent, levels=(0.4, 0.75, 1.2, 1.9))
    places, owner = places_in(rng, nuclei, per_nucleus=28, gap=1.1, inside=0.92)
    body, centres, radii = lumps_at(rng, nuclei, places, owner, most=5, radii=SPECKLE_RADII)
    truth = placing.near(centres, radii[:, None] + LUMP_REACH, shape, VOXEL_SIZE)
    density = brightness[owner] * rng.uniform(0.7, 1.3, len(owner))
    dye = filled(rng, centres, radii, body, density[body], shape)
    raw = microscope.image(dye, VOXEL_SIZE, rng, haze=0.1 * glow(nuclei, brightness, shape), photons=400, bleaching=0.3)
    return Phantom(Stack(raw, VOXEL_SIZE, f"nuclear_speckles_{seed}", "helpers.phantoms.nuclear_speckles"), truth)


def telomeres(seed: int = 0, shape: tuple[int, int, int] = (32, 256, 256)) -> Phantom:
    """Make a field of cells with stained telomeres (as TERF2), taken by a camera with hot pixels.

    Each nucleus holds up to 70 small round bodies, 0.28 to 0.44 um across, that differ in brightness as telomeres differ in length; cells
    differ too, and their nuclei glow. Eight pixels of the camera are bright in every plane; they are not truth. The truth is the bodies,
    and around them 0.1 um in the plane and 0.25 um along z: what the blur adds, about.

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
    >>> stack, truth = telomeres(shape=(12, 64, 64))
    >>> stack.raw.shape, stack.raw.dtype
    ((12, 64, 64), dtype('uint16'))
    """
    rng, extent = start(seed, shape)
    nuclei = grow_nuclei(rng, extent)
    brightness = placing.mosaic(rng, nuclei.field, extent, levels=(0.55, 0.75, 1.15, 1.8))
    centres, owner = places_in(rng, nuclei, per_nucleus=70, gap=0.7, inside=0.94)
    radii = rng.uniform(*TELOMERE_RADII, len(centres))
    truth = placing.near(centres, radii[:, None] + TELOMERE_REACH, shape, VOXEL_SIZE)
    density = brightness[owner] * rng.lognormal(0, 0.25, len(owner)).clip(0.5, 2)
    dye = filled(rng, centres, radii, np.arange(len(radii)), density, shape)
    raw = microscope.image(dye, VOXEL_SIZE, rng, haze=0.12 * glow(nuclei, brightness, shape), photons=400, bleaching=0.3)
    add_hot_pixels(rng, raw)
    return Phantom(Stack(raw, VOXEL_SIZE, f"telomeres_{seed}", "helpers.phantoms.telomeres"), truth)


def grow_nuclei(rng: np.random.Generator, extent: tuple[float, float, float]) -> Nuclei:
    """Return the nuclei of a field, with 1 to 3 nucleoli each."""
    field = colony(rng, extent)
    nucleoli, radii, _ = bodies_in_nuclei(rng, field, extent, number=(1, 3), radii=(0.8, 1.3))
    return Nuclei(field, extent, nucleoli, radii)


def places_in(
    rng: np.random.Generator, nuclei: Nuclei, *, per_nucleus: int, gap: float, inside: float, edges: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Return (N, 3) places, in um, and the cell of each: in the nuclei up to a part ``inside`` of their radius, not in nucleoli, and
    at least ``gap`` um apart; with ``edges`` only those near the surface of the nucleus or of a nucleolus."""
    from scipy.spatial import cKDTree

    field = nuclei.field
    owner = np.repeat(placing.inside(field, nuclei.extent, 5.5), 6 * per_nucleus)
    reach = np.column_stack([field.radii[owner, 0], *[field.radii[owner, 1:].max(axis=1, initial=0)] * 2])
    places = field.centres[owner] + reach * rng.uniform(-1, 1, (len(owner), 3))
    level = field.nuclear_level(places, owner)
    to_nucleolus = (np.linalg.norm(places[:, None] - nuclei.nucleoli, axis=2) - nuclei.radii).min(axis=1, initial=99)
    free = (level < inside - 1) & (to_nucleolus > 0.1)
    if edges:
        free &= (level > -0.3) | (to_nucleolus < 0.5)
    places, owner = places[free], owner[free]
    kept = np.ones(len(places), bool)
    for one, other in sorted(cKDTree(places).query_pairs(gap)) if len(places) else ():
        if kept[one]:
            kept[other] = False
    places, owner = places[kept], owner[kept]
    _, first, rank = np.unique(owner, return_index=True, return_inverse=True)
    few = np.arange(len(owner)) - first[rank] < per_nucleus
    return places[few], owner[few]


def lumps_at(
    rng: np.random.Generator, nuclei: Nuclei, places: np.ndarray, owner: np.ndarray, *, most: int, radii: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return balls that overlap, 1 to ``most`` of them in a winding row from each place, without those that would stick out of the nucleus:
    the index of the place, centre and radius of each."""
    body = np.repeat(np.arange(len(places)), rng.integers(1, most + 1, len(places)))
    sizes = rng.uniform(*radii, len(body))
    walked = np.cumsum(0.9 * sizes[:, None] * placing.directions(rng, len(body), flatness=0.6), axis=0)
    centres = places[body] + walked - walked[np.searchsorted(body, body)]
    within = nuclei.field.nuclear_level(centres, owner[body]) < -0.08
    return body[within], centres[within], sizes[within]


def filled(
    rng: np.random.Generator,
    centres: np.ndarray,
    radii: np.ndarray,
    body: np.ndarray,
    density: np.ndarray,
    shape: tuple[int, int, int],
    points: int = 120,
) -> np.ndarray:
    """Return dye that fills balls evenly, also where those of one body overlap."""
    within = radii[:, None, None] * np.cbrt(rng.random((len(radii), points, 1)))
    filling = centres[:, None] + within * placing.directions(rng, points * len(radii)).reshape(-1, points, 3)
    amount = np.repeat((density * radii**3)[:, None] / points, points, axis=1)
    for back in range(1, np.bincount(body).max(initial=0)):
        earlier = np.flatnonzero(body[back:] == body[:-back])
        apart = np.linalg.norm(filling[earlier + back] - centres[earlier, None], axis=2)
        amount[earlier + back] *= apart > radii[earlier, None]
    return microscope.place(filling.reshape(-1, 3), amount.ravel(), shape, VOXEL_SIZE)


def glow(nuclei: Nuclei, brightness: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """Return dye that is dissolved in the nuclei, a quarter as much in the nucleoli: 1 in a cell of mean brightness."""
    dye = nucleoplasm(nuclei.field, brightness, shape)
    dye[placing.near(nuclei.nucleoli, nuclei.radii[:, None] * np.ones(3), shape, VOXEL_SIZE)] *= np.float32(0.25)
    return dye


def add_hot_pixels(rng: np.random.Generator, raw: np.ndarray, wide: int = 1, counts: int = 2000) -> None:
    """Make some squares of pixels brighter in every plane, in place; 2000 ``counts`` are more than most foci are bright."""
    for y, x in rng.integers(0, raw.shape[1:], (HOT_PIXELS, 2)):
        raw[:, y : y + wide, x : x + wide] += counts
