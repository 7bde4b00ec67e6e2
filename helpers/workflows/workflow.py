"""A row of the lookup table: which function, with which values, for which structure."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from helpers import _checks, classic
from helpers.workflows.knobs import Knob, check_values, knobs

TUNED_VOXEL_SIZE = (0.29, 0.108, 0.108)


@dataclass(frozen=True, eq=False)
class Workflow:
    """A workflow: a function and the parameter values that suit one structure, as published or as its author found them.

    Call it with an image, with its voxel size, and with the values that shall differ:

    >>> from helpers import phantoms
    >>> from helpers.workflows import WORKFLOWS
    >>> stack, truth = phantoms.mitochondria(shape=(4, 64, 64))
    >>> mask = WORKFLOWS["tomm20"](stack.raw, voxel_size=stack.voxel_size, minimum_size=20)
    >>> mask.shape, mask.dtype
    ((4, 64, 64), dtype('bool'))
    """

    id: str
    gene: str
    protein: str
    structure: str
    look: str
    function: Callable[..., np.ndarray]
    published: Mapping[str, Any]
    is_shell: bool = False
    tuned_voxel_size: tuple[float, float, float] = TUNED_VOXEL_SIZE
    notebook: str = ""

    def __post_init__(self) -> None:
        """Refuse a row whose values are not exactly the function's parameters, in their order."""
        if list(self.published) != list(self.knobs):
            raise TypeError(f"{self.id}: values for {list(self.published)}, the function takes {list(self.knobs)}")
        check_values(self.function, self.published)
        object.__setattr__(self, "published", MappingProxyType(dict(self.published)))
        object.__setattr__(self, "notebook", self.notebook or self.id)

    @property
    def knobs(self) -> dict[str, Knob]:
        """The parameters with range, unit and effect, in the order of the function's signature."""
        return knobs(self.function)

    def __call__(self, raw: np.ndarray, *, voxel_size: Sequence[float] | None = None, **changes: Any) -> np.ndarray:
        """Segment ``raw`` with the published values, except for those in ``changes``.

        Parameters
        ----------
        raw : (Z, Y, X) ndarray of int or float
            Camera counts of one channel.
        voxel_size : sequence of float, optional
            (z, y, x) of ``raw`` in um. Where it is far from ``tuned_voxel_size`` (`helpers.images.working_voxel_size` says which), the image
            is resampled to that, and the mask brought back. Left out: all values are in voxels, whatever the size of these.
        **changes
            Values that differ from the published ones.

        Returns
        -------
        mask : (Z, Y, X) ndarray of bool
            On the grid of ``raw``.

        Raises
        ------
        TypeError, ValueError
            One sentence: the image, the voxel size or a value cannot be used.

        Warns
        -----
        UserWarning
            If no microscope has such voxels (nanometres given as um): the image is not resampled.
        """
        return Prepared(raw, voxel_size).segment(self, **changes)

    def onto(self, mask: np.ndarray, voxel_size: Sequence[float], wanted: Sequence[float], shape: tuple[int, int, int]) -> np.ndarray:
        """Return what it found on the grid of another image of the same field, as `helpers.images.mask_onto`; closed shells stay closed.

        Parameters
        ----------
        mask : (Z, Y, X) ndarray of bool
        voxel_size, wanted : sequence of float
            The voxel size of the mask and of the other grid, (z, y, x) in um.
        shape : tuple of int
            Of the other grid.

        Returns
        -------
        mask : (Z', Y', X') ndarray of bool
        """
        from helpers import images  # what only reads arrays should not wait for the readers of files

        moved = images.mask_onto(mask, voxel_size, wanted, shape)
        if not self.is_shell:
            return moved
        # Larger voxels, of which a thin shell fills less than half, would have holes in it: the border of the body closes them.
        bodies = images.mask_onto(classic.fill_holes(mask), voxel_size, wanted, shape)
        return moved | (bodies & classic.shell(bodies))

    def plane_of_rings(self, mask: np.ndarray) -> int | None:
        """Return the plane to look at where shells are rings, not caps: the one in which they enclose most.

        Parameters
        ----------
        mask : (Z, Y, X) ndarray of bool
            What it found.

        Returns
        -------
        plane : int or None
            From 0. None for other looks, and where nothing is enclosed.
        """
        if not self.is_shell:
            return None
        enclosed = np.count_nonzero(classic.fill_holes(mask) & ~mask, axis=(1, 2))
        return int(enclosed.argmax()) if enclosed.any() else None

    @property
    def scale_knobs(self) -> tuple[str, str]:
        """The names of its first list of scales and of the cutoffs that belong to it.

        Raises
        ------
        ValueError
            If the workflow has none.
        """
        for name in self.knobs:
            cutoffs = name.replace("_sigmas", "_cutoffs")
            if name.endswith("_sigmas") and cutoffs in self.knobs:
                return name, cutoffs
        raise ValueError(
            f"{self.id} has no list of scales with cutoffs: take a workflow of filaments or spots, for example tomm20 or slc25a17"
        )

    def at_scale(self, raw: np.ndarray, sigma: float, cutoff: float, *, voxel_size: Sequence[float] | None = None) -> np.ndarray:
        """Segment ``raw`` with one scale and its cutoff in place of the published ones; all else as published.

        Parameters
        ----------
        raw : (Z, Y, X) ndarray of int or float
            Camera counts of one channel.
        sigma, cutoff : float
            Of the first list of scales, see `scale_knobs`.
        voxel_size : sequence of float, optional
            As in a call of the workflow.

        Returns
        -------
        mask : (Z, Y, X) ndarray of bool

        Raises
        ------
        TypeError, ValueError
            As a call of the workflow; or if it has no scales.
        """
        scales, cutoffs = self.scale_knobs
        return self(raw, voxel_size=voxel_size, **{scales: [sigma], cutoffs: [cutoff]})


class Prepared:
    """One image for many calls: it is brought to the voxel size that a workflow works at once, not each time.

    Parameters
    ----------
    raw, voxel_size
        As a call of a `Workflow` takes them.

    Examples
    --------
    >>> from helpers import phantoms
    >>> from helpers.workflows import WORKFLOWS
    >>> stack, _ = phantoms.mitochondria(shape=(4, 64, 64))
    >>> prepared = Prepared(stack.raw, stack.voxel_size)
    >>> masks = [prepared.segment(WORKFLOWS["tomm20"], filament_cutoffs=[cutoff]) for cutoff in (0.1, 0.2)]
    """

    def __init__(self, raw: np.ndarray, voxel_size: Sequence[float] | None = None) -> None:
        self.raw = _checks.varied(_checks.image(raw))
        self.voxel_size = voxel_size
        self._resampled: dict[tuple[float, ...], np.ndarray] = {}

    def segment(self, workflow: Workflow, **changes: Any) -> np.ndarray:
        """Return what ``workflow(raw, voxel_size=voxel_size, **changes)`` returns; raise and warn as that does."""
        values = {**workflow.published, **changes}
        check_values(workflow.function, values)
        if self.voxel_size is None:
            return workflow.function(self.raw, **values)
        from helpers import images  # what only reads arrays should not wait for the readers of files

        shape = self.raw.shape
        if absurd := images.absurd_voxel_size(shape, self.voxel_size, workflow.tuned_voxel_size):
            warnings.warn(absurd, stacklevel=3)
        size = images.working_voxel_size(shape, self.voxel_size, workflow.tuned_voxel_size)
        if size == tuple(self.voxel_size):
            return workflow.function(self.raw, **values)
        if size not in self._resampled:
            self._resampled[size] = images.resample(self.raw, self.voxel_size, size)
        return workflow.onto(workflow.function(self._resampled[size], **values), size, self.voxel_size, shape)
