"""Seeded watershed: flood integer levels from seeds, with or without a line between the floods.

All seeds enter a queue at their own level. The voxel that leaves is the lowest one, of equals the one that entered first. Its six
neighbours that no flood has reached enter the queue for its flood. With a line, a voxel that leaves beside another flood belongs to
none: it is part of the line. There the flood stops, or goes on ``beyond`` it. A voxel enters once: another time it would only wait
behind itself.

The queue is one list for each level. A voxel that lies lower than the one through which it is reached does not enter it: it and all that
lies low behind it are flooded at once, from a stack, in any order. In the queue they would leave before all others too, and among themselves
the order changes nothing: no other flood moves meanwhile, and a flood asks only where the others are. The same holds for neighbours in a
list that wait for one flood; so what enters from the stack may do so in any order. The lists are therefore emptied from the lowest level
up, each one once. They lie one after another in one array, each with room for all voxels of its level; the stack, which holds lower voxels
only, finds room where the lists that were emptied lay.

Where there are many levels, as in images of floats, most lists hold one voxel, and each look at one goes to memory far apart. There, voxels
of later levels wait in buckets of neighbouring levels, and go into their lists, in the order in which they came, when the flood reaches the
bucket.

A voxel is one small number, in a frame of voxels that cannot be flooded, so a neighbour is one look away: its level until a flood reaches
it, from then on its label. The level is not asked for again, as the list says it. As voxels leave in no order in space, most looks go to memory
that lies far apart, and are asked for some turns ahead.

Sources: Meyer, F. (1994) Signal Processing 38(1):113-125 (flooding by a hierarchical queue); Beucher, S. & Lantuejoul, C. (1979). The
order and the line are those of ``skimage.segmentation.watershed``, van der Walt, S. et al. (2014) PeerJ 2:e453: floods go beyond the line
in scikit-image 0.26 and stop at it in 0.20. Seeds of one level leave in no particular order there, in the order of a scan here.
"""

from collections.abc import Callable

import numba as nb
import numpy as np

from helpers._kernels.inputs import frozen
from helpers._kernels.prefetch import prefetch
from helpers._kernels.runs import Located
from helpers._kernels.threads import EXACT, blocks, parallel, thread_count

# A cell that is positive has a label, a negative one waits for its label, one below -highest still has a level: -1 - highest - level.
BLOCKED = 0  # outside, or on the line
MANY = 2**16  # more levels than these are gathered in buckets
BUCKETS = 11  # the bits of a bucket's number
AHEAD = 4  # how many voxels of a list are fetched before their turn
PLANES = 4  # of one piece of work
AT = np.uint64  # an index that cannot count from the end: the inner loop need not ask


def flood(
    levels: Callable[[slice], np.ndarray],
    seeds: np.ndarray,
    count: int,
    *,
    line: bool,
    beyond: bool = True,
    inside: Located | None = None,
    falling: bool = False,
    out: np.ndarray | None = None,
) -> np.ndarray:
    """Flood levels below ``count``, which a call gives for some planes, from C-contiguous int32 seeds: int32 labels, 0 on the line.

    Where the runs of a mask are given (``inside``), the rest is not looked at: it stays as it is in ``out``, or is 0. ``falling`` begins
    at the highest level.
    """
    highest = int(seeds.max(initial=0))
    planes, height, width = seeds.shape
    frame = (planes + 2) * (height + 2) * (width + 2)
    if max(frame, highest) >= 2**31:
        raise ValueError(
            f"a watershed takes up to {2**31 - 1} voxels and labels, got {seeds.size} and {highest}: cut the stack into pieces"
        )
    cells = np.zeros(frame, np.promote_types(np.int16, np.min_scalar_type(-count - highest)))  # all blocked
    rows = planes * height
    runs = inside or (np.arange(rows + 1), np.zeros(rows, np.int32), np.full(rows, width, np.int32))
    zero = count - 1 if falling else 0
    pieces = max(1, min(thread_count(), seeds.size // count))  # no more memory for counts than for voxels

    def pack(piece: tuple[int, int]) -> np.ndarray:
        counts = np.zeros(count + 1, np.uint32)
        for begin in range(*piece, PLANES):
            some = slice(begin, min(begin + PLANES, piece[1]))
            _pack(cells, frozen(levels(some)), *runs, highest, zero, begin, counts)
        return counts

    counts = sum(parallel(pack, blocks(planes, -(-planes // pieces))))
    shift = min(count.bit_length() - BUCKETS, 16) if count > MANY else 0
    fine = np.empty(int(counts[1:].sum()), np.uint16) if shift else None
    lists = _flood(cells, frozen(seeds), *runs, highest, counts, fine, shift, line, beyond)
    if out is None:
        out = lists.view(np.int32).reshape(seeds.shape) if inside is None else np.zeros(seeds.shape, np.int32)
    parallel(lambda piece: _read(cells, out, *runs, highest, *piece), blocks(planes, PLANES))
    return out


@nb.njit(**EXACT, forceinline=True)
def _begin(row, height, width):
    """Return where the voxels of a row begin in the frame, which is one voxel wide."""
    return ((row // height + 1) * (height + 2) + row % height + 1) * (width + 2) + 1


@nb.njit(**EXACT)
def _pack(cells, levels, first, start, stop, highest, zero, first_plane, counts):
    """Put the levels of these planes below all labels, and add to the count of the voxels below each level."""
    planes, height, width = levels.shape
    for z in range(planes):
        for y in range(height):
            row = (first_plane + z) * height + y
            begin = _begin(row, height, width)
            for run in range(first[row], first[row + 1]):
                values = levels[z, y, start[run] : stop[run]]
                below = cells[begin + start[run] : begin + stop[run]]
                for x in range(values.size):
                    below[x] = -1 - highest - abs(values[x] - zero)
                for x in range(values.size):
                    counts[AT(abs(values[x] - zero) + 1)] += np.uint32(1)


@nb.njit(**EXACT)
def _read(cells, labels, first, start, stop, highest, first_plane, stop_plane):
    _, height, width = labels.shape
    for z in range(first_plane, stop_plane):
        for y in range(height):
            row = z * height + y
            begin = _begin(row, height, width)
            for run in range(first[row], first[row + 1]):
                owners = cells[begin + start[run] : begin + stop[run]]
                found = labels[z, y, start[run] : stop[run]]
                for x in range(found.size):
                    found[x] = abs(owners[x]) if owners[x] >= -highest else 0


@nb.njit(**EXACT)
def _flood(cells, seeds, first, start, stop, highest, counts, fine, shift, line, beyond):
    """Flood the cells; return the lists, whose memory is free then.

    Where there are buckets, ``fine`` has room for the level of each voxel that waits, as counted from the lowest of its bucket.
    """
    _, height, width = seeds.shape
    area = (height + 2) * (width + 2)
    near = (-area, area, -width - 2, width + 2, -1, 1)  # the last one leaves the stack next: it lies beside in memory
    ends, heads, lists = _lists_of_seeds(cells, seeds, first, start, stop, highest, counts, fine, shift)
    reached = np.empty(7, np.int64)
    beyond_bucket = np.int64(0)
    for level in range(ends.size):
        if fine is not None and level == beyond_bucket:
            beyond_bucket = min(level + (1 << shift), ends.size)
            _open_bucket(lists, ends, fine, level, counts[level], heads[level >> shift])
        place = np.int64(counts[AT(level)])
        while place < ends[AT(level)]:
            voxel = np.int64(lists[AT(place)])
            _fetch(cells, lists[AT(min(place + AHEAD, lists.size - 1))], near)
            place += 1
            piled = 0
            while True:
                owner = np.int64(cells[AT(voxel)])
                label = abs(owner)
                meets_another = False
                found = 0
                for i in range(6):
                    other = np.int64(cells[AT(voxel + near[i])])
                    reached[AT(found)] = voxel + near[i]
                    found += other < -highest  # sums instead of branches, which no processor could foretell
                    meets_another |= (other > 0) & (other != label)
                if line and meets_another:
                    # A seed stays a seed, though its neighbours take it for a line.
                    cells[AT(voxel)] = -label if owner > 0 else BLOCKED
                    if not beyond:
                        found = 0
                else:
                    cells[AT(voxel)] = label
                for i in range(found):
                    other = reached[AT(i)]
                    other_level = -1 - highest - np.int64(cells[AT(other)])
                    cells[AT(other)] = -label
                    if other_level < level:
                        lists[AT(piled)] = other
                        piled += 1
                    elif fine is None or other_level < beyond_bucket:
                        _enter(lists, ends, other, other_level)
                    else:
                        _wait(lists, heads, fine, other, other_level, shift)
                if piled == 0:
                    break
                piled -= 1
                voxel = np.int64(lists[AT(piled)])
                if piled > 0:
                    _fetch(cells, lists[AT(piled - 1)], near)
    return lists


@nb.njit(**EXACT)
def _lists_of_seeds(cells, seeds, first, start, stop, highest, counts, fine, shift):
    """Label the seeds, and return where the list of each level ends, that of each bucket, and the lists: the seeds, and room for other voxels.

    The counts become where each list begins.
    """
    _, height, width = seeds.shape
    for level in range(1, counts.size):
        counts[level] += counts[level - 1]
    ends, lists = counts[:-1].copy(), np.empty(counts[-1], np.uint32)
    heads = counts[: -1 : 1 << shift].copy()
    for row in range(first.size - 1):
        begin = _begin(row, height, width)
        for run in range(first[row], first[row + 1]):
            for x in range(start[run], stop[run]):
                seed = seeds[row // height, row % height, x]
                if seed > 0:
                    level = -1 - highest - np.int64(cells[begin + x])
                    if fine is None:
                        _enter(lists, ends, begin + x, level)
                    else:
                        _wait(lists, heads, fine, begin + x, level, shift)
                    cells[begin + x] = seed
    return ends, heads, lists


@nb.njit(**EXACT, forceinline=True)
def _enter(lists, ends, voxel, level):
    """Put a voxel at the end of the list of its level."""
    lists[AT(ends[AT(level)])] = voxel
    ends[AT(level)] += np.uint32(1)


@nb.njit(**EXACT, forceinline=True)
def _wait(lists, heads, fine, voxel, level, shift):
    """Put a voxel at the end of the bucket of its level."""
    place = heads[AT(level >> shift)]
    lists[AT(place)] = voxel
    fine[AT(place)] = level & ((1 << shift) - 1)
    heads[AT(level >> shift)] = place + np.uint32(1)


@nb.njit(**EXACT)
def _open_bucket(lists, ends, fine, lowest, begin, end):
    """Put the voxels of a bucket into the lists of their levels, in the order in which they came."""
    voxels = lists[begin:end].copy()
    for i in range(voxels.size):
        _enter(lists, ends, voxels[i], lowest + np.int64(fine[begin + i]))


@nb.njit(**EXACT, forceinline=True)
def _fetch(cells, voxel, near):
    """Ask for a voxel and its neighbours; those in its row come along with it."""
    prefetch(cells, np.int64(voxel))
    for i in range(4):
        prefetch(cells, np.int64(voxel) + near[i])
