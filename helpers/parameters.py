"""The parameters of a notebook: what its cell declares, what it was given, and whether that makes sense."""

import ast
import difflib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from helpers import images
from helpers.workflows import WORKFLOWS, Workflow, check_values

INPUTS: Mapping[str, Any] = {"input_path": "", "output_folder": "results", "channel": "", "scene": 0, "time": 0, "voxel_size": []}
"""The parameters that every lookup-table notebook takes before those of its workflow, with their default values."""

_NAME_OR_NUMBER = ("channel", "scene")


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
    if declared.get("workflow") in WORKFLOWS:
        workflow_named(values.get("workflow", declared["workflow"]))
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


def cells_run() -> list[str]:
    """Return the source of the cells that this kernel has run; none outside a notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return list(shell.user_ns.get("In", [])) if shell else []


def declared_and_given(cells: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
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


def workflow_named(workflow_id: str) -> Workflow:
    """Return the workflow of an id; raise one sentence with the nearest id if there is none.

    >>> workflow_named("tomm20").structure
    'mitochondria (outer membrane)'
    """
    if workflow_id in WORKFLOWS:
        return WORKFLOWS[workflow_id]
    close = difflib.get_close_matches(str(workflow_id), WORKFLOWS, n=1)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    raise ValueError(f"there is no workflow {workflow_id!r}{hint}: the ids stand in notebooks/10_lookup_table/README.md")


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


def _check_type(name: str, value: Any, default: Any) -> None:
    wanted, words = {
        bool: ((bool,), "True or False"),
        int: ((int,), "a whole number"),
        float: ((int, float), "a number"),
        str: ((str,), "text"),
        list: ((list, tuple), "a list"),
    }[type(default)]
    if name == "time" and isinstance(value, (list, tuple)):
        images.checked_times(value)
        return
    if name == "time" and isinstance(default, int):
        words = "a whole number, or a list of them ([] for all)"
    if name in _NAME_OR_NUMBER:
        wanted, words = (str, int), "a name or a number"
    if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
        hint = f": with papermill give it as -y '{name}: [...]'" if wanted == (list, tuple) and isinstance(value, str) else ""
        raise TypeError(f"{name} must be {words}, got {value!r}{hint}")


def _check_voxel_size(value: Any) -> None:
    numbers = [part for part in value if isinstance(part, (int, float)) and not isinstance(part, bool) and 0 < part < 1e4]
    if len(value) not in (0, 3) or len(numbers) != len(value):
        raise ValueError(f"voxel_size must be [z, y, x] in um, for example [0.29, 0.108, 0.108], or [] to take the file's: got {value!r}")
