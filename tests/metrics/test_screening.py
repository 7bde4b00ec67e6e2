import numpy as np
import pandas as pd
import pytest

from helpers import metrics

PLATES = {"p1": 1.0, "p2": 0.7, "p3": 1.3}  # how brightly each was stained


def nuclei(fractions=None, count=400, images=6, seed=0):
    """Draw nuclei whose DNA is 2N (intensity 4) or 4N (8), a known part of them 4N, on plates that are stained differently."""
    generator = np.random.default_rng(seed)
    rows = []
    for plate, gain in PLATES.items():
        for treatment, fraction in (fractions or {"DMSO": 0.2, "drug": 0.6, "water": 0.2}).items():
            for image in range(images):
                double = generator.random(count) < fraction
                intensity = np.where(double, 8, 4) * gain * generator.lognormal(0, 0.06, count)
                rows.append(
                    pd.DataFrame(
                        {
                            "plate": plate,
                            "treatment": treatment,
                            "image": f"{plate}{treatment}{image}",
                            "intensity": intensity,
                            "double": double,
                        }
                    )
                )
    return pd.concat(rows, ignore_index=True)


def test_finds_the_known_effect():
    table = nuclei()
    result = metrics.dna_content(table)
    assert result.threshold == pytest.approx(1.3 * 6, rel=0.03)  # the brightest plate stays as it is
    known = table.groupby("image")["double"].mean()
    np.testing.assert_allclose(result.fractions.set_index("image")["fraction"], known[result.fractions["image"]], atol=0.01)
    scores = result.z_prime.set_index("treatment")
    assert scores.index.tolist() == ["drug", "water"]
    assert scores.loc["drug", "mean_fraction"] == pytest.approx(0.6, abs=0.02)
    assert scores.loc["drug", "z_prime"] > 0.5
    assert scores.loc["water", "z_prime"] < 0
    groups = [result.fractions.loc[result.fractions["treatment"] == name, "fraction"] for name in ("drug", "DMSO")]
    assert scores.loc["drug", "z_prime"] == metrics.z_prime_factor(*groups)
    assert scores.loc["drug", ["images", "control_images"]].tolist() == [18, 18]


def test_unit_only_scales():
    table = nuclei()
    plain, counts = metrics.dna_content(table), metrics.dna_content(table.assign(intensity=table["intensity"] * 1e5), unit=1e5)
    assert counts.threshold == pytest.approx(plain.threshold * 1e5)
    pd.testing.assert_frame_equal(counts.z_prime, plain.z_prime)


def test_plates_are_brought_together():
    aligned = metrics.align_plates(nuclei())
    medians = aligned[~aligned["double"]].groupby("plate")["intensity"].median()
    assert medians.to_numpy() == pytest.approx(1.3 * 4, rel=0.05)


def test_a_spike_is_no_peak():
    """Some equal intensities, as of nuclei at the end of the camera's range, are higher than the 2N peak in one bin, and low when averaged."""
    table = nuclei()
    first = (table["plate"] == "p2") & (table["treatment"] == "DMSO")
    spike = table[first].sample(frac=0.3, random_state=0).assign(intensity=25.0)
    counts = np.histogram(np.log10(pd.concat([table[first], spike])["intensity"]), 200, (-1, 2.5))[0]
    assert counts.argmax() == np.histogram(np.log10([25.0]), 200, (-1, 2.5))[0].argmax()
    plain, spiked = (metrics.align_plates(part)["intensity"][: len(table)] for part in (table, pd.concat([table, spike])))
    assert spiked.to_numpy() == pytest.approx(plain.to_numpy(), rel=0.05)


def test_errors_of_segmentation_change_the_biology():
    """A quarter of the nuclei cut into halves: fewer seem to have replicated their DNA."""
    table = nuclei()
    whole, halves = table[table.index % 4 != 0], table[table.index % 4 == 0]
    cut = pd.concat([whole, halves.assign(intensity=halves["intensity"] / 2), halves.assign(intensity=halves["intensity"] / 2)])
    fractions = {name: metrics.dna_content(part).fractions["fraction"].mean() for name, part in (("right", table), ("cut", cut))}
    assert fractions["cut"] == pytest.approx(fractions["right"] * 0.75 / 1.25, abs=0.01)


def test_threshold_lies_between_the_peaks():
    generator = np.random.default_rng(0)
    values = np.concatenate([generator.normal(5, 0.3, 5000), generator.normal(10, 0.4, 1500), generator.normal(2, 0.2, 900)])
    assert metrics.dna_threshold(values) == pytest.approx(7.5, abs=0.2)
    with pytest.raises(ValueError, match="no peak right of"):
        metrics.dna_threshold(np.full(50, 5.0))


def test_z_prime_at_the_edges():
    assert np.isnan(metrics.z_prime_factor([1], [2, 3]))
    assert metrics.z_prime_factor([1, 3], [2, 2]) == -np.inf
    assert metrics.z_prime_factor([1, 1], [2, 2]) == 1
    with pytest.raises(ValueError, match="NaN or infinite"):
        metrics.z_prime_factor([1, np.nan], [2, 3])
    with pytest.raises(ValueError, match="ddof must be 0 or 1"):
        metrics.z_prime_factor([1, 2], [2, 3], ddof=2)
    with pytest.raises(ValueError, match="list of numbers"):
        metrics.z_prime_factor(["a", "b"], [2, 3])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda table: table.drop(columns="plate"), "no column plate"),
        (lambda table: table.assign(intensity=-table["intensity"]), "not above 0"),
        (lambda table: table.assign(intensity=table["intensity"] * 1e4), "give unit="),
        (lambda table: table.assign(treatment="drug"), "every plate needs controls"),
        (lambda table: table[(table["plate"] != "p2") | (table["treatment"] != "DMSO")], "control 'DMSO' on plate p2"),
        (lambda table: table[:0], "table is empty"),
    ],
)
def test_bad_tables(change, words):
    with pytest.raises(ValueError, match=words):
        metrics.dna_content(change(nuclei(count=30)))


def test_light_of_each_object_above_the_background():
    generator = np.random.default_rng(3)
    labels = np.zeros((1, 30, 40), np.uint16)
    labels[0, 2:8, 3:9], labels[0, 10:12, 20:35] = 4, 700
    raw = generator.integers(90, 110, labels.shape).astype(np.uint16)
    raw[labels == 4] += 200
    table = metrics.integrated_intensities(raw, labels)
    background = np.median(raw[labels == 0])
    assert table["label"].tolist() == [4, 700]
    assert table["voxels"].tolist() == [36, 30]
    assert table["intensity"].tolist() == [(raw[labels == label] - background).sum() for label in (4, 700)]
    pd.testing.assert_frame_equal(metrics.integrated_intensities(raw, labels[0]), table)
    assert metrics.integrated_intensities(raw, labels, background=0)["intensity"].iloc[0] == raw[labels == 4].sum()
    assert metrics.integrated_intensities(raw, np.zeros_like(labels)).empty


def test_light_of_objects_refuses_what_is_none():
    raw, labels = np.ones((4, 5)), np.ones((4, 5), int)
    with pytest.raises(ValueError, match="every pixel lies in an object"):
        metrics.integrated_intensities(raw, labels)
    with pytest.raises(ValueError, match="same shape"):
        metrics.integrated_intensities(raw, labels[:3])
    with pytest.raises(ValueError, match="NaN"):
        metrics.integrated_intensities(np.full((4, 5), np.nan), labels)
    with pytest.raises((TypeError, ValueError), match="classic.components"):
        metrics.integrated_intensities(raw, labels > 0)


def layout(*rows):
    return pd.DataFrame(rows, columns=["plate", "treatment", "image"])


def test_nuclei_of_plates():
    labels = np.zeros((6, 6), int)
    labels[0, 0], labels[3, 3:5] = 1, 2
    raws, found = {"a": labels * 10, "b": labels * 20, "c": labels}, {"a": labels, "b": labels, "c": labels * 0}
    table = metrics.nuclei_of_plates(raws, found, layout(("p", "DMSO", "a"), ("p", "drug", "b"), ("p", "drug", "c")))
    assert table.columns.tolist() == ["plate", "treatment", "image", "label", "voxels", "intensity"]
    assert table["intensity"].tolist() == [10, 40, 20, 80]
    assert table["treatment"].tolist() == ["DMSO", "DMSO", "drug", "drug"]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (layout(("p", "DMSO", "a"), ("p", "drug", "a")), "'a' stands in the table of the plates twice"),
        (layout(("p", "DMSO", "z")), "'z' of the table of the plates has no raw image"),
        (layout(("p", "DMSO", "only_raw")), "has no label image"),
        (layout(("p", "DMSO", "full")), "image 'full': every pixel"),
        (layout(), "has no row"),
        (layout().drop(columns="plate"), "no column plate"),
    ],
)
def test_bad_layouts(rows, words):
    labels = np.ones((3, 3), int)
    raws = {"a": labels, "only_raw": labels, "full": labels}
    with pytest.raises(ValueError, match=words):
        metrics.nuclei_of_plates(raws, {"a": np.eye(3, dtype=int), "full": labels}, rows)
