"""Look at a result on the raw intensities: outlines, objects, and what a step changed."""

import numpy as np

from helpers import _checks
from helpers.figures import pixels
from helpers.figures.picture import Panel, Picture, compose, in_row
from helpers.figures.planes import BOX, checked, panel, pick_plane, planes
from helpers.images import Stack
from helpers.metrics.contingency import contingency

UNCHANGED = (150, 150, 150)
NARROW = 340  # pixels of a panel, where there are three


def overlay(stack: Stack, mask: np.ndarray, *, title: str = "", plane: int | None = None) -> Picture:
    """Show one plane, raw and outlined, and the outlined projection: the picture that is kept with a result.

    Parameters
    ----------
    stack : Stack
        Raw intensities and voxel size.
    mask : (Z, Y, X) ndarray of bool or int
        Outlined in orange; labels are coloured.
    title : str
        Above the picture; the name of the stack if empty.
    plane : int, optional
        Which plane; where most was found if not given.

    Returns
    -------
    picture : Picture
        Shows itself as the last expression of a cell; `save` writes it.

    Raises
    ------
    TypeError
        If ``stack`` is not a Stack, or ``mask`` is not an array of bool or int.
    ValueError
        If ``mask`` has another shape than the stack, or ``plane`` is not in it.
    """
    raw = checked(stack, _array(mask), floats=False)
    z = pick_plane(raw, mask, plane)
    panels = [panel(stack, raw[z], f"raw, plane {z}", box=NARROW), panel(stack, raw[z], "found", mask[z], box=NARROW)]
    if len(raw) > 1:
        panels.append(panel(stack, raw.max(axis=0), "found, brightest along z", mask.max(axis=0), box=NARROW))
    return compose(in_row(panels), title or stack.name)


def labels_over(stack: Stack, labels: np.ndarray, *, title: str = "", plane: int | None = None) -> Picture:
    """Show every object in a colour of its own, in one plane and along z.

    Parameters
    ----------
    stack : Stack
        Raw intensities and voxel size.
    labels : (Z, Y, X) ndarray of int
        0 is background, each object a number of its own.
    title : str
        Above the picture; the name of the stack and the number of objects if empty.
    plane : int, optional
        Which plane; where most was found if not given.

    Returns
    -------
    picture : Picture
        Shows itself as the last expression of a cell.

    Raises
    ------
    TypeError
        If ``stack`` is not a Stack, or ``labels`` is not an array of integers.
    ValueError
        If ``labels`` has another shape than the stack or holds negative numbers, or ``plane`` is not in it.
    """
    labels = _checks.labels(labels)
    count = np.count_nonzero(np.bincount(labels.ravel())[1:])
    return planes(stack, labels, title=title or f"{stack.name}: {count} objects", plane=plane)


def removed(stack: Stack, before: np.ndarray, after: np.ndarray, *, title: str = "", plane: int | None = None) -> Picture:
    """Show what a step took away (magenta), what it added (green), and what stayed (outlined in orange).

    Parameters
    ----------
    stack : Stack
        Raw intensities and voxel size.
    before, after : (Z, Y, X) ndarray of bool
        The mask before and after the step.
    title : str
        Above the picture; the numbers of voxels removed and added if empty.
    plane : int, optional
        Which plane; where most changed if not given.

    Returns
    -------
    picture : Picture
        Shows itself as the last expression of a cell.

    Raises
    ------
    TypeError
        If ``stack`` is not a Stack, or a mask is not a mask.
    ValueError
        If a mask has another shape than the stack, or ``plane`` is not in it.
    """
    before, after = _checks.mask(before, "before"), _checks.mask(after, "after")
    raw = checked(stack, before)
    _checks.same_shape(before, after, "before and after")
    gone, new, stayed = before & ~after, after & ~before, before & after
    changed = gone | new
    z = pick_plane(raw, changed if changed.any() else after, plane)
    panels = [changes(stack, raw[z], f"plane {z}", gone[z], new[z], stayed[z])]
    if len(raw) > 1:
        panels.append(changes(stack, raw.max(axis=0), "brightest along z", gone.any(axis=0), new.any(axis=0), stayed.any(axis=0)))
    if not title:
        counts = [np.count_nonzero(part) for part in (gone, new, stayed)]
        title = "{:,} voxels removed (magenta), {:,} added (green), {:,} stay (outlined)".format(*counts)
    return compose(in_row(panels), title)


def corrected(stack: Stack, before: np.ndarray, after: np.ndarray, *, title: str = "", plane: int | None = None) -> Picture:
    """Show the objects that were changed in colour, before and after: also those that were split or joined without losing a voxel.

    Objects that are the same in both, whatever their numbers, are outlined in grey.

    Parameters
    ----------
    stack : Stack
        Raw intensities and voxel size.
    before, after : (Z, Y, X) ndarray of int
        Label images; 0 is background.
    title : str
        Above the picture; how many objects there were, are, and are unchanged, if empty.
    plane : int, optional
        Which plane; where most changed if not given.

    Returns
    -------
    picture : Picture
        Shows itself as the last expression of a cell.

    Raises
    ------
    TypeError
        If ``stack`` is not a Stack, or the labels are not integers.
    ValueError
        If labels have another shape than the stack or are negative, or ``plane`` is not in it.
    """
    raw = checked(stack, _checks.labels(before, "before"))
    _checks.same_shape(before, _checks.labels(after, "after"), "before and after")
    pairs = contingency(before, after)
    same = pairs.iou == 1
    known = (pairs.truth_labels[pairs.pair_truth[same]], pairs.found_labels[pairs.pair_found[same]])
    kept = [np.where(np.isin(labels, names), labels, 0) for labels, names in zip((before, after), known)]
    changed = [labels - unchanged for labels, unchanged in zip((before, after), kept)]
    where = (changed[0] > 0) | (changed[1] > 0)
    z = pick_plane(raw, where if where.any() else after, plane)
    panels = [
        _with_unchanged(panel(stack, raw[z], f"{when}, plane {z}", here[z]), stack, unchanged[z])
        for when, here, unchanged in zip(("before", "after"), changed, kept)
    ]
    counts = (len(pairs.truth_labels), len(pairs.found_labels), int(same.sum()))
    return compose(in_row(panels), title or "{} objects before, {} after; unchanged (grey): {}".format(*counts))


def _with_unchanged(shown: Panel, stack: Stack, labels: np.ndarray) -> Panel:
    """Outline in grey what is the same."""
    scale = pixels.fitting(labels.shape, stack.voxel_size[1:], BOX)
    return shown._replace(pixels=pixels.paint(shown.pixels, pixels.object_edges(scale.largest(labels)), UNCHANGED))


def changes(stack: Stack, image: np.ndarray, title: str, gone: np.ndarray, new: np.ndarray, stayed: np.ndarray, *, box: int = BOX) -> Panel:
    """Return a panel of one (Y, X) image: what went in magenta, what is new in green, what stayed outlined."""
    scale = pixels.fitting(image.shape, stack.voxel_size[1:], box)
    shown = pixels.outlined(pixels.grey(scale.mean(image), pixels.contrast_limits(image)), scale.largest(stayed))
    shown = pixels.paint(shown, scale.largest(gone), pixels.MAGENTA, 0.75)
    shown = pixels.paint(shown, scale.largest(new), pixels.GREEN, 0.75)
    return Panel(shown, title=title, pixel_um=scale.pixel_um)


def _array(mask: np.ndarray) -> np.ndarray:
    """Return the mask; raise if there is none."""
    if mask is None:
        raise TypeError("mask must be an array of bool or int, got None: use planes(stack) to look at a stack alone")
    return mask
