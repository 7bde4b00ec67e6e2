"""What is drawn is rasterised exactly, and decides voxel by voxel which of two results counts."""

import errno
import gzip
import json
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import images
from helpers.curation import (
    Drawing,
    InUseError,
    Region,
    by_image,
    cost_map,
    merge,
    queue,
    read_painted,
    read_regions,
    read_where,
    region_mask,
    save_merged,
    write_regions,
)

SHAPE = (3, 23, 31)


def in_polygon(points: list[tuple[float, float]], y: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return which places lie inside by the even-odd rule of the textbook, and which exactly on the outline."""
    inside, on_outline = np.zeros((2, *np.broadcast_shapes(y.shape, x.shape)), bool)
    for (y0, x0), (y1, x1) in zip(points, [*points[1:], points[0]]):
        cross = (x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)
        on_outline |= (cross == 0) & (min(x0, x1) <= x) & (x <= max(x0, x1)) & (min(y0, y1) <= y) & (y <= max(y0, y1))
        if y0 != y1:
            inside ^= ((y0 > y) != (y1 > y)) & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    return inside, on_outline


def to_stroke(points: list[tuple[float, float]], place: np.ndarray) -> float:
    """Distance of a place from a stroke, looked for along it."""
    ways = list(zip(points, points[1:])) or [(points[0], points[0])]
    steps = np.linspace(0, 1, 1001)[:, None]
    return min(float(np.min(np.linalg.norm(start + steps * np.subtract(end, start) - place, axis=1))) for start, end in ways)


# Eighths of a pixel: exact in floating point, whole and half pixels among them.
PLACES = st.tuples(st.integers(-40, 220), st.integers(-40, 280)).map(lambda place: (place[0] / 8, place[1] / 8))


@settings(max_examples=60, deadline=None)
@given(points=st.lists(PLACES, min_size=3, max_size=7))
def test_polygon_is_the_voxels_whose_centres_lie_in_it(points):
    mask = region_mask([Region("polygon", points, planes=1)], SHAPE)
    inside, on_outline = in_polygon(points, *np.ogrid[: SHAPE[1], : SHAPE[2]])
    assert np.array_equal(mask[1] & ~on_outline, inside & ~on_outline)
    assert not mask[[0, 2]].any()


def test_outline_belongs_to_polygon():
    assert region_mask([Region("polygon", [(2, 3), (2, 8), (6, 8), (6, 3)])], SHAPE)[0].sum() == 5 * 6


@settings(max_examples=12, deadline=None)
@given(points=st.lists(PLACES, min_size=1, max_size=3), radius=st.floats(0.5, 9))
def test_brush_is_the_voxels_within_its_radius(points, radius):
    mask = region_mask([Region("brush", points, radius)], (1, 13, 14))[0]
    for place, inside in np.ndenumerate(mask):
        distance = to_stroke(points, np.array(place))
        assert inside == (distance <= radius) or abs(distance - radius) < 0.05


def test_areas_of_large_regions_are_those_of_geometry():
    shape = (1, 400, 420)
    circle = region_mask([Region("circle", [(200.3, 190.7)], 150)], shape)
    assert circle.sum() == pytest.approx(np.pi * 150**2, rel=2e-3)
    triangle = region_mask([Region("polygon", [(10, 10), (390, 50), (100, 400)])], shape)
    assert triangle.sum() == pytest.approx(abs(380 * 390 - 90 * 40) / 2, rel=5e-3)
    stroke = region_mask([Region("brush", [(100.5, 100), (100.5, 300)], 20)], shape)
    assert stroke.sum() == pytest.approx(200 * 40 + np.pi * 400, rel=2e-2)


def test_planes_values_and_single_planes():
    regions = [
        Region("circle", [(8, 8)], 5),
        Region("circle", [(8, 8)], 2, planes=(1, 2), value=0),
        Region("polygon", [(0, 0), (0, 2), (2, 0)], planes=0),
    ]
    mask = region_mask(regions, SHAPE)
    assert mask[:, 8, 8].tolist() == [True, False, False]
    assert mask[:, 0, 0].tolist() == [True, False, False]
    for z in range(3):
        assert np.array_equal(region_mask(regions, SHAPE, plane=z), mask[z])
    assert not region_mask([Region("circle", [(-90, 500)], 5)], SHAPE).any()
    weights = cost_map([Region("circle", [(8, 8)], 5, value=4.5)], SHAPE, excluded=[Region("circle", [(8, 8)], 2, planes=1)])
    assert weights.dtype == np.float32
    assert (weights[0, 8, 8], weights[1, 8, 8], weights[1, 8, 12], weights[0, 0, 0]) == (4.5, 0, 4.5, 1)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("square", [(1, 1)]), "one of polygon, circle, brush, got 'square'"),
        (("polygon", [(1, 1), (2, 2)]), r"at least 3 point\(s\)"),
        (("polygon", [(1, 1, 1)] * 3), r"each \(y, x\) in pixels"),
        (("circle", [(1, 1)]), "needs a radius"),
        (("circle", [(1, 1), (2, 2)], 3), "one point, its centre"),
        (("brush", [(1, float("nan"))], 3), r"each \(y, x\)"),
        (("circle", [(1, 1)], 3, (2, 1)), r"planes must be a number, or \(first, last\)"),
        (("circle", [(1, 1)], 3, None, -1), "value of a circle must be a number of at least 0"),
    ],
)
def test_what_cannot_be_drawn_gets_a_sentence(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        Region(*arguments)
    with pytest.raises(ValueError, match="planes 2 to 5, the image has 3"):
        region_mask([Region("circle", [(1, 1)], 3, (2, 5))], SHAPE)


def test_merging_takes_each_voxel_from_the_right_result():
    rng = np.random.default_rng(1)
    first, second, where = rng.random((3, *SHAPE)) > 0.5
    merged = merge(first, second, where)
    assert np.array_equal(merged[where], first[where])
    assert np.array_equal(merged[~where], second[~where])
    flat = merge(first, second, where[0])
    assert all(np.array_equal(flat[z], np.where(where[0], first[z], second[z])) for z in range(3))
    assert np.array_equal(merge(first, second, []), second)
    regions = [Region("polygon", [(-1, -1), (-1, 15.5), (30, 15.5), (30, -1)])]
    assert np.array_equal(merge(first, second, regions), np.where(np.arange(31) < 16, first, second))


def test_merged_labels_keep_objects_apart():
    first, second = np.zeros((2, 1, 8, 12), np.uint16)
    first[0, 1:4, 1:4], first[0, 5:7, 1:4] = 1, 2
    second[0, 1:4, 7:10], second[0, 5:7, 7:10], second[0, 5:7, 1:4] = 1, 3, 4
    merged = merge(first, second, [Region("polygon", [(-1, -1), (-1, 5), (9, 5), (9, -1)])])
    assert len(np.unique(merged)) == 5, "background, two from inside, two from outside"
    assert np.array_equal(merged > 0, (first > 0) | ((second > 0) & (np.arange(12) > 5)))
    assert merged[0, 2, 2] == 1
    assert merged[0, 6, 8] == 3
    assert merged[0, 2, 8] not in (0, 1, 2, 3)


def test_results_that_do_not_fit_get_a_sentence():
    mask = np.zeros(SHAPE, bool)
    with pytest.raises(ValueError, match="do not belong together"):
        merge(mask, mask[:, :-1], [])
    with pytest.raises(TypeError, match="two masks or two label images"):
        merge(mask, mask.astype(int), [])
    with pytest.raises(TypeError, match="must be a mask or labels, got float64"):
        merge(mask.astype(float), mask, [])
    with pytest.raises(ValueError, match="3x31x23 voxels, the image 3x23x31.*turned by 90 degrees"):
        merge(mask, mask, np.zeros((3, 31, 23), bool))


CIRCLES = st.builds(
    lambda y, x, r, z: Region("circle", [(y, x)], r, z),
    st.integers(0, 22),
    st.integers(0, 30),
    st.integers(1, 5),
    st.sampled_from([None, 0, (1, 2)]),
)


@settings(max_examples=25, deadline=None)
@given(before=st.lists(CIRCLES, max_size=3), steps=st.lists(st.one_of(CIRCLES, st.just("undo"), st.just("redo")), max_size=10))
def test_undo_redo_and_the_file_agree(tmp_path_factory, before, steps):
    path = tmp_path_factory.mktemp("drawing") / "regions.json"
    expected, undone = list(before), []
    write_regions(path, before, SHAPE)
    with Drawing(SHAPE, path) as drawing:
        for step in steps:
            if step == "undo" and expected:
                undone.append(expected.pop())
            elif step == "redo" and undone:
                expected.append(undone.pop())
            elif isinstance(step, Region):
                expected.append(step)
                undone = []
            drawing.add(step) if isinstance(step, Region) else getattr(drawing, step)()
            assert read_regions(path, SHAPE) == drawing.regions == expected
        assert np.array_equal(Drawing(SHAPE, take_over=True).mask() | drawing.mask(), region_mask(expected, SHAPE))
        assert np.array_equal(drawing.plane(1), drawing.mask()[1])


def test_regions_are_readable_and_refused_for_another_image(tmp_path):
    path = write_regions(tmp_path / "regions.json", [Region("polygon", [(1, 2), (3, 4), (5, 6.5)], planes=1, seconds=2)], SHAPE)
    content = json.loads(path.read_text())
    assert content["regions"][0]["points"][2] == [5, 6.5]
    assert content["shape"] == list(SHAPE)
    with pytest.raises(ValueError, match="drawn on an image of 3x23x31 voxels, this one has 3x23x30"):
        Drawing((3, 23, 30), path)
    with Drawing(SHAPE, path) as drawing:
        assert drawing.seconds == 2
    path.write_text('{"regions_version": 1}')
    with pytest.raises(ValueError, match="holds no regions"):
        Drawing(SHAPE, path)
    assert [item.name for item in tmp_path.iterdir()] == ["regions.json"], "no lock stays behind"


def test_a_full_disk_while_drawing_loses_nothing(tmp_path, monkeypatch):
    path = tmp_path / "regions.json"
    with Drawing(SHAPE, path) as drawing:
        drawing.add(Region("circle", [(5, 5)], 3))
        before = path.read_bytes()

        def full(*_):
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr("os.fsync", full)
            with pytest.raises(OSError, match="is full"):
                drawing.add(Region("circle", [(9, 9)], 3))
        assert len(drawing.regions) == 1
        assert path.read_bytes() == before
        other = Drawing(SHAPE, path)
        with pytest.raises(InUseError):
            drawing.undo()
        other.close()


def test_masks_painted_elsewhere(tmp_path):
    painted = np.zeros(SHAPE, np.uint16)
    painted[1, 3:6, 4:9], painted[2, 0, 0] = 7, 255
    for dtype in (np.uint8, np.uint16, np.float32):
        path = images.write(tmp_path / "painted.ome.tif", painted.astype(dtype), (1, 1, 1))
        assert np.array_equal(read_painted(path, SHAPE), painted > 0)
    images.write(tmp_path / "plane.tif", painted[1], (1, 1, 1))
    assert read_painted(tmp_path / "plane.tif", SHAPE).sum(axis=(1, 2)).tolist() == [15, 15, 15]
    with pytest.raises(images.ImageFileError, match=r"painted\.ome\.tif: the mask has 3x23x31 voxels, the image 3x23x32"):
        read_painted(tmp_path / "painted.ome.tif", (3, 23, 32))


def nifti(array: np.ndarray, code: int, order: str, times: int = 1) -> bytes:
    """Return a NIfTI-1 file as its standard describes it: sizes at byte 40, type at 70, start of the voxels at 108."""
    header = bytearray(352)
    struct.pack_into(f"{order}i", header, 0, 348)
    struct.pack_into(f"{order}8h", header, 40, 4, *array.shape[::-1], times, 1, 1, 1)
    struct.pack_into(f"{order}2h", header, 70, code, 8 * array.itemsize)
    struct.pack_into(f"{order}f", header, 108, 352)
    header[344:348] = b"n+1\x00"
    return bytes(header) + array.astype(array.dtype.newbyteorder(order)).tobytes() * times


def test_masks_painted_in_slicer(tmp_path, monkeypatch):
    """NRRD and MetaImage files as their formats describe them: a text that says sizes with x first, then the voxels."""
    painted = np.zeros(SHAPE, np.uint8)
    painted[1, 3:6, 4:9], painted[2, 0, 30] = 7, 1
    z, y, x = SHAPE
    nrrd = f"NRRD0004\ntype: uint8\ndimension: 3\nsizes: {x} {y} {z}\nencoding: raw\n\n".encode() + painted.tobytes()
    meta = f"ObjectType = Image\nNDims = 3\nDimSize = {x} {y} {z}\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n".encode()
    (tmp_path / "cell.nrrd").write_bytes(nrrd)
    (tmp_path / "cell_1.mha").write_bytes(meta + painted.tobytes())
    assert list(by_image(tmp_path)) == ["cell", "cell_1"]
    for path in by_image(tmp_path).values():
        assert np.array_equal(read_painted(path, SHAPE), painted != 0)
    (tmp_path / "cut.nrrd").write_bytes(nrrd[:-100])
    with pytest.raises(images.ImageFileError, match="cut short"):
        read_painted(tmp_path / "cut.nrrd", SHAPE)
    two = nrrd.replace(b"dimension: 3", b"dimension: 4").replace(f"{y} {z}".encode(), f"{y} {z} 2".encode()) + painted.tobytes()
    (tmp_path / "two.nrrd").write_bytes(two)
    with pytest.raises(images.ImageFileError, match="several channels or time points"):
        read_painted(tmp_path / "two.nrrd", SHAPE)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(images.ImageFileError, match="pip install itk"):
        read_painted(tmp_path / "cell.nrrd", SHAPE)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("code", "dtype"), [(2, np.uint8), (4, np.int16), (512, np.uint16), (16, np.float32)])
def test_masks_painted_in_itk_snap(tmp_path, order, code, dtype):
    painted = np.zeros(SHAPE, dtype)
    painted[1, 3:6, 4:9], painted[2, 0, 30] = 7, 1
    (tmp_path / "cell.nii").write_bytes(nifti(painted, code, order))
    (tmp_path / "cell_1.nii.gz").write_bytes(gzip.compress(nifti(painted, code, order)))
    for path in by_image(tmp_path).values():
        assert np.array_equal(read_painted(path, SHAPE), painted != 0)
    assert list(by_image(tmp_path)) == ["cell", "cell_1"]


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda content: content[:-1], "cut short"),
        (lambda content: content[:100], "damaged or of another kind"),
        (lambda content: b"no such file", "damaged or of another kind"),
        (lambda content: gzip.compress(content)[:-30], "damaged or of another kind"),
        (lambda content: nifti(np.zeros(SHAPE, np.uint8), 2, "<", times=2), "several time points"),
        (lambda content: nifti(np.zeros(SHAPE, np.uint8), 128, "<"), "or colours"),
    ],
)
def test_damaged_masks_of_itk_snap_get_a_sentence(tmp_path, spoil, sentence):
    path = tmp_path / "cell.nii.gz"
    path.write_bytes(spoil(nifti(np.ones(SHAPE, np.uint8), 2, "<")))
    with pytest.raises(images.ImageFileError, match=sentence):
        read_painted(path, SHAPE)
    with pytest.raises(FileNotFoundError):
        read_painted(tmp_path / "nowhere.nii", SHAPE)


def test_files_of_what_was_drawn_are_found_by_image(tmp_path):
    painted = np.zeros(SHAPE, np.uint8)
    painted[1] = 9
    images.write(tmp_path / "cell_1.ome.tif", painted, (1, 1, 1))
    write_regions(tmp_path / "cell_2_merged_regions.json", [Region("circle", [(5, 5)], 2)], SHAPE)
    files = by_image(tmp_path)
    assert sorted(files) == ["cell_1", "cell_2"]
    assert np.array_equal(read_where(files["cell_1"], SHAPE), painted > 0)
    assert read_where(files["cell_2"], SHAPE) == [Region("circle", [(5, 5)], 2)]
    assert by_image("") == {}
    (tmp_path / "cell_2.json").touch()
    with pytest.raises(ValueError, match=r"cell_2\.json and cell_2_merged_regions\.json both belong to the image cell_2"):
        by_image(tmp_path)
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        by_image(tmp_path / "nowhere")


def test_saved_merges_are_found_again_with_their_record(tmp_path):
    rng = np.random.default_rng(2)
    raw = rng.integers(0, 900, SHAPE).astype(np.uint16)
    stack = images.read(images.write(tmp_path / "raw" / "cell_1.ome.tif", raw, (0.3, 0.1, 0.1)))
    first, second = rng.random((2, *SHAPE)) > 0.7
    regions = [Region("circle", [(10, 10)], 6, seconds=3)]
    excluded = [Region("brush", [(2, 2), (2, 20)], 2)]
    paths = save_merged(
        tmp_path / "merged", stack, first, second, regions, excluded=excluded, cost=cost_map([], SHAPE, excluded=excluded), who="AB"
    )
    assert sorted(paths) == ["cost", "excluded", "merged", "record", "regions"]
    (item,) = queue(tmp_path / "merged").items
    assert (item.image, item.raw) == ("cell_1_merged", tmp_path / "raw" / "cell_1.ome.tif")
    assert np.array_equal(item.result(), merge(first, second, read_regions(paths["regions"], SHAPE)))
    assert np.array_equal(images.read(paths["cost"]).raw == 0, images.read_mask(paths["excluded"]))
    before = {path: path.read_bytes() for path in paths.values()}
    with pytest.raises(ValueError, match="do not belong together"):
        save_merged(tmp_path / "merged", stack, first[:2], second[:2], regions)
    with pytest.raises(ValueError, match="make it with cost_map"):
        save_merged(tmp_path / "merged", stack, first, second, regions, cost=np.ones((1, 2, 3)))
    assert {path: path.read_bytes() for path in before} == before
