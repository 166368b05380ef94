"""Blocks of a result along one axis, and the ranges of samples that they depend on."""

import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base.reach import Along

Range = tuple[int, int]


class Piece(NamedTuple):
    """A part of an axis that is filtered alone: ranges of samples one after the other, and what to keep.

    `keep` is the range of the results of the piece that are those of the block.
    """

    ranges: tuple[Range, ...]
    keep: Range


class Segment(NamedTuple):
    """Samples of one chunk, and where they are in a piece."""

    chunk: int
    start: int
    stop: int
    to: int


def bounds(chunks: Sequence[int]) -> list[int]:
    """Return where chunks begin, and where the last one ends."""
    return [0, *itertools.accumulate(chunks)]


def of_results(chunks: Sequence[int], along: Along, length: int) -> tuple[int, ...]:
    """Return the chunks of a result of some length: a result is in the chunk of the sample that it is for."""
    inner = [min(-(-start // along.step), length) for start in bounds(chunks)[1:-1]]
    edges = [0, *inner, length]
    sizes = tuple(b - a for a, b in itertools.pairwise(edges) if b > a)
    return sizes or (0,)


def groups(chunks: Sequence[int], along: Along) -> list[Range]:
    """Return which chunks of a result are computed together: so many that few samples are read twice."""
    least = max(along.before + along.after, along.cell, along.tile)
    found, first, total = list[Range](), 0, 0
    for number, size in enumerate(chunks):
        total += size * along.step
        if total >= least:
            found.append((first, number + 1))
            first, total = number + 1, 0
    if first < len(chunks):
        start = found.pop()[0] if found else first
        found.append((start, len(chunks)))
    return found


def piece(n: int, along: Along, start: int, stop: int, *, wraps: bool) -> Piece:
    """Return the samples, of `n`, that results `start` to `stop` depend on.

    A piece continues beyond its ends as an image does. The results beside the ends within the image are not
    kept. So an end of a piece is either that of the image, or so far away that it does not matter.
    """
    before, after, step, cell, tile = along
    unit, span = math.lcm(step, cell), before + after + 1
    ends = start // tile * tile, -(-stop // tile) * tile
    low, high = ends[0] * step - before, (ends[1] - 1) * step + after + 1
    if tile > 1:
        high = min(high, n + after)  # the last tile ends with the results
    if wraps and (low < 0 or high > n):
        first = low // unit * unit
        if high - first >= n:
            first = 0
        ranges = _around(n, first, high) if first else ((0, n),)
    else:
        # For each missing sample beyond the border, one inside is read. No window is longer than a piece.
        last = min(max(high, 1 - low, first_end(low, span)), n)
        first = max(min(low, 2 * n - high - 1, n - span if high > n else low), 0) // unit * unit
        ranges = ((first, last),)
    return Piece(ranges, (start - first // step, stop - first // step))


def first_end(low: int, span: int) -> int:
    """Return the end of the first window of an axis, if a piece begins there."""
    return span if low < 0 else 0


def _around(n: int, first: int, high: int) -> tuple[Range, ...]:
    """Return the ranges of samples from `first` to `high` of an axis whose ends follow each other."""
    ranges, at = list[Range](), first
    while at < high:
        inside = at % n
        stop = min(n, inside + high - at)
        ranges.append((inside, stop))
        at += stop - inside
    return tuple(ranges)


def segments(chunks: Sequence[int], ranges: Sequence[Range]) -> list[Segment]:
    """Return the parts of chunks that make up some ranges."""
    found, to, edges = list[Segment](), 0, bounds(chunks)
    for start, stop in ranges:
        for number, (a, b) in enumerate(itertools.pairwise(edges)):
            low, high = max(a, start), min(b, stop)
            if low < high:
                found.append(Segment(number, low - a, high - a, to + low - start))
        to += stop - start
    return found


def runs(samples: npt.NDArray[np.int64]) -> tuple[Range, ...]:
    """Return the ranges of neighbouring samples."""
    cuts = np.flatnonzero(np.diff(samples) != 1) + 1
    edges: Sequence[int] = [0, *cuts.tolist(), len(samples)]
    return tuple((int(samples[a]), int(samples[b - 1]) + 1) for a, b in itertools.pairwise(edges))
