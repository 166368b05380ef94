"""Layers of 3x3 kernels without strides, by Winograd's minimal filtering F(4x4, 3x3).

The output is cut into tiles of 4x4, counted over columns, rows and images. A unit transforms some
neighbouring tiles of all input channels, whatever images they belong to. So small images fill the registers
too. Each of the 36 values of a tile is then a matrix product over the channels. The way back gives the
outputs of the tiles.
"""

import numpy as np

from imfilter._filters.layers.kernels.products import multiply
from imfilter._filters.layers.kernels.rows import clear_row, copy_padded, copy_row
from imfilter._filters.layers.kernels.tile_transforms import (
    restore_tiles,
    transform_rows,
    transform_tiles,
)
from imfilter._simd.denormals import denormals_as_zeros
from imfilter._simd.jit import Driver, kernel, part
from imfilter._simd.lines import fetch_line, place_line, source_index
from imfilter._simd.registers import BYTES, LINE, REGISTERS
from imfilter._simd.vector import invoke, load_one, record, store_one

#: Geometry of one call, all int64: addresses and strides in bytes, everything else in samples.
#: *Padded* coordinates count from the first sample of the border.
_FIELDS = (
    *("rows", "columns"),  # of the output
    *("groups", "inputs", "outputs", "channels"),  # channels of a group; `channels` of a line is 1
    *("before_y", "before_x", "samples_y", "samples_x"),
    *("source_n", "source_k", "source_y", "source_x", "source_c", "source_packed"),
    *("target_n", "target_k", "target_y", "target_x", "target_c", "target_packed"),
    *("size", "check_finite"),  # size of an element; 0: samples are not checked
    *("copied_in", "copied_out"),  # whether rows of the image, and of the output, are copied as they are
    *("border_y", "border_x"),  # see `source_index`
    *("tiles", "tiles_y", "tiles_x"),  # in all images; rows and columns of tiles of an image
    # Tiles of a unit; units of tiles; parts of the outputs of a group, one for each unit; outputs that are
    # summed together; their number; how many of them are transformed back at once; channels of a partial sum.
    *("together", "positions", "parts", "block", "blocks", "blocks_back", "channels_per_block"),
    # Tables. `sizes` receives three registers of each unit: the sum of the squares of its samples after the
    # transform along the columns; the maximum and the sum of the absolute values of its outputs. `zeros` has
    # one for each output of a block.
    *("weights", "weight_step", "bias", "sizes", "zeros"),
    # Workspace offsets: copied rows, rows of tiles, values of tiles, products, rows of outputs, masks of the
    # outputs that exist, what a unit writes to `sizes`.
    *("rows_at", "row_step", "lines", "line_step", "values", "value_step", "products", "product_step"),
    *("back", "back_step", "masks", "measured", "spare", "flag"),
    *("transform", "multiply", "restore", "fetch", "place"),  # kernels
)
WINOGRAD_JOB = np.dtype([*((name, np.int64) for name in _FIELDS), ("cval", np.float64)])

#: Type of the arithmetic. float64 promises 1e-13, which the transforms do not reach.
REAL = np.dtype(np.float32)
_BITS = np.dtype(np.int32)
_SIZE = 4
_REGISTER = BYTES // REGISTERS
_LANES = _REGISTER // _SIZE


@part
def _copy_rows(job, workspace, image_at, y, first, count):
    """Copy `count` samples of six padded rows from row y and column `first` on. Behind the image, write 0."""
    known = min(count, job.columns + 2 - first)
    for i in range(6):
        to = workspace + job.rows_at + i * job.row_step
        if y + i >= job.rows + 2:
            clear_row(to, count * _SIZE)
            continue
        row = source_index(job.border_y, job.before_y, job.samples_y, y + i)
        start = image_at + row * job.source_y if row >= 0 else -1
        if job.copied_in:
            copy_padded(job, start, first, known, to)
        else:
            fetch_line(job, workspace, start, job.before_x, first, known, to)
        clear_row(to + known * _SIZE, (count - known) * _SIZE)


@part
def _select(job, workspace, first, stop):
    """Make the masks of the absolute values of tiles `first` … `stop`: all bits but the sign, or none."""
    clear_row(workspace + job.masks, 4 * job.back_step)
    for tile in range(first, stop):
        at = (
            workspace
            + job.masks
            + (tile - first) // _LANES * 16 * _REGISTER
            + (tile - first) % _LANES * _SIZE
        )
        y, x = tile // job.tiles_x % job.tiles_y * 4, tile % job.tiles_x * 4
        for k in range(min(4, job.rows - y)):
            for j in range(min(4, job.columns - x)):
                store_one(at + (4 * k + j) * _REGISTER, _BITS, np.int32(0x7FFFFFFF))


@kernel("vectors")
def transform(vectors, job_at, workspace, source_at, group, first, stop):
    """Transform tiles `first` … `stop` of all channels of a group.

    The rows of the tiles are put one after the other, so that a register may hold tiles of several rows. The
    two samples that a tile reads of the next tile are in a second set of rows, four samples further.
    """
    job = record(WINOGRAD_JOB, job_at)
    lines, step = workspace + job.lines, job.line_step
    squares = workspace + job.measured
    clear_row(squares, _REGISTER)
    _select(job, workspace, first, stop)
    for c in range(job.inputs):
        tile = first
        while tile < stop:
            row, column = tile // job.tiles_x, tile % job.tiles_x
            count = min(job.tiles_x - column, stop - tile)
            image, y = row // job.tiles_y, row % job.tiles_y * 4
            image_at = source_at + image * job.source_n + (group * job.inputs + c) * job.source_k
            _copy_rows(job, workspace, image_at, y, 4 * column, 4 * count + 4)
            to = lines + 4 * (tile - first) * _SIZE
            x = 0
            while x < 4 * count * _SIZE:
                at = workspace + job.rows_at + x
                transform_rows(REAL, at, job.row_step, to + x, step)
                transform_rows(REAL, at + 4 * _SIZE, job.row_step, to + 6 * step + x, step)
                x += _REGISTER
            tile += count
        unused = 4 * (vectors * _LANES - stop + first) * _SIZE
        if unused:
            for i in range(12):
                clear_row(lines + i * step + 4 * (stop - first) * _SIZE, unused)
        for v in range(vectors):
            at = lines + 4 * v * _REGISTER
            to = workspace + job.values + (c * vectors + v) * _REGISTER
            transform_tiles(REAL, at, at + 6 * step, step, to, job.value_step, squares)


@kernel("vectors", "block")
def multiply_values(vectors, block, job_at, workspace, group, first, stop):
    """Compute the 36 products of blocks `first` … `stop` of outputs of a group."""
    job = record(WINOGRAD_JOB, job_at)
    step, width = vectors * _REGISTER, block * _SIZE
    for i in range(36):
        products = workspace + job.products + i * job.product_step
        weights = job.weights + (group * 36 + i) * job.weight_step
        for c in range(0, job.inputs, job.channels_per_block):
            n_channels = min(job.channels_per_block, job.inputs - c)
            at = workspace + job.values + i * job.value_step + c * step
            for b in range(first, stop):
                weights_at = weights + (b * job.inputs + c) * width
                to = products + (b - first) * block * step
                zeros = 0 if c else job.zeros
                multiply(REAL, block, vectors, at, step, n_channels, weights_at, to, step, zeros)


@kernel("vectors")
def restore(vectors, job_at, workspace, target_at, group, first_output, stop_output, first, stop):
    """Write the outputs of tiles `first` … `stop`: channels `first_output` … `stop_output` of a group."""
    job = record(WINOGRAD_JOB, job_at)
    back, sizes = workspace + job.back, workspace + job.measured + _REGISTER
    for o in range(first_output, stop_output):
        channel = group * job.outputs + o
        bias = load_one(REAL, job.bias + channel * _SIZE, REAL)
        for v in range(vectors):
            at = workspace + job.products + ((o - first_output) * vectors + v) * _REGISTER
            masks = workspace + job.masks + 16 * v * _REGISTER
            to = back + 4 * v * _REGISTER
            restore_tiles(REAL, at, job.product_step, bias, to, job.back_step, masks, sizes)
        tile = first
        while tile < stop:
            row, column = tile // job.tiles_x, tile % job.tiles_x
            count = min(job.tiles_x - column, stop - tile)
            image, y = row // job.tiles_y, row % job.tiles_y * 4
            to = target_at + image * job.target_n + channel * job.target_k + 4 * column * job.target_x
            n = min(4 * count, job.columns - 4 * column)
            for k in range(min(4, job.rows - y)):
                line = back + k * job.back_step + 4 * (tile - first) * _SIZE
                if job.copied_out:
                    copy_row(to + (y + k) * job.target_y, line, n * _SIZE)
                else:
                    place_line(job, workspace, line, to + (y + k) * job.target_y, n)
            tile += count


@Driver
@denormals_as_zeros
def slide_tiles(job_at, source_at, target_at, memory, start, stop):
    """Compute units `start` … `stop`, counted over groups, ranges of tiles, parts of outputs.

    job_at: address of the `WINOGRAD_JOB`. source_at, target_at: addresses of the images and the outputs.
    memory: workspace, divided as the job says.
    """
    job = record(WINOGRAD_JOB, job_at)
    workspace = (memory + LINE - 1) // LINE * LINE
    ready = -1  # the position whose tiles are transformed
    for unit in range(start, stop):
        portion, position = unit % job.parts, unit // job.parts
        group, first = position // job.positions, position % job.positions * job.together
        last = min(first + job.together, job.tiles)
        if position != ready:
            invoke(1, job.transform, (job_at, workspace, source_at, group, first, last))
            ready = position
        clear_row(workspace + job.measured + _REGISTER, 2 * _REGISTER)
        b, end = job.blocks * portion // job.parts, job.blocks * (portion + 1) // job.parts
        while b < end:
            stop_block = min(b + job.blocks_back, end)
            invoke(2, job.multiply, (job_at, workspace, group, b, stop_block))
            stop_output = min(stop_block * job.block, job.outputs)
            invoke(
                1,
                job.restore,
                (job_at, workspace, target_at, group, b * job.block, stop_output, first, last),
            )
            b = stop_block
        copy_row(job.sizes + unit * 3 * _REGISTER, workspace + job.measured, 3 * _REGISTER)
