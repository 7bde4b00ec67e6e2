"""A workflow that keeps the results of its steps gives what it gives without, whatever was turned before."""

import numpy as np
import pytest

from helpers import classic, phantoms
from helpers.views import kept_steps
from helpers.views.kept_steps import _Steps, keeping_steps
from helpers.workflows import WORKFLOWS

FUNCTIONS = {row.function: row for row in WORKFLOWS.values()}


def turned(row, name):
    """Return the values with one knob turned by some steps, inside its range."""
    knob, value = row.knobs[name], row.published[name]

    def more(one):
        new = one + 4 * knob.step if one + 4 * knob.step <= knob.high else one - 4 * knob.step
        return int(new) if knob.whole else new

    return {name: [more(one) for one in value] if knob.several else more(value)}


@pytest.mark.parametrize("row", FUNCTIONS.values(), ids=lambda row: row.id)
def test_every_knob_gives_the_same_mask_as_without(row):
    stack = phantoms.FOR_WORKFLOW[row.id](shape=(10, 56, 56)).stack
    kept = keeping_steps(row)
    for name in [*row.knobs, next(iter(row.knobs))]:
        values = turned(row, name)
        try:
            wanted = row(stack.raw, **values)
        except ValueError:  # this value leaves nothing to find
            with pytest.raises(ValueError, match="."):
                kept(stack.raw, **values)
            continue
        assert np.array_equal(kept(stack.raw, **values), wanted), name
    assert np.array_equal(kept(stack.raw), row(stack.raw)), "published values again"


def test_only_what_comes_after_the_knob_is_computed_again(monkeypatch):
    calls = []
    for name in ("auto_contrast", "gaussian_by_plane", "spots_3d", "remove_small", "local_maxima"):
        call = getattr(classic, name)
        monkeypatch.setattr(classic, name, lambda *given, name=name, call=call, **named: (calls.append(name), call(*given, **named))[1])
        getattr(classic, name).__name__ = name
    raw = phantoms.peroxisomes(shape=(8, 48, 48)).stack.raw
    kept = keeping_steps(WORKFLOWS["slc25a17"])
    kept(raw)
    calls.clear()
    kept(raw, spot_cutoffs=[0.03])
    assert calls == ["spots_3d", "remove_small", "local_maxima"]
    calls.clear()
    kept(raw.copy(), spot_cutoffs=[0.03])
    assert len(calls) == 5, "another image, even an equal one, is computed from the beginning"


def test_what_follows_seeds_that_stay_is_not_computed_again(monkeypatch):
    calls = []
    for name in ("gaussian", "seeds_in_plane", "flood", "shell"):
        call = getattr(classic, name)
        monkeypatch.setattr(classic, name, lambda *given, name=name, call=call, **named: (calls.append(name), call(*given, **named))[1])
        getattr(classic, name).__name__ = name
    levels = kept_steps.intensity_levels
    monkeypatch.setattr(kept_steps, "intensity_levels", lambda image: (calls.append("intensity_levels"), levels(image))[1])
    kept_steps.intensity_levels.__name__ = "intensity_levels"
    row = WORKFLOWS["lmnb1_interphase"]
    raw = phantoms.FOR_WORKFLOW["lmnb1_interphase"](shape=(16, 96, 96)).stack.raw
    kept = keeping_steps(row)
    kept(raw)
    assert calls == ["gaussian", "seeds_in_plane", "intensity_levels", "flood", "shell"]
    for sigma, follows in ((1.05, []), (4, ["flood", "shell"]), (1, ["flood", "shell"])):
        calls.clear()
        assert np.array_equal(kept(raw, smoothing_sigma=sigma), row(raw, smoothing_sigma=sigma))
        own = ["gaussian", "seeds_in_plane", "flood", "shell"]  # of the workflow itself
        assert calls == ["gaussian", "seeds_in_plane", *follows, *own]


def test_without_room_nothing_is_kept_and_the_mask_is_the_same():
    raw = phantoms.peroxisomes(shape=(8, 48, 48)).stack.raw
    kept = keeping_steps(WORKFLOWS["slc25a17"], most=0)
    for cutoff in (0.03, 0.06):
        assert np.array_equal(kept(raw, spot_cutoffs=[cutoff]), WORKFLOWS["slc25a17"](raw, spot_cutoffs=[cutoff]))


def test_checks_and_knobs_are_those_of_the_workflow():
    kept = keeping_steps(WORKFLOWS["tomm20"])
    assert kept.knobs == WORKFLOWS["tomm20"].knobs
    with pytest.raises(TypeError, match="unknown parameter 'sigma'"):
        kept(np.arange(324.0).reshape(4, 9, 9), sigma=1)


def test_steps_that_hand_on_what_they_were_given_do_not_lose_its_name(monkeypatch):
    """An array that two steps returned has one name, which goes when the first comes out anew; two arrays without one would be taken for each other."""

    def larger(mask, least):
        return mask if least == 0 else mask & (np.arange(mask.shape[-1]) >= least)

    for name, call in {
        "above": lambda raw, cutoff: raw > cutoff,
        "first": larger,
        "second": larger,
        "count": lambda mask: mask.copy(),
    }.items():
        call.__name__ = name
        monkeypatch.setattr(classic, name, call, raising=False)
    raw = np.random.default_rng(0).random((3, 8, 8))
    steps = _Steps(10**9)
    for one, two, low in ((2, 0, True), (0, 2, True), (0, 2, False)):
        steps.begin(raw)
        above = [steps.second(steps.first(steps.above(raw, cutoff), one), two) for cutoff in (0.3, 0.6)]
        np.testing.assert_array_equal(steps.count(above[0] if low else above[1]), larger(raw > (0.3 if low else 0.6), 2))
