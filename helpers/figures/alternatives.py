"""Alternatives of a step, side by side."""

from collections.abc import Mapping, Sequence

import numpy as np

from helpers.figures import pixels
from helpers.figures.overlays import changes
from helpers.figures.picture import Picture, compose, in_row
from helpers.figures.planes import checked, panel, pick_plane
from helpers.images import Stack

BOX, COLUMNS = 340, 3  # pixels of a panel; panels in a row


def alternatives(
    stack: Stack,
    arrays: Mapping[str, np.ndarray],
    *,
    chosen: str | Sequence[str] = "",
    before: np.ndarray | None = None,
    title: str = "",
    plane: int | None = None,
) -> Picture:
    """Show what each alternative of a step makes, in one plane and at one contrast.

    Parameters
    ----------
    stack : Stack
        Raw intensities and voxel size.
    arrays : mapping of str to (Z, Y, X) ndarray of bool, int or float
        By the name that stands above the panel. Float images are shown themselves, all between the same black and white; masks are outlined in
        orange on the raw intensities, labels are coloured.
    chosen : str or sequence of str
        Names that are marked as chosen.
    before : (Z, Y, X) ndarray of bool, optional
        The mask that the step began with: what an alternative takes away is magenta, what it adds is green; the title of the
        panel counts both, in the whole stack.
    title : str
        Above the picture; the name of the stack if empty.
    plane : int, optional
        Which plane; if not given, where most changes, where most of the chosen mask is, or where the most signal is.

    Returns
    -------
    picture : Picture
        Shows itself as the last expression of a cell.

    Raises
    ------
    TypeError
        If ``stack`` is not a Stack, or an array is not of bool, int or float.
    ValueError
        If there is no array, one has another shape than the stack, or ``plane`` is not in it.
    """
    if not arrays:
        raise ValueError("there are no alternatives to show: give at least one array by its name")
    raw = [checked(stack, array) for array in (*arrays.values(), before) if array is not None][0]
    names = [chosen] if isinstance(chosen, str) else list(chosen)
    images = [array for array in arrays.values() if array.dtype.kind == "f"]
    z = _plane(raw, {name: array > 0 for name, array in arrays.items() if array.dtype.kind != "f"}, names, before, plane)
    limits = pixels.contrast_limits(np.stack([image[z] for image in images])) if images else None
    panels = []
    for number, (name, array) in enumerate(arrays.items()):
        shown = {"title": f"{name} (chosen)" if name in names else name, "box": BOX, "bar": number == 0}
        if array.dtype.kind == "f":
            panels.append(panel(stack, array[z], limits=limits, **shown))
        elif before is None:
            panels.append(panel(stack, raw[z], overlay=array[z], **shown))
        else:
            gone, new = before & ~array, array & ~before
            what = f"{shown['title']}: {_counted(gone, new)}"
            panels.append(changes(stack, raw[z], what, gone[z], new[z], before[z] & array[z], box=BOX))
    where = f"{title or stack.name}: plane {z} of {len(raw)}" if len(raw) > 1 else title or stack.name
    return compose(in_row(panels, columns=min(len(panels), COLUMNS)), where)


def _plane(raw: np.ndarray, masks: Mapping[str, np.ndarray], names: list[str], before: np.ndarray | None, plane: int | None) -> int:
    """Return ``plane`` if it is given; else the one where most changes, or with most of what was chosen, or with the most signal."""
    if plane is not None or not masks:
        return pick_plane(raw, None, plane)
    if before is not None:
        changed = np.logical_or.reduce([mask ^ before for mask in masks.values()])
        return pick_plane(raw, changed if changed.any() else before)
    return pick_plane(raw, masks[next((name for name in names if name in masks), next(iter(masks)))])


def _counted(gone: np.ndarray, new: np.ndarray) -> str:
    """Say how many voxels of the stack went and came."""
    counts = {"removed": np.count_nonzero(gone), "added": np.count_nonzero(new)}
    return ", ".join(f"{count:,} {what}" for what, count in counts.items() if count) or "nothing changed"
