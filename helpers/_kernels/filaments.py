"""Filament response: how strongly a bright line or tube crosses each voxel, from the curvatures of the smoothed image.

Curvatures. The Hessian is the matrix of second derivatives of the image, smoothed with a Gaussian of ``sigma`` (cut at 3 sigma, the
outermost value going on beyond the border), times sigma^2. Derivatives are first differences applied twice: central inside,
(f[i+1] - f[i-1]) / 2, and one-sided at a face, f[1] - f[0]. Inside, the two passes amount to one fixed stencil that reaches two voxels
along an axis and one along a diagonal. At the faces they do as well, if the smoothed image is first continued by two values::

    f[-1] = 2 f[0] - f[1],   f[-2] = 4 f[0] - 4 f[1] + f[2]      (and in the same way at the other end)

so that one loop does for the whole image, which must have three voxels along each axis for it.

Response. Sort the eigenvalues of the Hessian by size, |l1| <= |l2| <= |l3|. In a bright tube l2 and l3 are negative. With m the most
negative l3 of the whole image, and x = l2 / m where both are negative (else x = 0), the response of Jerman et al. [1]_ with tau = 1 is::

    R(x) = 27 x^2 (1 - x) / (1 + x)^3  for x < 1/2,  1 for larger x

In a plane there are two eigenvalues, and x is the larger one divided by its most negative value in the plane. R rises with x, so
"response above a cutoff" is simply "l2 below a level times m", and no response has to be computed for a mask. The kernels write l2,
or 0 where it does not count; m is known only after the whole image.

Eigenvalues of a symmetric 3 x 3 matrix have a closed form [2]_. With q a third of the trace, p^2 a sixth of the squared entries of
H - q, and phi the arc cosine of det(H - q) / (2 p^3), they are q + 2 p cos(phi / 3 + 2 pi j / 3). A polynomial stands for the cosine
of a third of the angle: it is exact to 1.5e-7, and can be computed for many voxels at once.

.. [1] Jerman, T. et al. (2016) IEEE Trans. Med. Imaging 35(9):2107-2118. :DOI:`10.1109/TMI.2016.2550102`
.. [2] Smith, O. K. (1961) Eigenvalues of a symmetric 3 x 3 matrix. Communications of the ACM 4(4):168. :DOI:`10.1145/355578.366316`
"""

import numpy as np
from numba import njit

from helpers._kernels.convolution import INNER, ONE, ZERO, gaussian_weights, smooth_rows
from helpers._kernels.threads import FAST, blocks, parallel

BLOCK = 16  # rows along y that one thread works on at a time: the planes around it must fit in the cache
TRUNCATE = 3.0
UNCHANGED = np.ones(1, np.float32)  # weights that leave the image as it is


def tube_curvature(stack: np.ndarray, sigma: float, curvature: np.ndarray) -> np.float32:
    """Write l2 (0 where it does not count) of a (Z, Y, X) float32 stack into ``curvature``; return m. At least three voxels along each axis."""
    weights = gaussian_weights(sigma, TRUNCATE)

    def work(block: tuple[int, int]) -> float:
        return _tube_block(stack.ravel(), *stack.shape, weights, np.float32(sigma**2), *block, curvature.ravel())

    return np.float32(min(parallel(work, blocks(stack.shape[1], BLOCK, smallest=3))))


def line_curvature(plane: np.ndarray, sigma: float) -> np.ndarray:
    """Return the larger eigenvalue (0 where it does not count) of a (Y, X) float32 plane, at least 3 x 3. Runs on the thread that calls."""
    curvature = np.empty_like(plane)
    weights = gaussian_weights(sigma, TRUNCATE)
    for block in blocks(len(plane), 2 * BLOCK, smallest=3):
        _line_block(plane.ravel(), *plane.shape, UNCHANGED, weights, np.float32(sigma**2), *block, curvature.ravel())
    return curvature


def reach(sigma: float) -> int:
    """Return over how many pixels a change of one pixel changes the curvatures around it."""
    return len(gaussian_weights(sigma, TRUNCATE)) + 1


def level(cutoff: float) -> float:
    """Return the x at which the response reaches ``cutoff``: a response above the cutoff means l2 < x m."""
    if cutoff >= 1:
        return np.inf
    low, high = 0.0, 0.5
    for _ in range(60):
        x = (low + high) / 2
        low, high = (low, x) if response(x) > cutoff else (x, high)
    return high


def response(x):
    """Return R(x), of a number or an array, for x up to 1/2."""
    return 27 * x**2 * (1 - x) / (1 + x) ** 3


@njit(**INNER)
def continue_beyond(image, one_out, two_out, edge, one_in, two_in, count, step):
    """Continue ``count`` lines, ``step`` apart, by two values beyond their edge. Arguments two to six are offsets in the first line."""
    for i in range(count):
        f0, f1, f2 = image[edge + i * step], image[one_in + i * step], image[two_in + i * step]
        image[one_out + i * step] = np.float32(2) * f0 - f1
        image[two_out + i * step] = np.float32(4) * (f0 - f1) + f2


@njit(**INNER)
def smooth_piece(piece, at, stack, depth, height, width, z, weights_z, weights, start, stop, along_z, line, padded):
    """Write rows ``start - 2`` to ``stop + 1`` of the smoothed plane ``z`` at ``piece[at]``, continued by two values beyond the image's edges."""
    pitch, count = width + 4, stop - start
    first, last = max(0, start - 2), min(height, stop + 2)
    to = at + (first - start + 2) * pitch
    smooth_rows(piece, to + 2, pitch, stack, depth, height, width, z, first, last, weights_z, weights, along_z, line, padded)
    continue_beyond(piece, to + 1, to, to + 2, to + 3, to + 4, last - first, pitch)  # each row to the left, then to the right
    end = to + width
    continue_beyond(piece, end + 2, end + 3, end + 1, end, end - 1, last - first, pitch)
    if start == 0:
        continue_beyond(piece, at + pitch, at, at + 2 * pitch, at + 3 * pitch, at + 4 * pitch, pitch, ONE)
    if stop == height:
        end = at + (count + 1) * pitch
        continue_beyond(piece, end + pitch, end + 2 * pitch, end, end - pitch, end - 2 * pitch, pitch, ONE)


@njit(**INNER)
def second_difference(out, at, image, before, centre, after, factor, width):
    """Set the line of ``out`` at ``at`` to (f[-2] - 2 f[0] + f[2]) / 4, times ``factor``."""
    o, a, b, c = np.uintp(at), np.uintp(before), np.uintp(centre), np.uintp(after)
    quarter = np.float32(0.25) * factor
    for x in range(np.uintp(width)):
        out[o + x] = (image[a + x] - np.float32(2) * image[b + x] + image[c + x]) * quarter


@njit(**INNER)
def mixed_difference(out, at, image, plus_plus, plus_minus, minus_plus, minus_minus, factor, width):
    """Set the line of ``out`` at ``at`` to the difference along one axis of the difference along another, times ``factor``."""
    o, a, b, c, d = np.uintp(at), np.uintp(plus_plus), np.uintp(plus_minus), np.uintp(minus_plus), np.uintp(minus_minus)
    quarter = np.float32(0.25) * factor
    for x in range(np.uintp(width)):
        out[o + x] = ((image[a + x] - image[b + x]) - (image[c + x] - image[d + x])) * quarter


@njit(**INNER)
def third_of_angle(half):
    """Return the cosine of phi / 3, given ``half``, the cosine of phi / 2, with phi between 0 and pi."""
    t = half
    p = np.float32(-0.00608934568) + t * np.float32(0.00112763624)
    p = np.float32(-0.0302353976) + t * (np.float32(0.0160472804) + t * p)
    p = np.float32(-0.111038511) + t * (np.float32(0.0528414091) + t * p)
    return np.float32(0.500000026) + t * (np.float32(0.577346917) + t * p)


@njit(**INNER)
def middle_eigenvalues(hessian, out, at, lowest):
    """Write l2 of each voxel of a line; keep in ``lowest`` the most negative l3 seen at each x. The six lines are zz yy xx zy zx yx."""
    width = np.uintp(lowest.size)
    o, half, two = np.uintp(at), np.float32(0.5), np.float32(2)
    for x in range(width):
        zz, yy, xx = hessian[x], hessian[width + x], hessian[2 * width + x]
        zy, zx, yx = hessian[3 * width + x], hessian[4 * width + x], hessian[5 * width + x]
        trace = zz + yy + xx
        q = trace * np.float32(1 / 3)
        a, b, c = zz - q, yy - q, xx - q
        p2 = (a * a + b * b + c * c + two * (zy * zy + zx * zx + yx * yx)) * np.float32(1 / 6)
        p = np.sqrt(p2)
        determinant = a * (b * c - yx * yx) - zy * (zy * c - yx * zx) + zx * (zy * yx - b * zx)
        cosine = min(max(half * determinant / max(p2 * p, np.float32(1e-37)), np.float32(-1)), np.float32(1))
        largest = q + two * p * third_of_angle(np.sqrt(half + half * cosine))
        smallest = q - two * p * third_of_angle(np.sqrt(half - half * cosine))
        middle = trace - largest - smallest
        # The smallest is l3 if it outweighs the largest. The middle one is l2 if it does too; else the largest is, and it is positive.
        lowest[x] = min(lowest[x], smallest if smallest + largest < 0 else np.float32(0))
        out[o + x] = min(middle, np.float32(0)) if middle + largest <= 0 else np.float32(0)


@njit(**INNER)
def larger_eigenvalues(hessian, width, out, at):
    """Write the larger eigenvalue of each pixel of a line where it is negative, else 0. The three lines are yy xx yx."""
    width, o, half = np.uintp(width), np.uintp(at), np.float32(0.5)
    for x in range(width):
        mean, difference, yx = half * (hessian[x] + hessian[width + x]), half * (hessian[x] - hessian[width + x]), hessian[2 * width + x]
        out[o + x] = mean - np.sqrt(difference * difference + yx * yx) if mean < 0 else np.float32(0)


@njit(**FAST)
def _tube_block(stack, depth, height, width, weights, factor, start, stop, out):
    """Go through the planes with the five smoothed ones around each, continued beyond the edges of the image, in a ring of six."""
    radius, pitch = weights.size - 1, width + 4
    size = (stop - start + 4) * pitch
    ring = np.empty(6 * size, np.float32)
    along_z = np.empty((stop - start + 4 + 2 * radius) * width, np.float32)
    line, padded = np.empty(width, np.float32), np.empty(width + 2 * radius, np.float32)
    hessian, lowest = np.empty(6 * width, np.float32), np.zeros(width, np.float32)
    for newest in range(depth + 2):
        at = newest % 6 * size
        if newest < depth:
            smooth_piece(ring, at, stack, depth, height, width, newest, weights, weights, start, stop, along_z, line, padded)
        if newest == 2:
            continue_beyond(ring, 5 * size, 4 * size, ZERO, size, 2 * size, size, ONE)
        if newest == depth:
            edge, one_in, two_in = (depth - 1) % 6 * size, (depth - 2) % 6 * size, (depth - 3) % 6 * size
            continue_beyond(ring, at, (depth + 1) % 6 * size, edge, one_in, two_in, size, ONE)
        if newest < 2:
            continue
        z = newest - 2
        # where the planes z - 2 to z + 2 are in the ring
        z_2, z_1, z0, z1, z2 = (z + 4) % 6 * size, (z + 5) % 6 * size, z % 6 * size, (z + 1) % 6 * size, newest % 6 * size
        for y in range(start, stop):
            c = (y - start + 2) * pitch + 2
            second_difference(hessian, ZERO, ring, z_2 + c, z0 + c, z2 + c, factor, width)
            second_difference(hessian, width, ring, z0 + c - 2 * pitch, z0 + c, z0 + c + 2 * pitch, factor, width)
            second_difference(hessian, 2 * width, ring, z0 + c - 2, z0 + c, z0 + c + 2, factor, width)
            mixed_difference(hessian, 3 * width, ring, z1 + c + pitch, z1 + c - pitch, z_1 + c + pitch, z_1 + c - pitch, factor, width)
            mixed_difference(hessian, 4 * width, ring, z1 + c + 1, z1 + c - 1, z_1 + c + 1, z_1 + c - 1, factor, width)
            up, down = z0 + c + pitch, z0 + c - pitch
            mixed_difference(hessian, 5 * width, ring, up + 1, up - 1, down + 1, down - 1, factor, width)
            middle_eigenvalues(hessian, out, (z * height + y) * width, lowest)
    return lowest.min()


@njit(**FAST)
def _line_block(plane, height, width, unchanged, weights, factor, start, stop, out):
    """Write the larger eigenvalues of rows ``start`` to ``stop - 1`` of a plane."""
    radius, pitch = weights.size - 1, width + 4
    piece = np.empty((stop - start + 4) * pitch, np.float32)
    along_z = np.empty((stop - start + 4 + 2 * radius) * width, np.float32)
    line, padded = np.empty(width, np.float32), np.empty(width + 2 * radius, np.float32)
    hessian = np.empty(3 * width, np.float32)
    smooth_piece(piece, ZERO, plane, ONE, height, width, ZERO, unchanged, weights, start, stop, along_z, line, padded)
    for y in range(start, stop):
        c = (y - start + 2) * pitch + 2
        second_difference(hessian, ZERO, piece, c - 2 * pitch, c, c + 2 * pitch, factor, width)
        second_difference(hessian, width, piece, c - 2, c, c + 2, factor, width)
        mixed_difference(hessian, 2 * width, piece, c + pitch + 1, c + pitch - 1, c - pitch + 1, c - pitch - 1, factor, width)
        larger_eigenvalues(hessian, width, out, y * width)
