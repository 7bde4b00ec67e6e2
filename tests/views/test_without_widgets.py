"""Notebooks ask whether there is a browser, also where nothing for panels is installed: after `make demo`, in a batch."""

import subprocess
import sys

import pytest

from helpers import views


def test_asking_for_a_browser_needs_no_widgets():
    program = (
        "import sys; sys.modules['anywidget'] = sys.modules['ipywidgets'] = None; from helpers import views; print(views.in_browser())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "False", done.stderr


def test_every_panel_is_found_by_its_name():
    for name in views.__all__:
        assert getattr(views, name).__name__ == name
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = views.nothing
