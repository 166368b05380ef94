"""The sliding window: a window of lines moves down the image, and gives one output line at a time.

A *layer* is a sequence of lines. The window holds the last few lines of each layer. In a direct correlation
the layers are the planes that the kernel reads, and their lines are source lines with a border. In a
separable correlation each term has a layer, whose lines are already summed over the planes and along the
line. In both cases an output line is one weighted sum over the window, and no intermediate of the image's
size is stored.

Other kernels process the lines. The job gives their addresses. This kernel only decides when they run, and is
the same for all element types.
"""

import numpy as np

from imfilter._filters.linear.kernels.job import (
    ALONG,
    BLOCK_ALONG,
    BY_ROW,
    JOB,
    LAYER,
    PLANE,
    SYMMETRIC,
    SYMMETRIC_ALONG,
    SYMMETRIC_WINDOW,
    TAP,
    UNROLLED,
)
from imfilter._simd.denormals import denormals_as_zeros
from imfilter._simd.jit import Driver, kernel, nested
from imfilter._simd.lines import fetch_line, place_line, source_index
from imfilter._simd.prefetch import WORDS
from imfilter._simd.registers import LINE
from imfilter._simd.vector import invoke, move_one, peek, poke, record

_LAYER, _PLANE, _TAP = LAYER.itemsize, PLANE.itemsize, TAP.itemsize


@nested
def _row(job, window, slot):
    """Return the address of a row of a window. The rows form a ring."""
    return window + (slot if slot < job.depth else slot - job.depth) * job.pitch


@nested
def _plane(job, workspace, z, plane, base):
    """Return the address of the source line at `base` in a padded plane, or of zeros in the border."""
    found = source_index(job.border_z, job.before_z, job.samples_z, z * job.step_z + plane)
    return workspace + job.zeros if found < 0 else base + found * job.source_z


@nested
def _readable(job, workspace, t, line, span):
    """Return where line `t` can be read in whole vectors. Lines shorter than a vector are copied first."""
    if job.short_lines < 0:
        return line
    short_lines = workspace + job.short_lines + t * job.short_line_step
    for i in range(span * job.width):
        move_one(short_lines + i, line + i, np.uint8)
    return short_lines


@nested
def _across(job, workspace, z, layer, base):
    """Sum a source row over the planes of a layer, without its border, into the raw line.

    `base` is the row's address in plane 0. Planes of the border constant are read as zeros. Their value is
    added to the sum as one number.
    """
    span, zeros = job.samples_x * job.channels, workspace + job.zeros
    outside = border_value = 0.0
    for t in range(layer.begin_z, layer.stop_z):
        tap = record(PLANE, job.offsets_z + t * _PLANE)
        line = _plane(job, workspace, z, tap.plane, base)
        if line == zeros:
            outside += tap.weight
            border_value += tap.weight * job.cval
        poke(workspace + job.at_z + 8 * t, _readable(job, workspace, t, line, span))
    # Weights of both signs may cancel, but not if the constant is NaN or infinite.
    bias = outside * job.cval if job.cval - job.cval == 0 else border_value
    at = workspace + job.at_z
    if layer.sum_z:
        poke(workspace + job.at_to, workspace + job.raw)
        invoke(8, layer.sum_z, (
            at + 8 * layer.begin_z, 0, layer.half_z, 1, job.half_weights, bias, workspace + job.at_to, span,
            workspace + job.overhang, 0))  # fmt: skip
        return
    invoke(2, job.combine_source, (
        at, at, job.weights_z, job.runs, layer.first_z, layer.last_z, 0, bias,
        workspace + job.raw, 0, span, workspace + job.overhang))  # fmt: skip


@nested
def _across_together(job, workspace, z, layer, base):
    """Sum a source row for several neighbouring output planes, into as many raw lines.

    The planes read nearly the same lines, and cache accesses limit the speed: a Gaussian of 17 taps over 128
    planes of 256x256 float32 took 34 instead of 59 ms (Cascade Lake, one thread).
    """
    span, taps = job.samples_x * job.channels, layer.stop_z - layer.begin_z
    first, last = record(PLANE, job.offsets_z + layer.begin_z * _PLANE).plane, job.planes - 1 - z
    for t in range(taps + job.planes_per_block - 1):
        # Planes after the last are computed from existing lines, and discarded.
        plane = first + min(t, taps - 1 + last)
        line = _readable(job, workspace, t, _plane(job, workspace, z, plane, base), span)
        poke(workspace + job.at_z + 8 * t, line)
    for o in range(job.planes_per_block):
        poke(workspace + job.at_to + 8 * o, workspace + job.raw + o * job.raw_step)
    if layer.sum_z:
        invoke(8, layer.sum_z, (
            workspace + job.at_z, 0, layer.half_z, 1, job.half_weights, 0.0, workspace + job.at_to, span,
            workspace + job.overhang, 0))  # fmt: skip
        return
    invoke(4, job.sum_planes, (
        workspace + job.at_z, job.zero, 1, job.weights_z + layer.begin_z * job.size, taps, layer.group_z,
        0.0, workspace + job.at_to, span, workspace + job.overhang, 0))  # fmt: skip


@kernel()
def prepare(job_at, workspace, z, row, base, first, count, slot, span):
    """Fill one row of the windows: a source row with its border in every plane, or the lines of layers.

    This is a kernel of its own, because two kernels compile faster than one large one.
    """
    job = record(JOB, job_at)
    scratch, lane_line = workspace + job.scratch, workspace + job.lane_line
    for i in range(job.n_layers if job.n_columns > 0 else job.n_planes):
        layer = record(LAYER, job.layers + i * _LAYER)
        if job.planes_per_block > 1 and row >= 0:
            _across_together(job, workspace, z, layer, base)
        elif job.n_across > 0 and row >= 0:
            _across(job, workspace, z, layer, base)
        for o in range(min(job.planes_per_block, job.planes - z)):
            to = _row(job, workspace + job.window + o * job.stack, slot) + i * job.depth * job.pitch
            line = scratch if job.n_columns > 0 or job.lane_layout else to
            if job.n_across > 0:
                invoke(2, job.fetch_real, (
                    workspace + job.raw + o * job.raw_step if row >= 0 else -1, job.channels * job.size,
                    job.size, 1, job.channels, job.border_x, job.before_x, job.samples_x, first, count,
                    layer.border_value, line, workspace + job.flag if job.check_finite else 0))  # fmt: skip
            elif i == 0 or job.n_columns == 0:
                plane = z * job.step_z + record(PLANE, job.offsets_z + i * _PLANE).plane
                plane = source_index(job.border_z, job.before_z, job.samples_z, plane)
                start = base + plane * job.source_z if plane >= 0 and row >= 0 else -1
                fetch_line(job, workspace, start, job.before_x, first, count, line)
            if job.lane_layout and (i == 0 or job.n_columns == 0 or job.n_across > 0):
                invoke(1, job.to_lanes, (
                    line, job.segment_step, job.segment_count, job.lane_places,
                    lane_line if job.n_columns > 0 else to, job.lanes))  # fmt: skip
            if job.n_columns > 0:
                _along(job, workspace, layer, lane_line if job.lane_layout else scratch, to, span)


@nested
def _along(job, workspace, layer, line, to, span):
    """Sum a line over the taps of a layer along it."""
    at, count = workspace + job.at_x, layer.stop_x - layer.begin_x
    weights = job.weights_x + layer.begin_x * job.size
    if layer.how == SYMMETRIC:
        # Not a table of addresses for each line: gaussian 2 of 256x256 float32 took 82 instead of 86 us.
        poke(workspace + job.at_to, to)
        invoke(8, layer.sum_x, (
            job.columns + 8 * layer.begin_x, line, layer.half_x, 1, job.half_weights, 0.0,
            workspace + job.at_to, span, workspace + job.overhang, 0))  # fmt: skip
    elif layer.how == SYMMETRIC_ALONG:
        _sum_symmetric_along(
            *(job, workspace, line + peek(job.columns + 8 * layer.begin_x), layer.sum_x, layer.half_x),
            *(count, to, 0.0),
        )
    elif layer.how == ALONG:
        _sum_along(
            job, workspace, line + peek(job.columns + 8 * layer.begin_x), weights, count, layer.group, to, 0.0
        )
    elif layer.how in (BY_ROW, UNROLLED):
        columns, at_to, overhang = (
            job.columns + 8 * layer.begin_x,
            workspace + job.at_to,
            workspace + job.overhang,
        )
        poke(at, line)
        poke(at_to, to)
        if layer.how == UNROLLED:
            invoke(6, job.sum_line, (at, columns, weights, 0.0, at_to, span, overhang, 0))
        else:
            invoke(4, job.sum_line, (at, columns, count, weights, 1, 1, 0.0, at_to, span, overhang, 0))
    else:
        for t in range(layer.begin_x, layer.stop_x):
            poke(at + 8 * t, line + peek(job.columns + 8 * t))
        invoke(2, job.combine, (
            at, at, job.weights_x, job.runs, layer.first_x, layer.last_x, 0, 0.0, to, 0,
            span, workspace + job.overhang))  # fmt: skip


@nested
def _sum_along(job, workspace, line, weights, taps, group, to, bias):
    """Sum neighbours along `line` in the lane layout, from the first that tap 0 reads."""
    step = job.channels * job.lanes * job.size
    for t in range(taps + BLOCK_ALONG - 1):
        poke(workspace + job.at_x + 8 * t, line + t * step)
    for o in range(BLOCK_ALONG):
        poke(workspace + job.at_to + 8 * o, to + o * step)
    invoke(2, job.sum_along, (
        workspace + job.at_x, job.zero, weights, taps, group, job.channels,
        workspace + job.at_to, job.segment // job.channels, bias))  # fmt: skip


@nested
def _sum_symmetric_along(job, workspace, line, kernel, half, taps, to, bias):
    """Sum neighbours along `line` in the lane layout, by the `half` of a symmetric kernel of so many taps."""
    step = job.channels * job.lanes * job.size
    for t in range(taps + BLOCK_ALONG - 1):
        poke(workspace + job.at_x + 8 * t, line + t * step)
    for o in range(BLOCK_ALONG):
        poke(workspace + job.at_to + 8 * o, to + o * step)
    invoke(3, kernel, (
        workspace + job.at_x, half, 1, job.half_weights, bias, workspace + job.at_to,
        job.segment // job.channels, job.channels))  # fmt: skip


@nested
def _place(job, workspace, o, many, to):
    """Return where row `o` of a block of `many` is summed: directly at `to`, or in the results."""
    if o < many and job.straight and job.lanes == 1:
        return to + o * job.target_y
    return workspace + job.result + o * job.pitch


@nested
def _sum(job, workspace, window, first_slot, many, to, span, ahead):
    """Sum a window for `many` neighbouring output rows, into the address `to` or the results."""
    at, at_to = workspace + job.at, workspace + job.at_to
    if job.final == ALONG:
        line = window + record(TAP, job.taps).column * job.size
        _sum_along(job, workspace, line, job.weights, job.n_taps, job.group, workspace + job.result, job.bias)
    elif job.final == SYMMETRIC_ALONG:
        line = window + record(TAP, job.taps).column * job.size
        _sum_symmetric_along(
            job, workspace, line, job.sum_symmetric, job.halves, job.n_taps, workspace + job.result, job.bias
        )
    elif job.final == SYMMETRIC and job.outputs == 0:
        for t in range(job.n_taps):
            tap = record(TAP, job.taps + t * _TAP)
            line = _row(job, window, first_slot + tap.row)
            poke(at + 8 * t, line + tap.layer * job.depth * job.pitch + tap.column * job.size)
        poke(at_to, _place(job, workspace, 0, many, to))
        invoke(8, job.sum_symmetric, (
            at, 0, job.halves, job.n_halves, job.half_weights, job.bias, at_to, span,
            workspace + job.overhang, ahead))  # fmt: skip
    elif job.final in (BY_ROW, UNROLLED, SYMMETRIC, SYMMETRIC_WINDOW):
        count = job.taps_y + job.outputs - 1
        for first in range(min(job.dilation_y, many)):
            # Rows that share lines. Outputs after the last are computed from existing lines, and discarded.
            for r in range(count):
                row = min(first + r * job.dilation_y, job.window_y + many - 2)
                poke(at + 8 * r, _row(job, window, first_slot + row))
            for o in range(job.outputs):
                poke(at_to + 8 * o, _place(job, workspace, first + o * job.dilation_y, many, to))
            if job.final == SYMMETRIC:
                invoke(8, job.sum_symmetric, (
                    at, 0, job.halves, job.n_halves, job.half_weights, job.bias, at_to, span,
                    workspace + job.overhang, ahead))  # fmt: skip
            elif job.final == SYMMETRIC_WINDOW:
                invoke(5, job.sum_symmetric, (
                    at, job.offsets, job.half_weights, job.bias, at_to, span, workspace + job.overhang,
                    ahead))  # fmt: skip
            elif job.final == UNROLLED:
                invoke(6, job.sum_window, (
                    at, job.offsets, job.weights, job.bias, at_to, span, workspace + job.overhang,
                    ahead))  # fmt: skip
            else:
                invoke(4, job.sum_rows, (
                    at, job.offsets, job.n_offsets, job.weights, job.taps_y, job.group, job.bias,
                    at_to, span, workspace + job.overhang, ahead))  # fmt: skip
    else:
        for t in range(job.n_taps):
            tap = record(TAP, job.taps + t * _TAP)
            base = tap.layer * job.depth * job.pitch + tap.column * job.size
            poke(at + 8 * t, base + _row(job, window, first_slot + tap.row))
            if many > 1:
                poke(at + 8 * (t + job.n_taps), base + _row(job, window, first_slot + tap.row + 1))
        two = many > 1
        invoke(2, job.combine, (
            at, at + 8 * job.n_taps, job.weights, job.runs, job.double if two else job.single,
            job.stop if two else job.double, job.norm, job.bias, _place(job, workspace, 0, many, to),
            _place(job, workspace, 1, many, to) if two else 0, span, workspace + job.overhang))  # fmt: skip


@nested
def _ahead(job, workspace, plane_at, padded, x):
    """Write the table of rows to prefetch for the next block, from a `padded` one on. Return its address."""
    table, lines = workspace + job.ahead, 0
    for p in range(padded, min(padded + job.block * job.step_y, job.before_y + job.samples_y)):
        if p >= job.before_y:
            row = plane_at + (p - job.before_y) * job.source_y
            poke(table + 8 * (WORDS + lines), row + x * job.source_x)
            lines += 1
    poke(table, lines)
    poke(table + 8, job.width)  # a sum is one channel of a pixel, and lines are packed
    return table


@nested
def _finish(job, workspace, many, to, wide):
    """Write the sums of `many` rows to their places."""
    for o in range(many):
        line, place = workspace + job.result + o * job.pitch, to + o * job.target_y
        if job.divide:
            span = job.segment * job.lanes if job.lanes > 1 else wide * job.channels
            invoke(1, job.divide, (line, span, job.divisor))
        if job.lanes > 1:
            joined = place if job.straight else workspace + job.joined
            invoke(1, job.join, (line, job.segment, job.line_places, joined, job.lanes))
            line = joined
        if not job.straight:
            place_line(job, workspace, line, place, wide)


@Driver
@denormals_as_zeros
def slide(job_at, source_at, target_at, memory, start, stop):
    """Compute blocks of rows `start` … `stop`, counted over batch, planes, tile and row in this order.

    A block begins at a multiple of its height, for any worker. Only a block that ends at the image's last row
    may have fewer rows.

    job_at: address of the `JOB`. source_at, target_at: addresses of the image and the output.
    memory: zeroed memory, divided as the job says.
    """
    job = record(JOB, job_at)
    workspace = (memory + LINE - 1) // LINE * LINE
    blocks = (job.rows + job.block - 1) // job.block
    ready = 0  # the first padded row that is not in the window yet
    # A division takes 40 cycles and more, so the counters are stepped and not computed for each block.
    y = start % blocks * job.block
    tile = start // blocks % job.n_tiles
    layers = (job.planes + job.planes_per_block - 1) // job.planes_per_block
    z = start // (blocks * job.n_tiles) % layers * job.planes_per_block
    image = start // (blocks * job.n_tiles * layers)
    first_slot = y * job.step_y % job.depth  # of the window
    for done in range(stop - start):
        if y >= job.rows:
            y, first_slot, tile = 0, 0, tile + 1
            if tile == job.n_tiles:
                tile, z = 0, z + job.planes_per_block
                if z >= job.planes:
                    z, image = 0, image + 1
        x = peek(job.tiles + 8 * tile)
        wide = peek(job.tiles + 8 * tile + 8) - x
        span = job.segment * job.lanes if job.lanes > 1 else wide * job.channels
        first = x * job.step_x
        count = (wide - 1) * job.step_x + job.span_x
        many = min(job.block, job.rows - y)
        top = y * job.step_y
        if done == 0 or y == 0:
            ready = top
        image_at = source_at + peek(job.batch + 16 * image)
        plane_at = image_at + z * job.step_z * job.source_z  # used only if planes are not filtered
        for p in range(max(ready, top), top + job.window_y + many - 1):
            row = source_index(job.border_y, job.before_y, job.samples_y, p)
            slot = first_slot + p - top
            if job.plain:
                start = plane_at + row * job.source_y if row >= 0 else -1
                line = _row(job, workspace + job.window, slot)
                fetch_line(job, workspace, start, job.before_x, first, count, line)
            else:
                base = image_at + row * job.source_y
                invoke(0, job.prepare, (job_at, workspace, z, row, base, first, count, slot, span))
            ready = p + 1
        ahead = 0
        if job.far:
            ahead = _ahead(job, workspace, plane_at, ready, x * job.step_x)
        to = target_at + peek(job.batch + 16 * image + 8)
        to += z * job.target_z + y * job.target_y + x * job.target_x
        for o in range(min(job.planes_per_block, job.planes - z)):
            _sum(job, workspace, workspace + job.window + o * job.stack, first_slot, many, to, span, ahead)
            if job.lanes > 1 or not job.straight:
                _finish(job, workspace, many, to, wide)
            to += job.target_z
        y += many
        first_slot += many * job.step_y
        while first_slot >= job.depth:
            first_slot -= job.depth
