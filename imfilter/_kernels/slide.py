"""The engine's one moving part: a window of lines slides down the image, one output line at a time.

A *layer* is a sequence of lines, of which the window holds the last few. In a direct correlation
the layers are the planes that the kernel touches and their lines are source lines with a border. In
a separable one each term has a layer, whose lines have already been combined over the planes and
along the line. Either way an output line is then one weighted sum over the window, and nothing the
size of the image is ever stored.
"""

import numpy as np

from imfilter._core.jit import jit, part
from imfilter._kernels.lines import combine, fetch, scatter, source_index
from imfilter._kernels.simd import BYTES, LINE, address_of, move_one, poke, size_of

#: Geometry of one call, all int64: addresses and strides in bytes, everything else in samples.
#: *Padded* coordinates count from the first sample of the border.
_FIELDS = (
    *("planes", "rows", "channels"),  # of the output; channels are interleaved in a line
    *("step_z", "step_y", "step_x"),  # stride of the output
    *("window_y", "span_x"),  # padded rows and columns that one output needs
    "widest",  # output columns of the widest tile
    "paired",  # whether neighbouring rows are computed two at a time
    *("single", "double"),  # where the runs of one output row begin, and those of two
    "phases",  # into which a line is dealt for a stride along it
    *("phase", "pitch"),  # elements of one of them, and of a line of the window
    *("window", "scratch", "raw", "zeros", "shelf"),  # where in the workspace lines are put, in bytes
    *("result", "spill", "at_z", "at_x", "at"),  # and results, and addresses of lines
    *("before_z", "before_y", "before_x"),  # padded samples before the image
    *("samples_z", "samples_y", "samples_x"),  # samples of the image
    *("source_z", "source_y", "source_x", "source_c", "source_packed"),
    *("target_z", "target_y", "target_x", "target_c", "target_packed"),
)
JOB = np.dtype([(name, np.int64) for name in _FIELDS])

#: A layer of prepared lines: its taps over the planes, if any, and its runs over them and along the line.
LAYER = np.dtype(
    [(name, np.int64) for name in ("begin_z", "stop_z", "first_z", "last_z", "first_x", "last_x")]
)

#: A tap of the last stage: which layer, row of the window and element along the line it reads.
TAP = np.dtype([("layer", np.int64), ("row", np.int64), ("column", np.int64)])


@part
def _weight(real, weights, layer):
    """Return the sum of a layer's weights over the planes."""
    whole = real.dtype.type(0)
    for t in range(layer.begin_z, layer.stop_z):
        whole += weights[t]
    return whole


@part
def _across(
    real, source, job, border_z, z, planes, weights, layer, runs, base, cval, shelf, at, zeros, to, spill
):
    """Sum a source row over the planes of a layer, without its border.

    `base` is the row's address in plane 0. Planes of the border constant are read as zeros, and what
    they add is added as a number. Lines shorter than a vector are first copied to `shelf`, for their
    sum reads whole vectors.
    """
    span = job.samples_x * job.channels
    width = size_of(source)
    lanes = BYTES // size_of(real)
    outside = real.dtype.type(0)
    for t in range(layer.begin_z, layer.stop_z):
        plane = source_index(border_z, job.before_z, job.samples_z, z * job.step_z + planes[t])
        if plane < 0:
            outside += weights[t]
            poke(at + 8 * t, zeros)
        elif span < lanes:
            copy = shelf + t * lanes * width
            for i in range(span):
                move_one(copy + i * width, base + plane * job.source_z + i * width, source)
            poke(at + 8 * t, copy)
        else:
            poke(at + 8 * t, base + plane * job.source_z)
    if outside != 0:
        outside *= cval
    no, none = span < 0, 0
    combine(
        real, source, real, at, at, address_of(weights), runs, layer.first_z, layer.last_z, no, outside,
        to, none, span, spill,
    )  # fmt: skip


@jit
def slide(
    real,
    source,
    target,
    source_at,
    target_at,
    jobs,
    batch,
    border_z,
    border_y,
    border_x,
    tiles,
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
    workspace,
    start,
    stop,
):
    """Compute output lines `start` … `stop`, counted over batch, plane, tile and row in this order.

    real, source, target: prototypes of the arithmetic, the image and the output.
    source_at, target_at: addresses of the image and the output.
    batch: (n, 2) offsets from there of each image of a batch and of its output.
    border_z, border_y, border_x: see `source_index`.
    tiles: where tiles of output columns begin, and the last one's end.
    planes: padded planes, counted from an output's first, that are layers; or, if there are `layers`,
    that the taps `weights_z` read. columns, weights_x: taps along the line.
    taps, weights, norm, bias: the sum over the window; `runs` says how, see `combine`.
    workspace: zeroed memory, parted as the job says.
    """
    job = jobs[0]
    size = size_of(real)
    channels = job.channels
    depth = job.window_y + job.paired  # two neighbouring outputs need one row more
    n_tiles = len(tiles) - 1
    prepared, across = len(layers) > 0, len(weights_z) > 0
    n_layers = len(layers) if prepared else len(planes)
    phase, pitch = job.phase, job.pitch
    room = (address_of(workspace) + LINE - 1) // LINE * LINE
    window_at, scratch_at, raw_at = room + job.window, room + job.scratch, room + job.raw
    zeros_at, shelf_at, result_at = room + job.zeros, room + job.shelf, room + job.result
    spill_at, at_z, at_x, at = room + job.spill, room + job.at_z, room + job.at_x, room + job.at
    at_b = at + 8 * len(taps)
    wx_at, w_at = address_of(weights_x), address_of(weights)
    # Variables, where constants would be types of their own and compile everything again.
    zero, no, yes, none = real.dtype.type(0), n_tiles < 0, n_tiles > 0, 0

    ready = 0  # the first padded row that is not in the window yet
    # Division takes 40 cycles and more: the counters are stepped, not worked out for each line.
    line = start
    y = line % job.rows
    tile = line // job.rows % n_tiles
    z = line // (job.rows * n_tiles) % job.planes
    image = line // (job.rows * n_tiles * job.planes)
    while line < stop:
        if y == job.rows:
            y, tile = 0, tile + 1
            if tile == n_tiles:
                tile, z = 0, z + 1
                if z == job.planes:
                    z, image = 0, image + 1
        pair = job.paired and y + 1 < job.rows and line + 1 < stop
        x = tiles[tile]
        wide = tiles[tile + 1] - x
        span = wide * channels
        first = x * job.step_x
        count = (wide - 1) * job.step_x + job.span_x
        top = y * job.step_y
        if line == start or y == 0:
            ready = top
        first_slot = top % depth
        for p in range(max(ready, top), top + job.window_y + pair):
            row = source_index(border_y, job.before_y, job.samples_y, p)
            base = source_at + batch[image, 0] + row * job.source_y
            slot = first_slot + p - top
            if slot >= depth:
                slot -= depth
            for i in range(n_layers):
                to = window_at + (i * depth + slot) * pitch * size
                if across:
                    beyond = _weight(real, weights_z, layers[i]) * cval
                    if row >= 0:
                        _across(
                            real, source, job, border_z, z, planes, weights_z, layers[i], runs, base, cval,
                            shelf_at, at_z, zeros_at, raw_at, spill_at,
                        )  # fmt: skip
                    address = raw_at if row >= 0 else -1
                    fetch(
                        real, real, address, channels * size, size, yes, job, border_x, first, count, beyond,
                        scratch_at, phase,
                    )  # fmt: skip
                elif i == 0 or not prepared:
                    plane = z * job.step_z + planes[i]
                    plane = source_index(border_z, job.before_z, job.samples_z, plane)
                    address = base + plane * job.source_z if plane >= 0 and row >= 0 else -1
                    fetch(
                        real, source, address, job.source_x, job.source_c, job.source_packed > 0, job,
                        border_x, first, count, cval, scratch_at if prepared else to, phase,
                    )  # fmt: skip
                if prepared:
                    for t in range(len(columns)):
                        poke(at_x + 8 * t, scratch_at + columns[t] * size)
                    combine(
                        real, real, real, at_x, at_x, wx_at, runs, layers[i].first_x, layers[i].last_x, no,
                        zero, to, none, span, spill_at,
                    )  # fmt: skip
            ready = p + 1
        for t in range(len(taps)):
            base = window_at + (taps[t].layer * depth * pitch + taps[t].column) * size
            slot = first_slot + taps[t].row
            for second in range(2):
                if slot >= depth:
                    slot -= depth
                poke(at + 8 * (t + second * len(taps)), base + slot * pitch * size)
                slot += 1
        to = target_at + batch[image, 1] + z * job.target_z + y * job.target_y + x * job.target_x
        to_b = to + job.target_y
        place, place_b = to, to_b
        if not job.target_packed:
            place, place_b = result_at, result_at + job.widest * channels * size_of(target)
        combine(
            real, real, target, at, at_b, w_at, runs, job.double if pair else job.single,
            len(runs) if pair else job.double, norm, bias, place, place_b if pair else none, span, spill_at,
        )  # fmt: skip
        if not job.target_packed:
            scatter(target, place, to, wide, channels, job.target_x, job.target_c)
            if pair:
                scatter(target, place_b, to_b, wide, channels, job.target_x, job.target_c)
        line += 1 + pair
        y += 1 + pair
