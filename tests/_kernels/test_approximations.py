"""The approximations within the kernels, against the functions that they stand for."""

import numpy as np
import pytest

from helpers._kernels import contrast, convolution, diffusion, filaments


def test_the_polynomial_is_the_cosine_of_a_third_of_the_angle():
    angle = np.linspace(0, np.pi, 20001)
    found = filaments.third_of_angle.py_func(np.cos(angle / 2).astype(np.float32))
    np.testing.assert_allclose(found, np.cos(angle / 3), atol=2.5e-7)


def test_the_power_series_is_the_exponential_function():
    exponents = np.linspace(-60, 0, 60001, dtype=np.float32)
    found = [diffusion.exponential.py_func(t) for t in exponents]
    np.testing.assert_allclose(found, np.exp(exponents.astype(float)), atol=1e-6)


@pytest.mark.parametrize("cutoff", [0, 1e-6, 0.01, 0.2, 0.51, 0.999])
def test_the_level_is_where_the_response_reaches_the_cutoff(cutoff):
    x = np.linspace(0, 0.5, 100001)[1:]
    np.testing.assert_array_equal(filaments.response(x) > cutoff, x > filaments.level(cutoff))


@pytest.mark.parametrize("sigma", [0.1, 0.3, 0.5, 1, 1.5, 4.2])
def test_weights_are_those_of_a_gaussian_of_sum_1(sigma):
    weights = convolution.gaussian_weights(sigma, 3)
    radius = int(3 * sigma + 0.5)
    assert len(weights) % 2 == 1
    assert (weights[radius + 1 :] == 0).all()
    assert weights[0] + 2 * weights[1:].sum() == pytest.approx(1)
    np.testing.assert_allclose(weights[: radius + 1], weights[0] * np.exp(-(np.arange(radius + 1) ** 2) / (2 * sigma**2)), rtol=1e-6)


@pytest.mark.parametrize("length", [1, 2, 3, 7])
def test_indices_beyond_a_border_are_those_of_numpys_padding(length):
    line = np.arange(length)
    outside = np.arange(-9, length + 9)
    for reflect, mode in ((convolution.NEAREST, "edge"), (convolution.REFLECT, "symmetric")):
        found = [convolution.inside.py_func(i, length, reflect) for i in outside]
        np.testing.assert_array_equal(found, np.pad(line, 9, mode=mode))


def test_deviation_of_whole_numbers_is_exact_and_bounds_are_exclusive():
    raw = np.array([[[1, 2, 2, 5, 9]]], np.int16)
    assert contrast.mean_and_deviation(raw, 1, 9) == (3.0, 2**0.5)
    assert np.isnan(contrast.mean_and_deviation(raw, 5, 9)).all()
    assert contrast.highest_up_to(raw, 8.5) == 5
    assert contrast.highest_up_to(raw, 0) == -np.inf
