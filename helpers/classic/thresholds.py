"""Find cutoffs in the histogram of the intensities, of the whole stack or of each object.

Histograms have 256 equal bins between the lowest and the highest intensity (of integer images too), in float32.
"""

import numpy as np

from helpers import _checks
from helpers._kernels import dilation
from helpers._kernels.histograms import Objects, histogram, values_between
from helpers._kernels.runs import connected_runs
from helpers._kernels.threads import blocks, parallel
from helpers.classic.masks import remove_small

BINS = 256
METHODS = ("triangle", "median", "average")


def otsu(image: np.ndarray) -> float:
    """Find the cutoff that splits the intensities into two classes as far apart as possible (Otsu).

    It suits images with two populations of comparable size; a faint structure in a large background is lost.

    Parameters
    ----------
    image : (Z, Y, X) ndarray of int or float
        Intensities.

    Returns
    -------
    cutoff : float
        Foreground is ``image > cutoff``: the centre of one of 256 bins; of a constant image its value.

    Raises
    ------
    TypeError
        If ``image`` is not an array of numbers.
    ValueError
        If ``image`` is not (Z, Y, X), is empty, or holds NaN or infinite values.

    References
    ----------
    .. [1] Otsu, N. (1979) IEEE Trans. Syst. Man Cybern. 9(1):62-66. :DOI:`10.1109/TSMC.1979.4310076`

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[[0, 0, 1, 1, 9, 10, 10]]])
    >>> 0.9 < otsu(image) < 9
    True
    """
    return _otsu(_checks.float32(_checks.image(image, "image")))


def triangle(image: np.ndarray) -> float:
    """Find the cutoff at the foot of the highest peak of the histogram (triangle): for a small foreground on a large background.

    A line is drawn from the top of the histogram to the far end of its longer tail; the cutoff is the bin farthest below that line.

    Parameters
    ----------
    image : (Z, Y, X) ndarray of int or float
        Intensities.

    Returns
    -------
    cutoff : float
        Foreground is ``image > cutoff``: the centre of one of 256 bins; of a constant image its value.

    Raises
    ------
    TypeError
        If ``image`` is not an array of numbers.
    ValueError
        If ``image`` is not (Z, Y, X), is empty, or holds NaN or infinite values.

    References
    ----------
    .. [1] Zack, G. W., Rogers, W. E. & Latt, S. A. (1977) J. Histochem. Cytochem. 25(7):741-753. :DOI:`10.1177/25.7.70454`

    Examples
    --------
    >>> import numpy as np
    >>> image = np.zeros((1, 10, 10))
    >>> image[0, 0] = range(10)
    >>> 0 < triangle(image) < 2
    True
    """
    return _triangle_of(*_histogram(_checks.float32(_checks.image(image, "image"))))


def median(image: np.ndarray) -> float:
    """Return the median intensity.

    As a cutoff it makes half of the image foreground: of use where it is averaged with another one (see `rough_objects`).

    Parameters
    ----------
    image : (Z, Y, X) ndarray of int or float
        Intensities.

    Returns
    -------
    cutoff : float
        Exactly the median of the float32 intensities, not the centre of a bin.

    Raises
    ------
    TypeError
        If ``image`` is not an array of numbers.
    ValueError
        If ``image`` is not (Z, Y, X), is empty, or holds NaN or infinite values.

    References
    ----------
    .. [1] Hoare, C. A. R. (1961) Algorithm 65: find. Commun. ACM 4(7):321-322. :DOI:`10.1145/366622.366647`

    Examples
    --------
    >>> import numpy as np
    >>> median(np.array([[[1, 2, 3, 100]]]))
    2.5
    """
    image = _checks.float32(_checks.image(image, "image"))
    return _median_of(image, *_histogram(image))


def otsu_mask(image: np.ndarray, factor: float = 1.0) -> np.ndarray:
    """Mark the voxels above ``factor`` times the Otsu cutoff of the stack.

    Parameters
    ----------
    image : (Z, Y, X) ndarray of int or float
        Intensities.
    factor : float
        Above 1 keeps less, below 1 keeps more.

    Returns
    -------
    mask : (Z, Y, X) ndarray of bool
        A constant image gives nothing at ``factor`` 1.

    Raises
    ------
    TypeError
        If ``image`` is not an array of numbers, or ``factor`` not a number.
    ValueError
        If ``image`` is not (Z, Y, X), is empty or holds NaN or infinite values, or ``factor`` is not positive.

    References
    ----------
    .. [1] Otsu, N. (1979) IEEE Trans. Syst. Man Cybern. 9(1):62-66. :DOI:`10.1109/TSMC.1979.4310076`
    """
    _checks.number(factor, "factor", above=0)
    image = _checks.float32(_checks.image(image, "image"))
    return image > np.float32(_otsu(image) * factor)


def middle_plane(smooth: np.ndarray) -> int:
    """Find the plane halfway between the bottom and the top of the cells.

    Flat membranes at the bottom and at the top make two peaks in the number of bright voxels per plane. That profile, of the voxels above
    the Otsu cutoff of the stack, is itself split in two by Otsu's method, as if it were a histogram.

    Parameters
    ----------
    smooth : (Z, Y, X) ndarray of int or float
        Smoothed intensities; at least 3 planes.

    Returns
    -------
    plane : int
        Index of the plane, from 0.

    Raises
    ------
    TypeError
        If ``smooth`` is not an array of numbers.
    ValueError
        If ``smooth`` is not (Z, Y, X) with at least 3 planes, is constant, or holds NaN or infinite values.

    References
    ----------
    .. [1] Chen, J. et al. (2018) bioRxiv 491035, workflow for lamin B1. :DOI:`10.1101/491035`

    Examples
    --------
    >>> import numpy as np
    >>> cells = np.zeros((12, 4, 4))
    >>> cells[2] = cells[9] = 1
    >>> middle_plane(cells)
    5
    """
    smooth = _checks.float32(_checks.varied(_checks.image(smooth, "smooth", planes=3), "smooth"))
    planes = len(smooth)
    # A little is added so that no class of planes is empty
    profile = np.count_nonzero(smooth > np.float32(_otsu(smooth)), axis=(1, 2)) + 1e-5
    position = np.arange(planes) * (1 / (planes - 1))
    return round(float(position[_best_split(profile, position)]) * planes)


def rough_objects(smooth: np.ndarray, method: str = "triangle", *, minimum_size: int, dilate: int = 0) -> np.ndarray:
    """Find the rough outlines of objects with one low cutoff for the whole stack: the first half of masked-object thresholding.

    Parameters
    ----------
    smooth : (Z, Y, X) ndarray of int or float
        Smoothed intensities.
    method : {"triangle", "median", "average"}
        The cutoff; "average" is the mean of the other two.
    minimum_size : int
        Smallest object that stays, in voxels.
    dilate : int
        Radius of the ball by which the objects then grow, in voxels; 0 leaves them.

    Returns
    -------
    objects : (Z, Y, X) ndarray of bool
        To be refined by `otsu_in_objects`.

    Raises
    ------
    TypeError
        If ``smooth`` is not an array of numbers, or ``minimum_size`` or ``dilate`` not a whole number.
    ValueError
        If ``smooth`` is not (Z, Y, X), is empty or holds NaN or infinite values, ``method`` is none of the three, or a number is negative.

    References
    ----------
    .. [1] Chen, J. et al. (2018) bioRxiv 491035, masked-object thresholding. :DOI:`10.1101/491035`
    """
    _checks.image(smooth, "smooth")
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    _checks.number(dilate, "dilate", low=0, integer=True)
    smooth = _checks.float32(smooth)
    counts, edges = _histogram(smooth)
    cutoffs = []
    if method != "median":
        cutoffs.append(_triangle_of(counts, edges))
    if method != "triangle":
        cutoffs.append(_median_of(smooth, counts, edges))
    objects = remove_small(smooth > np.float32(sum(cutoffs) / len(cutoffs)), minimum_size)
    return dilation.dilate(objects, int(dilate)) if dilate else objects


def otsu_in_objects(smooth: np.ndarray, objects: np.ndarray, adjust: float = 0.98, minimum_otsu_ratio: float = 0.0) -> np.ndarray:
    """Apply to each object its own Otsu cutoff: the second half of masked-object thresholding.

    A bright and a dim cell each get the cutoff that suits them. Work and memory do not depend on the number of objects.

    Parameters
    ----------
    smooth : (Z, Y, X) ndarray of int or float
        Smoothed intensities.
    objects : (Z, Y, X) ndarray of bool
        Rough objects (see `rough_objects`); what is 6-connected is one object.
    adjust : float
        Each object's Otsu cutoff is multiplied by this: above 1 keeps less, below 1 keeps more.
    minimum_otsu_ratio : float
        Objects whose Otsu cutoff is not above this times that of the whole stack are dropped; 0 keeps all.

    Returns
    -------
    mask : (Z, Y, X) ndarray of bool
        Part of ``objects``.

    Raises
    ------
    TypeError
        If ``smooth`` is not an array of numbers, ``objects`` not a mask, or a number not a number.
    ValueError
        If ``smooth`` is not (Z, Y, X), is empty or holds NaN or infinite values, the shapes differ, ``adjust`` is not positive, or
        ``minimum_otsu_ratio`` is negative.

    References
    ----------
    .. [1] Chen, J. et al. (2018) bioRxiv 491035, masked-object thresholding. :DOI:`10.1101/491035`
    .. [2] Otsu, N. (1979) IEEE Trans. Syst. Man Cybern. 9(1):62-66. :DOI:`10.1109/TSMC.1979.4310076`
    """
    smooth = _checks.float32(_checks.image(smooth, "smooth"))
    objects = _checks.mask(objects, "objects")
    _checks.same_shape(smooth, objects, "smooth and objects")
    _checks.number(adjust, "adjust", above=0)
    _checks.number(minimum_otsu_ratio, "minimum_otsu_ratio", low=0)
    lowest = minimum_otsu_ratio * otsu(smooth) if minimum_otsu_ratio else -np.inf
    runs = connected_runs(objects)
    voxels = Objects(smooth, runs)
    mask = np.zeros(smooth.shape, np.uint8)

    def refine(some: tuple[int, int]) -> None:
        edges = np.linspace(*voxels.extremes(*some), BINS + 1, axis=1, dtype=np.float32)
        cutoffs = _otsu_of(voxels.histograms(*some, edges), edges).astype(float)
        voxels.mark_above(*some, np.where(cutoffs > lowest, cutoffs * adjust, np.inf).astype(np.float32), mask)

    count = runs.sizes.size
    parallel(refine, blocks(count, min(max(count // 16, 1), 256)))
    return mask.view(bool)


def _histogram(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    edges = np.linspace(image.min(), image.max(), BINS + 1, dtype=np.float32)
    return histogram(image, edges), edges


def _otsu(image: np.ndarray) -> float:
    counts, edges = _histogram(image)
    return float(_otsu_of(counts[None], edges[None])[0])


def _otsu_of(counts: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Otsu cutoffs of (n, bins) histograms, in float32 throughout, as in scikit-image; of a single value that value."""
    centres = (edges[:, 1:] + edges[:, :-1]) / 2
    best = _best_split(counts.astype(np.float32), centres)
    return np.where(edges[:, 0] == edges[:, -1], edges[:, 0], np.take_along_axis(centres, best[:, None], 1)[:, 0])


def _best_split(counts: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Index of the last value of the lower class for which the variance between the two classes is largest, along the last axis."""
    below, above = np.cumsum(counts, -1), np.cumsum(counts[..., ::-1], -1)[..., ::-1]
    total = counts * values
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_below = np.cumsum(total, -1) / below
        mean_above = np.cumsum(total[..., ::-1], -1)[..., ::-1] / above
    variance = below[..., :-1] * above[..., 1:] * (mean_below[..., :-1] - mean_above[..., 1:]) ** 2
    return np.argmax(variance, -1)


def _triangle_of(counts: np.ndarray, edges: np.ndarray) -> float:
    centres = (edges[1:] + edges[:-1]) / 2
    if edges[0] == edges[-1]:
        return float(edges[0])
    peak = int(np.argmax(counts))
    tail_is_right = peak < len(counts) - 1 - peak  # the first and the last bin are never empty
    if tail_is_right:
        counts, centres, peak = counts[::-1], centres[::-1], len(counts) - 1 - peak
    height, width = float(counts[peak]), float(peak)
    length = np.sqrt(height**2 + width**2)
    below_line = height / length * np.arange(peak) - width / length * counts[:peak]
    return float(centres[np.argmax(below_line)])


def _median_of(image: np.ndarray, counts: np.ndarray, edges: np.ndarray) -> float:
    """Find the bins that hold the middle of the ordered intensities; order only what is in them."""
    ordinals = np.array([(image.size - 1) // 2, image.size // 2])
    below = np.cumsum(counts)
    first, last = np.searchsorted(below, ordinals, side="right")
    before = below[first - 1] if first else 0
    stop = edges[last + 1] if last < len(counts) - 1 else np.inf
    values = values_between(image, edges[first], stop, int(below[last] - before))
    return float(np.partition(values, ordinals - before)[ordinals - before].mean(dtype=np.float64))
