"""Synthetic fields of view whose truth is known: the default input of every notebook, and what the tests are made of.

>>> from helpers import phantoms
>>> stack, truth = phantoms.mitochondria(seed=0, shape=(8, 64, 64))
>>> stack.raw.shape == truth.shape
True
"""

from helpers.phantoms.examples import write_folder, write_two_channels
from helpers.phantoms.fibres import actin, actin_bundles, microtubules
from helpers.phantoms.golgi import golgi_apparatus
from helpers.phantoms.junctions import tight_junctions
from helpers.phantoms.myofibrils import sarcomeres
from helpers.phantoms.networks import endoplasmic_reticulum
from helpers.phantoms.nucleoli import cardiac_nucleoli, fibrillar_nucleoli, granular_nucleoli
from helpers.phantoms.spots import centrioles, gap_junctions
from helpers.phantoms.structures import Phantom, mitochondria, nuclear_lamina, nuclei, peroxisomes
from helpers.phantoms.vesicles import lysosomes

__all__ = [
    "Phantom",
    "actin",
    "actin_bundles",
    "endoplasmic_reticulum",
    "microtubules",
    "cardiac_nucleoli",
    "centrioles",
    "fibrillar_nucleoli",
    "gap_junctions",
    "golgi_apparatus",
    "granular_nucleoli",
    "lysosomes",
    "mitochondria",
    "nuclear_lamina",
    "nuclei",
    "peroxisomes",
    "sarcomeres",
    "tight_junctions",
    "write_folder",
    "write_two_channels",
]
