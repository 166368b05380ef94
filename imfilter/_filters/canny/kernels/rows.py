"""Canny's method for one row after the other. `non_maximum_suppression` has the operations on a row."""

import numpy as np

from imfilter._simd.denormals import denormals_as_zeros
from imfilter._simd.jit import Driver, part
from imfilter._simd.lines import fetch_row
from imfilter._simd.registers import LINE
from imfilter._simd.vector import invoke, record, store_one

#: Geometry of one call, all int64: addresses and strides in bytes, everything else in samples.
_FIELDS = (
    *("rows", "columns", "channels"),
    "size",  # of an element of the arithmetic, in bytes
    *("before_y", "before_x"),  # padded samples before the image: 1
    *("samples_y", "samples_x"),  # samples of the image
    *("source_y", "source_x", "source_c", "source_packed"),
    "map_y",  # bytes from one row of marks to the next, with space for a register
    *("border_y", "border_x"),  # tables, see `source_index`
    # Workspace offsets of lines, three of each kind, and their distance. Samples are not checked.
    *("window", "pitch", "dx", "dy", "strength", "flag", "check_finite"),
    *("fetch", "gradients", "thin"),  # kernels
)
CANNY_JOB = np.dtype(
    [(name, np.int64) for name in _FIELDS] + [(name, np.float64) for name in ("low", "high", "cval")]
)

#: Offsets of planes and rows in bytes, the number of columns, a kernel, and both thresholds.
THIN_JOB = np.dtype(
    [(name, np.int64) for name in ("dx", "dy", "strength", "pitch", "map_y", "columns", "thin")]
    + [(name, np.float64) for name in ("low", "high")]
)

_U8 = np.dtype(np.uint8)


@part
def _line(job, workspace, first, row):
    """Return the address of a row in a ring buffer of three."""
    return workspace + first + (row + 3) % 3 * job.pitch


@part
def _differentiate(job, workspace, source_at, y):
    """Compute the derivatives of row `y` and their magnitudes, which are 0 outside the image."""
    strength = _line(job, workspace, job.strength, y)
    if y < 0 or y >= job.rows:
        for i in range(job.pitch):
            store_one(strength + i, _U8, np.uint8(0))
        return
    below = _line(job, workspace, job.window, y + 2)
    fetch_row(job, workspace, source_at, y + 2, job.before_x, 0, job.columns + 2, below)
    invoke(2, job.gradients, (
        _line(job, workspace, job.window, y), _line(job, workspace, job.window, y + 1), below, job.columns,
        _line(job, workspace, job.dx, y), _line(job, workspace, job.dy, y),
        strength + LINE))  # fmt: skip
    # Clear the samples that whole vectors wrote after the last column.
    for i in range(LINE):
        store_one(strength + LINE + job.columns * job.size + i, _U8, np.uint8(0))


@Driver
@denormals_as_zeros
def slide_canny(job_at, source_at, map_at, memory, start, stop):
    """Mark the weak and strong edges of rows `start` … `stop` in the map of marks.

    job_at: address of the `CANNY_JOB`. source_at: address of the image. map_at: address of the first mark.
    memory: zeroed workspace, divided as the job says.
    """
    job = record(CANNY_JOB, job_at)
    workspace = (memory + LINE - 1) // LINE * LINE
    first = max(start - 1, 0)
    for p in range(first, first + 2):
        fetch_row(
            job,
            workspace,
            source_at,
            p,
            job.before_x,
            0,
            job.columns + 2,
            _line(job, workspace, job.window, p),
        )
    for y in range(start - 1, start + 1):
        _differentiate(job, workspace, source_at, y)
    for y in range(start, stop):
        _differentiate(job, workspace, source_at, y + 1)
        invoke(2, job.thin, (
            _line(job, workspace, job.dx, y), _line(job, workspace, job.dy, y),
            _line(job, workspace, job.strength, y - 1) + LINE, _line(job, workspace, job.strength, y) + LINE,
            _line(job, workspace, job.strength, y + 1) + LINE, job.columns, job.low, job.high,
            map_at + y * job.map_y))  # fmt: skip


@Driver
@denormals_as_zeros
def thin_rows(job_at, source_at, map_at, start, stop):
    """Mark the weak and strong edges of rows whose derivatives and magnitudes are known.

    source_at: address of planes of rows, one row more on each side. The job has the offsets of the planes
    `dx`, `dy` and `strength`, and of the rows. Before and after each row there is space for registers.
    """
    job = record(THIN_JOB, job_at)
    for y in range(start, stop):
        here = source_at + (y + 1) * job.pitch + LINE
        strength = here + job.strength
        invoke(2, job.thin, (
            here + job.dx, here + job.dy, strength - job.pitch, strength, strength + job.pitch, job.columns,
            job.low, job.high, map_at + y * job.map_y))  # fmt: skip
