"""Steps of anisotropic diffusion.

A step goes once through the image and computes the flow between two samples once: along a row into a row of
workspace, and to the next row and to the next plane into rows that are kept.

The flow along an axis is the difference times a function of it that is small at edges: ``exp(-x*x)`` or ``1 /
(1 + x*x)``, for the slope x in units of kappa (P. Perona and J. Malik, Scale-space and edge detection using
anisotropic diffusion, IEEE Transactions on Pattern Analysis and Machine Intelligence 12(7), 1990).

A step reads a sample and writes one. For two axes it computes two functions of about 15 operations.
"""

import numpy as np

from imfilter._filters.denoise.kernels.planes import MASKED, both, fields, repeat_last, row_of
from imfilter._simd.denormals import denormals_as_zeros
from imfilter._simd.jit import Driver, inlined, kernel, nested
from imfilter._simd.lanewise import any_nan, power_of_two, where
from imfilter._simd.registers import BYTES
from imfilter._simd.vector import invoke, load, load_one, record, size_of, splat, store

#: The layout, see `planes.LAYOUT`. `axes`: number of axes. Addresses: the image before and after a step, the
#: marks of samples that are present or 0, and the workspace: flows along a row, two rows of flows to the next
#: row, and two planes of flows to the next plane. The table has two numbers for each axis: the factor of
#: differences before the function, and of flows in a step; for the first axis along a row, then along the
#: planes and along the rows of a plane. `band`: planes of a band.
DIFFUSION_JOB = np.dtype(
    fields(
        "axes", "image", "to", "marks", "along", "down", "deep", "table", "band", "first", "stop", "kernel"
    )
)
#: Whether the function is a quotient and not an exponential function.
RATIONAL = 2
_F64 = np.dtype(np.float64)


@nested
def _flow(real, form, job, k, at, other, marks, other_marks, to):
    """Write the flows from a row to another one, from addresses of samples and of marks."""
    size, lanes = size_of(real), BYTES // size_of(real)
    inverse = splat(real, load_one(_F64, job.table + 16 * k, _F64))
    factor = splat(real, load_one(_F64, job.table + 16 * k + 8, _F64))
    one = splat(real, 1.0)
    for i in range(0, job.columns, lanes):
        place = size * i
        own, there = load(real, at + place, real), load(real, other + place, real)
        difference = there - own
        slope = difference * inverse
        if form & RATIONAL:
            flow = difference * factor / (one + slope * slope)
        else:
            # The factor holds the root of the binary logarithm of e.
            flow = difference * factor * power_of_two(-(slope * slope))
        if any_nan(flow):
            # The difference of large samples is infinite. It is beyond all edges, so nothing flows.
            flow = where((flow != flow) & (own - own == 0.0) & (there - there == 0.0), 0.0, flow)
        if form & MASKED:
            flow = where(both(real, marks + place, other_marks + place), flow, 0.0)
        store(to + place, real, flow)


@nested
def _to_next_plane(real, form, job, c, plane, to):
    """Write the flows from a plane to the next one: none beyond the last plane and before the first."""
    size = size_of(real)
    line, step = size * job.step_y, size * job.step_z
    for row in range(job.rows):
        target = to + line * row
        if 0 <= plane < job.planes - 1:
            at = row_of(real, job, job.image, c, plane, row)
            marks = row_of(real, job, job.marks, c, plane, row)
            _flow(real, form, job, 1, at, at + step, marks, marks + step, target)
        else:
            _clear(real, job, target)


@inlined
def _clear(real, job, to):
    """Write no flows."""
    for i in range(0, job.columns, BYTES // size_of(real)):
        store(to + size_of(real) * i, real, splat(real, 0.0))


@nested
def _row(real, form, job, c, plane, row, above, below, before, after):
    """Write a row after the step, from the flows to it: from and to the rows and planes beside it."""
    size, lanes, axes = size_of(real), BYTES // size_of(real), job.axes
    at = row_of(real, job, job.image, c, plane, row)
    marks = row_of(real, job, job.marks, c, plane, row)
    to = row_of(real, job, job.to, c, plane, row)
    along = job.along + size * job.margin
    repeat_last(real, at, job.columns)
    _flow(real, form, job, 0, at, at + size, marks, marks + size, along)
    for i in range(0, job.columns, lanes):
        place = size * i
        total = load(real, along + place, real) - load(real, along + place - size, real)
        if axes > 1:
            total = total + (load(real, after + place, real) - load(real, before + place, real))
        if axes > 2:
            total = total + (load(real, below + place, real) - load(real, above + place, real))
        store(to + place, real, load(real, at + place, real) + total)


@nested
def _planes(real, form, job, band):
    """Go through the planes of a band."""
    size = size_of(real)
    line = size * job.step_y
    deep = size * job.step_z
    begin = band * job.band
    end = min(begin + job.band, job.planes)
    for c in range(job.channels):
        if job.axes > 1:
            _to_next_plane(real, form, job, c, begin - 1, job.deep + deep * ((begin + 1) % 2))
        for plane in range(begin, end):
            before = job.deep + deep * ((plane + 1) % 2)
            after = job.deep + deep * (plane % 2)
            if job.axes > 1:
                _to_next_plane(real, form, job, c, plane, after)
            if job.axes > 2:
                _clear(real, job, job.down + line)
            for row in range(job.rows):
                above, below = job.down + line * ((row + 1) % 2), job.down + line * (row % 2)
                if job.axes > 2:
                    if row + 1 < job.rows:
                        at = row_of(real, job, job.image, c, plane, row)
                        marks = row_of(real, job, job.marks, c, plane, row)
                        _flow(real, form, job, 2, at, at + line, marks, marks + line, below)
                    else:
                        _clear(real, job, below)
                place = line * row
                _row(real, form, job, c, plane, row, above, below, before + place, after + place)


@kernel("real", "form")
def diffuse(real, form, job_at):
    """Do a step for bands; see `DIFFUSION_JOB`."""
    job = record(DIFFUSION_JOB, job_at)
    for band in range(job.first, job.stop):
        _planes(real, form, job, band)


@Driver
@denormals_as_zeros
def diffuse_bands(job_at):
    """Run the kernel of a job."""
    invoke(2, record(DIFFUSION_JOB, job_at).kernel, (job_at,))
