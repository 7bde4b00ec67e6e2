"""Foci in nuclei that glow, of transcription and replication, with the truth known from their geometry.

As in `structures`, the truth is drawn from the same centres and radii as the dye, and is wider than the structure by a stated amount.
"""

import numpy as np

from helpers.images import Stack
from helpers.phantoms import microscope, placing
from helpers.phantoms.foci import LUMP_REACH, add_hot_pixels, filled, glow, grow_nuclei, lumps_at, places_in
from helpers.phantoms.structures import VOXEL_SIZE, Phantom, start

FACTORY_RADII = (0.16, 0.28)  # um
FACTORY_REACH = (0.25, 0.1, 0.1)  # um around each that are truth
BLOB_RADII = (0.22, 0.34)  # um
BLOB_REACH = (0.15, 0.1, 0.1)  # um around each that are truth
LATE_RADII = (0.2, 0.35)  # um, of the lumps that a replication focus of late S phase consists of
CLUSTER_RADII = (0.28, 0.6)  # um, the same where large blocks of chromatin are copied at once


def transcription_foci(seed: int = 0, shape: tuple[int, int, int] = (32, 256, 256)) -> Phantom:
    """Make a field of cells with stained sites of transcription (RNA polymerase II), taken by a camera with hot pixels.

    Each nucleus holds up to 140 round foci, 0.32 to 0.56 um across, none in nucleoli, and glows by dye that is not bound. Cells differ in
    brightness. Replication foci of early and mid S phase (PCNA) have the same look. Eight groups of four pixels of the camera are bright in
    every plane; they are not truth. The truth is the foci, and around them 0.1 um in the plane and 0.25 um along z: what the blur adds, about.

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
    >>> transcription_foci(shape=(8, 64, 64)).truth.shape
    (8, 64, 64)
    """
    rng, extent = start(seed, shape)
    nuclei = grow_nuclei(rng, extent)
    brightness = placing.mosaic(rng, nuclei.field, extent, levels=(0.65, 0.85, 1.15, 1.5))
    centres, owner = places_in(rng, nuclei, per_nucleus=140, gap=0.6, inside=0.94)
    radii = rng.uniform(*FACTORY_RADII, len(centres))
    truth = placing.near(centres, radii[:, None] + FACTORY_REACH, shape, VOXEL_SIZE)
    density = brightness[owner] * rng.uniform(0.7, 1.3, len(owner))
    dye = filled(rng, centres, radii, np.arange(len(radii)), density, shape)
    raw = microscope.image(dye, VOXEL_SIZE, rng, haze=0.18 * glow(nuclei, brightness, shape), photons=1000, bleaching=0.2)
    add_hot_pixels(rng, raw, wide=2)
    return Phantom(Stack(raw, VOXEL_SIZE, f"transcription_foci_{seed}", "helpers.phantoms.transcription_foci"), truth)


def late_replication_foci(seed: int = 0, shape: tuple[int, int, int] = (32, 256, 256)) -> Phantom:
    """Make a field of cells in late S phase with stained replication foci (as PCNA), taken by a camera with hot pixels.

    Each nucleus holds twenty to fifty foci at its surface and around nucleoli, each of them 1 to 4 round lumps 0.4 to 0.7 um across that run
    together. The nuclei glow by free protein, a third as bright as the foci, and differ in brightness. Eight groups of four pixels of the
    camera are bright in every plane; they are not truth. The truth is the lumps, and around them 0.03 um in the plane and 0.2 um along z:
    what the blur adds, about.

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
    >>> late_replication_foci(shape=(8, 64, 64)).stack.raw.dtype
    dtype('uint16')
    """
    return _late_s_phase(seed, shape, "late_replication_foci", gap=1.2, most=4, radii=LATE_RADII)


def late_replication_clusters(seed: int = 0, shape: tuple[int, int, int] = (32, 256, 256)) -> Phantom:
    """Make a field of cells in late S phase with stained replication clusters (as PCNA), taken by a camera with hot pixels.

    As `late_replication_foci`, with fewer and larger bodies: ten to twenty in a nucleus, each of them 1 or 2 round lumps 0.5 to 1.2 um
    across. The truth is the lumps with all that is inside, and around them 0.03 um in the plane and 0.2 um along z.

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
    >>> late_replication_clusters(shape=(8, 64, 64)).stack.name
    'late_replication_clusters_0'
    """
    return _late_s_phase(seed, shape, "late_replication_clusters", gap=1.8, most=2, radii=CLUSTER_RADII)


def transcription_blobs(seed: int = 0, shape: tuple[int, int, int] = (32, 256, 256)) -> Phantom:
    """Make a field of cells with stained sites of transcription that look like blobs (RNA polymerase II), taken by a camera with hot pixels.

    Each nucleus holds some forty round blobs, 0.44 to 0.68 um across, four in ten of them with a neighbour that touches, and glows by dye that
    is not bound. Cells differ in brightness. Nearly all of it is darker than 1000 camera counts. Eight pixels of the camera are bright in every
    plane; they are not truth. The truth is the blobs, and around them 0.1 um in the plane and 0.15 um along z: what the blur adds, about.

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
    >>> transcription_blobs(shape=(8, 64, 64)).stack.name
    'transcription_blobs_0'
    """
    rng, extent = start(seed, shape)
    nuclei = grow_nuclei(rng, extent)
    brightness = placing.mosaic(rng, nuclei.field, extent, levels=(0.6, 0.9, 1.2, 1.6))
    places, owner = places_in(rng, nuclei, per_nucleus=45, gap=1.1, inside=0.88)
    paired = rng.random(len(places)) < 0.4
    radii = rng.uniform(*BLOB_RADII, len(places) + paired.sum())
    apart = (radii[: len(places)][paired] + radii[len(places) :])[:, None] * placing.directions(rng, paired.sum(), flatness=0.4)
    centres, owner = np.concatenate([places, places[paired] + apart]), np.concatenate([owner, owner[paired]])
    truth = placing.near(centres, radii[:, None] + BLOB_REACH, shape, VOXEL_SIZE)
    density = brightness[owner] * rng.uniform(0.8, 1.2, len(owner))
    dye = filled(rng, centres, radii, np.arange(len(radii)), density, shape)
    raw = microscope.image(dye, VOXEL_SIZE, rng, haze=0.2 * glow(nuclei, brightness, shape), photons=175, bleaching=0.2)
    add_hot_pixels(rng, raw, counts=700)
    return Phantom(Stack(raw, VOXEL_SIZE, f"transcription_blobs_{seed}", "helpers.phantoms.transcription_blobs"), truth)


def _late_s_phase(seed: int, shape: tuple[int, int, int], name: str, *, gap: float, most: int, radii: tuple[float, float]) -> Phantom:
    """Make a field of cells with foci at the edges of nuclei and nucleoli."""
    rng, extent = start(seed, shape)
    nuclei = grow_nuclei(rng, extent)
    brightness = placing.mosaic(rng, nuclei.field, extent, levels=(0.75, 0.9, 1.1, 1.35))
    places, owner = places_in(rng, nuclei, per_nucleus=100, gap=gap, inside=0.9, edges=True)
    body, centres, sizes = lumps_at(rng, nuclei, places, owner, most=most, radii=radii)
    truth = placing.near(centres, sizes[:, None] + LUMP_REACH, shape, VOXEL_SIZE)
    density = brightness[owner] * rng.uniform(0.8, 1.2, len(owner))
    dye = filled(rng, centres, sizes, body, density[body], shape, points=500)
    raw = microscope.image(dye, VOXEL_SIZE, rng, haze=0.3 * glow(nuclei, brightness, shape), photons=800, bleaching=0.2)
    add_hot_pixels(rng, raw, wide=2)
    return Phantom(Stack(raw, VOXEL_SIZE, f"{name}_{seed}", f"helpers.phantoms.{name}"), truth)
