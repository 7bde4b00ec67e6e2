"""A module imports only from floors below its own; inside a folder, only from files that stand earlier in its list."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FLOORS = {
    "_checks": 0, "_kernels": 0,
    "images": 1, "classic": 1, "metrics": 1,
    "workflows": 2, "phantoms": 2, "measure": 2, "curation": 2, "baselines": 2,
    "learning": 3, "looks_typical": 2, "looks": 3, "tuning": 3, "parameters": 3,
    "engines": 4,
    "algorithms": 5, "comparison": 5, "loop": 5,
    "figures": 6, "tables": 6, "time_series": 6, "notebook": 6, "batch": 6,
    "views": 7,
}  # fmt: skip
SAME_FLOOR = {
    ("curation", "measure"),
    ("phantoms", "curation"),
    ("time_series", "figures"),
    ("notebook", "figures"),
    ("notebook", "tables"),
    ("notebook", "time_series"),
    ("batch", "figures"),
    ("batch", "notebook"),
}
ORDER = {
    "classic": ["pooled", "intensity", "filaments", "spots", "masks", "artefacts", "thresholds", "plain_thresholds", "local_thresholds", "labels"],
    "images": ["stack", "crops", "resample", "voxel_sizes", "scenes", "units", "ome_xml", "tiff_check", "formats_tiff", "formats_png", "formats_zarr", "formats_vendor", "reading", "times", "inputs", "labels", "folders", "writing", "record"],
    "phantoms": ["microscope", "cells", "placing", "structures", "imaging", "adhesions", "fibres", "myofibrils", "networks", "open_sheets", "junctions", "nucleoli", "nucleoli_treated", "golgi", "foci", "foci_glowing", "chromatin", "vesicles", "spots", "movies", "pores", "whole_cells", "widths", "piled_cells", "label_pairs", "mask_pairs", "outlines", "plates", "examples", "reviews", "piled_reviews"],
    "measure": ["objects", "bodies", "cells", "widths", "boundary"],
    "metrics": ["overlap", "contingency", "preparation", "matching", "surfaces", "masks", "errors", "miou", "bias", "instances", "aggregate", "evaluation", "screening"],
    "time_series": ["brightness", "job", "parts", "results", "running"],
    "tuning": ["truth", "dials", "sensitivity", "parameters", "search"],
    "workflows": ["knobs", "filaments", "spots", "spots_parted", "shells", "nucleoli", "compartments", "speckles", "workflow", "lookup_table", "steps", "choices", "compose"],
    "curation": ["files", "sheets", "ledgers", "journals", "regions", "nifti", "itk_files", "drawings", "queues", "decisions", "sorting", "merging", "changes", "splits", "edits", "editing", "scoring", "kappa"],
    "views": ["canvas", "waiting", "sections", "viewer", "kept_steps", "panels", "volume", "merger", "curators", "label_editor"],
    "learning": ["architecture", "networks", "devices", "convolutions", "tiles", "inference", "normalization", "checkpoints", "published", "targets", "curated", "augment", "patches", "losses", "validation", "settings", "state", "training", "applying", "combining", "files", "portable", "bioimageio_text", "bioimageio"],
}  # fmt: skip
MODULES = sorted((ROOT / "helpers").rglob("*.py"))


def imported(path: Path) -> set[tuple[str, ...]]:
    """Return the helpers modules that a file imports, as parts after ``helpers``."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            package = path.relative_to(ROOT).parent.parts[: len(path.relative_to(ROOT).parent.parts) - node.level + 1] if node.level else ()
            names = [".".join([*package, *filter(None, [node.module, alias.name])]) for alias in node.names]
        else:
            continue
        found |= {tuple(name.split(".")[1:]) for name in names if name.split(".")[0] == "helpers"}
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_module_imports_only_downwards(path):
    own = path.relative_to(ROOT / "helpers").with_suffix("").parts
    if own == ("__init__",):
        return
    assert own[0] in FLOORS, f"{path}: give this module a floor"
    for parts in imported(path):
        if not parts:
            continue
        if parts[0] == own[0]:
            order = ORDER.get(own[0], [])
            if len(parts) > 1 and len(own) > 1 and own[1] in order and parts[1] in order:
                assert order.index(parts[1]) < order.index(own[1]), f"{path} imports {'.'.join(parts)}, which stands later in its folder"
            continue
        allowed = FLOORS[parts[0]] < FLOORS[own[0]] or (own[0], parts[0]) in SAME_FLOOR
        assert allowed, f"{path} imports {'.'.join(parts)}, which is not on a lower floor"


def test_only_classic_and_metrics_call_kernels():
    callers = {
        path.relative_to(ROOT / "helpers").parts[0] for path in MODULES if any(parts[:1] == ("_kernels",) for parts in imported(path))
    }
    assert callers <= {"_kernels", "classic", "metrics"}


def test_no_circles():
    graph = {}
    for path in MODULES:
        name = path.relative_to(ROOT / "helpers").with_suffix("").parts
        graph[name] = {parts[: len(other)] for parts in imported(path) for other in [parts, parts[:-1]] if other}
    known = set(graph)

    def visit(name, trail):
        assert name not in trail, f"circle: {' -> '.join('.'.join(part) for part in [*trail, name])}"
        for target in graph[name]:
            if target in known and target != name:
                visit(target, [*trail, name])

    for name in known:
        visit(name, [])


def test_floor_rule_can_fail(tmp_path):
    """The walk sees an upward import, wherever it stands in the file."""
    bad = tmp_path / "bad.py"
    bad.write_text("def f():\n    from helpers.views import panels\n")
    assert imported(bad) == {("views", "panels")}


def test_no_two_test_files_have_one_name():
    """Folders of tests are no packages: pytest takes the second file of a name for the first, and collects nothing."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(set(names)) == sorted(names)
