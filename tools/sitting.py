"""One sitting in a real browser, at a person's pace: results are sorted by key, merged with drawn polygons, and nuclei corrected; nothing may be lost.

Afterwards every decision is looked up in the files, and the hands-on time that they tell is held against the clock. ``make sitting`` (minutes)
"""

import argparse
import csv
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from in_jupyterlab import SHUT_DOWN, Notebook, chromium_path, fresh_page, running_chromium, running_lab, write_notebook

from helpers import images

SIDE, CELL, RADIUS = 160, 40, 13  # pixels of an image of nuclei, of the square that each has, of a nucleus
CORRECTED = 10  # nuclei put right in each image
RUN = """async (index) => { window.notebook.content.activeCellIndex = index;
  await window.jupyterapp.commands.execute('notebook:run-cell');
  return window.notebook.content.model.cells.get(index).sharedModel.outputs.filter((one) => one.output_type === 'error').map((one) => one.evalue); }"""
START = """
from pathlib import Path
import numpy as np
from helpers import curation, images, phantoms, views
from helpers.images import Stack
folder = Path("sitting")
def small(seed): return phantoms.peroxisomes(seed=seed, shape=(8, 64, 64))
for seed in range({results}):
    stack, truth = small(seed)
    images.write(folder / "raw" / f"cell_{{seed:02}}.ome.tif", stack.raw, stack.voxel_size)
    images.write(folder / "found" / f"cell_{{seed:02}}_mask.ome.tif", truth, stack.voxel_size)
"""
SORT = "sorter = views.sort(curation.queue(folder / 'found', folder / 'raw'), folder / 'sorted.csv', who='AB')\nsorter"
MERGE = """
stack, truth = small({number})
first, second = truth.copy(), truth.copy()
first[:, :, :32], second[:, :, 32:] = False, False
images.write(folder / "halves" / "truth_{number}.ome.tif", truth, stack.voxel_size)
merger = views.merge(Stack(stack.raw, stack.voxel_size, "field_{number}"), first, second, folder / "merged", who="AB")
merger
"""
CORRECT = """
labels, raw = np.load("wrong.npy"), np.load("nuclei.npy")
editor = views.correct(labels, Stack(raw, (1, 0.3, 0.3), "nuclei_{number}"), folder / "corrected", who="AB")
editor
"""


class Part(NamedTuple):
    """What a part of the sitting was, how many were done, by the clock and by what the files say, in seconds, and what was lost."""

    name: str
    items: int
    seconds: float
    recorded: float
    lost: int


class Person:
    """Acts in a notebook, and waits after each action as people do."""

    def __init__(self, nb: Notebook, pace: float) -> None:
        self.nb, self.pace = nb, pace

    def rest(self) -> None:
        self.nb.page.wait_for_timeout(1000 * self.pace)

    def open(self, index: int) -> None:
        """Run a cell that shows a panel, and look at it."""
        errors = self.nb.script(RUN, index)
        assert not errors, errors[0]
        self.canvas = self.nb.page.locator("canvas.helpers-canvas").last
        self.canvas.wait_for()
        self.nb.wait(lambda: int(self.canvas.get_attribute("data-shown") or 0), "a picture")
        self.canvas.focus()
        self.rest()

    def keys(self, *keys: str) -> None:
        for key in keys:
            self.nb.page.keyboard.press(key)
            self.rest()

    def take(self, key: str, tool: str) -> None:
        """Take a tool by its key, and draw only once the hand holds it: a script is faster than people."""
        self.keys(key)
        self.nb.wait(lambda: self.canvas.get_attribute("data-tool") == tool, f"the tool {tool}")

    def click(self, *points: tuple[float, float]) -> None:
        for point in points:
            self.nb.click(self.canvas, point)
            self.rest()

    def drag(self, *points: tuple[float, float]) -> None:
        self.nb.drag(self.canvas, *points, steps=3)
        self.rest()

    def press(self, button: str) -> None:
        self.nb.page.get_by_role("button", name=button, exact=True).last.click()
        self.rest()


def nuclei() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return raw intensities, true labels and labels with ten errors, all (1, Y, X)."""
    truth, wrong = np.zeros((SIDE, SIDE), np.int32), np.zeros((SIDE, SIDE), np.int32)
    for number, (row, column) in enumerate([*((0, c) for c in range(4)), *((1, c) for c in range(3)), (3, 0), (3, 1)], 1):
        truth[_disc(row, column, RADIUS)] = number
        wrong[_disc(row, column, 5 if row == 3 else RADIUS)] = number
    for left in (0, 2):  # two are taken for one
        y, x = middle(0, left)
        wrong[y - 3 : y + 4, x : x + CELL] = wrong[y, x]
        wrong[wrong == wrong[y, x + CELL]] = wrong[y, x]
        wrong[_disc(0, left + 1, RADIUS)] = wrong[y, x]
    for column in range(3):  # one is taken for two; dirt is taken for a nucleus
        y, x = middle(1, column)
        wrong[:, x:][(wrong == wrong[y, x - 3])[:, x:]] = 20 + column
        y, x = middle(2, column)
        wrong[y - 2 : y + 3, x - 2 : x + 3] = 30 + column
    raw = np.random.default_rng(0).normal(100, 5, truth.shape) + 200 * (truth > 0)
    return raw[None].astype(np.uint16), truth[None], wrong[None]


def middle(row: int, column: int) -> tuple[int, int]:
    """Return the pixel in the middle of a square."""
    return CELL // 2 + CELL * row, CELL // 2 + CELL * column


def sort(person: Person, count: int) -> Part:
    """Sort by key: most are accepted, some rejected or put off, and one answer is taken back."""
    person.open(1)
    started = time.monotonic() - person.pace
    answers = ["arl"[number % 3] if number % 2 else "a" for number in range(count)]
    wanted = {f"cell_{number:02}": answer for number, answer in enumerate(answers)}
    person.keys("r", "u")  # a slip, taken back
    person.keys(*answers)
    later = [name for name, answer in wanted.items() if answer == "l"]
    person.keys(*("a" for _ in later))
    person.nb.wait_for("sorter.item is None", "True")
    assert person.nb.ask("sorter.sorting.skipped") == "{}", person.nb.ask("sorter.sorting.skipped")
    words = {"a": "accept", "r": "reject", "l": "accept"}
    with open(person.nb.lab["root"] / "sitting" / "sorted.csv", encoding="utf-8-sig") as file:
        rows = {row["image"]: row for row in csv.DictReader(file)}
    lost = sum(rows[name]["decision"] != words[answer] for name, answer in wanted.items())
    if lost:
        print([(name, answer, rows[name]["decision"], rows[name]["when"]) for name, answer in wanted.items()])
    return Part("sorted", count, time.monotonic() - started, sum(float(row["seconds"]) for row in rows.values()), lost)


def merge(person: Person, count: int, first_cell: int) -> Part:
    """Draw a polygon on each pair, look at what comes out, save."""
    spent = recorded = 0.0
    lost = 0
    folder = person.nb.lab["root"] / "sitting"
    for number in range(count):
        person.open(first_cell + number)
        started = time.monotonic() - person.pace
        person.click((0.005, 0.005), (0.5, 0.005), (0.5, 0.99), (0.005, 0.99))
        person.keys("Enter", "m")
        person.nb.wait_for("len(merger.drawings['regions'].regions)", "1")
        person.press("save")
        record = folder / "merged" / f"field_{number}_merged_record.json"
        person.nb.wait(record.exists, "the record")
        spent += time.monotonic() - started
        recorded += images.read_record(record)["parameters"]["hands_on_s"]
        merged, truth = images.read(folder / "merged" / f"field_{number}_merged_mask.ome.tif"), images.read(folder / "halves" / f"truth_{number}.ome.tif")  # fmt: skip
        lost += bool(((merged.raw > 0) != (truth.raw > 0)).mean() > 0.002)
    return Part("merged", count, spent, recorded, lost)


def correct(person: Person, count: int, first_cell: int) -> Part:
    """Cut, join, delete and draw anew in each image; save."""
    spent = recorded = 0.0
    lost = 0
    raw, truth, wrong = nuclei()
    np.save(person.nb.lab["root"] / "wrong.npy", wrong)
    np.save(person.nb.lab["root"] / "nuclei.npy", raw)
    folder = person.nb.lab["root"] / "sitting" / "corrected"
    for number in range(count):
        person.open(first_cell + number)
        started = time.monotonic() - person.pace
        person.take("l", "line")
        for left in (0, 2):
            _, x = middle(0, left)
            person.drag(_place(1, x + CELL // 2), _place(CELL - 2, x + CELL // 2))
        for column in range(3):
            y, x = middle(1, column)
            person.take("v", "point")
            person.keys("Escape")
            person.click(_place(y, x - 6), _place(y, x + 6))
            person.keys("m")
        for column in range(3):
            person.keys("Escape")
            person.click(_place(*middle(2, column)))
            person.keys("d")
        for column in range(2):
            person.take("v", "point")
            person.keys("Escape")
            person.click(_place(*middle(3, column)))
            person.take("w", "lasso")
            person.drag(*_circle(*middle(3, column)))
        person.nb.wait_for("len(editor.correction.edits)", str(CORRECTED))
        person.press("save")
        saved = folder / f"nuclei_{number}_corrected_labels.ome.tif"
        person.nb.wait(lambda n=number: _rows(folder / "corrections.csv") > n, "the row of the time spent")
        spent += time.monotonic() - started
        lost += _unlike(truth[0], images.read_labels(saved).reshape(truth[0].shape))
    with open(folder / "corrections.csv", encoding="utf-8-sig") as file:
        recorded = sum(float(row["seconds"]) for row in csv.DictReader(file))
    return Part("corrected", count * CORRECTED, spent, recorded, lost)


def sitting(lab: dict, page: object, pace: float, results: int, pairs: int, fields: int) -> Iterator[Part]:
    """Sort, merge and correct so many, one after another."""
    cells = [START.format(results=results), SORT, *(MERGE.format(number=n) for n in range(pairs)), *(CORRECT.format(number=n) for n in range(fields))]  # fmt: skip
    write_notebook(lab["root"], "sitting.ipynb", *cells)
    person = Person(Notebook(page, lab, "sitting.ipynb").open(), pace)
    assert not person.nb.script(RUN, 0)
    yield sort(person, results)
    yield merge(person, pairs, 2)
    yield correct(person, fields, 2 + pairs)


def main() -> None:
    choices = argparse.ArgumentParser(description=__doc__)
    choices.add_argument("--pace", type=float, default=1.2, help="seconds between two actions")
    pace = choices.parse_args().pace
    print(
        f"{pace:g} s between two actions\n\n| | items | seconds each | by the clock, s | in the files, s | lost |\n|---|---|---|---|---|---|"
    )
    with tempfile.TemporaryDirectory() as folder, running_lab(Path(folder)) as lab, running_chromium(chromium_path()) as chromium, fresh_page(chromium) as page:  # fmt: skip
        for part in sitting(lab, page, pace, 40, 10, 3):
            each = part.seconds / part.items
            print(f"| {part.name} | {part.items} | {each:.1f} | {part.seconds:.0f} | {part.recorded:.0f} | {part.lost} |", flush=True)
        page.evaluate(SHUT_DOWN)


def _disc(row: int, column: int, radius: int) -> np.ndarray:
    y, x = middle(row, column)
    rows, columns = np.ogrid[:SIDE, :SIDE]
    return (rows - y) ** 2 + (columns - x) ** 2 <= radius**2


def _place(y: float, x: float) -> tuple[float, float]:
    """Return a pixel as fractions (across, down) of the canvas."""
    return (x + 0.5) / SIDE, (y + 0.5) / SIDE


def _circle(y: float, x: float) -> list[tuple[float, float]]:
    return [_place(y + RADIUS * np.sin(angle), x + RADIUS * np.cos(angle)) for angle in np.linspace(0, 2 * np.pi, 17)]


def _rows(path: Path) -> int:
    return len(path.read_text(encoding="utf-8-sig").splitlines()) - 1 if path.exists() else 0


def _unlike(truth: np.ndarray, found: np.ndarray) -> int:
    """Count the true nuclei that no label covers by nine tenths and alone, and the labels that are too many."""
    alike = 0
    for number in np.unique(truth[truth > 0]):
        inside = truth == number
        label = np.bincount(found[inside]).argmax()
        alike += bool(label and (inside & (found == label)).sum() / (inside | (found == label)).sum() > 0.85)
    return max(len(np.unique(truth)) - 1 - alike, 0) + abs(len(np.unique(found)) - len(np.unique(truth)))


if __name__ == "__main__":
    main()
