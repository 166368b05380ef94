"""Ranks in small windows, unrolled: straight-line code for every stage of a sorting network.

If the steps of a network run one after the other, they wait for branches: 12 cycles each for 256 bytes, where
4 would suffice. A median of 5x5 uint8 took 1.5 ns a sample with steps, and takes 0.7 (Cascade Lake, one
thread).
"""

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from imfilter._filters.rank.kernels import sorting_networks
from imfilter._filters.rank.kernels.ordered_keys import turned_back
from imfilter._simd.jit import kernel
from imfilter._simd.llvm import WORD, choose, element, entry, lanes_from, read, write
from imfilter._simd.prefetch import DISTANCE, prefetch_line
from imfilter._simd.registers import BYTES, REGISTERS
from imfilter._simd.vector import register_lanes


@intrinsic(prefer_literal=True)
def _stages(typingctx, kind, floating, rows, columns, rank, at, pixel, extent, ahead):
    """Find a rank in windows of `rows` and `columns`, stage by stage; see `rank_window`."""
    literals = rows.literal_value, columns.literal_value, rank.literal_value
    lanes = register_lanes(kind.dtype)
    back, width = bool(floating.literal_value), kind.dtype.bitwidth

    def codegen(context, builder, sig, args):
        at, pixel, extent, ahead = args[5:]
        vector = ir.VectorType(element(kind.dtype), lanes)
        register = BYTES // REGISTERS
        network = sorting_networks.small(*literals)
        stages, lines = network.stages()
        (result,) = network.results
        bases = {value: entry(builder, at, i) for value, i in lines.items()}
        # The last stage computes only its outputs. Others also compute the samples after them that it needs.
        for stage in stages:
            final = stage is stages[-1]
            further = builder.mul(pixel, WORD(max(c.extent for c in stage) - 1))
            stop = extent if final else builder.add(extent, further)
            last = builder.sub(extent, WORD(register))
            with cgutils.for_range_slice(builder, WORD(0), stop, WORD(register), WORD) as (index, _):
                x = index
                if final:
                    x = builder.select(builder.icmp_signed("<", index, last), index, last)
                    prefetch_line(builder, builder.add(ahead, x), False)
                    further = builder.add(x, WORD(DISTANCE))
                    prefetch_line(builder, builder.add(bases[result], further), True)
                found = {}

                def sample(ref, x=x, found=found):
                    if ref not in found:
                        value, shift = ref
                        place = builder.add(builder.add(bases[value], x), builder.mul(pixel, WORD(shift)))
                        found[ref] = read(builder, place, vector)
                    return found[ref]

                for c in stage:
                    pair = sample(c.a), sample(c.b)
                    for value, which in ((c.low, "min"), (c.high, "max")):
                        if value < 0:
                            continue
                        mine = choose(builder, kind.dtype, which, *pair)
                        found[value, 0] = mine
                        if value in lines:
                            if back and value == result:
                                mine = turned_back(builder, mine, width)
                            write(builder, builder.add(bases[value], x), mine)
        return context.get_dummy_value()

    return types.none(kind, floating, rows, columns, rank, *(types.int64,) * 4), codegen


@kernel("kind", "floating", "rows", "columns", "rank", straight=True)
def rank_window(kind, floating, rows, columns, rank, at, pixel, extent, ahead):
    """Write `extent` bytes of samples of a rank, at least a register, from lines whose addresses are at `at`.

    The lines are the rows of the window, the values stored between stages, and the result. A pixel has
    `pixel` bytes. The last register overlaps the previous one. Keys of floats are converted back to floats.
    Data for the next call, from the address `ahead` on, are prefetched.
    """
    _stages(kind, floating, rows, columns, rank, at, pixel, extent, ahead)


@intrinsic(prefer_literal=True)
def _flow(typingctx, kind, floating, rows, columns, rank, at, pixel, extent, ahead):
    """Find a rank in windows of `rows` and `columns`, all stages together; see `rank_flow`."""
    literals = rows.literal_value, columns.literal_value, rank.literal_value
    lanes, width = register_lanes(kind.dtype), kind.dtype.bitwidth

    def codegen(context, builder, sig, args):
        at, _, extent, ahead = args[5:]
        vector = ir.VectorType(element(kind.dtype), lanes)
        size = BYTES // REGISTERS
        network = sorting_networks.small(*literals)
        stages, lines = network.stages()
        (result,) = network.results
        bases = {v: entry(builder, at, i) for v, i in lines.items() if v < network.rows or v == result}
        # Values that each stage passes to the next.
        passed = [
            [v for c in stage for v in (c.low, c.high) if v in lines and v != result] for stage in stages
        ]
        rooms = {value: cgutils.alloca_once(builder, vector) for values in passed for value in values}

        def take(stage, found):
            for c in stage:
                for value, which in ((c.low, "min"), (c.high, "max")):
                    if value >= 0:
                        found[value, 0] = choose(builder, kind.dtype, which, found[c.a], found[c.b])
            return found

        def advance(x, count):
            """Run the first `count` stages, the first at `x`, each next one a register further back."""
            rows = {(r, 0): read(builder, builder.add(bases[r], x), vector) for r in range(network.rows)}
            found = [take(stages[0], rows)]
            for stage, values in zip(stages[1:count], passed, strict=False):
                here = {value: builder.load(rooms[value], typ=vector) for value in values}
                inputs = {ref for c in stage for ref in (c.a, c.b) if ref[0] in here}
                shifted = {}
                for value, shift in sorted(inputs):
                    behind = found[-1][value, 0]
                    shifted[value, shift] = lanes_from(builder, here[value], behind, shift)
                found.append(take(stage, shifted))
            for values, mine in zip(passed, found, strict=False):
                for value in values:
                    builder.store(mine[value, 0], rooms[value])
            return found[-1]

        def start(x):
            """Run the stages that the results at `x` need first."""
            for done in range(1, len(stages)):
                advance(builder.add(x, WORD((done - 1) * size)), done)

        def finish(x):
            found = advance(builder.add(x, WORD((len(stages) - 1) * size)), len(stages))[result, 0]
            if floating.literal_value:
                found = turned_back(builder, found, width)
            write(builder, builder.add(bases[result], x), found)

        # First whole registers, and then the last one, which overlaps them. The code is there once.
        whole = builder.and_(extent, WORD(-size))
        turns = builder.select(builder.icmp_signed("<", whole, extent), WORD(2), WORD(1))
        with cgutils.for_range(builder, turns) as turn:
            again = builder.icmp_signed(">", turn.index, WORD(0))
            begin = builder.select(again, builder.sub(extent, WORD(size)), WORD(0))
            end = builder.select(again, extent, whole)
            start(begin)
            with cgutils.for_range_slice(builder, begin, end, WORD(size), WORD) as (x, _):
                prefetch_line(builder, builder.add(ahead, x), False)
                prefetch_line(builder, builder.add(bases[result], builder.add(x, WORD(DISTANCE))), True)
                finish(x)
        return context.get_dummy_value()

    return types.none(kind, floating, rows, columns, rank, *(types.int64,) * 4), codegen


@kernel("kind", "floating", "rows", "columns", "rank", straight=True)
def rank_flow(kind, floating, rows, columns, rank, at, pixel, extent, ahead):
    """Do what `rank_window` does, for pixels of one sample, with a network that `flows`.

    The values of a stage stay in registers. Their neighbours are shuffled out of two registers. The median of
    3x3 uint16 took 2.5 instead of 3.1 ms at 4K, on two cores.
    """
    _flow(kind, floating, rows, columns, rank, at, pixel, extent, ahead)


#: Largest number of stages of such a network, and of values that a stage passes on: two registers each.
_MOST_STAGES, _MOST_PASSED = 6, 4


def flows(network, itemsize):
    """Tell whether each stage needs only values of the previous one, at most one register ahead."""
    stages, lines = network.stages()
    made = [{v for c in stage for v in (c.low, c.high) if v >= 0} for stage in stages]
    if not 2 <= len(stages) <= _MOST_STAGES or any(s for c in stages[0] for _, s in (c.a, c.b)):
        return False
    if max(len(values & lines.keys()) for values in made) > _MOST_PASSED:
        return False
    return all(
        shift * itemsize <= BYTES // REGISTERS and (value in before or (value in mine and not shift))
        for stage, before, mine in zip(stages[1:], made, made[1:], strict=False)
        for c in stage
        for value, shift in (c.a, c.b)
    )
