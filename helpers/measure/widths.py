"""How wide what was found is: tubules along their middle line, round bodies at their middle, and where on the flank of the signal the outline lies.

The width is twice the distance from the middle to the nearest voxel of background, in um. In the plane voxels are small, along z they are large, and the
blur makes what lies in the plane higher than it is wide: the nearest background is then to the side, and the width is that in the plane.
"""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from helpers import _checks
from helpers.classic import components
from helpers.images.stack import checked_voxel_size
from helpers.metrics.masks import centre_line

NEAR, FAR = 0.35, 1.0  # um from the structure: background is what lies between
STRETCH = 1.0  # um of a tubule over which its width is averaged: distances between voxels are few numbers
FLAT = 1e4  # planes so far apart that no distance reaches the next
SLIGHT = 0.7  # pixels: Gaussian that calms noise before intensities are compared


class Width(NamedTuple):
    """How wide a structure is, in um: the median over many places, and the quartiles; NaN where there was no place to measure.

    Attributes
    ----------
    median, lower, upper : float
        Half of the places lie between ``lower`` and ``upper``.
    places : int
        Voxels of the middle line, or bodies, that were measured.
    """

    median: float
    lower: float
    upper: float
    places: int


def tubule_width(mask: np.ndarray, voxel_size: tuple[float, float, float]) -> Width:
    """Measure the width of tubules on their middle lines, away from branch points and ends.

    The middle line is the skeleton by thinning. At each of its voxels the width is twice the distance to the nearest background, of this voxel or of the
    one beside it that is deepest: the skeleton of a tubule that is an even number of voxels wide lies half a voxel beside its middle. It is averaged over
    1 um of the line, as distances between voxels are few numbers. Places nearer to a branch point, to an end or to the border of the image than
    half the width are left out.

    Pixels are divided into quarters for this. On tubules of known width, straight, oblique and curved, the median is right to within a voxel
    (`tests/measure/test_widths.py`).

    Parameters
    ----------
    mask : (Z, Y, X) ndarray of bool
        The tubules. One plane is measured as a plane.
    voxel_size : tuple of float
        (z, y, x) in um.

    Returns
    -------
    width : Width

    Raises
    ------
    TypeError, ValueError
        If ``mask`` is not a (Z, Y, X) mask, or ``voxel_size`` not three positive numbers.

    References
    ----------
    .. [1] Lee, T.-C., Kashyap, R. L. & Chu, C.-N. (1994) Building skeleton models via 3-D medial surface/axis thinning algorithms. CVGIP: Graphical
       Models and Image Processing 56(6):462-478. :DOI:`10.1006/cgip.1994.1042`

    Examples
    --------
    >>> mask = np.zeros((1, 20, 60), bool)
    >>> mask[0, 8:12] = True
    >>> round(tubule_width(mask, (0.3, 0.1, 0.1)).median, 3)
    0.4
    """
    from scipy.spatial import cKDTree

    mask, size = _checks.mask(mask), np.array(checked_voxel_size(voxel_size))
    line = centre_line(mask)
    places = np.argwhere(line)
    if not len(places):
        return _summary(np.empty(0))
    deepest = _deepest(mask, size)[tuple(places.T)]
    radius = float(np.median(deepest))
    nodes = _nodes(line)
    kept = np.ones(len(places), bool)
    if len(nodes):
        kept &= cKDTree(nodes * size).query(places * size)[0] > radius
    axes = [axis for axis in range(3) if mask.shape[axis] > 1]
    to_border = np.minimum(places + 1, np.array(mask.shape) - places)[:, axes] * size[axes]
    kept &= to_border.min(axis=1) > deepest
    return _summary(2 * _along(places[kept] * size, deepest[kept]))


def body_width(mask: np.ndarray, voxel_size: tuple[float, float, float]) -> Width:
    """Measure the width of round bodies in the plane: twice the largest distance to the background there, one number for each body.

    Along z a small body is one to three voxels high: a distance in 3D would say how high the voxels are.

    Parameters
    ----------
    mask : (Z, Y, X) ndarray of bool
        The bodies; those that touch the border of the image in the plane are left out.
    voxel_size : tuple of float
        (z, y, x) in um.

    Returns
    -------
    width : Width

    Raises
    ------
    TypeError, ValueError
        As `tubule_width`.

    Examples
    --------
    >>> z, y, x = np.ogrid[-6:7, -6:7, -6:7]
    >>> round(body_width(z**2 + y**2 + x**2 < 4.2**2, (0.1, 0.1, 0.1)).median, 2)
    0.85
    """
    mask, size = _checks.mask(mask), np.array(checked_voxel_size(voxel_size))
    labels = components(mask)
    cut = np.unique(np.concatenate([labels[:, [0, -1]].ravel(), labels[:, :, [0, -1]].ravel()]))
    numbers = np.setdiff1d(np.arange(1, int(labels.max()) + 1), cut)
    if not len(numbers):
        return _summary(np.empty(0))
    return _summary(2 * np.asarray(ndimage.maximum(_depth(mask, size * (FLAT, 1, 1)), labels, numbers)))


def outline_level(raw: np.ndarray, mask: np.ndarray, voxel_size: tuple[float, float, float]) -> float:
    """Say how high on the flank of the signal the outline lies: 0 at the background around, 1 at the crest of the structure.

    Along the outline within each plane, the intensity between the last pixel inside and the first outside is compared with that of the nearest
    crest and of the background 0.35 to 1 um away; the median over the outline is returned. Half is where the outline of a large, evenly filled body is
    blurred to.

    Parameters
    ----------
    raw : (Z, Y, X) ndarray of int or float
        Camera counts.
    mask : (Z, Y, X) ndarray of bool
        What was found in it.
    voxel_size : tuple of float
        (z, y, x) in um.

    Returns
    -------
    level : float
        NaN if nothing was found, or no background is left around it.

    Raises
    ------
    TypeError, ValueError
        If the arrays are not an image and a mask of one shape, or ``voxel_size`` not three positive numbers.

    Examples
    --------
    >>> x = np.arange(60.0)
    >>> raw = np.tile(100 * np.exp(-((x - 30) ** 2) / 50), (1, 40, 1))
    >>> round(outline_level(raw, raw > 50, (1, 0.1, 0.1)), 1)
    0.5
    """
    from scipy.spatial import cKDTree

    raw, mask = _checks.image(raw), _checks.mask(mask)
    _checks.same_shape(raw, mask, "raw and mask")
    size = np.array(checked_voxel_size(voxel_size))
    if not mask.any() or mask.all():
        return float("nan")
    smooth = ndimage.gaussian_filter(_checks.float32(raw), (0, SLIGHT, SLIGHT))
    background = _background(smooth, mask, size)
    deep = _depth(mask, size)
    crest = np.argwhere(mask & (deep >= ndimage.maximum_filter(deep, (1, 3, 3))))
    nearest = cKDTree(crest * size)
    levels = []
    for step in np.array([(0, 0, 1), (0, 0, -1), (0, 1, 0), (0, -1, 0)]):
        inner = np.argwhere(mask)
        inner = inner[np.all((inner + step >= 0) & (inner + step < mask.shape), axis=1)]
        inner = inner[~mask[tuple((inner + step).T)]]
        between = (smooth[tuple(inner.T)] + smooth[tuple((inner + step).T)]) / 2
        top, low = smooth[tuple(crest[nearest.query(inner * size)[1]].T)], background[tuple(inner.T)]
        levels.append((between - low)[top > low] / (top - low)[top > low])
    levels = np.concatenate(levels)
    return float(np.median(levels)) if levels.size else float("nan")


def _background(smooth: np.ndarray, mask: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Return the mean intensity of what lies near the structure but not in its glow, around each voxel; NaN where there is none."""
    outside = _depth(~mask, size)
    near = ((outside > NEAR) & (outside < FAR)).astype(np.float32)
    box = [2 * round(FAR / length) + 1 for length in size]
    amount, total = ndimage.uniform_filter(near, box), ndimage.uniform_filter(smooth * near, box)
    return np.where(amount > 1e-4, total / np.maximum(amount, 1e-4), np.nan)


def _deepest(mask: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Return the largest distance to the background at each voxel or the ones beside it, measured in quarters of pixels.

    From centre to centre of whole pixels, three pixels in a row would be as wide as four. Along z, voxels are left as high as they are.
    """
    deep = _depth(mask.repeat(2, axis=1).repeat(2, axis=2), size * (1, 0.5, 0.5))
    pixels = np.maximum(deep[:, ::2], deep[:, 1::2])
    return ndimage.maximum_filter(np.maximum(pixels[:, :, ::2], pixels[:, :, 1::2]), 3)


def _depth(mask: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Return the distance of each voxel of a mask to the nearest background, centre to centre; nothing lies outside of the image."""
    import edt

    if len(mask) == 1:
        return edt.edt(mask[0], anisotropy=tuple(size[1:]), black_border=False)[None]
    return edt.edt(mask, anisotropy=tuple(size), black_border=False)


def _along(points: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return, at each point, the mean of the values at the points within half of `STRETCH`."""
    from scipy.spatial import cKDTree

    one, other = cKDTree(points).query_pairs(STRETCH / 2, output_type="ndarray").T if len(points) else np.empty((2, 0), int)
    total = values + np.bincount(one, values[other], len(values)) + np.bincount(other, values[one], len(values))
    return total / (1 + np.bincount(one, minlength=len(values)) + np.bincount(other, minlength=len(values)))


def _nodes(line: np.ndarray) -> np.ndarray:
    """Return the (N, 3) voxels of a skeleton where it branches or ends.

    Its neighbours are counted in connected groups: a bend has two, even where they are three voxels.
    """
    padded = np.pad(line, 1)
    neighbours = ndimage.convolve(padded.astype(np.uint8), np.ones((3, 3, 3), np.uint8))
    candidates = np.argwhere(padded & (neighbours != 3))  # itself, and one on each side
    corners = np.ones((3, 3, 3), bool)
    nodes = []
    for z, y, x in candidates:
        around = padded[z - 1 : z + 2, y - 1 : y + 2, x - 1 : x + 2].copy()
        around[1, 1, 1] = False
        if ndimage.label(around, corners)[1] != 2:
            nodes.append((z - 1, y - 1, x - 1))
    return np.array(nodes, int).reshape(-1, 3)


def _summary(widths: np.ndarray) -> Width:
    if not len(widths):
        return Width(float("nan"), float("nan"), float("nan"), 0)
    lower, median, upper = np.percentile(widths, (25, 50, 75))
    return Width(float(median), float(lower), float(upper), len(widths))
