"""What a segmentation makes of an assay: the DNA content of nuclei, and the readout of each image, with the Z'-factor."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from helpers.figures.picture import Picture
from helpers.metrics import DnaContent

if TYPE_CHECKING:
    import pandas as pd

COLOURS = ("#000000", "#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")  # Okabe & Ito; the control is black
WIDTH, HEIGHT, COLUMNS = 3.3, 3.0, 3  # inches of a panel; panels in a row
BINS = 70
TOP = 99.0  # percentile of the intensities that is shown


def dna_histograms(nuclei: Mapping[str, "pd.DataFrame"], control: str = "DMSO", *, title: str = "") -> Picture:
    """Show how much DNA the nuclei have, in controls and in treated wells: one panel for each segmentation.

    Intensities are divided, plate by plate, by the median of the controls: differences in staining between plates go.

    Parameters
    ----------
    nuclei : mapping of str to pandas.DataFrame
        By segmentation, one row a nucleus: ``plate, treatment, intensity``.
    control : str
        The treatment that is the control; drawn in black.
    title : str
        Above the picture.

    Returns
    -------
    picture : Picture
        Shows itself as the last expression of a cell.

    Raises
    ------
    ValueError
        If there is no segmentation, or a plate has no control.
    """
    picture, panels = _panels(list(nuclei), title or "DNA of the nuclei: a peak of 2N, and one of 4N at twice its intensity")
    for number, (axes, (name, table)) in enumerate(zip(panels, nuclei.items())):
        middle = table[table["treatment"] == control].groupby("plate")["intensity"].median()
        without = sorted(set(table["plate"]) - set(middle.index))
        if without:
            raise ValueError(
                f"{name}: no nuclei of the control {control!r} on plate {', '.join(map(str, without))}: every plate needs controls"
            )
        relative = table["intensity"].to_numpy() / table["plate"].map(middle).to_numpy()
        edges = np.linspace(0, np.percentile(relative, TOP), BINS)
        for treatment, colour in _colours(table["treatment"].unique(), control).items():
            part = relative[(table["treatment"] == treatment).to_numpy()]
            axes.hist(part, edges, weights=np.full(part.size, 1 / part.size), histtype="step", color=colour, label=treatment, linewidth=1.4)
        axes.set_title(f"{name}: {len(table):,} objects", loc="left", fontsize=10)
        axes.set(xlabel="DNA (median of the controls = 1)", ylabel="part of the objects")
        if number == 0:
            axes.legend(fontsize=8, frameon=False)
    return picture


def readouts(results: Mapping[str, DnaContent], control: str = "DMSO", *, title: str = "") -> Picture:
    """Show the readout of every image as a dot: one panel for each segmentation, one column for each treatment, with its Z'-factor.

    Bars lie three standard deviations around the mean of each group: the Z'-factor is the part of the distance of the means that lies between
    the bars, and is below 0 where they overlap.

    Parameters
    ----------
    results : mapping of str to DnaContent
        By segmentation, what `helpers.metrics.dna_content` returned.
    control : str
        The treatment that is the control.
    title : str
        Above the picture.

    Returns
    -------
    picture : Picture
        Shows itself as the last expression of a cell.

    Raises
    ------
    ValueError
        If there is no segmentation.
    """
    picture, panels = _panels(list(results), title or "part of the nuclei with replicated DNA, image by image", sharey=True)
    for axes, (name, result) in zip(panels, results.items()):
        scores = result.z_prime.set_index("treatment")["z_prime"]
        colours = _colours(result.fractions["treatment"].unique(), control)
        for place, (treatment, colour) in enumerate(colours.items()):
            values = result.fractions.loc[result.fractions["treatment"] == treatment, "fraction"].to_numpy()
            spread = np.linspace(-0.16, 0.16, values.size) if values.size > 1 else np.zeros(1)
            axes.plot(place + spread, values, "o", color=colour, markersize=4, alpha=0.7)
            mean, deviation = values.mean(), values.std()
            axes.errorbar(place + 0.32, mean, 3 * deviation, fmt="_", color=colour, capsize=3, markersize=8)
        names = [treatment if treatment == control else f"{treatment}\nZ' {scores[treatment]:.2f}" for treatment in colours]
        axes.set_xticks(range(len(names)), names, fontsize=8)
        axes.set(xlim=(-0.5, len(names) - 0.2), ylim=(0, 1))
        axes.set_title(name, loc="left", fontsize=10)
        axes.grid(axis="y", alpha=0.3)
    panels[0].set_ylabel("part above the threshold")
    return picture


def _panels(names: list[str], title: str, sharey: bool = False) -> tuple[Picture, list]:
    """Return a picture with one set of axes for each name."""
    if not names:
        raise ValueError("there is no segmentation to show: give at least one by name")
    columns = min(COLUMNS, len(names))
    rows = -(-len(names) // columns)
    picture = Picture(figsize=(max(WIDTH * columns, 6.5), HEIGHT * rows + 0.3), dpi=100, facecolor="white", layout="constrained")
    panels = list(picture.subplots(rows, columns, sharey=sharey, squeeze=False).ravel())
    for empty in panels[len(names) :]:
        empty.set_axis_off()
    picture.suptitle(title, fontsize=11, fontweight="bold", x=0.01, ha="left")
    return picture, panels[: len(names)]


def _colours(treatments: "np.ndarray", control: str) -> dict[str, str]:
    """Return a colour for each treatment, the control first."""
    others = [name for name in treatments if name != control]
    return {control: COLOURS[0]} | {name: COLOURS[1 + place % (len(COLOURS) - 1)] for place, name in enumerate(others)}
