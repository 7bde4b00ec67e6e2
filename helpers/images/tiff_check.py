"""Check that all of a TIFF file is there.

A file that was cut short while copying keeps its beginning. Readers then find fewer pages, or fill the missing ones with zeros,
and do not say so. The check walks the directories of the file and compares every position they name with the length of the file.

References
----------
.. [1] TIFF, Revision 6.0 (1992), Adobe Developers Association; BigTIFF: https://www.awaresystems.be/imaging/tiff/bigtiff.html
"""

import struct
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from helpers.images.scenes import ImageFileError

TYPE_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
INTEGERS = {1: "u1", 3: "u2", 4: "u4", 13: "u4", 16: "u8", 18: "u8"}
WIDTH, LENGTH, BITS, COMPRESSION, DESCRIPTION, SAMPLES = 256, 257, 258, 259, 270, 277
OFFSETS, BYTE_COUNTS = (273, 324), (279, 325)  # of strips, of tiles
NUMBERS = {WIDTH, LENGTH, BITS, COMPRESSION, SAMPLES, *OFFSETS, *BYTE_COUNTS}
# Bytes that one stored byte can stand for at most: none, LZW, Deflate (two numbers), PackBits. More is a wrong width or height.
MOST_BYTES_FOR_ONE = {1: 1, 5: 5000, 8: 1100, 32946: 1100, 32773: 64}
LAST_BASELINE_TAG, IMAGEJ_TAGS = 532, (50838, 50839)  # a broken private tag does no harm


class Layout(NamedTuple):
    """How one of the two kinds of TIFF writes its directories, as `struct` formats."""

    order: str
    offset: str
    count: str
    entry: str


def check_complete(path: Path) -> None:
    """Raise unless the file is a TIFF whose directories, values and pixels all lie within the file.

    Raises
    ------
    ImageFileError
        If it is not a TIFF, or not whole.
    """
    size = path.stat().st_size
    with open(path, "rb") as file:
        layout, offset = _header(file, path)
        seen: set[int] = set()
        while offset:
            if offset in seen:
                raise ImageFileError(
                    f"{path.name} is damaged: its pages point back at each other; copy it again from where it was acquired"
                )
            seen.add(offset)
            offset = _check_directory(file, offset, size, layout, path)


def cut_short(path: Path, what: str) -> ImageFileError:
    """Return the error that says that a file ends too early."""
    size = path.stat().st_size
    return ImageFileError(f"{path.name} is cut short: {what} beyond its end at {size} bytes; copy it again from where it was acquired")


def _header(file: BinaryIO, path: Path) -> tuple[Layout, int]:
    start = file.read(16)
    order = {b"II": "<", b"MM": ">"}.get(start[:2])
    version = struct.unpack(f"{order}H", start[2:4])[0] if order and len(start) >= 4 else 0
    if version not in (42, 43):
        begins = f"begins with {start[:8]!r}" if len(start) > 3 else f"is only {len(start)} byte(s) long"
        raise ImageFileError(
            f"{path.name} is not a TIFF file: it {begins}; check what it is, and give the image as the microscope saved it"
        )
    layout = Layout(order, "Q", "Q", "HHQ8s") if version == 43 else Layout(order, "I", "H", "HHI4s")
    position = 8 if version == 43 else 4
    offset = start[position : position + struct.calcsize(order + layout.offset)]
    if len(offset) < struct.calcsize(order + layout.offset):
        raise cut_short(path, "its first page lies")
    first = struct.unpack(order + layout.offset, offset)[0]
    if first == 0:
        raise ImageFileError(f"{path.name} holds no image: the program that wrote it did not finish; save it again")
    return layout, first


def _check_directory(file: BinaryIO, offset: int, size: int, layout: Layout, path: Path) -> int:
    """Check one directory; return the position of the next, 0 after the last."""
    missing = cut_short(path, "a page lies")
    file.seek(offset)
    head = file.read(struct.calcsize(layout.order + layout.count))
    if len(head) < struct.calcsize(layout.order + layout.count):
        raise missing
    entry = struct.Struct(layout.order + layout.entry)
    length = struct.unpack(layout.order + layout.count, head)[0] * entry.size
    tail = struct.calcsize(layout.order + layout.offset)
    if offset + len(head) + length + tail > size:
        raise missing
    table = file.read(length)
    following = struct.unpack(layout.order + layout.offset, file.read(tail))[0]
    tags = {}
    for tag, kind, count, value in entry.iter_unpack(table):
        if tag > LAST_BASELINE_TAG and tag not in IMAGEJ_TAGS:
            continue
        nbytes = TYPE_SIZES.get(kind, 1) * count
        position = None if nbytes <= len(value) else struct.unpack(layout.order + layout.offset, value)[0]
        if position is not None and position + nbytes > size:
            raise cut_short(path, "its description lies" if tag == DESCRIPTION else "values of a page lie")
        if tag in NUMBERS and kind in INTEGERS:
            tags[tag] = _numbers(file, layout.order + INTEGERS[kind], count, value, position)
    _check_pixels(tags, size, path)
    return following


def _numbers(file: BinaryIO, dtype: str, count: int, value: bytes, position: int | None) -> np.ndarray:
    if position is None:
        return np.frombuffer(value, dtype, count).astype(np.uint64)
    file.seek(position)
    return np.frombuffer(file.read(np.dtype(dtype).itemsize * count), dtype, count).astype(np.uint64)


def _check_pixels(tags: dict[int, np.ndarray], size: int, path: Path) -> None:
    offsets = next((tags[tag] for tag in OFFSETS if tag in tags), None)
    counts = next((tags[tag] for tag in BYTE_COUNTS if tag in tags), None)
    if offsets is None or WIDTH not in tags or LENGTH not in tags:
        raise ImageFileError(f"{path.name} is damaged: a page does not say where its pixels are; copy it again, or save it again")
    uncompressed = int(tags.get(COMPRESSION, [1])[0]) == 1
    if counts is None or not counts.any():
        # Old writers leave the counts out where they follow from the shape.
        counts = np.array([_plane_bytes(tags)], np.uint64) if uncompressed and len(offsets) == 1 else np.zeros_like(offsets)
    if len(offsets) != len(counts) or not counts.all() or not offsets.all():
        raise ImageFileError(f"{path.name} is damaged: pixels of a page are missing; copy it again, or save it again")
    if int((offsets + counts).max()) > size:
        raise cut_short(path, "pixels lie")
    most = MOST_BYTES_FOR_ONE.get(int(tags.get(COMPRESSION, [1])[0]))
    if most and int(counts.sum()) * most < _plane_bytes(tags):
        raise ImageFileError(
            f"{path.name} is damaged: a page holds fewer pixels than its width and height need; copy it again, or save it again"
        )


def _plane_bytes(tags: dict[int, np.ndarray]) -> int:
    bits = int(tags[BITS][0]) if BITS in tags else 1
    samples = int(tags[SAMPLES][0]) if SAMPLES in tags else 1
    return (int(tags[WIDTH][0]) * samples * bits + 7) // 8 * int(tags[LENGTH][0])
