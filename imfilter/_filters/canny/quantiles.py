"""Quantiles of gradients, from the values of some ranks, which are found without sorting all values.

Numbers that are not negative have the order of their bits. So counts of the first 16 bits tell how the
wanted values begin. Only values that begin like them are kept.
"""

import functools
import math
import operator
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._filters.canny.thresholds import Pass

#: Number of beginnings of 16 bits.
_PREFIXES = 1 << 16
_Ranks = Callable[[int], list[int]]
_Found = Callable[[npt.NDArray, int], tuple[float, float]]


class Quantiles(NamedTuple):
    """Both thresholds are quantiles, as of `numpy.quantile`."""

    low: float
    high: float

    def of_values(self, values: npt.NDArray) -> tuple[float, float]:
        """Return both thresholds of the values."""
        low, high = np.quantile(values, [self.low, self.high])
        return float(low), float(high)

    def passes(self) -> list[Pass]:
        """Return two passes: for the first bits of the wanted values, and for all their bits."""
        return _passes(self._ranks, self._found)

    def _ranks(self, count: int) -> list[int]:
        return [rank for share in self for rank in _around(share, count)[:2]]

    def _found(self, values: npt.NDArray, count: int) -> tuple[float, float]:
        parts = [[_around(share, count)[2]] for share in self]
        (low,), (high,) = np.quantile(values[:2], parts[0]), np.quantile(values[2:], parts[1])
        return float(low), float(high)


class Median(NamedTuple):
    """Both thresholds are multiples of the median."""

    low: float
    high: float

    def of_values(self, values: npt.NDArray) -> tuple[float, float]:
        """Return both thresholds of the values."""
        scale = float(np.median(values))
        return self.low * scale, self.high * scale

    def passes(self) -> list[Pass]:
        """Return two passes: for the first bits of the wanted values, and for all their bits."""
        return _passes(self._ranks, self._found)

    def _ranks(self, count: int) -> list[int]:
        return [(count - 1) // 2] if count % 2 else [count // 2 - 1, count // 2]

    def _found(self, values: npt.NDArray, count: int) -> tuple[float, float]:
        return self.of_values(values)


def _around(share: float, count: int) -> tuple[int, int, float]:
    """Return the ranks of the values before and after a quantile, and its place between them."""
    place = (count - 1) * share
    before = min(math.floor(place), count - 1)
    return before, min(before + 1, count - 1), place - before


class _Known(NamedTuple):
    """The number of all values; the first bits of each wanted value, and its rank among all with these."""

    total: int
    prefixes: list[int]
    ranks: list[int]


def _passes(ranks: _Ranks, found: _Found) -> list[Pass]:
    """Return the passes for ``found(values, count)``: the values of ``ranks(count)``, and their number."""
    return [
        Pass(_counts, np.add, functools.partial(_places, ranks=ranks)),
        Pass(_distinct, operator.add, functools.partial(_values, found=found)),
    ]


def _counts(values: npt.NDArray, _: None) -> npt.NDArray[np.int64]:
    """Return how many values begin with each number of 16 bits."""
    return np.bincount(_first_bits(_bits(values)).astype(np.intp), minlength=_PREFIXES)


def _bits(values: npt.NDArray) -> npt.NDArray:
    return values.view(f"u{values.itemsize}")


def _first_bits(bits: npt.NDArray) -> npt.NDArray:
    return bits >> (8 * bits.itemsize - 16)


def _places(counts: npt.NDArray[np.int64], _: None, ranks: _Ranks) -> _Known:
    """Return where the wanted values are, and the largest of all."""
    below = np.cumsum(counts)
    count = int(below[-1])
    wanted = np.array([*ranks(count), count - 1] if count else [], np.int64)
    prefixes = np.searchsorted(below, wanted, side="right")
    return _Known(count, prefixes.tolist(), (wanted - (below - counts)[prefixes]).tolist())


def _distinct(values: npt.NDArray, known: _Known) -> list[tuple[npt.NDArray, npt.NDArray]]:
    """Return the distinct values that begin as a wanted value does, and how often they occur."""
    wanted = np.zeros(_PREFIXES, bool)
    wanted[known.prefixes] = True
    bits = _bits(values)
    found, counts = np.unique(bits[wanted[_first_bits(bits)]], return_counts=True)
    return [(found.view(values.dtype), counts)]


def _values(
    parts: list[tuple[npt.NDArray, npt.NDArray]], known: _Known, found: _Found
) -> tuple[float, float]:
    """Return both thresholds."""
    if not known.total:
        return math.inf, math.inf
    some, counts = (np.concatenate(part) for part in zip(*parts, strict=True))
    order = np.argsort(_bits(some), kind="stable")
    some, counts = some[order], counts[order]
    prefixes = _first_bits(_bits(some))
    values = np.empty(len(known.ranks), some.dtype)
    for number, (prefix, rank) in enumerate(zip(known.prefixes, known.ranks, strict=True)):
        first, stop = np.searchsorted(prefixes, prefix), np.searchsorted(prefixes, prefix, "right")
        values[number] = some[first + np.searchsorted(np.cumsum(counts[first:stop]), rank, "right")]
    if values[-1] != values[-1]:  # NaN is larger than all numbers
        values[:] = np.nan
    return found(values[:-1], known.total)
