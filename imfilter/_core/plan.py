"""Which algorithm runs, why, and at what predicted cost."""

import contextvars
import functools
import math
from dataclasses import dataclass, field

import numpy as np

from imfilter._core import cosines, winograd
from imfilter._core.factors import factor
from imfilter._core.operators import Operator

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
#: Weights that a kernel may have to be multiplied out.
_LARGEST = 1 << 24


#: Set while `imfilter.plan` asks which algorithm a call would run: calls add their plans and do nothing.
planning: contextvars.ContextVar[list["Plan"] | None] = contextvars.ContextVar("planning", default=None)


@dataclass(frozen=True)
class Plan:
    """What a call would do.

    Attributes
    ----------
    algorithm : str
        ``"direct"``, ``"separable"``, ``"low-rank"``, ``"running"`` (running sums),
        ``"cosines"`` (a long smooth kernel as a sum of cosines), ``"winograd"`` (rows
        of outputs share sums over differences of rows) or ``"fft"``; for ranks ``"network"``
        (of comparisons), ``"bits"`` (counted in sorted blocks) or ``"histogram"``; ``"pooling"``.
    reason : str
        Why it was chosen, with the cost of what was not.
    cost : float
        Predicted seconds on one core of the processor on which the model was measured.
    """

    algorithm: str
    reason: str
    cost: float
    operator: Operator = field(repr=False, compare=False)


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


def _direct_cost(operator: Operator, taps: int, size: int) -> float:
    planes = operator.shape[0] if len(operator.shape) == 3 else 0
    tap = _LINE_TAP if len(operator.shape) == 1 else _SHARED_TAP
    return taps * tap[size] + (1 + min(planes, 3)) * _STAGE[size]


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
    method: str = "auto",
) -> Plan:
    """Choose the cheapest algorithm for `outputs` samples of filtered axes of lengths `image`.

    `totals` is the type of running sums, and `tolerance` that of cosines, if they may be used.
    """
    size, axes, seconds = real.itemsize, len(operator.shape), outputs * 1e-9
    taps = operator.count
    direct = _direct_cost(operator, taps, size)
    small = operator.dense is not None or math.prod(operator.shape) <= _LARGEST
    if not small and method in ("direct", "fft"):
        raise ValueError(
            f"method must be 'auto' or 'separable' for a kernel of shape {operator.shape}, got {method!r}"
        )
    box = operator.box() if totals is not None else None
    if method == "direct" or (method == "auto" and taps <= _FEW and box is None):
        return Plan("direct", f"{taps} taps", direct * seconds, _whole(operator))

    costs = {"direct": direct} if small else {}
    if box and totals is not None:
        planes = operator.shape[0] if axes == 3 else 0
        costs["running"] = _RUNNING[totals.kind] + planes * _RUNNING_PLANE[totals.kind]
    if may_winograd and method == "auto":
        costs["winograd"] = _winograd_cost(operator.shape, size)
    if may_fft and small:
        costs["fft"] = _fft_cost(operator.shape, image, size)
    split = box or operator
    if sum(n > 1 for n in operator.shape) > 1:
        if not split.terms:
            assert operator.dense is not None
            others = math.inf if method == "separable" else min(costs.values())

            def worth(terms: int, taps: int) -> bool:
                return terms == 1 or _separable_cost(axes, terms, taps, size) < others

            terms = factor(operator.dense, size, worth)
            split = Operator(tuple(terms)) if terms else operator
        if split.terms:
            each = sum(int(np.count_nonzero(along)) for term in split.terms for along in term)
            costs["separable"] = _separable_cost(axes, len(split.terms), each, size)
    if tolerance and method == "auto" and "separable" in costs:
        cheapest = _cosine_cost(split, image, cosines.TERMS[0])
        fit = cosines.fitted(split, tolerance) if cheapest < costs["separable"] else None
        if fit:
            costs["cosines"] = _cosine_cost(split, image, fit.terms)
    wanted = method if method in costs else "direct"
    best = min(costs, key=costs.__getitem__) if method == "auto" else wanted
    reason = f"{taps} taps; ns a sample: " + ", ".join(f"{k} {v:.2f}" for k, v in sorted(costs.items()))
    if best == "separable":
        few = len(split.terms)
        lowrank = few > 1 and not operator.terms
        reason = f"{few} separable term{'s' * (few > 1)} of {taps} taps; " + reason.split("; ")[1]
        return Plan("low-rank" if lowrank else "separable", reason, costs[best] * seconds, split)
    if best == "running":
        assert box is not None
        return Plan(best, reason, costs[best] * seconds, box)
    if best == "cosines":
        return Plan(best, reason, costs[best] * seconds, split)
    return Plan(best, reason, costs[best] * seconds, _whole(operator))


def _whole(operator: Operator) -> Operator:
    """Return `operator` as one dense kernel, unless it is a norm of several."""
    if operator.norm or operator.dense is not None:
        return operator
    return Operator(dense=operator.components()[0])
