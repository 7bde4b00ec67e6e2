import numpy as np
import pytest

from helpers import figures, phantoms
from helpers.figures import pixels
from helpers.figures.sheets import BOX
from helpers.images import Stack


@pytest.fixture
def stack():
    raw = np.random.default_rng(0).integers(90, 110, (7, 40, 60), dtype=np.uint16)
    raw[3, 10:20, 30:40] = 900
    return Stack(raw, (0.5, 0.1, 0.1), "block")


def arrays(picture):
    return [axes.images[0].get_array() for axes in picture.axes if axes.images]


def test_side_view_has_true_proportions(stack):
    """6 um wide and 3.5 um high: the side view of a stack whose voxels are five times as high as wide."""
    plane, projection, side = arrays(figures.sheet([stack]))
    assert plane.shape == projection.shape == (round(BOX * 40 / 60), BOX, 3)
    assert side.shape[:2] == pytest.approx((BOX * 3.5 / 6, BOX), abs=1)


def test_planes_taken_for_channels_show(stack):
    """Read the wrong way round, each 'channel' is a stack of one plane: its side view is a single line of voxels."""
    wrong = [Stack(stack.raw[z][None], stack.voxel_size, f"{z}") for z in range(3)]
    pictures = arrays(figures.sheet(wrong, titles=["0", "1", "2"]))
    assert len(pictures) == 9
    for side in pictures[2::3]:
        assert len(np.unique(side, axis=0)) == 1, "no structure along z"


def test_sheet_needs_a_title_for_each():
    with pytest.raises(ValueError, match="one title for each"):
        figures.sheet([phantoms.mitochondria(shape=(2, 16, 16)).stack], titles=["a", "b"])
    with pytest.raises(ValueError, match="at least one stack"):
        figures.sheet([])


def test_one_plane_outlines_the_mask_of_that_plane(stack):
    mask = np.zeros((40, 60), bool)
    mask[10:20, 30:40] = True
    raw, outlined = arrays(figures.one_plane(stack, mask, 3))
    orange = (outlined == pixels.ORANGE).all(axis=-1)
    scale = outlined.shape[1] / 60
    rows, columns = np.nonzero(orange)
    assert rows.min() == pytest.approx(10 * scale, abs=scale)
    assert columns.max() == pytest.approx(40 * scale, abs=scale)
    assert not (raw == pixels.ORANGE).all(axis=-1).any()
    with pytest.raises(ValueError, match="same shape"):
        figures.one_plane(stack, mask[:5], 3)
    with pytest.raises(ValueError, match="plane must be"):
        figures.one_plane(stack, mask, 7)


def test_histogram_counts_every_voxel_and_marks_the_highest(stack):
    axes = figures.histogram(stack).axes[0]
    *bars, top = (patch.get_height() for patch in axes.patches)
    assert sum(bars) == stack.raw.size
    assert top == 100
    constant = Stack(np.full((2, 3, 4), 5, np.uint16), (1, 1, 1), "constant")
    assert figures.histogram(constant).axes[0].patches


def test_gallery_shows_saved_pictures(stack, tmp_path):
    paths = [figures.save(figures.planes(stack), tmp_path / f"{name}.png") for name in "ab"]
    picture = figures.gallery(paths)
    assert [axes.get_title(loc="left") for axes in picture.axes] == ["a", "b"]
    with pytest.raises(ValueError, match="at least one picture"):
        figures.gallery([])
