"""What is done of a time series, kept in a hidden folder until all is done: stopped, it goes on from there."""

import io
import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from helpers import classic, images
from helpers.time_series.brightness import STEADY, Light, light
from helpers.time_series.job import Job


def begin(job: Job) -> set[int]:
    """Make the hidden folder, and return the time points in it that were made from the same input with the same values."""
    key = json.dumps(job.key(), sort_keys=True, default=str)
    note = job.partial / "key.json"
    try:
        if note.exists() and note.read_text(encoding="utf-8") == key:
            return {int(file.stem.split("_")[1]) for file in job.partial.glob("time_*.npz")}
        shutil.rmtree(job.partial, ignore_errors=True)
        job.partial.mkdir(parents=True, exist_ok=True)
        note.write_text(key, encoding="utf-8")
    except OSError as error:
        raise images.said_plainly(error, job.folder) from error
    return set()


def kept_light(job: Job) -> Light:
    """Return the light of all time points where they are to be levelled; measured once."""
    if job.normalize != "levelled":
        return STEADY
    file = job.partial / "light.npz"
    if not file.exists():
        measured = light(zip(job.times, job.stacks(job.times)))
        _write(job, file, {"dark": measured.dark, "times": list(measured.factors), "factors": list(measured.factors.values())})
    with np.load(file) as kept:
        return Light(kept["dark"].item(), dict(zip(kept["times"].tolist(), kept["factors"].tolist())))


def kept_intensities(job: Job, light: Light, tell: Callable[[str], Any] | None) -> classic.Intensities | None:
    """Return the intensities of all time points together; None where each is normalized by its own."""
    if job.normalize == "each" or job.known is not None:
        return None if job.normalize == "each" else job.known
    file = job.partial / "intensities.npz"
    if not file.exists():
        if tell:
            tell(f"reading the intensities of {len(job.times)} time point(s)")
        stacks = job.stacks(job.times)
        _write(job, file, classic.intensities(light.level(next(stacks).raw, time) for time in job.times)._asdict())
    with np.load(file) as kept:
        return classic.Intensities(*(kept[name] if kept[name].ndim else kept[name].item() for name in classic.Intensities._fields))


def keep(job: Job, time: int, content: Mapping[str, Any]) -> None:
    _write(job, job.partial / f"time_{time:06d}.npz", content)


class Kept(Sequence):
    """The masks of all time points, one read at a time."""

    def __init__(self, job: Job) -> None:
        self.job = job

    def __len__(self) -> int:
        return len(self.job.times)

    def __getitem__(self, index: int) -> np.ndarray:
        with np.load(self.job.partial / f"time_{self.job.times[index]:06d}.npz") as kept:
            shape = tuple(kept["shape"].tolist())
            return np.unpackbits(kept["mask"], count=int(np.prod(shape))).reshape(shape).astype(bool)

    def about(self, index: int) -> dict[str, Any]:
        with np.load(self.job.partial / f"time_{self.job.times[index]:06d}.npz") as kept:
            return json.loads(kept["about"].item())


def _write(job: Job, file: Path, content: Mapping[str, Any]) -> None:
    """Write a file of the hidden folder, whole or not at all."""
    part = file.with_suffix(f".{os.getpid()}.part")
    try:
        data = io.BytesIO()
        np.savez_compressed(data, **content)
        part.write_bytes(data.getbuffer())
        os.replace(part, file)
    except OSError as error:
        raise images.said_plainly(error, job.folder) from error
    finally:
        part.unlink(missing_ok=True)
