"""Find one cutoff for a whole image in the histogram of its 256 levels: fourteen global methods, each from its paper.

They are the plain thresholds against which a workflow has to show its worth, under the names that ImageJ's *Auto Threshold* gives them. Each
takes the numbers of pixels at levels 0 to 255 and returns a cutoff: bright objects are foreground, ``image > cutoff``. A method that finds no
cutoff returns NaN. IsoData, Li, Otsu, Triangle and Yen are scikit-image's; the others stand here because it has none, but for
Minimum, which shares its smoothing with Intermodes.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from scipy.special import entr, xlogy

from helpers import _checks

LEVELS = 256
SMOOTHINGS = 10_000  # after so many the histogram is given up, as in scikit-image
NEAR = 5  # levels: cutoffs no farther apart count as one (Sahoo et al. 1997)
NO_CUTOFF = float("nan")


def eight_bit(image: np.ndarray) -> np.ndarray:
    """Scale an image to 256 levels, its lowest intensity to 0 and its highest to 255.

    One hot pixel squeezes all the rest into few levels, as it does in any program that converts to 8 bit.

    Parameters
    ----------
    image : ndarray of int or float
        (Y, X) or (Z, Y, X) intensities.

    Returns
    -------
    levels : ndarray of uint8
        Of the same shape; a constant image becomes 0.

    Raises
    ------
    TypeError
        If ``image`` is not an array of numbers.
    ValueError
        If it is not (Y, X) or (Z, Y, X), is empty, or holds NaN or infinite values.

    Examples
    --------
    >>> eight_bit(np.array([[100, 200, 610]])).tolist()
    [[0, 50, 255]]
    """
    if getattr(image, "ndim", 3) == 2:
        _checks.plane(image, "image")
    else:
        _checks.image(image, "image")
    low, high = float(image.min()), float(image.max())
    if low == high:
        return np.zeros(image.shape, np.uint8)
    return np.rint((image.astype(np.float64) - low) * ((LEVELS - 1) / (high - low))).astype(np.uint8)


def level_counts(levels: np.ndarray) -> np.ndarray:
    """Count the pixels at each of the 256 levels.

    Parameters
    ----------
    levels : ndarray of uint8
        An 8-bit image, as `eight_bit` returns it.

    Returns
    -------
    counts : (256,) ndarray of int

    Raises
    ------
    TypeError
        If ``levels`` is not an 8-bit image.
    """
    if not isinstance(levels, np.ndarray) or levels.dtype != np.uint8:
        raise TypeError(
            f"levels must be an 8-bit image, got {getattr(levels, 'dtype', type(levels).__name__)}: scale it with eight_bit first"
        )
    return np.bincount(levels.ravel(), minlength=LEVELS)


def global_cutoffs(levels: np.ndarray) -> dict[str, float]:
    """Return the cutoff of each of the fourteen global methods.

    Parameters
    ----------
    levels : ndarray of uint8
        An 8-bit image, as `eight_bit` returns it.

    Returns
    -------
    cutoffs : dict of str to float
        By name, in the order of the alphabet. Foreground is ``levels > cutoff``; NaN where a method finds none, as all do in a constant image.

    Raises
    ------
    TypeError
        If ``levels`` is not an 8-bit image.

    References
    ----------
    .. [1] Sezgin, M. & Sankur, B. (2004) Survey over image thresholding techniques. J. Electron. Imaging 13(1):146-165. :DOI:`10.1117/1.1631315`

    Examples
    --------
    >>> image = np.repeat(np.array([[10, 11, 12, 200, 201, 202]], np.uint8), 30, axis=0)
    >>> all(12 <= cutoff < 200 for name, cutoff in global_cutoffs(image).items() if name not in ("Huang", "Shanbhag"))
    True
    """
    counts = level_counts(levels)
    if np.count_nonzero(counts) < 2:
        return dict.fromkeys(GLOBAL_THRESHOLDS, NO_CUTOFF)
    return {name: method(counts) for name, method in GLOBAL_THRESHOLDS.items()}


def huang(counts: np.ndarray) -> float:
    """Make the image least fuzzy: each level belongs to its class the more, the nearer it is to the mean of the class.

    References
    ----------
    .. [1] Huang, L.-K. & Wang, M.-J. J. (1995) Image thresholding by minimizing the measures of fuzziness. Pattern Recognit. 28(1):41-51.
       :DOI:`10.1016/0031-3203(94)E0043-K`
    """
    first, last = _range(counts)
    level = np.arange(LEVELS)
    below, above = _two_classes(counts)
    sum_below, sum_above = _two_classes(counts * level)
    cutoffs = np.arange(first, last)  # neither class is empty
    means = np.where(
        level <= cutoffs[:, None], (sum_below[cutoffs] / below[cutoffs])[:, None], (sum_above[cutoffs] / above[cutoffs])[:, None]
    )
    membership = 1 / (1 + np.abs(level - means) / (last - first))
    fuzziness = (entr(membership) + entr(1 - membership)) @ counts
    return float(cutoffs[np.argmin(fuzziness)])


def intermodes(counts: np.ndarray) -> float:
    """Smooth the histogram until it has two peaks and take the level halfway between them; NaN if it never has two.

    References
    ----------
    .. [1] Prewitt, J. M. S. & Mendelsohn, M. L. (1966) The analysis of cell images. Ann. N. Y. Acad. Sci. 128:1035-1053.
       :DOI:`10.1111/j.1749-6632.1965.tb11715.x`
    """
    _, peaks = _smoothed_to_two_peaks(counts)
    return float(np.mean(peaks)) if len(peaks) == 2 else NO_CUTOFF


def isodata(counts: np.ndarray) -> float:
    """Take the lowest level that lies halfway between the means of the two classes it makes; scikit-image's.

    References
    ----------
    .. [1] Ridler, T. W. & Calvard, S. (1978) Picture thresholding using an iterative selection method. IEEE Trans. Syst. Man Cybern.
       8(8):630-632. :DOI:`10.1109/TSMC.1978.4310039`
    """
    from skimage.filters import threshold_isodata

    return float(threshold_isodata(hist=_used(counts)))


def li(counts: np.ndarray) -> float:
    """Lose least information (cross-entropy) when each class becomes its mean; scikit-image's, which starts from the mean of the image.

    References
    ----------
    .. [1] Li, C. H. & Tam, P. K. S. (1998) An iterative algorithm for minimum cross entropy thresholding. Pattern Recognit. Lett.
       19(8):771-776. :DOI:`10.1016/S0167-8655(98)00057-9`
    """
    from skimage.filters import threshold_li

    return float(threshold_li(_pixels(counts)))


def max_entropy(counts: np.ndarray) -> float:
    """Make the sum of the entropies of the two classes as large as possible.

    References
    ----------
    .. [1] Kapur, J. N., Sahoo, P. K. & Wong, A. K. C. (1985) A new method for gray-level picture thresholding using the entropy of the
       histogram. Comput. Vis. Graph. Image Process. 29(3):273-285. :DOI:`10.1016/0734-189X(85)90125-2`
    """
    first, last = _range(counts)
    share = counts / counts.sum()
    entropy = sum(np.log(part) - inside / part for part, inside in _classes_of(share, xlogy(share, share), first, last))
    return float(first + np.argmax(entropy))


def mean(counts: np.ndarray) -> float:
    """Take the mean of the image.

    References
    ----------
    .. [1] Glasbey, C. A. (1993) An analysis of histogram-based thresholding algorithms. CVGIP Graph. Models Image Process. 55(6):532-537.
       :DOI:`10.1006/cgip.1993.1040`
    """
    return float(counts @ np.arange(LEVELS) / counts.sum())


def minimum(counts: np.ndarray) -> float:
    """Smooth the histogram until it has two peaks and take the lowest point between them; NaN if it never has two.

    References
    ----------
    .. [1] Prewitt, J. M. S. & Mendelsohn, M. L. (1966) The analysis of cell images. Ann. N. Y. Acad. Sci. 128:1035-1053.
       :DOI:`10.1111/j.1749-6632.1965.tb11715.x`
    """
    smooth, peaks = _smoothed_to_two_peaks(counts)
    return float(peaks[0] + np.argmin(smooth[peaks[0] : peaks[1] + 1])) if len(peaks) == 2 else NO_CUTOFF


def moments(counts: np.ndarray) -> float:
    """Take the cutoff whose image of two levels keeps the first three moments of the image.

    Two levels and their shares are fixed by the moments; the cutoff leaves a part below it that is nearest to the share of the lower one.

    References
    ----------
    .. [1] Tsai, W.-H. (1985) Moment-preserving thresholding: a new approach. Comput. Vis. Graph. Image Process. 29(3):377-393.
       :DOI:`10.1016/0734-189X(85)90133-1`
    """
    first, last = _range(counts)
    share = counts / counts.sum()
    # The moments about the mean and in units of the deviation give the same shares, and lose no digits.
    level = np.arange(LEVELS) - mean(counts)
    skewness = share @ level**3 / (share @ level**2) ** 1.5
    lower = (1 + skewness / np.sqrt(skewness**2 + 4)) / 2
    return float(first + np.argmin(np.abs(np.cumsum(share)[first:last] - lower)))


def otsu(counts: np.ndarray) -> float:
    """Set the two classes as far apart as possible (largest variance between them); scikit-image's.

    References
    ----------
    .. [1] Otsu, N. (1979) IEEE Trans. Syst. Man Cybern. 9(1):62-66. :DOI:`10.1109/TSMC.1979.4310076`
    """
    from skimage.filters import threshold_otsu

    return float(threshold_otsu(hist=_used(counts)))


def percentile(counts: np.ndarray) -> float:
    """Make half of the image foreground, as nearly as the levels allow.

    References
    ----------
    .. [1] Doyle, W. (1962) Operations useful for similarity-invariant pattern recognition. J. ACM 9(2):259-267. :DOI:`10.1145/321119.321123`
    """
    first, last = _range(counts)
    return float(first + np.argmin(np.abs(np.cumsum(counts)[first:last] / counts.sum() - 0.5)))


def renyi_entropy(counts: np.ndarray) -> float:
    """Weigh the cutoffs of three entropies of Renyi, of order 1/2, 1 (which is `max_entropy`) and 2.

    References
    ----------
    .. [1] Sahoo, P., Wilkins, C. & Yeager, J. (1997) Threshold selection using Renyi's entropy. Pattern Recognit. 30(1):71-84.
       :DOI:`10.1016/S0031-3203(96)00065-9`
    """
    cutoffs = sorted([_renyi_of_order(counts, 0.5), int(max_entropy(counts)), _renyi_of_order(counts, 2.0)])
    low_near, high_near = np.diff(cutoffs) <= NEAR
    weights = (1, 2, 1) if low_near == high_near else (0, 1, 3) if low_near else (3, 1, 0)
    below = np.cumsum(counts) / counts.sum()
    between = below[cutoffs[2]] - below[cutoffs[0]]
    shares = np.array([below[cutoffs[0]], 0, 1 - below[cutoffs[2]]]) + between * np.array(weights) / 4
    return float(shares @ cutoffs)


def shanbhag(counts: np.ndarray) -> float:
    """Make both classes equally informative, where a level belongs to its class the less, the nearer it lies to the cutoff.

    References
    ----------
    .. [1] Shanbhag, A. G. (1994) Utilization of information measure as a means of image thresholding. CVGIP Graph. Models Image Process.
       56(5):414-419. :DOI:`10.1006/cgip.1994.1037`
    """
    first, last = _range(counts)
    share = counts[first : last + 1] / counts.sum()
    below, above = _two_classes(share)  # below[i]: levels up to i; above[i]: levels higher than i
    found = []
    for cutoff in range(last - first):
        lower, upper = slice(cutoff + 1), slice(cutoff + 1, None)
        of_lower = 1 - (below[lower] - share[lower]) / (2 * below[cutoff])
        of_upper = 1 - above[upper] / (2 * above[cutoff])
        information = share[lower] @ np.log(of_lower) / below[cutoff] - share[upper] @ np.log(of_upper) / above[cutoff]
        found.append(abs(information))
    return float(first + np.argmin(found))


def triangle(counts: np.ndarray) -> float:
    """Take the level farthest below the line from the peak of the histogram to the end of its longer tail; scikit-image's.

    References
    ----------
    .. [1] Zack, G. W., Rogers, W. E. & Latt, S. A. (1977) J. Histochem. Cytochem. 25(7):741-753. :DOI:`10.1177/25.7.70454`
    """
    from skimage.filters import threshold_triangle

    return float(threshold_triangle(_pixels(counts)))


def yen(counts: np.ndarray) -> float:
    """Make the entropic correlation of the two classes as large as possible; scikit-image's.

    References
    ----------
    .. [1] Yen, J.-C., Chang, F.-J. & Chang, S. (1995) A new criterion for automatic multilevel thresholding. IEEE Trans. Image Process.
       4(3):370-378. :DOI:`10.1109/83.366472`
    """
    from skimage.filters import threshold_yen

    with np.errstate(divide="ignore"):  # a class whose share is lost in float32: never the best
        return float(threshold_yen(hist=_used(counts)))


GLOBAL_THRESHOLDS: Mapping[str, Callable[[np.ndarray], float]] = MappingProxyType(
    {
        "Huang": huang, "Intermodes": intermodes, "IsoData": isodata, "Li": li, "MaxEntropy": max_entropy, "Mean": mean, "Minimum": minimum,
        "Moments": moments, "Otsu": otsu, "Percentile": percentile, "RenyiEntropy": renyi_entropy, "Shanbhag": shanbhag,
        "Triangle": triangle, "Yen": yen,
    }
)  # fmt: skip
"""By name, each takes the numbers of pixels at the 256 levels, at least two of which are used, and returns a cutoff."""


def _range(counts: np.ndarray) -> tuple[int, int]:
    """Return the lowest and the highest level that occurs."""
    used = np.flatnonzero(counts)
    return int(used[0]), int(used[-1])


def _used(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the histogram between the lowest and the highest level that occurs: scikit-image divides by what lies outside."""
    first, last = _range(counts)
    return counts[first : last + 1], np.arange(first, last + 1)


def _pixels(counts: np.ndarray) -> np.ndarray:
    """Return an image that has this histogram."""
    return np.repeat(np.arange(LEVELS, dtype=np.uint8), counts)


def _two_classes(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for each level the sum up to it, and the sum above it; the latter from the far end, where differences would lose digits."""
    return np.cumsum(values), np.append(np.cumsum(values[:0:-1])[::-1], 0)


def _classes_of(share: np.ndarray, inside: np.ndarray, first: int, last: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return, of the lower and of the upper class, its share and the sum of ``inside`` at each cutoff that leaves no class empty."""
    return [(part[first:last], within[first:last]) for part, within in zip(_two_classes(share), _two_classes(inside))]


def _renyi_of_order(counts: np.ndarray, order: float) -> int:
    """Return the cutoff that makes the sum of the Renyi entropies of both classes as large as possible."""
    first, last = _range(counts)
    share = counts / counts.sum()
    entropy = sum(np.log(inside / part**order) / (1 - order) for part, inside in _classes_of(share, share**order, first, last))
    return first + int(np.argmax(entropy))


def _smoothed_to_two_peaks(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Smooth with a running mean of three until fewer than three peaks are left; return the histogram and the levels of its peaks."""
    from scipy.ndimage import uniform_filter1d

    smooth = counts.astype(np.float64)
    for _ in range(SMOOTHINGS):
        smooth = uniform_filter1d(smooth, 3)
        peaks = _peaks(smooth)
        if len(peaks) < 3:
            return smooth, peaks
    return smooth, np.empty(0, int)


def _peaks(smooth: np.ndarray) -> np.ndarray:
    """Return the last level of each rise, or plateau after a rise, that is followed by a fall; the first level may be one, the last not."""
    steps = np.sign(np.diff(smooth))
    moves = np.flatnonzero(steps)
    before = np.append(1, steps[moves][:-1])
    return moves[(steps[moves] < 0) & (before > 0)]
