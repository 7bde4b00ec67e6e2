"""Example files for the notebooks about files: written where the notebook writes anyway, never shipped."""

from pathlib import Path

import numpy as np

from helpers import images
from helpers.phantoms.structures import VOXEL_SIZE, mitochondria, nuclear_lamina, nuclei


def write_two_channels(folder: str | Path) -> Path:
    """Write a field of nuclei in two channels, DNA and LMNB1, as an OME-TIFF.

    Parameters
    ----------
    folder : path
        Made if it is missing.

    Returns
    -------
    path : Path
        ``two_channels.ome.tif``, 20 planes of 192 x 192 pixels.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    import tifffile

    shape = (20, 192, 192)
    channels = np.stack([nuclei(seed=5, shape=shape).stack.raw, nuclear_lamina(seed=5, shape=shape).stack.raw])
    metadata = {"axes": "CZYX", "Channel": {"Name": ["DNA", "LMNB1"]}}
    for axis, size in zip("ZYX", VOXEL_SIZE):
        metadata |= {f"PhysicalSize{axis}": size, f"PhysicalSize{axis}Unit": "um"}
    path = Path(folder).expanduser() / "two_channels.ome.tif"
    with images.together(path.parent) as temporary:
        tifffile.imwrite(temporary / path.name, channels, ome=True, photometric="minisblack", compression="zlib", metadata=metadata)
    return path


def write_folder(folder: str | Path) -> Path:
    """Write a folder with two stacks of mitochondria and a third file that was cut short, as happens when a copy is interrupted.

    Parameters
    ----------
    folder : path
        Made if it is missing.

    Returns
    -------
    folder : Path

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    folder = Path(folder).expanduser()
    paths = [folder / "control.ome.tif", folder / "treated.ome.tif"]
    for seed, path in enumerate(paths):
        if not path.exists():
            stack = mitochondria(seed=30 + seed, shape=(12, 160, 160)).stack
            images.write(path, stack.raw, stack.voxel_size)
    with images.together(folder) as temporary:
        (temporary / "interrupted_copy.ome.tif").write_bytes(paths[0].read_bytes()[:50_000])
    return folder
