"""A decorator that caches small results of a function by its arguments."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

_Function = TypeVar("_Function", bound=Callable[..., object])

#: Number of cached results of a function, and their largest size in samples or taps.
_MOST, _SMALL = 128, 4096


def remembered(size: Callable[[Any], int]) -> Callable[[_Function], _Function]:
    """Cache the results of a function if the `size` of its first argument is small.

    Threads share the cached results. They must not be written to.
    """

    def decorated(function: _Function) -> _Function:
        kept = functools.lru_cache(_MOST)(function)

        @functools.wraps(function)
        def found(first: Any, *rest: Any, **options: Any) -> object:
            return (kept if size(first) <= _SMALL else function)(first, *rest, **options)

        # The type checker does not know this attribute of functions.
        found.cache_clear = kept.cache_clear  # type: ignore[attr-defined]
        return cast(_Function, found)

    return decorated
