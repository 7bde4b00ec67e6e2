"""Alternatives stand side by side at one contrast; what each took away is magenta, what it added green."""

import numpy as np
import pytest

from helpers import figures
from helpers.figures import pixels
from helpers.figures.picture import drawn
from helpers.images import Stack

RAW = np.random.default_rng(0).integers(90, 300, (5, 60, 60)).astype(np.uint16)
STACK = Stack(RAW, (0.3, 0.1, 0.1), "cell")


def square(z, first, last):
    mask = np.zeros(RAW.shape, bool)
    mask[z, first:last, first:last] = True
    return mask


def titles(picture):
    return [axes.get_title(loc="left") for axes in picture.axes]


def coloured(picture, panel):
    """Return how many pixels of a panel lean to magenta and to green."""
    image = picture.axes[panel].images[0].get_array().astype(int)
    red, green, blue = np.moveaxis(image, -1, 0)
    return int(((red > green + 80) & (blue > green + 80)).sum()), int(((green > red + 80) & (green > blue + 80)).sum())


def test_removed_and_added_have_their_colours_and_numbers():
    before = square(3, 20, 30)
    arrays = {"none": before, "thin": square(3, 22, 28), "grow": square(3, 18, 32), "move": square(3, 24, 34)}
    picture = figures.alternatives(STACK, arrays, chosen="grow", before=before, title="mending")
    assert titles(picture) == ["none: nothing changed", "thin: 64 removed", "grow (chosen): 96 added", "move: 64 removed, 64 added"]
    assert [tuple(np.sign(coloured(picture, panel))) for panel in range(4)] == [(0, 0), (1, 0), (0, 1), (1, 1)]
    assert picture.texts[0].get_text() == "mending: plane 3 of 5"


def test_images_have_one_contrast():
    normalized = {"all": np.linspace(0, 1, RAW.size, dtype=np.float32).reshape(RAW.shape)}
    normalized["half"] = normalized["all"] / 2
    picture = figures.alternatives(STACK, normalized, plane=4)
    brightest, dimmer = (axes.images[0].get_array().max() for axes in picture.axes)
    assert brightest == 255
    assert dimmer < 0.55 * brightest


def test_plane_is_that_of_what_was_chosen():
    arrays = {"first": square(1, 0, 50), "second": square(4, 10, 20)}
    assert "plane 4 of 5" in figures.alternatives(STACK, arrays, chosen=["second"]).texts[0].get_text()
    assert "plane 1 of 5" in figures.alternatives(STACK, arrays).texts[0].get_text()
    assert "plane 2 of 5" in figures.alternatives(STACK, arrays, plane=2).texts[0].get_text()


def test_many_stand_in_rows_of_three_and_a_single_plane_works():
    flat = Stack(RAW[:1], (1, 0.1, 0.1), "flat")
    picture = figures.alternatives(flat, {str(number): RAW[:1] > 100 * number for number in range(5)})
    assert len(picture.axes) == 5
    assert len({round(axes.get_position().y0, 3) for axes in picture.axes}) == 2
    assert picture.texts[0].get_text() == "flat"
    assert (drawn(picture) == pixels.ORANGE).all(axis=-1).any()


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [({}, "no alternatives"), ({"a": RAW[:2] > 100}, "same shape"), ({"a": "mask"}, "array of bool, int or float")],
)
def test_what_cannot_be_shown_gets_one_sentence(arrays, sentence):
    with pytest.raises((TypeError, ValueError), match=sentence):
        figures.alternatives(STACK, arrays)
