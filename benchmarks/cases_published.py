"""Cases: the workflows of the lookup table beside the published program's own functions, on a phantom of each structure.

The published program runs as it is, in an environment of its own (see `peers`). Of its 46 workflows 42 run: `NOT_RUNNING` do not.
"""

import importlib
from functools import partial

from benchmarks.harness import Case

NOT_RUNNING = {
    "PCNA_earlyS_midS": "not part of the release on the package index",
    "PCNA_lateS": "not part of the release on the package index",
    "PCNA_lateS_hole_fill": "not part of the release on the package index",
    "polr2a_blob": "imports a function that its own libraries no longer have",
}
# Written out: where the published program runs, helpers cannot be imported
NAMES = [
    "actb", "actn1", "myh10", "tuba1b", "cardio_tnni1", "cardio_ttn", "cardio_actn2", "cardio_atp2a2", "cardio_myl7", "tjp1", "pxn",
    "sec61b", "sec61b_dual", "atp2a2", "tomm20", "lmnb1_mitotic", "lmnb1_interphase", "gja1", "rab5a", "nup153", "ctnnb1",
    "h2b_interphase", "smc1a", "slc25a17", "dsp", "cetn2", "fbl", "ubtf", "cardio_fbl", "cardio_fbl_100x", "fbl_labelfree_4dn",
    "npm_labelfree_4dn", "drug_npm1", "npm1", "npm1_SR", "cardio_npm1", "cardio_npm1_100x", "lamp1", "st6gal1", "son", "terf2", "polr2a",
]  # fmt: skip
LARGE = ("actb", "tuba1b", "sec61b", "tomm20", "lmnb1_interphase", "dsp", "fbl", "polr2a")  # measured on 64 x 512 x 512 voxels as well


def raw(name, shape):
    """Return the stack of the phantom that stands for a workflow's structure."""
    from helpers import phantoms

    return (phantoms.FOR_WORKFLOW[name](seed=50, shape=shape).stack.raw,)


def ours(name, raw):
    from helpers.workflows import WORKFLOWS

    return WORKFLOWS[name](raw)


def published(name, raw):
    """Call the published function of a workflow; it runs in the published program's environment."""
    module = importlib.import_module(f"aicssegmentation.structure_wrapper.seg_{name}")
    return getattr(module, f"Workflow_{name}")(raw, output_type="array") > 0


def agreement(mask, theirs):
    from helpers.metrics import overlap

    return f"Dice {overlap(theirs, mask).dice:.5f}, {int((mask != theirs).sum())} voxels differ"


def corner(arguments):
    """Return a quarter of the stack: enough to load what is loaded at the first call."""
    return tuple(array[:, : array.shape[1] // 2, : array.shape[2] // 2] for array in arguments)


def case(name):
    sizes = ("S", "L") if name in LARGE else ("S",)
    return Case(
        name, partial(raw, name), partial(ours, name), partial(published, name), agreement, "published", 3, 1, "published", sizes, corner
    )


CASES = [case(name) for name in NAMES]
