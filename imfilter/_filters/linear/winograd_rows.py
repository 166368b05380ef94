"""The program of short sums for full kernels of many rows, for images of one shape and layout."""

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes
from imfilter._base.loops import LoopAxis, Placement, tiles
from imfilter._base.program import Job, Program, Settings, layout_workspace, pitch, set_geometry
from imfilter._filters.linear import tap_runs, winograd_sums
from imfilter._filters.linear.kernels import winograd as short
from imfilter._filters.linear.kernels.winograd_rows import SUM, WINOGRAD_JOB, slide_winograd
from imfilter._filters.linear.operators import Operator
from imfilter._simd import lines
from imfilter._simd.registers import BYTES

#: Largest part of the second-level cache for the window of lines, in bytes.
_WINDOW = 512 * 1024
#: Shortest tile of a line. The overhang and the work per line cost too much for shorter ones.
_SHORTEST = 256


def make(operator: Operator, settings: Settings, place: Placement) -> Program:
    """Lay out the lines and the sums."""
    loops, source, target = place.loops, place.source, place.target
    real, (z, y, x) = settings.real, loops[:3]
    assert operator.dense is not None
    assert y.axis is not None
    kernel = operator.dense if y.axis == 0 else operator.dense.T
    times = max(1, winograd_sums.halvings(kernel.shape))
    phases = 2**times
    rest = y.taps % phases  # rows that are left over and summed directly
    sums, mixes = winograd_sums.halved(kernel[: y.taps - rest], times)
    last = np.ascontiguousarray(kernel[y.taps - rest :], real)
    height = len(sums[0].weights)
    outputs, rows_per_sum = min(height, tap_runs.ROWS), tap_runs.ROWS
    depth = y.taps + phases * outputs - 1
    cut = _tiles(x, phases * depth + len(sums) * outputs, loops.channels, real)
    widest = int(np.diff(cut).max())
    job = Job(WINOGRAD_JOB)
    set_geometry(job, loops, source.dtype, target.dtype, settings.mode)
    job |= {
        "tiles": cut,
        "mixes": np.array([[i for i, _ in row] for row in mixes]),
        "signs": np.array([[sign for _, sign in row] for row in mixes] * (outputs + rows_per_sum), real),
    }
    weights, addresses = winograd_sums.weighed(sums, real)
    table = np.zeros(len(sums), SUM)
    table["layer"], table["start"] = [s.layer for s in sums], [s.start for s in sums]
    table["weights"] = addresses
    job["sums"] = table
    job["window_y"], job["span_x"], job["size"] = y.taps, x.span, real.itemsize
    job["phases"], job["outputs"], job["height"] = phases, outputs, height
    job["rest"], job["rows_per_sum"] = rest, rows_per_sum
    job["depth"], job["n_layers"], job["n_sums"], job["n_columns"] = depth, phases, len(sums), x.taps
    job["straight"] = job["target_packed"] and target.dtype == real
    job["bias"], job["cval"] = dtypes.narrowed(settings.bias, real), dtypes.narrowed(settings.cval, real)
    job["check_finite"], job["n_tiles"] = source.dtype.kind == "f", len(cut) - 1
    job["fetch"] = lines.fetch.address(real, source.dtype)
    job["subtract"] = short.subtract.address(real)
    job["sum"] = short.sum_lines.address(real, outputs, height)
    job["weights"] = last
    job["finish"] = short.sum_lines.address(real, rows_per_sum, rest)
    job["place"] = lines.place.address(real, target.dtype)
    line = (widest + x.span) * loops.channels + BYTES // real.itemsize
    step = pitch(line * real.itemsize)
    job["pitch"] = step
    sizes = {
        "window": phases * depth * step,
        "parts": len(sums) * outputs * step,
        "result": rows_per_sum * step,
        "spare": 0 if job["target_packed"] else widest * loops.channels * target.dtype.itemsize,
        "overhang": (BYTES + 8) * max(outputs, rows_per_sum),
        "at": 8 * max(height + outputs, rest + rows_per_sum),
        "at_to": 8 * max(outputs, rows_per_sum),
        "at_parts": 8 * rows_per_sum * phases,
        "flag": 8,
    }
    workspace = layout_workspace(job, sizes)
    rows = phases * outputs
    units = len(loops.batch) * z.length * -(-y.length // rows) * (len(cut) - 1)
    return job.program(
        slide_winograd,
        weights,
        last,
        lines=units,
        work=units * rows * widest * loops.channels * (weights.size // phases + last.size),
        rows=-(-y.taps // rows),
        workspace=workspace,
        check_finite=job["check_finite"],
    )


def _tiles(x: LoopAxis, lines: int, channels: int, real: np.dtype) -> npt.NDArray[np.int64]:
    """Cut a line so that so many lines fit the cache. Return where tiles begin, and the last one's end."""
    fits = _WINDOW // (lines * channels * real.itemsize) - x.span
    return tiles(x.length, -(-x.length // max(fits, _SHORTEST // channels, x.span)))
