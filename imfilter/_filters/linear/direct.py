"""Direct sums over all taps, and the tables of taps of a sliding window."""

import math
from typing import Any

import numpy as np

from imfilter._base.loops import Placement
from imfilter._base.program import Program, Settings
from imfilter._filters.linear import sliding_job, tap_patterns, tap_tables
from imfilter._filters.linear.algorithm import LINE_TAP, SHARED_TAP, STAGE, Compiled, Offer, Request
from imfilter._filters.linear.operators import Operator, Taps
from imfilter._filters.linear.tap_tables import Schedule, Weights

#: Taps of sums of separable kernels, with zeros, above which a direct sum is not unrolled code.
_STRAIGHT = 18
#: With fewer taps the direct sum is always fastest, and a search for another algorithm takes longer.
FEW = 12


#: The taps of a kernel along an axis that is not filtered.
_ONE = np.ones(1)


class Direct(Compiled):
    """One sum over all taps that are not zero."""

    name = "direct"

    def offer(self, operator: Operator, request: Request, others: dict[str, Offer]) -> Offer | None:
        """Return the cost of all taps.

        A sum of terms that are computed one by one would not keep the image's symmetry.
        """
        several = request.auto and len(operator.terms) > 1 and operator.count > FEW
        several = several and sum(n > 1 for n in operator.shape) > 1
        if several and len(operator.terms) * math.prod(operator.shape) > _STRAIGHT:
            return None
        if not operator.small:
            return None
        size, axes = request.real.itemsize, len(operator.shape)
        planes = operator.shape[0] if axes == 3 else 0
        tap = LINE_TAP if axes == 1 else SHARED_TAP
        return Offer(operator.count * tap[size] + (1 + min(planes, 3)) * STAGE[size])

    def program(self, operator: Operator, settings: Settings, place: Placement) -> Program | None:
        """Return the program of a sliding window."""
        return make(operator, settings, place)


DIRECT = Direct()


def make(operator: Operator, settings: Settings, place: Placement) -> Program | None:
    """Return the program of the operator. Return None if lines must be packed and are not."""
    asked = place.known.get(settings)
    if asked is None:
        asked = place.known[settings] = _asked(settings, place)
    unplaced, weights = operator.known(asked, lambda: _schedule(operator, *asked))
    made = sliding_job.prepared(
        unplaced, settings, place, tap_tables.border_value(unplaced, weights, settings.cval)
    )
    return None if made is None else made.program(**weights)


def _asked(settings: Settings, place: Placement) -> tuple[Any, ...]:
    """Return the arguments of `_schedule` after the operator."""
    z, y, x, *_ = place.loops
    source = place.source.dtype
    fill = math.isfinite(settings.cval) and (settings.assume_finite or source.kind != "f")
    pair = y.stride == y.dilation == 1 < y.length
    narrow = source.kind in "biu" and source.itemsize <= 4
    rounded = narrow and place.target.dtype.kind in "iu"  # of integers that the arithmetic holds exactly
    return settings.algorithm, (z.kernel, y.kernel, x.kernel), pair, settings.real, fill, rounded


def _schedule(
    operator: Operator,
    algorithm: str,
    kernels: tuple[tuple[int, int, int | None], ...],
    pair: bool,
    real: np.dtype,
    fill: bool,
    rounded: bool,
) -> tuple[Schedule, Weights]:
    """Return the tap tables of the algorithm, and its weights.

    `kernels` are `Part.kernel` of planes, rows and line. `fill` says that 0 times any sample of the image is
    0, because no sample is huge or not finite.
    """
    dilations, extents, axes = zip(*kernels, strict=True)
    if algorithm != "direct":
        whole = [term for term, counts in zip(operator.terms, operator.nonzero, strict=True) if all(counts)]
        if whole:
            terms = []
            for term in whole:
                z, y, x = [_ONE if axis is None else term[axis] for axis in axes]
                terms.append((z, y, x))
            return tap_patterns.separable(terms, operator.norm, dilations, pair, real, fill, rounded)
    where = [a for a in axes if a is not None]
    components: list[Taps] = [c.transpose(where).reshape(extents) for c in operator.components()]
    alone = axes == (None, 0, None)
    return tap_patterns.direct(components, operator.norm, dilations, pair, real, fill, rounded, alone)
