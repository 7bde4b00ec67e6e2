"""One truth for the versions: pyproject says what is needed, constraints.txt which release of it; conda and Binder follow."""

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def pins() -> dict[str, str]:
    lines = [line.strip() for line in (ROOT / "constraints.txt").read_text().splitlines()]
    return {canonicalize_name(name): pin for name, pin in (line.split("==") for line in lines if line and not line.startswith("#"))}


def requirements() -> list[Requirement]:
    groups = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    found = [Requirement(line) for group in groups for line in group]
    return [requirement for requirement in found if requirement.name != PROJECT["name"]]


def test_every_requirement_has_a_pin_that_satisfies_it():
    for requirement in requirements():
        pin = pins().get(canonicalize_name(requirement.name))
        assert pin is not None, f"{requirement.name} has no pin in constraints.txt: make freeze"
        assert requirement.specifier.contains(pin), f"{requirement} is not satisfied by {pin}"


def test_what_is_installed_is_what_is_pinned():
    """Tests run in the environment that users get."""
    for requirement in requirements():
        installed = version(requirement.name).split("+")[0]
        assert installed == pins()[canonicalize_name(requirement.name)], requirement.name


def test_all_contains_every_group():
    extras = PROJECT["optional-dependencies"]
    (everything,) = [Requirement(line) for line in extras["all"]]
    assert everything.extras == set(extras) - {"all"}


def test_conda_environment_follows():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    plain = [line for line in environment["dependencies"] if isinstance(line, str)]
    (pip,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    assert pip == ["-c constraints.txt", "-e .[all]"]
    (torch,) = [line for line in plain if "pytorch" in line]
    assert torch == f"pytorch-cpu={pins()['torch']}"
    (python,) = [line.split("=")[1] for line in plain if line.startswith("python=")]
    assert Requirement(f"python{PROJECT['requires-python']}").specifier.contains(python)


def test_binder_is_small_and_follows():
    root = yaml.safe_load((ROOT / "environment.yml").read_text())
    binder = yaml.safe_load((ROOT / "binder" / "environment.yml").read_text())
    assert [line for line in binder["dependencies"] if line.startswith("python=")] == [
        line for line in root["dependencies"] if str(line).startswith("python=")
    ]
    build = (ROOT / "binder" / "postBuild").read_text()
    extras = re.search(r'"\.\[(.*?)\]"', build).group(1).split(",")
    assert set(extras) <= set(PROJECT["optional-dependencies"]) - {"learning", "view3d", "all"}
    assert "--constraint constraints.txt" in build
    assert (ROOT / "binder" / "postBuild").stat().st_mode & 0o100


def test_demo_needs_neither_torch_nor_itk():
    core = {canonicalize_name(Requirement(line).name) for line in PROJECT["dependencies"]}
    assert not core & {"torch", "itkwidgets", "itk"}


def test_ci_runs_the_command_of_the_readme():
    assert "make test" in (ROOT / ".ci" / "run").read_text()
    assert "make test" in (ROOT / "README.md").read_text()
    assert "make demo" in (ROOT / "README.md").read_text()
