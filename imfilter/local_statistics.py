"""Statistics of the neighbourhood: variance, standard deviation and entropy."""

from __future__ import annotations

from typing import Literal

from imfilter._base.keywords import Common, hinted
from imfilter._filters.local import entropy, spread
from imfilter.typing import ArrayLike, Axes, DTypeLike, Mask, Mode, Nan, NDArray, PerAxis
from imfilter.weights import gaussians


@hinted
def local_variance(
    image: ArrayLike,
    size: PerAxis[int] = 3,
    *,
    window: Literal["box", "gaussian"] = "box",
    sigma: PerAxis[float] | None = None,
    footprint: ArrayLike | None = None,
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
    """Compute the variance of the neighbourhood of each sample.

    The population variance is the mean of the squared distances from the mean (``ddof=0``). It is computed in
    float64 or in integers, and no common offset cancels digits: samples of 1e7 plus or minus 1 keep nine
    digits. The result is never negative, and exactly 0 in a constant window. It depends on the samples of its
    window only. The squares of distances must be in the range of float64.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    size : int or sequence of int, optional
        Length of the window: one for all filtered axes, or one for each. Default 3. An even window has one
        sample more before its centre than after it, as in SciPy. A window may be longer than the image.
    window : {'box', 'gaussian'}, optional
        Weights of the samples: equal in a box of `size` or in a `footprint`, or those of a Gaussian of
        `sigma`. Default 'box'.
    sigma : float or sequence of float, optional
        Standard deviation of the Gaussian in samples: one for all filtered axes, or one for each. It is
        cut at 4 standard deviations. Default 1. Leave it out for a box.
    footprint : array_like, optional
        Window of any shape, instead of `size`. It contains the samples where the footprint is not zero.
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
        Array of the shape of `image`. Its dtype is `dtype`, or that of `out`. Default: float32 for bool, 8-
        and 16-bit integers, float16 and float32; float64 for wider types. A masked array gives a masked
        array.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    local_std : The square root of the variance.
    local_entropy : The entropy of the neighbourhood.
    scipy.ndimage.generic_filter : The same with ``np.var, 3, mode="mirror"``, in a function call for
        each sample.
    scipy.ndimage.uniform_filter : ``uniform_filter(x*x, n) - uniform_filter(x, n)**2`` is the variance only
        where it is not small beside the square of the mean.
    cv2.sqrBoxFilter : The means of the squares, for the same difference.

    References
    ----------
    T. F. Chan, G. H. Golub and R. J. LeVeque, "Algorithms for Computing the Sample Variance: Analysis and
    Recommendations", *The American Statistician*, 37(3), 1983.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.local_variance([1.0, 1.0, 1.0, 4.0, 1.0], 3)
    array([0., 0., 2., 2., 2.])
    >>> imfilter.local_variance([1e7, 1e7 + 1, 1e7 + 2], 3, mode="edge").round(3)
    array([0.222, 0.667, 0.222])
    """
    return spread.apply(
        image,
        False,
        gaussians,
        size,
        window,
        sigma,
        footprint,
        Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
    )


@hinted
def local_std(
    image: ArrayLike,
    size: PerAxis[int] = 3,
    *,
    window: Literal["box", "gaussian"] = "box",
    sigma: PerAxis[float] | None = None,
    footprint: ArrayLike | None = None,
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
    """Compute the standard deviation of the neighbourhood of each sample.

    It is the square root of `local_variance`, for the population (``ddof=0``). It measures local contrast and
    texture.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    size : int or sequence of int, optional
        Length of the window: one for all filtered axes, or one for each. Default 3. An even window has one
        sample more before its centre than after it, as in SciPy. A window may be longer than the image.
    window : {'box', 'gaussian'}, optional
        Weights of the samples: equal in a box of `size` or in a `footprint`, or those of a Gaussian of
        `sigma`. Default 'box'.
    sigma : float or sequence of float, optional
        Standard deviation of the Gaussian in samples: one for all filtered axes, or one for each. It is
        cut at 4 standard deviations. Default 1. Leave it out for a box.
    footprint : array_like, optional
        Window of any shape, instead of `size`. It contains the samples where the footprint is not zero.
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
        Array of the shape of `image`. Its dtype is `dtype`, or that of `out`. Default: float32 for bool, 8-
        and 16-bit integers, float16 and float32; float64 for wider types. A masked array gives a masked
        array.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    local_variance : The square of the standard deviation.
    local_entropy : The entropy of the neighbourhood.
    scipy.ndimage.generic_filter : The same with ``np.std, 3, mode="mirror"``, in a function call for
        each sample.
    scipy.ndimage.uniform_filter : ``uniform_filter(x*x, n) - uniform_filter(x, n)**2`` is the variance only
        where it is not small beside the square of the mean.
    cv2.sqrBoxFilter : The means of the squares, for the same difference.

    References
    ----------
    T. F. Chan, G. H. Golub and R. J. LeVeque, "Algorithms for Computing the Sample Variance: Analysis and
    Recommendations", *The American Statistician*, 37(3), 1983.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.local_std([2, 2, 2, 8, 8, 8], 4).round(3)
    array([0.   , 0.   , 2.598, 3.   , 2.598, 0.   ])
    """
    return spread.apply(
        image,
        True,
        gaussians,
        size,
        window,
        sigma,
        footprint,
        Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
    )


@hinted
def local_entropy(
    image: ArrayLike,
    size: PerAxis[int] = 3,
    *,
    footprint: ArrayLike | None = None,
    levels: int = 256,
    value_range: tuple[float, float] | None = None,
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
    """Compute the entropy of the neighbourhood of each sample, in bits.

    The entropy of a histogram with the shares p is ``-sum(p * log2(p))``. It is 0 in a constant window. It is
    largest where all bins have the same number of samples. It measures how much the samples vary, whatever
    their values are. A sample x is in bin ``floor((x - low) * levels / (high - low))``. A sample counts once
    where a mask of numbers is above 0.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    size : int or sequence of int, optional
        Length of the window: one for all filtered axes, or one for each. Default 3. An even window has one
        sample more before its centre than after it, as in SciPy. A window may be longer than the image.
    footprint : array_like, optional
        Window of any shape, instead of `size`. It contains the samples where the footprint is not zero.
    levels : int, optional
        Number of bins of the histogram, from 2 to 65536. Default 256.
    value_range : (float, float), optional
        Values at the lower end of the first bin and at the upper end of the last bin. A value outside is in
        the nearest bin. Default: all values of an integer type. Floats have no default.
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
        Array of the shape of `image`. Its dtype is `dtype`, or that of `out`. Default: float32 for bool, 8-
        and 16-bit integers, float16 and float32; float64 for wider types. A masked array gives a masked
        array.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    local_std : The standard deviation of the neighbourhood.
    skimage.filters.rank.entropy : The same for 8-bit images with ``mode="shrink"``. For 16-bit images, give
        ``levels=65536``: each value has its own bin.

    References
    ----------
    C. E. Shannon, "A Mathematical Theory of Communication", *Bell System Technical Journal*, 27, 1948.

    Examples
    --------
    >>> import imfilter
    >>> import numpy as np
    >>> image = np.array([7, 7, 7, 1, 2, 3], np.uint8)
    >>> imfilter.local_entropy(image, 3).round(3)
    array([0.   , 0.   , 0.918, 1.585, 1.585, 0.918], dtype=float32)
    >>> imfilter.local_entropy([0.1, 0.2, 0.9], 3, levels=10, value_range=(0, 1)).round(3)
    array([0.918, 1.585, 0.918])
    """
    return entropy.apply(
        image,
        size,
        footprint,
        levels,
        value_range,
        Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
    )
