"""One result made of two: inside what was drawn the first, outside the second."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from helpers import images
from helpers.curation.regions import Region, as_mask, write_regions
from helpers.images import Stack

HIGHEST = 2**26  # number of an object; a table of that length is made


def merge(inside: np.ndarray, outside: np.ndarray, where: "np.ndarray | Iterable[Region]") -> np.ndarray:
    """Take one result inside of what was drawn, and another outside.

    Of label images, those objects from outside that have the number of an object taken inside get a new number, so that no two become one.
    An object that the outline cuts is cut: draw along gaps.

    Parameters
    ----------
    inside, outside : (Z, Y, X) ndarray of bool or int
        Two results for one image: both masks, or both label images.
    where : regions, or (Z, Y, X) or (Y, X) ndarray of bool
        As `as_mask` takes it.

    Returns
    -------
    merged : (Z, Y, X) ndarray of bool or int32

    Raises
    ------
    TypeError
        If one is a mask and the other labels, or they hold no whole numbers.
    ValueError
        If the shapes differ.

    References
    ----------
    .. [1] Chen, J. et al. (2018) The Allen Cell and Structure Segmenter. bioRxiv 491035. :DOI:`10.1101/491035`

    Examples
    --------
    >>> first, second = np.ones((1, 1, 4), int), np.array([[[1, 1, 2, 2]]])
    >>> merge(first, second, np.array([[True, False, False, False]])).tolist()
    [[[1, 3, 2, 2]]]
    """
    _same_kind(inside, outside)
    mask = as_mask(where, inside.shape)
    if inside.dtype == bool:
        return np.where(mask, inside, outside)
    highest = int(max(inside.max(), outside.max()))
    taken, kept = np.zeros((2, highest + 1), bool)
    taken[inside[mask]] = True
    kept[outside[~mask]] = True
    clashing = np.flatnonzero(taken & kept)
    clashing = clashing[clashing > 0]
    renamed = np.arange(highest + 1, dtype=np.int32)
    renamed[clashing] = highest + 1 + np.arange(len(clashing))
    return np.where(mask, inside, renamed[outside]).astype(np.int32, copy=False)


def save_merged(
    folder: str | Path,
    stack: Stack,
    inside: np.ndarray,
    outside: np.ndarray,
    regions: "list[Region] | np.ndarray",
    *,
    sources: Mapping[str, str | Path] | None = None,
    excluded: "list[Region] | np.ndarray" = (),
    cost: np.ndarray | None = None,
    seconds: float = 0.0,
    who: str = "",
    choice: Mapping[str, Any] | None = None,
) -> dict[str, Path]:
    """Save a merged result with the regions it was made by and a record; all files or none.

    Parameters
    ----------
    folder : str or Path
    stack : Stack
        The image.
    inside, outside, regions
        As `merge` takes them.
    sources : mapping of str to path, optional
        Where ``inside`` and ``outside`` came from, for the record.
    excluded : regions or mask
        What is to be left out of training.
    cost : (Z, Y, X) ndarray of float, optional
        As `cost_map` makes it.
    seconds, who
        How long it took, hands on, and who did it; for the record.
    choice : mapping, optional
        ``channel, scene, time`` of the image in its file, for the record.

    Returns
    -------
    paths : dict of str to Path
        ``merged``, ``regions`` or ``where``, ``excluded`` and ``cost`` if there are any, ``record``. `queue` finds such results.

    Raises
    ------
    TypeError, ValueError
        As `merge`; or if a shape is not that of the image.
    OSError
        If the folder cannot be written. What was there before is left as it was.
    """
    merged = merge(inside, outside, regions)
    if merged.shape != stack.raw.shape:
        raise ValueError(f"the results have {merged.shape} voxels (Z, Y, X), the image {stack.raw.shape}: they do not belong together")
    left_out = as_mask(excluded, merged.shape)
    if cost is not None and cost.shape != merged.shape:
        raise ValueError(f"cost has {cost.shape} voxels (Z, Y, X), the image {merged.shape}: make it with cost_map")
    drawn = not isinstance(regions, np.ndarray)
    arrays = {
        "merged": merged,
        "where": None if drawn else as_mask(regions, merged.shape),
        "excluded": left_out if left_out.any() else None,
        "cost": cost,
    }
    stem = f"{stack.name}_merged"
    endings = {"merged": "mask" if merged.dtype == bool else "labels"}
    names = {what: f"{stem}_{endings.get(what, what)}.ome.tif" for what, array in arrays.items() if array is not None}
    names |= {"regions": f"{stem}_regions.json"} if drawn else {}
    with images.together(folder) as temporary:
        for what, array in arrays.items():
            if array is not None:
                images.write(temporary / names[what], array, stack.voxel_size)
        if drawn:
            write_regions(temporary / names["regions"], regions, merged.shape)
        parameters = {"sources": {key: str(path) for key, path in (sources or {}).items()}, "who": who, "hands_on_s": seconds}
        record = images.record(
            stack=stack, workflow="merged", parameters=parameters, **(choice or {}), outputs=[temporary / name for name in names.values()]
        )
        images.write_record(temporary / f"{stem}_record.json", record)
    return {what: Path(folder) / name for what, name in {**names, "record": f"{stem}_record.json"}.items()}


def _same_kind(inside: np.ndarray, outside: np.ndarray) -> None:
    for array, name in ((inside, "inside"), (outside, "outside")):
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "biu":
            raise TypeError(f"{name} must be a mask or labels, got {getattr(array, 'dtype', type(array).__name__)}")
    if inside.ndim != 3 or inside.shape != outside.shape:
        raise ValueError(
            f"two results for one image are wanted, both (Z, Y, X), got {inside.shape} and {outside.shape}: they do not belong together"
        )
    if (inside.dtype == bool) != (outside.dtype == bool):
        raise TypeError(
            f"two masks or two label images are wanted, got {inside.dtype} and {outside.dtype}: make labels of the mask with classic.components"
        )
    if inside.dtype != bool:
        low, high = min(int(array.min()) for array in (inside, outside)), max(int(array.max()) for array in (inside, outside))
        if low < 0 or high > HIGHEST:
            raise ValueError(f"labels must lie between 0 and {HIGHEST}, got {low} to {high}: number the objects anew")
