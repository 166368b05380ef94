"""Ranks in blocks, by counting bits or values, over images of one shape and layout: cost and program."""

import functools
import math

import numpy as np

from imfilter._core.geometry import Loops, Side
from imfilter._core.neighbourhood import Neighbourhood, kind
from imfilter._core.program import Program, describe, hold, reserve
from imfilter._kernels import bitset, histogram
from imfilter._kernels.slide_blocks import BLOCK_JOB, slide_blocks

#: Nanoseconds for bits: a sample that enters or leaves, a sample of the image, and a byte of it to sort; for
#: histograms, a sample of the image, and one that enters a column or leaves it (Cascade Lake).
_MOVE, _BITS, _SORT = 1.6, 35.0, 5.0
_HISTOGRAM, _COLUMN = 36.0, 3.0
#: Outputs of a block along each axis, at least, by how many axes the neighbourhood has; and of one with
#: histograms, along rows and columns.
_BLOCK = {1: 2048, 2: 48, 3: 12}
_ROWS, _COLUMNS = 64, 64
#: What histograms count.
_MOST = 2**16 - 1


def counts(around: Neighbourhood, dtype: np.dtype) -> bool:
    """Tell whether there are histograms for a neighbourhood."""
    return dtype.itemsize == 1 and around.full and around.taps <= _MOST


def cost(around: Neighbourhood, itemsize: int, *, values: bool) -> float:
    """Return how many nanoseconds a sample takes on one core, by counted values or bits."""
    planes, _, columns = around.inside.shape
    if values:
        return _HISTOGRAM + 2 * planes * _COLUMN * (1 + columns / _COLUMNS)
    return 2 * len(around.edges()[0]) * _MOVE + _BITS + _SORT * itemsize


def make(
    around: Neighbourhood,
    loops: Loops,
    source: Side,
    target: Side,
    mode: str,
    beyond: int,
    *,
    values: bool,
) -> Program:
    """Lay out the blocks. `beyond` is the integer that stands for the border constant."""
    if loops.x.taps == 1:  # of an axis that is not filtered: the window moves along another
        other = "y" if loops.y.taps > 1 else "z"
        loops = loops._replace(**{other: loops.x, "x": getattr(loops, other)})
        around = around._replace(inside=around.inside.swapaxes(2, "zyx".index(other)))
    parts, integer = loops[:3], kind(source.dtype)
    floating = int(source.dtype.kind == "f")
    job = np.zeros(1, BLOCK_JOB)
    named = describe(job, loops, source, target, mode)
    job["columns"], job["rank"], job["beyond"] = loops.x.length, around.rank, beyond
    if values:
        least = [1, max(_ROWS, 2 * loops.y.taps), max(_COLUMNS, loops.x.taps)]
    else:
        least = [max(_BLOCK[sum(p.taps > 1 for p in parts) or 1], p.taps) for p in parts]
    blocks = [
        1 if p.taps == 1 and not (values and p is loops.y) else min(p.length, n)
        for p, n in zip(parts, least, strict=True)
    ]
    padded = [b + p.taps - 1 for b, p in zip(blocks, parts, strict=True)]
    for name, block, wide in zip("zyx", blocks, padded, strict=True):
        job[f"block_{name}"], job[f"padded_{name}"] = block, wide
    steps = np.array([padded[1] * padded[2], padded[2], 1])
    leaving, entering = around.edges()
    named["taps"] = np.argwhere(around.inside) @ steps
    named["leaving"], named["entering"] = leaving @ steps, entering @ steps
    job["n_taps"], job["n_moved"] = len(named["taps"]), len(leaving)
    held = hold(job, named)
    count = math.prod(padded)
    sizes = {"keys": count * integer.itemsize}
    if values:
        job["kernel"] = histogram.count_block.address(integer, floating)
        sizes |= {"tables": padded[2] * histogram.TABLE, "window": histogram.TABLE}
    else:
        job["kernel"] = bitset.rank_block.address(integer, floating)
        sizes |= {"order": 4 * count, "other": 4 * count, "ranks": 4 * count}
        sizes |= {"digits": 4 * bitset.DIGITS, "bits": 8 * (-(-count // 64) + 1)}
    workspace = reserve(job, sizes)
    units = len(loops.batch) * loops.channels
    units *= math.prod(-(-p.length // b) for p, b in zip(parts, blocks, strict=True))
    return Program(
        functools.partial(slide_blocks.entry(), job.ctypes.data),
        held,
        lines=units,
        work=units * math.prod(blocks) * (20 * (1 if values else len(leaving)) + 100),
        rows=1,
        workspace=workspace,
    )
