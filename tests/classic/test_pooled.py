"""Crops and time points normalized like the whole: exactly, wherever they were cut, and only where asked."""

import threading

import numpy as np
import pytest

from helpers import classic
from helpers.classic import pooled
from helpers.workflows import WORKFLOWS

NORMALIZATIONS = {
    "auto_contrast": lambda raw: classic.auto_contrast(raw, 1.3, 2.2),
    "auto_contrast_within": lambda raw: classic.auto_contrast_within(raw, 0.4, 0.7, 100.5, 180),
    "min_max": lambda raw: classic.min_max(raw),
    "min_max_ceiling": lambda raw: classic.min_max(raw, 900),
    "clip_contrast": lambda raw: classic.clip_contrast(classic.auto_contrast(raw, 2, 3), 0.5, 0.9),
}


def counts(seed: int = 0, dtype: str = "u2", shape: tuple = (4, 31, 43)) -> np.ndarray:
    """Counts whose upper half is far brighter, so that a crop differs from the whole."""
    raw = 100 + np.random.default_rng(seed).gamma(2, 40, shape)
    raw[:, shape[1] // 2 :] *= 3
    return raw.astype(dtype)


def small(dtype: str) -> np.ndarray:
    return (counts() // 8).astype(dtype) if np.dtype(dtype).itemsize == 1 else counts(dtype=dtype)


@pytest.mark.parametrize("name", NORMALIZATIONS)
def test_a_crop_becomes_the_crop_of_the_whole(name):
    raw = counts()
    crop = (slice(1, 3), slice(2, 12), slice(5, 30))
    whole = NORMALIZATIONS[name](raw)
    with classic.intensities_of(classic.intensities(raw)):
        found = NORMALIZATIONS[name](raw[crop])
        np.testing.assert_array_equal(NORMALIZATIONS[name](raw), whole)
    if name == "clip_contrast":  # its image is float32, whose sums are rounded
        np.testing.assert_allclose(found, whole[crop], rtol=3e-7)
    else:
        np.testing.assert_array_equal(found, whole[crop])
    assert np.abs(NORMALIZATIONS[name](raw[crop]) - whole[crop]).max() > 0.03, "left to itself, this crop would be another"


@pytest.mark.parametrize("dtype", ["u1", "i2", "u4", "i8", "f2", "f4", "f8", ">u2"])
@pytest.mark.parametrize("name", ["auto_contrast", "min_max_ceiling"])
def test_known_intensities_of_the_image_itself_change_nothing(name, dtype):
    raw = small(dtype)
    normalize = (lambda raw: classic.min_max(raw, float(np.percentile(raw, 80)))) if name == "min_max_ceiling" else NORMALIZATIONS[name]
    with classic.intensities_of(classic.intensities(raw)):
        inside = normalize(raw)
    np.testing.assert_array_equal(inside, normalize(raw))


@pytest.mark.parametrize("name", NORMALIZATIONS)
def test_several_stacks_are_as_one(name):
    raws = [counts(seed) + np.uint16(200 * seed) for seed in range(3)]
    whole = NORMALIZATIONS[name](np.concatenate(raws))
    with classic.intensities_of(classic.intensities(raw for raw in raws)):
        found = [NORMALIZATIONS[name](raw) for raw in raws]
    compare = np.testing.assert_allclose if name == "clip_contrast" else np.testing.assert_array_equal
    compare(np.concatenate(found), whole, **({"rtol": 3e-7} if name == "clip_contrast" else {}))


def test_floats_agree_to_rounding():
    raws = [counts(seed, "f4") for seed in range(3)]
    whole = np.concatenate(raws).astype(float)
    known = classic.intensities(raws)
    assert (known.count, known.lowest, known.highest) == (whole.size, whole.min(), whole.max())
    np.testing.assert_allclose([known.mean, known.deviation], [whole.mean(), whole.std()], rtol=1e-12)
    within = whole[(whole > 120) & (whole < 300)]
    np.testing.assert_allclose(known.mean_and_deviation(120, 300), [within.mean(), within.std()], rtol=1e-12)
    assert known.highest_up_to(250) == whole[whole <= 250].max()


def test_very_many_different_values_are_rounded_and_not_kept(monkeypatch):
    raw = counts(dtype="f8")
    monkeypatch.setattr(pooled, "MOST", 300)
    known = classic.intensities([raw, raw + 0.001])
    assert known.values.size <= 300
    assert known.counts.sum() == known.count == 2 * raw.size
    np.testing.assert_allclose(known.mean, raw.mean() + 0.0005, rtol=1e-12)
    inside = raw[(raw > 120) & (raw < 300)]
    assert known.mean_and_deviation(120, 300)[1] == pytest.approx(inside.std(), rel=0.02)


def test_large_integers_do_not_overflow():
    raw = counts(dtype="i8") + 2**40
    known = classic.intensities(raw)
    lower, upper = 2**40 + 110, 2**40 + 400
    inside = (raw[(raw > lower) & (raw < upper)] - 2**40).astype(float)
    mean, deviation = known.mean_and_deviation(lower, upper)
    assert deviation == pytest.approx(inside.std(), rel=1e-9)
    assert mean - 2**40 == pytest.approx(inside.mean(), abs=1e-3)


def test_blocks_nest_and_end_with_an_error():
    raw, other = counts(), counts(5) * np.uint16(2)
    plain = classic.min_max(raw)
    with classic.intensities_of(classic.intensities(other)):
        outer = classic.min_max(raw)
        with classic.intensities_of(classic.intensities(raw)):
            np.testing.assert_array_equal(classic.min_max(raw), plain)
        with pytest.raises(TypeError, match="ceiling"), classic.intensities_of(classic.intensities(raw)):
            classic.min_max(raw, "high")
        np.testing.assert_array_equal(classic.min_max(raw), outer)
    np.testing.assert_array_equal(classic.min_max(raw), plain)
    assert not np.array_equal(outer, plain)


def test_another_thread_is_not_concerned():
    raw, found = counts(), []
    plain = classic.min_max(raw)
    with classic.intensities_of(classic.intensities(counts(5) * np.uint16(2))):
        thread = threading.Thread(target=lambda: found.append(classic.min_max(raw)))
        thread.start()
        thread.join()
        assert not np.array_equal(classic.min_max(raw), plain)
    np.testing.assert_array_equal(found[0], plain)


def test_smoothing_a_crop_gives_the_crop_away_from_the_cut():
    raw = counts(shape=(6, 90, 90))
    whole = classic.gaussian(classic.auto_contrast(raw, 3, 17), 1)
    with classic.intensities_of(classic.intensities(raw)):
        crop = classic.gaussian(classic.auto_contrast(raw[:, :40], 3, 17), 1)
    np.testing.assert_array_equal(crop[:, :36], whole[:, :36])


def test_an_even_crop_is_no_error_inside():
    raw = counts()
    even = np.full((2, 5, 5), 300, np.uint16)
    with classic.intensities_of(classic.intensities(raw)):
        assert len(np.unique(classic.min_max(even))) == 1
        assert 0 < classic.min_max(even)[0, 0, 0] < 1


def test_an_image_that_was_not_normalized_inside_is_clipped_by_its_own_deviation():
    raw = counts()
    normalized = classic.auto_contrast(raw, 2, 3)
    expected = classic.clip_contrast(normalized, 0.5, 0.9)
    with classic.intensities_of(classic.intensities(counts(5) * np.uint16(2))):
        np.testing.assert_array_equal(classic.clip_contrast(normalized, 0.5, 0.9), expected)
        assert not np.array_equal(classic.clip_contrast(classic.auto_contrast(raw, 2, 3), 0.5, 0.9), expected)


def test_same_mask_of_every_workflow_with_the_intensities_of_the_image():
    """The rows whose contrast is made in another way each: around the mean, clipped, within a range, up to a ceiling."""
    raw = np.random.default_rng(3).gamma(2, 40, (12, 64, 64))
    raw[3:8, 20:40, 20:40] += 300
    raw = raw.astype(np.uint16)
    known = classic.intensities(raw)
    for name in ("tomm20", "polr2a", "lamp1", "dsp", "gja1"):
        with classic.intensities_of(known):
            inside = WORKFLOWS[name](raw)
        np.testing.assert_array_equal(inside, WORKFLOWS[name](raw))


@pytest.mark.parametrize(
    ("raws", "error", "sentence"),
    [
        ([], ValueError, "holds no image"),
        (np.zeros((2, 3, 3)), ValueError, "has the value 0 everywhere"),
        ([np.ones((2, 3, 3)), np.ones((3, 3))], ValueError, r"must be \(Z, Y, X\)"),
        (np.full((1, 2, 2), np.nan), ValueError, "NaN or infinite"),
        ([[1, 2]], TypeError, "must be a numpy array"),
    ],
)
def test_bad_images_get_one_sentence(raws, error, sentence):
    with pytest.raises(error, match=sentence):
        classic.intensities(raws)


def test_what_is_known_must_be_intensities():
    with pytest.raises(TypeError, match="known must be what intensities"), classic.intensities_of(counts()):
        pass
