"""The same field under another camera: every phantom at any voxel size."""

from collections.abc import Callable, Sequence

from helpers import images
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
