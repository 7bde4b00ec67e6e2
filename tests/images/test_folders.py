import numpy as np
import pytest
import tifffile
from PIL import Image

from helpers import images

VOXEL = (0.3, 0.1, 0.1)


def plane(*values):
    return np.array(values).reshape(1, 1, -1).repeat(3, axis=1)


@pytest.mark.parametrize(
    "array",
    [plane(0, 1, 1), plane(0, 255, 255).astype(np.uint8), plane(0, 3, 7).astype(np.uint16), plane(0, 1, 1) > 0, plane(0.0, 2.0, 2.0)],
    ids=["0 and 1", "0 and 255", "labels", "bool", "whole floats"],
)
def test_reads_masks(array, tmp_path):
    mask = images.read_mask(images.write(tmp_path / "a.tif", array, VOXEL))
    assert mask.dtype == bool
    assert np.array_equal(mask, (array > 0)[0])


def test_reads_masks_without_a_voxel_size(tmp_path):
    mask = np.zeros((5, 6), bool)
    mask[1:3, 2:] = True
    Image.fromarray(mask).save(tmp_path / "a.png")
    tifffile.imwrite(tmp_path / "b.tif", np.stack([mask, ~mask]).astype(np.uint8), photometric="minisblack")
    folder = images.MaskFolder(tmp_path)
    assert list(folder) == ["a", "b"]
    assert np.array_equal(folder["a"], mask)
    assert np.array_equal(folder["b"], np.stack([mask, ~mask]))
    assert list(folder.only(["b"])) == ["b"]
    assert folder.only(["b"])["b"].dtype == bool


@pytest.mark.parametrize("full", [0, 1, 255])
def test_empty_and_full_are_masks(full, tmp_path):
    assert images.read_mask(images.write(tmp_path / "a.tif", np.full((1, 4, 4), full, np.uint8), VOXEL)).all() == bool(full)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (plane(0.0, 0.4, 1.0), "a.tif holds fractions or NaN"),
        (plane(0.0, np.nan, 1.0), "a.tif holds fractions or NaN"),
        (plane(101, 140, 333).astype(np.uint16), "numbers from 101 to 333.*may be the raw image"),
        (plane(-1.0, 0.0, 1.0), "numbers from -1 to 1"),
    ],
)
def test_refuses_what_is_no_mask(array, words, tmp_path):
    path = images.write(tmp_path / "a.tif", array, VOXEL)
    with pytest.raises(images.ImageFileError, match=words):
        images.read_mask(path)


def test_several_methods_side_by_side(tmp_path):
    for method in ("otsu", "filaments"):
        images.write(tmp_path / "found" / method / "a.ome.tif", plane(0, 1, 1) > 0, VOXEL)
    methods = images.mask_folders(tmp_path / "found")
    assert {name: list(folder) for name, folder in methods.items()} == {"filaments": ["a"], "otsu": ["a"]}
    assert methods["otsu"]["a"].dtype == bool


def test_stacks_of_a_folder(tmp_path):
    raw = np.arange(24, dtype=np.uint16).reshape(2, 3, 4)
    images.write(tmp_path / "well_1.ome.tif", raw, VOXEL)
    tifffile.imwrite(tmp_path / "well_2.tif", raw, photometric="minisblack")
    stacks = images.StackFolder(tmp_path)
    assert np.array_equal(stacks["well_1"].raw, raw)
    assert stacks["well_1"].voxel_size == pytest.approx(VOXEL)
    with pytest.raises(images.ImageFileError, match="voxel_size"):
        stacks["well_2"]
    given = images.StackFolder(tmp_path, voxel_size=VOXEL)
    assert given["well_2"].voxel_size == given.only(["well_2"])["well_2"].voxel_size == VOXEL


def test_table_of_plates(tmp_path):
    (tmp_path / "plates.csv").write_text("plate,treatment, image,well\n1,DMSO,007,A1\n1,drug,008,A2\n")
    layout = images.read_plates(tmp_path / "plates.csv")
    assert layout["image"].tolist() == ["007", "008"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "plates.csv cannot be read as a table"),
        ("plate,treatment\n1,DMSO\n", "plates.csv has no column image"),
        ("plate,treatment,image\n1,,a\n", "plates.csv has empty cells"),
        (None, "there is no file"),
    ],
)
def test_bad_tables_of_plates(text, words, tmp_path):
    if text is not None:
        (tmp_path / "plates.csv").write_text(text)
    with pytest.raises((ValueError, FileNotFoundError), match=words):
        images.read_plates(tmp_path / "plates.csv")
    with pytest.raises(ValueError, match="there is no table of the plates"):
        images.read_plates("")
