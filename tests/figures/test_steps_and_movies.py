"""Diagrams of steps say what the functions do; movies hold every plane."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from helpers import classic, figures, phantoms
from helpers.images import Stack
from helpers.workflows import WORKFLOWS, pseudocode, steps


@pytest.mark.parametrize("name", WORKFLOWS)
def test_steps_run_as_they_are_written_give_the_mask(name):
    """Each expression, evaluated as printed, with what the steps before it made: the diagram is the workflow."""
    stack, _ = phantoms.mitochondria(seed=3, shape=(8, 64, 64))
    results = {"raw": stack.raw}
    functions = {function: getattr(classic, function) for function in classic.__all__}
    rows = steps(WORKFLOWS[name])
    for step in rows:
        assert set(step.inputs) <= set(results)
        # Only what is named as an input is there for the step to use
        results[step.name] = eval(step.expression, functions, {source: results[source] for source in step.inputs})
        dtype = {"image": np.float32, "mask": bool, "labels": np.int32}.get(step.kind)
        assert dtype is None or results[step.name].dtype == dtype, step
    np.testing.assert_array_equal(results["mask"], WORKFLOWS[name](stack.raw))


def test_values_in_force_are_shown():
    text = pseudocode(WORKFLOWS["tomm20"], {"filament_sigmas": [2.5], "input_path": "not a parameter of the workflow"})
    assert "sigmas=[2.5], cutoffs=[0.16]" in text
    assert "input_path" not in text


@pytest.mark.parametrize("name", ["tomm20", "lmnb1_interphase", "polr2a"])
def test_diagram_has_a_box_a_step_within_the_picture(name):
    picture = figures.steps(WORKFLOWS[name])
    assert repr(picture) == pseudocode(WORKFLOWS[name])
    pixels = np.asarray(Image.open(io.BytesIO(picture._repr_png_())).convert("RGB")).astype(int)
    (axes,) = picture.axes
    texts = [text.get_text() for text in axes.texts]
    for step in steps(WORKFLOWS[name]):
        assert step.name in texts
    renderer = picture.canvas.get_renderer()
    for text in axes.texts:
        box = text.get_window_extent(renderer)
        assert box.x0 >= 0 and box.x1 <= pixels.shape[1] and box.y0 >= 0 and box.y1 <= pixels.shape[0], text.get_text()  # noqa: PT018


def test_movie_has_a_frame_for_each_plane_with_its_own_picture(tmp_path):
    raw = np.zeros((5, 40, 60), np.uint16)
    mask = np.zeros(raw.shape, bool)
    for z in range(5):
        raw[z, 10:20, 10 * z : 10 * z + 10] = 1000
        mask[z, 10:20, 10 * z : 10 * z + 10] = True
    movie = figures.movie(Stack(raw, (0.3, 0.1, 0.1), "steps"), mask)
    path = movie.save(tmp_path / "steps.gif")
    file = Image.open(path)
    assert file.n_frames == movie.frames == 5
    columns = []
    for z in range(5):
        file.seek(z)
        frame = np.asarray(file.convert("RGB")).astype(int)
        orange = (frame[..., 0] > 200) & (frame[..., 2] < 100)
        columns.append(np.flatnonzero(orange.any(axis=0)).mean())
    assert np.all(np.diff(columns) > 20), "the outline moves with the plane"
    assert re.match(r'<img alt="movie of 5 frames, .*" src="data:image/gif;base64,', movie._repr_html_())
    with pytest.raises(ValueError, match="must end in .gif"):
        movie.save(tmp_path / "steps.mp4")
    with pytest.raises(ValueError, match="planes_per_second must be at least 0.5"):
        figures.movie(Stack(raw, (0.3, 0.1, 0.1), "steps"), mask, planes_per_second=0)
    assert [path.name for path in tmp_path.iterdir()] == ["steps.gif"]
