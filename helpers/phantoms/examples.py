"""Example files for the notebooks about files: written where the notebook writes anyway, never shipped."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from helpers import images
from helpers.phantoms.label_pairs import PIXEL_SIZE, damage, nuclei_2d
from helpers.phantoms.movies import TimePhantom
from helpers.phantoms.structures import VOXEL_SIZE, mitochondria, nuclear_lamina, nuclei

METHODS = {
    "joins_neighbours": {"merged": 4, "split": 1, "tight": 1, "extra": 2, "missed": 1},
    "loses_small_ones": {"missed": 6, "smallest_first": True, "split": 1, "tight": 2},
}
"""Two faulty segmentations, by the errors that they make in an image of middling difficulty; see `helpers.phantoms.damage`."""

DEBRIS, DEBRIS_COUNTS, DEBRIS_UM = 6, 8000, 0.35
"""Bright blobs of `write_partial_truth`: how many, how much brighter than the rest, and the width of the Gaussian that each is."""

SECOND_ANNOTATOR = {"missed": 1, "smallest_first": True, "wobble": 1.0}


class PartialTruth(NamedTuple):
    """Files of an image, of its truth in a few planes (the others are left empty), and of its whole truth."""

    image: Path
    truth: Path
    whole: Path


def write_partial_truth(folder: str | Path, seed: int = 11, planes: tuple[int, ...] = (5, 9, 13, 17)) -> PartialTruth:
    """Write mitochondria beside bright debris, which spoils the contrast, with the truth of a few planes.

    Parameters
    ----------
    folder : path
        Made if it is missing.
    seed : int
    planes : tuple of int
        Whose truth is known; of 24.

    Returns
    -------
    files : PartialTruth
        ``debris_SEED.ome.tif``, 24 planes of 192 x 192 pixels, and two masks.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    stack, truth = mitochondria(seed=seed, shape=(24, 192, 192))
    random = np.random.default_rng(seed)
    place = np.indices(stack.raw.shape) * np.reshape(VOXEL_SIZE, (3, 1, 1, 1))
    raw = stack.raw.astype(float)
    for _ in range(DEBRIS):
        centre = random.uniform((2, 5, 5), (22, 187, 187)) * VOXEL_SIZE
        distance = ((place - centre.reshape(3, 1, 1, 1)) ** 2).sum(axis=0)
        raw += DEBRIS_COUNTS * np.exp(-distance / 2 / DEBRIS_UM**2)
    folder = Path(folder).expanduser()
    files = PartialTruth(*(folder / f"debris_{seed}{ending}.ome.tif" for ending in ("", "_truth", "_whole_truth")))
    known = np.isin(np.arange(len(truth)), planes)[:, None, None]
    with images.together(folder) as temporary:
        for path, array in zip(files, (np.clip(raw, 0, 65535).astype(np.uint16), truth & known, truth)):
            images.write(temporary / path.name, array, stack.voxel_size)
    return files


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


def write_movie(path: str | Path, movie: TimePhantom) -> Path:
    """Write a synthetic time series as one OME-TIFF with a time axis.

    Parameters
    ----------
    path : path
        Ends in ``.ome.tif``; its folder is made if it is missing.
    movie : TimePhantom
        Of `peroxisomes_over_time`.

    Returns
    -------
    path : Path

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    raws = [stack.raw for stack in movie.stacks]
    return images.write_times(path, raws, movie.stacks[0].voxel_size, interval=movie.interval)


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


def write_label_folders(folder: str | Path, count: int = 8) -> Path:
    """Write images of nuclei, their truth, what two faulty methods found, and what a second annotator drew.

    Parameters
    ----------
    folder : path
        Made if it is missing. Gets the folders ``images``, ``truth``, ``found/joins_neighbours``, ``found/loses_small_ones`` and
        ``second_annotator``, each with one file an image, and ``errors.csv``: every error that was made, one row each.
    count : int
        Number of images.

    Returns
    -------
    folder : Path

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    import pandas as pd

    folder = Path(folder).expanduser()
    errors = []
    with images.together(folder) as temporary:
        for seed in range(count):
            name = f"field_{seed + 1:02}"
            stack, truth = nuclei_2d(seed, shape=(256, 256), nuclei=36)
            drawn = {"images": stack.raw, "truth": truth, "second_annotator": damage(truth, seed + 1000, **SECOND_ANNOTATOR).found}
            for number, (method, kinds) in enumerate(METHODS.items()):
                share = (0.5, 1, 1.5)[seed % 3]  # images differ in how hard they are
                scaled = {kind: max(1, round(share * many)) if type(many) is int else many for kind, many in kinds.items()}
                damaged = damage(truth, 100 * number + seed, **scaled)
                drawn[f"found/{method}"] = damaged.found
                errors.append(damaged.errors.assign(method=method, image=name)[["method", "image", *damaged.errors.columns]])
            for place, array in drawn.items():
                images.write(temporary / place / f"{name}.ome.tif", array, PIXEL_SIZE)
        pd.concat(errors).to_csv(temporary / "errors.csv", index=False)
    return folder
