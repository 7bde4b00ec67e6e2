"""Counting pairs of labels where the loop's pieces end, its table grows, and its input is of another kind."""

import numpy as np
import pytest

from helpers._kernels import contingency
from helpers._kernels.contingency import BLOCK, CHUNK, PIECE, SMALLEST, count_pairs


def expected(truth, found):
    key = truth.astype(np.int64).ravel() << 32 | found.astype(np.int64).ravel()
    names, counts = np.unique(key, return_counts=True)
    return names >> 32, names & 0xFFFFFFFF, counts


def stretches(size, longest, labels, seed):
    """Return equal numbers in stretches of random length."""
    generator = np.random.default_rng(seed)
    lengths = generator.integers(1, longest + 1, 2 * size // longest + 100)
    return np.repeat(generator.integers(0, labels, lengths.size), lengths)[:size]


@pytest.mark.parametrize("size", [1, CHUNK, CHUNK + 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * PIECE + 17])
@pytest.mark.parametrize("longest", [1, 3 * CHUNK, 3 * BLOCK])
def test_as_numpy_counts(size, longest):
    truth, found = (stretches(size, longest, 40, seed) for seed in (1, 2))
    for kind in (np.int32, np.uint16):
        for ours, theirs in zip(count_pairs(truth.astype(kind), found.astype(kind)), expected(truth, found), strict=True):
            assert (ours == theirs).all()


def test_table_grows():
    """More pairs than it starts with, several times over; also labels that only differ in their high bits."""
    generator = np.random.default_rng(0)
    for factor in (1, 2**16):
        truth, found = (generator.integers(0, 200, 300_000).astype(np.int32) * factor for _ in range(2))
        pairs = count_pairs(truth, found)
        assert len(pairs[0]) > 16 * SMALLEST
        for ours, theirs in zip(pairs, expected(truth, found), strict=True):
            assert (ours == theirs).all()


def test_compiled_once_whatever_the_input():
    labels = np.arange(12).reshape(3, 4)
    frozen = labels.astype(np.int32)
    frozen.flags.writeable = False
    for array in (labels, frozen, *(labels.astype(kind) for kind in (np.uint8, np.int16, np.uint32, np.uint64))):
        count_pairs(array, array)
    for kernel in (contingency._count, contingency._move):
        assert len(kernel.signatures) <= 1
