"""The fields of `piled_lamina` in a folder, and what a careful person would decide about results on them: recorded from the truth.

The person here looks at nothing: decisions and regions are derived from the truth, and the seconds are those that such a step takes about, not
measured. They stand where a person's own files go.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from helpers import images, metrics
from helpers.curation import Queue, Region, Sorting, write_regions
from helpers.phantoms.piled_cells import VOXELS, piled_lamina

if TYPE_CHECKING:
    import pandas as pd

LOOKED, CIRCLED = 6.0, 4.0  # seconds to look at an image, and to draw round a cell
GOOD = 700  # IoU, in thousandths, from which on such a person keeps a nucleus as it is
FOUND = 500  # and from which on one that a model found, whose outline is less exact
BESIDE = 1.0  # um around a dividing cell that a circle leaves


def write_piled_fields(
    folder: str | Path, seeds: Sequence[int], shape: tuple[int, int, int] = (28, 144, 144), progress: Callable[[str], None] | None = None
) -> Path:
    """Write fields of `piled_lamina` with their truth; those that are there already stay.

    Parameters
    ----------
    folder : str or Path
    seeds : sequence of int
    shape : tuple of int
        Voxels, (Z, Y, X).
    progress : callable, optional
        Called with a line now and then.

    Returns
    -------
    folder : Path
        With ``images/<name>.ome.tif``, ``truth/<name>.ome.tif`` (labels) and ``cells/<name>.csv`` (``label, kind``: interphase or dividing).

    Raises
    ------
    TypeError, ValueError
        As `piled_lamina`.
    OSError
        If the folder cannot be written.
    """
    import pandas as pd

    folder = Path(folder).expanduser()
    for done, seed in enumerate(seeds):
        name = f"piled_lamina_{seed}"
        if (folder / "cells" / f"{name}.csv").exists():  # written last
            continue
        field = piled_lamina(seed, shape)
        kinds = ["dividing" if label in field.dividing else "interphase" for label in range(1, field.bodies.max() + 1)]
        images.write(folder / "images" / f"{name}.ome.tif", field.stack.raw, VOXELS)
        images.write(folder / "truth" / f"{name}.ome.tif", field.bodies, VOXELS)
        with images.together(folder / "cells") as temporary:
            pd.DataFrame({"label": range(1, len(kinds) + 1), "kind": kinds}).to_csv(temporary / f"{name}.csv", index=False)
        if progress and (done % 10 == 9 or done + 1 == len(seeds)):
            progress(f"{done + 1} of {len(seeds)} fields made")
    return folder


def cells_of(folder: str | Path, name: str) -> "tuple[np.ndarray, pd.Series]":
    """Return the truth of one field: labels (Z, Y, X), and the kind of each by its label."""
    import pandas as pd

    folder = Path(folder).expanduser()
    return images.read_labels(folder / "truth" / f"{name}.ome.tif"), pd.read_csv(folder / "cells" / f"{name}.csv", index_col="label")[
        "kind"
    ]


def write_lamina_decisions(folder: str | Path, waiting: Queue, csv_path: str | Path) -> Path:
    """Write what a careful person would accept: images with every nucleus in interphase right and nothing extra; dividing cells excluded.

    Parameters
    ----------
    folder : str or Path
        As `write_piled_fields` returns it.
    waiting : Queue
        Results on these fields.
    csv_path : str or Path
        Takes the decisions, beside it the regions that are excluded.

    Returns
    -------
    csv_path : Path

    Raises
    ------
    OSError, ValueError
        If a file cannot be read or written.
    """
    csv_path = Path(csv_path).expanduser()
    with Sorting(csv_path, waiting, who="from the truth") as sorting:
        decided = sorting.table().set_index("image")["decision"]
        for item in waiting.items:
            if decided[item.image]:
                continue
            truth, kinds = cells_of(folder, images.safe_name(item.raw))
            circles = _circles(truth, kinds)
            right = _right(truth, kinds, item.result(), GOOD)
            seconds = LOOKED + (sum(circle.seconds for circle in circles) if right else 0)
            sorting.decide("accept" if right else "reject", item.image, seconds=seconds, excluded=circles if right else "")
    return csv_path


def write_lamina_regions(folder: str | Path, waiting: Queue, region_folder: str | Path, count: int = 0) -> Path:
    """Write what a careful person would draw for merging: a circle round each dividing cell, where all else is right.

    Parameters
    ----------
    folder : str or Path
        As `write_piled_fields` returns it.
    waiting : Queue
        Results on these fields in which the nuclei in interphase are found.
    region_folder : str or Path
        Takes ``<image>.json`` for each image that was drawn on.
    count : int
        Stop after so many images; 0 never.

    Returns
    -------
    region_folder : Path

    Raises
    ------
    OSError, ValueError
        If a file cannot be read or written.
    """
    drawn = 0
    Path(region_folder).mkdir(parents=True, exist_ok=True)
    for item in waiting.items:
        name = images.safe_name(item.raw)
        truth, kinds = cells_of(folder, name)
        circles = _circles(truth, kinds)
        if not circles or not _right(truth, kinds, item.result(), FOUND):
            continue
        write_regions(Path(region_folder) / f"{name}.json", circles, truth.shape)
        drawn += 1
        if drawn == count:
            break
    return Path(region_folder)


def _right(truth: np.ndarray, kinds: "pd.Series", found: np.ndarray, threshold: int) -> bool:
    """Return whether every nucleus in interphase is found, and nothing that is found lies outside of the cells."""
    pairs = metrics.matched_pairs(truth, found.astype(np.int32), threshold)
    wanted = set(kinds.index[kinds == "interphase"])
    others = set(np.unique(found)) - {0} - set(pairs["found"])
    dividing = np.isin(truth, kinds.index[kinds == "dividing"])
    strange = [label for label in others if not dividing[found == label].any()]
    return wanted <= set(pairs["truth"]) and not strange


def _circles(truth: np.ndarray, kinds: "pd.Series") -> list[Region]:
    """Return a circle round each dividing cell, on the planes that it has."""
    circles = []
    for label in kinds.index[kinds == "dividing"]:
        z, y, x = (places for places in np.nonzero(truth == label))
        middle = (float(y.min() + y.max()) / 2, float(x.min() + x.max()) / 2)
        radius = max(np.ptp(y), np.ptp(x)) / 2 + BESIDE / VOXELS[1]
        planes = (max(int(z.min()) - 1, 0), min(int(z.max()) + 1, truth.shape[0] - 1))
        circles.append(Region("circle", [middle], radius, planes, seconds=CIRCLED))
    return circles
