"""Merge two results of one image along regions drawn by hand."""

import time
from pathlib import Path
from typing import Any

import ipywidgets
import numpy as np

from helpers import curation
from helpers.curation import Drawing, Region
from helpers.figures import pixels
from helpers.images import Stack
from helpers.views.sections import Layer
from helpers.views.viewer import LOOKS, Viewer, beside, button

MODES = {"take the second result here": "regions", "leave out of training": "excluded", "weigh more in training": "cost"}
COLOURS = {"regions": "#ffdd00", "excluded": "#ff5050", "cost": "#40c0ff"}
HINTS = {
    "polygon": "click the corners, Enter or a double click closes",
    "brush": "paint",
    "circle": "press in the middle, and draw outwards",
}
SHOWN = ("both", "merged", "first", "second")


class Merger(ipywidgets.VBox):
    """Two results in two colours, and the regions in which the second one is taken; made by `merge`.

    Keys: p polygon, b brush, c circle; u or ctrl+z takes the last region back, y draws it again; m shows what comes out; arrows, j, k, o as in every
    viewer.

    Attributes
    ----------
    drawings : dict of str to Drawing
        ``regions``, ``excluded`` and ``cost``; each stroke is in its file when it is drawn.
    """

    def __init__(
        self, stack: Stack, first: np.ndarray, second: np.ndarray, folder: str | Path, who: str, sources: dict, take_over: bool
    ) -> None:
        self.stack, self.first, self.second, self.who, self._sources = stack, first, second, who, sources
        self.folder = Path(folder).expanduser().absolute()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.drawings = {
            name: Drawing(stack.raw.shape, self.folder / f"{stack.name}_merging_{name}.json", take_over=take_over)
            for name in MODES.values()
        }
        self.viewer = Viewer()
        self.viewer.on_key = self.key
        self.viewer.canvas.on_stroke = self._drawn
        self._since = time.monotonic()
        self._mode = ipywidgets.Dropdown(options=list(MODES.items()), description="drawing means", **LOOKS)
        self._tool = ipywidgets.ToggleButtons(options=["polygon", "brush", "circle"], style={"button_width": "76px"})
        self._radius = ipywidgets.IntSlider(8, 1, 60, description="brush radius", **LOOKS)
        self._all = ipywidgets.Checkbox(True, description="through all planes", indent=False)
        self._shown = ipywidgets.Dropdown(options=SHOWN, description="show", **LOOKS)
        self._mode.observe(lambda _: self._redraw(), "value")
        self._tool.observe(lambda _: self._equip(), "value")
        self._radius.observe(lambda change: setattr(self.viewer.canvas, "radius", float(change["new"])), "value")
        self._shown.observe(lambda _: self._redraw(), "value")
        row = [
            button("undo (u)", self.undo, self.viewer),
            button("redo (y)", self.redo, self.viewer),
            button("save", self.save, self.viewer),
        ]
        controls = [*self.viewer.controls, self._shown, self._mode, self._tool, self._radius, self._all, ipywidgets.HBox(row)]
        super().__init__([beside(ipywidgets.VBox(controls, layout={"width": "350px", "flex": "0 0 auto"}), self.viewer)])
        self.viewer.canvas.tool, self.viewer.canvas.radius = "polygon", 8.0
        self.viewer.load(stack, self._layers())
        self._redraw()

    @property
    def drawing(self) -> Drawing:
        """What strokes go into now."""
        return self.drawings[self._mode.value]

    def merged(self) -> np.ndarray:
        """Return what comes out: the second result inside the regions, the first one outside."""
        return curation.merge(self.second, self.first, self.drawings["regions"].mask())

    def key(self, key: str) -> None:
        """Act on a key, as the browser sends it."""
        tools = {"p": "polygon", "b": "brush", "c": "circle"}
        if key in tools:
            self._tool.value = tools[key]
        elif key in ("u", "ctrl+z"):
            self.undo()
        elif key in ("y", "ctrl+y"):
            self.redo()
        elif key == "m":
            self._shown.value = "both" if self._shown.value == "merged" else "merged"

    def draw(self, region: Region) -> None:
        """Add a region, as the mouse does."""
        self.drawing.add(region)
        self._redraw()

    def undo(self) -> None:
        """Take the last region back."""
        self.drawing.undo()
        self._redraw()

    def redo(self) -> None:
        """Draw again what was taken back."""
        self.drawing.redo()
        self._redraw()

    def save(self) -> dict[str, Path]:
        """Save the merged result, the regions and a record; see `helpers.curation.save_merged`."""
        cost = self.drawings["cost"].regions
        seconds = sum(drawing.seconds for drawing in self.drawings.values())
        excluded = self.drawings["excluded"].regions
        shape = self.stack.raw.shape
        paths = curation.save_merged(
            self.folder, self.stack, self.second, self.first, self.drawings["regions"].regions, sources=self._sources, excluded=excluded,
            cost=curation.cost_map(cost, shape, excluded=excluded) if cost else None, seconds=seconds, who=self.who,
        )  # fmt: skip
        self.viewer.say(f"saved: {paths['merged']}")
        return paths

    def _drawn(self, stroke: dict) -> None:
        with self.viewer.failing():
            planes = None if self._all.value else self.viewer.position[0]
            seconds = round(time.monotonic() - self._since, 1)
            self._since = time.monotonic()
            value = 2.0 if self._mode.value == "cost" else 1.0
            self.draw(stroke_region(stroke, planes, value, seconds))

    def _equip(self) -> None:
        self.viewer.canvas.tool = self._tool.value
        self._redraw()

    def _layers(self) -> list[Layer]:
        if self._shown.value == "merged":
            return [Layer(self.merged())]
        first, second = (
            Layer(found, colour, by_object=False) for found, colour in ((self.first, pixels.MAGENTA), (self.second, pixels.GREEN))
        )
        return {"both": [first, second], "first": [first], "second": [second]}[self._shown.value]

    def _redraw(self) -> None:
        with self.viewer.failing():
            strokes = []
            for name, drawing in self.drawings.items():
                strokes += [shown_stroke(region, COLOURS[name]) for region in drawing.regions]
            self.viewer.canvas.strokes = strokes
            self.viewer.show(self._layers())
            counts = ", ".join(f"{len(drawing.regions)} {name}" for name, drawing in self.drawings.items())
            self.viewer.say(f"first magenta, second green; {HINTS[self._tool.value]}. {counts}")


def merge(
    stack: Stack,
    first: np.ndarray,
    second: np.ndarray,
    folder: str | Path,
    *,
    who: str = "",
    sources: dict[str, Any] | None = None,
    take_over: bool = False,
) -> Merger:
    """Show a panel that merges two results: inside the regions that are drawn the second one holds, outside the first.

    Its twin without a browser is `helpers.curation.save_merged`.

    Parameters
    ----------
    stack : Stack
        The image.
    first, second : (Z, Y, X) ndarray of bool or int
        Two results.
    folder : str or Path
        Takes the regions as they are drawn, and what is saved.
    who : str
        Who draws.
    sources : dict of str to path, optional
        Where the results came from, for the record.
    take_over : bool
        Go on even if another notebook has the regions open.

    Returns
    -------
    merger : Merger

    Raises
    ------
    ValueError
        If a result has another shape than the image.
    InUseError, OSError
        As `helpers.curation.Drawing`.
    """
    for name, found in (("first", first), ("second", second)):
        if found.shape != stack.raw.shape:
            raise ValueError(
                f"the {name} result has {found.shape} voxels (Z, Y, X), the image {stack.raw.shape}: they do not belong together"
            )
    return Merger(stack, first, second, folder, who, sources or {}, take_over)


def stroke_region(stroke: dict, planes: Any = None, value: float = 1.0, seconds: float = 0.0) -> Region:
    """Return what the browser drew as a region: points turn from (x, y) to (y, x)."""
    points = [(y, x) for x, y in stroke["points"]]
    if stroke["tool"] == "circle":
        radius = float(np.hypot(points[-1][0] - points[0][0], points[-1][1] - points[0][1]))
        return Region("circle", points[:1], max(radius, 0.5), planes, value, seconds)
    if stroke["tool"] in ("brush", "erase"):
        return Region("brush", points, float(stroke["radius"]), planes, value, seconds)
    return Region("polygon", points, planes=planes, value=value, seconds=seconds)


def shown_stroke(region: Region, colour: str) -> dict:
    """Return a region as the browser shows it."""
    points = [(x, y) for y, x in region.points]
    if region.kind == "circle":
        points.append((points[0][0] + region.radius, points[0][1]))
    return {"tool": region.kind, "radius": region.radius, "points": points, "colour": colour}
