"""Functions whose results are kept for the next call with the same arguments, while they are small."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

_Function = TypeVar("_Function", bound=Callable[..., object])

#: Results of a function that are kept, and how large they may be, in samples or taps.
_MOST, _SMALL = 128, 4096


def remembered(size: Callable[[Any], int]) -> Callable[[_Function], _Function]:
    """Keep what a function returns where the `size` of its first argument is small.

    What is kept is shared by threads and must not be written to.
    """

    def decorated(function: _Function) -> _Function:
        kept = functools.lru_cache(_MOST)(function)

        @functools.wraps(function)
        def found(first: Any, *rest: Any, **options: Any) -> object:
            return (kept if size(first) <= _SMALL else function)(first, *rest, **options)

        return cast(_Function, found)

    return decorated
