"""The array that the kernels of ranks write, and the result from it."""

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes, engine


def target_of(
    image: npt.NDArray, compared: np.dtype, dtype: np.dtype, out: npt.NDArray | None
) -> npt.NDArray:
    """Return the array that kernels write. Truth values are written as bytes in place."""
    if _as_bytes(image, compared, dtype) and out is not None and not np.may_share_memory(out, image):
        return out.view(np.uint8)
    return dtypes.target(out, image, image.shape, compared)


def _as_bytes(image: npt.NDArray, written: np.dtype, dtype: np.dtype) -> bool:
    """Tell whether kernels write truth values as bytes. With some border constants they write floats."""
    return dtype.kind == image.dtype.kind == "b" and written == np.uint8


def delivered(
    target: npt.NDArray, image: npt.NDArray, dtype: np.dtype, out: npt.NDArray | None
) -> npt.NDArray:
    """Return the content of the array that kernels have written, in `out` or as `dtype`."""
    if _as_bytes(image, target.dtype, dtype):
        if out is None or np.may_share_memory(target, out):
            return target.view(np.bool_) if out is None else out
        target = target.view(np.bool_)
    return engine.delivered(target, out, dtype)
