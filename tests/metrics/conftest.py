import numpy as np
import pytest


@pytest.fixture
def golden() -> tuple[np.ndarray, np.ndarray]:
    """Six true objects and six found ones: 1 perfect, 2 too short, 3 cut into halves, 4 and 5 merged, 6 missed; the last one found is extra."""
    truth, found = np.zeros((2, 40, 40), np.int32)
    truth[2:12, 2:12] = found[2:12, 2:12] = 1
    truth[2:12, 20:30] = found[2:12, 20:28] = 2
    truth[20:30, 2:12] = 3
    found[20:25, 2:12], found[25:30, 2:12] = 3, 4
    truth[20:30, 20:25], truth[20:30, 25:30] = 4, 5
    found[20:30, 20:30] = 5
    truth[34:37, 34:37] = found[34:38, 2:6] = 6
    return truth, found
