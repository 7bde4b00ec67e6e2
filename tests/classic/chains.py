"""Steps before and after the ones under test, in plain numpy and scipy, as the published masks were made."""

from pathlib import Path

import numpy as np
import tifffile
from scipy import ndimage


def reference_input(shared: Path, name: str) -> np.ndarray:
    return tifffile.imread(shared / "reference" / "inputs" / f"{name}.tif").astype(float)


def reference_mask(shared: Path, name: str) -> np.ndarray:
    return tifffile.imread(shared / "reference" / "masks" / f"{name}.tif") > 0


def auto_contrast(raw: np.ndarray, low: float, high: float) -> np.ndarray:
    mean, deviation = raw.mean(), raw.std()
    bottom, top = max(mean - low * deviation, raw.min()), min(mean + high * deviation, raw.max())
    return (np.clip(raw, bottom, top) - bottom) / (top - bottom)


def min_max(raw: np.ndarray, ceiling: float) -> np.ndarray:
    raw = np.where(raw > ceiling, raw.min(), raw)
    return ((raw - raw.min()) / (raw.max() - raw.min())).astype(np.float32)


def gaussian(normalized: np.ndarray, sigma: float | tuple) -> np.ndarray:
    return ndimage.gaussian_filter(normalized.astype(np.float32), sigma, mode="nearest", truncate=3)


def spots_3d(smooth: np.ndarray, sigma: float) -> np.ndarray:
    return -(sigma**2) * ndimage.gaussian_laplace(smooth.astype(float), sigma)


def spots_by_plane(smooth: np.ndarray, sigma: float) -> np.ndarray:
    return np.stack([spots_3d(plane, sigma) for plane in smooth])


def ridges(plane: np.ndarray, sigma: float) -> np.ndarray:
    """Filament response of one plane: the stronger eigenvalue of the Hessian against the strongest of the plane (Jerman, tau 1)."""
    plane = ndimage.gaussian_filter(plane.astype(float), sigma, mode="nearest", truncate=3)
    along_y, along_x = np.gradient(plane)
    yy, yx, xx = np.gradient(along_y, axis=0), np.gradient(along_y, axis=1), np.gradient(along_x, axis=1)
    values = np.linalg.eigvalsh(np.moveaxis(np.array([[yy, yx], [yx, xx]]), (0, 1), (2, 3)) * sigma**2)
    strong = np.take_along_axis(values, np.abs(values).argmax(-1)[..., None], -1)[..., 0]
    least = strong.min()
    response = 27 * strong**2 * (least - strong) / (strong + least) ** 3
    return np.where(strong >= 0, 0, np.where(strong < least / 2, 1, response))
