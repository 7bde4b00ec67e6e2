"""The geometry of the cells, against what a brute-force look at the grid says."""

import numpy as np
import pytest
from scipy import ndimage

from helpers.phantoms import cells

VOXEL = (0.29, 0.108, 0.108)
EXTENT = (9.28, 27.6, 27.6)


@pytest.fixture(scope="module")
def field():
    return cells.grow(np.random.default_rng(5), EXTENT, spacing=11)


def test_cells_are_about_as_far_apart_as_asked_for_and_cover_the_field(field):
    ground = field.centres[:, 1:]
    apart = np.linalg.norm(ground[:, None] - ground, axis=2)
    np.fill_diagonal(apart, np.inf)
    assert np.median(apart.min(axis=1)) == pytest.approx(11, rel=0.2)
    corners = np.array([(0, y, x) for y in (0, 27.6) for x in (0, 27.6)])
    assert (np.linalg.norm(ground[field.owner(corners)] - corners[:, 1:], axis=1) < 11).all()


def test_surface_points_lie_on_the_surface_and_stand_for_its_area(field):
    rng = np.random.default_rng(0)
    directions = rng.standard_normal((20_000, 3))
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    points, area = field.nuclear_surface(0, directions)
    np.testing.assert_allclose(field.nuclear_level(points, 0), 0, atol=1e-9)
    c, b, a = field.radii[0]
    knud = 4 * np.pi * (((a * b) ** 1.6075 + (a * c) ** 1.6075 + (b * c) ** 1.6075) / 3) ** (1 / 1.6075)  # Thomsen's formula, within 1.1 %
    assert area.sum() == pytest.approx(knud, rel=0.03)


def test_distances_are_in_voxels_along_the_normal(field):
    shape = (32, 256, 256)
    checked = 0
    for _, box, distance in cells.nuclear_distances(field, shape, VOXEL):
        if any(part.start == 0 or part.stop == length for part, length in zip(box, shape)):
            continue
        inside = distance < 0
        steps = np.where(inside, -ndimage.distance_transform_edt(inside) + 0.5, ndimage.distance_transform_edt(~inside) - 0.5)
        near = np.abs(steps) < 3
        assert np.abs(distance[near] - steps[near]).mean() < 0.4
        checked += 1
    assert checked >= 2


def test_depth_is_negative_in_the_nucleus_and_beyond_the_walls(field):
    middle = np.array([[field.centres[0, 0], *field.centres[0, 1:]]])
    assert field.depth(middle, np.array([0]))[0] < 0
    assert field.depth(field.centres[[1]], np.array([0]))[0] < 0
    rng = np.random.default_rng(1)
    points = rng.uniform((0, 5, 5), (9, 22, 22), (2000, 3))
    owner = field.owner(points)
    deep = field.depth(points, owner) > 0
    assert 0.2 < deep.mean() < 0.9
    assert (points[deep, 0] > field.floor).all()
    assert (points[deep, 0] < field.roof).all()
    assert (field.nuclear_level(points[deep], owner[deep]) > 0).all()


def test_ground_is_mostly_the_nearest_cell_and_the_wall_is_far_from_the_centre(field):
    owner, wall = cells.ground(field, (256, 256), VOXEL[1:])
    y, x = np.indices((256, 256)) * 0.108
    straight = field.owner(np.stack([np.zeros_like(y), y, x], axis=-1))
    assert np.mean(owner == straight) > 0.85
    changes = np.zeros((256, 256), bool)
    changes[:, 1:] |= owner[:, 1:] != owner[:, :-1]
    assert wall[changes].max() < 0.4
    assert wall.min() >= 0
    assert wall.max() > 3


def test_a_field_lower_than_a_cell_is_a_section_through_it():
    section = cells.grow(np.random.default_rng(0), (0.29, 10, 10), spacing=11)
    assert section.floor < 0
    assert section.roof > 0.29
    assert (np.abs(section.centres[:, 0]) < 2).all()
