"""Which workflow suits an image: four properties that say what it looks like, held against those of the structures the workflows were made for.

All are measured plane by plane, in um, and none depends on brightness or on the camera's offset.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from helpers import _checks, classic
from helpers.images import Stack
from helpers.looks_typical import ROWS, SPREAD
from helpers.workflows import WORKFLOWS, Prepared

if TYPE_CHECKING:
    import pandas as pd

SCALES = (0.108, 0.162, 0.27, 0.432, 0.756)  # um; widths of the Gaussians
FINE, COARSE = 1, 3  # which of them
STRONGEST = 99  # percentile of the response from which a pixel counts as detail
BRIGHT = 0.3  # of the way from the median to the brightest ten-thousandth
FAR = 2.0  # distance from which an image is like none of the structures; on crops of 35 synthetic images, 95 % were nearer to the right one


class Properties(NamedTuple):
    """What an image looks like.

    Attributes
    ----------
    roundness : float
        Of fine detail in its plane: 0 for lines, 1 for round spots, below 0 where lines cross.
    coarse_roundness : float
        The same at 0.4 um: a row of spots is round when seen finely, and a line when seen coarsely.
    scale_um : float
        Width of the Gaussian at which detail stands out most; a disc does at its diameter over 2.8, noise at the smallest.
    fill : float
        Part of the stack that is bright, on a logarithmic scale (natural logarithm).
    """

    roundness: float
    coarse_roundness: float
    scale_um: float
    fill: float


TYPICAL: Mapping[str, Properties] = {id_: Properties(*row) for id_, row in ROWS.items()}
"""By id of a workflow, the properties of the structure it was made for."""


class Tried(NamedTuple):
    """What one workflow made of an image: a mask, or the sentence with which it refused."""

    id: str
    mask: np.ndarray | None
    refusal: str


WORDS = {
    "roundness": "roundness of fine detail",
    "coarse_roundness": "roundness of coarse detail",
    "scale_um": "scale of the detail",
    "fill": "bright part of the stack",
}


def properties(stack: Stack) -> Properties:
    """Measure what an image looks like.

    Detail is where the negative Laplacian of the Gaussian is among the highest hundredth. Its roundness is the ratio of the two curvatures, the
    smaller to the larger: 0 on a line, 1 on a disc.

    Parameters
    ----------
    stack : Stack
        About 32 x 256 x 256 voxels are enough (`crop`).

    Returns
    -------
    properties : Properties

    Raises
    ------
    TypeError, ValueError
        If the image cannot be used: constant, NaN, a mask, fewer than 16 x 16 pixels.

    References
    ----------
    .. [1] Lindeberg, T. (1998) International Journal of Computer Vision 30(2):79-116. :DOI:`10.1023/A:1008045108935`
    .. [2] Frangi, A. F. et al. (1998) MICCAI, LNCS 1496:130-137. :DOI:`10.1007/BFb0056195`
    """
    raw = _checks.varied(_checks.image(stack.raw, size=16)).astype(np.float32)
    pixel = float(np.sqrt(stack.voxel_size[1] * stack.voxel_size[2]))
    responses, roundness, first = [], [], None
    for scale in SCALES:
        sigma = max(scale / pixel, 0.3)
        image = classic.gaussian_by_plane(raw, sigma)
        first = image if first is None else first
        strength, ratio = _detail(image)
        responses.append(strength * sigma**2)
        roundness.append(ratio)
    weights = (np.array(responses) / max(responses)) ** 4
    middle, bright = np.median(raw), np.percentile(first, 99.99)
    fill = np.mean(first > middle + BRIGHT * (bright - middle))
    return Properties(
        roundness[FINE],
        roundness[COARSE],
        float(np.average(SCALES, weights=weights)),
        float(np.log(max(fill, 1e-6))),
    )


def suggest(found: Properties, count: int = 3) -> "pd.DataFrame":
    """Name the looks whose structures have the properties nearest to those of an image.

    The distance is Euclidean, each property in units of its spread over the structures. It is a hint where to look first, no more.

    Parameters
    ----------
    found : Properties
        Of the image.
    count : int
        How many looks.

    Returns
    -------
    table : pandas.DataFrame
        One row a look, the nearest first: ``look, id`` (of its nearest workflow), ``distance`` and ``reason``.

    Raises
    ------
    TypeError, ValueError
        If ``count`` is not a positive whole number.

    Examples
    --------
    >>> suggest(TYPICAL["slc25a17"], 1)[["look", "id", "distance"]]
                 look        id  distance
    0  separate spots  slc25a17       0.0
    """
    import pandas as pd

    _checks.number(count, "count", low=1, integer=True)
    rows = [
        {"look": WORKFLOWS[id_].look, "id": id_, "distance": distances(found)[id_], "reason": _reason(found, TYPICAL[id_])}
        for id_ in TYPICAL
    ]
    table = pd.DataFrame(rows).sort_values("distance", kind="stable").drop_duplicates("look")
    return table.head(count).reset_index(drop=True)


def trust(suggested: "pd.DataFrame") -> str:
    """Say in a sentence how much a suggestion is worth.

    Parameters
    ----------
    suggested : pandas.DataFrame
        As `suggest` returns it.

    Returns
    -------
    sentence : str

    Examples
    --------
    >>> trust(suggest(TYPICAL["tomm20"]))
    'Nearest is the look "tubules", at a distance of 0.00: look at its panels first.'
    """
    first = suggested.iloc[0]
    if first["distance"] < FAR:
        return f'Nearest is the look "{first["look"]}", at a distance of {first["distance"]:.2f}: look at its panels first.'
    return (
        f"The image is like none of the structures (the nearest has a distance of {first['distance']:.1f}): do not rely on the suggestion."
    )


def distances(found: Properties) -> dict[str, float]:
    """Return how far an image is from the structure of each workflow that has one of its own, by id; 0 is alike in all properties."""
    spread = np.array(SPREAD)
    return {id_: float(np.sqrt((((np.array(found) - np.array(typical)) / spread) ** 2).sum())) for id_, typical in TYPICAL.items()}


def in_words(found: Properties) -> str:
    """Say what an image looks like in a sentence.

    >>> in_words(TYPICAL["tjp1"])
    'Fine detail is long and thin, coarse detail is long and thin; what stands out most does so at a scale of 0.42 um; 0.6 % of the stack is bright.'
    """
    fine, coarse = (_shape(value) for value in found[:2])
    return (
        f"Fine detail is {fine}, coarse detail is {coarse}; what stands out most does so at a scale of {found.scale_um:.2f} um; "
        f"{np.exp(found.fill):.1%} of the stack is bright.".replace("%", " %")
    )


def distinct() -> tuple[list[str], dict[str, str]]:
    """Return the ids of workflows that differ in steps or values, and for the others the id whose steps and values they have.

    >>> distinct()[1]
    {'PCNA_earlyS_midS': 'polr2a'}
    """
    seen: dict[tuple, str] = {}
    same = {}
    for id_, row in WORKFLOWS.items():
        key = (row.function, repr(dict(row.published)))
        if key in seen:
            same[id_] = seen[key]
        seen.setdefault(key, id_)
    return list(seen.values()), same


def try_all(stack: Stack, whole: Stack | None = None, ids: Sequence[str] = (), *, progress: bool = False) -> list[Tried]:
    """Run workflows with their published values on one image.

    Parameters
    ----------
    stack : Stack
    whole : Stack, optional
        What ``stack`` is a crop of: it is normalized like the whole.
    ids : sequence of str
        Which; empty: all that differ (`distinct`).
    progress : bool
        Show a bar.

    Returns
    -------
    tried : list of Tried
        In the order of the lookup table. A workflow that refuses the image has no mask, and says why.
    """
    from tqdm import tqdm

    wanted = list(ids) or distinct()[0]
    with classic.intensities_of(classic.intensities((whole or stack).raw)):
        return list(_tries(stack, tqdm(wanted, disable=not progress, unit="workflow", mininterval=0.5)))


def summary(stack: Stack, tried: Sequence[Tried], found: Properties) -> "pd.DataFrame":
    """Return one row a workflow: ``id, look, structure, fraction_found, pieces, score, refusal``, the nearest look first.

    ``score`` is how much the image is like the structure that the workflow was made for, 1 for alike in all properties, by `distances`; NaN where there
    is no such structure to compare with. It does not judge the mask: the eye does.
    """
    import pandas as pd

    near = distances(found)
    rows = [
        {
            "id": one.id,
            "look": WORKFLOWS[one.id].look,
            "structure": WORKFLOWS[one.id].structure,
            "fraction_found": np.nan if one.mask is None else float(one.mask.mean()),
            "pieces": 0 if one.mask is None else int(classic.components(one.mask).max()),
            "score": 1 / (1 + near[one.id]) if one.id in near else np.nan,
            "refusal": one.refusal,
        }
        for one in tried
    ]
    table = pd.DataFrame(rows)
    best = table.groupby("look")["score"].transform("max").fillna(0)
    order = table.assign(best=best).sort_values(["best", "look", "score"], ascending=[False, True, False], kind="stable")
    return order.drop(columns="best").reset_index(drop=True)


def _tries(stack: Stack, ids: Sequence[str]) -> Iterator[Tried]:
    prepared = Prepared(stack.raw, stack.voxel_size)
    for id_ in ids:
        try:
            yield Tried(id_, prepared.segment(WORKFLOWS[id_]), "")
        except ValueError as error:
            yield Tried(id_, None, str(error))


def _detail(image: np.ndarray) -> tuple[float, float]:
    """Return the mean strength of the strongest detail, and its roundness."""
    down, across = np.gradient(image, axis=(1, 2))
    yy, yx = np.gradient(down, axis=(1, 2))
    xx = np.gradient(across, axis=2)
    half = np.hypot((yy - xx) / 2, yx)
    middle = (yy + xx) / 2
    strength = -2 * middle
    cutoff = max(float(np.percentile(strength[::2, ::2, ::2], STRONGEST)), 1e-9)
    detail = strength > cutoff
    if not detail.any():
        return 1e-9, 0.0
    weak, strong = (middle + half)[detail], np.minimum((middle - half)[detail], -1e-9)
    return float(strength[detail].mean()), float(np.average(np.clip(weak / strong, -1, 1), weights=strength[detail]))


def _shape(roundness: float) -> str:
    return "long and thin" if roundness < 0.3 else "between long and round" if roundness < 0.45 else "round"


def _reason(found: Properties, typical: Properties) -> str:
    """Say in what an image is like a structure, and in what it differs most."""
    apart = np.abs(np.array(found) - np.array(typical)) / np.array(SPREAD)
    shown = {
        "roundness": "{:.2f}".format, "coarse_roundness": "{:.2f}".format, "scale_um": "{:.2f} um".format,
        "fill": lambda value: f"{np.exp(value):.1%}",
    }  # fmt: skip
    parts = [f"{WORDS[name]} {shown[name](found[i])} ({shown[name](typical[i])} there)" for i, name in enumerate(Properties._fields)]
    order = np.argsort(apart)
    alike = "; ".join(parts[i] for i in order[:2])
    return f"alike: {alike}; least alike: {parts[order[-1]]}"
