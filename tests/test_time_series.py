"""A time axis in one call: what it writes is what single calls give, and what was done is not done again."""

import errno
import json
import os

import numpy as np
import pandas as pd
import pytest
import tifffile
from scipy import ndimage

from helpers import batch, classic, figures, images, notebook, phantoms, time_series
from helpers.parameters import INPUTS
from helpers.time_series import running
from helpers.workflows import WORKFLOWS

STEM = "movie_slc25a17"


@pytest.fixture(scope="module")
def movie():
    return phantoms.peroxisomes_over_time(3, (4, 6, 48, 48), bleaching=0.12)


@pytest.fixture(autouse=True)
def quick(request, monkeypatch):
    """Draw the pictures in one test alone: they take most of the time."""
    if request.node.name != "test_the_files_say_what_they_are":
        monkeypatch.setattr(figures, "save", lambda picture, path: path.write_bytes(b"picture"))
        monkeypatch.setattr(figures, "through_time", lambda table, title="": table)


@pytest.fixture
def file(movie, tmp_path):
    return phantoms.write_movie(tmp_path / "movie.ome.tif", movie)


def run(file, folder, **given):
    return time_series.run("slc25a17", file, folder, tell=None, **given)


def contents(folder, but=("record.json",)):
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.endswith(but)}


def levelled(raws):
    """Bring all to the light of the brightest, as the docstring says it."""
    dark = np.float32(np.min(raws))
    light = [raw.mean(dtype=float) - dark for raw in raws]
    return [(raw.astype("f4") - dark) * np.float32(max(light) / each) + dark for raw, each in zip(raws, light)]


@pytest.mark.parametrize("normalize", time_series.NORMALIZE)
def test_masks_and_tables_are_those_of_single_calls(movie, file, tmp_path, normalize):
    result = run(file, tmp_path / "out", normalize=normalize, spot_cutoffs=[0.06])
    raws = [stack.raw for stack in movie.stacks]
    seen = levelled(raws) if normalize == "levelled" else raws
    stored = tifffile.imread(result.files["mask"])
    assert stored.shape == (4, 6, 48, 48)
    assert set(np.unique(stored)) == {0, 255}
    for time, raw in enumerate(raws):
        with classic.intensities_of(None if normalize == "each" else classic.intensities(np.concatenate(seen))):
            expected = WORKFLOWS["slc25a17"](seen[time], spot_cutoffs=[0.06])
        np.testing.assert_array_equal(stored[time] > 0, expected)
        row = result.table.loc[time]
        assert row["objects"] == ndimage.label(expected, np.ones((3, 3, 3)))[1] == (result.objects["time"] == time).sum()
        assert row["volume_um3"] == pytest.approx(expected.sum() * 0.29 * 0.108**2)
        assert (row["time_s"], row["raw_mean"]) == (30 * time, pytest.approx(raw.mean()))
        assert row["mean_intensity"] == pytest.approx(raw[expected].mean())
    pd.testing.assert_frame_equal(pd.read_csv(result.files["times"]), result.table)
    pd.testing.assert_frame_equal(pd.read_csv(result.files["objects"]), result.objects)


def test_the_files_say_what_they_are(file, tmp_path):
    result = run(file, tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {f"{STEM}_{ending}" for ending in time_series.OUTPUTS.values()}
    (row,) = images.contents(result.files["mask"]).to_dict("records")
    assert (row["T"], row["Z"], row["voxel_size_um"], row["interval_s"]) == (4, 6, (0.29, 0.108, 0.108), 30)
    record = images.read_record(result.files["record"])
    assert (record["time"], record["shape"], record["interval_s"], record["normalize"]) == (
        [0, 1, 2, 3],
        [4, 6, 48, 48],
        30,
        "together",
    )
    assert {each["name"]: each["sha256"] for each in record["outputs"]} == {
        path.name: images.checksum(path) for what, path in result.files.items() if what != "record"
    }
    assert any("darker at the last time point" in warning for warning in record["quality"]["warnings"])
    assert (result.film().frames, result.film(plane=2, most=2).frames) == (4, 2)


def test_some_time_points_keep_their_number_and_their_own_normalization(movie, file, tmp_path):
    result = run(file, tmp_path / "out", times=[1, 3])
    assert result.table["time"].tolist() == [1, 3]
    assert result.table["time_s"].tolist() == [30, 90]
    with classic.intensities_of(classic.intensities([movie.stacks[1].raw, movie.stacks[3].raw])):
        expected = WORKFLOWS["slc25a17"](movie.stacks[3].raw)
    np.testing.assert_array_equal(tifffile.imread(result.files["mask"])[1] > 0, expected)


def test_stopped_it_goes_on_and_gives_the_same_files(file, tmp_path, monkeypatch):
    whole = run(file, tmp_path / "whole").files["mask"].parent
    original, seen = running.segment, []

    def failing(workflow, stack, values, known, at_tuned_size):
        if len(seen) == 2:
            raise KeyboardInterrupt
        seen.append(stack)
        return original(workflow, stack, values, known, at_tuned_size)

    monkeypatch.setattr(running, "segment", failing)
    with pytest.raises(KeyboardInterrupt):
        run(file, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == [f".{STEM}_times"]

    def counting(workflow, stack, values, known, at_tuned_size):
        seen.append(stack)
        return original(workflow, stack, values, known, at_tuned_size)

    monkeypatch.setattr(running, "segment", counting)
    seen.clear()
    told = []
    time_series.run("slc25a17", file, tmp_path / "out", tell=told.append)
    assert len(seen) == 2
    assert told[0] == "2 of 4 time points were done before"
    assert contents(tmp_path / "out") == contents(whole)
    assert len(list((tmp_path / "out").iterdir())) == len(time_series.OUTPUTS), "the hidden folder is gone"


@pytest.mark.parametrize("change", [{"minimum_size": 5}, {"normalize": "levelled"}, {"times": [0, 1, 2]}], ids=str)
def test_what_was_done_in_another_way_is_done_again(file, tmp_path, monkeypatch, change):
    monkeypatch.setattr(running, "save", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run(file, tmp_path / "out")
    seen = []
    monkeypatch.setattr(running, "segment", lambda workflow, stack, *_: seen.append(stack) or stack.raw > 400)
    with pytest.raises(ZeroDivisionError):
        run(file, tmp_path / "out", **change)
    assert len(seen) == len(change.get("times", range(4)))


def test_another_file_of_the_same_name_is_done_anew(file, movie, tmp_path, monkeypatch):
    monkeypatch.setattr(running, "save", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run(file, tmp_path / "out")
    monkeypatch.undo()
    monkeypatch.setattr(figures, "save", lambda picture, path: path.write_bytes(b"picture"))
    images.write_times(file, [stack.raw for stack in reversed(movie.stacks)], movie.stacks[0].voxel_size, interval=30)
    result = run(file, tmp_path / "out")
    np.testing.assert_allclose(result.table["raw_mean"], [stack.raw.mean() for stack in reversed(movie.stacks)])


def test_a_time_point_that_cannot_be_segmented_is_named(movie, tmp_path):
    raws = [stack.raw.astype(np.float32) for stack in movie.stacks]
    raws[2][0, 0, 0] = np.nan
    file = images.write_times(tmp_path / "movie.ome.tif", raws, [0.29, 0.108, 0.108])
    with pytest.raises(ValueError, match="time 2: .*NaN"):
        run(file, tmp_path / "out", normalize="each")


def test_a_dark_time_point_holds_nothing(movie, tmp_path):
    raws = [stack.raw for stack in movie.stacks]
    raws[1] = np.full_like(raws[1], 100)
    file = images.write_times(tmp_path / "movie.ome.tif", raws, [0.29, 0.108, 0.108])
    result = run(file, tmp_path / "out")
    assert result.table["objects"].tolist()[1] == 0
    assert result.table["objects"].min() == 0 < result.table["objects"].iloc[2]
    assert result.table["time_s"].isna().all()
    assert any(
        "1 of 4 time points, first at 1: nothing was found" in warning.lower().replace("at 1 of", "1 of") for warning in result.warnings
    )


def test_a_file_without_time_axis_is_one_time_point(movie, tmp_path):
    file = images.write(tmp_path / "movie.ome.tif", movie.stacks[0].raw, movie.stacks[0].voxel_size)
    result = run(file, tmp_path / "out")
    np.testing.assert_array_equal(images.read(result.files["mask"]).raw > 0, WORKFLOWS["slc25a17"](movie.stacks[0].raw))
    assert len(result.table) == 1


@pytest.mark.parametrize(
    ("given", "error", "sentence"),
    [
        ({"times": [0, 4]}, ValueError, "has 4 time point.s., 0 to 3: there is no time=4"),
        ({"times": [1, 1]}, ValueError, "in rising order"),
        ({"times": [-1]}, ValueError, "in rising order"),
        ({"times": "all"}, TypeError, "times must be a list of time points"),
        ({"times": [0.5]}, TypeError, "times must be a list of time points"),
        ({"normalize": "yes"}, ValueError, "normalize must be one of together, levelled, each"),
        ({"minimum_sise": 3}, TypeError, "did you mean 'minimum_size'"),
        ({"known": 3}, TypeError, "known must be what"),
        ({"voxel_size": 3}, TypeError, "voxel_size must be"),
        ({"channel": 2}, ValueError, "there is no channel 2"),
    ],
    ids=str,
)
def test_bad_input_gets_one_sentence_and_leaves_nothing(file, tmp_path, given, error, sentence):
    with pytest.raises(error, match=sentence):
        run(file, tmp_path / "out", **given)
    assert not (tmp_path / "out").exists()


def test_time_points_of_another_voxel_size_are_segmented_at_the_tuned_one(movie, tmp_path):
    raws = [stack.raw[:, ::2, ::2] for stack in movie.stacks]
    file = images.write_times(tmp_path / "movie.ome.tif", raws, [0.29, 0.216, 0.216])
    result, told = run(file, tmp_path / "out"), []
    in_voxels = time_series.run("slc25a17", file, tmp_path / "voxels", at_tuned_size=False, name="peroxisomes", tell=told.append)
    with classic.intensities_of(classic.intensities(raws)):
        expected = [WORKFLOWS["slc25a17"](raw, voxel_size=[0.29, 0.216, 0.216]) for raw in raws]
        np.testing.assert_array_equal(tifffile.imread(result.files["mask"]) > 0, expected)
        expected = [WORKFLOWS["slc25a17"](raw) for raw in raws]
        np.testing.assert_array_equal(tifffile.imread(in_voxels.files["mask"]) > 0, expected)
    assert images.read_record(result.files["record"])["segmented_at_um"] == [0.29, 0.108, 0.108]
    assert in_voxels.files["mask"].name == "movie_peroxisomes_mask.ome.tif"
    assert not any("resampled" in line for line in told)


def test_given_intensities_are_taken(movie, file, tmp_path):
    known = classic.intensities(movie.stacks[0].raw * np.uint16(2))
    result = run(file, tmp_path / "out", times=[2], known=known)
    with classic.intensities_of(known):
        expected = WORKFLOWS["slc25a17"](movie.stacks[2].raw)
    np.testing.assert_array_equal(tifffile.imread(result.files["mask"]).reshape(expected.shape) > 0, expected)


def test_an_unknown_workflow_is_named(file, tmp_path):
    with pytest.raises(ValueError, match="did you mean 'slc25a17'"):
        time_series.run("slc25a7", file, tmp_path / "out")


def test_a_missing_voxel_size_is_asked_for(movie, tmp_path):
    tifffile.imwrite(tmp_path / "movie.tif", np.stack([stack.raw for stack in movie.stacks]), imagej=True, metadata={"axes": "TZYX"})
    with pytest.raises(ValueError, match="give voxel_size"):
        run(tmp_path / "movie.tif", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert len(run(tmp_path / "movie.tif", tmp_path / "out", voxel_size=[0.3, 0.1, 0.1], times=[0]).table) == 1


def test_results_of_another_input_are_not_replaced(file, movie, tmp_path):
    run(file, tmp_path / "out", times=[0])
    before = contents(tmp_path / "out", but=())
    with pytest.raises(FileExistsError, match="choose another output folder"):
        run(file, tmp_path / "out", times=[1])
    assert contents(tmp_path / "out", but=()) == before


@pytest.mark.parametrize("where", ["mask", "kept"])
def test_a_full_disk_is_named_and_leaves_the_earlier_result(file, tmp_path, monkeypatch, where):
    run(file, tmp_path / "out")
    before = contents(tmp_path / "out", but=())

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(*((tifffile, "imwrite", full) if where == "mask" else (os, "replace", full)))
    with pytest.raises(OSError, match="the disk of .* is full"):
        run(file, tmp_path / "out", minimum_size=4)
    monkeypatch.undo()
    assert contents(tmp_path / "out", but=("_times",)) == before
    result = run(file, tmp_path / "out", minimum_size=4)
    assert json.loads(result.files["record"].read_text())["parameters"]["minimum_size"] == 4


def test_an_output_folder_that_is_a_file_is_named(file, tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(OSError, match="cannot be an output folder"):
        run(file, tmp_path / "out")


def test_one_time_point_is_in_memory_at_a_time(file, tmp_path, monkeypatch):
    """When one is read, only the one before may still be there."""
    import gc
    import weakref

    alive, most = [], 0
    original = images.times.load

    def load(*arguments):
        nonlocal most
        gc.collect()
        most = max(most, sum(reference() is not None for reference in alive))
        raw = original(*arguments)
        alive.append(weakref.ref(raw))
        return raw

    monkeypatch.setattr(images.times, "load", load)
    run(file, tmp_path / "out")
    assert len(alive) >= 8
    assert most <= 1


def test_which_normalization_is_right_for_which_light():
    """What the notebook says, measured: volume found over true volume must not drift from time point to time point."""
    drift = {}
    for name, bleaching, growth in (("grows", 0, 3), ("bleaches", 0.15, 1)):
        series = phantoms.peroxisomes_over_time(3, bleaching=bleaching, growth=growth)
        raws = [stack.raw for stack in series.stacks]
        for normalize, seen in (("together", raws), ("levelled", levelled(raws)), ("each", raws)):
            with classic.intensities_of(None if normalize == "each" else classic.intensities(seen)):
                ratios = [WORKFLOWS["slc25a17"](raw).sum() / (truth > 0).sum() for raw, truth in zip(seen, series.truths)]
            drift[name, normalize] = max(ratios) / min(ratios)
    assert drift["grows", "together"] < 1.1 < 1.2 < drift["grows", "each"]
    assert drift["grows", "levelled"] < 1.15
    assert drift["bleaches", "levelled"] < 1.1 < 1.8 < drift["bleaches", "together"]
    assert drift["bleaches", "each"] < 1.3


@pytest.mark.parametrize(("finterval", "tunit", "seconds"), [(2.5, "sec", 2.5), (2, "min", 120), (0, "sec", None)])
def test_the_time_step_of_imagej_is_read(tmp_path, finterval, tunit, seconds):
    metadata = {"axes": "TZYX", "finterval": finterval, "tunit": tunit, "spacing": 0.3, "unit": "um"}
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((3, 2, 5, 5), np.uint16), imagej=True, metadata=metadata, resolution=(10, 10))
    assert images.time_axis(tmp_path / "a.tif") == (3, seconds)
    assert images.contents(tmp_path / "a.tif")["interval_s"][0] == seconds or seconds is None


def test_pictures_of_a_series(movie):
    table = pd.DataFrame({"time": [0, 1], "objects": [3, 4], "raw_mean": [10.0, 9.0]})
    picture = figures.times.through_time({"found": table, "truth": table.drop(columns="raw_mean")})
    assert [axes.get_ylabel() for axes in picture.axes] == ["objects", "mean of the whole image,\ncamera counts"]
    with pytest.raises(ValueError, match="column time"):
        figures.times.through_time(pd.DataFrame({"objects": [1]}))
    stack = images.Stack(np.stack([stack.raw.max(axis=0) for stack in movie.stacks]), movie.stacks[0].voxel_size, "movie")
    masks = stack.raw > 300
    assert len(figures.time_sheet(stack, masks, list("abcd")).axes) == 4
    assert figures.movie(stack, masks, captions=list("abcd")).frames == 4
    with pytest.raises(ValueError, match="captions must be one for each plane"):
        figures.movie(stack, masks, captions=["a"])


@pytest.fixture
def given(file, tmp_path):
    """Return the parameters of a lookup-table notebook that is given a list of time points."""
    yield {**INPUTS, **WORKFLOWS["slc25a17"].published, "input_path": str(file), "output_folder": str(tmp_path / "out"), "time": [1, 3]}
    classic.keep_intensities(None)


def test_a_lookup_notebook_shows_one_time_point_and_saves_all(given, movie, tmp_path):
    started = notebook.check("slc25a17", given)
    stack, _ = images.read_or(None, given["input_path"], "", 0, given["time"], [])
    np.testing.assert_array_equal(stack.raw, movie.stacks[1].raw)
    with classic.intensities_of(classic.intensities([movie.stacks[1].raw, movie.stacks[3].raw])):
        expected = [WORKFLOWS["slc25a17"](movie.stacks[time].raw) for time in (1, 3)]
    with classic.intensities_of(None):
        assert not np.array_equal(WORKFLOWS["slc25a17"](movie.stacks[3].raw), expected[1]), "left to itself, it is another mask"
    mask = WORKFLOWS["slc25a17"](stack.raw)
    np.testing.assert_array_equal(mask, expected[0])
    report = started.save(stack, mask)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "out" / f"{STEM}_mask.ome.tif") > 0, expected)
    assert report.rows[-1][0] == "objects at each time point"
    assert not [warning for warning in report.warnings if "differs" in warning]
    assert [warning for warning in started.save(stack, stack.raw > 300).warnings if "differs: run all cells again" in warning]


def test_a_single_time_point_is_normalized_by_its_own_again(given, movie):
    raw = movie.stacks[3].raw
    own = classic.auto_contrast(raw, 2, 36)
    notebook.check("slc25a17", given)
    assert not np.array_equal(classic.auto_contrast(raw, 2, 36), own)
    notebook.check("slc25a17", {**given, "time": 3})
    np.testing.assert_array_equal(classic.auto_contrast(raw, 2, 36), own)


def test_a_list_of_time_points_without_a_file_is_the_synthetic_stack(given, tmp_path):
    started = notebook.check("slc25a17", {**given, "input_path": ""})
    stack, truth = images.read_or(lambda: phantoms.peroxisomes(shape=(6, 48, 48)), "", "", 0, [], [])
    started.save(stack, WORKFLOWS["slc25a17"](stack.raw))
    assert truth is not None
    assert images.contents(next((tmp_path / "out").glob("*_mask.ome.tif")))["T"][0] == 1


@pytest.mark.parametrize(
    ("time", "sentence"), [([2, 1], "in rising order"), ([9], "has 4 time point"), ("all", "a whole number, or a list")]
)
def test_a_lookup_notebook_refuses_time_points_that_make_no_sense(given, time, sentence):
    with pytest.raises((TypeError, ValueError), match=sentence):
        notebook.check("slc25a17", {**given, "time": time})


def test_a_batch_takes_all_time_points(file, tmp_path):
    summary = batch.run("slc25a17", [file], tmp_path / "out", {"time": []})
    assert summary["status"].tolist() == ["done"], summary["error"].tolist()
    assert images.contents(tmp_path / "out" / f"{STEM}_mask.ome.tif")["T"][0] == 4
    assert summary["objects"][0] == len(pd.read_csv(tmp_path / "out" / f"{STEM}_objects.csv"))
