"""PNG, OME-Zarr, CZI, LIF and ND2: the same questions to each."""

import subprocess
import sys

import imagecodecs
import numpy as np
import pytest
from make_files import counts, write_czi, write_lif, write_nd2, write_zarr
from PIL import Image

from helpers.images import ImageFileError, contents, read

ONE = [1, 1, 1]


def exactly(stack, expected):
    assert stack.raw.dtype == expected.dtype
    assert stack.raw.shape == expected.shape
    np.testing.assert_array_equal(stack.raw, expected)


# PNG


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_png_grey(tmp_path, dtype):
    plane = counts(8, 9, dtype=dtype)
    Image.fromarray(plane).save(tmp_path / "a.png")
    stack = read(tmp_path / "a.png", voxel_size=[1, 0.1, 0.1])
    exactly(stack, plane[None])
    with pytest.raises(ValueError, match="does not say its voxel size in y and x"):
        read(tmp_path / "a.png")


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("samples", [3, 4])
def test_png_colours(tmp_path, dtype, samples):
    plane = counts(8, 9, samples, dtype=dtype)
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(plane))
    exactly(read(tmp_path / "a.png", channel="B", voxel_size=ONE), plane[None, ..., 2])
    assert contents(tmp_path / "a.png")["channels"][0] == ["R", "G", "B"]


def test_png_transparency_of_grey_is_dropped(tmp_path):
    plane = counts(8, 9, dtype="uint8")
    Image.merge("LA", (Image.fromarray(plane), Image.fromarray(plane // 2))).save(tmp_path / "a.png")
    exactly(read(tmp_path / "a.png", voxel_size=ONE), plane[None])
    Image.merge("RGBA", (*[Image.fromarray(plane)] * 3, Image.fromarray(plane // 2))).save(tmp_path / "b.png")
    exactly(read(tmp_path / "b.png", voxel_size=ONE), plane[None])


# OME-Zarr

ZARR = [("0.4", "nanometer", 1e-3), ("0.5", "micrometer", 1.0)]


@pytest.mark.parametrize(("version", "unit", "um"), ZARR)
def test_zarr(tmp_path, version, unit, um):
    array = counts(2, 2, 3, 8, 9)
    scale, units = (1, 1, 0.3 / um, 0.1 / um, 0.2 / um), dict.fromkeys("zyx", unit)
    path = write_zarr(tmp_path / "a.ome.zarr", array, version, "tczyx", scale, units, ("DNA", "TOM20"))
    for given in (path, f"{path}/"):
        stack = read(given, channel="TOM20", time=1)
        exactly(stack, array[1, 1])
        assert stack.voxel_size == pytest.approx((0.3, 0.1, 0.2))
        assert stack.name == "a"
    row = contents(path).loc[0]
    assert row[["name", "axes", "T", "C", "Z", "Y", "X"]].tolist() == ["image", "TCZYX", 2, 2, 3, 8, 9]
    assert row["channels"] == ["DNA", "TOM20"]


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_zarr_reads_only_what_is_asked_for(tmp_path, version):
    array = counts(2, 3, 8, 9)
    path = write_zarr(tmp_path / "a.zarr", array, version, scale=(1, 0.3, 0.1, 0.1), compressors=None)
    chunks = sorted(item for item in path.rglob("*") if item.is_file() and item.stat().st_size == 8 * 9 * 2)
    assert len(chunks) == 6
    chunks[-1].write_bytes(b"")  # the last plane of channel 1
    exactly(read(path, channel=0), array[0])
    for broken in (b"", b"\0", bytes(100)):
        chunks[-1].write_bytes(broken)
        with pytest.raises(ImageFileError, match=r"a\.zarr cannot be read: it is damaged or cut short"):
            read(path, channel=1)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_zarr_with_missing_chunks_says_so(tmp_path, version):
    array = counts(3, 8, 9)
    path = write_zarr(tmp_path / "a.zarr", array, version, "zyx", (0.3, 0.1, 0.1), compressors=None)
    chunks = sorted(item for item in path.rglob("*") if item.is_file() and item.stat().st_size == 8 * 9 * 2)
    chunks[0].unlink()
    with pytest.warns(UserWarning, match=r"a\.zarr: 1 of 3 chunks are not stored and read as 0"):
        stack = read(path)
    assert not stack.raw[0].any()
    for chunk in chunks[1:]:
        chunk.unlink()
    with pytest.raises(ImageFileError, match="holds no pixels: all 3 chunks of its array are missing"):
        read(path)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_zarr_without_units(tmp_path, version):
    path = write_zarr(tmp_path / "a.zarr", counts(3, 8, 9), version, "zyx", (1, 0.1, 0.1), {})
    with (
        pytest.warns(UserWarning, match=r"states no unit for [YX]: its scale 0\.1 is taken as um"),
        pytest.raises(ValueError, match=r"voxel size in z \(it has y = 0\.1"),
    ):
        read(path)


def test_zarr_pixels_are_no_size(tmp_path):
    path = write_zarr(tmp_path / "a.zarr", counts(3, 8, 9), "0.5", "zyx", units={})
    with pytest.raises(ValueError, match="voxel size in z and y and x"):
        read(path)


def test_zarr_scale_of_all_resolutions_counts(tmp_path):
    import zarr

    path = write_zarr(tmp_path / "a.zarr", counts(3, 8, 9), "0.4", "zyx", (3, 1, 1))
    group = zarr.open_group(path, mode="a")
    multiscales = group.attrs["multiscales"]
    multiscales[0]["coordinateTransformations"] = [{"type": "scale", "scale": [0.1, 0.1, 0.1]}]
    group.attrs["multiscales"] = multiscales
    assert read(path).voxel_size == pytest.approx((0.3, 0.1, 0.1))


def test_zarr_series_of_bioformats2raw(tmp_path):
    import zarr

    arrays = [counts(3, 8, 9), counts(2, 5, 6, seed=1)]
    zarr.open_group(tmp_path / "a.zarr", mode="w", zarr_format=2).attrs["bioformats2raw.layout"] = 3
    for index, array in enumerate(arrays):
        write_zarr(tmp_path / "a.zarr" / str(index), array, "0.4", "zyx", (0.3, 0.1, 0.1), name=f"field {index}")
    exactly(read(tmp_path / "a.zarr", scene="field 1"), arrays[1])
    assert contents(tmp_path / "a.zarr")["name"].tolist() == ["field 0", "field 1"]


def test_zarr_plate(tmp_path):
    import zarr

    array = counts(3, 8, 9)
    plate = zarr.open_group(tmp_path / "p.zarr", mode="w", zarr_format=2)
    plate.attrs["plate"] = {"wells": [{"path": "A/1"}]}
    plate.create_group("A/1").attrs["well"] = {"images": [{"path": "0"}, {"path": "1"}]}
    for field in "01":
        write_zarr(tmp_path / "p.zarr" / "A" / "1" / field, array + int(field), "0.4", "zyx", (0.3, 0.1, 0.1))
    exactly(read(tmp_path / "p.zarr", scene="A/1/1"), array + 1)


def test_zarr_array_without_metadata(tmp_path):
    import zarr

    array = counts(3, 8, 9)
    zarr.create_array(tmp_path / "a.zarr", data=array)
    exactly(read(tmp_path / "a.zarr", voxel_size=ONE), array)
    zarr.create_array(tmp_path / "b.zarr", data=counts(2, 3, 8, 9))
    with pytest.raises(ValueError, match="does not say what its axes mean"):
        read(tmp_path / "b.zarr", voxel_size=ONE)
    exactly(read(tmp_path / "b.zarr", voxel_size=ONE, axes="CZYX", channel=1), counts(2, 3, 8, 9)[1])


def test_zarr_group_without_image(tmp_path):
    import zarr

    zarr.open_group(tmp_path / "a.zarr", mode="w")
    with pytest.raises(ImageFileError, match=r"a\.zarr holds no OME-Zarr image"):
        read(tmp_path / "a.zarr")


@pytest.mark.parametrize("name", [".zattrs", "zarr.json"])
def test_zarr_with_cut_metadata(tmp_path, name):
    path = write_zarr(tmp_path / "a.zarr", counts(3, 8, 9), "0.4" if name == ".zattrs" else "0.5", "zyx", (0.3, 0.1, 0.1))
    text = (path / name).read_bytes()
    for length in range(0, len(text) - 1, 7):
        (path / name).write_bytes(text[:length])
        with pytest.raises(ImageFileError, match=r"a\.zarr (cannot be read|holds no)"):
            read(path)


# CZI


def test_czi(tmp_path):
    array = counts(2, 2, 3, 8, 9)
    stack = read(write_czi(tmp_path / "a.czi", [array]), channel="TOM20", time=1)
    exactly(stack, array[1, 1])
    assert stack.voxel_size == pytest.approx((0.3, 0.1, 0.1))


def test_czi_scenes(tmp_path):
    arrays = [counts(1, 1, 3, 8, 9), counts(1, 1, 3, 6, 5, seed=1)]
    path = write_czi(tmp_path / "a.czi", arrays, names=("DNA",))
    exactly(read(path, scene=1), arrays[1][0, 0])
    assert contents(path)[["Y", "X"]].to_numpy().tolist() == [[8, 9], [6, 5]]


def test_czi_colours(tmp_path):
    array = counts(1, 1, 2, 8, 9, 3, dtype="uint8")
    exactly(read(write_czi(tmp_path / "a.czi", [array], names=("colour",)), channel="R"), array[0, 0, ..., 0])


def test_czi_with_an_empty_plane_warns(tmp_path):
    array = counts(1, 1, 3, 8, 9)
    array[0, 0, 1] = 0
    path = write_czi(tmp_path / "a.czi", [array], names=("DNA",))
    with pytest.warns(UserWarning, match="1 of 3 planes hold only zeros: the acquisition may have stopped early"):
        read(path)


# LIF


def test_lif(tmp_path):
    first, second = counts(2, 3, 8, 9), counts(1, 4, 5, 6, dtype="uint8")
    path = write_lif(tmp_path / "a.lif", [("cell 1", first, (0.3, 0.1, 0.2)), ("cell 2", second, (0.5, 0.4, 0.4))])
    stack = read(path, channel="DAPI")
    exactly(stack, first[0])
    assert stack.voxel_size == pytest.approx((0.3, 0.1, 0.2))
    exactly(read(path, channel="Red"), first[1])
    exactly(read(path, scene="cell 2"), second[0])
    table = contents(path)
    assert table["channels"].tolist() == [["DAPI", "Red"], ["DAPI"]]
    assert table["dtype"].tolist() == ["uint16", "uint8"]


def test_lif_planes_counted_downwards(tmp_path):
    path = write_lif(tmp_path / "a.lif", [("cell", counts(1, 3, 8, 9), (-0.3, 0.1, 0.2))])
    assert read(path).voxel_size == pytest.approx((0.3, 0.1, 0.2))


def test_lif_header_is_read_by_the_package_alone(tmp_path):
    """The hand-made file is a LIF file for liffile too, not only for this reader."""
    import liffile

    array = counts(2, 3, 8, 9)
    write_lif(tmp_path / "a.lif", [("cell", array, (0.3, 0.1, 0.2))])
    with liffile.LifFile(tmp_path / "a.lif") as file:
        np.testing.assert_array_equal(file.images[0].asarray(), array)
        np.testing.assert_allclose(file.images[0].coords["X"], np.arange(9) * 0.2e-6)


# ND2


def test_nd2(tmp_path):
    array = counts(3, 2, 8, 9)
    path = write_nd2(tmp_path / "a.nd2", array, (0.3, 0.1, 0.1))
    stack = read(path, channel="GFP")
    exactly(stack, array[:, 1])
    assert stack.voxel_size == pytest.approx((0.3, 0.1, 0.1))


def test_nd2_positions(tmp_path):
    array = counts(2, 3, 1, 8, 9)
    path = write_nd2(tmp_path / "a.nd2", array, positions=("A1", "B1"))
    for scene in (1, "B1"):
        exactly(read(path, scene=scene), array[1, :, 0])
    assert contents(path)["name"].tolist() == ["A1", "B1"]


def test_nd2_with_a_frame_that_was_never_taken_warns(tmp_path):
    path = write_nd2(tmp_path / "a.nd2", counts(3, 1, 8, 9), skip=(2,))
    with pytest.warns(UserWarning, match="1 of 3 planes hold only zeros"):
        read(path)


# packages that are not installed


@pytest.mark.parametrize(("suffix", "package"), [("czi", "pylibCZIrw"), ("lif", "liffile"), ("nd2", "nd2")])
def test_missing_package_is_named(tmp_path, monkeypatch, suffix, package):
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(b"x")
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(
        ImportError,
        match=rf'a\.{suffix}: \.{suffix} files are read by the package {package}, which is missing: pip install "cell-segmentation-notebooks\[formats\]"',
    ):
        read(path)


def test_importing_and_reading_a_tiff_stays_light(tmp_path):
    """A notebook's first result must come fast: nothing heavy is imported on the way."""
    code = (
        "import sys, numpy as np; from helpers import images\n"
        f"images.write({str(tmp_path / 'a.ome.tif')!r}, np.ones((3, 8, 9), np.uint8), [1, 1, 1]); images.read({str(tmp_path / 'a.ome.tif')!r})\n"
        "print([name for name in ('pandas', 'zarr', 'skimage', 'matplotlib', 'nd2', 'liffile', 'pylibCZIrw', 'PIL', 'scipy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
