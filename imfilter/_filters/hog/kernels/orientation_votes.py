"""Gradients of a line and their votes for orientations: what histograms of oriented gradients do to one."""

import math

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from imfilter._simd.jit import kernel
from imfilter._simd.llvm import call_llvm, element, mangle, pointer, spread
from imfilter._simd.vector import register_lanes
from imfilter._simd.vector_math import Lanes, angle

_REAL, _WORD = ir.DoubleType(), ir.IntType(64)
_SIZE = 8


def _at(builder, line, index, kind):
    """Return the pointer to a vector of a line, `index` elements on."""
    return pointer(builder, builder.add(line, builder.mul(index, _WORD(_SIZE))), kind)


def _rounded(builder, value, dtype):
    """Return LLVM float64 vector `value`, rounded to Numba type `dtype`."""
    narrow = ir.VectorType(element(dtype), value.type.count)
    if narrow == value.type:
        return value
    return builder.fpext(builder.fptrunc(value, narrow), value.type)


def _root(builder, value, dtype):
    """Return the square root of LLVM float64 vector `value`, rounded to Numba type `dtype`."""
    found = call_llvm(builder, f"llvm.sqrt.{mangle(value.type)}", value.type, value)
    return _rounded(builder, found, dtype)


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
    """Take the root of `count` float64 samples and more, rounded to `real`."""
    _roots(real, line, count)


@intrinsic(prefer_literal=True)
def _gradients(typingctx, real, first, above, here, below, count, across, down, strength):
    alone, lanes = bool(first.literal_value), register_lanes(types.float64)

    def codegen(context, builder, sig, args):
        above, here, below, count, *places = args[2:]
        kind = ir.VectorType(_REAL, lanes)
        none = ir.Constant(kind, [0.0] * lanes)

        def load(line, index):
            return builder.load(_at(builder, line, index, kind), align=1, typ=kind)

        with cgutils.for_range_slice(builder, _WORD(0), count, _WORD(lanes), _WORD) as (x, _):
            middle, last = builder.add(x, _WORD(1)), builder.add(x, _WORD(2))
            dx = _rounded(builder, builder.fsub(load(here, last), load(here, x)), real.dtype)
            dy = _rounded(builder, builder.fsub(load(below, middle), load(above, middle)), real.dtype)
            squares = builder.fadd(builder.fmul(dx, dx), builder.fmul(dy, dy))
            total = _root(builder, squares, real.dtype)
            # Half a turn is no turn: angles from 0 to below 180 degrees.
            left = builder.fcmp_ordered("<", dx, none)
            level = builder.and_(builder.fcmp_ordered("==", dy, none), left)
            turned = builder.or_(builder.fcmp_ordered("<", dy, none), level)
            found = [builder.select(turned, builder.fsub(none, d), d) for d in (dx, dy)] + [total]
            if not alone:
                best = load(places[2], x)
                more = builder.fcmp_unordered(">", total, best)  # NaN is the most, as NumPy has it
                more = builder.and_(more, builder.fcmp_ordered("ord", best, best))
                found = [
                    builder.select(more, mine, load(place, x))
                    for place, mine in zip(places, found, strict=True)
                ]
            for place, value in zip(places, found, strict=True):
                builder.store(value, _at(builder, place, x, kind), align=1)
        return context.get_dummy_value()

    return types.none(real, first, *(types.int64,) * 7), codegen


@kernel("real", "first")
def gradients(real, first, above, here, below, count, across, down, strength):
    """Write the central differences of `count` float64 samples and more, turned upwards, and their strength.

    All are rounded to `real`, for which of several channels is the strongest then depends on it. The three
    lines begin one sample before the first. What is there already stays where it is at least as strong,
    unless this is the `first` of the channels.
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
        """Add to the votes for the orientation of a number."""
        line = self.builder.add(self.votes, self.builder.mul(number, self.step))
        total = self.builder.fadd(self.load(line), value)
        self.builder.store(total, _at(self.builder, line, self.x, self.kind), align=1)


@intrinsic
def _vote(typingctx, across, down, strength, weight, count, limits, bins, votes, step):
    lanes = register_lanes(types.float64)

    def codegen(context, builder, sig, args):
        across, down, strength, weight, count, limits, bins, votes, step = args
        kind = ir.VectorType(_REAL, lanes)
        none, share = ir.Constant(kind, [0.0] * lanes), spread(builder, weight, kind)

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
                at.add(i, builder.select(passed, none, rest))
                builder.store(builder.select(passed, rest, none), rest_at)
            at.add(last, builder.load(rest_at, typ=kind))
        return context.get_dummy_value()

    return types.none(*(types.int64,) * 3, types.float64, *(types.int64,) * 5), codegen


@kernel()
def vote(across, down, strength, weight: float, count, limits, bins, votes, step):
    """Add the weighed strength of `count` gradients and more to the line of the orientation that each has.

    limits: address of the cosines and sines of the angles between orientations, in order. A gradient is of
    the orientation before the first that it has not passed, which takes no tangent to tell. votes: address of
    the first of `bins` lines; they are `step` bytes apart.
    """
    _vote(across, down, strength, weight, count, limits, bins, votes, step)


@intrinsic
def _share(typingctx, across, down, strength, weight, count, bins, votes, step):
    lanes = register_lanes(types.float64)

    def codegen(context, builder, sig, args):
        across, down, strength, weight, count, bins, votes, step = args
        kind = ir.VectorType(_REAL, lanes)
        weighed, many = spread(builder, weight, kind), builder.sitofp(bins, _REAL)
        whole = spread(builder, many, kind)
        a_radian = spread(builder, builder.fdiv(many, _REAL(math.pi)), kind)
        with cgutils.for_range_slice(builder, _WORD(0), count, _WORD(lanes), _WORD) as (x, _):
            at = _Votes(builder, kind, x, votes, step)
            mine = builder.fmul(at.load(strength), weighed)
            turned = angle(*(Lanes(builder, at.load(line)) for line in (across, down)))
            place = builder.fmul(turned.value, a_radian)
            place = builder.fsub(place, at.constant(0.5))
            one, none = at.constant(1.0), at.constant(0.0)
            with cgutils.for_range_slice(builder, _WORD(0), bins, _WORD(1), _WORD) as (i, _):
                middle = spread(builder, builder.sitofp(i, _REAL), kind)
                apart = builder.fsub(place, middle)
                apart = call_llvm(builder, f"llvm.fabs.{mangle(kind)}", kind, apart)
                for distance in (apart, builder.fsub(whole, apart)):  # either way round
                    near = builder.fcmp_unordered("<", distance, one)
                    part = builder.fmul(mine, builder.fsub(one, distance))
                    at.add(i, builder.select(near, part, none))
        return context.get_dummy_value()

    return types.none(*(types.int64,) * 3, types.float64, *(types.int64,) * 4), codegen


@kernel()
def share(across, down, strength, weight: float, count, limits, bins, votes, step):
    """Share the weighed strength of `count` gradients and more between the two nearest orientations of each.

    An orientation is at the middle between its limits. The arguments are those of `vote`.
    """
    _share(across, down, strength, weight, count, bins, votes, step)
