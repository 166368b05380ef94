"""Minima and maxima in footprints of any shape, for images of one shape and layout: cost and program."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base.loops import LONGEST, ArrayLayout, Loops, extent, tiles
from imfilter._base.program import Job, Program, far, layout_workspace, pitch, set_geometry
from imfilter._filters.rank import unions
from imfilter._filters.rank.footprint import Neighbourhood, for_neighbourhoods, kind
from imfilter._filters.rank.kernels import bit_lines, ordered_keys
from imfilter._filters.rank.kernels.bit_rows import PAST, bit_rows
from imfilter._filters.rank.kernels.chord_rows import MOVED, SAMPLES, extreme_rows, slide_chord_rows
from imfilter._filters.rank.kernels.chords import (
    CHORD_JOB,
    LARGEST,
    OPERAND,
    SET,
    SMALLEST,
    advance,
    extreme,
    extreme_ahead,
    extremes,
    fill_key,
    slide_chords,
)
from imfilter._simd import lines
from imfilter._simd.prefetch import DISTANCE
from imfilter._simd.registers import BYTES, LINE

#: Kinds of steps: the minimum and the maximum.
EXTREMES = (SMALLEST, LARGEST)
#: Bytes that the lines of a tile may take of the second-level cache; the smallest size of a tile, because
#: each line has a cost; and bytes that the lines may take at most.
_CACHE, _NARROW, _MEMORY = 640 * 1024, 4096, 3 << 20
#: The size of the lines of narrow tiles, which stay in the first-level cache, and the most copies of sets for
#: which they are faster: a line of 31 samples at 60 degrees took 7.0 in place of 9.0 ms, but a disc of radius
#: 10 took 15.8 in place of 14.2 (float32, 4K, Zen 4, one thread).
_LINES, _FEW = 1536, 16
#: Bytes of few lines together: a line of 31 samples at 0 degrees took 1.3 in place of 1.5 ms (uint8). If
#: results go past the caches, lines have at most this size: 4.7 in place of 4.9 ms with lines of 1536 bytes,
#: and of 5.0 with 4096 (float32, two threads together).
_NEAR, _STREAMED = 1 << 14, 2048
#: Bytes of a result that no cache keeps beside the image. It is written past the caches: a line of 31 samples
#: at 90 degrees took 2.6 in place of 4.1 ms for uint16, and 5.3 in place of 7.8 for float32.
_FAR = 12 << 20
#: The same for truth values: a disc of radius 3 took 0.65 in place of 0.83 ms, of radius 15 1.0 in place of
#: 1.2 (4K, Zen 4, two threads, in turn with another filter; without that, 0.36 and 0.36, and 0.64 and 0.69).
_FAR_BITS = 6 << 20
#: How many rows of the image are prefetched before they are read, if tiles are computed to their end.
_AHEAD = 2
#: Bytes of the workspaces of tiles that compute a block of rows in turn, if their results go past the caches,
#: and the rows of a block. A line of 31 samples at 15 degrees took 3.2 in place of 3.4 ms (uint16), at 0
#: degrees 4.9 in place of 5.2 (float32), but with larger workspaces at 30 degrees 6.8 in place of 6.2: then
#: lines are read from the second-level cache (4K, Zen 4, two threads together).
_GROUP, _BLOCK = 256 * 1024, 16
#: Nanoseconds for reading a vector, for each set beside it, and for reading and writing one byte.
_READ, _SET, _LINE = 3.0, 3.0, 0.15
#: The same for a sample that is unpacked, that is packed, and whose bit is read. Networks are faster for
#: boxes smaller than 3x3. 9x9 took 1.17 ms by a network at 4K and 0.90 by bits, 25x25 1.39 and 0.61; 3x3 0.58
#: and 0.40, 5x5 0.75 and 0.44 (Zen 4, one thread). With two threads 3x3 took 0.28 and 0.26 to 0.37, 5x5 0.38
#: and 0.30.
_UNPACK, _PACK, _READ_BITS = 0.134, 0.03, 0.0019
#: Smallest number of rows and of columns of a box. Networks are faster for smaller boxes: 25x25 uint8 took
#: 1.5 ms by a network at 4K and 1.8 by sets, 51x51 2.7 and 2.1, 101x101 4.5 and 2.4 (Zen 4, one thread).
_BOX = 40
#: The same for boxes of one column: 101 rows of uint8 took 5.2 ms by a network and 2.6 by sets, 31 rows 2.5
#: and 2.1, 9 rows 1.5 and 1.8. Boxes of one row are faster at any length: 5 columns of float32 took 6.4 and
#: 4.1 (4K, Zen 4, one thread, beside other work). Columns of at least `columns._FEWEST` rows come here only
#: if `columns.fits` refuses the image (short lines, lines that are not contiguous, few lines, or a distance
#: of rows that is a multiple of 4096 bytes), or if floats hold -0.0 or NaN.
_COLUMN = 24
#: Largest number of runs of samples in a row of a footprint.
_MOST = 1 << 16
#: The type of a word of bits. The work for a sample that is packed and unpacked, and for a set or a copy of
#: it in a row, in multiply-adds.
_WORD, _BIT_WORK, _BIT_SET_WORK = np.dtype(np.uint64), 4, 250
#: The type of an address.
_ADDRESS = np.dtype(np.int64)


#: Number of addresses in a vector.
_ENTRIES = BYTES // 8


class Step(NamedTuple):
    """How the rows of a set are computed: the copies of other sets that are combined, and by what.

    A set without copies is a sample of a plane of the image. Beyond the border, it and a `bounded` set have
    the border of those that read them. A bounded set has the given numbers of rows and columns before those
    of the image.
    """

    copies: tuple[unions.Copy, ...]
    what: int  # SMALLEST or LARGEST, or a number of the caller
    border: int  # the same, of those that read it
    plane: int = -1
    bounded: tuple[int, int] | None = None
    weights: tuple[int, ...] = ()  # bits of the weights of the copies


class Prepared(NamedTuple):
    """The sets of a pipeline and how their rows follow each other; see `kernels.chords`."""

    steps: tuple[Step, ...]
    sets: npt.NDArray
    operands: npt.NDArray
    begin: int
    lines: int  # in all ring buffers


@for_neighbourhoods
def prepared(around: Neighbourhood) -> Prepared | None:
    """Return the sets of a neighbourhood of three axes, or None for small boxes and other ranks."""
    planes, rows, columns = around.inside.shape
    thin = rows == 1 or (columns == 1 and rows >= _COLUMN)
    if around.full and (planes > 1 or not (thin or min(rows, columns) >= _BOX)):
        return None
    return prepared_bits(around)


@for_neighbourhoods
def prepared_bits(around: Neighbourhood) -> Prepared | None:
    """Return the sets of a neighbourhood of three axes for truth values, or None for other ranks."""
    inside = around.inside
    if not around.extreme:
        return None
    if np.count_nonzero(inside[..., 1:] > inside[..., :-1]) > _MOST:
        return None
    what = LARGEST if around.rank else SMALLEST
    return scheduled(steps_of(inside, what))


def steps_of(inside: npt.NDArray[np.bool_], what: int) -> list[Step]:
    """Return the steps of an extreme in a footprint of three axes."""
    union = unions.of(inside)
    planes = (*union.planes, *(-1,) * (len(union.copies) - len(union.planes)))
    return [Step(copies, what, what, plane) for copies, plane in zip(union.copies, planes, strict=True)]


def scheduled(steps: list[Step]) -> Prepared:
    """Return when the rows of sets are computed, and how many are kept. The last set is the result."""
    count = len(steps)
    lead, oldest, first, more = ([0] * count for _ in range(4))
    known = [False] * (count - 1) + [True]
    for i in reversed(range(count)):  # each set after those that are made of it
        for of, y, x in steps[i].copies:
            if known[of]:
                lead[of], oldest[of] = max(lead[of], lead[i] + y), min(oldest[of], lead[i] + y)
                first[of], more[of] = min(first[of], first[i] + y), max(more[of], more[i] + x)
            else:
                lead[of] = oldest[of] = lead[i] + y
                first[of], more[of], known[of] = first[i] + y, more[i] + x, True
    table = np.zeros(count, SET)
    operands: list[tuple[int, int, int, int]] = []
    line, entry = 0, count
    for i, step in enumerate(steps):
        own, depth = table[i], lead[i] - oldest[i] + 1
        own["plane"], own["line"], own["depth"], own["lead"] = step.plane, line, depth, lead[i]
        own["begin"], own["more"], own["first"] = first[i] - lead[i], more[i], len(operands)
        own["count"], own["bounded"] = len(step.copies), step.bounded is not None
        own["before_y"], own["before_x"] = step.bounded or (0, 0)
        own["weighed"], own["entry"] = bool(step.weights), entry
        entry += len(step.copies) + len(step.weights)
        bits = step.weights or (0,) * len(step.copies)
        operands += [
            (of, lead[of] - lead[i] - y, x, weight)
            for (of, y, x), weight in zip(step.copies, bits, strict=True)
        ]
        line += depth
    return Prepared(tuple(steps), table, np.array(operands, OPERAND), int(table["begin"].min()), line)


def _chain(sets: npt.NDArray, steps: tuple[Step, ...], compared: np.dtype) -> None:
    """Mark runs of sets, all minima or all maxima, that one call computes. The last set has its own call."""
    i, last = 0, len(sets) - 1
    while i < last:
        stop = i
        while stop < last and _plain(steps[stop]) and steps[stop].what == steps[i].what:
            stop += 1
        if stop > i:
            sets[i]["chain"], sets[i]["chained"] = extremes.address(compared, steps[i].what), stop
        i = max(stop, i + 1)


def _plain(step: Step) -> bool:
    """Tell whether a set is a minimum or a maximum of others and has no border of its own."""
    return bool(step.copies) and step.what in EXTREMES and step.bounded is None


def _samples(sets: npt.NDArray, operands: npt.NDArray, pixel: int) -> npt.NDArray:
    """Return the operands that are samples, of the first set."""
    found = [
        (8 * (own["entry"] + j), one["age"], one["shift"] * pixel)
        for own in sets
        for j, one in enumerate(operands[own["first"] : own["first"] + own["count"]])
        if one["of"] == 0
    ]
    return np.array(found, SAMPLES)


def _looked(sets: npt.NDArray, operands: npt.NDArray, pixel: int) -> tuple[npt.NDArray, int]:
    """Return the operands, of the second set the newest row of samples first, and where this begins.

    If the second set does not read that row, or is the result, return -1 instead.
    """
    first, count = sets[1]["first"], sets[1]["count"]
    newest = [j for j in range(first, first + count) if operands["of"][j] == 0 and operands["age"][j] == 0]
    if len(sets) < 3 or not newest:
        return operands, -1
    found, chosen = operands.copy(), min(newest, key=lambda j: operands["shift"][j])
    found[[first, chosen]] = found[[chosen, first]]
    return found, int(found["shift"][first]) * pixel


def _of_one_plane(chords: Prepared) -> bool:
    """Tell whether the first set is a sample, and the others are all minima, or all maxima."""
    first, *more = chords.steps
    return first.plane == 0 and all(_plain(step) and step.what == more[-1].what for step in more)


def _narrow(chords: Prepared, loops: Loops, pixel: int, *, past: bool) -> int:
    """Return the columns of tiles whose lines stay in the first-level cache, or 0 if these are slower.

    Whole vectors cover the lines of most sets. Tiles begin at multiples of a cache line of the result. `past`
    tells whether results go past the caches.
    """
    reach = int(chords.sets["more"].max()) * pixel
    few = len(chords.operands) <= _FEW and reach <= _LINES // 3
    if not few or pixel > LINE or loops.y.length <= loops.y.taps:
        return 0
    step = max(1, LINE // pixel)
    near = _NEAR // chords.lines
    size = max(_LINES, min(near, _STREAMED) if past else near)
    return (size - reach) // pixel // step * step


def _of_width(length: int, width: int) -> npt.NDArray[np.int64]:
    """Return tiles of a line that have `width` columns, except for the last: their starts and its end."""
    starts = np.arange(0, max(1, length - width // 2), width, dtype=np.int64)
    return np.append(starts, length)


def cost(chords: Prepared, itemsize: int) -> float:
    """Return the nanoseconds per sample of `itemsize` bytes on one core."""
    return (_LINE + (len(chords.operands) * _READ + len(chords.sets) * _SET) / BYTES) * itemsize


def cost_of_bits(chords: Prepared) -> float:
    """Return the nanoseconds per sample that is packed to a bit, on one core."""
    planes = sum(step.plane >= 0 for step in chords.steps)
    return _UNPACK + planes * _PACK + len(chords.operands) * _READ_BITS


def make(
    chords: Prepared,
    loops: Loops,
    source: ArrayLayout,
    target: ArrayLayout,
    mode: str,
    border_keys: dict[int, int],
    *,
    check_finite: bool,
    combine: dict[int, int] | None = None,
    turn: bool = True,
    packed: bool = False,
) -> Program:
    """Lay out the lines. `border_keys` has the key of the border for each kind of step.

    With `check_finite`, floats are compared directly and the program may refuse an image. Otherwise they are
    turned into keys, unless the kernels do this. `combine` has the addresses of kernels, with two constants,
    for kinds of steps that are no extremes. With `packed`, samples are truth values, and lines hold their
    bits.
    """
    integer, size = kind(source.dtype), source.dtype.itemsize
    turned = source.dtype.kind == "f" and turn and not check_finite
    compared, kernels = source.dtype if check_finite else integer, dict(combine or {})
    sets = chords.sets.copy()
    for own, step in zip(sets, chords.steps, strict=True):
        if step.copies and step.what not in kernels:
            kernels[step.what] = step.what if packed else extreme.address(compared, step.what)
        own["combine"] = kernels[step.what] if step.copies else 0
        own["border_key"] = border_keys.get(step.border, 0)
    if not packed:
        _chain(sets, chords.steps, compared)
    job = Job(CHORD_JOB, "restore")
    set_geometry(job, loops, source.dtype, target.dtype, mode)
    pixel, log_units = (1, 3) if packed else (loops.channels * size, 0)
    job["pixel"], job["log_units"], job["begin"] = pixel, log_units, chords.begin
    job["sets"], job["n_sets"], job["operands"] = sets, len(sets), chords.operands
    reach = int(sets["more"].max())
    contiguous = job["source_packed"] and job["target_packed"] and not packed and not turned
    many_rows = bool(contiguous and _of_one_plane(chords))
    length = loops.x.length
    images = len(loops.batch) * loops.z.length
    past = images * loops.y.length * length * pixel >= _FAR
    width = _narrow(chords, loops, pixel, past=past) if many_rows else 0
    most = _MEMORY // chords.lines - (reach * pixel >> log_units) - 2 * BYTES
    widest = (max(_CACHE // chords.lines, min(_NARROW, most), BYTES) << log_units) // pixel
    widest = min(widest, LONGEST)
    cut = _of_width(length, width) if width else tiles(length, -(-length // max(1, widest)))
    narrow, wide = extent(cut)
    job["tiles"], job["n_tiles"] = cut, len(cut) - 1
    job["direct"] = bool(job["target_packed"] and not turned and not packed and narrow * pixel >= BYTES)
    job["last"] = job["ahead_source"] = job["ahead_target"] = job["many_rows"] = job["streamed"] = 0
    for name in ("in_group", "block", "tile_space", "ahead_rows", "samples", "n_samples"):
        job[name] = 0
    job["looked"] = -1
    how = ordered_keys.CHECKED if check_finite else ordered_keys.TURNED if turned else ordered_keys.INTEGERS
    what = chords.steps[-1].what
    if many_rows and job["direct"]:
        job["many_rows"] = extreme_rows.address(compared, integer, _ADDRESS, what, how)
        job["operands"], job["looked"] = _looked(sets, chords.operands, pixel)
        job["samples"] = samples = _samples(sets, job["operands"], pixel)
        job["n_samples"] = len(samples)
        job["streamed"] = past and narrow * pixel >= BYTES + MOVED
        if far(loops, source):
            job["ahead_rows"], job["ahead_target"] = _AHEAD, loops.y.target_step
    elif far(loops, source) and job["direct"] and what in EXTREMES:
        job["last"] = extreme_ahead.address(compared, what)
        job["ahead_source"] = loops.y.source_step if job["source_packed"] else 0
        job["ahead_target"] = DISTANCE
    job["fetch"], job["fill"] = ordered_keys.fetch_keys.address(integer, how), fill_key.address(integer)
    if turned:
        job["restore"] = ordered_keys.restore.address(integer)
    job["place"] = lines.place.address(integer, integer)
    entries = -(-(len(sets) + int((sets["count"] * (1 + sets["weighed"])).sum())) // _ENTRIES) * _ENTRIES
    job["entries"], job["advance"] = entries, advance.address(_ADDRESS)
    if packed:
        steps = loops.y.source_step, loops.y.target_step  # the next row is prefetched
        job["source_c"], job["target_c"] = steps if far(loops, source) else (0, 0)
        if images * loops.y.length * length >= _FAR_BITS and job["target_packed"]:
            job["target_c"], job["streamed"] = PAST, 1
        job["many_rows"] = bit_rows.address(integer, _WORD, _ADDRESS)
        job["fetch"] = bit_lines.fetch_bits.address(integer, ordered_keys.INTEGERS)
        job["fill"] = bit_lines.fill_bits.address(integer)
        job["place"] = bit_lines.place_bits.address(integer, integer)
    job["pitch"] = pitch(((wide + reach) * pixel >> log_units) + 2 * BYTES + LINE + MOVED)
    sizes = {
        **dict.fromkeys(("table", "steps", "ends", "spans"), 8 * entries),
        "spare": (0 if job["target_packed"] and not packed else wide * loops.channels * size) + BYTES,
        "flag": 8,
    }
    if packed:
        sizes["aside"] = wide + reach + BYTES + MOVED
    sizes["lines"] = chords.lines * job["pitch"]  # bits before a line may be read
    workspace = layout_workspace(job, sizes)
    if not packed:
        job["aside"] = job["flag"]
    n_tiles = len(cut) - 1
    groups, driver = n_tiles, slide_chords
    if job["many_rows"]:
        in_group = n_tiles if job["streamed"] and n_tiles * workspace <= _GROUP else 1
        job["in_group"], job["block"], driver = in_group, loops.y.length, slide_chord_rows
        job["tile_space"] = -(-workspace // LINE) * LINE
        groups = -(-n_tiles // in_group)
        if in_group > 1:
            job["block"] = _BLOCK
            job["ahead_rows"] = _BLOCK if job["ahead_rows"] else 0
            workspace = in_group * job["tile_space"] + LINE
    rows = images * n_tiles * loops.y.length
    each = len(chords.operands) + 2 * len(sets)
    work = rows * wide * loops.channels * each * size // 4
    if packed:
        work = rows * (_BIT_WORK * wide + _BIT_SET_WORK * each)
    return job.program(
        driver,
        lines=images * groups * loops.y.length,
        work=work,
        rows=loops.y.taps,
        workspace=workspace,
        check_finite=check_finite,
    )
