"""Linear operators as the planner sees them: a dense kernel, or a sum (or norm) of separable terms."""

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Taps = npt.NDArray[np.float64]
Term = tuple[Taps, ...]


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
        return kernels if self.norm else [sum(kernels[1:], kernels[0])]

    def gain(self) -> float:
        """Return the sum of the absolute weights: how far the output can exceed the input."""
        return float(sum(np.abs(kernel).sum() for kernel in self.components()))


def outer(term: Term) -> Taps:
    """Return the dense kernel of a separable term."""
    return functools.reduce(np.multiply.outer, term)


def interned(operator: Operator) -> Operator:
    """Return the one operator that has the weights of `operator`.

    What is worked out for an operator, a plan or a program, is kept with it and found again when the
    same kernel comes in another array.
    """
    dense = operator.dense
    return _known(
        tuple(tuple(taps.tobytes() for taps in term) for term in operator.terms),
        None if dense is None else dense.shape,
        None if dense is None else dense.tobytes(),
        operator.norm,
    )


@functools.lru_cache(maxsize=128)
def _known(
    terms: tuple[tuple[bytes, ...], ...], shape: tuple[int, ...] | None, dense: bytes | None, norm: bool
) -> Operator:
    return Operator(
        tuple(tuple(np.frombuffer(taps) for taps in term) for term in terms),
        None if dense is None else np.frombuffer(dense).reshape(shape or ()),
        norm,
    )


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

    Cross approximation with full pivoting: each step takes away the outer product through the
    largest remaining weight. It is exact on the row and the column of the pivot, keeps a kernel's
    zeros when the rank is one, and needs no SVD. What remains, summed, is at most `tolerance` of
    the kernel's own absolute sum.
    """
    if kernel.ndim == 1:
        return [(kernel,)]
    allowed = tolerance * np.abs(kernel).sum()
    rest = kernel.reshape(len(kernel), -1).copy()
    terms: list[Term] = []
    while np.abs(rest).sum() > allowed:
        if len(terms) >= limit:
            return None
        i, j = np.unravel_index(np.abs(rest).argmax(), rest.shape)
        left, right = rest[:, j] / rest[i, j], rest[i].copy()
        inner = factor(right.reshape(kernel.shape[1:]), limit - len(terms), tolerance)
        if inner is None:
            return None
        terms += [(left, *term) for term in inner]
        rest -= np.multiply.outer(left, right)
        rest[i], rest[:, j] = 0.0, 0.0
    return terms or [tuple(np.zeros(n) for n in kernel.shape)]
