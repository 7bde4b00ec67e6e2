"""The notebook of numbers per cell: known counts come out, files that do not fit stop it."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import papermill
import pytest
from papermill.exceptions import PapermillExecutionError

from helpers import images, phantoms
from helpers.parameters import check_parameters, parameters_cell

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "00_start" / "07_numbers_per_cell.ipynb"


def run(tmp_path, **parameters):
    executed = tmp_path / "executed.ipynb"
    values = {"output_folder": str(tmp_path / "out"), **parameters}
    papermill.execute_notebook(str(NOTEBOOK), str(executed), values, progress_bar=False, cwd=str(tmp_path))
    outputs = [output for cell in json.loads(executed.read_text())["cells"] for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output.get("name") == "stderr"], "no warnings in the notebook"
    return outputs


def test_default_finds_the_known_counts(tmp_path):
    outputs = run(tmp_path)
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 5
    stem = "peroxisomes_in_cells_0_slc25a17_cells"
    counts = pd.read_csv(tmp_path / "out" / f"{stem}.csv").query("cell > 0").set_index("cell")["count"]
    true = phantoms.peroxisomes_in_cells().counts
    assert np.abs(counts - true[counts.index]).sum() <= 0.03 * true.sum()
    record = images.read_record(tmp_path / "out" / f"{stem}_record.json")
    assert record["parameters"]["spot_sigmas"] == [1]
    assert {each["name"] for each in record["outputs"]} == {path.name for path in (tmp_path / "out").iterdir()} - {f"{stem}_record.json"}


def test_files_of_one_plane_with_masks_for_cells(tmp_path):
    mask, cells = np.zeros((1, 80, 80), bool), np.zeros((1, 80, 80), bool)
    cells[0, 5:75, 5:38], cells[0, 5:75, 42:75] = True, True
    mask[0, 20:24, [10, 50, 60]] = True
    files = {"input_path": mask * 1000 + np.arange(80, dtype=np.uint16), "mask_path": mask, "cells_path": cells}
    paths = {name: str(images.write(tmp_path / f"{name}.ome.tif", array, (1, 0.1, 0.1))) for name, array in files.items()}
    run(tmp_path, **paths)
    table = pd.read_csv(tmp_path / "out" / "input_path_mask_cells.csv")
    assert table["count"].tolist() == [1, 2]
    assert table["area_um2"].tolist() == pytest.approx([0.04, 0.08])
    record = images.read_record(tmp_path / "out" / "input_path_mask_cells_record.json")
    assert list(record["other_inputs"]) == ["mask", "cells"]
    assert "2 connected pieces" in record["notes"][0]


def test_unknown_workflow_is_refused_in_a_sentence():
    declared = parameters_cell(NOTEBOOK)
    check_parameters(declared, declared)
    with pytest.raises(ValueError, match="there is no workflow 'slc25a71' .did you mean 'slc25a17'"):
        check_parameters(declared | {"workflow": "slc25a71"}, declared)
    with pytest.raises(ValueError, match="there is no workflow 'mine': the ids stand in notebooks/10_lookup_table"):
        check_parameters(declared | {"workflow": "mine"}, declared)


def test_cells_of_another_shape_stop_with_a_sentence(tmp_path):
    labels = str(images.write(tmp_path / "labels.ome.tif", np.ones((20, 30, 30), np.uint16), (0.3, 0.1, 0.1)))
    raw = str(images.write(tmp_path / "raw.ome.tif", phantoms.peroxisomes(shape=(8, 48, 48)).stack.raw, (0.29, 0.108, 0.108)))
    with pytest.raises(
        PapermillExecutionError, match="cell_labels is 20x30x30 voxels, the image raw is 8x48x48: give the labels of this image"
    ):
        run(tmp_path, input_path=raw, cells_path=labels)
    assert not (tmp_path / "out").exists()
