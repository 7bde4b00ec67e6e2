"""Each global threshold against its definition, written out as a search over all levels; those of scikit-image against scikit-image."""

import math
from collections import Counter

import numpy as np
import pytest
from scipy import optimize
from skimage import filters

from helpers import classic
from helpers.classic import plain_thresholds
from helpers.classic.plain_thresholds import GLOBAL_THRESHOLDS

ALL = list(GLOBAL_THRESHOLDS)


def two_populations(seed: int, bright: float = 0.2) -> np.ndarray:
    """Return an 8-bit image of two overlapping populations, with empty levels between some pixels, neither end of the range used."""
    rng = np.random.default_rng(seed)
    pixels = np.where(rng.random((31, 27)) < bright, rng.normal(150, 18, (31, 27)), rng.normal(60, 12, (31, 27)))
    return np.clip(pixels, 3, 250).astype(np.uint8)


IMAGES = {
    "two populations": two_populations(0),
    "few bright": two_populations(1, 0.02),
    "many bright": two_populations(2, 0.8),
    "skewed": np.minimum(np.random.default_rng(3).exponential(20, (20, 31)), 255).astype(np.uint8),
    "sparse levels": (np.random.default_rng(4).poisson(3, (20, 30)) * 17).astype(np.uint8),
    "two levels": np.repeat(np.array([[20, 20, 20, 90]], np.uint8), 5, axis=0),
}


@pytest.fixture(params=IMAGES)
def image(request) -> np.ndarray:
    return IMAGES[request.param]


def searched(image: np.ndarray, quality) -> float:
    """Return the best value of ``quality(levels of the lower class, levels of the upper class)`` over all cutoffs."""
    return max(quality(image[image <= t].tolist(), image[image > t].tolist()) for t in range(int(image.min()), int(image.max())))


def reached(name: str, image: np.ndarray, quality) -> float:
    cutoff = classic.global_cutoffs(image)[name]
    return quality(image[image <= cutoff].tolist(), image[image > cutoff].tolist())


def shares(levels: list[int]) -> list[float]:
    return [count / len(levels) for count in Counter(levels).values()]


def test_max_entropy_is_the_largest_sum_of_entropies(image):
    def entropies(lower, upper):
        return -sum(p * math.log(p) for p in shares(lower) + shares(upper))

    assert reached("MaxEntropy", image, entropies) == pytest.approx(searched(image, entropies))


@pytest.mark.parametrize("order", [0.5, 2.0])
def test_renyi_of_one_order_is_the_largest_sum_of_entropies(image, order):
    def entropies(cutoff):
        classes = image[image <= cutoff].tolist(), image[image > cutoff].tolist()
        return sum(math.log(sum(p**order for p in shares(part))) / (1 - order) for part in classes)

    found = plain_thresholds._renyi_of_order(classic.level_counts(image), order)
    assert entropies(found) == pytest.approx(max(entropies(t) for t in range(int(image.min()), int(image.max()))))


@pytest.mark.parametrize(
    ("three", "below", "expected"),
    [  # share of the pixels at or below the lowest and the highest of the three; worked out by hand from the rule of the paper
        ([50, 52, 55], (0.5, 0.7), 50 * 0.55 + 52 * 0.1 + 55 * 0.35),
        ([50, 52, 90], (0.5, 0.7), 50 * 0.5 + 52 * 0.05 + 90 * 0.45),
        ([50, 88, 90], (0.5, 0.7), 50 * 0.65 + 88 * 0.05 + 90 * 0.3),
        ([30, 60, 90], (0.5, 0.7), 30 * 0.55 + 60 * 0.1 + 90 * 0.35),
    ],
    ids=["all near", "low two near", "high two near", "all far"],
)
def test_renyi_weighs_three_cutoffs_by_their_distances(monkeypatch, three, below, expected):
    monkeypatch.setattr(plain_thresholds, "_renyi_of_order", lambda counts, order: three[2] if order < 1 else three[0])
    monkeypatch.setattr(plain_thresholds, "max_entropy", lambda counts: three[1])
    counts = np.zeros(256, int)
    counts[three[0]], counts[three[2]], counts[255] = 10 * below[0], round(10 * (below[1] - below[0])), 3
    assert plain_thresholds.renyi_entropy(counts) == pytest.approx(expected)


def test_huang_is_the_least_fuzzy(image):
    spread = int(image.max()) - int(image.min())

    def sharpness(lower, upper):
        fuzzy = 0.0
        for part in (lower, upper):
            mean = sum(part) / len(part)
            for level, count in Counter(part).items():
                u = 1 / (1 + abs(level - mean) / spread)
                fuzzy -= count * sum(v * math.log(v) for v in (u, 1 - u) if v > 0)
        return -fuzzy

    assert reached("Huang", image, sharpness) == pytest.approx(searched(image, sharpness))


def test_shanbhag_makes_both_classes_equally_informative(image):
    p = [np.count_nonzero(image == level) / image.size for level in range(256)]
    used = [level for level in range(256) if p[level]]

    def difference(t):
        dark, bright = sum(p[: t + 1]), sum(p[t + 1 :])
        of_dark = -sum(p[i] / dark * math.log(0.5 + sum(p[i : t + 1]) / (2 * dark)) for i in used if i <= t)
        of_bright = -sum(p[i] / bright * math.log(0.5 + sum(p[t + 1 : i + 1]) / (2 * bright)) for i in used if i > t)
        return abs(of_dark - of_bright)

    found = int(classic.global_cutoffs(image)["Shanbhag"])
    assert difference(found) == pytest.approx(min(difference(t) for t in range(int(image.min()), int(image.max()))), abs=1e-9)


def test_two_levels_at_the_share_below_the_moments_cutoff_keep_the_moments(image):
    """Lower and upper level and share are solved for numerically; no cutoff has a share below it that is nearer to the solution."""
    levels = image.astype(float).ravel() / 255
    wanted = [np.mean(levels**power) for power in (1, 2, 3)]

    def misses(unknown):
        share, low, high = unknown
        return [share * low**k + (1 - share) * high**k - moment for k, moment in zip((1, 2, 3), wanted)]

    low, high = np.percentile(levels, (25, 99))
    (share, low, high), _, solved, _ = optimize.fsolve(misses, (0.8, low, max(high, low + 0.1)), full_output=True, xtol=1e-12)
    assert solved == 1
    assert low < high
    cutoff = classic.global_cutoffs(image)["Moments"]
    every = [np.mean(image <= t) for t in range(int(image.min()), int(image.max()))]
    assert abs(np.mean(image <= cutoff) - share) == pytest.approx(min(abs(part - share) for part in every), abs=1e-6)


def test_percentile_and_mean(image):
    cutoffs = classic.global_cutoffs(image)
    assert cutoffs["Mean"] == pytest.approx(image.mean())
    parts = [np.mean(image > t) for t in range(int(image.min()), int(image.max()))]
    assert abs(np.mean(image > cutoffs["Percentile"]) - 0.5) == pytest.approx(min(abs(part - 0.5) for part in parts))


def test_methods_of_scikit_image_are_those_of_scikit_image(image):
    """They get the histogram here, the image there."""
    cutoffs = classic.global_cutoffs(image)
    peers = {"IsoData": "isodata", "Li": "li", "Otsu": "otsu", "Triangle": "triangle", "Yen": "yen"}
    with np.errstate(divide="ignore"):
        theirs = {name: getattr(filters, f"threshold_{peer}")(image) for name, peer in peers.items()}
    assert {name: cutoffs[name] for name in peers} == pytest.approx(theirs)


@pytest.mark.parametrize("name", ["two populations", "many bright"])
def test_minimum_is_that_of_scikit_image_and_intermodes_the_middle_of_the_same_peaks(name):
    image = IMAGES[name]
    cutoffs = classic.global_cutoffs(image)
    assert cutoffs["Minimum"] == filters.threshold_minimum(image, nbins=256)
    smooth, peaks = plain_thresholds._smoothed_to_two_peaks(classic.level_counts(image))
    for peak in peaks:
        assert smooth[peak] == smooth[max(peak - 5, 0) : peak + 6].max()
    assert cutoffs["Intermodes"] == sum(peaks) / 2
    between = smooth[peaks[0] : peaks[1] + 1]
    assert smooth[int(cutoffs["Minimum"])] == between.min()


def test_no_two_peaks_is_no_cutoff_and_stops_nothing():
    one_peak = np.repeat(np.arange(256, dtype=np.uint8), np.arange(256, 0, -1))[None]
    cutoffs = classic.global_cutoffs(one_peak)
    assert {name for name, cutoff in cutoffs.items() if np.isnan(cutoff)} == {"Intermodes", "Minimum"}
    assert not (one_peak > cutoffs["Minimum"]).any()


def test_two_clear_modes_are_told_apart():
    """Not by those that ask for something else: half of the image, or much entropy in both classes, which a cut through the larger mode has."""
    rng = np.random.default_rng(5)
    bright = rng.random(10_000) < 0.3
    image = np.where(bright, rng.normal(180, 5, 10_000), rng.normal(60, 5, 10_000)).clip(0, 255).astype(np.uint8)[None]
    wrong = {name: np.mean((image > cutoff) != bright) for name, cutoff in classic.global_cutoffs(image).items()}
    assert {name for name, part in wrong.items() if part > 0.01} == {"Percentile", "MaxEntropy", "RenyiEntropy", "Yen"}


@pytest.mark.parametrize("level", [0, 7, 255])
def test_constant_image_has_no_cutoff(level):
    cutoffs = classic.global_cutoffs(np.full((4, 5), level, np.uint8))
    assert list(cutoffs) == ALL
    assert np.isnan(list(cutoffs.values())).all()


def test_two_levels_are_told_apart():
    """The only sensible cutoff of two levels is between them; all but those that need peaks find it."""
    cutoffs = classic.global_cutoffs(IMAGES["two levels"])
    assert {name for name, cutoff in cutoffs.items() if not 20 <= cutoff < 90} <= {"Intermodes", "Minimum"}


def test_eight_bit_keeps_order_and_ends():
    raw = np.random.default_rng(6).integers(100, 4000, (3, 9, 11)).astype(np.uint16)
    levels = classic.eight_bit(raw)
    assert levels.dtype == np.uint8
    assert (levels.min(), levels.max()) == (0, 255)
    expected = (raw - raw.min()) / (raw.max() - raw.min()) * 255
    assert np.abs(levels - expected).max() <= 0.5 + 1e-9
    assert not classic.eight_bit(np.full((3, 3), -7.5)).any()


@pytest.mark.parametrize(
    ("wrong", "error", "sentence"),
    [
        (np.zeros((3, 3)), TypeError, "levels must be an 8-bit image, got float64: scale it with eight_bit"),
        ([[1, 2]], TypeError, "levels must be an 8-bit image, got list"),
    ],
)
def test_refuses_what_has_no_256_levels(wrong, error, sentence):
    with pytest.raises(error, match=sentence):
        classic.global_cutoffs(wrong)


@pytest.mark.parametrize("wrong", [np.full((3, 3), np.nan), np.zeros(4), np.zeros((0, 3)), np.ones((3, 3), bool), "image"])
def test_eight_bit_refuses_what_is_no_image(wrong):
    with pytest.raises((TypeError, ValueError), match="image"):
        classic.eight_bit(wrong)
