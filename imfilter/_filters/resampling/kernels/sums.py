"""Weighted sums of rows, then of columns. In images that grow, of columns first.

A sum is computed relative to one sample of its window, the reference r: ``r + sum(w*(x - r))``. The weights
add up to 1. So equal samples give exactly this sample, and a rounding error is proportional to the contrast.
Sums of integers that the arithmetic holds exactly need no reference.
"""

import numpy as np

from imfilter._filters.resampling.kernels.references import fitting
from imfilter._simd.denormals import denormals_as_zeros
from imfilter._simd.jit import Driver, inlined, kernel, part
from imfilter._simd.lanewise import fma
from imfilter._simd.prefetch import prefetch
from imfilter._simd.registers import BYTES, LINE, REGISTERS
from imfilter._simd.streaming import drain
from imfilter._simd.vector import (
    invoke,
    load_like,
    load_one,
    peek,
    poke,
    record,
    size_of,
    splat_register,
    store,
    store_one,
)

#: Distances in bytes of batch elements, planes and rows of the image and the result. Sizes of an element of
#: them and of the arithmetic, and of a register. Numbers of planes, rows, groups of rows, tiles, and of
#: samples that follow each x. `by_columns`: whether columns are summed first. Tables of the groups, for this
#: case: see `columns_first.Groups`. `phases`: see `columns_first.Phases`; 0 if weights do not repeat. Tables
#: of the taps along z, y and x: see `tables.Table`. Weights along x are of the type of the arithmetic. Tables
#: of the tiles: the first output, the number of outputs, the first sample and the number of samples.
#: `relative`: whether sums are relative to a reference. `whole`: whether samples are integers. Then every
#: sample may be a reference, and the taps along x do not contain it. `along`: whether columns are summed too.
#: `past`: whether the result is written past the caches. Kernels, or 0 if the call does not need them: `far`
#: is `place` past the caches, and `sum_pairs` makes rows of the result by the tables of `pairs.Pairs`. Places
#: in the workspace, and the distance of lines there.
SUM_JOB = np.dtype(
    [
        *(
            (name, np.int64)
            for name in (
                *("source_b", "source_z", "source_y", "target_b", "target_z", "target_y"),
                *("width", "size", "lanes", "target_width", "planes", "rows", "groups", "tiles", "last"),
                *("by_columns", "group_outputs", "group_starts", "group_rows", "row_in_group"),
                *("about_in_group", "last_in_group", "kept"),
                *("phases", "phases_begin", "phases_end", "phases_window"),
                *("starts_z", "samples_z", "weights_z", "constants_z", "about_z"),
                *("starts_y", "samples_y", "weights_y", "constants_y", "about_y"),
                *("starts_x", "samples_x", "weights_x", "constants_x", "about_x"),
                *("tile_outputs", "tile_count", "tile_first", "tile_samples", "relative", "whole", "along"),
                *("sum_rows", "sum_lines", "sum_phases", "to_lanes", "sum_columns", "join", "place", "far"),
                "past",
                *("sum_pairs", "pair_blocks", "pair_outputs", "pair_windows"),
                *("pair_places", "pair_weights", "pair_second"),
                *("lines", "line", "pitch", "transposed", "sums", "joined", "pitch_joined", "taps"),
                *("offsets", "segments", "spare"),
            )
        ),
        ("cval", np.float64),
    ]
)
_F32, _F64 = np.dtype(np.float32), np.dtype(np.float64)


@inlined
def _of_columns(real, zero, lanes, count, n, tables, setting, ahead, to):
    """Write sums of `n` columns in the lane layout, for `count` outputs. Return the address after them.

    The tables start with the entries of these outputs. The other arguments are those of `sum_columns`.
    """
    about, samples, weights, constants = tables
    pixel, step, whole, cval = setting
    sums, result, pitch, width = ahead
    rows = step // size_of(real)
    for i in range(count):
        number = (to - sums) // step
        prefetch(result + number % rows * pitch + number // rows * rows * width, 1)
        constant_bits = peek(constants + 8 * i) << 1  # 0 for both zeros
        for shift in range(0, pixel, step):
            line, reference = lanes + shift, zero
            if about:
                reference = load_like(zero, line + peek(about + 8 * i) * pixel, real)
                if not whole:
                    reference = fitting(real, reference)
            total = zero
            if constant_bits != 0:
                constant = zero + load_one(real, constants + 8 * i, _F64)
                total = fma(zero + real.type(cval) - reference, constant, zero)
            for t in range(n):
                sample = load_like(zero, line + peek(samples + 8 * t) * pixel, real)
                weight = zero + load_one(real, weights + t * size_of(real), real)
                total = fma(sample - reference, weight, total)
            store(to, real, total + reference)
            to += step
        samples += 8 * n
        weights += n * size_of(real)
    return to


@kernel("real")
def sum_columns(
    real, lanes, first, count, channels, starts, samples, weights, constants, about, whole, cval: float, to,
    result, pitch, width,
):  # fmt: skip
    """Write sums of columns in the lane layout, for `count` outputs from `first` on.

    `lanes` is where sample 0 of the line would be. `about` is the table of references, or 0. Outputs of the
    same number of taps follow each other. The usual numbers have loops of their own: a register of linear or
    cubic sums takes about 3 and 4.5 ns instead of 6 and 8.5 (Sapphire Rapids).

    The place of the sums at `result` is prefetched: rows are `pitch` bytes apart, and a sum has `width` bytes
    there. Linear float32 from 4K to 1333x800 takes 3.2 instead of 4.0 ms so (one thread).
    """
    zero = splat_register(real, real.type(0))
    step = size_of(real) * (BYTES // size_of(real) // REGISTERS)
    setting, ahead = (channels * step, step, whole, cval), (to, result, pitch, width)
    end = first + count
    while first < end:
        begin = peek(starts + 8 * first)
        n = peek(starts + 8 * first + 8) - begin
        stop = first + 1
        while stop < end and peek(starts + 8 * stop + 8) - peek(starts + 8 * stop) == n:
            stop += 1
        centres = about + 8 * first if about else 0
        tables = centres, samples + 8 * begin, weights + begin * size_of(real), constants + 8 * first
        if n == 1:
            to = _of_columns(real, zero, lanes, stop - first, 1, tables, setting, ahead, to)
        elif n == 2:
            to = _of_columns(real, zero, lanes, stop - first, 2, tables, setting, ahead, to)
        elif n == 3:
            to = _of_columns(real, zero, lanes, stop - first, 3, tables, setting, ahead, to)
        elif n == 4:
            to = _of_columns(real, zero, lanes, stop - first, 4, tables, setting, ahead, to)
        else:
            to = _of_columns(real, zero, lanes, stop - first, n, tables, setting, ahead, to)
        first = stop


@part
def _list_tap(job, at, row, weight):
    """Write a tap of rows: the address of the row, and the weight in the type of the arithmetic."""
    poke(at, row)
    if job.size == 4:
        store_one(at + 8, _F32, np.float32(weight))
    else:
        store_one(at + 8, _F64, weight)


@part
def _weight_at(job, at):
    """Return the weight of a tap of rows."""
    return float(load_one(_F32, at + 8, _F32)) if job.size == 4 else load_one(_F64, at + 8, _F64)


@part
def _list_rows(job, image, z, y, reference, taps):
    """List the rows of an output row and their weights. Return their number and the constant's weight.

    `reference` is the address of the reference row, or 0.
    """
    n = 0
    constant_z = load_one(_F64, job.constants_z + 8 * z, _F64)
    constant_y = load_one(_F64, job.constants_y + 8 * y, _F64)
    begin_y, stop_y = peek(job.starts_y + 8 * y), peek(job.starts_y + 8 * y + 8)
    all_y = constant_y
    for t in range(begin_y, stop_y):
        all_y += load_one(_F64, job.weights_y + 8 * t, _F64)
    constant = constant_z * all_y
    for s in range(peek(job.starts_z + 8 * z), peek(job.starts_z + 8 * z + 8)):
        weight = load_one(_F64, job.weights_z + 8 * s, _F64)
        plane = image + peek(job.samples_z + 8 * s) * job.source_z
        constant += weight * constant_y
        for t in range(begin_y, stop_y):
            at = plane + peek(job.samples_y + 8 * t) * job.source_y
            if job.whole and at == reference:
                continue
            _list_tap(job, taps + 16 * n, at, weight * load_one(_F64, job.weights_y + 8 * t, _F64))
            n += 1
    return n, constant


@part
def _sum_along(job, tile, workspace, result, joined):
    """Sum the columns of the lines of a tile, which are for the rows at `result`, to lines at `joined`."""
    first, samples = peek(job.tile_first + 8 * tile), peek(job.tile_samples + 8 * tile)
    begin, count = peek(job.tile_outputs + 8 * tile), peek(job.tile_count + 8 * tile)
    lanes, sums = workspace + job.transposed, workspace + job.sums
    target, pitch, width = result + begin * job.last * job.target_width, job.target_y, job.target_width
    if job.past:  # such stores need no prefetch
        target, pitch, width = sums, 0, 0
    invoke(1, job.to_lanes, (
        workspace + job.lines, job.pitch, samples * job.last, job.offsets, lanes, job.lanes))  # fmt: skip
    invoke(1, job.sum_columns, (
        lanes - first * job.last * job.lanes * job.size, begin, count, job.last, job.starts_x, job.samples_x,
        job.weights_x, job.constants_x, job.about_x if job.relative else 0, job.whole, job.cval,
        sums, target, pitch, width))  # fmt: skip
    invoke(1, job.join, (
        sums, max(count * job.last, job.lanes), job.segments, joined, job.lanes))  # fmt: skip


@part
def _place(job, line, result, y, tile, workspace):
    """Write a row of a tile to the result."""
    target = result + peek(job.tile_outputs + 8 * tile) * job.last * job.target_width
    if job.far:
        invoke(2, job.far, (line, target + y * job.target_y, peek(job.tile_count + 8 * tile) * job.last))
        return
    invoke(2, job.place, (
        line, target + y * job.target_y, peek(job.tile_count + 8 * tile), job.last,
        job.last * job.target_width, job.target_width, 1, workspace + job.spare))  # fmt: skip


@part
def _sum_pairs(job, taps, n, reference, to):
    """Write a row of sums of two columns and of the `n` rows that are listed at `taps`."""
    a, of_a, b, of_b, second = reference, 0.0, reference, 0.0, 0
    if not job.whole:
        a, of_a = peek(taps), _weight_at(job, taps)
    if n > 1 - job.whole:
        last = taps + 16 * (n - 1)
        b, of_b = peek(last), _weight_at(job, last)
        second = b == reference
    invoke(5, job.sum_pairs, (
        a, b, second, of_a, of_b, job.pair_blocks, job.pair_outputs, job.pair_windows,
        job.pair_places, job.pair_weights, job.pair_second, to))  # fmt: skip


@part
def _sum_group(job, image, result, z, group, tile, workspace):
    """Compute a tile of a group of rows."""
    first, samples = peek(job.tile_first + 8 * tile), peek(job.tile_samples + 8 * tile)
    image += first * job.last * job.width
    y0 = group * job.group_outputs
    rows = min(job.group_outputs, job.rows - y0)
    lines, pitch = workspace + job.lines, job.pitch
    for r in range(rows):
        y = y0 + r
        about = 0
        if job.relative:
            about = (
                image + peek(job.about_z + 8 * z) * job.source_z + peek(job.about_y + 8 * y) * job.source_y
            )
        n, constant = _list_rows(job, image, z, y, about, workspace + job.taps)
        if job.sum_pairs:
            _sum_pairs(job, workspace + job.taps, n, about, result + y * job.target_y)
            continue
        to = lines + r * job.pitch
        invoke(4, job.sum_rows, (
            workspace + job.taps, n, about, job.whole, samples * job.last, constant, job.cval, to,
            workspace + job.spare))  # fmt: skip
    if job.sum_pairs:
        return
    if job.along:
        lines, pitch = workspace + job.joined, job.pitch_joined
        _sum_along(job, tile, workspace, result + y0 * job.target_y, lines)
    for r in range(rows):
        _place(job, lines + r * pitch, result, y0 + r, tile, workspace)


@part
def _sum_columns(job, image, tile, rows, count, workspace, joined, result):
    """Sum the columns of a tile of `count` rows, which are listed at `rows`, to lines at `joined`.

    The rows of the next outputs start at `result`. If their weights do not repeat, they are prefetched.
    """
    if job.phases:
        line = image + peek(rows) * job.source_y
        invoke(5, job.sum_phases, (
            line, peek(job.tile_outputs + 8 * tile), peek(job.tile_count + 8 * tile), job.starts_x,
            job.samples_x, job.weights_x, job.constants_x, job.about_x, job.whole, job.cval,
            job.phases_begin, job.phases_end, job.phases_window, joined))  # fmt: skip
        return
    image += peek(job.tile_first + 8 * tile) * job.last * job.width
    samples = peek(job.tile_samples + 8 * tile) * job.last
    for r in range(count):  # a sum of one row converts it
        row, to = image + peek(rows + 8 * r) * job.source_y, workspace + job.lines + r * job.pitch
        invoke(4, job.sum_rows, (0, 0, row, 1, samples, 0.0, 0.0, to, workspace + job.spare))
    _sum_along(job, tile, workspace, result, joined)


@part
def _prefetch_samples(job, row, tile):
    """Prefetch the samples of a tile in the row at an address.

    They are few, so the processor does not see in time that they follow each other. From 4K to 8K with `out`,
    cubic uint16 takes 37 instead of 42 ms on one thread and 19 instead of 23 ms on two, and linear bytes 5.5
    instead of 6.6 ms on two (Sapphire Rapids).
    """
    at, count = row + peek(job.tile_first + 8 * tile) * job.width, peek(job.tile_samples + 8 * tile)
    for i in range(0, count * job.width, LINE):
        prefetch(at + i, 0)


@part
def _sum_columns_first(job, image, result, z, group, tile, workspace):
    """Compute a tile of a group of rows: the columns of each row of samples once, then the rows of sums.

    The columns of a row are summed when an output row needs them. So they are in the first-level cache then.
    """
    image += peek(job.samples_z + 8 * peek(job.starts_z + 8 * z)) * job.source_z
    place = result + peek(job.tile_outputs + 8 * tile) * job.last * job.target_width
    joined, taps = workspace + job.joined, workspace + job.taps
    outputs = peek(job.tile_count + 8 * tile) * job.last
    start, stop = peek(job.group_starts + 8 * group), peek(job.group_starts + 8 * group + 8)
    ready, step = 0, 1 if job.phases else job.lanes
    for y in range(group * job.group_outputs, min((group + 1) * job.group_outputs, job.rows)):
        while ready <= peek(job.last_in_group + 8 * y):
            rows, count = job.group_rows + 8 * (start + ready), min(step, stop - start - ready)
            to = joined + ready % job.kept * job.pitch_joined
            if job.phases and ready + 1 < stop - start:
                _prefetch_samples(job, image + peek(rows + 8) * job.source_y, tile)
            _sum_columns(job, image, tile, rows, count, workspace, to, result + y * job.target_y)
            ready += step
        about, n = peek(job.about_in_group + 8 * y), 0
        for t in range(peek(job.starts_y + 8 * y), peek(job.starts_y + 8 * y + 8)):
            row = peek(job.row_in_group + 8 * t)
            if not (job.relative and job.whole and row == about):
                line = joined + row % job.kept * job.pitch_joined
                _list_tap(job, taps + 16 * n, line, load_one(_F64, job.weights_y + 8 * t, _F64))
                n += 1
        constant = load_one(_F64, job.constants_y + 8 * y, _F64)
        reference = joined + about % job.kept * job.pitch_joined if job.relative else 0
        to = place + y * job.target_y
        last = workspace + (job.line if job.past else job.spare)
        invoke(4, job.sum_lines, (
            taps, n, reference, job.whole, outputs, constant, job.cval, to, last))  # fmt: skip


@Driver
@denormals_as_zeros
def resample(job_at, image, result, workspace, start, stop):
    """Compute tiles `start` to `stop` of groups of rows, of all planes and batch elements."""
    job = record(SUM_JOB, job_at)
    workspace += -workspace % 64
    for number in range(start, stop):
        tile, rest = number % job.tiles, number // job.tiles
        group, rest = rest % job.groups, rest // job.groups
        z, b = rest % job.planes, rest // job.planes
        start_b, to = image + b * job.source_b, result + b * job.target_b + z * job.target_z
        if job.by_columns:
            _sum_columns_first(job, start_b, to, z, group, tile, workspace)
        else:
            _sum_group(job, start_b, to, z, group, tile, workspace)
    if job.past:
        drain()
