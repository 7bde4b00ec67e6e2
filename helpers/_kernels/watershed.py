"""Seeded watershed: flood integer levels from seeds, with or without a line between the floods.

All seeds enter a queue at their own level. The voxel that leaves is the lowest one, of equals the one that entered first. Its six
neighbours that no flood has reached enter the queue for its flood. With a line, a voxel that leaves beside another flood belongs to
none: it is part of the line. There the flood stops, or goes on ``beyond`` it. A voxel enters once: another time it would only wait
behind itself.

The queue is one list for each level, threaded through the voxels themselves. Which lists hold something is kept in bits, 64 to a word,
with bits above them that say which words hold something, and so on: the lowest waiting level is found in a few steps among millions.

Sources: Meyer, F. (1994) Signal Processing 38(1):113-125 (flooding by a hierarchical queue); Beucher, S. & Lantuejoul, C. (1979). The
order and the line are those of ``skimage.segmentation.watershed``, van der Walt, S. et al. (2014) PeerJ 2:e453: floods go beyond the line
in scikit-image 0.26 and stop at it in 0.20. Seeds of one level leave in no particular order there, in the order of a scan here.
"""

import numba as nb
import numpy as np

from helpers._kernels.inputs import frozen
from helpers._kernels.threads import EXACT, blocks, parallel

UNREACHED = 0  # owner of a voxel; a positive owner is a label, a negative one a label whose flood has reached a voxel that still waits
BLOCKED = -(2**31)  # outside, or on the line
OWNER, LEVEL = 0, 1  # the two numbers of a voxel; a waiting voxel needs no level, which is that of its list: it keeps the next voxel there
FIRST, LAST = 0, 1  # the two ends of a list


# Multiplying a power of two by this number (a de Bruijn sequence) shifts a pattern that is different for each power into the upper 6 bits
# (Leiserson, C. E., Prokop, H. & Randall, K. H. (1998) Using de Bruijn sequences to index a 1 in a computer word).
DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)
BIT_OF_PRODUCT = np.zeros(64, np.int64)
BIT_OF_PRODUCT[[((1 << bit) * int(DE_BRUIJN) & (1 << 64) - 1) >> 58 for bit in range(64)]] = np.arange(64)


def filled(levels: np.ndarray, seeds: np.ndarray, inside: np.ndarray | None = None) -> np.ndarray:
    """Lay out C-contiguous int32 levels and seeds, where ``inside`` (bool), for `flood`; the inputs are then no longer needed."""
    planes, height, width = levels.shape
    voxels = np.empty((planes + 2, height + 2, width + 2, 2), np.int32)  # with a border, which is outside
    if inside is None:
        inside = np.ones((1, 1, 1), bool)
    arrays = [frozen(array) for array in (levels, seeds, inside.view(np.uint8))]
    parallel(lambda piece: _fill(*arrays, voxels, *piece), blocks(planes + 2, 8))
    return voxels


def flood(voxels: np.ndarray, count: int, *, line: bool, beyond: bool = True) -> np.ndarray:
    """Flood voxels as `filled` laid them out, with levels below ``count``: int32 labels, 0 on the line and outside. ``voxels`` is used up."""
    planes, height, width, _ = voxels.shape
    flat = voxels.reshape(-1, 2)
    steps = np.array([-height * width, -width, -1, 1, width, height * width])
    _flood(flat, np.flatnonzero(flat[:, OWNER] > 0), steps, count, line, beyond)
    labels = np.empty((planes - 2, height - 2, width - 2), np.int32)
    parallel(lambda piece: _read(voxels, labels, *piece), blocks(len(labels), 8))
    return labels


@nb.njit(**EXACT)
def _fill(levels, seeds, inside, voxels, first, stop):
    planes, height, width = levels.shape
    everywhere = inside.size == 1
    for z in range(first, stop):
        for y in range(height + 2):
            row = voxels[z, y]
            for x in range(width + 2):
                row[x, OWNER] = BLOCKED
                row[x, LEVEL] = 0
            if 0 < z <= planes and 0 < y <= height:
                for x in range(width):
                    if everywhere or inside[z - 1, y - 1, x]:
                        row[x + 1, OWNER] = seeds[z - 1, y - 1, x]
                        row[x + 1, LEVEL] = levels[z - 1, y - 1, x]


@nb.njit(**EXACT)
def _read(voxels, labels, first, stop):
    for z in range(first, stop):
        for y in range(labels.shape[1]):
            for x in range(labels.shape[2]):
                owner = voxels[z + 1, y + 1, x + 1, OWNER]
                labels[z, y, x] = 0 if owner == BLOCKED else abs(owner)


@nb.njit(**EXACT)
def _flood(voxels, seeds, steps, count, line, beyond):
    lists = np.empty((count, 2), np.int32)
    bits, tiers = _empty_bits(count)
    for i in range(seeds.size):
        _enter(voxels, lists, bits, tiers, seeds[i])
    waiting = seeds.size
    level = -1  # of the lowest list that holds something; -1: to be found
    while waiting > 0:
        if level < 0:
            level = _lowest(bits, tiers)
        voxel = lists[level, FIRST]
        waiting -= 1
        if voxel == lists[level, LAST]:
            _clear_bit(bits, tiers, level)
            level = -1
        else:
            lists[level, FIRST] = voxels[voxel, LEVEL]
        is_seed = voxels[voxel, OWNER] > 0
        label = abs(voxels[voxel, OWNER])
        if line and _meets_another(voxels, voxel, steps, label):
            voxels[voxel, OWNER] = -label if is_seed else BLOCKED  # a seed stays a seed, though its neighbours take it for a line
            if not beyond:
                continue
        else:
            voxels[voxel, OWNER] = label
        for i in range(steps.size):
            neighbour = voxel + steps[i]
            if voxels[neighbour, OWNER] == UNREACHED:
                voxels[neighbour, OWNER] = -label
                level = min(level, voxels[neighbour, LEVEL])
                _enter(voxels, lists, bits, tiers, neighbour)
                waiting += 1


@nb.njit(**EXACT)
def _meets_another(voxels, voxel, steps, label):
    for i in range(steps.size):
        owner = voxels[voxel + steps[i], OWNER]
        if owner > 0 and owner != label:
            return True
    return False


@nb.njit(**EXACT)
def _enter(voxels, lists, bits, tiers, voxel):
    """Put a voxel at the end of the list of its level."""
    level = voxels[voxel, LEVEL]
    if bits[level >> 6] >> np.uint64(level & 63) & np.uint64(1):
        voxels[lists[level, LAST], LEVEL] = voxel
    else:
        lists[level, FIRST] = voxel
        _set_bit(bits, tiers, level)
    lists[level, LAST] = voxel


@nb.njit(**EXACT)
def _empty_bits(count):
    """Bits for ``count`` lists, the tiers of words one after another; and where each tier begins."""
    tiers = np.empty(6, np.int64)  # 64 ** 6 lists are plenty
    words = 0
    size = count
    depth = 0
    while size > 1 or depth == 0:
        size = (size + 63) // 64
        tiers[depth] = words
        words += size
        depth += 1
    return np.zeros(words, np.uint64), tiers[:depth]


@nb.njit(**EXACT)
def _set_bit(bits, tiers, position):
    for i in range(tiers.size):
        word = tiers[i] + (position >> 6)
        before = bits[word]
        bits[word] = before | np.uint64(1) << np.uint64(position & 63)
        if before != 0:  # the tier above knows already
            return
        position >>= 6


@nb.njit(**EXACT)
def _clear_bit(bits, tiers, position):
    for i in range(tiers.size):
        word = tiers[i] + (position >> 6)
        bits[word] &= ~(np.uint64(1) << np.uint64(position & 63))
        if bits[word] != 0:  # the tier above stays as it is
            return
        position >>= 6


@nb.njit(**EXACT)
def _lowest(bits, tiers):
    """Find the lowest position that is set, from the top tier down."""
    position = 0
    for i in range(tiers.size - 1, -1, -1):
        word = bits[tiers[i] + position]
        lowest = word & (~word + np.uint64(1))
        position = position * 64 + BIT_OF_PRODUCT[(lowest * DE_BRUIJN) >> np.uint64(58)]
    return position
