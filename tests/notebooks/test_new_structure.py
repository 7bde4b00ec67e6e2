"""The notebook that composes a workflow: what it leaves, that choices count, and that it says no in one sentence."""

import re
import shlex
import sys

import numpy as np
import pandas as pd
import pytest
import tifffile
from papermill.exceptions import PapermillExecutionError
from test_runs import ROOT, START, pictures_of, run, text_of

from helpers import images, phantoms
from helpers.workflows import WORKFLOWS

sys.path.insert(0, str(ROOT / "tools"))
import new  # noqa: E402

NOTEBOOK = START / "05_a_new_structure.ipynb"


def test_composed_lysosomes_are_those_of_the_workflow_and_can_be_made_one(tmp_path):
    cells = run(NOTEBOOK, tmp_path)
    assert pictures_of(cells) == 9
    out = tmp_path / "out"
    stem = "lysosomes_0_composed"
    mask = tifffile.imread(out / f"{stem}_mask.ome.tif") > 0
    np.testing.assert_array_equal(mask, WORKFLOWS["lamp1"](phantoms.lysosomes().stack.raw))
    assert float(re.search(r"Dice with the truth ([0-9.]+)", text_of(cells)).group(1)) >= 0.8
    swaps = pd.read_csv(out / f"{stem}_swaps.csv").set_index(["step", "alternative"])
    chosen = swaps.loc[("core", "spots by plane + filaments by plane"), "dice"]
    assert chosen > swaps.loc[("core", ["spots by plane", "filaments by plane"]), "dice"].max() + 0.01
    assert chosen > swaps.loc[("filling", "none"), "dice"] + 0.01
    record = images.read_record(out / f"{stem}_record.json")
    assert {entry["name"] for entry in record["outputs"]} == {path.name for path in out.iterdir()} - {f"{stem}_record.json"}
    # The line that it prints to be typed next
    printed = "".join("".join(output.get("text", "")) for cell in cells for output in cell.get("outputs", []))
    name, source, values, size = shlex.split(re.search(r"^make new (.+)$", printed, re.M).group(1))
    assert (name, source, size) == ("NAME=my_structure", "FROM=lamp1", "VOXEL_SIZE=0.29 0.108 0.108")
    assert new.read_values(values.removeprefix("VALUES="), WORKFLOWS["lamp1"]) == dict(WORKFLOWS["lamp1"].published)
    assert new.read_values(str(out / f"{stem}_choices.yaml"), WORKFLOWS["lamp1"])["core"] == ["spots by plane", "filaments by plane"]


def test_a_single_plane_and_a_crop(tmp_path):
    raw = phantoms.lysosomes(shape=(1, 128, 128)).stack.raw
    tifffile.imwrite(tmp_path / "flat.tif", raw[0], photometric="minisblack")
    cells = run(NOTEBOOK, tmp_path, input_path=str(tmp_path / "flat.tif"), voxel_size=[1.0, 0.1, 0.1], crop=[0, 1, 0, 100, 10, 128])
    assert pictures_of(cells) == 9
    assert "needs at least 3" in text_of(cells)
    assert tifffile.imread(tmp_path / "out" / "flat_composed_mask.ome.tif").shape[-2:] == (128, 128)


def test_refuses_in_one_sentence_and_leaves_nothing(tmp_path):
    with pytest.raises(PapermillExecutionError, match="the crop must lie in the image: z from 0 to 99"):
        run(NOTEBOOK, tmp_path, crop=[0, 99, 0, 9, 0, 9])
    assert not (tmp_path / "out").exists()
