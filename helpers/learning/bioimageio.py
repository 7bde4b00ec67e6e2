"""Hand a model to other programs, and take it back: the packages of bioimage.io, format 0.5.

A package holds the weights twice: with a PyTorch module that needs nothing of this project, and as TorchScript, which deepImageJ in Fiji runs.
Both take images of any size on the grid and give one as large (`portable`). Reading one back takes the numbers alone: programs in it are not run.

Source: Ouyang, W. et al. (2022) BioImage Model Zoo: a community-driven resource for accessible deep learning in bioimage analysis.
bioRxiv 2022.06.07.495102. :DOI:`10.1101/2022.06.07.495102`; the fields: https://bioimage-io.github.io/spec-bioimage-io
"""

import hashlib
import io
import tempfile
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from helpers import _checks, images
from helpers.images import Stack
from helpers.learning import portable
from helpers.learning.applying import worked_at
from helpers.learning.architecture import Architecture
from helpers.learning.bioimageio_text import FILES, OURS, described, explained, least_size, preprocessing
from helpers.learning.checkpoints import Model, network_of, read_tensors
from helpers.learning.inference import probability
from helpers.learning.normalization import normalize
from helpers.learning.tiles import mirrored

MOST_READ = 4 * 2**30  # bytes of one file in a package: no test image is larger
TOLERANCE = 1e-4
PAPER = {
    "text": "Chen, J. et al. (2018) The Allen Cell and Structure Segmenter: a new open source toolkit for segmenting 3D intracellular structures in fluorescence microscopy images.",
    "doi": "10.1101/491035",
}


class Package(NamedTuple):
    """What is in a package of this project."""

    model: Model
    test_input: np.ndarray
    """(channels, Z, Y, X) of float32: raw, or normalized where other programs cannot normalize as the model wants it."""
    test_output: np.ndarray
    """(classes, Z, Y, X) of float32."""
    description: dict[str, Any]
    """All that ``rdf.yaml`` says."""


def write_bioimageio(
    path: str | Path,
    model: Model,
    stacks: Stack | Sequence[Stack],
    *,
    authors: Sequence[str],
    description: str = "",
    documentation: str = "",
    licence: str = "BSD-3-Clause",
    cite: Sequence[Mapping[str, str]] = (),
    tags: Sequence[str] = (),
    version: str = "0.1.0",
) -> Path:
    """Write a model as a package of bioimage.io; the file appears whole or not at all.

    Parameters
    ----------
    path : str or Path
        Ends in ``.zip``.
    model : Model
    stacks : Stack, or one for each channel
        A typical image: a part of its middle becomes the test image, and what the model gives for it the test result.
    authors : sequence of str
        Names.
    description : str
        One sentence; says what the model finds.
    documentation : str
        In Markdown: what it was trained on, and how good it is. A part on how to use it is put below.
    licence : str
        An identifier of SPDX, such as "CC-BY-4.0".
    cite : sequence of mappings
        ``{"text": ..., "doi": ...}`` or ``{"text": ..., "url": ...}``; the paper of the architecture is always named.
    tags : sequence of str
    version : str

    Returns
    -------
    path : Path

    Raises
    ------
    TypeError, ValueError
        If there is no author, the name of the file does not end in ``.zip``, or the image cannot be used.
    OSError
        If the folder cannot be written, or the disk is full.
    """
    path = Path(path).expanduser()
    if path.suffix != ".zip":
        raise ValueError(f"{path.name} must end in .zip: a package is written")
    if isinstance(authors, str) or not authors or not all(isinstance(each, str) and each.strip() for each in authors):
        raise ValueError(f"authors must be a list of names, at least one, got {authors!r}")
    steps = preprocessing(model)
    given, normalized = _test_image(model, [stacks] if isinstance(stacks, Stack) else list(stacks), raw=steps is not None)
    network, keywords = _portable(model)
    content = {
        FILES["weights"]: _saved(network.state_dict()),
        FILES["script"]: _script(network, model.architecture),
        FILES["architecture"]: Path(portable.__file__).read_bytes(),
        FILES["input"]: _npy(given[None]),
        FILES["output"]: _npy(probability(model.network, normalized, output=None)[None]),
        FILES["text"]: explained(model, description, documentation, steps is not None).encode(),
    }
    about = {
        "description": description or f"{model.architecture.name} for stacks of fluorescence microscopy",
        "authors": [{"name": each} for each in authors],
        "cite": [PAPER, *map(dict, cite)],
        "license": licence,
        "tags": list(dict.fromkeys([*tags, "unet", "pytorch", "semantic-segmentation", "fluorescence-light-microscopy", "3d"])),
        "version": version,
    }
    content["rdf.yaml"] = _yaml(described(model, about, content, keywords, steps))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, each in content.items():
            file.writestr(name, each)
    with images.together(path.parent) as folder:
        (folder / path.name).write_bytes(buffer.getbuffer())
    return path


def read_bioimageio(path: str | Path) -> Package:
    """Read a package that `write_bioimageio` wrote. No program in it is run: the network is built here, and given the numbers.

    Parameters
    ----------
    path : str or Path
        The ``.zip`` file, or the folder that it was unpacked to.

    Returns
    -------
    package : Package

    Raises
    ------
    FileNotFoundError
        If there is no such file or folder.
    ValueError
        If it is no package, one of another program, damaged, or holds more than numbers where numbers should be.
    """
    import yaml

    path = Path(path).expanduser()
    try:
        description = yaml.safe_load(_read(path, "rdf.yaml"))
        own = description.get("config", {}).get(OURS)
    except (yaml.YAMLError, AttributeError, UnicodeDecodeError) as error:
        raise ValueError(f"the description in {path.name} cannot be read: it is damaged, or no package of a model") from error
    if not isinstance(own, dict):
        raise ValueError(
            f"{path.name} was not written by this package: its network is a program, which is not run here; run it with bioimageio.core"
        )
    try:
        architecture = Architecture(**own["architecture"])
        (one,), (other,) = description["inputs"], description["outputs"]
        state = description["weights"]["pytorch_state_dict"]
        weights = _weights(_checked(path, state), path.name)
        network = network_of(architecture, weights, path.name)
        model = Model(network, *(own[name] for name in ("normalization", "voxel_size_um", "cutoff", "minimum_size", "name", "about")))
        tensors = [_array(_checked(path, each["test_tensor"]), path.name) for each in (one, other)]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path.name} does not say all that a model needs ({error}): it was changed, or is damaged") from error
    return Package(model, *tensors, description)


def check_bioimageio(path: str | Path) -> float:
    """Read a package, run its test image, and return the largest difference from its test result.

    Raises
    ------
    FileNotFoundError, ValueError
        As `read_bioimageio`; or if the difference is above 1e-4: the package is not what it says.
    """
    package = read_bioimageio(path)
    image = package.test_input
    if preprocessing(package.model) is not None:
        image = np.stack([normalize(each, package.model.normalization) for each in image])
    found = probability(package.model.network, image, output=None)
    if found.shape != package.test_output.shape:
        raise ValueError(f"{Path(path).name} gives {found.shape} for its test image, and says {package.test_output.shape}: it was changed")
    difference = float(np.abs(found - package.test_output).max())
    if not difference <= TOLERANCE:
        raise ValueError(f"{Path(path).name} differs from its own test result by {difference:.2g}: it was changed, or is damaged")
    return difference


def _portable(model: Model) -> tuple[portable.Portable, dict[str, Any]]:
    """Return the network in the form that other programs run, and what to build it with."""
    keywords = {name: value for name, value in model.architecture.as_dict().items() if name != "auxiliary"}
    network = portable.Portable(**keywords)
    weights = model.network.state_dict()
    network.load_state_dict({name: weights[name].detach().cpu() for name in network.state_dict()})
    return network.eval(), keywords


def _script(network: portable.Portable, architecture: Architecture) -> bytes:
    """Return the network as TorchScript, which holds for images of any size on the grid."""
    example = torch.zeros(1, architecture.channels, *(2 * step for step in architecture.grid))
    buffer = io.BytesIO()
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # TorchScript is no longer developed, and what Fiji takes
        torch.jit.save(torch.jit.trace(network, example), buffer)
    return buffer.getvalue()


def _test_image(model: Model, stacks: list[Stack], raw: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return the middle of an image at the voxel size of the model, as a program is to be given it, and normalized."""
    architecture = model.architecture
    if len(stacks) != architecture.channels:
        raise ValueError(f"the model takes {architecture.channels} channel(s), got {len(stacks)} stack(s): give one for each")
    size = worked_at(model, stacks[0])
    at_size = [each.raw if size == each.voxel_size else images.resample(each.raw, each.voxel_size, size) for each in stacks]
    whole = np.stack([_checks.float32(_checks.image(each)) for each in at_size])
    least = zip(whole.shape[1:], least_size(architecture), architecture.grid)
    sizes = [max(low, min(n // step * step, low + step)) for n, low, step in least]
    starts = [(n - size) // 2 for n, size in zip(whole.shape[1:], sizes)]  # a smaller image goes on as in a mirror
    if raw:
        part = mirrored(whole, starts, sizes)
        return part, np.stack([normalize(each, model.normalization) for each in part])
    normalized = mirrored(np.stack([normalize(each, model.normalization) for each in whole]), starts, sizes)
    return normalized, normalized


def _yaml(content: Mapping[str, Any]) -> bytes:
    import yaml

    return yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True, width=120).encode()


def _npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(array, np.float32), allow_pickle=False)
    return buffer.getvalue()


def _saved(weights: Mapping[str, torch.Tensor]) -> bytes:
    buffer = io.BytesIO()
    torch.save(dict(weights), buffer)
    return buffer.getvalue()


def _read(path: Path, name: str) -> bytes:
    """Return one file of a package; the names in it are never taken as paths elsewhere."""
    if not path.exists():
        raise FileNotFoundError(f"there is no package {path.absolute()}: give the .zip file, or its folder")
    if not isinstance(name, str) or name in ("", ".", "..") or set(name) & set("/\\:"):
        raise ValueError(f"{path.name} names a file {name!r}, which is not one of its own: it was changed, or written by another program")
    try:
        if path.is_dir():
            return (path / name).read_bytes()
        with zipfile.ZipFile(path) as file:
            if file.getinfo(name).file_size > MOST_READ:
                raise ValueError(f"{name} in {path.name} is larger than any such file: it was not read")
            return file.read(name)
    except (KeyError, OSError, zipfile.BadZipFile, EOFError) as error:
        raise ValueError(f"{path.name} has no {name}, or is damaged: give a package of a model") from error


def _checked(path: Path, source: Mapping[str, Any]) -> bytes:
    content = _read(path, source["source"])
    if hashlib.sha256(content).hexdigest() != source["sha256"]:
        raise ValueError(f"{source['source']} in {path.name} is not the file that its description names: it was changed, or is damaged")
    return content


def _weights(content: bytes, name: str) -> dict[str, torch.Tensor]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / FILES["weights"]
        path.write_bytes(content)
        try:
            weights = read_tensors(path)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
    if not isinstance(weights, dict) or not all(isinstance(each, torch.Tensor) for each in weights.values()):
        raise ValueError(f"{name}: the file of weights holds other things than weights")
    return weights


def _array(content: bytes, name: str) -> np.ndarray:
    try:
        array = np.load(io.BytesIO(content), allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise ValueError(f"{name}: the test image or result is damaged, or holds more than numbers") from error
    if not isinstance(array, np.ndarray) or array.ndim != 5 or len(array) != 1 or array.dtype.kind != "f":
        raise ValueError(f"{name}: the test image or result must be one image of float numbers, (1, channels, Z, Y, X)")
    return array[0]
