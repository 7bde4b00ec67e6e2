"""Read the time points of a file one after another, with the file opened once."""

from collections.abc import Iterator, Sequence
from numbers import Integral
from pathlib import Path
from typing import NamedTuple

import numpy as np

from helpers.images.reading import check_time, check_types, chosen_channel, existing, opened
from helpers.images.scenes import load
from helpers.images.stack import Stack, checked_voxel_size, safe_name


class TimeAxis(NamedTuple):
    """How many time points a field of view has, and the seconds from one to the next: None where the file does not say."""

    count: int
    interval: float | None


def time_axis(path: str | Path, channel: int | str | None = None, scene: int | str = 0, axes: str = "") -> TimeAxis:
    """Return the number of time points of a scene and their distance, without reading pixels.

    Parameters
    ----------
    path, channel, scene, axes
        As in `helpers.images.read`.

    Returns
    -------
    axis : TimeAxis
        ``count``, 1 for a file without a time axis, and ``interval`` in s.

    Raises
    ------
    FileNotFoundError, ImportError, PermissionError, TypeError, ValueError
        As `helpers.images.read` does.
    """
    check_types(channel, scene, 0, axes)
    path = existing(path)
    with opened(path) as scenes:
        chosen = chosen_channel(scenes, path, channel, scene, None, (1.0, 1.0, 1.0), axes).scene
        return TimeAxis(chosen.size("T"), chosen.interval)


def read_times(
    path: str | Path,
    channel: int | str | None = None,
    scene: int | str = 0,
    times: Sequence[int] = (),
    voxel_size: Sequence[float] = (),
    axes: str = "",
) -> Iterator[Stack]:
    """Read time points one after another; one is in memory at a time, and the file is opened once.

    Parameters
    ----------
    path, channel, scene, voxel_size, axes
        As in `helpers.images.read`.
    times : sequence of int
        Which time points, in rising order; all if empty.

    Yields
    ------
    stack : Stack
        One for each time point.

    Raises
    ------
    FileNotFoundError, ImportError, MemoryError, PermissionError, TypeError, ValueError
        As `helpers.images.read` does; when the first stack is asked for.

    Examples
    --------
    >>> import tempfile
    >>> from helpers import images
    >>> file = images.write_times(f"{tempfile.mkdtemp()}/movie.ome.tif", np.arange(24, dtype="u1").reshape(3, 2, 2, 2), [1, 1, 1])
    >>> [int(stack.raw[0, 0, 0]) for stack in images.read_times(file, times=[0, 2])]
    [0, 16]
    """
    check_types(channel, scene, 0, axes)
    given = checked_voxel_size(voxel_size) if np.ndim(voxel_size) != 1 or len(voxel_size) else None
    path = existing(path)
    with opened(path) as scenes:
        chosen = chosen_channel(scenes, path, channel, scene, None, given, axes)
        for time in checked_times(times) or range(chosen.scene.size("T")):
            check_time(chosen.scene, time, path)
            yield Stack(load(chosen.scene, chosen.index, time), chosen.voxel_size, safe_name(path), str(path.absolute()), chosen.notes)


def checked_times(times: Sequence[int]) -> list[int]:
    """Return time points as a list of int; raise a sentence if they are not whole numbers in rising order.

    Raises
    ------
    TypeError
        If it is not a list of whole numbers.
    ValueError
        If one is negative, or they do not rise.
    """
    wanted = "a list of time points in rising order, for example [0, 1, 2]; [] stands for all"
    if isinstance(times, (str, bytes)) or not isinstance(times, (Sequence, np.ndarray)):
        raise TypeError(f"times must be {wanted}, got {times!r}")
    if any(isinstance(time, (bool, np.bool_)) or not isinstance(time, Integral) for time in times):
        raise TypeError(f"times must be {wanted}, got {list(times)}")
    if any(time < 0 for time in times) or any(one >= other for one, other in zip(times, times[1:])):
        raise ValueError(f"times must be {wanted}, got {list(times)}")
    return [int(time) for time in times]
