"""Openings and closings."""

from __future__ import annotations

from imfilter._base.keywords import Common, hinted
from imfilter._filters.morphology import apply as morphology
from imfilter.typing import ArrayLike, Axes, DTypeLike, Mask, Mode, Nan, NDArray, Shape


@hinted
def opening(
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
    """Remove what is brighter than its surroundings and smaller than the element.

    An opening is an erosion and then a dilation by the same element. It never exceeds the image, and a second
    opening changes nothing (with ``mode="shrink"``). With `iterations`, both are repeated.

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
        Array of the shape and dtype of `image`, or of `dtype` or `out`. By a flat element, every value is an
        input sample, so the result is exact for every dtype. NaN sorts after +inf, and -0.0 before 0.0.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    closing : Remove what is darker than its surroundings.
    white_tophat : What an opening removes.
    scipy.ndimage.grey_opening : The same with ``mode="mirror"``.
    cv2.morphologyEx : The same with ``cv2.MORPH_OPEN``, for flat symmetric elements.
    skimage.morphology.opening : The same with ``mode="ignore"``, for elements of odd size.

    References
    ----------
    P. Soille, *Morphological Image Analysis*, 2nd ed., Springer, 2003, chapter 4.

    Examples
    --------
    >>> from imfilter import morphology
    >>> morphology.opening([0, 5, 0, 7, 7, 7, 0], [1, 1, 1])
    array([0, 0, 0, 7, 7, 7, 0])
    """
    common = Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage)
    return morphology.apply(image, "opening", common, element, iterations, connectivity, weights)


@hinted
def closing(
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
    """Fill what is darker than its surroundings and smaller than the element.

    A closing is a dilation and then an erosion by the same element. By a flat element that contains its
    origin, it is never below the image, and a second closing changes nothing (with ``mode="shrink"``). With
    `iterations`, both are repeated.

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
        Array of the shape and dtype of `image`, or of `dtype` or `out`. By a flat element, every value is an
        input sample, so the result is exact for every dtype. NaN sorts after +inf, and -0.0 before 0.0.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    opening : Remove what is brighter than its surroundings.
    black_tophat : What a closing fills.
    scipy.ndimage.grey_closing : The same with ``mode="mirror"``.
    cv2.morphologyEx : The same with ``cv2.MORPH_CLOSE``, for flat symmetric elements.
    skimage.morphology.closing : The same with ``mode="ignore"``, for symmetric elements of odd size.

    References
    ----------
    P. Soille, *Morphological Image Analysis*, 2nd ed., Springer, 2003, chapter 4.

    Examples
    --------
    >>> from imfilter import morphology
    >>> morphology.closing([9, 5, 9, 2, 2, 2, 9], [1, 1, 1])
    array([9, 9, 9, 2, 2, 2, 9])
    """
    common = Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage)
    return morphology.apply(image, "closing", common, element, iterations, connectivity, weights)
