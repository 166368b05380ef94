"""What a network looks at: gradients of scores, images of classes, and units that are never active."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from imfilter._base import arguments, html
from imfilter._base.keywords import hinted
from imfilter.show.maps import Inputs, Maps
from imfilter.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from imfilter.layers import Stack

__all__ = ["Activity", "activity", "class_model", "embed", "guided_backprop", "saliency"]


@hinted
def saliency(stack: Stack, weights: Any, x: ArrayLike, label: int) -> NDArray:
    """Compute how strongly each pixel changes the score of a class.

    The saliency is the absolute gradient of the score, the largest over the channels. The score is that
    before the softmax, if the stack ends with one.

    Parameters
    ----------
    stack : Stack
        A network whose result is one score for each class.
    weights : sequence or mapping
        Its arrays, as for `imfilter.layers.Stack.forward`.
    x : array_like
        One image of shape ``(channels, *spatial)``, or a batch of shape ``(N, channels, *spatial)``.
    label : int
        The class, from 0 to classes - 1.

    Returns
    -------
    ndarray
        The saliency of each pixel, of shape ``spatial`` or ``(N, *spatial)``. `feature_maps` draws it.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong type or value. The message names the argument or the layer.

    See Also
    --------
    guided_backprop : Gradients with less noise.
    occlusion_map : The same question, answered without gradients.

    References
    ----------
    K. Simonyan, A. Vedaldi and A. Zisserman, "Deep inside convolutional networks: visualising image
    classification models and saliency maps", 2013.

    Examples
    --------
    >>> import imfilter
    >>> from imfilter.layers import Dense, Flatten, Stack
    >>> stack = Stack([Flatten(), Dense(2, bias=False, name="fc")], input_shape=(1, 2, 2))
    >>> weights = {"fc": ([[1.0, -2.0, 0.0, 4.0], [0.0, 0.0, 0.0, 0.0]], None)}
    >>> imfilter.show.saliency(stack, weights, [[[1.0, 1.0], [1.0, 1.0]]], 0)
    array([[1., 2.],
           [0., 4.]])
    """
    gradient = _score_gradient(stack, weights, x, label, guided=False)
    found = np.asarray(np.abs(gradient).max(axis=gradient.ndim - len(stack.input_shape)))
    return found.view(Maps)


@hinted
def guided_backprop(stack: Stack, weights: Any, x: ArrayLike, label: int) -> NDArray:
    """Compute the gradient of the score of a class through rectifiers that pass only positive gradients.

    The score is that before the softmax, if the stack ends with one.

    Parameters
    ----------
    stack : Stack
        A network whose result is one score for each class.
    weights : sequence or mapping
        Its arrays, as for `imfilter.layers.Stack.forward`.
    x : array_like
        One image of shape ``(channels, *spatial)``, or a batch of shape ``(N, channels, *spatial)``.
    label : int
        The class, from 0 to classes - 1.

    Returns
    -------
    ndarray
        The gradient, in the shape of `x`. ``kernels(..., color=True)`` draws that of a colour image.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong type or value. The message names the argument or the layer.

    See Also
    --------
    saliency : The absolute gradient without a guide.

    References
    ----------
    J. T. Springenberg, A. Dosovitskiy, T. Brox and M. Riedmiller, "Striving for simplicity: the all
    convolutional net", 2014.

    Examples
    --------
    >>> import imfilter
    >>> from imfilter.layers import Activation, Dense, Stack
    >>> layers = [Dense(2, bias=False, name="a"), Activation("relu"), Dense(1, bias=False, name="b")]
    >>> stack = Stack(layers, input_shape=(2,))
    >>> weights = {"a": ([[1.0, 2.0], [3.0, 4.0]], None), "b": ([[1.0, -1.0]], None)}
    >>> imfilter.show.guided_backprop(stack, weights, [1.0, 1.0], 0)
    array([1., 2.])
    """
    return _score_gradient(stack, weights, x, label, guided=True).view(Inputs)


@hinted
def class_model(
    stack: Stack,
    weights: Any,
    label: int,
    *,
    steps: int = 200,
    rate: float = 0.1,
    l2: float = 0.01,
    blur: float = 0.7,
) -> NDArray:
    """Compute an image that has a high score of a class, by gradient ascent from an image of zeros.

    Each step adds `rate` times the gradient of the score, divided by its root mean square. Then the image is
    multiplied by 1 - `l2`. After every fourth step it is smoothed with a Gaussian. The score is that before
    the softmax, if the stack ends with one.

    If the gradient at the image of zeros is 0, the image does not change, and a UserWarning says so. This
    happens for a network with rectifiers whose biases are all 0.

    Parameters
    ----------
    stack : Stack
        A network whose result is one score for each class.
    weights : sequence or mapping
        Its arrays, as for `imfilter.layers.Stack.forward`.
    label : int
        The class, from 0 to classes - 1.
    steps : int, optional
        Number of steps, from 0 to 100000. Default 200.
    rate : float, optional
        Root mean square of the change of a step, more than 0. Default 0.1.
    l2 : float, optional
        Part of the image that each step removes, from 0 to 1. Default 0.01.
    blur : float, optional
        Standard deviation of the Gaussian along the spatial axes, in samples. 0: the image is not smoothed.
        Default 0.7.

    Returns
    -------
    ndarray
        The image, of the shape `stack.input_shape`, in float32.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong type or value, or if the gradient is NaN or infinite. The message names
        the argument or the layer.

    See Also
    --------
    saliency : The pixels of a given image that a score depends on.

    References
    ----------
    K. Simonyan, A. Vedaldi and A. Zisserman, "Deep inside convolutional networks: visualising image
    classification models and saliency maps", 2013.
    J. Yosinski, J. Clune, A. Nguyen, T. Fuchs and H. Lipson, "Understanding neural networks through deep
    visualization", 2015 (smoothing between the steps).

    Examples
    --------
    >>> import imfilter
    >>> from imfilter.layers import Dense, Flatten, Stack
    >>> stack = Stack([Flatten(), Dense(2, bias=False, name="fc")], input_shape=(1, 1, 2))
    >>> weights = {"fc": ([[1.0, -1.0], [0.0, 1.0]], None)}
    >>> imfilter.show.class_model(stack, weights, 0, steps=2, rate=1.0, l2=0.0, blur=0.0)
    array([[[ 2., -2.]]], dtype=float32)
    """
    import imfilter

    _check(stack)
    count = arguments.integer(steps, "steps", least=0, most=100_000)
    size = arguments.number(rate, "rate")
    if not size > 0:
        raise ValueError(f"rate must be more than 0, got {size}")
    decay, (sigma,) = arguments.share(l2, "l2"), arguments.sigmas(blur, 1, "blur")
    image = np.zeros(tuple(stack.input_shape), np.float32)
    for step in range(count):
        gradient = _score_gradient(stack, weights, image, label, guided=False)
        _check_finite(gradient, "gradient", step)
        spread = float(np.sqrt(np.mean(gradient.astype(np.float64) ** 2)))
        if spread > 0:
            with np.errstate(over="ignore"):
                image += (gradient * (size / spread)).astype(np.float32)
            _check_finite(image, "image", step)
        elif step == 0:
            warnings.warn(
                "the gradient of the score is 0 for an image of zeros, so the result is an image of zeros; "
                "use weights that are trained, with biases that are not 0",
                UserWarning,
                stacklevel=3,
            )
            return image.view(Inputs)
        image *= np.float32(1 - decay)
        if sigma and step % 4 == 3 and image.ndim > 1:
            image = imfilter.gaussian(image, sigma, axes=tuple(range(1, image.ndim)))
    return image.view(Inputs)


@hinted
def embed(stack: Stack, weights: Any, x: ArrayLike) -> NDArray:
    """Return the features of images: the result before the last layer with weights.

    Images with similar features are similar for the network. Distances of features find the nearest
    neighbours of an image.

    Parameters
    ----------
    stack : Stack
        A network that ends with a dense layer.
    weights : sequence or mapping
        Its arrays, as for `imfilter.layers.Stack.forward`.
    x : array_like
        One image of shape `stack.input_shape`, or a batch of shape ``(N, *input_shape)``.

    Returns
    -------
    ndarray
        The features, of shape (units,) or (N, units). If the last layer with weights is a convolution, they
        are its input: all channels and positions in one axis.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong type or value. The message names the argument or the layer.

    References
    ----------
    A. Krizhevsky, I. Sutskever and G. E. Hinton, "ImageNet classification with deep convolutional neural
    networks", 2012, section 6.1.

    Examples
    --------
    >>> import imfilter
    >>> from imfilter.layers import Activation, Dense, Stack
    >>> stack = Stack([Dense(2, name="a"), Activation("relu"), Dense(3, name="b")], input_shape=(2,))
    >>> imfilter.show.embed(stack, stack.initial_weights(), [[1.0, 2.0], [0.0, 0.0]]).shape
    (2, 2)
    """
    _check(stack)
    rows = stack.table()[1:]
    heavy = [number for number, row in enumerate(rows) if row.parameters]
    if not heavy or heavy[-1] == 0:
        raise ValueError("stack must have a layer before its last layer with weights, got none")
    with np.errstate(all="ignore"):
        features = stack.results(x, weights)[rows[heavy[-1] - 1].name]
    return features.reshape(*features.shape[: np.ndim(x) - len(stack.input_shape)], -1)


class Activity(NamedTuple):
    """How often the filters of a network give 0.

    Attributes
    ----------
    zeros : dict
        For each rectifier by its name, the part of zeros of each channel over all images and positions.
    dead : tuple of str
        The channels that are always 0, as 'name[channel]'.

    Examples
    --------
    >>> from imfilter.show import Activity
    >>> Activity(zeros={"relu": [0.5, 1.0]}, dead=("relu[1]",)).dead
    ('relu[1]',)
    """

    zeros: dict[str, NDArray[np.float64]]
    dead: tuple[str, ...]

    def _repr_html_(self) -> str:
        def dead(name: str) -> int:
            return sum(text.startswith(f"{name}[") for text in self.dead)

        rows = [(name, len(zeros), f"{zeros.mean():.1%}", dead(name)) for name, zeros in self.zeros.items()]
        return html.table(rows, ("layer", "filters", "zeros", "dead"), numbers=(1, 2, 3))


@hinted
def activity(stack: Stack, weights: Any, images: ArrayLike) -> Activity:
    """Count how often the filters of a network give 0, after each rectifier.

    A filter that gives 0 for all images is dead: its gradient is 0, so training does not change it any more.

    Parameters
    ----------
    stack : Stack
        A network with activations 'relu' or 'relu6'.
    weights : sequence or mapping
        Its arrays, as for `imfilter.layers.Stack.forward`.
    images : array_like
        A batch of images of shape ``(N, *input_shape)``.

    Returns
    -------
    Activity
        The part of zeros of each channel, and the names of the channels that are always 0.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong type or value, or if the network has no rectifier.

    References
    ----------
    M. D. Zeiler and R. Fergus, "Visualizing and understanding convolutional networks", *ECCV* 2014.

    Examples
    --------
    >>> import imfilter
    >>> from imfilter.layers import Activation, Dense, Stack
    >>> stack = Stack([Dense(2, bias=False, name="fc"), Activation("relu", name="relu")], input_shape=(1,))
    >>> imfilter.show.activity(stack, {"fc": ([[1.0], [0.0]], None)}, [[1.0], [-1.0]])
    Activity(zeros={'relu': array([0.5, 1. ])}, dead=('relu[1]',))
    """
    _check(stack)
    batch = arguments.image(images, "images")
    if batch.ndim != len(stack.input_shape) + 1:
        raise ValueError(
            f"images must have shape (N, {', '.join(map(str, stack.input_shape))}), got {batch.shape}"
        )
    rectifiers = stack.rectifiers
    if not rectifiers:
        raise ValueError("stack must have an activation 'relu' or 'relu6', got none")
    counts: dict[str, NDArray[np.int64]] = {}
    places: dict[str, int] = {}
    for first in range(0, len(batch), _TOGETHER):
        with np.errstate(all="ignore"):
            results = stack.results(batch[first : first + _TOGETHER], weights)
        for name in rectifiers:
            result = results[name]
            count = (result == 0).sum(axis=(0, *range(2, result.ndim)))
            counts[name] = counts.get(name, 0) + count
            places[name] = places.get(name, 0) + result.size // len(count)
    dead = tuple(
        f"{name}[{channel}]"
        for name, count in counts.items()
        for channel in np.flatnonzero(count == places[name])
    )
    return Activity({name: count / places[name] for name, count in counts.items()}, dead)


#: Images that are computed at a time.
_TOGETHER = 256


def _score_gradient(stack: Stack, weights: Any, x: ArrayLike, label: int, *, guided: bool) -> NDArray:
    """Return the gradient of the score of a class, in the shape of the image or the batch."""
    _check(stack)
    scores = stack.without_softmax()
    shape = scores.shapes[-1]
    if len(shape) != 1:
        raise ValueError(f"stack must give one score for each class, got the shape {shape}")
    number = arguments.integer(label, "label", least=0, most=shape[0] - 1)
    image = arguments.image(x, "x")
    batch = image.shape[: image.ndim - len(stack.input_shape)]
    wanted = np.zeros((*batch, shape[0]), np.float32)
    wanted[..., number] = 1
    with np.errstate(all="ignore"):  # weights that are not finite give results that are not finite
        return scores.backward(image, weights, wanted, guided=guided)[0]


def _check(stack: Any) -> None:
    from imfilter.layers import Stack

    if not isinstance(stack, Stack):
        raise TypeError(f"stack must be a Stack, got {stack!r}")


def _check_finite(values: NDArray, name: str, step: int) -> None:
    if not np.isfinite(values).all():
        raise ValueError(
            f"the {name} is NaN or infinite in step {step + 1}; weights must be finite, "
            "and rate not too large"
        )
