"""Ranks in small windows, unrolled: every stage of a network of comparisons in straight code.

Steps of a network that are taken one after the other wait for branches, 12 cycles each for 256 bytes, where
4 would do: a median of 5x5 uint8 took 1.5 ns a sample, and takes 0.7 (Cascade Lake, one thread).
"""

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from imfilter._core.jit import kernel
from imfilter._kernels import networks
from imfilter._kernels.ahead import DISTANCE, prefetch_line
from imfilter._kernels.order import extreme, turned_back
from imfilter._kernels.simd import BYTES, REGISTERS, element, pointer, register_lanes


@intrinsic(prefer_literal=True)
def _stages(typingctx, kind, floating, rows, columns, rank, at, pixel, extent, ahead):
    """Find a rank in windows of so many rows and columns, stage by stage; see `rank_window`."""
    literals = rows.literal_value, columns.literal_value, rank.literal_value
    lanes = register_lanes(kind.dtype)
    back, width = bool(floating.literal_value), kind.dtype.bitwidth

    def codegen(context, builder, sig, args):
        at, pixel, extent, ahead = args[5:]
        vector, word = ir.VectorType(element(kind.dtype), lanes), ir.IntType(64)
        register = BYTES // REGISTERS
        network = networks.small(*literals)
        stages, lines = network.stages()
        (result,) = network.results
        bases = {
            value: builder.load(pointer(builder, builder.add(at, word(8 * i)), word), align=8, typ=word)
            for value, i in lines.items()
        }
        # The last stage keeps to its outputs; others compute what it needs behind them.
        for stage in stages:
            final = stage is stages[-1]
            further = builder.mul(pixel, word(max(c.extent for c in stage) - 1))
            stop = extent if final else builder.add(extent, further)
            last = builder.sub(extent, word(register))
            with cgutils.for_range_slice(builder, word(0), stop, word(register), word) as (index, _):
                x = index
                if final:
                    x = builder.select(builder.icmp_signed("<", index, last), index, last)
                    prefetch_line(builder, builder.add(ahead, x), False)
                    further = builder.add(x, word(DISTANCE))
                    prefetch_line(builder, builder.add(bases[result], further), True)
                found = {}

                def read(ref, x=x, found=found):
                    if ref not in found:
                        value, shift = ref
                        place = builder.add(builder.add(bases[value], x), builder.mul(pixel, word(shift)))
                        found[ref] = builder.load(pointer(builder, place, vector), align=1, typ=vector)
                    return found[ref]

                for c in stage:
                    pair = read(c.a), read(c.b)
                    for value, which in ((c.low, "min"), (c.high, "max")):
                        if value < 0:
                            continue
                        mine = extreme(builder, kind.dtype, which, *pair)
                        found[value, 0] = mine
                        if value in lines:
                            if back and value == result:
                                mine = turned_back(builder, mine, width)
                            place = builder.add(bases[value], x)
                            builder.store(mine, pointer(builder, place, vector), align=1)
        return context.get_dummy_value()

    return types.none(kind, floating, rows, columns, rank, *(types.int64,) * 4), codegen


@kernel("kind", "floating", "rows", "columns", "rank")
def rank_window(kind, floating, rows, columns, rank, at, pixel, extent, ahead):
    """Write `extent` bytes of samples of a rank, at least a register, from lines whose addresses are at `at`.

    Lines are the rows of the window, those between stages and the result; a pixel has so many bytes. The
    last register overlaps the one before. What stands for floats is turned back into them. What is needed
    next, from the address `ahead` on, is asked for.
    """
    _stages(kind, floating, rows, columns, rank, at, pixel, extent, ahead)


@intrinsic(prefer_literal=True)
def _flow(typingctx, kind, floating, rows, columns, rank, at, pixel, extent, ahead):
    """Find a rank in windows of so many rows and columns, both stages at once; see `rank_flow`."""
    literals = rows.literal_value, columns.literal_value, rank.literal_value
    lanes, width = register_lanes(kind.dtype), kind.dtype.bitwidth

    def codegen(context, builder, sig, args):
        at, _, extent, ahead = args[5:]
        vector, word = ir.VectorType(element(kind.dtype), lanes), ir.IntType(64)
        register = word(BYTES // REGISTERS)
        network = networks.small(*literals)
        (first, second), lines = network.stages()
        (result,) = network.results
        bases = {
            value: builder.load(pointer(builder, builder.add(at, word(8 * i)), word), align=8, typ=word)
            for value, i in lines.items()
            if value < network.rows or value == result
        }
        passed = {value: cgutils.alloca_once(builder, vector) for value in lines if value not in bases}

        def take(stage, found):
            for c in stage:
                for value, which in ((c.low, "min"), (c.high, "max")):
                    if value >= 0:
                        found[value, 0] = extreme(builder, kind.dtype, which, found[c.a], found[c.b])
            return found

        def place(line, x):
            return pointer(builder, builder.add(bases[line], x), vector)

        def begin(x):
            """Return what the first stage passes on at `x`."""
            rows = {(r, 0): builder.load(place(r, x), align=1, typ=vector) for r in range(network.rows)}
            found = take(first, rows)
            return {value: found[value, 0] for value in passed}

        def finish(x):
            """Write the results at `x`, from what was passed on for there, and pass on what comes behind."""
            here = {value: builder.load(room, typ=vector) for value, room in passed.items()}
            behind, shifted = begin(builder.add(x, register)), {}
            for value, shift in {ref for c in second for ref in (c.a, c.b) if ref[0] in passed}:
                mask = ir.Constant(ir.VectorType(ir.IntType(32), lanes), list(range(shift, shift + lanes)))
                shifted[value, shift] = builder.shuffle_vector(here[value], behind[value], mask)
            mine = take(second, shifted)[result, 0]
            if floating.literal_value:
                mine = turned_back(builder, mine, width)
            builder.store(mine, place(result, x), align=1)
            keep(behind)

        def keep(values):
            for value, room in passed.items():
                builder.store(values[value], room)

        keep(begin(word(0)))
        whole = builder.and_(extent, builder.not_(builder.sub(register, word(1))))
        with cgutils.for_range_slice(builder, word(0), whole, register, word) as (x, _):
            prefetch_line(builder, builder.add(ahead, x), False)
            prefetch_line(builder, builder.add(bases[result], builder.add(x, word(DISTANCE))), True)
            finish(x)
        with builder.if_then(builder.icmp_signed("<", whole, extent)):
            last = builder.sub(extent, register)
            keep(begin(last))
            finish(last)
        return context.get_dummy_value()

    return types.none(kind, floating, rows, columns, rank, *(types.int64,) * 4), codegen


@kernel("kind", "floating", "rows", "columns", "rank")
def rank_flow(kind, floating, rows, columns, rank, at, pixel, extent, ahead):
    """Do what `rank_window` does for pixels of one sample, by a network of two stages that `flows`.

    What the first stage finds stays in registers, and its neighbours are shuffled out of two of them.
    """
    _flow(kind, floating, rows, columns, rank, at, pixel, extent, ahead)


def flows(network, itemsize):
    """Tell whether a network is one of columns, and then of columns beside each other in two registers."""
    stages, lines = network.stages()
    if len(stages) != 2 or len(network.results) != 1:
        return False
    passed = [value for value in lines if value >= network.rows and value not in network.results]
    # Two registers for each value that is passed on, of 32 with AVX-512.
    columns = all(ref[1] == 0 for c in stages[0] for ref in (c.a, c.b))
    inputs = {ref for c in stages[1] for ref in (c.a, c.b)}
    beside = all(value >= network.rows and shift * itemsize <= BYTES // REGISTERS for value, shift in inputs)
    return len(passed) <= 4 and columns and beside
