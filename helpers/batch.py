"""Many files through one notebook, or one model: ``python -m helpers.batch NOTEBOOK FILES... --output-folder DIR [-p name value]``.

Each file gets a papermill run of its own; a file that fails is listed and does not stop the rest. A marker is written after
papermill has returned, so that a second call does only what is missing, has failed, or was done with other parameters. A ``.pt`` file of a
model in the place of the notebook goes to `helpers.learning.apply_to_files`, with the same promises.
"""

import argparse
import ast
import contextlib
import difflib
import hashlib
import inspect
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers import figures, images, notebook
from helpers.parameters import check_parameters, parameters_cell
from helpers.workflows import WORKFLOWS

MARKERS = ".batch"
QUIET = "--IPKernelApp.log_level=CRITICAL"  # or every kernel warns that other users of this computer could listen in
NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


@dataclass(frozen=True)
class Job:
    """One file to run, and where its executed notebook goes."""

    file: Path
    stem: str
    notebook: Path
    folder: Path

    @property
    def executed(self) -> Path:
        """The executed notebook of a successful run."""
        return self.folder / f"{self.stem}_{self.notebook.stem}.ipynb"

    @property
    def failed(self) -> Path:
        """The executed notebook of a failed run: its last output says why."""
        return self.folder / f"{self.stem}_{self.notebook.stem}_failed.ipynb"

    @property
    def marker(self) -> Path:
        """The file that says the run is complete."""
        return self.folder / MARKERS / f"{self.stem}_{self.notebook.stem}.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return 0 if every file is done, 1 if one failed, 2 if nothing could be started."""
    parser = argparse.ArgumentParser(prog="python -m helpers.batch", description="Run one notebook, or one model, on many image files.")
    parser.add_argument(
        "notebook",
        help="an .ipynb file that takes input_path and output_folder, an id of the lookup table, such as tomm20, or the .pt file of a model",
    )
    parser.add_argument("files", nargs="+", help="image files, or folders of them")
    parser.add_argument("--output-folder", required=True, help="made if it is missing; also holds summary.csv")
    parser.add_argument(
        "-p", dest="parameters", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"), help="a parameter, for all files"
    )
    parser.add_argument("-f", dest="parameter_file", help="a YAML file of parameters, for all files")
    parser.add_argument("--again", action="store_true", help="run files that are done, too")
    given = parser.parse_args(arguments)
    try:
        parameters = _from_yaml(given.parameter_file) | {name: _value(text) for name, text in given.parameters}
        start = run_model if given.notebook.endswith(".pt") else run
        table = start(given.notebook, given.files, given.output_folder, parameters, again=given.again)
    except (TypeError, ValueError, OSError) as error:
        print(f"Nothing was started: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on with what is missing.", file=sys.stderr)
        return 130
    return 1 if (table["status"] == "failed").any() else 0


def run(
    notebook_path: str | Path, files: Iterable[str | Path], output_folder: str | Path, parameters: Mapping[str, Any], *, again: bool = False
) -> Any:
    """Run a notebook on each file; return and save a table of what came out.

    Parameters
    ----------
    notebook_path : path
        A notebook whose parameters cell has ``input_path`` and ``output_folder``, or the id of a workflow of the lookup table (a variant runs
        its notebook with its own values).
    files : iterable of path
        Image files; a folder stands for the images in it.
    output_folder : path
        Takes the results, the executed notebooks and ``summary.csv``.
    parameters : mapping
        Values for all files; checked before the first run.
    again : bool
        Also run files that are done.

    Returns
    -------
    table : pandas.DataFrame
        One row a file: file, status ("done", "done before" or "failed"), seconds, objects, foreground_fraction, warnings, error.

    Raises
    ------
    TypeError, ValueError
        If a parameter makes no sense, or two files would write to the same names: nothing has been started then.
    OSError
        If the output folder cannot be written.
    """
    folder = Path(os.path.abspath(Path(output_folder).expanduser()))
    path = Path(notebook_path).expanduser()
    if str(notebook_path) in WORKFLOWS:
        row = WORKFLOWS[str(notebook_path)]
        path = NOTEBOOKS / "10_lookup_table" / f"{row.notebook}.ipynb"
        if not path.exists():
            raise ValueError(f"the notebook of {notebook_path} is not where this package was installed: give the path of {path.name}")
        if row.notebook != row.id:  # a variant: the same steps with other values
            print(f"{row.id} runs the notebook of {row.notebook} with its own values; results are named by {row.notebook}.")
            parameters = {**row.published, **parameters}
    if not path.exists() and path.suffix != ".ipynb":
        close = difflib.get_close_matches(str(notebook_path), WORKFLOWS, n=1, cutoff=0.4)
        hint = f"did you mean {close[0]!r}" if close else "give an id of the lookup table"
        raise ValueError(f"there is no workflow {str(notebook_path)!r}: {hint}, or the path of a notebook")
    _check(path, parameters)
    jobs = _jobs(path, files, folder)
    _make(folder / MARKERS)
    rows: list[dict[str, Any]] = []
    for number, job in enumerate(jobs, 1):
        print(f"[{number}/{len(jobs)}] {job.file.name} ", end="", flush=True)
        row = _row(job, parameters, again)
        print(" ".join(filter(None, [row["status"], f"({row['seconds']:.0f} s)" if row["seconds"] else "", row["error"]])), flush=True)
        if row.get("resampled"):
            print(f"    segmented at {row['resampled']} um a voxel, the size that the values were made for", flush=True)
        if row.get("warnings"):
            print(f"    ! {row['warnings']}", flush=True)
        rows.append(row)
        table = _save_summary(rows, folder)
    _tell_end(table, folder)
    return table


def run_model(
    model_path: str | Path, files: Iterable[str | Path], output_folder: str | Path, parameters: Mapping[str, Any], *, again: bool = False
) -> Any:
    """Apply a model to each file; return and save a table of what came out, and a picture beside each mask.

    Parameters
    ----------
    model_path : path
        A ``.pt`` file that a training wrote.
    files, output_folder, again
        As `run`.
    parameters : mapping
        Keywords of `helpers.learning.apply_to_file` and `helpers.learning.apply`, for all files; checked before the first.

    Returns
    -------
    table : pandas.DataFrame
        As `helpers.learning.apply_to_files`.

    Raises
    ------
    FileNotFoundError, ImportError, OSError, TypeError, ValueError
        If the model or a parameter cannot be used: nothing has been started then.
    """
    from helpers import learning  # PyTorch is for models alone

    folder = Path(os.path.abspath(Path(output_folder).expanduser()))
    _check_keywords(parameters, learning.apply_to_file, learning.apply)
    learning.read_model(model_path)
    _make(folder / MARKERS)
    table = learning.apply_to_files(model_path, files, folder, again=again, **parameters)
    for row in table[table["status"] != "failed"].itertuples():
        _save_picture(row.file, Path(row.mask), parameters)
    _tell_end(_save_summary(table.to_dict("records"), folder), folder)
    return table


def pictures(summary: Any, output_folder: str | Path, notebook_path: str | Path) -> list[Path]:
    """Return the overlay of each file of a summary that did not fail, in its order.

    Parameters
    ----------
    summary : pandas.DataFrame
        What `run` returned.
    output_folder, notebook_path : path
        As given to `run`.

    Returns
    -------
    paths : list of Path
    """
    name = f"{Path(notebook_path).stem}_{notebook.OUTPUTS['picture']}"
    done = summary.loc[summary["status"] != "failed", "file"]
    found = [Path(output_folder).expanduser() / f"{images.safe_name(file)}_{name}" for file in done]
    return [path for path in found if path.exists()]


def _tell_end(table: Any, folder: Path) -> None:
    counts = table["status"].value_counts()
    print(", ".join(f"{count} {status}" for status, count in counts.items()) + f"; summary: {folder / 'summary.csv'}")


def _check_keywords(parameters: Mapping[str, Any], *functions: Callable[..., Any]) -> None:
    """Raise a sentence if a parameter is no keyword of one of the functions."""
    found = (each for function in functions for each in inspect.signature(function).parameters.values())
    known = {each.name for each in found if each.kind is each.KEYWORD_ONLY} - {"known", "progress"}
    for name in parameters:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f" (did you mean {close[0]!r}?)" if close else ""
            raise TypeError(f"unknown parameter {name!r}{hint}; a model takes: {', '.join(sorted(known))}")


def _save_picture(file: str, mask_path: Path, parameters: Mapping[str, Any]) -> None:
    """Draw the mask over the image, unless that is done; of a time series the first time point."""
    path = mask_path.with_name(mask_path.name.replace("_mask.ome.tif", "_overlay.png"))
    if path.exists() and path.stat().st_mtime >= mask_path.stat().st_mtime:
        return
    times = parameters.get("time", 0)
    time = times if isinstance(times, int) else (times or [0])[0]
    channel = parameters.get("channels", [""])[0]
    stack = images.read(file, channel, parameters.get("scene", 0), time, parameters.get("voxel_size", ()))
    figures.save(figures.overlay(stack, images.read(mask_path, time=0).raw > 0), path)


def _row(job: Job, parameters: Mapping[str, Any], again: bool) -> dict[str, Any]:
    """Run one job unless it is done; return its row of the summary."""
    started = time.monotonic()
    status, error = "done before", ""
    if again or not _is_done(job, parameters):
        error = _execute(job, parameters)
        status = "failed" if error else "done"
    row = {"file": str(job.file), "status": status, "seconds": round(time.monotonic() - started, 1) if status != "done before" else 0.0}
    return row | (_quality(job) if not error else {}) | {"error": error}


def _execute(job: Job, parameters: Mapping[str, Any]) -> str:
    """Run the notebook; return "" or the last line of what went wrong. The marker is written last."""
    import papermill
    from papermill.exceptions import PapermillExecutionError

    job.marker.unlink(missing_ok=True)
    partial = job.folder / MARKERS / f"{job.stem}_{job.notebook.stem}.{os.getpid()}.ipynb"
    values = {**parameters, "input_path": str(job.file), "output_folder": str(job.folder)}
    try:
        papermill.execute_notebook(str(job.notebook), str(partial), values, progress_bar=False, extra_arguments=[QUIET])
        os.replace(partial, job.executed)
    except PapermillExecutionError as error:
        os.replace(partial, job.failed)
        return f"{error.ename}: {error.evalue}".strip().splitlines()[-1]
    except OSError as error:  # a full disk; the other files still get their turn
        return f"{type(error).__name__}: {images.said_plainly(error, job.folder)}".strip().splitlines()[-1]
    except Exception as error:  # a kernel that died
        return f"{type(error).__name__}: {error}".strip().splitlines()[-1]
    finally:
        partial.unlink(missing_ok=True)
    job.failed.unlink(missing_ok=True)
    job.marker.write_text(json.dumps({"fingerprint": _fingerprint(job, parameters), "outputs": _outputs(job)}))
    return ""


def _is_done(job: Job, parameters: Mapping[str, Any]) -> bool:
    try:
        marker = json.loads(job.marker.read_text())
    except (OSError, ValueError):
        return False
    return marker.get("fingerprint") == _fingerprint(job, parameters) and all((job.folder / name).exists() for name in marker["outputs"])


def _fingerprint(job: Job, parameters: Mapping[str, Any]) -> str:
    """Changes when the file, the notebook or a parameter changes."""
    status = job.file.stat()
    parts = [
        str(job.file),
        status.st_size,
        status.st_mtime_ns,
        hashlib.sha256(job.notebook.read_bytes()).hexdigest(),
        sorted(parameters.items()),
    ]
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()


def _outputs(job: Job) -> list[str]:
    return sorted(path.name for path in job.folder.glob(f"{job.stem}_{job.notebook.stem}*") if path.is_file())


def _quality(job: Job) -> dict[str, Any]:
    """Return what the record beside the result says of its quality; nothing for notebooks without one."""
    try:
        record = json.loads((job.folder / f"{job.stem}_{job.notebook.stem}_record.json").read_text(encoding="utf-8"))
        quality, own = record["quality"], record["voxel_size_um"]
    except (OSError, ValueError, KeyError):
        return {}
    worked_at = record.get("segmented_at_um", own)
    resampled = "" if worked_at == own else " x ".join(f"{size:.3g}" for size in worked_at)
    return {
        "resampled": resampled,
        "objects": quality["objects"],
        "foreground_fraction": quality["foreground_fraction"],
        "warnings": " ".join(quality["warnings"]),
    }


def _save_summary(rows: list[dict[str, Any]], folder: Path) -> Any:
    import pandas as pd

    columns = ["file", "status", "seconds", "objects", "foreground_fraction", "warnings", "error"]
    table = pd.DataFrame(rows).reindex(columns=columns)
    partial = folder / MARKERS / f"summary.{os.getpid()}"
    with contextlib.suppress(OSError, ValueError, KeyError):  # no summary yet, or not one of ours: begin anew
        before = pd.read_csv(folder / "summary.csv").reindex(columns=columns)
        before = before[~before["file"].isin(table["file"])]
        if len(before):
            pd.concat([before, table]).to_csv(partial, index=False)
    if not partial.exists():
        table.to_csv(partial, index=False)
    os.replace(partial, folder / "summary.csv")
    return table


def _jobs(notebook_path: Path, files: Iterable[str | Path], folder: Path) -> list[Job]:
    """Return one job a file; refuse files that are missing or would write to the same names."""
    return [Job(file, images.safe_name(file), notebook_path, folder) for file in images.image_files(files, _is_result)]


def _is_result(path: Path) -> bool:
    """Whether a file in a folder of images was left there by an earlier run, rather than put there as an image."""
    return any(path.name.endswith(f"_{name}_{ending}") for name in WORKFLOWS for ending in notebook.OUTPUTS.values())


def _check(notebook_path: Path, parameters: Mapping[str, Any]) -> None:
    declared = parameters_cell(notebook_path)
    missing = [name for name in ("input_path", "output_folder") if name not in declared]
    if missing:
        raise ValueError(f"{notebook_path.name} does not take {' and '.join(missing)}: it cannot be run on files one by one")
    for name in ("input_path", "output_folder"):
        if name in parameters:
            raise ValueError(f"{name} is set for each file: leave it out of the parameters")
    workflow = notebook_path.stem if notebook_path.parent.name == "10_lookup_table" else ""
    check_parameters(parameters, declared, workflow)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(f"the output folder {folder.parent} cannot be made: {error.strerror}; choose another") from None


def _value(text: str) -> Any:
    """Read a value of the command line: a number, a list, True or False; anything else is text."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return {"true": True, "false": False}.get(text, text)


def _from_yaml(path: str | None) -> dict[str, Any]:
    if path is None:
        return {}
    import yaml

    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise ValueError(f"the parameter file {path} cannot be read: {error}") from None
    if not isinstance(content, dict):
        raise ValueError(f"the parameter file {path} must hold lines of 'name: value'")
    return content


if __name__ == "__main__":
    sys.exit(main())
