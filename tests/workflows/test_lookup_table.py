import json

import numpy as np
import pytest
import tifffile

from helpers.workflows import WORKFLOWS
from helpers.workflows.knobs import Knob, check_values, knobs

INPUT_OF = {"tomm20": "tubule", "slc25a17": "spots", "lmnb1_interphase": "shell"}


@pytest.mark.real_data
@pytest.mark.parametrize("name", WORKFLOWS)
def test_agrees_with_the_published_program(shared, name):
    raw = tifffile.imread(shared / "reference" / "inputs" / f"{INPUT_OF[name]}.tif")
    published = tifffile.imread(shared / "reference" / "masks" / f"{name}.tif") > 0
    assert np.count_nonzero(WORKFLOWS[name](raw) != published) == 0


@pytest.mark.real_data
@pytest.mark.parametrize("name", WORKFLOWS)
def test_values_are_the_published_ones(shared, name):
    """Every number of the row occurs in the published steps, and every number of the steps that is a parameter occurs in the row."""
    table = {row["id"]: row for row in json.loads((shared / "facts" / "lookup_table.json").read_text())["workflows"]}
    row, workflow = table[name], WORKFLOWS[name]
    fixed = {"connectivity", "truncate", "tau", "marker_dilate_ball_radius"}
    published = [number for step in row["steps"] for key, value in step["params"].items() if key not in fixed for number in numbers(value)]
    own = [number for value in workflow.published.values() for number in numbers(value)]
    assert set(own) == set(published)
    assert workflow.gene == row["gene"]


def numbers(value):
    if isinstance(value, (bool, str)):
        return []
    if isinstance(value, (list, tuple)):
        return [number for item in value for number in numbers(item)]
    return [float(value)]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_result_is_a_mask_of_the_same_shape_and_the_input_is_unchanged(name):
    raw = np.random.default_rng(1).integers(90, 400, (6, 40, 37), dtype=np.uint16)
    before = raw.copy()
    mask = WORKFLOWS[name](raw)
    assert mask.dtype == bool
    assert mask.shape == raw.shape
    assert np.array_equal(raw, before)


@pytest.mark.parametrize("name", WORKFLOWS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32, np.float64])
def test_any_dtype_gives_the_same_mask(name, dtype):
    raw = np.random.default_rng(2).integers(0, 200, (5, 40, 41)).astype(np.uint8)
    assert np.array_equal(WORKFLOWS[name](raw.astype(dtype)), WORKFLOWS[name](raw))


@pytest.mark.parametrize("name", ["tomm20", "slc25a17"])
def test_negative_values_shift_nothing(name):
    """Auto-contrast does not depend on the camera offset."""
    raw = np.random.default_rng(3).integers(0, 200, (5, 40, 41)).astype(np.int16)
    assert np.mean(WORKFLOWS[name](raw - 150) != WORKFLOWS[name](raw)) < 1e-3


@pytest.mark.parametrize("name", WORKFLOWS)
@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (np.full((4, 20, 20), 7, np.uint16), "has the value 7 everywhere"),
        (np.zeros((4, 20, 20), np.uint16), "has the value 0 everywhere"),
        (np.zeros((20, 20), np.uint16), r"must be \(Z, Y, X\), got \(20, 20\)"),
        (np.zeros((2, 3, 4, 20, 20), np.uint16), "choose a channel and a time point"),
        (np.zeros((4, 0, 20), np.uint16), "is empty"),
        (np.zeros((4, 20, 20), bool), "is a mask"),
        (np.zeros((4, 20, 20), complex), "must hold numbers"),
        ([[[1, 2]]], "must be a numpy array"),
        (np.array([np.nan, 1, 2, np.inf] * 100).reshape(4, 10, 10), "200 NaN or infinite"),
        (np.arange(1, dtype=np.uint8).reshape(1, 1, 1), "has the value 0 everywhere"),
    ],
    ids=["constant", "zeros", "2D", "5D", "empty", "bool", "complex", "list", "NaN", "1x1x1"],
)  # fmt: skip
def test_bad_images_get_one_sentence(name, raw, sentence):
    with pytest.raises((TypeError, ValueError), match=sentence) as caught:
        WORKFLOWS[name](raw)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_single_plane_works_or_says_why_not(name):
    raw = np.random.default_rng(4).integers(90, 400, (1, 40, 40), dtype=np.uint16)
    if name == "tomm20":
        assert WORKFLOWS[name](raw).shape == raw.shape
    else:
        with pytest.raises(ValueError, match="1 plane.*needs at least 3"):
            WORKFLOWS[name](raw)


@pytest.mark.parametrize("name", WORKFLOWS)
@pytest.mark.parametrize("shape", [(3, 3, 3), (3, 4, 5), (3, 3, 64), (40, 3, 3)])
def test_tiny_stacks(name, shape):
    """They work, or the step that needs more says so: maxima are looked for two voxels away from the border."""
    raw = np.random.default_rng(5).integers(0, 4000, shape, dtype=np.uint16)
    if name == "slc25a17":
        with pytest.raises(ValueError, match="needs at least 5"):
            WORKFLOWS[name](raw)
    else:
        assert WORKFLOWS[name](raw).shape == shape


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"filament_cutofs": [0.1]}, "did you mean 'filament_cutoffs'"),
        ({"filament_cutoffs": [0.1, 0.2]}, "lists of the same length"),
        ({"filament_cutoffs": [1.5]}, "between 0 and 1"),
        ({"filament_cutoffs": 0.1}, r"must be a list of numbers, got 0.1"),
        ({"filament_cutoffs": "[0.1]"}, "must be a list of numbers"),
        ({"filament_cutoffs": []}, "must be a list of numbers"),
        ({"minimum_size": 2.5}, "must be a whole number"),
        ({"minimum_size": -1}, "at least 0"),
        ({"minimum_size": True}, "must be a whole number"),
        ({"smoothing_sigma": "1"}, "must be a number"),
        ({"smoothing_sigma": 0}, "between 0.05 and 50"),
        ({"contrast_high": float("nan")}, "contrast_high"),
    ],
)
def test_bad_parameters_get_one_sentence(values, sentence):
    raw = np.random.default_rng(6).integers(0, 400, (4, 20, 20), dtype=np.uint16)
    with pytest.raises((TypeError, ValueError), match=sentence):
        WORKFLOWS["tomm20"](raw, **values)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_parameter_has_a_knob_that_holds_its_published_value(name):
    workflow = WORKFLOWS[name]
    assert list(workflow.knobs) == list(workflow.published)
    for parameter, knob in workflow.knobs.items():
        assert isinstance(knob, Knob)
        assert knob.unit
        assert knob.help
        for number in numbers(workflow.published[parameter]):
            assert knob.low <= number <= knob.high, f"{name}: {parameter} = {number} lies outside its slider"
    check_values(workflow.function, workflow.published)


def test_knobs_refuse_a_parameter_without_annotation():
    def bare(raw, *, sigma: float): ...

    with pytest.raises((AttributeError, StopIteration)):
        knobs(bare)


def test_workflows_cannot_be_changed_by_accident():
    with pytest.raises(TypeError):
        WORKFLOWS["tomm20"].published["minimum_size"] = 3
    with pytest.raises(TypeError):
        WORKFLOWS["mine"] = None
