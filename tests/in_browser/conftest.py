"""A running JupyterLab, a browser, and notebooks in it: see tools/in_jupyterlab.py."""

import os
import re
import sys
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
from in_jupyterlab import SHUT_DOWN, Notebook, chromium_path, fresh_page, running_chromium, running_lab, write_notebook  # noqa: E402

IN_CI = os.environ.get("CI") == "true"


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """JupyterLab on a free port: its address, its token and its folder. All of Jupyter's folders are temporary."""
    with running_lab(tmp_path_factory.mktemp("lab")) as running:
        yield running


@pytest.fixture(scope="module")  # not longer: while playwright runs, no later test of the process could run a loop of asyncio
def chromium():
    """A running browser; without one the tests fail in CI and are skipped elsewhere."""
    path = chromium_path()
    if not path:
        (pytest.fail if IN_CI else pytest.skip)("no Chromium on this machine: install it to test what lives in the browser")
    with running_chromium(path) as browser:
        yield browser


@pytest.fixture
def page(chromium):
    """A fresh page. At the end nothing may have left this machine, and no error may have stayed uncaught (``page.errors`` can be emptied)."""
    with fresh_page(chromium) as page:
        yield page
    assert not page.blocked, f"{len(page.blocked)} requests to the outside: {page.blocked[:5]}"
    assert not page.errors, f"uncaught errors in the page: {page.errors[:5]}"


@pytest.fixture
def open_notebook(lab, page, request):
    """``open_notebook(source, ...)`` writes a notebook of these cells, ``open_notebook(path=...)`` copies one; opens it and waits for its kernel."""
    name = re.sub(r"\W+", "_", request.node.name) + ".ipynb"

    def make(*sources: str, path: Path | None = None) -> Notebook:
        write_notebook(lab["root"], name, *sources, path=path)
        return Notebook(page, lab, name).open()

    yield make
    if not page.is_closed():
        page.evaluate(SHUT_DOWN)
