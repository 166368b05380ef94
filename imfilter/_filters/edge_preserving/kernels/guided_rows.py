"""Groups of single rows of a guided filter, four at a time.

Four groups of w rows that follow each other read w + 3 rows together, and 4 w one by one. Each adds its rows
from the last to the first, as `guided` does for a group alone.
"""

import numpy as np

from imfilter._simd.jit import inlined
from imfilter._simd.lanewise import fma
from imfilter._simd.registers import BYTES, REGISTERS
from imfilter._simd.vector import load_registers, peek, size_of, splat_registers, store

#: Groups that are summed together, and the least number of rows of a group.
ROWS = 4
_F64 = np.dtype(np.float64)
#: Bytes of one register, and of two.
_ONE, _TWO = BYTES // REGISTERS, 2 * BYTES // REGISTERS


@inlined
def four_lines(job, newest, step, rows, to, wide):
    """Write four groups of rows of coefficients. newest: address of the last row of the first group.

    step: distance of rows in bytes. rows: of a group. to: address of the addresses of the results.
    """
    for q in range(job.quantities):
        shift, beyond = job.segment * q, newest + job.plane * q
        first, second, third, fourth = (
            peek(to) + shift, peek(to + 8) + shift, peek(to + 16) + shift, peek(to + 24) + shift
        )  # fmt: skip
        for i in range(0, 8 * wide, _TWO):
            at = beyond + i
            zero = splat_registers(_F64, 2, 0.0)
            x = load_registers(_F64, 2, at + 3 * step, _F64)
            d = zero + x
            x = load_registers(_F64, 2, at + 2 * step, _F64)
            c, d = zero + x, d + x
            x = load_registers(_F64, 2, at + step, _F64)
            b, c, d = zero + x, c + x, d + x
            a = zero
            for _ in range(rows - 3):
                x = load_registers(_F64, 2, at, _F64)
                a, b, c, d = a + x, b + x, c + x, d + x
                at -= step
            x = load_registers(_F64, 2, at, _F64)
            a, b, c = a + x, b + x, c + x
            x = load_registers(_F64, 2, at - step, _F64)
            a, b = a + x, b + x
            a = a + load_registers(_F64, 2, at - 2 * step, _F64)
            store(first + i, _F64, a)
            store(second + i, _F64, b)
            store(third + i, _F64, c)
            store(fourth + i, _F64, d)


@inlined
def four_samples(real, segment, newest, apart, step, rows, to, wide, put):
    """Write four groups of rows of samples and of products, as `four_lines` does.

    The samples are `apart` bytes from those that they are multiplied with, whose address is `newest`. put:
    numbers of the quantities, the sums in the low byte, the products above it.
    """
    sums, products = segment * (put & 255), segment * (put >> 8)
    first, second, third, fourth = peek(to), peek(to + 8), peek(to + 16), peek(to + 24)
    for i in range(0, 8 * wide, _ONE):
        at = newest + i * size_of(real) // 8
        zero = splat_registers(_F64, 1, 0.0)
        u, v = _pair(real, at + 3 * step, apart)
        d, dd = zero + v, fma(u, v, zero)
        u, v = _pair(real, at + 2 * step, apart)
        c, cc, d, dd = zero + v, fma(u, v, zero), d + v, fma(u, v, dd)
        u, v = _pair(real, at + step, apart)
        b, bb, c, cc, d, dd = zero + v, fma(u, v, zero), c + v, fma(u, v, cc), d + v, fma(u, v, dd)
        a, aa = zero, zero
        for _ in range(rows - 3):
            u, v = _pair(real, at, apart)
            a, aa, b, bb = a + v, fma(u, v, aa), b + v, fma(u, v, bb)
            c, cc, d, dd = c + v, fma(u, v, cc), d + v, fma(u, v, dd)
            at -= step
        u, v = _pair(real, at, apart)
        a, aa, b, bb, c, cc = a + v, fma(u, v, aa), b + v, fma(u, v, bb), c + v, fma(u, v, cc)
        u, v = _pair(real, at - step, apart)
        a, aa, b, bb = a + v, fma(u, v, aa), b + v, fma(u, v, bb)
        u, v = _pair(real, at - 2 * step, apart)
        a, aa = a + v, fma(u, v, aa)
        _put(first + i, sums, products, a, aa)
        _put(second + i, sums, products, b, bb)
        _put(third + i, sums, products, c, cc)
        _put(fourth + i, sums, products, d, dd)


@inlined
def _pair(real, at, apart):
    """Return samples of the guide, and those that are summed."""
    return load_registers(_F64, 1, at, real), load_registers(_F64, 1, at + apart, real)


@inlined
def _put(to, sums, products, total, product):
    """Write sums and products."""
    store(to + sums, _F64, total)
    store(to + products, _F64, product)
