"""The loss is the published one: against a calculation in numpy."""

import numpy as np
import pytest
import torch

from helpers.learning.losses import loss_of_heads, weighted_cross_entropy

RANDOM = np.random.default_rng(0)
LOGITS = RANDOM.standard_normal((2, 3, 2, 4, 5)).astype(np.float32)
TRUTH = RANDOM.integers(0, 3, (2, 2, 4, 5))
COST = RANDOM.random((2, 2, 4, 5)).astype(np.float32) * (RANDOM.random((2, 2, 4, 5)) > 0.3)


def by_hand(foreground_weight):
    exponents = np.exp(LOGITS.astype(float))
    chosen = np.take_along_axis(exponents / exponents.sum(1, keepdims=True), TRUTH[:, None], 1)[:, 0]
    weights = COST * np.where(TRUTH > 0, foreground_weight, 1)
    return -np.log(chosen) * weights, weights


def found(**options):
    return float(weighted_cross_entropy(*map(torch.from_numpy, (LOGITS, TRUTH, COST)), **options))


def test_means_over_voxels_and_over_weights():
    each, weights = by_hand(2.0)
    assert found(foreground_weight=2.0) == pytest.approx(each.mean(), rel=1e-5)
    assert found(foreground_weight=2.0, mean_over="weights") == pytest.approx(each.sum() / weights.sum(), rel=1e-5)
    with pytest.raises(ValueError, match="'voxels' or 'weights'"):
        found(mean_over="planes")


def test_excluded_voxels_teach_nothing():
    logits = torch.from_numpy(LOGITS).requires_grad_()
    weighted_cross_entropy(logits, torch.from_numpy(TRUTH), torch.from_numpy(COST)).backward()
    gradient = logits.grad.abs().sum(1).numpy() > 0
    np.testing.assert_array_equal(gradient, COST > 0)
    nothing = weighted_cross_entropy(torch.from_numpy(LOGITS), torch.from_numpy(TRUTH), torch.zeros(COST.shape), mean_over="weights")
    assert float(nothing) == 0


def test_heads_add_up():
    arrays = [torch.from_numpy(LOGITS), torch.from_numpy(LOGITS[:, ::-1].copy())]
    truth, cost = torch.from_numpy(TRUTH), torch.from_numpy(COST)
    parts = [float(weighted_cross_entropy(each, truth, cost)) for each in arrays]
    total = float(loss_of_heads(arrays, truth, cost, head_weights=(1, 0.5, 9)))
    assert total == pytest.approx(parts[0] + 0.5 * parts[1], rel=1e-5)
