"""Reports: curves and bars show the numbers of the tables, and the page holds all it shows."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from helpers import figures, images, metrics, phantoms


@pytest.fixture(scope="module")
def result():
    truths = {f"image_{seed}": phantoms.nuclei_2d(seed, shape=(128, 128), nuclei=10)[1] for seed in range(3)}
    bad = {name: phantoms.damage(truth, 1, missed=2, merged=1, extra=1, wobble=0).found for name, truth in truths.items()}
    return metrics.evaluate(truths, {"bad <1>": bad, "perfect": truths}, second_truths={"image_0": truths["image_0"]})


def test_curves_are_the_means_and_bands_over_images(result):
    axes = figures.score_curves(result.matching).axes[0]
    lines = {line.get_label(): line for line in axes.lines}
    assert list(lines) == ["bad <1>", "perfect", "second annotator"]
    mean = result.matching[result.matching["method"] == "bad <1>"].groupby("threshold")["f1"].mean()
    assert np.allclose(lines["bad <1>"].get_ydata(), mean)
    assert np.allclose(lines["bad <1>"].get_xdata(), mean.index / 1000)
    assert (lines["perfect"].get_ydata() == 1).all()
    low, high = axes.collections[0].get_paths()[0].vertices[:, 1].min(), axes.collections[0].get_paths()[0].vertices[:, 1].max()
    spread = metrics.spread_over_images(result.matching, by="method").query("method == 'bad <1>'")
    assert (low, high) == pytest.approx((spread["low"].min(), spread["high"].max()))


def test_methods_differ_by_more_than_colour(result):
    lines = figures.score_curves(result.matching).axes[0].lines
    assert len({line.get_marker() for line in lines}) == len({line.get_color() for line in lines}) == len(lines)


def test_shares_add_up_to_what_is_not_matched(result):
    shares = figures.error_shares(result.objects)
    objects = result.objects
    wrong = objects[(objects["side"] == "truth") & (objects["status"] != "matched")].groupby("method").size()
    of_truth = shares[shares["kind"] != "extra"].groupby("method")["count"].sum()
    assert of_truth["bad <1>"] == wrong["bad <1>"]
    assert of_truth["perfect"] == 0
    assert shares.query("kind == 'extra' and method == 'bad <1>'")["count"].sum() == 3
    empty = shares[shares["objects"] == 0]
    assert empty["share"].isna().all()
    with pytest.raises(ValueError, match="no column status"):
        figures.error_shares(objects.drop(columns="status"))


def test_bars_are_stacked_and_the_line_is_where_it_is_accepted(result):
    shares = figures.error_shares(result.objects)
    picture = figures.error_bars(shares, acceptable=0.2)
    axes = picture.axes[0]
    assert axes.get_title(loc="left") == "bad <1>"
    assert axes.lines[0].get_ydata()[0] == 0.2
    table = shares.query("method == 'bad <1>' and kind != 'extra'").groupby("size_class", sort=False)["share"].sum()
    tops = [max(bar.get_y() + bar.get_height() for bar in axes.patches if abs(bar.get_x() + 0.38 - place) < 0.01) for place in range(4)]
    assert tops == pytest.approx(table.fillna(0).tolist())
    assert len({bar.get_hatch() for bar in axes.patches}) == 5


def test_page_needs_no_other_file_and_lets_no_name_become_markup(result):
    curves = figures.score_curves(result.matching)
    long = pd.DataFrame({"image": [f"<b>{number}" for number in range(50)]})
    text = figures.page("a & <b>", [("Curves", curves), ("Table", long), ("Words", "x < y")], ["left out: <i>"])
    assert "<b>" not in text.replace("&lt;b&gt;", "")
    assert "<i>" not in text
    assert re.findall("src='([^,]*),", text) == ["data:image/png;base64"]
    assert "http" not in text
    assert "and 10 more rows" in text
    with pytest.raises(TypeError, match="got int under 'Number'"):
        figures.page("a", [("Number", 3)])


def test_all_files_or_none(tmp_path, result):
    for name in ("truth", "found"):
        images.write(tmp_path / name / "a.tif", np.eye(5, dtype=np.uint8), (1, 1, 1))
    folders = {"truth": tmp_path / "truth", "found": tmp_path / "found"}
    record = images.record_folders(workflow="test", folders=folders, parameters={"a": [1]}, images=["a"], notes=["one"])
    pictures = {"curves": figures.score_curves(result.matching)}
    paths = figures.save_report(tmp_path / "out", "run", tables={"scores": result.scores}, pictures=pictures, record=record, text="page")
    assert [path.name for path in paths] == ["run_curves.png", "run_report.html", "run_scores.csv", "run_record.json"]
    assert all(path.is_file() for path in paths)
    kept = images.read_record(paths[-1])
    assert kept["inputs"]["truth"]["files"] == 1
    assert kept["inputs"]["truth"]["sha256"] == images.checksum(tmp_path / "truth")
    assert {each["name"]: each["sha256"] for each in kept["outputs"]} == {path.name: images.checksum(path) for path in paths[:-1]}
    assert json.loads(paths[-1].read_text())["parameters"] == {"a": [1]}
    assert len(pd.read_csv(paths[2])) == len(result.scores)
    with pytest.raises(ValueError, match="cannot be the name of an output file"):
        figures.save_report(tmp_path / "other", "run", tables={"a/b": result.scores}, pictures={}, record=record)
    assert not list((tmp_path / "other").iterdir())
