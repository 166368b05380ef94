"""Gradients of a line and their votes for orientations: what histograms of oriented gradients do to one."""

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from imfilter._core.jit import kernel
from imfilter._kernels.simd import call_llvm, element, mangle, pointer, register_lanes, spread

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


@intrinsic
def _vote(typingctx, across, down, strength, count, limits, n_limits, votes, step):
    lanes = register_lanes(types.float64)

    def codegen(context, builder, sig, args):
        across, down, strength, count, limits, n_limits, votes, step = args
        kind = ir.VectorType(_REAL, lanes)
        none = ir.Constant(kind, [0.0] * lanes)

        def add(to, value):
            builder.store(builder.fadd(builder.load(to, align=1, typ=kind), value), to, align=1)

        def limit(index):
            at = builder.add(limits, builder.mul(index, _WORD(_SIZE)))
            return spread(builder, builder.load(pointer(builder, at, _REAL), align=8, typ=_REAL), kind)

        rest_at = cgutils.alloca_once(builder, kind)
        with cgutils.for_range_slice(builder, _WORD(0), count, _WORD(lanes), _WORD) as (x, _):
            dx, dy, whole = (
                builder.load(_at(builder, line, x, kind), align=1, typ=kind)
                for line in (across, down, strength)
            )
            builder.store(whole, rest_at)
            with cgutils.for_range_slice(builder, _WORD(0), n_limits, _WORD(1), _WORD) as (i, _):
                pair = builder.mul(i, _WORD(2))
                cosine, sine = limit(pair), limit(builder.add(pair, _WORD(1)))
                passed = builder.fcmp_ordered(">=", builder.fmul(dy, cosine), builder.fmul(dx, sine))
                rest, line = builder.load(rest_at, typ=kind), builder.add(votes, builder.mul(i, step))
                add(_at(builder, line, x, kind), builder.select(passed, none, rest))
                builder.store(builder.select(passed, rest, none), rest_at)
            last = builder.add(votes, builder.mul(n_limits, step))
            add(_at(builder, last, x, kind), builder.load(rest_at, typ=kind))
        return context.get_dummy_value()

    return types.none(*(types.int64,) * 8), codegen


@kernel()
def vote(across, down, strength, count, limits, n_limits, votes, step):
    """Add the strength of `count` gradients and more to the line of the orientation that each has.

    limits: address of the cosines and sines of the angles between orientations, in order. A gradient is of
    the orientation before the first that it has not passed, which takes no tangent to tell. votes: address of
    the first line; they are `step` bytes apart.
    """
    _vote(across, down, strength, count, limits, n_limits, votes, step)
