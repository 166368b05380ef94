"""Linear operators for the planner: a dense kernel, or a sum (or norm) of separable terms."""

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from imfilter._base.memo import once

Taps = npt.NDArray[np.float64]
Term = tuple[Taps, ...]

#: Sums of weights up to this size are rounding errors, relative to the sum of the weights' magnitudes.
_LEFT = 4e-15
#: Largest number of weights for which separable terms are multiplied out to a dense kernel.
LARGEST = 1 << 24
#: Largest number of taps that are multiplied out and counted exactly; most results kept for an operator.
_SMALL, _MOST_KNOWN = 4096, 32
#: Number of taps up to which Python finds the smallest and the largest faster than NumPy.
_FEW = 24
#: Largest difference from 1 of the sum of a mean's weights.
_ROUNDED = 1e-12

_Found = TypeVar("_Found")


@dataclass(eq=False)  # a frozen one takes 1 us more
class Operator:
    """A correlation kernel over one to three axes. Its fields do not change.

    `terms` are separable kernels, each a tuple of one 1-D array for each axis. The kernel is their sum. With
    `norm` they are components instead, and the result is the root of their sum of squares. Without terms the
    kernel is `dense`. With `joint`, an absent sample is one of the kernel and not of each term.
    """

    terms: tuple[Term, ...] = ()
    dense: Taps | None = None
    norm: bool = False
    joint: bool = False
    #: Results for the operator that do not depend on the image.
    _known: dict[Any, tuple[Any]] = field(default_factory=dict, repr=False)

    def known(self, key: Any, find: Callable[[], _Found]) -> _Found:
        """Return an earlier result under a key, or `find` it. Nothing is kept for large operators."""
        kept: tuple[_Found] | None = self._known.get(key)
        if kept is None:
            kept = (find(),)
            if self.count <= _SMALL:
                if len(self._known) >= _MOST_KNOWN:
                    self._known.clear()
                self._known[key] = kept
        return kept[0]

    @once
    def shape(self) -> tuple[int, ...]:
        """Length of the kernel along each axis."""
        if self.dense is not None:
            return self.dense.shape
        return tuple(map(len, self.terms[0]))

    def components(self) -> list[Taps]:
        """Return the dense kernels whose outputs are normed. Without a norm there is one, the sum."""
        if self.dense is not None:
            return [self.dense]
        kernels = [outer(term) for term in self.terms]
        if self.norm or len(kernels) == 1:
            return kernels
        return [cancelled(np.sum(kernels, axis=0), np.sum(np.abs(kernels), axis=0))]

    @once
    def small(self) -> bool:
        """Whether the operator is one dense kernel, or can be."""
        return self.dense is not None or math.prod(self.shape) <= LARGEST

    def whole(self) -> "Operator":
        """Return the operator as one dense kernel, unless it is a norm of several."""
        if self.norm or self.dense is not None:
            return self
        return self.known("whole", lambda: Operator(dense=self.components()[0]))

    @once
    def count(self) -> int:
        """The number of taps, at least of those that are not zero. Large terms are not multiplied out."""
        if self.dense is not None:
            return int(np.count_nonzero(self.dense))
        most = sum(map(math.prod, self.nonzero))
        if len(self.terms) == 1 or most > _SMALL:
            return most
        return sum(int(np.count_nonzero(c)) for c in self.components())

    @once
    def nonzero(self) -> tuple[tuple[int, ...], ...]:
        """The number of weights that are not zero, of each term along each axis."""
        return tuple([tuple(of_each(term, np.count_nonzero)) for term in self.terms])

    @once
    def equal(self) -> bool:
        """Whether all weights are equal and not zero, so that the operator is a box."""
        if self.dense is not None:
            return _equal(self.dense)
        return len(self.terms) == 1 and not self.norm and all(map(_equal, self.terms[0]))

    def box(self) -> "Operator | None":
        """Return a box as a separable operator. Return None for other operators, and for a single tap."""
        if not self.equal or (self.dense is not None and self.dense.size == 1):
            return None
        if self.dense is None:
            return self
        first, *others = map(np.ones, self.dense.shape)
        return Operator(((first * self.dense.flat[0], *others),))

    def mean_of(self) -> int:
        """Return the number of samples if the result is their mean, else 0."""
        if not self.equal:
            return 0
        count = math.prod(self.shape)
        weight = math.prod(float(taps[0]) for taps in (self.terms[0] if self.terms else ()))
        if self.dense is not None:
            weight = float(self.dense.flat[0])
        return count if abs(weight * count - 1) < _ROUNDED else 0

    def ones(self) -> "Operator":
        """Return the operator with all weights 1."""
        terms = tuple(tuple(np.ones(len(taps)) for taps in term) for term in self.terms)
        return Operator(terms, None if self.dense is None else np.ones(self.dense.shape))

    def gain(self) -> float:
        """Return at least the sum of the absolute weights. It limits the ratio of output and input."""
        if self.dense is not None:
            return float(np.abs(self.dense).sum())
        return sum(total(term) for term in self.terms)

    @once
    def extremes(self) -> tuple[float, float]:
        """The smallest and the largest magnitude of the taps and their products, without zeros."""
        kernels = [(self.dense,)] if self.dense is not None else self.terms
        low, high = math.inf, 0.0
        for term in kernels:
            lows, highs = [], []
            for least, most in of_each(term, _ends):
                if not math.isfinite(most):
                    return low, math.inf
                lows.append(least)
                highs.append(most)
            if all(highs):
                low, high = min(low, *lows, math.prod(lows)), max(high, *highs, math.prod(highs))
        return low, high


def of_each(term: Sequence[Taps], find: Callable[[Taps], _Found]) -> list[_Found]:
    """Return what `find` returns for the taps of each axis. Neighbouring axes that share them share it."""
    found: list[_Found] = []
    last = None
    for taps in term:
        found.append(found[-1] if taps is last else find(taps))
        last = taps
    return found


def cancelled(sums: Taps, sizes: Taps) -> Taps:
    """Return sums of weights, with 0 for mere rounding errors; `sizes` are sums of magnitudes."""
    return np.where(np.abs(sums) <= _LEFT * sizes, 0.0, sums)


def _equal(taps: Taps) -> bool:
    """Tell whether all taps are the same and not zero."""
    first, middle, last = taps.item(0), taps.item(taps.size // 2), taps.item(-1)
    return bool(first == middle == last != 0 and (taps == first).all())


def _ends(taps: Taps) -> tuple[float, float]:
    """Return the smallest magnitude of taps that is not zero, and the largest."""
    if taps.size <= _FEW:  # NumPy would take 3 us
        values = list(map(abs, taps.tolist() if taps.ndim == 1 else taps.ravel().tolist()))
        if math.isfinite(sum(values)):  # min and max would skip NaN
            return min(filter(None, values), default=math.inf), max(values)
    sizes = np.abs(taps).ravel()
    # These take half as long as `min` and `max`. Of NaN they return NaN.
    low, high = sizes.item(sizes.argmin()), sizes.item(sizes.argmax())
    return low or float(np.minimum.reduce(sizes[sizes > 0], initial=np.inf)), high


def total(term: Term) -> float:
    """Return the sum of the absolute weights of a separable term."""
    return math.prod(float(np.abs(taps).sum()) for taps in term)


def outer(term: Term) -> Taps:
    """Return the dense kernel of a separable term."""
    return functools.reduce(np.multiply.outer, term)


def separable(*terms: Term, norm: bool = False, joint: bool = False) -> Operator:
    """Return the operator of `terms`. Along each axis they are centred on the longest of them.

    A kernel's centre is sample k // 2, so that even and odd lengths combine as in SciPy.
    """
    if len(terms) == 1:
        return Operator(terms, norm=norm, joint=joint)
    lengths = [max(len(term[axis]) for term in terms) for axis in range(len(terms[0]))]
    centred = tuple(tuple(_centred(t, n) for t, n in zip(term, lengths, strict=True)) for term in terms)
    return Operator(centred, norm=norm, joint=joint)


def _centred(taps: Taps, length: int) -> Taps:
    before = length // 2 - len(taps) // 2
    return np.pad(taps, (before, length - len(taps) - before)) if len(taps) < length else taps
