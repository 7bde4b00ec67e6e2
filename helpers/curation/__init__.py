"""What people decide about results, as pure functions and files. No widget in it.

Each panel has a twin here that takes the decisions as an argument and gives the same files:

| a person | state of the panel | twin |
|---|---|---|
| accepts and rejects | `Sorting` | `sort` |
| draws regions | `Drawing` | `region_mask`, `merge`, `save_merged`, `cost_map` |
| corrects labels | `Correction` | `correct` |
| scores | `Scoring` | `score` |

Every step is on the disk when the call returns. A file that another tab, notebook or program has open is refused with `InUseError`.
"""

from helpers.curation.changes import Change
from helpers.curation.decisions import Decision, Sorted, accepted, read_decisions
from helpers.curation.drawings import Drawing, by_image, read_painted, read_where
from helpers.curation.editing import Correction, correct
from helpers.curation.edits import EDITS, read_edits, write_edits
from helpers.curation.files import InUseError
from helpers.curation.kappa import Agreement, agreement, cohen_kappa, field_scores, fleiss_kappa, percentages
from helpers.curation.merging import merge, save_merged
from helpers.curation.queues import Item, Queue, queue
from helpers.curation.regions import Region, as_mask, cost_map, read_regions, region_mask, write_regions
from helpers.curation.scoring import Score, Scores, Scoring, read_scores, score, scoring_order
from helpers.curation.sorting import Progress, Sorting, sort
from helpers.curation.splits import superpixels

__all__ = [
    "Agreement",
    "Change",
    "Correction",
    "Decision",
    "Drawing",
    "EDITS",
    "InUseError",
    "Item",
    "Progress",
    "Queue",
    "Region",
    "Score",
    "Scores",
    "Scoring",
    "Sorted",
    "Sorting",
    "accepted",
    "agreement",
    "as_mask",
    "by_image",
    "cohen_kappa",
    "correct",
    "cost_map",
    "field_scores",
    "fleiss_kappa",
    "merge",
    "percentages",
    "queue",
    "read_decisions",
    "read_edits",
    "read_painted",
    "read_regions",
    "read_scores",
    "read_where",
    "region_mask",
    "save_merged",
    "score",
    "scoring_order",
    "sort",
    "superpixels",
    "write_edits",
    "write_regions",
]
