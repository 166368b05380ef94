"""Choice of the algorithm: which one runs, why, and at what predicted cost."""

import math

from imfilter._filters.linear.algorithm import Algorithm, LinearPlan, Offer, Request
from imfilter._filters.linear.box import RunningBox
from imfilter._filters.linear.cosine import CosineSum
from imfilter._filters.linear.direct import DIRECT, FEW
from imfilter._filters.linear.fft import FFT
from imfilter._filters.linear.operators import Operator
from imfilter._filters.linear.separable import SEPARABLE
from imfilter._filters.linear.winograd import Winograd

#: All algorithms. Each one knows the costs of those before it.
ALGORITHMS: tuple[Algorithm, ...] = (RunningBox(), DIRECT, Winograd(), SEPARABLE, CosineSum(), FFT())
METHODS = ("auto", "direct", "separable", "fft")


def choose(
    operator: Operator, request: Request, algorithms: tuple[Algorithm, ...] = ALGORITHMS
) -> LinearPlan:
    """Choose the cheapest algorithm that applies, or the requested one if it applies."""
    method, taps = request.method, operator.count
    if not operator.small and method in ("direct", "fft"):
        raise ValueError(
            f"method must be 'auto' or 'separable' for a kernel of shape {operator.shape}, got {method!r}"
        )
    offers: dict[str, Offer] = {}
    for algorithm in algorithms:
        if request.auto and taps <= FEW and list(offers) == [DIRECT.name]:
            break
        offer = algorithm.offer(operator, request, offers)
        if offer is not None:
            offers[algorithm.name] = offer
    if request.auto:
        best = min(offers, key=lambda name: offers[name].cost)
    else:
        best = method if method in offers else DIRECT.name
    implementation = next(algorithm for algorithm in algorithms if algorithm.name == best)
    offer = offers[best]
    reason = f"{offer.what}{taps} taps"
    if len(offers) > 1 or taps > FEW:
        each = ", ".join([f"{name} {offers[name].cost:.2f}" for name in sorted(offers)])
        reason = f"{reason}; ns a sample: {each}"
    seconds = math.prod(request.shape) * 1e-9
    return LinearPlan(
        offer.name or best, reason, offer.cost * seconds, implementation, offer.operator or operator.whole()
    )
