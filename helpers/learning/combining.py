"""One result of several models: the mean of their probabilities, or what most of their masks say."""

from collections.abc import Sequence

import numpy as np

from helpers import _checks


def mean_probability(probabilities: Sequence[np.ndarray], weights: Sequence[float] = ()) -> np.ndarray:
    """Return the mean of several probability maps of one image; a cutoff then makes a mask of it.

    Keeps how sure each model is, so one that is nearly certain can outvote two that hesitate. The best cutoff of the mean need not be that of
    a single model: choose it anew.

    Parameters
    ----------
    probabilities : sequence of (Z, Y, X) ndarray of float
        0 to 1.
    weights : sequence of float, optional
        How much each counts, at least 0; all alike if empty.

    Returns
    -------
    probability : (Z, Y, X) ndarray of float32

    Raises
    ------
    TypeError, ValueError
        If there is none, shapes differ, a value is NaN or outside 0 to 1, or the weights make no sense.

    Examples
    --------
    >>> mean_probability([np.array([[[0.2, 0.9]]]), np.array([[[0.4, 0.3]]])]).round(2)
    array([[[0.3, 0.6]]], dtype=float32)
    """
    _check_alike(probabilities, "probabilities")
    share = _shares(weights, len(probabilities))
    mean = np.zeros(probabilities[0].shape, np.float32)
    for each, part in zip(probabilities, share):
        _checks.image(each, "probabilities")
        if each.min() < 0 or each.max() > 1:
            raise ValueError(f"probabilities must lie between 0 and 1, got {each.min():g} to {each.max():g}: divide 8-bit maps by 255")
        mean += np.float32(part) * each
    return np.clip(mean, 0, 1, out=mean)


def majority(masks: Sequence[np.ndarray], at_least: int = 0) -> np.ndarray:
    """Return where enough of several masks of one image say structure.

    Needs no probabilities: workflows can vote, too.

    Parameters
    ----------
    masks : sequence of (Z, Y, X) ndarray of bool
    at_least : int
        How many must agree: 1 joins all masks, their number keeps only what all have found; 0 means more than half of them.

    Returns
    -------
    mask : (Z, Y, X) ndarray of bool

    Raises
    ------
    TypeError, ValueError
        If there is no mask, one is no mask, shapes differ, or ``at_least`` is larger than their number.

    Examples
    --------
    >>> votes = [np.array([[[True, True, False]]]), np.array([[[True, False, False]]]), np.array([[[True, True, True]]])]
    >>> majority(votes).tolist(), majority(votes, at_least=1).tolist()
    ([[[True, True, False]]], [[[True, True, True]]])
    """
    _check_alike(masks, "masks")
    needed = int(_checks.number(at_least, "at_least", low=0, high=len(masks), integer=True)) or len(masks) // 2 + 1
    return agreement(masks) * len(masks) >= needed - 0.5


def agreement(masks: Sequence[np.ndarray]) -> np.ndarray:
    """Return which part of several masks of one image says structure at each voxel: near a half, the models disagree.

    Parameters
    ----------
    masks : sequence of (Z, Y, X) ndarray of bool

    Returns
    -------
    share : (Z, Y, X) ndarray of float32
        0 to 1.

    Raises
    ------
    TypeError, ValueError
        If there is no mask, one is no mask, or shapes differ.
    """
    _check_alike(masks, "masks")
    votes = np.zeros(masks[0].shape, np.float32)
    for mask in masks:
        votes += _checks.mask(mask, "masks")
    return votes / np.float32(len(masks))


def _check_alike(arrays: Sequence[np.ndarray], name: str) -> None:
    if isinstance(arrays, np.ndarray) or not len(arrays):
        raise ValueError(f"{name} must be a list of at least one array, got {'an array' if len(arrays) else 'none'}: give [first, second]")
    for each in arrays[1:]:
        _checks.same_shape(arrays[0], each, name)


def _shares(weights: Sequence[float], count: int) -> np.ndarray:
    """Return weights that sum to 1."""
    if not len(weights):
        return np.full(count, 1 / count)
    if len(weights) != count:
        raise ValueError(f"weights must hold {count} numbers, one a map, got {len(weights)}")
    total = sum(_checks.number(float(weight), "weights", low=0) for weight in weights)
    if not 0 < total < np.inf:
        raise ValueError(f"weights must not all be 0, nor infinite, got {list(weights)}")
    return np.array(weights, float) / total
