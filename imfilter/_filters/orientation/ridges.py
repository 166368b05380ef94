"""Filters of ridges over several scales: the checks, and the way of a call."""

import functools
import math
import threading
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, dtypes, engine
from imfilter._base.keywords import Common
from imfilter._base.reach import Reach
from imfilter._base.store import Store
from imfilter._filters.linear.operators import Term
from imfilter._filters.local.pieces import Cut, Frame
from imfilter._filters.orientation import taps
from imfilter._filters.orientation.family import Piece, Shared, Source, checked, family, filtered, over
from imfilter._filters.orientation.hessian import place, sizes_of
from imfilter._filters.orientation.kernels.ridges import FRANGI, MEIJERING, NORM, SATO
from imfilter._filters.orientation.measures import keep_ridges
from imfilter._filters.orientation.taps import Bells

_FORMS = {"frangi": FRANGI, "sato": SATO, "meijering": MEIJERING}
#: Standard deviations at which the Gaussians are cut.
_TRUNCATE = 4.0
_UNUSED = (1.0, 1.0, 1.0)


class Scale(NamedTuple):
    """One standard deviation, the kernels of its Hessian matrix, and the frame of its window."""

    sigma: float
    terms: tuple[Term, ...]
    frame: Frame


@dataclass(frozen=True, eq=False)
class Call:
    """The part of a call that is known before the samples are read."""

    shared: Shared
    frame: Frame  # that of the largest scale
    scales: tuple[Scale, ...]
    form: int
    parameters: tuple[float, float, float]
    relative: bool  # whether the whole image sets a scale: gamma, or the largest result
    outputs: int
    result_shape: tuple[int, ...]

    @property
    def reach(self) -> Reach | None:
        """The samples that a result depends on. None: all of them."""
        return None if self.relative else self.frame.reach

    @property
    def dtype(self) -> np.dtype:
        """The dtype of the result."""
        return self.shared.dtype


def apply(
    image: npt.ArrayLike,
    name: str,
    bells: Bells,
    sigmas: Any,
    own: tuple[Any, ...],
    choices: tuple[Any, ...],
    common: Common,
) -> npt.NDArray | tuple[npt.NDArray, npt.NDArray]:
    """Return a measure of ridges and, on request, their scales.

    `own` are alpha, beta and gamma, `choices` are black_ridges, return_scale and spacing.
    """
    black_ridges, return_scale, spacing = choices
    both = arguments.flag(return_scale, "return_scale")
    fixed = name, bells, both
    found = engine.apply(FAMILY, image, common, fixed, (_listed(sigmas), *own, black_ridges, spacing))
    return (found[0], found[1]) if both else found


def _listed(sigmas: Any) -> Any:
    """Return ranges and arrays of numbers as tuples, which the cache of calls can look up."""
    if isinstance(sigmas, range) or (isinstance(sigmas, np.ndarray) and sigmas.ndim == 1):
        return tuple(sigmas.tolist() if isinstance(sigmas, np.ndarray) else sigmas)
    return sigmas


def _settled(array: npt.NDArray, given: Common, fixed: tuple[Any, ...], own: tuple[Any, ...]) -> Call:
    """Check the arguments."""
    name, bells, both = fixed
    sigmas, alpha, beta, gamma, black_ridges, spacing = own
    shared = checked(array, given, (2, 3), name)
    count = len(shared.axes)
    form = _FORMS[name]
    parameters = _parameters(form, count, alpha, beta, gamma)
    sign = 1.0 if arguments.flag(black_ridges, "black_ridges") else -1.0
    steps = arguments.spacings(spacing, count)
    scales, named = [], functools.partial(bells, name="sigmas")
    for sigma in arguments.each(sigmas, None, "sigmas"):
        deviation = arguments.number(sigma, "sigmas")
        if deviation <= 0:
            raise ValueError(f"sigmas must be greater than 0, got {deviation}")
        factor = sign * deviation * deviation
        terms = taps.hessian(named, (deviation,) * count, _TRUNCATE, None, steps, factor)
        frame = Frame.of(array.shape, shared.axes, sizes_of(terms[0], "sigmas"), shared.mode)
        scales.append(Scale(deviation, terms, frame))
    if not scales:
        raise ValueError("sigmas must contain at least one number, got none")
    largest = max(scales, key=lambda scale: scale.sigma).frame
    relative = form == MEIJERING or (form == FRANGI and gamma is None)
    shape = (2, *array.shape) if both else array.shape
    return Call(shared, largest, tuple(scales), form, parameters, relative, 1 + both, shape)


def _parameters(form: int, count: int, alpha: Any, beta: Any, gamma: Any) -> tuple[float, float, float]:
    """Check the numbers of a measure."""
    if form == SATO:
        return _UNUSED
    if form == MEIJERING:
        value = -1.0 / (count + 1) if alpha is None else arguments.number(alpha, "alpha")
        return value, 1.0, 1.0
    numbers = {"alpha": alpha, "beta": beta, "gamma": 1.0 if gamma is None else gamma}
    for name, value in numbers.items():
        numbers[name] = arguments.number(value, name)
        if numbers[name] <= 0:
            raise ValueError(f"{name} must be greater than 0, got {numbers[name]}")
    return numbers["alpha"], numbers["beta"], numbers["gamma"]


def _fill(
    call: Call,
    source: Source,
    views: list[npt.NDArray],
    unknown: npt.NDArray | None,
    workers: int | None,
) -> None:
    """Write the results of all images: each channel of each image of a batch sets its own scale."""
    batch, *_, channels = call.frame.shape
    if not call.relative or batch * channels == 1:
        _fill_one(call, source, views, unknown, workers)
        return
    one = _of_one(call)
    for b in range(batch):
        for c in range(channels):
            where = (slice(b, b + 1), *(slice(None),) * 3, slice(c, c + 1))
            few = None if unknown is None else unknown[where]
            _fill_one(one, source.part(where), [view[where] for view in views], few, workers)


def _of_one(call: Call) -> Call:
    """Return the same call for one image of a batch and one channel."""

    def one(frame: Frame) -> Frame:
        return frame._replace(shape=(1, *frame.shape[1:4], 1))

    scales = tuple(scale._replace(frame=one(scale.frame)) for scale in call.scales)
    return Call(
        *(call.shared, one(call.frame), scales, call.form, call.parameters),
        *(call.relative, call.outputs, call.result_shape),
    )


def _fill_one(
    call: Call,
    source: Source,
    views: list[npt.NDArray],
    unknown: npt.NDArray | None,
    workers: int | None,
) -> None:
    """Write the results of one image."""
    parameters = call.parameters
    if call.form == FRANGI and call.relative:
        most = _largest(call, source, workers)
        parameters = (*parameters[:2], 0.5 * most if most > 0 else 1.0)
    response = views[0]
    if call.form == MEIJERING and response.dtype != call.shared.real:
        response = dtypes.empty(response.shape, call.shared.real)
    peaks = _Peak()

    def task(cut: Cut, store: Store) -> None:
        results, few = _measured(call, call.form, parameters, cut, source, store, unknown is not None)
        if call.form == MEIJERING:
            peaks.meet(results[0])
        place(results, few, cut, [response, *views[1:]], unknown)

    over(call.frame, workers, task)
    if call.form == MEIJERING:
        _divide(call.frame, response, views[0], peaks.value, workers)


def _measured(
    call: Call,
    form: int,
    parameters: tuple[float, float, float],
    cut: Cut,
    source: Source,
    store: Store,
    wanted: bool,
) -> tuple[list[npt.NDArray], npt.NDArray | None]:
    """Return the largest measure of a piece over all scales and, if asked for, its scale."""
    shape = (*(stop - start for start, stop in cut), source.samples.shape[-1])
    results = [store.array(f"result {i}", shape, call.shared.real) for i in range(call.outputs)]
    for result in results:
        result.fill(0)
    undefined = None
    for scale in call.scales:
        components, few = _components(call, scale, cut, source, store, wanted)
        if few is not None:
            undefined = few if undefined is None else undefined | few
        keep_ridges(form, parameters, scale.sigma, components, results)
    return results, undefined


def _components(
    call: Call, scale: Scale, cut: Cut, source: Source, store: Store, wanted: bool
) -> tuple[list[npt.NDArray], npt.NDArray | None]:
    """Return the components at one scale. The samples of the piece are freed before the next scale."""
    piece = Piece.of(call.shared, scale.frame, cut, source, store)
    return filtered(piece, scale.terms, store, "component", wanted=wanted)


def _largest(call: Call, source: Source, workers: int | None) -> float:
    """Return the largest norm of a Hessian matrix of the image at any scale."""
    peak = _Peak()

    def task(cut: Cut, store: Store) -> None:
        results, _ = _measured(call, NORM, _UNUSED, cut, source, store, False)
        peak.meet(results[0])

    over(call.frame, workers, task)
    return peak.value


def _divide(frame: Frame, response: npt.NDArray, view: npt.NDArray, peak: float, workers: int | None) -> None:
    """Divide the measure by its largest value, so that the largest result is 1."""
    divisor = response.dtype.type(peak if peak > 0 else 1.0)

    def task(cut: Cut, store: Store) -> None:
        dtypes.place(response[cut.where] / divisor, view[cut.where])

    over(frame, workers, task)


class _Peak:
    """The largest finite number that several threads have met."""

    def __init__(self) -> None:
        self.value = 0.0
        self._lock = threading.Lock()

    def meet(self, values: npt.NDArray) -> None:
        """Take the finite numbers of an array into account."""
        found = float(np.fmax.reduce(values, axis=None))
        if not math.isfinite(found):
            finite = values[np.isfinite(values)]
            found = float(finite.max()) if finite.size else 0.0
        with self._lock:
            self.value = max(self.value, found)


FAMILY: engine.Family[Call] = family(_settled, _fill)
