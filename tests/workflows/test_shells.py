"""Shells stay closed on coarser grids, and hold nuclei whose middle is as noisy as the cytoplasm."""

import numpy as np
import pytest

from helpers import classic, images, measure, phantoms
from helpers.workflows import WORKFLOWS, Prepared

SHELL = WORKFLOWS["lmnb1_interphase"]
NOISY = {"smoothing_sigma": 2.5, "filament_cutoffs": [0.1, 0.1, 0.1]}


def volumes(mask, stack):
    """Return the volumes of the nuclei that the border does not cut, in um^3."""
    table = measure.objects(mask, stack, filled=True)
    return np.sort(table[~table["touches_border"]]["volume_um3"])


@pytest.mark.parametrize("larger", [2, 2.24, 3])
def test_nuclei_in_larger_pixels_have_the_volumes_of_those_at_the_tuned_size(larger):
    """Two voxels of 0.108 um fill less than half of two larger ones; a shell with holes would be measured as a shell, a third of the nucleus."""
    usual = phantoms.nuclear_lamina(1).stack
    z, y, x = usual.voxel_size
    coarse = phantoms.imaged_at(phantoms.nuclear_lamina, (z, larger * y, larger * x), 1).stack
    expected = volumes(SHELL(usual.raw), usual)
    assert expected.size >= 4
    np.testing.assert_allclose(volumes(SHELL(coarse.raw, voxel_size=coarse.voxel_size), coarse), expected, rtol=0.06)


def test_only_the_border_of_what_is_enclosed_is_added():
    ball = np.linalg.norm(np.indices((21, 41, 41)) - np.array([10, 20, 20])[:, None, None, None], axis=0) < 9
    shell, sizes = classic.shell(ball), ((1, 1, 1), (1, 2.3, 2.3), (21, 18, 18))
    moved, half = SHELL.onto(shell, *sizes), images.mask_onto(shell, *sizes)
    body = images.mask_onto(classic.fill_holes(shell), *sizes)
    assert np.array_equal(classic.fill_holes(moved), body)
    assert not np.array_equal(classic.fill_holes(half), body)
    assert (moved >= half).all()
    assert (moved & ~half).sum() < 0.5 * half.sum()
    assert np.array_equal(WORKFLOWS["tomm20"].onto(shell, *sizes), half)


def test_plane_to_look_at_is_that_of_rings_not_of_caps():
    """The border cuts three of four nuclei, which stay shells: their caps in plane 3 have more voxels than all rings."""
    z, y, x = np.indices((17, 60, 60))
    bodies = np.zeros(z.shape, bool)
    for row, column in ((0, 0), (0, 59), (59, 0), (30, 30)):
        bodies |= (abs(z - 8) < 5) & (np.hypot(y - row, x - column) < 13)
    mask = classic.shell(bodies)
    assert int(mask.sum(axis=(1, 2)).argmax()) in (3, 4, 12, 13)
    assert 5 <= SHELL.plane_of_rings(mask) <= 11
    assert SHELL.plane_of_rings(np.zeros_like(mask)) is None
    assert WORKFLOWS["tomm20"].plane_of_rings(mask) is None


@pytest.mark.real_data
def test_discs_as_seeds_find_nuclei_that_single_voxels_lose(shared):
    """Thirteen envelopes stand clear of the corners of the image; from one voxel each, the background takes all but two of them."""
    path = shared / "data" / "structures_3d" / "nuclear_envelope_left.ome.tif"
    stack = images.read(path, voxel_size=(0.5, 0.2416, 0.2416))
    prepared = Prepared(stack.raw, stack.voxel_size)
    nuclei = {}
    for radius in (0, 4):
        mask = prepared.segment(SHELL, **NOISY, seed_radius=radius)
        nuclei[radius] = int(np.sum(measure.objects(mask, stack, filled=True)["volume_um3"] > 30))
    assert nuclei[0] <= 3
    assert nuclei[4] >= 10
