"""Distances along the lines of an axis, from the nearest zeros along the axes before."""

import math

import numpy as np

from imfilter._filters.morphology.kernels.parabolas import REACH, REGISTER, compare_neighbours, envelope, hull
from imfilter._simd.denormals import denormals_as_numbers
from imfilter._simd.jit import Driver, kernel, nested
from imfilter._simd.lanewise import root, where
from imfilter._simd.registers import LINE
from imfilter._simd.vector import (
    invoke,
    load_like,
    load_one,
    record,
    size_of,
    splat_register,
    store,
    store_one,
)

_U8, _I32, _F64 = np.dtype(np.uint8), np.dtype(np.int32), np.dtype(np.float64)
#: The job of one pass. All arrays are in C order and have an element for each sample. An address is 0 if the
#: pass does not have the array.
_FIELDS = (
    "kernel",  # address of `measure`
    *("length", "inner"),  # samples of a line, and lines whose samples are interleaved
    *("rows", "planes"),  # samples of the axis before, and of the axis before that
    "flags",  # bytes that are 0 where a sample is 0, if no axis comes before
    *("near_y", "near_z"),  # int32: the nearest zero along the axis before and along the axis before that
    "near_x",  # int32: the nearest zero along the lines, to write
    *("squares", "squares_to"),  # int32: squared distances along the axes before, and including this axis
    "target",  # distances, after the last axis
    *("line", "result", "places", "values", "found", "spare", "numbers"),  # offsets in the workspace
)
#: Squared distances between neighbours along the lines and the axes before; the squared distance of a sample
#: without a zero; the factor of all distances.
_REALS = ("weight", "weight_y", "weight_z", "far", "scale")
DISTANCE_JOB = np.dtype([(n, np.int64) for n in _FIELDS] + [(n, np.float64) for n in _REALS])


@nested
def _read_flags(real, far, flags, step, count, line):
    """Write 0 where a sample is 0, and `far` elsewhere."""
    for i in range(count):
        v = load_one(_U8, flags + step * i, _U8)
        store_one(line + size_of(real) * i, real, real.type(0) if v == 0 else far)


@nested
def _read_squares(real, squares, step, count, line):
    """Copy squared distances."""
    for i in range(count):
        store_one(line + size_of(real) * i, real, load_one(real, squares + 4 * step * i, _I32))


@nested
def _read_rows(real, far, near_y, y, w, step, count, line):
    """Write squared distances to the nearest zeros along one axis. y: the position of the line."""
    size, i = size_of(real), 0
    if step == 1:
        width, zero = REGISTER // size_of(real), splat_register(real, real.type(0))
        while i + width <= count:
            row = load_like(zero, near_y + 4 * i, _I32)
            away = row - real.type(y)
            store(line + size * i, real, where(row < 0, far, away * away * w))
            i += width
    while i < count:
        row = load_one(_I32, near_y + 4 * step * i, _I32)
        away = real.type(row - y)
        store_one(line + size * i, real, far if row < 0 else real.type(away * away * w))
        i += 1


@nested
def _add_planes(real, far, near_z, z, w, step, count, line):
    """Add squared distances along another axis."""
    for i in range(count):
        at = line + size_of(real) * i
        square = load_one(real, at, real)
        if square < far:
            away = real.type(load_one(_I32, near_z + 4 * step * i, _I32) - z)
            store_one(at, real, real.type(square + away * away * w))


@nested
def _fill(real, chosen, line, count, result, found):
    """Write that no sample of a line has a distance."""
    for i in range(count):
        store_one(result + size_of(real) * i, real, load_one(real, line + size_of(real) * i, real))
        if chosen:
            store_one(found + 4 * i, _I32, np.int32(-1))


@nested
def _transform(real, wide, chosen, far, line, count, w, places, values, numbers, result, found):
    """Write squared distances along the line too. See `envelope` for `found`.

    Most zeros are near in many images. A run of samples with others is one problem, with the zeros around it.
    """
    size, x = size_of(real), np.int64(0)
    while x < count:
        wrong = compare_neighbours(real, chosen, line, x, count, w, numbers, result, found)
        if wrong == count:
            x += REGISTER // size
            continue
        start, stop = wrong, wrong
        while start > 0 and load_one(real, line + size * (start - 1), real) != 0:
            start -= 1
        while stop < count and load_one(real, line + size * stop, real) != 0:
            stop += 1
        n = hull(real, wide, far, line, max(start - 1, 0), min(stop, count - 1), w, places, values)
        if n == 0:  # the run is the whole line
            _fill(real, chosen, line, count, result, found)
            return
        # This overwrites samples after the run, which are written later.
        first = max(start, x)
        envelope(real, wide, chosen, far, first, stop, w, places, values, n, numbers, result, found)
        x = stop


@nested
def _gather(near, step, count, found, spare):
    """Replace the nearest zeros along an axis before by those at the places `found`."""
    for i in range(count):
        p = np.int64(load_one(_I32, found + 4 * i, _I32))
        row = np.int32(-1)
        if p >= 0:
            row = load_one(_I32, near + 4 * step * p, _I32)
        store_one(spare + 4 * i, _I32, row)
    _copy(spare, count, near, step)


@nested
def _copy(line, count, to, step):
    """Copy int32 to a line of an array."""
    for i in range(count):
        store_one(to + 4 * step * i, _I32, load_one(_I32, line + 4 * i, _I32))


@nested
def _write_roots(real, target, far, scale, line, count, to):
    """Write distances: the roots of squares."""
    size, each = size_of(real), size_of(target)
    some = splat_register(_F64, 0.0)
    width, i = REGISTER // size_of(_F64), 0
    while i + width <= count:
        square = load_like(some, line + size * i, real)
        store(to + each * i, target, where(square >= far, np.inf, root(square) * scale))
        i += width
    while i < count:
        square = load_one(_F64, line + size * i, real)
        store_one(to + each * i, target, target.type(np.inf if square >= far else math.sqrt(square) * scale))
        i += 1


@kernel("real", "wide", "target", "chosen")
def measure(real, wide, target, chosen, job_at, memory, start, stop):
    """Measure some lines.

    real: type of squared distances. wide: type that holds products of them. target: type of the result.
    chosen: whether to write the place of the nearest zero.
    """
    job = record(DISTANCE_JOB, job_at)
    workspace = (memory + LINE - 1) // LINE * LINE
    line, result = workspace + job.line + size_of(real) * REACH, workspace + job.result
    places, values = workspace + job.places, workspace + job.values
    found, spare, numbers = workspace + job.found, workspace + job.spare, workspace + job.numbers
    far, w = real.type(job.far), wide.type(job.weight)
    count, step = job.length, job.inner
    for i in range(REGISTER // size_of(real)):
        store_one(numbers + size_of(real) * i, real, real.type(i))
    for i in range(REACH + REGISTER // size_of(real)):
        store_one(line + size_of(real) * (count + i), real, far)
    for i in range(REACH):
        store_one(line - size_of(real) * (i + 1), real, far)
    for number in range(start, stop):
        outer, y = number // step, number // step % job.rows
        first = outer * step * count + number % step
        if job.flags:
            _read_flags(real, far, job.flags + first, step, count, line)
        elif job.squares:
            _read_squares(real, job.squares + 4 * first, step, count, line)
        else:
            _read_rows(real, far, job.near_y + 4 * first, y, real.type(job.weight_y), step, count, line)
            if job.near_z:
                z, w_z = outer // job.rows % job.planes, real.type(job.weight_z)
                _add_planes(real, far, job.near_z + 4 * first, z, w_z, step, count, line)
        _transform(
            real, wide, chosen, wide.type(job.far), line, count, w, places, values, numbers, result, found
        )
        if chosen:
            _copy(found, count, job.near_x + 4 * first, step)
            if job.near_y:
                _gather(job.near_y + 4 * first, step, count, found, spare)
            if job.near_z:
                _gather(job.near_z + 4 * first, step, count, found, spare)
        if job.squares_to:
            _copy(result, count, job.squares_to + 4 * first, step)
        if job.target:
            to = job.target + size_of(target) * first
            _write_roots(real, target, job.far, job.scale, result, count, to)


@Driver
@denormals_as_numbers
def measure_distances(job_at, memory, start, stop):
    """Measure lines `start` to `stop`, counted over the outer and then the interleaved lines.

    job_at: address of the `DISTANCE_JOB`. memory: workspace, divided as the job says.
    """
    invoke(4, record(DISTANCE_JOB, job_at).kernel, (job_at, memory, start, stop))
