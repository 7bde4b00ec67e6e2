"""See a stack and what was found in it in three dimensions, turning under the mouse."""

import sys
from importlib import metadata, util
from pathlib import Path
from typing import Any

import numpy as np

from helpers import figures
from helpers.figures import pixels
from helpers.figures.planes import checked
from helpers.images import Stack

ORANGE = 0xFF9F1C
MOST = 8_000_000  # voxels that are sent to the browser; larger stacks are thinned out in y and x
ITKWIDGETS = "0.32.6"  # the extension mends two lines of exactly this version
EXTENSION = "helpers-itkwidgets"
_MARKS_OF_A_BROWSER = {"deletedCells", "recordTiming", "trusted"}  # JupyterLab sends them with every cell; papermill and nbclient do not


class View:
    """A 3D view for the browser, and a picture for every place that has none: GitHub, exported pages, papermill.

    Attributes
    ----------
    viewer : str
        "itkwidgets", "k3d" or "static".
    widget : Widget or None
    picture : Picture
        The brightest values along the three axes, with what was found outlined.
    """

    def __init__(self, viewer: str, widget: Any, picture: figures.Picture) -> None:
        self.viewer, self.widget, self.picture = viewer, widget, picture

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        bundle: dict[str, Any] = {"image/png": self.picture._repr_png_(), "text/plain": f"3D view ({self.viewer})"}
        if self.widget is not None:
            content = {"version_major": 2, "version_minor": 0, "model_id": self.widget.model_id}
            bundle["application/vnd.jupyter.widget-view+json"] = content
        return bundle


def volume(stack: Stack, mask: np.ndarray | None = None, *, viewer: str = "") -> View:
    """Show raw intensities and the surface of what was found together, in their true proportions.

    Takes the best viewer that is there: itkwidgets where it is installed with this project's extension of JupyterLab, else k3d, else a picture.
    Outside a browser (papermill) it is the picture alone.

    Parameters
    ----------
    stack : Stack
        Raw intensities and voxel size.
    mask : (Z, Y, X) ndarray of bool or int, optional
        Mask or labels, drawn in orange (labels in colours by itkwidgets).
    viewer : {"", "itkwidgets", "k3d", "static"}
        Empty: choose.

    Returns
    -------
    view : View
        Shows itself as the last expression of a cell.

    Raises
    ------
    ImportError
        If a viewer is asked for that is not installed.
    TypeError, ValueError
        If ``mask`` does not fit the stack, or the viewer is unknown.
    """
    raw = checked(stack, mask, floats=False)
    made = {"itkwidgets": _with_itkwidgets, "k3d": _with_k3d}
    if viewer not in ("", "static", *made):
        raise ValueError(f"viewer must be one of {', '.join(made)} or static, got {viewer!r}")
    chosen = viewer or _best()
    if chosen in made and util.find_spec(chosen) is None:
        raise ImportError(
            f"{chosen} is not installed: `make lab` installs k3d, `pip install itkwidgets=={ITKWIDGETS}` the other; or viewer='static'"
        )
    picture = figures.projections(stack, mask)
    if chosen == "static" or len(raw) == 1:
        return View("static", None, picture)
    step = max(1, int(np.ceil(np.sqrt(raw.size / MOST))))
    size = (stack.voxel_size[0], stack.voxel_size[1] * step, stack.voxel_size[2] * step)
    found = None if mask is None else mask[:, ::step, ::step]
    return View(chosen, made[chosen](np.ascontiguousarray(raw[:, ::step, ::step]), found, size), picture)


def in_browser() -> bool:
    """Return whether the cell that runs now was sent by JupyterLab or Notebook, not by papermill or a script."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    kernel = getattr(shell, "kernel", None)
    return kernel is not None and bool(_MARKS_OF_A_BROWSER & set(kernel.get_parent().get("metadata", {})))


def install_extension(prefix: str | Path = sys.prefix) -> bool:
    """Make itkwidgets' own bundle loadable in JupyterLab 4, which its package does not; no node needed.

    Parameters
    ----------
    prefix : path
        Of the environment.

    Returns
    -------
    installed : bool
        False if itkwidgets is not there, or not in the version that is known to work.
    """
    import shutil

    if not _has_itkwidgets():
        return False
    bundle = Path(util.find_spec("itkwidgets").origin).parent / "static"
    target = Path(prefix) / "share" / "jupyter" / "labextensions" / EXTENSION
    (target / "static").mkdir(parents=True, exist_ok=True)
    here = Path(__file__).with_name("lab_extension")
    shutil.copy(here / "package.json", target / "package.json")
    shutil.copy(here / "remoteEntry.js", target / "static" / "remoteEntry.js")
    shutil.copy(bundle / "index.js", target / "static" / "index.js")
    shutil.copytree(bundle / "itk", target / "static" / "itk", dirs_exist_ok=True)
    return True


def _best() -> str:
    if not in_browser():
        return "static"
    extension = Path(sys.prefix) / "share" / "jupyter" / "labextensions" / EXTENSION
    if extension.exists() and _has_itkwidgets():
        return "itkwidgets"
    return "k3d" if util.find_spec("k3d") else "static"


def _has_itkwidgets() -> bool:
    try:
        return metadata.version("itkwidgets") == ITKWIDGETS
    except metadata.PackageNotFoundError:
        return False


def _with_itkwidgets(raw: np.ndarray, found: np.ndarray | None, voxel_size: tuple[float, float, float]) -> Any:
    import itk
    from itkwidgets import view

    def with_size(array: np.ndarray) -> Any:
        image = itk.image_from_array(array)
        image.SetSpacing([float(size) for size in voxel_size[::-1]])
        return image

    labels = None if found is None else with_size(found.astype(np.uint16) if found.max() < 65536 else found.astype(np.uint32))
    return view(with_size(raw.astype(np.float32)), label_image=labels, ui_collapsed=True)


def _with_k3d(raw: np.ndarray, found: np.ndarray | None, voxel_size: tuple[float, float, float]) -> Any:
    import k3d
    from skimage.measure import marching_cubes

    z, y, x = (float(length * size) for length, size in zip(raw.shape, voxel_size))
    low, high = pixels.contrast_limits(raw)
    plot = k3d.plot(height=480, camera_auto_fit=False, grid_visible=False, background_color=0x111111, colorbar_object_id=0)
    away = 1.1 * max(x, y, z)
    # A little aslant, x to the right and y down, as in the picture of a plane: the first plane is in front.
    plot.camera = [x / 2 - 0.25 * away, y / 2 + 0.35 * away, z / 2 - 0.9 * away, x / 2, y / 2, z / 2, 0, -1, 0]
    shown = np.clip((raw.astype(np.float32) - low) / (high - low), 0, 1)
    plot += k3d.volume(
        shown,
        bounds=[0, x, 0, y, 0, z],
        color_range=[0, 1],
        color_map=k3d.matplotlib_color_maps.Gray,
        alpha_coef=8,
        samples=128,
        name="raw",
    )
    if found is not None and found.any():
        vertices, faces, *_ = marching_cubes(np.pad(found > 0, 1).astype(np.uint8), 0.5, spacing=voxel_size)
        corners = (vertices - np.array(voxel_size) / 2)[:, ::-1].astype(np.float32)
        plot += k3d.mesh(corners, faces.astype(np.uint32), color=ORANGE, opacity=0.6, name="found")
    return plot
