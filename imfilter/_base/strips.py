"""A computation in strips of rows, in several threads."""

from collections.abc import Callable
from typing import TypeVar

from imfilter._base import threads

_Result = TypeVar("_Result")


def each(
    function: Callable[[int, int], _Result], count: int, step: int, workers: int | None
) -> list[_Result]:
    """Return what ``function(first, stop)`` returns for strips of `step` of `count` rows, in order."""
    starts = range(0, count, step)
    found: dict[int, _Result] = {}

    def task(begin: int, end: int) -> None:
        for first in starts[begin:end]:
            found[first] = function(first, min(first + step, count))

    threads.run(task, len(starts), workers)
    return [found[first] for first in starts]
