"""Measure what was found: one table row per object, and signs that a result should not be trusted.

Lengths are in um, whatever the shape of the voxels. The surface is that of the marching-cubes mesh of the mask at level 0.5. Each block of
2 x 2 x 2 voxels adds a patch that depends only on which of its eight voxels are structure, so that the area is a count of the 256 kinds of block
times a table: the same number as from the mesh, without making it.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import ndimage

from helpers import _checks
from helpers.classic import components, fill_holes
from helpers.images import Stack, absurd_voxel_size

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("label", "volume_um3", "surface_um2", "sphericity", "centroid_z_um", "centroid_y_um", "centroid_x_um",
           "mean_intensity", "total_intensity", "voxels", "touches_border")  # fmt: skip
PLANE_COLUMNS = ("label", "area_um2", "perimeter_um", "circularity", "centroid_y_um", "centroid_x_um",
                 "mean_intensity", "total_intensity", "voxels", "touches_border")  # fmt: skip
MUCH, LITTLE = 0.5, 1e-4  # fractions of the stack that are structure
SATURATED, SATURATED_FOUND = 0.01, 0.1  # fractions of the stack, and of what was found
CUT = 0.5  # fraction of the objects
FAR = 1.5  # factor between voxel sizes that changes what is found
TRIED = 2.2  # how much larger than the tuned ones voxels may be: up to double was measured (docs/voxel_sizes.md)
LEAST_VOXELS, LEAST_PIXELS = 32, 12  # of an object that has a sphericity, a circularity


class Quality(NamedTuple):
    """What is known about a result without a truth.

    Attributes
    ----------
    foreground_fraction : float
        Voxels found, as a fraction of the stack.
    saturated_fraction : float
        Voxels at the end of the camera's range, as a fraction of the stack.
    objects, objects_at_border : int
        Number of objects, and how many of them the border of the stack may cut.
    warnings : list of str
        One sentence for each thing that may be wrong, and what to look at; empty if nothing was noticed.
    """

    foreground_fraction: float
    saturated_fraction: float
    objects: int
    objects_at_border: int
    warnings: list[str]


def objects(mask_or_labels: np.ndarray, stack: Stack, *, connectivity: int = 26, filled: bool = False) -> "pd.DataFrame":
    """Measure every object of a mask or a label image.

    The surface has the steps of the voxels, bevelled: it is larger than that of the smooth object whatever its size, for a ball by a tenth
    with cubic voxels and by 15 percent with voxels 2.7 times as high as wide. The sphericity of a ball is therefore about 0.92 and 0.87.
    It grows as objects get smaller, and says nothing where that of a ball passes 1: below 32 voxels, as the circularity of a disk does below 12
    pixels (a single voxel would have 2.8). There the table has NaN, the file an empty cell.

    Parameters
    ----------
    mask_or_labels : (Z, Y, X) ndarray of bool or int
        A bool mask is split into connected components; integers are taken as labels, 0 as background.
    stack : Stack
        Where the intensities and the voxel size come from.
    connectivity : {26, 6}
        Which voxels of a bool mask belong together: 26 those that share a corner, 6 those that share a face (in one plane 8 and 4).
    filled : bool
        Measure a shell as the body that it encloses, intensities included. A shell that the border of the stack cuts is open there
        and stays a shell: drop the rows where ``touches_border`` is True.

    Returns
    -------
    table : pandas.DataFrame
        One row per object, in the order of the labels: ``label, volume_um3, surface_um2, sphericity, centroid_z_um, centroid_y_um,
        centroid_x_um, mean_intensity, total_intensity, voxels, touches_border``. For a stack of one plane ``area_um2, perimeter_um,
        circularity`` stand in place of the first three measures, and there is no ``centroid_z_um``. Centroids are measured from the centre of
        voxel (0, 0, 0). The first and the last plane count as border, except in a stack of one plane.

    Raises
    ------
    TypeError
        If ``mask_or_labels`` is not bool or int.
    ValueError
        If its shape is not that of the stack, if it holds negative numbers, or if ``connectivity`` is neither 26 nor 6.

    References
    ----------
    .. [1] Lorensen, W. E. & Cline, H. E. (1987) Marching cubes. Computer Graphics 21(4):163-169. :DOI:`10.1145/37402.37422`
    .. [2] Wadell, H. (1935) Volume, shape, and roundness of quartz particles. J. Geology 43(3):250-280. :DOI:`10.1086/624298`

    Examples
    --------
    >>> mask = np.zeros((4, 5, 6), bool)
    >>> mask[1:3, 1:3, 1:3] = True
    >>> stack = Stack(np.full(mask.shape, 7, np.uint16), (1.0, 0.5, 0.5), "block")
    >>> objects(mask, stack)[["label", "volume_um3", "mean_intensity", "touches_border"]]
       label  volume_um3  mean_intensity  touches_border
    0      1         2.0             7.0           False
    """
    import pandas as pd

    labels = _labels(mask_or_labels, stack, connectivity, filled)
    flat = labels.shape[0] == 1
    rows = [
        _row(label, labels[box] == label, box, stack, filled)
        for label, box in enumerate(ndimage.find_objects(labels), start=1)
        if box is not None
    ]
    table = pd.DataFrame(rows, columns=["label", "measure", "boundary", "z", "y", "x", "mean", "total", "voxels", "touches_border"])
    table = table.astype({"label": int, "voxels": int, "touches_border": bool} | dict.fromkeys(table.columns[1:8], float))
    roundness, least = (_circularity, LEAST_PIXELS) if flat else (_sphericity, LEAST_VOXELS)
    table.insert(3, "roundness", roundness(table["measure"], table["boundary"]).where(table["voxels"] >= least))
    if flat:
        table = table.drop(columns="z")
    return table.set_axis(PLANE_COLUMNS if flat else COLUMNS, axis=1)


def quality(
    mask: np.ndarray,
    stack: Stack,
    *,
    tuned_voxel_size: tuple[float, float, float] | None = None,
    worked_at: tuple[float, float, float] | None = None,
) -> Quality:
    """Look for the usual signs that a result is wrong.

    Parameters
    ----------
    mask : (Z, Y, X) ndarray of bool or int
        The result: a mask, or labels.
    stack : Stack
        What it was found in.
    tuned_voxel_size : tuple of float, optional
        The voxel size, (z, y, x) in um, that the parameters were made for; compared with that of the stack.
    worked_at : tuple of float, optional
        The voxel size that the steps saw, if the stack was resampled for them.

    Returns
    -------
    quality : Quality
        Numbers, and one sentence for each thing to look at.

    Raises
    ------
    TypeError
        If ``mask`` is not bool or int.
    ValueError
        If its shape is not that of the stack, or if it holds negative numbers.
    """
    labels = _labels(mask, stack, 26, False)
    _checks.image(stack.raw)
    found = labels > 0
    saturated = _saturated(stack.raw)
    faces = [labels[:, [0, -1]], labels[:, :, [0, -1]]] + [labels[[0, -1]]] * (len(labels) > 1)
    count = int(np.count_nonzero(np.bincount(labels.ravel())[1:]))
    at_border = len(set().union(*(np.unique(face).tolist() for face in faces)) - {0})
    fraction = float(found.mean())
    saturated_found = float(saturated[found].mean()) if count else 0.0
    warnings = [
        *_amount_warnings(fraction, count),
        *_saturation_warnings(float(saturated.mean()), saturated_found),
        *_border_warnings(count, at_border),
        *_size_warnings(stack, tuned_voxel_size, worked_at or stack.voxel_size),
    ]
    return Quality(fraction, float(saturated.mean()), count, at_border, warnings)


def _labels(array: np.ndarray, stack: Stack, connectivity: int, filled: bool) -> np.ndarray:
    """Return int32 labels of a mask or of labels; check them against the stack."""
    labels = _checks.labels(array, "mask_or_labels")
    _checks.same_shape(labels, stack.raw, "mask and stack.raw")
    if connectivity not in (6, 26):
        raise ValueError(f"connectivity must be 26 (faces, edges and corners) or 6 (faces), got {connectivity!r}")
    if array.dtype != bool:
        return labels
    if filled:
        array = ndimage.binary_fill_holes(array[0])[None] if len(array) == 1 else fill_holes(array)
    return components(array, connectivity)


def _row(label: int, inside: np.ndarray, box: tuple[slice, slice, slice], stack: Stack, filled: bool) -> tuple:
    """Return one object's label, volume, surface, centroid, mean and total intensity, voxels, and whether it is cut by the border."""
    flat = stack.raw.shape[0] == 1
    size = stack.voxel_size[1:] if flat else stack.voxel_size
    if filled:
        inside = ndimage.binary_fill_holes(inside[0])[None] if flat else ndimage.binary_fill_holes(inside)
    values = stack.raw[box][inside]
    total = float(values.sum(dtype=np.float64))
    indices = np.nonzero(inside)
    centroid = [(axis.mean() + part.start) * length for axis, part, length in zip(indices, box, stack.voxel_size)]
    boundary = _patches(inside[0] if flat else inside) @ _patch_areas(size)
    sides = list(zip(box, stack.raw.shape))[flat:]
    cut = any(part.start == 0 or part.stop == length for part, length in sides)
    return (label, len(values) * np.prod(size), boundary, *centroid, total / len(values), total, len(values), cut)


def _patches(inside: np.ndarray) -> np.ndarray:
    """Return how often each kind of 2 x 2 x 2 block (2 x 2 in one plane) occurs in the mask with a border of background around it.

    The kind is a number of 8 (4) bits, one for each voxel of the block: bit z + 2 y + 4 x.
    """
    kind = np.pad(inside.view(np.uint8), 1)
    for axis in range(inside.ndim):
        pairs = np.moveaxis(kind, axis, 0)
        kind = np.moveaxis(pairs[:-1] | pairs[1:] << 2**axis, 0, axis)
    return np.bincount(kind.ravel(), minlength=2 ** (2**inside.ndim))


@lru_cache(maxsize=32)
def _patch_areas(size: tuple[float, ...]) -> np.ndarray:
    """Return the area of the mesh in each kind of block; in one plane the length of the outline."""
    from skimage.measure import find_contours, marching_cubes, mesh_surface_area

    kinds = 2 ** (2 ** len(size))
    areas = np.zeros(kinds)
    for kind in range(1, kinds - 1):
        bits = [kind >> bit & 1 for bit in range(2 ** len(size))]
        block = np.array(bits, float).reshape((2,) * len(size)).T
        if len(size) == 3:
            vertices, faces, *_ = marching_cubes(block, 0.5, spacing=size)
            areas[kind] = mesh_surface_area(vertices, faces)
        else:
            areas[kind] = sum(np.linalg.norm(np.diff(line * size, axis=0), axis=1).sum() for line in find_contours(block, 0.5))
    return areas


def _sphericity(volume: "pd.Series", surface: "pd.Series") -> "pd.Series":
    return np.pi ** (1 / 3) * (6 * volume) ** (2 / 3) / surface


def _circularity(area: "pd.Series", perimeter: "pd.Series") -> "pd.Series":
    return 4 * np.pi * area / perimeter**2


def _saturated(raw: np.ndarray) -> np.ndarray:
    """Return where the camera reached the end of its range: the largest number of the type, or a value that far too many voxels share.

    Many cameras stop below the type's end (4095 of 65535): then the highest value is more frequent than the whole 256th part of the range
    below it together.
    """
    highest = raw.max()
    at_end = raw == highest
    if raw.dtype.kind in "iu" and highest == np.iinfo(raw.dtype).max:
        return at_end
    step = (float(highest) - float(raw.min())) / 256
    just_below = np.count_nonzero(raw >= float(highest) - step) - np.count_nonzero(at_end)
    return at_end if np.count_nonzero(at_end) > max(10, just_below) else np.zeros_like(at_end)


def _amount_warnings(fraction: float, count: int) -> list[str]:
    if count == 0:
        return ["Nothing was found: lower the cutoff, and look whether this is the right channel."]
    if fraction > MUCH:
        return [f"{fraction:.0%} of the stack was found: raise the cutoff, unless the structure does fill the field."]
    if fraction < LITTLE:
        return [
            f"Nearly nothing was found ({fraction:.2g} of the stack): look at the overlay, and lower the cutoff if structure is missing."
        ]
    return []


def _saturation_warnings(fraction: float, fraction_found: float) -> list[str]:
    if fraction <= SATURATED and fraction_found <= SATURATED_FOUND:
        return []
    return [
        f"{fraction:.1%} of the voxels, and {fraction_found:.0%} of those found, are at the end of the camera's range: "
        "their intensities are not to be trusted; look at the histogram, and take new images with less light."
    ]


def _border_warnings(count: int, at_border: int) -> list[str]:
    if count < 2 or at_border <= CUT * count:
        return []
    return [f"{at_border} of {count} objects touch the border of the stack and may be cut: leave them out where size or shape matters."]


def _size_warnings(stack: Stack, tuned: tuple[float, float, float] | None, worked_at: tuple[float, float, float]) -> list[str]:
    if tuned is None:
        return []
    if absurd := absurd_voxel_size(stack.raw.shape, stack.voxel_size, tuned):
        return [absurd]
    warnings = []
    first = 0 if len(stack.raw) > 1 else 1
    for axis, what in ((0, "Planes are {} um apart"), (2, "A pixel is {} um"))[first:]:
        own, wanted = stack.voxel_size[axis], tuned[axis]
        made_for = f"{what.format(f'{own:.3g}')}, the parameters were made for {wanted:.3g} um: "
        if not 1 / FAR <= worked_at[axis] / wanted <= FAR:
            warnings.append(f"{made_for}run the workflow with voxel_size, in a notebook on tuned = run.at_tuned_size(stack).")
        elif own > TRIED * wanted:
            warnings.append(f"{made_for}what is finer was not imaged, and no resampling brings it back; look at the overlay.")
    return warnings
