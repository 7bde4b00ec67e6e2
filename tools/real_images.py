"""Walk the whole path of a user on five real stacks: from the file to a tuned mask and a table per cell; write ``docs/real_images.md``.

The notebooks run headless, as they are. Pictures and tables lie in ``results/real_images`` afterwards, to be looked at.
"""

import json
import sys
import time
from pathlib import Path

import pandas as pd
import papermill
import yaml

from helpers import batch, classic, images
from helpers.workflows import WORKFLOWS

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
OUT = ROOT / "results" / "real_images"
STACKS = "structures_3d"
# File, workflow chosen by eye from the sheet, voxel size where the file has none, labels of cells and nuclei.
CASES = {
    "microtubules": (f"{STACKS}/microtubules_rows0-192.ome.tif", "tuba1b", [], "", ""),
    "vesicles": (f"{STACKS}/vesicles_cols0-125.ome.tif", "slc25a17", [], "", ""),
    "mitochondria of yeast": (f"{STACKS}/mito_yeast_1.ome.tif", "tomm20", [], "", ""),
    "nuclear envelope": (f"{STACKS}/nuclear_envelope_left.ome.tif", "tjp1", [0.29, 0.2416, 0.2416], "", ""),
    "tubulin of one cell": (
        "allen_cell06_3d/tub_img.ome.tif", "tuba1b", [0.29, 0.108, 0.108], "allen_cell06_3d/cell_seg.ome.tif", "allen_cell06_3d/nuc_seg.ome.tif",
    ),
}  # fmt: skip
HEAD = """# The whole path on real stacks

From a file to a tuned mask and a table per cell, on five real stacks of other groups' microscopes, by the notebooks as they are, headless:
[03](../notebooks/00_start/03_which_workflow.ipynb) suggests looks and shows all workflows; the workflow was chosen from its sheet by eye.
The contrast that `classic.suggest_contrast` gives was accepted by eye, in a third of the planes;
[04](../notebooks/00_start/04_tune_for_your_data.ipynb) searched the published values' neighbourhood for these planes; the workflow's notebook ran with what it found;
[07](../notebooks/00_start/07_numbers_per_cell.ipynb) measured per cell. **Nobody has drawn truth for these stacks**: the held-out Dice says how well a search
from a few accepted planes recovers the result that was accepted, not that the result is right. That is for the eye: the pictures are in
`results/real_images` after `make real-images`. Machine: two cores; minutes on a clock, the computer's part alone.

| Stack | Voxels, um | First looks suggested | Workflow | Held-out Dice, published | tuned | Objects | Part of the cell filled | Minutes |
|---|---|---|---|---|---|---|---|---|
"""

EYE = """
What the eye says. Microtubules: the outlines follow the fibres; where the mesh is finer than the microscope resolves, fibres break or join. Vesicles: every
bright one is outlined, faint ones are lost. Mitochondria of yeast: the tubules are outlined well, their ends too. Nuclear envelope: the rings are found and thin, the
tops and bottoms stay open, and the suggestion is worth nothing here (notebook 03 says so itself: like none of the structures). Tubulin of one cell: the fibres are
found, and so is the edge of the cell, because what lies outside was filled with a constant in that file. The suggestion has the look that the eye chose first for the
mitochondria, second for the vesicles, third for the microtubules, and not among three for the other two.
"""


def row(name: str) -> str:
    """Walk the path on one stack; return its line of the table."""
    path, workflow_id, voxel_size, cells, nuclei = CASES[name]
    folder = OUT / name.replace(" ", "_")
    folder.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    stack = images.read(DATA / path, voxel_size=voxel_size)
    given = {"output_folder": str(folder), "voxel_size": voxel_size}
    execute("00_start/03_which_workflow", folder, given | {"input_path": str(DATA / path)})
    looks = pd.read_csv(folder / f"{stack.name}_which_workflow.csv")["look"].drop_duplicates().head(3)
    accepted, planes = accept(stack, workflow_id, folder)
    tuning = {"input_paths": [str(DATA / path)], "truth_paths": [str(accepted)], "truth_planes": planes, "workflow_id": workflow_id}
    execute("00_start/04_tune_for_your_data", folder, given | tuning | {"evaluations": 60})
    result = json.loads((folder / f"{stack.name}_{workflow_id}_tuned_record.json").read_text())["result"]
    values = yaml.safe_load((folder / f"{stack.name}_{workflow_id}_tuned.yaml").read_text())
    batch.run(workflow_id, [DATA / path], folder, values | {"voxel_size": voxel_size}, again=True)
    mask = folder / f"{stack.name}_{workflow_id}_mask.ome.tif"
    labels = {key: str(DATA / file) for key, file in (("cells_path", cells), ("nuclei_path", nuclei)) if file}
    execute("00_start/07_numbers_per_cell", folder, given | labels | {"input_path": str(DATA / path), "mask_path": str(mask)})
    table = pd.read_csv(next(folder.glob("*_mask_cells.csv")))
    minutes = (time.monotonic() - started) / 60
    filled = table.loc[table["cell"] > 0].filter(regex="^fraction_of_cell$").iloc[0, 0]
    size = " x ".join(f"{step:.3g}" for step in stack.voxel_size)
    shape = " x ".join(map(str, stack.raw.shape))
    before, after = result["held_out"]
    found = f"{after:.3f}" + ("" if result["kept"] else ", published kept")
    return f"| {name} | {shape}, {size} | {'; '.join(looks)} | `{workflow_id}` | {before:.3f} | {found} | {table['count'].sum()} | {filled:.1%} | {minutes:.1f} |\n"


def accept(stack: images.Stack, workflow_id: str, folder: Path) -> tuple[Path, list[int]]:
    """Save the result at the suggested contrast, as one that a person has accepted in every third plane."""
    workflow = WORKFLOWS[workflow_id]
    low, high = classic.suggest_contrast(stack.raw)
    mask = workflow(stack.raw, voxel_size=stack.voxel_size, contrast_low=low, contrast_high=high)
    planes = list(range(1, len(mask), 3))
    mask[[z for z in range(len(mask)) if z not in planes]] = False
    path = folder / "accepted" / f"{stack.name}_accepted.ome.tif"
    path.parent.mkdir(exist_ok=True)
    return images.write(path, mask, stack.voxel_size), planes


def execute(notebook: str, folder: Path, parameters: dict) -> None:
    """Run a notebook of the collection headless."""
    executed = folder / f"{Path(notebook).name}.ipynb"
    papermill.execute_notebook(ROOT / "notebooks" / f"{notebook}.ipynb", executed, parameters, progress_bar=False)


def main() -> None:
    """Write the table, or print the rows of the names given."""
    asked = sys.argv[1:]
    rows = []
    for name in asked or CASES:
        rows.append(row(name))
        print(rows[-1], end="", flush=True)
    if not asked:
        (ROOT / "docs" / "real_images.md").write_text(HEAD + "".join(rows) + EYE, encoding="utf-8")


if __name__ == "__main__":
    main()
