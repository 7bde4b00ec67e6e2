import os
from pathlib import Path

import pytest

if "PYTEST_XDIST_WORKER" in os.environ:  # there is a worker for each core: threads of PyTorch would only wait for one another
    os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real images and reference masks beside the repository; tests that need it skip where it is absent."""
    folder = ROOT.parent / "shared"
    if not (folder / "data" / "README.md").exists():
        pytest.skip("needs the folder of real images beside the repository (../shared)")
    return folder
