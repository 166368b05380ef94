"""Loops over windows that call the function of a user: one window in each lane, or one after the other.

The loops are compiled with the function. They read float64 samples of a padded piece of the image. A row of
windows is given by the address of the first sample of its first window. Sample k of a window is `offsets[k]`
bytes after its first sample, and the next window is 8 bytes further. Result j of a window is written j times
`further` bytes after its first result.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numba.core import cgutils
from numba.core import types as numba_types
from numba.core.imputils import impl_ret_borrowed
from numba.extending import intrinsic

from imfilter._simd import lane_functions, llvm
from imfilter._simd.lane_window import LANES, LANES_TYPE, LaneWindow, lane_window
from imfilter._simd.vector import load_one, peek, poke

__all__ = ["LANES", "LaneWindow", "lane_functions", "over_lanes", "over_windows"]

types: Any = numba_types  # many of its names are not in its stubs
_F64, _U8 = np.dtype(np.float64), np.dtype(np.uint8)


@intrinsic(prefer_literal=True)
def _store_results(typingctx, to, further, result, all_lanes):
    """Store one result or several at an address: vectors, or float64 numbers."""
    kinds = result.types if isinstance(result, types.BaseTuple) else (result,)
    target = LANES_TYPE if all_lanes.literal_value else types.float64

    def codegen(context, builder, sig, args):
        values = cgutils.unpack_tuple(builder, args[2]) if isinstance(result, types.BaseTuple) else [args[2]]
        address = args[0]
        for value, kind in zip(values, kinds, strict=True):
            llvm.write(builder, address, context.cast(builder, value, kind, target), 8)
            address = builder.add(address, args[1])
        return context.get_dummy_value()

    return types.none(types.int64, types.int64, result, all_lanes), codegen


@intrinsic
def _first(typingctx, memory, n):
    """Return ``memory[:n]``, with less code: `n` is between 0 and the length."""

    def codegen(context, builder, sig, args):
        found = context.make_array(memory)(context, builder, value=args[0])
        found.nitems = args[1]
        found.shape = cgutils.pack_array(builder, [args[1]])
        return impl_ret_borrowed(context, builder, memory, found._getvalue())

    return memory(memory, types.int64), codegen


def over_lanes(function: Any, size: int) -> Callable[..., None]:
    """Return a loop that computes windows of `size` samples in the lanes of vectors.

    `job` is the address of what `user_function` writes. The last vector of a row overlaps the one before it.
    A row that is shorter than a vector computes windows that nobody reads.
    """

    def run(job, args):
        samples, offsets, starts = peek(job), peek(job + 8), peek(job + 16)
        rows, count = peek(job + 24), peek(job + 32)
        to, pitch, further = peek(job + 40), peek(job + 48), peek(job + 56)
        for row in range(rows):
            first, place = samples + peek(starts + 8 * row), to + row * pitch
            for block in range((count + LANES - 1) // LANES):
                x = max(min(block * LANES, count - LANES), 0)
                window = lane_window(size, first + 8 * x, offsets)
                _store_results(place + 8 * x, further, function(window, *args), 1)

    return run


def over_windows(function: Any, size: int, outputs: int) -> Callable[..., None]:
    """Return a loop that computes one window of at most `size` samples after the other.

    `job` is the address of what `user_function` writes. With the address `present` of a byte for each sample,
    a window has the present samples only. If they are less than `fewest`, the results are NaN. `at` is the
    address of two integers: the row and the position of the window that is computed.
    """
    nothing = np.nan if outputs == 1 else (np.nan,) * outputs

    def run(job, args):
        samples, offsets, starts = peek(job), peek(job + 8), peek(job + 16)
        rows, count = peek(job + 24), peek(job + 32)
        to, pitch, further = peek(job + 40), peek(job + 48), peek(job + 56)
        present, fewest, at = peek(job + 64), peek(job + 72), peek(job + 80)
        memory = np.empty(size)
        for row in range(rows):
            start, place = peek(starts + 8 * row), to + row * pitch
            poke(at, row)
            for x in range(count):
                poke(at + 8, x)
                first, there = samples + start + 8 * x, present + start // 8 + x
                n = 0
                for k in range(size):
                    offset = peek(offsets + 8 * k)
                    if present and load_one(_F64, there + offset // 8, _U8) == 0.0:
                        continue
                    memory[n] = load_one(_F64, first + offset, _F64)
                    n += 1
                if n < fewest:
                    _store_results(place + 8 * x, further, nothing, 0)
                else:
                    _store_results(place + 8 * x, further, function(_first(memory, n), *args), 0)

    return run
