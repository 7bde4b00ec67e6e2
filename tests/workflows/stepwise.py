"""Run the steps that a notebook of the lookup table shows, one by one: for the tests of workflows made with ``make new``."""

import ast
import json
from pathlib import Path

import numpy as np

from helpers import classic
from helpers.images import Stack
from helpers.parameters import parameters_cell

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks" / "10_lookup_table"


def mask_of_notebook(name: str, stack: Stack) -> np.ndarray:
    """Return the mask that the steps of a notebook make of a stack, in voxels, with the values of its parameters cell."""
    path = NOTEBOOKS / f"{name}.ipynb"
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    known = {"classic": classic, "tuned": stack, **parameters_cell(path)}
    for node in ast.parse(code).body:
        if (
            isinstance(node, ast.Assign)
            and "run." not in (text := ast.unparse(node))
            and ("classic." in text or text.startswith("mask = "))
        ):
            exec(compile(ast.Module([node], []), path.name, "exec"), known)
    return known["mask"]
