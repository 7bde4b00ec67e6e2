"""`make new` writes a workflow that passes, or nothing at all."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from helpers import phantoms
from helpers.workflows import PUBLISHED, WORKFLOWS, compose, knobs

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))
import new  # noqa: E402

CHOICES = {
    "normalization": "min-max", "smoothing": "in 3D", "core": ["bodies", "filaments in 3D"], "thinning": "none", "filling": "in 3D", "size_filter": "in 3D",
    "parting": "none", "contrast_low": 3, "contrast_high": 12, "ceiling": 65535, "smoothing_sigma": 1, "filament_sigmas": [2], "filament_cutoffs": [0.15],
    "spot_sigmas": [1], "spot_cutoffs": [0.09], "object_minimum": 200, "otsu_factor": 0.98, "minimum_thickness": 1.5, "hole_maximum": 1600,
    "minimum_size": 15, "minimum_pixels": 4, "peak_distance": 2,
}  # fmt: skip
WRITTEN = {
    "docs/gallery/cilia_2.png", "helpers/workflows/cilia_2.py", "notebooks/10_lookup_table/cilia_2.ipynb", "tests/workflows/test_cilia_2.py",
}  # fmt: skip
CHANGED = {
    "helpers/phantoms/__init__.py", "helpers/workflows/lookup_table.py", "notebooks/00_start/README.md", "notebooks/10_lookup_table/README.md",
}  # fmt: skip


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """Return a copy of the files that belong to the repository, with the loops that are compiled already."""
    folder = tmp_path_factory.mktemp("copy")
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in listed.stdout.splitlines():
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    # numba looks for them under a name made of the folder of the kernels; without them the test is slower, and no different
    compiled = Path(os.environ["NUMBA_CACHE_DIR"])
    before, after = (f"_kernels_{hashlib.sha1(str(root / 'helpers' / '_kernels').encode()).hexdigest()}" for root in (ROOT, folder))
    if (compiled / before).exists():
        shutil.copytree(compiled / before, folder / "helpers" / "_kernels" / "__pycache__" / compiled.name / after)
    return folder


def python(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    environment = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"} | {"PYTHONPATH": str(folder)}
    return subprocess.run([sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True)


def contents(folder: Path) -> dict[str, bytes]:
    kept = (path for path in folder.rglob("*") if path.is_file() and not {"__pycache__", ".git"} & set(path.parts))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in kept}


def test_what_it_writes_passes(copy):
    before = contents(copy)
    (copy / "tuned.yaml").write_text("input_path: mine.tif\nspot_cutoffs: [0.04321]\nminimum_size: 6\n")
    compose.write_values(copy / "choices.yaml", CHOICES)
    made = python(copy, "tools/new.py", "cilia_2", "gja1", "--values", "tuned.yaml")
    assert made.returncode == 0, made.stderr
    assert (
        python(copy, "tools/new.py", "spindle", "drug_npm1", "--values", "choices.yaml", "--voxel-size", "0.5", "0.1", "0.2").returncode
        == 0
    )
    after = contents(copy)
    assert after.keys() - before.keys() == WRITTEN | {name.replace("cilia_2", "spindle") for name in WRITTEN} | {
        "tuned.yaml",
        "choices.yaml",
    }
    assert {name for name in before if before[name] != after[name]} == CHANGED
    assert all(name in made.stdout for name in WRITTEN | CHANGED)
    row = '"spot_cutoffs": [0.04321],\n         "minimum_size": 6},\n    ),\n    Workflow(\n        "spindle", '
    assert row in after["helpers/workflows/lookup_table.py"].decode()
    assert '"minimum_size": 15}, tuned_voxel_size=(0.5, 0.1, 0.2),' in after["helpers/workflows/lookup_table.py"].decode()
    for command in (("check",), ("format", "--check")):
        checked = python(copy, "-m", "ruff", *command, "--no-cache", ".")
        assert checked.returncode == 0, checked.stdout

    tests = ["tests/workflows", "tests/notebooks/test_form.py", "tests/notebooks/test_runs.py", "tests/test_floors.py", "tests/phantoms/test_structures.py", "tests/figures/test_steps_and_movies.py"]  # fmt: skip
    chosen = "cilia_2 and not test_runs or spindle or readme or every_workflow or one_name"
    run = python(copy, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", *tests, "-k", chosen)
    assert run.returncode == 0, run.stdout[-3000:]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"thinning": "by plane", "filling": "by plane", "parting": "watershed"},
        {
            "core": ["spots by plane"],
            "normalization": "auto-contrast",
            "smoothing": "edge-preserving",
            "filling": "none",
            "size_filter": "by plane",
        },
        {"core": ["spots in 3D", "filaments by plane", "bodies"], "smoothing": "by plane", "parting": "watershed"},
    ],
)
def test_any_composition_becomes_a_function_that_gives_its_mask(changes):
    choices = {**CHOICES, **changes}
    values = new.composed.row_values(choices)
    scope = {}
    exec(new.composed.module_text("mine", choices), scope)
    assert list(knobs(scope["mine"])) == list(values)
    raw = phantoms.treated_nucleoli(seed=1, shape=(8, 96, 96)).stack.raw
    np.testing.assert_array_equal(scope["mine"](raw, **values), compose.segment(raw, choices))
    notebook = new.composed.notebook_text("mine", choices, new.parameters_text(values, new.composed.row_knobs(choices)), "nucleoli")
    cells = json.loads(notebook)["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    shown = [line.replace("tuned.raw", "raw") for line in code.splitlines() if "= classic." in line or line == "mask = labels > 0"]
    assert shown == compose.code(choices)
    assert 12 <= len(cells) <= 20


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_an_error_leaves_everything_as_it_was(error, tmp_path):
    (tmp_path / "row.py").write_text("before")
    paths = [tmp_path / name for name in ("row.py", "function.py", "never_written.py")]
    with pytest.raises(error), new.all_or_nothing(paths):  # noqa: PT012
        for path in paths[:2]:
            path.write_text("after")
        raise error
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"row.py": "before"}


def test_a_file_without_its_mark_is_refused_before_anything_is_written():
    with pytest.raises(ValueError, match="has lost its line"):
        new.inserted("FOR_WORKFLOW = {}\n", "    'cilia': actin,\n")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("My-Structure", "for example my_structure: got 'My-Structure'"),
        ("2nd", "for example nd: got '2nd'"),
        ("", "for example my_structure: got ''"),
        ("a" * 41, "at most 40"),
        ("../x", "for example x"),
        ("lambda", "means something to Python"),
        ("match", "means something to Python"),
        ("list", "means something to Python"),
        ("con", "or to Windows"),
        ("tuba1b", "there is a workflow 'tuba1b' already"),
        ("pcna_lates", "there is a workflow"),
        ("filaments_3d", "there is a workflow"),
        ("smooth", "is the name of a step or a value in filaments_by_plane"),
        ("minimum_size", "is the name of a step or a value in filaments_by_plane"),
        ("thin", "is the name of a step or a value"),
        ("spots", "spots.py is there already"),
        ("accuracy", "test_accuracy.py is there already"),
    ],
)
def test_bad_names_get_one_sentence(name, sentence):
    with pytest.raises(ValueError, match="^[^\n]*$") as caught:
        new.checked_name(name, WORKFLOWS["tomm20"])
    assert sentence in str(caught.value)


@pytest.mark.parametrize(("source", "sentence"), [("tom20", "did you mean 'tomm20'"), ("pcna_lates", "did you mean 'PCNA_lateS'"), ("???", "there are actb, ")])  # fmt: skip
def test_unknown_source_gets_a_suggestion(source, sentence):
    with pytest.raises(ValueError, match="^[^\n]*$") as caught:
        new.checked_source(source)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("minimum_sise: 5", "did you mean 'minimum_size'"),
        ("minimum_size: 1.5", "must be a whole number"),
        ("filament_sigmas: [1, 2]", "lists of the same length"),
        ("- 5", "must hold lines such as"),
        ("{", "cannot be read"),
        ("core: [bodies]", "no choice for the step normalization"),
        (None, "cannot be read"),
    ],
)
def test_bad_values_get_one_sentence(text, sentence, tmp_path):
    path = tmp_path / "values.yaml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ValueError, match="^[^\n]*$") as caught:
        new.read_values(str(path), WORKFLOWS["tomm20"])
    assert sentence in str(caught.value)


@pytest.mark.parametrize("source", PUBLISHED)
def test_every_published_workflow_can_be_begun_with(source):
    """What is written is Python, with the values of the row, and calls the new name."""
    row = WORKFLOWS[source]
    scope = {}
    exec(new.module_text("mine", row), scope)
    assert list(knobs(scope["mine"])) == list(row.published)
    for text in (
        new.with_row(new.ROWS.read_text(), "mine", row, row.published),
        new.with_phantom(new.PHANTOMS.read_text(), "mine", source),
    ):
        compile(text, "row", "exec")
        assert max(map(len, text.splitlines())) < 200
    notebook = new.notebook_text("mine", row, row.published)
    assert f'check(\\"{row.notebook}\\")' not in notebook
    assert 'check(\\"mine\\")' in notebook
    assert 'read_or(phantoms.FOR_WORKFLOW[\\"mine\\"]' in notebook
    assert "TODO" in notebook
