import numpy as np
import pytest
from scipy import ndimage

from helpers.classic.intensity import (
    Contrast,
    auto_contrast,
    auto_contrast_within,
    clip_contrast,
    edge_preserving,
    gaussian,
    gaussian_by_plane,
    min_max,
    suggest_contrast,
)

SHAPES = [(1, 1, 1), (1, 6, 9), (5, 1, 4), (4, 7, 1), (3, 3, 3), (2, 17, 5), (5, 50, 21), (40, 3, 70)]
DTYPES = ["u1", "i1", "u2", "i2", "u4", "i4", "i8", "f2", "f4", "f8", ">u2", ">f4"]


def noise(shape: tuple, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random(shape, dtype=np.float32)


def counts(shape: tuple = (5, 30, 41), dtype: str = "u2", seed: int = 0) -> np.ndarray:
    low = -100 if np.dtype(dtype).kind in "if" else 0
    return np.random.default_rng(seed).integers(low, 120, shape).astype(dtype)


def clipped(raw: np.ndarray, low: float, high: float) -> np.ndarray:
    low, high = float(low), float(high)
    return (np.clip(raw.astype(float), low, high) - low) / (high - low)


@pytest.mark.parametrize("dtype", DTYPES)
def test_auto_contrast_cuts_at_deviations_from_the_mean(dtype):
    raw = counts(dtype=dtype)
    mean, deviation = raw.astype(float).mean(), raw.astype(float).std()
    found = auto_contrast(raw, 1.2, 0.5)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, clipped(raw, mean - 1.2 * deviation, mean + 0.5 * deviation), atol=2e-7)


def test_auto_contrast_takes_no_more_than_the_image_holds():
    raw = counts()
    np.testing.assert_allclose(auto_contrast(raw, 50, 60), clipped(raw, raw.min(), raw.max()), atol=2e-7)


def test_mean_and_deviation_are_exact_for_large_values_that_are_alike():
    raw = (65000 + counts(dtype="u2")).astype("u2")
    shifted = (raw - 65000).astype("u2")
    np.testing.assert_array_equal(auto_contrast(raw, 1, 1), auto_contrast(shifted, 1, 1))
    large = 1e9 + counts(dtype="f8")
    np.testing.assert_allclose(auto_contrast(large, 1, 1), auto_contrast(large - 1e9, 1, 1), atol=1e-6)


def test_auto_contrast_sums_many_chunks():
    raw = np.random.default_rng(1).integers(0, 65536, (40, 128, 129)).astype("u2")
    mean, deviation = raw.mean(dtype=float), raw.std(dtype=float)
    np.testing.assert_allclose(auto_contrast(raw, 0.3, 0.4), clipped(raw, mean - 0.3 * deviation, mean + 0.4 * deviation), atol=2e-7)


@pytest.mark.parametrize("dtype", DTYPES)
def test_clip_contrast_cuts_as_auto_contrast_does_and_keeps_the_scale(dtype):
    raw = counts(dtype=dtype)
    mean, deviation = raw.astype(float).mean(), raw.astype(float).std()
    found = clip_contrast(raw, 1.2, 0.5)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, np.clip(raw.astype(float), mean - 1.2 * deviation, mean + 0.5 * deviation), rtol=1e-6)
    np.testing.assert_array_equal(clip_contrast(raw, 50, 60), raw.astype("f4"))


@pytest.mark.parametrize("dtype", ["u1", "i2", "f4"])
def test_auto_contrast_within_ignores_intensities_outside_the_trusted_range(dtype):
    raw = counts(dtype=dtype)
    trusted = raw[(raw > 20) & (raw < 60)].astype(float)
    low, high = max(20 - 0.7 * trusted.std(), raw.min()), min(60 + 1.5 * trusted.std(), raw.max())
    np.testing.assert_allclose(auto_contrast_within(raw, 0.7, 1.5, 20, 60), clipped(raw, low, high), atol=2e-7)


@pytest.mark.parametrize("dtype", DTYPES)
def test_min_max(dtype):
    raw = counts(dtype=dtype)
    np.testing.assert_allclose(min_max(raw), clipped(raw, raw.min(), raw.max()), atol=2e-7)
    np.testing.assert_array_equal(min_max(raw, ceiling=1000), min_max(raw))


@pytest.mark.parametrize("ceiling", [50, 50.5, -20])
def test_min_max_turns_what_is_above_the_ceiling_into_background(ceiling):
    raw = counts(dtype="i2")
    kept = np.where(raw > ceiling, raw.min(), raw)
    np.testing.assert_allclose(min_max(raw, ceiling), clipped(kept, kept.min(), kept.max()), atol=2e-7)


def test_suggested_contrast_follows_its_rule():
    raw = np.random.default_rng(3).poisson(40, (6, 60, 61)).astype("u2")
    mean, deviation = raw.mean(), raw.std()
    low, high = suggest_contrast(raw)
    assert low % 0.5 == 0
    assert high % 0.5 == 0
    assert mean - low * deviation >= raw.min() > mean - (low + 0.5) * deviation
    assert mean + high * deviation >= np.percentile(raw, 99.99) > mean + (high - 0.5) * deviation


def test_suggested_contrast_of_several_images_is_the_median_of_each():
    raws = [np.random.default_rng(seed).gamma(shape, 10, (4, 30, 30)) for seed, shape in enumerate((1, 3, 20))]
    singles = np.array([suggest_contrast(raw) for raw in raws])
    assert len(np.unique(singles[:, 1])) > 1
    assert suggest_contrast(raw for raw in raws) == Contrast(*np.median(singles, axis=0))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("sigma", [0.1, 0.5, 1, 1.4, 3])
def test_gaussian_is_that_of_scipy(shape, sigma):
    image = noise(shape)
    expected = ndimage.gaussian_filter(image.astype(float), sigma, mode="nearest", truncate=3)
    np.testing.assert_allclose(gaussian(image, sigma), expected, atol=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("sigma", [0.5, 1, 3])
def test_gaussian_by_plane_is_that_of_scipy(shape, sigma):
    image = noise(shape)
    expected = ndimage.gaussian_filter(image.astype(float), (0, sigma, sigma), mode="nearest", truncate=3)
    np.testing.assert_allclose(gaussian_by_plane(image, sigma), expected, atol=1e-6)


def diffused(image: np.ndarray, iterations: int, conductance: float, time_step: float) -> np.ndarray:
    """Return what the scheme gives, written as whole-array operations in double precision."""
    u = image.astype(float)
    for _ in range(iterations):
        padded = np.pad(u, 1, mode="edge")
        inner = (slice(1, -1),) * 3
        central = [(np.roll(padded, -1, axis)[inner] - np.roll(padded, 1, axis)[inner]) / 2 for axis in range(3)]
        mean = sum(c**2 for c in central).mean()
        change = np.zeros_like(u)
        for axis in range(3):
            step = np.diff(u, axis=axis)
            squared = step**2
            for other in {0, 1, 2} - {axis}:
                c = np.moveaxis(central[other], axis, 0)
                squared = squared + np.moveaxis((c[1:] + c[:-1]) / 2, 0, axis) ** 2
            flux = step * np.exp(-squared / (2 * conductance**2 * mean))
            before = [(0, 0)] * 3
            after = [(0, 0)] * 3
            after[axis], before[axis] = (0, 1), (1, 0)
            change += np.pad(flux, after) - np.pad(flux, before)
        u = u + time_step * change
    return u


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if max(shape) > 1])
@pytest.mark.parametrize("parameters", [(1, 1.2, 0.0625), (10, 1.2, 0.0625), (3, 0.4, 0.15), (2, 9, 0.1)])
def test_edge_preserving_follows_its_formula(shape, parameters):
    image = noise(shape)
    np.testing.assert_allclose(edge_preserving(image, *parameters), diffused(image, *parameters), atol=3e-6)


def test_edge_preserving_keeps_the_sum_and_smooths_noise_but_not_an_edge():
    image = 0.02 * noise((6, 20, 30))
    image[:, :, 15:] += 1
    smooth = edge_preserving(image)
    assert smooth.sum(dtype=float) == pytest.approx(image.sum(dtype=float), rel=1e-6)
    assert smooth[:, :, :14].std() < 0.5 * image[:, :, :14].std()
    assert (smooth[:, :, 15] - smooth[:, :, 14]).min() > 0.95
    assert (gaussian(image, 1)[:, :, 15] - gaussian(image, 1)[:, :, 14]).max() < 0.5


@pytest.mark.parametrize("smoothing", [lambda x: gaussian(x, 1.5), lambda x: gaussian_by_plane(x, 1), edge_preserving])
def test_smoothing_leaves_a_constant_image_alone(smoothing):
    np.testing.assert_allclose(smoothing(np.full((4, 9, 5), 0.3)), np.float32(0.3), atol=1e-7)


@pytest.mark.parametrize("smoothing", [lambda x: gaussian(x, 1.5), edge_preserving])
@pytest.mark.parametrize("axes", [(2, 1, 0), (0, 2, 1), (1, 0, 2)])
def test_smoothing_does_not_prefer_an_axis_or_a_direction(smoothing, axes):
    image = noise((6, 19, 35))
    np.testing.assert_allclose(smoothing(image.transpose(axes)), smoothing(image).transpose(axes), atol=1e-6)
    for axis in range(3):
        np.testing.assert_allclose(smoothing(np.flip(image, axis)), np.flip(smoothing(image), axis), atol=1e-6)


FUNCTIONS = [
    lambda x: auto_contrast(x, 1, 2),
    lambda x: auto_contrast_within(x, 1, 2, 10, 80),
    lambda x: min_max(x, 60),
    lambda x: clip_contrast(x, 1, 2),
    suggest_contrast,
    lambda x: gaussian(x, 1),
    lambda x: gaussian_by_plane(x, 1),
    edge_preserving,
]


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_layout_and_permission_do_not_matter_and_the_input_stays(function, dtype):
    raw = counts((4, 13, 12), dtype)
    kept = raw.copy()
    expected = function(raw)
    np.testing.assert_array_equal(raw, kept)
    spread = np.zeros((8, 13, 24), dtype)[::2, :, ::2]
    spread[:] = raw
    locked = np.asfortranarray(raw)
    locked.flags.writeable = False
    frozen = raw.copy()
    frozen.flags.writeable = False
    for image in (spread, locked, frozen):
        np.testing.assert_array_equal(function(image), expected)
    assert not isinstance(expected, np.ndarray) or (expected.shape == raw.shape and not np.shares_memory(expected, raw))


@pytest.mark.parametrize("function", FUNCTIONS[:5])
def test_a_constant_image_is_refused(function):
    with pytest.raises(ValueError, match="everywhere: there is nothing to segment"):
        function(np.full((3, 4, 5), 7, "u2"))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_what_is_not_an_image_is_refused(function):
    with pytest.raises(ValueError, match=r"must be \(Z, Y, X\), got \(2, 3, 4, 5\): choose a channel"):
        function(np.arange(120.0).reshape(2, 3, 4, 5))
    with pytest.raises(TypeError, match="must be a numpy array"):
        function("image.tif") if function is not suggest_contrast else function(["image.tif"])
    with pytest.raises(ValueError, match=r"holds 1 NaN"):
        function(np.array([[[1.0, 2.0, np.nan]]]))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x: auto_contrast(x, -1, 2), ValueError, "low must be at least 0"),
        (lambda x: auto_contrast(x, 1, "2"), TypeError, "high must be a number"),
        (lambda x: auto_contrast(x, 0, 0), ValueError, "no intensities are left"),
        (lambda x: clip_contrast(x, 0, 0), ValueError, "no intensities are left"),
        (lambda x: auto_contrast_within(x, 1, 1, 200, 300), ValueError, "no intensity lies between lower = 200 and upper = 300"),
        (lambda x: min_max(x, -1), ValueError, "ceiling = -1 leaves one value only, raw is 0 to"),
        (lambda x: min_max(x, 0), ValueError, "raise ceiling above the structure"),
        (lambda x: gaussian(x, 0), ValueError, "sigma must be greater than 0"),
        (lambda x: gaussian_by_plane(x, [1]), TypeError, "sigma must be a number"),
        (lambda x: edge_preserving(x, 0), ValueError, "iterations must be at least 1"),
        (lambda x: edge_preserving(x, 1.5), TypeError, "iterations must be a whole number"),
        (lambda x: edge_preserving(x, 1, 0), ValueError, "conductance must be greater than 0"),
        (lambda x: edge_preserving(x, 1, 1, 0.2), ValueError, "time_step must be greater than 0 and at most 0.166667"),
        (lambda x: suggest_contrast([]), ValueError, "raws holds no image"),
    ],
)
def test_wrong_parameters_are_refused(call, error, words):
    with pytest.raises(error, match=words):
        call(counts((3, 4, 5)))
