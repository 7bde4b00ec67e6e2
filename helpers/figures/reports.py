"""Many images in one report: curves over the thresholds, errors by size, and a page that holds all of it.

Methods differ by colour, by marker and by line, so that no reader depends on colour alone.
"""

import base64
import html
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from helpers import images, metrics
from helpers.figures.errors import COLOURS, with_kinds
from helpers.figures.picture import DPI, Picture, save
from helpers.metrics.errors import SIZE_NAMES

if TYPE_CHECKING:
    import pandas as pd

METHOD_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")  # Okabe & Ito
MARKERS, LINES = "osD^vPX", ("-", "--", "-.", ":")
HATCHES = {"missed": "", "outline": "//", "split": "..", "merged": "xx", "extra": "\\\\"}
NAMES = {"missed": "missed", "outline": "outline too far off", "split": "split", "merged": "joined with another", "extra": "extra"}
ACCEPTABLE = 0.15
MANY_ROWS = 40  # of a table in the page; the whole of it is in its CSV file

STYLE = """body{font:15px/1.45 system-ui,sans-serif;max-width:1100px;margin:2em auto;padding:0 1em;color:#222}
table{border-collapse:collapse;font-size:13px}td,th{padding:2px 9px;text-align:right;border-bottom:1px solid #ddd}
td:first-child,th:first-child{text-align:left}img{max-width:100%}.table{overflow-x:auto}.note{background:#fff3d6;padding:.5em 1em}"""


def score_curves(matching: "pd.DataFrame", score: str = "f1", *, title: str = "") -> Picture:
    """Draw a score against the IoU from which an object counts as found: a line for each method, and a band that holds half of the images.

    Parameters
    ----------
    matching : pandas.DataFrame
        ``matching`` of `helpers.metrics.evaluate`.
    score : str
        One of the scores of `helpers.metrics.match`.
    title : str
        Above the picture.

    Returns
    -------
    picture : Picture
        Shows itself as the last expression of a cell.

    Raises
    ------
    ValueError
        If a column is missing.
    """
    spread = metrics.spread_over_images(matching, score, by="method")
    picture = Picture(figsize=(7.5, 4.2), dpi=DPI, facecolor="white", layout="constrained")
    axes = picture.subplots()
    for number, (method, rows) in enumerate(spread.groupby("method", sort=False)):
        ceiling = method == metrics.SECOND_ANNOTATOR
        colour = "black" if ceiling else METHOD_COLOURS[number % (len(METHOD_COLOURS) - 1)]
        iou = rows["threshold"] / 1000
        axes.fill_between(iou, rows["low"], rows["high"], color=colour, alpha=0.15, linewidth=0)
        axes.plot(
            iou, rows["mean"], color=colour, label=method, marker="*" if ceiling else MARKERS[number % len(MARKERS)],
            linestyle=":" if ceiling else LINES[number % 3], markersize=6, linewidth=1.8,
        )  # fmt: skip
    axes.set(xlabel="IoU from which an object counts as found", ylabel=f"{score.upper()}, mean over images", ylim=(0, 1.02))
    axes.grid(alpha=0.3)
    axes.legend(frameon=False, loc="lower left")
    axes.set_title(
        title or f"{score.upper()} of {matching['image'].nunique()} images; the bands hold half of them", fontsize=10, loc="left"
    )
    return picture


def error_shares(objects: "pd.DataFrame", size_names: Sequence[str] = SIZE_NAMES) -> "pd.DataFrame":
    """Count which part of the objects of each size is wrong, and in which way, for each method.

    Parameters
    ----------
    objects : pandas.DataFrame
        ``objects`` of `helpers.metrics.evaluate`.
    size_names : sequence of str
        Names of the classes of size, in order.

    Returns
    -------
    table : pandas.DataFrame
        One row for each method, class of size and kind: ``method, size_class, kind, count, objects, share``. Kinds "missed", "outline", "split" and
        "merged" count true objects by their true size; "extra" counts objects found by the size found. A true object has one kind, so that the
        first four add up to the part that is wrong. The share of a class without objects is NaN.

    Raises
    ------
    ValueError
        If a column is missing.
    """
    import pandas as pd

    wanted = {"method", "side", "size_class", "status", "iou"}
    if missing := sorted(wanted - set(objects.columns)):
        raise ValueError(f"the table has no column {', '.join(missing)}: give the objects of helpers.metrics.evaluate")
    table = with_kinds(objects)
    rows = []
    for method, of_method in table.groupby("method", sort=False):
        for name in size_names:
            for kind in NAMES:
                side = of_method[(of_method["side"] == ("found" if kind == "extra" else "truth")) & (of_method["size_class"] == name)]
                count = int((side["kind"] == kind).sum())
                rows.append((method, name, kind, count, len(side), count / len(side) if len(side) else np.nan))
    return pd.DataFrame(rows, columns=["method", "size_class", "kind", "count", "objects", "share"])


def error_bars(shares: "pd.DataFrame", *, acceptable: float = ACCEPTABLE, title: str = "") -> Picture:
    """Draw the errors by size of object, a panel for each method, beside the part that is called acceptable.

    The left bar of each class stacks what happened to true objects, the right one shows objects that are extra.

    Parameters
    ----------
    shares : pandas.DataFrame
        Of `error_shares`.
    acceptable : float
        Where the line is drawn, 0 to 1; Zaki et al. (2020) accept 15 % of errors.
    title : str
        Above the picture.

    Returns
    -------
    picture : Picture
        Shows itself as the last expression of a cell.
    """
    methods = list(dict.fromkeys(shares["method"]))
    sizes = list(dict.fromkeys(shares["size_class"]))
    columns = min(3, len(methods))
    lines = -(-len(methods) // columns)
    picture = Picture(figsize=(max(6.5, 3.6 * columns), 3.3 * lines + 0.9), dpi=DPI, facecolor="white", layout="constrained")
    panels = picture.subplots(lines, columns, sharey=True, squeeze=False).ravel()
    for axes, method in zip(panels, methods):
        table = shares[shares["method"] == method].pivot(index="size_class", columns="kind").loc[sizes]
        below = np.zeros(len(sizes))
        for kind in NAMES:
            share = table["share"][kind].fillna(0).to_numpy()
            extra = kind == "extra"
            axes.bar(
                np.arange(len(sizes)) + (0.2 if extra else -0.2), share, 0.36, bottom=0 if extra else below, label=NAMES[kind],
                color=np.divide(COLOURS[kind], 255), edgecolor="black", linewidth=0.5, hatch=HATCHES[kind],
            )  # fmt: skip
            below += 0 if extra else share
        axes.axhline(acceptable, color="black", linestyle="--", linewidth=1, label=f"{acceptable:.0%}: acceptable (Zaki et al. 2020)")
        counts = table["objects"]["missed"].to_numpy()
        axes.set_xticks(range(len(sizes)), [f"{name}\n{count}" for name, count in zip(sizes, counts)], fontsize=8)
        axes.set_title(method, fontsize=10, loc="left")
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.set_xlabel("size class, and its true objects", fontsize=8)
    tops = [bar.get_y() + bar.get_height() for axes in panels for bar in axes.patches]
    panels[0].set_ylim(0, 1.1 * max(*tops, acceptable))
    for axes in panels[len(methods) :]:
        axes.set_axis_off()
    for axes in panels[::columns]:
        axes.set_ylabel("part of the objects")
    picture.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    picture.suptitle(title or "Errors by size of object", fontsize=10, x=0.01, ha="left")
    return picture


def page(title: str, parts: Sequence[tuple[str, Any]], notes: Sequence[str] = ()) -> str:
    """Return one HTML page that needs no other file: headings, sentences, tables and pictures.

    Parameters
    ----------
    title : str
    parts : sequence of (str, object)
        A heading and what stands below it: a picture, a table, or a text. Long tables are cut, which is said.
    notes : sequence of str
        Warnings, on top.

    Returns
    -------
    html : str

    Raises
    ------
    TypeError
        If a part is none of these.
    """
    body = [f"<h1>{html.escape(title)}</h1>", *(f"<p class='note'>{html.escape(note)}</p>" for note in notes)]
    for heading, part in parts:
        body += [f"<h2>{html.escape(heading)}</h2>", _as_html(part, heading)]
    return f"<!DOCTYPE html><html lang='en'><meta charset='utf-8'><title>{html.escape(title)}</title><style>{STYLE}</style>{''.join(body)}</html>\n"


def save_report(
    folder: str | Path,
    stem: str,
    *,
    tables: Mapping[str, "pd.DataFrame"],
    pictures: Mapping[str, Picture],
    record: Mapping[str, Any],
    text: str = "",
    masks: Mapping[str, images.Stack] | None = None,
) -> list[Path]:
    """Write tables, pictures, masks, page and record into a folder; all of them or none.

    Parameters
    ----------
    folder : str or Path
        Made if it is missing.
    stem : str
        What all files begin with.
    tables : mapping of str to pandas.DataFrame
        Written as ``<stem>_<name>.csv``, or ``<stem>.csv`` if the name is empty.
    pictures : mapping of str to Picture
        Written as ``<stem>_<name>.png``.
    record : mapping
        What `helpers.images.record_folders` returned; the names and checksums of the other files are added. ``<stem>_record.json``.
    text : str
        The page, as `page` returned it; written as ``<stem>_report.html`` unless empty.
    masks : mapping of str to Stack, optional
        Masks or labels with their voxel size; written as ``<stem>_<name>.ome.tif``.

    Returns
    -------
    paths : list of Path
        The record is the last.

    Raises
    ------
    OSError
        One sentence: the folder cannot be written.
    """
    folder = Path(folder).expanduser()
    with images.together(folder) as temporary:
        for name, table in tables.items():
            table.to_csv(images.output_path(temporary, f"{stem}_{name}.csv" if name else f"{stem}.csv"), index=False)
        for name, picture in pictures.items():
            save(picture, images.output_path(temporary, f"{stem}_{name}.png"))
        for name, mask in (masks or {}).items():
            images.write(images.output_path(temporary, f"{stem}_{name}.ome.tif"), mask.raw, mask.voxel_size)
        if text:
            images.output_path(temporary, f"{stem}_report.html").write_text(text, encoding="utf-8")
        written = sorted(path for path in temporary.iterdir() if path.is_file())
        outputs = [{"name": path.name, "sha256": images.checksum(path)} for path in written]
        last = images.output_path(temporary, f"{stem}_record.json")
        images.write_record(last, {**record, "outputs": outputs})
        names = [path.name for path in (*written, last)]
    return [folder / name for name in names]


def _as_html(part: Any, heading: str) -> str:
    if isinstance(part, str):
        return f"<p>{html.escape(part)}</p>"
    if isinstance(part, Figure):
        data = io.BytesIO()
        part.savefig(data, format="png")
        return f"<img alt='{html.escape(heading, quote=True)}' src='data:image/png;base64,{base64.b64encode(data.getvalue()).decode()}'>"
    if hasattr(part, "to_html"):
        rest = len(part) - MANY_ROWS
        table = part.head(MANY_ROWS).to_html(index=False, na_rep="", float_format="{:.3g}".format, border=0, escape=True)
        return f"<div class='table'>{table}</div>" + (f"<p>and {rest} more rows: see the CSV file</p>" if rest > 0 else "")
    raise TypeError(f"a report is made of pictures, tables and texts, got {type(part).__name__} under {heading!r}")
