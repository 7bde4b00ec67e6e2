"""Read one channel of one field of view from any of the known files."""

import difflib
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from helpers.images import formats_png, formats_tiff, formats_vendor, formats_zarr
from helpers.images.scenes import ImageFileError, Scene, load, merged_grey, settled, suspicious_axes
from helpers.images.stack import Stack, checked_voxel_size, safe_name

if TYPE_CHECKING:
    import pandas

FORMATS: dict[str, Callable[[Path], AbstractContextManager[list[Scene]]]] = {
    **dict.fromkeys(formats_tiff.SUFFIXES, formats_tiff.tiff_scenes),
    **dict.fromkeys(formats_png.SUFFIXES, formats_png.png_scenes),
    ".czi": formats_vendor.czi_scenes,
    ".lif": formats_vendor.lif_scenes,
    ".nd2": formats_vendor.nd2_scenes,
}
KNOWN_FILES = f"{', '.join(FORMATS)} files and .zarr folders"


def read(
    path: str | Path,
    channel: int | str | None = None,
    scene: int | str = 0,
    time: int = 0,
    voxel_size: Sequence[float] = (),
    axes: str = "",
) -> Stack:
    """Read one channel of one scene at one time as a stack.

    A single plane gives Z = 1; if the file has no step in z for it, 1 um is taken. Colours of a picture count as channels R, G and B,
    or as one where all three are the same; transparency is dropped. Intensities keep their type.

    Parameters
    ----------
    path : str or Path
        A TIFF (OME, ImageJ, plain), PNG, CZI, LIF or ND2 file, or the folder of an OME-Zarr image.
    channel : int or str, optional
        Index or name. None or "" takes the only one there is.
    scene : int or str
        Index or name of the field of view.
    time : int
        Index of the time point.
    voxel_size : sequence of 3 float, optional
        (z, y, x) in um, instead of what the file says.
    axes : str, optional
        One letter of T, C, Z, Y, X for each axis of the file's shape, where the file does not say or says it wrong.

    Returns
    -------
    stack : Stack

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ImportError
        If a CZI, LIF or ND2 file needs a package that is not installed.
    MemoryError
        If the stack does not fit into memory.
    PermissionError
        If the file may not be read.
    TypeError
        If an argument is of the wrong type.
    ValueError
        If the file is of an unknown kind, damaged or cut short, if the channel, scene or time is not in it, if its axes are unknown,
        or if a voxel size is neither in it nor given.
    """
    check_types(channel, scene, time, axes)
    given = checked_voxel_size(voxel_size) if np.ndim(voxel_size) != 1 or len(voxel_size) else None
    path = existing(path)
    with opened(path) as scenes:
        chosen = chosen_channel(scenes, path, channel, scene, time, given, axes)
        raw = load(chosen.scene, chosen.index, int(time))
    for note in chosen.notes:
        warnings.warn(note, stacklevel=2)
    return Stack(raw, chosen.voxel_size, safe_name(path), str(path.absolute()), chosen.notes)


def contents(path: str | Path, axes: str = "") -> "pandas.DataFrame":
    """List what a file holds, one row for each scene, without reading more pixels than needed.

    Parameters
    ----------
    path : str or Path
        As in `read`.
    axes : str, optional
        As in `read`: counts and channels as they are under these letters.

    Returns
    -------
    table : pandas.DataFrame
        Columns ``scene`` (index), ``name``, ``axes`` (of the file; letters other than TCZYXS are unknown), ``T, C, Z, Y, X`` (lengths; missing
        where the axes are unknown), ``dtype``, ``channels`` (list of names), ``voxel_size_um`` (z, y, x; None where the file does not say),
        ``interval_s`` (seconds between time points; None likewise).

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ImportError
        If a CZI, LIF or ND2 file needs a package that is not installed.
    ValueError
        If the file is of an unknown kind, damaged or cut short, or ``axes`` does not fit its shape.
    """
    import pandas

    path = existing(path)
    with opened(path) as scenes:
        rows = [_row(index, scene, axes, path) for index, scene in enumerate(scenes)]
    return pandas.DataFrame(rows).astype(dict.fromkeys("TCZYX", "Int64"))


def channel_names(path: str | Path, scene: int | str = 0, axes: str = "") -> list[str]:
    """Return the names of the channels of one scene; a nameless channel is called by its number.

    Parameters
    ----------
    path, scene, axes
        As in `read`.

    Returns
    -------
    names : list of str

    Raises
    ------
    FileNotFoundError, ImportError, TypeError, ValueError
        As `read` does.
    """
    check_types(None, scene, 0, axes)
    path = existing(path)
    with opened(path) as scenes:
        return merged_grey(settled(_chosen_scene(scenes, scene, path), axes, path)).channel_names()


def check_types(channel: object, scene: object, time: object, axes: object) -> None:
    for value, name, kinds in (
        (channel, "channel", (Integral, str, type(None))),
        (scene, "scene", (Integral, str)),
        (time, "time", (Integral,)),
    ):
        if isinstance(value, (bool, np.bool_)) or not isinstance(value, kinds):
            raise TypeError(f"{name} must be a whole number from 0{' or a name' if str in kinds else ''}, got {value!r}")
    if not isinstance(axes, str):
        raise TypeError(f"axes must be letters, for example 'ZYX', got {axes!r}")


class Chosen(NamedTuple):
    """One channel of one scene of an open file, its voxel size in um, and what looks odd about it."""

    scene: Scene
    index: int
    voxel_size: tuple[float, float, float]
    notes: tuple[str, ...]


def chosen_channel(
    scenes: list[Scene],
    path: Path,
    channel: int | str | None,
    scene: int | str,
    time: int | None,
    voxel_size: tuple[float, float, float] | None,
    axes: str,
) -> Chosen:
    """Find what was asked for in an open file; ``time`` None: all time points were asked for, so that many are not odd."""
    chosen = _chosen_scene(scenes, scene, path)
    if 0 in chosen.shape:
        raise ImageFileError(f"{path.name} holds an image without pixels, of shape {chosen.shape}: save it again")
    chosen = merged_grey(settled(chosen, axes, path))
    odd = suspicious_axes(chosen, 1 if time is None else time) if not axes else ""
    index = _channel_index(chosen, channel, path, odd)
    if time is not None:
        check_time(chosen, time, path)
    size = voxel_size or _complete_voxel_size(chosen, path)
    if chosen.dtype.kind not in "biuf":
        raise ImageFileError(f"{path.name} holds {chosen.dtype} values: give an image of real numbers, for example the magnitude")
    return Chosen(chosen, index, size, (f"{path.name}: {odd}",) if odd else ())


def _row(index: int, scene: Scene, axes: str, path: Path) -> dict:
    try:
        scene = merged_grey(settled(scene, axes, path))
        lengths = {axis: scene.size(axis) for axis in "TCZYX"} | {"C": len(scene.channel_names())}
    except ImageFileError:
        if axes:
            raise
        lengths = {axis: scene.size(axis) if axis in scene.axes else None for axis in "TCZYX"}
    facts = {"dtype": str(scene.dtype), "channels": scene.channel_names(), "voxel_size_um": scene.voxel_size, "interval_s": scene.interval}
    return {"scene": index, "name": scene.name, "axes": scene.axes, **lengths, **facts}


def existing(path: str | Path) -> Path:
    """Return the path of what is there and can be an image; raise otherwise."""
    if not isinstance(path, (str, Path)) or str(path) == "":
        raise TypeError(f"path must be the path of an image file, got {path!r}")
    if "://" in str(path):
        raise ImageFileError(f"{path} is an address: download it first, and give the path of the file")
    path = Path(path).expanduser()
    if "\x00" in str(path) or not path.exists():
        raise FileNotFoundError(_not_found(path))
    if path.is_dir():
        if not formats_zarr.is_zarr(path):
            inside = sorted(item.name for item in path.iterdir() if item.suffix.lower() in {*FORMATS, ".zarr"})[:1]
            raise ImageFileError(
                f"{path} is a folder: give one file{f' in it, for example {inside[0]}' if inside else ', there is no image in it'}"
            )
        return path
    if path.suffix.lower() not in FORMATS:
        raise ImageFileError(
            f"{path.name} is of an unknown kind ({path.suffix or 'no suffix'}): {KNOWN_FILES} can be read; save it as OME-TIFF"
        )
    if path.stat().st_size == 0:
        raise ImageFileError(f"{path.name} is empty (0 bytes): copy it again from where it was acquired")
    return path


def _not_found(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f"there is no folder {folder.absolute()}: check the path of {path.name}"
    close = difflib.get_close_matches(path.name, [item.name for item in folder.iterdir()], n=3, cutoff=0.6)
    hint = f"did you mean {' or '.join(close)}?" if close else "check the spelling"
    return f"there is no file {path.name} in {folder.absolute()}: {hint}"


@contextmanager
def opened(path: Path) -> Iterator[list[Scene]]:
    """Yield the scenes of a file; whatever a reading package raises about it becomes one sentence."""
    scenes = formats_zarr.zarr_scenes if path.is_dir() else FORMATS[path.suffix.lower()]
    try:
        with scenes(path) as found:
            if not found:
                raise ImageFileError(f"{path.name} holds no image: check the file")
            yield found
    except (ImageFileError, ImportError):
        raise
    except MemoryError as error:
        raise MemoryError(f"{path.name} does not fit into memory ({error}): crop it, or close other programs") from error
    except PermissionError as error:
        raise PermissionError(f"{path.name} may not be read: ask its owner for the right, or copy it") from error
    except Exception as error:
        reason = " ".join(str(error).split())[:160]
        raise ImageFileError(
            f"{path.name} cannot be read: it is damaged or cut short ({type(error).__name__}: {reason}); copy it again from where it was acquired"
        ) from error


def _chosen_scene(scenes: list[Scene], scene: int | str, path: Path) -> Scene:
    return scenes[_index(scene, [each.name for each in scenes], "scene", path)]


def _channel_index(scene: Scene, channel: int | str | None, path: Path, odd: str) -> int:
    names = scene.channel_names()
    if channel is None or channel == "":
        if len(names) > 1:
            raise ImageFileError(f"{path.name} has {_listed(names, 'channel')}: choose one with channel=...{f'; {odd}' if odd else ''}")
        return 0
    return _index(channel, names, "channel", path)


def check_time(scene: Scene, time: int, path: Path) -> None:
    count = scene.size("T")
    if not 0 <= time < count:
        raise ImageFileError(f"{path.name} has {count} time point(s), 0 to {count - 1}: there is no time={time}")


def _index(wanted: int | str, names: list[str], what: str, path: Path) -> int:
    """Return the index of a scene or channel given by name or by number."""
    if isinstance(wanted, str):
        if names.count(wanted) == 1:
            return names.index(wanted)
        if names.count(wanted) > 1 and wanted:
            raise ImageFileError(f"{path.name} has {_listed(names, what)}: the name {wanted!r} is not unique, choose by number")
        if not wanted.isdecimal():
            raise ImageFileError(f"{path.name} has {_listed(names, what)}: there is no {what} {wanted!r}, choose one with {what}=...")
        wanted = int(wanted)
    if not 0 <= wanted < len(names):
        raise ImageFileError(f"{path.name} has {_listed(names, what)}: there is no {what} {wanted}, choose one with {what}=...")
    return int(wanted)


def _listed(names: list[str], what: str) -> str:
    shown = [str(index) if name in ("", str(index)) else f"{index} {name!r}" for index, name in enumerate(names)]
    if len(shown) > 12:
        shown = [*shown[:10], "...", shown[-1]]
    return f"{len(names)} {what}{'s' if len(names) != 1 else ''}: {', '.join(shown)}"


def _complete_voxel_size(scene: Scene, path: Path) -> tuple[float, float, float]:
    z, y, x = scene.voxel_size
    if scene.size("Z") == 1 and z is None:
        z = 1.0  # a single plane has a thickness for the tables, and it must be something
    missing = [axis for axis, size in zip("zyx", (z, y, x)) if size is None]
    if missing:
        example = [size or guess for size, guess in zip((z, y, x), (0.3, 0.1, 0.1))]
        known = ", ".join(f"{axis} = {size:g}" for axis, size in zip("zyx", (z, y, x)) if size is not None)
        raise ImageFileError(
            f"{path.name} does not say its voxel size in {' and '.join(missing)}{f' (it has {known})' if known else ''}: "
            f"give voxel_size=[z, y, x] in um, for example voxel_size=[{', '.join(f'{size:.6g}' for size in example)}]"
        )
    return z, y, x
