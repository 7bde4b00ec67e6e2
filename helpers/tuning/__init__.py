"""Parameters found from a partial truth, judged on truth that the search has not seen; and without any truth, which knob matters.

>>> from helpers import phantoms, tuning
>>> stack, truth = phantoms.mitochondria(shape=(8, 96, 96))
>>> known = tuning.example(stack, truth, whole=True)
>>> tuned = tuning.tune("tomm20", [known], knobs=["filament_cutoffs"], values={"filament_cutoffs": [0.7]}, evaluations=15)
>>> tuned.kept, tuned.values["filament_cutoffs"][0] < 0.4
(True, True)
"""

from helpers.tuning.dials import Dial, dials, turned
from helpers.tuning.parameters import CommonContrast, as_text, common_contrast, write_parameters
from helpers.tuning.search import Tuned, dice, tune
from helpers.tuning.sensitivity import Sensitivity, sensitivity
from helpers.tuning.truth import Example, Split, example, merged, read_example, read_examples, split

__all__ = [
    "CommonContrast",
    "Dial",
    "Example",
    "Sensitivity",
    "Split",
    "Tuned",
    "as_text",
    "common_contrast",
    "dials",
    "dice",
    "example",
    "merged",
    "read_example",
    "read_examples",
    "sensitivity",
    "split",
    "tune",
    "turned",
    "write_parameters",
]
