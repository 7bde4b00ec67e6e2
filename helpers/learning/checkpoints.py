"""Keep a model in a file: its weights and all that is needed to use them. Reading one never runs code that is in it.

A file holds tensors and one text of JSON, nothing else. PyTorch reads it with ``weights_only``, which refuses everything else; the
older formats of PyTorch, which can hold programs, are not read at all.
"""

import io
import json
import pickle
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import torch

from helpers import _checks, images
from helpers.images.record import circumstances
from helpers.images.stack import checked_voxel_size
from helpers.learning.architecture import Architecture
from helpers.learning.networks import Network
from helpers.learning.normalization import DEFAULT, Recipe, checked_recipe

FORMAT = "helpers.learning"
VERSION = 1
ZIP = b"PK\x03\x04"


@dataclass(eq=False)
class Model:
    """A trained network, with what is needed to use it.

    Parameters
    ----------
    network : Network
    normalization : recipe
        See `helpers.learning.normalization.normalize`.
    voxel_size : (z, y, x), optional
        In um, of the images it was trained on; None if unknown.
    cutoff : float
        Probability from which on a voxel counts as structure, 0 to 1.
    minimum_size : int
        Smaller objects are left out, in voxels; 0 keeps all.
    name : str
        What results are called after.
    about : mapping of plain values
        Where it comes from: data, scores, settings, the model it started from, notes.

    Raises
    ------
    TypeError, ValueError
        If a value makes no sense.
    """

    network: Network
    normalization: Recipe = DEFAULT
    voxel_size: tuple[float, float, float] | None = None
    cutoff: float = 0.5
    minimum_size: int = 0
    name: str = "model"
    about: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.normalization = checked_recipe(self.normalization)
        self.voxel_size = None if self.voxel_size is None else checked_voxel_size(self.voxel_size)
        self.cutoff = float(_checks.number(self.cutoff, "cutoff", low=0, high=1))
        self.minimum_size = int(_checks.number(self.minimum_size, "minimum_size", low=0, integer=True))
        self.name = images.safe_name(self.name)

    @property
    def architecture(self) -> Architecture:
        """Of the network."""
        return self.network.architecture

    def __repr__(self) -> str:
        """Say what it is in one line."""
        kind, size = self.architecture, self.voxel_size
        where = "unknown voxel size" if size is None else f"voxels of {size[0]:g} x {size[1]:g} x {size[2]:g} um"
        return f"Model({self.name!r}, {kind.name} of width {kind.width}, {where}, cutoff {self.cutoff:g})"


class Parts(NamedTuple):
    """What is in a file: plain values, and tensors in named groups."""

    about: dict[str, Any]
    tensors: dict[str, dict[str, torch.Tensor]]


def write_model(path: str | Path, model: Model) -> Path:
    """Write a model; the file appears whole or not at all, and an earlier one of that name stays as it was if anything fails.

    Parameters
    ----------
    path : str or Path
        Ends in ``.pt``.
    model : Model

    Returns
    -------
    path : Path

    Raises
    ------
    TypeError
        If ``model.about`` holds what cannot be written as JSON.
    ValueError
        If the name does not end in ``.pt``.
    OSError
        If the folder cannot be written, or the disk is full.
    """
    about = {
        "architecture": model.architecture.as_dict(),
        "normalization": model.normalization,
        "voxel_size_um": model.voxel_size,
        "cutoff": model.cutoff,
        "minimum_size": model.minimum_size,
        "name": model.name,
        "about": model.about,
        **_circumstances(),
    }
    return write_parts(path, "model", Parts(about, {"weights": model.network.state_dict()}))


def read_model(path: str | Path) -> Model:
    """Read a model that `write_model` wrote. Nothing in the file is run.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is damaged, no model, of a later version, or holds anything but numbers and text; the sentence says which.
    """
    path = Path(path).expanduser()
    about, tensors = read_parts(path, "model")
    try:
        architecture = Architecture(**about["architecture"])
        network = network_of(architecture, tensors["weights"], path.name)
        return Model(
            network, about["normalization"], about["voxel_size_um"], about["cutoff"], about["minimum_size"], about["name"], about["about"]
        )
    except (KeyError, TypeError) as error:
        raise ValueError(
            f"{path.name} does not say all that a model needs ({error}): it was changed, or written by another program"
        ) from error


def network_of(architecture: Architecture, weights: Mapping[str, torch.Tensor], name: str) -> Network:
    """Return a network with these weights; raise a sentence if they are those of another architecture, or no numbers.

    Parameters
    ----------
    architecture : Architecture
    weights : mapping of str to Tensor
    name : str
        Of the file, for the sentence.

    Raises
    ------
    ValueError
    """
    with torch.device("meta"):  # takes no memory: a file cannot ask for more than it holds
        network = Network(architecture)
    wanted = {key: tuple(each.shape) for key, each in network.state_dict().items()}
    found = {key: tuple(each.shape) for key, each in weights.items()}
    odd = [key for key in {**wanted, **found} if wanted.get(key) != found.get(key)]
    if odd:
        raise ValueError(
            f"the weights in {name} are not those of {architecture.name} of width {architecture.width} and depth {architecture.depth}: "
            f"{odd[0]} is {found.get(odd[0], 'missing')}, wanted {wanted.get(odd[0], 'nothing of that name')}; build the network they were made for"
        )
    broken = [key for key, each in weights.items() if not torch.isfinite(each).all()]
    if broken:
        raise ValueError(
            f"{name} holds NaN or infinite weights ({broken[0]}): its training went astray, or it was changed; take another model"
        )
    network.load_state_dict(weights, strict=True, assign=True)
    return network.requires_grad_(True)


def write_parts(path: str | Path, kind: str, parts: Parts) -> Path:
    """Write plain values and tensors into one file, whole or not at all.

    Raises
    ------
    TypeError, ValueError, OSError
        As `write_model`.
    """
    path = Path(path).expanduser()
    if path.suffix != ".pt":
        raise ValueError(f"{path.name} must end in .pt: a file of PyTorch is written")
    tensors = {group: {name: each.detach().cpu().clone() for name, each in every.items()} for group, every in parts.tensors.items()}
    buffer = io.BytesIO()  # so that a full disk is an error of the disk, and says so
    content = {"format": FORMAT, "kind": kind, "version": VERSION, "about": json.dumps(parts.about), "tensors": tensors}
    torch.save(content, buffer)
    with images.together(path.parent) as folder:
        (folder / path.name).write_bytes(buffer.getbuffer())
    return path


def read_parts(path: str | Path, kind: str) -> Parts:
    """Read what `write_parts` wrote.

    Raises
    ------
    FileNotFoundError, ValueError
        As `read_model`.
    """
    path = Path(path).expanduser()
    content = read_tensors(path)
    if isinstance(content, dict) and "model_state_dict" in content:
        raise ValueError(f"{path.name} is a checkpoint of the published program: read it with published.import_published")
    if not isinstance(content, dict) or content.get("format") != FORMAT or not isinstance(content.get("version"), int):
        raise ValueError(f"{path.name} is no {kind} of this package: give a .pt file that a training wrote")
    if content["version"] > VERSION:
        raise ValueError(f"{path.name} is of format {content['version']}, this package knows {VERSION}: install a newer one")
    if content.get("kind") != kind:
        raise ValueError(f"{path.name} holds a {content.get('kind')}, and a {kind} is wanted: give the other .pt file of that folder")
    try:
        return Parts(json.loads(content["about"]), {str(group): dict(every) for group, every in content["tensors"].items()})
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise ValueError(f"{path.name} is damaged ({error}): take a copy, or train again") from error


def read_tensors(path: Path) -> Any:
    """Read a file of PyTorch that holds tensors and plain values; refuse any other, and run nothing.

    Raises
    ------
    FileNotFoundError, ValueError
    """
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path.absolute()}: give the .pt file of a model")
    with open(path, "rb") as file:
        start = file.read(len(ZIP))
    if start != ZIP:
        raise ValueError(f"{path.name} is no file of PyTorch, or one of a format that can hold programs: it was not opened")
    _check_whole(path)
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ValueError(
            f"{path.name} is damaged, or holds more than numbers and text, which could be a program: refused, and nothing in it was run"
        ) from error
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a damaged file makes PyTorch say
        raise ValueError(f"{path.name} is damaged or cut short: take a copy, or train again") from error


def _check_whole(path: Path) -> None:
    """Raise if a part of the file is missing or changed: PyTorch itself does not compare the checksums that it writes."""
    try:
        with zipfile.ZipFile(path) as file:
            whole = file.testzip() is None
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, ValueError):
        whole = False
    if not whole:
        raise ValueError(f"{path.name} is damaged or cut short: take a copy, or train again")


def _circumstances() -> dict[str, Any]:
    found = circumstances()
    return {**found, "versions": {**found["versions"], "torch": torch.__version__}}
