"""Runs of taps that `combine` sums, and the groups whose partial sums are added."""

import itertools
import math

import numpy as np
import numpy.typing as npt

from imfilter._simd.lines import BOTH, FIRST, RUN, SECOND
from imfilter._simd.registers import BYTES

#: Least number of taps in a partial sum. Longer sums have groups of about the root of their length: the error
#: of float32 is then at most twice that many units of the last place.
_GROUP = 32

#: Most rows that are summed at a time, 4 registers each: 2, 4, 5, 6 rows of 81 taps ran at 37, 46, 55, 49
#: multiply-adds a nanosecond (Cascade Lake, AVX-512, where 70 is the most). More rows need more registers
#: than there are.
ROWS = 5 if BYTES > 128 else 2
#: The same for symmetric sums without references, which need half as many registers: gaussian 2 of
#: 1920x1080 uint8 took 1.20 instead of 1.23 ns a sample, of 128x100000 1.37 instead of 1.43 (Zen 3, AVX2).
CENTRED_ROWS = 4 if BYTES == 128 else ROWS
#: The same for several kernels of a symmetric window, whose sums have one register for each row: sobel of
#: 1920x1080 uint8 took 0.64 instead of 0.70 ns a sample. One kernel has two registers, and gained nothing.
KERNELS_ROWS = 3 if BYTES == 128 else ROWS
#: Most taps along a line that form one partial sum.
SHORT = 64


def rows_at_once(taps: int, *, centred: bool = False, kernels: int = 1) -> int:
    """Return how many neighbouring rows of a window of so many rows are summed at a time.

    `centred` are symmetric sums without references, and `kernels` are those of a symmetric window.
    """
    return min(taps, CENTRED_ROWS if centred else KERNELS_ROWS if kernels > 1 else ROWS)


def group(rows: int, line: int) -> int:
    """Return how many taps of a sum over `rows` of `line` taps each form one partial sum."""
    if rows == 1:
        return line if line <= SHORT else max(_GROUP, math.isqrt(line))
    return line * max(ROWS, max(_GROUP, math.isqrt(rows * line)) // line)


def grouped(begin: int, stop: int, most: int = 0) -> list[list[int]]:
    """Return the runs of one sum over taps `begin` to `stop`, in groups of `most`, or of a line's size."""
    most = most or max(1, group(1, stop - begin))
    edges = [*range(begin, stop, most), stop] if stop > begin else [begin, stop]
    runs = [[FIRST, a, b, 0, a > begin, 0, 0] for a, b in itertools.pairwise(edges)]
    runs[-1][-1] = 1
    return [list(map(int, run)) for run in runs]


def _rows(taps: npt.NDArray, begin: int, stop: int, height: int) -> list[tuple[int, int]]:
    """Return where the taps of each window row begin and stop. Taps are sorted by row."""
    edges = begin + np.searchsorted(taps["row"][begin:stop], np.arange(height + 1))
    return [(int(a), int(b)) for a, b in itertools.pairwise(edges)]


def _alike(taps: npt.NDArray, a: tuple[int, int], b: tuple[int, int]) -> bool:
    """Tell whether two rows read the same elements of the same layers."""
    mine, others = taps[slice(*a)], taps[slice(*b)]
    return len(mine) == len(others) > 0 and all(
        np.array_equal(mine[f], others[f]) for f in ("layer", "column")
    )


def common(taps: npt.NDArray, height: int) -> int:
    """Return how many taps each of `height` kernel rows has if all read the same elements, or else 0."""
    edges = [0, *(np.flatnonzero(np.diff(taps["row"])) + 1).tolist(), len(taps)]
    rows = list(itertools.pairwise(edges))
    same = len(rows) == height and all(_alike(taps, row, rows[0]) for row in rows)
    return len(taps) // height if same else 0


def paired(taps: npt.NDArray, begin: int, stop: int, height: int, size: int) -> list[list[int]] | None:
    """Return the runs of two neighbouring sums over taps `begin` to `stop`, or None if they save nothing.

    Each sum adds its partial sum after the rows that fill a group. Rows are counted from the sum's own first
    row, so that both sums round in the same way.
    """
    rows = _rows(taps, begin, stop, height)
    alike = [r > 0 and _alike(taps, rows[r], rows[r - 1]) for r in range(height)]
    if not any(alike) or max(b - a for a, b in rows) > _GROUP:
        return None
    flush, filled, most = [], 0, max(_GROUP, math.isqrt(stop - begin))
    for a, b in rows:
        flush.append(filled >= most)
        filled = (0 if flush[-1] else filled) + b - a
    runs: list[list[int]] = []
    for r in range(height + 1):
        flush_a, flush_b = int(r < height and flush[r]), int(r > 0 and flush[r - 1])
        if r < height and alike[r]:
            (a, b), back = rows[r], (rows[r][0] - rows[r - 1][0]) * size
            if runs and runs[-1][0] == BOTH and runs[-1][2:4] == [a, back] and not flush_a + flush_b:
                runs[-1][2] = b
            else:
                runs.append([BOTH, a, b, back, flush_a, flush_b, 0])
            continue
        if r < height:
            runs.append([FIRST, *rows[r], 0, flush_a, 0, 0])
        if r > 0:
            runs.append([SECOND, *rows[r - 1], 0, 0, flush_b, 0])
    runs[-1][-1] = 1
    return runs


def first_of_pairs(pairs: list[list[int]]) -> list[list[int]]:
    """Return the runs of the first sum of a pair alone, in the same groups."""
    runs = [[FIRST, a, b, 0, flush, 0, 0] for kind, a, b, _, flush, _, _ in pairs if kind != SECOND]
    runs[-1][-1] = 1
    return runs


def run_table(runs: list[list[int]]) -> npt.NDArray:
    return np.array([tuple(run) for run in runs], dtype=RUN)
