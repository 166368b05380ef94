"""Copies of rows whose samples are contiguous and need no conversion, inlined into the loops of layers.

A call of `fetch` or `place` for each row takes 30 to 40 ns: as long as the sums of a row of 56 samples of a
depthwise layer (Zen 4). A row is copied in bytes, so the type of its samples does not matter.
"""

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from imfilter._simd.jit import inlined, part
from imfilter._simd.lines import source_index
from imfilter._simd.llvm import constant, read, write


def _words(count):
    """Return the LLVM type of `count` bytes, as words of four bytes."""
    return ir.VectorType(ir.IntType(32), count // 4)


@intrinsic(prefer_literal=True)
def move(typingctx, to, start, count):
    """Copy `count` bytes at once: a literal, at least 4 and a power of two."""
    kind = _words(count.literal_value)

    def codegen(context, builder, sig, args):
        write(builder, args[0], read(builder, args[1], kind))
        return context.get_dummy_value()

    return types.none(types.int64, types.int64, count), codegen


@intrinsic(prefer_literal=True)
def clear(typingctx, to, count):
    """Write zeros to `count` bytes at once: a literal, at least 4 and a power of two."""
    kind = _words(count.literal_value)

    def codegen(context, builder, sig, args):
        write(builder, args[0], constant(kind, 0))
        return context.get_dummy_value()

    return types.none(types.int64, types.int64, count), codegen


@inlined
def copy_row(to, start, count):
    """Copy `count` bytes, a multiple of 4. The last piece overlaps the previous one."""
    if count >= 64:
        last = count - 64
        done = 0
        while done < last:
            move(to + done, start + done, 64)
            done += 64
        move(to + last, start + last, 64)
    elif count >= 32:
        move(to, start, 32)
        move(to + count - 32, start + count - 32, 32)
    elif count >= 16:
        move(to, start, 16)
        move(to + count - 16, start + count - 16, 16)
    elif count >= 8:
        move(to, start, 8)
        move(to + count - 8, start + count - 8, 8)
    elif count:
        move(to, start, 4)


@part
def clear_row(to, count):
    """Write zeros to `count` bytes, a multiple of 4."""
    done = 0
    while done + 64 <= count:
        clear(to + done, 64)
        done += 64
    while done < count:
        clear(to + done, 4)
        done += 4


@inlined
def _copy_border(job, start, padded, to):
    """Copy the sample at a padded column outside of the image, or 0."""
    column = source_index(job.border_x, job.before_x, job.samples_x, padded)
    if job.size == 4:
        if column < 0:
            clear(to, 4)
        else:
            move(to, start + 4 * column, 4)
    elif column < 0:
        clear(to, 8)
    else:
        move(to, start + 8 * column, 8)


@part
def copy_padded(job, start, first, count, to):
    """Copy padded columns `first` … `first + count` of the row at the address `start`, with its border.

    The samples of the row are contiguous and have the size of the sums. If ``start < 0``, the row is 0.
    """
    size = job.size
    if start < 0:
        clear_row(to, count * size)
        return
    inner = min(max(job.before_x - first, 0), count)
    outer = max(min(job.before_x + job.samples_x - first, count), inner)
    copy_row(to + inner * size, start + (first + inner - job.before_x) * size, (outer - inner) * size)
    for p in range(inner):
        _copy_border(job, start, first + p, to + p * size)
    for p in range(outer, count):
        _copy_border(job, start, first + p, to + p * size)
