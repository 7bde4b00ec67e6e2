"""Clean masks: by size, by holes, by thickness, by plane; and draw their border.

Sizes are numbers of voxels (3D) or pixels (one plane). Objects share faces: 6-connected in 3D, 4-connected in a plane.
"""

import numpy as np

from helpers import _checks
from helpers._kernels.runs import connected_runs, paint
from helpers._kernels.thinning import thin as _thin


def remove_small(mask: np.ndarray, minimum_size: int, maximum_size: int | None = None) -> np.ndarray:
    """Remove objects of fewer than ``minimum_size`` voxels, and of more than ``maximum_size`` if that is given.

    Objects of exactly the minimum or maximum size stay (scikit-image 0.26 removes objects of exactly ``min_size``).

    Parameters
    ----------
    mask : (Z, Y, X) ndarray of bool
        True is structure.
    minimum_size : int
        Smallest object that stays, in voxels.
    maximum_size : int, optional
        Largest object that stays, in voxels.

    Returns
    -------
    mask : (Z, Y, X) ndarray of bool
        A new mask.

    Raises
    ------
    TypeError
        If ``mask`` is not a mask, or a size is not a whole number.
    ValueError
        If ``mask`` is not (Z, Y, X), a size is negative, or the maximum is below the minimum.

    References
    ----------
    .. [1] He, L., Chao, Y. & Suzuki, K. (2008) IEEE Trans. Image Process. 17(5):749-756. :DOI:`10.1109/TIP.2008.919369`

    Examples
    --------
    >>> import numpy as np
    >>> mask = np.array([[[1, 1, 0, 1, 0, 1, 1, 1]]], dtype=bool)
    >>> remove_small(mask, 2).astype(int)
    array([[[1, 1, 0, 0, 0, 1, 1, 1]]])
    >>> remove_small(mask, 2, 2).astype(int)
    array([[[1, 1, 0, 0, 0, 0, 0, 0]]])
    """
    return _filter_sizes(mask, minimum_size, maximum_size, by_plane=False)


def remove_small_by_plane(mask: np.ndarray, minimum_size: int, maximum_size: int | None = None) -> np.ndarray:
    """Remove, in each plane on its own, objects of fewer than ``minimum_size`` pixels, and of more than ``maximum_size`` if given.

    An object is what is 4-connected within one plane, whatever lies above and below it.

    Parameters
    ----------
    mask : (Z, Y, X) ndarray of bool
        True is structure.
    minimum_size : int
        Smallest object that stays, in pixels.
    maximum_size : int, optional
        Largest object that stays, in pixels.

    Returns
    -------
    mask : (Z, Y, X) ndarray of bool
        A new mask.

    Raises
    ------
    TypeError
        If ``mask`` is not a mask, or a size is not a whole number.
    ValueError
        If ``mask`` is not (Z, Y, X), a size is negative, or the maximum is below the minimum.

    References
    ----------
    .. [1] He, L., Chao, Y. & Suzuki, K. (2008) IEEE Trans. Image Process. 17(5):749-756. :DOI:`10.1109/TIP.2008.919369`
    """
    return _filter_sizes(mask, minimum_size, maximum_size, by_plane=True)


def fill_holes(mask: np.ndarray) -> np.ndarray:
    """Fill every hole of a 3D mask: background that no path over faces joins to the border of the stack.

    A dent that is open at the first or the last plane is not a hole; a stack of one or two planes has none.

    Parameters
    ----------
    mask : (Z, Y, X) ndarray of bool
        True is structure.

    Returns
    -------
    mask : (Z, Y, X) ndarray of bool
        A new mask.

    Raises
    ------
    TypeError
        If ``mask`` is not a mask.
    ValueError
        If ``mask`` is not (Z, Y, X).

    References
    ----------
    .. [1] Soille, P. (2004) Morphological Image Analysis, 2nd ed., section 6.3.7. Springer. :DOI:`10.1007/978-3-662-05088-0`
    """
    mask = _checks.mask(mask)
    if mask.size == 0:
        return mask.copy()
    planes, height, width = mask.shape
    background = connected_runs(mask, of=False)
    row = np.repeat(np.arange(planes * height), np.diff(background.first))
    z, y = np.divmod(row, height)
    at_border = (z == 0) | (z == planes - 1) | (y == 0) | (y == height - 1) | (background.start == 0) | (background.stop == width)
    open_ = np.zeros(background.sizes.size, bool)
    open_[background.component[at_border]] = True
    return _painted(mask, background, np.where(open_, -1, 1))


def fill_holes_by_plane(mask: np.ndarray, minimum: int, maximum: int) -> np.ndarray:
    """Fill, in each plane on its own, holes of ``minimum`` to ``maximum`` pixels, for instance the lumen of ring-like lysosomes.

    A hole is any 4-connected part of the background of a plane. **Background that touches the border of the image counts too**: a corner
    cut off by a structure, or a small background that surrounds everything, is filled when its size is within the limits. So an image
    whose whole plane is no larger than ``maximum`` is refused: an empty plane would be filled.

    Parameters
    ----------
    mask : (Z, Y, X) ndarray of bool
        True is structure.
    minimum, maximum : int
        Smallest and largest hole that is filled, in pixels; both are filled.

    Returns
    -------
    mask : (Z, Y, X) ndarray of bool
        A new mask.

    Raises
    ------
    TypeError
        If ``mask`` is not a mask, or a limit is not a whole number.
    ValueError
        If ``mask`` is not (Z, Y, X), a limit is negative, the maximum is below the minimum, or a plane has no more than ``maximum`` pixels.

    References
    ----------
    .. [1] Chen, J. et al. (2018) bioRxiv 491035, hole filling. :DOI:`10.1101/491035`

    Examples
    --------
    >>> import numpy as np
    >>> rings = np.array([[[1, 1, 1, 0, 1], [1, 0, 1, 0, 1], [1, 1, 1, 0, 1]]], dtype=bool)
    >>> fill_holes_by_plane(rings, 0, 1).astype(int)
    array([[[1, 1, 1, 0, 1],
            [1, 1, 1, 0, 1],
            [1, 1, 1, 0, 1]]])
    """
    mask = _checks.mask(mask)
    _limits(minimum, maximum, ("minimum", "maximum"))
    _, height, width = mask.shape
    if 0 < height * width <= maximum:
        raise ValueError(
            f"mask is {height} x {width} = {height * width} pixels, holes of up to {maximum} are to be filled, and an empty plane "
            "would be one: give a larger crop, or a smaller maximum"
        )
    return _fill_holes_by_plane(mask, minimum, maximum)


def fill_holes_in_plane(plane_mask: np.ndarray, minimum: int, maximum: int) -> np.ndarray:
    """Fill holes of ``minimum`` to ``maximum`` pixels in one plane, as `fill_holes_by_plane` does in each.

    A plane of any size is taken, also one that is no larger than ``maximum``.

    Parameters
    ----------
    plane_mask : (Y, X) ndarray of bool
        True is structure.
    minimum, maximum : int
        Smallest and largest hole that is filled, in pixels; both are filled.

    Returns
    -------
    plane_mask : (Y, X) ndarray of bool
        A new mask.

    Raises
    ------
    TypeError
        If ``plane_mask`` is not a mask, or a limit is not a whole number.
    ValueError
        If ``plane_mask`` is not (Y, X), a limit is negative, or the maximum is below the minimum.

    References
    ----------
    .. [1] Chen, J. et al. (2018) bioRxiv 491035, hole filling. :DOI:`10.1101/491035`
    """
    return _fill_holes_by_plane(_checks.mask(plane_mask, "plane_mask", ndim=2)[None], minimum, maximum)[0]


def thin(mask: np.ndarray, minimum_thickness: float, depth: int = 1) -> np.ndarray:
    """Thin what is thick, and cut nothing: take off a surface layer where it is far from the medial axis of its plane.

    The layer is ``depth`` voxels deep in 3D; the border of the stack is no surface. Of it, the voxels farther than ``minimum_thickness``
    from the medial axis of their plane go. What is at most twice as wide as ``minimum_thickness`` keeps its width. The published program
    breaks ties in the medial axis at random; here they are broken in the order of a scan.

    Parameters
    ----------
    mask : (Z, Y, X) ndarray of bool
        True is structure.
    minimum_thickness : float
        Half of the width that is never thinned, in pixels.
    depth : int
        Thickness of the layer, in voxels.

    Returns
    -------
    mask : (Z, Y, X) ndarray of bool
        A new mask, part of the given one.

    Raises
    ------
    TypeError
        If ``mask`` is not a mask, ``minimum_thickness`` not a number, or ``depth`` not a whole number.
    ValueError
        If ``mask`` is not (Z, Y, X), ``minimum_thickness`` is negative, or ``depth`` below 1.

    References
    ----------
    .. [1] Chen, J. et al. (2018) bioRxiv 491035, topology-preserving thinning. :DOI:`10.1101/491035`
    """
    mask = _checks.mask(mask)
    _checks.number(minimum_thickness, "minimum_thickness", low=0, high=1000)
    _checks.number(depth, "depth", low=1, integer=True)
    return _thin(mask, float(minimum_thickness), int(depth))


def shell(mask: np.ndarray) -> np.ndarray:
    """Mark the voxels on either side of the border of a mask: those with one of their six neighbours on the other side.

    The border of the stack is no border of the mask. The shell of a body is two voxels thick.

    Parameters
    ----------
    mask : (Z, Y, X) ndarray of bool
        True is structure, for instance the nuclei that a flood covers.

    Returns
    -------
    shell : (Z, Y, X) ndarray of bool
        A new mask.

    Raises
    ------
    TypeError
        If ``mask`` is not a mask.
    ValueError
        If ``mask`` is not (Z, Y, X).

    References
    ----------
    .. [1] Soille, P. (2004) Morphological Image Analysis, 2nd ed., section 3.8 (gradients). Springer. :DOI:`10.1007/978-3-662-05088-0`

    Examples
    --------
    >>> import numpy as np
    >>> shell(np.array([[[0, 0, 1, 1, 1]]], dtype=bool)).astype(int)
    array([[[0, 1, 1, 0, 0]]])
    """
    mask = _checks.mask(mask)
    result = np.zeros_like(mask)
    for axis in range(3):
        ahead, behind = [slice(None)] * 3, [slice(None)] * 3
        ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
        differs = mask[tuple(ahead)] != mask[tuple(behind)]
        result[tuple(ahead)] |= differs
        result[tuple(behind)] |= differs
    return result


def _fill_holes_by_plane(mask: np.ndarray, minimum: int, maximum: int) -> np.ndarray:
    _limits(minimum, maximum, ("minimum", "maximum"))
    if mask.size == 0:
        return mask.copy()
    background = connected_runs(mask, of=False, by_plane=True)
    return _painted(mask, background, np.where((background.sizes >= minimum) & (background.sizes <= maximum), 1, -1))


def _filter_sizes(mask: np.ndarray, minimum_size: int, maximum_size: int | None, *, by_plane: bool) -> np.ndarray:
    mask = _checks.mask(mask)
    _limits(minimum_size, maximum_size, ("minimum_size", "maximum_size"))
    if mask.size == 0:
        return mask.copy()
    objects = connected_runs(mask, by_plane=by_plane)
    stays = objects.sizes >= minimum_size
    if maximum_size is not None:
        stays &= objects.sizes <= maximum_size
    return _painted(mask, objects, np.where(stays, -1, 0))


def _painted(mask, runs, values) -> np.ndarray:
    """Copy a mask and set each component of its runs to 0 or 1, or leave it (-1)."""
    result = mask.copy()
    paint(result.view(np.uint8), runs, values.astype(np.int32))
    return result


def _limits(minimum: int, maximum: int | None, names: tuple[str, str]) -> None:
    _checks.number(minimum, names[0], low=0, integer=True)
    if maximum is not None:
        _checks.number(maximum, names[1], low=0, integer=True)
        if maximum < minimum:
            raise ValueError(f"{names[1]} must be at least {names[0]}, got {maximum} and {minimum}: swap or change them")
