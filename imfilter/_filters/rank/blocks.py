"""Ranks in blocks, by histograms or by bit counts, for images of one shape and layout: cost and program."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base.loops import ArrayLayout, Loops
from imfilter._base.program import Job, Program, layout_workspace, set_geometry
from imfilter._filters.rank.footprint import Neighbourhood, for_neighbourhoods, kind
from imfilter._filters.rank.kernels import bitset, histogram, ordered_keys, radix_sort
from imfilter._filters.rank.kernels.blocks import BLOCK_JOB, slide_blocks
from imfilter._simd.registers import BYTES

#: Smallest number of outputs of a block along each axis. For bits, by the number of axes of the
#: neighbourhood. For histograms of values, for planes, rows and columns: 15x15 uint8 took 25.2 ns a sample
#: with 64 columns, 22.1 with 192. For histograms of places, samples of a block: as many as one vector counts,
#: if the window permits it. 15x15 float32 took 52 ns with 62x62 samples, 48 with 127x127, 70 with 160x160.
_BLOCK = {1: 2048, 2: 48, 3: 12}
_VALUES = 1, 128, 192
_PLACES = {2: 128, 3: 25}
#: Largest number of samples of a column that histograms count.
_MOST = 2**15 - 1
#: Nanoseconds (Cascade Lake). First line: to sort one byte of a sample; for bits, for a sample that enters or
#: leaves, and for an output. Second line, for histograms: for a sample that enters a column and one that
#: leaves it, for a vector of counts of the window, and for an output among places.
_SORT, _MOVE, _BITS = 3.0, 1.6, 25.0
_COLUMN, _WINDOW, _PLACE = 5.0, 10.0, 8.0
#: Multiply-adds in a nanosecond. Programs measure their work in multiply-adds.
_WORK = 37
#: Kernels and tables of a job that only some algorithms have.
_OPTIONAL = (
    *("below", "bits", "digits", "entering", "flip", "found", "leaving", "n_moved", "n_taps", "order"),
    *("other", "ranks", "sort", "steps", "table", "tables", "taps", "values", "window", "words"),
)


class _Tables(NamedTuple):
    """The types of counts in columns and in windows, and the size of the histogram of a column in bytes."""

    counted: np.dtype
    summed: np.dtype
    size: int

    @classmethod
    def of(cls, around: Neighbourhood, bins: int) -> "_Tables":
        """Return the tables with `bins` bins for the window of a neighbourhood."""
        summed = next(t for t in map(np.dtype, "BHI") if around.taps <= np.iinfo(t).max)
        # The difference of two columns is added, with its sign, to sums that have more bits.
        byte = summed.itemsize == 1 or _column(around) <= np.iinfo(np.int8).max
        counted = np.dtype(np.uint8 if byte else np.uint16)
        return cls(counted, summed, -(-bins * counted.itemsize // BYTES) * BYTES)

    @property
    def lanes(self) -> int:
        """The number of bins that fit."""
        return self.size // self.counted.itemsize


def _column(around: Neighbourhood) -> int:
    """Return the number of samples of one column of a box."""
    planes, rows, _ = around.inside.shape
    return planes * rows


def _moving(taps: tuple[int, ...]) -> int:
    """Return the axis along which a window moves. This is the last axis, unless it is not filtered."""
    return max((axis for axis, t in enumerate(taps) if t > 1), default=2)


def _turned(around: Neighbourhood) -> Neighbourhood:
    """Return the neighbourhood with its axis of movement as the last axis."""
    moving = _moving(around.inside.shape)
    return around if moving == 2 else Neighbourhood(around.inside.swapaxes(2, moving), around.rank)


def counts(around: Neighbourhood, itemsize: int) -> bool:
    """Tell whether histograms can count a neighbourhood: it must be a box with long enough columns."""
    around = _turned(around)
    return around.full and (1 if itemsize == 1 else 2) <= _column(around) <= _MOST


def _least(taps: tuple[int, ...], itemsize: int, *, counted: bool) -> list[int]:
    """Return the smallest number of outputs of a block along each axis, if the image has as many."""
    axes = sum(t > 1 for t in taps)
    if counted and itemsize == 1:
        return [n if n == 1 else max(n, t) for n, t in zip(_VALUES, taps, strict=True)]
    fitting = [_PLACES[axes] - t + 1 if counted else _BLOCK[axes] for t in taps]
    return [1 if t == 1 else max(n, t) for n, t in zip(fitting, taps, strict=True)]


@for_neighbourhoods
def cost(around: Neighbourhood, itemsize: int, *, counted: bool) -> float:
    """Return the nanoseconds per sample on one core, by histograms or by bit counts."""
    around = _turned(around)
    taps = around.inside.shape
    if not counted:
        return 2 * len(around.edges()[0]) * _MOVE + _BITS + _SORT * itemsize
    blocks = _least(taps, itemsize, counted=True)
    _, rows, columns = over = [(b + t - 1) / b for b, t in zip(blocks, taps, strict=True)]
    samples = math.prod(b * o for b, o in zip(blocks, over, strict=True))
    tables = _Tables.of(around, 256 if itemsize == 1 else math.ceil(samples / histogram.WORD))
    entering = taps[0] * rows * columns  # samples that enter, and leave, for one output
    wide = _WINDOW * tables.summed.itemsize / tables.counted.itemsize
    each = tables.size / BYTES * (wide + _COLUMN * entering)
    if itemsize == 1:
        return each
    return each + _SORT * itemsize * math.prod(over) + 2 * _MOVE * entering + _PLACE


def make(
    around: Neighbourhood,
    loops: Loops,
    source: ArrayLayout,
    target: ArrayLayout,
    mode: str,
    border_key: int,
    *,
    counted: bool,
) -> Program:
    """Lay out the blocks, for histograms or for bits. `border_key` is the key of the border constant."""
    other = "zyx"[_moving(around.inside.shape)]
    loops, around = loops._replace(**{other: loops.x, "x": getattr(loops, other)}), _turned(around)
    parts, integer = loops[:3], kind(source.dtype)
    how = ordered_keys.TURNED if source.dtype.kind == "f" else ordered_keys.INTEGERS
    job = Job(BLOCK_JOB, *_OPTIONAL)
    set_geometry(job, loops, source.dtype, target.dtype, mode)
    job["columns"], job["rank"], job["border_key"] = loops.x.length, around.rank, border_key
    job["size"], job["fetch"] = integer.itemsize, ordered_keys.fetch_keys.address(integer, how)
    least = _least(around.inside.shape, integer.itemsize, counted=counted)
    # Blocks of equal size divide an axis evenly and overlap little.
    blocks = [-(-p.length // -(-p.length // n)) for p, n in zip(parts, least, strict=True)]
    padded = [b + p.taps - 1 for b, p in zip(blocks, parts, strict=True)]
    for name, block, wide in zip("zyx", blocks, padded, strict=True):
        job[f"block_{name}"], job[f"padded_{name}"] = block, wide
    count = math.prod(padded)
    sizes = {"keys": count * integer.itemsize, "flag": 8}
    sorts = not counted or integer.itemsize > 1
    if sorts:
        job["sort"] = radix_sort.sort.address(integer, how)
        sizes |= {"order": 4 * count, "other": 4 * count, "ranks": 4 * count}
        sizes |= {"digits": 4 * radix_sort.DIGITS, "values": count * integer.itemsize}
    if counted:
        tables = _Tables.of(around, math.ceil(count / histogram.WORD) if sorts else 256)
        what = histogram.PLACES if sorts else histogram.VALUES
        job["find"] = histogram.rank_counts.address(tables.counted, tables.summed, what)
        job["table"], job["flip"] = tables.size, 128 if integer.kind == "i" else 0
        job["steps"] = np.repeat(np.array([0, 1], tables.counted), tables.lanes)
        sizes |= {"tables": (padded[2] + loops.x.taps) * tables.size, "found": 4 * blocks[2]}
        if sorts:
            sizes |= {"words": 8 * tables.lanes * padded[2], "below": 4 * blocks[2]}
            sizes["window"] = BYTES // tables.counted.itemsize * tables.summed.itemsize
    else:
        job["find"] = bitset.rank_bits.address()
        job |= _moves(around, padded)
        job["n_taps"], job["n_moved"] = len(job["taps"]), len(job["leaving"])
        sizes["bits"] = 8 * (-(-count // 64) + 1)
    workspace = layout_workspace(job, sizes)
    units = len(loops.batch) * loops.channels
    units *= math.prod(-(-p.length // b) for p, b in zip(parts, blocks, strict=True))
    each = cost(around, integer.itemsize, counted=counted)
    return job.program(
        slide_blocks,
        lines=units,
        work=int(units * math.prod(blocks) * each * _WORK),
        rows=1,
        workspace=workspace,
    )


def _moves(around: Neighbourhood, padded: list[int]) -> dict[str, npt.NDArray]:
    """Return the offsets, in a block, of the first window and of the samples that leave and enter it."""
    steps = np.array([padded[1] * padded[2], padded[2], 1])
    leaving, entering = around.edges()
    return {
        "taps": np.argwhere(around.inside) @ steps,
        "leaving": leaving @ steps,
        "entering": entering @ steps,
    }
