"""What a person touches: live panels in JupyterLab. Nothing imports this package but notebooks."""

from helpers.views.canvas import Canvas
from helpers.views.panels import Panel, threshold, tune

__all__ = ["Canvas", "Panel", "threshold", "tune"]
