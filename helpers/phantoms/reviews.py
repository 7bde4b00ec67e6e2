"""What careful people decide about the images of `write_label_folders`: recorded decisions, regions, edits and scores with known effect."""

import ast
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from helpers import images
from helpers.curation import Decision, Item, Queue, Region, Score, score, sort, write_edits, write_regions

if TYPE_CHECKING:
    import pandas as pd

BAD = 8  # errors in an image from which on it is rejected
MARGIN = 1  # pixels around an object that is circled
ROUND = 3.0  # seconds to draw round an object
SLIPS = 0.08  # part of the cells that the second scorer judges otherwise
SECONDS = {"missed": 6.0, "extra": 2.0, "split": 3.0, "merged": 5.0, "tight": 7.0}
WHEN = "2026-01-02T10:00:00+00:00"  # the same each time, so that the files are


def write_reviews(folder: str | Path, method: str = "joins_neighbours") -> Path:
    """Write recorded decisions about one faulty method.

    Parameters
    ----------
    folder : path
        As `write_label_folders` returns it.
    method : str
        Which of its faulty methods was looked at.

    Returns
    -------
    reviews : Path
        A folder with ``decisions.csv`` (rejected is what has 8 errors or more), ``regions/<image>.json`` (drawn round every error),
        ``edits/<image>.json`` (which put every error right), ``scores_AB.csv`` (every error found) and ``scores_CD.csv`` (with slips).

    Raises
    ------
    OSError
        If the folder cannot be read or written.
    """
    import pandas as pd

    folder = Path(folder)
    listed = pd.read_csv(folder / "errors.csv", converters={"truth": ast.literal_eval, "found": ast.literal_eval})
    listed = listed[listed["method"] == method]
    truths, found = images.LabelFolder(folder / "truth"), images.LabelFolder(folder / "found" / method)
    reviews = folder / "reviews" / method
    waiting = Queue([Item(name, found.path(name)) for name in found], {})
    decisions, scores = [], {"AB": [], "CD": []}
    rng = np.random.default_rng(0)
    for name in found:
        errors = listed[listed["image"] == name].sort_values("kind", kind="stable")  # extra ones go before others are drawn in their place
        word = "reject" if len(errors) >= BAD else "accept"
        decisions.append(Decision(name, word, f"{len(errors)} errors", 4.0, "AB", WHEN))
        shape = (1, *truths[name].shape)
        write_regions(reviews / "regions" / f"{name}.json", _regions(errors, truths[name], found[name]), shape)
        write_edits(reviews / "edits" / f"{name}.json", [_edit(row, truths[name]) for row in errors.to_dict("records")])
        wrong = {label for labels in errors["found"] for label in labels}
        for label in np.unique(found[name])[1:].tolist():
            seen = label in wrong
            slip = rng.random() < SLIPS
            for who, judged in (("AB", seen), ("CD", seen != slip)):
                scores[who].append(Score(name, label, "wrong" if judged else "fine", "", 1.5, who, WHEN))
    sort(waiting, reviews / "decisions.csv", decisions)
    for who, given in scores.items():
        score(waiting, reviews / f"scores_{who}.csv", given, who=who)
    return reviews


def _regions(errors: "pd.DataFrame", truth: np.ndarray, found: np.ndarray) -> list[Region]:
    """Return a region round each error, as wide as the objects true and found."""
    places = [np.isin(truth, error["truth"]) | np.isin(found, error["found"]) for error in errors.to_dict("records")]
    return [_outline(ndimage.binary_dilation(place, iterations=MARGIN), ROUND) for place in places]


def _edit(error: dict[str, Any], truth: np.ndarray) -> dict[str, Any]:
    """Return the edit that puts an error right."""
    kind, labels = error["kind"], error["found"]
    edit = {"seconds": SECONDS[kind], "when": WHEN}
    if kind == "merged":
        return {"do": "split_by_seeds", "label": labels[0], "points": [[0, *_middle(truth == label)] for label in error["truth"]], **edit}
    if kind == "split":
        return {"do": "join", "ids": labels, **edit}
    if kind == "extra":
        return {"do": "delete", "ids": labels, **edit}
    regions = [_outline(truth == error["truth"][0], SECONDS[kind])]
    return (
        {"do": "add", "regions": regions, **edit} if kind == "missed" else {"do": "redraw", "label": labels[0], "regions": regions, **edit}
    )


def _outline(inside: np.ndarray, seconds: float) -> Region:
    """Return the outline of an object with a corner every few pixels, as a hand draws it."""
    from skimage.measure import find_contours

    outline = max(find_contours(np.pad(inside, 1).astype(float), 0.5), key=len) - 1
    return Region("polygon", outline[:-1:3].round(1).tolist(), seconds=seconds)


def _middle(inside: np.ndarray) -> list[int]:
    depth = ndimage.distance_transform_edt(np.pad(inside, 1))[1:-1, 1:-1]
    return [int(index) for index in np.unravel_index(depth.argmax(), depth.shape)]
