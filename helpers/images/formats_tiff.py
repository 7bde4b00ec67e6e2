"""TIFF files: OME-TIFF, ImageJ TIFF, and plain ones."""

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import tifffile

from helpers.images.ome_xml import OmeImage, ome_images
from helpers.images.scenes import ImageFileError, Scene, Selection, paged
from helpers.images.tiff_check import check_complete, cut_short
from helpers.images.units import LARGEST_PRINTED, micrometres, seconds

SUFFIXES = (".tif", ".tiff", ".btf", ".tf8")
RGB_PHOTOMETRIC, TRANSPARENCY = 2, (1, 2)
RESOLUTION_UNITS = {2: "inch", 3: "cm"}


@contextmanager
def tiff_scenes(path: Path) -> Iterator[list[Scene]]:
    """Open a TIFF file and yield its scenes; it is closed afterwards.

    Raises
    ------
    ImageFileError
        If the file is not a TIFF, or a part of it is missing.
    """
    check_complete(path)
    with _silent(), tifffile.TiffFile(path) as file:
        described = _description(file)
        images = _ome_images(described, path)
        if images is not None:
            scenes = _ome_scenes(file, images, path)
            if scenes:
                yield scenes
                return
    with _silent(), tifffile.TiffFile(path, is_ome=False) as file:
        if images is not None or _claims_ome(described):
            _warn(path, "its OME-XML is damaged or does not fit the file: axes and voxel size are taken from the TIFF alone")
        _check_declared(file, path)
        yield [_scene(file, series, _plain_image(file, series), path) for series in file.series]


def _description(file: tifffile.TiffFile) -> str:
    return file.pages.first.description or ""


def _claims_ome(description: str) -> bool:
    return "<OME" in description or "openmicroscopy.org" in description


def _ome_images(description: str, path: Path) -> list[OmeImage] | None:
    """Return what the OME-XML says; None where there is none that can be read."""
    if not _claims_ome(description):
        return None
    try:
        images = ome_images(description)
        root = ElementTree.fromstring(description)
    except ElementTree.ParseError:
        return None
    binary = root.find("{*}BinaryOnly")
    if binary is not None:
        raise ImageFileError(
            f"{path.name} is one part of a data set described in another file: read {binary.get('MetadataFile') or 'the first file of the set'} instead"
        )
    return images


def _ome_scenes(file: tifffile.TiffFile, images: list[OmeImage], path: Path) -> list[Scene]:
    """Return the scenes as the OME-XML has them; none where it does not fit the file."""
    try:
        all_series = file.series if file.is_ome else []
        fits = [series.kind == "ome" and _is_plausible(series) for series in all_series]
    except ImageFileError:
        raise
    except Exception:  # the XML decides what tifffile computes here: anything can come of a wrong number
        return []
    if not images or not all_series or not all(fits):
        return []
    if len(images) != len(all_series):
        named = {image.name: image for image in images}
        nameless = OmeImage("", (None, None, None), ())
        images = [named.get(series.name, nameless) for series in all_series]
    return [_scene(file, series, image, path) for series, image in zip(all_series, images)]


def _is_plausible(series: tifffile.TiffPageSeries) -> bool:
    page_shape = series.keyframe.shape
    return len(set(series.axes)) == len(series.axes) and page_shape == series.shape[-len(page_shape) :]


def _plain_image(file: tifffile.TiffFile, series: tifffile.TiffPageSeries) -> OmeImage:
    """Return name, voxel size and time step from ImageJ's description or the resolution tags."""
    meta = file.imagej_metadata or (file.shaped_metadata or ({},))[0] or {}
    page = series.keyframe
    stated = meta.get("unit") or None
    tag = page.tags.get("ResolutionUnit")
    printed = RESOLUTION_UNITS.get(int(tag.value)) if tag is not None else None
    sizes: list[float | None] = [micrometres(meta.get("spacing"), meta.get("zunit") or stated or printed)]
    for axis, name in zip("yx", ("YResolution", "XResolution")):
        size = micrometres(_pixel_size(page, name), meta.get(f"{axis}unit") or stated or printed)
        sizes.append(None if size and not stated and size > LARGEST_PRINTED else size)
    return OmeImage(series.name or "", tuple(sizes), (), seconds(meta.get("finterval"), meta.get("tunit") or "s"))


def _check_declared(file: tifffile.TiffFile, path: Path) -> None:
    """Raise where ImageJ's description names more planes than there are: tifffile then falls back to the first alone."""
    meta = file.imagej_metadata or {}
    declared = int(np.prod([int(meta.get(name, 1)) for name in ("channels", "slices", "frames")]))
    if meta and file.series[0].kind != "imagej" and declared > len(file.pages):
        raise ImageFileError(f"{path.name} should hold {declared} planes but has {len(file.pages)}: it is cut short; copy or save it again")


def _pixel_size(page: tifffile.TiffPage, name: str) -> float | None:
    tag = page.tags.get(name)
    with suppress(TypeError, ValueError, ZeroDivisionError):
        numerator, denominator = tag.value if tag is not None else (0, 0)
        return float(denominator) / float(numerator)
    return None


def _scene(file: tifffile.TiffFile, series: tifffile.TiffPageSeries, image: OmeImage, path: Path) -> Scene:
    page, shape, axes = series.keyframe, tuple(series.shape), series.axes
    page_shape = tuple(page.shape)
    fits = page_shape == shape[len(shape) - len(page_shape) :]
    count = int(np.prod(shape[: len(shape) - len(page_shape)], dtype=int)) if fits else 0
    if fits and series.dataoffset is not None and not series.is_multifile:
        take = _contiguous(file, series, path)
    elif fits and len(series) == count:
        take = paged(shape, len(page_shape), lambda indices: _read_pages(file, series, indices, path))
    else:
        raise ImageFileError(
            f"{path.name} should hold {shape} ({axes}) but has {len(series)} page(s): planes are missing; copy or save it again"
        )
    channels = image.channels
    return Scene(
        image.name, axes, shape, np.dtype(series.dtype), take, channels, image.voxel_size, _samples(page, axes, shape), image.interval
    )


def _samples(page: tifffile.TiffPage, axes: str, shape: tuple[int, ...]) -> tuple[str, ...]:
    """Name the samples of a pixel without transparency: R, G and B of a picture, numbers otherwise."""
    if "S" not in axes:
        return ()
    count = shape[axes.index("S")]
    extra = tuple(int(kind) for kind in page.extrasamples or ())
    count -= sum(kind in TRANSPARENCY for kind in extra)
    if count == 3 and int(page.photometric) == RGB_PHOTOMETRIC:
        return ("R", "G", "B")
    return tuple(str(n) for n in range(count)) if count > 1 else ("",)


def _read_pages(file: tifffile.TiffFile, series: tifffile.TiffPageSeries, indices: list[int], path: Path) -> np.ndarray:
    pages = [series[index] for index in indices]
    missing = sum(page is None for page in pages)
    if missing:
        raise ImageFileError(
            f"{path.name} lacks {missing} of {len(pages)} planes that its OME-XML names: keep all files of the set in one folder"
        )
    for other in {Path(page.parent.filehandle.path) for page in pages} - {path, path.absolute(), path.resolve()}:
        check_complete(other)
    return file.asarray(key=indices, series=series).reshape(len(indices), *series.keyframe.shape)


def _contiguous(file: tifffile.TiffFile, series: tifffile.TiffPageSeries, path: Path) -> Callable[[Selection], np.ndarray]:
    """Return a ``take`` for uncompressed planes that follow one another; ImageJ writes large stacks so, with a single page."""
    if series.dataoffset + series.nbytes > path.stat().st_size:
        raise cut_short(path, "pixels lie")
    dtype = np.dtype(series.dtype).newbyteorder(file.byteorder)

    def take(selection: Selection) -> np.ndarray:
        mapped = np.memmap(path, dtype, mode="r", offset=series.dataoffset, shape=tuple(series.shape))
        return np.array(mapped[selection])

    return take


def _warn(path: Path, what: str) -> None:
    warnings.warn(f"{path.name}: {what}", stacklevel=2)


@contextmanager
def _silent() -> Iterator[None]:
    """Keep tifffile's log off the screen: what it says is said in this package's own sentences."""
    logger = logging.getLogger("tifffile")

    def drop(record: logging.LogRecord) -> bool:
        return False

    logger.addFilter(drop)
    try:
        yield
    finally:
        logger.removeFilter(drop)
