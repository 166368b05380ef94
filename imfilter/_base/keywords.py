"""The keyword arguments that filters share, and messages about arguments that a function does not have."""

import difflib
import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar, cast

import numpy.typing as npt

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


#: Arguments of other libraries and their names here. A message names the first one that the function has.
_ELSEWHERE = {
    "anchor": ("padding",),
    "border": ("mode",),
    "border_type": ("mode",),
    "bordertype": ("mode",),
    "boundary": ("mode",),
    "constant_values": ("cval",),
    "ddepth": ("dtype",),
    "dst": ("out",),
    "fill_value": ("cval",),
    "filter": ("kernel",),
    "image_size": ("shape",),
    "img": ("image", "x"),
    "in1": ("image",),
    "in2": ("kernel",),
    "input": ("image", "x"),
    "kernel_size": ("size", "kernel"),
    "ksize": ("size", "aperture", "radius"),
    "multichannel": ("channel_axis",),
    "n_jobs": ("workers",),
    "num_workers": ("workers",),
    "output": ("out", "dtype"),
    "p": ("q",),
    "padding_value": ("cval",),
    "percentile": ("q",),
    "polyorder": ("order",),
    "selem": ("footprint",),
    "sigma_x": ("sigma",),
    "sigmax": ("sigma",),
    "src": ("image",),
    "std": ("sigma",),
    "strides": ("stride",),
    "structure": ("footprint",),
    "threads": ("workers",),
    "weights": ("kernel", "weight"),
    "win_size": ("size",),
    "window": ("size",),
    "window_length": ("size",),
    "window_size": ("size",),
}
#: Arguments of other libraries that request what these functions always do.
_NEEDLESS = {"preserve_range": "values are never rescaled"}


def unknown(function: str, options: Mapping[str, Any], known: frozenset[str]) -> None:
    """Raise TypeError for an option that a function does not have. The message suggests a known argument."""
    if known.issuperset(options):
        return
    name = next(option for option in options if option not in known)
    meant = [word for word in _ELSEWHERE.get(name.lower(), ()) if word in known]
    close = difflib.get_close_matches(name, known, 1)
    hint = ""
    if name in _NEEDLESS:
        hint = f"; leave it out: {_NEEDLESS[name]}"
    elif meant:
        hint = f"; here it is called {meant[0]!r}"
    elif close:
        hint = f"; did you mean {close[0]!r}?"
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
