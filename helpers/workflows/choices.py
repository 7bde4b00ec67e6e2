"""The alternatives of each step of a workflow: which there are, when to take which, and what one makes of its input.

Each is a function of its own, a line or two long, with the knobs that it takes. `STEPS` holds them by the step, and by the name that a notebook gives
them.
"""

import difflib
import inspect
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from helpers import classic
from helpers.workflows.knobs import (
    Ceiling,
    ContrastHigh,
    ContrastLow,
    FilamentCutoffs,
    FilamentSigmas,
    FilledMaximum,
    MinimumPixels,
    MinimumThickness,
    MinimumVoxels,
    ObjectMinimum,
    OtsuFactor,
    PeakDistance,
    SmoothingSigma,
    SpotCutoffs,
    SpotSigmas,
    check_values,
    knobs,
)


def auto_contrast(raw: np.ndarray, *, contrast_low: ContrastLow, contrast_high: ContrastHigh) -> np.ndarray:
    """Cut intensities some standard deviations from their mean: where brightness varies from image to image."""
    return classic.auto_contrast(raw, low=contrast_low, high=contrast_high)


def min_max(raw: np.ndarray, *, ceiling: Ceiling) -> np.ndarray:
    """Stretch intensities up to a ceiling: where dead cells or debris are far brighter than the structure."""
    return classic.min_max(raw, ceiling=ceiling)


def gaussian(normalized: np.ndarray, *, smoothing_sigma: SmoothingSigma) -> np.ndarray:
    """Smooth in all directions."""
    return classic.gaussian(normalized, sigma=smoothing_sigma)


def gaussian_by_plane(normalized: np.ndarray, *, smoothing_sigma: SmoothingSigma) -> np.ndarray:
    """Smooth within each plane: where the structure moves between planes, or planes are far apart."""
    return classic.gaussian_by_plane(normalized, sigma=smoothing_sigma)


def edge_preserving(normalized: np.ndarray) -> np.ndarray:
    """Smooth, but not across edges: where two filaments side by side must stay two."""
    return classic.edge_preserving(normalized)


def filaments_3d(smooth: np.ndarray, *, filament_sigmas: FilamentSigmas, filament_cutoffs: FilamentCutoffs) -> np.ndarray:
    """Find tubes that run in any direction."""
    return classic.filaments_3d(smooth, sigmas=filament_sigmas, cutoffs=filament_cutoffs)


def filaments_by_plane(smooth: np.ndarray, *, filament_sigmas: FilamentSigmas, filament_cutoffs: FilamentCutoffs) -> np.ndarray:
    """Find what looks like a curve in each plane: tubes, rings, sheets cut by the plane."""
    return classic.filaments_by_plane(smooth, sigmas=filament_sigmas, cutoffs=filament_cutoffs)


def spots_3d(smooth: np.ndarray, *, spot_sigmas: SpotSigmas, spot_cutoffs: SpotCutoffs) -> np.ndarray:
    """Find round, separate spots."""
    return classic.spots_3d(smooth, sigmas=spot_sigmas, cutoffs=spot_cutoffs)


def spots_by_plane(smooth: np.ndarray, *, spot_sigmas: SpotSigmas, spot_cutoffs: SpotCutoffs) -> np.ndarray:
    """Find what looks spotted in each plane."""
    return classic.spots_by_plane(smooth, sigmas=spot_sigmas, cutoffs=spot_cutoffs)


def bodies(smooth: np.ndarray, *, object_minimum: ObjectMinimum, otsu_factor: OtsuFactor) -> np.ndarray:
    """Find rough objects, and within each what is above its own Otsu cutoff: where cells differ in brightness."""
    objects = classic.rough_objects(smooth, method="triangle", minimum_size=object_minimum)
    return classic.otsu_in_objects(smooth, objects, adjust=otsu_factor)


def thin(found: np.ndarray, *, minimum_thickness: MinimumThickness) -> np.ndarray:
    """Thin what came out too fat, without cutting it."""
    return classic.thin(found, minimum_thickness=minimum_thickness)


def fill_by_plane(thinned: np.ndarray, *, hole_maximum: FilledMaximum) -> np.ndarray:
    """Fill holes within each plane, up to a size: rings become discs."""
    return classic.fill_holes_by_plane(thinned, minimum=0, maximum=hole_maximum)


def fill_3d(thinned: np.ndarray) -> np.ndarray:
    """Fill cavities that are closed on all sides, of any size."""
    return classic.fill_holes(thinned)


def drop_small(filled: np.ndarray, *, minimum_size: MinimumVoxels) -> np.ndarray:
    """Drop objects by their volume."""
    return classic.remove_small(filled, minimum_size=minimum_size)


def drop_small_by_plane(filled: np.ndarray, *, minimum_pixels: MinimumPixels) -> np.ndarray:
    """Drop what is small within its plane: where specks hang on large objects above and below."""
    return classic.remove_small_by_plane(filled, minimum_size=minimum_pixels)


def part(large: np.ndarray, normalized: np.ndarray, *, peak_distance: PeakDistance, minimum_size: MinimumVoxels) -> np.ndarray:
    """Part touching spots by a watershed from their brightest points."""
    seeds = classic.local_maxima(normalized, large, min_distance=peak_distance)
    parted = classic.split_touching(large, seeds)
    labels = classic.remove_small_labels(parted, minimum_size=minimum_size)
    return labels > 0


def unchanged(mask: np.ndarray) -> np.ndarray:
    """Leave this step out."""
    return mask


STEPS: Mapping[str, Mapping[str, Callable[..., np.ndarray]]] = MappingProxyType(
    {
        "normalization": {"auto-contrast": auto_contrast, "min-max": min_max},
        "smoothing": {"in 3D": gaussian, "by plane": gaussian_by_plane, "edge-preserving": edge_preserving},
        "core": {
            "filaments in 3D": filaments_3d,
            "filaments by plane": filaments_by_plane,
            "spots in 3D": spots_3d,
            "spots by plane": spots_by_plane,
            "bodies": bodies,
        },
        "thinning": {"none": unchanged, "by plane": thin},
        "filling": {"none": unchanged, "by plane": fill_by_plane, "in 3D": fill_3d},
        "size_filter": {"in 3D": drop_small, "by plane": drop_small_by_plane},
        "parting": {"none": unchanged, "watershed": part},
    }
)
"""By step, in their order, and by name: the alternatives. Of the core several can be chosen; what any of them finds is kept."""


def check_choices(values: Mapping[str, Any]) -> None:
    """Raise one sentence if a choice is not one of the alternatives, or a value does not suit them.

    Parameters
    ----------
    values : mapping
        A choice for each step of `STEPS` (for ``core`` a list of them), and the values of the knobs; other names are left alone.

    Raises
    ------
    TypeError, ValueError
    """
    for step, alternatives in STEPS.items():
        if step not in values:
            raise ValueError(f"there is no choice for the step {step}: give {' or '.join(map(repr, alternatives))}")
        chosen = values[step] if step == "core" else [values[step]]
        if isinstance(chosen, str) or not isinstance(chosen, Sequence) or not chosen or len(set(chosen)) < len(chosen):
            raise TypeError(f'{step} must be a list of different names, for example ["{next(iter(alternatives))}"], got {chosen!r}')
        for name in chosen:
            if name not in alternatives:
                close = difflib.get_close_matches(str(name), alternatives, n=1)
                hint = f" (did you mean {close[0]!r}?)" if close else ""
                raise ValueError(f"{step} must be {' or '.join(map(repr, alternatives))}, got {name!r}{hint}")
    for function in {function for alternatives in STEPS.values() for function in alternatives.values()}:
        missing = [name for name in knobs(function) if name not in values]
        if missing:
            raise ValueError(f"there is no value for {missing[0]}: give one, whether its step is chosen or not")
        check_values(function, {name: values[name] for name in knobs(function)})


def take(step: str, choice: str | Sequence[str], values: Mapping[str, Any], *arrays: np.ndarray) -> np.ndarray:
    """Return what one step makes of its input.

    Parameters
    ----------
    step : str
        A key of `STEPS`.
    choice : str, or sequence of str for the core
        Which alternative.
    values : mapping
        The values of the knobs; what the alternative does not take is left out.
    *arrays : (Z, Y, X) ndarray
        What the step is made from: raw, normalized, smooth, or a mask; parting takes the mask and the normalized image.

    Returns
    -------
    result : (Z, Y, X) ndarray of float32 or bool

    Raises
    ------
    TypeError, ValueError
        If the image is not suited to the step.

    Examples
    --------
    >>> take("size_filter", "in 3D", {"minimum_size": 2}, np.array([[[1, 0, 1, 1]]], bool)).astype(int)
    array([[[0, 0, 1, 1]]])
    """
    if not isinstance(choice, str):
        return np.logical_or.reduce([take(step, name, values, *arrays) for name in choice])
    function = STEPS[step][choice]
    known = knobs(function)
    inputs = len(inspect.signature(function).parameters) - len(known)
    return function(*arrays[:inputs], **{name: values[name] for name in known})


def options(step: str, values: Mapping[str, Any], *arrays: np.ndarray) -> dict[str, np.ndarray]:
    """Return what each alternative of a step makes of its input; one that is not suited to the image is left out, unless it is chosen.

    Parameters
    ----------
    step, values, *arrays
        As for `take`; ``values`` also holds the choice.

    Returns
    -------
    results : dict of str to (Z, Y, X) ndarray
        By the name of the alternative.

    Raises
    ------
    TypeError, ValueError
        If the chosen alternative is not suited to the image, such as a 3D filter to a single plane.
    """
    results = {}
    for name in STEPS[step]:
        try:
            results[name] = take(step, name, values, *arrays)
        except ValueError:
            if name == values[step] or (step == "core" and name in values[step]):
                raise
    return results
