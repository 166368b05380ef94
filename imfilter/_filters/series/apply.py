"""Filtering of whole series along an axis of an array."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, denormals, dtypes, missing, threads
from imfilter._filters.series import exact_order, pieces
from imfilter._filters.series.design import Design


def _is_writable(array: npt.NDArray) -> bool:
    """Return whether kernels can write directly to an array."""
    flags = array.flags
    return array.dtype == dtypes.FLOAT64 and array.dtype.isnative and flags.c_contiguous and flags.aligned


def _is_converted_by_blocks(
    design: Design,
    array: npt.NDArray,
    lines: tuple[int, int, int],
    target: npt.NDArray | None,
    wanted: np.dtype,
) -> bool:
    """Return whether samples and results are converted block by block: many, in C order, not float64."""
    if math.prod(lines) <= pieces.ALONE or lines[1] < design.size or not design.takes_any_dtype:
        return False
    if array.dtype == wanted == dtypes.FLOAT64 or not all(map(pieces.is_convertible, (array.dtype, wanted))):
        return False
    arrays = (array,) if target is None else (array, target)
    in_order = all(a.flags.c_contiguous and a.flags.aligned for a in arrays)
    return in_order and (target is None or not np.may_share_memory(target, array))


def filtered(
    x: npt.ArrayLike, design: Design, mask: Any, axis: Any, dtype: Any, out: Any, workers: Any
) -> npt.NDArray:
    """Return a series filtered along an axis, or fill `out`. A masked array gives a masked array."""
    bare, own = missing.split(x)
    array = arguments.series(bare)
    along = arguments.axis_index(axis, array.ndim, "axis")
    target = arguments.out(out)
    default = array.dtype.newbyteorder("=") if design.preserves_dtype else dtypes.derived(array.dtype)
    wanted = arguments.dtype(dtype, target, default)
    workers = threads.requested(workers)
    n = array.shape[along]
    length = design.length(n)
    shape = (*array.shape[:along], length, *array.shape[along + 1 :])
    arguments.fitting(target, shape)
    lines = math.prod(array.shape[:along]), n, math.prod(array.shape[along + 1 :])
    present = missing.counts(mask, own, array.shape, along)
    if present is not None:
        shared = target is not None and np.may_share_memory(present, target)
        present = (present.copy() if shared else np.ascontiguousarray(present)).reshape(lines)
    if 0 in shape:
        result = dtypes.empty(shape, wanted) if target is None else target
        return result if own is None else np.ma.MaskedArray(result)
    if exact_order.takes(design, array.dtype):
        samples = np.ascontiguousarray(array, array.dtype.newbyteorder("=")).reshape(lines)
        result, undefined = exact_order.whole(design, samples, present, wanted, workers)
        result = result.reshape(shape)
        if target is not None:
            target[...] = result
    elif present is None and own is None and _is_converted_by_blocks(design, array, lines, target, wanted):
        result = dtypes.empty(shape, wanted) if target is None else target
        design.whole(array.reshape(lines), None, workers, result.reshape(lines[0], length, lines[2]))
        return result
    else:
        samples = denormals.widened(array, exact=design.exact).reshape(lines)
        direct = None
        if target is not None and _is_writable(target) and not np.may_share_memory(target, array):
            direct = target.reshape(lines[0], length, lines[2])
        result = design.whole(samples, present, workers, direct).reshape(shape)
        undefined = np.zeros(0, bool) if own is None else np.isnan(result)
        if target is None and wanted != result.dtype:
            target = dtypes.empty(shape, wanted)
        if target is not None and direct is None:
            denormals.place(result, target, exact=design.exact)
    result = result if target is None else target
    return result if own is None else np.ma.MaskedArray(result, mask=undefined.reshape(shape))
