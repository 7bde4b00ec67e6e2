"""Each local threshold against a loop over the pixels of its disc, on small odd images, borders included."""

import math

import numpy as np
import pytest

from helpers import classic
from helpers.classic.local_thresholds import LOCAL_THRESHOLDS, around, phansalkar, sauvola


def spotted(shape: tuple[int, int], seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    levels = rng.integers(5, 60, shape)
    levels[shape[0] // 3 : shape[0] // 2, : shape[1] // 2] += 140
    levels[-3:, -4:] = 200  # flat and bright
    levels[:3, -5:] = 30  # flat and dark
    return levels.astype(np.uint8)


def disc(levels: np.ndarray, y: int, x: int, radius: int) -> list[int]:
    height, width = levels.shape
    inside = [(v, u) for v in range(height) for u in range(width) if (v - y) ** 2 + (u - x) ** 2 <= radius**2]
    return [int(levels[place]) for place in inside]


def split_farthest_apart(values: list[int]) -> float:
    """Return Otsu's cutoff, by trying all; the lowest of equals."""
    best, cutoff = 0.0, math.inf
    for t in sorted(set(values))[:-1]:
        low, high = [v for v in values if v <= t], [v for v in values if v > t]
        apart = len(low) * len(high) * (sum(low) / len(low) - sum(high) / len(high)) ** 2
        if apart > best * (1 + 1e-12):
            best, cutoff = apart, t
    return cutoff


def says(name: str, pixel: int, values: list[int]) -> bool:
    """Apply the definition to one pixel."""
    low, high, mean = min(values), max(values), sum(values) / len(values)
    deviation = math.sqrt(sum((value - mean) ** 2 for value in values) / len(values))
    middle = (low + high) / 2
    if name == "Bernsen":
        return middle >= 128 if high - low < 15 else pixel > middle
    if name == "Contrast":
        return high - pixel <= pixel - low
    m, s = mean / 255, deviation / 255
    cutoffs = {
        "Mean": mean,
        "MidGrey": middle,
        "Niblack": mean + 0.2 * deviation,
        "Otsu": split_farthest_apart(values),
        "Phansalkar": 255 * m * (1 + 2 * math.exp(-10 * m) + 0.25 * (s / 0.5 - 1)),
        "Sauvola": mean * (1 + 0.5 * (deviation / 128 - 1)),
    }
    return pixel > cutoffs[name]


@pytest.mark.parametrize(("shape", "radius"), [((13, 17), 3), ((11, 8), 1), ((7, 11), 5), ((1, 12), 2), ((7, 5), 64)])
@pytest.mark.parametrize("name", LOCAL_THRESHOLDS)
def test_is_what_the_definition_says_at_every_pixel(name, shape, radius):
    levels = spotted(shape) if shape[0] > 3 else np.arange(12, dtype=np.uint8)[None] ** 2
    expected = [[says(name, int(levels[y, x]), disc(levels, y, x, radius)) for x in range(shape[1])] for y in range(shape[0])]
    assert np.array_equal(classic.local_masks(levels, radius)[name], expected)


def test_surroundings_are_those_of_the_disc():
    levels, radius = spotted((12, 9), seed=1), 4
    near = around(levels, radius)
    for y, x in np.ndindex(levels.shape):
        values = disc(levels, y, x, radius)
        expected = [min(values), max(values), np.mean(values), np.std(values)]
        assert [array[y, x] for array in near[:4]] == pytest.approx(expected, rel=1e-6)


def test_flat_image_is_nothing_or_all_by_definition():
    """A contrast toggle takes a tie for bright, Sauvola halves the mean; the others find nothing in a flat dark image."""
    masks = classic.local_masks(np.full((9, 9), 40, np.uint8), 3)
    everything = {name for name, mask in masks.items() if mask.all()}
    assert everything == {"Contrast", "Sauvola"}
    assert not any(mask.any() for name, mask in masks.items() if name not in everything)


def test_bright_disc_is_found_where_the_window_is_larger():
    y, x = np.ogrid[:41, :41]
    truth = (y - 20) ** 2 + (x - 20) ** 2 <= 36
    levels = np.where(truth, 200, 20).astype(np.uint8)
    masks = classic.local_masks(levels, 16)
    assert {name for name, mask in masks.items() if np.array_equal(mask[12:29, 12:29], truth[12:29, 12:29])} >= {
        "Otsu",
        "MidGrey",
        "Bernsen",
    }


@pytest.mark.parametrize("method", [sauvola, phansalkar])
def test_inverted_twice_is_the_formula_for_dark_objects(method):
    """Dark print on bright paper: what Sauvola's paper segments. The print is what is not above the cutoff."""
    paper = np.full((20, 20), 220, np.uint8)
    paper[8:11, 3:17] = 30
    assert np.array_equal(~method(paper, around(paper, 6)), paper == 30)


@pytest.mark.parametrize(
    ("levels", "radius", "sentence"),
    [
        (np.zeros((4, 4), np.uint16), 3, "levels must be an 8-bit image, got uint16"),
        (np.zeros((2, 4, 4), np.uint8), 3, r"levels must be \(Y, X\)"),
        (np.zeros((4, 4), np.uint8), 0, "radius must be at least 1"),
        (np.zeros((4, 4), np.uint8), 2.5, "radius must be a whole number"),
    ],
)
def test_refuses_in_one_sentence(levels, radius, sentence):
    with pytest.raises((TypeError, ValueError), match=sentence):
        classic.local_masks(levels, radius)
