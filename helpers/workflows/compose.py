"""Compose a workflow from steps: run it, see what each choice is worth, and find what it is nearest to.

There is no engine: `segment` calls what was chosen, one after the other, and `code` reads the same functions to write the lines of a workflow function.
"""

import ast
import difflib
import inspect
import itertools
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from helpers.metrics import overlap
from helpers.workflows.choices import STEPS, check_choices, options, take, unchanged
from helpers.workflows.knobs import check_values, knobs
from helpers.workflows.lookup_table import WORKFLOWS
from helpers.workflows.workflow import Workflow

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "STEPS", "calls", "check_choices", "choices", "code", "joined", "make_line", "nearest", "options", "segment", "swaps", "take", "values_for", "write_values",
]  # fmt: skip

RESULTS = ("normalized", "smooth", "found", "thinned", "filled", "large", "mask")  # of each step, in their order


def segment(raw: np.ndarray, values: Mapping[str, Any]) -> np.ndarray:
    """Segment an image with the chosen steps, one after the other.

    Parameters
    ----------
    raw : (Z, Y, X) ndarray of int or float
        Camera counts of one channel.
    values : mapping
        As for `check_choices`.

    Returns
    -------
    mask : (Z, Y, X) ndarray of bool

    Raises
    ------
    TypeError, ValueError
        One sentence: a choice or a value makes no sense, or the image does not suit it.
    """
    check_choices(values)
    normalized = take("normalization", values["normalization"], values, raw)
    result = take("smoothing", values["smoothing"], values, normalized)
    for step in ("core", "thinning", "filling", "size_filter", "parting"):
        result = take(step, values[step], values, result, normalized)
    return result


def swaps(raw: np.ndarray, values: Mapping[str, Any], truth: np.ndarray | None = None) -> "pd.DataFrame":
    """Swap each choice for its alternatives, one at a time, and say how the mask changes.

    Parameters
    ----------
    raw : (Z, Y, X) ndarray of int or float
        Camera counts of one channel; a crop makes it quick.
    values : mapping
        As for `check_choices`.
    truth : (Z, Y, X) ndarray of bool, optional
        Where it is known, each mask is held against it.

    Returns
    -------
    table : pandas.DataFrame
        One row an alternative: ``step``, ``alternative``, ``chosen``, ``foreground`` (part of the image), ``same`` (Dice with the mask of the
        choices made), and, with a truth, ``dice``. An alternative that the image or the values do not suit has empty numbers, and the reason in ``why_not``.

    Raises
    ------
    TypeError, ValueError
        As for `segment`.
    """
    import pandas as pd

    chosen = segment(raw, values)
    rows = []
    for step, alternatives in STEPS.items():
        choices = [[name] for name in alternatives] if step == "core" else list(alternatives)
        for choice in choices if values[step] in choices else [values[step], *choices]:
            row = {"step": step, "alternative": choice if isinstance(choice, str) else " + ".join(choice), "chosen": choice == values[step]}
            try:
                mask = chosen if row["chosen"] else segment(raw, {**values, step: choice})
            except ValueError as error:
                rows.append({**row, "why_not": str(error)})
                continue
            scores = {"foreground": float(mask.mean()), "same": overlap(chosen, mask).dice}
            scores |= {} if truth is None else {"dice": overlap(truth, mask).dice}
            rows.append(row | scores | {"why_not": ""})
    return pd.DataFrame(rows)


def code(values: Mapping[str, Any]) -> list[str]:
    """Return the chosen steps as the lines of a workflow function, read from the alternatives.

    Examples
    --------
    >>> choices = {"normalization": "min-max", "smoothing": "by plane", "core": ["spots in 3D"], "thinning": "none", "filling": "none"}
    >>> print(*code({**choices, "size_filter": "in 3D", "parting": "none"}), sep="\\n")
    normalized = classic.min_max(raw, ceiling=ceiling)
    smooth = classic.gaussian_by_plane(normalized, sigma=smoothing_sigma)
    found = classic.spots_3d(smooth, sigmas=spot_sigmas, cutoffs=spot_cutoffs)
    mask = classic.remove_small(found, minimum_size=minimum_size)
    """
    lines: list[str] = []
    last = "raw"
    for (step, alternatives), result in zip(STEPS.items(), RESULTS):
        several = step == "core" and len(values[step]) > 1
        names = []
        for choice in values[step] if step == "core" else [values[step]]:
            function = alternatives[choice]
            if function is not unchanged:
                names.append(re.sub(r"\W", "_", choice).lower() if several else result)
                lines += _statements(function, last, names[-1])
        last = " | ".join(names) or last
    *first, final = lines
    return [*first, f"mask = {final.split(' = ', 1)[1]}"]


def joined(values: Mapping[str, Any]) -> str:
    """Return what the lines of `code` call the mask that the core found: one name, or several joined.

    >>> joined({"core": ["bodies", "spots in 3D"]}), joined({"core": ["bodies"]})
    ('bodies | spots_in_3d', 'found')
    """
    names = [re.sub(r"\W", "_", choice).lower() for choice in values["core"]]
    return " | ".join(names) if len(names) > 1 else RESULTS[list(STEPS).index("core")]


def nearest(values: Mapping[str, Any], count: int = 3) -> "pd.DataFrame":
    """Return the workflows whose steps are nearest to the chosen ones.

    Parameters
    ----------
    values : mapping
        As for `check_choices`.
    count : int
        How many step sequences.

    Returns
    -------
    table : pandas.DataFrame
        One row a workflow function, the nearest first: ``function``, ``ids`` that use it, ``same`` (whether it has exactly these steps), and what
        is to be ``added`` to it and ``left_out`` of it.

    Raises
    ------
    TypeError, ValueError
        As for `check_choices`.
    """
    import pandas as pd

    check_choices(values)
    orders = itertools.permutations(values["core"]) if len(values["core"]) < 4 else [values["core"]]
    ours = [calls("\n".join(code({**values, "core": list(order)}))) for order in orders]
    by_function: dict[Callable, list[str]] = {}
    for row in WORKFLOWS.values():
        by_function.setdefault(row.function, []).append(row.id)
    rows = []
    for function, ids in by_function.items():
        theirs = calls(inspect.getsource(function))
        own = max(ours, key=lambda steps: difflib.SequenceMatcher(None, steps, theirs, autojunk=False).ratio())
        added, left_out = _without(own, theirs), _without(theirs, own)
        ratio = difflib.SequenceMatcher(None, own, theirs, autojunk=False).ratio()
        rows.append((-ratio, {"function": function.__name__, "ids": ", ".join(sorted(ids, key=lambda name: WORKFLOWS[name].notebook != name)), "same": own == theirs, "added": ", ".join(added), "left_out": ", ".join(left_out)}))  # fmt: skip
    return pd.DataFrame([row for _, row in sorted(rows, key=lambda item: item[0])[:count]])


def values_for(workflow: Workflow, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that a workflow takes from those of a composition: what both call by the same name.

    Raises
    ------
    TypeError, ValueError
        If a value does not suit the workflow.
    """
    taken = {name: values[name] for name in workflow.published if name in values}
    check_values(workflow.function, {**workflow.published, **taken})
    return taken


def choices(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return of all parameters of a notebook those that are choices and their values: what is needed to make them again.

    Raises
    ------
    TypeError, ValueError
        As for `check_choices`.
    """
    check_choices(values)
    functions = [function for alternatives in STEPS.values() for function in alternatives.values()]
    names = dict.fromkeys([*STEPS, *(name for function in functions for name in knobs(function))])
    return {name: values[name] for name in names}


def write_values(path: str | Path, values: Mapping[str, Any]) -> Path:
    """Write values as a parameter file: for ``papermill -f``, and for ``make new ... VALUES=``.

    Parameters
    ----------
    path : str or Path
        Ends in ``.yaml``; its folder must exist.
    values : mapping
        Numbers, strings and lists.

    Returns
    -------
    path : Path

    Raises
    ------
    OSError
        If it cannot be written.
    """
    import yaml

    path = Path(path)
    path.write_text(yaml.safe_dump(dict(values), sort_keys=False, default_flow_style=None), encoding="utf-8")
    return path


def make_line(workflow_id: str, values_path: str | Path, voxel_size: Sequence[float]) -> str:
    """Return the line to be typed in the folder of the repository to make a workflow of one's own.

    >>> make_line("lamp1", "/data/cell_composed_values.yaml", (0.29, 0.108, 0.108))
    'make new NAME=my_structure FROM=lamp1 VALUES="/data/cell_composed_values.yaml" VOXEL_SIZE="0.29 0.108 0.108"'
    """
    size = " ".join(f"{length:g}" for length in voxel_size)
    return f'make new NAME=my_structure FROM={workflow_id} VALUES="{values_path}" VOXEL_SIZE="{size}"'


def calls(source: str) -> list[str]:
    """Return the names of the functions of `helpers.classic` that a text of Python calls, in their order.

    >>> calls("smooth = classic.gaussian(raw, sigma=1)")
    ['gaussian']
    """
    nodes = [node for node in ast.walk(ast.parse(textwrap.dedent(source))) if isinstance(node, ast.Call)]
    named = [node.func for node in sorted(nodes, key=lambda node: node.lineno) if isinstance(node.func, ast.Attribute)]
    return [node.attr for node in named if isinstance(node.value, ast.Name) and node.value.id == "classic"]


def _statements(function: Callable, source: str, result: str) -> list[str]:
    """Return the lines of an alternative, with its input and its result called as they are in the composition."""
    (definition,) = ast.parse(inspect.getsource(function)).body
    given = definition.args.args[0].arg
    _, *body, last = definition.body  # without the docstring
    lines = [ast.unparse(node) for node in body] + [f"{result} = {ast.unparse(last.value)}"]
    return [re.sub(rf"\b{given}\b(?! ?=)", source, line).replace("'", '"') for line in lines]


def _without(steps: Sequence[str], others: Sequence[str]) -> list[str]:
    """Return the steps that are not among the others, each as often as it is too many."""
    rest = list(others)
    return [step for step in steps if step not in rest or rest.remove(step)]
