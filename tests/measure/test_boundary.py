"""The setting that comes to a known width, and the width of another structure in a like image."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

from helpers import measure, phantoms
from helpers.workflows import WORKFLOWS, Workflow
from helpers.workflows.knobs import MinimumVoxels

SIGMAS, CUTOFFS = [0.75, 2.0], [0.05, 0.2, 0.4, 0.6]


def swept(width, seed):
    stack = phantoms.tubules_of_width(seed, shape=(16, 144, 144), width=width).stack
    return measure.sweep(partial(WORKFLOWS["tomm20"].at_scale, stack.raw), stack, SIGMAS, CUTOFFS)


@pytest.fixture(scope="module")
def tables():
    return {width: swept(width, seed) for width, seed in ((0.26, 5), (0.5, 6))}


def test_larger_scales_and_lower_cutoffs_find_wider(tables):
    for table in tables.values():
        widths = table.pivot(index="sigma", columns="cutoff", values="width_um").to_numpy()
        assert (np.diff(widths, axis=0) > 0).all()
        assert (np.diff(widths, axis=1) < 0.005).all()
        assert (widths[:, -1] < widths[:, 0] - 0.1).all()
        assert np.corrcoef(table["level"], table["width_um"])[0, 1] < -0.9, "the level says how wide, whatever the scale"


def test_setting_that_matches_gives_the_known_width(tables):
    chosen = measure.matching(tables[0.26], 0.26)
    stack = phantoms.tubules_of_width(5, shape=(16, 144, 144)).stack
    mask = WORKFLOWS["tomm20"].at_scale(stack.raw, chosen.sigma, chosen.cutoff)
    assert measure.tubule_width(mask, stack.voxel_size).median == pytest.approx(0.26, abs=0.03)


def test_target_of_another_structure_is_its_width(tables):
    blur = measure.blur_of(measure.half_width(tables[0.26]), 0.26)
    aimed = measure.true_width(measure.half_width(tables[0.5]), blur)
    assert aimed == pytest.approx(0.5, abs=0.108), "to within a pixel"
    assert measure.matching(tables[0.5], aimed).width_um == pytest.approx(aimed, abs=1e-3)


def rows(*values):
    return pd.DataFrame(values, columns=["sigma", "cutoff", "width_um", "level", "places"])


def test_of_the_scales_that_match_the_one_that_finds_most():
    table = rows((1, 0.1, 0.5, 0.4, 90), (1, 0.3, 0.3, 0.6, 50), (2, 0.1, 0.6, 0.3, 95), (2, 0.3, 0.2, 0.7, 85), (3, 0.1, 0.9, 0.2, 99))
    assert measure.matching(table, 0.4) == measure.Setting(2, 0.2, 0.4, 0.5, 90)
    assert measure.matching(table[table["sigma"] == 1], 0.4) == measure.Setting(1, 0.2, 0.4, 0.5, 70)


@pytest.mark.parametrize(
    ("target", "says"), [(0.1, "go from 200 to 600 nm, 100 is wanted: try higher cutoffs"), (0.8, "800 is wanted: try lower cutoffs")]
)
def test_width_that_is_not_reached_says_which_way_to_go(target, says):
    table = rows((1, 0.1, 0.6, 0.4, 90), (1, 0.3, 0.2, 0.6, 50))
    with pytest.raises(ValueError, match=says):
        measure.matching(table, target)
    with pytest.raises(ValueError, match="no setting found tubules"):
        measure.matching(table.assign(width_um=np.nan), target)


def test_half_width_lies_on_the_line_and_is_not_guessed():
    level = np.linspace(0.2, 0.9, 8)
    table = pd.DataFrame({"width_um": 0.8 - 0.6 * level, "level": level})
    assert measure.half_width(table) == pytest.approx(0.5)
    with pytest.raises(ValueError, match="lie at 0.60 to 0.90: try lower cutoffs"):
        measure.half_width(table[table["level"] > 0.55])
    with pytest.raises(ValueError, match="lie at 0.20 to 0.40: try higher cutoffs"):
        measure.half_width(table[table["level"] < 0.45])
    with pytest.raises(ValueError, match="nothing was found"):
        measure.half_width(table[:0])


def test_width_under_a_gaussian_as_worked_out_on_its_profile():
    x = np.linspace(-2, 2, 4001)
    for width, sigma in ((0.2, 0.2), (0.3, 0.2), (0.1, 0.15)):
        profile = np.convolve(np.abs(x) < width / 2, np.exp(-(x**2) / (2 * sigma**2)), mode="same")
        above = x[profile > profile.max() / 2]
        half = above[-1] - above[0]
        assert measure.true_width(half, 2.3548 * sigma) == pytest.approx(width, rel=0.06)
        assert measure.blur_of(half, width) == pytest.approx(2.3548 * sigma, rel=0.01)
    assert measure.true_width(0.3, 0.4) == 0
    with pytest.raises(ValueError, match="blur makes nothing narrower"):
        measure.blur_of(0.1, 0.26)


def test_workflow_without_scales_is_refused():
    def only_by_size(raw, *, minimum_size: MinimumVoxels): ...

    without = Workflow("none", "", "", "", "", only_by_size, {"minimum_size": 1})
    with pytest.raises(ValueError, match="has no list of scales"):
        without.at_scale(np.zeros((3, 8, 8)), 1, 0.1)
