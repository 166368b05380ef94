"""Conversions of samples and of results between float64 and other types."""

import numpy as np

from imfilter._simd.denormals import denormals_as_numbers, denormals_as_zeros
from imfilter._simd.jit import Driver, inlined, kernel
from imfilter._simd.prefetch import prefetch
from imfilter._simd.registers import BYTES, LINE
from imfilter._simd.vector import convert_one, invoke, load, load_one, size_of, store, store_one

_F64 = np.dtype(np.float64)
#: Elements of a vector.
_LANES = BYTES // 8


@inlined
def _prefetch(at, e, item, writing):
    """Prefetch a vector of elements of `item` bytes, from element `e` on, if `at` is not 0."""
    if at:
        for i in range(0, _LANES * item, LINE):
            prefetch(at + e * item + i, writing)


@kernel("source")
def widen(source, start, to, count, place, item):
    """Convert `count` elements to float64.

    place: address of as many results of `item` bytes, which are prefetched for writing, or 0.
    """
    e = 0
    while e + _LANES <= count:
        _prefetch(place, e, item, True)
        store(to + 8 * e, _F64, load(_F64, start + e * size_of(source), source))
        e += _LANES
    while e < count:
        store_one(to + 8 * e, _F64, load_one(_F64, start + e * size_of(source), source))
        e += 1


@kernel("target")
def narrow(target, start, to, count, coming, item):
    """Convert `count` elements of float64. Integers are rounded and saturated, and NaN becomes 0.

    coming: address of as many next samples of `item` bytes, which are prefetched, or 0.
    """
    e = 0
    while e + _LANES <= count:
        _prefetch(coming, e, item, False)
        store(to + e * size_of(target), target, load(_F64, start + 8 * e, _F64))
        e += _LANES
    while e < count:
        convert_one(_F64, start + 8 * e, target, to + e * size_of(target))
        e += 1


@inlined
def _blocks(
    source, target, rows, step, size, block, item, to_item, widening, narrowing, samples, results, compute,
    job, rest_job,
):  # fmt: skip
    for top in range((rows - 1) // block * block, -1, -block):
        n = min(block, rows - top)
        at, to = source + item * top * step, target + to_item * top * step
        known, found = samples if widening else at, results if narrowing else to
        if widening:
            invoke(1, widening, (at, samples, (n + size - 1) * step, to if narrowing else 0, to_item))
        invoke(0, compute, (job if n == block else rest_job, known, found))
        if narrowing:
            coming = at - item * block * step if widening and top else 0
            invoke(1, narrowing, (results, to, n * step, coming, item))


@Driver
@denormals_as_zeros
def blocks_with_zeros(
    source, target, rows, step, size, block, item, to_item, widening, narrowing, samples, results, compute,
    job, rest_job,
):  # fmt: skip
    """Compute `rows` windows of `size` samples of `step` series, `block` rows at a time, the last first.

    item, to_item: bytes of a sample and of a result. widening, narrowing: kernels `widen` and `narrow`, or 0
    for float64. samples, results: memory for those of a block. compute: a kernel that computes windows
    from the addresses of a job, of samples and of results. It gets `job`, and for fewer rows `rest_job`.
    Denormal numbers become zero.
    """
    _blocks(
        source, target, rows, step, size, block, item, to_item, widening, narrowing, samples, results,
        compute, job, rest_job,
    )  # fmt: skip


@Driver
@denormals_as_numbers
def blocks_with_denormals(
    source, target, rows, step, size, block, item, to_item, widening, narrowing, samples, results, compute,
    job, rest_job,
):  # fmt: skip
    """Do what `blocks_with_zeros` does. Denormal numbers keep their values."""
    _blocks(
        source, target, rows, step, size, block, item, to_item, widening, narrowing, samples, results,
        compute, job, rest_job,
    )  # fmt: skip
