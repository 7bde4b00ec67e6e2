"""TIFF of all kinds: axes, channels, voxel sizes, and only the pages needed."""

import warnings
from itertools import permutations

import numpy as np
import pytest
import tifffile
from make_files import UM, counts, sizes, write_ome

from helpers.images import ImageFileError, channel_names, contents, read

ONE = [1, 1, 1]


def exactly(stack, expected):
    assert stack.raw.dtype == expected.dtype.newbyteorder("=")
    assert stack.raw.shape == expected.shape
    np.testing.assert_array_equal(stack.raw, expected)


@pytest.fixture(autouse=True)
def _warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.mark.parametrize("order", ["".join(axes) + "YX" for axes in permutations("TCZ")])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_ome_axes_in_any_order(tmp_path, order, compression):
    lengths = {"T": 2, "C": 3, "Z": 4, "Y": 5, "X": 6}
    array = counts(*(lengths[axis] for axis in order))
    path = write_ome(
        tmp_path / "a.ome.tif",
        [(array, {"axes": order, "Channel": {"Name": ["DNA", "TOM20", "7"]}} | sizes(0.3, 0.1, 0.2))],
        compression=compression,
    )
    expected = np.moveaxis(array, [order.index(axis) for axis in "TCZYX"], range(5))
    for channel in (1, "1", "TOM20"):
        stack = read(path, channel=channel, time=1)
        exactly(stack, expected[1, 1])
        assert stack.voxel_size == (0.3, 0.1, 0.2)
        assert stack.name == "a"
        assert stack.source == str(path)
    exactly(read(path, channel="7"), expected[0, 2])


@pytest.mark.parametrize(("unit", "factor"), [("nm", 1e-3), ("mm", 1e3), (UM, 1), ("\u00c5", 1e-4), ("m", 1e6), ("in", 25400)])
def test_ome_units(tmp_path, unit, factor):
    path = write_ome(tmp_path / "a.ome.tif", [(counts(3, 8, 8), {"axes": "ZYX"} | sizes(300, 100, 100, unit))])
    assert read(path).voxel_size == pytest.approx((300 * factor, 100 * factor, 100 * factor), rel=1e-14)


def test_ome_scenes_by_number_and_name(tmp_path):
    first, second = counts(3, 8, 9), counts(2, 4, 5, 6, dtype="uint8", seed=1)
    path = write_ome(
        tmp_path / "a.ome.tif",
        [
            (first, {"axes": "ZYX", "Name": "left"} | sizes(1, 2, 3)),
            (second, {"axes": "CZYX", "Name": "right", "Channel": {"Name": ["a", "b"]}} | sizes(4, 5, 6, "nm")),
        ],
    )
    exactly(read(path), first)
    stack = read(path, scene="right", channel="b")
    exactly(stack, second[1])
    assert stack.voxel_size == (0.004, 0.005, 0.006)
    exactly(read(path, scene=1, channel=0), second[0])
    table = contents(path)
    assert table["name"].tolist() == ["left", "right"]
    assert table[["T", "C", "Z", "Y", "X"]].to_numpy().tolist() == [[1, 1, 3, 8, 9], [1, 2, 4, 5, 6]]
    assert table["dtype"].tolist() == ["uint16", "uint8"]
    assert table["channels"].tolist() == [["0"], ["a", "b"]]
    assert table["voxel_size_um"].tolist() == [(1, 2, 3), (0.004, 0.005, 0.006)]
    assert table["axes"].tolist() == ["ZYX", "CZYX"]
    for scene in ("middle", 2, -1):
        with pytest.raises(ValueError, match=rf"a\.ome\.tif has 2 scenes: 0 'left', 1 'right': there is no scene .*{scene}"):
            read(path, scene=scene)


def test_ome_size_of_0_is_missing(tmp_path):
    path = write_ome(tmp_path / "a.ome.tif", [(counts(3, 8, 8), {"axes": "ZYX"} | sizes(0, 0.1, 0.1))])
    with pytest.raises(
        ValueError, match=r"does not say its voxel size in z \(it has y = 0\.1, x = 0\.1\): give voxel_size=\[z, y, x\] in um, for example"
    ):
        read(path)
    assert contents(path)["voxel_size_um"][0] == (None, 0.1, 0.1)
    assert read(path, voxel_size=[0.5, 0.25, 0.25]).voxel_size == (0.5, 0.25, 0.25)


@pytest.mark.parametrize("unit", ["micron", "um", "\\u00B5m", "nm", "mm", "cm", "inch"])
def test_imagej_units(tmp_path, unit):
    um = {"nm": 1e-3, "mm": 1e3, "cm": 1e4, "inch": 25400}.get(unit, 1)
    path, array = tmp_path / "a.tif", counts(4, 8, 9)
    tifffile.imwrite(path, array, imagej=True, resolution=(um / 0.1, um / 0.2), metadata={"axes": "ZYX", "spacing": 0.5 / um, "unit": unit})
    stack = read(path)
    exactly(stack, array)
    assert stack.voxel_size == pytest.approx((0.5, 0.2, 0.1), rel=1e-6)


@pytest.mark.parametrize("letter", ["\u00b5".encode(), b"\xb5"])
def test_imagej_unit_beyond_ascii(tmp_path, letter):
    """Old versions of ImageJ wrote the sign of the micrometre as it is."""
    path, placeholder = tmp_path / "a.tif", "Q" * len(letter)
    tifffile.imwrite(
        path, counts(4, 8, 9), imagej=True, resolution=(10, 10), metadata={"axes": "ZYX", "spacing": 0.5, "unit": f"{placeholder}m"}
    )
    path.write_bytes(path.read_bytes().replace(f"unit={placeholder}m".encode(), b"unit=" + letter + b"m"))
    assert read(path).voxel_size == pytest.approx((0.5, 0.1, 0.1))


@pytest.mark.parametrize(("unit", "um"), [(2, 25400), (3, 1e4)])
def test_imagej_unit_from_the_resolution_tag(tmp_path, unit, um):
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path,
        counts(4, 8, 9),
        imagej=True,
        resolution=(um / 0.1, um / 0.1),
        resolutionunit=unit,
        metadata={"axes": "ZYX", "spacing": 0.5 / um},
    )
    assert read(path).voxel_size == pytest.approx((0.5, 0.1, 0.1), rel=1e-6)


@pytest.mark.parametrize("metadata", [{"unit": "pixel", "spacing": 1.0}, {"unit": "pixel"}, {}])
def test_imagej_pixels_are_no_size(tmp_path, metadata):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, counts(4, 8, 9), imagej=True, resolution=(1, 1), metadata={"axes": "ZYX"} | metadata)
    with pytest.raises(ValueError, match="does not say its voxel size in z and y and x: give"):
        read(path)


def test_imagej_without_spacing_asks_for_z(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, counts(4, 8, 9), imagej=True, resolution=(10, 10), metadata={"axes": "ZYX", "unit": "um"})
    with pytest.raises(ValueError, match="voxel size in z \\(it has y = 0.1"):
        read(path)


def test_dots_per_inch_of_a_printer_are_no_voxel_size(tmp_path):
    for dots in (72, 96, 300, 1200):
        tifffile.imwrite(tmp_path / "a.tif", counts(8, 9), resolution=(dots, dots), resolutionunit=2, metadata=None)
        with pytest.raises(ValueError, match="voxel size in y and x"):
            read(tmp_path / "a.tif")
    tifffile.imwrite(tmp_path / "a.tif", counts(8, 9), resolution=(1e5, 1e5), resolutionunit=3, metadata=None)
    assert read(tmp_path / "a.tif").voxel_size == pytest.approx((1, 0.1, 0.1))


def test_imagej_hyperstack(tmp_path):
    path, array = tmp_path / "a.tif", counts(2, 3, 4, 8, 9)
    tifffile.imwrite(path, array, imagej=True, metadata={"axes": "TZCYX", "unit": "um", "spacing": 1}, resolution=(1, 1))
    exactly(read(path, channel=3, time=1), array[1, :, 3])
    with pytest.raises(ValueError, match=r"a\.tif has 4 channels: 0, 1, 2, 3: choose one with channel=\.\.\."):
        read(path)
    for time in (2, -1):
        with pytest.raises(ValueError, match=rf"has 2 time point\(s\), 0 to 1: there is no time={time}"):
            read(path, channel=0, time=time)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"compression": "zlib"},
        {"compression": "lzw", "predictor": 2},
        {"bigtiff": True},
        {"byteorder": ">"},
        {"tile": (16, 16)},
        {"rowsperstrip": 3},
        {"metadata": None},
    ],
)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "int16", "float64", "uint32"])
def test_plain_pages_are_planes(tmp_path, options, dtype):
    path, array = tmp_path / "a.tiff", counts(5, 18, 7, dtype=dtype)
    if dtype.startswith("float") and options.get("predictor"):
        options = options | {"predictor": 3}
    tifffile.imwrite(path, array, photometric="minisblack", **options)
    exactly(read(path, voxel_size=ONE), array)


@pytest.mark.parametrize("imagej", [False, True])
def test_pixels_behind_a_single_page(tmp_path, imagej):
    """ImageJ stores large stacks so: one page, all planes behind it."""
    path, array = tmp_path / "a.tif", counts(5, 18, 7)
    with tifffile.TiffWriter(path, imagej=imagej) as file:
        file.write(array, truncate=True, **({"metadata": {"axes": "ZYX"}} if imagej else {}))
    with tifffile.TiffFile(path) as file:
        assert len(file.pages) == 1
    exactly(read(path, voxel_size=ONE), array)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ImageFileError, match=r"a\.tif .*cut short[:;]"):
        read(path, voxel_size=ONE)


def test_boolean_pages(tmp_path):
    array = counts(3, 8, 9, dtype="uint8") > 128
    tifffile.imwrite(tmp_path / "a.tif", array, photometric="minisblack")
    exactly(read(tmp_path / "a.tif", voxel_size=ONE), array)


def test_a_plane_needs_no_step_in_z(tmp_path):
    path = write_ome(tmp_path / "a.ome.tif", [(counts(8, 9), {"axes": "YX", "PhysicalSizeX": 0.1, "PhysicalSizeY": 0.1})])
    stack = read(path)
    assert stack.raw.shape == (1, 8, 9)
    assert stack.voxel_size == (1.0, 0.1, 0.1)


def test_colours_are_channels(tmp_path):
    path, array = tmp_path / "a.tif", counts(8, 9, 3, dtype="uint8")
    tifffile.imwrite(path, array, photometric="rgb")
    with pytest.raises(ValueError, match="3 channels: 0 'R', 1 'G', 2 'B': choose one"):
        read(path, voxel_size=ONE)
    exactly(read(path, channel="G", voxel_size=ONE), array[None, ..., 1])
    assert contents(path)["channels"][0] == ["R", "G", "B"]
    assert contents(path)["C"][0] == 3


def test_planes_of_colours(tmp_path):
    array = counts(4, 8, 9, 3, dtype="uint8")
    tifffile.imwrite(tmp_path / "a.tif", array, photometric="rgb")
    exactly(read(tmp_path / "a.tif", channel=2, voxel_size=ONE), array[..., 2])
    separate = np.ascontiguousarray(np.moveaxis(array, -1, 1))
    tifffile.imwrite(tmp_path / "b.tif", separate, photometric="rgb", planarconfig="separate")
    exactly(read(tmp_path / "b.tif", channel=2, voxel_size=ONE), array[..., 2])


def test_grey_as_colours_is_one_channel(tmp_path):
    grey = counts(3, 8, 9, dtype="uint8")
    colours = np.repeat(grey[..., None], 3, axis=-1)
    tifffile.imwrite(tmp_path / "a.tif", colours, photometric="rgb")
    exactly(read(tmp_path / "a.tif", voxel_size=ONE), grey)
    assert contents(tmp_path / "a.tif")["C"][0] == 1
    colours[2, 7, 8, 2] ^= 1  # one value, at the very end
    tifffile.imwrite(tmp_path / "a.tif", colours, photometric="rgb")
    assert contents(tmp_path / "a.tif")["C"][0] == 3


def test_transparency_is_dropped(tmp_path):
    array = counts(8, 9, 4, dtype="uint8")
    tifffile.imwrite(tmp_path / "a.tif", array, photometric="rgb", extrasamples=["unassalpha"])
    assert contents(tmp_path / "a.tif")["channels"][0] == ["R", "G", "B"]
    exactly(read(tmp_path / "a.tif", channel="B", voxel_size=ONE), array[None, ..., 2])


def test_unknown_axes_are_asked_for(tmp_path):
    path, array = tmp_path / "a.tif", counts(2, 3, 8, 9)
    tifffile.imwrite(path, array, photometric="minisblack")
    with pytest.raises(ValueError, match=r"a\.tif does not say what its axes mean: its shape is 2x3x8x9, axes QQYX: .*axes='CZYX'"):
        read(path, voxel_size=ONE)
    exactly(read(path, channel=1, voxel_size=ONE, axes="CZYX"), array[1])
    exactly(read(path, channel=2, time=1, voxel_size=ONE, axes="tcyx"), array[1, None, 2])
    exactly(read(path, channel=1, voxel_size=ONE, axes="CXZY"), array[1].transpose(1, 2, 0))
    for wrong in ("ZYX", "ZZYX", "CZAB", "TCZY", "CZYXS"):
        with pytest.raises(ValueError, match=rf"axes='{wrong}' does not fit a\.tif, whose shape is 2x3x8x9"):
            read(path, voxel_size=ONE, axes=wrong)
    row = contents(path).loc[0]
    assert row["axes"] == "QQYX"
    assert row[["T", "C", "Z"]].isna().all()


@pytest.mark.parametrize(
    ("axes", "shape", "advice"),
    [("TYX", (9, 8, 7), "ZYX"), ("CYX", (9, 8, 7), "ZYX"), ("ZCYX", (2, 9, 8, 7), "CZYX"), ("TZYX", (9, 2, 8, 7), "ZTYX")],
)
def test_planes_under_a_wrong_name_are_suspected(tmp_path, axes, shape, advice):
    path = write_ome(tmp_path / "a.ome.tif", [(counts(*shape), {"axes": axes} | sizes(1, 1, 1))])
    sentence = rf"it has .* 9 .*: if these are the planes of one z-stack, open it in 02_open_your_images with axes='{advice}'"
    with pytest.warns(UserWarning, match=sentence):
        stack = read(path, channel=0)
    assert len(stack.notes) == 1
    if "C" in axes:  # no channel can be chosen rightly: the hint comes with the question
        with pytest.raises(ImageFileError, match="choose one with channel=.*" + sentence):
            read(path)
    assert max(read(path, channel=0, axes=advice).raw.shape) == 9


def test_plausible_axes_raise_no_suspicion(tmp_path):
    for axes, shape in (("CZYX", (9, 20, 8, 7)), ("TZYX", (9, 5, 8, 7)), ("CYX", (5, 8, 7)), ("ZYX", (9, 8, 7))):
        read(write_ome(tmp_path / "a.ome.tif", [(counts(*shape), {"axes": axes} | sizes(1, 1, 1))]), channel=0)


def test_a_later_time_point_was_chosen_on_purpose(tmp_path):
    array = counts(9, 8, 7)
    path = write_ome(tmp_path / "a.ome.tif", [(array, {"axes": "TYX"} | sizes(1, 1, 1))])
    exactly(read(path, time=3), array[3:4])


def test_only_the_pages_of_the_channel_are_decoded(tmp_path):
    """Damage in another channel is not noticed."""
    array = counts(2, 3, 8, 9)
    path = write_ome(tmp_path / "a.ome.tif", [(array, {"axes": "CZYX"} | sizes(1, 1, 1))], compression="zlib")
    with tifffile.TiffFile(path) as file:
        offset, count = file.pages[4].dataoffsets[0], file.pages[4].databytecounts[0]
    data = bytearray(path.read_bytes())
    data[offset : offset + count] = b"\xff" * count
    path.write_bytes(data)
    exactly(read(path, channel=0), array[0])
    with pytest.raises(ImageFileError, match=r"a\.ome\.tif cannot be read: it is damaged or cut short \("):
        read(path, channel=1)


@pytest.mark.parametrize(
    "damage",
    [
        lambda xml: xml[: len(xml) // 2],
        lambda xml: xml.replace("SizeX", "SizeQ"),
        lambda xml: xml.replace('SizeX="9"', 'SizeX="90"'),
        lambda xml: xml.replace("XYCZT", "XYZZZ"),
        lambda xml: xml.replace("<Pixels", "<Voxels").replace("/Pixels", "/Voxels"),
    ],
)
def test_damaged_ome_xml_falls_back_on_the_tiff(tmp_path, damage):
    array = counts(4, 8, 9)
    path = write_ome(tmp_path / "a.ome.tif", [(array, {"axes": "ZYX"} | sizes(0.3, 0.1, 0.1))])
    with tifffile.TiffFile(path) as file:
        xml = file.pages[0].description
    tifffile.imwrite(path, array, description=damage(xml).encode("utf-8"), metadata=None, photometric="minisblack")
    with pytest.warns(UserWarning, match=r"a\.ome\.tif: its OME-XML is damaged or does not fit the file"):
        exactly(read(path, voxel_size=ONE), array)


def test_ome_xml_that_names_more_planes_than_there_are(tmp_path):
    array = counts(4, 8, 9)
    path = write_ome(tmp_path / "a.ome.tif", [(array, {"axes": "ZYX"} | sizes(0.3, 0.1, 0.1))])
    with tifffile.TiffFile(path) as file:
        xml = file.pages[0].description
    tifffile.imwrite(path, array[:3], description=xml.encode("utf-8"), metadata=None, photometric="minisblack")
    with pytest.raises(ImageFileError, match=r"a\.ome\.tif .*planes"):
        read(path)


def test_files_of_one_set(tmp_path):
    """An OME-TIFF may keep planes in a second file; without it the planes are missing, not black."""
    array = counts(2, 8, 9)
    template = write_ome(tmp_path / "t.ome.tif", [(array, {"axes": "ZYX"} | sizes(1, 1, 1))])
    with tifffile.TiffFile(template) as file:
        xml = file.pages[0].description
    names = ("one.ome.tif", "two.ome.tif")
    uuids = [f"urn:uuid:00000000-0000-0000-0000-00000000000{n}" for n in range(2)]
    data = "".join(
        f'<TiffData FirstZ="{n}" IFD="0" PlaneCount="1"><UUID FileName="{names[n]}">{uuids[n]}</UUID></TiffData>' for n in range(2)
    )
    xml = xml.replace('<TiffData IFD="0" PlaneCount="2"/>', data)
    assert data in xml
    for name, uuid, plane in zip(names, uuids, array):
        own = xml.replace(xml.split('UUID="')[1].split('"')[0], uuid, 1)
        tifffile.imwrite(tmp_path / name, plane, description=own.encode("utf-8"), metadata=None)
    exactly(read(tmp_path / names[0]), array)
    whole = (tmp_path / names[1]).read_bytes()
    (tmp_path / names[1]).write_bytes(whole[:-20])
    with pytest.raises(ImageFileError):
        read(tmp_path / names[0])
    (tmp_path / names[1]).unlink()
    with pytest.raises(ImageFileError, match="lacks 1 of 2 planes .*keep all files of the set in one folder"):
        read(tmp_path / names[0])


def test_complex_values_are_refused(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.ones((3, 8, 9), np.complex64), photometric="minisblack")
    with pytest.raises(ValueError, match="holds complex64 values"):
        read(tmp_path / "a.tif", voxel_size=ONE)


@pytest.mark.real_data
@pytest.mark.filterwarnings("default")
def test_real_files(shared):
    folder = shared / "data" / "structures_3d"
    stack = read(folder / "mito_yeast_1.ome.tif")
    assert stack.raw.shape == (41, 192, 192)
    assert stack.voxel_size == (0.2, 0.056, 0.056)
    with pytest.raises(ValueError, match=r"nuclear_envelope_left\.ome\.tif does not say its voxel size in z \(it has y"):
        read(folder / "nuclear_envelope_left.ome.tif")
    with pytest.raises(ValueError, match="2 channels: 0 'tubulin', 1 'DNA': choose one"):
        read(folder / "spindle_cell_1.ome.tif")
    whole = tifffile.imread(folder / "spindle_cell_1.ome.tif")
    np.testing.assert_array_equal(read(folder / "spindle_cell_1.ome.tif", channel="DNA").raw, whole[:, 1])


@pytest.mark.real_data
@pytest.mark.filterwarnings("default")
def test_every_real_image_opens(shared):
    paths = [path for path in (shared / "data").rglob("*.tif")]
    assert len(paths) > 40
    for path in paths:
        row = contents(path).loc[0]
        stack = read(path, channel=0, voxel_size=ONE)
        assert stack.raw.shape == (row["Z"], row["Y"], row["X"])


def test_contents_under_other_axes(tmp_path):
    """A stack whose planes were saved as channels shows as what it is once the letters are given."""
    path = tmp_path / "planes_as_channels.ome.tif"
    tifffile.imwrite(path, np.zeros((9, 6, 7), np.uint16), ome=True, photometric="minisblack", metadata={"axes": "CYX"})
    assert contents(path).loc[0, ["C", "Z"]].tolist() == [9, 1]
    assert contents(path, axes="ZYX").loc[0, ["C", "Z"]].tolist() == [1, 9]
    with pytest.raises(ValueError, match="does not fit"):
        contents(path, axes="ZY")


def test_channel_names_of_one_scene(tmp_path):
    path = write_ome(tmp_path / "a.ome.tif", [(counts(2, 8, 7), {"axes": "CYX", "Channel": {"Name": ["DNA", "TOM20"]}} | sizes(1, 1, 1))])
    assert channel_names(path) == ["DNA", "TOM20"]
    with pytest.raises(ImageFileError, match="there is no scene 9"):
        channel_names(path, scene=9)
