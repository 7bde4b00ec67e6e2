"""Pictures of an assay: what is drawn is what was measured."""

import numpy as np
import pandas as pd
import pytest

from helpers import figures, metrics


@pytest.fixture(scope="module")
def nuclei():
    """Two plates stained differently, a drug that doubles the DNA of most."""
    rng = np.random.default_rng(2)
    rows = []
    for plate, stain in (("a", 4.0), ("b", 6.0)):
        for treatment, part in (("DMSO", 0.2), ("drug", 0.8)):
            for image in range(4):
                double = rng.random(200) < part
                intensity = stain * np.where(double, 2, 1) * rng.normal(1, 0.05, 200)
                rows.append(
                    pd.DataFrame({"plate": plate, "treatment": treatment, "image": f"{plate}{treatment}{image}", "intensity": intensity})
                )
    return pd.concat(rows, ignore_index=True)


def test_histograms_have_their_peaks(nuclei):
    picture = figures.dna_histograms({"one": nuclei, "two": nuclei.iloc[::2]})
    first = picture.axes[0]
    assert [axes.get_title(loc="left") for axes in picture.axes] == ["one: 3,200 objects", "two: 1,600 objects"]
    heights = [patch.get_xy() for patch in first.patches]
    tops = sorted(float(corners[np.argmax(corners[:, 1]), 0]) for corners in heights)
    assert tops == [pytest.approx(1, abs=0.12), pytest.approx(2, abs=0.2)]
    with pytest.raises(ValueError, match="every plate needs controls"):
        figures.dna_histograms({"one": nuclei[(nuclei["plate"] == "a") | (nuclei["treatment"] == "drug")]})


def test_readouts_are_those_of_the_table(nuclei):
    result = metrics.dna_content(nuclei)
    picture = figures.readouts({"mine": result})
    (axes,) = picture.axes
    drawn = np.concatenate([line.get_ydata() for line in axes.lines if line.get_marker() == "o"])
    assert np.array_equal(np.sort(drawn), np.sort(result.fractions["fraction"]))
    labels = [text.get_text() for text in axes.get_xticklabels()]
    assert labels[0] == "DMSO"
    assert labels[1] == f"drug\nZ' {result.z_prime['z_prime'][0]:.2f}"


def test_nothing_to_show():
    with pytest.raises(ValueError, match="no segmentation to show"):
        figures.readouts({})
    with pytest.raises(ValueError, match="no segmentation to show"):
        figures.dna_histograms({})
