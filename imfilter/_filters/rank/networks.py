"""Ranks by sorting networks, for images of one shape and layout: cost and program."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import program
from imfilter._base.loops import ArrayLayout, LineLoops, Loops, extent, tiles
from imfilter._base.program import Job, Program, layout_workspace, pitch, rows_and_planes, set_geometry
from imfilter._filters.rank.footprint import Neighbourhood, for_neighbourhoods, kind
from imfilter._filters.rank.kernels import ordered_keys, sorting_networks, unrolled_network
from imfilter._filters.rank.kernels.network_rows import RANK_JOB, slide_rank
from imfilter._simd import lines
from imfilter._simd.registers import BYTES, REGISTERS

#: Bytes that the lines of a network may take of the first-level cache. If tiles would have fewer vectors than
#: the second number, the lines may take the third, of the second-level cache: 7x7 float32 took 24.7 ns a
#: sample with the first cache alone, 18.7 with both.
_LINES, _FEWEST, _MORE_LINES = 24 * 1024, 4, 160 * 1024
#: Largest numbers of comparisons. Networks up to the first are straight-line code: a kernel of its own, which
#: takes a second to compile. For minima and maxima: up to the second if values stay in registers, otherwise
#: up to the third. Minimum 25 float32 took 16.5 instead of 29.5 ms at 4K (Cascade Lake, one thread).
_STRAIGHT, _FLOWING, _FEW = 100, 40, 18
#: Elements of the longest line fetched at once. A 1-D signal is one line: threads share it only in tiles.
_LONGEST = 16384
#: Neighbouring rows of minima and maxima that are found together: 101x101 float32 took 108 ms at 4K with 16,
#: 91 with 32. 51x51 took 54 with 16, 51 with 32, and 66 with 64 (Cascade Lake, one thread).
_OUTPUTS = 32
#: Nanoseconds for a comparison of a vector, in a step of a network and in straight-line code, and for reading
#: and writing one byte (Cascade Lake).
_STEP, _UNROLLED, _LINE = 4.5, 2.2, 0.15
#: Networks with more comparisons than the first take the second: their lines exceed the first-level cache.
_WIDE, _WIDE_STEP = 1000, 6.0
#: Largest number of samples for which a network is built, except for minima and maxima. The second number
#: limits minima and maxima in a footprint: a network for twice as many samples takes a second to build.
_MOST, _MOST_LISTED = 256, 1 << 16


class Prepared(NamedTuple):
    """A network, and what follows from it for samples of one size in any image."""

    network: sorting_networks.Network
    computed: int  # lines that are computed for all its results
    straight: bool  # whether it is compiled as straight-line code
    flows: bool  # whether its values can stay in registers
    lines: int  # number of lines in memory
    steps: npt.NDArray | None  # None for straight-line code


@for_neighbourhoods
def network_for(around: Neighbourhood, itemsize: int, channels: int) -> Prepared | None:
    """Return the network for a neighbourhood of three axes, or None if it has one or too many samples."""
    network = _network(around, itemsize, channels)
    if network is None:
        return None
    computed = network.cost()
    straight = around.full and len(network.results) == 1 and computed <= _STRAIGHT
    if straight:
        lines = len(network.stages()[1])
        return Prepared(network, computed, straight, _flows(network, itemsize, channels), lines, None)
    steps, lines = network.steps()
    return Prepared(network, computed, straight, False, lines, steps)


def _network(around: Neighbourhood, itemsize: int, channels: int) -> sorting_networks.Network | None:
    planes, rows, columns = around.inside.shape
    if around.taps == 1 or (around.taps > _MOST and not around.extreme):
        return None
    if not around.full:
        if around.taps > _MOST_LISTED:
            return None
        where = np.argwhere(around.inside.reshape(planes * rows, columns))
        return sorting_networks.scattered(
            planes * rows, tuple((int(r), int(x)) for r, x in where), around.rank
        )
    few = sorting_networks.small(planes * rows, columns, around.rank) if around.extreme else None
    if few is not None and few.cost() <= (_FLOWING if _flows(few, itemsize, channels) else _FEW):
        return few
    if around.extreme:
        outputs = min(rows, _OUTPUTS) if rows > 2 else 1
        return sorting_networks.extremes(planes, rows, columns, outputs, int(around.rank > 0))
    return sorting_networks.rectangle(planes * rows, columns, around.rank)


def _flows(network: sorting_networks.Network, itemsize: int, channels: int) -> bool:
    """Tell whether the values of a small network can stay in registers."""
    return channels == 1 and unrolled_network.flows(network, itemsize)


def cost(network: Prepared, itemsize: int) -> float:
    """Return the nanoseconds per sample of `itemsize` bytes on one core."""
    wide = len(network.network.comparisons) > _WIDE
    each = _UNROLLED if network.straight else _WIDE_STEP if wide else _STEP
    return (_LINE + network.computed / len(network.network.results) * each / BYTES) * itemsize


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
    """Return the program of the network. `border_key` is the key of the border constant.

    With `check_finite`, floats are compared directly and the program may refuse an image.
    """
    z, y = loops.z, loops.y
    found = _of_lines(around, loops.lines(), source.dtype, target.dtype, mode, border_key, check_finite)
    blocks = len(loops.batch) * z.length * found.tiles * -(-y.length // found.outputs)
    return found.job.changed(rows_and_planes(loops, mode), blocks).program()


class _Found(NamedTuple):
    """A job of images with lines of one kind, for one block of rows."""

    job: program.Prepared
    outputs: int  # neighbouring rows that are computed together
    tiles: int


@for_neighbourhoods
def _of_lines(
    around: Neighbourhood,
    line: LineLoops,
    source: np.dtype,
    target: np.dtype,
    mode: str,
    border_key: int,
    check_finite: bool,
) -> _Found:
    """Cut the line into tiles, and lay out the lines.

    This does not depend on the number of rows and planes, so a new image of a known width takes less time.
    """
    loops, (z, y, x, channels, *_) = line.loops(), line
    integer, size = kind(source), source.itemsize
    turned = int(source.kind == "f" and not check_finite)
    compared = source if check_finite else integer
    prepared = network_for(around, size, channels)
    assert prepared is not None
    network, straight, count = prepared.network, prepared.straight, prepared.lines
    outputs = len(network.results)
    job = Job(RANK_JOB, "n_steps", "restore", "steps")
    set_geometry(job, loops, source, target, mode)
    job["window_z"], job["window_y"], job["span_x"] = z.taps, y.taps, x.taps
    job["size"], job["border_key"] = size, border_key
    job["outputs"], job["depth"] = outputs, y.taps + outputs - 1
    cut = tiles(x.length, -(-x.length * channels // max(_LONGEST, 4 * x.taps * channels)))
    narrow, wide = (n * channels for n in extent(cut))
    reach, lanes = (x.taps - 1) * channels, BYTES // size
    if prepared.steps is None:
        step, where = BYTES // REGISTERS, (z.taps * y.taps, x.taps, around.rank)
        compare = unrolled_network.rank_flow if prepared.flows else unrolled_network.rank_window
        job["compare"] = compare.address(compared, turned, *where)
    else:
        job["steps"], job["n_steps"], step = prepared.steps, len(prepared.steps), BYTES
        job["compare"] = ordered_keys.compare.address(compared)
    # The widest steps use whole vectors. What they compute beyond the tile belongs to its last outputs.
    vectors = max(_LINES // count // step, min(_FEWEST, _MORE_LINES // count // step))
    tile = min(max(vectors, 1 + 2 * reach * size // step) * step // size - reach, wide)
    tile = wide if prepared.flows else -(-wide // -(-wide // tile))
    direct = bool(straight and job["target_packed"] and min(tile, narrow) * size >= step)
    job["tile"], job["direct"], job["n_lines"] = tile, direct, count
    job["least"] = step if straight else 0
    job["tiles"], job["n_tiles"] = cut, len(cut) - 1
    how = ordered_keys.CHECKED if check_finite else ordered_keys.TURNED if turned else ordered_keys.INTEGERS
    job["fetch"] = ordered_keys.fetch_keys.address(integer, how)
    if turned and not straight:
        job["restore"] = ordered_keys.restore.address(integer)
    job["place"] = lines.place.address(integer, integer)
    job["pitch"] = pitch((wide + reach + 2 * lanes) * size)
    job["line_step"] = pitch((tile + reach + 2 * lanes) * size)
    depth = z.taps * job["depth"]
    sizes = {
        "window": depth * job["pitch"],
        "lines": (count - depth - outputs) * job["line_step"],
        "result": 0 if direct else outputs * job["pitch"],
        "spare": 0 if job["target_packed"] else (wide + lanes) * size,
        "at": 8 * count,
        "flag": 8,
    }
    workspace = layout_workspace(job, sizes)
    made = job.prepared(
        slide_rank,
        lines=1,
        work=wide * (prepared.computed * size // 4 + 4 * outputs),
        rows=y.taps,
        workspace=workspace,
        check_finite=check_finite,
    )
    return _Found(made, outputs, len(cut) - 1)
