"""The keyword arguments that all filters share: their types, their defaults and their description, once."""

import difflib
import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypedDict, TypeVar, cast

import numpy.typing as npt


class Placed(TypedDict, total=False):
    """Keyword arguments of every filter that has no border; see `documented`."""

    axes: int | tuple[int, ...] | None
    channel_axis: int | None
    dtype: npt.DTypeLike | None
    out: npt.NDArray[Any] | None
    workers: int | None


class Common(Placed, total=False):
    """Keyword arguments of every filter; see `documented` for how they reach its signature."""

    mode: str
    cval: float


_DEFAULTS: Common = {
    "mode": "mirror",
    "cval": 0.0,
    "axes": None,
    "channel_axis": None,
    "dtype": None,
    "out": None,
    "workers": None,
}


def complete(common: Placed) -> Common:
    """Return `common` with the defaults filled in."""
    return cast(Common, {**_DEFAULTS, **common})


_Function = TypeVar("_Function", bound=Callable[..., object])

#: The shared keyword arguments, which ``{{common}}`` stands for.
_COMMON = {
    "mode": """\
mode : {'mirror', 'symmetric', 'edge', 'wrap', 'zero', 'constant'}, optional
    What lies beyond the border of the image ``a b c d``:

    - 'mirror': ``d c b | a b c d | c b a``, the default
    - 'symmetric': ``c b a | a b c d | d c b``
    - 'edge': ``a a a | a b c d | d d d``
    - 'wrap': ``b c d | a b c d | a b c``
    - 'zero': ``0 0 0 | a b c d | 0 0 0``
    - 'constant': ``k k k | a b c d | k k k`` with k = `cval`""",
    "cval": """\
cval : float, optional
    Value beyond the border in mode 'constant'. Default 0.""",
    "axes": """\
axes : int or tuple of int, optional
    One to three axes to filter; the others are a batch. By default all but `channel_axis`.""",
    "channel_axis": """\
channel_axis : int, optional
    Axis of the channels of a colour image, which is not filtered across. By default there is none.""",
    "dtype": """\
dtype : dtype, optional
    Element type of the result, rounded half to even and saturated.""",
    "out": """\
out : ndarray, optional
    Where to put the result, whose dtype it determines. It may be `image` itself or overlap it.""",
    "workers": """\
workers : int, optional
    Number of threads, by default every core this process may use. It does not change the result.""",
}

_PARAGRAPHS = {
    "image": """\
image : array_like
    Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise.
    A colour image needs ``channel_axis=-1`` if its last axis is colour. Bool, integers or floats of any
    shape. It is not changed.""",
    "errors": """\
TypeError
    If an argument has the wrong type: complex or object arrays, a float for an integer.
ValueError
    If an argument has the wrong value. The message names the argument, what came and what would do.""",
    "window": """\
size : int or sequence of int, optional
    Length of the window, one for all filtered axes or one for each. Default 3. Even windows reach one
    sample farther to the front, as in SciPy. Windows may be longer than the image.
footprint : array_like, optional
    Window of any shape, instead of `size`: the samples where it is not zero count.""",
    "pooled": """\
size : int or sequence of int
    Length of the window, one for all filtered axes or one for each.
stride : int or sequence of int, optional
    Distance between windows. By default `size`, so that they neither overlap nor leave gaps.
padding : int or sequence of int, optional
    Places before the image, and as many after it, into which windows reach: at most half a window.
    Default 0.""",
    "ceil_mode": """\
ceil_mode : bool, optional
    Whether a last window that does not fit counts too, with what it has of the image. It is dropped if it
    would begin behind the image. Default False.""",
    "ranks": """\
ndarray
    Array of the shape and dtype of `image`, or of `dtype` or `out`. Its values are samples, none is
    computed: exact for every dtype. What is not a number comes after infinity, and -0.0 before 0.0.""",
    "keeps": """\
ndarray
    Array of the shape and dtype of `image`, or of `dtype` or `out`; computed in floating point,
    rounded half to even and saturated.""",
    "derives": """\
ndarray
    Array of the shape of `image`: float32 for bool, 8- and 16-bit integers, float16 and float32,
    float64 for wider types; or of `dtype` or `out`.""",
    "spacing": """\
spacing : float or sequence of float, optional
    Distance between samples, one for all filtered axes or one for each, in any unit of length.
    Derivatives are then per that unit. Default 1.""",
    "truncate": """\
truncate : float, optional
    Cut the kernel at this many standard deviations: its radius is ``int(truncate*sigma + 0.5)``
    samples. Default 4.
radius : int or sequence of int, optional
    Radius of the kernel in samples, one for all filtered axes or one for each, instead of `truncate`.""",
    "layer": """\
stride : int or sequence of int, optional
    Distance between neighbouring outputs in samples, one for all spatial axes or one for each. Default 1.
padding : {'same', 'valid'}, int or sequence, optional
    Samples of border: as many on both sides of every axis, or for each axis as many or a pair (before,
    after). 'valid' is 0, the default; with 'same' there are ceil(n/stride) outputs, and of an odd number
    of samples one more lies behind.
padding_mode : {'zero', 'mirror', 'symmetric', 'edge', 'wrap'}, optional
    What the border is; see `imfilter.correlate`. Default 'zero'. Patterns repeat for borders longer than
    the axis.
dilation : int or sequence of int, optional
    Distance between neighbouring taps in samples, likewise. Default 1.
groups : int, optional
    Into how many groups channels are cut, which know nothing of each other. Default 1.""",
    "workers": _COMMON["workers"],
}


def _indented(text: str, indent: str) -> str:
    lines = text.splitlines()
    return "\n".join((indent + line if line and i else line) for i, line in enumerate(lines))


def documented(function: _Function) -> _Function:
    """Write the shared keyword arguments into a public function's signature and docstring.

    The function itself takes them as ``**common``, and is spared what it does not know. In its
    docstring each ``{{name}}`` becomes the shared paragraph of that name.
    """
    return _document(function, list(_DEFAULTS))


def documented_without(*names: str) -> Callable[[_Function], _Function]:
    """Do the same for a function that does not have the shared keyword arguments of these names."""
    return functools.partial(_document, names=[name for name in _DEFAULTS if name not in names])


def _document(function: _Function, names: list[str]) -> _Function:
    shared = {name: default for name, default in _DEFAULTS.items() if name in names}
    paragraphs = {**_PARAGRAPHS, "common": "\n".join(_COMMON[name] for name in names)}
    return with_shared(function, shared, Common.__annotations__, paragraphs)


def with_shared(
    function: _Function, shared: Mapping[str, Any], kinds: Mapping[str, Any], paragraphs: dict[str, str]
) -> _Function:
    """Write keyword arguments with their defaults and types into a signature, paragraphs into a docstring."""
    own = inspect.signature(function)
    kept = [p for p in own.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
    more = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kinds[name])
        for name, default in shared.items()
    ]
    signature = own.replace(parameters=kept + more)
    known = frozenset(signature.parameters)

    @functools.wraps(function)
    def checked(*args: Any, **options: Any) -> object:
        unknown(function.__name__, options, known)
        return function(*args, **options)

    checked.__signature__ = signature  # type: ignore[attr-defined]  # read by inspect and help
    checked.__doc__ = _written(function.__doc__, paragraphs)
    return cast(_Function, checked)


def unknown(function: str, options: Mapping[str, Any], known: frozenset[str]) -> None:
    """Raise TypeError for an option that a function does not know."""
    if not known.issuperset(options):
        name = next(option for option in options if option not in known)
        close = difflib.get_close_matches(name, known, 1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise TypeError(f"{function}() has no argument {name!r}{hint}")


def described(function: _Function) -> _Function:
    """Write shared paragraphs into the docstring of a public function that has arguments of its own."""
    function.__doc__ = _written(function.__doc__, _PARAGRAPHS)
    return function


def _written(text: str | None, paragraphs: dict[str, str]) -> str | None:
    """Return a docstring with the shared paragraphs that it names."""
    if text is None:  # python -OO
        return None
    for name, paragraph in paragraphs.items():
        # From Python 3.13 on the compiler takes the indentation out of docstrings.
        for indent in ("    ", ""):
            text = text.replace(f"\n{indent}{{{{{name}}}}}", f"\n{indent}{_indented(paragraph, indent)}")
    return text
