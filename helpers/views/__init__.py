"""What a person touches: live panels, 3D views, curators and editors in JupyterLab. Nothing imports this package but notebooks."""

from helpers.views.canvas import Canvas
from helpers.views.curators import Scorer, Sorter, score, sort
from helpers.views.label_editor import LabelEditor, correct
from helpers.views.merger import Merger, merge
from helpers.views.panels import Panel, threshold, tune
from helpers.views.viewer import Viewer
from helpers.views.volume import View, in_browser, volume

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
