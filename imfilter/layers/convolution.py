"""Convolution layers: every output channel is a sum over all input channels of a group."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, cast

import numpy as np

from imfilter._base import arguments, threads
from imfilter._base.denormals import converted
from imfilter._base.keywords import hinted
from imfilter._filters.layers import channels, conv_layer, laid_out, tap_views
from imfilter.convolution import correlate
from imfilter.typing import ArrayLike, DTypeLike, Mode, NDArray, Padding, PaddingMode, PerAxis

#: Length of an axis on which any kernel fits.
_LONG = 1 << 40


@hinted
def conv(
    x: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    *,
    stride: PerAxis[int] = 1,
    padding: Padding = 0,
    padding_mode: PaddingMode = "zero",
    dilation: PerAxis[int] = 1,
    groups: int = 1,
    dtype: DTypeLike | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Apply a convolution layer.

    As in other libraries the layer computes a correlation: the kernels are not flipped.

    Each input channel of a group is correlated with its own kernel. An output channel is the sum of these
    results plus a bias. Positions where the kernel does not fit into the padded input have no output. Weights
    of zero are not skipped: 0 times infinity is NaN.

    Parameters
    ----------
    x : array_like, shape (N, C_in, ...) or (C_in, ...)
        Images, signals or volumes with channels. Bool, integers or floats. The function does not change it.
    weight : array_like, shape (C_out, C_in/groups, ...)
        The kernels, with 1 to 3 spatial axes.
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
    groups : int, optional
        Number of groups of channels. Each group reads only its own input channels. Default 1. With one group
        for each input channel, the layer is a depthwise convolution.
    dtype : dtype, optional
        Element type of the result. Values are rounded half to even and saturated.
    out : ndarray, optional
        Array for the result. Its dtype is the dtype of the result. It may overlap `x`.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    ndarray, shape (N, C_out, ...) or (C_out, ...)
        Array of the dtype `dtype`, or of the dtype of `out`. Default: float32, or float64 if `x` or `weight`
        has a wide type, as for `imfilter.correlate`. An axis of n samples gives
        ``(n + before + after - dilation*(k - 1) - 1)//stride + 1`` outputs.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    conv_transpose : The transposed layer.
    imfilter.correlate : The same for one channel and one kernel.
    torch.nn.functional.conv2d : The same for two spatial axes and zeros beyond the border.

    Notes
    -----
    Results in float32 are within 1e-5 of the largest output, those in float64 within 1e-13. Sums that are
    small differences of large products may lose more, as in every library. In float32, layers of 3x3 kernels
    with stride 1, dilation 1 and at least 16 input and output channels use Winograd's minimal filtering,
    which needs fewer multiply-adds. Its error is usually 2e-6. These layers are computed directly if a number
    is not finite, if an intermediate sum could overflow, or if the estimated error is too large.

    References
    ----------
    A. Lavin and S. Gray, Fast Algorithms for Convolutional Neural Networks, CVPR 2016.
    Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, Gradient-Based Learning Applied to Document Recognition,
    Proceedings of the IEEE 86, 1998.

    Examples
    --------
    >>> from imfilter import layers
    >>> layers.conv([[1.0, 2.0, 4.0, 8.0]], [[[-1.0, 1.0]], [[1.0, 1.0]]])
    array([[ 1.,  2.,  4.],
           [ 3.,  6., 12.]])
    """
    settled = channels.settle(x, weight, stride, padding, padding_mode, dilation, groups)
    return _apply(settled, bias, _recent, dtype, out, workers)


def _recent(weight: NDArray, real: np.dtype, groups: int) -> laid_out.LaidOut:
    return laid_out.recent(weight.astype(real, copy=False), groups)


def _apply(
    settled: channels.Settled,
    bias: ArrayLike | None,
    lay_out: Callable[[NDArray, np.dtype, int], laid_out.LaidOut],
    dtype: DTypeLike | None,
    out: NDArray | None,
    workers: int | None,
) -> NDArray:
    """Apply a checked layer. `lay_out` returns weights laid out for a type and a number of groups."""
    place = arguments.fitting(arguments.out(out), settled.result_shape)
    wanted = arguments.dtype(dtype, place, settled.real)
    workers = threads.requested(workers)
    shift = channels.biases(bias, settled.weight.shape[0], settled.real)
    if settled.alone and np.isfinite(shift).all():
        return _filter(settled, float(shift[0]), wanted, place, workers)
    factors = lay_out(settled.weight, settled.real, settled.geometry.groups)
    return conv_layer.run(
        settled.x, factors, shift, settled.geometry, settled.result_shape, wanted, place, workers
    )


def _filter(
    settled: channels.Settled, bias: float, dtype: np.dtype, out: NDArray | None, workers: int | None
) -> NDArray:
    """Correlate one channel with one kernel by faster algorithms: 15 -> 7 ms for 3x3 at 4K."""
    n, geometry = len(settled.axes), settled.geometry
    result = correlate(
        converted(settled.x[:, 0], settled.real),
        settled.weight[0, 0],
        bias=bias,
        stride=geometry.stride,
        dilation=geometry.dilation,
        padding=[(p.before, p.after) for p in geometry.paddings],
        mode=cast(Mode, geometry.mode),
        axes=tuple(range(1, n + 1)),
        dtype=dtype,
        out=None if out is None else out.reshape(settled.shape)[:, 0],
        workers=workers,
    )
    return result.reshape(settled.result_shape) if out is None else out


class PreparedConv:
    """A convolution layer whose weights are laid out in memory once; `prepare` makes it.

    Call it with images ``x``, and with ``dtype``, ``out`` and ``workers`` as in `conv`. The result has the
    same bits as that of `conv`. Several threads may call it at the same time.

    Attributes
    ----------
    weight : ndarray, shape (C_out, C_in/groups, ...)
        Copy of the weights. It cannot be written to.
    bias : ndarray, shape (C_out,), or None
        Copy of the bias. It cannot be written to.

    Examples
    --------
    >>> import numpy as np
    >>> from imfilter import layers
    >>> layer = layers.prepare(np.ones((8, 3, 5, 5), np.float32), padding=2)
    >>> layer(np.ones((1, 3, 32, 32), np.float32)).shape
    (1, 8, 32, 32)
    """

    def __init__(self, weight: NDArray, bias: NDArray | None, settings: tuple[Any, ...]) -> None:
        self.weight, self.bias = weight, bias
        self._settings = settings
        self._laid_out: dict[np.dtype, laid_out.LaidOut] = {}  # for each type of the arithmetic

    def _lay_out(self, weight: NDArray, real: np.dtype, groups: int) -> laid_out.LaidOut:
        found = self._laid_out.get(real)
        if found is None:  # two threads may both make it, with the same result
            found = self._laid_out[real] = laid_out.LaidOut(weight.astype(real, copy=False), groups)
        return found

    def __call__(
        self,
        x: ArrayLike,
        *,
        dtype: DTypeLike | None = None,
        out: NDArray | None = None,
        workers: int | None = None,
    ) -> NDArray:
        """Apply the layer to images (N, C_in, ...) or (C_in, ...). See `conv` for the arguments."""
        settled = channels.settle(x, self.weight, *self._settings)
        return _apply(settled, self.bias, self._lay_out, dtype, out, workers)

    def __repr__(self) -> str:
        return f"PreparedConv(weight of shape {self.weight.shape}, {self.weight.dtype})"


@hinted
def prepare(
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    *,
    shape: tuple[int, ...] | None = None,
    stride: PerAxis[int] = 1,
    padding: Padding = 0,
    padding_mode: PaddingMode = "zero",
    dilation: PerAxis[int] = 1,
    groups: int = 1,
) -> PreparedConv:
    """Lay out the weights of a convolution layer once, for many calls.

    `conv` also remembers the layout of recent weights, up to 128 MB in total. But each call compares all
    weights with a copy, to notice a change. A prepared layer does not compare, and keeps its own copy: later
    changes of `weight` and `bias` have no effect on it.

    Parameters
    ----------
    weight : array_like, shape (C_out, C_in/groups, ...)
        The kernels, with 1 to 3 spatial axes. Bool, integers or floats.
    bias : array_like, shape (C_out,), optional
        Number added to each output channel. Default: no bias.
    shape : tuple of int, optional
        Shape of the input, (N, C_in, ...) or (C_in, ...), in float32, or in float64 for wide weights. The
        layer is applied once to zeros of this shape, so that all preparations are made now. Default: at the
        first call. Later calls may have other shapes.
    stride, padding, padding_mode, dilation, groups : optional
        As for `conv`.

    Returns
    -------
    PreparedConv
        A function of the images: ``prepared(x, *, dtype=None, out=None, workers=None)``.

    Raises
    ------
    TypeError, ValueError
        As for `conv`.

    See Also
    --------
    conv : The same for weights that are used once.

    Examples
    --------
    >>> from imfilter.layers import prepare
    >>> differences = prepare([[[-1.0, 1.0]], [[1.0, 1.0]]], [0.0, 0.5])
    >>> differences([[1.0, 2.0, 4.0, 8.0]])
    array([[ 1. ,  2. ,  4. ],
           [ 3.5,  6.5, 12.5]])
    """
    factors = channels.weights(weight).copy()
    n, outputs = factors.ndim - 2, factors.shape[0]
    channels.dividing(arguments.integer(groups, "groups", least=1), outputs, "C_out")
    # Arguments that depend on the lengths of axes are checked for long axes now, and again at each call.
    channels.spatial((_LONG,) * n, factors.shape[2:], stride, padding, padding_mode, dilation, groups)
    shift = None if bias is None else channels.biases(bias, outputs, arguments.image(bias, "bias").dtype)
    for array in (factors, shift):
        if array is not None:
            array.flags.writeable = False
    # A list that is changed later must not change the layer.
    settings = copy.deepcopy((stride, padding, padding_mode, dilation, groups))
    prepared = PreparedConv(factors, shift, settings)
    if shape is not None:
        lengths = tuple(arguments.integer(n, "shape", least=0) for n in arguments.each(shape, None, "shape"))
        prepared(np.zeros(lengths, channels.arithmetic(factors)))
    return prepared


@hinted
def dynamic_conv(
    x: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    *,
    stride: PerAxis[int] = 1,
    padding: Padding = 0,
    padding_mode: PaddingMode = "zero",
    dilation: PerAxis[int] = 1,
    groups: int = 1,
    workers: int | None = None,
) -> NDArray:
    """Apply different kernels to each image, or to each position (dynamic filter network).

    In a dynamic filter network, one part of the network computes the kernels for another part.

    Parameters
    ----------
    x : array_like, shape (N, C_in, ...)
        Images, signals or volumes with channels.
    weight : array_like, shape (N, C_out, C_in/groups, ...)
        The kernels of each image. With the spatial axes of the output as additional last axes, the kernels of
        each position.
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
    groups : int, optional
        Number of groups of channels. Each group reads only its own input channels. Default 1.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.
        Kernels of each position are applied by one thread.

    Returns
    -------
    ndarray, shape (N, C_out, ...)
        As for `conv`.

    Raises
    ------
    TypeError, ValueError
        As for `conv`.

    See Also
    --------
    conv : The same kernels for all images and positions.

    References
    ----------
    B. De Brabandere, X. Jia, T. Tuytelaars and L. Van Gool, Dynamic Filter Networks, 2016, arXiv:1605.09673.

    Examples
    --------
    >>> from imfilter import layers
    >>> layers.dynamic_conv([[[1.0, 2.0, 4.0]], [[1.0, 2.0, 4.0]]], [[[[1.0, 1.0]]], [[[0.0, 1.0]]]])
    array([[[3., 6.]],
    <BLANKLINE>
           [[2., 4.]]])
    """
    array, factors = arguments.image(x, "x"), arguments.image(weight, "weight")
    n = array.ndim - 2
    if not 1 <= n <= 3:
        raise ValueError(f"x must have shape (N, C_in, *spatial) with 1 to 3 spatial axes, got {array.shape}")
    if factors.ndim not in (n + 3, 2 * n + 3) or factors.shape[0] != array.shape[0]:
        raise ValueError(
            "weight must be of shape (N, C_out, C_in/groups, *kernel), or that and the shape of the output, "
            f"with N={array.shape[0]} and {n} spatial axes, got {factors.shape}"
        )
    kernels = factors[0] if factors.ndim == n + 3 else factors[0][(..., *(0,) * n)]  # of one position
    settled = channels.settle(array[:1], kernels, stride, padding, padding_mode, dilation, groups)
    shift = channels.biases(bias, factors.shape[1], settled.real)
    workers, into, geometry = threads.requested(workers), settled.geometry.groups, settled.geometry
    if factors.ndim == n + 3:  # images are groups of one
        many = len(array)
        merged = array.reshape(1, -1, *array.shape[2:])
        every = factors.reshape(-1, *factors.shape[2:]).astype(settled.real)
        each = geometry._replace(groups=into * many)
        shape = (1, len(every), *geometry.lengths)
        result = conv_layer.run(merged, every, np.tile(shift, many), each, shape, settled.real, None, workers)
        return result.reshape(many, -1, *geometry.lengths)
    if factors.shape[-n:] != geometry.lengths:
        raise ValueError(
            f"weight must end with the shape of the output, {geometry.lengths}, got {factors.shape[-n:]}"
        )
    return tap_views.vary(array, factors.astype(settled.real, copy=False), shift, geometry)
