import numpy as np
import pytest
from random_labels import CASES, random_pair
from scipy import ndimage

from helpers import metrics


def surface(mask):
    """Return the coordinates of the boundary by erosion with the cross."""
    return np.argwhere(mask & ~ndimage.binary_erosion(mask, ndimage.generate_binary_structure(mask.ndim, 1)))


def brute_force(truth, found, voxel_size):
    """Measure every distance between two boundaries."""
    first, second = surface(truth) * voxel_size, surface(found) * voxel_size
    distances = np.sqrt(((first[:, None] - second[None]) ** 2).sum(-1))
    there, back = distances.min(1), distances.min(0)
    percentiles = (np.percentile(there, 95), np.percentile(back, 95))
    return max(there.max(), back.max()), max(percentiles), (there.sum() + back.sum()) / (there.size + back.size), there, back


@pytest.mark.parametrize(
    ("shape", "voxel_size"),
    [
        ((30, 41), (1, 1)),
        ((30, 41), (0.3, 0.7)),
        ((9, 14, 17), (0.29, 0.1, 0.11)),
        ((2, 3, 25), (5, 1, 1)),
        ((150, 160), (0.3, 0.1)),
        ((20, 30, 40), (0.3, 0.1, 0.1)),
    ],
)
def test_as_every_distance_measured(shape, voxel_size):
    generator = np.random.default_rng(0)
    smooth = [ndimage.gaussian_filter(generator.standard_normal(shape), 2) for _ in range(2)]
    for level in (0.0, 0.05):
        truth, found = smooth[0] > level, (smooth[0] + 0.3 * smooth[1]) > level
        *expected, there, back = brute_force(truth, found, voxel_size)
        assert metrics.surface_distances(truth, found, voxel_size=voxel_size) == pytest.approx(expected, rel=1e-5)
        for limit in (0, min(voxel_size), 2.5 * min(voxel_size)):
            agreement = metrics.boundary_f(truth, found, limit, voxel_size=voxel_size)
            precision, recall = np.mean(back <= limit + 1e-6), np.mean(there <= limit + 1e-6)
            assert agreement[:2] == pytest.approx((precision, recall))
            assert agreement.f == pytest.approx(2 * precision * recall / (precision + recall))


def test_boundary_of_touching_objects():
    """Each object of a label image has its own; a mask of both has one around them."""
    labels = np.zeros((8, 12), int)
    labels[1:7, 1:6], labels[1:7, 6:11] = 4, 9
    expected = np.zeros(labels.shape, bool)
    for label in (4, 9):
        expected[tuple(surface(labels == label).T)] = True
    assert (metrics.boundary(labels) == expected).all()
    assert metrics.boundary(labels).sum() == metrics.boundary(labels > 0).sum() + 8


def test_nested_balls():
    """The distance between two concentric balls is the difference of their radii, to a voxel; with voxels as high as wide or not."""
    place = np.arange(-20, 21)
    for voxel_size in ((1, 1, 1), (2, 1, 1)):
        distance = np.sqrt(sum(axis**2 for axis in np.meshgrid(*(place * size for size in voxel_size), indexing="ij")))
        result = metrics.surface_distances(distance <= 16, distance <= 11, voxel_size=voxel_size)
        assert result.assd == pytest.approx(5, abs=0.5)
        assert result.hausdorff == pytest.approx(5, abs=1.01)


@pytest.mark.parametrize("case", [CASES[1], CASES[9]])
def test_pairs_of_objects_as_their_masks(case):
    truth, found = random_pair(*case)
    size = (0.5, 0.2, 0.3)[: truth.ndim]
    table = metrics.object_surface_distances(truth * 1000, found + 70000 * (found > 0), 600, voxel_size=size)
    assert len(table) == metrics.match(truth, found, [600])["tp"].item() > 5
    for row in table.itertuples():
        expected = brute_force(truth * 1000 == row.truth, found + 70000 == row.found, size)[:3]
        assert (row.hausdorff, row.hausdorff95, row.assd) == pytest.approx(expected, rel=1e-5)


def test_identical_masks_are_nowhere_apart():
    mask = np.ones((5, 6), bool)
    assert metrics.surface_distances(mask, mask) == (0, 0, 0)
    assert metrics.boundary_f(mask, mask, 0) == (1, 1, 1)


def test_without_a_boundary_there_is_no_distance():
    empty, one = np.zeros((4, 5), bool), np.eye(4, 5, dtype=bool)
    nan = pytest.approx(np.nan, nan_ok=True)
    for pair in ((empty, one), (one, empty), (empty, empty)):
        assert metrics.surface_distances(*pair) == (nan, nan, nan)
    assert metrics.boundary_f(empty, empty, 1) == (nan, nan, nan)
    assert metrics.boundary_f(one, empty, 1) == (nan, 0, 0)
    assert metrics.boundary_f(empty, one, 1) == (0, nan, 0)
    assert metrics.object_surface_distances(one.astype(int), empty.astype(int)).empty


@pytest.mark.parametrize(
    ("voxel_size", "error", "words"),
    [((1,), ValueError, "wanted 2, got 1"), ((1, 0), ValueError, "greater than 0"), (0.1, TypeError, "list of 2 lengths"), ((1, "a"), TypeError, "a number")],
)  # fmt: skip
def test_bad_voxel_size(voxel_size, error, words):
    labels = np.ones((4, 5), int)
    for function in (metrics.surface_distances, metrics.object_surface_distances):
        with pytest.raises(error, match=words):
            function(labels, labels, voxel_size=voxel_size)
    with pytest.raises(error, match=words):
        metrics.boundary_f(labels, labels, 1, voxel_size=voxel_size)


def test_bad_input():
    mask = np.ones((4, 5), bool)
    with pytest.raises(ValueError, match="at least 0"):
        metrics.boundary_f(mask, mask, -1)
    with pytest.raises(ValueError, match="same shape"):
        metrics.surface_distances(mask, mask[:, :4])
    with pytest.raises(ValueError, match="fraction"):
        metrics.surface_distances(mask, mask * 0.5)
    with pytest.raises(ValueError, match=r"must be \(Y, X\) or \(Z, Y, X\)"):
        metrics.surface_distances(mask[0], mask[0])


def test_boundary_distances_are_those_behind_the_scores():
    generator = np.random.default_rng(5)
    truth, found = (ndimage.binary_dilation(generator.random((7, 30, 25)) < 0.004, iterations=2) for _ in range(2))
    size = (0.3, 0.1, 0.12)
    there = metrics.boundary_distances(truth, found, voxel_size=size)
    back = metrics.boundary_distances(found, truth, voxel_size=size)
    assert np.array_equal(np.isfinite(there), metrics.boundary(truth))
    points = np.argwhere(metrics.boundary(found)) * size
    place = np.argwhere(metrics.boundary(truth))[::17]
    brute = [np.linalg.norm(points - each * size, axis=1).min() for each in place]
    np.testing.assert_allclose(there[tuple(place.T)], brute, rtol=1e-5)
    scores = metrics.surface_distances(truth, found, voxel_size=size)
    both = np.concatenate([there[np.isfinite(there)], back[np.isfinite(back)]])
    assert (both.max(), both.mean()) == pytest.approx((scores.hausdorff, scores.assd), rel=1e-5)
    assert np.isnan(metrics.boundary_distances(truth, np.zeros_like(truth))).all()


def test_surfaces_of_many_images():
    truth = np.zeros((5, 20, 24), int)
    truth[1:4, 3:9, 3:9], truth[1:4, 11:17, 12:20] = 4, 9
    found = np.roll(np.where(truth == 9, 0, truth), 1, axis=2)
    size = (0.3, 0.1, 0.1)
    result = metrics.evaluate_surfaces({"a": truth}, {"x": {"a": found}, "y": {"a": truth}}, {"a": size}, distance=0.05)
    rows = result.images.set_index("method")
    assert rows.loc["x", ["truth_objects", "found_objects", "pairs"]].tolist() == [2, 1, 1]
    assert rows.loc["y", ["hausdorff", "assd", "boundary_f", "median_assd"]].tolist() == [0, 0, 1, 0]
    scores = metrics.surface_distances(truth, found, voxel_size=size)
    assert tuple(rows.loc["x", list(scores._fields)]) == tuple(scores)
    assert rows.loc["x", "boundary_recall"] == metrics.boundary_f(truth, found, 0.05, voxel_size=size).recall
    pairs = metrics.object_surface_distances(truth, found, voxel_size=size)
    part = result.objects[result.objects["method"] == "x"]
    assert part["hausdorff"].tolist() == pairs["hausdorff"].tolist() == [pytest.approx(0.1)]
    plane = metrics.evaluate_surfaces({"a": truth[2]}, {"x": {"a": found[2]}}, {"a": size}).images
    assert plane["hausdorff"][0] > 0
    with pytest.raises(ValueError, match="x, a: "):
        metrics.evaluate_surfaces({"a": truth}, {"x": {"a": found[:3]}}, {"a": size})
    with pytest.raises(ValueError, match="b"):
        metrics.evaluate_surfaces({"a": truth, "b": truth}, {"x": {"a": found}}, {"a": size, "b": size})
