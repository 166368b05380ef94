"""Corner measures, one row after the other. `structure_tensor` has the operations on a row.

Products of derivatives are summed along each row when it is read, and then over the rows of a window.
"""

import numpy as np

from imfilter._simd.denormals import denormals_as_zeros
from imfilter._simd.jit import Driver, part
from imfilter._simd.lines import fetch_row, place_line, source_index
from imfilter._simd.registers import LINE
from imfilter._simd.vector import invoke, peek, poke, record, store_one

#: Geometry of one call, all int64: addresses and strides in bytes, everything else in samples.
_FIELDS = (
    *("rows", "columns", "channels"),
    "size",  # of an element of the arithmetic, in bytes
    *("aperture", "taps"),  # of derivatives, and of the window
    *("before_y", "before_x"),  # padded samples before the image, for derivatives
    *("samples_y", "samples_x"),  # samples of the image
    *("source_y", "source_x", "source_c", "source_packed"),
    *("target_y", "target_x", "target_c", "target_packed", "direct"),  # whether results are written directly
    "before_w",  # padded products before the image, for the window
    # Tables: borders (see `source_index`) of the image and of its products; weights of the window.
    *("border_y", "border_x", "window_y", "window_x", "weights"),
    # Workspace offsets of lines: of the image, the numbers of these rows, products, sums along a row, sums
    # over the window, results; the distance between lines; addresses of lines.
    *("image", "held", "products", "window", "sums", "result", "pitch", "spare", "at"),
    *("flag", "check_finite"),  # samples are not checked
    *("fetch", "multiply", "surround", "sum_pairs", "measure", "place"),  # kernels
)
CORNER_JOB = np.dtype(
    [(name, np.int64) for name in _FIELDS] + [(name, np.float64) for name in ("scale", "k", "cval")]
)

_U8 = np.dtype(np.uint8)


@part
def _slot(job, workspace, kind, p):
    """Return the address, in a ring buffer, of the sums along padded row `p` of one kind of product."""
    return workspace + job.window + (kind * job.taps + p % job.taps) * job.pitch


@part
def _sum(job, workspace, to):
    """Sum the listed lines with the weights of the window."""
    invoke(2, job.sum_pairs, (workspace + job.at, job.weights, job.taps, job.columns, to))


@part
def _prepare(job, workspace, source_at, p):
    """Sum the products of padded row `p` along the row."""
    row = source_index(job.window_y, job.before_w, job.rows, p)
    if row < 0:
        for kind in range(3):
            line = _slot(job, workspace, kind, p)
            for i in range(job.pitch):
                store_one(line + i, _U8, np.uint8(0))
        return
    addresses, half = workspace + job.at, job.aperture // 2
    for i in range(job.aperture):
        q = row + i
        line, stored = (
            workspace + job.image + q % job.aperture * job.pitch,
            workspace + job.held + q % job.aperture * 8,
        )
        if peek(stored) != q + 1:
            fetch_row(job, workspace, source_at, q, half, 0, job.columns + 2 * half, line)
            poke(stored, q + 1)
        poke(addresses + 8 * i, line)
    inside = workspace + job.products + job.before_w * job.size
    invoke(2, job.multiply, (
        addresses, job.columns, job.scale, inside, inside + job.pitch, inside + 2 * job.pitch))  # fmt: skip
    for kind in range(3):
        line = workspace + job.products + kind * job.pitch
        invoke(1, job.surround, (
            line, job.window_x, job.before_w, job.columns, job.taps - 1 - job.before_w))  # fmt: skip
        for t in range(job.taps):
            poke(addresses + 8 * t, line + t * job.size)
        _sum(job, workspace, _slot(job, workspace, kind, p))


@Driver
@denormals_as_zeros
def slide_corner(job_at, source_at, target_at, memory, start, stop):
    """Compute the corner measures of rows `start` … `stop`.

    job_at: address of the `CORNER_JOB`. source_at, target_at: addresses of the image and the result.
    memory: zeroed workspace, divided as the job says.
    """
    job = record(CORNER_JOB, job_at)
    workspace = (memory + LINE - 1) // LINE * LINE
    for p in range(start, start + job.taps - 1):
        _prepare(job, workspace, source_at, p)
    for y in range(start, stop):
        _prepare(job, workspace, source_at, y + job.taps - 1)
        for kind in range(3):
            for t in range(job.taps):
                poke(workspace + job.at + 8 * t, _slot(job, workspace, kind, y + t))
            _sum(job, workspace, workspace + job.sums + kind * job.pitch)
        sums, to = workspace + job.sums, target_at + y * job.target_y
        result = to if job.direct else workspace + job.result
        invoke(2, job.measure, (
            sums, sums + job.pitch, sums + 2 * job.pitch, job.columns, job.k, result))  # fmt: skip
        if not job.direct:
            place_line(job, workspace, result, to, job.columns)
