"""The keyword arguments that filters share, and messages about arguments that a function does not have."""

import functools
import inspect
from collections.abc import Callable, Mapping
from types import NoneType
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
import numpy.typing as npt

from imfilter._base import containers
from imfilter._base.suggestions import ARGUMENTS, NEEDLESS, OWN_ARGUMENTS, suggestion

_Function = TypeVar("_Function", bound=Callable[..., object])


#: Types that need no look at the libraries that the user has imported.
_OWN = frozenset({np.ndarray, list, tuple, int, float, str, NoneType})


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
        words = (OWN_ARGUMENTS.get((function, name.lower()), ""), *ARGUMENTS.get(name.lower(), ()))
        ours = next((word for word in words if word in known), None)
        hint = suggestion(name, known, ours)
    raise TypeError(f"{function}() has no argument {name!r}{hint}")


def hinted(function: _Function) -> _Function:
    """Return `function` with better messages about arguments that it does not have.

    If the image is an array of another library, such as dask, `containers` serves the call. To look at the
    type of an image takes 0.1 us.
    """
    parameters = inspect.signature(function).parameters
    known, first = frozenset(parameters), next(iter(parameters), "")

    @functools.wraps(function)
    def checked(*args: Any, **options: Any) -> object:
        try:
            image = args[0] if args else options.get(first)
            if type(image) not in _OWN:
                library = containers.library_of(image)
                if library is not None:
                    return containers.serve(library, checked, args, options)
            return function(*args, **options)
        except TypeError:
            unknown(function.__name__, options, known)
            raise

    return cast(_Function, checked)
