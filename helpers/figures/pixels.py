"""From slices of a stack to the pixels of a panel: size, contrast, outlines, colours."""

import numpy as np

# Okabe & Ito's colours are told apart with every kind of colour vision; so are magenta and green.
ORANGE, MAGENTA, GREEN = (255, 159, 28), (255, 64, 255), (64, 255, 96)
OBJECT_COLOURS = np.array(
    [(230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (60, 120, 220), (213, 94, 0), (204, 121, 167), (190, 190, 255)], np.uint8
)
CONTRAST = (0.5, 99.8)  # percentiles shown as black and white


class Scale:
    """How a slice of so many pixels, each so large, becomes a panel of square pixels.

    Parameters
    ----------
    shape : tuple of int
        Pixels of the slice, down and across.
    size : tuple of float
        Size of its pixels, down and across, in um.
    pixel_um : float
        Size of a pixel of the panel, in um.
    """

    def __init__(self, shape: tuple[int, int], size: tuple[float, float], pixel_um: float) -> None:
        self.pixel_um = pixel_um
        self.shape = tuple(max(1, round(length * step / pixel_um)) for length, step in zip(shape, size))

    def mean(self, image: np.ndarray) -> np.ndarray:
        """Return intensities at the panel's size: averaged where it is smaller, interpolated where it is larger."""
        shown = image.astype(np.float32)
        for axis, length in enumerate(self.shape):
            shown = _averaged(shown, length, axis) if length <= shown.shape[axis] else _interpolated(shown, length, axis)
        return shown

    def largest(self, image: np.ndarray) -> np.ndarray:
        """Return a mask or labels at the panel's size: the highest label where it is smaller, so that the smallest object stays visible."""
        for axis, length in enumerate(self.shape):
            if length <= image.shape[axis]:
                image = np.maximum.reduceat(image, _starts(image.shape[axis], length), axis=axis)
            else:
                image = np.take(image, ((np.arange(length) + 0.5) * image.shape[axis] / length).astype(int), axis=axis)
        return image


def fitting(shape: tuple[int, int], size: tuple[float, float], box: int) -> Scale:
    """Return the scale at which a slice of such pixels fills a box of ``box`` x ``box`` pixels."""
    return Scale(shape, size, max(length * step for length, step in zip(shape, size)) / box)


def contrast_limits(image: np.ndarray) -> tuple[float, float]:
    """Return the intensities shown as black and as white: percentiles, which a few hot pixels do not move."""
    step = max(1, int(np.ceil((image.size / 300_000) ** (1 / image.ndim))))
    low, high = np.percentile(image[(slice(None, None, step),) * image.ndim], CONTRAST)
    return float(low), float(high) if high > low else float(max(image.max(), low + 1))


def grey(image: np.ndarray, limits: tuple[float, float]) -> np.ndarray:
    """Return a (H, W, 3) uint8 image of intensities between two limits."""
    low, high = limits
    shown = np.clip((image - low) * (255.0 / (high - low)), 0, 255).astype(np.uint8)
    return np.repeat(shown[..., None], 3, axis=2)


def boundary(mask: np.ndarray) -> np.ndarray:
    """Return the pixels of a 2D mask that have background above, below, left or right of them."""
    around = np.pad(mask, 1, mode="edge")
    return mask & ~(around[:-2, 1:-1] & around[2:, 1:-1] & around[1:-1, :-2] & around[1:-1, 2:])


def paint(pixels: np.ndarray, where: np.ndarray, colour: tuple[int, int, int] | np.ndarray, strength: float = 1.0) -> np.ndarray:
    """Return a copy with the pixels ``where`` moved towards a colour."""
    painted = pixels.copy()
    painted[where] = np.rint((1 - strength) * pixels[where] + strength * np.asarray(colour, float)).astype(np.uint8)
    return painted


def outlined(pixels: np.ndarray, mask: np.ndarray, colour: tuple[int, int, int] = ORANGE) -> np.ndarray:
    """Return a copy with the boundary of a mask in colour."""
    return paint(pixels, boundary(mask), colour)


def object_edges(labels: np.ndarray) -> np.ndarray:
    """Return the pixels of 2D objects where another one, or background, is above or to the left."""
    return (labels > 0) & ((labels != np.roll(labels, 1, 0)) | (labels != np.roll(labels, 1, 1)))


def object_colours(labels: np.ndarray) -> np.ndarray:
    """Return a (H, W, 3) colour for each label; neighbours in number differ."""
    return OBJECT_COLOURS[labels * 3 % len(OBJECT_COLOURS)]


def _starts(length: int, shown: int) -> np.ndarray:
    """Return where each of ``shown`` pixels begins among ``length``."""
    return np.arange(shown) * length // shown


def _averaged(image: np.ndarray, shown: int, axis: int) -> np.ndarray:
    starts = _starts(image.shape[axis], shown)
    counts = np.diff(starts, append=image.shape[axis]).astype(np.float32)
    return np.add.reduceat(image, starts, axis=axis) / np.expand_dims(counts, 1 - axis)


def _interpolated(image: np.ndarray, shown: int, axis: int) -> np.ndarray:
    """Return the image stretched linearly; the outermost half pixels keep their value."""
    length = image.shape[axis]
    position = np.clip((np.arange(shown) + 0.5) * length / shown - 0.5, 0, length - 1)
    low = np.minimum(position.astype(int), max(0, length - 2))
    weight = np.expand_dims((position - low).astype(np.float32), 1 - axis)
    return np.take(image, low, axis=axis) * (1 - weight) + np.take(image, np.minimum(low + 1, length - 1), axis=axis) * weight
