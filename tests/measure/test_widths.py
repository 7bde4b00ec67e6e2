"""The width of tubules and bodies whose width is known from their geometry."""

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial import cKDTree

from helpers import measure
from helpers.metrics.masks import centre_line

CUBIC, FLAT = (0.108,) * 3, (0.29, 0.108, 0.108)
EXTENT = np.array([3.6, 5.0, 5.0])  # um


def tube(points, reach, voxel_size):
    """Return the mask of the voxels within ``reach`` of a line, (z, y, x) in um."""
    shape = np.round(EXTENT / voxel_size).astype(int)
    grid = np.stack(np.meshgrid(*[np.arange(n) * s for n, s in zip(shape, voxel_size)], indexing="ij"), -1).reshape(-1, 3)
    return (cKDTree(points / reach).query(grid / reach, distance_upper_bound=1)[0] <= 1).reshape(shape)


def line(direction):
    direction = np.array(direction, float) / np.linalg.norm(direction)
    length = min(0.42 * extent / abs(part) for extent, part in zip(EXTENT, direction) if part)
    return EXTENT / 2 + np.linspace(-1, 1, 1001)[:, None] * length * direction + (0.07, 0.03, 0)


def arc():
    turn = np.linspace(-2.2, 2.2, 1501)
    return EXTENT / 2 + np.stack([0.1 * turn, 1.7 * np.sin(turn), 1.7 * np.cos(turn)], axis=1)


LINES = {"along x": line([0, 0, 1]), "in plane": line([0, 0.45, 0.9]), "oblique": line([0.35, 0.5, 0.8]), "steep": line([1, 0.3, 0.2]), "arc": arc()}  # fmt: skip


@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize("width", [0.3, 0.45, 0.6, 0.9])
def test_tubules_of_known_width_to_within_a_voxel(name, width):
    """Cubic: the voxel. Flat: half its height, as a narrow tubule may pass between two planes; its height for wide ones, which planes cut off."""
    cubic = measure.tubule_width(tube(LINES[name], np.full(3, width / 2), CUBIC), CUBIC)
    assert cubic.median == pytest.approx(width, abs=0.108)
    assert cubic.lower <= cubic.median <= cubic.upper
    assert cubic.places > 10
    flat = measure.tubule_width(tube(LINES[name], np.full(3, width / 2), FLAT), FLAT)
    assert flat.median == pytest.approx(width, abs=0.155 if width <= 0.6 else 0.29)


@pytest.mark.parametrize("name", ["along x", "in plane", "arc"])
def test_what_blur_makes_higher_than_wide_has_the_width_of_the_plane(name):
    mask = tube(LINES[name], np.array([0.6, 0.225, 0.225]), FLAT)
    assert measure.tubule_width(mask, FLAT).median == pytest.approx(0.45, abs=0.108)


@pytest.mark.parametrize("width", [2, 3, 4, 5])
def test_bands_of_a_plane_are_exact_odd_and_even(width):
    mask = np.zeros((1, 20, 80), bool)
    mask[0, 6 : 6 + width] = True
    assert measure.tubule_width(mask, (1.0, 0.1, 0.1)).median == pytest.approx(0.1 * width)


def test_branches_ends_and_borders_are_left_out():
    mask = np.zeros((1, 61, 61), bool)
    mask[0, 28:33, 5:56] = mask[0, 5:56, 28:33] = True
    cross = measure.tubule_width(mask, (1, 0.1, 0.1))
    assert cross.upper == pytest.approx(0.5, abs=0.01), "the crossing is wider than the arms"
    assert measure.tubule_width(mask[:, 29:], (1, 0.1, 0.1)).upper == pytest.approx(0.5, abs=0.01), "cut in half along its length"
    assert np.isnan(measure.tubule_width(np.zeros((4, 9, 9), bool), FLAT).median)
    assert measure.tubule_width(mask & False, FLAT).places == 0


@pytest.mark.parametrize("shape", [(1, 4), (2, 4), (2, 2), (4, 4), (3, 4)], ids=str)
def test_straight_bars_of_even_width_keep_a_centre_line(shape):
    """scikit-image's thinning in 3D erases some of them altogether."""
    bar = np.zeros((9, 10, 40), bool)
    bar[3 : 3 + shape[0], 3 : 3 + shape[1], 4:36] = True
    line = centre_line(bar)
    assert not (line & ~bar).any()
    assert np.count_nonzero(line.any(axis=(0, 1))) >= 25


@pytest.mark.parametrize("width", [0.5, 0.8, 1.2])
def test_round_bodies(width):
    rng = np.random.default_rng(0)
    mask = np.zeros((14, 120, 120), bool)
    for y in range(20, 110, 25):
        for x in range(20, 110, 25):
            centre = np.array([7, y, x]) * FLAT + rng.uniform(-0.5, 0.5, 3) * FLAT
            grid = np.moveaxis(np.indices(mask.shape), 0, -1)[:, y - 10 : y + 11, x - 10 : x + 11] * FLAT
            mask[:, y - 10 : y + 11, x - 10 : x + 11] |= ((grid - centre) ** 2).sum(-1) <= (width / 2) ** 2
    found = measure.body_width(mask, FLAT)
    assert found.places == 16
    assert found.median == pytest.approx(width, abs=0.108)
    assert measure.body_width(mask[:, 20:], FLAT).places == 12, "those that the border cuts are left out"


@pytest.mark.parametrize("level", [0.3, 0.5, 0.7])
def test_level_of_an_outline_drawn_at_a_level(level):
    rng = np.random.default_rng(1)
    lines = np.zeros((6, 90, 120))
    for y in (20, 45, 70):
        lines[3, y, 8:112] = 1
    light = ndimage.gaussian_filter(lines, (1, 3, 3))
    light /= light.max()
    raw = (200 + 3000 * light + rng.normal(0, 5, light.shape)).astype(np.uint16)
    plane = light[3:4]
    assert measure.outline_level(raw[3:4], plane > level, (1, 0.108, 0.108)) == pytest.approx(level, abs=0.05)
    assert np.isnan(measure.outline_level(raw, light > 2, FLAT))


def test_wrong_input_is_refused():
    mask = np.zeros((3, 8, 8), bool)
    with pytest.raises(TypeError, match="mask"):
        measure.tubule_width(mask.astype(float), FLAT)
    with pytest.raises(ValueError, match="positive"):
        measure.tubule_width(mask, (0, 1, 1))
    with pytest.raises(ValueError, match="same shape"):
        measure.outline_level(np.zeros((3, 8, 9)), mask, FLAT)
