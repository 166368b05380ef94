"""Gradients of convolution layers, and transposed convolution layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from imfilter._base import arguments, dtypes, threads
from imfilter._base.denormals import converted
from imfilter._base.keywords import hinted
from imfilter._filters.layers import channels, conv_layer, tap_views
from imfilter._filters.layers.conv_layer import Geometry
from imfilter.typing import ArrayLike, NDArray, Padding, PaddingMode, PerAxis


@hinted
def conv_input_gradient(
    gradient: ArrayLike,
    weight: ArrayLike,
    shape: Sequence[int],
    *,
    stride: PerAxis[int] = 1,
    padding: Padding = 0,
    padding_mode: PaddingMode = "zero",
    dilation: PerAxis[int] = 1,
    groups: int = 1,
    workers: int | None = None,
) -> NDArray:
    """Compute the gradient of the input of a layer from the gradient of its output.

    The gradient of the output is upsampled by the stride with zeros, and convolved with the kernels of the
    layer (full convolution). Gradients of border samples are added to the input samples that the border
    copies.

    Parameters
    ----------
    gradient : array_like, shape (N, C_out, ...) or (C_out, ...)
        Derivatives of a loss with respect to the output of `conv`.
    weight : array_like, shape (C_out, C_in/groups, ...)
        The kernels.
    shape : sequence of int
        Spatial shape of the input of the layer.
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
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    ndarray, shape (N, C_in, ...) or (C_in, ...)
        Derivatives with respect to the input. Its dtype is float32, or float64 if an array has a wide type.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    conv_transpose : The same as a layer.
    torch.nn.grad.conv2d_input : The same for two spatial axes and zeros beyond the border.

    References
    ----------
    V. Dumoulin and F. Visin, A guide to convolution arithmetic for deep learning, 2016, arXiv:1603.07285.

    Examples
    --------
    >>> from imfilter import layers
    >>> layers.conv_input_gradient([[1.0, 0.0, 2.0]], [[[3.0, 5.0]]], (4,))
    array([[ 3.,  5.,  6., 10.]])
    """
    factors = channels.weights(weight)
    n = factors.ndim - 2
    extent = arguments.integers(shape, n, "shape", least=1)
    geometry = _geometry(extent, factors, stride, padding, padding_mode, dilation, groups)
    array, batched = _gradient(gradient, factors, geometry)
    workers = threads.requested(workers)
    result = _transposed(array, factors, geometry, extent, workers)
    return result if batched else result[0]


@hinted
def conv_weight_gradient(
    gradient: ArrayLike,
    x: ArrayLike,
    kernel: Sequence[int],
    *,
    stride: PerAxis[int] = 1,
    padding: Padding = 0,
    padding_mode: PaddingMode = "zero",
    dilation: PerAxis[int] = 1,
    groups: int = 1,
) -> NDArray:
    """Compute the gradient of the weights of a layer from the gradient of its output.

    It is the correlation of the input with the gradient of the output. For each tap, the gradient of the
    output times the sample under the tap is summed over all images and positions.

    Parameters
    ----------
    gradient : array_like, shape (N, C_out, ...) or (C_out, ...)
        Derivatives of a loss with respect to the output of `conv`.
    x : array_like, shape (N, C_in, ...) or (C_in, ...)
        The input of the layer.
    kernel : sequence of int
        Shape of the kernels along the spatial axes.
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

    Returns
    -------
    ndarray, shape (C_out, C_in/groups, ...)
        Derivatives with respect to the weights, summed over the images. Its dtype is float32, or float64 if
        an array has a wide type.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    conv_input_gradient, conv_bias_gradient : Gradients of the other arguments.
    torch.nn.grad.conv2d_weight : The same for two spatial axes and zeros beyond the border.

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, Gradient-Based Learning Applied to Document Recognition,
    Proceedings of the IEEE 86, 1998.

    Examples
    --------
    >>> from imfilter import layers
    >>> layers.conv_weight_gradient([[1.0, 0.0, 2.0]], [[1.0, 2.0, 3.0, 4.0]], (2,))
    array([[[ 7., 10.]]])
    """
    given = arguments.each(kernel, None, "kernel")
    size = arguments.integers(given, len(given), "kernel", least=1)
    n = len(size)
    if not 1 <= n <= 3:
        raise ValueError(f"kernel must have 1 to 3 spatial axes, got {tuple(size)}")
    array, _ = channels.batch(x, n, "x")
    into = arguments.integer(groups, "groups", least=1)
    channels.dividing(into, array.shape[1], "C_in")
    geometry = channels.spatial(array.shape[2:], size, stride, padding, padding_mode, dilation, into)
    slope, _ = channels.batch(gradient, n, "gradient")
    channels.dividing(into, slope.shape[1], "C_out")
    _fits(slope, (len(array), slope.shape[1], *geometry.lengths))
    return tap_views.weight_gradient(slope, array, size, geometry, channels.arithmetic(slope, array))


@hinted
def conv_bias_gradient(gradient: ArrayLike, axes: int = 2) -> NDArray:
    """Compute the gradient of the bias of a layer from the gradient of its output.

    It is the sum of the gradient of the output over all images and positions.

    Parameters
    ----------
    gradient : array_like, shape (N, C_out, ...) or (C_out, ...)
        Derivatives of a loss with respect to the output of `conv`.
    axes : int, optional
        Number of spatial axes, 1 to 3. Default 2.

    Returns
    -------
    ndarray, shape (C_out,)
        Derivatives with respect to the bias. Its dtype is float32, or float64 for wide types. It is summed in
        float64.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    conv_input_gradient, conv_weight_gradient : Gradients of the other arguments.

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, Gradient-Based Learning Applied to Document Recognition,
    Proceedings of the IEEE 86, 1998.

    Examples
    --------
    >>> from imfilter import layers
    >>> layers.conv_bias_gradient([[1.0, 0.0, 2.0], [1.0, 1.0, 1.0]], axes=1)
    array([3., 3.])
    """
    n = arguments.integer(axes, "axes", least=1, most=3)
    slope, _ = channels.batch(gradient, n, "gradient")
    with np.errstate(all="ignore"):  # infinity and NaN are valid values
        total = dtypes.ordered(slope).sum(axis=(0, *range(2, n + 2)), dtype=np.float64)
        return total.astype(channels.arithmetic(slope))


@hinted
def conv_transpose(
    x: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    *,
    stride: PerAxis[int] = 1,
    padding: Padding = 0,
    output_padding: Padding = 0,
    dilation: PerAxis[int] = 1,
    groups: int = 1,
    workers: int | None = None,
) -> NDArray:
    """Apply a transposed convolution layer.

    A transposed convolution upsamples where `conv` with the same arguments downsamples.

    Every input sample multiplies the kernels and adds them to the output. The positions of neighbouring
    samples in the output are `stride` samples apart.

    Parameters
    ----------
    x : array_like, shape (N, C_in, ...) or (C_in, ...)
        Images, signals or volumes with channels.
    weight : array_like, shape (C_in, C_out/groups, ...)
        The kernels: those of a `conv` from C_out to C_in channels.
    bias : array_like, shape (C_out,), optional
        Number added to each output channel. Default: no bias.
    stride : int or sequence of int, optional
        Distance in the output between neighbouring input samples: one for all spatial axes, or one for each.
        Default 1.
    padding : int or sequence of int, optional
        Number of samples removed at both ends of each axis of the output. Default 0.
    output_padding : int or sequence of int, optional
        Number of samples added at the end of each axis of the output, less than `stride` or `dilation`. It
        selects one of the shapes for which `conv` gives the same output shape. Default 0.
    dilation : int or sequence of int, optional
        Distance between neighbouring taps in samples: one for all spatial axes, or one for each. Default 1.
    groups : int, optional
        Number of groups of channels. Each group reads only its own input channels. Default 1.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    ndarray, shape (N, C_out, ...) or (C_out, ...)
        Array of dtype float32, or float64 if `x` or `weight` has a wide type. An axis of n samples gives
        ``(n - 1)*stride - 2*padding + dilation*(k - 1) + output_padding + 1`` samples.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    conv : The layer that this one transposes.
    torch.nn.functional.conv_transpose2d : The same for two spatial axes.

    References
    ----------
    V. Dumoulin and F. Visin, A guide to convolution arithmetic for deep learning, 2016, arXiv:1603.07285.

    Examples
    --------
    >>> from imfilter import layers
    >>> layers.conv_transpose([[1.0, 2.0]], [[[1.0, 1.0, 0.5]]], stride=2)
    array([[1. , 1. , 2.5, 2. , 1. ]])
    """
    factors = channels.weights(weight, "C_in, C_out/groups")
    n = factors.ndim - 2
    array, batched = channels.batch(x, n, "x")
    into = arguments.integer(groups, "groups", least=1)
    channels.dividing(into, factors.shape[0], "C_in")
    if array.shape[1] != factors.shape[0]:
        raise ValueError(
            f"x must have {factors.shape[0]} channels for weight of shape {factors.shape}, "
            f"got {array.shape[1]} in shape {np.shape(x)}"
        )
    steps = arguments.integers(stride, n, "stride", least=1)
    gaps = arguments.integers(dilation, n, "dilation", least=1)
    cut = arguments.integers(padding, n, "padding", least=0)
    more = arguments.integers(output_padding, n, "output_padding", least=0)
    lengths = []
    for size, k, s, d, p, extra in zip(
        array.shape[2:], factors.shape[2:], steps, gaps, cut, more, strict=True
    ):
        if extra >= max(s, d):
            raise ValueError(f"output_padding must be less than stride or dilation, {max(s, d)}, got {extra}")
        lengths.append((size - 1) * s - 2 * p + d * (k - 1) + extra + 1)
        if lengths[-1] < 1:
            raise ValueError(f"padding must leave a sample of the output, got {p} for an axis of {size}")
    outputs = factors.shape[1] * into
    shift = channels.biases(bias, outputs, channels.arithmetic(array, factors))
    pads = [(p, p) for p in cut]
    geometry = _geometry(tuple(lengths), factors, steps, pads, "zero", gaps, into)
    # What is added behind the output makes no more room for the kernel than there are samples.
    result = _transposed(array, factors, geometry, tuple(lengths), threads.requested(workers))
    with np.errstate(all="ignore"):
        result += shift.reshape(-1, *(1,) * n)
    return result if batched else result[0]


def _geometry(
    extent: tuple[int, ...],
    weight: NDArray,
    stride: Any,
    padding: Any,
    mode: Any,
    dilation: Any,
    groups: Any,
) -> Geometry:
    """Return the geometry of the layer forwards."""
    into = arguments.integer(groups, "groups", least=1)
    channels.dividing(into, weight.shape[0], "C_out")
    return channels.spatial(extent, weight.shape[2:], stride, padding, mode, dilation, into)


def _gradient(value: ArrayLike, weight: NDArray, geometry: Geometry) -> tuple[NDArray, bool]:
    """Return the gradient of a layer's output with N, and whether that was given."""
    array, batched = channels.batch(value, weight.ndim - 2, "gradient")
    _fits(array, (len(array), len(weight), *geometry.lengths))
    return array, batched


def _fits(gradient: NDArray, shape: tuple[int, ...]) -> None:
    if gradient.shape != shape:
        raise ValueError(
            f"gradient must have the shape of the output of the layer, {shape}, got {gradient.shape}"
        )


def _transposed(
    gradient: NDArray,
    weight: NDArray,
    geometry: Geometry,
    extent: tuple[int, ...],
    workers: int | None,
) -> NDArray:
    """Return the gradient of the input of a layer over axes of these extents."""
    real, groups = channels.arithmetic(gradient, weight), geometry.groups
    slopes, factors = converted(gradient, real), converted(weight, real)
    backward, turned = tap_views.backward(factors, geometry, gradient.shape[2:], extent)
    if np.isfinite(factors).all():
        spread = tap_views.spread(slopes, geometry.stride)
        shape = (len(gradient), weight.shape[1] * groups, *backward.lengths)
        none = np.zeros(shape[1], real)
        whole = conv_layer.run(spread, turned, none, backward, shape, real, None, workers)
    else:
        whole = tap_views.scattered(slopes, factors, geometry, backward.lengths)
    return tap_views.folded(whole, geometry, extent)
