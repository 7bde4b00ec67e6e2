"""The one type of the package: one channel of one field of view, with the size of its voxels."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from pathlib import PurePath, PureWindowsPath

import numpy as np

__all__ = ["Stack", "safe_name", "checked_voxel_size"]

# Windows opens a device, not a file, for these names, whatever the suffix.
RESERVED = {"CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(1, 10))}
DOUBLE_SUFFIXES = (".ome.tif", ".ome.tiff", ".ome.zarr", ".ome.btf", ".ome.tf8")
LONGEST_NAME = 120  # leaves room for "_<workflow id>_objects.csv" within the 255 bytes of most file systems


@dataclass(frozen=True, eq=False)
class Stack:
    """One channel of one field of view at one time.

    Parameters
    ----------
    raw : (Z, Y, X) ndarray of bool, int or float
        Camera counts, not copied. A plain 2D image has Z = 1.
    voxel_size : tuple of 3 float
        (z, y, x) in um, positive.
    name : str
        What output files are called after; made a safe file stem by `safe_name`.
    source : str
        The path it came from, or how it was made.
    notes : tuple of str
        What looked odd when it was read, in sentences; shown again with the result.

    Raises
    ------
    TypeError
        If ``raw`` is not an array of numbers or ``voxel_size`` does not hold numbers.
    ValueError
        If ``raw`` is not (Z, Y, X) or is empty, or a size is not positive and finite.

    Examples
    --------
    >>> import numpy as np
    >>> stack = Stack(np.zeros((2, 3, 4), np.uint16), [0.3, 0.1, 0.1], "plate 1/cell 7.ome.tif")
    >>> stack.name, stack.voxel_size
    ('cell_7', (0.3, 0.1, 0.1))
    """

    raw: np.ndarray
    voxel_size: tuple[float, float, float]
    name: str
    source: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.raw, np.ndarray) or self.raw.dtype.kind not in "biuf":
            raise TypeError(
                f"raw must be an array of numbers, got {getattr(self.raw, 'dtype', type(self.raw).__name__)}: real intensities only"
            )
        if self.raw.ndim != 3:
            raise ValueError(
                f"raw must be (Z, Y, X), got {self.raw.shape}: choose one channel and one time point; a single plane is raw[None]"
            )
        if 0 in self.raw.shape:
            raise ValueError(f"raw is empty {self.raw.shape}: check the file, or the crop")
        object.__setattr__(self, "voxel_size", checked_voxel_size(self.voxel_size))
        object.__setattr__(self, "name", safe_name(self.name))

    def __repr__(self) -> str:
        """Say what it is in one line; the array's values would fill the screen."""
        z, y, x = self.voxel_size
        return f"Stack({self.name!r}, {'x'.join(map(str, self.raw.shape))} {self.raw.dtype}, voxel size {z:g} x {y:g} x {x:g} um)"


def safe_name(name: str | PurePath) -> str:
    """Return the file stem of a path in letters, digits, dot, hyphen and underscore: safe as a part of a file name anywhere.

    Folders and the last suffix go, and so do both parts of ``.ome.tif`` and ``.ome.zarr``; any other character becomes an underscore.

    Parameters
    ----------
    name : str or Path
        A name, a file name or a path, with forward or backward slashes.

    Returns
    -------
    stem : str
        Never empty, never ``..``, never hidden, at most 120 characters.

    Examples
    --------
    >>> safe_name("/data/day 2/Zelle ü.ome.tif"), safe_name("a.v2.tif"), safe_name("../.."), safe_name("plate_1.5um")
    ('Zelle__', 'a.v2', 'unnamed', 'plate_1.5um')
    """
    last = re.split(r"[/\\]", str(name).rstrip("/\\"))[-1].strip()
    for suffix in DOUBLE_SUFFIXES:
        if last.lower().endswith(suffix):
            last = last[: -len(suffix)]
            break
    else:
        last = re.sub(r"(?<=.)\.(tiff?|btf|tf8|zarr|png|czi|lif|nd2)$", "", last, flags=re.IGNORECASE)
    # Leading dots hide a file, trailing dots vanish on Windows.
    stem = re.sub(r"[^A-Za-z0-9._-]", "_", last).strip(".")[:LONGEST_NAME].rstrip(".") or "unnamed"
    return f"_{stem}" if PureWindowsPath(stem).name.split(".")[0].upper() in RESERVED else stem


def checked_voxel_size(voxel_size: Sequence[float], name: str = "voxel_size") -> tuple[float, float, float]:
    """Return (z, y, x) in um as three floats; raise a sentence if they are not three positive finite numbers.

    Raises
    ------
    TypeError
        If it is not a list of numbers.
    ValueError
        If it does not hold three, or one is not positive and finite.
    """
    wanted = "[z, y, x] in um, for example [0.3, 0.1, 0.1]"
    if isinstance(voxel_size, (str, bytes)) or not isinstance(voxel_size, (Sequence, np.ndarray)):
        raise TypeError(f"{name} must be {wanted}, got {voxel_size!r}")
    if np.ndim(voxel_size) != 1 or len(voxel_size) != 3:
        raise ValueError(f"{name} must be {wanted}, got {list(voxel_size)}")
    if any(isinstance(size, (bool, np.bool_)) or not isinstance(size, Real) for size in voxel_size):
        raise TypeError(f"{name} must be {wanted}, got {list(voxel_size)}")
    z, y, x = (float(size) for size in voxel_size)
    if not all(np.isfinite(size) and size > 0 for size in (z, y, x)):
        raise ValueError(f"{name} must be positive, {wanted}, got {[z, y, x]}")
    return z, y, x
