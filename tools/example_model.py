"""Train the example model that the package ships, and write its card: ``make example-model``.

All is fixed by seeds. On another processor, or with another PyTorch, sums are added up in another order and the weights come out a little different.
"""

import argparse
from pathlib import Path

import pandas as pd
import torch

from helpers import classic, learning, phantoms
from helpers.metrics import overlap
from helpers.workflows import WORKFLOWS

SHAPE = (24, 192, 192)
TRAINING, VALIDATION, HELD_OUT = range(8), (8, 9), range(50, 55)
ARCHITECTURE = learning.Architecture(width=4, depth=3)
CHANGES = {
    "patch": (32, 104, 104), "steps": 320, "learning_rate": 8e-3, "brightness": 0.2, "flip_z": False, "validate_every": 40, "save_every": 40, "precision": "float32",
}  # fmt: skip
CARD = """# The example model: mitochondria

`mitochondria.pt` finds mitochondria stained at their outer membrane (TOM20) in stacks with voxels of 0.29 x 0.108 x 0.108 um; other stacks are resampled.
It is there so that applying, combining and exporting a model can be tried in seconds. **It has seen synthetic stacks only**: on your images look first,
and train your own model ([01_train](../../../notebooks/30_training/01_train.ipynb)) where it falls short.

| | |
|---|---|
| network | Net_basic of width {width}, depth {depth}, pooling {pooling}: {weights:,} weights |
| trained on | {training} synthetic fields of {shape} voxels (`phantoms.mitochondria`, seeds {seeds}), normalized by {normalization} |
| held back to choose the weights and the cutoff | seeds {validation}: IoU {iou:.3f} at cutoff {cutoff:g} |
| training | {steps} steps of one patch of {patch} voxels, learning rate {rate:g} falling along a cosine |
| made by | `make example-model` (`tools/example_model.py`), PyTorch {torch} |
| licence | BSD-3-Clause, as the rest |

Dice with the truth of five fields of 32 x 256 x 256 voxels that were used for nothing else:

{scores}

The network learned what the truth of these fields calls a mitochondrion, and the workflow did not: that is most of its lead. All else that was recorded
is in `mitochondria_record.json`.
"""


def main() -> None:
    """Train, score, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", default=str(learning.EXAMPLE_MODEL.parent))
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    training, validation = ([field(seed) for seed in seeds] for seeds in (TRAINING, VALIDATION))
    settings = learning.suggest_settings(training, torch.device("cpu"), "two cores", architecture=ARCHITECTURE, **CHANGES)
    trained = learning.train(training, validation, given.folder, settings, name="mitochondria", device="cpu", progress=say)
    table = scores(trained.model)
    (Path(given.folder) / "README.md").write_text(card(trained, settings, table), encoding="utf-8")
    (Path(given.folder) / "mitochondria_training.pt").unlink()
    print(table.to_string(index=False))


def field(seed: int) -> learning.Example:
    """Return one synthetic training image."""
    stack, truth = phantoms.mitochondria(seed, SHAPE)
    return learning.example(stack.name, learning.normalize(stack.raw, learning.DEFAULT), truth, voxel_size=stack.voxel_size)


def scores(model: learning.Model) -> pd.DataFrame:
    """Score the model beside the published workflow and Otsu's threshold on fields that were used for nothing else."""
    rows = []
    for seed in HELD_OUT:
        stack, truth = phantoms.mitochondria(seed)
        masks = {
            "model": learning.apply(model, stack, device="cpu").mask,
            "workflow tomm20": WORKFLOWS["tomm20"](stack.raw),
            "Otsu": classic.otsu_mask(stack.raw),
        }
        rows.append({"seed": str(seed), **{name: overlap(truth, mask).dice for name, mask in masks.items()}})
    table = pd.DataFrame(rows)
    return pd.concat([table, pd.DataFrame([{"seed": "median", **table.median(numeric_only=True)}])], ignore_index=True)


def card(trained: learning.Trained, settings: learning.Settings, table: pd.DataFrame) -> str:
    """Return the model card."""
    architecture, model = settings.architecture, trained.model
    lines = [f"| {' | '.join(table.columns)} |", "|---" * len(table.columns) + "|"]
    lines += [f"| {row.iloc[0]} | " + " | ".join(f"{value:.3f}" for value in row.iloc[1:]) + " |" for _, row in table.iterrows()]
    return CARD.format(
        width=architecture.width, depth=architecture.depth, pooling=list(architecture.pooling),
        weights=sum(each.numel() for each in model.network.parameters()), training=len(TRAINING), shape=text(SHAPE),
        seeds=f"{TRAINING[0]} to {TRAINING[-1]}", normalization="auto_contrast(2.5, 10)", validation=" and ".join(map(str, VALIDATION)),
        iou=model.about["scores"]["iou"], cutoff=model.cutoff, steps=settings.steps, patch=text(settings.patch), rate=settings.learning_rate,
        torch=torch.__version__, scores="\n".join(lines),
    )  # fmt: skip


def text(size: tuple[int, ...]) -> str:
    """Return a size as text."""
    return " x ".join(map(str, size))


def say(now: learning.Progress) -> None:
    """Print a line now and then."""
    if now.step % 20 == 0:
        print(f"step {now.step} of {now.steps}, loss {now.loss:.3f}, best IoU {now.best:.3f}, {now.seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main()
