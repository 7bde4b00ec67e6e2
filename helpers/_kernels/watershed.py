"""Seeded watershed: flood integer levels from seeds, with or without a line between the floods.

All seeds enter a queue at their own level. The voxel that leaves is the lowest one, of equals the one that entered first. Its six
neighbours that no flood has reached enter the queue for its flood. With a line, a voxel that leaves beside another flood belongs to
none: it is part of the line. There the flood stops, or goes on ``beyond`` it. A voxel enters once: another time it would only wait
behind itself.

The queue is one list for each level, threaded through the voxels themselves: a waiting voxel needs no level, which is that of its list,
and keeps the next voxel there. Which lists hold something is kept in bits, 64 to a word, with bits above them that say which words hold
something, and so on: the lowest waiting level is found in a few steps among millions.

Sources: Meyer, F. (1994) Signal Processing 38(1):113-125 (flooding by a hierarchical queue); Beucher, S. & Lantuejoul, C. (1979). The
order and the line are those of ``skimage.segmentation.watershed``, van der Walt, S. et al. (2014) PeerJ 2:e453: floods go beyond the line
in scikit-image 0.26 and stop at it in 0.20. Seeds of one level leave in no particular order there, in the order of a scan here.
"""

import numba as nb
import numpy as np

from helpers._kernels.threads import EXACT, blocks, parallel

UNREACHED = 0  # owner of a voxel; a positive owner is a label, a negative one a label whose flood has reached a voxel that still waits
FIRST, LAST = 0, 1  # the two ends of a list


# Multiplying a power of two by this number (a de Bruijn sequence) shifts a pattern that is different for each power into the upper 6 bits
# (Leiserson, C. E., Prokop, H. & Randall, K. H. (1998) Using de Bruijn sequences to index a 1 in a computer word).
DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)
BIT_OF_PRODUCT = np.zeros(64, np.int64)
BIT_OF_PRODUCT[[((1 << bit) * int(DE_BRUIJN) & (1 << 64) - 1) >> 58 for bit in range(64)]] = np.arange(64)


def flood(
    levels: np.ndarray, seeds: np.ndarray, count: int, *, line: bool, beyond: bool = True, inside: np.ndarray | None = None
) -> np.ndarray:
    """Flood C-contiguous int32 levels below ``count`` from int seeds, where ``inside`` (bool): int32 labels, 0 on the line and outside.

    ``levels`` is used up: it turns into the labels.
    """
    highest = int(seeds.max(initial=0))
    if max(levels.size, highest) >= 2**31:
        raise ValueError(
            f"a watershed takes up to {2**31 - 1} voxels and labels, got {levels.size} and {highest}: cut the stack into pieces"
        )
    owners = seeds.astype(np.int16 if highest < 2**15 else np.int32)  # a new array; two bytes mostly, for there are few objects
    blocked = np.iinfo(owners.dtype).min  # outside, or on the line
    if inside is not None:
        np.copyto(owners, blocked, where=~inside)
    _, height, width = levels.shape
    owners, levels_and_links = owners.reshape(-1), levels.reshape(-1)
    _flood(owners, levels_and_links, np.flatnonzero(owners > 0), height, width, blocked, count, line, beyond)
    parallel(lambda piece: _read(owners, blocked, levels_and_links, *piece), blocks(owners.size, 1 << 20))
    return levels


@nb.njit(**EXACT)
def _read(owners, blocked, labels, first, stop):
    for i in range(first, stop):
        labels[i] = 0 if owners[i] == blocked else abs(owners[i])


@nb.njit(**EXACT)
def _flood(owners, links, seeds, height, width, blocked, count, line, beyond):
    lists = np.empty((count, 2), np.int32)
    bits, tiers = _empty_bits(count)
    for i in range(seeds.size):
        _enter(links, lists, bits, tiers, seeds[i])
    near = np.empty(6, np.int64)
    waiting = seeds.size
    level = -1  # of the lowest list that holds something; -1: to be found
    while waiting > 0:
        if level < 0:
            level = _lowest(bits, tiers)
        voxel = np.int64(lists[level, FIRST])
        waiting -= 1
        if voxel == lists[level, LAST]:
            _clear_bit(bits, tiers, level)
            level = -1
        else:
            lists[level, FIRST] = links[voxel]
        is_seed = owners[voxel] > 0
        label = abs(owners[voxel])
        _neighbours(voxel, height, width, owners.size, near)
        if line and _meets_another(owners, near, label):
            owners[voxel] = -label if is_seed else blocked  # a seed stays a seed, though its neighbours take it for a line
            if not beyond:
                continue
        else:
            owners[voxel] = label
        for i in range(6):
            if owners[near[i]] == UNREACHED:
                owners[near[i]] = -label
                level = min(level, links[near[i]])
                _enter(links, lists, bits, tiers, near[i])
                waiting += 1


@nb.njit(**EXACT)
def _neighbours(voxel, height, width, size, near):
    """List the six neighbours; the voxel itself stands for those beyond the border."""
    area = height * width
    column = voxel % width
    row = voxel % area - column
    near[0] = voxel - area if voxel >= area else voxel
    near[1] = voxel - width if row > 0 else voxel
    near[2] = voxel - 1 if column > 0 else voxel
    near[3] = voxel + 1 if column < width - 1 else voxel
    near[4] = voxel + width if row < area - width else voxel
    near[5] = voxel + area if voxel < size - area else voxel


@nb.njit(**EXACT)
def _meets_another(owners, near, label):
    for i in range(6):
        owner = owners[near[i]]
        if owner > 0 and owner != label:
            return True
    return False


@nb.njit(**EXACT)
def _enter(links, lists, bits, tiers, voxel):
    """Put a voxel at the end of the list of its level."""
    level = links[voxel]
    if bits[level >> 6] >> np.uint64(level & 63) & np.uint64(1):
        links[lists[level, LAST]] = voxel
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
