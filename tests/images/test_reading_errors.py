"""What is wrong is said in one sentence with the name of the file, whatever is wrong; nothing is made up."""

import io
import re
import warnings
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from make_files import counts, sizes, write_czi, write_lif, write_nd2, write_ome
from PIL import Image

from helpers.images import ImageFileError, contents, read, read_or, write

ONE = [1, 1, 1]
ARRAY = counts(5, 12, 11)


@pytest.fixture
def tiff(tmp_path):
    return write(tmp_path / "cell_1.ome.tif", ARRAY, (0.3, 0.1, 0.1))


def test_missing_file_suggests_close_names(tiff):
    with pytest.raises(FileNotFoundError, match=r"there is no file cell_2\.ome\.tif in .*: did you mean cell_1\.ome\.tif\?"):
        read(tiff.with_name("cell_2.ome.tif"))
    with pytest.raises(FileNotFoundError, match=r"check the spelling"):
        read(tiff.with_name("zebra.czi"))


def test_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*nowhere: check the path of a\.tif"):
        read(tmp_path / "nowhere" / "a.tif")


def test_path_beneath_a_file(tiff):
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        read(tiff / "a.tif")


def test_folder_is_no_image(tiff):
    with pytest.raises(ValueError, match=r"is a folder: give one file in it, for example cell_1\.ome\.tif"):
        read(tiff.parent)
    (tiff.parent / "empty.zarr").mkdir()
    with pytest.raises(ValueError, match=r"empty\.zarr is a folder: give one file, there is no image in it"):
        read(tiff.parent / "empty.zarr")


def test_address_is_no_path():
    with pytest.raises(ValueError, match="is an address: download it first"):
        read("https://example.org/a.zarr")


@pytest.mark.parametrize("name", ["a.jpg", "a.txt", "a", "tif"])
def test_unknown_suffix_lists_the_known(tmp_path, name):
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(
        ValueError, match=rf"{name} is of an unknown kind \(.*\): \.tif, .*\.png, \.czi, \.lif, \.nd2 files and \.zarr folders can be read"
    ):
        read(tmp_path / name)


@pytest.mark.parametrize("suffix", ["tif", "png", "czi", "lif", "nd2", "ome.tiff"])
def test_empty_file(tmp_path, suffix):
    (tmp_path / f"a.{suffix}").write_bytes(b"")
    with pytest.raises(ValueError, match=rf"a\.{suffix} is empty \(0 bytes\): copy it again"):
        read(tmp_path / f"a.{suffix}")


@pytest.mark.parametrize("suffix", ["tif", "png", "czi", "lif", "nd2"])
@pytest.mark.parametrize("content", [b"x,y,z\n1,2,3\n" * 20, b"x", b"II*\x00", b"\x00" * 500, b"MM\x00*\x00\x00\x00\x00" * 9])
def test_other_content_under_the_suffix(tmp_path, suffix, content):
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(content)
    with pytest.raises(ImageFileError, match=rf"^a\.{suffix} [^\n]+$"):
        read(path)
    with pytest.raises(ImageFileError):
        contents(path)


def test_text_file_named_tif(tmp_path):
    (tmp_path / "a.tif").write_text("x,y,z\n1,2,3\n")
    with pytest.raises(ImageFileError, match=r"a\.tif is not a TIFF file: it begins with b'x,y,z\\n1,'; check what it is"):
        read(tmp_path / "a.tif")


def test_unreadable_file(tiff, monkeypatch):
    """The administrator may read everything, so that taking away the right proves nothing: the system's answer is given instead."""
    opened = io.open

    def refuse(file, *arguments, **keywords):
        if str(file) == str(tiff):
            raise PermissionError(13, "Permission denied", str(file))
        return opened(file, *arguments, **keywords)

    monkeypatch.setattr("builtins.open", refuse)
    monkeypatch.setattr("io.open", refuse)
    with pytest.raises(PermissionError, match="may not be read"):
        read(tiff)


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("channel", 1.5),
        ("channel", True),
        ("channel", [0]),
        ("scene", None),
        ("scene", 1.0),
        ("time", "0"),
        ("time", None),
        ("time", True),
        ("axes", 3),
        ("voxel_size", "abc"),
        ("voxel_size", 0.1),
    ],
)
def test_arguments_of_another_type(tiff, argument, value):
    with pytest.raises(TypeError, match=argument):
        read(tiff, **{argument: value})


@pytest.mark.parametrize("value", [[1, 1], [0, 1, 1], [1, 1, -1]])
def test_wrong_voxel_size(tiff, value):
    with pytest.raises(ValueError, match="voxel_size must be"):
        read(tiff, voxel_size=value)


@pytest.mark.parametrize("path", [None, 3, ""])
def test_path_of_another_type(path):
    with pytest.raises(TypeError, match="path must be the path of an image file"):
        read(path)


def test_channels_that_are_not_there(tmp_path):
    array = counts(3, 4, 8, 9)
    path = write_ome(tmp_path / "a.ome.tif", [(array, {"axes": "CZYX", "Channel": {"Name": ["DNA", "TOM20", "TOM20"]}} | sizes(1, 1, 1))])
    listed = r"a\.ome\.tif has 3 channels: 0 'DNA', 1 'TOM20', 2 'TOM20'"
    for channel in (None, ""):
        with pytest.raises(ValueError, match=listed + r": choose one with channel=\.\.\."):
            read(path, channel=channel)
    for channel in (3, -1, "3", "dna"):
        with pytest.raises(ValueError, match=listed + rf": there is no channel '?{channel}'?, choose one"):
            read(path, channel=channel)
    with pytest.raises(ValueError, match=listed + ": the name 'TOM20' is not unique, choose by number"):
        read(path, channel="TOM20")
    np.testing.assert_array_equal(read(path, channel=np.int64(2)).raw, array[2])


def test_read_or(tiff):
    made = (read(tiff), ARRAY > 100)

    def make():
        return made

    assert read_or(make, "", 0, 0, 0, []) == made
    stack, truth = read_or(make, str(tiff), "", 0, 0, [1, 2, 3])
    assert truth is None
    assert stack.voxel_size == (1, 2, 3)


def cuttable(folder: Path) -> dict[str, Path]:
    """Return one small file of each kind."""
    kinds = {
        "plain": {}, "zlib": {"compression": "zlib", "metadata": None}, "lzw": {"compression": "lzw"}, "nothing": {"metadata": None}, "strips": {"rowsperstrip": 3},
        "big": {"bigtiff": True}, "motorola": {"byteorder": ">"}, "tiles": {"tile": (16, 16)}, "ome": {"ome": True, "metadata": {"axes": "ZYX"}},
        "imagej": {"imagej": True, "metadata": {"axes": "ZYX"}}, "single": {},
    }  # fmt: skip
    paths = {}
    for name, options in kinds.items():
        paths[name] = folder / f"{name}.tif"
        with tifffile.TiffWriter(
            paths[name], **{key: options.pop(key) for key in ("bigtiff", "byteorder", "ome", "imagej") if key in options}
        ) as file:
            file.write(ARRAY, photometric="minisblack", truncate=name in ("single", "imagej"), **options)
    paths["own"] = write(folder / "own.ome.tif", ARRAY, ONE)
    paths["lif"] = write_lif(folder / "a.lif", [("cell", ARRAY[None], (0.3, 0.1, 0.1))])
    paths["nd2"] = write_nd2(folder / "a.nd2", ARRAY[:, None])
    paths["czi"] = write_czi(folder / "a.czi", [ARRAY[None, None]], names=("DNA",))
    paths["png"] = folder / "a.png"
    Image.fromarray(ARRAY[0]).save(paths["png"])
    return paths


KINDS = [
    "plain",
    "zlib",
    "lzw",
    "nothing",
    "strips",
    "big",
    "motorola",
    "tiles",
    "ome",
    "imagej",
    "single",
    "own",
    "lif",
    "nd2",
    "czi",
    "png",
]


def error_or_raw(path: Path, **options) -> str | np.ndarray:
    """Read a damaged file: return the sentence of the error, or the image. Any other error goes through."""
    try:
        return read(path, voxel_size=ONE, **options).raw
    except (ImageFileError, MemoryError) as error:
        return str(error)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", KINDS)
def test_file_cut_at_any_length(tmp_path, kind):
    path = cuttable(tmp_path)[kind]
    data, whole = path.read_bytes(), read(path, voxel_size=ONE).raw
    np.testing.assert_array_equal(whole, ARRAY[:1] if kind == "png" else ARRAY)
    cut = tmp_path / f"cut{path.suffix}"
    readable = 0
    # Every length near both ends, where the structure is; every few bytes between.
    lengths = {*range(300), *range(0, len(data), max(1, len(data) // 250)), *range(len(data) - 100, len(data))}
    for length in sorted(lengths & set(range(len(data)))):
        cut.write_bytes(data[:length])
        found = error_or_raw(cut)
        if isinstance(found, str):
            assert re.fullmatch(rf"cut\{path.suffix} [^\n]+", found), found
        else:
            np.testing.assert_array_equal(found, whole)
            readable += 1
    # A few bytes behind the pixels may hold nothing that is needed.
    assert readable <= 40


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    position=st.floats(0, 1, exclude_max=True),
    value=st.integers(0, 255),
    kind=st.sampled_from(["plain", "zlib", "ome", "imagej", "own", "big"]),
)
def test_one_wrong_byte_never_escapes_as_something_else(tmp_path, position, value, kind):
    """A wrong byte may change a pixel or an axis; it may not raise anything but the package's own error."""
    folder = tmp_path / "made"
    if not folder.exists():
        folder.mkdir()
        cuttable(folder)
    path = folder / ("own.ome.tif" if kind == "own" else f"{kind}.tif")
    data = bytearray(path.read_bytes())
    data[int(position * len(data))] = value
    (tmp_path / "wrong.tif").write_bytes(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = error_or_raw(tmp_path / "wrong.tif", channel=0)
    assert isinstance(found, np.ndarray) or found.startswith("wrong.tif ")
