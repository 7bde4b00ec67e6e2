"""A stack to look through: one plane, the two side views, contrast, keys. Every panel holds one."""

import contextlib
import html
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import ipywidgets
import numpy as np

from helpers.figures import pixels
from helpers.figures.planes import pick_plane
from helpers.images import Stack
from helpers.views.canvas import ONE_AT_A_TIME, Canvas, as_png
from helpers.views.sections import Box, Layer, Place, plane_view, side_views
from helpers.views.waiting import Later

SCREEN = 440  # screen pixels of the plane, at most
AFTER = 0.08  # seconds after which the side views follow the plane, so that they never hold it up
LOOKS = {"style": {"description_width": "130px"}, "layout": {"width": "340px"}}


class Viewer(ipywidgets.VBox):
    """Look through a stack, with what was found outlined.

    Arrows, j and k change the plane, o hides and shows what was found, a click moves the side views; other keys, and strokes, go to the panel.

    Attributes
    ----------
    canvas : Canvas
    controls : list of Widget
        Sliders of plane and contrast, for the panel to place.
    position : tuple of int
        The voxel on view, (z, y, x).
    on_key : callable or None
        Called with the keys that the viewer itself does not know.
    on_point : callable or None
        Called with (z, y, x) of a click, where a click shall do more than move the side views.
    """

    def __init__(self, screen: int = SCREEN) -> None:
        self._screen = screen
        self.canvas = Canvas(width=screen, height=screen)
        self.canvas.on_point, self.canvas.on_key = self._clicked, self._typed
        self.on_key: Callable[[str], None] | None = None
        self.on_point: Callable[[tuple[int, int, int]], None] | None = None
        self._below, self._right = ipywidgets.Image(format="png"), ipywidgets.Image(format="png")
        self._plane = ipywidgets.IntSlider(0, 0, 0, description="plane", **LOOKS)
        self._contrast = ipywidgets.FloatRangeSlider(value=(0, 1), min=0, max=1, description="contrast", readout_format=".5g", **LOOKS)
        self._outline = ipywidgets.Checkbox(True, description="show what was found (o)", indent=False)
        self._status = ipywidgets.HTML()
        self._sides = Later(at_once=True)
        self._layers: Sequence[Layer] = ()
        self._box: Box | None = None
        self._stack: Stack | None = None
        self.position = (0, 0, 0)
        self._plane.observe(lambda change: self.move(z=change["new"]), "value")
        for widget in (self._contrast, self._outline):
            widget.observe(lambda change: self.draw(), "value")
        self.controls = [self._plane, self._contrast, self._outline]
        super().__init__([ipywidgets.HBox([self.canvas, self._right]), self._below, self._status])

    @property
    def stack(self) -> Stack:
        """The stack on view."""
        return self._stack

    @property
    def limits(self) -> tuple[float, float]:
        """Intensities shown as black and white."""
        return self._contrast.value

    def load(self, stack: Stack, layers: Sequence[Layer] = ()) -> None:
        """Show another stack, in the plane where most is to be seen."""
        self._stack = None  # no picture of half a change
        raw = stack.raw
        self.position = (pick_plane(raw, layers[0].found if layers else None), raw.shape[1] // 2, raw.shape[2] // 2)
        self._plane.max = len(raw) - 1
        self._plane.value = self.position[0]
        low, high = pixels.contrast_limits(raw)
        least, most = min(float(raw.min()), low), max(float(raw.max()), high)
        self._contrast.min, self._contrast.max = min(least, self._contrast.min), max(most, self._contrast.max)
        self._contrast.value = (low, high)
        self._contrast.min, self._contrast.max, self._contrast.step = least, most, (most - least) / 500 or 1.0
        self._contrast.readout_format = ".0f" if most - least > 20 else ".2g"  # what is longer is cut off
        scale = self._screen / max(raw.shape[1:])
        self._below.layout.width, self._right.layout.height = (f"{round(scale * raw.shape[axis])}px" for axis in (2, 1))
        for widget in (self._plane, self._below, self._right):
            widget.layout.display = "none" if len(raw) == 1 else ""
        self._stack = stack
        self.show(layers)

    def show(self, layers: Sequence[Layer], box: Box | None = None) -> None:
        """Show other things found, and a frame around a part of the stack."""
        self._layers, self._box = layers, box
        self.draw()

    def move(self, z: int | None = None, y: int | None = None, x: int | None = None) -> None:
        """Go to another plane, row or column."""
        self.position = tuple(old if new is None else int(new) for old, new in zip(self.position, (z, y, x)))
        if self._plane.value != self.position[0]:
            self._plane.value = self.position[0]  # which draws
        else:
            self.draw()

    def draw(self) -> None:
        """Draw again."""
        if self._stack is None:
            return
        raw, layers = self._stack.raw, self._layers if self._outline.value else ()
        place = Place(self.position, self._stack.voxel_size, self.limits)
        self.canvas.show(plane_view(raw, layers, place, self._box), raw.shape[1:])
        if len(raw) > 1:
            self._sides.call(AFTER, lambda: self._draw_sides(raw, layers, place))

    def _draw_sides(self, *cut: Any) -> None:
        self._below.value, self._right.value = map(as_png, side_views(*cut))

    def say(self, text: str) -> None:
        """Show a sentence below the picture."""
        self._status.value = f"<span style='color:#555'>{html.escape(text)}</span>"

    @contextlib.contextmanager
    def failing(self) -> Iterator[None]:
        """Show what went wrong below the picture, where the person looks; the panel stays alive."""
        try:
            with ONE_AT_A_TIME:
                yield
        except (TypeError, ValueError, OSError, MemoryError, RuntimeError) as error:
            self._status.value = f"<b style='color:#b00'>{html.escape(str(error))}</b>"

    def key(self, key: str) -> None:
        """Act on a key, as the browser sends it."""
        step = {"ArrowUp": 1, "ArrowRight": 1, "k": 1, "ArrowDown": -1, "ArrowLeft": -1, "j": -1}.get(key, 0)
        if step:
            self._plane.value = int(np.clip(self._plane.value + step, 0, self._plane.max))
        elif key == "o":
            self._outline.value = not self._outline.value
        elif self.on_key is not None:
            self.on_key(key)

    def _typed(self, key: str) -> None:
        with self.failing():
            self.key(key)

    def _clicked(self, point: tuple[float, float]) -> None:
        x, y = (int(np.clip(round(value), 0, length - 1)) for value, length in zip(point, self._stack.raw.shape[:0:-1]))
        with self.failing():
            self.move(y=y, x=x)
            if self.on_point is not None:
                self.on_point(self.position)


def beside(controls: ipywidgets.Widget, viewer: Viewer) -> ipywidgets.Box:
    """Return controls with the viewer to their right, or below them where the screen is too narrow for its plane."""
    viewer.layout.flex = f"1 1 {viewer.canvas.width + 5}px"
    return ipywidgets.HBox([controls, viewer], layout={"flex_flow": "row wrap"})


def button(text: str, call: Callable[[], Any], viewer: Viewer, tip: str = "", width: str = "auto") -> ipywidgets.Button:
    """Return a button that calls, and shows below the viewer's picture what went wrong."""
    made = ipywidgets.Button(description=text, tooltip=tip, layout={"width": width})

    def pressed(_: Any) -> None:
        with viewer.failing():
            call()

    made.on_click(pressed)
    return made
