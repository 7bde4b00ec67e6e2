"""Run the first lookup-table notebook on the bundled sample, headless, and say where the results lie."""

import sys
import time
from pathlib import Path

from helpers import batch, images, notebook

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "data" / "mitochondria.ome.tif"
FOLDER = ROOT / "results" / "demo"

started = time.monotonic()
print(f"Segmenting {SAMPLE.relative_to(ROOT)} with notebooks/10_lookup_table/tomm20.ipynb:", flush=True)
summary = batch.run("tomm20", [SAMPLE], FOLDER, {}, again=True)
if summary.loc[0, "status"] != "done":
    sys.exit(1)
stem = f"{images.safe_name(SAMPLE)}_tomm20"
for what, name in {**{what: f"{stem}_{ending}" for what, ending in notebook.OUTPUTS.items()}, "executed notebook": f"{stem}.ipynb"}.items():
    print(f"  {what:<18} {(FOLDER / name).resolve(strict=True).relative_to(ROOT)}")
print(f"Done in {time.monotonic() - started:.0f} s. Next: `make lab`, or your own file:")
print("  .venv/bin/python -m helpers.batch tomm20 YOUR_FILE --output-folder results")
