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

Owner and level of a voxel share one number, in a frame of voxels that cannot be flooded, so a neighbour is one look away; as voxels leave
in no order in space, most looks go to memory that lies far apart, and are asked for some turns ahead.

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
from helpers._kernels.threads import EXACT, blocks, parallel

BLOCKED = 0  # owner of a voxel outside, or on the line; a positive owner is a label, a negative one a label whose flood has reached a voxel that still waits
NONE = -1
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

    Where the runs of a mask are given (``inside``), the rest is not looked at, and stays as it is in ``out``. ``falling`` begins at the
    highest level.
    """
    highest = int(seeds.max(initial=0))
    planes, height, width = seeds.shape
    frame = (planes + 2) * (height + 2) * (width + 2)
    if max(frame, highest) >= 2**31:
        raise ValueError(
            f"a watershed takes up to {2**31 - 1} voxels and labels, got {seeds.size} and {highest}: cut the stack into pieces"
        )
    few = count <= 2**16
    half = 16 if few and highest < 2**15 else 32  # bits of a level, and of an owner
    cells = np.zeros(frame, np.int32 if half == 16 else np.int64)  # all blocked
    rows = planes * height
    inside = inside or (np.arange(rows + 1), np.zeros(rows, np.int32), np.full(rows, width, np.int32))
    top = count - 1 if falling else NONE
    parallel(lambda piece: _pack(cells, frozen(levels(slice(*piece))), frozen(seeds), *inside, half, top, piece[0]), blocks(planes, PLANES))
    _flood(cells, height, width, *inside, half, count, line, beyond)
    if out is None and half == 16:  # the labels move up: each lands before the cell that it comes from
        out = cells[: seeds.size].reshape(seeds.shape)
        _read(cells, out, *inside, half, 0, planes)
    else:
        out = np.zeros(seeds.shape, np.int32) if out is None else out
        parallel(lambda piece: _read(cells, out, *inside, half, *piece), blocks(planes, PLANES))
    return out


@nb.njit(**EXACT, forceinline=True)
def _begin(row, height, width):
    """Return where the voxels of a row begin in the frame, which is one voxel wide."""
    return ((row // height + 1) * (height + 2) + row % height + 1) * (width + 2) + 1


@nb.njit(**EXACT)
def _pack(cells, levels, seeds, first, start, stop, half, top, first_plane):
    """Join owner and level of each voxel of these planes, the owner in the upper half."""
    planes, height, width = levels.shape
    unreached = -1 << (half - 1)
    for z in range(planes):
        for y in range(height):
            row = (first_plane + z) * height + y
            begin = _begin(row, height, width)
            for run in range(first[row], first[row + 1]):
                for x in range(start[run], stop[run]):
                    level = levels[z, y, x] if top == NONE else top - levels[z, y, x]
                    seed = seeds[first_plane + z, y, x]
                    cells[begin + x] = (seed if seed > 0 else unreached) << half | level


@nb.njit(**EXACT)
def _read(cells, labels, first, start, stop, half, first_plane, stop_plane):
    _, height, width = labels.shape
    unreached = -1 << (half - 1)
    for z in range(first_plane, stop_plane):
        for y in range(height):
            row = z * height + y
            begin = _begin(row, height, width)
            for run in range(first[row], first[row + 1]):
                for x in range(start[run], stop[run]):
                    owner = np.int64(cells[begin + x]) >> half
                    labels[z, y, x] = abs(owner) if owner != unreached else 0


@nb.njit(**EXACT)
def _flood(cells, height, width, first, start, stop, half, count, line, beyond):
    area = (height + 2) * (width + 2)
    near = np.array([-area, area, -width - 2, width + 2, -1, 1])  # the last one leaves the stack next: it lies beside in memory
    unreached, low = -1 << (half - 1), (1 << half) - 1
    begins, ends, lists = _lists_of_seeds(cells, height, width, first, start, stop, half, count)
    reached = np.empty(7, np.int64)
    for level in range(count):
        place = np.int64(begins[AT(level)])
        while place < ends[AT(level)]:
            voxel = np.int64(lists[AT(place)])
            _fetch(cells, lists[AT(min(place + AHEAD, ends[AT(level)] - 1))], near)
            place += 1
            piled = 0
            while True:
                cell = np.int64(cells[AT(voxel)])
                owner = cell >> half
                label = abs(owner)
                meets_another = False
                found = 0
                for i in range(6):
                    other = np.int64(cells[AT(voxel + near[AT(i)])]) >> half
                    reached[AT(found)] = voxel + near[AT(i)]
                    found += other == unreached  # sums instead of branches, which no processor could foretell
                    meets_another |= (other > 0) & (other != label)
                if line and meets_another:
                    # A seed stays a seed, though its neighbours take it for a line.
                    cells[AT(voxel)] = (-label if owner > 0 else BLOCKED) << half | cell & low
                    if not beyond:
                        found = 0
                else:
                    cells[AT(voxel)] = label << half | cell & low
                for i in range(found):
                    other = reached[AT(i)]
                    other_level = np.int64(cells[AT(other)]) & low
                    cells[AT(other)] = -label << half | other_level
                    if other_level < level:
                        lists[AT(piled)] = other
                        piled += 1
                    else:
                        _enter(lists, ends, other, other_level)
                if piled == 0:
                    break
                piled -= 1
                voxel = np.int64(lists[AT(piled)])
                if piled > 0:
                    _fetch(cells, lists[AT(piled - 1)], near)


@nb.njit(**EXACT)
def _lists_of_seeds(cells, height, width, first, start, stop, half, count):
    """Return where the list of each level begins and ends, and the lists: the seeds of each level, and room for its other voxels."""
    low = (1 << half) - 1
    begins = np.zeros(count + 1, np.uint32)
    for row in range(first.size - 1):
        for run in range(first[row], first[row + 1]):
            for voxel in range(_begin(row, height, width) + start[run], _begin(row, height, width) + stop[run]):
                begins[AT((cells[AT(voxel)] & low) + 1)] += np.uint32(1)
    for level in range(count):
        begins[level + 1] += begins[level]
    ends, lists = begins[:-1].copy(), np.empty(begins[count], np.uint32)
    for row in range(first.size - 1):
        for run in range(first[row], first[row + 1]):
            for voxel in range(_begin(row, height, width) + start[run], _begin(row, height, width) + stop[run]):
                cell = np.int64(cells[AT(voxel)])
                if cell >> half > BLOCKED:
                    _enter(lists, ends, voxel, cell & low)
    return begins, ends, lists


@nb.njit(**EXACT, forceinline=True)
def _enter(lists, ends, voxel, level):
    """Put a voxel at the end of the list of its level."""
    lists[AT(ends[AT(level)])] = voxel
    ends[AT(level)] += np.uint32(1)


@nb.njit(**EXACT, forceinline=True)
def _fetch(cells, voxel, near):
    """Ask for a voxel and its neighbours; those in its row come along with it."""
    prefetch(cells, np.int64(voxel))
    for i in range(4):
        prefetch(cells, np.int64(voxel) + near[AT(i)])
