"""Operations of oriented gradients on a line: gradients, and their votes for orientations."""

import math

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from imfilter._simd.jit import kernel
from imfilter._simd.vector import call_llvm, element, mangle, pointer, register_lanes, spread
from imfilter._simd.vector_math import Lanes, angle

_REAL, _WORD = ir.DoubleType(), ir.IntType(64)
_SIZE = 8


def _at(builder, line, index, kind):
    """Return the pointer to a vector of a line, from element `index` on."""
    return pointer(builder, builder.add(line, builder.mul(index, _WORD(_SIZE))), kind)


def _rounded(builder, value, dtype):
    """Return LLVM float64 vector `value`, rounded to Numba type `dtype`."""
    narrow = ir.VectorType(element(dtype), value.type.count)
    if narrow == value.type:
        return value
    return builder.fpext(builder.fptrunc(value, narrow), value.type)


def _root(builder, value, dtype):
    """Return the square root of LLVM float64 vector `value`, rounded to Numba type `dtype`."""
    root = call_llvm(builder, f"llvm.sqrt.{mangle(value.type)}", value.type, value)
    return _rounded(builder, root, dtype)


@intrinsic
def _roots(typingctx, real, line, count):
    lanes = register_lanes(types.float64)

    def codegen(context, builder, sig, args):
        _, line, count = args
        kind = ir.VectorType(_REAL, lanes)
        with cgutils.for_range_slice(builder, _WORD(0), count, _WORD(lanes), _WORD) as (x, _):
            at = _at(builder, line, x, kind)
            builder.store(_root(builder, builder.load(at, align=1, typ=kind), real.dtype), at, align=1)
        return context.get_dummy_value()

    return types.none(real, types.int64, types.int64), codegen


@kernel("real")
def roots(real, line, count):
    """Take the square root of `count` float64 samples, rounded to `real`, in whole registers."""
    _roots(real, line, count)


@intrinsic(prefer_literal=True)
def _gradients(typingctx, real, first, above, here, below, count, across, down, strength):
    is_first, lanes = bool(first.literal_value), register_lanes(types.float64)

    def codegen(context, builder, sig, args):
        above, here, below, count, *places = args[2:]
        kind = ir.VectorType(_REAL, lanes)
        zero = ir.Constant(kind, [0.0] * lanes)

        def load(line, index):
            return builder.load(_at(builder, line, index, kind), align=1, typ=kind)

        with cgutils.for_range_slice(builder, _WORD(0), count, _WORD(lanes), _WORD) as (x, _):
            middle, last = builder.add(x, _WORD(1)), builder.add(x, _WORD(2))
            dx = _rounded(builder, builder.fsub(load(here, last), load(here, x)), real.dtype)
            dy = _rounded(builder, builder.fsub(load(below, middle), load(above, middle)), real.dtype)
            squares = builder.fadd(builder.fmul(dx, dx), builder.fmul(dy, dy))
            total = _root(builder, squares, real.dtype)
            # Opposite directions are the same orientation. Angles are from 0 to less than 180 degrees.
            points_left = builder.fcmp_ordered("<", dx, zero)
            horizontal = builder.and_(builder.fcmp_ordered("==", dy, zero), points_left)
            reversed_ = builder.or_(builder.fcmp_ordered("<", dy, zero), horizontal)
            results = [builder.select(reversed_, builder.fsub(zero, d), d) for d in (dx, dy)] + [total]
            if not is_first:
                best = load(places[2], x)
                stronger = builder.fcmp_unordered(
                    ">", total, best
                )  # NaN is larger than every number, as in NumPy
                stronger = builder.and_(stronger, builder.fcmp_ordered("ord", best, best))
                results = [
                    builder.select(stronger, new, load(place, x))
                    for place, new in zip(places, results, strict=True)
                ]
            for place, value in zip(places, results, strict=True):
                builder.store(value, _at(builder, place, x, kind), align=1)
        return context.get_dummy_value()

    return types.none(real, first, *(types.int64,) * 7), codegen


@kernel("real", "first")
def gradients(real, first, above, here, below, count, across, down, strength):
    """Write the central differences of `count` float64 samples, and their strength, in whole registers.

    The angle is from 0 to less than 180 degrees. All values are rounded to `real`, because the choice of the
    strongest channel depends on it. The three lines start one sample before the first. If this is not the
    `first` channel, the previous gradient stays unless the new one is stronger.
    """
    _gradients(real, first, above, here, below, count, across, down, strength)


class _Votes:
    """Vectors of gradients at x, and lines of votes for orientations."""

    def __init__(self, builder, kind, x, votes, step):
        self.builder, self.kind, self.x, self.votes, self.step = builder, kind, x, votes, step

    def constant(self, value):
        return ir.Constant(self.kind, [value] * self.kind.count)

    def load(self, line):
        return self.builder.load(_at(self.builder, line, self.x, self.kind), align=1, typ=self.kind)

    def add(self, number, value):
        """Add values to the votes for orientation `number`."""
        line = self.builder.add(self.votes, self.builder.mul(number, self.step))
        total = self.builder.fadd(self.load(line), value)
        self.builder.store(total, _at(self.builder, line, self.x, self.kind), align=1)


@intrinsic
def _vote(typingctx, across, down, strength, weight, count, limits, bins, votes, step):
    lanes = register_lanes(types.float64)

    def codegen(context, builder, sig, args):
        across, down, strength, weight, count, limits, bins, votes, step = args
        kind = ir.VectorType(_REAL, lanes)
        zero, share = ir.Constant(kind, [0.0] * lanes), spread(builder, weight, kind)

        def limit(index):
            at = builder.add(limits, builder.mul(index, _WORD(_SIZE)))
            return spread(builder, builder.load(pointer(builder, at, _REAL), align=8, typ=_REAL), kind)

        rest_at, last = cgutils.alloca_once(builder, kind), builder.sub(bins, _WORD(1))
        with cgutils.for_range_slice(builder, _WORD(0), count, _WORD(lanes), _WORD) as (x, _):
            at = _Votes(builder, kind, x, votes, step)
            dx, dy = at.load(across), at.load(down)
            builder.store(builder.fmul(at.load(strength), share), rest_at)
            with cgutils.for_range_slice(builder, _WORD(0), last, _WORD(1), _WORD) as (i, _):
                pair = builder.mul(i, _WORD(2))
                cosine, sine = limit(pair), limit(builder.add(pair, _WORD(1)))
                passed = builder.fcmp_ordered(">=", builder.fmul(dy, cosine), builder.fmul(dx, sine))
                rest = builder.load(rest_at, typ=kind)
                at.add(i, builder.select(passed, zero, rest))
                builder.store(builder.select(passed, rest, zero), rest_at)
            at.add(last, builder.load(rest_at, typ=kind))
        return context.get_dummy_value()

    return types.none(*(types.int64,) * 3, types.float64, *(types.int64,) * 5), codegen


@kernel()
def vote(across, down, strength, weight: float, count, limits, bins, votes, step):
    """Add the weighted strength of each of `count` gradients to the votes for its orientation.

    Votes are written in whole registers. limits: address of the cosines and sines of the angles between
    orientations, in ascending order. The orientation of a gradient is the first one whose upper limit is
    above its angle. The comparison needs no tangent. votes: address of the first of `bins` lines, which are
    `step` bytes apart.
    """
    _vote(across, down, strength, weight, count, limits, bins, votes, step)


@intrinsic
def _share(typingctx, across, down, strength, weight, count, bins, votes, step):
    lanes = register_lanes(types.float64)

    def codegen(context, builder, sig, args):
        across, down, strength, weight, count, bins, votes, step = args
        kind = ir.VectorType(_REAL, lanes)
        factor, n_bins = spread(builder, weight, kind), builder.sitofp(bins, _REAL)
        all_bins = spread(builder, n_bins, kind)
        bins_per_radian = spread(builder, builder.fdiv(n_bins, _REAL(math.pi)), kind)
        with cgutils.for_range_slice(builder, _WORD(0), count, _WORD(lanes), _WORD) as (x, _):
            at = _Votes(builder, kind, x, votes, step)
            strengths = builder.fmul(at.load(strength), factor)
            turned = angle(*(Lanes(builder, at.load(line)) for line in (across, down)))
            position = builder.fmul(turned.value, bins_per_radian)
            position = builder.fsub(position, at.constant(0.5))
            one, zero = at.constant(1.0), at.constant(0.0)
            with cgutils.for_range_slice(builder, _WORD(0), bins, _WORD(1), _WORD) as (i, _):
                middle = spread(builder, builder.sitofp(i, _REAL), kind)
                distance_up = builder.fsub(position, middle)
                distance_up = call_llvm(builder, f"llvm.fabs.{mangle(kind)}", kind, distance_up)
                for distance in (distance_up, builder.fsub(all_bins, distance_up)):  # in both directions
                    near = builder.fcmp_unordered("<", distance, one)
                    part = builder.fmul(strengths, builder.fsub(one, distance))
                    at.add(i, builder.select(near, part, zero))
        return context.get_dummy_value()

    return types.none(*(types.int64,) * 3, types.float64, *(types.int64,) * 4), codegen


@kernel()
def share(across, down, strength, weight: float, count, limits, bins, votes, step):
    """Divide the weighted strength of each of `count` gradients between its two nearest orientations.

    An orientation is in the middle between its limits. The arguments are those of `vote`.
    """
    _share(across, down, strength, weight, count, bins, votes, step)
