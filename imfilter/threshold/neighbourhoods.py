"""Thresholds for each sample, from its neighbourhood."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from imfilter import smooth
from imfilter._base import arguments, dtypes, missing
from imfilter._base.keywords import Common, hinted
from imfilter._filters.threshold import local as _local
from imfilter.rank import median
from imfilter.typing import ArrayLike, Axes, DTypeLike, Mask, Mode, Nan, NDArray, PerAxis

#: The means that `local` subtracts the offset from.
METHODS = ("gaussian", "mean", "median")


@hinted
def niblack(
    image: ArrayLike,
    size: PerAxis[int] = 15,
    k: float = 0.2,
    *,
    mode: Mode = "mirror",
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
    """Return the mean of the neighbourhood minus a multiple of its standard deviation.

    The threshold of a sample is ``m - k*s`` with the mean m and the standard deviation s of its window. It is
    for text on an uneven background.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    size : int or sequence of int, optional
        Length of the window: one for all filtered axes, or one for each. An even window has one sample more
        before its centre than after it. A window may be longer than the image. Default 15.
    k : float, optional
        Factor of the standard deviation. With a negative factor, the threshold is above the mean. Default
        0.2.
    mode : {'mirror', 'symmetric', 'edge', 'wrap', 'zero', 'constant', 'shrink'}, optional
        How an image ``a b c d`` continues beyond its border. Default 'mirror'.

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
        Whether NaN makes every result NaN whose window contains it (default), or is an absent sample.
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
        The threshold of each sample, in an array of the shape of `image`. Samples above it are foreground:
        ``image > threshold``. Its dtype is `dtype`, or that of `out`. Default: float32 for bool, 8- and
        16-bit integers, float16 and float32; float64 for wider types. It is computed in float64. A masked
        array gives a masked array.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    sauvola : The same with a factor that suits flat parts of a page better.
    skimage.filters.threshold_niblack : The same for odd sizes, with ``window_size`` for `size`.
    cv2.ximgproc.niBlackThreshold : The picture ``image > threshold``, with ``-k`` for `k`.

    References
    ----------
    W. Niblack, *An Introduction to Digital Image Processing*, Prentice-Hall, 1986.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.threshold.niblack([1.0, 1.0, 4.0, 1.0, 1.0], 3).round(2)
    array([1.  , 1.72, 1.72, 1.72, 1.  ])
    """
    factor = arguments.number(k, "k")
    common = Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage)
    return _local.thresholds(image, size, common, (1.0, 0.0, -factor))


@hinted
def sauvola(
    image: ArrayLike,
    size: PerAxis[int] = 15,
    k: float = 0.2,
    r: float | None = None,
    *,
    mode: Mode = "mirror",
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
    """Return the mean of the neighbourhood, lowered where its standard deviation is small.

    The threshold of a sample is ``m * (1 + k*(s/r - 1))`` with the mean m and the standard deviation s of its
    window. It is for dark text on a bright page: flat parts of the page are above their threshold.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    size : int or sequence of int, optional
        Length of the window: one for all filtered axes, or one for each. An even window has one sample more
        before its centre than after it. A window may be longer than the image. Default 15.
    k : float, optional
        How much the threshold is lowered in flat parts. Default 0.2.
    r : float, optional
        The largest standard deviation that is expected, more than 0. Default: half of the range of the type
        of `image`, for example 127.5 for uint8. It is 1 for floats, whose range is from -1 to 1.
    mode : {'mirror', 'symmetric', 'edge', 'wrap', 'zero', 'constant', 'shrink'}, optional
        How an image ``a b c d`` continues beyond its border. Default 'mirror'.

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
        Whether NaN makes every result NaN whose window contains it (default), or is an absent sample.
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
        The threshold of each sample, in an array of the shape of `image`. Samples above it are foreground:
        ``image > threshold``. Its dtype is `dtype`, or that of `out`. Default: float32 for bool, 8- and
        16-bit integers, float16 and float32; float64 for wider types. It is computed in float64. A masked
        array gives a masked array.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    niblack : The mean minus a multiple of the standard deviation.
    skimage.filters.threshold_sauvola : The same for odd sizes, with ``window_size`` for `size`.

    References
    ----------
    J. Sauvola and M. Pietikäinen, "Adaptive document image binarization", *Pattern Recognition* 33(2), 2000.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.threshold.sauvola([1.0, 1.0, 4.0, 1.0, 1.0], 3).round(2)
    array([0.8 , 2.17, 2.17, 2.17, 0.8 ])
    """
    factor = arguments.number(k, "k")
    if r is None:
        largest = _local.half_range(arguments.image(missing.split(image)[0]).dtype)
    else:
        largest = arguments.number(r, "r")
        if largest <= 0:
            raise ValueError(f"r must be more than 0, got {largest}")
    common = Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage)
    return _local.thresholds(image, size, common, (1 - factor, factor / largest, 0.0))


@hinted
def local(
    image: ArrayLike,
    size: PerAxis[int],
    *,
    method: Literal["gaussian", "mean", "median"] = "gaussian",
    offset: float = 0.0,
    mode: Mode = "mirror",
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
    """Return a mean or the median of the neighbourhood, minus a constant.

    This is also called an adaptive threshold.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    size : int or sequence of int
        Length of the window: one for all filtered axes, or one for each. An even window has one sample more
        before its centre than after it. A window may be longer than the image.
    method : {'gaussian', 'mean', 'median'}, optional
        'gaussian': the mean weighted with a Gaussian, whose standard deviation is ``(size - 1) / 6``. 'mean':
        the mean of the window. 'median': its median, the upper one of two. Default 'gaussian'.
    offset : float, optional
        Number that is subtracted. Default 0.
    mode : {'mirror', 'symmetric', 'edge', 'wrap', 'zero', 'constant', 'shrink'}, optional
        How an image ``a b c d`` continues beyond its border. Default 'mirror'.

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
        Whether NaN makes every mean NaN whose window contains it (default), or is an absent sample. In a
        median it sorts after +inf by default.
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
        The threshold of each sample, in an array of the shape of `image`. Samples above it are foreground:
        ``image > threshold``. Its dtype is `dtype`, or that of `out`. Default: float32 for bool, 8- and
        16-bit integers, float16 and float32; float64 for wider types. A masked array gives a masked array.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    imfilter.gaussian, imfilter.box, imfilter.median : The means and the median.
    skimage.filters.threshold_local : The same for odd sizes, with ``block_size`` for `size`. Its default
        border is ``mode="symmetric"`` of this function.
    cv2.adaptiveThreshold : The picture ``image > threshold`` for uint8, with ``C`` for `offset`. Its standard
        deviation of the Gaussian is another.

    References
    ----------
    R. C. Gonzalez and R. E. Woods, *Digital Image Processing*, 4th ed., 2018, section 10.3.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.threshold.local([1.0, 1.0, 4.0, 1.0, 1.0], 3, method="mean", offset=0.5)
    array([0.5, 1.5, 1.5, 1.5, 0.5])
    """
    how = arguments.word(method, "method", METHODS)
    less = arguments.number(offset, "offset")
    array = arguments.image(missing.split(image)[0])
    place = arguments.fitting(arguments.out(out), array.shape)
    element = arguments.dtype(dtype, place, dtypes.derived(array.dtype))
    options: dict[str, Any] = {"mode": mode, "cval": cval, "mask": mask, "nan": nan, "axes": axes}
    options |= {"min_coverage": min_coverage, "channel_axis": channel_axis, "workers": workers}
    # Of a type that needs more digits, only the last digit of the threshold is rounded.
    options["dtype"] = dtypes.derived(array.dtype) if element.kind in "biu" else element
    chosen = arguments.chosen_axes(array, axes, channel_axis)
    lengths = arguments.integers(size, len(chosen), "size", least=1)
    if how == "gaussian":
        found = smooth.gaussian(image, [(n - 1) / 6 for n in lengths], **options)
    else:
        found = (smooth.box if how == "mean" else median)(image, lengths, **options)
    values = np.ma.getdata(found)
    if less:
        values -= values.dtype.type(less)
    result = place if place is not None else dtypes.empty(array.shape, element)
    dtypes.place(values, result)
    return np.ma.MaskedArray(result, np.ma.getmask(found)) if isinstance(found, np.ma.MaskedArray) else result
