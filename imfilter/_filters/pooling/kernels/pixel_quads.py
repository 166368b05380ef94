"""Means of 2x2 pixels of two to four channels, each in one step. `quads` has those of one channel.

A line of sums, a line of pairs of sums and a division would write and read a line each. The means of 540x960
pixels take these microseconds on one thread, so and in one step (Zen 3):

                uint8      uint16     float32    float64
    2 channels  130 -> 45  175 -> 75  280 -> 190  450 -> 240
    3 channels  240 -> 95  430 -> 210  440 -> 270  1000 -> 390
    4 channels  270 -> 75  300 -> 115  610 -> 250  1300 -> 540

Float32 of four channels takes OpenCV 165, with sums in float32. The floor of float64 sums is the conversions:
the processor starts one of four samples in each cycle.
"""

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from imfilter._filters.pooling.kernels.quads import mean_of_pixel, pair_sums, quarter_of, quarter_of_reals
from imfilter._simd.jit import kernel
from imfilter._simd.llvm import after, element, read, shuffle, write
from imfilter._simd.prefetch import prefetch
from imfilter._simd.registers import LINE
from imfilter._simd.vector import size_of

#: Numbers of channels for which there are kernels.
CHANNELS = (2, 3, 4)
#: Bytes of the part of a register within which samples are shuffled, and of two parts.
_PART, _PARTS = 16, 32
#: Steps that are unrolled.
_STEPS = 4


def _step(width, floating, channels):
    """Return the number of pixels of the result that one step computes."""
    return 1 if floating else 2 * (_PART // (2 * channels * width))


def _paired(builder, at, bits, channels):
    """Return the pixels at an address with the samples of neighbours side by side, in two parts."""
    size, slots = bits // 8, _PART * 8 // bits
    pairs = slots // (2 * channels)
    order = [p * 2 * channels + k + of for p in range(pairs) for k in range(channels) for of in (0, channels)]
    unused = slots - len(order)
    order += [0] * unused
    kind = ir.VectorType(ir.IntType(bits), slots)
    # Both parts are read within the pixels of the step: the second one ends with the last sample.
    parts = (read(builder, after(builder, at, i * (slots - 2 * unused), size), kind) for i in range(2))
    return shuffle(builder, *parts, [*order, *(slots + (i + unused) % slots for i in order)])


def _means_of_integers(builder, above, below, bits, channels):
    """Return the means of the pixels of two parts, rounded half to even, and how many samples they are."""
    rows = (pair_sums(builder, _paired(builder, at, bits, channels)) for at in (above, below))
    wide = quarter_of(builder, builder.add(*rows))
    slots = wide.type.count // 2
    used = slots // channels * channels
    means = builder.trunc(wide, ir.VectorType(ir.IntType(bits), 2 * slots))
    if used == slots:
        return means, 2 * slots
    order = [*range(used), *range(slots, slots + used), *range(used, slots), *range(slots + used, 2 * slots)]
    return shuffle(builder, means, None, order), 2 * used


def _means_of_reals(builder, above, below, dtype, channels):
    """Return the mean of a pixel, with sums in float64, and its number of samples.

    Three samples are read as the first and the last four of the pair of pixels: LLVM takes more instructions
    for three.
    """
    lanes, size = channels + channels % 2, dtype.bitwidth // 8
    kind, wide = (ir.VectorType(k, lanes) for k in (element(dtype), ir.DoubleType()))
    columns = []
    for first in (0, 2 * channels - lanes):
        rows = (read(builder, after(builder, at, first, size), kind) for at in (above, below))
        columns.append(builder.fadd(*(r if kind == wide else builder.fpext(r, wide) for r in rows)))
    if lanes > channels:
        columns[1] = shuffle(builder, columns[1], None, [1, 2, 3, 0])
    found = quarter_of_reals(builder, *columns)
    return found if kind == wide else builder.fptrunc(found, kind), channels


@intrinsic(prefer_literal=True)
def _write_means(typingctx, source, channels, steps, above, below, to):
    """Write the means of adjacent steps. A register that is not full overlaps the next, except the last."""
    dtype, count = source.dtype, channels.literal_value
    size, real = dtype.bitwidth // 8, isinstance(source.dtype, types.Float)
    pixels = _step(size, real, count)

    def codegen(context, builder, sig, args):
        above, below, to = args[3:]
        for step in range(steps.literal_value):
            first = step * pixels * count
            rows = (after(builder, at, 2 * first, size) for at in (above, below))
            if real:
                means, used = _means_of_reals(builder, *rows, dtype, count)
            else:
                means, used = _means_of_integers(builder, *rows, 8 * size, count)
            if step == steps.literal_value - 1 and used < means.type.count:
                means = shuffle(builder, means, None, range(used))
            write(builder, after(builder, to, first, size), means)
        return context.get_dummy_value()

    return types.none(source, channels, steps, *(types.int64,) * 3), codegen


@intrinsic(prefer_literal=True)
def _step_of(typingctx, source, channels):
    """Return the number of pixels of a step."""
    dtype = source.dtype
    number = _step(dtype.bitwidth // 8, isinstance(dtype, types.Float), channels.literal_value)

    def codegen(context, builder, sig, args):
        return ir.IntType(64)(number)

    return types.int64(source, channels), codegen


@kernel("source", "channels")
def mean_pixel_quads(source, channels, above, below, step, to, target_step, rows, count, ahead):
    """Write `rows` lines of `count` means of 2x2 pixels. The arguments are those of `mean_quads`."""
    size = size_of(source)
    pixel, few = channels * size, _step_of(source, channels)
    block = _STEPS * few
    for _ in range(rows):
        x = 0
        while x + block <= count:
            for i in range(0, 2 * block * pixel, LINE):
                prefetch(above + ahead + 2 * x * pixel + i, 0)
                prefetch(below + ahead + 2 * x * pixel + i, 0)
            at = x * pixel
            _write_means(source, channels, _STEPS, above + 2 * at, below + 2 * at, to + at)
            x += block
        while x < count and few <= count:
            last = min(x, count - few) * pixel  # the last step overlaps the previous one
            _write_means(source, channels, 1, above + 2 * last, below + 2 * last, to + last)
            x += few
        for i in range(x, count):
            for c in range(channels):
                at = i * pixel + c * size
                one = 2 * i * pixel + c * size
                mean_of_pixel(source, above + one, below + one, pixel, to + at)
        above += step
        below += step
        to += target_step
