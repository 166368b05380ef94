"""Sums, means and variances of windows in the order in which NumPy adds, so that every bit is the same.

NumPy adds few numbers one after the other, and up to 128 in eight sums side by side. The order is compared
with NumPy's own results before it is used.
"""

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from imfilter._compat.serving import Elsewhere
from imfilter._simd import compiler

#: Most samples of which NumPy does not split the sum in two.
_MOST = 128
#: Windows whose results are compared with NumPy's.
_COMPARED = 16


@compiler.of_user
def _sample(value: Any, mean: Any) -> Any:
    return value


@compiler.of_user
def _square(value: Any, mean: Any) -> Any:
    return (value - mean) * (value - mean)


def _adding(term: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Return a function that adds a term for each sample of a window."""

    def total(window: Any, mean: Any) -> Any:
        n = len(window)
        if n < 8:
            total = 0.0
            for i in range(n):
                total += term(window[i], mean)
            return total
        a, b, c, d = (
            term(window[0], mean), term(window[1], mean), term(window[2], mean), term(window[3], mean)
        )  # fmt: skip
        e, f, g, h = (
            term(window[4], mean), term(window[5], mean), term(window[6], mean), term(window[7], mean)
        )  # fmt: skip
        for i in range(8, n - n % 8, 8):
            a += term(window[i], mean)
            b += term(window[i + 1], mean)
            c += term(window[i + 2], mean)
            d += term(window[i + 3], mean)
            e += term(window[i + 4], mean)
            f += term(window[i + 5], mean)
            g += term(window[i + 6], mean)
            h += term(window[i + 7], mean)
        total = ((a + b) + (c + d)) + ((e + f) + (g + h))
        for i in range(n - n % 8, n):
            total += term(window[i], mean)
        return total

    return compiler.of_user(total)


_total, _squares = _adding(_sample), _adding(_square)


def _sum(window: Any) -> Any:
    return _total(window, 0.0)


def _mean(window: Any) -> Any:
    return _total(window, 0.0) / len(window)


def _variance(window: Any) -> Any:
    return _squares(window, _total(window, 0.0) / len(window)) / len(window)


def _deviation(window: Any) -> Any:
    return math.sqrt(_squares(window, _total(window, 0.0) / len(window)) / len(window))


_FUNCTIONS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "sum": (_sum, np.sum),
    "mean": (_mean, np.mean),
    "variance": (_variance, np.var),
    "deviation": (_deviation, np.std),
}


@functools.cache
def function(what: str, samples: int) -> Callable[[Any], Any]:
    """Return the function of a window of float64 that has the results of NumPy."""
    ours, theirs = _FUNCTIONS[what]
    windows = np.random.default_rng(samples).normal(size=(_COMPARED, samples))
    if samples > _MOST or any(ours(window) != theirs(window) for window in windows):
        raise Elsewhere("the order of NumPy's sums may change the result")
    return ours
