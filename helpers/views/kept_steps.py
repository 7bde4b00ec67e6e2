"""A workflow that computes again only what comes after the knob that was turned."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import FunctionType
from typing import Any

import numpy as np

from helpers import classic
from helpers.classic.labels import intensity_levels
from helpers.views.waiting import stop_if_unwanted
from helpers.workflows import Workflow

MOST = 800_000_000  # bytes of results that are kept for one image


class _Steps:
    """Stands for `helpers.classic` inside a workflow function: a call with the arguments that it had the last time returns what it returned then.

    Of each step the last result is kept. An image is known by the step that made it, or else by a checksum of its bytes. A mask or labels
    that come out as they were are taken for the old ones: then nothing after them is computed again.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: dict[tuple[str, int], tuple[Any, Any]] = {}  # step: its arguments, its result
        self._made_by: dict[int, tuple[np.ndarray, Any]] = {}  # id: the array, held so that no other gets its id, and what it is known by
        self._count: dict[str, int] = {}
        self._raw: np.ndarray | None = None

    def begin(self, raw: np.ndarray) -> None:
        """Begin again at the first step; nothing is kept of another image."""
        if raw is not self._raw:
            self._raw, self._kept, self._made_by = raw, {}, {id(raw): (raw, "raw")}
        self._count = {}

    def __getattr__(self, name: str) -> Any:
        found = getattr(classic, name)
        return (lambda *given, **named: self._step(found, *given, **named)) if callable(found) else found

    def flood(self, image: np.ndarray, seeds: np.ndarray, line: bool = True) -> np.ndarray:
        """Flood in two steps: the seeds move more often than the image changes, whose levels stay."""
        return self._step(classic.flood, self._step(intensity_levels, image), seeds, line)

    def _step(self, call: Callable[..., Any], *given: Any, **named: Any) -> Any:
        turn = self._count[call.__name__] = self._count.get(call.__name__, 0) + 1
        place = (call.__name__, turn)
        key = (*place, tuple(map(self._known_by, given)), tuple((name, self._known_by(value)) for name, value in sorted(named.items())))
        if place in self._kept and self._kept[place][0] == key:
            return self._kept[place][1]
        stop_if_unwanted()
        _, old = self._kept.pop(place, (None, None))
        _, known_by = self._made_by.pop(id(old), (None, None))
        if not isinstance(old, np.ndarray) or old.dtype.kind == "f":  # intensities hardly come out the same again
            old = None  # before the new one is made: there is no room for both
        result = call(*given, **named)
        if known_by is not None and _same(old, result):
            result = old  # by its old name, so that what was made of it stays
        else:
            known_by = key
        if self._bytes() + getattr(result, "nbytes", 0) <= self._most:
            self._kept[place] = (key, result)
            if isinstance(result, np.ndarray):
                self._made_by[id(result)] = (result, known_by)
        return result

    def _known_by(self, value: Any) -> Any:
        if isinstance(value, np.ndarray):
            if id(value) in self._made_by:
                return self._made_by[id(value)][1]
            content = np.packbits(value) if value.dtype == bool else np.ascontiguousarray(value)
            return value.shape, value.dtype.str, hashlib.blake2b(content, digest_size=16).digest()
        return tuple(map(self._known_by, value)) if isinstance(value, (list, tuple)) else value

    def _bytes(self) -> int:
        return sum(getattr(result, "nbytes", 0) for _, result in self._kept.values())


def _same(old: Any, new: Any) -> bool:
    """Return whether two arrays are equal; plane by plane, as most differ soon."""
    alike = isinstance(old, np.ndarray) and isinstance(new, np.ndarray) and (old.shape, old.dtype) == (new.shape, new.dtype)
    return alike and all(map(np.array_equal, old, new))


def keeping_steps(workflow: Workflow, most: int = MOST) -> Workflow:
    """Return a workflow that gives the same masks, and keeps the results of its steps from one call to the next.

    For many calls with one image: the second begins at the first step whose values have changed. It counts on what holds for every workflow
    function: that it is a sequence of calls of `helpers.classic`, none of which changes what it is given.

    Parameters
    ----------
    workflow : Workflow
    most : int
        Bytes of results that are kept; steps for which there is no room are computed each time.

    Returns
    -------
    workflow : Workflow
        To be used for one image at a time; another image takes the place of what is kept.

    Examples
    --------
    >>> from helpers import phantoms
    >>> from helpers.workflows import WORKFLOWS
    >>> stack, _ = phantoms.mitochondria(shape=(4, 64, 64))
    >>> kept = keeping_steps(WORKFLOWS["tomm20"])
    >>> masks = [kept(stack.raw, minimum_size=size) for size in (10, 20)]  # the second drops what is small, and does nothing else again
    """
    steps = _Steps(most)
    copied = _with_names(workflow.function, {"classic": steps})

    def function(raw: np.ndarray, **values: Any) -> np.ndarray:
        steps.begin(raw)
        return copied(raw, **values)

    function.__wrapped__ = workflow.function  # whose signature tells the knobs
    function.__annotations__ = workflow.function.__annotations__
    return replace(workflow, function=function, published=dict(workflow.published))


def _with_names(function: Callable[..., Any], names: Mapping[str, Any]) -> Callable[..., Any]:
    """Return a copy of a function that sees other things under some names of its module."""
    copied = FunctionType(
        function.__code__, {**function.__globals__, **names}, function.__name__, function.__defaults__, function.__closure__
    )
    copied.__kwdefaults__ = function.__kwdefaults__
    return copied
