"""A fluorescence microscope as a model: from where the fluorophores are to camera counts.

In this order: cells differ in brightness, the optics blur (more along z than in the plane) and add light from out of focus, the dye
bleaches while the stack is taken plane by plane, photons arrive at random, and the camera adds its offset and its read noise.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np
from scipy import ndimage

from helpers import _checks, images

_CAMERA: ContextVar[tuple[float, float, float] | None] = ContextVar("camera", default=None)


@contextmanager
def camera(voxel_size: Sequence[float]) -> Iterator[None]:
    """Let `image` record voxels of another size than those in which the field was drawn, with noise of their own.

    A pixel of another size is exposed until it holds as many photons as before.

    Parameters
    ----------
    voxel_size : sequence of float
        (z, y, x) in um.
    """
    before = _CAMERA.set(tuple(voxel_size))
    try:
        yield
    finally:
        _CAMERA.reset(before)


def place(points: np.ndarray, amounts: np.ndarray, shape: tuple[int, int, int], voxel_size: tuple[float, float, float]) -> np.ndarray:
    """Share point-like fluorophores among the voxels around them.

    Each point is split linearly between its eight nearest voxels, so that its position keeps its fraction of a voxel.

    Parameters
    ----------
    points : (N, 3) ndarray of float
        Positions, (z, y, x) in um; those outside the field are left out.
    amounts : (N,) ndarray of float
        Fluorescence of each point.
    shape : tuple of int
        Voxels of the field, (Z, Y, X).
    voxel_size : tuple of float
        Voxel size, (z, y, x) in um.

    Returns
    -------
    fluorescence : (Z, Y, X) ndarray of float32
        Sum of the amounts in each voxel.

    Examples
    --------
    >>> place(np.array([[0.0, 0.25, 1.0]]), np.array([8.0]), (1, 2, 2), (1.0, 1.0, 1.0))
    array([[[0., 6.],
            [0., 2.]]], dtype=float32)
    """
    position = points / np.asarray(voxel_size)
    corner = np.floor(position).astype(np.int64)
    fraction = position - corner
    total = np.zeros(int(np.prod(shape)), np.float32)
    for offset in np.ndindex(2, 2, 2):
        voxel = corner + offset
        share = amounts * np.where(offset, fraction, 1 - fraction).prod(axis=1)
        inside = np.all((voxel >= 0) & (voxel < shape), axis=1) & (share > 0)
        np.add.at(total, np.ravel_multi_index(tuple(voxel[inside].T), shape), share[inside].astype(np.float32))
    return total.reshape(shape)


def image(
    fluorescence: np.ndarray,
    voxel_size: tuple[float, float, float],
    rng: np.random.Generator,
    *,
    haze: np.ndarray | None = None,
    blur: tuple[float, float, float] = (0.23, 0.1, 0.1),
    stray: float = 0.25,
    bleaching: float = 0.3,
    photons: float = 400.0,
    percentile: float = 99.9,
    background: float = 8.0,
    gain: float = 2.2,
    offset: float = 100.0,
    read_noise: float = 3.0,
) -> np.ndarray:
    """Take a picture of a distribution of fluorophores.

    Parameters
    ----------
    fluorescence : (Z, Y, X) ndarray of float
        How much fluorophore is in each voxel, in any unit: the result is scaled to ``photons``.
    voxel_size : tuple of float
        Voxel size, (z, y, x) in um.
    rng : numpy.random.Generator
        Where chance comes from.
    haze : (Z, Y, X) ndarray of float, optional
        Dye that is dissolved in the cells, as a fraction of ``photons``.
    blur : tuple of float
        Standard deviation of the Gaussian that stands for the point spread function, (z, y, x) in um.
    stray : float
        Fraction of the light that arrives from out of focus, spread over about 1.5 um.
    bleaching : float
        Fraction of the fluorescence lost between the first and the last plane.
    photons : float
        Photons per voxel at a ``percentile`` of the blurred fluorescence, before bleaching and without haze.
    percentile : float
        Higher where the structure fills less than a thousandth of the stack.
    background : float
        Photons per voxel where there is nothing.
    gain : float
        Camera counts per photon.
    offset, read_noise : float
        Mean and standard deviation of the counts of a pixel in the dark.

    Returns
    -------
    raw : (Z, Y, X) ndarray of uint16
        Camera counts.

    Raises
    ------
    TypeError
        If ``fluorescence`` is not an array of numbers.
    ValueError
        If it is not (Z, Y, X), is empty, holds NaN or infinite values, or if ``stray`` or ``bleaching`` is not within 0 and 1.

    References
    ----------
    .. [1] Zhang, B., Zerubia, J. and Olivo-Marin, J.-C. (2007) Gaussian approximations of fluorescence microscope point-spread function
       models. Applied Optics 46(10):1819-1829. :DOI:`10.1364/AO.46.001819`
    """
    _checks.image(fluorescence, "fluorescence")
    _checks.number(stray, "stray", low=0, high=1)
    _checks.number(bleaching, "bleaching", low=0, high=1)
    light = ndimage.gaussian_filter(_checks.float32(fluorescence), np.divide(blur, voxel_size), mode="nearest", truncate=3)
    light += np.float32(stray / max(1e-6, 1 - stray)) * _spread(light, np.divide((1.5, 1.5, 1.5), voxel_size))
    level = np.percentile(light[:, ::2, ::2], percentile)
    light *= np.float32(photons / level if level > 0 else 0)
    light += np.float32(background)
    if haze is not None:
        light += np.float32(photons) * _spread(_checks.float32(haze), np.divide(blur, voxel_size))
    fading = (1 - bleaching) ** np.linspace(0, 1, len(light), dtype=np.float32) if bleaching < 1 else np.r_[1.0, np.zeros(len(light) - 1)]
    light *= fading.astype(np.float32)[:, None, None]
    if _CAMERA.get():
        light = images.resample(light, voxel_size, _CAMERA.get())
    counts = rng.poisson(light).astype(np.float32)
    counts *= np.float32(gain)
    counts += np.float32(read_noise) * rng.standard_normal(counts.shape, dtype=np.float32) + np.float32(offset)
    return np.clip(np.rint(counts, out=counts), 0, np.iinfo(np.uint16).max).astype(np.uint16)


def _spread(light: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """Blur widely by two moving averages an axis: as good as a Gaussian for stray light, and quick whatever its width."""
    for axis, width in enumerate(sigma):
        length = 2 * round(1.22 * width) + 1
        for _ in range(2):
            light = ndimage.uniform_filter1d(light, length, axis=axis, mode="nearest")
    return light
