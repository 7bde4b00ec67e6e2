"""Random label images that are the same on every machine; needs numpy only, also in the environment of the published programs."""

import zlib

import numpy as np


def random_pair(seed: int, shape: tuple[int, ...], objects: int) -> tuple[np.ndarray, np.ndarray]:
    """Return truth and a damaged copy, both numbered 1, 2, ... without gaps: objects shifted, shrunken, dropped, cut and joined."""
    random = np.random.RandomState(seed)  # noqa: NPY002  its numbers never change between versions of numpy
    truth, found = np.zeros((2, *shape), np.int32)
    places = np.indices(shape)
    radius = 0.45 * (np.prod(shape) / objects) ** (1 / len(shape))
    for label in range(1, objects + 1):
        centre = [random.randint(0, length) for length in shape]
        radii = [radius * (0.7 + 0.6 * random.random_sample()) for _ in shape]
        shift = [random.randint(-1, 2) for _ in shape]
        shrink, fate = random.choice([1, 0.9, 0.8]), random.random_sample()
        distance, shifted = (
            sum(((place - middle - step) / size) ** 2 for place, middle, step, size in zip(places, centre, steps, radii))
            for steps in ([0] * len(shape), shift)
        )
        truth[(distance <= 1) & (truth == 0)] = label
        body = (shifted <= shrink**2) & (found == 0)
        if fate < 0.1:
            continue
        found[body] = label - 1 if fate < 0.2 else label
        if fate > 0.85:
            found[body & (places[-1] > centre[-1])] = objects + label
    return consecutive(truth), consecutive(found)


def consecutive(labels: np.ndarray) -> np.ndarray:
    """Number the objects anew from 1."""
    numbers = np.unique(np.append(labels, 0), return_inverse=True)[1][:-1]
    return numbers.reshape(labels.shape).astype(np.int32)


def checksum(labels: np.ndarray) -> int:
    """Return a number that tells whether two machines made the same image."""
    return zlib.crc32(np.ascontiguousarray(labels, np.int32).tobytes())


CASES = (
    [(seed, (96, 128), 60) for seed in range(6)]
    + [(seed, (14, 40, 44), 30) for seed in range(6, 12)]
    + [(12, (33, 31), 1), (13, (200, 200), 700)]
)
