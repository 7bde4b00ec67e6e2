"""Synthetic fields of view whose truth is known: the default input of every notebook, and what the tests are made of.

>>> from helpers import phantoms
>>> stack, truth = phantoms.mitochondria(seed=0, shape=(8, 64, 64))
>>> stack.raw.shape == truth.shape
True
"""

from helpers.phantoms.chromatin import chromatin, cohesin
from helpers.phantoms.examples import write_folder, write_two_channels
from helpers.phantoms.fibres import actin, actin_bundles, microtubules
from helpers.phantoms.junctions import tight_junctions
from helpers.phantoms.networks import endoplasmic_reticulum
from helpers.phantoms.nucleoli import fibrillar_nucleoli, granular_nucleoli, treated_nucleoli
from helpers.phantoms.open_sheets import mitotic_lamina
from helpers.phantoms.pores import nuclear_pores
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
    "chromatin",
    "cohesin",
    "fibrillar_nucleoli",
    "gap_junctions",
    "granular_nucleoli",
    "lysosomes",
    "mitochondria",
    "mitotic_lamina",
    "nuclear_lamina",
    "nuclear_pores",
    "nuclei",
    "peroxisomes",
    "tight_junctions",
    "treated_nucleoli",
    "write_folder",
    "write_two_channels",
]
