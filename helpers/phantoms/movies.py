"""Fields of view taken again and again, with the truth of every time point known from its geometry.

As in `structures`, the truth is drawn from the same centres and radii as the dye, and is wider than the structure by a stated amount.
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from helpers import _checks
from helpers.images import Stack
from helpers.phantoms import cells, microscope, placing
from helpers.phantoms.structures import SPOT_RADII, SPOT_REACH, VOXEL_SIZE, cytosol, nuclear_bodies, start

if TYPE_CHECKING:
    import pandas as pd

APART = 1.05  # um between the places around which two bodies move
STEP, REACH = 0.05, 0.1  # um: how far a body moves from one time point to the next, and from its place at most
LEVEL = 0.5  # of the blurred dye, at the middle of a body: what `microscope.image` calls its photons
INTERVAL = 30.0  # seconds


class TimePhantom(NamedTuple):
    """A synthetic time series and its truth.

    Attributes
    ----------
    stacks : list of Stack
        One for each time point, uint16.
    truths : list of (Z, Y, X) ndarray of int32
        Each body a number of its own, the same at all time points; 0 is background.
    interval : float
        Seconds between two time points.
    """

    stacks: list[Stack]
    truths: list[np.ndarray]
    interval: float

    def table(self) -> "pd.DataFrame":
        """Return the true numbers, a row a time point, in the columns ``time, time_s, objects, volume_um3`` of `helpers.time_series.run`."""
        import pandas as pd

        voxel = float(np.prod(self.stacks[0].voxel_size))
        rows = [
            (time, time * self.interval, len(np.unique(truth)) - 1, np.count_nonzero(truth) * voxel)
            for time, truth in enumerate(self.truths)
        ]
        return pd.DataFrame(rows, columns=["time", "time_s", "objects", "volume_um3"])


def peroxisomes_over_time(
    seed: int = 0, shape: tuple[int, int, int, int] = (5, 8, 96, 96), *, bleaching: float = 0.0, growth: float = 3.0
) -> TimePhantom:
    """Make a time series of peroxisomes that move a little, become more, and bleach.

    Bodies as in `peroxisomes`, never touching. At the last time point there are ``growth`` times as many as at the first; none disappears. Dye on
    them and in the cells bleaches alike; the background of the camera stays.

    Parameters
    ----------
    seed : int
        Which field.
    shape : tuple of int
        (T, Z, Y, X); a voxel is 0.29 x 0.108 x 0.108 um, time points are 30 s apart.
    bleaching : float
        Fraction of the fluorescence lost from one time point to the next, 0 to 1; below 0 it brightens, as a dye that is taken up.
    growth : float
        At least 1.

    Returns
    -------
    phantom : TimePhantom
        ``stacks``, ``truths`` (labels) and ``interval``.

    Raises
    ------
    TypeError, ValueError
        If ``seed`` is not a whole number from 0, ``shape`` not four whole numbers from 1, or another number makes no sense.

    Examples
    --------
    >>> movie = peroxisomes_over_time(shape=(2, 8, 96, 96))
    >>> [int(len(np.unique(truth)) - 1) for truth in movie.truths]
    [9, 28]
    """
    if not isinstance(shape, (tuple, list)) or len(shape) != 4:
        raise ValueError(f"shape must be four whole numbers (T, Z, Y, X), got {shape!r}")
    times = _checks.number(shape[0], "shape", low=1, integer=True)
    _checks.number(bleaching, "bleaching", low=-1, high=1)
    _checks.number(growth, "growth", low=1)
    rng, extent = start(seed, tuple(shape[1:]))
    field = cells.grow(rng, extent, spacing=10.5)
    places, owner = _places(rng, field, extent)
    radii = rng.uniform(*SPOT_RADII, len(places))
    brightness = rng.uniform(0.75, 1.25, len(field.centres))
    amount = brightness[owner] * rng.uniform(0.9, 1.1, len(owner)) * radii
    haze = 0.25 * cytosol(field, brightness, nuclear_bodies(field, tuple(shape[1:])))
    stacks, truths = [], []
    drift = np.zeros_like(places)
    for time in range(times):
        drift = np.clip(drift + STEP * rng.standard_normal(places.shape), -REACH, REACH)
        share = 1 if times == 1 else 1 / growth + (1 - 1 / growth) * time / (times - 1)
        now = round(share * len(places))
        centres = (places + drift)[:now]
        membrane = np.repeat(centres, 60, axis=0) + np.repeat(radii[:now], 60)[:, None] * placing.directions(rng, 60 * now)
        dye = microscope.place(membrane, np.repeat(amount[:now], 60), tuple(shape[1:]), VOXEL_SIZE)
        light = (1 - bleaching) ** time
        raw = microscope.image(dye, VOXEL_SIZE, rng, haze=haze, photons=400 * light, level=LEVEL, bleaching=0.1)
        stacks.append(Stack(raw, VOXEL_SIZE, f"peroxisomes_over_time_{seed}", "helpers.phantoms.peroxisomes_over_time"))
        truths.append(_labels(centres, radii[:now] + SPOT_REACH, tuple(shape[1:])))
    return TimePhantom(stacks, truths, INTERVAL)


def _places(rng: np.random.Generator, field: cells.Cells, extent: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Return places well inside the field and apart from one another, and the cell of each."""
    points, owner = placing.scatter(rng, field, extent, per_cell=150, depth=0.4)
    margin = np.minimum((0.5, 0.5, 0.5), np.array(extent) / 3)
    inside = np.all((points > margin) & (points < np.array(extent) - margin), axis=1)
    points, owner = points[inside], owner[inside]
    kept: list[int] = []
    for index, point in enumerate(points):
        if not kept or np.linalg.norm(points[kept] - point, axis=1).min() > APART:
            kept.append(index)
    return points[kept], owner[kept]


def _labels(centres: np.ndarray, radii: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    labels = np.zeros(shape, np.int32)
    for number, (centre, radius) in enumerate(zip(centres, radii), start=1):
        labels[placing.near(centre[None], np.full((1, 3), radius), shape, VOXEL_SIZE)] = number
    return labels
