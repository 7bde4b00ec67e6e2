"""Search for parameters that bring a workflow nearer to a partial truth, and judge them on truth that the search has not seen."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from helpers import _checks, classic
from helpers.metrics import overlap
from helpers.tuning.dials import Dial, dials, present, turned
from helpers.tuning.sensitivity import _row, sensitivity
from helpers.tuning.truth import Example, Split, merged, split
from helpers.workflows import Prepared, Workflow, check_values

if TYPE_CHECKING:
    import pandas as pd

MOST_SENSITIVE = 4  # dials that are turned where no knob is named
MINIMUM_GAIN = 0.005  # smaller gains on what was held out are not worth new values
FIRST_STEP = 0.12  # of the range of a dial
IDLE = 20  # simplexes in a row that came upon nothing new
MARGIN = (8, 32, 32)  # voxels around what is known, for the search
WORTH = 0.6  # a crop is taken if it is smaller than this part of the image,
SAME = 0.98  # and if its mask agrees so far (Dice) with that of the whole image

Score = Callable[[np.ndarray, np.ndarray], float]


class Tuned(NamedTuple):
    """What a search found, and whether it is better where the search has not looked.

    Attributes
    ----------
    workflow_id : str
    values : dict
        All parameters: the new ones if they are better on what was held out, else the old ones.
    old, found : dict
        What the search began with, and the best it found, whether kept or not.
    dials : list of str
        What was turned.
    kept : bool
        Whether ``values`` are the new ones.
    used, held_out : tuple of float
        Score before and after, on the truth that the search used and on that held out; 1 is perfect.
    where : str
        What was held out.
    evaluations, refused : int
        How many sets of values were tried, and how many of them the workflow refused.
    seconds : float
    stopped : str
        Why the search ended.
    history : pandas.DataFrame
        One row an evaluation: the dials, ``score`` and ``best`` so far. The first row holds the old values.
    """

    workflow_id: str
    values: dict[str, Any]
    old: dict[str, Any]
    found: dict[str, Any]
    dials: list[str]
    kept: bool
    used: tuple[float, float]
    held_out: tuple[float, float]
    where: str
    evaluations: int
    refused: int
    seconds: float
    stopped: str
    history: "pd.DataFrame"

    def sentence(self) -> str:
        """Say what came out in one or two sentences."""
        before, after = self.held_out
        judged = f"on what the search did not see ({self.where}): {before:.3f} before, {after:.3f} after"
        if self.kept:
            return f"Better {judged}. The new values are kept."
        return f"Nothing better was found {judged}. The old values are kept."


def dice(truth: np.ndarray, found: np.ndarray) -> float:
    """Return the Dice coefficient of two masks, 0 where it is not defined: the score that is used if no other is given."""
    score = overlap(truth, found).dice
    return 0.0 if np.isnan(score) else float(score)


def tune(
    workflow: str | Workflow,
    examples: Iterable[Example],
    *,
    knobs: Sequence[str] = (),
    values: Mapping[str, Any] | None = None,
    held_out: Sequence[Example] = (),
    evaluations: int = 150,
    seconds: float = np.inf,
    seed: int = 0,
    minimum_gain: float = MINIMUM_GAIN,
    score: Score = dice,
    progress: bool = False,
) -> Tuned:
    """Search for better values of some knobs of a workflow, within the range of each.

    The search sees a part of the truth (`split`). The values it finds are kept only if they are better on the rest, which it has not
    seen. Interrupted (Ctrl+C, or the stop button of a notebook), it judges the best so far.

    If little of an image is known, the search runs on a crop around it, normalized like the whole; not if the mask is another there, as with
    workflows that look at all of a plane or stack. The scores that are returned are those of whole images.

    Nelder and Mead's simplex goes from the present values; where it has come to rest it begins again from a place drawn at random.

    Parameters
    ----------
    workflow : str or Workflow
        Or its id.
    examples : iterable of Example
        Images with partial truth.
    knobs : sequence of str
        Which parameters to turn; empty: those four numbers to which the mask of the first image reacts most.
    values : mapping, optional
        Where the search begins, if not at the published values.
    held_out : sequence of Example, optional
        What to judge on; a part of ``examples`` that is not used for the search if left out.
    evaluations : int
        How many sets of values are tried at most.
    seconds : float
        The search ends after this time. Two runs are the same only if neither was ended by it.
    seed : int
        Of the draws.
    minimum_gain : float
        New values are kept if they are better by at least this on what was held out.
    score : callable
        ``score(truth, found)`` of two masks, larger is better; both are empty where the truth is not known.
    progress : bool
        Show a bar.

    Returns
    -------
    tuned : Tuned

    Raises
    ------
    TypeError, ValueError
        One sentence: unknown workflow or knob, a value out of range, truth that contradicts itself or is too small to hold out a part of,
        an image that the workflow refuses at all values tried.

    References
    ----------
    .. [1] Nelder, J. A. & Mead, R. (1965) The Computer Journal 7(4):308-313. :DOI:`10.1093/comjnl/7.4.308`
    .. [2] Gao, F. & Han, L. (2012) Computational Optimization and Applications 51:259-277. :DOI:`10.1007/s10589-010-9329-3`
    """
    workflow = _row(workflow)
    _checks.number(evaluations, "evaluations", low=2, integer=True)
    _checks.number(seconds, "seconds", above=0)
    old = {**workflow.published, **(values or {})}
    check_values(workflow.function, old)
    parts = _parts(examples, held_out, seed)
    turning = _dials(workflow, parts.used, old, knobs)
    search = _Search(
        workflow, [_near(workflow, one, old) for one in parts.used], old, turning, score, evaluations, time.monotonic() + seconds, progress
    )
    started = time.monotonic()
    stopped = search.run(np.random.default_rng(seed))
    found = turned(old, dict(zip(turning, search.best_values)))
    used, judged = ((_mean(workflow, part, old, score), _mean(workflow, part, found, score)) for part in (parts.used, parts.held_out))
    kept = judged[1] >= judged[0] + minimum_gain
    return Tuned(
        workflow.id,
        dict(found if kept else old),
        old,
        found,
        [dial.label for dial in turning],
        bool(kept),
        used,
        judged,
        parts.where,
        len(search.rows),
        search.refused,
        round(time.monotonic() - started, 2),
        stopped,
        search.history(),
    )


class _Enough(Exception):
    """The search has used up its evaluations or its time."""


@dataclass
class _Search:
    """Tries values, remembers what came out, and stops in time."""

    workflow: Workflow
    examples: list["_Seen"]
    old: dict[str, Any]
    dials: list[Dial]
    score: Score
    evaluations: int
    end: float
    progress: bool
    rows: list[list[float]] = field(default_factory=list)
    seen: dict[tuple, float] = field(default_factory=dict)
    refused: int = 0
    refusal: ValueError | None = None
    _bar: Any = None

    def run(self, random: np.random.Generator) -> str:
        """Search until it is enough; return why it ended."""
        from tqdm import tqdm

        with tqdm(
            total=self.evaluations, disable=not self.progress, unit="set", mininterval=0.5, desc=f"tuning {self.workflow.id}"
        ) as self._bar:
            try:
                self._simplexes(random)
            except _Enough as reason:
                stopped = str(reason)
            except KeyboardInterrupt:
                stopped = "interrupted"
        if self.refusal is not None and self.refused == len(self.rows):
            raise self.refusal
        if not self.rows:
            raise KeyboardInterrupt
        return stopped

    @property
    def best_values(self) -> list[float]:
        """The values of the dials with the highest score; of equals the first, so that nothing is changed for nothing."""
        return self.rows[int(np.argmax([row[-1] for row in self.rows]))][:-1]

    def history(self) -> "pd.DataFrame":
        """Return one row an evaluation."""
        import pandas as pd

        table = pd.DataFrame(self.rows, columns=[*(dial.label for dial in self.dials), "score"])
        return table.assign(best=table["score"].cummax())

    def _simplexes(self, random: np.random.Generator) -> None:
        from scipy.optimize import minimize

        place = np.array([dial.position(present(self.old, dial)) for dial in self.dials])
        self._loss(place, exact=[present(self.old, dial) for dial in self.dials])
        idle = 0
        while idle < IDLE:
            tried = len(self.rows)
            corners = np.tile(place, (len(place) + 1, 1))
            for index, at in enumerate(place):
                corners[index + 1, index] = at + (FIRST_STEP if at < 0.5 else -FIRST_STEP)
            minimize(
                self._loss,
                place,
                method="Nelder-Mead",
                bounds=[(0, 1)] * len(place),
                options={"initial_simplex": corners, "xatol": 0.005, "fatol": 1e-4, "adaptive": len(place) > 4},
            )
            idle = 0 if len(self.rows) > tried else idle + 1
            place = random.uniform(0, 1, len(place))
        raise _Enough("every value was tried")

    def _loss(self, place: np.ndarray, exact: list[float] | None = None) -> float:
        """Return minus the score at a place; values that were tried before cost nothing."""
        values = tuple(exact or [dial.value(at) for dial, at in zip(self.dials, place)])
        if values not in self.seen:
            if len(self.rows) >= self.evaluations:
                raise _Enough("evaluations")
            if self.rows and time.monotonic() > self.end:
                raise _Enough("seconds")
            self.seen[values] = self._scored(values)
            self.rows.append([*values, self.seen[values]])
            self._bar.update()
            self._bar.set_postfix(best=f"{max(row[-1] for row in self.rows):.3f}", refresh=False)
        return -self.seen[values]

    def _scored(self, values: tuple[float, ...]) -> float:
        try:
            new = turned(self.old, dict(zip(self.dials, values)))
            return float(np.mean([self.score(one.truth, one.found(self.workflow, new)) for one in self.examples]))
        except ValueError as error:  # a value that an image does not allow, such as a ceiling below all intensities
            self.refused += 1
            self.refusal = self.refusal or error
            return 0.0


class _Seen(NamedTuple):
    """What the search sees of an image: a crop, or all of it."""

    image: Prepared
    truth: np.ndarray
    known: np.ndarray
    whole: classic.Intensities | None

    def found(self, workflow: Workflow, values: Mapping[str, Any]) -> np.ndarray:
        """Return what a workflow finds where the truth is known."""
        with classic.intensities_of(self.whole):
            return self.image.segment(workflow, **values) & self.known


def _near(workflow: Workflow, one: Example, values: Mapping[str, Any]) -> _Seen:
    """Return the crop around what is known, if that is worth it and the workflow finds the same there."""
    raw = one.stack.raw
    whole = _Seen(Prepared(raw, one.stack.voxel_size), one.truth & one.known, one.known, None)
    box = tuple(
        slice(max(0, where[0] - margin), where[-1] + margin + 1) for where, margin in zip(map(np.unique, np.nonzero(one.known)), MARGIN)
    )
    if raw[box].size > WORTH * raw.size or raw[box].min() == raw[box].max():
        return whole
    crop = _Seen(Prepared(raw[box], one.stack.voxel_size), whole.truth[box], one.known[box], classic.intensities(raw))
    try:
        same = dice(whole.found(workflow, values)[box], crop.found(workflow, values)) >= SAME
    except ValueError:  # the present values are refused, or the crop is too small for a step
        same = False
    return crop if same else whole


def _mean(workflow: Workflow, examples: Sequence[Example], values: Mapping[str, Any], score: Score) -> float:
    """Return the mean score over images."""
    scores = [
        score(one.truth & one.known, workflow(one.stack.raw, voxel_size=one.stack.voxel_size, **values) & one.known) for one in examples
    ]
    return float(np.mean(scores))


def _parts(examples: Iterable[Example], held_out: Sequence[Example], seed: int) -> Split:
    if not held_out:
        return split(examples, seed=seed)
    used, held = merged(examples), merged(held_out)
    before = sum(len(part) for part in (used, held))
    if len(merged([*used, *held])) < before:
        raise ValueError("an image is both used and held out: leave held_out empty, and a part of its truth is held out for you")
    return Split(used, held, ", ".join(one.stack.name for one in held))


def _dials(workflow: Workflow, examples: Sequence[Example], values: Mapping[str, Any], names: Sequence[str]) -> list[Dial]:
    if names:
        return dials(workflow, values, names)
    table = sensitivity(workflow, examples[0].stack, values).table
    wanted = set(table["dial"].iloc[:MOST_SENSITIVE])
    return [dial for dial in dials(workflow, values) if dial.label in wanted]
