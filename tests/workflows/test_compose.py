"""Composing gives what the workflows give that have the same steps; what a choice changes is said right."""

import itertools

import numpy as np
import pytest
import yaml

from helpers import classic, phantoms
from helpers.workflows import WORKFLOWS, compose, knobs
from helpers.workflows.choices import options

CHOICES = {
    "normalization": "auto-contrast", "smoothing": "in 3D", "core": ["filaments by plane"], "thinning": "none", "filling": "none", "size_filter": "in 3D",
    "parting": "none", "contrast_low": 3.5, "contrast_high": 15, "ceiling": 4000, "smoothing_sigma": 1, "filament_sigmas": [1.5], "filament_cutoffs": [0.16],
    "spot_sigmas": [1], "spot_cutoffs": [0.05], "object_minimum": 50, "otsu_factor": 1.0, "minimum_thickness": 1.0, "hole_maximum": 100, "minimum_size": 10,
    "minimum_pixels": 3, "peak_distance": 2,
}  # fmt: skip
SAME = {
    "tomm20": {},
    "tjp1": {"core": ["filaments in 3D"]},
    "actb": {"core": ["filaments in 3D"], "smoothing": "edge-preserving"},
    "lmnb1_mitotic": {"normalization": "min-max"},
    "gja1": {"core": ["spots in 3D"], "smoothing": "by plane"},
    "h2b_interphase": {"core": ["spots by plane"], "smoothing": "edge-preserving"},
    "slc25a17": {"core": ["spots in 3D"], "smoothing": "by plane", "parting": "watershed"},
    "dsp": {"normalization": "min-max", "core": ["spots in 3D"], "smoothing": "by plane", "parting": "watershed"},
    "rab5a": {"normalization": "min-max", "core": ["spots in 3D"], "smoothing": "by plane", "filling": "by plane"},
    "lamp1": {"core": ["filaments by plane", "spots by plane"], "smoothing": "by plane", "filling": "by plane"},
}


@pytest.fixture(scope="module")
def stack():
    return phantoms.lysosomes(seed=1, shape=(8, 96, 96))


@pytest.mark.parametrize("name", SAME)
def test_composed_steps_give_the_mask_of_the_workflow_that_has_them(name, stack):
    row = WORKFLOWS[name]
    values = {**CHOICES, **SAME[name], **row.published}
    mask = compose.segment(stack.stack.raw, values)
    np.testing.assert_array_equal(mask, row(stack.stack.raw))
    assert mask.any()
    # The printed lines, run as they are, give it again
    scope = {"classic": classic, "raw": stack.stack.raw, **values}
    exec("\n".join(compose.code(values)), scope)
    np.testing.assert_array_equal(scope["mask"], mask)


@pytest.mark.parametrize("name", SAME)
def test_nearest_names_the_workflow_that_has_the_steps(name):
    found = compose.nearest({**CHOICES, **SAME[name]})
    first = found.iloc[0]
    wanted = {other for other, row in WORKFLOWS.items() if row.function is WORKFLOWS[name].function}
    assert first["same"]
    assert set(first["ids"].split(", ")) == wanted
    assert (first["added"], first["left_out"]) == ("", "")
    assert not found["same"][1:].any()


def test_nearest_says_what_differs():
    first = compose.nearest({**CHOICES, "thinning": "by plane"}).iloc[0]
    assert (first["function"], first["same"], first["added"], first["left_out"]) == ("filaments_by_plane", False, "thin", "")


def test_swaps_say_how_much_a_choice_matters(stack):
    raw, truth = stack.stack.raw, stack.truth
    values = {**CHOICES, **SAME["lamp1"], **WORKFLOWS["lamp1"].published}
    table = compose.swaps(raw, values, truth).set_index(["step", "alternative"])
    assert len(table) == sum(map(len, compose.STEPS.values())) + 1, "all alternatives, and the joined core"
    assert (table.loc[table["chosen"], "same"] == 1).all()
    assert table["chosen"].sum() == len(compose.STEPS)
    mask = compose.segment(raw, {**values, "filling": "none"})
    assert table.loc[("filling", "none"), "dice"] == pytest.approx(2 * (mask & truth).sum() / (mask.sum() + truth.sum()))
    assert table.loc[("filling", "none"), "foreground"] == pytest.approx(mask.mean())
    assert table["dice"].nunique() > 8, "the alternatives differ"
    assert "dice" not in compose.swaps(raw[:, :48, :48], values)


def test_single_plane_leaves_out_what_needs_more(stack):
    raw = stack.stack.raw[4:5]
    table = compose.swaps(raw, CHOICES).set_index(["step", "alternative"])
    assert "needs at least 3" in table.loc[("core", "filaments in 3D"), "why_not"]
    assert table.loc[("core", "spots by plane"), "why_not"] == ""
    assert set(options("core", CHOICES, raw.astype(np.float32))) == {"filaments by plane", "spots by plane", "bodies"}
    with pytest.raises(ValueError, match="needs at least 3"):
        options("core", {**CHOICES, "core": ["spots in 3D"]}, raw.astype(np.float32))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"smoothing": "by plan"},
            "smoothing must be 'in 3D' or 'by plane' or 'edge-preserving', got 'by plan' (did you mean 'by plane'?)",
        ),
        ({"core": "spots in 3D"}, "core must be a list of different names"),
        ({"core": []}, "core must be a list of different names"),
        ({"core": ["spots in 3D", "spots in 3D"]}, "core must be a list of different names"),
        ({"core": ["spots", "bodies"]}, "got 'spots'"),
        ({"spot_sigmas": [1, 2]}, "lists of the same length"),
        ({"minimum_size": 2.5}, "must be a whole number"),
        ({"thinning": True}, "thinning must be 'none' or 'by plane', got True"),
    ],
)
def test_choices_that_make_no_sense_get_one_sentence(changes, sentence):
    with pytest.raises((TypeError, ValueError), match="^[^\n]*$") as caught:
        compose.check_choices({**CHOICES, **changes})
    assert sentence in str(caught.value)


def test_a_missing_choice_is_named():
    with pytest.raises(ValueError, match="no choice for the step parting"):
        compose.check_choices({name: value for name, value in CHOICES.items() if name != "parting"})


def test_choices_and_values_go_into_files(tmp_path):
    values = {"output_folder": "results", **CHOICES}
    path = compose.write_values(tmp_path / "choices.yaml", compose.choices(values))
    assert yaml.safe_load(path.read_text()) == CHOICES
    assert compose.values_for(WORKFLOWS["tomm20"], values) == WORKFLOWS["tomm20"].published
    with pytest.raises(ValueError, match="lists of the same length"):
        compose.values_for(WORKFLOWS["tomm20"], {"filament_sigmas": [1, 2]})


def test_each_alternative_is_a_step_of_classic_with_known_knobs():
    """What one makes is not what another makes: no alternative is there twice."""
    functions = [function for alternatives in compose.STEPS.values() for function in alternatives.values()]
    assert all(function.__doc__ for function in functions)
    assert {name for function in functions for name in knobs(function)} | set(compose.STEPS) == set(CHOICES)
    for alternatives in compose.STEPS.values():
        assert all(first is not second for first, second in itertools.combinations(alternatives.values(), 2))
