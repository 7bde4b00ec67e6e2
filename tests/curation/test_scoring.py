"""Scores are kept apart by scorer, and agreement is what the papers compute by hand."""

import math
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.curation import (
    Item,
    Queue,
    Score,
    Scoring,
    agreement,
    cohen_kappa,
    field_scores,
    fleiss_kappa,
    percentages,
    read_scores,
    score,
)  # fmt: skip

NAMES = ["a", "b", "c", "d"]


@pytest.fixture
def waiting() -> Queue:
    return Queue([Item(name, Path(f"/data/{name}.tif")) for name in NAMES], {})


def square(table: list[list[int]]) -> tuple[list[str], list[str]]:
    """Return the two lists of scores that a table of counts stands for."""
    pairs = [(str(row), str(column)) for row, counts in enumerate(table) for column, count in enumerate(counts) for _ in range(count)]
    return [one for one, _ in pairs], [other for _, other in pairs]


@pytest.mark.parametrize(
    ("table", "kappa"),
    [
        ([[20, 5], [10, 15]], 0.4),  # observed 35/50; chance 25 * 30 + 25 * 20 of 2500
        ([[45, 15], [25, 15]], 0.13043478),  # (0.60 - 0.54) / 0.46
        ([[25, 35], [5, 35]], 0.25925926),  # (0.60 - 0.46) / 0.54
        ([[88, 14, 18], [10, 40, 10], [2, 6, 12]], 0.49152542),  # (0.70 - 0.41) / 0.59
        ([[0, 7], [7, 0]], -1.0),
    ],
)
def test_cohens_kappa_of_tables_worked_by_hand(table, kappa):
    assert cohen_kappa(*square(table)).kappa == pytest.approx(kappa)


# Fourteen raters put ten items into five categories; the example that is worked out in full in many textbooks. Kappa is 0.210.
FLEISS = [[0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
          [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7]]  # fmt: skip


def test_fleiss_kappa_of_the_textbook_example():
    scores = [[str(word) for word, count in enumerate(row) for _ in range(count)] for row in FLEISS]
    found = fleiss_kappa(scores)
    assert round(found.observed, 3) == 0.378
    assert round(found.expected, 3) == 0.213
    assert round(found.kappa, 3) == 0.210
    assert (found.items, found.scorers) == (10, 14)


WORDS = st.sampled_from(["fine", "wrong", "unsure"])


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=30))
def test_kappa_has_the_properties_of_one(pairs):
    first, second = zip(*pairs)
    one, other = cohen_kappa(first, second), cohen_kappa(second, first)
    assert one == other or math.isnan(one.kappa)
    same = cohen_kappa(first, first).kappa
    assert same == pytest.approx(1) if len(set(first)) > 1 else math.isnan(same)
    pooled = [*first, *second]
    chance = sum((pooled.count(word) / len(pooled)) ** 2 for word in set(pooled))
    pi = fleiss_kappa(pairs)
    assert pi.expected == pytest.approx(chance)
    assert pi.observed == pytest.approx(one.observed)


def test_what_cannot_be_compared_gets_a_sentence():
    with pytest.raises(ValueError, match="of the same items are wanted, got 1 and 2"):
        cohen_kappa(["fine"], ["fine", "wrong"])
    with pytest.raises(ValueError, match="got no items"):
        fleiss_kappa([])
    with pytest.raises(ValueError, match=r"got \[2, 3\]"):
        fleiss_kappa([["fine"] * 3, ["fine"] * 2])


def test_each_score_is_in_the_file_at_once_and_can_be_undone(tmp_path, waiting):
    path = tmp_path / "scores_AB.csv"
    with Scoring(path, waiting, who="AB") as scoring:
        first = scoring.current().image
        start = path.read_bytes()
        scoring.score("fine", object=7, seconds=1)
        assert scoring.current().image == first, "a cell's score does not end the field"
        assert scoring.score("wrong", comment="two merged").image != first
        assert pd.read_csv(path, dtype=str).fillna("")[["object", "score", "comment"]].values.tolist() == [
            ["7", "fine", ""],
            ["", "wrong", "two merged"],
        ]
        scoring.score("unsure", first)
        assert scoring.of(first) == {"7": "fine", "": "unsure"}
        assert [scoring.undo(), scoring.undo(), scoring.undo(), scoring.undo()] == [(first, ""), (first, ""), (first, "7"), None]
        assert path.read_bytes() == start
        with pytest.raises(ValueError, match="one of fine, wrong, unsure, got 'good'"):
            scoring.score("good")
        for _ in NAMES:
            scoring.score("fine")
        with pytest.raises(ValueError, match="all have a score"):
            scoring.score("fine")


def test_scorers_are_blind_to_one_another(tmp_path):
    waiting = Queue([Item(f"cell_{n}", Path("x")) for n in range(12)], {})
    orders = {}
    for who in ("AB", "CD"):
        with Scoring(tmp_path / f"{who}.csv", waiting, who=who) as scoring:
            orders[who] = [item.image for item in scoring.items]
            scoring.score("fine")
        with Scoring(tmp_path / f"{who}.csv", waiting, who=who) as scoring:
            assert [item.image for item in scoring.items] == orders[who]
            assert scoring.current().image == orders[who][1]
    assert orders["AB"] != orders["CD"]
    assert sorted(orders["AB"]) == sorted(orders["CD"])
    with pytest.raises(ValueError, match=r"AB\.csv holds the scores of AB"):
        Scoring(tmp_path / "AB.csv", waiting, who="CD")
    with pytest.raises(ValueError, match="who is empty"):
        Scoring(tmp_path / "EF.csv", waiting, who=" ")


def test_recorded_scores_give_the_same_file_and_the_right_percentages(tmp_path, waiting):
    recorded = [Score("a", 1, "fine"), Score("a", 2, "fine"), Score("b", 1, "wrong"), Score("b", 2, "fine"), Score("c", 1, "unsure"), Score("d", "", "wrong"),
                Score("d", 1, "fine")]  # fmt: skip
    found = score(waiting, tmp_path / "AB.csv", recorded, who="AB")
    assert found.notes == []
    score(waiting, tmp_path / "copy.csv", tmp_path / "AB.csv", who="AB")
    assert (tmp_path / "copy.csv").read_bytes() == (tmp_path / "AB.csv").read_bytes()
    assert field_scores(found.table).set_index("image")["score"].to_dict() == {"a": "fine", "b": "wrong", "c": "unsure", "d": "wrong"}
    shares = percentages(found.table).set_index("level")
    assert shares.loc["field", ["scored", "fine", "wrong", "unsure", "fine_percent"]].tolist() == [4, 1, 2, 1, 25]
    assert shares.loc["cell", ["scored", "fine", "wrong", "unsure"]].tolist() == [6, 4, 1, 1]


def test_agreement_of_two_and_of_three(tmp_path, waiting):
    words = {"AB": ["fine", "fine", "wrong", "wrong"], "CD": ["fine", "wrong", "wrong", "wrong"], "EF": ["fine", "fine", "wrong", "unsure"]}
    paths = []
    for who, given_scores in words.items():
        paths.append(tmp_path / f"{who}.csv")
        score(waiting, paths[-1], [Score(name, 1, word) for name, word in zip(NAMES, given_scores)], who=who)
    two = agreement(read_scores(paths[:2]).table)
    assert two[["scorers", "measure", "items"]].values.tolist() == [["AB, CD", "Cohen's kappa", 4]]
    assert two["kappa"][0] == pytest.approx(0.5)
    three = agreement(read_scores(paths).table, "field")
    assert three["measure"].tolist() == ["Cohen's kappa"] * 3 + ["Fleiss' kappa"]
    # Pairs that agree: 3, 1, 3, 1 of 3; shares 5/12, 6/12, 1/12.
    observed, expected = (3 + 1 + 3 + 1) / 12, (25 + 36 + 1) / 144
    assert three["kappa"][3] == pytest.approx((observed - expected) / (1 - expected))
    with pytest.raises(ValueError, match="two scorers or more"):
        agreement(read_scores(paths[:1]).table)
    score(waiting, tmp_path / "GH.csv", [Score("a", 9, "fine")], who="GH")
    with pytest.raises(ValueError, match="AB and GH have scored no cell in common"):
        agreement(read_scores([paths[0], tmp_path / "GH.csv"]).table)


def test_score_files_made_by_hand(tmp_path):
    (tmp_path / "ann.csv").write_text("Image;Score\na;Fine\nb;bad\nc;\n")
    (tmp_path / "ben.csv").write_text("image,score,who\na,wrong,ann\n")
    found = read_scores([tmp_path / "ann.csv"])
    assert found.table[["who", "image", "score"]].values.tolist() == [["ann", "a", "fine"]]
    assert found.notes == ["ann.csv, line 3: the score is none of fine, wrong, unsure; it does not count."]
    with pytest.raises(ValueError, match=r"ann\.csv and ben\.csv are both of ann"):
        read_scores([tmp_path / "ann.csv", tmp_path / "ben.csv"])
    (tmp_path / "both.csv").write_text("image,score,who\na,wrong,ann\nb,fine,ben\n")
    with pytest.raises(ValueError, match="holds scores of ann, ben: keep one file a scorer"):
        read_scores([tmp_path / "both.csv"])
