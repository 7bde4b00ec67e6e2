"""Surfaces are coloured by their distance, and the curve holds the scores."""

import numpy as np
import pytest

from helpers import figures, metrics
from helpers.figures.distances import BOX
from helpers.images import Stack

VOXEL = (0.3, 0.1, 0.1)
CYAN, MAGENTA = (0, 255, 255), (255, 0, 255)


@pytest.fixture(scope="module")
def field():
    """Two boxes, shown pixel for pixel: one found as it is, one whose right side reaches 1 um too far."""
    truth = np.zeros((5, BOX, BOX), int)
    truth[1:4, 50:100, 50:100], truth[1:4, 200:300, 200:300] = 1, 2
    found = truth.copy()
    found[1:4, 200:300, 300:310] = 2
    return Stack(np.full(truth.shape, 7, np.uint16), VOXEL, "boxes"), truth, found


def colour_at(picture, index, y, x):
    return tuple(int(value) for value in np.asarray(picture.axes[index].images[0].get_array())[y, x])


def test_colours_say_the_distance(field):
    stack, truth, found = field
    picture = figures.distance_map(stack, truth, found, limit=0.5, plane=2)
    for panel in (0, 1):
        assert colour_at(picture, panel, 75, 50) == CYAN
        assert colour_at(picture, panel, 250, 200) == CYAN
    assert colour_at(picture, 0, 250, 309) == MAGENTA
    assert colour_at(picture, 1, 250, 299) == (153, 102, 255), "the cap found lies 0.3 um above: 0.6 of the way to magenta"
    assert len(picture.axes) == 5, "two panels, the bar, two side views"
    assert [text.get_text() for text in picture.axes[2].texts] == ["0 µm", "0.25", "≥ 0.5"]
    scores = metrics.surface_distances(truth, found, voxel_size=VOXEL)
    assert f"furthest {scores.hausdorff:.2f} µm" in figures.distance_map(stack, truth, found).texts[0].get_text()


def test_one_plane_has_no_side_view(field):
    stack, truth, found = field
    flat = figures.distance_map(Stack(stack.raw[:1], VOXEL, "flat"), truth[2:3], found[2:3])
    assert len(flat.axes) == 3


def test_nothing_found_is_drawn(field):
    stack, truth, _ = field
    picture = figures.distance_map(stack, truth, np.zeros_like(truth))
    assert "nan" in picture.texts[0].get_text()


def test_curve_holds_the_scores(field):
    _, truth, found = field
    picture = figures.distance_curve(truth, found, voxel_size=VOXEL)
    (axes,) = picture.axes
    precision, recall, mean, near, furthest = axes.lines
    scores = metrics.surface_distances(truth, found, voxel_size=VOXEL)
    assert [line.get_xdata()[0] for line in (mean, near, furthest)] == [scores.assd, scores.hausdorff95, scores.hausdorff]
    for distance in (0.0, 0.35, 0.7):
        at = int(np.argmin(np.abs(precision.get_xdata() - distance)))
        exact = metrics.boundary_f(truth, found, float(precision.get_xdata()[at]), voxel_size=VOXEL)
        assert (precision.get_ydata()[at], recall.get_ydata()[at]) == pytest.approx((exact.precision, exact.recall), abs=1e-9)
    with pytest.raises(ValueError, match="no surface to measure from"):
        figures.distance_curve(truth, np.zeros_like(truth))


def test_bad_input(field):
    stack, truth, found = field
    with pytest.raises(ValueError, match="same shape"):
        figures.distance_map(stack, truth, found[:2])
    with pytest.raises(ValueError, match="limit must be"):
        figures.distance_map(stack, truth, found, limit=0)
    with pytest.raises(ValueError, match="plane must be"):
        figures.distance_map(stack, truth, found, plane=9)
