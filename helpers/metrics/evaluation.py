"""Compare the label images of several methods with truth, over many images, and with what a second annotator reaches."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from helpers.metrics.contingency import contingency
from helpers.metrics.errors import SIZE_EDGES, SIZE_NAMES, error_kinds, errors_by_size, object_table
from helpers.metrics.instances import instance_scores
from helpers.metrics.matching import THRESHOLDS, match

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
