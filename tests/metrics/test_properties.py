"""What must not change the scores, and what holds between them, whatever the images."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import metrics

COUNTS = ["tp", "fp", "fn"]
THRESHOLDS = (100, 333, 500, 501, 700, 900, 1000)
QUICK = settings(max_examples=40, deadline=None, derandomize=True)


@st.composite
def pairs(draw):
    """Draw truth and found of 2 or 3 axes: blocks of random labels, so that objects overlap in part, compete, or are absent."""
    shape = draw(st.sampled_from([(5, 7), (8, 8), (1, 9), (3, 4, 5), (2, 6, 6)]))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    truth, found = (
        np.kron(generator.integers(0, draw(st.integers(1, 6)), shape), np.ones((1,) * (len(shape) - 1) + (2,), int)) for _ in "ab"
    )
    if draw(st.booleans()):
        found = np.where(generator.random(truth.shape) < 0.8, truth, found)
    return truth, found


def everything(truth, found):
    """Return all figures that must not depend on how the images are stored."""
    table = metrics.match(truth, found, THRESHOLDS).to_numpy().ravel()
    errors = metrics.error_kinds(truth, found)["count"].to_numpy()
    return np.concatenate([table, errors, metrics.instance_scores(truth, found)])


def same(first, second):
    np.testing.assert_allclose(first, second, rtol=1e-12, equal_nan=True)


@QUICK
@given(pairs(), st.randoms(use_true_random=False))
def test_other_numbers_for_the_objects(pair, random):
    truth, found = pair
    numbers = np.array([0, *random.sample(range(1, 10**6), 6)])
    same(*(metrics.match(*images, THRESHOLDS).to_numpy(float) for images in ((numbers[truth], numbers[found]), pair)))
    ascending = np.sort(numbers)  # AJI takes objects in the order of their labels
    same(everything(ascending[truth], ascending[found]), everything(truth, found))


@QUICK
@given(pairs())
def test_transposed_flipped_padded(pair):
    expected = everything(*pair)
    for change in (np.transpose, np.flip, lambda labels: np.pad(labels, 3), lambda labels: labels[None]):
        same(everything(*map(change, pair)), expected)


@settings(QUICK, max_examples=12)
@given(pairs())
def test_stored_in_another_way(pair):
    expected = everything(*pair)
    for kind in (np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32, np.uint64, np.int64, np.float32, np.dtype(">i4")):
        same(everything(pair[0].astype(kind), pair[1]), expected)
    same(everything(*map(np.asfortranarray, pair)), expected)
    same(everything(*(np.repeat(labels, 3, axis=-1)[..., ::3] for labels in pair)), expected)
    for labels in pair:
        labels.flags.writeable = False
    same(everything(*pair), expected)


@QUICK
@given(pairs())
def test_repeated_along_a_new_axis(pair):
    """The same object in three planes is three times as large, and everything else stays."""
    same(everything(*(np.stack([labels] * 3) for labels in pair)), everything(*pair))


@QUICK
@given(pairs())
def test_truth_and_found_swapped(pair):
    there, back = metrics.match(*pair, THRESHOLDS), metrics.match(*pair[::-1], THRESHOLDS)
    swapped = back.rename(columns={"fp": "fn", "fn": "fp", "precision": "recall", "recall": "precision"})[there.columns]
    same(swapped.to_numpy(float), there.to_numpy(float))
    names = {"missed": "extra", "extra": "missed", "split": "merged", "merged": "split"}
    errors = [metrics.error_kinds(*images).set_index(["kind", "rule"])["count"].to_dict() for images in (pair, pair[::-1])]
    assert {(names[kind], rule): count for (kind, rule), count in errors[1].items()} == errors[0]


@QUICK
@given(pairs())
def test_what_holds_between_scores(pair):
    table = metrics.match(*pair, THRESHOLDS)
    assert (np.diff(table["tp"]) <= 0).all()
    objects = [len(np.unique(labels[labels > 0])) for labels in pair]
    assert (table["tp"] + table["fn"] == objects[0]).all()
    assert (table["tp"] + table["fp"] == objects[1]).all()
    if not any(objects):
        assert table["f1"].isna().all()
        return
    assert (table["pq"] <= table["f1"] + 1e-12).all()
    assert (table["f1"] >= table["ap"]).all()
    same(table["f1"], 2 * table["ap"] / (1 + table["ap"]))
    same(table["pq"], table["f1"] * table["sq"].fillna(0))


@QUICK
@given(pairs())
def test_each_object_is_matched_once_and_as_listed(pair):
    for threshold in THRESHOLDS:
        listed = metrics.matched_pairs(*pair, threshold)
        assert listed["truth"].is_unique
        assert listed["found"].is_unique
        assert (listed["iou"] * 1000 >= threshold - 1e-9).all()
        for row in listed.itertuples():
            true, found = pair[0] == row.truth, pair[1] == row.found
            assert (true & found).sum() == row.shared_voxels
            assert row.iou == pytest.approx((true & found).sum() / (true | found).sum())


@QUICK
@given(pairs())
def test_counted_as_by_numpy(pair):
    counts = metrics.contingency(*pair)
    table = np.histogram2d(pair[0].ravel(), pair[1].ravel(), bins=(range(8), range(8)))[0][1:, 1:].astype(int)
    ours = np.zeros_like(table)
    ours[counts.truth_labels[counts.pair_truth] - 1, counts.found_labels[counts.pair_found] - 1] = counts.shared
    assert (ours == table).all()


@QUICK
@given(pairs())
def test_surfaces_do_not_depend_on_direction_or_margin(pair):
    truth, found = pair[0] > 1, pair[1] > 1
    size = (0.3, 0.2, 0.5)[-truth.ndim :]
    expected = metrics.surface_distances(truth, found, voxel_size=size)
    same(metrics.surface_distances(found, truth, voxel_size=size), expected)
    if min(truth.shape) > 1:  # an axis of length 1 has no border, until it is padded
        padded = (np.pad(mask, 2) for mask in (truth, found))
        same(metrics.surface_distances(*padded, voxel_size=size), expected)
    flipped = (np.transpose(mask) for mask in (truth, found))
    same(metrics.surface_distances(*flipped, voxel_size=size[::-1]), expected)
