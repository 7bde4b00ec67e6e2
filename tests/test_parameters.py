import json

import pytest

from helpers.parameters import INPUTS, check_parameters, literals, parameters_cell
from helpers.workflows import WORKFLOWS


def values(**changes):
    return {**INPUTS, **WORKFLOWS["tomm20"].published, **changes}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"filament_cutofs": [0.1]}, "unknown parameter 'filament_cutofs' .did you mean 'filament_cutoffs'"),
        ({"filament_cutoffs": "[0.1]"}, "list of numbers.*-y"),
        ({"minimum_size": "abc"}, "must be a whole number"),
        ({"input_path": 5}, "input_path must be text"),
        ({"output_folder": ["a"]}, "output_folder must be text"),
        ({"time": "first"}, "time must be a whole number"),
        ({"time": True}, "time must be a whole number"),
        ({"channel": 1.5}, "channel must be a name or a number"),
        ({"voxel_size": [0.1, 0.1]}, r"voxel_size must be \[z, y, x\]"),
        ({"voxel_size": [0.1, 0.1, -1]}, r"voxel_size must be \[z, y, x\]"),
        ({"voxel_size": [0.1, 0.1, float("nan")]}, r"voxel_size must be \[z, y, x\]"),
        ({"voxel_size": "0.1"}, "voxel_size must be a list"),
    ],
)
def test_bad_parameters_stop_with_one_sentence(given, sentence):
    with pytest.raises((TypeError, ValueError), match=sentence) as caught:
        check_parameters(values(**given), {**INPUTS, **WORKFLOWS["tomm20"].published}, "tomm20")
    assert "\n" not in str(caught.value)


def test_good_parameters_pass():
    check_parameters(values(channel="TOM20", voxel_size=[0.3, 0.1, 0.1], filament_cutoffs=[0.1], smoothing_sigma=1.5), values(), "tomm20")


def test_parameters_cell_needs_its_tag(tmp_path):
    path = tmp_path / "x.ipynb"
    path.write_text(json.dumps({"cells": [{"cell_type": "code", "metadata": {}, "source": ["a = 1"]}]}))
    with pytest.raises(ValueError, match="no cell tagged 'parameters'"):
        parameters_cell(path)
    path.write_text("not json")
    with pytest.raises(ValueError, match="cannot be read as a notebook"):
        parameters_cell(path)


def test_literals_of_the_parameters_cell():
    assert literals("a = 1  # x\nb = [1, 2.5]\nc = f(3)\nd = ''") == {"a": 1, "b": [1, 2.5], "d": ""}
    assert literals("%matplotlib inline") == {}
