"""Denormals as zeros in what NumPy and SciPy compute, as in the kernels: `imfilter._simd.denormals`."""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes
from imfilter._base.program import address
from imfilter._simd.denormals import switch

_P = ParamSpec("_P")
_R = TypeVar("_R")


def as_zeros(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Return `function`, in whose calls denormals count as zero in the thread that makes them.

    The mode is left again whatever happens, also where Ctrl-C comes between the two calls. The function must
    not start threads, which would have the mode for good.
    """

    @functools.wraps(function)
    def within(*args: _P.args, **options: _P.kwargs) -> _R:
        kept = np.zeros(1, np.int64)  # the processor's register, while it is changed
        turn, at = switch.entry(), address(kept)
        try:
            turn(at)
            return function(*args, **options)
        finally:
            if kept[0]:
                turn(at)

    return within


def widened(values: npt.NDArray, *, exact: bool) -> npt.NDArray[np.float64]:
    """Return values in C order as float64, the same memory where they are that already.

    Denormals of float32 become numbers if `exact`, or else zeros: converting them takes as long as products.
    """
    with np.errstate(over="ignore"):  # of longer floats
        return (np.ascontiguousarray if exact else _contiguous)(values, np.float64)


def place(values: npt.NDArray, out: npt.NDArray, *, exact: bool) -> None:
    """Write values to `out` as `dtypes.place` does; what is denormal there becomes zero if not `exact`."""
    (dtypes.place if exact else _place)(values, out)


_contiguous, _place = as_zeros(np.ascontiguousarray), as_zeros(dtypes.place)
#: An array as another type.
converted = as_zeros(np.asarray)
