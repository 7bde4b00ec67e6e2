"""Read checkpoints of the published program: its names of the weights, and ours.

The weights that were published are under the licence of their publisher, which forbids commercial use.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from helpers.learning.architecture import Architecture
from helpers.learning.checkpoints import Model, network_of, read_tensors
from helpers.learning.normalization import DEFAULT


def names(zoom: int) -> dict[str, str]:
    """Return the name of each module in a published checkpoint, and its name here.

    >>> names(1)["dc0"], names(3)["dc0"]
    ('main', 'zoom_block')
    """
    found = {f"ec{level + 1}": f"encoders.{level}" for level in range(4)}
    for level in range(3):
        found |= {f"up{level + 1}": f"ups.{level}", f"dc{level + 1}": f"decoders.{level}"}
    for level in (1, 2):
        found |= {f"up{level}a": f"auxiliary.{level - 1}.up", f"conv{level}a": f"auxiliary.{level - 1}.smooth"}
        found[f"predict{level}a"] = f"auxiliary.{level - 1}.last"
    return found | ({"dc0": "main"} if zoom == 1 else {"up0": "zoom_up", "dc0": "zoom_block", "predict0": "main"})


def import_published(
    path: str | Path,
    *,
    normalization: Sequence[Sequence] = DEFAULT,
    voxel_size: Sequence[float] | None = (0.29, 0.108, 0.108),
    cutoff: float = 0.5,
    name: str = "",
) -> Model:
    """Read a checkpoint of the published program as a model of this package. Nothing in the file is run.

    Parameters
    ----------
    path : str or Path
        A ``checkpoint_epoch_n.pytorch`` file, or one that holds its ``model_state_dict`` alone.
    normalization : recipe
        Which one it was trained with; the file does not say. `normalization.PUBLISHED` has the numbered ones.
    voxel_size : (z, y, x)
        In um.
    cutoff : float
    name : str
        By default that of the file.

    Returns
    -------
    model : Model

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is damaged, holds more than numbers, or is of another network.
    """
    path = Path(path).expanduser()
    content = read_tensors(path)
    weights = content.get("model_state_dict", content) if isinstance(content, Mapping) else {}
    weights = {str(key).removeprefix("module."): value for key, value in weights.items() if isinstance(value, torch.Tensor)}
    architecture = _architecture(weights, path.name)
    ours = names(architecture.zoom)
    renamed = {}
    for key, value in weights.items():
        part, _, rest = key.partition(".")
        renamed[f"{ours.get(part, part)}.{rest}"] = value
    network = network_of(architecture, renamed, path.name)
    epoch = content.get("epoch")
    about = {"imported_from": path.name, "epoch": epoch if isinstance(epoch, int) else None}
    return Model(network, normalization, voxel_size, cutoff, name=name or path.stem, about=about)


def _architecture(weights: Mapping[str, torch.Tensor], name: str) -> Architecture:
    """Return the architecture that the shapes of the weights tell."""
    first, head = weights.get("ec1.0.weight"), weights.get("predict0.weight", weights.get("dc0.weight"))
    if first is None or head is None or first.ndim != 5 or head.ndim != 5:
        raise ValueError(
            f"{name} has no weights ec1.0 and dc0, as a checkpoint of the published program has: give one of its .pytorch files"
        )
    zoom = int(weights["up0.weight"].shape[-1]) if "up0.weight" in weights else 1
    return Architecture(zoom=zoom, width=int(first.shape[0]), channels=int(first.shape[1]), classes=int(head.shape[0]))
