"""Run the first lookup-table notebook on the bundled sample, headless, and say where the results lie."""

import sys
import time
from pathlib import Path

import papermill

from helpers import images, notebook

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "data" / "mitochondria.ome.tif"
FOLDER = ROOT / "results" / "demo"


def main() -> int:
    """Run the demo; return 0, or 1 with one sentence."""
    started = time.monotonic()
    executed = FOLDER / "tomm20.ipynb"
    print(f"Segmenting {SAMPLE.relative_to(ROOT)} with notebooks/10_lookup_table/tomm20.ipynb ...", flush=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    values = {"input_path": str(SAMPLE), "output_folder": str(FOLDER)}
    papermill.execute_notebook(str(ROOT / "notebooks" / "10_lookup_table" / "tomm20.ipynb"), str(executed), values, progress_bar=False)
    stem = f"{images.safe_name(SAMPLE)}_tomm20"
    for what, name in {**{what: f"{stem}_{ending}" for what, ending in notebook.OUTPUTS.items()}, "executed notebook": executed.name}.items():
        path = FOLDER / name
        if not path.exists():
            print(f"Stopped: {path} is missing", file=sys.stderr)
            return 1
        print(f"  {what:<18} {path.relative_to(ROOT)}")
    print(f"Done in {time.monotonic() - started:.0f} s. Next: make lab, or your own file:")
    print("  .venv/bin/python -m helpers.batch tomm20 YOUR_FILE --output-folder results")
    return 0


if __name__ == "__main__":
    sys.exit(main())
