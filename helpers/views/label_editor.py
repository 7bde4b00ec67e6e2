"""Correct label images by hand: add, delete, split, join, redraw, object by object."""

import time
from pathlib import Path
from typing import Any

import ipywidgets
import numpy as np

from helpers import curation
from helpers.curation import Correction
from helpers.images import Stack
from helpers.views.merger import stroke_region
from helpers.views.sections import Layer
from helpers.views.viewer import LOOKS, Viewer, beside, button

TOOLS = {"choose": "v", "add": "a", "redraw": "w", "brush": "b", "erase": "e", "cut": "l", "seeds": "s", "superpixel": "x"}
SCRIBBLE_TOOLS = {"brush": "b", "erase": "e", "superpixel": "x"}
DRAWN_WITH = {
    "choose": "point", "add": "lasso", "redraw": "lasso", "brush": "brush", "erase": "erase", "cut": "line", "seeds": "point", "superpixel": "point",
}  # fmt: skip
LINES = {
    "choose": "click objects; d deletes, m joins the chosen ones",
    "add": "draw around a new object on this plane",
    "redraw": "draw the chosen object anew on this plane",
    "brush": "paint more of the chosen object; with none chosen, a new one",
    "erase": "rub out",
    "cut": "draw a line across an object, from outside to outside",
    "seeds": "click once into each part of an object, then Enter",
    "superpixel": "click areas that belong to the chosen object",
}


class LabelEditor(ipywidgets.VBox):
    """A label image under the mouse; made by `correct`.

    Keys choose the tool: v choose, a add, w redraw, b brush, e erase, l cut by a line, s split by seeds, x superpixels. d deletes and m joins the
    chosen objects, u or ctrl+z takes back, y makes again, Enter splits at the seeds, Escape forgets what was chosen; arrows, j, k, o as in every
    viewer. Scribbles have two classes: 1 and 2.

    Attributes
    ----------
    correction : Correction
        Every edit is in its journal when it is made.
    chosen : list of int
        Objects; the brush paints the last one.
    """

    def __init__(self, correction: Correction, folder: str | Path, who: str, csv_path: str | Path) -> None:
        self.correction, self.folder, self.who, self.csv_path = correction, folder, who, csv_path
        self.chosen: list[int] = [1] if correction.kind == "scribbles" else []
        self.seeds: list[tuple[int, int, int]] = []
        self._since = time.monotonic()
        self.viewer = Viewer()
        self.viewer.on_key, self.viewer.on_point = self.key, self._clicked
        self.viewer.canvas.on_stroke = self._drawn
        tools = SCRIBBLE_TOOLS if correction.kind == "scribbles" else TOOLS
        options = [(f"{name} ({key})", name) for name, key in tools.items()]
        self._tool = ipywidgets.ToggleButtons(options=options, style={"button_width": "112px"})
        self._radius = ipywidgets.IntSlider(4, 1, 40, description="brush radius", **LOOKS)
        self._cover = ipywidgets.FloatSlider(0.35, min=0, max=1, step=0.05, description="colour", **LOOKS)
        self._area = ipywidgets.IntSlider(100, 20, 2000, 20, description="superpixel size", **LOOKS)
        self._tool.observe(lambda _: self._equip(), "value")
        self._radius.observe(lambda change: setattr(self.viewer.canvas, "radius", float(change["new"])), "value")
        self._cover.observe(lambda _: self._redraw(), "value")
        calls = {"delete (d)": self.delete, "join (m)": self.join, "undo (u)": self.undo, "redo (y)": self.redo, "save": self.save}
        if correction.kind == "scribbles":
            calls = {name: call for name, call in calls.items() if name not in ("delete (d)", "join (m)")}
        row = ipywidgets.HBox([button(name, call, self.viewer) for name, call in calls.items()], layout={"flex_flow": "row wrap"})
        sliders = [self._radius, self._cover, *([self._area] if correction.stack is not None else [])]
        controls = ipywidgets.VBox([self._tool, *self.viewer.controls, *sliders, row], layout={"width": "350px", "flex": "0 0 auto"})
        super().__init__([beside(controls, self.viewer)])
        stack = correction.stack or Stack((correction.labels > 0).astype(np.uint8), (1.0, 1.0, 1.0), "labels")
        self.viewer.load(stack, self._layers())
        self.viewer.canvas.radius = 4.0
        self._equip()

    @property
    def tool(self) -> str:
        """What the mouse does."""
        return self._tool.value

    @tool.setter
    def tool(self, name: str) -> None:
        self._tool.value = name

    def key(self, key: str) -> None:
        """Act on a key, as the browser sends it."""
        tools = {letter: name for _, name in self._tool.options for letter in [TOOLS[name]]}
        calls = {
            "d": self.delete,
            "Delete": self.delete,
            "m": self.join,
            "u": self.undo,
            "ctrl+z": self.undo,
            "y": self.redo,
            "ctrl+y": self.redo,
        }
        if key in tools:
            self.tool = tools[key]
        elif key in calls:
            calls[key]()
        elif key == "Enter" and self.seeds:
            self._split_at_seeds()
        elif key == "Escape":
            self.chosen, self.seeds = self.chosen if self.correction.kind == "scribbles" else [], []
            self._redraw()
        elif key in "12" and self.correction.kind == "scribbles":
            self.chosen = [int(key)]
            self._redraw()

    def do(self, name: str, **arguments: Any) -> tuple[int, ...]:
        """Make one edit, timed; see `helpers.curation.Correction.do`."""
        seconds = round(time.monotonic() - self._since, 1)
        ids = self.correction.do(name, seconds=seconds, **arguments)
        self._since = time.monotonic()
        if self.correction.kind != "scribbles":
            self.chosen = [label for label in ids if (self.correction.labels == label).any()]
        self._redraw()
        return ids

    def delete(self) -> None:
        """Delete the chosen objects."""
        self.do("delete", ids=self._wanted())

    def join(self) -> None:
        """Make one object of the chosen ones."""
        self.do("join", ids=self._wanted())

    def undo(self) -> None:
        """Take the last edit back."""
        self.correction.undo()
        self._after_undo()

    def redo(self) -> None:
        """Make again what was taken back."""
        self.correction.redo()
        self._after_undo()

    def save(self) -> dict[str, Path]:
        """Save labels, edits and record, and put the time into the CSV file; see `helpers.curation.Correction.save`."""
        paths = self.correction.save(self.folder, who=self.who, csv_path=self.csv_path)
        self.viewer.say(f"saved: {paths['labels']}")
        return paths

    def _after_undo(self) -> None:
        if self.correction.kind != "scribbles":
            self.chosen = [label for label in self.chosen if (self.correction.labels == label).any()]
        self._redraw()

    def _wanted(self) -> list[int]:
        if not self.chosen:
            raise ValueError("no object is chosen: press v, and click on one")
        return list(self.chosen)

    def _clicked(self, position: tuple[int, int, int]) -> None:
        label = int(self.correction.labels[position])
        if self.tool == "choose":
            # A click on another object adds it, on a chosen one takes it out, on the background forgets all.
            self.chosen = (
                [] if not label else [one for one in self.chosen if one != label] if label in self.chosen else [*self.chosen, label]
            )
            self._redraw()
        elif self.tool == "seeds":
            if label == 0 or (self.seeds and label != self.correction.labels[self.seeds[0]]):
                raise ValueError("seeds lie in one object: click into it, once for each part")
            self.seeds.append(position)
            self._redraw()
        elif self.tool == "superpixel":
            z, y, x = position
            label = self.chosen[-1] if self.chosen else int(self.correction.labels.max()) + 1
            self.do("paint_superpixels", plane=z, points=[(y, x)], label=label, size=self._area.value)

    def _drawn(self, stroke: dict) -> None:
        with self.viewer.failing():
            z = self.viewer.position[0]
            if self.tool == "cut":
                points = [(y, x) for x, y in stroke["points"]]
                self.do("split_by_line", label=self._under(points, z), points=points)
                return
            regions = [stroke_region(stroke, z)]
            if self.tool == "redraw":
                self.do("redraw", label=self._wanted()[-1], regions=regions)
            elif self.tool == "erase":
                self.do("paint", regions=regions, label=0)
            elif self.tool == "brush" and self.chosen:
                self.do("paint", regions=regions, label=self.chosen[-1])
            else:
                self.do("add", regions=regions)

    def _under(self, points: list[tuple[float, float]], z: int) -> int:
        """Return the object that a line crosses most."""
        plane = self.correction.labels[z]
        steps = [np.linspace(a, b, 200) for a, b in zip(points, points[1:])]
        places = np.clip(np.round(np.concatenate(steps)).astype(int), 0, np.array(plane.shape) - 1)
        crossed = np.bincount(plane[places[:, 0], places[:, 1]], minlength=2)
        if not crossed[1:].any():
            raise ValueError("the line crosses no object: draw it across the one to cut, from outside to outside")
        return int(crossed[1:].argmax()) + 1

    def _split_at_seeds(self) -> None:
        label = int(self.correction.labels[self.seeds[0]])
        self.do("split_by_seeds", label=label, points=self.seeds)
        self.seeds = []
        self._redraw()

    def _equip(self) -> None:
        self.viewer.canvas.tool = DRAWN_WITH[self.tool]
        self.seeds = []
        self._redraw()

    def _layers(self) -> list[Layer]:
        labels = self.correction.labels
        layers = [Layer(labels, strength=self._cover.value)]
        if self.chosen:
            layers.append(Layer(np.isin(labels, self.chosen), (255, 255, 255)))
        return layers

    def _redraw(self) -> None:
        self.viewer.show(self._layers())
        z = self.viewer.position[0]
        self.viewer.canvas.strokes = [
            {"tool": "brush", "radius": 1.5, "points": [[x, y]], "colour": "#ffffff"} for plane, y, x in self.seeds if plane == z
        ]
        about = f"chosen: {', '.join(map(str, self.chosen))}. " if self.chosen else ""
        self.viewer.say(f"{about}{self.tool}: {LINES[self.tool]}. {len(self.correction.edits)} edits, {self.correction.seconds:.0f} s")


def correct(
    labels: np.ndarray,
    stack: Stack,
    folder: str | Path,
    *,
    kind: str = "labels",
    who: str = "",
    csv_path: str | Path = "",
    take_over: bool = False,
) -> LabelEditor:
    """Show an editor for a label image.

    Its twin without a browser is `helpers.curation.correct`. Where the labels came from is not shown: hand over arrays, and whoever corrects them
    is blind to it.

    Parameters
    ----------
    labels : (Z, Y, X) ndarray of int
        Objects, seeds, or scribbles of two classes; zeros to begin from nothing.
    stack : Stack
        The image.
    folder : str or Path
        Takes the journal of edits, and what is saved.
    kind : {"labels", "seeds", "scribbles"}
    who : str
        Who corrects.
    csv_path : str or Path, optional
        Where one row an image is put down with the time it took; ``corrections.csv`` in the folder if empty.
    take_over : bool
        Go on even if another notebook has the journal open.

    Returns
    -------
    editor : LabelEditor

    Raises
    ------
    InUseError, TypeError, ValueError, OSError
        As `helpers.curation.Correction`.
    """
    folder = Path(folder).expanduser().absolute()
    folder.mkdir(parents=True, exist_ok=True)
    journal = folder / f"{stack.name}_{kind}_journal.jsonl"
    correction = curation.Correction(labels, stack, kind=kind, journal=journal, take_over=take_over)
    return LabelEditor(correction, folder, who, csv_path or folder / "corrections.csv")
