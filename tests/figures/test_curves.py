"""Pictures of a training show what its history holds; live, they are drawn now and then and in place."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from helpers import figures
from helpers.figures import curves


def history(steps=40, every=10):
    return [{"step": n, "loss": 1 / n, "rate": 0.01, "score": n / 50 if n % every == 0 else np.nan} for n in range(1, steps + 1)]


def test_curves_hold_every_step_and_every_score():
    picture = figures.learning_curves(history())
    left, right = picture.axes
    np.testing.assert_allclose(left.lines[0].get_ydata(), 1 / np.arange(1, 41))
    assert right.lines[0].get_xydata().tolist() == [[10, 0.2], [20, 0.4], [30, 0.6], [40, 0.8]]
    assert "0.80, at step 40" in left.get_title(loc="left")
    assert len(figures.learning_curves(history(5)).axes) == 1
    with pytest.raises(ValueError, match="no step"):
        figures.learning_curves([])


def test_outside_a_notebook_lines_are_printed_now_and_then(capsys):
    live = figures.LiveCurves(every=1000)
    for row in history(5):
        live(SimpleNamespace(step=row["step"], steps=5, loss=row["loss"], best=np.nan, seconds=6 * row["step"], history=[]))
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["step 1 of 5, loss 1.000, about 0.4 min left", "step 5 of 5, loss 0.200, about 0.0 min left"]


def test_in_a_notebook_one_picture_is_drawn_anew(monkeypatch):
    shown = []
    handle = SimpleNamespace(update=lambda picture: shown.append(("again", picture)))
    monkeypatch.setattr(curves, "_in_notebook", lambda: True)
    monkeypatch.setattr("IPython.display.display", lambda picture, display_id: shown.append(("new", picture)) or handle)
    live = figures.LiveCurves(every=0)
    for count in (10, 20):
        live(SimpleNamespace(step=count, steps=20, loss=0.5, best=0.6, seconds=count, history=history(count)))
    assert [kind for kind, _ in shown] == ["new", "again"]
    assert "step 20 of 20, loss 0.500, best IoU held back 0.60" in shown[1][1].axes[0].get_title(loc="left")


def test_cutoff_curves_mark_the_cutoffs():
    table = pd.DataFrame({"cutoff": [0.2, 0.5, 0.8], "iou": [0.4, 0.7, 0.5], "precision": [0.5, 0.8, 0.9], "recall": [0.9, 0.8, 0.5]})
    (axes,) = figures.cutoff_curves(table, {"chosen": 0.5, "before": 0.8}).axes
    lines = {line.get_label(): line for line in axes.get_lines()}
    assert list(lines["iou"].get_ydata()) == [0.4, 0.7, 0.5]
    assert set(lines["chosen: 0.5"].get_xdata()) == {0.5}
    assert set(lines["before: 0.8"].get_xdata()) == {0.8}
    with pytest.raises(ValueError, match="has no column 'dice'"):
        figures.cutoff_curves(table, {}, "dice")
