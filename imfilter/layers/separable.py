"""Depthwise, pointwise and depthwise separable convolution layers."""

from __future__ import annotations

import numpy as np

from imfilter._base import arguments
from imfilter._base.keywords import hinted
from imfilter._filters.layers import channels
from imfilter.layers.convolution import conv
from imfilter.typing import ArrayLike, DTypeLike, NDArray, Padding, PaddingMode, PerAxis


@hinted
def depthwise(
    x: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    *,
    stride: PerAxis[int] = 1,
    padding: Padding = 0,
    padding_mode: PaddingMode = "zero",
    dilation: PerAxis[int] = 1,
    dtype: DTypeLike | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Apply a depthwise convolution layer: each channel has its own kernels.

    Parameters
    ----------
    x : array_like, shape (N, C, ...) or (C, ...)
        Images with channels.
    weight : array_like, shape (C, M, ...)
        M kernels for each channel. The M outputs of a channel are neighbouring output channels.
    bias : array_like, shape (C·M,), optional
        Number added to each output channel. Default: no bias.
    stride : int or sequence of int, optional
        Distance between neighbouring outputs in samples: one for all spatial axes, or one for each. Default
        1.
    padding : {'same', 'valid'}, int or sequence, optional
        Number of border samples on each side: one for all axes, or for each axis one number or a pair
        (before, after). 'valid' is 0, the default. 'same' gives ceil(n/stride) outputs. If the total is
        odd, the border at the end has one sample more.
    padding_mode : {'zero', 'mirror', 'symmetric', 'edge', 'wrap'}, optional
        Values of the border samples; see `imfilter.correlate`. Default 'zero'. The pattern repeats if the
        border is longer than the axis.
    dilation : int or sequence of int, optional
        Distance between neighbouring taps in samples: one for all spatial axes, or one for each. Default 1.
    dtype : dtype, optional
        Element type of the result. Values are rounded half to even and saturated.
    out : ndarray, optional
        Array for the result. Its dtype is the dtype of the result. It may overlap `x`.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    ndarray, shape (N, C·M, ...) or (C·M, ...)
        As for `conv`.

    Raises
    ------
    TypeError, ValueError
        As for `conv`.

    See Also
    --------
    conv : The general case; this is ``groups=C``.

    References
    ----------
    A. G. Howard et al., MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications,
    2017, arXiv:1704.04861.

    Examples
    --------
    >>> from imfilter import layers
    >>> layers.depthwise([[1, 2, 4], [1, 3, 9]], [[[-1.0, 1.0]], [[0.0, 1.0]]])
    array([[1., 2.],
           [3., 9.]])
    """
    factors = channels.weights(weight)
    return conv(
        x,
        factors.reshape(-1, 1, *factors.shape[2:]),
        bias,
        stride=stride,
        padding=padding,
        padding_mode=padding_mode,
        dilation=dilation,
        groups=factors.shape[0],
        dtype=dtype,
        out=out,
        workers=workers,
    )


@hinted
def pointwise(
    x: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    *,
    axes: int = 2,
    stride: PerAxis[int] = 1,
    padding: Padding = 0,
    padding_mode: PaddingMode = "zero",
    dilation: PerAxis[int] = 1,
    groups: int = 1,
    dtype: DTypeLike | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Apply a pointwise convolution layer: kernels of length 1 mix the channels of each sample.

    Parameters
    ----------
    x : array_like, shape (N, C_in, ...) or (C_in, ...)
        Images with channels.
    weight : array_like, shape (C_out, C_in)
        Weight of each input channel in each output channel.
    bias : array_like, shape (C_out,), optional
        Number added to each output channel. Default: no bias.
    axes : int, optional
        Number of spatial axes, 1 to 3. Default 2.
    stride : int or sequence of int, optional
        Distance between neighbouring outputs in samples: one for all spatial axes, or one for each. Default
        1.
    padding : {'same', 'valid'}, int or sequence, optional
        Number of border samples on each side: one for all axes, or for each axis one number or a pair
        (before, after). 'valid' is 0, the default. 'same' gives ceil(n/stride) outputs. If the total is
        odd, the border at the end has one sample more.
    padding_mode : {'zero', 'mirror', 'symmetric', 'edge', 'wrap'}, optional
        Values of the border samples; see `imfilter.correlate`. Default 'zero'. The pattern repeats if the
        border is longer than the axis.
    dilation : int or sequence of int, optional
        Distance between neighbouring taps in samples: one for all spatial axes, or one for each. Default 1.
    groups : int, optional
        Number of groups of channels. Each group reads only its own input channels. Default 1.
    dtype : dtype, optional
        Element type of the result. Values are rounded half to even and saturated.
    out : ndarray, optional
        Array for the result. Its dtype is the dtype of the result. It may overlap `x`.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    ndarray, shape (N, C_out, ...) or (C_out, ...)
        As for `conv`.

    Raises
    ------
    TypeError, ValueError
        As for `conv`.

    See Also
    --------
    conv : The general case.

    References
    ----------
    M. Lin, Q. Chen and S. Yan, Network In Network, 2013, arXiv:1312.4400.

    Examples
    --------
    >>> from imfilter import layers
    >>> layers.pointwise([[[1.0, 2.0]], [[10.0, 20.0]]], [[1.0, 1.0], [0.0, 0.5]])
    array([[[11., 22.]],
    <BLANKLINE>
           [[ 5., 10.]]])
    """
    factors = arguments.image(weight, "weight")
    if factors.ndim != 2:
        raise ValueError(f"weight must be of shape (C_out, C_in), got {factors.shape}")
    ones = (1,) * arguments.integer(axes, "axes", least=1, most=3)
    return conv(
        x,
        factors.reshape(*factors.shape, *ones),
        bias,
        stride=stride,
        padding=padding,
        padding_mode=padding_mode,
        dilation=dilation,
        groups=groups,
        dtype=dtype,
        out=out,
        workers=workers,
    )


@hinted
def depthwise_separable(
    x: ArrayLike,
    depth: ArrayLike,
    point: ArrayLike,
    bias: ArrayLike | None = None,
    *,
    stride: PerAxis[int] = 1,
    padding: Padding = 0,
    padding_mode: PaddingMode = "zero",
    dilation: PerAxis[int] = 1,
    workers: int | None = None,
) -> NDArray:
    """Apply a depthwise separable convolution layer: `depthwise`, then `pointwise`.

    Parameters
    ----------
    x : array_like, shape (N, C, ...) or (C, ...)
        Images with channels.
    depth : array_like, shape (C, M, ...)
        M kernels for each channel; see `depthwise`.
    point : array_like, shape (C_out, C·M)
        Weight of each depthwise output in each output channel; see `pointwise`.
    bias : array_like, shape (C_out,), optional
        Number added to each output channel. Default: no bias.
    stride : int or sequence of int, optional
        Distance between neighbouring outputs in samples: one for all spatial axes, or one for each. Default
        1.
    padding : {'same', 'valid'}, int or sequence, optional
        Number of border samples on each side: one for all axes, or for each axis one number or a pair
        (before, after). 'valid' is 0, the default. 'same' gives ceil(n/stride) outputs. If the total is
        odd, the border at the end has one sample more.
    padding_mode : {'zero', 'mirror', 'symmetric', 'edge', 'wrap'}, optional
        Values of the border samples; see `imfilter.correlate`. Default 'zero'. The pattern repeats if the
        border is longer than the axis.
    dilation : int or sequence of int, optional
        Distance between neighbouring taps in samples: one for all spatial axes, or one for each. Default 1.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    ndarray, shape (N, C_out, ...) or (C_out, ...)
        As for `conv`.

    Raises
    ------
    TypeError, ValueError
        As for `conv`.

    See Also
    --------
    conv : A full convolution. The separable layer needs ``1/C_out + 1/k**2`` of its multiplications.

    References
    ----------
    A. G. Howard et al., MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications,
    2017, arXiv:1704.04861.

    Examples
    --------
    >>> from imfilter import layers
    >>> layers.depthwise_separable([[1, 2, 4], [1, 3, 9]], [[[-1.0, 1.0]], [[0.0, 1.0]]], [[1.0, 1.0]])
    array([[ 4., 11.]])
    """
    each = depthwise(
        x,
        depth,
        stride=stride,
        padding=padding,
        padding_mode=padding_mode,
        dilation=dilation,
        workers=workers,
    )
    axes = np.ndim(depth) - 2
    return pointwise(each, point, bias, axes=axes, workers=workers)
