"""What a person touches: live panels, 3D views, curators and editors in JupyterLab. Nothing imports this package but notebooks."""

from importlib import import_module
from typing import Any

from helpers.views.volume import View, in_browser, volume

_MODULES = {
    "Canvas": "canvas", "Scorer": "curators", "Sorter": "curators", "score": "curators", "sort": "curators", "LabelEditor": "label_editor",
    "correct": "label_editor", "Merger": "merger", "merge": "merger", "Panel": "panels", "threshold": "panels", "tune": "panels", "Viewer": "viewer",
}  # fmt: skip
"""Where the panels are: read when one is asked for, because notebooks ask `in_browser` first, also where no widgets are installed."""

__all__ = [
    "Canvas",
    "LabelEditor",
    "Merger",
    "Panel",
    "Scorer",
    "Sorter",
    "View",
    "Viewer",
    "correct",
    "in_browser",
    "merge",
    "score",
    "sort",
    "threshold",
    "tune",
    "volume",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
