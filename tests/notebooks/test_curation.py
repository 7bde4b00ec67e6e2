"""The notebooks of curation do on recorded decisions what a person does, and refuse in one sentence what they cannot."""

import csv
import json
from pathlib import Path

import numpy as np
import pandas as pd
import papermill
import pytest
from papermill.exceptions import PapermillExecutionError

from helpers import images

FOLDER = Path(__file__).resolve().parents[2] / "notebooks" / "20_curation"


def run(name: str, tmp_path: Path, **parameters) -> list[dict]:
    """Run a notebook and return all outputs of its cells."""
    executed = tmp_path / "executed.ipynb"
    values = {"output_folder": str(tmp_path / "out"), **parameters}
    papermill.execute_notebook(str(FOLDER / f"{name}.ipynb"), str(executed), values, progress_bar=False, cwd=str(tmp_path))
    return [output for cell in json.loads(executed.read_text())["cells"] for output in cell.get("outputs", [])]


def table_of(outputs: list[dict], column: str) -> str:
    """Return the text of the table that has a column."""
    texts = ["".join(output.get("data", {}).get("text/plain", [])) for output in outputs]
    return next(text for text in texts if text and column in text.splitlines()[0].split())


def pictures_of(outputs: list[dict]) -> int:
    return sum("image/png" in output.get("data", {}) for output in outputs)


def rows_of(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()[1:]]


def test_sorting_keeps_the_better_ones(tmp_path):
    outputs = run("01_sort", tmp_path)
    assert pictures_of(outputs) == 1
    scores = {word: float(mean) for word, _, mean in rows_of(table_of(outputs, "mean"))}
    assert scores["accept"] > scores["reject"] + 0.1
    with open(tmp_path / "out" / "sorted.csv", newline="", encoding="utf-8-sig") as file:
        words = [row["decision"] for row in csv.DictReader(file)]
    assert sorted(words) == ["accept", "accept", "reject", "reject"]
    record = images.read_record(tmp_path / "out" / "sorted_record.json")
    assert record["decisions"] == {"accept": 2, "reject": 2}


def test_merged_is_better_than_either(tmp_path):
    outputs = run("02_merge", tmp_path)
    assert pictures_of(outputs) == 3
    rows = [[float(score) for score in row[1:]] for row in rows_of(table_of(outputs, "merged"))]
    assert len(rows) == 4
    assert all(merged > max(inside, outside) for inside, outside, merged in rows)
    assert len(list((tmp_path / "out").glob("*_merged_record.json"))) == 4


def test_corrected_is_nearly_right(tmp_path):
    outputs = run("03_correct_labels", tmp_path)
    assert pictures_of(outputs) == 2
    rows = [[float(score) for score in row[1:]] for row in rows_of(table_of(outputs, "before"))]
    assert all(after > 0.9 and after > before + 0.15 for before, after in rows)
    assert pd.read_csv(tmp_path / "out" / "work.csv")["edits"].tolist() == [6, 9, 15, 6]


def test_scores_and_agreement(tmp_path):
    outputs = run("04_score", tmp_path)
    assert pictures_of(outputs) == 1
    found = pd.read_csv(tmp_path / "out" / "scores_agreement.csv")
    disputed = pd.read_csv(tmp_path / "out" / "scores_disputed.csv")
    assert found["items"][0] * (1 - found["observed"][0]) == pytest.approx(len(disputed))
    assert 0.6 < found["kappa"][0] < 0.95
    shares = pd.read_csv(tmp_path / "out" / "scores_percentages.csv").set_index(["who", "level"])
    assert shares.loc[("AB", "cell"), "fine"] > shares.loc[("CD", "cell"), "fine"]


@pytest.mark.parametrize(
    ("name", "parameters", "sentence"),
    [
        ("02_merge", {"inside_folder": "found", "outside_folder": "found", "input_folder": "other"}, "none can be shown; the first, a: .*do not belong together"),
        ("03_correct_labels", {"found_folder": "found", "input_folder": "images", "edit_folder": "edits"}, "edit 2: there is no object 7"),
    ],
    ids=["shape", "edit"],
)  # fmt: skip
def test_notebooks_refuse_in_one_sentence(tmp_path, name, parameters, sentence):
    labels = np.zeros((20, 20), np.uint16)
    labels[2:6, 2:6] = 3
    for folder, array in (("found", labels), ("images", labels * 90), ("other", labels[:-1])):
        images.write(tmp_path / folder / "a.tif", array, (1, 0.5, 0.5))
    (tmp_path / "edits").mkdir()
    edits = [{"do": "delete", "ids": [3]}, {"do": "delete", "ids": [7]}]
    (tmp_path / "edits" / "a.json").write_text(json.dumps({"edits_version": 1, "edits": edits}))
    with pytest.raises(PapermillExecutionError, match=sentence):
        run(name, tmp_path, **{key: str(tmp_path / value) for key, value in parameters.items()})
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())
