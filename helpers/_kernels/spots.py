"""Spot response: the Laplacian of a Gaussian, -sigma^2 (d2/dz2 + d2/dy2 + d2/dx2) of the smoothed image.

A bright blob is a place where the smoothed intensity curves downwards in all directions, so minus the sum of its second derivatives is
large there; the factor sigma^2 makes scales comparable [1]_. With g a Gaussian and l -sigma^2 times its second derivative, each
along the axis of its index, the sum is separable::

    response = (l_z g_y g_x + g_z l_y g_x + g_z g_y l_x) image
             = g_x (g_y (l_z image) + l_y (g_z image)) + l_x (g_y (g_z image))

The kernel is cut at 4 sigma, the image is mirrored at its borders. In a single plane the terms along z fall away.

.. [1] Lindeberg, T. (1998) Feature detection with automatic scale selection. International Journal of Computer Vision 30(2):79-116.
   :DOI:`10.1023/A:1008045108935`
"""

import numpy as np
from numba import njit

from helpers._kernels.convolution import ADD, ONE, REFLECT, SET, ZERO, gaussian_weights, pad, second_derivative_weights, weighted_sum
from helpers._kernels.threads import FAST, blocks, parallel

BLOCK = 32  # rows along y that one thread works on at a time
TRUNCATE = 4.0


def spot_response(stack: np.ndarray, sigma: float, by_plane: bool) -> np.ndarray:
    """Return the float32 response of a (Z, Y, X) float32 stack, in 3D or plane by plane."""
    response = np.empty_like(stack)

    def work(block: tuple[int, int]) -> None:
        _spot_block(stack.ravel(), *stack.shape, *_weights(sigma), by_plane, *block, False, np.float32(0), response.ravel(), NO_MASK)

    parallel(work, blocks(stack.shape[1], BLOCK))
    return response


def mark_spots(mask: np.ndarray, stack: np.ndarray, sigma: float, cutoff: float, by_plane: bool) -> None:
    """Set ``mask`` where the response is above ``cutoff``; the response itself is never held as a whole."""

    def work(block: tuple[int, int]) -> None:
        _spot_block(stack.ravel(), *stack.shape, *_weights(sigma), by_plane, *block, True, np.float32(cutoff), NO_RESPONSE, mask.ravel())

    parallel(work, blocks(stack.shape[1], BLOCK))


NO_RESPONSE, NO_MASK = np.empty(0, np.float32), np.empty(0, np.bool_)


def _weights(sigma: float) -> tuple[np.ndarray, np.ndarray]:
    return gaussian_weights(sigma, TRUNCATE), np.float32(-(sigma**2)) * second_derivative_weights(sigma, TRUNCATE)


@njit(**FAST)
def _spot_block(stack, depth, height, width, gauss, curve, by_plane, start, stop, marking, cutoff, response, mask):
    """Write the response in rows ``start`` to ``stop - 1`` of all planes, or where ``marking`` set the mask where it is above ``cutoff``."""
    radius = gauss.size - 1
    first, last = max(0, start - radius), min(height, stop + radius)
    gauss_z = np.empty((last - first) * width, np.float32)
    curve_z = np.empty((last - first) * width, np.float32)
    smoothed, curved, out = np.empty(width, np.float32), np.empty(width, np.float32), np.empty(width, np.float32)
    smoothed_padded, curved_padded = np.empty(width + 2 * radius, np.float32), np.empty(width + 2 * radius, np.float32)
    plane = height * width
    n = 2 * radius + 1
    for z in range(depth):
        if not by_plane:
            for y in range(first, last):
                to = (y - first) * width
                weighted_sum(gauss_z, to, stack, y * width, plane, z, depth, gauss, REFLECT, width, SET)
                weighted_sum(curve_z, to, stack, y * width, plane, z, depth, curve, REFLECT, width, SET)
        for y in range(start, stop):
            if by_plane:
                weighted_sum(smoothed, ZERO, stack, z * plane, width, y, height, gauss, REFLECT, width, SET)
                weighted_sum(curved, ZERO, stack, z * plane, width, y, height, curve, REFLECT, width, SET)
            else:
                weighted_sum(smoothed, ZERO, gauss_z, -first * width, width, y, height, gauss, REFLECT, width, SET)
                weighted_sum(curved, ZERO, gauss_z, -first * width, width, y, height, curve, REFLECT, width, SET)
                weighted_sum(curved, ZERO, curve_z, -first * width, width, y, height, gauss, REFLECT, width, ADD)
            pad(smoothed_padded, smoothed, ZERO, width, radius, REFLECT)
            pad(curved_padded, curved, ZERO, width, radius, REFLECT)
            weighted_sum(out, ZERO, curved_padded, ZERO, ONE, radius, n, gauss, REFLECT, width, SET)
            weighted_sum(out, ZERO, smoothed_padded, ZERO, ONE, radius, n, curve, REFLECT, width, ADD)
            to = np.uintp(z * plane + y * width)
            if marking:
                for x in range(np.uintp(width)):
                    mask[to + x] |= out[x] > cutoff
            else:
                for x in range(np.uintp(width)):
                    response[to + x] = out[x]
