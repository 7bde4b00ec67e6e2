"""The plates have the effect that was set, and their images show it where the segmentation is right."""

import numpy as np
import pytest
from scipy import ndimage

from helpers import metrics
from helpers.phantoms import plates

SMALL = {"count": 2, "fields": 3, "nuclei": 100, "shape": (260, 260)}


@pytest.fixture(scope="module")
def fields():
    return plates.dna_plates(7, **SMALL)


def test_is_what_was_asked_for(fields):
    assert [field.plate for field in fields] == ["plate1"] * 9 + ["plate2"] * 9
    assert len({field.image for field in fields}) == 18
    for field in fields:
        assert field.truth.shape == field.stack.raw.shape == (1, 260, 260)
        assert np.array_equal(np.unique(field.truth), np.arange(len(field.copies) + 1)), "every nucleus has pixels"
        assert len(field.copies) >= 90
        edge = np.ones(field.truth.shape, bool)
        edge[:, 1:-1, 1:-1] = False
        assert not field.truth[edge].any(), "nuclei lie whole within the field"
        assert all(ndimage.label(field.truth == label, np.ones((3, 3, 3)))[1] == 1 for label in (1, len(field.copies) // 2))
    assert plates.layout_of(fields)["treatment"].value_counts().to_dict() == {"DMSO": 6, "arrest": 6, "no_effect": 6}


def test_the_parts_are_those_set(fields):
    for treatment, part in plates.TREATMENTS.items():
        copies = np.concatenate([field.copies for field in fields if field.treatment == treatment])
        four = np.mean(copies == 4)
        assert four == pytest.approx(part, abs=3 * np.sqrt(part * (1 - part) / copies.size))
        assert np.mean((copies > 2) & (copies < 4)) == pytest.approx(plates.REPLICATING, abs=0.04)


def test_light_tells_the_dna(fields):
    """Within a plate, the light of a nucleus that touches no other is proportional to its DNA."""
    for plate in ("plate1", "plate2"):
        ratios = []
        for field in (field for field in fields if field.plate == plate):
            intensity = metrics.integrated_intensities(field.stack.raw, field.truth)["intensity"].to_numpy()
            ratios.append(np.median(intensity[field.copies == 4]) / np.median(intensity[field.copies == 2]))
        assert np.mean(ratios) == pytest.approx(2, abs=0.06)


def test_touching_is_as_set():
    for touching in (0.0, 0.5):
        fields = plates.dna_plates(3, {"DMSO": 0.2}, count=1, fields=4, nuclei=100, touching=touching)
        pieces = sum(ndimage.label(field.truth[0] > 0, np.ones((3, 3)))[1] for field in fields)
        nuclei = sum(len(field.copies) for field in fields)
        assert pieces / nuclei == pytest.approx(1 - touching / 2, abs=0.06), "each pair makes one piece of two nuclei"


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_which_segmentation_keeps_the_effect(seed):
    """Merging loses it although it matches more nuclei; eroding keeps it."""
    fields = plates.dna_plates(seed)
    layout, raws = plates.layout_of(fields), {field.image: field.stack.raw for field in fields}
    segmentations = plates.segmentations_of(fields)
    z_prime, f1 = {}, {}
    for name, labels in segmentations.items():
        nuclei = metrics.nuclei_of_plates(raws, labels, layout)
        unit = nuclei.loc[nuclei["treatment"] == "DMSO", "intensity"].median() / 5
        scores = metrics.dna_content(nuclei, unit=unit).z_prime.set_index("treatment")
        z_prime[name] = scores.loc["arrest", "z_prime"]
        assert scores.loc["no_effect", "z_prime"] < 0
        f1[name] = np.mean([metrics.match(field.truth, labels[field.image], [700])["f1"].iloc[0] for field in fields])
        if name == "truth":
            assert scores.loc["arrest", "mean_fraction"] == pytest.approx(0.75 + plates.REPLICATING / 2, abs=0.03)
            assert scores.loc["arrest", "control_mean_fraction"] == pytest.approx(0.2 + plates.REPLICATING / 2, abs=0.03)
    assert z_prime["truth"] > 0.5
    assert z_prime["eroding"] > 0.5
    assert z_prime["merging"] < min(0.5, z_prime["truth"] - 0.15)
    assert f1["merging"] > f1["eroding"] + 0.3


def test_seed_decides_all():
    few = {"count": 1, "fields": 1, "nuclei": 20, "shape": (128, 128)}
    first, again, other = (plates.dna_plates(seed, **few)[0] for seed in (1, 1, 2))
    assert np.array_equal(first.stack.raw, again.stack.raw)
    assert not np.array_equal(first.truth, other.truth)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"treatments": {}}, "treatments is empty"),
        ({"treatments": {"DMSO": 1.0}}, "at most 0.9"),
        ({"touching": 1.5}, "touching must be"),
        ({"shape": (1, 64, 64)}, "a field of a plate is one plane"),
        ({"shape": (32, 64)}, "at least 64"),
        ({"nuclei": 0}, "nuclei must be at least 1"),
    ],
)
def test_bad_arguments(arguments, words):
    with pytest.raises(ValueError, match=words):
        plates.dna_plates(**arguments)
