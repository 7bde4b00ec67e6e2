"""Models come back from their file as they were; files that are damaged, foreign or hostile are refused."""

import os
import pickle
import resource

import numpy as np
import pytest
import torch

from helpers.learning import checkpoints, published
from helpers.learning.architecture import Architecture
from helpers.learning.checkpoints import Model, read_model, write_model
from helpers.learning.inference import probability
from helpers.learning.networks import Network, net_basic, net_zoom


@pytest.fixture
def model():
    torch.manual_seed(0)
    network = net_basic(width=2, depth=3)
    network(torch.rand(1, 1, *network.architecture.input_size((2, 8, 8))))  # its normalization has seen something
    return Model(network, [["auto_contrast", 2, 11]], (0.3, 0.1, 0.1), 0.7, 20, "lamin", {"scores": {"iou": 0.8}, "data": ["a", "b"]})


def test_everything_comes_back(model, tmp_path):
    path = write_model(tmp_path / "lamin.pt", model)
    found = read_model(path)
    assert found.architecture == model.architecture
    for name in ("normalization", "voxel_size", "cutoff", "minimum_size", "name", "about"):
        assert getattr(found, name) == getattr(model, name), name
    image = np.random.default_rng(0).random((3, 20, 20), np.float32)
    np.testing.assert_array_equal(probability(found.network, image, device="cpu"), probability(model.network, image, device="cpu"))
    assert list(tmp_path.iterdir()) == [path]
    assert "torch" in checkpoints.read_parts(path, "model").about["versions"]


class Evil:
    """What a hostile file holds: on loading, a file is made."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_malicious_pickle_is_refused_and_nothing_runs(tmp_path, zipped):
    path, trace = tmp_path / "evil.pt", tmp_path / "trace"
    content = {"format": checkpoints.FORMAT, "kind": "model", "version": 1, "about": Evil(trace)}
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(ValueError, match="nothing in it was run" if zipped else "it was not opened"):
        read_model(path)
    path.write_bytes(pickle.dumps(content))
    with pytest.raises(ValueError, match="it was not opened"):
        read_model(path)
    assert not trace.exists()
    pickle.loads(pickle.dumps(content))  # it would have worked
    assert trace.exists()


def flipped(whole):
    """One byte in the middle of the weights is another: the file still opens."""
    middle = len(whole) // 2
    return whole[:middle] + bytes([whole[middle] ^ 255]) + whole[middle + 1 :]


def test_damaged_files_are_refused(model, tmp_path):
    path = write_model(tmp_path / "lamin.pt", model)
    whole = path.read_bytes()
    for part in (whole[: len(whole) // 2], whole[:100], whole[:-30], whole[:2000] + b"\0" * 200 + whole[2200:], flipped(whole)):
        path.write_bytes(part)
        with pytest.raises(ValueError, match="damaged"):
            read_model(path)
    for part in (b"", b"not a model at all"):
        path.write_bytes(part)
        with pytest.raises(ValueError, match="no file of PyTorch"):
            read_model(path)
    with pytest.raises(FileNotFoundError, match="there is no file"):
        read_model(tmp_path / "none.pt")


def changed(path, **values):
    content = torch.load(path, weights_only=True)
    torch.save({**content, **values}, path)
    return path


def test_foreign_files_are_refused(model, tmp_path):
    path = write_model(tmp_path / "lamin.pt", model)
    with pytest.raises(ValueError, match="format 99, this package knows 1: install a newer"):
        read_model(changed(path, version=99))
    with pytest.raises(ValueError, match="holds a training, and a model is wanted"):
        read_model(changed(path, version=1, kind="training"))
    with pytest.raises(ValueError, match="no model of this package"):
        read_model(changed(path, kind="model", format="other"))
    torch.save({"model_state_dict": {}}, path)
    with pytest.raises(ValueError, match="import_published"):
        read_model(path)
    torch.save([1, 2], path)
    with pytest.raises(ValueError, match="no model of this package"):
        read_model(path)


def test_another_architecture_is_refused(model, tmp_path):
    weights = model.network.state_dict()
    for other in (Architecture(width=4, depth=3), Architecture(width=2), Architecture(width=2, depth=3, zoom=2)):
        with pytest.raises(ValueError, match="weights in lamin.pt are not those of"):
            checkpoints.network_of(other, weights, "lamin.pt")
    path = write_model(tmp_path / "lamin.pt", model)
    about = torch.load(path, weights_only=True)["about"]
    with pytest.raises(ValueError, match="not those of Net_basic of width 512"):
        read_model(changed(path, about=about.replace('"width": 2', '"width": 512').replace('"depth": 3', '"depth": 8')))
    with pytest.raises(ValueError, match="does not say all"):
        read_model(changed(path, about=about.replace("cutoff", "cutof")))


def test_a_full_disk_leaves_the_old_model(model, tmp_path):
    path = write_model(tmp_path / "lamin.pt", model)
    before = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, limits[1]))
    try:
        with pytest.raises(OSError, match=str(tmp_path)):
            write_model(path, Model(model.network, name="new"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def published_file(path, zoom):
    """A file of the published layout, its names written out here one by one, with random weights of width 2."""
    torch.manual_seed(zoom)
    wide = {
        "ec1": (1, 2, 4),
        "ec2": (4, 4, 8),
        "ec3": (8, 8, 16),
        "ec4": (16, 16, 32),
        "dc3": (48, 16, 16),
        "dc2": (24, 8, 8),
        "dc1": (12, 4, 4),
    }
    if zoom > 1:
        wide["dc0"] = (4, 4, 4)
    weights = {}
    for name, (taken, middle, given) in wide.items():
        for index, inside, outside in ((0, taken, middle), (3, middle, given)):
            weights[f"{name}.{index}.weight"], weights[f"{name}.{index}.bias"] = (
                torch.randn(outside, inside, 3, 3, 3) / 9,
                torch.randn(outside),
            )
            weights[f"{name}.{index + 1}.running_mean"], weights[f"{name}.{index + 1}.running_var"] = (
                torch.randn(outside),
                torch.rand(outside) + 0.5,
            )
            weights[f"{name}.{index + 1}.num_batches_tracked"] = torch.tensor(7)
    kernels = {"up3": (32, 32, 1, 2, 2), "up2": (16, 16, 1, 2, 2), "up1": (8, 8, 1, 2, 2)}
    kernels |= {"up1a": (8, 2, 1, 4, 4), "up2a": (16, 2, 1, 8, 8)} if zoom == 1 else {"up1a": (8, 2, 1, 2 * zoom, 2 * zoom)}
    if zoom > 1:
        kernels |= {"up2a": (16, 2, 1, 4 * zoom, 4 * zoom), "up0": (4, 4, 1, zoom, zoom), "predict0": (2, 4, 1, 1, 1)}
    else:
        kernels["dc0"] = (2, 4, 1, 1, 1)
    kernels |= {f"conv{k}a": (2, 2, 3, 3, 3) for k in (1, 2)} | {f"predict{k}a": (2, 2, 1, 1, 1) for k in (1, 2)}
    for name, shape in kernels.items():
        weights[f"{name}.weight"] = torch.randn(shape) / 3
        weights[f"{name}.bias"] = torch.randn(shape[1] if name.startswith("up") else shape[0])
    content = {"epoch": 300, "num_iterations": 9000, "model_state_dict": weights, "optimizer_state_dict": {"state": {}}, "device": "cuda:0"}
    torch.save(content, path)
    return weights


@pytest.mark.parametrize("zoom", [1, 3])
def test_published_layout_is_imported(tmp_path, zoom):
    path = tmp_path / "checkpoint_epoch_300.pytorch"
    weights = published_file(path, zoom)
    assert len(weights) == (90 if zoom == 1 else 102)
    model = published.import_published(path, normalization=[["auto_contrast", 2, 11]])
    assert model.architecture == Architecture(zoom=zoom, width=2)
    assert model.about == {"imported_from": path.name, "epoch": 300}
    state = model.network.state_dict()
    assert torch.equal(state["decoders.2.0.weight"], weights["dc3.0.weight"])
    assert torch.equal(state["auxiliary.1.up.weight"], weights["up2a.weight"])
    assert torch.equal(state["main.weight"], weights["dc0.weight" if zoom == 1 else "predict0.weight"])
    assert sum(value.numel() for value in state.values()) == sum(value.numel() for value in weights.values())
    read_model(write_model(tmp_path / "ours.pt", model))
    with pytest.raises(ValueError, match="import_published"):
        read_model(path.rename(tmp_path / "theirs.pt"))


def test_a_file_that_is_not_of_the_published_program(model, tmp_path):
    path = write_model(tmp_path / "ours.pt", model)
    with pytest.raises(ValueError, match="no weights ec1.0 and dc0"):
        published.import_published(path)
    weights = published_file(tmp_path / "theirs.pytorch", 1)
    del weights["up2.bias"]
    torch.save(weights, tmp_path / "cut.pytorch")
    with pytest.raises(ValueError, match=r"ups.1.bias is missing"):
        published.import_published(tmp_path / "cut.pytorch")


def test_names_cover_the_whole_network():
    for network in (net_basic(width=2), net_zoom(2, width=2)):
        prefixes = published.names(network.architecture.zoom).values()
        assert all(any(key.startswith(f"{prefix}.") for prefix in prefixes) for key in network.state_dict())


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"cutoff": 2}, "cutoff must be at least 0 and at most 1"),
        ({"normalization": [["contrast", 1]]}, "there is no normalization 'contrast'"),
        ({"normalization": [["auto_contrast", 1]]}, r"takes 2 number\(s\)"),
        ({"voxel_size": (0, 1, 1)}, "voxel_size must be positive"),
        ({"minimum_size": -1}, "minimum_size must be at least 0"),
    ],
)
def test_values_that_make_no_sense(values, words):
    with pytest.raises(ValueError, match=words):
        Model(Network(Architecture(width=1, depth=2)), **values)


def test_weights_that_are_no_numbers_are_refused(model, tmp_path):
    """With them every mask would be empty, and nobody would know why."""
    with torch.no_grad():
        model.network.main.weight[0, 0] = float("nan")
    path = write_model(tmp_path / "astray.pt", model)
    with pytest.raises(ValueError, match=r"NaN or infinite weights \(main.weight\)"):
        read_model(path)
