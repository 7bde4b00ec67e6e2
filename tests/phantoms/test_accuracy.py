"""docs/accuracy.md says what `make accuracy` would write."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from test_structures import CHECK_SEEDS

from helpers import classic, phantoms
from helpers.workflows import PUBLISHED

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import accuracy  # noqa: E402

ROWS = dict(re.findall(r"^\| (\w+) (\|.*)$", accuracy.TABLE.read_text(encoding="utf-8"), re.M)[1:])


def test_every_published_workflow_has_a_row_made_with_seeds_not_seen():
    assert [name for name in ROWS if name in PUBLISHED] == list(PUBLISHED)
    assert accuracy.SEEDS == CHECK_SEEDS
    for name in phantoms.STAND_INS:
        assert "(nearest)" in ROWS[name]


@pytest.mark.parametrize("name", ["gja1", "tjp1", "pxn"])
def test_rows_are_what_the_workflow_gives_now(name):
    assert accuracy.span([accuracy.found(name, seed) for seed in accuracy.SEEDS]) in ROWS[name]


def test_the_best_plain_threshold_is_at_least_as_good_as_otsu_and_is_one_of_those_named():
    otsu, (best, name) = accuracy.scores(phantoms.gap_junctions, 0)
    stack, truth = phantoms.gap_junctions(0)
    dice = [2 * (truth & mask).sum() / (truth.sum() + mask.sum()) for _, mask in accuracy.plain(stack.raw)]
    assert best == pytest.approx(max(dice))
    assert best >= otsu
    assert name.removeprefix(accuracy.SMOOTHED) in classic.GLOBAL_THRESHOLDS
    assert len(dice) == len({name for name, _ in accuracy.plain(stack.raw)})
    assert np.isfinite(dice).all()
