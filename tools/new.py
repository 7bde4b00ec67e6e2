"""Make a workflow for a structure of your own from one that is there: ``python tools/new.py my_structure tomm20``.

Writes its function, its row of the lookup table, its notebook, its test and its picture, all of them or none. With ``--values tuned.yaml`` the row
gets those values in place of the values of the workflow that it is made from.
Where that file holds the choices of notebooks/00_start/05_a_new_structure.ipynb, function and notebook have the steps that were chosen there.
"""

import argparse
import ast
import builtins
import difflib
import inspect
import json
import keyword
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

import composed  # noqa: E402
import numpy as np  # noqa: E402
from tidy import tidy  # noqa: E402

import helpers  # noqa: E402
from helpers import classic, figures, phantoms  # noqa: E402
from helpers.images import Stack  # noqa: E402
from helpers.metrics import overlap  # noqa: E402
from helpers.parameters import INPUTS  # noqa: E402
from helpers.workflows import TUNED_VOXEL_SIZE, WORKFLOWS, Knob, Workflow, check_values, compose  # noqa: E402

ROWS = ROOT / "helpers" / "workflows" / "lookup_table.py"
PHANTOMS = ROOT / "helpers" / "phantoms" / "__init__.py"
NOTEBOOKS = ROOT / "notebooks" / "10_lookup_table"
READMES = (NOTEBOOKS / "README.md", ROOT / "notebooks" / "00_start" / "README.md")
GALLERY = ROOT / "docs" / "gallery"
MARK = re.compile(r"^ *# .*`make new` writes above this line\n", re.M)
SEED = 50  # not one of those that phantoms and parameters were made with
DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))}
LONGEST = 40  # letters of a name: longer ones make table rows and file names that cannot be read


def main(arguments: list[str] | None = None) -> None:
    """Make the workflow and say what to do next, or say in one sentence why not."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("name", help="of the new workflow: small letters, digits and underscores")
    parser.add_argument("source", help="id of the workflow to begin with, such as tomm20")
    parser.add_argument("--values", help="a YAML or JSON file of parameter values, as the notebooks 00_start/04 and 05 write it")
    parser.add_argument(
        "--voxel-size", nargs=3, type=float, metavar=("Z", "Y", "X"), help="um, of the images that the values were found on"
    )
    given = parser.parse_args(arguments)
    try:
        if Path(helpers.__file__).resolve().parent != ROOT / "helpers":
            raise ValueError(f"helpers is imported from {Path(helpers.__file__).parent}, not from {ROOT}: run the tools/new.py beside it")
        if not given.name or not given.source:
            raise ValueError("say how it is called and what it is like: make new NAME=my_structure FROM=tomm20")
        source = checked_source(given.source)
        name = checked_name(given.name, source)
        read = read_values(given.values, source) if given.values else {}
        if given.voxel_size:
            source = replace(source, tuned_voxel_size=Stack(np.zeros((1, 1, 1)), given.voxel_size, name).voxel_size)
        report = make(name, source, read)
    except (OSError, TypeError, ValueError) as error:
        sys.exit(f"Nothing was made: {error}")
    print(report)


def make(name: str, source: Workflow, read: Mapping[str, Any]) -> str:
    """Write everything, and return what was written and what comes next."""
    if "core" in read:
        steps, source, values = (
            "the steps that were composed",
            replace(source, is_shell=False, look="TODO: look"),
            composed.row_values(read),
        )
        parameters = parameters_text(values, composed.row_knobs(read))
        module, notebook = composed.module_text(name, read), composed.notebook_text(name, read, parameters, source.structure)
    else:
        steps, values = f"the steps of {source.id}", {**source.published, **read}
        module, notebook = module_text(name, source), notebook_text(name, source, values)
    scope: dict[str, Any] = {}
    exec(module, scope)
    stack, truth = phantoms.FOR_WORKFLOW[source.id](seed=SEED)
    mask = replace(source, id=name, function=scope[name], published=values)(stack.raw, voxel_size=stack.voxel_size)
    dice = overlap(truth, mask).dice
    plane = int(classic.fill_holes(mask).sum(axis=(1, 2)).argmax()) if source.is_shell and mask.any() else None
    new = {
        ROOT / "helpers" / "workflows" / f"{name}.py": module.encode(),
        NOTEBOOKS / f"{name}.ipynb": notebook.encode(),
        ROOT / "tests" / "workflows" / f"test_{name}.py": test_text(name, source, dice).encode(),
        GALLERY / f"{name}.png": figures.overlay(stack, mask, plane=plane)._repr_png_(),
    }
    changed = {
        ROWS: with_row(ROWS.read_text(encoding="utf-8"), name, source, values).encode(),
        PHANTOMS: with_phantom(PHANTOMS.read_text(encoding="utf-8"), name, source.id).encode(),
    }
    with all_or_nothing([*new, *changed, *READMES]):
        for path, content in {**new, **changed}.items():
            path.write_bytes(content)
        # In a process of its own: it imports the package with the new row, and so finds out whether that works
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        check = subprocess.run([sys.executable, str(ROOT / "tools" / "lookup_table.py")], env=environment, capture_output=True, text=True)
        if check.returncode:
            raise ValueError(f"the package cannot be imported with the new row ({check.stderr.strip().splitlines()[-1]})")
    return said(name, steps, source, dice, [*new, *changed, *READMES])


@contextmanager
def all_or_nothing(paths: list[Path]) -> Iterator[None]:
    """Put files back as they were, and remove those that were not there, if anything goes wrong."""
    before = {path: path.read_bytes() if path.exists() else None for path in paths}
    try:
        yield
    except BaseException:
        for path, content in before.items():
            if content is None:
                path.unlink(missing_ok=True)
            elif path.read_bytes() != content:
                path.write_bytes(content)
        raise


def checked_source(source_id: str) -> Workflow:
    """Return the workflow to begin with; raise if there is none of that id."""
    if source_id not in WORKFLOWS:
        by_letters = {known.lower(): known for known in WORKFLOWS}
        close = difflib.get_close_matches(source_id.lower(), by_letters, n=1, cutoff=0.5)
        hint = f"did you mean {by_letters[close[0]]!r}?" if close else f"there are {', '.join(WORKFLOWS)}"
        raise ValueError(f"there is no workflow {source_id!r} to begin with (FROM): {hint}")
    return WORKFLOWS[source_id]


def checked_name(name: str, source: Workflow) -> str:
    """Return the name of the new workflow; raise if it cannot be the name of a function, a file and a row, on any system."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) or len(name) > LONGEST:
        tidied = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_0123456789")[:LONGEST]
        hint = f", for example {tidied}" if tidied else ", for example my_structure"
        raise ValueError(
            f"NAME must be small letters, digits and single underscores, at most {LONGEST}, a letter first{hint}: got {name!r}"
        )
    if keyword.iskeyword(name) or keyword.issoftkeyword(name) or hasattr(builtins, name) or name in DEVICES:
        raise ValueError(f"NAME={name} means something to Python or to Windows: take another, for example my_{name}")
    functions = {row.function.__name__ for row in WORKFLOWS.values()}
    used = {node.id for node in ast.walk(ast.parse(inspect.getsource(source.function))) if isinstance(node, ast.Name)}
    if name.lower() in {known.lower() for known in (*WORKFLOWS, *functions)}:
        raise ValueError(f"there is a workflow {name!r} already: take another NAME")
    files = [ROOT / "helpers" / "workflows" / f"{name}.py", NOTEBOOKS / f"{name}.ipynb", *(ROOT / "tests").rglob(f"test_{name}.py")]
    taken = [path for path in files if path.exists()]
    if taken:
        raise ValueError(f"{taken[0].relative_to(ROOT)} is there already: take another NAME")
    if name in used | set(source.published) or hasattr(classic, name):
        raise ValueError(f"NAME={name} is the name of a step or a value in {source.function.__name__}: take another, for example my_{name}")
    return name


def read_values(path: str, source: Workflow) -> dict[str, Any]:
    """Return the values of a file that the function of ``source`` takes; those that say which file to read are left out."""
    import yaml

    try:
        values = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ValueError(f"VALUES={path} cannot be read: {str(error).splitlines()[0]}") from None
    if not isinstance(values, dict) or not values:
        raise ValueError(f"VALUES={path} must hold lines such as 'minimum_size: 10', got {type(values).__name__}")
    values = {name: value for name, value in values.items() if name not in INPUTS}
    try:
        if "core" in values:
            return compose.choices(values)
        check_values(source.function, {**source.published, **values})
    except (TypeError, ValueError) as error:
        raise ValueError(f"VALUES={path}: {error}") from None
    return values


def module_text(name: str, source: Workflow) -> str:
    """Return a module that holds the function of ``source`` under the new name."""
    text = Path(inspect.getsourcefile(source.function)).read_text(encoding="utf-8")
    old = source.function.__name__
    (node,) = (part for part in ast.parse(text).body if isinstance(part, ast.FunctionDef) and part.name == old)
    code = "\n".join(text.splitlines()[node.lineno - 1 : node.end_lineno])
    words = name.replace("_", " ")
    lead = (
        f'    """Segment {words}.\n\n    TODO: what it looks like, and when these steps fail. They are those of `{old}` ({source.id}), '
        f"of which it says:\n\n    "
    )
    code = code.replace(f"def {old}(", f"def {name}(", 1).replace('    """', lead, 1).replace("published values in", "values in")
    knobs = sorted({part.id for part in ast.walk(node.args) if isinstance(part, ast.Name)} - {"np"})
    listed = "".join(f"    {knob},\n" for knob in knobs)
    title = f"{words[0].upper()}{words[1:]}"
    return (
        f'"""{title}: by the steps of {source.id}, to begin with."""\n\nimport numpy as np\n\nfrom helpers import classic\n'
        f"from helpers.workflows.knobs import (\n{listed})\n\n\n{code}\n"
    )


def with_row(text: str, name: str, source: Workflow, values: Mapping[str, Any]) -> str:
    """Return the text of the lookup table with one row more, and the import of its function."""
    items = [f'"{key}": {json.dumps(value)}' for key, value in values.items()]
    listed = textwrap.fill(", ".join(item.replace(" ", "\0") for item in items), 118, break_long_words=False, break_on_hyphens=False)
    listed = listed.replace("\0", " ").replace("\n", "\n         ")
    shell = ", is_shell=True" if source.is_shell else ""
    size = f", tuned_voxel_size={source.tuned_voxel_size}" if source.tuned_voxel_size != TUNED_VOXEL_SIZE else ""
    row = (
        f'    Workflow(\n        "{name}", "TODO: gene", "TODO: protein", "{name.replace("_", " ")}", "{source.look}", {name},\n'
        f"        {{{listed}}}{shell}{size},\n    ),\n"
    )
    text = inserted(text, row)
    line = f"from helpers.workflows.{name} import {name}\n"
    imports = [
        node for node in ast.parse(text).body if isinstance(node, ast.ImportFrom) and str(node.module).startswith("helpers.workflows.")
    ]
    after = [node.lineno for node in imports if natural(node.module) > natural(f"helpers.workflows.{name}")]
    lines = text.splitlines(keepends=True)
    lines.insert((after[0] if after else imports[-1].end_lineno + 1) - 1, line)
    return "".join(lines)


def with_phantom(text: str, name: str, source_id: str) -> str:
    """Return the text of the phantoms with one line more: the new workflow begins with the field of the one that it is made from."""
    maker = re.search(rf'^    "{source_id}": (.+),.*$', text, re.M)[1]
    return inserted(text, f'    "{name}": {maker},  # TODO: a field with {name.replace("_", " ")}\n')


def inserted(text: str, lines: str) -> str:
    """Return a text with lines put above the mark that is meant for them."""
    marks = MARK.findall(text)
    if len(marks) != 1:
        raise ValueError("a file has lost its line '`make new` writes above this line': put it back (git diff shows where it was)")
    return text.replace(marks[0], lines + marks[0])


def natural(module: str) -> list:
    """Return a key that sorts as ruff sorts imports: by letters, and numbers by their size."""
    return [(part.isdigit(), int(part) if part.isdigit() else part) for part in re.split(r"(\d+)", module)]


def notebook_text(name: str, source: Workflow, values: Mapping[str, Any]) -> str:
    """Return the notebook of ``source`` for the new workflow, with TODO wherever its author has to write."""
    notebook = json.loads((NOTEBOOKS / f"{source.notebook}.ipynb").read_text(encoding="utf-8"))
    first, parameters, *rest = notebook["cells"]
    title = "".join(first["source"]).splitlines()[0]
    first["source"] = opening(name, source, "".join(first["source"]))
    parameters["source"] = parameters_text(values, source.knobs)
    stems = {word.rstrip("s") for word in re.findall(r"\w{4,}", f"{title} {source.structure} {source.protein}".lower())} - {"segment"}
    mentions = re.compile("|".join(map(re.escape, sorted(stems | {source.gene.lower()}))))
    for cell in rest:
        text = "".join(cell["source"])
        if cell["cell_type"] == "code":
            text = text.replace(f'notebook.check("{source.notebook}")', f'notebook.check("{name}")')
            text = re.sub(r"read_or\(.+?, input_path,", f'read_or(phantoms.FOR_WORKFLOW["{name}"], input_path,', text)
        else:
            text = text.replace(f"papermill {source.notebook}.ipynb", f"papermill {name}.ipynb")
            if mentions.search(text.lower()):
                heading, _, prose = text.partition("\n")
                text = (
                    f"{heading}\n**TODO** {prose.lstrip()}"
                    if not prose.lstrip().startswith("|")
                    else f"{heading}\n**TODO**\n\n{prose.lstrip()}"
                )
        cell["source"] = text
    return tidy(json.dumps(notebook))


def opening(name: str, source: Workflow, text: str) -> str:
    """Return the first cell: what is known is written, what only the author knows is asked for."""
    words = name.replace("_", " ")
    table = "\n".join(line for line in text.splitlines() if line.startswith("|"))
    return f"""# Segment {words}
**TODO**: what it is, how it looks under the microscope, and what makes it hard to find.

{table}

**When to take another notebook.** TODO: what looks alike and is not. {source.structure[0].upper()}{source.structure[1:]}: [{source.notebook}]({source.notebook}.ipynb).

Every value that you may want to change stands in the next cell; leave `input_path` empty to see how it works where the truth is known. The steps
are those of the function `helpers/workflows/{name}.py`: change both alike. What is marked **TODO** was written for {source.structure}, and the field
of view shows those: write it for {words}, then delete the mark."""


def parameters_text(values: Mapping[str, Any], known: Mapping[str, Knob]) -> str:
    """Return the parameters cell: what to read, then the values of the row, each with its unit and effect."""
    comments = {
        "input_path": "an image file; empty: a synthetic field of view whose truth is known",
        "output_folder": "made if it is missing; nothing outside it is touched",
        "channel": "number or name of the channel; empty: the file has only one",
        "scene": "which field of view, if the file holds several: number or name",
        "time": "which time point",
        "voxel_size": "um, [z, y, x]; empty: as the file says",
    }
    comments |= {knob_name: f"{knob.unit}; {knob.help}" for knob_name, knob in known.items()}
    return "\n".join(f"{key} = {json.dumps(value)}  # {comments[key]}" for key, value in {**INPUTS, **values}.items())


def test_text(name: str, source: Workflow, dice: float) -> str:
    """Return the test of the new workflow: it is as near to the truth as it is today, and its notebook shows its steps."""
    least = min(0.8, int(dice * 100) / 100)
    maker = phantoms.FOR_WORKFLOW[source.id]
    field = getattr(maker, "func", maker).__name__
    return f'''"""The workflow {name} finds the structure of its field, and its notebook shows the steps of its function."""

import numpy as np
from stepwise import mask_of_notebook

from helpers import phantoms
from helpers.metrics import overlap
from helpers.workflows import WORKFLOWS

NAME = "{name}"
LEAST = {least}  # Dice with the truth of `phantoms.{field}`; {dice:.2f} on the day it was made


def test_mask_is_near_to_the_truth():
    stack, truth = phantoms.FOR_WORKFLOW[NAME](seed={SEED})
    mask = WORKFLOWS[NAME](stack.raw, voxel_size=stack.voxel_size)
    assert (mask.shape, mask.dtype) == (stack.raw.shape, bool)
    assert overlap(truth, mask).dice >= LEAST


def test_steps_of_the_notebook_give_the_mask_of_the_function():
    stack, _ = phantoms.FOR_WORKFLOW[NAME](seed=0, shape=(16, 128, 128))
    np.testing.assert_array_equal(mask_of_notebook(NAME, stack), WORKFLOWS[NAME](stack.raw))
'''


def said(name: str, steps: str, source: Workflow, dice: float, paths: list[Path]) -> str:
    """Say what was written and what comes next."""
    python = ".venv\\Scripts\\python" if os.name == "nt" else ".venv/bin/python"
    maker = phantoms.FOR_WORKFLOW[source.id]
    field = getattr(maker, "func", maker).__name__
    near = f"Dice {dice:.2f} on {field}, the field of {source.id}"
    near += (
        "" if dice >= 0.8 else ": low, for the values were made for another look; its test asks for no more until you draw your own field"
    )
    return "\n".join(
        [
            f"{name}, by {steps} ({near}):",
            *(f"    {path.relative_to(ROOT)}" for path in paths),
            "Next:",
            f"1. {python} -m pytest tests/workflows/test_{name}.py    passes now, and after every change should",
            f"2. Open notebooks/10_lookup_table/{name}.ipynb on your image; change values there and in lookup_table.py alike.",
            f"3. Other steps? Change helpers/workflows/{name}.py and the cells of the notebook alike: same calls, same order.",
            f"4. Search the files above for TODO: the gene, the protein, the prose, a field of view with {name.replace('_', ' ')} (helpers/phantoms).",
            "5. make tidy, make gallery, make test.",
        ]
    )


if __name__ == "__main__":
    main()
