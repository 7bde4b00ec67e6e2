"""The phantom of whole cells: what it says of each cell is so."""

import numpy as np
import pytest

from helpers import classic, measure, phantoms


@pytest.mark.parametrize("seed", [3, 4])
def test_counts_are_those_of_the_truth_and_bodies_lie_in_one_cell(seed):
    stack, truth, cells, nuclei, counts = phantoms.peroxisomes_in_cells(seed, shape=(20, 160, 160))
    objects = classic.components(truth)
    pairs = np.unique(np.stack([objects[truth], cells[truth]]), axis=1)
    assert pairs.shape[1] == objects.max(), "each body lies wholly in one cell"
    np.testing.assert_array_equal(np.bincount(pairs[1], minlength=counts.size), counts)
    assert counts.max() >= 3
    assert not truth[nuclei > 0].any()
    table = measure.cells(truth, stack, cells, nuclei).table.set_index("cell")
    assert table["count"].to_dict() == {cell: counts[cell] for cell in range(1, counts.size)}
    with_nucleus = np.unique(cells[nuclei > 0])
    assert table.query("nuclei == 1").index.tolist() == with_nucleus[with_nucleus > 0].tolist()


def test_same_seed_same_field():
    first, again = (phantoms.peroxisomes_in_cells(5, shape=(6, 64, 64)) for _ in range(2))
    for one, two in zip(first[1:], again[1:]):
        np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(first.stack.raw, again.stack.raw)
