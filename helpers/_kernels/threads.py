"""Run compiled loops on several cores: the kernels release Python's lock, so plain threads suffice."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

# Compiler options of every kernel. A division must not check for zero and sums may be reordered, or loops stay scalar.
# Kernels that rely on NaN or on exact order of float operations use EXACT.
FAST = {"nogil": True, "cache": True, "boundscheck": False, "error_model": "numpy", "fastmath": True}
EXACT = FAST | {"fastmath": False}


def thread_count() -> int:
    """Number of threads: ``HELPERS_THREADS`` if set, else the cores this process may use."""
    asked = os.environ.get("HELPERS_THREADS", "")
    if asked.isdigit() and int(asked) > 0:
        return int(asked)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(thread_count(), thread_name_prefix="helpers")


def parallel(function: Callable[..., Any], items: Iterable[Any]) -> list[Any]:
    """Call ``function(item)`` for each item on the shared threads; return the results in order."""
    return list(_pool().map(function, items))


def blocks(length: int, size: int, smallest: int = 1) -> list[tuple[int, int]]:
    """Cut ``range(length)`` into (start, stop) pieces of ``size``; the last one is never shorter than ``smallest``."""
    starts = list(range(0, length, size))
    if len(starts) > 1 and length - starts[-1] < smallest:
        starts.pop()
    return list(zip(starts, [*starts[1:], length]))
