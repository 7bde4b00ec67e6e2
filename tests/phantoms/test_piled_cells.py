"""The fields of the loop: their failures are those stated, and the seeds kept for the last judgement stay apart from the others."""

import numpy as np
import pytest

from helpers import classic, metrics, phantoms
from helpers.workflows import WORKFLOWS

SEEDS = (300, 301, 302)


@pytest.fixture(scope="module")
def fields():
    return [phantoms.piled_lamina(seed) for seed in SEEDS]


def interphase(field):
    return sorted(set(np.unique(field.bodies)) - {0, *field.dividing})


def test_seeds_of_the_last_judgement_are_never_trained_on():
    assert len(set(phantoms.HELD_OUT)) == 20
    assert not set(phantoms.HELD_OUT) & set(phantoms.TRAINING)


def test_bodies_are_whole_and_the_first_plane_is_empty(fields):
    for field in fields:
        assert field.bodies.shape == field.lamina.shape == field.stack.raw.shape
        assert not field.bodies[0].any()
        edges = np.ones(field.bodies.shape, bool)
        edges[1:-1, 1:-1, 1:-1] = False
        assert not field.bodies[edges].any()
        for label in range(1, field.bodies.max() + 1):
            assert classic.components(field.bodies == label).max() == 1


def test_lamina_encloses_the_nuclei_in_interphase(fields):
    for field in fields:
        enclosed = classic.fill_holes(field.lamina)
        for label in interphase(field):
            body = field.bodies == label
            assert enclosed[body].all()
            assert 0.2 < field.lamina[body].mean() < 0.6  # a shell
        for label in field.dividing:
            assert field.lamina[field.bodies == label].mean() > 0.95


def test_lamin_fills_dividing_cells_and_not_nuclei():
    field = next(one for one in map(phantoms.piled_lamina, range(310, 330)) if one.dividing and len(one.dividing) < one.bodies.max())
    core = {label: classic.remove_small(_eroded(field.bodies == label), 5) for label in range(1, field.bodies.max() + 1)}
    light = {label: field.stack.raw[inside].mean() for label, inside in core.items()}
    background = np.median(field.stack.raw[field.bodies == 0])
    dividing = min(light[label] for label in field.dividing) - background
    assert dividing > 2 * (np.mean([light[label] for label in interphase(field)]) - background)


def test_the_middle_plane_misses_nuclei_that_lie_above_or_below(fields):
    """The published workflow, at values for these voxels: nuclei that its plane of seeds does not cut are not found."""
    missed = 0
    for field in fields:
        plane = classic.middle_plane(classic.gaussian(classic.min_max(field.stack.raw), 1.0))
        mask = WORKFLOWS["lmnb1_interphase"](
            field.stack.raw, filament_sigmas=[1, 1.5], filament_cutoffs=[0.1, 0.1], hole_minimum=64, hole_maximum=6400, seed_minimum=64
        )
        found = set(metrics.matched_pairs(field.bodies, classic.components(classic.fill_holes(mask)))["truth"])
        away = [label for label in interphase(field) if not (field.bodies[plane] == label).any()]
        assert not set(away) & found
        missed += len(away)
    assert missed >= 3


def test_images_differ_in_brightness(fields):
    light = [np.percentile(phantoms.piled_lamina(seed, (28, 80, 80)).stack.raw, 99.9) for seed in range(320, 332)]
    assert max(light) > 4 * min(light)


def test_same_seed_same_field():
    first, again, other = (phantoms.piled_lamina(seed, (28, 80, 80)) for seed in (7, 7, 8))
    assert np.array_equal(first.stack.raw, again.stack.raw)
    assert not np.array_equal(first.bodies, other.bodies)


def test_fields_too_small_for_a_cell_are_refused():
    with pytest.raises(ValueError, match="at least"):
        phantoms.piled_lamina(0, (10, 144, 144))


def _eroded(mask):
    from scipy import ndimage

    return ndimage.binary_erosion(mask, iterations=3)
