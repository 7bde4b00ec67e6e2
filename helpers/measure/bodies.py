"""From a mask of what was found to the bodies it stands for: gaps closed, insides filled, threads cut, what touches parted."""

from collections.abc import Sequence

import numpy as np

from helpers import _checks, classic


def bodies(
    mask: np.ndarray,
    voxel_size: Sequence[float],
    *,
    gap: float = 0.0,
    largest_hole: float = 100.0,
    thinnest: float = 1.0,
    minimum_volume: float = 20.0,
    apart: float = 2.5,
    outer_layer: bool = False,
) -> np.ndarray:
    """Number the filled bodies that a mask encloses or fills.

    In this order: gaps are bridged; holes are filled in 3D and, up to a size, plane by plane, so that a shell with an open top is a body too;
    what is thinner than ``thinnest`` is taken off; bodies that touch are parted where the narrow place between two thick parts is; small
    ones are left out.

    Parameters
    ----------
    mask : (Z, Y, X) ndarray of bool
    voxel_size : sequence of float
        (z, y, x) in um.
    gap : float
        Gaps up to twice this wide are closed, in um; 0 closes none.
    largest_hole : float
        Holes in a plane up to this area are filled, in um^2.
    thinnest : float
        Sheets and threads thinner than this are no bodies, in um.
    minimum_volume : float
        Smaller bodies are left out, in um^3.
    apart : float
        Middles of two bodies that touch are at least this far apart, in um; nearer ones are one body. 0 parts nothing.
    outer_layer : bool
        The mask is a shell with one voxel outside of the body, as `helpers.classic.shell` draws it: take that voxel off.

    Returns
    -------
    labels : (Z, Y, X) ndarray of int32
        0 is background; numbered from 1 without gaps.

    Raises
    ------
    TypeError, ValueError
        If ``mask`` is not a mask (Z, Y, X), or a number makes no sense.

    References
    ----------
    .. [1] Soille, P. (2003) Morphological Image Analysis. Springer. :DOI:`10.1007/978-3-662-05088-0`

    Examples
    --------
    >>> ball = np.linalg.norm(np.indices((21, 21, 21)) - 10, axis=0) < 8
    >>> found = bodies(classic.shell(ball), (0.5, 0.5, 0.5), outer_layer=True)
    >>> bool(np.array_equal(found > 0, ball))
    True
    """
    from scipy import ndimage

    mask = _checks.mask(mask)
    _checks.image(mask.view(np.uint8), "mask")
    for value, name in (
        (gap, "gap"),
        (largest_hole, "largest_hole"),
        (thinnest, "thinnest"),
        (minimum_volume, "minimum_volume"),
        (apart, "apart"),
    ):
        _checks.number(value, name, low=0)
    size = np.array([_checks.number(length, "voxel_size", above=0) for length in voxel_size], float)
    inside = _filled(_closed(mask, gap, size), largest_hole, size)
    if outer_layer:
        inside = ndimage.binary_erosion(inside, border_value=1)
    inside = _opened(inside, thinnest, size)
    labels = _parted(inside, apart, size)
    labels = classic.remove_small_labels(labels, int(np.ceil(minimum_volume / size.prod()))) if labels.any() else labels
    kept = np.unique(labels)
    return np.searchsorted(kept[kept > 0], labels, side="left").astype(np.int32) + (labels > 0).astype(np.int32)


def _closed(mask: np.ndarray, gap: float, size: np.ndarray) -> np.ndarray:
    """Close gaps by a ball; beyond the border lies nothing."""
    if gap == 0 or not mask.any():
        return mask
    wide = [int(np.ceil(gap / length)) + 1 for length in size]
    grown = np.pad(_distance(~mask, size) <= gap, [(n, n) for n in wide], mode="edge")
    return mask | (_distance(grown, size) > gap)[tuple(slice(n, -n) for n in wide)]


def _filled(mask: np.ndarray, largest_hole: float, size: np.ndarray) -> np.ndarray:
    filled = classic.fill_holes(mask)
    most = int(largest_hole / size[1:].prod())
    if most < 1:
        return filled
    from scipy import ndimage

    for plane in filled:
        # Background at the border of the image is no hole: a body cut by the border must not lend its dent to the outside.
        holes, count = ndimage.label(~plane)
        area = np.bincount(holes.ravel(), minlength=count + 1)
        border = np.unique(np.concatenate([holes[0], holes[-1], holes[:, 0], holes[:, -1]]))
        small = area <= most
        small[[0, *border]] = False
        plane[small[holes]] = True
    return filled


def _opened(mask: np.ndarray, thinnest: float, size: np.ndarray) -> np.ndarray:
    """Take off what no ball of that diameter fits into."""
    if thinnest == 0 or not mask.any():
        return mask
    deep = _distance(np.pad(mask, 1, mode="edge"), size)[1:-1, 1:-1, 1:-1] > thinnest / 2
    return mask & (_distance(~deep, size) <= thinnest / 2 + size.max() / 2) if deep.any() else np.zeros_like(mask)


def _parted(mask: np.ndarray, apart: float, size: np.ndarray) -> np.ndarray:
    """Number the objects; where one has several thick parts, part it at the narrow place between them."""
    from scipy import ndimage
    from skimage.segmentation import watershed

    labels = classic.components(mask)
    if apart == 0 or not mask.any():
        return labels
    depth = _distance(mask, size)
    depth = ndimage.gaussian_filter(depth, apart / 4 / size)
    reach = [2 * max(1, round(apart / length)) + 1 for length in size]
    peaks = mask & (depth == ndimage.maximum_filter(depth, reach))
    seeds, _ = ndimage.label(peaks, np.ones((3, 3, 3)))
    return watershed(-depth, seeds, mask=mask, connectivity=np.ones((3, 3, 3))).astype(np.int32)


def _distance(mask: np.ndarray, size: np.ndarray) -> np.ndarray:
    from scipy import ndimage

    return ndimage.distance_transform_edt(mask, sampling=size).astype(np.float32)
