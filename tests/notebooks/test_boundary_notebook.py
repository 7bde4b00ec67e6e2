"""The notebook on where the boundary is: it finds the setting for the known width, and the width of the other structure."""

import json
import re
from pathlib import Path

import pandas as pd
import papermill
import pytest

from helpers import images, measure

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "80_evaluation" / "07_where_is_the_boundary.ipynb"


def test_few_settings_come_to_the_known_width_and_to_that_of_the_other(tmp_path):
    out = tmp_path / "out"
    executed = papermill.execute_notebook(
        str(NOTEBOOK),
        str(tmp_path / "executed.ipynb"),
        {"output_folder": str(out), "sigmas": [0.75, 2.0], "cutoffs": [0.05, 0.3, 0.6]},
        progress_bar=False,
        cwd=str(tmp_path),
    )
    outputs = [output for cell in executed.cells for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output.get("name") == "stderr"], "no warnings in the notebook"
    aimed = float(re.search(r"aim at (\d+) nm, made 500 nm wide", json.dumps(outputs)).group(1))
    assert aimed == pytest.approx(500, abs=108)
    stem = "tubules_260nm_0_tomm20_boundary"
    mask = images.read(out / f"{stem}_mask.ome.tif")
    assert measure.tubule_width(mask.raw > 0, mask.voxel_size).median == pytest.approx(0.26, abs=0.03)
    assert pd.read_csv(out / f"{stem}_settings.csv")["image"].tolist() == ["tubules_260nm_0", "tubules_500nm_1"]
    record = images.read_record(out / f"{stem}_record.json")
    assert {each["name"] for each in record["outputs"]} == {path.name for path in out.iterdir()} - {f"{stem}_record.json"}
