"""Sort and score results, one after another, with the keyboard."""

import html
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import ipywidgets
import numpy as np

from helpers import classic, curation
from helpers.curation import Item, Queue, Region
from helpers.figures import pixels
from helpers.images import Stack
from helpers.views.canvas import as_png
from helpers.views.merger import stroke_region
from helpers.views.sections import Layer, overview
from helpers.views.viewer import Viewer, beside, button

NEAR = 4  # planes above and below the shown one, in the overview
BAD = (255, 80, 80)


class _OneByOne(ipywidgets.VBox):
    """What sorting and scoring share: the result that waits is shown, and the time until the answer is taken."""

    def __init__(self, calls: Mapping[str, tuple[str, Callable[[], None]]]) -> None:
        self._calls = calls
        self.viewer = Viewer()
        self.viewer.on_key = self.key
        self._title, self._overview = ipywidgets.HTML(), ipywidgets.Image(format="png")
        self._comment = ipywidgets.Text(placeholder="comment (optional)", continuous_update=False, layout={"width": "340px"})
        self._since = time.monotonic()
        self.item: Item | None = None
        self.labels = np.zeros((1, 1, 1), bool)
        row = [button(f"{name} ({key})", call, self.viewer) for key, (name, call) in calls.items()]
        answers = ipywidgets.HBox(row, layout={"flex_flow": "row wrap"})
        controls = ipywidgets.VBox([*self.viewer.controls, answers, self._comment], layout={"width": "350px", "flex": "0 0 auto"})
        super().__init__([self._title, beside(controls, self.viewer), self._overview])

    def key(self, key: str) -> None:
        """Act on a key, as the browser sends it."""
        if key in self._calls:
            self._calls[key][1]()

    def _seconds(self) -> float:
        return round(time.monotonic() - self._since, 1)

    def _present(self, waiting: Item | None, skip: Callable[[str, str], Item | None]) -> None:
        """Show the result that waits; those that cannot be read are passed over and listed."""
        while waiting is not None:
            try:
                found, stack = waiting.result(), waiting.stack()
                stack = stack or Stack((found > 0).astype(np.uint8), (1.0, 1.0, 1.0), waiting.image)
                if stack.raw.shape != found.shape:
                    raise ValueError(f"the result has {found.shape} voxels (Z, Y, X), the image {stack.raw.shape}")
                break
            except (OSError, ValueError, ImportError, MemoryError) as error:
                waiting = skip(waiting.image, str(error).splitlines()[0])
        self.item = waiting
        if waiting is not None:
            self.labels = found
            self.viewer.load(stack, [Layer(found)])
            self._draw_overview()
        self._comment.value = ""
        self._since = time.monotonic()

    def _draw_overview(self) -> None:
        raw, z = self.viewer.stack.raw, self.viewer.position[0]
        self._overview.layout.display = "none" if len(raw) == 1 else ""  # one plane is on view already
        planes = sorted({int(np.clip(z + step, 0, len(raw) - 1)) for step in (-NEAR, 0, NEAR)})
        self._overview.value = as_png(overview(raw, [Layer(self.labels)], planes, pixels.contrast_limits(raw)))


class Sorter(_OneByOne):
    """Accept or reject results, one after another; made by `sort`.

    Keys: a accepts, r rejects, l puts off, u takes the last answer back; arrows, j, k and o as in every viewer. x and the mouse draw a bad region,
    which is saved with the answer.

    Attributes
    ----------
    sorting : Sorting
        What is decided; every answer is in the file when the next image shows.
    """

    def __init__(self, sorting: curation.Sorting) -> None:
        self.sorting = sorting
        self.bad: list[Region] = []
        self._spent: dict[str, float] = {}
        calls = {key: (word, lambda word=word: self.decide(word)) for word, key in {"accept": "a", "reject": "r", "later": "l"}.items()}
        super().__init__({**calls, "u": ("undo", self.undo), "x": ("bad region", self._mark)})
        self.viewer.canvas.on_stroke = self._drawn
        self._next()

    def decide(self, decision: str) -> None:
        """Put down a decision for the image on view, and show the next."""
        if self.item is None:
            raise ValueError("all images have a decision: undo (u) takes the last one back")
        image = self.item.image
        self._spent[image] = round(self._spent.get(image, 0) + self._seconds(), 1)  # one put off, or undone, was looked at twice
        self._since = time.monotonic()
        self.sorting.decide(decision, image, comment=self._comment.value, seconds=self._spent[image], excluded=self.bad or "")
        self._next()

    def undo(self) -> None:
        """Take the last decision back, and show its image again."""
        if self.sorting.undo() is None:
            raise ValueError("there is nothing to undo")
        self._next()

    def _next(self) -> None:
        self.bad = []
        self.viewer.canvas.strokes = []
        self.viewer.canvas.tool = "point"
        self._present(self.sorting.current(), self.sorting.skip)
        progress = self.sorting.progress()
        if self.item is None:
            self._title.value = f"<b>All sorted.</b> {html.escape(str(progress))}"
            self.viewer.say(f"the decisions lie in {self.sorting.path}")
        else:
            why = "".join(f"<br><span style='color:#a60'>{html.escape(line)}</span>" for line in self.item.why)
            self._title.value = f"<b>{html.escape(self.item.image)}</b> &nbsp; {html.escape(str(progress))}{why}"
            self.viewer.say(" ".join(self.sorting.notes())[:400])

    def _mark(self) -> None:
        self.viewer.canvas.tool = "lasso" if self.viewer.canvas.tool == "point" else "point"
        self.viewer.say("draw around the bad region; it holds for all planes" if self.viewer.canvas.tool == "lasso" else "")

    def _drawn(self, stroke: dict) -> None:
        with self.viewer.failing():
            self.bad.append(stroke_region(stroke))
            self.viewer.canvas.strokes = [*self.viewer.canvas.strokes, {**stroke, "colour": "#ff5050"}]


class Scorer(_OneByOne):
    """Say of whole results, and of single cells, whether they are right; made by `score`.

    Keys: f fine, w wrong, n unsure, for the whole field, and the next one shows; a click on a cell chooses it, and the keys are for that cell; u
    takes the last score back.
    """

    def __init__(self, scoring: curation.Scoring) -> None:
        self.scoring = scoring
        self.chosen = 0
        calls = {key: (word, lambda word=word: self.score(word)) for word, key in {"fine": "f", "wrong": "w", "unsure": "n"}.items()}
        super().__init__({**calls, "u": ("undo", self.undo)})
        self.viewer.on_point = self._choose
        self._next()

    def score(self, word: str) -> None:
        """Put down a score for the chosen cell, or for the field, after which the next one shows."""
        if self.item is None:
            raise ValueError("all fields have a score: undo (u) takes the last one back")
        self.scoring.score(word, self.item.image, self.chosen or "", comment=self._comment.value, seconds=self._seconds())
        if self.chosen:
            self.chosen = 0
            self._since = time.monotonic()
            self._titled()
        else:
            self._next()

    def undo(self) -> None:
        """Take the last score back, and show its field."""
        if self.scoring.undo() is None:
            raise ValueError("there is nothing to undo")
        self._next()

    def _choose(self, position: tuple[int, int, int]) -> None:
        self.chosen = int(self._numbered[position])
        self._titled()

    def _next(self) -> None:
        self.chosen = 0
        self._unreadable: dict[str, str] = {}
        self._present(self.scoring.current(), self._skip)
        self._numbered = _numbers(self.labels)
        self._titled()

    def _skip(self, image: str, reason: str) -> Item | None:
        """Pass over a field that cannot be read: it has no score, and is named."""
        self._unreadable[image] = reason
        scored = [item for item in self.scoring.items if item.image not in self._unreadable and "" not in self.scoring.of(item.image)]
        return scored[0] if scored else None

    def _titled(self) -> None:
        if self.item is None:
            self._title.value = "<b>All fields have a score.</b>"
            self.viewer.say(f"the scores lie in {self.scoring.path}")
            return
        left = sum("" not in self.scoring.of(item.image) for item in self.scoring.items)
        said = self.scoring.of(self.item.image)
        cells = ", ".join(f"{cell}: {word}" for cell, word in said.items() if cell)
        about = f"cell {self.chosen}" if self.chosen else "the whole field"
        self._title.value = f"<b>{left} fields to go.</b> f, w, n are for <b>{about}</b>. {html.escape(cells)}"
        if self._unreadable:
            self.viewer.say("; ".join(f"{image} cannot be shown: {reason}" for image, reason in self._unreadable.items()))


def sort(queue: Queue, csv_path: str | Path, *, who: str = "", take_over: bool = False) -> Sorter:
    """Show a panel that asks of each result: accept, reject, or later.

    Its twin without a browser is `helpers.curation.sort`.

    Parameters
    ----------
    queue : Queue
        From `helpers.curation.queue`.
    csv_path : str or Path
        Where the decisions are kept; opened again, it goes on where it was.
    who : str
        Who decides.
    take_over : bool
        Open the file even if another notebook has it open.

    Returns
    -------
    sorter : Sorter

    Raises
    ------
    InUseError, ValueError, OSError
        As `helpers.curation.Sorting`.
    """
    return Sorter(curation.Sorting(csv_path, queue, who=who, take_over=take_over))


def score(queue: Queue, csv_path: str | Path, *, who: str, take_over: bool = False) -> Scorer:
    """Show a panel that asks of each field, and of each cell that is clicked: fine, wrong, or unsure.

    Its twin without a browser is `helpers.curation.score`.

    Parameters
    ----------
    queue, csv_path, who, take_over
        As for `sort`; each scorer has a file of their own.

    Returns
    -------
    scorer : Scorer

    Raises
    ------
    InUseError, ValueError, OSError
        As `helpers.curation.Scoring`.
    """
    return Scorer(curation.Scoring(csv_path, queue, who=who, take_over=take_over))


def _numbers(found: np.ndarray) -> np.ndarray:
    return classic.components(found) if found.dtype == bool else found
