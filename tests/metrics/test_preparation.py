import numpy as np
import pytest
from scipy import ndimage

from helpers import metrics


def test_changes_nothing_by_default():
    truth = np.random.default_rng(0).integers(0, 5, (4, 9, 8))
    result = metrics.prepare(truth, truth[::-1])
    assert (result.truth == truth).all()
    assert (result.found == truth[::-1]).all()
    result.truth[:] = 0
    assert truth.any()


def test_border():
    truth = np.arange(7 * 9).reshape(7, 9)
    assert (metrics.prepare(truth, truth, border_margin=2).found == truth[2:-2, 2:-2]).all()
    stack = np.stack([truth] * 2)
    assert metrics.prepare(stack, stack, border_margin=3).truth.shape == (2, 1, 3)
    with pytest.raises(ValueError, match="leaves nothing"):
        metrics.prepare(truth, truth, border_margin=4)


@pytest.mark.parametrize(("by", "connectivity"), [("faces", 1), ("corners", 3)])
def test_disconnected_parts(by, connectivity):
    """Each label on its own, as scipy labels it."""
    truth = np.random.default_rng(1).integers(0, 3, (4, 7, 8))
    labels = truth * 2**40
    parts = metrics.prepare(labels, truth, relabel_components=by).truth
    structure = ndimage.generate_binary_structure(3, connectivity)
    expected = [ndimage.label(truth == label, structure) for label in (1, 2)]
    assert len(np.unique(parts[parts > 0])) == sum(count for _, count in expected)
    for part in np.unique(parts):
        where = parts == part
        assert len(np.unique(truth[where])) == 1
        if part:
            assert ndimage.label(where, structure)[1] == 1
    assert ((parts > 0) == (truth > 0)).all()
    full = np.ones((3, 3), int)
    assert (metrics.prepare(full, full, relabel_components=by).truth == 1).all()


def test_small_objects_go_on_the_side_asked_for():
    truth = np.array([[1, 1, 1, 0, 7, 7, 0, 2**40]])
    result = metrics.prepare(truth, truth, minimum_truth_size=3, minimum_found_size=2)
    assert np.unique(result.truth).tolist() == [0, 1]
    assert np.unique(result.found).tolist() == [0, 1, 7]
    crowded = np.array([[1, 1, 2, 2, 2]])
    assert metrics.prepare(crowded, crowded, minimum_found_size=3).found.tolist() == [[0, 0, 2, 2, 2]]


def test_bad_options():
    labels = np.ones((4, 5), int)
    with pytest.raises(ValueError, match='"faces", "corners" or None'):
        metrics.prepare(labels, labels, relabel_components="edges")
    with pytest.raises(ValueError, match="at least 0"):
        metrics.prepare(labels, labels, minimum_found_size=-1)
    with pytest.raises(TypeError, match="whole number"):
        metrics.prepare(labels, labels, border_margin=0.5)
    with pytest.raises(TypeError, match="is a mask"):
        metrics.prepare(labels, labels > 0)
