"""Inference with Net_basic at full width, beside the published tiles and loop, written anew from their description in plain PyTorch.

The weights are random, with normalization statistics of the image itself, so that no layer is idle. What such a network finds means nothing:
masks are compared at the median probability, where most voxels are near the cutoff, so that a difference shows.
"""

import sys
import time
from math import prod

import numpy as np

from benchmarks.harness import Case

TILE, RESULT = (44, 140, 140), (16, 52, 52)
MEMORY_LIMIT = 6  # GB, for a tile of ours


def network_and_image(shape: tuple[int, int, int]) -> tuple:
    """Return a normalized phantom, the weights of Net_basic, and 0: all tiles."""
    import torch

    from helpers import classic, phantoms
    from helpers.learning import net_basic

    image = classic.auto_contrast(phantoms.nuclear_lamina(0, shape=shape).stack.raw, 2.5, 10)
    torch.manual_seed(0)
    network = net_basic(auxiliary=True).train()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm3d):
            module.momentum = 1.0
    with torch.no_grad():
        network(torch.from_numpy(image[None, None, :30, :100, :100]))
    return image, {name: value.numpy() for name, value in network.state_dict().items()}, 0


def network_of(weights: dict[str, np.ndarray]):
    """Return Net_basic with these weights, on one thread."""
    import torch

    from helpers.learning import net_basic

    torch.set_num_threads(1)
    network = net_basic()
    network.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in weights.items()})
    return network.eval()


def ours(image: np.ndarray, weights: dict[str, np.ndarray], tiles: int) -> np.ndarray:
    """Return the probability as `helpers.learning` computes it; ``tiles`` is for the published loop."""
    from helpers.learning import probability

    return probability(network_of(weights), image, device="cpu", memory_limit=MEMORY_LIMIT)


def ours_bfloat16(image: np.ndarray, weights: dict[str, np.ndarray], tiles: int) -> np.ndarray:
    """Return the probability in bfloat16; refused where the processor does not compute in it."""
    from helpers.learning import probability

    return probability(network_of(weights), image, device="cpu", memory_limit=MEMORY_LIMIT, precision="bfloat16")


def published(image: np.ndarray, weights: dict[str, np.ndarray], tiles: int) -> np.ndarray:
    """Return the probability by tiles of 44x140x140 that give 16x52x52, side by side, the last moved back to the border; all heads.

    As published, an axis of N voxels has N // 52 + 1 tiles: one too many where 52 divides N. Zeros are added in z, mirror images in y and x.
    The loop ends after ``tiles`` tiles, if that is not 0.
    """
    import torch

    network = network_of(weights)
    margin = [(taken - given) // 2 for taken, given in zip(TILE, RESULT)]
    padded = np.pad(image, [(margin[0],) * 2, (0, 0), (0, 0)])
    padded = np.pad(padded, [(0, 0), (margin[1],) * 2, (margin[2],) * 2], mode="symmetric")
    result = np.zeros(image.shape)
    started, done = time.process_time(), 0
    with torch.no_grad():
        for z, y, x in starts_of(image.shape):
            part = padded[z : z + TILE[0], y : y + TILE[1], x : x + TILE[2]]
            heads = network.heads(torch.from_numpy(np.ascontiguousarray(part[None, None])))
            found = heads[0].softmax(1)[0, 1].numpy()
            result[z : z + RESULT[0], y : y + RESULT[1], x : x + RESULT[2]] = found
            done += 1
            if done % 10 == 0:
                print(f"published: {done} tiles in {time.process_time() - started:.0f} CPU s", file=sys.stderr, flush=True)
            if done == tiles:
                break
    return result


def starts_of(shape: tuple[int, int, int]) -> list[tuple[int, int, int]]:
    """Return where the published tiles begin."""
    axes = [[min(number * given, n - given) for number in range(n // given + 1)] for n, given in zip(shape, RESULT)]
    return [(z, y, x) for z in axes[0] for y in axes[1] for x in axes[2]]


def smaller(arguments: tuple) -> tuple:
    """Return arguments for the first call, which is not measured: one tile of the published loop."""
    image, weights, _ = arguments
    return np.ascontiguousarray(image[: RESULT[0], : RESULT[1], : RESULT[2]]), weights, 1


def masks_agree(ours_result: np.ndarray, published_result: np.ndarray) -> str:
    """Return Dice of the masks at the median of the published result, where there is one."""
    from helpers.metrics import overlap

    done = published_result > 0  # all, unless the loop was ended early
    ours_result, published_result = ours_result[done][None, None], published_result[done][None, None]
    cutoff = np.median(published_result)
    masks = ours_result >= cutoff, published_result >= cutoff
    near = np.abs(ours_result - published_result)
    return f"Dice {overlap(*masks).dice:.4f}; half of the voxels differ by less than {np.median(near):.1e}, {(near > 0.01).mean():.1%} by more than 0.01"


def tile_count(shape: tuple[int, int, int]) -> int:
    """Return how many tiles the published loop takes."""
    return prod(n // given + 1 for n, given in zip(shape, RESULT))


CASES = [
    Case(
        "Net_basic, float32", network_and_image, ours, published, masks_agree, peer_name="published tiles and loop",
        runs=1, peer_runs=1, warm_up=smaller,
    ),
    Case("Net_basic, bfloat16", network_and_image, ours_bfloat16, runs=1, warm_up=smaller),
]  # fmt: skip
