"""Synthetic fields of view whose truth is known: the default input of every notebook, and what the tests are made of.

>>> from helpers import phantoms
>>> stack, truth = phantoms.mitochondria(seed=0, shape=(8, 64, 64))
>>> stack.raw.shape == truth.shape
True
"""

from helpers.phantoms.examples import write_folder, write_two_channels
from helpers.phantoms.fibres import actin, actin_bundles, microtubules
from helpers.phantoms.junctions import tight_junctions
from helpers.phantoms.networks import endoplasmic_reticulum
from helpers.phantoms.nucleoli import fibrillar_nucleoli, granular_nucleoli
from helpers.phantoms.spots import centrioles, gap_junctions
from helpers.phantoms.structures import Phantom, mitochondria, nuclear_lamina, nuclei, peroxisomes
from helpers.phantoms.vesicles import lysosomes

__all__ = [
    "Phantom",
    "actin",
    "actin_bundles",
    "endoplasmic_reticulum",
    "microtubules",
    "centrioles",
    "fibrillar_nucleoli",
    "gap_junctions",
    "granular_nucleoli",
    "lysosomes",
    "mitochondria",
    "nuclear_lamina",
    "nuclei",
    "peroxisomes",
    "tight_junctions",
    "write_folder",
    "write_two_channels",
]

FOR_WORKFLOW = {
    "tomm20": mitochondria,
    "slc25a17": peroxisomes,
    "lmnb1_interphase": nuclear_lamina,
    "tuba1b": microtubules,
    "sec61b": endoplasmic_reticulum,
    "sec61b_dual": endoplasmic_reticulum,
    "tjp1": tight_junctions,
    "actb": actin,
    "actn1": actin_bundles,
    "myh10": actin_bundles,
    "fbl": fibrillar_nucleoli,
    "npm1": granular_nucleoli,
    "lamp1": lysosomes,
    "cetn2": centrioles,
    "gja1": gap_junctions,
}
"""By id of a workflow, the maker of a field with its structure."""
