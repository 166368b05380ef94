"""Variances of windows that slide along series of float64, without a running sum; see `groups`."""

import numpy as np

from imfilter._filters.series.kernels.blocks import LANES, copy_along, gather, scatter
from imfilter._filters.series.kernels.groups import FIELDS, LEVEL, STRETCH, complete, group, locate
from imfilter._filters.series.kernels.register_groups import (
    EIGHT_LANES,
    can_chain,
    only_eights,
    write_chains,
    write_eights,
)
from imfilter._simd.denormals import denormals_as_zeros
from imfilter._simd.jit import Driver, inlined, kernel
from imfilter._simd.lanewise import root
from imfilter._simd.prefetch import DISTANCE, prefetch
from imfilter._simd.registers import LINE
from imfilter._simd.vector import invoke_packed, load_one, peek, splat, store

_F64 = np.dtype(np.float64)


@inlined
def _prefetch(source, target):
    """Prefetch a vector of samples, and one of results a few vectors ahead.

    10 million samples, windows of 1,000, one thread beside other work: 39.1 ms instead of 41.8, and 38.4 with
    blocks of 12,288 rows instead of 24,000 (Sapphire Rapids).
    """
    for line in range(0, 8 * LANES, LINE):
        prefetch(source + line, False)
        prefetch(target + DISTANCE + line, True)


@Driver
@denormals_as_zeros
def variance(
    source, target, rows, step, size, levels, n_levels, parts, degrees: float, is_root, spots, buffer, block,
    columns,
):  # fmt: skip
    """Write the variances, or their roots, of `rows` windows of `size` samples of `step` series.

    levels: see `LEVEL`; the windows are the last level. parts: see `FIELDS`; the first is a sample. degrees:
    what the sums of squares are divided by. The kernel processes `block` rows of `columns` series together.
    buffer: memory for ``2*n_levels`` arrays of ``block + size - 1`` rows of them, and of two vectors. spots:
    memory for as many parts as there are.
    """
    last = levels + 8 * LEVEL * (n_levels - 1)
    joined = EIGHT_LANES and step == 1 and only_eights(levels, n_levels, parts)
    one_in_all = load_one(_F64, parts + 16, _F64)  # the first part is a sample; not known to LLVM
    one = splat(_F64, one_in_all)
    for left in range(0, step, columns):
        width = min(columns, step - left)
        pitch = 8 * LANES * (-(-(block + size - 1) * width // LANES) + 1)
        stage = buffer + (2 * n_levels - 1) * pitch
        locate(parts, peek(last + 8) + peek(last + 16), 8 * width, pitch, spots)
        for top in range(0, rows, block):
            n = min(block, rows - top)
            first = 8 * (top * step + left)
            # Groups that start in the next block are kept. To compute them again takes 38.7 ms, not 37.8, for
            # windows of 1,000, and 36 ms, not 32.5, for windows of 100,000 in 2 million samples.
            kept = size - 1 if top else 0
            for at in range(buffer, buffer + (2 * n_levels - 1) * pitch, pitch):
                if not joined or at == buffer or at > buffer + 2 * pitch:
                    copy_along(at, at + 8 * block * width, kept * width)
            more, new = buffer + 8 * kept * width, source + first + 8 * kept * step
            gather(more, new, n + size - 1 - kept, width, step)
            # The samples that the next block has, and this one has not.
            fresh = source + first + 8 * (n + size - 1) * width
            every, direct = (n + size - 1) * width, 8 * (n * width - LANES) if width == step else -1
            # Levels follow each other closely: a group is merged while its parts are in the nearest cache.
            for known in range(kept * width, every, STRETCH):
                front = min(known + STRETCH, every)
                for level in range(1 if joined else 0, n_levels):
                    samples, n_parts = peek(levels + 8 * LEVEL * level), peek(levels + 8 * LEVEL * level + 8)
                    table = spots + 8 * FIELDS * peek(levels + 8 * LEVEL * level + 16)
                    kind, inverse = peek(levels + 8 * LEVEL * level + 24), 1.0 / samples
                    # Each level stays a vector behind its parts, which are complete in whole vectors only.
                    begin = complete(known - (samples - 1) * width - level * LANES)
                    end = front - (samples - 1) * width
                    if front < every:
                        end = complete(end - level * LANES)
                    mean_at = buffer + (2 * level + 1) * pitch
                    if joined and level == 1:
                        write_eights(buffer, mean_at, pitch, n_parts, 8 * begin, 8 * end, one_in_all)
                    elif level < n_levels - 1 and can_chain(kind, table, n_parts, 8 * (end - begin)):
                        write_chains(
                            buffer, buffer + peek(table + 8), pitch, n_parts, peek(table + 8 * FIELDS),
                            8 * begin, 8 * end, load_one(_F64, table + 16, _F64), inverse, mean_at,
                        )  # fmt: skip
                    elif level < n_levels - 1:
                        for at in range(8 * begin, 8 * end, 8 * LANES):
                            mean, squares = group(kind, buffer + at, pitch, table, n_parts, inverse, one)
                            store(mean_at + at, _F64, mean)
                            store(mean_at + pitch + at, _F64, squares)
                    else:
                        for at in range(8 * begin, 8 * end, 8 * LANES):
                            if direct >= 0:
                                _prefetch(fresh + at, target + first + at)
                            _, squares = group(kind, buffer + at, pitch, table, n_parts, inverse, one)
                            result = squares * splat(_F64, 1.0 / degrees)
                            if is_root:
                                result = root(result)
                            store(target + first + at if at <= direct else stage + at, _F64, result)
            if width == step:
                rest = 8 * (n * width // LANES) * LANES
                copy_along(target + first + rest, stage + rest, n * width % LANES)
            else:
                scatter(target + first, stage, n, width, step)


@kernel()
def variance_of(job, source, target):
    """Call `variance`. job: its address, and its arguments after the first two."""
    invoke_packed("iiiiiifiiiii", job, source, target)
