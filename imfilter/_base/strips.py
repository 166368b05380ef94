"""Computations in strips of rows, in several threads."""

import functools
from collections.abc import Callable
from typing import TypeVar

from imfilter._base import threads

_Result = TypeVar("_Result")
_OfStrip = Callable[[int, int], _Result]


def each(function: _OfStrip[_Result], count: int, step: int, workers: int | None) -> list[_Result]:
    """Return what ``function(first, stop)`` returns for strips of `step` of `count` rows, in order."""
    if step >= count:
        return [function(0, count)] if count else []
    starts = range(0, count, step)
    found: dict[int, _Result] = {}

    def task(begin: int, end: int) -> None:
        for first in starts[begin:end]:
            found[first] = function(first, min(first + step, count))

    threads.run(task, len(starts), workers)
    return [found[first] for first in starts]


def total(
    function: _OfStrip[_Result],
    add: Callable[[_Result, _Result], _Result],
    count: int,
    step: int,
    workers: int | None,
) -> _Result:
    """Return the sum of the results for all strips, of which only few are in memory at a time.

    The sum must not depend on the order.
    """
    starts = range(0, count, step)
    found: list[_Result] = []

    def task(begin: int, end: int) -> None:
        one = function(starts[begin], min(starts[begin] + step, count))
        for first in starts[begin + 1 : end]:
            one = add(one, function(first, min(first + step, count)))
        found.append(one)

    threads.run(task, len(starts), workers)
    return functools.reduce(add, found)
