"""A kernel that slides over images, prepared for one shape and layout, and kept for the next call."""

import ctypes
import functools
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from time import thread_time
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import borders, threads, waiting
from imfilter._base.loops import ArrayLayout, LoopAxis, Loops
from imfilter._base.plan import Section
from imfilter._simd.inexact_rows import WORDS
from imfilter._simd.jit import Driver
from imfilter._simd.registers import LINE

#: Multiply-adds below which one thread is faster in most kernels. A program that has run before knows better.
SMALL = 3_000_000
#: Multiply-adds between two checks for an interrupt: some tenths of a second.
PATIENCE = 4_000_000_000
#: Pixels of an image that one thread filters alone, and the maximum number of row tasks of larger images.
_ALONE, _SHARES = 1 << 18, 8


#: Bytes of a plane that does not fit into the second-level cache.
_FAR = 1 << 20


#: Computes only some rows of a task; see `Program.rows_only`.
RowsOnly = Callable[[int, int, int, int, int], None]
#: Recomputes a task from a row on. Arguments: image, output, number of the task, row.
Recompute = Callable[[npt.NDArray, npt.NDArray, int, int], None]


class Settings(NamedTuple):
    """The settings that a program depends on, apart from the operator and the layout of samples."""

    algorithm: str
    real: np.dtype  # of the arithmetic
    mode: str
    bias: float
    cval: float
    tolerance: float  # of cosines that approximate taps
    assume_finite: bool  # whether the program may refuse an image with non-finite samples
    divisor: int  # of sums of integers, with exactly rounded quotients; 0: no division
    watch: bool  # whether the program must refuse an image with non-finite samples
    part: Section | None = None  # where the image is in a larger one


#: What a program returns. Only `REFUSED` is false. After `OVERFLOWED` the results are written, but samples
#: are so large that intermediate sums may have overflowed.
REFUSED, DONE, OVERFLOWED = 0, 1, 2


@dataclass(eq=False)
class Program:
    """A job, the tables whose addresses it contains, and its amount of work."""

    call: Callable[..., object]  # the kernel with its job
    tables: tuple[npt.NDArray, ...]  # whose addresses the job contains, and the job itself
    lines: int
    work: int  # multiply-adds
    rows: int  # of the kernel
    workspace: int  # bytes for each thread
    flag: int = -1  # workspace offset of the flag of unusual samples
    refused: int = 255  # bits of the flag with which the algorithm cannot handle the image
    large: int = 0  # bits of the flag that tell that sums may have overflowed
    inexact: int = -1  # workspace offset of the words about inexact tasks
    recompute: Recompute | None = None  # called for an inexact task
    pace: threads.Pace = field(default_factory=threads.Pace)  # of a line
    brief: bool = False  # whether one thread is known to be faster
    code: tuple[int, int] | None = None  # the addresses of the kernel and of its job

    def run(self, image: npt.NDArray, target: npt.NDArray, workers: int | None) -> int:
        """Filter `image` into `target`. They must have the layouts that this program was made for.

        Return `REFUSED`, `DONE` or `OVERFLOWED`. Running sums refuse samples that are not finite.
        """
        if self.brief or (workers == 1 and self.work <= PATIENCE):  # no pace is needed
            return self.compute(image, target, 0, self.lines)
        pace, known = self.pace, self.pace.seconds
        if self.work <= SMALL and known * self.lines < threads.LEAST:
            begin = thread_time()
            done = self.compute(image, target, 0, self.lines)
            if done:
                pace.note(thread_time() - begin, self.lines)
                self.brief = pace.seconds * self.lines < threads.LEAST / 2
            return done
        pieces = max(1, min(self.work // PATIENCE, self.lines // (8 * self.rows)))
        wait = waiting.awake and known and pieces == 1
        if wait and (shared := self._share(image, target, workers)) is not None:
            return shared
        unusual: list[int] = []

        def task(start: int, stop: int) -> None:
            if (done := self.compute(image, target, start, stop)) != DONE:
                unusual.append(done)

        threads.run(task, self.lines, workers, pieces, pace)
        if REFUSED in unusual:
            pace.seconds = known  # as it was, because some lines were not computed
        return min(unusual, default=DONE)

    def _share(self, image: npt.NDArray, target: npt.NDArray, workers: int | None) -> int | None:
        """Filter with threads that wait. Return what `run` returns, or None if too few threads wait."""
        number = threads.count(self.lines, workers, self.pace.seconds)
        if self.code is None or not waiting.ready(number - 1):
            return None
        size, first = -(-self.workspace // LINE) * LINE, -(-self.lines // number)
        reported = waiting.report_size(number - 1)
        memory = np.empty(reported + number * size, np.uint8)
        base = address(memory)
        call = *self.code, address(image), address(target)
        seconds = waiting.share(call, size, first, self.lines, number - 1, base)
        if seconds is None:
            return None
        rest, all_done = self.lines - first, DONE
        for n in range(number if self.flag >= 0 or self.recompute is not None else 0):
            stop = first + rest * n // (number - 1)
            own = base + reported + n * size
            start = self._check_band(image, target, own, stop)
            if start < 0 or (start < stop and not self.compute(image, target, start, stop)):
                return REFUSED
            all_done = max(all_done, self._told(own))
        if seconds < self.pace.seconds * first:  # a longer time by the clock may be that of other programs
            self.pace.note(seconds, first)
        return all_done

    def compute(self, image: npt.NDArray, target: npt.NDArray, start: int, stop: int) -> int:
        """Compute lines `start` to `stop`. Return what `run` returns."""
        if not self.workspace:
            self.call(address(image), address(target), 0, start, stop)
            return DONE
        # Zeroed: flags start unset, and vectors also compute with the bytes after a line.
        workspace = np.zeros(self.workspace, np.uint8)
        base = address(workspace)
        if self.recompute is None:
            self.call(address(image), address(target), base, start, stop)
            return self._told(base)
        while 0 <= start < stop:
            self.call(address(image), address(target), base, start, stop)
            start = self._check_band(image, target, base, stop)
        return DONE if start >= 0 else REFUSED

    def _told(self, base: int) -> int:
        """Return what the flag in the workspace at `base` tells."""
        if self.flag < 0:
            return DONE
        bits = _read_byte(base + -base % LINE + self.flag).value
        return REFUSED if bits & self.refused else OVERFLOWED if bits & self.large else DONE

    def _check_band(self, image: npt.NDArray, target: npt.NDArray, base: int, stop: int) -> int:
        """Recompute the task that a workspace names. Return the next line to compute; -1 after a refusal."""
        aligned = base + -base % LINE
        if self.flag >= 0 and _read_byte(aligned + self.flag).value & self.refused:
            return -1
        words = aligned + self.inexact
        if self.recompute is None or not (number := _read_pointer(words).value):
            return stop
        row = _read_pointer(words + 8).value or 0
        ctypes.memset(words, 0, 8 * WORDS)
        self.recompute(image, target, number - 1, row)
        return number

    def rows_only(self, source: int, target: int, number: int, first: int, end: int) -> None:
        """Compute some rows of a task. `source` and `target` are addresses of the image and the output."""
        workspace = np.zeros(self.workspace, np.uint8)
        base = address(workspace)
        at = -base % LINE + self.inexact
        workspace[at : at + 8 * WORDS].view(np.int64)[2:] = first, end
        self.call(source, target, base, number, number + 1)


def _data_offset() -> int | None:
    """Return the offset of the data pointer in an array object, or None if it is not where expected."""
    sample = np.zeros(1)
    known = sample.__array_interface__["data"][0]
    for words in (2, 4):  # builds with and without the interpreter lock
        offset = words * ctypes.sizeof(ctypes.c_void_p)
        if ctypes.c_void_p.from_address(id(sample) + offset).value == known:
            return offset
    return None


_DATA = _data_offset()


def address(array: npt.NDArray) -> int:
    """Return the address of the first element of an array.

    The official ways build a dictionary or an object. They take 2 us; filtering a small image takes 5.
    """
    if _DATA is None:
        return int(array.ctypes.data)
    return _read_pointer(id(array) + _DATA).value or 0


_read_pointer = ctypes.c_void_p.from_address
_read_byte = ctypes.c_uint8.from_address


class Prepared(NamedTuple):
    """A job in memory and its amount of work. It may lack tables of weights, which differ between calls."""

    driver: Driver
    record: npt.NDArray[np.int64]
    owners: tuple[npt.NDArray, ...]  # tables whose addresses the job contains
    places: dict[str, int]  # indices of its fields
    lines: int
    work: int
    rows: int
    workspace: int
    flag: int
    refused: int
    large: int
    inexact: int
    recompute: Recompute | None
    pace: threads.Pace  # of all its programs

    def changed(self, fields: dict[str, Any], lines: int) -> "Prepared":
        """Return the job of another number of lines, with other values of some fields."""
        record, owners, places, array = self.record.copy(), [*self.owners], self.places, np.ndarray
        for name, value in fields.items():
            if type(value) is array:
                owners.append(value if value.flags.c_contiguous else np.ascontiguousarray(value))
                value = address(owners[-1])
            record[places[name]] = value
        work = self.work // self.lines * lines
        # `_replace` takes 1.2 us more.
        return Prepared(self.driver, record, tuple(owners), places, lines, work, *self[6:])

    def program(self, **tables: npt.NDArray) -> Program:
        """Return the program of the job, with the `tables` that it lacks."""
        record = self.record.copy() if tables else self.record
        for name, table in tables.items():
            record[self.places[name]] = address(table)
        call = functools.partial(self.driver.entry(), address(record))
        owners = record, *self.owners, *tables.values()
        return Program(call, owners, *self[4:], code=(self.driver.address(), address(record)))


class Job(dict[str, Any]):
    """The fields of a job, as plain numbers. A field that is the address of a table may hold an array.

    Every field must get a value, because a forgotten field would be a null address. Only `optional` fields
    default to 0. All fields are written to memory at once: NumPy takes 0.3 us to write one field of a record,
    and a job has a hundred.
    """

    def __init__(self, record: np.dtype, *optional: str) -> None:
        self._layout = _layout(record)
        self.owners: list[npt.NDArray] = []  # tables whose addresses the job contains
        super().__init__(self._layout.blank)
        self.update(dict.fromkeys(optional, 0))

    def copy(self) -> "Job":
        """Return a job with the same fields, whose tables are shared."""
        job = Job.__new__(Job)
        job._layout, job.owners = self._layout, self.owners.copy()
        job.update(self)
        return job

    def resolved(self) -> "Job":
        """Replace the tables among the fields by their addresses."""
        array = np.ndarray
        for name, table in self.items():
            if type(table) is array:
                self.owners.append(table if table.flags.c_contiguous else np.ascontiguousarray(table))
                self[name] = address(self.owners[-1])
        return self

    def prepared(
        self,
        driver: Driver,
        *more: npt.NDArray,
        lines: int,
        work: int,
        rows: int,
        workspace: int,
        check_finite: bool = False,
        refused: int = 255,
        large: int = 0,
        recompute: Recompute | None = None,
    ) -> Prepared:
        """Return this job in memory. `more` are tables whose addresses its own tables contain.

        With `check_finite` the job sets a flag, and may refuse an image; `Program` says what its bits are.
        `recompute` is called for tasks that may be inexact.
        """
        values, tables = list(self.resolved().values()), (*self.owners, *more)
        if len(values) != len(self._layout.blank) or None in values:
            missing = [name for name, value in self.items() if value is None]
            unknown = [name for name in self if name not in self._layout.blank]
            raise KeyError(
                f"fields of the job without a value: {missing}; fields that it does not have: {unknown}"
            )
        record = np.frombuffer(self._layout.packer.pack(*values), np.int64)
        flag, inexact = self["flag"] if check_finite else -1, self.get("inexact", -1)
        made = driver, record, tables, self._layout.places, lines, work, rows, workspace
        return Prepared(*made, flag, refused, large, inexact, recompute, threads.Pace())

    def set_known(self, names: Iterable[str], values: Iterable[Any]) -> None:
        """Set the fields among `names` that the job has."""
        for name, value in zip(names, values, strict=True):
            if name in self:
                self[name] = value

    def program(self, driver: Driver, *more: npt.NDArray, **size: Any) -> Program:
        """Return the program of this job; see `prepared`."""
        return self.prepared(driver, *more, **size).program()


class _Layout(NamedTuple):
    """The memory layout of a job. Each field has 8 bytes."""

    packer: struct.Struct
    blank: dict[str, None]
    places: dict[str, int]


@functools.cache
def _layout(record: np.dtype) -> _Layout:
    fields = record.names or ()
    kinds = "".join("d" if record[name].kind == "f" else "q" for name in fields)
    places = {name: place for place, name in enumerate(fields)}
    return _Layout(struct.Struct(kinds), dict.fromkeys(fields), places)


#: Names of the fields of each loop.
_ALONG = [
    [f"{name}_{axis}" for name in ("before", "samples", "source", "target", "border")] for axis in "zyx"
]
#: Names of the other fields of rows and planes, and of lines.
_ROWS_AND_PLANES = ("planes", "rows", "batch", *_ALONG[0], *_ALONG[1])
_LINES = ("channels", "source_c", "target_c", "source_packed", "target_packed", *_ALONG[2])


def set_addresses(job: npt.NDArray, tables: dict[str, npt.NDArray]) -> tuple[npt.NDArray, ...]:
    """Write the addresses of `tables` to a job that is a record. Return the objects that must outlive it."""
    owners = {name: np.ascontiguousarray(table) for name, table in tables.items()}
    for name, table in owners.items():
        job[name] = address(table)
    return (job, *owners.values())


def set_geometry(job: Job, loops: Loops, source: np.dtype, target: np.dtype, mode: str) -> None:
    """Write the positions of samples to the fields that the job has for them."""
    packed = loops.packed("source", source.itemsize), loops.packed("target", target.itemsize)
    lines = loops.channels, loops.source_c, loops.target_c, *packed, *_along(loops.x, mode)
    job.set_known(_LINES, lines)
    fields = rows_and_planes(loops, mode)
    job.set_known(fields, fields.values())


def rows_and_planes(loops: Loops, mode: str) -> dict[str, Any]:
    """Return the fields that do not depend on the lines."""
    along = *_along(loops.z, mode), *_along(loops.y, mode)
    values = loops.z.length, loops.y.length, loops.batch, *along
    return dict(zip(_ROWS_AND_PLANES, values, strict=True))


def _along(part: LoopAxis, mode: str) -> tuple[Any, ...]:
    """Return the fields of a loop."""
    border = borders.outside(part.samples, part.before, part.after, mode)
    return part.before, part.samples, part.source_step, part.target_step, border


def pitch(size: int) -> int:
    """Return the distance between lines of `size` bytes: an odd number of cache lines.

    With this distance, the same column of all lines does not fall into one set of the cache.
    """
    return (-(-size // LINE) | 1) * LINE


def rows_per_task(rows: int, columns: int, least: int) -> int:
    """Return how many consecutive rows one thread computes, if the start of a task has a cost.

    The number is at least `least`, except that two threads share an image that is large enough.
    """
    alone = rows * columns <= _ALONE or rows < least // 2
    return rows if alone else -(-rows // min(_SHARES, max(2, rows // least)))


def far(loops: Loops, source: ArrayLayout) -> bool:
    """Tell whether a plane is so large that prefetching its rows saves time."""
    return loops.y.samples * loops.x.samples * loops.channels * source.dtype.itemsize >= _FAR


def layout_workspace(job: dict[str, Any] | npt.NDArray, sizes: dict[str, int]) -> int:
    """Write the workspace offsets of all parts to the job, by their sizes. Return the workspace size."""
    total = 0
    for name, size in sizes.items():
        job[name] = total
        total += -(-size // LINE) * LINE
    return total + LINE
