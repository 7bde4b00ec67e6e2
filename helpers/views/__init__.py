"""What a person touches: live panels and 3D views in JupyterLab. Nothing imports this package but notebooks."""

from helpers.views.canvas import Canvas
from helpers.views.panels import Panel, threshold, tune
from helpers.views.volume import View, in_browser, volume

__all__ = ["Canvas", "Panel", "View", "in_browser", "threshold", "tune", "volume"]
