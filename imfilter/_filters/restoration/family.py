"""What filters of whole images have in common: every result depends on all samples of its image."""

import math
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, borders, dtypes, engine, threads
from imfilter._base.keywords import Common
from imfilter._base.missing import Presence
from imfilter._base.plan import Plan

Samples = npt.NDArray[np.float64]

#: Sums of samples up to this size do not overflow. Larger ones are multiplied by the unit.
_LARGEST, _UNIT = 2.0**900, 2.0**-200
#: Error of transforms and of tens of iterations, in units of the last place.
_ERROR = 256


@dataclass(frozen=True)
class Border:
    """The border of an image, and the number of threads."""

    mode: str
    cval: float
    workers: int | None

    @property
    def of_counts(self) -> tuple[str, float]:
        """The border of counts: a constant beyond the border is present."""
        if self.mode == "shrink":
            return "zero", 0.0
        return ("constant", 1.0) if self.mode in ("zero", "constant") else (self.mode, 0.0)


class Filter(Protocol):
    """A filter of whole images in float64."""

    @property
    def modes(self) -> tuple[str, ...]:
        """The borders besides the usual ones."""

    @property
    def scales(self) -> bool:
        """Whether samples times a number give the result times that number."""

    def checked(self, lengths: tuple[int, ...], order: tuple[int, ...], *own: Any) -> Any:
        """Check the arguments of a filter. `order` lists the filtered axes in ascending order."""

    def filtered(self, settings: Any, samples: Samples, counts: Samples | None, border: Border) -> Samples:
        """Return the result for finite samples, which may be overwritten.

        `counts` tells how much they count; None: all count 1.
        """

    def covered(self, settings: Any, counts: Samples, border: Border) -> Samples:
        """Return the share of the filter's weights that is present."""


@dataclass(frozen=True, eq=False)
class Call:
    """The part of a call that is known before the samples are read."""

    filter: Filter
    settings: Any
    axes: tuple[int, ...]
    mode: str
    cval: float
    dtype: np.dtype
    result_shape: tuple[int, ...]


def apply(image: npt.ArrayLike, which: Filter, own: tuple[Any, ...], common: Common) -> npt.NDArray:
    """Return the result of a filter."""
    return engine.apply(FAMILY, image, common, which, own)


def _checked(array: npt.NDArray, given: Common, which: Filter, own: tuple[Any, ...]) -> Call:
    """Check the arguments."""
    axes = arguments.axes(array, given.axes, given.channel_axis)
    mode = borders.check_mode(given.mode, more=which.modes, offered=borders.MODES + which.modes)
    cval = arguments.beyond(given.cval, mode, finite=True)
    along = tuple(sorted(axes))
    order = tuple(axes.index(a) for a in along)
    settings = which.checked(tuple(array.shape[a] for a in along), order, *own)
    dtype = arguments.dtype(given.dtype, given.out, dtypes.derived(array.dtype))
    return Call(which, settings, along, mode, cval, dtype, array.shape)


def _compute(call: Call, array: npt.NDArray, out: npt.NDArray | None, workers: int | None) -> npt.NDArray:
    """Write the result to `out` or a new array."""
    return _filled(call, array, None, out, workers, 0.0)[0]


def _with_missing(
    array: npt.NDArray, given: Common, which: Filter, presence: Presence, wanted: bool, own: tuple[Any, ...]
) -> tuple[npt.NDArray, npt.NDArray[np.bool_] | None]:
    """Filter an image in which samples are absent."""
    call = _checked(array, given, which, own)
    arguments.fitting(given.out, array.shape)
    nothing_absent = presence.mask is None and not presence.ignore_nan  # the border alone is
    counts = None if nothing_absent else presence.at(array, ...).astype(np.float64)
    workers = threads.requested(given.workers)
    found, undefined = _filled(call, array, counts, given.out, workers, presence.least(1.0))
    return found, undefined if wanted else None


def _filled(
    call: Call,
    array: npt.NDArray,
    counts: npt.NDArray[np.float64] | None,
    out: npt.NDArray | None,
    workers: int | None,
    least: float,
) -> tuple[npt.NDArray, npt.NDArray[np.bool_]]:
    """Filter one image of the batch after the other. Return the result, and where too little is present."""
    target = dtypes.target(out, array, array.shape, call.dtype)
    n, border = len(call.axes), Border(call.mode, call.cval, workers)
    undefined, undefined_value = np.zeros(array.shape, bool), np.nan if call.dtype.kind == "f" else 0
    last = range(-n, 0)
    source, sink, unknown = (np.moveaxis(a, call.axes, last) for a in (array, target, undefined))
    weights = None if counts is None else np.moveaxis(counts, call.axes, last)
    for index in np.ndindex(*source.shape[:-n]):
        samples, few = dtypes.ordered(source[index].astype(np.float64)), None
        there = None if weights is None else dtypes.ordered(weights[index])
        if there is not None:
            samples = np.where(there > 0, samples, 0)
            if not there.any():
                sink[index] = undefined_value
                unknown[index] = True
                continue
            there = None if (there == 1).all() else there
        if least > 0 and (there is not None or call.mode == "shrink"):
            given = np.ones(samples.shape) if there is None else there
            few = call.filter.covered(call.settings, given, border) < least
        low, high = float(samples.min(initial=0)), float(samples.max(initial=0))  # NaN if a sample is
        if math.isfinite(low) and math.isfinite(high):
            small = call.filter.scales and max(-low, high, abs(border.cval)) > _LARGEST
            unit = _UNIT if small else 1.0
            if small:
                samples *= unit
            with np.errstate(all="ignore"):  # of sums that overflow
                around = replace(border, cval=border.cval * unit)
                found = call.filter.filtered(call.settings, samples, there, around)
                if small:
                    found = dtypes.enlarged(found, unit, _ERROR)
        else:  # every result depends on all samples
            found = np.full(samples.shape, np.nan)
        dtypes.place(found, sink[index])
        if few is not None:
            sink[index][few], unknown[index] = undefined_value, few
    return engine.delivered(target, out, call.dtype), undefined


def _planned(call: Call, array: npt.NDArray) -> Plan:
    """Return the algorithm."""
    return Plan("fft", "the whole image is transformed", float("nan"))


FAMILY: engine.Family[Call] = engine.Family(_checked, _planned, _compute, _with_missing)
