"""What people decide about results, as pure functions and files: sort, merge, correct and score. No widget in it.

Each panel has a twin here that takes the decisions as an argument and gives the same files.
"""

from helpers.curation.decisions import Decision, Sorted, accepted, read_decisions
from helpers.curation.files import InUseError
from helpers.curation.queues import Item, Queue, queue
from helpers.curation.sorting import Progress, Sorting, sort

__all__ = [
    "Decision",
    "InUseError",
    "Item",
    "Progress",
    "Queue",
    "Sorted",
    "Sorting",
    "accepted",
    "queue",
    "read_decisions",
    "sort",
]
