"""Myofibrils of cardiomyocytes, stained in periodic bands, with the truth known from their geometry.

The width of the truth follows the rule of `helpers.phantoms.structures`: wider than the structure by what the microscope adds. The voxels are those
that the published values for cardiomyocytes were tuned at, 0.29 x 0.128 x 0.128 um.
"""

from typing import NamedTuple

import numpy as np

from helpers.images import Stack
from helpers.phantoms import cells, microscope, placing
from helpers.phantoms.structures import CARDIOMYOCYTES, Phantom, cytosol, nuclear_bodies, start

SARCOMERE = (1.85, 2.05)  # um, from one Z disc to the next, in one cell all alike
HALF_HEIGHTS = (0.18, 0.28)  # um, of a myofibril
HALF_WIDTHS = (0.25, 0.42)  # um
APART = (1.4, 1.25)  # um, between layers of myofibrils and between neighbours in a layer
STEP = 0.06  # um, between points along a myofibril
AROUND = 10  # fluorophores in each cross section


class Band(NamedTuple):
    """Where in a sarcomere a protein sits: middle (0 the Z disc, 0.5 the M line), half length, and reach of the truth along z and in the plane."""

    middle: float
    half: float  # um
    rise: float  # um
    reach: float  # um


BANDS = {
    "ACTN2": Band(0.0, 0.06, 0.3, 0.16),
    "MYL7": Band(0.5, 0.78, 0.24, 0.0),
    "TNNI1": Band(0.0, 0.78, 0.24, 0.0),
    "TTN": Band(0.5, 0.1, 0.3, 0.16),
}


class Myofibrils(NamedTuple):
    """Points along myofibrils: place in um, direction across, half height and half width in um, cell, place and length of the sarcomere."""

    line: np.ndarray
    across: np.ndarray
    half: np.ndarray
    owner: np.ndarray
    sarcomere: np.ndarray
    length: np.ndarray


def sarcomeres(seed: int = 0, shape: tuple[int, int, int] = (32, 256, 256), *, protein: str = "TNNI1") -> Phantom:
    """Make a field of cardiomyocytes with one protein of the sarcomere labelled.

    Layers of parallel myofibrils, 0.5 to 0.8 um wide and 0.4 to 0.6 um high, run in one direction in the lower half of a cell and in another in
    the upper half; neighbours have their sarcomeres, 1.85 to 2.05 um long, side by side. Troponin I (``"TNNI1"``, thin filaments) fills 1.56 um
    around each Z disc and leaves a dark gap at the M line; myosin light chain 7 (``"MYL7"``, thick filaments) fills 1.56 um around each M line;
    alpha-actinin-2 (``"ACTN2"``) is a line 0.12 um thick at each Z disc; titin (``"TTN"``), labelled at the end that is anchored in the M line, a
    line of 0.2 um there. Dissolved protein fills the cells, more in some than in others.

    The truth of broad bands is as wide and long as they are, and 0.24 um higher at top and bottom. Around lines, which are thinner than the blur, it
    reaches 0.16 um farther in the plane, 0.3 um along z: what the blur adds, about.

    Parameters
    ----------
    seed : int
        Which field.
    shape : tuple of int
        Voxels, (Z, Y, X); a voxel is 0.29 x 0.128 x 0.128 um. Fewer than 4 planes are a section through the middle of the cells.
    protein : {"TNNI1", "TTN", "ACTN2", "MYL7"}
        What is labelled, by its gene.

    Returns
    -------
    phantom : Phantom
        ``stack`` (uint16) and ``truth`` (bool).

    Raises
    ------
    TypeError, ValueError
        If ``seed`` is not a whole number from 0, ``shape`` not three whole numbers from 1, or ``protein`` none of the four.

    Examples
    --------
    >>> stack, truth = sarcomeres(seed=1, shape=(12, 96, 96), protein="ACTN2")
    >>> stack.voxel_size, truth.dtype
    ((0.29, 0.128, 0.128), dtype('bool'))
    """
    rng, extent = start(seed, shape, CARDIOMYOCYTES)
    if protein not in BANDS:
        raise ValueError(f"protein must be one of {', '.join(BANDS)}, got {protein!r}")
    band = BANDS[protein]
    field = cells.grow(rng, extent, spacing=15.0, nuclear_radius=4.2)
    brightness = placing.mosaic(rng, field, extent, levels=(0.6, 0.9, 1.2, 1.6))
    fibres = _myofibrils(rng, field, extent)
    from_middle = np.abs((fibres.sarcomere - band.middle + 0.5) % 1 - 0.5) * fibres.length
    stained = Myofibrils(*(part[from_middle < band.half] for part in fibres))
    dye = _fill(stained, brightness, shape)
    haze = 0.2 * cytosol(field, brightness, nuclear_bodies(field, shape, CARDIOMYOCYTES), CARDIOMYOCYTES)
    raw = microscope.image(dye, CARDIOMYOCYTES, rng, haze=haze, photons=700, bleaching=0.3)
    stack = Stack(raw, CARDIOMYOCYTES, f"sarcomeres_{protein}_{seed}", f"helpers.phantoms.sarcomeres(protein={protein!r})")
    return Phantom(stack, _around(stained, band, shape))


def _around(stained: Myofibrils, band: Band, shape: tuple[int, int, int]) -> np.ndarray:
    """Return the mask of the stained stretches and what is near them: ellipsoids on seven lines side by side in each myofibril."""
    mask = np.zeros(shape, bool)
    radius = max(band.reach, 0.1)
    every = 2 if band.half > 0.5 else 1  # a line has few points along the myofibril, and needs them all
    line, across, half = (part[::every] for part in stained[:3])
    for side in np.linspace(-1, 1, 7):
        points = line + (side * (half[:, 1] + band.reach - radius))[:, None] * across
        height = half[:, 0] * np.sqrt(1 - side**2) + band.rise
        mask |= placing.near(points, np.column_stack([height, np.full((len(points), 2), radius)]), shape, CARDIOMYOCYTES)
    return mask


def _fill(stained: Myofibrils, brightness: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """Return the dye: fluorophores on a spiral in each cross section, as many per volume in thin myofibrils as in thick ones."""
    spiral = np.arange(AROUND)
    angle = np.pi * (3 - np.sqrt(5)) * spiral + np.arange(len(stained.line))[:, None]
    out = np.sqrt((spiral + 0.5) / AROUND)
    points = stained.line[:, None] + (stained.half[:, 1:] * out * np.cos(angle))[..., None] * stained.across[:, None]
    points[..., 0] += stained.half[:, :1] * out * np.sin(angle)
    amount = brightness[stained.owner] * stained.half.prod(axis=1)
    return microscope.place(points.reshape(-1, 3), np.repeat(amount, AROUND), shape, CARDIOMYOCYTES)


def _myofibrils(rng: np.random.Generator, field: cells.Cells, extent: tuple[float, float, float]) -> Myofibrils:
    """Return points along slightly bent myofibrils in layers, each 5 to 14 um long or up to the membrane."""
    heading, turn = rng.uniform(0, np.pi, len(field.centres)), rng.uniform(0.4, 1.2, len(field.centres))
    length = rng.uniform(*SARCOMERE, len(field.centres))
    layers = np.arange(field.floor + 0.5, field.roof - 0.3, APART[0])
    sites = [placing.inside(field, extent, 9.0), np.arange(len(layers)), np.arange(-10, 10.1, APART[1])]
    sites = np.stack(np.meshgrid(*sites, indexing="ij"), axis=-1).reshape(-1, 3)
    sites = sites[rng.random(len(sites)) < 0.75]
    count, owner, layer = len(sites), sites[:, 0].astype(int), sites[:, 1].astype(int)
    angle = heading[owner] + turn[owner] * (layer >= len(layers) / 2) + rng.normal(0, 0.04, count)
    along = np.column_stack([rng.normal(0, 0.03, count), np.sin(angle), np.cos(angle)])
    across = np.column_stack([np.zeros(count), np.cos(angle), -np.sin(angle)])
    middle = field.centres[owner] * (0, 1, 1) + across * (sites[:, 2] + rng.normal(0, 0.08, count))[:, None]
    middle[:, 0] = layers[layer] + rng.normal(0, 0.1, count)
    place = rng.uniform(-4, 4, count)[:, None] + np.arange(-7, 7, STEP)
    inside = np.abs(np.arange(-7, 7, STEP)) < rng.uniform(2.5, 7, count)[:, None]
    bend = rng.normal(0, 0.012, count)[:, None, None] * place[..., None] ** 2
    line = (middle[:, None] + place[..., None] * along[:, None] + bend * across[:, None])[inside]
    half = np.column_stack([rng.uniform(*HALF_HEIGHTS, count), rng.uniform(*HALF_WIDTHS, count)])
    phase = rng.uniform(0, 1, (len(field.centres), len(layers)))[owner, layer] + rng.normal(0, 0.05, count)
    sarcomere = (place / length[owner][:, None] + phase[:, None])[inside]
    row, _ = np.nonzero(inside)
    kept = np.flatnonzero(np.all((line[:, 1:] > -0.5) & (line[:, 1:] < np.add(extent[1:], 0.5)), axis=1))
    kept = kept[field.owner(line[kept]) == owner[row[kept]]]
    kept = kept[field.depth(line[kept], owner[row[kept]]) > 0.3]
    row = row[kept]
    return Myofibrils(line[kept], across[row], half[row], owner[row], sarcomere[kept], length[owner[row]])
