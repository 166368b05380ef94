"""Separable sums: one axis after the other, for one or several terms."""

import math

from imfilter._base.loops import Placement
from imfilter._base.program import Program, Settings
from imfilter._filters.linear import direct
from imfilter._filters.linear.algorithm import STAGE, Compiled, Offer, Request, least_cost
from imfilter._filters.linear.low_rank import factor
from imfilter._filters.linear.operators import Operator

_TAP = {4: 0.035, 8: 0.08}  # see `algorithm.SHARED_TAP`
#: Stages of a sum, apart from those of its terms. One term of 5x5 float64 takes 0.83 to 0.94 of the time of
#: the direct sum of 25 taps, one of 3x7 0.98 to 1.0 (256x256 and 1024x1024, one thread).
_STAGES = {4: 1.0, 8: 0.6}


class Separable(Compiled):
    """A sum of separable kernels: the operator's own terms, or the terms of a dense kernel."""

    name = "separable"

    def offer(self, operator: Operator, request: Request, others: dict[str, Offer]) -> Offer | None:
        """Return the cost of all terms. A dense kernel is split while a split may save time."""
        if sum(n > 1 for n in operator.shape) < 2:
            return None
        box, size = others.get("running"), request.real.itemsize
        given = operator if box is None or box.operator is None else box.operator
        least = least_cost(others) if request.auto else math.inf
        return given.known(("separable", size, least), lambda: _offer(given, size, least))

    def program(self, operator: Operator, settings: Settings, place: Placement) -> Program | None:
        """Return the program of a sliding window over lines that are already summed along."""
        return direct.make(operator, settings, place)


SEPARABLE = Separable()


def _cost(axes: int, terms: int, taps: int, size: int) -> float:
    across = axes == 3
    return taps * _TAP[size] + (_STAGES[size] + (0.4 + across) * terms) * STAGE[size]


def _offer(operator: Operator, size: int, least: float) -> Offer | None:
    axes, split = len(operator.shape), operator
    if not operator.terms:
        assert operator.dense is not None

        def worth(terms: int, taps: int) -> bool:
            return terms == 1 or _cost(axes, terms, taps, size) < least

        terms = factor(operator.dense, size, worth)
        if not terms:
            return None
        split = Operator(tuple(terms))
    taps = sum(map(sum, split.nonzero))
    few = len(split.terms)
    return Offer(
        _cost(axes, few, taps, size),
        split,
        f"{few} separable term{'s' * (few > 1)} of ",
        "low-rank" if few > 1 and not operator.terms else "",
    )
