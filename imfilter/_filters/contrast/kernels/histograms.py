"""The histograms of tiles."""

import numpy as np

from imfilter._simd.denormals import denormals_as_numbers
from imfilter._simd.jit import Driver, inlined, kernel
from imfilter._simd.vector import invoke, load_one, peek, poke, record, size_of

#: Addresses of the image, of truth values of what is present (0: everything is), and of the histograms.
#: Distances in bytes between batch elements, planes, rows, samples and channels of image and mask. Numbers of
#: channels and of tiles along z, y and x. Tables of the first sample of each tile and the end of the last.
#: Number of bins; a histogram has one more, which counts NaN. `scale` is the number of bins of a unit.
HISTOGRAM_JOB = np.dtype(
    [
        *(
            (name, np.int64)
            for name in (
                *("image", "mask", "histograms", "image_b", "image_z", "image_y", "image_x", "image_c"),
                *("mask_b", "mask_z", "mask_y", "mask_x", "mask_c", "channels", "tiles_z", "tiles_y"),
                *("tiles_x", "edges_z", "edges_y", "edges_x", "bins", "direct", "count"),
            )
        ),
        *((name, np.float64) for name in ("low", "high", "scale")),
    ]
)
_U8, _F64 = np.dtype(np.uint8), np.dtype(np.float64)
#: Bytes of a histogram of bytes.
_BYTES = 256 * 8


@inlined
def position(value: float, low: float, high: float, scale: float):
    """Return the position of a value among the bins."""
    return (min(max(value, low), high) - low) * scale


@inlined
def _add(at):
    """Count one more."""
    poke(at, peek(at) + 1)


@inlined
def _count_bytes(start, stop, line, step, low, tables):
    """Count bytes in four tables in turns: a count that was just written is slow to read again."""
    x = start
    tables -= 8 * low
    while x + 4 <= stop:
        for k in range(4):
            _add(tables + k * _BYTES + 8 * load_one(_I64, line + (x + k) * step, _U8))
        x += 4
    for last in range(x, stop):
        _add(tables + 8 * load_one(_I64, line + last * step, _U8))


_I64 = np.dtype(np.int64)


@kernel("source")
def count_tile(source, job_at, number, tables):
    """Count the samples of a tile. `tables` is memory for four histograms of bytes, with zeros."""
    job = record(HISTOGRAM_JOB, job_at)
    x, rest = number % job.tiles_x, number // job.tiles_x
    y, rest = rest % job.tiles_y, rest // job.tiles_y
    z, rest = rest % job.tiles_z, rest // job.tiles_z
    c, b = rest % job.channels, rest // job.channels
    to = job.histograms + 8 * number * (job.bins + 1)
    image = job.image + b * job.image_b + c * job.image_c
    mask = job.mask + b * job.mask_b + c * job.mask_c if job.mask else 0
    begin, end = peek(job.edges_x + 8 * x), peek(job.edges_x + 8 * x + 8)
    for plane in range(peek(job.edges_z + 8 * z), peek(job.edges_z + 8 * z + 8)):
        for row in range(peek(job.edges_y + 8 * y), peek(job.edges_y + 8 * y + 8)):
            line = image + plane * job.image_z + row * job.image_y
            there = mask + plane * job.mask_z + row * job.mask_y
            if size_of(source) == 1 and job.direct and mask == 0:
                _count_bytes(begin, end, line, job.image_x, 0, tables)
                continue
            for at in range(begin, end):
                if mask and load_one(_U8, there + at * job.mask_x, _U8) == 0:
                    continue
                value = load_one(_F64, line + at * job.image_x, source)
                code = job.bins
                if value == value:
                    found = position(value, job.low, job.high, job.scale)
                    code = min(np.int64(found), job.bins - 1)
                _add(to + 8 * code)
    if size_of(source) == 1 and job.direct and mask == 0:
        for code in range(256):
            total = 0
            for k in range(4):
                total += peek(tables + k * _BYTES + 8 * code)
                poke(tables + k * _BYTES + 8 * code, 0)
            poke(to + 8 * code, total)


@Driver
@denormals_as_numbers
def count_tiles(job_at, tables, start, stop):
    """Count the samples of tiles `start` to `stop`."""
    job = record(HISTOGRAM_JOB, job_at)
    for number in range(start, stop):
        invoke(1, job.count, (job_at, number, tables))
