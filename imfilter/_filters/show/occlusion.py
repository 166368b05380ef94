"""The decrease of a score when parts of an image are covered."""

from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, dtypes
from imfilter._base.padding import Padding


def drops(
    image: Any, score: Any, size: Any, stride: Any, fill: Any, channel_axis: Any
) -> npt.NDArray[np.float64]:
    """Check the arguments. Return the score minus the score with each window covered."""
    array = arguments.image(image)
    axes = arguments.chosen_axes(array, None, channel_axis)  # volumes have no parameter `axes`
    if not callable(score):
        raise TypeError(f"score must be a function of an image, got {type(score).__name__}")
    sizes = arguments.integers(size, len(axes), "size", least=1)
    strides = arguments.integers(stride, len(axes), "stride", least=1)
    cover = _cover(array, fill, axes, channel_axis)
    pads = [Padding.same(array.shape[a], n, step, 1) for a, n, step in zip(axes, sizes, strides, strict=True)]
    full_score = _scored(score, array.copy())
    result = np.empty([pad.length for pad in pads])
    for index in np.ndindex(result.shape):
        window: list[slice] = [slice(None)] * array.ndim
        for axis, i, n, step, pad in zip(axes, index, sizes, strides, pads, strict=True):
            start = i * step - pad.before
            window[axis] = slice(max(start, 0), max(start + n, 0))
        covered = array.copy()
        covered[tuple(window)] = cover[tuple(window)]
        result[index] = full_score - _scored(score, covered)
    return result


def _scored(score: Any, array: npt.NDArray) -> float:
    return arguments.number(score(array), "what score returns", finite=False)


def _cover(array: npt.NDArray, fill: Any, axes: tuple[int, ...], channel_axis: Any) -> npt.NDArray:
    """Return the covering value of each sample, in the dtype of the image."""
    if isinstance(fill, str):
        arguments.word(fill, "fill", ("mean",))
        values = dtypes.ordered(array).mean(axis=axes, keepdims=True, dtype=np.float64)
    else:
        several = isinstance(fill, list | tuple) or (isinstance(fill, np.ndarray) and fill.ndim)
        values = (
            arguments.image(fill, "fill")
            if several
            else np.array(arguments.number(fill, "fill", finite=False))
        )
        given = values.shape
        if values.ndim == 1 and channel_axis is not None and array.ndim > 1:
            values = np.moveaxis(values.reshape(-1, *(1,) * (array.ndim - 1)), 0, channel_axis)
        if values.ndim and values.shape != array.shape:
            single = tuple(1 if a in axes else n for a, n in enumerate(array.shape))
            if channel_axis is None or values.shape != single:
                raise ValueError(
                    f"fill must be a number, one for each channel or an array of shape {array.shape}, "
                    f"got shape {given}"
                )
    if values.ndim == 0:
        values = values.reshape((1,) * array.ndim)
    placed = np.empty(values.shape, array.dtype)
    dtypes.place(values, placed)
    return np.broadcast_to(placed, array.shape)
