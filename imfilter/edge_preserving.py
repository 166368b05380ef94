"""Filters that smooth without crossing edges: the bilateral and the guided filter."""

from __future__ import annotations

from imfilter._base.keywords import Common, hinted
from imfilter._filters.edge_preserving import bilateral as _bilateral
from imfilter._filters.edge_preserving import guided as _guided
from imfilter.typing import (
    ArrayLike,
    Axes,
    DTypeLike,
    Guide,
    Mask,
    Mode,
    Nan,
    NDArray,
    Norm,
    PerAxis,
    Round,
    Sigma,
    Size,
    Weighing,
)
from imfilter.weights import gaussians


@hinted
def bilateral(
    image: ArrayLike,
    sigma_space: Sigma,
    sigma_range: float,
    *,
    guide: Guide = None,
    truncate: float = 4.0,
    radius: Size = None,
    window: Round = "box",
    norm: Norm = "l2",
    method: Weighing = "exact",
    mode: Mode = "mirror",
    cval: float = 0.0,
    mask: Mask = None,
    nan: Nan = "propagate",
    min_coverage: float = 0.0,
    axes: Axes = None,
    channel_axis: int | None = None,
    dtype: DTypeLike | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Smooth the image with a bilateral filter: near samples count if their values are near, too.

    Each result is a weighted mean of a window. The weight of a sample is
    ``exp(-s**2 / (2*sigma_space**2)) * exp(-v**2 / (2*sigma_range**2))``. Here s is its distance from the
    centre, and v the distance of both values. So samples on the other side of an edge hardly count.

    Every sample of the window is weighed. The difference to the exact mean is below 2e-6 of the range of the
    window for results of bool, 8-bit integers, float16 and float32, and below 1e-14 of it for others. With
    ``method="sampled"``, weights have a relative error of at most 9e-4, and the difference is below 0.02 of
    `sigma_range`.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    sigma_space : float or sequence of float
        Standard deviation of distances in samples: one for all filtered axes, or one for each. An axis with
        0 is not smoothed.
    sigma_range : float
        Standard deviation of differences of values, in the unit of the values. Values are not rescaled.
    guide : array_like, optional
        Image whose values are compared, instead of those of `image`. It has the shape of `image`. With
        `channel_axis`, only one of both may have channels. Beyond its border it continues as `image` does.
    truncate : float, optional
        Cut the kernel at this many standard deviations. Its radius is ``int(truncate*sigma + 0.5)``
        samples. Default 4.
    radius : int or sequence of int, optional
        Radius of the kernel in samples, instead of `truncate`: one for all filtered axes, or one for each.
    window : {'box', 'disc'}, optional
        Samples of the window: the whole box, as for a Gaussian, or the largest disc (or ball) inside.
        Default 'box'.
    norm : {'l2', 'l1'}, optional
        Distance of colours: the root of the sum of the squared differences of all channels, as in
        scikit-image, or the sum of their magnitudes, as in OpenCV. Default 'l2'.
    method : {'exact', 'sampled'}, optional
        'exact' computes the weight of every sample of the window. 'sampled' computes Gaussians at levels
        ``0.8*sigma_range`` apart. Its time does not grow with the window, but with the number of levels in
        the guide. It compares one channel, in a box: take a guide of one channel for colours. Default
        'exact'.
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
        Axis of the colour channels of `image`, of `guide` or of both. A sample has one weight, from the
        distance of the colours, for all its channels. It is absent if one of its channels is. Default: no
        channel axis.
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
    guided : Similar, in a time that hardly depends on the size of the window.
    cv2.bilateralFilter : The same for ``window="disc", norm="l1"``, with ``d=2*radius + 1``. It
        interpolates the weights of float32 in a table.
    skimage.restoration.denoise_bilateral : Similar, with ``win_size=2*radius + 1``. It rounds distances to a
        number of ``bins``, and divides those of colours by the number of channels. In version 0.26, its table
        of positions has a row and a column too many.

    Notes
    -----
    Where the centre of a window is absent, its value cannot be compared. The result is then the Gaussian mean
    of the samples that are present. With a `guide`, only the guide is compared, so absent samples are filled
    along its edges. With ``nan="ignore"``, a sample whose guide is NaN is absent. Where all weights are 0 in
    floating point, the result is NaN, or 0 if it is an integer.

    References
    ----------
    C. Tomasi and R. Manduchi, "Bilateral Filtering for Gray and Color Images", *ICCV*, 1998.
    G. Petschnigg et al., "Digital Photography with Flash and No-Flash Image Pairs", *ACM Transactions on
    Graphics*, 23(3), 2004 (with a guide).
    F. Durand and J. Dorsey, "Fast Bilateral Filtering for the Display of High-Dynamic-Range Images", *ACM
    Transactions on Graphics*, 21(3), 2002 (sampled).

    Examples
    --------
    >>> import imfilter
    >>> imfilter.bilateral([10.0, 12.0, 11.0, 90.0, 91.0, 89.0], 1.0, 5.0).round(2)
    array([11.05, 11.25, 11.27, 90.27, 90.25, 90.05])
    >>> imfilter.bilateral([0, 9, 0, 9, 50, 59], 2.0, 10.0, guide=[1, 1, 1, 99, 99, 99])
    array([ 4,  4,  4, 36, 39, 40])
    """
    return _bilateral.apply(
        image,
        gaussians,
        guide,
        Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
        *(sigma_space, sigma_range, truncate, radius, window, norm, method),
    )


@hinted
def guided(
    image: ArrayLike,
    radius: PerAxis[int],
    eps: float,
    *,
    guide: Guide = None,
    mode: Mode = "mirror",
    cval: float = 0.0,
    mask: Mask = None,
    nan: Nan = "propagate",
    min_coverage: float = 0.0,
    axes: Axes = None,
    channel_axis: int | None = None,
    dtype: DTypeLike | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Smooth the image with a guided filter: in each window it is a linear function of the guide.

    In each box, the samples of `image` are fitted by ``a*guide + b``, with least squares and the penalty
    ``eps * a**2`` for each sample. A result is ``mean(a)*guide + mean(b)``, with the means over all boxes
    that contain it. A box whose variance is far above `eps` keeps its edge. A box whose variance is far below
    `eps` becomes its mean. There are no halos beside edges.

    Sums are computed in float64. A variance far from 0 has few digits, so results of float64 are computed
    from differences to samples of the window, and so are those of other types where digits would lack. The
    error of the result is below ``1e-14 * (1 + r**2 / eps)`` of the range r of the window in float64, and
    that of rounding for other types. Every result depends on the samples of its window only.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    radius : int or sequence of int
        Radius of the boxes in samples: one for all filtered axes, or one for each. A box has
        ``2*radius + 1`` samples along an axis.
    eps : float
        Variance that is smoothed away, in the squared unit of the guide. It must be positive. Values are not
        rescaled.
    guide : array_like, optional
        Image with the edges, instead of `image` itself. It has the shape of `image`. With `channel_axis`,
        only one of both may have channels. Beyond its border it continues as `image` does.
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
        Axis of the colour channels of `image`, of `guide` or of both. Each channel of the image is fitted by
        all channels of the guide. A sample is absent if one of its channels is. Default: no channel axis.
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
    bilateral : Weights from the distances of values.
    cv2.ximgproc.guidedFilter : The same inside the border, for ``guidedFilter(guide, image, radius, eps)``.
        At the border it continues the coefficients instead of the image.

    Notes
    -----
    Absent samples count neither in the fits nor in the means of coefficients. Where a sample of the guide is
    absent, the result is the mean of the samples of the image that are present in its box.

    References
    ----------
    K. He, J. Sun and X. Tang, "Guided Image Filtering", *IEEE Transactions on Pattern Analysis and Machine
    Intelligence*, 35(6), 2013.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.guided([10.0, 12.0, 11.0, 90.0, 91.0, 89.0], 1, 4.0).round(2)
    array([10.94, 11.56, 11.08, 89.92, 90.51, 89.94])
    """
    return _guided.apply(
        image,
        guide,
        Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
        radius,
        eps,
    )
