"""The separable kernels of a Hessian matrix and of a smoothed gradient."""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from imfilter._filters.linear.operators import Term
from imfilter._filters.linear.oriented import level

#: Returns the taps of Gaussians from standard deviations, orders, `truncate`, `radius` and spacings.
Bells = Callable[..., Term]


def pairs(count: int) -> Iterator[tuple[int, int]]:
    """Yield the rows and columns of the components of a symmetric matrix: those of its upper triangle."""
    return itertools.combinations_with_replacement(range(count), 2)


def hessian(
    bells: Bells,
    sigmas: tuple[float, ...],
    truncate: Any,
    radius: Any,
    spacings: tuple[float, ...],
    factor: float = 1.0,
) -> tuple[Term, ...]:
    """Return the kernels of the components of a Hessian matrix, times a factor."""
    count = len(sigmas)
    with np.errstate(all="ignore"):  # what overflows is refused
        smooth, first, second = (
            bells(sigmas, (order,) * count, truncate, radius, spacings) for order in range(3)
        )
        # The taps are per unit of the spacing, and so is their sum.
        bent = tuple(level(s, g) for s, g in zip(second, smooth, strict=True))
        found = []
        for i, j in pairs(count):
            along = [*smooth]
            along[j] = first[j]
            along[i] = bent[i] if i == j else first[i]
            found.append((along[0] * factor, *along[1:]))
    return checked(found)


def checked(terms: Sequence[Term]) -> tuple[Term, ...]:
    """Return kernels. Raise ValueError if weights overflow."""
    largest = max(float(np.abs(taps).max()) for term in terms for taps in term)
    if not math.isfinite(largest):
        raise ValueError(f"the weights of the kernel must be finite, got {largest}")
    return tuple(terms)
