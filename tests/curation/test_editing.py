"""Corrections change what they say and nothing else, can be undone in full, and give the same labels when they are played again."""

import errno
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from helpers import images
from helpers.curation import Correction, InUseError, Region, correct, queue, region_mask, splits, superpixels
from helpers.curation import changes as edits
from helpers.images import Stack

SQUARE = Region("polygon", [(1, 1), (1, 4), (4, 4), (4, 1)])


def two_balls(distance: int = 14, shape: tuple[int, int, int] = (15, 24, 40)) -> np.ndarray:
    """Two overlapping balls under one number, 5, and a bystander, 2."""
    z, y, x = np.ogrid[: shape[0], : shape[1], : shape[2]]
    labels = np.zeros(shape, np.uint16)
    for centre in (12, 12 + distance):
        labels[(z - 7) ** 2 + (y - 12) ** 2 + (x - centre) ** 2 <= 8**2] = 5
    labels[:, 21:, 36:] = 2
    return labels


def changed(labels: np.ndarray, change: edits.Change) -> np.ndarray:
    after = edits.apply(labels, change)
    outside = np.ones(labels.shape, bool)
    outside[change.box] = False
    assert np.array_equal(after[outside], labels[outside])
    assert np.array_equal(edits.apply(after, change, back=True), labels)
    assert after.dtype == labels.dtype
    return after


def test_add_paints_background_only_unless_told():
    labels = np.zeros((3, 8, 9), np.int32)
    labels[:, 3:, 3:] = 4
    drawn = region_mask([SQUARE], labels.shape)
    after = changed(labels, edits.add(labels, [SQUARE]))
    assert np.array_equal(after == 5, drawn & (labels == 0))
    assert np.array_equal(after == 4, labels == 4)
    over = changed(labels, edits.add(labels, [Region("circle", [(4, 4)], 2, planes=1)], 9, over=True))
    assert np.array_equal(over == 9, region_mask([Region("circle", [(4, 4)], 2, planes=1)], labels.shape))
    rubbed = changed(labels, edits.paint(labels, [SQUARE], 0))
    assert np.array_equal(rubbed == 4, (labels == 4) & ~drawn)
    holes = changed(labels, edits.add(labels, [SQUARE, Region("circle", [(2, 2)], 0.5, value=0)]))
    assert holes[0, 2, 2] == 0
    assert holes[0, 1, 1] == 5


def test_delete_and_join_touch_only_the_objects_named():
    labels = np.random.default_rng(0).integers(0, 6, (3, 9, 11))
    assert np.array_equal(changed(labels, edits.delete(labels, [2, 5])), np.where(np.isin(labels, [2, 5]), 0, labels))
    assert np.array_equal(changed(labels, edits.join(labels, [4, 1, 2])), np.where(np.isin(labels, [1, 2]), 4, labels))


def test_redraw_replaces_the_planes_drawn_on():
    labels = two_balls()
    circle = Region("circle", [(12, 20)], 3, planes=(5, 6))
    after = changed(labels, edits.redraw(labels, 5, [circle]))
    drawn = region_mask([circle], labels.shape)
    assert np.array_equal((after == 5)[5:7], drawn[5:7])
    assert np.array_equal(after[[4, 7]], labels[[4, 7]])
    assert np.array_equal(after == 2, labels == 2)


def test_line_splits_into_its_two_sides():
    labels = two_balls()
    after = changed(labels, change := splits.split_by_line(labels, 5, [(-2, 19.2), (30, 19.2)]))
    assert change.ids == (5, 6)
    assert np.array_equal(np.isin(after, [5, 6]), labels == 5), "no voxel is lost"
    columns = np.broadcast_to(np.arange(40), labels.shape)
    assert set(np.unique(after[(labels == 5) & (columns < 18)])) | set(np.unique(after[(labels == 5) & (columns > 20)])) == {5, 6}
    assert np.unique(after[(labels == 5) & (columns < 18)]).size == 1
    assert np.count_nonzero(after == 5) >= np.count_nonzero(after == 6)
    assert ndimage.label(after == 6, np.ones((3, 3, 3)))[1] == 1


def test_line_that_does_not_part_says_so():
    labels = two_balls()
    with pytest.raises(ValueError, match="holds together around it"):
        splits.split_by_line(labels, 5, [(-2, 19), (30, 19)], planes=7)
    with pytest.raises(ValueError, match="does not cross it"):
        splits.split_by_line(labels, 5, [(0, 0), (1, 0)])
    flat = labels[7:8]
    assert splits.split_by_line(flat, 5, [(-2, 19), (30, 19)]).ids == (5, 6)


def test_any_line_keeps_all_voxels_and_parts_truly():
    rng, parted = np.random.default_rng(1), 0
    corners = np.ones((3, 3, 3))
    for _ in range(60):
        smooth = ndimage.gaussian_filter(rng.random((1, 18, 18)), (0, 2, 2))
        labels = ndimage.label(smooth > np.median(smooth), corners)[0]
        points = rng.uniform(-3, 20, (rng.integers(2, 5), 2))
        try:
            change = splits.split_by_line(labels, 1, points)
        except ValueError:
            continue
        parted += 1
        after = changed(labels, change)
        assert np.array_equal(np.isin(after, change.ids), labels == 1)
        assert len(np.unique(after)) == len(np.unique(labels)) + len(change.ids) - 1
        away = ~region_mask([Region("brush", points, splits.CUT)], labels.shape)
        for number in change.ids[1:]:
            part = (after == number) & away
            assert ndimage.label(part, corners)[1] == 1
            others = np.isin(after, change.ids) & (after != number) & away
            assert not (ndimage.binary_dilation(part, corners) & others).any(), "parts do not touch but across the line"
    assert parted > 15


def test_seeds_split_at_the_neck():
    labels = two_balls()
    after = changed(labels, change := splits.split_by_seeds(labels, 5, [(7, 12, 26), (7, 12, 12)]))
    assert change.ids == (5, 6)
    assert np.array_equal(np.isin(after, [5, 6]), labels == 5)
    x = np.broadcast_to(np.arange(40), labels.shape)
    assert (after[(labels == 5) & (x > 20)] == 5).all()
    assert (after[(labels == 5) & (x < 18)] == 6).all()
    flat = labels[7:8]
    after = changed(flat, splits.split_by_seeds(flat, 5, [(0, 12, 12), (0, 12, 26)], (0.3, 0.1, 0.1), new=40))
    assert set(np.unique(after)) == {0, 2, 5, 40}
    assert abs(np.count_nonzero(after == 5) - np.count_nonzero(after == 40)) <= 30


def test_superpixels_follow_the_edge_of_a_bright_square():
    rng = np.random.default_rng(3)
    raw = rng.poisson(20, (2, 60, 60)).astype(np.uint16)
    square = np.zeros((60, 60), bool)
    square[20:41, 17:38] = True
    raw[1][square] += 200
    areas = superpixels(raw[1], 40)
    assert areas.min() == 1
    mixed = [area for area in np.unique(areas) if 0.1 < square[areas == area].mean() < 0.9]
    assert len(mixed) <= 2
    points = [(y, x) for y in range(20, 41, 2) for x in range(17, 38, 2)]
    labels = np.zeros(raw.shape, np.int32)
    after = changed(labels, splits.paint_superpixels(labels, areas, 1, points, 3))
    assert 2 * np.count_nonzero((after[1] == 3) & square) / (np.count_nonzero(after) + square.sum()) > 0.97
    assert not after[0].any()


LABELS = np.zeros((2, 12, 14), np.int32)
LABELS[:, 1:6, 1:6], LABELS[:, 1:6, 7:12], LABELS[0, 7:11, 2:12] = 1, 2, 3
PLACE = st.tuples(st.integers(-1, 12), st.integers(-1, 14))
DRAWN = st.builds(
    lambda place, radius, z: Region("circle", [place], radius, z), PLACE, st.integers(1, 4), st.sampled_from([None, 0, 1, (0, 1)])
)
IDS = st.integers(1, 6)
EDIT = st.one_of(
    st.fixed_dictionaries({"do": st.just("add"), "regions": st.lists(DRAWN, min_size=1, max_size=2), "over": st.booleans()}),
    st.fixed_dictionaries({"do": st.just("paint"), "regions": st.lists(DRAWN, min_size=1, max_size=2), "label": st.integers(0, 4)}),
    st.fixed_dictionaries({"do": st.just("delete"), "ids": st.lists(IDS, min_size=1, max_size=2)}),
    st.fixed_dictionaries({"do": st.just("join"), "ids": st.lists(IDS, min_size=2, max_size=3, unique=True)}),
    st.fixed_dictionaries({"do": st.just("redraw"), "label": IDS, "regions": st.lists(DRAWN, min_size=1, max_size=1)}),
    st.fixed_dictionaries({"do": st.just("split_by_line"), "label": IDS, "points": st.lists(PLACE, min_size=2, max_size=2)}),
    st.fixed_dictionaries({"do": st.sampled_from(["undo", "redo"])}),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(EDIT, max_size=10))
def test_undo_redo_journal_and_replay_agree(tmp_path_factory, steps):
    journal = tmp_path_factory.mktemp("edits") / "journal.jsonl"
    states = [LABELS]
    with Correction(LABELS, journal=journal) as correction:
        for step in steps:
            name, arguments = step["do"], {key: value for key, value in step.items() if key != "do"}
            if name in ("undo", "redo"):
                getattr(correction, name)()
            else:
                try:
                    correction.do(name, seconds=1, **arguments)
                except ValueError:
                    continue
                del states[len(correction.edits) :]
                states.append(correction.labels.copy())
            assert np.array_equal(correction.labels, states[len(correction.edits)])
        final = correction.labels.copy()
        recorded = list(correction.edits)
    with Correction(LABELS, journal=journal) as again:
        assert again.notes == []
        assert np.array_equal(again.labels, final)
        assert again.edits == recorded
        assert again.seconds == correction.seconds
        assert np.array_equal(correct(LABELS, recorded), final)
        while again.undo():
            pass
        assert np.array_equal(again.labels, LABELS)
        for _ in recorded:
            again.redo()
        assert np.array_equal(again.labels, final)
    assert LABELS.max() == 3


def test_numbers_are_never_used_twice():
    correction = Correction(LABELS)
    assert correction.do("add", regions=[Region("circle", [(9, 13)], 1)]) == (4,)
    correction.undo()
    assert correction.do("delete", ids=[3]) == (3,)
    assert correction.do("add", regions=[Region("circle", [(9, 13)], 1)]) == (5,)


def test_a_torn_journal_loses_the_last_edit_only(tmp_path):
    journal = tmp_path / "journal.jsonl"
    with Correction(LABELS, journal=journal) as correction:
        correction.do("delete", ids=[1])
        correction.do("delete", ids=[2])
    journal.write_bytes(journal.read_bytes()[:-9])
    with Correction(LABELS, journal=journal) as correction:
        assert len(correction.edits) == 1
        assert "Line 3 of the journal was passed over" in correction.notes[0]
        correction.do("delete", ids=[3])
    with Correction(LABELS, journal=journal) as correction:
        assert sorted(np.unique(correction.labels)) == [0, 2]
        other = Correction(LABELS, journal=journal)
        with pytest.raises(InUseError, match="a second time in this notebook"):
            correction.undo()
        other.close()


def test_a_journal_of_other_labels_is_refused_and_kept(tmp_path):
    journal = tmp_path / "journal.jsonl"
    with Correction(LABELS, journal=journal) as correction:
        correction.do("delete", ids=[1])
    before = journal.read_bytes()
    for labels, kind in ((LABELS + 1, "labels"), (LABELS, "seeds"), (LABELS[:1], "labels")):
        with pytest.raises(ValueError, match="journal of other labels"):
            Correction(labels, kind=kind, journal=journal)
    assert journal.read_bytes() == before
    assert [item.name for item in tmp_path.iterdir()] == ["journal.jsonl"]


def test_a_full_disk_stops_the_edit_and_keeps_the_journal_whole(tmp_path, monkeypatch):
    journal = tmp_path / "journal.jsonl"
    with Correction(LABELS, journal=journal) as correction:
        correction.do("delete", ids=[1])
        before = journal.read_bytes()

        def full(*_):
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr("os.fsync", full)
            with pytest.raises(OSError, match="is full"):
                correction.do("delete", ids=[2])
            with pytest.raises(OSError, match="is full"):
                correction.undo()
        assert journal.read_bytes() == before
        assert sorted(np.unique(correction.labels)) == [0, 2, 3]
        correction.do("delete", ids=[2])
    with Correction(LABELS, journal=journal) as correction:
        assert sorted(np.unique(correction.labels)) == [0, 3]


def test_scribbles_have_two_classes_painted_over_one_another():
    correction = Correction(np.zeros((1, 10, 10), np.uint8), kind="scribbles")
    correction.do("paint", regions=[Region("brush", [(2, 2), (2, 8)], 1)], label=1)
    correction.do("paint", regions=[{"kind": "brush", "points": [(0, 5), (9, 5)], "radius": 1}], label=2)
    assert correction.labels[0, 2, [2, 5, 8]].tolist() == [1, 2, 1]
    with pytest.raises(ValueError, match="a scribble is 1, 2, or 0"):
        correction.do("paint", regions=[SQUARE], label=3)
    with pytest.raises(ValueError, match="an edit of scribbles is one of paint"):
        correction.do("delete", ids=[1])
    with pytest.raises(ValueError, match="scribbles are 0, 1 and 2, got numbers up to 3"):
        Correction(LABELS, kind="scribbles")


@pytest.mark.parametrize(
    ("name", "arguments", "sentence"),
    [
        ("grow", {}, "an edit of labels is one of add, paint"),
        ("delete", {"ids": [9]}, "no object 9"),
        ("delete", {"ids": []}, "no object is named"),
        ("delete", {"ids": [0]}, "whole number of at least 1"),
        ("join", {"ids": [1]}, "two objects or more"),
        ("add", {"regions": []}, "nothing was drawn"),
        ("add", {"regions": [Region("circle", [(90, 90)], 3)]}, "lies outside the image"),
        ("add", {"regions": [Region("circle", [(3, 3)], 1)]}, "belongs to objects already"),
        ("add", {"regions": [SQUARE], "new": 2}, "an object 2 already"),
        ("paint", {"regions": [Region("circle", [(11, 0)], 1)], "label": 0}, "is background already"),
        ("split_by_seeds", {"label": 1, "points": [(0, 2, 2)]}, "two seeds or more"),
        ("split_by_seeds", {"label": 1, "points": [(0, 2, 2), (0, 2, 9)]}, "does not lie in object 1"),
        ("split_by_seeds", {"label": 1, "points": [(0, 2, 2), (0, 2.1, 2)]}, "in one voxel"),
        ("delete", {"ids": [1], "seconds": -1}, "seconds must be"),
    ],
)
def test_what_cannot_be_done_gets_a_sentence_and_changes_nothing(name, arguments, sentence):
    correction = Correction(LABELS)
    with pytest.raises(ValueError, match=sentence):
        correction.do(name, **arguments)
    assert np.array_equal(correction.labels, LABELS)
    assert correction.edits == []
    with pytest.raises(TypeError, match="delete cannot be done with label"):
        correction.do("delete", label=1)
    with pytest.raises(ValueError, match="edit 2: there is no object 9"):
        correct(LABELS, [{"do": "delete", "ids": [1]}, {"do": "delete", "ids": [9]}])


def test_labels_that_make_no_sense_get_a_sentence():
    stack = Stack(np.zeros((2, 12, 13), np.uint16), (0.3, 0.1, 0.1), "cell")
    with pytest.raises(ValueError, match="do not belong together"):
        Correction(LABELS, stack)
    with pytest.raises(TypeError, match="make labels of a mask"):
        Correction(LABELS > 0)
    with pytest.raises(ValueError, match="got -1 to 2"):
        Correction(LABELS - 1)
    with pytest.raises(ValueError, match="cannot be written|read-only"):
        Correction(LABELS).labels[0] = 1


def test_files_that_hold_no_edits_are_refused(tmp_path):
    path = tmp_path / "a_edits.json"
    for text, sentence in (
        ("[]", "holds no edits"),
        ("{", "holds no edits"),
        ('{"edits_version": 9, "edits": []}', "of version 9, this package knows 1"),
    ):
        path.write_text(text)
        with pytest.raises(ValueError, match=sentence):
            correct(LABELS, path)
    with pytest.raises(FileNotFoundError):
        correct(LABELS, tmp_path / "nowhere.json")


def test_saved_corrections_can_be_played_again(tmp_path):
    raw = np.random.default_rng(0).integers(0, 900, LABELS.shape).astype(np.uint16)
    raw[1, 6:12, :5] += 2000
    stack = images.read(images.write(tmp_path / "raw" / "cell_1.ome.tif", raw, (0.3, 0.1, 0.1)))
    log = tmp_path / "work.csv"
    correction = Correction(LABELS, stack)
    correction.do("delete", ids=[np.int64(1)], seconds=2.5)
    correction.do("split_by_seeds", label=2, points=np.array([(0, 2, 8), (1, 4, 10)]), seconds=4)
    correction.do("paint_superpixels", plane=1, points=[(8, 2)], label=9, size=30)
    assert (correction.labels == 9).any()
    paths = correction.save(tmp_path / "corrected", who="AB", csv_path=log)
    assert np.array_equal(images.read_labels(paths["labels"]), correction.labels)
    assert np.array_equal(correct(LABELS, paths["edits"], stack), correction.labels)
    assert json.loads(paths["record"].read_text())["parameters"] == {"kind": "labels", "edits": 3, "hands_on_s": 6.5, "who": "AB"}
    (item,) = queue(tmp_path / "corrected").items
    assert (item.image, item.stem) == ("cell_1_corrected", "cell_1")
    correction.do("delete", ids=[3], seconds=1)
    correction.save(tmp_path / "corrected", who="AB", csv_path=log)
    correction.save(tmp_path / "others", who="CD", csv_path=log)
    table = pd.read_csv(log)
    assert table[["image", "who", "edits", "seconds"]].values.tolist() == [["cell_1", "AB", 4, 7.5], ["cell_1", "CD", 4, 7.5]]
    with pytest.raises(ValueError, match="the image is needed"):
        Correction(LABELS).save(tmp_path)
    with pytest.raises(ValueError, match="superpixels follow the image"):
        Correction(LABELS).do("paint_superpixels", plane=0, points=[(1, 1)], label=1)
