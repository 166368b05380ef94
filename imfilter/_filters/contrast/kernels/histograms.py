"""The histograms of tiles."""

import numpy as np
from numba.core import types
from numba.extending import intrinsic

from imfilter._simd import llvm
from imfilter._simd.denormals import denormals_as_numbers
from imfilter._simd.jit import Driver, inlined, kernel
from imfilter._simd.vector import invoke, load_one, peek, poke, record

#: Addresses of the image, of truth values of what is present (0: everything is), and of the histograms.
#: Distances in bytes between batch elements, planes, rows, samples and channels of image and mask. Numbers of
#: channels and of tiles along z, y and x. Tables of the first sample of each tile and the end of the last.
#: Number of bins; a histogram has one more, which counts NaN. `scale` is the number of bins of a unit.
#: `shift`: a bin is an integer of at most 16 bits less `low`, moved right by so many bits; or -1. `turns`:
#: whether samples are counted in four tables in turns. Counting 3840x2160 uint16 took 25 ms, and takes 5.5
#: with both (Zen 3, two threads).
HISTOGRAM_JOB = np.dtype(
    [
        *(
            (name, np.int64)
            for name in (
                *("image", "mask", "histograms", "image_b", "image_z", "image_y", "image_x", "image_c"),
                *("mask_b", "mask_z", "mask_y", "mask_x", "mask_c", "channels", "tiles_z", "tiles_y"),
                *("tiles_x", "edges_z", "edges_y", "edges_x", "bins", "shift", "turns", "count"),
            )
        ),
        *((name, np.float64) for name in ("low", "high", "scale")),
    ]
)
_U8, _F64 = np.dtype(np.uint8), np.dtype(np.float64)


@inlined
def position(value: float, low: float, high: float, scale: float):
    """Return the position of a value among the bins."""
    return (min(max(value, low), high) - low) * scale


@inlined
def _add(at):
    """Count one more."""
    poke(at, peek(at) + 1)


@intrinsic
def _integer(typingctx, address, source):
    """Return the integer at an address, or 0 if the elements are floats, for which no job asks."""

    def codegen(context, builder, sig, args):
        if isinstance(source.dtype, types.Float):
            return llvm.WORD(0)
        value = llvm.read(builder, args[0], llvm.element(source.dtype))
        return llvm.to_real(builder, value, source.dtype, llvm.WORD)

    return types.int64(types.int64, source), codegen


@inlined
def _bin_of(job, value):
    """Return the bin of a value."""
    if value != value:
        return job.bins
    return min(np.int64(position(value, job.low, job.high, job.scale)), job.bins - 1)


@inlined
def _count_integers(source, start, stop, line, step, shift, tables, size):
    """Count integers in four tables in turns: a count that was just written is slow to read again.

    tables: address of the bin of 0 in the first table.
    """
    x = start
    while x + 4 <= stop:
        for k in range(4):
            _add(tables + k * size + 8 * (_integer(line + (x + k) * step, source) >> shift))
        x += 4
    for last in range(x, stop):
        _add(tables + 8 * (_integer(line + last * step, source) >> shift))


@inlined
def _count_numbers(source, job, start, stop, line, tables, size):
    """Count numbers of any type in four tables in turns."""
    x, step = start, job.image_x
    while x + 4 <= stop:
        for k in range(4):
            _add(tables + k * size + 8 * _bin_of(job, load_one(_F64, line + (x + k) * step, source)))
        x += 4
    for last in range(x, stop):
        _add(tables + 8 * _bin_of(job, load_one(_F64, line + last * step, source)))


@kernel("source")
def count_tile(source, job_at, number, tables):
    """Count the samples of a tile. `tables` is memory for four histograms, with zeros."""
    job = record(HISTOGRAM_JOB, job_at)
    x, rest = number % job.tiles_x, number // job.tiles_x
    y, rest = rest % job.tiles_y, rest // job.tiles_y
    z, rest = rest % job.tiles_z, rest // job.tiles_z
    c, b = rest % job.channels, rest // job.channels
    size = 8 * (job.bins + 1)
    to = job.histograms + number * size
    image = job.image + b * job.image_b + c * job.image_c
    mask = job.mask + b * job.mask_b + c * job.mask_c if job.mask else 0
    begin, end = peek(job.edges_x + 8 * x), peek(job.edges_x + 8 * x + 8)
    first = tables - 8 * (np.int64(job.low) >> job.shift) if job.shift >= 0 else tables
    for plane in range(peek(job.edges_z + 8 * z), peek(job.edges_z + 8 * z + 8)):
        for row in range(peek(job.edges_y + 8 * y), peek(job.edges_y + 8 * y + 8)):
            line = image + plane * job.image_z + row * job.image_y
            there = mask + plane * job.mask_z + row * job.mask_y
            if job.turns:
                if job.shift == 0:  # 256 bins of bytes: numbers that the compiler knows
                    _count_integers(source, begin, end, line, job.image_x, 0, first, 8 * 257)
                elif job.shift > 0:
                    _count_integers(source, begin, end, line, job.image_x, job.shift, first, size)
                else:
                    _count_numbers(source, job, begin, end, line, tables, size)
                continue
            for at in range(begin, end):
                if mask and load_one(_U8, there + at * job.mask_x, _U8) == 0:
                    continue
                _add(to + 8 * _bin_of(job, load_one(_F64, line + at * job.image_x, source)))
    if job.turns:
        for code in range(job.bins + 1):
            total = 0
            for k in range(4):
                total += peek(tables + k * size + 8 * code)
                poke(tables + k * size + 8 * code, 0)
            poke(to + 8 * code, total)


@Driver
@denormals_as_numbers
def count_tiles(job_at, tables, start, stop):
    """Count the samples of tiles `start` to `stop`."""
    job = record(HISTOGRAM_JOB, job_at)
    for number in range(start, stop):
        invoke(1, job.count, (job_at, number, tables))
