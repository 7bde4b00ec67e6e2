"""From decisions to a training folder: what is read back is what was decided, and bad input is refused in one sentence with nothing written."""

import json

import numpy as np
import pytest

from helpers import curation, images
from helpers.curation import Decision, Region
from helpers.learning import curated, targets
from helpers.learning.normalization import AS_IT_IS

SIZE = (0.5, 0.2, 0.2)
SHAPE = (4, 20, 24)


def made(seed):
    """Return a noisy image of two bodies that touch, and their labels."""
    labels = np.zeros(SHAPE, np.int32)
    labels[1:3, 4:14, 4:10], labels[1:3, 4:14, 10:18] = 1, 2
    random = np.random.default_rng(seed)
    return ((labels > 0) * 500 + random.integers(0, 100, SHAPE)).astype(np.uint16), labels


@pytest.fixture
def waiting(tmp_path):
    """Three images with results in folders of their own, and the queue of them."""
    for seed in range(3):
        raw, labels = made(seed)
        images.write(tmp_path / "raw" / f"field_{seed}.ome.tif", raw, SIZE)
        images.write(tmp_path / "found" / f"field_{seed}_labels.ome.tif", labels, SIZE)
    return curation.queue(tmp_path / "found", tmp_path / "raw")


def folder_of(tmp_path):
    return sorted(path.name for path in (tmp_path / "training").glob("*")) if (tmp_path / "training").exists() else []


def read(tmp_path):
    table = targets.pairs_in_folder(tmp_path / "training")
    return {each.name: each for each in targets.read_examples(table, normalization=AS_IT_IS)}


def test_accepted_results_become_truth_and_excluded_regions_count_nothing(waiting, tmp_path):
    sheet = tmp_path / "sorted.csv"
    with curation.Sorting(sheet, waiting, who="AB") as sorting:
        sorting.decide("accept", "field_0", seconds=20)
        sorting.decide("reject", "field_1", seconds=10)
        sorting.decide("accept", "field_2", seconds=30, excluded=[Region("circle", [(9, 14)], 3.0)])
    done = curated.from_sorting(sheet, tmp_path / "training", model="lmnb1_interphase")
    assert done.minutes == pytest.approx(1.0)  # of the rejected one too
    assert (done.looked_at, list(done.table["name"])) == (3, ["field_0", "field_2"])
    found = read(tmp_path)
    assert sorted(found) == ["field_0", "field_2"]
    np.testing.assert_array_equal(found["field_0"].normalized[0], made(0)[0])  # raw, as the camera gave it
    assert found["field_0"].cost.min() == 1
    drawn = curation.region_mask([Region("circle", [(9, 14)], 3.0)], SHAPE)
    np.testing.assert_array_equal(found["field_2"].cost == 0, drawn)
    assert found["field_0"].voxel_size == SIZE


def test_bodies_that_touch_stay_apart_in_the_truth(waiting, tmp_path):
    curation.sort(waiting, tmp_path / "sorted.csv", {"field_0": "accept"})
    curated.from_sorting(tmp_path / "sorted.csv", tmp_path / "training")
    labels = made(0)[1]
    expected = labels > 0
    expected[1:3, 4:14, 9:11] = False
    np.testing.assert_array_equal(read(tmp_path)["field_0"].truth > 0, expected)
    mask = labels > 0
    np.testing.assert_array_equal(curated.truth_of(mask), mask)


def test_merged_results_bring_their_regions_costs_and_seconds(waiting, tmp_path):
    region = Region("polygon", [(0, 0), (0, 9), (19, 9), (19, 0)], seconds=12.0)
    cost = np.ones(SHAPE, np.float32)
    cost[:, :, 20:] = 3
    for item in waiting.items[:2]:
        stack, labels = item.stack(), item.result()
        curation.save_merged(
            tmp_path / "merged",
            stack,
            np.where(labels == 1, 7, 0),
            labels,
            [region],
            excluded=[Region("circle", [(3, 21)], 2.0)],
            cost=cost,
            seconds=12.0,
        )
    done = curated.from_merging(tmp_path / "merged", tmp_path / "training", iteration=2, model="round_1.pt")
    assert done.minutes == pytest.approx(0.4)
    one = read(tmp_path)["field_0"]
    excluded = curation.region_mask([Region("circle", [(3, 21)], 2.0)], SHAPE)
    np.testing.assert_array_equal(one.cost, np.where(excluded, 0, cost))
    assert [one.truth[2, 8, x] for x in (5, 15, 20)] == [1, 1, 0]
    rounds = curated.read_iterations(tmp_path / "training")
    assert rounds[["iteration", "how", "model", "images"]].values.tolist() == [[2, "merged", "round_1.pt", 2]]


def test_all_results_are_taken(waiting, tmp_path):
    curation.write_regions(tmp_path / "bad_regions" / "field_1.json", [Region("circle", [(5, 5)], 2.0)], SHAPE)
    done = curated.take_all(
        tmp_path / "found", tmp_path / "training", raw_folder=tmp_path / "raw", excluded_folder=tmp_path / "bad_regions"
    )
    assert len(done.table) == 3
    costs = {name: each.cost.min() for name, each in read(tmp_path).items()}
    assert costs == {"field_0": 1, "field_1": 0, "field_2": 1}


def test_rounds_add_up_and_one_that_is_done_again_replaces_itself(waiting, tmp_path):
    for word in ("field_0", "field_1"):
        curation.sort(waiting, tmp_path / "sorted.csv", [Decision(word, "accept", seconds=6.0)])
        curated.from_sorting(tmp_path / "sorted.csv", tmp_path / "training")
    curated.take_all(tmp_path / "found", tmp_path / "training", raw_folder=tmp_path / "raw", iteration=2, model="one.pt")
    rounds = curated.read_iterations(tmp_path / "training")
    assert rounds[["iteration", "how", "images"]].values.tolist() == [[1, "sorted", 2], [2, "all taken", 3]]
    assert rounds["minutes"].tolist() == [0.2, 0.0]


def test_nothing_accepted(waiting, tmp_path):
    curation.sort(waiting, tmp_path / "sorted.csv", {"field_0": "reject"})
    with pytest.raises(ValueError, match=r"accepts none of its 3 results \(1 are decided\)"):
        curated.from_sorting(tmp_path / "sorted.csv", tmp_path / "training")
    assert folder_of(tmp_path) == []


@pytest.mark.parametrize(
    ("spoil", "error", "sentence"),
    [
        (lambda root: (root / "raw" / "field_1.ome.tif").unlink(), FileNotFoundError, "field_1 is accepted, and its image is not at"),
        (lambda root: (root / "found" / "field_1_labels.ome.tif").unlink(), FileNotFoundError, "not where sorted.csv says"),
        (
            lambda root: images.write(root / "found" / "field_1_labels.ome.tif", made(1)[1][:, 1:], SIZE),
            ValueError,
            "field_1: the result has 4x19x24 voxels, the image 4x20x24",
        ),
        (
            lambda root: images.write(root / "found" / "field_1_labels.ome.tif", np.zeros(SHAPE, bool), SIZE),
            ValueError,
            "field_1: the truth has no foreground",
        ),
    ],
    ids=["no image", "no result", "other shape", "empty result"],
)
def test_bad_input_is_refused_in_one_sentence_and_nothing_is_written(waiting, tmp_path, spoil, error, sentence):
    curation.sort(waiting, tmp_path / "sorted.csv", {"field_0": "accept", "field_1": "accept"})
    spoil(tmp_path)
    with pytest.raises(error, match=sentence):
        curated.from_sorting(tmp_path / "sorted.csv", tmp_path / "training")
    assert folder_of(tmp_path) == []


def test_everything_excluded(waiting, tmp_path):
    with curation.Sorting(tmp_path / "sorted.csv", waiting) as sorting:
        sorting.decide("accept", "field_0", excluded=[Region("circle", [(10, 12)], 40.0)])
    with pytest.raises(ValueError, match="field_0: the cost map is 0 everywhere"):
        curated.from_sorting(tmp_path / "sorted.csv", tmp_path / "training")
    assert folder_of(tmp_path) == []


def test_all_means_all(waiting, tmp_path):
    (tmp_path / "raw" / "field_2.ome.tif").unlink()
    with pytest.raises(ValueError, match=r"1 result\(s\) in .* cannot be used, the first, field_2: there is no image of this name"):
        curated.take_all(tmp_path / "found", tmp_path / "training", raw_folder=tmp_path / "raw")
    with pytest.raises(FileNotFoundError, match="has no image: its record names none"):
        curated.take_all(tmp_path / "found", tmp_path / "training")
    with pytest.raises(FileNotFoundError, match="no image"):
        curated.from_merging(tmp_path / "found", tmp_path / "training")
    assert folder_of(tmp_path) == []


def test_records_that_are_none_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="nothing was handed over"):
        curated.read_iterations(tmp_path)
    (tmp_path / "iterations.json").write_text("[]")
    with pytest.raises(ValueError, match="no record of iterations"):
        curated.read_iterations(tmp_path)
    (tmp_path / "iterations.json").write_text(json.dumps({"iterations_version": 99, "iterations": []}))
    with pytest.raises(ValueError, match="of version 99"):
        curated.read_iterations(tmp_path)
