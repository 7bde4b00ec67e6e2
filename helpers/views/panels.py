"""Turn the knobs of a workflow and see at once what it finds."""

import contextvars
import html
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import ipywidgets
import numpy as np

from helpers import classic, images, notebook
from helpers.images import Stack
from helpers.views.canvas import ONE_AT_A_TIME
from helpers.views.kept_steps import keeping_steps
from helpers.views.sections import Box, Layer
from helpers.views.viewer import LOOKS, Viewer, beside, button
from helpers.views.waiting import Aside, Later
from helpers.workflows import WORKFLOWS, Prepared, Workflow
from helpers.workflows.knobs import Knob

CROP = (32, 256, 256)  # voxels, as the workflow sees them, that are segmented anew while a slider moves
PAUSE = 0.15  # seconds without a change after which the whole stack is segmented; keys that repeat come faster
WIDE = "350px"


class Panel(ipywidgets.VBox):
    """Sliders, the plane with what was found outlined, the two side views. Made by `tune` and `threshold`.

    Attributes
    ----------
    values : dict
        The parameters as they are now. `set` changes them from a script, with the same effect as the sliders.
    viewer : Viewer
    """

    def __init__(
        self,
        stacks: Sequence[Stack],
        prepare: Callable[[np.ndarray], Callable[..., np.ndarray]],
        knobs: Mapping[str, Knob],
        values: Mapping[str, Any],
        save: Callable[[Stack, np.ndarray, Mapping[str, Any]], Any] | None = None,
        whole_depth: bool = False,
        known: classic.Intensities | None = None,
        ratios: Sequence[float] = (1, 1, 1),
    ) -> None:
        self._stacks, self._prepare, self._knobs, self._save, self._whole_depth = stacks, prepare, knobs, save, whole_depth
        self.values = {name: list(value) if knobs[name].several else value for name, value in values.items()}
        self._sliders: dict[tuple[str, int], Any] = {}
        self._mask: np.ndarray | None = None
        self._whole, self._aside, self._computing = Later(at_once=False), Aside(), threading.Lock()
        self._crop: _Crop | None = None
        self._crop_shape = [max(3, round(size * ratio)) for size, ratio in zip(CROP, ratios)]
        self._pooled = known
        self._quiet = False
        self.viewer = Viewer()
        self.viewer.on_key = lambda key: self._copy() if key == "c" else None
        self._load(0)
        self._text = ipywidgets.Textarea(layout={"display": "none", "width": "98%", "height": "120px"})
        self._rows, self._hint = ipywidgets.VBox(), ipywidgets.HTML()
        self._build()
        controls = ipywidgets.VBox([self._rows, self._hint, *self._others()], layout={"width": WIDE, "flex": "0 0 auto"})
        super().__init__([beside(controls, self.viewer), self._text])
        self.run()

    def set(self, **values: Any) -> None:
        """Change parameters as the sliders do, and segment the whole stack."""
        unknown = set(values) - set(self.values)
        if unknown:
            raise TypeError(f"unknown parameter {sorted(unknown)[0]!r}; known are: {', '.join(self.values)}")
        self._quiet = True
        for name, value in values.items():
            self.values[name] = list(value) if self._knobs[name].several else value
        self._build()
        self._quiet = False
        self.run()

    @property
    def stack(self) -> Stack:
        """The stack that is shown."""
        return self.viewer.stack

    @property
    def mask(self) -> np.ndarray:
        """What the whole stack gives with the values as they are now, (Z, Y, X) of bool; computed when asked for."""
        if self._mask is None:
            self._mask = self._found(self._segment, self.values)
        return self._mask

    def _found(self, segment: Callable[..., np.ndarray], values: Mapping[str, Any]) -> np.ndarray:
        with self._computing:  # steps are kept for the next call: one at a time
            return segment(**values)

    def parameters(self) -> str:
        """Return the values as lines for the parameters cell."""
        return "\n".join(f"{name} = {value!r}  # {self._knobs[name].unit}; {self._knobs[name].help}" for name, value in self.values.items())

    def run(self) -> None:
        """Segment the whole stack and draw it."""
        self._forget()
        started = time.perf_counter()
        with self.viewer.failing():
            self._show(self.mask, started)

    def _run_aside(self) -> None:
        """Segment the whole stack while the sliders still move, and draw it where none did."""
        started = time.perf_counter()
        values = {name: list(value) if isinstance(value, list) else value for name, value in self.values.items()}

        def show(future: Any) -> None:
            with self.viewer.failing():
                self._mask = future.result()
                self._show(self._mask, started)

        self._aside.call(partial(self._found, self._segment, values), show)

    def _show(self, mask: np.ndarray, started: float) -> None:
        self.viewer.show([Layer(mask)])
        self.viewer.say(f"whole stack, {mask.mean():.2%} found ({time.perf_counter() - started:.1f} s)")

    def _forget(self) -> None:
        """Let go of what was found with other values."""
        self._whole.cancel()
        self._aside.cancel()
        self._mask = None

    def preview(self) -> None:
        """Segment a crop around the position on view, at the contrast of the whole stack, and draw it; the whole stack follows after a pause."""
        if self._known is None:
            self.run()
            return
        self._forget()
        started = time.perf_counter()
        box = self._box()
        with self.viewer.failing():
            if self._crop is None or box != self._crop.box:
                self._close_crop()
                self._crop = _Crop(box, self.stack.raw, self._prepare, self._known)
            part = self._crop.segment(**self.values)
            mask = np.zeros(self.stack.raw.shape, part.dtype)
            mask[box] = part
            self.viewer.show([Layer(mask)], box)
            self.viewer.say(f"inside the frame ({1000 * (time.perf_counter() - started):.0f} ms); the whole stack follows")
        self._whole.call(PAUSE, self._run_aside)

    def _load(self, index: int) -> None:
        self._forget()
        self.viewer.load(self._stacks[index])
        raw = self.stack.raw
        self._known = None if raw.size <= np.prod(self._crop_shape) else self._pooled or classic.intensities(raw)
        self._segment = self._prepare(raw)
        self._close_crop()

    def _close_crop(self) -> None:
        if self._crop is not None:
            self._crop.close()
        self._crop = None

    def _box(self) -> Box:
        """Return the crop around the position, inside the stack."""
        shape, crop = self.stack.raw.shape, self._crop_shape
        if self._whole_depth:  # bodies are looked for in the middle plane, and the first one is background
            side = int((np.prod(crop) / shape[0]) ** 0.5)
            crop = (shape[0], side, side)
        starts = [int(np.clip(at - size // 2, 0, max(0, length - size))) for at, size, length in zip(self.viewer.position, crop, shape)]
        return tuple(slice(start, min(start + size, length)) for start, size, length in zip(starts, crop, shape))

    def _build(self) -> None:
        """Make the sliders: one a value, and buttons where lists of scales and their cutoffs can become longer or shorter."""
        rows = []
        self._sliders = {}
        for name, value in self.values.items():
            knob = self._knobs[name]
            for index, item in enumerate(value if knob.several else [value]):
                label = f"{name}[{index}]" if knob.several and len(value) > 1 else name
                slider = _slider(label, item, knob, float(self.stack.raw.max()))
                slider.observe(lambda change, name=name, index=index: self._turned(name, index, change["new"]), "value")
                self._sliders[name, index] = slider
                rows.append(slider)
            if sigmas := self._sigmas_of(name):
                rows.append(self._pair_buttons(sigmas, name))
        self._rows.children = rows

    def _sigmas_of(self, cutoffs: str) -> str:
        """Return the list of scales that belongs to a list of cutoffs; empty if this is none."""
        sigmas = cutoffs.replace("_cutoffs", "_sigmas")
        return sigmas if sigmas != cutoffs and sigmas in self.values and self._knobs[cutoffs].several else ""

    def _pair_buttons(self, sigmas: str, cutoffs: str) -> Any:
        thing = sigmas.removesuffix("_sigmas")
        more = button(f"+ {thing} scale", lambda: self.add_scale(sigmas, cutoffs), self.viewer, "find a second width as well", "150px")
        fewer = button(
            f"\N{MINUS SIGN} {thing} scale", lambda: self.drop_scale(sigmas, cutoffs), self.viewer, "without the last width", "150px"
        )
        fewer.disabled = len(self.values[sigmas]) < 2
        return ipywidgets.HBox([more, fewer])

    def add_scale(self, sigmas: str, cutoffs: str) -> None:
        """Add a scale half as large again as the last one, with the same cutoff."""
        knob, last = self._knobs[sigmas], self.values[sigmas][-1]
        wider = round(min(1.5 * last, max(knob.high, last)) / knob.step) * knob.step
        self.set(**{sigmas: [*self.values[sigmas], round(wider, 6)], cutoffs: [*self.values[cutoffs], self.values[cutoffs][-1]]})

    def drop_scale(self, sigmas: str, cutoffs: str) -> None:
        """Take the last scale and its cutoff away; one stays."""
        if len(self.values[sigmas]) > 1:
            self.set(**{sigmas: self.values[sigmas][:-1], cutoffs: self.values[cutoffs][:-1]})

    def _others(self) -> list[Any]:
        self._time = ipywidgets.IntSlider(0, 0, len(self._stacks) - 1, description="time", continuous_update=False, **LOOKS)
        self._time.observe(lambda change: (self._load(change["new"]), self.run()), "value")
        buttons = [button("copy these parameters (c)", self._copy, self.viewer, "ready for the parameters cell", "205px")]
        if self._save is not None:
            buttons.append(button("save with record", self._keep, self.viewer, width="135px"))
        several = [self._time] if len(self._stacks) > 1 else []
        return [ipywidgets.HTML("<hr style='margin:4px'>"), *several, *self.viewer.controls, ipywidgets.HBox(buttons)]

    def _turned(self, name: str, index: int, value: float) -> None:
        if self._quiet:
            return
        with ONE_AT_A_TIME:
            value = int(value) if self._knobs[name].whole else round(float(value), 6)
            if self._knobs[name].several:
                self.values[name][index] = value
            else:
                self.values[name] = value
            knob = self._knobs[name]
            self._hint.value = f"<div style='line-height:1.3;color:#555'><b>{html.escape(name)}</b>, {html.escape(knob.unit)}: {html.escape(knob.help)}</div>"
            self.preview()

    def _copy(self) -> None:
        self._text.value = self.parameters()
        self._text.layout.display = ""
        self.viewer.canvas.send({"copy": self._text.value})
        self.viewer.say("copied: paste it over the lines of the parameters cell")

    def _keep(self) -> None:
        self._save(self.stack, self.mask, self.values)
        self.viewer.say("saved: mask, picture, table of objects and record lie in the output folder")


class _Crop:
    """A part of a stack, for many calls, at the contrast of the whole."""

    def __init__(self, box: Box, raw: np.ndarray, prepare: Callable[[np.ndarray], Callable[..., np.ndarray]], known: Any) -> None:
        self.box, self._segment = box, prepare(raw[box])
        # One block for all calls: an image that was normalized in it and is kept stays known as such.
        self._context, self._block = contextvars.copy_context(), classic.intensities_of(known)
        self._context.run(self._block.__enter__)

    def segment(self, **values: Any) -> np.ndarray:
        return self._context.run(self._segment, **values)

    def close(self) -> None:
        self._context.run(self._block.__exit__, None, None, None)


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
    save = known = None
    in_um = True
    if isinstance(workflow, notebook.Run):
        run, workflow = workflow, workflow.workflow
        start = {name: run.parameters().get(name, value) for name, value in workflow.published.items()}
        known = run.known  # time points are normalized alike
        in_um = run.worked_at is not None  # or the notebook takes the parameters in voxels, whatever the size of these
        save = lambda shown, mask, now: replace(run, namespace={**run.parameters(), **now}).save(shown, mask)  # noqa: E731
    else:
        workflow = WORKFLOWS[workflow] if isinstance(workflow, str) else workflow
        start = workflow.published
    stacks = [stack] if isinstance(stack, Stack) else stack
    size = stacks[0].voxel_size if in_um else None
    works_at = images.working_voxel_size(stacks[0].raw.shape, size, workflow.tuned_voxel_size) if size else None
    ratios = [min(1, work / own) for work, own in zip(works_at, size)] if size else (1, 1, 1)
    prepare = lambda raw: partial(Prepared(raw, size).segment, keeping_steps(workflow))  # noqa: E731
    return Panel(stacks, prepare, workflow.knobs, {**start, **values}, save, whole_depth=workflow.is_shell, known=known, ratios=ratios)


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
    return Panel(stacks, lambda raw: lambda cutoff: raw > cutoff, {"cutoff": knob}, {"cutoff": cutoff})


def _slider(label: str, value: float, knob: Knob, brightest: float) -> Any:
    """Return the slider of one value; its range is the knob's, wide enough for the value, and no wider than the image for intensities."""
    high = min(knob.high, brightest) if knob.unit == "camera counts" else knob.high
    low, high = min(knob.low, value), max(high, value, knob.low + knob.step)
    settings = {"min": low, "max": high, "description": label, "description_tooltip": f"{knob.unit}: {knob.help}", **LOOKS}
    if knob.whole:
        return ipywidgets.IntSlider(value=value, step=max(1, int(knob.step)), **settings)
    digits = max(0, -int(np.floor(np.log10(knob.step)))) + (1 if "5" in f"{knob.step:g}" else 0)
    return ipywidgets.FloatSlider(value=value, step=knob.step, readout_format=f".{min(digits, 4)}f", **settings)
