"""Means over windows of any size that slide along series, of sums that are made of smaller sums.

Lines are float64: `step` elements lie from one sample of a series to its next. Each sum is taken in an order
of its own, the same in every lane and behind the last vector: so a series may be cut anywhere.
"""

import numpy as np
from llvmlite import ir
from numba.extending import intrinsic

from imfilter._core.jit import Driver, inlined
from imfilter._kernels.ahead import prefetch
from imfilter._kernels.simd import (
    BYTES,
    LINE,
    in_register,
    load,
    load_like,
    load_one,
    multiply_add,
    peek,
    splat,
    splat_register,
    store,
    store_one,
    strict,
)

_F64 = np.dtype(np.float64)
#: Elements of a line from which on it is worth while to begin at the start of a line of the cache.
_LONG = 1024
#: Elements of a vector, and of one of its registers.
_LANES, _REGISTER = BYTES // 8, in_register(_F64)


@intrinsic
def _quotient(typingctx, value, divisor, reciprocal):
    """Divide numbers or vectors: by a product that is corrected by what is missing to it.

    vdivpd takes 16 cycles for 8 float64, which is longer than the sum of ten of them (Cascade Lake).
    """

    def codegen(context, builder, sig, args):
        def formula(total, by, share):
            product = builder.fmul(total, share)
            rest = multiply_add(builder, builder.fneg(product), by, total)
            better = multiply_add(builder, rest, share, product)
            strange = builder.fcmp_unordered("uno", better, better)  # of infinity nothing is missing
            # The sign of a zero sum is the compiler's choice: no result has one.
            zero = ir.Constant(total.type, [0.0] * total.type.count)
            return builder.fadd(builder.select(strange, product, better), zero)

        return strict(builder, formula, *args)

    return value(value, divisor, reciprocal), codegen


@inlined
def _total(target, start, fewer, apart, line, times, shift, count, divisor, coming):
    """Write for each element the sum of two runs, over `divisor` if that is not 0.

    The first run has `fewer` elements, `apart` from each on, of the line from address `start` on, if any; the
    second `times` elements, `shift` from each on, of `line`. They are added up one after the other. `target`
    may lie before what is read later. coming: where as much is asked for that will be read next, if not 0.
    """
    if fewer == 0:  # the first of the second
        start, fewer, apart = line, 1, 0
        line, times = line + 8 * shift, times - 1
    reciprocal = 1.0 / divisor if divisor != 0.0 else 0.0
    e = 0
    while e < count:
        at, then, to = start + 8 * e, line + 8 * e, target + 8 * e
        if (to % LINE and count > _LONG) or e + _REGISTER > count:
            one = load_one(_F64, at, _F64)
            for i in range(1, fewer):
                one += load_one(_F64, at + 8 * i * apart, _F64)
            for i in range(times):
                one += load_one(_F64, then + 8 * i * shift, _F64)
            if divisor != 0.0:
                one = _quotient(one, divisor, reciprocal)
            store_one(to, _F64, one)
            e += 1
        elif e + _LANES > count:
            few = load_like(splat_register(_F64, 0.0), at, _F64)
            for i in range(1, fewer):
                few = few + load_like(few, at + 8 * i * apart, _F64)
            for i in range(times):
                few = few + load_like(few, then + 8 * i * shift, _F64)
            if divisor != 0.0:
                few = _quotient(few, splat_register(_F64, divisor), splat_register(_F64, reciprocal))
            store(to, _F64, few)
            e += _REGISTER
        else:
            if coming:
                for i in range(0, BYTES, LINE):
                    prefetch(coming + 8 * e + i, False)
            many = load(_F64, at, _F64)
            for i in range(1, fewer):
                many = many + load(_F64, at + 8 * i * apart, _F64)
            for i in range(times):
                many = many + load(_F64, then + 8 * i * shift, _F64)
            if divisor != 0.0:
                many = _quotient(many, splat(_F64, divisor), splat(_F64, reciprocal))
            store(to, _F64, many)
            e += _LANES


@intrinsic(prefer_literal=True)
def _after(typingctx, first, second, n):
    """Return the lanes of two vectors from lane `n` of the first on."""
    start = n.literal_value

    def codegen(context, builder, sig, args):
        lanes = [ir.IntType(32)(start + i) for i in range(first.lanes)]
        mask = ir.Constant(ir.VectorType(ir.IntType(32), first.lanes), lanes)
        return builder.shuffle_vector(args[0], args[1], mask)

    return first(first, second, n), codegen


@inlined
def _pairwise(kind, at, shift):
    """Return the sum of eight elements, or vectors, `shift` apart, in pairs."""
    b = at + 16 * shift
    c, d = b + 16 * shift, b + 32 * shift
    return ((kind(at) + kind(at + 8 * shift)) + (kind(b) + kind(b + 8 * shift))) + (
        (kind(c) + kind(c + 8 * shift)) + (kind(d) + kind(d + 8 * shift))
    )


@inlined
def _vector(at):
    return load(_F64, at, _F64)


@inlined
def _register(at):
    return load_like(splat_register(_F64, 0.0), at, _F64)


@inlined
def _element(at):
    return load_one(_F64, at, _F64)


@inlined
def _octets(target, line, count, shift, place):
    """Write the sums of eight elements of a line, `shift` apart, in pairs; `target` may be the line.

    place: where as much will be written next, which is asked for.
    """
    e = 0
    while count > _LONG and e < count and (target + 8 * e) % LINE:
        store_one(target + 8 * e, _F64, _pairwise(_element, line + 8 * e, shift))
        e += 1
    if shift == 1 and _REGISTER >= 4 and e + 4 * _REGISTER <= count:
        # Pairs, fours and eights are made of those before, in registers: for most of eight loads would
        # cross a line of the cache, and take 2 cycles each. The newest samples are three registers ahead.
        step = 8 * _REGISTER
        at = line + 8 * e
        samples, second, third = _register(at), _register(at + step), _register(at + 2 * step)
        twos, more = samples + _after(samples, second, 1), second + _after(second, third, 1)
        fours = twos + _after(twos, more, 2)
        twos, samples = more, third
        while e + 4 * _REGISTER <= count + 7:
            prefetch(place + 8 * e, True)
            newest = _register(line + 8 * e + 3 * step)
            new_twos = samples + _after(samples, newest, 1)
            new_fours = twos + _after(twos, new_twos, 2)
            store(target + 8 * e, _F64, fours + _after(fours, new_fours, 4))
            samples, twos, fours = newest, new_twos, new_fours
            e += _REGISTER
    while e + _LANES <= count:
        store(target + 8 * e, _F64, _pairwise(_vector, line + 8 * e, shift))
        e += _LANES
    while e < count:
        store_one(target + 8 * e, _F64, _pairwise(_element, line + 8 * e, shift))
        e += 1


@Driver
def average(source, target, rows, step, size, divisor: float, room, tile, columns, levels, n_levels):
    """Write the sum of `size` samples from each of `rows` on, of each of `step` series, over `divisor`.

    Sums of more and more samples, eight first, are made of those of the level before, and the window is put
    together from those of all levels, the largest in front. No sum runs on: nothing drifts, and what is no
    number stays in its windows. levels: of each how many of its sums a window has, and how many the next
    level's sums.

    As many rows as in `tile` are worked on at a time, of so many `columns` if not of all series; in `room`,
    if there are more levels than one, for twice as many rows and a window of these: sums, and what is left
    over of levels but the first.
    """
    for top in range(0, rows, tile):
        n = min(tile, rows - top)
        left = 0
        while left < step:
            wide = columns if columns == step else columns - (target + 8 * left) % LINE // 8
            wide = min(wide, step - left)
            line, to = source + 8 * (top * step + left), target + 8 * (top * step + left)
            # Rows of all series are one run, rows of some are as many.
            runs, length = (1, n * wide) if wide == step else (n, wide)
            kept = room + 8 * wide * (tile + -(-size // 8) * 8)
            # What is left over of the first level is added up with what is next.
            start, fewer, apart, pitch = 0, 0, 0, 8 * step
            width, behind, away = 1, size, 8 * step
            for level in range(n_levels - 1):
                digit, ratio = peek(levels + 16 * level), peek(levels + 16 * level + 8)
                shift = width * away // 8
                if digit:
                    behind -= digit * width
                    rest = line + behind * away
                    if level == 0:
                        start, fewer, apart = rest, digit, shift
                    else:
                        for run in range(runs):
                            at = start + run * pitch
                            _total(
                                kept + 8 * run * length, at, fewer, apart,
                                rest + run * away, digit, shift, length, 0.0, 0,
                            )  # fmt: skip
                        start, fewer, apart, pitch = kept, 1, 0, 8 * wide
                many = n + size - ratio * width
                if level:
                    _total(room, 0, 0, 0, line, ratio, shift, many * wide, 0.0, 0)
                elif wide == step:
                    _octets(room, line, many * wide, shift, to)
                else:
                    for run in range(many):
                        _octets(room + 8 * run * wide, line + run * away, wide, shift, to)
                line, away = room, 8 * wide
                width *= ratio
            digit = peek(levels + 16 * (n_levels - 1))
            coming = source + 8 * ((top + tile + size) * step) if n_levels > 1 and wide == step else 0
            for run in range(runs):
                at = start + run * pitch
                _total(
                    to + 8 * run * step, at, fewer, apart,
                    line + run * away, digit, width * away // 8, length, divisor, coming,
                )  # fmt: skip
            left += wide
