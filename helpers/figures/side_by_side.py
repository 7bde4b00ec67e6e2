"""Several masks of one image beside each other: which of them would you believe?"""

from collections.abc import Mapping

import numpy as np

from helpers import _checks
from helpers.figures import pixels
from helpers.figures.overlays import changes
from helpers.figures.picture import Panel, Picture, compose, in_row
from helpers.figures.planes import BOX, checked, panel
from helpers.images import Stack

SMALL = 190  # pixels of a panel, where there are very many


def side_by_side(
    stack: Stack,
    masks: Mapping[str, np.ndarray],
    *,
    reference: np.ndarray | None = None,
    filled: bool = False,
    columns: int = 0,
    title: str = "",
) -> Picture:
    """Show the brightest values along z, and beside them several masks of this projection, each under its name.

    Parameters
    ----------
    stack : Stack
        Raw intensities and voxel size; of one plane, or it is projected.
    masks : mapping of str to (Y, X) ndarray of bool
        Outlined in orange.
    reference : (Y, X) ndarray of bool, optional
        The truth, or what else the masks are compared with: what they miss is magenta, what they have beyond it green.
    filled : bool
        Draw white masks on black instead, in smaller panels: for many of them, where outlines would be too fine.
    columns : int
        Panels in a row; 0: as many as there are.
    title : str
        Above the picture; the name of the stack if empty.

    Returns
    -------
    picture : Picture
        Shows itself as the last expression of a cell.

    Raises
    ------
    TypeError, ValueError
        If a mask is not a mask, or has another shape than a plane of the stack.
    """
    image = checked(stack, None).max(axis=0)
    if reference is not None:
        reference = _checks.mask(reference, "reference", ndim=2)
        _checks.same_shape(reference, image, "reference and a plane of the stack")
    box = SMALL if filled else BOX
    panels = [panel(stack, image, "raw, brightest along z" if len(stack.raw) > 1 else "raw", box=box)]
    for name, mask in masks.items():
        mask = _checks.mask(mask, name, ndim=2)
        _checks.same_shape(mask, image, f"{name} and a plane of the stack")
        if filled:
            scale = pixels.fitting(image.shape, stack.voxel_size[1:], box)
            shown = np.repeat(np.where(scale.largest(mask), np.uint8(255), np.uint8(0))[..., None], 3, axis=2)
            panels.append(Panel(shown, title=name))
        elif reference is None:
            panels.append(panel(stack, image, name, mask, box=box))
        else:
            panels.append(changes(stack, image, name, reference & ~mask, mask & ~reference, mask & reference, box=box))
    return compose(in_row(panels, columns), title or stack.name)
