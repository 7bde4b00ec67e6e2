"""Read the voxels of a NIfTI-1 file, in which ITK-SNAP saves what was painted.

The header is 348 bytes long; its first number says so, and in which order the bytes of a number stand. Voxels follow with x fastest, so that the
array is (Z, Y, X) as it is everywhere here. Only what a painted mask needs is read: size, type and voxels.

Source: Cox, R. W. et al. (2004) A (sort of) new image data format standard: NIfTI-1. NeuroImage 22:e1440.
"""

import gzip
import struct
import zlib
from pathlib import Path

import numpy as np

from helpers.images import ImageFileError

HEADER = 348
SIZES, TYPE, OFFSET = 40, 70, 108  # where in the header these stand
TYPES = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8"}


def is_nifti(path: Path) -> bool:
    """Say whether a file is called like a NIfTI file."""
    return path.name.lower().endswith((".nii", ".nii.gz"))


def read_nifti(path: Path) -> np.ndarray:
    """Return the voxels of a NIfTI-1 file of one channel and time point.

    Parameters
    ----------
    path : Path
        Ends in ``.nii`` or ``.nii.gz``.

    Returns
    -------
    voxels : (Z, Y, X) ndarray

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ImageFileError
        If it is no such file, is cut short, or holds several channels or time points, or colours.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no file {path.absolute()}: check its path") from None
    try:
        content = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
        order = next(order for order in "<>" if struct.unpack_from(f"{order}i", content)[0] == HEADER)
        count, *sizes = struct.unpack_from(f"{order}8h", content, SIZES)
        (code,) = struct.unpack_from(f"{order}h", content, TYPE)
        (offset,) = struct.unpack_from(f"{order}f", content, OFFSET)
    except (OSError, EOFError, zlib.error, struct.error, StopIteration):
        raise ImageFileError(
            f"{path.name} cannot be read as NIfTI-1: it is damaged or of another kind; save it again, or as TIFF"
        ) from None
    sizes = [max(size, 1) for size in sizes[: max(count, 0)]] + [1] * (7 - max(count, 0))
    x, y, z, *others = sizes
    if code not in TYPES or max(others) > 1:
        raise ImageFileError(f"{path.name} holds several time points or channels, or colours: save the painted labels alone")
    kind = np.dtype(TYPES[code]).newbyteorder(order)
    if len(content) < offset + x * y * z * kind.itemsize:
        raise ImageFileError(f"{path.name} is cut short: copy or save it again")
    return np.frombuffer(content, kind, x * y * z, int(offset)).reshape(z, y, x)
