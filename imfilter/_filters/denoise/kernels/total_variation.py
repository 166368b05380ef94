"""Steps of the dual projected gradient for total variation, with Nesterov's extrapolation.

The image f and the dual field p, one component for each axis, give the result u = f + div p. A step moves the
extrapolated field r by the gradient of f + div r, projects it to vectors of at most the weight, and
extrapolates: A. Beck and M. Teboulle, Fast gradient-based algorithms for constrained total variation image
denoising, IEEE Transactions on Image Processing 18(11), 2009.

A step reads and writes each array once: the planes of u are computed on the way, one before it is needed. In
two dimensions it reads f, p and r and writes p and r: 9 numbers for each sample. For 512 x 512 float32 this
is 9.4 MB in the cache of third level.
"""

import numpy as np

from imfilter._filters.denoise.kernels.planes import (
    MASKED,
    both,
    fields,
    repeat_last,
    row_of,
    sum_first,
)
from imfilter._simd.denormals import denormals_as_zeros
from imfilter._simd.jit import Driver, kernel, nested
from imfilter._simd.lanewise import fma, larger, root, where
from imfilter._simd.lines import copy
from imfilter._simd.registers import BYTES
from imfilter._simd.vector import invoke, load, peek, poke, record, size_of, splat, store, store_one

#: The layout, see `planes.LAYOUT`. `axes`: number of components: along a row, along planes and along the rows
#: of a plane. Addresses: the image, the fields p and r, whose components have a distance of `step_k`
#: elements, the marks of samples that are present or 0, the planes of u at the starts of bands, two planes of
#: workspace, and two float64 for each row: the gap and the energy. `what`: see `START`. `band`: planes of a
#: band. `step`: the length of a step. `beta`: how far p is extrapolated. `weight`: the weight of total
#: variation. Channels share the magnitude of the gradient.
TOTAL_VARIATION_JOB = np.dtype(
    [
        *fields(
            *("axes", "image", "dual", "ahead", "step_k", "marks", "starts", "work", "table", "sums"),
            *("what", "band", "first", "stop", "kernel"),
        ),
        *((name, np.float64) for name in ("step", "beta", "weight")),
    ]
)
#: What a call does for bands `first` to `stop`: compute the planes at their starts from r, or from p; a step;
#: or the sums from p, without or with the result in place of the image.
START, START_DUAL, STEP, MEASURE, FINISH = 0, 1, 2, 3, 4
_F64 = np.dtype(np.float64)


@nested
def _divergence(real, job, field, plane, to):
    """Write a plane of the image plus the divergence of a field, for all channels."""
    size, lanes, columns = size_of(real), BYTES // size_of(real), job.columns
    step_k, axes = size * job.step_k, job.axes
    back_z, back_y = size * job.step_z, size * job.step_y
    for c in range(job.channels):
        for row in range(job.rows):
            at = row_of(real, job, field, c, plane, row)
            image = row_of(real, job, job.image, c, plane, row)
            result = to + size * (c * job.step_z + row * job.step_y + job.margin)
            along_z, along_y = at + step_k, at + 2 * step_k
            for i in range(0, columns, lanes):
                place = size * i
                total = load(real, at + place, real) - load(real, at + place - size, real)
                if axes > 1:
                    part = load(real, along_z + place, real)
                    if plane > 0:
                        part = part - load(real, along_z + place - back_z, real)
                    total = total + part
                if axes > 2:
                    part = load(real, along_y + place, real)
                    if row > 0:
                        part = part - load(real, along_y + place - back_y, real)
                    total = total + part
                store(result + place, real, load(real, image + place, real) + total)
            repeat_last(real, result, columns)


@nested
def _slope(real, form, job, table, k, c, place):
    """Return the differences of u along an axis, from a table of addresses of rows of channel 0.

    The table has the row itself, its neighbours along each axis, and the same of the marks.
    """
    size = size_of(real)
    step = size * c * job.step_z
    own = load(real, peek(table) + step + place, real)
    found = load(real, peek(table + 8 * (k + 1)) + step + place, real) - own
    if form & MASKED:
        marks = size * c * job.step_c + place
        there = both(real, peek(table + 32) + marks, peek(table + 8 * (k + 5)) + marks)
        found = where(there, found, 0.0)
    return found


@nested
def _move(real, form, job, at):
    """Make a step for a row."""
    size, lanes, axes, table = size_of(real), BYTES // size_of(real), job.axes, job.table
    step, beta, weight = splat(real, job.step), splat(real, job.beta), splat(real, job.weight)
    dual, ahead = job.dual, job.ahead
    for i in range(0, job.columns, lanes):
        place = size * i
        squares = splat(real, 0.0)
        for c in range(job.channels):
            for k in range(axes):
                here = size * (at + c * job.step_c + k * job.step_k) + place
                moved = fma(_slope(real, form, job, table, k, c, place), step, load(real, ahead + here, real))
                squares = fma(moved, moved, squares)
                # What moved is kept in r until the magnitude is known.
                store(ahead + here, real, moved)
        factor = weight / larger(root(squares), weight)
        for c in range(job.channels):
            for k in range(axes):
                here = size * (at + c * job.step_c + k * job.step_k) + place
                new = load(real, ahead + here, real) * factor
                old = load(real, dual + here, real)
                store(dual + here, real, new)
                store(ahead + here, real, fma(new - old, beta, new))


@nested
def _measure(real, form, job, at, to):
    """Write the gap and the energy of a row."""
    size, lanes, axes, table = size_of(real), BYTES // size_of(real), job.axes, job.table
    weight, half = splat(real, job.weight), splat(real, 0.5)
    zero = splat(real, 0.0)
    gap, energy = 0.0, 0.0
    for i in range(0, job.columns, lanes):
        place = size * i
        squares, product, distance = zero, zero, zero
        for c in range(job.channels):
            for k in range(axes):
                slope = _slope(real, form, job, table, k, c, place)
                squares = fma(slope, slope, squares)
                here = size * (at + c * job.step_c + k * job.step_k) + place
                product = fma(slope, load(real, job.dual + here, real), product)
            own = load(real, peek(table) + size * c * job.step_z + place, real)
            away = own - load(real, job.image + size * (at + c * job.step_c) + place, real)
            distance = fma(away, away, distance)
        variation = root(squares) * weight
        count = min(job.columns - i, lanes)
        gap += sum_first(variation - product, count)
        energy += sum_first(fma(distance, half, variation), count)
    store_one(to, _F64, gap)
    store_one(to + 8, _F64, energy)


@nested
def _list_rows(real, form, job, own, ahead, plane, row):
    """Write the table of rows of `_slope`. Beyond the end, a row is its own neighbour."""
    size, table = size_of(real), job.table
    line = size * job.step_y
    place = row * line + size * job.margin
    below = line
    if row + 1 == job.rows:
        below = 0
    poke(table, own + place)
    poke(table + 8, own + place + size)
    poke(table + 16, ahead + place)
    poke(table + 24, own + place + below)
    if form & MASKED:
        beyond = size * job.step_z
        if plane + 1 == job.planes:
            beyond = 0
        marks = row_of(real, job, job.marks, 0, plane, row)
        poke(table + 32, marks)
        poke(table + 40, marks + size)
        poke(table + 48, marks + beyond)
        poke(table + 56, marks + below)


@nested
def _band(real, form, job, band):
    """Go through the planes of a band."""
    size = size_of(real)
    plane_size, line = size * job.channels * job.step_z, size * job.step_y
    begin = band * job.band
    end = min(begin + job.band, job.planes)
    field = job.dual
    if job.what == STEP:
        field = job.ahead
    own = job.starts + plane_size * band
    for plane in range(begin, end):
        ahead = own
        if plane + 1 < job.planes:
            ahead = job.starts + plane_size * (band + 1)
            if plane + 1 < end:
                ahead = job.work + plane_size * (plane % 2)
                _divergence(real, job, field, plane + 1, ahead)
        for row in range(job.rows):
            _list_rows(real, form, job, own, ahead, plane, row)
            at = plane * job.step_z + row * job.step_y + job.margin
            if job.what == STEP:
                _move(real, form, job, at)
            else:
                _measure(real, form, job, at, job.sums + 16 * (plane * job.rows + row))
        if job.what == FINISH:
            for c in range(job.channels):
                for row in range(job.rows):
                    copy(
                        real,
                        row_of(real, job, job.image, c, plane, row),
                        own + size * (c * job.step_z + job.margin) + line * row,
                        job.columns,
                    )
        own = ahead


@kernel("real", "form")
def minimize(real, form, job_at):
    """Do a part of a step for bands; see `TOTAL_VARIATION_JOB`."""
    job = record(TOTAL_VARIATION_JOB, job_at)
    for band in range(job.first, job.stop):
        if job.what == START or job.what == START_DUAL:
            field = job.dual
            if job.what == START:
                field = job.ahead
            to = job.starts + size_of(real) * job.channels * job.step_z * band
            _divergence(real, job, field, band * job.band, to)
        else:
            _band(real, form, job, band)


@Driver
@denormals_as_zeros
def minimize_bands(job_at):
    """Run the kernel of a job."""
    invoke(2, record(TOTAL_VARIATION_JOB, job_at).kernel, (job_at,))
