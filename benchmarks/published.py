"""Compare the lookup table with the published program: ``python -m benchmarks.published --size L``."""

from benchmarks.harness import main

if __name__ == "__main__":
    main("published", ["benchmarks.cases_published"])
