"""The notebooks about truth and found: what they report of known errors, of real nuclei, and of folders that do not fit."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import papermill
import pytest
from papermill.exceptions import PapermillExecutionError
from PIL import Image

from helpers import images, phantoms

FOLDER = Path(__file__).resolve().parents[2] / "notebooks" / "80_evaluation"
OBJECTS, REPORT = FOLDER / "02_objects_and_errors.ipynb", FOLDER / "04_many_images.ipynb"


def run(path, tmp_path, **parameters):
    executed = tmp_path / "executed.ipynb"
    values = {"output_folder": str(tmp_path / "out"), **parameters}
    papermill.execute_notebook(str(path), str(executed), values, progress_bar=False, cwd=str(tmp_path))
    outputs = [output for cell in json.loads(executed.read_text())["cells"] for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output.get("name") == "stderr"], "no warnings in the notebook"
    return outputs


def write(folder, **arrays):
    folder.mkdir(parents=True)
    for name, array in arrays.items():
        Image.fromarray(array).save(folder / f"{name}.png")
    return str(folder)


@pytest.fixture
def small(tmp_path):
    """Return labels of one image and folders of truth and found."""
    truth = phantoms.nuclei_2d(seed=1, shape=(96, 96), nuclei=8)[1].astype(np.uint8)
    return truth, tmp_path / "truth", tmp_path / "found"


def test_objects_by_default_reports_exactly_the_errors_made(tmp_path):
    outputs = run(OBJECTS, tmp_path)
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 2
    out = tmp_path / "out"
    made = pd.read_csv(out / "example" / "errors.csv").query("method == 'joins_neighbours'")["kind"].replace("tight", "outline")
    listed = pd.read_csv(out / "errors_list.csv")
    assert listed["kind"].value_counts().to_dict() == made.value_counts().to_dict()
    record = images.read_record(out / "errors_record.json")
    assert len(record["outputs"]) == 5
    assert record["parameters"]["object_threshold"] == 700


def test_objects_without_an_error_and_with_a_missing_partner(tmp_path, small):
    truth, truths, found = small
    outputs = run(OBJECTS, tmp_path, truth_folder=write(truths, a=truth, b=truth), found_folder=write(found, a=truth, c=truth))
    text = json.dumps(outputs)
    assert "found has 1 file less than truth: b" in text
    assert "found has 1 file without truth: c" in text
    assert pd.read_csv(tmp_path / "out" / "errors_by_image.csv")["all"].tolist() == [0]


def test_report_by_default(tmp_path):
    outputs = run(REPORT, tmp_path)
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 3
    out = tmp_path / "out"
    summary = pd.read_csv(out / "evaluation_summary.csv")
    assert set(summary["method"]) == {"joins_neighbours", "loses_small_ones", "second annotator"}
    shares = pd.read_csv(out / "evaluation_shares.csv").set_index(["method", "size_class", "kind"])["share"]
    assert shares["loses_small_ones", "tiny", "missed"] > 0.15 > shares["loses_small_ones", "large", "missed"]
    assert shares["joins_neighbours", "normal", "merged"] > 0.15
    page = (out / "evaluation_report.html").read_text()
    assert page.count("data:image/png;base64") == 3
    record = images.read_record(out / "evaluation_record.json")
    assert list(record["inputs"]) == ["truth", "found", "second annotator"]
    assert {each["name"] for each in record["outputs"]} == {path.name for path in out.glob("evaluation_*")} - {"evaluation_record.json"}


@pytest.mark.parametrize(
    ("path", "spoil", "sentence"),
    [
        (OBJECTS, lambda labels: {"a": ((labels > 0) * 255).astype(np.uint8)}, "a.png holds 0 and 255 only, a mask.*components"),
        (OBJECTS, lambda labels: {"a": labels[:50]}, "a: truth and found must have the same shape"),
        (REPORT, lambda labels: {"a": labels[:50]}, "found, a: truth and found must have the same shape"),
        (REPORT, lambda labels: {"z": labels}, "no image is in all folders"),
    ],
    ids=["mask", "shape in the list", "shape in the report", "no partner"],
)
def test_what_does_not_fit_stops_with_one_sentence(tmp_path, small, path, spoil, sentence):
    truth, truths, found = small
    folders = {"truth_folder": write(truths, a=truth), "found_folder": write(found, **spoil(truth))}
    with pytest.raises(PapermillExecutionError, match=sentence):
        run(path, tmp_path, **folders)
    assert not (tmp_path / "out").exists()


def test_misspelt_parameter_stops_the_report(tmp_path):
    with pytest.raises(PapermillExecutionError, match="did you mean 'object_threshold'"):
        run(REPORT, tmp_path, object_treshold=500)


@pytest.mark.real_data
def test_report_of_real_nuclei_finds_the_method_that_is_truth(shared, tmp_path):
    labels = images.LabelFolder(shared / "data" / "dsb2018_stage1" / "labels")
    names = list(labels)[::30]
    truth = {name: labels[name].astype(np.uint16) for name in names}
    bad = {name: phantoms.damage(image, 0, missed=2, merged=2).found.astype(np.uint16) for name, image in truth.items()}
    folders = {"truth_folder": write(tmp_path / "truth", **truth), "found_folder": str(tmp_path / "found")}
    write(tmp_path / "found" / "itself", **truth)
    write(tmp_path / "found" / "damaged", **bad)
    run(REPORT, tmp_path, **folders, image_folder=str(shared / "data" / "dsb2018_stage1" / "images"))
    summary = pd.read_csv(tmp_path / "out" / "evaluation_summary.csv").set_index("method")["f1"]
    assert (summary["itself"] == 1).all()
    assert (summary["damaged"] < 1).all()
