"""What was asked of a time series, checked before anything is read or written."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from helpers import classic, images
from helpers.images import Stack
from helpers.images.stack import checked_voxel_size
from helpers.workflows import WORKFLOWS, Workflow, check_values

NORMALIZE = ("together", "levelled", "each")


@dataclass(frozen=True)
class Job:
    """What was asked for, checked."""

    workflow: Workflow
    values: dict[str, Any]
    path: Path
    channel: int | str | None
    scene: int | str
    times: list[int]
    voxel_size: list[float]
    normalize: str
    known: classic.Intensities | None
    at_tuned_size: bool
    name: str
    interval: float | None
    folder: Path

    @property
    def stem(self) -> str:
        return f"{images.safe_name(self.path)}_{self.name}"

    @property
    def partial(self) -> Path:
        """The hidden folder of what is done."""
        return self.folder / f".{self.stem}_times"

    @property
    def series(self) -> dict[str, Any]:
        return {"path": self.path, "channel": self.channel, "scene": self.scene, "times": self.times, "voxel_size": self.voxel_size}

    def stacks(self, times: Sequence[int]) -> Iterator[Stack]:
        return images.read_times(**self.series | {"times": times})

    @property
    def choices(self) -> dict[str, Any]:
        """What was asked of the file, as the record has it."""
        return {"channel": self.channel, "scene": self.scene, "time": self.times}

    def worked_at(self, stack: Stack) -> tuple[float, float, float]:
        """Return the voxel size that the steps see."""
        own, tuned = stack.voxel_size, self.workflow.tuned_voxel_size
        return images.working_voxel_size(stack.raw.shape, own, tuned) if self.at_tuned_size else own

    def key(self) -> dict[str, Any]:
        """What a finished time point hangs on; the other time points, too, where all are normalized alike."""
        return {
            "input": images.checksum(self.path),
            "channel": self.channel or 0,
            "scene": self.scene,
            "voxel_size": list(self.voxel_size),
            "workflow": self.workflow.id,
            "values": {name: list(value) if isinstance(value, (tuple, np.ndarray)) else value for name, value in self.values.items()},
            "normalize": self.normalize,
            "at_tuned_size": self.at_tuned_size,
            "known": self.known and self.known._asdict(),
            "of": None if self.normalize == "each" else self.times,
            "versions": images.versions(),
        }


def checked(
    workflow_id: str, path: str | Path, output_folder: str | Path, channel: int | str | None, scene: int | str, times: Sequence[int],
    voxel_size: Sequence[float], normalize: str, known: classic.Intensities | None, at_tuned_size: bool, name: str, values: Mapping[str, Any],
) -> Job:  # fmt: skip
    """Refuse what cannot be done before anything is read or written."""
    if workflow_id not in WORKFLOWS:
        close = difflib.get_close_matches(str(workflow_id), WORKFLOWS, n=1, cutoff=0.4)
        raise ValueError(
            f"there is no workflow {workflow_id!r}: {f'did you mean {close[0]!r}' if close else 'give an id of the lookup table'}"
        )
    if normalize not in NORMALIZE:
        raise ValueError(f"normalize must be one of {', '.join(NORMALIZE)}, got {normalize!r}")
    if known is not None and not isinstance(known, classic.Intensities):
        raise TypeError(f"known must be what helpers.classic.intensities returned, got {type(known).__name__}")
    size = [] if np.ndim(voxel_size) == 1 and not len(voxel_size) else list(checked_voxel_size(voxel_size))
    workflow = WORKFLOWS[workflow_id]
    values = {**workflow.published, **values}
    check_values(workflow.function, values)
    wanted = images.checked_times(times)
    axis = images.time_axis(path, channel, scene)
    if wanted and wanted[-1] >= axis.count:
        raise images.ImageFileError(
            f"{Path(path).name} has {axis.count} time point(s), 0 to {axis.count - 1}: there is no time={wanted[-1]}"
        )
    folder = Path(output_folder).expanduser().absolute()
    path = Path(path).expanduser().absolute()
    all_times = wanted or list(range(axis.count))
    how = {"normalize": normalize, "known": known, "at_tuned_size": bool(at_tuned_size), "name": name or workflow_id}
    return Job(workflow, values, path, channel, scene, all_times, size, **how, interval=axis.interval, folder=folder)
