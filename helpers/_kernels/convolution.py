"""Separable convolution with symmetric weights: Gaussian smoothing, and the sum of lines that other filters build on.

A Gaussian in three dimensions is the product of three in one dimension, so a stack is smoothed along z, then y, then x. Each of the
three is a weighted sum in which the two neighbours at distance k share one weight::

    out[i] = w[0] f[i] + w[1] (f[i-1] + f[i+1]) + ... + w[r] (f[i-r] + f[i+r]),   w[k] ~ exp(-k^2 / (2 sigma^2))

cut at r = truncate * sigma, with the sum of all weights 1 [1]_. Beyond a border either the outermost value goes on ("nearest"), or the
image is mirrored about the edge of its outermost pixel ("reflect"); kernels shorter or longer than the image both work.

How the loops are laid out. The kernels see an image as one flat array. They never work on single voxels, but on *lines*: ``width``
values that follow each other along x. A line is named by the offset of its first value, and neighbours along an axis are lines a fixed
``stride`` apart: Y * X along z, X along y, and 1 along x (in a padded copy of the line, where overlapping lines are no problem). So one
function, `weighted_sum`, serves all three axes, and its inner loop is all the compiler has to turn into vector instructions.
Threads share the work by blocks along y; a block goes through the stack plane by plane, and what it holds of a plane stays in the cache.

.. [1] Getreuer, P. (2013) A survey of Gaussian convolution algorithms. Image Processing On Line 3:286-310. :DOI:`10.5201/ipol.2013.87`
"""

import numpy as np
from numba import njit

from helpers._kernels.threads import FAST, blocks, parallel

BLOCK = 32  # rows along y that one thread works on at a time
# What the kernels pass to each other is never a bare number or bool: numba would compile the function anew for each value.
NEAREST, REFLECT = np.uint8(0), np.uint8(1)
SET, ADD = np.uint8(0), np.uint8(1)
ZERO, ONE = np.intp(0), np.intp(1)
INNER = {option: value for option, value in FAST.items() if option != "cache"} | {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def gaussian_weights(sigma: float, truncate: float) -> np.ndarray:
    """Return w[0], w[1], ... of a Gaussian, for one side."""
    return _even(_gaussian(sigma, truncate)[1])


def second_derivative_weights(sigma: float, truncate: float) -> np.ndarray:
    """Return the weights of the second derivative of a Gaussian, for one side."""
    distance, gaussian = _gaussian(sigma, truncate)
    return _even(gaussian * (distance**2 / sigma**4 - 1 / sigma**2))


def smooth(stack: np.ndarray, weights_z: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Smooth a (Z, Y, X) float32 stack along z with ``weights_z``, along y and x with ``weights``; border "nearest"."""
    smoothed = np.empty_like(stack)
    parallel(
        lambda block: _smooth_block(stack.ravel(), *stack.shape, weights_z, weights, *block, smoothed.ravel()),
        blocks(stack.shape[1], BLOCK),
    )
    return smoothed


def _gaussian(sigma: float, truncate: float) -> tuple[np.ndarray, np.ndarray]:
    distance = np.arange(int(truncate * sigma + 0.5) + 1)
    gaussian = np.exp(-0.5 * (distance / sigma) ** 2)
    return distance, gaussian / (2 * gaussian.sum() - gaussian[0])


def _even(weights: np.ndarray) -> np.ndarray:
    """Append a zero where the number of pairs is odd: `weighted_sum` takes two pairs at a time."""
    return np.append(weights, [0.0] * (1 - len(weights) % 2)).astype(np.float32)


@njit(**INNER)
def inside(index, length, reflect):
    """Return the index inside the image that stands for ``index``, which may lie outside."""
    if not reflect:
        return min(max(index, 0), length - 1)
    while index < 0 or index >= length:
        index = -index - 1 if index < 0 else 2 * length - 1 - index
    return index


@njit(**INNER)
def weighted_sum(out, at, lines, origin, stride, index, length, weights, reflect, width, add):
    """Set the line of ``out`` at ``at`` to the weighted sum of line ``index`` and its neighbours, or ``add`` the sum to it.

    Line i of the ``length`` lines starts at ``lines[origin + stride * i]``. Offsets are unsigned in the loops: numba asks of a signed
    one whether it counts from the end, and that stops vector instructions.
    """
    o, e, width = np.uintp(at), np.uintp(origin + stride * index), np.uintp(width)
    centre = weights[0]
    if add:
        for x in range(width):
            out[o + x] += centre * lines[e + x]
    elif weights.size == 1:
        for x in range(width):
            out[o + x] = centre * lines[e + x]
    for k in range(1, weights.size, 2):
        a = np.uintp(origin + stride * inside(index - k, length, reflect))
        b = np.uintp(origin + stride * inside(index + k, length, reflect))
        c = np.uintp(origin + stride * inside(index - k - 1, length, reflect))
        d = np.uintp(origin + stride * inside(index + k + 1, length, reflect))
        near, far = weights[k], weights[k + 1]
        if add or k > 1:
            for x in range(width):
                out[o + x] += near * (lines[a + x] + lines[b + x]) + far * (lines[c + x] + lines[d + x])
        else:
            for x in range(width):
                out[o + x] = centre * lines[e + x] + near * (lines[a + x] + lines[b + x]) + far * (lines[c + x] + lines[d + x])


@njit(**INNER)
def pad(padded, line, at, width, radius, reflect):
    """Copy a line to ``padded``, continued by ``radius`` values on both sides."""
    o, i = np.uintp(radius), np.uintp(at)
    for x in range(np.uintp(width)):
        padded[o + x] = line[i + x]
    for k in range(1, radius + 1):
        padded[radius - k] = line[at + inside(-k, width, reflect)]
        padded[radius + width - 1 + k] = line[at + inside(width - 1 + k, width, reflect)]


@njit(**INNER)
def smooth_rows(out, at, pitch, stack, depth, height, width, z, first, last, weights_z, weights, along_z, line, padded):
    """Smooth rows ``first`` to ``last - 1`` of plane ``z``; row y goes to ``out[at + pitch * (y - first)]``. The last three give room to work."""
    radius = weights.size - 1
    low, high = max(0, first - radius), min(height, last + radius)
    for y in range(low, high):
        weighted_sum(along_z, (y - low) * width, stack, y * width, height * width, z, depth, weights_z, NEAREST, width, SET)
    for y in range(first, last):
        weighted_sum(line, ZERO, along_z, -low * width, width, y, height, weights, NEAREST, width, SET)
        pad(padded, line, ZERO, width, radius, NEAREST)
        weighted_sum(out, at + pitch * (y - first), padded, ZERO, ONE, radius, 2 * radius + 1, weights, NEAREST, width, SET)


@njit(**FAST)
def _smooth_block(stack, depth, height, width, weights_z, weights, start, stop, smoothed):
    """Smooth rows ``start`` to ``stop - 1`` of all planes."""
    radius = weights.size - 1
    along_z = np.empty((stop - start + 2 * radius) * width, np.float32)
    line = np.empty(width, np.float32)
    padded = np.empty(width + 2 * radius, np.float32)
    for z in range(depth):
        at = (z * height + start) * width
        smooth_rows(smoothed, at, width, stack, depth, height, width, z, start, stop, weights_z, weights, along_z, line, padded)
