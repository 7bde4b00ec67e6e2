"""Pictures of errors: the list is what was done to truth, the colours are where it was done, and every reader can tell them apart."""

import numpy as np
import pytest

from helpers import figures, images, metrics, phantoms
from helpers.figures.errors import BOX, COLOURS, LETTERS

KIND = {"tight": "outline"}


def listed_as_done(listed):
    """Return a list of errors in the form in which the damage is noted."""
    labels = [[sorted(int(label) for label in text.split("+") if label) for text in listed[side]] for side in ("truth", "found")]
    return sorted(zip(listed["kind"], *labels))


@pytest.mark.parametrize("seed", range(3))
def test_the_list_is_what_was_done(seed):
    pair = phantoms.label_pair(seed=seed)
    listed = figures.error_list(pair.truth, pair.found)
    done = sorted((KIND.get(row.kind, row.kind), sorted(row.truth), sorted(row.found)) for row in pair.errors.itertuples())
    assert listed_as_done(listed) == done
    assert listed["mark"].is_unique
    sizes = np.bincount(pair.truth.ravel())
    for row in listed.itertuples():
        if row.truth:
            assert row.size == sum(sizes[int(label)] for label in row.truth.split("+"))


def test_position_is_the_middle_of_the_object():
    truth = np.zeros((3, 20, 30), int)
    truth[1, 4:7, 10:15] = 8
    row = figures.error_list(truth, np.zeros_like(truth)).iloc[0]
    assert (row["mark"], row["z"], row["y"], row["x"]) == ("M8", 1, 5, 12)


def test_no_objects_no_errors():
    empty = np.zeros((40, 40), int)
    assert len(figures.error_list(empty, empty)) == 0
    assert isinstance(figures.errors(empty, empty), figures.Picture)
    assert isinstance(figures.difference(empty, empty), figures.Picture)
    one = np.pad(np.ones((10, 10), int), 15)
    assert figures.error_list(one, one).empty
    assert figures.error_list(empty, one)["kind"].tolist() == ["extra"]


def drawn(figure):
    return [np.asarray(axes.images[0].get_array()) for axes in figure.axes]


def test_each_kind_is_outlined_in_its_colour_where_it_is():
    """At the size of the panel one pixel is one pixel."""
    truth, found = np.zeros((2, BOX, BOX), int)
    truth[10:60, 10:60], found[10:60, 100:150] = 1, 5  # missed, extra
    truth[100:150, 10:60], found[100:150, 10:35], found[100:150, 35:60] = 2, 6, 7  # split
    truth[200:250, 10:60], truth[200:250, 60:110], found[200:250, 10:110] = 3, 4, 8  # joined
    truth[300:350, 10:60], found[310:340, 20:50] = 9, 9  # outline
    truth[400:450, 10:60] = found[400:450, 10:60] = 10
    figure = figures.errors(truth, found)
    wrong = drawn(figure)[1]
    corners = {"missed": (10, 10), "extra": (10, 100), "split": (100, 10), "merged": (200, 10), "outline": (300, 10), "matched": (400, 10)}
    for kind, (y, x) in corners.items():
        assert tuple(wrong[y, x]) == COLOURS[kind], kind
    assert tuple(wrong[120, 34]) == COLOURS["split"], "the cut is drawn"
    assert {text.get_text() for text in figure.axes[1].texts} == {"M1", "X5", "S2", "J8", "O9"}
    legend = [text.get_text() for text in figure.axes[-1].get_legend().get_texts()]
    assert all(any(line.startswith(f"{letter}  ") and line.endswith("(1)") for line in legend) for letter in LETTERS.values())


def test_difference_counts_and_colours_what_is_in_one_alone():
    truth, found = np.zeros((2, BOX, BOX), np.uint8)
    truth[100:200, 100:200], found[100:200, 150:250] = 1, 2
    figure = figures.difference(truth, found)
    (shown, _) = drawn(figure)
    assert tuple(shown[150, 110]) == COLOURS["missed"]
    assert tuple(shown[150, 240]) == COLOURS["extra"]
    assert len(set(shown[150, 175])) == 1
    legend = [text.get_text() for text in figure.axes[-1].get_legend().get_texts()]
    assert all("5,000 pixels, 33.3%" in line for line in legend)


def test_of_a_stack_the_plane_with_most_errors_is_shown():
    truth = np.zeros((4, 40, 40), int)
    truth[1, 5:15, 5:15] = truth[2, 5:30, 5:30] = 1
    found = np.zeros_like(truth)
    figure = figures.errors(truth, found, truth.astype(np.float32))
    assert "plane 2" in figure.axes[0].get_title(loc="left")
    assert "plane 0" in figures.errors(truth, found, plane=0).axes[0].get_title(loc="left")
    assert "plane 2" in figures.difference(truth, found).axes[0].get_title(loc="left")
    with pytest.raises(ValueError, match="plane must be at least 0 and at most 3"):
        figures.errors(truth, found, plane=4)


def test_too_many_errors_for_marks_are_said():
    truth = np.zeros((60, 60), int)
    truth[::4, ::4] = np.arange(1, 226).reshape(15, 15)
    figure = figures.errors(truth, np.zeros_like(truth))
    assert not figure.axes[1].texts
    assert "225 are too many" in figure.axes[1].get_title(loc="left")


def test_bad_input_is_refused():
    labels = np.zeros((20, 20), int)
    with pytest.raises(TypeError, match=r"helpers\.classic\.components"):
        figures.errors(labels > 0, labels)
    with pytest.raises(ValueError, match="same shape"):
        figures.errors(labels, labels, np.zeros((30, 30)))
    with pytest.raises(ValueError, match="same shape"):
        figures.difference(labels, np.zeros((30, 30), int))


def test_lists_of_many_images_name_the_image():
    truths, empty = {"a": np.eye(3, dtype=int), "b": np.zeros((3, 3), int)}, {name: np.zeros((3, 3), int) for name in "ab"}
    table = figures.error_lists(truths, empty)
    assert table[["image", "mark"]].to_numpy().tolist() == [["a", "M1"]]
    assert list(figures.error_lists(empty, empty).columns) == list(table.columns)
    with pytest.raises(ValueError, match="b: truth and found must have the same shape"):
        figures.error_lists(truths, truths | {"b": np.zeros((4, 4), int)})


SEES_NO = {  # Vienot, F. et al. (1999) Color Res. Appl. 24(4):243-252: what linear RGB becomes without red or green cones
    "red": [[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]],
    "green": [[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]],
}


@pytest.mark.parametrize("cones", SEES_NO)
def test_colours_differ_for_colour_blind_readers(cones):
    from skimage.color import rgb2lab

    linear = (np.array(list(COLOURS.values())) / 255) ** 2.2
    seen = np.clip(linear @ np.transpose(SEES_NO[cones]), 0, 1) ** (1 / 2.2)
    lab = rgb2lab(seen[None])[0]
    apart = np.linalg.norm(lab[:, None] - lab[None], axis=-1)[np.triu_indices(len(lab), 1)]
    assert apart.min() > 12, "colour differences below about 5 are hard to see"


def test_kinds_keep_the_number_of_wrong_objects():
    pair = phantoms.label_pair(seed=1)
    objects = figures.with_kinds(metrics.object_table(pair.truth, pair.found))
    assert ((objects["kind"] == "matched") == (objects["status"] == "matched")).all()
    assert set(objects["kind"]) == {"matched", *LETTERS}


@pytest.mark.real_data
def test_damage_to_real_nuclei_is_listed_exactly(shared):
    """Each error that was made is listed, and nothing else, on real truth: concave, touching, cut by the border."""
    folder = images.LabelFolder(shared / "data" / "dsb2018_stage1" / "labels")
    made = []
    for seed, name in enumerate(list(folder)[::15]):
        truth = folder[name]
        count = max(1, len(np.unique(truth)) // 15)
        found, errors = phantoms.damage(truth, seed, missed=count, extra=count, split=count, merged=count, tight=count)
        done = sorted((KIND.get(row.kind, row.kind), sorted(row.truth), sorted(row.found)) for row in errors.itertuples())
        assert listed_as_done(figures.error_list(truth, found)) == done, name
        made += errors["kind"].tolist()
    assert len(made) > 200
    assert min(made.count(kind) for kind in phantoms.label_pairs.KINDS) > 15
