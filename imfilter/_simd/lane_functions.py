"""Functions of Python and NumPy for the vectors and windows of `lane_window`.

Each computes in every lane what Numba computes for one window, with the same operations in the same order. A
function that is not here has no type for vectors. Then a window is computed after the other.
"""

import math
import operator

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import lower_builtin, overload, overload_method, type_callable

from imfilter._simd import llvm
from imfilter._simd.lane_window import (
    LANES,
    Lanes,
    LaneWindow,
    as_lanes,
    load_lanes,
    store_lanes,
)
from imfilter._simd.lanewise import absolute, larger, root, smaller, where
from imfilter._simd.vector import Mask, peek


def are_lanes(*kinds):
    """Tell whether types are vectors or numbers, and one is a vector."""
    one = any(isinstance(kind, Lanes) for kind in kinds)
    return one and all(isinstance(kind, Lanes | types.Number) for kind in kinds)


def _in_place(symbol, function):
    """Let a variable that starts as a number become a vector."""

    @overload(symbol)
    def _typed(a, b):
        return (lambda a, b: function(a, b)) if are_lanes(a, b) else None


_in_place(operator.iadd, operator.add)
_in_place(operator.isub, operator.sub)
_in_place(operator.imul, operator.mul)
_in_place(operator.itruediv, operator.truediv)


@overload(min)
def _min(a, b):
    if are_lanes(a, b):
        return lambda a, b: smaller(as_lanes(b), as_lanes(a))  # as in Python: `a` unless `b` is less
    return None


@overload(max)
def _max(a, b):
    if are_lanes(a, b):
        return lambda a, b: larger(as_lanes(b), as_lanes(a))
    return None


@overload(min)
def _min_of_window(window):
    return _least if isinstance(window, LaneWindow) else None


@overload(max)
def _max_of_window(window):
    return _greatest if isinstance(window, LaneWindow) else None


def _least(window):
    found = window[0]
    for value in window:
        found = smaller(value, found)
    return found


def _greatest(window):
    found = window[0]
    for value in window:
        found = larger(value, found)
    return found


@overload(np.minimum)
def _minimum(a, b):
    if not are_lanes(a, b):
        return None

    def minimum(a, b):
        x, y = as_lanes(a), as_lanes(b)
        return where(x != x, x, where(y != y, y, where(x <= y, x, y)))

    return minimum


@overload(np.maximum)
def _maximum(a, b):
    if not are_lanes(a, b):
        return None

    def maximum(a, b):
        x, y = as_lanes(a), as_lanes(b)
        return where(x != x, x, where(y != y, y, where(x >= y, x, y)))

    return maximum


@overload(abs)
@overload(math.fabs)
@overload(np.abs)
@overload(np.fabs)
def _abs(x):
    return (lambda x: absolute(x)) if isinstance(x, Lanes) else None


@overload(math.sqrt)
@overload(np.sqrt)
def _sqrt(x):
    return (lambda x: root(x)) if isinstance(x, Lanes) else None


@overload(np.where)
def _where(condition, x, y):
    if isinstance(condition, Mask) and are_lanes(x, y):
        return lambda condition, x, y: where(condition, as_lanes(x), as_lanes(y))
    return None


@overload(operator.pow)
def _power(x, n):
    """Multiply as Numba does for a constant exponent."""
    exponent = getattr(n, "literal_value", None)
    if not isinstance(x, Lanes) or not isinstance(exponent, int) or not 1 <= exponent <= 16:
        return None

    def power(x, n):
        result, factor, rest = as_lanes(1.0), x, exponent
        while rest:
            if rest & 1:
                result = result * factor
            rest >>= 1
            factor = factor * factor
        return result

    return power


@overload(np.sum)
@overload_method(LaneWindow, "sum")
def _sum(window):
    if not isinstance(window, LaneWindow):
        return None

    def total(window):  # one after the other, as Numba does
        found = as_lanes(0.0)
        for value in window:
            found = found + value
        return found

    return total


@overload(np.mean)
@overload_method(LaneWindow, "mean")
def _mean(window):
    return (lambda window: np.sum(window) / window.size) if isinstance(window, LaneWindow) else None


@overload(np.var)
@overload_method(LaneWindow, "var")
def _var(window):
    if not isinstance(window, LaneWindow):
        return None

    def variance(window):
        mean, total = np.mean(window), as_lanes(0.0)
        for value in window:
            total = total + (value - mean) * (value - mean)
        return total / window.size

    return variance


@overload(np.std)
@overload_method(LaneWindow, "std")
def _std(window):
    return (lambda window: root(np.var(window))) if isinstance(window, LaneWindow) else None


@overload(np.min)
@overload_method(LaneWindow, "min")
def _min_method(window):
    if not isinstance(window, LaneWindow):
        return None

    def least(window):
        found = window[0]
        for value in window:
            found = np.minimum(found, value)
        return found

    return least


@overload(np.max)
@overload_method(LaneWindow, "max")
def _max_method(window):
    if not isinstance(window, LaneWindow):
        return None

    def greatest(window):
        found = window[0]
        for value in window:
            found = np.maximum(found, value)
        return found

    return greatest


#: Largest window that is sorted in lanes.
_SORTED = 512


def _network(n):
    """Return the pairs of places that a merge exchange sort compares, in order.

    K. E. Batcher, Sorting networks and their applications, AFIPS Spring Joint Computer Conference 1968.
    """
    pairs, p = [], 1
    while p < n:
        k = p
        while k:
            for first in range(k % p, n - k, 2 * k):
                ends = range(first, min(first + k, n - k))
                pairs += [(i, i + k) for i in ends if i // (2 * p) == (i + k) // (2 * p)]
            k //= 2
        p *= 2
    return pairs


@type_callable(np.sort)
def _type_sort(context):
    def typer(window):
        return window if isinstance(window, LaneWindow) and window.size <= _SORTED else None

    return typer


@lower_builtin(np.sort, LaneWindow)
def _sort(context, builder, sig, args):
    """Sort each window into memory of the function that calls this. NaN comes last, as in NumPy."""
    size = sig.args[0].size
    vector = ir.VectorType(ir.DoubleType(), LANES)
    memory = cgutils.alloca_once(builder, vector, size)
    memory.align = 64
    table = cgutils.alloca_once(builder, llvm.WORD, size)
    for i in range(size):
        builder.store(llvm.WORD(i * LANES * 8), cgutils.gep(builder, table, i))
    step, pairs = LANES * 8, [llvm.WORD(place * LANES * 8) for pair in _network(size) for place in pair]
    constant = ir.Constant(ir.ArrayType(llvm.WORD, len(pairs)), pairs)
    network = cgutils.global_constant(builder, "network", constant)
    places = [builder.ptrtoint(pointer, llvm.WORD) for pointer in (memory, table, network)]
    count = len(pairs) // 2

    def fill(window, to, network):
        at = to
        for value in window:
            store_lanes(at, value)
            at += step
        for i in range(count):
            low_at, high_at = to + peek(network + 16 * i), to + peek(network + 16 * i + 8)
            a, b = load_lanes(low_at), load_lanes(high_at)
            swap = (b < a) | ((a != a) & (b == b))
            store_lanes(low_at, where(swap, b, a))
            store_lanes(high_at, where(swap, a, b))

    context.compile_internal(
        builder, fill, types.none(sig.args[0], types.int64, types.int64), [args[0], places[0], places[2]]
    )
    result = cgutils.create_struct_proxy(sig.return_type)(context, builder)
    result.base, result.offsets = places[:2]
    return result._getvalue()
