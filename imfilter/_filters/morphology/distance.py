"""The exact Euclidean distance to the nearest zero, one axis after the other.

A pass over the first axis finds the nearest zero of every column. The pass over each other axis takes the
lower envelope of parabolas: Felzenszwalb and Huttenlocher, 2012.
"""

import functools
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes, engine, strips, threads
from imfilter._base.program import SMALL, Job, Prepared, address, layout_workspace
from imfilter._filters.morphology.kernels.distance_lines import DISTANCE_JOB, measure, measure_distances
from imfilter._filters.morphology.kernels.nearest import LANES, nearest_row
from imfilter._filters.morphology.kernels.parabolas import REACH
from imfilter._simd.registers import BYTES

_Array = npt.NDArray
_I32 = np.dtype(np.int32)
#: Largest sum of squared lengths whose squared distances are int32. Twice it is farther than all, and the sum
#: of that and the square of `REACH` fits, too.
_LARGEST = 1 << 29
#: Longest axis: the rows of zeros are int32.
_LONGEST = 1 << 29
#: Multiply-adds that a sample counts as, to decide whether to use a second thread.
_WORK = 30
#: Samples whose flags are found at a time.
_PIECE = 1 << 18


@dataclass(frozen=True)
class Frame:
    """The order of axes in which distances are measured: batch, then the measured axes."""

    order: tuple[int, ...]
    batch: int
    lengths: tuple[int, ...]
    shape: tuple[int, ...]  # of the image in this order

    @classmethod
    @functools.lru_cache(maxsize=64)
    def of(cls, shape: tuple[int, ...], axes: tuple[int, ...]) -> "Frame":
        """Return the frame of an image. The measured axes keep the order that they have in the image."""
        batch = [a for a in range(len(shape)) if a not in axes]
        order = (*batch, *sorted(axes))
        lengths = tuple(shape[a] for a in sorted(axes))
        return cls(order, math.prod(shape[a] for a in batch), lengths, tuple(shape[a] for a in order))

    @property
    def samples(self) -> int:
        """The number of samples."""
        return math.prod(self.shape)

    def ordered(self, array: _Array) -> _Array:
        """Return a view of an array of the shape of the image in this order."""
        return array.transpose(self.order)

    def back(self, array: _Array) -> _Array:
        """Return a view of an array in this order in the order of the image."""
        return array.transpose(np.argsort(self.order))

    def direct(self, array: _Array, dtype: np.dtype) -> bool:
        """Tell whether kernels can write the result to this array."""
        return array.dtype == dtype and self.ordered(array).flags.c_contiguous


@dataclass(frozen=True)
class Metric:
    """The distances between neighbours, in the order of a frame."""

    weights: tuple[float, ...]  # squared, in units of `scale`
    scale: float
    whole: bool  # whether squared distances are int32

    @classmethod
    @functools.lru_cache(maxsize=64)
    def of(cls, spacings: tuple[float, ...], lengths: tuple[int, ...]) -> "Metric":
        """Return the metric. Only ratios of spacings matter, so equal ones give whole numbers."""
        if len(set(spacings)) == 1:
            whole = sum((n - 1) ** 2 for n in lengths) < _LARGEST
            return cls((1.0,) * len(lengths), spacings[0], whole)
        scale = math.ldexp(1.0, math.frexp(max(spacings))[1])
        return cls(tuple((s / scale) ** 2 for s in spacings), scale, False)

    @property
    def real(self) -> np.dtype:
        """The type of squared distances."""
        return _I32 if self.whole else dtypes.FLOAT64

    @property
    def wide(self) -> np.dtype:
        """The type of products of squared distances."""
        return np.dtype(np.int64) if self.whole else dtypes.FLOAT64


def check_lengths(shape: tuple[int, ...], axes: tuple[int, ...]) -> None:
    """Refuse an axis whose indices do not fit."""
    longest = max(shape[a] for a in axes)
    if longest > _LONGEST:
        raise ValueError(f"image must have at most {_LONGEST} samples along a measured axis, got {longest}")


def distance(
    image: _Array,
    axes: tuple[int, ...],
    spacings: tuple[float, ...],
    indices: bool,
    dtype: np.dtype,
    out: _Array | None,
    workers: int | None,
) -> tuple[_Array, _Array | None]:
    """Return the distance of every sample to the nearest zero, and its index along `axes` if wanted."""
    frame = Frame.of(image.shape, axes)
    metric = Metric.of(tuple(spacings[axes.index(a)] for a in sorted(axes)), frame.lengths)
    real = dtype if dtype in (dtypes.FLOAT32, dtypes.FLOAT64) else dtypes.FLOAT64
    found = dtypes.empty((len(axes), *frame.shape), _I32) if indices else None
    if out is not None and frame.direct(out, real) and not np.may_share_memory(out, image):
        _measure(image, frame, metric, frame.ordered(out), found, workers)
        result = out
    else:
        target = dtypes.empty(frame.shape, real)
        _measure(image, frame, metric, target, found, workers)
        result = engine.delivered(np.ascontiguousarray(frame.back(target)), out, dtype)
    if found is None:
        return result, None
    places = [frame.back(found[sorted(axes).index(a)]) for a in axes]
    same = axes == tuple(sorted(axes)) and places[0].base is found and places[0].flags.c_contiguous
    return result, found if same else np.stack(places)


def _measure(
    image: _Array, frame: Frame, metric: Metric, target: _Array, found: _Array | None, workers: int | None
) -> None:
    """Write distances, and the index of the nearest zero along each axis if wanted."""
    flags, last = _flags(image, frame, workers), len(frame.lengths) - 1
    near: list[_Array | None] = [None] * 3 if found is None else list(found)
    if not last:
        _pass(frame, metric, 0, workers, flags=flags, near_x=near[0], target=target)
        return
    first = dtypes.empty(frame.shape, _I32) if near[0] is None else near[0]
    _nearest_rows(flags, first, frame, workers)
    del flags
    if last == 1:
        _pass(frame, metric, 1, workers, near_y=first, near_x=near[1], target=target)
    elif found is None and metric.whole:
        _pass(frame, metric, 1, workers, near_y=first, squares_to=first)
        _pass(frame, metric, 2, workers, squares=first, target=target)
    else:
        second = dtypes.empty(frame.shape, _I32) if near[1] is None else near[1]
        _pass(frame, metric, 1, workers, near_y=first, near_x=second)
        _pass(frame, metric, 2, workers, near_y=second, near_z=first, near_x=near[2], target=target)


def _flags(image: _Array, frame: Frame, workers: int | None) -> npt.NDArray[np.uint8]:
    """Return bytes that are 0 where a sample is 0, in the order of the frame. NaN is not 0."""
    view = frame.ordered(image)
    if view.dtype.itemsize == 1 and view.flags.c_contiguous:
        return view.view(np.uint8)
    flags = np.empty(frame.shape, np.bool_)
    rows, step = len(view), max(1, _PIECE * len(view) // view.size)

    def strip(first: int, stop: int) -> None:
        np.not_equal(view[first:stop], 0, out=flags[first:stop])

    strips.each(strip, rows, step, workers)
    return flags.view(np.uint8)


def _nearest_rows(flags: npt.NDArray[np.uint8], near: _Array, frame: Frame, workers: int | None) -> None:
    """Write the nearest zero along the first axis."""
    rows, columns = frame.lengths[0], math.prod(frame.lengths[1:])
    parts, entry = -(-columns // LANES), nearest_row.entry()
    source, to = address(flags), address(near)

    def task(start: int, stop: int) -> None:
        while start < stop:
            image, first = divmod(start, parts)
            end = min(parts, first + stop - start)
            at = image * rows * columns
            entry(source + at, to + 4 * at, rows, columns, first * LANES, min(end * LANES, columns))
            start += end - first

    alone = _WORK * frame.samples <= SMALL
    pace = threads.pace_of(nearest_row, rows, min(columns, LANES))
    threads.run(task, frame.batch * parts, 1 if alone else workers, pace=pace)


def _pass(frame: Frame, metric: Metric, axis: int, workers: int | None, **arrays: _Array | None) -> None:
    """Measure along the lines of an axis. `arrays` are fields of the job."""
    given = {name: array for name, array in arrays.items() if array is not None}
    result = given["target"].dtype if "target" in given else dtypes.FLOAT32
    program = _prepared(frame, metric, axis, "near_x" in given, result).program(**given)

    def task(start: int, stop: int) -> None:
        memory = np.empty(program.workspace, np.uint8)
        program.call(address(memory), start, stop)

    alone = program.work <= SMALL and not program.pace.seconds
    threads.run(task, program.lines, 1 if alone else workers, pace=program.pace)


@functools.lru_cache(maxsize=64)
def _prepared(frame: Frame, metric: Metric, axis: int, chosen: bool, result: np.dtype) -> Prepared:
    """Return the job of a pass without its arrays. chosen: whether the nearest zeros are written."""
    lengths, weights = frame.lengths, metric.weights
    job = Job(DISTANCE_JOB, "flags", "near_y", "near_z", "near_x", "squares", "squares_to", "target")
    job |= {"length": lengths[axis], "inner": math.prod(lengths[axis + 1 :])}
    job["rows"], job["planes"] = (lengths[axis - n] if n <= axis else 1 for n in (1, 2))
    job["weight"] = weights[axis]
    job["weight_y"], job["weight_z"] = (weights[axis - n] if n <= axis else 0.0 for n in (1, 2))
    job["scale"], job["far"] = metric.scale, float(2 * _LARGEST) if metric.whole else math.inf
    job["kernel"] = measure.address(metric.real, metric.wide, result, int(chosen))
    size, length = metric.real.itemsize, lengths[axis]
    workspace = layout_workspace(
        job,
        {
            "line": size * (length + 2 * REACH) + BYTES,
            "result": size * length + BYTES,
            "places": 8 * length + 16,
            "values": 8 * length + 16,
            "found": 4 * length + BYTES if chosen else 0,
            "spare": 4 * length if chosen else 0,
            "numbers": BYTES,
        },
    )
    size = frame.samples
    return job.prepared(
        measure_distances, lines=size // length, work=_WORK * size, rows=1, workspace=workspace
    )
