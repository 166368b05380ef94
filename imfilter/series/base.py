"""Common parts of the series filters: keyword arguments, registration, and descriptions of calls."""

from __future__ import annotations

import copy
import functools
import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from imfilter._base import arguments as check
from imfilter._base import borders, missing
from imfilter._base.keywords import hinted, unknown
from imfilter._filters.series.apply import filtered
from imfilter._filters.series.design import Design, Ends, Timing
from imfilter._filters.series.sliding import Sliding
from imfilter._filters.series.windows import Window
from imfilter.typing import ArrayLike, DTypeLike, NDArray


class Shared(NamedTuple):
    """The keyword arguments that the filters of series share."""

    align: str = "centre"
    mode: str = "edge"
    cval: float = 0.0
    mask: ArrayLike | None = None
    nan: str = "propagate"
    min_coverage: float = 0.0
    axis: int = -1
    dtype: DTypeLike | None = None
    out: NDArray[Any] | None = None
    workers: int | None = None
    min_count: int | None = None


#: Largest window length, and largest number of series in a stream.
MOST = (1 << 31) - 1
_Function = TypeVar("_Function", bound=Callable[..., object])
#: Borders that put later samples before the first sample.
_LATER = ("mirror", "symmetric", "wrap")
ALIGNS = ("centre", "causal")

#: The registered filters, with the function that computes the design from the arguments.
_DESIGNS: dict[Callable[..., object], Callable[..., Design]] = {}


def series_filter(design: Callable[..., Design]) -> Callable[[_Function], _Function]:
    """Register a filter with the function that computes its design from its arguments."""

    def registered(function: _Function) -> _Function:
        checked = hinted(function)
        _DESIGNS[checked] = design
        return checked

    return registered


def named(name: str) -> object:
    """Return the filter with this name, or the name if there is no such filter."""
    return next((function for function in _DESIGNS if getattr(function, "__name__", "") == name), name)


class Where(tuple[str, Ends]):
    """The checked alignment and ends of a filter."""

    @property
    def causal(self) -> bool:
        """Whether no result depends on a later sample."""
        return self[0] == "causal"

    @property
    def ends(self) -> Ends:
        """How a series continues beyond its ends."""
        return self[1]

    def before(self, size: int) -> int:
        """Return the number of samples of a window before the sample of its result."""
        return size - 1 if self.causal else size // 2


def where(shared: Shared, more: tuple[str, ...] = ("valid", "shrink")) -> Where:
    """Return the alignment and the ends from the arguments. `more` lists modes that are not borders."""
    align = check.word(shared.align, "align", ALIGNS)
    late = (*_LATER, "fit") if align == "causal" else ()
    words = tuple(w for w in (*borders.MODES, *more) if w not in late)
    mode = borders.check_mode(shared.mode, more=more, offered=words)
    cval = check.constant(shared.cval, "cval")
    if mode in late:
        raise ValueError(
            f"mode must be one of {', '.join(map(repr, words))} with align='causal', got {mode!r}, "
            "which makes the first results depend on later samples"
        )
    return Where((align, Ends(mode, cval, *missing.policy(shared.nan, shared.min_coverage))))


def window_size(size: Any) -> int:
    """Return the size of a window."""
    return check.integer(size, "size", least=1, most=MOST)


def of_window(
    window: type[Window], size: Any, shared: Shared, *options: Any, preserves_dtype: bool = True
) -> Sliding:
    """Return the design of a filter whose window has no weights. `options` are those of the window."""
    length, how = window_size(size), where(shared)
    before, ends = how.before(length), how.ends
    if shared.min_count is not None:
        if ends.min_coverage:
            raise ValueError(
                "min_count and min_coverage must not both be given, "
                f"got {check.brief(shared.min_count)} and {ends.min_coverage}"
            )
        ends = ends._replace(min_count=check.integer(shared.min_count, "min_count", least=1, most=length))
    timing = Timing(length - 1 - before, before - (length - 1) / 2)
    return Sliding(window(length, before, *options), ends, timing, preserves_dtype)


def run(x: ArrayLike, design: Design, shared: Shared) -> NDArray:
    """Filter a series with a design."""
    if design.past is not None:
        array = check.series(missing.split(x)[0])
        design = design.after(check.axis_index(shared.axis, array.ndim, "axis"), array.shape)
    return filtered(x, design, shared.mask, shared.axis, shared.dtype, shared.out, shared.workers)


class Filter(ABC):
    """A filter that is an object with its own arguments. It is accepted wherever a filter is."""

    @abstractmethod
    def call(self, options: dict[str, Any]) -> Call:
        """Return the call of this filter with options."""


class Compound(Filter):
    """A filter that consists of other filters."""

    def call(self, options: dict[str, Any]) -> Call:
        """Return the call of this filter with options."""
        return Call(self, (), options)

    @abstractmethod
    def live(self) -> Compound:
        """Return the causal form for a stream. Raise an error if the filter looks ahead."""

    @property
    @abstractmethod
    def design(self) -> Design:
        """The design of this filter."""


class Call(NamedTuple):
    """A filter with its arguments, except the series."""

    filter: Any  # a function of this package, or a Filter
    args: tuple[Any, ...]
    options: dict[str, Any]

    @classmethod
    def of(cls, filter: Any, args: Any = (), options: Any = None, name: str = "filter") -> Call:  # noqa: A002
        """Return the call of a filter with its arguments. Partials are resolved."""
        options = {} if options is None else dict(options)
        if isinstance(filter, functools.partial):
            if filter.args:
                raise TypeError(
                    f"{name} must pass its arguments by name, because the first argument is the series: "
                    f"use {_hint(filter)}"
                )
            return cls.of(filter.func, args, {**filter.keywords, **options}, name)
        if isinstance(filter, Filter):
            if args:
                raise TypeError(
                    f"args must be empty for a {type(filter).__name__}, got {check.brief(args[0])}"
                )
            return filter.call(options)
        try:
            known = filter in _DESIGNS
        except TypeError:  # not hashable
            known = False
        if not known:
            raise TypeError(
                f"{name} must be one of the functions of imfilter.series that filter, a functools.partial of "
                f"one, a Cascade or a Forecaster, got {check.brief(filter)}"
            )
        return cls(filter, tuple(args), options)

    @classmethod
    def part(cls, filter: Any, name: str, whole: str) -> Call:  # noqa: A002
        """Return the call of a filter inside another filter, which sets axis, dtype, out and workers."""
        call = cls.of(filter, name=name)
        for option in PLACED:
            if option in call.options:
                raise TypeError(f"{name} must not set {option}, which belongs to {whole}, got {call}")
        return call

    def design(self) -> Design:
        """Return the design of the filter with these arguments."""
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
        """Return the causal call for a stream. Raise an error if the alignment is not causal."""
        if "mask" in self.options:
            raise TypeError("mask must be left out: pass it to push with the samples")
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
        """Return a copy with copied arguments."""
        return self._replace(args=copy.deepcopy(self.args), options=copy.deepcopy(self.options))

    @property
    def bound(self) -> Any:
        """The filter as one object, if all arguments are keyword arguments."""
        return (
            self.filter
            if isinstance(self.filter, Compound)
            else functools.partial(self.filter, **self.options)
        )

    @property
    def shown(self) -> list[str]:
        """The name of the filter and its arguments as text."""
        name = repr(self.filter) if isinstance(self.filter, Compound) else self.filter.__name__
        options = (f"{n}={check.brief(v)}" for n, v in self.options.items())
        return [name, *map(check.brief, self.args), *options]

    def __str__(self) -> str:
        name, *arguments = self.shown
        return (
            f"{name}({', '.join(arguments)})" if arguments or not isinstance(self.filter, Compound) else name
        )


#: Options that a filter object accepts, too.
PLACED = ("mask", "axis", "dtype", "out", "workers")


def _hint(partial: functools.partial[Any]) -> str:
    """Return a partial in which positional arguments have their names."""
    if partial.func not in _DESIGNS:
        return "functools.partial(series.moving_average, size=5)"
    names = list(inspect.signature(partial.func).parameters)[1:]
    given = [f"{n}={check.brief(v)}" for n, v in zip(names, partial.args, strict=False)]
    given += [f"{n}={check.brief(v)}" for n, v in partial.keywords.items()]
    return f"functools.partial({', '.join([f'series.{partial.func.__name__}', *given])})"
