"""Function and notebook of a workflow that was composed in notebooks/00_start/05_a_new_structure.ipynb: for tools/new.py."""

import ast
import inspect
import json
from collections.abc import Callable, Mapping
from typing import Any

from tidy import tidy

from helpers.workflows import Knob, compose, knobs
from helpers.workflows.choices import STEPS, unchanged


def functions(choices: Mapping[str, Any]) -> list[Callable]:
    """Return the chosen alternatives, in the order of their steps."""
    chosen = [choices[step] if step == "core" else [choices[step]] for step in STEPS]
    found = [STEPS[step][name] for step, names in zip(STEPS, chosen) for name in names]
    return [function for function in found if function is not unchanged]


def row_values(choices: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that the chosen steps take, in the order of their use."""
    return {name: choices[name] for function in functions(choices) for name in knobs(function)}


def row_knobs(choices: Mapping[str, Any]) -> dict[str, Knob]:
    """Return the knobs of those values."""
    return {name: knob for function in functions(choices) for name, knob in knobs(function).items()}


def module_text(name: str, choices: Mapping[str, Any]) -> str:
    """Return a module that holds the composed steps as a workflow function."""
    annotations = {}
    for function in functions(choices):
        (definition,) = ast.parse(inspect.getsource(function)).body
        annotations |= {argument.arg: ast.unparse(argument.annotation) for argument in definition.args.kwonlyargs}
    words = name.replace("_", " ")
    signature = "".join(f"    {parameter}: {knob},\n" for parameter, knob in annotations.items())
    listed = "".join(f"    {knob},\n" for knob in sorted(set(annotations.values())))
    lines = "".join(f"    {line}\n" for line in compose.code(choices))
    why = "\n".join(f"    - {function.__doc__.splitlines()[0]}" for function in functions(choices))
    return f'''"""{words[0].upper()}{words[1:]}: composed from steps."""

import numpy as np

from helpers import classic
from helpers.workflows.knobs import (
{listed})


def {name}(
    raw: np.ndarray,
    *,
{signature}) -> np.ndarray:
    """Segment {words}.

    TODO: what it looks like, and when these steps fail. They were chosen by eye:

{why}

    Parameters
    ----------
    raw : (Z, Y, X) ndarray of int or float
        Camera counts of one channel.
    {", ".join(annotations)}
        See `helpers.workflows.knobs`; values in `helpers.workflows.WORKFLOWS`.

    Returns
    -------
    mask : (Z, Y, X) ndarray of bool
        True = structure.

    Raises
    ------
    TypeError, ValueError
        If raw is not a finite, varied (Z, Y, X) image that suits the steps, or a parameter makes no sense.

    References
    ----------
    .. [1] Chen, J. et al. (2018) The Allen Cell and Structure Segmenter. bioRxiv 491035. :DOI:`10.1101/491035`
    """
{lines}    return mask
'''


def notebook_text(name: str, choices: Mapping[str, Any], parameters: str, field: str) -> str:
    """Return the notebook: a cell for each step, with what is known of it, and TODO where its author has to write."""
    words = name.replace("_", " ")
    normalize, smooth, *rest = compose.code(choices)
    split = _first_of_mending(rest)
    core, mend = rest[:split], rest[split:]
    joined = compose.joined(choices)
    reasons = {step: _reason(step, choices) for step in STEPS}
    cells = [
        f"""# Segment {words}
**TODO**: what it is, how it looks under the microscope, and what makes it hard to find.

| You need | You get | Time |
|---|---|---|
| one channel of a stack, TODO: pixel size, planes | mask, overlay, table of objects, record | TODO |

**When to take another notebook.** TODO: what looks alike and is not.

Every value that you may want to change stands in the next cell; leave `input_path` empty to see how it works where the truth is known. The steps were
composed in [a new structure](../00_start/05_a_new_structure.ipynb), and are those of the function
`helpers/workflows/{name}.py`: change both alike. The
field of view shows {field}: as long as there is none with {words}, a low score there says nothing about your images. Search for **TODO**, write,
delete the mark.""",
        [parameters, "parameters"],
        [f'from helpers import classic, figures, images, measure, notebook, phantoms\n\nrun = notebook.check("{name}")\nrun.steps()'],
        """## 1. Look at the image
One plane on the left, the brightest value along z on the right. Always look before you segment: is the structure there, is it sharp, does it span several
pixels? **TODO**: what to look for.

Where your voxels are of another size than the values were made for, `tuned` is the image resampled to that size (a sentence says so), and section 6 brings
the result back to your voxels. To leave the image as it is, write `tuned = stack`.""",
        [
            f'stack, truth = images.read_or(phantoms.FOR_WORKFLOW["{name}"], input_path, channel, scene, time, voxel_size)\n'
            "tuned = run.at_tuned_size(stack)\n"
            'figures.planes(stack, title=f"{stack.name}: raw")'
        ],
        f"## 2. Bring images to one scale\n{reasons['normalization']} **TODO**: why this suits it.",
        [f'{normalize.replace("raw", "tuned.raw", 1)}\nfigures.planes(tuned, normalized, title="{choices["normalization"]}")'],
        f"## 3. Calm the noise\n{reasons['smoothing']} Smoothing merges what is closer than its sigma.\n**TODO**: why this suits it.",
        [f'{smooth}\nfigures.planes(tuned, smooth, title="smoothed")'],
        f"## 4. Find what is structure\n{reasons['core']}\nCompare with the raw image: too much is mended by a higher cutoff, too little by a lower one. **TODO**: why this suits it.",
        ["\n".join([*core, f'figures.planes(tuned, {joined}, title="above the cutoff")'])],
        f"""## 5. Mend the mask
{_mended(choices)}
What was taken away is magenta, what was added green.
**TODO**: how large the smallest true piece is.""",
        ["\n".join([*mend, f"figures.removed(tuned, {joined}, mask)"])],
        """## 6. How good is it, and is it to be trusted?
Where the truth is known, the table says how much of it was found. On your image, look at the side views: what is one plane high is mostly noise, and
what is missing shows as a bright place without an outline. **TODO**: which mistakes matter, and how many are made on typical images.""",
        ["figures.orthogonal(tuned, mask)"],
        ["mask = run.at_input_size(mask, stack)\nrun.verdict(stack, mask, truth)"],
        """## 7. Measure and keep
One row a connected piece: volume, surface, roundness and brightness, in um. **TODO**: which of these numbers mean something here. The record holds what is
needed to make the same mask again.""",
        [
            "table = measure.objects(mask, stack)\n"
            'display(table.filter(regex="volume|area|mean").describe().round(2))\n'
            "run.save(stack, mask, table)"
        ],
        [
            "# In JupyterLab: sliders, and at once what they find. Elsewhere: nothing.\n"
            "from helpers import views\n\nviews.tune(run, stack) if views.in_browser() else None"
        ],
        "## Tune it for your data\n\n| What you see | What to change |\n|---|---|\n" + _tuning(choices) + f"""

**The same for many files.** [Many images](../00_start/06_many_images.ipynb) runs this notebook over a folder, unchanged. For one file: `papermill {name}.ipynb
out.ipynb -p input_path my_stack.ome.tif`.""",
    ]  # fmt: skip
    return tidy(json.dumps({"cells": [_cell(cell) for cell in cells]}))


def _cell(content: str | list[str]) -> dict[str, Any]:
    """Return prose as a markdown cell; a list of the source and its tags as a code cell."""
    if isinstance(content, str):
        return {"cell_type": "markdown", "metadata": {}, "source": content}
    source, *tags = content
    return {"cell_type": "code", "metadata": {"tags": tags} if tags else {}, "source": source}


def _first_of_mending(lines: list[str]) -> int:
    """Return the number of the first line that makes a mask of a mask: those before it find the structure."""
    mending = ("thin", "fill_holes_by_plane", "fill_holes", "remove_small", "remove_small_by_plane")
    return next(number for number, line in enumerate(lines) if compose.calls(line)[0] in mending)


def _mended(choices: Mapping[str, Any]) -> str:
    """Return what mends the mask, in the words of the alternatives."""
    mending = [STEPS[step][choices[step]] for step in ("thinning", "filling", "size_filter", "parting")]
    return " ".join(function.__doc__.splitlines()[0] for function in mending if function is not unchanged)


def _reason(step: str, choices: Mapping[str, Any]) -> str:
    """Return what the chosen alternatives of a step do, in their own words."""
    names = choices[step] if step == "core" else [choices[step]]
    said = [(name, STEPS[step][name]) for name in names if STEPS[step][name] is not unchanged]
    return " ".join(f"**{name[0].upper()}{name[1:]}**: {_small(function.__doc__.splitlines()[0])}" for name, function in said)


def _small(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]


def _tuning(choices: Mapping[str, Any]) -> str:
    return "\n".join(f"| TODO | `{name}`: {knob.help} |" for name, knob in row_knobs(choices).items())
