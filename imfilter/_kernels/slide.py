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
from imfilter._kernels.simd import BYTES, address_of, keep

#: Geometry of one call, all int64: addresses and strides in bytes, everything else in samples.
#: *Padded* coordinates count from the first sample of the border.
_FIELDS = (
    *("planes", "rows", "channels"),  # of the output; channels are interleaved in a line
    *("step_z", "step_y", "step_x"),  # stride of the output
    *("window_y", "span_x"),  # padded rows and columns that one output needs
    "widest",  # output columns of the widest tile
    "paired",  # whether neighbouring rows are computed two at a time
    *("single", "double"),  # where the runs of one output row begin, and those of two
    *("before_z", "before_y", "before_x"),  # padded samples before the image
    *("samples_z", "samples_y", "samples_x"),  # samples of the image
    *("source_z", "source_y", "source_x", "source_c", "source_packed"),
    *("target_z", "target_y", "target_x", "target_c", "target_packed"),
)
JOB = np.dtype([(name, np.int64) for name in _FIELDS])

#: A layer of prepared lines: its runs of taps over the planes, if any, and along the line.
LAYER = np.dtype([(name, np.int64) for name in ("first_z", "last_z", "first_x", "last_x")])

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
    columns,
    weights_x,
    layers,
    taps,
    weights,
    runs,
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
    planes, weights_z: taps over `offsets_z`; columns, weights_x: taps along the line; layers: which of
    them make a layer's lines (none: the planes are the layers).
    taps, weights, norm, bias: the sum over the window; `runs` says how, see `combine`.
    """
    job = jobs[0]
    size = real.itemsize
    channels = job.channels
    depth = job.window_y + job.paired  # two neighbouring outputs need one row more
    n_planes, n_tiles = len(offsets_z), len(tiles) - 1
    n_layers = len(layers) if len(layers) > 0 else n_planes
    slack = BYTES // size  # what a last vector reads beyond the line
    # One padded line: `step_x` phases of the tile and the kernel's overhang.
    phase = (job.widest + (job.span_x - 1) // job.step_x) * channels + slack
    padded = phase * job.step_x
    pitch = job.widest * channels + slack if len(layers) > 0 else padded
    # Zeros, for what lies behind a line is computed with too, and a denormal there costs 100 cycles.
    scratch = np.zeros((n_planes + 1) * padded, real.dtype)
    window = np.zeros(n_layers * depth * pitch, real.dtype)
    result = np.empty((2, job.widest * channels), target.dtype)
    spill = np.empty(slack, target.dtype)
    spill_real = np.empty(slack, real.dtype)
    at_z = np.empty(len(planes), np.int64)
    at_x = np.empty(len(columns), np.int64)
    at = np.empty((2, len(taps)), np.int64)
    scratch_at, window_at, result_at = address_of(scratch), address_of(window), address_of(result)
    spill_at, spill_real_at = address_of(spill), address_of(spill_real)
    z_at, x_at, at_at, at_b = address_of(at_z), address_of(at_x), address_of(at), address_of(at[1])
    wz_at, wx_at, w_at = address_of(weights_z), address_of(weights_x), address_of(weights)
    zero, no, none = real.dtype.type(0), n_layers < 0, 0
    single, double, end = job.single, job.double, len(runs)

    ready = 0  # the first padded row that is not in the window yet
    line = start
    while line < stop:
        y = line % job.rows
        tile = line // job.rows % n_tiles
        z = line // (job.rows * n_tiles) % job.planes
        image = line // (job.rows * n_tiles * job.planes)
        pair = job.paired and y + 1 < job.rows and line + 1 < stop
        x = tiles[tile]
        wide = tiles[tile + 1] - x
        span = wide * channels
        first = x * job.step_x
        count = (wide - 1) * job.step_x + job.span_x
        top = y * job.step_y
        if line == start or y == 0:
            ready = top
        for p in range(max(ready, top), top + job.window_y + pair):
            slot = p % depth
            row = source_index(border_y, job.before_y, job.samples_y, p)
            for i in range(n_planes):
                plane = z * job.step_z + offsets_z[i]
                plane = source_index(border_z, job.before_z, job.samples_z, plane)
                address = batch[image, 0] + plane * job.source_z + row * job.source_y
                if plane < 0 or row < 0:
                    address = -1
                to = scratch_at + i * padded * size
                if len(layers) == 0:
                    to = window_at + (i * depth + slot) * pitch * size
                fetch(real, source, address, job, border_x, first, count, cval, to, phase)
            for i in range(len(layers)):
                layer = layers[i]
                prior = scratch_at
                if layer.first_z < layer.last_z:
                    prior = scratch_at + n_planes * padded * size
                    for t in range(len(planes)):
                        at_z[t] = scratch_at + planes[t] * padded * size
                    combine(
                        real, real, z_at, z_at, wz_at, runs, layer.first_z, layer.last_z, no, zero,
                        prior, none, padded - slack, spill_real_at,
                    )  # fmt: skip
                for t in range(len(columns)):
                    at_x[t] = prior + columns[t] * size
                to = window_at + (i * depth + slot) * pitch * size
                combine(
                    real, real, x_at, x_at, wx_at, runs, layer.first_x, layer.last_x, no, zero,
                    to, none, span, spill_real_at,
                )  # fmt: skip
            ready = p + 1
        for t in range(len(taps)):
            base = window_at + taps[t].layer * depth * pitch * size + taps[t].column * size
            at[0, t] = base + (top + taps[t].row) % depth * pitch * size
            at[1, t] = base + (top + taps[t].row + 1) % depth * pitch * size
        to = batch[image, 1] + z * job.target_z + y * job.target_y + x * job.target_x
        to_b = to + job.target_y
        place, place_b = to, to_b
        if not job.target_packed:
            place, place_b = result_at, result_at + job.widest * channels * target.itemsize
        if not pair:
            place_b = 0
        begin = double if pair else single
        last = end if pair else double
        combine(
            real, target, at_at, at_b, w_at, runs, begin, last, norm, bias,
            place, place_b, span, spill_at,
        )  # fmt: skip
        if not job.target_packed:
            scatter(target, place, to, wide, channels, job.target_x, job.target_c)
            if pair:
                scatter(target, place_b, to_b, wide, channels, job.target_x, job.target_c)
        line += 1 + pair
    keep((scratch, window, result, spill, spill_real, at_z, at_x, at))
