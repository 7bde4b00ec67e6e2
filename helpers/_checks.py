"""Say what arrived, what was wanted, and what to do. Every public function that takes an array or a number asks here."""

from collections.abc import Sequence
from numbers import Integral, Real

import numpy as np


def image(array: np.ndarray, name: str = "raw", *, planes: int = 1, size: int = 1) -> np.ndarray:
    """Return ``array`` if it is a finite numeric (Z, Y, X) image with enough planes and pixels; raise otherwise.

    Parameters
    ----------
    array : (Z, Y, X) ndarray of int or float
        Not copied.
    name : str
        How the caller's signature calls it.
    planes, size : int
        Smallest Z, and smallest Y and X, that make sense for the step.

    Raises
    ------
    TypeError
        If it is not an array of numbers.
    ValueError
        If the shape is wrong or a value is NaN or infinite.
    """
    _numeric(array, name)
    shape = "x".join(map(str, array.shape))
    if array.ndim != 3:
        hint = {
            2: "this step needs a stack; a single plane is raw[None]",
            4: "choose a channel or a time point",
            5: "choose a channel and a time point",
        }
        raise ValueError(f"{name} must be (Z, Y, X), got {array.shape}: {hint.get(array.ndim, 'give one channel of one stack')}")
    if 0 in array.shape:
        raise ValueError(f"{name} is empty ({shape}): check the file, or the crop")
    if array.shape[0] < planes:
        raise ValueError(
            f"{name} has {array.shape[0]} plane(s), this step works in 3D and needs at least {planes}: give a stack, or take a workflow that works plane by plane"
        )
    if min(array.shape[1:]) < size:
        raise ValueError(f"{name} is {shape} voxels, this step needs at least {size} x {size} pixels in a plane: give a larger crop")
    _finite(array, name)
    return array


def plane(array: np.ndarray, name: str = "plane", *, size: int = 1) -> np.ndarray:
    """Return ``array`` if it is a finite numeric (Y, X) image; raise otherwise, as `image` does."""
    _numeric(array, name)
    if array.ndim != 2:
        raise ValueError(f"{name} must be (Y, X), got {array.shape}: choose one plane, for example {name}[z]")
    image(array[None], name, size=size)
    return array


def varied(array: np.ndarray, name: str = "raw") -> np.ndarray:
    """Return ``array`` if it holds more than one value; raise a sentence otherwise: nothing can be segmented in a constant image."""
    low, high = array.min(), array.max()
    if low == high:
        raise ValueError(f"{name} has the value {low:g} everywhere: there is nothing to segment; check the channel, the scene and the file")
    return array


def float32(array: np.ndarray) -> np.ndarray:
    """Return ``array`` as C-contiguous float32; no copy where it is so already."""
    return np.ascontiguousarray(array, dtype=np.float32)


def mask(array: np.ndarray, name: str = "mask", *, ndim: int = 3) -> np.ndarray:
    """Return ``array`` as C-contiguous bool; raise if it is not a mask of ``ndim`` axes (bool, or integers of one foreground value)."""
    if not isinstance(array, np.ndarray):
        raise TypeError(f"{name} must be a numpy array, got {type(array).__name__}")
    if array.ndim != ndim:
        raise ValueError(f"{name} must be {'(Z, Y, X)' if ndim == 3 else '(Y, X)'}, got {array.shape}")
    if array.dtype == bool:
        return np.ascontiguousarray(array)
    if array.dtype.kind not in "iu" or (array.size and (array.min() < 0 or len(np.unique(array[array > 0])) > 1)):
        raise TypeError(f"{name} must be bool (True = structure), got {array.dtype} with several values: compare it with a cutoff first")
    return np.ascontiguousarray(array > 0)


def labels(array: np.ndarray, name: str = "labels") -> np.ndarray:
    """Return ``array`` as C-contiguous int32 labels; raise if it is not (Z, Y, X) of non-negative integers."""
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "iub":
        raise TypeError(f"{name} must be an integer array (0 = background), got {getattr(array, 'dtype', type(array).__name__)}")
    if array.ndim != 3:
        raise ValueError(f"{name} must be (Z, Y, X), got {array.shape}")
    if array.size and (array.min() < 0 or array.max() > np.iinfo(np.int32).max):
        raise ValueError(f"{name} must be between 0 and {np.iinfo(np.int32).max}, got {array.min()} to {array.max()}")
    return np.ascontiguousarray(array, dtype=np.int32)


def number(value: float, name: str, *, low: float = -np.inf, high: float = np.inf, above: float = -np.inf, integer: bool = False) -> float:
    """Return ``value`` if it is a number within [low, high] and greater than ``above``; raise otherwise."""
    kind = Integral if integer else Real
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, kind):
        raise TypeError(f"{name} must be {'a whole number' if integer else 'a number'}, got {value!r}")
    if not (low <= value <= high and value > above):
        wanted = [f"greater than {above:g}"] if above > -np.inf else [f"at least {low:g}"] if low > -np.inf else []
        wanted += [f"at most {high:g}"] if high < np.inf else []
        raise ValueError(f"{name} must be {' and '.join(wanted)}, got {value}")
    return value


def same_shape(first: np.ndarray, second: np.ndarray, names: str) -> None:
    """Raise unless both arrays have one shape."""
    if first.shape != second.shape:
        raise ValueError(f"{names} must have the same shape, got {first.shape} and {second.shape}")


def pairs(sigmas: Sequence[float], cutoffs: Sequence[float], names: tuple[str, str] = ("sigmas", "cutoffs")) -> list[tuple[float, float]]:
    """Return (sigma, cutoff) pairs; raise unless both are lists of numbers of one length, at least one, sigmas positive."""
    for values, name in zip((sigmas, cutoffs), names):
        if isinstance(values, (str, bytes)) or not isinstance(values, (Sequence, np.ndarray)):
            raise TypeError(f"{name} must be a list of numbers, got {values!r}: write [{values}]")
    if len(sigmas) != len(cutoffs) or len(sigmas) == 0:
        raise ValueError(f"{names[0]} and {names[1]} must be lists of the same length, at least 1: got {len(sigmas)} and {len(cutoffs)}")
    for sigma, cutoff in zip(sigmas, cutoffs):
        number(sigma, names[0], above=0)
        number(cutoff, names[1])
    return list(zip(sigmas, cutoffs))


def _numeric(array: np.ndarray, name: str) -> None:
    if not isinstance(array, np.ndarray):
        raise TypeError(f"{name} must be a numpy array, got {type(array).__name__}: read the file first (helpers.images.read)")
    if array.dtype == bool:
        raise TypeError(f"{name} is a mask (bool), this step needs intensities: give the raw image")
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must hold numbers, got dtype {array.dtype}")


def _finite(array: np.ndarray, name: str) -> None:
    if array.dtype.kind == "f" and not (np.isfinite(array.min()) and np.isfinite(array.max())):
        count = int(array.size - np.count_nonzero(np.isfinite(array)))
        raise ValueError(f"{name} holds {count} NaN or infinite value(s): replace them first, for example with numpy.nan_to_num")
