"""Shapes, parameters, multiplications and memory of layers.

All results are exact integers. The shape of a picture is (rows, columns).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from imfilter._base import arguments
from imfilter._base.padding import Padding, positions, resolve
from imfilter.typing import DTypeLike

__all__ = [
    "Comparison",
    "memory",
    "multiplications",
    "output_shape",
    "parameters",
    "separable_cost",
    "stacked_kernels",
]


class Comparison(NamedTuple):
    """The cost of a construction, and the cost of the construction that it replaces.

    Attributes
    ----------
    cost : int
        Cost of the construction.
    reference : int
        Cost of the construction that it replaces.

    Examples
    --------
    >>> from imfilter.layers import stacked_kernels
    >>> saved = stacked_kernels((3, 3), 3, 1)
    >>> saved.cost, saved.reference, round(saved.ratio, 2)
    (27, 49, 0.55)
    """

    cost: int
    reference: int

    @property
    def ratio(self) -> float:
        """`cost` divided by `reference`. Below 1, the construction is cheaper."""
        return self.cost / self.reference


def output_shape(
    shape: Any,
    kernel: Any,
    *,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
) -> tuple[int, ...]:
    """Return the number of positions of a window along each axis of a padded image.

    An axis of n samples and a window of k samples have
    ``floor((n + before + after - dilation*(k - 1) - 1)/stride) + 1`` positions. Samples that are left over
    are ignored.

    Parameters
    ----------
    shape : int or sequence of int
        Lengths of the 1 to 3 spatial axes, without batch and channels.
    kernel : int or sequence of int
        Size of the window: one for all axes, or one for each.
    stride : int or sequence of int, optional
        Step between positions. Default 1.
    padding : {'same', 'valid'}, int or sequence, optional
        Number of border samples: one for all axes, or for each axis one number or a pair (before, after).
        'same' gives ``ceil(n/stride)`` positions. 'valid' is 0. Default 0.
    dilation : int or sequence of int, optional
        Step between the samples of the window. Default 1.
    ceil_mode : bool, optional
        Whether samples that are left over get a last window that reaches beyond the padded image. The window
        must start before the padding behind the image, as in PyTorch. Default False.

    Returns
    -------
    tuple of int
        Number of positions along each axis.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong type or value, or if the window is longer than the padded image.

    See Also
    --------
    torch.nn.Conv2d, torch.nn.MaxPool2d : Layers with the same formulas.

    References
    ----------
    V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning", 2016.

    Examples
    --------
    >>> from imfilter.layers import output_shape
    >>> output_shape((227, 227), 11, stride=4)
    (55, 55)
    >>> output_shape(7, 3, stride=3)
    (2,)
    >>> output_shape(7, 3, stride=3, ceil_mode=True)
    (3,)
    """
    lengths = spatial(shape, "shape")
    n = len(lengths)
    taps = arguments.integers(kernel, n, "kernel", least=1)
    steps = arguments.integers(stride, n, "stride", least=1)
    gaps = arguments.integers(dilation, n, "dilation", least=1)
    same = isinstance(padding, str) and padding == "same"
    if not arguments.flag(ceil_mode, "ceil_mode") or same:
        return tuple(p.length for p in resolve(padding, lengths, taps, steps, gaps, flipped=False))
    sides = given(padding, lengths)
    return tuple(_ceil_length(*every) for every in zip(lengths, sides, taps, steps, gaps, strict=True))


def _ceil_length(n: int, side: Padding, taps: int, stride: int, dilation: int) -> int:
    """Return the number of positions, with a last window that may reach beyond the padded axis."""
    span, padded = dilation * (taps - 1) + 1, side.before + n + side.after
    length = positions(n, side.before, side.after, span, stride, ceil_mode=True)
    if length < 1:
        raise ValueError(
            f"padding must leave room for the kernel: it spans {span} samples, the padded axis has {padded}"
        )
    return length


def parameters(
    kernel: Any, in_channels: int, out_channels: int, *, groups: int = 1, bias: bool = True
) -> int:
    """Return the number of weights and biases of a convolution layer.

    It is ``(k_1*k_2*...*in_channels/groups + bias)*out_channels``.

    Parameters
    ----------
    kernel : sequence of int
        Size of the kernel along each axis. The empty tuple () means a dense layer.
    in_channels, out_channels : int
        Number of channels of the input and of the output.
    groups : int, optional
        Number of groups of channels. Each group reads only its own input channels. It must divide both
        numbers of channels. Default 1.
    bias : bool, optional
        Whether each output channel has a bias. Default True.

    Returns
    -------
    int
        Number of parameters.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong type or value, for example if `groups` does not divide the channels.

    Examples
    --------
    >>> from imfilter.layers import parameters
    >>> parameters((3, 3), 64, 128)
    73856
    >>> parameters((3, 3), 64, 64, groups=64, bias=False)
    576
    >>> parameters((), 4096, 1000)
    4097000
    """
    taps, ins, outs, groups = _layer(kernel, in_channels, out_channels, groups)
    return (math.prod(taps) * (ins // groups) + arguments.flag(bias, "bias")) * outs


def multiplications(
    output_shape: Any, kernel: Any, in_channels: int, out_channels: int, *, groups: int = 1
) -> int:
    """Return the number of multiplications of a convolution layer.

    Every output sample needs ``k_1*k_2*...*in_channels/groups`` multiplications, each with an addition.
    Multiplications with zeros of the padding are counted, as in published figures. The addition of the bias
    is not counted.

    Parameters
    ----------
    output_shape : int or sequence of int
        Spatial shape of the output, for example from `imfilter.layers.output_shape`. () for a dense layer.
    kernel : sequence of int
        Size of the kernel along each axis.
    in_channels, out_channels : int
        Number of channels of the input and of the output.
    groups : int, optional
        Number of groups of channels. Each group reads only its own input channels. Default 1.

    Returns
    -------
    int
        Number of multiplications for one image.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong type or value.

    Examples
    --------
    >>> from imfilter.layers import multiplications
    >>> multiplications((224, 224), (3, 3), 3, 64)
    86704128
    """
    taps, ins, outs, groups = _layer(kernel, in_channels, out_channels, groups)
    lengths = spatial(output_shape, "output_shape", least=0)
    if len(lengths) != len(taps):
        raise ValueError(
            f"kernel must have one size for each of {len(lengths)} axes of output_shape, got {kernel}"
        )
    return math.prod(lengths) * math.prod(taps) * (ins // groups) * outs


def memory(shape: Any, dtype: DTypeLike = "float32") -> int:
    """Return the size of an array in bytes, for example of the activations of a layer.

    Parameters
    ----------
    shape : int or sequence of int
        Shape of the array, including channels and batch, or its number of elements.
    dtype : dtype, optional
        Element type. Default float32.

    Returns
    -------
    int
        Number of bytes.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong type or value.

    Examples
    --------
    >>> from imfilter.layers import memory, parameters
    >>> memory((64, 224, 224))
    12845056
    >>> memory(parameters((3, 3), 64, 128), "float16")
    147712
    """
    counts = [arguments.integer(n, "shape", least=0) for n in arguments.each(shape, None, "shape")]
    return math.prod(counts) * arguments.dtype(dtype, None, np.dtype(np.float32)).itemsize


def separable_cost(output_shape: Any, kernel: Any, in_channels: int, out_channels: int) -> Comparison:
    """Compare the multiplications of a depthwise separable convolution and of a full convolution.

    A depthwise separable convolution filters each channel separately, then a pointwise convolution mixes the
    channels. The ratio is ``1/out_channels + 1/(k_1*k_2*...)`` for every shape.

    Parameters
    ----------
    output_shape : int or sequence of int
        Spatial shape of the output.
    kernel : sequence of int
        Size of the kernel along each axis.
    in_channels, out_channels : int
        Number of channels of the input and of the output.

    Returns
    -------
    Comparison
        Multiplications of the separable convolution as `cost`, those of the full convolution as `reference`,
        and their `ratio`.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong type or value.

    References
    ----------
    A. G. Howard et al., "MobileNets: Efficient convolutional neural networks for mobile vision
    applications", 2017.

    Examples
    --------
    >>> from imfilter.layers import separable_cost
    >>> comparison = separable_cost((14, 14), (3, 3), 512, 512)
    >>> comparison
    Comparison(cost=52283392, reference=462422016)
    >>> round(comparison.ratio, 4)
    0.1131
    """
    full = multiplications(output_shape, kernel, in_channels, out_channels)
    depthwise = multiplications(output_shape, kernel, in_channels, in_channels, groups=in_channels)
    single = (1,) * len(arguments.each(kernel, None, "kernel"))
    pointwise = multiplications(output_shape, single, in_channels, out_channels)
    return Comparison(depthwise + pointwise, full)


def stacked_kernels(kernel: Any, depth: int, channels: int) -> Comparison:
    """Compare the weights of a stack of convolutions and of one layer with the same receptive field.

    The receptive field of `depth` layers with kernel size k and stride 1 is ``depth*(k - 1) + 1`` samples.
    Biases are not counted. If padding keeps the shape, the multiplications have the same ratio.

    Parameters
    ----------
    kernel : sequence of int
        Size of the small kernels along each axis.
    depth : int
        Number of layers.
    channels : int
        Number of channels of the input and of every layer.

    Returns
    -------
    Comparison
        Weights of the stack as `cost`, those of the single layer as `reference`, and their `ratio`.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong type or value.

    References
    ----------
    K. Simonyan and A. Zisserman, "Very deep convolutional networks for large-scale image recognition", 2014.

    Examples
    --------
    Three 3 x 3 layers replace one 7 x 7 layer:

    >>> from imfilter.layers import stacked_kernels
    >>> stacked_kernels((3, 3), 3, 1)
    Comparison(cost=27, reference=49)
    """
    depth = arguments.integer(depth, "depth", least=1)
    taps, channels, _, _ = _layer(kernel, channels, channels, 1, "channels")
    wide = tuple(depth * (k - 1) + 1 for k in taps)
    return Comparison(
        depth * parameters(taps, channels, channels, bias=False),
        parameters(wide, channels, channels, bias=False),
    )


def spatial(value: Any, name: str, *, least: int = 1) -> tuple[int, ...]:
    """Return the lengths of at least `least` and at most 3 spatial axes."""
    lengths = tuple(arguments.integer(v, name, least=1) for v in arguments.each(value, None, name))
    if not least <= len(lengths) <= 3:
        raise ValueError(f"{name} must have {least} to 3 spatial axes, got {value}")
    return lengths


def pool_padding(padding: Any, sizes: Sequence[int], size: Any) -> tuple[int, ...]:
    """Return the padding of a pool along each axis, or raise an error that names its `size`.

    A window must contain a sample of the image, because padding has no maximum.
    """
    sides = arguments.integers(padding, len(sizes), "padding", least=0)
    if any(side > taps // 2 for side, taps in zip(sides, sizes, strict=True)):
        raise ValueError(f"padding must be at most half of size {size}, got {padding}")
    return sides


def given(padding: Any, lengths: Sequence[int]) -> tuple[Padding, ...]:
    """Return the explicit `padding` of each axis. For 'same' and 'valid' it is 0."""
    ones = (1,) * len(lengths)  # a window of one sample always fits
    return resolve(padding, lengths, ones, ones, ones, flipped=False)


def divided(in_channels: int, out_channels: int, groups: Any) -> int:
    """Return the number of groups, which must divide both numbers of channels."""
    groups = arguments.integer(groups, "groups", least=1)
    if in_channels % groups or out_channels % groups:
        raise ValueError(
            f"groups must divide the channels, got {groups} for {in_channels} of the input "
            f"and {out_channels} of the output"
        )
    return groups


def _layer(
    kernel: Any, in_channels: Any, out_channels: Any, groups: Any, name: str = ""
) -> tuple[tuple[int, ...], int, int, int]:
    """Return the checked numbers of a layer. The kernel must have one size for each axis."""
    if not isinstance(kernel, Sequence | np.ndarray) or isinstance(kernel, str):
        raise TypeError(f"kernel must have one size for each axis, such as (3, 3), got {kernel!r}")
    taps = spatial(kernel, "kernel", least=0)
    ins = arguments.integer(in_channels, name or "in_channels", least=1)
    outs = arguments.integer(out_channels, name or "out_channels", least=1)
    return taps, ins, outs, divided(ins, outs, groups)
