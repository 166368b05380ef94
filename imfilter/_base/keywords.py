"""The keyword arguments that filters share, and messages about arguments that a function does not have."""

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar, cast

import numpy.typing as npt

from imfilter._base.suggestions import ARGUMENTS, NEEDLESS, suggestion

_Function = TypeVar("_Function", bound=Callable[..., object])


class Common(NamedTuple):
    """The keyword arguments that all image filters share."""

    mode: str = "mirror"
    cval: float = 0.0
    axes: int | tuple[int, ...] | None = None
    channel_axis: int | None = None
    dtype: npt.DTypeLike | None = None
    out: npt.NDArray[Any] | None = None
    workers: int | None = None
    mask: npt.ArrayLike | None = None
    nan: str = "propagate"
    min_coverage: float = 0.0


def unknown(function: str, options: Mapping[str, Any], known: frozenset[str]) -> None:
    """Raise TypeError for an option that a function does not have. The message suggests a known argument."""
    if known.issuperset(options):
        return
    name = next(option for option in options if option not in known)
    if name in NEEDLESS:
        hint = f"; leave it out: {NEEDLESS[name]}"
    else:
        ours = next((word for word in ARGUMENTS.get(name.lower(), ()) if word in known), None)
        hint = suggestion(name, known, ours)
    raise TypeError(f"{function}() has no argument {name!r}{hint}")


def hinted(function: _Function) -> _Function:
    """Return `function` with better messages about arguments that it does not have.

    Correct calls run no additional check.
    """
    known = frozenset(inspect.signature(function).parameters)

    @functools.wraps(function)
    def checked(*args: Any, **options: Any) -> object:
        try:
            return function(*args, **options)
        except TypeError:
            unknown(function.__name__, options, known)
            raise

    return cast(_Function, checked)
