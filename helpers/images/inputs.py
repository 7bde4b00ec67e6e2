"""What a notebook starts from: a file, or a synthetic stack where none is given."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from helpers.images.reading import read
from helpers.images.scenes import ImageFileError
from helpers.images.stack import Stack
from helpers.images.times import checked_times, read_times


class Input(NamedTuple):
    """What a workflow starts from: a stack, and the truth where it is known."""

    stack: Stack
    truth: np.ndarray | None


def read_or(
    make: Callable[[], tuple[Stack, np.ndarray]],
    input_path: str | Path,
    channel: int | str | None = None,
    scene: int | str = 0,
    time: int | Sequence[int] = 0,
    voxel_size: Sequence[float] = (),
) -> Input:
    """Read a file, or make a synthetic stack with known truth where ``input_path`` is empty.

    Parameters
    ----------
    make : callable
        Called without arguments; returns (stack, truth).
    input_path : str or Path
        As ``path`` of `read`; "" calls ``make``, and the arguments after it are not used.
    channel, scene, voxel_size
        As in `read`.
    time : int or sequence of int
        Index of the time point. Of several, to be segmented by `helpers.time_series.run`, the first is read; an empty list stands for all.

    Returns
    -------
    input : Input
        ``stack``, and ``truth``: None for a file.

    Raises
    ------
    FileNotFoundError, ImportError, TypeError, ValueError
        As `read` does.
    """
    if input_path is None or input_path == "":
        stack, truth = make()
        return Input(stack, truth)
    if isinstance(time, (list, tuple)):
        stack = next(read_times(input_path, channel, scene, [*checked_times(time)][:1] or [0], voxel_size))
    else:
        stack = read(input_path, channel, scene, time, voxel_size)
    if stack.raw.dtype == bool:
        raise ImageFileError(f"{Path(input_path).name} is a mask (bool): give the file of the raw intensities")
    return Input(stack, None)
