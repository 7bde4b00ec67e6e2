import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from helpers import images, notebook, phantoms
from helpers.parameters import INPUTS
from helpers.workflows import WORKFLOWS


def values(**changes):
    return {**INPUTS, **WORKFLOWS["tomm20"].published, **changes}


@pytest.fixture(scope="module")
def small():
    return phantoms.mitochondria(seed=3, shape=(6, 64, 64))


def started(tmp_path, **changes):
    return notebook.check("tomm20", values(output_folder=str(tmp_path / "out"), **changes))


def test_parameters_given_by_papermill_are_seen(monkeypatch):
    """An unknown name in the cell that papermill injects is found, one in a scratch cell is not; an older parameters cell no longer counts."""
    defaults = "\n".join(f"{name} = {value!r}" for name, value in values().items())
    monkeypatch.setattr(notebook, "cells_run", lambda: [defaults + "\nmisspelt = 1", defaults, "scratch = 3"])
    notebook.check("tomm20", values(scratch=3))
    monkeypatch.setattr(notebook, "cells_run", lambda: [defaults, "# Parameters\nfilament_sigma = [1.0]\n"])
    with pytest.raises(TypeError, match="unknown parameter 'filament_sigma'"):
        notebook.check("tomm20", values(filament_sigma=[1.0]))


def test_a_notebook_takes_only_the_parameters_of_its_own_cell(monkeypatch):
    """01 has one knob of the workflow: the others would be recorded, but not used."""
    cells = ["input_path = ''\noutput_folder = 'results'\nfilament_cutoffs = [0.16]", "# Parameters\nsmoothing_sigma = 3\n"]
    monkeypatch.setattr(notebook, "cells_run", lambda: cells)
    namespace = {"input_path": "", "output_folder": "results", "filament_cutoffs": [0.16], "smoothing_sigma": 3}
    with pytest.raises(TypeError, match="unknown parameter 'smoothing_sigma'"):
        notebook.check("tomm20", namespace)


def test_a_scratch_cell_is_not_taken_for_the_parameters_cell(monkeypatch):
    """Another output folder set by hand: the record still holds the values in force, not the published ones."""
    defaults = "\n".join(f"{name} = {value!r}" for name, value in values().items())
    monkeypatch.setattr(notebook, "cells_run", lambda: [defaults, "output_folder = 'other'"])
    run = notebook.check("tomm20", values(minimum_size=25, output_folder="other"))
    assert run.parameters()["minimum_size"] == 25
    assert run.parameters()["output_folder"] == "other"


def test_notebooks_without_a_workflow_are_checked_by_their_own_cell(monkeypatch):
    cells = ["input_folder = ''\noutput_folder = 'results'\ncount = 3", "# Parameters\ncount = 'many'\n"]
    monkeypatch.setattr(notebook, "cells_run", lambda: cells)
    with pytest.raises(TypeError, match="count must be a whole number, got 'many'"):
        notebook.check(namespace={"input_folder": "", "output_folder": "results", "count": "many"})


def test_verdict_compares_with_the_truth(tmp_path, small):
    stack, truth = small
    run = started(tmp_path)
    assert ("Dice with the truth (1 = identical)", "1.000") in run.verdict(stack, truth, truth).rows
    assert ("Dice with the truth (1 = identical)", "0.000") in run.verdict(stack, ~truth, truth).rows
    nothing = run.verdict(stack, np.zeros_like(truth))
    assert nothing.warnings
    assert nothing.warnings[0] in str(nothing)
    named = images.Stack(stack.raw, stack.voxel_size, stack.name, notes=("<script>",))  # names of files come from outside
    assert "&lt;script&gt;" in run.verdict(named, truth)._repr_html_()
    assert "<script>" not in run.verdict(named, truth)._repr_html_()


def test_save_leaves_four_files_that_belong_together(tmp_path, small):
    stack, _ = small
    run = started(tmp_path, filament_cutoffs=[0.1])
    mask = WORKFLOWS["tomm20"](stack.raw, filament_cutoffs=[0.1])
    saved = run.save(stack, mask)
    folder = tmp_path / "out"
    names = [f"{stack.name}_tomm20_{end}" for end in ("mask.ome.tif", "overlay.png", "objects.csv", "record.json")]
    assert sorted(path.name for path in folder.iterdir()) == sorted(names)
    assert [path for _, path in saved.rows] == [str(folder / name) for name in names]
    back = images.read(folder / names[0])
    assert np.array_equal(back.raw == 255, mask)
    assert set(np.unique(back.raw)) == {0, 255}
    assert back.voxel_size == pytest.approx(stack.voxel_size)
    assert run.verdict(stack, mask).rows[0][1].startswith(f"{len(pd.read_csv(folder / names[2]))}, of which")
    record = json.loads((folder / names[3]).read_text())
    assert record["workflow"] == "tomm20"
    assert record["parameters"]["filament_cutoffs"] == [0.1]
    assert record["quality"]["same_as_workflow"] is True


def test_record_admits_a_mask_that_was_made_otherwise(tmp_path, small):
    stack, truth = small
    started(tmp_path).save(stack, truth)
    record = json.loads((tmp_path / "out" / f"{stack.name}_tomm20_record.json").read_text())
    assert record["quality"]["same_as_workflow"] is False
    assert any("changed by hand" in warning for warning in record["quality"]["warnings"])


def test_record_holds_the_values_in_force_when_saving(tmp_path, small):
    stack, _ = small
    namespace = values(output_folder=str(tmp_path / "out"))
    run = notebook.check("tomm20", namespace)
    namespace["minimum_size"] = 25
    run.save(stack, WORKFLOWS["tomm20"](stack.raw, minimum_size=25))
    record = json.loads((tmp_path / "out" / f"{stack.name}_tomm20_record.json").read_text())
    assert record["parameters"]["minimum_size"] == 25
    assert record["quality"]["same_as_workflow"] is True


def test_output_folder_beneath_a_file_is_refused(tmp_path, small):
    """Before anything is computed, and again when it is to be saved."""
    stack, truth = small
    (tmp_path / "file").write_text("x")
    namespace = values(output_folder=str(tmp_path / "out"))
    run = notebook.check("tomm20", namespace)
    namespace["output_folder"] = str(tmp_path / "file" / "out")
    for attempt in (lambda: notebook.check("tomm20", namespace), lambda: run.save(stack, truth)):
        with pytest.raises(OSError, match="cannot be an output folder: .*file is a file"):
            attempt()


def test_empty_output_folder_is_refused():
    with pytest.raises(ValueError, match="output_folder is empty"):
        notebook.check("tomm20", values(output_folder=" "))


def test_home_folder_is_understood(tmp_path, small, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    stack, _ = small
    saved = notebook.check("tomm20", values(output_folder="~/out")).save(stack, WORKFLOWS["tomm20"](stack.raw))
    assert all(Path(path).parent == tmp_path / "out" and Path(path).exists() for _, path in saved.rows)
    assert not (tmp_path / "~").exists()


def test_results_of_another_input_are_not_overwritten(tmp_path, small):
    """Same stem from another folder, or another scene of the same file: good results stay, and the sentence says whose they are."""
    stack, _ = small
    paths = [tmp_path / folder / "cell.ome.tif" for folder in "ab"]
    for number, path in enumerate(paths):
        images.write(path, stack.raw + np.uint16(number), stack.voxel_size)
    first, second = (images.read(path) for path in paths)
    namespace = values(output_folder=str(tmp_path / "out"))
    run = notebook.check("tomm20", namespace)
    run.save(first, WORKFLOWS["tomm20"](first.raw))
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    with pytest.raises(FileExistsError, match=r"holds the results of .*a.cell\.ome\.tif under the same names: choose another"):
        run.save(second, WORKFLOWS["tomm20"](second.raw))
    namespace["scene"] = 1
    with pytest.raises(FileExistsError, match="holds the results of scene 0"):
        run.save(first, WORKFLOWS["tomm20"](first.raw))
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before
    namespace |= {"scene": 0, "channel": 0}
    run.save(first, WORKFLOWS["tomm20"](first.raw))


def test_fragments_of_shells_are_flagged(tmp_path):
    stack, truth = phantoms.nuclear_lamina(seed=1, shape=(20, 160, 160))
    run = notebook.check("lmnb1_interphase", {**INPUTS, **WORKFLOWS["lmnb1_interphase"].published, "output_folder": str(tmp_path)})
    assert not any("fragments" in warning for warning in run.verdict(stack, truth).warnings)
    shattered = truth.copy()
    shattered[0, ::8, ::8] = True
    assert any("fragments" in warning for warning in run.verdict(stack, shattered).warnings)


def test_what_looked_odd_when_it_was_read_is_shown_with_the_result(tmp_path, small):
    stack, truth = small
    odd = images.Stack(stack.raw, stack.voxel_size, stack.name, stack.source, notes=("planes may be channels",))
    assert "planes may be channels" in started(tmp_path).verdict(odd, truth).warnings


def test_a_failed_save_leaves_the_earlier_result(tmp_path, small, monkeypatch):
    stack, truth = small
    run = started(tmp_path)
    run.save(stack, WORKFLOWS["tomm20"](stack.raw))
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(images, "write_record", full)
    with pytest.raises(OSError, match="(?i)full|space"):
        run.save(stack, truth)
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_a_file_size_limit_leaves_nothing_half_written(tmp_path):
    """As on a full disk: writing fails in the middle of the mask."""
    script = f"""
import resource, sys
from helpers import notebook, phantoms
from helpers.parameters import INPUTS
from helpers.workflows import WORKFLOWS
import numpy as np, signal
stack, truth = phantoms.mitochondria(shape=(6, 64, 64))
run = notebook.check("tomm20", {{**INPUTS, **WORKFLOWS["tomm20"].published, "output_folder": {str(tmp_path / "out")!r}}})
mask = np.random.default_rng(0).random(stack.raw.shape) > 0.5
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
run.save(stack, mask)
"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, env=_environment())
    assert result.returncode != 0
    assert result.stderr.strip().splitlines()[-1].startswith("OSError"), result.stderr
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == []


def _environment():
    import os

    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}


def test_parameters_cell_of_an_evaluation_is_known(monkeypatch):
    """It takes folders of label images, and no input_path."""
    cell = 'truth_folder = ""\nfound_folder = ""\noutput_folder = "results"\nthreshold = 500'
    folders = {"truth_folder": "", "found_folder": "", "output_folder": "results"}
    monkeypatch.setattr(notebook, "cells_run", lambda: [cell, "# Parameters\nthreshhold = 600\n"])
    with pytest.raises(TypeError, match="unknown parameter 'threshhold' .did you mean 'threshold'"):
        notebook.check("", {**folders, "threshold": 500, "threshhold": 600})
    monkeypatch.setattr(notebook, "cells_run", lambda: [cell, 'output_folder = "elsewhere"'])
    assert notebook.check("", {**folders, "threshold": 700, "scratch": 1}).parameters() == {**folders, "threshold": 700}
