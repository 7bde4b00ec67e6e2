"""All planes of a stack one after another, raw and with the result: a movie for a talk, or to look through a result without a viewer."""

import base64
import io
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from helpers import _checks
from helpers.figures import pixels
from helpers.figures.overlays import NARROW
from helpers.figures.picture import compose, drawn, few_colours, in_row
from helpers.figures.planes import checked, panel
from helpers.images import Stack


class Movie:
    """An animated GIF that shows itself in a notebook. Made by `movie`."""

    def __init__(self, data: bytes, frames: int) -> None:
        self.data = data
        self.frames = frames

    def __repr__(self) -> str:
        """Return its size in a line."""
        return f"movie of {self.frames} frames, {len(self.data) / 1e6:.1f} MB"

    def _repr_html_(self) -> str:
        return f'<img alt="{self!r}" src="data:image/gif;base64,{base64.b64encode(self.data).decode()}">'

    def save(self, path: str | os.PathLike) -> Path:
        """Write the movie, all at once; ``path`` ends in ``.gif``, its folder must exist."""
        path = Path(path)
        if path.suffix.lower() != ".gif":
            raise ValueError(f"path must end in .gif, got {path.name}: movies are written as animated GIF")
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            part.write_bytes(self.data)
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
        return path


def movie(stack: Stack, mask: np.ndarray, *, planes_per_second: float = 5, captions: Sequence[str] = ()) -> Movie:
    """Go through the planes of a stack, raw on the left, the result outlined on the right.

    Intensities are shown on one scale for all planes, so that bleaching and empty planes show.

    Parameters
    ----------
    stack : Stack
        Raw intensities and voxel size.
    mask : (Z, Y, X) ndarray of bool or int
        Outlined in orange; labels are coloured.
    planes_per_second : float
        0.5 to 50.
    captions : sequence of str
        Above each plane, in place of its number and height: for a stack whose planes are time points.

    Returns
    -------
    movie : Movie
        Shows itself as the last expression of a cell; its ``save`` writes a GIF.

    Raises
    ------
    TypeError
        If ``stack`` is not a Stack, or ``mask`` is not an array of bool or int.
    ValueError
        If ``mask`` has another shape than the stack, or ``planes_per_second`` makes no sense, or there are not as many
        captions as planes.
    """
    from PIL import Image

    _checks.number(planes_per_second, "planes_per_second", low=0.5, high=50)
    raw = checked(stack, np.asarray(mask), floats=False)
    limits = pixels.contrast_limits(raw)
    if captions and len(captions) != len(raw):
        raise ValueError(f"captions must be one for each plane: got {len(captions)} for {len(raw)} planes")
    frames = []
    for z in range(len(raw)):
        title = captions[z] if captions else f"raw, plane {z} of {len(raw)}, {z * stack.voxel_size[0]:.2f} µm up"
        shown = [panel(stack, raw[z], title, box=NARROW, limits=limits), panel(stack, raw[z], "found", mask[z], box=NARROW, limits=limits)]
        frames.append(drawn(compose(in_row(shown), stack.name)))
    indices, colours = few_colours(np.concatenate(frames))
    pages = []
    for page in np.split(indices, len(frames)):
        image = Image.fromarray(page)
        image.putpalette(colours.tobytes())
        pages.append(image)
    data = io.BytesIO()
    pages[0].save(data, "GIF", save_all=True, append_images=pages[1:], duration=round(1000 / planes_per_second), loop=0, optimize=False)
    return Movie(data.getvalue(), len(pages))
