"""Training learns, goes on exactly where it was killed, and says in one sentence what stops it."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from small import examples, settings

from helpers import images
from helpers.learning import training
from helpers.learning.applying import apply, choose_cutoff
from helpers.learning.architecture import Architecture
from helpers.learning.checkpoints import read_model, read_parts
from helpers.learning.files import apply_to_file
from helpers.learning.normalization import AS_IT_IS
from helpers.learning.settings import PRESETS, Settings, bytes_of_a_patch, suggest_settings
from helpers.learning.targets import pairs_in_folder, read_examples, write_example
from helpers.learning.training import train
from helpers.learning.validation import hold_out
from helpers.metrics import overlap

CPU = torch.device("cpu")


def weights(path):
    return read_parts(path, "training").tensors["weights"]


def same(first, second):
    return first.keys() == second.keys() and all(torch.equal(first[key], second[key]) for key in first)


def test_from_a_folder_to_a_mask_on_disk(tmp_path):
    """The whole way: files, training, model, another file, its mask."""
    for each in examples(3):
        write_example(tmp_path / "truths", each.name, each.normalized[0], each.truth > 0, None, (0.3, 0.1, 0.1))
    read = read_examples(pairs_in_folder(tmp_path / "truths"), normalization=AS_IT_IS)
    split = hold_out(read, names=["tube_2"])
    told = []
    found = train(
        *split,
        tmp_path / "model",
        settings(),
        name="tubes",
        normalization=AS_IT_IS,
        device="cpu",
        progress=told.append,
        notes={"minutes": 4},
    )
    assert [each.step for each in told] == list(range(1, 31))
    assert found.history["loss"][:5].mean() > 2 * found.history["loss"][-5:].mean()
    assert found.history["score"].notna().sum() == 3
    assert told[-1].best == found.history["score"].max() == pytest.approx(found.model.about["scores"]["iou"])
    assert found.model.voxel_size == (0.3, 0.1, 0.1)
    record = json.loads((tmp_path / "model" / "tubes_record.json").read_text())
    assert record["data"]["validation"] == ["tube_2"]
    assert (record["minutes"], record["seed"]) == (4, 0)

    (new,) = examples(1, shape=(6, 50, 70))
    raw = images.write(tmp_path / "new cell.ome.tif", new.normalized[0], (0.3, 0.1, 0.1))
    paths = apply_to_file(found.path, raw, tmp_path / "out", device="cpu", minimum_size=5, map_type="8-bit")
    assert [path.name for path in paths] == [f"new_cell_tubes_{each}" for each in ("probability.ome.tif", "mask.ome.tif", "record.json")]
    mask, probability = images.read_mask(paths[1]), images.read(paths[0]).raw
    assert overlap(new.truth > 0, mask).iou > 0.6
    assert (probability.dtype, set(np.unique(images.read(paths[1]).raw))) == (np.uint8, {0, 255})
    assert (probability[mask] >= np.floor(found.model.cutoff * 255)).all()
    assert images.read_record(paths[2])["parameters"]["cutoff"] == found.model.cutoff


def test_a_stack_of_other_voxels_is_noted(tmp_path):
    split = hold_out(examples(2), 0)
    model = train(*split, tmp_path, settings(steps=1, rotation="none", brightness=0.0), device="cpu", normalization=AS_IT_IS).model
    assert model.cutoff == 0.5
    stack = images.Stack(examples(1)[0].normalized[0], (0.3, 0.2, 0.2), "other")
    (note,) = apply(model, stack, device="cpu", resample=False).notes
    assert "0.3 x 0.1 x 0.1 um, this stack has 0.3 x 0.2 x 0.2" in note
    choice = choose_cutoff(model, examples(2), "mean_iou", device="cpu")
    assert choice.table["mean_iou"].max() == choice.table.set_index("cutoff")["mean_iou"][choice.cutoff]
    assert replace(model, cutoff=choice.cutoff).cutoff == choice.cutoff
    with pytest.raises(ValueError, match="no image to choose the cutoff on"):
        choose_cutoff(model, [])
    assert apply(model, replace(stack, voxel_size=(0.3, 0.1, 0.105)), device="cpu").notes == ()


KILLED = """
import sys, time
sys.path.insert(0, {tests!r})
import torch
torch.set_num_threads(1)
from small import examples, settings
from helpers.learning.training import train
from helpers.learning.validation import hold_out
def slow(now):
    print(now.step, flush=True)
    time.sleep(0.02)
train(*hold_out(examples(3), names=["tube_2"]), {folder!r}, settings(), device="cpu", progress=slow)
"""


def test_killed_at_a_random_moment_it_ends_with_the_same_weights(tmp_path):
    split = hold_out(examples(3), names=["tube_2"])
    whole = train(*split, tmp_path / "whole", settings(), device="cpu")
    code = KILLED.format(tests=str(Path(__file__).parent), folder=str(tmp_path / "killed"))
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    moment = np.random.default_rng().integers(6, 26)
    while int(process.stdout.readline()) < moment:
        pass
    time.sleep(np.random.default_rng().uniform(0, 0.1))
    process.send_signal(signal.SIGKILL)
    process.communicate()
    stopped = read_parts(tmp_path / "killed" / "model_training.pt", "training").about["step"]
    assert 0 < stopped < 30
    steps = []
    resumed = train(*split, tmp_path / "killed", settings(), device="cpu", progress=lambda now: steps.append(now.step))
    assert steps[0] == stopped + 1, "it began anew"
    assert same(weights(tmp_path / "whole" / "model_training.pt"), weights(tmp_path / "killed" / "model_training.pt"))
    assert same(whole.model.network.state_dict(), resumed.model.network.state_dict())
    assert whole.model.cutoff == resumed.model.cutoff
    assert whole.history.equals(resumed.history)


def test_a_seed_gives_the_same_weights_and_another_gives_others(tmp_path):
    split = hold_out(examples(2), 0)
    state = torch.random.get_rng_state()
    found = [
        train(*split, tmp_path / str(number), settings(steps=3, seed=seed), device="cpu").model.network.state_dict()
        for number, seed in enumerate((1, 1, 2))
    ]
    assert same(found[0], found[1])
    assert not same(found[0], found[2])
    assert torch.equal(state, torch.random.get_rng_state()), "the caller's random numbers are left alone"


def test_going_on_needs_the_same_settings_and_images(tmp_path):
    split = hold_out(examples(2), 0)
    train(*split, tmp_path, settings(steps=4), device="cpu")
    with pytest.raises(ValueError, match="holds a training with learning_rate 0.01, now it is 0.02: give another folder"):
        train(*split, tmp_path, settings(steps=4, learning_rate=0.02), device="cpu")
    with pytest.raises(ValueError, match="on other images"):
        train(*hold_out(examples(3), 0), tmp_path, settings(steps=4), device="cpu")
    assert len(train(*split, tmp_path, settings(steps=6), device="cpu").history) == 6
    assert len(train(*split, tmp_path, settings(steps=2, learning_rate=0.02), device="cpu", resume=False).history) == 2


def test_the_best_model_is_kept_and_patience_ends(tmp_path, monkeypatch):
    scores = iter([0.2, 0.6, 0.5, 0.4, 0.9])
    table = training._scores

    def told(network, run, device):
        found = table(network, run, device)
        return found.assign(iou=np.where(found["cutoff"] == 0.5, next(scores), 0))

    monkeypatch.setattr(training, "_scores", told)
    split = hold_out(examples(3), names=["tube_2"])
    found = train(*split, tmp_path, settings(steps=50, validate_every=2, patience=2), device="cpu")
    assert len(found.history) == 8
    assert (found.model.about["step"], found.model.about["scores"]["iou"]) == (4, 0.6)


def test_a_model_can_be_the_start_of_the_next(tmp_path):
    split = hold_out(examples(2), 0)
    first = train(*split, tmp_path, settings(steps=2), name="first", device="cpu").model
    second = train(*split, tmp_path, settings(steps=1, learning_rate=1e-9, warm_up=0), name="second", device="cpu", start=first).model
    for key, value in first.network.named_parameters():
        torch.testing.assert_close(value, dict(second.network.named_parameters())[key], atol=1e-6, rtol=0)
    assert second.about["started_from"] == "first"
    with pytest.raises(ValueError, match="weights in first are not those of"):
        train(*split, tmp_path, settings(architecture=Architecture(width=8, depth=2)), name="third", device="cpu", start=first)


def test_a_full_disk_leaves_the_last_checkpoint(tmp_path, monkeypatch):
    split = hold_out(examples(2), 0)
    train(*split, tmp_path, settings(steps=4), device="cpu")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="full|space"):
        train(*split, tmp_path, settings(steps=8), device="cpu")
    monkeypatch.undo()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_what_stops_a_training_is_said(tmp_path, monkeypatch):
    split = hold_out(examples(2), 0)
    with pytest.raises(ValueError, match="no image to train on"):
        train([], [], tmp_path, settings())
    mixed = [split.training[0], split.training[1]._replace(voxel_size=(0.3, 0.2, 0.2))]
    with pytest.raises(ValueError, match="tube_0 and tube_1 have voxels of 0.3 x 0.1 x 0.1 and 0.3 x 0.2 x 0.2 um"):
        train(mixed, [], tmp_path, settings())
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match="finds no GPU here"):
        train(*split, tmp_path, settings(), device="cuda")
    with pytest.raises(ValueError, match=r"tube_0 has 1 channel\(s\), and the network takes 2: set channels"):
        train(*split, tmp_path, settings(architecture=Architecture(width=2, depth=2, channels=2)))
    monkeypatch.setattr(training, "_update", lambda *_: (_ for _ in ()).throw(torch.OutOfMemoryError("CUDA out of memory")))
    with pytest.raises(MemoryError, match="the memory is not enough: lower batch, then patch, then width"):
        train(*split, tmp_path, settings(), device="cpu")
    monkeypatch.undo()
    with pytest.raises(ValueError, match="the loss is .* at step .*: lower learning_rate"):
        train(
            *split,
            tmp_path,
            settings(learning_rate=1.0, schedule="constant", warm_up=0, steps=3, head_weights=(float("inf"),)),
            device="cpu",
        )
    assert not list(tmp_path.glob("*.pt"))


def test_presets_are_what_they_say():
    published = PRESETS["published"]
    assert (published.architecture, published.patch, published.output) == (Architecture(), (44, 140, 140), (16, 52, 52))
    assert {published.rate(step) for step in (0, 10, 7999)} == {1e-5}
    assert (published.weight_decay, published.batch, published.head_weights, published.mean_over) == (0.005, 8, (1, 1, 1), "voxels")
    fast = replace(PRESETS["two cores"], steps=110)
    assert fast.rate(0) == pytest.approx(6e-4)
    assert fast.rate(10) == pytest.approx(6e-3)
    assert fast.rate(60) == pytest.approx(3e-3)
    assert fast.rate(109) < 1e-5


def test_settings_fit_the_images_and_the_memory():
    made = examples(2, shape=(8, 60, 70))
    found = suggest_settings(made, CPU)
    assert found == replace(PRESETS["two cores"], patch=(36, 148 - 8, 140), seed=0)
    assert found.output == (8, 52, 52)
    small = suggest_settings(made, CPU, "published", memory_limit=1, architecture=Architecture(width=8))
    assert 1 <= small.batch < 8
    assert suggest_settings(made, CPU, steps=7, batch=3).steps == 7
    with pytest.raises(MemoryError, match="GB in training, free are 0.01: lower patch or width"):
        suggest_settings(made, CPU, memory_limit=0.01)
    whole = suggest_settings(made, CPU, "published")
    tight = [suggest_settings(made, CPU, "published", memory_limit=limit) for limit in (1.2, 0.8, 0.3)]
    assert [(each.architecture.width, each.batch) for each in tight[:2]] == [(32, 1), (32, 1)], "the patch first"
    assert whole.patch[1] > tight[0].patch[1] > tight[1].patch[1]
    assert tight[2].architecture.width < 32
    for each, limit in zip(tight, (1.2, 0.8, 0.3)):
        assert bytes_of_a_patch(each) <= limit * 1e9
    with pytest.raises(MemoryError, match="lower patch or width"):
        suggest_settings(made, CPU, "published", memory_limit=0.3, patch=whole.patch, architecture=Architecture())
    zoom = suggest_settings(made, CPU, architecture=Architecture(zoom=2, width=2, depth=2))
    assert zoom.output == (8, 60, 60)
    with pytest.raises(ValueError, match="image of 8x20x70 voxels is smaller than the least that a patch gives, 1x24x24"):
        suggest_settings(examples(1, shape=(8, 20, 70)), CPU, architecture=Architecture(zoom=7, width=2))
    with pytest.raises(ValueError, match="preset must be one of"):
        suggest_settings(made, CPU, "fast")


def test_more_cores_train_a_wider_network(monkeypatch):
    made = examples(1, shape=(8, 60, 70))
    monkeypatch.setattr(torch, "get_num_threads", lambda: 16)
    assert suggest_settings(made, CPU).architecture.width == 16
    assert suggest_settings(made, CPU, "two cores").architecture.width == 8, "a preset that is named is taken as it is"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"patch": (16, 37, 36)}, "16x37x36 voxels does not fit this network: the next size that does is 16x38x36"),
        ({"schedule": "step"}, "schedule must be one of 'cosine', 'constant'"),
        ({"learning_rate": 0}, "learning_rate must be greater than 0"),
        ({"foreground_share": 2}, "foreground_share must be at least 0 and at most 1"),
        ({"architecture": Architecture(width=2), "patch": (44, 140, 140), "head_weights": (1.0,)}, "head_weights must hold 3 numbers"),
    ],
)
def test_settings_that_make_no_sense(changes, words):
    with pytest.raises(ValueError, match=words):
        settings(**changes)


def test_memory_of_a_patch_is_about_what_is_counted():
    """Half the width, half of it; and the published batch of 4 for Net_zoom was for a GPU of 12 GB."""
    whole = bytes_of_a_patch(Settings())
    assert bytes_of_a_patch(Settings(architecture=Architecture(width=16))) == pytest.approx(whole / 2, rel=0.03)
    zoom = Settings(architecture=Architecture(zoom=3), patch=(52, 372, 372))
    assert 4e9 < 4 * bytes_of_a_patch(zoom) < 12e9


def test_a_damaged_state_is_refused(tmp_path):
    split = hold_out(examples(2), 0)
    train(*split, tmp_path, settings(steps=2), device="cpu")
    path = tmp_path / "model_training.pt"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ValueError, match="model_training.pt is damaged"):
        train(*split, tmp_path, settings(steps=4), device="cpu")
    with pytest.raises(ValueError, match="holds a training, and a model is wanted|damaged"):
        read_model(path)
