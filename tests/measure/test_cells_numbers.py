"""Numbers per cell against geometry that can be worked out by hand, and against a calculation voxel by voxel."""

import numpy as np
import pandas as pd
import pytest
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from helpers import classic, images, measure
from helpers.images import Stack

FLAT = (0.3, 0.1, 0.1)


def stack_of(array, voxel_size=FLAT):
    return Stack(np.arange(array.size, dtype=np.uint16).reshape(array.shape), voxel_size, "test")


def boxes():
    """Return a stack with two cells side by side (5 and 9), a nucleus in each (2 and 1), and three bars of structure."""
    shape = (8, 20, 41)
    cells, nuclei, mask = np.zeros(shape, np.uint16), np.zeros(shape, np.uint8), np.zeros(shape, bool)
    cells[1:7, 2:18, 2:20], cells[1:7, 2:18, 20:41] = 9, 5
    nuclei[3:5, 8:12, 6:10], nuclei[3:5, 8:12, 28:34] = 1, 2
    mask[3, 10, 12] = True  # 3 pixels right of nucleus 1, 8 pixels left of the other cell
    mask[4, 9, 17:24] = True  # on the border: 3 voxels in cell 9, 4 in cell 5
    mask[3, 9, 29:31] = True  # within nucleus 2
    mask[0, 0, 0:2] = True  # outside
    return stack_of(mask), mask, cells, nuclei


def test_boxes_by_hand():
    stack, mask, cells, nuclei = boxes()
    numbers = measure.cells(mask, stack, cells, nuclei)
    table = numbers.table.set_index("cell")
    voxel = 0.3 * 0.1 * 0.1
    assert table.index.tolist() == [0, 5, 9]
    assert table["count"].tolist() == [1, 2, 1]
    assert table["nuclei"].tolist() == [0, 1, 1]
    assert table["volume_um3"].to_numpy() == pytest.approx(np.array([2, 6, 4]) * voxel)
    assert table["cell_volume_um3"][[5, 9]].to_numpy() == pytest.approx(np.array([6 * 16 * 21, 6 * 16 * 18]) * voxel)
    assert table["fraction_of_cell"][5] == pytest.approx(6 / (6 * 16 * 21))
    assert table["fraction_of_nucleus"][5] == pytest.approx(2 / (2 * 4 * 6))
    assert table["fraction_of_cytoplasm"][5] == pytest.approx(4 / (6 * 16 * 21 - 48))
    assert table["fraction_of_nucleus"][9] == 0
    assert table["touches_side"].tolist() == [False, True, False]
    assert not table["touches_top_or_bottom"].any()
    own = numbers.distances.query("cell == 9")
    assert sorted(own["nucleus_um"]) == pytest.approx([0.3, 0.8, 0.9, 1.0])
    assert sorted(own["membrane_um"]) == pytest.approx([0.1, 0.2, 0.3, 0.8])
    assert table["nucleus_distance_median_um"][9] == pytest.approx(0.85)
    assert table["nucleus_distance_mean_um"][9] == pytest.approx(0.75)
    assert sorted(numbers.distances.query("cell == 5")["nucleus_um"]) == pytest.approx([0, 0, 0.5, 0.6, 0.7, 0.8])
    assert table.loc[0, ["fraction_of_cell", "cell_volume_um3", "nucleus_distance_mean_um"]].isna().all()
    assert numbers.notes == ["16.7% of the structure lies outside of all cells: it is row 0 of the table."]


def slowly(mask, stack, cells, nuclei):
    """Return the same numbers, worked out voxel by voxel."""
    rows = []
    objects = classic.components(mask)
    size = np.array(stack.voxel_size)
    home = {n: np.bincount(cells[nuclei == n]).argmax() for n in np.unique(nuclei[nuclei > 0])}
    owner = {n: np.bincount(cells[objects == n]) for n in np.unique(objects[objects > 0])}
    for cell in np.unique(cells[cells > 0]):
        inside = cells == cell
        found = np.argwhere(mask & inside) * size
        own = np.isin(nuclei, [n for n, c in home.items() if c == cell])
        to_nucleus = cdist(found, np.argwhere(own) * size).min(1) if own.any() and len(found) else np.array([np.nan])
        to_outside = cdist(found, np.argwhere(~inside) * size).min(1) if len(found) else np.array([np.nan])
        rows.append({
            "cell": cell,
            "count": sum(shares[cell:].size > 0 and shares.max() > 0 and _winner(shares) == cell for shares in owner.values()),
            "volume_um3": len(found) * size.prod(),
            "total_intensity": stack.raw[mask & inside].sum(dtype=float),
            "fraction_of_cytoplasm": (mask & inside & ~own).sum() / (inside & ~own).sum(),
            "nucleus_distance_mean_um": to_nucleus.mean(),
            "nucleus_distance_median_um": np.median(to_nucleus),
            "membrane_distance_mean_um": to_outside.mean(),
            "membrane_distance_median_um": np.median(to_outside),
        })  # fmt: skip
    return pd.DataFrame(rows)


def _winner(shares):
    inside = np.append(-1, shares[1:])
    return inside.argmax() if inside.max() > 0 and inside.max() >= shares[0] else 0


@pytest.mark.parametrize("seed", range(6))
def test_random_labels_as_voxel_by_voxel(seed):
    rng = np.random.default_rng(seed)
    shape = [(5, 17, 23), (3, 30, 9), (1, 31, 29)][seed % 3]
    seeds = rng.random((6, 3)) * shape
    grid = np.argwhere(np.ones(shape))
    nearest = cdist(grid, seeds)
    cells = np.where(nearest.min(1) < 9, np.array([4, 7, 8, 21, 3, 11])[nearest.argmin(1)], 0).reshape(shape)
    nuclei = np.where(nearest.min(1) < 3, np.array([1, 2, 3, 4, 5, 0])[nearest.argmin(1)], 0).reshape(shape)
    mask = rng.random(shape) < 0.04
    stack = stack_of(mask, (0.31, 0.12, 0.1))
    table = measure.cells(mask, stack, cells, nuclei).table.query("cell > 0").reset_index(drop=True)
    table = table.rename(columns={"area_um2": "volume_um3"})
    if shape[0] == 1:
        table["volume_um3"] *= 0.31
    slow = slowly(mask, stack, cells, nuclei)
    pd.testing.assert_frame_equal(table[slow.columns], slow, check_dtype=False, rtol=1e-5)


def test_cell_that_fills_its_box_and_cell_that_fills_the_image():
    mask = np.zeros((3, 9, 9), bool)
    mask[1, 4, 4] = True
    cells = np.zeros(mask.shape, int)
    cells[0:3, 2:7, 2:7] = 1
    stack = stack_of(mask, (1.0, 1.0, 1.0))
    assert measure.cells(mask, stack, cells).table["membrane_distance_mean_um"].tolist() == [3], "the border of the image is no membrane"
    whole = measure.cells(mask, stack, np.ones_like(cells)).table
    assert whole["membrane_distance_mean_um"].isna().all()
    assert whole["touches_side"].all()
    assert whole["touches_top_or_bottom"].all()


def test_no_cells_is_one_cell_with_all_nuclei():
    stack, mask, _, nuclei = boxes()
    numbers = measure.cells(mask, stack, None, nuclei)
    (row,) = numbers.table.to_dict("records")
    assert (row["cell"], row["nuclei"], row["count"]) == (1, 2, 4)
    assert row["cell_volume_um3"] == pytest.approx(mask.size * 0.003)
    assert np.isnan(row["membrane_distance_mean_um"])
    assert row["nucleus_distance_mean_um"] > 0
    assert "whole image" in numbers.notes[0]
    assert measure.cells(mask, stack).table["nucleus_distance_mean_um"].isna().all()


def test_cells_without_nucleus_nuclei_without_cell_and_two_in_one():
    mask = np.zeros((1, 10, 30), bool)
    mask[0, 5, [3, 13, 23]] = True
    cells, nuclei = np.zeros((2, *mask.shape), int)
    cells[0, :, :8], cells[0, :, 10:18], cells[0, :, 20:25] = 1, 2, 3
    nuclei[0, 1:3, 1:3], nuclei[0, 6:8, 1:3], nuclei[0, 2:5, 17:20], nuclei[0, 2, 27] = 10, 20, 30, 40
    numbers = measure.cells(mask, stack_of(mask), cells, nuclei)
    assert numbers.table["nuclei"].tolist() == [2, 0, 0]
    assert numbers.table["nucleus_distance_mean_um"].isna().tolist() == [False, True, True]
    assert [note.split(":")[0] for note in numbers.notes] == [
        "2 of 4 nuclei lie outside of all cells, and are left out",
        "2 of 3 cells have no nucleus",
        "1 of 3 cells have more than one nucleus",
    ]


def test_masks_in_place_of_labels_are_split_and_said():
    stack, mask, cells, nuclei = boxes()
    apart = np.where(np.arange(41) == 20, 0, cells)
    as_labels = measure.cells(mask, stack, classic.components(apart > 0), nuclei)
    for given in (apart > 0, (apart > 0).astype(np.uint8) * 255):
        numbers = measure.cells(mask, stack, given, nuclei > 0)
        pd.testing.assert_frame_equal(numbers.table, as_labels.table)
        assert "cell_labels is a mask: its 2 connected pieces" in numbers.notes[0]
    single = measure.cells(mask, stack, (apart > 0).astype(np.uint8))
    assert len(single.table.query("cell > 0")) == 1
    assert "in 2 pieces" in single.notes[0]


def test_huge_numbers_and_inputs_untouched():
    stack, mask, cells, nuclei = boxes()
    huge = np.where(cells > 0, cells.astype(np.int64) * 200_000_000, 0)
    before = [array.copy() for array in (mask, huge, nuclei)]
    table = measure.cells(mask, stack, huge, nuclei).table
    assert table["cell"].tolist() == [0, 1_000_000_000, 1_800_000_000]
    pd.testing.assert_frame_equal(table.drop(columns="cell"), measure.cells(mask, stack, cells, nuclei).table.drop(columns="cell"))
    for array, was in zip((mask, huge, nuclei), before):
        np.testing.assert_array_equal(array, was)


def test_one_plane_takes_planes_and_has_areas():
    mask = np.zeros((1, 6, 8), bool)
    mask[0, 2, 2:4] = True
    cells = np.ones((6, 8), np.uint8)
    table = measure.cells(mask[0], stack_of(mask), cells, cells * 0 + (np.arange(8) > 6)).table
    assert table["area_um2"][0] == pytest.approx(0.02)
    assert table["cell_area_um2"][0] == pytest.approx(0.48)
    assert not table["touches_top_or_bottom"][0]
    assert table["nucleus_distance_median_um"][0] == pytest.approx(0.45)


def test_nothing_found_is_a_table_of_zeros():
    stack, mask, cells, nuclei = boxes()
    numbers = measure.cells(np.zeros_like(mask), stack, cells, nuclei)
    assert numbers.table["cell"].tolist() == [5, 9]
    assert (numbers.table[["count", "volume_um3", "fraction_of_cell"]] == 0).all(axis=None)
    assert numbers.table["mean_intensity"].isna().all()
    assert len(numbers.distances) == 0


@pytest.mark.parametrize(
    ("spoil", "error", "says"),
    [
        (lambda labels: labels[:, :10], ValueError, "8x10x41 voxels, the image test is 8x20x41: give the labels of this image"),
        (lambda labels: labels[0], ValueError, "20x41 voxels"),
        (lambda labels: labels.astype(float), TypeError, "float64: give the label image, not intensities"),
        (lambda labels: labels * 0, ValueError, "0 everywhere"),
        (lambda labels: -labels.astype(int), ValueError, "between 0"),
        (lambda labels: labels.tolist(), TypeError, "list"),
    ],
    ids=["crop", "plane", "float", "empty", "negative", "list"],
)
@pytest.mark.parametrize("name", ["cell_labels", "nucleus_labels"])
def test_labels_that_do_not_fit_are_refused_in_a_sentence(spoil, error, says, name):
    stack, mask, cells, nuclei = boxes()
    labels = {"cell_labels": cells, "nucleus_labels": nuclei}
    with pytest.raises(error, match=f"{name}.*{says}"):
        measure.cells(mask, stack, **{**labels, name: spoil(labels[name])})


def test_nuclei_of_another_image_are_refused():
    stack, mask, cells, nuclei = boxes()
    elsewhere = np.zeros_like(nuclei)
    elsewhere[0] = 1
    with pytest.raises(ValueError, match="no nucleus lies in a cell"):
        measure.cells(mask, stack, cells, elsewhere)


@pytest.mark.real_data
def test_real_field_with_eight_cells(shared):
    """Sums and fractions are right; the mitotic cell, number 19, has its tubulin in the spindle, far from the membrane."""
    folder = shared / "data" / "allen_aics12_881_brightfield_3d"
    cells, nuclei = (images.read_labels(folder / f"labels_{name}.ome.tif") for name in ("cells", "nuclei"))
    mask = images.read(folder / "seg_struct.ome.tif").raw > 127
    stack = images.read(folder / "brightfield.ome.tif")
    numbers = measure.cells(mask, stack, cells, nuclei)
    table = numbers.table.query("cell > 0").set_index("cell")
    assert len(table) == 8
    assert (table["nuclei"] == 1).all()
    assert table["volume_um3"].sum() == pytest.approx((mask & (cells > 0)).sum() * np.prod(stack.voxel_size))
    assert table[["fraction_of_cell", "fraction_of_nucleus", "fraction_of_cytoplasm"]].max(axis=None) < 0.25
    assert (numbers.distances[["nucleus_um", "membrane_um"]].min() >= [0, min(stack.voxel_size) * 0.999]).all()
    assert table["membrane_distance_median_um"].idxmax() == 19
    here = np.argwhere(mask & (cells == 255))
    to_nucleus, _ = cKDTree(np.argwhere(nuclei == 255) * stack.voxel_size).query(here * stack.voxel_size)
    assert table["nucleus_distance_mean_um"][255] == pytest.approx(to_nucleus.mean(), rel=1e-5)
    assert table["total_intensity"][255] == stack.raw[mask & (cells == 255)].sum(dtype=float)


@pytest.mark.real_data
def test_real_cell_with_masks_in_place_of_labels(shared):
    folder = shared / "data" / "allen_cell06_3d"
    cell, nucleus = (images.read_labels(folder / f"{name}_seg.ome.tif", masks=True) for name in ("cell", "nuc"))
    stack = images.read(folder / "tub_img.ome.tif", voxel_size=(0.29, 0.108, 0.108))
    mask = stack.raw > np.percentile(stack.raw[cell > 0], 90)
    numbers = measure.cells(mask, stack, cell, nucleus)
    (row,) = numbers.table.query("cell > 0").to_dict("records")
    assert row["fraction_of_cell"] == pytest.approx((mask & (cell > 0)).sum() / (cell > 0).sum())
    assert row["fraction_of_nucleus"] == pytest.approx((mask & (nucleus > 0) & (cell > 0)).sum() / ((nucleus > 0) & (cell > 0)).sum())
    assert row["fraction_of_nucleus"] < row["fraction_of_cytoplasm"], "tubulin lies around the nucleus"
    assert "cell_labels is a mask: its 1 connected" in numbers.notes[0]
