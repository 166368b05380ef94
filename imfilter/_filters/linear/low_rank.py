"""Dense kernels as sums of separable terms. Whole weights are split exactly, others up to rounding."""

import functools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._filters.linear.operators import Taps, Term, outer, total
from imfilter._filters.linear.whole_numbers import multiples

_Whole = npt.NDArray[np.int64]

#: Tells whether a sum of so many terms with so many taps in total saves time.
Worth = Callable[[int, int], bool]

#: Largest number of terms in a sum.
MOST_TERMS = 8
#: The part of a kernel that a sum may leave out, by the size of floats, relative to the sum of the absolute
#: weights.
_TOLERANCE = {4: 1e-7, 8: 1e-14}


def factor(kernel: Taps, size: int, worth: Worth) -> list[Term] | None:
    """Split `kernel` into separable terms for arithmetic in floats of `size` bytes, or return None.

    Whole weights are split into terms of whole weights, and the sum of the terms is the kernel. Otherwise the
    sum of the parts that are left out is at most the tolerance, relative to the kernel's own absolute sum.

    The terms are at most a few times as large as the kernel, so that their sum is rounded like the kernel's.
    They read no sample that the kernel does not read. The search ends when a sum of so many terms is not
    `worth` it.
    """
    high = float(np.abs(kernel).max())
    if high == 0.0:
        return [tuple(np.zeros(n) for n in kernel.shape)]
    rank = least_rank(kernel)
    if rank > MOST_TERMS or (rank > 1 and not worth(rank, rank * kernel.ndim)):
        return None
    whole = multiples(kernel, size)
    if whole is not None:
        numbers, power = whole
        terms = _collected((t and tuple(a.astype(float) for a in t) for t in _exact(numbers)), worth)
    else:
        power = math.frexp(high)[1]
        unit: Taps = np.ldexp(kernel, -power)  # values from -1 to 1
        terms = _collected(_crosses(unit, _TOLERANCE[size]), worth)
        if terms is not None and not _fits(terms, unit, _TOLERANCE[size]):
            return None
    return None if terms is None else [(np.ldexp(first, power), *others) for first, *others in terms]


def least_rank(kernel: Taps) -> int:
    """Return the least number of terms that a close sum needs, as far as it is known; otherwise 1.

    A sum of fewer than n terms has a rank below n. It differs from a part of n rows and columns by at least
    the smallest singular value of the part (Eckart and Young, 1936). A search for terms takes four times
    longer. The determinant is the product of the singular values. Their squares add up to the sum of the
    squared weights, so the product of all but the smallest is at most that of equal ones. This bound takes a
    third of the time of the singular values.
    """
    matrix = kernel.reshape(len(kernel), -1)
    n = min(MOST_TERMS + 1, *matrix.shape)
    if n == 1:
        return 1
    part = matrix.ravel().take(_part(n, matrix.shape))
    part /= float(np.add.reduce(np.abs(matrix).ravel())) or 1.0
    values = part.ravel()
    least, others = max(_TOLERANCE.values()), float(values.dot(values)) / (n - 1)
    if abs(float(np.linalg.det(part))) > least * others ** ((n - 1) / 2):
        return n
    return n if np.linalg.svd(part, compute_uv=False)[-1] > least else 1


@functools.lru_cache(64)
def _part(n: int, shape: tuple[int, int]) -> npt.NDArray[np.int64]:
    """Return the flat indices of `n` rows and columns that are spread over a matrix."""
    rows, columns = (np.arange(n) * (length - 1) // (n - 1) for length in shape)
    return rows[:, None] * shape[1] + columns


def _collected(found: Iterator[tuple[npt.NDArray, ...] | None], worth: Worth) -> list[Any] | None:
    """Return the terms of a split. Return None as soon as the split fails or has too many terms."""
    terms, taps = [], 0
    for term in found:
        if term is None:
            return None
        taps += sum(int(np.count_nonzero(along)) for along in term)
        terms.append(term)
        if len(terms) > MOST_TERMS or not worth(len(terms), taps):
            return None
    return terms


def _fits(terms: list[Term], kernel: Taps, tolerance: float) -> bool:
    """Tell whether terms are close enough to a kernel, are not much larger, and read no other samples."""
    size = float(np.abs(kernel).sum())
    if sum(total(term) for term in terms) > 4 * size:
        return False
    rest = kernel.copy()
    for term in terms:
        product = outer(term)
        if ((product != 0) & (kernel == 0)).any():
            return False
        rest -= product
    return bool(np.abs(rest).sum() <= tolerance * size)


def _crosses(kernel: Taps, tolerance: float) -> Iterator[Term]:
    """Split `kernel` by cross approximation with full pivoting, until the rest can be left out.

    Each step subtracts the outer product through the largest remaining weight. It is exact on the row and the
    column of the pivot. It keeps the zeros of a kernel of rank one, and needs no SVD.
    """
    if kernel.ndim == 1:
        yield (kernel,)
        return
    rest = kernel.reshape(len(kernel), -1).copy()
    sizes = np.abs(rest)
    allowed = tolerance / 2 * sizes.sum()
    while sizes.sum() > allowed:
        i, j = divmod(int(sizes.argmax()), rest.shape[1])
        left, right = rest[:, j] / rest[i, j], rest[i].copy()
        for term in _crosses(right.reshape(kernel.shape[1:]), tolerance / 4):
            yield (left, *term)
        rest -= left[:, None] * right
        rest[i], rest[:, j] = 0.0, 0.0
        sizes = np.abs(rest)


def _exact(kernel: _Whole) -> Iterator[tuple[_Whole, ...] | None]:
    """Split a kernel of whole numbers into terms of whole numbers. The last term is None if the split fails.

    Every term has the signs of the kernel. So nothing cancels, and partial sums are no larger than those of
    the kernel's own absolute products.
    """
    if kernel.ndim == 1:
        yield (kernel,)
        return
    rest = kernel.reshape(len(kernel), -1)
    while rest.any():
        found = _whole_cross(rest)
        if found is None:
            yield None
            return
        left, right, rest = found
        for term in _exact(right.reshape(kernel.shape[1:])):
            yield None if term is None else (left, *term)


def _whole_cross(matrix: _Whole) -> tuple[_Whole, _Whole, _Whole] | None:
    """Return a column and a row of whole factors of a part of a matrix, and the rest; or None.

    Two pivots are tried. The largest weight splits every matrix of rank one. The smallest weight that is not
    zero may be a common factor of all others.
    """
    sizes = np.abs(matrix)
    most = sizes.max()
    for at in (sizes.argmax(), np.where(sizes > 0, sizes, most + 1).argmin()):
        i, j = divmod(int(at), matrix.shape[1])
        right = matrix[i] // np.gcd.reduce(matrix[i])
        left, remainder = np.divmod(matrix[:, j], right[j])
        if remainder.any() or int(np.abs(left).max()) * int(np.abs(right).max()) > int(most):
            continue
        product = left[:, None] * right
        rest = matrix - product
        if (np.abs(product) + np.abs(rest) == sizes).all():
            return left, right, rest
    return None
