"""The numbers that a search may turn: each knob of a workflow, and each entry of a knob that holds a list.

A dial runs from 0 to 1 in equal ratios of the value, not in equal differences: a cutoff of 0.01 is to 0.02 what 0.1 is to 0.2.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from helpers.workflows import Knob, Workflow


class Dial(NamedTuple):
    """One number of a workflow: a knob, or one entry of a list.

    Attributes
    ----------
    name : str
        Of the knob.
    index : int or None
        Which entry; None for a knob that is one number.
    low, high, step : float
        Its range, and what its values are multiples of.
    whole : bool
        Whether its values are whole numbers.
    """

    name: str
    index: int | None
    low: float
    high: float
    step: float
    whole: bool

    @property
    def label(self) -> str:
        """Name to show: ``spot_sigmas[1]`` for the second entry of a list."""
        return self.name if self.index is None else f"{self.name}[{self.index}]"

    def value(self, position: float) -> float:
        """Return the value at a position from 0 to 1: a multiple of the step.

        >>> dial = Dial("minimum_size", None, 0, 500, 1, True)
        >>> dial.value(0), dial.value(0.5), dial.value(1)
        (0, 22, 500)
        """
        if position <= 0:
            return int(self.low) if self.whole else float(self.low)
        first = max(self.low, self.step)
        exact = first * (self.high / first) ** min(position, 1.0)
        snapped = min(max(round(exact / self.step) * self.step, self.low), self.high)
        return int(round(snapped)) if self.whole else float(f"{snapped:.10g}")

    def position(self, value: float) -> float:
        """Return where a value stands, 0 to 1; a value beyond the range stands at its end."""
        first = max(self.low, self.step)
        return float(np.clip(np.log(max(value, first) / first) / np.log(self.high / first), 0, 1))


def dials(workflow: Workflow, values: Mapping[str, Any], names: Sequence[str] = ()) -> list[Dial]:
    """Return the dials of some knobs of a workflow, in the order of its signature.

    Parameters
    ----------
    workflow : Workflow
    values : mapping
        The present values: they say how many entries a list has, and widen a range that does not hold them.
    names : sequence of str
        Which knobs; empty: all.

    Returns
    -------
    dials : list of Dial

    Raises
    ------
    ValueError
        If a name is not a knob of the workflow, or is there twice.
    """
    known = workflow.knobs
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f"{workflow.id} has no knob {unknown[0]!r}; it has: {', '.join(known)}")
    if len(set(names)) < len(names):
        raise ValueError(f"a knob is named twice in {list(names)}: name each once")
    found = []
    for name in known:
        if names and name not in names:
            continue
        entries = list(enumerate(values[name])) if known[name].several else [(None, values[name])]
        found += [_dial(name, index, value, known[name]) for index, value in entries]
    return found


def turned(values: Mapping[str, Any], changes: Mapping[Dial, float]) -> dict[str, Any]:
    """Return a copy of the values with some dials at other values; lists stay lists."""
    new = {name: list(value) if isinstance(value, (list, tuple, np.ndarray)) else value for name, value in values.items()}
    for dial, value in changes.items():
        if dial.index is None:
            new[dial.name] = value
        else:
            new[dial.name][dial.index] = value
    return new


def present(values: Mapping[str, Any], dial: Dial) -> float:
    """Return what a dial stands at."""
    return values[dial.name] if dial.index is None else values[dial.name][dial.index]


def _dial(name: str, index: int | None, value: float, knob: Knob) -> Dial:
    return Dial(name, index, min(knob.low, value), max(knob.high, value), knob.step, knob.whole)
