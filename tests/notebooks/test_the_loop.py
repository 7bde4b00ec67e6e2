"""The loop on a few fields, from the classic workflow to the second model: what it leaves, what it records, and that a second run takes it up."""

import json
import shutil

import pandas as pd
import papermill
import pytest
from papermill.exceptions import PapermillExecutionError
from test_runs import ROOT, pictures_of, run

from helpers import curation, images, learning, loop, phantoms

NOTEBOOK = ROOT / "notebooks" / "20_curation" / "05_the_loop.ipynb"
SMALL = {"fields": 6, "held_out": 2, "merged_fields": 2, "steps": 6, "steps_again": 3, "width": 4}


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """The executed cells and the output folder. A few steps make no model that a person would merge with: what is drawn is given."""
    folder = tmp_path_factory.mktemp("loop")
    fields = phantoms.write_piled_fields(folder / "out" / "fields", phantoms.TRAINING[: SMALL["fields"]])
    known = curation.queue(fields / "truth", fields / "images")
    phantoms.write_lamina_regions(fields, known, folder / "drawn", count=SMALL["merged_fields"])
    cells = run(NOTEBOOK, folder, region_folder=str(folder / "drawn"), **SMALL)
    return cells, folder / "out"


def test_everything_that_was_promised_is_there(done):
    cells, out = done
    assert pictures_of(cells) >= 3
    table = pd.read_csv(out / "loop_images.csv")
    assert table.groupby("method", sort=False).size().to_dict() == {"classic workflow": 2, "model 1": 2, "model 2": 2}
    truth = table.groupby("method")[["interphase", "dividing"]].sum()
    assert (truth == truth.iloc[0]).all(axis=None)
    assert (table["interphase_found"] <= table["interphase"]).all()
    for method, part in table.groupby("method"):  # right means: none missing
        assert (part["right"] == (part["interphase_found"] == part["interphase"])).all(), method


def test_dividing_cells_and_nuclei_off_the_middle_are_missed_by_the_classic_workflow(done):
    table = pd.read_csv(done[1] / "loop_images.csv")
    classic = table[table["method"] == "classic workflow"]
    assert classic["interphase_found"].sum() < classic["interphase"].sum()
    assert classic["dividing_found"].sum() == 0


def test_only_what_was_accepted_is_trained_on(done):
    out = done[1]
    sheet = pd.read_csv(out / "sorted.csv")
    accepted = sheet.loc[sheet["decision"] == "accept", "image"]
    assert 0 < len(accepted) < 6
    trained_on = {path.name.removesuffix("_GT.ome.tif") for path in (out / "training_1").glob("*_GT.ome.tif")}
    assert trained_on == {name.removesuffix("_lmnb1_interphase") for name in accepted}
    held_out = {path.name.removesuffix(".ome.tif") for path in (out / "judged" / "images").iterdir()}
    assert not trained_on & held_out


def test_the_models_say_where_they_come_from(done):
    out = done[1]
    second = learning.read_model(out / "model_2" / "model_2.pt")
    assert second.about["started_from"] == "model_1"
    assert second.about["truth"] == "merged"
    rounds = learning.read_iterations(out / "training_2")
    assert rounds.loc[0, ["iteration", "how"]].tolist() == [2, "merged"]
    assert rounds.loc[0, "model"].endswith("model_1.pt")
    assert rounds.loc[0, "minutes"] == pytest.approx(second.about["minutes_of_a_person"], abs=0.01)
    assert rounds.loc[0, "minutes"] > 0


def test_a_second_run_makes_nothing_twice(done):
    out = done[1]
    watched = [out / "model_1" / "model_1_training.pt", *sorted((out / "classic").iterdir()), *sorted((out / "last_model_2").iterdir())]
    before = {path: path.stat().st_mtime_ns for path in watched}
    papermill.execute_notebook(
        str(NOTEBOOK),
        str(out.parent / "again.ipynb"),
        {**SMALL, "output_folder": str(out), "region_folder": str(out.parent / "drawn")},
        progress_bar=False,
        cwd=str(out.parent),
    )
    assert {path: path.stat().st_mtime_ns for path in watched} == before


def test_own_images_without_decisions_are_refused_in_one_sentence(done, tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    shutil.copy(done[1] / "fields" / "images" / "piled_lamina_100.ome.tif", own)
    with pytest.raises(PapermillExecutionError, match=r"accepts none of its 1 results \(0 are decided\)"):
        run(NOTEBOOK, tmp_path, input_folder=str(own), **SMALL)


def test_records_stand_beside_what_was_found(done):
    used = loop.weights_checksum(learning.read_model(done[1] / "model_1" / "model_1.pt"))
    paths = sorted((done[1] / "by_model_1").glob("*_labels.ome.tif"))
    assert len(paths) == SMALL["merged_fields"]
    for path in paths:
        record = images.read_record(path.with_name(path.name.replace("_labels.ome.tif", "_record.json")))
        assert record["parameters"]["weights_sha256"] == used
    assert json.loads((done[1] / "training_2" / "iterations.json").read_text())["iterations_version"] == 1
