"""Where a segmentation is wrong: every error in its colour, with a mark that stands in the list beside the picture.

The colours are Okabe & Ito's, told apart with every kind of colour vision; the letter of a mark says the kind without any colour. Pixels that are
missing and objects that are missed have one colour, and so have those too much.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from scipy import ndimage

from helpers import _checks, metrics
from helpers.figures import pixels
from helpers.figures.picture import GAP, HEAD, Panel, Picture, compose

if TYPE_CHECKING:
    import pandas as pd

VERMILLION, SKY, YELLOW, PURPLE, BLUE, GREEN, AMBER = (
    (213, 94, 0), (86, 180, 233), (240, 228, 66), (204, 121, 167), (0, 114, 178), (0, 158, 115), (230, 159, 0)
)  # fmt: skip
COLOURS = {"missed": VERMILLION, "extra": SKY, "outline": BLUE, "split": YELLOW, "merged": PURPLE, "matched": GREEN}
LETTERS = {"missed": "M", "extra": "X", "outline": "O", "split": "S", "merged": "J"}
KINDS = tuple(LETTERS)
"""Kinds of errors, in the order in which they are listed."""

MEANINGS = {
    "missed": "missed: in truth, not found",
    "extra": "extra: found, not in truth",
    "outline": "outline: found, but the overlap is too small",
    "split": "split: one in truth, several found",
    "merged": "joined: several in truth, one found",
    "matched": "matched",
}
TOUCHES = 0.1  # IoU from which an object missed was seen, and its outline is what is wrong
BOX, LEGEND = 520, 74  # pixels: of a panel, height of the legend
SMALL = 26  # pixels; the mark of a lower object stands above it, not on it
MANY = 80  # errors, beyond which marks would hide the picture


def errors(
    truth: np.ndarray,
    found: np.ndarray,
    raw: np.ndarray | None = None,
    *,
    threshold: int = 700,
    plane: int | None = None,
    pixel_um: float = 0.0,
    title: str = "",
) -> Picture:
    """Show the image with both outlines, and beside it each missed, extra, split and joined object in its colour.

    Parameters
    ----------
    truth, found : (Y, X) or (Z, Y, X) ndarray of int
        Label images of one shape.
    raw : ndarray, optional
        Intensities of the same shape; black if left out.
    threshold : int
        IoU per thousand from which an object counts as found.
    plane : int, optional
        Of a stack: which plane; that with most pixels in wrong objects if left out. What is wrong is judged in 3D.
    pixel_um : float
        Width of a pixel in um, for a scale bar; 0 draws none.
    title : str
        Above the picture.

    Returns
    -------
    picture : Picture
        Shows itself as the last expression of a cell.

    Raises
    ------
    TypeError, ValueError
        As `helpers.metrics.match`; or if ``raw`` has another shape, or ``plane`` is not in it.
    """
    listed = error_list(truth, found, threshold=threshold)
    truth, found, raw, plane = _one_plane(truth, found, raw, plane, listed)
    scale = pixels.fitting(truth.shape, (pixel_um or 1.0,) * 2, BOX)
    grey = np.zeros((*scale.shape, 3), np.uint8) if raw is None else pixels.grey(scale.mean(raw), pixels.contrast_limits(raw))
    true, other = scale.largest(truth), scale.largest(found)
    both = pixels.paint(grey, metrics.boundary(other), AMBER)
    both = pixels.paint(both, metrics.boundary(true), SKY)
    wrong = _painted((0.6 * grey).astype(np.uint8), true, other, listed)
    place = "" if plane is None else f", plane {plane}"
    panels = [
        Panel(both, title=f"truth (light blue, on top) and found (orange){place}", pixel_um=scale.pixel_um if pixel_um else 0.0),
        Panel(
            wrong, (0, both.shape[1] + GAP), f"errors at IoU {threshold / 1000:g}{place}" + (", counts of the whole stack" if place else "")
        ),
    ]
    counts = {kind: int((listed["kind"] == kind).sum()) for kind in LETTERS}
    entries = [(COLOURS[kind], f"{LETTERS[kind]}  {MEANINGS[kind]} ({count})") for kind, count in counts.items()]
    picture = _with_legend(panels, [*entries, (COLOURS["matched"], MEANINGS["matched"])], title)
    if len(listed) <= MANY:
        _add_marks(picture.axes[1], truth, found, listed, scale)
    else:
        picture.axes[1].set_title(
            f"errors at IoU {threshold / 1000:g}; {len(listed)} are too many for marks: give a crop", loc="left", fontsize=9
        )
    return picture


def difference(truth: np.ndarray, found: np.ndarray, *, plane: int | None = None, pixel_um: float = 0.0, title: str = "") -> Picture:
    """Show the exclusive or (XOR) of two masks: which pixels are in truth alone, and which were found alone.

    Two objects that touch and were joined do not show here: no pixel of them is wrong. See `errors`.

    Parameters
    ----------
    truth, found : (Y, X) or (Z, Y, X) ndarray of int
        Label images of one shape; whatever is not 0 counts.
    plane : int, optional
        Of a stack: which plane; the one with most pixels in either alone if left out.
    pixel_um : float
        Width of a pixel in um, for a scale bar; 0 draws none.
    title : str
        Above the picture.

    Returns
    -------
    picture : Picture
        Shows itself as the last expression of a cell.

    Raises
    ------
    TypeError, ValueError
        If they are no label images of one shape, or ``plane`` is not in them.
    """
    metrics.contingency(truth, found)  # for its sentences
    true, other = truth != 0, found != 0
    if true.ndim == 3:
        plane = int((true ^ other).sum(axis=(1, 2)).argmax()) if plane is None else _checked_plane(plane, len(true))
        true, other = true[plane], other[plane]
    scale = pixels.fitting(true.shape, (pixel_um or 1.0,) * 2, BOX)
    shown = np.zeros((*scale.shape, 3), np.uint8)
    entries = []
    whole = max(1, np.count_nonzero(true | other))
    for where, colour, name in (
        (true & other, (150, 150, 150), "in both"),
        (true & ~other, VERMILLION, "in truth alone (missing)"),
        (other & ~true, SKY, "found alone (too much)"),
    ):
        shown = pixels.paint(shown, scale.largest(where.astype(np.uint8)) > 0, colour)
        entries.append((colour, f"{name}: {np.count_nonzero(where):,} pixels, {np.count_nonzero(where) / whole:.1%}"))
    panel = Panel(shown, title="XOR" + ("" if plane is None else f", plane {plane}"), pixel_um=scale.pixel_um if pixel_um else 0.0)
    return _with_legend([panel], entries, title, columns=1)


def error_list(truth: np.ndarray, found: np.ndarray, *, threshold: int = 700) -> "pd.DataFrame":
    """List the errors that `errors` draws, each with its mark.

    Parameters
    ----------
    truth, found : (Y, X) or (Z, Y, X) ndarray of int
        Label images of one shape.
    threshold : int
        IoU per thousand from which an object counts as found.

    Returns
    -------
    table : pandas.DataFrame
        One row an error: ``mark`` (a letter and a label: of truth for M, O and S, found for X and J), ``kind``, ``truth, found`` (labels, "+" between
        several), ``size`` (voxels, of all objects of truth, or of the one found where truth has none), ``iou`` (the highest of any pair), and the
        position in voxels, ``z`` (of a stack), ``y, x``. An object that is matched in spite of a small piece cut off is not an error here.

    Raises
    ------
    TypeError, ValueError
        As `helpers.metrics.match`.

    Examples
    --------
    >>> truth = np.array([[1, 1, 1, 0, 2, 2, 3, 3, 0, 0]])
    >>> found = np.array([[0, 0, 0, 0, 4, 4, 4, 4, 0, 5]])
    >>> error_list(truth, found)[["mark", "kind", "truth", "found", "size"]]
      mark    kind truth found  size
    0   M1  missed     1           3
    1   X5   extra           5     1
    2   J4  merged   2+3     4     4
    """
    import pandas as pd

    objects = with_kinds(metrics.object_table(truth, found, threshold=threshold))
    sides = dict(tuple(objects.groupby("side")))
    empty = objects.iloc[:0]
    true, other = sides.get("truth", empty), sides.get("found", empty)
    rows = []
    for kind in LETTERS:
        own, far = (other, true) if kind in ("extra", "merged") else (true, other)
        own = own[own["kind"] == kind]
        if kind == "merged":
            own = own[own["status"] == "merging"]
        for row in own.itertuples():
            partners = (
                far.loc[(far["kind"] == kind) & (far["partner"] == row.label)] if kind != "outline" else far[far["label"] == row.partner]
            )
            labels = [row.label], partners["label"].tolist()
            size = int(partners["size"].sum()) if kind == "merged" and len(partners) else int(row.size)
            names = ["+".join(map(str, part)) for part in (labels if own is not other and row.side == "truth" else labels[::-1])]
            rows.append((f"{LETTERS[kind]}{row.label}", kind, *names, size, row.iou, row.side, row.label))
    table = pd.DataFrame(rows, columns=["mark", "kind", "truth", "found", "size", "iou", "side", "label"])
    axes = ["z", "y", "x"][-truth.ndim :]
    places = {
        side: _centres(image, table.loc[table["side"] == side, "label"].tolist()) for side, image in (("truth", truth), ("found", found))
    }
    centres = [places[row.side][row.label] for row in table.itertuples()]
    positions = pd.DataFrame(np.reshape(centres, (-1, truth.ndim)), columns=axes).round(1)
    return pd.concat([table.drop(columns=["side", "label"]), positions], axis=1)


def error_lists(truths: Mapping[str, np.ndarray], found: Mapping[str, np.ndarray], *, threshold: int = 700) -> "pd.DataFrame":
    """List the errors of many images, one below the other; each image is read when its turn comes, and forgotten.

    Parameters
    ----------
    truths, found : mapping of str to ndarray of int
        Label images by the name of the image, for example `helpers.images.LabelFolder`. All of ``truths`` must be in ``found``.
    threshold : int
        IoU per thousand from which an object counts as found.

    Returns
    -------
    table : pandas.DataFrame
        ``image``, and the columns of `error_list`.

    Raises
    ------
    TypeError, ValueError
        As `helpers.metrics.match`, with the name of the image in front.
    """
    import pandas as pd

    tables = []
    for name in truths:
        truth, other = truths[name], found[name]  # an error of reading names the file already
        try:
            table = error_list(truth, other, threshold=threshold)
        except (TypeError, ValueError) as error:
            raise type(error)(f"{name}: {error}") from error
        table.insert(0, "image", name)
        tables.append(table)
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else tables[0]


def with_kinds(objects: "pd.DataFrame") -> "pd.DataFrame":
    """Return a table of objects with a column ``kind``: matched, missed, extra, outline, split, merged or ignored.

    "outline" tells objects that were seen, but drawn badly, from those that were not seen: both sides would otherwise be called missed and extra.

    Parameters
    ----------
    objects : pandas.DataFrame
        Of `helpers.metrics.object_table`, or several of them joined.

    Returns
    -------
    table : pandas.DataFrame
    """
    kinds = objects["status"].replace({"fragment": "split", "merging": "merged"})
    seen = objects["status"].isin(["missed", "extra"]) & (objects["iou"] >= TOUCHES)
    return objects.assign(kind=kinds.mask(seen, "outline"))


def _painted(shown: np.ndarray, truth: np.ndarray, found: np.ndarray, listed: "pd.DataFrame") -> np.ndarray:
    """Fill the wrong objects with their colours, outline everything found in its colour, and outline true objects that are wrong."""
    shown = pixels.paint(shown, metrics.boundary(found), COLOURS["matched"])
    for kind in ("outline", "merged", "split", "extra", "missed"):
        rows = listed[listed["kind"] == kind]
        true, other = (np.isin(image, _labels(rows[side])) for image, side in ((truth, "truth"), (found, "found")))
        shown = pixels.paint(shown, true | other, COLOURS[kind], 0.45)
        for image, where in ((truth, true), (found, other)):
            shown = pixels.paint(shown, metrics.boundary(np.where(where, image, 0)), COLOURS[kind])
    return shown


def _labels(column: "pd.Series") -> list[int]:
    return [int(label) for text in column for label in text.split("+") if label]


def _add_marks(axes, truth: np.ndarray, found: np.ndarray, listed: "pd.DataFrame", scale: pixels.Scale) -> None:
    """Write the mark of each error that shows in this plane at the middle of its pixels."""
    factor = np.divide(scale.shape, truth.shape)
    for row in listed.itertuples():
        image = found if row.kind in ("extra", "merged") else truth
        label = int(row.mark[1:])
        places = np.argwhere(image == label)
        if not len(places):
            continue
        y, x = (places.mean(axis=0) + 0.5) * factor
        height = (np.ptp(places[:, 0]) + 1) * factor[0]
        if height < SMALL:  # the mark would hide it
            y += (height / 2 + 7) * (-1 if y > SMALL else 1)
        y, x = np.clip((y, x), (8, 14), np.subtract(scale.shape, (8, 14)))
        axes.text(
            x, y, row.mark, ha="center", va="center", fontsize=7, color="white", clip_on=True, path_effects=[withStroke(linewidth=1.8, foreground="black")]
        )  # fmt: skip


def _with_legend(panels: list[Panel], entries: Sequence[tuple[tuple[int, int, int], str]], title: str, columns: int = 2) -> Picture:
    """Return the panels with a legend below them."""
    below = max(panel.pixels.shape[0] for panel in panels) + HEAD
    width = max(panel.corner[1] + panel.pixels.shape[1] for panel in panels)
    empty = Panel(np.full((LEGEND, width, 3), 255, np.uint8), (below - HEAD + GAP, 0))
    picture = compose([*panels, empty], title)
    handles = [Patch(facecolor=np.divide(colour, 255), edgecolor="black", linewidth=0.5, label=label) for colour, label in entries]
    picture.axes[-1].legend(handles=handles, loc="upper left", ncols=columns, fontsize=9, frameon=False, borderaxespad=0, labelspacing=0.3)
    return picture


def _one_plane(
    truth: np.ndarray, found: np.ndarray, raw: np.ndarray | None, plane: int | None, listed: "pd.DataFrame"
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None, int | None]:
    """Return the plane that is shown of each image, and its number; None for images of one plane."""
    if raw is not None:
        raw = raw[0] if truth.ndim == 2 and raw.ndim == 3 and len(raw) == 1 else raw
        _checks.same_shape(truth, raw, "truth and raw")
    if truth.ndim == 2:
        return truth, found, raw, None
    if plane is None:
        wrong = np.isin(truth, _labels(listed["truth"])) | np.isin(found, _labels(listed["found"]))
        plane = int((wrong if wrong.any() else truth > 0).sum(axis=(1, 2)).argmax())
    plane = _checked_plane(plane, len(truth))
    return truth[plane], found[plane], None if raw is None else raw[plane], plane


def _checked_plane(plane: int, planes: int) -> int:
    return int(_checks.number(plane, "plane", low=0, high=planes - 1, integer=True))


def _centres(image: np.ndarray, labels: list[int]) -> dict[int, tuple[float, ...]]:
    """Return the mean position of each label, in voxels."""
    if not labels:
        return {}
    return dict(zip(labels, ndimage.center_of_mass(image > 0, image, labels)))
