"""What is filtered of a stack at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from imfilter._base.plan import by_window

from . import apart

Array = NDArray[Any]
_Result = TypeVar("_Result")

#: Bytes that may be filtered twice, so that a copy of the process compiles. A slow filter takes seconds for
#: more.
_TWICE = 1 << 23


class Window(NamedTuple):
    """What is filtered at a time: a block, and which of its samples are present.

    `number` counts the indices of the leading axes, and `levels` are the thresholds for this index. `keep`
    are the frames of the result that are not those of another window. None: the block is complete.
    """

    number: int
    block: Array
    present: Array | None
    keep: slice | None = None
    levels: Sequence[Array] = ()


@contextlib.contextmanager
def part() -> Iterator[None]:
    """Filter a part of what is filtered at once, in any thread."""
    token = by_window.set(True)
    try:
        with np.errstate(over="ignore", invalid="ignore"):  # each thread has its own state
            yield
    finally:
        by_window.reset(token)


def compiled(work: Callable[[Window], _Result], window: Window, around: int | None) -> _Result:
    """Return ``work(window)``. A copy of the process compiles for it; see `apart.compiled`.

    The copy filters only as many frames as a result depends on: `around` before and after it. None: it
    filters the whole window, if that is small.
    """
    small = window
    if window.keep is not None and around is not None:
        count = 2 * around + 1
        present = None if window.present is None else window.present[:count]
        small = window._replace(block=window.block[:count], present=present)
    if small.block.nbytes > _TWICE:
        return work(window)
    return apart.compiled(lambda: work(window), lambda: work(small))
