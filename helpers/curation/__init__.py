"""What people decide about results, as pure functions and files: sort, merge, correct and score. No widget in it.

Each panel has a twin here that takes the decisions as an argument and gives the same files.
"""

from helpers.curation.changes import Change, superpixels
from helpers.curation.decisions import Decision, Sorted, accepted, read_decisions
from helpers.curation.editing import EDITS, Correction, correct
from helpers.curation.files import InUseError
from helpers.curation.merging import merge, save_merged
from helpers.curation.queues import Item, Queue, queue
from helpers.curation.regions import Drawing, Region, as_mask, cost_map, read_painted, read_regions, region_mask, write_regions
from helpers.curation.sorting import Progress, Sorting, sort

__all__ = [
    "EDITS",
    "Change",
    "Correction",
    "Decision",
    "Drawing",
    "InUseError",
    "Item",
    "Progress",
    "Queue",
    "Region",
    "Sorted",
    "Sorting",
    "accepted",
    "as_mask",
    "correct",
    "cost_map",
    "merge",
    "queue",
    "read_decisions",
    "read_painted",
    "read_regions",
    "region_mask",
    "save_merged",
    "sort",
    "superpixels",
    "write_regions",
]
