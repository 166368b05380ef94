"""A call to the sliding window, made ready for images of one shape and layout, and kept for the next."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from imfilter._core import bands, border, schedule
from imfilter._core.layout import Deal, part_workspace
from imfilter._core.operators import Operator, Taps
from imfilter._core.padding import Padding
from imfilter._kernels import deal, fir, lines, running
from imfilter._kernels.job import ALONG, BLOCK_ALONG, BY_ROW, BY_TAP, JOB, RUNNING
from imfilter._kernels.simd import BYTES, LINE
from imfilter._kernels.slide import slide

#: What the window of lines may take of the second-level cache, in bytes; half of the usual 1 MB.
_WINDOW = 512 * 1024
#: The longest line computed at once, in elements. A signal has one line: it must be cut to be shared.
_LONGEST = 16384
#: The shortest that is worth its overhang and the work per line.
_SHORTEST = 256
#: Rows of a running sum that one thread computes: enough to pay for beginning it, at least.
_STRETCH = 64
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
    """The job of `slide`, with the tables that it names by address, and how much work it is."""

    call: Callable[..., object]  # `slide` with its job
    tables: tuple[npt.NDArray, ...]  # which the job names by address, and itself
    lines: int
    work: int  # multiply-adds
    pieces: int  # of a band, between which an interrupt is heard
    workspace: int  # bytes for each piece
    flags: Callable[[npt.NDArray], npt.NDArray] | None  # where it has those of running sums, if any

    def run(self, image: npt.NDArray, target: npt.NDArray, workers: int | None) -> bool:
        """Filter `image` into `target`, which have the layouts that this program was made for.

        Return whether it went well: running sums fail where not all of them are finite.
        """
        source, sink, finite = _address(image), _address(target), [True]

        def task(start: int, stop: int, hold: object = (image, target)) -> None:
            # `hold`: an address does not hold an array. The workspace is zeroed, for what lies behind a
            # line is computed with too, and a denormal there costs 100 cycles.
            workspace = np.zeros(self.workspace, np.uint8)
            self.call(source, sink, _address(workspace), start, stop)
            if self.flags is not None and np.isnan(self.flags(workspace)).any():
                finite[0] = False

        if self.work <= _SMALL:
            task(0, self.lines)
        else:
            bands.run(task, self.lines, workers, self.pieces)
        return finite[0]


def _address(array: npt.NDArray) -> int:
    """Return the address of an array that is not structured, for which this takes 300 us."""
    address: int = array.__array_interface__["data"][0]
    return address


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
    sums: np.dtype,
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
    if tables.across and not packed:
        return None
    tiles = _tiles(x, y.span, tables, channels, real)
    deal = Deal.of(tables, channels, int(np.diff(tiles).max()), x.span, x.stride, real)
    tables = schedule.placed(tables, deal.element, deal.neighbour, real.itemsize)
    final, block = _final(tables, deal, y)
    job = np.zeros(1, JOB)
    for name, part in zip("zyx", parts, strict=True):
        job[f"step_{name}"], job[f"before_{name}"], job[f"samples_{name}"] = (
            *(part.stride, part.before, part.samples),
        )
        job[f"source_{name}"], job[f"target_{name}"] = part.source_step, part.target_step
    job["planes"], job["rows"], job["channels"] = z.length, y.length, channels
    job["window_y"], job["span_x"] = y.span, x.span
    job["width"], job["size"] = source.dtype.itemsize, real.itemsize
    job["final"], job["block"] = final, block
    if tables.alike:
        job["group"] = schedule.group(y.taps, tables.alike) // (tables.alike if final == BY_ROW else 1)
    running = final == RUNNING
    job["stretch"] = stretch = max(_STRETCH, 2 * y.taps) if running else block
    job["depth"] = y.span + (1 if running else block - 1)
    job["scale"] = tables.scale
    job["single"], job["double"] = tables.single, tables.double
    job["stop"], job["norm"] = len(tables.runs), tables.norm
    job["source_c"], job["target_c"] = steps
    job["source_packed"] = packed
    job["target_packed"] = _packed(x.target_step, steps[1], channels, target.dtype.itemsize)
    job["straight"] = job["target_packed"] and target.dtype == real and deal.exact(tiles)
    if running and deal.lanes == 1:
        job["straight"] = False
    with np.errstate(over="ignore"):  # what float32 cannot hold is infinite, as in the image
        job["bias"], job["cval"] = real.type(bias), real.type(cval)
    batch = _offsets(source, target, leading)
    named = {
        "batch": batch,
        **{
            f"border_{name}": border.outside(p.samples, p.before, p.after, mode)
            for name, p in zip("zyx", parts, strict=True)
        },
        "tiles": tiles,
        "zero": np.zeros(1, np.int64),
        **tables.named(cval),
        **deal.named(),
    }
    held = {name: np.ascontiguousarray(table) for name, table in named.items()}
    for name, table in held.items():
        job[name] = table.ctypes.data
    for name, count in (
        ("n_tiles", len(tiles) - 1),
        ("n_planes", len(tables.offsets_z)),
        ("n_layers", len(tables.layers)),
        ("n_across", tables.across and len(tables.offsets_z)),
        ("n_columns", len(tables.columns)),
        ("n_taps", len(tables.taps)),
        ("n_offsets", tables.alike),
    ):
        job[name] = count
    deal.describe(job[0])
    _name_kernels(job[0], tables, real, source.dtype, target.dtype, sums)
    workspace = part_workspace(job[0], deal, x.samples * channels, source.dtype, target.dtype, real)
    count = len(batch) * z.length * -(-y.length // stretch) * (len(tiles) - 1)
    taps = len(tables.weights_z) + len(tables.weights_x) + len(tables.weights) + 8
    work = count * stretch * deal.widest * channels * taps

    def flags(workspace: npt.NDArray, at: int = int(job["flags"][0])) -> npt.NDArray:
        begin = -_address(workspace) % LINE + at
        return workspace[begin : begin + BYTES].view(sums)

    return Program(
        *(functools.partial(slide.callable(), job.ctypes.data), (job, *held.values()), count, work),
        *(max(1, min(work // _PATIENCE, count // (8 * y.span))), workspace),
        flags if running else None,
    )


def _final(tables: schedule.Schedule, deal: Deal, y: _Part) -> tuple[int, int]:
    """Return how the window is summed up, and for how many neighbouring rows at a time."""
    if tables.scale:
        return RUNNING, 1
    line = y.span == 1 and tables.alike and not len(tables.layers)
    if line and schedule.contiguous(tables.taps["column"], deal.neighbour):
        return ALONG, 1
    if tables.alike and y.stride == 1 and y.dilation == 1 and y.taps > 1:
        return BY_ROW, min(y.taps, schedule.ROWS)
    return BY_TAP, 1 + tables.paired


def _name_kernels(
    job: np.void,
    tables: schedule.Schedule,
    real: np.dtype,
    source: np.dtype,
    target: np.dtype,
    sums: np.dtype,
) -> None:
    """Write the addresses of the kernels that the job needs, which compiles them when they are new."""
    if job["n_across"]:
        job["combine_source"] = lines.combine.address(real, source)
        job["fetch_real"] = lines.fetch.address(real, real)
    else:
        job["fetch"] = lines.fetch.address(real, source)
    ways = set(tables.layers["how"].tolist())
    if job["final"] == BY_TAP or BY_TAP in ways:
        job["combine"] = lines.combine.address(real, real)
    if job["final"] == BY_ROW:
        job["sum_rows"] = fir.sum_rows.address(real, int(job["block"]))
    if BY_ROW in ways:
        job["sum_line"] = fir.sum_rows.address(real, 1)
    if job["final"] == RUNNING:
        job["run_rows"] = running.run_rows.address(sums, real)
    if RUNNING in ways:
        job["run_along"] = running.run_along.address(sums, real)
    if job["final"] == ALONG or ALONG in ways:
        job["sum_along"] = fir.sum_along.address(real, BLOCK_ALONG)
    if job["dealt"]:
        job["deal"] = deal.deal.address(real)
    if job["lanes"] > 1:
        job["join"] = deal.join.address(real)
    if not job["straight"]:
        job["place"] = lines.place.address(real, target)


def _packed(step_x: int, step_c: int, channels: int, itemsize: int) -> bool:
    """Tell whether the elements of a line lie side by side."""
    return step_x == channels * itemsize and (channels == 1 or step_c == itemsize)


def _schedule(operator: Operator, algorithm: str, parts: list[_Part], real: np.dtype) -> schedule.Schedule:
    """Return the tap tables of the algorithm, with the kernel's axes in their parts."""
    z, y, x = parts
    dilation = (z.dilation, y.dilation, x.dilation)
    one = np.ones(1)
    pair = y.stride == 1 and y.dilation == 1 and y.length > 1
    if algorithm == "running":
        (term,) = operator.terms
        along_z, along_y, along_x = (one if p.axis is None else term[p.axis] for p in parts)
        return schedule.running((along_z, along_y, along_x), dilation, real)
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
) -> npt.NDArray[np.int64]:
    """Cut the line so that the window fits the cache; return where tiles begin, and the last one's end."""
    if tables.across:  # sums over the planes are of whole lines
        return np.array([0, x.length])
    lines = depth * (len(tables.layers) or len(tables.offsets_z)) + 1
    fits = _WINDOW // (lines * channels * real.itemsize) // x.stride - x.span // x.stride
    # A tile shorter than the kernel would spend its time on its overhang.
    least = max(_SHORTEST // channels, x.span // x.stride, 1)
    count = -(-x.length // max(1, min(max(least, fits), _LONGEST // (channels * x.stride))))
    return np.arange(count + 1, dtype=np.int64) * x.length // count


def _offsets(source: Side, target: Side, axes: list[int]) -> npt.NDArray[np.int64]:
    """Return where each image of the batch and its output begin, in bytes from the first."""
    total = np.zeros((1, 2), np.int64)
    for axis in axes:
        steps = np.arange(source.shape[axis])[:, None] * (source.strides[axis], target.strides[axis])
        total = (total[:, None] + steps).reshape(-1, 2)
    return total
