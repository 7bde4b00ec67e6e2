"""An image in the browser that can be drawn on and listens to keys: what every panel is made of."""

import struct
import threading
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets

ONE_AT_A_TIME = threading.RLock()
"""Held while a panel acts: JupyterLab delivers the first messages of a widget on the kernel's main thread and later ones on another."""

# Of the PNG format, ISO/IEC 15948.
SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, RGB = 0, 2  # types of pixels
UP = 2  # a row is stored less the row above

TOOLS = ("point", "polygon", "lasso", "brush", "erase", "circle", "line")


class Canvas(anywidget.AnyWidget):
    """A picture with strokes over it; what is drawn, clicked and typed arrives in Python as a call.

    ctrl + wheel zooms, shift + drag moves, 0 shows the whole image again. Enter or a double click closes a polygon, Backspace takes its last
    corner away, Escape all of them. Keys reach this widget alone: JupyterLab does not act on them.

    Parameters
    ----------
    width, height : int
        Screen pixels that the image fills at most.

    Attributes
    ----------
    tool : str
        One of `TOOLS`.
    radius : float
        Of the brush, in pixels of the image.
    strokes : list of dict
        What is shown over the picture: ``tool``, ``radius``, ``points`` (x, y), optional ``colour``.
    on_stroke, on_point, on_key : callable or None
        Called with a stroke (dict), a point (x, y), a key ("a", "ArrowUp", "ctrl+z"). Points are in pixels of the image, the centre of the first
        one at (0, 0).
    """

    _esm = Path(__file__).with_name("canvas.js")
    png = traitlets.Bytes(b"").tag(sync=True)
    shape = traitlets.List([1, 1]).tag(sync=True)
    width = traitlets.Int(512).tag(sync=True)
    height = traitlets.Int(512).tag(sync=True)
    tool = traitlets.Enum(TOOLS, "point").tag(sync=True)
    radius = traitlets.Float(5.0).tag(sync=True)
    colour = traitlets.Unicode("#ffdd00").tag(sync=True)
    strokes = traitlets.List([]).tag(sync=True)

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.on_stroke: Callable[[dict], None] | None = None
        self.on_point: Callable[[tuple[float, float]], None] | None = None
        self.on_key: Callable[[str], None] | None = None
        self._turns: dict[str, int] = {}  # which message of a page comes next
        self._early: dict[tuple[str, int], dict] = {}
        self.on_msg(self._received)

    def show(self, image: np.ndarray, shape: tuple[int, int] | None = None) -> None:
        """Show another picture.

        Parameters
        ----------
        image : (H, W, 3) ndarray of uint8
        shape : tuple of int, optional
            Pixels of the image (down, across) that strokes and points are counted in, where the picture is finer or coarser; those of the picture
            if left out.
        """
        with self.hold_sync():
            self.shape = list(shape or image.shape[:2])
            self.png = as_png(image)

    def receive(self, content: dict) -> None:
        """Act on what the browser sends: ``{"stroke": ...}``, ``{"point": [x, y]}`` or ``{"key": ...}``; scripts may send it, too."""
        for name, call in (("stroke", self.on_stroke), ("point", self.on_point), ("key", self.on_key)):
            if name in content and call is not None:
                call(content[name])

    def _received(self, _: Any, content: dict, __: list) -> None:
        """Act on messages one at a time, in the order in which they were sent; one that comes too early waits for those before it."""
        with ONE_AT_A_TIME:
            page = content.get("from", "")
            self._early[page, content.get("turn", self._turns.get(page, 0) + 1)] = content
            while (page, turn := self._turns.get(page, 0) + 1) in self._early:
                self._turns[page] = turn
                self.receive(self._early.pop((page, turn)))


def as_png(image: np.ndarray) -> bytes:
    """Return (H, W, 3) or (H, W) uint8 pixels as PNG, packed quickly.

    Each row is written as its differences to the one above, which suits planes of a stack: in a third of the time that Pillow takes to try all
    of PNG's ways, and no larger.
    """
    high, wide = image.shape[:2]
    rows = image.reshape(high, -1)
    packed = np.empty((high, rows.shape[1] + 1), np.uint8)
    packed[:, 0] = UP
    packed[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=packed[1:, 1:])
    header = struct.pack(">IIBBBBB", wide, high, 8, RGB if image.ndim == 3 else GREY, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(packed, 1)), (b"IEND", b""))
    return SIGNATURE + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
