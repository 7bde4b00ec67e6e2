"""Label images with known errors: the errors are there, and nothing else is."""

import numpy as np
import pytest
from scipy import ndimage

from helpers import metrics, phantoms
from helpers.phantoms.label_pairs import KINDS

STATUS = {"missed": "missed", "split": "split", "merged": "merged", "tight": "missed"}


@pytest.mark.parametrize("seed", range(8))
def test_the_evaluation_reports_exactly_the_errors_made(seed):
    pair = phantoms.label_pair(seed=seed)
    assert set(pair.errors["kind"]) == set(KINDS)
    assert (pair.errors["kind"].value_counts() >= 2).all()
    table = metrics.object_table(pair.truth, pair.found)
    status = {side: rows.set_index("label")["status"] for side, rows in table.groupby("side")}
    expected = dict.fromkeys(status["truth"].index, "matched")
    for row in pair.errors.itertuples():
        expected |= dict.fromkeys(row.truth, STATUS.get(row.kind))
        for label in row.found:
            wanted = {"extra": "extra", "tight": "extra", "split": "fragment", "merged": "merging"}[row.kind]
            assert status["found"][label] == wanted, row
    assert status["truth"].to_dict() == expected
    assert (table.loc[table["status"] == "matched", "iou"] >= 0.7).all()
    assert (status["found"] != "matched").sum() == sum(len(labels) for labels in pair.errors["found"])


def test_the_field_holds_all_sizes_and_objects_that_touch():
    stack, truth = phantoms.nuclei_2d(seed=3)
    sizes = np.bincount(truth.ravel())[1:]
    assert set(metrics.size_classes(sizes)) == {"tiny", "small", "normal", "large"}
    assert ndimage.label(truth > 0)[1] < sizes.size, "some touch"
    assert all(ndimage.label(truth == label)[1] == 1 for label in range(1, sizes.size + 1))
    assert stack.raw.shape == (1, *truth.shape)
    assert stack.raw[0][truth > 0].mean() > 1.5 * stack.raw[0][truth == 0].mean()


def test_same_seed_same_field_and_input_is_kept():
    first, again = phantoms.label_pair(seed=2), phantoms.label_pair(seed=2)
    assert np.array_equal(first.stack.raw, again.stack.raw)
    assert np.array_equal(first.found, again.found)
    truth = first.truth.copy()
    phantoms.damage(truth, missed=3, split=2, merged=2, tight=2, extra=2)
    assert np.array_equal(truth, first.truth)


def test_no_error_and_no_wobble_is_truth():
    truth = phantoms.nuclei_2d(seed=4)[1]
    found, errors = phantoms.damage(truth, wobble=0)
    assert np.array_equal(found, truth)
    assert len(errors) == 0


def test_smallest_first():
    truth = phantoms.nuclei_2d(seed=5)[1]
    errors = phantoms.damage(truth, missed=5, smallest_first=True).errors
    sizes = np.bincount(truth.ravel())[1:]
    assert sorted(sizes[label - 1] for (label,) in errors["truth"]) == sorted(sizes)[:5]


def test_more_errors_than_objects_and_nothing_at_all():
    truth = np.zeros((60, 60), np.uint16)
    assert len(phantoms.damage(truth, missed=3, split=2, merged=1, tight=1).errors) == 0
    truth[10:20, 10:20] = 9
    found, errors = phantoms.damage(truth, missed=3, split=2)
    assert errors["kind"].tolist() == ["split"]
    assert errors["truth"].tolist() == [[9]]
    assert phantoms.label_pair(nuclei=0, shape=(40, 40), missed=1).truth.max() == 0


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: phantoms.damage(np.zeros((2, 5, 5), int)), "must be .Y, X., got .2, 5, 5."),
        (lambda: phantoms.damage(np.zeros((5, 5))), "integer array"),
        (lambda: phantoms.damage(np.zeros((5, 5), int), missed=-1), "missed must be at least 0"),
        (lambda: phantoms.label_pair(shape=(8, 8)), "shape must be at least 32"),
        (lambda: phantoms.label_pair(lost=1), "lost"),
    ],
)
def test_bad_values_are_refused(call, sentence):
    with pytest.raises((TypeError, ValueError), match=sentence):
        call()
