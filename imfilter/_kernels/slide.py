"""The engine's one moving part: a window of lines slides down the image, one output line at a time.

A *layer* is a sequence of lines, of which the window holds the last few. In a direct correlation
the layers are the planes that the kernel touches and their lines are source lines with a border. In
a separable one each term has a layer, whose lines have already been combined over the planes and
along the line. Either way an output line is then one weighted sum over the window, and nothing the
size of the image is ever stored.
"""

import numpy as np

from imfilter._core.jit import jit
from imfilter._kernels.lines import combine, fetch, scatter, source_index
from imfilter._kernels.simd import BYTES, address_of

#: Geometry of one call, all int64: addresses and strides in bytes, everything else in samples.
#: *Padded* coordinates count from the first sample of the border.
_FIELDS = (
    *("planes", "rows", "channels"),  # of the output; channels are interleaved in a line
    *("step_z", "step_y", "step_x"),  # stride of the output
    *("window_y", "span_x"),  # padded rows and columns that one output needs
    "widest",  # output columns of the widest tile
    *("before_z", "before_y", "before_x"),  # padded samples before the image
    *("samples_z", "samples_y", "samples_x"),  # samples of the image
    *("source_z", "source_y", "source_x", "source_c", "source_packed"),
    *("target_z", "target_y", "target_x", "target_c", "target_packed"),
)
JOB = np.dtype([(name, np.int64) for name in _FIELDS])

#: A tap of the last stage: which layer, row of the window and element along the line it reads.
TAP = np.dtype([("layer", np.int64), ("row", np.int64), ("column", np.int64)])


@jit
def slide(
    real,
    source,
    target,
    jobs,
    batch,
    border_z,
    border_y,
    border_x,
    tiles,
    offsets_z,
    planes,
    weights_z,
    ends_z,
    columns,
    weights_x,
    ends_x,
    taps,
    weights,
    ends,
    norm,
    bias,
    cval,
    start,
    stop,
):
    """Compute output lines `start` … `stop`, counted over batch, plane, tile and row in this order.

    real, source, target: prototypes of the arithmetic, the image and the output.
    batch: (n, 2) addresses of each image and its output.
    border_z, border_y, border_x: see `source_index`.
    tiles: where tiles of output columns begin, and the last one's end.
    offsets_z: the padded planes, relative to an output's first, that are read.
    planes, weights_z, ends_z: taps over `offsets_z` of each layer (none: one plane, of weight one).
    columns, weights_x, ends_x: taps along the line of each layer (none: a layer is a plane).
    taps, weights, ends, norm, bias: the sum over the window, see `combine`.
    """
    job = jobs[0]
    size = real.itemsize
    channels, depth = job.channels, job.window_y
    n_planes = len(offsets_z)
    prepared = len(ends_x) > 0
    n_layers = len(ends_x) if prepared else n_planes
    n_tiles = len(tiles) - 1
    slack = BYTES // size  # what a last vector reads beyond the line
    # One padded line: `step_x` phases of the tile and the kernel's overhang.
    phase = (job.widest + (job.span_x - 1) // job.step_x) * channels + slack
    padded = phase * job.step_x
    pitch = job.widest * channels + slack if prepared else padded
    # Zeros, for what lies behind a line is computed with too, and a denormal there costs 100 cycles.
    scratch = np.zeros((n_planes + 1) * padded, real.dtype)
    window = np.zeros(n_layers * depth * pitch, real.dtype)
    lines = np.empty((n_layers, depth), np.int64)
    result = np.empty(job.widest * channels, target.dtype)
    spill = np.empty(slack, target.dtype)
    spill_real = np.empty(slack, real.dtype)
    at_plane = np.empty(n_planes, np.int64)
    at_z = np.empty(len(planes), np.int64)
    at_x = np.empty(len(columns), np.int64)
    at = np.empty(len(taps), np.int64)
    zero = real.dtype.type(0)
    scratch_at, window_at, result_at = address_of(scratch), address_of(window), address_of(result)
    spill_at, spill_real_at = address_of(spill), address_of(spill_real)
    z_at, x_at, at_at = address_of(at_z), address_of(at_x), address_of(at)
    wz_at, wx_at, w_at = address_of(weights_z), address_of(weights_x), address_of(weights)
    no = n_layers < 0

    ready = 0  # the first padded row that is not in the window yet
    for line in range(start, stop):
        y = line % job.rows
        tile = line // job.rows % n_tiles
        z = line // (job.rows * n_tiles) % job.planes
        image = line // (job.rows * n_tiles * job.planes)
        x = tiles[tile]
        wide = tiles[tile + 1] - x
        first = x * job.step_x
        count = (wide - 1) * job.step_x + job.span_x
        top = y * job.step_y
        if line == start or y == 0:
            ready = top
        for p in range(max(ready, top), top + depth):
            slot = p % depth
            row = source_index(border_y, job.before_y, job.samples_y, p)
            for i in range(n_planes):
                plane = z * job.step_z + offsets_z[i]
                plane = source_index(border_z, job.before_z, job.samples_z, plane)
                address = batch[image, 0] + plane * job.source_z + row * job.source_y
                if plane < 0 or row < 0:
                    address = -1
                to = scratch_at + i * padded * size
                if not prepared:
                    to = window_at + (i * depth + slot) * pitch * size
                    lines[i, slot] = to
                at_plane[i] = to
                fetch(real, source, address, job, border_x, first, count, cval, to, phase)
            begin_z = begin_x = 0
            for i in range(len(ends_x)):
                prior = at_plane[0]
                to = scratch_at + n_planes * padded * size
                for t in range(begin_z, ends_z[i]):
                    at_z[t] = at_plane[planes[t]]
                if begin_z < ends_z[i]:
                    end = ends_z[i : i + 1]
                    combine(
                        real, real, z_at, wz_at, begin_z, end, no, zero, to, padded - slack, spill_real_at
                    )
                    prior = to
                    begin_z = ends_z[i]
                for t in range(begin_x, ends_x[i]):
                    at_x[t] = prior + columns[t] * size
                to = window_at + (i * depth + slot) * pitch * size
                lines[i, slot] = to
                end, span = ends_x[i : i + 1], wide * channels
                combine(real, real, x_at, wx_at, begin_x, end, no, zero, to, span, spill_real_at)
                begin_x = ends_x[i]
        ready = max(ready, top + depth)
        for t in range(len(taps)):
            at[t] = lines[taps[t].layer, (top + taps[t].row) % depth] + taps[t].column * size
        to = batch[image, 1] + z * job.target_z + y * job.target_y + x * job.target_x
        place = to if job.target_packed else result_at
        begin, span = 0, wide * channels
        combine(real, target, at_at, w_at, begin, ends, norm, bias, place, span, spill_at)
        if not job.target_packed:
            scatter(target, result_at, to, wide, channels, job.target_x, job.target_c)
