"""Nucleoli of drug-treated cells, rounded up or fallen apart, with the truth known from their geometry."""

import numpy as np

from helpers.images import Stack
from helpers.phantoms import microscope, placing
from helpers.phantoms.nucleoli import bodies_in_nuclei, nucleoplasm
from helpers.phantoms.structures import VOXEL_SIZE, Phantom, colony, start

DROPLET_RADII = (0.2, 0.35)  # um
DROPLET_GAP = 0.2  # um, at least, between two
DROPLET_DYE = 0.5  # of what is in the same volume of a ball
BALL_REACH = (0.35, 0.027, 0.027)  # um around each ball or droplet that are truth


def treated_nucleoli(seed: int = 0, shape: tuple[int, int, int] = (32, 256, 256)) -> Phantom:
    """Make a field of drug-treated cells with the granular component of nucleoli stained (as nucleophosmin).

    In about half of the nuclei the nucleoli have rounded up into compact balls 1.1 to 2.1 um across; in the others each has fallen apart into
    a cloud of droplets 0.4 to 0.7 um across, which hold half as much protein in the same volume. Cells differ in brightness, with very little
    dye in the nucleoplasm. The truth is the balls and droplets, and around them a quarter of a pixel in the plane and 0.35 um along z, which
    is what the blur adds there.

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
    >>> treated_nucleoli(shape=(8, 64, 64)).stack.name
    'treated_nucleoli_0'
    """
    rng, extent = start(seed, shape)
    field = colony(rng, extent)
    brightness = placing.mosaic(rng, field, extent, levels=(0.75, 1.0, 1.3, 1.7))
    scattered = placing.mosaic(rng, field, extent, levels=(0.0, 1.0)) > 0.5
    places, sizes, hosts = bodies_in_nuclei(rng, field, extent, number=(3, 5), radii=(0.55, 1.05))
    centres, radii, owner = _scatter(rng, places, sizes, hosts, scattered[hosts])
    truth = placing.near(centres, radii[:, None] + BALL_REACH, shape, VOXEL_SIZE)
    body = np.repeat(np.arange(len(radii)), np.ceil(2500 * radii**3).astype(int))
    within = radii[body, None] * np.cbrt(rng.random((len(body), 1)))
    amount = (brightness * np.where(scattered, DROPLET_DYE, 1))[owner[body]]
    dye = microscope.place(centres[body] + within * placing.directions(rng, len(body)), amount, shape, VOXEL_SIZE)
    raw = microscope.image(dye, VOXEL_SIZE, rng, haze=0.008 * nucleoplasm(field, brightness, shape), photons=400, bleaching=0.3)
    return Phantom(Stack(raw, VOXEL_SIZE, f"treated_nucleoli_{seed}", "helpers.phantoms.treated_nucleoli"), truth)


def _scatter(
    rng: np.random.Generator, places: np.ndarray, sizes: np.ndarray, hosts: np.ndarray, scattered: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return centres (N, 3) and radii (N,), in um, and the cell of each nucleolus that is whole, and of the droplets of each that is ``scattered``."""
    centres, radii, owner = [places[~scattered]], [sizes[~scattered]], [hosts[~scattered]]
    for place, size, host in zip(places[scattered], sizes[scattered], hosts[scattered]):
        chance = place + 1.3 * size * np.cbrt(rng.random((60, 1))) * placing.directions(rng, 60, flatness=0.7)
        small = rng.uniform(*DROPLET_RADII, 60)
        kept: list[int] = []
        for one in range(60):
            # Those that stack up along z must lie farther apart, because the microscope blurs more there
            apart = np.linalg.norm((chance[kept] - chance[one]) * (0.7, 1, 1), axis=1)
            if (apart > small[kept] + small[one] + DROPLET_GAP).all():
                kept.append(one)
        centres.append(chance[kept])
        radii.append(small[kept])
        owner.append(np.full(len(kept), host))
    return np.concatenate(centres), np.concatenate(radii), np.concatenate(owner)
