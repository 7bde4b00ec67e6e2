"""Folders of masks and of intensities, read file by file like folders of label images, and the table that says what the images of a screen are."""

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from helpers.images.labels import LabelFolder, label_folders
from helpers.images.reading import read
from helpers.images.scenes import ImageFileError
from helpers.images.stack import Stack, safe_name

if TYPE_CHECKING:
    import pandas as pd

SUFFIXES = (".tif", ".tiff", ".png", ".czi", ".lif", ".nd2", ".zarr")
RESULTS = ("_mask.ome.tif", "_probability.ome.tif", "_overlay.png")
ANY_SIZE = (1.0, 1.0, 1.0)  # of a mask, whose file need not say its voxel size


class MaskFolder(LabelFolder):
    """The masks of a folder by the stem of their files, each read when it is asked for. See `LabelFolder`."""

    def __getitem__(self, name: str) -> np.ndarray:
        """Read the mask of one stem."""
        return read_mask(self.path(name))

    def only(self, names: Sequence[str]) -> "MaskFolder":
        """Return the same folder with these stems only, in this order."""
        return MaskFolder(self.folder, names)


class StackFolder(LabelFolder):
    """The raw images of a folder by the stem of their files, each read as a Stack when it is asked for.

    Parameters
    ----------
    folder : str or Path
        See `LabelFolder`.
    channel, scene, time, voxel_size
        As `helpers.images.read` takes them, the same for all files.
    names : sequence of str, optional
        Take these stems only.

    Raises
    ------
    FileNotFoundError, ImageFileError
        As `LabelFolder`; when an image is asked for, as `helpers.images.read`.
    """

    def __init__(
        self,
        folder: str | Path,
        channel: int | str = "",
        scene: int | str = 0,
        time: int = 0,
        voxel_size: Sequence[float] = (),
        names: Sequence[str] | None = None,
    ) -> None:
        super().__init__(folder, names)
        self._choice = {"channel": channel, "scene": scene, "time": time, "voxel_size": voxel_size}

    def __getitem__(self, name: str) -> Stack:
        """Read the image of one stem."""
        return read(self.path(name), **self._choice)

    def only(self, names: Sequence[str]) -> "StackFolder":
        """Return the same folder with these stems only, in this order."""
        return StackFolder(self.folder, **self._choice, names=names)


def mask_folders(folder: str | Path) -> dict[str, MaskFolder]:
    """Return the masks of one method, or of several in folders side by side: what `label_folders` does for label images.

    Raises
    ------
    FileNotFoundError, ImageFileError
        As `label_folders`.
    """
    return {name: MaskFolder(labels.folder) for name, labels in label_folders(folder).items()}


def image_files(files: Iterable[str | Path], is_result: Callable[[Path], bool] | None = None) -> list[Path]:
    """Return image files, each once; a folder stands for the images in it, without results that were left there.

    Parameters
    ----------
    files : iterable of path
        Files, taken as they are, and folders: TIFF, PNG, CZI, LIF, ND2 and OME-Zarr in them are taken.
    is_result : callable, optional
        Says of a file in a folder that it is a result; by default masks, maps and pictures whose record stands beside them.

    Returns
    -------
    paths : list of Path
        Absolute; those of a folder by name.

    Raises
    ------
    ValueError
        If one does not exist, none is left, or two would be called the same (`safe_name`), and so would what is made of them.
    """
    found: dict[Path, None] = {}
    for given in (Path(file).expanduser() for file in files):
        if not given.exists():
            raise ValueError(f"{given} does not exist: check the path")
        if given.is_dir() and given.suffix != ".zarr":
            inside = sorted(path for path in given.iterdir() if path.suffix.lower() in SUFFIXES and not path.name.startswith("."))
            found |= {path.absolute(): None for path in inside if not (is_result or _has_record)(path)}
        else:
            found[Path(os.path.abspath(given))] = None
    stems: dict[str, Path] = {}
    for path in found:
        other = stems.setdefault(safe_name(path), path)
        if other != path:
            raise ValueError(
                f"{other} and {path} would both be saved as {safe_name(path)}: rename one, or run them into different output folders"
            )
    if not found:
        raise ValueError("no image file was given: name files, or folders that hold some")
    return list(found)


def _has_record(path: Path) -> bool:
    stem = next((path.name.removesuffix(ending) for ending in RESULTS if path.name.endswith(ending)), None)
    return stem is not None and path.with_name(f"{stem}_record.json").exists()


def read_plates(path: str | Path) -> "pd.DataFrame":
    """Read the table of the plates of a screen: one row an image, with the columns ``plate, treatment, image``.

    Parameters
    ----------
    path : str or Path
        A CSV file; an image is called by the stem of its file. Further columns are kept.

    Returns
    -------
    layout : pandas.DataFrame
        All values as text.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no such table.
    """
    import pandas as pd

    wanted = "give a CSV file with the columns plate, treatment, image"
    if not str(path).strip():
        raise ValueError(f"there is no table of the plates: {wanted}")
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path.absolute()}: {wanted}")
    try:
        layout = pd.read_csv(path, dtype=str, skipinitialspace=True)
    except (ValueError, UnicodeDecodeError) as error:
        raise ValueError(f"{path.name} cannot be read as a table ({str(error).splitlines()[0]}): {wanted}") from None
    missing = [name for name in ("plate", "treatment", "image") if name not in layout.columns]
    if missing or layout[["plate", "treatment", "image"]].isna().any(axis=None):
        what = f"has no column {', '.join(missing)}" if missing else "has empty cells"
        raise ValueError(f"{path.name} {what}: {wanted}, one row an image")
    return layout


def read_mask(path: str | Path) -> np.ndarray:
    """Read a mask: bool, 0 and any one number, or a label image, whose objects then count as structure.

    Parameters
    ----------
    path : str or Path
        A file of one channel, scene and time. Its voxel size is not needed.

    Returns
    -------
    mask : (Y, X) or (Z, Y, X) ndarray of bool
        True where the file is not 0; a stack of one plane as that plane.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ImageFileError
        If the file cannot be read, or holds fractions, NaN, negative numbers, or no 0 among several numbers, as raw images do.
    """
    array = read(path, voxel_size=ANY_SIZE).raw
    name, wanted = Path(path).name, "a mask is wanted, 0 where there is no structure"
    if array.dtype.kind == "f" and (not np.isfinite(array).all() or (array != np.trunc(array)).any()):
        raise ImageFileError(f"{name} holds fractions or NaN; {wanted}: compare it with a cutoff and save the result")
    low, high = array.min(), array.max()
    if low < 0 or (low > 0 and high > low):
        raise ImageFileError(f"{name} holds numbers from {low:g} to {high:g}; {wanted}: this may be the raw image")
    mask = array > 0
    return mask if len(mask) > 1 else mask[0]
