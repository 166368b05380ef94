"""The variance and the standard deviation of windows: the checks, and the way of a call.

A window over several axes is computed axis by axis. The variance of a window is the mean of the variances of
its lines plus the variance of their means. Every term is at least 0, so nothing cancels.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, borders, dtypes, engine
from imfilter._base.keywords import Common
from imfilter._base.plan import Plan
from imfilter._base.reach import Reach
from imfilter._base.store import Store, roomy
from imfilter._filters.local import box, pieces
from imfilter._filters.local.family import Source, bounded, family
from imfilter._filters.local.kernels.box import DEVIATION, THRESHOLD, VARIANCE
from imfilter._filters.local.parts import Finish, Parts, Step, merged, split
from imfilter._filters.local.pieces import Cut, Frame
from imfilter._filters.local.rows import LEAST, in_image, readable

#: Squares of samples beyond this, and sums of these, may be infinite. The power of two that brings samples in
#: range.
_LARGE, _POWER = 2.0**480, 600
#: Samples that are compared together, in the cache.
_TOGETHER = 1 << 14

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
    form: int
    numbers: tuple[float, float, float]  # of thresholds
    dtype: np.dtype
    result_shape: tuple[int, ...]

    @property
    def reach(self) -> Reach:
        """The samples that a result depends on."""
        return self.frame.reach

    @property
    def total(self) -> float:
        """The sum of the weights of the window."""
        return self.window.total


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
    form = DEVIATION if root else VARIANCE
    return engine.apply(
        FAMILY, image, common, (form, (0.0, 0.0, 0.0), bells), (size, window, sigma, footprint)
    )


def thresholds(
    image: npt.ArrayLike, size: Any, common: Common, numbers: tuple[float, float, float]
) -> npt.NDArray:
    """Return ``m * (a + b*s) + c*s`` with the mean m and the standard deviation s of each box.

    numbers: a, b and c.
    """
    fixed = THRESHOLD, numbers, None  # no Gaussian is needed
    return engine.apply(FAMILY, image, common, fixed, (size, "box", None, None))


def _checked(array: npt.NDArray, given: Common, fixed: tuple[Any, ...], own: tuple[Any, ...]) -> Call:
    """Check the arguments."""
    form, numbers, bells = fixed
    axes = arguments.axes(array, given.axes, given.channel_axis)
    window = _window(own, len(axes), bells)
    mode = borders.check_mode(given.mode, more=("shrink",))
    cval = arguments.beyond(given.cval, mode)
    dtype = arguments.dtype(given.dtype, given.out, dtypes.derived(array.dtype))
    frame = Frame.of(array.shape, axes, window.sizes, mode)
    return Call(window, frame, cval, form, numbers, dtype, array.shape)


def _window(own: tuple[Any, ...], count: int, bells: Bells | None) -> Window:
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
        assert bells is not None
        taps = bells(deviations, (0,) * count, 4.0, None, (1.0,) * count)
        sizes = tuple(map(len, taps))
        bounded(sizes, "sigma")
        return Window(taps, None, sizes)
    if sigma is not None:
        raise ValueError(f"sigma must be left out with window='box', got {arguments.brief(sigma)}")
    found = arguments.window(size, footprint, count)
    if isinstance(found, tuple):
        bounded(found, "size")
        return Window(tuple(map(np.ones, found)), None, found, True)
    bounded(found.shape, "footprint")
    return Window((), found, found.shape)


def _fill(call: Call, cut: Cut, source: Source, view: npt.NDArray, store: Store) -> npt.NDArray | None:
    """Write the results of a piece, and return how much is counted if data is missing.

    Where squares of float64 are infinite, samples are multiplied by a power of two first. Which windows these
    are depends on their own samples alone.
    """
    counts = _computed(call, cut, source, view, store)
    wide = source.samples.dtype.newbyteorder("=") == dtypes.FLOAT64 or _has_large_border(call)
    if call.form == VARIANCE or not wide or view.dtype.kind != "f":
        return counts
    with np.errstate(all="ignore"):
        ends = [view.max()] if call.form == DEVIATION else [view.max(), view.min()]
        if np.isfinite(ends).all() or not _are_large(call, cut, source):
            return counts
        counts = None if counts is None else counts.copy()  # the store has one array for both
        scaled = np.empty(view.shape, view.dtype)
        _computed(call, cut, source, scaled, store, -_POWER)
        np.copyto(view, np.ldexp(scaled, _POWER), where=~np.isfinite(view))
    return counts


def _has_large_border(call: Call) -> bool:
    """Tell whether the square of the constant beyond the border may be infinite."""
    return call.frame.mode == "constant" and _LARGE < abs(call.cval) < np.inf


def _are_large(call: Call, cut: Cut, source: Source) -> bool:
    """Tell whether the square of a finite sample that a piece reads may be infinite."""
    if _has_large_border(call):
        return True
    around: list[Any] = [slice(*cut.batch)]
    for (start, stop), pad in zip(cut[1:], call.frame.pads, strict=True):
        near = slice(max(start - pad.before, 0), stop + pad.after)
        around.append(slice(None) if call.frame.mode == "wrap" else near)
    samples = source.samples[tuple(around)]
    step = max(1, _TOGETHER * samples.shape[2] // samples.size)
    for first in range(0, samples.shape[2], step):
        sizes = np.abs(samples[:, :, first : first + step])
        if (large := sizes > _LARGE).any() and (sizes[large] < np.inf).any():
            return True
    return False


def _computed(
    call: Call, cut: Cut, source: Source, view: npt.NDArray, store: Store, power: int = 0
) -> npt.NDArray | None:
    """Write the results of a piece for samples times a power of two, and return how much is counted.

    Where nothing is absent, the results are those of an image without missing data, bit by bit.
    """
    a, b, c = call.numbers
    numbers = (a, b * 2.0**-power, c) if power else call.numbers
    finish = Finish(view, call.form, numbers, source.least)
    if source.presence is None and _filled_in_place(call, cut, source.samples, finish, store):
        return None
    parts = _loaded(call, cut, source, store)
    if power:
        parts = parts._replace(sample=np.ldexp(parts.sample, power, out=roomy(parts.sample.shape)))
    if parts.counts is None:
        _whole(call, parts, finish, store)
        return None
    full = _full(parts.counts, call.frame.sizes, store)
    present = parts._replace(counts=None)
    if full.all():
        _whole(call, present, finish, store)
        return np.full(view.shape, call.total)
    counts = _merged(call, parts, finish).counts
    if full.any():
        found = np.empty(view.shape, view.dtype)
        _whole(call, present, finish._replace(target=found), store)
        np.copyto(view, found, where=full)
    return counts


def _in_place(call: Call, samples: npt.NDArray, results: npt.NDArray) -> bool:
    """Tell whether results are computed from the rows of the image, where their sums have enough digits."""
    kind = samples.dtype
    same = kind == dtypes.FLOAT32 == results.dtype and dtypes.holds(kind, call.cval)
    return call.window.equal and same and readable(call.frame, samples)


def _filled_in_place(call: Call, cut: Cut, samples: npt.NDArray, finish: Finish, store: Store) -> bool:
    """Write the results of a piece from the rows of the image, if possible. Return whether this is done."""
    kind = samples.dtype
    if not (_in_place(call, samples, finish.target) and finish.target.nbytes >= LEAST):
        return False
    # A row is usually enough to see that sums have enough digits.
    row = samples[cut.batch[0], cut.z[0], cut.y[0], slice(*cut.x)]
    rows = None if box.lacking(row) else in_image(call.frame, cut, samples, call.cval, box.TOGETHER, store)
    if rows is None:
        return False

    def piece() -> npt.NDArray:
        return pieces.padded(call.frame, cut, samples, kind, call.cval, store)

    box.compute_rows(rows, piece, kind, call.frame.sizes, finish, store)
    return True


def _whole(call: Call, parts: Parts, finish: Finish, store: Store) -> None:
    """Write the results of a piece whose samples are all present."""
    if call.window.equal and parts.plain:
        box.compute(parts.sample, call.frame.sizes, finish, store)
    else:
        _merged(call, parts, finish)


def _merged(call: Call, parts: Parts, finish: Finish) -> Parts:
    """Merge the parts of windows along each axis, and write the results."""
    steps = call.window.steps(call.frame)
    for step in steps[:-1]:
        parts = merged(parts, step)
    return merged(parts, steps[-1], finish)


def _full(counts: npt.NDArray, sizes: tuple[int, int, int], store: Store) -> npt.NDArray[np.bool_]:
    """Tell where all samples in the box around a window count once."""
    ones = roomy(counts.shape, np.uint8)
    np.equal(counts, 1, out=ones.view(bool))
    z, y, x = (n - t + 1 for n, t in zip(counts.shape[1:4], sizes, strict=True))
    shares = np.empty((counts.shape[0], z, y, x, counts.shape[4]))
    box.compute(ones, sizes, Finish(shares, THRESHOLD, (1.0, 0.0, 0.0), 0.0), store)
    return shares == 1


def _loaded(call: Call, cut: Cut, source: Source, store: Store) -> Parts:
    """Return the samples of a piece, and how much they count."""
    frame, kind = call.frame, source.samples.dtype
    wide = kind.itemsize >= 8 and kind.newbyteorder("=") != dtypes.FLOAT64
    if not wide:
        native = dtypes.readable(source.samples[:0]).dtype
        kind = native if dtypes.holds(native, call.cval) else dtypes.FLOAT64
    samples = pieces.padded(frame, cut, source.samples, kind, None if wide else call.cval, store)
    rest = None
    if wide:
        samples, rest = split(samples)
        pieces.set_border(frame, cut, samples, call.cval)
        pieces.set_border(frame, cut, rest, 0.0)
    counts = None
    if source.presence is not None:
        counts = pieces.counts(frame, cut, samples, source.presence, source.mask, dtypes.FLOAT64)
    return Parts(samples, rest, None, counts)


def _plan(call: Call, image: npt.NDArray) -> Plan:
    """Return the algorithm."""
    if call.window.footprint is not None:
        return Plan("merged", "all samples of the footprint", float("nan"))
    if not call.window.equal:
        return Plan("merged", "one step for each axis", float("nan"))
    if box.exact(image.dtype, int(call.total)):
        return Plan("sums", "sums of integers are exact", float("nan"))
    if box.checked(image.dtype, call.dtype):
        return Plan("groups", "sums of groups, and merged groups where sums lack digits", float("nan"))
    return Plan("groups", "groups of samples down the columns, and along the rows", float("nan"))


def _large(call: Call, source: Source, results: npt.NDArray) -> bool:
    """Tell whether pieces may be large, because they are not copied."""
    return source.presence is None and _in_place(call, source.samples, results)


FAMILY: engine.Family[Call] = family(_checked, _plan, _fill, _large)
