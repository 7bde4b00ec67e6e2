"""The notebook that asks whether a plain threshold would do: with truth, with truth of three planes, without, and with what does not fit."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import papermill
import pytest
import tifffile
from papermill.exceptions import PapermillExecutionError

from helpers import images, notebook, phantoms
from helpers.workflows import WORKFLOWS

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "80_evaluation" / "06_thresholds.ipynb"
SIZE = {"voxel_size": [0.29, 0.108, 0.108], "radii": [8]}


def run(tmp_path, **parameters) -> str:
    executed = tmp_path / "executed.ipynb"
    values = {"output_folder": str(tmp_path / "out"), **parameters}
    papermill.execute_notebook(str(NOTEBOOK), str(executed), values, progress_bar=False, cwd=str(tmp_path))
    outputs = [output for cell in json.loads(executed.read_text())["cells"] for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output.get("name") == "stderr"], "no warnings in the notebook"
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 4
    return json.dumps(outputs)


@pytest.fixture(scope="module")
def small():
    """Return raw and truth of a small field of peroxisomes."""
    stack, truth = phantoms.peroxisomes(seed=3, shape=(10, 80, 96))
    return stack.raw, truth


def save(path: Path, array: np.ndarray) -> str:
    tifffile.imwrite(path, array, photometric="minisblack")
    return str(path)


def test_with_truth_by_default(tmp_path):
    text = run(tmp_path, workflow="npm1", radii=[8])
    out = tmp_path / "out"
    scores, record = pd.read_csv(next(out.glob("*_scores.csv"))), images.read_record(next(out.glob("*_record.json")))
    assert len(scores) == 14 + 8
    stack, truth = phantoms.FOR_WORKFLOW["npm1"]()
    near = slice(record["parameters"]["plane"] - 1, record["parameters"]["plane"] + 2)
    true, found = truth[near].any(axis=0), WORKFLOWS["npm1"](stack.raw)[near].any(axis=0)
    ours = 2 * (true & found).sum() / (true.sum() + found.sum())
    assert record["quality"]["dice_of_the_workflow"] == pytest.approx(ours)
    assert record["quality"]["compared_with"] == "truth"
    nearer = int((scores["dice"] > ours).sum())
    assert (f"{nearer} of 22 thresholds come nearer" if nearer else "No threshold comes nearer") in text
    flat = stack.raw[near].max(axis=0).astype(float)
    levels = np.rint((flat - flat.min()) * 255 / np.ptp(flat))
    otsu = scores[(scores["method"] == "Otsu") & (scores["kind"] == "global")].iloc[0]
    assert otsu["foreground"] == pytest.approx((levels > otsu["cutoff"]).mean())
    assert {entry["name"] for entry in record["outputs"]} == {path.name for path in out.iterdir()} - {next(out.glob("*.json")).name}


def test_without_truth_says_that_it_is_circular(tmp_path, small):
    text = run(tmp_path, workflow="slc25a17", input_path=save(tmp_path / "raw.tif", small[0]), **SIZE)
    assert "which is circular" in text
    assert images.read_record(next((tmp_path / "out").glob("*_record.json")))["quality"]["compared_with"] == "workflow"
    planes = pd.read_csv(next((tmp_path / "out").glob("*_planes.csv")))
    assert set(planes["workflow"].dropna()) == {1.0}


def test_truth_of_three_planes_and_a_mask_made_before(tmp_path, small):
    raw, truth = small
    drawn = np.zeros_like(truth)
    drawn[4:7] = truth[4:7]
    paths = {
        "truth_path": save(tmp_path / "truth.tif", drawn.astype(np.uint8)),
        "mask_path": save(tmp_path / "mask.tif", truth.astype(np.uint8)),
    }
    text = run(tmp_path, workflow="slc25a17", input_path=save(tmp_path / "raw.tif", raw), **paths, **SIZE)
    assert "No threshold comes nearer to the truth than the workflow (Dice 1.00)" in text
    assert images.read_record(next((tmp_path / "out").glob("*_record.json")))["parameters"]["plane"] == 5
    assert pd.read_csv(next((tmp_path / "out").glob("*_planes.csv")))["plane"].tolist() == [5]


def test_unknown_workflow_is_refused_and_nothing_left(tmp_path):
    with pytest.raises(PapermillExecutionError, match="there is no workflow 'tom20' .did you mean 'tomm20'"):
        run(tmp_path, workflow="tom20")
    assert not (tmp_path / "out").exists()


def test_mask_of_another_field_is_refused(tmp_path, small):
    stack = images.Stack(small[0], (1, 1, 1), "raw")
    assert notebook.mask_for(stack, "") is None
    assert np.array_equal(notebook.mask_for(stack, save(tmp_path / "same.tif", small[1].astype(np.uint8))), small[1])
    with pytest.raises(ValueError, match=r"truth.tif is \(9, 80, 96\), the image is \(10, 80, 96\)"):
        notebook.mask_for(stack, save(tmp_path / "truth.tif", small[1][1:].astype(np.uint8)))
