"""Which knob changes the mask most, and where: what can be said without any truth."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from helpers.images import Stack
from helpers.metrics import overlap
from helpers.tuning.dials import Dial, dials, present, turned
from helpers.workflows import WORKFLOWS, Prepared, Workflow

if TYPE_CHECKING:
    import pandas as pd

PART = 0.1  # of its range that a dial is moved by


class Sensitivity(NamedTuple):
    """How the mask answers to each knob.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a dial, the one that changes the mask most first: ``dial, value, down, up`` (the values tried), ``change_down, change_up``
        (1 - Dice with the present mask; NaN where the workflow refuses the value) and ``change``, the larger of the two.
    mask : (Z, Y, X) ndarray of bool
        What the workflow finds with the present values.
    changed : dict of str to (Z, Y, X) ndarray of bool
        By dial: the voxels that change when it is moved down or up.
    """

    table: "pd.DataFrame"
    mask: np.ndarray
    changed: dict[str, np.ndarray]


def sensitivity(workflow: str | Workflow, stack: Stack, values: Mapping[str, Any] | None = None, *, part: float = PART) -> Sensitivity:
    """Move each knob down and up by a part of its range, the others as they are, and see what changes.

    No truth is needed, and none is found: a knob that changes much is one to look at, not one that is wrong.

    Parameters
    ----------
    workflow : str or Workflow
        Or its id.
    stack : Stack
    values : mapping, optional
        Values that differ from the published ones.
    part : float
        How far each knob is moved, as a part of its range, 0 to 1. The range is gone through in equal ratios: a tenth of the range of
        cutoffs is a factor of 2, of sigmas 1.4, of the upper contrast limit 1.4.

    Returns
    -------
    sensitivity : Sensitivity

    Raises
    ------
    TypeError, ValueError
        If the workflow refuses the image or the present values; if ``part`` is not between 0 and 1.

    Examples
    --------
    >>> from helpers import phantoms
    >>> stack, _ = phantoms.mitochondria(shape=(4, 64, 64))
    >>> sensitivity("tomm20", stack).table["dial"].iloc[0]
    'filament_sigmas[0]'
    """
    import pandas as pd

    workflow = _row(workflow)
    if not 0 < part <= 1:
        raise ValueError(f"part must be greater than 0 and at most 1, got {part}: 0.1 moves each knob by a tenth of its range")
    values = {**workflow.published, **(values or {})}
    image = Prepared(stack.raw, stack.voxel_size)
    mask = image.segment(workflow, **values)
    rows, changed = [], {}
    for dial in dials(workflow, values):
        row, changed[dial.label] = _moved(workflow, image, values, dial, mask, part)
        rows.append(row)
    table = pd.DataFrame(rows)
    table["change"] = table[["change_down", "change_up"]].max(axis=1).fillna(0.0)
    return Sensitivity(table.sort_values("change", ascending=False, kind="stable", ignore_index=True), mask, changed)


def _moved(
    workflow: Workflow, image: Prepared, values: Mapping[str, Any], dial: Dial, mask: np.ndarray, part: float
) -> tuple[dict[str, Any], np.ndarray]:
    """Return the row of a dial, and the voxels that change."""
    now = present(values, dial)
    row: dict[str, Any] = {"dial": dial.label, "value": now}
    changed = np.zeros_like(mask)
    for way, sign in (("down", -1), ("up", 1)):
        value = dial.value(dial.position(now) + sign * part)
        row[way] = value
        try:
            found = mask if value == now else image.segment(workflow, **turned(values, {dial: value}))
        except ValueError:  # a value that this image does not allow, such as a ceiling below all intensities
            row[f"change_{way}"] = np.nan
            continue
        row[f"change_{way}"] = 0.0 if not (found.any() or mask.any()) else 1 - overlap(mask, found).dice
        changed |= found != mask
    return row, changed


def _row(workflow: str | Workflow) -> Workflow:
    if isinstance(workflow, Workflow):
        return workflow
    if workflow not in WORKFLOWS:
        import difflib

        close = difflib.get_close_matches(str(workflow), WORKFLOWS, n=1)
        hint = f"did you mean {close[0]!r}?" if close else "take an id of the lookup table"
        raise ValueError(f"there is no workflow {workflow!r}: {hint}")
    return WORKFLOWS[workflow]
