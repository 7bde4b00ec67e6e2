"""Run the notebook of the loop in full and write docs/the_loop.md: ``python tools/the_loop.py`` (about 10 minutes of processor time).

Stopped and started again it goes on where it was; ``--anew`` begins from nothing. ``--also-seeds 1 2`` trains with other seeds, too.
"""

import argparse
import json
import os
import platform
import resource
import shutil
from pathlib import Path

import pandas as pd
import papermill

from helpers import learning

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = ROOT / "notebooks" / "20_curation" / "05_the_loop.ipynb"
RESULTS = ROOT / "results" / "the_loop"
DOCUMENT = ROOT / "docs" / "the_loop.md"

HEAD = """# The loop on fields that nobody has seen

Written by `make the-loop`, which runs [05_the_loop.ipynb](../notebooks/20_curation/05_the_loop.ipynb) with its default parameters: 60 synthetic fields of lamin B1
(`phantoms.piled_lamina`) are segmented by the classic workflow and sorted, model 1 is trained on those kept, applied, merged with the workflow for dividing cells inside
circles, and model 2 is trained on that. All is judged on 20 other fields, whose seeds were fixed before any network was trained.

**What is synthetic here**: the fields, and the person. Decisions and circles are made from the truth, as a careful person would make them; the minutes are 6 s to look
at an image when sorting and 4 s to draw a circle, stated and not measured; looking for images to draw on is not counted. Round 2 trains on the merged images and on those
sorted before.

A nucleus counts as found if what was found overlaps its filled body with an IoU of 0.5 at least. An image is right if all of its nuclei are found: those in interphase,
or, in the last column, dividing cells as well. Extra are bodies found where there is none; they do not make an image wrong.
"""


def markdown(table: pd.DataFrame) -> str:
    """Return a table as Markdown."""
    rows = [table.columns.tolist(), ["---"] * len(table.columns), *table.astype(str).values.tolist()]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in rows)


def run(folder: Path, seed: int) -> float:
    """Run the notebook; return the processor seconds of it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    folder.mkdir(parents=True, exist_ok=True)
    values = {"output_folder": str(folder), "seed": seed}
    papermill.execute_notebook(str(NOTEBOOK), str(folder / "executed.ipynb"), values, progress_bar=True, log_output=True, cwd=str(folder))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def rounds(folder: Path) -> pd.DataFrame:
    """Return the two rounds: from what, how many images, how many minutes."""
    rows = []
    for number in (1, 2):
        row = learning.read_iterations(folder / f"training_{number}").iloc[0]
        record = json.loads((folder / f"model_{number}" / f"model_{number}_record.json").read_text())
        rows.append({
            "round": number, "truth": row["how"], "made by": Path(row["model"]).name, "images looked at": row["looked_at"],
            "images trained on": len(record["data"]["training"]), "minutes of a person": f"{row['minutes']:.1f}", "steps": record["steps_done"],
            "training, minutes on the clock": f"{record['duration_s'] / 60:.1f}",
        })  # fmt: skip
    return pd.DataFrame(rows)


def section(folder: Path, seed: int) -> str:
    """Return what one run came to."""
    seconds = json.loads((folder / "processor_seconds.json").read_text())
    said = f"{seconds:.0f} processor seconds in all ({platform.machine()}, {os.cpu_count()} cores), from nothing to the table; of all runs, where it was stopped."
    return "\n\n".join([f"## Seed {seed}", markdown(pd.read_csv(folder / "loop_table.csv")), markdown(rounds(folder)), said])


def main() -> None:
    """Run, and write the document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--anew", action="store_true", help="begin from nothing")
    parser.add_argument("--also-seeds", type=int, nargs="*", default=[], help="further seeds of the trainings")
    parser.add_argument("--folder", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    if arguments.anew:
        shutil.rmtree(arguments.folder, ignore_errors=True)
    parts = [HEAD]
    for seed in (0, *arguments.also_seeds):
        folder = arguments.folder / f"seed_{seed}"
        seconds = run(folder, seed)
        spent = folder / "processor_seconds.json"  # of all runs that it took
        spent.write_text(json.dumps(seconds + (json.loads(spent.read_text()) if spent.exists() else 0)))
        parts.append(section(folder, seed))
    DOCUMENT.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    print(DOCUMENT.read_text())


if __name__ == "__main__":
    main()
