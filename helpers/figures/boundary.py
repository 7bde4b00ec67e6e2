"""Where is the boundary: how wide a structure comes out with every setting of a filter, and what some of them find."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from helpers import _checks
from helpers.figures import pixels
from helpers.figures.picture import DPI, Panel, Picture, compose, in_row
from helpers.figures.planes import checked, pick_plane
from helpers.figures.reports import LINES, MARKERS, METHOD_COLOURS
from helpers.images import Stack
from helpers.measure import Setting

if TYPE_CHECKING:
    import pandas as pd

BOX, COLUMNS = 300, 3  # pixels of a panel, panels in a row
CLOSE_UP = 8.0  # um, side of what is shown


def width_curves(table: "pd.DataFrame", target_um: float = 0.0, chosen: Setting | None = None, *, title: str = "") -> Picture:
    """Draw the width found against the cutoff, a line for each scale and bars for its quartiles, with the width that is wanted.

    Parameters
    ----------
    table : pandas.DataFrame
        From `helpers.measure.sweep`.
    target_um : float
        The width that is wanted, drawn as a dashed line; 0 if there is none.
    chosen : Setting, optional
        Marked with a star.
    title : str
        Above the picture.

    Returns
    -------
    picture : Picture
        Shows itself as the last expression of a cell. On the right, the same widths against the level of the flank on which the outlines lie.
    """
    picture = Picture(figsize=(10, 3.8), dpi=DPI, facecolor="white", layout="constrained")
    left, right = picture.subplots(1, 2, sharey=True)
    for number, (sigma, rows) in enumerate(table.groupby("sigma")):
        look = {"color": METHOD_COLOURS[number % 6], "marker": MARKERS[number % 7], "linestyle": LINES[number % 4], "markersize": 5}
        left.plot(rows["cutoff"], 1000 * rows["width_um"], label=f"scale {sigma:g} pixels", **look)
        beside = rows["cutoff"] + 0.004 * number * np.ptp(table["cutoff"])  # bars of several scales do not cover one another
        left.vlines(beside, 1000 * rows["lower_um"], 1000 * rows["upper_um"], color=look["color"], linewidth=1)
        right.plot(rows["level"], 1000 * rows["width_um"], **(look | {"linestyle": ""}))
    if target_um:
        for axes in (left, right):
            axes.axhline(1000 * target_um, color="black", linestyle="--", linewidth=1)
        right.annotate(f"wanted: {1000 * target_um:.0f} nm", (0.02, 1000 * target_um), ha="left", va="bottom", fontsize=8)
    if chosen is not None:
        for axes, place in ((left, chosen.cutoff), (right, chosen.level)):
            axes.plot(place, 1000 * chosen.width_um, "*", color="black", markersize=15, zorder=5)
    left.set(xlabel="cutoff (bars hold half of all places)", ylabel="width found (nm)", ylim=(0, None))
    right.set(xlabel="level of the outline (0: background, 1: crest)", xlim=(0, 1))
    left.legend(frameon=False, fontsize=8)
    for axes in (left, right):
        axes.grid(alpha=0.3)
    picture.suptitle(title or "larger scales and lower cutoffs find the structure wider", fontsize=10, x=0.01, ha="left")
    return picture


def close_ups(stack: Stack, masks: Mapping[str, np.ndarray], *, plane: int | None = None, title: str = "") -> Picture:
    """Show several masks of one stack, outlined on the same close-up, each under its name.

    Parameters
    ----------
    stack : Stack
        Raw intensities and voxel size.
    masks : mapping of str to (Z, Y, X) ndarray of bool
        By what shall stand above each.
    plane : int, optional
        Which plane; where the first mask has most if not given.
    title : str
        Above the picture; the name of the stack if empty.

    Returns
    -------
    picture : Picture
        Shows itself as the last expression of a cell.

    Raises
    ------
    TypeError, ValueError
        If there is no mask, one does not fit the stack, or ``plane`` is not in it.
    """
    if not masks:
        raise ValueError("there is no mask to show: give at least one by name")
    for mask in masks.values():
        raw = checked(stack, _checks.mask(mask))
    first = next(iter(masks.values()))
    z = pick_plane(raw, first, plane)
    box = _fullest(first[z], [max(1, round(CLOSE_UP / size)) for size in stack.voxel_size[1:]])
    view = raw[z][box]
    scale, limits = pixels.fitting(view.shape, stack.voxel_size[1:], BOX), pixels.contrast_limits(view)
    shown = pixels.grey(scale.mean(view), limits)
    panels = [Panel(shown, title=f"raw, plane {z}", pixel_um=scale.pixel_um)]
    panels += [Panel(pixels.outlined(shown, scale.largest(mask[z][box])), title=name) for name, mask in masks.items()]
    return compose(in_row(panels, columns=COLUMNS), title or stack.name)


def _fullest(mask: np.ndarray, sides: list[int]) -> tuple[slice, slice]:
    """Return the window of about this size that holds most of a plane's mask."""
    best, chosen = -1, (slice(None), slice(None))
    high, wide = (min(side, length) for side, length in zip(sides, mask.shape))
    for y in range(0, mask.shape[0] - high + 1, max(1, high // 4)):
        for x in range(0, mask.shape[1] - wide + 1, max(1, wide // 4)):
            count = np.count_nonzero(mask[y : y + high, x : x + wide])
            if count > best:
                best, chosen = count, (slice(y, y + high), slice(x, x + wide))
    return chosen
