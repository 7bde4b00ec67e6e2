"""Is the number of objects right, and their size, whatever their position."""

from typing import NamedTuple

import numpy as np

from helpers.metrics.contingency import Contingency, contingency
from helpers.metrics.matching import matched_pairs

NAN = float("nan")


class CountError(NamedTuple):
    """Objects found minus true objects, and the same as a part of the true ones (NaN where there are none)."""

    difference: int
    relative: float


class AreaBias(NamedTuple):
    """How much larger objects are found than they are: 1 is right; NaN where there is nothing to compare."""

    total_ratio: float
    """All voxels found over all true ones."""
    median_ratio: float
    """Median over matched pairs of the size found over the true size."""


def count_error(truth: np.ndarray | Contingency, found: np.ndarray | None = None) -> CountError:
    """Compare the number of objects, whatever their position.

    Parameters
    ----------
    truth, found : ndarray of int
        Label images of one shape, in 2D or 3D; or a `Contingency` in place of both.

    Returns
    -------
    CountError

    Raises
    ------
    TypeError, ValueError
        As `helpers.metrics.match`.
    """
    counts = contingency(truth, found)
    true, number = counts.truth_labels.size, counts.found_labels.size
    return CountError(number - true, abs(number - true) / true if true else NAN)


def area_bias(truth: np.ndarray | Contingency, found: np.ndarray | None = None, threshold: int = 500) -> AreaBias:
    """Compare sizes: of everything, and of the matched objects.

    Parameters
    ----------
    truth, found : ndarray of int
        Label images of one shape, in 2D or 3D; or a `Contingency` in place of both.
    threshold : int
        IoU per thousand from which two objects are a pair.

    Returns
    -------
    AreaBias

    Raises
    ------
    TypeError, ValueError
        As `helpers.metrics.match`.
    """
    counts = contingency(truth, found)
    pairs = matched_pairs(counts, threshold=threshold)
    total = int(counts.truth_sizes.sum())
    return AreaBias(
        total_ratio=int(counts.found_sizes.sum()) / total if total else NAN,
        median_ratio=float((pairs["found_voxels"] / pairs["truth_voxels"]).median()) if len(pairs) else NAN,
    )
