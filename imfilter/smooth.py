"""Smoothing filters: Gaussian and box."""

from __future__ import annotations

from typing import Any

import numpy as np

from imfilter import weights
from imfilter._base import arguments
from imfilter._base.keywords import Common, hinted
from imfilter._filters.linear import apply as linear
from imfilter._filters.linear.operators import Operator, separable
from imfilter._filters.linear.planner import METHODS
from imfilter.typing import ArrayLike, Axes, DTypeLike, Mask, Method, Mode, Nan, NDArray, PerAxis


@hinted
def gaussian(
    image: ArrayLike,
    sigma: PerAxis[float],
    *,
    order: PerAxis[int] = 0,
    truncate: float = 4.0,
    radius: PerAxis[int] | None = None,
    method: Method = "auto",
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
    """Smooth the image with a Gaussian filter, or compute derivatives of Gaussian.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    sigma : float or sequence of float
        Standard deviation in the unit of `spacing`: one for all filtered axes, or one for each. An axis with
        0 is not smoothed.
    order : int or sequence of int, optional
        Order of the derivative: one for all filtered axes, or one for each. Default 0: no derivative.
    truncate : float, optional
        Cut the kernel at this many standard deviations. Its radius is ``int(truncate*sigma + 0.5)``
        samples. Default 4.
    radius : int or sequence of int, optional
        Radius of the kernel in samples, instead of `truncate`: one for all filtered axes, or one for each.
    method : {'auto', 'direct', 'separable', 'fft'}, optional
        Algorithm. Default 'auto': the algorithm with the shortest predicted time.
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
        Array of the shape of `image`. Its dtype is `dtype`, or that of `out`. Default for smoothing: the
        dtype of `image`, rounded half to even and saturated. Default for derivatives: float32 for bool, 8-
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
    scipy.ndimage.gaussian_filter : The same for floating-point images with ``mode="mirror"``.
    skimage.filters.gaussian : The same with ``mode="mirror", preserve_range=True``.
    cv2.GaussianBlur : The same with ``ksize=(2*r + 1, 2*r + 1)``, r = ``int(4*sigma + 0.5)``.

    References
    ----------
    R. C. Gonzalez and R. E. Woods, *Digital Image Processing*, 4th ed., 2018, section 3.5.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.gaussian([0, 0, 100, 0, 0], 1.0)
    array([11, 25, 40, 25, 11])
    """
    if not isinstance(method, str) or method not in METHODS:
        error = ValueError if isinstance(method, str) else TypeError
        raise error(f"method must be one of {', '.join(map(repr, METHODS))}, got {method!r}")
    return linear.apply(
        image,
        _gaussian,
        (sigma, order, truncate, radius, spacing),
        Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
        preserves_dtype=not _derives(order),
        method=method,
    )


def _derives(order: Any) -> bool:
    """Tell whether any order is that of a derivative. Orders of wrong types are refused later."""
    if type(order) is int:
        return order != 0
    return any(isinstance(o, int | np.integer) and o for o in arguments.each(order, None, "order"))


def _gaussian(
    ndim: int, chosen: tuple[int, ...], sigma: Any, order: Any, truncate: Any, radius: Any, spacing: Any
) -> Operator:
    n = len(chosen)
    orders = arguments.integers(order, n, "order", least=0)
    return separable(
        weights.gaussians(
            arguments.sigmas(sigma, n), orders, truncate, radius, arguments.spacings(spacing, n)
        )
    )


@hinted
def box(
    image: ArrayLike,
    size: PerAxis[int],
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
    """Replace each sample by the mean of its neighbourhood.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    size : int or sequence of int
        Length of the box: one for all filtered axes, or one for each. An even box has one sample more before
        its centre than after it, as in SciPy.
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
    scipy.ndimage.uniform_filter : The same for floating-point images with ``mode="mirror"``.
    cv2.blur : The same for odd sizes; ``ksize`` is in the order (x, y).

    References
    ----------
    R. C. Gonzalez and R. E. Woods, *Digital Image Processing*, 4th ed., 2018, section 3.5.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.box([0.0, 0.0, 3.0, 0.0, 0.0], 3)
    array([0., 1., 1., 1., 0.])
    """
    return linear.apply(
        image,
        _box,
        (size,),
        Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
        preserves_dtype=True,
    )


def _box(ndim: int, chosen: tuple[int, ...], size: Any) -> Operator:
    return separable(tuple(map(weights.box, arguments.integers(size, len(chosen), "size", least=1))))
