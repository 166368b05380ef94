"""Top-hats and the gradient: differences of an image and its erosion, dilation, opening and closing."""

from __future__ import annotations

from imfilter._base.keywords import Common, hinted
from imfilter._filters.morphology import apply as morphology
from imfilter.typing import ArrayLike, Axes, DTypeLike, Mask, Mode, Nan, NDArray, Shape


@hinted
def white_tophat(
    image: ArrayLike,
    element: Shape = None,
    *,
    iterations: int = 1,
    connectivity: int = 1,
    weights: ArrayLike | None = None,
    mode: Mode = "shrink",
    cval: float = 0.0,
    mask: Mask = None,
    nan: Nan = "propagate",
    min_coverage: float = 0.0,
    axes: Axes | None = None,
    channel_axis: int | None = None,
    dtype: DTypeLike | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Subtract the opening from the image: what is bright and smaller than the element.

    It removes a background that changes slowly. See `opening` for the arguments.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    element : array_like, optional
        Array of 0 and 1 with one axis for each filtered axis, such as `disk` returns. Its origin is at
        ``length // 2`` along each axis. Default: the sample and its neighbours, see `connectivity`.
    iterations : int, optional
        How often the erosion or the dilation is repeated. It ends when it changes nothing. Default 1.
    connectivity : int, optional
        Neighbours of the default element: those that differ by 1 along at most so many axes. Default 1,
        the neighbours along the axes.
    weights : array_like, optional
        Heights of an element that is not flat, in the shape of `element`, which is all samples if left out.
        They are subtracted in an erosion and added in a dilation. Integers are exact: rounded once, half to
        even, and saturated.
    mode : {'mirror', 'symmetric', 'edge', 'wrap', 'zero', 'constant', 'shrink'}, optional
        How an image ``a b c d`` continues beyond its border. Default 'shrink'.

        - 'mirror': ``d c b | a b c d | c b a``
        - 'symmetric': ``c b a | a b c d | d c b``
        - 'edge': ``a a a | a b c d | d d d``
        - 'wrap': ``b c d | a b c d | a b c``
        - 'zero': ``0 0 0 | a b c d | 0 0 0``
        - 'constant': ``k k k | a b c d | k k k`` with k = `cval`
        - 'shrink': samples beyond the border are absent, as with `mask`
    cval : float, optional
        Value beyond the border with ``mode="constant"``. Default 0.
    mask : array_like, optional
        Samples that are present, in the shape of `image`, or in its shape without `channel_axis`. Bool: True
        where a sample is present. Numbers: how much a sample counts, at least 0. An absent sample may have
        any value, and changes no result. Default: all samples are present.
    nan : {'propagate', 'ignore'}, optional
        Whether NaN sorts after +inf (default), so that a maximum is NaN, or is an absent sample.
    min_coverage : float, optional
        Smallest share of the window that must be present, from 0 to 1: of its samples, or of the magnitudes
        of its weights. Where less is present, or nothing, the result is NaN, or 0 if it is an integer.
        Default 0.
    axes : int or tuple of int, optional
        One to three axes to filter. The other axes are batch axes. Default: all axes except `channel_axis`.
    channel_axis : int, optional
        Axis of the colour channels. Each channel is filtered separately. Default: no channel axis.
    dtype : dtype, optional
        Element type of the result. Values are rounded half to even and saturated.
    out : ndarray, optional
        Array for the result. Its dtype is the dtype of the result. It may be `image` or overlap it.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    ndarray
        Array of the shape and dtype of `image`, or of `dtype` or `out`. Differences are saturated in
        integers: they are
        never negative for a flat element, except with a border other than 'shrink'.
        Of truth values, the samples that are in the first image and not in the second.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    black_tophat : What is dark and smaller than the element.
    opening : What is subtracted.
    scipy.ndimage.white_tophat : The same with ``mode="mirror"``.
    cv2.morphologyEx : The same with ``cv2.MORPH_TOPHAT``, for flat symmetric elements.
    skimage.morphology.white_tophat : The same with ``mode="ignore"``, for elements of odd size.

    References
    ----------
    P. Soille, *Morphological Image Analysis*, 2nd ed., Springer, 2003, chapter 4.

    Examples
    --------
    >>> from imfilter import morphology
    >>> morphology.white_tophat([0, 5, 0, 7, 7, 7, 0], [1, 1, 1])
    array([0, 5, 0, 0, 0, 0, 0])
    """
    common = Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage)
    return morphology.apply(image, "white_tophat", common, element, iterations, connectivity, weights)


@hinted
def black_tophat(
    image: ArrayLike,
    element: Shape = None,
    *,
    iterations: int = 1,
    connectivity: int = 1,
    weights: ArrayLike | None = None,
    mode: Mode = "shrink",
    cval: float = 0.0,
    mask: Mask = None,
    nan: Nan = "propagate",
    min_coverage: float = 0.0,
    axes: Axes | None = None,
    channel_axis: int | None = None,
    dtype: DTypeLike | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Subtract the image from its closing: what is dark and smaller than the element.

    It is also called bottom-hat. See `closing` for the arguments.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    element : array_like, optional
        Array of 0 and 1 with one axis for each filtered axis, such as `disk` returns. Its origin is at
        ``length // 2`` along each axis. Default: the sample and its neighbours, see `connectivity`.
    iterations : int, optional
        How often the erosion or the dilation is repeated. It ends when it changes nothing. Default 1.
    connectivity : int, optional
        Neighbours of the default element: those that differ by 1 along at most so many axes. Default 1,
        the neighbours along the axes.
    weights : array_like, optional
        Heights of an element that is not flat, in the shape of `element`, which is all samples if left out.
        They are subtracted in an erosion and added in a dilation. Integers are exact: rounded once, half to
        even, and saturated.
    mode : {'mirror', 'symmetric', 'edge', 'wrap', 'zero', 'constant', 'shrink'}, optional
        How an image ``a b c d`` continues beyond its border. Default 'shrink'.

        - 'mirror': ``d c b | a b c d | c b a``
        - 'symmetric': ``c b a | a b c d | d c b``
        - 'edge': ``a a a | a b c d | d d d``
        - 'wrap': ``b c d | a b c d | a b c``
        - 'zero': ``0 0 0 | a b c d | 0 0 0``
        - 'constant': ``k k k | a b c d | k k k`` with k = `cval`
        - 'shrink': samples beyond the border are absent, as with `mask`
    cval : float, optional
        Value beyond the border with ``mode="constant"``. Default 0.
    mask : array_like, optional
        Samples that are present, in the shape of `image`, or in its shape without `channel_axis`. Bool: True
        where a sample is present. Numbers: how much a sample counts, at least 0. An absent sample may have
        any value, and changes no result. Default: all samples are present.
    nan : {'propagate', 'ignore'}, optional
        Whether NaN sorts after +inf (default), so that a maximum is NaN, or is an absent sample.
    min_coverage : float, optional
        Smallest share of the window that must be present, from 0 to 1: of its samples, or of the magnitudes
        of its weights. Where less is present, or nothing, the result is NaN, or 0 if it is an integer.
        Default 0.
    axes : int or tuple of int, optional
        One to three axes to filter. The other axes are batch axes. Default: all axes except `channel_axis`.
    channel_axis : int, optional
        Axis of the colour channels. Each channel is filtered separately. Default: no channel axis.
    dtype : dtype, optional
        Element type of the result. Values are rounded half to even and saturated.
    out : ndarray, optional
        Array for the result. Its dtype is the dtype of the result. It may be `image` or overlap it.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    ndarray
        Array of the shape and dtype of `image`, or of `dtype` or `out`. Differences are saturated in
        integers: they are
        never negative for a flat element, except with a border other than 'shrink'.
        Of truth values, the samples that are in the first image and not in the second.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    white_tophat : What is bright and smaller than the element.
    closing : From which the image is subtracted.
    scipy.ndimage.black_tophat : The same with ``mode="mirror"``.
    cv2.morphologyEx : The same with ``cv2.MORPH_BLACKHAT``, for flat symmetric elements.
    skimage.morphology.black_tophat : The same with ``mode="ignore"``, for symmetric elements of odd size.

    References
    ----------
    P. Soille, *Morphological Image Analysis*, 2nd ed., Springer, 2003, chapter 4.

    Examples
    --------
    >>> from imfilter import morphology
    >>> morphology.black_tophat([9, 5, 9, 2, 2, 2, 9], [1, 1, 1])
    array([0, 4, 0, 0, 0, 0, 0])
    """
    common = Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage)
    return morphology.apply(image, "black_tophat", common, element, iterations, connectivity, weights)


@hinted
def gradient(
    image: ArrayLike,
    element: Shape = None,
    *,
    iterations: int = 1,
    connectivity: int = 1,
    weights: ArrayLike | None = None,
    mode: Mode = "shrink",
    cval: float = 0.0,
    mask: Mask = None,
    nan: Nan = "propagate",
    min_coverage: float = 0.0,
    axes: Axes | None = None,
    channel_axis: int | None = None,
    dtype: DTypeLike | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Subtract the erosion from the dilation: how much samples differ around each sample.

    With `iterations`, both are repeated first. See `erosion` for the arguments.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    element : array_like, optional
        Array of 0 and 1 with one axis for each filtered axis, such as `disk` returns. Its origin is at
        ``length // 2`` along each axis. Default: the sample and its neighbours, see `connectivity`.
    iterations : int, optional
        How often the erosion or the dilation is repeated. It ends when it changes nothing. Default 1.
    connectivity : int, optional
        Neighbours of the default element: those that differ by 1 along at most so many axes. Default 1,
        the neighbours along the axes.
    weights : array_like, optional
        Heights of an element that is not flat, in the shape of `element`, which is all samples if left out.
        They are subtracted in an erosion and added in a dilation. Integers are exact: rounded once, half to
        even, and saturated.
    mode : {'mirror', 'symmetric', 'edge', 'wrap', 'zero', 'constant', 'shrink'}, optional
        How an image ``a b c d`` continues beyond its border. Default 'shrink'.

        - 'mirror': ``d c b | a b c d | c b a``
        - 'symmetric': ``c b a | a b c d | d c b``
        - 'edge': ``a a a | a b c d | d d d``
        - 'wrap': ``b c d | a b c d | a b c``
        - 'zero': ``0 0 0 | a b c d | 0 0 0``
        - 'constant': ``k k k | a b c d | k k k`` with k = `cval`
        - 'shrink': samples beyond the border are absent, as with `mask`
    cval : float, optional
        Value beyond the border with ``mode="constant"``. Default 0.
    mask : array_like, optional
        Samples that are present, in the shape of `image`, or in its shape without `channel_axis`. Bool: True
        where a sample is present. Numbers: how much a sample counts, at least 0. An absent sample may have
        any value, and changes no result. Default: all samples are present.
    nan : {'propagate', 'ignore'}, optional
        Whether NaN sorts after +inf (default), so that a maximum is NaN, or is an absent sample.
    min_coverage : float, optional
        Smallest share of the window that must be present, from 0 to 1: of its samples, or of the magnitudes
        of its weights. Where less is present, or nothing, the result is NaN, or 0 if it is an integer.
        Default 0.
    axes : int or tuple of int, optional
        One to three axes to filter. The other axes are batch axes. Default: all axes except `channel_axis`.
    channel_axis : int, optional
        Axis of the colour channels. Each channel is filtered separately. Default: no channel axis.
    dtype : dtype, optional
        Element type of the result. Values are rounded half to even and saturated.
    out : ndarray, optional
        Array for the result. Its dtype is the dtype of the result. It may be `image` or overlap it.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    ndarray
        Array of the shape and dtype of `image`, or of `dtype` or `out`. Differences are saturated in
        integers: they are
        never negative for a flat element that contains its origin.
        Of truth values, the samples that are in the first image and not in the second.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    dilation, erosion : The two images.
    scipy.ndimage.morphological_gradient : The same with ``mode="mirror"``.
    cv2.morphologyEx : The same with ``cv2.MORPH_GRADIENT``, for flat symmetric elements.

    References
    ----------
    P. Soille, *Morphological Image Analysis*, 2nd ed., Springer, 2003, chapter 3.

    Examples
    --------
    >>> from imfilter import morphology
    >>> morphology.gradient([0, 0, 7, 7, 7], [1, 1, 1])
    array([0, 7, 7, 0, 0])
    """
    common = Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage)
    return morphology.apply(image, "gradient", common, element, iterations, connectivity, weights)
