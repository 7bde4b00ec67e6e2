"""Draw regions one after another, or take a mask that was painted in another program."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from helpers import images
from helpers.curation.files import Lock
from helpers.curation.itk_files import is_for_itk, read_with_itk
from helpers.curation.nifti import is_nifti, read_nifti
from helpers.curation.regions import Region, as_mask, checked_shape, planes_of, read_regions, region_mask, write_regions
from helpers.images import ImageFileError, safe_name

ENDINGS = ("_corrected_edits", "_merged_regions", "_merged_excluded", "_regions", "_excluded")  # of files that are saved here
ANY_SIZE = (1.0, 1.0, 1.0)  # of a painted mask, whose file need not say its voxel size


class Drawing:
    """Regions drawn one after another, with undo and redo; each step is in a file when it is made, if one is named.

    Parameters
    ----------
    shape : sequence of int
        (Z, Y, X) of the image.
    path : str or Path, optional
        A JSON file. If it is there, its regions are taken up.
    take_over : bool
        Open the file even if another notebook has it open.

    Raises
    ------
    InUseError
        If the file is open in another tab, notebook or program.
    ValueError
        If the file holds no regions, or was drawn on an image of another shape.
    OSError
        If the folder cannot be written.

    Examples
    --------
    >>> drawing = Drawing((1, 9, 9))
    >>> drawing.add(Region("circle", [(4, 4)], radius=2))
    >>> int(drawing.mask().sum())
    13
    >>> drawing.undo()
    >>> int(drawing.mask().sum())
    0
    """

    def __init__(self, shape: Sequence[int], path: str | Path = "", *, take_over: bool = False) -> None:
        self.shape = checked_shape(shape)
        self.path = Path(path).expanduser().resolve() if str(path) else None
        self.regions: list[Region] = []
        self._undone: list[Region] = []
        self._lock = Lock(self.path, take_over) if self.path else None
        try:
            if self.path and self.path.exists():
                self.regions = read_regions(self.path, self.shape)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Drawing":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the file free for others; everything is saved already."""
        if self._lock:
            self._lock.release()

    def add(self, region: Region) -> None:
        """Draw one more.

        Raises
        ------
        InUseError
            If another program has taken the file over.
        ValueError
            If it lies on planes that the image does not have.
        OSError
            If the file cannot be written; then it is not drawn.
        """
        planes_of(region, self.shape)
        self._become([*self.regions, region])
        self._undone = []

    def undo(self) -> None:
        """Take the last region away; nothing happens if there is none."""
        if self.regions:
            last = self.regions[-1]
            self._become(self.regions[:-1])
            self._undone.append(last)

    def redo(self) -> None:
        """Draw again what was taken away last."""
        if self._undone:
            self._become([*self.regions, self._undone[-1]])
            self._undone.pop()

    def mask(self) -> np.ndarray:
        """Return the mask, (Z, Y, X) of bool; see `region_mask`."""
        return region_mask(self.regions, self.shape)

    def plane(self, z: int) -> np.ndarray:
        """Return one plane of the mask, (Y, X) of bool, without making the others."""
        return region_mask(self.regions, self.shape, plane=z)

    @property
    def seconds(self) -> float:
        """How long the drawing took, hands on."""
        return sum(region.seconds for region in self.regions)

    def _become(self, regions: list[Region]) -> None:
        if self.path and self._lock:
            self._lock.check()
            write_regions(self.path, regions, self.shape)
        self.regions = regions


def read_painted(path: str | Path, shape: Sequence[int]) -> np.ndarray:
    """Read a mask that was painted in another program; what is not 0 counts.

    Fiji and napari save TIFF or PNG, ITK-SNAP NIfTI, 3D Slicer NRRD; NRRD and MetaImage files are read by ITK, where it is installed.

    Parameters
    ----------
    path : str or Path
        A file of one channel.
    shape : sequence of int
        (Z, Y, X) of the image it was painted on. One painted plane counts for all planes.

    Returns
    -------
    mask : (Z, Y, X) ndarray of bool

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ImageFileError
        If it cannot be read, has several channels, holds NaN, or has another shape.
    """
    path = Path(path).expanduser()
    if is_for_itk(path):
        array = read_with_itk(path)
    elif is_nifti(path):
        array = read_nifti(path)
    else:
        array = images.read(path, voxel_size=ANY_SIZE).raw
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ImageFileError(f"{path.name} holds NaN or infinite values; a painted mask is wanted, 0 where nothing is painted")
    try:
        return as_mask(array, shape)
    except ValueError as error:
        raise ImageFileError(f"{path.name}: {error}") from None


def read_where(path: str | Path, shape: Sequence[int]) -> "list[Region] | np.ndarray":
    """Read what was drawn on an image: regions of a ``.json`` file, or else a painted mask.

    Parameters
    ----------
    path : str or Path
    shape : sequence of int
        (Z, Y, X) of the image.

    Returns
    -------
    where : list of Region, or (Z, Y, X) ndarray of bool

    Raises
    ------
    FileNotFoundError, ValueError
        As `read_regions` and `read_painted`.
    """
    return read_regions(path, shape) if str(path).lower().endswith(".json") else read_painted(path, shape)


def by_image(folder: str | Path) -> dict[str, Path]:
    """Return the files of a folder by the name of the image that they belong to; nothing if no folder is named.

    Parameters
    ----------
    folder : str or Path
        ``<image>.json`` or ``<image>.tif``, or what merging, sorting and correcting saved, whose endings are left out of the name.

    Returns
    -------
    files : dict of str to Path

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    ValueError
        If two files belong to one image.
    """
    if not str(folder).strip():
        return {}
    folder = Path(folder).expanduser()
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder.absolute()}: check its path")
    files: dict[str, Path] = {}
    for path in sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")):
        name = safe_name(path.stem if is_for_itk(path) else path.name.removesuffix(".gz").removesuffix(".nii").removesuffix(".json"))
        name = next((name.removesuffix(ending) for ending in ENDINGS if name.endswith(ending)), name)
        if name in files:
            raise ValueError(f"{files[name].name} and {path.name} both belong to the image {name}: keep one of them in {folder}")
        files[name] = path
    return files
