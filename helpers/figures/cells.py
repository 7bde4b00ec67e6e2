"""Numbers per cell: the cells of an image coloured by one of them, bars cell by cell, and how far from nucleus and membrane the structure lies."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from helpers import _checks
from helpers.figures import pixels
from helpers.figures.picture import DPI, Panel, Picture, compose, in_row
from helpers.figures.planes import checked, pick_plane
from helpers.images import Stack

if TYPE_CHECKING:
    import pandas as pd

BOX = 400  # pixels of a panel
BAR = (14, 62)  # pixels: width of the colour bar, and of its panel with the numbers
COLOURS = "viridis"  # told apart with every kind of colour vision
STEPS = 16  # of colours; a picture with few colours is stored as it is
FULL = 0.9  # a plane shows the cells well if it holds this part of what the fullest one holds
BLUE, GREY, BLACK, SKY = "#0072B2", "#BBBBBB", "#000000", (86, 180, 233)
MANY = 24  # cells; of more the boxes of each are too narrow to be read
WORDS = {
    "count": "objects in the cell", "volume_um3": "volume of the structure (µm³)", "area_um2": "area of the structure (µm²)",
    "fraction_of_cell": "part of the cell", "fraction_of_cytoplasm": "part of the cytoplasm", "fraction_of_nucleus": "part of the nucleus",
    "mean_intensity": "mean intensity (counts)", "total_intensity": "total intensity (counts)",
    "nucleus_distance_median_um": "median distance to the nucleus (µm)", "membrane_distance_median_um": "median distance to the membrane (µm)",
    "nucleus_distance_mean_um": "mean distance to the nucleus (µm)", "membrane_distance_mean_um": "mean distance to the membrane (µm)",
    "cell_volume_um3": "volume of the cell (µm³)", "cell_area_um2": "area of the cell (µm²)",
}  # fmt: skip


def cell_map(
    stack: Stack,
    mask: np.ndarray,
    cell_labels: np.ndarray,
    table: "pd.DataFrame",
    column: str,
    *,
    nucleus_labels: np.ndarray | None = None,
    plane: int | None = None,
    title: str = "",
) -> Picture:
    """Show the cells with their numbers and the structure, and beside them the same cells coloured by one number of the table.

    Parameters
    ----------
    stack : Stack
        Raw intensities and voxel size.
    mask : (Z, Y, X) ndarray of bool or int
        The structure; outlined in orange.
    cell_labels : (Z, Y, X) ndarray of int
        The cells as they were measured, see `helpers.measure.labels_like`.
    table : pandas.DataFrame
        ``table`` of `helpers.measure.cells`.
    column : str
        Which of its numbers. Cells for which there is none stay grey.
    nucleus_labels : (Z, Y, X) ndarray of bool or int, optional
        Outlined in blue on the left.
    plane : int, optional
        Which plane; of those that the cells fill the one with most structure if not given.
    title : str
        Above the picture; the meaning of the number if empty.

    Returns
    -------
    picture : Picture
        Shows itself as the last expression of a cell.

    Raises
    ------
    TypeError, ValueError
        If an array does not fit the stack, the plane is not in it, or the table has no such column.
    """
    raw = checked(stack, mask, floats=False)
    cell_labels = _checks.labels(cell_labels, "cell_labels")
    checked(stack, cell_labels, floats=False)
    checked(stack, nucleus_labels, floats=False)
    values = table.set_index("cell")[_column(table, column)].drop(0, errors="ignore").astype(float)
    z = pick_plane(raw, mask * _filled(cell_labels)[:, None, None] if mask.any() else cell_labels, plane)
    scale = pixels.fitting(raw.shape[1:], stack.voxel_size[1:], BOX)
    shown = pixels.grey(scale.mean(raw[z]), pixels.contrast_limits(raw[z]))
    labels = scale.largest(cell_labels[z])
    edges = _edges(labels)
    outlined = pixels.paint(pixels.outlined(shown, scale.largest(mask[z] > 0)), edges, (255, 255, 255), 0.7)
    if nucleus_labels is not None:
        outlined = pixels.paint(outlined, _edges(scale.largest(nucleus_labels[z])), SKY)
    low, high = _limits(values.to_numpy())
    colours = _colours(np.r_[np.nan, values.to_numpy()], low, high)
    place = np.searchsorted(values.index, labels.clip(min=1)).clip(max=len(values) - 1) + 1
    known = (labels > 0) & np.isfinite(np.r_[np.nan, values.to_numpy()])[place]
    coloured = pixels.paint(pixels.paint(shown, known, colours[place][known]), edges, (255, 255, 255))
    name = f"plane {z}" if len(raw) > 1 else "the plane"
    panels = [
        Panel(outlined, title=f"{name}, cells and structure", pixel_um=scale.pixel_um),
        Panel(coloured, title=WORDS.get(column, column)),
    ]
    picture = compose(in_row([*panels, _bar(len(shown), low, high)]), title or f"{stack.name}: {WORDS.get(column, column)}")
    for axes in picture.axes[:2]:
        _number_cells(axes, labels)
    for part in (0, 0.5, 1):
        words = f"{low + part * (high - low):.3g}"
        picture.axes[2].text(BAR[0] + 4, (1 - part) * (len(shown) - 12) + 6, words, va="center", fontsize=8, color="black")
    return picture


def cell_bars(table: "pd.DataFrame", columns: Sequence[str], truth: Mapping[str, "pd.Series"] | None = None, *, title: str = "") -> Picture:
    """Show numbers of each cell as bars, a panel for each number; cells that the border of the image cuts are grey.

    Parameters
    ----------
    table : pandas.DataFrame
        ``table`` of `helpers.measure.cells`.
    columns : sequence of str
        Which of its numbers.
    truth : mapping of str to pandas.Series, optional
        True numbers, by column, each by the number of the cell: drawn as black lines across the bars.
    title : str
        Above the picture.

    Returns
    -------
    picture : Picture
        Shows itself as the last expression of a cell.

    Raises
    ------
    ValueError
        If the table has no such column, or no column is given.
    """
    if not columns:
        raise ValueError(f"columns is empty: give at least one of {', '.join(table.columns[2:])}")
    rows = table[table["cell"] > 0]
    whole = ~(rows["touches_side"] | rows["touches_top_or_bottom"]).to_numpy()
    picture = Picture(
        figsize=(max(6.5, min(14, 0.3 * len(rows) + 1.5)), 2.1 * len(columns) + 0.6), dpi=DPI, facecolor="white", layout="constrained"
    )
    panels = picture.subplots(len(columns), sharex=True, squeeze=False).ravel()
    at = np.arange(len(rows))
    for axes, column in zip(panels, columns):
        values = rows[_column(table, column)].to_numpy(float)
        axes.bar(at, np.nan_to_num(values), 0.7, color=np.where(whole, BLUE, GREY))
        if truth and column in truth:
            true = truth[column].reindex(rows["cell"]).to_numpy(float)
            axes.hlines(true, at - 0.45, at + 0.45, color=BLACK, linewidth=1.5, label="true")
            axes.legend(frameon=False, fontsize=8, loc="upper right")
        axes.set_ylabel(WORDS.get(column, column).replace(" (", "\n("), fontsize=8)
        axes.spines[["top", "right"]].set_visible(False)
    step = max(1, len(rows) // 40)
    panels[-1].set_xticks(at[::step], rows["cell"].astype(str).to_numpy()[::step], fontsize=8)
    panels[-1].set_xlabel("cell" if whole.all() else "cell (grey: cut by the border of the image, its numbers are too small)")
    picture.suptitle(title or f"{len(rows)} cells, {whole.sum()} of them whole", fontsize=10, x=0.01, ha="left")
    return picture


def cell_distances(distances: "pd.DataFrame", *, title: str = "") -> Picture:
    """Show how far from the nucleus and from the cell's outline the structure lies: a box for each cell, and one for all cells.

    A box holds the middle half of the structure's voxels, its line is the median, the whiskers reach from the 5th to the 95th percentile.

    Parameters
    ----------
    distances : pandas.DataFrame
        ``distances`` of `helpers.measure.cells`.
    title : str
        Above the picture.

    Returns
    -------
    picture : Picture
        Shows itself as the last expression of a cell. What there is no distance to is left out; of more than 24 cells only all together are drawn.

    Raises
    ------
    ValueError
        If there is no distance at all: neither cells nor nuclei were given, or nothing was found.
    """
    sides = {"nucleus_um": "distance to the nucleus (µm)", "membrane_um": "distance to the membrane (µm)"}
    known = {name: words for name, words in sides.items() if distances[name].notna().any()}
    if not known:
        raise ValueError("there is no distance to draw: neither cells nor nuclei were given, or no structure was found in them")
    numbers = sorted(distances["cell"].unique())
    numbers = numbers if 1 < len(numbers) <= MANY else []
    width = max(4.5, 0.24 * (len(numbers) + 1) + 1.2) * len(known)
    picture = Picture(figsize=(min(14, width), 3.4), dpi=DPI, facecolor="white", layout="constrained")
    for axes, (name, words) in zip(picture.subplots(1, len(known), squeeze=False).ravel(), known.items()):
        groups = {"all": distances[name].dropna()} | {str(n): distances.loc[distances["cell"] == n, name].dropna() for n in numbers}
        groups = {label: values for label, values in groups.items() if len(values)}
        boxes = axes.boxplot(
            [values.to_numpy() for values in groups.values()], whis=(5, 95), widths=0.6, showfliers=False, patch_artist=True,
            medianprops={"color": BLACK},
        )  # fmt: skip
        for box, label in zip(boxes["boxes"], groups):
            box.set_facecolor(GREY if label == "all" else "#56B4E9")
        axes.set_xticklabels(list(groups), fontsize=8)
        axes.set(xlabel="cell", ylabel=words, ylim=(0, None))
        axes.spines[["top", "right"]].set_visible(False)
    picture.suptitle(title or "where in the cell the structure lies, voxel by voxel", fontsize=10, x=0.01, ha="left")
    return picture


def _column(table: "pd.DataFrame", column: str) -> str:
    if column not in table.columns[1:]:
        raise ValueError(f"there is no number {column!r} of a cell: choose one of {', '.join(table.columns[1:])}")
    return column


def _limits(values: np.ndarray) -> tuple[float, float]:
    """Return the values at the two ends of the colours: from 0, as amounts are compared, to the largest."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0, 1.0
    low, high = min(0.0, float(finite.min())), float(finite.max())
    return low, high if high > low else low + 1


def _colours(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return (N, 3) colours of values."""
    from matplotlib import colormaps

    part = np.clip((np.nan_to_num(values) - low) / (high - low), 0, 1)
    part = (np.minimum(np.floor(part * STEPS), STEPS - 1) + 0.5) / STEPS
    return np.rint(colormaps[COLOURS](part)[:, :3] * 255)


def _bar(height: int, low: float, high: float) -> Panel:
    wide, whole = BAR
    shown = np.full((height, whole, 3), 255, np.uint8)
    shown[:, :wide] = _colours(np.linspace(high, low, height), low, high)[:, None]
    return Panel(shown)


def _filled(cell_labels: np.ndarray) -> np.ndarray:
    """Return the planes that the cells fill nearly as much as the fullest one."""
    sizes = np.count_nonzero(cell_labels, axis=(1, 2))
    return sizes >= FULL * sizes.max()


def _edges(labels: np.ndarray) -> np.ndarray:
    """Return the pixels of cells whose neighbour on the right or below has another number."""
    edges = np.zeros(labels.shape, bool)
    edges[:-1] |= labels[:-1] != labels[1:]
    edges[:, :-1] |= labels[:, :-1] != labels[:, 1:]
    return edges


def _number_cells(axes, labels: np.ndarray) -> None:
    """Write the number of each cell at its middle, where there is room for it."""
    from matplotlib.patheffects import withStroke
    from scipy import ndimage

    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        if box is None:
            continue
        inside = np.argwhere(labels[box] == number)
        if len(inside) < 300:
            continue
        y, x = inside.mean(axis=0) + [part.start for part in box]
        words = axes.text(x, y, str(number), ha="center", va="center", fontsize=8, color="white", clip_on=True)
        words.set_path_effects([withStroke(linewidth=2, foreground="black")])
