"""Measure what was found: tables of objects and of cells, how wide it is, and signs that a result should not be trusted."""

from helpers.measure.bodies import bodies
from helpers.measure.boundary import Setting, blur_of, half_width, matching, sweep, true_width
from helpers.measure.cells import CELL_COLUMNS, CellNumbers, cells, labels_like
from helpers.measure.objects import COLUMNS, PLANE_COLUMNS, Quality, objects, quality
from helpers.measure.widths import Width, body_width, outline_level, tubule_width

__all__ = [
    "CELL_COLUMNS",
    "COLUMNS",
    "PLANE_COLUMNS",
    "CellNumbers",
    "Quality",
    "Setting",
    "Width",
    "blur_of",
    "bodies",
    "body_width",
    "cells",
    "half_width",
    "labels_like",
    "matching",
    "objects",
    "outline_level",
    "quality",
    "sweep",
    "true_width",
    "tubule_width",
]
