"""The lookup table: one row a published workflow, and below them those of your own.

Published values are those of the Allen Cell and Structure Segmenter (Chen et al. 2018), tuned on stacks of human stem cells at
0.29 x 0.108 x 0.108 um (Z, Y, X), of cardiomyocytes (40x) at 0.29 x 0.128 x 0.128 um. The 46 rows are 29 step graphs; two pairs of those
differ by the number of scales alone, which is a value here, so there are 27 functions.
"""

from collections.abc import Mapping
from types import MappingProxyType

from helpers.workflows.compartments import ribbons_thinned_and_spots_3d, rings_filled_by_plane
from helpers.workflows.filaments import (
    filaments_3d,
    filaments_3d_edge_preserving,
    filaments_3d_in_few_planes,
    filaments_by_plane,
    filaments_by_plane_below_ceiling,
    filaments_by_plane_edge_preserving,
)
from helpers.workflows.nucleoli import bodies_and_spots_3d, bodies_and_spots_by_plane, bodies_with_bright_spots, bodies_with_dark_gaps
from helpers.workflows.shells import shell_from_one_plane
from helpers.workflows.speckles import speckles, speckles_in_nuclei, speckles_without_columns, spots_in_nuclei, spots_in_nuclei_filled
from helpers.workflows.spots import spots_3d, spots_3d_edge_preserving, spots_3d_filled, spots_by_plane, spots_by_plane_edge_preserving
from helpers.workflows.spots_parted import spots_split, spots_split_below_ceiling, spots_split_in_range, spots_split_without_columns
from helpers.workflows.workflow import Workflow

CARDIOMYOCYTES = (0.29, 0.128, 0.128)

_ROWS = (
    # filaments.py
    Workflow(
        "actb", "ACTB", "beta-actin", "actin filaments", "filaments", filaments_3d_edge_preserving,
        {"contrast_low": 3, "contrast_high": 15, "filament_sigmas": [2, 1], "filament_cutoffs": [0.1, 0.04],
         "minimum_size": 15},
    ),
    Workflow(
        "actn1", "ACTN1", "alpha-actinin-1", "actin bundles", "filaments", filaments_3d_edge_preserving,
        {"contrast_low": 3, "contrast_high": 15, "filament_sigmas": [2, 1], "filament_cutoffs": [0.15, 0.05],
         "minimum_size": 5},
    ),
    Workflow(
        "myh10", "MYH10", "non-muscle myosin IIB", "actomyosin bundles", "filaments", filaments_3d_edge_preserving,
        {"contrast_low": 2.5, "contrast_high": 17, "filament_sigmas": [2, 1], "filament_cutoffs": [0.2, 0.015],
         "minimum_size": 16},
    ),
    Workflow(
        "tuba1b", "TUBA1B", "alpha-tubulin", "microtubules", "filaments", filaments_3d_edge_preserving,
        {"contrast_low": 1.5, "contrast_high": 8, "filament_sigmas": [1], "filament_cutoffs": [0.01], "minimum_size": 20},
    ),
    Workflow(
        "cardio_tnni1", "TNNI1", "troponin I", "thin filaments of sarcomeres (cardiomyocytes)", "stripes", filaments_3d_edge_preserving,
        {"contrast_low": 2, "contrast_high": 11, "filament_sigmas": [1], "filament_cutoffs": [0.01], "minimum_size": 15},
        tuned_voxel_size=CARDIOMYOCYTES,
    ),
    Workflow(
        "cardio_ttn", "TTN", "titin", "sarcomeres (cardiomyocytes)", "stripes", filaments_3d_edge_preserving,
        {"contrast_low": 8, "contrast_high": 15.5, "filament_sigmas": [1], "filament_cutoffs": [0.02], "minimum_size": 15},
        tuned_voxel_size=CARDIOMYOCYTES,
    ),
    Workflow(
        "cardio_actn2", "ACTN2", "alpha-actinin-2", "Z discs of sarcomeres (cardiomyocytes)", "stripes", filaments_3d_edge_preserving,
        {"contrast_low": 1, "contrast_high": 19, "filament_sigmas": [1], "filament_cutoffs": [0.02], "minimum_size": 15},
        tuned_voxel_size=CARDIOMYOCYTES, notebook="cardio_tnni1",
    ),
    Workflow(
        "cardio_atp2a2", "ATP2A2", "SERCA2", "sarcoplasmic reticulum (cardiomyocytes)", "stripes", filaments_3d_edge_preserving,
        {"contrast_low": 1, "contrast_high": 20, "filament_sigmas": [1], "filament_cutoffs": [0.002], "minimum_size": 15},
        tuned_voxel_size=CARDIOMYOCYTES, notebook="cardio_tnni1",
    ),
    Workflow(
        "cardio_myl7", "MYL7", "myosin light chain 7", "thick filaments of sarcomeres (cardiomyocytes)", "stripes", filaments_3d_edge_preserving,
        {"contrast_low": 8, "contrast_high": 15.5, "filament_sigmas": [1], "filament_cutoffs": [0.01], "minimum_size": 15},
        tuned_voxel_size=CARDIOMYOCYTES, notebook="cardio_tnni1",
    ),
    Workflow(
        "tjp1", "TJP1", "ZO-1", "tight junctions", "outlines of cells", filaments_3d,
        {"contrast_low": 3, "contrast_high": 17, "smoothing_sigma": 1, "filament_sigmas": [1.5], "filament_cutoffs": [0.2],
         "minimum_size": 15},
    ),
    Workflow(
        "pxn", "PXN", "paxillin", "focal adhesions", "short streaks in a few planes", filaments_3d_in_few_planes,
        {"contrast_low": 11, "contrast_high": 8, "filament_sigmas": [1], "filament_cutoffs": [0.35], "minimum_pixels": 4,
         "minimum_size": 15, "plane_minimum": 100},
    ),
    Workflow(
        "sec61b", "SEC61B", "Sec61 beta", "endoplasmic reticulum", "dense network", filaments_by_plane_edge_preserving,
        {"contrast_low": 2.5, "contrast_high": 7.5, "filament_sigmas": [1], "filament_cutoffs": [0.15], "minimum_size": 15,
         "minimum_pixels": 3},
    ),
    Workflow(
        "sec61b_dual", "SEC61B", "Sec61 beta", "endoplasmic reticulum (line with two labels)", "dense network", filaments_by_plane_edge_preserving,
        {"contrast_low": 2, "contrast_high": 7, "filament_sigmas": [1], "filament_cutoffs": [0.17], "minimum_size": 20,
         "minimum_pixels": 3},
        notebook="sec61b",
    ),
    Workflow(
        "atp2a2", "ATP2A2", "SERCA2", "endoplasmic reticulum", "dense network", filaments_by_plane_edge_preserving,
        {"contrast_low": 2.5, "contrast_high": 9, "filament_sigmas": [1], "filament_cutoffs": [0.25], "minimum_size": 15,
         "minimum_pixels": 3},
        notebook="sec61b",
    ),
    Workflow(
        "tomm20", "TOMM20", "TOM20", "mitochondria (outer membrane)", "tubules", filaments_by_plane,
        {"contrast_low": 3.5, "contrast_high": 15, "smoothing_sigma": 1, "filament_sigmas": [1.5], "filament_cutoffs": [0.16],
         "minimum_size": 10},
    ),
    Workflow(
        "lmnb1_mitotic", "LMNB1", "lamin B1", "nuclear lamina in mitosis", "open, folded sheets", filaments_by_plane_below_ceiling,
        {"ceiling": 4000, "smoothing_sigma": 1, "filament_sigmas": [0.5], "filament_cutoffs": [0.01], "minimum_size": 5},
    ),
    # shells.py
    Workflow(
        "lmnb1_interphase", "LMNB1", "lamin B1", "nuclear lamina in interphase", "closed shells", shell_from_one_plane,
        {"ceiling": 4000, "smoothing_sigma": 1, "filament_sigmas": [1, 2, 3], "filament_cutoffs": [0.01, 0.01, 0.01],
         "hole_minimum": 400, "hole_maximum": 40000, "seed_minimum": 400, "seed_radius": 0},
        is_shell=True,
    ),
    # spots.py
    Workflow(
        "gja1", "GJA1", "connexin-43", "gap junctions", "separate spots", spots_3d,
        {"contrast_low": 1, "contrast_high": 40, "smoothing_sigma": 1, "spot_sigmas": [1], "spot_cutoffs": [0.031],
         "minimum_size": 5},
    ),
    Workflow(
        "rab5a", "RAB5A", "Rab5a", "early endosomes", "spots and small rings", spots_3d_filled,
        {"ceiling": 1000, "smoothing_sigma": 1, "spot_sigmas": [1], "spot_cutoffs": [0.03], "hole_maximum": 81,
         "minimum_size": 3},
    ),
    Workflow(
        "nup153", "NUP153", "Nup153", "nuclear pores", "shells of puncta", spots_3d_edge_preserving,
        {"contrast_low": 1, "contrast_high": 13.5, "spot_sigmas": [1], "spot_cutoffs": [0.07], "minimum_size": 7},
    ),
    Workflow(
        "ctnnb1", "CTNNB1", "beta-catenin", "adherens junctions", "plaques along cell borders", spots_by_plane,
        {"contrast_low": 4, "contrast_high": 27, "smoothing_sigma": 1, "spot_sigmas": [1.5], "spot_cutoffs": [0.01],
         "minimum_size": 10},
    ),
    Workflow(
        "h2b_interphase", "H2B", "histone H2B", "chromatin in interphase", "grains in nuclei", spots_by_plane_edge_preserving,
        {"contrast_low": 1, "contrast_high": 14, "spot_sigmas": [1, 2], "spot_cutoffs": [0.014, 0.039], "minimum_size": 3},
    ),
    Workflow(
        "smc1a", "SMC1A", "SMC1A", "cohesin on chromatin", "grains in nuclei", spots_by_plane_edge_preserving,
        {"contrast_low": 2.5, "contrast_high": 12, "spot_sigmas": [1], "spot_cutoffs": [0.06], "minimum_size": 3},
    ),
    # spots_parted.py
    Workflow(
        "slc25a17", "SLC25A17", "PMP34", "peroxisomes", "separate spots", spots_split,
        {"contrast_low": 2, "contrast_high": 36, "smoothing_sigma": 1, "spot_sigmas": [1], "spot_cutoffs": [0.045],
         "minimum_size": 3, "peak_distance": 2},
    ),
    Workflow(
        "dsp", "DSP", "desmoplakin", "desmosomes", "touching spots", spots_split_below_ceiling,
        {"ceiling": 8000, "smoothing_sigma": 1, "spot_sigmas": [1], "spot_cutoffs": [0.012], "minimum_size": 4,
         "peak_distance": 2},
    ),
    Workflow(
        "cetn2", "CETN2", "centrin-2", "centrioles", "pairs of bright spots", spots_split_in_range,
        {"contrast_low": 12, "contrast_high": 160, "trusted_low": 300, "trusted_high": 2000, "smoothing_sigma": 1,
         "spot_sigmas": [1], "spot_cutoffs": [0.04], "minimum_size": 3, "seed_ceiling": 5000, "peak_distance": 2},
    ),
    Workflow(
        "polr2a_blob", "POLR2A", "RNA polymerase II", "transcription foci, as blobs", "touching spots", spots_split_without_columns,
        {"ceiling": 1000, "smoothing_sigma": 1, "spot_sigmas": [1], "spot_cutoffs": [0.03], "minimum_size": 4,
         "peak_distance": 2},
    ),
    # nucleoli.py
    Workflow(
        "fbl", "FBL", "fibrillarin", "nucleoli, dense fibrillar component", "bright bodies in nuclei", bodies_and_spots_by_plane,
        {"contrast_low": 0.5, "contrast_high": 18, "smoothing_sigma": 1, "object_minimum": 700, "otsu_factor": 1,
         "minimum_otsu_ratio": 0, "spot_sigmas": [1], "spot_cutoffs": [0.01], "minimum_size": 5},
    ),
    Workflow(
        "ubtf", "UBTF", "UBTF", "nucleoli, fibrillar centres", "bright bodies in nuclei", bodies_and_spots_by_plane,
        {"contrast_low": 0.5, "contrast_high": 30, "smoothing_sigma": 1, "object_minimum": 700, "otsu_factor": 1,
         "minimum_otsu_ratio": 0, "spot_sigmas": [1], "spot_cutoffs": [0.03], "minimum_size": 5},
        notebook="fbl",
    ),
    Workflow(
        "cardio_fbl", "FBL", "fibrillarin", "nucleoli, dense fibrillar component (cardiomyocytes)", "bright bodies in nuclei", bodies_and_spots_by_plane,
        {"contrast_low": 0.5, "contrast_high": 140, "smoothing_sigma": 1, "object_minimum": 1000, "otsu_factor": 1,
         "minimum_otsu_ratio": 0.333, "spot_sigmas": [1], "spot_cutoffs": [0.015], "minimum_size": 1},
        tuned_voxel_size=CARDIOMYOCYTES, notebook="fbl",
    ),
    Workflow(
        "cardio_fbl_100x", "FBL", "fibrillarin", "nucleoli, dense fibrillar component (cardiomyocytes, 100x)", "bright bodies in nuclei", bodies_and_spots_by_plane,
        {"contrast_low": 0.5, "contrast_high": 3, "smoothing_sigma": 1, "object_minimum": 600, "otsu_factor": 1.1,
         "minimum_otsu_ratio": 0.333, "spot_sigmas": [1], "spot_cutoffs": [0.015], "minimum_size": 1},
        notebook="fbl",
    ),
    Workflow(
        "fbl_labelfree_4dn", "FBL", "fibrillarin", "nucleoli, dense fibrillar component (truth for label-free prediction)", "bright bodies in nuclei", bodies_and_spots_by_plane,
        {"contrast_low": 0.5, "contrast_high": 19.5, "smoothing_sigma": 1, "object_minimum": 7000, "otsu_factor": 1.2,
         "minimum_otsu_ratio": 0, "spot_sigmas": [0.5], "spot_cutoffs": [0.1], "minimum_size": 5},
        notebook="fbl",
    ),
    Workflow(
        "npm_labelfree_4dn", "NPM1", "nucleophosmin", "nucleoli, granular component (truth for label-free prediction)", "bright bodies in nuclei", bodies_and_spots_by_plane,
        {"contrast_low": 2, "contrast_high": 16.5, "smoothing_sigma": 1, "object_minimum": 7000, "otsu_factor": 1.2,
         "minimum_otsu_ratio": 0, "spot_sigmas": [0.5], "spot_cutoffs": [0.12], "minimum_size": 5},
        notebook="fbl",
    ),
    Workflow(
        "drug_npm1", "NPM1", "nucleophosmin", "nucleoli, granular component (drug-treated)", "bright bodies in nuclei", bodies_and_spots_3d,
        {"contrast_low": 0.5, "contrast_high": 25, "smoothing_sigma": 1, "object_minimum": 700, "otsu_factor": 1,
         "spot_sigmas": [1], "spot_cutoffs": [0.015], "minimum_size": 5},
    ),
    Workflow(
        "npm1", "NPM1", "nucleophosmin", "nucleoli, granular component", "bodies with dark gaps", bodies_with_dark_gaps,
        {"contrast_low": 0.5, "contrast_high": 15, "smoothing_sigma": 1, "object_minimum": 700, "object_growth": 2,
         "otsu_factor": 0.98, "minimum_otsu_ratio": 0.333, "bright_sigmas": [2], "bright_cutoffs": [0.025],
         "dark_sigmas": [2, 1], "dark_cutoffs": [0.025, 0.025], "minimum_size": 5},
    ),
    Workflow(
        "npm1_SR", "NPM1", "nucleophosmin", "nucleoli, granular component (super-resolution)", "bodies with dark gaps", bodies_with_dark_gaps,
        {"contrast_low": 0.05, "contrast_high": 32, "smoothing_sigma": 2, "object_minimum": 3000, "object_growth": 2,
         "otsu_factor": 0.98, "minimum_otsu_ratio": 0.333, "bright_sigmas": [3], "bright_cutoffs": [0.025],
         "dark_sigmas": [3, 1], "dark_cutoffs": [0.025, 0.025], "minimum_size": 8},
        notebook="npm1",
    ),
    Workflow(
        "cardio_npm1", "NPM1", "nucleophosmin", "nucleoli, granular component (cardiomyocytes)", "bright bodies in nuclei", bodies_with_bright_spots,
        {"contrast_low": 0.5, "contrast_high": 100, "smoothing_sigma": 1, "object_minimum": 1000, "object_growth": 2,
         "otsu_factor": 0.98, "minimum_otsu_ratio": 0.333, "bright_sigmas": [2], "bright_cutoffs": [0.07], "minimum_size": 1},
        tuned_voxel_size=CARDIOMYOCYTES,
    ),
    Workflow(
        "cardio_npm1_100x", "NPM1", "nucleophosmin", "nucleoli, granular component (cardiomyocytes, 100x)", "bright bodies in nuclei", bodies_with_bright_spots,
        {"contrast_low": 0.5, "contrast_high": 2.5, "smoothing_sigma": 1, "object_minimum": 1000, "object_growth": 2,
         "otsu_factor": 1.2, "minimum_otsu_ratio": 0.333, "bright_sigmas": [2], "bright_cutoffs": [0.03], "minimum_size": 1},
        notebook="cardio_npm1",
    ),
    # compartments.py
    Workflow(
        "lamp1", "LAMP1", "LAMP-1", "lysosomes", "spots and rings, filled", rings_filled_by_plane,
        {"contrast_low": 3, "contrast_high": 19, "smoothing_sigma": 1, "spot_sigmas": [5, 2.5, 1],
         "spot_cutoffs": [0.09, 0.07, 0.01], "filament_sigmas": [1], "filament_cutoffs": [0.15], "hole_maximum": 1600,
         "minimum_size": 15},
    ),
    Workflow(
        "st6gal1", "ST6GAL1", "sialyltransferase 1", "Golgi apparatus", "ribbons and puncta", ribbons_thinned_and_spots_3d,
        {"contrast_low": 9, "contrast_high": 19, "smoothing_sigma": 1, "object_minimum": 1200, "object_growth": 2,
         "otsu_factor": 0.98, "minimum_thickness": 1.6, "spot_sigmas": [1.6], "spot_cutoffs": [0.02], "minimum_size": 10},
    ),
    # speckles.py
    Workflow(
        "son", "SON", "SON", "nuclear speckles", "foci of many sizes", speckles,
        {"contrast_low": 2, "contrast_high": 30, "filament_sigmas": [1.2], "filament_cutoffs": [0.15],
         "spot_sigmas": [1.15, 3], "spot_cutoffs": [0.07, 0.2], "faint_sigma": 1.15, "faint_cutoff": 0.02,
         "core_cutoff": 0.03, "core_minimum": 150, "minimum_size": 15, "minimum_pixels": 3},
    ),
    Workflow(
        "terf2", "TERF2", "TERF2", "telomeres", "foci of many sizes", speckles_without_columns,
        {"contrast_low": 0.25, "contrast_high": 35, "filament_sigmas": [0.9], "filament_cutoffs": [0.15],
         "spot_sigmas": [0.9, 3], "spot_cutoffs": [0.07, 0.2], "faint_sigma": 0.9, "faint_cutoff": 0.02, "core_cutoff": 0.03,
         "core_minimum": 150, "minimum_size": 15, "minimum_pixels": 3},
    ),
    Workflow(
        "polr2a", "POLR2A", "RNA polymerase II", "transcription foci", "foci in glowing nuclei", speckles_in_nuclei,
        {"contrast_low": 0.5, "contrast_high": 10, "clip_low": 0.5, "clip_high": 15, "filament_sigmas": [1],
         "filament_cutoffs": [0.0125], "spot_sigmas": [1, 3], "spot_cutoffs": [0.07, 0.2], "faint_sigma": 1,
         "faint_cutoff": 0.025, "core_cutoff": 0.035, "core_minimum": 150, "minimum_size": 20, "minimum_pixels": 3},
    ),
    Workflow(
        "PCNA_earlyS_midS", "PCNA", "PCNA", "replication foci in early and mid S phase", "foci in glowing nuclei", speckles_in_nuclei,
        {"contrast_low": 0.5, "contrast_high": 10, "clip_low": 0.5, "clip_high": 15, "filament_sigmas": [1],
         "filament_cutoffs": [0.0125], "spot_sigmas": [1, 3], "spot_cutoffs": [0.07, 0.2], "faint_sigma": 1,
         "faint_cutoff": 0.025, "core_cutoff": 0.035, "core_minimum": 150, "minimum_size": 20, "minimum_pixels": 3},
        notebook="polr2a",
    ),
    Workflow(
        "PCNA_lateS", "PCNA", "PCNA", "replication foci in late S phase", "foci in glowing nuclei", spots_in_nuclei,
        {"contrast_low": 0.5, "contrast_high": 15, "clip_low": 0.5, "clip_high": 15, "nucleus_minimum": 50,
         "spot_sigmas": [1], "spot_cutoffs": [0.05], "minimum_size": 30, "minimum_pixels": 3},
    ),
    Workflow(
        "PCNA_lateS_hole_fill", "PCNA", "PCNA", "replication foci in late S phase, filled", "foci in glowing nuclei", spots_in_nuclei_filled,
        {"contrast_low": 0.5, "contrast_high": 15, "clip_low": 0.5, "clip_high": 15, "nucleus_minimum": 50,
         "spot_sigmas": [1, 2], "spot_cutoffs": [0.05, 0.095], "minimum_size": 30, "minimum_pixels": 3},
    ),
)  # fmt: skip

_OWN: tuple[Workflow, ...] = (
    # Rows that are not published; `make new` writes above this line
)  # fmt: skip

PUBLISHED: Mapping[str, Workflow] = MappingProxyType({row.id: row for row in _ROWS})
"""The published workflows by their id."""

WORKFLOWS: Mapping[str, Workflow] = MappingProxyType({row.id: row for row in (*_ROWS, *_OWN)})
"""All workflows by their id: the published ones, then those that were added with ``make new``."""
