import pytest

from helpers.images.units import micrometres


@pytest.mark.parametrize("unit", ["um", "µm", "\u03bcm", "\\u00B5m", "micron", "Micron", "micrometer", "µm\x00"])
def test_names_of_the_micrometre(unit):
    assert micrometres(0.12, unit) == 0.12


@pytest.mark.parametrize(
    ("unit", "um"), [("nm", 0.001), ("mm", 1000), ("cm", 1e4), ("m", 1e6), ("inch", 25400), ("Å", 1e-4), ("nanometer", 0.001), ("pm", 1e-6)]
)
def test_other_units(unit, um):
    assert micrometres("2", unit) == pytest.approx(2 * um, rel=1e-14)


@pytest.mark.parametrize("unit", ["pixel", "", None, "Mm", "furlong", 3.0])
def test_unknown_units_count_as_missing(unit):
    assert micrometres(1, unit) is None


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), None, "", "abc", [1]])
def test_nonsense_counts_as_missing(value):
    assert micrometres(value, "um") is None
