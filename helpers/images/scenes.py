"""What every file format is reduced to: scenes, whose axes have letters and of which a part can be taken.

A scene is one acquired field of view. Each format's module turns a file into scenes; here one channel and one time point of
a scene become (Z, Y, X).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np

Selection = tuple[int | slice, ...]
KNOWN = "TCZYX"
MANY = 6  # more channels, or more time points in a file of few planes, are often planes under a wrong name


class ImageFileError(ValueError):
    """A file that cannot be read, or not in the way asked for. The message is one sentence that says what to do."""


@dataclass(frozen=True, eq=False)
class Scene:
    """One field of view of a file, not read yet.

    Parameters
    ----------
    name : str
        As stored, may be empty.
    axes : str
        One letter for each axis of ``shape``: T, C, Z, Y, X, S (samples of one pixel, as in RGB), or a letter of unknown meaning.
    shape : tuple of int
    dtype : numpy.dtype
    take : callable
        ``take(selection)`` reads what an index or slice for each axis selects.
    channels : tuple of str
        Names as stored; empty where there are none.
    voxel_size : tuple of 3 float or None
        (z, y, x) in um; None where the file does not say.
    samples : tuple of str
        Names of the samples to keep along S: transparency is not among them.
    interval : float or None
        Seconds from one time point to the next; None where the file does not say.
    """

    name: str
    axes: str
    shape: tuple[int, ...]
    dtype: np.dtype
    take: Callable[[Selection], np.ndarray]
    channels: tuple[str, ...] = ()
    voxel_size: tuple[float | None, float | None, float | None] = (None, None, None)
    samples: tuple[str, ...] = ()
    interval: float | None = None

    def size(self, axis: str) -> int:
        """Return the length of an axis; 1 where the scene has none of that letter."""
        return self.shape[self.axes.index(axis)] if axis in self.axes else 1

    def channel_names(self) -> list[str]:
        """Return one name for each channel that can be chosen; a nameless one is called by its index."""
        count = self.size("C")
        named = [str(name) for name in self.channels] if len(self.channels) == count else [""] * count
        samples = self.samples or tuple(str(n) for n in range(self.size("S")))
        if len(samples) > 1:
            named = [f"{name} {sample}".strip() for name, sample in product(named if count > 1 else [""], samples)]
        return [name or str(index) for index, name in enumerate(named)]


def paged(shape: tuple[int, ...], page_ndim: int, read: Callable[[list[int]], np.ndarray]) -> Callable[[Selection], np.ndarray]:
    """Return a ``take`` that reads only the pages needed, where the last ``page_ndim`` axes are one page.

    ``read(indices)`` gives (len(indices), *page shape); pages are counted with the last of the leading axes fastest.
    """
    leading = shape[: len(shape) - page_ndim]
    page_numbers = np.arange(int(np.prod(leading, dtype=int))).reshape(leading)

    def take(selection: Selection) -> np.ndarray:
        needed = np.asarray(page_numbers[selection[: len(leading)]])
        pages = read(needed.ravel().tolist()).reshape(needed.shape + shape[len(leading) :])
        return pages[(slice(None),) * needed.ndim + selection[len(leading) :]]

    return take


def settled(scene: Scene, axes: str, path: Path) -> Scene:
    """Return the scene with axes among T, C, Z, Y, X and S: as asked for, or one unknown axis taken as Z.

    Raises
    ------
    ImageFileError
        If ``axes`` does not fit the shape, or more than one axis is unknown.
    """
    shape = "x".join(map(str, scene.shape))
    example = "ZYX" if len(scene.shape) == 3 else "TCZYX"[-len(scene.shape) :]
    if axes:
        letters = str(axes).upper()
        if (
            len(letters) != len(scene.shape)
            or set(letters) - set(KNOWN)
            or len(set(letters)) != len(letters)
            or not {"Y", "X"} <= set(letters)
        ):
            raise ImageFileError(
                f"axes={axes!r} does not fit {path.name}, whose shape is {shape} ({scene.axes} in the file): "
                f"give {len(scene.shape)} different letters of TCZYX, Y and X among them, for example axes='{example}'"
            )
        # Under other letters, samples are no longer the colours of a picture.
        return replace(scene, axes=letters, samples=scene.samples if "S" in letters else ())
    for axis in "YX":
        if axis not in scene.axes:
            raise ImageFileError(
                f"{path.name} has no {axis} axis: its shape is {shape}, axes {scene.axes}: give their meaning, axes='{example}'"
            )
    unknown = [index for index, axis in enumerate(scene.axes) if axis not in KNOWN + "S" and scene.shape[index] > 1]
    if not unknown:
        return scene
    if len(unknown) > 1 or "Z" in scene.axes:
        raise ImageFileError(
            f"{path.name} does not say what its axes mean: its shape is {shape}, axes {scene.axes}: "
            f"give one letter of TCZYX for each of them, for example axes='{example}'"
        )
    letters = list(scene.axes)
    letters[unknown[0]] = "Z"
    return replace(scene, axes="".join(letters))


def merged_grey(scene: Scene) -> Scene:
    """Return an RGB scene whose three colours are the same everywhere as a grey one; any other scene as it is."""
    if scene.samples != ("R", "G", "B"):
        return scene
    position = scene.axes.index("S")
    for selection in _planes(scene):
        plane = np.moveaxis(scene.take(selection), position - _integers_before(selection, position), -1)
        if (plane[..., 0] != plane[..., 1]).any() or (plane[..., 0] != plane[..., 2]).any():
            return scene
    return replace(scene, samples=("",))


def load(scene: Scene, channel: int, time: int) -> np.ndarray:
    """Return one channel and time point as C-contiguous (Z, Y, X) in the machine's byte order."""
    samples = len(scene.samples) or scene.size("S")
    indices = {"T": time, "C": channel // samples, "S": channel % samples}
    kept = [axis for axis in scene.axes if axis in "ZYX"]
    selection = tuple(slice(None) if axis in "ZYX" else indices.get(axis, 0) for axis in scene.axes)
    block = np.asarray(scene.take(selection))
    block = block.transpose([kept.index(axis) for axis in "ZYX" if axis in kept])
    block = block[None] if "Z" not in kept else block
    return np.ascontiguousarray(block, dtype=block.dtype.newbyteorder("="))


def suspicious_axes(scene: Scene, time: int) -> str:
    """Say where planes seem to be stored as channels or time points, as programs do that save a z-stack without saying so; "" where not."""
    z, c, t = (scene.size(axis) for axis in "ZCT")
    as_channels = c > MANY and z < c
    if not as_channels and not (z <= 4 and t > MANY and time == 0):
        return ""
    wrong, count, called = ("C", c, "channels") if as_channels else ("T", t, "time points")
    swapped = scene.axes.translate(str.maketrans({wrong: "Z", "Z": wrong}))
    return (
        f"it has {z} plane(s) and {count} {called}: if these are the planes of one z-stack, open it in 02_open_your_images with axes='{swapped}' "
        "and use the file that is saved there"
    )


def _planes(scene: Scene) -> Iterator[Selection]:
    ranges: list[Sequence[int | slice]] = [[slice(None)] if axis in "YXS" else range(size) for axis, size in zip(scene.axes, scene.shape)]
    return product(*ranges)


def _integers_before(selection: Selection, position: int) -> int:
    return sum(not isinstance(part, slice) for part in selection[:position])
