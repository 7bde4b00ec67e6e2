"""Several masks of one projection beside each other: outlined, filled, or against a reference."""

import numpy as np
import pytest

from helpers import figures
from helpers.figures import pixels
from helpers.images import Stack


@pytest.fixture
def stack():
    raw = np.random.default_rng(0).integers(90, 110, (3, 40, 60), dtype=np.uint16)
    raw[1, 10:20, 30:40] = 900
    return Stack(raw, (0.5, 0.1, 0.1), "block")


@pytest.fixture
def block():
    mask = np.zeros((40, 60), bool)
    mask[10:20, 30:40] = True
    return mask


def arrays(picture):
    return [axes.images[0].get_array() for axes in picture.axes if axes.images]


def test_raw_first_then_each_mask_under_its_name(stack, block):
    picture = figures.side_by_side(stack, {"one": block, "two": ~block}, columns=2)
    raw, one, two = arrays(picture)
    assert [axes.get_title(loc="left") for axes in picture.axes] == ["raw, brightest along z", "one", "two"]
    assert not (raw == pixels.ORANGE).all(axis=-1).any()
    assert (one == pixels.ORANGE).all(axis=-1).any()
    corners = [axes.get_position().y0 for axes in picture.axes]
    assert corners[0] == pytest.approx(corners[1]) != corners[2], "two in a row"


def test_filled_is_white_on_black(stack, block):
    shown = arrays(figures.side_by_side(stack, {"block": block}, filled=True))[1]
    assert set(np.unique(shown)) == {0, 255}
    assert (shown[..., 0] == 255).mean() == pytest.approx(block.mean(), abs=0.01)


def test_what_is_missed_is_magenta_and_what_is_extra_green(stack, block):
    moved = np.roll(block, 4, axis=1)
    shown = arrays(figures.side_by_side(stack, {"moved": moved}, reference=block))[1].astype(int)
    columns = np.arange(shown.shape[1]) * 60 // shown.shape[1]
    row = shown[shown.shape[0] * 15 // 40]
    missed, extra = row[columns == 31].mean(axis=0), row[columns == 42].mean(axis=0)
    assert missed[0] > missed[1] + 40
    assert missed[2] > missed[1] + 40
    assert extra[1] > extra[0] + 40
    assert extra[1] > extra[2] + 40


def test_refuses_a_mask_of_another_shape(stack, block):
    with pytest.raises(ValueError, match="one and a plane of the stack must have the same shape"):
        figures.side_by_side(stack, {"one": block[1:]})
    with pytest.raises(ValueError, match="reference and a plane of the stack"):
        figures.side_by_side(stack, {"one": block}, reference=block[1:])
