"""Where two surfaces are apart, and how much of them agrees within which distance."""

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from helpers import _checks
from helpers.figures import pixels
from helpers.figures.picture import GAP, HEAD, Panel, Picture, compose, in_row
from helpers.figures.planes import checked, pick_plane
from helpers.images import Stack
from helpers.metrics import boundary_distances, surface_distances

BOX, BAR = 400, (14, 62)  # pixels of a panel; width of the colour bar, and of its panel with the numbers
FADED = 0.75  # brightness of the image under the lines
STEPS = 400  # points of a curve


def distance_map(
    stack: Stack, truth: np.ndarray, found: np.ndarray, *, limit: float | None = None, plane: int | None = None, title: str = ""
) -> Picture:
    """Show the true surface and the one found, each coloured by how far it is from the other: cyan where they agree, magenta where they do not.

    On the left the surface found: magenta where something was added or left out. On the right the true one: magenta also where an object was
    missed. Distances are measured in 3D: a line that lies right in this plane is magenta only where no surface is near in the planes above and
    below. A stack is shown from the side, too, in the row where most is wrong.

    Parameters
    ----------
    stack : Stack
        Raw intensities and voxel size.
    truth, found : (Z, Y, X) ndarray of bool or int
        Masks or label images of its shape.
    limit : float, optional
        Distance in um that is shown as magenta, with all beyond; by default twice the longest edge of a voxel, or more if more than 1 percent
        of the surfaces lies beyond.
    plane : int, optional
        Which plane; the one where truth and found cover most if not given.
    title : str
        Above the picture; the three distances if empty.

    Returns
    -------
    picture : Picture
        Shows itself as the last expression of a cell.

    Raises
    ------
    TypeError, ValueError
        If the arrays are not masks or labels of the shape of the stack, the limit is not positive, or the plane is not in it.
    """
    raw = checked(stack, truth, floats=False)
    checked(stack, found, floats=False)
    sides = [boundary_distances(*pair, voxel_size=stack.voxel_size) for pair in ((found, truth), (truth, found))]
    both = np.concatenate([side[np.isfinite(side)] for side in sides])
    if limit is None:
        limit = max(2 * max(stack.voxel_size), float(np.percentile(both, 99)) if both.size else 0.0)
    _checks.number(limit, "limit", above=0)
    z = pick_plane(raw, (truth > 0) | (found > 0), plane)
    names = ("surface found: distance to truth", "true surface: distance to found")
    panels = [
        _lines(raw[z], side[z], stack.voxel_size[1:], limit, f"{name}, plane {z}" if len(raw) > 1 else name)
        for side, name in zip(sides, names)
    ]
    high = len(panels[0].pixels)
    placed = in_row([*panels, _bar(high)])
    if len(raw) > 1:
        y = int(sum(np.nansum(side, axis=(0, 2)) for side in sides).argmax())
        for above, side in zip(placed[:2], sides):
            panel = _lines(
                raw[:, y], side[:, y], (stack.voxel_size[0], stack.voxel_size[2]), limit, f"side view, row {y} (z down)", bar=False
            )
            placed.append(panel._replace(corner=(high + HEAD + GAP, above.corner[1])))
    if not title:
        scores = surface_distances(truth, found, voxel_size=stack.voxel_size)
        title = f"{stack.name}: mean {scores.assd:.2f} µm, 95 % within {scores.hausdorff95:.2f} µm, furthest {scores.hausdorff:.2f} µm"
    picture = compose(placed, title)
    _number(picture.axes[2], high, limit)
    return picture


def distance_curve(truth: np.ndarray, found: np.ndarray, *, voxel_size: Sequence[float] | None = None, title: str = "") -> Picture:
    """Show which part of the boundaries agrees within a distance, for every distance: boundary precision and recall, and where the scores lie.

    Parameters
    ----------
    truth, found : ndarray of bool or int
        Masks or label images of one shape, in 2D or 3D.
    voxel_size : sequence of float, optional
        Size of a voxel along each axis, in um; by default 1: distances in voxels.
    title : str
        Above the picture.

    Returns
    -------
    picture : Picture
        Shows itself as the last expression of a cell.

    Raises
    ------
    TypeError, ValueError
        As `helpers.metrics.surface_distances`; or if either has no boundary.
    """
    sides = {
        "precision: of the surface found, near the true one": boundary_distances(found, truth, voxel_size=voxel_size),
        "recall: of the true surface, near the one found": boundary_distances(truth, found, voxel_size=voxel_size),
    }
    values = {name: np.sort(side[np.isfinite(side)]) for name, side in sides.items()}
    if any(side.size == 0 for side in values.values()):
        raise ValueError("truth or found is empty: there is no surface to measure from")
    scores = surface_distances(truth, found, voxel_size=voxel_size)
    furthest = scores.hausdorff or 1.0
    distances = np.linspace(0, 1.05 * furthest, STEPS)
    picture = Picture(figsize=(7.5, 3.2), dpi=100, facecolor="white", layout="constrained")
    axes = picture.subplots()
    for (name, side), (colour, line) in zip(values.items(), (("0.1", "-"), ("tab:orange", "--"))):
        axes.plot(distances, np.searchsorted(side, distances * (1 + 1e-5), side="right") / side.size, line, color=colour, label=name)
    for name, value, style in (("mean", scores.assd, ":"), ("95 %", scores.hausdorff95, "--"), ("furthest", scores.hausdorff, "-")):
        axes.axvline(value, color="tab:blue", linestyle=style, linewidth=1, label=f"{name}: {value:.3g}")
    axes.set(xlabel="distance (µm)" if voxel_size is not None else "distance (voxels)", ylabel="part of the surface", ylim=(0, 1.02))
    axes.set_xlim(0, 1.05 * furthest)
    axes.legend(loc="center right", fontsize=8)
    axes.set_title(title or "how much of the surfaces agrees within a distance", loc="left", fontsize=10)
    return picture


def _lines(image: np.ndarray, distances: np.ndarray, size: tuple[float, float], limit: float, title: str, bar: bool = True) -> Panel:
    """Return a panel with the boundary voxels of a slice as coloured lines on the faded image."""
    scale = pixels.fitting(image.shape, size, BOX)
    shown = pixels.grey(scale.mean(image), pixels.contrast_limits(image))
    shown = np.rint(shown * FADED).astype(np.uint8)
    # Lines are widened so that their colour can be seen; of neighbours the larger distance wins.
    level = ndimage.maximum_filter(scale.largest(np.where(np.isfinite(distances), distances, -1.0)), 2)
    where = level >= 0
    return Panel(pixels.paint(shown, where, _colours(level[where] / limit)), title=title, pixel_um=scale.pixel_um if bar else 0.0)


def _colours(part: np.ndarray) -> np.ndarray:
    """Return (N, 3) colours from cyan at 0 to magenta at 1 and beyond: told apart with every kind of colour vision, bright at both ends."""
    part = np.clip(part, 0, 1)
    return np.stack([255 * part, 255 * (1 - part), np.full_like(part, 255)], axis=-1)


def _bar(height: int) -> Panel:
    wide, whole = BAR
    shown = np.full((height, whole, 3), 255, np.uint8)
    shown[:, :wide] = np.rint(_colours(np.linspace(1, 0, height)))[:, None].astype(np.uint8)
    return Panel(shown)


def _number(axes, height: int, limit: float) -> None:
    for part, words in ((0, "0 µm"), (0.5, f"{_short(limit / 2)}"), (1, f"≥ {_short(limit)}")):
        axes.text(BAR[0] + 4, (1 - part) * (height - 12) + 6, words, va="center", ha="left", fontsize=8, color="black")


def _short(value: float) -> str:
    """Return a number in two digits, or as a whole one where it is large: it must fit beside the bar."""
    return f"{value:.2g}" if value < 100 else f"{value:.0f}"
