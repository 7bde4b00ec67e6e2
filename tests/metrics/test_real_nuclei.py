"""Real nuclei and their truth: compared with itself, and with a copy that was damaged in known ways."""

import numpy as np
import pytest
from scipy import ndimage

from helpers import metrics

pytestmark = pytest.mark.real_data
FULL = np.ones((3, 3), bool)


@pytest.fixture(scope="module")
def truths(shared):
    from PIL import Image

    paths = sorted((shared / "data" / "dsb2018_stage1" / "labels").glob("*.png"))
    assert len(paths) == 305
    return {path.stem: np.array(Image.open(path)).astype(np.int32) for path in paths}


def test_truth_against_itself_is_perfect(truths):
    result = metrics.evaluate(truths, {"itself": truths})
    assert (result.matching[["precision", "recall", "f1", "ap", "pq", "sq"]] == 1).all(axis=None)
    assert not result.errors["count"].any()
    assert (result.objects["status"] == "matched").all()
    assert (result.objects["iou"] == 1).all()
    assert len(result.objects) == 2 * 12459
    perfect = result.scores.drop(columns=["method", "image", "truth_objects", "found_objects", "count_difference", "count_error"])
    assert (perfect == 1).all(axis=None)
    assert not result.scores[["count_difference", "count_error"]].any(axis=None)
    summary = metrics.summarize(result.matching)
    assert (summary[["f1", "pq"]] == 1).all(axis=None)
    assert (summary["tp"] == 12459).all()
    for truth in list(truths.values())[::25]:
        assert (metrics.object_surface_distances(truth, truth)[["hausdorff", "assd"]] == 0).all(axis=None)
        assert metrics.boundary_f(truth, truth, 0) == (1, 1, 1)
        assert metrics.miou_fg_bg(truth, truth, offset=0) == 1


class Damage:
    """Damages a copy of truth, each object at most once, and notes what every object must be reported as."""

    def __init__(self, truth, seed):
        self.truth, self.found = truth, truth.copy()
        self.generator = np.random.default_rng(seed)
        self.sizes = {label: int(size) for label, size in enumerate(np.bincount(truth.ravel())) if label and size}
        self.left = [int(label) for label in self.generator.permutation(list(self.sizes))]
        self.truth_status = dict.fromkeys(self.sizes, "matched")
        self.found_status = dict.fromkeys(self.sizes, "matched")
        self.iou = dict.fromkeys(self.sizes, 1.0)
        self.next = max(self.sizes) + 1

    def drop(self):
        label = self.left.pop()
        self.found[self.truth == label] = 0
        self.truth_status[label], self.iou[label] = "missed", 0.0
        del self.found_status[label]

    def merge(self):
        """Join two of similar size, so that neither alone reaches an IoU of 0.7 with both."""
        label = self.left.pop()
        other = next((other for other in self.left if 0.5 < self.sizes[label] / self.sizes[other] < 2), None)
        if other is None:
            return
        self.left.remove(other)
        self.found[self.truth == other] = label
        del self.found_status[other]
        self.found_status[label] = "merging"
        for part in (label, other):
            self.truth_status[part] = "merged"
            self.iou[part] = self.sizes[part] / (self.sizes[label] + self.sizes[other])

    def split(self):
        label = self.left.pop()
        inside = np.argwhere(self.truth == label)
        if len(inside) < 10:
            return
        half = inside[: int(len(inside) * 0.45)]
        self.found[tuple(half.T)] = self.next
        self.truth_status[label], self.iou[label] = "split", 1 - len(half) / len(inside)
        self.found_status[label] = self.found_status[self.next] = "fragment"
        self.next += 1

    def erode(self):
        label = self.left.pop()
        mask = self.truth == label
        self.replace(label, mask & ndimage.binary_erosion(mask, FULL))

    def shift(self):
        label = self.left.pop()
        mask = np.pad(self.truth == label, 1)
        mask = np.roll(mask, self.generator.integers(-1, 2, 2), (0, 1))[1:-1, 1:-1]
        self.replace(label, mask & np.isin(self.truth, (0, label)) & np.isin(self.found, (0, label)))

    def replace(self, label, mask):
        """Draw the object anew; what it is reported as depends on the IoU that this leaves."""
        true = self.truth == label
        self.found[true & (self.found == label)] = 0
        self.found[mask] = label
        both, either = np.count_nonzero(mask & true), np.count_nonzero(mask | true)
        self.iou[label] = both / either
        if 10 * both < 7 * either:
            self.truth_status[label], self.found_status[label] = "missed", "extra"
        if not mask.any():
            del self.found_status[label]


@pytest.mark.parametrize("part", range(5))
def test_known_damage_is_reported_exactly(truths, part):
    kinds = dict.fromkeys(("matched", "missed", "merged", "split"), 0)
    for name, truth in list(truths.items())[part::15]:
        damage = Damage(truth, seed=int(name[:8], 16))
        for kind in ("drop", "merge", "split", "erode", "shift") * 3:
            if len(damage.left) > 1:
                getattr(damage, kind)()
        table = metrics.object_table(truth, damage.found)
        for side, expected in (("truth", damage.truth_status), ("found", damage.found_status)):
            assert table[table["side"] == side].set_index("label")["status"].to_dict() == expected, (name, side)
        iou = table[table["side"] == "truth"].set_index("label")["iou"].to_dict()
        assert iou == pytest.approx(damage.iou), name

        status = list(damage.truth_status.values())
        errors = metrics.error_kinds(truth, damage.found).set_index(["kind", "rule"])["count"]
        for rule in ("iou", "coverage"):
            assert errors["split", rule] == status.count("split"), name
            assert errors["merged", rule] == status.count("merged") / 2, name
        row = metrics.match(truth, damage.found, [700]).iloc[0]
        matched = status.count("matched")
        assert row[["tp", "fp", "fn"]].tolist() == [matched, len(damage.found_status) - matched, len(status) - matched], name
        assert metrics.count_error(truth, damage.found).difference == len(damage.found_status) - len(status)
        for kind in kinds:
            kinds[kind] += status.count(kind)
    assert min(kinds.values()) > 20
