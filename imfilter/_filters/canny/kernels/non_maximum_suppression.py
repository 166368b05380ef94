"""Gradients of a line, and non-maximum suppression across edges, for Canny's method."""

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from imfilter._filters.canny.kernels.flood_fill import STRONG, WEAK
from imfilter._simd.jit import kernel
from imfilter._simd.llvm import call_llvm, element, mangle, pointer
from imfilter._simd.vector import register_lanes

#: Norms of the gradient: the sum of the absolute derivatives, the sum of their squares, or its square root.
L1, SQUARED, L2 = 0, 1, 2
#: The tangent of 22.5 degrees in units of 2**-15, as in OpenCV.
_UNIT, _TANGENT = 32768.0, 13573.0


class _Lines:
    """Vectors of the samples of lines at x."""

    def __init__(self, builder, kind, x):
        self.builder, self.kind = builder, kind
        self.size = 4 if isinstance(kind.element, ir.FloatType) else 8
        self.x = x

    def place(self, line, shift=0):
        word = ir.IntType(64)
        elements = self.builder.add(self.x, word(shift))
        at = self.builder.add(line, self.builder.mul(elements, word(self.size)))
        return pointer(self.builder, at, self.kind)

    def load(self, line, shift=0):
        return self.builder.load(self.place(line, shift), align=1, typ=self.kind)

    def store(self, line, value):
        self.builder.store(value, self.place(line), align=1)

    def size_of(self, value):
        """Return absolute values."""
        return call_llvm(self.builder, f"llvm.fabs.{mangle(self.kind)}", self.kind, value)

    def falling(self, dx, dy):
        """Tell whether the signs differ. The product of nonzero values would tell, but it may underflow."""
        word = ir.VectorType(ir.IntType(8 * self.size), self.kind.count)
        signs = self.builder.xor(self.builder.bitcast(dx, word), self.builder.bitcast(dy, word))
        return self.builder.icmp_signed("<", signs, ir.Constant(word, [0] * word.count))

    def times(self, value, factor):
        return self.builder.fmul(value, ir.Constant(self.kind, [factor] * self.kind.count))


@intrinsic(prefer_literal=True)
def _gradients(typingctx, real, measure, above, here, below, count, dx, dy, strength):
    lanes, how = register_lanes(real.dtype), measure.literal_value

    def codegen(context, builder, sig, args):
        above, here, below, count, to_x, to_y, to = args[2:]
        kind, word = ir.VectorType(element(real.dtype), lanes), ir.IntType(64)
        with cgutils.for_range_slice(builder, word(0), count, word(lanes), word) as (x, _):
            lines = _Lines(builder, kind, x)
            a, h, b = ([lines.load(line, shift) for shift in (0, 1, 2)] for line in (above, here, below))

            def smooth(first, middle, last, lines=lines):
                return builder.fadd(builder.fadd(first, last), lines.times(middle, 2.0))

            # Differences first: they are 0 in flat areas, and both axes are treated alike.
            x_part = smooth(*(builder.fsub(line[2], line[0]) for line in (a, h, b)))
            y_part = smooth(*(builder.fsub(low, high) for low, high in zip(b, a, strict=True)))
            if how == L1:
                total = builder.fadd(lines.size_of(x_part), lines.size_of(y_part))
            else:
                total = builder.fadd(builder.fmul(x_part, x_part), builder.fmul(y_part, y_part))
                if how == L2:
                    total = call_llvm(builder, f"llvm.sqrt.{mangle(kind)}", kind, total)
            for line, value in ((to_x, x_part), (to_y, y_part), (to, total)):
                lines.store(line, value)
        return context.get_dummy_value()

    return types.none(real, measure, *(types.int64,) * 7), codegen


@kernel("real", "measure")
def gradients(real, measure, above, here, below, count, dx, dy, strength):
    """Write the Sobel derivatives and the gradient magnitudes of `count` samples and more; see `L1`.

    The three lines start one sample before the first.
    """
    _gradients(real, measure, above, here, below, count, dx, dy, strength)


def _among_sectors(builder, lines, dx, dy, mine, strengths):
    """Tell which magnitudes are larger than those of their two neighbours in one of four directions."""
    above, here, below = strengths
    wide, tall = lines.size_of(dx), lines.times(lines.size_of(dy), _UNIT)
    flat = lines.times(wide, _TANGENT)
    level = builder.fcmp_ordered("<", tall, flat)
    # Differences of multiples of the unit are exact. The sum of both factors would not be exact.
    steep = builder.fcmp_ordered(">", builder.fsub(tall, lines.times(wide, 2 * _UNIT)), flat)
    falls = lines.falling(dx, dy)  # used only where neither is 0

    def larger(first, last, with_last):
        last_kept = builder.fcmp_ordered(">=" if with_last else ">", mine, last)
        return builder.and_(builder.fcmp_ordered(">", mine, first), last_kept)

    along = larger(lines.load(here, -1), lines.load(here, 1), True)
    down = larger(lines.load(above), lines.load(below), True)
    first = builder.select(falls, lines.load(above, 1), lines.load(above, -1))
    last = builder.select(falls, lines.load(below, -1), lines.load(below, 1))
    across = larger(first, last, False)
    return builder.select(level, along, builder.select(steep, down, across))


def _interpolated(builder, lines, dx, dy, mine, strengths):
    """Tell which magnitudes are at least those interpolated on both sides along the gradient."""
    above, here, below = strengths
    wide, tall = lines.size_of(dx), lines.size_of(dy)
    steep = builder.fcmp_ordered(">", tall, wide)
    low, high = builder.select(steep, wide, tall), builder.select(steep, tall, wide)
    falls = builder.and_(lines.falling(dx, dy), builder.fcmp_ordered("<", lines.times(low, 0.0), low))
    share = builder.fdiv(low, high)
    rest = builder.fsub(ir.Constant(lines.kind, [1.0] * lines.kind.count), share)

    def side(line, level):
        """Interpolate on the side of a line and of a neighbour, and tell whether the value is no larger."""
        near = builder.select(steep, lines.load(line), lines.load(here, level))
        far = lines.load(line, level)
        mixed = builder.fadd(builder.fmul(far, share), builder.fmul(near, rest))
        return builder.fcmp_ordered("<=", mixed, mine)

    rising = builder.and_(side(below, 1), side(above, -1))
    falling = builder.and_(side(above, 1), side(below, -1))
    return builder.select(falls, falling, rising)


@intrinsic(prefer_literal=True)
def _thin(typingctx, real, interpolated, dx, dy, above, here, below, count, low, high, to):
    lanes, smooth = register_lanes(real.dtype), bool(interpolated.literal_value)

    def codegen(context, builder, sig, args):
        dx, dy, above, here, below, count, low, high, to = args[2:]
        scalar = element(real.dtype)
        kind, memory = ir.VectorType(scalar, lanes), ir.VectorType(ir.IntType(8), lanes)
        word = ir.IntType(64)
        narrow = isinstance(scalar, ir.FloatType)
        bounds = []
        for value in (low, high):
            value = builder.fptrunc(value, scalar) if narrow else value
            empty = ir.Constant(kind, ir.Undefined)
            one = builder.insert_element(empty, value, ir.IntType(32)(0))
            mask = ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes)
            bounds.append(builder.shuffle_vector(one, empty, mask))
        above_bound = "<=" if smooth else "<"
        with cgutils.for_range_slice(builder, word(0), count, word(lanes), word) as (x, _):
            lines = _Lines(builder, kind, x)
            mine = lines.load(here)
            find = _interpolated if smooth else _among_sectors
            kept = find(builder, lines, lines.load(dx), lines.load(dy), mine, (above, here, below))
            none = ir.Constant(kind, [0.0] * lanes)
            kept = builder.and_(kept, builder.fcmp_ordered("<", none, mine))
            weak = builder.and_(kept, builder.fcmp_ordered(above_bound, bounds[0], mine))
            strong = builder.and_(weak, builder.fcmp_ordered(above_bound, bounds[1], mine))
            marks = [
                builder.select(
                    mask,
                    ir.Constant(memory, [mark] * lanes),
                    ir.Constant(memory, [0] * lanes),
                )
                for mask, mark in ((weak, WEAK), (strong, STRONG - WEAK))
            ]
            place = pointer(builder, builder.add(to, x), memory)
            builder.store(builder.add(*marks), place, align=1)
        return context.get_dummy_value()

    return types.none(
        real, interpolated, *(types.int64,) * 6, types.float64, types.float64, types.int64
    ), codegen


@kernel("real", "interpolated")
def thin(real, interpolated, dx, dy, above, here, below, count, low: float, high: float, to):
    """Mark which of `count` samples and more are edges: local maxima across the edge, above the thresholds.

    The neighbours are those in one of four directions, and magnitudes must exceed the thresholds. If
    `interpolated`, they lie between two of eight directions, and magnitudes must reach the thresholds. above,
    here, below: magnitudes, with one sample before the first.
    """
    _thin(real, interpolated, dx, dy, above, here, below, count, low, high, to)
