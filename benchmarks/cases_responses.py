"""Cases: intensities, smoothing, filament and spot responses, against numpy, scipy and scikit-image used plainly."""

import numpy as np

from benchmarks.harness import Case


def raw(shape):
    """Return crossing tubes, curves where two smooth random fields are both near 0, as a camera would count them."""
    from scipy import ndimage

    generator = np.random.default_rng(0)
    fields = [ndimage.gaussian_filter(generator.standard_normal(shape, dtype=np.float32), 8) for _ in range(2)]
    brightness = np.exp(-sum((field / field.std()) ** 2 for field in fields) / 0.03)
    return (generator.poisson(100 + 400 * brightness).astype(np.uint16),)


def normalized(shape):
    return (plain_auto_contrast(*raw(shape)),)


def smooth(shape):
    return (plain_gaussian(*normalized(shape)),)


def greatest_difference(ours, peer):
    return f"differs by {np.abs(ours - peer).max():.1e} at most"


def overlap(ours, peer):
    return f"Dice {2 * (ours & peer).sum() / (ours.sum() + peer.sum()):.5f}, {(ours != peer).sum()} voxels differ"


def classic(name, *parameters):
    """Return a function that imports `helpers.classic` when it is called, so that the peer's process does not."""

    def call(image):
        import helpers.classic

        return getattr(helpers.classic, name)(image, *parameters)

    return call


def plain_auto_contrast(image, low=3.5, high=15):
    mean, deviation = image.mean(), image.std()
    bottom, top = max(mean - low * deviation, image.min()), min(mean + high * deviation, image.max())
    return ((np.clip(image, bottom, top) - bottom) / (top - bottom)).astype(np.float32)


def plain_min_max(image, ceiling=400):
    image = np.where(image > ceiling, image.min(), image)
    return ((image - image.min()) / (image.max() - image.min())).astype(np.float32)


def plain_gaussian(image, sigma=1):
    from scipy import ndimage

    return ndimage.gaussian_filter(image, sigma, mode="nearest", truncate=3)


def plain_diffusion(u, iterations=10, conductance=1.2, time_step=0.0625):
    for _ in range(iterations):
        padded = np.pad(u, 1, mode="edge")
        inner = (slice(1, -1),) * 3
        central = [(np.roll(padded, -1, axis)[inner] - np.roll(padded, 1, axis)[inner]) / 2 for axis in range(3)]
        mean = sum((c**2).mean() for c in central)
        change = np.zeros_like(u)
        for axis in range(3):
            step = np.diff(u, axis=axis)
            low, high = (tuple(part if a == axis else slice(None) for a in range(3)) for part in (slice(0, -1), slice(1, None)))
            squared = step**2 + sum(((central[a][low] + central[a][high]) / 2) ** 2 for a in range(3) if a != axis)
            flux = step * np.exp(-squared / (2 * conductance**2 * mean))
            change[low] += flux
            change[high] -= flux
        u = u + np.float32(time_step) * change
    return u


def plain_curvature(image, sigma):
    """Return the eigenvalue that the response depends on (0 where it does not count), and the strongest, in 2D or 3D."""
    from skimage.feature import hessian_matrix, hessian_matrix_eigvals

    eigenvalues = hessian_matrix_eigvals(hessian_matrix(image, sigma, mode="nearest", order="rc", use_gaussian_derivatives=False))
    eigenvalues = np.take_along_axis(eigenvalues, np.abs(eigenvalues).argsort(axis=0), axis=0)
    second, third = eigenvalues[-2 if image.ndim == 3 else -1], eigenvalues[-1]
    return np.where((second < 0) & (third < 0), second, 0), third.min()


def plain_response(curvature, strongest):
    x = curvature / strongest
    return np.where(x > 0.5, 1, 27 * x**2 * (1 - x) / (1 + x) ** 3)


def plain_filaments_3d(image, sigma=1.5, cutoff=0.2):
    return plain_response(*plain_curvature(image, sigma)) > cutoff


def plain_filaments_by_plane(image, sigma=1.5, cutoff=0.16):
    projection = image.max(axis=0)
    mask = np.zeros(image.shape, bool)
    for z, plane in enumerate(image):
        response = plain_response(*plain_curvature(np.hstack([plane, projection]), sigma))
        mask[z, :, :-3] = response[:, : image.shape[2] - 3] > cutoff
    return mask


def plain_spots_3d(image, sigma=1, cutoff=0.03):
    from scipy import ndimage

    return -(sigma**2) * ndimage.gaussian_laplace(image, sigma) > cutoff


def plain_spots_by_plane(image, sigma=1, cutoff=0.03):
    return np.array([plain_spots_3d(plane, sigma, cutoff) for plane in image])


def mitochondria(image):
    from helpers.classic import auto_contrast, filaments_by_plane, gaussian

    return filaments_by_plane(gaussian(auto_contrast(image, 3.5, 15), 1), [1.5], [0.16])


def plain_mitochondria(image):
    return plain_filaments_by_plane(plain_gaussian(plain_auto_contrast(image)))


CASES = [
    Case("auto_contrast", raw, classic("auto_contrast", 3.5, 15), plain_auto_contrast, greatest_difference, "numpy"),
    Case("min_max", raw, classic("min_max", 400), plain_min_max, greatest_difference, "numpy"),
    Case("gaussian", normalized, classic("gaussian", 1), plain_gaussian, greatest_difference, "scipy"),
    Case(
        "gaussian_by_plane",
        normalized,
        classic("gaussian_by_plane", 1),
        lambda image: plain_gaussian(image, (0, 1, 1)),
        greatest_difference,
        "scipy",
    ),
    Case("edge_preserving", normalized, classic("edge_preserving"), plain_diffusion, greatest_difference, "numpy", 3, 1),
    Case("filaments_3d", smooth, classic("filaments_3d", [1.5], [0.2]), plain_filaments_3d, overlap, "scikit-image", 5, 1),
    Case(
        "filaments_by_plane", smooth, classic("filaments_by_plane", [1.5], [0.16]), plain_filaments_by_plane, overlap, "scikit-image", 5, 1
    ),
    Case("spots_3d", smooth, classic("spots_3d", [1], [0.03]), plain_spots_3d, overlap, "scipy"),
    Case("spots_by_plane", smooth, classic("spots_by_plane", [1], [0.03]), plain_spots_by_plane, overlap, "scipy"),
    Case("contrast, gaussian, filaments by plane", raw, mitochondria, plain_mitochondria, overlap, "scipy, scikit-image", 5, 1),
]
