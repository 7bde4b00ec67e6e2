import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from helpers import batch, images, phantoms
from helpers.workflows import WORKFLOWS

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def notebook(tmp_path):
    """A notebook that fails for files whose name says so, and writes one line for the others."""
    code = [
        "from pathlib import Path\ntext = Path(input_path).read_text()\nif 'bad' in text:\n    raise ValueError('this file is bad: mend it')",
        "Path(output_folder, Path(input_path).stem + '_tiny_out.txt').write_text(f'{text} {factor} {len(text)}')",
    ]
    cells = [
        {
            "cell_type": "code",
            "id": "p",
            "metadata": {"tags": ["parameters"]},
            "source": "input_path = ''\noutput_folder = 'results'\nfactor = 2.0",
        }
    ]
    cells += [{"cell_type": "code", "id": f"c{k}", "metadata": {}, "source": text} for k, text in enumerate(code)]
    for cell in cells:
        cell |= {"outputs": [], "execution_count": None}
    path = tmp_path / "tiny.ipynb"
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path.write_text(json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}))
    return path


@pytest.fixture
def files(tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    for name, text in {"a.tif": "one", "b.tif": "bad", "c.tif": "three"}.items():
        (folder / name).write_text(text)
    return folder


def test_failures_are_listed_and_do_not_stop_the_rest(notebook, files, tmp_path, capsys):
    out = tmp_path / "out"
    table = batch.run(notebook, [files], out, {"factor": 3})
    assert table["status"].tolist() == ["done", "failed", "done"]
    assert table["error"][1] == "ValueError: this file is bad: mend it"
    assert (out / "a_tiny_out.txt").read_text() == "one 3 3"
    assert (out / "c_tiny_out.txt").exists()
    assert (out / "a_tiny.ipynb").exists()
    assert (out / "b_tiny_failed.ipynb").exists()
    assert not (out / "b_tiny.ipynb").exists()
    assert "this file is bad" in capsys.readouterr().out
    assert (out / "summary.csv").read_text().count("\n") == 4

    # A second call does only what failed; mended, it succeeds and the failed notebook goes.
    times = {name: (out / name).stat().st_mtime_ns for name in ("a_tiny_out.txt", "c_tiny_out.txt")}
    (files / "b.tif").write_text("two")
    table = batch.run(notebook, [files], out, {"factor": 3})
    assert table["status"].tolist() == ["done before", "done", "done before"]
    assert {name: (out / name).stat().st_mtime_ns for name in times} == times
    assert not (out / "b_tiny_failed.ipynb").exists()

    # Other values, a changed file, a lost result: done again.
    (files / "a.tif").write_text("other")
    (out / "b_tiny_out.txt").unlink()
    assert batch.run(notebook, [files], out, {"factor": 3})["status"].tolist() == ["done", "done", "done before"]
    assert batch.run(notebook, [files / "a.tif"], out, {"factor": 4})["status"].tolist() == ["done"]
    assert [path.name for path in (out / batch.MARKERS).iterdir() if path.suffix == ".ipynb"] == []


def test_summary_keeps_earlier_files(notebook, files, tmp_path):
    out = tmp_path / "out"
    batch.run(notebook, [files / "a.tif"], out, {})
    batch.run(notebook, [files / "c.tif"], out, {})
    summary = (out / "summary.csv").read_text()
    assert summary.count("a.tif") == summary.count("c.tif") == 1


def test_another_spelling_of_a_path_is_the_same_file(notebook, files, tmp_path, monkeypatch):
    out = tmp_path / "out"
    batch.run(notebook, [files / "a.tif"], out, {})
    monkeypatch.chdir(files)
    assert batch.run(notebook, ["../files/a.tif"], out, {})["status"].tolist() == ["done before"]


def test_results_in_the_folder_of_images_are_not_taken_for_images(tmp_path):
    for name in ("cell.tif", "cell_tomm20_mask.ome.tif", "cell_tomm20_overlay.png", ".hidden.tif", "notes.txt"):
        (tmp_path / name).write_text("x")
    assert [path.name for path in images.image_files([tmp_path], batch._is_result)] == ["cell.tif"]


def test_pictures_leave_out_failed_files(tmp_path):
    import pandas as pd

    for name in ("a", "b"):
        (tmp_path / f"{name}_tomm20_overlay.png").write_text("")
    summary = pd.DataFrame({"file": ["/x/a.tif", "/x/b.tif"], "status": ["done", "failed"]})
    assert [path.name for path in batch.pictures(summary, tmp_path, "tomm20")] == ["a_tomm20_overlay.png"]


def test_a_full_disk_is_named_in_words(notebook, files, tmp_path, monkeypatch):
    import papermill

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(papermill, "execute_notebook", full)
    table = batch.run(notebook, [files / "a.tif"], tmp_path / "out", {})
    assert "is full: nothing was written there" in table["error"][0]


def test_a_misspelt_workflow(files, tmp_path):
    with pytest.raises(ValueError, match="no workflow 'tom20': did you mean 'tomm20'"):
        batch.run("tom20", [files], tmp_path / "out", {})


def test_an_interrupted_run_goes_on(notebook, files, tmp_path, monkeypatch):
    import papermill

    out, calls = tmp_path / "out", []
    execute = papermill.execute_notebook

    def stop_at_second(*arguments, **settings):
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return execute(*arguments, **settings)

    monkeypatch.setattr(papermill, "execute_notebook", stop_at_second)
    assert batch.main([str(notebook), str(files / "a.tif"), str(files / "c.tif"), "--output-folder", str(out)]) == 130
    assert batch.main([str(notebook), str(files / "a.tif"), str(files / "c.tif"), "--output-folder", str(out)]) == 0
    assert len(calls) == 3, "the first file was not run again"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["-p", "facto", "3"], "unknown parameter 'facto' .did you mean 'factor'"),
        (["-p", "factor", "abc"], "factor must be a number, got 'abc'"),
        (["-p", "input_path", "x"], "input_path is set for each file"),
    ],
)
def test_parameters_are_checked_before_the_first_run(notebook, files, tmp_path, capsys, arguments, sentence):
    import re

    assert batch.main([str(notebook), str(files), "--output-folder", str(tmp_path / "out"), *arguments]) == 2
    assert re.search(sentence, capsys.readouterr().err)
    assert not (tmp_path / "out").exists()


def test_a_workflow_without_a_notebook_is_named(files, tmp_path, monkeypatch):
    monkeypatch.setattr(batch, "NOTEBOOKS", tmp_path)
    with pytest.raises(ValueError, match=r"the notebook of tomm20 is not where .* give the path of tomm20.ipynb"):
        batch.run("tomm20", [files], tmp_path / "out", {})
    assert not (tmp_path / "out").exists()


def test_a_variant_runs_its_notebook_with_its_own_values(tmp_path):
    stack, _ = phantoms.endoplasmic_reticulum(seed=1, shape=(8, 64, 64))
    path = images.write(tmp_path / "er.ome.tif", stack.raw, stack.voxel_size)
    table = batch.run("sec61b_dual", [path], tmp_path / "out", {"minimum_size": 11})
    assert table["status"].tolist() == ["done"]
    mask = images.read(tmp_path / "out" / "er_sec61b_mask.ome.tif").raw > 0
    np.testing.assert_array_equal(mask, WORKFLOWS["sec61b_dual"](stack.raw, minimum_size=11))
    assert (mask != WORKFLOWS["sec61b"](stack.raw, minimum_size=11)).any()


def test_files_that_would_overwrite_one_another_are_refused(notebook, files, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.tif").write_text("x")
    with pytest.raises(ValueError, match="would both be saved as a"):
        batch.run(notebook, [files / "a.tif", other / "a.tif"], tmp_path / "out", {})


@pytest.mark.parametrize(("given", "sentence"), [("missing.tif", "does not exist"), ("empty", "no image file")])
def test_missing_files_and_empty_folders(notebook, tmp_path, given, sentence):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=sentence):
        batch.run(notebook, [tmp_path / given], tmp_path / "out", {})


def test_output_folder_beneath_a_file(notebook, files, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="cannot be made"):
        batch.run(notebook, [files], tmp_path / "file" / "out", {})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.5", 0.5),
        ("3", 3),
        ("[0.1, 0.2]", [0.1, 0.2]),
        ("TOM20", "TOM20"),
        ("true", True),
        ("1e-3", 1e-3),
        ("C:/a b", "C:/a b"),
        ("None of it", "None of it"),
    ],
)
def test_values_of_the_command_line(text, value):
    assert batch._value(text) == value


def test_lookup_table_notebook_over_files_from_the_command_line(tmp_path):
    """The real thing: two stacks and a damaged file through tomm20, as a user calls it."""
    folder = tmp_path / "stacks"
    folder.mkdir()
    for seed in (0, 1):
        stack, _ = phantoms.mitochondria(seed=seed, shape=(5, 64, 64))
        images.write(folder / f"cell_{seed}.ome.tif", stack.raw, stack.voxel_size)
    (folder / "damaged.tif").write_bytes((folder / "cell_0.ome.tif").read_bytes()[:2000])
    command = [
        sys.executable,
        "-m",
        "helpers.batch",
        "tomm20",
        str(folder),
        "--output-folder",
        str(tmp_path / "out"),
        "-p",
        "filament_cutoffs",
        "[0.1]",
    ]
    result = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=300)
    assert result.returncode == 1, result.stderr
    assert "2 done, 1 failed" in result.stdout
    record = json.loads((tmp_path / "out" / "cell_1_tomm20_record.json").read_text())
    assert record["parameters"]["filament_cutoffs"] == [0.1]
    assert record["quality"]["same_as_workflow"] is True
    assert not list((tmp_path / "out").glob("damaged*mask*"))


@pytest.mark.parametrize(("worked_at", "said"), [([0.29, 0.108, 0.108], "0.29 x 0.108 x 0.108"), ([0.29, 0.2, 0.2], "")])
def test_resampling_is_told_from_the_record(tmp_path, worked_at, said):
    job = batch.Job(tmp_path / "a.tif", "a", Path("tomm20.ipynb"), tmp_path)
    quality = {"objects": 3, "foreground_fraction": 0.1, "warnings": []}
    record = {"quality": quality, "voxel_size_um": [0.29, 0.2, 0.2], "segmented_at_um": worked_at}
    (tmp_path / "a_tomm20_record.json").write_text(json.dumps(record))
    assert batch._quality(job)["resampled"] == said
