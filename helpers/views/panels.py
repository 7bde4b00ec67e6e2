"""Turn the knobs of a workflow and see at once what it finds."""

import asyncio
import contextlib
import html
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets
import numpy as np

from helpers import classic, notebook
from helpers.figures import pixels
from helpers.figures.planes import pick_plane
from helpers.images import Stack
from helpers.views.canvas import Canvas, as_png
from helpers.views.sections import sections
from helpers.workflows import WORKFLOWS, Workflow
from helpers.workflows.knobs import Knob

CROP = (32, 256, 256)  # voxels that are segmented anew while a slider moves
PAUSE = 0.4  # seconds without a change after which the whole stack is segmented
SCREEN = 440  # screen pixels of the plane, at most
WIDE = "350px"
_LOOKS = {"style": {"description_width": "130px"}, "layout": {"width": "340px"}}


class Panel(ipywidgets.VBox):
    """Sliders, the plane with what was found outlined, the two side views. Made by `tune` and `threshold`.

    Attributes
    ----------
    values : dict
        The parameters as they are now. `set` changes them from a script, with the same effect as the sliders.
    mask : (Z, Y, X) ndarray of bool
        What the whole stack gives with them; computed when asked for.
    """

    def __init__(
        self,
        stacks: Sequence[Stack],
        segment: Callable[..., np.ndarray],
        knobs: Mapping[str, Knob],
        values: Mapping[str, Any],
        save: Callable[[Stack, np.ndarray, Mapping[str, Any]], Any] | None = None,
    ) -> None:
        self._stacks, self._segment, self._knobs, self._save = stacks, segment, knobs, save
        self.values = {name: list(value) if knobs[name].several else value for name, value in values.items()}
        self._sliders: dict[tuple[str, int], Any] = {}
        self._mask: np.ndarray | None = None
        self._pending: asyncio.TimerHandle | None = None
        self._quiet = False
        self._load(0)
        self.position = self._middle()
        self._build()
        super().__init__([ipywidgets.HBox([self._controls, self._pictures]), self._status, self._text])
        self.run()

    # What scripts and tests use
    def set(self, **values: Any) -> None:
        """Change parameters as the sliders do, and segment the whole stack."""
        unknown = set(values) - set(self.values)
        if unknown:
            raise TypeError(f"unknown parameter {sorted(unknown)[0]!r}; known are: {', '.join(self.values)}")
        self._quiet = True
        for name, value in values.items():
            self.values[name] = list(value) if self._knobs[name].several else value
            for (slider_name, index), slider in self._sliders.items():
                if slider_name == name:
                    slider.value = self.values[name][index] if self._knobs[name].several else value
        self._quiet = False
        self.run()

    @property
    def stack(self) -> Stack:
        """The stack that is shown."""
        return self._stack

    @property
    def mask(self) -> np.ndarray:
        """What the whole stack gives with the values as they are now."""
        if self._mask is None:
            self._mask = self._segment(self._stack.raw, **self.values)
        return self._mask

    def parameters(self) -> str:
        """Return the values as lines for the parameters cell."""
        return "\n".join(f"{name} = {value!r}  # {self._knobs[name].unit}; {self._knobs[name].help}" for name, value in self.values.items())

    def run(self) -> None:
        """Segment the whole stack and draw it."""
        self._cancel()
        started = time.perf_counter()
        self._mask = None
        with self._failing():
            mask = self.mask
            self._show(mask, None)
            self._say(f"whole stack, {mask.mean():.2%} found ({time.perf_counter() - started:.1f} s)")

    def preview(self) -> None:
        """Segment a crop around the position on view, at the contrast of the whole stack, and draw it; the whole stack follows after a pause."""
        if self._is_small:
            return self.run()
        self._cancel()
        started = time.perf_counter()
        self._mask = None
        box = self._box()
        with self._failing():
            with classic.intensities_of(self._known):
                part = self._segment(self._stack.raw[box], **self.values)
            mask = np.zeros(self._stack.raw.shape, part.dtype)
            mask[box] = part
            self._show(mask, box)
            self._say(f"inside the frame ({1000 * (time.perf_counter() - started):.0f} ms); the whole stack follows")
        self._later(self.run)
        return None

    # The stack
    def _load(self, index: int) -> None:
        self._stack = self._stacks[index]
        raw = self._stack.raw
        self._is_small = raw.size <= np.prod(CROP)
        self._known = None if self._is_small else classic.intensities(raw)
        self._mask = None

    def _middle(self) -> tuple[int, int, int]:
        raw = self._stack.raw
        return pick_plane(raw, None), raw.shape[1] // 2, raw.shape[2] // 2

    def _box(self) -> tuple[slice, slice, slice]:
        """Return the crop around the position, inside the stack."""
        starts = [
            int(np.clip(at - size // 2, 0, max(0, length - size))) for at, size, length in zip(self.position, CROP, self._stack.raw.shape)
        ]
        return tuple(slice(start, min(start + size, length)) for start, size, length in zip(starts, CROP, self._stack.raw.shape))

    # The widgets
    def _build(self) -> None:
        raw = self._stack.raw
        self._controls = ipywidgets.VBox([*self._parameter_sliders(), *self._view_controls()], layout={"width": WIDE, "flex": "0 0 auto"})
        self._canvas = Canvas(width=SCREEN, height=SCREEN)
        self._canvas.on_point, self._canvas.on_key = self._clicked, self._typed
        self._below, self._right = (ipywidgets.Image(format="png") for _ in range(2))
        self._status, self._text = ipywidgets.HTML(), ipywidgets.Textarea(layout={"display": "none", "width": "98%", "height": "120px"})
        scale = SCREEN / max(raw.shape[1:])
        self._below.layout.width, self._right.layout.height = (f"{round(scale * raw.shape[axis])}px" for axis in (2, 1))
        sides = [] if len(raw) == 1 else [self._right]
        self._pictures = ipywidgets.VBox([ipywidgets.HBox([self._canvas, *sides]), *([] if len(raw) == 1 else [self._below])])

    def _parameter_sliders(self) -> list[Any]:
        rows = []
        for name, value in self.values.items():
            knob = self._knobs[name]
            for index, item in enumerate(value if knob.several else [value]):
                label = f"{name}[{index}]" if knob.several and len(value) > 1 else name
                slider = _slider(label, item, knob, float(self._stack.raw.max()))
                slider.observe(lambda change, name=name, index=index: self._turned(name, index, change["new"]), "value")
                self._sliders[name, index] = slider
                rows.append(slider)
        return rows

    def _view_controls(self) -> list[Any]:
        raw = self._stack.raw
        low, high = pixels.contrast_limits(raw)
        ends = (min(float(raw.min()), low), max(float(raw.max()), high))
        self._plane = ipywidgets.IntSlider(self.position[0], 0, len(raw) - 1, description="plane", **_LOOKS)
        self._limits = ipywidgets.FloatRangeSlider(
            value=(low, high),
            min=ends[0],
            max=ends[1],
            step=(ends[1] - ends[0]) / 500 or 1,
            description="contrast",
            readout_format=".5g",
            **_LOOKS,
        )
        self._outline = ipywidgets.Checkbox(True, description="show what was found", indent=False)
        self._plane.observe(lambda change: self._moved(z=change["new"]), "value")
        for widget in (self._limits, self._outline):
            widget.observe(lambda change: self._draw(), "value")
        self._time = ipywidgets.IntSlider(0, 0, len(self._stacks) - 1, description="time", continuous_update=False, **_LOOKS)
        self._time.observe(lambda change: self._at_time(change["new"]), "value")
        copy = ipywidgets.Button(description="copy these parameters", layout={"width": "195px"})
        copy.on_click(lambda _: self._copy())
        buttons = [copy]
        if self._save is not None:
            keep = ipywidgets.Button(description="save with record", layout={"width": "135px"})
            keep.on_click(lambda _: self._keep())
            buttons.append(keep)
        depth = [self._plane] if len(raw) > 1 else []
        several = [self._time] if len(self._stacks) > 1 else []
        return [ipywidgets.HTML("<hr style='margin:4px'>"), *several, *depth, self._limits, self._outline, ipywidgets.HBox(buttons)]

    # What happens when
    def _turned(self, name: str, index: int, value: float) -> None:
        if self._quiet:
            return
        value = int(value) if self._knobs[name].whole else round(float(value), 6)
        if self._knobs[name].several:
            self.values[name][index] = value
        else:
            self.values[name] = value
        self.preview()

    def _moved(self, z: int | None = None, y: int | None = None, x: int | None = None) -> None:
        self.position = tuple(old if new is None else new for old, new in zip(self.position, (z, y, x)))
        self._draw()

    def _clicked(self, point: tuple[float, float]) -> None:
        x, y = (int(np.clip(round(value), 0, length - 1)) for value, length in zip(point, self._stack.raw.shape[:0:-1]))
        self._moved(y=y, x=x)

    def _typed(self, key: str) -> None:
        step = {"ArrowUp": 1, "ArrowRight": 1, "k": 1, "ArrowDown": -1, "ArrowLeft": -1, "j": -1}.get(key, 0)
        if step:
            self._plane.value = int(np.clip(self._plane.value + step, 0, self._plane.max))
        elif key == "o":
            self._outline.value = not self._outline.value
        elif key == "c":
            self._copy()

    def _at_time(self, index: int) -> None:
        self._load(index)
        self.run()

    def _copy(self) -> None:
        self._text.value = self.parameters()
        self._text.layout.display = ""
        self._canvas.send({"copy": self._text.value})
        self._say("copied: paste it over the lines of the parameters cell")

    def _keep(self) -> None:
        with self._failing():
            self._save(self._stack, self.mask, self.values)
            self._say("saved: mask, picture, table of objects and record lie in the output folder")

    # Drawing
    def _show(self, mask: np.ndarray, box: tuple[slice, slice, slice] | None) -> None:
        self._shown, self._framed = mask, box
        self._draw()

    def _draw(self) -> None:
        found = self._shown if self._outline.value else None
        drawn = sections(self._stack.raw, found, self.position, self._stack.voxel_size, self._limits.value, self._framed)
        self._canvas.show(drawn.plane, self._stack.raw.shape[1:])
        self._below.value, self._right.value = as_png(drawn.below), as_png(drawn.right)

    def _say(self, text: str) -> None:
        self._status.value = f"<span style='color:#555'>{text}</span>"

    @contextlib.contextmanager
    def _failing(self):
        """Show what a value or a full disk did wrong below the panel, where the person looks; nothing else stops."""
        try:
            yield
        except (TypeError, ValueError, OSError, MemoryError) as error:
            self._status.value = f"<b style='color:#b00'>{html.escape(str(error))}</b>"

    # Waiting
    def _later(self, call: Callable[[], None]) -> None:
        """Call after a pause, if there is a loop to wait in: a kernel has one, a script does not."""
        with contextlib.suppress(RuntimeError):
            self._pending = asyncio.get_running_loop().call_later(PAUSE, call)

    def _cancel(self) -> None:
        if self._pending is not None:
            self._pending.cancel()
            self._pending = None


def tune(workflow: "notebook.Run | Workflow | str", stack: Stack | Sequence[Stack], **values: Any) -> Panel:
    """Show a live panel: one slider for each parameter of a workflow, and what it finds with them.

    While a slider moves, a crop around the position on view is segmented, at the contrast of the whole stack; after a pause the whole stack is.
    Click into the plane to move the side views; arrows or j and k change the plane, o hides and shows what was found, c copies the parameters.

    Parameters
    ----------
    workflow : Run, Workflow or str
        What ``notebook.check`` returned: its values are the start, and the panel can save with record. Or a row or an id of the lookup table.
    stack : Stack or sequence of Stack
        What is segmented; several are time points.
    **values
        Parameters that differ at the start.

    Returns
    -------
    panel : Panel
        Shows itself as the last expression of a cell.

    Raises
    ------
    KeyError
        If there is no workflow of this id.
    TypeError, ValueError
        If a value cannot be used.
    """
    save = None
    if isinstance(workflow, notebook.Run):
        run, workflow = workflow, workflow.workflow
        start = {name: run.parameters().get(name, value) for name, value in workflow.published.items()}
        save = lambda shown, mask, now: notebook.Run(run.workflow_id, run.declared, {**run.parameters(), **now}).save(shown, mask)  # noqa: E731
    else:
        workflow = WORKFLOWS[workflow] if isinstance(workflow, str) else workflow
        start = workflow.published
    stacks = [stack] if isinstance(stack, Stack) else stack
    return Panel(stacks, workflow, workflow.knobs, {**start, **values}, save)


def threshold(probability: Stack | Sequence[Stack], cutoff: float = 0.5) -> Panel:
    """Show a live panel for the cutoff of a probability map.

    Parameters
    ----------
    probability : Stack or sequence of Stack
        0 to 1 in each voxel; several are time points.
    cutoff : float
        Where the slider starts.

    Returns
    -------
    panel : Panel
        ``panel.values["cutoff"]`` is the cutoff, ``panel.mask`` where the map is above it.
    """
    stacks = [probability] if isinstance(probability, Stack) else probability
    knob = Knob(0, 1, 0.01, "probability", "higher keeps only what is certain", most=1)
    return Panel(stacks, lambda raw, cutoff: raw > cutoff, {"cutoff": knob}, {"cutoff": cutoff})


def _slider(label: str, value: float, knob: Knob, brightest: float) -> Any:
    """Return the slider of one value; its range is the knob's, wide enough for the value, and no wider than the image for intensities."""
    high = min(knob.high, brightest) if knob.unit == "camera counts" else knob.high
    low, high = min(knob.low, value), max(high, value, knob.low + knob.step)
    settings = {"min": low, "max": high, "description": label, "description_tooltip": f"{knob.unit}: {knob.help}", **_LOOKS}
    if knob.whole:
        return ipywidgets.IntSlider(value=value, step=max(1, int(knob.step)), **settings)
    digits = max(0, -int(np.floor(np.log10(knob.step)))) + (1 if "5" in f"{knob.step:g}" else 0)
    return ipywidgets.FloatSlider(value=value, step=knob.step, readout_format=f".{min(digits, 4)}f", **settings)
