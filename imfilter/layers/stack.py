"""A stack of layers: forward and backward passes with given weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from imfilter._base import arguments, dtypes
from imfilter.layers.activation import Activation
from imfilter.layers.base import Arrays, Mode
from imfilter.layers.folding import merged
from imfilter.layers.weighted import Weighted
from imfilter.typing import ArrayLike, NDArray

__all__ = ["Stack"]


@dataclass(frozen=True)
class Stack(Weighted):
    """A sequence of layers.

    Parameters
    ----------
    layers : sequence of layers
        The layers: `Conv`, `Dense`, `Pool`, `GlobalPool`, `Activation`, `BatchNorm`, `Dropout`, `Flatten`,
        and the layers `Residual` and `Branches`, which contain layers. They are counted from 1.
    input_shape : tuple of int
        Shape of one image, ``(channels, *spatial)`` with 1 to 3 spatial axes, or (units,).
    pytorch_names : mapping, optional
        Names of the layers in files of PyTorch's own implementation, by the names of the layers here.
        Default: none.

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

    def forward(self, x: ArrayLike, weights: Any, *, training: bool = False) -> NDArray:
        """Apply the layers to an image or a batch of images.

        Parameters
        ----------
        x : array_like
            One image of shape `input_shape`, or a batch of shape ``(N, *input_shape)``. The method does not
            change it.
        weights : sequence or mapping
            The arrays of each layer that has some: a sequence in the order of the layers, or a mapping from
            the names of the layers. The name of a layer inside another layer is the name of that layer, a dot
            and its own name, as in ``table(inside=True)``. An entry is a pair (weight, bias); without bias
            (weight, None) or the array of weights; for `BatchNorm` (weight, bias, running_mean, running_var);
            or a mapping from these words. The weight of a `Conv` has shape ``(out_channels, channels/groups,
            *kernel)``, that of a `Dense` has shape (units, inputs). A bias has shape (out_channels,) or
            (units,).
        training : bool, optional
            Whether `BatchNorm` normalizes with mean and variance of the batch. Default False.

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
        values, single = self._batch(x)
        mode = Mode(training=arguments.flag(training, "training"))
        values = self._sequence.forward(values, self._checked(weights), "", mode)
        return values[0] if single else values

    def backward(
        self,
        x: ArrayLike,
        weights: Any,
        gradient: ArrayLike,
        *,
        training: bool = False,
        guided: bool = False,
    ) -> tuple[NDArray, dict[str, Arrays]]:
        """Compute the gradients of the input and of all arrays (backpropagation).

        Parameters
        ----------
        x : array_like
            One image of shape `input_shape`, or a batch of shape ``(N, *input_shape)``.
        weights : sequence or mapping
            The arrays of the layers, as for `forward`.
        gradient : array_like
            Derivatives of a loss with respect to the result of `forward`, in its shape.
        training : bool, optional
            Whether `BatchNorm` normalizes with mean and variance of the batch. Default False.
        guided : bool, optional
            Whether only positive gradients pass through each 'relu' and 'relu6' (guided backpropagation).
            Default False.

        Returns
        -------
        input_gradient : ndarray
            Derivatives with respect to `x`, in its shape.
        weight_gradients : dict
            For each layer with arrays, the derivatives with respect to them, by the name of the layer. They
            are sums over the batch. None stands for `running_mean` and `running_var`.

        Raises
        ------
        TypeError, ValueError
            As for `forward`, and if `gradient` has another shape than the result. The message names the
            layer.

        References
        ----------
        D. E. Rumelhart, G. E. Hinton and R. J. Williams, "Learning representations by back-propagating
        errors", *Nature* 323, 1986.
        J. T. Springenberg, A. Dosovitskiy, T. Brox and M. Riedmiller, "Striving for simplicity: the all
        convolutional net", 2014 (guided backpropagation).

        Examples
        --------
        >>> from imfilter.layers import Activation, Dense, Stack
        >>> stack = Stack([Dense(2, name="fc"), Activation("relu")], input_shape=(2,))
        >>> weights = {"fc": ([[1.0, 2.0], [3.0, 4.0]], [0.0, -9.0])}
        >>> of_x, of_weights = stack.backward([1.0, 1.0], weights, [1.0, 1.0])
        >>> of_x
        array([1., 2.])
        >>> of_weights["fc"]
        (array([[1., 1.],
               [0., 0.]]), array([1., 0.]))
        """
        values, single = self._batch(x)
        mode = Mode(arguments.flag(training, "training"), arguments.flag(guided, "guided"))
        result, backward = self._sequence.traced(values, self._checked(weights), "", mode)
        slopes = arguments.image(gradient, "gradient")
        slopes = slopes[None] if single else slopes
        if slopes.shape != result.shape:
            wanted = result.shape[1:] if single else result.shape
            raise ValueError(f"gradient must be of shape {wanted}, got {np.shape(gradient)}")
        found: dict[str, Arrays] = {}
        before = backward(slopes.astype(result.dtype), found)  # a copy, which layers may pass on
        ordered = {leaf.path: found[leaf.path] for leaf in self._leaves if leaf.path in found}
        return before[0] if single else before, ordered

    def without_softmax(self) -> Stack:
        """Return the stack without a softmax at its end: its results are scores, for a loss or its gradient.

        Returns
        -------
        Stack
            The stack without the last layer if that is a softmax, or this stack.

        Examples
        --------
        >>> from imfilter.layers import networks
        >>> len(networks.lenet5().layers), len(networks.lenet5().without_softmax().layers)
        (13, 12)
        """
        last = self.layers[-1] if self.layers else None
        if not (isinstance(last, Activation) and last.function == "softmax"):
            return self
        return Stack(self.layers[:-1], self.input_shape, self.pytorch_names)

    def results(self, x: ArrayLike, weights: Any) -> dict[str, NDArray]:
        """Return the results of all layers, also of the layers inside other layers.

        Parameters
        ----------
        x : array_like
            One image of shape `input_shape`, or a batch of shape ``(N, *input_shape)``.
        weights : sequence or mapping
            The arrays of the layers, as for `forward`.

        Returns
        -------
        dict
            The result of each layer by its name, as in ``table(inside=True)``. For a batch, the first axis is
            N.

        Raises
        ------
        TypeError, ValueError
            As for `forward`.

        Examples
        --------
        >>> from imfilter.layers import Activation, Pool, Stack
        >>> Stack([Activation("relu"), Pool(2)], input_shape=(1, 2)).results([[-1.0, 2.0]], [])
        {'activation1': array([[0., 2.]]), 'pool1': array([[2.]])}
        """
        values, single = self._batch(x)
        found: dict[str, NDArray] = {}
        self._sequence.forward(values, self._checked(weights), "", Mode(results=found))
        return {name: result[0] if single else result for name, result in found.items()}

    def batch_statistics(self, x: ArrayLike, weights: Any) -> dict[str, tuple[NDArray, NDArray]]:
        """Return mean and variance of the input of each `BatchNorm`, for its running mean and variance.

        Parameters
        ----------
        x : array_like
            A batch of shape ``(N, *input_shape)``.
        weights : sequence or mapping
            The arrays of the layers, as for `forward`.

        Returns
        -------
        dict
            The mean and the unbiased variance of each channel, by the name of the layer, in float64. All
            layers are computed in training mode.

        Raises
        ------
        TypeError, ValueError
            As for `forward`.

        Examples
        --------
        >>> from imfilter.layers import BatchNorm, Stack
        >>> stack = Stack([BatchNorm(name="norm")], input_shape=(1,))
        >>> mean, variance = stack.batch_statistics([[1.0], [3.0]], stack.initial_weights())["norm"]
        >>> mean, variance
        (array([2.]), array([2.]))
        """
        values, _ = self._batch(x)
        found: dict[str, tuple[NDArray, NDArray]] = {}
        mode = Mode(training=True, statistics=found)
        self._sequence.forward(values, self._checked(weights), "", mode)
        return found

    def folded(self, weights: Any) -> tuple[Stack, dict[str, Arrays]]:
        """Return an equal stack in which convolutions and dense layers include the normalization after them.

        A `BatchNorm` that follows no such layer is kept.

        Parameters
        ----------
        weights : sequence or mapping
            The arrays of the layers, as for `forward`.

        Returns
        -------
        stack : Stack
            The stack. Its layers have the same names.
        weights : dict
            Its arrays by the names of the layers, as copies. Products are float32, or float64 if the weights
            have a wide type.

        Raises
        ------
        TypeError, ValueError
            As for `forward`.

        Examples
        --------
        >>> from imfilter.layers import BatchNorm, Dense, Stack
        >>> stack = Stack([Dense(3, bias=False), BatchNorm()], input_shape=(2,))
        >>> folded, weights = stack.folded(stack.initial_weights())
        >>> [type(layer).__name__ for layer in folded.layers], folded.parameters
        (['Dense'], 9)
        """
        found = {
            name: tuple(None if array is None else array.copy() for array in arrays)
            for name, arrays in self._checked(weights).items()
        }
        layers = merged(self._sequence, found, "")
        return Stack(layers, self.input_shape), found

    def _batch(self, x: ArrayLike) -> tuple[NDArray, bool]:
        """Return a new batch of floats, and whether `x` is one image."""
        image = arguments.image(x, "x")
        shape = tuple(self.input_shape)
        single = image.ndim == len(shape)
        if image.shape[0 if single else 1 :] != shape:
            batch = ", ".join(map(str, ("N", *shape)))
            raise ValueError(f"x must have shape {shape} or ({batch}), got {image.shape}")
        # A copy, because layers work in place. In C order, because the order affects the rounding of softmax.
        values = np.array(image, dtypes.derived(image.dtype), order="C")
        return (values[None] if single else values), single
