"""What these filters have in common: they are computed piece by piece, with or without missing data.

A piece is filtered by the linear family, by direct sums along one axis after the other. Such a sum depends on
its window only. So the bits of a result depend neither on the cuts nor on the number of threads.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, borders, dtypes, engine, threads
from imfilter._base.keywords import Common
from imfilter._base.missing import Presence, rows_of, taken
from imfilter._base.plan import Plan
from imfilter._base.store import Store
from imfilter._filters.linear import apply as linear
from imfilter._filters.linear.operators import Operator, Term
from imfilter._filters.local import pieces
from imfilter._filters.local.pieces import Cut, Frame

#: Samples of a piece without its halo.
_PIECE = 1 << 18
#: Least length of a piece along planes, and along rows and lines in windows.
_PLANES, _WINDOWS = 4, 2


class Shared(NamedTuple):
    """The checked arguments that all these filters have."""

    axes: tuple[int, ...]
    mode: str
    cval: float
    dtype: np.dtype  # of the result
    real: np.dtype  # of the arithmetic


class Matrices(Protocol):
    """The part of a call that is known before the samples are read."""

    @property
    def shared(self) -> Shared: ...
    @property
    def frame(self) -> Frame: ...
    @property
    def outputs(self) -> int:
        """The number of results for each sample."""

    @property
    def dtype(self) -> np.dtype: ...
    @property
    def result_shape(self) -> tuple[int, ...]: ...


class Source(NamedTuple):
    """An image in the order of a frame, and which of its samples are present."""

    samples: npt.NDArray
    presence: Presence | None
    mask: npt.NDArray | None  # in the order of the frame
    wanted: bool  # whether the caller asks where too little is present

    def part(self, where: tuple[slice, ...]) -> "Source":
        """Return a part of the image."""
        mask = None if self.mask is None else self.mask[where]
        return self._replace(samples=self.samples[where], mask=mask)


_Call = TypeVar("_Call", bound=Matrices)


def checked(array: npt.NDArray, given: Common, counts: Sequence[int], name: str) -> Shared:
    """Check the arguments that all these filters have. `counts` are the accepted numbers of axes."""
    axes = arguments.axes(array, given.axes, given.channel_axis)
    if len(axes) not in counts:
        words = " or ".join(map(str, counts))
        raise ValueError(
            f"image must have {words} axes for {name}, got {len(axes)} in shape {array.shape}; "
            "choose them with axes= or channel_axis="
        )
    mode = borders.check_mode(given.mode, more=("shrink",))
    cval = arguments.beyond(given.cval, mode)
    dtype = arguments.dtype(given.dtype, given.out, dtypes.derived(array.dtype))
    real = dtypes.working(array.dtype, dtype)
    return Shared(axes, mode, cval, dtype, real)


def family(
    settle: Callable[..., _Call],
    fill: Callable[[_Call, Source, list[npt.NDArray], npt.NDArray | None, int | None], None],
) -> engine.Family[_Call]:
    """Return the functions of a filter.

    ``fill(call, source, results, few, workers)`` writes the results, which are in the order of the frame, and
    if `few` is an array, where too little is present.
    """

    def filled(
        call: _Call,
        array: npt.NDArray,
        out: npt.NDArray | None,
        workers: int | None,
        presence: Presence | None,
        few: npt.NDArray[np.bool_] | None,
    ) -> npt.NDArray:
        frame = call.frame
        mask = None if presence is None or presence.mask is None else frame.ordered(presence.mask)
        source = Source(frame.ordered(array), presence, mask, few is not None)
        target = dtypes.target(out, array, call.result_shape, call.dtype)
        parts = [target] if target.ndim == array.ndim else list(target)
        views = [frame.ordered(part) for part in parts]
        unknown = None
        if few is not None:
            unknown = frame.ordered(np.empty(array.shape, np.bool_))
        fill(call, source, views, unknown, workers)
        for view, part in zip(views, parts, strict=True):
            frame.order.back(view, part)
        if few is not None and unknown is not None:
            for part in few if few.ndim > array.ndim else [few]:
                frame.order.back(unknown, part)
        return engine.delivered(target, out, call.dtype)

    def compute(call: _Call, array: npt.NDArray, out: npt.NDArray | None, workers: int | None) -> npt.NDArray:
        return filled(call, array, out, workers, None, None)

    def with_missing(
        array: npt.NDArray, given: Common, fixed: Any, presence: Presence, wanted: bool, own: tuple[Any, ...]
    ) -> tuple[npt.NDArray, npt.NDArray[np.bool_] | None]:
        call = settle(array, given, fixed, own)
        arguments.fitting(given.out, call.result_shape)
        few = np.empty(call.result_shape, bool) if wanted else None
        return filled(call, array, given.out, threads.requested(given.workers), presence, few), few

    return engine.Family(settle, _plan, compute, with_missing)


def cuts(frame: Frame) -> list[Cut]:
    """Return the pieces of the result: slabs of planes or rows, which are cut further only if they are large.

    They depend on the shape alone. A slab of a few planes reads the planes around it again, and computes
    nothing twice. Along rows and columns, the halo of a cut is computed twice.
    """
    left, steps = float(_PIECE), []
    least = 1, _PLANES, *(_WINDOWS * n for n in frame.sizes[1:])
    for place in range(4):
        inner = math.prod(frame.shape[place + 1 :])
        step = min(max(int(left) // inner, least[place]), frame.shape[place])
        left /= step
        steps.append(step)
    ranges = [[(i, min(i + step, n)) for i in range(0, n, step)]
              for n, step in zip(frame.shape, steps, strict=False)]  # fmt: skip
    return [Cut(b, z, y, x) for b in ranges[0] for z in ranges[1] for y in ranges[2] for x in ranges[3]]


def over(frame: Frame, workers: int | None, task: Callable[[Cut, Store], None]) -> None:
    """Call ``task(piece, store)`` for every piece, without NumPy's warnings: each thread has its own."""
    found = cuts(frame)

    def work(start: int, stop: int) -> None:
        store = Store()
        with np.errstate(all="ignore"):
            for cut in found[start:stop]:
                task(cut, store)

    threads.run(work, len(found), workers, max(1, len(found) // 64))


def _plan(call: Matrices, image: npt.NDArray) -> Plan:
    """Return the algorithm."""
    return Plan("separable", "piece by piece, for each component of the matrices", float("nan"))


class Piece(NamedTuple):
    """Samples with the border that cuts need, and how the others continue.

    `pads` are the numbers of samples that are added before and after each filtered axis: none along cuts.
    """

    samples: npt.NDArray
    counts: npt.NDArray | None  # how much samples count, if data is missing
    axes: tuple[int, ...]
    pads: tuple[tuple[int, int], ...]
    mode: str
    cval: float
    real: np.dtype
    min_coverage: float = 0.0

    @classmethod
    def of(
        cls, shared: Shared, frame: Frame, cut: Cut, source: Source, store: Store, *, name: str = "samples"
    ) -> "Piece":
        """Return a piece of the image for the window of a frame."""
        presence, real, none = source.presence, shared.real, ((0, 0),) * len(frame.axes)
        if presence is None:
            samples = _slab(shared, frame, cut, source.samples)
            pads = tuple(
                (0, 0)
                if is_cut(frame, cut, axis)
                else (frame.pads[axis - 1].before, frame.pads[axis - 1].after)
                for axis in frame.axes
            )
            return cls(samples, None, frame.axes, pads, shared.mode, shared.cval, real)
        samples = pieces.padded(frame, cut, source.samples, real, shared.cval, _Named(store, name))
        counts = pieces.counts(frame, cut, samples, presence, source.mask, real)
        return cls(samples, counts, frame.axes, none, "zero", 0.0, real, presence.min_coverage)


def pair(frame: Frame, axis: int) -> tuple[int, int]:
    """Return the numbers of border samples before and after an axis of a frame."""
    return frame.pads[axis - 1].before, frame.pads[axis - 1].after


def is_cut(frame: Frame, cut: Cut, axis: int) -> bool:
    """Tell whether a piece is not as long as an axis of the frame."""
    return cut[axis] != (0, frame.shape[axis])


def _slab(shared: Shared, frame: Frame, cut: Cut, image: npt.NDArray) -> npt.NDArray:
    """Return the samples of a piece, with their border along cuts: a view of the image if possible."""
    values = image[cut.batch[0] : cut.batch[1]]
    for axis in (1, 2, 3):
        if not is_cut(frame, cut, axis):
            continue
        pad, (start, stop) = frame.pads[axis - 1], cut[axis]
        index = rows_of(
            frame.shape[axis], pad.before, pad.after, frame.mode, start, stop + pad.before + pad.after
        )
        values = values[(*(slice(None),) * axis, taken(index))]
        if index.min() < 0:
            if not dtypes.holds(values.dtype, shared.cval):
                values = values.astype(shared.real)
            where: tuple[Any, ...] = (*(slice(None),) * axis, index < 0)
            values = values.copy() if np.may_share_memory(values, image) else values
            values[where] = shared.cval
    return values


class _Named(Store):
    """A store that keeps the piece under a name of its own."""

    def __init__(self, store: Store, name: str) -> None:
        self._store, self._name = store, name

    def array(self, name: str, shape: tuple[int, ...], kind: npt.DTypeLike) -> npt.NDArray:
        """Return an array as `Store` does."""
        return self._store.array(f"{self._name} {name}", shape, kind)


def filtered(
    piece: Piece, terms: Sequence[Term], store: Store, name: str, *, wanted: bool = False
) -> tuple[list[npt.NDArray], npt.NDArray[np.bool_] | None]:
    """Return a piece without its border, filtered by each of some separable kernels.

    With `wanted`, also return where too little is present for one of them.
    """
    real, shape, few = piece.real, list(piece.samples.shape), None
    for axis, taps, pad in zip(piece.axes, terms[0], piece.pads, strict=True):
        shape[axis] += sum(pad) - (len(taps) - 1)
    geometry = linear.Geometry(padding=piece.pads)
    results = []
    presence = None
    if piece.counts is not None:
        graded = bool((piece.counts != (piece.counts > 0)).any())
        presence = Presence(piece.counts if graded else piece.counts > 0, False, False, piece.min_coverage)
    for number, term in enumerate(terms):
        out = store.array(f"{name} {number}", tuple(shape), real)
        common = Common(piece.mode, piece.cval, piece.axes, dtype=real, out=out, workers=1)
        if presence is None:
            linear.apply(
                piece.samples, _operator, (term,), common,
                preserves_dtype=False, method="separable", geometry=geometry,
            )  # fmt: skip
        else:
            fixed = _operator, False, "separable"
            _, hollow = linear.FAMILY.with_missing(
                piece.samples, common, fixed, presence, wanted, (term,), geometry
            )
            few = hollow if few is None or hollow is None else few | hollow
        results.append(out)
    return results, few


def _operator(ndim: int, axes: tuple[int, ...], term: Term) -> Operator:
    """Return the operator of a separable kernel."""
    return Operator((term,))
