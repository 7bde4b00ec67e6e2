"""Small training images: bright tubes on noise, learned in a few steps."""

import numpy as np
from scipy import ndimage

from helpers.learning.architecture import Architecture
from helpers.learning.settings import Settings
from helpers.learning.targets import example

TINY = Architecture(width=4, depth=2)


def tubes(seed=0, shape=(6, 40, 44)):
    """Return an image and its truth: a tube that a threshold does not find, since a gradient lies over it."""
    random = np.random.default_rng(seed)
    seeds = np.zeros(shape)
    seeds[shape[0] // 2, random.integers(5, shape[1] - 5), :] = 1
    seeds[shape[0] // 2, :, random.integers(5, shape[2] - 5)] = 1
    truth = ndimage.binary_dilation(seeds > 0, iterations=2)
    gradient = np.linspace(0, 1, shape[2])[None, None]
    return (0.5 * truth + gradient + 0.1 * random.standard_normal(shape)).astype(np.float32), truth


def examples(count=3, **options):
    return [example(f"tube_{seed}", *tubes(seed, **options), voxel_size=(0.3, 0.1, 0.1)) for seed in range(count)]


def settings(**changes):
    values = {
        "architecture": TINY, "patch": (16, 36, 36), "batch": 1, "steps": 30, "learning_rate": 0.01, "schedule": "cosine", "warm_up": 3, "weight_decay": 0.0,
        "foreground_share": 0.5, "rotation": "quarter", "brightness": 0.1, "validate_every": 10, "save_every": 4, "precision": "float32",
    }  # fmt: skip
    return Settings(**{**values, **changes})
