"""The iterative deep-learning workflow over folders: bodies found by a workflow or by a model, each image once, and how many were found.

Source: Chen, J. et al. (2018) The Allen Cell and Structure Segmenter. bioRxiv 491035. :DOI:`10.1101/491035`
"""

import contextlib
import glob
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from helpers import classic, curation, images, learning, measure, metrics
from helpers.images import LabelFolder, Stack
from helpers.workflows import WORKFLOWS

if TYPE_CHECKING:
    import pandas as pd

FOUND_FROM = 500  # IoU, in thousandths, from which on a body counts as found
Say = Callable[[str], None]


def find_with_workflow(
    workflow_id: str,
    image_folder: str | Path,
    output_folder: str | Path,
    *,
    values: Mapping[str, Any] | None = None,
    bodies: Mapping[str, float] | None = None,
    names: Sequence[str] = (),
    read_raw: Mapping[str, Any] | None = None,
    progress: Say | None = print,
) -> Path:
    """Run a workflow of the lookup table on every image of a folder, and keep the bodies that its mask encloses.

    Parameters
    ----------
    workflow_id : str
    image_folder : str or Path
    output_folder : str or Path
        Takes ``<image>_<workflow>_labels.ome.tif`` and its record. What was made before from the same image in the same way is not made again.
    values : mapping, optional
        Of the workflow's parameters, in voxels, where they differ from the published ones.
    bodies : mapping, optional
        As `helpers.measure.bodies` takes them.
    names : sequence of str
        Only these images.
    read_raw : mapping, optional
        ``channel, voxel_size`` as `helpers.images.read` takes them.
    progress : callable, optional
        Called with a line now and then.

    Returns
    -------
    output_folder : Path

    Raises
    ------
    KeyError
        If there is no such workflow.
    OSError, TypeError, ValueError
        If an image or a value cannot be used; the results before it stay.
    """
    workflow, values = WORKFLOWS[workflow_id], dict(values or {})
    outer = {"outer_layer": True} if workflow.is_shell else {}
    how = {"workflow": workflow_id, "values": {**workflow.published, **values}, "bodies": {**outer, **(bodies or {})}}
    return _each(lambda stack: workflow(stack.raw, **values), workflow_id, how, image_folder, output_folder, names, read_raw, progress)


def find_with_model(
    model_path: str | Path,
    image_folder: str | Path,
    output_folder: str | Path,
    *,
    bodies: Mapping[str, float] | None = None,
    names: Sequence[str] = (),
    read_raw: Mapping[str, Any] | None = None,
    progress: Say | None = print,
) -> Path:
    """Apply a model to every image of a folder, at the voxel size that it was trained on, and keep the bodies that its mask fills.

    Parameters
    ----------
    model_path : str or Path
    image_folder, output_folder, bodies, names, read_raw, progress
        As `find_with_workflow`.

    Returns
    -------
    output_folder : Path

    Raises
    ------
    OSError, TypeError, ValueError, MemoryError
        If the model, an image or a value cannot be used; the results before it stay.
    """
    model = learning.read_model(model_path)
    how = {"model": Path(model_path).name, "weights_sha256": weights_checksum(model), "cutoff": model.cutoff, "bodies": dict(bodies or {})}
    return _each(lambda stack: _mask_of(model, stack), model.name, how, image_folder, output_folder, names, read_raw, progress)


def weights_checksum(model: learning.Model) -> str:
    """Return a checksum of what a model computes with, which stays the same when its file is written again."""
    digest = hashlib.sha256(json.dumps([model.network.architecture.as_dict(), model.normalization, model.voxel_size]).encode())
    for name, values in sorted(model.network.state_dict().items()):
        digest.update(name.encode() + values.detach().cpu().numpy().tobytes())
    return digest.hexdigest()


def merge_drawn(items: Sequence[curation.Item], drawn: Mapping[str, Path], output_folder: str | Path, *, who: str = "") -> list[Path]:
    """Merge two results of each image where something was drawn: inside of it the second result counts, outside the first.

    Parameters
    ----------
    items : sequence of curation.Item
        Each with an image and a second result, as `helpers.curation.queue` gives them.
    drawn : mapping of image to path
        Regions or painted masks, as `helpers.curation.by_image` gives them.
    output_folder : str or Path
        As `helpers.curation.save_merged`.
    who : str
        Who drew; for the record.

    Returns
    -------
    paths : list of Path
        The merged results.

    Raises
    ------
    ValueError
        If nothing was drawn on any of them, or the two results of an image are not of one kind.
    OSError
        If a file cannot be read or written.
    """
    paths = []
    for item in items:
        name = images.safe_name(item.raw)
        if name not in drawn:
            continue
        stack = item.stack()
        regions = curation.read_where(drawn[name], stack.raw.shape)
        seconds = 0.0 if isinstance(regions, np.ndarray) else sum(region.seconds for region in regions)
        sources = {"inside": item.other, "outside": item.found}
        inside, outside = (_as_labels(item.result(other=other)) for other in (True, False))
        saved = curation.save_merged(output_folder, stack, inside, outside, regions, sources=sources, seconds=seconds, who=who)
        paths.append(saved["merged"])
    if not paths:
        raise ValueError("nothing was drawn on any of these images: draw round the cells that the second result has right")
    return paths


def found_by_kind(truth: np.ndarray, kinds: "pd.Series", found: np.ndarray) -> dict[str, int]:
    """Count what was found of each kind: a body is found where one that was found overlaps it with an IoU of 0.5 at least.

    Parameters
    ----------
    truth, found : (Z, Y, X) ndarray of int
        Labels of filled bodies.
    kinds : pandas.Series
        The kind of each true body, by its label.

    Returns
    -------
    counts : dict of str to int
        For each kind ``<kind>`` and ``<kind>_found``; ``extra``: found and not there.

    Examples
    --------
    >>> import pandas as pd
    >>> truth, found = np.array([[[1, 1, 0, 2, 2]]]), np.array([[[1, 1, 0, 0, 0]]])
    >>> found_by_kind(truth, pd.Series({1: "interphase", 2: "dividing"}), found)
    {'dividing': 1, 'dividing_found': 0, 'interphase': 1, 'interphase_found': 1, 'extra': 0}
    """
    pairs = metrics.matched_pairs(truth, found, FOUND_FROM)
    counts: dict[str, int] = {}
    for kind in sorted(set(kinds)):
        labels = kinds.index[kinds == kind]
        counts |= {kind: len(labels), f"{kind}_found": int(pairs["truth"].isin(labels).sum())}
    return counts | {"extra": int(np.count_nonzero(np.unique(found)) - len(pairs))}


def result_of(name: str, folder: str | Path) -> Path:
    """Return the file of what was found on an image, as `find_with_workflow` and `find_with_model` leave it.

    Raises
    ------
    FileNotFoundError
        If there is none.
    """
    for path in sorted(Path(folder).expanduser().glob(f"{glob.escape(name)}_*_labels.ome.tif")):
        record = path.with_name(path.name.replace("_labels.ome.tif", "_record.json"))
        # cell_1 and cell_1_b begin alike: the record knows which image it was.
        if not record.exists() or images.safe_name(images.read_record(record)["input"]["name"]) == name:
            return path
    raise FileNotFoundError(f"{folder} holds no result for {name}: run the method on that image first")


def judge(
    truths: Mapping[str, "tuple[np.ndarray, pd.Series]"], found_folders: Mapping[str, str | Path], kinds: Sequence[str]
) -> "pd.DataFrame":
    """Count, for each method and image, what was found.

    Parameters
    ----------
    truths : mapping of image to (labels, kinds)
        As `found_by_kind` takes them.
    found_folders : mapping of method to folder
        As `find_with_workflow` and `find_with_model` leave them.
    kinds : sequence of str
        All kinds there may be; the first is what the first model is for.

    Returns
    -------
    table : pandas.DataFrame
        One row an image and method: ``method, image``, the counts of `found_by_kind`, ``right`` (all of the first kind found), ``all_right``
        (all of every kind).

    Raises
    ------
    FileNotFoundError, ValueError
        If an image has no result.
    """
    import pandas as pd

    rows = []
    for method, folder in found_folders.items():
        for name, (truth, kinds_there) in truths.items():
            row = dict.fromkeys((f"{kind}{what}" for kind in kinds for what in ("", "_found")), 0)
            row |= found_by_kind(truth, kinds_there, images.read_labels(result_of(name, folder)))
            right = [row[kind] == row[f"{kind}_found"] for kind in kinds]
            rows.append({"method": method, "image": name, **row, "right": right[0], "all_right": all(right)})
    return pd.DataFrame(rows)


def summary(table: "pd.DataFrame", kinds: Sequence[str]) -> "pd.DataFrame":
    """Sum the table of `judge` up: one row a method, as texts for people.

    Parameters
    ----------
    table : pandas.DataFrame
    kinds : sequence of str

    Returns
    -------
    summary : pandas.DataFrame
        ``method``, for each kind how many were found of how many, ``extra``, ``images right (<first kind>)``, ``images right (all)``.
    """
    import pandas as pd

    rows = []
    for method, part in table.groupby("method", sort=False):
        row = {"method": method}
        row |= {f"{kind} found": _share(part[f"{kind}_found"].sum(), part[kind].sum()) for kind in kinds}
        row |= {"extra": int(part["extra"].sum())}
        row |= {
            f"images right ({kinds[0]})": _share(part["right"].sum(), len(part)),
            "images right (all)": _share(part["all_right"].sum(), len(part)),
        }
        rows.append(row)
    return pd.DataFrame(rows)


def _mask_of(model: learning.Model, stack: Stack) -> np.ndarray:
    """Return what a model finds, at the voxel size that it was trained on, on the grid of the image."""
    size = tuple(model.voxel_size or stack.voxel_size)
    if size == stack.voxel_size:
        return learning.apply(model, stack).mask
    smaller = Stack(images.resample(stack.raw, stack.voxel_size, size), size, stack.name, stack.source)
    return images.mask_onto(learning.apply(model, smaller).mask, size, stack.voxel_size, stack.raw.shape)


def _as_labels(result: np.ndarray) -> np.ndarray:
    """Return labels, also of a mask."""
    return classic.components(result) if result.dtype == bool else result.astype(np.int32)


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole}" + (f" ({part / whole:.0%})" if whole else "")


def _each(
    segment: Callable[[Stack], np.ndarray], method: str, how: Mapping[str, Any], image_folder: str | Path, output_folder: str | Path,
    names: Sequence[str], read_raw: Mapping[str, Any] | None, progress: Say | None,
) -> Path:  # fmt: skip
    """Segment image by image; keep what is there already."""
    folder = Path(output_folder).expanduser()
    paths = LabelFolder(image_folder)
    chosen = [name for name in paths if not names or name in names]
    if not chosen:
        raise ValueError(f"{image_folder} holds none of the images asked for, the first is {next(iter(names), '')}: check the names")
    for done, name in enumerate(chosen, start=1):
        stem = f"{name}_{images.safe_name(method)}"
        if not _made_before(folder / f"{stem}_record.json", paths.path(name), how):
            stack = images.read(paths.path(name), **(read_raw or {}))
            labels = measure.bodies(segment(stack), stack.voxel_size, **how["bodies"])
            with images.together(folder) as temporary:
                path = images.write(temporary / f"{stem}_labels.ome.tif", labels, stack.voxel_size)
                choices = {key: value for key, value in (read_raw or {}).items() if key in ("channel", "scene", "time")}
                record = images.record(
                    stack=stack,
                    workflow=f"bodies by {method}",
                    parameters=how,
                    outputs=[path],
                    quality={"objects": int(labels.max())},
                    **choices,
                )
                images.write_record(temporary / f"{stem}_record.json", record)
        if progress and (done % 10 == 0 or done == len(chosen)):
            progress(f"{method}: {done} of {len(chosen)} images")
    return folder


def _made_before(record_path: Path, image_path: Path, how: Mapping[str, Any]) -> bool:
    """Return whether the record speaks of the same image and the same way, and its result is still there."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        record = images.read_record(record_path)
        same = record["input"]["sha256"] == images.checksum(image_path) and record["parameters"] == _as_read(how)
        return same and all((record_path.parent / each["name"]).exists() for each in record["outputs"])
    return False


def _as_read(how: Mapping[str, Any]) -> Any:
    """Return plain values as they come back from a file: tuples have become lists."""
    return json.loads(json.dumps(how))
