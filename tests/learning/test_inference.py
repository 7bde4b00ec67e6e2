"""Tiles give what one pass gives; borders, small images, flips, memory, bad input."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from helpers.learning import devices, inference
from helpers.learning.architecture import Architecture
from helpers.learning.networks import Network, net_basic
from helpers.learning.tiles import largest_tile, tile_on_grid, tiles


def random_network(**options):
    """A network whose normalization has seen something, so that folding it in matters."""
    torch.manual_seed(3)
    network = Network(Architecture(width=2, **options))
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm3d):
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.5, 2)
    return network


def one_pass(network, image):
    """The whole image at once: mirrored by numpy, no folding, no tiles."""
    image = image if image.ndim == 4 else image[None]
    architecture = network.architecture
    size = architecture.input_size(image.shape[1:])
    pads = [(halo, total - n - halo) for halo, total, n in zip(architecture.halo, size, image.shape[1:])]
    padded = np.pad(image, [(0, 0), *pads], mode="symmetric").astype(np.float32)
    with torch.no_grad():
        result = network.eval()(torch.from_numpy(padded[None])).softmax(1)[0].numpy()
    return result[:, : image.shape[1], : image.shape[2], : image.shape[3]]


CASES = [
    ({}, (4, 45, 50), [(3, 24, 40), (4, 48, 33)]),
    ({"depth": 3}, (9, 45, 39), [(5, 20, 16), (9, 4, 40), (7, 44, 44), (1, 50, 33)]),
    ({"depth": 3, "pooling": (2, 2, 2)}, (13, 30, 27), [(4, 16, 16), (8, 28, 12)]),
    ({"depth": 3, "pooling": (1, 1, 2), "channels": 2, "classes": 3}, (6, 17, 40), [(3, 5, 8), (6, 17, 20)]),
    ({"depth": 3, "zoom": 2}, (5, 50, 61), [(2, 16, 24), (5, 8, 64)]),
    ({"depth": 3, "zoom": 3, "norm": "batch affine"}, (2, 50, 60), [(2, 24, 36), (1, 48, 84)]),
]


@pytest.mark.parametrize(("least_channels", "options", "shape", "sizes"), [(1, *case) for case in CASES] + [(64, *CASES[2])], ids=str)
def test_tiles_give_what_one_pass_gives(least_channels, options, shape, sizes, monkeypatch):
    """Whichever convolutions compute it: those of wide networks, or those of narrow ones."""
    monkeypatch.setattr(inference, "LEAST_CHANNELS", least_channels)
    network = random_network(**options)
    channels = network.architecture.channels
    image = np.random.default_rng(0).random((channels, *shape), np.float32)
    wanted = one_pass(network, image)
    assert wanted[1].std() > 1e-3, "a network that gives one value everywhere tests nothing"
    for tile in sizes:
        found = inference.probability(network, image, output=None, tile=tile, device="cpu")
        assert np.abs(found - wanted).max() < 1e-5, tile
    whole = inference.probability(network, image, device="cpu")
    assert np.abs(whole - wanted[1]).max() < 1e-5


def test_tiles_off_the_grid_would_differ():
    """What the grid is for: the same network, four pixels further on, gives other values."""
    network = random_network()
    image = np.random.default_rng(0).random((3, 40, 80), np.float32)
    moved = inference.probability(network, np.roll(image, 4, 2), device="cpu")[..., 44:76]
    on_grid = inference.probability(network, np.roll(image, 8, 2), device="cpu")[..., 48:80]
    here = inference.probability(network, image, device="cpu")[..., 40:72]
    assert np.abs(moved - here)[..., :1].max() > 1e-4
    assert np.isfinite(on_grid).all()


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 30, 7), (2, 3, 200)])
def test_images_smaller_than_the_halo(shape):
    network = random_network(depth=3)
    image = np.random.default_rng(1).random(shape, np.float32)
    found = inference.probability(network, image, device="cpu")
    assert found.shape == shape
    assert np.abs(found - one_pass(network, image)[1]).max() < 1e-5


def test_flips_are_the_mean_of_four_mirror_images():
    network = random_network(depth=3)
    image = np.random.default_rng(2).random((5, 30, 33), np.float32)
    wanted = np.mean([np.flip(one_pass(network, np.flip(image, axes))[1], axes) for axes in ((), 0, 1, 2)], axis=0)
    found = inference.probability(network, image, flips=True, tile=(3, 12, 12), device="cpu")
    assert np.abs(found - wanted).max() < 1e-5


def test_network_is_left_as_it_was():
    network = random_network(depth=3).train()
    before = {name: values.clone() for name, values in network.state_dict().items()}
    inference.probability(network, np.zeros((2, 20, 20), np.float32), device="cpu")
    assert network.training
    assert len(network.auxiliary) == 1
    assert all(torch.equal(values, before[name]) for name, values in network.state_dict().items())


def test_progress_counts_every_tile():
    calls = []
    network = random_network(depth=2)
    inference.probability(
        network, np.zeros((4, 20, 20), np.float32), tile=(2, 20, 10), progress=lambda *now: calls.append(now), device="cpu"
    )
    assert calls == [(number, 4) for number in range(1, 5)]


def test_tiles_cover_each_voxel_once():
    count = np.zeros((5, 21, 34), int)
    for part in tiles(count.shape, (2, 8, 16)):
        count[part] += 1
    assert (count == 1).all()


def test_largest_tile_uses_the_memory_that_is_allowed():
    architecture, shape = Architecture(), (64, 624, 924)
    assert largest_tile(Architecture(width=4), (32, 100, 100), 10**10) == (32, 104, 104)
    previous = 0
    for gigabytes in (0.3, 1, 4):
        tile = largest_tile(architecture, shape, int(gigabytes * 1e9))
        cost = architecture.cost(architecture.input_size(tile))
        assert cost.values * 4 < gigabytes * 1e9
        assert np.prod(tile) > 2 * previous
        assert tile == tile_on_grid(architecture, shape, tile)
        previous = np.prod(tile)
    with pytest.raises(MemoryError, match="smallest tile.*raise memory_limit"):
        largest_tile(architecture, shape, 10**6)


PEAK = """
import numpy as np, torch
from pathlib import Path
torch.set_num_threads(1)
from helpers.learning import inference, networks
network = networks.net_basic(width={width})
image = np.zeros((20, 120, 120), np.float32)
inference.probability(network, image[:, :8, :8], tile=(1, 8, 8), device="cpu")
now = lambda what: int(Path("/proc/self/status").read_text().split(what)[1].split()[0]) * 1024
Path("/proc/self/clear_refs").write_text("5")  # forgets the peak so far
before = now("VmRSS:")
inference.probability(network, image, memory_limit={limit}, device="cpu")
print(now("VmHWM:") - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell the highest memory")
def test_memory_stays_within_the_limit():
    limit = 0.16
    run = subprocess.run([sys.executable, "-c", PEAK.format(width=4, limit=limit)], capture_output=True, text=True, check=True)
    assert 0.4 * limit < int(run.stdout) / 1e9 < limit


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (np.full((2, 9, 9), np.nan, np.float32), "NaN or infinite"),
        (np.zeros((2, 2, 9, 9), np.float32), r"2 channel\(s\), and the network was made for 1"),
        (np.zeros((0, 9, 9), np.float32), "is empty"),
        (np.zeros((9, 9), np.float32), r"must be \(Z, Y, X\)"),
    ],
)
def test_images_that_are_refused(image, words):
    with pytest.raises(ValueError, match=words):
        inference.probability(net_basic(width=2, depth=2), image)


def test_what_the_computer_does_not_have_is_said(monkeypatch):
    network, image = net_basic(width=2, depth=2), np.zeros((2, 9, 9), np.float32)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match="no GPU here: take 'cpu'"):
        inference.probability(network, image, device="cuda")
    monkeypatch.setattr(devices, "has_bfloat16", lambda device: False)
    with pytest.raises(ValueError, match="take 'float32'"):
        inference.probability(network, image, precision="bfloat16", device="cpu")
    assert devices.chosen_type("fastest", torch.device("cpu")) == torch.float32


@pytest.mark.parametrize(
    ("found", "fast"), [({"avx512_bf16": True}, True), ({"avx512_bf16": False, "avx2": True}, False), ({"neon": True}, False)]
)
def test_bfloat16_is_taken_where_the_processor_has_it(monkeypatch, found, fast):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: found, raising=False)
    assert devices.has_bfloat16(torch.device("cpu")) is fast
    assert devices.chosen_type("fastest", torch.device("cpu")) == (torch.bfloat16 if fast else torch.float32)


def test_bfloat16_differs_in_the_third_digit(monkeypatch):
    monkeypatch.setattr(devices, "has_bfloat16", lambda device: True)
    network = random_network(depth=2)
    image = np.random.default_rng(0).random((2, 12, 12), np.float32)
    exact, rounded = (inference.probability(network, image, precision=kind, device="cpu") for kind in ("float32", "bfloat16"))
    assert 0 < np.abs(exact - rounded).max() < 0.03


def test_memory_that_runs_out_names_what_to_lower(monkeypatch):
    def fail(*_):
        raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: you tried to allocate 99 bytes")

    monkeypatch.setattr(Network, "forward", fail)
    with pytest.raises(MemoryError, match="smaller memory_limit or tile"):
        inference.probability(net_basic(width=2, depth=2), np.zeros((2, 9, 9), np.float32), device="cpu")
