"""Pictures of kernels, of what they respond to, and of what a decision rests on, as uint8 RGB arrays.

Nothing but NumPy and Pillow is needed to make or to keep them:

>>> import imfilter
>>> picture = imfilter.show.kernels(imfilter.weights.LAPLACIAN)
>>> picture.dtype, picture.ndim
(dtype('uint8'), 3)
>>> imfilter.io.write("laplacian.png", imfilter.io.Image(picture, channels=True))  # doctest: +SKIP
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from imfilter._base import arguments, threads
from imfilter._base.keywords import hinted
from imfilter._filters.show import colormap, montage, occlusion, top_patches
from imfilter._filters.show.colormap import RGB
from imfilter.typing import ArrayLike, NDArray

__all__ = ["feature_maps", "kernels", "occlusion_map", "patches"]

_SCALES = ("common", "each")


@hinted
def kernels(
    weight: ArrayLike,
    *,
    scale: str = "common",
    pixels: int = 64,
    columns: int | None = None,
    labels: bool | Sequence[str] = True,
) -> RGB:
    """Show kernels in a grid: weights below zero blue, above zero red, zero white.

    Parameters
    ----------
    weight : array_like
        One kernel of shape (height, width), several of (n, height, width), or the weights of a
        convolution layer, of (outputs, inputs, height, width).
    scale : {'common', 'each'}, optional
        Whether the darkest colours stand for the largest weight of all kernels, or of each. Both
        scales are symmetric about zero.
    pixels : int, optional
        About how long the longer side of a kernel is in the picture. Default 64.
    columns : int, optional
        Kernels in a row; by default as many as inputs, if there are more than one, or such that the
        grid is about square.
    labels : bool or sequence of str, optional
        Whether to write the index above each kernel, and its largest weight or that of all;
        or what to write. Default True.

    Returns
    -------
    ndarray
        Picture of shape (rows, columns, 3) and dtype uint8. What is not a number is grey.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    feature_maps : What the kernels make of an image.

    References
    ----------
    M. D. Zeiler and R. Fergus, "Visualizing and understanding convolutional networks", *ECCV* 2014.

    Examples
    --------
    >>> import imfilter
    >>> import numpy as np
    >>> imfilter.show.kernels(np.zeros((2, 3, 3)), pixels=3, labels=False).shape
    (15, 24, 3)
    """
    array = arguments.image(weight, "weight")
    if not 2 <= array.ndim <= 4:
        raise ValueError(f"weight must have 2 to 4 axes, got shape {array.shape}")
    wide = array.shape[1] if array.ndim == 4 and array.shape[1] > 1 else None
    return _grid(array, True, scale, pixels, columns, labels, wide)


@hinted
def feature_maps(
    maps: ArrayLike,
    *,
    signed: bool | None = None,
    scale: str = "common",
    pixels: int = 128,
    columns: int | None = None,
    labels: bool | Sequence[str] = True,
    channel_axis: int = 0,
) -> RGB:
    """Show the channels of a feature map in a grid.

    Parameters
    ----------
    maps : array_like
        Channels of two other axes, or one map of two axes.
    signed : bool, optional
        Whether to show values below zero in blue, above zero in red, and zero in white. Otherwise the
        lowest is dark violet, the highest light yellow. By default if there are negative values.
    scale : {'common', 'each'}, optional
        Whether all maps have one scale of colours, or each its own.
    pixels : int, optional
        About how long the longer side of a map is in the picture: samples of small maps become
        squares, those of large ones are averaged. Default 128.
    columns : int, optional
        Maps in a row, by default such that the grid is about square.
    labels : bool or sequence of str, optional
        Whether to write the index above each map, and its lowest and highest value or that of all;
        or what to write. Default True.
    channel_axis : int, optional
        Axis of the channels, if there are three axes. Default 0.

    Returns
    -------
    ndarray
        Picture of shape (rows, columns, 3) and dtype uint8. What is not a number is grey.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    kernels : The weights that make the maps.
    occlusion_map : A map of what a decision rests on, which this shows too.

    Examples
    --------
    >>> import imfilter
    >>> import numpy as np
    >>> imfilter.show.feature_maps(np.eye(4), pixels=8, labels=False).shape
    (20, 20, 3)
    """
    array = arguments.image(maps, "maps")
    if array.ndim not in (2, 3):
        raise ValueError(f"maps must have 3 axes, or 2 for a single map, got shape {array.shape}")
    axis = arguments.axis_index(channel_axis, 3, "channel_axis")
    if array.ndim == 3:
        array = np.moveaxis(array, axis, 0)
    diverging = bool((array < 0).any()) if signed is None else arguments.flag(signed, "signed")
    return _grid(array, diverging, scale, pixels, columns, labels, None)


def _grid(
    array: NDArray, signed: bool, scale: Any, pixels: Any, columns: Any, labels: Any, wide: int | None
) -> RGB:
    """Draw arrays of two axes, which may have an index of up to two more."""
    each = arguments.word(scale, "scale", _SCALES) == "each"
    side = arguments.integer(pixels, "pixels", least=1, most=1 << 14)
    count = math.prod(array.shape[:-2])
    across = _columns(columns, count, wide)
    words = _labels(labels, count)
    tiles = array.reshape(count, *array.shape[-2:]).astype(np.float64)
    whole = _range(tiles, signed)
    ranges = [_range(tile, signed) if each else whole for tile in tiles]
    pictures = [
        montage.enlarged(colormap.coloured(montage.reduced(tile, side), *ends, signed=signed), side)
        for tile, ends in zip(tiles, ranges, strict=True)
    ]
    title = ""
    if words is None and labels is not False:
        title = "" if each else _span(*whole)
        words = [",".join(map(str, index)) for index in np.ndindex(array.shape[:-2])]
        if each:
            words = [f"{word}  {_span(*ends)}".strip() for word, ends in zip(words, ranges, strict=True)]
        elif array.ndim == 2:
            words = None  # the title says it all
    return montage.arranged(pictures, across, words, title)


def _range(values: NDArray[np.float64], signed: bool) -> tuple[float, float]:
    """Return the ends of a scale: of what is finite, and symmetric about zero for signed values."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0, 0.0
    if signed:
        most = float(np.abs(finite).max())
        return -most, most
    return float(finite.min()), float(finite.max())


def _span(low: float, high: float) -> str:
    return f"{low:.3g} to {high:.3g}"


def _columns(columns: Any, count: int, wide: int | None = None) -> int:
    if columns is None:
        return wide or math.ceil(math.sqrt(count))
    return min(arguments.integer(columns, "columns", least=1), count)


def _labels(labels: Any, count: int) -> list[str] | None:
    """Return the labels that were given, if they were."""
    if isinstance(labels, bool | np.bool_):
        return None
    if isinstance(labels, str) or not isinstance(labels, Sequence):
        raise TypeError(f"labels must be True, False or a sequence of str, got {type(labels).__name__}")
    if not all(isinstance(label, str) for label in labels):
        raise TypeError("labels must be a sequence of str, got one with other things in it")
    if len(labels) != count:
        raise ValueError(f"labels must be as many as pictures, {count}, got {len(labels)}")
    return list(labels)


@hinted
def patches(
    images: Any,
    kernel: ArrayLike,
    count: int = 9,
    *,
    size: Any = None,
    limits: tuple[float, float] | None = None,
    pixels: int = 64,
    columns: int | None = None,
    labels: bool | Sequence[str] = True,
    return_places: bool = False,
    channel_axis: int | None = None,
    workers: int | None = None,
) -> Any:
    """Show the patches of images that excite a kernel most, strongest first.

    Images are correlated with the kernel where it lies wholly inside. Of the peaks of the responses
    those are taken under which the kernel does not overlap a stronger one.

    Parameters
    ----------
    images : array_like or sequence of ndarray
        Image of two spatial axes, and of a third one for channels if `channel_axis` names it; or a list
        or tuple of such NumPy arrays, which may differ in shape. Bool, integers or floats.
    kernel : array_like
        Weights of shape (height, width); with `channel_axis`, of (channels, height, width).
    count : int, optional
        How many patches to show at most. Default 9.
    size : int or sequence of int, optional
        Rows and columns of a patch in samples, by default those of the kernel. What lies outside the
        image is left empty.
    limits : tuple of float, optional
        The values that are black and white. By default 0 and 255 for uint8, 0 and 1 for bool, and for
        other types the lowest and the highest value of the patches.
    pixels : int, optional
        About how long the longer side of a patch is in the picture. Default 64.
    columns : int, optional
        Patches in a row, by default such that the grid is about square.
    labels : bool or sequence of str, optional
        Whether to write the response above each patch; or what to write. Default True.
    return_places : bool, optional
        Whether to return too where the patches are, and the responses. Default False.
    channel_axis : int, optional
        Axis of the channels of colour images: three are red, green and blue, of another number the mean is
        shown. By default there is none.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    ndarray or tuple of ndarray
        Picture of shape (rows, columns, 3) and dtype uint8. With `return_places`, and an int64 array with a
        row for each patch, of its image's index and the row and column of its middle (of even sizes, the
        second of the two); and the float64 responses.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value, or no image responds with a number.

    See Also
    --------
    imfilter.correlate : Makes the responses.

    References
    ----------
    M. D. Zeiler and R. Fergus, "Visualizing and understanding convolutional networks", *ECCV* 2014.

    Examples
    --------
    >>> import imfilter
    >>> import numpy as np
    >>> image = np.zeros((9, 9))
    >>> image[2, 6] = 5.0
    >>> picture, places, responses = imfilter.show.patches(image, np.ones((1, 1)), 1, return_places=True)
    >>> places, responses
    (array([[0, 2, 6]]), array([5.]))
    """
    arrays = top_patches.images(images, channel_axis)
    weights = top_patches.weights(kernel, arrays, coloured=channel_axis is not None)
    most, listed = arguments.integer(count, "count", least=1), arguments.flag(return_places, "return_places")
    extent = weights.shape[1:] if size is None else arguments.integers(size, 2, "size", least=1)
    ends = None if limits is None else _limits(limits)
    side, workers = arguments.integer(pixels, "pixels", least=1, most=1 << 14), threads.requested(workers)
    across = None if columns is None else arguments.integer(columns, "columns", least=1)
    if not isinstance(labels, bool | np.bool_):
        _labels(labels, len(labels) if isinstance(labels, Sequence) else 0)
    places, responses = top_patches.strongest(arrays, weights, most, workers)
    words = _labels(labels, len(places))
    if words is None and labels is not False:
        words = [f"{response:.4g}" for response in responses]
    pictures = top_patches.pictures(arrays, places, extent, ends, montage.PAPER)
    large = [montage.enlarged(picture, side) for picture in pictures]
    picture = montage.arranged(large, _columns(across, len(large)), words)
    return (picture, places, responses) if listed else picture


def _limits(value: Any) -> tuple[float, float]:
    entries = [arguments.number(v, "limits") for v in arguments.each(value, None, "limits")]
    if len(entries) != 2 or entries[0] >= entries[1]:
        raise ValueError(f"limits must be a lower and a higher value, got {value!r}")
    low, high = entries
    return low, high


@hinted
def occlusion_map(
    image: ArrayLike,
    score: Callable[[NDArray], float],
    size: Any,
    stride: Any = 1,
    *,
    fill: Any = "mean",
    channel_axis: int | None = None,
) -> NDArray[np.float64]:
    """Cover each part of an image in turn, and tell by how much its score drops.

    Where it drops, the score rests on what was covered, whatever makes the score: a classifier, a
    detector, a filter and a threshold.

    Parameters
    ----------
    image : array_like
        Image of one to three spatial axes. Every axis is spatial unless `channel_axis` says otherwise. Bool,
        integers or floats. It is not changed.
    score : callable
        Takes an array of the shape and dtype of `image`, its own to keep, and returns a number.
    size : int or sequence of int
        Length of the window that is covered, one for all axes or one for each.
    stride : int or sequence of int, optional
        Distance between neighbouring windows in samples, likewise. Default 1.
    fill : 'mean', float or array_like, optional
        What a window is covered with: the mean of the image, or of each channel; a number; one for each
        channel; or an array of the image's shape, such as the image smoothed. It is rounded and saturated
        as the image's dtype needs.
    channel_axis : int, optional
        Axis of the channels of a colour image, which are covered together. By default there is none.

    Returns
    -------
    ndarray
        Score of the image less that of the image with a window covered, float64. Along an axis of
        length n there are ``ceil(n/stride)`` windows: that of index i is centred on sample ``i*stride``,
        as a kernel of its length would be, and cut at the border. To lay the map over the image, repeat
        each entry `stride` times.

    Raises
    ------
    TypeError
        If an argument has the wrong type, or `score` returns something else than a number.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    feature_maps : Draws the map.

    References
    ----------
    M. D. Zeiler and R. Fergus, "Visualizing and understanding convolutional networks", *ECCV* 2014,
    section 4.2.

    Examples
    --------
    >>> import imfilter
    >>> import numpy as np
    >>> image = np.arange(6.0)
    >>> imfilter.show.occlusion_map(image, lambda covered: covered[4], 3, fill=0)
    array([0., 0., 0., 4., 4., 4.])
    """
    return occlusion.drops(image, score, size, stride, fill, channel_axis)
