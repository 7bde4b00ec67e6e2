"""Measure what was found: tables of objects and of cells, and signs that a result should not be trusted."""

from helpers.measure.cells import CELL_COLUMNS, CellNumbers, cells, labels_like
from helpers.measure.objects import COLUMNS, PLANE_COLUMNS, Quality, objects, quality

__all__ = ["CELL_COLUMNS", "COLUMNS", "PLANE_COLUMNS", "CellNumbers", "Quality", "cells", "labels_like", "objects", "quality"]
