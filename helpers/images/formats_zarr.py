"""OME-Zarr folders, versions 0.1 to 0.5: images, the series that bioformats2raw writes, and plates.

References
----------
.. [1] Moore, J. et al. (2021) OME-NGFF: a next-generation file format for expanding bioimaging data-access strategies.
       Nature Methods 18:1496-1498. :DOI:`10.1038/s41592-021-01326-w`; https://ngff.openmicroscopy.org/0.5
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from helpers.images.scenes import ImageFileError, Scene, Selection
from helpers.images.units import micrometres, seconds

MARKERS = (".zgroup", ".zattrs", ".zarray", "zarr.json")
ORIGINAL_AXES = "TCZYX"  # of versions 0.1 and 0.2, which do not name them


def is_zarr(path: Path) -> bool:
    """Say whether a folder is a Zarr group or array."""
    return any((path / marker).is_file() for marker in MARKERS)


@contextmanager
def zarr_scenes(path: Path) -> Iterator[list[Scene]]:
    """Open a Zarr folder and yield its scenes.

    Raises
    ------
    ImageFileError
        If there is no image in it.
    """
    import zarr

    node = zarr.open(zarr.storage.LocalStore(path, read_only=True), mode="r")
    if isinstance(node, zarr.Array):
        axes = "ZYX"[-node.ndim :] if node.ndim in (2, 3) else "QRPONMLKJI"[: node.ndim - 2] + "YX"
        yield [Scene("", axes, node.shape, np.dtype(node.dtype), _take(node, path))]
        return
    scenes = [_image_scene(node, group, name, path) for group, name in _image_paths(node)]
    if not scenes:
        raise ImageFileError(
            f"{path.name} holds no OME-Zarr image (no multiscales in its attributes): give the folder that holds .zattrs or zarr.json"
        )
    yield scenes


def _attributes(group: Any) -> dict[str, Any]:
    """Return the OME attributes: under "ome" since version 0.5, at the top before."""
    attributes = dict(group.attrs)
    return {**attributes, **(attributes.get("ome") or {})}


def _image_paths(root: Any) -> list[tuple[str, str]]:
    """Return (path of the group, name) of each image."""
    attributes = _attributes(root)
    if attributes.get("multiscales"):
        return [("", str(attributes["multiscales"][0].get("name") or ""))]
    if attributes.get("plate"):
        wells = [well["path"] for well in attributes["plate"]["wells"]]
        fields = [(well, image["path"]) for well in wells for image in _attributes(root[well])["well"]["images"]]
        return [(f"{well}/{field}", f"{well}/{field}") for well, field in fields]
    # bioformats2raw numbers its series; the group OME beside them may name the order.
    listed = _attributes(root["OME"]).get("series") if "OME" in root else None
    names = listed or sorted((key for key in root.group_keys() if key.isdigit()), key=int)
    return [
        (name, str(_attributes(root[name])["multiscales"][0].get("name") or name))
        for name in names
        if "multiscales" in _attributes(root[name])
    ]


def _image_scene(root: Any, group_path: str, name: str, path: Path) -> Scene:
    group = root[group_path] if group_path else root
    attributes = _attributes(group)
    image = attributes["multiscales"][0]
    full = image["datasets"][0]
    array = group[full["path"]]
    axes = [axis if isinstance(axis, dict) else {"name": axis} for axis in image.get("axes") or ORIGINAL_AXES[-array.ndim :].lower()]
    if len(axes) != array.ndim:
        raise ImageFileError(f"{path.name} names {len(axes)} axes but its array has {array.ndim}, {array.shape}: write it again")
    letters = "".join(_letter(axis) for axis in axes)
    scale = _scale(image, array.ndim) * _scale(full, array.ndim)
    sizes = tuple(_size(axes, letters, scale, axis, path) for axis in "ZYX")
    channels = tuple(str(channel.get("label") or "") for channel in (attributes.get("omero") or {}).get("channels") or ())
    time = letters.find("T")
    interval = seconds(scale[time], axes[time].get("unit")) if time >= 0 else None
    return Scene(name, letters, array.shape, np.dtype(array.dtype), _take(array, path), channels, sizes, interval=interval)


def _letter(axis: dict[str, Any]) -> str:
    name = str(axis["name"])
    known = {"time": "T", "channel": "C"}
    return name.upper() if len(name) == 1 else known.get(str(axis.get("type")), "Q")


def _scale(described: dict[str, Any], ndim: int) -> np.ndarray:
    """Return the product of all scales of an image or of one of its resolutions."""
    scale = np.ones(ndim)
    for transformation in described.get("coordinateTransformations") or ():
        if transformation.get("type") == "scale" and len(transformation.get("scale", ())) == ndim:
            scale = scale * np.asarray(transformation["scale"], float)
    return scale


def _size(axes: list[dict[str, Any]], letters: str, scale: np.ndarray, axis: str, path: Path) -> float | None:
    if axis not in letters:
        return None
    index = letters.index(axis)
    unit = axes[index].get("unit")
    if unit:
        return micrometres(scale[index], unit)
    # Many writers leave the unit out. A scale of 1 is then what stands there when nothing was known.
    if scale[index] == 1:
        return None
    warnings.warn(
        f"{path.name} states no unit for {axis}: its scale {scale[index]:g} is taken as um; give voxel_size=[z, y, x] if it is not",
        stacklevel=2,
    )
    return micrometres(scale[index], "um")


def _take(array: Any, path: Path) -> Callable[[Selection], np.ndarray]:
    """Return a ``take`` that reads the chunks needed and says when some were never written."""

    def take(selection: Selection) -> np.ndarray:
        stored, wanted = array.nchunks_initialized, array.nchunks
        if stored == 0:
            raise ImageFileError(f"{path.name} holds no pixels: all {wanted} chunks of its array are missing; copy the whole folder again")
        if stored < wanted:
            warnings.warn(
                f"{path.name}: {wanted - stored} of {wanted} chunks are not stored and read as {array.fill_value}: "
                "usual where they are empty; if they are not, copy the whole folder again",
                stacklevel=2,
            )
        return np.asarray(array[selection])

    return take
