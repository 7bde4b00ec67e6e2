"""Hold images back from training, and score probability maps on them at every cutoff."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from helpers import _checks
from helpers.learning.targets import Example

if TYPE_CHECKING:
    import pandas as pd

CUTOFFS = tuple(round(0.05 * step, 2) for step in range(1, 20))


class Split(NamedTuple):
    """Images to train on, and images held back."""

    training: list[Example]
    validation: list[Example]


def hold_out(examples: Sequence[Example], share: float = 0.2, *, names: Sequence[str] = (), seed: int = 0) -> Split:
    """Hold some images back; of a single image, one end.

    The parts of a single image share no voxel, and each is mirrored at the cut: nothing of one is ever seen with the other.

    Parameters
    ----------
    examples : list of Example
    share : float
        Part of the images (at least one), or of the single image, that is held back; 0 holds nothing back.
    names : sequence of str, optional
        Hold back these images instead.
    seed : int
        Of the random choice of images.

    Returns
    -------
    Split

    Raises
    ------
    ValueError
        If there is no image, no image would be left to train on, a name is unknown, or a single image cannot be cut so that there is
        foreground on both sides.
    """
    if not examples:
        raise ValueError("there is no training image: give at least one image with its truth")
    _checks.number(share, "share", low=0, high=0.9)
    known = [each.name for each in examples]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f"there is no training image {unknown[0]!r} to hold back: there are {', '.join(known[:5])}")
    if not names and share == 0:
        return Split(list(examples), [])
    if len(examples) == 1:
        return _cut_in_two(examples[0], share or 0.2)
    if not names:
        count = min(max(round(share * len(examples)), 1), len(examples) - 1)
        names = [known[index] for index in np.random.default_rng(seed).permutation(len(known))[:count]]
    split = Split([each for each in examples if each.name not in names], [each for each in examples if each.name in names])
    if not split.training:
        raise ValueError("all images are held back and none is left to train on: hold back fewer")
    return split


def cutoff_table(
    probabilities: Iterable[np.ndarray],
    truths: Iterable[np.ndarray],
    costs: Iterable[np.ndarray | None],
    cutoffs: Sequence[float] = CUTOFFS,
) -> "pd.DataFrame":
    """Score probability maps at every cutoff; voxels of cost 0 do not count.

    Parameters
    ----------
    probabilities : iterable of (Z, Y, X) ndarray of float
    truths : iterable of (Z, Y, X) ndarray
        Above 0 is structure.
    costs : iterable of (Z, Y, X) ndarray or None
    cutoffs : sequence of float
        Rising, 0 to 1; a voxel is found where its probability is at least the cutoff.

    Returns
    -------
    table : pandas.DataFrame
        One row a cutoff: ``cutoff, iou, dice, precision, recall`` of the voxels of all images together, and ``mean_iou`` over the images.
    """
    import pandas as pd

    edges = np.asarray(cutoffs, np.float32)
    counts = []
    for probability, truth, cost in zip(probabilities, truths, costs):
        counted = np.ones(truth.shape, bool) if cost is None else cost > 0
        # How many of the cutoffs each voxel reaches; from there on, numbers of voxels are sums.
        reached = np.searchsorted(edges, probability[counted].astype(np.float32), side="right")
        true = truth[counted] > 0
        histograms = [np.bincount(reached[chosen], minlength=len(edges) + 1) for chosen in (true, ~true)]
        counts.append([histogram[::-1].cumsum()[::-1][1:] for histogram in histograms] + [np.full(len(edges), np.count_nonzero(true))])
    counts = np.array(counts, float)  # images, (both, wrong, true), cutoffs
    with np.errstate(invalid="ignore", divide="ignore"):
        each = counts[:, 0] / (counts[:, 1] + counts[:, 2])
        both, wrong, true = counts.sum(0)
        columns = {"cutoff": cutoffs, "iou": both / (wrong + true), "dice": 2 * both / (both + wrong + true)}
        columns |= {"precision": both / (both + wrong), "recall": both / true, "mean_iou": np.nanmean(each, axis=0)}
    return pd.DataFrame(columns)


def best_cutoff(table: "pd.DataFrame", metric: str = "iou") -> float:
    """Return the cutoff of the highest score; of several, the one in the middle.

    Parameters
    ----------
    table : pandas.DataFrame
        As `cutoff_table` gives it.
    metric : str
        One of its columns: "iou" or "dice" (all voxels together), "mean_iou" (each image the same).

    Returns
    -------
    cutoff : float

    Raises
    ------
    ValueError
        If there is no such column.
    """
    if metric not in table or metric == "cutoff":
        raise ValueError(f"metric must be one of {', '.join(table.columns[1:])}, got {metric!r}")
    highest = table.index[table[metric] >= table[metric].max() - 1e-9]
    return float(table["cutoff"][highest[len(highest) // 2]]) if len(highest) else 0.5


def _cut_in_two(each: Example, share: float) -> Split:
    """Cut an image across its longer axis in the plane."""
    axis = 2 if each.truth.shape[2] >= each.truth.shape[1] else 1
    n = each.truth.shape[axis]
    cut = n - max(round(share * n), 1)
    parts = []
    for name, chosen in (("first part", slice(0, cut)), ("last part", slice(cut, n))):
        inside = (slice(None),) * axis + (chosen,)
        part = Example(
            f"{each.name} ({name})", each.normalized[(slice(None), *inside)], each.truth[inside], each.cost[inside], each.voxel_size
        )
        if 0 in part.truth.shape or not ((part.truth > 0) & (part.cost > 0)).any():
            raise ValueError(
                f"{part.name} has no foreground, and there is one image only: give a second image, or change the part held back"
            )
        parts.append([part])
    return Split(*parts)
