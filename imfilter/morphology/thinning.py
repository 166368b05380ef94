"""Lines in the middle of objects."""

from __future__ import annotations

from typing import Any

import numpy as np

from imfilter._base import arguments, threads
from imfilter._base.keywords import hinted
from imfilter._filters.morphology import thinning as _thinning
from imfilter.typing import ArrayLike, Axes, NDArray


@hinted
def skeleton(
    image: ArrayLike,
    *,
    axes: Axes | None = None,
    channel_axis: int | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Return the skeleton of objects: connected lines one sample wide, by the method of Zhang and Suen.

    Samples are removed from the outside until no sample can be removed. Each iteration removes samples from
    two sides, then from the other two. Objects that touch at a corner are connected.

    Parameters
    ----------
    image : array_like
        Image of two spatial axes. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
        Samples that are not 0 are objects. NaN is not 0.
    axes : tuple of int, optional
        The two axes of an image. The other axes are batch axes. Default: all axes except `channel_axis`.
    channel_axis : int, optional
        Axis of the colour channels. Each channel is filtered separately. Default: no channel axis.
    out : ndarray, optional
        Array for the result, of bool or of any other type. Lines are 1. It may be `image` or overlap it.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.
        Only a batch uses several.

    Returns
    -------
    ndarray
        Array of bool of the shape of `image`, or `out`.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    thin : Another method, which can stop earlier.
    distance : The distance of each sample to the background.
    skimage.morphology.skeletonize : The same with ``method="zhang"``.

    Notes
    -----
    The rule is the table of scikit-image. It differs from the paper in two ways: it removes a sample between
    two neighbours at a right angle, and keeps some ends of lines two samples wide.

    References
    ----------
    T. Y. Zhang and C. Y. Suen, "A fast parallel algorithm for thinning digital patterns", *Communications of
    the ACM* 27(3), 1984.

    Examples
    --------
    >>> import imfilter
    >>> import numpy as np
    >>> bar = np.zeros((5, 8), np.uint8)
    >>> bar[1:4, 1:7] = 1
    >>> imfilter.morphology.skeleton(bar).astype(int)
    array([[0, 0, 0, 0, 0, 0, 0, 0],
           [0, 0, 0, 0, 0, 1, 0, 0],
           [0, 1, 1, 1, 1, 0, 0, 0],
           [0, 0, 0, 0, 0, 0, 0, 0],
           [0, 0, 0, 0, 0, 0, 0, 0]])
    """
    return _result(image, "zhang", None, axes, channel_axis, out, workers)


@hinted
def thin(
    image: ArrayLike,
    iterations: int | None = None,
    *,
    axes: Axes | None = None,
    channel_axis: int | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Thin objects by the method of Guo and Hall.

    Each iteration removes samples from two sides of objects, then from the other two. Objects stay connected.
    Without a limit, lines one sample wide remain.

    Parameters
    ----------
    image : array_like
        Image of two spatial axes. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
        Samples that are not 0 are objects. NaN is not 0.
    iterations : int, optional
        Largest number of iterations, at least 0. Default: until nothing changes.
    axes : tuple of int, optional
        The two axes of an image. The other axes are batch axes. Default: all axes except `channel_axis`.
    channel_axis : int, optional
        Axis of the colour channels. Each channel is filtered separately. Default: no channel axis.
    out : ndarray, optional
        Array for the result, of bool or of any other type. Objects are 1. It may be `image` or overlap it.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.
        Only a batch uses several.

    Returns
    -------
    ndarray
        Array of bool of the shape of `image`, or `out`.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    skeleton : Another method.
    skimage.morphology.thin : The same with ``max_num_iter`` for `iterations`, whose 0 means no limit.

    References
    ----------
    Z. Guo and R. W. Hall, "Parallel thinning with two-subiteration algorithms", *Communications of the ACM*
    32(3), 1989.

    Examples
    --------
    >>> import imfilter
    >>> import numpy as np
    >>> bar = np.zeros((5, 8), np.uint8)
    >>> bar[1:4, 1:7] = 1
    >>> imfilter.morphology.thin(bar).astype(int)
    array([[0, 0, 0, 0, 0, 0, 0, 0],
           [0, 0, 0, 0, 0, 0, 0, 0],
           [0, 0, 1, 1, 1, 1, 0, 0],
           [0, 0, 0, 0, 0, 0, 0, 0],
           [0, 0, 0, 0, 0, 0, 0, 0]])
    """
    limit = None if iterations is None else arguments.integer(iterations, "iterations", least=0)
    return _result(image, "guo", limit, axes, channel_axis, out, workers)


def _result(
    image: ArrayLike, rule: str, iterations: int | None, axes: Any, channel_axis: Any, out: Any, workers: Any
) -> NDArray:
    """Check the arguments and thin the image."""
    array = arguments.image(image)
    chosen = arguments.axes(array, axes, channel_axis)
    if len(chosen) != 2:
        got = f"axes={axes}" if axes is not None else f"shape {array.shape}"
        raise ValueError(f"image must have two axes to thin, chosen with axes= or channel_axis=, got {got}")
    place = arguments.fitting(arguments.out(out), array.shape)
    found = _thinning.thinned(array, chosen, rule, iterations, threads.requested(workers))
    if place is None:
        return found
    np.copyto(place, found, casting="unsafe")
    return place
