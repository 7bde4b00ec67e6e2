"""The 3D view in a real browser: it renders, shows what was found, and turns under the mouse."""

import shutil
import sys
from pathlib import Path

import pytest

from helpers.views.volume import EXTENSION, install_extension

CELLS = (
    """
from helpers import phantoms, views
stack, truth = phantoms.mitochondria(shape=(12, 48, 48))
view = views.volume(stack, truth, viewer={viewer!r})
""",
    "view",
)


def orange(picture) -> float:
    """Return the fraction of pixels in the colour of what was found, however it is lit."""
    red, green, blue = (picture[..., index] for index in range(3))
    return float(((red > 1.25 * green) & (green > blue) & (red > 60)).mean())


@pytest.fixture
def extension():
    """JupyterLab's extension for itkwidgets; left as it was found."""
    folder = Path(sys.prefix) / "share" / "jupyter" / "labextensions" / EXTENSION
    was_there = folder.exists()
    assert install_extension()
    yield
    if not was_there:
        shutil.rmtree(folder)


def turn(nb) -> tuple[float, float]:
    """Drag in the view; return which part of the pixels changed, and which part is orange."""
    canvas = nb.page.locator(".jp-OutputArea-output canvas:visible").first
    canvas.wait_for()
    before = nb.settled(canvas)
    nb.drag(canvas, (0.35, 0.80), (0.60, 0.85))
    after = nb.settled(canvas, unlike=before)
    return float((abs(before - after).max(axis=2) > 20).mean()), orange(after)


def test_k3d_turns(open_notebook):
    nb = open_notebook(*(cell.format(viewer="k3d") for cell in CELLS)).run_all()
    share, found = turn(nb)
    assert share > 0.01
    assert found > 0.01


def test_itkwidgets_turns(extension, open_notebook):
    nb = open_notebook(*(cell.format(viewer="") for cell in CELLS))
    nb.page.set_viewport_size({"width": 560, "height": 900})  # software rendering: the time goes with the pixels
    nb.page.set_default_timeout(300_000)
    nb.run_all()
    assert nb.ask("view.viewer") == "'itkwidgets'", "the best one that is there"
    share, _ = turn(nb)
    nb.page.errors[:] = [error for error in nb.page.errors if "reading 'length'" not in error]  # a known fault of its own under the mouse
    assert share > 0.01
