"""The microscope: light is neither lost nor made, blur and noise are those asked for."""

import numpy as np
import pytest

from helpers.phantoms import microscope

VOXEL = (0.3, 0.1, 0.1)


def test_place_keeps_amount_and_centre_of_gravity():
    rng = np.random.default_rng(0)
    points = rng.uniform((0.3, 0.2, 0.2), (2.0, 1.5, 1.7), (200, 3))
    amounts = rng.uniform(0.5, 2, 200)
    dye = microscope.place(points, amounts, (9, 20, 21), VOXEL)
    assert dye.sum() == pytest.approx(amounts.sum(), rel=1e-5)
    centre = [(dye.sum(axis=tuple({0, 1, 2} - {axis})) * np.arange(dye.shape[axis])).sum() / dye.sum() * VOXEL[axis] for axis in range(3)]
    np.testing.assert_allclose(centre, amounts @ points / amounts.sum(), rtol=1e-4)


def test_place_leaves_out_what_is_outside():
    points = np.array([[-5.0, 0, 0], [0, 0, 99.0], [0, 0.1, 0.1]])
    dye = microscope.place(points, np.ones(3), (2, 3, 3), VOXEL)
    assert dye.sum() == pytest.approx(1)
    assert dye[0, 1, 1] == pytest.approx(1)


def test_blur_is_wider_along_z_and_as_wide_as_asked_for():
    dye = np.zeros((41, 61, 61), np.float32)
    dye[20, 30, 30] = 1
    raw = microscope.image(
        dye,
        VOXEL,
        np.random.default_rng(0),
        blur=(0.6, 0.2, 0.2),
        stray=0,
        bleaching=0,
        photons=2e4,
        background=0,
        gain=1,
        offset=0,
        read_noise=0,
    ).astype(float)
    for axis, sigma in enumerate((0.6, 0.2, 0.2)):
        profile = raw.sum(axis=tuple({0, 1, 2} - {axis}))
        at = (np.arange(len(profile)) - len(profile) // 2) * VOXEL[axis]
        assert np.sqrt((profile * at**2).sum() / profile.sum()) == pytest.approx(sigma, rel=0.06)


def test_noise_is_that_of_photons_and_camera():
    flat = np.ones((2, 200, 200), np.float32)
    raw = microscope.image(
        flat, VOXEL, np.random.default_rng(0), stray=0, bleaching=0, photons=90, background=10, gain=3, offset=50, read_noise=4
    )
    assert raw.dtype == np.uint16
    assert raw.mean() == pytest.approx(50 + 3 * 100, rel=0.01)
    assert raw.var() == pytest.approx(9 * 100 + 16, rel=0.03)


def test_planes_bleach_one_after_the_other():
    raw = microscope.image(
        np.ones((5, 100, 100), np.float32), VOXEL, np.random.default_rng(0), stray=0, bleaching=0.5, background=0, offset=0
    )
    means = raw.mean(axis=(1, 2))
    np.testing.assert_allclose(means / means[0], 0.5 ** np.linspace(0, 1, 5), rtol=0.02)


def test_haze_adds_its_fraction_of_the_photons():
    dye = np.zeros((3, 120, 120), np.float32)
    dye[:, 60:, :] = 1
    haze = np.zeros_like(dye)
    haze[:, :60, :] = 0.25
    raw = microscope.image(
        dye, VOXEL, np.random.default_rng(0), haze=haze, stray=0, bleaching=0, photons=400, background=0, gain=1, offset=0, read_noise=0
    )
    assert raw[:, :40].mean() == pytest.approx(100, rel=0.02)
    assert raw[:, 80:].mean() == pytest.approx(400, rel=0.02)


def test_nothing_to_see_and_complete_bleaching_are_no_errors():
    rng = np.random.default_rng(0)
    assert microscope.image(np.zeros((1, 4, 4), np.float32), VOXEL, rng).max() < 300
    raw = microscope.image(np.ones((3, 9, 9), np.float32), VOXEL, rng, bleaching=1, background=0, offset=0, read_noise=0)
    assert raw[0].mean() > 100
    assert not raw[1:].any()


@pytest.mark.parametrize(("settings", "says"), [({"stray": 2}, "stray"), ({"bleaching": -0.1}, "bleaching")])
def test_fractions_are_checked(settings, says):
    with pytest.raises(ValueError, match=says):
        microscope.image(np.ones((1, 4, 4), np.float32), VOXEL, np.random.default_rng(0), **settings)
