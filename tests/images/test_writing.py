"""Results open elsewhere with the right size, and are there whole or not at all."""

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import tifffile
from make_files import counts

from helpers.images import output_path, read, together, write

SIZE = (0.29, 0.108, 0.107)


def write_texts(folder: Path, texts: dict[str, str], error: BaseException | None = None) -> None:
    """Write several files together, and fail before the end where an error is given."""
    with together(folder) as temporary:
        for name, text in texts.items():
            (temporary / name).write_text(text)
        if error is not None:
            raise error


@pytest.mark.parametrize(
    ("array", "dtype"),
    [
        (counts(3, 8, 9, dtype="uint8") > 100, "uint8"),
        (counts(3, 8, 9, dtype="uint8"), "uint8"),
        (counts(3, 8, 9), "uint16"),
        (counts(3, 8, 9).astype(">u2"), "uint16"),
        (counts(3, 8, 9).astype(np.int32), "uint16"),
        (counts(3, 8, 9).astype(np.int64) * 2, "uint32"),
        (np.array([[[0, 65535]]], np.int64), "uint16"),
        (np.array([[[0, 65536]]], np.int32), "uint32"),
        (np.array([[[0, 2**32 - 1]]], np.uint64), "uint32"),
        (np.array([[[0, 5]]], np.int8), "uint16"),
        (counts(3, 8, 9, dtype="float64"), "float32"),
        (counts(3, 8, 9, dtype="float32"), "float32"),
        (counts(3, 8, 9, dtype="float32").astype(np.float16), "float32"),
        (counts(1, 8, 9), "uint16"),
        (counts(4, 8, 9), "uint16"),
        (counts(3, 8, 3), "uint16"),
        (counts(6, 8, 10)[::2, :, ::2], "uint16"),
    ],
)
def test_round_trip(tmp_path, array, dtype):
    before = array.copy()
    path = write(tmp_path / "cell_mask.ome.tif", array, SIZE)
    stack = read(path)
    assert stack.raw.dtype == dtype
    expected = array * np.uint8(255) if array.dtype == bool else array.astype(dtype)
    np.testing.assert_array_equal(stack.raw, expected)
    np.testing.assert_array_equal(array, before)
    assert stack.voxel_size == SIZE
    assert stack.name == "cell_mask"


def test_plane(tmp_path):
    plane = counts(8, 9)
    stack = read(write(tmp_path / "a.ome.tif", plane, SIZE))
    np.testing.assert_array_equal(stack.raw, plane[None])
    assert stack.voxel_size == SIZE


@pytest.mark.parametrize("planes", [1, 4])
def test_others_read_size_and_axes(tmp_path, planes):
    """Fiji's Bio-Formats and napari go by the OME-XML; ImageJ's own reader by the resolution tags."""
    path = write(tmp_path / "a.ome.tif", counts(planes, 8, 9), SIZE, name="lamina")
    with tifffile.TiffFile(path) as file:
        assert file.is_ome
        assert len(file.pages) == planes
        page = file.pages[0]
        assert page.compression == tifffile.COMPRESSION.ADOBE_DEFLATE
        assert page.predictor == 1  # ImageJ's own reader knows a predictor with LZW only
        assert page.photometric == tifffile.PHOTOMETRIC.MINISBLACK
        assert page.resolutionunit == tifffile.RESUNIT.CENTIMETER
        np.testing.assert_allclose(1e4 / np.array(page.resolution), (SIZE[2], SIZE[1]), rtol=1e-6)
        xml = file.ome_metadata
    image = ElementTree.fromstring(xml).find("{*}Image")
    pixels = image.find("{*}Pixels")
    assert image.get("Name") == "lamina"
    order, lengths = pixels.get("DimensionOrder"), [pixels.get(f"Size{axis}") for axis in "XYZCT"]
    assert order in ("XYZCT", "XYZTC", "XYCZT", "XYCTZ", "XYTCZ", "XYTZC")
    assert lengths == ["9", "8", str(planes), "1", "1"]
    assert pixels.get("Type") == "uint16"
    assert [float(pixels.get(f"PhysicalSize{axis}")) for axis in "ZYX"] == list(SIZE)
    assert {pixels.get(f"PhysicalSize{axis}Unit") for axis in "ZYX"} == {"\u00b5m"}


def test_ome_xml_follows_the_schema(tmp_path):
    import ome_types

    with tifffile.TiffFile(write(tmp_path / "a.ome.tif", counts(4, 8, 9), SIZE)) as file:
        pixels = ome_types.from_xml(file.ome_metadata).images[0].pixels
    assert (pixels.size_z, pixels.size_y, pixels.size_x) == (4, 8, 9)
    assert (pixels.physical_size_z, pixels.physical_size_z_unit.value) == (SIZE[0], "µm")


def test_same_content_same_bytes(tmp_path):
    array = counts(3, 8, 9)
    first, second = (write(tmp_path / folder / "a.ome.tif", array, SIZE).read_bytes() for folder in "ab")
    assert first == second
    assert write(tmp_path / "c" / "a.ome.tif", array + 1, SIZE).read_bytes() != first


@pytest.mark.parametrize(
    ("array", "error", "sentence"),
    [
        (np.array([[[-1, 2]]]), ValueError, "labels must be between 0 and 4294967295, got -1 to 2"),
        (np.array([[[0, 2**32]]]), ValueError, "labels must be between 0"),
        (np.zeros((2, 3, 4, 5)), ValueError, r"array must be \(Z, Y, X\) or \(Y, X\)"),
        (np.zeros((0, 4, 5)), ValueError, "not empty"),
        (np.zeros(5), ValueError, "array must be"),
        (np.zeros((3, 4), complex), TypeError, "real numbers, got complex128"),
        ([[1]], TypeError, "got list"),
    ],
)
def test_what_cannot_be_written(tmp_path, array, error, sentence):
    with pytest.raises(error, match=sentence):
        write(tmp_path / "a.ome.tif", array, SIZE)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["a.png", "a", "a.zarr"])
def test_other_suffixes_are_refused(tmp_path, name):
    with pytest.raises(ValueError, match=r"must end in \.ome\.tif"):
        write(tmp_path / name, counts(3, 4), SIZE)


def test_together_moves_all_or_nothing(tmp_path):
    folder = tmp_path / "new" / "results"
    with together(folder) as temporary:
        assert temporary.parent == folder
        assert temporary.name.startswith(".")
        (temporary / "a.csv").write_text("1")
        (temporary / "sub").mkdir()
        (temporary / "sub" / "b.csv").write_text("2")
        assert list(folder.iterdir()) == [temporary]
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*")) == ["a.csv", "sub", "sub/b.csv"]
    for error in (KeyboardInterrupt, ValueError, SystemExit):
        with pytest.raises(error):
            write_texts(folder, {"a.csv": "new", "c.csv": "new"}, error())
        assert sorted(path.name for path in folder.iterdir()) == ["a.csv", "sub"]
        assert (folder / "a.csv").read_text() == "1"


def test_together_replaces_earlier_results(tmp_path):
    for text in ("first", "second"):
        with together(tmp_path) as temporary:
            (temporary / "a.csv").write_text(text)
        assert (tmp_path / "a.csv").read_text() == text


def test_record_is_moved_last(tmp_path, monkeypatch):
    moved = []
    replace = os.replace
    monkeypatch.setattr(os, "replace", lambda source, target: (moved.append(Path(target).name), replace(source, target)))
    with together(tmp_path) as temporary:
        for name in ("a_record.json", "z_mask.ome.tif", "b.csv"):
            (temporary / name).write_text("x")
    assert moved == ["b.csv", "z_mask.ome.tif", "a_record.json"]


def test_a_folder_in_the_way_of_a_file(tmp_path):
    (tmp_path / "b.csv").mkdir()
    with pytest.raises(OSError, match=r"b\.csv is a folder, and a file of that name is to be written"):
        write_texts(tmp_path, {"a.csv": "1", "b.csv": "1"})
    assert [path.name for path in tmp_path.iterdir()] == ["b.csv"]


def test_folder_beneath_a_file(tmp_path):
    (tmp_path / "notes").write_text("x")
    for folder in (tmp_path / "notes", tmp_path / "notes" / "results", tmp_path / "notes" / "a" / "b"):
        with pytest.raises(OSError, match=r"cannot be an output folder: .*notes is a file; choose another output folder"), together(folder):
            pass
        with pytest.raises(OSError, match="notes is a file"):
            write(folder / "a.ome.tif", counts(3, 4), SIZE)


@pytest.mark.parametrize(
    ("code", "sentence"),
    [(errno.EACCES, "may not be written"), (errno.EROFS, "may not be written"), (errno.ENAMETOOLONG, "cannot be written")],
)
def test_folder_that_cannot_be_made(tmp_path, monkeypatch, code, sentence):
    def refuse(*_, **__):
        raise OSError(code, os.strerror(code), str(tmp_path))

    monkeypatch.setattr("tempfile.mkdtemp", refuse)
    with pytest.raises(OSError, match=sentence) as caught, together(tmp_path):
        pass
    assert caught.value.errno == code
    assert "Errno" not in str(caught.value)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "the disk of .* is full: nothing was written there"),
        (OSError(errno.EFBIG, "File too large"), "larger than this system allows"),
        (OSError("1000 requested and 24 written"), "could not be written whole, perhaps the disk is full"),
    ],
)
def test_full_disk(tmp_path, error, sentence):
    (tmp_path / "a.csv").write_text("earlier")
    with pytest.raises(OSError, match=sentence):
        write_texts(tmp_path, {"a.csv": "new"}, error)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a.csv", "earlier")]


def test_errors_about_other_files_go_through(tmp_path):
    with pytest.raises(FileNotFoundError, match="No such file"), together(tmp_path):
        (tmp_path / "input that is missing.tif").read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of this kind")
@pytest.mark.parametrize("dtype", ["bool", "float32"])
def test_file_size_limit(tmp_path, dtype):
    """A file that may not grow beyond a limit, as on full quotas: a sentence, and nothing left behind."""
    (tmp_path / "a.ome.tif").write_text("earlier")
    code = (
        "import resource, sys, numpy as np; from helpers import images\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))\n"
        f"array = np.random.default_rng(0).random((8, 256, 256)); array = array > 0.5 if {dtype!r} == 'bool' else array\n"
        f"try: images.write({str(tmp_path / 'a.ome.tif')!r}, array, [1, 1, 1])\n"
        "except OSError as error: print(error); sys.exit(3)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 3, done.stderr
    assert "larger than this system allows" in done.stdout or "could not be written whole" in done.stdout
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a.ome.tif", "earlier")]


def test_many_write_into_one_folder(tmp_path):
    """Different stems, one new folder, at once: all of it arrives, also where some fail."""
    folder, errors = tmp_path / "new" / "results", []

    def work(number: int) -> None:
        try:
            for repeat in range(20):
                with together(folder) as temporary:
                    for name in ("mask", "table"):
                        (temporary / f"{number}_{name}").write_text(f"{number} {repeat}")
                    if repeat == 19 and number % 2:
                        raise KeyError
        except KeyError:
            pass
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    found = {path.name: path.read_text() for path in folder.iterdir()}
    assert found == {f"{number}_{name}": f"{number} {18 if number % 2 else 19}" for number in range(8) for name in ("mask", "table")}


def test_two_processes_write_into_one_folder(tmp_path):
    code = "import sys; from helpers import images; import numpy as np\nfor n in range(20): images.write(f'{sys.argv[1]}/{sys.argv[2]}_{n}.ome.tif', np.full((2, 8, 9), n, np.uint8), [1, 1, 1])"
    running = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "out"), stem]) for stem in "ab"]
    assert [process.wait() for process in running] == [0, 0]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(f"{stem}_{n}.ome.tif" for stem in "ab" for n in range(20))


@pytest.mark.parametrize("name", ["a.csv", "cell_7_tomm20_mask.ome.tif", "a b.csv", "µ.csv"])
def test_output_path_keeps_plain_names(name):
    assert output_path("results", name) == Path("results") / name


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../a",
        "a/b",
        "/etc/passwd",
        r"a\b",
        r"C:\a",
        "C:a",
        "a\x00b",
        "a\nb",
        "NUL",
        "nul.csv",
        "con.tar.gz",
        "COM1",
        "lpt9.txt",
        "a?",
        "a.",
        "a ",
        " a",
        "x" * 256,
        "µ" * 128,
    ],
)
def test_output_path_refuses_what_lies_elsewhere_or_cannot_be(name):
    with pytest.raises(ValueError, match="cannot be the name of an output file"):
        output_path("results", name)
