"""PNG files: one plane, grey or colour, 8 or 16 bits."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from helpers.images.scenes import ImageFileError, Scene

SUFFIXES = (".png",)
SIGNATURE = b"\x89PNG\r\n\x1a\n"
SAMPLES = {1: ("",), 2: ("",), 3: ("R", "G", "B"), 4: ("R", "G", "B")}  # 2 and 4: the last is transparency


@contextmanager
def png_scenes(path: Path) -> Iterator[list[Scene]]:
    """Yield the one scene of a PNG file.

    Raises
    ------
    ImageFileError
        If the file is not a PNG.
    """
    import imagecodecs

    data = path.read_bytes()
    if not data.startswith(SIGNATURE):
        raise ImageFileError(f"{path.name} is not a PNG file: it begins with {data[:8]!r}; check what it is")
    # Unlike Pillow, this keeps 16 bits of colour images too.
    pixels = imagecodecs.png_decode(data)
    colours = pixels.shape[2] if pixels.ndim == 3 else 1
    axes = "YXS" if pixels.ndim == 3 else "YX"
    yield [Scene("", axes, pixels.shape, pixels.dtype, pixels.__getitem__, samples=SAMPLES[colours] if pixels.ndim == 3 else ())]
