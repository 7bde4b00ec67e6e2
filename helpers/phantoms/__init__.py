"""Synthetic fields of view whose truth is known: the default input of every notebook, and what the tests are made of.

>>> from helpers import phantoms
>>> stack, truth = phantoms.mitochondria(seed=0, shape=(8, 64, 64))
>>> stack.raw.shape == truth.shape
True
"""

from functools import partial

from helpers.phantoms.adhesions import focal_adhesions
from helpers.phantoms.chromatin import chromatin, cohesin
from helpers.phantoms.examples import PartialTruth, write_folder, write_label_folders, write_movie, write_partial_truth, write_two_channels
from helpers.phantoms.fibres import actin, actin_bundles, microtubules
from helpers.phantoms.foci import nuclear_speckles, telomeres
from helpers.phantoms.foci_glowing import late_replication_clusters, late_replication_foci, transcription_blobs, transcription_foci
from helpers.phantoms.golgi import golgi_apparatus
from helpers.phantoms.imaging import defocused, imaged_at
from helpers.phantoms.junctions import adherens_junctions, tight_junctions
from helpers.phantoms.label_pairs import Damaged, LabelPair, damage, label_pair, nuclei_2d
from helpers.phantoms.mask_pairs import discs, mask_pair, write_mask_folders
from helpers.phantoms.movies import TimePhantom, peroxisomes_over_time
from helpers.phantoms.myofibrils import sarcomeres
from helpers.phantoms.networks import endoplasmic_reticulum
from helpers.phantoms.nucleoli import cardiac_nucleoli, fibrillar_nucleoli, granular_nucleoli
from helpers.phantoms.nucleoli_treated import treated_nucleoli
from helpers.phantoms.open_sheets import mitotic_lamina
from helpers.phantoms.outlines import outline_pair, write_outline_folders
from helpers.phantoms.piled_cells import HELD_OUT, TRAINING, LaminaField, piled_lamina
from helpers.phantoms.piled_reviews import cells_of, write_lamina_decisions, write_lamina_regions, write_piled_fields
from helpers.phantoms.plates import REPLICATING, TREATMENTS, dna_plates, write_plates
from helpers.phantoms.pores import nuclear_pores
from helpers.phantoms.reviews import write_reviews
from helpers.phantoms.spots import centrioles, desmosomes, gap_junctions
from helpers.phantoms.structures import Phantom, mitochondria, nuclear_lamina, nuclei, peroxisomes
from helpers.phantoms.vesicles import early_endosomes, lysosomes
from helpers.phantoms.whole_cells import CellPhantom, peroxisomes_in_cells
from helpers.phantoms.widths import bodies_of_width, tubules_of_width

__all__ = [
    "FOR_WORKFLOW",
    "HELD_OUT",
    "REPLICATING",
    "STAND_INS",
    "TRAINING",
    "TREATMENTS",
    "CellPhantom",
    "Damaged",
    "LabelPair",
    "LaminaField",
    "PartialTruth",
    "Phantom",
    "TimePhantom",
    "actin",
    "actin_bundles",
    "adherens_junctions",
    "bodies_of_width",
    "cardiac_nucleoli",
    "cells_of",
    "centrioles",
    "chromatin",
    "cohesin",
    "damage",
    "defocused",
    "desmosomes",
    "discs",
    "dna_plates",
    "early_endosomes",
    "endoplasmic_reticulum",
    "fibrillar_nucleoli",
    "focal_adhesions",
    "gap_junctions",
    "golgi_apparatus",
    "granular_nucleoli",
    "imaged_at",
    "label_pair",
    "late_replication_clusters",
    "late_replication_foci",
    "lysosomes",
    "mask_pair",
    "microtubules",
    "mitochondria",
    "mitotic_lamina",
    "nuclear_lamina",
    "nuclear_pores",
    "nuclear_speckles",
    "nuclei",
    "nuclei_2d",
    "outline_pair",
    "peroxisomes",
    "peroxisomes_over_time",
    "peroxisomes_in_cells",
    "piled_lamina",
    "sarcomeres",
    "telomeres",
    "tight_junctions",
    "transcription_blobs",
    "transcription_foci",
    "treated_nucleoli",
    "tubules_of_width",
    "write_folder",
    "write_label_folders",
    "write_lamina_decisions",
    "write_lamina_regions",
    "write_mask_folders",
    "write_movie",
    "write_outline_folders",
    "write_partial_truth",
    "write_piled_fields",
    "write_plates",
    "write_reviews",
    "write_two_channels",
]

FOR_WORKFLOW = {
    "actb": actin,
    "actn1": actin_bundles,
    "myh10": actin_bundles,
    "tuba1b": microtubules,
    "cardio_tnni1": sarcomeres,
    "cardio_ttn": partial(sarcomeres, protein="TTN"),
    "cardio_actn2": partial(sarcomeres, protein="ACTN2"),
    "cardio_atp2a2": sarcomeres,
    "cardio_myl7": partial(sarcomeres, protein="MYL7"),
    "tjp1": tight_junctions,
    "pxn": focal_adhesions,
    "sec61b": endoplasmic_reticulum,
    "sec61b_dual": endoplasmic_reticulum,
    "atp2a2": endoplasmic_reticulum,
    "tomm20": mitochondria,
    "lmnb1_mitotic": mitotic_lamina,
    "lmnb1_interphase": nuclear_lamina,
    "gja1": gap_junctions,
    "rab5a": early_endosomes,
    "nup153": nuclear_pores,
    "ctnnb1": adherens_junctions,
    "h2b_interphase": chromatin,
    "smc1a": cohesin,
    "slc25a17": peroxisomes,
    "dsp": desmosomes,
    "cetn2": centrioles,
    "polr2a_blob": transcription_blobs,
    "fbl": fibrillar_nucleoli,
    "ubtf": partial(fibrillar_nucleoli, protein="UBTF"),
    "cardio_fbl": fibrillar_nucleoli,
    "cardio_fbl_100x": fibrillar_nucleoli,
    "fbl_labelfree_4dn": fibrillar_nucleoli,
    "npm_labelfree_4dn": granular_nucleoli,
    "drug_npm1": treated_nucleoli,
    "npm1": granular_nucleoli,
    "npm1_SR": granular_nucleoli,
    "cardio_npm1": cardiac_nucleoli,
    "cardio_npm1_100x": granular_nucleoli,
    "lamp1": lysosomes,
    "st6gal1": golgi_apparatus,
    "son": nuclear_speckles,
    "terf2": telomeres,
    "polr2a": transcription_foci,
    "PCNA_earlyS_midS": transcription_foci,
    "PCNA_lateS": late_replication_foci,
    "PCNA_lateS_hole_fill": late_replication_clusters,
    # Workflows that are not published; `make new` writes above this line
}
"""By id of a workflow, the maker of a field with its structure."""

STAND_INS = frozenset(
    ("atp2a2", "cardio_atp2a2", "cardio_fbl", "cardio_fbl_100x", "fbl_labelfree_4dn", "npm_labelfree_4dn", "npm1_SR", "cardio_npm1_100x")
)
"""Workflows whose values were made for data that no phantom here shows (another organelle, magnification or microscope): theirs is the nearest."""
