"""How bright time points are, and how they would be in the light of the brightest."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from helpers.images import Stack


class Light(NamedTuple):
    """How bright time points are: the lowest value of all, and by what the distance from it is multiplied at each."""

    dark: float
    factors: dict[int, float]

    def level(self, raw: np.ndarray, time: int) -> np.ndarray:
        """Return a time point as it would be in the light of the brightest."""
        if time not in self.factors:
            return raw
        dark = np.float32(self.dark)
        return (raw.astype(np.float32) - dark) * np.float32(self.factors[time]) + dark


STEADY = Light(0.0, {})


def light(stacks: Iterable[tuple[int, Stack]]) -> Light:
    """Measure how bright time points are, as the simple ratio method does [1]_.

    Parameters
    ----------
    stacks : iterable of (int, Stack)
        Number and stack of each time point, asked for one at a time.

    Returns
    -------
    light : Light
        ``level`` brings a time point to the light of the brightest: its distance from the darkest voxel of all is multiplied, so that the
        means agree. A time point that is nearly dark (a closed shutter) is left as it is.

    References
    ----------
    .. [1] Miura, K. (2020) Bleach correction ImageJ plugin for compensating the photobleaching of time-lapse sequences. F1000Research
       9:1494. :DOI:`10.12688/f1000research.27171.1`

    Examples
    --------
    >>> bright = Stack(np.array([[[100, 300]]]), (1, 1, 1), "a")
    >>> faded = Stack(np.array([[[100, 200]]]), (1, 1, 1), "a")
    >>> light([(0, bright), (1, faded)]).level(faded.raw, time=1)
    array([[[100., 300.]]], dtype=float32)
    """
    lowest, means = np.inf, {}
    for time, stack in stacks:
        lowest, means[time] = min(lowest, float(stack.raw.min())), float(stack.raw.mean(dtype=float))
    brightest = max(means.values()) - lowest
    return Light(lowest, {time: brightest / (mean - lowest) for time, mean in means.items() if mean - lowest > 0.01 * brightest})
