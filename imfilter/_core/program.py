"""A call of a kernel that slides over images, made ready for one shape and layout, and kept for the next."""

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._core import bands, border
from imfilter._core.geometry import Loops, Side
from imfilter._kernels.doubt import WORDS
from imfilter._kernels.simd import LINE

#: Multiply-adds below which one thread finishes before a second has started and been waited for (80 us).
_SMALL = 3_000_000
#: Multiply-adds after which an interrupt should be heard: some tenths of a second.
_PATIENCE = 4_000_000_000
#: Pixels of an image that one thread filters alone, and how many stretches of rows others have at most.
_ALONE, _SHARES = 1 << 18, 8


#: Bytes of a plane that is not in the second-level cache.
_FAR = 1 << 20


#: Computes rows of a stretch alone; see `Program.rows_alone`.
RowsAlone = Callable[[int, int, int, int, int], None]
#: Computes a stretch anew from a row on: gets image and output, the stretch's number and the row.
Mend = Callable[[npt.NDArray, npt.NDArray, int, int], None]


class Settings(NamedTuple):
    """What a program depends on beside the operator and where samples lie."""

    algorithm: str
    real: np.dtype  # of the arithmetic
    mode: str
    bias: float
    cval: float
    tolerance: float  # of cosines in place of taps
    trusting: bool  # whether the program may refuse an image that has samples that are not finite
    divisor: int  # of sums of integers, whose quotients are rounded exactly; 0 where there is none


@dataclass(frozen=True, eq=False)
class Program:
    """A job, with the tables that it names by address, and how much work it is."""

    call: Callable[..., object]  # the kernel with its job
    tables: tuple[npt.NDArray, ...]  # which the job names by address, and itself
    lines: int
    work: int  # multiply-adds
    rows: int  # of the kernel
    workspace: int  # bytes for each thread
    flag: int = -1  # where in the workspace it is said that the algorithm cannot take the image, if it is
    doubt: int = -1  # where it is said that samples of a stretch differ too much in size, if it is
    mend: Mend | None = None  # what is done then

    def run(self, image: npt.NDArray, target: npt.NDArray, workers: int | None) -> bool:
        """Filter `image` into `target`, which have the layouts that this program was made for.

        Return whether it went well: running sums fail where not all samples are finite.
        """
        if self.work <= _SMALL:
            return self.compute(image, target, 0, self.lines)
        refused: list[bool] = []

        def task(start: int, stop: int) -> None:
            if not self.compute(image, target, start, stop):
                refused.append(True)

        pieces = max(1, min(self.work // _PATIENCE, self.lines // (8 * self.rows)))
        bands.run(task, self.lines, workers, pieces)
        return not refused

    def compute(self, image: npt.NDArray, target: npt.NDArray, start: int, stop: int) -> bool:
        """Compute lines `start` to `stop`; return whether that went well."""
        # Zeroed, for what lies behind a line is computed with too, and a denormal there costs 100 cycles.
        workspace = np.zeros(self.workspace, np.uint8)
        room = address(workspace)
        aligned = -room % LINE
        while start < stop:
            self.call(address(image), address(target), room, start, stop)
            if self.flag >= 0 and workspace[aligned + self.flag]:
                return False
            words = room + aligned + self.doubt
            number = 0 if self.mend is None else _read_pointer(words).value
            if self.mend is None or not number:
                break
            row = _read_pointer(words + 8).value or 0
            workspace[words - room : words - room + 8 * WORDS] = 0
            self.mend(image, target, number - 1, row)
            start = number
        return True

    def rows_alone(self, source: int, target: int, number: int, first: int, end: int) -> None:
        """Compute some rows of a stretch, from the address of an image to that of an output."""
        workspace = np.zeros(self.workspace, np.uint8)
        room = address(workspace)
        at = -room % LINE + self.doubt
        workspace[at : at + 8 * WORDS].view(np.int64)[2:] = first, end
        self.call(source, target, room, number, number + 1)


def _data_offset() -> int | None:
    """Return where in an array object its data pointer lies, behind the interpreter's header, if it does."""
    sample = np.zeros(1)
    known = sample.__array_interface__["data"][0]
    for words in (2, 4):  # with and without the interpreter lock
        offset = words * ctypes.sizeof(ctypes.c_void_p)
        if ctypes.c_void_p.from_address(id(sample) + offset).value == known:
            return offset
    return None


_DATA = _data_offset()


def address(array: npt.NDArray) -> int:
    """Return where the first element of an array lies.

    The official ways build a dictionary or an object, and take 2 us where a small image takes 5.
    """
    if _DATA is None:
        return int(array.ctypes.data)
    return _read_pointer(id(array) + _DATA).value or 0


_read_pointer = ctypes.c_void_p.from_address


def hold(job: npt.NDArray, tables: dict[str, npt.NDArray]) -> tuple[npt.NDArray, ...]:
    """Write the addresses of `tables` to the job, by their names; return what must outlive it."""
    held = {name: np.ascontiguousarray(table) for name, table in tables.items()}
    for name, table in held.items():
        job[name] = table.ctypes.data
    return (job, *held.values())


def describe(job: npt.NDArray, loops: Loops, source: Side, target: Side, mode: str) -> dict[str, npt.NDArray]:
    """Write to the job where samples lie, as far as it has fields for it; return the tables of that."""
    values: dict[str, int] = {
        "planes": loops.z.length,
        "rows": loops.y.length,
        "channels": loops.channels,
        "source_c": loops.source_c,
        "target_c": loops.target_c,
        "source_packed": loops.packed("source", source.dtype.itemsize),
        "target_packed": loops.packed("target", target.dtype.itemsize),
    }
    tables: dict[str, npt.NDArray] = {"batch": loops.batch}
    for name, part in zip("zyx", loops[:3], strict=True):
        values |= {f"before_{name}": part.before, f"samples_{name}": part.samples}
        values |= {f"source_{name}": part.source_step, f"target_{name}": part.target_step}
        tables[f"border_{name}"] = border.outside(part.samples, part.before, part.after, mode)
    names = frozenset(job.dtype.names or ())
    for name in names & values.keys():
        job[name] = values[name]
    return {name: table for name, table in tables.items() if name in names}


def pitch(size: int) -> int:
    """Return how far apart lines of `size` bytes lie: an odd number of cache lines.

    The same column of all lines is then not all in one set of the cache.
    """
    return (-(-size // LINE) | 1) * LINE


def stretch(rows: int, columns: int, least: int) -> int:
    """Return how many rows one thread computes one after the other, where beginning anew costs something.

    No fewer than `least`, but that two threads share an image that is worth it.
    """
    alone = rows * columns <= _ALONE or rows < least // 2
    return rows if alone else -(-rows // min(_SHARES, max(2, rows // least)))


def far(loops: Loops, source: Side) -> bool:
    """Tell whether a plane of the image is so large that its rows are worth asking for ahead of their use."""
    return loops.y.samples * loops.x.samples * loops.channels * source.dtype.itemsize >= _FAR


def reserve(job: npt.NDArray, sizes: dict[str, int]) -> int:
    """Say in the job where in the workspace everything lies, by the sizes; return how large that is."""
    total = 0
    for name, size in sizes.items():
        job[name] = total
        total += -(-size // LINE) * LINE
    return total + LINE
