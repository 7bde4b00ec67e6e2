"""Write what stardist and cellpose make of random label images: tests/metrics/peers.json, with which the tests compare.

Run with the interpreter of the peers' environment, which ``python -m benchmarks.metrics`` makes:

    .peers/matching/bin/python tools/freeze_metrics.py
"""

import importlib.metadata
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "metrics"))
THRESHOLDS = [threshold / 1000 for threshold in range(500, 1000, 50)]
STARDIST = ("tp", "fp", "fn", "precision", "recall", "accuracy", "f1", "panoptic_quality", "mean_true_score", "mean_matched_score")


def main() -> None:
    from cellpose.metrics import average_precision
    from random_labels import CASES, checksum, random_pair
    from stardist.matching import matching, matching_dataset

    pairs = [random_pair(*case) for case in CASES]
    cases = []
    for case, (truth, found) in zip(CASES, pairs):
        scores = [matching(truth, found, thresh=threshold) for threshold in THRESHOLDS]
        ap, tp, fp, fn = average_precision([truth], [found], THRESHOLDS)
        cases.append(
            {
                "case": case,
                "checksums": [checksum(truth), checksum(found)],
                "stardist": {name: [float(getattr(score, name)) for score in scores] for name in STARDIST},
                "cellpose": {name: values[0].tolist() for name, values in (("ap", ap), ("tp", tp), ("fp", fp), ("fn", fn))},
            }
        )
    truths, founds = ([pair[side] for pair in pairs] for side in (0, 1))
    pooled = {}
    for name, by_image in (("micro", False), ("macro", True)):
        scores = [matching_dataset(truths, founds, thresh=threshold, by_image=by_image, show_progress=False) for threshold in THRESHOLDS]
        pooled[name] = {field: [float(getattr(score, field)) for score in scores] for field in STARDIST}
    versions = {name: importlib.metadata.version(name) for name in ("stardist", "cellpose", "numpy")}
    text = json.dumps({"versions": versions, "thresholds": THRESHOLDS, "cases": cases, "stardist_dataset": pooled})
    (ROOT / "tests" / "metrics" / "peers.json").write_text(text.replace('{"case"', '\n{"case"') + "\n")


if __name__ == "__main__":
    main()
