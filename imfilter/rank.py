"""Rank filters: median and percentile."""

from __future__ import annotations

from typing import Any

from imfilter._base import arguments
from imfilter._base.keywords import Common, hinted
from imfilter._filters.rank import apply as rank
from imfilter._filters.rank.picks import middle
from imfilter.typing import ArrayLike, Axes, DTypeLike, Mask, Mode, Nan, NDArray, PerAxis


def _at(n: int, q: Any) -> int:
    share = arguments.number(q, "q")
    if not 0 <= share <= 100:
        raise ValueError(f"q must be from 0 to 100, got {share}")
    return min(int(n * share / 100), n - 1)


@hinted
def median(
    image: ArrayLike,
    size: PerAxis[int] = 3,
    *,
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
    """Replace each sample by the median of its neighbourhood.

    The filter removes impulse noise and keeps edges sharp.

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
        Whether NaN is a sample that sorts after +inf (default), or is an absent sample.
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
        Array of the shape and dtype of `image`, or of `dtype` or `out`. Every output value is an input
        sample, so the result is exact for every dtype. NaN sorts after +inf, and -0.0 sorts before 0.0.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    percentile : Any percentile of the neighbourhood.
    scipy.ndimage.median_filter : The same with ``mode="mirror"``. If the window has an even number of
        samples, both return the upper of the two middle samples.
    cv2.medianBlur : The same for odd square windows with ``mode="edge"``.

    References
    ----------
    R. C. Gonzalez and R. E. Woods, *Digital Image Processing*, 4th ed., 2018, section 5.3.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.median([1, 1, 9, 1, 2, 2], 3)
    array([1, 1, 1, 2, 2, 2])
    """
    return rank.apply(
        image,
        middle,
        size,
        footprint,
        Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
    )


@hinted
def percentile(
    image: ArrayLike,
    q: float,
    size: PerAxis[int] = 3,
    *,
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
    """Replace each sample by a percentile of its neighbourhood.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    q : float
        Percentile, from 0 (the minimum) to 100 (the maximum). The result is the sample of index
        ``min(int(n * q / 100), n - 1)`` of the n sorted samples.
    size : int or sequence of int, optional
        Length of the window: one for all filtered axes, or one for each. Default 3. An even window has one
        sample more before its centre than after it, as in SciPy. A window may be longer than the image.
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
        Whether NaN is a sample that sorts after +inf (default), or is an absent sample.
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
        Array of the shape and dtype of `image`, or of `dtype` or `out`. Every output value is an input
        sample, so the result is exact for every dtype. NaN sorts after +inf, and -0.0 sorts before 0.0.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    median : The middle sample of the neighbourhood.
    scipy.ndimage.percentile_filter : The same with ``mode="mirror"``.
    skimage.filters.rank.percentile : Percentile filter for 8- and 16-bit images.

    References
    ----------
    R. C. Gonzalez and R. E. Woods, *Digital Image Processing*, 4th ed., 2018, section 5.3.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.percentile([5, 1, 2, 3, 4], 25, 4)
    array([1, 1, 2, 2, 3])
    """
    return rank.apply(
        image,
        _at,
        size,
        footprint,
        Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
        q,
    )
