"""The common steps of every image filter: check the arguments once, plan, compute, write the result."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, dtypes, missing, threads
from imfilter._base.call_cache import Calls, key_of
from imfilter._base.keywords import Common
from imfilter._base.plan import Plan, Planned, by_window, planning

#: Number of programs kept with a call, one for each layout of image and output.
_MOST_PROGRAMS = 16
_Key = TypeVar("_Key")
_Made = TypeVar("_Made")


class Settled(Protocol):
    """The part of a call that is known before the samples are read."""

    @property
    def dtype(self) -> np.dtype: ...
    @property
    def result_shape(self) -> tuple[int, ...]: ...


_Call = TypeVar("_Call", bound=Settled)


@dataclass(frozen=True, eq=False)
class Family(Generic[_Call]):
    """The functions of a family of filters that `apply` calls, and the calls that the family has settled."""

    #: Checks the arguments of an image: ``settle(image, common, fixed, *given)``.
    settle: Callable[..., _Call]
    #: Returns the algorithm that would run for an image, and the reason.
    plan: Callable[[_Call, npt.NDArray], Plan]
    #: Returns the result in `out` or in a new array: ``compute(call, image, out, workers)``.
    compute: Callable[[_Call, npt.NDArray, npt.NDArray | None, int | None], npt.NDArray]
    #: Filters an image with missing data: ``with_missing(image, common, fixed, presence, wanted, *given)``.
    #: Returns the result, and if `wanted`, where too little is present for a result.
    with_missing: Callable[..., tuple[npt.NDArray, npt.NDArray[np.bool_] | None]]
    #: Does what `compute` does, but returns None if a sample is not finite, as far as it can tell cheaply.
    compute_finite: Callable[[_Call, npt.NDArray, npt.NDArray | None, int | None], npt.NDArray | None] = (
        lambda *_: None
    )
    calls: Calls[_Call] = field(default_factory=Calls)


def family_of(
    settle: Callable[..., _Call],
    plan: Callable[[_Call, npt.NDArray], Plan],
    filled: Callable[..., npt.NDArray],
) -> Family[_Call]:
    """Return the functions of a family that filters images with and without missing data in one way.

    ``filled(call, image, out, workers, presence, few)`` returns the result. The presence is None if all is
    present. `few` is None, or an array of truth values for where too little is present.
    """

    def compute(call: _Call, array: npt.NDArray, out: npt.NDArray | None, workers: int | None) -> npt.NDArray:
        return filled(call, array, out, workers, None, None)

    def with_missing(
        array: npt.NDArray,
        given: Common,
        fixed: Any,
        presence: missing.Presence,
        wanted: bool,
        *own: tuple[Any, ...],
    ) -> tuple[npt.NDArray, npt.NDArray[np.bool_] | None]:
        call = settle(array, given, fixed, *own)
        arguments.fitting(given.out, call.result_shape)
        few = np.empty(call.result_shape, bool) if wanted else None
        return filled(call, array, given.out, threads.requested(given.workers), presence, few), few

    return Family(settle, plan, compute, with_missing)


def apply(
    family: Family[_Call], image: npt.ArrayLike, common: Common, fixed: Any, *given: tuple[Any, ...]
) -> npt.NDArray:
    """Filter an image. `fixed` names the filter; `given` are its own arguments, not yet checked.

    A call with the arguments of an earlier call is not checked again.
    """
    (key, call), out, workers = _earlier(family, image, common, fixed, given), common.out, common.workers
    if call is not None:
        array: npt.NDArray = image  # type: ignore[assignment]  # only arrays have a key
        workers = threads.requested(workers)  # 0.1 us of 11: a wrong default is an error of every call
    elif missing.wanted(image, common):
        return _apply_with_missing(family, image, common, fixed, *given)
    else:
        array = arguments.image(image)
        call, out, workers = _settled(family, array, common, fixed, given, key)
    asked = planning.get()
    if asked is not None:
        asked.append(family.plan(call, array))
        raise Planned(call, family.compute)
    return family.compute(call, array, out, workers)


def repeated(
    family: Family[_Call], image: npt.ArrayLike, common: Common, fixed: Any, *given: tuple[Any, ...]
) -> npt.NDArray | None:
    """Do what `apply` does for a call with the arguments of an earlier one. Otherwise return None."""
    _, call = _earlier(family, image, common, fixed, given)
    if call is None or planning.get() is not None:
        return None
    array: npt.NDArray = image  # type: ignore[assignment]  # only arrays have a key
    return family.compute(call, array, common.out, threads.requested(common.workers))


def _earlier(
    family: Family[_Call], image: npt.ArrayLike, common: Common, fixed: Any, given: tuple[Any, ...]
) -> tuple[Any, _Call | None]:
    """Return the key of the arguments, and the call with the same arguments if there was one."""
    key = key_of(image, common, fixed, given)
    return key, family.calls.get(key)


def _settled(
    family: Family[_Call],
    array: npt.NDArray,
    common: Common,
    fixed: Any,
    given: tuple[Any, ...],
    unknown: Any = None,
) -> tuple[_Call, npt.NDArray | None, int | None]:
    """Return the call for the arguments, the array for the result, and the number of threads.

    `unknown` is the key of the arguments if no call has it yet.
    """
    out, workers = common.out, threads.requested(common.workers)
    key = key_of(array, common, fixed, given) if unknown is None else unknown
    call = None if key is unknown else family.calls.get(key)
    if call is None:
        out = arguments.out(out)
        call = family.settle(array, common, fixed, *given)
        arguments.fitting(out, call.result_shape)
        family.calls.keep(key, call)
    return call, out, workers


def _apply_with_missing(
    family: Family[_Call], image: npt.ArrayLike, common: Common, fixed: Any, *given: tuple[Any, ...]
) -> npt.NDArray:
    """Filter an image with missing data. A masked array gives a masked array."""
    bare, own = missing.split(image)
    array, masked = arguments.image(bare), own is not None
    asked, plans = missing.asked(array, common, own), planning.get()
    plain = common._replace(mask=None, nan="propagate", min_coverage=0.0)
    undefined, result = None, None
    if asked.only_nan and plans is None and not by_window.get() and not missing.often_nan(array):
        # A search for NaN would take longer than many filters.
        call, out, workers = _settled(family, array, plain, fixed, given)
        result = family.compute_finite(call, array, out, workers)
    if result is None:
        present = missing.found(asked, array, common.workers)
        if present is None:
            result = apply(family, array, plain, fixed, *given)
        elif plans is not None:
            plans.append(Plan("missing", "samples are absent: what is present is summed too", math.nan))
            raise Planned
        else:
            checked = common._replace(out=arguments.out(common.out))
            result, undefined = family.with_missing(array, checked, fixed, present, masked, *given)
    if not masked:
        return result
    return np.ma.MaskedArray(result, mask=np.ma.nomask if undefined is None else undefined)


def cached(programs: dict[_Key, _Made], key: _Key, make: Callable[..., _Made], *given: Any) -> _Made:
    """Return the object made earlier for a layout, or make it from what is `given`. The cache keeps a few.

    Most calls make nothing, and then arguments take less time than a new function without any.
    """
    try:
        return programs[key]
    except KeyError:
        if len(programs) >= _MOST_PROGRAMS:
            programs.clear()
        made = programs[key] = make(*given)
        return made


def delivered(target: npt.NDArray, out: npt.NDArray | None, dtype: np.dtype) -> npt.NDArray:
    """Return the content of `target` in `out`, or in an array of the given dtype."""
    if out is None:
        out = target if target.dtype == dtype else dtypes.empty(target.shape, dtype)
    if out is not target:
        dtypes.place(target, out)
    return out
