"""The same field under another camera: every phantom at any voxel size."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from scipy import ndimage

from helpers import _checks, images
from helpers.images import Stack
from helpers.phantoms import microscope
from helpers.phantoms.structures import Phantom


def imaged_at(make: Callable[..., Phantom], voxel_size: Sequence[float], seed: int = 0, **options: object) -> Phantom:
    """Make a field of view and take its picture with voxels of another size.

    The field and what the optics do to it stay; the light falls on larger or smaller pixels, and on planes nearer or farther apart. Photons and
    camera noise are drawn anew, with as many photons a voxel as before.

    Parameters
    ----------
    make : callable
        A maker of this package, such as `mitochondria`.
    voxel_size : sequence of float
        (z, y, x) in um.
    seed : int
        Which field.
    **options
        What else ``make`` takes; its ``shape`` counts voxels of the usual size.

    Returns
    -------
    phantom : Phantom
        ``stack`` and ``truth`` on the new grid; a voxel is true where at least half of it is.

    Raises
    ------
    TypeError, ValueError
        If the voxel size is not three positive numbers, or ``make`` refuses an option.

    Examples
    --------
    >>> from helpers import phantoms
    >>> stack, truth = phantoms.imaged_at(phantoms.mitochondria, (0.58, 0.216, 0.216), shape=(8, 64, 64))
    >>> stack.raw.shape, truth.shape, stack.voxel_size
    ((4, 32, 32), (4, 32, 32), (0.58, 0.216, 0.216))
    """
    with microscope.camera(voxel_size):
        drawn, truth = make(seed, **options)
    stack = Stack(drawn.raw, voxel_size, drawn.name, drawn.source)
    return Phantom(stack, images.mask_onto(truth, drawn.voxel_size, voxel_size, stack.raw.shape))


def defocused(phantom: Phantom, columns: int | None = None, sigma: float = 3.0) -> Phantom:
    """Put the left of a field out of focus, as on a cover slip that lies askew.

    Parameters
    ----------
    phantom : Phantom
        Not changed.
    columns : int, optional
        How many pixels from the left; all if left out.
    sigma : float
        Of the Gaussian by which planes are blurred, in pixels.

    Returns
    -------
    phantom : Phantom
        The same truth; named after the first, with ``_defocused`` where anything is.

    Raises
    ------
    TypeError, ValueError
        If ``columns`` is not a whole number from 0, or ``sigma`` not above 0.

    Examples
    --------
    >>> from helpers.phantoms import mitochondria
    >>> sharp = mitochondria(shape=(4, 32, 32))
    >>> bool((defocused(sharp, 10).stack.raw[:, :, 10:] == sharp.stack.raw[:, :, 10:]).all())
    True
    """
    stack, truth = phantom
    width = stack.raw.shape[2]
    columns = width if columns is None else _checks.number(columns, "columns", low=0, integer=True)
    _checks.number(sigma, "sigma", above=0)
    soft = np.rint(ndimage.gaussian_filter(stack.raw.astype(float), (0, sigma, sigma))).astype(stack.raw.dtype)
    raw = np.where(np.arange(width) < columns, soft, stack.raw)
    return Phantom(replace(stack, raw=raw, name=f"{stack.name}_defocused" if columns else stack.name), truth)
