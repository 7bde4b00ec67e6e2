"""Synthetic fields of view whose truth is known: the default input of every notebook, and what the tests are made of.

>>> from helpers import phantoms
>>> stack, truth = phantoms.mitochondria(seed=0, shape=(8, 64, 64))
>>> stack.raw.shape == truth.shape
True
"""

from helpers.phantoms.adhesions import focal_adhesions
from helpers.phantoms.chromatin import chromatin, cohesin
from helpers.phantoms.examples import write_folder, write_two_channels
from helpers.phantoms.fibres import actin, actin_bundles, microtubules
from helpers.phantoms.foci import nuclear_speckles, telomeres
from helpers.phantoms.foci_glowing import late_replication_clusters, late_replication_foci, transcription_blobs, transcription_foci
from helpers.phantoms.junctions import adherens_junctions, tight_junctions
from helpers.phantoms.networks import endoplasmic_reticulum
from helpers.phantoms.nucleoli import fibrillar_nucleoli, granular_nucleoli, treated_nucleoli
from helpers.phantoms.open_sheets import mitotic_lamina
from helpers.phantoms.pores import nuclear_pores
from helpers.phantoms.spots import centrioles, desmosomes, gap_junctions
from helpers.phantoms.structures import Phantom, mitochondria, nuclear_lamina, nuclei, peroxisomes
from helpers.phantoms.vesicles import early_endosomes, lysosomes

__all__ = [
    "Phantom",
    "actin",
    "actin_bundles",
    "adherens_junctions",
    "early_endosomes",
    "endoplasmic_reticulum",
    "microtubules",
    "centrioles",
    "desmosomes",
    "chromatin",
    "cohesin",
    "fibrillar_nucleoli",
    "focal_adhesions",
    "gap_junctions",
    "granular_nucleoli",
    "late_replication_clusters",
    "late_replication_foci",
    "lysosomes",
    "mitochondria",
    "mitotic_lamina",
    "nuclear_lamina",
    "nuclear_speckles",
    "nuclear_pores",
    "nuclei",
    "peroxisomes",
    "telomeres",
    "tight_junctions",
    "transcription_blobs",
    "transcription_foci",
    "treated_nucleoli",
    "write_folder",
    "write_two_channels",
]

FOR_WORKFLOW = {
    "tomm20": mitochondria,
    "slc25a17": peroxisomes,
    "lmnb1_interphase": nuclear_lamina,
    "lmnb1_mitotic": mitotic_lamina,
    "tuba1b": microtubules,
    "sec61b": endoplasmic_reticulum,
    "sec61b_dual": endoplasmic_reticulum,
    "pxn": focal_adhesions,
    "tjp1": tight_junctions,
    "ctnnb1": adherens_junctions,
    "actb": actin,
    "actn1": actin_bundles,
    "myh10": actin_bundles,
    "fbl": fibrillar_nucleoli,
    "npm1": granular_nucleoli,
    "drug_npm1": treated_nucleoli,
    "lamp1": lysosomes,
    "rab5a": early_endosomes,
    "cetn2": centrioles,
    "gja1": gap_junctions,
    "dsp": desmosomes,
    "son": nuclear_speckles,
    "terf2": telomeres,
    "polr2a": transcription_foci,
    "PCNA_earlyS_midS": transcription_foci,
    "PCNA_lateS": late_replication_foci,
    "PCNA_lateS_hole_fill": late_replication_clusters,
    "nup153": nuclear_pores,
    "h2b_interphase": chromatin,
    "smc1a": cohesin,
}
"""By id of a workflow, the maker of a field with its structure."""
