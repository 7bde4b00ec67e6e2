"""Training folders and tables: what is read, and every kind of bad input in one sentence."""

import numpy as np
import pandas as pd
import pytest
from small import examples, tubes

from helpers import images
from helpers.learning import targets
from helpers.learning.normalization import AS_IT_IS

SIZE = (0.3, 0.1, 0.1)


@pytest.fixture
def folder(tmp_path):
    """Two images in the published convention, the second with a part left out."""
    for seed in (0, 1):
        raw, truth = tubes(seed)
        excluded = None if seed == 0 else np.broadcast_to(np.arange(raw.shape[2]) > 30, raw.shape)
        targets.write_example(tmp_path, f"cell {seed}", raw, truth, excluded, SIZE)
    return tmp_path


def test_a_folder_comes_back_as_it_was_written(folder):
    table = targets.pairs_in_folder(folder)
    assert list(table["name"]) == ["cell_0", "cell_1"]
    first, second = targets.read_examples(table, normalization=AS_IT_IS)
    raw, truth = tubes(1)
    np.testing.assert_array_equal(second.normalized[0], raw)
    np.testing.assert_array_equal(second.truth, truth)
    assert second.cost[..., 31:].max() == 0
    assert second.cost[..., :31].min() == first.cost.min() == 1
    assert second.voxel_size == SIZE
    assert sorted(path.name for path in folder.iterdir())[:3] == ["cell_0.ome.tif", "cell_0_CM.ome.tif", "cell_0_GT.ome.tif"]


def test_truths_of_0_and_255_count_as_0_and_1(folder):
    raw, truth = tubes(0)
    images.write(folder / "cell_0_GT.ome.tif", truth, SIZE)  # a mask is written as 0 and 255
    first, _ = targets.read_examples(targets.pairs_in_folder(folder))
    np.testing.assert_array_equal(first.truth, truth)
    assert (first.normalized.min(), first.normalized.max()) == (0, 1)


def test_a_table_names_files_anywhere(folder, tmp_path):
    table = folder / "sub" / "table.csv"
    table.parent.mkdir()
    pd.DataFrame({"raw": ["../cell_0.ome.tif"], "truth": [str(folder / "cell_0_GT.ome.tif")]}).to_csv(table, index=False)
    (found,) = targets.read_examples(targets.pairs_in_table(table), normalization=AS_IT_IS)
    assert found.name == "cell_0"
    assert found.cost.min() == 1
    table.write_text("raw,truth\nnone.tif,none_GT.tif\n")
    with pytest.raises(FileNotFoundError, match="none.tif, which table.csv names"):
        targets.pairs_in_table(table)
    table.write_text("image,mask\na,b\n")
    with pytest.raises(ValueError, match="must have the columns raw and truth"):
        targets.pairs_in_table(table)
    table.write_text("raw,truth\n../cell_0.ome.tif,../cell_0_GT.ome.tif\n../cell_0.ome.tif,../cell_1_GT.ome.tif\n")
    with pytest.raises(ValueError, match="two images of the name 'cell_0'"):
        targets.pairs_in_table(table)


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        (["cell_1.ome.tif"], "cell_1 has no image"),
        (["cell_1_GT.ome.tif"], "cell_1 has no truth"),
        (["cell_1_CM.ome.tif"], "cell_1 has no cost map.*other images have one"),
        (["cell_0_GT.ome.tif", "cell_1_GT.ome.tif"], "holds no truth: for an image X.ome.tif"),
    ],
)
def test_missing_partners(folder, missing, words):
    for name in missing:
        (folder / name).unlink()
    with pytest.raises(ValueError, match=words):
        targets.pairs_in_folder(folder)


def test_cost_maps_may_be_left_out_altogether(folder):
    for path in folder.glob("*_CM.ome.tif"):
        path.unlink()
    assert all(each.cost.min() == 1 for each in targets.read_examples(targets.pairs_in_folder(folder)))
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        targets.pairs_in_folder(folder / "none")


RAW, MASK = tubes()
BAD = [
    ({"truth": MASK[:, 1:]}, "image is 6x40x44 voxels and the truth 6x39x44: they must be of one shape"),
    ({"cost": np.ones((6, 40, 4))}, "the cost map 6x40x4"),
    ({"truth": np.zeros_like(MASK)}, "the truth has no foreground"),
    ({"truth": np.arange(RAW.size).reshape(RAW.shape)}, r"must hold 0 and 1, or 0 and 255, got 0, 1, 2, 3, \.\.\."),
    ({"truth": MASK * 2}, "must hold 0 and 1, or 0 and 255, got 0, 2"),
    ({"truth": np.where(MASK, 1, np.nan)}, "must hold 0 and 1"),
    ({"normalized": np.where(MASK, np.nan, RAW)}, "the image holds .* NaN or infinite"),
    ({"cost": np.zeros(RAW.shape)}, "the cost map is 0 everywhere"),
    ({"cost": (~MASK).astype(float)}, "excludes all of the foreground"),
    ({"cost": -np.ones(RAW.shape)}, "negative values or NaN"),
]


@pytest.mark.parametrize(("values", "words"), BAD, ids=[words[:30] for _, words in BAD])
def test_bad_images_say_which_and_why(values, words):
    with pytest.raises(ValueError, match=f"cell: .*{words}|cell: {words}"):
        targets.example("cell", **{"normalized": RAW, "truth": MASK, **values})


def test_bad_files_say_which(folder):
    images.write(folder / "cell_1.ome.tif", np.full(RAW.shape, np.nan, np.float32), SIZE)
    with pytest.raises(ValueError, match="cell_1: .*NaN"):
        targets.read_examples(targets.pairs_in_folder(folder))


def test_several_classes_and_channels():
    made = targets.example("cell", np.stack([RAW, RAW]), MASK * 2, classes=3)
    assert made.normalized.shape == (2, *RAW.shape)
    assert set(np.unique(made.truth)) == {0, 2}


def test_fingerprint_sees_every_change():
    before = targets.fingerprint(examples(2))
    assert targets.fingerprint(examples(2)) == before
    changed = examples(2)
    changed[1].cost[0, 0, 0] = 0
    assert targets.fingerprint(changed) != before
    assert targets.fingerprint(examples(2)[::-1]) != before


def test_half_written_examples_do_not_appear(tmp_path):
    with pytest.raises(ValueError, match="one shape"):
        targets.write_example(tmp_path / "new", "cell", RAW, MASK[:3], None, SIZE)
    assert not (tmp_path / "new").exists() or not list((tmp_path / "new").iterdir())


def test_one_image_in_two_files(folder):
    """Which of them belongs to the truth, nobody can tell."""
    (folder / "cell_1.tif").write_bytes((folder / "cell_1.ome.tif").read_bytes())
    with pytest.raises(ValueError, match="cell_1.ome.tif and cell_1.tif .* would be one image"):
        targets.pairs_in_folder(folder)


def test_larger_voxels_keep_image_truth_and_what_is_excluded():
    raw, truth = np.zeros((6, 40, 40), np.float32), np.zeros((6, 40, 40), bool)
    truth[1:5, 8:24, 10:30] = True
    raw[truth] = 1
    cost = np.ones(raw.shape, np.float32)
    cost[:, 30:] = 0
    (small,) = targets.at_voxel_size([targets.example("body", raw, truth, cost, voxel_size=(0.5, 0.25, 0.25))], (0.5, 0.5, 0.5))
    assert small.voxel_size == (0.5, 0.5, 0.5)
    np.testing.assert_array_equal(small.truth, truth[:, ::2, ::2])
    np.testing.assert_array_equal(small.cost == 0, cost[:, ::2, ::2] == 0)
    assert small.normalized[0][truth[:, ::2, ::2]].mean() > 0.9 > 0.1 > small.normalized[0][~truth[:, ::2, ::2]].mean()
    with pytest.raises(ValueError, match="body has no voxel size"):
        targets.at_voxel_size([targets.example("body", raw, truth)], (0.5, 0.5, 0.5))
