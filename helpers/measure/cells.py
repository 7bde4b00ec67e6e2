"""Numbers per cell: how much structure each cell holds, how bright it is, and how far from the nucleus and from the cell's outline it lies.

Lengths are in um, whatever the shape of the voxels. The label images may come from any program, and their numbers need not agree: a nucleus
belongs to the cell that holds the largest part of it.
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import ndimage

from helpers import _checks
from helpers.classic import components
from helpers.images import Stack
from helpers.metrics import contingency
from helpers.metrics.contingency import numbered, object_sizes

if TYPE_CHECKING:
    import pandas as pd

CELL_COLUMNS = ("cell", "nuclei", "count", "volume_um3", "fraction_of_cell", "fraction_of_nucleus", "fraction_of_cytoplasm",
                "mean_intensity", "total_intensity", "nucleus_distance_median_um", "nucleus_distance_mean_um",
                "membrane_distance_median_um", "membrane_distance_mean_um", "cell_volume_um3", "nucleus_volume_um3",
                "touches_side", "touches_top_or_bottom")  # fmt: skip
"""Columns of the table of `cells`; for one plane ``area_um2`` stands in place of ``volume_um3``."""

MASK_VALUE = 255  # the foreground of a mask, as most programs save it


class CellNumbers(NamedTuple):
    """What `cells` measured.

    Attributes
    ----------
    table : pandas.DataFrame
        One row per cell.
    distances : pandas.DataFrame
        One row per voxel of the structure that lies in a cell: ``cell, nucleus_um, membrane_um``.
    notes : list of str
        What was taken for what, and what was left out, in sentences.
    """

    table: "pd.DataFrame"
    distances: "pd.DataFrame"
    notes: list[str]


class _Cells(NamedTuple):
    """The label images in the form in which they are measured: cells are numbered 1, 2, 3... without gaps."""

    names: np.ndarray  # the number that each had in the label image; 0 for none
    labels: np.ndarray  # cells
    own: np.ndarray  # the cell to which the nucleus at a voxel belongs; 0 where there is none
    nuclei: np.ndarray  # how many nuclei each cell has
    outlined: bool  # the cells were given: they have an outline
    nucleated: bool  # nuclei were given


def cells(
    mask_or_labels: np.ndarray,
    stack: Stack,
    cell_labels: np.ndarray | None = None,
    nucleus_labels: np.ndarray | None = None,
    *,
    connectivity: int = 26,
) -> CellNumbers:
    """Measure a structure in every cell.

    Volumes, intensities and distances go voxel by voxel: of an object on the border of two cells each cell gets its part. An object is counted
    once, for the cell that holds the largest part of it; a tie goes to the cell with the smaller number.

    Distances are those of the voxels of the structure, from centre to centre: to the nearest voxel of a nucleus *of the same cell*, 0 within
    it, and to the nearest voxel outside of the cell. A voxel that touches the nucleus or the outline from within is one voxel away from it. The
    border of the image is no membrane: near it, distances are those to what is seen.

    Parameters
    ----------
    mask_or_labels : (Z, Y, X) or (Y, X) ndarray of bool or int
        The structure. A mask is split into connected components; integers are labels, 0 is background.
    stack : Stack
        Where the intensities and the voxel size come from.
    cell_labels : (Z, Y, X) or (Y, X) ndarray of int, optional
        One number per cell, 0 outside; a mask (bool, or 0 and 255) is split into connected components. Not given: the image is one cell.
    nucleus_labels : (Z, Y, X) or (Y, X) ndarray of int, optional
        The same for nuclei; the numbers need not be those of the cells.
    connectivity : {26, 6}
        Which voxels of a mask belong together, see `helpers.measure.objects`.

    Returns
    -------
    numbers : CellNumbers
        ``table`` has one row per cell, in the order of the numbers, and a row ``cell = 0`` in front if structure lies outside of all cells:

        - ``nuclei``: how many belong to the cell; ``count``: objects of the structure.
        - ``volume_um3`` of the structure, and its part of the volume of the cell, of its nuclei within the cell, and of the rest, the cytoplasm.
        - ``mean_intensity``, ``total_intensity`` of the raw values at the voxels of the structure.
        - ``nucleus_distance_...``, ``membrane_distance_...``: median and mean over the voxels of the structure.
        - ``cell_volume_um3``, ``nucleus_volume_um3`` (the part within the cell).
        - ``touches_side``: cut by the border of the image in the plane; ``touches_top_or_bottom``: by the first or the last plane.

        NaN stands for what there is no answer to: a distance without a nucleus, a mean of no voxels.

    Raises
    ------
    TypeError
        If an array is not one of bool or whole numbers.
    ValueError
        If a shape is not that of the stack, a label is negative, a label image is empty, no nucleus lies in a cell, or ``connectivity`` is
        neither 26 nor 6.

    Examples
    --------
    >>> mask, two_cells = np.zeros((1, 4, 8), bool), np.ones((1, 4, 8), int)
    >>> mask[0, 1, 1:3] = mask[0, 2, 3:6] = True
    >>> two_cells[..., 4:] = 2
    >>> stack = Stack(np.full(mask.shape, 7, np.uint16), (1.0, 0.5, 0.5), "plane")
    >>> cells(mask, stack, two_cells).table[["cell", "count", "area_um2", "fraction_of_cell", "total_intensity"]]
       cell  count  area_um2  fraction_of_cell  total_intensity
    0     1      1      0.75            0.1875             21.0
    1     2      0      0.50            0.1250             14.0
    """
    structure = _labels_of_structure(mask_or_labels, stack, connectivity)
    notes: list[str] = []
    known = _arranged(stack, cell_labels, nucleus_labels, notes)
    distances = _distances(structure > 0, stack, known)
    table = _table(structure, stack, known, distances)
    outside = int(np.count_nonzero(structure[known.labels == 0]))
    if outside:
        share = outside / np.count_nonzero(structure)
        notes.append(f"{share:.1%} of the structure lies outside of all cells: it is row 0 of the table.")
    return CellNumbers(table, distances, notes)


def labels_like(array: np.ndarray, stack: Stack, name: str = "cell_labels", notes: list[str] | None = None) -> np.ndarray:
    """Return int32 labels of the shape of a stack, from labels or from a mask; raise a sentence if they do not fit.

    Parameters
    ----------
    array : (Z, Y, X) or (Y, X) ndarray of bool or int
        Labels, 0 is background; a mask (bool, or 0 and 255) is split into connected components. (Y, X) for a stack of one plane only.
    stack : Stack
        What the labels belong to.
    name : str
        What the sentences call them.
    notes : list of str, optional
        Gets a sentence if a mask was split.

    Returns
    -------
    labels : (Z, Y, X) ndarray of int32

    Raises
    ------
    TypeError
        If it is not an array of bool or whole numbers.
    ValueError
        If the shape is not that of the stack, a label is negative, or all are 0.

    Examples
    --------
    >>> stack = Stack(np.zeros((1, 2, 5)), (1, 1, 1), "plane")
    >>> labels_like(np.array([[255, 0, 255, 255, 0], [255, 0, 0, 0, 0]]), stack)
    array([[[1, 0, 2, 2, 0],
            [1, 0, 0, 0, 0]]], dtype=int32)
    """
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "iub":
        kind = getattr(array, "dtype", type(array).__name__)
        raise TypeError(f"{name} must be whole numbers, one per object and 0 outside, got {kind}: give the label image, not intensities")
    if array.ndim == 2 and len(stack.raw) == 1:
        array = array[None]
    if array.shape != stack.raw.shape:
        got, wanted = ("x".join(map(str, shape)) for shape in (array.shape, stack.raw.shape))
        raise ValueError(f"{name} is {got} voxels, the image {stack.name} is {wanted}: give the labels of this image, cropped as it is")
    if not array.any():
        raise ValueError(f"{name} is 0 everywhere: there is nothing in it; check the file")
    if array.dtype == bool or (array.max() == MASK_VALUE and array.min() == 0 and not ((array > 0) & (array < MASK_VALUE)).any()):
        labels = components(array > 0)
        if notes is not None:
            notes.append(f"{name} is a mask: its {labels.max()} connected pieces were taken as one object each; those that touch are one.")
        return labels
    labels = _checks.labels(array, name)
    if notes is not None and labels.max() == labels[labels > 0].min() and (pieces := int(components(labels > 0).max())) > 1:
        notes.append(f"{name} holds one number only, in {pieces} pieces: they were taken as one object; give a mask (bool) to part them.")
    return labels


def _labels_of_structure(array: np.ndarray, stack: Stack, connectivity: int) -> np.ndarray:
    """Return the objects of the structure, numbered without gaps."""
    if connectivity not in (6, 26):
        raise ValueError(f"connectivity must be 26 (faces, edges and corners) or 6 (faces), got {connectivity!r}")
    if isinstance(array, np.ndarray) and array.ndim == 2 and len(stack.raw) == 1:
        array = array[None]
    labels = _checks.labels(array, "mask_or_labels")
    _checks.same_shape(labels, stack.raw, "mask and stack.raw")
    return components(array, connectivity) if array.dtype == bool else numbered(labels, object_sizes(labels)[0])


def _arranged(stack: Stack, cell_labels: np.ndarray | None, nucleus_labels: np.ndarray | None, notes: list[str]) -> _Cells:
    """Check the label images, number them without gaps, and give each nucleus to a cell."""
    outlined, nucleated = cell_labels is not None, nucleus_labels is not None
    if outlined:
        labels = labels_like(cell_labels, stack, "cell_labels", notes)
    else:
        labels = np.ones(stack.raw.shape, np.int32)
        notes.append("No cells were given: the whole image is taken as one cell.")
    names = object_sizes(labels)[0]
    labels = numbered(labels, names)
    names = np.append(0, names)
    if not nucleated:
        return _Cells(names, labels, np.zeros_like(labels), np.zeros(names.size, int), outlined, nucleated)
    numbers = labels_like(nucleus_labels, stack, "nucleus_labels", notes)
    nucleus_names = object_sizes(numbers)[0]
    numbers = numbered(numbers, nucleus_names)
    home = largest_part(numbers, labels)
    if not home.any():
        raise ValueError("no nucleus lies in a cell: nucleus_labels and cell_labels are of different images, or shifted")
    nuclei = np.bincount(home[home > 0], minlength=names.size)
    without = nucleus_names[home[1:] == 0]
    if without.size:
        notes.append(f"{without.size} of {nucleus_names.size} nuclei lie outside of all cells, and are left out: {_some(without)}.")
    for what, those in (("no nucleus", names[1:][nuclei[1:] == 0]), ("more than one nucleus", names[1:][nuclei[1:] > 1])):
        if those.size and outlined:
            notes.append(f"{those.size} of {names.size - 1} cells have {what}: {_some(those)}.")
    return _Cells(names, labels, home[numbers].astype(np.int32), nuclei, outlined, nucleated)


def largest_part(objects: np.ndarray, regions: np.ndarray) -> np.ndarray:
    """Return, for each object by its number, the region that holds the largest part of it; 0 if most of it lies in none.

    Parameters
    ----------
    objects, regions : ndarray of int
        Label images of one shape; 0 is background.

    Returns
    -------
    regions : (N + 1,) ndarray of int
        By number of the object, 0 for those that do not occur. A tie goes to the region with the smaller number, and to one rather than to none.

    Examples
    --------
    >>> largest_part(np.array([1, 1, 1, 0, 2, 2]), np.array([7, 8, 8, 8, 0, 3]))
    array([0, 8, 3])
    """
    home = np.zeros(int(objects.max()) + 1, int)
    # Background takes part under the highest number: it then loses every tie.
    last = int(regions.max()) + 1
    pairs = contingency(objects, np.where(regions > 0, regions, last))
    order = np.lexsort((-pairs.found_labels[pairs.pair_found], pairs.shared))  # the largest, and of those the smallest number, comes last
    home[pairs.truth_labels[pairs.pair_truth[order]]] = pairs.found_labels[pairs.pair_found[order]]
    return np.where(home == last, 0, home)


def _distances(found: np.ndarray, stack: Stack, known: _Cells) -> "pd.DataFrame":
    """Return cell and both distances of every voxel of the structure that lies in a cell."""
    import pandas as pd

    to_nucleus, to_outside = np.full(found.shape, np.nan, np.float32), np.full(found.shape, np.nan, np.float32)
    for cell, box in enumerate(_boxes(known), start=1):
        inside, nucleus = known.labels[box] == cell, known.own[box] == cell
        if not (found[box] & inside).any():
            continue
        if nucleus.any():
            np.copyto(to_nucleus[box], _distance_to(nucleus, stack.voxel_size), where=inside)
        if known.outlined and not inside.all():
            np.copyto(to_outside[box], _distance_to(~inside, stack.voxel_size), where=inside)
    here = found & (known.labels > 0)
    columns = {"cell": known.names[known.labels[here]], "nucleus_um": to_nucleus[here], "membrane_um": to_outside[here]}
    return pd.DataFrame(columns)


def _boxes(known: _Cells) -> list[tuple[slice, ...]]:
    """Return, for each cell, the box that holds it, its nuclei, and one voxel around: the voxel nearest to a cell, outside of it, lies there."""
    boxes = list(ndimage.find_objects(known.labels))
    for place, nuclei in enumerate(ndimage.find_objects(known.own)):
        if nuclei is not None:
            boxes[place] = tuple(slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(boxes[place], nuclei))
    return [tuple(slice(max(part.start - 1, 0), part.stop + 1) for part in box) for box in boxes]


def _distance_to(target: np.ndarray, voxel_size: tuple[float, float, float]) -> np.ndarray:
    """Return the distance of each voxel to the nearest one of a mask, centre to centre."""
    import edt

    return edt.edt(np.ascontiguousarray(~target), anisotropy=voxel_size, black_border=False)


def _table(structure: np.ndarray, stack: Stack, known: _Cells, distances: "pd.DataFrame") -> "pd.DataFrame":
    import pandas as pd

    flat = len(stack.raw) == 1
    unit = float(np.prod(stack.voxel_size[1:] if flat else stack.voxel_size))
    bins = known.names.size
    found = structure > 0
    where = known.labels[found]
    amount, total = np.bincount(where, minlength=bins), np.bincount(where, stack.raw[found].astype(float), minlength=bins)
    size = np.bincount(known.labels.ravel(), minlength=bins)
    own = (known.own == known.labels) & (known.labels > 0)
    nuclear = np.bincount(known.labels[own], minlength=bins)
    amount_nuclear = np.bincount(known.labels[own & found], minlength=bins)
    count = np.bincount(largest_part(structure, known.labels)[1:], minlength=bins)
    with np.errstate(divide="ignore", invalid="ignore"):
        columns = {
            "cell": known.names, "nuclei": known.nuclei, "count": count, "measure": amount * unit,
            "fraction_of_cell": amount / size,
            "fraction_of_nucleus": amount_nuclear / nuclear,
            "fraction_of_cytoplasm": (amount - amount_nuclear) / (size - nuclear) if known.nucleated else np.full(bins, np.nan),
            "mean_intensity": total / amount, "total_intensity": total,
        }  # fmt: skip
    by_cell = distances.groupby("cell").agg(["median", "mean"]).reindex(known.names).astype(float)
    for name in ("nucleus", "membrane"):
        for what in ("median", "mean"):
            columns[f"{name}_distance_{what}_um"] = by_cell[f"{name}_um", what].to_numpy()
    columns["cell_volume_um3"] = size * unit
    columns["nucleus_volume_um3"] = nuclear * unit if known.nucleated else np.full(bins, np.nan)
    columns |= _cut(known.labels, bins, flat)
    table = pd.DataFrame(columns)
    table.loc[0, [name for name in table if name.startswith(("fraction", "cell_volume", "nucleus_volume"))]] = np.nan
    table = table[(table["cell"] > 0) | (amount > 0)].reset_index(drop=True)
    return table.set_axis([_in_plane(name) if flat else name for name in CELL_COLUMNS], axis=1)


def _cut(labels: np.ndarray, bins: int, flat: bool) -> dict[str, np.ndarray]:
    """Return, by cell, whether the border of the image cuts it in the plane, and along z."""
    faces = {
        "touches_side": [labels[:, [0, -1]], labels[:, :, [0, -1]]],
        "touches_top_or_bottom": [] if flat else [labels[[0, -1]]],
    }
    at = {
        name: np.isin(np.arange(bins), np.concatenate([part.ravel() for part in [*parts, np.zeros(1, int)]]))
        for name, parts in faces.items()
    }
    return {name: cut & (np.arange(bins) > 0) for name, cut in at.items()}


def _in_plane(name: str) -> str:
    return name.replace("volume_um3", "area_um2")


def _some(numbers: np.ndarray, shown: int = 8) -> str:
    more = len(numbers) - shown
    return ", ".join(map(str, numbers[:shown])) + (f" and {more} more" if more > 0 else "")
