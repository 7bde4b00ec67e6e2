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
from helpers.phantoms import cells, microscope, placing

VOXEL_SIZE = (0.29, 0.108, 0.108)
"""Voxel size of all phantoms but those of cardiomyocytes, (z, y, x) in um: the one that the published parameters were tuned at."""

CARDIOMYOCYTES = (0.29, 0.128, 0.128)
"""The same for cardiomyocytes."""

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
    >>> stack, truth = mitochondria(seed=1, shape=(12, 96, 96))
    >>> stack.raw.shape, stack.raw.dtype, truth.dtype
    ((12, 96, 96), dtype('uint16'), dtype('bool'))
    """
    rng, extent = start(seed, shape)
    field = cells.grow(rng, extent, spacing=10.5)
    lines, owner = placing.tubes(rng, field, extent)
    truth = placing.near(lines[::2], np.ones((len(lines[::2]), 1)) * TUBE_REACH, shape, VOXEL_SIZE)
    brightness = rng.uniform(0.75, 1.25, len(field.centres))
    around = np.repeat(lines, 6, axis=0)
    around += TUBE_RADIUS * placing.directions(rng, len(around))
    dye = microscope.place(around, np.repeat(brightness[owner], 6), shape, VOXEL_SIZE)
    haze = 0.26 * cytosol(field, brightness, nuclear_bodies(field, shape))
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
    >>> peroxisomes(shape=(8, 64, 64)).stack.voxel_size
    (0.29, 0.108, 0.108)
    """
    rng, extent = start(seed, shape)
    field = cells.grow(rng, extent, spacing=10.5)
    centres, owner = placing.bodies_apart(rng, field, extent)
    radii = rng.uniform(*SPOT_RADII, len(centres))
    truth = placing.near(centres, (radii[:, None] + SPOT_REACH) * np.ones(3), shape, VOXEL_SIZE)
    brightness = rng.uniform(0.75, 1.25, len(field.centres))
    amount = brightness[owner] * rng.uniform(0.9, 1.1, len(owner)) * radii
    membrane = np.repeat(centres, 60, axis=0) + np.repeat(radii, 60)[:, None] * placing.directions(rng, 60 * len(centres))
    dye = microscope.place(membrane, np.repeat(amount, 60), shape, VOXEL_SIZE)
    haze = 0.25 * cytosol(field, brightness, nuclear_bodies(field, shape))
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
    >>> stack, truth = nuclear_lamina(shape=(16, 128, 128))
    >>> bool(truth[0].any())
    False
    """
    rng, extent = start(seed, shape)
    field = colony(rng, extent)
    bodies = nuclear_bodies(field, shape) > 0
    cross = ndimage.generate_binary_structure(3, 1)
    truth = ndimage.binary_dilation(bodies, cross) & ~ndimage.binary_erosion(bodies, cross, border_value=1)
    brightness = rng.lognormal(0, 0.3, len(field.centres))
    dye = np.zeros(shape, np.float32)
    for cell in placing.inside(field, extent, 5.5):
        points, area = field.nuclear_surface(cell, placing.directions(rng, 30_000))
        dye += microscope.place(points, brightness[cell] * area, shape, VOXEL_SIZE)
    haze = 0.03 * cytosol(field, brightness, bodies)
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
        Voxels, (Z, Y, X); a voxel is 0.29 x 0.108 x 0.108 um. Fewer than 4 planes are a section through the middle of the cells.

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
    rng, extent = start(seed, shape)
    field = colony(rng, extent)
    labels = nuclear_bodies(field, shape)
    brightness = np.r_[0, rng.lognormal(0, 0.3, len(field.centres))].astype(np.float32)
    sigma = np.divide(0.3, VOXEL_SIZE)
    texture = ndimage.gaussian_filter(rng.standard_normal(shape, dtype=np.float32), sigma)
    texture *= np.float32(np.sqrt(np.prod(2 * np.sqrt(np.pi) * sigma)))  # standard deviation 1: what the filter leaves of white noise
    dye = brightness[labels] * np.exp(0.25 * texture)
    raw = microscope.image(dye, VOXEL_SIZE, rng, photons=250, bleaching=0.25, background=15)
    return Phantom(Stack(raw, VOXEL_SIZE, f"nuclei_{seed}", "helpers.phantoms.nuclei"), labels)


def start(
    seed: int, shape: tuple[int, int, int], voxel_size: tuple[float, float, float] = VOXEL_SIZE
) -> tuple[np.random.Generator, tuple[float, float, float]]:
    """Check the arguments; return the generator and the size of the field, (z, y, x) in um."""
    _checks.number(seed, "seed", low=0, integer=True)
    if not isinstance(shape, (tuple, list)) or len(shape) != 3:
        raise ValueError(f"shape must be three whole numbers (Z, Y, X), got {shape!r}")
    for length in shape:
        _checks.number(length, "shape", low=1, integer=True)
    return np.random.default_rng(seed), tuple(length * size for length, size in zip(shape, voxel_size))


def colony(rng: np.random.Generator, extent: tuple[float, float, float]) -> cells.Cells:
    """Return cells far enough apart that their nuclei do not touch."""
    return cells.grow(rng, extent, spacing=12.5)


def nuclear_bodies(field: cells.Cells, shape: tuple[int, int, int], voxel_size: tuple[float, float, float] = VOXEL_SIZE) -> np.ndarray:
    """Return int32 labels of the voxels that lie at least half a voxel inside the surface of a nucleus."""
    labels = np.zeros(shape, np.int32)
    number = 0
    for _, box, distance in cells.nuclear_distances(field, shape, voxel_size):
        inside = distance < -0.5
        number += bool(inside.any())
        labels[box][inside] = number
    return labels


def cytosol(
    field: cells.Cells, brightness: np.ndarray, nuclei: np.ndarray, voxel_size: tuple[float, float, float] = VOXEL_SIZE
) -> np.ndarray:
    """Return dye that is dissolved in the cytoplasm, with dark nuclei: 1 in a cell of mean brightness."""
    cell, wall = cells.ground(field, nuclei.shape[1:], voxel_size[1:])
    height = np.arange(nuclei.shape[0])[:, None, None] * voxel_size[0]
    within = (height > field.floor) & (height < field.roof_over(wall))
    # Thin towards the neighbour: the border between two cells is a dark line.
    dye = within * (brightness[cell] * (1 - 0.5 * np.exp(-wall / 0.25))).astype(np.float32)
    dye[nuclei > 0] *= np.float32(0.3)
    return dye
