"""What every notebook does around its story: check its parameters, say how far the result can be trusted, save it with its record."""

import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from helpers import _checks, classic, figures, images, measure, time_series
from helpers.images import Stack
from helpers.metrics import Overlap, overlap
from helpers.parameters import (
    INPUTS,
    cells_run,
    check_parameters,
    declared_and_given,
    workflow_named,  # noqa: F401, notebooks write notebook.workflow_named
)
from helpers.tables import Report, show  # noqa: F401, notebooks write notebook.show
from helpers.workflows import WORKFLOWS, Workflow


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
    cells = cells_run()
    declared, given = declared_and_given(cells)
    if workflow_id and not declared:
        declared = {**INPUTS, **WORKFLOWS[workflow_id].published}
    if namespace is None:
        namespace = sys._getframe(1).f_globals
    run = Run(workflow_id, declared, namespace)
    check_parameters({**run.parameters(), **{name: namespace.get(name, value) for name, value in given.items()}}, declared, workflow_id)
    _check_folder(namespace.get("output_folder", "results"))
    run.normalize_over_time()
    return run


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


@dataclass
class Run:
    """One run of a notebook: which workflow, and where its parameters are. Made by `check`."""

    workflow_id: str
    declared: Mapping[str, Any]
    namespace: Mapping[str, Any] = field(repr=False)
    known: classic.Intensities | None = field(default=None, repr=False)
    worked_at: tuple[float, float, float] | None = None
    """Voxel size that the steps saw, in um; None: the parameters were taken in voxels."""

    def parameters(self) -> dict[str, Any]:
        """Return the declared parameters with the values they have now."""
        return {name: self.namespace[name] for name in self.declared if name in self.namespace}

    @property
    def workflow(self) -> Workflow:
        """The row of the lookup table."""
        return WORKFLOWS[self.workflow_id]

    @property
    def row(self) -> Workflow:
        """The row of the lookup table whose values these are: another one that this notebook also runs, or its own."""
        rows = [self.workflow, *(row for row in WORKFLOWS.values() if row.notebook == self.workflow_id)]
        return next((row for row in rows if dict(row.published) == self._values()), self.workflow)

    def series(self) -> dict[str, Any] | None:
        """Return what `time_series.run` needs to know of the input, where several time points are asked for; else None."""
        given = self.parameters()
        if not self.workflow_id or not isinstance(given.get("time"), (list, tuple)) or not given.get("input_path"):
            return None
        return {name: given[name] for name in ("channel", "scene", "voxel_size")} | {"path": given["input_path"], "times": given["time"]}

    def normalize_over_time(self) -> None:
        """Let the steps of the notebook normalize by all time points together, where several are asked for; else by each image alone."""
        series = self.series()
        if series is not None:
            print(
                "Several time points: they are normalized alike; the cells below show the first, run.save segments all of them.", flush=True
            )
            self.known = classic.intensities(stack.raw for stack in images.read_times(**series))
        classic.keep_intensities(self.known)

    def steps(self) -> figures.Picture:
        """Draw the steps of the workflow with the values as they are now; printed, they are pseudocode."""
        return figures.steps(self.workflow, self.parameters())

    def at_tuned_size(self, stack: Stack) -> Stack:
        """Return the stack at the voxel size that the parameters were made for, and print a sentence if that is another one.

        Parameters
        ----------
        stack : Stack
            The input.

        Returns
        -------
        tuned : Stack
            The same, where the voxel sizes are close (`helpers.images.working_voxel_size`) or make no sense; resampled otherwise.
        """
        self.worked_at = images.working_voxel_size(stack.raw.shape, stack.voxel_size, self.row.tuned_voxel_size)
        if self.worked_at == stack.voxel_size:
            return stack
        _checks.varied(_checks.image(stack.raw))
        print(images.resampling_sentence(stack.raw.shape, stack.voxel_size, self.worked_at), flush=True)
        return replace(stack, raw=images.resample(stack.raw, stack.voxel_size, self.worked_at), voxel_size=self.worked_at)

    def at_input_size(self, found: np.ndarray, stack: Stack) -> np.ndarray:
        """Bring what was found at the tuned voxel size back onto the grid of the input; the same, where nothing was resampled.

        Parameters
        ----------
        found : (Z, Y, X) ndarray of bool or int
            A mask, or labels.
        stack : Stack
            The input that `at_tuned_size` was given.

        Returns
        -------
        found : ndarray of the shape of ``stack.raw``
        """
        if self.worked_at in (None, stack.voxel_size) or found.shape == stack.raw.shape:
            return found
        onto = self.workflow.onto if found.dtype == bool else images.labels_onto
        return onto(found, self.worked_at, stack.voxel_size, stack.raw.shape)

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
        if self.worked_at not in (None, stack.voxel_size):
            rows.append(
                ("segmented at", f"{' x '.join(f'{size:.3g}' for size in self.worked_at)} um a voxel, then brought back to the image")
            )
        if truth is not None:
            rows += _against_truth(overlap(truth, mask > 0))
        return Report(rows, list(quality.warnings))

    def save(self, stack: Stack, mask: np.ndarray, table: Any = None, seed: int | None = None) -> Report:
        """Save mask, picture, table of objects and record into the output folder; all of them or none.

        Where ``time`` is a list, all of those time points are segmented by the workflow and saved, see `helpers.time_series.run`.

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
        if self.series() is not None:
            return self._save_series(stack, mask)
        if table is None:
            table = measure.objects(mask, stack, filled=self.workflow.is_shell)
        values = self._values()
        quality = self._quality(stack, mask)
        same = bool(np.array_equal(self._again(stack), mask > 0))
        if not same:
            quality.warnings.append(
                "The mask is not what the workflow gives with the recorded values: a step was changed by hand, or a value after it ran."
            )
        stem = f"{stack.name}_{self.workflow_id}"
        names = {what: f"{stem}_{ending}" for what, ending in OUTPUTS.items()}
        folder = Path(parameters["output_folder"]).expanduser().absolute()
        choices = {name: parameters[name] for name in ("channel", "scene", "time") if name in parameters}
        images.refuse_another_input(folder / names["record"], stack, choices)
        with images.together(folder) as temporary:
            images.write(temporary / names["mask"], mask > 0, stack.voxel_size)
            figures.save(figures.overlay(stack, mask > 0, plane=self.workflow.plane_of_rings(mask > 0)), temporary / names["picture"])
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
            record["segmented_at_um"] = list(self.worked_at or stack.voxel_size)
            images.write_record(temporary / names["record"], record)
        return Report([(what, str(folder / name)) for what, name in names.items()], [] if same else quality.warnings[-1:])

    def _values(self) -> dict[str, Any]:
        """Return the parameters of the workflow with the values they have now."""
        parameters = self.parameters()
        return {name: parameters.get(name, value) for name, value in self.workflow.published.items()}

    def _again(self, stack: Stack) -> np.ndarray:
        """Return the mask that the one call gives."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the verdict says it
            return self.row(stack.raw, voxel_size=stack.voxel_size if self.worked_at else None, **self._values())

    def _save_series(self, stack: Stack, mask: np.ndarray) -> Report:
        """Segment and save all time points asked for; say so if the one that is shown came out otherwise."""
        series, values = self.series(), self._values()
        same = np.array_equal(self._again(stack), mask > 0)
        folder, in_voxels = self.parameters()["output_folder"], self.worked_at is None
        result = time_series.run(self.row.id, output_folder=folder, name=self.workflow_id, at_tuned_size=not in_voxels, **series, **values)
        by_hand = "The time points were segmented by the workflow with the values as they are now; what is shown above differs: run all cells again."
        rows = [(what, str(path)) for what, path in result.files.items()]
        counts = ", ".join(str(count) for count in result.table["objects"][:20]) + ("" if len(result.table) <= 20 else ", ...")
        return Report([*rows, ("objects at each time point", counts)], [*([] if same else [by_hand]), *result.warnings])

    def _quality(self, stack: Stack, mask: np.ndarray) -> measure.Quality:
        """Return the signs of failure, with those that concern reading and the look of this workflow."""
        quality = measure.quality(mask, stack, tuned_voxel_size=self.row.tuned_voxel_size, worked_at=self.worked_at)
        fragments = _fragment_warnings(mask) if self.workflow.is_shell else []
        return quality._replace(warnings=[*quality.warnings, *fragments, *stack.notes])


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
