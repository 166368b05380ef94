"""Pictures of kernels, feature maps, patches and occlusion maps, as uint8 RGB arrays.

The functions need only NumPy and Pillow:

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
    """Draw kernels in a grid: negative weights are blue, positive weights are red, zero is white.

    Parameters
    ----------
    weight : array_like
        One kernel of shape (height, width), several kernels of shape (n, height, width), or the weights of a
        convolution layer of shape (outputs, inputs, height, width).
    scale : {'common', 'each'}, optional
        Scale of the colours. 'common': the darkest colour is the largest absolute weight of all kernels.
        'each': it is the largest absolute weight of each kernel. Both scales are symmetric about zero.
        Default 'common'.
    pixels : int, optional
        Approximate length in pixels of the longer side of a kernel in the picture. Default 64.
    columns : int, optional
        Number of kernels in a row. Default: the number of inputs of a layer, if it is more than one.
        Otherwise the grid is approximately square.
    labels : bool or sequence of str, optional
        Whether to write labels: the index of each kernel, and the range of the colours. A sequence gives one
        label for each kernel. Default True.

    Returns
    -------
    ndarray
        Picture of shape (rows, columns, 3) and dtype uint8. NaN is grey.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    feature_maps : The responses of an image to kernels.

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
    """Draw the channels of a feature map in a grid.

    Parameters
    ----------
    maps : array_like
        Feature maps: three axes, one of which is the channel axis, or one map of two axes.
    signed : bool, optional
        Whether negative values are blue, positive values red, and zero white. If False, the lowest value is
        dark violet and the highest is light yellow. Default: True if there are negative values.
    scale : {'common', 'each'}, optional
        Scale of the colours. 'common': one scale for all maps. 'each': one scale for each map. Default
        'common'.
    pixels : int, optional
        Approximate length in pixels of the longer side of a map in the picture. The samples of small maps
        become squares. The samples of large maps are averaged. Default 128.
    columns : int, optional
        Number of maps in a row. Default: the grid is approximately square.
    labels : bool or sequence of str, optional
        Whether to write labels: the index of each map, and the range of the colours. A sequence gives one
        label for each map. Default True.
    channel_axis : int, optional
        Channel axis of an array of three axes. Default 0.

    Returns
    -------
    ndarray
        Picture of shape (rows, columns, 3) and dtype uint8. NaN is grey.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    kernels : Pictures of the kernels that compute the maps.
    occlusion_map : A map that this function can draw, too.

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
    """Draw arrays of two axes in a grid. Up to two more axes in front count the arrays."""
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
            words = None  # the title already shows the range
    return montage.arranged(pictures, across, words, title)


def _range(values: NDArray[np.float64], signed: bool) -> tuple[float, float]:
    """Return the ends of a colour scale: the range of finite values, symmetric about 0 for signed values."""
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
    """Return the given labels, or None for True and False."""
    if isinstance(labels, bool | np.bool_):
        return None
    if isinstance(labels, str) or not isinstance(labels, Sequence):
        raise TypeError(f"labels must be True, False or a sequence of str, got {type(labels).__name__}")
    if not all(isinstance(label, str) for label in labels):
        raise TypeError("labels must be a sequence of str, got a sequence with elements of other types")
    if len(labels) != count:
        raise ValueError(f"labels must have one entry for each of {count} pictures, got {len(labels)}")
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
    """Draw the patches of images with the strongest response to a kernel, strongest first.

    Images are correlated with the kernel at every position where it fits into the image. A patch is a peak of
    the response. If the kernel windows of two peaks overlap, only the stronger peak is kept.

    Parameters
    ----------
    images : array_like or sequence of ndarray
        Image of two spatial axes. A colour image has a third axis, named by `channel_axis`. A list or tuple
        of NumPy arrays is several images, which may have different shapes. Bool, integers or floats.
    kernel : array_like
        Weights of shape (height, width). With `channel_axis`, weights of shape (channels, height, width).
    count : int, optional
        Maximum number of patches. Default 9.
    size : int or sequence of int, optional
        Number of rows and columns of a patch. Default: the size of the kernel. Samples outside the image are
        left empty.
    limits : tuple of float, optional
        The values that are drawn black and white. Default: 0 and 255 for uint8, 0 and 1 for bool, and for
        other types the lowest and the highest value of the patches.
    pixels : int, optional
        Approximate length in pixels of the longer side of a patch in the picture. Default 64.
    columns : int, optional
        Number of patches in a row. Default: the grid is approximately square.
    labels : bool or sequence of str, optional
        Whether to write the response above each patch. A sequence gives one label for each patch. Default
        True.
    return_places : bool, optional
        Whether to return the positions of the patches and the responses, too. Default False.
    channel_axis : int, optional
        Axis of the colour channels. Three channels are drawn as red, green and blue. For another number of
        channels, their mean is drawn. Default: no channel axis.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    ndarray or tuple of ndarray
        Picture of shape (rows, columns, 3) and dtype uint8. With ``return_places=True``, a tuple of the
        picture, the places and the responses. The places are an int64 array with one row for each patch: the
        index of the image, and the row and column of the centre of the patch. The centre of an even patch is
        the second of the two middle samples. The responses are float64.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value, or if all responses are NaN.

    See Also
    --------
    imfilter.correlate : Computes the responses.

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
        raise ValueError(f"limits must be a pair (low, high), low < high, got {value!r}")
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
    """Measure how much a score drops when a window of the image is occluded.

    A large drop means that the score depends on the occluded samples. The score may come from any function.

    Parameters
    ----------
    image : array_like
        Image of one to three spatial axes. Every axis is spatial unless `channel_axis` says otherwise. Bool,
        integers or floats. The function does not change it.
    score : callable
        Function that gets an array of the shape and dtype of `image` and returns a number. Each call gets a
        new array.
    size : int or sequence of int
        Length of the occluded window: one for all axes, or one for each.
    stride : int or sequence of int, optional
        Distance between neighbouring windows in samples: one for all axes, or one for each. Default 1.
    fill : 'mean', float or array_like, optional
        Values that replace the samples of the window: the mean of the image, or of each channel; a number;
        one number for each channel; or an array of the shape of the image, for example the smoothed image.
        The values are rounded and saturated to the dtype of the image. Default 'mean'.
    channel_axis : int, optional
        Axis of the colour channels. All channels are occluded together. Default: no channel axis.

    Returns
    -------
    ndarray
        Score of the image minus the score of the occluded image, float64. An axis of length n has
        ``ceil(n/stride)`` windows. Window i is centred on sample ``i*stride``, like a kernel, and it is cut
        at the border. Repeat each entry `stride` times to overlay the map on the image.

    Raises
    ------
    TypeError
        If an argument has the wrong type, or if `score` does not return a number.
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
