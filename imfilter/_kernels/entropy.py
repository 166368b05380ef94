"""Reading the Huffman codes of a JPEG scan, without what they mean: where they end.

Source: ITU-T T.81, F.2.2 for sequential scans, G.2 for progressive ones.
"""

import numpy as np
from numba.core import types
from numba.extending import intrinsic

from imfilter._core.jit import Driver, part
from imfilter._kernels.simd import load_one, peek, poke

_U16, _I64, _U64 = map(np.dtype, (np.uint16, np.int64, np.uint64))

#: The end of a part that has a code that no table has, or too many coefficients or blocks.
DAMAGED = -1
#: Bytes that are read behind the last one of the data.
BEHIND = 16


#: Bits of most codes, or more: a table begins with what they stand for, so that this is in the nearest cache.
SHORT = 9


@intrinsic
def _swapped(typingctx, word):
    """Reverse the bytes of a word."""

    def codegen(context, builder, sig, args):
        return builder.bswap(args[0])

    return types.uint64(types.uint64), codegen


@part
def _next_bits(data, at):
    """Return the 16 bits from bit `at` on."""
    word = _swapped(load_one(_U64, data + (at >> 3), _U64))
    return np.int64((word << np.uint64(at & 7)) >> np.uint64(48))


@part
def _code(data, at, table):
    """Return the length of the code at bit `at`, times 256, plus its symbol; 0 if there is no such code."""
    bits = _next_bits(data, at)
    code = load_one(_I64, table + 2 * (bits >> (16 - SHORT)), _U16)
    if code == 0:
        code = load_one(_I64, table + 2 * ((1 << SHORT) + bits), _U16)
    return code


@Driver
def read_blocks(data, starts, n_parts, interval, units, tables, blocks, ends):
    """Read whole blocks, or only their first coefficients, and store the bit at which each part ends.

    data: address of bytes without stuffing. starts: address of where each part begins, and of where the last
    one ends. A part has `interval` units of `blocks` blocks, the last one what is left of `units`. tables:
    address of the addresses of two tables for each block of a unit: the code lengths and symbols that `SHORT`
    bits begin with, 0 for longer codes, then those of 16 bits. The second is 0 where only first coefficients
    are coded.
    """
    for number in range(n_parts):
        at, end = 8 * peek(starts + 8 * number), 8 * peek(starts + 8 * number + 8)
        for _ in range(min(interval, units - number * interval)):
            for block in range(blocks):
                code = _code(data, at, peek(tables + 16 * block))
                at += (code >> 8) + (code & 15)
                if code == 0 or at > end:
                    break
                others = peek(tables + 16 * block + 8)
                k = 1 if others else 64
                while k < 64:
                    code = _code(data, at, others)
                    size, zeros = code & 15, (code >> 4) & 15
                    at += (code >> 8) + size
                    if code == 0 or at > end:
                        k = 128
                    elif size or zeros == 15:
                        k += zeros + 1
                    else:
                        k = 64
                if k > 64:
                    code = 0
                    break
            if code == 0 or at > end:
                at = DAMAGED
                break
        poke(ends + 8 * number, at)


@Driver
def read_band(data, starts, n_parts, interval, units, table, low, high, known, ends):
    """Read the first bits of coefficients `low` to `high`, and store the bit at which each part ends.

    known: address of a word for each block, with a bit for each coefficient that is not zero. The other
    arguments are those of `read_blocks`.
    """
    for number in range(n_parts):
        at, end = 8 * peek(starts + 8 * number), 8 * peek(starts + 8 * number + 8)
        run = 0  # blocks that have no more coefficients in this band
        first = number * interval
        for block in range(first, min(first + interval, units)):
            if run:
                run -= 1
                continue
            k = low
            while k <= high:
                code = _code(data, at, table)
                size, zeros = code & 15, (code >> 4) & 15
                at += code >> 8
                if code == 0 or at > end:
                    k = 128
                elif size:
                    at += size
                    k += zeros
                    if k < 64:
                        poke(known + 8 * block, peek(known + 8 * block) | np.int64(1) << k)
                    k += 1
                elif zeros == 15:
                    k += 16
                else:
                    run = (1 << zeros) - 1 + (_next_bits(data, at) >> (16 - zeros))
                    at += zeros
                    break
            if k > 64 or at > end:
                at = DAMAGED
                break
        poke(ends + 8 * number, at if run == 0 else DAMAGED)


@Driver
def refine_band(data, starts, n_parts, interval, units, table, low, high, known, ends):
    """Read one more bit of coefficients `low` to `high`; the arguments are those of `read_band`.

    Each coefficient that is not zero has a bit, among the codes of those that become so.
    """
    for number in range(n_parts):
        at, end = 8 * peek(starts + 8 * number), 8 * peek(starts + 8 * number + 8)
        run = 0
        first = number * interval
        for block in range(first, min(first + interval, units)):
            word = peek(known + 8 * block)
            k = low
            while k <= high and run == 0:
                code = _code(data, at, table)
                size, zeros = code & 15, (code >> 4) & 15
                at += code >> 8
                if code == 0 or at > end or size > 1:
                    k = 128
                    break
                if size == 0 and zeros < 15:
                    run = (1 << zeros) + (_next_bits(data, at) >> (16 - zeros))
                    at += zeros
                    break
                at += size
                while k <= high:
                    if (word >> k) & 1:
                        at += 1
                    elif zeros == 0:
                        break
                    else:
                        zeros -= 1
                    k += 1
                if size and k <= high:
                    word |= np.int64(1) << k
                k += 1
            if run:
                while k <= high:
                    at += (word >> k) & 1
                    k += 1
                run -= 1
            poke(known + 8 * block, word)
            if k > 65 or at > end:
                at = DAMAGED
                break
        poke(ends + 8 * number, at if run == 0 else DAMAGED)
