"""What a package of bioimage.io says of a model: the fields of its description, format 0.5, and the text for people.

Source: https://bioimage-io.github.io/spec-bioimage-io
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from math import ceil
from typing import Any

import torch

from helpers.learning.architecture import Architecture
from helpers.learning.checkpoints import Model

FORMAT = "0.5.3"
OURS = "cell_segmentation_notebooks"  # in the part of the description that is left to programs
FILES = {
    "weights": "weights.pt", "script": "weights_torchscript.pt", "architecture": "architecture.py", "input": "test_input.npy", "output": "test_output.npy", "text": "README.md",
}  # fmt: skip
CONTRAST = "cut at mean - {0:g} and mean + {1:g} standard deviations of the image, then scaled so that what is left runs from 0 to 1"
STEPS = {
    ("as_it_is", 0): "as they are",
    ("auto_contrast", 2): CONTRAST,
    ("min_max", 0): "scaled to 0 to 1",
    ("min_max", 1): "values above {0:g} set to the lowest one, then scaled to 0 to 1",
    ("remove_background", 1): "a Gaussian mean of sigma {0:g} voxels subtracted, then scaled to 0 to 1",
}


def preprocessing(model: Model) -> list[dict[str, Any]] | None:
    """Return a recipe in the words of the format; None where it has none for it, and wants images that are normalized already.

    `auto_contrast` could be said in three steps, but programs take the percentiles of the third from the raw image (bioimageio.core 0.11).
    """
    if model.normalization == (("as_it_is",),):
        return []
    if model.normalization == (("min_max",),):
        return [{"id": "scale_range", "kwargs": {"axes": list("zyx"), "min_percentile": 0.0, "max_percentile": 100.0}}]
    return None


def halo_on_grid(architecture: Architecture) -> tuple[int, ...]:
    """Return how far from a border of an image the network sees it, up to the next multiple of the grid: then tiles lie on the grid."""
    return tuple(ceil(halo / step) * step for halo, step in zip(architecture.halo, architecture.grid))


def least_size(architecture: Architecture) -> tuple[int, ...]:
    """Return the least size of a tile of which something is left without the halo, which the format asks for."""
    return tuple(2 * halo + step for halo, step in zip(halo_on_grid(architecture), architecture.grid))


def described(
    model: Model, about: Mapping[str, Any], content: Mapping[str, bytes], keywords: Mapping[str, Any], steps: list[dict[str, Any]] | None
) -> dict[str, Any]:
    architecture = model.architecture
    source = {key: {"source": name, "sha256": hashlib.sha256(content[name]).hexdigest()} for key, name in FILES.items()}
    scales = model.voxel_size or (1.0, 1.0, 1.0)
    unit = {"unit": "micrometer"} if model.voxel_size else {}
    spaces = [{"type": "space", "id": axis, "scale": scale, **unit} for axis, scale in zip("zyx", scales)]
    named = ["raw"] if architecture.channels == 1 else [f"raw{number}" for number in range(architecture.channels)]
    kinds = ["background", "structure"] if architecture.classes == 2 else [f"class{number}" for number in range(architecture.classes)]
    taken = [{**space, "size": {"min": low, "step": step}} for space, low, step in zip(spaces, least_size(architecture), architecture.grid)]
    given = [
        {**space, "size": {"tensor_id": "raw", "axis_id": space["id"], "offset": 0}, "halo": halo}
        for space, halo in zip(spaces, halo_on_grid(architecture))
    ]
    version = torch.__version__.split("+")[0]
    network = {**source["architecture"], "callable": "Portable", "kwargs": dict(keywords)}
    return {
        "type": "model",
        "format_version": FORMAT,
        "name": _title(model),
        **about,
        "documentation": FILES["text"],
        "timestamp": datetime.now(UTC).isoformat(timespec="seconds"),
        "inputs": [
            {
                "id": "raw",
                "description": "intensities" if steps else "intensities, normalized as the documentation says",
                "axes": [{"type": "batch"}, {"type": "channel", "channel_names": named}, *taken],
                "data": {"type": "float32"},
                "test_tensor": source["input"],
                "preprocessing": steps or [],
            }
        ],
        "outputs": [
            {
                "id": "probability",
                "description": "probability of each class, 0 to 1",
                "axes": [{"type": "batch"}, {"type": "channel", "channel_names": kinds}, *given],
                "data": {"type": "float32", "range": [0.0, 1.0]},
                "test_tensor": source["output"],
            }
        ],
        "weights": {
            "pytorch_state_dict": {**source["weights"], "pytorch_version": version, "architecture": network},
            "torchscript": {**source["script"], "pytorch_version": version, "parent": "pytorch_state_dict"},
        },
        "config": {
            OURS: {
                "architecture": replace(architecture, auxiliary=False).as_dict(),
                "normalization": [list(step) for step in model.normalization],
                "voxel_size_um": None if model.voxel_size is None else list(model.voxel_size),
                "cutoff": model.cutoff,
                "minimum_size": model.minimum_size,
                "name": model.name,
                "about": model.about,
            }
        },
    }


def explained(model: Model, description: str, documentation: str, raw: bool) -> str:
    architecture, size = model.architecture, model.voxel_size
    steps = "; then ".join(STEPS[name, len(numbers)].format(*numbers) for name, *numbers in model.normalization)
    voxels = (
        "of unknown size" if size is None else f"of {' x '.join(f'{each:g}' for each in size)} um (z, y, x): resample other images to that"
    )
    grid, halo = (" x ".join(map(str, each)) for each in (architecture.grid, halo_on_grid(architecture)))
    inputs = (
        "raw intensities; the steps named in `rdf.yaml` normalize them"
        if raw
        else f"intensities that are **normalized before, image by image**: {steps}"
    )
    exact = (
        "" if architecture.exact else "\n- The normalization inside the network looks at the whole tile: give whole images where you can."
    )
    return f"""# {_title(model)}

{description}

{documentation}

## How to use it
- Input: {inputs}; voxels {voxels}.
- Sizes: multiples of {grid} voxels (z, y, x). Beyond its border the image goes on as in a mirror. Images smaller than the least size that is
  named in `rdf.yaml` work as well; the format wants tiles of which something is left without the halo.
- Tiles: whole images give the best result. Tiles whose distances are multiples of {grid}, with a halo of {halo} voxels that is thrown away, give the same.{exact}
- Output: the probability of each class. Structure is where that of `structure` is at least {model.cutoff:g}.

## Validation
{_validation(model)}Count what it finds on some of your own images before you rely on it.
"""


def _validation(model: Model) -> str:
    scores = model.about.get("scores") or {}
    if scores.get("iou") is None:
        return ""
    return f"On images held back in training, at cutoff {scores.get('cutoff', model.cutoff):g}: IoU {scores['iou']:.3f}. "


def _title(model: Model) -> str:
    """Return a name as the format allows it: letters, digits, blanks and a few signs."""
    return f"{re.sub(r'[^A-Za-z0-9 _+()-]', ' ', model.name)[:100]} ({model.architecture.name})"
