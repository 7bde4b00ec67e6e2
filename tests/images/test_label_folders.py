"""Folders of label images: read when asked, paired by stem, and what is no label image is refused in a sentence."""

import numpy as np
import pytest
import tifffile
from PIL import Image

from helpers import images

LABELS = np.array([[0, 1, 1], [0, 0, 7]], np.uint16)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".ome.tif"])
def test_reads_what_was_written(tmp_path, suffix):
    path = tmp_path / f"a.b{suffix}"
    if suffix == ".png":
        Image.fromarray(LABELS).save(path)
    elif suffix == ".tif":
        tifffile.imwrite(path, LABELS, photometric="minisblack")
    else:
        images.write(path, LABELS, (1, 0.1, 0.1))
    folder = images.LabelFolder(tmp_path)
    assert list(folder) == ["a.b"]
    assert np.array_equal(folder["a.b"], LABELS)
    assert folder["a.b"].dtype == np.uint16


def test_stacks_keep_their_planes_and_wide_labels_their_numbers(tmp_path):
    stack = np.zeros((3, 4, 5), np.uint32)
    stack[1, 2, 3] = 70_000
    images.write(tmp_path / "a.tif", stack, (1, 1, 1))
    assert np.array_equal(images.read_labels(tmp_path / "a.tif"), stack)


def test_whole_floats_become_integers(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", LABELS.astype(np.float32), photometric="minisblack")
    labels = images.read_labels(tmp_path / "a.tif")
    assert labels.dtype == np.int64
    assert np.array_equal(labels, LABELS)


def test_one_object_and_none_are_labels(tmp_path):
    for name, array in (("one", LABELS == 7), ("none", LABELS > 99)):
        tifffile.imwrite(tmp_path / f"{name}.tif", array.astype(np.uint8), photometric="minisblack")
        assert np.array_equal(images.read_labels(tmp_path / f"{name}.tif"), array)


@pytest.mark.parametrize(
    ("array", "sentence"),
    [
        ((LABELS > 0).astype(np.uint8) * 255, r"a\.tif holds 0 and 255 only, a mask.*helpers\.classic\.components"),
        (LABELS > 0, r"a mask.*helpers\.classic\.components"),
        (LABELS / 2, "fractions or NaN"),
        (np.where(LABELS, LABELS, np.nan).astype(np.float32), "fractions or NaN"),
        (-LABELS.astype(np.int16), "negative numbers, down to -7"),
    ],
    ids=["0 and 255", "bool", "fractions", "NaN", "negative"],
)
def test_no_labels(tmp_path, array, sentence):
    tifffile.imwrite(tmp_path / "a.tif", array, photometric="minisblack")
    with pytest.raises(ValueError, match=sentence):
        images.read_labels(tmp_path / "a.tif")


def test_drawings_and_several_channels_are_refused(tmp_path):
    Image.fromarray(np.random.default_rng(0).integers(0, 9, (5, 6, 3), np.uint8)).save(tmp_path / "drawn.png")
    with pytest.raises(ValueError, match="drawn.png is a picture in colours"):
        images.read_labels(tmp_path / "drawn.png")
    tifffile.imwrite(tmp_path / "two.ome.tif", np.zeros((2, 5, 6), np.uint8), ome=True, metadata={"axes": "CYX"}, photometric="minisblack")
    with pytest.raises(ValueError, match="2 channels"):
        images.read_labels(tmp_path / "two.ome.tif")


def test_a_folder_reads_a_file_only_when_asked(tmp_path):
    (tmp_path / "broken.tif").write_bytes(b"no TIFF")
    Image.fromarray(LABELS).save(tmp_path / "good.png")
    (tmp_path / "notes.txt").write_text("passed over")
    (tmp_path / ".hidden.png").write_bytes(b"")
    folder = images.LabelFolder(tmp_path)
    assert (len(folder), list(folder), "broken" in folder) == (2, ["broken", "good"], True)
    assert list(folder.only(["good"]).items())[0][0] == "good"
    assert folder.path("good").name == "good.png"
    with pytest.raises(ValueError, match="broken.tif is not a TIFF file"):
        folder["broken"]


def test_folders_that_are_none(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        images.LabelFolder(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="holds no image file"):
        images.LabelFolder(tmp_path)
    with pytest.raises(TypeError, match="a folder of label images is wanted"):
        images.LabelFolder("")
    for suffix in (".png", ".tif"):
        (tmp_path / f"a{suffix}").write_bytes(b"1")
    with pytest.raises(ValueError, match="a.png and a.tif, two files of one name"):
        images.LabelFolder(tmp_path)
    with pytest.raises(ValueError, match="is a file"):
        images.LabelFolder(tmp_path / "a.png")


def test_one_method_or_several(tmp_path):
    Image.fromarray(LABELS).save(tmp_path / "a.png")
    assert list(images.label_folders(tmp_path)) == [tmp_path.name]
    for method in ("otsu", "network"):
        (tmp_path / "methods" / method).mkdir(parents=True)
        Image.fromarray(LABELS).save(tmp_path / "methods" / method / "a.png")
    (tmp_path / "methods" / "empty").mkdir()
    methods = images.label_folders(tmp_path / "methods")
    assert list(methods) == ["network", "otsu"]
    assert np.array_equal(methods["otsu"]["a"], LABELS)
    Image.fromarray(LABELS).save(tmp_path / "methods" / "b.png")
    with pytest.raises(ValueError, match="and so do folders in it"):
        images.label_folders(tmp_path / "methods")


def test_partners():
    truth = dict.fromkeys("abcdefg")
    found = images.partners(truth, {"all": truth, "few": dict.fromkeys("bax")})
    assert found.names == ["a", "b"]
    assert found.missing == {"all": [], "few": ["c", "d", "e", "f", "g"]}
    assert found.unknown == {"all": [], "few": ["x"]}
    assert found.sentences() == ["few has 5 files less than truth: c, d, e and 2 more", "few has 1 file without truth: x"]
    with pytest.raises(ValueError, match="no image is in all folders.*a in truth, z in m"):
        images.partners(truth, {"m": {"z": 1}})


def test_a_folder_of_folders_says_which_to_give(tmp_path):
    (tmp_path / "otsu").mkdir()
    Image.fromarray(LABELS).save(tmp_path / "otsu" / "a.png")
    with pytest.raises(ValueError, match="give one of the folders in it: otsu"):
        images.LabelFolder(tmp_path)


def test_the_image_beside_its_labels(tmp_path):
    colours = np.random.default_rng(0).integers(0, 255, (5, 6, 3), np.uint8)
    Image.fromarray(colours).save(tmp_path / "drawn.png")
    images.write(tmp_path / "stack.ome.tif", np.arange(24, dtype=np.uint16).reshape(2, 3, 4), (1, 1, 1))
    assert np.allclose(images.read_beside(tmp_path, "drawn"), colours.mean(axis=2))
    assert np.array_equal(images.read_beside(tmp_path, "drawn", "G"), colours[..., 1])
    assert images.read_beside(tmp_path, "stack", "").shape == (2, 3, 4)
    assert images.read_beside(tmp_path, "other") is None
    assert images.read_beside("", "stack") is None
