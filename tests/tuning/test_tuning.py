"""The search finds what was spoiled, judges it on truth it has not seen, keeps the old where nothing is better, and can be stopped."""

import numpy as np
import pytest

from helpers import batch, phantoms, tuning
from helpers.images import Stack, write
from helpers.parameters import INPUTS, check_parameters, literals
from helpers.tuning import search
from helpers.workflows import WORKFLOWS

SHAPE = (12, 112, 112)
SPOILED = {"filament_cutoffs": [0.6]}


@pytest.fixture(scope="module")
def field():
    return phantoms.mitochondria(seed=5, shape=SHAPE)


@pytest.fixture(scope="module")
def planes(field):
    """Truth in three planes alone."""
    truth = np.zeros_like(field.truth)
    truth[[2, 6, 10]] = field.truth[[2, 6, 10]]
    return tuning.example(field.stack, truth, planes=[2, 6, 10])


@pytest.fixture(scope="module")
def tuned(planes):
    return tuning.tune("tomm20", [planes], knobs=["filament_cutoffs"], values=SPOILED, evaluations=25)


def dice(truth, found):
    return 2 * np.count_nonzero(truth & found) / (np.count_nonzero(truth) + np.count_nonzero(found))


def test_a_spoiled_cutoff_is_found_again(tuned, field):
    """The gain that is reported is the one on the plane held out, counted anew here."""
    assert tuned.kept
    assert tuned.where == "plane 6 of mitochondria_5"
    workflow = WORKFLOWS["tomm20"]
    before, after = (dice(field.truth[6], workflow(field.stack.raw, **values)[6]) for values in (tuned.old, tuned.values))
    assert tuned.held_out == pytest.approx((before, after))
    assert after - before > 0.15
    assert after > dice(field.truth[6], workflow(field.stack.raw)[6]) - 0.06, "about as good as the published cutoff"
    assert {name for name in tuned.values if tuned.values[name] != tuned.old[name]} == {"filament_cutoffs"}
    assert tuned.evaluations == len(tuned.history) == 25
    assert tuned.history["filament_cutoffs[0]"].iloc[0] == 0.6, "the present value comes first"
    assert tuned.history["best"].is_monotonic_increasing
    assert "new values are kept" in tuned.sentence()


def test_the_seed_decides_everything(tuned, planes):
    again = tuning.tune("tomm20", [planes], knobs=["filament_cutoffs"], values=SPOILED, evaluations=25)
    assert again.values == tuned.values
    assert again.history.equals(tuned.history)


def test_the_dials_the_mask_answers_to_are_turned_where_none_is_named(planes):
    tuned = tuning.tune("tomm20", [planes], values=SPOILED, evaluations=5)
    table = tuning.sensitivity("tomm20", planes.stack, SPOILED).table
    assert set(tuned.dials) == set(table["dial"].iloc[:4])


def test_nothing_better_keeps_the_old(planes):
    tuned = tuning.tune("tomm20", [planes], knobs=["minimum_size"], evaluations=8, minimum_gain=0.5)
    assert not tuned.kept
    assert tuned.values == dict(WORKFLOWS["tomm20"].published)
    assert "Nothing better" in tuned.sentence()
    assert "old values are kept" in tuned.sentence()


def test_better_where_the_search_looked_but_worse_elsewhere_keeps_the_old(field):
    """The truth that is used was made with too high a cutoff; the truth held out is right."""
    wrong = WORKFLOWS["tomm20"](field.stack.raw, filament_cutoffs=[0.8])
    other = phantoms.mitochondria(seed=6, shape=SHAPE)
    used, held = tuning.example(field.stack, wrong, whole=True), tuning.example(*other, whole=True)
    tuned = tuning.tune("tomm20", [used], held_out=[held], knobs=["filament_cutoffs"], evaluations=20)
    assert tuned.used[1] > tuned.used[0] + 0.1
    assert not tuned.kept
    assert tuned.values["filament_cutoffs"] == [0.16]


def test_the_stop_button_gives_the_best_so_far(planes):
    calls = []

    def score(truth, found):
        calls.append(1)
        if len(calls) == 7:
            raise KeyboardInterrupt
        return tuning.dice(truth, found)

    tuned = tuning.tune("tomm20", [planes], knobs=["filament_cutoffs"], values=SPOILED, score=score)
    assert (tuned.stopped, tuned.evaluations) == ("interrupted", 6)
    assert tuned.found["filament_cutoffs"][0] == tuned.history.loc[tuned.history["score"].idxmax(), "filament_cutoffs[0]"]


def test_time_and_exhausted_values_end_the_search(planes):
    assert tuning.tune("tomm20", [planes], knobs=["minimum_size"], seconds=1e-9).evaluations == 1
    one_place = tuning.tune("slc25a17", [planes], knobs=["peak_distance"], evaluations=60)
    assert one_place.stopped == "every value was tried"
    assert one_place.evaluations <= 10


def test_the_search_runs_on_a_crop_only_where_that_gives_the_same():
    stack, truth = phantoms.peroxisomes(seed=5, shape=(12, 200, 200))
    known = np.zeros(truth.shape, bool)
    known[:, 40:104, 60:130] = True
    one = tuning.example(stack, truth & known, known=known)
    workflow = WORKFLOWS["slc25a17"]
    crop = search._near(workflow, one, workflow.published)
    assert crop.image.raw.shape == (12, 128, 134)
    assert dice(crop.truth, crop.found(workflow, workflow.published)) == pytest.approx(
        dice(one.truth, workflow(stack.raw) & known), abs=0.002
    )
    strict = search._near(WORKFLOWS["npm1"], one, WORKFLOWS["npm1"].published)
    assert strict.image.raw.shape == stack.raw.shape, "its cutoffs are those of the whole stack"
    assert search._near(workflow, tuning.example(stack, truth, whole=True), workflow.published).image.raw.shape == stack.raw.shape


def test_images_are_held_out_whole_and_labels_count_as_structure(field):
    fields = [phantoms.mitochondria(seed, shape=(6, 64, 64)) for seed in range(3)]
    examples = [tuning.example(stack, truth.astype(np.uint16) * 7, whole=True) for stack, truth in fields]
    parts = tuning.split(examples, seed=1)
    assert (len(parts.used), len(parts.held_out)) == (2, 1)
    assert parts.held_out[0].stack.name in parts.where
    assert {one.stack.name for one in parts.used} | {parts.held_out[0].stack.name} == {f"mitochondria_{seed}" for seed in range(3)}


@pytest.mark.parametrize("wide", [False, True])
def test_one_region_is_cut_with_room_between(field, wide):
    known = np.zeros(SHAPE, bool)
    known[3:9, 10:60, 5 : 107 if wide else 50] = True
    parts = tuning.split([tuning.example(field.stack, field.truth & known, known=known)])
    (used,), (held,) = parts.used, parts.held_out
    axis = 2 if wide else 1
    last, first = (np.flatnonzero(one.known.any(axis=tuple({0, 1, 2} - {axis}))) for one in (used, held))
    assert first[0] - last[-1] > 8
    assert not (used.known & held.known).any()
    assert (used.known | held.known)[known].mean() > 0.8
    assert 0.4 < used.truth.sum() / (used.truth.sum() + held.truth.sum()) < 0.8


def test_neighbouring_planes_are_never_parted(field):
    planes = [1, 2, 3, 6, 7, 10]
    truth = field.truth & np.isin(np.arange(SHAPE[0]), planes)[:, None, None]
    parts = tuning.split([tuning.example(field.stack, truth)])
    used, held = (np.flatnonzero(part[0].known.any(axis=(1, 2))) for part in (parts.used, parts.held_out))
    assert np.abs(used[:, None] - held[None]).min() > 1
    assert sorted([*used, *held]) == planes


BAD = {
    "another shape": (lambda t: dict(truth=t[:, :-1]), r"has the shape \(12, 111, 112\), the image \(12, 112, 112\)"),
    "no such plane": (lambda t: dict(truth=t, planes=[3, 12]), "has no plane 12: its planes are numbered 0 to 11"),
    "negative plane": (lambda t: dict(truth=t, planes=[-1]), "has no plane -1"),
    "plane twice": (lambda t: dict(truth=t, planes=[3, 3]), "plane 3 of mitochondria_5 is named twice"),
    "truth in a plane not named": (lambda t: dict(truth=t, planes=[2]), "outside the part that is known, in plane 0, 1, 3"),
    "truth outside the region": (lambda t: dict(truth=t, known=np.indices(t.shape)[1] < 50), "outside the part that is known"),
    "nothing marked": (lambda t: dict(truth=t & False, whole=True), "nothing is marked"),
    "everything marked": (lambda t: dict(truth=t | True, whole=True), "some background must be known"),
    "whole and a part": (lambda t: dict(truth=t, whole=True, planes=[1]), "everywhere and in a part only"),
    "region of another shape": (lambda t: dict(truth=t, known=t[0]), "the known region of mitochondria_5 has the shape"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_truth_gets_a_sentence(case, field):
    arguments, sentence = BAD[case]
    with pytest.raises(ValueError, match=sentence):
        tuning.example(field.stack, **arguments(field.truth))


def test_truths_that_contradict_each_other(field, planes):
    wrong = tuning.example(field.stack, np.roll(field.truth, 3, axis=2), whole=True)
    with pytest.raises(ValueError, match=r"two truths of mitochondria_5 contradict each other in \d+ voxel"):
        tuning.tune("tomm20", [planes, wrong])
    right = tuning.example(field.stack, field.truth, whole=True)
    (both,) = tuning.merged([planes, right])
    np.testing.assert_array_equal(both.truth, field.truth)
    with pytest.raises(ValueError, match="both used and held out"):
        tuning.tune("tomm20", [planes], held_out=[right])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (dict(workflow="tom20"), "did you mean 'tomm20'"),
        (dict(knobs=["spot_cutoffs"]), "tomm20 has no knob 'spot_cutoffs'"),
        (dict(knobs=["minimum_size", "minimum_size"]), "named twice"),
        (dict(values={"minimum_size": -1}), "minimum_size must be at least 0"),
        (dict(evaluations=0), "evaluations must be at least 2"),
        (dict(examples=[]), "there is no example"),
    ],
)
def test_bad_searches_get_a_sentence(arguments, sentence, planes):
    with pytest.raises(ValueError, match=sentence):
        tuning.tune(**{"workflow": "tomm20", "examples": [planes], **arguments})


def test_an_image_that_is_refused_at_all_values_raises_the_sentence():
    stack = Stack(np.random.default_rng(0).integers(90, 110, (2, 40, 40), np.uint16), (0.3, 0.1, 0.1), "two planes")
    truth = np.zeros(stack.raw.shape, bool)
    truth[:, 5:15, 5:30] = True
    with pytest.raises(ValueError, match="planes? ?"):
        tuning.tune("actb", [tuning.example(stack, truth, whole=True)], knobs=["minimum_size"], evaluations=5)


def test_too_little_truth_to_hold_a_part_out(field):
    known = np.zeros(SHAPE, bool)
    known[5, 50:58, 50:58] = True
    truth = known & (np.indices(SHAPE)[2] < 54)
    with pytest.raises(ValueError, match="too small to hold a part of it out: annotate a second plane"):
        tuning.split([tuning.example(field.stack, truth, known=known)])


def test_truth_from_files(field, tmp_path):
    truth = np.zeros(SHAPE, np.uint8)
    truth[[1, 8]] = field.truth[[1, 8]] * 255
    path = write(tmp_path / "truth.ome.tif", truth > 0, field.stack.voxel_size)
    region = write(tmp_path / "region.ome.tif", np.indices(SHAPE)[0] < 9, field.stack.voxel_size)
    one = tuning.read_example(field.stack, path)
    np.testing.assert_array_equal(np.flatnonzero(one.known.any(axis=(1, 2))), [1, 8])
    assert tuning.read_example(field.stack, path, known_path=region).known.sum() == 9 * SHAPE[1] * SHAPE[2]
    with pytest.raises(ValueError, match="has no truth"):
        tuning.read_example(field.stack, "")


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_parameter_file_and_text_are_read_back(workflow, tmp_path):
    values = dict(WORKFLOWS[workflow].published)
    path = tuning.write_parameters(tmp_path / "tuned.yaml", workflow, values, "0.5 before,\n0.6 after")
    back = batch._from_yaml(str(path))
    assert back == values
    check_parameters(back, {**INPUTS, **values}, workflow)
    assert literals(tuning.as_text(workflow, values)) == values


def test_parameter_files_of_numpy_numbers_and_bad_ones(tmp_path):
    path = tuning.write_parameters(tmp_path / "t.yaml", "tomm20", {"filament_cutoffs": np.array([0.25]), "minimum_size": np.int64(3)})
    assert batch._from_yaml(str(path)) == {"filament_cutoffs": [0.25], "minimum_size": 3}
    with pytest.raises(ValueError, match="ends in .yaml"):
        tuning.write_parameters(tmp_path / "t.json", "tomm20", {})
    with pytest.raises(TypeError, match="did you mean 'minimum_size'"):
        tuning.write_parameters(tmp_path / "u.yaml", "tomm20", {"minimum_sise": 3})
    assert [item.name for item in tmp_path.iterdir()] == ["t.yaml"]


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_dials_hold_the_published_values_and_their_steps(workflow):
    row = WORKFLOWS[workflow]
    dials = tuning.dials(row, row.published)
    assert len(dials) == sum(len(value) if isinstance(value, list) else 1 for value in row.published.values())
    for dial in dials:
        now = row.published[dial.name] if dial.index is None else row.published[dial.name][dial.index]
        assert dial.value(dial.position(now)) == pytest.approx(now, abs=dial.step)
        ends = [dial.value(at) for at in np.linspace(0, 1, 7)]
        assert ends == sorted(ends)
        assert isinstance(ends[3], int) == dial.whole
        changed = tuning.turned(row.published, {dial: dial.value(0.5)})
        assert [name for name in changed if changed[name] != row.published[name]] in ([dial.name], [])


def test_sensitivity_is_the_change_of_the_mask(field):
    found = tuning.sensitivity("tomm20", field.stack)
    workflow = WORKFLOWS["tomm20"]
    np.testing.assert_array_equal(found.mask, workflow(field.stack.raw))
    assert found.table["change"].is_monotonic_decreasing
    row = found.table.set_index("dial").loc["filament_cutoffs[0]"]
    higher = workflow(field.stack.raw, filament_cutoffs=[row["up"]])
    assert row["up"] > 0.16 > row["down"]
    assert row["change_up"] == pytest.approx(1 - dice(found.mask, higher))
    assert not ((higher != found.mask) & ~found.changed["filament_cutoffs[0]"]).any()


def test_one_contrast_for_many_images(tmp_path):
    stacks = [phantoms.mitochondria(seed, shape=(6, 64, 64)).stack for seed in range(3)]
    brighter = Stack(stacks[0].raw * 3, stacks[0].voxel_size, "brighter")
    common = tuning.common_contrast([*stacks, brighter])
    assert common.table["image"].tolist() == [f"mitochondria_{seed}" for seed in range(3)] + ["brighter"]
    assert common.contrast.high == common.table["high"].median()
    assert common.table["high"].iloc[3] == common.table["high"].iloc[0], "brightness as such does not count"
    path = write(tmp_path / "one.ome.tif", stacks[1].raw, stacks[1].voxel_size)
    assert tuning.common_contrast([path]).table[["low", "high"]].iloc[0].tolist() == common.table[["low", "high"]].iloc[1].tolist()
    with pytest.raises(ValueError, match="there is no image"):
        tuning.common_contrast([])
