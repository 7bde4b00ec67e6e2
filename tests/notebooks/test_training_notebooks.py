"""The notebooks of training learn, apply, choose and go on as they say; here with few steps."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import papermill
import pytest

from helpers import images, learning, phantoms
from helpers.metrics import overlap

FOLDER = Path(__file__).resolve().parents[2] / "notebooks" / "30_training"


def run(name: str, tmp_path: Path, **parameters) -> str:
    """Run a notebook and return all that it shows, pictures as a word."""
    executed = tmp_path / "executed.ipynb"
    values = {"output_folder": str(tmp_path / "out"), **parameters}
    papermill.execute_notebook(str(FOLDER / f"{name}.ipynb"), str(executed), values, progress_bar=False, cwd=str(tmp_path))
    outputs = [output for cell in json.loads(executed.read_text())["cells"] for output in cell.get("outputs", [])]
    texts = ["".join(output.get("text", output.get("data", {}).get("text/plain", ""))) for output in outputs]
    return "\n".join([*texts, *["PICTURE" for output in outputs if "image/png" in output.get("data", {})]])


def rows_of(text: str, first: str) -> pd.DataFrame:
    """Return the table whose first column has this name, by that column."""
    lines = text.splitlines()
    start = next(number for number, line in enumerate(lines) if line.split()[:1] == [first] and len(line.split()) > 2)
    end = next((number for number in range(start, len(lines)) if not lines[number].strip()), len(lines))
    columns = lines[start].split()
    rows = [re.split(r"\s+(?=[0-9.]+(?:\s|$))", line.strip()) for line in lines[start + 1 : end]]
    found = {row[0]: [float(value) for value in row[1:]] for row in rows if len(row) == len(columns)}
    return pd.DataFrame.from_dict(found, orient="index", columns=columns[1:])


def test_a_model_is_trained(tmp_path):
    text = run("01_train", tmp_path, steps=16)
    scores = rows_of(text, "method")
    assert scores["dice"]["my_model"] > 0.7
    assert scores["dice"]["my_model"] > scores["dice"]["Otsu"] + 0.3
    assert text.count("PICTURE") == 4
    model = learning.read_model(tmp_path / "out" / "my_model.pt")
    assert model.architecture == learning.Architecture(width=4, depth=2)
    assert model.about["step"] <= 16
    names = {path.name for path in (tmp_path / "out").iterdir()} - {"example"}
    assert names == {"my_model.pt", "my_model_training.pt", "my_model_record.json", "my_model_curves.png"}


def test_a_table_of_own_images_is_trained_on(tmp_path):
    """A cost map, and the preset's own settings where a value is 0."""
    for seed in (0, 1):
        stack, truth = phantoms.mitochondria(seed, (16, 64, 64))
        learning.write_example(
            tmp_path / "own", f"cell_{seed}", stack.raw, truth, np.arange(64) > 50 * np.ones((16, 64, 1)), stack.voxel_size
        )
    (tmp_path / "table.csv").write_text(
        "raw,truth,cost\n" + "".join(f"own/cell_{seed}.ome.tif,own/cell_{seed}_GT.ome.tif,own/cell_{seed}_CM.ome.tif\n" for seed in (0, 1))
    )
    values = {"steps": 3, "patch": [16, 44, 44], "learning_rate": 0.0, "held_back": ["cell_1"], "model_name": "mine"}
    text = run("01_train", tmp_path, table_path=str(tmp_path / "table.csv"), **values)
    assert "train: cell_0" in text
    assert "held back: cell_1" in text
    record = images.read_record(tmp_path / "out" / "mine_record.json")
    assert record["settings"]["learning_rate"] == learning.PRESETS["two cores"].learning_rate
    assert not (tmp_path / "out" / "example").exists()


def test_a_model_is_applied_and_packed(tmp_path):
    text = run("02_apply", tmp_path, package_authors=["A. Person"])
    dices = [float(value) for value in re.findall(r"Dice ([0-9.]+)", text)]
    assert len(dices) == 2
    assert min(dices) > 0.88
    out = tmp_path / "out"
    assert len(list(out.glob("*_overlay.png"))) == len(list(out.glob("*_record.json"))) == 2
    assert learning.check_bioimageio(out / "mitochondria_bioimageio.zip") < 1e-6
    _, truth = phantoms.mitochondria(50, (24, 192, 192))
    assert overlap(truth, images.read_mask(out / "mitochondria_50_mitochondria_mask.ome.tif")).dice == pytest.approx(dices[0], abs=1e-3)


def test_own_files_that_fail_do_not_stop_the_rest(tmp_path):
    film = [phantoms.mitochondria(seed, (6, 48, 48)).stack.raw for seed in (0, 1)]
    images.write_times(tmp_path / "in" / "film.ome.tif", film, (0.29, 0.108, 0.108))
    (tmp_path / "in" / "broken.tif").write_bytes(b"no image")
    text = run("02_apply", tmp_path, input_paths=[str(tmp_path / "in")], time=[], cutoff=0.4)
    assert "broken.tif failed" in text
    assert images.time_axis(tmp_path / "out" / "film_mitochondria_mask.ome.tif").count == 2
    assert "not known" in text


def test_the_cutoff_that_is_chosen_is_better_where_it_was_not_chosen(tmp_path):
    scores = rows_of(run("03_choose_the_cutoff", tmp_path), "cutoff")
    assert scores["iou"]["chosen"] > scores["iou"]["before"] + 0.02
    model = learning.read_model(tmp_path / "out" / "mitochondria_cutoff.pt")
    assert model.cutoff == scores["value"]["chosen"]
    assert len(model.about["cutoff_chosen_on"]) == 2


def test_a_stopped_training_goes_on_exactly(tmp_path):
    text = run("04_resume", tmp_path, steps=8, stopped_at=6, save_every=4, more_steps=2)
    assert "the same to the last bit" in text
    assert "the last checkpoint is of step 4" in text
    assert images.read_record(tmp_path / "out" / "resume_record.json")["same_weights"] is True
    models = [learning.read_model(tmp_path / "out" / name / "model.pt") for name in ("whole", "taught")]
    assert models[1].about["started_from"] == "model"


def test_combined_models_are_scored(tmp_path):
    text = run("05_combine_models", tmp_path, steps=4)
    scores = rows_of(text, "image")
    assert list(scores.columns) == ["mitochondria", "blurred", "chosen", "merged", "mean", "vote"]
    assert (scores["chosen"].iloc[0], scores["merged"].iloc[0]) == (scores["mitochondria"].iloc[0],) * 2
    assert scores["chosen"].iloc[1] == scores["blurred"].iloc[1]
    assert len(list((tmp_path / "out").glob("combined_*_vote.ome.tif"))) == 3
    record = images.read_record(tmp_path / "out" / "combined_record.json")
    assert record["models"]["mitochondria"] == images.checksum(learning.EXAMPLE_MODEL)
