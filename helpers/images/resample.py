"""Another voxel size: intensities onto the grid for which parameters were made, masks and labels back onto the grid of the image.

Rows and columns are counted by area: a camera pixel holds the light of its whole square. Planes are points: a plane is as thin as the focus,
however far away the next one is. So the outer edges of the first pixels of both grids coincide, and the centres of their first planes.

Each axis is a matrix of weights. It is applied plane by plane: beside the result, only some planes of the input are in memory at any moment.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from helpers import _checks
from helpers.images.stack import checked_voxel_size

__all__ = ["labels_onto", "map_onto", "mask_onto", "resample", "resampled_shape"]

SAME = 1e-6  # relative difference of two voxel sizes that are one
TINY = 1e-4  # weights that change no voxel: the reach of a cubic spline ends at about seven voxels
PAD = 12  # mirrored voxels on either side, beyond that reach
BLOCK = 128  # rows of a result that are made at once


def resampled_shape(shape: tuple[int, int, int], voxel_size: Sequence[float], wanted: Sequence[float]) -> tuple[int, int, int]:
    """Return the shape that a stack has at another voxel size; a single plane stays single.

    No plane lies beyond the last one; rows and columns fill the field to the nearest pixel.

    Parameters
    ----------
    shape : tuple of int
        (Z, Y, X).
    voxel_size, wanted : sequence of float
        The voxel size as it is and as it shall be, (z, y, x) in um.

    Returns
    -------
    shape : tuple of int

    Raises
    ------
    TypeError, ValueError
        If a voxel size is not three positive numbers.

    Examples
    --------
    >>> resampled_shape((10, 50, 50), (0.58, 0.216, 0.216), (0.29, 0.108, 0.108))
    (19, 100, 100)
    """
    z, y, x = _ratios(voxel_size, wanted)
    planes, rows, columns = shape
    return int((planes - 1) / z + SAME) + 1, max(1, round(rows / y)), max(1, round(columns / x))


def resample(raw: np.ndarray, voxel_size: Sequence[float], wanted: Sequence[float]) -> np.ndarray:
    """Return the intensities at another voxel size.

    A cubic spline goes through the planes along z. In the plane it goes through the running sum of the pixels, so that each new pixel is the
    mean of the light that falls on it: totals are kept, and shrinking averages the noise instead of picking from it. What the splines
    overshoot is cut to the range of the input.

    Parameters
    ----------
    raw : (Z, Y, X) ndarray of int or float
        Camera counts.
    voxel_size, wanted : sequence of float
        The voxel size as it is and as it shall be, (z, y, x) in um.

    Returns
    -------
    resampled : (Z', Y', X') ndarray of float32
        Of the shape that `resampled_shape` says.

    Raises
    ------
    TypeError, ValueError
        If ``raw`` is not a finite numeric (Z, Y, X) image, or a voxel size not three positive numbers.

    References
    ----------
    .. [1] Unser, M., Aldroubi, A. and Eden, M. (1995) Enlargement or reduction of digital images with minimum loss of information. IEEE Trans.
       Image Process. 4(3):247-258. :DOI:`10.1109/83.366474`

    Examples
    --------
    >>> raw = np.array([[[2.0, 4.0], [6.0, 8.0]]])
    >>> resample(raw, (1, 1, 1), (1, 2, 2))
    array([[[5.]]], dtype=float32)
    """
    _checks.image(raw)
    z, y, x = _ratios(voxel_size, wanted)
    shape = resampled_shape(raw.shape, voxel_size, wanted)
    weights = (
        _through_points(len(raw), shape[0], z) if shape[0] > 1 else np.eye(1),
        _through_sums(raw.shape[1], shape[1], y),
        _through_sums(raw.shape[2], shape[2], x),
    )
    resampled = np.empty(shape, np.float32)
    low, high = float(raw.min()), float(raw.max())
    for index, plane in enumerate(_planes(raw, weights)):
        np.clip(plane, low, high, out=resampled[index])
    return resampled


def mask_onto(
    mask: np.ndarray, voxel_size: Sequence[float], wanted: Sequence[float], shape: tuple[int, int, int], *, level: float = 0.5
) -> np.ndarray:
    """Return a mask on the grid of another image of the same field, for example of the input that was resampled.

    A voxel is foreground where at least half of it is: of its square in the plane where pixels become larger, and as lines between the old
    voxels say where they become smaller, and along z.

    Parameters
    ----------
    mask : (Z, Y, X) ndarray of bool
        What was found.
    voxel_size, wanted : sequence of float
        The voxel size of the mask and of the other grid, (z, y, x) in um.
    shape : tuple of int
        Of the other grid; its first voxel lies on the first of the mask.
    level : float
        The part of a voxel that must be foreground.

    Returns
    -------
    mask : (Z', Y', X') ndarray of bool

    Raises
    ------
    TypeError, ValueError
        If ``mask`` is not a bool (Z, Y, X) array, or a voxel size not three positive numbers.

    Examples
    --------
    >>> fine = np.zeros((1, 4, 4), bool)
    >>> fine[0, :2, :3] = True
    >>> mask_onto(fine, (1, 1, 1), (1, 2, 2), (1, 2, 2)).astype(int)
    array([[[1, 1],
            [0, 0]]])
    """
    mask = _checks.mask(mask)
    found = np.empty(shape, bool)
    for index, plane in enumerate(_planes(mask, _weights_onto(mask.shape, shape, _ratios(voxel_size, wanted)))):
        np.greater_equal(plane, level - 1e-4, out=found[index])
    return found


def map_onto(probability: np.ndarray, voxel_size: Sequence[float], wanted: Sequence[float], shape: tuple[int, int, int]) -> np.ndarray:
    """Return a map on the grid of another image of the same field; `mask_onto` cuts what this gives for a mask at a half.

    Means where pixels become larger, straight lines where they become smaller: no value lies beyond those of the map.

    Parameters
    ----------
    probability : (Z, Y, X) ndarray of float
    voxel_size, wanted, shape
        As `mask_onto` takes them.

    Returns
    -------
    probability : (Z', Y', X') ndarray of float32

    Raises
    ------
    TypeError, ValueError
        If ``probability`` is not a finite (Z, Y, X) array of numbers, or a voxel size not three positive numbers.

    Examples
    --------
    >>> map_onto(np.array([[[0.2, 0.4, 0.8, 0.8]]]), (1, 1, 1), (1, 1, 2), (1, 1, 2)).round(2)
    array([[[0.3, 0.8]]], dtype=float32)
    """
    _checks.image(probability, "probability")
    weights = _weights_onto(probability.shape, shape, _ratios(voxel_size, wanted))
    return np.stack(list(_planes(probability, weights)))


def labels_onto(labels: np.ndarray, voxel_size: Sequence[float], wanted: Sequence[float], shape: tuple[int, int, int]) -> np.ndarray:
    """Return labels on the grid of another image of the same field; they are foreground where `mask_onto` says.

    Each foreground voxel takes the label at its centre, or the nearest. Objects smaller than a voxel of the other grid may vanish, and walls
    of background between objects close where they are thinner than its voxels: the objects keep their labels.

    Parameters
    ----------
    labels : (Z, Y, X) ndarray of int
        0 = background.
    voxel_size, wanted, shape
        As `mask_onto` takes them.

    Returns
    -------
    labels : (Z', Y', X') ndarray of int32

    Raises
    ------
    TypeError, ValueError
        If ``labels`` is not a (Z, Y, X) array of non-negative integers, or a voxel size not three positive numbers.

    Examples
    --------
    >>> labels_onto(np.array([[[3, 3, 0, 5, 5, 5]]]), (1, 1, 1), (1, 1, 2), (1, 1, 3))
    array([[[3, 5, 5]]], dtype=int32)
    """
    labels = _checks.labels(labels)
    ratios = np.array(_ratios(voxel_size, wanted))
    found = mask_onto(labels > 0, voxel_size, wanted, shape)
    centres = [np.arange(new) * ratio + shift for new, ratio, shift in zip(shape, ratios, (0, *(ratios[1:] / 2 - 0.5)))]
    nearest = np.ix_(*(np.clip(np.rint(places).astype(int), 0, old - 1) for places, old in zip(centres, labels.shape)))
    moved = np.where(found, labels[nearest], np.int32(0))
    missing = np.nonzero(found & (moved == 0))
    moved[missing] = _nearest_label(labels, np.stack([places[index] for places, index in zip(centres, missing)], axis=1), ratios)
    return moved


def _weights_onto(
    old: tuple[int, int, int], new: tuple[int, int, int], ratios: tuple[float, float, float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the weights of each axis with which a mask or a map is brought onto another grid."""
    return (
        _lines(old[0], new[0], np.arange(new[0]) * ratios[0]),
        _shares(old[1], new[1], ratios[1]),
        _shares(old[2], new[2], ratios[2]),
    )


def _nearest_label(labels: np.ndarray, places: np.ndarray, ratios: np.ndarray) -> np.ndarray:
    """Return the label nearest to each place (N, 3), within the new voxel around it and one old voxel more."""
    corner = np.floor(places).astype(int)
    reach = np.ceil(np.maximum(ratios, 1) / 2).astype(int)
    found, distance = np.zeros(len(places), np.int32), np.full(len(places), np.inf)
    for offset in np.ndindex(*(2 * reach + 2)):
        voxel = np.clip(corner + offset - reach, 0, np.array(labels.shape) - 1)
        label, away = labels[tuple(voxel.T)], ((voxel - places) ** 2).sum(axis=1)
        nearer = (label > 0) & (away < distance)
        found[nearer], distance[nearer] = label[nearer], away[nearer]
    return found


def _ratios(voxel_size: Sequence[float], wanted: Sequence[float]) -> tuple[float, float, float]:
    """Return how many old voxels a new one is long, (z, y, x); exactly 1 where the sizes agree."""
    old, new = checked_voxel_size(voxel_size), checked_voxel_size(wanted, "wanted")
    z, y, x = (1.0 if abs(b - a) <= SAME * a else b / a for a, b in zip(old, new))
    return z, y, x


def _through_sums(length: int, wanted: int, ratio: float) -> np.ndarray:
    """Return the weights (wanted, length) of means over new pixels, from a cubic spline through the running sum of the old ones."""
    if ratio == 1 and wanted == length:
        return np.eye(length)
    sums = np.vstack([np.zeros((1, length)), np.cumsum(_mirrored(length), axis=0)])
    return _tidy(np.diff(_spline(sums, np.arange(wanted + 1) * ratio), axis=0))


def _through_points(length: int, wanted: int, ratio: float) -> np.ndarray:
    """Return the weights (wanted, length) of values on a cubic spline through the old planes."""
    if ratio == 1 and wanted == length:
        return np.eye(length)
    return _tidy(_spline(_mirrored(length), np.arange(wanted) * ratio))


def _mirrored(length: int) -> np.ndarray:
    """Return which old voxel stands where when the field is mirrored at its borders, one row a place, from ``-PAD``."""
    return np.pad(np.eye(length), ((PAD, PAD), (0, 0)), mode="symmetric")


def _spline(values: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return the cubic spline through the rows of ``values``, the first of which stands at ``-PAD``, at other places."""
    from scipy import ndimage  # reading a file should not wait for it

    coefficients = ndimage.spline_filter1d(values, order=3, axis=0, output=np.float64)
    away = np.abs(places[:, None] - np.arange(-PAD, len(values) - PAD))
    hill = np.where(away < 1, 2 / 3 - away**2 + away**3 / 2, np.maximum(2 - away, 0) ** 3 / 6)
    return hill @ coefficients


def _lines(length: int, wanted: int, places: np.ndarray) -> np.ndarray:
    """Return the weights (wanted, length) of values on straight lines between the old voxels; the last value goes on beyond them."""
    places = np.clip(places, 0, length - 1)
    before = np.minimum(places.astype(int), max(0, length - 2))
    weights = np.zeros((wanted, length))
    weights[np.arange(wanted), before] = 1 - (places - before)
    weights[np.arange(wanted), np.minimum(before + 1, length - 1)] += places - before
    return weights


def _shares(length: int, wanted: int, ratio: float) -> np.ndarray:
    """Return the weights (wanted, length) of old pixels in new ones: their part of the larger, on lines between centres of the smaller."""
    if ratio <= 1:
        return _lines(length, wanted, (np.arange(wanted) + 0.5) * ratio - 0.5)
    start = np.minimum(np.arange(wanted) * ratio, length - ratio / 2)[:, None]
    pixel = np.arange(length)
    return _tidy(np.clip(np.minimum(start + ratio, pixel + 1) - np.maximum(start, pixel), 0, None))


def _tidy(weights: np.ndarray) -> np.ndarray:
    """Drop weights that change nothing; what remains sums to 1 in each row."""
    weights = weights / weights.sum(axis=1, keepdims=True)
    weights[np.abs(weights) < TINY] = 0
    return weights / weights.sum(axis=1, keepdims=True)


def _planes(array: np.ndarray, weights: tuple[np.ndarray, np.ndarray, np.ndarray]) -> Iterator[np.ndarray]:
    """Yield the planes of the result, float32, one after the other."""
    along_z, rows, columns = (_checks.float32(weight) for weight in weights)
    window: dict[int, np.ndarray] = {}
    for weight in along_z:
        used = np.flatnonzero(weight)
        window = {index: window[index] if index in window else array[index].astype(np.float32) for index in used}
        plane = window[used[0]] * weight[used[0]]
        for index in used[1:]:
            plane += weight[index] * window[index]
        yield _product(columns, _product(rows, plane).T).T


def _product(weights: np.ndarray, array: np.ndarray) -> np.ndarray:
    """Return ``weights @ array``, where few weights of a row are not 0: blocks of rows with the columns they need."""
    product = np.empty((len(weights), array.shape[1]), np.float32)
    for start in range(0, len(weights), BLOCK):
        rows = weights[start : start + BLOCK]
        (used,) = np.nonzero(rows.any(axis=0))
        needed = slice(used[0], used[-1] + 1)
        np.matmul(rows[:, needed], array[needed], out=product[start : start + BLOCK])
    return product
