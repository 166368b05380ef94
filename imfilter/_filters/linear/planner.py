"""Choice of the algorithm: which one runs, why, and at what predicted cost."""

import math
from collections.abc import Hashable

from imfilter._base.call_cache import Calls
from imfilter._filters.linear.algorithm import WINDOW, Algorithm, Choice, Offer, Request
from imfilter._filters.linear.box import RunningBox, totals_of
from imfilter._filters.linear.cosine import CosineSum
from imfilter._filters.linear.direct import DIRECT, FEW
from imfilter._filters.linear.fft import FFT
from imfilter._filters.linear.low_rank import MOST_TERMS, least_rank
from imfilter._filters.linear.operators import Operator, Taps
from imfilter._filters.linear.separable import SEPARABLE
from imfilter._filters.linear.winograd import Winograd

#: All algorithms. Each one knows the costs of those before it.
ALGORITHMS: tuple[Algorithm, ...] = (RunningBox(), DIRECT, Winograd(), SEPARABLE, CosineSum(), FFT())
METHODS = ("auto", "direct", "separable", "fft")


#: Choices by `_facts`. Their operators may be those of other calls.
_choices: Calls[Choice] = Calls()
#: For shorter kernels with fewer terms, cosines, short sums of rows and transforms are never the fastest.
_SHORT, _FEW_TERMS = 20, 4
#: Number of taps up to which one sum over a dense kernel is faster than a transform.
_MOST_TAPS = 400
#: For a kernel with shorter axes, a sum of as many separable kernels as its shorter axis has taps is slower.
_NARROW = 11


def choose(operator: Operator, request: Request, algorithms: tuple[Algorithm, ...] = ALGORITHMS) -> Choice:
    """Choose the cheapest algorithm that applies, or the requested one if it applies."""
    facts = _facts(operator, request) if algorithms is ALGORITHMS else None
    choice = _choices.get(facts)
    if choice is None:
        choice = _cheapest(operator, request, algorithms)
        _choices.keep(facts, choice)
    if facts is None:
        return choice
    implementation, old, offer, reason = choice
    used = operator.whole() if offer.operator is None else operator
    if used is old:
        return choice
    return Choice(implementation, used, offer, reason)


def _facts(operator: Operator, request: Request) -> Hashable:
    """Return all facts that the choice for a short kernel depends on. Return None for other kernels.

    For such kernels the choice does not depend on the size of the image. See `likeness` for the kernel.
    """
    kernel = likeness(operator) if request.auto else None
    if kernel is None:
        return None
    totals = totals_of(operator, request) if operator.equal else None
    return kernel, totals, request.source, request.dtype, request.real, request.unit, request.method


def likeness(operator: Operator) -> Hashable:
    """Return the facts about a short kernel that plans depend on. Return None for other kernels.

    The facts are the numbers of weights that are not zero, and whether all are equal. The weights themselves
    matter only for kernels that may be sums of separable kernels, and for kernels with so many taps that a
    transform may be faster.
    """
    if max(operator.shape) >= _SHORT or len(operator.terms) >= _FEW_TERMS:
        return None
    dense, taps = operator.dense, operator.count
    if dense is not None and (operator.equal or taps > _MOST_TAPS or not _single(dense, taps)):
        return None
    return operator.shape, operator.norm, taps, operator.nonzero, operator.equal


def _single(kernel: Taps, taps: int) -> bool:
    """Tell whether a sum of separable kernels is never faster than one sum over a dense kernel."""
    if kernel.ndim == 1 or taps <= FEW:
        return True
    rank = least_rank(kernel)
    return rank > MOST_TERMS or (
        kernel.ndim == 2 and rank == min(kernel.shape) > 1 and max(kernel.shape) <= _NARROW
    )


def _cheapest(operator: Operator, request: Request, algorithms: tuple[Algorithm, ...]) -> Choice:
    """Compare the offers of all algorithms."""
    method, taps = request.method, operator.count
    if not operator.small and method in ("direct", "fft"):
        raise ValueError(
            f"method must be 'auto' or 'separable' for a kernel of shape {operator.shape}, got {method!r}"
        )
    offers: dict[str, Offer] = {}
    alone = request.method == WINDOW
    for algorithm in algorithms:
        if request.auto and taps <= FEW and list(offers) == [DIRECT.name]:
            break
        offer = algorithm.offer(operator, request, offers)
        if offer is not None:
            if alone and algorithm.shares(request):
                offer = offer._replace(cost=math.inf)  # the others use what it has found about the kernel
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
    return Choice(implementation, offer.operator or operator.whole(), offer, reason)
