"""Write results so that either all of them are there, or none: OME-TIFF files, and folders of several files."""

import errno
import hashlib
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from helpers.images.stack import RESERVED, checked_voxel_size, safe_name

SUFFIXES = (".tif", ".tiff")
FULL = {errno.ENOSPC, errno.EDQUOT} if hasattr(errno, "EDQUOT") else {errno.ENOSPC}
LARGEST_CLASSIC = 2**32 - 2**25  # bytes; offsets of a plain TIFF have 32 bits
FORBIDDEN = set('<>:"|?*/\\') | {chr(code) for code in range(32)}


def write(path: str | Path, array: np.ndarray, voxel_size: Sequence[float], name: str = "") -> Path:
    """Write a mask, labels or intensities as an OME-TIFF that Fiji and napari open with the right voxel size.

    The pixels are compressed without loss (zlib). No predictor is used, because ImageJ's own reader undoes it for LZW only. The same
    array gives the same bytes. The file appears whole or not at all; a file of that name is replaced.

    Parameters
    ----------
    path : str or Path
        Ends in ``.ome.tif`` or ``.tif``; the folder is made if it is missing.
    array : (Z, Y, X) or (Y, X) ndarray
        bool is stored as uint8, 0 and 255; uint8 and uint16 as they are; other integers, taken as labels, as uint16 or else uint32;
        float as float32.
    voxel_size : sequence of 3 float
        (z, y, x) in um.
    name : str, optional
        Name of the image within the file; the stem of the file name if empty.

    Returns
    -------
    path : Path

    Raises
    ------
    TypeError
        If ``array`` is not an array of real numbers.
    ValueError
        If its shape is not (Z, Y, X) or (Y, X), a label is negative or above 2**32 - 1, or the file name does not end in ``.tif``.
    OSError
        If the folder cannot be made or written, or the disk is full.
    """
    path = _tiff_path(path)
    stored = _stored(array)
    size = checked_voxel_size(voxel_size)
    # Taken from the content, so that the same result has the same bytes.
    identity = f"{hashlib.sha256(stored.tobytes()).hexdigest()} {stored.shape} {stored.dtype} {size}"
    _write(path, stored, size, {"axes": "ZYX", "Name": name or safe_name(path)}, identity)
    return path


def write_times(
    path: str | Path, stacks: Sequence[np.ndarray], voxel_size: Sequence[float], *, interval: float | None = None, name: str = ""
) -> Path:
    """Write stacks of several time points as one OME-TIFF with a time axis (TZYX), plane by plane.

    Stored as by `write`, and with the same promises. Files of more than 4 GB become BigTIFF.

    Parameters
    ----------
    path : str or Path
        Ends in ``.ome.tif`` or ``.tif``; the folder is made if it is missing.
    stacks : sequence of (Z, Y, X) ndarray
        One for each time point, of one shape and type: bool, uint8, uint16 or float. Each is asked for twice, and let go of.
    voxel_size : sequence of 3 float
        (z, y, x) in um.
    interval : float, optional
        Seconds from one time point to the next.
    name : str, optional
        Name of the image within the file; the stem of the file name if empty.

    Returns
    -------
    path : Path

    Raises
    ------
    TypeError
        If a stack is not an array of bool, uint8, uint16 or float.
    ValueError
        If there is none, or a shape is not (Z, Y, X) or differs from that of the first; if the file name does not end in ``.tif``.
    OSError
        If the folder cannot be made or written, or the disk is full.

    Examples
    --------
    >>> import tempfile
    >>> masks = [np.ones((2, 5, 5), bool)] * 3
    >>> write_times(f"{tempfile.mkdtemp()}/masks.ome.tif", masks, [0.3, 0.1, 0.1], interval=30).name
    'masks.ome.tif'
    """
    path = _tiff_path(path)
    size = checked_voxel_size(voxel_size)
    if not len(stacks):
        raise ValueError("stacks is empty: give one stack for each time point")
    digest, shape, dtype = hashlib.sha256(), (), None
    for index in range(len(stacks)):
        stored = _stored_time(stacks[index], index)
        shape, dtype = shape or stored.shape, dtype or stored.dtype
        if (stored.shape, stored.dtype) != (shape, dtype):
            raise ValueError(f"stacks[{index}] is {stored.shape} {stored.dtype}, the first is {shape} {dtype}: all must be alike")
        digest.update(stored)
    whole = (len(stacks), *shape)
    planes = (plane for index in range(len(stacks)) for plane in _stored_time(stacks[index], index))
    described = {"axes": "TZYX", "Name": name or safe_name(path)}
    if interval is not None:
        described |= {"TimeIncrement": float(interval), "TimeIncrementUnit": "s"}
    large = int(np.prod(whole, dtype=np.int64)) * dtype.itemsize > LARGEST_CLASSIC
    identity = f"{digest.hexdigest()} {whole} {dtype} {size} {interval}"
    _write(path, planes, size, described, identity, shape=whole, dtype=dtype, bigtiff=large)
    return path


def _tiff_path(path: str | Path) -> Path:
    path = Path(path).expanduser()
    if path.suffix.lower() not in SUFFIXES:
        raise ValueError(f"{path.name} must end in .ome.tif: an OME-TIFF is written")
    return path


def _write(path: Path, stored: Any, size: tuple[float, float, float], metadata: dict[str, Any], identity: str, **how: Any) -> None:
    import tifffile

    z, y, x = size
    metadata |= {"UUID": str(uuid.uuid5(uuid.NAMESPACE_OID, identity))}
    for axis, length in zip("ZYX", size):
        metadata |= {f"PhysicalSize{axis}": length, f"PhysicalSize{axis}Unit": "\u00b5m"}
    with together(path.parent) as folder:
        tifffile.imwrite(
            folder / path.name, stored, ome=True, metadata=metadata, photometric="minisblack", compression="zlib",
            resolution=(1e4 / x, 1e4 / y), resolutionunit="CENTIMETER", **how,
        )  # fmt: skip


@contextmanager
def together(folder: str | Path) -> Iterator[Path]:
    """Give a hidden temporary folder inside ``folder``; what is written there appears in ``folder`` at the end, all at once.

    If the block raises, nothing appears, and earlier files stay as they were. Several programs can write into one folder at a time.

    Parameters
    ----------
    folder : str or Path
        Made if it is missing, with the folders above it.

    Yields
    ------
    temporary : Path
        Write here, under the final names.

    Raises
    ------
    OSError
        If the folder cannot be made or written, or the disk is full; the sentence says which.

    Examples
    --------
    >>> import tempfile
    >>> results = Path(tempfile.mkdtemp()) / "results"
    >>> with together(results) as temporary:
    ...     _ = (temporary / "count.txt").write_text("3")
    >>> [path.name for path in results.iterdir()]
    ['count.txt']
    """
    folder = Path(folder).expanduser()
    temporary = _temporary_folder(folder)
    try:
        try:
            yield temporary
        except OSError as error:
            raise said_plainly(error, folder, temporary) from error
        _move_all(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def output_path(folder: str | Path, filename: str) -> Path:
    """Return the path of a file directly inside a folder; refuse a name that would lie elsewhere or cannot be a file everywhere.

    Parameters
    ----------
    folder : str or Path
    filename : str
        A plain file name.

    Returns
    -------
    path : Path

    Raises
    ------
    ValueError
        If the name is empty, holds a separator, a colon or another character that Windows forbids, begins or ends in a way that some
        system treats as special, is reserved on Windows, or is longer than 255 bytes.

    Examples
    --------
    >>> output_path("results", "cell_tomm20_mask.ome.tif").name
    'cell_tomm20_mask.ome.tif'
    >>> output_path("results", "../cell.csv")
    Traceback (most recent call last):
    ...
    ValueError: '../cell.csv' cannot be the name of an output file: it holds '/'; use letters, digits, '.', '-' and '_'
    """
    text = str(filename)
    forbidden = sorted(set(text) & FORBIDDEN)
    reason = ""
    if forbidden:
        reason = f"it holds {forbidden[0]!r}"
    elif text.strip(". ") == "" or text != text.strip(" ") or text.endswith("."):
        reason = "it is empty, or begins or ends with a blank or a dot"
    elif text.split(".")[0].rstrip().upper() in RESERVED:
        reason = "it is reserved on Windows"
    elif len(text.encode("utf-8", "surrogatepass")) > 255:
        reason = "it is longer than 255 bytes"
    if reason:
        raise ValueError(f"{text!r} cannot be the name of an output file: {reason}; use letters, digits, '.', '-' and '_'")
    return Path(folder) / text


def _stored(array: np.ndarray) -> np.ndarray:
    """Return the array as C-contiguous (Z, Y, X) in the type it is stored in."""
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf":
        raise TypeError(f"array must hold real numbers, got {getattr(array, 'dtype', type(array).__name__)}")
    if array.ndim not in (2, 3) or 0 in array.shape:
        raise ValueError(f"array must be (Z, Y, X) or (Y, X) and not empty, got {array.shape}: write one channel at a time")
    array = array if array.ndim == 3 else array[None]
    if array.dtype == bool:
        return array.astype(np.uint8) * np.uint8(255)
    if array.dtype.kind == "f":
        return np.ascontiguousarray(array, dtype=np.float32)
    if array.dtype in (np.uint8, np.uint16):
        return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("="))
    low, high = int(array.min()), int(array.max())
    if low < 0 or high > np.iinfo(np.uint32).max:
        raise ValueError(
            f"labels must be between 0 and {np.iinfo(np.uint32).max}, got {low} to {high}: intensities below 0 are written as float"
        )
    return np.ascontiguousarray(array, dtype=np.uint16 if high <= np.iinfo(np.uint16).max else np.uint32)


def _stored_time(array: np.ndarray, index: int) -> np.ndarray:
    """Return one time point as it is stored; its type must not hang on its values, or time points would differ."""
    kind = getattr(array, "dtype", None)
    if kind is None or not (kind.kind in "bf" or kind in (np.uint8, np.uint16)):
        raise TypeError(f"stacks[{index}] must be an array of bool, uint8, uint16 or float, got {kind or type(array).__name__}")
    if array.ndim != 3:
        raise ValueError(f"stacks[{index}] must be (Z, Y, X), got {array.shape}")
    return _stored(array)


def _temporary_folder(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=".writing-", dir=folder))
    except OSError as error:
        raise said_plainly(error, folder, None) from error


def _move_all(temporary: Path, folder: Path) -> None:
    """Move every file to where it belongs; the record of a run comes last, so that where it stands, the rest does too."""
    files = sorted((path for path in temporary.rglob("*") if not path.is_dir()), key=lambda path: (path.name.endswith("record.json"), path))
    targets = [folder / path.relative_to(temporary) for path in files]
    for target in targets:
        if target.is_dir():
            raise IsADirectoryError(f"{target} is a folder, and a file of that name is to be written: rename the folder")
    try:
        for path, target in zip(files, targets):
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(path, target)
    except OSError as error:
        raise said_plainly(error, folder, None) from error


def said_plainly(error: OSError, folder: Path, temporary: Path | None = None) -> OSError:
    """Return the error in plain words, of the same class and number; errors that have nothing to do with the folder as they are."""
    concerns_folder = temporary is None or str(temporary) in f"{error.filename or ''}{error.filename2 or ''}"
    if error.errno in FULL:
        text = f"the disk of {folder} is full: nothing was written there; free some space, or choose another output folder"
    elif error.errno == errno.EFBIG:
        text = f"a file for {folder} is larger than this system allows (file size limit): nothing was written there; choose another output folder"
    elif error.errno is None and "requested and" in str(error):  # numpy's words for a write that did not end
        text = f"a file for {folder} could not be written whole, perhaps the disk is full: nothing was written there; free some space"
    elif not concerns_folder:
        return error
    elif error.errno in (errno.EEXIST, errno.ENOTDIR):
        above = next((path for path in (folder, *folder.parents) if path.exists() and not path.is_dir()), folder)
        text = f"{folder} cannot be an output folder: {above} is a file; choose another output folder"
    elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        text = f"{folder} may not be written: choose another output folder, or ask for the right"
    else:
        text = f"{folder} cannot be written ({error.strerror or error}): choose another output folder"
    plain = type(error)(text)
    plain.errno = error.errno
    return plain
