"""Restoration: the background of an image, and sharp images from blurred ones."""

from __future__ import annotations

from typing import Literal

from imfilter._base.keywords import Common, hinted
from imfilter._filters.restoration import ball, deconvolution, family
from imfilter.typing import ArrayLike, Axes, DTypeLike, Kernel, Mask, Mode, Nan, NDArray, PerAxis


@hinted
def rolling_ball(
    image: ArrayLike,
    radius: PerAxis[float],
    *,
    height: float | None = None,
    method: Literal["opening", "erosion"] = "opening",
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
    """Estimate the background by a ball that rolls below the samples.

    The samples are heights of a surface. A ball touches the surface from below, at every place. What it
    reaches is the background. Bright spots that are narrower than the ball are above it. It is nowhere above
    the image, so ``image - rolling_ball(image, radius)`` is at least 0. For a bright background, filter the
    negative.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    radius : float or sequence of float
        Radius of the ball in samples: one for all filtered axes, or one for each. It must be larger than the
        objects that are not background.
    height : float, optional
        Radius of the ball along the values of the samples. A larger ball is steeper and follows the image
        less. Default: the largest `radius`.
    method : {'opening', 'erosion'}, optional
        What the background is. Default 'opening'.

        - 'opening': the highest point above each sample that any ball reaches
        - 'erosion': the top of the ball that is centred below each sample, as in scikit-image. It is lower.
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
        Array of the shape of `image`. Its dtype is that of `image`, or `dtype`, or that of `out`. The
        arithmetic is float32 for results of 8 bits, float16 and float32, and float64 for others. Where no
        sample is present in the ball, the result is NaN, or 0 if it is an integer. A masked array gives a
        masked array.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    imfilter.morphology.opening : The opening by any element, with `weights`.
    imfilter.morphology.white_tophat : The image without the opening by a flat element.
    skimage.restoration.rolling_ball : The same with ``method="erosion"``; it truncates integers. Its
        ``ellipsoid_kernel(shape, h)`` is ``radius=(shape[0] // 2, shape[1] // 2), height=h``.

    References
    ----------
    S. R. Sternberg, "Biomedical Image Processing", *Computer*, 16(1), 1983.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.rolling_ball([1.0, 1.0, 9.0, 1.0, 1.0, 1.0, 1.0], 2).round(3)
    array([1.   , 1.   , 1.268, 1.   , 1.   , 1.   , 1.   ])
    """
    return ball.apply(
        image,
        radius,
        height,
        method,
        Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
    )


@hinted
def wiener(
    image: ArrayLike,
    kernel: Kernel,
    *,
    balance: float = 0.01,
    regularizer: Literal["laplacian", "constant"] = "laplacian",
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
    """Undo a known blur by the Wiener filter.

    It is the linear filter with the response ``conj(H) / (|H|**2 + balance*|R|**2)``. H is the response of
    the blur. R is that of the Laplacian, or 1. It restores frequencies that the blur left, and leaves out
    those that would amplify noise. The image continues beyond its border, so there are no ripples along it.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    kernel : array_like
        The blur, as weights of `convolve`: one axis for each filtered axis, or a list of one-dimensional
        arrays. Its centre is at ``(length - 1) // 2``. Usually its sum is 1.
    balance : float, optional
        How much noise is expected. A larger value gives a smoother image. Default 0.01.
    regularizer : {'laplacian', 'constant'}, optional
        R: 'laplacian' expects less of high frequencies (Hunt). With 'constant', `balance` is the power of the
        noise relative to that of the image. Default 'laplacian'.
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
    richardson_lucy : For images of counted photons. No result is below 0.
    skimage.restoration.wiener : The same with ``mode="wrap"``, ``clip=False`` there, and a kernel of odd
        lengths.

    References
    ----------
    B. R. Hunt, "The Application of Constrained Least Squares Estimation to Image Restoration by Digital
    Computer", *IEEE Transactions on Computers*, C-22(9), 1973.

    Examples
    --------
    >>> import imfilter
    >>> kernel = [0.2, 0.6, 0.2]
    >>> blurred = imfilter.convolve([0.0, 0.0, 0.0, 8.0, 0.0, 0.0, 0.0], kernel)
    >>> imfilter.wiener(blurred, kernel, balance=1e-4).round(1) + 0.0
    array([0. , 0. , 0.1, 7.9, 0.1, 0. , 0. ])
    """
    return family.apply(
        image,
        deconvolution.WIENER,
        (kernel, balance, regularizer),
        Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
    )


@hinted
def richardson_lucy(
    image: ArrayLike,
    kernel: Kernel,
    iterations: int = 50,
    *,
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
    """Undo a known blur by the method of Richardson and Lucy.

    Every iteration multiplies the image x by ``H'(c*y/Hx) / H'c``. H is the blur, and H' the same with the
    flipped kernel. y is the given image, and c tells how much its samples count. The result becomes the most
    likely image for noise of counted photons. More iterations give a sharper image and more noise. By
    default, nothing is known beyond the border: what lies there is estimated too. So there are no ripples
    along the border, nor around absent samples.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
        Samples below 0 count as 0.
    kernel : array_like
        The blur, as weights of `convolve`: one axis for each filtered axis, or a list of one-dimensional
        arrays. Its centre is at ``(length - 1) // 2``. Usually its sum is 1.
        No weight is below 0.
    iterations : int, optional
        Number of iterations. Default 50.
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
        Whether a sample that is NaN or infinite makes the results of the whole image NaN (default). With
        'ignore', NaN is an absent sample.
    min_coverage : float, optional
        Smallest share of the kernel's weight that must reach samples that are present, from 0 to 1. Where
        less does, the result is NaN, or 0 if it is an integer. Default 0: the result is undefined only where
        the whole image is absent.
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
    wiener : Faster, in one step, for noise that does not depend on the samples.
    skimage.restoration.richardson_lucy : ``mode="zero"`` is similar: it does not divide by ``H'c``.

    References
    ----------
    W. H. Richardson, "Bayesian-Based Iterative Method of Image Restoration", *Journal of the Optical Society
    of America*, 62(1), 1972. L. B. Lucy, "An iterative technique for the rectification of observed
    distributions", *The Astronomical Journal*, 79, 1974. M. Bertero and P. Boccacci, "A simple method for the
    reduction of boundary effects in the Richardson-Lucy approach to image deconvolution", *Astronomy &
    Astrophysics*, 437, 2005.

    Examples
    --------
    >>> import imfilter
    >>> blurred = imfilter.convolve([0.0, 0.0, 0.0, 8.0, 0.0, 0.0, 0.0], [0.25, 0.5, 0.25])
    >>> imfilter.richardson_lucy(blurred, [0.25, 0.5, 0.25], 200).round(1)
    array([0., 0., 0., 8., 0., 0., 0.])
    """
    return family.apply(
        image,
        deconvolution.RICHARDSON_LUCY,
        (kernel, iterations),
        Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
    )
