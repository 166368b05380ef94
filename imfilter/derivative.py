"""First derivatives: the Sobel, Scharr and Prewitt operators."""

from __future__ import annotations

from typing import Any

from imfilter import weights
from imfilter._base import arguments
from imfilter._base.keywords import Common, hinted
from imfilter._filters.linear import apply as linear
from imfilter._filters.linear.operators import Operator, separable
from imfilter.typing import ArrayLike, Axes, DTypeLike, Mask, Mode, Nan, NDArray, PerAxis


@hinted
def sobel(
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
    """Compute the gradient of the image with the Sobel operator.

    The operator is [-1, 0, 1] along one axis and [1, 2, 1] along the other axes.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    axis : int, optional
        Axis of the derivative. Default: the gradient magnitude, which is the square root of the sum of the
        squared derivatives along all filtered axes.
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
    scipy.ndimage.sobel : One derivative of a floating-point image, not scaled.
    cv2.Sobel : One derivative, not scaled. ``cv2.Sobel(image, cv2.CV_32F, 1, 0)`` is ``axis=1`` here.
    skimage.filters.sobel : The magnitude with ``normalize=True, mode="symmetric"``, times 2 divided by the
        square root of the number of axes.

    References
    ----------
    I. Sobel and G. Feldman, "A 3x3 isotropic gradient operator for image processing", 1968.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.sobel([[0, 0, 9], [0, 0, 9], [0, 0, 9]], axis=1)
    array([[ 0., 36.,  0.],
           [ 0., 36.,  0.],
           [ 0., 36.,  0.]])
    """
    return gradient_of(
        weights.SOBEL,
        image,
        axis,
        normalize,
        spacing,
        Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
    )


@hinted
def scharr(
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
    """Compute the gradient of the image with the Scharr operator.

    The operator is [-1, 0, 1] along one axis and [3, 10, 3] along the other axes.

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
    cv2.Scharr : One derivative, not scaled. ``cv2.Scharr(image, cv2.CV_32F, 1, 0)`` is ``axis=1`` here.
    skimage.filters.scharr : The magnitude with ``normalize=True, mode="symmetric"``, times 2 divided by the
        square root of the number of axes.

    References
    ----------
    H. Scharr, *Optimale Operatoren in der digitalen Bildverarbeitung*, thesis, Heidelberg, 2000.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.scharr([[0, 0, 9], [0, 0, 9], [0, 0, 9]], axis=1, normalize=True)
    array([[0. , 4.5, 0. ],
           [0. , 4.5, 0. ],
           [0. , 4.5, 0. ]])
    """
    return gradient_of(
        weights.SCHARR,
        image,
        axis,
        normalize,
        spacing,
        Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
    )


@hinted
def prewitt(
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
    """Compute the gradient of the image with the Prewitt operator.

    The operator is [-1, 0, 1] along one axis and [1, 1, 1] along the other axes.

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
    scipy.ndimage.prewitt : One derivative of a floating-point image, not scaled.
    skimage.filters.prewitt : The magnitude with ``normalize=True, mode="symmetric"``, times 2 divided by the
        square root of the number of axes.

    References
    ----------
    J. M. S. Prewitt, "Object enhancement and extraction", *Picture Processing and
    Psychopictorics*, 1970.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.prewitt([[0, 0, 9], [0, 0, 9], [0, 0, 9]])
    array([[ 0., 27.,  0.],
           [ 0., 27.,  0.],
           [ 0., 27.,  0.]])
    """
    return gradient_of(
        weights.PREWITT,
        image,
        axis,
        normalize,
        spacing,
        Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
    )


def gradient_of(
    gradient: weights.Gradient,
    image: ArrayLike,
    axis: Any,
    normalize: Any,
    spacing: Any,
    common: Common,
    *,
    cross: bool = False,
) -> NDArray:
    """Return one derivative of `gradient`, or the gradient magnitude; `cross` is that of Roberts."""
    return linear.apply(
        image,
        _gradient_operator,
        (gradient.difference, gradient.smoothing, axis, normalize, spacing, cross),
        common,
        preserves_dtype=False,
        geometry=linear.Geometry(flipped=True) if cross else linear.EVERY_SAMPLE,  # which no key contains
    )


def _gradient_operator(
    ndim: int,
    chosen: tuple[int, ...],
    difference: Any,
    smoothing: Any,
    axis: Any,
    normalize: Any,
    spacing: Any,
    cross: bool,
) -> Operator:
    gradient = weights.Gradient(difference, smoothing)
    n = len(chosen)
    scaled, steps = arguments.flag(normalize, "normalize"), arguments.spacings(spacing, n)
    if axis is None:
        terms = [gradient.along(i, n, normalize=scaled, spacing=steps) for i in range(n)]
        if cross and not scaled:
            # The sum of squares counts 2**(1 - n). Powers of 2 as weights give exactly 0 for equal samples.
            terms = [(first * 0.5 ** (n // 2), *rest) for first, *rest in terms] * (2 - n % 2)
        return separable(*terms, norm=True)
    index = arguments.axis_index(axis, ndim, "axis")
    if index not in chosen:
        raise ValueError(f"axis must be one of the filtered axes {chosen}, got {axis}")
    return separable(gradient.along(chosen.index(index), n, normalize=scaled, spacing=steps))
