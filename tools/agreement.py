"""Compare every published workflow of the lookup table with the answer of the published program, and print a markdown table.

The inputs and the published masks lie in ../shared/reference, beside the repository.
"""

import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tifffile

from helpers.metrics import overlap
from helpers.workflows import PUBLISHED

REFERENCE = Path(__file__).resolve().parents[1].parent / "shared" / "reference"
WORKFLOWS_OF_INPUT = {
    "filament": "actb actn1 myh10 tuba1b",
    "tubule": "atp2a2 sec61b sec61b_dual tomm20",
    "spots": "cetn2 slc25a17 gja1 dsp",
    "spots_dim": "rab5a polr2a_blob",
    "shell": "lmnb1_interphase lmnb1_mitotic",
    "poreshell": "nup153",
    "nucleoli": "fbl npm1 drug_npm1 npm1_SR ubtf cardio_fbl cardio_fbl_100x cardio_npm1 cardio_npm1_100x fbl_labelfree_4dn npm_labelfree_4dn",
    "speckle": "h2b_interphase smc1a son terf2 polr2a PCNA_earlyS_midS PCNA_lateS PCNA_lateS_hole_fill",
    "golgi": "st6gal1",
    "rings": "lamp1",
    "junction": "tjp1 ctnnb1",
    "focal": "pxn",
    "sarcomere": "cardio_actn2 cardio_atp2a2 cardio_myl7 cardio_tnni1 cardio_ttn",
}
INPUT_OF = {name: image for image, names in WORKFLOWS_OF_INPUT.items() for name in names.split()}


class Agreement(NamedTuple):
    """How far a mask is from the published one; ``cpu_seconds`` of all cores together."""

    found: int
    different: int
    dice: float
    cpu_seconds: float


def reference_input(name: str, reference: Path = REFERENCE) -> np.ndarray:
    """Return the stack for which the published mask of a workflow was made."""
    return tifffile.imread(reference / "inputs" / f"{INPUT_OF[name]}.tif")


def agreement(name: str, reference: Path = REFERENCE) -> Agreement:
    """Run one workflow on the input of its published mask, and count the voxels that differ."""
    raw = reference_input(name, reference)
    published = tifffile.imread(reference / "masks" / f"{name}.tif") > 0
    started = time.process_time()
    mask = PUBLISHED[name](raw)
    seconds = time.process_time() - started
    return Agreement(int(mask.sum()), int(np.count_nonzero(mask != published)), overlap(published, mask).dice, seconds)


def main() -> None:
    """Print the table, or one sentence where the published masks are absent."""
    if not REFERENCE.is_dir():
        sys.exit(f"The published masks are not there: the comparison needs {REFERENCE}, with the folders inputs and masks.")
    print("| id | voxels found | voxels different | Dice | CPU seconds |\n|---|---|---|---|---|")
    for name in PUBLISHED:
        agreement(name)  # compiles what this workflow needs, or reads it from the cache
        row = agreement(name)
        print(f"| {name} | {row.found} | {row.different} | {row.dice:.6f} | {row.cpu_seconds:.2f} |", flush=True)


if __name__ == "__main__":
    main()
