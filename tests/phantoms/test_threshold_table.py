"""docs/thresholds.md says what `make thresholds` would write, and counts what it says it counts."""

import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from helpers import baselines, classic, phantoms
from helpers.figures.planes import pick_plane
from helpers.metrics import overlap
from helpers.workflows import WORKFLOWS

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import thresholds  # noqa: E402

ROWS = dict(re.findall(r"^\| (\w+) (\|.*)$", thresholds.DOCUMENT.read_text(encoding="utf-8"), re.M))


@pytest.fixture(scope="module")
def toy():
    """Return scores of three patterns and two seeds, written by hand: ahead, even, behind."""
    dice = {
        "a": {"workflow": 0.9, "Otsu": 0.5, "Li": 0.7, "local Mean, radius 8": 0.8, "inverted Sauvola, radius 8": 0.95},
        "b": {"workflow": 0.9, "Otsu": 0.5, "Li": 0.905, "local Mean, radius 8": 0.1, "inverted Sauvola, radius 8": 0.1},
        "c": {"workflow": 0.7, "Otsu": np.nan, "Li": 0.2, "local Mean, radius 8": 0.75, "inverted Sauvola, radius 8": 0.1},
    }
    rows = [(p, seed, name, value, value) for p, values in dice.items() for seed in (1, 2) for name, value in values.items()]
    return pd.DataFrame(rows, columns=["pattern", "seed", "name", "dice", "like_workflow"])


def test_every_pattern_of_the_paper_has_a_row():
    assert set(thresholds.PATTERNS) <= set(ROWS)
    assert len(set(thresholds.PATTERNS)) == 20


def test_row_is_what_is_measured_now():
    ours, otsu = [], []
    for seed in thresholds.SEEDS:
        stack, truth = phantoms.FOR_WORKFLOW["gja1"](seed)
        plane = pick_plane(stack.raw, None)
        true = baselines.near_plane(truth, plane)
        levels = classic.eight_bit(baselines.near_plane(stack.raw, plane))
        ours.append(overlap(true, baselines.near_plane(WORKFLOWS["gja1"](stack.raw), plane)).dice)
        otsu.append(overlap(true, levels > classic.global_cutoffs(levels)["Otsu"]).dice)
    for values in (ours, otsu):
        assert f"| **{np.median(values):.2f}** ({min(values):.2f} to {max(values):.2f})" in ROWS["gja1"]


def test_best_is_chosen_by_kind_and_inverted_ones_do_not_count(toy):
    dice = thresholds.typical(toy)
    assert thresholds.best_of(dice, "global").tolist() == ["Li", "Li", "Li"]
    assert thresholds.best_of(dice).tolist() == ["local Mean, radius 8", "Li", "local Mean, radius 8"]
    assert dice.loc["c", "Otsu"] == 0, "nothing found counts as 0"


def test_summary_counts_ahead_even_and_behind(toy):
    text = thresholds.summary(thresholds.typical(toy))
    assert "| the best of all, chosen with the truth | 1 | 1 | 1 | 1 | -0.005 (-0.050 to +0.100) |" in text
    assert "| Otsu | 3 | 3 | 0 | 0 | +0.400 (+0.400 to +0.700) |" in text
    assert "is ahead of the workflow** on: c (0.050), b (0.005)." in text


def test_choice_on_other_fields_and_inverted_ones_are_reported(toy):
    text = thresholds.unseen(toy, thresholds.typical(toy))
    assert "2 of 6 fields" in text
    assert "1 of 3 patterns (a)" in text


def test_other_planes_count_empty_ones_apart():
    planes = pd.DataFrame(
        {
            "pattern": "a", "seed": [1, 1, 1, 2], "reference": [0.1, 0.2, 0.0, 0.1], "workflow": [0.8, np.nan, np.nan, 0.4],
            "best": [0.5, 0.1, 0.0, 0.6],
        }
    )  # fmt: skip
    text = thresholds.elsewhere(planes)
    assert "3 of these planes hold structure" in text
    assert "higher for the workflow on 1 of 2" in text
    assert "In 1 planes without any\nstructure the threshold finds some in 1, the workflow in 0" in text
