"""Correlations and running means along one axis, in blocks of lines that fit into the cache."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import borders, threads
from imfilter._base.program import Job, address
from imfilter._filters.ordered import taps
from imfilter._filters.ordered.kernels import sums
from imfilter._filters.ordered.rounding import truncated
from imfilter._simd.registers import BYTES

#: Samples of a block: with its result about half of the second-level cache.
_BLOCK = 1 << 15
#: Most samples of a block whose lines are not cut.
_MOST = 1 << 23
#: Columns of a block whose lines are cut. NumPy copies short rows slowly: 32 columns took twice the time.
_WIDE = 256
#: Samples of a vector. What a kernel reads and writes is rounded up to it.
_LANES = BYTES // 8


class Sides(NamedTuple):
    """Numbers of samples that a window reads before and after a sample, and the border."""

    before: int
    after: int
    mode: str
    cval: float


def correlate(
    image: npt.NDArray, weights: npt.NDArray, axis: int, out: npt.NDArray, sides: Sides, workers: int | None
) -> None:
    """Correlate along an axis into `out`, which may be the image."""
    order = taps.along_line(np.ascontiguousarray(weights, np.float64))
    blocks = _Blocks(image, out, axis, sides, cut=True)
    program = taps.program(order, blocks.columns)

    def write(memory: npt.NDArray, result: npt.NDArray, lines: int, length: int, columns: int) -> None:
        """Sum all lines of a block as if they were one. Sums across their ends are not used."""
        made = program if columns == blocks.columns else taps.program(order, columns)
        made.call(address(memory), address(result), 0, 8 * (lines * length - len(weights) + 1) * columns)

    blocks.run(write, workers)


def uniform(
    image: npt.NDArray, size: int, axis: int, out: npt.NDArray, sides: Sides, workers: int | None
) -> None:
    """Write the running means of `size` samples along an axis to `out`, which may be the image."""
    contiguous = axis == image.ndim - 1
    blocks = _Blocks(image, out, axis, sides, cut=contiguous, running=True)

    def write(memory: npt.NDArray, result: npt.NDArray, lines: int, length: int, columns: int) -> None:
        job = Job(sums.MEANS_JOB)
        step, line = 8 * columns, 8 * columns * length
        job |= {"size": size, "results": length - size + 1, "step": step, "line": line}
        job["means"] = (sums.means_of_lines if contiguous else sums.means_of_columns).address()
        made = job.program(sums.write_means, lines=1, work=1, rows=1, workspace=1)
        made.call(address(memory), address(result), 0, lines if contiguous else 8 * columns)

    blocks.run(write, workers)


#: Writes the results of a block: ``write(memory, result, lines, length, columns)``.
_Write = Callable[[npt.NDArray, npt.NDArray, int, int, int], None]


class _Blocks:
    """Blocks of lines along an axis. The image is seen as three axes: before, along and after that axis.

    If lines may be `cut`, a block holds the lines one after the other, each with its columns. Otherwise it
    holds all columns of all lines in one row, in whole vectors.
    """

    def __init__(
        self,
        image: npt.NDArray,
        out: npt.NDArray,
        axis: int,
        sides: Sides,
        *,
        cut: bool,
        running: bool = False,
    ) -> None:
        n, self.sides, self.cut, self.out = image.shape[axis], sides, cut, out
        before, after = image.shape[:axis], image.shape[axis + 1 :]
        self.shape = int(np.prod(before)), n, int(np.prod(after))
        outer, _, inner = self.shape
        self.reach = sides.before + sides.after
        length = n + self.reach
        if length * inner <= _BLOCK:
            self.rows, self.columns, self.outers = n, inner, max(1, _BLOCK // (length * inner))
        elif cut and not running:
            self.columns, self.outers = min(inner, _WIDE), 1
            self.rows = min(n, max(_BLOCK // self.columns - self.reach, 2 * self.reach))
        else:
            most = max(_LANES, _BLOCK // length) if length * _LANES <= _MOST else max(1, _MOST // length)
            self.rows, self.columns, self.outers = n, min(inner, most), 1
        shared = np.may_share_memory(image, out)
        if shared and (image is not out or self.rows < n):
            image = image.copy()
        self.source = np.ascontiguousarray(image).reshape(self.shape)
        self.written = out if out.flags.c_contiguous else np.empty(out.shape, out.dtype)
        self.target = self.written.reshape(self.shape)
        self.border = borders.outside(n, sides.before, sides.after, sides.mode)
        self.starts = [
            (o, r, c)
            for o in range(0, outer, self.outers)
            for r in range(0, n, self.rows)
            for c in range(0, inner, self.columns)
        ]

    def run(self, write: _Write, workers: int | None) -> None:
        """Compute all blocks."""
        length = min(self.rows, self.shape[1]) + self.reach
        width = self.outers * self.columns
        most = length * (width if self.cut else -(-width // _LANES) * _LANES) + _LANES

        def task(start: int, stop: int) -> None:
            memory, result = np.zeros(most), np.empty(most)
            for place in self.starts[start:stop]:
                self._compute(write, memory, result, *place)

        threads.run(task, len(self.starts), workers)
        if self.written is not self.out:
            self.out[...] = self.written

    def _compute(
        self, write: _Write, memory: npt.NDArray, result: npt.NDArray, outer: int, row: int, column: int
    ) -> None:
        """Compute the block that begins at a place."""
        part = (
            slice(outer, outer + self.outers),
            slice(row, row + self.rows),
            slice(column, column + self.columns),
        )
        target = self.target[part]
        outers, rows, columns = target.shape
        length = rows + self.reach
        if self.cut:
            lines, width = outers, columns

            def laid(flat: npt.NDArray) -> npt.NDArray:
                return flat[: outers * length * columns].reshape(outers, length, columns)
        else:
            lines, width = 1, -(-outers * columns // _LANES) * _LANES

            def laid(flat: npt.NDArray) -> npt.NDArray:
                used = flat[: length * width].reshape(length, width)[:, : outers * columns]
                return used.reshape(length, outers, columns).swapaxes(0, 1)

        self._fetch(laid(memory), part[0], row, part[2])
        write(memory, result, lines, length, width)
        truncated(laid(result)[:, :rows], target)

    def _fetch(self, padded: npt.NDArray, outers: slice, row: int, columns: slice) -> None:
        """Write the samples of a block with their border as float64."""
        n, (before, *_) = self.shape[1], self.sides
        first, last = row - before, row - before + padded.shape[1]
        source = self.source[outers, :, columns]
        inside, end = max(first, 0), min(last, n)
        np.copyto(padded[:, inside - first : end - first], source[:, inside:end], casting="unsafe")
        for low, high, skipped in ((first, min(0, last), 0), (max(n, first), last, n)):
            if low < high:
                places = self.border[before + low - skipped : before + high - skipped]
                values = self.sides.cval if places[0] < 0 else source[:, places]
                padded[:, low - first : high - first] = values
