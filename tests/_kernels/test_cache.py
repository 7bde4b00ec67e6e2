"""The compiled loops are kept on disk, also where neither the package folder nor the home folder can be written."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = "import numpy as np; from helpers.classic import remove_small; print(remove_small(np.ones((2, 3, 4), bool), 2).sum())"


def call(package: Path, environment: dict[str, str]) -> subprocess.CompletedProcess:
    clean = {name: value for name, value in os.environ.items() if name not in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME")}
    return subprocess.run([sys.executable, "-c", SCRIPT], cwd=package, env=clean | environment, capture_output=True, text=True, timeout=300)


def test_works_where_package_and_home_are_read_only(tmp_path):
    """As root, permissions prove nothing: files that stand where the cache folders should be cannot be written into either."""
    package = tmp_path / "package"
    shutil.copytree(ROOT / "helpers", package / "helpers", ignore=shutil.ignore_patterns("__pycache__"))
    for folder in [package / "helpers", *(path for path in (package / "helpers").iterdir() if path.is_dir())]:
        (folder / "__pycache__").write_text("")
    (tmp_path / "temporary").mkdir()
    result = call(package, {"PYTHONPATH": str(package), "HOME": "/dev/null", "TMPDIR": str(tmp_path / "temporary")})
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == "24"
    assert list((tmp_path / "temporary").rglob("*.nbi")), "compiled loops are kept in the temporary folder"
