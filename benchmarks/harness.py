"""Measure an algorithm of the project against a library used plainly: processor time, memory, agreement.

A module of cases holds a list ``CASES`` of `Case`. Each side of a case runs in a fresh process of its own: the input is loaded, one
warm-up call is dropped, then several calls are measured. The two results are compared here, in the parent process.

- Processor time is the sum over all threads, the best of the calls: unlike the time on the clock it hardly depends on what else runs.
- Memory is the highest resident set during a call, above what was resident before it (the input, the libraries); the result is included.

Import libraries inside the functions of a case, or what one side imports is counted as start-up time of the other.
"""

import argparse
import ctypes
import datetime
import gc
import importlib
import importlib.metadata
import json
import math
import os
import pickle
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import peers

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
SIZES = {"S": (32, 256, 256), "L": (64, 512, 512)}
LIBRARIES = ("numpy", "scipy", "scikit-image", "numba", "edt", "connected-components-3d")


@dataclass(frozen=True)
class Case:
    """One comparison. ``make(shape)`` gives the arguments, as a tuple, for both ``ours(*arguments)`` and ``peer(*arguments)``.

    ``compare(ours_result, peer_result)`` gives a short text or a number for the last column. ``peer`` may be None: nothing comparable.
    ``peer_environment`` names the environment of `benchmarks.peers` in which the peer runs; empty: this one. ``warm_up`` makes smaller arguments
    for the first call, which is not measured; without it the first call takes the whole input, too.
    """

    name: str
    make: Callable[[tuple[int, int, int]], tuple]
    ours: Callable[..., Any]
    peer: Callable[..., Any] | None = None
    compare: Callable[[Any, Any], Any] = lambda ours, peer: ""
    peer_name: str = "scipy"
    runs: int = 5
    peer_runs: int = 2
    peer_environment: str = ""
    sizes: tuple[str, ...] = ("S", "L")
    warm_up: Callable[[tuple], tuple] | None = None


@dataclass(frozen=True)
class Cost:
    """What one side of a case costs: seconds of processor and on the clock, MiB above the input."""

    cpu: float
    wall: float
    memory: float


class Pickler(pickle.Pickler):
    """Writes arrays such that another version of numpy can read them, as a peer may have."""

    def reducer_override(self, value: Any) -> Any:
        """Say how to make an array anew from its shape, dtype and bytes."""
        numpy = sys.modules.get("numpy")
        if numpy and isinstance(value, numpy.ndarray) and not value.dtype.hasobject:
            return numpy.ndarray, (value.shape, value.dtype.str, bytearray(value.tobytes()))
        return NotImplemented


def dump(value: Any, path: str | Path) -> None:
    with Path(path).open("wb") as file:
        Pickler(file, protocol=5).dump(value)


# ---------------------------------------------------------------- in the measured process


def resident(key: str) -> float:
    """Return VmRSS (now) or VmHWM (highest) of this process in MiB; where Linux's /proc is absent, the highest since it started."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        import resource  # not on Windows

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    return next(int(line.split()[1]) for line in lines if line.startswith(key)) / 2**10


def forget_peak() -> None:
    """Give freed memory back to the system and start the count of the highest resident set anew, where that is possible."""
    gc.collect()
    try:
        ctypes.CDLL("libc.so.6").malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        pass


def measure(function: Callable[..., Any], arguments: tuple, runs: int, warm_up: tuple | None = None) -> tuple[Cost, Any]:
    """Call once to warm up, then ``runs`` times; return the best times, the highest memory and the last result."""
    result = function(*(warm_up or arguments))
    cpu, wall, memory = [], [], []
    for _ in range(runs):
        result = None
        forget_peak()
        before = resident("VmRSS")
        start_cpu, start_wall = time.process_time(), time.perf_counter()
        result = function(*arguments)
        cpu.append(time.process_time() - start_cpu)
        wall.append(time.perf_counter() - start_wall)
        memory.append(resident("VmHWM") - before)
    return Cost(min(cpu), min(wall), max(memory)), result


def child(module: str, name: str, side: str, runs: int, input_path: str, output_path: str) -> None:
    """Measure one side of one case, and write the cost and the result. With 0 runs: processor time from the start of Python to the first result."""
    case = find(module, name)
    function = case.ours if side == "ours" else case.peer
    start = time.process_time()
    arguments = pickle.loads(Path(input_path).read_bytes())
    loading = time.process_time() - start
    if runs:
        cost, result = measure(function, arguments, runs, case.warm_up(arguments) if case.warm_up else None)
        answer = (cost.cpu, cost.wall, cost.memory, result)  # plain: in this process the class belongs to __main__
    else:
        function(*arguments)
        answer = time.process_time() - loading
    dump(answer, output_path)


def find(module: str, name: str) -> Case:
    return next(case for case in importlib.import_module(module).CASES if case.name == name)


# ---------------------------------------------------------------- in the process that the user starts


class Bench:
    """A temporary folder with the inputs of one session of measurements; use as a context manager."""

    def __init__(self, size: str = "S") -> None:
        self.shape = SIZES[size]
        self.size = size

    def __enter__(self) -> "Bench":
        self._temporary = tempfile.TemporaryDirectory(prefix="benchmark-")
        self.folder = Path(self._temporary.name)
        self._inputs: dict[Callable, Path] = {}
        return self

    def __exit__(self, *error: object) -> None:
        self._temporary.cleanup()

    def input(self, make: Callable) -> Path:
        """Return the file of pickled arguments that ``make`` gives; made once, shared by all cases with the same ``make``."""
        if make not in self._inputs:
            path = self.folder / f"input{len(self._inputs)}.pickle"
            dump(make(self.shape), path)
            self._inputs[make] = path
        return self._inputs[make]

    def side(self, module: str, case: Case, side: str, runs: int, environment: dict[str, str] | None = None) -> Any:
        """Run one side in a fresh process and return what `child` wrote."""
        output = self.folder / "output.pickle"
        arguments = [module, case.name, side, str(runs), str(self.input(case.make)), str(output)]
        environment = os.environ | (environment or {})
        python = peers.python(case.peer_environment) if side == "peer" and case.peer_environment else sys.executable
        subprocess.run([python, "-m", "benchmarks.harness", *arguments], cwd=ROOT, env=environment, check=True)
        return pickle.loads(output.read_bytes())

    def first(self, module: str, case: Case) -> tuple[float, float]:
        """Return the processor seconds to the first result in a fresh process: with nothing compiled yet, and with the cache filled."""
        with tempfile.TemporaryDirectory(prefix="cache-") as cache:
            compiling, cached = (self.side(module, case, "ours", 0, {"NUMBA_CACHE_DIR": cache}) for _ in range(2))
        return compiling, cached

    def row(self, module: str, case: Case, first: bool = False) -> dict[str, Any]:
        """Measure one case; return its row of the table."""
        *numbers, our_result = self.side(module, case, "ours", case.runs)
        ours = Cost(*numbers)
        row = {"case": case.name, "CPU s": f"{ours.cpu:.4f}", "s": f"{ours.wall:.4f}", "MiB": f"{ours.memory:.0f}"}
        if case.peer is not None:
            *numbers, peer_result = self.side(module, case, "peer", case.peer_runs)
            peer = Cost(*numbers)
            row |= {"peer": case.peer_name, "peer CPU s": f"{peer.cpu:.4f}", "peer s": f"{peer.wall:.4f}", "peer MiB": f"{peer.memory:.0f}"}
            row |= {"CPU ratio": f"{peer.cpu / ours.cpu:.1f}", "agreement": str(case.compare(our_result, peer_result))}
        if first:
            compiling, cached = self.first(module, case)
            row |= {"first ever, CPU s": f"{compiling:.2f}", "first, cached, CPU s": f"{cached:.2f}"}
        return row


def machine() -> str:
    """Return one line: processor, cores, system, date, versions."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        model = platform.processor() or platform.machine()
    versions = []
    for library in LIBRARIES:
        try:
            versions.append(f"{library} {importlib.metadata.version(library)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    today = datetime.date.today().isoformat()
    return f"{model}, {cores} cores, {platform.system()} {platform.machine()}, {today}; Python {platform.python_version()}, {', '.join(versions)}"


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Return the rows as a markdown table; the columns are those of all rows, in order of first appearance."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(str(row.get(column, "")) for column in columns) + " |" for row in rows]
    return "\n".join(lines)


def summary(rows: Sequence[dict[str, Any]], shape: tuple[int, int, int]) -> str:
    """Return one line: the median and the smallest ratio of processor time, and the most memory as a multiple of the stack as float32."""
    volume = 4 * math.prod(shape) / 2**20
    ratios = [float(row["CPU ratio"]) for row in rows if "CPU ratio" in row]
    times = f"CPU ratio: median {statistics.median(ratios):.1f}, smallest {min(ratios):.1f}. " if ratios else ""
    most = max((float(row["MiB"]) for row in rows), default=0)
    return f"{times}Memory: at most {most / volume:.1f} times the stack as float32 ({volume:.0f} MiB)."


def run(title: str, modules: Sequence[str], size: str = "S", only: str = "", first: bool = False) -> str:
    """Measure all cases of the modules (those whose name contains ``only``), print the table and write it to benchmarks/results."""
    rows = []
    with Bench(size) as bench:
        for module in modules:
            for case in importlib.import_module(module).CASES:
                if only in case.name and size in case.sizes:
                    rows.append(bench.row(module, case, first))
                    print(json.dumps(rows[-1]), file=sys.stderr)
        shape = " x ".join(map(str, bench.shape))
    text = f"# {title}, {shape} voxels\n\n{machine()}\n\n{table(rows)}\n\n{summary(rows, bench.shape)}\n"
    print(text)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{title}_{size}.md").write_text(text)
    return text


def main(title: str, modules: Sequence[str]) -> None:
    """Read ``--size``, ``--only`` and ``--first`` from the command line and `run`."""
    parser = argparse.ArgumentParser(description=f"Measure {title} against libraries used plainly.")
    parser.add_argument("--size", choices=sorted(SIZES), default="S", help="S is 32x256x256 voxels, L is 64x512x512")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument(
        "--first", action="store_true", help="measure the first call in a fresh process, without and with compiled code in the cache"
    )
    arguments = parser.parse_args()
    run(title, modules, arguments.size, arguments.only, arguments.first)


if __name__ == "__main__":
    _, module, name, side, runs, input_path, output_path = sys.argv
    child(module, name, side, int(runs), input_path, output_path)
