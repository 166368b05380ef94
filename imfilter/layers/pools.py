"""Pooling layers: shapes, computation and gradients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from imfilter._base import arguments
from imfilter.layers import arithmetic
from imfilter.layers.base import Arrays, Mode, Pullback, Shape, SingleLayer
from imfilter.layers.receptive import ReceptiveField, Window
from imfilter.layers.specs import fixed, spatial, times
from imfilter.typing import NDArray

__all__ = ["GlobalPool", "Pool"]

_REDUCES = ("max", "mean")


@dataclass(frozen=True)
class Pool(SingleLayer):
    """Max pooling or average pooling of each channel.

    Parameters
    ----------
    size : int or sequence of int
        Size of the window: one for all axes, or one for each.
    stride : int or sequence of int, optional
        Distance between neighbouring windows. Default: `size`.
    padding : int or sequence of int, optional
        Number of padding samples before and after each axis, at most half the window: one for all axes, or
        one for each. For a mean they count as zeros. Default 0.
    reduce : {'max', 'mean'}, optional
        How a window is reduced to one sample. Default 'max'.
    ceil_mode : bool, optional
        Whether samples that are left over get a last window that reaches beyond the padded image. Default
        False.
    name : str, optional
        Name in tables and error messages. Default: the kind and its number.

    Examples
    --------
    >>> from imfilter.layers import Pool, Stack
    >>> Stack([Pool(2), Pool(3, stride=2, reduce="mean")], input_shape=(3, 32, 32)).shapes
    ((3, 32, 32), (3, 16, 16), (3, 7, 7))
    """

    size: Any
    stride: Any = None
    padding: Any = 0
    reduce: str = "max"
    ceil_mode: bool = False
    name: str | None = None

    def __post_init__(self) -> None:
        for name in ("size", "stride", "padding"):
            object.__setattr__(self, name, fixed(getattr(self, name)))

    def output(self, shape: Shape) -> Shape:
        """Return the shape of the result, or raise an error if the input does not fit."""
        lengths = spatial(shape)
        arguments.word(self.reduce, "reduce", _REDUCES)
        sizes = arguments.integers(self.size, len(lengths), "size", least=1)
        arithmetic.pool_padding(self.padding, sizes, self.size)
        extent = arithmetic.output_shape(
            lengths, sizes, stride=self._step(), padding=self._sides(lengths), ceil_mode=self.ceil_mode
        )
        return shape[0], *extent

    def field(self, before: ReceptiveField, units: Shape, shape: Shape) -> ReceptiveField:
        """Return the receptive field of a unit."""
        return before.after(Window(self.size, self._step(), self._sides(units)))

    def apply(self, x: NDArray, *arrays: NDArray | None) -> NDArray:
        """Return the pooled batch."""
        import imfilter

        pool: Callable[..., NDArray] = imfilter.max_pool if self.reduce == "max" else imfilter.avg_pool
        return pool(
            x,
            self.size,
            stride=self._step(),
            padding=self.padding,
            ceil_mode=self.ceil_mode,
            axes=tuple(range(2, x.ndim)),
        )

    def differentiate(self, x: NDArray, arrays: Arrays, mode: Mode) -> tuple[NDArray, Pullback]:
        """Return the pooled batch, and the function that computes the gradient."""
        of_pool = _gradient(self.reduce)

        def pullback(gradient: NDArray) -> tuple[NDArray, Arrays]:
            before = of_pool(
                gradient, x, self.size, stride=self._step(), padding=self.padding, ceil_mode=self.ceil_mode
            )
            return before, ()

        return self.apply(x), pullback

    def text(self, shape: Shape) -> str:
        """Return the text of the layer in a table."""
        stride = "" if self._step() == self.size else f", stride {times(self.stride, shape)}"
        return f"{self.reduce} pool {times(self.size, shape)}{stride}"

    def _step(self) -> Any:
        return self.size if self.stride is None else self.stride

    def _sides(self, lengths: Shape) -> list[tuple[int, int]]:
        """Return the padding as pairs (before, after) for each axis."""
        return [(p, p) for p in arguments.each(self.padding, len(lengths), "padding")]


@dataclass(frozen=True)
class GlobalPool(SingleLayer):
    """Global pooling: the mean or the maximum of each channel. The result has no spatial axes.

    Parameters
    ----------
    reduce : {'mean', 'max'}, optional
        How a channel is reduced to one number. Default 'mean'.
    name : str, optional
        Name in tables and error messages. Default: the kind and its number.

    Examples
    --------
    >>> from imfilter.layers import GlobalPool, Stack
    >>> Stack([GlobalPool()], input_shape=(64, 7, 7)).shapes
    ((64, 7, 7), (64,))
    """

    reduce: str = "mean"
    name: str | None = None

    def output(self, shape: Shape) -> Shape:
        """Return (channels,)."""
        arguments.word(self.reduce, "reduce", _REDUCES)
        spatial(shape)
        return shape[:1]

    def field(self, before: ReceptiveField, units: Shape, shape: Shape) -> ReceptiveField:
        """Return the receptive field of all units of the input together."""
        return before.after(Window(units, units))

    def extent(self, units: Shape, shape: Shape) -> Shape:
        """Return one unit along each axis."""
        return (1,) * len(units)

    def apply(self, x: NDArray, *arrays: NDArray | None) -> NDArray:
        """Return one value for each channel of a batch."""
        import imfilter

        pool: Callable[..., NDArray] = imfilter.global_pool
        return pool(x, self.reduce, axes=tuple(range(2, x.ndim))).reshape(x.shape[:2])

    def differentiate(self, x: NDArray, arrays: Arrays, mode: Mode) -> tuple[NDArray, Pullback]:
        """Return one value for each channel of a batch, and the function that computes the gradient."""
        of_pool = _gradient(self.reduce)

        def pullback(gradient: NDArray) -> tuple[NDArray, Arrays]:
            one = (1,) * (x.ndim - 2)
            return of_pool(gradient.reshape(*gradient.shape, *one), x, x.shape[2:]), ()

        return self.apply(x), pullback

    def text(self, shape: Shape) -> str:
        """Return the text of the layer in a table."""
        return f"global {self.reduce} pool"


def _gradient(reduce: str) -> Callable[..., NDArray]:
    """Return the function that computes the gradient of a pool."""
    from imfilter.layers import pool_gradients

    return pool_gradients.max_pool_gradient if reduce == "max" else pool_gradients.avg_pool_gradient
