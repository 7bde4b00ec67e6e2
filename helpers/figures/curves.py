"""How a training goes: its loss and its score, drawn while it runs and afterwards."""

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from helpers.figures.picture import DPI, Picture

if TYPE_CHECKING:
    import pandas as pd

LOSS, SCORE = "#0072b2", "#d55e00"


def learning_curves(history: "pd.DataFrame | Sequence[Mapping[str, float]]", *, title: str = "") -> Picture:
    """Draw the loss of every step, its running mean, and the score on the images held back.

    Parameters
    ----------
    history : pandas.DataFrame, or sequence of mappings
        One row a step: ``step, loss, score``; the score is NaN where there was no validation.
    title : str
        Above the picture; the best score if empty.

    Returns
    -------
    picture : Picture
        Shows itself as the last expression of a cell.

    Raises
    ------
    ValueError
        If there is no step yet.
    """
    import pandas as pd

    table = pd.DataFrame(history)
    if table.empty:
        raise ValueError("history holds no step: train first")
    picture = Picture(figsize=(7.5, 3.4), dpi=DPI, facecolor="white", layout="constrained")
    axes = picture.subplots()
    axes.plot(table["step"], table["loss"], color=LOSS, alpha=0.3, linewidth=0.8)
    smooth = table["loss"].rolling(max(len(table) // 20, 1), min_periods=1).mean()
    axes.plot(table["step"], smooth, color=LOSS, linewidth=1.8)
    low, high = table["loss"].min(), table["loss"].max()
    scale = {"yscale": "log"} if low > 0 and high > 10 * low else {"ylim": (0, high * 1.05)}
    axes.set(xlabel="step", xlim=(0, table["step"].max() + 1), **scale)
    axes.set_ylabel("loss (thick: running mean)", color=LOSS)
    axes.grid(alpha=0.3)
    scored = table.dropna(subset="score")
    if len(scored):
        right = axes.twinx()
        right.plot(scored["step"], scored["score"], color=SCORE, marker="o", markersize=5, linewidth=1.5)
        right.set(ylim=(0, 1.02))
        right.set_ylabel("IoU on images held back", color=SCORE)
        best = scored.loc[scored["score"].idxmax()]
        title = title or f"best IoU on images held back: {best['score']:.2f}, at step {best['step']:.0f}"
    axes.set_title(title, fontsize=10, loc="left")
    return picture


def cutoff_curves(table: "pd.DataFrame", chosen: Mapping[str, float], metric: str = "iou", *, title: str = "") -> Picture:
    """Draw how the scores of probability maps hang on the cutoff, and where some cutoffs lie.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a cutoff: ``cutoff, precision, recall`` and the metric.
    chosen : mapping of str to float
        Cutoffs to mark, by what they are called.
    metric : str
        The column that the choice goes by.
    title : str
        Above the picture.

    Returns
    -------
    picture : Picture
        Shows itself as the last expression of a cell.

    Raises
    ------
    ValueError
        If the table has no such column.
    """
    missing = [name for name in ("cutoff", metric, "precision", "recall") if name not in table]
    if missing:
        raise ValueError(f"the table has no column {missing[0]!r}, only {', '.join(table.columns)}: give one of learning.cutoff_table")
    picture = Picture(figsize=(7.5, 3.4), dpi=DPI, facecolor="white", layout="constrained")
    axes = picture.subplots()
    axes.plot(table["cutoff"], table[metric], color=SCORE, linewidth=2.2, marker="o", markersize=4, label=metric.replace("_", " "))
    axes.plot(table["cutoff"], table["recall"], color=LOSS, label="recall: part of the truth that is found")
    axes.plot(table["cutoff"], table["precision"], color=LOSS, linestyle="--", label="precision: part of the found that is true")
    for (name, cutoff), style in zip(chosen.items(), ("-", ":", "-.", "--") * len(chosen)):
        axes.axvline(cutoff, color="black", linewidth=1.2, linestyle=style, label=f"{name}: {cutoff:g}")
    axes.set(xlabel="cutoff", xlim=(0, 1), ylim=(0, 1.02))
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8, loc="lower center")
    axes.set_title(title, fontsize=10, loc="left")
    return picture


class LiveCurves:
    """Shows how a training goes: give it to `train` as ``progress``.

    In a notebook the picture is drawn anew every few seconds, in place; elsewhere, and without a display, a line is printed.

    Parameters
    ----------
    every : float
        Seconds between two pictures.
    """

    def __init__(self, every: float = 3.0) -> None:
        self.every = every
        self._shown_at = -np.inf
        self._handle: Any = None

    def __call__(self, now: Any) -> None:
        """Show a `helpers.learning.Progress`."""
        if now.step < now.steps and time.monotonic() - self._shown_at < self.every:
            return
        self._shown_at = time.monotonic()
        left = now.seconds / now.step * (now.steps - now.step)
        score = "" if np.isnan(now.best) else f", best IoU held back {now.best:.2f}"
        line = f"step {now.step} of {now.steps}, loss {now.loss:.3f}{score}, about {left / 60:.1f} min left"
        if not _in_notebook():
            print(line, flush=True)
            return
        from IPython.display import display

        picture = learning_curves(now.history, title=line)
        if self._handle is None:
            self._handle = display(picture, display_id=True)
        else:
            self._handle.update(picture)


def _in_notebook() -> bool:
    """Return whether this runs in a kernel, whose front end draws pictures."""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    shell = get_ipython()
    return shell is not None and hasattr(shell, "kernel")
