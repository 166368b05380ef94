"""The variance and the standard deviation of windows: the checks, and the way of a call.

A window over several axes is computed axis by axis. The variance of a window is the mean of the variances of
its lines plus the variance of their means. Every term is at least 0, so nothing cancels.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, borders, dtypes, engine, threads
from imfilter._base.keywords import Common
from imfilter._base.missing import Presence
from imfilter._base.plan import Plan
from imfilter._base.store import Store
from imfilter._filters.local import pieces, sums
from imfilter._filters.local.parts import Finish, Parts, Step, merged, split
from imfilter._filters.local.pieces import Cut, Frame

#: Largest number of samples that a window may span.
_MOST_SAMPLES = 1 << 24
#: Returns the taps of Gaussians from standard deviations, orders, `truncate`, `radius` and spacings.
Bells = Callable[..., tuple[npt.NDArray, ...]]


class Window(NamedTuple):
    """The taps of each axis, or a footprint, and the lengths along each axis."""

    taps: tuple[npt.NDArray, ...]
    footprint: npt.NDArray[np.bool_] | None
    sizes: tuple[int, ...]
    equal: bool = False  # whether this is a box

    @property
    def total(self) -> float:
        """The sum of the weights."""
        if self.footprint is not None:
            return float(np.count_nonzero(self.footprint))
        return float(np.prod([taps.sum() for taps in self.taps]))

    def steps(self, frame: Frame) -> tuple[Step, ...]:
        """Return the steps that compute the window."""
        if self.footprint is not None:
            turned = self.footprint.transpose(np.argsort(frame.axes))
            return (Step.of_footprint(turned.reshape((1,) * (3 - turned.ndim) + turned.shape)),)
        along = [(axis - 1, taps) for axis, taps in zip(frame.axes, self.taps, strict=True) if len(taps) > 1]
        along.sort(key=lambda pair: -pair[0])
        return tuple(Step.of_line(axis, taps) for axis, taps in along) or (Step.of_line(2, np.ones(1)),)


@dataclass(frozen=True, eq=False)
class Call:
    """The part of a call that is known before the samples are read."""

    window: Window
    frame: Frame
    cval: float
    root: bool
    dtype: np.dtype
    result_shape: tuple[int, ...]


def apply(
    image: npt.ArrayLike,
    root: bool,
    bells: Bells,
    size: Any,
    window: Any,
    sigma: Any,
    footprint: Any,
    common: Common,
) -> npt.NDArray:
    """Return the variance of every window, or its `root`. `bells` returns the taps of Gaussians."""
    return engine.apply(FAMILY, image, common, (root, bells), (size, window, sigma, footprint))


def _checked(array: npt.NDArray, given: Common, fixed: tuple[bool, Bells], own: tuple[Any, ...]) -> Call:
    """Check the arguments."""
    root, bells = fixed
    axes = arguments.axes(array, given.axes, given.channel_axis)
    window = _window(own, len(axes), bells)
    mode = borders.check_mode(given.mode, more=("shrink",))
    cval = arguments.number(given.cval, "cval", finite=False)
    cval = cval if mode == "constant" else 0.0
    dtype = arguments.dtype(given.dtype, given.out, dtypes.derived(array.dtype))
    frame = Frame.of(array.shape, axes, window.sizes, mode)
    return Call(window, frame, cval, root, dtype, array.shape)


def _window(own: tuple[Any, ...], count: int, bells: Bells) -> Window:
    """Check the arguments of the window."""
    size, window, sigma, footprint = own
    arguments.word(window, "window", ("box", "gaussian"))
    if window == "gaussian":
        if footprint is not None:
            raise ValueError("footprint must be left out with window='gaussian'")
        if not (isinstance(size, int) and size == 3):  # 3 is the default
            raise ValueError(
                f"size must be left out with window='gaussian', got {arguments.brief(size)}; give sigma"
            )
        deviations = arguments.sigmas(1.0 if sigma is None else sigma, count)
        taps = bells(deviations, (0,) * count, 4.0, None, (1.0,) * count)
        return _bounded(Window(taps, None, tuple(map(len, taps))), "sigma")
    if sigma is not None:
        raise ValueError(f"sigma must be left out with window='box', got {arguments.brief(sigma)}")
    found = arguments.window(size, footprint, count)
    if isinstance(found, tuple):
        _bounded(Window((), None, found), "size")
        return Window(tuple(map(np.ones, found)), None, found, True)
    return _bounded(Window((), found, found.shape), "footprint")


def _bounded(window: Window, name: str) -> Window:
    """Refuse a window of too many samples."""
    count = 1
    for n in window.sizes:
        count *= n
    if count > _MOST_SAMPLES:
        raise ValueError(f"{name} must span at most {_MOST_SAMPLES} samples, got {arguments.brief(count)}")
    return window


def _compute(call: Call, array: npt.NDArray, out: npt.NDArray | None, workers: int | None) -> npt.NDArray:
    """Return the result, in `out` or a new array."""
    return _filled(call, array, out, workers, None, None)


def _filled(
    call: Call,
    array: npt.NDArray,
    out: npt.NDArray | None,
    workers: int | None,
    presence: Presence | None,
    few: npt.NDArray[np.bool_] | None,
) -> npt.NDArray:
    """Return the result, and write where too little is present to `few`."""
    frame = call.frame
    steps, source = call.window.steps(frame), frame.ordered(array)
    mask = None if presence is None or presence.mask is None else frame.ordered(presence.mask)
    target = dtypes.target(out, array, array.shape, call.dtype)
    least = 0.0 if presence is None else presence.least(call.window.total)
    unknown = None if few is None else frame.ordered(few)

    def compute(view: npt.NDArray) -> None:
        def task(cut: Cut, store: Store) -> None:
            parts = _loaded(call, cut, source, presence, mask, store)
            finish = Finish(view[cut.where], call.root, least)
            quick = call.window.equal and parts.plain and sums.applies(parts.sample, frame.sizes)
            if quick and sums.box(parts.sample, frame.sizes, finish, store):
                return
            for step in steps[:-1]:
                parts = merged(parts, step)
            found = merged(parts, steps[-1], finish)
            if unknown is not None and found.counts is not None:
                unknown[cut.where] = ~(found.counts > least)

        pieces.over(frame, workers, task)

    frame.results(target, compute)
    if few is not None and unknown is not None:
        frame.back(unknown, few)
    return engine.delivered(target, out, call.dtype)


def _loaded(
    call: Call,
    cut: Cut,
    source: npt.NDArray,
    presence: Presence | None,
    mask: npt.NDArray | None,
    store: Store,
) -> Parts:
    """Return the samples of a piece, and how much they count."""
    frame, kind = call.frame, source.dtype
    wide = kind.itemsize >= 8 and kind.newbyteorder("=") != dtypes.FLOAT64
    if not wide:
        native = dtypes.readable(source[:0]).dtype
        kind = native if dtypes.holds(native, call.cval) else dtypes.FLOAT64
    samples = pieces.padded(frame, cut, source, kind, None if wide else call.cval, store)
    rest = None
    if wide:
        samples, rest = split(samples)
        pieces.set_border(frame, cut, samples, call.cval)
        pieces.set_border(frame, cut, rest, 0.0)
    counts = None
    if presence is not None:
        counts = pieces.counts(frame, cut, samples, presence, mask, dtypes.FLOAT64)
    return Parts(samples, rest, None, counts)


def _with_missing(
    array: npt.NDArray,
    given: Common,
    fixed: tuple[bool, Bells],
    presence: Presence,
    wanted: bool,
    own: tuple[Any, ...],
) -> tuple[npt.NDArray, npt.NDArray[np.bool_] | None]:
    """Return the result for an image with missing data."""
    call = _checked(array, given, fixed, own)
    arguments.fitting(given.out, array.shape)
    few = np.empty(array.shape, bool) if wanted else None
    return _filled(call, array, given.out, threads.requested(given.workers), presence, few), few


def _plan(call: Call, image: npt.NDArray) -> Plan:
    """Return the algorithm."""
    way = "one step for each axis" if call.window.footprint is None else "all samples of the footprint"
    return Plan("merged", way, float("nan"))


FAMILY: engine.Family[Call] = engine.Family(_checked, _plan, _compute, _with_missing)
