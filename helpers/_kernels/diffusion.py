"""Edge-preserving smoothing: heat that flows within structures and stops at edges.

The image is taken as a temperature u and changes by du/dt = div(c grad u), where the conductance c falls with the size of the gradient [1]_.
This is the explicit scheme of ITK's gradient anisotropic diffusion. In each iteration every voxel receives, across each of its six faces,
the flux d * exp(-g2 / (2 k^2 m)): d is the difference of the two voxels that share the face, g2 the squared gradient at the face (d^2, plus
the squares of the two tangential central differences, each averaged over the two voxels), k the conductance parameter, and m the mean
squared gradient of the whole image, new in each iteration. The new value is u + time_step * (sum of the six fluxes). Nothing flows through
the border.

The flux that leaves a voxel is the one that enters its neighbour, so three fluxes a voxel are computed, not six: going through the rows of
a plane and through the planes, those across the upper face of one line are kept as those across the lower face of the next.

Lines are named by their offset, as `helpers._kernels.convolution` explains.

.. [1] Perona, P. and Malik, J. (1990) IEEE Trans. Pattern Anal. Mach. Intell. 12(7):629-639. :DOI:`10.1109/34.56205`
"""

import numpy as np
from numba import njit

from helpers._kernels.convolution import INNER, ONE, ZERO
from helpers._kernels.threads import FAST, blocks, parallel

BLOCK = 16  # rows along y that one thread works on at a time
PLANES = 4  # planes in one share of the mean squared gradient
GX, GY, GZ = np.intp(0), np.intp(1), np.intp(2)


def diffuse(stack: np.ndarray, iterations: int, conductance: float, time_step: float) -> np.ndarray:
    """Return a (Z, Y, X) float32 stack after ``iterations`` steps. Holds two stacks besides the input."""
    new, spare = np.empty_like(stack), np.empty_like(stack) if iterations > 1 else None
    for _ in range(iterations):
        _iterate(stack, conductance, np.float32(time_step), new)
        stack, new, spare = new, spare, new
    return stack


def _iterate(old: np.ndarray, conductance: float, time_step: np.float32, new: np.ndarray) -> None:
    """Do one step from ``old`` to ``new``."""
    depth, height, _ = old.shape
    squares = parallel(lambda planes: _squared_gradient(old.ravel(), *old.shape, *planes), blocks(depth, PLANES))
    mean = max(sum(squares) / old.size, 1e-30)  # a constant image has no gradient, and nothing flows
    decay = np.float32(-1 / (2 * conductance**2 * mean))
    parallel(lambda rows: _step(old.ravel(), *old.shape, *rows, decay, time_step, new.ravel()), blocks(height, BLOCK))


@njit(**INNER)
def exponential(exponent):
    """Return exp(t) for t <= 0, to 1e-6: the Taylor series of exp(t / 16), to the power of 16."""
    t = max(exponent, np.float32(-20)) * np.float32(1 / 16)
    p = np.float32(1 / 120) + t * (np.float32(1 / 720) + t * np.float32(1 / 5040))
    p = np.float32(1 / 6) + t * (np.float32(1 / 24) + t * p)
    p = np.float32(1) + t * (np.float32(1) + t * (np.float32(1 / 2) + t * p))
    p *= p
    p *= p
    p *= p
    return p * p


@njit(**INNER)
def half_difference(out, at, image, minus, plus, count):
    o, a, b = np.uintp(at), np.uintp(minus), np.uintp(plus)
    for x in range(np.uintp(count)):
        out[o + x] = (image[b + x] - image[a + x]) * np.float32(0.5)


@njit(**INNER)
def central_differences(out, at, image, z, y, depth, height, width):
    """Write the central differences of a line along x, y and z, three lines one after the other. At the border the voxel itself stands in."""
    plane = height * width
    line = z * plane + y * width
    last = line + width - 1
    half_difference(out, at + 1, image, line, line + 2, width - 2 if width > 2 else ZERO)
    half_difference(out, at, image, line, line + min(1, width - 1), ONE)
    half_difference(out, at + width - 1, image, last - min(1, width - 1), last, ONE)
    half_difference(out, at + width, image, line - width * min(1, y), line + width * min(1, height - 1 - y), width)
    half_difference(out, at + 2 * width, image, line - plane * min(1, z), line + plane * min(1, depth - 1 - z), width)


@njit(**INNER)
def face_flux(out, at, image, here, there, gradients, a_here, a_there, b_here, b_there, decay, count):
    """Write the flux into the voxels of line ``here`` from those of line ``there``. a, b: lines of the two tangential differences."""
    o, i, j = np.uintp(at), np.uintp(here), np.uintp(there)
    a, c, b, d = np.uintp(a_here), np.uintp(a_there), np.uintp(b_here), np.uintp(b_there)
    quarter = np.float32(0.25)
    for x in range(np.uintp(count)):
        difference = image[j + x] - image[i + x]
        twice_a, twice_b = gradients[a + x] + gradients[c + x], gradients[b + x] + gradients[d + x]
        squared = difference * difference + quarter * (twice_a * twice_a + twice_b * twice_b)
        out[o + x] = difference * exponential(squared * decay)


@njit(**INNER)
def update(out, image, line, flux_x, flux_y, y_in, y_out, flux_z, z_in, z_out, time_step, width):
    """Write the new values of a line: the old ones plus all that flows in minus all that flows out."""
    e, a, b, c, d = np.uintp(line), np.uintp(y_in), np.uintp(y_out), np.uintp(z_in), np.uintp(z_out)
    for x in range(np.uintp(width)):
        gain = (flux_x[x + np.uintp(1)] - flux_x[x]) + (flux_y[a + x] - flux_y[b + x]) + (flux_z[c + x] - flux_z[d + x])
        out[e + x] = image[e + x] + time_step * gain


@njit(**FAST)
def _squared_gradient(image, depth, height, width, first, last):
    """Return the sum of the squared central differences over planes ``first`` to ``last - 1``."""
    total = 0.0
    differences = np.empty(3 * width, np.float32)
    for z in range(first, last):
        for y in range(height):
            central_differences(differences, ZERO, image, z, y, depth, height, width)
            squares = np.float32(0)
            for x in range(differences.size):
                squares += differences[x] * differences[x]
            total += squares
    return total


@njit(**FAST)
def _step(image, depth, height, width, start, stop, decay, time_step, out):
    """Do one iteration for rows ``start`` to ``stop - 1`` of all planes."""
    low, high = max(0, start - 1), min(height, stop + 1)
    size = 3 * width * (high - low)  # the differences of one plane
    gradients = np.empty(2 * size, np.float32)  # of two planes: plane z at (z % 2) * size
    flux_x = np.zeros(width + 1, np.float32)
    flux_y = np.zeros(2 * width, np.float32)  # across the lower and the upper face, taking turns
    flux_z = np.zeros(2 * width * (stop - start), np.float32)
    for y in range(low, high):
        central_differences(gradients, (y - low) * 3 * width, image, ZERO, y, depth, height, width)
    for z in range(depth):
        this, following = z % 2 * size, (z + 1) % 2 * size
        if z + 1 < depth:
            for y in range(low, high):
                central_differences(gradients, following + (y - low) * 3 * width, image, z + 1, y, depth, height, width)
        for y in range(low, stop):
            line = (z * height + y) * width
            g = this + (y - low) * 3 * width
            gx, gy, gz = g, g + width, g + 2 * width
            y_in, y_out = y % 2 * width, (y + 1) % 2 * width
            if y + 1 < height:
                up = 3 * width
                face_flux(flux_y, y_in, image, line, line + width, gradients, gx, gx + up, gz, gz + up, decay, width)
            else:
                flux_y[y_in : y_in + width] = np.float32(0)
            if y < start:
                continue  # only the flux into the first row of the block was wanted
            if y == 0:
                flux_y[y_out : y_out + width] = np.float32(0)
            face_flux(flux_x, ONE, image, line, line + 1, gradients, gy, gy + 1, gz, gz + 1, decay, width - 1)
            z_in, z_out = (2 * (y - start) + z % 2) * width, (2 * (y - start) + (z + 1) % 2) * width
            if z + 1 < depth:
                on = following - this
                face_flux(flux_z, z_in, image, line, line + height * width, gradients, gx, gx + on, gy, gy + on, decay, width)
            else:
                flux_z[z_in : z_in + width] = np.float32(0)
            update(out, image, line, flux_x, flux_y, y_in, y_out, flux_z, z_in, z_out, time_step, width)
