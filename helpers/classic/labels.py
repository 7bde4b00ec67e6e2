"""Tell objects apart: label them, find their seeds, split those that touch, flood shells from seeds."""

import numpy as np

from helpers import _checks
from helpers._kernels import watershed
from helpers._kernels.depths import squared_depths
from helpers._kernels.dilation import dilate
from helpers._kernels.label_sizes import keep_large
from helpers._kernels.peaks import peaks
from helpers._kernels.ranks import ranked, ranks
from helpers._kernels.runs import connected_runs, located, paint
from helpers.classic.masks import remove_small_by_plane


def components(mask: np.ndarray, connectivity: int = 26) -> np.ndarray:
    """Number the connected components of a mask, in the order in which a scan along x, y and z meets them.

    Parameters
    ----------
    mask : (Z, Y, X) ndarray of bool
        True is structure.
    connectivity : {26, 6}
        26 joins voxels that share a face, an edge or a corner; 6 a face only. In a stack of one plane these are 8 and 4.

    Returns
    -------
    labels : (Z, Y, X) ndarray of int32
        0 is background, objects count from 1.

    Raises
    ------
    TypeError
        If ``mask`` is not a mask.
    ValueError
        If ``mask`` is not (Z, Y, X), or ``connectivity`` neither 26 nor 6.

    References
    ----------
    .. [1] He, L., Chao, Y. & Suzuki, K. (2008) IEEE Trans. Image Process. 17(5):749-756. :DOI:`10.1109/TIP.2008.919369`

    Examples
    --------
    >>> import numpy as np
    >>> mask = np.eye(3, dtype=bool)[None]
    >>> components(mask).max(), components(mask, 6).max()
    (np.int32(1), np.int32(3))
    """
    mask = _checks.mask(mask)
    if connectivity not in (6, 26):
        raise ValueError(f"connectivity must be 26 (faces, edges and corners) or 6 (faces), got {connectivity!r}")
    labels = np.zeros(mask.shape, np.int32)
    if mask.size:
        runs = connected_runs(mask, corners=connectivity == 26)
        paint(labels, runs, np.arange(1, runs.sizes.size + 1, dtype=np.int32))
    return labels


def local_maxima(image: np.ndarray, mask: np.ndarray, min_distance: int = 2) -> np.ndarray:
    """Find one seed for each local maximum of the intensity within each 26-connected object of a mask.

    A voxel is a maximum if no voxel of its object within ``min_distance`` in z, y and x is brighter. **None is found within
    ``min_distance`` voxels of the border of the stack**, nor in an object of one intensity, unless it is thin. Each maximum grows by its
    six neighbours, also beyond the mask; maxima that then touch are one seed.

    Parameters
    ----------
    image : (Z, Y, X) ndarray of int or float
        Intensities, usually normalized and not smoothed; at least 2 ``min_distance`` + 1 voxels along each axis.
    mask : (Z, Y, X) ndarray of bool
        Objects to search.
    min_distance : int
        In voxels; peaks of equal height closer than this are one.

    Returns
    -------
    seeds : (Z, Y, X) ndarray of int32
        0 is unknown, seeds count from 1.

    Raises
    ------
    TypeError
        If ``image`` is not an array of numbers, ``mask`` not a mask, or ``min_distance`` not a whole number.
    ValueError
        If ``image`` is too small, not (Z, Y, X), or holds NaN or infinite values, the shapes differ, or ``min_distance`` is below 1.

    References
    ----------
    .. [1] van der Walt, S. et al. (2014) scikit-image (``peak_local_max``). PeerJ 2:e453. :DOI:`10.7717/peerj.453`
    """
    _checks.number(min_distance, "min_distance", low=1, integer=True)
    image = _checks.float32(_checks.image(image, "image", planes=2 * min_distance + 1, size=2 * min_distance + 1))
    mask = _checks.mask(mask)
    _checks.same_shape(image, mask, "image and mask")
    found = peaks(image, connected_runs(mask, corners=True), int(min_distance))
    return components(dilate(found, 1))


def split_touching(mask: np.ndarray, seeds: np.ndarray) -> np.ndarray:
    """Split objects between their seeds, where they are narrow.

    The mask is flooded from the seeds, from where it is deepest outwards: a watershed on minus the distance to the background. Objects
    without a seed vanish; between two seeds a line one voxel wide is left out. Floods stop at the line (as in scikit-image 0.20, with
    which the published masks were made; in 0.26 they go on beyond it), so a few voxels enclosed by lines stay background.

    Parameters
    ----------
    mask : (Z, Y, X) ndarray of bool
        Objects, some of which touch.
    seeds : (Z, Y, X) ndarray of int
        0 is unknown, one number per wanted object (see `local_maxima`); seeds beyond the mask are ignored.

    Returns
    -------
    labels : (Z, Y, X) ndarray of int32
        The numbers of the seeds; 0 is background, and the lines.

    Raises
    ------
    TypeError
        If ``mask`` is not a mask or ``seeds`` does not hold integers.
    ValueError
        If one is not (Z, Y, X), the shapes differ, or a seed is negative.

    References
    ----------
    .. [1] Beucher, S. & Lantuejoul, C. (1979) Use of watersheds in contour detection. Int. Workshop on Image Processing, Rennes.
    .. [2] Meyer, F. (1994) Topographic distance and watershed lines. Signal Process. 38(1):113-125. :DOI:`10.1016/0165-1684(94)90060-4`

    Examples
    --------
    >>> import numpy as np
    >>> mask = np.ones((1, 1, 7), dtype=bool)
    >>> split_touching(mask, np.array([[[0, 1, 0, 0, 0, 2, 0]]]))
    array([[[1, 1, 1, 0, 2, 2, 2]]], dtype=int32)
    """
    mask = _checks.mask(mask)
    seeds = _checks.labels(seeds, "seeds")
    _checks.same_shape(mask, seeds, "mask and seeds")
    if not mask.any():
        return np.zeros(mask.shape, np.int32)
    if mask.all():  # no background: equally deep everywhere
        return watershed.flood(np.zeros(mask.shape, np.int32).__getitem__, seeds, 1, line=True, beyond=False)
    inside = located(np.ascontiguousarray(mask))
    depths = squared_depths(mask.shape, inside)
    count = int(depths.max()) + 1
    return watershed.flood(depths.__getitem__, seeds, count, line=True, beyond=False, inside=inside, falling=True, out=depths)


def seeds_in_plane(
    plane_mask: np.ndarray, plane_index: int, shape: tuple[int, int, int], minimum_size: int, radius: float = 0
) -> np.ndarray:
    """Make one seed for each object of one plane, and one for the background from the whole first plane.

    Objects are 8-connected, after 4-connected parts of fewer than ``minimum_size`` pixels are dropped. The seed of an object is the
    voxel at its rounded centroid, which lies outside of a very bent object, and what the object has of a disc around it. In a noisy image one
    voxel may be brighter than all around it: the background floods the object before that voxel leaves the queue.

    Parameters
    ----------
    plane_mask : (Y, X) ndarray of bool
        Objects in that plane.
    plane_index : int
        Which plane it is, from 0.
    shape : (Z, Y, X)
        Shape of the stack.
    minimum_size : int
        Smallest part that stays, in pixels.
    radius : float
        Of the disc, in pixels; 0, as published, is the voxel alone.

    Returns
    -------
    seeds : (Z, Y, X) ndarray of int32
        1 in all of plane 0 (background), 2 and up around the centroids, 0 elsewhere.

    Raises
    ------
    TypeError
        If ``plane_mask`` is not a mask, or a number not a whole number.
    ValueError
        If ``plane_mask`` is not (Y, X) of the stack, ``plane_index`` is not in it, or ``minimum_size`` or ``radius`` is negative.

    References
    ----------
    .. [1] Chen, J. et al. (2018) bioRxiv 491035, workflow for lamin B1. :DOI:`10.1101/491035`
    """
    from scipy import ndimage

    plane_mask = _checks.mask(plane_mask, "plane_mask", ndim=2)
    if len(shape) != 3 or tuple(shape[1:]) != plane_mask.shape:
        raise ValueError(f"shape must be (Z, Y, X) with Y and X of plane_mask {plane_mask.shape}, got {tuple(shape)}")
    _checks.number(plane_index, "plane_index", low=0, high=shape[0] - 1, integer=True)
    _checks.number(radius, "radius", low=0)
    large = remove_small_by_plane(plane_mask[None], minimum_size)[0]
    labels, count = ndimage.label(large, np.ones((3, 3)))
    seeds = np.zeros(shape, np.int32)
    seeds[0] = 1
    centroids = np.round(np.reshape(ndimage.center_of_mass(large, labels, range(1, count + 1)), (count, 2))).astype(int)
    inside = np.argwhere(large)
    owner = labels[large]
    near = np.hypot(*(inside - centroids[owner - 1]).T) <= radius
    seeds[plane_index, *inside[near].T] = owner[near] + 1
    seeds[plane_index, *centroids.T] = np.arange(2, count + 2)
    return seeds


def flood(image: np.ndarray, seeds: np.ndarray, line: bool = True) -> np.ndarray:
    """Flood a stack from seeds, dark voxels first, until the floods meet on bright crests (seeded watershed).

    Intensities are compared as they are, never quantized. Of equally bright voxels the one that was reached first is flooded first; of
    equally bright seeds the first in a scan. From there on the result is that of ``skimage.segmentation.watershed`` (0.26).

    Parameters
    ----------
    image : (Z, Y, X) ndarray of int or float
        Intensities, bright where objects end, such as a stained membrane.
    seeds : (Z, Y, X) ndarray of int
        0 is unknown, one number per object or background.
    line : bool
        Leave a line (a surface) one voxel wide between floods.

    Returns
    -------
    labels : (Z, Y, X) ndarray of int32
        The numbers of the seeds; 0 is the line.

    Raises
    ------
    TypeError
        If ``image`` is not an array of numbers or ``seeds`` does not hold integers.
    ValueError
        If one is not (Z, Y, X), the shapes differ, ``image`` holds NaN or infinite values, a seed is negative, or there is none.

    References
    ----------
    .. [1] Meyer, F. (1994) Topographic distance and watershed lines. Signal Process. 38(1):113-125. :DOI:`10.1016/0165-1684(94)90060-4`

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[[0, 1, 2, 9, 3, 1, 0]]])
    >>> flood(image, np.array([[[1, 0, 0, 0, 0, 0, 2]]]))
    array([[[1, 1, 1, 0, 2, 2, 2]]], dtype=int32)
    """
    image = _intensities(image)
    seeds = _checks.labels(seeds, "seeds")
    _checks.same_shape(image, seeds, "image and seeds")
    if not seeds.any():
        raise ValueError("seeds has no seed (0 everywhere): give at least one for the background and one per object")
    levels, count = ranks(image)
    return watershed.flood(levels, seeds, count, line=bool(line))


def intensity_levels(image: np.ndarray) -> np.ndarray:
    """Number the intensities of an image in their order; a `flood` of these levels is that of the image, and begins sooner.

    Parameters
    ----------
    image : (Z, Y, X) ndarray of int or float
        Intensities.

    Returns
    -------
    levels : (Z, Y, X) ndarray of int32
        0 is the lowest intensity.

    Raises
    ------
    TypeError, ValueError
        If ``image`` is not (Z, Y, X) numbers, or holds NaN or infinite values.
    """
    return ranked(_intensities(image))


def _intensities(image: np.ndarray) -> np.ndarray:
    image = np.ascontiguousarray(_checks.image(image, "image"))
    return image.astype(np.float32) if image.dtype.kind == "f" and image.dtype.itemsize < 4 else image


def remove_small_labels(labels: np.ndarray, minimum_size: int) -> np.ndarray:
    """Remove labels of fewer than ``minimum_size`` voxels; a label of several parts counts as a whole.

    Parameters
    ----------
    labels : (Z, Y, X) ndarray of int
        0 is background.
    minimum_size : int
        Smallest label that stays, in voxels.

    Returns
    -------
    labels : (Z, Y, X) ndarray of int32
        A new label image; the numbers of the labels that stay do not change.

    Raises
    ------
    TypeError
        If ``labels`` does not hold integers, or ``minimum_size`` is not a whole number.
    ValueError
        If ``labels`` is not (Z, Y, X) or negative somewhere, or ``minimum_size`` is negative.

    Examples
    --------
    >>> import numpy as np
    >>> remove_small_labels(np.array([[[1, 1, 0, 2, 3, 3, 3]]]), 2)
    array([[[1, 1, 0, 0, 3, 3, 3]]], dtype=int32)
    """
    labels = _checks.labels(labels)
    _checks.number(minimum_size, "minimum_size", low=0, integer=True)
    return keep_large(labels, int(minimum_size))
