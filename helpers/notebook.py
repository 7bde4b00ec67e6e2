"""What every notebook does around its story: check its parameters, say how far the result can be trusted, save it with its record."""

import ast
import difflib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from helpers import classic, figures, images, measure
from helpers.images import Stack
from helpers.metrics import Overlap, overlap
from helpers.tables import Report, show  # noqa: F401, notebooks write notebook.show
from helpers.workflows import WORKFLOWS, Workflow, check_values

INPUTS: Mapping[str, Any] = {"input_path": "", "output_folder": "results", "channel": "", "scene": 0, "time": 0, "voxel_size": []}
"""The parameters that every lookup-table notebook takes before those of its workflow, with their default values."""

_NAME_OR_NUMBER = ("channel", "scene")


def check(workflow_id: str = "", namespace: Mapping[str, Any] | None = None) -> "Run":
    """Stop the notebook if a parameter is unknown, of the wrong type or out of its range.

    papermill passes any name and any type; a misspelt parameter would silently leave the default in place. The names are taken
    from the cells that this kernel has run: the parameters cell, and the cell that papermill puts below it.

    Parameters
    ----------
    workflow_id : str
        Id of the workflow whose parameters the notebook has; empty: the notebook's own parameters cell says what there is.
    namespace : mapping, optional
        Where the values are; the notebook's variables if left out.

    Returns
    -------
    run : Run
        Reads the parameters again when it saves, so that the record holds the values in force then.

    Raises
    ------
    TypeError, ValueError
        One sentence that names the parameter, what it got and what it takes.
    """
    cells = _cells_run()
    declared, given = _declared_and_given(cells)
    if workflow_id and not declared:
        declared = {**INPUTS, **WORKFLOWS[workflow_id].published}
    if namespace is None:
        namespace = sys._getframe(1).f_globals
    run = Run(workflow_id, declared, namespace)
    check_parameters({**run.parameters(), **{name: namespace.get(name, value) for name, value in given.items()}}, declared, workflow_id)
    _check_folder(namespace.get("output_folder", "results"))
    return run


def check_parameters(values: Mapping[str, Any], declared: Mapping[str, Any], workflow_id: str = "") -> None:
    """Raise one sentence if a value has an unknown name, another type than its declared default, or makes no sense.

    Parameters
    ----------
    values : mapping
        Name to value, as given.
    declared : mapping
        Name to default value, as `parameters_cell` returns it.
    workflow_id : str
        Also hold the values against the knobs of this workflow.

    Raises
    ------
    TypeError, ValueError
    """
    workflow = WORKFLOWS.get(workflow_id)
    for name, value in values.items():
        if name not in declared:
            close = difflib.get_close_matches(name, declared, n=1)
            hint = f" (did you mean {close[0]!r}?)" if close else ""
            raise TypeError(f"unknown parameter {name!r}{hint}; this notebook takes: {', '.join(declared)}")
        if workflow is None or name in INPUTS:
            _check_type(name, value, declared[name])
    if "voxel_size" in values:
        _check_voxel_size(values["voxel_size"])
    if workflow is not None:
        check_values(workflow.function, {name: value for name, value in values.items() if name in workflow.published})


def parameters_cell(path: str | Path) -> dict[str, Any]:
    """Return name and default value of each parameter of a notebook file.

    Raises
    ------
    ValueError
        If the file is not a notebook, or none of its cells is tagged ``parameters``.
    """
    try:
        cells = json.loads(Path(path).read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} cannot be read as a notebook: give the path of an .ipynb file ({error})") from None
    for cell in cells:
        if "parameters" in cell.get("metadata", {}).get("tags", []):
            return literals("".join(cell["source"]))
    raise ValueError(f"{path} has no cell tagged 'parameters': parameters given to it would be ignored")


def workflow_named(workflow_id: str) -> Workflow:
    """Return the workflow of an id; raise one sentence with the nearest id if there is none.

    >>> workflow_named("tomm20").structure
    'outer mitochondrial membrane'
    """
    if workflow_id in WORKFLOWS:
        return WORKFLOWS[workflow_id]
    close = difflib.get_close_matches(str(workflow_id), WORKFLOWS, n=1, cutoff=0.4)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    raise ValueError(f"there is no workflow {workflow_id!r}{hint}: the ids stand in notebooks/10_lookup_table/README.md")


def mask_for(stack: Stack, path: str | Path) -> np.ndarray | None:
    """Read a mask of the same field of view as a stack; None if ``path`` is empty.

    Parameters
    ----------
    stack : Stack
    path : str or Path
        As `helpers.images.read_mask` takes it.

    Returns
    -------
    mask : (Z, Y, X) ndarray of bool, or None

    Raises
    ------
    FileNotFoundError, ImageFileError
        As `helpers.images.read_mask` does.
    ValueError
        If it has another shape than the stack.
    """
    if not str(path).strip():
        return None
    mask = images.read_mask(path)
    mask = mask[None] if mask.ndim == 2 else mask
    if mask.shape != stack.raw.shape:
        raise ValueError(
            f"{Path(path).name} is {mask.shape}, the image is {stack.raw.shape} (Z, Y, X): give the mask of the same field of view"
        )
    return mask


def literals(source: str) -> dict[str, Any]:
    """Return the names that a cell sets to plain values, with the values.

    >>> literals("sigma = 1.5  # pixels")
    {'sigma': 1.5}
    """
    found = {}
    try:
        statements = ast.parse(source).body
    except SyntaxError:  # a cell with a line magic or a shell command: no parameters there
        return found
    for statement in statements:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1 and isinstance(statement.targets[0], ast.Name):
            try:
                found[statement.targets[0].id] = ast.literal_eval(statement.value)
            except ValueError:
                continue
    return found


@dataclass
class Run:
    """One run of a notebook: which workflow, and where its parameters are. Made by `check`."""

    workflow_id: str
    declared: Mapping[str, Any]
    namespace: Mapping[str, Any] = field(repr=False)

    def parameters(self) -> dict[str, Any]:
        """Return the declared parameters with the values they have now."""
        return {name: self.namespace[name] for name in self.declared if name in self.namespace}

    @property
    def workflow(self) -> Workflow:
        """The row of the lookup table."""
        return WORKFLOWS[self.workflow_id]

    def steps(self) -> figures.Picture:
        """Draw the steps of the workflow with the values as they are now; printed, they are pseudocode."""
        return figures.steps(self.workflow, self.parameters())

    def movie(self, stack: Stack, mask: np.ndarray) -> figures.Movie:
        """Write all planes, raw and with the mask outlined, as an animated GIF beside the other results, and show it.

        Parameters
        ----------
        stack : Stack
        mask : (Z, Y, X) ndarray of bool or int

        Returns
        -------
        movie : Movie
            ``<stem>_<id>_planes.gif`` in the output folder holds it, too.

        Raises
        ------
        OSError
            One sentence: the folder cannot be written.
        """
        shown = figures.movie(stack, mask)
        with images.together(self.parameters()["output_folder"]) as temporary:
            shown.save(temporary / f"{stack.name}_{self.workflow_id}_planes.gif")
        return shown

    def verdict(self, stack: Stack, mask: np.ndarray, truth: np.ndarray | None = None) -> Report:
        """Say how much was found, how near to the truth where it is known, and which signs of failure show.

        Parameters
        ----------
        stack : Stack
        mask : (Z, Y, X) ndarray of bool or int
            A mask, or labels where objects that touch are to be told apart.
        truth : (Z, Y, X) ndarray of bool, optional

        Returns
        -------
        Report
        """
        quality = self._quality(stack, mask)
        rows = [
            ("pieces found", f"{quality.objects}, of which {quality.objects_at_border} touch the border"),
            ("part of the image that is structure", f"{quality.foreground_fraction:.2%}"),
            ("saturated voxels", f"{quality.saturated_fraction:.2%}"),
        ]
        if truth is not None:
            rows += _against_truth(overlap(truth, mask > 0))
        return Report(rows, list(quality.warnings))

    def save(self, stack: Stack, mask: np.ndarray, table: Any = None, seed: int | None = None) -> Report:
        """Save mask, picture, table of objects and record into the output folder; all of them or none.

        Parameters
        ----------
        stack : Stack
        mask : (Z, Y, X) ndarray of bool or int
            A mask, or labels where objects that touch are to be told apart; the file holds the mask.
        table : pandas.DataFrame, optional
            Measured objects; measured here if left out.
        seed : int, optional
            For the record, where a step draws random numbers.

        Returns
        -------
        saved : Report
            One row a file: what it is, and its path.

        Raises
        ------
        TypeError, ValueError
            If a parameter was changed to something that makes no sense.
        OSError
            One sentence: the folder cannot be written. What was there before is left as it was.
        """
        parameters = self.parameters()
        check_parameters(parameters, self.declared, self.workflow_id)
        if table is None:
            table = measure.objects(mask, stack, filled=self.workflow.is_shell)
        values = {name: parameters.get(name, value) for name, value in self.workflow.published.items()}
        quality = self._quality(stack, mask)
        same = bool(np.array_equal(self.workflow(stack.raw, **values), mask > 0))
        if not same:
            quality.warnings.append(
                "The mask is not what the workflow gives with the recorded values: a step was changed by hand, or a value after it ran."
            )
        stem = f"{stack.name}_{self.workflow_id}"
        names = {what: f"{stem}_{ending}" for what, ending in OUTPUTS.items()}
        folder = Path(parameters["output_folder"]).expanduser().absolute()
        choices = {name: parameters[name] for name in ("channel", "scene", "time") if name in parameters}
        _refuse_another_input(folder / names["record"], stack, choices)
        with images.together(folder) as temporary:
            images.write(temporary / names["mask"], mask > 0, stack.voxel_size)
            figures.save(figures.overlay(stack, mask > 0, plane=self._widest(mask)), temporary / names["picture"])
            table.to_csv(temporary / names["objects"], index=False)
            record = images.record(
                stack=stack,
                workflow=self.workflow_id,
                parameters=values,
                **choices,
                seed=seed,
                outputs=[temporary / names[what] for what in ("mask", "picture", "objects")],
                quality=quality._asdict() | {"same_as_workflow": same},
            )
            images.write_record(temporary / names["record"], record)
        return Report([(what, str(folder / name)) for what, name in names.items()], [] if same else quality.warnings[-1:])

    def _quality(self, stack: Stack, mask: np.ndarray) -> measure.Quality:
        """Return the signs of failure, with those that concern reading and the look of this workflow."""
        quality = measure.quality(mask, stack, tuned_voxel_size=self.workflow.tuned_voxel_size)
        fragments = _fragment_warnings(mask) if self.workflow.is_shell else []
        return quality._replace(warnings=[*quality.warnings, *fragments, *stack.notes])

    def _widest(self, mask: np.ndarray) -> int | None:
        """Return the plane in which shells are rings, not caps: the one where they enclose most. None for other looks, or where nothing was found."""
        if not self.workflow.is_shell or not mask.any():
            return None
        return int(classic.fill_holes(mask > 0).sum(axis=(1, 2)).argmax())


OUTPUTS: Mapping[str, str] = {"mask": "mask.ome.tif", "picture": "overlay.png", "objects": "objects.csv", "record": "record.json"}
"""What a lookup-table notebook leaves in its output folder, after ``<stem>_<id>_``."""


def _check_folder(folder: str) -> None:
    """Refuse an output folder that cannot be one, before an hour is spent on what cannot be saved."""
    if not str(folder).strip():
        raise ValueError("output_folder is empty: give a folder, for example 'results'; it is made if it is missing")
    path = Path(folder).expanduser().absolute()
    above = next(place for place in (path, *path.parents) if place.exists())
    if not above.is_dir():
        raise NotADirectoryError(f"{folder} cannot be an output folder: {above} is a file; choose another output folder")


def _refuse_another_input(record_path: Path, stack: Stack, choices: Mapping[str, Any]) -> None:
    """Raise if the results that would be replaced were made from another file, channel, scene or time point."""
    if not record_path.exists():
        return
    try:
        record = images.read_record(record_path)
    except ValueError:  # not ours to judge, and not ours to lose
        raise FileExistsError(f"{record_path} is there and cannot be read: choose another output folder, or move it away") from None
    before = record["input"]
    if "path" in before:
        same = before["path"] == stack.source or (Path(stack.source).exists() and before["sha256"] == images.checksum(stack.source))
    else:
        same = (before["name"], before["source"]) == (stack.name, stack.source)
    # An empty channel is the only one there is, number 0.
    changed = [f"{name} {record[name]!r}" for name, value in choices.items() if (record[name] or 0) != (value or 0)]
    if not same or changed:
        what = ", ".join(changed) if same else before.get("path", before["name"])
        raise FileExistsError(f"{record_path.parent} holds the results of {what} under the same names: choose another output folder")


def _fragment_warnings(mask: np.ndarray) -> list[str]:
    """Say when many closed bodies are tiny beside the largest: seeds that the background has swallowed."""
    sizes = np.bincount(classic.components(classic.fill_holes(mask > 0)).ravel())[1:]
    small = int(np.count_nonzero(sizes < 0.05 * sizes.max())) if sizes.size else 0
    if small <= sizes.size / 4:
        return []
    return [
        f"{small} of {sizes.size} bodies are fragments: the background has leaked into them; look at the side views, and leave them out."
    ]


def _against_truth(score: Overlap) -> list[tuple[str, str]]:
    return [
        ("Dice with the truth (1 = identical)", f"{score.dice:.3f}"),
        ("part of the truth that was found", f"{score.recall:.1%}"),
        ("part of the found that is true", f"{score.precision:.1%}"),
    ]


def _cells_run() -> list[str]:
    """Return the source of the cells that this kernel has run; none outside a notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return list(shell.user_ns.get("In", [])) if shell else []


def _declared_and_given(cells: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the parameters cell sets, and what it and the cell that papermill put below it set."""
    declared: dict[str, Any] = {}
    given: dict[str, Any] = {}
    for source in cells:
        values = literals(source)
        if source.lstrip().startswith("# Parameters"):  # papermill opens its cell so
            given.update(values)
        elif "output_folder" in values and any(
            name.startswith("input_") or name.endswith("_folder") for name in values if name != "output_folder"
        ):  # the parameters cell; run again after a mend, its older text no longer counts
            declared, given = values, dict(values)
    return declared, given


def _check_type(name: str, value: Any, default: Any) -> None:
    wanted, words = {
        bool: ((bool,), "True or False"),
        int: ((int,), "a whole number"),
        float: ((int, float), "a number"),
        str: ((str,), "text"),
        list: ((list, tuple), "a list"),
    }[type(default)]
    if name in _NAME_OR_NUMBER:
        wanted, words = (str, int), "a name or a number"
    if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
        hint = f": with papermill give it as -y '{name}: [...]'" if wanted == (list, tuple) and isinstance(value, str) else ""
        raise TypeError(f"{name} must be {words}, got {value!r}{hint}")


def _check_voxel_size(value: Any) -> None:
    numbers = [part for part in value if isinstance(part, (int, float)) and not isinstance(part, bool) and 0 < part < 1e4]
    if len(value) not in (0, 3) or len(numbers) != len(value):
        raise ValueError(f"voxel_size must be [z, y, x] in um, for example [0.29, 0.108, 0.108], or [] to take the file's: got {value!r}")
