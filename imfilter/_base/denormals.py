"""NumPy and SciPy functions that treat denormals as zero, as the kernels do: `imfilter._simd.denormals`."""

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
    """Return `function` with a wrapper that treats denormals as zero in the calling thread.

    The wrapper always restores the mode, also if Ctrl-C interrupts between the two calls. The function must
    not start threads: they would keep the mode.
    """

    @functools.wraps(function)
    def within(*args: _P.args, **options: _P.kwargs) -> _R:
        kept = np.zeros(1, np.int64)  # the control register of the processor, while it is changed
        turn, at = switch.entry(), address(kept)
        try:
            turn(at)
            return function(*args, **options)
        finally:
            if kept[0]:
                turn(at)

    return within


def widened(values: npt.NDArray, *, exact: bool) -> npt.NDArray[np.float64]:
    """Return values in C order as float64. Values that already are so share their memory.

    If `exact`, denormals of float32 are converted as numbers; otherwise they become zero. A conversion of a
    denormal is as slow as a product.
    """
    with np.errstate(over="ignore"):  # of long doubles
        return (np.ascontiguousarray if exact else _contiguous)(values, np.float64)


def place(values: npt.NDArray, out: npt.NDArray, *, exact: bool) -> None:
    """Write values to `out` as `dtypes.place` does. Unless `exact`, denormal results become zero."""
    (dtypes.place if exact else _place)(values, out)


_contiguous, _place = as_zeros(np.ascontiguousarray), as_zeros(dtypes.place)
#: Converts an array to another type.
converted = as_zeros(np.asarray)
