"""Look at a time series: curves of what was measured, and the field at several time points on one scale."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from helpers import _checks
from helpers.figures import pixels
from helpers.figures.overlays import NARROW
from helpers.figures.picture import DPI, Picture, compose, in_row
from helpers.figures.planes import checked, panel
from helpers.figures.reports import LINES, MARKERS, METHOD_COLOURS
from helpers.images import Stack

if TYPE_CHECKING:
    import pandas as pd

CURVES = {
    "objects": "objects",
    "volume_um3": "volume found, µm³",
    "area_um2": "area found, µm²",
    "raw_mean": "mean of the whole image,\ncamera counts",
}
TRUE = "truth"


def through_time(tables: "pd.DataFrame | Mapping[str, pd.DataFrame]", *, title: str = "") -> Picture:
    """Draw the number of objects, what they fill, and the brightness of the whole image, over time.

    Parameters
    ----------
    tables : pandas.DataFrame, or mapping of str to DataFrame
        ``table`` of `helpers.time_series.run`; several, by name, are drawn together. One called "truth" is drawn dashed in black.
        A curve is drawn where a table has its column.
    title : str
        Above the picture.

    Returns
    -------
    picture : Picture
        Shows itself as the last expression of a cell.

    Raises
    ------
    ValueError
        If there is no table, or one has no column ``time``.
    """
    tables = dict(tables) if isinstance(tables, Mapping) else {"": tables}
    if not tables or any("time" not in table for table in tables.values()):
        raise ValueError("tables must have a column time: give the table of helpers.time_series.run")
    columns = [name for name in CURVES if any(name in table for table in tables.values())]
    in_minutes = all("time_s" in table and table["time_s"].notna().all() for table in tables.values())
    picture = Picture(figsize=(3.5 * len(columns), 3.3), dpi=DPI, facecolor="white", layout="constrained")
    for axes, column in zip(np.atleast_1d(picture.subplots(1, len(columns))), columns):
        for number, (name, table) in enumerate(tables.items()):
            if column in table:
                where = table["time_s"] / 60 if in_minutes else table["time"]
                how = dict(color=METHOD_COLOURS[number % 6], marker=MARKERS[number % 7], linestyle=LINES[number % 3], markersize=4)
                axes.plot(
                    where,
                    table[column],
                    label=name,
                    **(how if name != TRUE else dict(color="black", linestyle="--", linewidth=2.5, zorder=1)),
                )
        axes.set(xlabel="minutes" if in_minutes else "time point", ylabel=CURVES[column])
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.3)
    if len(tables) > 1:
        picture.axes[0].legend(frameon=False, fontsize=8)
    if title:
        picture.suptitle(title, fontsize=10, fontweight="bold", x=0.01, ha="left")
    return picture


def time_sheet(stack: Stack, mask: np.ndarray, captions: Sequence[str], *, title: str = "") -> Picture:
    """Show several time points side by side at one contrast, the result outlined: fading shows.

    Parameters
    ----------
    stack : Stack
        ``raw`` is (T, Y, X): one picture for each time point, such as the brightest value along z.
    mask : (T, Y, X) ndarray of bool or int
        Outlined in orange; labels are coloured.
    captions : sequence of str
        One for each picture.
    title : str
        Above the picture; the name of the stack if empty.

    Returns
    -------
    picture : Picture
        Shows itself as the last expression of a cell.

    Raises
    ------
    TypeError
        If ``stack`` is not a Stack, or ``mask`` is not an array of bool or int.
    ValueError
        If ``mask`` has another shape than the stack, or there are not as many captions as pictures.
    """
    raw = checked(stack, np.asarray(mask), floats=False)
    _checks.number(len(captions), "the number of captions", low=len(raw), high=len(raw))
    limits = pixels.contrast_limits(raw)
    panels = [
        panel(stack, raw[index], caption, mask[index], box=NARROW if len(raw) < 4 else 260, limits=limits, bar=index == len(raw) - 1)
        for index, caption in enumerate(captions)
    ]
    return compose(in_row(panels, columns=min(len(panels), 3)), title or stack.name)
