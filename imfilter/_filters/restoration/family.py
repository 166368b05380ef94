"""What filters of whole images have in common: every result depends on all samples of its image."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, borders, dtypes, engine, threads
from imfilter._base.keywords import Common
from imfilter._base.missing import Presence
from imfilter._base.plan import Plan

Samples = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Border:
    """The border of an image, and the number of threads."""

    mode: str
    cval: float
    workers: int | None


class Filter(Protocol):
    """A filter of whole images in float64."""

    @property
    def modes(self) -> tuple[str, ...]:
        """The borders besides the usual ones."""

    def checked(self, lengths: tuple[int, ...], order: tuple[int, ...], *own: Any) -> Any:
        """Check the arguments of a filter. `order` lists the filtered axes in ascending order."""

    def filtered(self, settings: Any, samples: Samples, counts: Samples | None, border: Border) -> Samples:
        """Return the result for finite samples. `counts` tells how much they count; None: all count 1."""


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
    cval = arguments.number(given.cval, "cval") if mode == "constant" else 0.0
    along = tuple(sorted(axes))
    order = tuple(axes.index(a) for a in along)
    settings = which.checked(tuple(array.shape[a] for a in along), order, *own)
    dtype = arguments.dtype(given.dtype, given.out, dtypes.derived(array.dtype))
    return Call(which, settings, along, mode, cval, dtype, array.shape)


def _compute(call: Call, array: npt.NDArray, out: npt.NDArray | None, workers: int | None) -> npt.NDArray:
    """Write the result to `out` or a new array."""
    return _filled(call, array, None, out, workers)[0]


def _with_missing(
    array: npt.NDArray, given: Common, which: Filter, presence: Presence, wanted: bool, own: tuple[Any, ...]
) -> tuple[npt.NDArray, npt.NDArray[np.bool_] | None]:
    """Filter an image in which samples are absent."""
    call = _checked(array, given, which, own)
    arguments.fitting(given.out, array.shape)
    nothing_absent = presence.mask is None and not presence.ignore_nan  # the border alone is
    counts = None if nothing_absent else presence.at(array, ...).astype(np.float64)
    found, undefined = _filled(call, array, counts, given.out, threads.requested(given.workers))
    return found, undefined if wanted else None


def _filled(
    call: Call,
    array: npt.NDArray,
    counts: npt.NDArray[np.float64] | None,
    out: npt.NDArray | None,
    workers: int | None,
) -> tuple[npt.NDArray, npt.NDArray[np.bool_]]:
    """Filter one image of the batch after the other. Return the result, and where nothing is present."""
    target = dtypes.target(out, array, array.shape, call.dtype)
    n, border = len(call.axes), Border(call.mode, call.cval, workers)
    undefined = np.zeros(array.shape, bool)
    last = range(-n, 0)
    source, sink, unknown = (np.moveaxis(a, call.axes, last) for a in (array, target, undefined))
    weights = None if counts is None else np.moveaxis(counts, call.axes, last)
    for index in np.ndindex(*source.shape[:-n]):
        samples = dtypes.ordered(source[index].astype(np.float64))
        there = None if weights is None else dtypes.ordered(weights[index])
        if there is not None:
            samples = np.where(there > 0, samples, 0)
            if not there.any():
                sink[index] = np.nan if call.dtype.kind == "f" else 0
                unknown[index] = True
                continue
            there = None if (there == 1).all() else there
        if np.isfinite(samples).all():
            found = call.filter.filtered(call.settings, samples, there, border)
        else:  # every result depends on all samples
            found = np.full(samples.shape, np.nan)
        dtypes.place(found, sink[index])
    return engine.delivered(target, out, call.dtype), undefined


def _planned(call: Call, array: npt.NDArray) -> Plan:
    """Return the algorithm."""
    return Plan("fft", "the whole image is transformed", float("nan"))


FAMILY: engine.Family[Call] = engine.Family(_checked, _planned, _compute, _with_missing)
