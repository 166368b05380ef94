"""What the filters of series share: their keyword arguments, how they run, and how they are told apart."""

from __future__ import annotations

import copy
import functools
import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from imfilter._base import arguments as check
from imfilter._base import borders
from imfilter._base.keywords import hinted, unknown
from imfilter._filters.series.filters import Design, Ends, Sliding, Timing, filtered
from imfilter._filters.series.windows import Window
from imfilter.typing import ArrayLike, DTypeLike, NDArray


class Shared(NamedTuple):
    """The keyword arguments that the filters of series share."""

    align: str = "centre"
    mode: str = "edge"
    cval: float = 0.0
    nan: str = "propagate"
    axis: int = -1
    dtype: DTypeLike | None = None
    out: NDArray[Any] | None = None
    workers: int | None = None


#: Samples of a window, and series of a stream, of which memory can hold as many.
MOST = (1 << 31) - 1
_Function = TypeVar("_Function", bound=Callable[..., object])
#: Borders that put samples before the first that come later.
_LATER = ("mirror", "symmetric", "wrap")
ALIGNS = ("centre", "causal")

#: The filters: what makes their design of their own arguments and of the shared ones.
_DESIGNS: dict[Callable[..., object], Callable[..., Design]] = {}


def series_filter(design: Callable[..., Design]) -> Callable[[_Function], _Function]:
    """Register a filter with what makes its design of its own arguments and of the shared ones."""

    def registered(function: _Function) -> _Function:
        checked = hinted(function)
        _DESIGNS[checked] = design
        return checked

    return registered


def named(name: str) -> object:
    """Return the filter of a name, the name where there is none."""
    return next((function for function in _DESIGNS if getattr(function, "__name__", "") == name), name)


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


def where(shared: Shared, more: tuple[str, ...] = ("valid", "shrink")) -> Where:
    """Return the alignment and the ends that arguments ask for; `more` words than borders are modes."""
    align = check.word(shared.align, "align", ALIGNS)
    late = (*_LATER, "fit") if align == "causal" else ()
    words = tuple(w for w in (*borders.MODES, *more) if w not in late)
    mode = borders.check_mode(shared.mode, more=more, offered=words)
    nan = check.word(shared.nan, "nan", ("propagate", "ignore"))
    cval = check.constant(shared.cval, "cval")
    if mode in late:
        raise ValueError(
            f"mode must be one of {', '.join(map(repr, words))} with align='causal', got {mode!r}, "
            "by which the first results depend on later samples"
        )
    return Where((align, Ends(mode, cval, nan == "ignore")))


def window_size(size: Any) -> int:
    """Return the size of a window."""
    return check.integer(size, "size", least=1, most=MOST)


def of_window(window: type[Window], size: Any, shared: Shared) -> Sliding:
    """Return the design of a filter to which all samples of its window are alike."""
    length, how = window_size(size), where(shared)
    before = how.before(length)
    timing = Timing(length - 1 - before, before - (length - 1) / 2)
    return Sliding(window(length, before), how.ends, timing, preserves_dtype=True)


def run(x: ArrayLike, design: Design, shared: Shared) -> NDArray:
    """Filter a series as designed."""
    if design.past is not None:
        array = check.series(x)
        design = design.after(check.axis_index(shared.axis, array.ndim, "axis"), array.shape)
    return filtered(x, design, shared.axis, shared.dtype, shared.out, shared.workers)


class Filter(ABC):
    """A filter that is an object, with arguments of its own, and stands wherever one can be named."""

    @abstractmethod
    def call(self, options: dict[str, Any]) -> Call:
        """Return it with what more is said of it."""


class Compound(Filter):
    """One that is put together from others."""

    def call(self, options: dict[str, Any]) -> Call:
        """Return it with what more is said of it."""
        return Call(self, (), options)

    @abstractmethod
    def live(self) -> Compound:
        """Return it as a stream has it, or refuse to look ahead."""

    @property
    @abstractmethod
    def design(self) -> Design:
        """What it does."""


class Call(NamedTuple):
    """A filter with its arguments, but for the series itself: the one way in which it is described."""

    filter: Any  # a function of this room, or an object that is one
    args: tuple[Any, ...]
    options: dict[str, Any]

    @classmethod
    def of(cls, filter: Any, args: Any = (), options: Any = None, name: str = "filter") -> Call:  # noqa: A002
        """Return a filter that an argument names, with its arguments; undo partials."""
        options = {} if options is None else dict(options)
        if isinstance(filter, functools.partial):
            if filter.args:
                raise TypeError(
                    f"{name} must name its arguments, as the first one is the series: use {_hint(filter)}"
                )
            return cls.of(filter.func, args, {**filter.keywords, **options}, name)
        if isinstance(filter, Filter):
            if args:
                raise TypeError(f"{type(filter).__name__} has its arguments, got {check.brief(args[0])} too")
            return filter.call(options)
        try:
            known = filter in _DESIGNS
        except TypeError:  # has no hash
            known = False
        if not known:
            raise TypeError(
                f"{name} must be one of the functions of imfilter.series that filter, a functools.partial of "
                f"one, a Cascade or a Forecaster, got {check.brief(filter)}"
            )
        return cls(filter, tuple(args), options)

    @classmethod
    def part(cls, filter: Any, name: str, whole: str) -> Call:  # noqa: A002
        """Return a filter of which another one says where its results go."""
        call = cls.of(filter, name=name)
        for option in PLACED:
            if option in call.options:
                raise TypeError(f"{name} must leave {option} to {whole}, got it in {call}")
        return call

    def design(self) -> Design:
        """Return what the filter does with these arguments."""
        function = self.filter
        if isinstance(function, Compound):
            unknown(type(function).__name__, self.options, frozenset(PLACED))
            return function.design
        signature = inspect.signature(function)
        unknown(function.__name__, self.options, frozenset(signature.parameters))
        try:
            bound = signature.bind(None, *self.args, **self.options)
        except TypeError as error:
            raise TypeError(f"{function.__name__}(): {error}") from None
        bound.apply_defaults()
        given = dict(list(bound.arguments.items())[1:])
        shared = Shared(**{name: given.pop(name) for name in Shared._fields if name in given})
        return _DESIGNS[function](*given.values(), shared)

    def live(self) -> Call:
        """Return the same as a stream has it: causal, if that is left to choose, and refused if it is not."""
        for name in ("axis", "out", "workers"):
            if name in self.options:
                raise TypeError(f"{name} must be left out: the first axis of a chunk is time")
        if isinstance(self.filter, Compound):
            return self._replace(filter=self.filter.live())
        if "align" not in inspect.signature(self.filter).parameters:
            return self
        align = self.options.get("align", "causal")
        if align != "causal":
            raise ValueError(f"align must be 'causal' in a stream, got {align!r} in {self}")
        return self._replace(options={**self.options, "align": "causal"})

    def kept(self) -> Call:
        """Return the same with arguments of its own, which nobody else changes."""
        return self._replace(args=copy.deepcopy(self.args), options=copy.deepcopy(self.options))

    @property
    def bound(self) -> Any:
        """The filter as one object, if its arguments have names."""
        return (
            self.filter
            if isinstance(self.filter, Compound)
            else functools.partial(self.filter, **self.options)
        )

    @property
    def shown(self) -> list[str]:
        """The filter and its arguments as they are written."""
        name = repr(self.filter) if isinstance(self.filter, Compound) else self.filter.__name__
        options = (f"{n}={check.brief(v)}" for n, v in self.options.items())
        return [name, *map(check.brief, self.args), *options]

    def __str__(self) -> str:
        name, *arguments = self.shown
        return (
            f"{name}({', '.join(arguments)})" if arguments or not isinstance(self.filter, Compound) else name
        )


#: What may be said of a filter that is an object too: where its results go.
PLACED = ("axis", "dtype", "out", "workers")


def _hint(partial: functools.partial[Any]) -> str:
    """Return how arguments that were given in order are named."""
    if partial.func not in _DESIGNS:
        return "functools.partial(series.moving_average, size=5)"
    names = list(inspect.signature(partial.func).parameters)[1:]
    given = [f"{n}={check.brief(v)}" for n, v in zip(names, partial.args, strict=False)]
    given += [f"{n}={check.brief(v)}" for n, v in partial.keywords.items()]
    return f"functools.partial({', '.join([f'series.{partial.func.__name__}', *given])})"
