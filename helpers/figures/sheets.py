"""Many pictures at a glance: the channels of a file, the results of a folder; and the histogram of one stack."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from helpers import _checks
from helpers.figures import pixels
from helpers.figures.picture import Panel, Picture, compose, in_row
from helpers.figures.planes import checked, panel, pick_plane
from helpers.images import Stack

BOX, THUMBNAIL = 240, 520  # pixels: of a panel, width of a picture in a gallery
BINS = 256


def sheet(stacks: Sequence[Stack], titles: Sequence[str] = (), *, title: str = "") -> Picture:
    """Show one row a stack: the plane with most signal, the brightest value along z, and a side view in true proportions.

    Made to show at once what was read wrongly: planes taken for channels, channels taken for planes, a wrong distance between planes.

    Parameters
    ----------
    stacks : sequence of Stack
        For example the channels of one file.
    titles : sequence of str, optional
        One for each row; the names of the stacks if left out.
    title : str
        Above the picture.

    Returns
    -------
    picture : Picture
        Shows itself as the last expression of a cell.

    Raises
    ------
    ValueError
        If there is no stack, or the titles are not as many.
    """
    names = list(titles) or [stack.name for stack in stacks]
    if not stacks or len(names) != len(stacks):
        raise ValueError(f"sheet needs at least one stack and one title for each, got {len(stacks)} and {len(names)}")
    panels = []
    for stack, name in zip(stacks, names):
        raw = checked(stack, None)
        z = pick_plane(raw, None)
        panels.append(panel(stack, raw[z], f"{name}: plane {z} of {len(raw)}", box=BOX))
        panels.append(panel(stack, raw.max(axis=0), "brightest along z", box=BOX))
        side = raw[:, raw.shape[1] // 2]
        scale = pixels.fitting(side.shape, (stack.voxel_size[0], stack.voxel_size[2]), BOX)
        panels.append(Panel(pixels.grey(scale.mean(side), pixels.contrast_limits(side)), title="side view, middle row (z down)"))
    return compose(in_row(panels, columns=3), title)


def one_plane(stack: Stack, mask: np.ndarray, plane: int, *, title: str = "") -> Picture:
    """Show one plane, raw and with the mask of this plane outlined in orange.

    Parameters
    ----------
    stack : Stack
        Raw intensities and voxel size.
    mask : (Y, X) ndarray of bool
        A mask of this plane alone.
    plane : int
        Which plane.
    title : str
        Above the picture; the name of the stack if empty.

    Returns
    -------
    picture : Picture
        Shows itself as the last expression of a cell.

    Raises
    ------
    TypeError, ValueError
        If the mask is not one of a plane of the stack, or ``plane`` is not in it.
    """
    raw = checked(stack, None)
    z = pick_plane(raw, None, plane)
    mask = _checks.mask(mask, ndim=2)
    _checks.same_shape(mask, raw[z], "mask and plane")
    panels = [panel(stack, raw[z], f"plane {z} of {len(raw)}"), panel(stack, raw[z], "outlined", mask)]
    return compose(in_row(panels), title or stack.name)


def histogram(stack: Stack, *, title: str = "") -> Picture:
    """Show how often each intensity occurs, on a logarithmic scale; voxels at the highest value are drawn in magenta.

    Parameters
    ----------
    stack : Stack
        Raw intensities.
    title : str
        Above the picture; range and share of the highest value if empty.

    Returns
    -------
    picture : Picture
        Shows itself as the last expression of a cell.
    """
    raw = checked(stack, None)
    low, high = float(raw.min()), float(raw.max())
    counts, edges = np.histogram(raw, bins=BINS, range=(low, high if high > low else low + 1))
    at_top = int(np.count_nonzero(raw == raw.max()))
    picture = Picture(figsize=(7, 2.8), dpi=100, facecolor="white", layout="constrained")
    axes = picture.subplots()
    axes.bar(edges[:-1], counts, width=np.diff(edges), align="edge", color="0.35")
    axes.bar(
        high, at_top, width=(edges[-1] - edges[0]) / 150, color=np.divide(pixels.MAGENTA, 255), label=f"exactly {high:g}: {at_top:,} voxels"
    )
    axes.set(yscale="log", xlabel="intensity (camera counts)", ylabel="voxels")
    axes.legend(loc="upper right", frameon=False)
    axes.set_title(
        title or f"{stack.name}: {low:g} to {high:g}, {at_top / raw.size:.2%} of the voxels at the highest value", fontsize=10, loc="left"
    )
    return picture


def gallery(paths: Sequence[str | Path], *, columns: int = 2, title: str = "") -> Picture:
    """Show saved pictures side by side, each under its file name.

    Parameters
    ----------
    paths : sequence of path
        PNG files, for example the overlays that a batch left.
    columns : int
        Pictures in a row.
    title : str
        Above all of them.

    Returns
    -------
    picture : Picture
        Shows itself as the last expression of a cell.

    Raises
    ------
    ValueError
        If there is no picture.
    OSError
        If one cannot be read.
    """
    from PIL import Image

    if not paths:
        raise ValueError("gallery needs at least one picture: has any file been segmented?")
    panels = []
    for path in map(Path, paths):
        with Image.open(path) as image:
            small = image.convert("RGB").resize(
                (THUMBNAIL, max(1, round(image.height * THUMBNAIL / image.width))), Image.Resampling.LANCZOS
            )
        panels.append(Panel(np.asarray(small), title=path.stem))
    return compose(in_row(panels, columns=min(columns, len(panels))), title)
