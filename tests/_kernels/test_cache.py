"""The compiled loops are kept on disk, also where neither the package folder nor the home folder can be written, and never outlive their source."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = "import numpy as np; from helpers.classic import gaussian; print(round(float(gaussian(np.ones((2, 3, 4), np.float32), 1).sum())))"


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "package"
    shutil.copytree(ROOT / "helpers", folder / "helpers", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def call(package: Path, script: str = SCRIPT, **environment: str) -> str:
    clean = {name: value for name, value in os.environ.items() if name not in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME")}
    clean |= {"PYTHONPATH": str(package), **environment}
    result = subprocess.run([sys.executable, "-c", script], cwd=package, env=clean, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def compiled(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*.nbc")}


def test_second_process_compiles_nothing(package):
    assert call(package) == "24"
    first = compiled(package)
    assert first
    assert call(package) == "24"
    assert compiled(package) == first


def test_a_changed_source_is_compiled_again_and_the_old_loops_go(package):
    """Also where only a file changed whose loops are called by another file's."""
    call(package)
    first = compiled(package)
    with open(package / "helpers" / "_kernels" / "threads.py", "a") as file:
        file.write("\n# changed\n")
    call(package)
    second = compiled(package)
    assert second
    assert not set(first) & set(second)
    assert not any(Path(path).exists() for path in first)


def test_works_where_package_and_home_are_read_only(package, tmp_path):
    """As root, permissions prove nothing: files that stand where the cache folders should be cannot be written into either."""
    for folder in [package / "helpers", *(path for path in (package / "helpers").iterdir() if path.is_dir())]:
        (folder / "__pycache__").write_text("")
    (tmp_path / "temporary").mkdir()
    assert call(package, HOME="/dev/null", TMPDIR=str(tmp_path / "temporary")) == "24"
    assert compiled(tmp_path / "temporary")


def test_works_after_numba_was_imported(package):
    assert call(package, "import numba; " + SCRIPT) == "24"
    assert compiled(package)
