"""First derivatives: the Farid and Roberts operators."""

from __future__ import annotations

from imfilter import weights
from imfilter._base.keywords import Common, hinted
from imfilter.derivative import gradient_of
from imfilter.typing import ArrayLike, Axes, DTypeLike, Mask, Mode, Nan, NDArray, PerAxis


@hinted
def farid(
    image: ArrayLike,
    *,
    axis: int | None = None,
    normalize: bool = False,
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
    """Compute the gradient of the image with the Farid operator of five taps.

    The taps along the axis of the derivative and those along the other axes are optimised together, so that
    the direction of the gradient is right: for a wave of 8 samples, it is wrong by at most 0.1 degrees.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    axis : int, optional
        Axis of the derivative. Default: the gradient magnitude, as for `sobel`.
    normalize : bool, optional
        Whether to scale the taps so that a ramp of slope 1 gives 1. Default False: the taps are not scaled.
    spacing : float or sequence of float, optional
        Distance between samples in any unit of length: one for all filtered axes, or one for each.
        Derivatives are per that unit. Default 1.
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
        and 16-bit integers, float16 and float32; float64 for wider types.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    sobel : The operator of three taps.
    skimage.filters.farid : The magnitude with ``mode="symmetric"``, divided by the square root of the number
        of axes.

    References
    ----------
    H. Farid and E. P. Simoncelli, "Differentiation of discrete multidimensional signals", *IEEE Transactions
    on Image Processing* 13(4), 2004.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.farid([[0, 1, 2, 3, 4]] * 3, axis=1, normalize=True, mode="edge").round(2)
    array([[0.5 , 0.89, 1.  , 0.89, 0.5 ],
           [0.5 , 0.89, 1.  , 0.89, 0.5 ],
           [0.5 , 0.89, 1.  , 0.89, 0.5 ]])
    """
    return gradient_of(
        weights.FARID,
        image,
        axis,
        normalize,
        spacing,
        Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
    )


@hinted
def roberts(
    image: ArrayLike,
    *,
    axis: int | None = None,
    normalize: bool = False,
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
    """Compute the gradient of the image with the Roberts cross.

    The magnitude is the root of the sum of the squared differences along both diagonals of 2 x 2 samples, of
    which the first is at the position of the result. A derivative along an axis is the sum or the difference
    of both: [-1, 1] along the axis, and [1, 1] along the others. In n dimensions, the squared derivatives
    along the axes are summed and divided by ``2**(n - 1)``.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    axis : int, optional
        Axis of the derivative. Default: the gradient magnitude.
    normalize : bool, optional
        Whether to scale the taps so that a ramp of slope 1 gives 1. Default False: the taps are not scaled.
    spacing : float or sequence of float, optional
        Distance between samples in any unit of length: one for all filtered axes, or one for each.
        Derivatives are per that unit. Default 1.
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
        and 16-bit integers, float16 and float32; float64 for wider types.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    sobel : The operator of three taps, whose results are not between the samples.
    skimage.filters.roberts : The magnitude with ``normalize=True, mode="symmetric"``.

    References
    ----------
    L. G. Roberts, *Machine perception of three-dimensional solids*, thesis, MIT, 1963.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.roberts([[0, 0, 9], [0, 0, 9], [0, 0, 9]], normalize=True, mode="edge")
    array([[0., 9., 0.],
           [0., 9., 0.],
           [0., 9., 0.]])
    """
    return gradient_of(
        weights.ROBERTS,
        image,
        axis,
        normalize,
        spacing,
        Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
        cross=True,
    )
