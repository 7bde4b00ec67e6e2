"""Panels without a browser: what the browser would send gives the decisions, masks and labels that their twins give."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from helpers import curation, images, phantoms, views
from helpers.curation import Region
from helpers.figures import pixels
from helpers.images import Stack

SIZE = (0.3, 0.1, 0.1)


@pytest.fixture
def waiting(tmp_path):
    """Three results with their images."""
    for name, place in (("a", 4), ("b", 12), ("c", 20)):
        raw = np.zeros((5, 32, 40), np.uint16)
        raw[1:4, place : place + 6, 10:20] = 500
        for folder in ("raw", "found"):
            (tmp_path / folder).mkdir(exist_ok=True)
        images.write(tmp_path / "raw" / f"{name}.ome.tif", raw, SIZE)
        images.write(tmp_path / "found" / f"{name}_mask.ome.tif", raw > 0, SIZE)
    return curation.queue(tmp_path / "found", tmp_path / "raw")


def type_keys(panel, *keys):
    for key in keys:
        panel.viewer.canvas.receive({"key": key})


def said(panel) -> str:
    return panel.viewer._status.value


def test_sorting_by_key_with_undo_and_resume(waiting, tmp_path):
    csv = tmp_path / "sorted.csv"
    sorter = views.sort(waiting, csv, who="AB")
    assert sorter.item.image == "a"
    type_keys(sorter, "a", "r", "u")
    assert sorter.item.image == "b"
    type_keys(sorter, "l")
    sorter._comment.value = "upside down"
    type_keys(sorter, "r")
    sorter.sorting.close()  # another day
    again = views.sort(waiting, csv, who="AB")
    assert again.item.image == "b", "what was put off comes last"
    type_keys(again, "a", "a")
    assert "undo" in said(again)
    table = curation.read_decisions(csv).table.set_index("image")
    assert table["decision"].to_dict() == {"a": "accept", "b": "accept", "c": "reject"}
    assert table.loc["c", "comment"] == "upside down"
    assert (table["seconds"] >= 0).all()


def test_bad_region_is_saved_with_the_decision(waiting, tmp_path):
    sorter = views.sort(waiting, tmp_path / "sorted.csv")
    type_keys(sorter, "x")
    sorter.viewer.canvas.receive({"stroke": {"tool": "lasso", "radius": 1, "points": [[9.5, 3.5], [19.5, 3.5], [19.5, 9.5], [9.5, 9.5]]}})
    type_keys(sorter, "a")
    table = curation.read_decisions(tmp_path / "sorted.csv").table.set_index("image")
    excluded = images.read(table.loc["a", "excluded"]).raw > 0
    assert np.array_equal(excluded[2], waiting.items[0].result()[2])
    assert excluded.all(axis=0).sum() == excluded[0].sum(), "through all planes"


def test_image_that_vanishes_is_passed_over_and_listed(waiting, tmp_path):
    waiting.items[0].found.unlink()
    sorter = views.sort(waiting, tmp_path / "sorted.csv")
    assert sorter.item.image == "b"
    assert "a cannot be shown" in said(sorter)


def test_panel_opened_again_ends_the_older_one(waiting, tmp_path):
    """A cell is often run twice; another kernel is refused (tests of helpers.curation)."""
    older = views.sort(waiting, tmp_path / "sorted.csv")
    newer = views.sort(waiting, tmp_path / "sorted.csv")
    type_keys(older, "a")
    assert "opened a second time" in said(older)
    type_keys(newer, "r")
    assert curation.read_decisions(tmp_path / "sorted.csv").table["decision"].iloc[0] == "reject"


def test_scoring_fields_and_cells(waiting, tmp_path):
    scorer = views.score(waiting, tmp_path / "scores.csv", who="AB")
    first = scorer.item.image
    row = {"a": 4, "b": 12, "c": 20}[first] + 2
    scorer.viewer.canvas.receive({"point": [14, row]})
    type_keys(scorer, "w")
    type_keys(scorer, "n")
    assert scorer.item.image != first
    table = curation.read_scores([tmp_path / "scores.csv"]).table
    assert dict(zip(table["object"].astype(str), table["score"])) == {"1": "wrong", "": "unsure"}
    type_keys(scorer, "u")
    assert scorer.item.image == first


def halves():
    stack, truth = phantoms.peroxisomes(shape=(6, 48, 64))
    first, second = truth.copy(), truth.copy()
    first[:, :, :32], second[:, :, 32:] = False, False
    return stack, truth, first, second


def test_merging_gives_what_its_twin_gives(tmp_path):
    stack, truth, first, second = halves()
    merger = views.merge(stack, first, second, tmp_path, who="AB")
    corners = [[-1, -1], [31.5, -1], [31.5, 50], [-1, 50]]
    merger.viewer.canvas.receive({"stroke": {"tool": "polygon", "radius": 1, "points": corners}})
    assert np.array_equal(merger.merged(), truth)
    type_keys(merger, "u")
    assert np.array_equal(merger.merged(), first)
    type_keys(merger, "y", "m")
    paths = merger.save()
    twin = curation.merge(second, first, [Region("polygon", [(y, x) for x, y in corners])])
    assert np.array_equal(images.read(paths["merged"]).raw > 0, twin)


def test_merging_on_one_plane_with_exclusion_and_cost(tmp_path):
    stack, _, first, second = halves()
    merger = views.merge(stack, first, second, tmp_path)
    merger._all.value = False
    merger.viewer.move(z=2)
    merger.viewer.canvas.receive({"stroke": {"tool": "circle", "radius": 1, "points": [[16, 24], [26, 24]]}})
    merger._mode.value, merger._all.value = "excluded", True
    merger.viewer.canvas.receive({"stroke": {"tool": "brush", "radius": 2, "points": [[50, 10], [50, 30]]}})
    merger._mode.value = "cost"
    merger.viewer.canvas.receive({"stroke": {"tool": "brush", "radius": 3, "points": [[40, 10]]}})
    paths = merger.save()
    merged = images.read(paths["merged"]).raw > 0
    assert {z for z in range(6) if (merged[z] != first[z]).any()} <= {2}
    cost = images.read(paths["cost"]).raw
    assert set(np.unique(cost)) == {0, 1, 2}
    assert (cost[3, 10:31, 50] == 0).all()
    assert merger.drawings["regions"].regions[0].radius == pytest.approx(10)


def test_two_label_images_show_in_two_colours(tmp_path):
    """Touching objects are told apart by their outlines, results by their colour."""
    stack = Stack(np.zeros((1, 20, 40), np.uint16), SIZE, "dark")
    first, second = np.zeros((1, 20, 40), np.int32), np.zeros((1, 20, 40), np.int32)
    first[0, 5:15, 5:10], first[0, 5:15, 10:15], second[0, 5:15, 25:35] = 1, 2, 1
    merger = views.merge(stack, first, second, tmp_path)
    drawn = np.asarray(Image.open(io.BytesIO(merger.viewer.canvas.png)))
    factor = drawn.shape[0] // 20
    magenta, green = ((drawn == colour).all(axis=2)[::factor, ::factor] for colour in (pixels.MAGENTA, pixels.GREEN))
    assert magenta[5:15, 5:15].sum() > 20
    assert not magenta[:, 20:].any()
    assert green[5:15, 25:35].any()
    assert not green[:, :20].any()
    assert magenta[10, 9] or magenta[10, 10], "the wall between touching objects"
    merger.viewer.canvas.receive({"stroke": {"tool": "polygon", "radius": 1, "points": [[22, -1], [40, -1], [40, 21], [22, 21]]}})
    assert len(np.unique(merger.merged())) == 4, "background and three objects, none of which became one by chance"


def test_merging_refuses_another_shape(tmp_path):
    stack, _, first, second = halves()
    with pytest.raises(ValueError, match="second result has"):
        views.merge(stack, first, second[:, :40], tmp_path)


@pytest.fixture
def editor(tmp_path):
    """Two touching squares taken for one object, one found twice, and a speck."""
    labels = np.zeros((1, 40, 60), np.int32)
    labels[0, 5:15, 5:25] = 1
    labels[0, 20:30, 5:15], labels[0, 20:30, 15:25] = 2, 3
    labels[0, 35:37, 50:52] = 4
    stack = Stack((labels > 0).astype(np.uint16) * 300 + 50, SIZE, "field")
    return views.correct(labels, stack, tmp_path, who="AB")


def click(editor, y, x):
    editor.viewer.canvas.receive({"point": [x, y]})


def stroke(editor, *points, radius=1.0):
    editor.viewer.canvas.receive({"stroke": {"tool": editor.viewer.canvas.tool, "radius": radius, "points": [[x, y] for y, x in points]}})


def test_cut_join_delete_add(editor):
    type_keys(editor, "l")
    stroke(editor, (2, 14.5), (18, 14.5))
    assert editor.correction.labels[0, 10, 6] != editor.correction.labels[0, 10, 23]
    assert (editor.correction.labels[0, 5:15, 5:25] > 0).all()
    type_keys(editor, "v", "Escape")
    click(editor, 25, 6)
    click(editor, 25, 20)
    type_keys(editor, "m")
    assert (editor.correction.labels[0, 20:30, 5:25] == 2).all()
    type_keys(editor, "Escape")
    click(editor, 36, 51)
    type_keys(editor, "d", "a")
    assert not (editor.correction.labels == 4).any()
    stroke(editor, (5.5, 39.5), (5.5, 49.5), (15.5, 49.5), (15.5, 39.5))
    assert (editor.correction.labels[0, 6:16, 40:50] == editor.chosen[0]).all()
    assert len(np.unique(editor.correction.labels)) == 5  # background, two halves, one joined, one new


def test_seeds_split_brush_and_erase_undo_all(editor):
    start = editor.correction.labels.copy()
    type_keys(editor, "s")
    click(editor, 10, 8)
    click(editor, 10, 21)
    type_keys(editor, "Enter")
    assert editor.correction.labels[0, 10, 6] != editor.correction.labels[0, 10, 23]
    type_keys(editor, "v", "Escape")
    click(editor, 36, 51)
    type_keys(editor, "b")
    stroke(editor, (36, 51), (36, 56), radius=2)
    assert editor.correction.labels[0, 36, 56] == 4
    type_keys(editor, "e")
    stroke(editor, (36, 40), (36, 59), radius=8)
    assert not (editor.correction.labels == 4).any()
    type_keys(editor, "u", "u", "u")
    assert np.array_equal(editor.correction.labels, start)


def test_saved_labels_are_those_of_the_twin(editor, tmp_path):
    start = editor.correction.labels.copy()
    type_keys(editor, "l")
    stroke(editor, (2, 14.5), (18, 14.5))
    paths = editor.save()
    twin = curation.correct(start, paths["edits"], editor.viewer.stack)
    assert np.array_equal(images.read_labels(paths["labels"]).reshape(start.shape), twin.labels if hasattr(twin, "labels") else twin)
    assert json.loads(paths["record"].read_text())["parameters"]["edits"] == 1
    assert "field" in (tmp_path / "corrections.csv").read_text()


def test_wrong_moves_are_said_and_change_nothing(editor):
    start = editor.correction.labels.copy()
    type_keys(editor, "d")
    assert "no object is chosen" in said(editor)
    type_keys(editor, "l")
    stroke(editor, (33, 30), (33, 40))
    assert "crosses no object" in said(editor)
    type_keys(editor, "s")
    click(editor, 10, 8)
    click(editor, 25, 8)
    assert "seeds lie in one object" in said(editor)
    assert np.array_equal(editor.correction.labels, start)


def test_scribbles_of_two_classes(tmp_path):
    stack, _ = phantoms.peroxisomes(shape=(1, 48, 64))
    editor = views.correct(np.zeros(stack.raw.shape, np.int32), stack, tmp_path, kind="scribbles")
    type_keys(editor, "b")
    stroke(editor, (10, 10), (10, 30), radius=2)
    type_keys(editor, "2")
    stroke(editor, (30, 10), (30, 30), radius=2)
    assert editor.correction.labels[0, 10, 20] == 1
    assert editor.correction.labels[0, 30, 20] == 2


def test_keys_act_in_the_order_in_which_they_were_sent(waiting, tmp_path):
    """JupyterLab delivers the first messages of a widget on one thread of the kernel and later ones on another."""
    sorter = views.sort(waiting, tmp_path / "sorted.csv")
    sent = [{"key": key, "from": "page", "turn": turn} for turn, key in enumerate("ruara", 1)]
    for place in (1, 2, 0, 4, 3):
        sorter.viewer.canvas._received(None, sent[place], [])
    table = curation.read_decisions(tmp_path / "sorted.csv").table.set_index("image")
    assert table["decision"].to_dict() == {"a": "accept", "b": "reject", "c": "accept"}
