"""Kernels fitted to pairs of input and target images by least squares."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np

from imfilter._base import arguments, borders, html, threads
from imfilter._base.keywords import hinted
from imfilter._base.padding import Padding, resolve
from imfilter._filters.learn import least_squares, normal_equations
from imfilter.convolution import correlate
from imfilter.typing import ArrayLike, NDArray


@dataclass(frozen=True, eq=False)
class FittedKernel:
    """A kernel and bias fitted by `imfilter.fit_kernel`, with the error of the fit.

    Attributes
    ----------
    kernel : ndarray
        Weights for `imfilter.correlate`, float64. Their shape is the `shape` of the fit. With `channel_axis`
        it is ``(channels, *shape)``, or ``(outputs, channels, *shape)`` if the targets have channels, too.
    bias : float or ndarray
        Number added to every sum. It is an array of shape (outputs,) if the targets have channels.
    residual : float or ndarray
        Root mean square of the difference between results and targets. It is an array of shape (outputs,) if
        the targets have channels.
    samples : int
        Number of target samples in the fit, for one output channel.
    padding, mode, cval, axes, channel_axis
        The arguments of `imfilter.fit_kernel`.

    Examples
    --------
    >>> import imfilter
    >>> import numpy as np
    >>> image = np.random.default_rng(0).random((30, 30))
    >>> fitted = imfilter.fit_kernel(image, 2 * imfilter.box(image, 3), (3, 3))
    >>> fitted.kernel.round(3)
    array([[0.222, 0.222, 0.222],
           [0.222, 0.222, 0.222],
           [0.222, 0.222, 0.222]])
    >>> np.allclose(fitted.apply(image), 2 * imfilter.box(image, 3))
    True
    """

    kernel: NDArray[np.float64]
    bias: Any
    residual: Any
    samples: int
    padding: Any = "same"
    mode: str = "mirror"
    cval: float = 0.0
    axes: Any = None
    channel_axis: int | None = None

    def apply(self, image: ArrayLike, *, workers: int | None = None) -> NDArray:
        """Correlate an image with the kernel. With `channel_axis`, the channels are summed.

        Parameters
        ----------
        image : array_like
            Image with the same axes as the inputs of the fit.
        workers : int, optional
            Number of threads. Default: every core that this process may use. The result does not depend on
            it.

        Returns
        -------
        ndarray
            Array with the same axes as the targets of the fit. Its dtype is float32 for bool, 8- and 16-bit
            integers, float16 and float32; float64 for wider types.

        Raises
        ------
        TypeError, ValueError
            If `imfilter.correlate` raises it, or if the image has another number of channels than the inputs
            of the fit.
        """
        array = arguments.image(image)
        border_of = {"padding": self.padding, "mode": self.mode, "cval": self.cval, "workers": workers}
        if self.channel_axis is None:
            return correlate(array, self.kernel, bias=self.bias, axes=self.axes, **border_of)
        filtered = arguments.axes(array, self.axes, self.channel_axis)
        channel = arguments.axis_index(self.channel_axis, array.ndim, "channel_axis")
        kernels = self.kernel if np.ndim(self.bias) else self.kernel[None]
        if array.shape[channel] != kernels.shape[1]:
            raise ValueError(
                f"image must have {kernels.shape[1]} channels along channel_axis={self.channel_axis}, "
                f"got shape {array.shape}"
            )
        axes = tuple(axis - (axis > channel) for axis in filtered)
        planes = np.moveaxis(array, channel, 0)
        results = []
        for weights, bias in zip(kernels, np.atleast_1d(self.bias), strict=True):
            total = correlate(planes[0], weights[0], bias=bias, axes=axes, **border_of)
            for plane, taps in zip(planes[1:], weights[1:], strict=True):
                total += correlate(plane, taps, axes=axes, **border_of)
            results.append(total)
        return np.stack(results, axis=channel) if np.ndim(self.bias) else results[0]

    def _repr_html_(self) -> str:
        facts = [
            ("kernel", " x ".join(map(str, self.kernel.shape))),
            ("bias", _numbers(self.bias)),
            ("residual", _numbers(self.residual)),
            ("samples", f"{self.samples:,}"),
            ("padding", self.padding),
            ("mode", f"{self.mode}, cval={self.cval:.4g}" if self.mode == "constant" else self.mode),
        ]
        weights = self.kernel.reshape(-1, self.kernel.shape[-1])
        small = self.kernel.ndim <= 2 and max(weights.shape) <= _MOST_SHOWN
        shown = [tuple(f"{weight:.4g}" for weight in row) for row in weights] if small else []
        columns = range(len(shown[0]) if shown else 0)
        return html.table(facts) + (
            html.table(shown, names=False, numbers=columns, title="weights") if shown else ""
        )


#: Longest side of a kernel, and largest number of outputs, whose numbers a notebook shows.
_MOST_SHOWN = 9


def _numbers(values: Any) -> str:
    """Return one number or several as text."""
    found = np.ravel(values)
    more = ", ..." if found.size > _MOST_SHOWN else ""
    return ", ".join(f"{value:.4g}" for value in found[:_MOST_SHOWN]) + more


@hinted
def fit_kernel(
    inputs: Any,
    targets: Any,
    shape: Any,
    *,
    bias: bool = True,
    ridge: float = 0.0,
    padding: Any = "same",
    mode: str = "mirror",
    cval: float = 0.0,
    axes: Any = None,
    channel_axis: int | None = None,
    workers: int | None = None,
) -> FittedKernel:
    """Fit a kernel and bias to pairs of input and target images by least squares.

    The fit minimises the sum of ``(correlate(input, kernel, bias=bias) - target)**2`` over all samples, plus
    `ridge` times the sum of the squared taps. The solution is unique and has a closed form. It is computed in
    float64 and in blocks, so memory does not grow with the images.

    Parameters
    ----------
    inputs : array_like or sequence of ndarray
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A list
        or tuple of NumPy arrays is several images, which may have different shapes. Bool, integers or floats.
    targets : array_like or sequence of ndarray
        Wanted result for each input. It has the shape of the result of `imfilter.correlate`. With
        ``padding="valid"`` it may have the shape of the input instead: then its border samples are ignored.
    shape : int or sequence of int
        Shape of the kernel: one length for all filtered axes, or one for each. The centre of an even kernel
        is the same as in `imfilter.correlate`.
    bias : bool, optional
        Whether to fit a number that is added to every sum. Default True.
    ridge : float, optional
        Ridge (L2) regularisation: weight of the squared taps, at least 0. The bias is not regularised. Use it
        if the examples are too few or too similar. Default 0.
    padding : {'same', 'valid'}, int or sequence, optional
        Number of border samples, as for `imfilter.correlate`. Default 'same'.
    mode : {'mirror', 'symmetric', 'edge', 'wrap', 'zero', 'constant'}, optional
        How the inputs continue beyond their border, as for `imfilter.correlate`. Default 'mirror'.
    cval : float, optional
        Value beyond the border with ``mode="constant"``. Default 0.
    axes : int or tuple of int, optional
        One to three axes to filter. The other axes are batch axes, which hold more examples. Default: all
        axes except `channel_axis`.
    channel_axis : int, optional
        Axis of the input channels. Each channel is correlated with its own kernel, and the results are
        summed. The targets have the same axis with any number of channels, or no such axis. Default: no
        channel axis.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    FittedKernel
        Object with the attributes `kernel`, `bias`, `residual` (root mean square error) and `samples`, and
        the method ``apply(image)``. The kernel has the shape `shape`. With `channel_axis` it has the shape
        ``(channels, *shape)``, or ``(outputs, channels, *shape)`` if the targets have channels.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value, or if the examples do not determine the kernel because they are
        constant, too few or too similar. The message names the next step.

    See Also
    --------
    correlate : The filter that uses the kernel.
    numpy.linalg.lstsq : The same from a matrix of all neighbourhoods.
    sklearn.linear_model.Ridge : The same from such a matrix, with ``alpha=ridge``.

    References
    ----------
    S. Haykin, *Adaptive Filter Theory*, 5th ed., 2014, chapter 9, for the method of least squares.
    A. Björck, *Numerical Methods for Least Squares Problems*, 1996, section 6.6, for corrected normal
    equations.

    Examples
    --------
    >>> import imfilter
    >>> import numpy as np
    >>> noise = np.random.default_rng(0).normal(size=(50, 60))
    >>> found = imfilter.fit_kernel(noise, imfilter.sobel(noise, axis=1) + 7, 3)
    >>> found.kernel.round(6) + 0.0
    array([[-1.,  0.,  1.],
           [-2.,  0.,  2.],
           [-1.,  0.,  1.]])
    >>> round(found.bias, 6)
    7.0
    """
    images, goals = _arrays(inputs, "inputs"), _arrays(targets, "targets")
    if len(images) != len(goals):
        raise ValueError(f"targets must have one image for each of {len(images)} inputs, got {len(goals)}")
    biased, weight = arguments.flag(bias, "bias"), arguments.number(ridge, "ridge")
    if weight < 0:
        raise ValueError(f"ridge must not be negative, got {weight}")
    borders.check_mode(mode)
    beyond, workers = arguments.beyond(cval, mode, finite=True), threads.requested(workers)
    layouts = [_Layout.of(image, shape, padding, axes, channel_axis) for image in images]
    cases = [layout.example(image, goal) for layout, image, goal in zip(layouts, images, goals, strict=True)]
    outputs = {layout.outputs(goal) for layout, goal in zip(layouts, goals, strict=True)}
    _alike({(layout.taps, layout.channels) for layout in layouts}, images, "inputs")
    _alike(outputs, goals, "targets")
    taps, channels = layouts[0].taps, layouts[0].channels
    examples = normal_equations.Examples(tuple(cases), _three(taps), mode, beyond)
    unknowns = math.prod(taps) * channels + biased
    if examples.samples < unknowns and not weight:
        raise ValueError(
            f"targets must have at least {unknowns} samples, one for each weight of the fit, "
            f"got {examples.samples}; use more examples, a smaller shape or ridge > 0"
        )
    found = least_squares.fit(examples, biased, weight, workers)
    kernel, level, residual = found.kernel.reshape(-1, channels, *taps), found.bias, found.residual
    if not biased:
        level = np.zeros_like(level)
    if channel_axis is None:
        kernel = kernel[:, 0]
    settings = {"padding": padding, "mode": mode, "cval": beyond, "axes": axes, "channel_axis": channel_axis}
    if outputs == {None}:
        return FittedKernel(kernel[0], float(level[0]), float(residual[0]), examples.samples, **settings)
    return FittedKernel(kernel, level, residual, examples.samples, **settings)


def _arrays(value: Any, name: str) -> list[NDArray]:
    """Return a list of images, from one image or from a list or tuple of NumPy arrays."""
    if isinstance(value, list | tuple) and value and all(isinstance(v, np.ndarray) for v in value):
        return [arguments.image(v, name) for v in value]
    return [arguments.image(value, name)]


class _Layout(NamedTuple):
    """The filtered axes, the channel axis and the padding of an input."""

    shape: tuple[int, ...]
    axes: tuple[int, ...]
    channel: int | None
    taps: tuple[int, ...]
    paddings: tuple[Padding, ...]
    valid: bool

    @classmethod
    def of(cls, image: NDArray, shape: Any, pad: Any, axes: Any, channel_axis: Any) -> Self:
        chosen = arguments.axes(image, axes, channel_axis, "inputs")
        channel = (
            None if channel_axis is None else arguments.axis_index(channel_axis, image.ndim, "channel_axis")
        )
        taps = arguments.integers(shape, len(chosen), "shape", least=1)
        single = (1,) * len(chosen)
        lengths = [image.shape[a] for a in chosen]
        paddings = resolve(pad, lengths, taps, single, single, flipped=False)
        return cls(image.shape, chosen, channel, taps, paddings, isinstance(pad, str) and pad == "valid")

    @property
    def channels(self) -> int:
        """Number of channels of the input."""
        return 1 if self.channel is None else self.shape[self.channel]

    def outputs(self, target: NDArray) -> int | None:
        """Return the number of channels of a target, or None if it has no channel axis."""
        if self.channel is None or target.ndim < len(self.shape):
            return None
        return target.shape[self.channel]

    def example(self, image: NDArray, target: NDArray) -> normal_equations.Example:
        """Return an input and its target with the same order of axes."""
        if self.channel is not None and target.ndim == len(self.shape) - 1:
            target = np.expand_dims(target, self.channel)
        whole = list(self.shape)
        if self.channel is not None and target.ndim == len(whole):
            whole[self.channel] = target.shape[self.channel]
        wanted, inner = list(whole), [slice(None)] * len(whole)
        for axis, n, pad in zip(self.axes, self.taps, self.paddings, strict=True):
            wanted[axis] = pad.length
            inner[axis] = slice(n // 2, n // 2 + pad.length)
        if self.valid and target.shape == tuple(whole):
            target = target[tuple(inner)]
        if target.shape != tuple(wanted):
            raise ValueError(
                f"targets must have shape {tuple(wanted)} for an input of shape {self.shape}, "
                f"got {target.shape}"
            )
        paddings = (Padding(0, 0, 1),) * (3 - len(self.axes)) + self.paddings
        return normal_equations.Example(self._ordered(image), self._ordered(target), paddings)

    def _ordered(self, array: NDArray) -> NDArray:
        """Return an array with one batch axis, one channel axis and three filtered axes."""
        channels = () if self.channel is None else (self.channel,)
        batch = [a for a in range(array.ndim) if a not in (*channels, *self.axes)]
        array = array.transpose(*batch, *channels, *self.axes)
        size, lengths = array.shape[len(batch)] if channels else 1, array.shape[-len(self.axes) :]
        return array.reshape(-1, size, *_three(lengths))


def _three(lengths: tuple[int, ...]) -> tuple[int, int, int]:
    """Return the lengths of one to three filtered axes as three lengths."""
    z, y, x = (1,) * (3 - len(lengths)) + lengths
    return z, y, x


def _alike(kinds: set[Any], arrays: list[NDArray], name: str) -> None:
    if len(kinds) > 1:
        shapes = ", ".join(sorted({str(array.shape) for array in arrays}))
        raise ValueError(
            f"{name} must all have the same number of filtered axes and channels, got shapes {shapes}"
        )
