import numpy as np
import pytest

from helpers import images, phantoms


@pytest.mark.parametrize(("voxel_size", "shape"), [((0.29, 0.216, 0.216), (12, 40, 40)), ((0.58, 0.054, 0.054), (6, 160, 160))])
def test_the_same_field_with_noise_of_its_own(voxel_size, shape):
    usual = phantoms.peroxisomes(4, shape=(12, 80, 80))
    stack, truth = phantoms.imaged_at(phantoms.peroxisomes, voxel_size, 4, shape=(12, 80, 80))
    assert stack.raw.shape == truth.shape == shape
    assert stack.voxel_size == voxel_size
    assert stack.raw.dtype == np.uint16
    volume = truth.sum() * np.prod(voxel_size)
    assert volume == pytest.approx(usual.truth.sum() * np.prod(usual.stack.voxel_size), rel=0.15)
    moved = images.resample(usual.stack.raw, usual.stack.voxel_size, voxel_size)
    assert np.corrcoef(moved.ravel(), stack.raw.ravel())[0, 1] > 0.6
    assert np.abs(moved - stack.raw)[~truth].mean() > 3, "noise is drawn anew"
    assert stack.raw.mean() == pytest.approx(usual.stack.raw.mean(), rel=0.02)


def test_the_usual_size_is_the_usual_picture_and_stays_so_afterwards():
    usual = phantoms.mitochondria(2, shape=(6, 64, 64))
    phantoms.imaged_at(phantoms.mitochondria, (0.29, 0.3, 0.3), 2, shape=(6, 64, 64))
    again = phantoms.mitochondria(2, shape=(6, 64, 64))
    at_usual = phantoms.imaged_at(phantoms.mitochondria, usual.stack.voxel_size, 2, shape=(6, 64, 64))
    assert np.array_equal(usual.stack.raw, again.stack.raw)
    assert np.array_equal(usual.stack.raw, at_usual.stack.raw)


def test_an_absurd_size_is_refused():
    with pytest.raises(ValueError, match="must be positive"):
        phantoms.imaged_at(phantoms.mitochondria, (0.29, 0, 0.1), shape=(6, 64, 64))
