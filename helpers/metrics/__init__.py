"""How right a segmentation is, and in which way it is wrong: truth against found."""

from helpers.metrics.aggregate import mean_over_thresholds, pool_errors, pool_sizes, spread_over_images, summarize
from helpers.metrics.bias import AreaBias, CountError, area_bias, count_error
from helpers.metrics.contingency import Contingency, contingency
from helpers.metrics.errors import error_kinds, errors_by_size, object_table, size_classes
from helpers.metrics.evaluation import SECOND_ANNOTATOR, Evaluation, SurfaceEvaluation, evaluate, evaluate_surfaces
from helpers.metrics.instances import (
    InstanceScores,
    aji,
    foreground,
    instance_scores,
    mean_best_iou,
    object_dice,
    object_dice_by_size,
    seg,
)
from helpers.metrics.masks import CenterlineDice, MaskScores, cldice, evaluate_masks, mask_scores
from helpers.metrics.matching import PRESETS, THRESHOLDS, match, matched_pairs
from helpers.metrics.miou import miou_cell, miou_fg_bg
from helpers.metrics.overlap import Overlap, overlap
from helpers.metrics.preparation import Prepared, prepare
from helpers.metrics.screening import (
    DnaContent,
    align_plates,
    dna_content,
    dna_threshold,
    integrated_intensities,
    nuclei_of_plates,
    z_prime_factor,
)
from helpers.metrics.surfaces import (
    BoundaryF,
    SurfaceDistances,
    boundary,
    boundary_distances,
    boundary_f,
    object_surface_distances,
    surface_distances,
)

__all__ = [
    "PRESETS",
    "SECOND_ANNOTATOR",
    "THRESHOLDS",
    "AreaBias",
    "BoundaryF",
    "CenterlineDice",
    "Contingency",
    "CountError",
    "DnaContent",
    "Evaluation",
    "InstanceScores",
    "MaskScores",
    "Overlap",
    "Prepared",
    "SurfaceDistances",
    "SurfaceEvaluation",
    "aji",
    "align_plates",
    "area_bias",
    "boundary",
    "boundary_distances",
    "boundary_f",
    "cldice",
    "contingency",
    "count_error",
    "dna_content",
    "dna_threshold",
    "error_kinds",
    "errors_by_size",
    "evaluate",
    "evaluate_masks",
    "evaluate_surfaces",
    "foreground",
    "instance_scores",
    "integrated_intensities",
    "mask_scores",
    "match",
    "matched_pairs",
    "mean_best_iou",
    "mean_over_thresholds",
    "miou_cell",
    "miou_fg_bg",
    "nuclei_of_plates",
    "object_dice",
    "object_dice_by_size",
    "object_surface_distances",
    "object_table",
    "overlap",
    "pool_errors",
    "pool_sizes",
    "prepare",
    "seg",
    "size_classes",
    "spread_over_images",
    "summarize",
    "surface_distances",
    "z_prime_factor",
]
