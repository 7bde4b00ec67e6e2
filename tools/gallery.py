"""Run each notebook of the lookup table on its synthetic field of view and keep its picture in ``docs/gallery``."""

import shutil
import tempfile
from pathlib import Path

import papermill

from helpers.batch import QUIET

ROOT = Path(__file__).resolve().parents[1]
GALLERY = ROOT / "docs" / "gallery"

GALLERY.mkdir(parents=True, exist_ok=True)
for path in sorted((ROOT / "notebooks" / "10_lookup_table").glob("*.ipynb")):
    with tempfile.TemporaryDirectory() as folder:
        executed = str(Path(folder) / "executed.ipynb")
        papermill.execute_notebook(str(path), executed, {"output_folder": folder}, progress_bar=False, extra_arguments=[QUIET])
        (picture,) = Path(folder).glob("*_overlay.png")
        shutil.copyfile(picture, GALLERY / f"{path.stem}.png")
    print(GALLERY / f"{path.stem}.png")
