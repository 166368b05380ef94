"""A call to the sliding window, made ready for images of one shape and layout, and kept for the next."""

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from imfilter._core import bands, border, schedule
from imfilter._core.operators import Operator, Taps
from imfilter._core.padding import Padding
from imfilter._kernels.simd import BYTES, LINE
from imfilter._kernels.slide import JOB, slide

#: What the window of lines may take of the second-level cache, in bytes; half of the usual 1 MB.
_WINDOW = 512 * 1024
#: The longest line computed at once, in elements. A signal has one line: it must be cut to be shared.
_LONGEST = 16384
#: The shortest that is worth its overhang and the work per line.
_SHORTEST = 256
#: A trailing batch axis at least this long is a better line than the filtered axis before it.
_WIDE_BATCH = 32
#: Multiply-adds below which one thread finishes before a second has started (40 us).
_SMALL = 1_000_000
#: Multiply-adds after which an interrupt should be heard: some tenths of a second.
_PATIENCE = 4_000_000_000


class Side(NamedTuple):
    """What a program depends on in the image or in the output: all but the address."""

    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: np.dtype

    @classmethod
    def of(cls, array: npt.NDArray) -> Self:
        """Return the side of `array`."""
        return cls(array.shape, array.strides, array.dtype)


class _Part(NamedTuple):
    """One of the loops z, y, x: strides in bytes, lengths, and the kernel's place in it."""

    source_step: int = 0
    target_step: int = 0
    samples: int = 1
    length: int = 1
    before: int = 0
    after: int = 0
    stride: int = 1
    dilation: int = 1
    taps: int = 1
    axis: int | None = None  # which of the filtered axes this is, if any

    @property
    def span(self) -> int:
        """Padded samples that one output needs."""
        return (self.taps - 1) * self.dilation + 1

    @classmethod
    def batch(cls, source: Side, target: Side, axis: int) -> Self:
        """Return the loop over an axis that is not filtered."""
        n = source.shape[axis]
        return cls(source.strides[axis], target.strides[axis], n, n)


@dataclass(frozen=True, eq=False)
class Program:
    """The arguments of `slide` `before` and `after` the addresses, and how much work they are."""

    before: tuple[object, ...]
    after: tuple[object, ...]
    lines: int
    work: int  # multiply-adds
    pieces: int  # of a band, between which an interrupt is heard
    workspace: int  # bytes for each piece

    def run(self, image: npt.NDArray, target: npt.NDArray, workers: int | None) -> None:
        """Filter `image` into `target`, which have the layouts that this program was made for."""
        addresses = image.__array_interface__["data"][0], target.__array_interface__["data"][0]
        arguments = (*self.before, *addresses, *self.after)

        def task(start: int, stop: int, hold: object = (image, target)) -> None:
            # `hold`: an address does not hold an array. The workspace is zeroed, for what lies behind a
            # line is computed with too, and a denormal there costs 100 cycles.
            slide(*arguments, np.zeros(self.workspace, np.uint8), start, stop)

        if self.work <= _SMALL:
            task(0, self.lines)
            return
        bands.run(task, self.lines, workers, self.pieces)


def make(
    operator: Operator,
    algorithm: str,
    real: np.dtype,
    source: Side,
    target: Side,
    *,
    axes: tuple[int, ...],
    paddings: tuple[Padding, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
    mode: str,
    bias: float,
    cval: float,
) -> Program | None:
    """Give the axes their parts, cut the line into tiles, and lay out the taps.

    Return None if the image must be contiguous and is not.

    The last filtered axis is the line, x, with what follows it interleaved as channels; those before
    it are rows, y, and planes, z. At most one axis follows the last filtered one.
    """
    order = sorted(range(len(axes)), key=axes.__getitem__)
    last = axes[order[-1]]
    parts = [
        _Part(
            *(source.strides[axes[i]], target.strides[axes[i]], source.shape[axes[i]], paddings[i].length),
            *(paddings[i].before, paddings[i].after, stride[i], dilation[i], operator.shape[i], i),
        )
        for i in order
    ]
    leading = [a for a in range(last) if a not in axes]
    channels, steps = 1, (0, 0)
    if len(source.shape) > last + 1:
        if source.shape[-1] >= _WIDE_BATCH and len(parts) < 3:
            parts.append(_Part.batch(source, target, last + 1))
        else:
            channels, steps = source.shape[-1], (source.strides[-1], target.strides[-1])
    while len(parts) < 3:
        parts.insert(0, _Part.batch(source, target, leading.pop()) if leading else _Part())
    z, y, x = parts
    with np.errstate(over="ignore"):  # as for the bias
        tables = _schedule(operator, algorithm, parts, real)
    packed = _packed(x.source_step, steps[0], channels, source.dtype.itemsize)
    if len(tables.weights_z) and not packed:
        return None
    widest, tiles = _tiles(x, y.span, tables, channels, real)
    slack = BYTES // real.itemsize  # what a last vector reads beyond a line
    phase = (widest + (x.span - 1) // x.stride) * channels + slack
    tables = schedule.placed(tables, x.stride, phase, channels)
    job = np.zeros(1, JOB)
    for name, part in zip("zyx", parts, strict=True):
        job[f"step_{name}"], job[f"before_{name}"], job[f"samples_{name}"] = (
            *(part.stride, part.before, part.samples),
        )
        job[f"source_{name}"], job[f"target_{name}"] = part.source_step, part.target_step
    job["planes"], job["rows"], job["channels"] = z.length, y.length, channels
    job["window_y"], job["span_x"], job["widest"] = y.span, x.span, widest
    job["paired"], job["single"], job["double"] = tables.paired, tables.single, tables.double
    job["source_c"], job["target_c"] = steps
    job["phases"], job["source_packed"] = min(x.stride, x.span), packed
    job["phase"] = phase
    job["target_packed"] = _packed(x.target_step, steps[1], channels, target.dtype.itemsize)
    workspace = _part_workspace(job[0], tables, x.samples * channels, source.dtype, target.dtype, real, slack)
    borders = [border.outside(p.samples, p.before, p.after, mode) for p in parts]
    batch = _offsets(source, target, leading)
    lines = len(batch) * z.length * y.length * (len(tiles) - 1)
    taps = len(tables.weights_z) + len(tables.weights_x) + len(tables.weights) + 8
    work = lines * widest * channels * taps
    with np.errstate(over="ignore"):  # what float32 cannot hold is infinite, as in the image
        scalars = real.type(bias), real.type(cval)
    return Program(
        (np.empty(0, real), np.empty(0, source.dtype), np.empty(0, target.dtype)),
        (job, batch, *borders, tiles, *tables.arguments(), *scalars),
        lines,
        work,
        max(1, min(work // _PATIENCE, lines // (8 * y.span))),
        workspace,
    )


def _part_workspace(
    job: np.void,
    tables: schedule.Schedule,
    line: int,
    source: np.dtype,
    target: np.dtype,
    real: np.dtype,
    slack: int,
) -> int:
    """Say in `job` where in the workspace everything lies, and return how large it is.

    `line` is a whole source line, in elements.
    """
    across, prepared = len(tables.weights_z), len(tables.layers)
    padded = int(job["phase"] * job["phases"])
    job["pitch"] = job["widest"] * job["channels"] + slack if prepared else padded
    layers = prepared or len(tables.planes)
    depth = int(job["window_y"]) + tables.paired
    sizes = {
        "window": layers * depth * int(job["pitch"]) * real.itemsize,
        "scratch": padded * real.itemsize if prepared else 0,
        "raw": (line + slack) * real.itemsize if across else 0,
        "zeros": (line + slack) * source.itemsize if across else 0,
        "shelf": across * slack * source.itemsize if line < slack else 0,
        "result": 0 if job["target_packed"] else 2 * int(job["widest"] * job["channels"]) * target.itemsize,
        "spill": slack * max(real.itemsize, target.itemsize),
        "at_z": 8 * across,
        "at_x": 8 * len(tables.columns),
        "at": 16 * len(tables.taps),
    }
    total = 0
    for name, size in sizes.items():
        job[name] = total
        total += -(-size // LINE) * LINE
    return total + LINE


def _packed(step_x: int, step_c: int, channels: int, itemsize: int) -> bool:
    """Tell whether the elements of a line lie side by side."""
    return step_x == channels * itemsize and (channels == 1 or step_c == itemsize)


def _schedule(operator: Operator, algorithm: str, parts: list[_Part], real: np.dtype) -> schedule.Schedule:
    """Return the tap tables of the algorithm, with the kernel's axes in their parts."""
    z, y, x = parts
    dilation = (z.dilation, y.dilation, x.dilation)
    one = np.ones(1)
    pair = y.stride == 1 and y.dilation == 1 and y.length > 1
    if algorithm != "direct":
        terms = [tuple(one if p.axis is None else term[p.axis] for p in parts) for term in operator.terms]
        whole = [(a, b, c) for a, b, c in terms if a.any() and b.any() and c.any()]
        if whole:
            return schedule.separable(whole, operator.norm, dilation, pair, real)
    where = [p.axis for p in parts if p.axis is not None]
    extents = tuple(p.taps for p in parts)
    components: list[Taps] = [c.transpose(where).reshape(extents) for c in operator.components()]
    return schedule.direct(components, operator.norm, dilation, pair, real)


def _tiles(
    x: _Part, depth: int, tables: schedule.Schedule, channels: int, real: np.dtype
) -> tuple[int, npt.NDArray[np.int64]]:
    """Cut the line so that the window fits the cache; return the widest tile and all their edges."""
    if len(tables.weights_z):  # sums over the planes are of whole lines
        return x.length, np.array([0, x.length])
    lines = depth * (len(tables.layers) or len(tables.planes)) + 1
    fits = _WINDOW // (lines * channels * real.itemsize) // x.stride - x.span // x.stride
    # A tile shorter than the kernel would spend its time on its overhang.
    least = max(_SHORTEST // channels, x.span // x.stride, 1)
    count = -(-x.length // max(least, min(fits, _LONGEST // channels)))
    edges = np.arange(count + 1, dtype=np.int64) * x.length // count
    return int(np.diff(edges).max()), edges


def _offsets(source: Side, target: Side, axes: list[int]) -> npt.NDArray[np.int64]:
    """Return where each image of the batch and its output begin, in bytes from the first."""
    total = np.zeros((1, 2), np.int64)
    for axis in axes:
        steps = np.arange(source.shape[axis])[:, None] * (source.strides[axis], target.strides[axis])
        total = (total[:, None] + steps).reshape(-1, 2)
    return total
