"""Parameters that were found, in the forms in which they are used: a file, text for a parameters cell, one contrast for many images."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from helpers import classic, images
from helpers.classic import Contrast
from helpers.images import Stack
from helpers.tuning.sensitivity import _row
from helpers.workflows import Workflow, check_values

if TYPE_CHECKING:
    import pandas as pd


class CommonContrast(NamedTuple):
    """One contrast for all images of a data set, and what each image by itself would have asked for."""

    contrast: Contrast
    table: "pd.DataFrame"


def as_text(workflow: str | Workflow, values: Mapping[str, Any]) -> str:
    """Return the parameters as lines to paste over those in the parameters cell of a notebook, each with its unit and effect.

    Raises
    ------
    TypeError, ValueError
        If the workflow is unknown, or does not take these values.

    Examples
    --------
    >>> print(as_text("tomm20", {"minimum_size": 20}))
    minimum_size = 20  # voxels; smaller objects are dropped
    """
    workflow = _row(workflow)
    check_values(workflow.function, values)
    knobs = workflow.knobs
    return "\n".join(f"{name} = {_plain(values[name])!r}  # {knobs[name].unit}; {knobs[name].help}" for name in knobs if name in values)


def write_parameters(path: str | Path, workflow: str | Workflow, values: Mapping[str, Any], note: str = "") -> Path:
    """Write a parameter file, for ``python -m helpers.batch ID FILES -f PATH`` and for ``papermill -f PATH``.

    Parameters
    ----------
    path : str or Path
        Ends in ``.yaml``; its folder must exist.
    workflow : str or Workflow
        Or its id.
    values : mapping
        As the workflow takes them.
    note : str
        Written on top, as a comment.

    Returns
    -------
    path : Path

    Raises
    ------
    TypeError, ValueError
        If the workflow is unknown or does not take these values, or the file is not called ``.yaml``.
    OSError
        If the file cannot be written.
    """
    import yaml

    workflow, path = _row(workflow), Path(path)
    check_values(workflow.function, values)
    if path.suffix != ".yaml":
        raise ValueError(f"a parameter file ends in .yaml, got {path.name}")
    head = [f"Parameters of {workflow.id} ({workflow.structure})", *note.splitlines()]
    lines = yaml.safe_dump({name: _plain(value) for name, value in values.items()}, sort_keys=False, default_flow_style=None)
    with images.together(path.parent) as folder:
        (folder / path.name).write_text("".join(f"# {line}\n" for line in head) + lines, encoding="utf-8")
    return path


def common_contrast(stacks: Iterable[Stack | str | Path], **choices: Any) -> CommonContrast:
    """Suggest one pair of contrast limits for all images of a data set, so that the same brightness means the same in each.

    Each image by itself asks for the limits of `helpers.classic.suggest_contrast`; the median of each limit is taken for all. Files are read one
    after the other: no more than one image is held.

    Parameters
    ----------
    stacks : iterable of Stack or path
        Typical images of one channel.
    **choices
        ``channel``, ``scene``, ``time``, ``voxel_size`` of files, as `helpers.images.read` takes them.

    Returns
    -------
    common : CommonContrast
        ``contrast`` (low, high), and a ``table`` with one row an image: ``image, mean, deviation, lowest, highest`` in camera counts, and the ``low`` and
        ``high`` that it asks for, in standard deviations. An image far from the others in the last two is not typical: look at it.

    Raises
    ------
    FileNotFoundError, ImportError, TypeError, ValueError
        As `helpers.images.read` and `helpers.classic.suggest_contrast`; also if there is no image.

    Examples
    --------
    >>> from helpers import phantoms
    >>> common_contrast(phantoms.mitochondria(seed, shape=(4, 64, 64)).stack for seed in range(3)).table["image"].tolist()
    ['mitochondria_0', 'mitochondria_1', 'mitochondria_2']
    """
    import pandas as pd

    rows = []
    for given in stacks:
        stack = given if isinstance(given, Stack) else images.read(given, **choices)
        low, high = classic.suggest_contrast(stack.raw)
        raw = stack.raw
        rows.append(
            {"image": stack.name, "mean": raw.mean(dtype=float), "deviation": raw.std(dtype=float), "lowest": raw.min(), "highest": raw.max(),
             "low": low, "high": high}
        )  # fmt: skip
    if not rows:
        raise ValueError("there is no image: give at least one stack or file")
    table = pd.DataFrame(rows)
    return CommonContrast(Contrast(float(table["low"].median()), float(table["high"].median())), table)


def _plain(value: Any) -> Any:
    """Return a value as YAML and a notebook write it: no numpy number, no tuple."""
    if isinstance(value, (Sequence, np.ndarray)) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value
