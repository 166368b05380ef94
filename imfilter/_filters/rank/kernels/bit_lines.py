"""Lines of truth values as bits: packed, shifted, combined and unpacked.

Bit i of a line is its sample number i. A copy of a set that begins some samples further on begins in the
middle of a word. So the address of such an operand is that of a bit: 8 times the address of its byte, plus
the number of the bit. Lines begin at whole words.
"""

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from imfilter._simd.jit import inlined, kernel
from imfilter._simd.lanewise import lanes_from
from imfilter._simd.lines import fetch_samples, inner_columns, source_index
from imfilter._simd.llvm import WORD, constant, lanewise, read
from imfilter._simd.prefetch import prefetch
from imfilter._simd.registers import BYTES
from imfilter._simd.vector import Vector, in_lanes, load, load_one, move_one, peek, poke, size_of, store

#: How lines are combined: all bits, one of the bits, or the bits of the first that are not in the second.
ALL, ANY, WITHOUT = 0, 1, 2
#: Bits, and bytes, of a word. Words hold bits in the order of addresses: the processor is little-endian.
_BITS, _BYTES = 64, 8


@intrinsic
def _packed(typingctx, address):
    """Return a word of bits: which of the bytes at an address are not 0."""

    def codegen(context, builder, sig, args):
        samples = read(builder, args[0], ir.VectorType(ir.IntType(8), _BITS))
        return builder.bitcast(builder.icmp_unsigned("!=", samples, constant(samples.type, 0)), WORD)

    return types.int64(types.int64), codegen


@intrinsic
def unpacked(typingctx, word):
    """Return a byte, 0 or 1, for each bit of a word."""

    def codegen(context, builder, sig, args):
        bits = builder.bitcast(args[0], ir.VectorType(ir.IntType(1), _BITS))
        return builder.zext(bits, ir.VectorType(ir.IntType(8), _BITS))

    return Vector(types.uint8, _BITS)(types.int64), codegen


@intrinsic
def _funnel(typingctx, low, high, shift):
    """Return the words that begin `shift` bits after those in `low`. `high` has the words that follow."""
    vector = low if isinstance(low, Vector) else None

    def codegen(context, builder, sig, args):
        number = args[2] if vector is None else in_lanes(context, builder, args[2], types.int64, vector)
        return lanewise(builder, "fshr", args[1], args[0], number)

    return low(low, high, types.int64), codegen


@intrinsic
def _without(typingctx, a, b):
    """Return the bits of `a` that are not in `b`."""

    def codegen(context, builder, sig, args):
        return builder.and_(args[0], builder.not_(args[1]))

    return a(a, b), codegen


@inlined
def _bits_at(kind, bit):
    """Return a vector of the bits at the address of a bit.

    The words after those of the vector are its own, moved by one word. Loading them again, from an address
    that is never that of a cache line, took 60 instead of 39 ns for 9 lines of 3840 bits (Zen 4).
    """
    at, shift = bit >> 6 << 3, bit & 63
    if shift == 0:
        return load(kind, at, kind)
    low = load(kind, at, kind)
    return _funnel(low, lanes_from(low, load(kind, at + BYTES, kind), 1), shift)


@inlined
def combine_line(kind, which, at, count, offset, to, extent):
    """Combine `count` lines of bits, whose addresses are in the table `at`, to a line of `extent` bytes.

    Lines are read `offset` bits further on. The last vector is written as a whole. `kind` is the type of a
    word.
    """
    for start in range(0, extent, BYTES):
        found = _bits_at(kind, peek(at) + 8 * start + offset)
        for i in range(1, count):
            other = _bits_at(kind, peek(at + 8 * i) + 8 * start + offset)
            if which == ALL:
                found = found & other
            elif which == ANY:
                found = found | other
            else:
                found = _without(found, other)
        store(to + start, kind, found)


@inlined
def _unchanged(how, value, flag):
    return value


@inlined
def _border_bits(kind, address, step_x, border, before, samples, first, begin, end, border_key, line):
    """Add bits `begin` … `end` of a line, which are 0 and outside of the image; see `fetch_bits`."""
    word = 0
    for p in range(begin, end):
        column, found = source_index(border, before, samples, first + p), border_key != 0
        if column >= 0:
            found = load_one(kind, address + column * step_x, kind) != 0
        word |= found << p % _BITS
        if p % _BITS == _BITS - 1 or p == end - 1:
            to = line + (p // _BITS) * _BYTES
            poke(to, peek(to) | word)
            word = 0


@kernel("kind", "how")
def fetch_bits(
    kind,
    how,
    address,
    step_x,
    ahead,
    packed,
    channels,
    border,
    before,
    samples,
    first,
    count,
    border_key,
    line,
    row,
):
    """Write the bits of padded columns `first` … `first + count` of the source line at `address` to `line`.

    Bits are 1 where samples are not 0. `border_key` fills the places without a sample, and the whole line if
    ``address < 0``. `channels` is 1. If the samples are not `packed`, or fewer than a word has bits, they are
    first copied to `row`. Copying them always took 60 ns more of the 330 for 3840 samples and a disc of
    radius 5 (Zen 4).

    If `ahead` is not 0, samples so many bytes further on are prefetched. This and the same for outputs took
    1.06 instead of 1.32 ms for a disc of radius 5 (4K, beside other work).

    The rest of the last word is arbitrary. `kind` has one byte. `how` is not used: the kernels that fetch
    have two constants.
    """
    words = -(-count // _BITS)
    if address < 0:
        for i in range(words):
            poke(line + i * _BYTES, -1 if border_key else 0)
        return
    inner, outer = inner_columns(before, samples, first, count)
    if not packed or outer - inner < _BITS:
        fetch_samples(
            kind, kind, _unchanged, how, address, step_x, 0, packed, channels, border, before, samples,
            first, count, kind.type(border_key), row, 0, 0)  # fmt: skip
        for i in range(words):
            poke(line + i * _BYTES, _packed(row + i * _BITS))
        return
    start = address + (first - before) * step_x  # of column 0 of the line, if it were in the image
    begin, end = inner // _BITS, outer // _BITS
    for i in range(begin):
        poke(line + i * _BYTES, 0)
    for i in range(end, words):
        poke(line + i * _BYTES, 0)
    if inner % _BITS:
        poke(line + begin * _BYTES, _packed(start + inner) << inner % _BITS)
        begin += 1
    for i in range(begin, end):
        if ahead:
            prefetch(start + i * _BITS + ahead, 0)
        poke(line + i * _BYTES, _packed(start + i * _BITS))
    if outer % _BITS:
        inside = (1 << outer % _BITS) - 1
        poke(line + end * _BYTES, _packed(start + outer - _BITS) >> (_BITS - outer % _BITS) & inside)
    _border_bits(kind, address, step_x, border, before, samples, first, 0, inner, border_key, line)
    _border_bits(kind, address, step_x, border, before, samples, first, outer, count, border_key, line)


@kernel("kind")
def fill_bits(kind, line, first, count, value):
    """Write the same bit, 0 or 1 where `value` is not 0, to `count` bits of a line from number `first` on."""
    end = first + count
    for i in range(first - first % _BITS, end, _BITS):
        word, inside = line + (i >> 3), -1
        if i < first:
            inside = inside << (first - i)
        if i + _BITS > end:
            inside = inside & ((1 << (end - i)) - 1)
        poke(word, peek(word) | inside if value else peek(word) & ~inside)


@kernel("kind", "target")
def place_bits(kind, target, line, to, count, channels, step_x, step_c, packed, spare):
    """Write `count` bits of a line to an output that is not contiguous, as bytes. `channels` is 1."""
    for i in range(0, count, _BITS):
        store(spare + i, kind, unpacked(peek(line + (i >> 3))))
    for x in range(count):
        move_one(to + x * step_x, spare + x * size_of(kind), target)
