"""Structure tensors: the checks, and the way of a call.

The derivatives continue the image beyond its border, and the Gaussian continues their products, as in
scikit-image. So a piece first gets the products at all positions of the image that it needs.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, engine
from imfilter._base.keywords import Common
from imfilter._base.missing import rows_of
from imfilter._base.reach import Reach
from imfilter._base.store import Store, roomy
from imfilter._filters.linear.operators import Term
from imfilter._filters.local.pieces import Cut, Frame
from imfilter._filters.orientation import taps
from imfilter._filters.orientation.family import (
    Piece,
    Shared,
    Source,
    checked,
    family,
    filtered,
    is_cut,
    over,
    pair,
)
from imfilter._filters.orientation.hessian import place, sizes_of, solved
from imfilter._filters.orientation.measures import FEATURES, PLANE, write_directions
from imfilter._filters.orientation.taps import Bells

#: What is written: the components, their eigenvalues, a direction, or the coherence.
COMPONENTS, EIGENVALUES, DIRECTION, CLARITY = range(4)
_DIRECTIONS = DIRECTION, CLARITY
#: By the size of an element: a power of two, the trace of a matrix below which squares of derivatives may
#: have lost digits, and a derivative whose square is far from infinite. The square of its inverse is far
#: from 0.
_POWERS = {4: (75, 2.0**-98, 2.0**45), 8: (530, 2.0**-960, 2.0**450)}


@dataclass(frozen=True, eq=False)
class Call:
    """The part of a call that is known before the samples are read."""

    shared: Shared
    frame: Frame  # of the Gaussian
    inner: Frame  # of the derivatives
    both: Frame  # of one after the other
    terms: tuple[Term, ...]  # of the derivatives
    bell: Term
    form: int
    feature: str
    outputs: int
    result_shape: tuple[int, ...]

    @property
    def reach(self) -> Reach:
        """The samples that a result depends on."""
        return self.both.reach

    @property
    def dtype(self) -> np.dtype:
        """The dtype of the result."""
        return self.shared.dtype


def apply(
    image: npt.ArrayLike,
    form: int,
    bells: Bells,
    operators: Mapping[str, Any],
    own: tuple[Any, ...],
    common: Common,
) -> npt.NDArray:
    """Return what `form` says. `operators` are derivatives by name: they have the method ``along``.

    own: sigma, operator, normalize, truncate, radius and spacing; for directions also the feature.
    """
    return engine.apply(FAMILY, image, common, (form, bells, tuple(operators.items())), own)


def _settled(array: npt.NDArray, given: Common, fixed: tuple[Any, ...], own: tuple[Any, ...]) -> Call:
    """Check the arguments."""
    form, bells, operators = fixed
    sigma, operator, normalize, truncate, radius, spacing, *more = own
    directed = form in _DIRECTIONS
    shared = checked(array, given, (2, 3) if directed else (1, 2, 3), "a structure tensor")
    count = len(shared.axes)
    feature = arguments.word(more[0], "feature", FEATURES) if more else PLANE
    named = dict(operators)
    gradient = named[arguments.word(operator, "operator", tuple(named))]
    steps, scaled = arguments.spacings(spacing, count), arguments.flag(normalize, "normalize")
    with np.errstate(all="ignore"):  # what overflows is refused
        terms = tuple(gradient.along(i, count, normalize=scaled, spacing=steps) for i in range(count))
    taps.checked(terms)
    bell = bells(arguments.sigmas(sigma, count), (0,) * count, truncate, radius, steps)
    outer, small = sizes_of(bell, "sigma"), tuple(map(len, terms[0]))
    sizes = outer, small, tuple(a + b - 1 for a, b in zip(outer, small, strict=True))
    frame, inner, both = (Frame.of(array.shape, shared.axes, each, shared.mode) for each in sizes)
    single = form == CLARITY or (form == DIRECTION and count == 2)
    outputs = 1 if single else count * (count + 1) // 2 if form == COMPONENTS else count
    shape = array.shape if single else (outputs, *array.shape)
    return Call(shared, frame, inner, both, terms, bell, form, feature, outputs, shape)


def _fill(
    call: Call,
    source: Source,
    views: list[npt.NDArray],
    unknown: npt.NDArray | None,
    workers: int | None,
) -> None:
    """Write the results of all pieces."""

    def task(cut: Cut, store: Store) -> None:
        components, slopes, few = _components(call, cut, source, store, wanted=unknown is not None)
        if call.form == EIGENVALUES:
            components = solved(components, store)
        elif call.form in _DIRECTIONS:
            for power, windows in _out_of_range(components, slopes, store):
                kept = [component.copy() for component in components]  # the store has one array for both
                scaled, *_ = _components(call, cut, source, store, power)
                for one, other in zip(kept, scaled, strict=True):
                    np.copyto(one, other, where=windows)
                components = kept
            shape, real = components[0].shape, components[0].dtype
            results = [store.array(f"result {i}", shape, real) for i in range(call.outputs)]
            write_directions(call.form == CLARITY, call.feature, components, results)
            components = results
        place(components, few, cut, views, unknown)

    over(call.frame, workers, task)


def _components(
    call: Call, cut: Cut, source: Source, store: Store, power: int = 0, *, wanted: bool = False
) -> tuple[list[npt.NDArray], list[npt.NDArray], npt.NDArray | None]:
    """Return the components of the matrices of a piece, the derivatives, and where too little is present.

    The derivatives are multiplied by a `power` of two first.
    """
    components: list[npt.NDArray] = []
    few: npt.NDArray | None = None
    products, slopes = _products(call, cut, source, store, power)
    for number, piece in enumerate(products):
        # All have the same window, so too little is present for all of them or for none.
        ask = wanted and number == 0
        found, hollow = filtered(piece, [call.bell], store, f"sum {number}", wanted=ask)
        components += found
        few = hollow if ask else few
    return components, slopes, few


def _out_of_range(
    components: list[npt.NDArray], slopes: list[npt.NDArray], store: Store
) -> Iterator[tuple[int, npt.NDArray[np.bool_]]]:
    """Yield in which windows squares of derivatives are infinite or too small, and a power of two for these.

    A direction does not depend on such a factor. Which windows these are depends on their own samples alone.
    """
    power, least, large = _POWERS[components[0].dtype.itemsize]
    diagonal = [number for number, (i, j) in enumerate(taps.pairs(len(slopes))) if i == j]
    first, *others = [components[number] for number in diagonal]
    trace = store.array("trace", first.shape, first.dtype)
    np.copyto(trace, first)
    for other in others:
        trace += other
    # Both are known before the first is yielded: the derivatives are then overwritten.
    found = []
    if not trace.max() < np.inf and _any_between(slopes, large, np.inf, store):
        found.append((-power, ~np.isfinite(trace)))
    if not trace.min() >= least and _any_between(slopes, 0.0, 1 / large, store):
        found.append((power, trace < least))
    yield from found


def _any_between(slopes: list[npt.NDArray], least: float, most: float, store: Store) -> bool:
    """Tell whether a magnitude is between two numbers."""
    for slope in slopes:
        sizes = np.abs(slope, out=store.array("sizes", slope.shape, slope.dtype))
        inside = np.greater(sizes, least, out=store.array("inside", slope.shape, np.dtype(bool)))
        inside &= sizes < most
        if inside.any():
            return True
    return False


def _products(
    call: Call, cut: Cut, source: Source, store: Store, power: int
) -> tuple[list[Piece], list[npt.NDArray]]:
    """Return the products of derivatives of a piece, with the border of the Gaussian along cuts; these, too.

    With missing data, they count as much as their own sample, and 0 where a derivative is not known. The
    derivatives are multiplied by a `power` of two.
    """
    shared, missing = call.shared, source.presence is not None
    if shared.mode == "wrap":  # the products beyond the border are those of the samples there
        indices: list[npt.NDArray[np.int64] | None] = [None] * 3
        piece = Piece.of(shared, call.both, cut, source, store)
        if not missing:  # along other axes, the Gaussian continues the products
            own = tuple((0, 0) if is_cut(call.frame, cut, a) else pair(call.inner, a) for a in piece.axes)
            piece = piece._replace(pads=own)
    else:
        indices, inner = _positions(call.frame, cut, every=missing)
        piece = Piece.of(shared, call.inner, inner, source, store)
    # Where nothing of a window is present, its derivative is not known.
    slopes, few = filtered(piece._replace(min_coverage=0.0), call.terms, store, "slope", wanted=missing)
    if power:
        for slope in slopes:
            np.ldexp(slope, power, out=slope)
            if power > 0:  # what is large now is in no window with small derivatives only
                slope[~(np.abs(slope) < 2.0 ** (power / 1.25))] = 0
    counts = None
    if piece.counts is not None:
        centre: tuple[Any, ...] = tuple(
            slice(pad.before, pad.before + n)
            for pad, n in zip(call.inner.pads, slopes[0].shape[1:4], strict=True)
        )
        counts = roomy(slopes[0].shape, slopes[0].dtype)
        counts[...] = piece.counts[(slice(None), *centre)]
        if few is not None:
            counts[few] = 0
        counts = _spread(counts, indices, 0.0 if shared.mode == "shrink" else 1.0)
    pads = tuple(
        (0, 0) if missing or is_cut(call.frame, cut, axis) else pair(call.frame, axis)
        for axis in call.frame.axes
    )
    found = []
    for number, (i, j) in enumerate(taps.pairs(len(slopes))):
        product = store.array(f"product {number}", slopes[0].shape, slopes[0].dtype)
        np.multiply(slopes[i], slopes[j], out=product)
        mode = "zero" if shared.mode in ("constant", "shrink") else shared.mode
        found.append(
            piece._replace(
                samples=_spread(product, indices, 0.0), counts=counts, pads=pads, mode=mode, cval=0.0
            )
        )
    return found, slopes


def _positions(frame: Frame, cut: Cut, *, every: bool) -> tuple[list[npt.NDArray[np.int64] | None], Cut]:
    """Return the positions of the samples that a piece needs, and the range of the image that has them.

    The positions count from the start of the range; -1 is the constant. They are None along an axis that is
    not cut, unless `every` axis is wanted.
    """
    indices: list[npt.NDArray[np.int64] | None] = []
    ranges = []
    for axis in (1, 2, 3):
        if not (every or is_cut(frame, cut, axis)):
            indices.append(None)
            ranges.append(cut[axis])
            continue
        (before, after), (start, stop) = pair(frame, axis), cut[axis]
        index = rows_of(frame.shape[axis], before, after, frame.mode, start, stop + before + after)
        # Far from the image there may be constants only: then any sample will do.
        inside = index[index >= 0] if (index >= 0).any() else np.zeros(1, np.int64)
        first, last = int(inside.min()), int(inside.max()) + 1
        indices.append(np.where(index < 0, -1, index - first))
        ranges.append((first, last))
    return indices, Cut(cut.batch, *ranges)


def _spread(values: npt.NDArray, indices: list[npt.NDArray[np.int64] | None], constant: float) -> npt.NDArray:
    """Return the values at positions along z, y and x; see `_positions`. It is the same array if possible."""
    for axis, index in enumerate(indices, 1):
        if index is None or (
            len(index) == values.shape[axis] and bool((index == np.arange(len(index))).all())
        ):
            continue
        values = values.take(np.maximum(index, 0), axis)
        if index.min() < 0:
            where: tuple[Any, ...] = (*(slice(None),) * axis, index < 0)
            values[where] = constant
    return values


FAMILY: engine.Family[Call] = family(_settled, _fill)
