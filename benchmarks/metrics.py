"""Compare `helpers.metrics` with stardist and cellpose: ``python -m benchmarks.metrics --peers <environment>/bin/python``."""

import argparse
import json
import os
import pickle
import subprocess
import sys

from benchmarks import cases_metrics, harness

MODULE = "benchmarks.cases_metrics"


class Bench(harness.Bench):
    """Measurements whose peers run with the Python of another environment."""

    def __init__(self, peers: str) -> None:
        super().__init__("S")
        self.peers = peers

    def side(self, module: str, case: harness.Case, side: str, runs: int, environment: dict[str, str] | None = None) -> object:
        if side != "peer":
            return super().side(module, case, side, runs, environment)
        output = self.folder / "output.pickle"
        arguments = [module, case.name, side, str(runs), str(self.input(case.make)), str(output)]
        subprocess.run([self.peers, "-m", "benchmarks.harness", *arguments], cwd=harness.ROOT, env=os.environ, check=True)
        return pickle.loads(output.read_bytes())


def versions(peers: str) -> str:
    """Return the versions of the peers, as their environment says."""
    code = "import importlib.metadata as m; print(', '.join(f'{n} {m.version(n)}' for n in ('stardist', 'cellpose', 'numpy', 'numba')))"
    return subprocess.run([peers, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the matching of objects beside stardist and cellpose.")
    parser.add_argument("--peers", required=True, help="Python of an environment with stardist and cellpose, see benchmarks/README.md")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    arguments = parser.parse_args()
    rows = []
    with Bench(arguments.peers) as bench:
        for case in cases_metrics.CASES:
            if arguments.only in case.name:
                rows.append(bench.row(MODULE, case))
                print(json.dumps(rows[-1]), file=sys.stderr)
    text = f"# metrics\n\n{harness.machine()}\n\nPeers: {versions(arguments.peers)}\n\n{harness.table(rows)}\n"
    print(text)
    harness.RESULTS.mkdir(exist_ok=True)
    (harness.RESULTS / "metrics.md").write_text(text)


if __name__ == "__main__":
    main()
