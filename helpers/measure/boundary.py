"""Where is the boundary? Which scale and cutoff put it where a structure of known width ends, and how wide another structure is, then.

A blurred structure has no edge: a filter of a larger scale, or a lower cutoff, finds it wider. What is known is the width of one structure, as that of
the mitochondrial matrix from electron microscopy. The setting that finds it so wide is the one to take. And how wide it *appears*, at half of its
crest, beside how wide it is, tells what the blur adds; that is taken off another structure, whose width is then the target for its own setting.

Source of the question: Chen, J. et al. (2018) The Allen Cell and Structure Segmenter, Fig. 6. bioRxiv 491035. :DOI:`10.1101/491035`. The rule that
carries the target to other structures is this project's.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from helpers import _checks
from helpers.images import Stack
from helpers.measure.widths import Width, outline_level, tubule_width

if TYPE_CHECKING:
    import pandas as pd

BAND = 8 * np.log(2) / 12  # variance of a band of width 1, as the square of a width at half height
NEAREST = 6  # settings that a line is drawn through
SWEPT = ("sigma", "cutoff", "width_um", "lower_um", "upper_um", "places", "level")


class Setting(NamedTuple):
    """A scale with its cutoff, and what it gives.

    Attributes
    ----------
    sigma, cutoff : float
        Of the filter.
    width_um, level : float
        Interpolated between the cutoffs that were tried.
    places : float
        How much was found; the same.
    """

    sigma: float
    cutoff: float
    width_um: float
    level: float
    places: float


def sweep(
    find: Callable[[float, float], np.ndarray],
    stack: Stack,
    sigmas: Sequence[float],
    cutoffs: Sequence[float],
    *,
    width: Callable[[np.ndarray, tuple[float, float, float]], Width] = tubule_width,
) -> "pd.DataFrame":
    """Find a structure with every scale and every cutoff, and measure how wide it comes out and where its outline lies.

    Parameters
    ----------
    find : callable
        Takes a scale and a cutoff, returns a (Z, Y, X) mask.
    stack : Stack
        What is searched.
    sigmas, cutoffs : sequence of float
        All pairs are tried.
    width : callable
        `tubule_width`, or `body_width` where the structure is round.

    Returns
    -------
    table : pandas.DataFrame
        One row for each pair: ``sigma, cutoff, width_um`` (median), ``lower_um, upper_um`` (quartiles), ``places`` (what was measured: voxels of the
        middle line, or bodies) and ``level``, see `helpers.measure.outline_level`.

    Raises
    ------
    ValueError
        If there is no scale or no cutoff.
    TypeError, ValueError
        What ``find`` raises.
    """
    import pandas as pd

    if not len(sigmas) or not len(cutoffs):
        raise ValueError(f"give at least one scale and one cutoff, got {list(sigmas)} and {list(cutoffs)}")
    rows = []
    for sigma in sigmas:
        for cutoff in cutoffs:
            mask = find(sigma, cutoff)
            rows.append((sigma, cutoff, *width(mask, stack.voxel_size), outline_level(stack.raw, mask, stack.voxel_size)))
    return pd.DataFrame(rows, columns=list(SWEPT))


def matching(table: "pd.DataFrame", target_um: float) -> Setting:
    """Return the setting that finds the structure as wide as it is known to be.

    On each scale the cutoff is interpolated; of the scales that reach the width, the one that finds most of the structure is taken.

    Parameters
    ----------
    table : pandas.DataFrame
        From `sweep`.
    target_um : float
        The known width.

    Returns
    -------
    setting : Setting

    Raises
    ------
    ValueError
        If no setting of the table comes to this width; which way to go is said.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame([(1, 0.1, 0.4, 0.6, 90), (1, 0.3, 0.2, 0.8, 70)], columns=["sigma", "cutoff", "width_um", "level", "places"])
    >>> matching(table, 0.3)
    Setting(sigma=1.0, cutoff=0.2, width_um=0.3, level=0.7, places=80.0)
    """
    _checks.number(target_um, "target_um", above=0)
    found = _crossings(table, table["width_um"].to_numpy(float) - target_um)
    if not found:
        widths = table["width_um"].dropna()
        if widths.empty:
            raise ValueError("no setting found tubules that can be measured: lower the cutoffs, and look at the mask")
        way = "higher cutoffs or smaller scales" if widths.min() > target_um else "lower cutoffs or larger scales"
        raise ValueError(
            f"the widths found go from {1000 * widths.min():.0f} to {1000 * widths.max():.0f} nm, {1000 * target_um:.0f} is wanted: try {way}"
        )
    return max(found, key=lambda setting: setting.places)


def half_width(table: "pd.DataFrame") -> float:
    """Return how wide the structure is where its outline lies halfway between background and crest, whatever scale and cutoff put it there.

    Parameters
    ----------
    table : pandas.DataFrame
        From `sweep`. A line through the six settings whose level is nearest to 0.5 is read off there.

    Returns
    -------
    width_um : float

    Raises
    ------
    ValueError
        If the outlines of all settings lie above the half, or all below: the sweep says which way to go.
    """
    known = table.dropna(subset=["width_um", "level"])
    if known.empty or not known["level"].min() <= 0.5 <= known["level"].max():
        spread = "nothing was found" if known.empty else f"the outlines lie at {known['level'].min():.2f} to {known['level'].max():.2f}"
        way = "higher cutoffs or smaller scales" if not known.empty and known["level"].max() < 0.5 else "lower cutoffs or larger scales"
        raise ValueError(f"no setting puts the outline at half of the crest, {spread}: try {way}")
    near = known.iloc[(known["level"] - 0.5).abs().argsort()[:NEAREST]]
    if near["level"].max() - near["level"].min() < 1e-6:
        return float(near["width_um"].mean())
    slope, offset = np.polyfit(near["level"], near["width_um"], 1)
    return float(slope * 0.5 + offset)


def blur_of(half_um: float, known_um: float) -> float:
    """Return what the blur adds to a structure of known width; see `true_width`.

    Parameters
    ----------
    half_um : float
        Its width at half of the crest, from `half_width`.
    known_um : float
        Its width.

    Returns
    -------
    blur_um : float
        Width at half of the crest of something infinitely thin.

    Raises
    ------
    ValueError
        If it appears narrower than it is.

    Examples
    --------
    >>> round(blur_of(0.5, 0.26), 3), round(true_width(0.5, blur_of(0.5, 0.26)), 3)
    (0.468, 0.26)
    """
    _checks.number(half_um, "half_um", above=0)
    _checks.number(known_um, "known_um", above=0)
    rest = half_um**2 - BAND * known_um**2
    if rest <= 0:
        raise ValueError(
            f"the structure is {1000 * half_um:.0f} nm wide at half of its crest, {1000 * known_um:.0f} nm are given as known: "
            "blur makes nothing narrower; check the known width and the voxel size"
        )
    return float(np.sqrt(rest))


def true_width(half_um: float, blur_um: float) -> float:
    """Return how wide a structure is of which the blur makes so much.

    A band of even brightness and the blur spread light, and their variances add: the square of the width at half of the crest is 0.46 times
    the square of the true width plus the square of what the blur makes of a thin line. The factor is that of Gaussians, 8 ln 2, over 12.

    Parameters
    ----------
    half_um : float
        Width at half of the crest, from `half_width`.
    blur_um : float
        From `blur_of`, for a structure of known width in an image taken alike.

    Returns
    -------
    width_um : float
        0 if the structure is narrower than the blur can tell.

    Examples
    --------
    >>> round(true_width(0.6, 0.468), 2), true_width(0.4, 0.468)
    (0.55, 0.0)
    """
    _checks.number(half_um, "half_um", above=0)
    _checks.number(blur_um, "blur_um", low=0)
    return float(np.sqrt(max(0.0, half_um**2 - blur_um**2) / BAND))


def _crossings(table: "pd.DataFrame", off: np.ndarray) -> list[Setting]:
    """Return, for each scale on which ``off`` changes its sign, the setting where it is 0, interpolated along the cutoff."""
    found = []
    for sigma, rows in table.assign(off=off).groupby("sigma"):
        rows = rows[np.isfinite(rows["off"]) & np.isfinite(rows["level"])].sort_values("cutoff")
        values = rows["off"].to_numpy()
        for one, other in zip(range(len(values) - 1), range(1, len(values))):
            if values[one] * values[other] <= 0 and values[one] != values[other]:
                part = float(values[one] / (values[one] - values[other]))
                names = ["cutoff", "width_um", "level", "places"]
                between = rows[names].iloc[one] * (1 - part) + rows[names].iloc[other] * part
                found.append(Setting(float(sigma), *(round(float(between[name]), 4) for name in names)))
                break
    return found
