"""Full kernels of many rows by Winograd's short sums: which sums there are, and their program."""

import functools
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._core import schedule
from imfilter._core.geometry import Loops, Part, Side
from imfilter._core.operators import Operator, Taps
from imfilter._core.program import Program, Settings, describe, hold, pitch, reserve
from imfilter._kernels import fir, lines
from imfilter._kernels.simd import BYTES
from imfilter._kernels.slide_winograd import SUM, WINOGRAD_JOB, slide_winograd

#: How often rows are halved, by the least rows of a kernel for which it is a gain: once took 21x21 float32
#: from 13.3 to 12.1 ms, twice 31x31 from 36 to 26, three times 63x63 from 107 to 61 (540 rows of 1920, one
#: thread, Cascade Lake); 15x15 gained nothing by it.
_HALVINGS = ((40, 3), (25, 2), (20, 1))
#: Columns from which on it is one.
_COLUMNS = 5
#: What the window of lines may take of the second-level cache, in bytes.
_WINDOW = 512 * 1024
#: The shortest line that is worth its overhang and the work per line.
_SHORTEST = 256


#: What is further from zero could overflow where samples are subtracted from each other.
_LARGEST = 1e30


def fits(operator: Operator, cval: float) -> bool:
    """Tell whether this is for a kernel: of two axes, large and full."""
    kernel = operator.dense
    if kernel is None or kernel.ndim != 2 or not abs(cval) < _LARGEST:
        return False
    return halvings(len(kernel)) > 0 and kernel.shape[1] >= _COLUMNS and bool(kernel.all())


def halvings(rows: int) -> int:
    """Return how often the rows of a kernel are halved."""
    return next((times for least, times in _HALVINGS if rows >= least), 0)


def taps(operator: Operator) -> float:
    """Return how many taps all sums have together, for each output."""
    rows, columns = operator.shape
    times = halvings(rows)
    return -(-rows // 2**times) * columns * 1.5**times


class _Sum(NamedTuple):
    """A sum over some rows of a layer; see `imfilter._kernels.slide_winograd`."""

    layer: int
    start: int
    weights: Taps

    def split(self, step: int) -> tuple["_Sum", "_Sum", "_Sum"]:
        """Return the sums over rows `step` apart, half as many, of which two outputs are made."""
        even, odd = self.weights[::2], self.weights[1::2]
        return (
            _Sum(self.layer, self.start + step, even + odd),
            _Sum(self.layer + step, self.start, even),
            _Sum(self.layer + step, self.start + step, odd),
        )


#: For each output of a group which sums it adds, and their signs.
_Mixes = list[list[tuple[int, float]]]


def _halved(whole: _Sum, step: int, levels: int) -> tuple[list[_Sum], _Mixes]:
    """Return the sums that stand for `whole`, over rows `step` apart, after so many halvings."""
    if levels == 0:
        return [whole], [[(0, 1.0)]]
    sums: list[_Sum] = []
    mixes: list[_Mixes] = []
    for half in whole.split(step):
        own, mixed = _halved(half, 2 * step, levels - 1)
        mixes.append([[(len(sums) + i, sign) for i, sign in row] for row in mixed])
        sums += own
    both, first, second = mixes
    rows: _Mixes = []
    for a, b, c in zip(both, first, second, strict=True):
        rows += [a + b, a + [(i, -sign) for i, sign in c]]
    return sums, rows


def make(operator: Operator, settings: Settings, loops: Loops, source: Side, target: Side) -> Program:
    """Lay out the lines and the sums."""
    real, z, x = settings.real, loops.z, loops.x
    assert operator.dense is not None
    assert loops.y.axis is not None
    kernel = operator.dense if loops.y.axis == 0 else operator.dense.T
    times = max(1, halvings(len(kernel)))
    phases = 2**times
    more = -len(kernel) % phases  # rows of zeros, so that halves are equal
    y = loops.y._replace(taps=loops.y.taps + more, after=loops.y.after + more)
    sums, mixes = _halved(_Sum(0, 0, np.pad(kernel, ((0, more), (0, 0)))), 1, times)
    height = y.taps // phases
    outputs = min(height, schedule.ROWS)
    depth = y.taps + phases * outputs - 1
    tiles = _tiles(x, phases * depth + len(sums) * outputs, loops.channels, real)
    widest = int(np.diff(tiles).max())
    job = np.zeros(1, WINOGRAD_JOB)
    named = describe(job, loops._replace(y=y), source, target, settings.mode) | {
        "tiles": tiles,
        "columns": np.arange(x.taps) * loops.channels * real.itemsize,
        "zero": np.zeros(1, np.int64),
        "mixes": np.array([[i for i, _ in row] for row in mixes]),
        "signs": np.array([[sign for _, sign in row] for row in mixes], real),
    }
    weights = np.ascontiguousarray([s.weights for s in sums], real)
    table = np.zeros(len(sums), SUM)
    table["layer"], table["start"] = [s.layer for s in sums], [s.start for s in sums]
    table["weights"] = weights.ctypes.data + np.arange(len(sums)) * weights[0].nbytes
    named["sums"] = table
    job["window_y"], job["span_x"], job["size"] = y.taps, x.span, real.itemsize
    job["phases"], job["outputs"], job["height"] = phases, outputs, height
    job["group"] = schedule.group(height, x.taps) // x.taps
    job["depth"], job["n_layers"], job["n_sums"], job["n_columns"] = depth, phases, len(sums), x.taps
    job["straight"] = job["target_packed"] and target.dtype == real
    with np.errstate(over="ignore"):  # what float32 cannot hold is infinite, as in the image
        job["bias"], job["cval"] = real.type(settings.bias), real.type(settings.cval)
    job["watched"], job["n_tiles"] = source.dtype.kind == "f", len(tiles) - 1
    held = hold(job, named)
    job["fetch"] = lines.fetch.address(real, source.dtype)
    job["subtract"] = lines.subtract.address(real)
    job["sum_rows"] = fir.sum_rows.address(real, outputs, 0)
    job["mix"] = fir.sum_rows.address(real, 1, 1)
    job["place"] = lines.place.address(real, target.dtype)
    line = (widest + x.span) * loops.channels + BYTES // real.itemsize
    step = pitch(line * real.itemsize)
    job["pitch"] = step
    sizes = {
        "window": phases * depth * step,
        "parts": len(sums) * outputs * step,
        "result": step,
        "spare": 0 if job["target_packed"] else widest * loops.channels * target.dtype.itemsize,
        "spill": (BYTES + 8) * outputs,
        "at": 8 * (height + outputs),
        "at_to": 8 * outputs,
        "flag": 8,
    }
    workspace = reserve(job, sizes)
    rows = phases * outputs
    units = len(loops.batch) * z.length * -(-y.length // rows) * (len(tiles) - 1)
    return Program(
        functools.partial(slide_winograd.entry(), job.ctypes.data),
        (*held, weights),
        lines=units,
        work=units * rows * widest * loops.channels * weights.size // phases,
        rows=-(-y.taps // rows),
        workspace=workspace,
        flag=int(job["flag"][0]) if job["watched"] else -1,
    )


def _tiles(x: Part, lines: int, channels: int, real: np.dtype) -> npt.NDArray[np.int64]:
    """Cut a line so that so many fit the cache; return where tiles begin, and the last one's end."""
    fits = _WINDOW // (lines * channels * real.itemsize) - x.span
    count = -(-x.length // max(fits, _SHORTEST // channels, x.span))
    return np.arange(count + 1, dtype=np.int64) * x.length // count
