"""Small windows in which samples are absent: the samples of each window are sorted in registers.

Absent samples have the largest key, so the sorted samples begin with those that are present. The number of
present samples chooses, lane by lane, which of the sorted samples is the result.
"""

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from imfilter._filters.rank.kernels import sorting_networks
from imfilter._simd.jit import Driver, kernel
from imfilter._simd.llvm import WORD, choose, constant, element, entry, read, write
from imfilter._simd.vector import BYTES, REGISTERS, invoke, peek, record, register_lanes, size_of

#: Addresses of the keys and of 1 for each present sample, which have the same layout; of the results and of
#: their numbers of present samples. `starts`: the first sample of each row of windows, in bytes. `offsets`:
#: the samples of a window, in bytes. `ranks`: for each number of present samples, the offset of the result
#: in the memory of sorted samples. All rows have `count` windows.
SORT_JOB = np.dtype(
    [
        (name, np.int64)
        for name in (
            *("keys", "there", "found", "counts", "starts", "offsets", "ranks", "rows", "count"),
            "sort",
        )
    ]
)


@intrinsic(prefer_literal=True)
def _sort(typingctx, kind, samples, kept, keys, there, offsets, ranks, found, counts):
    """Find the ranks of a register of windows. The other arguments are those of `SORT_JOB`."""
    n, most = samples.literal_value, kept.literal_value
    lanes = register_lanes(kind.dtype)

    def codegen(context, builder, sig, args):
        keys, there, offsets, ranks, found, counts = args[3:]
        vector = ir.VectorType(element(kind.dtype), lanes)
        memory = cgutils.alloca_once(builder, ir.ArrayType(vector, most))
        values, present = {}, constant(vector, 0)
        for i in range(n):
            offset = entry(builder, offsets, i)
            values[i] = read(builder, builder.add(keys, offset), vector)
            present = builder.add(present, read(builder, builder.add(there, offset), vector))
        network = sorting_networks.smallest(n, most)
        for c in network.comparisons:
            pair = values[c.a[0]], values[c.b[0]]
            for value, which in ((c.low, "min"), (c.high, "max")):
                if value >= 0:
                    values[value] = choose(builder, kind.dtype, which, *pair)
        at = builder.ptrtoint(memory, WORD)
        for i, value in enumerate(network.results):
            write(builder, builder.add(at, WORD(i * BYTES // REGISTERS)), values[value])
        result = values[network.results[0]]
        for i in range(2, n + 1):
            sample = read(builder, builder.add(at, entry(builder, ranks, i)), vector)
            same = builder.icmp_signed("==", present, constant(vector, i))
            result = builder.select(same, sample, result)
        write(builder, found, result)
        write(builder, counts, present)
        return context.get_dummy_value()

    return types.none(kind, samples, kept, *(types.int64,) * 6), codegen


@kernel("kind", "samples", "kept")
def sort_windows(kind, samples, kept, job_at):
    """Find the ranks of all windows of a piece; see `SORT_JOB`. Rows are not shorter than a register."""
    job = record(SORT_JOB, job_at)
    size = size_of(kind)
    lanes = BYTES // REGISTERS // size
    for row in range(job.rows):
        start, to = peek(job.starts + 8 * row), row * job.count * size
        for block in range((job.count + lanes - 1) // lanes):
            x = min(block * lanes, job.count - lanes) * size
            _sort(kind, samples, kept, job.keys + start + x, job.there + start + x, job.offsets, job.ranks,
                job.found + to + x, job.counts + to + x)  # fmt: skip


@Driver
def over_windows(job_at):
    """Run the kernel of a job."""
    job = record(SORT_JOB, job_at)
    invoke(3, job.sort, (job_at,))
