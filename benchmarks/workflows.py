"""Compare whole workflows with chains of scikit-image and scipy used plainly: ``python -m benchmarks.workflows --size L --first``."""

from benchmarks.harness import main

if __name__ == "__main__":
    main("workflows", ["benchmarks.cases_workflows"])
