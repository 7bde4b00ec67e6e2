"""Apply a model to files: one, all time points of one, or many; each result has its record beside it."""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from helpers import classic, images
from helpers.images import Stack
from helpers.learning.applying import Applied, apply
from helpers.learning.checkpoints import Model, read_model
from helpers.learning.devices import chosen_device
from helpers.learning.normalization import takes_known_intensities

if TYPE_CHECKING:
    import pandas as pd

MAP_TYPES = ("float", "8-bit")
OVER_TIME = ("together", "each")
ENDINGS = ("probability.ome.tif", "mask.ome.tif", "record.json")
EXAMPLE_MODEL = Path(__file__).parent / "shipped" / "mitochondria.pt"
"""A small model of synthetic mitochondria, to try things with: see the README beside it."""
NO_MATTER = {"device", "memory_limit", "tile"}  # arguments that a result does not hang on


class Source(NamedTuple):
    """What is read of a file."""

    path: str | Path
    channels: Sequence[int | str] = ("",)
    scene: int | str = 0
    time: int | Sequence[int] = 0
    voxel_size: Sequence[float] = ()

    @property
    def series(self) -> bool:
        """Whether several time points are asked for."""
        return not isinstance(self.time, int | np.integer)

    def stacks(self) -> Iterator[list[Stack]]:
        """Yield the channels of one time point after another."""
        if self.series:
            each = (images.read_times(self.path, channel, self.scene, self.time, self.voxel_size) for channel in self.channels)
            yield from map(list, zip(*each))
        else:
            yield [images.read(self.path, channel, self.scene, self.time, self.voxel_size) for channel in self.channels]


def apply_to_file(
    model_path: str | Path,
    input_path: str | Path,
    output_folder: str | Path,
    *,
    channels: Sequence[int | str] = ("",),
    scene: int | str = 0,
    time: int | Sequence[int] = 0,
    voxel_size: Sequence[float] = (),
    cutoff: float | None = None,
    minimum_size: int | None = None,
    map_type: str = "float",
    over_time: str = "together",
    **how: object,
) -> list[Path]:
    """Segment one image file with a model file; write the probability map, the mask and the record.

    Parameters
    ----------
    model_path : str or Path
        As `checkpoints.write_model` wrote it.
    input_path, scene, voxel_size
        As `images.read`.
    output_folder : str or Path
        Takes ``<stem>_<model>_probability.ome.tif``, ``_mask.ome.tif`` (0 and 255) and ``_record.json``.
    channels : sequence of int or str
        One for each channel of the network; "" is the only one.
    time : int or sequence of int
        Which time point. A list, in rising order, or an empty one for all: both files then have a time axis; one time point is in memory
        at a time.
    cutoff, minimum_size
        See `apply`.
    map_type : str
        "float", or "8-bit": 0 to 255 for 0 to 1, a quarter of the size.
    over_time : str
        How several time points are normalized: "together", by the intensities of all of them, or "each" by its own. Recipes that subtract
        a background know only the second, and a note says so.
    **how
        Further arguments of `apply`.

    Returns
    -------
    paths : list of Path
        Map, mask, record.

    Raises
    ------
    FileExistsError
        If the folder holds results of another file, channel, scene or time point under these names.
    FileNotFoundError, TypeError, ValueError, MemoryError, OSError
        If the model or the image cannot be read or used, or the results cannot be written: nothing is written then.
    """
    for name, value, known in (("map_type", map_type, MAP_TYPES), ("over_time", over_time, OVER_TIME)):
        if value not in known:
            raise ValueError(f"{name} must be one of {', '.join(map(repr, known))}, got {value!r}")
    begun = monotonic()
    model = read_model(model_path)
    source = Source(input_path, channels, scene, time, voxel_size)
    first = next(source.stacks())[0]
    parameters = _parameters(
        model_path, model, source, cutoff=cutoff, minimum_size=minimum_size, map_type=map_type, over_time=over_time, **how
    )
    names = [f"{first.name}_{model.name}_{ending}" for ending in ENDINGS]
    choices = {"channel": channels[0], "scene": scene, "time": time}
    images.refuse_another_input(Path(output_folder).expanduser() / names[-1], first, choices)
    how = {"cutoff": cutoff, "minimum_size": minimum_size, **how}
    with images.together(output_folder) as folder:
        told = _write_found(folder, names, model, source, parameters, how)
        record = images.record(
            stack=first, workflow=f"apply {model.name}", parameters=parameters, **choices,
            outputs=[folder / name for name in names[:2]], quality=told, duration=monotonic() - begun,
        )  # fmt: skip
        record["segmented_at_um"] = told.pop("worked_at")
        images.write_record(folder / names[-1], record)
    return [Path(output_folder).expanduser() / name for name in names]


def apply_to_files(
    model_path: str | Path,
    files: Iterable[str | Path],
    output_folder: str | Path,
    *,
    again: bool = False,
    tell: Callable[[str], Any] | None = print,
    **how: Any,
) -> "pd.DataFrame":
    """Segment many image files with a model file. A file that fails is listed and does not stop the rest.

    A file is passed over if its results are there with the record of this very input, model and arguments: stopped by an error or by hand,
    the same call goes on with what is missing.

    Parameters
    ----------
    model_path : str or Path
    files : iterable of path
        Image files; a folder stands for the images in it, results of earlier runs left out.
    output_folder : str or Path
    again : bool
        Also files that are done.
    tell : callable, optional
        Called with a line for each file; None is silent.
    **how
        Further arguments of `apply_to_file`, for all files.

    Returns
    -------
    table : pandas.DataFrame
        One row a file: ``file, status`` ("done", "done before" or "failed"), ``seconds, foreground_fraction, warnings, error, mask``
        (path of the mask).

    Raises
    ------
    FileNotFoundError, TypeError, ValueError
        If the model cannot be used, there is no such file, or two files would write to the same names: nothing has been started then.
    """
    import pandas as pd

    model = read_model(model_path)
    chosen_device(how.get("device", "auto"))
    paths = images.image_files(files)
    rows = []
    for number, path in enumerate(paths, 1):
        row = _row(model_path, model, path, output_folder, again, how)
        rows.append(row)
        if tell is not None:
            seconds = f"({row['seconds']:.0f} s)" if row["status"] != "done before" else ""
            tell(" ".join(filter(None, [f"[{number}/{len(paths)}] {path.name}", row["status"], seconds, row["error"] or row["warnings"]])))
    return pd.DataFrame(rows, columns=["file", "status", "seconds", "foreground_fraction", "warnings", "error", "mask"])


def _row(model_path: str | Path, model: Model, path: Path, folder: str | Path, again: bool, how: Mapping[str, Any]) -> dict[str, Any]:
    """Apply the model to one file unless that is done; return the row of the table."""
    begun = monotonic()
    stem = Path(folder).expanduser() / f"{images.safe_name(path)}_{model.name}"
    row = {"file": str(path), "status": "done before", "warnings": "", "error": "", "mask": f"{stem}_{ENDINGS[1]}"}
    try:
        if again or not _is_done(stem, model_path, model, path, how):
            row["status"] = "done"
            apply_to_file(model_path, path, folder, **how)
        quality = images.read_record(f"{stem}_{ENDINGS[2]}")["quality"]
        row |= {"foreground_fraction": quality["foreground_fraction"], "warnings": " ".join(quality["notes"])}
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one file, the others still get their turn
        row |= {"status": "failed", "error": str(error).strip() or type(error).__name__, "mask": ""}
    return {**row, "seconds": round(monotonic() - begun, 1) if row["status"] != "done before" else 0.0}


def _is_done(stem: Path, model_path: str | Path, model: Model, path: Path, how: Mapping[str, Any]) -> bool:
    try:
        record = images.read_record(f"{stem}_{ENDINGS[2]}")
        asked = {name: how[name] for name in ("channels", "scene", "time", "voxel_size") if name in how}
        source, rest = Source(path, **asked), {name: value for name, value in how.items() if name not in asked}
        wanted = {"parameters": _parameters(model_path, model, source, **rest), "scene": source.scene, "time": source.time}
        same = all(_settled(record[name]) == _settled(value) for name, value in wanted.items())
        there = all(stem.with_name(each["name"]).exists() for each in record["outputs"])
        return same and there and record["input"].get("sha256") == images.checksum(path)
    except (OSError, ValueError, KeyError):
        return False


def _settled(value: Any) -> Any:
    """Return a value of a record, or one that will become it, in one form, without what a result does not hang on."""
    if isinstance(value, Mapping):
        return {name: _settled(each) for name, each in value.items() if name not in NO_MATTER}
    return [_settled(each) for each in value] if isinstance(value, list | tuple) else value


def _parameters(
    model_path: str | Path,
    model: Model,
    source: Source,
    *,
    cutoff: float | None = None,
    minimum_size: int | None = None,
    map_type: str = MAP_TYPES[0],
    over_time: str = OVER_TIME[0],
    **how: Any,
) -> dict[str, Any]:
    """Return what the record says of how the result was made."""
    return {
        "model": Path(model_path).name,
        "model_sha256": images.checksum(Path(model_path).expanduser()),
        "normalization": [list(step) for step in model.normalization],
        "channels": list(source.channels),
        "voxel_size": list(source.voxel_size),
        "cutoff": model.cutoff if cutoff is None else cutoff,
        "minimum_size": model.minimum_size if minimum_size is None else minimum_size,
        "map_type": map_type,
        **({"over_time": over_time} if source.series else {}),
        **{name: value for name, value in how.items() if not callable(value)},
    }


def _write_found(
    folder: Path, names: Sequence[str], model: Model, source: Source, parameters: Mapping[str, Any], how: Mapping[str, Any]
) -> dict[str, Any]:
    """Write the map and the mask; return what there is to say of them."""
    if not source.series:
        stacks = next(source.stacks())
        found = apply(model, stacks, **how)
        images.write(folder / names[0], _as_kept(found, parameters["map_type"]), stacks[0].voxel_size)
        images.write(folder / names[1], found.mask, stacks[0].voxel_size)
        return {"foreground_fraction": float(found.mask.mean()), "notes": list(found.notes), "worked_at": list(found.worked_at)}
    known, notes = _known_over_time(model, source, parameters["over_time"])
    parts, fractions = folder / "time_points", []
    parts.mkdir()
    for number, stacks in enumerate(source.stacks()):
        found = apply(model, stacks, known=known, **how)
        np.save(parts / f"map_{number:06d}.npy", _as_kept(found, parameters["map_type"]))
        np.save(parts / f"mask_{number:06d}.npy", found.mask)
        fractions.append(float(found.mask.mean()))
        notes += [note for note in found.notes if note not in notes]
    interval = images.time_axis(source.path, source.channels[0], source.scene).interval
    for name, kind in zip(names, ("map", "mask")):
        images.write_times(folder / name, _Files(sorted(parts.glob(f"{kind}_*"))), stacks[0].voxel_size, interval=interval)
    shutil.rmtree(parts)
    told = {"foreground_fraction": float(np.mean(fractions)), "foreground_fractions": fractions}
    return {**told, "notes": notes, "worked_at": list(found.worked_at)}


def _known_over_time(model: Model, source: Source, over_time: str) -> tuple[list[classic.Intensities], list[str]]:
    """Return the intensities of all time points of each channel, where they are to be normalized by them; and what to say of it."""
    if over_time == "each":
        return [], []
    if not takes_known_intensities(model.normalization):
        return [], ["each time point was normalized by its own intensities: the recipe of this model looks at one image at a time"]
    alone = (source._replace(channels=[channel]) for channel in source.channels)
    return [classic.intensities(stack.raw for (stack,) in each.stacks()) for each in alone], []


def _as_kept(found: Applied, map_type: str) -> np.ndarray:
    return found.probability if map_type == "float" else np.rint(found.probability * 255).astype(np.uint8)


class _Files(Sequence):
    """Arrays in files, each read when it is asked for."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = paths

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> np.ndarray:
        return np.load(self.paths[index])
