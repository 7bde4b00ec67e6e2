"""Look at a stack: one plane and the projection, the three directions, several planes."""

import numpy as np

from helpers import _checks
from helpers.figures import pixels
from helpers.figures.picture import GAP, HEAD, Panel, Picture, compose, in_row
from helpers.images import Stack

BOX, SMALL_BOX = 420, 220  # pixels of a panel


def planes(stack: Stack, overlay: np.ndarray | None = None, *, title: str = "", plane: int | None = None) -> Picture:
    """Show one plane and the brightest value along z.

    Parameters
    ----------
    stack : Stack
        Raw intensities and voxel size.
    overlay : (Z, Y, X) ndarray, optional
        A bool mask is outlined in orange on both; integers are labels, coloured on both; a float image is shown beside the raw plane.
    title : str
        Above the picture; the name of the stack if empty.
    plane : int, optional
        Which plane; where most was found, or the most signal is, if not given.

    Returns
    -------
    picture : Picture
        Shows itself as the last expression of a cell.

    Raises
    ------
    TypeError
        If ``stack`` is not a Stack, or ``overlay`` is not an array of bool, int or float.
    ValueError
        If ``overlay`` has another shape than the stack, or ``plane`` is not in it.
    """
    raw = checked(stack, overlay)
    z = pick_plane(raw, overlay, plane)
    if overlay is not None and overlay.dtype.kind == "f":
        panels = [panel(stack, raw[z], f"raw, {_place(stack, z)}"), panel(stack, overlay[z], "this step, same plane")]
        return compose(in_row(panels), title or stack.name)
    panels = [panel(stack, raw[z], _place(stack, z), None if overlay is None else overlay[z])]
    if len(raw) > 1:
        panels.append(panel(stack, raw.max(axis=0), "brightest along z", None if overlay is None else overlay.max(axis=0)))
    elif overlay is not None:
        panels = [panel(stack, raw[z], "raw"), panels[0]._replace(title="found")]
    return compose(in_row(panels), title or stack.name)


def projections(stack: Stack, mask: np.ndarray | None = None, *, title: str = "") -> Picture:
    """Show the brightest values along z, along y (below) and along x (right), each in its true proportions.

    Parameters
    ----------
    stack : Stack
        Raw intensities and voxel size.
    mask : (Z, Y, X) ndarray of bool or int, optional
        Outlined in orange; labels are coloured.
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
        If ``mask`` has another shape than the stack.
    """
    raw = checked(stack, mask, floats=False)
    views = [raw.max(axis=0), raw.max(axis=1), raw.max(axis=2).T]
    masks = [None] * 3 if mask is None else [mask.max(axis=0), mask.max(axis=1), mask.max(axis=2).T]
    return _three_views(stack, views, masks, ("brightest along z", "brightest along y (z down)", "along x (z right)"), title)


def orthogonal(stack: Stack, mask: np.ndarray | None = None, position: tuple[int, int, int] | None = None, *, title: str = "") -> Picture:
    """Show a plane and the two side views through one voxel, each in its true proportions.

    Parameters
    ----------
    stack : Stack
        Raw intensities and voxel size.
    mask : (Z, Y, X) ndarray of bool or int, optional
        Outlined in orange; labels are coloured.
    position : tuple of int, optional
        The voxel, (z, y, x); if not given, where most was found or the most signal is, y and x in the middle half of the field.
    title : str
        Above the picture; the name of the stack if empty.

    Returns
    -------
    picture : Picture
        Shows itself as the last expression of a cell. White ticks at the edges show where the sections lie.

    Raises
    ------
    TypeError
        If ``stack`` is not a Stack, or ``mask`` is not an array of bool or int.
    ValueError
        If ``mask`` has another shape than the stack, or ``position`` is not in it.
    """
    raw = checked(stack, mask, floats=False)
    given = (None,) * 3 if position is None else position
    if len(given) != 3:
        raise ValueError(f"position must be a voxel (z, y, x), got {position!r}")
    z = pick_plane(raw, mask, given[0])
    y, x = (_pick_section(raw, mask, axis, given[axis]) for axis in (1, 2))
    views = [raw[z], raw[:, y], raw[:, :, x].T]
    masks = [None] * 3 if mask is None else [mask[z], mask[:, y], mask[:, :, x].T]
    return _three_views(stack, views, masks, (_place(stack, z), f"side view, row {y} (z down)", f"column {x} (z right)"), title, (z, y, x))


def mosaic(stack: Stack, mask: np.ndarray | None = None, *, count: int = 9, title: str = "") -> Picture:
    """Show several planes, evenly spaced from the first to the last, at one contrast.

    Parameters
    ----------
    stack : Stack
        Raw intensities and voxel size.
    mask : (Z, Y, X) ndarray of bool or int, optional
        Outlined in orange; labels are coloured.
    count : int
        How many planes at most.
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
        If ``mask`` has another shape than the stack, or ``count`` is not positive.
    """
    raw = checked(stack, mask, floats=False)
    _checks.number(count, "count", low=1, integer=True)
    shown = np.unique(np.linspace(0, len(raw) - 1, min(count, len(raw))).round().astype(int))
    limits = pixels.contrast_limits(raw)
    panels = [
        panel(stack, raw[z], _place(stack, z), None if mask is None else mask[z], box=SMALL_BOX, limits=limits, bar=z == shown[-1])
        for z in shown.tolist()
    ]
    return compose(in_row(panels, columns=min(len(panels), 3 if len(panels) <= 9 else 4)), title or stack.name)


def checked(stack: Stack, overlay: np.ndarray | None, *, floats: bool = True) -> np.ndarray:
    """Return the raw intensities as they can be drawn: masks as 0 and 1, NaN and infinity as 0; raise unless ``overlay`` has their shape."""
    if not isinstance(stack, Stack):
        raise TypeError(f"stack must be a Stack, got {type(stack).__name__}: make one with Stack(raw, voxel_size, name)")
    if overlay is not None:
        kinds = "biuf" if floats else "biu"
        if not isinstance(overlay, np.ndarray) or overlay.dtype.kind not in kinds:
            wanted = "bool, int or float" if floats else "bool or int"
            raise TypeError(f"the overlay must be an array of {wanted}, got {getattr(overlay, 'dtype', type(overlay).__name__)}")
        _checks.same_shape(overlay, stack.raw, "the overlay and stack.raw")
    if stack.raw.dtype == bool:
        return stack.raw.astype(np.uint8)
    if stack.raw.dtype.kind == "f" and not np.isfinite([stack.raw.min(), stack.raw.max()]).all():
        return np.nan_to_num(stack.raw, nan=0, posinf=0, neginf=0)
    return stack.raw


def pick_plane(raw: np.ndarray, overlay: np.ndarray | None, plane: int | None = None) -> int:
    """Return ``plane`` if it is given; else the plane with most foreground, else the one where bright and typical intensities differ most."""
    if plane is not None:
        return int(_checks.number(plane, "plane", low=0, high=len(raw) - 1, integer=True))
    if overlay is not None and overlay.dtype.kind != "f":
        counts = [np.count_nonzero(part) for part in overlay]
        if any(counts):
            return int(np.argmax(counts))
    down, across = (max(1, length // 128) for length in raw.shape[1:])
    typical, bright = np.percentile(raw[:, ::down, ::across].reshape(len(raw), -1), (50, 99), axis=1)
    return int(np.argmax(bright - typical))


def _pick_section(raw: np.ndarray, mask: np.ndarray | None, axis: int, given: int | None) -> int:
    """Return ``given`` if it is; else the row or column in the middle half of the field where most was found, or the most signal is."""
    across, found = (None if array is None else np.moveaxis(array, axis, 0) for array in (raw, mask))
    if given is not None:
        return pick_plane(across, found, given)
    middle = slice(len(across) // 4, max(len(across) // 4 + 1, len(across) * 3 // 4))
    return middle.start + pick_plane(across[middle], None if found is None else found[middle])


def panel(
    stack: Stack,
    image: np.ndarray,
    title: str,
    overlay: np.ndarray | None = None,
    *,
    box: int = BOX,
    limits: tuple[float, float] | None = None,
    bar: bool = True,
) -> Panel:
    """Return a panel of one (Y, X) image of the stack, with a mask outlined or labels coloured."""
    scale = pixels.fitting(image.shape, stack.voxel_size[1:], box)
    return _drawn(image, overlay, scale, title, limits, bar)


def _drawn(
    image: np.ndarray,
    overlay: np.ndarray | None,
    scale: pixels.Scale,
    title: str,
    limits: tuple[float, float] | None = None,
    bar: bool = True,
) -> Panel:
    shown = pixels.grey(scale.mean(image), limits or pixels.contrast_limits(image))
    if overlay is not None:
        shown = _with_overlay(shown, scale.largest(overlay))
    return Panel(shown, title=title, pixel_um=scale.pixel_um if bar else 0.0)


def _with_overlay(shown: np.ndarray, overlay: np.ndarray) -> np.ndarray:
    """Outline a mask, or colour labels."""
    if overlay.dtype == bool:
        return pixels.outlined(shown, overlay)
    colours = pixels.object_colours(overlay)
    inside = overlay > 0
    edge = pixels.object_edges(overlay)
    return pixels.paint(pixels.paint(shown, inside, colours[inside], 0.5), edge, colours[edge])


def _three_views(
    stack: Stack, views: list, masks: list, titles: tuple[str, str, str], title: str, position: tuple[int, int, int] | None = None
) -> Picture:
    """Arrange the view along z with the one along y below and the one along x on its right, at one scale."""
    size = stack.voxel_size
    pixel_um = max(length * step for length, step in zip(stack.raw.shape, size)) / BOX
    sizes = (size[1:], (size[0], size[2]), (size[1], size[0]))
    limits = [pixels.contrast_limits(view) for view in views]
    panels = [
        _drawn(view, mask, pixels.Scale(view.shape, step, pixel_um), name, limit, bar=index == 0)
        for index, (view, mask, step, name, limit) in enumerate(zip(views, masks, sizes, titles, limits))
    ]
    if position is not None:
        at = [(index + 0.5) * step / pixel_um for index, step in zip(position, size)]
        lines = ((at[1], at[2]), (at[0], at[2]), (at[1], at[0]))
        panels = [part._replace(pixels=_with_ticks(part.pixels, *line)) for part, line in zip(panels, lines)]
    high, wide = panels[0].pixels.shape[:2]
    panels[1] = panels[1]._replace(corner=(high + HEAD + GAP, 0))
    panels[2] = panels[2]._replace(corner=(0, wide + GAP))
    return compose(panels, title or stack.name)


def _with_ticks(shown: np.ndarray, down: float, across: float, length: int = 8) -> np.ndarray:
    """Mark a position at the four edges of a panel."""
    marked = shown.copy()
    row, column = min(int(down), len(shown) - 1), min(int(across), shown.shape[1] - 1)
    for edge in (np.s_[:length], np.s_[-length:]):
        marked[row, edge] = 255
        marked[edge, column] = 255
    return marked


def _place(stack: Stack, z: int) -> str:
    """Name a plane: its number from 0, and its height."""
    return f"plane {z} of {len(stack.raw)} ({z * stack.voxel_size[0]:.1f} µm)" if len(stack.raw) > 1 else "the only plane"
