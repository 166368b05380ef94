"""Gradients of pooling layers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from imfilter._base import arguments, dtypes
from imfilter._base.keywords import hinted
from imfilter._base.padding import positions
from imfilter.layers.arithmetic import pool_padding
from imfilter.typing import ArrayLike, NDArray, PerAxis


class _Axis(NamedTuple):
    """The windows of a pool along an axis."""

    samples: int
    size: int
    stride: int
    padding: int
    windows: int

    @property
    def padded(self) -> int:
        """The number of samples, with padding, that the windows reach."""
        return max((self.windows - 1) * self.stride + self.size, self.samples + 2 * self.padding)

    @property
    def inside(self) -> slice:
        """The samples of the image among the padded ones."""
        return slice(self.padding, self.padding + self.samples)

    def read(self, tap: int) -> slice:
        """Return the padded samples at one place of all windows."""
        return slice(tap, tap + (self.windows - 1) * self.stride + 1, self.stride)

    @property
    def first(self) -> NDArray[np.int64]:
        """The first place of each window that is a sample of the image."""
        return np.maximum(self.padding - np.arange(self.windows) * self.stride, 0)

    @property
    def counts(self) -> NDArray[np.int64]:
        """The number of samples of each window, with padding."""
        starts = np.arange(self.windows) * self.stride
        return np.minimum(starts + self.size, self.samples + 2 * self.padding) - starts


@hinted
def max_pool_gradient(
    gradient: ArrayLike,
    x: ArrayLike,
    size: PerAxis[int],
    *,
    stride: PerAxis[int] | None = None,
    padding: PerAxis[int] = 0,
    ceil_mode: bool = False,
) -> NDArray:
    """Compute the gradient of the input of max pooling from the gradient of its output.

    The derivative of a maximum is 1 for the sample that is the maximum, and 0 for the others. If several
    samples are equal, it is the first of them, in C order. A window with NaN has the last NaN as its maximum.

    Parameters
    ----------
    gradient : array_like, shape (N, C, ...)
        Derivatives of a loss with respect to the output of the pool.
    x : array_like, shape (N, C, ...)
        The input of the pool, with one to three spatial axes.
    size : int or sequence of int
        Length of the window: one for all spatial axes, or one for each.
    stride : int or sequence of int, optional
        Distance between neighbouring windows. Default: `size`. Then windows do not overlap and leave no gaps.
    padding : int or sequence of int, optional
        Number of padding samples before and after the image along each axis: at most half the length of
        the window. Default 0.
    ceil_mode : bool, optional
        Whether to add a last window that reaches beyond the padded image. It contains only the samples that
        it covers. A window that starts after the end of the image is not added. Default False.

    Returns
    -------
    ndarray, shape (N, C, ...)
        Derivatives with respect to `x`. Its dtype is float32, or float64 if an array has a wide type.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    imfilter.max_pool : The pool.
    torch.nn.functional.max_pool2d : Its gradient is the same for two spatial axes.

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, Gradient-Based Learning Applied to Document Recognition,
    Proceedings of the IEEE 86, 1998.

    Examples
    --------
    >>> from imfilter import layers
    >>> layers.max_pool_gradient([[[1.0, 2.0]]], [[[3.0, 5.0, 7.0, 7.0]]], 2)
    array([[[0., 1., 2., 0.]]])
    """
    slopes, samples, axes = _checked(gradient, x, size, stride, padding, ceil_mode)
    integers = samples.dtype.kind in "iu"
    lowest = np.iinfo(samples.dtype).min if integers else -np.inf
    padded = _padded(samples, axes, lowest)
    firsts = np.meshgrid(*(axis.first for axis in axes), indexing="ij")
    winner = np.ravel_multi_index(firsts, [axis.size for axis in axes])
    winner = np.broadcast_to(winner, slopes.shape).copy()
    best = np.full(slopes.shape, lowest, samples.dtype)
    for number, where in _places(axes):
        values = padded[where]
        better = values > best if integers else (values > best) | np.isnan(values)
        np.copyto(best, values, where=better)
        np.copyto(winner, number, where=better)
    result = np.zeros(padded.shape, slopes.dtype)
    with np.errstate(invalid="ignore", over="ignore"):  # infinity and NaN are valid values
        for number, where in _places(axes):
            result[where] += np.where(winner == number, slopes, 0)
    return np.ascontiguousarray(result[_inside(axes)])


@hinted
def avg_pool_gradient(
    gradient: ArrayLike,
    x: ArrayLike,
    size: PerAxis[int],
    *,
    stride: PerAxis[int] | None = None,
    padding: PerAxis[int] = 0,
    ceil_mode: bool = False,
) -> NDArray:
    """Compute the gradient of the input of average pooling from the gradient of its output.

    Each sample of a window gets the same part of the gradient. Padding samples count as zeros.

    Parameters
    ----------
    gradient : array_like, shape (N, C, ...)
        Derivatives of a loss with respect to the output of the pool.
    x : array_like, shape (N, C, ...)
        The input of the pool, with one to three spatial axes. Only its shape and its type matter.
    size : int or sequence of int
        Length of the window: one for all spatial axes, or one for each.
    stride : int or sequence of int, optional
        Distance between neighbouring windows. Default: `size`. Then windows do not overlap and leave no gaps.
    padding : int or sequence of int, optional
        Number of padding samples before and after the image along each axis: at most half the length of
        the window. Default 0.
    ceil_mode : bool, optional
        Whether to add a last window that reaches beyond the padded image. It contains only the samples that
        it covers. A window that starts after the end of the image is not added. Default False.

    Returns
    -------
    ndarray, shape (N, C, ...)
        Derivatives with respect to `x`. Its dtype is float32, or float64 if an array has a wide type.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    imfilter.avg_pool : The pool.
    torch.nn.functional.avg_pool2d : Its gradient is the same for two spatial axes.

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, Gradient-Based Learning Applied to Document Recognition,
    Proceedings of the IEEE 86, 1998.

    Examples
    --------
    >>> from imfilter import layers
    >>> layers.avg_pool_gradient([[[1.0, 2.0]]], [[[3.0, 5.0, 7.0, 7.0]]], 2)
    array([[[0.5, 0.5, 1. , 1. ]]])
    """
    slopes, _, axes = _checked(gradient, x, size, stride, padding, ceil_mode)
    counts = np.prod(np.meshgrid(*(axis.counts for axis in axes), indexing="ij"), axis=0)
    part = slopes / counts.astype(slopes.dtype)
    result = np.zeros((*slopes.shape[:2], *(axis.padded for axis in axes)), slopes.dtype)
    with np.errstate(invalid="ignore", over="ignore"):
        for _, where in _places(axes):
            result[where] += part
    return np.ascontiguousarray(result[_inside(axes)])


def _checked(
    gradient: ArrayLike, x: ArrayLike, size: Any, stride: Any, padding: Any, ceil_mode: Any
) -> tuple[NDArray, NDArray, list[_Axis]]:
    """Return both arrays in the type of the arithmetic, and the windows of each spatial axis."""
    slopes, samples = arguments.image(gradient, "gradient"), arguments.image(x, "x")
    n = samples.ndim - 2
    if not 1 <= n <= 3:
        raise ValueError(f"x must have shape (N, C, *spatial) with 1 to 3 spatial axes, got {samples.shape}")
    sizes = arguments.integers(size, n, "size", least=1)
    steps = sizes if stride is None else arguments.integers(stride, n, "stride", least=1)
    sides = pool_padding(padding, sizes, size)
    ceil = arguments.flag(ceil_mode, "ceil_mode")
    axes = []
    for length, taps, step, side in zip(samples.shape[2:], sizes, steps, sides, strict=True):
        count = positions(length, side, side, taps, step, ceil_mode=ceil)
        axes.append(_Axis(length, taps, step, side, count))
    wanted = (*samples.shape[:2], *(axis.windows for axis in axes))
    if slopes.shape != wanted:
        raise ValueError(f"gradient must be of shape {wanted}, got {slopes.shape}")
    real = np.result_type(dtypes.derived(slopes.dtype), dtypes.derived(samples.dtype))
    slopes = slopes.astype(real, copy=False)
    # float64 does not hold all integers of 64 bits, so integers are compared as they are.
    if samples.dtype.kind == "b":
        samples = samples.view(np.uint8)
    return slopes, samples if samples.dtype.kind in "iu" else samples.astype(real, copy=False), axes


def _places(axes: list[_Axis]) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """Yield the number of each place of a window, and the padded samples at that place of all windows."""
    for number, taps in enumerate(itertools.product(*(range(axis.size) for axis in axes))):
        yield number, (..., *(axis.read(tap) for axis, tap in zip(axes, taps, strict=True)))


def _padded(samples: NDArray, axes: list[_Axis], value: float) -> NDArray:
    """Return samples with padding as far as the windows reach."""
    result = np.full((*samples.shape[:2], *(axis.padded for axis in axes)), value, samples.dtype)
    result[_inside(axes)] = samples
    return result


def _inside(axes: list[_Axis]) -> tuple[Any, ...]:
    """Return the samples of the image among the padded ones."""
    return (..., *(axis.inside for axis in axes))
