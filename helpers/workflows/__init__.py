"""The lookup table: `WORKFLOWS` by id, each a function with the values that suit one structure; `PUBLISHED` are those of the published program."""

from helpers.workflows.knobs import Knob, check_values, knobs
from helpers.workflows.lookup_table import PUBLISHED, WORKFLOWS
from helpers.workflows.steps import Step, pseudocode, steps
from helpers.workflows.workflow import TUNED_VOXEL_SIZE, Prepared, Workflow

__all__ = [
    "PUBLISHED",
    "TUNED_VOXEL_SIZE",
    "WORKFLOWS",
    "Knob",
    "Prepared",
    "Step",
    "Workflow",
    "check_values",
    "knobs",
    "pseudocode",
    "steps",
]
