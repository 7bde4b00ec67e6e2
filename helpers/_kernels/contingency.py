"""Count how many voxels two label images share, for each pair of labels that occurs.

A label image is long stretches of equal numbers, so a pair of label images is long stretches of equal pairs: each stretch is one addition
to the count of its pair. The counts lie in a hash table (open addressing, linear probing) that holds only pairs that occur: the table
of 8000 by 8000 objects that touch a few others each has some 30,000 entries, not 64 million. Work: one pass over the voxels.

Source of the hash: Knuth, D. E. (1998) The Art of Computer Programming 3, section 6.4 (multiplicative hashing, linear probing).
"""

import numba as nb
import numpy as np

from helpers._kernels.inputs import frozen
from helpers._kernels.threads import EXACT, blocks, parallel, thread_count

CHUNK = 16  # voxels compared at once when a stretch is followed
BLOCK = 1 << 16  # voxels converted to int32 at a time: they stay in the processor's cache
SMALLEST = 1 << 10  # entries of a new table
PIECE = 1 << 20  # voxels that are worth a thread of their own
HASH = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio


def count_pairs(truth: np.ndarray, found: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Count the voxels of each pair (label in ``truth``, label in ``found``) of two C-contiguous integer arrays of one size.

    Labels fit into int32. Returns the labels of the pairs and the counts, each (pairs,) int64, in ascending order of the pairs.
    """
    truth, found = truth.reshape(-1), found.reshape(-1)
    pieces = blocks(truth.size, max(PIECE, -(-truth.size // thread_count())))
    tables = parallel(lambda piece: _count_piece(truth, found, *piece), pieces)
    keys, place = np.unique(np.concatenate([keys for keys, _ in tables]), return_inverse=True)
    counts = np.zeros(keys.size, np.int64)
    np.add.at(counts, place, np.concatenate([counts for _, counts in tables]))
    return keys >> 32, keys & 0xFFFFFFFF, counts


def _count_piece(truth: np.ndarray, found: np.ndarray, first: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
    """Return keys and counts of the voxels ``first`` to ``stop``. A key is the label in truth times 2^32 plus the label in found."""
    keys, counts = np.zeros(SMALLEST, np.int64), np.zeros(SMALLEST, np.int64)
    pages = np.empty((2, BLOCK), np.int32)
    entries = 0
    for start in range(first, stop, BLOCK):
        end = min(start + BLOCK, stop)
        true_block, found_block = (_int32(array[start:end], page) for array, page in zip((truth, found), pages))
        done = 0
        while done < end - start:
            done, entries = _count(true_block, found_block, done, keys, counts, entries)
            if 2 * entries >= keys.size:
                keys, counts = _larger(keys, counts)
    used = counts > 0
    return keys[used], counts[used]


def _int32(values: np.ndarray, page: np.ndarray) -> np.ndarray:
    """Return ``values`` as int32: as they are where they are so already, else copied into ``page``."""
    if values.dtype == np.int32:
        return frozen(values)
    np.copyto(page[: values.size], values, casting="unsafe")
    return frozen(page[: values.size])


def _larger(keys: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a table of four times the size with the same entries."""
    new_keys, new_counts = np.zeros(4 * keys.size, np.int64), np.zeros(4 * keys.size, np.int64)
    _move(frozen(keys), frozen(counts), new_keys, new_counts)
    return new_keys, new_counts


@nb.njit(**EXACT)
def _place(key, keys, counts):
    """Where the key stands in the table, or the free place where it belongs."""
    last = keys.size - 1  # the size is a power of two
    mixed = np.uint64(key) ^ (np.uint64(key) >> np.uint64(29))
    place = np.int64((mixed * HASH) >> np.uint64(32)) & last
    while counts[place] > 0 and keys[place] != key:
        place = (place + 1) & last
    return place


@nb.njit(**EXACT)
def _move(keys, counts, new_keys, new_counts):
    for i in range(keys.size):
        if counts[i] > 0:
            place = _place(keys[i], new_keys, new_counts)
            new_keys[place] = keys[i]
            new_counts[place] = counts[i]


@nb.njit(**EXACT)
def _count(truth, found, first, keys, counts, entries):
    """Add stretches from voxel ``first`` on, until the end or until the table is half full; return where it stopped, and the entries."""
    i = first
    while i < truth.size and 2 * entries < keys.size:
        true_label, found_label = truth[i], found[i]
        end = i + 1
        while end + CHUNK <= truth.size and _is_uniform(truth[end:], found[end:], true_label, found_label):
            end += CHUNK
        while end < truth.size and truth[end] == true_label and found[end] == found_label:
            end += 1
        key = np.int64(true_label) << 32 | np.int64(found_label)
        place = _place(key, keys, counts)
        if counts[place] == 0:
            keys[place] = key
            entries += 1
        counts[place] += end - i
        i = end
    return i, entries


@nb.njit(**EXACT)
def _is_uniform(truth, found, true_label, found_label):
    """Whether a whole chunk has this pair; without a way out in between, so that the voxels are compared all at once."""
    differs = False
    for i in range(CHUNK):
        differs |= (truth[i] != true_label) | (found[i] != found_label)
    return not differs
