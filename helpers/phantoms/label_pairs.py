"""Truth and a label image with known errors: what an evaluation is tried on before it is trusted.

Nuclei of very different sizes, some of them touching, in one plane. The errors are those that segmentations make: an object missed or made up, cut
in two or joined with its neighbour, outlined far too tightly. Each is put there on purpose, at most one to an object, and noted.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import ndimage

from helpers import _checks
from helpers.images import Stack
from helpers.phantoms import microscope

if TYPE_CHECKING:
    import pandas as pd

PIXEL_SIZE = (1.0, 0.65, 0.65)
"""Voxel size, (z, y, x) in um: a 10x objective, as in screening; nuclei are 7 to 40 pixels wide."""

KINDS = ("missed", "extra", "split", "merged", "tight")
SMALLEST = 30  # pixels of an object that is split, joined or drawn tightly
ALIKE = 2.0  # two joined objects differ at most by this factor in size: neither then has an IoU of 0.7 with both
JOINED = 8  # pixels between two objects that are joined, at most
TIGHT = 0.55  # IoU of an object outlined too tightly, at most
KEPT = 0.78  # IoU of an object found, at least


class LabelPair(NamedTuple):
    """An image, its truth, and what a faulty segmentation found.

    Attributes
    ----------
    stack : Stack
        One plane of nuclei (uint16).
    truth : (Y, X) ndarray of int32
        True labels.
    found : (Y, X) ndarray of int32
        Labels found, numbered anew.
    errors : pandas.DataFrame
        What was done, see `damage`.
    """

    stack: Stack
    truth: np.ndarray
    found: np.ndarray
    errors: "pd.DataFrame"


class Damaged(NamedTuple):
    """A copy of truth with errors in it, and the list of them."""

    found: np.ndarray
    errors: "pd.DataFrame"


def label_pair(seed: int = 0, shape: tuple[int, int] = (320, 320), nuclei: int = 45, **errors: int) -> LabelPair:
    """Make an image of nuclei, its truth, and a label image with known errors.

    Parameters
    ----------
    seed : int
        Which field, and which of its nuclei the errors are on.
    shape : tuple of int
        Pixels, (Y, X), each 0.65 um wide.
    nuclei : int
        How many are tried; fewer where there is no room.
    **errors
        How many of each kind, as `damage` takes them; 3 of each if none is given.

    Returns
    -------
    pair : LabelPair

    Raises
    ------
    TypeError, ValueError
        If a number is not whole or negative, or a kind of error is unknown.

    Examples
    --------
    >>> pair = label_pair(seed=1, shape=(160, 160), nuclei=16, missed=2, split=1)
    >>> pair.errors["kind"].tolist()
    ['missed', 'missed', 'split']
    >>> int(np.unique(pair.truth).size - np.unique(pair.found).size)
    1
    """
    stack, truth = nuclei_2d(seed, shape, nuclei)
    return LabelPair(stack, truth, *damage(truth, seed, **(errors or dict.fromkeys(KINDS, 3))))


def nuclei_2d(seed: int = 0, shape: tuple[int, int] = (320, 320), nuclei: int = 45) -> tuple[Stack, np.ndarray]:
    """Make an image of nuclei in one plane, from tiny to large, and its truth.

    Parameters
    ----------
    seed, shape, nuclei
        As in `label_pair`.

    Returns
    -------
    stack : Stack
        One plane (uint16).
    truth : (Y, X) ndarray of int32
        Labels from 1; about one nucleus in five touches another.

    Raises
    ------
    TypeError, ValueError
        If a number is not whole or negative.
    """
    _checks.number(seed, "seed", low=0, integer=True)
    for length in shape:
        _checks.number(length, "shape", low=32, integer=True)
    _checks.number(nuclei, "nuclei", low=0, integer=True)
    rng = np.random.default_rng(seed)
    truth = _drawn(rng, tuple(shape), nuclei)
    brightness = np.append(0, rng.lognormal(0, 0.3, int(truth.max())))[truth]
    texture = 1 + 0.35 * ndimage.gaussian_filter(rng.standard_normal(shape), 1.5) / 0.19
    dye = (brightness * np.clip(texture, 0.3, 2)).astype(np.float32)
    raw = microscope.image(dye[None], PIXEL_SIZE, rng, blur=(0.5, 0.6, 0.6), photons=120, percentile=99, bleaching=0)
    return Stack(raw, PIXEL_SIZE, f"nuclei_2d_{seed}", "helpers.phantoms.nuclei_2d"), truth


def damage(
    truth: np.ndarray,
    seed: int = 0,
    *,
    missed: int = 0,
    extra: int = 0,
    split: int = 0,
    merged: int = 0,
    tight: int = 0,
    smallest_first: bool = False,
    wobble: float = 0.7,
) -> Damaged:
    """Return a copy of a label image with known errors in it.

    No object gets more than one error. All others keep their place and, up to a little wobble of the outline, their form: the IoU with truth
    stays above 0.78. Where there are not enough objects, or none with a neighbour to be joined with, there are fewer errors than asked for:
    the table says how many.

    Parameters
    ----------
    truth : (Y, X) ndarray of int
        True labels.
    seed : int
        Which objects, and where.
    missed : int
        Objects that are left out.
    extra : int
        Round objects where there is nothing.
    split : int
        Objects cut into two pieces.
    merged : int
        Pairs of neighbours of similar size that become one.
    tight : int
        Objects outlined so tightly that the IoU falls below 0.55: there, but too small to count.
    smallest_first : bool
        Leave out the smallest objects, as segmentations do, not any.
    wobble : float
        Amplitude in pixels by which the outlines of the other objects are moved in and out; 0 leaves them as they are.

    Returns
    -------
    damaged : Damaged
        ``found`` (int32, numbered from 1) and ``errors``, one row for each error: ``kind``, ``truth`` (list of true labels; empty for extra),
        ``found`` (list of labels found; empty for missed), ``y, x`` (centre in pixels).

    Raises
    ------
    TypeError
        If truth is not a label image of whole numbers, or a number is of the wrong type.
    ValueError
        If truth is not (Y, X) or holds negative labels, or a number is negative.
    """
    import pandas as pd

    if not isinstance(truth, np.ndarray) or truth.ndim != 2:
        raise ValueError(f"truth must be (Y, X), got {getattr(truth, 'shape', type(truth).__name__)}: damage one plane at a time")
    truth = _checks.labels(truth[None], "truth")[0]
    for value, name in ((seed, "seed"), (missed, "missed"), (extra, "extra"), (split, "split"), (merged, "merged"), (tight, "tight")):
        _checks.number(value, name, low=0, integer=True)
    _checks.number(wobble, "wobble", low=0)
    field = _Field(truth, np.random.default_rng(seed))
    field.merge(merged)
    field.split(split)
    field.tighten(tight)
    field.miss(missed, smallest_first)
    field.wobble(wobble)
    field.add(extra)
    names, found = np.unique(field.found, return_inverse=True)
    new = dict(zip(names.tolist(), range(len(names))))
    rows = [row | {"found": [new[label] for label in row["found"]]} for row in field.rows]
    rows.sort(key=lambda row: KINDS.index(row["kind"]))
    return Damaged(found.reshape(truth.shape).astype(np.int32), pd.DataFrame(rows, columns=["kind", "truth", "found", "y", "x"]))


class _Field:
    """A label image while errors are put into it."""

    def __init__(self, truth: np.ndarray, rng: np.random.Generator) -> None:
        self.truth, self.found, self.rng = truth, truth.copy(), rng
        self.sizes = np.bincount(truth.ravel())
        self.left = [int(label) for label in rng.permutation(np.flatnonzero(self.sizes)) if label]  # objects without an error so far
        self.next = int(truth.max(initial=0)) + 1
        self.rows: list[dict] = []

    def note(self, kind: str, true: list[int], found: list[int], where: np.ndarray) -> None:
        y, x = (float(places.mean()) for places in np.nonzero(where))
        self.rows.append({"kind": kind, "truth": true, "found": found, "y": y, "x": x})

    def large(self) -> Iterator[int]:
        """Give the objects that are left and large enough to be told apart from a speck."""
        yield from [label for label in self.left if self.sizes[label] >= SMALLEST]

    def merge(self, count: int) -> None:
        """Join neighbours of similar size; what lies between them is filled."""
        for label in self.large():
            if count == 0:
                return
            other = self.neighbour(label) if label in self.left else None
            if other is None:
                continue
            both = np.isin(self.truth, (label, other))
            reach = ndimage.binary_closing(np.pad(both, JOINED), iterations=JOINED // 2)[JOINED:-JOINED, JOINED:-JOINED]
            self.found[both | (reach & (self.truth == 0))] = label
            self.left = [each for each in self.left if each not in (label, other)]
            self.note("merged", [label, other], [label], both)
            count -= 1

    def neighbour(self, label: int) -> int | None:
        """Return the nearest object of similar size that is left, None where there is none nearby."""
        distance = ndimage.distance_transform_edt(self.truth != label)
        near = np.unique(self.truth[(distance <= JOINED) & (self.truth > 0) & (self.truth != label)])
        near = [each for each in near.tolist() if each in self.left and 1 / ALIKE < self.sizes[label] / self.sizes[each] < ALIKE]
        return min(near, key=lambda each: distance[self.truth == each].min(), default=None)

    def split(self, count: int) -> None:
        """Cut objects across their long axis, near the middle, by a gap that is one pixel wide."""
        for label in list(self.large())[:count]:
            places = np.argwhere(self.truth == label)
            along = (places - places.mean(axis=0)) @ np.linalg.eigh(np.cov(places.T))[1][:, -1]
            cut = np.quantile(along, self.rng.uniform(0.42, 0.58))
            gap, second = np.abs(along - cut) <= 0.5, along > cut
            self.found[tuple(places[second].T)] = self.next
            self.found[tuple(places[gap].T)] = 0
            self.left.remove(label)
            self.note("split", [label], [label, self.next], self.truth == label)
            self.next += 1

    def tighten(self, count: int) -> None:
        """Take layers off an object until too little is left to count as found."""
        for label in list(self.large())[:count]:
            inside = ndimage.distance_transform_edt(np.pad(self.truth == label, 1))[1:-1, 1:-1]
            depths = np.unique(inside[inside > 0])
            kept = [depth for depth in depths if np.count_nonzero(inside > depth) <= TIGHT * self.sizes[label]][0]
            core = inside > kept if (inside > kept).any() else inside == inside.max()
            self.found[(self.truth == label) & ~core] = 0
            self.left.remove(label)
            self.note("tight", [label], [label], core)

    def miss(self, count: int, smallest_first: bool) -> None:
        order = sorted(self.left, key=lambda label: self.sizes[label]) if smallest_first else list(self.left)
        for label in order[:count]:
            self.found[self.truth == label] = 0
            self.left.remove(label)
            self.note("missed", [label], [], self.truth == label)

    def wobble(self, amplitude: float) -> None:
        """Move the outlines of the objects without an error in and out, within the background."""
        if amplitude == 0:
            return
        noise = ndimage.gaussian_filter(self.rng.standard_normal(self.truth.shape), 4)
        noise *= amplitude / max(float(noise.std()), 1e-12)
        boxes = ndimage.find_objects(self.truth)
        for label in self.left:
            box = tuple(slice(max(0, part.start - 4), part.stop + 4) for part in boxes[label - 1])
            own = self.truth[box] == label
            signed = ndimage.distance_transform_edt(~own) - ndimage.distance_transform_edt(own) + np.where(own, 0.5, -0.5)
            moved = (signed < noise[box]) & (self.truth[box] * ~own == 0) & np.isin(self.found[box], (0, label))
            pieces, number = ndimage.label(moved)
            if number and np.count_nonzero(moved & own) >= KEPT * np.count_nonzero(moved | own):
                moved = pieces == np.argmax(np.bincount(pieces.ravel())[1:]) + 1
                self.found[box][own] = 0
                self.found[box][moved] = label

    def add(self, count: int) -> None:
        """Draw discs where there is room: neither truth nor anything found within two pixels."""
        room = ndimage.distance_transform_edt((self.truth == 0) & (self.found == 0))
        for _ in range(count):
            radius = self.rng.uniform(3, 9)
            places = np.argwhere(room > radius + 2)
            if not len(places):
                continue
            y, x = places[self.rng.integers(len(places))]
            rows, columns = np.ogrid[: room.shape[0], : room.shape[1]]
            disc = (rows - y) ** 2 + (columns - x) ** 2 <= radius**2
            self.found[disc] = self.next
            room = np.minimum(room, ndimage.distance_transform_edt(~disc))
            self.note("extra", [], [self.next], disc)
            self.next += 1


def _drawn(rng: np.random.Generator, shape: tuple[int, int], count: int) -> np.ndarray:
    """Draw dented ellipses of many sizes, the large ones first; one in five leans on one that is there."""
    truth = np.zeros(shape, np.int32)
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    for radius in sorted(rng.lognormal(np.log(11), 0.45, count).clip(3.5, 21), reverse=True):
        free = ndimage.distance_transform_edt(truth == 0)
        wanted = (0.95 * radius, 1.05 * radius) if truth.any() and rng.random() < 0.2 else (radius * 1.2 + 1.5, np.inf)
        places = np.argwhere((free > wanted[0]) & (free <= wanted[1])) if truth.any() else np.array([[shape[0] // 2, shape[1] // 2]])
        if not len(places):
            continue
        y, x = places[rng.integers(len(places))] + rng.uniform(-0.5, 0.5, 2)
        angle, longer = rng.uniform(0, np.pi), rng.uniform(1, 1.25)
        down, across = rows - y, columns - x
        u, v = down * np.cos(angle) + across * np.sin(angle), across * np.cos(angle) - down * np.sin(angle)
        around = np.arctan2(v, u)
        dented = radius * (1 + sum(rng.normal(0, 0.03) * np.cos(waves * around + rng.uniform(0, 6.3)) for waves in (2, 3, 4)))
        body = (np.hypot(u / longer, v * longer) < dented) & (truth == 0)
        if np.count_nonzero(body) >= SMALLEST:
            truth[body] = truth.max() + 1
    return truth
