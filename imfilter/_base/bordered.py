"""Copies of ranges of an image with their border."""

import functools
import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base.missing import rows_of


class Run(NamedTuple):
    """Neighbouring positions of a copy along an axis, and the samples there. None: the constant."""

    to: slice
    samples: slice | npt.NDArray[np.int64] | None


Runs = tuple[Run, ...]
#: All samples of an axis that has no border.
ALL: Runs = (Run(slice(None), slice(None)),)
#: Most positions of an axis whose runs are kept: to find them takes 20 us.
_LONGEST = 1 << 14


def runs_of(rows: npt.NDArray[np.int64]) -> Runs:
    """Return the runs of the samples at positions of an axis; see `missing.rows_of`. -1 is the constant.

    The longest run of samples that follow each other is one, and what is before and after it are others.
    """
    n = len(rows)
    inside = np.flatnonzero(rows >= 0) if rows.min(initial=0) < 0 else None
    if inside is not None:
        parts = (
            [(0, n)]
            if not inside.size
            else [(0, inside[0]), (inside[0], inside[-1] + 1), (inside[-1] + 1, n)]
        )
    else:
        ends = [0, *(np.flatnonzero(np.diff(rows) != 1) + 1).tolist(), n]
        _, first, last = max((stop - start, start, stop) for start, stop in itertools.pairwise(ends))
        parts = [(0, first), (first, last), (last, n)]
    return tuple(Run(slice(a, b), _samples(rows[a:b])) for a, b in parts if b > a)


def _samples(rows: npt.NDArray[np.int64]) -> slice | npt.NDArray[np.int64] | None:
    """Return the index of samples, as a slice if it is one."""
    first, last = int(rows[0]), int(rows[-1])
    if first < 0:
        return None
    steps = np.diff(rows)
    if (steps == 1).all():
        return slice(first, last + 1)
    if (steps == -1).all():
        return slice(first, last - 1 if last else None, -1)
    return slice(first, first + 1) if not steps.any() else rows  # one sample is copied to all positions


@functools.lru_cache(maxsize=64)
def _kept(n: int, before: int, after: int, mode: str, start: int, stop: int) -> Runs:
    return runs_of(rows_of(n, before, after, mode, start, stop))


def runs(n: int, before: int, after: int, mode: str, start: int, stop: int) -> Runs:
    """Return the runs of positions `start` to `stop` of an axis of `n` samples with its border."""
    found = _kept if stop - start <= _LONGEST else _kept.__wrapped__
    return found(n, before, after, mode, start, stop)


def length(along: Runs) -> int:
    """Return the number of positions of all runs of an axis."""
    stop: int = along[-1].to.stop
    return stop


def copy(source: npt.NDArray, along: Sequence[Runs], constant: Any, to: npt.NDArray) -> None:
    """Copy samples with their border to another array.

    along: the runs of each of the first axes. The others have no border. Without a `constant`, positions of
    the constant get any sample. What the type of `to` does not hold is infinite.
    """
    with np.errstate(over="ignore"):
        for some in itertools.product(*along):
            where = tuple([run.to for run in some])
            if constant is not None and any(run.samples is None for run in some):
                to[where] = constant
                continue
            index = [slice(0, 1) if run.samples is None else run.samples for run in some]
            part = source[tuple([i if isinstance(i, slice) else slice(None) for i in index])]
            for axis, i in enumerate(index):
                if not isinstance(i, slice):
                    part = part.take(i, axis)
            to[where] = part
