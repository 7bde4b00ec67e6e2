"""Files of microscope makers: Zeiss CZI, Leica LIF, Nikon ND2, each through an optional package that is imported when needed."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

import numpy as np

from helpers.images.scenes import ImageFileError, Scene, Selection, paged
from helpers.images.units import micrometres

INSTALL = 'pip install "cell-segmentation-notebooks[formats]"'
NO_SIZE = (None, None, None)


@contextmanager
def czi_scenes(path: Path) -> Iterator[list[Scene]]:
    """Open a Zeiss CZI file and yield its scenes, each as large as its bounding rectangle, tiles put together."""
    czi = _optional("pylibCZIrw.czi", path)
    with czi.open_czi(str(path)) as file:
        ranges = file.total_bounding_box
        document = ElementTree.fromstring(file.raw_metadata)
        others = {letter: stop for letter, (_, stop) in ranges.items() if letter not in "TCZYX" and stop > 1}
        if others:
            raise ImageFileError(f"{path.name} has axes that are not read here ({others}): export it as OME-TIFF from the Zeiss software")
        rectangles = file.scenes_bounding_rectangle_no_pyramid or {None: file.total_bounding_rectangle_no_pyramid}
        yield [_czi_scene(file, document, scene, rectangle, path) for scene, rectangle in rectangles.items()]


@contextmanager
def lif_scenes(path: Path) -> Iterator[list[Scene]]:
    """Open a Leica LIF file and yield its images."""
    liffile = _optional("liffile", path)
    with liffile.LifFile(path) as file:
        yield [_lif_scene(image) for image in file.images]


@contextmanager
def nd2_scenes(path: Path) -> Iterator[list[Scene]]:
    """Open a Nikon ND2 file and yield one scene for each stage position."""
    nd2 = _optional("nd2", path)
    with nd2.ND2File(path) as file:
        sizes = dict(file.sizes)
        yield [_nd2_scene(file, sizes, position, path) for position in range(sizes.get("P", 1))]


def _optional(module: str, path: Path) -> ModuleType:
    try:
        return import_module(module)
    except ImportError as error:
        package = module.split(".")[0]
        raise ImportError(f"{path.name}: {path.suffix} files are read by the package {package}, which is missing: {INSTALL}") from error


def _czi_scene(file: Any, document: ElementTree.Element, scene: int | None, rectangle: Any, path: Path) -> Scene:
    counts = [file.total_bounding_box[letter][1] for letter in "TCZ"]
    kinds = {file.get_channel_pixel_type(channel) for channel in range(counts[1])}
    if len(kinds) > 1:
        raise ImageFileError(
            f"{path.name} mixes pixel types ({', '.join(sorted(kinds))}): export one channel as OME-TIFF from the Zeiss software"
        )
    colour = kinds.pop().startswith("Bgr")
    page_shape = (rectangle.h, rectangle.w, 3) if colour else (rectangle.h, rectangle.w)
    shape = (*counts, *page_shape)

    def page(t: int, c: int, z: int) -> np.ndarray:
        pixels = file.read(roi=tuple(rectangle), plane={"T": t, "C": c, "Z": z}, scene=scene)
        return pixels[..., ::-1] if colour else pixels[..., 0]

    take = paged(shape, len(page_shape), _each(tuple(counts), page, path))
    name = _czi_scene_name(document, scene)
    dtype = page(0, 0, 0).dtype
    return Scene(
        name, "TCZYX" + "S" * colour, shape, dtype, take, _czi_channels(document), _czi_voxel_size(document), ("R", "G", "B") * colour
    )


def _czi_scene_name(document: ElementTree.Element, scene: int | None) -> str:
    for element in document.iterfind(".//Information/Image/Dimensions/S/Scenes/Scene"):
        if element.get("Index") == str(scene):
            return element.get("Name") or ""
    return ""


def _czi_channels(document: ElementTree.Element) -> tuple[str, ...]:
    return tuple(element.get("Name") or "" for element in document.iterfind(".//Information/Image/Dimensions/Channels/Channel"))


def _czi_voxel_size(document: ElementTree.Element) -> tuple[float | None, float | None, float | None]:
    # Distances are in metres, whatever unit the program shows.
    metres = {element.get("Id"): element.findtext("Value") for element in document.iterfind(".//Scaling/Items/Distance")}
    return tuple(micrometres(metres.get(axis), "m") for axis in "ZYX")


def _lif_scene(image: Any) -> Scene:
    axes = "".join(letter if len(letter) == 1 else "Q" for letter in image.dims)
    described = image.xml_element.find("./Data/Image/ImageDescription")
    samples = ("R", "G", "B") if "S" in axes and image.sizes["S"] == 3 else ()

    def take(selection: Selection) -> np.ndarray:
        # Mapped, so that only what is selected is read; copy on write, because the order of colours may be turned in place.
        return np.array(image.asarray(mode="c", out="memmap")[selection])

    channels, voxel_size = _lif_channels(described), _lif_voxel_size(described)
    return Scene(image.name, axes, tuple(image.shape), np.dtype(image.dtype), take, channels, voxel_size, samples)


def _lif_channels(described: ElementTree.Element) -> tuple[str, ...]:
    """Return the dye of each channel where the file names it, else the colour it is shown in."""
    names = []
    for channel in described.iterfind("./Channels/ChannelDescription"):
        properties = {item.findtext("Key"): item.findtext("Value") for item in channel.iterfind("ChannelProperty")}
        names.append(properties.get("DyeName") or channel.get("LUTName") or "")
    return tuple(names)


def _lif_voxel_size(described: ElementTree.Element) -> tuple[float | None, float | None, float | None]:
    sizes: dict[str, float | None] = {}
    for dimension in described.iterfind("./Dimensions/DimensionDescription"):
        count = int(dimension.get("NumberOfElements", "1"))
        # A length reaches from the centre of the first voxel to that of the last; planes may be counted downwards.
        step = abs(float(dimension.get("Length", "0"))) / (count - 1) if count > 1 else None
        sizes[dimension.get("DimID", "")] = micrometres(step, dimension.get("Unit") or "m")
    return sizes.get("3"), sizes.get("2"), sizes.get("1")


def _nd2_scene(file: Any, sizes: dict[str, int], position: int, path: Path) -> Scene:
    loops = [letter for letter in sizes if letter not in "CYXS"]
    frame_axes = "".join(letter for letter in "CYXS" if letter in sizes)
    leading = tuple(sizes[letter] for letter in loops if letter != "P")
    shape = leading + tuple(sizes[letter] for letter in frame_axes)
    numbers = np.arange(int(np.prod([sizes[letter] for letter in loops], dtype=int))).reshape([sizes[letter] for letter in loops])
    frames = np.take(numbers, position, axis=loops.index("P")) if "P" in loops else numbers

    def frame(*index: int) -> np.ndarray:
        return file.read_frame(int(frames[index])).reshape(shape[len(leading) :])

    axes = "".join(letter for letter in loops if letter != "P") + frame_axes
    channels = _nd2_channels(file)
    names = tuple(str(channel.channel.name or "") for channel in channels)
    size: tuple[float | None, ...] = NO_SIZE
    if channels:
        volume = channels[0].volume
        size = tuple(micrometres(step, "um") if known else None for step, known in zip(volume.axesCalibration, volume.axesCalibrated))[::-1]
    samples = ("R", "G", "B") if "S" in axes else ()
    take = paged(shape, len(frame_axes), _each(leading, frame, path))
    return Scene(_nd2_position_name(file, position), axes, shape, np.dtype(file.dtype), take, names, size, samples)


def _nd2_channels(file: Any) -> list[Any]:
    try:
        return file.metadata.channels or []
    except Exception:  # the pixels can be read without: names and voxel size are then missing, and asked for
        return []


def _nd2_position_name(file: Any, position: int) -> str:
    for loop in file.experiment:
        if loop.type == "XYPosLoop" and position < len(loop.parameters.points):
            return loop.parameters.points[position].name or ""
    return ""


def _each(leading: tuple[int, ...], page: Callable[..., np.ndarray], path: Path) -> Callable[[list[int]], np.ndarray]:
    """Return a reader of several pages; it warns of empty ones, which these packages put where a page is missing."""

    def read(indices: list[int]) -> np.ndarray:
        pages = np.stack([page(*(int(part) for part in np.unravel_index(index, leading))) for index in indices])
        empty = sum(not plane.any() for plane in pages)
        if empty:
            warnings.warn(
                f"{path.name}: {empty} of {len(pages)} planes hold only zeros: the acquisition may have stopped early, or the file is not whole",
                stacklevel=2,
            )
        return pages

    return read
