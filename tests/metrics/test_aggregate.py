import numpy as np
import pandas as pd
import pytest
from random_labels import CASES, random_pair

from helpers import metrics

NAMES = ["a", "b", "c", "d"]
COUNTS = ["tp", "fp", "fn"]


@pytest.fixture(scope="module")
def images():
    """Truth, a damaged copy and a second annotator's truth of three images of different size, and an empty one."""
    pairs = [random_pair(*case) for case in CASES[:2]] + [random_pair(22, (40, 50), 5), (np.zeros((9, 9), int),) * 2]
    truths, damaged = (dict(zip(NAMES, side)) for side in zip(*pairs))
    second = {name: np.roll(truths[name], 1, axis=0) for name in "ab"}
    return truths, {"damaged": damaged, "perfect": truths}, second


@pytest.fixture(scope="module")
def evaluation(images):
    truths, found, second = images
    return metrics.evaluate(truths, found, second_truths=second, groups=dict(zip(NAMES, "xxyy")), thresholds=[500, 700])


def test_each_image_by_itself(images, evaluation):
    truths, found, second = images
    for method, name in (("damaged", "c"), ("perfect", "d"), ("second annotator", "a")):
        pair = truths[name], (found | {"second annotator": second})[method][name]

        def rows(table, method=method, name=name):
            return (
                table[(table["method"] == method) & (table["image"] == name)]
                .drop(columns=["method", "image", "group"])
                .reset_index(drop=True)
            )

        pd.testing.assert_frame_equal(rows(evaluation.matching), metrics.match(*pair, [500, 700]))
        pd.testing.assert_frame_equal(rows(evaluation.errors), metrics.error_kinds(*pair))
        pd.testing.assert_frame_equal(rows(evaluation.sizes), metrics.errors_by_size(*pair))
        pd.testing.assert_frame_equal(rows(evaluation.objects), metrics.object_table(*pair), check_dtype=False)
        np.testing.assert_array_equal(rows(evaluation.scores).to_numpy(float)[0], np.array(metrics.instance_scores(*pair), float))


def test_the_ceiling_stands_in_the_same_tables(evaluation):
    for table in evaluation:
        assert table["method"].unique().tolist() == ["damaged", "perfect", "second annotator"]
    assert evaluation.matching["group"].tolist() == list("xxxxyyyy" * 2 + "xxxx")
    ceiling = metrics.summarize(evaluation.matching, "method").query("method == 'second annotator'")
    assert (ceiling["images"] == 2).all()


def test_micro_pools_and_macro_averages(evaluation):
    by = ["method", "group"]
    summary = metrics.summarize(evaluation.matching, by).set_index([*by, "threshold", "average"])
    for (method, group, threshold), rows in evaluation.matching.groupby([*by, "threshold"]):
        micro, macro = (summary.loc[(method, group, threshold, average)] for average in ("micro", "macro"))
        tp, fp, fn = (rows[name].sum() for name in COUNTS)
        assert micro[COUNTS].tolist() == macro[COUNTS].tolist() == [tp, fp, fn]
        assert micro["f1"] == pytest.approx(2 * tp / (2 * tp + fp + fn))
        assert micro["precision"] == pytest.approx(tp / (tp + fp))
        assert micro["sq"] == pytest.approx(np.nansum(rows["sq"] * rows["tp"]) / tp)
        assert micro["pq"] == pytest.approx(micro["f1"] * micro["sq"])
        assert macro["f1"] == pytest.approx(np.nanmean(rows["f1"]))
        assert macro["pq"] == pytest.approx(np.nanmean(rows["pq"]))


def test_images_left_out_are_counted():
    """One with objects on both sides, one without truth, one with nothing found, one with neither."""
    empty, one = np.zeros((3, 4), int), np.eye(3, 4, dtype=int)
    table = pd.concat([metrics.match(*pair, [500]) for pair in ((one, one), (empty, one), (one, empty), (empty, empty))])
    macro = metrics.summarize(table).set_index("average").loc["macro"]
    assert macro[["n_undefined", "n_undefined_precision", "n_undefined_recall", "n_undefined_sq"]].tolist() == [1, 2, 2, 3]
    assert macro[["precision", "recall", "f1", "sq"]].tolist() == pytest.approx([1 / 2, 1 / 2, 1 / 3, 1])
    only_empty = metrics.summarize(metrics.match(empty, empty, [500])).set_index("average").loc["macro"]
    assert np.isnan(only_empty["f1"])


def test_mean_over_thresholds(evaluation):
    summary = metrics.summarize(evaluation.matching, "method")
    means = metrics.mean_over_thresholds(summary, "method").set_index(["method", "average"])
    rows = summary[(summary["method"] == "damaged") & (summary["average"] == "macro")]
    assert means.loc[("damaged", "macro"), "mean_f1"] == pytest.approx(rows["f1"].mean())
    assert means.loc[("perfect", "micro")].tolist() == [1] * 6
    truth = np.array([[1, 1, 1, 1, 0]])
    assert metrics.mean_over_thresholds(metrics.match(truth, np.where(np.arange(5) < 3, truth, 0)))["mean_ap"].item() == pytest.approx(0.6)


def test_errors_and_sizes_are_added_up(images):
    truths, found, _ = images
    classes = {"size_edges": [100, 200], "size_names": ["a", "b", "c"]}
    result = metrics.evaluate(truths, found, groups=dict(zip(NAMES, "xxyy")), object_threshold=600, **classes)
    errors = metrics.pool_errors(result.errors, ["method", "group"]).set_index(["method", "group", "kind", "rule"])
    single = [metrics.error_kinds(truths[name], found["damaged"][name], threshold=600) for name in "ab"]
    row = errors.loc[("damaged", "x", "split", "coverage")]
    assert row["count"] == sum(table["count"][4] for table in single) > 0
    assert row["per_truth"] == pytest.approx(row["count"] / sum(truths[name].max() for name in "ab"))
    assert row["per_found"] == pytest.approx(row["count"] / sum(found["damaged"][name].max() for name in "ab"))
    sizes = metrics.pool_sizes(result.sizes, "method")
    by_image = [metrics.errors_by_size(truths[name], found["damaged"][name], threshold=600, **classes) for name in NAMES]
    expected = sum(table[["truth_objects", "missed", "found_objects", "extra"]] for table in by_image)
    pooled = sizes[sizes["method"] == "damaged"].set_index("size_class")
    assert (pooled[expected.columns].to_numpy() == expected.to_numpy()).all()
    assert pooled["missed_fraction"].to_numpy() == pytest.approx((expected["missed"] / expected["truth_objects"]).to_numpy(), nan_ok=True)
    assert list(sizes.columns) == ["method", *metrics.errors_by_size(*[truths["a"]] * 2).columns]


def test_band_over_images(evaluation):
    band = metrics.spread_over_images(evaluation.matching, "f1", "method", quantiles=(0.1, 0.9)).set_index(["method", "threshold"])
    values = evaluation.matching.query("method == 'damaged' and threshold == 500")["f1"].dropna()
    assert len(values) == 3  # the empty image has no f1
    assert band.loc[("damaged", 500)].tolist() == pytest.approx(
        [values.mean(), values.quantile(0.1), values.median(), values.quantile(0.9), 3]
    )
    with pytest.raises(ValueError, match="in order"):
        metrics.spread_over_images(evaluation.matching, quantiles=(0.9, 0.1))
    with pytest.raises(ValueError, match="no column dice"):
        metrics.spread_over_images(evaluation.matching, "dice")


def test_where_truth_is_not_known(images):
    truths, found, _ = images
    ignore = {"a": np.indices(truths["a"].shape)[0] > 50}
    result = metrics.evaluate(truths, {"m": found["damaged"]}, ignore=ignore, thresholds=[600])
    pair = truths["a"], found["damaged"]["a"]
    rows = result.matching.set_index("image")[COUNTS]
    assert rows.loc["a"].tolist() == metrics.match(*pair, [600], ignore=ignore["a"])[COUNTS].iloc[0].tolist()
    assert rows.loc["a"].tolist() != metrics.match(*pair, [600])[COUNTS].iloc[0].tolist()


def test_conventions_reach_the_matching(images):
    truths, found, _ = images
    result = metrics.evaluate({"d": truths["d"]}, {"m": {"d": truths["d"]}}, thresholds=[500], empty_score=1.0)
    assert result.matching["f1"].tolist() == [1]
    assert list(result.scores.columns[:3]) == ["method", "image", "truth_objects"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda truths, found: ({}, {}), "no true label image"),
        (lambda truths, found: (truths, {"m": {"a": truths["a"]}}), "m has no label image for b, c, d: an image without objects"),
        (lambda truths, found: ({"a": truths["a"]}, found), "without truth, b, c, d"),
        (lambda truths, found: (truths, {"second annotator": truths}), "rename it"),
    ],
)
def test_missing_images(images, change, words):
    truths, found = change(*images[:2])
    with pytest.raises(ValueError, match=words):
        metrics.evaluate(truths, found, second_truths={})


def test_bad_images_are_named(images):
    truths = images[0]
    with pytest.raises(TypeError, match="m, a: found is a mask"):
        metrics.evaluate({"a": truths["a"]}, {"m": {"a": truths["a"] > 0}})
    with pytest.raises(ValueError, match="groups has no entry for b, c, d"):
        metrics.evaluate(truths, {"m": truths}, groups={"a": "x"})
    with pytest.raises(ValueError, match="no column threshold, tp"):
        metrics.summarize(pd.DataFrame({"f1": [1]}))
    with pytest.raises(ValueError, match="no column precision"):
        metrics.mean_over_thresholds(pd.DataFrame({"f1": [1]}))
    with pytest.raises(ValueError, match="no column kind"):
        metrics.pool_errors(pd.DataFrame({"count": [1]}))
    with pytest.raises(ValueError, match="no column size_class"):
        metrics.pool_sizes(pd.DataFrame({"count": [1]}))
