"""Sums of neighbours along a line: of eight, and of the rest that a window has besides its eights.

Eight neighbours are summed within registers, by three shifts and three additions. A window of 61 is seven
eights and five: eight loads at addresses of whole registers. The order of all additions is that of the
window. Neighbours of one channel that lie apart are loaded, and added in the same order.
"""

from imfilter._filters.local.kernels.box import LEVEL, PART
from imfilter._simd.jit import nested
from imfilter._simd.lanewise import lanes_from
from imfilter._simd.registers import BYTES
from imfilter._simd.vector import load, peek, size_of, store


@nested
def sum_near(a, b, twos, next_twos, fours, rest):
    """Return the sums of up to seven neighbours from each lane of `a` on. `b` is the vector after it.

    twos, next_twos, fours: sums of two neighbours of `a` and of `b`, and of four of `a`.
    """
    if rest == 1:
        return a
    if rest == 2:
        return twos
    if rest == 3:
        return twos + lanes_from(a, b, 2)
    if rest == 4:
        return fours
    if rest == 5:
        return fours + lanes_from(a, b, 4)
    sixes = fours + lanes_from(twos, next_twos, 4)
    if rest == 6:
        return sixes
    return sixes + lanes_from(a, b, 6)


@nested
def _near(a, b, rest):
    """Return what `sum_near` does, from samples only."""
    a2, b2 = a + lanes_from(a, b, 1), b + lanes_from(b, b, 1)
    return sum_near(a, b, a2, b2, a2 + lanes_from(a2, b2, 2), rest)


@nested
def _near_eight(a, b):
    """Return the sums of eight neighbours from each lane of `a` on. `b` is the vector after it."""
    a2, b2 = a + lanes_from(a, b, 1), b + lanes_from(b, b, 1)
    a4, b4 = a2 + lanes_from(a2, b2, 2), b2 + lanes_from(b2, b2, 2)
    return a4 + lanes_from(a4, b4, 4)


@nested
def _apart(kind, at, step, rest):
    """Return the sums of `rest` samples, up to eight, each `step` bytes after the one before."""
    total = load(kind, at, kind)
    if rest > 1:
        total = total + load(kind, at + step, kind)
    if rest == 3:
        total = total + load(kind, at + 2 * step, kind)
    if rest > 3:
        total = total + (load(kind, at + 2 * step, kind) + load(kind, at + 3 * step, kind))
        more = load(kind, at + 4 * step, kind) if rest > 4 else total
        if rest == 5:
            total = total + more
        if rest > 5:
            more = more + load(kind, at + 5 * step, kind)
            if rest == 8:
                more = more + (load(kind, at + 6 * step, kind) + load(kind, at + 7 * step, kind))
            total = total + more
            if rest == 7:
                total = total + load(kind, at + 6 * step, kind)
    return total


@nested
def few_of(kind, at, beside, rest):
    """Return the sums of up to seven neighbours, at distances of `beside`, from each sample at `at` on."""
    if beside == 1:
        return _near(load(kind, at, kind), load(kind, at + BYTES, kind), rest)
    return _apart(kind, at, size_of(kind) * beside, rest)


@nested
def write_eights(kind, line, to, pitch, beside, rest, wide):
    """Write the sums of eight neighbours in a line, and one `pitch` after it those of the rest, if any."""
    item = size_of(kind)
    for at in range(line, line + item * wide, BYTES):
        there = at + to - line
        if beside == 1:
            a, b = load(kind, at, kind), load(kind, at + BYTES, kind)
            store(there, kind, _near_eight(a, b))
            if rest:
                store(there + pitch, kind, _near(a, b, rest))
        else:
            store(there, kind, _apart(kind, at, item * beside, 8))
            if rest:
                store(there + pitch, kind, _apart(kind, at, item * beside, rest))


@nested
def group_of(kind, job, level, i):
    """Return the sums and the sums of squares of groups of columns, from column `i` on."""
    line, pitch, entry = job.workspace + size_of(kind) * i, job.pitch, job.eights + 8 * LEVEL * level
    part, stop = peek(entry + 24), peek(entry + 24) + peek(entry + 16)
    of = job.eight_parts + 8 * PART * part
    at = line + 2 * pitch * peek(of) + peek(of + 8)
    total, squares = load(kind, at, kind), load(kind, at + pitch, kind)
    for number in range(part + 1, stop):
        of = job.eight_parts + 8 * PART * number
        at = line + 2 * pitch * peek(of) + peek(of + 8)
        total = total + load(kind, at, kind)
        squares = squares + load(kind, at + pitch, kind)
    return total, squares


@nested
def window_of(kind, job, line, i):
    """Return the sums and the sums of squares of windows, from column `i` of a line of columns on."""
    if job.taps_x < 8:
        at = line + size_of(kind) * i
        total = few_of(kind, at, job.beside, job.taps_x)
        return total, few_of(kind, at + job.pitch, job.beside, job.taps_x)
    return group_of(kind, job, job.n_eights - 1, i)


@nested
def prepare_windows(kind, job, columns, wide):
    """Write the sums of groups of columns that windows need. columns: the line of their sums."""
    if job.taps_x < 8:
        return
    line, pitch, rest = job.workspace, job.pitch, job.taps_x % 8
    for i in (0, pitch):
        write_eights(kind, columns + i, line + i + 2 * pitch, 2 * pitch, job.beside, rest, wide)
    write_groups(kind, job, wide)


@nested
def write_groups(kind, job, wide):
    """Write the sums of groups of columns below the last level."""
    line, pitch = job.workspace, job.pitch
    for level in range(job.n_eights - 1):
        length = wide - (peek(job.eights + 8 * (LEVEL * level + 1)) - 1) * job.beside
        to = line + 2 * pitch * (level + 3)
        for i in range(0, length, BYTES // size_of(kind)):
            total, squares = group_of(kind, job, level, i)
            store(to + size_of(kind) * i, kind, total)
            store(to + pitch + size_of(kind) * i, kind, squares)
