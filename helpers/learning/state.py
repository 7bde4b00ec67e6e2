"""Where a training is, in memory and in a file: weights, moments of the optimizer, number of the step, scores so far.

What is random follows from the seed and the number of the step, and needs no place here.
"""

import math
from dataclasses import dataclass, field
from pathlib import Path

import torch

from helpers.learning.checkpoints import Model, Parts, network_of, read_parts, write_parts
from helpers.learning.networks import Network
from helpers.learning.settings import Settings
from helpers.learning.targets import Example, fingerprint

FREE = ("steps", "patience", "save_every")  # may change when a training goes on


@dataclass
class State:
    """Where a training is."""

    network: Network
    optimizer: torch.optim.Optimizer
    step: int = 0
    best: float = -math.inf
    waited: int = 0
    seconds: float = 0.0
    history: list[dict[str, float]] = field(default_factory=list)


@dataclass
class Run:
    """What stays the same through a training."""

    folder: Path
    name: str
    settings: Settings
    training: list[Example]
    validation: list[Example]
    normalization: tuple

    def __post_init__(self) -> None:
        self.model_path = self.folder / f"{self.name}.pt"
        self.state_path = self.folder / f"{self.name}_training.pt"
        self.record_path = self.folder / f"{self.name}_record.json"
        self.data = f"{len(self.training)} {fingerprint([*self.training, *self.validation])}"


def begun_state(settings: Settings, device: torch.device, start: Model | None) -> State:
    """Return the beginning of a training: random weights that follow from the seed, or those of a model.

    Raises
    ------
    ValueError
        If the model is of another architecture.
    """
    if start is None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            network = Network(settings.architecture)
    else:
        network = network_of(settings.architecture, {key: each.clone() for key, each in start.network.state_dict().items()}, start.name)
    network = network.to(device, memory_format=layout(device))
    return State(network, _optimizer(network, settings))


def resumed_state(run: Run, device: torch.device) -> State:
    """Read where a training stopped.

    Raises
    ------
    ValueError
        If it was one of other settings or images, or its file is damaged.
    """
    about, tensors = read_parts(run.state_path, "training")
    before, now = about["settings"], run.settings.as_dict()
    other = [key for key in now if key not in FREE and before.get(key) != now[key]]
    advice = "give another folder or name, or resume=False to begin anew"
    if other:
        raise ValueError(f"{run.folder} holds a training with {other[0]} {before.get(other[0])}, now it is {now[other[0]]}: {advice}")
    if about["data"] != run.data:
        raise ValueError(f"{run.folder} holds a training on other images, or other truths, or another part held back: {advice}")
    network = network_of(run.settings.architecture, tensors["weights"], run.state_path.name)
    network = network.to(device, memory_format=layout(device))
    optimizer = _optimizer(network, run.settings)
    moments: dict[int, dict[str, torch.Tensor]] = {}
    for key, value in tensors["moments"].items():
        number, _, name = key.partition(".")
        moments.setdefault(int(number), {})[name] = value
    optimizer.load_state_dict({"state": moments, "param_groups": optimizer.state_dict()["param_groups"]})
    rows = [[math.nan if value is None else value for value in row] for row in about["history"]]
    history = [dict(zip(("step", "loss", "rate", "score"), row)) for row in rows]
    best = -math.inf if about["best"] is None else about["best"]
    return State(network, optimizer, about["step"], best, about["waited"], about["seconds"], history)


def save_state(run: Run, state: State) -> None:
    """Write all that is needed to go on; the file appears whole or not at all.

    Raises
    ------
    OSError
        If the folder cannot be written, or the disk is full.
    """
    moments = {f"{number}.{key}": value for number, each in state.optimizer.state_dict()["state"].items() for key, value in each.items()}
    about = {
        "settings": run.settings.as_dict(),
        "data": run.data,
        "step": state.step,
        "best": None if state.best == -math.inf else state.best,
        "waited": state.waited,
        "seconds": state.seconds,
        "history": [[None if math.isnan(value) else value for value in row.values()] for row in state.history],
    }
    write_parts(run.state_path, "training", Parts(about, {"weights": state.network.state_dict(), "moments": moments}))


def layout(device: torch.device) -> torch.memory_format:
    """Return the order of values in memory: the way back is a third faster on a processor in the plain one (measured)."""
    return torch.channels_last_3d if device.type == "cuda" else torch.contiguous_format


def _optimizer(network: Network, settings: Settings) -> torch.optim.Optimizer:
    return torch.optim.Adam(network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay)
