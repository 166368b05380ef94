"""Linear operators as the planner sees them: a dense kernel, or a sum (or norm) of separable terms."""

import functools
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Taps = npt.NDArray[np.float64]
Term = tuple[Taps, ...]

#: What is left of weights that cancel, relative to the sum of their magnitudes.
_LEFT = 4e-15
#: Taps that are multiplied out to be counted exactly.
_SMALL = 4096
#: How far from 1 the sum of a mean's weights may be.
_ROUNDED = 1e-12


@dataclass(frozen=True, eq=False)
class Operator:
    """A correlation kernel over one to three axes.

    `terms` are separable kernels, each a tuple of one 1-D array an axis, whose sum is the kernel;
    or, with `norm`, the components whose root of the sum of squares is the result. Without terms
    the kernel is `dense`.
    """

    terms: tuple[Term, ...] = ()
    dense: Taps | None = None
    norm: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of the kernel along each axis."""
        if self.dense is not None:
            return self.dense.shape
        return tuple(len(taps) for taps in self.terms[0])

    def components(self) -> list[Taps]:
        """Return the dense kernels whose outputs are normed; one, the sum, where there is no norm."""
        if self.dense is not None:
            return [self.dense]
        kernels = [outer(term) for term in self.terms]
        if self.norm or len(kernels) == 1:
            return kernels
        return [cancelled(np.sum(kernels, axis=0), np.sum(np.abs(kernels), axis=0))]

    def count(self) -> int:
        """Return the number of taps, no fewer than are not zero, without multiplying large terms out."""
        if self.dense is not None:
            return int(np.count_nonzero(self.dense))
        most = sum(math.prod(int(np.count_nonzero(taps)) for taps in term) for term in self.terms)
        if most > _SMALL:
            return most
        return sum(int(np.count_nonzero(c)) for c in self.components())

    def uniform(self) -> bool:
        """Tell whether all weights are the same: whether the operator is a box."""
        kernels = [self.dense] if self.dense is not None else [taps for term in self.terms for taps in term]
        return all((taps == taps.flat[0]).all() and taps.flat[0] != 0 for taps in kernels)

    def mean_of(self) -> int:
        """Return of how many samples the result is the mean, or 0 where it is no mean."""
        if len(self.terms) > 1 or self.norm or not self.uniform():
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
        """Return at least the sum of the absolute weights: how far the output can exceed the input."""
        if self.dense is not None:
            return float(np.abs(self.dense).sum())
        return sum(_size(term) for term in self.terms)

    def extremes(self) -> tuple[float, float]:
        """Return the smallest and the largest magnitude of the taps, and of their products, but zero."""
        kernels = [(self.dense,)] if self.dense is not None else self.terms
        low, high = math.inf, 0.0
        for term in kernels:
            sizes = [np.abs(taps[taps != 0]) for taps in term]
            if not all(np.isfinite(s).all() for s in sizes):
                return low, math.inf
            if all(len(s) for s in sizes):
                ends = [(float(s.min()), float(s.max())) for s in sizes]
                ends.append((math.prod(a for a, _ in ends), math.prod(b for _, b in ends)))
                low, high = min(low, *(a for a, _ in ends)), max(high, *(b for _, b in ends))
        return low, high


def cancelled(sums: Taps, sizes: Taps) -> Taps:
    """Return sums of weights, 0 where only rounding is left; `sizes` are the sums of magnitudes."""
    return np.where(np.abs(sums) <= _LEFT * sizes, 0.0, sums)


def _size(term: Term) -> float:
    """Return the sum of the absolute weights of a separable term."""
    return math.prod(float(np.abs(taps).sum()) for taps in term)


def outer(term: Term) -> Taps:
    """Return the dense kernel of a separable term."""
    return functools.reduce(np.multiply.outer, term)


def separable(*terms: Term, norm: bool = False) -> Operator:
    """Return the operator of `terms`, each centred on the longest of its axis.

    A kernel's centre is sample k // 2, so that even and odd lengths mix as SciPy would have them.
    """
    lengths = [max(len(term[axis]) for term in terms) for axis in range(len(terms[0]))]
    return Operator(
        tuple(tuple(_centred(t, n) for t, n in zip(term, lengths, strict=True)) for term in terms), norm=norm
    )


def _centred(taps: Taps, length: int) -> Taps:
    before = length // 2 - len(taps) // 2
    return np.pad(taps, (before, length - len(taps) - before)) if len(taps) < length else taps


def factor(kernel: Taps, limit: int, tolerance: float) -> list[Term] | None:
    """Split `kernel` into at most `limit` separable terms, or return None.

    What is left out, summed, is at most `tolerance` of the kernel's own absolute sum. The terms are
    no larger than a few times the kernel, so that their sum rounds as its own does, and read no
    sample that the kernel does not.
    """
    scale = float(np.abs(kernel).max())
    if scale == 0.0:
        return [tuple(np.zeros(n) for n in kernel.shape)]
    unit = kernel / scale
    terms = _crosses(unit, limit, tolerance)
    if terms is None or sum(_size(term) for term in terms) > 4 * np.abs(unit).sum():
        return None
    rest = unit.copy()
    for term in terms:
        product = outer(term)
        if np.any((product != 0) & (kernel == 0)):
            return None
        rest -= product
    if np.abs(rest).sum() > tolerance * np.abs(unit).sum():
        return None
    return [(first * scale, *others) for first, *others in terms]


def _crosses(kernel: Taps, limit: int, tolerance: float) -> list[Term] | None:
    """Split `kernel` by cross approximation with full pivoting.

    Each step takes away the outer product through the largest remaining weight. It is exact on the
    row and the column of the pivot, keeps the zeros of a kernel of rank one, and needs no SVD.
    """
    if kernel.ndim == 1:
        return [(kernel,)]
    allowed = tolerance / 2 * np.abs(kernel).sum()
    rest = kernel.reshape(len(kernel), -1).copy()
    terms: list[Term] = []
    while np.abs(rest).sum() > allowed:
        if len(terms) >= limit:
            return None
        i, j = np.unravel_index(np.abs(rest).argmax(), rest.shape)
        left, right = rest[:, j] / rest[i, j], rest[i].copy()
        inner = _crosses(right.reshape(kernel.shape[1:]), limit - len(terms), tolerance / 4)
        if inner is None:
            return None
        terms += [(left, *term) for term in inner]
        rest -= np.multiply.outer(left, right)
        rest[i], rest[:, j] = 0.0, 0.0
    return terms
