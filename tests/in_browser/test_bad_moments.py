"""What goes wrong while a person works: the browser closes, the kernel restarts, the disk is full, a second tab opens; what was decided stays."""

import csv
from pathlib import Path

import pytest
from in_jupyterlab import SHUT_DOWN, Notebook, fresh_page

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
RESULTS = """
from pathlib import Path
from helpers import curation, images, phantoms, views
folder = Path("{folder}")
for seed in range(4):
    stack, truth = phantoms.peroxisomes(seed=seed, shape=(8, 48, 48))
    images.write(folder / "raw" / f"cell_{{seed}}.ome.tif", stack.raw, stack.voxel_size)
    images.write(folder / "found" / f"cell_{{seed}}_mask.ome.tif", truth, stack.voxel_size)
waiting = curation.queue(folder / "found", folder / "raw")
sorter = views.sort(waiting, folder / "sorted.csv", who="AB")
sorter
"""
SQUARES = """
import numpy as np
from helpers import views
from helpers.images import Stack
labels = np.zeros((1, 40, 40), np.int32)
labels[0, 4:12, 4:36], labels[0, 20:28, 4:20], labels[0, 20:28, 20:36] = 1, 2, 3
editor = views.correct(labels, Stack((labels > 0).astype(np.uint16) * 300 + 20, (1, 0.5, 0.5), "field"), "restarted", who="AB")
editor
"""
FULL = """
import errno, os
def full(*given): raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
there, os.replace = os.replace, full
"""


def decisions(path) -> dict[str, str]:
    with open(path, encoding="utf-8-sig") as file:
        return {row["image"]: row["decision"] for row in csv.DictReader(file)}


def test_sorting_goes_on_after_a_closed_browser_a_full_disk_and_an_edit_by_hand(open_notebook, lab, chromium):
    nb = open_notebook(RESULTS.format(folder="moments")).run_all()
    nb.wait(nb.pictures, "the first image")
    nb.canvas.focus()
    nb.page.keyboard.press("a")
    nb.wait_for("getattr(sorter.item, 'image', '')", "'cell_1'")
    path = lab["root"] / "moments" / "sorted.csv"

    nb.ask(f"exec({FULL!r})")
    nb.page.keyboard.press("r")
    nb.page.get_by_text("is full: nothing was written there", exact=False).first.wait_for()
    assert decisions(path) == {"cell_0": "accept", "cell_1": "", "cell_2": "", "cell_3": ""}, "the file is whole"
    nb.ask("exec('os.replace = there')")
    nb.page.keyboard.press("r")
    nb.wait_for("getattr(sorter.item, 'image', '')", "'cell_2'")

    text = path.read_text(encoding="utf-8-sig").replace("cell_3,,", "cell_3,reject,dust")  # in Excel, by hand
    path.write_text(text, encoding="utf-8-sig")
    nb.page.keyboard.press("a")
    nb.wait_for("sorter.item is None", "True")
    assert decisions(path) == {"cell_0": "accept", "cell_1": "reject", "cell_2": "accept", "cell_3": "reject"}
    nb.page.keyboard.press("u")
    nb.wait_for("getattr(sorter.item, 'image', '')", "'cell_2'")

    nb.page.keyboard.press("l")
    nb.page.close()  # at once: no time for goodbyes
    with fresh_page(chromium) as page:
        again = Notebook(page, lab, nb.name).open()
        again.run_all()
        again.wait(again.pictures, "the image that waits")
        assert decisions(path)["cell_2"] in ("later", ""), "at most the last answer is lost"
        assert {**decisions(path), "cell_2": ""} == {"cell_0": "accept", "cell_1": "reject", "cell_2": "", "cell_3": "reject"}
        again.canvas.focus()
        page.keyboard.press("a")
        again.wait_for("sorter.item is None", "True")
        page.evaluate(SHUT_DOWN)
    assert decisions(path)["cell_2"] == "accept"


def test_second_tab_on_one_sorting_file_is_refused(open_notebook, lab, chromium):
    nb = open_notebook(RESULTS.format(folder="tabs")).run_all()
    (lab["root"] / "second.ipynb").write_bytes((lab["root"] / nb.name).read_bytes())
    with fresh_page(chromium) as page:
        second = Notebook(page, lab, "second.ipynb").open()
        second.script("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
        page.get_by_text("InUseError: sorted.csv is open", exact=False).first.wait_for()
    nb.wait(nb.pictures, "the first image")
    nb.canvas.focus()
    nb.page.keyboard.press("a")
    nb.wait_for("getattr(sorter.item, 'image', '')", "'cell_1'")
    assert decisions(lab["root"] / "tabs" / "sorted.csv")["cell_0"] == "accept"


def test_label_edits_survive_a_restarted_kernel(open_notebook, lab):
    nb = open_notebook(SQUARES).run_all()
    nb.wait(nb.pictures, "the labels")
    nb.canvas.focus()
    nb.page.keyboard.press("l")
    nb.wait_for("editor.tool", "'cut'")
    nb.drag(nb.canvas, (0.5, 0.05), (0.5, 0.35))
    nb.wait_for("len(editor.correction.edits)", "1")
    nb.restart()
    nb.run_all()
    nb.wait_for("len(editor.correction.edits)", "1")
    assert nb.ask("bool(editor.correction.labels[0, 8, 8] != editor.correction.labels[0, 8, 32])") == "True"
    nb.wait(nb.pictures, "the labels")
    nb.button("undo (u)").click()
    nb.wait_for("bool((editor.correction.labels == labels).all())", "True")


def test_cells_and_fields_scored_by_key(open_notebook, lab):
    source = RESULTS.format(folder="scored").replace('sorter = views.sort(waiting, folder / "sorted.csv", who="AB")\nsorter', "")
    nb = open_notebook(source + "\nscorer = views.score(waiting, folder / 'scores_AB.csv', who='AB')\nscorer").run_all()
    nb.wait(nb.pictures, "the first field")
    field = nb.ask("scorer.item.image")
    place = nb.ask("[float(v + 0.5) / 48 for v in __import__('numpy').argwhere(scorer.labels[scorer.viewer.position[0]] > 0)[0][::-1]]")
    nb.click(nb.canvas, tuple(float(part) for part in place.strip("[]").split(",")))
    nb.wait_for("scorer.chosen > 0", "True")
    nb.page.keyboard.press("w")
    nb.wait_for("scorer.chosen", "0")
    nb.page.keyboard.press("n")
    nb.wait_for(f"scorer.item.image != {field}", "True")
    with open(lab["root"] / "scored" / "scores_AB.csv", encoding="utf-8-sig") as file:
        rows = [(row["image"], row["object"] != "", row["score"]) for row in csv.DictReader(file)]
    assert sorted(rows) == sorted([(field.strip("'"), True, "wrong"), (field.strip("'"), False, "unsure")])


def test_time_slider_shows_the_other_time_point(open_notebook):
    nb = open_notebook(
        "from helpers import phantoms, views\nstacks = [phantoms.mitochondria(seed=s, shape=(8, 64, 64)).stack for s in (0, 1)]",
        "panel = views.tune('tomm20', stacks)\npanel",
    ).run_all()
    before = nb.settled(nb.canvas)
    nb.slider("time").press("ArrowRight")
    nb.wait_for("panel.stack is stacks[1]", "True")
    nb.settled(nb.canvas, unlike=before)


@pytest.mark.parametrize("path", ["10_lookup_table/slc25a17", "20_curation/01_sort"])
def test_real_notebooks_end_in_their_panel(open_notebook, path):
    """Run as they are, in JupyterLab: the panel is there, and answers to a key."""
    nb = open_notebook(path=NOTEBOOKS / f"{path}.ipynb").run_all()
    nb.wait(nb.pictures, "the panel's picture")
    panel = "[one for one in globals()['Out'].values() if hasattr(one, 'viewer')][-1]"
    before = nb.ask(f"{panel}.viewer._outline.value")
    nb.canvas.focus()
    nb.page.keyboard.press("o")
    nb.wait_for(f"{panel}.viewer._outline.value", str(before != "True"))
    # The widgets' manager throws this where JupyterLab has typeset something before the first panel was there
    nb.page.errors[:] = [error for error in nb.page.errors if "reading 'Queue'" not in error]
