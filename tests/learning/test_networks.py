"""The published geometry, layer by layer, and sizes that do not fit."""

import numpy as np
import pytest
import torch
from torch import nn

from helpers.learning.architecture import Architecture
from helpers.learning.networks import Network, net_basic, net_zoom


def parameters(network):
    return sum(weights.numel() for weights in network.parameters())


@pytest.mark.parametrize(("zoom", "count"), [(1, 17_729_902), (2, 17_967_662), (3, 18_034_222), (4, 18_127_406)])
def test_published_number_of_parameters(zoom, count):
    with torch.device("meta"):
        assert parameters(Network(Architecture(zoom=zoom))) == count


def test_published_parameters_of_each_part():
    with torch.device("meta"):
        basic, zoom = net_basic(), net_zoom(3)
    assert [parameters(part) for part in basic.encoders] == [56_256, 331_968, 1_327_488, 5_309_184]
    assert [parameters(part) for part in basic.ups] == [65_664, 262_400, 1_049_088]
    assert [parameters(part) for part in basic.decoders] == [442_496, 1_769_728, 7_078_400]
    assert [parameters(part) for part in basic.auxiliary] == [4_098 + 110 + 6, 32_770 + 110 + 6]
    assert parameters(basic.main) == 130
    assert (parameters(zoom.zoom_up), parameters(zoom.zoom_block)) == (36_928, 221_312)


BASIC = {(44, 140, 140): (16, 52, 52), (50, 156, 156): (22, 68, 68), (48, 148, 148): (20, 60, 60), (88, 180, 180): (60, 92, 92)}
ZOOM = {(52, 420, 420): (20, 152, 152), (52, 372, 372): (20, 104, 104), (72, 420, 420): (40, 152, 152)}


@pytest.mark.parametrize(("zoom", "size", "output"), [(1, *pair) for pair in BASIC.items()] + [(3, *pair) for pair in ZOOM.items()])
def test_published_sizes_come_out_of_every_head(zoom, size, output):
    with torch.device("meta"):
        heads = Network(Architecture(zoom=zoom)).heads(torch.empty(1, 1, *size))
    assert [tuple(head.shape) for head in heads] == [(1, 2, *output)] * 3
    assert Architecture(zoom=zoom).output_size(size) == output


def test_sizes_that_run_are_the_sizes_that_are_said_to_fit():
    """Without the check in front, the layers themselves fail or fall out of step at every other size."""
    assert [n for n in range(84, 150) if Architecture().next_size((29, n, n)) == (29, n, n)] == list(range(92, 150, 8))
    zoom = Architecture(zoom=3)
    assert [n for n in range(270, 330) if zoom.next_size((33, n, n))[1] == n] == [276, 277, 278, 300, 301, 302, 324, 325, 326]
    assert {zoom.output_size((33, n, n)) for n in (300, 301, 302)} == {(1, 32, 32)}
    assert Architecture().next_size((1, 1, 1)) == (29, 92, 92)


def test_a_size_that_does_not_fit_names_the_next_that_does():
    with torch.device("meta"):
        network = net_basic(width=2)
    with pytest.raises(ValueError, match="44x150x140 voxels does not fit.*44x156x140, which gives 16x68x52"):
        network(torch.empty(1, 1, 44, 150, 140))


@pytest.mark.parametrize(
    ("size", "gflop"),
    [((44, 140, 140), 525), ((50, 156, 156), 905), ((88, 180, 180), 3043), ((92, 300, 300), 13242), ((92, 1012, 1012), 216127)],
)
def test_work_is_what_was_counted(size, gflop):
    """The figures of an independent counter, all heads included; the auxiliary ones are less than 0.3 %."""
    assert Architecture().cost(size).flops / 1e9 == pytest.approx(gflop, rel=0.004)


def test_deepest_level_sees_what_the_paper_says():
    """Each output voxel of Net_basic depends on 29 planes and no more; gradients say on which."""
    torch.manual_seed(0)
    network = net_basic(width=2).eval()
    x = torch.randn(1, 1, 31, 92, 92, requires_grad=True)
    network(x)[0, 1, 1, 0, 0].backward()
    planes = x.grad[0, 0].abs().amax((1, 2)) > 0
    assert planes.tolist() == [False] + [True] * 29 + [False]


OPTIONS = [
    {"zoom": 2, "pooling": (1, 2, 2)},
    {"pooling": (2, 2, 2), "depth": 3},
    {"pooling": (1, 1, 2), "depth": 3, "channels": 2, "classes": 3},
    {"zoom": 3, "depth": 3, "pooling": (1, 2, 1)},
    {"depth": 2, "norm": "none"},
    {"depth": 3, "norm": "instance"},
    {"depth": 3, "norm": "group", "auxiliary": False},
    {"depth": 5, "norm": "batch affine"},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_options_keep_what_is_promised(options):
    architecture = Architecture(width=2, **options)
    size = architecture.next_size((1, 1, 1))
    with torch.device("meta"):
        network = Network(architecture)
        heads = network.heads(torch.empty(1, architecture.channels, *size))
    assert {tuple(head.shape) for head in heads} == {(1, architecture.classes, *architecture.output_size(size))}
    assert len(heads) == architecture.heads
    smaller = [n - step for n, step in zip(size, architecture.grid)]
    assert any(n - margin < 1 for n, margin in zip(smaller, architecture.margin))
    kinds = {"instance": nn.InstanceNorm3d, "group": nn.GroupNorm, "batch affine": nn.BatchNorm3d}
    if architecture.norm in kinds:
        assert any(isinstance(module, kinds[architecture.norm]) for module in network.modules())


def test_heads_are_in_step_with_the_image():
    """Move the input by one step of the grid: every head moves by the same, also the auxiliary ones."""
    torch.manual_seed(1)
    for options in ({}, {"zoom": 2}, {"pooling": (2, 2, 2)}):
        network = Network(Architecture(width=2, depth=3, **options)).eval()
        step = network.architecture.grid[2]
        size = network.architecture.input_size((1, 1, 2 * step))
        x = torch.randn(1, 1, *size[:2], size[2] + step)
        here, there = (network.heads(x[..., start : start + size[2]]) for start in (0, step))
        for first, second in zip(here, there):
            torch.testing.assert_close(first[..., step : 2 * step], second[..., :step], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"norm": "layer"}, "norm must be one of 'batch'"),
        ({"pooling": (1, 3, 3)}, "pooling must be 1 or 2"),
        ({"pooling": (2, 2)}, r"pooling must be \[z, y, x\]"),
        ({"width": 0}, "width must be at least 1"),
        ({"depth": 1}, "depth must be at least 2"),
    ],
)
def test_options_that_make_no_sense(options, words):
    with pytest.raises(ValueError, match=words):
        Architecture(**options)


def test_weights_start_as_published():
    torch.manual_seed(0)
    weights = net_basic(width=8).encoders[2][3].weight.detach()
    assert float(weights.std()) == pytest.approx(np.sqrt(2 / (27 * weights.shape[1])), rel=0.02)
    assert not net_basic(width=2).main.bias.any()
