"""The record of a run: what is needed to make the same result again, as JSON beside it."""

import hashlib
import json
import math
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from helpers.images.stack import Stack
from helpers.images.writing import together

RECORD_VERSION = 1
PACKAGES = {
    "helpers": "cell-segmentation-notebooks", "numpy": "numpy", "scipy": "scipy", "scikit-image": "scikit-image", "numba": "numba", "tifffile": "tifffile",
}  # fmt: skip


def record(
    *,
    stack: Stack,
    workflow: str,
    parameters: Mapping[str, Any],
    channel: int | str | None = None,
    scene: int | str = 0,
    time: int | Sequence[int] = 0,
    duration: float | None = None,
    seed: int | None = None,
    outputs: Sequence[str | Path] = (),
    quality: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Put together the record of a run.

    Parameters
    ----------
    stack : Stack
        The input. If its source is a file or folder, size and checksum are recorded, else the source itself, as that of a synthetic stack.
    workflow : str
        Its id, for example "tomm20".
    parameters : mapping
        Names and values, kept in their order.
    channel, scene, time
        What was asked of the file.
    duration : float, optional
        Seconds.
    seed : int, optional
        Of random numbers, where the run used any.
    outputs : sequence of path
        Files written; the name and the checksum of each are recorded.
    quality : mapping or NamedTuple, optional
        Signs of a failed result, as `helpers.measure.quality` gives them.

    Returns
    -------
    record : dict
        Of plain values: what `write_record` writes.

    Raises
    ------
    OSError
        If the input or an output cannot be read.
    """
    return {
        "record_version": RECORD_VERSION,
        "workflow": workflow,
        "input": _input(stack),
        "channel": channel,
        "scene": scene,
        "time": time,
        "shape": list(stack.raw.shape),
        "dtype": str(stack.raw.dtype),
        "voxel_size_um": list(stack.voxel_size),
        "parameters": _plain(parameters),
        "seed": _plain(seed),
        "quality": _plain(quality),
        "outputs": [{"name": Path(path).name, "sha256": checksum(path)} for path in outputs],
        "duration_s": None if duration is None else round(float(duration), 3),
        **circumstances(),
    }


def record_folders(
    *,
    workflow: str,
    folders: Mapping[str, str | Path],
    parameters: Mapping[str, Any],
    images: Sequence[str] = (),
    notes: Sequence[str] = (),
    seed: int | None = None,
) -> dict[str, Any]:
    """Put together the record of a run that compared folders of images.

    Parameters
    ----------
    workflow : str
        What was done, for example the name of the notebook.
    folders : mapping of str to path
        What each folder was used for. Its path, the number of files and one checksum of all of them are recorded.
    parameters : mapping
        Names and values, kept in their order.
    images : sequence of str
        Names of the images that were compared.
    notes : sequence of str
        What was left out, or looked odd, in sentences.
    seed : int, optional
        Of random numbers, where the run used any.

    Returns
    -------
    record : dict
        Of plain values: what `write_record` writes.

    Raises
    ------
    OSError
        If a folder cannot be read.
    """
    inputs = {
        name: {"path": str(Path(folder).absolute()), "files": len(_files(Path(folder))), "sha256": checksum(folder)}
        for name, folder in folders.items()
    }
    return {
        "record_version": RECORD_VERSION,
        "workflow": workflow,
        "inputs": inputs,
        "images": list(images),
        "parameters": _plain(parameters),
        "seed": _plain(seed),
        "notes": list(notes),
        **circumstances(),
    }


def write_record(path: str | Path, record: Mapping[str, Any]) -> Path:
    """Write a record as JSON in UTF-8, in the order it has; the file appears whole or not at all.

    Numbers and arrays of numpy become plain ones, NaN and infinity become null, a NamedTuple becomes its fields, a path its text.

    Parameters
    ----------
    path : str or Path
    record : mapping

    Returns
    -------
    path : Path

    Raises
    ------
    TypeError
        If a value cannot be written as JSON.
    OSError
        If the folder cannot be written.
    """
    path = Path(path)
    text = json.dumps(_plain(record), indent=2, ensure_ascii=False, allow_nan=False)
    with together(path.parent) as folder:
        # Names of files may hold bytes that are no characters: they are written as "?" rather than lost with the whole record.
        (folder / path.name).write_text(text + "\n", encoding="utf-8", errors="replace")
    return path


def read_record(path: str | Path) -> dict[str, Any]:
    """Read a record that `write_record` wrote.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not a record, or one of a later version.
    """
    path = Path(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path.name} is not a record: it is no JSON ({error}); give the _record.json file of a run") from error
    version = content.get("record_version") if isinstance(content, dict) else None
    if not isinstance(version, int):
        raise ValueError(f"{path.name} is not a record: it has no record_version; give the _record.json file of a run")
    if version > RECORD_VERSION:
        raise ValueError(f"{path.name} is a record of version {version}, this package knows {RECORD_VERSION}: install a newer one")
    return content


def checksum(path: str | Path) -> str:
    """Return the SHA-256 of a file; of a folder, that of the names and contents of all files in it, in the order of their names.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    path = Path(path)
    if not path.is_dir():
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    digest = hashlib.sha256()
    for name, file in _files(path):
        # The length before each part keeps "ab" + "c" apart from "a" + "bc".
        digest.update(len(name).to_bytes(8, "big") + name + bytes.fromhex(checksum(file)))
    return digest.hexdigest()


def versions() -> dict[str, str | None]:
    """Return the versions of Python and of the packages that a result may hang on; None for what is not installed."""
    return {"python": platform.python_version(), **{name: _version(distribution) for name, distribution in PACKAGES.items()}}


def refuse_another_input(record_path: str | Path, stack: Stack, choices: Mapping[str, Any]) -> None:
    """Raise if the results that would be replaced were made from another file, channel, scene or time point.

    Parameters
    ----------
    record_path : path
        Where the record of this run will be.
    stack : Stack
        The input.
    choices : mapping
        What was asked of the file, by the names that a record has for it.

    Raises
    ------
    FileExistsError
        One sentence: results of something else are there under the same names.
    """
    record_path = Path(record_path)
    if not record_path.exists():
        return
    try:
        record = read_record(record_path)
    except ValueError:  # not ours to judge, and not ours to lose
        raise FileExistsError(f"{record_path} is there and cannot be read: choose another output folder, or move it away") from None
    before = record["input"]
    if "path" in before:
        same = before["path"] == stack.source or (Path(stack.source).exists() and before["sha256"] == checksum(stack.source))
    else:
        same = (before["name"], before["source"]) == (stack.name, stack.source)
    # An empty channel is the only one there is, number 0.
    changed = [f"{name} {record[name]!r}" for name, value in choices.items() if (record[name] or 0) != (value or 0)]
    if not same or changed:
        what = ", ".join(changed) if same else before.get("path", before["name"])
        raise FileExistsError(f"{record_path.parent} holds the results of {what} under the same names: choose another output folder")


def circumstances() -> dict[str, Any]:
    """Return when a run ended, and with which versions on what, as plain values."""
    return {
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions(),
        "platform": platform.platform(),
    }


def _files(folder: Path) -> list[tuple[bytes, Path]]:
    """Return (relative name with forward slashes, path) of all files, in one order on all systems."""
    found = (Path(root) / name for root, _, names in os.walk(folder) for name in names)
    return sorted((os.fsencode(path.relative_to(folder).as_posix()), path) for path in found)


def _input(stack: Stack) -> dict[str, Any]:
    path = Path(stack.source) if stack.source else None
    try:
        found = path is not None and path.exists()
    except (OSError, ValueError):  # too long for a path, or a NUL in it: a description
        found = False
    if not found:
        return {"name": stack.name, "synthetic": True, "source": stack.source or "made in memory"}
    size = sum(file.stat().st_size for _, file in _files(path)) if path.is_dir() else path.stat().st_size
    return {"name": path.name, "path": str(path.absolute()), "bytes": size, "sha256": checksum(path)}


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _plain(value: Any) -> Any:
    """Return a value made of what JSON knows."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    elif isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, (set, frozenset)):
        return sorted((_plain(each) for each in value), key=str)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, PurePath):
        return str(value)
    if value is None or isinstance(value, (bool, int, str)):
        return value
    raise TypeError(f"a record holds numbers, texts, lists and mappings, got {type(value).__name__}: {str(value)[:80]}")
