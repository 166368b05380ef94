"""Convolutions and fully connected layers: shapes, costs, computation and gradients."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from imfilter._base import arguments, borders, dtypes
from imfilter.layers import arithmetic
from imfilter.layers.base import Arrays, Mode, Pullback, Shape, SingleLayer
from imfilter.layers.receptive import ReceptiveField, Window
from imfilter.typing import NDArray, PaddingMode

__all__ = ["Conv", "Dense", "Flatten"]

#: Number of products up to which NumPy computes a dense layer in one thread. Threads of its matrix library
#: wait in a loop afterwards, and take a core from the next call: a forward pass of a ResNet-18 takes 41 to 44
#: ms with them and 27 ms without, with two threads. With one thread, both take 37 ms (Zen 4). This sum itself
#: takes 0.08 ms from 512 to 1000 units, the matrix library 0.02.
_FEW_PRODUCTS = 1 << 21


@dataclass(frozen=True)
class Conv(SingleLayer):
    """A convolution layer. The layer before it determines the number of input channels.

    Parameters
    ----------
    out_channels : int
        Number of channels of the result.
    kernel : int or sequence of int
        Size of the kernel: one for all axes, or one for each.
    stride, padding, dilation : int or sequence, optional
        As for `imfilter.layers.output_shape`. Default 1, 0 and 1.
    groups : int, optional
        Number of groups of channels. Each group reads only its own input channels. Default 1.
    bias : bool, optional
        Whether each output channel has a bias. Default True.
    padding_mode : str, optional
        Values of the border samples: a border mode of `imfilter.correlate`. Default 'zero'.
    name : str, optional
        Name in tables, error messages and weights. Default: the kind and its number.
    connections : sequence of sequence of int, optional
        Input channels that each output channel reads. Default: all channels of its group. The array of
        weights has entries for the other channels, too. They are not used and not counted.

    Examples
    --------
    >>> from imfilter.layers import Conv, Stack
    >>> Stack([Conv(16, 5, padding=2), Conv(32, (3, 1), stride=2)], input_shape=(3, 32, 32)).shapes
    ((3, 32, 32), (16, 32, 32), (32, 15, 16))
    """

    out_channels: int
    kernel: Any
    stride: Any = 1
    padding: Any = 0
    dilation: Any = 1
    groups: int = 1
    bias: bool = True
    padding_mode: str = "zero"
    name: str | None = None
    connections: Sequence[Sequence[int]] | None = None

    def __post_init__(self) -> None:
        for name in ("kernel", "stride", "padding", "dilation", "connections"):
            object.__setattr__(self, name, fixed(getattr(self, name)))

    def output(self, shape: Shape) -> Shape:
        """Return the shape of the result, or raise an error if the input does not fit."""
        spatial(shape)
        arguments.integer(self.out_channels, "out_channels", least=1)
        arithmetic.divided(shape[0], self.out_channels, self.groups)
        arguments.flag(self.bias, "bias")
        try:
            borders.check_mode(self.padding_mode)
        except (TypeError, ValueError) as error:
            raise type(error)(f"padding_{error}") from None
        self._links(shape[0])
        extent = arithmetic.output_shape(
            shape[1:], self.kernel, stride=self.stride, padding=self.padding, dilation=self.dilation
        )
        return self.out_channels, *extent

    def weight_shape(self, shape: Shape) -> Shape:
        """Return ``(out_channels, channels/groups, *kernel)``."""
        kernel = arguments.integers(self.kernel, len(shape) - 1, "kernel", least=1)
        return self.out_channels, shape[0] // self.groups, *kernel

    def parameters(self, shape: Shape) -> int:
        """Return the number of weights and biases."""
        return self._weights(shape) + self.bias * self.out_channels

    def multiplications(self, shape: Shape) -> int:
        """Return the number of multiplications: every weight, at every position."""
        return self._weights(shape) * math.prod(self.output(shape)[1:])

    def field(self, before: ReceptiveField, units: Shape, shape: Shape) -> ReceptiveField:
        """Return the receptive field of a unit."""
        return before.after(Window(self.kernel, self.stride, self.padding, self.dilation))

    def apply(self, x: NDArray, *arrays: NDArray | None) -> NDArray:
        """Return the convolution of a batch."""
        from imfilter.layers.convolution import conv  # the table of a stack does not need the compiler

        weight, bias = self._arrays(arrays, x)
        return conv(x, self._linked(weight, x), bias, **self._options())

    def differentiate(self, x: NDArray, arrays: Arrays, mode: Mode) -> tuple[NDArray, Pullback]:
        """Return the convolution of a batch, and the function that computes its gradients."""
        from imfilter.layers import backward

        weight, bias = self._arrays(arrays, x)
        options, linked = self._options(), self._linked(weight, x)

        def pullback(gradient: NDArray) -> tuple[NDArray, Arrays]:
            before = backward.conv_input_gradient(gradient, linked, x.shape[2:], **options)
            of_weight = self._linked(
                backward.conv_weight_gradient(gradient, x, weight.shape[2:], **options), x
            )
            of_bias = None if bias is None else backward.conv_bias_gradient(gradient, x.ndim - 2)
            return before, (of_weight, of_bias)

        return self.apply(x, *arrays), pullback

    def _arrays(self, arrays: Arrays, x: NDArray) -> tuple[NDArray, NDArray | None]:
        """Return the weight and the bias in the type of a batch, so that the result has it too."""
        weight, bias = weight_and_bias(arrays)
        return weight.astype(x.dtype, copy=False), None if bias is None else bias.astype(x.dtype, copy=False)

    def _options(self) -> dict[str, Any]:
        """Return the keyword arguments of `imfilter.layers.conv` and its gradients."""
        return {
            "stride": self.stride,
            "padding": self.padding,
            "padding_mode": cast(PaddingMode, self.padding_mode),
            "dilation": self.dilation,
            "groups": self.groups,
        }

    def _linked(self, weight: NDArray, x: NDArray) -> NDArray:
        """Return weights, or their gradient, with 0 for channels that are not read."""
        links = self._links(x.shape[1])
        return (
            weight if links is None else np.where(links.reshape(*links.shape, *[1] * (x.ndim - 2)), weight, 0)
        )

    def text(self, shape: Shape) -> str:
        """Return the text of the layer in a table."""
        parts = [f"conv {times(self.kernel, shape)}"]
        if self.stride != 1:
            parts.append(f"stride {times(self.stride, shape)}")
        if self.dilation != 1:
            parts.append(f"dilation {times(self.dilation, shape)}")
        if self.groups != 1:
            parts.append(f"{self.groups} groups")
        if self.connections is not None:
            parts.append("sparse")
        return ", ".join(parts)

    def _weights(self, shape: Shape) -> int:
        """Return the number of weights."""
        links = self._links(shape[0])
        if links is not None:
            return int(links.sum()) * math.prod(self.weight_shape(shape)[2:])
        return math.prod(self.weight_shape(shape))

    def _links(self, in_channels: int) -> NDArray[np.bool_] | None:
        """Return whether each output channel reads each input channel, or None without `connections`."""
        if self.connections is None:
            return None
        if self.groups != 1:
            raise ValueError(f"groups must be 1 with connections, got {self.groups}")
        if not isinstance(self.connections, Sequence) or isinstance(self.connections, str):
            raise TypeError(f"connections must be a sequence of sequences, got {self.connections!r}")
        if len(self.connections) != self.out_channels:
            raise ValueError(
                f"connections must name the channels of each of {self.out_channels} output channels, "
                f"got {len(self.connections)} entries"
            )
        links = np.zeros((self.out_channels, in_channels), bool)
        for row, channels in zip(links, self.connections, strict=True):
            for channel in arguments.each(channels, None, "connections"):
                row[arguments.integer(channel, "connections", least=0, most=in_channels - 1)] = True
        return links


@dataclass(frozen=True)
class Flatten(SingleLayer):
    """Flatten each image to one axis, in C order.

    Parameters
    ----------
    name : str, optional
        Name in error messages. Default: the kind and its number.

    Examples
    --------
    >>> from imfilter.layers import Flatten, Stack
    >>> Stack([Flatten()], input_shape=(64, 7, 7)).shapes
    ((64, 7, 7), (3136,))
    """

    name: str | None = None
    in_place = True

    def output(self, shape: Shape) -> Shape:
        """Return the number of elements as a shape."""
        return (math.prod(shape),)

    def apply(self, x: NDArray, *arrays: NDArray | None) -> NDArray:
        """Flatten each image of a batch."""
        return x.reshape(len(x), -1)

    def differentiate(self, x: NDArray, arrays: Arrays, mode: Mode) -> tuple[NDArray, Pullback]:
        """Return the flat images, and the function that gives the gradient the shape of the images."""
        return self.apply(x), lambda gradient: (gradient.reshape(x.shape), ())


@dataclass(frozen=True)
class Dense(SingleLayer):
    """A fully connected layer: each unit is a weighted sum of all inputs plus a bias.

    Parameters
    ----------
    units : int
        Number of units.
    bias : bool, optional
        Whether each unit has a bias. Default True.
    name : str, optional
        Name in tables, error messages and weights. Default: the kind and its number.

    Examples
    --------
    >>> from imfilter.layers import Dense, Stack
    >>> Stack([Dense(10)], input_shape=(84,)).parameters
    850
    """

    units: int
    bias: bool = True
    name: str | None = None

    def output(self, shape: Shape) -> Shape:
        """Return (units,), or raise an error if the input is not flat."""
        if len(shape) != 1:
            raise ValueError(
                f"the input of a dense layer must have 1 axis, got shape {shape}; put Flatten() before it"
            )
        arguments.flag(self.bias, "bias")
        return (arguments.integer(self.units, "units", least=1),)

    def weight_shape(self, shape: Shape) -> Shape:
        """Return (units, inputs)."""
        return self.units, shape[0]

    def parameters(self, shape: Shape) -> int:
        """Return the number of weights and biases."""
        return arithmetic.parameters((), shape[0], self.units, bias=self.bias)

    def multiplications(self, shape: Shape) -> int:
        """Return the number of multiplications: every weight once."""
        return arithmetic.multiplications((), (), shape[0], self.units)

    def field(self, before: ReceptiveField, units: Shape, shape: Shape) -> ReceptiveField:
        """Return the receptive field of all units of the input together."""
        return before.after(Window(units, units))

    def extent(self, units: Shape, shape: Shape) -> Shape:
        """Return one unit along each axis."""
        return (1,) * len(units)

    def apply(self, x: NDArray, *arrays: NDArray | None) -> NDArray:
        """Return the weighted sums of a batch, in the type of the batch."""
        weight, bias = weight_and_bias(arrays)
        x = x.astype(dtypes.derived(x.dtype), copy=False)
        with np.errstate(invalid="ignore", over="ignore"):  # infinity and NaN are valid values
            x, weight = dtypes.ordered(x), dtypes.ordered(weight.astype(x.dtype, copy=False))
            small = len(x) * weight.size <= _FEW_PRODUCTS
            result = np.einsum("ni,ui->nu", x, weight) if small else x @ weight.T
            return result if bias is None else result + bias.astype(x.dtype)

    def differentiate(self, x: NDArray, arrays: Arrays, mode: Mode) -> tuple[NDArray, Pullback]:
        """Return the weighted sums of a batch, and the function that computes their gradients."""
        weight, bias = weight_and_bias(arrays)

        def pullback(gradient: NDArray) -> tuple[NDArray, Arrays]:
            with np.errstate(invalid="ignore", over="ignore"):
                before = gradient @ weight.astype(gradient.dtype, copy=False)
                of_weight = gradient.T @ x.astype(gradient.dtype, copy=False)
            return before, (of_weight, None if bias is None else gradient.sum(axis=0))

        return self.apply(x, *arrays), pullback


def weight_and_bias(arrays: Arrays) -> tuple[NDArray, NDArray | None]:
    """Return the weight and the bias of a layer; None for a layer without bias."""
    weight = arrays[0]
    assert weight is not None
    return weight, arrays[1]


def fixed(value: Any) -> Any:
    """Return lists and arrays as tuples, so that layers can be compared and hashed."""
    value = value.tolist() if isinstance(value, np.ndarray) else value
    return tuple(map(fixed, value)) if isinstance(value, list | tuple) else value


def spatial(shape: Shape) -> Shape:
    """Return the spatial part of a shape. It must not be empty."""
    if len(shape) < 2:
        raise ValueError(f"the input must have spatial axes, got shape {shape}")
    return shape[1:]


def times(value: Any, shape: Shape) -> str:
    """Return the sizes of a window as text, for example 3x5."""
    return "x".join(map(str, arguments.each(value, len(shape) - 1, "size")))
