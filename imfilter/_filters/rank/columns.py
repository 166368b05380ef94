"""Minima and maxima of many consecutive rows or planes, for images of one layout: cost and program."""

from imfilter._base.loops import ArrayLayout, LoopAxis, Loops, extent, tiles
from imfilter._base.program import Job, Program, far, layout_workspace, set_geometry
from imfilter._filters.rank.footprint import Neighbourhood, kind
from imfilter._filters.rank.kernels import ordered_keys
from imfilter._filters.rank.kernels.chord_rows import MOVED
from imfilter._filters.rank.kernels.chords import LARGEST, SMALLEST
from imfilter._filters.rank.kernels.column_runs import COLUMN_JOB, extreme_columns, slide_columns
from imfilter._simd.registers import BYTES

#: The fewest rows of a window. With fewer, a network of comparisons is as fast or faster for large images: 5
#: rows of uint8 took 5.2 ms here and 3.5 by a network, 7 rows 5.2 and 3.7 (4096x4160). At 4K, 9 rows took 1.2
#: and 2.5, 23 rows 1.3 and 4.4, and by runs of runs 101 rows 0.9 and 4.8 (Zen 3, one thread).
_FEWEST = 9
#: Rows at a distance of a multiple of so many bytes share few sets of a cache, which then cannot hold two
#: blocks. 31 rows took 7.7 ms here and 4.5 by runs (float32 2048x2048, Zen 3, one thread), 7 rows of uint8
#: 6.6 and 4.0 by a network (4096x4096). With at most so many rows for a byte of a sample, nothing is lost:
#: 15 rows of float32 took 4.3 ms here and 5.8 by a network.
_PITCH, _CROWDED = 4096, 4
#: The most rows, whose minima take 1 to 2 MB, and how often the rows of the image may be those of a window:
#: a block is read as a whole.
_MOST, _OFTEN = 8192, 2
#: Bytes of a tile of three blocks: two that are computed, one that is prefetched. A window of 31 rows took
#: 4.1 in place of 4.9 ms with 64 KB, and of 4.8 with 400 KB (float32, 4K, Zen 3, two threads).
_CACHE = 192 * 1024
#: Bytes of a result that is written past the caches: uint8 of 4K took 0.8 in place of 1.8 ms (two threads).
_FAR = 6 << 20
#: Nanoseconds for a byte. Multiply-adds that take as long.
_COST, _WORK = 0.13, 2


def cost(around: Neighbourhood, itemsize: int) -> float | None:
    """Return the nanoseconds per sample of `itemsize` bytes on one core, or None if it is no column."""
    planes, rows, columns = around.inside.shape
    thin = columns == min(planes, rows) == 1
    possible = thin and around.full and around.extreme and _FEWEST <= max(planes, rows) <= _MOST
    return _COST * itemsize if possible else None


def _with_rows(loops: Loops) -> Loops:
    """Return loops whose rows are the axis of the window. If this is that of planes, it has one row.

    Then rows and lines are one line, if they are contiguous. 31 planes of 128x256x256 uint8 took 2 to 5 ms in
    place of 28.
    """
    z, y, x, *_ = loops
    if y.taps > 1:
        return loops
    if y.source_step == x.samples * x.source_step and y.target_step == x.samples * x.target_step:
        more = y.length * x.samples
        return loops._replace(z=LoopAxis(), y=z, x=x._replace(samples=more, length=more))
    return loops._replace(z=y, y=z)


def fits(loops: Loops, source: ArrayLayout, target: ArrayLayout) -> bool:
    """Tell whether lines are contiguous and long, there are enough of them, and caches hold two blocks."""
    loops, size = _with_rows(loops), source.dtype.itemsize
    packed = loops.packed("source", size) and loops.packed("target", size)
    wide = loops.x.length * loops.channels * size >= BYTES
    crowded = loops.y.source_step % _PITCH == 0 and loops.y.taps > _CROWDED * size
    return packed and wide and not crowded and _OFTEN * loops.y.length >= loops.y.taps


def make(
    around: Neighbourhood,
    loops: Loops,
    source: ArrayLayout,
    target: ArrayLayout,
    mode: str,
    border_key: int,
    *,
    check_finite: bool,
) -> Program:
    """Return the program. It compares floats directly, and with `check_finite` it may refuse an image."""
    loops = _with_rows(loops)
    integer, size, taps = kind(source.dtype), source.dtype.itemsize, loops.y.taps
    how = ordered_keys.CHECKED if check_finite else ordered_keys.INTEGERS
    job = Job(COLUMN_JOB)
    set_geometry(job, loops, source.dtype, target.dtype, mode)
    pixel, length = loops.channels * size, loops.x.length
    widest = max(1, max(2 * BYTES, _CACHE // (3 * taps)) // pixel)
    most = max(1, length * pixel // (BYTES + pixel))  # each tile has a vector
    cut = tiles(length, min(-(-length // widest), most))
    narrow, wide = extent(cut)
    images = len(loops.batch) * loops.z.length
    past = images * loops.y.length * length * pixel >= _FAR and narrow * pixel >= BYTES + MOVED
    job["taps"], job["pixel"], job["border_key"] = taps, pixel, border_key
    job["tiles"], job["n_tiles"] = cut, len(cut) - 1
    job["streamed"], job["ahead"] = past, far(loops, source)
    what = LARGEST if around.rank else SMALLEST
    job["columns"] = extreme_columns.address(source.dtype, integer, what, how)
    sizes = {
        "table": 8 * (3 * taps - 1),
        "suffixes": taps * BYTES,
        "outside": wide * pixel + MOVED,
        "flag": 8,
    }
    rows = images * (len(cut) - 1) * loops.y.length
    return job.program(
        slide_columns,
        lines=rows,
        work=rows * wide * pixel * _WORK,
        rows=taps,
        workspace=layout_workspace(job, sizes),
        check_finite=check_finite,
    )
