"""The transforms of Winograd's minimal filtering F(4x4, 3x3), for one register of tiles.

Four outputs of three taps are a product of polynomials. It is computed from its values at the points 0, ±3/4,
±3/2 and infinity: 6 products instead of 12, and 36 instead of 144 in two dimensions. With the usual points 0,
±1 and ±2, float32 sums over 256 channels have four times the error: 1.4e-5 instead of 3.1e-6 of the largest
sum. With partial sums over 64 channels, it is 1.2e-6.
"""

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from imfilter._simd.llvm import (
    WORD,
    after,
    constant,
    element,
    integer_like,
    multiply_add,
    read,
    shuffle,
    spread,
    write,
)
from imfilter._simd.vector import register_lanes

#: Outputs of a tile, and samples that it reads, along an axis.
OUTPUTS, SAMPLES = 4, 6
#: The points other than 0 and infinity are these numbers and their negatives.
NEAR, FAR = 0.75, 1.5


def _forwards(builder, d):
    """Return the values at the points, from six samples."""
    kind = d[0].type

    def scaled(factor, a, b):
        return multiply_add(builder, a, constant(kind, factor), b)

    near, far = NEAR**2, FAR**2
    even, odd = scaled(-far, d[2], d[4]), scaled(-far, d[1], d[3])
    even_far, odd_far = scaled(-near, d[2], d[4]), scaled(-near, d[1], d[3])
    return [
        scaled(near * far, d[0], scaled(-near - far, d[2], d[4])),
        scaled(NEAR, odd, even),
        scaled(-NEAR, odd, even),
        scaled(FAR, odd_far, even_far),
        scaled(-FAR, odd_far, even_far),
        scaled(near * far, d[1], scaled(-near - far, d[3], d[5])),
    ]


def _backwards(builder, m):
    """Return four outputs, from the products at the points."""
    kind = m[0].type

    def scaled(factor, a, b):
        return multiply_add(builder, a, constant(kind, factor), b)

    def pair(power):
        return builder.fmul(constant(kind, FAR**power), sums[1] if power % 2 == 0 else differences[1])

    sums = builder.fadd(m[1], m[2]), builder.fadd(m[3], m[4])
    differences = builder.fsub(m[1], m[2]), builder.fsub(m[3], m[4])
    return [
        builder.fadd(m[0], builder.fadd(*sums)),
        scaled(NEAR, differences[0], pair(1)),
        scaled(NEAR**2, sums[0], pair(2)),
        builder.fadd(m[5], scaled(NEAR**3, differences[0], pair(3))),
    ]


def _deal(builder, vectors, phases):
    """Split four vectors of consecutive samples into the given phases of four."""
    n = vectors[0].type.count
    found = {}
    for half in sorted({p % 2 for p in phases}):
        pairs = [shuffle(builder, *vectors[i : i + 2], range(half, 2 * n, 2)) for i in (0, 2)]
        for phase in phases:
            if phase % 2 == half:
                found[phase] = shuffle(builder, *pairs, range(phase // 2, 2 * n, 2))
    return [found[p] for p in phases]


def _merge(builder, phases):
    """Return four vectors of consecutive samples from their four phases: the inverse of `_deal`."""
    n = phases[0].type.count
    low, high = ([i // 2 + n * (i % 2) + start for i in range(n)] for start in (0, n // 2))
    even = [shuffle(builder, phases[0], phases[2], lanes) for lanes in (low, high)]
    odd = [shuffle(builder, phases[1], phases[3], lanes) for lanes in (low, high)]
    return [shuffle(builder, even[i], odd[i], lanes) for i in (0, 1) for lanes in (low, high)]


class _Memory:
    """Loads and stores of registers at integer addresses."""

    def __init__(self, builder, real):
        self._builder = builder
        self.kind = ir.VectorType(element(real.dtype), register_lanes(real.dtype))
        self.bytes = self.kind.count * real.dtype.bitwidth // 8

    def _place(self, at, step, index):
        if not isinstance(step, ir.Value):
            return after(self._builder, at, index, step)
        return self._builder.add(at, self._builder.mul(step, WORD(index)))

    def load(self, at, step=0, index=0):
        return read(self._builder, self._place(at, step, index), self.kind, 4)

    def store(self, value, at, step=0, index=0):
        write(self._builder, self._place(at, step, index), value, 4)

    def add_squares(self, values, at):
        """Add the squares of vectors to the vector at `at`."""
        total = self.load(at)
        for value in values:
            total = multiply_add(self._builder, value, value, total)
        self.store(total, at)

    def add_sizes(self, values, masks, at):
        """Update the maximum at `at`, and the sum after it, by absolute values. `masks` has a mask for each.

        A maximum may miss NaN. The sum does not.
        """
        builder = self._builder
        whole = integer_like(self.kind)
        peak, total = self.load(at), self.load(at, self.bytes, 1)
        for i, value in enumerate(values):
            mask = builder.bitcast(self.load(masks, self.bytes, i), whole)
            size = builder.bitcast(builder.and_(builder.bitcast(value, whole), mask), self.kind)
            peak = builder.select(builder.fcmp_ordered(">", size, peak), size, peak)
            total = builder.fadd(total, size)
        self.store(peak, at)
        self.store(total, at, self.bytes, 1)


@intrinsic
def transform_rows(typingctx, real, at, step, to, to_step):
    """Transform a register of six rows, which are `step` bytes apart, along the columns of the image."""

    def codegen(context, builder, sig, args):
        _, at, step, to, to_step = args
        memory = _Memory(builder, real)
        rows = [memory.load(at, step, i) for i in range(SAMPLES)]
        for i, row in enumerate(_forwards(builder, rows)):
            memory.store(row, to, to_step, i)
        return context.get_dummy_value()

    return types.none(real, *(types.int64,) * 4), codegen


@intrinsic
def transform_tiles(typingctx, real, at, following, step, to, to_step, squares):
    """Transform a register of tiles along the rows of the image.

    at: address of the first four samples of each tile, one tile after the other. following: address of the
    four samples after them. Both have six rows, `step` bytes apart. to: address of the first of 36 results,
    `to_step` bytes apart. squares: address of a register, to which the squares of the samples are added.
    """

    def codegen(context, builder, sig, args):
        _, at, following, step, to, to_step, squares = args
        memory = _Memory(builder, real)
        for i in range(SAMPLES):
            row, next_row = (builder.add(a, builder.mul(step, WORD(i))) for a in (at, following))
            samples = [memory.load(row, memory.bytes, k) for k in range(4)]
            after = [memory.load(next_row, memory.bytes, k) for k in range(4)]
            memory.add_squares(samples, squares)
            split = _deal(builder, samples, range(4)) + _deal(builder, after, range(2))
            for j, value in enumerate(_forwards(builder, split)):
                memory.store(value, to, to_step, SAMPLES * i + j)
        return context.get_dummy_value()

    return types.none(real, *(types.int64,) * 6), codegen


@intrinsic
def restore_tiles(typingctx, real, at, step, bias, to, to_step, masks, sizes):
    """Compute four rows of outputs of a register of tiles, from 36 products, `step` bytes apart.

    to: address of the first row. The rows are `to_step` bytes apart. masks: address of 16 registers, which
    select the absolute values of the outputs that exist. sizes: address of their maximum and their sum, which
    are without the bias.
    """

    def codegen(context, builder, sig, args):
        _, at, step, bias, to, to_step, masks, sizes = args
        memory = _Memory(builder, real)
        shift = spread(builder, bias, memory.kind)
        columns = [
            _backwards(builder, [memory.load(at, step, SAMPLES * i + j) for i in range(SAMPLES)])
            for j in range(SAMPLES)
        ]
        for k in range(OUTPUTS):
            outputs = _backwards(builder, [column[k] for column in columns])
            masks_at = builder.add(masks, WORD(k * OUTPUTS * memory.bytes))
            memory.add_sizes(outputs, masks_at, sizes)
            row = builder.add(to, builder.mul(to_step, WORD(k)))
            for i, value in enumerate(_merge(builder, [builder.fadd(o, shift) for o in outputs])):
                memory.store(value, row, memory.bytes, i)
        return context.get_dummy_value()

    words = (types.int64,) * 2
    return types.none(real, *words, real.dtype, *words, *words), codegen
