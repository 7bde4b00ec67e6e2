import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.images import Stack, safe_name

RAW = np.zeros((2, 3, 4), np.uint16)


def test_stack_keeps_raw_and_makes_sizes_floats():
    stack = Stack(RAW, np.array([1, 2, 3]), "a b.ome.tif", "x")
    assert stack.raw is RAW
    assert stack.voxel_size == (1.0, 2.0, 3.0)
    assert all(type(size) is float for size in stack.voxel_size)
    assert (stack.name, stack.source) == ("a_b", "x")
    assert "2x3x4" in repr(stack)
    with pytest.raises(dataclasses.FrozenInstanceError):
        stack.name = "b"


@pytest.mark.parametrize(
    ("raw", "error", "sentence"),
    [
        (np.zeros((3, 4)), ValueError, r"raw must be \(Z, Y, X\), got \(3, 4\)"),
        (np.zeros((2, 2, 3, 4)), ValueError, "choose one channel"),
        (np.zeros((0, 3, 4)), ValueError, "raw is empty"),
        ([[[1]]], TypeError, "got list"),
        (np.zeros((1, 3, 4), complex), TypeError, "got complex128"),
        (np.array([[["a"]]]), TypeError, "array of numbers"),
    ],
)
def test_stack_refuses_what_is_no_image(raw, error, sentence):
    with pytest.raises(error, match=sentence):
        Stack(raw, (1, 1, 1), "a")


@pytest.mark.parametrize("sizes", [(1, 1), (1, 1, 1, 1), (0, 1, 1), (1, -1, 1), (1, 1, np.nan), (1, np.inf, 1), [], [[1, 1, 1]]])
def test_stack_refuses_sizes_that_are_none(sizes):
    with pytest.raises(ValueError, match=r"voxel_size must be .*\[z, y, x\] in um"):
        Stack(RAW, sizes, "a")


@pytest.mark.parametrize("sizes", ["111", 1.0, None, ("a", 1, 1), (True, 1, 1), {"z": 1}])
def test_stack_refuses_sizes_of_another_type(sizes):
    with pytest.raises(TypeError, match=r"voxel_size must be \[z, y, x\] in um"):
        Stack(RAW, sizes, "a")


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("cell.tif", "cell"),
        ("cell.ome.tif", "cell"),
        ("Cell.OME.TIFF", "Cell"),
        ("cell.ome.zarr", "cell"),
        ("cell.ome.zarr/", "cell"),
        ("a/b/c d.czi", "c_d"),
        (r"C:\data\cell.lif", "cell"),
        ("cell", "cell"),
        ("cell.v1.2", "cell.v1.2"),
        ("../..", "unnamed"),
        ("..", "unnamed"),
        ("", "unnamed"),
        ("...tif", "unnamed"),
        (".tif", "tif"),
        ("µm\n\x00.tif", "_m__"),
        ("nul.tif", "_nul"),
        ("COM1.x.tif", "_COM1.x"),
        ("x" * 300 + ".tif", "x" * 120),
    ],
)
def test_safe_name_gives_the_stem(name, stem):
    assert safe_name(name) == stem


@given(st.text(max_size=30))
def test_safe_name_is_safe_whatever_comes(text):
    name = safe_name(text)
    assert name
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
    assert not name.startswith(".")
    assert not name.endswith(".")
