"""Compare each algorithm of `helpers.classic` with scipy and scikit-image used plainly: ``python -m benchmarks.algorithms --size L``."""

from benchmarks.harness import main

if __name__ == "__main__":
    main("algorithms", ["benchmarks.cases_responses", "benchmarks.cases_masks"])
