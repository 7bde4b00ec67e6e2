"""Pictures of stacks and results: each function returns a figure that shows itself as the last expression of a notebook cell.

Pictures need no display and leave nothing behind: they are made the same way headless.
"""

from helpers.figures.alternatives import alternatives
from helpers.figures.boundary import close_ups, width_curves
from helpers.figures.cells import cell_bars, cell_distances, cell_map
from helpers.figures.choices import choices, sensitivity
from helpers.figures.curves import LiveCurves, cutoff_curves, learning_curves
from helpers.figures.distances import distance_curve, distance_map
from helpers.figures.errors import KINDS, difference, error_list, error_lists, errors, with_kinds
from helpers.figures.movies import Movie, movie
from helpers.figures.overlays import corrected, labels_over, overlay, removed
from helpers.figures.picture import Picture, save
from helpers.figures.planes import mosaic, orthogonal, planes, projections
from helpers.figures.reports import error_bars, error_shares, page, save_report, score_curves
from helpers.figures.screening import dna_histograms, readouts
from helpers.figures.sheets import gallery, histogram, one_plane, sheet
from helpers.figures.side_by_side import side_by_side
from helpers.figures.steps import steps
from helpers.figures.times import through_time, time_sheet

__all__ = [
    "KINDS",
    "LiveCurves",
    "Movie",
    "Picture",
    "cell_bars",
    "cell_distances",
    "cell_map",
    "choices",
    "close_ups",
    "corrected",
    "alternatives",
    "cutoff_curves",
    "difference",
    "distance_curve",
    "distance_map",
    "dna_histograms",
    "error_bars",
    "error_list",
    "error_lists",
    "error_shares",
    "errors",
    "gallery",
    "histogram",
    "labels_over",
    "learning_curves",
    "mosaic",
    "movie",
    "one_plane",
    "orthogonal",
    "overlay",
    "page",
    "planes",
    "projections",
    "readouts",
    "removed",
    "save",
    "save_report",
    "score_curves",
    "sensitivity",
    "sheet",
    "side_by_side",
    "steps",
    "through_time",
    "time_sheet",
    "width_curves",
    "with_kinds",
]
