"""Does a segmentation change the biology: how well an assay tells treated cells from controls, with the Z'-factor.

The readout here is the cell cycle: the part of the nuclei with more DNA than one set of chromosomes after division (2N), measured as the
integrated intensity of a DNA stain within each segmented nucleus. A segmentation that merges nuclei, cuts them or loses some moves that part.

Sources: Zhang, J.-H., Chung, T. D. Y. & Oldenburg, K. R. (1999) J. Biomol. Screen. 4(2):67-73 (Z'-factor); Caicedo, J. C. et al. (2019)
Cytometry A 95(9):952-965 (the procedure for DNA content).
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from helpers import _checks
from helpers.metrics.contingency import label_image, numbered

if TYPE_CHECKING:
    import pandas as pd

BINS = 200
LOG_RANGE, LOG_BOX = (-1.0, 2.5), 7  # of log10(intensity), and bins of the moving average
RANGE, BOX = (-1.0, 30.0), 3  # of the intensity
INSIDE = 0.5  # part of the controls that must lie in both ranges for their histograms to mean anything
COLUMNS = ("plate", "treatment", "image", "intensity")


class DnaContent(NamedTuple):
    """The outcome of the DNA-content procedure."""

    z_prime: "pd.DataFrame"
    """One row a treatment: ``treatment, images, mean_fraction, control_images, control_mean_fraction, z_prime``."""
    fractions: "pd.DataFrame"
    """One row an image: ``plate, treatment, image, nuclei, fraction`` of the nuclei above the threshold."""
    threshold: float
    """Intensity between the 2N and the 4N peak of the pooled controls, after alignment of the plates."""


def z_prime_factor(positive: Sequence[float], negative: Sequence[float], *, ddof: int = 0) -> float:
    """Return the Z'-factor of two groups of readouts: 1 - 3 (sd of one + sd of the other) / distance of the means.

    1 is a perfect assay, above 0.5 an excellent one; below 0 the groups overlap.

    Parameters
    ----------
    positive, negative : sequence of float
        Readouts, one for each well or image.
    ddof : {0, 1}
        0 takes the standard deviation of the values as they are (Caicedo et al.), 1 the estimate from a sample.

    Returns
    -------
    z_prime : float
        NaN with fewer than two values in a group, minus infinity if the means are equal.

    Raises
    ------
    ValueError
        If a readout is NaN or infinite, the groups are not lists of numbers, or ``ddof`` is neither 0 nor 1.

    Examples
    --------
    >>> round(z_prime_factor([0.30, 0.32, 0.28, 0.31], [0.10, 0.12, 0.09, 0.11]), 6)
    0.605511
    """
    if ddof not in (0, 1):
        raise ValueError(f"ddof must be 0 or 1, got {ddof!r}")
    groups = [_readouts(values, name) for values, name in ((positive, "positive"), (negative, "negative"))]
    if min(group.size for group in groups) < 2:
        return float("nan")
    means, deviations = [group.mean() for group in groups], [group.std(ddof=ddof) for group in groups]
    distance = abs(means[0] - means[1])
    return float(1 - 3 * sum(deviations) / distance) if distance else float("-inf")


def dna_content(nuclei: "pd.DataFrame", control: str = "DMSO", *, unit: float = 1.0, ddof: int = 0) -> DnaContent:
    """Compare the part of nuclei that replicate their DNA between treated cells and controls.

    Plates are stained differently, so each plate's intensities are multiplied by one number that brings the 2N peak of its controls to that of
    the plate where it is highest. The threshold lies midway between the 2N and the 4N peak of all controls together.

    Parameters
    ----------
    nuclei : pandas.DataFrame
        One row a nucleus: ``plate, treatment, image, intensity`` (integrated DNA intensity of the nucleus, above 0).
    control : str
        The treatment that is the control.
    unit : float
        Intensities are divided by it. The histograms of the procedure reach from 0.1 to 316 (logarithmic) and to 30: the 2N peak belongs between
        about 1 and 10. A tenth to a third of the median of the controls is a good unit for camera counts.
    ddof : {0, 1}
        As in `z_prime_factor`.

    Returns
    -------
    DnaContent

    Raises
    ------
    ValueError
        If a column is missing, an intensity is not a positive number, a plate has no control, or ``unit`` does not fit; or if there is no 4N
        peak to be found.
    """
    import pandas as pd

    _check_nuclei(nuclei, control, unit)
    scaled = nuclei.assign(intensity=nuclei["intensity"].to_numpy(np.float64) / unit)
    aligned = align_plates(scaled, control)
    controls = aligned["treatment"] == control
    threshold = dna_threshold(aligned.loc[controls, "intensity"].to_numpy())
    above = aligned.assign(above=aligned["intensity"] > threshold)
    fractions = above.groupby(["plate", "treatment", "image"], sort=False)["above"].agg(nuclei="size", fraction="mean").reset_index()
    reference = fractions.loc[fractions["treatment"] == control, "fraction"].to_numpy()
    rows = []
    for treatment, images in fractions.groupby("treatment", sort=False):
        if treatment != control:
            values = images["fraction"].to_numpy()
            rows.append(
                (treatment, values.size, values.mean(), reference.size, reference.mean(), z_prime_factor(values, reference, ddof=ddof))
            )
    columns = ["treatment", "images", "mean_fraction", "control_images", "control_mean_fraction", "z_prime"]
    return DnaContent(pd.DataFrame(rows, columns=columns), fractions, threshold * unit)


def align_plates(nuclei: "pd.DataFrame", control: str = "DMSO") -> "pd.DataFrame":
    """Return the table with the intensities of each plate multiplied so that the 2N peaks of the controls fall together.

    Parameters
    ----------
    nuclei : pandas.DataFrame
        As for `dna_content`, intensities between 0.1 and 316.
    control : str
        The treatment that is the control.

    Returns
    -------
    nuclei : pandas.DataFrame
        A copy; the largest position of a 2N peak stays where it is.

    Raises
    ------
    ValueError
        As `dna_content`.
    """
    _check_nuclei(nuclei, control, 1.0)
    logarithm = np.log10(nuclei["intensity"].to_numpy(np.float64))
    controls = (nuclei["treatment"] == control).to_numpy()
    plate = nuclei["plate"].to_numpy()
    peaks = {name: _main_peak(logarithm[controls & (plate == name)]) for name in nuclei["plate"].unique()}
    highest = max(peaks.values())
    shift = nuclei["plate"].map({name: highest - peak for name, peak in peaks.items()}).to_numpy(np.float64)
    return nuclei.assign(intensity=10 ** (logarithm + shift))


def integrated_intensities(raw: np.ndarray, labels: np.ndarray, *, background: float | None = None) -> "pd.DataFrame":
    """Sum the light of each object above the background: for a DNA stain, how much DNA a nucleus has.

    Parameters
    ----------
    raw : (Z, Y, X) or (Y, X) ndarray
        Camera counts, as the camera gave them: not stretched, not clipped.
    labels : ndarray of int
        Label image of the same shape; a stack of one plane and that plane count as the same.
    background : float, optional
        Counts where there is no dye; by default the median outside all objects, which is too high where they cover nearly everything.

    Returns
    -------
    table : pandas.DataFrame
        One row an object: ``label, voxels, intensity``. An intensity at or below 0 is that of an object no brighter than the background.

    Raises
    ------
    TypeError, ValueError
        If they are not an image and its labels, or every pixel lies in an object and no background is given.

    Examples
    --------
    >>> raw, labels = np.full((2, 3), 100), np.array([[0, 7, 7], [0, 0, 9]])
    >>> raw[0, 1] = 150
    >>> integrated_intensities(raw, labels)["intensity"].tolist()
    [50.0, 0.0]
    """
    import pandas as pd

    labels = label_image(labels, "labels")
    raw, labels = (array[None] if isinstance(array, np.ndarray) and array.ndim == 2 else array for array in (raw, labels))
    _checks.image(raw)
    _checks.same_shape(raw, labels, "raw and labels")
    if background is None:
        outside = raw[labels == 0]
        if not outside.size:
            raise ValueError("every pixel lies in an object: give background=, the counts where there is no dye")
        background = float(np.median(outside))
    _checks.number(background, "background")
    names = np.unique(labels[labels > 0])
    numbers = numbered(labels, names).ravel()
    voxels = np.bincount(numbers, minlength=names.size + 1)[1:]
    light = np.bincount(numbers, raw.ravel().astype(np.float64), minlength=names.size + 1)[1:]
    return pd.DataFrame({"label": names.astype(np.int64), "voxels": voxels, "intensity": light - background * voxels})


def nuclei_of_plates(raws: Mapping[str, Any], labels: Mapping[str, np.ndarray], layout: "pd.DataFrame") -> "pd.DataFrame":
    """Measure the nuclei of many images, and say of each on which plate it was and how it was treated: what `dna_content` takes.

    Parameters
    ----------
    raws : mapping of str to ndarray or Stack
        Images of the DNA stain, by name; for example a `helpers.images.StackFolder`, which keeps memory small.
    labels : mapping of str to ndarray
        Label images of the nuclei, by the same names.
    layout : pandas.DataFrame
        One row an image: ``plate, treatment, image``.

    Returns
    -------
    nuclei : pandas.DataFrame
        One row a nucleus: ``plate, treatment, image, label, voxels, intensity``. An image in which no nucleus was found has none.

    Raises
    ------
    TypeError, ValueError
        If a column is missing, an image stands in the layout twice or has no raw image or labels; or as `integrated_intensities`, with the image
        named.
    """
    import pandas as pd

    missing = [name for name in COLUMNS[:3] if name not in layout.columns]
    if missing:
        raise ValueError(f"the table of the plates has no column {', '.join(missing)}: it must have {', '.join(COLUMNS[:3])}")
    if not len(layout):
        raise ValueError("the table of the plates has no row: give one for each image, with plate, treatment and image")
    twice = layout["image"][layout["image"].duplicated()]
    if len(twice):
        raise ValueError(f"image {twice.iloc[0]!r} stands in the table of the plates twice: give one row for each image")
    parts = []
    for plate, treatment, image in layout[list(COLUMNS[:3])].itertuples(index=False):
        for what, images in (("raw image", raws), ("label image", labels)):
            if image not in images:
                raise ValueError(f"image {image!r} of the table of the plates has no {what}: names are those of the files up to the suffix")
        try:
            raw = raws[image]
            table = integrated_intensities(getattr(raw, "raw", raw), labels[image])
        except (TypeError, ValueError) as error:
            raise type(error)(f"image {image!r}: {error}") from None
        parts.append(table.assign(plate=plate, treatment=treatment, image=image))
    return pd.concat(parts, ignore_index=True)[[*COLUMNS[:3], "label", "voxels", "intensity"]]


def dna_threshold(intensities: np.ndarray) -> float:
    """Return the intensity midway between the 2N and the 4N peak of control nuclei.

    The 2N peak is the highest of the histogram, the 4N peak the highest local maximum to its right.

    Parameters
    ----------
    intensities : (nuclei,) ndarray
        Integrated intensities of control nuclei; the histogram reaches to 30.

    Returns
    -------
    threshold : float

    Raises
    ------
    ValueError
        If nothing lies to the right of the highest peak.
    """
    smooth, centres = _histogram(np.asarray(intensities, np.float64), RANGE, BOX)
    first = int(np.argmax(smooth))
    right = smooth[first + 1 :]
    rising = np.flatnonzero((right[1:-1] > right[:-2]) & (right[1:-1] >= right[2:])) + 1
    if not rising.size:
        raise ValueError(
            f"the histogram of {len(intensities)} control nuclei has no peak right of {centres[first]:.3g}: "
            "give more nuclei, or another unit so that the 2N peak lies between 1 and 10"
        )
    second = first + 1 + rising[np.argmax(right[rising])]
    return float((centres[first] + centres[second]) / 2)


def _main_peak(logarithm: np.ndarray) -> float:
    smooth, centres = _histogram(logarithm, LOG_RANGE, LOG_BOX)
    return float(centres[np.argmax(smooth)])


def _histogram(values: np.ndarray, limits: tuple[float, float], box: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a histogram after a moving average over ``box`` bins, and the centres of the bins."""
    counts, edges = np.histogram(values, BINS, limits)
    return np.convolve(counts, np.full(box, 1 / box), mode="same"), (edges[1:] + edges[:-1]) / 2


def _readouts(values: Sequence[float], name: str) -> np.ndarray:
    array = np.asarray(values)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iuf"):
        raise ValueError(f"{name} must be a list of numbers, got {array.dtype} of shape {array.shape}")
    if not np.isfinite(array.astype(np.float64)).all():
        raise ValueError(f"{name} holds NaN or infinite readouts: drop the images without a nucleus first")
    return array.astype(np.float64)


def _check_nuclei(nuclei: "pd.DataFrame", control: str, unit: float) -> None:
    missing = [name for name in COLUMNS if name not in nuclei.columns]
    if missing:
        raise ValueError(f"the table of nuclei has no column {', '.join(missing)}: it must have {', '.join(COLUMNS)}")
    _checks.number(unit, "unit", above=0)
    intensity = nuclei["intensity"].to_numpy(np.float64)
    if not (np.isfinite(intensity).all() and (intensity > 0).all()):
        count = int(np.count_nonzero(~(np.isfinite(intensity) & (intensity > 0))))
        raise ValueError(f"{count} of {intensity.size} intensities are not above 0: subtract less background, or drop these nuclei")
    controls = (nuclei["treatment"] == control).to_numpy()
    without = sorted(set(map(str, nuclei["plate"])) - set(map(str, nuclei["plate"][controls])))
    if not controls.any() or without:
        raise ValueError(
            f"no nuclei of the control {control!r} on plate {', '.join(without) or '(the table is empty)'}: every plate needs controls"
        )
    values = intensity[controls] / unit
    inside = np.mean((values > 10 ** LOG_RANGE[0]) & (values < RANGE[1]))
    if inside < INSIDE:
        raise ValueError(
            f"{1 - inside:.0%} of the control intensities lie outside 0.1 to {RANGE[1]:g} units (median {np.median(values):.3g}): "
            f"give unit={np.median(intensity[controls]) / 5:.3g}"
        )
