"""Weighted sums of lines with symmetric or antisymmetric weights.

Lines at the same distance from the centre are added or subtracted, and then multiplied by the weight. So a
mirrored image gives the mirrored bits, and an antisymmetric sum of equal samples is exactly 0.

A symmetric sum with a tap in the centre is computed relative to the centre sample, the *reference* r:
``S*r + sum(w[t]*((a[t] + b[t]) - 2*r))``. S is the sum of all weights. Equal samples give exactly S times the
sample: a mean returns the sample, and a second derivative is 0. The rounding error is proportional to the
contrast in the window, not to its level.

A pair needs an addition, a subtraction and a multiply-add instead of two multiply-adds. This costs no time on
processors that add and multiply in parallel.

Summation by parts needs a subtraction and a multiply-add for a pair: it reads the differences of neighbouring
lines, which all outputs share. It was not faster. Writing and reading the differences takes as long as it
saves, and twice as many lines are kept: gaussian 2 of 256x256 float32 took 100 us instead of 93, sigma 5 225
instead of 223 (Sapphire Rapids, one thread). Along a line, loads across two cache lines are the limit.
"""

import numpy as np
from llvmlite import ir
from numba.core import cgutils

from imfilter._filters.linear.kernels.constants import layers_of
from imfilter._filters.linear.kernels.reference import fits_reference
from imfilter._simd.llvm import (
    after,
    call_llvm,
    constant,
    element,
    entry,
    integer_like,
    lanes_from,
    mangle,
    multiply_add,
    read,
    rows_from_real,
    shuffle,
    spread,
    to_real,
    weighed,
    write,
)
from imfilter._simd.registers import LINE
from imfilter._simd.vector import register_lanes

#: How a layer is summed: pairs about a reference; pairs alone; differences of pairs; pairs about a reference
#: from which the reference of other layers is not subtracted; pairs and the centre, without a reference. The
#: references of averages are similar, so their common part is subtracted before it can be rounded. A
#: derivative is small, and would lose its digits beside them. Integer results need no reference, because they
#: are rounded anyway: gaussian 2 of uint8 takes 1.9 instead of 2.1 ms (1920x1080, Zen 4).
ABOUT, EVEN, ODD, ABOUT_OWN, CENTRED = 0, 1, 2, 3, 4
_REFERENCED = ABOUT, ABOUT_OWN

#: One layer of a symmetric sum. `offset` is added to the address of each line, in bytes. `first` is the first
#: of ``2*half + 1`` lines. `weights` is where the layer's weights begin, in bytes: their sum, the weight of
#: the centre, and the weights of pairs, the outermost first.
HALF = np.dtype([(name, np.int64) for name in ("offset", "first", "half", "form", "weights")])
#: Words of a record, and the positions of two of them.
_WORDS, _OFFSET, _WEIGHTS = 5, 0, 4

_WORD = ir.IntType(64)

#: Pairs of a partial sum, in a loop. Short sums have smaller rounding errors than a long one.
_GROUP = 32
#: Pairs that the unrolled body of the loop sums.
_UNROLLED = 4
#: One of so many taps on a side is loaded where it lies on a line. The others are shuffled.
_LOADED = 3


class _Sums:
    """The code of one vector of sums for each of neighbouring outputs, at one position along the lines."""

    def __init__(self, builder, real, source, lanes, outputs, norm):
        self.builder, self.source = builder, source.dtype
        self.outputs, self.norm = range(outputs), norm
        self.scalar = element(real.dtype)
        self.kind = ir.VectorType(self.scalar, lanes)
        self.memory = ir.VectorType(element(self.source), lanes)
        self.size, self.width = real.dtype.bitwidth // 8, self.source.bitwidth // 8

    def constant(self, value):
        """Return a vector of one number."""
        return constant(self.kind, value)

    def plus(self, address, number, size=1):
        """Return the address `number` elements of `size` bytes after an address."""
        return after(self.builder, address, number, size)

    def entry(self, table, index=0):
        """Return the integer `index` words after the address `table`."""
        return entry(self.builder, table, index)

    def weight(self, weights, index):
        """Return a weight in every lane."""
        place = self.plus(weights, index, self.size)
        return spread(self.builder, read(self.builder, place, self.scalar), self.kind)

    def samples(self, at):
        """Return the samples at an address."""
        return to_real(self.builder, read(self.builder, at, self.memory), self.source, self.kind)

    def add_pairs(self, form, parts, references, below, above, weights):
        """Return the sums `parts` of each output (None: no sum yet) with some more pairs, from outside in.

        ``below(j, o)`` and ``above(j, o)`` return the samples of pair j of output o. The outputs take turns
        after each pair, so that the samples they share stay in registers.
        """
        builder, parts = self.builder, list(parts)
        for j, weight in enumerate(weights):
            for o in self.outputs:
                low, high = below(j, o), above(j, o)
                pair = builder.fsub(high, low) if form == ODD else builder.fadd(low, high)
                if (
                    form in _REFERENCED and j % 2
                ):  # alternately, because adders and multipliers work in parallel
                    pair = multiply_add(builder, references[o], self.constant(-2.0), pair)
                elif form in _REFERENCED:
                    pair = builder.fsub(pair, builder.fadd(references[o], references[o]))
                parts[o] = weighed(builder, pair, weight, parts[o])
        return parts

    def level(self, value, centre, reference, fits, base, whole, alone):
        """Return a sum of pairs with the centre added.

        The centre adds the whole weight times the reference, less the reference of an earlier layer. A sample
        that cannot be a reference is multiplied by its own weight.
        """
        builder = self.builder
        if base is None:
            return weighed(builder, centre, builder.select(fits, whole, alone), value)
        level = builder.fmul(builder.fsub(reference, base), whole)
        value = level if value is None else builder.fadd(value, level)
        return multiply_add(builder, builder.fsub(centre, reference), alone, value)

    def joined(self, total, value):
        """Return the total with the value of another layer, or with its square."""
        if self.norm:
            value = self.builder.fmul(value, value)
        return value if total is None else self.builder.fadd(total, value)

    def finished(self, total):
        """Return the values to store: the total, or its root."""
        if not self.norm:
            return total
        return call_llvm(self.builder, f"llvm.sqrt.{mangle(self.kind)}", self.kind, total)


class _Straight:
    """Sums of layers that are known when the code is generated."""

    def __init__(self, sums, number, lines, base, halves, weights):
        self.sums, self.layers, self.lines, self.weights = sums, layers_of(number), [], []
        for i, (first, half, _form) in enumerate(self.layers):
            record = sums.plus(halves, i * HALF.itemsize)
            offset = sums.plus(sums.entry(record, _OFFSET), base)
            at = sums.plus(weights, sums.entry(record, _WEIGHTS))
            self.weights.append([sums.weight(at, j) for j in range(half + 2)])
            self.lines.append(self._found(lines, first, half, offset))

    def _found(self, lines, first, half, offset):
        """Return the addresses of the lines of a layer."""
        sums, count = self.sums, 2 * half + len(self.sums.outputs)
        return [sums.plus(sums.entry(lines, first + j), offset) for j in range(count)]

    def _reader(self, lines, half, shift):
        """Return a function that returns the samples of a tap and an output, `shift` bytes along a line."""
        return lambda tap, output: self.sums.samples(self.sums.plus(lines[tap + output], shift))

    def at(self, shift):
        """Return the sums `shift` bytes along the lines."""
        sums, builder = self.sums, self.sums.builder
        totals, bases = [None for _ in sums.outputs], [None for _ in sums.outputs]
        for (_first, half, form), lines, weights in zip(self.layers, self.lines, self.weights, strict=True):
            whole, alone, *others = weights
            samples = self._reader(lines, half, shift)
            parts, references = [None for _ in sums.outputs], None
            if form in _REFERENCED:
                centres = [samples(half, o) for o in sums.outputs]
                fits = [fits_reference(builder, centre) for centre in centres]
                zero = sums.constant(0.0)
                references = [builder.select(f, c, zero) for f, c in zip(fits, centres, strict=True)]
            sides = samples, lambda j, o, read=samples, last=2 * half: read(last - j, o)
            parts = sums.add_pairs(form, parts, references, *sides, others)
            for o in sums.outputs:
                value = parts[o]
                if form in _REFERENCED:
                    base = bases[o] if form == ABOUT else None
                    value = sums.level(value, centres[o], references[o], fits[o], base, whole, alone)
                elif form == CENTRED:
                    value = weighed(builder, samples(half, o), alone, value)
                if form == ABOUT and bases[o] is None and not sums.norm and len(self.layers) > 1:
                    bases[o] = references[o]
                totals[o] = sums.joined(totals[o], value)
        return [sums.finished(total) for total in totals]


class _Beside(_Straight):
    """The same for the samples of one line, `step` elements apart. The outputs are neighbouring registers.

    A load across two cache lines takes two accesses to the cache. So two thirds of the taps are shuffled out
    of two registers: gaussian 2 of 1920x1080 uint8 took 0.60 ns a sample. With all taps loaded it took 0.83,
    with only those that need no shuffle 0.65 (Zen 4, one thread). A register may reach up to its own length
    beyond the first and the last tap.

    Registers of 32 bytes are shuffled in halves, and only where a load would cross a cache line: gaussian 2
    of 1920x1080 uint8 took 1.09 instead of 1.23 ns a sample, of float32 1.66 instead of 1.80. A load across
    two lines takes 0.9 cycles and another 0.5 (Zen 3, one thread).
    """

    def __init__(self, step, *arguments):
        self.step = step
        super().__init__(*arguments)

    def _found(self, lines, first, half, offset):
        """Return the address of the centre. The centre of the first output often begins a cache line."""
        return self.sums.plus(self.sums.entry(lines, first + half), offset)

    def _reader(self, centre, half, shift):
        sums, registers = self.sums, {}
        # LLVM shuffles integers by an instruction that needs no table and leaves both registers unchanged.
        lanes, bits = sums.kind.count, integer_like(sums.kind)

        def read_at(element):
            return read(sums.builder, sums.plus(sums.plus(centre, element, sums.size), shift), bits)

        def register(element):
            if element not in registers:
                registers[element] = read_at(element)
            return registers[element]

        def samples(tap, output):
            distance = tap - half
            element = output * lanes + distance * self.step
            if lanes * sums.size < LINE:
                found = self._of_halves(element, lanes, register)
            else:
                lane = element % lanes
                if lane == 0:
                    found = register(element)
                elif abs(distance) % _LOADED == 1:
                    found = read_at(element)
                else:
                    first = element - lane
                    found = lanes_from(sums.builder, register(first), register(first + lanes), lane)
            return sums.builder.bitcast(found, sums.kind)

        return samples

    def _of_halves(self, element, lanes, register):
        """Return the samples from an element on, of which ``register`` returns those that are loaded."""
        half, lane = lanes // 2, element % (lanes // 2)
        inside = element * self.sums.size % LINE <= LINE - lanes * self.sums.size
        if lane == 0 or inside:
            return register(element)
        first, second = register(element - lane), register(element - lane + half)
        order = [*range(lane, half), *range(lanes, lanes + lane)]
        return shuffle(self.sums.builder, first, second, [i + start for start in (0, half) for i in order])


class _Looped:
    """Sums of layers of any length. The code contains the possible forms."""

    def __init__(self, sums, number, lines, base, halves, n, weights):
        self.sums, self.arguments = sums, (lines, base, halves, n, weights)
        self.forms = [form for form in (*_REFERENCED, EVEN, ODD, CENTRED) if -number >> form & 1]

    def _places(self):
        """Return memory for a vector for each output, set to zero."""
        builder, sums = self.sums.builder, self.sums
        places = [cgutils.alloca_once(builder, sums.kind) for _ in sums.outputs]
        for place in places:
            builder.store(sums.constant(0.0), place)
        return places

    def at(self, shift):
        """Return the sums `shift` bytes along the lines."""
        sums, builder = self.sums, self.sums.builder
        lines, base, halves, n, weights = self.arguments
        totals, bases, parts, wholes = (self._places() for _ in range(4))
        begun = cgutils.alloca_once(builder, ir.IntType(1))
        builder.store(ir.IntType(1)(0), begun)
        with cgutils.for_range(builder, n) as loop:
            record = sums.plus(halves, loop.index, HALF.itemsize)
            offset, first, half, form, at = (sums.entry(record, i) for i in range(_WORDS))
            at, offset = sums.plus(weights, at), sums.plus(sums.plus(offset, base), shift)
            for one in self.forms:
                with builder.if_then(builder.icmp_signed("==", form, _WORD(one))):
                    self._layer(one, lines, offset, first, half, at, (totals, bases, parts, wholes, begun))
        return [sums.finished(builder.load(total)) for total in totals]

    def _layer(self, form, lines, offset, first, half, weights, places):
        """Add a layer to the totals."""
        sums, builder = self.sums, self.sums.builder
        totals, bases, parts, wholes, begun = places
        references = fits = centres = None

        def reader(start):
            """Return a function that reads the samples of lines, counted from `start`, each once."""
            found = {}

            def samples(line):
                if line not in found:
                    at = sums.entry(sums.plus(lines, start, 8), line)
                    found[line] = sums.samples(sums.plus(at, offset))
                return found[line]

            return samples

        if form in (*_REFERENCED, CENTRED):
            centre = reader(builder.add(first, half))
            centres = [centre(o) for o in sums.outputs]
        if form in _REFERENCED:
            fits, zero = [fits_reference(builder, c) for c in centres], sums.constant(0.0)
            references = [builder.select(f, c, zero) for f, c in zip(fits, centres, strict=True)]
        last = builder.add(first, builder.add(half, half))

        def add(j, count):
            """Add `count` pairs from pair j on."""
            values = [builder.load(part) for part in parts]
            others = [sums.weight(weights, builder.add(j, _WORD(2 + i))) for i in range(count)]
            low, high = reader(builder.add(first, j)), reader(builder.sub(last, j))
            sides = (lambda i, o: low(i + o)), (lambda i, o: high(o - i))
            values = sums.add_pairs(form, values, references, *sides, others)
            for value, part in zip(values, parts, strict=True):
                builder.store(value, part)

        for whole in wholes:
            builder.store(sums.constant(0.0), whole)
        with cgutils.for_range_slice(builder, _WORD(0), half, _WORD(_GROUP), _WORD) as (begin, _):
            for part in parts:
                builder.store(sums.constant(0.0), part)
            left = builder.sub(half, begin)
            count = builder.select(builder.icmp_signed("<", left, _WORD(_GROUP)), left, _WORD(_GROUP))
            blocks = builder.udiv(count, _WORD(_UNROLLED))
            done = builder.mul(blocks, _WORD(_UNROLLED))
            with cgutils.for_range(builder, blocks) as block:
                add(builder.add(begin, builder.mul(block.index, _WORD(_UNROLLED))), _UNROLLED)
            with cgutils.for_range(builder, builder.sub(count, done)) as rest:
                add(builder.add(begin, builder.add(done, rest.index)), 1)
            for part, whole in zip(parts, wholes, strict=True):
                builder.store(builder.fadd(builder.load(whole), builder.load(part)), whole)
        for o in sums.outputs:
            value = builder.load(wholes[o])
            if form in _REFERENCED:
                base = builder.load(bases[o]) if form == ABOUT else sums.constant(0.0)
                own = sums.weight(weights, 0), sums.weight(weights, 1)
                value = sums.level(value, centres[o], references[o], fits[o], base, *own)
                if form == ABOUT and not sums.norm:
                    builder.store(builder.select(builder.load(begun), base, references[o]), bases[o])
            elif form == CENTRED:
                value = multiply_add(builder, centres[o], sums.weight(weights, 1), value)
            builder.store(sums.joined(builder.load(totals[o]), value), totals[o])
        if form == ABOUT:
            builder.store(ir.IntType(1)(1), begun)


class Block:
    """The code that writes vectors of sums of neighbouring outputs, at any position along the lines.

    With a `step`, there is one output. Its lines are positions on one line, `step` elements apart. Sums that
    are not `biased` are written as they are; the others are added to the bias, so none is -0.0.
    """

    def __init__(self, builder, types, literals, arguments):
        real, source, self.target = types
        outputs, number, norm, registers, step, self.biased = literals
        lines, base, halves, n, weights, bias, to = arguments
        self.builder = builder
        lanes = register_lanes(real.dtype) * (1 if step else registers)
        self.sums = sums = _Sums(builder, real, source, lanes, registers if step else outputs, norm)
        bias = builder.fptrunc(bias, sums.scalar) if sums.size == 4 else bias
        self.start = spread(builder, bias, sums.kind)
        if step:
            line, size = sums.entry(to), self.target.dtype.bitwidth // 8
            self.places = [sums.plus(line, o * lanes, size) for o in sums.outputs]
            self.layers = _Beside(step, sums, number, lines, base, halves, weights)
            return
        self.places = [sums.entry(to, o) for o in sums.outputs]
        if number > 0:
            self.layers = _Straight(sums, number, lines, base, halves, weights)
        else:
            self.layers = _Looped(sums, number, lines, base, halves, n, weights)

    def write(self, shift):
        """Write one vector for each output, `shift` elements along the lines."""
        builder, sums = self.builder, self.sums
        found = self.layers.at(builder.mul(shift, _WORD(sums.width)))
        memory = ir.VectorType(element(self.target.dtype), sums.kind.count)
        behind = builder.mul(shift, _WORD(self.target.dtype.bitwidth // 8))
        if self.biased:
            found = (builder.fadd(self.start, value) for value in found)
        rows = rows_from_real(builder, found, self.target.dtype, memory)
        for place, value in zip(self.places, rows, strict=True):
            write(builder, builder.add(place, behind), value)
