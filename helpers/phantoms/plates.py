"""Fields of view of screening plates whose effect is known: nuclei with one or two sets of DNA, in control and in treated wells.

A nucleus before replication has two copies of each chromosome (2N), one ready for division four (4N), one in between is replicating. The dye
binds in proportion, so that the light of a whole nucleus, summed up, tells how much DNA it has. A drug that arrests cells before division
raises the part of nuclei with 4N. That part is set here for each treatment; whether it is found again depends on the segmentation alone.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import ndimage

from helpers import _checks, images
from helpers.classic import components
from helpers.images import Stack
from helpers.metrics import boundary

if TYPE_CHECKING:
    import pandas as pd

PIXEL_SIZE = (1.0, 0.65, 0.65)
"""Size of a voxel, (z, y, x) in um: one plane, as from a 10x objective."""

TREATMENTS: Mapping[str, float] = {"DMSO": 0.2, "arrest": 0.75, "no_effect": 0.2}
"""Part of the nuclei that have 4N, by treatment; DMSO is the control."""

REPLICATING = 0.06  # part of the nuclei between 2N and 4N, in all wells
RADIUS = 6.5  # pixels, of a nucleus with 2N
STAINS = (1.0, 0.75, 1.25)  # how brightly the plates are stained, in turn
PHOTONS = 9000.0  # from one copy of the genome; four of them in a nucleus with 4N
APART, CLOSE = 1.3, 0.93  # distance of the centres in sums of the radii: of nuclei that stand apart, and of those that touch
TRIES = 400


class Field(NamedTuple):
    """One field of view of a plate."""

    plate: str
    treatment: str
    image: str
    """Its name: plate, treatment and number."""
    stack: Stack
    """Camera counts (uint16), one plane."""
    truth: np.ndarray
    """(1, Y, X) int32 labels of the nuclei; those that touch have labels of their own."""
    copies: np.ndarray
    """(nuclei,) DNA of the nucleus with label 1, 2, ...: 2 to 4 sets of chromosomes."""


def dna_plates(
    seed: int = 0,
    treatments: Mapping[str, float] = TREATMENTS,
    *,
    count: int = 2,
    fields: int = 5,
    nuclei: int = 150,
    touching: float = 0.6,
    shape: tuple[int, int] = (320, 320),
) -> list[Field]:
    """Make the fields of view of several plates.

    Nuclei are drawn by chance, each with the chance of its treatment to have 4N: the part in one image differs from the set one as it would
    in a real well. All nuclei lie whole within their field.

    Parameters
    ----------
    seed : int
        The same seed gives the same plates.
    treatments : mapping of str to float
        Part of the nuclei with 4N, 0 to 0.9, by treatment. At 1 there would be no 2N peak to tell it from.
    count : int
        Number of plates; every second one is stained more weakly.
    fields : int
        Images of each treatment on each plate.
    nuclei : int
        How many nuclei a field has at most; fewer where they find no room.
    touching : float
        Part of the nuclei, 0 to 1, that are put beside another so that both touch.
    shape : tuple of int
        Pixels of a field, (Y, X); a pixel is 0.65 um.

    Returns
    -------
    made : list of Field
        By plate, then by treatment.

    Raises
    ------
    TypeError, ValueError
        If a number is out of its range, or there is no treatment.

    Examples
    --------
    >>> made = dna_plates(fields=1, count=1, nuclei=20, shape=(128, 128))
    >>> [field.image for field in made]
    ['plate1_DMSO_1', 'plate1_arrest_1', 'plate1_no_effect_1']
    >>> made[0].truth.shape, int(made[0].truth.max()) == len(made[0].copies)
    ((1, 128, 128), True)
    """
    _check(seed, treatments, count, fields, nuclei, touching, shape)
    generators = iter(np.random.default_rng(seed).spawn(count * len(treatments) * fields))
    made = []
    for number in range(count):
        for treatment, part in treatments.items():
            for image in range(fields):
                rng = next(generators)
                copies = _copies(rng, nuclei, part)
                truth, copies = _nuclei(rng, copies, touching, shape)
                name = f"plate{number + 1}_{treatment}_{image + 1}"
                raw = _seen(rng, truth, copies, STAINS[number % len(STAINS)])
                stack = Stack(raw[None], PIXEL_SIZE, name, "helpers.phantoms.plates")
                made.append(Field(f"plate{number + 1}", treatment, name, stack, truth[None], copies))
    return made


def segmentations_of(fields: Sequence[Field], pixels: int = 2) -> dict[str, dict[str, np.ndarray]]:
    """Return three segmentations of the plates: the truth, and two that are wrong in a known way.

    Parameters
    ----------
    fields : sequence of Field
        What `dna_plates` returns.
    pixels : int
        How many layers of pixels ``eroding`` takes off each nucleus.

    Returns
    -------
    segmentations : dict of str to dict of str to ndarray
        Labels by name of the image: ``truth``; ``merging``, in which nuclei that touch are one object; ``eroding``, in which every nucleus is too small.

    Examples
    --------
    >>> made = dna_plates(fields=1, count=1, nuclei=20, shape=(128, 128), treatments={"DMSO": 0.2})
    >>> {name: int((np.unique(labels["plate1_DMSO_1"]) > 0).sum()) for name, labels in segmentations_of(made).items()}
    {'truth': 20, 'merging': 15, 'eroding': 20}
    """
    _checks.number(pixels, "pixels", low=0, integer=True)
    truth = {field.image: field.truth for field in fields}
    merging = {image: components(labels > 0) for image, labels in truth.items()}
    eroding = dict(truth)
    for _ in range(pixels):
        eroding = {image: np.where(boundary(labels), 0, labels) for image, labels in eroding.items()}
    return {"truth": truth, "merging": merging, "eroding": eroding}


def layout_of(fields: Sequence[Field]) -> "pd.DataFrame":
    """Return the table of the plates: one row an image, ``plate, treatment, image``."""
    import pandas as pd

    return pd.DataFrame([(field.plate, field.treatment, field.image) for field in fields], columns=["plate", "treatment", "image"])


def write_plates(folder: str | Path, seed: int = 0) -> Path:
    """Write plates of known effect: images, three segmentations, and the table that says which image is what.

    Parameters
    ----------
    folder : path
        Made if it is missing. Gets the folders ``images``, ``found/truth``, ``found/merging`` and ``found/eroding``, and
        ``plates.csv``: ``plate, treatment, image``.
    seed : int
        Which plates.

    Returns
    -------
    folder : Path

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    folder = Path(folder).expanduser()
    made = dna_plates(seed)
    found = segmentations_of(made)
    with images.together(folder) as temporary:
        for field in made:
            labels = {f"found/{name}": part[field.image] for name, part in found.items()}
            for place, array in {"images": field.stack.raw, **labels}.items():
                images.write(temporary / place / f"{field.image}.ome.tif", array, PIXEL_SIZE)
        layout_of(made).to_csv(temporary / "plates.csv", index=False)
    return folder


def _check(
    seed: int, treatments: Mapping[str, float], count: int, fields: int, nuclei: int, touching: float, shape: tuple[int, int]
) -> None:
    for value, name, low in ((seed, "seed", 0), (count, "count", 1), (fields, "fields", 1), (nuclei, "nuclei", 1)):
        _checks.number(value, name, low=low, integer=True)
    _checks.number(touching, "touching", low=0, high=1)
    if len(shape) != 2:
        raise ValueError(f"shape must be (Y, X) in pixels, got {shape}: a field of a plate is one plane")
    for length in shape:
        _checks.number(length, "shape", low=64, integer=True)
    if not treatments:
        raise ValueError("treatments is empty: give the part of nuclei with 4N for at least one, for example {'DMSO': 0.2}")
    for name, part in treatments.items():
        _checks.number(part, f"treatments[{name!r}]", low=0, high=0.9)


def _copies(rng: np.random.Generator, nuclei: int, part: float) -> np.ndarray:
    """Return the DNA of each nucleus: 4N with the given chance, some replicating, the others 2N."""
    chance = rng.random(nuclei)
    replicating = (chance >= part) & (chance < part + min(REPLICATING, 1 - part))
    return np.where(chance < part, 4.0, np.where(replicating, rng.uniform(2, 4, nuclei), 2.0))


def _nuclei(rng: np.random.Generator, copies: np.ndarray, touching: float, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return (Y, X) labels of nuclei that found room, and their DNA."""
    radii = RADIUS * (copies / 2) ** (1 / 3) * rng.normal(1, 0.05, copies.size).clip(0.88, 1.12)
    centres, kept = _placed(rng, radii, touching, shape)
    truth = np.zeros(shape, np.int32)
    level = np.full(shape, np.inf)
    for label, (centre, radius) in enumerate(zip(centres, radii[kept]), start=1):
        low = np.maximum(np.floor(centre - 1.35 * radius).astype(int), 0)
        box = tuple(slice(start, start + int(2.7 * radius) + 2) for start in low)
        y, x = np.mgrid[box][:, : truth[box].shape[0], : truth[box].shape[1]] - centre[:, None, None]
        turn, stretch, phase = rng.uniform(0, np.pi), rng.uniform(1.0, 1.14), rng.uniform(0, 2 * np.pi)
        along, across = np.cos(turn) * y + np.sin(turn) * x, np.cos(turn) * x - np.sin(turn) * y
        wave = 1 + 0.03 * np.cos(3 * np.arctan2(y, x) + phase)
        distance = np.hypot(along / stretch, across * stretch) / (radius * wave)
        own = (distance < 1) & (distance < level[box])
        truth[box][own] = label
        level[box][own] = distance[own]
    return truth, copies[kept]


def _placed(rng: np.random.Generator, radii: np.ndarray, touching: float, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return the centres of the nuclei that found room, and which they are: each either apart from all others, or beside one of them."""
    centres: list[np.ndarray] = []
    kept: list[int] = []
    single: list[int] = []  # places in kept of nuclei that touch none
    for index, radius in enumerate(radii):
        beside = bool(single) and rng.random() < touching / 2  # each such nucleus makes two that touch
        for _ in range(TRIES):
            partner = single[rng.integers(len(single))] if beside else -1
            if beside:
                angle, reach = rng.uniform(0, 2 * np.pi), CLOSE * (radius + radii[kept[partner]])
                centre = centres[partner] + reach * np.array([np.sin(angle), np.cos(angle)])
            else:
                centre = rng.uniform(1.3 * radius, np.array(shape) - 1.3 * radius)
            if np.any(centre < 1.3 * radius) or np.any(centre > np.array(shape) - 1.3 * radius):
                continue
            apart = np.linalg.norm(np.array(centres).reshape(-1, 2) - centre, axis=1) / (radius + radii[kept])
            if partner >= 0:
                apart[partner] = np.inf
            if np.all(apart >= APART):
                single.remove(partner) if beside else single.append(len(centres))
                centres.append(centre)
                kept.append(index)
                break
    return np.array(centres).reshape(-1, 2), np.array(kept, int)


def _seen(rng: np.random.Generator, truth: np.ndarray, copies: np.ndarray, stain: float) -> np.ndarray:
    """Return camera counts: the dye of each nucleus shared evenly, but for its texture, among its pixels; blurred, with photon noise."""
    texture = ndimage.gaussian_filter(rng.standard_normal(truth.shape), 1.5)
    weight = np.where(truth > 0, np.exp(0.25 * texture / texture.std()), 0)
    total = np.bincount(truth.ravel(), weight.ravel(), minlength=copies.size + 1)
    total[0] = 1
    dye = np.r_[0.0, copies * rng.lognormal(0, 0.05, copies.size)] * PHOTONS * stain
    light = ndimage.gaussian_filter(weight * (dye / total)[truth], 0.8)
    counts = 2.0 * rng.poisson(light + 12.0) + rng.normal(100, 3, truth.shape)
    return np.clip(np.rint(counts), 0, 65535).astype(np.uint16)
