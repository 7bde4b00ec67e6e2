"""Make the pictures of ``docs/gallery``: of each notebook of the lookup table, and of the whole table; ``--only table`` makes the latter alone."""

import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import papermill
from scipy import ndimage

from helpers import classic, figures, phantoms
from helpers.batch import QUIET
from helpers.figures import pixels
from helpers.figures.picture import Panel, compose, in_row
from helpers.workflows import WORKFLOWS

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks" / "10_lookup_table"
GALLERY = ROOT / "docs" / "gallery"
PIXELS, COLUMNS, DEPTH = 132, 4, 1  # of a panel; pairs in a row; planes above and below that are shown together


def notebook_picture(path: Path) -> None:
    """Run a notebook on its synthetic field of view and keep the picture that it leaves."""
    with tempfile.TemporaryDirectory() as folder:
        executed = str(Path(folder) / "executed.ipynb")
        papermill.execute_notebook(str(path), executed, {"output_folder": folder}, progress_bar=False, extra_arguments=[QUIET])
        (picture,) = Path(folder).glob("*_overlay.png")
        shutil.copyfile(picture, GALLERY / f"{path.stem}.png")


def pair(workflow_id: str) -> Panel:
    """Return raw and mask side by side: the square of one plane, and its neighbours, that holds most structure."""
    raw = phantoms.FOR_WORKFLOW[workflow_id]().stack.raw
    mask = WORKFLOWS[workflow_id](raw)
    shell = WORKFLOWS[workflow_id].is_shell
    z = int((classic.fill_holes(mask) if shell else mask).sum(axis=(1, 2)).argmax())  # shells where they are rings
    near = slice(z, z + 1) if shell else slice(max(z - DEPTH, 0), z + DEPTH + 1)
    flat_raw, flat_mask = raw[near].max(axis=0), mask[near].max(axis=0)
    amount = ndimage.uniform_filter(flat_mask.astype(float), PIXELS)[PIXELS // 2 : -PIXELS // 2, PIXELS // 2 : -PIXELS // 2]
    y, x = np.unravel_index(amount.argmax(), amount.shape)
    crop = np.s_[y : y + PIXELS, x : x + PIXELS]
    grey = pixels.grey(flat_raw[crop], pixels.contrast_limits(flat_raw[crop]))
    white = np.repeat(np.where(flat_mask[crop], 255, 0).astype(np.uint8)[..., None], 3, axis=2)
    gap = np.full((PIXELS, 2, 3), 255, np.uint8)
    return Panel(np.concatenate([grey, gap, white], axis=1), title=f"{WORKFLOWS[workflow_id].gene}: {WORKFLOWS[workflow_id].look}")


def table_picture() -> None:
    """Draw raw and mask of every notebook of the lookup table, sorted by look."""
    rows = sorted(
        (row for row in WORKFLOWS.values() if row.notebook == row.id and row.id in phantoms.FOR_WORKFLOW), key=lambda row: row.look
    )
    panels = [pair(row.id) for row in rows]
    figures.save(compose(in_row(panels, columns=COLUMNS)), GALLERY / "lookup_table.png")


if __name__ == "__main__":
    GALLERY.mkdir(parents=True, exist_ok=True)
    if sys.argv[1:] != ["--only", "table"]:
        for notebook in sorted(NOTEBOOKS.glob("*.ipynb")):
            notebook_picture(notebook)
            print(GALLERY / f"{notebook.stem}.png", flush=True)
    table_picture()
    print(GALLERY / "lookup_table.png")
