"""Receptive fields: the input samples that a unit of a layer depends on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Self

from imfilter._base import arguments
from imfilter._base.padding import resolve

__all__ = ["ReceptiveField", "Window", "receptive_fields"]


class Window(NamedTuple):
    """The window of a layer. Each argument is one value for all axes, or a sequence with one for each.

    Parameters
    ----------
    kernel : int or sequence of int
        Size of the window.
    stride : int or sequence of int, optional
        Step between positions. Default 1.
    padding : {'same', 'valid'}, int or sequence, optional
        Number of border samples, as for `imfilter.layers.output_shape`. Default 0.
    dilation : int or sequence of int, optional
        Step between the samples of the window. Default 1.

    Examples
    --------
    >>> from imfilter.layers import Window, receptive_fields
    >>> receptive_fields([Window(3), Window(2, stride=2)])[-1].size
    (4, 4)
    """

    kernel: Any
    stride: Any = 1
    padding: Any = 0
    dilation: Any = 1


class ReceptiveField(NamedTuple):
    """The receptive field of the units of a layer along each axis, in samples of the input.

    Attributes
    ----------
    size : tuple of int
        Length of the receptive field. Strides and dilations may leave gaps in it.
    jump : tuple of int
        Distance between the receptive fields of neighbouring units.
    start : tuple of float
        Centre of the receptive field of the first unit. 0 is the first sample, 0.5 is between the first and
        the second sample.
    """

    size: tuple[int, ...]
    jump: tuple[int, ...]
    start: tuple[float, ...]

    @classmethod
    def of_input(cls, ndim: int) -> Self:
        """Return the receptive field of the input: each sample depends on itself.

        Parameters
        ----------
        ndim : int
            Number of axes.

        Returns
        -------
        ReceptiveField
            Receptive field with size 1, jump 1 and start 0.

        Examples
        --------
        >>> from imfilter.layers import ReceptiveField
        >>> ReceptiveField.of_input(1)
        ReceptiveField(size=(1,), jump=(1,), start=(0.0,))
        """
        return cls((1,) * ndim, (1,) * ndim, (0.0,) * ndim)

    def after(self, window: Window) -> ReceptiveField:
        """Return the receptive field of the next layer.

        Parameters
        ----------
        window : Window
            Window of the next layer.

        Returns
        -------
        ReceptiveField
            Receptive field of a unit of the next layer.

        Raises
        ------
        TypeError, ValueError
            If an argument of the window has the wrong type or value.

        Examples
        --------
        >>> from imfilter.layers import ReceptiveField, Window
        >>> ReceptiveField.of_input(1).after(Window(3, stride=2)).after(Window(3))
        ReceptiveField(size=(7,), jump=(2,), start=(3.0,))
        """
        n = len(self.size)
        taps = arguments.integers(window.kernel, n, "kernel", least=1)
        steps = arguments.integers(window.stride, n, "stride", least=1)
        gaps = arguments.integers(window.dilation, n, "dilation", least=1)
        reach = tuple(d * (k - 1) for k, d in zip(taps, gaps, strict=True))
        # The padding before an axis does not depend on its length, so any sufficient length is correct.
        sides = resolve(window.padding, [r + 1 for r in reach], taps, steps, gaps, flipped=False) if n else ()
        return ReceptiveField(
            tuple(size + r * jump for size, r, jump in zip(self.size, reach, self.jump, strict=True)),
            tuple(jump * s for jump, s in zip(self.jump, steps, strict=True)),
            tuple(
                start + (r / 2 - side.before) * jump
                for start, r, side, jump in zip(self.start, reach, sides, self.jump, strict=True)
            ),
        )

    @classmethod
    def around(cls, fields: Sequence[Self]) -> Self:
        """Return the smallest receptive field that contains others with the same jump.

        Parameters
        ----------
        fields : sequence of ReceptiveField
            Receptive fields of layers that have the same input, and whose results are joined.

        Returns
        -------
        ReceptiveField
            Receptive field of a unit of the joined result.

        Raises
        ------
        ValueError
            If the jumps differ, so that units at the same index do not belong together.

        Examples
        --------
        >>> from imfilter.layers import ReceptiveField, Window
        >>> point = ReceptiveField.of_input(1)
        >>> ReceptiveField.around([point, point.after(Window(5, padding=2))])
        ReceptiveField(size=(5,), jump=(1,), start=(0.0,))
        """
        jumps = {field.jump for field in fields}
        if len(jumps) != 1:
            raise ValueError(f"fields must have one jump, got {sorted(jumps)}")
        reaches = [
            [
                (start - (size - 1) / 2, start + (size - 1) / 2)
                for start, size in zip(f.start, f.size, strict=True)
            ]
            for f in fields
        ]
        ends = [
            (min(low for low, _ in axis), max(high for _, high in axis))
            for axis in zip(*reaches, strict=True)
        ]
        return cls(
            tuple(round(high - low) + 1 for low, high in ends),
            jumps.pop(),
            tuple((low + high) / 2 for low, high in ends),
        )

    def region(self, index: Any) -> tuple[tuple[int, int], ...]:
        """Return the region of the input that a unit depends on. It may reach into the padding.

        Parameters
        ----------
        index : int or sequence of int
            Index of the unit in its layer along each axis.

        Returns
        -------
        tuple of (int, int)
            First sample and end along each axis, as in a slice.

        Raises
        ------
        TypeError, ValueError
            If `index` is not an integer or one integer for each axis.

        Examples
        --------
        >>> from imfilter.layers import Window, receptive_fields
        >>> field = receptive_fields([Window(3, padding=1), Window(3, padding=1)])[-1]
        >>> field.region((0, 10))
        ((-2, 3), (8, 13))
        """
        n = len(self.size)
        places = [arguments.integer(i, "index") for i in arguments.each(index, n, "index")]
        firsts = [
            # Half a sample of the centre and half of the size cancel out.
            round(2 * start + 2 * i * jump - (size - 1)) // 2
            for start, i, jump, size in zip(self.start, places, self.jump, self.size, strict=True)
        ]
        return tuple((first, first + size) for first, size in zip(firsts, self.size, strict=True))


def receptive_fields(layers: Iterable[Any], *, ndim: int = 2) -> tuple[ReceptiveField, ...]:
    """Return the receptive field after each layer of a sequence.

    Parameters
    ----------
    layers : iterable of Window or tuple
        Window of each layer: (kernel, stride, padding, dilation). All but the kernel may be left out.
        Activations do not change the receptive field and may be left out.
    ndim : int, optional
        Number of spatial axes, 1 to 3. Default 2.

    Returns
    -------
    tuple of ReceptiveField
        The receptive field after each layer: `size`, `jump` and `start`.

    Raises
    ------
    TypeError, ValueError
        If a layer is not such a tuple, or if one of its entries has the wrong type or value.

    References
    ----------
    V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning", 2016.
    A. Araujo, W. Norris and J. Sim, "Computing receptive fields of convolutional neural networks", Distill,
    2019.

    Examples
    --------
    >>> from imfilter.layers import receptive_fields
    >>> for field in receptive_fields([(3, 1, 1), (2, 2), (3, 1, 2, 2)], ndim=1):
    ...     print(field)
    ReceptiveField(size=(3,), jump=(1,), start=(0.0,))
    ReceptiveField(size=(4,), jump=(2,), start=(0.5,))
    ReceptiveField(size=(12,), jump=(2,), start=(0.5,))
    """
    ndim = arguments.integer(ndim, "ndim", least=1, most=3)
    field = ReceptiveField.of_input(ndim)
    fields = []
    for number, layer in enumerate(layers, 1):
        if not isinstance(layer, tuple) or not 1 <= len(layer) <= len(Window._fields):
            raise TypeError(
                f"layer {number} must be a tuple (kernel, stride, padding, dilation), got {layer!r}"
            )
        try:
            field = field.after(Window(*layer))
        except (TypeError, ValueError) as error:
            raise type(error)(f"layer {number}: {error}") from None
        fields.append(field)
    return tuple(fields)
