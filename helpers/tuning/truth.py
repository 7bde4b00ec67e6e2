"""Partial truth: an image, what is structure in it, and where that is known."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from helpers import _checks, images
from helpers.images import Stack

CLEARANCE = 8  # pixels between the part that is used and the part that is held out
SHARE = 0.6  # of the truth that is used where one region is cut in two


class Example(NamedTuple):
    """An image with a truth that holds in a part of it. Made by `example`, which checks it.

    Attributes
    ----------
    stack : Stack
    truth : (Z, Y, X) ndarray of bool
        True where there is structure; says nothing outside ``known``.
    known : (Z, Y, X) ndarray of bool
        Where the truth holds.
    """

    stack: Stack
    truth: np.ndarray
    known: np.ndarray


class Split(NamedTuple):
    """Examples to find parameters on, examples to judge them on, and in words which those are."""

    used: list[Example]
    held_out: list[Example]
    where: str


def example(
    stack: Stack, truth: np.ndarray, *, planes: Sequence[int] = (), known: np.ndarray | None = None, whole: bool = False
) -> Example:
    """Put an image together with what is known of its truth.

    Without ``planes``, ``known`` and ``whole``, the truth holds in the planes in which something is marked: a mask corrected in a few planes, the
    others left empty.

    Parameters
    ----------
    stack : Stack
    truth : (Z, Y, X) ndarray of bool or int
        Mask, or labels; what is not 0 is structure.
    planes : sequence of int
        Numbers of the planes that were annotated, from 0; a plane without structure is annotated, too.
    known : (Z, Y, X) ndarray of bool or int, optional
        A drawn region; not 0 where the truth holds. Together with ``planes``: the region within these planes.
    whole : bool
        The truth holds everywhere, as in a result that was looked at and accepted.

    Returns
    -------
    example : Example

    Raises
    ------
    TypeError
        If an array is not a mask, or ``planes`` are not whole numbers.
    ValueError
        One sentence: another shape, a plane that does not exist or is named twice, structure outside the part that is known, two ways of saying
        what is known, nothing or everything marked there.

    Examples
    --------
    >>> from helpers import phantoms
    >>> stack, truth = phantoms.mitochondria(shape=(8, 64, 64))
    >>> corrected = np.zeros_like(truth)
    >>> corrected[[2, 5]] = truth[[2, 5]]
    >>> np.flatnonzero(example(stack, corrected).known.any(axis=(1, 2))).tolist()
    [2, 5]
    """
    truth = _mask(truth, "the truth", stack)
    if whole and (len(planes) or known is not None):
        raise ValueError("the truth cannot hold everywhere and in a part only: leave out whole, or planes and known")
    numbers = _planes(planes, len(truth), stack.name)
    where = np.ones(truth.shape, bool) if known is None else _mask(known, "the known region", stack)
    if numbers:
        where = where & np.isin(np.arange(len(truth)), numbers)[:, None, None]
    elif known is None and not whole:
        where = np.broadcast_to(truth.any(axis=(1, 2))[:, None, None], truth.shape).copy()
    _check_consistent(truth, where, stack.name)
    return Example(stack, truth, where)


def read_example(
    stack: Stack, truth_path: str | Path, *, planes: Sequence[int] = (), known_path: str | Path = "", whole: bool = False
) -> Example:
    """Put an image together with a truth, and a drawn region if there is one, in files.

    Parameters
    ----------
    stack : Stack
    truth_path : str or Path
        A mask or label image, as `helpers.images.read_mask` takes it.
    planes, whole
        As in `example`.
    known_path : str or Path
        A mask of where the truth holds; empty: none.

    Returns
    -------
    example : Example

    Raises
    ------
    FileNotFoundError, ImageFileError
        If a file is not there, or is no mask.
    TypeError, ValueError
        As `example`.
    """
    truth, known = (_stacked(images.read_mask(path)) if str(path).strip() else None for path in (truth_path, known_path))
    if truth is None:
        raise ValueError(f"{stack.name} has no truth: give the path of a mask or label image")
    return example(stack, truth, planes=planes, known=known, whole=whole)


def read_examples(
    stacks: Sequence[Stack],
    truth_paths: Sequence[str | Path],
    *,
    planes: Sequence[int] = (),
    known_paths: Sequence[str | Path] = (),
    whole: bool = False,
) -> list[Example]:
    """Put several images together with their truths in files: `read_example` for each.

    Parameters
    ----------
    stacks : sequence of Stack
    truth_paths : sequence of path
        One for each image, in the same order.
    planes, whole
        As in `example`, the same for all.
    known_paths : sequence of path
        One for each image, or none.

    Returns
    -------
    examples : list of Example

    Raises
    ------
    FileNotFoundError, ImageFileError, TypeError, ValueError
        As `read_example`; also if there are more or fewer truths than images.
    """
    for paths, what in ((truth_paths, "truths"), (known_paths, "masks of known regions")):
        if len(paths) != len(stacks) and (len(paths) or what == "truths"):
            raise ValueError(f"there are {len(stacks)} image(s) and {len(paths)} {what}: give one for each image, in the same order")
    return [
        read_example(stack, truth, planes=planes, known_path=known, whole=whole)
        for stack, truth, known in zip(stacks, truth_paths, known_paths or [""] * len(stacks))
    ]


def merged(examples: Iterable[Example]) -> list[Example]:
    """Unite examples of one image, so that each image is there once.

    Raises
    ------
    ValueError
        If there is no example, or two say both structure and background of one voxel.
    """
    found: list[Example] = []
    for one in examples:
        same = next((i for i, other in enumerate(found) if _same_image(one.stack, other.stack)), None)
        if same is None:
            found.append(one)
            continue
        other = found[same]
        clash = one.known & other.known & (one.truth != other.truth)
        if clash.any():
            z, y, x = (int(i) for i in np.argwhere(clash)[0])
            raise ValueError(
                f"two truths of {one.stack.name} contradict each other in {np.count_nonzero(clash)} voxel(s), "
                f"the first in plane {z}, row {y}, column {x}: leave one of them out"
            )
        found[same] = Example(other.stack, (one.truth & one.known) | (other.truth & other.known), one.known | other.known)
    if not found:
        raise ValueError("there is no example: give at least one image with a truth")
    return found


def split(examples: Iterable[Example], *, seed: int = 0) -> Split:
    """Set a part of the truth aside, so that parameters are judged on what they were not found on.

    Of several images a third, drawn by the seed, is held out whole. Of one image every second group of neighbouring planes is held out,
    groups being at least one plane apart. If all known planes are neighbours, the region is cut in two along its longest side
    in the plane, with 8 pixels between the parts.

    Parameters
    ----------
    examples : iterable of Example
        Of one image or several.
    seed : int
        Of the draw among several images.

    Returns
    -------
    split : Split

    Raises
    ------
    ValueError
        If the truth contradicts itself, or cannot be parted so that there is structure and background in both parts.
    """
    united = merged(examples)
    if len(united) > 1:
        order = np.random.default_rng(seed).permutation(len(united))
        count = max(1, len(united) // 3)
        aside = sorted(order[:count].tolist())
        used = [one for index, one in enumerate(united) if index not in aside]
        held = [united[index] for index in aside]
        return Split(used, held, f"{_listed([one.stack.name for one in held])}, held out whole")
    (one,) = united
    planes = np.flatnonzero(one.known.any(axis=(1, 2)))
    groups = np.split(planes, np.flatnonzero(np.diff(planes) > 1) + 1)
    if len(groups) > 1:
        return _by_planes(one, groups)
    return _by_cut(one)


def _by_planes(one: Example, groups: list[np.ndarray]) -> Split:
    parts = []
    for chosen in (groups[::2], groups[1::2]):
        inside = np.isin(np.arange(len(one.truth)), np.concatenate(chosen))[:, None, None]
        parts.append(_part(one, one.known & inside))
    planes = np.concatenate(groups[1::2]).tolist()
    return Split([parts[0]], [parts[1]], f"plane{'s' if len(planes) > 1 else ''} {_listed(planes)} of {one.stack.name}")


def _by_cut(one: Example) -> Split:
    inside = one.truth & one.known
    extents = [np.flatnonzero(one.known.any(axis=tuple({0, 1, 2} - {axis}))) for axis in (1, 2)]
    axis = 1 + int(np.argmax([extent[-1] - extent[0] for extent in extents]))
    counts = inside.sum(axis=tuple({0, 1, 2} - {axis}))
    place = int(np.searchsorted(np.cumsum(counts), SHARE * counts.sum())) + 1
    at = np.arange(one.truth.shape[axis]).reshape([-1 if i == axis else 1 for i in range(3)])
    half = CLEARANCE // 2
    used, held = _part(one, one.known & (at < place - half)), _part(one, one.known & (at >= place + half))
    name = ("rows", "columns")[axis - 1]
    return Split([used], [held], f"{name} {place + half} to {extents[axis - 1][-1]} of {one.stack.name}")


def _part(one: Example, known: np.ndarray) -> Example:
    truth = one.truth & known
    if not truth.any() or np.array_equal(truth, known):
        raise ValueError(
            f"the truth of {one.stack.name} is too small to hold a part of it out: annotate a second plane, not next to the first, "
            "or give a second image"
        )
    return Example(one.stack, truth, known)


def _mask(array: np.ndarray, name: str, stack: Stack) -> np.ndarray:
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biu":
        raise TypeError(f"{name} must be a mask or labels (bool or int), got {getattr(array, 'dtype', type(array).__name__)}")
    if array.shape != stack.raw.shape:
        raise ValueError(
            f"{name} of {stack.name} has the shape {array.shape}, the image {stack.raw.shape}: give one of the same shape, "
            "with planes that are not annotated left empty"
        )
    return array != 0


def _planes(planes: Sequence[int], count: int, name: str) -> list[int]:
    numbers = [int(_checks.number(plane, "a plane number", integer=True)) for plane in planes]
    absent = [plane for plane in numbers if not 0 <= plane < count]
    if absent:
        raise ValueError(f"{name} has no plane {_listed(absent)}: its planes are numbered 0 to {count - 1}")
    twice = sorted({plane for plane in numbers if numbers.count(plane) > 1})
    if twice:
        raise ValueError(f"plane {_listed(twice)} of {name} is named twice: name each once")
    return numbers


def _check_consistent(truth: np.ndarray, known: np.ndarray, name: str) -> None:
    outside = truth & ~known
    if outside.any():
        planes = np.flatnonzero(outside.any(axis=(1, 2))).tolist()
        raise ValueError(
            f"the truth of {name} marks {np.count_nonzero(outside)} voxel(s) outside the part that is known, in plane {_listed(planes)}: "
            "add these planes or this region to what is known, or clear them"
        )
    if not truth.any():
        raise ValueError(f"nothing is marked in the truth of {name}: mark some structure, or take another part of the image")
    if np.array_equal(truth, known):
        raise ValueError(f"everything known of {name} is structure: some background must be known, too")


def _same_image(one: Stack, other: Stack) -> bool:
    return one.raw is other.raw or (
        (one.name, one.source, one.raw.shape) == (other.name, other.source, other.raw.shape) and np.array_equal(one.raw, other.raw)
    )


def _stacked(mask: np.ndarray) -> np.ndarray:
    return mask if mask.ndim == 3 else mask[None]


def _listed(items: Sequence) -> str:
    shown = [str(item) for item in items]
    return ", ".join(shown) if len(shown) <= 8 else f"{', '.join(shown[:7])} and {len(shown) - 7} more"
