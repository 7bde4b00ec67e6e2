"""A model is applied at its own voxel size, to all time points of a film, to folders of files; what is done is not done again."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from small import TINY

from helpers import batch, images, phantoms
from helpers.learning import inference
from helpers.learning.applying import apply
from helpers.learning.checkpoints import Model, read_model, write_model
from helpers.learning.files import EXAMPLE_MODEL, apply_to_file, apply_to_files
from helpers.learning.networks import Network
from helpers.learning.normalization import PUBLISHED
from helpers.metrics import overlap

SIZE = (0.3, 0.1, 0.1)


def random_model(**changes):
    torch.manual_seed(3)
    return Model(Network(TINY), voxel_size=SIZE, name="random", **changes)


def raw(seed, shape=(5, 30, 34)):
    return np.random.default_rng(seed).integers(100, 1000, shape).astype(np.uint16)


@pytest.fixture
def model_path(tmp_path):
    return write_model(tmp_path / "random.pt", random_model())


def test_a_stack_of_larger_pixels_is_seen_at_the_size_of_the_model():
    """The example model finds mitochondria in pixels twice as large; better than without resampling."""
    model = read_model(EXAMPLE_MODEL)
    stack, truth = phantoms.mitochondria(50, (16, 96, 96))
    coarse = replace(stack, raw=stack.raw.reshape(16, 48, 2, 48, 2).mean((2, 4)), voxel_size=(0.29, 0.216, 0.216))
    coarse_truth = truth.reshape(16, 48, 2, 48, 2).mean((2, 4)) >= 0.5
    found, plain = (apply(model, coarse, resample=resample, device="cpu") for resample in (True, False))
    assert found.worked_at == (0.29, 0.108, 0.108)
    assert plain.worked_at == coarse.voxel_size
    assert (
        "resampled from 0.29 x 0.216 x 0.216 um to 0.29 x 0.108 x 0.108 um a voxel, the size that the model was made for" in found.notes[0]
    )
    assert "was not resampled" in plain.notes[0]
    assert found.mask.shape == found.probability.shape == coarse.raw.shape
    assert found.probability.min() >= 0 and found.probability.max() <= 1  # noqa: PT018
    sure = found.probability >= model.cutoff
    assert overlap(found.mask, sure).precision > 0.97  # a mean over four pixels reaches the cutoff later than half of them
    assert overlap(found.mask, sure).recall > 0.6
    scores = [overlap(coarse_truth, each.mask).dice for each in (found, plain)]
    assert scores[0] > 0.7
    assert scores[0] > scores[1] + 0.03


def test_close_and_absurd_voxel_sizes_are_left_alone():
    model = random_model()
    close = images.Stack(raw(0), (0.3, 0.105, 0.105), "close")
    assert apply(model, close, device="cpu").notes == ()
    (note,) = apply(model, replace(close, voxel_size=(300, 100, 100)), device="cpu").notes
    assert "the unit is probably wrong" in note
    assert apply(replace(model, voxel_size=None), replace(close, voxel_size=(1, 1, 1)), device="cpu").notes == ()
    with pytest.raises(ValueError, match="takes 1 channel"):
        apply(model, [close, close], device="cpu")


def test_the_record_says_at_which_size_the_network_worked(model_path, tmp_path):
    file = images.write(tmp_path / "coarse.ome.tif", raw(1), (0.3, 0.2, 0.2))
    *_, path = apply_to_file(model_path, file, tmp_path / "out", device="cpu")
    record = images.read_record(path)
    assert (record["voxel_size_um"], record["segmented_at_um"]) == ([0.3, 0.2, 0.2], [0.3, 0.1, 0.1])
    assert "resampled" in record["quality"]["notes"][0]


def test_time_points_of_a_film(model_path, tmp_path):
    """Each time point is what the stack gives that is normalized by all of them, or by itself."""
    from helpers import classic

    film = [raw(seed) + np.uint16(200 * seed) for seed in range(4)]
    path = images.write_times(tmp_path / "film.ome.tif", film, SIZE, interval=30)
    paths = apply_to_file(model_path, path, tmp_path / "all", time=[], device="cpu")
    assert images.time_axis(paths[0]) == images.time_axis(paths[1]) == (4, 30)
    assert [each.name for each in (tmp_path / "all").iterdir() if each.is_dir()] == []
    model, known = read_model(model_path), classic.intensities(film)
    for stack, found in zip(film, images.read_times(paths[0])):
        wanted = apply(model, images.Stack(stack, SIZE, "one"), known=[known], device="cpu")
        assert np.allclose(found.raw, wanted.probability, atol=1e-5)
    some = apply_to_file(model_path, path, tmp_path / "some", time=[1, 3], over_time="each", device="cpu", map_type="8-bit")
    for number, found in zip((1, 3), images.read_times(some[1])):
        alone = apply(model, images.Stack(film[number], SIZE, "one"), device="cpu")
        assert ((found.raw > 0) == alone.mask).all()
    record = images.read_record(some[2])
    assert record["time"] == [1, 3]
    assert len(record["quality"]["foreground_fractions"]) == 2
    flat = write_model(tmp_path / "flat.pt", random_model(normalization=PUBLISHED[11]))
    told = images.read_record(apply_to_file(flat, path, tmp_path / "flat", time=[0, 1], device="cpu")[2])["quality"]["notes"]
    assert "by its own intensities" in told[0]
    with pytest.raises(ValueError, match="over_time must be one of 'together', 'each', got 'levelled'"):
        apply_to_file(model_path, path, tmp_path / "all", time=[], over_time="levelled")


def test_many_files_go_on_where_they_stopped(model_path, tmp_path, monkeypatch):
    folder = tmp_path / "in"
    for seed in range(3):
        images.write(folder / f"cell_{seed}.ome.tif", raw(seed), SIZE)
    (folder / "broken.tif").write_bytes(b"no image")
    told = []
    first = apply_to_files(model_path, [folder], tmp_path / "out", device="cpu", tell=told.append)
    assert first["status"].tolist() == ["failed", "done", "done", "done"]
    assert "broken" in first["error"][0]
    assert told[1].startswith("[2/4] cell_0.ome.tif done")
    assert (first["foreground_fraction"][1:] == [images.read_mask(path).mean() for path in first["mask"][1:]]).all()

    monkeypatch.setattr(inference, "prepared", lambda *_: pytest.fail("this was done before"))
    monkeypatch.setattr("helpers.learning.files.apply", lambda *_, **__: pytest.fail("this was done before"))
    again = apply_to_files(model_path, [folder], tmp_path / "out", device="auto", memory_limit=3, tell=None)
    assert again["status"].tolist() == ["failed", "done before", "done before", "done before"]
    monkeypatch.undo()

    images.write(folder / "cell_1.ome.tif", raw(9), SIZE)  # another image in the same file
    with open(first["mask"][3], "rb") as file:
        before = file.read()
    mended = apply_to_files(model_path, [folder], tmp_path / "out", device="cpu", tell=None)
    assert mended["status"].tolist() == ["failed", "done before", "done", "done before"]
    assert open(first["mask"][3], "rb").read() == before  # noqa: SIM115
    other = apply_to_files(model_path, [folder / "cell_0.ome.tif"], tmp_path / "out", device="cpu", tell=None, cutoff=0.9)
    assert other["status"].tolist() == ["done"]


def test_results_in_a_folder_are_not_segmented_again(model_path, tmp_path):
    images.write(tmp_path / "cell.ome.tif", raw(0), SIZE)
    images.write(tmp_path / "painted_mask.ome.tif", raw(1) > 500, SIZE)  # of somebody else: no record beside it
    apply_to_file(model_path, tmp_path / "cell.ome.tif", tmp_path, device="cpu")
    assert [path.name for path in images.image_files([tmp_path])] == ["cell.ome.tif", "painted_mask.ome.tif"]
    with pytest.raises(ValueError, match="does not exist: check the path"):
        images.image_files([tmp_path / "none.tif"])
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "cell.tif").touch()
    with pytest.raises(ValueError, match="would both be saved as cell"):
        images.image_files([tmp_path / "cell.ome.tif", tmp_path / "other" / "cell.tif"])


def test_results_of_another_file_are_kept(model_path, tmp_path):
    images.write(tmp_path / "a" / "cell.ome.tif", raw(0), SIZE)
    images.write(tmp_path / "b" / "cell.ome.tif", raw(1), SIZE)
    apply_to_file(model_path, tmp_path / "a" / "cell.ome.tif", tmp_path / "out", device="cpu")
    with pytest.raises(FileExistsError, match="holds the results of .* under the same names"):
        apply_to_file(model_path, tmp_path / "b" / "cell.ome.tif", tmp_path / "out", device="cpu")


def test_the_command_line_takes_a_model(model_path, tmp_path, capsys):
    images.write(tmp_path / "in" / "cell.ome.tif", raw(0), SIZE)
    (tmp_path / "in" / "broken.tif").write_bytes(b"no image")
    arguments = [
        str(model_path),
        str(tmp_path / "in"),
        "--output-folder",
        str(tmp_path / "out"),
        "-p",
        "minimum_size",
        "3",
        "-p",
        "device",
        "cpu",
    ]
    assert batch.main(arguments) == 1
    assert "1 failed, 1 done" in capsys.readouterr().out.replace("1 done, 1 failed", "1 failed, 1 done")
    record = json.loads((tmp_path / "out" / "cell_random_record.json").read_text())
    assert record["parameters"]["minimum_size"] == 3
    assert (tmp_path / "out" / "summary.csv").read_text().count("\n") == 3
    assert (tmp_path / "out" / "cell_random_overlay.png").exists()
    assert batch.main([*arguments[:4], "-p", "minimum_sise", "3"]) == 2
    assert "did you mean 'minimum_size'" in capsys.readouterr().err
    assert batch.main([str(tmp_path / "no.pt"), *arguments[1:]]) == 2
    assert "there is no file" in capsys.readouterr().err


def test_the_example_model_beats_a_threshold_on_fields_it_has_not_seen():
    """Better than Otsu, and not worse than the published workflow, on a field of a seed that was used for nothing."""
    from helpers import classic
    from helpers.workflows import WORKFLOWS

    model = read_model(EXAMPLE_MODEL)
    stack, truth = phantoms.mitochondria(51, (24, 128, 128))
    found = overlap(truth, apply(model, stack, device="cpu").mask).dice
    assert found > 0.8
    assert found > overlap(truth, classic.otsu_mask(stack.raw)).dice + 0.1
    assert found > overlap(truth, WORKFLOWS["tomm20"](stack.raw)).dice
    assert EXAMPLE_MODEL.stat().st_size < 1e6
    assert "mitochondria_50" not in json.dumps(model.about["data"])
