"""The choice between this engine and the original function."""

import functools
import inspect
import os
import time
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np

from imfilter._compat import record

_Function = TypeVar("_Function", bound=Callable[..., Any])
#: The environment variable that makes every call run in both ways, to compare their times.
MEASURE = "IMFILTER_PATCH_MEASURE"


_measuring = bool(os.environ.get(MEASURE))


def read_environment() -> None:
    """Look again whether calls are measured. Looking at each call would take a microsecond."""
    global _measuring
    _measuring = bool(os.environ.get(MEASURE))


class Elsewhere(Exception):
    """The original function computes this call. The text says why."""


def like(original: Callable[..., Any], name: str) -> Callable[[_Function], _Function]:
    """Make a function run the `original` for calls that it cannot answer in the same way.

    These are calls for which it raises `Elsewhere`, or an error of arguments: then the original raises its
    own error, or knows better.
    """
    entry = record.entry(name)

    def decorate(function: _Function) -> _Function:
        @functools.wraps(function)
        def served(*args: Any, **options: Any) -> Any:
            try:
                if _measuring:
                    return _measured(entry, function, original, args, options)
                result = function(*args, **options)
            except (Elsewhere, TypeError, ValueError, MemoryError) as reason:
                result = original(*args, **options)
                entry.left(str(reason) if isinstance(reason, Elsewhere) else f"refused: {reason}")
                return result
            entry.ran()
            return result

        served.original = original  # type: ignore[attr-defined]  # functions take any attribute
        return cast(_Function, unseen(served))

    return decorate


def always(original: Callable[..., Any], name: str, reason: str) -> Callable[..., Any]:
    """Return a function that runs the original at each call, and has the reason in the report.

    It has the attribute `stays`. A patch does not look at the size of its arguments.
    """

    def function(*args: Any, **options: Any) -> Any:
        raise Elsewhere(reason)

    function.__name__ = function.__qualname__ = original.__name__
    function.__doc__ = f"Run `{name}`, because {reason}."
    served = like(original, name)(function)
    served.stays = True  # type: ignore[attr-defined]  # functions take any attribute
    served.__signature__ = inspect.signature(original)  # type: ignore[attr-defined]  # functions take any
    return served


def unseen(function: _Function) -> _Function:
    """Make warnings of the original name the code that calls a function, and not this function.

    `warnings` leaves out the frames of the import system. It knows them by two words in the name of a file.
    """
    code = function.__code__
    function.__code__ = code.replace(co_filename="<imfilter, importlib _bootstrap>")
    return function


def here(function: _Function) -> _Function:
    """Return a function made `like` another, but one that raises `Elsewhere` instead of running it."""
    return cast(_Function, function.__wrapped__)  # type: ignore[attr-defined]  # set by functools.wraps


def _measured(
    entry: record.Entry,
    function: Callable[..., Any],
    original: Callable[..., Any],
    args: tuple[Any, ...],
    options: dict[str, Any],
) -> Any:
    """Run a call in both ways, and return the result of this engine. The original works on copies."""
    copies = [a.copy() if isinstance(a, np.ndarray) else a for a in args]
    others = {k: v.copy() if isinstance(v, np.ndarray) else v for k, v in options.items()}
    begin = time.perf_counter()
    result = function(*args, **options)
    middle = time.perf_counter()
    original(*copies, **others)
    entry.measured(middle - begin, time.perf_counter() - middle)
    entry.ran()
    return result
