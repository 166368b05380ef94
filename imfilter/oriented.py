"""Filters with a direction: Gabor filters, and derivatives along any angle."""

from __future__ import annotations

from imfilter._base.keywords import Common, hinted
from imfilter._filters.linear import oriented
from imfilter.typing import (
    Angles,
    ArrayLike,
    Axes,
    Direction,
    Dtype,
    Form,
    Limit,
    Mask,
    Mode,
    Nan,
    NDArray,
    Output,
    PerAxis,
    Sigma,
    Size,
    Steps,
)
from imfilter.weights import gaussians


@hinted
def gabor(
    image: ArrayLike,
    frequency: Sigma,
    theta: Angles = None,
    *,
    direction: Direction = None,
    bandwidth: float = 1.0,
    sigma_x: Limit = None,
    sigma_y: Limit = None,
    part: Form = "complex",
    spacing: Steps = None,
    mode: Mode = "mirror",
    cval: float = 0.0,
    mask: Mask = None,
    nan: Nan = "propagate",
    min_coverage: float = 0.0,
    axes: Axes | None = None,
    channel_axis: int | None = None,
    dtype: Dtype = None,
    out: Output = None,
    workers: int | None = None,
) -> NDArray:
    """Filter an image of two or three axes with a Gabor filter: a wave of one frequency in a Gaussian.

    The response is complex. Its magnitude is large where the image has this wave, its phase is that of the
    wave. Several frequencies or directions are a bank of filters: one call computes all.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    frequency : float or sequence of float
        Waves per unit of `spacing`, greater than 0.
    theta : float or sequence of float, optional
        Direction in which the wave changes, in radians, in images of two axes: 0 is along the last filtered
        axis, and a positive angle turns towards the axis before it, as for `orientation`. Default 0: the wave
        fits vertical lines.
    direction : array_like, optional
        Direction in which the wave changes, in images of three axes, instead of `theta`: a vector with an
        element for each filtered axis, in the order of `axes`, in the unit of `spacing`. Its length does not
        matter. Several are rows of an array. Two axes: ``(sin(theta), cos(theta))``.
    bandwidth : float, optional
        Width of the response in octaves at half of its largest value, greater than 0. It determines the
        Gaussian where `sigma_x` and `sigma_y` are not given. Default 1.
    sigma_x, sigma_y : float, optional
        Standard deviations of the Gaussian in the direction of the wave and across it, in the unit of
        `spacing`. The Gaussian is cut at 3 standard deviations. If they are equal, the filter is a sum of
        separable kernels.
    part : {'complex', 'real', 'imag', 'magnitude'}, optional
        What is returned. Default 'complex'.
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
        Array of the shape of `image`. Where one of `frequency`, `theta` and `direction` has several, there is
        a new first axis: all directions of the first frequency come first. Its dtype is `dtype`, or that of
        `out`. Default: float32 for bool, 8- and 16-bit integers, float16 and float32; float64 for wider
        types. A complex result has parts of that dtype, which must be float32 or float64. `dtype` may also
        be complex64 or complex128, and `out` must be one of them.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    steered : Derivatives of a Gaussian in a direction.
    skimage.filters.gabor : The real and the imaginary part, for images of floats and ``mode="symmetric"``.
    cv2.getGaborKernel : A real kernel, for one direction.

    References
    ----------
    J. G. Daugman, "Uncertainty relation for resolution in space, spatial frequency, and orientation optimized
    by two-dimensional visual cortical filters", *JOSA A* 2(7), 1985. T. C. Bau, S. Sarkar and G. Healey,
    "Hyperspectral region classification using a three-dimensional Gabor filterbank", *IEEE Transactions on
    Geoscience and Remote Sensing* 48(9), 2010.

    Examples
    --------
    >>> import imfilter
    >>> import numpy as np
    >>> wave = np.cos(2 * np.pi * 0.1 * np.arange(60.0)) + np.zeros((60, 1))
    >>> bank = imfilter.gabor(wave, 0.1, (0.0, np.pi / 2), part="magnitude")
    >>> bank[:, 30, 30].round(2)
    array([0.5, 0. ])
    """
    return oriented.gabor(
        image,
        frequency,
        theta,
        direction,
        (bandwidth, sigma_x, sigma_y, spacing),
        part,
        Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
    )


@hinted
def steered(
    image: ArrayLike,
    sigma: PerAxis[float],
    theta: Angles = None,
    *,
    direction: Direction = None,
    order: int = 1,
    truncate: float = 4.0,
    radius: Size = None,
    spacing: Steps = None,
    mode: Mode = "mirror",
    cval: float = 0.0,
    mask: Mask = None,
    nan: Nan = "propagate",
    min_coverage: float = 0.0,
    axes: Axes | None = None,
    channel_axis: int | None = None,
    dtype: Dtype = None,
    out: Output = None,
    workers: int | None = None,
) -> NDArray:
    """Compute the first or second derivative of an image of two or three axes in any direction.

    It is a sum of derivatives of Gaussians along the axes, with weights that depend on the direction. A
    second derivative of a constant image is exactly 0, as for `hessian`.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    sigma : float or sequence of float
        Standard deviation in the unit of `spacing`: one for all filtered axes, or one for each. It must be
        greater than 0.
    theta : float or sequence of float, optional
        Direction of the derivative in radians, in images of two axes: 0 is along the last filtered axis, and
        a positive angle turns towards the axis before it, as for `orientation`.
    direction : array_like, optional
        Direction of the derivative in images of three axes, instead of `theta`: a vector with an element for
        each filtered axis, in the order of `axes`, in the unit of `spacing`. Its length does not matter.
        Several are rows of an array. Two axes: ``(sin(theta), cos(theta))``.
    order : {1, 2}, optional
        Order of the derivative. Default 1.
    truncate : float, optional
        Cut the kernel at this many standard deviations. Its radius is ``int(truncate*sigma + 0.5)``
        samples. Default 4.
    radius : int or sequence of int, optional
        Radius of the kernel in samples, instead of `truncate`: one for all filtered axes, or one for each.
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
        Array of the shape of `image`. With several directions, there is a new first axis.
        Its dtype is `dtype`, or that of `out`. Default: float32 for bool, 8- and 16-bit integers, float16 and
        float32; float64 for wider types.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    orientation : The direction in which the image changes most.
    hessian : The second derivatives along the axes.
    gaussian : Derivatives along the axes with ``order=``.

    References
    ----------
    W. T. Freeman and E. H. Adelson, "The design and use of steerable filters", *IEEE Transactions on Pattern
    Analysis and Machine Intelligence* 13(9), 1991.

    Examples
    --------
    >>> import imfilter
    >>> import numpy as np
    >>> rows, columns = np.mgrid[:9, :9]
    >>> imfilter.steered(rows + columns, 1.0, (0.0, np.pi / 4, -np.pi / 4))[:, 4, 4].round(2)
    array([1.  , 1.41, 0.  ])
    """
    return oriented.steered(
        image,
        gaussians,
        (sigma, order, truncate, radius, spacing),
        theta,
        direction,
        Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
    )
