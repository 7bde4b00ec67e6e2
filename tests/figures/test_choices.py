"""The sheet has a panel for every workflow in the order of the table; the map has the colour of the knob that changes a voxel."""

import numpy as np
import pandas as pd
import pytest

from helpers import figures, looks, phantoms, tuning
from helpers.figures.choices import KNOB_COLOURS
from helpers.figures.picture import drawn
from helpers.images import Stack


@pytest.fixture(scope="module")
def stack():
    return phantoms.mitochondria(seed=3, shape=(3, 48, 64)).stack


def test_sheet_has_a_panel_each_and_the_sentence_of_a_refusal(stack):
    tried = looks.try_all(stack, ids=["tomm20", "slc25a17", "actb"])
    tried[2] = looks.Tried("actb", None, "raw has no filaments at all")
    table = looks.summary(stack, tried, looks.properties(stack))
    sheet = figures.choices(stack, tried, table, suggested=["tubules"])
    titles = [axes.get_title(loc="left") for axes in sheet.axes]
    assert len(titles) == 4
    assert [title.split(":")[0].split(" ")[-1] for title in titles[1:]] == table["id"].tolist()
    assert "1. tomm20: tubules" in titles
    texts = " ".join(text.get_text().replace("\n", " ") for axes in sheet.axes for text in axes.texts)
    assert "refused: raw has no filaments at all" in texts
    with pytest.raises(ValueError, match="same shape"):
        figures.choices(stack, [looks.Tried("tomm20", np.zeros((3, 4, 4), bool), "")], table.query("id == 'tomm20'"))


def test_map_has_the_colour_of_the_knob_that_changes_most():
    stack = Stack(np.arange(2 * 40 * 40, dtype=np.uint16).reshape(2, 40, 40), (0.3, 0.1, 0.1), "ramp")
    changed = {name: np.zeros(stack.raw.shape, bool) for name in ("a", "b")}
    changed["a"][0, :20], changed["b"][0, 10:30] = True, True
    table = pd.DataFrame(
        {
            "dial": ["a", "b"],
            "value": [1.0, 2.0],
            "down": [0.5, 1],
            "up": [2.0, 4],
            "change_down": [0.5, 0.2],
            "change_up": [0.3, np.nan],
            "change": [0.5, 0.2],
        }
    )
    picture = figures.sensitivity(stack, table, changed)
    assert picture.axes[1].get_title(loc="left") == "raw, plane 0"
    pixels = picture.axes[2].images[0].get_array()
    height = len(pixels)
    upper, lower, plain = (pixels[int(height * part), 10].astype(int) for part in (0.3, 0.6, 0.9))
    first, second = np.array(KNOB_COLOURS[:2])
    assert np.abs(upper - first).max() < 50
    assert np.abs(lower - second).max() < 50
    assert len(set(plain.tolist())) == 1
    widths = [bar.get_width() for bar in picture.axes[3].patches]
    assert widths == [0.5, 0.2, 0.3, 0.0]
    assert drawn(picture).shape[1] > 1000
    with pytest.raises(ValueError, match="same shape"):
        figures.sensitivity(stack, table, {"a": changed["a"][:1], "b": changed["b"]})


def test_nothing_changed_is_drawn_too(stack):
    found = tuning.sensitivity("tomm20", stack)
    still = found.table.assign(change=0.0, change_down=0.0, change_up=0.0)
    assert len(figures.sensitivity(stack, still, found.changed).axes) == 4
