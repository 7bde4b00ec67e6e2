"""Compare inference with the published tiles and loop: ``python -m benchmarks.learning``; half an hour of one core, nearly all published.

``--size S`` takes 32x104x104 voxels instead of 64x256x256, for a quick look; ``--tiles 10`` ends the published loop after ten tiles, which all
cost the same, and multiplies. Both sides have one thread.
"""

import argparse
import json
import sys
from dataclasses import replace

from benchmarks import harness
from benchmarks.cases_learning import CASES, MEMORY_LIMIT, network_and_image, tile_count

SIZES = {"S": (32, 104, 104), "L": (64, 256, 256)}
NO_BFLOAT16 = "This processor does not compute in bfloat16; there it would be far slower, and is refused.\n"


def main(size: str, only: str, tiles: int) -> None:
    """Measure, print the table and write it to benchmarks/results."""
    import torch

    from helpers.learning.devices import has_bfloat16

    shape = SIZES[size]
    bfloat16 = has_bfloat16(torch.device("cpu"))
    rows = []
    with harness.Bench() as bench:
        bench.shape = shape
        for case in CASES:
            if only in case.name and (bfloat16 or "bfloat16" not in case.name):
                rows.append(row(bench, case, tiles))
                print(json.dumps(rows[-1]), file=sys.stderr)
    done = f", {tiles} of them done" if tiles else ""
    what = f"{'x'.join(map(str, shape))} voxels; {tile_count(shape)} published tiles{done}; tiles of ours within {MEMORY_LIMIT} GB; torch {torch.__version__}, one thread"
    text = f"# learning\n\n{harness.machine()}\n\n{what}\n\n{harness.table(rows)}\n\n{'' if bfloat16 else NO_BFLOAT16}"
    print(text)
    harness.RESULTS.mkdir(exist_ok=True)
    (harness.RESULTS / f"learning_{size}.md").write_text(text)


def row(bench: harness.Bench, case: harness.Case, tiles: int) -> dict[str, str]:
    """Measure one case; where the published loop was ended early, scale its seconds to all of its tiles."""
    if not tiles:
        return bench.row("benchmarks.cases_learning", case)
    found = bench.row("benchmarks.cases_learning", replace(case, make=lambda shape: (*network_and_image(shape)[:2], tiles)))
    if case.peer is not None:
        factor = tile_count(bench.shape) / tiles
        found |= {key: f"{float(found[key]) * factor:.4f}" for key in ("peer CPU s", "peer s")}
        found["CPU ratio"] = f"{float(found['peer CPU s']) / float(found['CPU s']):.1f}"
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Measure inference beside the published tiles and loop.")
    parser.add_argument("--size", choices=sorted(SIZES), default="L", help="S is 32x104x104 voxels, L is 64x256x256")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--tiles", type=int, default=0, help="end the published loop after so many tiles; 0: never")
    arguments = parser.parse_args()
    main(arguments.size, arguments.only, arguments.tiles)
