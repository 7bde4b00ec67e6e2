"""Recipes do what their steps say."""

import numpy as np
import pytest
from scipy import ndimage

from helpers import classic
from helpers.learning.normalization import AS_IT_IS, PUBLISHED, checked_recipe, normalize

RAW = np.random.default_rng(0).integers(90, 2000, (6, 30, 31)).astype(np.uint16)


def test_steps_follow_each_other():
    blurred = ndimage.gaussian_filter(RAW.astype(np.float64), 4, mode="nearest", truncate=3)
    flat = RAW - blurred
    flat = (flat - flat.min()) / (flat.max() - flat.min())
    found = normalize(RAW, [["remove_background", 4], ["auto_contrast", 1.5, 6]])
    np.testing.assert_allclose(found, classic.auto_contrast(flat.astype(np.float32), 1.5, 6), atol=2e-4)


def test_every_published_recipe_gives_0_to_1():
    for recipe in PUBLISHED.values():
        assert checked_recipe(recipe) == recipe
        found = normalize(RAW, recipe)
        assert (found.dtype, found.min(), found.max()) == (np.float32, 0, pytest.approx(1))


def test_as_it_is_changes_nothing_and_refuses_nan():
    np.testing.assert_array_equal(normalize(RAW, AS_IT_IS), RAW)
    with pytest.raises(ValueError, match="NaN"):
        normalize(np.full((1, 2, 2), np.nan), AS_IT_IS)


def test_recipes_that_are_none():
    with pytest.raises(TypeError, match="must be a list of steps"):
        normalize(RAW, "auto_contrast")
    with pytest.raises(TypeError, match="must be a list of steps"):
        normalize(RAW, ["auto_contrast", 2, 11])
    with pytest.raises(ValueError, match="is empty"):
        normalize(RAW, [])
