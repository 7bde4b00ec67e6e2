"""Sort, merge and correct in a real browser; what lies on the disk afterwards is what was done."""

import csv

import numpy as np

from helpers import images

RESULTS = """
from pathlib import Path
from helpers import curation, images, phantoms, views
folder = Path("work")
for name in ("raw", "found"): (folder / name).mkdir(parents=True, exist_ok=True)
for seed in range(4):
    stack, truth = phantoms.peroxisomes(seed=seed, shape=(8, 64, 64))
    images.write(folder / "raw" / f"cell_{seed}.ome.tif", stack.raw, stack.voxel_size)
    images.write(folder / "found" / f"cell_{seed}_mask.ome.tif", truth, stack.voxel_size)
waiting = curation.queue(folder / "found", folder / "raw")
"""
SORT = ("sorter = views.sort(waiting, folder / 'sorted.csv', who='AB')\nsorter",)

HALVES = """
import numpy as np
from helpers import phantoms, views
stack, truth = phantoms.peroxisomes(shape=(8, 64, 64))
first, second = truth.copy(), truth.copy()
first[:, :, :32], second[:, :, 32:] = False, False
merger = views.merge(stack, first, second, "merged", who="AB")
merger
"""

SQUARES = """
import numpy as np
from helpers import views
from helpers.images import Stack
labels = np.zeros((1, 40, 40), np.int32)
labels[0, 4:12, 4:36], labels[0, 20:28, 4:20], labels[0, 20:28, 20:36] = 1, 2, 3
editor = views.correct(labels, Stack((labels > 0).astype(np.uint16) * 300 + 20, (1, 0.5, 0.5), "field"), "labels", who="AB")
editor
"""


def rows(path) -> dict[str, dict]:
    with open(path, encoding="utf-8-sig") as file:
        return {row["image"]: row for row in csv.DictReader(file)}


def test_sorted_by_key_stopped_and_resumed(open_notebook):
    nb = open_notebook(RESULTS, *SORT).run_all()
    nb.wait(nb.pictures, "the first image")
    cells = nb.cells()
    nb.canvas.focus()
    for key, left in (("a", 3), ("r", 2), ("u", 3), ("l", 2), ("a", 1)):
        nb.page.keyboard.press(key)
        nb.wait_for("sorter.sorting.progress().undecided", str(left))
    assert nb.cells() == cells, "keys reached the notebook"
    path = nb.lab["root"] / "work" / "sorted.csv"
    decided = [row["decision"] for row in rows(path).values()]
    assert decided == ["accept", "later", "accept", ""]
    nb.restart()  # in the middle of the sitting
    nb.run_all()
    nb.wait_for("sorter.item.image", "'cell_3'")
    nb.canvas.focus()
    nb.page.keyboard.press("r")
    nb.wait_for("sorter.item.image", "'cell_1'")
    assert rows(path)["cell_3"]["decision"] == "reject"


def test_polygon_takes_the_second_result(open_notebook):
    nb = open_notebook(HALVES).run_all()
    before = nb.settled(nb.canvas)
    nb.click(nb.canvas, (0.005, 0.005), (0.5, 0.005), (0.5, 0.99), (0.005, 0.99))
    nb.page.keyboard.press("Enter")
    nb.wait_for("len(merger.drawings['regions'].regions)", "1")
    assert nb.ask("bool((merger.merged() != truth).mean() < 0.002)") == "True"
    nb.settled(nb.canvas, unlike=before)
    nb.page.keyboard.press("u")
    nb.wait_for("bool((merger.merged() == first).all())", "True")
    nb.page.keyboard.press("y")
    nb.wait_for("len(merger.drawings['regions'].regions)", "1")
    nb.button("save").click()
    folder = nb.lab["root"] / "merged"
    nb.wait(lambda: list(folder.glob("*_record.json")), "the record")
    (saved,) = folder.glob("*_mask.ome.tif")
    assert nb.ask("int(merger.merged().sum())") == str(int((images.read(saved).raw > 0).sum()))


def test_labels_cut_joined_and_saved(open_notebook):
    nb = open_notebook(SQUARES).run_all()
    nb.settled(nb.canvas)
    nb.canvas.focus()
    nb.page.keyboard.press("l")
    nb.wait_for("editor.tool", "'cut'")
    nb.drag(nb.canvas, (0.5, 0.05), (0.5, 0.35))
    nb.wait_for("len(editor.correction.edits)", "1")
    nb.page.keyboard.press("v")
    nb.wait_for("editor.viewer.canvas.tool", "'point'")
    nb.page.keyboard.press("Escape")
    nb.wait_for("editor.chosen", "[]")
    nb.click(nb.canvas, (0.25, 0.6))
    nb.wait_for("editor.chosen", "[2]")
    nb.click(nb.canvas, (0.75, 0.6))
    nb.wait_for("editor.chosen", "[2, 3]")
    nb.page.keyboard.press("m")
    nb.wait_for("len(editor.correction.edits)", "2")
    nb.button("save").click()
    folder = nb.lab["root"] / "labels"
    nb.wait((folder / "corrections.csv").exists, "the row of the time spent")
    (saved,) = folder.glob("*_labels.ome.tif")
    labels = images.read_labels(saved).reshape(40, 40)
    assert labels[8, 8] != labels[8, 32] != 0
    assert labels[24, 8] == labels[24, 32] == 2
    assert (labels[4:12, 4:36] > 0).all()
    assert len(np.unique(labels)) == 4
    assert float(rows(folder / "corrections.csv")["field"]["seconds"]) > 0
