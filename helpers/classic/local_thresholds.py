"""Give each pixel a cutoff of its own, found in a disc around it: eight local methods, each from its paper.

They are the plain thresholds against which a workflow has to show its worth, under the names and with the values that ImageJ's *Auto Local
Threshold* documents. The image has 256 levels; bright objects are foreground. Sauvola and Phansalkar were written for dark print and dark nuclei on
a bright ground; as in ImageJ their formula is taken as it stands and what is brighter is foreground. Invert the image, and the result, to use
them the way they were meant: ``~sauvola(255 - levels, around(255 - levels, radius))``.

At the edge of the image the disc is what of it lies inside.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from helpers import _checks

WHITE = 255


class Around(NamedTuple):
    """What lies in the disc around each pixel; made by `around`.

    Attributes
    ----------
    lowest, highest : (Y, X) ndarray of float32
        Levels.
    mean, deviation : (Y, X) ndarray of float32
        Of the levels; the deviation is that of the pixels in the disc (divided by their number).
    otsu : (Y, X) ndarray of float32
        Otsu's cutoff of the levels in the disc; infinite where they are all the same, so that nothing is foreground.
    """

    lowest: np.ndarray
    highest: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray
    otsu: np.ndarray


def around(levels: np.ndarray, radius: int) -> Around:
    """Measure the disc around each pixel.

    Parameters
    ----------
    levels : (Y, X) ndarray of uint8
        An 8-bit image, as `eight_bit` returns it.
    radius : int
        In pixels; the disc holds all pixels whose centres are no farther away.

    Returns
    -------
    around : Around

    Raises
    ------
    TypeError
        If ``levels`` is not an 8-bit image, or ``radius`` not a whole number.
    ValueError
        If ``levels`` is not (Y, X), is empty, or ``radius`` is not positive.

    Examples
    --------
    >>> levels = np.array([[0, 0, 0], [0, 100, 0], [0, 0, 0]], np.uint8)
    >>> around(levels, 1).mean.tolist()
    [[0.0, 25.0, 0.0], [25.0, 20.0, 25.0], [0.0, 25.0, 0.0]]
    """
    from skimage.filters import rank
    from skimage.morphology import disk

    _checks.plane(levels, "levels")
    if levels.dtype != np.uint8:
        raise TypeError(f"levels must be an 8-bit image, got {levels.dtype}: scale it with eight_bit first")
    _checks.number(radius, "radius", low=1, integer=True)
    window = disk(int(radius))
    lowest, highest = rank.minimum(levels, window), rank.maximum(levels, window)
    otsu = np.where(lowest < highest, rank.otsu(levels, window).astype(np.float32), np.float32(np.inf))
    mean, deviation = _mean_and_deviation(levels, int(radius))
    return Around(lowest.astype(np.float32), highest.astype(np.float32), mean, deviation, otsu)


def local_masks(levels: np.ndarray, radius: int) -> dict[str, np.ndarray]:
    """Return the mask of each of the eight local methods, with its usual values.

    Parameters
    ----------
    levels : (Y, X) ndarray of uint8
        An 8-bit image, as `eight_bit` returns it.
    radius : int
        Of the disc around each pixel.

    Returns
    -------
    masks : dict of str to (Y, X) ndarray of bool
        By name, in the order of the alphabet.

    Raises
    ------
    TypeError, ValueError
        As `around` does.

    Examples
    --------
    >>> levels = np.array([[0, 0, 0], [0, 100, 0], [0, 0, 0]], np.uint8)
    >>> local_masks(levels, 2)["Mean"].sum()
    np.int64(1)
    """
    near = around(levels, radius)
    return {name: method(levels, near) for name, method in LOCAL_THRESHOLDS.items()}


def bernsen(levels: np.ndarray, near: Around, contrast: float = 15) -> np.ndarray:
    """Mark what is above the middle between lowest and highest; where these differ by less than ``contrast``, all is one class.

    Such a place is foreground if its middle is in the brighter half of the 256 levels.

    References
    ----------
    .. [1] Bernsen, J. (1986) Dynamic thresholding of grey-level images. Proc. 8th Int. Conf. Pattern Recognit., 1251-1255.
    """
    middle = (near.lowest + near.highest) / 2
    flat = near.highest - near.lowest < contrast
    return np.where(flat, middle >= (WHITE + 1) / 2, levels > middle)


def toggle_contrast(levels: np.ndarray, near: Around) -> np.ndarray:
    """Mark what is nearer to the highest level around it than to the lowest (a contrast toggle); a tie is foreground.

    References
    ----------
    .. [1] Soille, P. (2004) Morphological Image Analysis, 2nd ed., Springer: toggle mappings. :DOI:`10.1007/978-3-662-05088-0`
    """
    return near.highest - levels <= levels - near.lowest


def local_mean(levels: np.ndarray, near: Around, c: float = 0) -> np.ndarray:
    """Mark what is above the mean around it, less ``c``.

    References
    ----------
    .. [1] Gonzalez, R. C. & Woods, R. E. (2008) Digital Image Processing, 3rd ed., section 10.3: local thresholding.
    """
    return levels > near.mean - c


def mid_grey(levels: np.ndarray, near: Around, c: float = 0) -> np.ndarray:
    """Mark what is above the middle between the lowest and the highest level around it, less ``c``.

    References
    ----------
    .. [1] Gonzalez, R. C. & Woods, R. E. (2008) Digital Image Processing, 3rd ed.: the midpoint filter.
    """
    return levels > (near.lowest + near.highest) / 2 - c


def niblack(levels: np.ndarray, near: Around, k: float = 0.2) -> np.ndarray:
    """Mark what is ``k`` standard deviations above the mean around it; for bright objects ``k`` is positive.

    References
    ----------
    .. [1] Niblack, W. (1986) An Introduction to Digital Image Processing, Prentice-Hall, 115-116.
    """
    return levels > near.mean + k * near.deviation


def local_otsu(levels: np.ndarray, near: Around) -> np.ndarray:
    """Mark what is above Otsu's cutoff of the disc around it; nothing where the disc holds one level only.

    References
    ----------
    .. [1] Otsu, N. (1979) IEEE Trans. Syst. Man Cybern. 9(1):62-66. :DOI:`10.1109/TSMC.1979.4310076`
    """
    return levels > near.otsu


def phansalkar(levels: np.ndarray, near: Around, k: float = 0.25, r: float = 0.5, p: float = 2, q: float = 10) -> np.ndarray:
    """Mark what is above mean (1 + p exp(-q mean) + k (deviation / r - 1)), of levels scaled to 0 to 1: Sauvola's, for images of low contrast.

    References
    ----------
    .. [1] Phansalkar, N. et al. (2011) Adaptive local thresholding for detection of nuclei in diversity stained cytology images. Proc. Int.
       Conf. Commun. Signal Process., 218-220. :DOI:`10.1109/ICCSP.2011.5739305`
    """
    mean, deviation = near.mean / WHITE, near.deviation / WHITE
    return levels / WHITE > mean * (1 + p * np.exp(-q * mean) + k * (deviation / r - 1))


def sauvola(levels: np.ndarray, near: Around, k: float = 0.5, r: float = 128) -> np.ndarray:
    """Mark what is above mean (1 + k (deviation / r - 1)): where little varies, half the mean is enough.

    References
    ----------
    .. [1] Sauvola, J. & Pietikainen, M. (2000) Adaptive document image binarization. Pattern Recognit. 33(2):225-236.
       :DOI:`10.1016/S0031-3203(99)00055-2`
    """
    return levels > near.mean * (1 + k * (near.deviation / r - 1))


LOCAL_THRESHOLDS: Mapping[str, Callable[[np.ndarray, Around], np.ndarray]] = MappingProxyType(
    {
        "Bernsen": bernsen, "Contrast": toggle_contrast, "Mean": local_mean, "MidGrey": mid_grey, "Niblack": niblack, "Otsu": local_otsu,
        "Phansalkar": phansalkar, "Sauvola": sauvola,
    }
)  # fmt: skip
"""By name, each takes an 8-bit image and what lies around its pixels, and returns a mask."""


def _mean_and_deviation(levels: np.ndarray, radius: int) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation in the disc around each pixel, from exact sums."""
    whole = levels.astype(np.int64)
    count, total, squares = (_disc_sums(part, radius) for part in (np.ones_like(whole), whole, whole**2))
    # n * squares - total^2 is a whole number: no digits are lost where all levels are alike.
    return (total / count).astype(np.float32), (np.sqrt(count * squares - total**2) / count).astype(np.float32)


def _disc_sums(values: np.ndarray, radius: int) -> np.ndarray:
    """Return the sum of whole numbers in the disc around each pixel: for each row of the disc, a difference of two running sums along x."""
    height, width = values.shape
    running = np.concatenate([np.zeros((height, 1), np.int64), np.cumsum(values, axis=1)], axis=1)
    columns = np.arange(width)
    sums = np.zeros((height, width), np.int64)
    for dy in range(-min(radius, height - 1), min(radius, height - 1) + 1):
        half = int(np.sqrt(radius**2 - dy**2))
        row = running[:, np.minimum(columns + half + 1, width)] - running[:, np.maximum(columns - half, 0)]
        into, out_of = slice(max(0, -dy), height - max(0, dy)), slice(max(0, dy), height - max(0, -dy))
        sums[into] += row[out_of]
    return sums
