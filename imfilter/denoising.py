"""Denoising: the noise of an image, and means of samples whose surroundings look alike."""

from __future__ import annotations

from imfilter._base.keywords import Common, hinted
from imfilter._filters.denoise import noise as _noise
from imfilter._filters.denoise import non_local_means as _non_local_means
from imfilter.typing import ArrayLike, Axes, DTypeLike, Mask, Mode, Nan, NDArray, PerAxis


@hinted
def estimate_noise(
    image: ArrayLike,
    *,
    mask: Mask = None,
    nan: Nan = "propagate",
    axes: Axes | None = None,
    channel_axis: int | None = None,
    workers: int | None = None,
) -> float | NDArray:
    """Estimate the standard deviation of Gaussian noise in an image.

    The estimate is the median of the magnitudes of second differences along all axes, ``a - 2*b + c`` along
    one axis after the other, divided by their standard deviation for noise of 1 and by 0.6745. Second
    differences are 0 on ramps, and the median ignores the few differences at edges. They are computed at
    every second sample. Fine texture counts as noise, so the estimate is too large where it fills the image.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    mask : array_like, optional
        Samples that are present, in the shape of `image`, or in its shape without `channel_axis`. Bool: True
        where a sample is present. Numbers: how much a sample counts, at least 0. An absent sample may have
        any value, and changes no result. Default: all samples are present.
    nan : {'propagate', 'ignore'}, optional
        Whether NaN makes the result NaN (default), or is an absent sample.
    axes : int or tuple of int, optional
        One to three axes to filter. The other axes are batch axes. Default: all axes except `channel_axis`.
    channel_axis : int, optional
        Axis of the colour channels, which have an estimate each. Default: no channel axis.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    float or ndarray
        The standard deviation, in the unit of the samples. With channels or batch axes, an array with one for
        each of them. It is NaN where no three neighbours are present, in an image of one sample, and where a
        sample is NaN or infinite.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    non_local_means : A filter that uses this estimate.
    skimage.restoration.estimate_sigma : The same with the diagonal coefficients of a wavelet in place of
        second differences. It leaves out coefficients of 0, so it is larger for images with flat regions.

    References
    ----------
    D. L. Donoho and I. M. Johnstone, "Ideal spatial adaptation by wavelet shrinkage", *Biometrika* 81(3),
    1994.
    J. Immerkaer, "Fast noise variance estimation", *Computer Vision and Image Understanding* 64(2), 1996.

    Examples
    --------
    >>> import imfilter
    >>> import numpy as np
    >>> ramp = np.add.outer(np.arange(200.0), np.arange(300.0))
    >>> noisy = ramp + np.random.default_rng(0).normal(0, 5, ramp.shape)
    >>> round(imfilter.estimate_noise(noisy), 1)
    5.0
    """
    return _noise.estimate(image, mask, nan, axes, channel_axis, workers)


@hinted
def non_local_means(
    image: ArrayLike,
    *,
    patch: PerAxis[int] = 5,
    search: PerAxis[int] = 21,
    strength: float | None = None,
    noise: float | None = None,
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
    """Smooth by a mean of samples whose surroundings look alike (non-local means).

    Each sample q of the search window around p counts with the weight
    ``exp(-max(d - 2*noise**2, 0) / strength**2)``, where d is the mean of the squared differences of the
    patches around p and q. So patterns that repeat are averaged with each other, and edges stay sharp. No
    value is quantised.

    Samples beyond the border are samples like others. An absent sample has no weight. A patch compares the
    samples that are present in both patches; without any, the weight is 0.

    Parameters
    ----------
    image : array_like
        Image, signal or volume. Every axis is spatial unless `channel_axis` or `axes` says otherwise. A
        colour image needs ``channel_axis=-1``. Bool, integers or floats. The function does not change it.
    patch : int or sequence of int, optional
        Length of the patches that are compared, odd: one for all filtered axes, or one for each. Default 5.
    search : int or sequence of int, optional
        Length of the window around a sample in which patches are compared, odd: one for all filtered axes, or
        one for each. Default 21. The time grows with the number of its samples.
    strength : float, optional
        Difference of patches, beyond that of the noise, from which on weights are small, in the unit of the
        samples. Default: 0.8 times `noise`.
    noise : float, optional
        Standard deviation of the noise, in the unit of the samples. Default: the estimate of `estimate_noise`
        for each image of a batch; for several channels, the root of the mean of their variances.
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
        Smallest share of the search window that must be present, from 0 to 1. Where less is present, or no
        sample has a weight, the result is NaN, or 0 if it is an integer. Default 0.
    axes : int or tuple of int, optional
        One to three axes to filter. The other axes are batch axes. Default: all axes except `channel_axis`.
    channel_axis : int, optional
        Axis of the colour channels. They share the distances of patches. Default: no channel axis.
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
    estimate_noise : The default of `noise`.
    skimage.restoration.denoise_nl_means : The same with ``fast_mode=True``, ``patch_distance=search // 2``,
        ``h=strength`` and ``sigma=noise``, except that it drops weights below exp(-5). For a patch of 7 it
        sums 6 x 6 differences and divides by 49.
    cv2.fastNlMeansDenoising : The same for uint8 with ``patch=7``, ``h=strength`` and ``noise=0``. It takes
        weights from a table.

    References
    ----------
    A. Buades, B. Coll and J.-M. Morel, "Non-local means denoising", *Image Processing On Line* 1, 2011.
    J. Darbon, A. Cunha, T. F. Chan, S. Osher and G. J. Jensen, "Fast nonlocal filtering applied to electron
    cryomicroscopy", *ISBI*, 2008.
    J. Froment, "Parameter-free fast pixelwise non-local means denoising", *Image Processing On Line* 4, 2014.

    Examples
    --------
    >>> import imfilter
    >>> import numpy as np
    >>> stripes = np.tile([10.0, 10.0, 90.0, 90.0], (40, 10))
    >>> noisy = stripes + np.random.default_rng(0).normal(0, 8, stripes.shape)
    >>> found = imfilter.non_local_means(noisy, noise=8)
    >>> float(abs(noisy - stripes).mean().round(1)), float(abs(found - stripes).mean().round(1))
    (6.3, 0.9)
    """
    return _non_local_means.apply(
        image,
        patch,
        search,
        strength,
        noise,
        Common(mode, cval, axes, channel_axis, dtype, out, workers, mask, nan, min_coverage),
    )
