"""Measure what the structures of the workflows look like, and write helpers/looks_typical.py: ``python tools/looks.py``.

With seeds as arguments, say how often the right look is among the first three on phantoms of these seeds instead, at full size and on crops.
"""

import sys
from pathlib import Path

import numpy as np

from helpers import images, looks, phantoms
from helpers.workflows import WORKFLOWS

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "helpers" / "looks_typical.py"
SEEDS = (0, 1)
HEAD = '''"""What the structures of the workflows look like: made by ``python tools/looks.py``, read by `helpers.looks`.

By id, roundness of fine and of coarse detail, scale in um, logarithm of the bright part: means of the phantoms of seeds 0 and 1.
``SPREAD`` is the standard deviation of each over the rows.
"""
'''


def made() -> dict[str, list[str]]:
    """Return the ids of workflows by the phantom they share; stand-ins are left out."""
    ids: dict[str, list[str]] = {}
    for id_, make in phantoms.FOR_WORKFLOW.items():
        if id_ not in phantoms.STAND_INS:
            ids.setdefault(f"{getattr(make, 'func', make).__name__}{getattr(make, 'keywords', '')}", []).append(id_)
    return ids


def main() -> None:
    """Write the table, or try it."""
    if len(sys.argv) > 1:
        for size in ((32, 256, 256), (20, 160, 160)):
            ranks = [rank(ids[0], seed, size) for seed in map(int, sys.argv[1:]) for ids in made().values()]
            print(
                f"{size}: {len(ranks)} images, right look first {np.mean(np.equal(ranks, 0)):.3f}, among three {np.mean(np.less(ranks, 3)):.3f}"
            )
        return
    typical = {}
    for ids in made().values():
        rows = [looks.properties(phantoms.FOR_WORKFLOW[ids[0]](seed).stack) for seed in SEEDS]
        typical |= dict.fromkeys(ids, np.round(np.mean(rows, axis=0), 3).tolist())
    typical = {id_: typical[id_] for id_ in WORKFLOWS if id_ in typical}
    spread = np.round(np.std(list(typical.values()), axis=0), 3).tolist()
    rows = "".join(f'    "{id_}": ({", ".join(map(str, row))}),\n' for id_, row in typical.items())
    TABLE.write_text(f"{HEAD}\nSPREAD = ({', '.join(map(str, spread))})\n\nROWS = {{\n{rows}}}\n", encoding="utf-8")


def rank(id_: str, seed: int, size: tuple[int, int, int]) -> int:
    """Return how many other looks are suggested before the right one."""
    part = images.crop_around(phantoms.FOR_WORKFLOW[id_](seed).stack, size)
    order = looks.suggest(looks.properties(part), 99)["look"].tolist()
    return order.index(WORKFLOWS[id_].look)


if __name__ == "__main__":
    main()
