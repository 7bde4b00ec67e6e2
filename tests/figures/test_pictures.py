"""Pictures: what is drawn is what was meant, pixel by pixel; each shows itself once in a notebook."""

import io
import subprocess
import sys
import time

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image
from scipy import ndimage

from helpers import figures
from helpers.figures import picture, pixels
from helpers.figures.planes import BOX
from helpers.images import Stack

VOXEL = (0.3, 0.1, 0.1)
ALL = {
    "planes": figures.planes,
    "projections": figures.projections,
    "orthogonal": figures.orthogonal,
    "mosaic": figures.mosaic,
    "overlay": figures.overlay,
    "labels_over": figures.labels_over,
    "corrected": lambda stack, mask: figures.corrected(stack, mask.astype(int), np.roll(mask, 1, axis=2).astype(int)),
    "removed": lambda stack, mask: figures.removed(stack, mask, np.roll(mask, 1, axis=2)),
}


@pytest.fixture(scope="module")
def field():
    """Return a stack whose panels are shown pixel for pixel, and a mask of a bright ball in it."""
    rng = np.random.default_rng(0)
    z, y, x = np.ogrid[:6, :BOX, :BOX]
    mask = ((z - 3) / 2.2) ** 2 + ((y - 150) / 60) ** 2 + ((x - 250) / 80) ** 2 <= 1
    raw = rng.integers(100, 300, mask.shape).astype(np.uint16)
    raw[mask] += 700
    return Stack(raw, VOXEL, "field"), mask


def rendered(figure):
    """Return the PNG of a picture as an array."""
    return np.asarray(Image.open(io.BytesIO(figure._repr_png_())).convert("RGB"))


def images(figure):
    """Return the pixels of the panels, as they were given to matplotlib."""
    return [np.asarray(axes.images[0].get_array()) for axes in figure.axes]


def is_colour(image, colour, tolerance=0):
    return np.abs(image.astype(int) - colour).max(axis=-1) <= tolerance


def panel_in(figure, png, index):
    """Cut a panel out of the rendered picture."""
    left, bottom, wide, high = figure.axes[index].get_position().bounds
    height, width = png.shape[:2]
    top = round(height * (1 - bottom - high))
    return png[top : top + round(high * height), round(left * width) : round((left + wide) * width)]


def test_mask_is_outlined_where_its_boundary_is(field):
    stack, mask = field
    figure = figures.planes(stack, mask, plane=2)
    for shown, part in zip(images(figure), (mask[2], mask.any(axis=0))):
        edge = part & ~ndimage.binary_erosion(part, border_value=1)
        assert edge.sum() > 300
        np.testing.assert_array_equal(is_colour(shown, pixels.ORANGE), edge)


def test_rendered_pixels_are_the_panel_pixels(field):
    stack, mask = field
    figure = figures.planes(stack, mask, plane=2)
    part = panel_in(figure, rendered(figure), 0)
    shown = images(figure)[0]
    assert part.shape == shown.shape
    above_bar = np.s_[:380]
    assert np.abs(part[above_bar].astype(int) - shown[above_bar]).max() <= 8  # a step of the palette
    np.testing.assert_array_equal(is_colour(part[above_bar], pixels.ORANGE, 8), is_colour(shown[above_bar], pixels.ORANGE))


@pytest.mark.parametrize("size", [0.02, 0.1, 0.35, 3.0])
def test_scale_bar_is_as_long_as_it_says(size):
    stack = Stack(np.random.default_rng(0).integers(0, 99, (1, 200, 300)).astype(np.uint8), (1, size, size), "bar")
    figure = figures.planes(stack)
    axes = figure.axes[0]
    bar = next(patch for patch in axes.patches if patch.get_gid() == "scale bar")
    said = float(axes.texts[0].get_text().removesuffix(" µm"))
    across = images(figure)[0].shape[1]
    assert bar.get_width() / across == pytest.approx(said / (300 * size))
    assert 0.08 < bar.get_width() / across <= 0.25
    part = panel_in(figure, rendered(figure), 0)
    row = part[round(bar.get_y()) + 2]
    assert np.count_nonzero(is_colour(row, (255, 255, 255))) == pytest.approx(bar.get_width(), abs=2)


def test_removed_is_magenta_added_green_and_what_stays_outlined(field):
    stack, before = field
    after = before.copy()
    after[3, 140:150, 240:260] = False
    after[3, 300:310, 50:60] = True
    figure = figures.removed(stack, before, after, plane=3)
    shown = images(figure)[0].astype(int)
    gone, new = shown[141:149, 241:259], shown[301:309, 51:59]
    assert gone[..., [0, 2]].min() > 190
    assert gone[..., 1].max() < 130
    assert new[..., 1].min() > 190
    assert new[..., 0].max() < 130
    stays = pixels.boundary((before & after)[3])
    stays[140:150, 240:260] = stays[300:310, 50:60] = False
    assert is_colour(shown, pixels.ORANGE)[stays].all()
    assert figure.texts[0].get_text().startswith("200 voxels removed (magenta), 100 added (green)")


def test_corrected_shows_a_split_that_loses_no_voxel(field):
    stack, mask = field
    before = mask.astype(np.int32)
    before[:, 20:60, 20:60] = 2
    after = np.where(before == 2, 7, before)  # another number is no change
    after[:, :, 250:][before[:, :, 250:] == 1] = 3
    figure = figures.corrected(stack, before, after, plane=3)
    assert figure.texts[0].get_text() == "2 objects before, 3 after; unchanged (grey): 1"
    first, second = images(figure)
    for shown in (first, second):
        assert is_colour(shown[20, 21:59], (150, 150, 150)).all()
        inside = shown[25:55, 25:55].astype(int)
        assert np.ptp(inside, axis=-1).max() == 0, "what is unchanged is not coloured"
    left, right = np.median(second[130:170, 200:245], axis=(0, 1)), np.median(second[130:170, 255:300], axis=(0, 1))
    assert np.abs(left - right).max() > 40, "two parts, two colours"
    assert np.abs(np.median(first[130:170, 200:245], axis=(0, 1)) - np.median(first[130:170, 255:300], axis=(0, 1))).max() < 10


def test_removed_chooses_the_plane_where_most_changed(field):
    stack, mask = field
    after = mask.copy()
    after[1, 150, 240:260] = False
    assert "plane 1" in figures.removed(stack, mask, after).axes[0].get_title(loc="left")


def test_float_image_is_shown_beside_raw(field):
    stack, _ = field
    response = np.zeros(stack.raw.shape, np.float32)
    response[2, 100:200, :] = 1
    raw, shown = images(figures.planes(stack, response, plane=2))
    assert (shown[100:200] == 255).all()
    assert (shown[:100] == 0).all()
    assert raw[:100].std() > 1


def test_objects_have_colours_of_their_own(field):
    stack, _ = field
    labels = np.zeros(stack.raw.shape, np.int32)
    for number in range(1, 6):
        labels[1:4, 60 * number : 60 * number + 40, 50:350] = number
    figure = figures.labels_over(stack, labels, plane=2)
    assert "5 objects" in figure.texts[0].get_text()
    shown = images(figure)[0].astype(float)
    tints = [shown[60 * number + 5 : 60 * number + 35, 60:340].mean(axis=(0, 1)) for number in range(1, 6)]
    apart = [np.abs(a - b).max() for index, a in enumerate(tints) for b in tints[:index]]
    assert min(apart) > 24
    outside = shown[5:50]
    assert np.ptp(outside, axis=-1).max() == 0


def test_plane_with_most_found_then_most_signal_is_chosen(field):
    stack, mask = field
    assert "plane 3" in figures.planes(stack, mask).axes[0].get_title(loc="left")
    dim = np.full((5, 50, 50), 100, np.uint16)
    dim[4, 10:20, 10:20] = 900
    dim[1] = 400  # bright all over, but there is nothing in it
    assert "plane 4" in figures.planes(Stack(dim, VOXEL, "dim")).axes[0].get_title(loc="left")


def test_contrast_ignores_hot_pixels():
    raw = np.random.default_rng(0).integers(100, 200, (1, 300, 300)).astype(np.uint16)
    raw[0, 5, 5] = 65_000
    shown = images(figures.planes(Stack(raw, VOXEL, "hot")))[0]
    assert 80 < np.median(shown) < 180


def test_three_views_have_true_proportions_and_show_what_lies_there():
    raw = np.full((10, 40, 60), 100, np.uint16)
    raw[7, 10, 50] = 5000
    stack = Stack(raw, (0.4, 0.1, 0.1), "point")
    for make in (figures.projections, lambda s: figures.orthogonal(s, position=(7, 10, 50))):
        top, below, right = images(make(stack))
        scale = top.shape[1] / 6.0  # pixels per um
        np.testing.assert_allclose(top.shape[:2], (4.0 * scale, 6.0 * scale), atol=1)
        np.testing.assert_allclose(below.shape[:2], (4.0 * scale, 6.0 * scale), atol=1)
        np.testing.assert_allclose(right.shape[:2], (4.0 * scale, 4.0 * scale), atol=1)
        for view, position in ((top, (1.05, 5.05)), (below, (3.0, 5.05)), (right, (1.05, 3.0))):
            inner = view[9:-9, 9:-9, 0]
            brightest = np.argwhere(inner == inner.max()).mean(axis=0) + 9
            np.testing.assert_allclose(brightest / scale, position, atol=0.1)


def test_orthogonal_takes_its_masks_from_the_same_sections():
    mask = np.zeros((8, 50, 50), bool)
    mask[2:5, 20:30, 10:15] = True
    stack = Stack(np.random.default_rng(0).integers(0, 9, mask.shape).astype(np.uint8), (0.1, 0.1, 0.1), "box")
    shown = [is_colour(view, pixels.ORANGE).any() for view in images(figures.orthogonal(stack, mask, position=(3, 25, 40)))]
    assert shown == [True, True, False]


def test_mosaic_goes_from_the_first_to_the_last_plane_at_one_contrast():
    raw = np.zeros((20, 40, 40), np.uint16) + np.arange(20, dtype=np.uint16)[:, None, None] * 100
    figure = figures.mosaic(Stack(raw, VOXEL, "steps"), count=5)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert [title.split(" of ")[0] for title in titles] == ["plane 0", "plane 5", "plane 10", "plane 14", "plane 19"]
    levels = [image.mean() for image in images(figure)]
    np.testing.assert_allclose(levels, np.array([0, 5, 10, 14, 19]) / 19 * 255, atol=2)


def test_smallest_object_survives_shrinking_and_a_stretched_mask_stays_in_place():
    mask = np.zeros((2000, 1500), bool)
    mask[777, 1001] = True
    scale = pixels.fitting(mask.shape, (0.1, 0.1), 300)
    small = scale.largest(mask)
    assert small.shape == (300, 225)
    np.testing.assert_allclose(np.argwhere(small), [[777 * 0.15, 1001 * 0.15]], atol=1)
    tiny = np.zeros((3, 4), bool)
    tiny[1, 2] = True
    large = pixels.Scale((3, 4), (1, 1), 0.1).largest(tiny)
    np.testing.assert_array_equal(large, np.kron(tiny, np.ones((10, 10), bool)))


def test_intensities_are_averaged_when_shrunk_and_interpolated_when_stretched():
    rng = np.random.default_rng(0)
    image = rng.random((60, 80)).astype(np.float32)
    small = pixels.Scale((60, 80), (1, 1), 4).mean(image)
    np.testing.assert_allclose(small, image.reshape(15, 4, 20, 4).mean(axis=(1, 3)), rtol=1e-5)
    ramp = np.tile(np.arange(8, dtype=np.float32), (5, 1))
    large = pixels.Scale((5, 8), (1, 1), 0.25).mean(ramp)
    np.testing.assert_allclose(large[0], np.clip((np.arange(32) + 0.5) / 4 - 0.5, 0, 7), atol=1e-5)


@pytest.mark.parametrize("shape", [(1, 300, 200), (1, 1, 1), (2, 3, 500), (40, 20, 20), (3, 700, 30)], ids=str)
@pytest.mark.parametrize("make", ALL.values(), ids=ALL)
def test_any_shape_and_nothing_in_it(make, shape):
    raw = np.full(shape, 7, np.uint16)
    mask = np.zeros(shape, bool)
    for filled in (False, True):
        mask[:] = filled
        png = rendered(make(Stack(raw, (1.0, 0.1, 0.1), "flat"), mask))
        assert min(png.shape[:2]) > 20
        assert max(png.shape[:2]) < 1500


@pytest.mark.parametrize("make", ALL.values(), ids=ALL)
def test_pictures_are_small_files_opaque_and_change_nothing(make, field):
    stack, mask = field
    raw, before = stack.raw.copy(), mask.copy()
    figure = make(stack, mask)
    assert isinstance(figure, figures.Picture)
    assert isinstance(figure, Figure)
    data = figure._repr_png_()
    assert len(data) < 300_000
    assert Image.open(io.BytesIO(data)).mode == "P"
    assert (rendered(figure)[:3] == 255).all()
    np.testing.assert_array_equal(stack.raw, raw)
    np.testing.assert_array_equal(mask, before)


def test_large_stack_is_quick():
    raw = np.random.default_rng(0).integers(0, 4000, (64, 1024, 1024), dtype=np.uint16)
    mask = raw > 3990
    stack = Stack(raw, VOXEL, "large")
    for make in (figures.planes, figures.projections, figures.orthogonal, figures.mosaic, figures.overlay):
        start = time.process_time()
        make(stack, mask)._repr_png_()
        assert time.process_time() - start < 2


def test_saved_picture_is_the_one_shown(tmp_path, field):
    figure = figures.overlay(*field)
    path = figures.save(figure, tmp_path / "field_tomm20_overlay.png")
    assert path.read_bytes() == figure._repr_png_()
    assert [other.name for other in tmp_path.iterdir()] == ["field_tomm20_overlay.png"]
    with pytest.raises(ValueError, match="end in .png"):
        figures.save(figure, tmp_path / "overlay.jpg")
    with pytest.raises(TypeError, match="helpers.figures"):
        figures.save(Figure(), tmp_path / "overlay.png")
    with pytest.raises(OSError, match="no such|No such"):
        figures.save(figure, tmp_path / "missing" / "overlay.png")


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ((np.zeros((3, 4, 4)),), TypeError, "must be a Stack"),
        ((Stack(np.ones((3, 4, 4)), VOXEL, "x"), np.zeros((3, 4, 5), bool)), ValueError, "same shape"),
        ((Stack(np.ones((3, 4, 4)), VOXEL, "x"), [[0]]), TypeError, "array of bool"),
    ],
)
def test_wrong_arguments_are_refused_in_a_sentence(arguments, error, says):
    with pytest.raises(error, match=says):
        figures.planes(*arguments)


def test_positions_outside_are_refused(field):
    stack, mask = field
    with pytest.raises(ValueError, match="plane must be at least 0 and at most 5, got 6"):
        figures.planes(stack, mask, plane=6)
    with pytest.raises(ValueError, match="position"):
        figures.orthogonal(stack, mask, position=(1, 2))
    with pytest.raises(ValueError, match="at least 1"):
        figures.mosaic(stack, count=0)
    with pytest.raises(TypeError, match="None"):
        figures.overlay(stack, None)


@pytest.mark.parametrize(
    "first_line", ["", "import matplotlib.pyplot as plt; plt.figure()\nplt.close('all')"], ids=["plain", "with pyplot"]
)
def test_a_cell_shows_its_picture_exactly_once(first_line):
    import nbformat
    from nbclient import NotebookClient

    code = "import numpy as np\nfrom helpers import figures\nfrom helpers.images import Stack\n" + first_line
    stack = "stack = Stack(np.arange(5000.).reshape(2, 50, 50), (0.3, 0.1, 0.1), 'x')\n"
    cells = [code, stack + "figures.planes(stack)", "figures.planes(stack)\nfigures.mosaic(stack)", "picture = figures.planes(stack)"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    NotebookClient(notebook, timeout=120).execute()
    counts = [sum("image/png" in output.get("data", {}) for output in cell.outputs) for cell in notebook.cells]
    assert counts == [0, 1, 1, 0]


def test_pyplot_is_never_imported():
    code = "import sys, numpy as np; from helpers import figures; from helpers.images import Stack; "
    code += "figures.planes(Stack(np.ones((2, 5, 5)), (1, 1, 1), 'x'))._repr_png_(); sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_palette_keeps_colours_apart_and_greys_grey():
    rng = np.random.default_rng(0)
    noise = np.repeat(rng.integers(0, 256, (90, 90, 1)), 3, axis=2).astype(np.uint8)
    tinted = pixels.paint(noise, np.indices((90, 90))[0] > 60, pixels.MAGENTA, 0.5)
    indices, colours = picture.few_colours(tinted)
    back = colours[indices]
    assert len(colours) <= 256
    assert (np.ptp(back[:61], axis=-1) == 0).all()
    assert np.abs(back[:61].astype(int) - tinted[:61]).max() <= 3
    assert np.abs(back[61:].astype(int) - tinted[61:]).max() <= 19
