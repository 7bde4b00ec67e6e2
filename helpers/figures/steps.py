"""The steps of a workflow as a picture: what is made from what, the call with its values, and what it does."""

import textwrap
from collections.abc import Mapping
from typing import Any

from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from helpers.figures.picture import DPI, Picture
from helpers.workflows import Workflow, pseudocode
from helpers.workflows import steps as steps_of

COLOURS = {"image": "#dbe7f3", "mask": "#ffd9a0", "labels": "#cfe8cf", "number": "#e6e6e6"}
WIDTH, BOX, LEFT, ROW, TEXT_LINE = 1000, 168, 110, 62, 16  # pixels; LEFT is room for the arcs
LETTERS = 100  # in a line of text
MARKS = "Of masks: a | b is in either, a & b in both, a ^ b in one but not in both, ~a not in a."


class Steps(Picture):
    """A diagram of steps; as plain text it is the pseudocode."""

    text = ""

    def __repr__(self) -> str:
        """Return the pseudocode."""
        return self.text


def steps(workflow: Workflow, values: Mapping[str, Any] | None = None) -> Steps:
    """Draw the steps of a workflow, read from its function: a box a result, arrows from what it is made of, the call and what it does.

    Parameters
    ----------
    workflow : Workflow
        A row of the lookup table, for example ``WORKFLOWS["tomm20"]``.
    values : mapping, optional
        Parameters that differ from the published ones.

    Returns
    -------
    picture : Picture
        Shows itself as the last expression of a cell; printed, it is the pseudocode.
    """
    rows = steps_of(workflow, values)
    texts = [(textwrap.wrap(f"{row.name} = {row.expression}", LETTERS), textwrap.wrap(_sentence(row.what), LETTERS)) for row in rows]
    heights = [ROW] + [max(ROW, TEXT_LINE * (len(call) + len(what)) + 18) for call, what in texts]
    height = sum(heights) + 56
    picture = Steps(figsize=(WIDTH / DPI, height / DPI), dpi=DPI, facecolor="white")
    picture.text = pseudocode(workflow, values)
    axes = picture.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, WIDTH), ylim=(height, 0))
    axes.set_axis_off()
    axes.text(10, 14, f"The steps of {workflow.id} ({workflow.function.__name__})", fontsize=10, fontweight="bold", va="center")
    middles = {"raw": 34 + heights[0] / 2}
    _box(axes, "raw", middles["raw"], "number")
    axes.text(LEFT + BOX + 16, middles["raw"], "the image, in camera counts", fontsize=9, va="center", color="#444444")
    top = 34 + heights[0]
    for row, (call, what), high in zip(rows, texts, heights[1:]):
        middles[row.name] = top + high / 2
        _box(axes, row.name, middles[row.name], row.kind)
        first = middles[row.name] - TEXT_LINE * (len(call) + len(what)) / 2 + TEXT_LINE / 2
        for number, line in enumerate(call + what):
            style = {"family": "monospace", "fontsize": 8} if number < len(call) else {"fontsize": 9, "color": "#444444"}
            axes.text(LEFT + BOX + 16, first + number * TEXT_LINE, line, va="center", **style)
        top += high
    _draw_flow(axes, middles, {row.name: row.inputs for row in rows})
    if any(mark in row.expression for row in rows for mark in "^|&~"):
        axes.text(LEFT + BOX + 16, top + 8, MARKS, fontsize=9, va="center", color="#444444")
    return picture


def _sentence(text: str) -> str:
    return text.replace("``", "").replace("`", "")


def _box(axes, name: str, middle: float, kind: str) -> None:
    shape = FancyBboxPatch(
        (LEFT, middle - 15), BOX, 30, boxstyle="round,pad=0,rounding_size=6", facecolor=COLOURS[kind], edgecolor="#555555", linewidth=0.8
    )
    axes.add_patch(shape)
    axes.text(LEFT + BOX / 2, middle, name, ha="center", va="center", fontsize=9)


def _draw_flow(axes, middles: Mapping[str, float], inputs: Mapping[str, tuple[str, ...]]) -> None:
    """Draw straight down to the next box; a result that is used further down has a line of its own on the left, with an arrow to each use."""
    order = list(middles)
    style = {"arrowstyle": "-|>", "mutation_scale": 10, "color": "#555555", "linewidth": 1, "shrinkA": 0, "shrinkB": 0}
    ends: list[int] = []  # of each line on the left, innermost first: the box where it ends
    for number, source in enumerate(order):
        uses = [target for target in order[number + 1 :] if source in inputs[target]]
        if uses and uses[0] == order[number + 1]:
            below = middles[uses.pop(0)]
            axes.add_patch(FancyArrowPatch((LEFT + BOX / 2, middles[source] + 15), (LEFT + BOX / 2, below - 15), **style))
        if not uses:
            continue
        lane = next((lane for lane, end in enumerate(ends) if end <= number), len(ends))
        ends[lane : lane + 1] = [order.index(uses[-1])]
        x = LEFT - 16 - 13 * lane
        axes.plot([LEFT, x, x], [middles[source] + 6, middles[source] + 6, middles[uses[-1]] - 6], color="#555555", linewidth=1)
        for target in uses:
            axes.add_patch(FancyArrowPatch((x, middles[target] - 6), (LEFT, middles[target] - 6), **style))
