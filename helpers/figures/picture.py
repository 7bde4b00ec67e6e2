"""A figure that shows itself in a notebook, and the panels that it is made of.

Panels are made as arrays of exactly the pixels that will be seen: every pixel is square in um, and lines are one pixel wide, however large the
stack. Nothing here uses pyplot: a figure that is returned and not shown leaves nothing behind.
"""

import io
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

DPI = 100
GAP, HEAD, LINE = 10, 22, 20  # pixels: between panels, above a panel, of a line of the title
LETTER, BOLD_LETTER = 7, 9  # pixels that a letter takes, at most on average
BAR_LENGTHS = [mantissa * 10.0**power for power in range(-2, 5) for mantissa in (1, 2, 5)]


class Picture(Figure):
    """A matplotlib figure that a notebook shows once, as the last expression of a cell, whatever the backend."""

    def _repr_png_(self) -> bytes:
        """Return the figure as PNG with a palette: less than half the size, and hardly a difference to the eye."""
        from PIL import Image

        indices, colours = few_colours(drawn(self))
        image = Image.fromarray(indices)
        image.putpalette(colours.tobytes())
        data = io.BytesIO()
        image.save(data, "PNG", optimize=True)
        return data.getvalue()

    def _repr_html_(self) -> None:
        """Return nothing: matplotlib's own version of this method would start a backend."""


class Panel(NamedTuple):
    """One image in a picture.

    Attributes
    ----------
    pixels : (H, W, 3) ndarray of uint8
        What is shown, pixel by pixel.
    corner : tuple of int
        Its top left corner in the picture, (y, x) in pixels.
    title : str
        Above the panel.
    pixel_um : float
        Size of a pixel in um, for the scale bar; 0 draws none.
    """

    pixels: np.ndarray
    corner: tuple[int, int] = (0, 0)
    title: str = ""
    pixel_um: float = 0.0


def in_row(panels: list[Panel], columns: int = 0) -> list[Panel]:
    """Place panels side by side, ``columns`` in a row (0: all of them)."""
    columns = columns or len(panels)
    height = max(panel.pixels.shape[0] for panel in panels)
    width = max(max(panel.pixels.shape[1], LETTER * len(panel.title)) for panel in panels)
    return [
        panel._replace(corner=(index // columns * (height + HEAD + GAP), index % columns * (width + GAP)))
        for index, panel in enumerate(panels)
    ]


def compose(panels: list[Panel], title: str = "") -> Picture:
    """Return a picture of placed panels, with a title above all of them.

    Parameters
    ----------
    panels : list of Panel
        At least one, placed.
    title : str
        May have several lines.
    """
    top = GAP + LINE * (title.count("\n") + 1 if title else 0)
    height = top + HEAD + max(panel.corner[0] + panel.pixels.shape[0] for panel in panels) + GAP
    ends = [panel.corner[1] + max(panel.pixels.shape[1], LETTER * len(panel.title)) for panel in panels]
    width = max(*ends, *(BOLD_LETTER * len(line) for line in title.split("\n"))) + 2 * GAP
    picture = Picture(figsize=(width / DPI, height / DPI), dpi=DPI, facecolor="white")
    if title:
        picture.text(GAP / width, 1 - 6 / height, title, va="top", fontsize=10, fontweight="bold", color="black", linespacing=1.3)
    for panel in panels:
        high, wide = panel.pixels.shape[:2]
        bottom = height - (top + HEAD + panel.corner[0] + high)
        axes = picture.add_axes(((GAP + panel.corner[1]) / width, bottom / height, wide / width, high / height))
        axes.imshow(panel.pixels, interpolation="none", aspect="auto", extent=(0, wide, high, 0))
        axes.set_axis_off()
        axes.set_title(panel.title, loc="left", fontsize=9, color="black", pad=4)
        if panel.pixel_um:
            _add_scale_bar(axes, wide, high, panel.pixel_um)
    return picture


def bar_length(width_um: float) -> float:
    """Return the length, in um, of a scale bar for a panel so many um wide: 1, 2 or 5 times a power of ten, at most a quarter of it.

    Examples
    --------
    >>> bar_length(27.6), bar_length(100), bar_length(3.3)
    (5.0, 20.0, 0.5)
    """
    return max((length for length in BAR_LENGTHS if length <= width_um / 4), default=BAR_LENGTHS[0])


def drawn(figure: Figure) -> np.ndarray:
    """Return a figure as (H, W, 3) uint8 pixels."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3]


def few_colours(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a (H, W, 3) uint8 image as (H, W) numbers and at most 256 colours: 64 greys, and the others as fine as there is room.

    Examples
    --------
    >>> indices, colours = few_colours(np.array([[[0, 0, 0], [255, 255, 255], [255, 159, 28]]], np.uint8))
    >>> colours[indices].tolist()
    [[[0, 0, 0], [255, 255, 255], [255, 156, 25]]]
    """
    is_grey = (image[..., 0] == image[..., 1]) & (image[..., 1] == image[..., 2])
    for steps in (31, 15, 7, 5):
        levels = np.rint(np.arange(256) / 255 * steps) / steps * 255
        greys = np.rint(np.arange(256) / 255 * 63) / 63 * 255
        rounded = np.where(is_grey[..., None], greys.round().astype(np.uint8)[image], levels.round().astype(np.uint8)[image])
        packed = rounded.astype(np.uint32) @ np.array([65536, 256, 1], np.uint32)
        values, indices = np.unique(packed, return_inverse=True)
        if len(values) <= 256:
            break
    colours = np.stack([values >> 16, values >> 8 & 255, values & 255], axis=1).astype(np.uint8)
    return indices.reshape(image.shape[:2]).astype(np.uint8), colours


def save(figure: Figure, path: str | os.PathLike) -> Path:
    """Write a picture to a PNG file, all at once: a reader never finds half a file.

    Parameters
    ----------
    figure : Picture
        What a function of `helpers.figures` returned.
    path : path-like
        Ends in ``.png``; its folder must exist.

    Returns
    -------
    path : pathlib.Path
        Where it was written.

    Raises
    ------
    TypeError
        If ``figure`` is not a picture.
    ValueError
        If ``path`` does not end in ``.png``.
    OSError
        If the file cannot be written.
    """
    path = Path(path)
    if not isinstance(figure, Picture):
        raise TypeError(f"figure must be what a function of helpers.figures returned, got {type(figure).__name__}")
    if path.suffix.lower() != ".png":
        raise ValueError(f"path must end in .png, got {path.name}: pictures are written as PNG")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(figure._repr_png_())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return path


def _add_scale_bar(axes, wide: int, high: int, pixel_um: float) -> None:
    """Draw a bar with its length below right, white with a black rim: readable on dark and on bright images."""
    length = bar_length(wide * pixel_um)
    pixels = length / pixel_um
    right, bottom = wide - 10, high - 10
    bar = Rectangle((right - pixels, bottom - 4), pixels, 4, facecolor="white", edgecolor="none", gid="scale bar", snap=False)
    rim = Rectangle((right - pixels - 1, bottom - 5), pixels + 2, 6, facecolor="black", edgecolor="none", snap=False)
    axes.add_patch(rim)
    axes.add_patch(bar)
    label = axes.text(right - pixels / 2, bottom - 8, f"{length:g} µm", ha="center", va="bottom", fontsize=8, color="white")
    label.set_path_effects([withStroke(linewidth=2, foreground="black")])
