"""Read the voxels of files of medical image programs (3D Slicer, ITK-SNAP) with ITK, where it is installed."""

import importlib.util
from pathlib import Path

import numpy as np

from helpers.images import ImageFileError

ENDINGS = (".nrrd", ".nhdr", ".mha", ".mhd", ".gipl")


def is_for_itk(path: Path) -> bool:
    """Say whether a file is called like one that only ITK reads here."""
    return path.name.lower().endswith(ENDINGS)


def read_with_itk(path: Path) -> np.ndarray:
    """Return the voxels of a NRRD, MetaImage or GIPL file of one channel and time point.

    Parameters
    ----------
    path : Path

    Returns
    -------
    voxels : (Z, Y, X) or (Y, X) ndarray

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ImageFileError
        If it cannot be read, holds several channels or time points, or ITK is not installed.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path.absolute()}: check its path")
    if importlib.util.find_spec("itk") is None:
        raise ImageFileError(f"{path.name} needs ITK, which is not installed: pip install itk, or save it as NIfTI (.nii.gz) or TIFF")
    import itk

    try:
        image = itk.imread(str(path))
    except RuntimeError:
        raise ImageFileError(
            f"{path.name} cannot be read: it is damaged, cut short or of another kind; save it again, or as TIFF"
        ) from None
    voxels = itk.array_from_image(image)
    if image.GetNumberOfComponentsPerPixel() > 1 or voxels.ndim > 3:
        raise ImageFileError(f"{path.name} holds several channels or time points: save the painted labels alone")
    return voxels
