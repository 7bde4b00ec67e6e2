"""The parts of the loop that need no network: what is taken up again, what is merged, what is counted."""

import numpy as np
import pandas as pd
import pytest

from helpers import curation, images, loop, phantoms
from helpers.curation import Region

SHAPE = (28, 80, 80)
VALUES = {"filament_sigmas": [1.0], "filament_cutoffs": [0.1], "hole_minimum": 64, "hole_maximum": 6400, "seed_minimum": 64}


@pytest.fixture(scope="module")
def fields(tmp_path_factory):
    return phantoms.write_piled_fields(tmp_path_factory.mktemp("fields"), (1, 2), SHAPE)


def find(fields, folder, **changes):
    return loop.find_with_workflow("lmnb1_interphase", fields / "images", folder, values={**VALUES, **changes}, progress=None)


def test_the_same_work_is_not_done_twice_and_other_work_is(fields, tmp_path):
    find(fields, tmp_path)
    paths = sorted(tmp_path.glob("*_labels.ome.tif"))
    assert len(paths) == 2
    first = [path.stat().st_mtime_ns for path in paths]
    find(fields, tmp_path)
    assert [path.stat().st_mtime_ns for path in paths] == first
    paths[0].unlink()  # one result is lost: that one alone is made again
    find(fields, tmp_path)
    again = [path.stat().st_mtime_ns for path in paths]
    assert again[0] != first[0]
    assert again[1] == first[1]
    find(fields, tmp_path, seed_minimum=65)
    assert all(now != before for now, before in zip((path.stat().st_mtime_ns for path in paths), again))


def test_images_that_are_not_there_are_named(fields, tmp_path):
    with pytest.raises(ValueError, match="none of the images asked for, the first is field_9"):
        loop.find_with_workflow("lmnb1_interphase", fields / "images", tmp_path, names=["field_9"])


def test_fields_on_the_disk_are_those_of_the_maker(fields):
    field = phantoms.piled_lamina(1, SHAPE)
    truth, kinds = phantoms.cells_of(fields, "piled_lamina_1")
    np.testing.assert_array_equal(truth, field.bodies)
    assert [label for label in kinds.index if kinds[label] == "dividing"] == list(field.dividing)
    stack = images.read(fields / "images" / "piled_lamina_1.ome.tif")
    np.testing.assert_array_equal(stack.raw, field.stack.raw)
    assert stack.voxel_size == pytest.approx(field.stack.voxel_size)


def test_only_what_was_drawn_on_is_merged(fields, tmp_path):
    shape = phantoms.cells_of(fields, "piled_lamina_1")[0].shape
    one, other = np.zeros(shape, np.int32), np.zeros(shape, np.int32)
    one[5:9, 10:30, 10:30], other[5:9, 40:60, 40:60] = 1, 1
    for folder, labels in (("one", one), ("other", other)):
        for name in ("piled_lamina_1", "piled_lamina_2"):
            images.write(tmp_path / folder / f"{name}.ome.tif", labels, (0.58, 0.27, 0.27))
    items = curation.queue(tmp_path / "one", fields / "images", tmp_path / "other").items
    with pytest.raises(ValueError, match="nothing was drawn"):
        loop.merge_drawn(items, {}, tmp_path / "merged")
    curation.write_regions(tmp_path / "drawn" / "piled_lamina_1.json", [Region("circle", [(50, 50)], 18, seconds=4.0)], shape)
    (path,) = loop.merge_drawn(items, curation.by_image(tmp_path / "drawn"), tmp_path / "merged")
    merged = images.read_labels(path)
    np.testing.assert_array_equal(merged > 0, (one > 0) | (other > 0))
    assert len(np.unique(merged)) == 3  # they had one number
    assert images.read_record(tmp_path / "merged" / "piled_lamina_1_merged_record.json")["parameters"]["hands_on_s"] == 4.0


def test_an_image_is_right_when_all_of_it_is_found(tmp_path):
    truth = np.zeros((3, 20, 20), np.int32)
    truth[1, 2:8, 2:8], truth[1, 2:8, 12:18], truth[1, 12:18, 2:8] = 1, 2, 3
    kinds = pd.Series(["interphase", "interphase", "dividing"], index=[1, 2, 3])
    everything, two, poor = truth.copy(), np.where(truth == 3, 0, truth), truth.copy()
    poor[1, 5:8, 2:8] = 0  # exactly half: IoU 0.5 counts
    poor[1, 14:18, 2:8] = 0  # a third: does not
    poor[2, 12:16, 12:16] = 9
    for method, labels in (("everything", everything), ("two", two), ("poor", poor)):
        images.write(tmp_path / method / "a_x_labels.ome.tif", labels, (1, 1, 1))
    table = loop.judge({"a": (truth, kinds)}, {m: tmp_path / m for m in ("everything", "two", "poor")}, ["interphase", "dividing"])
    table = table.set_index("method")
    assert table["right"].tolist() == [True, True, True]
    assert table["all_right"].tolist() == [True, False, False]
    assert table["extra"].tolist() == [0, 0, 2]
    shown = loop.summary(table.reset_index(), ["interphase", "dividing"]).set_index("method")
    assert shown.loc["two", "dividing found"] == "0 of 1 (0%)"
    assert shown.loc["poor", "images right (interphase)"] == "1 of 1 (100%)"
    with pytest.raises(FileNotFoundError, match="no result for b"):
        loop.judge({"b": (truth, kinds)}, {"two": tmp_path / "two"}, ["interphase"])


def test_a_careful_person_accepts_what_is_right_and_draws_round_what_divides(tmp_path):
    seeds = (1, 2, 3, 4)
    folder = phantoms.write_piled_fields(tmp_path / "fields", seeds, SHAPE)
    for seed in seeds:
        truth, kinds = phantoms.cells_of(folder, f"piled_lamina_{seed}")
        labels = np.where(np.isin(truth, kinds.index[kinds == "dividing"]), 0, truth)
        if seed == 1:  # everything missed
            labels[:] = 0
        images.write(tmp_path / "found" / f"piled_lamina_{seed}.ome.tif", labels, (0.58, 0.27, 0.27))
    waiting = curation.queue(tmp_path / "found", folder / "images")
    table = curation.read_decisions(phantoms.write_lamina_decisions(folder, waiting, tmp_path / "decisions.csv")).table.set_index("image")
    for seed in seeds:
        truth, kinds = phantoms.cells_of(folder, f"piled_lamina_{seed}")
        row = table.loc[f"piled_lamina_{seed}"]
        wanted = "reject" if seed == 1 and (kinds == "interphase").any() else "accept"
        assert row["decision"] == wanted
        if wanted == "accept" and (kinds == "dividing").any():
            excluded = curation.read_where(row["excluded"], truth.shape)
            assert excluded[np.isin(truth, kinds.index[kinds == "dividing"])].mean() > 0.99


def test_names_that_begin_alike_are_told_apart(fields, tmp_path):
    for name in ("cell_1_b", "cell_1"):
        stack = images.read(fields / "images" / f"piled_lamina_{1 if name == 'cell_1' else 2}.ome.tif")
        images.write(tmp_path / "raw" / f"{name}.ome.tif", stack.raw, stack.voxel_size)
    found = loop.find_with_workflow("lmnb1_interphase", tmp_path / "raw", tmp_path / "found", values=VALUES, progress=None)
    assert loop.result_of("cell_1", found).name == "cell_1_lmnb1_interphase_labels.ome.tif"
    assert loop.result_of("cell_1_b", found).name == "cell_1_b_lmnb1_interphase_labels.ome.tif"
    loop.result_of("cell_1", found).unlink()
    with pytest.raises(FileNotFoundError, match="no result for cell_1"):
        loop.result_of("cell_1", found)
