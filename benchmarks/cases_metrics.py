"""Cases: matching of objects at ten thresholds, against stardist and cellpose.

The peers run in an environment of their own, where helpers is not importable: this file imports it inside functions only.
"""

import numpy as np

from benchmarks.harness import Case

THRESHOLDS = tuple(range(500, 1000, 50))
FRACTIONS = [threshold / 1000 for threshold in THRESHOLDS]


def ellipses(shape, objects, fraction, seed=0):
    """Return truth and a damaged copy: ellipses on a jittered grid that fill this fraction of the image, found one voxel to the side, a
    quarter shrunken, 5 % each dropped, cut in two and joined with the next."""
    generator = np.random.default_rng(seed)
    truth, found = np.zeros((2, *shape), np.int32)
    volume = np.prod(shape) / objects
    counts = np.maximum(np.round(np.array(shape) / volume ** (1 / len(shape))), 1).astype(int)
    cells = np.argwhere(np.ones(counts, bool))
    chosen = cells[np.sort(generator.permutation(len(cells))[:objects])]
    pitch = np.array(shape) / counts
    ball = np.pi if len(shape) == 2 else 4 / 3 * np.pi
    scale = (fraction * volume / ball / np.prod(pitch)) ** (1 / len(shape))
    damage = generator.random(len(chosen))
    for label, (cell, fate) in enumerate(zip(chosen, damage), start=1):
        radii = pitch * scale * generator.uniform(0.85, 1.15, len(shape))
        centre = (cell + generator.uniform(0.45, 0.55, len(shape))) * pitch
        number = 0 if fate < 0.05 else label - 1 if fate < 0.1 else label
        draw(truth, centre, radii, label)
        if number:
            draw(found, centre + 1, radii - (1 if fate > 0.75 else 0), number, objects + label if fate > 0.95 else number)
    return truth, consecutive(found)


def draw(labels, centre, radii, left, right=None):
    """Draw an ellipse into the image, its halves along x with a number each, where nothing is yet."""
    box = tuple(slice(max(int(c - r), 0), int(c + r) + 2) for c, r in zip(centre, radii))
    places = np.ogrid[tuple(slice(part.start, min(part.stop, length)) for part, length in zip(box, labels.shape))]
    inside = sum(((place - c) / r) ** 2 for place, c, r in zip(places, centre, radii)) <= 1
    view = labels[box]
    view[inside & (view == 0)] = left
    if right not in (None, left):
        view[inside & (view == left) & (places[-1] > centre[-1])] = right


def consecutive(labels):
    """Number the objects from 1 without gaps, as the peers want it."""
    numbers = np.unique(labels)
    places = np.zeros(numbers[-1] + 1, np.int32)
    places[numbers] = np.arange(numbers.size)
    return places[labels]


def field_2d(shape):
    return ellipses((2048, 2048), 2000, 0.42)


def field_3d(shape):
    return ellipses((64, 512, 512), 500, 0.32)


def large_field(shape):
    return ellipses((4096, 4096), 8000, 0.42)


def ours(truth, found):
    from helpers.metrics import match

    return match(truth, found, THRESHOLDS)[["tp", "fp", "fn"]].to_numpy().tolist()


def all_tables(truth, found):
    """Everything that is said about one image, not only the matching."""
    from helpers.metrics import contingency, error_kinds, instance_scores, match, object_table

    counts = contingency(truth, found)
    error_kinds(counts), object_table(counts), instance_scores(counts)
    return match(counts, thresholds=THRESHOLDS)[["tp", "fp", "fn"]].to_numpy().tolist()


def stardist(truth, found):
    from stardist.matching import matching

    return [[score.tp, score.fp, score.fn] for score in matching(truth, found, thresh=FRACTIONS)]


def cellpose(truth, found):
    from cellpose.metrics import average_precision

    _, tp, fp, fn = average_precision([truth], [found], FRACTIONS)
    return [[int(count) for count in row] for row in zip(tp[0], fp[0], fn[0])]


def agreement(ours, peer):
    equal = np.array_equal(np.array(ours), np.array(peer))
    return f"{'all' if equal else 'NOT all'} counts equal; {ours[0][0]} to {ours[-1][0]} matched"


def case(name, make, peer, peer_name, peer_runs=2):
    return Case(name, make, ours, peer, agreement, peer_name, 5, peer_runs, "matching")


CASES = [
    case("2048x2048, 2000 objects", field_2d, stardist, "stardist"),
    case("2048x2048, 2000 objects, again", field_2d, cellpose, "cellpose"),
    Case("2048x2048, 2000 objects, all tables", field_2d, all_tables),
    case("64x512x512, 500 objects", field_3d, stardist, "stardist"),
    case("64x512x512, 500 objects, again", field_3d, cellpose, "cellpose"),
    case("4096x4096, 8000 objects", large_field, stardist, "stardist", 1),
]
