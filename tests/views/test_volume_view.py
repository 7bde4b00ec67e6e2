"""The 3D view outside a browser is a picture; what is handed to a browser holds both."""

import importlib

import numpy as np
import pytest

from helpers import phantoms, views
from helpers.images import Stack


@pytest.fixture(scope="module")
def field():
    return phantoms.mitochondria(shape=(6, 40, 48))


def test_without_a_browser_it_is_a_picture(field):
    view = views.volume(*field)
    assert view.viewer == "static"
    assert set(view._repr_mimebundle_()) == {"image/png", "text/plain"}


def test_widget_and_picture_in_one_output(field):
    bundle = views.volume(*field, viewer="k3d")._repr_mimebundle_()
    assert set(bundle) == {"image/png", "text/plain", "application/vnd.jupyter.widget-view+json"}
    assert bundle["image/png"].startswith(b"\x89PNG")


def test_proportions_are_those_of_the_field(field):
    plot = views.volume(*field, viewer="k3d").widget
    z, y, x = (length * size for length, size in zip(field.stack.raw.shape, field.stack.voxel_size))
    raw, found = plot.objects
    assert raw.model_matrix.diagonal()[:3] == pytest.approx([x, y, z], rel=1e-5)
    corners = np.asarray(found.vertices)
    places = np.argwhere(field.truth)[:, ::-1] + 0.5
    size = np.array(field.stack.voxel_size[::-1])
    assert corners.mean(axis=0) == pytest.approx((places * size).mean(axis=0), abs=0.7)
    assert (corners.min(axis=0) >= -size).all()
    assert (corners.max(axis=0) <= np.array([x, y, z]) + size).all()


def test_large_stack_is_thinned(monkeypatch, field):
    module = importlib.import_module("helpers.views.volume")  # the package has a function of this name
    monkeypatch.setattr(module, "MOST", 4000)
    raw, _ = views.volume(*field, viewer="k3d").widget.objects
    assert raw.volume.size <= 4000


def test_unknown_viewer_and_wrong_mask_are_refused(field):
    with pytest.raises(ValueError, match="viewer must be one of"):
        views.volume(*field, viewer="vtk")
    with pytest.raises(ValueError, match="shape"):
        views.volume(field.stack, field.truth[:3])


def test_one_plane_has_no_third_dimension():
    view = views.volume(Stack(np.eye(20, dtype=np.uint16)[None], (1, 0.1, 0.1), "plane"), viewer="k3d")
    assert view.viewer == "static"
