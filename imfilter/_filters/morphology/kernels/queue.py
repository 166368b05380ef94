"""A queue of samples with bounded memory, and the neighbours of a sample of a block.

Each sample has a bit that says whether it waits. A sample waits at most once. The oldest samples also have an
entry in a ring. If the ring is full, a sample has only its bit, and the ring is filled from the bits when it
is empty. The ring has an entry for at least one word of bits. So the search for bits takes at most one step
for each sample that leaves the queue.
"""

import numpy as np

from imfilter._simd.jit import nested, part
from imfilter._simd.vector import load_one, peek, poke, store_one
from imfilter._simd.words import lowest_bit

_U64 = np.dtype(np.uint64)

#: The state of a queue, one word each: the address of the bits and their number of words; the address of the
#: ring, and its length, a power of two, minus 1; the oldest entry and the number of entries; whether samples
#: wait that have no entry; the word where the search for them starts; the number of samples that left the
#: queue, and of words searched.
QUEUE = np.dtype(
    [
        (name, np.int64)
        for name in (
            *("bits", "words", "ring", "last", "head", "count", "more", "cursor"),
            *("popped", "searched"),
        )
    ]
)
#: The shape of a block. An entry of the ring has x in the lowest `bits_x` bits, then y in `bits_y` bits, then
#: z. `table` has five words for each of `n` neighbours: the distance in samples, the difference between
#: entries, and the distances along z, y and x. `flat_z` and `flat_y` say that no neighbour differs along z or
#: y.
BLOCK = np.dtype(
    [(name, np.int64) for name in ("z", "y", "x", "bits_x", "bits_y", "table", "n", "flat_z", "flat_y")]
)


@nested
def entry_of(block, z, y, x):
    """Return the entry of a sample."""
    return ((z << block.bits_y | y) << block.bits_x) | x


@nested
def x_of(block, entry):
    """Return the position of an entry along x."""
    return entry & ((1 << block.bits_x) - 1)


@nested
def y_of(block, entry):
    """Return the position of an entry along y."""
    return entry >> block.bits_x & ((1 << block.bits_y) - 1)


@nested
def z_of(block, entry):
    """Return the position of an entry along z."""
    return entry >> (block.bits_x + block.bits_y)


@nested
def inner(block, z, y, x):
    """Tell whether all neighbours of a sample are in the block, as far as this is simple to tell."""
    return (
        0 < x < block.x - 1
        and (0 < y < block.y - 1 or block.flat_y != 0)
        and (0 < z < block.z - 1 or block.flat_z != 0)
    )


@nested
def inside(block, z, y, x, neighbour):
    """Tell whether a neighbour is in the block. `neighbour` is its address in the table."""
    return (
        0 <= z + peek(neighbour + 16) < block.z
        and 0 <= y + peek(neighbour + 24) < block.y
        and 0 <= x + peek(neighbour + 32) < block.x
    )


@nested
def append(queue, entry):
    """Add an entry to the ring, which must have space."""
    poke(queue.ring + 8 * ((queue.head + queue.count) & queue.last), entry)
    queue.count += 1


@nested
def push(queue, index, entry):
    """Let a sample wait, unless it does already."""
    word = queue.bits + 8 * (index >> 6)
    bits, bit = load_one(_U64, word, _U64), np.uint64(1) << np.uint64(index & 63)
    if bits & bit:
        return
    store_one(word, _U64, bits | bit)
    if queue.count <= queue.last:
        append(queue, entry)
    else:
        queue.more = 1


@nested
def mark(queue, index):
    """Let a sample wait without an entry."""
    word = queue.bits + 8 * (index >> 6)
    store_one(word, _U64, load_one(_U64, word, _U64) | np.uint64(1) << np.uint64(index & 63))
    queue.more = 1


@part
def _search(queue, block):
    """Fill the empty ring with samples that wait without an entry."""
    queue.more, word = 0, queue.cursor
    for _ in range(queue.words):
        bits = load_one(_U64, queue.bits + 8 * word, _U64)
        queue.searched += 1
        while bits:
            if queue.count > queue.last:
                queue.more, queue.cursor = 1, word
                return
            index = 64 * word + lowest_bit(bits)
            bits &= bits - np.uint64(1)
            row = index // block.x
            plane = row // block.y
            append(queue, entry_of(block, plane, row - plane * block.y, index - row * block.x))
        word += 1
        if word == queue.words:
            word = 0


@part
def clear(queue):
    """Forget all samples that wait."""
    for word in range(queue.words):
        poke(queue.bits + 8 * word, 0)
    queue.count, queue.more = 0, 0


@nested
def pop(queue, block):
    """Return the entry of the oldest sample and forget it, or -1 if none waits."""
    if queue.count == 0:
        if not queue.more:
            return -1
        _search(queue, block)
    entry = peek(queue.ring + 8 * queue.head)
    queue.head = (queue.head + 1) & queue.last
    queue.count -= 1
    queue.popped += 1
    index = (z_of(block, entry) * block.y + y_of(block, entry)) * block.x + x_of(block, entry)
    word = queue.bits + 8 * (index >> 6)
    bit = np.uint64(1) << np.uint64(index & 63)
    store_one(word, _U64, load_one(_U64, word, _U64) & ~bit)
    return entry
