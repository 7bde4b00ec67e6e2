"""Convolutions as a processor is fast at them, for networks in use: the same sums, in another order.

`Winograd` needs a quarter of the multiplications. Four neighbouring results of a filter of three taps need not twelve products but six: six sums of the input, times six sums of the filter, are
summed up again to the four results. In y and x that makes 36 products for 16 results instead of 144. For each of the 36, all positions and
channels together are one product of matrices, which a processor is best at. The three taps in z are summed as usual.

Source: Lavin, A. & Gray, S. (2016) Fast algorithms for convolutional neural networks. IEEE CVPR, 4013-4021. :DOI:`10.1109/CVPR.2016.435`
"""

import numpy as np
import torch
from torch import Tensor, nn

POINTS = (0, 1, -1, 0.5, -2)  # and infinity; rounding is smaller with these than with 2 and -2 (Barabasz et al. 2018, arXiv:1803.10986)
GIVEN, TAPS, TAKEN = 4, 3, 6  # results, taps of the filter, and values of the input, along an axis
POSITIONS = TAKEN**2
BLOCK = 8  # channels that a processor takes at once
ROWS = 600  # voxels times planes that are worked on at once: what they take stays near the processor
LEAST_CHANNELS = 64  # with fewer, the sums cost as much as the products that they save (measured)


def matrices() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what sums the input (6 x 6), the filter (6 x 3) and the products (4 x 6) along one axis.

    >>> of_input, of_filter, of_products = matrices()
    >>> values, taps = np.arange(6.0) ** 2, np.array([1.0, -2, 5])
    >>> bool(np.allclose(of_products @ ((of_input @ values) * (of_filter @ taps)), np.correlate(values, taps)))
    True
    """
    powers = np.vander([*POINTS, 0], GIVEN, increasing=True)
    of_filter, of_products = powers[:, :TAPS].copy(), powers.T.copy()
    of_filter[-1], of_products[:, -1] = [0, 0, 1], [0, 0, 0, 1]  # the highest power alone: the value at infinity
    # The sums of the input follow: tap k of result i must meet value i + k, and no other.
    wanted = [np.eye(TAKEN)[i + k] for i in range(GIVEN) for k in range(TAPS)]
    met = (of_products[:, None, :] * of_filter.T[None]).reshape(-1, TAKEN)
    return np.linalg.lstsq(met, np.array(wanted), rcond=None)[0], of_filter, of_products


class Widened(nn.Module):
    """The first convolution, its channels filled up with zeros to eight, for use only.

    From one channel PyTorch gives a result that has its channels first in memory, and the next convolution then makes a copy of it.
    """

    def __init__(self, convolution: nn.Conv3d) -> None:
        super().__init__()
        channels = convolution.in_channels
        self.added = -channels % BLOCK
        self.convolution = nn.Conv3d(channels + self.added, convolution.out_channels, TAPS).requires_grad_(False)
        self.convolution.weight.zero_()[:, :channels] = convolution.weight.detach()
        self.convolution.bias.copy_(convolution.bias.detach())
        self.convolution.to(memory_format=torch.channels_last_3d)

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, channels, Z - 2, Y - 2, X - 2) for (N, channels, Z, Y, X), with channels last in memory."""
        count, channels, *size = x.shape
        wide = torch.empty((count, channels + self.added, *size), memory_format=torch.channels_last_3d)
        wide[:, :channels] = x
        wide[:, channels:] = 0
        return self.convolution(wide)


class Winograd(nn.Module):
    """A 3 x 3 x 3 convolution without padding, for use only: weights are taken from ``convolution``."""

    def __init__(self, convolution: nn.Conv3d) -> None:
        super().__init__()
        of_input, of_filter, of_products = (torch.from_numpy(each) for each in matrices())
        weight = torch.einsum("ay,bx,oizyx->abzio", of_filter, of_filter, convolution.weight.detach().double())
        self.register_buffer("weight", weight.flatten(0, 1).float().contiguous())  # (36, 3, channels taken, channels given)
        self.register_buffer("bias", convolution.bias.detach().clone())
        self.register_buffer("of_input", torch.kron(of_input, of_input).float())
        self.register_buffer("of_products", torch.kron(of_products, of_products).float())

    @property
    def scratch(self) -> int:
        """Bytes that are held meanwhile, beside input and result."""
        _, _, taken, given = self.weight.shape
        return 4 * POSITIONS * ROWS * max(2 * taken, taken + 2 * given)

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, channels, Z - 2, Y - 2, X - 2) for (N, channels, Z, Y, X); both have channels last in memory."""
        count, _, *size = x.shape
        depth, height, width = (n - TAPS + 1 for n in size)
        result = x.new_empty((count, self.bias.numel(), depth, height, width)).contiguous(memory_format=torch.channels_last_3d)
        across, down = -(-width // GIVEN), -(-height // GIVEN)
        columns = min(max(ROWS // size[0], 1), across)
        rows = min(max(ROWS // (size[0] * columns), 1), down)
        for one, given in zip(x.permute(0, 2, 3, 4, 1), result.permute(0, 2, 3, 4, 1)):
            for top in range(0, GIVEN * down, GIVEN * rows):
                for left in range(0, GIVEN * across, GIVEN * columns):
                    part = given[:, top : top + GIVEN * rows, left : left + GIVEN * columns]
                    high, wide = part.shape[1] + TAPS - 1, part.shape[2] + TAPS - 1
                    self._fill(part, one[:, top : top + high, left : left + wide])
        return result

    def _fill(self, given: Tensor, taken: Tensor) -> None:
        """Write the results (Z - 2, y, x, channels) of a part of the input (Z, y + 2, x + 2, channels)."""
        depth, height, width, channels = given.shape
        down, across = -(-height // GIVEN), -(-width // GIVEN)
        taken = nn.functional.pad(taken, (0, 0, 0, GIVEN * across - width, 0, GIVEN * down - height))
        squares = taken.unfold(1, TAKEN, GIVEN).unfold(2, TAKEN, GIVEN)  # (Z, down, across, channels, 6, 6)
        sums = self.of_input @ squares.permute(4, 5, 1, 2, 0, 3).reshape(POSITIONS, -1)
        products = self._products(sums.view(POSITIONS, -1, taken.shape[3]))
        found = self.of_products @ products.view(POSITIONS, -1)
        found = found.view(GIVEN, GIVEN, down, across, depth + TAPS - 1, channels)[:, :, :, :, :depth]
        found = found.permute(4, 2, 0, 3, 1, 5)
        if height % GIVEN or width % GIVEN:
            found = found.reshape(depth, GIVEN * down, GIVEN * across, channels)[:, :height, :width]
            torch.add(found, self.bias, out=given)
        else:
            torch.add(found, self.bias, out=given.unflatten(2, (across, GIVEN)).unflatten(1, (down, GIVEN)))

    def _products(self, sums: Tensor) -> Tensor:
        """Return the products (36, rows, channels given), summed over the channels taken and the three planes that a result sees.

        Planes lie behind each other, so the next plane is the next row. The last two planes of each square see the next square: these
        are no results, and are left out afterwards.
        """
        rows = sums.shape[1] - TAPS + 1
        products = sums.new_zeros((POSITIONS, sums.shape[1], self.weight.shape[3]))
        for given, taken, weight in zip(products[:, :rows], sums, self.weight):
            torch.mm(taken[:rows], weight[0], out=given)
            for plane in range(1, TAPS):
                given.addmm_(taken[plane : plane + rows], weight[plane])
        return products
