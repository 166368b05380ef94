"""Sharpening filters: Laplacian sharpening and unsharp masking."""

from __future__ import annotations

from typing import Any

import numpy as np

from imfilter import weights
from imfilter._base import arguments
from imfilter._base.keywords import Common, hinted
from imfilter._filters.linear import apply as linear
from imfilter._filters.linear.operators import Operator, separable
from imfilter.typing import ArrayLike, Axes, DTypeLike, Mask, Mode, Nan, NDArray, PerAxis


@hinted
def sharpen(
    image: ArrayLike,
    amount: float = 1.0,
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
    """Sharpen the image by subtracting its Laplacian: ``image - amount * laplacian(image)``.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    amount : float, optional
        Weight of the Laplacian. Default 1.
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
        Array of the shape and dtype of `image`, or of `dtype` or `out`. It is computed in floating point,
        rounded half to even and saturated.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    unsharp_mask : Sharpening at a scale that you choose.
    cv2.filter2D : The same for `amount` 1 with the kernel ``imfilter.weights.SHARPEN``.

    References
    ----------
    R. C. Gonzalez and R. E. Woods, *Digital Image Processing*, 4th ed., 2018, section 3.6.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.sharpen([0.0, 0.0, 1.0, 1.0])
    array([ 0., -1.,  2.,  1.])
    """
    return linear.apply(
        image,
        _sharpen,
        (amount,),
        Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
        preserves_dtype=True,
    )


def _sharpen(ndim: int, chosen: tuple[int, ...], amount: Any) -> Operator:
    kernel = -arguments.number(amount, "amount") * weights.laplacian(len(chosen))
    kernel[(1,) * len(chosen)] += 1.0
    return Operator(dense=kernel)


@hinted
def unsharp_mask(
    image: ArrayLike,
    sigma: PerAxis[float] = 1.0,
    amount: float = 1.0,
    *,
    truncate: float = 4.0,
    radius: PerAxis[int] | None = None,
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
    """Sharpen the image by unsharp masking.

    The result is ``image + amount * (image - gaussian(image, sigma))``.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    sigma : float or sequence of float, optional
        Standard deviation of the Gaussian in samples: one for all filtered axes, or one for each. Default 1.
    amount : float, optional
        Weight of the detail that is added. Default 1.
    truncate : float, optional
        Cut the kernel at this many standard deviations. Its radius is ``int(truncate*sigma + 0.5)``
        samples. Default 4.
    radius : int or sequence of int, optional
        Radius of the kernel in samples, instead of `truncate`: one for all filtered axes, or one for each.
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
        Array of the shape and dtype of `image`, or of `dtype` or `out`. It is computed in floating point,
        rounded half to even and saturated.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    sharpen : Sharpening at the scale of one sample.
    skimage.filters.unsharp_mask : The same with ``radius`` as `sigma` and ``preserve_range=True``. Its border
        is 'symmetric' here.

    References
    ----------
    R. C. Gonzalez and R. E. Woods, *Digital Image Processing*, 4th ed., 2018, section 3.6.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.unsharp_mask([0.0, 0.0, 1.0, 1.0], radius=1).round(2)
    array([ 0.  , -0.27,  1.27,  1.  ])
    """
    return linear.apply(
        image,
        _unsharp_mask,
        (sigma, amount, truncate, radius),
        Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
        preserves_dtype=True,
    )


def _unsharp_mask(
    ndim: int, chosen: tuple[int, ...], sigma: Any, amount: Any, truncate: Any, radius: Any
) -> Operator:
    n = len(chosen)
    weight = arguments.number(amount, "amount")
    bell = weights.gaussians(arguments.sigmas(sigma, n), (0,) * n, truncate, radius, (1.0,) * n)
    one = (np.ones(1),) * (n - 1)
    return separable((np.array([1.0 + weight]), *one), (-weight * bell[0], *bell[1:]))
