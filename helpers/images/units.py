"""Lengths as files state them, in um, and times, in seconds."""

import math

MICROMETRE = dict.fromkeys(
    (
        "um",
        "\u00b5m",
        "\u03bcm",
        "\u00c2\u00b5m",
        "\\u00b5m",
        "\\u00B5m",
        "micron",
        "microns",
        "micrometer",
        "micrometre",
        "micrometers",
        "micrometres",
    ),
    1.0,
)
UNITS = MICROMETRE | {
    "m": 1e6, "meter": 1e6, "metre": 1e6, "dm": 1e5, "decimeter": 1e5, "cm": 1e4, "centimeter": 1e4, "centimetre": 1e4,
    "mm": 1e3, "millimeter": 1e3, "millimetre": 1e3, "nm": 1e-3, "nanometer": 1e-3, "nanometre": 1e-3, "pm": 1e-6, "picometer": 1e-6,
    "\u00c5": 1e-4, "\u212b": 1e-4, "angstrom": 1e-4, "in": 25400.0, "inch": 25400.0, "inches": 25400.0,
}  # fmt: skip

SECONDS = (
    dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0)
    | dict.fromkeys(("ms", "msec", "millisecond", "milliseconds"), 1e-3)
    | dict.fromkeys(("us", "\u00b5s", "\u03bcs", "microsecond", "microseconds"), 1e-6)
    | dict.fromkeys(("min", "mins", "minute", "minutes"), 60.0)
    | dict.fromkeys(("h", "hr", "hour", "hours"), 3600.0)
    | dict.fromkeys(("d", "day", "days"), 86400.0)
)

# Pictures carry dots per inch for a printer: 72, 96, 300 or 1200 of them are 21 um and more, which no microscope of cells has.
LARGEST_PRINTED = 20.0


def micrometres(value: float | str | None, unit: str | None) -> float | None:
    """Return a length in um; None where it or its unit is missing, unknown, "pixel", not positive or not finite.

    Examples
    --------
    >>> micrometres(108, "nm"), micrometres("0.5", "micron"), micrometres(1, "pixel"), micrometres(0, "um")
    (0.108, 0.5, None, None)
    """
    factor = _factor(unit)
    try:
        number = float(value) if value is not None else math.nan
    except (TypeError, ValueError):
        return None
    if factor is None or not math.isfinite(number) or number <= 0:
        return None
    # 108 nm is 0.108 um, not 0.10800000000000001 um; what is in um stays as it is.
    return number if factor == 1 else float(f"{number * factor:.15g}")


def seconds(value: float | str | None, unit: str | None) -> float | None:
    """Return a time in seconds; None where it or its unit is missing, unknown, not positive or not finite.

    Examples
    --------
    >>> seconds("0.5", "min"), seconds(250, "ms"), seconds(0, "s"), seconds(3, "frames")
    (30.0, 0.25, None, None)
    """
    factor = SECONDS.get(str(unit or "").strip().strip("\x00").lower())
    try:
        number = float(value) if value is not None else math.nan
    except (TypeError, ValueError):
        return None
    return float(f"{number * factor:.15g}") if factor is not None and math.isfinite(number) and number > 0 else None


def _factor(unit: str | None) -> float | None:
    text = str(unit or "").strip().strip("\x00")
    # "Mm" is a million metres: short units are taken to the letter, words are not.
    return UNITS.get(text, UNITS.get(text.lower()) if len(text) > 2 else None)
