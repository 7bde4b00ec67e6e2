"""Regions drawn on an image by hand, and the masks and cost maps made of them.

Coordinates are (y, x) in pixels, and the centre of the first pixel is (0, 0): a place that a browser counts from the corner of the picture lies
half a pixel less far in y and in x. A voxel belongs to a region if its centre lies in it, or on an outline that does not run back upon itself.
"""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import numpy as np

from helpers.curation.files import replace_file

KINDS = {"polygon": 3, "circle": 1, "brush": 1}  # and the points that each needs
VERSION = 1


@dataclass(frozen=True)
class Region:
    """One thing drawn: a polygon, a circle, or a stroke of a brush.

    Parameters
    ----------
    kind : {"polygon", "circle", "brush"}
    points : sequence of (y, x)
        In pixels. The corners of the polygon, which closes itself, at least 3; the centre of the circle; the way of the brush. Where the
        outline of a polygon crosses itself, what it goes round twice is outside (even-odd rule).
    radius : float
        Of circle and brush, in pixels.
    planes : int, (first, last) or None
        The planes it is drawn on, both ends included; None: all.
    value : float
        What is painted: 1 into a mask, 0 takes away from what was drawn before; in a cost map the weight.
    seconds : float
        How long the drawing took, hands on.

    Raises
    ------
    TypeError, ValueError
        One sentence: what cannot be drawn.
    """

    kind: str
    points: Sequence[tuple[float, float]]
    radius: float = 0.0
    planes: Any = None
    value: float = 1.0
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"a region is one of {', '.join(KINDS)}, got {self.kind!r}")
        object.__setattr__(self, "points", _points(self.points, KINDS[self.kind], self.kind))
        if self.kind == "circle" and len(self.points) > 1:
            raise ValueError(f"a circle has one point, its centre, got {len(self.points)}")
        for name, low in (("radius", 0), ("value", 0), ("seconds", 0)):
            number = getattr(self, name)
            if isinstance(number, bool) or not isinstance(number, Real) or not math.isfinite(number) or number < low:
                raise ValueError(f"{name} of a {self.kind} must be a number of at least {low}, got {number!r}")
            object.__setattr__(self, name, float(number))
        if self.kind != "polygon" and self.radius == 0:
            raise ValueError(f"a {self.kind} needs a radius in pixels, got 0")
        object.__setattr__(self, "planes", _plane_range(self.planes))


def region_mask(regions: Iterable[Region], shape: Sequence[int], *, plane: int | None = None) -> np.ndarray:
    """Return the mask of what was drawn, in the order of drawing.

    Parameters
    ----------
    regions : iterable of Region
    shape : sequence of int
        (Z, Y, X) of the image. What lies outside it is cut off.
    plane : int, optional
        Make this plane only.

    Returns
    -------
    mask : (Z, Y, X) ndarray of bool
        (Y, X) if a plane is asked for.

    Raises
    ------
    ValueError
        If a region lies on planes that the image does not have.

    Examples
    --------
    >>> square = Region("polygon", [(1, 1), (1, 3), (3, 3), (3, 1)], planes=0)
    >>> region_mask([square], (2, 5, 5)).sum(axis=(1, 2)).tolist()
    [9, 0]
    """
    return _painted(
        regions, checked_shape(shape), np.zeros(checked_shape(shape) if plane is None else checked_shape(shape)[1:], bool), plane
    )


def cost_map(
    regions: Iterable[Region], shape: Sequence[int], *, base: float = 1.0, excluded: "np.ndarray | Iterable[Region]" = ()
) -> np.ndarray:
    """Return how much each voxel counts in training.

    Parameters
    ----------
    regions : iterable of Region
        Each with its weight as ``value``; one drawn later covers an earlier one.
    shape : sequence of int
        (Z, Y, X) of the image.
    base : float
        Weight where nothing is drawn.
    excluded : regions, or (Z, Y, X) or (Y, X) ndarray of bool
        Weight 0, whatever is drawn there.

    Returns
    -------
    cost : (Z, Y, X) ndarray of float32

    Raises
    ------
    ValueError
        If a region lies on planes that the image does not have, the mask has another shape, or ``base`` is negative.
    """
    if not (isinstance(base, Real) and math.isfinite(base) and base >= 0):
        raise ValueError(f"base must be a number of at least 0, got {base!r}")
    cost = _painted(regions, checked_shape(shape), np.full(checked_shape(shape), base, np.float32), None)
    cost[as_mask(excluded, shape)] = 0
    return cost


def as_mask(where: "np.ndarray | Iterable[Region]", shape: Sequence[int]) -> np.ndarray:
    """Return a mask of an image's shape, of regions or of a mask.

    Parameters
    ----------
    where : regions, or (Z, Y, X) or (Y, X) ndarray
        Of an array, what is not 0 counts; one plane counts for all planes.
    shape : sequence of int
        (Z, Y, X) of the image.

    Returns
    -------
    mask : (Z, Y, X) ndarray of bool

    Raises
    ------
    ValueError
        If the shapes do not fit.
    """
    shape = checked_shape(shape)
    if not isinstance(where, np.ndarray):
        return region_mask(where, shape)
    mask = where != 0
    if mask.ndim == 2 or (mask.ndim == 3 and len(mask) == 1):
        mask = mask.reshape(-1, *mask.shape[-2:])
    if mask.shape not in (shape, (1, *shape[1:])):
        hint = "; it looks turned by 90 degrees" if mask.shape[-2:] == shape[:0:-1] and shape[1] != shape[2] else ""
        raise ValueError(
            f"the mask has {_by(where.shape)} voxels, the image {_by(shape)}: give a mask of the same image, or one plane for all planes{hint}"
        )
    return np.broadcast_to(mask, shape).copy()


def write_regions(path: str | Path, regions: Sequence[Region], shape: Sequence[int]) -> Path:
    """Write regions as JSON that people can read; the file appears whole or not at all.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    path = Path(path)
    content = {
        "regions_version": VERSION,
        "coordinates": "(y, x) in pixels, the centre of the first pixel is (0, 0); planes count from 0, both ends included, null is all",
        "shape": list(checked_shape(shape)),
        "regions": [asdict(region) for region in regions],
    }
    lines = [json.dumps(region) for region in content.pop("regions")]
    head = json.dumps(content, indent=1)[:-2]  # one region a line
    replace_file(path, (head + ',\n "regions": [\n  ' + ",\n  ".join(lines) + "\n ]\n}\n").encode())
    return path


def read_regions(path: str | Path, shape: Sequence[int] | None = None) -> list[Region]:
    """Read regions that `write_regions` wrote.

    Parameters
    ----------
    path : str or Path
    shape : sequence of int, optional
        (Z, Y, X) of the image; raise if they were drawn on one of another shape.

    Returns
    -------
    regions : list of Region

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no such file, or the shape is another.
    """
    path = Path(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        version, drawn_on = content["regions_version"], tuple(content["shape"])
        regions = [Region(**fields) for fields in content["regions"]] if version <= VERSION else []
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path.name} holds no regions ({type(error).__name__}: {error}): give a file that was drawn here") from None
    if version > VERSION:
        raise ValueError(f"{path.name} holds regions of version {version}, this package knows {VERSION}: install a newer one")
    if shape is not None and drawn_on != checked_shape(shape):
        raise ValueError(f"{path.name} was drawn on an image of {_by(drawn_on)} voxels, this one has {_by(shape)}: take its own image")
    return regions


def box_of(regions: Sequence[Region], shape: Sequence[int]) -> tuple[slice, slice, slice]:
    """Return the part of the image that regions can reach: slices along Z, Y and X."""
    depth, height, width = checked_shape(shape)
    spans = [planes_of(region, (depth, height, width)) for region in regions]
    planes = slice(min(span.start for span in spans), max(span.stop for span in spans)) if spans else slice(0, 0)
    boxes = [_box(region, (height, width)) for region in regions]
    sides = [
        slice(min(box[axis].start for box in boxes), max(box[axis].stop for box in boxes)) if boxes else slice(0, 0) for axis in (0, 1)
    ]
    return planes, *sides


def _painted(regions: Iterable[Region], shape: tuple[int, int, int], canvas: np.ndarray, plane: int | None) -> np.ndarray:
    for region in regions:
        planes = planes_of(region, shape)
        if plane is not None and not planes.start <= plane < planes.stop:
            continue
        box = _box(region, shape[1:])
        part = canvas[(planes, *box)] if plane is None else canvas[box]
        part[..., _inside(region, box)] = region.value
    return canvas


def _inside(region: Region, box: tuple[slice, slice]) -> np.ndarray:
    """Return which pixels of a box belong to a region."""
    size = tuple(side.stop - side.start for side in box)
    points = np.array(region.points) - [side.start for side in box]
    inside = np.zeros(size, bool)
    if region.kind == "polygon":
        from skimage.draw import polygon

        inside[polygon(*points.T, shape=size)] = True
        return inside
    rows, columns = np.ogrid[: size[0], : size[1]]
    for start, end in zip(points, points[1:] if len(points) > 1 else points):
        reach = [
            slice(max(0, math.floor(min(a, b) - region.radius)), max(0, math.ceil(max(a, b) + region.radius) + 1))
            for a, b in zip(start, end)
        ]
        y, x = rows[reach[0]], columns[:, reach[1]]
        along = end - start
        length = float(along @ along)
        # The nearest point of the stroke: how far along it, 0 at its start, 1 at its end.
        part = np.clip(((y - start[0]) * along[0] + (x - start[1]) * along[1]) / length, 0, 1) if length else 0.0
        distance = (y - start[0] - part * along[0]) ** 2 + (x - start[1] - part * along[1]) ** 2
        inside[tuple(reach)] |= distance <= region.radius**2
    return inside


def _box(region: Region, size: tuple[int, int]) -> tuple[slice, slice]:
    """Return the rows and columns that a region can reach, within the image."""
    points = np.array(region.points)
    low = np.floor(points.min(axis=0) - region.radius).astype(int)
    high = np.ceil(points.max(axis=0) + region.radius).astype(int) + 1
    starts, stops = np.clip(low, 0, size), np.clip(high, 0, size)
    return tuple(slice(int(start), int(max(start, stop))) for start, stop in zip(starts, stops))


def planes_of(region: Region, shape: tuple[int, int, int]) -> slice:
    """Return the planes of a region; raise if the image does not have them."""
    if region.planes is None:
        return slice(0, shape[0])
    first, last = region.planes
    if last >= shape[0]:
        raise ValueError(
            f"a {region.kind} lies on planes {first} to {last}, the image has {shape[0]}, counted from 0: draw it on one of these"
        )
    return slice(first, last + 1)


def _points(points: Any, fewest: int, kind: str) -> tuple[tuple[float, float], ...]:
    try:
        array = np.array(points, float)
    except (TypeError, ValueError):
        array = np.empty(0)
    if array.ndim != 2 or array.shape[1] != 2 or len(array) < fewest or not np.isfinite(array).all():
        raise ValueError(f"a {kind} needs at least {fewest} point(s), each (y, x) in pixels, got {str(points)[:80]}")
    return tuple((float(y), float(x)) for y, x in array)


def _plane_range(planes: Any) -> tuple[int, int] | None:
    if planes is None:
        return None
    ends = [planes, planes] if isinstance(planes, Integral) else list(planes) if isinstance(planes, Sequence) else []
    whole = all(isinstance(end, Integral) and not isinstance(end, bool) for end in ends)
    if len(ends) != 2 or not whole or not 0 <= ends[0] <= ends[1]:
        raise ValueError(f"planes must be a number, or (first, last) counted from 0, or None for all, got {planes!r}")
    return int(ends[0]), int(ends[1])


def checked_shape(shape: Sequence[int]) -> tuple[int, int, int]:
    """Return (Z, Y, X) as whole numbers; raise if it is not three."""
    if len(shape) != 3:
        raise ValueError(f"shape must be (Z, Y, X), got {tuple(shape)}: a single plane has Z = 1")
    return tuple(int(size) for size in shape)


def _by(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape))
