"""Searches in images: patches with a strong response, and windows that a score depends on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from imfilter._base import arguments, threads
from imfilter._base.keywords import hinted
from imfilter._filters.show import montage, occlusion, top_patches
from imfilter.show.maps import Maps
from imfilter.show.picture import Picture
from imfilter.show.sheets import columns_of, labels_of
from imfilter.typing import ArrayLike, NDArray


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
    Picture or tuple of ndarray
        Array of shape (rows, columns, 3) and dtype uint8, which a notebook displays. With
        ``return_places=True``, a tuple of this picture, the places and the responses. The places are an int64
        array with one row for each patch: the index of the image, and the row and column of the centre of the
        patch. The centre of an even patch is the second of the two middle samples. The responses are float64.

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
        labels_of(labels, len(labels) if isinstance(labels, Sequence) else 0)
    places, responses = top_patches.strongest(arrays, weights, most, workers)
    words = labels_of(labels, len(places))
    if words is None and labels is not False:
        words = [f"{response:.4g}" for response in responses]
    pictures = top_patches.pictures(arrays, places, extent, ends, montage.PAPER)
    large = [montage.enlarged(picture, side) for picture in pictures]
    picture = montage.arranged(large, columns_of(across, len(large)), words).view(Picture)
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
    return occlusion.drops(image, score, size, stride, fill, channel_axis).view(Maps)
