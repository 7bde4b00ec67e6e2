"""What a parameter means, said once: as an annotation in the workflow function's signature.

Sliders, checks and documentation read it from there with `knobs`.
"""

import inspect
import typing
from collections.abc import Callable, Mapping, Sequence
from numbers import Integral, Real
from typing import Annotated, Any, NamedTuple

import numpy as np


class Knob(NamedTuple):
    """Range, unit and effect of one parameter.

    ``low``, ``high`` and ``step`` are for a slider; ``least`` and ``most`` are the limits outside which a value makes no sense.
    """

    low: float
    high: float
    step: float
    unit: str
    help: str
    least: float = 0.0
    most: float = np.inf
    several: bool = False
    whole: bool = False


_FILAMENT_WIDTH = "about a third of the width of the structure; several are tried and joined"
_SPOT_RADIUS = "about the radius of a spot over 1.7; several are tried and joined"
_DISC_RADIUS = "about the radius of a spot in its plane over 1.4; several are tried and joined"

# Intensities
ContrastLow = Annotated[float, Knob(0, 12, 0.05, "standard deviations", "how far below the mean is black; larger keeps fainter background")]
ContrastHigh = Annotated[
    float,
    Knob(1, 40, 0.5, "standard deviations", "how far above the mean is white; smaller brightens and lets bright debris in", least=0.01),
]
ContrastHighWide = Annotated[
    float,
    Knob(
        1,
        160,
        0.5,
        "standard deviations",
        "how far above the mean is white; large for few, very bright objects; smaller brightens",
        least=0.01,
    ),
]
BelowTrusted = Annotated[
    float, Knob(0, 30, 0.5, "standard deviations", "how far below trusted_low is black; larger keeps fainter background")
]
AboveTrusted = Annotated[
    float, Knob(0, 200, 0.5, "standard deviations", "how far above trusted_high is white; smaller brightens and lets bright debris in")
]
TrustedLow = Annotated[
    float, Knob(0, 65535, 10, "camera counts", "intensities from here on are typical, of background and cells", least=-np.inf)
]
TrustedHigh = Annotated[
    float, Knob(0, 65535, 50, "camera counts", "intensities up to here are typical; those above are rare and bright", least=-np.inf)
]
ClipLow = Annotated[
    float,
    Knob(0, 12, 0.05, "standard deviations", "after normalizing: what is farther below the mean becomes equally dark; larger cuts less"),
]
ClipHigh = Annotated[
    float,
    Knob(
        1,
        40,
        0.5,
        "standard deviations",
        "after normalizing: what is farther above the mean becomes equally bright; larger cuts less",
        least=0.01,
    ),
]
Ceiling = Annotated[
    float,
    Knob(
        0, 65535, 50, "camera counts", "brightest trustworthy intensity; brighter voxels (debris, dead cells) become black", least=-np.inf
    ),
]
SeedCeiling = Annotated[
    float,
    Knob(
        0, 65535, 50, "camera counts", "brighter voxels are not taken for the centre of a spot when touching ones are parted", least=-np.inf
    ),
]
SmoothingSigma = Annotated[
    float, Knob(0.25, 4, 0.25, "pixels", "width of the Gaussian; larger calms noise and joins neighbours", least=0.05, most=50)
]

# Filaments and spots
FilamentSigmas = Annotated[Sequence[float], Knob(0.25, 6, 0.05, "pixels", _FILAMENT_WIDTH, least=0.2, most=50, several=True)]
FilamentCutoffs = Annotated[
    Sequence[float], Knob(0, 1, 0.0005, "0 to 1", "one for each sigma; lower finds fainter filaments, and noise", most=1, several=True)
]
SpotSigmas = Annotated[Sequence[float], Knob(0.25, 6, 0.05, "pixels", _SPOT_RADIUS, least=0.2, most=50, several=True)]
SpotSigmasByPlane = Annotated[Sequence[float], Knob(0.25, 6, 0.05, "pixels", _DISC_RADIUS, least=0.2, most=50, several=True)]
SpotCutoffs = Annotated[
    Sequence[float],
    Knob(0, 0.5, 0.001, "normalized intensity", "one for each sigma; lower finds fainter spots, and noise", least=-np.inf, several=True),
]
DarkSigmas = Annotated[
    Sequence[float],
    Knob(
        0.25, 6, 0.05, "pixels", "about the radius of a dark gap over 1.4; several are tried and joined", least=0.2, most=50, several=True
    ),
]
DarkCutoffs = Annotated[
    Sequence[float],
    Knob(0, 0.5, 0.001, "normalized intensity", "one for each sigma; lower carves out fainter gaps", least=-np.inf, several=True),
]
FaintSigma = Annotated[float, Knob(0.25, 6, 0.05, "pixels", "about the radius of a faint spot over 1.7", least=0.2, most=50)]
FaintCutoff = Annotated[float, Knob(0, 0.5, 0.001, "normalized intensity", "lower finds fainter spots, and noise", least=-np.inf)]
CoreCutoff = Annotated[
    float,
    Knob(
        0,
        0.5,
        0.001,
        "normalized intensity",
        "what is above it and large is a core, which faint spots do not count; lower makes cores larger",
        least=-np.inf,
    ),
]
CoreMinimum = Annotated[int, Knob(0, 2000, 10, "voxels", "smaller objects are no cores: all of their faint voxels count", whole=True)]
PeakDistance = Annotated[int, Knob(1, 10, 1, "pixels", "nearer maxima count as one spot; larger splits less", least=1, most=50, whole=True)]

# Objects with a cutoff of their own
ObjectMinimum = Annotated[
    int, Knob(0, 20000, 50, "voxels", "smaller rough objects are dropped; below the smallest nucleus or Golgi, above debris", whole=True)
]
ObjectGrowth = Annotated[
    int, Knob(0, 10, 1, "voxels", "how far the rough objects grow; more lets their own cutoff see more background", most=50, whole=True)
]
OtsuFactor = Annotated[
    float, Knob(0.1, 2, 0.01, "ratio", "times the Otsu cutoff of each object; above 1 keeps less, below 1 more", least=0.001)
]
MinimumOtsuRatio = Annotated[
    float, Knob(0, 1, 0.001, "ratio", "objects whose cutoff is below this part of the whole stack's are dropped; 0 keeps all")
]
NucleusMinimum = Annotated[int, Knob(0, 20000, 10, "voxels", "smaller pieces of nuclei are dropped, with the foci inside", whole=True)]

# Sizes
MinimumVoxels = Annotated[int, Knob(0, 500, 1, "voxels", "smaller objects are dropped", whole=True)]
MinimumPixels = Annotated[int, Knob(0, 200, 1, "pixels", "what is smaller within its plane is dropped", whole=True)]
PlaneMinimum = Annotated[
    int,
    Knob(0, 5000, 10, "pixels", "the structure ends, upwards and downwards, at the first plane with fewer foreground pixels", whole=True),
]
MinimumThickness = Annotated[
    float, Knob(0, 10, 0.1, "pixels", "half of the width that is never thinned; larger leaves the mask fatter", most=1000)
]
FilledMaximum = Annotated[int, Knob(0, 20000, 1, "pixels", "larger holes in a plane stay open", whole=True)]
HoleMinimum = Annotated[int, Knob(0, 5000, 50, "pixels", "smaller rings are not taken for nuclei", whole=True)]
HoleMaximum = Annotated[int, Knob(1000, 200000, 1000, "pixels", "larger rings are not taken for nuclei", whole=True)]
SeedMinimum = Annotated[int, Knob(0, 5000, 50, "pixels", "smaller nuclei in the middle plane get no seed", whole=True)]
SeedRadius = Annotated[
    int,
    Knob(
        0,
        30,
        1,
        "pixels",
        "of the disc in the middle of a nucleus from which it is flooded; larger holds noisy nuclei, 0 is one voxel",
        most=1000,
        whole=True,
    ),
]


def knobs(function: Callable[..., Any]) -> dict[str, Knob]:
    """Return the knob of each keyword-only parameter of a workflow function, in the order of its signature.

    Examples
    --------
    >>> def workflow(raw, *, minimum_size: MinimumVoxels): ...
    >>> knobs(workflow)["minimum_size"].unit
    'voxels'
    """
    hints = typing.get_type_hints(function, include_extras=True)
    names = [name for name, p in inspect.signature(function).parameters.items() if p.kind is p.KEYWORD_ONLY]
    return {name: next(note for note in hints[name].__metadata__ if isinstance(note, Knob)) for name in names}


def check_values(function: Callable[..., Any], values: Mapping[str, Any]) -> None:
    """Raise one sentence if a value is unknown to the function, of the wrong type, out of its range, or paired with a list of another length.

    Raises
    ------
    TypeError
        Unknown name, or a value that is not a number (a list of numbers) where one is wanted.
    ValueError
        Outside the limits of its knob; a list of sigmas and its list of cutoffs of different lengths.
    """
    known = knobs(function)
    for name, value in values.items():
        if name not in known:
            raise TypeError(f"unknown parameter {name!r}{_suggestion(name, known)}; known are: {', '.join(known)}")
        _check_value(name, value, known[name])
    for sigmas in known:
        cutoffs = sigmas.replace("_sigmas", "_cutoffs")
        if cutoffs != sigmas and cutoffs in values and sigmas in values and len(values[sigmas]) != len(values[cutoffs]):
            raise ValueError(
                f"{sigmas} and {cutoffs} must be lists of the same length, one cutoff for each sigma: "
                f"got {list(values[sigmas])} and {list(values[cutoffs])}"
            )


def _check_value(name: str, value: Any, knob: Knob) -> None:
    if knob.several:
        if isinstance(value, (str, bytes)) or not isinstance(value, (Sequence, np.ndarray)) or len(value) == 0:
            raise TypeError(f"{name} must be a list of numbers, got {value!r}: write it as [1.5], and with papermill as -y '{name}: [1.5]'")
        for item in value:
            _check_value(name, item, knob._replace(several=False))
        return
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Integral if knob.whole else Real):
        raise TypeError(f"{name} must be {'a whole number' if knob.whole else 'a number'} ({knob.unit}), got {value!r}")
    if not knob.least <= value <= knob.most:
        limits = f"at least {knob.least:g}" if knob.most == np.inf else f"between {knob.least:g} and {knob.most:g}"
        raise ValueError(f"{name} must be {limits} ({knob.unit}), got {value}: {knob.help}")


def _suggestion(name: str, known: Mapping[str, Any]) -> str:
    import difflib

    close = difflib.get_close_matches(name, known, n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""
