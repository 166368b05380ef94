"""Complex images, kernels and borders through filters of real numbers."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._compat import ndimage_arguments as arguments

#: Filters real samples: ``run(image, cval, out)``.
Run = Callable[[npt.NDArray, float, npt.NDArray], None]
#: Filters real samples with real weights: ``run(image, weights, cval, out)``.
RunWeights = Callable[[npt.NDArray, npt.NDArray, float, npt.NDArray], None]


def each(run: Run, array: npt.NDArray, cval: Any, out: npt.NDArray) -> npt.NDArray:
    """Filter the real and the imaginary part, each by itself."""
    if array.dtype.kind != "c":
        run(array, arguments.number(cval), out)
        return out
    level = complex(cval)
    found = []
    for part, number in ((array.real, level.real), (array.imag, level.imag)):
        found.append(np.empty(array.shape, out.real.dtype))
        run(np.ascontiguousarray(part), number, found[-1])
    out.real, out.imag = found
    return out


def _with(run: RunWeights, weights: npt.NDArray) -> Run:
    def filtered(image: npt.NDArray, cval: float, out: npt.NDArray) -> None:
        run(image, weights, cval, out)

    return filtered


def combined(
    run: RunWeights, array: npt.NDArray, weights: npt.NDArray, cval: Any, out: npt.NDArray
) -> npt.NDArray:
    """Filter with weights that may be complex."""
    if weights.dtype.kind != "c":
        return each(_with(run, weights), array, cval, out)
    kind = out if array.dtype.kind == "c" else out.real
    found = []
    for part in (weights.real, weights.imag):
        found.append(np.empty(array.shape, kind.dtype))
        each(_with(run, part), array, cval, found[-1])
    first, second = found
    if array.dtype.kind == "c":
        out.real, out.imag = first.real - second.imag, first.imag + second.real
    else:
        out.real, out.imag = first, second
    return out
