"""Thresholds that are found from all gradients, in passes over strips of rows.

Each pass computes the gradients anew. So they are never in memory together.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from imfilter._base import strips

#: Tells which samples of the rows from the first to the end count for the thresholds.
Counts = Callable[[int, int], npt.NDArray[np.bool_]]


class Pass(NamedTuple):
    """A pass over all values.

    ``measure(values, known)`` is called with the values of each strip, `add` with two of its results, and
    ``finish(sum, known)`` with the sum of all. `known` is the result of the pass before, or None. No result
    depends on the strips.
    """

    measure: Callable[[npt.NDArray, Any], Any]
    add: Callable[[Any, Any], Any]
    finish: Callable[[Any, Any], Any]


class Rule(Protocol):
    """A rule that gives both thresholds."""

    def of_values(self, values: npt.NDArray) -> tuple[float, float]:
        """Return both thresholds of the values."""

    def passes(self) -> list[Pass]:
        """Return the passes over the values. The last one returns what `of_values` returns."""


def of_rows(
    rule: Rule, rows: Callable[[int, int], npt.NDArray], count: int, step: int, workers: Any
) -> tuple[float, float]:
    """Return the thresholds of all values that ``rows(first, stop)`` returns, for strips of `step` rows."""
    known: Any = None
    for measure, add, finish in rule.passes():

        def of_strip(first: int, stop: int, measure: Any = measure, known: Any = known) -> Any:
            return measure(rows(first, stop), known)

        known = finish(strips.total(of_strip, add, count, step, workers), known)
    low, high = known
    return low, high


def counting(
    allowed: npt.NDArray[np.bool_] | None, shape: tuple[int, ...], *, outermost: bool
) -> Counts | None:
    """Return which samples count: those that are `allowed` to be edges. None: all, also if none is allowed.

    The outermost samples are edges only if `outermost`.
    """
    inner = slice(None) if outermost else slice(1, -1)
    some = allowed is None or allowed[inner, inner].any()
    if not some or (allowed is None and (outermost or min(shape) < 3)):
        return None

    def counts(first: int, stop: int) -> npt.NDArray[np.bool_]:
        mask = np.ones((stop - first, shape[1]), bool) if allowed is None else allowed[first:stop]
        if not outermost:
            mask = mask.copy()
            mask[: max(1 - first, 0)] = mask[:, [0, -1]] = False
            mask[shape[0] - 1 - first :] = False
        return mask

    return counts
