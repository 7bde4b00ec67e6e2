"""The algorithms of the lookup table: pure functions on arrays.

Images are (Z, Y, X) arrays, masks bool (True = structure), label images int32 (0 = background). Nothing changes its input.
"""

from helpers.classic.artefacts import prune_planes, remove_columns
from helpers.classic.filaments import (
    filament_response_2d,
    filament_response_3d,
    filament_response_by_plane,
    filaments_3d,
    filaments_by_plane,
    filaments_in_plane,
)
from helpers.classic.intensity import (
    Contrast,
    auto_contrast,
    auto_contrast_within,
    clip_contrast,
    edge_preserving,
    gaussian,
    gaussian_by_plane,
    min_max,
    suggest_contrast,
)
from helpers.classic.labels import components, flood, local_maxima, remove_small_labels, seeds_in_plane, split_touching
from helpers.classic.local_thresholds import LOCAL_THRESHOLDS, Around, around, local_masks
from helpers.classic.masks import (
    fill_holes,
    fill_holes_by_plane,
    fill_holes_in_plane,
    remove_small,
    remove_small_by_plane,
    shell,
    thin,
)
from helpers.classic.plain_thresholds import GLOBAL_THRESHOLDS, eight_bit, global_cutoffs, level_counts
from helpers.classic.pooled import Intensities, intensities, intensities_of, keep_intensities
from helpers.classic.spots import spot_response_3d, spot_response_by_plane, spots_3d, spots_by_plane
from helpers.classic.thresholds import median, middle_plane, otsu, otsu_in_objects, otsu_mask, rough_objects, triangle

__all__ = [
    "GLOBAL_THRESHOLDS",
    "LOCAL_THRESHOLDS",
    "Around",
    "Contrast",
    "Intensities",
    "around",
    "auto_contrast",
    "auto_contrast_within",
    "clip_contrast",
    "components",
    "edge_preserving",
    "eight_bit",
    "filament_response_2d",
    "filament_response_3d",
    "filament_response_by_plane",
    "filaments_3d",
    "filaments_by_plane",
    "filaments_in_plane",
    "fill_holes",
    "fill_holes_by_plane",
    "fill_holes_in_plane",
    "flood",
    "gaussian",
    "gaussian_by_plane",
    "intensities",
    "intensities_of",
    "keep_intensities",
    "global_cutoffs",
    "level_counts",
    "local_masks",
    "local_maxima",
    "median",
    "middle_plane",
    "min_max",
    "otsu",
    "otsu_in_objects",
    "otsu_mask",
    "prune_planes",
    "remove_columns",
    "remove_small",
    "remove_small_by_plane",
    "remove_small_labels",
    "rough_objects",
    "seeds_in_plane",
    "shell",
    "split_touching",
    "spot_response_3d",
    "spot_response_by_plane",
    "spots_3d",
    "spots_by_plane",
    "suggest_contrast",
    "thin",
    "triangle",
]
