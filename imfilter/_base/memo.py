"""Results that are computed once: of a function by its arguments, and of an object's property."""

import functools
from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast, overload

_Function = TypeVar("_Function", bound=Callable[..., object])
_Value = TypeVar("_Value")

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


class once(Generic[_Value]):  # noqa: N801  # a decorator, like `property`
    """A property that is computed at its first use. Two threads may both compute it.

    `functools.cached_property` of Python 3.11 takes a lock, which takes 1.2 us.
    """

    def __init__(self, find: Callable[[Any], _Value]) -> None:
        self._find = find
        self._name = find.__name__
        self.__doc__ = find.__doc__

    @overload
    def __get__(self, owner: None, kind: type) -> "once[_Value]": ...
    @overload
    def __get__(self, owner: object, kind: type) -> _Value: ...

    def __get__(self, owner: object | None, kind: type) -> "once[_Value] | _Value":
        if owner is None:
            return self
        found = owner.__dict__[self._name] = self._find(owner)
        return found
