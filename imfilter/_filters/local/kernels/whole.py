"""Variances and means in boxes of small integers, from exact sums of samples and of their squares.

The sums of a column move down the image: the row that enters is added, and the row that leaves is subtracted.
Integers make no error, so a sum depends on its window only. Along a row, groups of neighbours are added.

A step down of int32 takes 4 loads and 2 stores of 16 columns, 5 cycles. Along the row, a window of 15 takes
2 loads, 5 shifts, 6 additions and 2 stores for each of both sums, and 2 loads again: 20 cycles; 61 takes 30.
The result takes 2 products, a root and a store: 15. For 3840x2160 and 15 x 15 that is 40 cycles * 8.3e6 / 16,
which is 21e6 cycles, and 8 MB to read and 33 MB to write.
Measured: 8 ms of processor time for 15 x 15 uint8, and 12 ms for 61 x 61; with the copy and the memory of the
result 15 and 21 ms (Zen 4).
"""

import numpy as np

from imfilter._filters.local.kernels.box import (
    BOX_JOB,
    DEVIATION,
    NARROW,
    SHORT,
    THRESHOLD,
    result_of,
)
from imfilter._filters.local.kernels.eights import prepare_windows, window_of
from imfilter._simd.jit import kernel, nested
from imfilter._simd.lanewise import convert, fma, full_like, root
from imfilter._simd.lines import copy
from imfilter._simd.registers import BYTES
from imfilter._simd.vector import load, peek, record, size_of, splat, store

_F32, _F64 = np.dtype(np.float32), np.dtype(np.float64)


@nested
def _enter(source, kind, at, sums, squares, wide):
    """Add a row to the sums of columns."""
    size, item = size_of(source), size_of(kind)
    for i in range(0, wide, BYTES // item):
        new = load(kind, at + size * i, source)
        store(sums + item * i, kind, load(kind, sums + item * i, kind) + new)
        store(squares + item * i, kind, load(kind, squares + item * i, kind) + new * new)


@nested
def _move(source, kind, at, gone, sums, squares, wide):
    """Add a row to the sums of columns, and subtract another."""
    size, item = size_of(source), size_of(kind)
    for i in range(0, wide, BYTES // item):
        new, old = load(kind, at + size * i, source), load(kind, gone + size * i, source)
        more = new - old
        store(sums + item * i, kind, load(kind, sums + item * i, kind) + more)
        store(squares + item * i, kind, load(kind, squares + item * i, kind) + more * (new + old))


@nested
def _result(target, form, job, total, squares, to):
    """Write results from sums of samples and of their squares."""
    inverse = 1.0 / job.taps
    if form & NARROW:
        scaled = squares * np.int32(job.taps) - total * total
        if form & SHORT and form & DEVIATION:
            short = convert(_F32, scaled)
            store(to, target, root(short * full_like(short, _F32, np.float32(inverse * inverse))))
            return
        found = convert(_F64, scaled)
        mean = convert(_F64, total)
    else:
        mean, second = convert(_F64, total), convert(_F64, squares)
        # The rounding error of the second product is added again.
        product = mean * mean
        error = fma(mean, mean, -product)
        found = fma(second, full_like(second, _F64, job.taps), -product) - error
    if form & SHORT:
        store(to, target, result_of(form, job, found * (inverse * inverse), mean * inverse))
    elif form & THRESHOLD:
        store(to, target, result_of(form, job, found / (job.taps * job.taps), mean / job.taps))
    else:
        store(to, target, result_of(form, job, found / (job.taps * job.taps), mean))


@kernel("source", "target", "kind", "form")
def whole_boxes(source, target, kind, form, job_at):
    """Write the results of all boxes of a piece; see `BOX_JOB`. Sums are of type `kind`."""
    job = record(BOX_JOB, job_at)
    size, item = size_of(source), size_of(kind)
    lanes, pitch = BYTES // item, job.pitch
    sums, squares = job.workspace, job.workspace + pitch
    stage = job.workspace + 2 * pitch * (job.n_eights + 2)
    for plane in range(job.batch * job.planes):
        begin = job.piece + size * (plane // job.planes * job.step_b + plane % job.planes * job.step_z)
        for tile in range(job.n_tiles):
            first = peek(job.tiles + 8 * tile)
            count = peek(job.tiles + 8 * tile + 8) - first
            wide = count + (job.taps_x - 1) * job.beside
            for i in range(0, wide, lanes):
                store(sums + item * i, kind, splat(kind, 0))
                store(squares + item * i, kind, splat(kind, 0))
            for y in range(job.taps_y):
                for z in range(job.taps_z):
                    at = begin + size * (first + z * job.step_z + y * job.step_y)
                    _enter(source, kind, at, sums, squares, wide)
            for y in range(job.rows):
                if y:
                    for z in range(job.taps_z):
                        gone = begin + size * (first + z * job.step_z + (y - 1) * job.step_y)
                        at = gone + size * job.taps_y * job.step_y
                        _move(source, kind, at, gone, sums, squares, wide)
                prepare_windows(kind, job, sums, wide)
                row = plane * job.rows + y
                to = job.result + size_of(target) * (peek(job.places + 8 * row) + first)
                for block in range((count + lanes - 1) // lanes):
                    i = min(block * lanes, max(count - lanes, 0))
                    total, second = window_of(kind, job, sums, i)
                    where_to = to + size_of(target) * i if count >= lanes else stage
                    _result(target, form, job, total, second, where_to)
                if count < lanes:
                    copy(target, to, stage, count)
