"""Compare the label images of several methods with truth, over many images, and with what a second annotator reaches."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from helpers.metrics.contingency import contingency
from helpers.metrics.errors import SIZE_EDGES, SIZE_NAMES, error_kinds, errors_by_size, object_table
from helpers.metrics.instances import instance_scores
from helpers.metrics.matching import THRESHOLDS, match
from helpers.metrics.surfaces import boundary_f, object_surface_distances, surface_distances

if TYPE_CHECKING:
    import pandas as pd

SECOND_ANNOTATOR = "second annotator"


class Evaluation(NamedTuple):
    """Five tables of many images; each begins with ``method, image`` and, where groups were given, ``group``."""

    matching: "pd.DataFrame"
    """One row for each method, image and threshold, as `helpers.metrics.match`."""
    scores: "pd.DataFrame"
    """One row for each method and image, as `helpers.metrics.instance_scores`."""
    errors: "pd.DataFrame"
    """One row for each method, image and kind of error, as `helpers.metrics.error_kinds`."""
    sizes: "pd.DataFrame"
    """One row for each method, image and class of size, as `helpers.metrics.errors_by_size`."""
    objects: "pd.DataFrame"
    """One row for each method, image and object, as `helpers.metrics.object_table`."""


class SurfaceEvaluation(NamedTuple):
    """Distances between surfaces in many images."""

    objects: "pd.DataFrame"
    """One row for each method, image and pair of objects, as `helpers.metrics.object_surface_distances`."""
    images: "pd.DataFrame"
    """One row for each method and image: ``truth_objects, found_objects, pairs``, the median over the pairs ``median_hausdorff95, median_assd``, and of
    all surfaces together ``hausdorff, hausdorff95, assd, boundary_precision, boundary_recall, boundary_f``."""


def evaluate_surfaces(
    truths: Mapping[str, np.ndarray],
    found: Mapping[str, Mapping[str, np.ndarray]],
    voxel_sizes: Mapping[str, Sequence[float]],
    *,
    threshold: int = 500,
    distance: float = 0.3,
) -> SurfaceEvaluation:
    """Measure how far the surfaces of several methods are from truth, image by image.

    Parameters
    ----------
    truths : mapping of str to ndarray of int
        The true label image of each image. A mapping that reads a file when it is asked keeps memory small.
    found : mapping of str to mapping
        For each method its label images, by the same names of images. Every method must have all images.
    voxel_sizes : mapping of str to sequence of 3 float
        For each image, (z, y, x) in um; z does not matter where there is one plane.
    threshold : int
        IoU per thousand from which two objects are a pair.
    distance : float
        Largest distance in um at which two boundaries agree.

    Returns
    -------
    SurfaceEvaluation

    Raises
    ------
    TypeError, ValueError
        As `helpers.metrics.object_surface_distances` and `helpers.metrics.boundary_f`, with the method and the image in front; or if an image is
        missing.

    Examples
    --------
    >>> truth = np.zeros((12, 12), int)
    >>> truth[2:9, 2:9] = 1
    >>> result = evaluate_surfaces({"a": truth}, {"shifted": {"a": np.roll(truth, 1, axis=1)}}, {"a": (1, 0.5, 0.5)})
    >>> result.images[["method", "image", "pairs", "hausdorff"]]
        method image  pairs  hausdorff
    0  shifted     a      1        0.5
    """
    import pandas as pd

    _check_names(truths, found, None, None)
    objects, images = [], []
    for image in truths:
        truth, size = truths[image], voxel_sizes[image]
        for method, labels in found.items():
            leading = {"method": method, "image": image}
            try:
                pairs, row = _surfaces(truth, labels[image], size, threshold, distance)
            except (TypeError, ValueError) as error:
                raise type(error)(f"{method}, {image}: {error}") from error
            objects.append(pairs.assign(**leading)[[*leading, *pairs.columns]])
            images.append(leading | row)
    order = {method: place for place, method in enumerate(found)}
    return SurfaceEvaluation(_joined(objects, order), _joined([pd.DataFrame(images)], order))


def _surfaces(
    truth: np.ndarray, found: np.ndarray, voxel_size: Sequence[float], threshold: int, distance: float
) -> "tuple[pd.DataFrame, dict[str, Any]]":
    """Return the pairs of one image, and the row of the image."""
    size = voxel_size[-2:] if truth.ndim == 2 else voxel_size
    counts = contingency(truth, found)
    pairs = object_surface_distances(truth, found, threshold, voxel_size=size)
    medians = {f"median_{name}": float(pairs[name].median()) for name in ("hausdorff95", "assd")}
    edges = boundary_f(truth, found, distance, voxel_size=size)._asdict()
    row = {"truth_objects": counts.truth_labels.size, "found_objects": counts.found_labels.size, "pairs": len(pairs)}
    row |= medians | surface_distances(truth, found, voxel_size=size)._asdict()
    return pairs, row | {f"boundary_{name}": score for name, score in edges.items()}


def evaluate(
    truths: Mapping[str, np.ndarray],
    found: Mapping[str, Mapping[str, np.ndarray]],
    *,
    second_truths: Mapping[str, np.ndarray] | None = None,
    groups: Mapping[str, str] | None = None,
    ignore: Mapping[str, np.ndarray] | None = None,
    thresholds: Sequence[int] = THRESHOLDS,
    object_threshold: int = 700,
    size_edges: Sequence[float] = SIZE_EDGES,
    size_names: Sequence[str] = SIZE_NAMES,
    voxel_volume: float = 1.0,
    **conventions: Any,
) -> Evaluation:
    """Compare the label images of several methods with truth, image by image.

    Parameters
    ----------
    truths : mapping of str to ndarray of int
        The true label image of each image. A mapping that reads a file when it is asked keeps memory small.
    found : mapping of str to mapping
        For each method its label images, by the same names of images. Every method must have all images.
    second_truths : mapping of str to ndarray of int, optional
        The truth of a second annotator, for some images or all. It is scored like a method, as "second annotator": the ceiling, beyond which a
        method agrees with the first annotator rather than with the biology.
    groups : mapping of str to str, optional
        The group of each image, for example its cell line.
    ignore : mapping of str to ndarray of bool, optional
        Where truth is not known, for some images or all; see `helpers.metrics.contingency`.
    thresholds : sequence of int
        IoU per thousand.
    object_threshold : int
        IoU per thousand from which an object counts as found in ``errors``, ``sizes`` and ``objects``.
    size_edges, size_names, voxel_volume
        Classes of size, as in `helpers.metrics.object_table`.
    **conventions
        Passed to `helpers.metrics.match`: ``criterion, strict, undefined, empty_score``.

    Returns
    -------
    Evaluation

    Raises
    ------
    TypeError, ValueError
        As `helpers.metrics.match`, with the method and the image in front; or if an image or a group is missing.

    Examples
    --------
    >>> truth = np.array([[1, 1, 0, 2, 2, 2]])
    >>> result = evaluate({"a": truth}, {"perfect": {"a": truth}, "half": {"a": np.where(truth == 1, 1, 0)}}, thresholds=[500])
    >>> result.matching[["method", "image", "threshold", "tp", "fn", "f1"]]
        method image  threshold  tp  fn        f1
    0  perfect     a        500   2   0  1.000000
    1     half     a        500   1   1  0.666667
    """
    import pandas as pd

    methods = dict(found)
    if second_truths is not None:
        if SECOND_ANNOTATOR in methods:
            raise ValueError(f"a method is called {SECOND_ANNOTATOR!r}, which is the name of the ceiling: rename it")
        methods[SECOND_ANNOTATOR] = second_truths
    _check_names(truths, found, second_truths, groups)
    sizes = {"size_edges": size_edges, "size_names": size_names, "voxel_volume": voxel_volume}
    tables: dict[str, list[pd.DataFrame]] = {name: [] for name in Evaluation._fields}
    for image in truths:
        truth = truths[image]
        for method, images in methods.items():
            if image not in images:
                continue
            try:
                counts = contingency(truth, images[image], ignore=(ignore or {}).get(image))
            except (TypeError, ValueError) as error:
                raise type(error)(f"{method}, {image}: {error}") from error
            parts = Evaluation(
                matching=match(counts, thresholds=thresholds, **conventions),
                scores=pd.DataFrame([instance_scores(counts)._asdict()]),
                errors=error_kinds(counts, threshold=object_threshold),
                sizes=errors_by_size(counts, threshold=object_threshold, **sizes),
                objects=object_table(counts, threshold=object_threshold, **sizes),
            )
            leading = {"method": method, "image": image} | ({} if groups is None else {"group": groups[image]})
            for name, part in parts._asdict().items():
                tables[name].append(part.assign(**leading)[[*leading, *part.columns]])
    order = {method: place for place, method in enumerate(methods)}
    return Evaluation(*(_joined(parts, order) for parts in tables.values()))


def _joined(parts: "list[pd.DataFrame]", order: Mapping[str, int]) -> "pd.DataFrame":
    """Return one table, methods in the order in which they were given."""
    import pandas as pd

    if not parts:
        return pd.DataFrame()
    table = pd.concat(parts, ignore_index=True)
    return table.sort_values("method", key=lambda names: names.map(order), kind="stable", ignore_index=True)


def _check_names(
    truths: Mapping[str, np.ndarray],
    found: Mapping[str, Mapping[str, np.ndarray]],
    second_truths: Mapping[str, np.ndarray] | None,
    groups: Mapping[str, str] | None,
) -> None:
    """Raise unless every method has all images and nothing else, and every image a group."""
    if not truths:
        raise ValueError("there is no true label image: give at least one")
    for method, images in found.items():
        missing, unknown = sorted(set(truths) - set(images)), sorted(set(images) - set(truths))
        if missing:
            raise ValueError(
                f"{method} has no label image for {', '.join(missing)}: an image without objects needs an empty one, or it would not count"
            )
        if unknown:
            raise ValueError(f"{method} has label images without truth, {', '.join(unknown)}: leave them out")
    unknown = sorted(set(second_truths or {}) - set(truths))
    if unknown:
        raise ValueError(f"the second annotator has label images without truth, {', '.join(unknown)}: leave them out")
    ungrouped = sorted(set(truths) - set(groups)) if groups is not None else []
    if ungrouped:
        raise ValueError(f"groups has no entry for {', '.join(ungrouped)}")
