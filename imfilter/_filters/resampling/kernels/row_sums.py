"""Weighted sums of rows: to lines of the arithmetic, or to the result.

The usual numbers of rows have loops of their own, exact sums have no reference, and a result that no cache
keeps is written at once. From 4K to 8K, cubic uint16 takes 36 instead of 51 ms so, linear uint16 17 instead
of 20, cubic float32 32 instead of 36, and linear bytes 7.9 instead of 8.8 (Zen 3, one thread).
"""

from imfilter._filters.resampling.kernels.references import LARGEST32, LARGEST64, fitting
from imfilter._simd.jit import inlined, kernel
from imfilter._simd.lanewise import fma
from imfilter._simd.registers import BYTES, LINE, REGISTERS
from imfilter._simd.streaming import store_some, stream
from imfilter._simd.vector import (
    convert_one,
    load_like,
    load_one,
    peek,
    size_of,
    splat,
    splat_register,
    store,
    store_one,
)


@inlined
def _of_rows(real, source, relative, zero, shift, taps, n, setting):
    """Return one vector of sums of rows, `shift` elements after their starts."""
    about, whole, constant, cval = setting
    width, reference, total = size_of(source), zero, zero
    if relative:
        reference = load_like(zero, about + shift * width, source)
        if not whole:
            reference = fitting(real, reference)
    if constant != 0:  # not a bare product: LLVM would fuse it with the sum at the end, in some loops only
        total = fma(zero + cval - reference, zero + constant, zero)
    for t in range(n):
        sample = load_like(zero, peek(taps + 16 * t) + shift * width, source)
        sample = sample - reference if relative else sample
        total = fma(sample, zero + load_one(real, taps + 16 * t + 8, real), total)
    return total + reference if relative else total


@inlined
def _of_one(real, source, relative, k, taps, n, setting):
    """Return the sum of element `k` of rows."""
    about, whole, constant, cval = setting
    width = size_of(source)
    limit = real.type(LARGEST32 if size_of(real) == 4 else LARGEST64)
    reference = total = real.type(0)
    if relative:
        sample = load_one(real, about + k * width, source)
        reference = sample if whole or -limit < sample < limit else reference
    if constant != 0:  # `constant - constant` is a 0 that LLVM does not know: it would make a bare product
        total = fma(cval - reference, constant, constant - constant)
    for t in range(n):
        sample = load_one(real, peek(taps + 16 * t) + k * width, source)
        total = fma(sample - reference, load_one(real, taps + 16 * t + 8, real), total)
    return total + reference


@inlined
def _sum_vectors(real, source, target, relative, taps, n, setting, count, to):
    """Write the sums of `n` rows vector by vector. Return the number of sums that are written."""
    width, lanes, i = size_of(target), BYTES // size_of(real), 0
    wide = splat(real, real.type(0))
    while i + lanes <= count:
        store(to + i * width, target, _of_rows(real, source, relative, wide, i, taps, n, setting))
        i += lanes
    return i


@kernel("real", "source", "target", "relative")
def sum_rows(
    real, source, target, relative, taps, n, about, whole, count, constant: float, cval: float, to, spare
):  # fmt: skip
    """Write weighted sums of `count` elements of `n` rows, as `target`: rounded, saturated.

    `taps` is the table of the addresses of the rows and their weights, which are `real`. `about` is the
    address of the reference row, if the sums are `relative`. `spare` is the address of a place for one sum.
    """
    i, none = 0, real.type(0)
    setting, usual = (about, whole, real.type(constant), real.type(cval)), (about, whole, none, none)
    if constant != 0 or n > 4 or n == 0:
        i = _sum_vectors(real, source, target, relative, taps, n, setting, count, to)
    elif n == 1:
        i = _sum_vectors(real, source, target, relative, taps, 1, usual, count, to)
    elif n == 2:
        i = _sum_vectors(real, source, target, relative, taps, 2, usual, count, to)
    elif n == 3:
        i = _sum_vectors(real, source, target, relative, taps, 3, usual, count, to)
    else:
        i = _sum_vectors(real, source, target, relative, taps, 4, usual, count, to)
    few = BYTES // REGISTERS // size_of(real)
    narrow = splat_register(real, none)
    while i < count and few <= count:  # one loop for all numbers of rows compiles faster
        shift = min(i, count - few)  # the last vector overlaps the previous one
        found = _of_rows(real, source, relative, narrow, shift, taps, n, setting)
        store(to + shift * size_of(target), target, found)
        i += few
    for k in range(i, count):  # lines shorter than a register
        store_one(spare, real, _of_one(real, source, relative, k, taps, n, setting))
        convert_one(real, spare, target, to + k * size_of(target))


@inlined
def _stream_vectors(real, source, target, relative, taps, n, setting, begin, stop, to):
    """Write the sums of `n` rows from `begin` to `stop`, which are whole cache lines, past the caches."""
    width, lanes, wide = size_of(target), BYTES // size_of(real), splat(real, real.type(0))
    for i in range(begin, stop, lanes):
        found = _of_rows(real, source, relative, wide, i, taps, n, setting)
        stream(to + i * width, target, found)


@inlined
def _to_line(real, source, relative, taps, n, setting, begin, stop, count, line):
    """Write the sums from `begin` to `stop` to a line of `count` sums. Others may be written, too."""
    size, few = size_of(real), BYTES // REGISTERS // size_of(real)
    narrow, i = splat_register(real, real.type(0)), begin
    while i < stop and few <= count:
        shift = min(i, count - few)
        store(line + shift * size, real, _of_rows(real, source, relative, narrow, shift, taps, n, setting))
        i += few
    for k in range(i, stop):
        store_one(line + k * size, real, _of_one(real, source, relative, k, taps, n, setting))


@kernel("real", "source", "target", "relative")
def stream_rows(
    real, source, target, relative, taps, n, about, whole, count, constant: float, cval: float, to, line
):  # fmt: skip
    """Write the sums of `sum_rows` past the caches, for a result that no cache keeps.

    Sums that share a cache line with others go through `line`, a place for `count` of them; see `streaming`.
    The others do not.
    """
    none, width = real.type(0), size_of(target)
    setting, usual = (about, whole, real.type(constant), real.type(cval)), (about, whole, none, none)
    step = max(BYTES // size_of(real), LINE // width)
    begin = count if to % width else min(-to % LINE // width, count)  # before the first whole cache line
    stop = begin + (count - begin) // step * step
    if constant != 0 or n > 4 or n == 0:
        _stream_vectors(real, source, target, relative, taps, n, setting, begin, stop, to)
    elif n == 1:
        _stream_vectors(real, source, target, relative, taps, 1, usual, begin, stop, to)
    elif n == 2:
        _stream_vectors(real, source, target, relative, taps, 2, usual, begin, stop, to)
    elif n == 3:
        _stream_vectors(real, source, target, relative, taps, 3, usual, begin, stop, to)
    else:
        _stream_vectors(real, source, target, relative, taps, 4, usual, begin, stop, to)
    first, last = 0, begin
    for _side in range(2):
        _to_line(real, source, relative, taps, n, setting, first, last, count, line)
        store_some(real, target, line, to, first, last)
        first, last = stop, count
