"""Small windows over missing data: all sums of an output in registers, tap by tap.

Padded rows are copied with what they count, and stay in the workspace as long as the next row of outputs
needs them.
"""

import numpy as np

from imfilter._filters.linear.kernels.normalized import result_of_both, result_of_one
from imfilter._simd.denormals import denormals_as_zeros
from imfilter._simd.jit import Driver, kernel
from imfilter._simd.lanewise import any_nan, fma, root, where
from imfilter._simd.lines import MUCH, UNUSUAL, place_line
from imfilter._simd.registers import BYTES, LINE
from imfilter._simd.vector import invoke, load, peek, poke, record, size_of, splat, store

#: One window, all int64 except the last: addresses and steps in bytes, everything else in samples.
_FIELDS = (
    *("taps", "n_rows"),  # table of taps; rows of the image that the window of one output reads
    *("summed", "n_summed"),  # table of lines that are sums of these rows
    "row_taps",  # table of their weights
    *("terms", "n_terms", "norm"),  # table of terms; whether the result is the root of a sum of squares
    *("rows", "targets"),  # for each row of outputs: offsets of the rows of the image, and of the output
    *("masks", "mask"),  # for each row of outputs: offsets of the rows of the mask; address of the mask
    *("border_x", "before_x", "samples_x", "channels"),
    # Columns of outputs, columns of a range and padded columns that it reads, rows of outputs.
    *("width", "columns", "padded_x", "lines"),
    *("source_x", "source_c", "source_packed", "mask_x", "mask_c", "mask_packed"),
    *("target_x", "target_c", "target_packed"),
    *("ignore_nan", "direct"),  # whether results are written straight to the output
    # Workspace: copied rows, their state, the results of a row, and memory of kernels.
    *("pitch", "copied", "state", "line", "spare"),
    "flag",  # that is set if a sample is so large that sums could overflow, or infinite
    *("fetch", "fetch_mask", "place", "merge", "sum_rows", "sum_up"),
)
#: The border constant, how much it counts, and the number added to every result.
_NUMBERS = ("cval", "beyond", "bias")
WINDOW_JOB = np.dtype([*((n, np.int64) for n in _FIELDS), *((n, np.float64) for n in _NUMBERS)])
#: A tap: the row of the window, the offset along the row in bytes, and the weight. Numbers of rows from
#: `n_rows` on are those of summed rows.
TAP = np.dtype([("row", np.int64), ("offset", np.int64), ("weight", np.float64)])
#: A summed row: its taps in the table `row_taps`.
SUMMED = np.dtype([("begin", np.int64), ("stop", np.int64)])
#: A term: its taps of positive weight are `begin` … `middle`, those of negative weight `middle` … `stop`.
TERM = np.dtype(
    [
        *((n, np.int64) for n in ("begin", "middle", "stop")),
        *((n, np.float64) for n in ("total", "least")),
    ]
)
_TAP, _TERM, _SUMMED = TAP.itemsize, TERM.itemsize, SUMMED.itemsize
#: The state of a copied row: the row of the image, and the last row of outputs that needed it.
STATE = 16
#: Stands for the offset of a row beyond the border.
BORDER = -(1 << 62)


@kernel("real")
def merge(real, job_at, samples, counts, flag):
    """Multiply a padded row by how much its samples count. Samples that do not count become 0.

    Write 1 to the address `flag` if a sample is so large that sums could overflow, or infinite.
    """
    job = record(WINDOW_JOB, job_at)
    lanes, size = BYTES // size_of(real), size_of(real)
    zeros, much = splat(real, real.type(0)), splat(real, real.type(MUCH))
    x, checked = 0, zeros
    while x < job.padded_x * job.channels:
        value, count = load(real, samples + x * size, real), load(real, counts + x * size, real)
        if job.ignore_nan:
            count = where(value == value, count, zeros)
            store(counts + x * size, real, count)
        value = where(count > 0, value * count, zeros)
        checked = fma(value, much, checked)
        store(samples + x * size, real, value)
        x += lanes
    if any_nan(checked - checked):
        poke(flag, UNUSUAL)


@kernel("real")
def sum_rows(real, job_at, window, further, begin, stop, to):
    """Write a weighted sum of rows, and that of their counts. The taps are `begin` … `stop` of the table."""
    job = record(WINDOW_JOB, job_at)
    lanes, size = BYTES // size_of(real), size_of(real)
    zero = splat(real, real.type(0))
    x = 0
    while x < job.padded_x * job.channels:
        samples = counts = zero
        for t in range(begin, stop):
            tap = record(TAP, job.row_taps + t * _TAP)
            at, weight = peek(window + 8 * tap.row) + x * size, splat(real, real.type(tap.weight))
            samples = fma(load(real, at, real), weight, samples)
            counts = fma(load(real, at + further, real), weight, counts)
        store(to + x * size, real, samples)
        store(to + further + x * size, real, counts)
        x += lanes


@kernel("real")
def sum_up(real, job_at, window, further, line):
    """Compute one row of outputs. `window` holds the addresses of its rows; counts are `further` on.

    If the job says `direct`, the last vector of the row overlaps the previous one. Otherwise it is longer
    than the row.
    """
    job = record(WINDOW_JOB, job_at)
    lanes, size = BYTES // size_of(real), size_of(real)
    zero, nothing = splat(real, real.type(0)), splat(real, real.type(np.nan))
    total = job.columns * job.channels
    for block in range((total + lanes - 1) // lanes):
        x = min(block * lanes, total - lanes) if job.direct else block * lanes
        result = zero
        for i in range(job.n_terms):
            term = record(TERM, job.terms + i * _TERM)
            positive = more = zero
            for t in range(term.begin, term.middle):
                tap = record(TAP, job.taps + t * _TAP)
                at = peek(window + 8 * tap.row) + tap.offset + x * size
                weight = splat(real, real.type(tap.weight))
                positive = fma(load(real, at, real), weight, positive)
                more = fma(load(real, at + further, real), weight, more)
            if term.middle < term.stop:
                negative = less = zero
                for t in range(term.middle, term.stop):
                    tap = record(TAP, job.taps + t * _TAP)
                    at = peek(window + 8 * tap.row) + tap.offset + x * size
                    weight = splat(real, real.type(tap.weight))
                    negative = fma(load(real, at, real), weight, negative)
                    less = fma(load(real, at + further, real), weight, less)
                counts = more + less
                found = result_of_both(positive, negative, more, less, term.total)
            else:
                counts = more
                found = result_of_one(positive, counts, term.total)
            found = where(counts > term.least, found, nothing)
            result = fma(found, found, result) if job.norm else result + found
        if job.norm:
            result = root(result)
        store(line + x * size, real, result + job.bias)


@Driver
@denormals_as_zeros
def slide_normalized(job_at, source_at, target_at, memory, start, stop):
    """Compute rows `start` … `stop` of outputs, counted over the ranges of columns and the rows.

    All ranges have the same number of columns. The last one starts earlier, and computes some outputs again.

    job_at: address of the `WINDOW_JOB`. source_at, target_at: addresses of the image and the output.
    memory: workspace, divided as the job says.
    """
    job = record(WINDOW_JOB, job_at)
    workspace = (memory + LINE - 1) // LINE * LINE
    copied, state = workspace + job.copied, workspace + job.state
    window = state + STATE * job.n_rows
    further = (job.n_rows + job.n_summed) * job.pitch
    for i in range(job.n_summed):
        poke(window + 8 * (job.n_rows + i), copied + (job.n_rows + i) * job.pitch)
    ready = -1  # the range of columns that the copied rows belong to
    for unit in range(start, stop):
        row, number = unit % job.lines, unit // job.lines
        first = min(number * job.columns, job.width - job.columns)
        if number != ready:
            for slot in range(job.n_rows):
                poke(state + STATE * slot, BORDER - 1)
                poke(state + STATE * slot + 8, -1)
            ready = number
        needed = job.rows + 8 * row * job.n_rows
        # First keep the copied rows that this row needs too. Then copy the others in place of the rest.
        for k in range(job.n_rows):
            poke(window + 8 * k, 0)
            for slot in range(job.n_rows):
                if peek(state + STATE * slot) == peek(needed + 8 * k):
                    poke(state + STATE * slot + 8, row)
                    poke(window + 8 * k, copied + slot * job.pitch)
                    break
        for k in range(job.n_rows):
            if peek(window + 8 * k):
                continue
            offset, slot = peek(needed + 8 * k), 0
            for other in range(job.n_rows):
                if peek(state + STATE * other) == offset:  # two taps may need the same row
                    slot = other
                    break
                if peek(state + STATE * other + 8) != row:
                    slot = other
            line = copied + slot * job.pitch
            if peek(state + STATE * slot) != offset or peek(state + STATE * slot + 8) != row:
                invoke(2, job.fetch, (
                    source_at + offset if offset != BORDER else -1, job.source_x, job.source_c,
                    job.source_packed, job.channels, job.border_x, job.before_x, job.samples_x, first,
                    job.padded_x, job.cval, line, 0))  # fmt: skip
                mask_at = job.mask + peek(job.masks + 8 * (row * job.n_rows + k)) if offset != BORDER else -1
                invoke(2, job.fetch_mask, (
                    mask_at, job.mask_x, job.mask_c, job.mask_packed,
                    job.channels, job.border_x, job.before_x, job.samples_x, first, job.padded_x, job.beyond,
                    line + further, 0))  # fmt: skip
                invoke(1, job.merge, (job_at, line, line + further, workspace + job.flag))
                poke(state + STATE * slot, offset)
                poke(state + STATE * slot + 8, row)
            poke(window + 8 * k, line)
        for i in range(job.n_summed):
            part = record(SUMMED, job.summed + i * _SUMMED)
            invoke(1, job.sum_rows, (job_at, window, further, part.begin, part.stop,
                copied + (job.n_rows + i) * job.pitch))  # fmt: skip
        line, to = workspace + job.line, target_at + peek(job.targets + 8 * row) + first * job.target_x
        invoke(1, job.sum_up, (job_at, window, further, to if job.direct else line))
        if not job.direct:
            place_line(job, workspace, line, to, job.columns)
