"""Pictures to choose by: what each workflow makes of one image, and what each knob would change."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from helpers import _checks
from helpers.figures import pixels
from helpers.figures.picture import GAP, HEAD, LETTER, Panel, Picture, compose, in_row
from helpers.figures.planes import checked, panel, pick_plane
from helpers.images import Stack
from helpers.looks import Tried

if TYPE_CHECKING:
    import pandas as pd

TILE, ACROSS = 236, 6  # pixels of a panel, panels in a row
LONGEST = 37  # letters above a panel
ROOM = " " * (TILE // LETTER)  # keeps a column as wide, where the stack is narrow
SMALL_LETTER = 5.8  # pixels
NO_MASK = np.array((225, 225, 225), np.uint8)
BOX = 470
KNOB_COLOURS = ((230, 159, 0), (86, 180, 233), (204, 121, 167))  # Okabe & Ito, for the three knobs that change most


def choices(
    stack: Stack, tried: Sequence[Tried], table: "pd.DataFrame", *, suggested: Sequence[str] = (), plane: int | None = None, title: str = ""
) -> Picture:
    """Show one plane with what each workflow found outlined, workflows of one look side by side.

    Parameters
    ----------
    stack : Stack
        What the workflows were run on.
    tried : sequence of Tried
        As `helpers.looks.try_all` returns them.
    table : pandas.DataFrame
        As `helpers.looks.summary` returns it: its order is that of the panels.
    suggested : sequence of str
        Looks whose panels are numbered, the nearest first.
    plane : int, optional
        Which plane; the one with most signal if left out, the same for all.
    title : str
        Above the picture.

    Returns
    -------
    picture : Picture
        Shows itself as the last expression of a cell. A workflow that refused the image shows its sentence.

    Raises
    ------
    TypeError, ValueError
        If a mask has another shape than the stack, or ``plane`` is not in it.
    """
    raw = checked(stack, None)
    z = pick_plane(raw, None, plane)
    limits = pixels.contrast_limits(raw[z])
    by_id = {one.id: one for one in tried}
    panels = [panel(stack, raw[z], f"raw, plane {z} of {len(raw)}", box=TILE, limits=limits)]
    names = []
    for row in table.itertuples():
        number = f"{list(suggested).index(row.look) + 1}. " if row.look in suggested else ""
        name = textwrap.shorten(f"{number}{row.id}: {row.look}", LONGEST, placeholder=" ...")
        mask = by_id[row.id].mask
        if mask is None:
            panels.append(Panel(np.broadcast_to(NO_MASK, panels[0].pixels.shape), title=ROOM))
        else:
            checked(stack, mask)
            panels.append(panel(stack, raw[z], ROOM, mask[z], box=TILE, limits=limits, bar=False))
        names.append(name)
    picture = compose(in_row(panels, columns=min(ACROSS, len(panels))), title or f"{stack.name}: what each workflow finds in plane {z}")
    for axes, row, name in zip(picture.axes[1:], table.itertuples(), names):
        axes.set_title(name, loc="left", fontsize=8.5, color="black", pad=4)  # not of the panel: it would widen all columns
        if by_id[row.id].mask is None:
            text = textwrap.fill(f"refused: {row.refusal}", int((panels[0].pixels.shape[1] - 12) / SMALL_LETTER))
            axes.text(6, 6, text, va="top", fontsize=8, color="black", clip_on=True)
    return picture


def sensitivity(
    stack: Stack, table: "pd.DataFrame", changed: Mapping[str, np.ndarray], *, plane: int | None = None, title: str = ""
) -> Picture:
    """Show which knob changes the mask most, and where: bars, and the voxels that the first three knobs change, over the image.

    Parameters
    ----------
    stack : Stack
    table : pandas.DataFrame
        As `helpers.tuning.sensitivity` returns it.
    changed : mapping of str to (Z, Y, X) ndarray of bool
        By dial; from the same.
    plane : int, optional
        Which plane; where most changes if left out.
    title : str
        Above the picture.

    Returns
    -------
    picture : Picture
        Shows itself as the last expression of a cell. A voxel that several knobs change has the colour of the one that changes most.

    Raises
    ------
    TypeError, ValueError
        If what changed is no mask of the shape of the stack, or ``plane`` is not in it.
    """
    raw = checked(stack, None)
    shown = [row.dial for row in table.head(len(KNOB_COLOURS)).itertuples() if row.change > 0]
    masks = {dial: _checks.mask(changed[dial], "changed") for dial in shown}
    for mask in masks.values():
        _checks.same_shape(mask, raw, "changed and the stack")
    everything = np.logical_or.reduce(list(masks.values())) if masks else np.zeros(raw.shape, bool)
    z = pick_plane(raw, everything if everything.any() else None, plane)
    scale = pixels.fitting(raw.shape[1:], stack.voxel_size[1:], BOX)
    painted = pixels.grey(scale.mean(raw[z]), pixels.contrast_limits(raw[z]))
    plain = painted
    for dial, colour in reversed(list(zip(shown, KNOB_COLOURS))):
        painted = pixels.paint(painted, scale.largest(masks[dial][z]), colour, 0.85)
    # Bars need room of their own: an empty panel on the left keeps it
    width = BOX + 60
    panels = [
        Panel(np.full((plain.shape[0], width, 3), 255, np.uint8), title="change of the mask (1 - Dice), each knob moved down and up"),
        Panel(plain, (0, width + GAP), f"raw, plane {z}"),
        Panel(painted, (0, width + plain.shape[1] + 2 * GAP), "what the first three change", pixel_um=scale.pixel_um),
    ]
    picture = compose(panels, title or f"{stack.name}: which knob changes the mask, and where")
    _add_bars(picture, picture.axes[0], table, plain.shape[0])
    return picture


def _add_bars(picture: Picture, below, table: "pd.DataFrame", height: int) -> None:
    """Draw the bars into the place of an empty panel."""
    box = below.get_position()
    left = 0.42 * box.width
    axes = picture.add_axes((box.x0 + left, box.y0 + 0.09 * box.height, box.width - left - 0.02, box.height * 0.9))
    rows = np.arange(len(table))
    colours = [np.divide(KNOB_COLOURS[i], 255) if i < len(KNOB_COLOURS) else (0.6, 0.6, 0.6) for i in rows]
    axes.barh(rows - 0.2, table["change_down"].fillna(0), 0.38, color=colours, edgecolor="black", linewidth=0.5)
    axes.barh(rows + 0.2, table["change_up"].fillna(0), 0.38, color=colours, edgecolor="black", linewidth=0.5, hatch="///")
    names = [f"{row.dial}\n{row.down:g} < {row.value:g} < {row.up:g}" for row in table.itertuples()]
    axes.set_yticks(rows, names, fontsize=8 if len(rows) * 2 * HEAD < height else 6)
    axes.invert_yaxis()
    axes.set_xlim(0, max(0.05, float(np.nanmax(table[["change_down", "change_up"]].to_numpy(float), initial=0)) * 1.05))
    axes.tick_params(axis="x", labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel("plain: moved down, hatched: moved up", fontsize=8)
