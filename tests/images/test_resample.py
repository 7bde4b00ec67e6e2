import numpy as np
import pytest

from helpers import images
from helpers.images import Stack, labels_onto, mask_onto, resample, resampled_shape

TUNED = (0.29, 0.108, 0.108)


def blob(shape, voxel_size, centre, sigma):
    """Return the light of a Gaussian blob: planes as points from the first one on, pixels as means over their square (9 x 9 points in each)."""
    planes = np.arange(shape[0]) * voxel_size[0]
    axes = [planes]
    for length, size in zip(shape[1:], voxel_size[1:]):
        axes.append(((np.arange(length * 9) + 0.5) / 9) * size)
    z, y, x = (np.exp(-((axis - middle) ** 2) / 2 / sigma**2) for axis, middle in zip(axes, centre))
    y, x = (axis.reshape(-1, 9).mean(axis=1) for axis in (y, x))
    return 1000 * z[:, None, None] * y[:, None] * x


def moments(image, voxel_size):
    """Return centre and standard deviation along each axis, in um, on the axes that `blob` has."""
    centre, width = [], []
    for axis in range(3):
        profile = image.sum(axis=tuple({0, 1, 2} - {axis}), dtype=float)
        places = (np.arange(image.shape[axis]) + (0.5 if axis else 0)) * voxel_size[axis]
        centre.append(np.average(places, weights=profile))
        width.append(np.sqrt(np.average((places - centre[-1]) ** 2, weights=profile)))
    return np.array(centre), np.array(width)


@pytest.mark.parametrize(
    ("voxel_size", "shape"),
    [
        ((0.58, 0.216, 0.216), (13, 31, 30)),
        ((0.29, 0.054, 0.054), (25, 122, 119)),
        ((0.2, 0.13, 0.09), (37, 51, 71)),
        ((0.5, 0.108, 0.108), (15, 61, 60)),
    ],
)
def test_a_blob_stays_where_it_is_and_as_wide(voxel_size, shape):
    raw = blob(shape, voxel_size, centre=(3.5, 3.3, 3.2), sigma=0.5)
    tuned = resample(raw, voxel_size, TUNED)
    assert tuned.dtype == np.float32
    assert tuned.shape == resampled_shape(shape, voxel_size, TUNED)
    truth = blob(tuned.shape, TUNED, centre=(3.5, 3.3, 3.2), sigma=0.5)
    assert np.abs(tuned - truth).max() < 30, "1000 at the peak"
    assert np.subtract(moments(tuned, TUNED), moments(truth, TUNED)) == pytest.approx(0, abs=0.02 * 0.108)
    back = resample(tuned, TUNED, voxel_size)
    smallest = tuple(map(min, shape, back.shape))
    inside = tuple(slice(0, length) for length in smallest)
    assert np.abs(back[inside] - raw[inside]).max() < 20


def test_light_is_kept_and_shrinking_averages_noise():
    raw = np.random.default_rng(1).normal(500, 50, (3, 60, 80)).astype(np.float32)
    half = resample(raw, (1, 1, 1), (1, 2, 2))
    assert half == pytest.approx(raw.reshape(3, 30, 2, 40, 2).mean(axis=(2, 4)), abs=0.1)
    assert resample(raw, (1, 1, 1), (1, 0.5, 0.5)).mean() == pytest.approx(raw.mean(), abs=0.05)
    assert resample(raw, (1, 1, 1), (1, 1.5, 1.6)).mean() == pytest.approx(raw.mean(), abs=0.05)


def test_finer_pixels_add_up_to_the_old_ones():
    raw = np.random.default_rng(2).integers(100, 200, (2, 11, 13)).astype(np.uint16)
    fine = np.stack([resample(raw[[index]], (1, 1, 1), (1, 0.5, 0.5))[0] for index in range(2)])
    sums = fine.reshape(2, 11, 2, 13, 2).mean(axis=(2, 4))
    inner = (slice(None), slice(2, -2), slice(2, -2))
    assert np.abs(sums - raw)[inner].mean() < 1.5, "but for what is cut to the range of the input"


def test_planes_that_are_there_stay_as_they_are():
    raw = np.random.default_rng(3).integers(0, 4000, (7, 9, 8)).astype(np.uint16)
    fine = resample(raw, (2, 1, 1), (1, 1, 1))
    assert fine.shape == (13, 9, 8)
    assert fine[::2] == pytest.approx(raw.astype(float), abs=0.5)
    assert resample(fine, (1, 1, 1), (2, 1, 1)) == pytest.approx(raw.astype(float), abs=0.5)


def test_nothing_below_zero_or_above_the_brightest():
    raw = np.zeros((5, 21, 21), np.uint16)
    raw[2, 10, 10] = 60000
    fine = resample(raw, (2, 2, 2), (0.9, 0.7, 0.8))
    assert fine.min() == 0
    assert fine.max() <= 60000


def test_same_size_is_the_same_image():
    raw = np.random.default_rng(4).integers(0, 4000, (3, 300, 7)).astype(np.uint16)
    assert np.array_equal(resample(raw, TUNED, TUNED), raw)
    before = raw.copy()
    resample(raw, TUNED, (0.1, 0.2, 0.3))
    assert np.array_equal(raw, before)


def test_a_single_plane_and_single_pixels_stay_single():
    assert resample(np.full((1, 10, 10), 7.0), (5, 1, 1), (1, 2, 2)).shape == (1, 5, 5)
    assert resample(np.full((1, 1, 1), 7.0), (1, 1, 1), (1, 3, 3)).tolist() == [[[7.0]]]


def test_pieces_make_the_whole():
    """Planes and blocks of rows are made apart: as one product of matrices, and as two halves that overlap by the reach of the spline."""
    raw = np.random.default_rng(5).integers(0, 4000, (3, 400, 6)).astype(np.uint16)
    raw[:, 200, 0], raw[:, 201, 0] = 0, 4000  # both halves have one range
    whole = resample(raw, (1, 1, 1), (1, 0.5, 1))
    upper, lower = resample(raw[:, :220], (1, 1, 1), (1, 0.5, 1)), resample(raw[:, 180:], (1, 1, 1), (1, 0.5, 1))
    assert whole[:, :400] == pytest.approx(upper[:, :400], abs=0.5)
    assert whole[:, 400:] == pytest.approx(lower[:, 40:], abs=0.5)


def ball(shape, voxel_size, radius):
    """Return a ball around (3, 3, 3) um: planes as points, pixels by their centres."""
    z, y, x = np.ogrid[tuple(slice(0, n) for n in shape)]
    z, y, x = z * voxel_size[0], (y + 0.5) * voxel_size[1], (x + 0.5) * voxel_size[2]
    return (z - 3) ** 2 + (y - 3) ** 2 + (x - 3) ** 2 < radius**2


@pytest.mark.parametrize("voxel_size", [(0.29, 0.216, 0.216), (0.58, 0.054, 0.054), (0.5, 0.15, 0.4), (0.1, 0.09, 0.12)])
def test_mask_comes_back_as_the_same_ball(voxel_size):
    shape = tuple(int(6 / size) for size in voxel_size)
    mask = mask_onto(ball((21, 56, 56), TUNED, 2), TUNED, voxel_size, shape)
    wanted = ball(shape, voxel_size, 2)
    assert 2 * np.count_nonzero(mask & wanted) / (np.count_nonzero(mask) + np.count_nonzero(wanted)) > 0.97
    assert np.count_nonzero(mask) * np.prod(voxel_size) == pytest.approx(4 / 3 * np.pi * 8, rel=0.05)


def test_labels_come_back_with_their_mask():
    labels = np.zeros((4, 40, 40), np.int32)
    labels[:, 5:20, 5:19], labels[:, 5:20, 20:33], labels[2, 30:36, 30:36] = 3, 8, 5
    for voxel_size, shape in (((1, 2, 2), (4, 20, 20)), ((1, 0.5, 0.5), (4, 80, 80)), ((2, 3, 1), (2, 13, 40)), ((1, 5, 5), (4, 8, 8))):
        found = labels_onto(labels, (1, 1, 1), voxel_size, shape)
        assert found.dtype == np.int32
        assert np.array_equal(found > 0, mask_onto(labels > 0, (1, 1, 1), voxel_size, shape))
        assert set(np.unique(found)) == {0, 3, 8, 5}
        for label in (3, 8, 5):
            volume = np.count_nonzero(labels == label)
            assert np.count_nonzero(found == label) * np.prod(voxel_size) == pytest.approx(volume, rel=0.25 if label != 5 else 1.5)


@pytest.mark.parametrize("wrong", [(0, 1, 1), (1, -1, 1), (1, 1), (1, 1, np.nan)])
def test_sizes_that_are_none_are_refused(wrong):
    with pytest.raises(ValueError, match="voxel_size must be"):
        resample(np.ones((2, 3, 3)), wrong, (1, 1, 1))
    with pytest.raises(ValueError, match="wanted must be"):
        mask_onto(np.ones((2, 3, 3), bool), (1, 1, 1), wrong, (2, 3, 3))


@pytest.mark.parametrize(
    ("shape", "own", "works_at"),
    [
        ((20, 64, 64), TUNED, TUNED),
        ((20, 64, 64), (0.3, 0.112, 0.105), (0.3, 0.112, 0.105)),
        ((20, 64, 64), (0.3, 0.2, 0.2), (0.3, 0.108, 0.108)),
        ((20, 64, 64), (0.58, 0.11, 0.11), (0.29, 0.11, 0.11)),
        ((20, 64, 64), (0.3, 0.108, 0.13), (0.3, 0.108, 0.108)),
        ((1, 64, 64), (5.0, 0.2, 0.2), (5.0, 0.108, 0.108)),
        ((4, 64, 64), (0.05, 0.1, 0.1), (0.05, 0.1, 0.1)),
        ((20, 64, 64), (290, 108, 108), (290, 108, 108)),
    ],
    ids=["tuned", "close", "pixels", "planes", "one side", "one plane", "too thin", "nanometres"],
)
def test_working_voxel_size(shape, own, works_at):
    assert images.working_voxel_size(shape, own, TUNED) == works_at


def test_nanometres_and_metres_are_absurd_and_coarse_is_not():
    stack = Stack(np.zeros((5, 4, 4), np.uint8), (2, 0.65, 0.65), "coarse")
    assert images.absurd_voxel_size(stack.raw.shape, stack.voxel_size, TUNED) == ""
    for absurd in ((290, 108, 108), (2.9e-7, 1e-7, 1e-7), (290, 0.1, 0.1)):
        assert "the unit is probably wrong" in images.absurd_voxel_size(stack.raw.shape, absurd, TUNED)
    assert images.absurd_voxel_size((1, 4, 4), (290, 0.1, 0.1), TUNED) == "", "one plane has no distance to the next"


def test_cost_is_said_where_it_is_large():
    assert "MiB" not in images.resampling_sentence((32, 256, 256), (0.29, 0.2, 0.2), TUNED)
    assert "36 times as many voxels" in images.resampling_sentence((32, 256, 256), (0.29, 0.648, 0.648), TUNED)


@pytest.mark.parametrize("wanted", [(0.29, 0.216, 0.25), (0.5, 0.108, 0.108), (0.2, 0.054, 0.07)])
def test_a_map_goes_where_a_mask_goes(wanted):
    """Of a mask the map is what the mask is cut from; means are kept, and values stay between those there were."""
    random = np.random.default_rng(2)
    mask = random.random((9, 33, 31)) > 0.5
    shape = resampled_shape(mask.shape, TUNED, wanted)
    share = images.map_onto(mask.astype(np.float32), TUNED, wanted, shape)
    assert share.dtype == np.float32
    assert ((share >= 0.5 - 1e-4) == mask_onto(mask, TUNED, wanted, shape)).all()
    values = random.random((9, 33, 31), np.float32) * 0.4 + 0.3
    found = images.map_onto(values, TUNED, wanted, shape)
    assert found.shape == shape
    assert values.min() - 1e-5 <= found.min() <= found.max() <= values.max() + 1e-5
    assert found.mean() == pytest.approx(values.mean(), abs=0.01)
    with pytest.raises(ValueError, match="NaN"):
        images.map_onto(values * np.nan, TUNED, wanted, shape)


def test_a_map_on_pixels_twice_as_large_holds_means():
    values = np.random.default_rng(3).random((4, 8, 10), np.float32)
    found = images.map_onto(values, (1, 1, 1), (1, 2, 2), (4, 4, 5))
    assert np.allclose(found, values.reshape(4, 4, 2, 5, 2).mean((2, 4)), atol=1e-5)
