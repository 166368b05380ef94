"""Losses that training minimizes."""

from __future__ import annotations

import numpy as np

from imfilter._base import arguments, dtypes
from imfilter._base.keywords import hinted
from imfilter.typing import ArrayLike, NDArray


@hinted
def cross_entropy(scores: ArrayLike, labels: ArrayLike) -> tuple[float, NDArray]:
    """Compute the cross entropy of class scores, and its gradient.

    The loss of an image is ``-log(softmax(scores)[label])``. The loss of a batch is the mean.

    Parameters
    ----------
    scores : array_like, shape (N, classes) or (classes,)
        Scores of the classes, before the softmax: the result of the last dense layer.
    labels : array_like of int, shape (N,) or ()
        The class of each image, from 0 to classes - 1.

    Returns
    -------
    loss : float
        The mean loss. It is in nats.
    gradient : ndarray
        Derivatives with respect to `scores`, in their shape: float32, or float64 for a wide type.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    torch.nn.functional.cross_entropy : The same loss.

    References
    ----------
    C. M. Bishop, *Pattern Recognition and Machine Learning*, 2006, section 4.3.4.

    Examples
    --------
    >>> from imfilter import layers
    >>> loss, gradient = layers.cross_entropy([[0.0, 0.0], [0.0, 0.0]], [0, 1])
    >>> round(loss, 4)
    0.6931
    >>> gradient
    array([[-0.25,  0.25],
           [ 0.25, -0.25]])
    """
    values = arguments.image(scores, "scores")
    if values.ndim > 2:
        raise ValueError(f"scores must be of shape (N, classes) or (classes,), got {values.shape}")
    arguments.unmasked(labels, "labels")
    classes = arguments.numbers_of(labels, "labels")
    if classes.dtype.kind not in "iu":
        raise TypeError(f"labels must be integers, got dtype {classes.dtype}")
    if classes.shape != values.shape[:-1]:
        raise ValueError(f"labels must be of shape {values.shape[:-1]}, got {classes.shape}")
    count = values.shape[-1]
    if ((classes < 0) | (classes >= count)).any():
        wrong = classes[(classes < 0) | (classes >= count)][0]
        raise ValueError(f"labels must be from 0 to {count - 1}, got {wrong}")
    batch = values.reshape(-1, count).astype(dtypes.derived(values.dtype), copy=False)
    with np.errstate(invalid="ignore"):  # infinite scores give NaN
        shifted = batch - batch.max(axis=1, keepdims=True)
        powers = np.exp(shifted)
        sums = powers.sum(axis=1, keepdims=True)
        picked = np.arange(len(batch)), classes.reshape(-1)
        losses = np.log(sums[:, 0]) - shifted[picked]
        gradient = powers / sums
    gradient[picked] -= 1
    gradient /= len(batch)
    return float(losses.mean(dtype=np.float64)), gradient.reshape(values.shape)
