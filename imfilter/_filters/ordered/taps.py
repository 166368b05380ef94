"""The order in which SciPy sums the taps of a kernel, and the program that does so."""

import functools
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base.program import Job, Program
from imfilter._filters.ordered.kernels import sums

#: Weights that differ by less are equal for SciPy, and smaller ones are left out of windows.
EPSILON = float(np.finfo(np.float64).eps)


class Order(NamedTuple):
    """Taps by their positions, in the order of the sum.

    With `sign` 1 or -1 each sample below is paired with the one above. The product of the centre is the first
    of the sum; without a `centre` the sum begins with 0. The weights are those of `below`, then that of the
    centre. They are bytes, because 0.0 equals -0.0 and NaN does not equal itself.
    """

    below: tuple[int, ...]
    above: tuple[int, ...]
    weights: bytes
    sign: int = 0
    centre: int | None = None


def along_line(weights: npt.NDArray) -> Order:
    """Return the order for a kernel along an axis: pairs if it is symmetric or antisymmetric."""
    size, middle = len(weights), len(weights) // 2
    low, high = weights[:middle], weights[::-1][:middle]
    for sign in (1, -1) if size % 2 else ():
        if not (np.abs(low - sign * high) > EPSILON).any():
            below = tuple(range(middle))
            above = tuple(size - 1 - i for i in below)
            return Order(below, above, weights[: middle + 1].tobytes(), sign, middle)
    return Order(tuple(range(size - 1)), (), weights.tobytes(), 0, size - 1)


@functools.lru_cache(256)
def program(order: Order, step: int) -> Program:
    """Return the program of a sum whose positions are `step` samples apart."""
    job, weights = Job(sums.SUMS_JOB), np.frombuffer(order.weights, np.float64)
    job |= {
        "sums": sums.sums.address(),
        "below": np.array(order.below, np.int64) * (8 * step),
        "above": np.array(order.above, np.int64) * (8 * step),
        "weights": weights,
        "taps": len(order.below),
        "sign": order.sign,
        "centred": int(order.centre is not None),
        "centre": 8 * step * (order.centre or 0),
        "weight": 0.0 if order.centre is None else weights[-1],
    }
    return job.program(sums.write_sums, lines=1, work=1, rows=1, workspace=1)
