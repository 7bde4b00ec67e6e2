"""Surfaces are wrong by the distances that the table says."""

import numpy as np
import pandas as pd
import pytest

from helpers import images, metrics, phantoms


@pytest.fixture(scope="module")
def pair():
    return phantoms.outline_pair(seed=4)


def test_every_kind_is_there(pair):
    assert {"too large", "too small", "one plane up", "spur", "right"} <= set(pair.errors["error"])
    assert pair.errors["truth"].tolist() == np.unique(pair.truth[pair.truth > 0]).tolist()
    assert pair.truth.shape == pair.found.shape == pair.stack.raw.shape


def test_distances_are_those_of_the_table(pair):
    z, y, _ = pair.stack.voxel_size
    distances = metrics.object_surface_distances(pair.truth, pair.found, 300, voxel_size=pair.stack.voxel_size)
    table = distances.merge(pair.errors, on="truth").set_index("error")
    assert len(table) == len(pair.errors)
    assert (table["found"] == table["truth"]).all()
    assert (table.loc[["right"], ["hausdorff", "assd"]] == 0).all(axis=None)
    moved = table.loc[["too large", "too small"]]
    assert moved["hausdorff95"].to_numpy() == pytest.approx(moved["distance_um"].to_numpy(), abs=y)
    assert table.loc[["one plane up"], "hausdorff"].to_numpy() == pytest.approx(z)
    spur = table.loc[["spur"]]
    assert spur["hausdorff"].to_numpy() == pytest.approx(spur["distance_um"].to_numpy(), abs=2 * y)
    assert (spur["hausdorff95"] <= y).all()
    sizes = {name: np.bincount(labels.ravel()) for name, labels in (("truth", pair.truth), ("found", pair.found))}
    for error, sign in (("too large", 1), ("too small", -1), ("spur", 1)):
        labels = table.loc[[error], "truth"].to_numpy()
        assert (np.sign(sizes["found"][labels] - sizes["truth"][labels].astype(int)) == sign).all()


def test_objects_never_overlap_nor_vanish(pair):
    assert np.array_equal(np.unique(pair.truth), np.unique(pair.found))
    other = (pair.found > 0) & (pair.truth > 0)
    assert np.array_equal(pair.found[other], pair.truth[other])


def test_writes_folders(tmp_path):
    folder = phantoms.write_outline_folders(tmp_path / "example", count=1)
    truths, found = images.LabelFolder(folder / "truth"), images.LabelFolder(folder / "found")
    stacks = images.StackFolder(folder / "images")
    (name,) = images.partners(truths, {"found": found, "images": stacks}).names
    assert stacks[name].voxel_size == pytest.approx((0.29, 0.108, 0.108))
    errors = pd.read_csv(folder / "errors.csv")
    assert set(errors["truth"]) == set(np.unique(truths[name])) - {0}


@pytest.mark.parametrize(
    ("arguments", "words"), [({"distance": 0}, "distance must be"), ({"spur": -1}, "spur must be"), ({"seed": -1}, "seed")]
)
def test_bad_arguments(arguments, words):
    with pytest.raises(ValueError, match=words):
        phantoms.outline_pair(**arguments)
