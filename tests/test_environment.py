"""tools/environment.py says what is missing in a sentence, and does nothing twice."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def environment(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("environment", ROOT / "tools" / "environment.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(module, "STAMP", tmp_path / ".venv" / "environment.json")
    return module


def make_stamp(environment, level):
    import json

    environment.python().parent.mkdir(parents=True)
    environment.python().write_text("")
    environment.STAMP.write_text(json.dumps({"level": level, "hash": environment.wanted_hash()}))


def test_old_python_is_named(environment, monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    with pytest.raises(SystemExit, match=r"Python 3.11 or newer is needed.*PYTHON="):
        environment.main("demo")


def test_runs_far_enough_on_an_old_python():
    """The file must compile on Pythons that lack newer syntax, or nobody reads its sentence."""
    import ast

    ast.parse((ROOT / "tools" / "environment.py").read_text(), feature_version=(3, 7))


def test_missing_venv_module_is_named(environment, monkeypatch):
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    with pytest.raises(SystemExit, match="no venv module: install it .*python3-venv"):
        environment.main("demo")
    assert not environment.VENV.exists()


def test_unknown_level(environment):
    with pytest.raises(SystemExit, match="give one of demo, lab, all"):
        environment.main("everything")


@pytest.mark.parametrize(
    ("there", "wanted", "current"), [("all", "demo", True), ("demo", "demo", True), ("demo", "all", False), ("lab", "all", False)]
)
def test_levels_contain_each_other(environment, there, wanted, current):
    make_stamp(environment, there)
    assert environment.is_current(wanted) is current


def test_a_changed_pin_installs_again(environment):
    make_stamp(environment, "all")
    assert environment.is_current("all")
    (environment.ROOT / "constraints.txt").write_text("numpy==1.0\n")
    assert not environment.is_current("all")


def test_second_call_installs_nothing(environment, monkeypatch):
    make_stamp(environment, "demo")
    monkeypatch.setattr(environment, "pip", lambda *_: pytest.fail("installed again"))
    environment.main("demo")


def calls_of(environment, monkeypatch, *, torch_there=False, reachable=False, gpu=False):
    calls = []
    monkeypatch.setattr(environment, "pip", lambda *arguments: calls.append(arguments))
    monkeypatch.setattr(environment, "reachable", lambda _: reachable)
    monkeypatch.setattr(environment, "brings_gpu_libraries", lambda _: gpu)
    monkeypatch.setattr(environment.subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0 if torch_there else 1))
    monkeypatch.setattr(sys, "platform", "linux")
    environment.install_torch()
    return calls


def test_torch_comes_from_the_cpu_index_first(environment, monkeypatch):
    monkeypatch.delenv("TORCH", raising=False)
    ((*_, last),) = calls_of(environment, monkeypatch, reachable=True)
    assert last == environment.CPU_INDEX
    assert calls_of(environment, monkeypatch, torch_there=True) == []


def test_torch_falls_back_to_the_package_index(environment, monkeypatch):
    monkeypatch.delenv("TORCH", raising=False)
    ((_, pin),) = calls_of(environment, monkeypatch)
    assert pin.startswith("torch==")


def test_gpu_libraries_never_come_unasked(environment, monkeypatch):
    monkeypatch.delenv("TORCH", raising=False)
    with pytest.raises(SystemExit, match="TORCH=cuda"):
        calls_of(environment, monkeypatch, gpu=True)
    monkeypatch.setenv("TORCH", "cuda")
    assert len(calls_of(environment, monkeypatch, gpu=True)) == 1


def test_make_lists_its_targets():
    listing = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {"demo", "test", "lab", "tidy"} <= {line.split()[0] for line in listing.splitlines()}
