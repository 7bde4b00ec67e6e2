"""The live panel without a browser: its sliders give what the workflow gives."""

import asyncio
import io
import json
import threading

import numpy as np
import pytest
from PIL import Image

from helpers import classic, notebook, phantoms, views
from helpers.images import Stack
from helpers.parameters import INPUTS
from helpers.views import canvas
from helpers.workflows import WORKFLOWS


@pytest.fixture(scope="module")
def mitochondria():
    return phantoms.mitochondria(shape=(8, 96, 96)).stack


def slider(panel, name):
    return next(widget for (known, index), widget in panel._sliders.items() if (known, index) == (name, 0))


def test_every_workflow_has_sliders_that_hold_its_values():
    stack = Stack(np.random.default_rng(0).integers(0, 4000, (4, 40, 40)).astype(np.uint16), (0.29, 0.108, 0.108), "noise")
    for row in WORKFLOWS.values():
        panel = views.tune(row, stack)
        given = [value for values in row.published.values() for value in (values if isinstance(values, (list, tuple)) else [values])]
        assert [widget.value for widget in panel._sliders.values()] == pytest.approx(given), row.id


def test_slider_gives_what_the_call_gives(mitochondria):
    panel = views.tune("tomm20", mitochondria)
    slider(panel, "filament_cutoffs").value = 0.3
    slider(panel, "minimum_size").value = 25
    expected = WORKFLOWS["tomm20"](mitochondria.raw, filament_cutoffs=[0.3], minimum_size=25)
    assert np.array_equal(panel.mask, expected)
    assert "filament_cutoffs = [0.3]  # " in panel.parameters()
    assert "minimum_size = 25  # voxels" in panel.parameters()


def test_scales_are_added_and_dropped_in_pairs(mitochondria):
    panel = views.tune("tomm20", mitochondria)
    more, fewer = next(row for row in panel._rows.children if hasattr(row, "children")).children
    assert fewer.disabled
    more.click()
    slider(panel, "filament_sigmas")
    panel._sliders["filament_sigmas", 1].value = 3.0
    panel._sliders["filament_cutoffs", 1].value = 0.3
    expected = WORKFLOWS["tomm20"](mitochondria.raw, filament_sigmas=[1.5, 3.0], filament_cutoffs=[0.16, 0.3])
    assert np.array_equal(panel.mask, expected)
    assert "filament_sigmas = [1.5, 3.0]  # pixels" in panel.parameters()
    next(row for row in panel._rows.children if hasattr(row, "children")).children[1].click()
    assert panel.values["filament_sigmas"] == [1.5]
    assert np.array_equal(panel.mask, WORKFLOWS["tomm20"](mitochondria.raw))
    panel.set(filament_sigmas=[1, 2, 3], filament_cutoffs=[0.1, 0.2, 0.3])
    assert [widget.value for (name, _), widget in panel._sliders.items() if name == "filament_cutoffs"] == pytest.approx([0.1, 0.2, 0.3])


@pytest.mark.parametrize("larger", [1, 2])
def test_preview_is_the_crop_at_the_contrast_of_the_whole(monkeypatch, larger):
    """Spots: a filament response also depends on the strongest ridge of the image at hand. Of larger pixels there are fewer in the crop."""
    monkeypatch.setattr("helpers.views.panels.CROP", (8, 48, 48))
    fine = phantoms.peroxisomes(shape=(8, 96 * larger, 96 * larger)).stack
    z, y, x = fine.voxel_size
    panel = views.tune("slc25a17", Stack(fine.raw[:, ::larger, ::larger].copy(), (z, larger * y, larger * x), "spots"))
    whole = panel.mask
    panel.preview()
    box = panel.viewer._box
    assert [part.stop - part.start for part in box] == [8, 48 // larger, 48 // larger]
    inner = (slice(None), *(slice(part.start + 8 // larger, part.stop - 8 // larger) for part in box[1:]))
    shown = panel.viewer._layers[0].found
    assert whole[inner].any()
    assert np.mean(shown[inner] == whole[inner]) > 0.999
    panel.run()
    assert panel.viewer._box is None


def test_preview_of_smaller_pixels_has_no_more_of_them(monkeypatch):
    monkeypatch.setattr("helpers.views.panels.CROP", (8, 48, 48))
    panel = views.tune("slc25a17", Stack(phantoms.peroxisomes(shape=(8, 96, 96)).stack.raw, (0.29, 0.054, 0.054), "fine"))
    assert [part.stop - part.start for part in panel._box()] == [8, 48, 48]


def test_whole_stack_follows_on_another_thread_while_sliders_move(monkeypatch):
    """While the first whole stack is under way a slider moves: only what belongs to the last value is shown."""
    monkeypatch.setattr("helpers.views.panels.CROP", (8, 48, 48))
    monkeypatch.setattr("helpers.views.panels.PAUSE", 0.01)
    panel = views.tune("slc25a17", phantoms.peroxisomes(shape=(8, 96, 96)).stack)
    segment, begun, may_end, shown = panel._segment, threading.Event(), threading.Event(), []

    def slow(**values):
        begun.set()
        assert may_end.wait(30)
        return segment(**values)

    async def sitting():
        panel._segment = slow
        slider(panel, "minimum_size").value = 40
        while not begun.is_set():
            await asyncio.sleep(0.01)
        slider(panel, "minimum_size").value = 30  # its crop is shown while the other still runs
        assert panel.viewer._box is not None
        monkeypatch.setattr(panel, "_show", lambda mask, started: shown.append(mask))
        may_end.set()
        while not shown:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)

    asyncio.run(asyncio.wait_for(sitting(), 60))
    assert len(shown) == 1
    assert np.array_equal(shown[0], WORKFLOWS["slc25a17"](panel.stack.raw, minimum_size=30))
    assert shown[0] is panel.mask


def test_a_whole_stack_that_is_no_longer_wanted_stops_at_its_next_step(monkeypatch):
    monkeypatch.setattr("helpers.views.panels.CROP", (8, 48, 48))
    monkeypatch.setattr("helpers.views.panels.PAUSE", 0.01)
    panel = views.tune("slc25a17", phantoms.peroxisomes(shape=(8, 96, 96)).stack)
    spots_3d, begun, may_end, followed = classic.spots_3d, threading.Event(), threading.Event(), []

    def slow(smooth, **values):
        if smooth.shape == (8, 96, 96) and values["cutoffs"] == [0.05]:
            begun.set()
            assert may_end.wait(30)
        return spots_3d(smooth, **values)

    def noted(mask, **values):
        followed.append(mask.shape)
        return remove_small(mask, **values)

    remove_small, slow.__name__, noted.__name__ = classic.remove_small, "spots_3d", "remove_small"
    monkeypatch.setattr(classic, "spots_3d", slow)
    monkeypatch.setattr(classic, "remove_small", noted)

    async def sitting():
        slider(panel, "spot_cutoffs").value = 0.05
        while not begun.is_set():
            await asyncio.sleep(0.01)
        slider(panel, "spot_cutoffs").value = 0.08
        may_end.set()
        while panel._mask is None:
            await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(sitting(), 60))
    assert followed.count((8, 96, 96)) == 1, "after the first the steps were not gone on with"
    monkeypatch.undo()
    for cutoff in (0.08, 0.05):
        assert np.array_equal(panel._segment(spot_cutoffs=[cutoff]), WORKFLOWS["slc25a17"](panel.stack.raw, spot_cutoffs=[cutoff]))


def test_what_fails_on_the_other_thread_is_said(monkeypatch):
    monkeypatch.setattr("helpers.views.panels.CROP", (8, 48, 48))
    monkeypatch.setattr("helpers.views.panels.PAUSE", 0.01)
    panel = views.tune("slc25a17", phantoms.peroxisomes(shape=(8, 96, 96)).stack)

    def failing(**values):
        raise MemoryError("no room for the whole stack")

    async def sitting():
        panel._segment = failing
        slider(panel, "minimum_size").value = 40
        while "no room" not in panel.viewer._status.value:
            await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(sitting(), 60))
    panel._segment = lambda **values: np.ones(panel.stack.raw.shape, bool)
    assert panel.mask.all()  # asked for anew


def test_other_voxel_size_is_resampled_and_saved_as_the_workflow_gives_it(tmp_path, mitochondria):
    coarse = Stack(mitochondria.raw[:, ::2, ::2].copy(), (0.29, 0.216, 0.216), "coarse")
    values = {**INPUTS, **WORKFLOWS["tomm20"].published, "output_folder": str(tmp_path)}
    run = notebook.Run("tomm20", values, values)
    run.at_tuned_size(coarse)
    panel = views.tune(run, coarse)
    slider(panel, "minimum_size").value = 12
    panel._keep()
    record = json.loads((tmp_path / "coarse_tomm20_record.json").read_text())
    assert record["quality"]["same_as_workflow"]
    assert record["parameters"]["minimum_size"] == 12
    assert np.array_equal(panel.mask, WORKFLOWS["tomm20"](coarse.raw, voxel_size=coarse.voxel_size, minimum_size=12))


def test_several_time_points(mitochondria):
    other = phantoms.mitochondria(seed=1, shape=(8, 96, 96)).stack
    panel = views.tune("tomm20", [mitochondria, other])
    panel._time.value = 1
    assert np.array_equal(panel.mask, WORKFLOWS["tomm20"](other.raw))


def test_cutoff_of_a_probability_map():
    probability = Stack(np.linspace(0, 1, 4 * 20 * 20, dtype=np.float32).reshape(4, 20, 20), (0.3, 0.1, 0.1), "map")
    panel = views.threshold(probability)
    slider(panel, "cutoff").value = 0.75
    assert panel.mask.mean() == pytest.approx(0.25, abs=0.01)


def test_what_cannot_be_done_is_said_and_the_panel_lives(mitochondria):
    panel = views.tune("rab5a", mitochondria)
    panel._turned("ceiling", 0, float(mitochondria.raw.min()) - 1)
    assert "ceiling" in panel.viewer._status.value
    panel._turned("ceiling", 0, 4000.0)
    assert "found" in panel.viewer._status.value
    with pytest.raises(TypeError, match="unknown parameter 'sigma'"):
        panel.set(sigma=1)


@pytest.mark.parametrize("shape", [(1, 1), (7, 5), (30, 40, 3), (1, 9, 3)])
def test_a_packed_picture_holds_the_same_pixels(shape):
    image = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    for given in (image, image[::-1], np.swapaxes(image, 0, 1)):
        packed = Image.open(io.BytesIO(canvas.as_png(given)))
        assert packed.mode == ("RGB" if len(shape) == 3 else "L")
        np.testing.assert_array_equal(np.asarray(packed), given)
