"""The check alone finds every cut, before any pixel is decoded."""

import pytest
import tifffile
from make_files import counts

from helpers.images import ImageFileError
from helpers.images.tiff_check import check_complete

OPTIONS = [
    {},
    {"compression": "zlib"},
    {"rowsperstrip": 3},
    {"tile": (16, 16)},
    {"bigtiff": True},
    {"byteorder": ">"},
    {"imagej": True},
    {"ome": True},
]


def last_pixel(path) -> int:
    with tifffile.TiffFile(path) as file:
        return max(offset + count for page in file.pages for offset, count in zip(page.dataoffsets, page.databytecounts))


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_every_cut_within_the_pixels_is_found(tmp_path, options):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, counts(4, 12, 11), photometric="minisblack", **options)
    check_complete(path)
    data = path.read_bytes()
    for length in range(last_pixel(path)):
        path.write_bytes(data[:length])
        with pytest.raises(ImageFileError, match=r"^a\.tif is (cut short: .* beyond its end at \d+ bytes; copy it again|not a TIFF file)"):
            check_complete(path)


def test_pages_that_point_back_are_found(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, counts(3, 12, 11), photometric="minisblack", metadata=None)
    with tifffile.TiffFile(path) as file:
        first, last = file.pages[0].offset, file.pages[-1]
        following = last.offset + 2 + 12 * len(last.tags)
    data = bytearray(path.read_bytes())
    assert data[following : following + 4] == bytes(4)
    data[following : following + 4] = first.to_bytes(4, "little")
    path.write_bytes(data)
    with pytest.raises(ImageFileError, match="its pages point back at each other"):
        check_complete(path)


@pytest.mark.parametrize(
    ("tag", "value", "sentence"),
    [
        ("StripByteCounts", 0, "."),
        ("StripOffsets", 0, "pixels of a page are missing"),
        ("ImageWidth", 60000, "fewer pixels than its width and height need"),
    ],
)
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_pages_without_their_pixels_are_found(tmp_path, tag, value, sentence, compression):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, counts(12, 11), photometric="minisblack", metadata=None, compression=compression)
    with tifffile.TiffFile(path, mode="r+") as file:
        file.pages[0].tags[tag].overwrite(value)
    if tag == "StripByteCounts" and compression is None:
        check_complete(path)  # the count follows from the shape, and old writers leave it out
        return
    with pytest.raises(ImageFileError, match=sentence):
        check_complete(path)
