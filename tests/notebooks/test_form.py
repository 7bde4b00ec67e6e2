"""Every notebook has the form that the collection promises; lookup-table notebooks say what their workflow does, and nothing else."""

import ast
import inspect
import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from helpers.parameters import INPUTS, parameters_cell
from helpers.workflows import WORKFLOWS

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted(path for path in (ROOT / "notebooks").rglob("*.ipynb") if not {"results", ".ipynb_checkpoints"} & set(path.parts))
LOOKUP_TABLE = ROOT / "notebooks" / "10_lookup_table"

sys.path.insert(0, str(ROOT / "tools"))
from tidy import tidy  # noqa: E402


def cells(path: Path) -> list[dict]:
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def source(cell: dict) -> str:
    return "".join(cell["source"])


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request) -> Path:
    return request.param


def test_is_tidy(notebook):
    text = notebook.read_text(encoding="utf-8")
    assert tidy(text) == text, "run make tidy"


def test_tidy_clears_outputs_and_keeps_ids():
    messy = {
        "cells": [
            {"cell_type": "code", "id": "kept", "metadata": {"scrolled": True, "tags": ["parameters"]}, "source": "a = 1\n", "outputs": [{"x": 1}], "execution_count": 3},
            {"cell_type": "code", "id": "kept", "metadata": {}, "source": "b = 1", "outputs": [], "execution_count": None},
        ],
        "metadata": {"widgets": {}}, "nbformat": 4, "nbformat_minor": 4,
    }  # fmt: skip
    clean = json.loads(tidy(json.dumps(messy)))
    first, second = clean["cells"]
    assert (first["id"], first["outputs"], first["execution_count"], first["metadata"]) == ("kept", [], None, {"tags": ["parameters"]})
    assert second["id"] != "kept"
    assert "widgets" not in clean["metadata"]
    assert tidy(tidy(json.dumps(messy))) == tidy(json.dumps(messy))


def test_has_the_promised_shape(notebook):
    all_cells = cells(notebook)
    code = [source(cell) for cell in all_cells if cell["cell_type"] == "code"]
    text = "\n".join(source(cell) for cell in all_cells if cell["cell_type"] == "markdown")
    prose = " ".join(line for line in text.splitlines() if not line.startswith(("|", "    ")))
    assert 12 <= len(all_cells) <= 20, f"{len(all_cells)} cells"
    # The parameters cell has one line for each value of the row, however many there are
    short = [source(cell) for cell in all_cells if cell["cell_type"] == "code" and "parameters" not in cell["metadata"].get("tags", [])]
    assert max(len(text.splitlines()) for text in short) <= 15
    assert not re.search(r"^\s*(async )?def |^\s*class ", "\n".join(code), re.M), "functions belong into helpers"
    lines = sum(len(text.splitlines()) for text in code)
    assert 6 <= len(prose.split()) / lines <= 25, f"{len(prose.split())} words for {lines} lines"
    assert source(all_cells[0]).startswith("# ")
    assert "| You need | You get | Time |" in source(all_cells[0])
    assert "What to" in source(all_cells[-1]) or "You do" in source(all_cells[-1]), "ends with what to change"


def test_parameters_have_a_comment_each_and_plain_values(notebook):
    (cell,) = [cell for cell in cells(notebook) if "parameters" in cell["metadata"].get("tags", [])]
    names = list(parameters_cell(notebook))
    lines = source(cell).splitlines()
    assert len(lines) == len(names), "one parameter a line"
    for name, line in zip(names, lines, strict=True):
        assert re.match(rf"{name} = .+  # \w", line), line
    assert "output_folder" in names
    assert cells(notebook)[1] is not None
    assert cells(notebook)[1]["metadata"].get("tags") == ["parameters"]
    assert "notebook.check(" in source(cells(notebook)[2]), "the parameters are checked right below their cell"


def test_links_lead_somewhere(notebook):
    prose = "\n".join(source(cell) for cell in cells(notebook) if cell["cell_type"] == "markdown")
    for target in re.findall(r"\]\(([^)#:]+)\)", prose):
        assert (notebook.parent / target).exists(), target


@pytest.mark.parametrize(
    "path", sorted(path for path in ROOT.rglob("*.md") if not {".venv", ".peers", "results"} & set(path.parts)), ids=lambda path: path.name
)
def test_links_of_documents_lead_somewhere(path):
    text = "\n".join(line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("    "))
    text = re.sub(r"`[^`\n]*`", "", text)  # code such as `table[key](value)` is no link
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (path.parent / target).exists(), f"{path}: {target}"


def test_no_unused_imports(notebook):
    tree = ast.parse("\n".join(source(cell) for cell in cells(notebook) if cell["cell_type"] == "code"))
    imported = {
        alias.asname or alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert imported <= used, imported - used


def test_readme_of_the_lookup_table_is_current():
    """It names every workflow, with its notebook where there is one."""
    check = subprocess.run([sys.executable, str(ROOT / "tools" / "lookup_table.py"), "--check"], capture_output=True, text=True)
    assert check.returncode == 0, check.stderr


def test_every_notebook_stands_in_the_readme_of_its_folder():
    for path in NOTEBOOKS:
        assert path.name in (path.parent / "README.md").read_text(encoding="utf-8"), (
            f"{path.parent.name}/README.md does not name {path.name}"
        )
    assert {path.stem for path in LOOKUP_TABLE.glob("*.ipynb")} <= {workflow.notebook for workflow in WORKFLOWS.values()}


@pytest.mark.parametrize("name", sorted(path.stem for path in LOOKUP_TABLE.glob("*.ipynb")))
def test_lookup_table_notebook_says_what_the_function_does(name):
    """The same calls with the same keywords in the same order, read from the syntax trees."""
    code = "\n".join(source(cell) for cell in cells(LOOKUP_TABLE / f"{name}.ipynb") if cell["cell_type"] == "code")
    assert re.search(r"^run\.steps\(\)$", code, re.M), "shows the diagram of its steps"
    assert re.search(r"^tuned = run\.at_tuned_size\(stack\)$", code, re.M), "its steps run at the voxel size of its values"
    assert re.search(r"^(\w+) = run\.at_input_size\(.+, stack\)\nrun\.verdict\(stack, \1, truth\)$", code, re.M), (
        "judged on the grid of the input"
    )
    assert steps_of(code.replace("tuned.raw", "raw")) == steps_of(inspect.getsource(WORKFLOWS[name].function))


@pytest.mark.parametrize("name", sorted(path.stem for path in LOOKUP_TABLE.glob("*.ipynb")))
def test_lookup_table_parameters_are_the_row(name):
    """Names, order and values of the parameters cell are those of the reading parameters, then of the row."""
    cell = parameters_cell(LOOKUP_TABLE / f"{name}.ipynb")
    assert cell == {**INPUTS, **WORKFLOWS[name].published}
    assert list(cell) == [*INPUTS, *WORKFLOWS[name].published]


def steps_of(code: str) -> list[str]:
    """Return the assignments on the way from raw to mask, in a form that does not depend on layout."""
    tree = ast.parse(textwrap.dedent(code))
    body = tree.body[0].body if isinstance(tree.body[0], ast.FunctionDef) else tree.body
    assignments = [node for node in body if isinstance(node, ast.Assign) and "run.at_input_size(" not in ast.unparse(node.value)]
    names = {target.id for node in assignments for target in node.targets if isinstance(target, ast.Name)}
    return [
        ast.unparse(node)
        for node in assignments
        if "classic." in ast.unparse(node.value) or (ast.unparse(node.targets[0]) == "mask" and "mask" in names)
    ]


def test_steps_see_a_changed_keyword():
    assert steps_of("a = classic.f(raw, low=x)") != steps_of("a = classic.f(raw, low=y)")
    assert steps_of("a = classic.f(raw)\nmask = classic.g(a)") == steps_of(
        "def w(raw):\n    a = classic.f(raw)\n    mask = classic.g(a)\n    return mask"
    )
