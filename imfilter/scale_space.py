"""Filters at a scale: Laplacian of Gaussian, difference of Gaussians, Gaussian gradient magnitude."""

from __future__ import annotations

from typing import Any

from imfilter import weights
from imfilter._base import arguments
from imfilter._base.keywords import Common, hinted
from imfilter._filters.linear import apply as linear
from imfilter._filters.linear.operators import Operator, Term, separable
from imfilter.typing import ArrayLike, Axes, DTypeLike, Mask, Mode, Nan, NDArray, PerAxis


def _derivatives(order: int, sigmas: Any, truncate: Any, radius: Any, spacings: Any) -> list[Term]:
    """Return the separable terms of a Gaussian's derivatives of `order` along each axis."""
    n = len(sigmas)
    return [
        weights.gaussians(sigmas, [order * (a == axis) for a in range(n)], truncate, radius, spacings)
        for axis in range(n)
    ]


@hinted
def laplacian_of_gaussian(
    image: ArrayLike,
    sigma: PerAxis[float],
    *,
    truncate: float = 4.0,
    radius: PerAxis[int] | None = None,
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
    """Filter the image with a Laplacian of Gaussian (Marr-Hildreth operator).

    The result is the sum of the second derivatives of Gaussian along all filtered axes.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    sigma : float or sequence of float
        Standard deviation in the unit of `spacing`: one for all filtered axes, or one for each. It must be
        greater than 0.
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
    scipy.ndimage.gaussian_laplace : The same for floating-point images with ``mode="mirror"``.

    References
    ----------
    D. Marr and E. Hildreth, "Theory of edge detection", *Proc. R. Soc. Lond. B* 207, 1980.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.laplacian_of_gaussian([0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0], 1.0).round(2)
    array([ 0.07,  0.16,  0.  , -0.4 ,  0.  ,  0.16,  0.07])
    """
    return linear.apply(
        image,
        _laplacian_of_gaussian,
        (sigma, truncate, radius, spacing),
        Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
        preserves_dtype=False,
    )


def _laplacian_of_gaussian(
    ndim: int, chosen: tuple[int, ...], sigma: Any, truncate: Any, radius: Any, spacing: Any
) -> Operator:
    n = len(chosen)
    return separable(
        *_derivatives(2, arguments.sigmas(sigma, n), truncate, radius, arguments.spacings(spacing, n))
    )


@hinted
def difference_of_gaussians(
    image: ArrayLike,
    low: Any,
    high: Any = None,
    *,
    truncate: float = 4.0,
    radius: PerAxis[int] | None = None,
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
    """Compute the difference of two Gaussian filters: ``gaussian(image, low) - gaussian(image, high)``.

    This is a band-pass filter: it keeps the detail between the two scales.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    low : float or sequence of float
        Standard deviation of the narrower Gaussian in the unit of `spacing`: one for all filtered axes, or
        one for each.
    high : float or sequence of float, optional
        Standard deviation of the wider Gaussian, at least `low`. Default ``1.6 * low``: then the difference
        approximates a Laplacian of Gaussian.
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
    skimage.filters.difference_of_gaussians : The same for floating-point images with ``mode="mirror"``.

    References
    ----------
    D. Marr and E. Hildreth, "Theory of edge detection", *Proc. R. Soc. Lond. B* 207, 1980.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.difference_of_gaussians([0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0], 1.0).round(2)
    array([-0.08, -0.07,  0.03,  0.15,  0.03, -0.07, -0.08])
    """
    return linear.apply(
        image,
        _difference_of_gaussians,
        (low, high, truncate, radius, spacing),
        Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
        preserves_dtype=False,
    )


def _difference_of_gaussians(
    ndim: int, chosen: tuple[int, ...], low: Any, high: Any, truncate: Any, radius: Any, spacing: Any
) -> Operator:
    n = len(chosen)
    narrow = arguments.sigmas(low, n, "low")
    wide = tuple(1.6 * s for s in narrow) if high is None else arguments.sigmas(high, n, "high")
    if any(w < s for s, w in zip(narrow, wide, strict=True)):
        raise ValueError(f"high must be at least low={low}, got {high}")
    steps, none = arguments.spacings(spacing, n), (0,) * n
    first, *rest = weights.gaussians(wide, none, truncate, radius, steps, "low" if high is None else "high")
    return separable(weights.gaussians(narrow, none, truncate, radius, steps, "low"), (-first, *rest))


@hinted
def gaussian_gradient_magnitude(
    image: ArrayLike,
    sigma: PerAxis[float],
    *,
    truncate: float = 4.0,
    radius: PerAxis[int] | None = None,
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
    """Compute the gradient magnitude with first derivatives of Gaussian.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    sigma : float or sequence of float
        Standard deviation in the unit of `spacing`: one for all filtered axes, or one for each. It must be
        greater than 0.
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
    scipy.ndimage.gaussian_gradient_magnitude : The same for floating-point images with
        ``mode="mirror"``.

    References
    ----------
    J. Canny, "A computational approach to edge detection", *IEEE PAMI* 8(6), 1986.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.gaussian_gradient_magnitude([0.0, 1.0, 2.0, 3.0, 4.0], 0.5).round(2)
    array([0.  , 0.86, 0.86, 0.86, 0.  ])
    """
    return linear.apply(
        image,
        _gaussian_gradient_magnitude,
        (sigma, truncate, radius, spacing),
        Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
        preserves_dtype=False,
    )


def _gaussian_gradient_magnitude(
    ndim: int, chosen: tuple[int, ...], sigma: Any, truncate: Any, radius: Any, spacing: Any
) -> Operator:
    n = len(chosen)
    terms = _derivatives(1, arguments.sigmas(sigma, n), truncate, radius, arguments.spacings(spacing, n))
    return separable(*terms, norm=True)
