"""Training images, each with its truth and how much each voxel counts: from a folder or a table, checked before anything is trained.

The published convention: ``X.ome.tif`` is the image, ``X_GT.ome.tif`` the truth (0 and 1), ``X_CM.ome.tif`` the cost map (0 excludes a voxel).

Source: Chen, J. et al. (2018) The Allen Cell and Structure Segmenter. bioRxiv 491035. :DOI:`10.1101/491035`
"""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from helpers import _checks, images
from helpers.learning.normalization import DEFAULT, normalize

if TYPE_CHECKING:
    import pandas as pd

TRUTH, COST = "_GT", "_CM"
SUFFIXES = (".ome.tif", ".ome.tiff", ".tif", ".tiff")


class Example(NamedTuple):
    """One training image."""

    name: str
    normalized: np.ndarray
    """(channels, Z, Y, X) of float32."""
    truth: np.ndarray
    """(Z, Y, X) of uint8: the class of each voxel, 0 background."""
    cost: np.ndarray
    """(Z, Y, X) of float32: how much a voxel counts; 0 excludes it."""
    voxel_size: tuple[float, float, float] | None = None


def pairs_in_folder(folder: str | Path) -> "pd.DataFrame":
    """List the training images of a folder in the published convention.

    Parameters
    ----------
    folder : str or Path

    Returns
    -------
    table : pandas.DataFrame
        One row an image: ``name``, and the paths ``raw``, ``truth`` and ``cost`` (empty where no image has a cost map).

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    ValueError
        If it holds no truth, an image or a truth has no partner, only some images have a cost map, or two files have one name but for the
        ending.
    """
    import pandas as pd

    folder = Path(folder).expanduser()
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder.absolute()}: give the folder of X.ome.tif, X_GT.ome.tif and X_CM.ome.tif")
    files: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        other = files.setdefault(_stem(path), path)
        if _stem(path) and other != path:
            raise ValueError(f"{other.name} and {path.name} in {folder} would be one image: take one of them away")
    files.pop("", None)
    truths = {stem.removesuffix(TRUTH): path for stem, path in files.items() if stem.endswith(TRUTH)}
    costs = {stem.removesuffix(COST): path for stem, path in files.items() if stem.endswith(COST)}
    raws = {stem: path for stem, path in files.items() if not stem.endswith((TRUTH, COST))}
    if not truths:
        raise ValueError(f"{folder} holds no truth: for an image X.ome.tif, name the truth X_GT.ome.tif")
    for stem in sorted(raws.keys() | truths.keys() | costs.keys()):
        if stem not in raws:
            raise ValueError(f"{stem} has no image in {folder}: add {stem}.ome.tif, or take its other files away")
        if stem not in truths:
            raise ValueError(f"{stem} has no truth in {folder}: add {stem}_GT.ome.tif, or take the image away")
        if costs and stem not in costs:
            raise ValueError(
                f"{stem} has no cost map in {folder}, and other images have one: add {stem}_CM.ome.tif (1 everywhere counts all)"
            )
    rows = [(stem, str(raws[stem]), str(truths[stem]), str(costs.get(stem, ""))) for stem in sorted(raws)]
    return pd.DataFrame(rows, columns=["name", "raw", "truth", "cost"])


def pairs_in_table(path: str | Path) -> "pd.DataFrame":
    """Read a table of training images: a CSV file with the columns ``raw`` and ``truth``, and if you like ``cost`` and ``name``.

    Paths are taken from the folder of the table, unless they are absolute.

    Raises
    ------
    FileNotFoundError
        If the table, or a file in it, is not there.
    ValueError
        If it is no such table, or two images have one name.
    """
    import pandas as pd

    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"there is no table {path.absolute()}: give a CSV file with the columns raw and truth")
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, skipinitialspace=True)
    except (ValueError, UnicodeDecodeError) as error:
        raise ValueError(f"{path.name} cannot be read as a table: give a CSV file with the columns raw and truth") from error
    if not {"raw", "truth"} <= set(table.columns) or table.empty:
        raise ValueError(f"{path.name} must have the columns raw and truth and at least one row, got {', '.join(table.columns)}")
    for column in ("raw", "truth", "cost"):
        given = table[column] if column in table else pd.Series("", index=table.index)
        table[column] = [str(path.parent / each) if each else "" for each in given]
    if "name" not in table:
        table["name"] = [images.safe_name(each) for each in table["raw"]]
    if table["name"].duplicated().any():
        raise ValueError(f"{path.name} has two images of the name {table['name'][table['name'].duplicated()].iloc[0]!r}: add a column name")
    for missing in (each for column in ("raw", "truth", "cost") for each in table[column] if each and not Path(each).is_file()):
        raise FileNotFoundError(f"there is no file {missing}, which {path.name} names: correct the table")
    return table[["name", "raw", "truth", "cost"]]


def read_examples(
    table: "pd.DataFrame",
    *,
    normalization: Sequence[Sequence] = DEFAULT,
    channels: Sequence[int | str] = ("",),
    voxel_size: Sequence[float] = (),
    classes: int = 2,
) -> list[Example]:
    """Read, check and normalize training images.

    They are all held in memory: 9 bytes a voxel.

    Parameters
    ----------
    table : pandas.DataFrame
        As `pairs_in_folder` gives it.
    normalization : recipe
        See `normalize`; every channel is normalized by itself. ``[["as_it_is"]]`` for files that were normalized before.
    channels : sequence of int or str
        Of the raw files; "" is the only one.
    voxel_size : sequence of 3 float, optional
        (z, y, x) in um, instead of what the files say.
    classes : int
        2 for a mask; more where the truth numbers several kinds.

    Returns
    -------
    examples : list of Example

    Raises
    ------
    FileNotFoundError, TypeError, ValueError
        The first file that cannot be used, and why, in a sentence.
    """
    found = []
    for row in table.itertuples():
        stacks = [images.read(row.raw, channel, voxel_size=voxel_size or _own_or_any(row.raw, channel)) for channel in channels]
        truth = images.read(row.truth, voxel_size=(1, 1, 1)).raw
        cost = images.read(row.cost, voxel_size=(1, 1, 1)).raw if row.cost else None
        try:
            normalized = np.stack([normalize(stack.raw, normalization) for stack in stacks])
        except (TypeError, ValueError) as error:
            raise type(error)(f"{row.name}: {error}") from error
        size = stacks[0].voxel_size
        found.append(example(row.name, normalized, truth, cost, voxel_size=None if size == (1, 1, 1) else size, classes=classes))
    return found


def example(
    name: str,
    normalized: np.ndarray,
    truth: np.ndarray,
    cost: np.ndarray | None = None,
    *,
    voxel_size: Sequence[float] | None = None,
    classes: int = 2,
) -> Example:
    """Put together and check one training image.

    Parameters
    ----------
    name : str
        For sentences and records.
    normalized : (Z, Y, X) or (channels, Z, Y, X) ndarray of float
    truth : (Z, Y, X) ndarray
        bool, or 0 and 1, or 0 and 255; with more than 2 classes their numbers.
    cost : (Z, Y, X) ndarray, optional
        How much each voxel counts, at least 0; 1 everywhere if left out.
    voxel_size : (z, y, x), optional
        In um.
    classes : int

    Returns
    -------
    Example

    Raises
    ------
    TypeError, ValueError
        If shapes differ, a value is NaN or makes no sense, the truth has no foreground, or the cost excludes everything.
    """
    normalized = normalized if normalized.ndim == 4 else normalized[None]
    for channel in normalized:
        _checks.image(channel, f"{name}: the image")
    shape = normalized.shape[1:]
    for array, what in ((truth, "truth"), (cost, "cost map")):
        if array is not None and array.shape != shape:
            raise ValueError(f"{name}: the image is {_text(shape)} voxels and the {what} {_text(array.shape)}: they must be of one shape")
    classed = checked_truth(truth, name, classes)
    weights = np.ones(shape, np.float32) if cost is None else checked_cost(cost, name)
    if not ((classed > 0) & (weights > 0)).any():
        raise ValueError(
            f"{name}: the cost map excludes all of the foreground: nothing could be learned from it; change the map, or leave the image out"
        )
    return Example(name, _checks.float32(normalized), classed, weights, None if voxel_size is None else tuple(map(float, voxel_size)))


def at_voxel_size(examples: Iterable[Example], voxel_size: Sequence[float]) -> list[Example]:
    """Bring training images to voxels of another size: larger ones train many times faster, where the structure allows it.

    Parameters
    ----------
    examples : iterable of Example
        Of two classes, with known voxel sizes.
    voxel_size : sequence of 3 float
        (z, y, x) in um.

    Returns
    -------
    examples : list of Example
        A voxel is foreground where at least half of it is, and excluded where at least half of it is.

    Raises
    ------
    ValueError
        If a voxel size is not known or makes no sense, or no foreground is left.
    """
    made = []
    for each in examples:
        if each.voxel_size is None:
            raise ValueError(f"{each.name} has no voxel size, so it cannot be resampled: give voxel_size when it is read")
        normalized = np.stack([images.resample(channel, each.voxel_size, voxel_size) for channel in each.normalized])
        shape = normalized.shape[1:]
        truth = images.mask_onto(each.truth > 0, each.voxel_size, voxel_size, shape)
        counted = ~images.mask_onto(each.cost == 0, each.voxel_size, voxel_size, shape)
        cost = np.clip(images.resample(each.cost, each.voxel_size, voxel_size), 0, None) * counted
        made.append(example(each.name, normalized, truth, cost, voxel_size=voxel_size))
    return made


def checked_truth(truth: np.ndarray, name: str, classes: int = 2) -> np.ndarray:
    """Return a truth as uint8 classes; raise a sentence if it holds other values, or no foreground.

    >>> checked_truth(np.array([[[0, 255, 255]]]), "cell").tolist()
    [[[0, 1, 1]]]

    Raises
    ------
    ValueError
    """
    values = np.unique(truth)
    if classes == 2 and len(values) <= 2 and set(values.tolist()) in ({0, 1}, {0, 255}, {1}, {255}, {False, True}):
        return (truth > 0).astype(np.uint8)
    if len(values) == 1 and values[0] == 0:
        raise ValueError(f"{name}: the truth has no foreground: leave the image out, or check that it is the right file")
    if classes > 2 and set(values.tolist()) <= set(range(classes)):
        return truth.astype(np.uint8)
    wanted = "0 and 1, or 0 and 255" if classes == 2 else f"whole numbers from 0 to {classes - 1}"
    shown = ", ".join(f"{value:g}" for value in values[:4]) + (", ..." if len(values) > 4 else "")
    raise ValueError(f"{name}: the truth must hold {wanted}, got {shown}: is it a label image or the raw image?")


def checked_cost(cost: np.ndarray, name: str) -> np.ndarray:
    """Return a cost map as float32; raise a sentence if a value is negative or NaN, or it excludes everything.

    Raises
    ------
    ValueError
    """
    cost = cost.astype(np.float32)
    if not np.isfinite(cost).all() or cost.min() < 0:
        raise ValueError(f"{name}: the cost map holds negative values or NaN: 0 excludes a voxel, 1 counts it, more counts it more")
    if not cost.any():
        raise ValueError(f"{name}: the cost map is 0 everywhere and excludes the whole image: leave the image out, or change the map")
    return cost


def write_example(
    folder: str | Path,
    name: str,
    raw: np.ndarray,
    truth: np.ndarray,
    excluded: np.ndarray | None,
    voxel_size: Sequence[float],
    *,
    cost: np.ndarray | None = None,
) -> list[Path]:
    """Write one curated image into a training folder in the published convention; all three files appear, or none.

    Parameters
    ----------
    folder : str or Path
    name : str
        The files are called after it.
    raw : (Z, Y, X) ndarray
        Camera counts, or normalized intensities; as it is given.
    truth : (Z, Y, X) ndarray of bool
    excluded : (Z, Y, X) ndarray of bool, optional
        True where the truth is not to be trusted.
    voxel_size : sequence of 3 float
        (z, y, x) in um.
    cost : (Z, Y, X) ndarray, optional
        How much each voxel counts; 1 everywhere if left out. What is excluded counts 0 all the same.

    Returns
    -------
    paths : list of Path

    Raises
    ------
    TypeError, ValueError, OSError
        If the arrays do not fit each other, or cannot be written.
    """
    stem = images.safe_name(name)
    if excluded is not None:
        counted = ~_checks.mask(excluded, "excluded")
        if cost is not None:
            _checks.same_shape(cost, counted, "the cost map and what is excluded")
        cost = counted if cost is None else cost * counted
    made = example(name, raw, _checks.mask(truth, "truth"), cost)
    with images.together(folder) as temporary:
        for ending, array in (("", raw), (TRUTH, made.truth), (COST, made.cost)):
            images.write(temporary / f"{stem}{ending}.ome.tif", array, voxel_size)
    return [Path(folder) / f"{stem}{ending}.ome.tif" for ending in ("", TRUTH, COST)]


def fingerprint(examples: Iterable[Example]) -> str:
    """Return a checksum of all that is trained on: names, images, truths, cost maps, in their order."""
    digest = hashlib.sha256()
    for each in examples:
        digest.update(f"{each.name} {each.normalized.shape}".encode())
        for array in (each.normalized, each.truth, each.cost):
            digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _stem(path: Path) -> str:
    ending = next((each for each in SUFFIXES if path.name.lower().endswith(each)), "")
    return path.name[: -len(ending)] if ending and not path.name.startswith(".") else ""


def _own_or_any(path: str, channel: int | str) -> tuple[float, ...]:
    """Return no voxel size if the file says its own, else one of 1: what trains on voxels need not know it."""
    sizes = images.contents(path)["voxel_size_um"].iloc[0]
    return () if all(sizes) else (1, 1, 1)


def _text(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape))
