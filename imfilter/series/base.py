"""What the filters of series share: their keyword arguments, how they run, and how they are told apart."""

import difflib
import functools
import inspect
from collections.abc import Callable
from typing import Any, TypedDict, TypeVar, cast

import numpy.typing as npt

from imfilter._core import border, check
from imfilter._core.bands import requested
from imfilter._core.common import written
from imfilter._core.timeline import Design, Ends, filtered


class Shared(TypedDict, total=False):
    """Keyword arguments of the filters of series."""

    align: str
    mode: str
    cval: float
    nan: str
    axis: int
    dtype: npt.DTypeLike | None
    out: npt.NDArray[Any] | None
    workers: int | None


_DEFAULTS: Shared = {
    "align": "centre",
    "mode": "edge",
    "cval": 0.0,
    "nan": "propagate",
    "axis": -1,
    "dtype": None,
    "out": None,
    "workers": None,
}

_SHARED = {
    "align": """\
align : {'centre', 'causal'}, optional
    Whether the window lies around a sample, an even one farther to the front, or ends with it: then no
    result depends on a later sample. Default 'centre'.""",
    "mode": """\
mode : str, optional
    What lies beyond the ends of a series ``a b c d``:

    - 'edge': ``a a a | a b c d | d d d``, the default
    - 'zero': ``0 0 0 | a b c d | 0 0 0``
    - 'constant': ``k k k | a b c d | k k k`` with k = `cval`
    - 'mirror': ``d c b | a b c d | c b a``
    - 'symmetric': ``c b a | a b c d | d c b``
    - 'wrap': ``b c d | a b c d | a b c``
    - 'shrink': nothing; windows have what there is of them
    - 'valid': nothing; there are results of whole windows only

    A causal filter has no 'mirror', 'symmetric' and 'wrap', which put later samples before the first.""",
    "cval": """\
cval : float, optional
    Value beyond the ends in mode 'constant'. Default 0.""",
    "nan": """\
nan : {'propagate', 'ignore'}, optional
    Whether NaN makes every window NaN that it is in, or counts as a missing sample: results are then those
    of the others, NaN where there are too few. Default 'propagate'.""",
    "axis": """\
axis : int, optional
    The axis of time. Default -1, the last one; the others hold series that do not touch each other.""",
    "dtype": """\
dtype : dtype, optional
    Element type of the result, rounded half to even and saturated.""",
    "out": """\
out : ndarray, optional
    Where to put the result, whose dtype it determines. It may be `x` itself or overlap it.""",
    "workers": """\
workers : int, optional
    Number of threads, by default every core this process may use. It does not change the result.""",
}

_PARAGRAPHS = {
    "x": """\
x : array_like
    Series, of bool, integers or floats; any of it may be empty. It is not changed.""",
    "keeps": """\
ndarray
    Array of the shape of `x`, along the axis of time as many fewer as a window has samples before its last
    in mode 'valid'. Its dtype is that of `x`, rounded half to even and saturated, or `dtype` or that of
    `out`; integers become floats with ``dtype=float``. Computed in float64.""",
    "derives": """\
ndarray
    Array of the shape of `x`, along the axis of time as many fewer as a window has samples before its last
    in mode 'valid'. Its dtype is float32 for bool, 8- and 16-bit integers, float16 and float32, float64 for
    wider types; or `dtype` or that of `out`. Computed in float64.""",
    "errors": """\
TypeError
    If an argument has the wrong type: complex or object arrays, a float for an integer.
ValueError
    If an argument has the wrong value. The message names the argument, what came and what would do.""",
}

_Function = TypeVar("_Function", bound=Callable[..., object])
#: Borders that put samples before the first that come later.
_LATER = ("mirror", "symmetric", "wrap")
ALIGNS = ("centre", "causal")

#: The filters: what makes their design of their own arguments and of the shared ones.
_DESIGNS: dict[Callable[..., object], Callable[..., Design]] = {}


def series_filter(
    design: Callable[..., Design], *without: str, **defaults: Any
) -> Callable[[_Function], _Function]:
    """Register a filter, and write the shared arguments into its signature and docstring.

    It does not have those of the names in `without`; `defaults` are its own ones.
    """

    def registered(function: _Function) -> _Function:
        checked = _written(function, {n: v for n, v in {**_DEFAULTS, **defaults}.items() if n not in without})
        _DESIGNS[checked] = design
        return checked

    return registered


def _written(function: _Function, shared: dict[str, Any]) -> _Function:
    own = inspect.signature(function)
    kept = [p for p in own.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
    kinds = Shared.__annotations__
    more = [
        inspect.Parameter(n, inspect.Parameter.KEYWORD_ONLY, default=v, annotation=kinds[n])
        for n, v in shared.items()
    ]
    signature = own.replace(parameters=kept + more)
    known = frozenset(signature.parameters)

    @functools.wraps(function)
    def checked(*args: Any, **options: Any) -> object:
        unknown(function.__name__, options, known)
        return function(*args, **options)

    paragraphs = {**_PARAGRAPHS, "shared": "\n".join(_SHARED[n] for n in shared)}
    checked.__signature__ = signature  # type: ignore[attr-defined]  # read by inspect and help
    checked.__doc__ = written(function.__doc__, paragraphs)
    return cast(_Function, checked)


def unknown(name: str, options: Any, known: frozenset[str]) -> None:
    """Raise TypeError for an option that is not known."""
    for option in options:
        if option not in known:
            close = difflib.get_close_matches(option, known, 1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise TypeError(f"{name}() has no argument {option!r}{hint}")


class Where(tuple[str, Ends]):
    """The alignment of a filter and its ends, checked."""

    @property
    def causal(self) -> bool:
        """Whether no result depends on a later sample."""
        return self[0] == "causal"

    @property
    def ends(self) -> Ends:
        """What lies beyond a series."""
        return self[1]

    def before(self, size: int) -> int:
        """Return how many samples of a window lie before that at which its result stands."""
        return size - 1 if self.causal else size // 2


def where(shared: Any, more: tuple[str, ...] = ("valid", "shrink")) -> Where:
    """Return the alignment and the ends that arguments ask for; `more` words than borders are modes."""
    options = {**_DEFAULTS, **shared}
    align = check.word(options["align"], "align", ALIGNS)
    mode = border.check_mode(options["mode"], more=more)
    nan = check.word(options["nan"], "nan", ("propagate", "ignore"))
    cval = check.number(options["cval"], "cval", finite=False)
    if align == "causal" and mode in (*_LATER, "fit"):
        words = [w for w in (*border.MODES, *more) if w not in (*_LATER, "fit")]
        raise ValueError(
            f"mode must be one of {', '.join(map(repr, words))} with align='causal', got {mode!r}, "
            "by which the first results depend on later samples"
        )
    return Where((align, Ends(mode, cval, nan == "ignore")))


def run(x: npt.ArrayLike, design: Design, shared: Shared) -> npt.NDArray:
    """Filter a series as designed."""
    options = {**_DEFAULTS, **shared}
    return filtered(
        x, design, options["axis"], options["dtype"], options["out"], options["workers"], requested
    )


def design_of(function: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Design:
    """Return the design of a filter of this room with these arguments, but for the series itself."""
    try:
        make = _DESIGNS[function]
    except (KeyError, TypeError):
        names = ", ".join(f.__name__ for f in _DESIGNS)
        raise TypeError(
            f"filter must be one of the functions {names} of imfilter.series, got {function!r}"
        ) from None
    signature = inspect.signature(function)
    unknown(function.__name__, options, frozenset(signature.parameters))
    try:
        bound = signature.bind(None, *args, **options)
    except TypeError as error:
        raise TypeError(f"{function.__name__}(): {error}") from None
    bound.apply_defaults()
    given = dict(list(bound.arguments.items())[1:])
    shared = {name: given.pop(name) for name in _DEFAULTS if name in given}
    return make(*given.values(), shared)


def takes(function: Any, name: str) -> bool:
    """Tell whether a filter has an argument."""
    return function in _DESIGNS and name in inspect.signature(function).parameters
