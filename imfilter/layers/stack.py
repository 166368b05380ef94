"""A stack of layers: its table of shapes and costs, and a forward pass with given weights."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from imfilter._base import arguments, dtypes
from imfilter.layers import arithmetic
from imfilter.layers.base import Layer, Shape
from imfilter.layers.receptive import ReceptiveField
from imfilter.layers.specs import Dense, GlobalPool
from imfilter.typing import ArrayLike, DTypeLike, NDArray

__all__ = ["Memory", "Row", "Stack"]

Pair = tuple[NDArray | None, NDArray | None]


class Row(NamedTuple):
    """A row of the table of a stack.

    Attributes
    ----------
    name, kind : str
        Name of the layer, and its class. For the first row, 'input' and 'Input'.
    shape : tuple of int
        Shape of the result for one image: ``(channels, *spatial)``, or (units,).
    parameters : int
        Number of weights and biases.
    multiplications : int
        Number of multiplications for one image, each with an addition. Pools and activations have none.
    activations : int
        Number of elements of the result. 0 for activations and for flattening, which can reuse the memory of
        their input.
    receptive_field : ReceptiveField
        Receptive field of a unit.
    """

    name: str
    kind: str
    shape: Shape
    parameters: int
    multiplications: int
    activations: int
    receptive_field: ReceptiveField


class Memory(NamedTuple):
    """Memory of a stack in bytes.

    Attributes
    ----------
    parameters : int
        Bytes of all weights and biases.
    activations : int
        Bytes of the input and of the results of all layers for one image, if all are kept, as in training.
    """

    parameters: int
    activations: int


@dataclass(frozen=True)
class Stack:
    """A sequence of layers.

    Parameters
    ----------
    layers : sequence of layers
        The layers: `Conv`, `Pool`, `GlobalPool`, `Activation`, `Flatten` and `Dense`. They are counted from
        1.
    input_shape : tuple of int
        Shape of one image, ``(channels, *spatial)`` with 1 to 3 spatial axes, or (units,).

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong type or value, or if a layer does not fit to its input. The message
        contains the number and the name of the layer.

    Examples
    --------
    >>> from imfilter.layers import Activation, Conv, Dense, Flatten, Pool, Stack
    >>> stack = Stack(
    ...     [Conv(8, 3, padding=1), Activation("relu"), Pool(2), Flatten(), Dense(10, name="fc")],
    ...     input_shape=(1, 28, 28),
    ... )
    >>> print(stack)
       name   layer                   output  parameters  multiplications  activations  field
    0  input  input                  1x28x28           0                0          784    1x1
    1  conv1  conv 3x3, relu         8x28x28          80           56,448        6,272    3x3
    3  pool1  max pool 2x2, flatten  8x14x14           0                0        1,568    4x4
    5  fc     dense                       10      15,690           15,680           10  30x30
       total                                      15,770           72,128        8,634
    <BLANKLINE>
    in float32: 63.1 kB of parameters, 34.5 kB of activations for one image
    """

    layers: Sequence[Layer]
    input_shape: Sequence[int]

    def __post_init__(self) -> None:
        shape = tuple(
            arguments.integer(n, "input_shape", least=1)
            for n in arguments.each(self.input_shape, None, "input_shape")
        )
        if not 1 <= len(shape) <= 4:
            raise ValueError(
                f"input_shape must be (channels, *spatial) with at most 3 spatial axes, got {shape}"
            )
        object.__setattr__(self, "input_shape", shape)
        if isinstance(self.layers, Layer) or not isinstance(self.layers, Sequence):
            raise TypeError(f"layers must be a sequence of layers, got {self.layers!r}")
        object.__setattr__(self, "layers", tuple(self.layers))
        for number, layer in enumerate(self.layers, 1):
            if not isinstance(layer, Layer):
                raise TypeError(f"layer {number} must be a layer, such as Conv(8, 3), got {layer!r}")
        self._rows  # noqa: B018  (which checks that all fit together)

    @functools.cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the layers: the given name, or the kind and its number."""
        names: list[str] = []
        counts: dict[str, int] = {}
        for number, layer in enumerate(self.layers, 1):
            kind = type(layer).__name__.lower()
            counts[kind] = counts.get(kind, 0) + 1
            name = f"{kind}{counts[kind]}" if layer.name is None else layer.name
            if not isinstance(name, str):
                raise TypeError(f"layer {number}: name must be a string, got {name!r}")
            if name in names:
                raise ValueError(
                    f"layer {number} must have a unique name, got {name!r}, "
                    f"which layer {names.index(name) + 1} has"
                )
            names.append(name)
        return tuple(names)

    @functools.cached_property
    def _rows(self) -> tuple[Row, ...]:
        shape: Shape = tuple(self.input_shape)
        field = ReceptiveField.of_input(len(shape) - 1)
        units = shape[1:]  # number of units of a layer along each axis of the input
        rows = [Row("input", "Input", shape, 0, 0, math.prod(shape), field)]
        for number, layer in enumerate(self.layers, 1):
            with self._place(number):
                output = layer.output(shape)
                rows.append(
                    Row(
                        self.names[number - 1],
                        type(layer).__name__,
                        output,
                        layer.parameters(shape),
                        layer.multiplications(shape),
                        0 if layer.in_place else math.prod(output),
                        field := layer.field(field, units),
                    )
                )
            if len(output) > 1:
                units = output[1:]
            elif isinstance(layer, Dense | GlobalPool):
                units = (1,) * len(units)
            shape = output
        return tuple(rows)

    def table(self) -> tuple[Row, ...]:
        """Return a row for the input and one for each layer. Row i is layer i.

        Returns
        -------
        tuple of Row
            Name, kind, output shape, parameters, multiplications, activations and receptive field.

        Examples
        --------
        >>> from imfilter.layers import Dense, Stack
        >>> row = Stack([Dense(10)], input_shape=(84,)).table()[1]
        >>> row.name, row.kind, row.shape, row.parameters
        ('dense1', 'Dense', (10,), 850)
        """
        return self._rows

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """Shape of the input, and of the result of each layer."""
        return tuple(row.shape for row in self._rows)

    @property
    def parameters(self) -> int:
        """Weights and biases of all layers."""
        return sum(row.parameters for row in self._rows)

    @property
    def multiplications(self) -> int:
        """Multiplications for one image."""
        return sum(row.multiplications for row in self._rows)

    @property
    def activations(self) -> int:
        """Number of elements of the input and of all results for one image. Activations work in place."""
        return sum(row.activations for row in self._rows)

    def memory(self, dtype: DTypeLike = "float32") -> Memory:
        """Return the memory of the parameters and of the activations in bytes.

        Parameters
        ----------
        dtype : dtype, optional
            Element type of both. Default float32.

        Returns
        -------
        Memory
            Bytes of `parameters` and of `activations`, for one image.

        Raises
        ------
        TypeError
            If `dtype` is not a real NumPy dtype.

        Examples
        --------
        >>> from imfilter.layers import networks
        >>> networks.lenet5().memory("float64")
        Memory(parameters=493648, activations=72944)
        """
        return Memory(arithmetic.memory(self.parameters, dtype), arithmetic.memory(self.activations, dtype))

    def forward(self, x: ArrayLike, weights: Any) -> NDArray:
        """Apply the layers to an image or a batch of images.

        Parameters
        ----------
        x : array_like
            One image of shape `input_shape`, or a batch of shape ``(N, *input_shape)``. The method does not
            change it.
        weights : sequence or mapping
            A pair (weight, bias) for each layer with weights: a sequence in the order of the layers, or a
            mapping from the names of the layers. Without bias, the entry is (weight, None) or the array of
            weights. The weight of a `Conv` has shape ``(out_channels, channels/groups, *kernel)``, that of a
            `Dense` has shape (units, inputs). A bias has shape (out_channels,) or (units,).

        Returns
        -------
        ndarray
            Result of the last layer. For a batch, the first axis is N. Its dtype is float32 for bool, 8- and
            16-bit integers, float16 and float32; float64 for other types.

        Raises
        ------
        TypeError
            If an array does not contain real numbers, or if `weights` has the wrong structure.
        ValueError
            If shapes do not fit. The message names the layer.

        Examples
        --------
        >>> import numpy as np
        >>> from imfilter.layers import Activation, Dense, Stack
        >>> stack = Stack([Dense(2, name="fc"), Activation("relu")], input_shape=(3,))
        >>> stack.forward([1.0, 2.0, 3.0], {"fc": (np.ones((2, 3)), [-4, -10])})
        array([2., 0.])
        """
        image = arguments.image(x, "x")
        shape = tuple(self.input_shape)
        single = image.ndim == len(shape)
        if image.shape[0 if single else 1 :] != shape:
            batch = ", ".join(map(str, ("N", *shape)))
            raise ValueError(f"x must have shape {shape} or ({batch}), got {image.shape}")
        pairs = self._pairs(weights)
        # A copy, because layers work in place. In C order, because the order affects the rounding of softmax.
        values = np.array(image, dtypes.derived(image.dtype), order="C")
        values = values[None] if single else values
        for number, (layer, pair) in enumerate(zip(self.layers, pairs, strict=True), 1):
            count = len(values)
            values = layer.apply(values, *pair)
            if values.shape != (count, *self.shapes[number]):
                raise ValueError(
                    f"{self._title(number)}: the result must be of shape "
                    f"{(count, *self.shapes[number])}, got {values.shape}"
                )
        return values[0] if single else values

    def _pairs(self, weights: Any) -> list[Pair]:
        """Return the weight and bias of each layer, checked; None where it has none."""
        holders = [
            n for n, layer in enumerate(self.layers, 1) if layer.weight_shape(self.shapes[n - 1]) is not None
        ]
        names = [self.names[n - 1] for n in holders]
        if isinstance(weights, Mapping):
            for name in weights:
                if name not in names:
                    raise ValueError(f"weights must be for {_listed(names)}, got some for {name!r}")
            missing = [name for name in names if name not in weights]
            if missing:
                raise ValueError(f"weights must be for {_listed(names)}, got none for {_listed(missing)}")
            entries = [weights[name] for name in names]
        elif isinstance(weights, list | tuple):
            if len(weights) != len(holders):
                raise ValueError(
                    f"weights must have an entry for each of {len(holders)} layers ({_listed(names)}), "
                    f"got {len(weights)}"
                )
            entries = list(weights)
        else:
            raise TypeError(
                f"weights must be a list of (weight, bias) or a mapping by name, got {type(weights).__name__}"
            )
        pairs: list[Pair] = [(None, None)] * len(self.layers)
        for number, entry in zip(holders, entries, strict=True):
            with self._place(number):
                wanted = self.layers[number - 1].weight_shape(self.shapes[number - 1])
                assert wanted is not None
                pairs[number - 1] = _pair(entry, wanted, getattr(self.layers[number - 1], "bias", False))
        return pairs

    def _title(self, number: int) -> str:
        """Return a layer as errors name it."""
        return f"layer {number} ({type(self.layers[number - 1]).__name__} {self.names[number - 1]!r})"

    @contextmanager
    def _place(self, number: int) -> Iterator[None]:
        """Put the name of a layer before an error in it."""
        title = self._title(number)
        try:
            yield
        except (TypeError, ValueError) as error:
            raise type(error)(f"{title}: {error}") from None

    def __str__(self) -> str:
        from imfilter.layers.text import rendered

        return rendered(self)


def _pair(entry: Any, wanted: Shape, has_bias: bool) -> Pair:
    """Return the weight and bias of one layer, of the shape they must have."""
    if isinstance(entry, np.ndarray):
        entry = (entry, None)
    if not isinstance(entry, tuple | list) or len(entry) != 2:
        raise TypeError(f"weights must be a pair (weight, bias), got {type(entry).__name__}")
    weight = arguments.image(entry[0], "weight")
    if weight.shape != wanted:
        raise ValueError(f"weight must be of shape {wanted}, got {weight.shape}")
    if not has_bias:
        if entry[1] is not None:
            raise ValueError("bias must be None for a layer with bias=False")
        return weight, None
    if entry[1] is None:
        raise ValueError(f"bias must be of shape {wanted[:1]}, got None")
    bias = arguments.image(entry[1], "bias")
    if bias.shape != wanted[:1]:
        raise ValueError(f"bias must be of shape {wanted[:1]}, got {bias.shape}")
    return weight, bias


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names)) or "no layer"
