"""One field at other voxel sizes: the mask hardly changes, and nothing changes where the sizes agree."""

import warnings
from pathlib import Path

import numpy as np
import pytest

from helpers import images, phantoms
from helpers.metrics import overlap
from helpers.workflows import PUBLISHED, WORKFLOWS
from helpers.workflows.workflow import TUNED_VOXEL_SIZE

SHAPE = (16, 96, 96)
SIZES = {"double pixels": (0.29, 0.216, 0.216), "half pixels": (0.29, 0.054, 0.054), "double z step": (0.58, 0.108, 0.108)}
LEAST = {"double pixels": 0.95, "half pixels": 0.98, "double z step": 0.80}


@pytest.fixture(scope="module", params=["tomm20", "slc25a17"])
def tuned(request):
    workflow = WORKFLOWS[request.param]
    stack, _ = phantoms.FOR_WORKFLOW[request.param](51, shape=SHAPE)
    return workflow, stack, workflow(stack.raw)


def rebinned(raw, name):
    """Return the stack with other voxels, made in the plainest way; a finer pixel is a quarter of the old one with the light of its place."""
    if name == "double z step":
        return raw[::2]
    if name == "double pixels":
        return raw.reshape(len(raw), SHAPE[1] // 2, 2, SHAPE[2] // 2, 2).mean(axis=(2, 4)).round().astype(np.uint16)
    from scipy import ndimage

    return ndimage.zoom(raw.astype(np.float32), (1, 2, 2), order=3, mode="reflect", grid_mode=True).clip(0).round().astype(np.uint16)


@pytest.mark.parametrize("name", SIZES)
def test_mask_at_another_voxel_size_is_that_at_the_tuned_one(tuned, name):
    workflow, stack, mask = tuned
    raw = rebinned(stack.raw, name)
    wanted = images.mask_onto(mask, TUNED_VOXEL_SIZE, SIZES[name], raw.shape)
    found = workflow(raw, voxel_size=SIZES[name])
    assert found.shape == raw.shape
    assert found.dtype == bool
    assert overlap(wanted, found).dice >= LEAST[name]
    assert overlap(wanted, found).dice > overlap(wanted, workflow(raw)).dice


@pytest.mark.parametrize("name", SIZES)
def test_field_imaged_anew_is_found_as_well_as_at_the_tuned_size(name):
    usual = phantoms.peroxisomes(51, shape=SHAPE)
    stack, truth = phantoms.imaged_at(phantoms.peroxisomes, SIZES[name], 51, shape=SHAPE)
    workflow = WORKFLOWS["slc25a17"]
    tuned = overlap(usual.truth, workflow(usual.stack.raw)).dice
    found = overlap(truth, workflow(stack.raw, voxel_size=stack.voxel_size)).dice
    assert found >= tuned - 0.03
    assert found > overlap(truth, workflow(stack.raw)).dice


@pytest.mark.parametrize("voxel_size", [TUNED_VOXEL_SIZE, [0.3, 0.11, 0.105], np.array(TUNED_VOXEL_SIZE)])
def test_nothing_is_resampled_where_sizes_agree(tuned, voxel_size, monkeypatch):
    workflow, stack, mask = tuned
    monkeypatch.setattr(images, "resample", lambda *_: pytest.fail("resampled"))
    assert np.array_equal(workflow(stack.raw, voxel_size=voxel_size), mask)


def test_one_plane_is_not_resampled_along_z():
    stack, _ = phantoms.endoplasmic_reticulum(3, shape=(1, 96, 96))
    found = WORKFLOWS["sec61b"](stack.raw, voxel_size=(3.0, 0.108, 0.108))
    assert np.array_equal(found, WORKFLOWS["sec61b"](stack.raw))
    assert WORKFLOWS["sec61b"](stack.raw, voxel_size=(3.0, 0.2, 0.2)).shape == (1, 96, 96)


@pytest.mark.parametrize("voxel_size", [(290, 108, 108), (2.9e-7, 1.08e-7, 1.08e-7)], ids=["nm", "m"])
def test_voxels_in_another_unit_are_doubted_and_left_alone(tuned, voxel_size):
    workflow, stack, mask = tuned
    with pytest.warns(UserWarning, match="the unit is probably wrong; give voxel_size in um") as caught:
        found = workflow(stack.raw, voxel_size=voxel_size)
    assert len(caught) == 1
    assert np.array_equal(found, mask)


@pytest.mark.parametrize("voxel_size", [(0.29, 0, 0.1), (0.29, -0.1, 0.1), (0.29, 0.1), "0.1", (0.29, float("nan"), 0.1)])
def test_voxel_sizes_that_are_none_are_refused(tuned, voxel_size):
    workflow, stack, _ = tuned
    with pytest.raises((TypeError, ValueError), match=r"voxel_size must be .*\[z, y, x\] in um"):
        workflow(stack.raw, voxel_size=voxel_size)


def test_values_are_changed_beside_the_voxel_size(tuned):
    workflow, stack, mask = tuned
    raw = rebinned(stack.raw, "double pixels")
    fewer = workflow(raw, voxel_size=SIZES["double pixels"], minimum_size=2000)
    assert fewer.sum() < workflow(raw, voxel_size=SIZES["double pixels"]).sum(), "voxels are those of the tuned size"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        workflow(stack.raw, voxel_size=TUNED_VOXEL_SIZE)


def test_table_of_voxel_sizes_has_every_workflow():
    """docs/voxel_sizes.md: re-binned, half pixels and the double z step reach their goals everywhere, double pixels in all but five."""
    lines = (Path(__file__).resolve().parents[2] / "docs" / "voxel_sizes.md").read_text(encoding="utf-8").splitlines()
    rows = {
        cells[1]: cells
        for cells in ([cell.strip() for cell in line.split("|")] for line in lines)
        if len(cells) > 2 and cells[1] in PUBLISHED
    }
    assert list(rows) == list(PUBLISHED)
    for column, name in ((3, "double pixels"), (5, "half pixels"), (7, "double z step")):
        below = [workflow for workflow, cells in rows.items() if float(cells[column].split()[0]) < LEAST[name]]
        assert len(below) <= (5 if name == "double pixels" else 0), below
