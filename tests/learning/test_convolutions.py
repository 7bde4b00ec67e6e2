"""The faster convolutions give what the direct sum gives, on sizes that their squares do not divide."""

import pytest
import torch

from helpers.learning import convolutions
from helpers.learning.convolutions import Widened, Winograd


@pytest.mark.parametrize("size", [(3, 3, 3), (3, 6, 6), (5, 7, 10), (4, 21, 8), (9, 14, 34)])
@pytest.mark.parametrize("rows", [1, 40, 600])
def test_it_is_the_direct_sum(size, rows, monkeypatch):
    monkeypatch.setattr(convolutions, "ROWS", rows)
    torch.manual_seed(0)
    convolution = torch.nn.Conv3d(5, 7, 3)
    image = torch.randn(2, 5, *size).contiguous(memory_format=torch.channels_last_3d)
    with torch.no_grad():
        wanted = convolution.double()(image.double())
        found = Winograd(convolution.float())(image)
    assert found.shape == wanted.shape
    assert found.is_contiguous(memory_format=torch.channels_last_3d)
    assert (found - wanted).abs().max() < 1e-5


def test_many_channels_round_no_worse_than_the_direct_sum():
    torch.manual_seed(1)
    convolution, image = torch.nn.Conv3d(256, 32, 3), torch.rand(1, 256, 4, 10, 10)
    with torch.no_grad():
        direct, found = convolution(image), Winograd(convolution)(image.contiguous(memory_format=torch.channels_last_3d))
        wanted = convolution.double()(image.double())
    assert (found - wanted).abs().max() < 4 * (direct - wanted).abs().max() + 1e-6


@pytest.mark.parametrize("channels", [1, 3, 8, 9])
def test_zeros_beside_the_channels_change_nothing(channels):
    torch.manual_seed(2)
    convolution, image = torch.nn.Conv3d(channels, 16, 3), torch.rand(1, channels, 5, 9, 8)
    with torch.no_grad():
        found = Widened(convolution)(image)
        assert (found - convolution(image)).abs().max() < 1e-6
