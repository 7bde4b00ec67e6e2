"""Pictures of the boundary: lines are the table, close-ups show what was found."""

import numpy as np
import pandas as pd
import pytest

from helpers import figures
from helpers.images import Stack
from helpers.measure import Setting


def test_curves_are_the_table_in_nm_with_the_setting_marked():
    rows = [(sigma, cutoff, 0.6 * sigma - 0.3 * cutoff, 0.1, 0.9, 50, 0.5) for sigma in (0.5, 1.0) for cutoff in (0.1, 0.3, 0.5)]
    table = pd.DataFrame(rows, columns=["sigma", "cutoff", "width_um", "lower_um", "upper_um", "places", "level"])
    left, right = figures.width_curves(table, 0.26, Setting(1, 0.2, 0.26, 0.7, 50)).axes
    np.testing.assert_allclose(left.lines[0].get_ydata(), [270, 210, 150])
    np.testing.assert_allclose(left.lines[1].get_ydata(), [570, 510, 450])
    assert left.lines[2].get_ydata()[0] == 260
    assert [line.get_xydata()[0].tolist() for line in (left.lines[-1], right.lines[-1])] == [[0.2, 260], [0.7, 260]]
    assert [text.get_text() for text in left.get_legend().get_texts()] == ["scale 0.5 pixels", "scale 1 pixels"]


def test_close_ups_show_the_same_close_up_where_the_first_mask_is():
    raw = np.random.default_rng(0).integers(100, 200, (3, 200, 200)).astype(np.uint16)
    wide, narrow = np.zeros((2, *raw.shape), bool)
    wide[1, 140:180, 130:180], narrow[1, 150:160, 140:150] = True, True
    shown = figures.close_ups(Stack(raw, (0.3, 0.1, 0.1), "noise"), {"wide": wide, "narrow": narrow})
    assert [axes.get_title(loc="left") for axes in shown.axes] == ["raw, plane 1", "wide", "narrow"]
    plain, *outlined = [axes.images[0].get_array().astype(int) for axes in shown.axes]
    orange = [np.count_nonzero((panel != plain).any(axis=-1)) for panel in outlined]
    assert orange[0] > 2 * orange[1] > 0
    with pytest.raises(ValueError, match="no mask to show"):
        figures.close_ups(Stack(raw, (0.3, 0.1, 0.1), "noise"), {})
