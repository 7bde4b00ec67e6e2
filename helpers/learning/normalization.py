"""Normalize raw intensities by a recipe of plain values, kept with the model so that it sees in use what it saw in training.

Source: Chen, J. et al. (2018) The Allen Cell and Structure Segmenter. bioRxiv 491035. :DOI:`10.1101/491035`
"""

from collections.abc import Sequence
from numbers import Real

import numpy as np

from helpers import _checks, classic

Recipe = tuple[tuple, ...]

AS_IT_IS: Recipe = (("as_it_is",),)
DEFAULT: Recipe = (("auto_contrast", 2.5, 10.0),)
_FLAT = ("remove_background", 50.0)
PUBLISHED: dict[int, Recipe] = {
    1: (("auto_contrast", 2.0, 11.0),),
    2: (("auto_contrast", 2.5, 10.0),),
    4: (("auto_contrast", 1.0, 15.0),),
    7: (("auto_contrast", 1.0, 6.0),),
    11: (_FLAT,),
    12: (_FLAT, ("auto_contrast", 2.5, 10.0)),
    13: (_FLAT, ("auto_contrast", 2.0, 11.0)),
    14: (("auto_contrast", 1.0, 10.0),),
    15: (("min_max", 4000.0), _FLAT),
    16: (_FLAT, ("auto_contrast", 1.5, 6.0)),
    17: (_FLAT, ("auto_contrast", 1.0, 10.0)),
    18: (_FLAT, ("auto_contrast", 1.5, 10.0)),
}
"""The numbered recipes of the published program: 12 for DNA dyes, 13 for membrane dyes, 15 for lamin B1, 18 for H2B, 1 for CAAX."""


def remove_background(raw: np.ndarray, sigma: float) -> np.ndarray:
    """Subtract a broad Gaussian mean from an image, and scale what is left to 0 to 1.

    Parameters
    ----------
    raw : (Z, Y, X) ndarray of int or float
    sigma : float
        Of the Gaussian, in voxels; 50 is the published one.

    Returns
    -------
    normalized : (Z, Y, X) ndarray of float32

    Raises
    ------
    TypeError, ValueError
        If ``raw`` is not an image, or ``sigma`` is not positive.
    """
    raw = _checks.float32(_checks.image(raw))
    return classic.min_max(raw - classic.gaussian(raw, sigma))


_STEPS = {
    "as_it_is": (lambda raw: _checks.float32(_checks.image(raw)), (0,)),
    "auto_contrast": (classic.auto_contrast, (2,)),
    "min_max": (classic.min_max, (0, 1)),
    "remove_background": (remove_background, (1,)),
}


def normalize(raw: np.ndarray, recipe: Sequence[Sequence]) -> np.ndarray:
    """Bring raw intensities to what a network takes.

    Parameters
    ----------
    raw : (Z, Y, X) ndarray of int or float
    recipe : sequence of steps
        Each a name and its numbers: ``["auto_contrast", low, high]``, ``["min_max"]`` or ``["min_max", ceiling]``,
        ``["remove_background", sigma]``, ``["as_it_is"]`` for images that were normalized before.

    Returns
    -------
    normalized : (Z, Y, X) ndarray of float32

    Raises
    ------
    TypeError, ValueError
        If the recipe is none, or a step refuses the image.

    Examples
    --------
    >>> normalize(np.array([[[100, 200, 300]]]), [["min_max"]]).tolist()
    [[[0.0, 0.5, 1.0]]]
    """
    for name, *numbers in checked_recipe(recipe):
        raw = _STEPS[name][0](raw, *numbers)
    return raw


def takes_known_intensities(recipe: Sequence[Sequence]) -> bool:
    """Return whether a recipe can go by intensities of several images (`classic.intensities_of`): one step, which looks at nothing else.

    >>> takes_known_intensities([["auto_contrast", 2.5, 10]]), takes_known_intensities(PUBLISHED[12])
    (True, False)
    """
    return len(recipe) == 1 and recipe[0][0] in ("auto_contrast", "min_max", "as_it_is")


def checked_recipe(recipe: Sequence[Sequence]) -> Recipe:
    """Return a recipe as tuples; raise a sentence if a step is unknown or has the wrong numbers.

    >>> checked_recipe([["auto_contrast", 2, 11]])
    (('auto_contrast', 2.0, 11.0),)

    Raises
    ------
    TypeError, ValueError
    """
    example = 'for example [["auto_contrast", 2.5, 10]]'
    if isinstance(recipe, str) or not isinstance(recipe, Sequence) or any(isinstance(step, str) or not len(step) for step in recipe):
        raise TypeError(f"normalization must be a list of steps, {example}, got {recipe!r}")
    if not recipe:
        raise ValueError(f"normalization is empty: give its steps, {example}, or [['as_it_is']] for images that were normalized before")
    for name, *numbers in recipe:
        if name not in _STEPS:
            raise ValueError(f"there is no normalization {name!r}: take one of {', '.join(_STEPS)}")
        if len(numbers) not in _STEPS[name][1] or not all(isinstance(n, Real) and not isinstance(n, bool) for n in numbers):
            wanted = " or ".join(map(str, _STEPS[name][1]))
            raise ValueError(f"normalization {name!r} takes {wanted} number(s), got {numbers}: {example}")
    return tuple((name, *(float(number) for number in numbers)) for name, *numbers in recipe)
