"""Tests of networks are small: one thread, narrow networks."""

import pytest
import torch


@pytest.fixture(autouse=True)
def one_thread():
    """Two threads of each of several test processes would fight for two cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
