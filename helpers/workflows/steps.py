"""The steps of a workflow, read from its function: nothing about them is written a second time."""

import ast
import inspect
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from helpers import classic
from helpers.workflows.workflow import Workflow

KINDS = {"bool": "mask", "int32": "labels", "float32": "image"}  # by the dtype that the docstring of a step promises


class Step(NamedTuple):
    """One step: what it makes, from what, how.

    Attributes
    ----------
    name : str
        Of the result, as in the function and in the notebook.
    expression : str
        The call, with values in place of the names of parameters.
    inputs : tuple of str
        ``raw``, and results of earlier steps.
    what : str
        What the called function does, the first line of its docstring.
    kind : str
        Of the result: ``image``, ``mask``, ``labels`` or ``number``.
    """

    name: str
    expression: str
    inputs: tuple[str, ...]
    what: str
    kind: str


def steps(workflow: Workflow, values: Mapping[str, Any] | None = None) -> list[Step]:
    """Return the steps of a workflow in their order, read from the syntax tree of its function.

    Parameters
    ----------
    workflow : Workflow
        A row of the lookup table.
    values : mapping, optional
        Parameters that differ from the published ones; other names in it are left out.

    Returns
    -------
    steps : list of Step

    Examples
    --------
    >>> from helpers.workflows import WORKFLOWS
    >>> first, *_ = steps(WORKFLOWS["tomm20"])
    >>> first.name, first.expression, first.inputs, first.kind
    ('normalized', 'auto_contrast(raw, low=3.5, high=15)', ('raw',), 'image')
    """
    known = {name: (values or {}).get(name, value) for name, value in workflow.published.items()}
    (definition,) = ast.parse(inspect.getsource(workflow.function)).body
    found: list[Step] = []
    for statement in definition.body:
        if isinstance(statement, ast.Assign):
            found.append(_step(statement, known, {"raw", *(step.name for step in found)}))
    return found


def pseudocode(workflow: Workflow, values: Mapping[str, Any] | None = None) -> str:
    """Say in numbered lines what a workflow does, with its values.

    Parameters
    ----------
    workflow, values
        As for `steps`.

    Returns
    -------
    text : str

    Examples
    --------
    >>> from helpers.workflows import WORKFLOWS
    >>> print(pseudocode(WORKFLOWS["tjp1"]))
    tjp1: tight junctions (TJP1), steps of filaments_3d
    1  normalized = auto_contrast(raw, low=3, high=17)
       Cut intensities at some standard deviations from their mean, and scale them to 0 to 1.
    2  smooth = gaussian(normalized, sigma=1)
       Smooth with a Gaussian of the same width along z, y and x.
    3  filaments = filaments_3d(smooth, sigmas=[1.5], cutoffs=[0.2])
       Find bright tubes: where `filament_response_3d` is above its cutoff at one scale at least.
    4  mask = remove_small(filaments, minimum_size=15)
       Remove objects of fewer than ``minimum_size`` voxels, and of more than ``maximum_size`` if that is given.
    """
    lines = [f"{workflow.id}: {workflow.structure} ({workflow.gene}), steps of {workflow.function.__name__}"]
    for number, step in enumerate(steps(workflow, values), start=1):
        lines += [f"{number:<2} {step.name} = {step.expression}", f"   {step.what}"]
    return "\n".join(lines)


def _step(statement: ast.Assign, values: Mapping[str, Any], known: set[str]) -> Step:
    """Read one assignment."""
    names = [node.id for node in ast.walk(statement.value) if isinstance(node, ast.Name)]
    calls = [
        getattr(classic, node.attr) for node in ast.walk(statement.value) if isinstance(node, ast.Attribute) and hasattr(classic, node.attr)
    ]
    inputs = tuple(dict.fromkeys(name for name in names if name in known))
    expression = ast.unparse(_Plain(values).visit(statement.value))
    what = " ".join(inspect.getdoc(call).split("\n\n")[0].replace("\n", " ") for call in calls) or "Keep what is greater."
    promised = re.search(r"Returns\n-+\n\w+ : .*?(bool|int32|float32)", inspect.getdoc(calls[0])) if calls else None
    compared = isinstance(statement.value, ast.Compare)
    return Step(statement.targets[0].id, expression, inputs, what, "mask" if compared else KINDS[promised[1]] if promised else "number")


class _Plain(ast.NodeTransformer):
    """Leave out ``classic.`` and put values in place of parameters."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if isinstance(node.value, ast.Name) and node.value.id == "classic":
            return ast.Name(node.attr)
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id in self.values:
            value = self.values[node.id]
            return ast.parse(repr(list(value) if isinstance(value, tuple) else value), mode="eval").body
        return node
