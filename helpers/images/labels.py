"""Label images in files: one number per object, one file per image, the file's stem its name.

A folder of them is read file by file, when it is asked: thousands of images need no more memory than one.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from helpers.images.formats_zarr import is_zarr
from helpers.images.reading import FORMATS, channel_names, existing, opened, read
from helpers.images.scenes import ImageFileError, load, merged_grey, settled
from helpers.images.stack import DOUBLE_SUFFIXES

BACKGROUND_AND_MASK = 255  # the foreground of a mask, as most programs save it
SHOWN = 3  # names in a sentence


class Partners(NamedTuple):
    """Which images two or more folders have in common, by the stem of the file."""

    names: list[str]
    """In every folder; in order."""
    missing: dict[str, list[str]]
    """For each folder but the first, by its name: images of the first folder that it does not have."""
    unknown: dict[str, list[str]]
    """For each folder but the first, by its name: images that the first folder does not have."""

    def sentences(self) -> list[str]:
        """Say in one sentence a folder which files have no partner; nothing where all have."""
        return [
            f"{name} has {len(stems)} {'file' if len(stems) == 1 else 'files'} {what}: {_some(stems)}"
            for part, what in ((self.missing, "less than truth"), (self.unknown, "without truth"))
            for name, stems in part.items()
            if stems
        ]


class LabelFolder(Mapping[str, np.ndarray]):
    """The label images of a folder by the stem of their files, each read when it is asked for and not kept.

    Parameters
    ----------
    folder : str or Path
        Holds TIFF, PNG or other image files, one label image each. Folders inside and other files are passed over.
    names : sequence of str, optional
        Take these stems only.

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    ImageFileError
        If it is a file, or holds no image, or two files have one stem, or a name has no file.

    Examples
    --------
    >>> import tempfile
    >>> from helpers.images import write
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = write(folder / "well_1.ome.tif", np.array([[0, 1], [2, 2]]), (1, 0.3, 0.3))
    >>> labels = LabelFolder(folder)
    >>> list(labels), labels["well_1"].tolist()
    (['well_1'], [[0, 1], [2, 2]])
    """

    def __init__(self, folder: str | Path, names: Sequence[str] | None = None) -> None:
        self.folder = _folder(folder)
        self._paths = _image_files(self.folder)
        if not self._paths:
            inside = [item.name for item in sorted(self.folder.iterdir()) if item.is_dir() and _image_files(item)]
            what = (
                f"give one of the folders in it: {_some(inside)}"
                if inside
                else "give a folder of label images, for example PNG or TIFF files"
            )
            raise ImageFileError(f"{self.folder} holds no image file: {what}")
        if names is not None:
            absent = [name for name in names if name not in self._paths]
            if absent:
                raise ImageFileError(f"{self.folder} has no file for {_some(absent)}")
            self._paths = {name: self._paths[name] for name in names}

    def __getitem__(self, name: str) -> np.ndarray:
        """Read the label image of one stem."""
        return read_labels(self._paths[name])

    def __contains__(self, name: object) -> bool:
        """Say whether there is such a file, without reading it."""
        return name in self._paths

    def __iter__(self) -> Iterator[str]:
        """Go through the stems in order."""
        return iter(self._paths)

    def __len__(self) -> int:
        """Return the number of files."""
        return len(self._paths)

    def __repr__(self) -> str:
        """Say how many images there are, and where."""
        return f"LabelFolder({str(self.folder)!r}, {len(self)} images)"

    def path(self, name: str) -> Path:
        """Return the file of one stem."""
        return self._paths[name]

    def only(self, names: Sequence[str]) -> "LabelFolder":
        """Return the same folder with these stems only, in this order."""
        return LabelFolder(self.folder, names)


def read_labels(path: str | Path, *, masks: bool = False) -> np.ndarray:
    """Read a label image.

    Parameters
    ----------
    path : str or Path
        A file as `helpers.images.read` takes it, of one channel, scene and time. Its voxel size is not needed.
    masks : bool
        Return a mask (bool, or 0 and 255 only) as it is instead of refusing it; `helpers.measure.cells` splits it into its pieces.

    Returns
    -------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        In the type of the file, whole floats as int64; a stack of one plane as that plane.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ImageFileError
        If the file cannot be read, holds several channels, scenes or time points or colours, a mask (bool, or 0 and 255 only), fractions, NaN, or
        negative numbers.
    """
    path = existing(path)
    with opened(path) as scenes:
        if len(scenes) > 1:
            raise ImageFileError(f"{path.name} holds {len(scenes)} fields of view: save the label image of each in a file of its own")
        scene = merged_grey(settled(scenes[0], "", path))
        if 0 in scene.shape:
            raise ImageFileError(f"{path.name} holds an image without pixels, of shape {scene.shape}: save it again")
        channels, times = len(scene.channel_names()), scene.size("T")
        if scene.samples and channels > 1:
            raise ImageFileError(
                f"{path.name} is a picture in colours: give the label image itself, one number per object, not a drawing of it"
            )
        if channels > 1 or times > 1:
            raise ImageFileError(f"{path.name} holds {channels} channels and {times} time points: give a file of one label image")
        array = load(scene, 0, 0)
    return _checked(array if len(array) > 1 else array[0], path, masks)


def read_beside(folder: str | Path, name: str, channel: int | str | None = None) -> np.ndarray | None:
    """Read the image of the same stem as a label image, to be drawn below its outlines.

    Parameters
    ----------
    folder : str or Path
        Of the images; empty: there are none.
    name : str
        Stem of the file.
    channel : int or str, optional
        As in `helpers.images.read`; the colours of a picture are averaged if left out.

    Returns
    -------
    raw : (Y, X) or (Z, Y, X) ndarray, or None
        None if there is no folder, or no such file in it.

    Raises
    ------
    FileNotFoundError, ImageFileError
        If there is no such folder; or if the file cannot be read.
    """
    path = _image_files(_folder(folder)).get(name) if str(folder).strip() else None
    if path is None:
        return None
    colours = channel in (None, "") and channel_names(path) == ["R", "G", "B"]
    parts = [read(path, part, voxel_size=(1, 1, 1)).raw for part in (range(3) if colours else [channel])]
    raw = np.mean(parts, axis=0, dtype=np.float32) if colours else parts[0]
    return raw if len(raw) > 1 else raw[0]


def label_folders(folder: str | Path) -> dict[str, LabelFolder]:
    """Return the label images of one method, or of several in folders side by side.

    Parameters
    ----------
    folder : str or Path
        Holds label images, which are one method called by the name of the folder; or else folders of label images, each a method.

    Returns
    -------
    methods : dict of str to LabelFolder
        In the order of their names.

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    ImageFileError
        If there are label images neither in it nor in folders in it, or in both.
    """
    folder = _folder(folder)
    inside = [item for item in sorted(folder.iterdir()) if item.is_dir() and not item.name.startswith(".") and not is_zarr(item)]
    methods = {item.name: LabelFolder(item) for item in inside if _image_files(item)}
    if not methods:
        return {folder.absolute().name: LabelFolder(folder)}
    if _image_files(folder):
        raise ImageFileError(
            f"{folder} holds label images, and so do folders in it ({_some(list(methods))}): move the files into a folder of their own"
        )
    return methods


def partners(truth: Mapping[str, object], others: Mapping[str, Mapping[str, object]]) -> Partners:
    """Find the images that all have, by the stem of the file.

    Parameters
    ----------
    truth : LabelFolder or mapping
        By name of the image.
    others : mapping of str to LabelFolder or mapping
        What is to be compared with it, by a name to call it.

    Returns
    -------
    partners : Partners

    Raises
    ------
    ImageFileError
        If no image is common to all.

    Examples
    --------
    >>> found = partners({"a": 1, "b": 2}, {"threshold": {"b": 3, "c": 4}})
    >>> found.names, found.missing, found.unknown
    (['b'], {'threshold': ['a']}, {'threshold': ['c']})
    >>> found.sentences()
    ['threshold has 1 file less than truth: a', 'threshold has 1 file without truth: c']
    """
    names = [name for name in truth if all(name in images for images in others.values())]
    if not names:
        first = {name: next(iter(images), "nothing") for name, images in {"truth": truth, **others}.items()}
        examples = ", ".join(f"{stem} in {name}" for name, stem in first.items())
        raise ImageFileError(
            f"no image is in all folders: files are paired by their names up to the suffix, but there are {examples}; rename them"
        )
    missing = {name: [stem for stem in truth if stem not in images] for name, images in others.items()}
    unknown = {name: [stem for stem in images if stem not in truth] for name, images in others.items()}
    return Partners(names, missing, unknown)


def _checked(array: np.ndarray, path: Path, masks: bool) -> np.ndarray:
    """Return an array of labels; raise a sentence that names the file otherwise."""
    make = "make labels of it with helpers.classic.components(mask > 0) and save them with helpers.images.write"
    if array.dtype == bool and masks:
        return array
    if array.dtype == bool:
        raise ImageFileError(f"{path.name} is a mask (bool), a label image is wanted, one number per object: {make}")
    if array.dtype.kind not in "iuf":
        raise ImageFileError(f"{path.name} holds {array.dtype} values: a label image holds whole numbers, 0 is background")
    if array.dtype.kind == "f":
        if not np.isfinite(array).all() or (array != np.trunc(array)).any():
            raise ImageFileError(
                f"{path.name} holds fractions or NaN (dtype {array.dtype}): give the label image, not intensities or probabilities"
            )
        array = array.astype(np.int64)
    low, high = int(array.min()), int(array.max())
    if low < 0:
        raise ImageFileError(f"{path.name} holds negative numbers, down to {low}: set what is not an object to 0")
    if not masks and high == BACKGROUND_AND_MASK and not ((array > 0) & (array < BACKGROUND_AND_MASK)).any():
        raise ImageFileError(f"{path.name} holds 0 and 255 only, a mask; a label image is wanted, one number per object: {make}")
    return array


def _folder(folder: str | Path) -> Path:
    if not isinstance(folder, (str, Path)) or not str(folder).strip():
        raise TypeError(f"a folder of label images is wanted, got {folder!r}: give its path")
    folder = Path(folder).expanduser()
    if not folder.exists():
        raise FileNotFoundError(f"there is no folder {folder.absolute()}: check its path")
    if not folder.is_dir():
        raise ImageFileError(f"{folder} is a file: give the folder of the label images")
    return folder


def _image_files(folder: Path) -> dict[str, Path]:
    """Return the image files of a folder by their stems, in order; raise where two have one stem."""
    paths: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        known = is_zarr(path) if path.is_dir() else path.suffix.lower() in FORMATS
        if not known or path.name.startswith("."):
            continue
        stem = _stem(path)
        if stem in paths:
            raise ImageFileError(f"{folder} holds {paths[stem].name} and {path.name}, two files of one name: take one away")
        paths[stem] = path
    return paths


def _stem(path: Path) -> str:
    """Return the name of a file without its suffix, ``.ome.tif`` and its like included; unlike a safe name, as it is."""
    double = next((suffix for suffix in DOUBLE_SUFFIXES if path.name.lower().endswith(suffix)), None)
    return path.name[: -len(double)] if double else path.stem


def _some(names: Sequence[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")
