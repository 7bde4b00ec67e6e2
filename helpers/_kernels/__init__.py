"""Compiled loops, one operation a file. Called by `helpers.classic` and `helpers.metrics` alone.

Kernels take C-contiguous arrays of one fixed type (float32 intensities, uint8 masks, int32 labels) and trust what they get:
the public functions above them check. They are compiled by numba the first time they are used, and cached on disk.
"""

import hashlib
import os
import shutil
import sys
import tempfile
from pathlib import Path


def _keep_cache() -> None:
    """Tell numba where to keep compiled loops: in the first folder that can be written, under a name made of the kernels' sources.

    By itself numba notices a change only in the file of the loop that is called, not in those of the loops that it calls in turn.
    """
    if "NUMBA_CACHE_DIR" in os.environ:
        return
    here = Path(__file__).parent
    version = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(here.glob("*.py")))).hexdigest()[:12]
    user = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "cell-segmentation-notebooks"
    temporary = Path(tempfile.gettempdir()) / f"cell-segmentation-notebooks-{os.getuid() if hasattr(os, 'getuid') else 'user'}"
    for parent in (here / "__pycache__", user, temporary):
        folder = parent / f"compiled-{version}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                break
        except OSError:
            continue
    else:
        return
    for old in parent.glob("compiled-*"):
        if old != folder:
            shutil.rmtree(old, ignore_errors=True)
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    if "numba" in sys.modules:  # it has read the variable already
        sys.modules["numba"].config.CACHE_DIR = str(folder)


_keep_cache()
