"""Compare the matching of objects with stardist and cellpose: ``python -m benchmarks.metrics``."""

import argparse
import json
import sys

from benchmarks import harness
from benchmarks.cases_metrics import CASES


def main(only: str) -> None:
    """Measure the cases whose name contains ``only``, print the table and write it to benchmarks/results."""
    rows = []
    with harness.Bench() as bench:
        for case in CASES:
            if only in case.name:
                rows.append(bench.row("benchmarks.cases_metrics", case))
                print(json.dumps(rows[-1]), file=sys.stderr)
    text = f"# metrics\n\n{harness.machine()}\n\n{harness.table(rows)}\n"
    print(text)
    harness.RESULTS.mkdir(exist_ok=True)
    (harness.RESULTS / "metrics.md").write_text(text)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Measure the matching of objects beside stardist and cellpose.")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    main(parser.parse_args().only)
