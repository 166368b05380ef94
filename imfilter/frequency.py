"""Filters by frequency: Butterworth's, and the homomorphic filter."""

from __future__ import annotations

from typing import Literal

from imfilter._base.keywords import Common, hinted
from imfilter._filters.restoration import bands, family
from imfilter.typing import ArrayLike, Axes, DTypeLike, Mask, Mode, Nan, NDArray, PerAxis


@hinted
def butterworth(
    image: ArrayLike,
    cutoff: float | tuple[float, float],
    *,
    kind: Literal["low", "high", "band"] = "low",
    order: float = 2.0,
    squared: bool = True,
    spacing: PerAxis[float] | None = None,
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
    """Keep low, high or medium frequencies, with a Butterworth filter.

    The response to the frequency f is ``1 / (1 + (f/cutoff)**(2*order))``, and 1 minus that for high
    frequencies. f is the same in all directions. Unlike an ideal filter, it has no sharp edge, so there are
    few ripples.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    cutoff : float or (float, float)
        Frequency in cycles a sample at which the response is a half, usually below 0.5. For ``kind="band"``
        the lower and the upper one.
    kind : {'low', 'high', 'band'}, optional
        Which frequencies stay. Default 'low'.
    order : float, optional
        How steep the response is. Default 2.
    squared : bool, optional
        Whether the response is the one above (default), or its square root, as in electronics.
    spacing : float or sequence of float, optional
        Distance between samples: one for all filtered axes, or one for each. Then `cutoff` is in cycles a
        unit of this distance. Default 1.
    mode : {'mirror', 'symmetric', 'edge', 'wrap', 'zero', 'constant'}, optional
        How an image ``a b c d`` continues beyond its border. Default 'mirror'.

        - 'mirror': ``d c b | a b c d | c b a``
        - 'symmetric': ``c b a | a b c d | d c b``
        - 'edge': ``a a a | a b c d | d d d``, which goes over into the other end
        - 'wrap': ``b c d | a b c d | a b c``
        - 'zero': ``0 0 0 | a b c d | 0 0 0``
        - 'constant': ``k k k | a b c d | k k k`` with k = `cval`
    cval : float, optional
        Value beyond the border with ``mode="constant"``. Default 0.
    mask : array_like, optional
        Samples that are present, in the shape of `image`, or in its shape without `channel_axis`. Bool, or
        numbers above 0 where a sample is present. An absent sample may have any value, and changes no result.
        It is replaced by a mean of the samples around it. Default: all samples are present.
    nan : {'propagate', 'ignore'}, optional
        Whether a sample that is NaN or infinite makes the results of the whole image NaN (default). With
        'ignore', NaN is an absent sample.
    min_coverage : float, optional
        Smallest share of the filter's weights that must be present, from 0 to 1, by their magnitudes: those
        of the response as a kernel. Where less is present, the result is NaN, or 0 if it is an integer.
        Default 0: the result is undefined only where the whole image is absent.
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
        and 16-bit integers, float16 and float32; float64 for wider types. The arithmetic is float64. A masked
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
    gaussian : A low pass without ripples, of a window.
    difference_of_gaussians : A band pass of a window.
    homomorphic : A high pass of the logarithm.
    skimage.filters.butterworth : The same with ``mode="wrap"``. Its ``cutoff_frequency_ratio`` is `cutoff`,
        and ``high_pass=True`` is ``kind="high"``.

    References
    ----------
    S. Butterworth, "On the Theory of Filter Amplifiers", *Experimental Wireless*, 7, 1930. R. C. Gonzalez and
    R. E. Woods, *Digital Image Processing*, chapter 4.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.butterworth([0.0, 0.0, 0.0, 8.0, 0.0, 0.0, 0.0], 0.2).round(2)
    array([-0.19,  0.31,  2.05,  3.47,  2.05,  0.31, -0.19])
    """
    return family.apply(
        image,
        bands.BUTTERWORTH,
        (cutoff, order, kind, squared, spacing),
        Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
    )


@hinted
def homomorphic(
    image: ArrayLike,
    cutoff: float,
    *,
    low_gain: float = 0.5,
    high_gain: float = 1.5,
    order: float = 2.0,
    offset: float = 1.0,
    spacing: PerAxis[float] | None = None,
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
    """Even out the illumination and raise the contrast, by a filter of the logarithm.

    An image is illumination times reflectance. In the logarithm it is their sum. Illumination has low
    frequencies, and reflectance higher ones. The result is ``exp(filtered(log(image + offset))) - offset``.
    The response of the filter is ``low_gain + (high_gain - low_gain)*B``, with the high pass B of
    `butterworth`. The mean brightness changes too, unless `low_gain` is 1.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
        ``image + offset`` must be positive.
    cutoff : float
        Frequency in cycles a sample between both gains. Illumination is slower.
    low_gain : float, optional
        Factor of the logarithm at low frequencies, at least 0. Default 0.5.
    high_gain : float, optional
        Factor of the logarithm at high frequencies, at least 0. Default 1.5.
    order : float, optional
        How steep the response is. Default 2.
    offset : float, optional
        Number that is added before the logarithm. Default 1, for integers. For floats up to 1, use less.
    spacing : float or sequence of float, optional
        Distance between samples: one for all filtered axes, or one for each. Then `cutoff` is in cycles a
        unit of this distance. Default 1.
    mode : {'mirror', 'symmetric', 'edge', 'wrap', 'zero', 'constant'}, optional
        How an image ``a b c d`` continues beyond its border. Default 'mirror'.

        - 'mirror': ``d c b | a b c d | c b a``
        - 'symmetric': ``c b a | a b c d | d c b``
        - 'edge': ``a a a | a b c d | d d d``, which goes over into the other end
        - 'wrap': ``b c d | a b c d | a b c``
        - 'zero': ``0 0 0 | a b c d | 0 0 0``
        - 'constant': ``k k k | a b c d | k k k`` with k = `cval`
    cval : float, optional
        Value beyond the border with ``mode="constant"``. Default 0.
    mask : array_like, optional
        Samples that are present, in the shape of `image`, or in its shape without `channel_axis`. Bool, or
        numbers above 0 where a sample is present. An absent sample may have any value, and changes no result.
        It is replaced by a mean of the samples around it. Default: all samples are present.
    nan : {'propagate', 'ignore'}, optional
        Whether a sample that is NaN or infinite makes the results of the whole image NaN (default). With
        'ignore', NaN is an absent sample.
    min_coverage : float, optional
        Smallest share of the filter's weights that must be present, from 0 to 1, by their magnitudes: those
        of the response as a kernel. Where less is present, the result is NaN, or 0 if it is an integer.
        Default 0: the result is undefined only where the whole image is absent.
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
        and 16-bit integers, float16 and float32; float64 for wider types. The arithmetic is float64. A masked
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
    butterworth : The filter without logarithms.
    clahe : Local contrast by histograms.
    rolling_ball : The background by an opening.

    References
    ----------
    A. V. Oppenheim, R. W. Schafer and T. G. Stockham, "Nonlinear Filtering of Multiplied and Convolved
    Signals", *Proceedings of the IEEE*, 56(8), 1968.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.homomorphic([3.0, 3.0, 3.0], 0.1, low_gain=0.5)
    array([1., 1., 1.])
    """
    return family.apply(
        image,
        bands.HOMOMORPHIC,
        (cutoff, low_gain, high_gain, order, offset, spacing),
        Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
    )
