"""Seeded watershed: flood integer levels from seeds, with or without a line between the floods.

All seeds enter a queue at their own level. The voxel that leaves is the lowest one, of equals the one that entered first. Its six
neighbours that no flood has reached enter the queue for its flood. With a line, a voxel that leaves beside another flood belongs to
none: it is part of the line. There the flood stops, or goes on ``beyond`` it. A voxel enters once: another time it would only wait
behind itself.

The queue is one list for each level, on pages that pass from list to list as they fill and empty. A voxel that lies lower than the one
through which it is reached does not enter it: it and all that lies low behind it are flooded at once, from a stack, in any order. In the
queue they would leave before all others too, and among themselves the order changes nothing: no other flood moves meanwhile, and a flood
asks only where the others are. The same holds for neighbours in a list that wait for one flood; so the voxels that enter from the stack
may do so in any order. The lists are therefore emptied from the lowest level up, each one once.

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
FIRST, LAST = 0, 1  # the two ends of a list, as places among the entries of all pages
EMPTY, FRESH = 0, 1  # the page that was emptied last, each of which names the one before it, and the first that was never written
NONE = -1
AHEAD = 3  # how many voxels of a list are fetched before their turn
PLANES = 4  # of one piece of work


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
    _flood(cells, height, width, *inside, half, count, 5 if few else 2, line, beyond)
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
def _flood(cells, height, width, first, start, stop, half, count, fold, line, beyond):
    area = (height + 2) * (width + 2)
    near = np.array([-area, area, -width - 2, width + 2, -1, 1])  # the last one leaves the stack next: it lies beside in memory
    unreached, low = -1 << (half - 1), (1 << half) - 1
    ends = np.empty((count, 2), np.uint32)
    page = (1 << fold) - 1
    pages = np.empty(
        (min(cells.size, cells.size // page + 2 * count) + 1) << fold, np.uint32
    )  # as many as can be in use; most are never touched
    spare = np.array([NONE, 0])
    filled = np.zeros((count + 63) // 64, np.uint64)  # which lists hold something, one bit each
    for row in range(first.size - 1):
        for run in range(first[row], first[row + 1]):
            for voxel in range(_begin(row, height, width) + start[run], _begin(row, height, width) + stop[run]):
                cell = np.int64(cells[voxel])
                if cell >> half > BLOCKED:
                    _enter(pages, fold, spare, ends, filled, voxel, cell & low)
    stack = np.empty(cells.size, np.uint32)
    reached = np.empty(7, np.int64)
    level = 0
    while level < count:
        if filled[level >> 6] == 0:
            level = (level | 63) + 1
            continue
        if not _holds(filled, level):
            level += 1
            continue
        place, final = np.int64(ends[level, FIRST]), np.int64(ends[level, LAST])
        stack[0] = pages[place]
        if place == final:
            _give_back(pages, fold, spare, place >> fold)
            filled[level >> 6] ^= np.uint64(1) << np.uint64(level & 63)
        else:
            place += 1
            if place & page == page:
                _give_back(pages, fold, spare, place >> fold)
                place = np.int64(pages[place]) << fold
            ends[level, FIRST] = place
            if place & page < page - AHEAD:  # what lies there may be old: then nothing is gained, or lost
                _fetch(cells, pages[place + AHEAD], near)

        height_of_stack = 1
        while height_of_stack > 0:
            height_of_stack -= 1
            voxel = np.int64(stack[height_of_stack])
            _fetch(cells, stack[max(height_of_stack - 1, 0)], near)
            cell = np.int64(cells[voxel])
            owner = cell >> half
            label = abs(owner)
            meets_another = False
            found = 0
            for i in range(6):
                other = np.int64(cells[voxel + near[i]]) >> half
                reached[found] = voxel + near[i]
                found += other == unreached  # sums instead of branches, which no processor could foretell
                meets_another |= (other > 0) & (other != label)
            if line and meets_another:
                # A seed stays a seed, though its neighbours take it for a line.
                cells[voxel] = (-label if owner > 0 else BLOCKED) << half | cell & low
                if not beyond:
                    continue
            else:
                cells[voxel] = label << half | cell & low
            for i in range(found):
                other_level = np.int64(cells[reached[i]]) & low
                cells[reached[i]] = -label << half | other_level
                if other_level < level:
                    stack[height_of_stack] = reached[i]
                    height_of_stack += 1
                else:
                    _enter(pages, fold, spare, ends, filled, reached[i], other_level)


@nb.njit(**EXACT, forceinline=True)
def _fetch(cells, voxel, near):
    """Ask for the neighbours of a voxel; those beside it in its row come along with them."""
    for i in range(4):
        prefetch(cells, np.int64(voxel) + near[i])


@nb.njit(**EXACT, forceinline=True)
def _holds(filled, level):
    return filled[level >> 6] >> np.uint64(level & 63) & np.uint64(1) != 0


@nb.njit(**EXACT, forceinline=True)
def _enter(pages, fold, spare, ends, filled, voxel, level):
    """Put a voxel at the end of the list of its level.

    Lists are kept on pages of ``2 ** fold`` entries: voxels, and in the last entry the number of the list's next page.
    """
    last = (1 << fold) - 1
    if _holds(filled, level):
        place = np.int64(ends[level, LAST]) + 1
        if place & last == last:
            page = _new_page(pages, fold, spare)
            pages[place] = page
            place = page << fold
    else:
        place = _new_page(pages, fold, spare) << fold
        ends[level, FIRST] = place
        filled[level >> 6] |= np.uint64(1) << np.uint64(level & 63)
    pages[place] = voxel
    ends[level, LAST] = place


@nb.njit(**EXACT, forceinline=True)
def _give_back(pages, fold, spare, page):
    """Mark a page as empty."""
    pages[page << fold] = spare[EMPTY] + 1
    spare[EMPTY] = page


@nb.njit(**EXACT, forceinline=True)
def _new_page(pages, fold, spare):
    page = spare[EMPTY]
    if page == NONE:
        spare[FRESH] += 1
        return spare[FRESH] - 1
    spare[EMPTY] = np.int64(pages[page << fold]) - 1
    return page
