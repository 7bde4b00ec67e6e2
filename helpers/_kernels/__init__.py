"""Compiled loops, one operation a file. Called by `helpers.classic` and `helpers.metrics` alone.

Kernels take C-contiguous arrays of one fixed type (float32 intensities, uint8 masks, int32 labels) and trust what they get:
the public functions above them check. They are compiled by numba the first time they are used, and cached on disk.
"""

import os
import tempfile
from pathlib import Path


def _keep_cache_somewhere() -> None:
    """Point numba's cache to a temporary folder where neither the package folder nor the user's cache folder can be written."""
    if "NUMBA_CACHE_DIR" in os.environ:
        return
    home_cache = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser()
    for folder in (Path(__file__).parent / "__pycache__", home_cache):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return
        except OSError:
            continue
    os.environ["NUMBA_CACHE_DIR"] = str(Path(tempfile.gettempdir()) / f"helpers-numba-{os.getuid() if hasattr(os, 'getuid') else 'user'}")


_keep_cache_somewhere()
