"""What training makes small: the cross-entropy of every voxel, times how much the voxel counts.

Source: Chen, J. et al. (2018) The Allen Cell and Structure Segmenter. bioRxiv 491035. :DOI:`10.1101/491035`
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

MEANS = ("voxels", "weights")


def weighted_cross_entropy(
    logits: Tensor, truth: Tensor, cost: Tensor, *, foreground_weight: float = 1.0, mean_over: str = "voxels"
) -> Tensor:
    """Return the mean of ``cost`` times the cross-entropy of each voxel.

    Parameters
    ----------
    logits : (N, classes, Z, Y, X) Tensor
    truth : (N, Z, Y, X) Tensor of int64
    cost : (N, Z, Y, X) Tensor of float
        0 excludes a voxel.
    foreground_weight : float
        By how much more a voxel of foreground counts.
    mean_over : str
        "voxels": all count in the mean, as published; a patch with excluded voxels then counts less. "weights": divided by the sum of the
        weights, so that every patch counts the same.

    Returns
    -------
    loss : Tensor

    Raises
    ------
    ValueError
        If ``mean_over`` is another text.

    Examples
    --------
    >>> logits, truth, cost = torch.zeros(1, 2, 1, 1, 4), torch.tensor([[[[0, 0, 1, 1]]]]), torch.tensor([[[[1.0, 1, 1, 0]]]])
    >>> round(float(weighted_cross_entropy(logits, truth, cost)), 4)  # 3 / 4 ln 2
    0.5199
    """
    if mean_over not in MEANS:
        raise ValueError(f"mean_over must be 'voxels' or 'weights', got {mean_over!r}")
    weights = torch.where(truth > 0, cost * foreground_weight, cost)
    each = functional.cross_entropy(logits.float(), truth, reduction="none") * weights
    return each.mean() if mean_over == "voxels" else each.sum() / weights.sum().clamp_min(torch.finfo(torch.float32).tiny)


def loss_of_heads(
    heads: Sequence[Tensor],
    truth: Tensor,
    cost: Tensor,
    *,
    head_weights: Sequence[float] = (1.0, 1.0, 1.0),
    foreground_weight: float = 1.0,
    mean_over: str = "voxels",
) -> Tensor:
    """Return the weighted sum of the losses of all heads, the main one first; all see one truth."""
    losses = [weighted_cross_entropy(each, truth, cost, foreground_weight=foreground_weight, mean_over=mean_over) for each in heads]
    return sum(weight * loss for weight, loss in zip(head_weights, losses))
