import numpy as np
import pytest
from scipy import ndimage

from helpers import images, metrics, phantoms

SHAPE = (10, 128, 128)


@pytest.mark.parametrize("seed", [0, 5])
def test_dice_and_cldice_disagree(seed):
    """Of the mask in pieces and the thin one, Dice takes the first, clDice the second."""
    pair = phantoms.mask_pair(seed, SHAPE)
    table = metrics.evaluate_masks({"a": pair.truth}, {name: {"a": mask} for name, mask in pair.found.items()}).set_index("method")
    assert table.loc["gaps", "dice"] > table.loc["thick", "dice"] > table.loc["thin", "dice"]
    assert table.loc["thin", "cldice"] > table.loc["gaps", "cldice"]
    assert table.loc["gaps", "precision"] == table.loc["thin", "precision"] == table.loc["thick", "recall"] == 1
    assert table.loc["gaps", "recall"] == pytest.approx(0.88, abs=0.02)


def test_masks_are_wrong_by_one_layer():
    pair = phantoms.mask_pair(1, SHAPE)
    thick, thin = pair.found["thick"], pair.found["thin"]
    distance = ndimage.distance_transform_cdt(~pair.truth, "taxicab")
    assert np.array_equal(thick, distance <= 1)
    assert not (thin & metrics.boundary(pair.truth))[1:-1, 1:-1, 1:-1].any()


def test_discs_are_as_wide_as_asked_for():
    diameters = (5, 12, 31)
    labels = phantoms.discs(diameters, margin=3)
    assert labels.dtype == np.int32
    for box, diameter in zip(ndimage.find_objects(labels[0]), diameters, strict=True):
        assert {part.stop - part.start for part in box} == {diameter}
    assert np.bincount(labels.ravel())[1:] == pytest.approx(np.pi * np.array(diameters) ** 2 / 4, rel=0.1)
    lost = []
    for label in (1, 2, 3):
        lost.append(1 - metrics.overlap(labels == label, np.roll(labels, 1, axis=2) == label).iou)
    assert lost[0] > 1.9 * lost[1] > 3.8 * lost[2]  # about half, with each disc more than twice as wide


def test_writes_folders(tmp_path):
    folder = phantoms.write_mask_folders(tmp_path / "example", count=1)
    truths, methods = images.MaskFolder(folder / "truth"), images.mask_folders(folder / "found")
    assert list(methods) == ["gaps", "thick", "thin"]
    (name,) = images.partners(truths, methods).names
    pair = phantoms.mask_pair(0)
    assert np.array_equal(truths[name], pair.truth)
    assert all(np.array_equal(methods[method][name], mask) for method, mask in pair.found.items())


def test_bad_discs():
    with pytest.raises(ValueError, match="diameters must be"):
        phantoms.discs((0, 3))
    with pytest.raises(ValueError, match="margin must be"):
        phantoms.discs((3,), margin=-1)
