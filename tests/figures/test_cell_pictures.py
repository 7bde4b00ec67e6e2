"""Pictures of numbers per cell: what is drawn is what the table says."""

import numpy as np
import pandas as pd
import pytest

from helpers import figures, images, measure
from helpers.figures import picture
from helpers.images import Stack


@pytest.fixture(scope="module")
def measured():
    """Return a stack, a mask, three cells (1 empty, 2 with one object, 4 with two) and what was measured."""
    mask, cells = np.zeros((2, 60, 90), bool), np.zeros((2, 60, 90), int)
    cells[:, 5:55, 2:30], cells[:, 5:55, 30:60], cells[:, 5:55, 60:90] = 1, 2, 4
    mask[0, 20:30, 40:45] = mask[0, 20:30, 70:75] = mask[1, 40:45, 80:85] = True
    stack = Stack((100 + 900 * mask).astype(np.uint16), (0.3, 0.1, 0.1), "three")
    return stack, mask, cells, measure.cells(mask, stack, cells)


def test_map_colours_cells_by_their_number(measured):
    stack, mask, cells, numbers = measured
    shown = figures.cell_map(stack, mask, cells, numbers.table, "count")
    assert "objects in the cell" in shown.axes[1].get_title(loc="left")
    coloured = shown.axes[1].images[0].get_array()
    colours = [coloured[coloured.shape[0] // 2 + 30, int(x / 90 * coloured.shape[1])] for x in (10, 35, 65)]
    brightness = [colour.astype(int).sum() for colour in colours]
    assert brightness[0] < brightness[1] < brightness[2], "viridis: more is brighter"
    assert [text.get_text() for text in shown.axes[0].texts if text.get_text().isdigit()] == ["1", "2", "4"]
    assert picture.drawn(shown).std() > 0


def test_map_of_a_number_that_no_cell_has_stays_grey(measured):
    stack, mask, cells, numbers = measured
    coloured = figures.cell_map(stack, mask, cells, numbers.table, "nucleus_distance_mean_um").axes[1].images[0].get_array()
    assert (coloured[..., 0] == coloured[..., 1]).all()
    with pytest.raises(ValueError, match="no number 'size' of a cell: choose one of nuclei, count"):
        figures.cell_map(stack, mask, cells, numbers.table, "size")
    with pytest.raises(ValueError, match="same shape"):
        figures.cell_map(stack, mask, cells[:1], numbers.table, "count")


def test_bars_are_the_table(measured):
    numbers = measured[3]
    shown = figures.cell_bars(numbers.table, ["count", "volume_um3"], {"count": pd.Series([0, 0, 1, 0, 3])})
    assert [bar.get_height() for bar in shown.axes[0].patches] == [0, 1, 2]
    np.testing.assert_allclose([bar.get_height() for bar in shown.axes[1].patches], numbers.table["volume_um3"])
    assert [line[0, 1] for line in shown.axes[0].collections[0].get_segments()] == [0, 1, 3]
    greys = [bar.get_facecolor()[0] == bar.get_facecolor()[2] for bar in shown.axes[0].patches]
    assert all(greys), "two planes: every cell touches the first and the last"
    with pytest.raises(ValueError, match="columns is empty"):
        figures.cell_bars(numbers.table, [])


def test_distances_box_by_cell(measured):
    stack, mask, cells, numbers = measured
    shown = figures.cell_distances(numbers.distances)
    assert len(shown.axes) == 1, "no nuclei: no distance to them"
    assert [label.get_text() for label in shown.axes[0].get_xticklabels()] == ["all", "2", "4"]
    with pytest.raises(ValueError, match="no distance to draw"):
        figures.cell_distances(measure.cells(mask, stack).distances)


def test_report_with_masks_and_a_table_without_a_name(tmp_path, measured):
    stack, mask, _, numbers = measured
    paths = figures.save_report(
        tmp_path, "three_cells", tables={"": numbers.table}, pictures={}, record={}, masks={"mask": Stack(mask, stack.voxel_size, "m")}
    )
    assert {path.name for path in paths} == {"three_cells.csv", "three_cells_mask.ome.tif", "three_cells_record.json"}
    back = images.read(tmp_path / "three_cells_mask.ome.tif")
    assert back.voxel_size == pytest.approx(stack.voxel_size)
    np.testing.assert_array_equal(back.raw > 0, mask)
