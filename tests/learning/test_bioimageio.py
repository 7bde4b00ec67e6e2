"""A package of bioimage.io comes back as it was, runs in other programs as it says, and nothing in it is run here."""

import hashlib
import io
import pickle
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import torch
import yaml
from small import TINY

from helpers import images
from helpers.learning import portable
from helpers.learning.architecture import Architecture
from helpers.learning.bioimageio import OURS, check_bioimageio, read_bioimageio, write_bioimageio
from helpers.learning.checkpoints import Model
from helpers.learning.inference import probability
from helpers.learning.networks import Network
from helpers.learning.normalization import PUBLISHED, normalize

SIZE = (0.3, 0.1, 0.1)
ZOOM = Architecture(zoom=2, width=2, depth=2, norm="batch affine")


def model_of(architecture=TINY, **changes):
    torch.manual_seed(5)
    network = Network(architecture)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm3d):  # as after a training
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
    return Model(network, voxel_size=SIZE, name="tubes", cutoff=0.45, about={"scores": {"cutoff": 0.45, "iou": 0.8}}, **changes)


def stack(seed=0, shape=(20, 50, 54), size=SIZE):
    return images.Stack(np.random.default_rng(seed).integers(90, 2000, shape).astype(np.uint16), size, "cell")


@pytest.fixture
def package(tmp_path):
    return write_bioimageio(tmp_path / "tubes.zip", model_of(), stack(), authors=["A. Person"], tags=["tubes"])


def contents(path):
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


def rewritten(path, change=None, **files):
    """Write a package anew with other files, whose checksums are right, and another description."""
    old = contents(path)
    new = {**old, **{name.replace("__", "."): content for name, content in files.items()}}
    text = new["rdf.yaml"].decode()
    for name in files:
        name = name.replace("__", ".")
        text = text.replace(hashlib.sha256(old[name]).hexdigest(), hashlib.sha256(new[name]).hexdigest())
    new["rdf.yaml"] = (change(text) if change else text).encode()
    with zipfile.ZipFile(path, "w") as file:
        for name, content in new.items():
            file.writestr(name, content)
    return path


@pytest.mark.parametrize(
    ("architecture", "normalization"),
    [
        (TINY, [["auto_contrast", 2.5, 10]]),
        (ZOOM, [["min_max"]]),
        (replace(TINY, norm="group", channels=2, classes=3, pooling=(2, 2, 2)), [["as_it_is"]]),
        (TINY, PUBLISHED[12]),
    ],
)
def test_it_comes_back_and_gives_its_test_result(tmp_path, architecture, normalization):
    model = model_of(architecture, normalization=normalization)
    stacks = [stack(number) for number in range(architecture.channels)]
    path = write_bioimageio(tmp_path / "model.zip", model, stacks, authors=["A. Person"])
    assert check_bioimageio(path) < 1e-6
    found = read_bioimageio(path)
    assert (found.model.normalization, found.model.voxel_size, found.model.cutoff) == (model.normalization, SIZE, 0.45)
    assert found.model.architecture == replace(architecture, auxiliary=False)
    given = np.random.default_rng(1).random((architecture.channels, 9, 30, 30), np.float32)
    same = [probability(each.network, given, output=None, device="cpu") for each in (model, found.model)]
    assert (same[0] == same[1]).all()
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(path) as file:
        file.extractall(folder)
    assert check_bioimageio(folder) < 1e-6


@pytest.mark.filterwarnings("ignore:.torch.jit.load. is deprecated")
@pytest.mark.parametrize(("architecture", "step"), [(TINY, ["auto_contrast", 2.5, 10]), (ZOOM, ["min_max"])])
def test_another_program_gets_the_same_from_what_the_description_says(tmp_path, architecture, step):
    """Both kinds of weights, on the test image normalized by the steps of the format, computed here from their definition."""
    path = write_bioimageio(tmp_path / "model.zip", model_of(architecture, normalization=[step]), stack(), authors=["A. Person"])
    files = contents(path)
    said = yaml.safe_load(files["rdf.yaml"])
    raw, wanted = (np.load(io.BytesIO(files[name])) for name in ("test_input.npy", "test_output.npy"))
    image, axes = raw.astype(float), (2, 3, 4)
    assert len(said["inputs"][0]["preprocessing"]) == (step == ["min_max"])
    for _ in said["inputs"][0]["preprocessing"]:  # scale_range, from the lowest to the highest value
        low, high = image.min(axes, keepdims=True), image.max(axes, keepdims=True)
        image = (image - low) / (high - low + 1e-6)
    assert (image.min(), image.max()) == pytest.approx((0, 1), abs=0.01)
    image = torch.from_numpy(image.astype(np.float32))
    script = torch.jit.load(io.BytesIO(files["weights_torchscript.pt"]))
    source = files["architecture.py"].decode()
    assert "helpers" not in source
    names = {}
    exec(compile(source, "architecture.py", "exec"), names)  # noqa: S102 - our own file, as another program would run it
    described = said["weights"]["pytorch_state_dict"]["architecture"]
    module = names[described["callable"]](**described["kwargs"]).eval()
    module.load_state_dict(torch.load(io.BytesIO(files["weights.pt"]), weights_only=True))
    with torch.inference_mode():
        for network in (script, module):
            assert np.abs(network(image).numpy() - wanted).max() < 1e-4
    for axis, n, grid in zip("zyx", raw.shape[2:], architecture.grid):
        (size,) = [each["size"] for each in said["inputs"][0]["axes"] if each.get("id") == axis]
        assert size["step"] == grid
        assert (n - size["min"]) % grid == 0 <= n - size["min"]
    assert said["inputs"][0]["axes"][2] | {"size": 0} == {"type": "space", "id": "z", "scale": 0.3, "unit": "micrometer", "size": 0}


@pytest.mark.parametrize("options", [{}, {"norm": "batch affine", "depth": 3}, {"zoom": 3}, {"pooling": (2, 2, 2), "channels": 2}])
def test_the_portable_network_is_the_network_and_needs_no_more_than_the_halo(options):
    """Of any size on the grid; a tile with the halo that is said, on the grid, gives what the whole image gives."""
    model = model_of(replace(TINY, auxiliary=False, **options))
    architecture = model.architecture
    network = portable.Portable(**{name: value for name, value in architecture.as_dict().items() if name != "auxiliary"}).eval()
    network.load_state_dict(model.network.state_dict())
    halo = [-(-halo // step) * step for halo, step in zip(architecture.halo, architecture.grid)]
    shape = [4 * step + 2 * each for step, each in zip(architecture.grid, halo)]
    image = np.random.default_rng(0).random((architecture.channels, *shape), np.float32)
    with torch.inference_mode():
        whole = network(torch.from_numpy(image[None]))[0].numpy()
        assert np.allclose(whole, probability(model.network, image, output=None, device="cpu"), atol=1e-5)
        tile = tuple(slice(step, 3 * step + 2 * each) for step, each in zip(architecture.grid, halo))
        part = network(torch.from_numpy(image[(slice(None), *tile)][None]))[0].numpy()
    inside = tuple(slice(each, each + 2 * step) for step, each in zip(architecture.grid, halo))
    there = tuple(slice(step + each, 3 * step + each) for step, each in zip(architecture.grid, halo))
    assert np.allclose(part[(slice(None), *inside)], whole[(slice(None), *there)], atol=1e-5)


def test_what_a_person_reads(package):
    said = read_bioimageio(package).description
    assert said["authors"] == [{"name": "A. Person"}]
    assert (said["license"], said["cite"][0]["doi"], said["format_version"][:3]) == ("BSD-3-Clause", "10.1101/491035", "0.5")
    text = contents(package)["README.md"].decode()
    assert "0.3 x 0.1 x 0.1 um" in text
    assert "at least 0.45" in text
    assert "cut at mean - 2.5 and mean + 10 standard deviations" in text
    assert "IoU 0.800" in text


def test_small_and_coarse_test_images(tmp_path):
    path = write_bioimageio(tmp_path / "a.zip", model_of(), stack(shape=(3, 9, 9)), authors=["A. Person"])
    assert check_bioimageio(path) < 1e-6
    coarse = write_bioimageio(tmp_path / "b.zip", model_of(), stack(size=(0.3, 0.2, 0.2)), authors=["A. Person"])
    whole = normalize(images.resample(stack().raw, (0.3, 0.2, 0.2), SIZE), [["auto_contrast", 2.5, 10]])
    part = read_bioimageio(coarse).test_input[0]
    middle = tuple(slice((n - size) // 2, (n - size) // 2 + size) for n, size in zip(whole.shape, part.shape))
    assert (whole[middle] == part).all()


class Harm:
    """Makes a file when it is unpickled."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return open, (self.path, "w")


def test_programs_in_a_package_are_not_run(package, tmp_path):
    mark = tmp_path / "harm"
    buffer = io.BytesIO()
    torch.save({"main.weight": Harm(mark)}, buffer)
    array = io.BytesIO()
    np.save(array, np.array([Harm(mark)], dtype=object), allow_pickle=True)
    harmful = f"from pathlib import Path\nPath({str(mark)!r}).touch()\n".encode()
    assert check_bioimageio(rewritten(package, architecture__py=harmful, weights_torchscript__pt=harmful)) < 1e-6
    for file in ({"weights__pt": buffer.getvalue()}, {"weights__pt": pickle.dumps(Harm(mark))}, {"test_input__npy": array.getvalue()}):
        write_bioimageio(package, model_of(), stack(), authors=["A. Person"])
        with pytest.raises(ValueError, match="more than numbers|can hold programs"):
            read_bioimageio(rewritten(package, **file))
    tagged = rewritten(package, lambda text: text + f"evil: !!python/object/apply:builtins.open ['{mark}', w]\n")
    with pytest.raises(ValueError, match="cannot be read"):
        read_bioimageio(tagged)
    assert not mark.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text.replace(OURS, "another_program"), "was not written by this package"),
        (lambda text: text.replace("source: weights.pt", "source: ../../weights.pt"), "not one of its own"),
        (lambda text: text.replace("source: weights.pt", "source: none.pt"), "has no none.pt"),
        (lambda text: text.replace("      width: 4", "      width: 6"), "are not those of Net_basic of width 6"),
        (lambda text: text.replace("\n    cutoff: 0.45\n", "\n"), "does not say all"),
        (lambda text: text.replace("sha256: ", "sha256: 0"), "not the file that its description names"),
        (lambda text: "- a list", "cannot be read"),
        (lambda text: "{", "cannot be read"),
    ],
)  # fmt: skip
def test_packages_that_are_refused(package, change, words):
    with pytest.raises(ValueError, match=words):
        read_bioimageio(rewritten(package, change))


def test_a_changed_result_is_seen(package, tmp_path):
    buffer = io.BytesIO()
    np.save(buffer, np.load(io.BytesIO(contents(package)["test_output.npy"])) * np.float32(0.99))
    with pytest.raises(ValueError, match="differs from its own test result by 0.0"):
        check_bioimageio(rewritten(package, test_output__npy=buffer.getvalue()))
    (tmp_path / "cut.zip").write_bytes(package.read_bytes()[:2000])
    with pytest.raises(ValueError, match="or is damaged"):
        read_bioimageio(tmp_path / "cut.zip")
    with pytest.raises(FileNotFoundError, match="there is no package"):
        read_bioimageio(tmp_path / "none.zip")


@pytest.mark.parametrize(
    ("name", "how", "words"),
    [
        ("a.tar", {}, "must end in .zip"),
        ("a.zip", {"authors": []}, "at least one"),
        ("a.zip", {"authors": "A. Person"}, "must be a list of names"),
    ],
)
def test_what_cannot_be_written_is_said(tmp_path, name, how, words):
    with pytest.raises(ValueError, match=words):
        write_bioimageio(tmp_path / name, model_of(), stack(), **{"authors": ["A. Person"], **how})
    with pytest.raises(ValueError, match="takes 1 channel"):
        write_bioimageio(tmp_path / "a.zip", model_of(), [stack(), stack()], authors=["A. Person"])
    assert list(tmp_path.iterdir()) == []
