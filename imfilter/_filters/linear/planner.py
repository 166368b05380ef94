"""Which algorithm runs, why, and at what predicted cost."""

import functools
import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from imfilter._base.plan import Plan
from imfilter._filters.linear import cosine, winograd
from imfilter._filters.linear.low_rank import factor
from imfilter._filters.linear.operators import Operator
from imfilter._filters.linear.whole_numbers import power

METHODS = ("auto", "direct", "separable", "fft")

# Nanoseconds a sample on one core, measured on a Cascade Lake Xeon at 2.7 GHz; only ratios matter.
# A tap is one multiply-add for 16 float32 lanes, one cycle, and what else there is to load: the least
# in a window of two or three dimensions, where rows share what they read.
_SHARED_TAP = {4: 0.023, 8: 0.036}
_LINE_TAP = {4: 0.027, 8: 0.055}
_SEPARATE_TAP = {4: 0.035, 8: 0.08}
# A stage is one pass over a line: loop set-up, a store, and the load that follows.
_STAGE = {4: 0.5, 8: 1.5}
#: Running sums, by the kind of their totals, and for each plane of the box, whose rows come and go.
_RUNNING = {"u": 0.45, "i": 0.65, "f": 1.15}
_RUNNING_PLANE = {"u": 0.15, "i": 0.2, "f": 0.4}
#: A cosine along one axis; reading, transposing and writing.
_COSINE, _COSINE_STAGES = 0.24, 1.5
#: How much more a tap costs each time that the rows of a sum are halved.
_SHORT_SUMS = 0.12
#: Cutting a tile, forward and inverse real transform with scipy.fft and the product, placing.
_FFT = {4: 22.0, 8: 29.0}
#: Between which lengths tiles are looked for, by the number of axes, and with which power of its length an
#: axis of a tile counts: longer transforms take longer for each sample.
_TILES = {1: (4096, 16384), 2: (256, 768), 3: (32, 96)}
_GROWTH = 1.1
#: Below this many taps nothing beats the direct sum, and looking for something takes longer.
_FEW = 12
#: Taps of sums of separable kernels, zeros too, above which a direct sum is not one of straight code.
_STRAIGHT = 18
#: Weights that a kernel may have to be multiplied out.
LARGEST = 1 << 24


@dataclass(frozen=True)
class LinearPlan(Plan):
    """A plan with the operator as the algorithm takes it: as terms, as a box, or whole."""

    operator: Operator


@functools.lru_cache(maxsize=256)
def fft_tile(kernel: tuple[int, ...], image: tuple[int, ...]) -> tuple[int, ...]:
    """Return the transform's length along each axis: of tiles that cover the image with the least work.

    It depends on the shapes alone, so that results do not depend on the number of workers.
    """
    bounds = _TILES[len(kernel)]
    return tuple(_tile(k, n, *bounds) for k, n in zip(kernel, image, strict=True))


def _tile(k: int, n: int, least: int, most: int) -> int:
    """Return the length of tiles along one axis, not much more than `most`, or eight kernels."""

    def work(length: int) -> float:
        return -(-n // (length - k + 1)) * length**_GROWTH

    few = _fast_length(min(max(least, 2 * k), n + k - 1))
    lengths = {few}
    while few < min(max(most, 8 * k), n + k - 1):
        few = _fast_length(few + 1)
        lengths.add(few)
    return min(sorted(lengths), key=work)


def _fast_length(n: int) -> int:
    """Return the next length of the form 2^a 3^b 5^c, which transforms fast."""
    best = 1 << (n - 1).bit_length() if n > 1 else 1
    five = 1
    while five < best:
        three = five
        while three < best:
            twos = 1 << max(0, (-(-n // three) - 1).bit_length())
            best = min(best, twos * three)
            three *= 3
        five *= 5
    return best


def _direct_cost(operator: Operator, size: int) -> float:
    planes = operator.shape[0] if len(operator.shape) == 3 else 0
    tap = _LINE_TAP if len(operator.shape) == 1 else _SHARED_TAP
    return operator.count * tap[size] + (1 + min(planes, 3)) * _STAGE[size]


def _separable_cost(axes: int, terms: int, taps: int, size: int) -> float:
    across = axes == 3
    return taps * _SEPARATE_TAP[size] + (1 + (0.4 + across) * terms) * _STAGE[size]


def _fft_cost(shape: tuple[int, ...], image: tuple[int, ...], size: int) -> float:
    waste = math.prod(
        t * -(-n // (t - k + 1)) / n for t, k, n in zip(fft_tile(shape, image), shape, image, strict=True)
    )
    return waste * _FFT[size]


def _winograd_cost(shape: tuple[int, ...], size: int) -> float:
    line = len(shape) == 1
    tap = (_LINE_TAP if line else _SHARED_TAP)[size] * (1 + _SHORT_SUMS * winograd.halvings(shape))
    return winograd.taps(shape) * tap + (1 + line) * _STAGE[size]  # a line is dealt out and joined


def _cosine_cost(operator: Operator, image: tuple[int, ...], terms: int) -> float:
    overhang = sum(k / n for k, n in zip(operator.shape, image, strict=True))
    return terms * _COSINE * (2 + overhang) + _COSINE_STAGES


def choose(
    operator: Operator,
    image: tuple[int, ...],
    outputs: int,
    real: np.dtype,
    *,
    may_fft: bool = True,
    totals: np.dtype | None = None,
    tolerance: float = 0.0,
    may_winograd: bool = False,
    whole: bool = False,
    method: str = "auto",
) -> LinearPlan:
    """Choose the cheapest algorithm for `outputs` samples of filtered axes of lengths `image`.

    `totals` is the type of running sums, and `tolerance` that of cosines, if they may be used. `whole` says
    that samples are whole numbers.
    """
    size, seconds, auto = real.itemsize, outputs * 1e-9, method == "auto"
    small = operator.dense is not None or math.prod(operator.shape) <= LARGEST
    if not small and method in ("direct", "fft"):
        raise ValueError(
            f"method must be 'auto' or 'separable' for a kernel of shape {operator.shape}, got {method!r}"
        )
    asked = size, totals, may_winograd, method
    known = operator.known(asked, lambda: _sliding(operator, small, *asked))
    costs, split, taps = known.costs, known.split, operator.count
    if len(costs) == 1 and taps <= _FEW:
        return LinearPlan("direct", f"{taps} taps", costs["direct"] * seconds, _whole(operator))
    cheapest = min(costs.values())
    if may_fft and small and (method == "fft" or _FFT[size] < cheapest):
        exact = whole and power(operator, size) is not None  # in float64, to be rounded
        costs = costs | {"fft": _fft_cost(operator.shape, image, 8 if exact else size)}
    if tolerance and auto and _cosine_cost(split, image, cosine.TERMS[0]) < cheapest:
        fit = cosine.fitted(split, tolerance)
        if fit:
            costs = costs | {"cosines": _cosine_cost(split, image, fit.terms)}
    best = min(costs, key=costs.__getitem__) if auto else method if method in costs else "direct"
    used = {"separable": split, "running": known.box, "cosines": split}.get(best) or _whole(operator)
    cost, what = costs[best], f"{taps} taps"
    if best == "separable":
        few = len(split.terms)
        best = "low-rank" if few > 1 and not operator.terms else best
        what = f"{few} separable term{'s' * (few > 1)} of {what}"
    each = ", ".join([f"{name} {costs[name]:.2f}" for name in sorted(costs)])
    return LinearPlan(best, f"{what}; ns a sample: {each}", cost * seconds, used)


class _Costs(NamedTuple):
    """What algorithms take that slide a window, whatever the image, and an operator as terms and as a box."""

    costs: dict[str, float]
    split: Operator
    box: Operator | None


def _sliding(
    operator: Operator, small: bool, size: int, totals: np.dtype | None, may_winograd: bool, method: str
) -> _Costs:
    """Return the costs of the algorithms that may run."""
    axes, auto = len(operator.shape), method == "auto"
    costs = {"direct": _direct_cost(operator, size)} if small else {}
    box = operator.box() if totals is not None else None
    if method == "direct" or (auto and operator.count <= _FEW and box is None):
        return _Costs(costs, operator, None)
    if box and totals is not None:
        planes = operator.shape[0] if axes == 3 else 0
        costs["running"] = _RUNNING[totals.kind] + planes * _RUNNING_PLANE[totals.kind]
    if may_winograd and auto:
        costs["winograd"] = _winograd_cost(operator.shape, size)
    split = box or operator
    if sum(n > 1 for n in operator.shape) > 1:
        if not split.terms:
            assert operator.dense is not None
            others = min(costs.values()) if auto else math.inf

            def worth(terms: int, taps: int) -> bool:
                return terms == 1 or _separable_cost(axes, terms, taps, size) < others

            terms = factor(operator.dense, size, worth)
            split = Operator(tuple(terms)) if terms else operator
        if split.terms:
            taps = sum(int(np.count_nonzero(along)) for term in split.terms for along in term)
            costs["separable"] = _separable_cost(axes, len(split.terms), taps, size)
    several = auto and len(operator.terms) > 1 and "separable" in costs
    if several and len(operator.terms) * math.prod(operator.shape) > _STRAIGHT:
        costs.pop("direct", None)  # taps that are summed one by one do not keep the image's symmetry
    return _Costs(costs, split, box)


def _whole(operator: Operator) -> Operator:
    """Return `operator` as one dense kernel, unless it is a norm of several."""
    if operator.norm or operator.dense is not None:
        return operator
    return operator.known("whole", lambda: Operator(dense=operator.components()[0]))
