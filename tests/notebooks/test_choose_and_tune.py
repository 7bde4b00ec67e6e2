"""From an image to the workflow that suits it, and from a partial truth to better values."""

import numpy as np
import pandas as pd
import pytest
from papermill.exceptions import PapermillExecutionError
from test_runs import START, pictures_of, run, text_of

from helpers import batch, images, phantoms
from helpers.parameters import INPUTS, check_parameters
from helpers.workflows import WORKFLOWS


def test_which_workflow_suggests_tubules_for_mitochondria(tmp_path):
    cells = run(START / "03_which_workflow.ipynb", tmp_path, crop_size=[12, 128, 300])
    assert pictures_of(cells) == 2
    assert "was cut to 12 x 128 x 256" in text_of(cells)
    out = tmp_path / "out"
    table = pd.read_csv(out / "mitochondria_0_which_workflow.csv")
    assert len(table) == 45
    assert "tubules" in table.drop_duplicates("look")["look"].tolist()[:3]
    assert {"id", "look", "fraction_found", "pieces", "score"} <= set(table.columns)
    record = images.read_record(out / "mitochondria_0_which_workflow_record.json")
    assert {output["name"] for output in record["outputs"]} == {"mitochondria_0_which_workflow.csv", "mitochondria_0_which_workflow.png"}
    assert set(record["properties"]) == {"roundness", "coarse_roundness", "scale_um", "fill"}


def test_tune_notebook_finds_better_values_and_files_that_are_read_back(tmp_path):
    cells = run(START / "04_tune_for_your_data.ipynb", tmp_path, evaluations=40)
    assert pictures_of(cells) == 4
    out = tmp_path / "out"
    record = images.read_record(out / "debris_11_tomm20_tuned_record.json")
    before, after = record["result"]["held_out"]
    assert record["result"]["kept"]
    assert after > before + 0.2, "0.32 with 80 evaluations"
    values = batch._from_yaml(str(out / "debris_11_tomm20_tuned.yaml"))
    check_parameters(values, {**INPUTS, **WORKFLOWS["tomm20"].published}, "tomm20")
    assert list(values) == list(WORKFLOWS["tomm20"].published)
    example = out / "example"
    raw, truth = images.read(example / "debris_11.ome.tif").raw, images.read_mask(example / "debris_11_truth.ome.tif")
    found = WORKFLOWS["tomm20"](raw, **values)[[9, 17]]
    scores = [2 * (t & f).sum() / (t.sum() + f.sum()) for t, f in [(truth[[9, 17]], found)]]
    assert after == pytest.approx(scores[0], abs=0.002)


@pytest.mark.parametrize(
    ("name", "parameters", "sentence"),
    [
        ("03_which_workflow", {"crop_centre": [0, 0, 9999]}, "centre of the crop in columns"),
        ("04_tune_for_your_data", {"input_paths": ["IMAGE"]}, "1 image.s. and 0 truths"),
        ("04_tune_for_your_data", {"input_paths": ["IMAGE"], "truth_paths": ["TRUTH"], "truth_planes": [99]}, "has no plane 99"),
        ("04_tune_for_your_data", {"input_paths": ["IMAGE"], "truth_paths": ["SMALL"]}, "has the shape .* the image"),
    ],
    ids=["centre", "no truth", "no plane", "shape"],
)
def test_bad_input_stops_with_one_sentence_and_leaves_no_result(name, parameters, sentence, tmp_path):
    stack, truth = phantoms.mitochondria(seed=3, shape=(6, 64, 64))
    files = {
        "IMAGE": images.write(tmp_path / "image.ome.tif", stack.raw, stack.voxel_size),
        "TRUTH": images.write(tmp_path / "truth.ome.tif", truth, stack.voxel_size),
        "SMALL": images.write(tmp_path / "small.ome.tif", truth[:, :32], stack.voxel_size),
    }
    given = {
        key: [str(files.get(item, item)) if isinstance(item, str) else item for item in value] if isinstance(value, list) else value
        for key, value in parameters.items()
    }
    with pytest.raises(PapermillExecutionError, match=sentence):
        run(START / f"{name}.ipynb", tmp_path, **given)
    out = tmp_path / "out"
    assert not [path for path in out.glob("*") if path.is_file()]


def test_tune_notebook_takes_a_region_in_a_plane(tmp_path):
    """One plane, a drawn region, a whole-numbered knob: nothing better is possible, and the old values stay."""
    stack, _ = phantoms.mitochondria(seed=3, shape=(1, 96, 96))
    known = np.zeros(stack.raw.shape, bool)
    known[:, 8:88, 8:88] = True
    truth = WORKFLOWS["tomm20"](stack.raw) & known
    paths = {
        name: [str(images.write(tmp_path / f"{name}.ome.tif", array, stack.voxel_size))]
        for name, array in (("input_paths", stack.raw), ("truth_paths", truth), ("known_paths", known))
    }
    cells = run(START / "04_tune_for_your_data.ipynb", tmp_path, **paths, knob_names=["minimum_size"], evaluations=10)
    assert "Nothing better" in text_of(cells)
    (path,) = (tmp_path / "out").glob("*_tuned.yaml")
    assert batch._from_yaml(str(path)) == dict(WORKFLOWS["tomm20"].published)
